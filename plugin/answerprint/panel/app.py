"""The panel in a window of its own: `answerprint panel`."""

from __future__ import annotations

import os
import platform
import signal
import sys

from answerprint.panel.qt import QtCore, QtWidgets, run_application
from answerprint.panel.window import Window
from answerprint_bridge.wire import Worker, command

SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def main(python: str = sys.executable) -> int:
    """Show the panel until it is closed; the exit status.

    python   the interpreter of the worker's environment.
    """
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in SCREENS):
        print("There is no screen: DISPLAY and WAYLAND_DISPLAY are empty.", file=sys.stderr)
        print("Start the panel on a desktop; the command line needs no screen.", file=sys.stderr)
        return 2
    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["answerprint"])
    host = {"name": "Answerprint panel", "version": platform.python_version()}
    window = Window(Worker(command(python), host=host))
    signal.signal(signal.SIGINT, lambda *_: QtCore.QTimer.singleShot(0, window.close))
    window.show()
    return run_application(application)
