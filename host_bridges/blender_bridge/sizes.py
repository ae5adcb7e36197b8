# SPDX-License-Identifier: GPL-3.0-or-later
"""Width and height of pictures of the scene."""

from __future__ import annotations

import os
from typing import Any, Tuple

import bpy

from answerprint_bridge.host import FrameSet

from . import exr_header, files, last_render, things


def of(thing: Any) -> Tuple[int, int]:
    """Width and height of a thing's picture."""
    if things.is_node(thing):
        blocks = [files.node_image(n) or files.node_clip(n) for n in files.upstream(thing)]
        found = [of(block) for block in blocks if block]
        return found[0] if found else rendered(things.scene_of(thing))
    if things.is_strip(thing):
        if thing.type == "MOVIE":
            return probe(FrameSet(os.path.abspath(bpy.path.abspath(thing.filepath)), 1, 1))
        frames = files.own(thing)
        return probe(frames) if frames else rendered(thing.id_data)
    if thing.size[0]:
        return int(thing.size[0]), int(thing.size[1])
    if getattr(thing, "type", "") == "RENDER_RESULT":
        return last_render.size(thing) or rendered(bpy.context.scene)
    return probe(files.own(thing) or FrameSet(files.path_of(thing), 1, 1))


def probe(frames: FrameSet) -> Tuple[int, int]:
    """The size of the first of the files that is there: Blender knows only what it has loaded."""
    path = next((p for p in map(frames.path, frames.numbers) if os.path.isfile(p)), "")
    if not path:
        return 0, 0
    image = bpy.data.images.load(path)
    found = int(image.size[0]), int(image.size[1])
    bpy.data.images.remove(image)
    return found if found[0] else exr_header.size(path)


def rendered(scene: Any) -> Tuple[int, int]:
    part = scene.render.resolution_percentage / 100
    return int(scene.render.resolution_x * part), int(scene.render.resolution_y * part)
