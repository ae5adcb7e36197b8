"""A panel's line to its desk, which is cut when the panel is destroyed.

Hosts destroy widgets while answers are still on their way. What comes after that is dropped
here, so that no callback ever touches a widget that is gone.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from answerprint_bridge.messages import Message

from .clips import Known
from .desk import Desk
from .jobs import Chosen
from .qt import QtWidgets


class Line:
    """owner   the widget whose end cuts the line."""

    def __init__(self, desk: Desk, owner: QtWidgets.QWidget) -> None:
        self.desk, self.cut = desk, False
        self._heard: list[tuple[Any, Callable[..., object]]] = []
        owner.destroyed.connect(self._cut)

    def hear(self, signal: Any, act: Callable[..., object]) -> None:
        """Call `act` when a signal of the desk comes."""
        heard = self._while_up(act)
        self._heard.append((signal, heard))
        signal.connect(heard)

    def ask(self, method: str, params: Message, on_done: Callable[[Any], object]) -> None:
        """A request of the wire; on_done gets its ended call."""
        self.desk.ask(method, params, self._while_up(on_done))

    def do(self, act: Callable[[], object]) -> None:
        """What needs the host, when no call of it is under way."""
        self.desk.do(self._while_up(act))

    def facts(self, chosen: Chosen, on_known: Known) -> None:
        """on_known(Facts or WireError) for an input."""
        self.do(lambda: self.desk.clips.facts(chosen, self._while_up(on_known)))

    def _while_up(self, act: Callable[..., object]) -> Callable[..., None]:
        @functools.wraps(act)
        def called(*given: Any) -> None:
            if not self.cut:
                act(*given)

        return called

    def _cut(self) -> None:
        self.cut = True
        for signal, heard in self._heard:
            signal.disconnect(heard)
        self._heard.clear()
