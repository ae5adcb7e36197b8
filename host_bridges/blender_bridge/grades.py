# SPDX-License-Identifier: GPL-3.0-or-later
"""Grades as node groups of plain maths: live, editable, unclamped, the same in every Blender.

    Answerprint Grade    x * Gain + Offset
    Answerprint CDL      (x * Slope + Offset) ** Power, then Saturation, of ACEScct codes or of
                         light, as the numbers are meant
    Answerprint Despill  Amount times what a channel has above the stronger other one is taken off

Blender's own Color Spill is not used for that: it holds negatives at 0, also with a Factor of 0.

Blender's own Color Balance is not used for a CDL: its Offset holds no negative number, it stops
negatives at 0 before the power, has no saturation and knows only the working space (-0.25 is
0.27 off, other light 0.01). The group passes negatives on, as OpenColorIO's CDL_NO_CLAMP and the
core do, and has ACEScct in it. Measured against OpenColorIO with 9.0, -0.25 and greys by
tests/contract/blender_cases.py: 5.0 within 2e-6, 4.2 and 4.5 within 5e-4 of the value, which is
how far the ACEScg of their own config is from everybody's.

A group is shared by all nodes of its kind and space; its numbers are inputs of the node. One
that somebody changed stays with the nodes that have it: the next result gets a new one.

Source: ASC CDL 1.2 (saturation with Rec. 709 weights); Academy S-2016-001 (ACEScct).
"""

from __future__ import annotations

import hashlib
from typing import Any, Callable, List, Sequence, Union

import bpy

from . import colour, compat

EDITION = 1
MADE = "answerprint_made"  # of a group: its digest when it was made
WEIGHTS = (0.2126, 0.7152, 0.0722)
CUT, CUT_CODE = 0.0078125, 0.155251141552511  # where ACEScct turns from a line into a logarithm
SLOPE, SHIFT = 10.5402377416545, 0.0729055341958355  # of the line
STOPS, ZERO = 17.52, 9.72  # code = (log2(light) + ZERO) / STOPS

Value = Union[Any, float]  # a socket, or a number
Remember = Callable[[Callable[[], None]], None]  # takes how to remove a group that is made
CHANNELS = ("red", "green", "blue")


def group(kind: str, space: str, remember: Remember) -> Any:
    """The group of a kind ('cdl' or 'grade') for numbers of a space; made where there is none."""
    linear = "ACEScg" if space == "ACEScct" else space
    here, there = colour.working(), colour.ours(linear)
    vector, value = "NodeSocketVector", "NodeSocketFloat"
    names = ("Gain", "Offset") if kind == "grade" else ("Slope", "Offset", "Power")
    inputs = [("Image", "NodeSocketColor"), *((name, vector) for name in names)]
    if kind == "cdl":
        inputs.append(("Saturation", value))
    title = "Grade" if kind == "grade" else "CDL"
    mark, away = f"{kind} {space} in {here}", "" if here == there else here
    return _standing(
        mark,
        f"{title} {space}",
        inputs,
        lambda maths: maths.build(kind, space == "ACEScct", away, there),
        remember,
    )


def despill(channel: int, remember: Remember) -> Any:
    """The group that takes a screen's red, green or blue off; made where there is none."""
    name = CHANNELS[channel]
    inputs = [("Image", "NodeSocketColor"), ("Amount", "NodeSocketFloat")]
    return _standing(
        f"despill {name}", f"Despill {name}", inputs, lambda m: m.despilled(channel), remember
    )


def _standing(
    mark: str,
    title: str,
    inputs: Sequence[tuple[str, str]],
    build: Callable[[_Maths], None],
    remember: Remember,
) -> Any:
    """The group of this mark that nobody changed; made where there is none."""
    mark = f"{EDITION} {mark}"
    for each in bpy.data.node_groups:
        ours = each.get(compat.GROUP) == mark and each.library is None
        if ours and each.get(MADE) == digest(each):
            return each
    made = compat.new_group(f"Answerprint {title}", inputs)
    remember(lambda: bpy.data.node_groups.remove(made))
    made[compat.GROUP] = mark
    build(_Maths(made))
    made[MADE] = digest(made)
    return made


def digest(tree: Any) -> str:
    """What a group computes: its nodes, their values and links; not where they are drawn."""
    usual = set(bpy.types.Node.bl_rna.properties.keys())
    told: List[Any] = []
    for node in tree.nodes:
        rows = [row for row in node.bl_rna.properties if row.identifier not in usual]
        plain = [row.identifier for row in rows if row.type not in ("POINTER", "COLLECTION")]
        told.append((node.name, node.bl_idname, node.mute, [(n, getattr(node, n)) for n in plain]))
        for socket in node.inputs:
            value: Any = getattr(socket, "default_value", None)
            plain_value = list(value) if hasattr(value, "__len__") else value
            told.append((socket.identifier, plain_value))
            told += [(link.from_node.name, link.from_socket.identifier) for link in socket.links]
    return hashlib.sha256(repr(told).encode()).hexdigest()


class _Maths:
    """Builds a group, column by column."""

    def __init__(self, tree: Any) -> None:
        self.tree, self.across = tree, 0

    def build(self, kind: str, log: bool, here: str, there: str) -> None:
        source = self.node("NodeGroupInput").outputs
        image = self.converted(source["Image"], here, there)
        parts = self.node("CompositorNodeSeparateColor")
        self.tree.links.new(image, parts.inputs[0])
        names = [each.name for each in source if each.name and each.name != "Image"]
        knobs = {n: self.three(source[n]) for n in names if n != "Saturation"}
        light = [self.code(parts.outputs[c]) if log else parts.outputs[c] for c in range(3)]
        if kind == "grade":
            done = [
                self.math("MULTIPLY_ADD", x, gain, offset)
                for x, gain, offset in zip(light, knobs["Gain"], knobs["Offset"], strict=True)
            ]
        else:
            rows = zip(light, knobs["Slope"], knobs["Offset"], knobs["Power"], strict=True)
            done = self.saturated([self.powered(*row) for row in rows], source["Saturation"])
        if log:
            done = [self.light(x) for x in done]
        whole = self.node("CompositorNodeCombineColor")
        for channel, x in enumerate((*done, parts.outputs[3])):
            self.tree.links.new(x, whole.inputs[channel])
        out = self.converted(whole.outputs[0], there, here)
        self.tree.links.new(out, self.node("NodeGroupOutput").inputs[0])

    def despilled(self, channel: int) -> None:
        source = self.node("NodeGroupInput").outputs
        parts = self.node("CompositorNodeSeparateColor")
        self.tree.links.new(source["Image"], parts.inputs[0])
        light = list(parts.outputs)[:3]
        others = self.math("MAXIMUM", *(light[c] for c in range(3) if c != channel))
        excess = self.math("MAXIMUM", self.math("SUBTRACT", light[channel], others), 0.0)
        off = self.math("MULTIPLY", excess, source["Amount"])
        light[channel] = self.math("SUBTRACT", light[channel], off)
        whole = self.node("CompositorNodeCombineColor")
        for number, x in enumerate((*light, parts.outputs[3])):
            self.tree.links.new(x, whole.inputs[number])
        self.tree.links.new(whole.outputs[0], self.node("NodeGroupOutput").inputs[0])

    def powered(self, x: Value, slope: Value, offset: Value, power: Value) -> Any:
        """A negative base is passed on."""
        x = self.math("MULTIPLY_ADD", x, slope, offset)
        above = self.math("POWER", self.math("MAXIMUM", x, 0.0), power)
        return self.math("ADD", above, self.math("MINIMUM", x, 0.0))

    def saturated(self, rgb: Sequence[Value], saturation: Value) -> List[Any]:
        luma = self.math("MULTIPLY", rgb[0], WEIGHTS[0])
        for x, weight in zip(rgb[1:], WEIGHTS[1:], strict=True):
            luma = self.math("MULTIPLY_ADD", x, weight, luma)
        apart = (self.math("SUBTRACT", x, luma) for x in rgb)
        return [self.math("MULTIPLY_ADD", each, saturation, luma) for each in apart]

    def code(self, x: Value) -> Any:
        """Light to ACEScct: the line up to the cut plus the logarithm from there on."""
        line = self.math("MULTIPLY_ADD", self.math("MINIMUM", x, CUT), SLOPE, SHIFT)
        stops = self.math("LOGARITHM", self.math("MAXIMUM", x, CUT), 2.0)
        above = self.math("MULTIPLY_ADD", stops, 1 / STOPS, ZERO / STOPS - CUT_CODE)
        return self.math("ADD", line, above)

    def light(self, x: Value) -> Any:
        """ACEScct to light, the same way."""
        low = self.math("MINIMUM", x, CUT_CODE)
        line = self.math("MULTIPLY_ADD", low, 1 / SLOPE, -SHIFT / SLOPE - CUT)
        stops = self.math("MULTIPLY_ADD", self.math("MAXIMUM", x, CUT_CODE), STOPS, -ZERO)
        return self.math("ADD", self.math("POWER", 2.0, stops), line)

    def three(self, vector: Any) -> List[Any]:
        node = self.node(compat.SEPARATE_XYZ)
        self.tree.links.new(vector, node.inputs[0])
        return list(node.outputs)

    def converted(self, socket: Any, source: str, to: str) -> Any:
        if not source or not to:
            return socket
        node = self.node("CompositorNodeConvertColorSpace")
        node.from_color_space, node.to_color_space = source, to
        self.tree.links.new(socket, node.inputs[0])
        return node.outputs[0]

    def math(self, operation: str, *values: Value) -> Any:
        node = self.node(compat.MATH)
        node.operation, node.use_clamp = operation, False
        for socket, value in zip(node.inputs, values, strict=False):
            if isinstance(value, float):
                socket.default_value = value
            else:
                self.tree.links.new(value, socket)
        return node.outputs[0]

    def node(self, kind: str) -> Any:
        node = self.tree.nodes.new(kind)
        node.location = (self.across // 12 * 180, -(self.across % 12) * 170)
        self.across += 1
        return node
