"""The form of a tool: one field per parameter, made from the row that `tool.describe` gives.

There is one class per kind of control; a new tool needs no code here. A field hands on what was
typed as it stands. It marks what the declared range does not hold, and the core refuses it.
A host's settings (`Host.settings`) are rows of the same kinds, with two more: a text and a
folder.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .qt import QtCore, QtWidgets

STEPS = 1000  # of a slider over a range that is not of whole numbers


class UnknownControl(Exception):
    """The core declares a kind of control that this panel does not know."""


class Field(QtWidgets.QWidget):
    """A parameter's widget. `changed` tells that its value is another one."""

    changed = QtCore.Signal()

    def __init__(self, row: Mapping[str, Any]) -> None:
        super().__init__()
        self.row = row
        self._box = QtWidgets.QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(2)
        self.editor = self.build()
        self.editor.setObjectName(row["name"])
        self.editor.setAccessibleName(label_of(row["name"]))
        self.editor.setAccessibleDescription(row["help"])
        self.setFocusProxy(self.editor)
        self.set_value(row["value"] if "value" in row else row["default"])

    def build(self) -> QtWidgets.QWidget:
        """Lay out the field; the widget that takes the focus."""
        raise NotImplementedError

    def value(self) -> Any:
        """What the core's `parse` takes for this parameter."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        raise NotImplementedError


class Number(Field):
    """A number typed or slid; the slider covers the declared range."""

    def build(self) -> QtWidgets.QWidget:
        row = self.row
        self._text = QtWidgets.QLineEdit()
        self._text.setFixedWidth(84)
        self._slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal)
        self._slider.setAccessibleName(f"{label_of(row['name'])}, slider")
        span = row["high"] - row["low"]
        self._slider.setRange(0, int(span) if row["whole"] else STEPS)
        self._slider.setPageStep(max(1, self._slider.maximum() // 10))
        line = QtWidgets.QHBoxLayout()
        line.addWidget(self._text)
        if row["unit"]:
            line.addWidget(QtWidgets.QLabel(row["unit"]))
        line.addWidget(self._slider, 1)
        self._box.addLayout(line)
        self.refusal = QtWidgets.QLabel(f"{row['low']:g} to {row['high']:g}{row['unit']}")
        self.refusal.setProperty("refusal", True)
        self._box.addWidget(self.refusal)
        self._text.textChanged.connect(self._typed)
        self._slider.valueChanged.connect(self._slid)
        return self._text

    def value(self) -> Any:
        text = self._text.text().strip()
        try:
            number = float(text)
            whole = self.row["whole"] and number.is_integer()
        except ValueError:
            return text  # which the core refuses in its own words
        return text if not math.isfinite(number) else int(number) if whole else number

    def set_value(self, value: Any) -> None:
        self._text.setText(str(value).removesuffix(".0"))  # every digit, so that it comes back
        self._text.setCursorPosition(0)

    def fits(self) -> bool:
        value = self.value()
        if isinstance(value, str):
            return False
        whole = isinstance(value, int) or not self.row["whole"]
        return bool(whole and self.row["low"] <= value <= self.row["high"])

    def _typed(self) -> None:
        fits = self.fits()
        self.refusal.setVisible(not fits)
        self._text.setProperty("refused", not fits)
        self._text.style().unpolish(self._text)
        self._text.style().polish(self._text)
        if fits:
            share = (self.value() - self.row["low"]) / self._step()
            self._slider.blockSignals(True)
            self._slider.setValue(round(share))
            self._slider.blockSignals(False)
        self.changed.emit()

    def _slid(self, position: int) -> None:
        value = self.row["low"] + position * self._step()
        self.set_value(int(value) if self.row["whole"] else round(value, 6))

    def _step(self) -> float:
        return 1 if self.row["whole"] else (self.row["high"] - self.row["low"]) / STEPS


class Choice(Field):
    """One of a fixed set."""

    def build(self) -> QtWidgets.QWidget:
        self._combo = QtWidgets.QComboBox()
        self._combo.addItems(list(self.row["choices"]))
        self._combo.currentIndexChanged.connect(lambda _: self.changed.emit())
        self._box.addWidget(self._combo)
        return self._combo

    def value(self) -> Any:
        return self._combo.currentText()

    def set_value(self, value: Any) -> None:
        self._combo.setCurrentIndex(self._combo.findText(value))


class Switch(Field):
    """On or off."""

    def build(self) -> QtWidgets.QWidget:
        self._tick = QtWidgets.QCheckBox(label_of(self.row["name"]))
        self._tick.toggled.connect(lambda _: self.changed.emit())
        self._box.addWidget(self._tick)
        return self._tick

    def value(self) -> Any:
        return self._tick.isChecked()

    def set_value(self, value: Any) -> None:
        self._tick.setChecked(value)


class FrameText(Field):
    """Frame numbers as artists write them."""

    def build(self) -> QtWidgets.QWidget:
        self._text = QtWidgets.QLineEdit()
        self._text.setPlaceholderText("1001 or 1001-1010 or 1001,1050")
        self._text.textChanged.connect(lambda _: self.changed.emit())
        self._box.addWidget(self._text)
        return self._text

    def value(self) -> Any:
        return self._text.text().strip()

    def set_value(self, value: Any) -> None:
        self._text.setText(value)


class Text(Field):
    """A line of text."""

    def build(self) -> QtWidgets.QWidget:
        self._text = QtWidgets.QLineEdit()
        self._text.textChanged.connect(lambda _: self.changed.emit())
        self._line = QtWidgets.QHBoxLayout()
        self._line.addWidget(self._text, 1)
        self._box.addLayout(self._line)
        return self._text

    def value(self) -> Any:
        return self._text.text().strip()

    def set_value(self, value: Any) -> None:
        self._text.setText(value)


class Folder(Text):
    """A folder, typed or chosen."""

    def build(self) -> QtWidgets.QWidget:
        editor = super().build()
        button = QtWidgets.QPushButton("Folder")
        button.setAccessibleName(f"Choose a folder for {label_of(self.row['name']).lower()}")
        button.clicked.connect(self._choose)
        self._line.addWidget(button)
        return editor

    def _choose(self) -> None:
        title = label_of(self.row["name"])
        if path := QtWidgets.QFileDialog.getExistingDirectory(self, title, self.value()):
            self.set_value(path)


class NameLines(Field):
    """Names, one on a line: a name of a colour space may hold spaces and commas."""

    def build(self) -> QtWidgets.QWidget:
        self._lines = QtWidgets.QPlainTextEdit()
        self._lines.setTabChangesFocus(True)
        self._lines.setPlaceholderText("one on each line")
        self._lines.setFixedHeight(3 * self._lines.fontMetrics().lineSpacing() + 14)
        self._lines.textChanged.connect(self.changed.emit)
        self._box.addWidget(self._lines)
        return self._lines

    def value(self) -> Any:
        lines = (line.strip() for line in self._lines.toPlainText().splitlines())
        return [line for line in lines if line]

    def set_value(self, value: Any) -> None:
        self._lines.setPlainText("\n".join(value))


FIELDS: dict[str, type[Field]] = {
    "num": Number,
    "pick": Choice,
    "flag": Switch,
    "frames": FrameText,
    "names": NameLines,
}
OF_HOSTS: dict[str, type[Field]] = {"text": Text, "folder": Folder}


ACRONYMS = {"cdl", "lut", "rgb", "fps"}


def label_of(name: str) -> str:
    """'source_frame' as people read it."""
    words = [word.upper() if word in ACRONYMS else word for word in name.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


class Form(QtWidgets.QWidget):
    """All parameters of a tool, with their help below each; but those that the host fills in.

    changed   (name, live): live where the change needs no new measuring.

    Raises UnknownControl where the tool declares a kind that is in neither table.
    """

    changed = QtCore.Signal(str, bool)

    def __init__(self, spec: Mapping[str, Any]) -> None:
        super().__init__()
        self.fields: dict[str, Field] = {}
        box = QtWidgets.QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        known = FIELDS | OF_HOSTS
        for row in spec["params"]:
            if row.get("from_host"):
                continue
            if row["kind"] not in known:
                raise UnknownControl(
                    f"{spec['label']} has a control of kind '{row['kind']}' for {row['name']}."
                )
            live = row.get("live", False)
            field = self.fields[row["name"]] = known[row["kind"]](row)
            if row["kind"] != "flag":  # which carries its label itself
                label = QtWidgets.QLabel(label_of(row["name"]))
                label.setBuddy(field)
                box.addWidget(label)
            box.addWidget(field)
            note = QtWidgets.QLabel(row["help"] + ("; no new measuring" if live else ""))
            note.setProperty("quiet", True)
            note.setWordWrap(True)
            box.addWidget(note)
            box.addSpacing(6)
            field.changed.connect(lambda n=row["name"], v=live: self.changed.emit(n, v))

    def values(self) -> dict[str, Any]:
        """Parameter name -> value, of every field."""
        return {name: field.value() for name, field in self.fields.items()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show these values; parameters that are not named stay as they are."""
        for name, value in values.items():
            self.fields[name].set_value(value)
