# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between the Blenders we run in: 4.2, 4.5 and 5.x (and 3.4, which is not advertised).

All of it was run in these versions; what is the same in all of them is not here.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator, List, Sequence

import bpy

FIVE = bpy.app.version >= (5, 0, 0)
INTERFACE = bpy.app.version >= (4, 0, 0)  # node groups have an `interface`
TEMPLATES = bpy.app.version >= (4, 5, 0)
MATH = "ShaderNodeMath" if FIVE else "CompositorNodeMath"
MAP_RANGE = "ShaderNodeMapRange" if FIVE else "CompositorNodeMapRange"
SEPARATE_XYZ = "ShaderNodeSeparateXYZ" if FIVE else "CompositorNodeSeparateXYZ"
OUTPUTS = ("CompositorNodeComposite", "NodeGroupOutput")
TREE = "CompositorNodeTree"
GROUP = "answerprint_group"  # marks a group of ours, and says what it is for
HOW_TO_USE = (
    "The nodes are in the compositor 'Answerprint': choose it there."
    if FIVE
    else "The nodes are in its compositor: tick Use Nodes there."
)
SPARE = "Answerprint"  # a compositor of ours that no scene uses yet


def key(block: Any) -> str:
    """What a data-block is known by for this session, whatever it is called; 3.4: by its name."""
    return str(getattr(block, "session_uid", block.name_full))


# The compositor


def tree_of(scene: Any) -> Any:
    """The scene's compositor, None where it has none."""
    return scene.compositing_node_group if FIVE else scene.node_tree


def trees() -> List[Any]:
    """Every compositor of the file: in 5.x they are data-blocks, before that parts of scenes."""
    if FIVE:
        groups = (each for each in bpy.data.node_groups if each.bl_idname == TREE)
        return [each for each in groups if not each.get(GROUP)]
    return [scene.node_tree for scene in bpy.data.scenes if scene.node_tree is not None]


def owner(tree: Any) -> str:
    """What a compositor is called by: itself in 5.x, its scene before."""
    if FIVE:
        return str(tree.name_full)
    return next(str(s.name_full) for s in bpy.data.scenes if s.node_tree == tree)


def new_tree(scene: Any) -> Any:
    """A compositor for a scene that has none: what the scene shows stays as it is.

    In 5.x it is a data-block that the artist chooses in the compositor; before, the scene gets
    Blender's own default nodes, which are not in use.
    """
    if not FIVE:
        scene.use_nodes = True  # makes them
        scene.use_nodes = False
        return scene.node_tree
    tree = bpy.data.node_groups.new(SPARE, TREE)
    tree.use_fake_user = tree[SPARE] = True
    add_output(tree, tree.nodes.new("CompositorNodeRLayers").outputs[0])
    return tree


def in_use(tree: Any) -> bool:
    """Whether a scene shows what this compositor makes."""
    if FIVE:
        return any(scene.compositing_node_group == tree for scene in bpy.data.scenes)
    return any(scene.node_tree == tree and scene.use_nodes for scene in bpy.data.scenes)


def spare_tree() -> Any:
    """The compositor that `new_tree` made and nobody uses yet."""
    ours = (tree for tree in trees() if FIVE and tree.get(SPARE))
    return next((tree for tree in ours if not in_use(tree)), None)


def drop_tree(tree: Any) -> None:
    """Take back what `new_tree` made.

    Before 5.x the default nodes stay with the scene, not in use: no script can take a scene's
    compositor away, and an empty one would be empty still when the artist ticks Use Nodes.
    """
    if FIVE:
        bpy.data.node_groups.remove(tree)


def add_output(tree: Any, socket: Any) -> None:
    """Make a socket what the compositor shows."""
    if FIVE:
        tree.interface.new_socket(name="Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    node = tree.nodes.new(OUTPUTS[FIVE])
    tree.links.new(socket, node.inputs[0])


def copy_tree(scene: Any, tree: Any) -> Any:
    """A scene of its own with a copy of a compositor, alone."""
    if not FIVE:
        return next(s for s in bpy.data.scenes if s.node_tree == tree).copy()
    made = scene.copy()
    made.compositing_node_group = tree.copy()
    return made


def empty_tree(scene: Any) -> Any:
    """A scene of its own with an empty compositor."""
    made = bpy.data.scenes.new(scene.name)
    if FIVE:
        made.compositing_node_group = bpy.data.node_groups.new("Answerprint", TREE)
    else:
        made.use_nodes = True
        made.node_tree.nodes.clear()
    return made


def choose(node: Any, name: str, attribute: str, value: str, words: str = "") -> None:
    """Set a choice of a node: a socket with words in 5.x ('Replace Alpha'), before an enum.

    words    those of 5.x, where they are not the enum's.
    """
    if hasattr(node, attribute):
        setattr(node, attribute, value)
    else:
        node.inputs[name].default_value = words or value.replace("_", " ").title()


def clamp(node: Any) -> None:
    """Hold what a Map Range gives within its ends."""
    setattr(node, "clamp" if hasattr(node, "clamp") else "use_clamp", True)


def new_group(name: str, inputs: Sequence[tuple[str, str]]) -> Any:
    """A compositor group with these inputs (name, kind of socket) and one output 'Image'."""
    group = bpy.data.node_groups.new(name, TREE)
    if INTERFACE:
        for each, kind in inputs:
            group.interface.new_socket(name=each, in_out="INPUT", socket_type=kind)
        group.interface.new_socket(name="Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    else:
        for each, kind in inputs:
            group.inputs.new(kind, each)
        group.outputs.new("NodeSocketColor", "Image")
    return group


def place_of(node: Any) -> tuple[float, float]:
    """Where a node is drawn; its own location is relative to the frame it stands in."""
    x, y = 0.0, 0.0
    while node is not None:
        x, y = x + node.location.x, y + node.location.y
        node = node.parent
    return x, y


def curves(action: Any) -> List[Any]:
    """All curves of an action: in 5.x they lie in its layers."""
    if hasattr(action, "fcurves"):
        return list(action.fcurves)
    parts = (part for layer in action.layers for part in layer.strips)
    return [curve for part in parts for bag in part.channelbags for curve in bag.fcurves]


# The sequencer


def sequencer_scene() -> Any:
    """The scene whose strips are edited: in 5.x the workspace may name another one."""
    workspace = bpy.context.workspace
    return getattr(workspace, "sequencer_scene", None) or bpy.context.scene


def strips(scene: Any) -> List[Any]:
    """All strips of a scene, those in meta strips too."""
    editor = scene.sequence_editor
    if editor is None:
        return []
    return list(editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all)


def top_strips(scene: Any) -> Any:
    """The strips of a scene that stand in no meta strip: what new ones are added to."""
    editor = scene.sequence_editor
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def inner(meta: Any) -> Any:
    """The strips that stand in a meta strip, or in another strip none."""
    return getattr(meta, "strips", getattr(meta, "sequences", ()))


# Files


def exr(image_settings: Any, bits: int) -> None:
    """OpenEXR, one scanline, all four channels, in the scene's own linear space."""
    if FIVE:
        image_settings.media_type = "IMAGE"
    image_settings.file_format = "OPEN_EXR"
    image_settings.color_mode = "RGBA"
    image_settings.color_depth = "32" if bits == 32 else "16"
    names = image_settings.bl_rna.properties["exr_codec"].enum_items
    image_settings.exr_codec = "ZIPS" if "ZIPS" in names else "ZIP"
    if hasattr(image_settings, "color_management"):
        image_settings.color_management = "FOLLOW_SCENE"


@contextmanager
def kept(image_settings: Any) -> Iterator[Any]:
    """Settings of an output that are as they were afterwards."""
    names = ["media_type", "file_format", "color_mode", "color_depth", "exr_codec"]
    names.append("color_management")
    before = {n: getattr(image_settings, n) for n in names if hasattr(image_settings, n)}
    try:
        yield image_settings
    finally:
        for name, value in before.items():  # in this order: the format decides on the rest
            setattr(image_settings, name, value)


def output_path(path: str) -> str:
    """A path as an output takes it: from 4.5 on braces are a template."""
    return path.replace("{", "{{").replace("}", "}}") if TEMPLATES else path
