"""What was done with takes and can be taken back, last first.

done = Done(desk)
done.placed(take, refs)
step = done.swapped_in(take, gaps)
step.match = desk.submit(order)
done.take_back()                # says what stands now; what is refused stays to be taken back
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from answerprint_bridge.showing import Take

from .jobs import Job

if TYPE_CHECKING:
    from .desk import Desk


@dataclass
class Placed:
    """A take that was placed; refs: what of it stands."""

    take: Take
    refs: list[str]


@dataclass
class Swapped:
    """A take that is shown in its hole.

    gaps   the answer of its search. match: its job, None where there is none.
    why    it has none though it needs one.
    """

    take: Take
    gaps: Mapping[str, Any]
    match: Job | None = None
    why: str = ""

    def hole(self) -> tuple[str, str]:
        """Its search and its hole: the same for takes that stand for each other."""
        rows = ((h["id"], row["id"]) for h in self.gaps["holes"] for row in h["proposals"])
        return str(self.gaps["cut"]), next(hole for hole, own in rows if own == self.take.proposal)


class Done:
    """steps   the last at the end."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.steps: list[Placed | Swapped] = []

    @property
    def swapped(self) -> Swapped | None:
        """The take that was swapped in last, where nothing was done since."""
        last = self.steps[-1] if self.steps else None
        return last if isinstance(last, Swapped) else None

    def placed(self, take: Take, refs: Sequence[str]) -> None:
        self.steps.append(Placed(take, list(refs)))

    def swapped_in(self, take: Take, gaps: Mapping[str, Any]) -> Swapped:
        """A take that is shown now; one that was already counts once, and its match is for
        nothing."""
        step = Swapped(take, gaps)
        for each in self._of(step.hole())[-1:]:
            if each.take.proposal == take.proposal:
                self._drop(each)
        self.steps.append(step)
        return step

    def take_back(self) -> str:
        """Return what the last step was done on to what stood before; what stands now. A step
        that is refused half way keeps what is left of it."""
        last = self.steps[-1]
        return self._unplace(last) if isinstance(last, Placed) else self._unswap(last)

    def mute(self, gaps: Mapping[str, Any], take: Take) -> str:
        """Show the hole of a take as it was: all that was swapped into it is taken back."""
        self.desk.session.mute(gaps, take.proposal)
        hole = Swapped(take, gaps).hole()
        for each in self._of(hole):
            self._drop(each)
        return "All takes of the hole are muted: it is as it was."

    def _unplace(self, step: Placed) -> str:
        stands = ""
        while step.refs:
            stands = self.desk.host.take_back(step.refs[0])
            del step.refs[0]
        self.steps = [each for each in self.steps if each is not step]
        return f"{stands} stands now."

    def _unswap(self, step: Swapped) -> str:
        before = self._of(step.hole())[:-1]
        name = step.take.name
        if before:
            other = before[-1].take
            self.desk.session.swap(step.gaps, other.proposal)
            told = f"{name} is muted: {other.name} is shown again."
        else:
            self.desk.session.mute(step.gaps, step.take.proposal)
            told = f"{name} is muted: the hole is as it was."
        self._drop(step)
        return told

    def _of(self, hole: tuple[str, str]) -> list[Swapped]:
        return [each for each in self.steps if isinstance(each, Swapped) and each.hole() == hole]

    def _drop(self, step: Swapped) -> None:
        """It was taken back. Its match is for nothing; one that was asked to stop is not ended by
        force."""
        self.steps = [each for each in self.steps if each is not step]
        if step.match and step.match.state != "cancelling":
            self.desk.cancel(step.match)
