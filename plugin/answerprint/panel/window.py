"""The panel put together: tool, inputs and form on the left; picture, numbers and jobs right.

It talks to one worker and never waits for it: a timer pumps what has arrived.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any

from answerprint.panel import inputs as paths
from answerprint.panel.form import Form, UnknownControl, label_of
from answerprint.panel.inputs import Inputs, PathField, dropped
from answerprint.panel.outcome import page_of
from answerprint.panel.qt import QtCore, QtGui, QtWidgets
from answerprint.panel.queue import Job, Jobs, QueueView
from answerprint.panel.style import SHEET
from answerprint.panel.viewer import Viewer
from answerprint_bridge.wire import Worker

PUMP_MS = 15
LIVE_MS = 250  # a slider that rests for so long is taken up
OVERWRITTEN = (
    "A later run with other settings took these frames over; 'Run again' brings them back."
)
NOTHING: dict[str, Any] = {"inputs": [], "params": []}  # until the worker has answered


class Window(QtWidgets.QMainWindow):
    """The whole panel on one worker, which it closes with itself."""

    def __init__(self, worker: Worker) -> None:
        super().__init__()
        self.worker = worker
        self.specs: dict[str, dict[str, Any]] = {}
        self.inputs, self.form = Inputs(NOTHING), Form(NOTHING)
        self.jobs = Jobs(worker, self)
        self._measured: dict[str, str] = {}  # what was measured -> the folder it is in
        self._restoring = False
        self.setWindowTitle("Answerprint")
        self.setStyleSheet(SHEET)
        self.setAcceptDrops(True)
        self.resize(1360, 860)
        self._build()
        self._live = QtCore.QTimer(self)
        self._live.setSingleShot(True)
        self._live.setInterval(LIVE_MS)
        self._live.timeout.connect(self._run_live)
        self._pump = QtCore.QTimer(self)
        self._pump.setInterval(PUMP_MS)
        self._pump.timeout.connect(lambda: self.worker.pump())
        self._pump.start()
        self.ask_tools()

    # How it is laid out

    def _build(self) -> None:
        split = QtWidgets.QSplitter()
        split.addWidget(self._controls())
        split.addWidget(self._pictures())
        split.setStretchFactor(1, 1)
        split.setSizes([430, 930])
        self.setCentralWidget(split)
        self.jobs.ended.connect(self._ended)
        self.jobs.said.connect(self.log.appendPlainText)
        self.queue.again.connect(self._again)
        self.queue.chosen.connect(self._look)
        for key, act in {
            "Ctrl+Return": self.run,
            "Ctrl+.": self._cancel,
            "Ctrl+1": lambda: self.viewer.mode.setCurrentText("Wipe"),
            "Ctrl+2": lambda: self.viewer.mode.setCurrentText("Before"),
            "Ctrl+3": lambda: self.viewer.mode.setCurrentText("After"),
            "F5": self.ask_tools,
        }.items():
            QtGui.QShortcut(QtGui.QKeySequence(key), self).activated.connect(act)

    def _controls(self) -> QtWidgets.QWidget:
        self.tool = QtWidgets.QComboBox()
        self.tool.setAccessibleName("Tool")
        self.tool.currentIndexChanged.connect(lambda _: self._chosen())
        self.summary = QtWidgets.QLabel("Starting the worker")
        self.summary.setObjectName("summary")
        self.summary.setWordWrap(True)
        self._page = QtWidgets.QVBoxLayout()
        self.frames = QtWidgets.QLineEdit()
        self.frames.setPlaceholderText("all frames, or 1001-1100")
        self.frames.setAccessibleName("Frames to work on")
        self.results = PathField("results", "Folder for the results", folder_only=True)
        self.write_frames = QtWidgets.QCheckBox("Write frames")
        self.write_frames.setChecked(True)
        self.write_frames.setToolTip("Off: grade files and report only, and no picture after")
        self.live = QtWidgets.QCheckBox("Update while I adjust")
        self.live.setChecked(True)
        self.live.setToolTip("Run again, without measuring, when a live parameter changes")
        self.notice = QtWidgets.QLabel()
        self.notice.setObjectName("notice")
        self.notice.setAccessibleName("What was refused, and what to do")
        self.notice.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.notice.setTextInteractionFlags(
            QtCore.Qt.TextInteractionFlag.TextSelectableByMouse
            | QtCore.Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.notice.setWordWrap(True)
        self.notice.hide()
        self.start = QtWidgets.QPushButton("Run")
        self.start.setObjectName("run")
        self.start.setToolTip("Ctrl+Return")
        self.start.setEnabled(False)
        self.start.clicked.connect(self.run)
        inner = QtWidgets.QWidget()
        box = QtWidgets.QVBoxLayout(inner)
        box.addWidget(self.tool)
        box.addWidget(self.summary)
        box.addLayout(self._page)
        for text, widget in (("Frames to work on", self.frames), ("Results", self.results)):
            label = QtWidgets.QLabel(text)
            label.setBuddy(widget)
            box.addWidget(label)
            box.addWidget(widget)
        box.addWidget(self.write_frames)
        box.addWidget(self.live)
        box.addStretch(1)
        scroll = QtWidgets.QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        side = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(side)
        column.addWidget(scroll, 1)
        column.addWidget(self.notice)
        column.addWidget(self.start)
        return side

    def _pictures(self) -> QtWidgets.QWidget:
        self.viewer = Viewer(self._ask)
        self.result = QtWidgets.QTextBrowser()
        self.result.setOpenLinks(False)
        self.result.anchorClicked.connect(QtGui.QDesktopServices.openUrl)
        self.result.setAccessibleName("Result")
        self.queue = QueueView(self.jobs)
        self.log = QtWidgets.QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(5000)
        self.log.setTabChangesFocus(True)
        self.log.setAccessibleName("Log")
        self.tabs = QtWidgets.QTabWidget()
        for widget, text in ((self.result, "&Result"), (self.queue, "&Jobs"), (self.log, "&Log")):
            self.tabs.addTab(widget, text)
        split = QtWidgets.QSplitter(QtCore.Qt.Orientation.Vertical)
        split.addWidget(self.viewer)
        split.addWidget(self.tabs)
        split.setStretchFactor(0, 1)
        split.setSizes([560, 300])
        return split

    # Which tools there are

    def ask_tools(self) -> None:
        """Ask the worker what there is; the first form comes up when it has answered."""
        self._ask("tool.list", {}, self._listed)

    def _ask(self, method: str, params: dict[str, Any], on_done: Any) -> Any:
        return self.worker.start(method, params, on_done=on_done)

    def _listed(self, call: Any) -> None:
        if call.error:
            self.summary.setText("The worker did not answer. F5 asks it again.")
            self._refused(call.error)
            return
        self.notice.hide()
        for each in call.result:
            if each["name"] not in self.specs:
                self._ask("tool.describe", {"tool": each["name"]}, self._described)

    def _described(self, call: Any) -> None:
        if call.error:
            self._refused(call.error)
            return
        spec = call.result
        self.specs[spec["name"]] = spec
        self.tool.addItem(spec["label"], spec["name"])

    def _chosen(self) -> None:
        spec = self.specs[self.tool.currentData()]
        try:
            form = Form(spec)
        except UnknownControl as unknown:
            self._say(f"{unknown} Run install.py again, so that panel and core fit.")
            self.start.setEnabled(False)
            return
        before = self.inputs.values()
        for old in (self.inputs, self.form):
            self._page.removeWidget(old)
            old.deleteLater()
        self.inputs, self.form = Inputs(spec), form
        self.summary.setText(spec["summary"])
        self.inputs.changed.connect(self._source_changed)
        self.form.changed.connect(self._adjusted)
        self._page.addWidget(self.inputs)
        self._page.addWidget(self.form)
        self.inputs.set_values(before)
        self._tab_order()
        self.start.setEnabled(True)

    def _tab_order(self) -> None:
        """From the tool downwards, then Run, then the pictures."""
        order: list[QtWidgets.QWidget] = [self.tool]
        for name, field in self.inputs.fields.items():
            order += [field.path, self.inputs.spaces[name]]
        order += [field.editor for field in self.form.fields.values()]
        order += [self.frames, self.results.path, self.write_frames, self.live, self.start]
        order += [self.viewer.canvas, self.viewer.frame, self.viewer.exposure]
        for one, other in itertools.pairwise(order):
            QtWidgets.QWidget.setTabOrder(one, other)

    def _source_changed(self, name: str) -> None:
        if name != "source" or self._restoring:
            return
        source = self.inputs.values()["source"]["path"]
        root = paths.results_root(source, self.tool.currentData()) if source else ""
        self.results.path.setPlaceholderText(root)
        first = paths.first_frame(source) if source else None
        self.viewer.look_at("after", "")
        self.viewer.look_at("before", source, first)

    # Running

    def request(self) -> dict[str, Any]:
        """The `job.run` of what is on the panel now, into the folder where it belongs.

        Runs that measured the same share a folder, so that the core takes its solution up; any
        other gets a version of its own, and no earlier result is written over.
        """
        spec = self.specs[self.tool.currentData()]
        asked = {
            "tool": spec["name"],
            "version": spec["version"],
            "params": self.form.values(),
            "inputs": self.inputs.values(),
            "frames": self.frames.text().strip(),
        }
        source = asked["inputs"]["source"]["path"]
        root = self.results.path.text().strip() or paths.results_root(source, spec["name"])
        measured = self._measure_of(asked, root)
        if measured not in self._measured:
            taken = list(self._measured.values())
            self._measured[measured] = paths.next_version(root, taken)
        outputs = {"dir": self._measured[measured], "write_frames": self.write_frames.isChecked()}
        return {**asked, "outputs": outputs}

    def _measure_of(self, asked: Mapping[str, Any], root: str) -> str:
        rows = self.specs[asked["tool"]]["params"]
        kept = {r["name"]: asked["params"][r["name"]] for r in rows if not r["live"]}
        return json.dumps([root, {**asked, "params": kept}], sort_keys=True)

    def run(self) -> None:
        """Give the worker what is on the panel."""
        if not self.start.isEnabled():
            return
        self._live.stop()
        self._submit(self.request())

    def _submit(self, request: Mapping[str, Any]) -> None:
        self.notice.hide()
        spec = self.specs[request["tool"]]
        shot = paths.shot_name(request["inputs"]["source"]["path"])
        usual = {row["name"]: row["default"] for row in spec["params"]}
        changed = {n: v for n, v in request["params"].items() if v != usual[n]}
        settings = ", ".join(f"{label_of(n).lower()} {v}" for n, v in changed.items())
        self.jobs.submit(f"{spec['label']} {shot}", request, settings)

    def _adjusted(self, name: str, live: bool) -> None:
        """A live parameter of what was measured already is taken up when it rests."""
        if live and self.live.isChecked() and not self._restoring and self._has_run():
            self._live.start()

    def _has_run(self) -> bool:
        return any(job.answer for job in self.jobs.jobs) and self.start.isEnabled()

    def _run_live(self) -> None:
        request = self.request()
        folder = request["outputs"]["dir"]
        same = [job for job in self.jobs.jobs if job.request["outputs"]["dir"] == folder]
        if not any(job.answer for job in same):
            return  # something else was changed as well: that needs Run
        for job in same:
            if job.state in ("waiting", "working"):
                self.jobs.cancel(job)
        self._submit(request)

    def _again(self, job: Job) -> None:
        """Repeat a job of the history, and show what it was set to."""
        self._restore(job.request)
        self._submit(job.request)

    def _restore(self, request: Mapping[str, Any]) -> None:
        self._restoring = True
        try:
            self.tool.setCurrentIndex(self.tool.findData(request["tool"]))
            self.inputs.set_values(request["inputs"])
            self.form.set_values(request["params"])
            self.frames.setText(request["frames"])
            self.write_frames.setChecked(request["outputs"]["write_frames"])
        finally:
            self._restoring = False

    def _cancel(self) -> None:
        """The oldest job that was not asked yet: a key pressed twice ends nothing by force."""
        for job in [job for job in self.jobs.open_jobs() if job.state != "cancelling"][:1]:
            self.jobs.cancel(job)

    # How it ended

    def _ended(self, job: Job) -> None:
        if job.error and job.state != "cancelled":
            self._refused(job.error)
        elif job.answer:
            self.log.appendPlainText(job.answer["report"]["sentence"])
        newest = self.queue.current() is job
        if newest:
            self._look(job)

    def _look(self, job: Job) -> None:
        """Show a job's numbers, and its pictures where it made frames that still stand."""
        if not job.answer:
            return
        self.result.setHtml(page_of(job.answer, OVERWRITTEN if self._overwritten(job) else ""))
        made = job.answer["outputs"].get("frames")
        self.viewer.look_at("before", job.request["inputs"]["source"]["path"])
        if made and made["first"] is not None and not self._overwritten(job):
            inside = made["first"] <= self.viewer.frame.value() <= made["last"]
            self.viewer.look_at("after", made["pattern"], None if inside else made["first"])
        else:
            self.viewer.look_at("after", "")

    def _overwritten(self, job: Job) -> bool:
        """Whether a later job with other live settings went into the same folder."""
        later = self.jobs.jobs[self.jobs.jobs.index(job) + 1 :]
        folder, params = job.request["outputs"]["dir"], job.request["params"]
        since = [each for each in later if each.request["outputs"]["dir"] == folder]
        return any(each.request["params"] != params for each in since)

    def _refused(self, error: Any) -> None:
        self._say("\n".join(text for text in (error.title, error.hint) if text))
        if error.detail:
            self.log.appendPlainText(error.detail)

    def _say(self, text: str) -> None:
        self.notice.setText(text)
        self.notice.show()
        self.log.appendPlainText(text)

    # What happens to the window

    def dragEnterEvent(self, event: QtGui.QDragEnterEvent) -> None:
        if self.specs and dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QtGui.QDropEvent) -> None:
        if self.specs:
            self.inputs.take(dropped(event.mimeData()))
            event.acceptProposedAction()

    def closeEvent(self, event: QtGui.QCloseEvent) -> None:
        self._pump.stop()
        self._live.stop()
        self.hide()
        self.worker.close()
        event.accept()
