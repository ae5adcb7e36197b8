"""One run of a tool for a host, from its start to what became of its results."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping

from .exports import Input
from .messages import Message, WireError
from .request import Asked
from .results import Answer
from .versions import LOOK
from .wire import Call

if TYPE_CHECKING:
    from .session import Session


class Run:
    """When `ended`, either `error` is set, or `report`, `results` and `answers` are.

    tool, params, inputs, near   as they were given.
    folder    its version, or the folder of looks.
    status    'done' or 'partial'. results: what the tool handed back.
    answers   what became of each result in the host, [] while nothing is placed.
    picture   {frame, path} of the small result frame, from the moment there is one.
    """

    def __init__(
        self,
        session: Session,
        asked: Asked,
        params: Mapping[str, Any],
        inputs: Mapping[str, Input],
        near: str = "",
    ) -> None:
        self._session, self.asked = session, asked
        self.tool: str = asked.told["tool"]
        self.params, self.inputs, self.near = dict(params), dict(inputs), near
        self.request: Message = dict(asked.message)
        self.listeners: Dict[str, Listener] = {}
        self.on_done: Done | None = None
        self.call: Call | None = None
        self.place, self.fresh = True, False  # fresh: its version was made for it
        self.ended, self.cancelling = False, False
        self.error: WireError | None = None
        self.folder, self.status, self.recipe = "", "", ""
        self.report: Dict[str, Any] = {}
        self.results: list[Dict[str, Any]] = []
        self.answers: list[Answer] = []
        self.picture: Dict[str, Any] | None = None

    @property
    def is_look(self) -> bool:
        return os.path.basename(self.folder).startswith(LOOK)

    def cancel(self, force_after: float | None = None) -> None:
        """Ask for the end. What is not placed by now will not be."""
        self.cancelling = True
        if self.call:
            self.call.cancel(force_after)

    def wait(self) -> Run:
        """Pump until it has ended. Raises the WireError it ended with."""
        while not self.ended:
            self._session.pump(1.0)
        if self.error:
            raise self.error
        return self

    def heard(self) -> Dict[str, Any]:
        """The listeners, with one that keeps the picture."""

        def preview(told: Message) -> None:
            self.picture = {"frame": told["frame"], "path": told["path"]}
            if theirs := self.listeners.get("on_preview"):
                theirs(told)

        return {**self.listeners, "on_preview": preview}

    def end(self, error: WireError | None = None) -> None:
        self.ended, self.error = True, error
        if self.on_done:
            self.on_done(self)


Done = Callable[[Run], object]
Listener = Callable[[Message], object]
