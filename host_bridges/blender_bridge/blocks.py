# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames on disk as Blender's data-blocks: images, image sequences, movie clips."""

from __future__ import annotations

import os
from typing import Any

import bpy

from answerprint_bridge.host import FrameSet
from answerprint_bridge.results import CannotPlace, Form

from . import colour, files

PICTURES = ("frames", "key", "take", "matte", "stmap")


def why_not(form: Form) -> str:
    """Why pictures cannot come in, or ''."""
    frames = FrameSet.of(form.data)
    if not any(os.path.isfile(frames.path(n)) for n in frames.numbers):
        return f"none of its files {frames.pattern} is there"
    if form.kind in ("frames", "key", "take") and frames.space and not colour.ours(frames.space):
        return f"Blender's colour config has no '{frames.space}'"
    return ""


def space_of(frames: FrameSet) -> str:
    """Blender's name of the space of colour frames; the working space where nobody says."""
    found = colour.ours(frames.space) if frames.space else colour.working()
    if not found:
        raise CannotPlace(f"Blender's colour config has no '{frames.space}'")
    return found


def own_space(frames: FrameSet) -> str | None:
    """Blender's name of the space of somebody's media; None where nobody says: as it opens them."""
    return space_of(frames) if frames.space else None


def first_file(frames: FrameSet) -> str:
    """The first of the files that is there, absolute."""
    path = next((p for p in map(frames.path, frames.numbers) if os.path.isfile(p)), "")
    if not path:
        raise CannotPlace(f"none of its files {frames.pattern} is there")
    return os.path.abspath(path)


def kept_as(path: str) -> str:
    """A path as the file keeps it: relative to it, where Blender's preferences say so."""
    if not bpy.data.filepath or not bpy.context.preferences.filepaths.use_relative_paths:
        return path
    try:
        return str(bpy.path.relpath(path))
    except ValueError:  # on another drive of Windows
        return path


def image(frames: FrameSet, name: str, space: str | None, near: Any) -> Any:
    """An image, or an image sequence where the files are numbered.

    near    what it is for, or None: the one picture for a still is a still.
    """
    made = _load(bpy.data.images, first_file(frames))
    made.name = name or made.name
    colour.put(made.colorspace_settings, space)
    alone = frames.first == frames.last and near is not None and files.still(near)
    numbered = frames.path(0) != frames.path(1) and files.pattern_of(first_file(frames))
    if numbered and not alone:
        made.source = "SEQUENCE"
    made.use_fake_user = True  # kept with the file also where nothing shows it
    return made


def clip(frames: FrameSet, name: str, space: str | None, shift: int) -> Any:
    """A movie clip with each number at its frame of the scene; a movie's count from `first`."""
    path = first_file(frames)
    made = _load(bpy.data.movieclips, path)
    made.name = name or made.name
    colour.put(made.colorspace_settings, space)
    moving, numbered = files.is_movie(frames), files.pattern_of(path)
    made.frame_start = (frames.first if moving else numbered[1] if numbered else 1) + shift
    made.use_fake_user = True
    return made


def remove(block: Any) -> None:
    """Delete a data-block."""
    kind = block.bl_rna.identifier
    kinds = {"Text": "texts", "MovieClip": "movieclips", "CompositorNodeTree": "node_groups"}
    getattr(bpy.data, kinds.get(kind, f"{kind.lower()}s")).remove(block)


def _load(blocks: Any, path: str) -> Any:
    try:
        made = blocks.load(path, check_existing=False)
    except RuntimeError as why:
        raise CannotPlace(f"{path} cannot be read: {why}") from why
    made.filepath = kept_as(path)
    return made
