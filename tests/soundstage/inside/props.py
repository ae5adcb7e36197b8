"""Small things that stand on tables and shelves: one empty for each, its parts below it."""

from __future__ import annotations

from collections.abc import Callable

import bpy
import numpy as np

from . import textures
from .build import box, empty, lathe, limb, material

Maker = Callable[[bpy.types.Object, np.random.Generator], None]


def place(name: str, kind: str, at: tuple[float, float, float], seed: int) -> bpy.types.Object:
    """Put a prop of a kind on a place. Its look comes from its name and the seed alone."""
    random = np.random.default_rng([seed, *name.encode()])
    root = empty(f"prop.{name}", at)
    root.rotation_euler = (0, 0, random.uniform(-0.5, 0.5))
    MAKERS[kind](root, random)
    return root


def _tint(random: np.random.Generator, light: float = -1.6) -> np.ndarray:
    """A clear colour, as pottery and packets have."""
    tint = np.exp(light + random.normal(0, 0.25) + random.normal(0, 0.75, 3))
    return np.clip(tint, 0.015, 0.75)


def mug(root: bpy.types.Object, random: np.random.Generator) -> None:
    glaze = material(f"{root.name}.glaze", _tint(random), rough=0.25)
    inner = material(f"{root.name}.inner", (0.05, 0.02, 0.01), rough=0.1)
    lathe(f"{root.name}.body", [(0, 0), (0.038, 0), (0.044, 0.02), (0.043, 0.095), (0.037, 0.095),
                                (0.036, 0.07)], glaze, root)  # fmt: skip
    lathe(f"{root.name}.coffee", [(0, 0.078), (0.037, 0.078)], inner, root)
    box(f"{root.name}.handle", (0.058, 0, 0.025), (0.035, 0.012, 0.05), glaze, root)


def bottle(root: bpy.types.Object, random: np.random.Generator) -> None:
    glass = material(f"{root.name}.glass", _tint(random, -2.4), rough=0.12)
    label = material(f"{root.name}.label", textures.poster(random, 96, 128), metres=0.1)
    lathe(f"{root.name}.body", [(0, 0), (0.037, 0), (0.038, 0.18), (0.016, 0.23), (0.014, 0.29),
                                (0.017, 0.30), (0, 0.30)], glass, root)  # fmt: skip
    lathe(f"{root.name}.paper", [(0.0388, 0.04), (0.0388, 0.13)], label, root)


def pile(root: bpy.types.Object, random: np.random.Generator) -> None:
    high = 0.0
    for number in range(3):
        cover = material(f"{root.name}.{number}", textures.poster(random, 96, 96), metres=0.2)
        thick = float(random.uniform(0.018, 0.04))
        box(f"{root.name}.book{number}", (0, 0, high), (0.15, 0.21, thick), cover, root,
            turn=float(random.normal(0, 0.2)), bevel=0.003)  # fmt: skip
        high += thick


def bowl(root: bpy.types.Object, random: np.random.Generator) -> None:
    clay = material(f"{root.name}.clay", _tint(random), rough=0.4)
    lathe(f"{root.name}.bowl", [(0, 0), (0.045, 0.0), (0.09, 0.05), (0.105, 0.085), (0.098, 0.085),
                                (0.07, 0.03)], clay, root)  # fmt: skip
    for number in range(5):
        peel = material(f"{root.name}.{number}", _tint(random, -1.2), rough=0.35)
        angle = number * 1.3
        spot = (0.045 * np.cos(angle), 0.045 * np.sin(angle), 0.075 + 0.012 * (number % 2))
        limb(f"{root.name}.fruit{number}", (0.036, 0.036), 0.0, peel, root, spot)


def vase(root: bpy.types.Object, random: np.random.Generator) -> None:
    stripes = textures.weave(random, _tint(random), _tint(random), "stripe")
    glaze = material(f"{root.name}.glaze", stripes, metres=0.12, rough=0.3)
    green = material(f"{root.name}.green", (0.05, 0.13, 0.03))
    lathe(f"{root.name}.body", [(0, 0), (0.04, 0), (0.062, 0.07), (0.028, 0.15), (0.036, 0.17)],
          glaze, root)  # fmt: skip
    for number in range(6):
        petal = material(f"{root.name}.{number}", _tint(random, -1.0))
        out = 0.03 + 0.05 * random.random()
        angle, high = number * 1.05, 0.24 + 0.10 * random.random()
        spot = (out * np.cos(angle), out * np.sin(angle), high)
        limb(f"{root.name}.flower{number}", (0.028, 0.022), 0.0, petal, root, spot, rings=6)
        limb(f"{root.name}.stem{number}", (0.004, 0.004), high - 0.12, green, root,
             (spot[0] * 0.7, spot[1] * 0.7, high - 0.01), rings=6)  # fmt: skip


def box_of(root: bpy.types.Object, random: np.random.Generator) -> None:
    card = material(f"{root.name}.card", textures.poster(random, 128, 96), metres=0.16)
    size = random.uniform((0.09, 0.06, 0.14), (0.15, 0.10, 0.24))
    box(f"{root.name}.box", (0, 0, 0), tuple(size), card, root, bevel=0.003)


def can(root: bpy.types.Object, random: np.random.Generator) -> None:
    paint = material(f"{root.name}.paint", textures.poster(random, 96, 160), metres=0.14)
    tin = material(f"{root.name}.tin", (0.5, 0.5, 0.5), rough=0.3, metal=0.9)
    lathe(f"{root.name}.body", [(0.055, 0.006), (0.055, 0.125)], paint, root)
    lathe(f"{root.name}.ends", [(0, 0), (0.056, 0), (0.056, 0.006)], tin, root)
    lathe(f"{root.name}.lid", [(0.056, 0.125), (0.056, 0.131), (0, 0.131)], tin, root)


def lamp(root: bpy.types.Object, random: np.random.Generator) -> None:
    brass = material(f"{root.name}.brass", (0.45, 0.30, 0.10), rough=0.3, metal=0.9)
    shade = material(f"{root.name}.shade", _tint(random, -1.0), rough=0.8)
    lathe(f"{root.name}.foot", [(0, 0), (0.07, 0), (0.07, 0.012), (0.012, 0.03), (0.010, 0.26)],
          brass, root)  # fmt: skip
    lathe(f"{root.name}.cone", [(0.095, 0.20), (0.055, 0.33)], shade, root)
    lathe(f"{root.name}.top", [(0.055, 0.33), (0, 0.335)], shade, root)


MAKERS: dict[str, Maker] = {
    "mug": mug,
    "bottle": bottle,
    "books": pile,
    "bowl": bowl,
    "vase": vase,
    "box": box_of,
    "can": can,
    "lamp": lamp,
}
