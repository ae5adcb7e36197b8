"""What a tool works on: a field for each input, the range, and where results go.

Names of files are looked at here, files are never opened: what a shot holds is the core's to say.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from answerprint.panel.form import label_of
from answerprint.panel.qt import QtCore, QtGui, QtWidgets

_NUMBERED = re.compile(r"(?P<prefix>.*?)(?P<number>\d+)(?P<suffix>\.[^.\d]*)")
_TOKEN = re.compile(r"[\d,x-]*(#+|@+|%\d*d|\$F\d?)")
_VERSION = re.compile(r"v(\d+)")


def shot_of(path: str) -> str:
    """A dropped or chosen path as a source: one frame of a sequence stands for the sequence."""
    folder, name = os.path.split(path)
    match = _NUMBERED.fullmatch(name)
    if match is None or not os.path.isfile(path) or re.search(r"(^|[._\- ])[vV]$", match["prefix"]):
        return path
    digits = len(match["number"])
    same = re.compile(
        f"{re.escape(match['prefix'])}\\d{{{digits}}}{re.escape(match['suffix'])}"
    ).fullmatch
    alike = [other for other in os.listdir(folder or ".") if same(other)]
    token = f"{match['prefix']}%0{digits}d{match['suffix']}"
    return os.path.join(folder, token) if len(alike) > 1 else path


def first_frame(source: str) -> int | None:
    """The first frame number that a folder, pattern or file name shows; None where none does."""
    folder, name = (source, "") if os.path.isdir(source) else os.path.split(source)
    token = _TOKEN.search(name)
    start, end = (name[: token.start()], name[token.end() :]) if token else ("", "")
    if name and not token:
        names = [name]
    else:
        names = [n for n in _listed(folder) if n.startswith(start) and n.endswith(end)]
    numbers = [int(m["number"]) for m in map(_NUMBERED.fullmatch, names) if m]
    return min(numbers, default=None)


def _listed(folder: str) -> list[str]:
    if not os.path.isdir(folder or "."):
        return []
    return [name for name in os.listdir(folder or ".") if not name.startswith(".")]


def shot_name(source: str) -> str:
    """What people call the shot: the folder's name, or the file's before its number."""
    base = os.path.basename(source.rstrip("/\\"))
    if os.path.isdir(source):
        return base
    return re.sub(r"[._\- ]*([\d,x-]*(#+|@+|%\d*d|\$F\d?)|\d+)?\.[^.]*$", "", base) or base


def results_root(source: str, tool: str) -> str:
    """Where versions of a tool's results go unless the artist says: beside the shot."""
    folder = os.path.dirname(os.path.abspath(source))
    return os.path.join(folder, "answerprint", shot_name(source), tool)


def next_version(root: str, taken: Sequence[str] = ()) -> str:
    """The folder of the next version: one after the highest that is there or is `taken`."""
    names = os.listdir(root) if os.path.isdir(root) else []
    names += [os.path.basename(each) for each in taken if os.path.dirname(each) == root]
    highest = max((int(m[1]) for m in map(_VERSION.fullmatch, names) if m), default=0)
    return os.path.join(root, f"v{highest + 1:03d}")


class PathField(QtWidgets.QWidget):
    """A path, typed, chosen or dropped, and the colour space where somebody knows it."""

    changed = QtCore.Signal()

    def __init__(self, name: str, help: str, folder_only: bool = False) -> None:
        super().__init__()
        self.name = name
        self.path = QtWidgets.QLineEdit()
        self.path.setAccessibleName(label_of(name))
        self.path.setAcceptDrops(False)  # the whole panel takes drops, and knows shots
        self.path.setToolTip(help)
        self.path.textChanged.connect(lambda _: self.changed.emit())
        self.setFocusProxy(self.path)
        line = QtWidgets.QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.path, 1)
        for text, choose in (("File", self._file), ("Folder", self._folder)):
            if folder_only and text == "File":
                continue
            button = QtWidgets.QPushButton(text)
            button.setAccessibleName(f"Choose a {text.lower()} for {label_of(name).lower()}")
            button.clicked.connect(choose)
            line.addWidget(button)

    def _file(self) -> None:
        path, _ = QtWidgets.QFileDialog.getOpenFileName(self, label_of(self.name), self._near())
        if path:
            self.path.setText(shot_of(path))

    def _folder(self) -> None:
        path = QtWidgets.QFileDialog.getExistingDirectory(self, label_of(self.name), self._near())
        if path:
            self.path.setText(path)

    def _near(self) -> str:
        text = self.path.text()
        return text if os.path.isdir(text) else os.path.dirname(text)


class Inputs(QtWidgets.QWidget):
    """A field with a colour space for each input that the tool declares.

    changed   the name of the input that is another one now.
    """

    changed = QtCore.Signal(str)

    def __init__(self, spec: Mapping[str, Any]) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self.fields: dict[str, PathField] = {}
        self.spaces: dict[str, QtWidgets.QLineEdit] = {}
        self._required = {row["name"]: row["required"] for row in spec["inputs"]}
        box = QtWidgets.QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        for row in spec["inputs"]:
            name = row["name"]
            field = self.fields[name] = PathField(name, row["help"])
            field.path.setPlaceholderText(f"{row['help']}: drop a folder, frame or movie here")
            space = self.spaces[name] = QtWidgets.QLineEdit()
            space.setPlaceholderText("colour space, where the file does not say")
            space.setAccessibleName(f"Colour space of the {name}")
            wanted = "" if row["required"] else " (optional)"
            label = QtWidgets.QLabel(label_of(name) + wanted)
            label.setBuddy(field)
            for each in (label, field, space):
                box.addWidget(each)
            box.addSpacing(6)
            field.changed.connect(lambda n=name: self.changed.emit(n))
            space.textChanged.connect(lambda _, n=name: self.changed.emit(n))

    def values(self) -> dict[str, dict[str, Any]]:
        """The `inputs` of a `job.run`. A needed one that is empty is there: the core refuses it."""
        found = {}
        for name, field in self.fields.items():
            path = field.path.text().strip()
            if path or self._required[name]:
                space = self.spaces[name].text().strip() or None
                found[name] = {"path": path, "colorspace": space}
        return found

    def set_values(self, values: Mapping[str, Mapping[str, Any]]) -> None:
        for name, field in self.fields.items():
            told = values.get(name, {})
            field.path.setText(told.get("path", ""))
            self.spaces[name].setText(told.get("colorspace") or "")

    def take(self, paths: Sequence[str], at: QtCore.QPoint | None = None) -> None:
        """Put shots into the field they were dropped on, else into the next that are empty."""
        shots = list(dict.fromkeys(shot_of(path) for path in paths))
        under = [f for f in self.fields.values() if at is not None and f.geometry().contains(at)]
        empty = [f for f in self.fields.values() if not f.path.text() and f not in under]
        others = [f for f in self.fields.values() if f not in under and f not in empty]
        for field, shot in zip([*under, *empty, *others], shots, strict=False):
            field.path.setText(shot)

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
