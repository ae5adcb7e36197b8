# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames as a strip above its source, on a channel of its own."""

from __future__ import annotations

import os
from typing import Any

from answerprint_bridge.host import FrameSet
from answerprint_bridge.results import CannotPlace

from . import blocks, colour, compat, files

CHANNELS = 128  # Blender has no more


def above(strip: Any, frames: FrameSet, name: str, space: str) -> Any:
    """An image strip with each number where the source shows it; a gap lets the source through."""
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
    return made


def remove(scene: Any, name: str) -> None:
    there = compat.top_strips(scene)
    there.remove(there[name])


def _free(scene: Any, strip: Any, start: int, end: int) -> int:
    """The first channel above the strip that is empty there."""
    there = [s for s in compat.strips(scene) if s.frame_final_start < end]
    taken = {each.channel for each in there if each.frame_final_end > start}
    for channel in range(strip.channel + 1, CHANNELS + 1):
        if channel not in taken:
            return channel
    raise CannotPlace(f"all channels above '{strip.name}' are taken")
