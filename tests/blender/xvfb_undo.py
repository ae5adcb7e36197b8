"""Run by `test_undo_in_a_window.py` in a Blender with windows: one step of undo takes all back.

argv after `--`: the folder of two frames `plate.%04d.exr`, and where to write what was seen.
"""

import json
import os
import sys
import traceback
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))
import inside

FOLDER, SAID = sys.argv[sys.argv.index("--") + 1 :]
FILES = {"pattern": f"{FOLDER}/plate.%04d.exr", "first": 1001, "last": 1002}
MATRIX = [1.0, 0, 0, 1.0, 0, 1.0, 0, 2.0, 0, 0, 1.0, 3.0, 0, 0, 0, 1.0]
SQUARE = [[4, 2, 0, 0, 0, 0], [12, 2, 0, 0, 0, 0], [12, 8, 0, 0, 0, 0]]
RESULTS = [
    {"kind": "cdl", "slope": [1.1, 1, 1], "offset": [0, 0, 0], "power": [1, 1, 1]}
    | {"saturation": 1.0, "working_space": "ACEScct", "residual": 0.1},
    {"kind": "frames", **FILES},
    {"kind": "matte", "name": "person", **FILES},
    {"kind": "roto", "name": "hand"}
    | {"shapes": [{"name": "a", "closed": True, "keys": [{"frame": 1001, "points": SQUARE}]}]},
    {"kind": "camera", "haperture": 24.0, "vaperture": 18.0}
    | {"frames": [{"frame": 1001, "matrix": MATRIX, "focal": 35.0}]},
    {"kind": "markers", "markers": [{"frame": 1001, "text": "x"}]},
    {"kind": "note", "text": "Shot B is 0.42 stop under."},
]
BLOCKS = ("images", "masks", "texts", "objects", "cameras", "node_groups", "actions")


def counted():
    scene = bpy.context.scene
    told = {name: len(getattr(bpy.data, name)) for name in BLOCKS}
    return told | {"nodes": len(scene.node_tree.nodes), "markers": len(scene.timeline_markers)}


def run():
    inside.load()
    from answerprint_blender import adapter, things

    bpy.context.scene.use_nodes = True
    node = bpy.context.scene.node_tree.nodes.new("CompositorNodeImage")
    node.image = bpy.data.images.load(f"{FOLDER}/plate.1001.exr")
    bpy.ops.ed.undo_push(message="the artist's own")
    host = adapter.BlenderHost()
    seen = {"undo": "undo" in host.capabilities(), "before": counted()}
    answers = host.apply(RESULTS, things.ref(node), "match v001", "r1")
    seen |= {"statuses": [each.status for each in answers], "placed": counted()}
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        bpy.ops.ed.undo()
        seen["undone"] = counted()
        bpy.ops.ed.redo()
    return seen | {"redone": counted(), "tagged": len(host.tagged("answerprint"))}


def start():
    try:
        Path(SAID).write_text(json.dumps(run()))
    except Exception:
        traceback.print_exc()
        raise
    finally:
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    bpy.app.timers.register(start, first_interval=1)
