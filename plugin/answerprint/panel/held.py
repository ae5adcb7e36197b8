"""What a panel asks for and waits for, one at a time: how far it is, how it ended, its cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from answerprint_bridge.messages import Message

from .signals import Signal

if TYPE_CHECKING:
    from .desk import Desk


class Cancels(Protocol):
    """A call of the wire, or what holds one."""

    def cancel(self) -> object: ...


class Held:
    """OPEN      states in which it is under way, 'cancelling' among them.

    moved     (signal) anything below is another one.
    state     '' at first, one of OPEN, or how it ended: 'done', 'refused', 'cancelled', ...
    stage     what it is at: `done` of `total`, `left` in seconds where somebody knows.
    note      what was done last, for people.
    """

    OPEN: ClassVar[tuple[str, ...]]
    FORCED: ClassVar[str]

    def __init__(self, desk: Desk) -> None:
        self.moved = Signal()
        self.desk = desk
        self.state, self.note = "", ""
        self._under_way: Cancels | None = None
        self.stage, self.done, self.total = "", 0, 0
        self.left: float | None = None

    @property
    def open(self) -> bool:
        """Whether it is under way."""
        return self.state in self.OPEN

    def cancel(self) -> None:
        """Ask it to stop; asked again, end the worker and with it all it was doing. What the host
        does first ends by itself: it is asked as soon as the worker has it."""
        if not self.open:
            return
        if self.state == "cancelling" and self._under_way:
            self.desk.session.worker.kill(self.FORCED)
            return
        self._go("cancelling")
        if self._under_way:
            self._under_way.cancel()

    def _holds(self, asked: Cancels) -> None:
        """It is on its way; a cancel that came before reaches it now."""
        self._under_way = asked
        if self.state == "cancelling":
            asked.cancel()

    def _progressed(self, told: Message) -> None:
        self.stage, self.done, self.total = told["stage"], told["done"], told["total"]
        self.left = told.get("eta_s")
        self.moved.emit()

    def _nothing_done(self) -> None:
        self.stage, self.done, self.total, self.left = "", 0, 0, None

    def _go(self, state: str) -> None:
        self.state = state
        self.moved.emit()

    def _say(self, text: str) -> None:
        self.note = text
        self.desk.said.emit(self.note)
        self.moved.emit()
