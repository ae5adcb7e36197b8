"""Jobs: those that wait, the one that works, and the history of this session.

A job is one `job.run` request and how it ended. The worker runs one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from answerprint.panel.qt import QtCore, QtWidgets
from answerprint_bridge.messages import CANCELLED, WORKER_DIED
from answerprint_bridge.wire import Worker

ENDED = ("done", "partial", "refused", "cancelled", "worker gone")
COLUMNS = ("Job", "Settings", "State", "Progress", "Time left", "Results")


class Job:
    """One request, its progress and its end.

    settings what of the form is not at its default, in words.
    state    'waiting', 'working', 'cancelling', or one of ENDED.
    answer   what `job.run` handed back, None before its end or where it was refused.
    error    the WireError it ended with, or None.
    """

    def __init__(self, label: str, request: Mapping[str, Any], settings: str = "") -> None:
        self.label, self.request, self.settings = label, dict(request), settings
        self.state = "waiting"
        self.stage, self.done, self.total = "", 0, 0
        self.left: float | None = None
        self.answer: dict[str, Any] | None = None
        self.error: Any = None
        self.call: Any = None

    @property
    def ended(self) -> bool:
        return self.state in ENDED


class Jobs(QtCore.QObject):
    """What was given to the worker. `moved` tells of progress, `ended` of the one end."""

    added = QtCore.Signal(object)
    moved = QtCore.Signal(object)
    ended = QtCore.Signal(object)
    said = QtCore.Signal(str)

    def __init__(self, worker: Worker, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self.jobs: list[Job] = []

    def submit(self, label: str, request: Mapping[str, Any], settings: str = "") -> Job:
        """Give a job to the worker; it starts when those before it have ended."""
        job = Job(label, request, settings)
        self.jobs.append(job)
        self.added.emit(job)
        job.call = self._worker.start(
            "job.run",
            job.request,
            on_progress=lambda told: self._moved(job, told),
            on_log=lambda told: self.said.emit(f"{told.get('level')}: {told.get('message')}"),
            on_done=lambda call: self._ended(job, call),
        )
        return job

    def cancel(self, job: Job) -> None:
        """Ask the job to stop; asked again, end the worker and with it all it was doing."""
        if job.ended:
            return
        if job.state == "cancelling":
            self._worker.kill("The worker was ended by force, for it did not stop when asked.")
            return
        job.state = "cancelling"
        job.call.cancel()
        self.moved.emit(job)

    def open_jobs(self) -> list[Job]:
        return [job for job in self.jobs if not job.ended]

    def _moved(self, job: Job, told: Mapping[str, Any]) -> None:
        job.stage, job.done, job.total = told["stage"], told["done"], told["total"]
        job.left = told.get("eta_s")
        if job.state == "waiting":
            job.state = "working"
        self.moved.emit(job)

    def _ended(self, job: Job, call: Any) -> None:
        job.error, job.left = call.error, None
        if call.error is None:
            job.answer, job.state = call.result, call.result["status"]
        else:
            ends = {CANCELLED: "cancelled", WORKER_DIED: "worker gone"}
            job.state = ends.get(call.error.code, "refused")
        self.moved.emit(job)
        self.ended.emit(job)


class QueueView(QtWidgets.QWidget):
    """The jobs as a list, newest first, with what can be done to the one that is chosen.

    again    (job) the artist wants this run again.
    chosen   (job) the artist looks at this one.
    """

    again = QtCore.Signal(object)
    chosen = QtCore.Signal(object)

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._rows: list[tuple[Job, QtWidgets.QTreeWidgetItem, QtWidgets.QProgressBar]] = []
        self.tree = QtWidgets.QTreeWidget()
        self.tree.setHeaderLabels(list(COLUMNS))
        self.tree.setRootIsDecorated(False)
        self.tree.setAccessibleName("Jobs")
        for column, width in enumerate((130, 190, 90, 140, 70)):
            self.tree.setColumnWidth(column, width)
        self.tree.currentItemChanged.connect(lambda *_: self._select())
        self.cancel = self._button("&Cancel", lambda job: jobs.cancel(job))
        self.repeat = self._button("Run a&gain", self.again.emit)
        bar = QtWidgets.QHBoxLayout()
        bar.addWidget(self.cancel)
        bar.addWidget(self.repeat)
        bar.addStretch(1)
        box = QtWidgets.QVBoxLayout(self)
        box.addWidget(self.tree, 1)
        box.addLayout(bar)
        jobs.added.connect(self._add)
        jobs.moved.connect(self._draw)
        self._buttons()

    def current(self) -> Job | None:
        """The job that is chosen."""
        item = self.tree.currentItem()
        return next((job for job, row, _ in self._rows if row is item), None)

    def _button(self, text: str, act: Callable[[Job], object]) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton(text)

        def pressed() -> None:
            if job := self.current():
                act(job)

        button.clicked.connect(pressed)
        return button

    def _add(self, job: Job) -> None:
        item, bar = QtWidgets.QTreeWidgetItem(), QtWidgets.QProgressBar()
        bar.setFixedHeight(16)
        self._rows.append((job, item, bar))
        self.tree.insertTopLevelItem(0, item)
        self.tree.setItemWidget(item, 3, bar)
        self.tree.setCurrentItem(item)
        self._draw(job)

    def _draw(self, job: Job) -> None:
        _, item, bar = next(row for row in self._rows if row[0] is job)
        left = "" if job.left is None or job.ended else f"{job.left:.0f} s"
        folder = job.request["outputs"]["dir"]
        texts = (job.label, job.settings, job.state, "", left, folder)
        for column, text in enumerate(texts):
            item.setText(column, text)
        item.setToolTip(5, folder)
        finished = job.state in ("done", "partial")
        bar.setRange(0, 1 if finished else max(job.total, 1))
        bar.setValue(1 if finished else job.done)
        bar.setFormat("" if job.ended or not job.stage else f"{job.stage} {job.done}/{job.total}")
        self._buttons()

    def _select(self) -> None:
        self._buttons()
        if job := self.current():
            self.chosen.emit(job)

    def _buttons(self) -> None:
        job = self.current()
        self.cancel.setEnabled(job is not None and not job.ended)
        self.cancel.setText("End by f&orce" if job and job.state == "cancelling" else "&Cancel")
        self.repeat.setEnabled(job is not None and job.ended)
