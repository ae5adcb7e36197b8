"""The panel under another Python and Qt, as inside an older Nuke: run by `test_pyside2`.

    python older_host.py CORE SHOT HERO SPECS

CORE is the Python of the worker; SPECS are declarations to make forms of. The bridge and the
panel are imported under the names they have in hosts. Prints what it did, one line each.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from items_host import ItemsHost

from answerprint_bridge.host import Item
from answerprint_bridge.messages import WireError
from answerprint_bridge.session import Session
from answerprint_bridge.wire import command
from answerprint_panel import dialogs
from answerprint_panel.desk import Desk
from answerprint_panel.form import FIELDS, Form
from answerprint_panel.panel import Panel
from answerprint_panel.qt import QT, QtCore, QtGui, QtWidgets
from answerprint_panel.window import Window

CORE, SHOT, HERO, SPECS = sys.argv[1:5]
PATIENCE = 120.0  # a guard against a hang; nothing is measured against it
FAULTS = []


def until(condition):
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, "it never came"
        application.processEvents(QtCore.QEventLoop.ProcessEventsFlag.AllEvents, 20)
        assert not FAULTS, FAULTS


def forms():
    """Every kind of control, and every declared tool."""
    kinds = set()
    for spec in json.loads(Path(SPECS).read_text("utf-8")):
        form = Form(spec)
        form.show()
        form.set_values(form.values())
        form.grab()
        kinds |= {row["kind"] for row in spec["params"]}
    assert kinds == set(FIELDS), kinds
    print("forms", len(kinds))


def drop(panel):
    """A folder dropped on the panel."""
    data = QtCore.QMimeData()
    data.setUrls([QtCore.QUrl.fromLocalFile(str(Path(SHOT).parent))])
    button, keys = QtCore.Qt.MouseButton.LeftButton, QtCore.Qt.KeyboardModifier.NoModifier
    how = (QtCore.Qt.DropAction.CopyAction, data, button, keys)
    where = panel.controls.inputs
    at = QtCore.QPoint(10, 10)
    enter = QtGui.QDragEnterEvent(at, *how)
    application.sendEvent(where, enter)
    assert enter.isAccepted()
    application.sendEvent(where, QtGui.QDropEvent(QtCore.QPointF(at), *how))
    assert panel.controls.inputs.chosen()["source"][0].path == str(Path(SHOT).parent)
    print("drop")


def mouse(canvas):
    """The wheel, a drag and the keys on the picture."""
    at, none = QtCore.QPointF(50, 50), QtCore.Qt.MouseButton.NoButton
    left, keys = QtCore.Qt.MouseButton.LeftButton, QtCore.Qt.KeyboardModifier.NoModifier
    kinds = QtCore.QEvent.Type
    for kind, button in ((kinds.MouseButtonPress, left), (kinds.MouseButtonRelease, none)):
        application.sendEvent(canvas, QtGui.QMouseEvent(kind, at, left, button, keys))
    place = canvas.place()
    assert abs(canvas.wipe - (50 - place.left()) / place.width()) < 1e-6, canvas.wipe
    turn = QtCore.QPoint(0, 120)
    phase = QtCore.Qt.ScrollPhase.NoScrollPhase
    wheel = QtGui.QWheelEvent(at, at, QtCore.QPoint(), turn, none, keys, phase, False)
    application.sendEvent(canvas, wheel)
    assert canvas.zoom > 1
    press = QtGui.QKeyEvent(kinds.KeyPress, QtCore.Qt.Key.Key_F, keys)
    application.sendEvent(canvas, press)
    assert canvas.zoom == 1
    print("mouse")


def destroy(panel):
    gone = []
    panel.destroyed.connect(lambda: gone.append(True))
    panel.setParent(None)
    panel.deleteLater()
    application.sendPostedEvents(panel, QtCore.QEvent.Type.DeferredDelete)
    assert gone
    print("destroyed")


def ask():
    """A question is answered by its default button, and a message does not wait."""

    def press():
        box = application.activeModalWidget()
        box.defaultButton().click()

    for default in (True, False):
        QtCore.QTimer.singleShot(50, press)
        assert dialogs.ask(None, "Replace it?", default) is default
    dialogs.message(None, "warning", "Something is off.", "In detail.")
    with dialogs.progress(None, "Writing") as bar:
        bar.tell(1, 3, "1001")
    print("dialogs")


def work(project):
    shots = {"shot": (SHOT, 1001, 1002), "hero": (HERO, 1001, 1001)}
    host = ItemsHost(project, shots)
    desk = Desk(Session(host, command(CORE)))
    window = Window(desk)
    window.show()
    panel = window.panel
    until(lambda: panel.controls.start.isEnabled())
    print("tools", panel.controls.tool.count())
    drop(panel)
    chosen = {"source": [Item("shot", "clip", "shot")], "reference": [Item("hero", "clip", "hero")]}
    panel.controls.inputs.choose(chosen)
    source = panel.controls.inputs.fields["source"]
    source.buttons["List"].click()
    until(
        lambda: (
            source.shelf.topLevelItemCount() == 2 and source.shelf.topLevelItem(1).text(0) != "hero"
        )
    )
    until(lambda: "before" in panel.viewer.canvas.pictures)
    for size in ((400, 900), (1300, 800)):
        window.resize(*size)
        application.processEvents()
        panel.grab()
    panel.controls.start.click()
    until(lambda: "after" in panel.viewer.canvas.pictures and desk.jobs[0].ended)
    assert desk.jobs[0].state == "done", str(desk.jobs[0].error)
    assert list(host.placed) == ["cdl on shot 1"], host.placed
    assert "CDL in ACEScct: done." in panel.result.toPlainText()
    print("placed")
    mouse(panel.viewer.canvas)
    panel.controls.form.set_values({"strength": 0.5})
    until(lambda: "nothing is placed" in panel.result.toPlainText())
    print("looked")
    panel.controls.start.click()
    until(lambda: desk.jobs[1].state == "working" or desk.jobs[1].ended)
    destroy(panel)
    until(lambda: desk.jobs[1].ended)
    again = Panel(desk)
    window.setCentralWidget(again)
    until(lambda: again.controls.start.isEnabled() and again.styleSheet())
    assert again.controls.form.values()["strength"] == 0.5
    assert again.queue.tree.topLevelItemCount() == 2
    again.queue.back.click()
    until(lambda: host.taken_back)
    print("rebuilt")
    window.close()
    assert desk.session.worker.pid is None
    assert not window.isVisible()
    print("closed")


sys.excepthook = lambda *fault: FAULTS.append(repr(fault[1]))
application = QtWidgets.QApplication(["older host"])
print("Qt", QT, "Python", ".".join(map(str, sys.version_info[:2])))
try:
    forms()
    ask()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ANSWERPRINT_CACHE"] = os.path.join(folder, "cache")
        work(folder)
except (AssertionError, WireError) as fault:
    print(f"fault: {fault!r} {FAULTS}")
    raise
assert not FAULTS, FAULTS
print("whole")
