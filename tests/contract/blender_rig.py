"""Blender itself under the contract, as the module bpy (4.2, 4.5, 5.0): run by `inside.py`."""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import OpenImageIO as oiio
from scenes import ONE_OF_EACH, picture

from answerprint_blender import (
    adapter,
    artist,
    auditions,
    colour,
    compat,
    editing,
    files,
    nodes,
    things,
)
from answerprint_bridge.host import FrameSet, Item
from answerprint_bridge.results import KINDS

OURS = (things.TAGS, things.MARKERS)
VOLATILE = {  # what changes by being looked at, and what only points back
    *("users", "size", "has_data", "is_dirty", "depth", "channels", "preview", "resolution"),
    *("rna_type", "pixels", "bindcode", "frame_duration", "internal_links", "session_uid"),
    *("is_evaluated", "original", "id_data", "dimensions", "outputs", "tag", "node_tree"),
    "linear_colorspace_settings",  # unset until somebody chooses a format, and unused
    *("location_absolute", "layer", "view", "users_collection", "users_scene"),
}


class Artist(artist.Artist):
    """Reads messages, answers questions, and presses Cancel at a turn of a progress."""

    def __init__(self) -> None:
        super().__init__(self._pressed)
        self.told: list[tuple[str, str, str]] = []
        self.answers: Callable[[str, bool], bool] = lambda question, default: default
        self.stops_at: int | None = None
        self.turn = 0

    def _pressed(self) -> bool:
        self.turn += 1
        return self.stops_at == self.turn - 1

    @contextmanager
    def progress(self, title: str) -> Iterator[Any]:
        self.turn = 0
        with super().progress(title) as shown:
            yield shown

    def message(self, level: str, title: str, detail: str) -> None:
        self.told.append((level, title, detail))

    def ask(self, question: str, default: bool) -> bool:
        return self.answers(question, default)


class Rig:
    """See `memory_host.Rig`. The scene has a compositor with an Exposure node, an image, a
    strip, a mask, a marker and a camera of somebody's own.

    A rendered item is a node that an Image node feeds. Blender keeps neither data window nor
    pixel aspect of a picture.
    """

    keeps: frozenset[str] = frozenset()
    becomes = {kind: kind for kind in KINDS} | {"lut": "frames", "retime": "frames"}
    becomes |= {"tracks": "note"}  # they need a clip: test_blender
    alone = becomes | {"lut": "", "retime": ""}

    def __init__(self, project: Path) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.project = project
        path = project / "sc010.blend"
        bpy.ops.wm.save_as_mainfile(filepath=str(path))
        path.unlink()  # the scene has a name; the project is empty
        self.folder = project.parent.parent / "Blender's files"
        results = self.folder / "results"
        results.mkdir(parents=True)
        write_results(results)
        os.chdir(results)  # where the scenes' results lie
        self.scene = bpy.context.scene
        self.scene.render.fps, self.scene.render.fps_base = 24, 1.001
        self.scene.frame_start, self.scene.frame_end = 1001, 1003
        self.artist = Artist()
        self.host = adapter.BlenderHost(self.artist)
        self.tree = self._tree()
        self.tree.nodes.new("CompositorNodeExposure").name = "theirs"
        bpy.data.images.new("theirs", 4, 4, float_buffer=True)
        bpy.data.masks.new("theirs").layers.new(name="layer").splines.new()
        self.scene.timeline_markers.new("theirs", frame=5)
        self.scene.sequence_editor_create()
        theirs = results / "match.1001.exr"
        compat.top_strips(self.scene).new_image("theirs", str(theirs), 1, 1001)
        self.scene.collection.objects.link(bpy.data.objects.new("cam", bpy.data.cameras.new("cam")))

    def _tree(self) -> Any:
        if compat.FIVE:
            tree = bpy.data.node_groups.new("Compositor", compat.TREE)
            self.scene.compositing_node_group = tree
            return tree
        self.scene.use_nodes = True
        self.scene.node_tree.nodes.clear()
        return self.scene.node_tree

    def rendered(self, pictures: Mapping[int, np.ndarray], frames: FrameSet) -> Item:
        """A node behind an image sequence in the working space."""
        folder = self.folder / f"plate {len(os.listdir(self.folder))}"
        folder.mkdir()
        pattern = str(folder / "plate.%04d.exr")
        made = replace(frames, pattern=pattern, space=colour.cores(colour.working()))
        for number, light in pictures.items():
            write(made.path(number), light)
        source = self.image_node(made, "source of the rendered")
        node = self.tree.nodes.new("CompositorNodeExposure")
        node.name = "rendered"
        self.tree.links.new(source.outputs[0], node.inputs[0])
        return Item(things.ref(node), "image", node.name)

    def on_disk(self, frames: FrameSet) -> Item:
        node = self.image_node(frames, "on disk")
        return Item(things.ref(node), "image", node.name)

    def image_node(self, frames: FrameSet, name: str) -> Any:
        first = next(p for p in map(frames.path, frames.numbers) if os.path.isfile(p))
        image = bpy.data.images.load(first)
        image.source = "SEQUENCE"
        image.colorspace_settings.name = colour.ours(frames.space)
        node = self.tree.nodes.new("CompositorNodeImage")
        node.image, node.name = image, name
        node.frame_start, node.frame_offset = frames.first, frames.first - 1
        node.frame_duration = frames.last - frames.first + 1
        return node

    def frames(self, ref: str) -> FrameSet:
        told = files.own(things.find(ref))
        gone = tuple(n for n in told.numbers if not os.path.isfile(told.path(n)))
        return replace(told, missing=gone)

    def pixels(self, ref: str, number: int) -> np.ndarray:
        """As Blender has it in memory: from the bottom up, in its working space."""
        image = bpy.data.images.load(self.frames(ref).path(number))
        image.colorspace_settings.name = files.space_of(things.find(ref))
        width, height = image.size
        light = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(light)
        bpy.data.images.remove(image)
        return light.reshape(height, width, 4)[::-1]

    def data(self, ref: str) -> dict[str, Any]:
        node = things.find(ref)
        inputs = {each.name.lower(): each.default_value for each in node.inputs}
        told: dict[str, Any] = {
            name: [exact(v) for v in inputs[name]] for name in ("slope", "offset", "power")
        }
        return told | {
            "saturation": exact(inputs["saturation"]),
            "working_space": node.node_tree.name.split()[-1].partition(".")[0],
        }

    def laid(self, ref: str) -> tuple[bool, int, int, str]:
        """Of a proposal: whether it is shown, its first and last frame of the edit, its files."""
        strip = things.find(ref)
        first = editing.begin_of(self.scene)
        folder = os.path.abspath(bpy.path.abspath(strip.directory))
        pattern, _ = files.pattern_of(os.path.join(folder, strip.elements[0].filename))
        span = (int(strip.frame_final_start) - first, int(strip.frame_final_end) - 1 - first)
        return not strip.mute, *span, pattern

    def marker_of(self, ref: str) -> tuple[str, str]:
        """The name of the marker on a proposal, and the words kept with it: a name is short."""
        told = self.host.read_tag(ref, auditions.LAID)
        (name,) = [m.name for m in self.scene.timeline_markers if m.name.startswith(told["id"])]
        return name, told["words"]

    def snapshot(self) -> dict[str, str]:
        """Everything that can be a result, and the scene; not what only serves a result, such
        as a group of ours that a node has."""
        found = {ref: told(thing) for ref, thing in things.every() if not part(thing)}
        left = (g.name for g in bpy.data.node_groups if g.get(compat.GROUP) and not g.users)
        found |= {f"group:{name}": "" for name in left}
        return found | {f"scene:{s.name}": told(s) for s in bpy.data.scenes}

    def remove(self, ref: str) -> None:
        thing = things.find(ref)
        if things.is_node(thing):
            thing.id_data.nodes.remove(thing)
        else:
            bpy.data.batch_remove([thing])

    def cancel_at(self, turn: int | None) -> None:
        self.artist.stops_at = turn

    def answer(self, how: Callable[[str, bool], bool]) -> None:
        self.artist.answers = how

    def said(self) -> list[tuple[str, str, str]]:
        return self.artist.told

    def unsaved(self) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)


def exact(value: float) -> float:
    """The shortest decimal that 32 bits hold as this value."""
    held = struct.pack("f", value)
    near = (float(f"{value:.{digits}g}") for digits in range(1, 10))
    return next(each for each in near if struct.pack("f", each) == held)


def part(thing: Any) -> bool:
    return not isinstance(thing, bpy.types.TimelineMarker) and bool(thing.get(nodes.PART))


def told(thing: Any, deep: int = 2) -> str:
    """Every property of a thing as text; what it points to, by name."""
    if isinstance(thing, bpy.types.Scene):
        render = thing.render
        return (
            told(render, 0)
            + told(render.image_settings, 0)
            + repr((thing.frame_current, thing.use_nodes, thing.camera))
        )
    rows = []
    for each in thing.bl_rna.properties:
        name = each.identifier
        if name in VOLATILE or name.startswith(("bl_", "is_", "debug_")):
            continue
        value = getattr(thing, name)
        if each.type == "POINTER":
            settings = value is not None and not isinstance(value, bpy.types.ID)
            inside = settings and deep and "name" not in value.bl_rna.properties
            row = told(value, deep - 1) if inside else getattr(value, "name", None)
        elif each.type == "COLLECTION":
            row = [told(v, deep - 1) for v in value] if deep else len(value)
        else:
            row = list(value) if getattr(each, "is_array", False) else value
        rows.append((name, row))
    if things.is_node(thing):
        links = (link for socket in thing.inputs for link in socket.links)
        rows.append(("from", [(k.from_node.name, k.from_socket.name) for k in links]))
    if hasattr(thing, "keys") and not isinstance(thing, bpy.types.TimelineMarker):
        try:
            rows.append(("own", [(k, str(thing[k])) for k in list(thing.keys()) if k not in OURS]))
        except TypeError:
            rows.append(("own", None))  # this kind has no custom properties
    return repr(rows)


def write(path: str, light: np.ndarray, layers: Mapping[str, np.ndarray] | None = None) -> None:
    """layers: further pictures of the file, name -> (H, W, 3)."""
    layers = layers or {}
    whole = np.concatenate([light, *layers.values()], axis=-1)
    spec = oiio.ImageSpec(whole.shape[1], whole.shape[0], whole.shape[2], "float")
    if layers:
        spec.channelnames = [*"RGBA", *(f"{name}.{c}" for name in layers for c in "RGB")]
    made = oiio.ImageBuf(spec)
    made.set_pixels(made.roi, np.ascontiguousarray(whole))
    assert made.write(path), made.geterror()


def write_results(folder: Path) -> None:
    """What the results of `scenes` name: they are there before a host is asked to place them."""
    (folder / ONE_OF_EACH["lut"]["path"]).write_text("LUT_3D_SIZE 2\n" + "0 0 0\n" * 8)
    for kind in ("frames", "key", "matte", "stmap", "take"):
        told = FrameSet.of(ONE_OF_EACH[kind])
        whole = picture(told.first)
        layers = {"foreground": whole[..., :3]} if kind == "key" else {}
        write(str(folder / told.path(told.first)), whole, layers)
        for number in told.numbers[1:]:
            shutil.copy(folder / told.path(told.first), folder / told.path(number))


HOSTS = {"blender": Rig}
