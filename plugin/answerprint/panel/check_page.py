"""The page *Check the edit*: what does not match, each with its frame, its number and its fix.

It shows the desk's `checker` and keeps nothing itself: what is chosen and filtered is in
`desk.kept`, so that a page that was rebuilt begins where the last one ended.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from answerprint_bridge.checking import as_mended

from . import dialogs
from .line import Line
from .qt import QtCore, QtGui, QtWidgets
from .widgets import bar, beside, busy, button, notice, say, words

ALL = "All findings"
COLUMNS = ("Finding", "Shot", "Timecode", "Value")
WIDEST = 180  # pixels of a column
SHADES = {
    "red": "#e0605a",
    "yellow": "#e0c060",
    "cyan": "#5cc0c8",
    "green": "#74b86a",
    "blue": "#6f94d8",
}
STAGES = {
    "exporting": "The host exports its edit",
    "cancelling": "Cancelling",
    "refused": "The check was refused.",
    "cancelled": "The check was cancelled.",
    "worker gone": "The worker has gone.",
}
FIRST = "Looks at every shot of the edit and lists what does not match. Nothing is changed."


class CheckPage(QtWidgets.QWidget):
    """looked    (path, frame) of the media that the chosen finding's frame shows."""

    looked = QtCore.Signal(str, int)

    def __init__(self, line: Line, wanted: Callable[[], Mapping[str, int]]) -> None:
        """wanted: {frame, size} of the picture that a fix is to be seen by."""
        super().__init__()
        self.line, self.desk, self.checker = line, line.desk, line.desk.checker
        self._wanted = wanted
        self._can: frozenset[str] = frozenset()
        self._busy = ""
        self._rows: list[tuple[dict[str, Any], QtWidgets.QTreeWidgetItem]] = []
        self._listed: Any = None  # the check and the filter that the list shows
        self._became: Any = None  # what was waived and mended, as the list shows it
        self._build()
        line.hear(self.checker.moved, self._draw)
        line.hear(self.desk.tools_known, self._buttons)
        line.hear(self.checker.refused, lambda why: self.say(f"{why.title} {why.hint}".strip()))
        self._draw()

    # How it is laid out

    def _build(self) -> None:
        self.start = button("Chec&k the edit", self.begin, "Look at every shot (Ctrl+Return)")
        self.start.setObjectName("run")
        self.cancel = button("Cancel", self.checker.cancel, "Ask the check to stop (Ctrl+.)")
        self.bar = bar("How far the check is")
        self.summary = QtWidgets.QLabel(FIRST)
        self.summary.setWordWrap(True)
        self.summary.setObjectName("summary")
        self.filter = QtWidgets.QComboBox()
        self.filter.setAccessibleName("Which findings are listed")
        self.filter.currentIndexChanged.connect(self._filtered)
        self.tree = QtWidgets.QTreeWidget()
        self.tree.setHeaderLabels(list(COLUMNS))
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setAccessibleName("Findings")
        self.tree.setTextElideMode(QtCore.Qt.TextElideMode.ElideRight)
        for column, width in enumerate((108, 52, 84, 154)):
            self.tree.setColumnWidth(column, width)
        self.tree.currentItemChanged.connect(self._chosen)
        self.tree.itemClicked.connect(lambda *_: self._jump())
        self.tree.itemActivated.connect(lambda *_: self._jump())
        self.detail = words("", "The chosen finding")
        self.notice, self.busy = notice(), busy()
        self.fix = button("Fi&x", self._fix, "Run the tool that mends it, and place the result")
        self.waive = button("&Waive...", self._waive, "Leave it from now on, and say why")
        self.marks = button(
            "&Markers on the timeline", self.checker.mark, "One on each frame; the last ones go"
        )
        self.page = button("Open t&he report", self._open, "The whole report, to read")
        whole = QtWidgets.QVBoxLayout(self)
        whole.setContentsMargins(6, 8, 6, 6)
        whole.addLayout(beside((self.start, 1), (self.cancel, 0)))
        whole.addWidget(self.bar)
        whole.addWidget(self.summary)
        whole.addWidget(self.filter)
        whole.addWidget(self.tree, 1)
        whole.addWidget(self.detail)
        whole.addLayout(beside((self.fix, 1), (self.waive, 1)))
        whole.addWidget(self.notice)
        whole.addWidget(self.busy)
        whole.addLayout(beside((self.marks, 1), (self.page, 1)))

    # What the host can

    def offer(self, can: frozenset[str]) -> None:
        """Only what the host can do."""
        self._can = can
        self.marks.setVisible("edit markers" in can)
        self._draw()

    def set_busy(self, why: str) -> None:
        self._busy = why
        say(self.busy, why)
        self._buttons()

    def say(self, text: str) -> None:
        """What was refused, until something else is started; '' for nothing."""
        say(self.notice, text)

    # What is shown

    def begin(self) -> None:
        """Check the edit, where one can be."""
        if self.start.isEnabled():
            self.say("")
            self.checker.start()

    def current(self) -> dict[str, Any] | None:
        """The finding that is chosen."""
        item = self.tree.currentItem()
        return next((row for row, each in self._rows if each is item), None)

    def _draw(self) -> None:
        checker, check = self.checker, self.checker.check
        self.bar.setVisible(checker.open)
        self.bar.setRange(0, max(checker.total, 1) if checker.total else 0)
        self.bar.setValue(checker.done)
        left = f", {checker.left:.0f} s left" if checker.left else ""
        self.bar.setFormat(f"{checker.stage} {checker.done}/{checker.total}{left}")
        told = check.report["sentence"] if check else FIRST
        told = STAGES.get(checker.state, "") or told
        self.summary.setText("\n".join(each for each in (told, checker.note) if each))
        if self._listed != (check, self.desk.kept.get("family", "")):
            self._fill()
        now = (set(checker.waived), {name: job.state for name, job in checker.fixes.items()})
        if now != self._became:  # progress comes often, and a list may be long
            self._became = now
            for row, item in self._rows:
                self._state(row, item)
        self._detail()
        self._buttons()

    def _fill(self) -> None:
        """List the findings of the family that is chosen; choose the one that was chosen."""
        findings, family = self.checker.findings, self.desk.kept.get("family", "")
        counts = Counter(each["family"] for each in findings)
        family = family if family in counts else ""
        self._listed = (self.checker.check, self.desk.kept.get("family", ""))
        self.filter.blockSignals(True)
        self.filter.clear()
        self.filter.addItem(f"{ALL} ({len(findings)})", "")
        for name, count in counts.items():
            self.filter.addItem(f"{name.capitalize()} ({count})", name)
        self.filter.setCurrentIndex(max(0, self.filter.findData(family)))
        self.filter.setEnabled(bool(findings))
        self.filter.blockSignals(False)
        self.tree.blockSignals(True)
        self.tree.clear()
        self._rows = []
        for row in findings:
            if family in ("", row["family"]):
                self._list(row)
        self.tree.blockSignals(False)
        for column in range(len(COLUMNS)) if self._rows else ():
            self.tree.resizeColumnToContents(column)
            self.tree.setColumnWidth(column, min(self.tree.columnWidth(column), WIDEST))

    def _list(self, row: dict[str, Any]) -> None:
        kind = row["kind"].replace("_", " ")
        texts = (kind, row["mend"] or ", ".join(row["shots"]), row["timecode"], value_of(row))
        item = QtWidgets.QTreeWidgetItem(list(texts))
        for column in range(len(texts)):
            item.setToolTip(column, row["text"])
        self._state(row, item)
        self.tree.addTopLevelItem(item)
        self._rows.append((row, item))
        if row["id"] == self.desk.kept.get("finding"):
            self.tree.setCurrentItem(item)

    def _state(self, row: Mapping[str, Any], item: QtWidgets.QTreeWidgetItem) -> None:
        font, job = item.font(0), self.checker.fixes.get(row["id"])
        font.setStrikeOut(row["id"] in self.checker.waived)
        for column in range(len(COLUMNS)):
            item.setFont(column, font)
        mended = job is not None and job.state in ("done", "partial")
        item.setIcon(0, _dot(SHADES[row["colour"]], row["level"] == "warn", mended))

    def _detail(self) -> None:
        row = self.current()
        if row is None:
            say(self.detail, "")
            return
        words = [", ".join(row["shots"]), row["timecode"], f"confidence {row['confidence']:.2f}"]
        if row["id"] in self.checker.waived:
            words.append("waived")
        if fix := row["fix"]:
            job = self.checker.fixes.get(row["id"])
            others = [shot for name, shot in fix["inputs"].items() if name != "source"]
            to = f" to {', '.join(others)}" if others else ""
            said = f": {job.state}" if job else ""
            words.append(f"{fix['tool'].replace('_', ' ')} {fix['inputs']['source']}{to}{said}")
        told = " \u00b7 ".join(each for each in words if each)
        say(self.detail, f"{row['text']}\n{told}")

    def _buttons(self) -> None:
        checker, row = self.checker, self.current()
        job = checker.fixes.get(row["id"]) if row else None
        mine = row is not None and row["id"] not in checker.waived
        free = not checker.open and not self._busy
        self.start.setEnabled(free and "timeline" in self._can)
        self.cancel.setEnabled(checker.open)
        self.cancel.setText("End by force" if checker.state == "cancelling" else "Cancel")
        fixing = job is not None and not job.ended
        can_fix = bool(mine and row and row["fix"] and self.desk.specs)
        self.fix.setEnabled(free and can_fix and not fixing)
        self.waive.setEnabled(mine and not checker.open)
        self.marks.setEnabled(free and checker.check is not None)
        self.page.setEnabled(checker.check is not None)

    # What is done

    def _filtered(self) -> None:
        self.desk.kept["family"] = self.filter.currentData() or ""
        self._draw()

    def _chosen(self) -> None:
        row = self.current()
        self.desk.kept["finding"] = row["id"] if row else ""
        self._detail()
        self._buttons()
        if row and (there := self.checker.source(row)):
            self.looked.emit(*there)

    def _jump(self) -> None:
        row = self.current()
        if row and "playhead" in self._can:
            self.checker.jump(row)

    def _fix(self) -> None:
        if row := self.current():
            self.say("")
            self.checker.fix(row, self._wanted())

    def _waive(self) -> None:
        row = self.current()
        if row is None:
            return
        why = dialogs.words(self, f"Why is this left as it is?\n\n{row['text']}", "Waive")
        if why:
            self.checker.waive(row, why)

    def _open(self) -> None:
        if self.checker.check:
            QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(self.checker.check.page))


def value_of(row: Mapping[str, Any]) -> str:
    """'+0.52 ± 0.03 stop' of the shot to mend, with as many digits as its uncertainty has."""
    value, unsure = as_mended(row)
    if value is None:
        return ""
    if not unsure:
        return f"{value:+.4g} {row['unit']}".strip()
    digits = max(0, min(4, 1 - math.floor(math.log10(unsure))))
    return f"{value:+.{digits}f} \u00b1 {unsure:.{digits}f} {row['unit']}".strip()


def _dot(shade: str, filled: bool, ticked: bool) -> QtGui.QIcon:
    """A disc for what is to be mended, a ring for a note, a tick for what was mended."""
    picture = QtGui.QPixmap(24, 24)
    picture.fill(QtCore.Qt.GlobalColor.transparent)
    painter = QtGui.QPainter(picture)
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    painter.setPen(QtGui.QPen(QtGui.QColor(shade), 3))
    if ticked:
        painter.drawLine(5, 12, 10, 18)
        painter.drawLine(10, 18, 20, 5)
    else:
        if filled:
            painter.setBrush(QtGui.QColor(shade))
        painter.drawEllipse(5, 5, 14, 14)
    painter.end()
    return QtGui.QIcon(picture)
