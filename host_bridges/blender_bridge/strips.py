# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames as a strip above its source, on a channel of its own."""

from __future__ import annotations

import os
from typing import Any

from answerprint_bridge import versions
from answerprint_bridge.host import FrameSet
from answerprint_bridge.results import CannotPlace

from . import blocks, colour, compat, files

CHANNELS = 128  # Blender has no more
LIES = ("use_flip_x", "use_flip_y", "blend_type", "blend_alpha")  # how a strip lies on others


def above(strip: Any, frames: FrameSet, name: str, space: str) -> Any:
    """An image strip with each number where the source shows it; a gap lets the source through.

    It lies as the source does now, unless the source was taken as it is shown.
    """
    scene = strip.id_data
    start = frames.first + files.span(strip).shift
    numbers = range(frames.first, frames.last + 1)
    length = int(strip.frame_final_duration) if len(numbers) == 1 else len(numbers)
    made = compat.top_strips(scene).new_image(
        name=name,
        filepath=blocks.kept_as(os.path.abspath(frames.path(frames.first))),
        channel=_free(scene, strip, start, start + length),
        frame_start=start,
        fit_method="ORIGINAL",
    )
    for number in numbers[1:]:
        made.elements.append(os.path.basename(frames.path(number)))
    if len(numbers) == 1:  # the result of a still is as long as the still is shown
        made.frame_final_duration = length
    colour.put(made.colorspace_settings, space)
    made.select = False
    if not _graded(frames):
        _lay(made, strip)
    return made


def remove(scene: Any, name: str) -> None:
    there = compat.top_strips(scene)
    there.remove(there[name])


def _graded(frames: FrameSet) -> bool:
    """Whether frames were made of a strip as the scene shows it: the job's request says so."""
    request = versions.read(os.path.dirname(frames.pattern), versions.REQUEST)
    return bool(request and request.get("graded"))


def _lay(made: Any, strip: Any) -> None:
    """Give a strip the place, size and mixing of another one; keys stay with that."""
    for part in ("transform", "crop"):
        for row in getattr(strip, part).bl_rna.properties:
            if not row.is_readonly:
                value = getattr(getattr(strip, part), row.identifier)
                setattr(getattr(made, part), row.identifier, value)
    for name in LIES:
        setattr(made, name, getattr(strip, name))


def _free(scene: Any, strip: Any, start: int, end: int) -> int:
    """The first channel above the strip, and above the meta that it stands in, empty there."""
    top = list(compat.top_strips(scene))
    there = [s for s in top if s.frame_final_start < end and s.frame_final_end > start]
    taken = {each.channel for each in there}
    whole = next(each for each in top if _holds(each, strip.name))
    for channel in range(whole.channel + 1, CHANNELS + 1):
        if channel not in taken:
            return channel
    raise CannotPlace(f"all channels above '{strip.name}' are taken")


def _holds(each: Any, name: str) -> bool:
    """Whether a strip is the one of this name, or a meta with it inside."""
    inner = compat.inner(each)
    return each.name == name or any(_holds(one, name) for one in inner)
