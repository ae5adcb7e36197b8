# SPDX-License-Identifier: GPL-3.0-or-later
"""A tool's declaration as Blender's properties, and their values as the tool takes them.

Blender keeps numbers in 32 bits: 0.1 is held as 0.10000000149. `values` gives the shortest
decimal that Blender holds as the same number, which is what the artist typed.

An operator's number has soft limits only: a script's value out of range reaches the tool, which
refuses it and says the range. In a panel the field itself stops there, for all to see.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any, Callable, Dict, Iterable, List, Tuple

import bpy

from .catalogue import Spec

INT = 2**31 - 1
Annotations = Dict[str, Any]


def exact(value: float) -> float:
    """The shortest decimal that 32 bits hold as this value."""
    held = struct.pack("f", value)
    near = (float(f"{value:.{digits}g}") for digits in range(1, 10))
    return next((each for each in near if struct.pack("f", each) == held), value)


def label(name: str) -> str:
    """'source_frame' as Blender writes names: 'Source Frame'."""
    return name.replace("_", " ").title().replace("Cdl", "CDL").replace("Lut", "LUT")


def items(choices: Iterable[Tuple[str, str, str]]) -> List[Tuple[str, str, str, int]]:
    """Items of an enumeration, numbered by their names: Blender saves the number, and the next
    catalogue may list them in another order."""
    return [(*each, zlib.crc32(each[0].encode()) & INT) for each in choices]


def of_param(row: Spec, hard: bool, **more: Any) -> Any:
    """The property of a parameter. hard: the field itself stops at the range.

    Raises ValueError for a kind of parameter that this Answerprint does not know.
    """
    kind, default = row["kind"], row["default"]
    told = {"name": label(row["name"]), "description": row["help"], **more}
    if kind == "num":
        low, high = ("min", "max") if hard else ("soft_min", "soft_max")
        told.update({"default": default, low: row["low"], high: row["high"]})
        if row["whole"]:
            told.update({low: max(row["low"], -INT), high: min(row["high"], INT)})
            return bpy.props.IntProperty(**told)
        if (row["low"], row["high"]) == (0, 1):
            told["subtype"] = "FACTOR"
        return bpy.props.FloatProperty(precision=3, **told)
    if kind == "pick":
        choices = [(each, label(each), "") for each in row["choices"]]
        return bpy.props.EnumProperty(items=items(choices), default=default, **told)
    if kind == "flag":
        return bpy.props.BoolProperty(default=default, **told)
    if kind == "frames":
        return bpy.props.StringProperty(default=default, **told)
    if kind == "names":
        return bpy.props.StringProperty(default=", ".join(default), **told)
    raise ValueError(
        f"'{row['name']}' is of the kind '{kind}', which these files do not know. "
        "Run: install.py repair"
    )


def of_tool(
    spec: Spec,
    hard: bool = False,
    changed: Callable[..., None] | None = None,
    search: Callable[..., Any] | None = None,
    **more: Any,
) -> Annotations:
    """Annotations for a tool's inputs and parameters.

    changed   Blender's `update` of the live parameters. search: that of the inputs.
    """
    found: Annotations = {}
    for each in spec["inputs"]:
        told = {"name": label(each["name"]), "description": each["help"], **more}
        if search:
            told.update(search=search, search_options={"SUGGESTION"})
        found[each["name"]] = bpy.props.StringProperty(**told)
    for row in spec["params"]:
        live = {"update": changed} if changed and row["live"] else {}
        found[row["name"]] = of_param(row, hard, **live, **more)
    return found


def values(spec: Spec, held: Any) -> Dict[str, Any]:
    """The parameters that a group or an operator holds, as the tool takes them.

    What the host fills in (`from_host`) is left out where nobody named it.
    """
    found = {row["name"]: _value(row, getattr(held, row["name"])) for row in spec["params"]}
    from_host = [row["name"] for row in spec["params"] if "from_host" in row]
    return {name: each for name, each in found.items() if each or name not in from_host}


def shown(spec: Spec) -> List[Spec]:
    """The parameters that a panel shows."""
    return [row for row in spec["params"] if "from_host" not in row]


def _value(row: Spec, held: Any) -> Any:
    if row["kind"] == "names":
        return [name.strip() for name in held.split(",") if name.strip()]
    return exact(held) if row["kind"] == "num" and not row["whole"] else held
