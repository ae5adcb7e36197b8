# SPDX-License-Identifier: GPL-3.0-or-later
"""The open file and its scene: names, rate, size."""

from __future__ import annotations

import os
import re
from fractions import Fraction
from typing import Any

import bpy

from answerprint_bridge.host import SceneContext

from . import colour

VERSION = re.compile(r"[._-]v\d+$", re.IGNORECASE)


def rate(scene: Any) -> Fraction:
    """Frames per second; 24 by 1.001 is 24000/1001."""
    base = Fraction(float(scene.render.fps_base)).limit_denominator(1001)
    return Fraction(int(scene.render.fps)) / base


def shot() -> str:
    """The file's name without its version: 'sc010' of 'sc010_v012.blend'."""
    return VERSION.sub("", os.path.splitext(os.path.basename(bpy.data.filepath))[0])


def context() -> SceneContext:
    scene = bpy.context.scene
    render = scene.render
    part = render.resolution_percentage / 100
    path = str(bpy.data.filepath)
    return SceneContext(
        path,
        os.path.dirname(path),
        shot(),
        rate(scene),
        int(scene.frame_start),
        int(scene.frame_end),
        int(render.resolution_x * part),
        int(render.resolution_y * part),
        float(render.pixel_aspect_x / render.pixel_aspect_y),
        colour.cores(colour.working()),
        colour.config(),
    )
