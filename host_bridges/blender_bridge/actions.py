# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators beside the tools: cancel, place again, pick an input, open the report, check."""

from __future__ import annotations

import os
from typing import Any, ClassVar, Set

import bpy

from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.wire import SUITE

from . import inputs, operators, prefs, settings
from .classes import Classes
from .running import NOW

Said = Set[str]


class ANSWERPRINT_OT_cancel(bpy.types.Operator):
    """Ask the running job to stop; nothing is placed"""

    bl_idname = "answerprint.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return NOW.working()

    def execute(self, context: Any) -> Said:
        NOW.cancel()
        return {"FINISHED"}


class ANSWERPRINT_OT_place_again(bpy.types.Operator):
    """Place the results once more; what still stands is left as it is"""

    bl_idname = "answerprint.place_again"
    bl_label = "Place Again"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return NOW.job is not None and NOW.job.result is not None

    def execute(self, context: Any) -> Said:
        try:
            run = NOW.again()
        except WireError as refused:
            return operators.tell_error(self, refused)
        return operators.tell_result(self, run)


class ANSWERPRINT_OT_report(bpy.types.Operator):
    """Open the report of the last result"""

    bl_idname = "answerprint.report"
    bl_label = "Open Report"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return ANSWERPRINT_OT_place_again.poll(context)

    def execute(self, context: Any) -> Said:
        run = NOW.job.result if NOW.job else None
        path = os.path.join(run.folder, "report.html") if run else ""
        if not os.path.isfile(path):
            hint = "Run the tool again."
            error = WireError(HOST_REFUSED, f"The report {path} is not there any more.", hint)
            return operators.tell_error(self, error)
        return set(bpy.ops.wm.path_open(filepath=path))


class ANSWERPRINT_OT_pick_input(bpy.types.Operator):
    """Take what is selected in this editor"""

    bl_idname = "answerprint.pick_input"
    bl_label = "Take the Selection"
    bl_options: ClassVar[Set[str]] = {"INTERNAL"}
    __annotations__ = {
        "tool": bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"}),
        "input": bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"}),
    }

    def execute(self, context: Any) -> Said:
        host = NOW.host()
        chosen = host.selection()
        if not chosen:
            hint = "Select a node, a strip or a clip, or open an image."
            error = WireError(HOST_REFUSED, "Nothing is selected in this editor.", hint)
            return operators.tell_error(self, error)
        name = inputs.called(chosen[0], [*host.items(), *chosen[1:]])
        setattr(getattr(settings.of(context), self.tool), self.input, name)
        return {"FINISHED"}


class ANSWERPRINT_OT_check(bpy.types.Operator):
    """Start Answerprint's own process and ask what it is"""

    bl_idname = "answerprint.check"
    bl_label = "Check"

    def execute(self, context: Any) -> Said:
        prefs.said.clear()
        try:
            hello = NOW.check()
        except WireError as refused:
            return operators.tell_error(self, refused)
        told = "Answerprint {suite}, Python {python}, torch {torch}".format(**hello)
        prefs.said.append(f"{told}: it works")
        self.report({"INFO"}, f"{told}; the files in Blender are of {SUITE}")
        return {"FINISHED"}


CLASSES = (
    ANSWERPRINT_OT_cancel,
    ANSWERPRINT_OT_place_again,
    ANSWERPRINT_OT_report,
    ANSWERPRINT_OT_pick_input,
    ANSWERPRINT_OT_check,
)


_classes = Classes()


def register() -> None:
    _classes.add(CLASSES)


def unregister() -> None:
    _classes.drop()
