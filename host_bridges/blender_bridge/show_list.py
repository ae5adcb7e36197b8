# SPDX-License-Identifier: GPL-3.0-or-later
"""The takes of the show, and the holes of the edit with theirs, as rows that Blender can list.

They belong to the window manager: undo does not touch them, and no file keeps them. The row of a
hole or of a proposal that is clicked is shown on the timeline.
"""

from __future__ import annotations

from typing import Any

import bpy

from answerprint_bridge.messages import WireError
from answerprint_bridge.showing import BY, Take

from .classes import Classes
from .running import NOW

WHERE = "answerprint_show"  # of the window manager
COUNTS = {
    "any": ("Place, then Look", "Takes that see the same place, then those that look alike"),
    "place": ("The Same Place", "Only what is verified"),
    "look": ("The Same Look", "By the look alone"),
}


def of(context: Any) -> Any:
    """{takes, take, holes, hole, by}."""
    return getattr(context.window_manager, WHERE)


def take(context: Any) -> Take | None:
    """The take that is chosen."""
    held, takes = of(context), NOW.shown.takes
    return takes[held.take] if 0 <= held.take < min(len(held.takes), len(takes)) else None


def row(context: Any) -> Any:
    """The chosen row of the missing shots: a hole's, or a proposal's with its id."""
    held = of(context)
    return held.holes[held.hole] if 0 <= held.hole < len(held.holes) else None


def fill_takes(context: Any) -> None:
    held = of(context)
    held.takes.clear()
    for each in NOW.shown.takes:
        _fill(held.takes.add(), each)
    held["take"] = 0


def fill_holes(context: Any) -> None:
    """Each hole, then what could stand there."""
    held = of(context)
    held.holes.clear()
    for hole in NOW.shown.gaps["holes"] if NOW.shown.gaps else ():
        made = held.holes.add()
        made.hole, made.at = True, hole["range"][0]
        made.name = f"{hole['timecode']}  {hole['what']}"
        if not hole["proposals"]:
            made.name += ": the show has nothing for it"
        for each in hole["proposals"]:
            made = held.holes.add()
            made.id, made.at = each["id"], each["at"]
            _fill(made, Take.proposed(each))
    held["hole"] = 0  # nobody clicked: nothing moves


def _fill(made: Any, each: Take) -> None:
    made.name, made.sees, made.why, made.thumb = each.name, each.sees, each.why, each.thumb
    made.frames = f"{each.first}-{each.last}" if each.last != each.first else str(each.first)
    made.sure = f"{100 * each.sure:.0f} %"


def _clicked(held: Any, context: Any) -> None:
    """Of the chosen hole or proposal."""
    from . import audition_ops  # it stands on this

    try:
        audition_ops.go(context)
    except WireError as refused:  # the strips changed since
        NOW.host().message("warning", refused.title, refused.hint)


class ANSWERPRINT_PG_take(bpy.types.PropertyGroup):
    """A take, or a hole. `name` is what the list's search looks at."""

    __annotations__ = {
        "id": bpy.props.StringProperty(),
        "hole": bpy.props.BoolProperty(),
        "at": bpy.props.IntProperty(name="Frame of the edit"),
        "frames": bpy.props.StringProperty(name="Frames"),
        "sees": bpy.props.StringProperty(name="What it sees"),
        "sure": bpy.props.StringProperty(name="Sure"),
        "why": bpy.props.StringProperty(name="Why"),
        "thumb": bpy.props.StringProperty(name="Picture"),
    }


class ANSWERPRINT_PG_show(bpy.types.PropertyGroup):
    """Both lists, which rows are chosen, and what counts in a search."""

    __annotations__ = {
        "takes": bpy.props.CollectionProperty(type=ANSWERPRINT_PG_take),
        "take": bpy.props.IntProperty(name="Take"),
        "holes": bpy.props.CollectionProperty(type=ANSWERPRINT_PG_take),
        "hole": bpy.props.IntProperty(
            name="Missing shot", description="Go to its frame", update=_clicked
        ),
        "by": bpy.props.EnumProperty(
            name="What Counts",
            description="Which takes are listed",
            items=[(name, *COUNTS[name]) for name in BY],
        ),
    }


_classes = Classes()


def register() -> None:
    _classes.add([ANSWERPRINT_PG_take, ANSWERPRINT_PG_show])
    held = bpy.props.PointerProperty(type=ANSWERPRINT_PG_show)
    setattr(bpy.types.WindowManager, WHERE, held)


def unregister() -> None:
    if hasattr(bpy.types.WindowManager, WHERE):
        delattr(bpy.types.WindowManager, WHERE)
    _classes.drop()
