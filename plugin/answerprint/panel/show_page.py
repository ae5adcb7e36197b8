"""The page *Show*: a picture in, the takes of the production's show that see it out.

It shows the desk's `finder` and keeps nothing itself, so that a page that was rebuilt begins where
the last one ended.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from answerprint_bridge.host import Item
from answerprint_bridge.messages import WireError
from answerprint_bridge.showing import Take

from .clips import Facts
from .files_host import FilesHost
from .finder import MATCH
from .inputs import dropped
from .jobs import Chosen, Shot
from .line import Line
from .qt import QtCore, QtGui, QtWidgets
from .shelf import thumb_of, thumb_request
from .takes import TakeList

BY = (("any", "Place, then look"), ("place", "The same place"), ("look", "The same look"))
NOTHING = "Drop a picture here: which takes see this place?"
NONE = "No show yet. Choose its folder, or add dailies."
STAGES = {
    "adding": "Learning",
    "finding": "Looking",
    "missing": "Missing shots",
    "cancelling": "Cancelling",
}


class ShowPage(QtWidgets.QWidget):
    """looked    (path, frame) of the take that is to be seen large."""

    looked = QtCore.Signal(str, int)

    def __init__(
        self,
        line: Line,
        seen: Callable[[], tuple[Chosen, int] | None],
        wanted: Callable[[], dict[str, int]],
    ) -> None:
        """seen     the shot and the frame that the panel's viewer shows, None for nothing.
        wanted   {frame, size} of the picture that a match is to be seen by.
        """
        super().__init__()
        self.line, self.desk, self.finder = line, line.desk, line.desk.finder
        self._seen, self._wanted = seen, wanted
        self._can: frozenset[str] = frozenset()
        self._busy = ""
        self._shown: Any = None  # what the list shows
        self._pictured: Any = None  # what the small picture shows
        self.setAcceptDrops(True)
        self._build()
        line.hear(self.finder.moved, self._draw)
        line.hear(self.desk.tools_known, self._buttons)
        self._draw()

    # How it is laid out

    def _build(self) -> None:
        self.folder = QtWidgets.QLineEdit()
        self.folder.setPlaceholderText("the show's folder")
        self.folder.setAccessibleName("The show's folder")
        self.folder.setAcceptDrops(False)
        self.folder.editingFinished.connect(self._typed)
        choose = self._small("Folder", self._choose, "Choose the show's folder")
        self.learn = self._small("Add dailies...", self._learn, "Learn a folder of dailies")
        self.about = self._text("summary", "What the show holds")
        self.bar = QtWidgets.QProgressBar()
        self.bar.setFixedHeight(16)
        self.bar.setAccessibleName("How far it is")
        self.cancel = self._small("Cancel", self.finder.cancel, "Ask it to stop")
        self.thumb = QtWidgets.QLabel()
        self.thumb.setAccessibleName("The picture that is looked for")
        self.thumb.hide()
        self.what = self._text("", "What is looked for")
        self.file = self._small("File", self._file, "Choose a picture or a shot")
        self.this = self._small("This frame", self._this, "The frame that the panel shows")
        tip = f"What is selected in {self.desk.host_name}"
        self.selection = self._small("Selection", self._selection, tip)
        self.by = QtWidgets.QComboBox()
        self.by.setAccessibleName("What counts")
        for name, text in BY:
            self.by.addItem(text, name)
        self.by.setCurrentIndex(max(0, self.by.findData(self.desk.kept.get("by"))))
        self.by.currentIndexChanged.connect(lambda _: self._again())
        self.missing = self._button(
            "&Missing shots", self._missing, "What the show has for the holes of the edit"
        )
        self.list = TakeList(self.line)
        self.list.chosen.connect(self._chosen)
        self.detail = self._text("", "The chosen take")
        self.notice = self._text("notice", "What was refused, and what to do")
        self.busy = self._text("busy", "Why nothing can start")
        files = isinstance(self.desk.host, FilesHost)
        text, tip = ("&Copy its path", "For any program") if files else ("&Place", "Into the scene")
        self.place = self._button(text, self._place, tip)
        self.open = self._button("Open its folder", self._open, "Where the take lies")
        self.back = self._button("Take &back", self.finder.take_back, "What stood there before")
        self.match = self._button("Match &it", self._match, "Match the take to what is looked for")
        self.match.setObjectName("run")
        self.audition = self._button(
            "&Audition in the edit", self.finder.audition, "The edit with the takes above its holes"
        )
        whole = QtWidgets.QVBoxLayout(self)
        whole.setContentsMargins(6, 8, 6, 6)
        whole.addLayout(_row((self.folder, 1), (choose, 0), (self.learn, 0)))
        whole.addWidget(self.about)
        whole.addLayout(_row((self.bar, 1), (self.cancel, 0)))
        whole.addLayout(_row((self.thumb, 0), (self.what, 1)))
        whole.addLayout(_row((self.file, 0), (self.this, 0), (self.selection, 0), (self.by, 1)))
        whole.addWidget(self.missing)
        whole.addWidget(self.list, 1)
        whole.addWidget(self.detail)
        whole.addLayout(_row((self.place, 1), (self.open, 1), (self.back, 1), (self.match, 1)))
        whole.addWidget(self.audition)
        whole.addWidget(self.notice)
        whole.addWidget(self.busy)

    def _text(self, name: str, about: str) -> QtWidgets.QLabel:
        label = QtWidgets.QLabel()
        label.setObjectName(name)
        label.setAccessibleName(about)
        label.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        label.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        label.setWordWrap(True)
        label.hide()
        return label

    def _small(self, text: str, act: Callable[[], object], tip: str) -> QtWidgets.QToolButton:
        button = QtWidgets.QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(lambda: act())
        return button

    def _button(self, text: str, act: Callable[[], object], tip: str) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton(text)
        button.setToolTip(tip)
        button.clicked.connect(lambda: act())
        return button

    # What the host can

    def offer(self, can: frozenset[str]) -> None:
        """Only what the host can do."""
        self._can = can
        self.missing.setVisible("timeline" in can)
        self.selection.setVisible("selection" in can)
        self.back.setVisible("take back" in can)
        self.open.setVisible(isinstance(self.desk.host, FilesHost))
        self._draw()

    def showEvent(self, event: QtGui.QShowEvent) -> None:
        super().showEvent(event)
        self.finder.meet()

    def set_busy(self, why: str) -> None:
        self._busy = why
        _say(self.busy, why)
        self._buttons()

    def say(self, text: str) -> None:
        """What was refused, until something else is started; '' for nothing."""
        _say(self.notice, text)

    # What is shown

    def _draw(self) -> None:
        finder = self.finder
        if not self.folder.hasFocus():
            self.folder.setText(finder.show)
        _say(
            self.about,
            "\n".join(t for t in (finder.about if finder.show else NONE, finder.note) if t),
        )
        for each in (self.bar, self.cancel):
            each.setVisible(finder.open)
        self.bar.setRange(0, finder.total)
        self.bar.setValue(finder.done)
        stage = STAGES.get(finder.state, "")
        self.bar.setFormat(f"{stage} {finder.done}/{finder.total}" if finder.total else stage)
        self.cancel.setText("End by force" if finder.state == "cancelling" else "Cancel")
        self._draw_picture()
        showing = finder.holes if finder.of_holes else finder.takes
        if showing is not self._shown:
            self._shown = showing
            if finder.of_holes:
                self.list.show_holes(finder.holes)
            else:
                self.list.show_takes(finder.takes)
        self._buttons()

    def _draw_picture(self) -> None:
        picture, frame = self.finder.picture, self.finder.frame
        at = f", frame {frame}" if frame is not None else ""
        name = os.path.basename(picture.path) if isinstance(picture, Shot) else ""
        _say(self.what, f"{name or picture.label}{at}" if picture else NOTHING)
        asked = (picture, frame)
        if asked == self._pictured:
            return
        self._pictured = asked
        self.thumb.hide()

        def known(facts: Facts | WireError) -> None:
            if asked == self._pictured and isinstance(facts, Facts) and facts.file:
                told = thumb_request(facts)
                told["frame"] = told["frame"] if frame is None else frame
                self.line.ask("view.render", told, shown)

        def shown(call: Any) -> None:
            if asked == self._pictured and not call.error:  # the search says what is wrong
                image = thumb_of(call.result["path"])
                image.setDevicePixelRatio(2)
                self.thumb.setPixmap(image)
                self.thumb.setVisible(not image.isNull())

        if picture:
            self.line.facts(picture, known)

    def _buttons(self) -> None:
        finder, take = self.finder, self.list.take()
        free = not self._busy and (not finder.open or finder.state == "finding")
        _say(self.detail, take.why if take else "")
        for each in (self.learn, self.file, self.this, self.selection, self.by):
            each.setEnabled(free)
        self.missing.setEnabled(free and bool(finder.show))
        self.place.setEnabled(free and take is not None)
        self.open.setEnabled(take is not None)
        self.back.setEnabled(free and any(answer.items for answer in finder.answers))
        sought = finder.picture is not None and not finder.of_holes
        can_match = sought and MATCH in self.desk.specs
        self.match.setEnabled(free and take is not None and can_match)
        self.audition.setVisible("timeline" in self._can and bool(finder.cut) and finder.of_holes)
        self.audition.setEnabled(free)

    # What is done

    def dragEnterEvent(self, event: QtGui.QDragEnterEvent) -> None:
        if self.file.isEnabled() and dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QtGui.QDropEvent) -> None:
        self.ask_for(dropped(event.mimeData())[0])
        event.acceptProposedAction()

    def ask_for(self, path: str) -> None:
        """Look for what a file shows: a still, a movie, or the very frame of a sequence."""
        self._seek(Shot(path), None)

    def _seek(self, picture: Chosen, frame: int | None) -> None:
        self.say("")
        self.desk.kept["holes"] = False
        self.finder.seek(picture, frame, self.by.currentData())

    def _again(self) -> None:
        self.desk.kept["by"] = self.by.currentData()
        if self.finder.picture:
            self._seek(self.finder.picture, self.finder.frame)

    def _file(self) -> None:
        path, _ = QtWidgets.QFileDialog.getOpenFileName(self, "What is looked for", "")
        if path:
            self.ask_for(path)

    def _this(self) -> None:
        seen = self._seen()
        if seen is None:
            self.say(
                "The panel shows no shot. Choose a source under Tools, or drop a picture here."
            )
            return
        self._seek(*seen)

    def _selection(self) -> None:
        def take() -> None:
            found: list[Item] = self.desk.host.selection()
            if found:
                self._seek(found[0], None)
            else:
                self.say(f"Nothing is selected in {self.desk.host_name}.")

        self.line.do(take)

    def _missing(self) -> None:
        self.say("")
        self.desk.kept["holes"] = True
        self.finder.gaps()

    def _typed(self) -> None:
        path = self.folder.text().strip()
        if path and path != self.finder.show:
            self.say("")
            self.finder.choose(path)

    def _choose(self) -> None:
        path = QtWidgets.QFileDialog.getExistingDirectory(self, "The show", self.finder.show)
        if path:
            self.say("")
            self.folder.setText(path)
            self.finder.choose(path)

    def _learn(self) -> None:
        path = QtWidgets.QFileDialog.getExistingDirectory(self, "Dailies", "")
        if path:
            self.say("")
            self.finder.learn([path])

    def _chosen(self, take: Take) -> None:
        self._buttons()
        self.looked.emit(take.path, take.frame)

    def _place(self) -> None:
        take = self.list.take()
        if take is None:
            return
        self.say("")
        if isinstance(self.desk.host, FilesHost):
            QtGui.QGuiApplication.clipboard().setText(take.path)
            self.desk.said.emit(f"Copied: {take.path}")
        else:
            self.finder.place(take)

    def _open(self) -> None:
        if take := self.list.take():
            folder = QtCore.QUrl.fromLocalFile(os.path.dirname(take.path))
            QtGui.QDesktopServices.openUrl(folder)

    def _match(self) -> None:
        if take := self.list.take():
            self.say("")
            self.finder.match(take, self._wanted())


def _row(*widgets: tuple[QtWidgets.QWidget, int]) -> QtWidgets.QHBoxLayout:
    box = QtWidgets.QHBoxLayout()
    box.setSpacing(4)
    for widget, stretch in widgets:
        box.addWidget(widget, stretch)
    return box


def _say(label: QtWidgets.QLabel, text: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))
