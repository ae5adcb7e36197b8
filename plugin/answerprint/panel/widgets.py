"""What the panel's pages are made of: buttons, lines of text that come and go, rows."""

from __future__ import annotations

from collections.abc import Callable

from .qt import QtCore, QtWidgets


def button(text: str, act: Callable[[], object] | None, tip: str) -> QtWidgets.QPushButton:
    """act: None where others listen to it."""
    made = QtWidgets.QPushButton(text)
    made.setToolTip(tip)
    if act:
        made.clicked.connect(lambda: act())
    return made


def small(text: str, act: Callable[[], object], tip: str) -> QtWidgets.QToolButton:
    """A button beside a field."""
    made = QtWidgets.QToolButton()
    made.setText(text)
    made.setToolTip(tip)
    made.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
    made.clicked.connect(lambda: act())
    return made


def words(name: str, about: str) -> QtWidgets.QLabel:
    """Text that wraps and can be copied; it takes no room while there is none. name: of the style;
    about: what a screen reader calls it."""
    made = QtWidgets.QLabel()
    made.setObjectName(name)
    made.setAccessibleName(about)
    made.setTextFormat(QtCore.Qt.TextFormat.PlainText)
    flags = QtCore.Qt.TextInteractionFlag
    made.setTextInteractionFlags(flags.TextSelectableByMouse | flags.TextSelectableByKeyboard)
    made.setWordWrap(True)
    made.hide()
    return made


def notice() -> QtWidgets.QLabel:
    return words("notice", "What was refused, and what to do")


def busy() -> QtWidgets.QLabel:
    return words("busy", "Why nothing can start")


def say(label: QtWidgets.QLabel, text: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))


def bar(about: str) -> QtWidgets.QProgressBar:
    made = QtWidgets.QProgressBar()
    made.setFixedHeight(16)
    made.setAccessibleName(about)
    return made


def beside(*widgets: tuple[QtWidgets.QWidget, int]) -> QtWidgets.QHBoxLayout:
    """Widgets beside each other, each with its share of what is left."""
    box = QtWidgets.QHBoxLayout()
    box.setSpacing(4)
    for widget, stretch in widgets:
        box.addWidget(widget, stretch)
    return box
