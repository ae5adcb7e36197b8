# SPDX-License-Identifier: GPL-3.0-or-later
"""A key in the compositor, with nodes for an artist to finish it by hand; all of them are neutral.

    Image          the key; its output Alpha is the raw matte, and its layer the straight foreground
    Map Range      clip black and white: From Min, From Max
    Dilate/Erode   Size, in pixels; a negative one erodes
    Blur           soften
    Despill        of a screen of a colour: Amount 1 takes off what the foreground has of its
                   channel above the stronger other one (`grades`)
    Set Alpha      the foreground times the matte: premultiplied again

The nodes' own defaults are the neutral ones.
"""

from __future__ import annotations

from typing import Any

from answerprint_bridge.host import FrameSet
from answerprint_bridge.results import CannotPlace, Result, screen_channel

from . import blocks, compat, exr_header, grades
from .nodes import Board


def lacks(frames: FrameSet, layer: str) -> str:
    """Why a key's files are none that nodes can finish, or ''.

    In a part with a name Blender parts the layer from the picture.
    """
    return "" if layer in exr_header.layers(blocks.first_file(frames)) else _no(layer)


def build(board: Board, image: Any, data: Result) -> Any:
    """The nodes in a row; the last one stands for the result. CannotPlace without its layer."""
    key = board.picture(image)
    straight = key.outputs.get(data["foreground"])
    if straight is None:
        raise CannotPlace(_no(data["foreground"]))
    matte, row = key.outputs["Alpha"], [key]
    for kind, words in (
        (compat.MAP_RANGE, "Clip black / white"),
        ("CompositorNodeDilateErode", "Erode"),
        ("CompositorNodeBlur", "Soften"),
    ):
        node = board.part(kind)
        node.label = words
        board.tree.links.new(matte, node.inputs[0])
        matte = node.outputs[0]
        row.append(node)
    compat.clamp(row[1])
    channel = screen_channel(data)
    if channel is not None:
        node = board.part("CompositorNodeGroup")
        node.node_tree, node.label = grades.despill(channel, board.remember), "Despill"
        board.tree.links.new(straight, node.inputs["Image"])
        straight = node.outputs[0]
        row.append(node)
    end = board.new("CompositorNodeSetAlpha")
    compat.choose(end, "Type", "mode", "APPLY", "Apply Mask")
    board.tree.links.new(straight, end.inputs["Image"])
    board.tree.links.new(matte, end.inputs["Alpha"])
    return board.row(*row, end)


def _no(layer: str) -> str:
    return f"Blender sees no layer '{layer}' in its files"
