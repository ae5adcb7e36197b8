# SPDX-License-Identifier: GPL-3.0-or-later
"""Things of the open file by their references, and what is kept with them.

    image:NAME   clip:NAME   mask:NAME   object:NAME   text:NAME      data-blocks
    node:COMPOSITOR:NAME     COMPOSITOR is a data-block in 5.x, a scene before
    strip:SCENE:NAME         marker:SCENE:FRAME:NAME

A reference is worked out anew each time: a thing that was renamed has another one. Tags are a
custom property, JSON, in the thing itself. Markers have none in 5.x: theirs are in the scene,
and a marker that the artist moves or renames loses them.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator, List, Mapping, Tuple

import bpy

from answerprint_bridge.host import Item
from answerprint_bridge.messages import HOST_REFUSED, WireError

from . import compat

TAGS = "answerprint"  # the custom property
MARKERS = "answerprint_markers"  # of a scene: reference -> tags
LONGEST = 63  # bytes of a marker's name
KINDS = {
    "image": "images",
    "clip": "movieclips",
    "mask": "masks",
    "object": "objects",
    "text": "texts",
}
SHAPES = {  # what RNA calls them -> what a reference does
    "Image": "image",
    "MovieClip": "clip",
    "Mask": "mask",
    "Object": "object",
    "Text": "text",
}


def every() -> Iterator[Tuple[str, Any]]:
    """(reference, thing) of all there are."""
    for kind, name in KINDS.items():
        for block in getattr(bpy.data, name):
            yield f"{kind}:{block.name_full}", block
    yield from _placed()


def _placed() -> Iterator[Tuple[str, Any]]:
    for tree in compat.trees():
        begin = f"node:{compat.owner(tree)}"
        for node in tree.nodes:
            yield f"{begin}:{node.name}", node
    for scene in bpy.data.scenes:
        for each in (*compat.strips(scene), *scene.timeline_markers):
            yield ref(each), each


def ref(thing: Any) -> str:
    """What a thing is called by us."""
    if isinstance(thing, bpy.types.ID):
        return f"{SHAPES[thing.bl_rna.identifier]}:{thing.name_full}"
    if isinstance(thing, bpy.types.Node):
        return f"node:{compat.owner(thing.id_data)}:{thing.name}"
    scene = thing.id_data.name_full
    if isinstance(thing, bpy.types.TimelineMarker):
        return f"marker:{scene}:{thing.frame}:{thing.name}"
    return f"strip:{scene}:{thing.name}"


def find(name: str) -> Any:
    """The thing of this reference. WireError -32020 where there is none."""
    kind = name.partition(":")[0]
    if kind in KINDS:
        blocks = getattr(bpy.data, KINDS[kind])
        found = (b for b in blocks if f"{kind}:{b.name_full}" == name)
    else:
        found = (thing for each, thing in _placed() if each == name)
    thing = next(found, None)
    if thing is None:
        hint = "Choose another, or bring it back."
        raise WireError(HOST_REFUSED, f"There is no '{name}' in the file.", hint)
    return thing


def cut(name: str, more: str = "") -> str:
    """A marker's name as long as Blender holds it; `more` stands whole at its end."""
    name, room = " ".join(name.split()), LONGEST - len(more.encode())
    if len(name.encode()) <= room:
        return name + more
    short = name.encode()[: room - 3].decode(errors="ignore")
    return f"{short.rstrip()}\N{HORIZONTAL ELLIPSIS}{more}"


def is_strip(thing: Any) -> bool:
    return hasattr(thing, "frame_final_start")


def is_node(thing: Any) -> bool:
    return isinstance(thing, bpy.types.Node)


def scene_of(thing: Any) -> Any:
    """The scene a thing stands in; for what stands in none, the active one."""
    if is_strip(thing):
        return thing.id_data
    if is_node(thing):
        for scene in (bpy.context.scene, *bpy.data.scenes):
            if compat.tree_of(scene) == thing.id_data:
                return scene
    return bpy.context.scene


# What there is to choose from


def items() -> List[Item]:
    """All that can be an input: data-blocks, strips, and picture nodes of the active scene."""
    pictures = (i for i in bpy.data.images if i.type != "COMPOSITING" and i.source != "TILED")
    found: List[Any] = [*pictures, *bpy.data.movieclips]
    found += _strips(compat.sequencer_scene())
    found += [node for node in _nodes() if getattr(node, "image", None) or _clip(node)]
    return [item(each) for each in found]


def selection() -> List[Item]:
    """What is chosen in the active editor; without one, selected nodes, else selected strips."""
    space = bpy.context.space_data
    kind = space.type if space else ""
    if kind == "IMAGE_EDITOR":
        return [item(space.image)] if space.image else []
    if kind == "CLIP_EDITOR":
        return [item(space.clip)] if space.clip else []
    nodes = [node for node in _nodes() if node.select]
    strips = [strip for strip in _strips(compat.sequencer_scene()) if strip.select]
    chosen = strips if kind == "SEQUENCE_EDITOR" or not nodes else nodes
    return [item(each) for each in (nodes if kind == "NODE_EDITOR" else chosen)]


def _nodes() -> List[Any]:
    """Nodes of the active scene's compositor that give a picture, from left to right."""
    tree = compat.tree_of(bpy.context.scene)
    nodes = [n for n in tree.nodes if any(o.type == "RGBA" for o in n.outputs)] if tree else []
    return sorted(nodes, key=compat.place_of)


def _strips(scene: Any) -> List[Any]:
    found = [each for each in compat.strips(scene) if each.type != "SOUND"]
    return sorted(found, key=lambda each: (each.frame_final_start, each.channel))


def _clip(node: Any) -> Any:
    """The movie clip that a node shows."""
    shows = is_node(node) and node.bl_idname == "CompositorNodeMovieClip"
    return node.clip if shows else None


def item(thing: Any) -> Item:
    name = ref(thing)
    kind = "clip" if is_strip(thing) or name.startswith("clip:") else "image"
    shown = getattr(thing, "image", None) or _clip(thing) or thing
    return Item(name, kind, str(getattr(thing, "label", "") or shown.name))


# What is kept with them


def tags(thing: Any) -> Dict[str, Any]:
    if isinstance(thing, bpy.types.TimelineMarker):
        return dict(_of_markers(thing.id_data).get(ref(thing), {}))
    return dict(json.loads(thing.get(TAGS, "{}")))


def keep(thing: Any, key: str, value: Mapping[str, Any]) -> None:
    kept = {**tags(thing), key: dict(value)}
    if isinstance(thing, bpy.types.TimelineMarker):
        scene = thing.id_data
        there = {ref(each) for each in scene.timeline_markers}
        known = {name: each for name, each in _of_markers(scene).items() if name in there}
        scene[MARKERS] = json.dumps({**known, ref(thing): kept})
    else:
        thing[TAGS] = json.dumps(kept)


def _of_markers(scene: Any) -> Dict[str, Any]:
    return dict(json.loads(scene.get(MARKERS, "{}")))
