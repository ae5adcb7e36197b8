# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes of a result in the compositor: in one labelled frame below the plate, clear of others.

Nothing of the artist's is linked anew: the first node of a result takes the plate as its input,
and the artist joins its output where it belongs. One node stands for a result; those that only
serve it (its picture, the frame round it) are its parts.
"""

from __future__ import annotations

from typing import Any, List, Sequence

import bpy

from answerprint_bridge.results import Result

from . import compat, files, grades, things

ACROSS, GAP, EDGE = 260, 60, 60  # pixels of the node editor
HIGH = {  # as they are drawn; Blender tells only what it has drawn already
    "CompositorNodeImage": 420,
    "CompositorNodeMovieClip": 320,
    "CompositorNodeGroup": 440,
    "NodeFrame": 160,
}
PART = "answerprint_part"  # marks what only serves a result
KEYED = ("slope", "offset", "power", "gain")


class Board:
    """The nodes that one step of undo adds to a compositor."""

    def __init__(self, near: Any, label: str, remember: grades.Remember):
        """near: the thing they are for, None for none. remember: takes how to remove a node."""
        self.near, self.label, self.remember = near, label or "Answerprint", remember
        scene = things.scene_of(near)
        self.tree = near.id_data if things.is_node(near) else _tree(scene, remember)
        self.rows: List[List[Any]] = []
        self.frame: Any = None
        self.frame = self.part("NodeFrame")
        self.frame.use_custom_color = True
        self.frame.color = (0.23, 0.29, 0.35)

    def new(self, kind: str) -> Any:
        node = self.tree.nodes.new(kind)
        node.select = False
        tree, name = self.tree, node.name
        self.remember(lambda: tree.nodes.remove(tree.nodes[name]))
        node.parent, node.label = self.frame, self.label
        return node

    def part(self, kind: str) -> Any:
        node = self.new(kind)
        node[PART] = True
        return node

    def row(self, *nodes: Any) -> Any:
        """Nodes from left to right; the last one stands for the result."""
        row = list(nodes)
        self.rows.append(row)
        self.remember(lambda: self.rows.remove(row))
        return nodes[-1]

    def feed(self, node: Any) -> List[Any]:
        """Give a node the plate, where there is one: the nodes that this took."""
        near = self.near
        if isinstance(near, bpy.types.Image) and near.type != "RENDER_RESULT":
            plate = self.picture(near)
        elif isinstance(near, bpy.types.MovieClip):
            plate = self.part("CompositorNodeMovieClip")
            plate.clip = near
        else:
            plate = None
        source = near if things.is_node(near) else plate
        if source is not None:
            socket = next(o for o in source.outputs if o.type == "RGBA")
            self.tree.links.new(socket, node.inputs["Image"])
        return [plate] if plate else []

    def picture(self, image: Any, part: bool = True) -> Any:
        """An Image node that shows each number at its frame of the scene."""
        node = (self.part if part else self.new)("CompositorNodeImage")
        node.image, node.show_preview = image, False
        if image.get(PART):
            image.use_fake_user = False  # the node keeps it
        if image.source in ("SEQUENCE", "MOVIE"):
            first, last, _ = files.span(image)
            shift = files.span(self.near).shift if self.near is not None else 0
            node.frame_start, node.frame_offset = first + shift, first - 1
            node.frame_duration = last - first + 1
        return node

    def grade(self, kind: str, data: Result) -> Any:
        """A CDL or a grade, its numbers as inputs."""
        group = grades.group(kind, data["working_space"], self.remember)
        node = self.new("CompositorNodeGroup")
        node.node_tree = group
        node.width = 200
        for name in KEYED:
            if name in data:
                node.inputs[name.title()].default_value = [*map(float, data[name])]
        if "saturation" in data and kind == "cdl":
            node.inputs["Saturation"].default_value = float(data["saturation"])
        return self.row(*self.feed(node), node)

    def warp(self, image: Any) -> Any:
        """A Map UV by an image. Its third channel would be an alpha, which a map's is not: 1."""
        chart, node = self.picture(image), self.new("CompositorNodeMapUV")
        parts, whole = (self.part(f"CompositorNode{n}Color") for n in ("Separate", "Combine"))
        self.tree.links.new(chart.outputs["Image"], parts.inputs[0])
        for channel in range(2):
            self.tree.links.new(parts.outputs[channel], whole.inputs[channel])
        whole.inputs[2].default_value = 1.0
        self.tree.links.new(whole.outputs[0], node.inputs["UV"])
        return self.row(chart, parts, whole, *self.feed(node), node)

    def settle(self) -> None:
        """Set the rows below the plate, clear of all that is not ours."""
        if not self.rows:
            name = self.frame.name
            self.tree.nodes.remove(self.tree.nodes[name])
            return
        wide = max(map(len, self.rows)) * ACROSS + 2 * EDGE
        heights = [max(map(_height, row)) + GAP for row in self.rows]
        high = sum(heights) + 2 * EDGE
        ours = {self.frame.name, *(node.name for row in self.rows for node in row)}
        others = [n for n in self.tree.nodes if n.name not in ours and n.bl_idname != "NodeFrame"]
        boxes = [(*compat.place_of(n), _height(n)) for n in others]
        left, top = self._below()
        while taken := [
            y - height
            for x, y, height in boxes
            if left - ACROSS < x < left + wide and top - high < y and y - height < top
        ]:
            top = min(taken) - GAP
        for row, height in zip(self.rows, heights, strict=True):
            for across, node in enumerate(row):
                node.location = (left + EDGE + across * ACROSS, top - EDGE)
            top -= height

    def _below(self) -> tuple[float, float]:
        if not things.is_node(self.near):
            return 0.0, 0.0
        x, y = compat.place_of(self.near)
        return x, y - _height(self.near) - GAP


def _height(node: Any) -> float:
    return float(max(node.dimensions.y, HIGH.get(node.bl_idname, 180)))


def _tree(scene: Any, remember: grades.Remember) -> Any:
    """The scene's compositor; a new one, which the scene does not use, where it has none."""
    tree = compat.tree_of(scene) or compat.spare_tree()
    if tree is None:
        tree = compat.new_tree(scene)
        remember(lambda: compat.drop_tree(tree))
    return tree


def key_vectors(node: Any, names: Sequence[str], frame: float, values: Sequence[Any]) -> None:
    """Keys of a node's vector inputs at a frame."""
    for name, value in zip(names, values, strict=True):
        socket = node.inputs[name]
        socket.default_value = [*value, *socket.default_value[len(value) :]]
        socket.keyframe_insert("default_value", frame=frame)
