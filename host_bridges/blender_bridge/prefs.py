# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension's preferences: which Python the core runs in, and whether it answers."""

from __future__ import annotations

import os
from typing import Any, List

import bpy

from answerprint_bridge.messages import WireError
from answerprint_bridge.process import core_python

from .classes import Classes

PACKAGE = __package__ or ""
said: List[str] = []  # what the last check found
HERE = os.path.dirname(os.path.abspath(__file__))


def python() -> str:
    """The core's Python: of the environment, else as set here, else as installed.

    Raises WireError with the remedy where none is known.
    """
    held = bpy.context.preferences.addons.get(PACKAGE)
    own = held.preferences.python if held and held.preferences else ""
    if own and not os.environ.get("ANSWERPRINT_PYTHON"):
        return os.path.abspath(bpy.path.abspath(own))
    return core_python(HERE)


class AnswerprintPreferences(bpy.types.AddonPreferences):
    """Where the core is."""

    bl_idname = PACKAGE
    __annotations__ = {
        "python": bpy.props.StringProperty(
            name="Python",
            description="The Python of Answerprint's own environment; "
            "empty: the one install.py set up",
            subtype="FILE_PATH",
        )
    }

    def draw(self, context: Any) -> None:
        column = self.layout.column()
        column.use_property_split = True
        column.prop(self, "python")
        try:
            column.label(text=f"In use: {python()}")
        except WireError as refused:
            column.label(text=str(refused), icon="ERROR")
        row = column.row()
        row.alignment = "RIGHT"
        if said:
            row.label(text=said[-1], icon="CHECKMARK")
        row.operator("answerprint.check")


_classes = Classes()


def register() -> None:
    _classes.add([AnswerprintPreferences])


def unregister() -> None:
    _classes.drop()
