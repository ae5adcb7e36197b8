# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of the scene as files on disk: what they are made of, and how their frames count.

Every thing has numbers of its own: those in its files' names (1001 where a still has none, as
the core counts), the frames of a movie from 1, and the scene's own frames for what is only
computed. `Span.shift` leads from
there to the scene: scene frame = number + shift.
"""

from __future__ import annotations

import os
import re
from typing import Any, Dict, List, NamedTuple, Tuple

import bpy

from answerprint_bridge.host import FrameSet

from . import compat, exr_header, things

NUMBER = re.compile(r"(\d+)(?=\D*$)")
STILL = re.compile(r"(?P<before>.*?)(?P<number>\d+)\.[^.]*", re.DOTALL)
VERSION = re.compile(r"(?:.*[._\- ])?[vV]", re.DOTALL)
FIRST = 1001  # the number of a still that has none
STILLS = (".exr", ".dpx", ".cin", ".tif", ".tiff", ".png", ".jpg", ".jpeg", ".hdr", ".tga", ".sgi")


class Span(NamedTuple):
    first: int
    last: int
    shift: int = 0


def path_of(block: Any) -> str:
    """Absolute path of the file of an image or a movie clip, '' where it has none."""
    told = block.filepath
    return os.path.abspath(bpy.path.abspath(told, library=block.library)) if told else ""


def pattern_of(path: str) -> Tuple[str, int] | None:
    """A numbered file as a printf pattern and its number; None for a name without a number."""
    folder, name = os.path.split(path)
    stem, suffix = os.path.splitext(name)
    digits = NUMBER.search(stem)
    if digits is None:
        return None
    text = digits[1]
    token = f"%0{len(text)}d" if len(text) > 1 else "%d"
    made = f"{stem[: digits.start()]}{token}{stem[digits.end() :]}{suffix}"
    return os.path.join(folder, made), int(text)


def number_of_still(path: str) -> int:
    """The number of one file, as the core reads it from the name: that of a version is none."""
    found = STILL.fullmatch(os.path.basename(path))
    if found is None or VERSION.fullmatch(found["before"]):
        return FIRST
    minus = found["before"].endswith("-") and found["before"][-2:-1] in ("", ".", "_", " ")
    return -int(found["number"]) if minus else int(found["number"])


def on_disk(path: str) -> List[int]:
    """The numbers of a sequence that have a file, by the path of one of its files."""
    folder, name = os.path.split(path)
    stem, suffix = os.path.splitext(name)
    digits = NUMBER.search(stem)
    if digits is None or not os.path.isdir(folder):
        return []
    head, tail = map(re.escape, (stem[: digits.start()], stem[digits.end() :] + suffix))
    frame = re.compile(f"{head}(\\d{{{len(digits[1])},}}){tail}")
    names = map(frame.fullmatch, os.listdir(folder))
    return sorted(int(each[1]) for each in names if each)


# Numbers


def span(thing: Any) -> Span:
    """A thing's own numbers, and how far they lie from the scene's frames."""
    if things.is_strip(thing):
        return _of_strip(thing)
    if isinstance(thing, bpy.types.MovieClip):
        first = number_of(thing)
        at = thing.frame_start - thing.frame_offset
        return Span(first, first + max(thing.frame_duration, 1) - 1, at - first)
    if isinstance(thing, bpy.types.Image):
        if thing.source == "MOVIE":
            return Span(1, max(thing.frame_duration, 1))
        there = on_disk(path_of(thing)) if thing.source == "SEQUENCE" else []
        return Span(there[0], there[-1]) if there else _still(path_of(thing))
    if clip := node_clip(thing):
        return span(clip)
    if image := node_image(thing):
        if image.source not in ("SEQUENCE", "MOVIE"):
            return _still(path_of(image))
        first = thing.frame_offset + 1
        return Span(first, thing.frame_offset + thing.frame_duration, thing.frame_start - first)
    behind = upstream(thing)
    spans = [span(each) for each in behind if moving(each)]
    if spans:
        return Span(min(s.first + s.shift for s in spans), max(s.last + s.shift for s in spans))
    stills = [image for image in map(node_image, behind) if image]
    if stills and thing.id_data.animation_data is None:  # nothing changes
        return _still(path_of(stills[0]))
    scene = things.scene_of(thing)
    return Span(scene.frame_start, scene.frame_end)


def _still(path: str) -> Span:
    number = number_of_still(path)
    return Span(number, number)


def _of_strip(strip: Any) -> Span:
    shown = (int(strip.frame_final_start), int(strip.frame_final_end) - 1)
    at = int(strip.frame_start)
    if strip.type == "IMAGE" and len(strip.elements) == 1:
        number = number_of_still(strip.elements[0].filename)
        return Span(number, number, shown[0] - number)
    if strip.type not in ("IMAGE", "MOVIE") or slowed(strip):
        return Span(*shown)
    found = pattern_of(strip.elements[0].filename) if strip.type == "IMAGE" else None
    first = found[1] if found else 1
    last = first + int(strip.frame_duration) - 1
    shift = at - first
    return Span(max(first, shown[0] - shift), min(last, shown[1] - shift), shift)


def slowed(strip: Any) -> bool:
    """Whether a strip shows its frames in another order or speed than they have."""
    trimmed = getattr(strip, "animation_offset_start", 0)
    keys = len(getattr(strip, "retiming_keys", ()))
    return bool(trimmed or keys or getattr(strip, "use_reverse_frames", False))


def number_of(clip: Any) -> int:
    """The number of a movie clip's first frame."""
    found = pattern_of(path_of(clip)) if clip.source == "SEQUENCE" else None
    return found[1] if found else 1


def node_image(node: Any) -> Any:
    return node.image if node.bl_idname == "CompositorNodeImage" else None


def node_clip(node: Any) -> Any:
    return node.clip if node.bl_idname == "CompositorNodeMovieClip" else None


def moving(node: Any) -> bool:
    image = node_image(node)
    return bool(node_clip(node) or (image and image.source in ("SEQUENCE", "MOVIE")))


def still(thing: Any) -> bool:
    """Whether a thing is one picture at every frame of the scene."""
    if things.is_strip(thing) or isinstance(thing, bpy.types.MovieClip):
        return False
    if isinstance(thing, bpy.types.Image):
        return thing.source not in ("SEQUENCE", "MOVIE")
    behind = upstream(thing)
    pictures = any(node_image(each) for each in behind)
    return pictures and not any(moving(each) for each in behind)


def upstream(node: Any) -> List[Any]:
    """A node and all that feed it, itself first."""
    found: Dict[str, Any] = {}
    left = [node]
    while left:
        each = left.pop(0)
        if each.name not in found:
            found[each.name] = each
            left += [link.from_node for socket in each.inputs for link in socket.links]
    return list(found.values())


# Files


def own(thing: Any) -> FrameSet | None:
    """The files a thing is made of, where they are exactly its pictures; None elsewhere.

    None for movies: the core counts their frames by a timecode that Blender does not tell.
    """
    first, last, _ = span(thing)
    if things.is_strip(thing):
        return _strips_files(thing, first, last)
    if things.is_node(thing):
        block = None if thing.mute else node_image(thing) or node_clip(thing)
        if block is None or getattr(thing, "use_cyclic", False):
            return None
    else:
        block = thing
    path = path_of(block)
    if block.source not in ("FILE", "SEQUENCE") or not path.lower().endswith(STILLS):
        return None
    if getattr(block, "packed_file", None) or getattr(block, "is_dirty", False):
        return None
    if exr_header.layered(path):  # which of them is seen, Blender knows
        return None
    if block.source == "FILE":
        return FrameSet(path, first, last)
    found = pattern_of(path)
    return FrameSet(found[0], first, last) if found else None


def _strips_files(strip: Any, first: int, last: int) -> FrameSet | None:
    if strip.type != "IMAGE" or slowed(strip):
        return None
    folder = os.path.abspath(bpy.path.abspath(strip.directory))
    names = [each.filename for each in strip.elements]
    found = pattern_of(os.path.join(folder, names[0])) if len(names) > 1 else None
    if found is None:
        one = FrameSet(os.path.join(folder, names[0]), first, last)
        return one if len(names) == 1 and names[0].lower().endswith(STILLS) else None
    whole = FrameSet(found[0], found[1], found[1] + len(names) - 1)
    if [os.path.basename(whole.path(n)) for n in whole.numbers] != names:
        return None  # files of another kind, or a gap in their numbers
    return FrameSet(found[0], first, last) if names[0].lower().endswith(STILLS) else None


def is_movie(frames: FrameSet) -> bool:
    """Whether frames are one file that is no still."""
    alone = frames.path(0) == frames.path(1)
    return alone and not frames.pattern.lower().endswith(STILLS)


def missing(thing: Any, number: int) -> str:
    """The file that a frame of a thing needs and that is not there, or ''."""
    at = number + span(thing).shift
    if things.is_strip(thing):
        needed = [(each, at - span(each).shift) for each in inside(thing) if _covers(each, at)]
    elif things.is_node(thing):
        needed = [(each, _shown(each, at)) for each in upstream(thing) if moving(each)]
    else:
        needed = [(thing, number)]
    for each, own_number in needed:
        files = own(each)
        if files is not None and not os.path.isfile(files.path(own_number)):
            return files.path(own_number)
    return ""


def inside(strip: Any) -> List[Any]:
    """A strip and what it shows: inputs of an effect, strips of a meta, and theirs."""
    found, left = [], [strip]
    while left:
        each = left.pop()
        found.append(each)
        inputs = (getattr(each, f"input_{n}", None) for n in (1, 2))
        left += [i for i in inputs if i is not None]
        left += [s for s in compat.inner(each) if not s.mute]
    return found


def _covers(strip: Any, at: int) -> bool:
    return bool(strip.frame_final_start <= at < strip.frame_final_end)


def _shown(node: Any, at: int) -> int:
    """The number that a node shows at a frame of the scene: it holds its ends."""
    first, last, shift = span(node)
    return min(max(at - shift, first), last)


def space_of(thing: Any) -> str:
    """Blender's name of the space a thing's files are in."""
    block = node_image(thing) or node_clip(thing) if things.is_node(thing) else thing
    return str(block.colorspace_settings.name)


def shows(image: Any, frames: FrameSet) -> bool:
    """Whether an image is made of these files."""
    there = path_of(image)
    return any(os.path.abspath(frames.path(n)) == there for n in frames.numbers)
