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

from answerprint.panel.window import Window
from answerprint_bridge.wire import Worker, command

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
def window(application, tmp_path, monkeypatch):
    """A panel whose worker has told its tools."""
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    made = Window(Worker(command(sys.executable), host={"name": "test"}))
    made.show()
    wait_until(lambda: made.start.isEnabled())
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def ready(window, tmp_path):
    """A panel with the sample's two shots in it, and results below tmp_path."""
    window.results.path.setText(str(tmp_path / "results"))
    window.inputs.take([str(SAMPLE / "shot_b"), str(SAMPLE / "hero")])
    return window


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
