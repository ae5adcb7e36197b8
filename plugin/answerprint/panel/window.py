"""The panel in a window of its own."""

from __future__ import annotations

from .desk import Desk
from .panel import Panel
from .qt import QtGui, QtWidgets


class Window(QtWidgets.QMainWindow):
    """The whole panel on one desk, which it closes with itself.

    While a call of the host is under way the window stays; it closes when that has ended.
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
        self.setEnabled(False)
