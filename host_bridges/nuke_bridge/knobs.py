"""A tool's parameters as knobs of a node, and their values back.

Not run in Nuke itself (see the package). Names begin with 'ap_', so that no parameter can be
mistaken for a knob that every node has. A list of names is one on each line.
"""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, Mapping, Sequence

import nuke

from answerprint_bridge.messages import HOST_REFUSED, WireError

PREFIX = "ap_"
ROUNDING = 1e-6
ABSENT = "Answerprint is not installed in this Nuke. The node keeps its look."
CALL = """\
try:
    from answerprint_nuke import live as answerprint
except ImportError as why:
    nuke.{say}({absent!r} + " (%s)" % why)
else:
    answerprint.{act}
"""
CHANGED = "if nuke.thisKnob().name().startswith({prefix!r}):\n{call}"


def add(group: Any, rows: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> None:
    """A tab with the knobs and buttons of a tool."""
    group.addKnob(nuke.Tab_Knob("answerprint", "Answerprint"))
    for row in rows:
        if row["kind"] not in _KINDS:
            title = f"There is no knob for '{row['name']}', which is a '{row['kind']}'."
            raise WireError(HOST_REFUSED, title, "Run install.py repair: versions differ.")
        knob = _KINDS[row["kind"]](PREFIX + row["name"], _words(row["name"]), row)
        knob.setTooltip(row["help"] + (" (live)" if row["live"] else " (press Update)"))
        group.addKnob(knob)
        value = values.get(row["name"], row["default"])
        knob.setValue("\n".join(value) if row["kind"] == "names" else value)
    for name, label, tip in (
        ("update", "Update", "Measure what is wired to the node again, with these settings"),
        ("bake", "Bake", "Write the frames, and put a Read of them below"),
        ("show", "Open in the panel", "Show the node's settings in the Answerprint panel"),
    ):
        button = nuke.PyScript_Knob(f"answerprint_{name}", label)
        button.setTooltip(tip)
        button.setCommand(CALL.format(say="message", absent=ABSENT, act=f"{name}(nuke.thisNode())"))
        group.addKnob(button)
    call = CALL.format(say="tprint", absent=ABSENT, act="changed(nuke.thisNode())")
    inside = "".join(f"    {line}\n" for line in call.splitlines())
    group["knobChanged"].setValue(CHANGED.format(prefix=PREFIX, call=inside))


def values(group: Any, rows: Sequence[Mapping[str, Any]]) -> Dict[str, Any]:
    """Parameter name -> value, as the knobs stand."""
    return {row["name"]: _value(group[PREFIX + row["name"]], row) for row in rows}


def changed(
    group: Any, rows: Sequence[Mapping[str, Any]], params: Mapping[str, Any]
) -> Dict[str, Any]:
    """The parameters whose knobs say something else than `params`; a script rounds numbers."""
    now, usual = values(group, rows), {row["name"]: row["default"] for row in rows}
    then = {**usual, **params}  # a run of an older version of the tool knows fewer
    return {name: value for name, value in now.items() if not _same(value, then[name])}


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=ROUNDING, abs_tol=ROUNDING)
    return bool(one == other)


def _value(knob: Any, row: Mapping[str, Any]) -> Any:
    kind, value = row["kind"], knob.value()
    if kind == "names":
        return [line.strip() for line in str(value).splitlines() if line.strip()]
    if kind == "num":
        return int(value) if row["whole"] else float(value)
    return bool(value) if kind == "flag" else str(value)


def _number(name: str, label: str, row: Mapping[str, Any]) -> Any:
    knob: Any = (nuke.Int_Knob if row["whole"] else nuke.Double_Knob)(name, label)
    knob.setRange(row["low"], row["high"])
    return knob


def _flag(name: str, label: str, row: Mapping[str, Any]) -> Any:
    knob = nuke.Boolean_Knob(name, label)
    knob.setFlag(nuke.STARTLINE)
    return knob


_KINDS: Dict[str, Callable[[str, str, Mapping[str, Any]], Any]] = {
    "num": _number,
    "pick": lambda name, label, row: nuke.Enumeration_Knob(name, label, list(row["choices"])),
    "flag": _flag,
    "frames": lambda name, label, row: nuke.String_Knob(name, label),
    "names": lambda name, label, row: nuke.Multiline_Eval_String_Knob(name, label),
}


def _words(name: str) -> str:
    """'source_frame' as people read it."""
    return name.replace("_", " ").capitalize()
