"""The panel put together: what is set on one side; picture, numbers and jobs on the other.

It talks to one desk and keeps nothing that must outlive it. In a narrow dock both sides stand
in one column.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from answerprint_bridge.faults import told_as
from answerprint_bridge.messages import WireError
from answerprint_bridge.results import frames_of
from answerprint_bridge.session import Run

from .check_page import CheckPage
from .controls import Controls
from .desk import IN_CONSOLE, Desk
from .inputs import dropped
from .jobs import Chosen, Job, Order, Shot
from .line import Line
from .outcome import page_of
from .qt import QtCore, QtGui, QtWidgets
from .queue import QueueView
from .show_page import ShowPage
from .style import SHEET
from .viewer import Viewer

LIVE_MS = 250  # a knob that rests for so long is taken up
BUSY_MS = 2000
NARROW = 780  # pixels below which there is one column
LOOKED = "A look: nothing is placed. Run places it."


class Panel(QtWidgets.QWidget):
    """The whole panel on one desk, from 380 pixels width upwards; see `desk.Desk`."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk, self.line = desk, Line(desk, self)
        self._told: tuple[Run, str] | None = None  # whose numbers are shown, with which note
        self._met = False  # whether the host has said what it can and wants
        self._unseen = True  # whether the source has not been run or looked at yet
        self.setAcceptDrops(True)
        self.setMinimumWidth(380)
        self._live = self._timer(LIVE_MS, self._look_live, once=True)
        self._busy = self._timer(BUSY_MS, self._ask_now_and_then)
        self._build()
        self._listen()
        # In a host that is making the panel, a style sheet set now would end the host.
        self._timer(0, lambda: self.setStyleSheet(SHEET), once=True).start()
        self._busy.start()
        self.line.do(self._ask_host)
        self.line.do(self._ask_tools)

    def _timer(self, pause: int, act: Callable[[], object], once: bool = False) -> QtCore.QTimer:
        timer = QtCore.QTimer(self)
        timer.setSingleShot(once)
        timer.setInterval(pause)
        timer.timeout.connect(act)
        return timer

    # How it is laid out

    def _build(self) -> None:
        self.controls = Controls(self.line)
        self.check = CheckPage(self.line, self._wanted)
        self.show_page = ShowPage(self.line, self._seen, self._wanted)
        self.pages = QtWidgets.QTabWidget()
        self.pages.addTab(self.controls, "Tool&s")
        self.pages.addTab(self.check, "Check the e&dit")
        self.pages.addTab(self.show_page, "S&how")
        self.viewer = Viewer(self.line.ask)
        self.result = QtWidgets.QTextBrowser()
        self.result.setOpenLinks(False)
        self.result.anchorClicked.connect(QtGui.QDesktopServices.openUrl)
        self.result.setAccessibleName("Result")
        self.queue = QueueView(self.desk, self.line)
        self.log = QtWidgets.QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(5000)
        self.log.setTabChangesFocus(True)
        self.log.setAccessibleName("Log")
        self.tabs = QtWidgets.QTabWidget()
        for widget, text in ((self.result, "&Result"), (self.queue, "&Jobs"), (self.log, "&Log")):
            self.tabs.addTab(widget, text)
        pictures = QtWidgets.QSplitter(QtCore.Qt.Orientation.Vertical)
        pictures.addWidget(self.viewer)
        pictures.addWidget(self.tabs)
        pictures.setStretchFactor(0, 1)
        pictures.setSizes([560, 300])
        self.split = QtWidgets.QSplitter()
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.pages)
        self.split.addWidget(pictures)
        self.split.setStretchFactor(1, 1)
        self.split.setSizes([430, 930])
        box = QtWidgets.QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.split)
        for key, act in {
            "Ctrl+Return": lambda: self._on_page(self.run, self.check.begin),
            "Ctrl+Shift+Return": lambda: self._on_page(self.look, lambda: None),
            "Ctrl+.": self._cancel,
            "Ctrl+1": lambda: self.viewer.mode.setCurrentText("Wipe"),
            "Ctrl+2": lambda: self.viewer.mode.setCurrentText("Before"),
            "Ctrl+3": lambda: self.viewer.mode.setCurrentText("After"),
            "F5": self.refresh,
        }.items():
            shortcut = QtGui.QShortcut(QtGui.QKeySequence(key), self)
            # The host's own shortcuts stay the host's while the focus is elsewhere.
            shortcut.setContext(QtCore.Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    def _listen(self) -> None:
        controls, viewer = self.controls, self.viewer
        controls.start.clicked.connect(self.run)
        controls.glance.clicked.connect(self.look)
        controls.built.connect(self._tab_order)
        controls.source_known.connect(self._source_known)
        controls.source_changed.connect(self._source_changed)
        controls.adjusted.connect(self._adjusted)
        self.check.looked.connect(self._look_into)
        self.show_page.looked.connect(self._look_into)
        viewer.moved.connect(self._frame_moved)
        self.queue.again.connect(self._again)
        self.queue.chosen.connect(self._show_job)
        desk = self.desk
        self.line.hear(desk.tools_known, controls.offer_tools)
        self.line.hear(desk.checker.fixing, self.queue.choose)
        self.line.hear(desk.finder.matching, self._prepared)
        self.line.hear(desk.checker.refused, self._log)
        self.line.hear(desk.starting, controls.set_starting)
        self.line.hear(desk.pictured, self._pictured)
        self.line.hear(desk.ended, self._ended)
        self.line.hear(desk.looked, self._looked)
        self.line.hear(desk.refused, self._refused)
        self.line.hear(desk.said, self.log.appendPlainText)
        # Not the panel: dialogs stand on it, and what the host asks must have its answer.
        self.line.hear(desk.ending, lambda: self.split.setEnabled(False))
        viewer.frame.setValue(desk.kept.get("frame", viewer.frame.value()))
        self.pages.setCurrentIndex(desk.kept.get("page", 0))
        self.pages.currentChanged.connect(lambda page: desk.kept.update(page=page))
        if job := self.queue.current():
            self._show_job(job)

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        super().resizeEvent(event)
        ways = QtCore.Qt.Orientation
        way = ways.Vertical if self.width() < NARROW else ways.Horizontal
        if way != self.split.orientation():
            self.split.setOrientation(way)
            whole = self.height() if way == ways.Vertical else self.width()
            share = 0.5 if way == ways.Vertical else 0.32
            self.split.setSizes([int(whole * share), int(whole * (1 - share))])
            self._tell()

    def _tab_order(self) -> None:
        """From the tool downwards, then Run, then the pictures."""
        order = [*self.controls.stops(), self.viewer.canvas, self.viewer.frame]
        order += [self.viewer.exposure]
        for one, other in itertools.pairwise(order):
            QtWidgets.QWidget.setTabOrder(one, other)

    # The host and the tools

    def _ask_tools(self) -> None:
        """Whatever the host says: a panel that was rebuilt has them."""
        if not self.desk.specs:
            self.desk.ask_tools()
        elif not self.controls.tool.count():
            self.controls.offer_tools()

    def _ask_host(self) -> None:
        """Whether a job can start. When what kept it goes (no project was open), the host is met
        again: its settings may be other ones then."""
        why = ""
        try:
            with told_as(f"{self.desk.host_name} raised an error.", IN_CONSOLE):
                busy = self.desk.host.busy()
                rests = not (busy or self.controls.unsettled)
                if self.controls.can is None or (rests and not self._met):
                    self.controls.meet_host()
                    self._offer(self.controls.can or frozenset())
                    self._met = True
                if busy:
                    self._met, why = False, f"No job can start now: {busy}."
        except WireError as refused:
            self._met = False
            why = f"{refused.title} {refused.hint}".strip()
            if why != self.controls.busy.text():  # it is asked again and again
                self._log(refused)
        self.controls.set_busy(why)
        self.check.set_busy(why)
        self.show_page.set_busy(why)

    def _offer(self, can: frozenset[str]) -> None:
        self.queue.offer(can)
        self.check.offer(can)
        self.show_page.offer(can)
        self.pages.setTabVisible(self.pages.indexOf(self.check), "timeline" in can)

    def _ask_now_and_then(self) -> None:
        if self.isVisible():
            self.line.do(self._ask_host)

    def refresh(self) -> None:
        """Ask worker and host again: for tools, settings, and what the inputs are now."""
        self.controls.notice.hide()
        self._met = False
        self.line.do(self._ask_host)
        self.desk.ask_tools()

    # Running

    def run(self) -> None:
        """Start what is on the panel: one job for each source."""
        if not self.controls.start.isEnabled():
            return
        self._live.stop()
        self.controls.notice.hide()
        self.controls.settle()
        jobs = [self.desk.submit(order, self._wanted()) for order in self.controls.orders()]
        self.queue.choose(jobs[0])

    def _on_page(self, tools: Callable[[], object], check: Callable[[], object]) -> None:
        """A key does what the button of the page does that is seen."""
        shown = self.pages.currentWidget()
        acts = {self.controls: tools, self.check: check}
        if shown in acts:
            acts[shown]()

    def _wanted(self) -> dict[str, int]:
        return {"frame": self.viewer.frame.value(), "size": self.viewer.wanted_size()}

    def look(self) -> None:
        """One picture of what is on the panel, of the first source; nothing is placed."""
        if not self.controls.glance.isEnabled():
            return
        self._live.stop()
        self.controls.notice.hide()
        self.controls.settle()
        self._look_at(self.controls.orders()[0], anew=True)

    def _look_at(self, order: Order, anew: bool) -> None:
        self.desk.look(order, self.viewer.frame.value(), self.viewer.wanted_size(), anew)

    def _look_live(self) -> None:
        order = self.controls.orders()[0]
        if self.desk.measured(order):
            self._look_at(order, anew=False)

    def _adjusted(self, live: bool) -> None:
        """A live parameter is looked at when it rests, where nothing has to be measured for it."""
        if live and self.controls.live.isChecked() and self.controls.start.isEnabled():
            self._live.start()

    def _frame_moved(self) -> None:
        self.desk.kept["frame"] = self.viewer.frame.value()
        if "after" in self.viewer.alone:
            self._adjusted(True)

    def _again(self, job: Job) -> None:
        """Repeat a job of the history, and show what it was set to."""
        self.controls.restore(job.order)
        self._source_changed()
        self.queue.choose(self.desk.submit(job.order, job.preview))

    def _seen(self) -> tuple[Chosen, int] | None:
        """The source that is chosen and the frame of it that the viewer is at."""
        field = self.controls.inputs.fields.get("source")
        chosen = field.chosen()[:1] if field else []
        if not chosen or chosen == [Shot("")]:
            return None
        return chosen[0], self.viewer.frame.value()

    def _prepared(self, job: Job) -> None:
        """Show a job that another page has started, as it is set."""
        self.controls.restore(job.order)
        self._source_changed()
        self.pages.setCurrentWidget(self.controls)
        self.queue.choose(job)

    def _cancel(self) -> None:
        """The oldest job that was not asked yet, else the check: a key pressed twice ends nothing
        by force."""
        for job in [job for job in self.desk.open_jobs() if job.state != "cancelling"][:1]:
            self.desk.cancel(job)
            return
        if self.desk.checker.state != "cancelling":
            self.desk.checker.cancel()

    # Pictures and numbers

    def _source_changed(self) -> None:
        self._unseen = True
        self.viewer.look_at("after", "")
        self.viewer.look_at("before", "")

    def _source_known(self) -> None:
        facts, graded = self.controls.source_facts(), self.controls.is_graded()
        if facts is None or not self._unseen:
            return
        inside = facts.first <= self.viewer.frame.value() <= facts.last
        frame = None if inside else facts.first
        if facts.file and not graded:
            told = facts.space if facts.said_by in ("host", "user") else ""
            self.viewer.look_at("before", facts.file, frame, told)
        else:
            self.viewer.look_at("before", "", frame)
            why = "Its picture comes with the first look or run: the host renders it then."
            self.viewer.canvas.show_picture("before", None, why)
        self.desk.kept["frame"] = self.viewer.frame.value()

    def _look_into(self, path: str, frame: int) -> None:
        """The frame of a finding, as its media has it."""
        self._unseen = True
        self.viewer.look_at("after", "")
        self.viewer.look_at("before", path, frame)
        self.desk.kept["frame"] = frame

    def _pictured(self, job: Job) -> None:
        if job is self.queue.current() and job.run:
            self._show_pictures(job.run)

    def _ended(self, job: Job) -> None:
        if job.error and job.state != "cancelled":
            self._refused(job.error)
        elif job.run and job.run.report:
            self.log.appendPlainText(job.run.report["sentence"])
        if job is self.queue.current():
            self._show_job(job)

    def _looked(self, run: Run) -> None:
        self._told = (run, LOOKED)
        self._tell()
        self._show_pictures(run)

    def _show_job(self, job: Job) -> None:
        """A job's numbers and its pictures."""
        if job.run and job.run.status:
            self._told = (job.run, "")
            self._tell()
            self._show_pictures(job.run)

    def _tell(self) -> None:
        if self._told:
            narrow = self.split.orientation() == QtCore.Qt.Orientation.Vertical
            self.result.setHtml(page_of(*self._told, narrow))

    def _show_pictures(self, run: Run) -> None:
        self._unseen = False
        source = run.request["inputs"]["source"]
        source = source if isinstance(source, dict) else {"pattern": source}
        space = (source.get("colorspace") or {}).get("name", "")
        self.viewer.look_at("before", source["pattern"], space=space)
        frames = frames_of(run.results)
        if frames and frames["first"] is not None:
            inside = frames["first"] <= self.viewer.frame.value() <= frames["last"]
            self.viewer.look_at("after", frames["pattern"], None if inside else frames["first"])
        elif run.picture:
            self.viewer.look_at("after", run.picture["path"], alone=run.picture["frame"])
        else:
            self.viewer.look_at("after", "")
            if run.ended:
                self.viewer.canvas.show_picture("after", None, "No picture after: see Result.")
        self.desk.kept["frame"] = self.viewer.frame.value()

    def _refused(self, error: WireError) -> None:
        shown = self.pages.currentWidget()
        page = shown if isinstance(shown, (CheckPage, ShowPage)) else self.controls
        page.say("\n".join(text for text in (error.title, error.hint) if text))
        self._log(error)

    def _log(self, error: WireError) -> None:
        self.log.appendPlainText("\n".join(t for t in (error.title, error.hint, error.detail) if t))

    # What happens to it

    def dragEnterEvent(self, event: QtGui.QDragEnterEvent) -> None:
        if self.controls.start.isEnabled() and dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QtGui.QDropEvent) -> None:
        self.controls.inputs.take(dropped(event.mimeData()))
        event.acceptProposedAction()

    def open(self, paths: list[str]) -> None:
        """Fill the inputs with shots on disk, when the form is there."""
        self.controls.open(paths)
