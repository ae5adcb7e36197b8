"""Knobs for the double of `nuke`, and which a node of each class has. See `nuke_double`."""

from __future__ import annotations

import copy
from typing import Any

SPACES = ["ACES - ACES2065-1", "ACES - ACEScct", "ACES - ACEScg", "Output - sRGB"]
LISTED = [f"{name}\tACES/{name}" for name in SPACES]


class Knob:
    def __init__(self, name: str = "", label: str = "", value: Any = "") -> None:
        self._name, self._value, self.flags = name, value, 0

    def name(self) -> str:
        return self._name

    def value(self) -> Any:
        return copy.copy(self._value)

    def setValue(self, value: Any) -> bool:
        self._value = type(self._value)(value)
        return True

    def setFlag(self, flag: int) -> None:
        self.flags |= flag


class String_Knob(Knob):
    pass


class Boolean_Knob(Knob):
    pass


class Color_Knob(Knob):
    def setValue(self, value: Any) -> bool:
        if len(value) != len(self._value):
            raise TypeError(f"{self._name} has {len(self._value)} values, not {len(value)}")
        self._value = [float(each) for each in value]
        return True


class File_Knob(Knob):
    script: Any = None  # the open one

    def fromUserText(self, text: str) -> None:
        """Sets the file, and stretches the range of the whole script."""
        file, _, span = text.partition(" ")
        self.setValue(file)
        first, last = (int(n) for n in span.split("-"))
        root = File_Knob.script.root
        root["first_frame"].setValue(min(root["first_frame"].value(), first))
        root["last_frame"].setValue(max(root["last_frame"].value(), last))


class Enumeration_Knob(Knob):
    def __init__(self, name: str, label: str, values: list[str]) -> None:
        super().__init__(name, label, values[0].split("\t")[0])
        self._values = values

    def values(self) -> list[str]:
        return list(self._values)

    def setValue(self, value: Any) -> bool:
        names = [each.split("\t")[0] for each in self._values]
        if isinstance(value, int):
            value = names[value]
        if value in names:  # another one is ignored, and nothing is said
            self._value = value
        return value in names


def _spaces(default: str) -> Any:
    return lambda name: Enumeration_Knob(name, "", [f"default ({default})", *LISTED])


def _list(*values: str) -> Any:
    return lambda name: Enumeration_Knob(name, "", list(values))


EVERY = {"label": "", "selected": False, "disable": False, "tile_color": 0, "xpos": 0, "ypos": 0}
EXR = {
    "datatype": _list("16 bit half", "32 bit float"),
    "compression": _list("none", "Zip (1 scanline)", "Zip (16 scanlines)"),
    "metadata": _list("default metadata", "no metadata", "all metadata"),
    "autocrop": False,
}
CLASSES: dict[str, dict[str, Any]] = {
    "Constant": {},
    "Blur": {"size": 0.0},
    "Dot": {},
    "Group": {},
    "BackdropNode": {"bdwidth": 100, "bdheight": 100, "z_order": 0},
    "StickyNote": {},
    "Read": {
        "file": File_Knob,
        "first": 1,
        "last": 1,
        "origfirst": 1,
        "origlast": 1,
        "frame": "",
        "raw": False,
        "colorspace": _spaces("ACES - ACEScg"),
        "localizationPolicy": _list("on", "from auto-localize path", "on demand", "off"),
    },
    "Write": {
        "file": File_Knob,
        "file_type": _list(" ", "exr", "dpx"),
        "channels": "rgb",
        "raw": False,
        "colorspace": _spaces("ACES - ACEScg"),
    },
    "Grade": {
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


def new_knob(name: str, made: Any) -> Knob:
    if isinstance(made, type):
        return made(name)
    if callable(made):
        return made(name)
    kinds = {bool: Boolean_Knob, list: Color_Knob, str: String_Knob}
    return kinds.get(type(made), Knob)(name, "", copy.copy(made))
