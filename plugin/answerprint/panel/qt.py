"""The one place where Qt is imported: PySide6, or the PySide2 of older hosts.

Names follow Qt 6; what Qt 5 calls otherwise is here. A Qt that is there but cannot be loaded
(a library of the system is missing) is an ImportError with that cause, not a step to the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PySide6 import QtCore, QtGui, QtWidgets

    QT = 6
else:
    try:
        from PySide6 import QtCore, QtGui, QtWidgets

        QT = 6
    except ModuleNotFoundError as missing:
        if missing.name != "PySide6":
            raise
        from PySide2 import QtCore, QtGui, QtWidgets

        QT = 5
        QtGui.QAction = QtWidgets.QAction
        QtGui.QShortcut = QtWidgets.QShortcut

__all__ = ["QT", "QtCore", "QtGui", "QtWidgets", "run_application", "run_dialog", "spot"]


def spot(event: Any) -> QtCore.QPointF:
    """Where in the widget a mouse or wheel event happened, in its own pixels."""
    if hasattr(event, "position"):
        at: QtCore.QPointF = event.position()
        return at
    return QtCore.QPointF(event.localPos())


def run_application(application: Any) -> int:
    """The event loop; the exit status."""
    return int(application.exec() if QT == 6 else application.exec_())


def run_dialog(dialog: Any) -> Any:
    """A dialog until it is closed; what it was closed with."""
    return dialog.exec() if QT == 6 else dialog.exec_()
