"""The set of the sample shots, its light and its two cameras, rendered with Blender's Cycles.

A corner of a study in the late afternoon: cool window light from the left, a lamp on the
table, some sun on the wall. `render.py` calls this in a process of its own; it writes what
the cameras see, before any camera difference, as 32-bit scene-linear Rec.709 EXR
(`hero.1001.exr`, `shot_b.1001.exr`, ...), any value, no alpha.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import bpy
import mannequin
import materials
import mathutils
import numpy as np
import patterns
import props
from shapes import box, place

SEED = 20
FRAMES_PER_SECOND = 24
TABLE = 0.75
CUP = {"hero": (0.06, -0.19, TABLE), "shot_b": (-0.27, -0.24, TABLE)}
"""The continuity error: where the cup and its saucer stand in each shot."""


@dataclass(frozen=True)
class Camera:
    """Where a camera stands and looks (metres), its lens (mm), stop, and its operator's hands."""

    at: tuple[float, float, float]
    towards: tuple[float, float, float]
    lens: float
    stop: float
    focus: float
    sway: int


CAMERAS = {
    "hero": Camera((-0.12, -2.50, 1.26), (0.02, 0.15, 1.050), 35.0, 4.0, 2.60, 1),
    "shot_b": Camera((1.08, -1.62, 1.24), (0.03, 0.14, 1.005), 40.0, 4.0, 2.0, 2),
}


def room() -> None:
    paper = materials.papered(patterns.wallpaper(), 0.17)
    panel = materials.paint("panel", (0.30, 0.315, 0.285), 0.42)
    floor = materials.wood("floor", (0.05, 0.025, 0.013), (0.16, 0.085, 0.045), 0.45)
    place(box("back wall", (3.4, 0.1, 1.75), paper, 0), (0, 0.80, 0.95))
    place(box("dado rail", (3.4, 0.05, 0.045), panel, 0.012), (0, 0.74, 0.925))
    for each in range(-9, 10):
        board = box("board", (0.175, 0.04, 0.93), panel, 0.006)
        place(board, (each * 0.18, 0.765, 0.0))
    for each in range(-8, 9):
        place(box("floorboard", (3.6, 0.158, 0.02), floor, 0.002), (0, each * 0.16 - 0.4, -0.02))
    plaster = materials.paint("plaster", (0.42, 0.40, 0.36), 0.8)
    place(box("right wall", (0.1, 3.2, 2.7), plaster, 0), (1.75, -0.7, 0))
    place(box("ceiling", (3.6, 3.2, 0.1), plaster, 0), (0, -0.7, 2.7))
    window_wall(plaster, panel)


def window_wall(plaster, trim) -> None:
    """The left wall: a sash window from y -1.0 to 0.35, z 0.85 to 2.2, six panes."""
    x, y0, y1, z0, z1 = -1.55, -1.0, 0.35, 0.85, 2.2
    middle, width = (y0 + y1) / 2, y1 - y0
    place(box("below", (0.12, 3.2, z0), plaster, 0), (x, -0.7, 0))
    place(box("above", (0.12, 3.2, 2.7 - z1), plaster, 0), (x, -0.7, z1))
    place(box("before", (0.12, 1.3, z1 - z0), plaster, 0), (x, y0 - 0.65, z0))
    place(box("behind", (0.12, 0.6, z1 - z0), plaster, 0), (x, y1 + 0.3, z0))
    for part in (1 / 3, 2 / 3):
        place(box("mullion", (0.04, 0.04, z1 - z0), trim, 0), (x, y0 + part * width, z0))
    place(box("sash", (0.04, width, 0.05), trim, 0), (x, middle, (z0 + z1) / 2))


def dress() -> None:
    """Everything but the cup."""
    place(props.table(1.75, 0.92, TABLE), (0, 0.16, 0))
    place(props.poster(SEED + 12, 0.78, 0.52), (0.05, 0.742, 1.325))
    weave = materials.printed("runner", patterns.runner(SEED + 3), "xy", 0.9, 480.0)
    cloth = box("runner", (1.34, 0.30, 0.004), weave, 0.0015)
    place(cloth, (-0.02, -0.03, TABLE), (0, 0, 4))
    books = props.shelf_of_books(SEED, "red cream blue plum orange green black yellow")
    place(books, (-0.78, 0.42, TABLE), (0, 0, 8))
    pile, height = props.pile_of_books(SEED + 40, "blue pink yellow green")
    place(pile, (0.47, 0.10, TABLE), (0, 0, -10))
    place(props.grey_card(), (-0.10, 0.50, TABLE), (0, 0, 8))
    letter = materials.printed("letter", patterns.letter(SEED + 8), "xy", 0.85)
    place(box("letter", (0.148, 0.21, 0.0012), letter, 0), (-0.60, 0.10, TABLE), (0, 0, 24))
    envelope = materials.paint("envelope", (0.50, 0.36, 0.21), 0.8)
    place(box("envelope", (0.22, 0.11, 0.0015), envelope, 0), (-0.70, 0.13, TABLE), (0, 0, -8))
    place(props.pencil(), (-0.56, 0.07, TABLE + 0.0013), (0, 0, 52))
    bowl, orange, lemon = props.bowl_of_fruit()
    place(bowl, (-0.21, 0.03, TABLE + 0.004), (0, 0, 20))
    place(props.ball(0.041, orange), (0.50, 0.09, TABLE + height + 0.040))
    place(props.ball(0.030, lemon, 0.35), (0.30, -0.17, TABLE + 0.030), (88, 0, 30))
    place(mannequin.mannequin(), (0.17, 0.24, TABLE), (0, 0, -14))
    place(props.lamp(13.0), (0.66, 0.40, TABLE))
    place(props.vase(), (-0.42, 0.49, TABLE))


def light() -> None:
    """Key: cool window. Fill: the room, and a bounce on the right. Accent: sun and lamp."""
    area("window", (-1.75, -0.33, 1.62), (0, -90, 0), (1.45, 1.5), 82.0, (0.74, 0.88, 1.0))
    area("bounce", (1.35, -2.1, 1.9), (58, 0, 32), (1.3, 1.0), 7.0, (1.0, 0.86, 0.72))
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle, sun.color = 6.5, np.radians(1.0), (1.0, 0.74, 0.47)
    rays = add(sun)
    rays.rotation_euler = mathutils.Vector((1.0, 0.47, -0.43)).to_track_quat("-Z", "Y").to_euler()
    world = bpy.data.worlds.new("room")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.55, 0.72, 1.0, 1.0)
    world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.12
    bpy.context.scene.world = world


def area(name: str, at, turn, size, power: float, colour) -> None:
    lit = bpy.data.lights.new(name, "AREA")
    lit.shape, lit.size, lit.size_y = "RECTANGLE", *size
    lit.energy, lit.color = power, colour
    made = place(add(lit), at, turn)  # the sun comes through the window's light
    made.visible_shadow = made.visible_camera = False


def add(data):
    made = bpy.data.objects.new(data.name, data)
    bpy.context.scene.collection.objects.link(made)
    return made


def film(name: str, first: int, last: int):
    """The camera `name`, hand-held from frame first to last."""
    plan = CAMERAS[name]
    data = bpy.data.cameras.new(name)
    data.lens, data.sensor_width, data.sensor_fit = plan.lens, 24.9, "HORIZONTAL"
    data.dof.use_dof, data.dof.aperture_fstop = True, plan.stop
    data.dof.focus_distance = plan.focus
    camera = add(data)
    draw = np.random.default_rng([SEED, plan.sway])
    rates, phases = draw.uniform(0.5, 2.6, (6, 3)), draw.uniform(0, 2 * np.pi, (6, 3))
    for frame in range(first - 1, last + 2):
        seconds = (frame - 1001) / FRAMES_PER_SECOND
        waves = np.sin(2 * np.pi * rates * seconds + phases).mean(1)
        drift = 0.035 * seconds * np.array([1.0, 0.2, 0.1])
        at = mathutils.Vector(np.array(plan.at) + 0.006 * waves[:3] + drift)
        towards = mathutils.Vector(np.array(plan.towards) + 0.007 * waves[3:])
        camera.location = at
        camera.rotation_euler = (towards - at).to_track_quat("-Z", "Y").to_euler()
        camera.keyframe_insert("location", frame=frame)
        camera.keyframe_insert("rotation_euler", frame=frame)
    return camera


def set_up(samples: int, width: int, height: int) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.seed = "CPU", SEED
    scene.cycles.samples, scene.cycles.use_adaptive_sampling = samples, False
    scene.cycles.use_denoising, scene.cycles.denoiser = True, "OPENIMAGEDENOISE"
    scene.cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    scene.cycles.denoising_prefilter = "ACCURATE"
    scene.cycles.film_exposure = 1.1
    scene.cycles.max_bounces, scene.cycles.sample_clamp_indirect = 8, 12.0
    scene.cycles.caustics_reflective = scene.cycles.caustics_refractive = False
    scene.render.use_motion_blur, scene.render.motion_blur_shutter = True, 0.5
    scene.render.fps = FRAMES_PER_SECOND
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.resolution_percentage = 100
    scene.render.use_persistent_data = True
    picture = scene.render.image_settings
    picture.file_format, picture.color_mode, picture.color_depth = "OPEN_EXR", "RGB", "32"
    picture.exr_codec = "ZIP"


def stage(samples: int) -> dict:
    """What truth.json says of the set and of how it was rendered."""
    return {
        "prop_moved": {
            "what": "cup and saucer",
            "hero_metres": list(CUP["hero"]),
            "shot_b_metres": list(CUP["shot_b"]),
        },
        "cameras": {
            name: {"metres": plan.at, "towards": plan.towards, "lens_mm": plan.lens}
            for name, plan in CAMERAS.items()
        },
        "renderer": {
            "name": "Blender Cycles (bpy), CPU, OpenImageDenoise",
            "version": bpy.app.version_string,
            "samples": samples,
            "seed": SEED,
        },
    }


def main() -> None:
    parse = argparse.ArgumentParser(description="Render the sample's set, without any grade.")
    parse.add_argument("--out", type=Path, required=True)
    parse.add_argument("--samples", type=int, required=True)
    parse.add_argument("--size", type=int, nargs=2, required=True)
    parse.add_argument("--frames", type=int, nargs=2, required=True)
    parse.add_argument("--shots", nargs="+", choices=sorted(CAMERAS), default=sorted(CAMERAS))
    asked = parse.parse_args()
    set_up(asked.samples, *asked.size)
    room()
    dress()
    light()
    cup = props.cup()
    scene = bpy.context.scene
    for shot in asked.shots:
        scene.camera = film(shot, *asked.frames)
        place(cup, CUP[shot], (0, 0, 35 if shot == "hero" else -20))
        for frame in range(asked.frames[0], asked.frames[1] + 1):
            scene.frame_set(frame)
            scene.render.filepath = str(asked.out / f"{shot}.{frame:04d}.exr")
            bpy.ops.render.render(write_still=True)
            print(f"rendered {shot} {frame}", file=sys.stderr)
    (asked.out / "stage.json").write_text(json.dumps(stage(asked.samples)))


if __name__ == "__main__":
    main()
