# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's file browser before a question to the show: which picture, which folder.

The browser ends in an operator of its own, and that one starts the one that waits: what the browser
calls must end at once, for Blender is closing its window.
"""

from __future__ import annotations

from typing import Any, ClassVar, Set

import bpy

from .classes import Classes
from .operators import FORGET, Said
from .running import NOW


class Browse:
    """Opens the file browser; `then` starts what was chosen."""

    bl_options: ClassVar[Set[str]] = {"INTERNAL"}

    @classmethod
    def poll(cls, context: Any) -> bool:
        return not NOW.working()

    def invoke(self, context: Any, event: Any) -> Said:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}


def _directory() -> Any:
    return bpy.props.StringProperty(subtype="DIR_PATH", options=FORGET)


def _filter() -> Any:
    return bpy.props.BoolProperty(default=True, options={"HIDDEN", *FORGET})


class ANSWERPRINT_OT_show_picture(Browse, bpy.types.Operator):
    """Find the takes that see what a still or a movie shows"""

    bl_idname = "answerprint.show_picture"
    bl_label = "Picture..."
    __annotations__ = {
        "filepath": bpy.props.StringProperty(subtype="FILE_PATH", options=FORGET),
        "by": bpy.props.StringProperty(default="any", options={"HIDDEN", *FORGET}),
        "filter_image": _filter(),
        "filter_movie": _filter(),
        "filter_folder": _filter(),
    }

    def execute(self, context: Any) -> Said:
        bpy.ops.answerprint.show_find("INVOKE_DEFAULT", path=self.filepath, by=self.by)
        return {"FINISHED"}


class ANSWERPRINT_OT_show_folder(Browse, bpy.types.Operator):
    """Choose the folder of the show; it is kept with the project"""

    bl_idname = "answerprint.show_folder"
    bl_label = "Choose the Show"
    __annotations__ = {"directory": _directory(), "filter_folder": _filter()}

    def execute(self, context: Any) -> Said:
        return set(bpy.ops.answerprint.show_choose(folder=self.directory))


class ANSWERPRINT_OT_show_dailies(Browse, bpy.types.Operator):
    """Learn a folder of dailies; without a show, a new one beside the scene's file"""

    bl_idname = "answerprint.show_dailies"
    bl_label = "Add Dailies..."
    __annotations__ = {"directory": _directory(), "filter_folder": _filter()}

    def execute(self, context: Any) -> Said:
        bpy.ops.answerprint.show_add("INVOKE_DEFAULT", folder=self.directory)
        return {"FINISHED"}


CLASSES = (
    ANSWERPRINT_OT_show_picture,
    ANSWERPRINT_OT_show_folder,
    ANSWERPRINT_OT_show_dailies,
)

_classes = Classes()


def register() -> None:
    _classes.add(CLASSES)


def unregister() -> None:
    _classes.drop()
