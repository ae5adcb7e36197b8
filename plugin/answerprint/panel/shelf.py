"""The list of what the host's scene has: a small picture of each, name, range, colour space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from answerprint_bridge.host import Item
from answerprint_bridge.messages import WireError

from .clips import Facts
from .line import Line
from .qt import QtCore, QtGui, QtWidgets

THUMB = (80, 45)
THUMB_ASKED = 160  # pixels: for screens that show two for one


def thumb_request(facts: Facts) -> dict[str, Any]:
    """The `view.render` of a small picture, from the middle of the shot."""
    asked = {"path": facts.file, "frame": (facts.first + facts.last) // 2, "exposure": 0.0}
    told = {"space": facts.space} if facts.space and facts.said_by in ("host", "user") else {}
    return {**asked, "display": "", "size": THUMB_ASKED, **told}


def thumb_of(path: str) -> QtGui.QPixmap:
    """A picture as small as lists show it; a null one where it cannot be read."""
    picture = QtGui.QPixmap(path)
    if picture.isNull():
        return picture
    keep = QtCore.Qt.AspectRatioMode.KeepAspectRatio
    smooth = QtCore.Qt.TransformationMode.SmoothTransformation
    return picture.scaled(2 * THUMB[0], 2 * THUMB[1], keep, smooth)


class Shelf(QtWidgets.QTreeWidget):
    """Items to choose from: tick one, or several where `many`.

    ticked   the list of items that are ticked now.

    Ranges and pictures are asked for one item after the other, so that nothing else waits long.
    """

    ticked = QtCore.Signal(object)

    def __init__(self, name: str, line: Line, many: bool) -> None:
        super().__init__()
        self._line, self._many = line, many
        self._rows: list[tuple[Item, QtWidgets.QTreeWidgetItem]] = []
        self._turn = 0  # number of the newest `fill`: what was asked for before is dropped
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setTextElideMode(QtCore.Qt.TextElideMode.ElideMiddle)
        self.setUniformRowHeights(True)
        self.setIconSize(QtCore.QSize(*THUMB))
        self.setAccessibleName(f"Items for the {name}")
        self.setMinimumHeight(120)
        self.itemChanged.connect(self._changed)
        self._ticks: list[Item] = []

    def fill(self, items: Sequence[Item], ticked: Sequence[Item]) -> None:
        """Show these; tick those."""
        self._turn += 1
        self.blockSignals(True)
        self.clear()
        self._rows = []
        for item in items:
            row = QtWidgets.QTreeWidgetItem([item.label])
            row.setToolTip(0, item.label)
            row.setFlags(row.flags() | QtCore.Qt.ItemFlag.ItemIsUserCheckable)
            row.setCheckState(0, _state(item in ticked))
            self.addTopLevelItem(row)
            self._rows.append((item, row))
        self.blockSignals(False)
        self._ticks = self.chosen()
        self._describe(self._turn, 0)

    def chosen(self) -> list[Item]:
        on = QtCore.Qt.CheckState.Checked
        return [item for item, row in self._rows if row.checkState(0) == on]

    def _changed(self, row: QtWidgets.QTreeWidgetItem) -> None:
        if self.chosen() == self._ticks:
            return  # its text or picture has come
        if not self._many and row.checkState(0) == QtCore.Qt.CheckState.Checked:
            self.blockSignals(True)
            for _, other in self._rows:
                if other is not row:
                    other.setCheckState(0, _state(False))
            self.blockSignals(False)
        self._ticks = self.chosen()
        self.ticked.emit(self._ticks)

    def _describe(self, turn: int, number: int) -> None:
        if turn != self._turn or number >= len(self._rows):
            return
        item, row = self._rows[number]

        def known(facts: Facts | WireError) -> None:
            if turn != self._turn:
                return
            if isinstance(facts, Facts):
                row.setText(0, f"{item.label}\n{facts.line()}")
                if facts.file:
                    self._line.ask("view.render", thumb_request(facts), lambda call: shown(call))
            else:
                row.setText(0, f"{item.label}\n{facts.title}")
            self._describe(turn, number + 1)

        def shown(call: Any) -> None:
            if turn == self._turn and not call.error:  # without a picture its name stands
                row.setIcon(0, QtGui.QIcon(thumb_of(call.result["path"])))

        self._line.facts(item, known)


def _state(on: bool) -> QtCore.Qt.CheckState:
    return QtCore.Qt.CheckState.Checked if on else QtCore.Qt.CheckState.Unchecked
