# SPDX-License-Identifier: GPL-3.0-or-later
"""The panels *Show* of three editors, and *Missing Shots* of the sequencer."""

from __future__ import annotations

import os
from typing import Any, ClassVar, List, Set

import bpy

from answerprint_bridge.messages import WireError

from . import pictures, settings, show_list, show_ops, ui, words
from .classes import Classes
from .running import NOW

EDITORS = ("IMAGE_EDITOR", "CLIP_EDITOR", "SEQUENCE_EDITOR")
LARGE = 7.0  # of the chosen take's picture, in heights of a button
NONE = "No show yet. Choose its folder, or add dailies."


class ANSWERPRINT_UL_takes(bpy.types.UIList):
    """A line each: picture, name, what it sees, how sure; or a hole."""

    bl_idname = "ANSWERPRINT_UL_takes"

    def draw_item(  # its arguments are counted by Blender
        self, context: Any, layout: Any, data: Any, item: Any, icon: int, active: Any, name: str
    ) -> None:
        if item.hole:
            layout.label(text=item.name, icon="SEQUENCE")
            return
        line = layout.split(factor=0.44, align=True)
        if picture := pictures.thumb(item.thumb):
            line.label(text=item.name, icon_value=picture)
        else:
            line.label(text=item.name, icon="BLANK1")
        line = line.split(factor=0.76, align=True)
        line.label(text=item.sees)
        line.label(text=item.sure)


def at_work(layout: Any, context: Any) -> bool:
    """The progress of what works; whether it is a question to the show."""
    task = NOW.task()
    if task is None:
        return False
    row = layout.row(align=True)
    row.prop(settings.of(context), "progress", text=task.text(), slider=True)
    row.operator("answerprint.cancel", text="", icon="X")
    return task is NOW.asking


def chosen(layout: Any, context: Any, row: Any) -> None:
    """The chosen row in full."""
    if picture := pictures.thumb(row.thumb):
        layout.template_icon(icon_value=picture, scale=LARGE)
    lines: List[words.Line] = [("NONE", f"{row.name}, {row.frames}: {row.sees}")]
    ui.told(layout, context, [*lines, ("NONE", row.why)])


class Show:
    """Which show, what is looked for, the takes, what is done with one."""

    bl_label = "Show"
    bl_options: ClassVar[Set[str]] = {"DEFAULT_CLOSED"}
    layout: Any

    def draw(self, context: Any) -> None:
        layout, held = self.layout, show_list.of(context)
        try:
            folder = show_ops.known_folder()
        except WireError as refused:
            ui.told(layout, context, words.of_error(refused))
            return
        row = layout.row(align=True)
        row.label(text=os.path.basename(folder) or NONE, icon="FILE_FOLDER" if folder else "INFO")
        row.operator("answerprint.show_folder", text="", icon="FILEBROWSER")
        row.operator("answerprint.show_dailies", text="", icon="ADD")
        if at_work(layout, context):
            return
        column = layout.column()
        column.enabled = bool(folder)
        column.prop(held, "by", text="")
        row = column.row(align=True)
        row.scale_y = 1.4
        row.operator("answerprint.show_find", icon="VIEWZOOM").by = held.by
        row.operator("answerprint.show_picture", icon="FILE_IMAGE").by = held.by
        ui.told(layout, context, NOW.shown.said)
        self._takes(layout, context)

    def _takes(self, layout: Any, context: Any) -> None:
        held = show_list.of(context)
        if not held.takes:
            return
        kind, rows = ANSWERPRINT_UL_takes.bl_idname, min(max(len(held.takes), 3), 8)
        layout.template_list(kind, "", held, "takes", held, "take", rows=rows)
        if not 0 <= held.take < len(held.takes):
            return
        chosen(layout, context, held.takes[held.take])
        row = layout.row(align=True)
        row.operator("answerprint.show_place")
        row.operator("answerprint.show_match")


class ANSWERPRINT_PT_missing(bpy.types.Panel):
    """Of the sequencer alone."""

    bl_idname = "ANSWERPRINT_PT_missing"
    bl_label = "Missing Shots"
    bl_space_type, bl_region_type, bl_category = "SEQUENCE_EDITOR", "UI", "Answerprint"
    bl_order = 3
    bl_options: ClassVar[Set[str]] = {"DEFAULT_CLOSED"}

    def draw(self, context: Any) -> None:
        layout = self.layout
        if at_work(layout, context):
            return
        row = layout.row()
        row.scale_y = 1.4
        row.operator("answerprint.show_gaps", icon="VIEWZOOM")
        ui.told(layout, context, NOW.shown.missing)
        self._holes(context)

    def _holes(self, context: Any) -> None:
        layout, held = self.layout, show_list.of(context)
        if not held.holes:
            return
        layout.operator("answerprint.audition", icon="SEQ_STRIP_DUPLICATE")
        kind, rows = ANSWERPRINT_UL_takes.bl_idname, min(max(len(held.holes), 3), 10)
        layout.template_list(kind, "missing", held, "holes", held, "hole", rows=rows)
        row = show_list.row(context)
        if row is None or row.hole:
            return
        chosen(layout, context, row)
        line = layout.row(align=True)
        line.operator("answerprint.swap_take")
        line.operator("answerprint.mute_takes")


def _panels() -> List[type]:
    found: List[type] = [ANSWERPRINT_UL_takes]
    for editor in EDITORS:
        place = {"bl_space_type": editor, "bl_region_type": "UI", "bl_category": "Answerprint"}
        name = f"ANSWERPRINT_PT_show_{editor}"
        body = {**place, "bl_idname": name, "bl_order": 2}
        found.append(type(name, (Show, bpy.types.Panel), body))
    return [*found, ANSWERPRINT_PT_missing]


_classes = Classes()


def register() -> None:
    _classes.add(_panels())


def unregister() -> None:
    _classes.drop()
