"""Which nodes say a look: class and knobs, in order from the plate down. Nothing is made here.

    grade   Grade: multiply and add, unclamped; numbers of the working space only
    cdl     OCIOCDLTransform, working_space as the numbers need it
    lut     OCIOFileTransform, between OCIOColorSpaces where the cube is of another space

The same list builds the nodes, and sets those that stand to another strength or level.
"""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

from answerprint_bridge.results import Form

from . import paths, script

Step = Tuple[str, Dict[str, Any]]


def steps(form: Form, plate: Any) -> List[Step]:
    """The nodes of a look, for a plate (which says how paths are written).

    WireError -32020 where the script's colour config lacks a space it needs.
    """
    return {"grade": _grade, "cdl": _cdl, "lut": _lut}[form.kind](form.data, plate)


def in_place(nodes: Sequence[Any], wanted: Sequence[Step]) -> bool:
    """Set standing nodes to these steps; False, and nothing set, where they are other nodes.

    WireError -32020, and all as it was, where a knob does not take its value.
    """
    if [each.Class() for each in nodes] != [kind for kind, _ in wanted]:
        return False
    before: List[Tuple[Any, Any]] = []
    try:
        for node, (_, knobs) in zip(nodes, wanted, strict=True):
            for name, value in knobs.items():
                if (knob := node.knob(name)) is not None:
                    before.append((knob, knob.value()))
                script.put(node, name, value)
    except BaseException:
        for knob, value in reversed(before):
            knob.setValue(value)
        raise
    return True


def _grade(data: Any, plate: Any) -> List[Step]:
    knobs = {
        "black_clamp": False,
        "white_clamp": False,
        "multiply": [*map(float, data["gain"]), 1.0],
        "add": [*map(float, data["offset"]), 0.0],
    }
    return [("Grade", knobs)]


def _cdl(data: Any, plate: Any) -> List[Step]:
    numbers = {knob: [*map(float, data[knob])] for knob in ("slope", "offset", "power")}
    space = script.named(data["working_space"])
    knobs = {"working_space": space, **numbers, "saturation": float(data["saturation"])}
    return [("OCIOCDLTransform", knobs)]


def _lut(data: Any, plate: Any) -> List[Step]:
    here, there = script.named(script.working()), script.named(data["space"])
    cube: Step = ("OCIOFileTransform", {"file": paths.written(data["path"], plate)})
    if here == there:
        return [cube]
    into: Step = ("OCIOColorSpace", {"in_colorspace": here, "out_colorspace": there})
    back: Step = ("OCIOColorSpace", {"in_colorspace": there, "out_colorspace": here})
    return [into, cube, back]
