# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panels hold, kept with the scene: the tool, its inputs, its parameters, the range."""

from __future__ import annotations

from typing import Any, Iterator, List

import bpy

from answerprint_bridge.messages import WireError

from . import catalogue, inputs, props
from .catalogue import Spec
from .classes import Classes
from .running import NOW

PAUSE = 0.15  # seconds a knob rests before its result is looked at


def of(context: Any) -> Any:
    """The scene's settings."""
    return context.scene.answerprint


def chosen(context: Any) -> Spec:
    """The tool the panel shows; the first where the file's is no longer there."""
    name = of(context).tool  # '' then
    return catalogue.find(name) if name else catalogue.read()[0]


def group(context: Any, spec: Spec) -> Any:
    """Inputs and parameters of a tool."""
    return getattr(of(context), spec["name"])


def fill(operator: Any, spec: Spec, context: Any) -> None:
    """Give an operator what the panel says, where the caller named nothing."""
    held, own = of(context), group(context, spec)
    names = ["write_frames", *(("first", "last") if held.use_range else ())]
    names += ["graded"] if has_grade(context) else []
    rows = [(held, name) for name in names]
    rows += [(own, row["name"]) for row in (*spec["inputs"], *props.shown(spec))]
    for source, name in rows:
        if not operator.properties.is_property_set(name):
            setattr(operator, name, getattr(source, name))


def has_grade(context: Any) -> bool:
    """Whether what is chosen here can have a grade of its own: strips have."""
    return getattr(context.space_data, "type", "") == "SEQUENCE_EDITOR"


def newer(context: Any, spec: Spec) -> bool:
    """Whether live parameters were changed since the shown job was placed."""
    run = NOW.job.result if NOW.job and NOW.job.spec == spec else None
    if run is None:
        return False
    held = props.values(spec, group(context, spec))
    return any(held[name] != run.params[name] for name in catalogue.live(spec) if name in held)


def _search(held: Any, context: Any, typed: str) -> Iterator[Any]:
    try:
        yield from list(inputs.suggestions(NOW.host(), typed))
    except WireError as refused:
        yield str(refused)


def _changed(held: Any, context: Any) -> None:
    """Of a live parameter: look at its result once the knob rests."""
    if NOW.job and NOW.job.result and not bpy.app.background:
        if bpy.app.timers.is_registered(_look):
            bpy.app.timers.unregister(_look)
        bpy.app.timers.register(_look, first_interval=PAUSE)


def _look() -> None:
    if NOW.job and NOW.job.result:
        spec = NOW.job.spec
        held = props.values(spec, group(bpy.context, spec))
        live = {name: held[name] for name in catalogue.live(spec) if name in held}
        NOW.look({**NOW.job.result.params, **live})


def _groups() -> List[type]:
    """A group for each tool of the catalogue, then the one of the scene."""
    groups, held = [], {}
    specs = catalogue.read()
    for spec in specs:
        told = props.of_tool(spec, hard=True, changed=_changed, search=_search)
        name = f"ANSWERPRINT_PG_{spec['name']}"
        groups.append(type(name, (bpy.types.PropertyGroup,), {"__annotations__": told}))
        held[spec["name"]] = bpy.props.PointerProperty(type=groups[-1])
    items = props.items((each["name"], each["label"], each["summary"]) for each in specs)
    held["tool"] = bpy.props.EnumProperty(name="Tool", description="What is done", items=items)
    held["use_range"] = bpy.props.BoolProperty(
        name="Range", description="Work on a part of the source's frames only"
    )
    held["first"] = bpy.props.IntProperty(name="First", description="First frame", default=1001)
    held["last"] = bpy.props.IntProperty(name="Last", description="Last frame", default=1100)
    held["write_frames"] = bpy.props.BoolProperty(
        name="Write Frames", description="Write result frames too, beside the live nodes"
    )
    held["graded"] = bpy.props.BoolProperty(
        name="As Graded", description="Take inputs as Blender shows them, with their own grade"
    )
    held["side"] = bpy.props.EnumProperty(
        name="Picture",
        description="What the result's picture shows",
        items=[("before", "Before", "The plate"), ("after", "After", "The result")],
        default="after",
    )
    held["progress"] = bpy.props.FloatProperty(
        name="Progress",
        description="How far the job is",
        get=lambda held: 100 * task.fraction if (task := NOW.task() or NOW.job) else 0.0,
        min=0,
        max=100,
        precision=0,
        subtype="PERCENTAGE",
    )
    whole = {"__annotations__": held}
    return [*groups, type("ANSWERPRINT_PG_settings", (bpy.types.PropertyGroup,), whole)]


_classes = Classes()


def register() -> None:
    _classes.add(_groups())
    bpy.types.Scene.answerprint = bpy.props.PointerProperty(type=_classes.there[-1])


def unregister() -> None:
    if bpy.app.timers.is_registered(_look):
        bpy.app.timers.unregister(_look)
    if hasattr(bpy.types.Scene, "answerprint"):
        del bpy.types.Scene.answerprint
    _classes.drop()
