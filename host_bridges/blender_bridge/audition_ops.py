# SPDX-License-Identifier: GPL-3.0-or-later
"""The missing shots of the sequencer's edit, and what the show has for them.

    bpy.ops.answerprint.show_gaps()                 look for them; they stand in the panel's list
    bpy.ops.answerprint.audition()                  all proposals above their holes, muted
    bpy.ops.answerprint.swap_take(id="gap_1.2")     show this one, mute the others, and match it
    bpy.ops.answerprint.mute_takes(id="gap_1.2")    the hole as it was

Without an id it is the proposal that is chosen in the list.
"""

from __future__ import annotations

from typing import Any, List, Mapping

import bpy

from answerprint_bridge.auditions import MATCH
from answerprint_bridge.messages import HOST_REFUSED, WireError

from . import catalogue, compat, operators, show_list, show_ops, things
from .auditions import LAID, begin_then
from .classes import Classes
from .operators import FORGET, Said
from .running import NOW, redraw
from .words import Line


def gaps() -> Mapping[str, Any]:
    """The answer that is shown. WireError where there is none."""
    if NOW.shown.gaps is None:
        hint = "Look for the missing shots first."
        raise WireError(HOST_REFUSED, "Nobody has looked for missing shots.", hint)
    return NOW.shown.gaps


def proposed(context: Any, name: str) -> str:
    """The id of a proposal, or of the one in the list. WireError where there is none."""
    there, row = NOW.shown.proposals(), show_list.row(context)
    name = name or (row.id if row else "")
    if name not in there:
        title = f"There is no proposal '{name}'." if name else "No proposal is chosen."
        raise WireError(HOST_REFUSED, title, "Choose one in the list.")
    return name


def select(name: str) -> None:
    """Of the strips that are laid, the one of this proposal alone is selected and active."""
    cut = NOW.shown.gaps["cut"] if NOW.shown.gaps else ""
    scene = compat.sequencer_scene()
    for each in compat.strips(scene):
        told = things.tags(each).get(LAID, {})
        if told.get("cut") == cut:
            each.select = told["id"] == name
            if each.select:
                scene.sequence_editor.active_strip = each


def go(context: Any) -> None:
    """The playhead on the hole or the proposal that is chosen, and its strip, if it is laid."""
    if row := show_list.row(context):
        scene = compat.sequencer_scene()
        scene.frame_set(begin_then(scene, NOW.shown.gaps or {}) + row.at)
        select(row.id)


def _id() -> Any:
    about = "Which proposal; empty: the one that is chosen in the list"
    return bpy.props.StringProperty(name="Proposal", description=about, options=FORGET)


class Found:
    """What needs an answer to work with."""

    @classmethod
    def poll(cls, context: Any) -> bool:
        return NOW.shown.gaps is not None and not NOW.working()


class ANSWERPRINT_OT_show_gaps(show_ops.Asking, bpy.types.Operator):
    """Look what the show has for the missing shots of this edit. Nothing is changed"""

    bl_idname = "answerprint.show_gaps"
    bl_label = "Find Missing Shots"

    def begin(self, context: Any) -> None:
        show = show_ops.folder()
        NOW.ask("look", lambda s, a: s.gaps(show, on_progress=a.moved))
        NOW.shown.gaps, NOW.shown.missing = None, []
        show_list.fill_holes(context)

    def tell(self, lines: List[Line]) -> None:
        NOW.shown.missing = lines

    def take(self, context: Any, result: Mapping[str, Any]) -> None:
        NOW.shown.gaps = dict(result)
        self.tell([("NONE", result["sentence"])])
        show_list.fill_holes(context)
        self.report({"INFO"}, result["sentence"])


class ANSWERPRINT_OT_audition(Found, bpy.types.Operator):
    """Lay all proposals above their holes, muted, with a marker on each"""

    bl_idname = "answerprint.audition"
    bl_label = "Audition"

    def execute(self, context: Any) -> Said:
        try:
            laid = NOW.session().audition(gaps())
        except WireError as refused:
            return operators.tell_error(self, refused)
        lie = "1 take lies" if len(laid) == 1 else f"{len(laid)} takes lie"
        self.report({"INFO"}, f"{lie} above the edit, muted")
        redraw()
        return {"FINISHED"}


class ANSWERPRINT_OT_swap_take(operators.Waiting, bpy.types.Operator):
    """Show this take in its hole and mute the others there, then match it where it needs that"""

    bl_idname = "answerprint.swap_take"
    bl_label = "Swap and Match"
    __annotations__ = {"id": _id()}

    def begin(self, context: Any) -> None:
        name, session = proposed(context, self.id), NOW.session()
        item = session.swap(gaps(), name)
        select(name)
        prepared = session.prepared(gaps(), name)
        self.matches = bool(prepared.inputs)
        self.told = f"{item.label} is shown."
        if prepared.inputs:
            NOW.start(catalogue.find(MATCH), {}, prepared.inputs)
        elif prepared.why:
            self.told += f" It is not matched: {prepared.why}"

    def wait(self) -> None:
        if self.matches:
            operators.wait_for_job()

    def done(self) -> Said:
        NOW.shown.missing = [("NONE", self.told)]
        redraw()
        if not self.matches:
            self.report({"INFO"}, self.told)
            return {"FINISHED"}
        NOW.shown.missing += operators.told_of_job()
        return operators.tell_job(self)


class ANSWERPRINT_OT_mute_takes(Found, bpy.types.Operator):
    """Mute all takes above this hole: it is as it was"""

    bl_idname = "answerprint.mute_takes"
    bl_label = "As It Was"
    __annotations__ = {"id": _id()}

    def execute(self, context: Any) -> Said:
        try:
            NOW.session().mute(gaps(), proposed(context, self.id))
        except WireError as refused:
            return operators.tell_error(self, refused)
        redraw()
        return {"FINISHED"}


CLASSES = (
    ANSWERPRINT_OT_show_gaps,
    ANSWERPRINT_OT_audition,
    ANSWERPRINT_OT_swap_take,
    ANSWERPRINT_OT_mute_takes,
)

_classes = Classes()


def register() -> None:
    _classes.add(CLASSES)


def unregister() -> None:
    _classes.drop()
