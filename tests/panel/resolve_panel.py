"""The panel process of Resolve with somebody at it: a part is played, then the window closes.

    python resolve_panel.py PART FOLDER

It is `answerprint.panel.agent` itself; a part is a generator of this file that yields what it
waits for, and what it saw is put into seen.json of FOLDER.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

if len(sys.argv) > 3:
    os.environ["QT_QPA_PLATFORM"] = sys.argv[3]  # which the wire takes from a host's environment

from answerprint.panel import agent
from answerprint.panel.qt import QtCore, QtWidgets, run_application

FOLDER = Path(sys.argv[2])
PATIENCE = 60.0  # a guard against a part that hangs


def met(window: Any) -> bool:
    """Whether worker and host have said what there is; no folder is named yet, so Run is off."""
    controls = window.panel.controls
    return bool(controls.form.fields) and controls.can is not None


def asked(desk: Any, act: Callable[[], Any]) -> list[Any]:
    """What a call of the host gives, as soon as it is its turn."""
    found: list[Any] = []
    desk.do(lambda: found.append(act()))
    return found


def pick(window: Any, source: list[str], reference: str) -> Any:
    """Name the folder for results, and choose clips of the timeline by name."""
    controls, desk = window.panel.controls, window.desk
    yield lambda: met(window)
    folder = str(FOLDER / "a" / "project")
    asked(desk, lambda: desk.host.configure("results_folder", folder))
    items = asked(desk, desk.host.items)
    yield lambda: items
    clips = {item.label: item for item in items[0]}
    fields = controls.inputs.fields
    fields["source"].choose([clips[name] for name in source])
    fields["reference"].choose([clips[reference]])
    yield lambda: fields["source"].facts and fields["reference"].facts
    yield lambda: controls.start.isEnabled()  # after it was busy without a folder


def match(window: Any, seen: dict[str, Any]) -> Any:
    """Match two clips to a hero, take one back, place it again, close."""
    panel, desk = window.panel, window.desk
    yield from pick(window, ["shot_b", "shot_c"], "hero")
    asked(desk, lambda: desk.host.configure("work_on", "Teal"))
    selected = asked(desk, desk.host.selection)
    yield lambda: selected
    seen["selected"] = [item.label for item in selected[0]]
    panel.run()
    job, other = desk.jobs
    yield lambda: job.ended and other.ended
    seen["other"] = [other.state, other.label]
    seen["state"], seen["error"] = job.state, str(job.error or "")
    seen["answers"] = [[a.kind, a.status, a.became, a.why] for a in job.run.answers]
    said = seen["said"] = []
    desk.said.connect(said.append)
    desk.take_back(job)
    yield lambda: said
    desk.place(job)
    placed = asked(desk, lambda: True)
    yield lambda: placed


def cancel(window: Any, seen: dict[str, Any]) -> Any:
    """Camera raw: say yes to the render, see how far it is, press Cancel in the middle."""
    panel, desk = window.panel, window.desk
    yield from pick(window, ["A001_C007.braw"], "hero")
    panel.run()
    yield lambda: shown(QtWidgets.QMessageBox)
    box = shown(QtWidgets.QMessageBox)
    seen["question"] = box.text()
    box.button(QtWidgets.QMessageBox.StandardButton.Yes).click()
    yield lambda: shown(QtWidgets.QProgressDialog)
    bar = shown(QtWidgets.QProgressDialog)
    seen["progress"] = bar.labelText()
    seen["busy"] = [panel.controls.start.isEnabled(), desk.occupied]
    bar.cancel()
    yield lambda: desk.jobs[0].ended
    seen["state"] = desk.jobs[0].state
    yield lambda: not desk.occupied


def check(window: Any, seen: dict[str, Any]) -> Any:
    """Check the timeline, set markers, go to the last finding."""
    panel, desk = window.panel, window.desk
    yield lambda: met(window)
    folder = str(FOLDER / "a" / "project")
    asked(desk, lambda: desk.host.configure("results_folder", folder))
    panel.pages.setCurrentWidget(panel.check)
    page = panel.check
    yield lambda: page.start.isEnabled()
    page.start.click()
    yield lambda: not page.checker.open
    seen["state"], seen["notice"] = page.checker.state, page.notice.text()
    seen["found"] = [[row["kind"], row["mend"], row["frame"]] for row in page.checker.findings]
    page.marks.click()
    yield lambda: page.checker.note
    seen["note"] = page.checker.note
    row, item = page._rows[-1]
    page.tree.itemActivated.emit(item, 0)  # of none that is chosen: nothing happens
    page.tree.setCurrentItem(item)
    page.tree.itemActivated.emit(item, 0)
    seen["last"] = row["frame"]
    went = asked(desk, lambda: True)
    yield lambda: went


def shown(kind: type) -> Any:
    """The dialog of this kind that is on the screen now."""
    there = QtWidgets.QApplication.topLevelWidgets()
    return next((each for each in there if isinstance(each, kind) and each.isVisible()), None)


def read(application: Any) -> int:
    """No window comes, only a message: read it, and press OK."""

    def look() -> None:
        box = shown(QtWidgets.QMessageBox)
        if box:
            told = {"message": box.text(), "detail": box.informativeText()}
            (FOLDER / "seen.json").write_text(json.dumps(told))
            box.button(QtWidgets.QMessageBox.StandardButton.Ok).click()

    clock = QtCore.QTimer()
    clock.timeout.connect(look)
    clock.start(20)
    return run_application(application)


def wait(window: Any, seen: dict[str, Any]) -> Any:
    """Somebody looks at it, and somebody else ends it."""
    yield lambda: met(window)
    part = FOLDER / "worker.part"
    part.write_text(str(window.desk.session.worker.pid))
    part.rename(FOLDER / "worker.pid")
    yield lambda: False


class Played(agent.Window):
    def __init__(self, desk: Any) -> None:
        super().__init__(desk)
        print("a library prints")
        os.write(1, b"and another one\n")
        self._seen: dict[str, Any] = {}
        self._part = globals()[sys.argv[1]](self, self._seen)
        self._ready, self._until = (lambda: True), time.monotonic() + PATIENCE
        self._clock = QtCore.QTimer(self)
        self._clock.timeout.connect(self._go_on)
        self._clock.start(20)

    def _go_on(self) -> None:
        if time.monotonic() > self._until:
            print(f"'{sys.argv[1]}' never came to its end: {self._seen}", file=sys.stderr)
            os._exit(3)
        if not self._ready():
            return
        try:
            self._ready = next(self._part)
        except StopIteration:
            self._clock.stop()
            (FOLDER / "seen.json").write_text(json.dumps(self._seen))
            self.close()


def ends(*fault: Any) -> None:
    """What is raised where Qt called Python, Qt only prints: the part would go on without it."""
    traceback.print_exception(*fault)
    os._exit(3)


if __name__ == "__main__":
    sys.excepthook = ends
    agent.Window = Played
    if sys.argv[1] == "read":
        agent.run_application = read
    sys.exit(agent.main())
