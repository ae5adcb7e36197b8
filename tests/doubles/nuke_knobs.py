"""Knobs for the double of `nuke`, and which a node of each class has. See `nuke_double`."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

from .nuke_tcl import Curve, evaluated, words

SPACES = ["ACES - ACES2065-1", "ACES - ACEScct", "ACES - ACEScg", "Output - sRGB"]
OWN = ["linear", "sRGB", "rec709", "Cineon", "AlexaV3LogC"]  # without OCIO
LISTED = [f"{name}\tACES/{name}" for name in SPACES]


class Knob:
    EMPTY: Any = ""
    script: Any = None  # the open one

    def __init__(self, name: str = "", label: str = "", value: Any = None) -> None:
        self._name, self._label, self.flags = name, label, 0
        self._value = copy.copy(self.EMPTY) if value is None else value
        self.tip, self.span, self.node_of = "", None, None
        self.curves: dict[int, Curve] = {}
        self.heard: Callable[[Knob], None] | None = None  # called when it has changed

    def __deepcopy__(self, memo: Any) -> Knob:
        made = copy.copy(self)
        for name, value in vars(self).items():
            if name not in ("node_of", "heard"):
                setattr(made, name, copy.deepcopy(value, memo))
        return made

    def name(self) -> str:
        return self._name

    def label(self) -> str:
        return self._label

    def value(self) -> Any:
        return copy.copy(self._value)

    def setValue(self, val: Any) -> bool:
        self.edit()
        self._value = type(self._value)(val)
        self.tell()
        return True

    def edit(self) -> None:
        """Before an edit: a step of undo, where it is a node's knob."""
        if self.node_of is not None:
            was = {"_value": copy.copy(self._value), "curves": copy.deepcopy(self.curves)}
            self.script.record(f"Set {self._name}", lambda: vars(self).update(was))

    def tell(self) -> None:
        if self.heard:
            self.heard(self)

    def told(self) -> Any:
        """All of it, to compare."""
        keys = {i: (c.mode, dict(c.keys)) for i, c in self.curves.items()}
        return (self.value(), keys) if keys else self.value()

    def setFlag(self, flag: int) -> None:
        self.flags |= flag

    def setTooltip(self, tooltip: str) -> None:
        self.tip = tooltip

    # Keys

    def isAnimated(self, channel: int = 0) -> bool:
        return channel in self.curves

    def setAnimated(self, channel: int = 0) -> bool:
        self.edit()
        self.curves.setdefault(channel, Curve())
        return True

    def setValueAt(self, val: Any, time: float, index: int = 0) -> bool:
        if index not in self.curves:
            raise RuntimeError(f"{self._name}: value {index} is not animated")
        size = len(self._value) if isinstance(self._value, list) else 1
        if not 0 <= index < size:
            raise IndexError(f"{self._name} has {size} values")
        self.edit()
        self.curves[index].keys[float(time)] = float(val)
        return True

    def getValueAt(self, frame: float, index: int = 0) -> Any:
        if index in self.curves:
            return self.curves[index].at(frame)
        return self._value[index] if isinstance(self._value, list) else self._value

    def fromScript(self, script: str) -> None:
        self.edit()
        for index, each in enumerate(words(script)):
            self.curves[index] = Curve.read(each)


class Double_Knob(Knob):
    EMPTY = 0.0

    def setRange(self, low: float, high: float) -> None:
        self.span = (low, high)


class Int_Knob(Double_Knob):
    EMPTY = 0


class String_Knob(Knob):
    pass


class Multiline_Eval_String_Knob(String_Knob):
    pass


class Tab_Knob(Knob):
    pass


class Boolean_Knob(Knob):
    EMPTY = False


class PyScript_Knob(String_Knob):
    def setCommand(self, cmd: str) -> None:
        self._value = cmd

    def command(self) -> str:
        return self._value

    def execute(self) -> None:
        self.script.press(self)


class Color_Knob(Knob):
    EMPTY = ()

    def setValue(self, val: Any) -> bool:
        if len(val) != len(self._value):
            raise TypeError(f"{self._name} has {len(self._value)} values, not {len(val)}")
        self.edit()
        self._value = [float(each) for each in val]
        return True


class File_Knob(Knob):
    def fromUserText(self, text: str) -> None:
        """Sets the file, and stretches the range of the whole script."""
        file, _, span = text.partition(" ")
        self.setValue(file)
        first, last = (int(n) for n in span.split("-"))
        root = self.script.root
        root["first_frame"].setValue(min(root["first_frame"].value(), first))
        root["last_frame"].setValue(max(root["last_frame"].value(), last))

    def evaluate(self, frame: int | None = None) -> str:
        """The path of a frame, as a reader of the file gets it."""
        file = evaluated(self._value, self.script.tcl)
        if frame is None:
            return file
        folder, slash, name = file.rpartition("/")
        name = re.sub(r"%0(\d)d", lambda m: f"{frame:0{m[1]}d}", name)
        name = re.sub("#+", lambda m: f"{frame:0{len(m[0])}d}", name)
        return f"{folder}{slash}{name}"


class Enumeration_Knob(Knob):
    def __init__(self, name: str, label: str, values: list[str]) -> None:
        super().__init__(name, label, values[0].split("\t")[0])
        self._values = values

    def values(self) -> list[str]:
        return list(self._values)

    def setValue(self, val: Any) -> bool:
        names = [each.split("\t")[0] for each in self.values()]
        if isinstance(val, int):
            val = names[val]
        if val in names:  # another one is ignored, and nothing is said
            self.edit()
            self._value = val
            self.tell()
        return val in names


class Space_Knob(Enumeration_Knob):
    """The spaces of the script's colour management, another list when that changes."""

    def __init__(self, name: str = "") -> None:
        super().__init__(name, "", ["default"])

    def values(self) -> list[str]:
        ocio = self.script.root["colorManagement"].value() == "OCIO"
        return [f"default ({SPACES[2]})", *LISTED] if ocio else [f"default ({OWN[0]})", *OWN]

    def value(self) -> str:
        names = [each.split("\t")[0] for each in self.values()]
        return self._value if self._value in names else names[0]


class Table_Knob(Knob):
    """The tracks of a Tracker4. A text it cannot read leaves it empty, and nothing is said."""

    WIDTH = 31

    def __init__(self, name: str = "", label: str = "") -> None:
        super().__init__(name, label, f"{{ 1 {self.WIDTH} 0 }} {{ }} {{ }}")

    def toScript(self) -> str:
        return self._value

    def fromScript(self, script: str) -> None:
        self.edit()
        head, columns, rows = words(script)
        wide, count = (int(n) for n in head.split()[1:])
        cells = [words(row) for row in words(rows)]
        right = len(words(columns)) == wide == self.WIDTH and len(cells) == count
        fits = right and all(len(each) == wide for each in cells)
        self._value = script if fits else f"{{ 1 {self.WIDTH} 0 }} {{ }} {{ }}"

    def rows(self) -> list[list[Any]]:
        """Its tracks: names and numbers, curves where a cell has one."""
        cells = [words(row) for row in words(words(self._value)[2])]
        return [
            [Curve.read(each) if each.startswith("curve") else each for each in row]
            for row in cells
        ]


class _Roto:
    """Made late: `nuke_roto` needs `Knob`."""

    def __new__(cls, name: str) -> Any:
        from .nuke_roto import CurveKnob

        return CurveKnob(name)


def _list(*values: str) -> Any:
    return lambda name: Enumeration_Knob(name, "", list(values))


EVERY = {
    "label": "",
    "selected": False,
    "disable": False,
    "tile_color": 0,
    "xpos": 0,
    "ypos": 0,
    "knobChanged": "",
}
EXR = {
    "datatype": _list("16 bit half", "32 bit float"),
    "compression": _list("none", "Zip (1 scanline)", "Zip (16 scanlines)"),
    "metadata": _list("default metadata", "no metadata", "all metadata"),
    "autocrop": False,
}
CAMERA = {
    "useMatrix": False,
    "matrix": [0.0] * 16,
    "focal": 50.0,
    "haperture": 24.576,
    "vaperture": 18.672,
}
CLASSES: dict[str, dict[str, Any]] = {
    "Constant": {},
    "Blur": {"channels": "all", "size": 0.0},
    "Copy": {f"{way}{n}": "none" for way in ("from", "to") for n in range(4)},
    "Expression": {
        f"{name}{n}": "" for name in ("temp_name", "temp_expr", "expr") for n in range(4)
    },
    "FilterErode": {"channels": "all", "size": 1.0},
    "Premult": {"channels": "rgb", "alpha": "rgba.alpha"},
    "Dot": {},
    "Group": {},
    "Input": {"number": 0},
    "Output": {},
    "BackdropNode": {"bdwidth": 100, "bdheight": 100, "z_order": 0},
    "StickyNote": {},
    "Read": {
        "file": File_Knob,
        "first": 1,
        "last": 1,
        "origfirst": 1,
        "origlast": 1,
        "frame_mode": _list("expression", "start at", "offset"),
        "frame": "",
        "raw": False,
        "colorspace": Space_Knob,
        "localizationPolicy": _list("on", "from auto-localize path", "on demand", "off"),
        "reload": PyScript_Knob,
    },
    "Write": {
        "file": File_Knob,
        "file_type": _list(" ", "exr", "dpx"),
        "channels": "rgb",
        "raw": False,
        "colorspace": Space_Knob,
    },
    "Grade": {
        "channels": "rgb",
        "blackpoint": [0.0] * 4,
        "whitepoint": [1.0] * 4,
        "multiply": [1.0] * 4,
        "add": [0.0] * 4,
        "black_clamp": True,
        "white_clamp": False,
    },
    "OCIOCDLTransform": {
        "slope": [1.0] * 3,
        "offset": [0.0] * 3,
        "power": [1.0] * 3,
        "saturation": 1.0,
        "working_space": _list(*LISTED),
    },
    "OCIOFileTransform": {"file": File_Knob, "interpolation": _list("linear", "tetrahedral")},
    "OCIOColorSpace": {"in_colorspace": _list(*LISTED), "out_colorspace": _list(*LISTED)},
    "STMap": {"uv": _list("none", "rgb", "forward")},
    "Roto": {"curves": _Roto},
    "Tracker4": {"tracks": Table_Knob},
    "CornerPin2D": {f"{way}{n}": [0.0] * 2 for way in ("to", "from") for n in range(1, 5)},
    "TimeWarp": {"lookup": 0.0},
    "Camera2": CAMERA,
    "Camera3": CAMERA,
    "Camera4": CAMERA,
    "ScanlineRender2": {},
}
ROOT = {
    "name": "",
    "first_frame": 1001,
    "last_frame": 1010,
    "fps": 24.0,
    "proxy": False,
    "colorManagement": _list("Nuke", "OCIO"),
    "OCIO_config": _list("aces_1.2", "custom"),
    "customOCIOConfigPath": "",
    "workingSpaceLUT": _list("scene_linear (ACES - ACEScg)", *LISTED),
    "project_directory": "",
}
USER = {
    each.__name__: each
    for each in (
        Boolean_Knob,
        Double_Knob,
        Int_Knob,
        Multiline_Eval_String_Knob,
        PyScript_Knob,
        String_Knob,
        Tab_Knob,
    )
}


def new_knob(name: str, made: Any) -> Any:
    if callable(made):
        return made(name)
    kinds = {bool: Boolean_Knob, list: Color_Knob, str: String_Knob}
    return kinds.get(type(made), Knob)(name, "", copy.copy(made))
