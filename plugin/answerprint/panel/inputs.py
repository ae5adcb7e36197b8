"""What a tool works on: for each input an item of the host's scene, or a shot on disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from answerprint_bridge.host import Item
from answerprint_bridge.messages import WireError

from .clips import Facts
from .form import label_of
from .jobs import BAD_PARAMETER, Chosen, Shot
from .line import Line
from .paths import is_edit, shot_of
from .qt import QtCore, QtGui, QtWidgets
from .shelf import THUMB, Shelf, thumb_of, thumb_request

TYPED_MS = 300  # a path that is typed is looked at when it rests for so long


class InputField(QtWidgets.QWidget):
    """One input: typed, chosen, dropped, or taken from the host.

    changed   it is another one. known: what is known of it has come (`facts`).
    """

    changed = QtCore.Signal()
    known = QtCore.Signal()

    def __init__(self, row: Mapping[str, Any], line: Line, can: frozenset[str]) -> None:
        super().__init__()
        self.name, self.required, self._line = row["name"], row["required"], line
        self._help = row["help"]
        self.items: list[Item] = []
        self.facts: Facts | None = None
        self._many = self.name == "source"
        self._turn = 0
        self._settle = QtCore.QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.timeout.connect(self._look_up)
        self._build(row, can)

    def _build(self, row: Mapping[str, Any], can: frozenset[str]) -> None:
        name = label_of(self.name)
        label = QtWidgets.QLabel(name + ("" if self.required else " (optional)"))
        label.setWordWrap(True)  # four buttons leave little of a narrow pane
        head = QtWidgets.QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(label, 1)
        self.buttons: dict[str, QtWidgets.QToolButton] = {}
        for text, tip, act, needs in (
            ("Selection", "Take what is selected in {host}", self.take_selection, "selection"),
            ("List", "Choose from a list of what is in {host}", self._list, "items"),
            ("File", "Choose a file", self._file, ""),
            ("Folder", "Choose a folder", self._folder, ""),
        ):
            if needs and needs not in can:
                continue
            button = self.buttons[text] = QtWidgets.QToolButton()
            button.setText(text)
            button.setToolTip(tip.format(host=self._line.desk.host_name))
            button.setAccessibleName(f"{text} for the {self.name}")
            button.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
            button.clicked.connect(act)
            head.addWidget(button)
        self.path = QtWidgets.QLineEdit()
        self.path.setAccessibleName(name)
        self.path.setAccessibleDescription(row["help"])
        self.path.setAcceptDrops(False)  # the whole panel takes drops, and knows shots
        self.path.setToolTip(row["help"])
        self.path.setPlaceholderText("drop a folder, frame or movie here")
        self.path.textEdited.connect(self._typed)
        self.path.textChanged.connect(self._text_changed)
        label.setBuddy(self.path)
        self.setFocusProxy(self.path)
        self.space = QtWidgets.QLineEdit()
        self.space.setPlaceholderText("colour space, where the file does not say")
        self.space.setAccessibleName(f"Colour space of the {self.name}")
        self.space.textChanged.connect(self._text_changed)
        self.space.hide()
        self.thumb = QtWidgets.QLabel()
        self.thumb.setAccessibleName(f"Picture of the {self.name}")
        self.thumb.hide()
        self.about = QtWidgets.QLabel()
        self.about.setProperty("quiet", True)
        self.about.setWordWrap(True)
        self.about.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self._say("")
        below = QtWidgets.QHBoxLayout()
        below.addWidget(self.thumb)
        below.addWidget(self.about, 1)
        self.shelf = Shelf(self.name, self._line, self._many)
        self.shelf.hide()
        self.shelf.ticked.connect(self._ticked)
        box = QtWidgets.QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 8)
        box.setSpacing(4)
        box.addLayout(head)
        box.addWidget(self.path)
        box.addWidget(self.space)
        box.addLayout(below)
        box.addWidget(self.shelf)

    # What it is

    def chosen(self) -> list[Chosen]:
        """The items, or the shot; a needed one that is empty is there, for the core to refuse."""
        if self.items:
            return list(self.items)
        path = self.path.text().strip()
        return [Shot(path, self.space.text().strip())] if path or self.required else []

    def choose(self, chosen: Sequence[Chosen]) -> None:
        """Show these."""
        items = [each for each in chosen if isinstance(each, Item)]
        if items:
            self._take_items(items)
            return
        shots = [each for each in chosen if isinstance(each, Shot)][:1] or [Shot("")]
        self.items = []
        self.path.setText(shots[0].path)
        self.space.setText(shots[0].space)

    def take_selection(self) -> None:
        """What is selected in the host: all of it for a source, else the first."""

        def take() -> None:
            found = self._line.desk.host.selection()
            if not found:
                self._say("Nothing is selected.")
                return
            self._take_items(found if self._many else found[:1])

        self._line.do(take)

    def _take_items(self, items: Sequence[Item]) -> None:
        self.items = list(items)
        self.path.setText(", ".join(item.label for item in items))
        self.path.setCursorPosition(0)
        self._text_changed()

    def _typed(self) -> None:
        self.items = []
        self._settle.setInterval(TYPED_MS)

    def _text_changed(self) -> None:
        self._turn += 1
        self.facts = None
        self.space.setVisible(
            bool(self.path.text()) and not self.items
        )  # of items the host says it
        self.thumb.hide()
        self._say("")
        self._settle.start()
        self.changed.emit()

    def _say(self, text: str) -> None:
        """What is known or wrong; of an input that is empty, what it is for."""
        text = text or ("" if self.path.text() else self._help)
        self.about.setText(text)
        self.about.setVisible(bool(text))

    # What is known of it

    def _look_up(self) -> None:
        self._settle.setInterval(0)
        turn, chosen = self._turn, self.chosen()
        if not chosen or (isinstance(chosen[0], Shot) and not chosen[0].path):
            return

        def known(facts: Facts | WireError) -> None:
            if turn != self._turn:
                return
            if isinstance(facts, WireError):
                self._say(" ".join(text for text in (facts.title, facts.hint) if text))
                return
            self.facts = facts
            several = f"{len(chosen)} shots, first: " if len(chosen) > 1 else ""
            self._say("\n".join([several + facts.line(), *facts.notes]))
            if facts.file:
                self._line.ask("view.render", thumb_request(facts), pictured)
            self.known.emit()

        def pictured(call: Any) -> None:
            if turn == self._turn and not call.error:  # what is wrong, the viewer says
                picture = thumb_of(call.result["path"])
                picture.setDevicePixelRatio(2)
                self.thumb.setPixmap(picture)
                self.thumb.setVisible(not picture.isNull())

        self._line.facts(chosen[0], known)

    # Where it comes from

    def _list(self) -> None:
        if not self.shelf.isHidden():
            self.shelf.hide()
            return
        self._line.do(lambda: self._show_list(self._line.desk.host.items()))

    def _show_list(self, items: Sequence[Item]) -> None:
        if not items:
            self._say(f"There is nothing in {self._line.desk.host_name} to choose.")
            return
        self.shelf.fill(items, self.items)
        self.shelf.setFixedHeight(min(260, 16 + (THUMB[1] + 2) * max(2, len(items))))
        self.shelf.show()
        self.shelf.setFocus()

    def _ticked(self, items: Sequence[Item]) -> None:
        if items:
            self._take_items(items)
        else:
            self.choose([])

    def _file(self) -> None:
        path, _ = QtWidgets.QFileDialog.getOpenFileName(self, label_of(self.name), self._near())
        if path:
            self.choose([Shot(shot_of(path))])

    def _folder(self) -> None:
        path = QtWidgets.QFileDialog.getExistingDirectory(self, label_of(self.name), self._near())
        if path:
            self.choose([Shot(path)])

    def _near(self) -> str:
        text = "" if self.items else self.path.text()
        return text if os.path.isdir(text) else os.path.dirname(text)


class Inputs(QtWidgets.QWidget):
    """A field for each input that the tool declares.

    changed   (name) it is another one now. known: (name) what is known of it has come.
    """

    changed = QtCore.Signal(str)
    known = QtCore.Signal(str)

    def __init__(self, spec: Mapping[str, Any], line: Line, can: frozenset[str]) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self.fields: dict[str, InputField] = {}
        self._line = line
        box = QtWidgets.QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        for row in spec["inputs"]:
            name = row["name"]
            field = self.fields[name] = InputField(row, line, can)
            box.addWidget(field)
            field.changed.connect(self._told(self.changed, name))
            field.known.connect(self._told(self.known, name))

    def _told(self, signal: Any, name: str) -> Callable[[], None]:
        return lambda: signal.emit(name)

    def chosen(self) -> dict[str, list[Chosen]]:
        """Input name -> what is chosen for it; only 'source' may be several."""
        found = {name: field.chosen() for name, field in self.fields.items()}
        return {name: chosen for name, chosen in found.items() if chosen}

    def choose(self, values: Mapping[str, Sequence[Chosen]]) -> None:
        for name, field in self.fields.items():
            field.choose(values.get(name, ()))

    def take(self, paths: Sequence[str], at: QtCore.QPoint | None = None) -> None:
        """Put shots into the field they were dropped on, else into the next that are empty.

        An edit is no shot: the artist hears how to open it.
        """
        for edit in filter(is_edit, paths):
            title = f"{os.path.basename(edit)} is an edit, not a shot."
            hint = f'Open it in a window of its own: answerprint panel "{edit}"'
            self._line.desk.refused.emit(WireError(BAD_PARAMETER, title, hint))
        shots = list(dict.fromkeys(shot_of(path) for path in paths if not is_edit(path)))
        under = [f for f in self.fields.values() if at is not None and f.geometry().contains(at)]
        empty = [f for f in self.fields.values() if not f.path.text() and f not in under]
        others = [f for f in self.fields.values() if f not in under and f not in empty]
        for field, shot in zip([*under, *empty, *others], shots, strict=False):
            field.choose([Shot(shot)])

    def dragEnterEvent(self, event: QtGui.QDragEnterEvent) -> None:
        if dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QtGui.QDropEvent) -> None:
        at = event.position().toPoint() if hasattr(event, "position") else event.pos()
        self.take(dropped(event.mimeData()), at)
        event.acceptProposedAction()


def dropped(data: QtCore.QMimeData) -> list[str]:
    """The local paths of a drop."""
    return [url.toLocalFile().rstrip("/") for url in data.urls() if url.isLocalFile()]
