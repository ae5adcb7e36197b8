"""Questions, messages and progress of a host that has no dialogs of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from answerprint_bridge.host import Progress
from answerprint_bridge.messages import CANCELLED, WireError

from .qt import QtCore, QtWidgets, run_dialog

LEVELS = {
    "info": QtWidgets.QMessageBox.Icon.Information,
    "warning": QtWidgets.QMessageBox.Icon.Warning,
    "error": QtWidgets.QMessageBox.Icon.Critical,
}


_shown: set[QtWidgets.QMessageBox] = set()


def ask(parent: QtWidgets.QWidget | None, question: str, default: bool) -> bool:
    """The artist's yes or no; waits for it. Escape is no."""
    buttons = QtWidgets.QMessageBox.StandardButton
    box = _box(parent, question, "")
    box.setIcon(QtWidgets.QMessageBox.Icon.Question)
    box.setStandardButtons(buttons.Yes | buttons.No)
    box.setDefaultButton(buttons.Yes if default else buttons.No)
    box.setEscapeButton(buttons.No)
    return bool(run_dialog(box) == buttons.Yes)


def words(parent: QtWidgets.QWidget | None, question: str, yes: str) -> str:
    """What the artist writes, '' where it is nothing or was cancelled. yes: the button's text."""
    box = QtWidgets.QInputDialog(parent)
    box.setWindowTitle("Answerprint")
    box.setLabelText(question)
    box.setOkButtonText(yes)
    box.resize(420, box.sizeHint().height())
    return str(box.textValue()).strip() if run_dialog(box) else ""


def message(parent: QtWidgets.QWidget | None, level: str, title: str, detail: str = "") -> None:
    """Show it, and go on: nothing waits until it is read. level: 'info', 'warning', 'error'."""
    box = _box(parent, title, detail)
    box.setIcon(LEVELS[level])
    box.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowModality(QtCore.Qt.WindowModality.NonModal)
    _shown.add(box)  # nobody else holds it
    box.finished.connect(lambda _: _shown.discard(box))
    box.show()


@contextlib.contextmanager
def progress(parent: QtWidgets.QWidget | None, title: str) -> Iterator[Progress]:
    """How far a host is that lets Qt work while it is busy; shown when it takes a while."""
    shown = QtWidgets.QProgressDialog(title, "Cancel", 0, 0, parent)
    shown.setWindowTitle("Answerprint")
    shown.setWindowModality(QtCore.Qt.WindowModality.NonModal)
    shown.setMinimumDuration(500)
    try:
        yield _Bar(shown, title)
    finally:
        shown.close()
        shown.deleteLater()


class _Bar:
    def __init__(self, shown: QtWidgets.QProgressDialog, title: str) -> None:
        self._shown, self._title = shown, title

    def tell(self, done: int, total: int, message: str = "") -> None:
        if self._shown.wasCanceled():
            raise WireError(CANCELLED, "Cancelled.")
        self._shown.setLabelText(f"{self._title}: {message}" if message else self._title)
        self._shown.setMaximum(max(total, 1))
        self._shown.setValue(min(done, max(total, 1) - 1))  # the maximum would close it


class Artist:
    """All three for one window, which may come later: hosts are made before their panel."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        self.parent = parent

    def progress(self, title: str) -> contextlib.AbstractContextManager[Progress]:
        return progress(self.parent, title)

    def message(self, level: str, title: str, detail: str = "") -> None:
        message(self.parent, level, title, detail)

    def ask(self, question: str, default: bool) -> bool:
        return ask(self.parent, question, default)


def _box(parent: QtWidgets.QWidget | None, title: str, detail: str) -> QtWidgets.QMessageBox:
    box = QtWidgets.QMessageBox(parent)
    box.setWindowTitle("Answerprint")
    box.setTextFormat(QtCore.Qt.TextFormat.PlainText)
    box.setText(title)
    box.setInformativeText(detail)
    return box
