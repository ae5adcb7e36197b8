# SPDX-License-Identifier: GPL-3.0-or-later
"""Results into Blender: each becomes a native, editable thing beside what was there.

    cdl, grade    a node group in the compositor, which takes the plate (`grades`)
    frames, take  as the source is: Image node, strip above, movie clip, or image
    key           Image node and nodes to finish it by hand (`keyed`); a strip above, alpha over
    matte         Image node and Set Alpha; by a strip a muted strip; else an image. As data
    stmap         Map UV and the Image node of its map, as data
    corner_pin    Corner Pin node with keys; of another picture than the source it waits for that
    roto          mask with shape keys
    tracks        movie clip of the same files, with the tracks: the artist's own stays as it is
    camera        camera object with keys
    markers       timeline markers; Blender has no colours and no lengths: they are in the name
    note          text, and shown in a frame of the compositor by a node

Cubes and retimes have no place and become what `answerprint_bridge.results` says. The sequencer
has neither CDL nor an unclamped grade: by a strip these become frames.
"""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Iterator, List, Sequence

import bpy

from answerprint_bridge.host import FrameSet, Marker
from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.results import Answer, CannotPlace, Form, Refs, Result

from . import blocks, colour, compat, files, keyed, motion, sizes, strips, things
from .nodes import PART, Board
from .steps import Steps

PLACES = (
    *("cdl", "grade", "frames", "key", "take", "matte", "stmap", "corner_pin", "roto", "tracks"),
    *("camera", "markers", "note"),
)
COMPOSITED = ("cdl", "grade", "stmap", "corner_pin")


class Placing(Steps):
    """The half of the host that adds things."""

    def __init__(self) -> None:
        super().__init__()
        self._near = ""  # what a plan is for

    def grade_spaces(self) -> tuple[str, ...]:
        return colour.grade_spaces()

    def accepts(self, form: Form) -> str:
        near = things.find(self._near) if self._near else None
        if form.kind in COMPOSITED and near is not None and things.is_strip(near):
            return "the sequencer has no place for it"
        if form.kind in blocks.PICTURES and (why := blocks.why_not(form)):
            return why
        by_nodes = form.kind == "key" and not (near is not None and things.is_strip(near))
        if by_nodes and (why := keyed.lacks(FrameSet.of(form.data), form.data["foreground"])):
            return why
        if form.kind == "tracks" and _clip_files(near) is None:
            return "it goes with a clip that has files of its own"
        if form.kind == "corner_pin":
            try:
                motion.pinned(form.data, self._size(self._near))
            except CannotPlace as no:
                return str(no)
        return super().accepts(form)

    def plan(self, results: Sequence[Result], near: str = "") -> List[Answer]:
        with self._for(near):
            return super().plan(results)

    def apply(
        self, results: Sequence[Result], near: str = "", label: str = "", recipe: str = ""
    ) -> List[Answer]:
        with self._for(near):
            return super().apply(results, near, label, recipe)

    @contextlib.contextmanager
    def _for(self, near: str) -> Iterator[None]:
        before, self._near = self._near, near
        try:
            yield
        finally:
            self._near = before

    # Kinds

    def import_frames(self, frames: FrameSet, near: str, label: str) -> Refs:
        try:
            return self._pictures(frames, near, label)
        except CannotPlace as no:
            title = f"{frames.pattern} cannot be placed: {no}."
            raise WireError(HOST_REFUSED, title, "Choose another place for it.") from no

    def place_frames(self, data: Result, near: str, label: str) -> Refs:
        if "at" in data:
            raise CannotPlace("its numbers are not those of the item")
        return self._pictures(FrameSet.of(data), near, label)

    def place_take(self, data: Result, near: str, label: str) -> Refs:
        frames = FrameSet.of(data)
        if "at" not in data:
            return self._pictures(frames, near, f"{label} take".strip())
        thing = things.find(near) if near else None
        with self.undo_group(label):
            if things.is_strip(thing):
                return self._strip(strips.over(thing, frames, data["at"], label))
            space = blocks.own_space(frames)
            if isinstance(thing, bpy.types.MovieClip):
                shift = files.span(thing).shift + data["at"] - frames.first
                return self._block(blocks.clip(frames, label, space, shift))
            return self._block(blocks.image(frames, label, space, None))

    def _pictures(self, frames: FrameSet, near: str, label: str) -> Refs:
        space = blocks.space_of(frames)
        thing = things.find(near) if near else None
        with self.undo_group(label):
            if things.is_strip(thing):
                return self._strip(strips.above(thing, frames, label, space))
            if isinstance(thing, bpy.types.MovieClip):
                shift = files.span(thing).shift
                return self._block(blocks.clip(frames, label, space, shift))
            made = blocks.image(frames, label, space, thing)
            refs = self._block(made)
            if not things.is_node(thing):
                return refs
            made[PART] = True
            board = self._board(thing, label)
            return (things.ref(board.row(board.picture(made, part=False))),)

    def place_key(self, data: Result, near: str, label: str) -> Refs:
        frames = FrameSet.of(data)
        space = blocks.space_of(frames)
        thing = things.find(near) if near else None
        with self.undo_group(label):
            if things.is_strip(thing):
                made = strips.above(thing, frames, label, space)
                made.blend_type, made.alpha_mode = "ALPHA_OVER", "PREMUL"
                return self._strip(made)
            image = blocks.image(frames, label, space, thing)
            self._block(image)
            image[PART] = True
            return (things.ref(keyed.build(self._board(thing, label), image, data)),)

    def place_matte(self, data: Result, near: str, label: str) -> Refs:
        frames, name = FrameSet.of(data), f"{label} {data['name']}".strip()
        thing = things.find(near) if near else None
        with self.undo_group(label):
            if things.is_strip(thing):
                made = strips.above(thing, frames, name, colour.DATA)
                made.mute = True
                return self._strip(made)
            image = blocks.image(frames, name, colour.DATA, thing)
            refs = self._block(image)
            if not things.is_node(thing):
                return refs
            image[PART] = True
            board = self._board(thing, label)
            matte, node = board.picture(image), board.new("CompositorNodeSetAlpha")
            node.label = name
            compat.choose(node, "Type", "mode", "REPLACE_ALPHA")
            board.tree.links.new(matte.outputs["Image"], node.inputs["Alpha"])
            return (things.ref(board.row(matte, *board.feed(node), node)),)

    def place_stmap(self, data: Result, near: str, label: str) -> Refs:
        with self._compositor(near, label) as board:
            name = f"{label} map".strip()
            image = blocks.image(FrameSet.of(data), name, colour.DATA, board.near)
            self._block(image)
            image[PART] = True
            return (things.ref(board.warp(image)),)

    def place_grade(self, data: Result, near: str, label: str) -> Refs:
        with self._compositor(near, label) as board:
            return (things.ref(board.grade("grade", data)),)

    def place_cdl(self, data: Result, near: str, label: str) -> Refs:
        with self._compositor(near, label) as board:
            return (things.ref(board.grade("cdl", data)),)

    def place_corner_pin(self, data: Result, near: str, label: str) -> Refs:
        with self._compositor(near, label) as board:
            node = board.new("CompositorNodeCornerPin")
            with self._keys(board.tree, begin=f'nodes["{bpy.utils.escape_identifier(node.name)}"]'):
                motion.corner_pin(node, data, self._size(near), self._at(near))
            fed = () if "size" in data else board.feed(node)
            return (things.ref(board.row(*fed, node)),)

    def place_roto(self, data: Result, near: str, label: str) -> Refs:
        with self.undo_group(label):
            name = " ".join(each for each in (label, data.get("name", "")) if each)
            mask = bpy.data.masks.new(name or "Answerprint")
            mask.use_fake_user = True
            refs = self._block(mask)
            motion.mask(mask, data, self._size(near), self._at(near))
            return refs

    def place_tracks(self, data: Result, near: str, label: str) -> Refs:
        thing = things.find(near) if near else None
        frames = _clip_files(thing)
        if frames is None:
            raise CannotPlace("it goes with a clip that has files of its own")
        with self.undo_group(label):
            shift = files.span(thing).shift
            clip = blocks.clip(frames, label, files.space_of(thing), shift)
            refs = self._block(clip)
            motion.tracks(clip, data, self._size(near), clip.frame_start - shift)
            return refs

    def place_camera(self, data: Result, near: str, label: str) -> Refs:
        with self.undo_group(label):
            name = label or "Answerprint"
            lens = bpy.data.cameras.new(name)
            self._made_block(lens)
            made = bpy.data.objects.new(name, lens)
            refs = self._block(made)
            things.scene_of(None).collection.objects.link(made)
            with self._keys(made, lens):
                motion.camera(made, data, self._at(near))
            return refs

    def place_note(self, data: Result, near: str, label: str) -> Refs:
        with self.undo_group(label):
            text = bpy.data.texts.new(label or "Answerprint")
            text.write(data["text"])
            refs = self._block(text)
            thing = things.find(near) if near else None
            if things.is_node(thing):
                board = self._board(thing, label)
                frame = board.part("NodeFrame")
                frame.text, frame.width, frame.height = text, 400, 140
                board.row(frame)
            return refs

    def place_markers(self, data: Result, near: str, label: str) -> Refs:
        return self._mark(near, [Marker.of(row) for row in data["markers"]])

    def add_markers(self, ref: str, markers: Sequence[Marker]) -> int:
        return len(self._mark(ref, markers))

    def _mark(self, near: str, markers: Sequence[Marker]) -> Refs:
        scene = things.scene_of(things.find(near) if near else None)
        at, refs = self._at(near), []
        with self.undo_group("markers"):
            for each in markers:
                more = f" ({each.length} frames)" if each.length > 1 else ""
                name = things.cut(f"{each.kind}: {each.text}", more)
                made = scene.timeline_markers.new(name, frame=round(at(each.frame)))
                refs.append(things.ref(made))
                self._remember_marker(scene, refs[-1])
        return tuple(refs)

    # How

    @contextlib.contextmanager
    def _compositor(self, near: str, label: str) -> Iterator[Board]:
        thing = things.find(near) if near else None
        if things.is_strip(thing):
            raise CannotPlace("the sequencer has no place for it")
        with self.undo_group(label):
            yield self._board(thing, label)

    def _size(self, near: str) -> tuple[int, int]:
        return sizes.of(things.find(near)) if near else sizes.rendered(bpy.context.scene)

    def _at(self, near: str) -> Callable[[float], float]:
        shift = files.span(things.find(near)).shift if near else 0
        return lambda number: number + shift


def _clip_files(thing: Any) -> FrameSet | None:
    """The files a thing's tracks go with."""
    return None if thing is None or things.is_strip(thing) else files.own(thing)
