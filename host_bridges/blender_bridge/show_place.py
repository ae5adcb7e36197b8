# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies at the playhead, and a take of the show beside it.

Over a strip a take becomes a strip, by a movie clip a movie clip, else an image.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Dict, List, Tuple

import bpy

from answerprint_bridge import versions
from answerprint_bridge.host import FrameSet, Item
from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.results import Answer
from answerprint_bridge.showing import Take, plain

from . import colour, compat, files, things
from .running import NOW

MOVING = ("SEQUENCE", "MOVIE")


def here(context: Any) -> Tuple[Item, int]:
    """What this editor shows now, and which of its frames: in the sequencer the active strip, if it
    lies at the playhead, else the topmost that is seen there.

    Raises WireError where there is nothing.
    """
    space = context.space_data
    kind = space.type if space else ""
    strip = _strip_here() if kind in ("", "SEQUENCE_EDITOR") else None
    if strip is not None:
        scene = compat.sequencer_scene()
        return things.item(strip), int(scene.frame_current) - files.span(strip).shift
    chosen = NOW.host().selection() if kind != "SEQUENCE_EDITOR" else []
    if not chosen:
        hint = "Put the playhead on a strip, open an image or a clip, or choose a picture file."
        raise WireError(HOST_REFUSED, "This editor shows no picture now.", hint)
    thing = things.find(chosen[0].ref)
    if isinstance(thing, bpy.types.Image):
        moving = thing.source in MOVING and kind == "IMAGE_EDITOR"
        frame = int(space.image_user.frame_current) if moving else files.span(thing).first
        return chosen[0], frame
    return chosen[0], int(things.scene_of(thing).frame_current) - files.span(thing).shift


def _strip_here() -> Any:
    scene = compat.sequencer_scene()
    at = int(scene.frame_current)
    there = [
        each
        for each in (compat.top_strips(scene) if scene.sequence_editor else ())
        if each.type != "SOUND" and each.frame_final_start <= at < each.frame_final_end
    ]
    if there and scene.sequence_editor.active_strip in there:
        return scene.sequence_editor.active_strip
    return max((s for s in there if not s.mute), key=lambda each: each.channel, default=None)


def whole(take: Take) -> FrameSet:
    """The whole clip of a take, as the worker reads its headers.

    Its space is what its files say, where Blender has it, else '': Blender takes it as it takes
    the artist's own. Of a movie the worker names the space of its decoded light: not the file's.
    """
    asked = {"path": take.path, "frames": "", "colourspace": None}
    told: Dict[str, Any] = NOW.session().worker.call("clip.describe", asked)
    space = told["space"]["name"]
    says = told["kind"] != "movie" and told["space"]["said_by"] == "file" and colour.ours(space)
    return FrameSet(
        take.path,
        told["first"],
        told["last"],
        missing=tuple(told["missing"]),
        width=told["width"],
        height=told["height"],
        space=space if says else "",
        fps=Fraction(told["fps"]) if told["fps"] else None,
    )


def place(take: Take, media: FrameSet, near: Item, frame: int | None) -> List[Answer]:
    """Place a take, so that the frame that was recognised lies at this one of the item; None: at
    the item's middle.

    Raises WireError where it is shorter than the strip.
    """
    thing = things.find(near.ref)
    if things.is_strip(thing):
        return NOW.session().place_take(take, media, near.ref, frame)
    span = files.span(thing)
    middle = (span.first + span.last) // 2 if frame is None else frame
    result = {"kind": "take", **plain(media), "first": media.first, "last": media.last}
    result["at"] = middle - (take.frame - media.first)
    digest = versions.digest(result)
    return NOW.host().apply([result], near.ref, f"show {take.name}", digest)


def shown_of(take: Take, media: FrameSet, thing: Any) -> Tuple[int | None, int | None]:
    """First and last of the take's frames as Blender numbers what was placed; of a strip all."""
    if things.is_strip(thing):
        return None, None
    first = files.span(thing).first + take.first - media.first
    return first, first + take.last - take.first
