# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames out of Blender: a thing's own files in place, or new ones in linear light.

What has to be computed is rendered in a copy of its scene that is gone afterwards, whatever
happens: the scene itself, its frame and its outputs are not touched. Of a compositor only what
feeds the node is kept there, so that no other output of the artist's is written and no scene is
rendered that is not asked for. Blender runs the artist's own render handlers meanwhile.

Blender keeps no data window and no pixel aspect of a picture; the header says 1.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Iterator, Set

import bpy

from answerprint_bridge.host import ExportSpec, FrameSet, Progress
from answerprint_bridge.messages import HOST_REFUSED, WireError

from . import colour, compat, files, last_render, script, sizes, things

LEAST = 4  # pixels of a side that Blender renders
CHANNELS = ("R", "G", "B", "A")
KINDS = ("scenes", "node_groups", "images", "movieclips", "actions")  # what a stage is made of


def about(thing: Any, graded: bool = False) -> FrameSet:
    """What a thing's frames are; pattern '' where they must be rendered."""
    first, last, _ = files.span(thing)
    shown = graded and things.is_strip(thing)
    own = None if shown else files.own(thing)
    space = colour.cores(files.space_of(thing)) if own else ""
    if not space:  # nobody but Blender can say what these files mean
        own, space = None, colour.cores(colour.working())
    width, height = sizes.rendered(thing.id_data) if shown else sizes.of(thing)
    return FrameSet(
        own.pattern if own else "",
        first,
        last,
        width=width,
        height=height,
        display=(0, 0, width, height),
        data=(0, 0, width, height),
        channels=CHANNELS,
        space=space,
        fps=script.rate(things.scene_of(thing)),
    )


def export(thing: Any, spec: ExportSpec, progress: Progress) -> FrameSet:
    """A thing's own files, or new ones in the folder of `spec`: working space, nothing clamped."""
    told = about(thing, spec.graded)
    first = told.first if spec.first is None else spec.first
    last = told.last if spec.last is None else spec.last
    frames = replace(told, first=first, last=last)
    if not told.pattern:
        frames = replace(frames, pattern=f"{spec.folder}/{spec.name}.%04d.exr")
    numbers = range(first, last + 1)
    gone = [n for n in numbers if files.missing(thing, n)]
    if told.pattern:
        gone = [n for n in numbers if not os.path.isfile(frames.path(n))]
    frames = replace(frames, missing=tuple(gone))
    if told.pattern or not frames.numbers:
        return frames
    if min(frames.width, frames.height) < LEAST:
        title = f"{things.ref(thing)} has {frames.width} x {frames.height} pixels."
        hint = f"Choose one of {LEAST} x {LEAST} or more that can be read: Blender renders no less."
        raise WireError(HOST_REFUSED, title, hint)
    if getattr(thing, "type", "") == "RENDER_RESULT":
        last_render.save(thing, frames.path(frames.first), spec.bits)
        return frames
    with _stage(thing, frames, spec) as (scene, shift):
        for turn, number in enumerate(frames.numbers):
            progress.tell(turn, len(frames.numbers), f"frame {number}")
            _one(scene, number + shift, frames.path(number))
    return frames


def _one(scene: Any, at: int, path: str) -> None:
    """Render one frame. As an animation: else sequences of a scene without a window stand still."""
    folder = os.path.dirname(path)
    scene.frame_start = scene.frame_end = at
    scene.render.filepath = compat.output_path(os.path.join(folder, "part.####.exr"))
    try:
        bpy.ops.render.render(animation=True, scene=scene.name)
        (made,) = (name for name in os.listdir(folder) if name.startswith("part."))
        os.rename(os.path.join(folder, made), path)
    except (RuntimeError, OSError, ValueError) as why:  # ValueError: it wrote nothing
        title = f"Blender could not render frame {at} into {folder}."
        hint = "Look at Blender's console for its reason."
        raise WireError(HOST_REFUSED, title, hint, str(why)) from why


@contextmanager
def _stage(thing: Any, frames: FrameSet, spec: ExportSpec) -> Iterator[tuple[Any, int]]:
    """A scene of its own that renders a thing, and how far its frames are from the numbers.

    It is gone in the end with all that was made for it. What the artist's handlers make while
    it renders stays.
    """
    there = _blocks()
    ours: Set[Any] = set()
    try:
        try:
            scene, shift = _built(thing, frames, spec)
        finally:  # nothing was rendered yet
            ours = _blocks() - there
        yield scene, shift
    finally:
        pictures = {i for i in bpy.data.images if i.type in ("RENDER_RESULT", "COMPOSITING")}
        for kind in KINDS:
            blocks = getattr(bpy.data, kind)
            for block in set(blocks) & (ours | (pictures - there)):
                blocks.remove(block)


def _blocks() -> Set[Any]:
    return {block for kind in KINDS for block in getattr(bpy.data, kind)}


def _built(thing: Any, frames: FrameSet, spec: ExportSpec) -> tuple[Any, int]:
    """See `_stage`."""
    width, height = frames.width, frames.height
    if things.is_strip(thing) and (spec.graded or thing.type not in ("IMAGE", "MOVIE")):
        scene, shift = _strip_scene(thing), files.span(thing).shift
    elif things.is_node(thing):
        scene, shift = _node_scene(thing), files.span(thing).shift
    else:
        block = _loaded(thing) if things.is_strip(thing) else thing
        scene, shift = _block_scene(block, frames), 0
        width, height = sizes.of(block)
    render = scene.render
    compat.exr(render.image_settings, spec.bits)
    render.resolution_x, render.resolution_y = width, height
    render.resolution_percentage = 100
    render.use_border = render.use_multiview = render.use_placeholder = False
    render.use_file_extension, render.use_overwrite = False, True
    for name in dir(render):
        if name.startswith("use_stamp"):  # times and names make the same frames differ
            setattr(render, name, False)
    return scene, shift


def _strip_scene(strip: Any) -> Any:
    """A copy of the scene that shows this strip alone, as it is shown."""
    scene = strip.id_data.copy()
    there = compat.strips(scene)
    shown = {each.name for each in files.inside(next(s for s in there if s.name == strip.name))}
    for each in there:  # and the metas it stands in
        if each.type == "META" and shown & {inner.name for inner in files.inside(each)}:
            shown.add(each.name)
    for each in there:
        each.mute = each.name not in shown
    scene.render.use_sequencer, scene.render.use_compositing = True, False
    return scene


def _node_scene(node: Any) -> Any:
    """A copy of the scene whose compositor is this node and what feeds it."""
    scene = compat.copy_tree(things.scene_of(node), node.id_data)
    tree = compat.tree_of(scene)
    wanted = {each.name for each in files.upstream(tree.nodes[node.name])}
    for each in list(tree.nodes):
        if each.name not in wanted and each.bl_idname != "NodeFrame":
            tree.nodes.remove(each)
    copied = tree.nodes[node.name]
    _show(scene, next(o for o in copied.outputs if o.type == "RGBA"))
    return scene


def _block_scene(block: Any, frames: FrameSet) -> Any:
    """A scene whose compositor is one image or movie clip; its frames are the numbers."""
    scene = compat.empty_tree(bpy.context.scene)
    tree = compat.tree_of(scene)
    if isinstance(block, bpy.types.MovieClip):
        node = tree.nodes.new("CompositorNodeMovieClip")
        node.clip = block.copy()
        node.clip.frame_start, node.clip.frame_offset = files.number_of(block), 0
    else:
        node = tree.nodes.new("CompositorNodeImage")
        node.image = block
        if block.source in ("SEQUENCE", "MOVIE"):
            first, last, _ = files.span(block)
            node.frame_start, node.frame_offset = first, first - 1
            node.frame_duration = last - first + 1
    _show(scene, node.outputs[0])
    return scene


def _show(scene: Any, socket: Any) -> None:
    compat.add_output(compat.tree_of(scene), socket)
    scene.render.use_sequencer, scene.render.use_compositing = False, True
    if not compat.FIVE:
        scene.use_nodes = True


def _loaded(strip: Any) -> Any:
    """The picture or movie of a strip as an image of its own."""
    if strip.type == "MOVIE":
        path = bpy.path.abspath(strip.filepath)
    else:
        path = os.path.join(bpy.path.abspath(strip.directory), strip.elements[0].filename)
    try:
        image = bpy.data.images.load(path)
    except RuntimeError as why:
        hint = "Bring the file back, or choose another strip."
        raise WireError(HOST_REFUSED, f"{path} cannot be read.", hint, str(why)) from why
    image.colorspace_settings.name = strip.colorspace_settings.name
    if strip.type == "IMAGE" and len(strip.elements) > 1:
        image.source = "SEQUENCE"
    return image
