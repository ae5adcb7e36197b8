"""Runs in Blender's Python: `render.py PLAN SEEN [look]` renders a plan, and tells what it saw.

Writes <index>.exr (float, all layers, linear Rec.709) into the folder that the plan's `places` has
for a shot, `done` when it has all, and SEEN: where props and people are. `look` renders nothing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

sys.path.insert(0, str(Path(__file__).parents[2]))

from soundstage.inside import figures, lights, sets


def prepare(plan: dict) -> bpy.types.Scene:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    render, cycles = scene.render, scene.cycles
    render.resolution_x, render.resolution_y = plan["size"]
    render.resolution_percentage = 100
    render.fps = plan["rate"]
    render.use_persistent_data = True
    render.use_stamp = False
    render.film_transparent = False
    cycles.device = "CPU"
    cycles.samples = plan["samples"]
    cycles.use_adaptive_sampling = False
    cycles.seed = plan["seed"] % 10000
    cycles.use_denoising = True
    cycles.denoiser = "OPENIMAGEDENOISE"
    cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    cycles.denoising_prefilter = "FAST"
    # one bounce, then the world's light where nothing is near: half the time of three
    cycles.max_bounces = 2
    cycles.diffuse_bounces = cycles.glossy_bounces = 1
    cycles.use_light_tree = False
    # what the world gives in place of bounces belongs to no light: those who ask get real bounces
    cycles.use_fast_gi = "light" not in plan["passes"]
    if not cycles.use_fast_gi:
        cycles.max_bounces, cycles.diffuse_bounces = 4, 3
    cycles.fast_gi_method = "REPLACE"
    cycles.ao_bounces_render = 1
    cycles.sample_clamp_indirect = 8.0
    cycles.caustics_reflective = cycles.caustics_refractive = False
    scene.view_settings.view_transform = "Raw"
    format_ = render.image_settings
    format_.file_format = "OPEN_EXR_MULTILAYER"
    format_.color_depth = "32"
    format_.exr_codec = "ZIP"
    layer = scene.view_layers[0]
    passes = plan["passes"]
    layer.use_pass_z = "depth" in passes
    layer.use_pass_vector = "flow" in passes
    layer.use_pass_cryptomatte_asset = "alpha" in passes
    if "light" in passes:
        for name in lights.GROUPS:
            layer.lightgroups.add(name=name)
    return scene


def camera_of(scene: bpy.types.Scene) -> bpy.types.Object:
    lens = bpy.data.cameras.new("camera")
    camera = bpy.data.objects.new("camera", lens)
    camera.rotation_mode = "QUATERNION"
    lens.sensor_fit = "HORIZONTAL"
    lens.clip_start = 0.02
    scene.collection.objects.link(camera)
    scene.camera = camera
    return camera


def set_camera(camera: bpy.types.Object, told: dict, frame: int) -> None:
    camera.matrix_world = Matrix(np.reshape(told["matrix"], (4, 4)).tolist())
    camera.data.lens = told["focal"]
    camera.data.sensor_width = told["haperture"]
    for path in ("location", "rotation_quaternion"):
        camera.keyframe_insert(path, frame=frame)
    camera.data.keyframe_insert("lens", frame=frame)


def stage_shot(scene, shot: dict, camera, cast: list, rate: int) -> None:
    """Key the camera and the figures of a shot: frame 1 is its first; one more at either end."""
    for thing in (camera, camera.data):
        thing.animation_data_clear()
    for figure in cast:
        for thing in (figure.root, *figure.joints.values()):
            thing.animation_data_clear()
    for number, told in enumerate(shot["cameras"]):
        set_camera(camera, told, number)
        for figure, part in zip(cast, shot["parts"], strict=True):
            figures.play(figure, part, shot["clock"] + (number - 1) / rate, number)


def dress_set(shot: dict, props: dict[str, bpy.types.Object], homes: dict) -> None:
    """Put the props where this shot has them; what it lacks is out of the picture and the light."""
    for name, root in props.items():
        change = shot["props"].get(name, {})
        root.location = Vector(change.get("at", homes[name]))
        gone = change.get("gone", False)
        for part in (root, *root.children_recursive):
            part.hide_render = gone
    bpy.context.view_layer.update()


def bounds(root: bpy.types.Object) -> np.ndarray:
    """The corners of a prop's parts, in the world: (n, 3)."""
    found = [
        part.matrix_world @ Vector(corner)
        for part in root.children_recursive
        for corner in part.bound_box
    ]
    return np.array([tuple(point) for point in found])


def visible(scene: bpy.types.Scene, root: bpy.types.Object, camera: dict) -> float:
    """The part of a prop's points that nothing stands before."""
    eye = Vector(np.reshape(camera["matrix"], (4, 4))[:3, 3].tolist())
    graph = bpy.context.evaluated_depsgraph_get()
    parts = set(root.children_recursive)
    free = total = 0
    for part in root.children_recursive:
        verts = part.data.vertices
        for number in range(0, len(verts), max(1, len(verts) // 12)):
            point = part.matrix_world @ verts[number].co
            way = point - eye
            hit, _, _, _, thing, _ = scene.ray_cast(graph, eye, way, distance=way.length - 0.005)
            free += not hit or thing.original in parts
            total += 1
    return free / max(1, total)


def look_around(scene, plan: dict, camera, cast, props, homes) -> dict:
    """What the truth needs of the set as it stands.

    props    shot -> prop -> its corners, and how much of it is seen at three moments.
    people   shot -> frame -> figure -> the middle of the head and the foot.
    """
    told: dict = {"props": {}, "people": {}}
    for shot in plan["shots"]:
        stage_shot(scene, shot, camera, cast, plan["rate"])
        dress_set(shot, props, homes)
        here = {
            name: {"corners": bounds(root).tolist(), "seen": []} for name, root in props.items()
        }
        rows = []
        last = len(shot["cameras"]) - 2
        for frame in range(1, last + 1):
            scene.frame_set(frame)
            rows.append([whereabouts(figure) for figure in cast])
            if frame in (1, (1 + last) // 2, last):
                for name, root in props.items():
                    here[name]["seen"].append(visible(scene, root, shot["cameras"][frame]))
        told["props"][shot["name"]], told["people"][shot["name"]] = here, rows
    return told


def whereabouts(figure: figures.Figure) -> dict:
    head = figure.joints["head"].matrix_world @ Vector((0, 0, 0.145))
    return {"head": list(head), "foot": list(figure.root.matrix_world.translation)}


def main(plan_path: str, seen_path: str, look_only: str = "") -> None:
    plan = json.loads(Path(plan_path).read_text("utf-8"))
    scene = prepare(plan)
    props = sets.build(plan["set"], plan["seed"], plan["props"])
    homes = {name: tuple(root.location) for name, root in props.items()}
    cast = [
        figures.dress(each["name"], plan["seed"], number)
        for number, each in enumerate(plan["figures"])
    ]
    rig = lights.rig(plan["set"], plan["light"])
    camera = camera_of(scene)
    told = look_around(scene, plan, camera, cast, props, homes)
    Path(seen_path).write_text(json.dumps(told), "utf-8")
    if look_only:
        return
    for shot in plan["shots"]:
        folder = Path(plan["places"][shot["name"]])
        if (folder / "done").exists():
            continue
        stage_shot(scene, shot, camera, cast, plan["rate"])
        dress_set(shot, props, homes)
        lights.point_key(rig, shot["key"])
        for frame in range(1, len(shot["cameras"]) - 1):
            scene.frame_set(frame)
            scene.render.filepath = str(folder / f"{frame - 1:04d}.exr")
            bpy.ops.render.render(write_still=True)
        (folder / "done").touch()


if __name__ == "__main__":
    main(*sys.argv[1:])
