"""The script of the double of `nuke`: its file, and what runs in its knobs. See `nuke_double`."""

from __future__ import annotations

import json
import sys
from typing import Any

from .nuke_knobs import USER, Enumeration_Knob, evaluated


def _nuke() -> Any:
    from . import nuke_double

    return nuke_double


def thisNode() -> Any:
    return _nuke().scene.this[-1][0]


def thisKnob() -> Any:
    return _nuke().scene.this[-1][1]


def run(code: str, node: Any, knob: Any) -> None:
    """The text of a knob as Python, with the node and knob it is for."""
    scene = _nuke().scene
    scene.this.append((node, knob))
    try:
        exec(code, {"nuke": sys.modules["nuke"], "__name__": "__main__"})
    finally:
        scene.this.pop()


def press(knob: Any) -> None:
    _nuke().scene.pressed.append(knob)
    if code := knob.command():
        run(code, knob.node_of, knob)


def tcl(words: list[str]) -> str:
    """The commands that scripts use in paths."""
    nuke = _nuke()

    home = nuke.scene.root["name"].value().rpartition("/")[0]
    if words == ["value", "root.name"]:
        return nuke.scene.root["name"].value()
    if words == ["value", "root.project_directory"]:
        return evaluated(nuke.scene.root["project_directory"].value(), tcl)
    if words[:2] == ["file", "dirname"]:
        return words[2].rpartition("/")[0]
    if words == ["python", "nuke.script_directory()"]:
        return home
    raise RuntimeError(f"invalid command name {words[0]!r}")


def scriptSaveAs(filename: str, overwrite: bool = False) -> None:
    nuke = _nuke()

    told = [
        {
            "class": n.Class(),
            "name": n.fullName(),
            "inputs": [None if m is None else m.fullName() for m in n._inputs],
            "user": [
                [type(n._knobs[k]).__name__, k, n._knobs[k].label(), n._knobs[k].flags]
                + ([n._knobs[k].values()] if isinstance(n._knobs[k], Enumeration_Knob) else [])
                for k in n.user
            ],
            "knobs": {k: knob._value for k, knob in n._knobs.items() if k != "curves"},
        }
        for n in [nuke.scene.root, *nuke.scene.nodes]
    ]
    with open(filename, "w" if overwrite else "x", encoding="utf-8") as file:
        json.dump(told, file)


def scriptOpen(filename: str) -> None:
    nuke = _nuke()

    with open(filename, encoding="utf-8") as file:
        head, *others = json.load(file)
    nuke.reset(nuke.GUI)
    made = {}
    for told in others:
        group, _, name = told["name"].rpartition(".")
        node = nuke.Node(told["class"], made[group] if group else nuke.scene.root)
        node._name = name
        made[told["name"]] = node
        nuke.scene.nodes.append(node)
        for kind, knob, label, flags, *values in told["user"]:
            new = Enumeration_Knob(knob, label, *values) if values else USER[kind](knob, label)
            new.flags = flags
            node.addKnob(new)
    for told, node in ((head, nuke.scene.root), *((t, made[t["name"]]) for t in others)):
        for name, value in told["knobs"].items():
            node.knob(name)._value = value  # no knobChanged while a script is read
        node._inputs = [n and made[n] for n in told["inputs"]]
    nuke.scene.root["name"].setValue(filename)
    nuke.Undo.steps.clear()  # a script begins with none
