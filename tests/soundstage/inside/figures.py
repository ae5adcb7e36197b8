"""People of simple bodies: a hierarchy of joints that walk, sit, talk and turn their heads.

A figure stands on its root and faces the root's +y. Joints swing about their x: a positive angle
brings what hangs from them forward. Everything a figure does is a function of the clock, so that
a second take of a moment is the same moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import pi, radians, sin

import bpy
import numpy as np

from . import textures
from .build import box, empty, limb, material

SKIN = ((0.46, 0.27, 0.19), (0.34, 0.18, 0.11), (0.19, 0.10, 0.06), (0.52, 0.33, 0.25))
HAIR = ((0.015, 0.010, 0.008), (0.09, 0.04, 0.015), (0.30, 0.19, 0.07), (0.16, 0.15, 0.14))
CLOTH = (
    (0.30, 0.035, 0.03), (0.03, 0.09, 0.28), (0.04, 0.17, 0.08), (0.42, 0.28, 0.05),
    (0.20, 0.05, 0.20), (0.03, 0.19, 0.22), (0.50, 0.47, 0.42), (0.06, 0.06, 0.07),
)  # fmt: skip
TROUSERS = ((0.04, 0.05, 0.09), (0.12, 0.09, 0.06), (0.05, 0.05, 0.05), (0.09, 0.11, 0.07))
HIP = 0.90


@dataclass
class Figure:
    """A figure and its joints. `phase` makes each move in its own time."""

    root: bpy.types.Object
    joints: dict[str, bpy.types.Object]
    phase: np.ndarray
    tall: float
    height: float = field(default=0.0)


def dress(name: str, seed: int, number: int) -> Figure:
    """Build a figure; the seed and its number choose body, skin, hair and clothes."""
    random = np.random.default_rng([seed, 77, number])
    # two people of one scene must not be twins: each takes from its own half of the wardrobe
    coat = CLOTH[int(random.integers(4)) * 2 + number % 2]
    other = CLOTH[int(random.integers(8))]
    kind = ("plain", "stripe", "check")[int(random.integers(3))]
    skin = material(f"{name}.skin", SKIN[int(random.integers(4))], rough=0.55)
    hair = material(f"{name}.hair", HAIR[(int(random.integers(2)) * 2 + number) % 4], rough=0.5)
    cloth = material(f"{name}.cloth", textures.weave(random, coat, other, kind), metres=0.32)
    below = TROUSERS[int(random.integers(4))]
    trousers = material(f"{name}.trousers", textures.weave(random, below, other, "plain"), 0.3)
    leather = material(f"{name}.leather", (0.03, 0.02, 0.015), rough=0.4)
    dark = material(f"{name}.eye", (0.012, 0.012, 0.014), rough=0.2)
    pale = material(f"{name}.pale", (0.62, 0.60, 0.57), rough=0.3)
    lips = material(f"{name}.lips", (0.28, 0.09, 0.07), rough=0.4)

    root = empty(name)
    joints = {"hips": empty(f"{name}.hips", (0, 0, HIP), root)}
    joints["torso"] = torso = empty(f"{name}.torso", (0, 0, 0), joints["hips"])
    limb(f"{name}.belly", (0.15, 0.14), 0.16, trousers, joints["hips"], (0, 0, 0.08), (1.05, 0.75))
    limb(f"{name}.chest", (0.19, 0.15), 0.38, cloth, torso, (0, 0, 0.43), (1.0, 0.66))
    limb(f"{name}.collar", (0.075, 0.10), 0.05, pale, torso, (0, 0.012, 0.575), (1, 0.9))
    joints["head"] = head = empty(f"{name}.head", (0, 0.01, 0.60), torso)
    limb(f"{name}.neck", (0.055, 0.06), 0.09, skin, head, (0, 0, 0.05))
    limb(f"{name}.skull", (0.100, 0.082), 0.035, skin, head, (0, 0.012, 0.155), (0.86, 1.0))
    limb(f"{name}.mop", (0.111, 0.098), 0.02, hair, head, (0, -0.014, 0.172), (0.88, 0.98))
    limb(f"{name}.nose", (0.012, 0.017), 0.028, skin, head, (0, 0.108, 0.145))
    limb(f"{name}.mouth", (0.020, 0.018), 0.004, lips, head, (0, 0.084, 0.083), (1.1, 0.4))
    for side, which in ((-1, "left"), (1, "right")):
        limb(f"{name}.{which}.ear", (0.020, 0.018), 0.02, skin, head, (side * 0.088, 0, 0.145))
        limb(f"{name}.{which}.white", (0.014, 0.012), 0.0, pale, head, (side * 0.033, 0.093, 0.160))
        limb(f"{name}.{which}.eye", (0.008, 0.008), 0.0, dark, head, (side * 0.033, 0.102, 0.160))
        limb(
            f"{name}.{which}.brow", (0.018, 0.016), 0.0, hair, head,
            (side * 0.034, 0.096, 0.185), (1.1, 0.4), 6,
        ).scale.z = 0.3  # fmt: skip
        arm = joints[f"{which}.shoulder"] = empty(
            f"{name}.{which}.shoulder", (side * 0.205, 0, 0.50), torso
        )
        limb(f"{name}.{which}.upper", (0.066, 0.048), 0.27, cloth, arm)
        elbow = joints[f"{which}.elbow"] = empty(f"{name}.{which}.elbow", (0, 0, -0.28), arm)
        limb(f"{name}.{which}.fore", (0.047, 0.034), 0.22, cloth, elbow)
        limb(f"{name}.{which}.hand", (0.038, 0.030), 0.07, skin, elbow, (0, 0, -0.26), (0.6, 1.0))
        thigh = joints[f"{which}.hip"] = empty(
            f"{name}.{which}.hip", (side * 0.09, 0, 0), joints["hips"]
        )
        limb(f"{name}.{which}.thigh", (0.092, 0.062), 0.40, trousers, thigh)
        knee = joints[f"{which}.knee"] = empty(f"{name}.{which}.knee", (0, 0, -0.42), thigh)
        limb(f"{name}.{which}.shin", (0.060, 0.043), 0.38, trousers, knee)
        box(
            f"{name}.{which}.shoe", (0, 0.055, -0.48), (0.09, 0.25, 0.08), leather, knee, bevel=0.03
        )
    tall = float(random.uniform(0.95, 1.05))
    root.scale = (tall,) * 3
    return Figure(root, joints, random.uniform(0, 2 * pi, 16), tall)


def play(figure: Figure, part: dict, clock: float, frame: int) -> None:
    """Key the figure at a frame as its part has it at this time, in seconds.

    part   {"does": "sit" | "stand" | "walk", "at": [x, y], "facing": degree, "talks": 0..1,
           "speed": metre per second, "seat": height of the seat}.
    """
    wave = _waves(figure.phase, clock)
    lively = 0.35 + 0.65 * part["talks"]
    x, y = part["at"]
    facing = radians(part["facing"])
    low = HIP
    joints = figure.joints
    angles = {name: [0.0, 0.0, 0.0] for name in joints}
    if part["does"] == "walk":
        way = part["speed"] * clock
        # +y turned by `facing`
        x, y = x - sin(facing) * way, y + sin(facing + pi / 2) * way
        step = 2 * pi * clock * part["speed"] / 1.35 + figure.phase[0]
        for side, which in ((1, "left"), (-1, "right")):
            swing = sin(step) * side
            bend = max(0.0, sin(step + side * pi / 2))
            angles[f"{which}.hip"][0] = 0.48 * swing
            angles[f"{which}.knee"][0] = -0.15 - 0.75 * bend
            angles[f"{which}.shoulder"][0] = -0.42 * swing
            angles[f"{which}.elbow"][0] = 0.35
        low += 0.018 * sin(2 * step) - 0.015
        angles["torso"][2] = 0.06 * sin(step)
    else:
        for number, (side, which) in enumerate(((-1, "left"), (1, "right"))):
            lift = lively * wave[number]
            angles[f"{which}.shoulder"] = [0.34 + 0.30 * lift, side * -0.14, 0.0]
            angles[f"{which}.elbow"] = [1.25 + 0.45 * lively * wave[number + 2], 0, side * 0.35]
            angles[f"{which}.hip"][0] = 0.03 * side
        angles["torso"] = [-0.05 + 0.03 * wave[4], 0.0, 0.07 * wave[5] * lively]
        if part["does"] == "sit":
            low = part["seat"] / figure.tall + 0.10
            for which in ("left", "right"):
                angles[f"{which}.hip"][0] = pi / 2
                angles[f"{which}.knee"][0] = -pi / 2 + 0.12
    angles["head"] = [0.06 * wave[6] * lively, 0.05 * wave[8], 0.16 * wave[7] * lively]
    figure.root.location = (x, y, 0)
    figure.root.rotation_euler = (0, 0, facing)
    joints["hips"].location = (0, 0, low)
    figure.height = (low + 0.60 + 0.155) * figure.tall
    for thing in (figure.root, joints["hips"]):
        thing.keyframe_insert("location", frame=frame)
    figure.root.keyframe_insert("rotation_euler", frame=frame)
    for name, joint in joints.items():
        joint.rotation_euler = angles[name]
        joint.keyframe_insert("rotation_euler", frame=frame)


def _waves(phase: np.ndarray, clock: float) -> list[float]:
    """Slow swings between -1 and 1, each of two periods that never meet."""
    return [
        0.65 * sin(2 * pi * (0.31 + 0.07 * i) * clock + phase[i])
        + 0.35 * sin(2 * pi * (0.83 + 0.11 * i) * clock + phase[i + 7 if i < 9 else i])
        for i in range(9)
    ]
