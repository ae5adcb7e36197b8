"""A panel without a screen, on a real worker. PySide6 is needed: without it these tests fail."""

import os
import sys
import time
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import pytest

try:
    from PySide6 import QtCore, QtGui, QtTest, QtWidgets
except ImportError as cause:
    raise pytest.UsageError(
        f"The panel's tests need PySide6 and the system libraries it loads: {cause}. On Debian, as "
        "root: apt install libegl1 libgl1 libxkbcommon0 libfontconfig1 libdbus-1-3 libglib2.0-0"
    ) from cause

from items_host import ItemsHost
from show_host import begin as begin
from show_host import folder as folder
from show_host import found as found
from show_host import host as host
from show_host import page as page

from answerprint.panel.desk import Desk
from answerprint.panel.dialogs import Artist
from answerprint.panel.files_host import FilesHost
from answerprint.panel.line import Line
from answerprint.panel.window import Window
from answerprint_bridge.session import Session
from answerprint_bridge.wire import command

SAMPLE = Path(__file__).parents[2] / "resources/sample"
PATIENCE = 90.0  # a guard against a test that hangs; nothing is measured against it


def wait_until(condition):
    """Let Qt work until `condition()` is true."""
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, "it never came"
        QtTest.QTest.qWait(5)


@pytest.fixture
def until():
    return wait_until


@pytest.fixture(scope="session")
def application():
    return QtWidgets.QApplication.instance() or QtWidgets.QApplication(["panel"])


@pytest.fixture(autouse=True)
def faults(monkeypatch):
    """What was raised where Qt called Python, which Qt only prints: it fails the test."""
    found = []
    monkeypatch.setattr(sys, "excepthook", lambda *fault: found.append(fault[1]))
    yield found
    assert found == []


@pytest.fixture
def show(application, tmp_path, monkeypatch):
    """show(host) -> a window on that host, when a run could start or `ready(panel)` is true."""
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    made = []

    def shown(host, ready=lambda panel: panel.controls.start.isEnabled(), **more):
        made.append(Window(Desk(Session(host, command(sys.executable)), **more)))
        made[-1].show()
        wait_until(lambda: ready(made[-1].panel))
        return made[-1]

    yield shown
    for each in made:
        each.close()
        each.desk.session.worker.kill()
        each.deleteLater()


@pytest.fixture
def window(show):
    """The panel of shots on disk."""
    return show(FilesHost(Artist()), write_frames=True)


@pytest.fixture
def ready(window, tmp_path):
    """A panel with the sample's two shots in it, and results below tmp_path; frames at 1001."""
    window.desk.host.configure("results", str(tmp_path / "results"))
    window.panel.open([str(SAMPLE / "shot_b"), str(SAMPLE / "hero")])
    wait_until(lambda: "before" in window.panel.viewer.canvas.pictures)
    return window.panel


@pytest.fixture
def scene(tmp_path):
    """A host with four shots in its scene, two of them the sample's."""
    project = tmp_path / "Größe 100% #2"
    project.mkdir()
    shots = {
        "shot_b": (str(SAMPLE / "shot_b/shot_b.%04d.exr"), 1001, 1003),
        "hero": (str(SAMPLE / "hero/hero.%04d.exr"), 1001, 1001),
        "shot_b again": (str(SAMPLE / "shot_b/shot_b.%04d.exr"), 1001, 1002),
        "rendered": (str(SAMPLE / "shot_b/shot_b.%04d.exr"), 1001, 1003),
    }
    host = ItemsHost(str(project), shots)
    host.rendered.add("rendered")
    return host


@pytest.fixture
def line(application, tmp_path, monkeypatch):
    """line(host, owner) -> a line to a desk of that host; its worker is not started."""
    made = []

    def begin(host, owner):
        made.append(Desk(Session(host, ["no-such-python"])))
        return Line(made[-1], owner)

    yield begin
    for each in made:
        each.close()


@pytest.fixture
def drop(application):
    """drop(widget, paths, at): files dropped there as a file manager does; whether it took them."""

    def dropped(widget, paths, at):
        data = QtCore.QMimeData()
        data.setUrls([QtCore.QUrl.fromLocalFile(str(path)) for path in paths])
        button, keys = QtCore.Qt.MouseButton.LeftButton, QtCore.Qt.KeyboardModifier.NoModifier
        how = (QtCore.Qt.DropAction.CopyAction, data, button, keys)
        enter = QtGui.QDragEnterEvent(at, *how)
        application.sendEvent(widget, enter)
        if enter.isAccepted():
            application.sendEvent(widget, QtGui.QDropEvent(QtCore.QPointF(at), *how))
        return enter.isAccepted()

    return dropped
