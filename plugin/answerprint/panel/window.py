"""The panel in a window of its own."""

from __future__ import annotations

from typing import Any

from .desk import Desk
from .panel import Panel
from .qt import QtGui, QtWidgets


class Window(QtWidgets.QMainWindow):
    """The whole panel on one desk, which it closes with itself.

    Closing asks what the host writes to stop. Until that call of the host has ended the window
    stays, and what the host asks can be answered.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.panel = Panel(desk)
        self.setWindowTitle(f"Answerprint: {desk.host.info().name}")
        self.setCentralWidget(self.panel)
        self.resize(1360, 860)
        self._ended = self._closing = False
        desk.closed.connect(self._end)

    def _end(self) -> None:
        if not self._closing:  # it was to close while the host was at work
            self._ended = True
            self.close()
        self._ended = True

    def closeEvent(self, event: QtGui.QCloseEvent) -> None:
        self._closing = True
        self.desk.close()
        self._closing = False
        event.setAccepted(self._ended)
        shown: Any = self.findChildren(QtWidgets.QProgressDialog)
        for each in shown:
            each.cancel()
