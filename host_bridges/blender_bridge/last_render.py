# SPDX-License-Identifier: GPL-3.0-or-later
"""The last render, which Blender gives out as a file only: its size is nobody's setting."""

from __future__ import annotations

import os
import tempfile
from typing import Any, Tuple

import bpy

from answerprint_bridge.messages import HOST_REFUSED, WireError

from . import compat


def save(image: Any, path: str, bits: int) -> None:
    """Write it as OpenEXR. The active scene alone has it: through its settings."""
    scene = bpy.context.scene
    with compat.kept(scene.render.image_settings) as settings:
        compat.exr(settings, bits)
        try:
            image.save_render(path, scene=scene)
        except RuntimeError as why:
            hint = "Render the scene first."
            raise WireError(HOST_REFUSED, "There is no render result.", hint, str(why)) from why


def size(image: Any) -> Tuple[int, int] | None:
    """Its width and height; None where nothing was rendered."""
    with tempfile.TemporaryDirectory(dir=bpy.app.tempdir) as folder:
        path = os.path.join(folder, "last.exr")
        try:
            save(image, path, 16)
        except WireError:
            return None
        saved = bpy.data.images.load(path)
        found = int(saved.size[0]), int(saved.size[1])
        bpy.data.images.remove(saved)
    return found
