# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of the show, and what the panels show of its answers. Knows nothing of Blender."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Tuple

from answerprint_bridge.messages import CANCELLED, WireError
from answerprint_bridge.session import Input
from answerprint_bridge.showing import Take
from answerprint_bridge.wire import Call

from . import words


class Asking:
    """One question that the worker is at. `call` is there once it is asked."""

    def __init__(self, stage: str) -> None:
        self.call: Call | None = None
        self.progress = words.Progress()
        self.progress.stage = stage

    @property
    def ended(self) -> bool:
        return self.call is not None and self.call.ended

    @property
    def error(self) -> WireError | None:
        return self.call.error if self.call else None

    @property
    def result(self) -> Dict[str, Any]:
        """The answer, where it ended with one."""
        return dict(self.call.result) if self.call and self.call.result else {}

    @property
    def fraction(self) -> float:
        return self.progress.fraction

    def text(self) -> str:
        """How far it is."""
        cancelling = self.call is not None and self.call.cancelling
        return "Cancelling" if cancelling else self.progress.text()

    def cancel(self, force_after: float) -> None:
        if self.call:
            self.call.cancel(force_after)

    def moved(self, told: Mapping[str, Any]) -> None:
        self.progress.moved(told)


class Shown:
    """What was found, until another file is loaded.

    known            the file that is open, and its show; None before anybody looked.
    picture, frame   what was looked for; None before that, and for the middle of it.
    takes            what sees it, the best first. said: of the show and of that search.
    gaps             the answer of the search for missing shots. missing: what is said of it.
    """

    def __init__(self) -> None:
        self.known: Tuple[str, str] | None = None
        self.picture: Input | None = None
        self.frame: int | None = None
        self.takes: List[Take] = []
        self.said: List[words.Line] = []
        self.gaps: Dict[str, Any] | None = None
        self.missing: List[words.Line] = []

    def proposals(self) -> Dict[str, Mapping[str, Any]]:
        """Those for all holes, by their ids."""
        holes = self.gaps["holes"] if self.gaps else []
        return {row["id"]: row for hole in holes for row in hole["proposals"]}


def ended_badly(error: WireError) -> List[words.Line]:
    """What a search says that has no answer; nothing where somebody stopped it."""
    return [] if error.code == CANCELLED else words.of_error(error)
