# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel *Check the Edit* of the sequencer: the button, the list of findings, what to do."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import bpy

from . import check_list, check_ops, settings, ui
from .classes import Classes
from .running import NOW

SIGNS = {"red": "01", "yellow": "03", "green": "04", "cyan": "05", "blue": "06"}
"""A finding's colour -> the nearest of Blender's colours of strips."""


@lru_cache(maxsize=None)
def sign(colour: str) -> str:
    """The icon of a colour: before 4.4 they had another name."""
    there = bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items
    names = (f"{kind}_COLOR_{SIGNS.get(colour, '09')}" for kind in ("STRIP", "SEQUENCE"))
    return next((name for name in names if name in there), "DOT")


class ANSWERPRINT_UL_findings(bpy.types.UIList):
    """A line each: kind, shot, frame, value."""

    bl_idname = "ANSWERPRINT_UL_findings"

    def draw_item(  # its arguments are counted by Blender
        self, context: Any, layout: Any, data: Any, item: Any, icon: int, active: Any, name: str
    ) -> None:
        line = layout.split(factor=0.38, align=True)
        shown = "CHECKMARK" if item.fixed else sign(item.colour)
        line.label(text=item.kind.replace("_", " "), icon=shown)
        line = line.split(factor=0.42, align=True)
        line.label(text=item.shot)
        line = line.split(factor=0.34, align=True)
        line.label(text=str(item.frame))
        line.label(text=item.value)


class ANSWERPRINT_PT_check(bpy.types.Panel):
    """Of the sequencer alone."""

    bl_idname = "ANSWERPRINT_PT_check"
    bl_label = "Check the Edit"
    bl_space_type, bl_region_type, bl_category = "SEQUENCE_EDITOR", "UI", "Answerprint"

    def draw(self, context: Any) -> None:
        layout, job = self.layout, NOW.edit
        if job and not job.ended:
            row = layout.row(align=True)
            row.prop(settings.of(context), "progress", text=job.text(), slider=True)
            row.operator("answerprint.cancel", text="", icon="X")
            return
        row = layout.row()
        row.scale_y = 1.4
        label = "Check Again" if check_ops.there() else "Check the Edit"
        row.operator("answerprint.check_edit", text=label, icon="VIEWZOOM")
        if job:
            ui.told(layout, context, job.summary())
        if check_ops.there():
            self._findings(context)

    def _findings(self, context: Any) -> None:
        layout, held = self.layout, check_list.of(context)
        row = layout.row(align=True)
        row.operator("answerprint.check_report", icon="URL")
        row.operator("answerprint.mark_findings", icon="MARKER_HLT")
        if not held.rows:
            return
        kind, rows = ANSWERPRINT_UL_findings.bl_idname, min(max(len(held.rows), 3), 10)
        layout.template_list(kind, "", held, "rows", held, "chosen", rows=rows)
        if not 0 <= held.chosen < len(held.rows):
            return
        chosen = held.rows[held.chosen]
        ui.told(layout, context, [(sign(chosen.colour), chosen.text)])
        row = layout.row(align=True)
        fix = row.row(align=True)
        fix.enabled = chosen.fixable
        fix.operator("answerprint.fix_finding", text="Fix Again" if chosen.fixed else "Fix")
        row.operator("answerprint.waive_finding", text="Waive...")


_classes = Classes()


def register() -> None:
    _classes.add([ANSWERPRINT_UL_findings, ANSWERPRINT_PT_check])


def unregister() -> None:
    _classes.drop()
