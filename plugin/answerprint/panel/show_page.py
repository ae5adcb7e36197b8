"""The page *Show*: a picture in, the takes of the production's show that see it out.

It shows the desk's `finder` and keeps nothing itself, so that a page that was rebuilt begins where
the last one ended.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from answerprint_bridge.auditions import MATCH
from answerprint_bridge.edits import no_auditions
from answerprint_bridge.host import Item
from answerprint_bridge.messages import WireError
from answerprint_bridge.showing import Take

from .clips import Facts
from .files_host import FilesHost
from .inputs import dropped
from .jobs import Chosen, Shot
from .line import Line
from .qt import QtCore, QtGui, QtWidgets
from .shelf import thumb_of, thumb_request
from .takes import TakeList
from .widgets import bar, beside, busy, button, notice, say, small, words

BY = (("any", "Place, then look"), ("place", "The same place"), ("look", "The same look"))
NOTHING = "Drop a picture here: which takes see this place?"
NONE = "No show yet. Choose its folder, or add dailies."
STAGES = {
    "adding": "Learning",
    "finding": "Looking",
    "missing": "Missing shots",
    "laying": "Laying the takes above the edit",
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
        choose = small("Folder", self._choose, "Choose the show's folder")
        self.learn = small("Add dailies...", self._learn, "Learn a folder of dailies")
        self.about = words("summary", "What the show holds")
        self.bar = bar("How far it is")
        self.cancel = small("Cancel", self.finder.cancel, "Ask it to stop")
        self.thumb = QtWidgets.QLabel()
        self.thumb.setAccessibleName("The picture that is looked for")
        self.thumb.hide()
        self.what = words("", "What is looked for")
        self.file = small("File", self._file, "Choose a picture or a shot")
        self.this = small("This frame", self._this, "The frame that the panel shows")
        tip = f"What is selected in {self.desk.host_name}"
        self.selection = small("Selection", self._selection, tip)
        self.by = QtWidgets.QComboBox()
        self.by.setAccessibleName("What counts")
        for name, text in BY:
            self.by.addItem(text, name)
        self.by.setCurrentIndex(max(0, self.by.findData(self.desk.kept.get("by"))))
        self.by.currentIndexChanged.connect(lambda _: self._again())
        self.missing = button(
            "&Missing shots", self._missing, "What the show has for the holes of the edit"
        )
        self.list = TakeList(self.line)
        self.list.chosen.connect(self._chosen)
        self.detail = words("", "The chosen take")
        self.elsewhere = words("summary", "Where the takes can be auditioned")
        self.notice, self.busy = notice(), busy()
        files = isinstance(self.desk.host, FilesHost)
        text, tip = ("&Copy its path", "For any program") if files else ("&Place", "Into the scene")
        self.place = button(text, self._place, tip)
        self.open = button("Open its folder", self._open, "Where the take lies")
        self.back = button("Take &back", self.finder.take_back, "What stood there before")
        self.match = button("Match &it", self._match, "Match the take to what is looked for")
        self.match.setObjectName("run")
        tip = "All of the takes above their holes, switched off, with markers"
        self.audition = button("&Audition in the edit", self._audition, tip)
        tip = "Into its hole, the others muted; matched where it needs that"
        self.swap = button("S&wap and match", self._swap, tip)
        self.swap.setObjectName("run")
        self.mute = button("M&ute", self._mute, "The chosen hole as it was: all its takes muted")
        whole = QtWidgets.QVBoxLayout(self)
        whole.setContentsMargins(6, 8, 6, 6)
        whole.addLayout(beside((self.folder, 1), (choose, 0), (self.learn, 0)))
        whole.addWidget(self.about)
        whole.addLayout(beside((self.bar, 1), (self.cancel, 0)))
        whole.addLayout(beside((self.thumb, 0), (self.what, 1)))
        whole.addLayout(beside((self.file, 0), (self.this, 0), (self.selection, 0), (self.by, 1)))
        whole.addWidget(self.missing)
        whole.addWidget(self.list, 1)
        whole.addWidget(self.detail)
        whole.addLayout(beside((self.place, 1), (self.open, 1), (self.back, 1), (self.match, 1)))
        whole.addLayout(beside((self.audition, 1), (self.mute, 1), (self.swap, 1)))
        whole.addWidget(self.elsewhere)
        whole.addWidget(self.notice)
        whole.addWidget(self.busy)

    # What the host can

    def offer(self, can: frozenset[str]) -> None:
        """Only what the host can do."""
        self._can = can
        self.missing.setVisible("timeline" in can)
        self.selection.setVisible("selection" in can)
        self.back.setVisible(bool(can & {"take back", "auditions"}))
        self.open.setVisible(isinstance(self.desk.host, FilesHost))
        self._draw()

    def showEvent(self, event: QtGui.QShowEvent) -> None:
        super().showEvent(event)
        self.finder.meet()

    def set_busy(self, why: str) -> None:
        self._busy = why
        say(self.busy, why)
        self._buttons()

    def say(self, text: str) -> None:
        """What was refused, until something else is started; '' for nothing."""
        say(self.notice, text)

    # What is shown

    def _draw(self) -> None:
        finder = self.finder
        if not self.folder.hasFocus():
            self.folder.setText(finder.show)
        say(
            self.about,
            "\n".join(t for t in (finder.about if finder.show else NONE, finder.note) if t),
        )
        for each in (self.bar, self.cancel):
            each.setVisible(finder.open)
        self.cancel.setEnabled(finder.state != "laying")  # the host does it in one go
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
        say(self.what, f"{name or picture.label}{at}" if picture else NOTHING)
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
        say(self.detail, take.why if take else "")
        for each in (self.learn, self.file, self.this, self.selection, self.by):
            each.setEnabled(free)
        self.missing.setEnabled(free and bool(finder.show))
        self.place.setEnabled(free and take is not None)
        self.open.setEnabled(take is not None)
        self.back.setEnabled(free and bool(finder.undo.steps))
        sought = finder.picture is not None and not finder.of_holes
        can_match = sought and MATCH in self.desk.specs
        self.match.setEnabled(free and take is not None and can_match)
        self._draw_auditions(free, take)

    def _draw_auditions(self, free: bool, take: Take | None) -> None:
        proposed = self.finder.of_holes and any(takes for _, takes in self.finder.holes)
        lays = "auditions" in self._can
        told = no_auditions(self.desk.host_name, self.finder.found.get("cut", ""))
        say(self.elsewhere, " ".join(told) if proposed and not lays else "")
        for each in (self.audition, self.mute, self.swap):
            each.setVisible(proposed and lays)
        for each in (self.place, self.match):  # there is nothing yet that it could lie on
            each.setVisible(not (proposed and lays))
        self.audition.setEnabled(free)
        self.mute.setEnabled(free and take is not None)
        self.swap.setEnabled(free and take is not None and bool(self.desk.specs))
        matched = take is None or take.match
        self.swap.setText("S&wap and match" if matched else "S&wap in")

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

    def _audition(self) -> None:
        self.say("")
        self.finder.audition()

    def _swap(self) -> None:
        if take := self.list.take():
            self.say("")
            self.finder.swap(take, self._wanted())

    def _mute(self) -> None:
        if take := self.list.take():
            self.say("")
            self.finder.mute(take)
