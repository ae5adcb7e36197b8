"""The list of takes: a small picture of each, its name and frames, what it sees, how surely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from answerprint_bridge.messages import WireError
from answerprint_bridge.showing import Take

from .clips import Facts
from .jobs import Shot
from .line import Line
from .qt import QtCore, QtGui, QtWidgets
from .shelf import THUMB, thumb_of, thumb_request

COLUMNS = ("Take", "What it sees", "Sure")
WIDTHS = (206, 44)  # pixels of the first and the last: all of it is read in a dock of 400


class TakeList(QtWidgets.QTreeWidget):
    """Takes, or the holes of an edit with the takes for each.

    chosen   (Take) that is chosen now. A picture that the show does not have is asked for, one
             after the other, so that nothing else waits long.
    """

    chosen = QtCore.Signal(object)

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line
        self.rows: list[tuple[Take, QtWidgets.QTreeWidgetItem]] = []
        self._turn = 0  # number of the newest filling: what was asked for before is dropped
        self.setHeaderLabels(list(COLUMNS))
        self.setRootIsDecorated(False)
        self.setIconSize(QtCore.QSize(*THUMB))
        self.setTextElideMode(QtCore.Qt.TextElideMode.ElideRight)
        self.setWordWrap(True)
        self.setAccessibleName("Takes")
        self.setMinimumHeight(96)
        self.header().setStretchLastSection(False)
        self.header().setMinimumSectionSize(WIDTHS[1])
        self.header().setSectionResizeMode(1, QtWidgets.QHeaderView.ResizeMode.Stretch)
        for column, width in zip((0, 2), WIDTHS, strict=True):
            self.setColumnWidth(column, width)
        self.currentItemChanged.connect(lambda *_: self._told())

    def take(self) -> Take | None:
        """The one that is chosen."""
        item = self.currentItem()
        return next((take for take, row in self.rows if row is item), None)

    def show_takes(self, takes: Sequence[Take]) -> None:
        self._begin()
        for take in takes:
            self._add(self.invisibleRootItem(), take)
        self._end()

    def show_holes(self, holes: Sequence[tuple[Mapping[str, Any], Sequence[Take]]]) -> None:
        """Each hole with what could stand for it below it."""
        self._begin()
        for row, takes in holes:
            text = f"{row['timecode']}  {row['what']}"
            hole = QtWidgets.QTreeWidgetItem([text, "", ""])
            hole.setToolTip(0, text)
            self.addTopLevelItem(hole)
            hole.setFirstColumnSpanned(True)
            for take in takes:
                self._add(hole, take)
            if not takes:
                nothing = QtWidgets.QTreeWidgetItem(["The show has nothing for it.", "", ""])
                hole.addChild(nothing)
                nothing.setFirstColumnSpanned(True)
            hole.setExpanded(True)
        self._end()

    def _begin(self) -> None:
        self._turn += 1
        self.blockSignals(True)
        self.clear()
        self.rows = []

    def _end(self) -> None:
        self.blockSignals(False)
        self._picture(self._turn, 0)

    def _add(self, above: QtWidgets.QTreeWidgetItem, take: Take) -> None:
        frames = f"{take.first}-{take.last}" if take.last != take.first else str(take.first)
        row = QtWidgets.QTreeWidgetItem(
            [f"{take.name}\n{frames}", take.sees.replace(", ", "\n", 1), f"{100 * take.sure:.0f} %"]
        )
        for column in range(len(COLUMNS)):
            row.setToolTip(column, f"{take.path}\n{take.why}")
        if take.thumb:
            row.setIcon(0, QtGui.QIcon(thumb_of(take.thumb)))
        above.addChild(row)
        self.rows.append((take, row))

    def _picture(self, turn: int, number: int) -> None:
        """Ask for the pictures that nobody has yet, from this row on."""
        if turn != self._turn or number >= len(self.rows):
            return
        take, row = self.rows[number]
        if take.thumb:
            self._picture(turn, number + 1)
            return

        def known(facts: Facts | WireError) -> None:
            if turn != self._turn:
                return
            if isinstance(facts, Facts):
                asked = {**thumb_request(facts), "frame": take.frame}
                self._line.ask("view.render", asked, shown)
            else:
                row.setToolTip(0, f"{facts.title} {facts.hint}".strip())
                self._picture(turn, number + 1)

        def shown(call: Any) -> None:
            if turn != self._turn:
                return
            if not call.error:  # without a picture its name stands
                row.setIcon(0, QtGui.QIcon(thumb_of(call.result["path"])))
            self._picture(turn, number + 1)

        self._line.facts(Shot(take.path), known)

    def _told(self) -> None:
        if take := self.take():
            self.chosen.emit(take)
