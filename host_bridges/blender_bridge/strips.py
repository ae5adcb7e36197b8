# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames as a strip above its source, or above the edit, on a channel of its own."""

from __future__ import annotations

import os
from typing import Any, Dict

from answerprint_bridge import versions
from answerprint_bridge.host import FrameSet
from answerprint_bridge.results import CannotPlace

from . import blocks, colour, compat, files, sizes

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


def over(strip: Any, frames: FrameSet, at: int, name: str) -> Any:
    """A take of other media above a strip: it shows as long as the strip does, as far as it goes.

    at   the strip's number that the first of the frames lies at.

    It lies as the strip does where their pictures are as large; else it is fitted to the frame.
    """
    scene, begin = strip.id_data, at + files.span(strip).shift
    start = max(begin, int(strip.frame_final_start))
    end = min(begin + frames.last - frames.first + 1, int(strip.frame_final_end))
    if start >= end:
        raise CannotPlace(f"none of its frames lies at '{strip.name}'")
    first = frames.first + start - begin
    channel = _free(scene, strip, start, end)
    made = lay(scene, frames, name, channel, start, end - start, first)
    if sizes.of(strip) == sizes.of(made):
        _lay(made, strip)
    return made


def lay(
    scene: Any, frames: FrameSet, name: str, channel: int, at: int, lasts: int, first: int
) -> Any:
    """A sequence or a movie as a strip, fitted to the frame; its own colour where nobody says it.

    at, lasts   frames of the scene; channel is free there. first: the number it shows at `at`.

    What it does not show lies beyond its handles.
    """
    top, skipped = compat.top_strips(scene), first - frames.first
    told = {"name": name, "channel": channel, "frame_start": at, "fit_method": "FIT"}
    moving = files.is_movie(frames)
    path = blocks.first_file(frames) if moving else os.path.abspath(frames.path(frames.first))
    made = (top.new_movie if moving else top.new_image)(filepath=blocks.kept_as(path), **told)
    for number in () if moving else range(frames.first + 1, frames.last + 1):
        made.elements.append(os.path.basename(frames.path(number)))
    # As long as it is whole, it may be in another's way, and Blender moves it: to here, at last.
    made.frame_offset_start = skipped
    made.frame_offset_end = int(made.frame_duration) - skipped - lasts
    made.frame_start = at - skipped
    made.channel = channel
    made.select = False
    if (made.channel, made.frame_final_start, made.frame_final_end) != (channel, at, at + lasts):
        remove(scene, made.name)
        raise CannotPlace(f"Blender does not lay it at the frames {at}-{at + lasts - 1}")
    colour.put(made.colorspace_settings, blocks.own_space(frames))
    return made


def retime(scene: Any, strip: Any, speed: float) -> Any:
    """A speed effect over a strip, which shows `speed` frames of it for one of the scene."""
    top = compat.top_strips(scene)
    start, end = int(strip.frame_final_start), int(strip.frame_final_end)
    known = top.bl_rna.functions["new_effect"].parameters.keys()
    told: Dict[str, Any] = {"name": f"{strip.name} {100 * speed:.0f} %", "type": "SPEED"}
    told.update(frame_start=start, channel=free(scene, strip.channel + 1, start, end))
    told["input1" if "input1" in known else "seq1"] = strip
    told.update({"length": end - start} if "length" in known else {"frame_end": end})
    made = top.new_effect(**told)
    made.speed_control, made.speed_factor = "MULTIPLY", speed
    made.select = False
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
    top = compat.top_strips(scene)
    whole = next(each for each in top if _holds(each, strip.name))
    return free(scene, whole.channel + 1, start, end)


def free(scene: Any, lowest: int, start: int, end: int) -> int:
    """The first channel from this one up that is empty from a frame to before another."""
    top = compat.top_strips(scene)
    there = [s for s in top if s.frame_final_start < end and s.frame_final_end > start]
    taken = {each.channel for each in there}
    for channel in range(lowest, CHANNELS + 1):
        if channel not in taken:
            return channel
    raise CannotPlace(f"all channels from {lowest} up are taken at frame {start}")


def _holds(each: Any, name: str) -> bool:
    """Whether a strip is the one of this name, or a meta with it inside."""
    inner = compat.inner(each)
    return each.name == name or any(_holds(one, name) for one in inner)
