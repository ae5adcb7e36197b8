# SPDX-License-Identifier: GPL-3.0-or-later
"""The panels: a tab *Answerprint* in the sidebar of four editors, built from the catalogue."""

from __future__ import annotations

import textwrap
from typing import Any, ClassVar, Dict, Iterable, List, Set

import bpy

from answerprint_bridge.messages import WireError

from . import catalogue, pictures, props, settings, words
from .catalogue import Spec
from .classes import Classes
from .running import EDITORS, NOW

LETTER, UNIT = 6.4, 20  # pixels of a letter and of a button, at scale 1
LOG_LINES = 12


def in_place(context: Any) -> bool:
    """Whether this editor is one of ours: of the node editor only the compositor."""
    return getattr(context.space_data, "tree_type", "") in ("", "CompositorNodeTree")


def told(layout: Any, context: Any, lines: Iterable[words.Line]) -> None:
    """Texts in full, wrapped to the sidebar."""
    wide = context.region.width / context.preferences.system.ui_scale
    column = layout.column(align=True)
    column.scale_y = 0.8
    for icon, line in lines:
        rest = "NONE" if icon == "NONE" else "BLANK1"
        letters = int((wide - (60 if icon == "NONE" else 80)) / LETTER)
        for number, piece in enumerate(textwrap.wrap(line, max(letters, 16))):
            column.label(text=piece, icon=rest if number else icon)


class Main:
    """Tool, inputs, range, parameters, run, progress."""

    bl_label = "Answerprint"
    layout: Any

    @classmethod
    def poll(cls, context: Any) -> bool:
        return in_place(context)

    def draw(self, context: Any) -> None:
        held, spec = settings.of(context), settings.chosen(context)
        self.layout.use_property_split, self.layout.use_property_decorate = True, False
        self.layout.prop(held, "tool")
        column = self.layout.column()
        column.enabled = not NOW.working()
        self._inputs(column, settings.group(context, spec), spec)
        column.prop(held, "use_range")
        if held.use_range:
            span = column.column(align=True)
            span.prop(held, "first")
            span.prop(held, "last")
        column.separator()
        for each in props.shown(spec):
            column.prop(settings.group(context, spec), each["name"])
        column.prop(held, "write_frames")
        if settings.has_grade(context):
            column.prop(held, "graded")
        self._run(held, spec, settings.newer(context, spec))

    def _inputs(self, layout: Any, group: Any, spec: Spec) -> None:
        for each in spec["inputs"]:
            column = layout.column(align=True)
            column.use_property_split = False  # references are long
            column.label(text=props.label(each["name"]))
            row = column.row(align=True)
            row.prop(group, each["name"], text="", **_hint(each["name"]))
            pick = row.operator("answerprint.pick_input", text="", icon="EYEDROPPER")
            pick.tool, pick.input = spec["name"], each["name"]

    def _run(self, held: Any, spec: Spec, newer: bool) -> None:
        if NOW.job and not NOW.job.ended:
            row = self.layout.row(align=True)
            row.use_property_split = False
            row.prop(held, "progress", text=NOW.job.text(), slider=True)
            row.operator("answerprint.cancel", text="", icon="X")
            return
        row = self.layout.row()
        row.scale_y = 1.4
        label = f"Place New {spec['label']}" if newer else spec["label"]
        row.operator(f"answerprint.{spec['name']}", text=label, icon="PLAY")


def _hint(name: str) -> Dict[str, str]:
    """What an empty field means: the source is what is selected."""
    if name != "source" or bpy.app.version < (4, 1, 0):
        return {}
    try:
        chosen = NOW.host().selection()
    except WireError:
        chosen = []
    return {"placeholder": chosen[0].label if chosen else "nothing selected"}


class Result:
    """How the last job ended: picture, sentence, what became of each result."""

    bl_label = "Result"
    layout: Any

    @classmethod
    def poll(cls, context: Any) -> bool:
        return in_place(context) and NOW.job is not None and NOW.job.ended

    def draw(self, context: Any) -> None:
        layout, job = self.layout, NOW.job
        if job is None:
            return
        told(layout, context, job.summary())
        if job.result:
            row = layout.row(align=True)
            row.operator("answerprint.place_again", icon="FILE_REFRESH")
            row.operator("answerprint.report", text="Report", icon="URL")
        told(layout, context, words.of_error(job.trouble) if job.trouble else [])
        held = settings.of(context)
        if pictures.icon(held.side):
            layout.row(align=True).prop(held, "side", expand=True)
            wide = context.region.width / context.preferences.system.ui_scale
            layout.template_icon(icon_value=pictures.icon(held.side), scale=(wide - 50) / UNIT)


class Log:
    """What the core said."""

    bl_label = "Log"
    bl_options: ClassVar[Set[str]] = {"DEFAULT_CLOSED"}
    layout: Any

    @classmethod
    def poll(cls, context: Any) -> bool:
        return in_place(context) and NOW.job is not None

    def draw(self, context: Any) -> None:
        lines = list(NOW.job.lines)[-LOG_LINES:] if NOW.job else []
        told(self.layout, context, [("NONE", each) for each in lines or ["Nothing was said."]])


class ANSWERPRINT_MT_tools(bpy.types.Menu):
    """The menu in the menu bars: every tool, with the panel's settings."""

    bl_idname = "ANSWERPRINT_MT_tools"
    bl_label = "Answerprint"

    def draw(self, context: Any) -> None:
        self.layout.operator_context = "INVOKE_DEFAULT"
        for spec in catalogue.read():
            self.layout.operator(f"answerprint.{spec['name']}")
        self.layout.separator()
        for name in ("place_again", "report", "cancel"):
            self.layout.operator(f"answerprint.{name}")


BARS = (
    "NODE_MT_editor_menus",
    "IMAGE_MT_editor_menus",
    "CLIP_MT_tracking_editor_menus",
    "CLIP_MT_masking_editor_menus",
    "SEQUENCER_MT_editor_menus",
)


def in_bar(bar: Any, context: Any) -> None:
    """Of the menu bars."""
    if in_place(context):
        bar.layout.menu(ANSWERPRINT_MT_tools.bl_idname)


def _panels() -> List[type]:
    found: List[type] = [ANSWERPRINT_MT_tools]
    for editor in EDITORS:
        place = {"bl_space_type": editor, "bl_region_type": "UI", "bl_category": "Answerprint"}
        parent = f"ANSWERPRINT_PT_main_{editor}"
        body = {**place, "bl_idname": parent, "bl_order": 1}  # the check of the edit stands above
        found.append(type(parent, (Main, bpy.types.Panel), body))
        for each in (Result, Log):
            name = f"ANSWERPRINT_PT_{each.__name__.lower()}_{editor}"
            body = {**place, "bl_idname": name, "bl_parent_id": parent}
            found.append(type(name, (each, bpy.types.Panel), body))
    return found


_classes = Classes()
_bars: List[Any] = []  # that have our menu


def register() -> None:
    _classes.add(_panels())
    for bar in BARS:
        kind = getattr(bpy.types, bar)
        kind.append(in_bar)
        _bars.append(kind)


def unregister() -> None:
    while _bars:
        _bars.pop().remove(in_bar)
    _classes.drop()
