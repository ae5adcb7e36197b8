# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings of a check as rows that Blender's lists can show.

They belong to the window manager: undo does not touch them, and no file keeps them. The row that
is clicked is shown on the timeline.
"""

from __future__ import annotations

from typing import Any

import bpy

from answerprint_bridge.messages import WireError

from . import compat, editing, words
from .check_job import CheckJob
from .classes import Classes
from .running import NOW

WHERE = "answerprint_check"  # of the window manager


def of(context: Any) -> Any:
    """{rows, chosen}."""
    return getattr(context.window_manager, WHERE)


def chosen(context: Any) -> str:
    """The id of the chosen row, '' where there is none."""
    held = of(context)
    return str(held.rows[held.chosen].id) if 0 <= held.chosen < len(held.rows) else ""


def clear(context: Any) -> None:
    of(context).rows.clear()


def fill(context: Any, job: CheckJob) -> None:
    """The rows of a check, the chosen one as before where it is still there."""
    held, before = of(context), chosen(context)
    first = editing.begin_of(compat.sequencer_scene())
    clear(context)
    for each in job.findings:
        row = held.rows.add()
        row.id, row.kind, row.colour = each["id"], each["kind"], each["colour"]
        row.shot = each["mend"] or each["shots"][-1] if each["shots"] else ""
        row.frame = first + each["frame"]
        row.value, row.text = words.of_value(each), each["text"]
        row.fixable, row.fixed = bool(each["fix"]), each["id"] in job.fixed
        row.name = f"{row.kind} {' '.join(each['shots'])}"  # what is searched in
    ids = [row.id for row in held.rows]
    held["chosen"] = ids.index(before) if before in ids else 0  # nobody clicked: nothing moves


def _clicked(held: Any, context: Any) -> None:
    """Of the chosen row."""
    from . import check_ops  # it stands on this

    try:
        check_ops.show(check_ops.chosen(context, ""))
    except WireError as refused:  # the strips changed since
        NOW.host().message("warning", refused.title, refused.hint)


class ANSWERPRINT_PG_finding(bpy.types.PropertyGroup):
    """One finding. `name` is what the list's search looks at."""

    __annotations__ = {
        "id": bpy.props.StringProperty(),
        "kind": bpy.props.StringProperty(name="Kind"),
        "shot": bpy.props.StringProperty(name="Shot"),
        "frame": bpy.props.IntProperty(name="Frame"),
        "value": bpy.props.StringProperty(name="Value"),
        "text": bpy.props.StringProperty(name="Text"),
        "colour": bpy.props.StringProperty(name="Colour"),
        "fixable": bpy.props.BoolProperty(name="Has a fix"),
        "fixed": bpy.props.BoolProperty(name="Fixed"),
    }


class ANSWERPRINT_PG_check(bpy.types.PropertyGroup):
    """The list, and which row is chosen."""

    __annotations__ = {
        "rows": bpy.props.CollectionProperty(type=ANSWERPRINT_PG_finding),
        "chosen": bpy.props.IntProperty(
            name="Finding",
            description="Go to its frame, and choose its strip",
            update=_clicked,
        ),
    }


_classes = Classes()


def register() -> None:
    _classes.add([ANSWERPRINT_PG_finding, ANSWERPRINT_PG_check])
    held = bpy.props.PointerProperty(type=ANSWERPRINT_PG_check)
    setattr(bpy.types.WindowManager, WHERE, held)


def unregister() -> None:
    if hasattr(bpy.types.WindowManager, WHERE):
        delattr(bpy.types.WindowManager, WHERE)
    _classes.drop()
