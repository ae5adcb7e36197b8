"""The check of the host's edit, for a panel: it lives on at the desk while pages come and go.

    checker = Checker(desk)
    checker.start()                 # `moved` tells of each step; `findings` are there at the end
    checker.mark(); checker.jump(finding); checker.fix(finding); checker.waive(finding, "why")

What needs the host is done when no call of it is under way, as everything at the desk. What is
refused is told by `refused`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from answerprint_bridge.checking import Check, fix_of
from answerprint_bridge.faults import told_as
from answerprint_bridge.host import FrameSet, Item
from answerprint_bridge.messages import CANCELLED, WireError

from .held import Held
from .jobs import ENDS, Chosen, Job, Order, Shot
from .signals import Signal

if TYPE_CHECKING:
    from .desk import Desk

IN_CONSOLE = "The console has the details."
Finding = Mapping[str, Any]


class Checker(Held):
    """check    the last one that ended well, None before. findings: its rows, the worst first.
    waived    ids of findings that were waived since. fixes: id of a finding -> its job.
    """

    OPEN = ("exporting", "working", "cancelling")
    FORCED = "The worker was ended: the check did not stop."

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.fixing = Signal()  # (Job)
        self.refused = Signal()  # (a WireError for the artist)
        self.check: Check | None = None
        self.waived: set[str] = set()
        self.fixes: dict[str, Job] = {}
        desk.moved.connect(self._job_moved)

    @property
    def findings(self) -> list[dict[str, Any]]:
        return self.check.findings if self.check else []

    def start(self) -> None:
        """Check the edit as it is now. What the last check found stays until the end."""
        if self.open:
            return
        self._nothing_done()
        self.note = ""
        self._go("exporting")

        def begin() -> None:
            try:
                if self.state == "cancelling":
                    raise WireError(CANCELLED, "Cancelled before it began.")
                with told_as(f"{self.desk.host_name} raised an error.", IN_CONSOLE):
                    check = self.desk.session.check(
                        on_done=self._ended, on_progress=self._progressed
                    )
            except WireError as why:
                self._go(ENDS.get(why.code, "refused"))
                raise
            self._holds(check)
            if self.state == "exporting":
                self._go("working")

        self._do(begin)

    def mark(self) -> None:
        """Markers for all findings but those that were waived since."""

        def marked() -> None:
            if self.check:
                left = [each for each in self.findings if each["id"] not in self.waived]
                for said in self.desk.session.mark(self.check, left):
                    self.desk.said.emit(said)
                many = "1 finding is" if len(left) == 1 else f"{len(left)} findings are"
                self._say(f"{many} marked in the edit.")

        self._do(marked)

    def jump(self, finding: Finding) -> None:
        """Move the host's playhead to a finding's frame."""
        self._do(lambda: self.desk.host.show_frame(finding["frame"]))

    def fix(self, finding: Finding, preview: Mapping[str, int] | None = None) -> None:
        """Run the tool that mends a finding, as a job like any other. preview: as for `submit`."""

        def begin() -> None:
            assert self.check
            inputs = self.desk.session.inputs(self.check, finding)
            chosen = {name: _chosen(each) for name, each in inputs.items()}
            told = fix_of(finding)
            writes = self.desk.kept.get("write_frames", self.desk.write_frames)
            order = Order(told["tool"], told.get("params", {}), chosen, write_frames=writes)
            job = self.fixes[finding["id"]] = self.desk.submit(order, preview)
            self.fixing.emit(job)
            self.moved.emit()

        self._do(begin)

    def waive(self, finding: Finding, why: str) -> None:
        """Leave a finding from now on, for a reason that the rules of the show keep."""

        def waived() -> None:
            assert self.check
            self.desk.session.waive(self.check, finding, why)
            self.waived.add(finding["id"])
            self._say(f"{finding['text']} Waived in {os.path.basename(self.check.rules)}.")

        self._do(waived)

    def source(self, finding: Finding) -> tuple[str, int] | None:
        """The media that the finding's frame shows, and its frame; None where nobody has it."""
        row = self.check.shot(finding["mend"]) if self.check and finding["mend"] else None
        if row is None or not row["media"] or not row["frames"]:
            return None
        (first, last), (begin, end) = row["frames"], row["cut"]
        first, last = first + row["head"], last - row["tail"]
        turn = min(max(finding["frame"] - begin, 0), end - begin)
        taken = turn * (last - first + 1) // (end - begin + 1)
        return row["media"], last - taken if row["speed"] < 0 else first + taken

    # What comes back

    def _ended(self, check: Check) -> None:
        self._under_way, self.left = None, None
        if check.error is None:
            self.check, self.waived, self.fixes = check, set(), {}
            self.desk.said.emit(check.report["sentence"])
            for warning in check.report["warnings"]:
                self.desk.said.emit(warning)
        elif check.error.code != CANCELLED:
            self.refused.emit(check.error)
        self._go(ENDS.get(check.error.code, "refused") if check.error else check.status)

    def _job_moved(self, job: Job) -> None:
        if job in self.fixes.values():
            self.moved.emit()

    def _do(self, act: Callable[[], object]) -> None:
        def told() -> None:
            try:
                with told_as(f"{self.desk.host_name} raised an error.", IN_CONSOLE):
                    act()
            except WireError as why:
                if why.code != CANCELLED:
                    self.refused.emit(why)

        self.desk.do(told)


def _chosen(given: Item | FrameSet | str) -> Chosen:
    if isinstance(given, Item):
        return given
    return Shot(given.pattern, given.space) if isinstance(given, FrameSet) else Shot(given)
