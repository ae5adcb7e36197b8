"""What the artist sets: tool, inputs, parameters, range, the host's own settings; and Run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from answerprint_bridge.messages import WireError

from .clips import Facts
from .files_host import FilesHost
from .form import Form, UnknownControl
from .inputs import Inputs
from .jobs import Order
from .line import Line
from .qt import QtCore, QtWidgets
from .widgets import beside, busy, button, notice, say

NOTHING: dict[str, Any] = {"label": "", "inputs": [], "params": []}  # until there is an answer
SETTING_MS = 400  # a host's setting that rests for so long is handed on
SKEW = "Run install.py again, so that panel and core fit."


class Controls(QtWidgets.QWidget):
    """built          another tool's form stands.
    adjusted       (live) a parameter is another one.
    source_changed the source is another one; source_known: what is known of it has come.

    What is set is kept in `desk.kept`, and taken from there by the next panel.
    """

    built = QtCore.Signal()
    adjusted = QtCore.Signal(bool)
    source_changed = QtCore.Signal()
    source_known = QtCore.Signal()

    def __init__(self, line: Line) -> None:
        super().__init__()
        self.line, self.desk = line, line.desk
        self.can: frozenset[str] | None = None  # what the host can do, None until it has said
        self._restoring = self._starting = False
        self._why_busy = ""
        self._paths: list[str] = []  # to fill in when the form is there
        self.unsettled: dict[str, Any] = {}  # the host's settings that are not handed on yet
        self._rows: list[dict[str, Any]] = []  # of its settings, without their values
        self.inputs = Inputs(NOTHING, line, frozenset())
        self.form, self.settings = Form(NOTHING), Form(NOTHING)
        self._rest = QtCore.QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(SETTING_MS)
        self._rest.timeout.connect(self.settle)
        self._build()

    # How it is laid out

    def _build(self) -> None:
        self.where = _quiet()
        self.tool = QtWidgets.QComboBox()
        self.tool.setAccessibleName("Tool")
        self.tool.currentIndexChanged.connect(lambda _: self._chosen())
        self.summary = QtWidgets.QLabel("Starting the worker")
        self.summary.setObjectName("summary")
        self.summary.setWordWrap(True)
        self.graded = QtWidgets.QComboBox()
        self.graded.setAccessibleName("State of the shots")
        self.graded.addItems(["before grade", "as graded"])
        self.graded.currentIndexChanged.connect(lambda _: self._state_changed())
        self._graded_label = _label("State of the shots", self.graded)
        self.frames = QtWidgets.QLineEdit()
        self.frames.setPlaceholderText("all frames, or 1001-1100")
        self.frames.setAccessibleName("Frames to work on")
        self.write_frames = QtWidgets.QCheckBox("Write frames")
        self.write_frames.setChecked(self.desk.write_frames)
        self.write_frames.setToolTip(
            "Make the whole shot's frames, beside what stays live; "
            "they are made anyway where they are the result"
        )
        self.live = QtWidgets.QCheckBox("Update while I adjust")
        self.live.setChecked(True)
        self.live.setToolTip("Show a live parameter's change in the picture; Run places it")
        self._page = QtWidgets.QVBoxLayout()
        self._of_host = QtWidgets.QVBoxLayout()
        self._host_label = QtWidgets.QLabel()
        self._host_label.setProperty("heading", True)
        self._host_label.hide()
        inner = QtWidgets.QWidget()
        box = QtWidgets.QVBoxLayout(inner)
        box.setContentsMargins(0, 0, 6, 0)
        box.addWidget(self.where)
        box.addWidget(self.tool)
        box.addWidget(self.summary)
        box.addLayout(self._page)
        box.addWidget(_label("Frames to work on", self.frames))
        box.addWidget(self.frames)
        box.addWidget(self.write_frames)
        box.addWidget(self.live)
        box.addWidget(self._host_label)
        box.addLayout(self._of_host)
        box.addStretch(1)
        for each in (self._graded_label, self.graded):
            each.hide()
        self.frames.textChanged.connect(self._keep)
        self.write_frames.toggled.connect(self._keep)
        self.live.toggled.connect(self._keep)
        scroll = QtWidgets.QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(scroll, 1)
        self._foot(column)

    def _foot(self, column: QtWidgets.QVBoxLayout) -> None:
        self.notice, self.busy = notice(), busy()
        tip = "One picture of what Run would give; nothing is placed (Ctrl+Shift+Return)"
        self.glance = button("Look", None, tip)
        self.start = button("Run", None, "Ctrl+Return")
        self.start.setObjectName("run")
        column.addWidget(self.notice)
        column.addWidget(self.busy)
        column.addLayout(beside((self.glance, 0), (self.start, 1)))
        self._ready()

    def stops(self) -> list[QtWidgets.QWidget]:
        """Where Tab stops, in order."""
        order: list[QtWidgets.QWidget] = [self.tool]
        for field in self.inputs.fields.values():
            order += [*field.buttons.values(), field.path, field.space, field.shelf]
        order.append(self.graded)
        order += [field.editor for field in self.form.fields.values()]
        order += [self.frames, self.write_frames, self.live]
        order += [field.editor for field in self.settings.fields.values()]
        return [*order, self.glance, self.start]

    # The host

    def meet_host(self) -> None:
        """Ask the host what it can, where it is, and what it wants to be told."""
        host = self.desk.host
        can, rows = host.capabilities(), host.settings()
        self._show_where({row["name"] for row in rows})
        for each in (self._graded_label, self.graded):
            each.setVisible("export:graded" in can)
        values = {row["name"]: row.get("value", row["default"]) for row in rows}
        rows = [{key: told for key, told in row.items() if key != "value"} for row in rows]
        if (rows, values) != (self._rows, self.settings.values()):
            self._rows = rows
            self._show_settings(values)
        if can != self.can:
            self.can = can
            self.offer_tools()

    def _show_settings(self, values: Mapping[str, Any]) -> None:
        self.unsettled.clear()
        self._of_host.removeWidget(self.settings)
        self.settings.deleteLater()
        self.settings = Form({"label": self.desk.host_name, "params": self._rows})
        self.settings.set_values(values)
        self.settings.changed.connect(self._setting)
        self._of_host.addWidget(self.settings)
        of_files = isinstance(self.desk.host, FilesHost)
        self._host_label.setText("Results" if of_files else self.desk.host_name)
        self._host_label.setVisible(bool(self._rows))

    def _show_where(self, settings: set[str]) -> None:
        host = self.desk.host
        if isinstance(host, FilesHost):
            return
        info = host.info()
        words = [" ".join(each for each in (info.name, info.version, info.edition) if each)]
        try:
            scene = host.context()
        except WireError as refused:
            words.append(refused.title)
        else:
            several = len(scene.views) > 1 and "view" not in settings  # where one is chosen
            views = f"views {', '.join(scene.views)}" if several else ""
            name = scene.script.replace("\\", "/").rpartition("/")[2] or "not saved"
            words += [name, scene.space, views]
        self.where.setText(" · ".join(each for each in words if each))
        self.where.show()

    def _setting(self, name: str, live: bool) -> None:
        self.unsettled[name] = self.settings.fields[name].value()
        self._rest.start()

    def settle(self) -> None:
        """Hand on the host's settings that were changed."""
        self._rest.stop()
        for name in self.unsettled:
            self.line.do(partial(self._hand_on, name))

    def _hand_on(self, name: str) -> None:
        if name in self.unsettled:  # else it went before a run
            self.desk.host.configure(name, self.unsettled.pop(name))

    def set_busy(self, why: str) -> None:
        """The sentence that says why no job can start now, or ''."""
        self._why_busy = why
        say(self.busy, why)
        self._ready()

    def set_starting(self, on: bool) -> None:
        self._starting = on
        self._ready()

    def _ready(self) -> None:
        on = bool(self.form.fields) and not self._starting and not self._why_busy
        self.start.setEnabled(on)
        self.glance.setEnabled(on)

    # The tool

    def offer_tools(self) -> None:
        """Show what there is, and the form of the tool that was used last."""
        if not self.desk.specs:
            return
        kept = self.desk.kept
        name = self.tool.currentData() or kept.get("tool")
        self.tool.blockSignals(True)
        self.tool.clear()
        for spec in self.desk.specs.values():
            self.tool.addItem(spec["label"], spec["name"])
        self.tool.setCurrentIndex(max(0, self.tool.findData(name)))
        self.tool.blockSignals(False)
        self._chosen()

    def _chosen(self) -> None:
        spec = self.desk.specs[self.tool.currentData()]
        try:
            form = Form(spec)
        except UnknownControl as unknown:
            self.say(f"{unknown} {SKEW}")
            self.start.setEnabled(False)
            self.glance.setEnabled(False)
            return
        for old in (self.inputs, self._graded_label, self.graded, self.form):
            self._page.removeWidget(old)
        self.inputs.deleteLater()
        self.form.deleteLater()
        self.inputs, self.form = Inputs(spec, self.line, self.can or frozenset()), form
        self.summary.setText(spec["summary"])
        for new in (self.inputs, self._graded_label, self.graded, self.form):
            self._page.addWidget(new)
        self.inputs.changed.connect(self._input_changed)
        self.inputs.known.connect(self._input_known)
        self.form.changed.connect(self._adjusted)
        self._take_kept(spec["name"])
        self.inputs.take(self._paths)
        self._paths = []
        self._ready()
        self.built.emit()

    def open(self, paths: list[str]) -> None:
        """Fill the inputs, now or when the form is there."""
        if self.inputs.fields:
            self.inputs.take(paths)
        else:
            self._paths = list(paths)

    # What is set

    def orders(self) -> list[Order]:
        """What is on the panel, one for each source."""
        chosen = self.inputs.chosen()
        others = {name: each[0] for name, each in chosen.items() if name != "source"}
        params, frames = self.form.values(), self.frames.text().strip()
        write, graded = self.write_frames.isChecked(), self.is_graded()
        name = self.tool.currentData()
        return [
            Order(name, params, {"source": each, **others}, frames, graded, write)
            for each in chosen["source"]
        ]

    def restore(self, order: Order) -> None:
        """Show what an order was set to."""
        self._restoring = True
        try:
            self.tool.setCurrentIndex(self.tool.findData(order.tool))
            self.inputs.choose({name: [each] for name, each in order.inputs.items()})
            self.form.set_values(order.params)
            self.frames.setText(order.frames)
            self.graded.setCurrentIndex(int(order.graded))
            self.write_frames.setChecked(order.write_frames)
        finally:
            self._restoring = False
        self._keep()

    def source_facts(self) -> Facts | None:
        return self.inputs.fields["source"].facts

    def is_graded(self) -> bool:
        return (
            self.can is not None and "export:graded" in self.can and self.graded.currentIndex() == 1
        )

    def say(self, text: str) -> None:
        """What was refused, above Run."""
        say(self.notice, text)

    def _take_kept(self, tool: str) -> None:
        kept = self.desk.kept
        self._restoring = True
        try:
            self.inputs.choose(kept.get("inputs", {}))
            self.form.set_values(kept.get("params", {}).get(tool, {}))
            self.frames.setText(kept.get("frames", ""))
            self.graded.setCurrentIndex(int(kept.get("graded", False)))
            self.write_frames.setChecked(kept.get("write_frames", self.desk.write_frames))
            self.live.setChecked(kept.get("live", True))
        finally:
            self._restoring = False

    def _keep(self, *changed: Any) -> None:
        if self._restoring or not self.form.fields:
            return
        kept = self.desk.kept
        kept["tool"] = self.tool.currentData()
        others = {n: c for n, c in kept.get("inputs", {}).items() if n not in self.inputs.fields}
        kept["inputs"] = {**others, **self.inputs.chosen()}
        kept.setdefault("params", {})[kept["tool"]] = self.form.values()
        kept["frames"], kept["graded"] = self.frames.text(), self.graded.currentIndex() == 1
        kept["write_frames"], kept["live"] = self.write_frames.isChecked(), self.live.isChecked()

    def _input_changed(self, name: str) -> None:
        self._keep()
        if name == "source" and not self._restoring:
            self.source_changed.emit()

    def _input_known(self, name: str) -> None:
        if name != "source":
            return
        facts = self.source_facts()
        space = facts.graded_space if facts else ""
        told = f"as graded, in {space}" if space else "as graded, in a space nobody has named"
        self.graded.setItemText(1, told)
        self.source_known.emit()

    def _state_changed(self) -> None:
        self._keep()
        if not self._restoring:
            self.source_changed.emit()
            self.source_known.emit()

    def _adjusted(self, name: str, live: bool) -> None:
        self._keep()
        if not self._restoring:
            self.adjusted.emit(live)


def _label(text: str, widget: QtWidgets.QWidget) -> QtWidgets.QLabel:
    label = QtWidgets.QLabel(text)
    label.setBuddy(widget)
    return label


def _quiet() -> QtWidgets.QLabel:
    label = QtWidgets.QLabel()
    label.setProperty("quiet", True)
    label.setWordWrap(True)
    label.hide()
    return label
