# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's colour spaces by the names that the core's configuration has for them.

With `$OCIO` set both read the same file and the names are the same. Without it Blender has a
config of its own, and NAMES says which of its spaces the core knows under which name; a test
compares them as numbers. What is not in it (Filmic and AgX pictures, display spaces that the
core has no picture space for) can only be rendered by Blender into its working space.

ACEScct is taken although no space of 4.x is called that: its curve is in the nodes (`grades`).
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any, List, Tuple

import bpy

NAMES = {
    "ACES2065-1": "ACES2065-1",
    "ACEScc": "ACEScc",
    "ACEScct": "ACEScct",
    "ACEScg": "ACEScg",
    "Linear Rec.709": "Linear Rec.709 (sRGB)",
    "Linear Rec.2020": "Linear Rec.2020",
    "Linear DCI-P3 D65": "Linear P3-D65",
    "sRGB": "sRGB Encoded Rec.709 (sRGB)",
    "Display P3": "sRGB Encoded P3-D65",
    "Rec.1886": "Gamma 2.4 Encoded Rec.709",
    "Non-Color": "Raw",
    "Raw": "Raw",
    "Linear": "Linear Rec.709 (sRGB)",  # these three: before 4.0
    "Linear ACEScg": "ACEScg",
    "Linear ACES": "ACES2065-1",
}
DATA = ""  # of mattes and maps, whatever a config calls it
OWN = "Filmic Log"  # in every config of Blender's own, and in no other


def spaces() -> List[str]:
    """Blender's names of its spaces."""
    names = bpy.types.ColorManagedInputColorspaceSettings.bl_rna.properties["name"]
    return [each.identifier for each in names.enum_items]


def config() -> str:
    """The OpenColorIO config that Blender reads: a path, or '' for its own.

    A config that is too new for it, it leaves and takes its own.
    """
    return "" if OWN in spaces() else os.environ.get("OCIO", "")


def working() -> str:
    """Blender's name of the space it computes in."""
    if hasattr(bpy.data, "colorspace"):
        return str(bpy.data.colorspace.working_space)
    return _default_float(config())


@lru_cache(maxsize=None)
def _default_float(config: str) -> str:
    """Before 5.0 nobody says it: a new float picture is in it. A session has one config."""
    image = bpy.data.images.new("Answerprint", 1, 1, float_buffer=True)
    name = str(image.colorspace_settings.name)
    bpy.data.images.remove(image)
    return name


def cores(name: str) -> str:
    """The core's name of a space of Blender's, '' where it has none."""
    if name == "scene_linear":
        name = working()
    return name if config() else NAMES.get(name, "")


def ours(core: str) -> str:
    """Blender's name of a space of the core's, '' where it has none."""
    there = spaces()
    if config():
        return core if core in there else ""
    return next((n for n, each in NAMES.items() if each == core and n in there), "")


def put(settings: Any, name: str | None) -> None:
    """Say what space a picture is in, by Blender's name of it, or DATA; None leaves its own."""
    if name == DATA:
        settings.is_data = True
    elif name is not None:
        settings.name = name


def grade_spaces() -> Tuple[str, ...]:
    """What a grade can be placed in, best first: each is linear in Blender, or ACEScct."""
    acescg = ours("ACEScg")
    found = ("ACEScct" if acescg else "", cores(working()), "ACEScg" if acescg else "")
    return tuple(dict.fromkeys(name for name in found if name))
