"""The jobs as a list: those that wait, the one that works, and the history of this session."""

from __future__ import annotations

from collections.abc import Callable

from .desk import Desk
from .jobs import Job
from .line import Line
from .qt import QtCore, QtWidgets
from .widgets import button

COLUMNS = ("Job", "Settings", "State", "Progress", "Time left", "Results")


class QueueView(QtWidgets.QWidget):
    """Newest first, with what can be done to the one that is chosen.

    again    (job) the artist wants this run again.
    chosen   (job) the artist looks at this one.
    """

    again = QtCore.Signal(object)
    chosen = QtCore.Signal(object)

    def __init__(self, desk: Desk, line: Line) -> None:
        super().__init__()
        self._desk = desk
        self._rows: list[tuple[Job, QtWidgets.QTreeWidgetItem]] = []
        self.tree = QtWidgets.QTreeWidget()
        self.tree.setHeaderLabels(list(COLUMNS))
        self.tree.setRootIsDecorated(False)
        self.tree.setAccessibleName("Jobs")
        self.tree.setTextElideMode(QtCore.Qt.TextElideMode.ElideMiddle)
        self.tree.setUniformRowHeights(True)
        for column, width in enumerate((190, 120, 80, 120, 70)):
            self.tree.setColumnWidth(column, width)
        self.cancel = self._button("&Cancel", desk.cancel, "Ask the job to stop")
        self.repeat = self._button("Run a&gain", self.again.emit, "The same run once more")
        self.place = self._button("&Place again", desk.place, "What of it does not stand any more")
        self.back = self._button("&Take back", desk.take_back, "Return to what stood before it")
        bar = QtWidgets.QHBoxLayout()
        bar.setSpacing(4)
        for each in (self.cancel, self.repeat, self.place, self.back):
            bar.addWidget(each)
        bar.addStretch(1)
        box = QtWidgets.QVBoxLayout(self)
        box.addWidget(self.tree, 1)
        box.addLayout(bar)
        for job in desk.jobs:
            self._add(job)
        line.hear(desk.added, self._add)
        line.hear(desk.moved, self._draw)
        self.tree.currentItemChanged.connect(self._select)
        self._buttons()

    def current(self) -> Job | None:
        """The job that is chosen."""
        item = self.tree.currentItem()
        return next((job for job, row in self._rows if row is item), None)

    def choose(self, job: Job) -> None:
        self.tree.setCurrentItem(self._row(job))

    def _row(self, job: Job) -> QtWidgets.QTreeWidgetItem:
        return next(row for each, row in self._rows if each is job)

    def offer(self, can: frozenset[str]) -> None:
        """Only what the host can do."""
        self.back.setVisible("take back" in can)

    def _button(self, text: str, act: Callable[[Job], object], tip: str) -> QtWidgets.QPushButton:
        def pressed() -> None:
            if job := self.current():
                act(job)

        return button(text, pressed, tip)

    def _add(self, job: Job) -> None:
        item, bar = QtWidgets.QTreeWidgetItem(), QtWidgets.QProgressBar()
        bar.setFixedHeight(16)
        self._rows.append((job, item))
        self.tree.insertTopLevelItem(0, item)
        self.tree.setItemWidget(item, 3, bar)
        self.tree.setCurrentItem(item)
        self._draw(job)

    def _draw(self, job: Job) -> None:
        item = self._row(job)
        left = "" if job.left is None or job.ended else f"{job.left:.0f} s"
        folder = job.run.folder if job.run else ""
        for column, text in enumerate((job.label, job.settings, job.state, "", left, folder)):
            item.setText(column, text)
            item.setToolTip(column, text)
        bar = self.tree.itemWidget(item, 3)
        if job.ended:
            self.tree.removeItemWidget(item, 3)
        elif isinstance(bar, QtWidgets.QProgressBar):
            bar.setRange(0, max(job.total, 1))
            bar.setValue(job.done)
            bar.setFormat(f"{job.stage} {job.done}/{job.total}" if job.stage else "")
        self._buttons()

    def _select(self) -> None:
        self._buttons()
        if job := self.current():
            self.chosen.emit(job)

    def _buttons(self) -> None:
        job = self.current()
        placed = bool(job and job.run and job.run.status)
        self.cancel.setEnabled(job is not None and not job.ended)
        self.cancel.setText("End by f&orce" if job and job.state == "cancelling" else "&Cancel")
        self.repeat.setEnabled(job is not None and job.ended)
        self.place.setEnabled(placed)
        answers = job.run.answers if job and job.run else []
        self.back.setEnabled(placed and any(answer.items for answer in answers))
