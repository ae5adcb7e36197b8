"""The figure of the set: a shop-window head in a felt hat, on a turned stand."""

from __future__ import annotations

import materials
import numpy as np
from shapes import group, loft, mm, place, revolved, smoothed, turned

SECTIONS = np.array(
    [
        # height, half width, front, behind: millimetres
        (0, 54, 46, 62),
        (20, 49, 43, 58),
        (50, 45, 40, 53),
        (85, 45, 43, 52),
        (105, 51, 76, 56),
        (125, 59, 84, 66),
        (160, 69, 87, 88),
        (200, 74, 90, 102),
        (240, 74, 90, 103),
        (270, 63, 76, 87),
        (288, 44, 53, 60),
        (297, 22, 27, 30),
        (300, 1, 1, 1),
    ]
)
"""Of neck and head, from the collar up."""

FEATURES = (
    # how far out; off the middle, height; width, height of the swelling: millimetres
    (17, 0, 172, 9.5, 12),  # tip of the nose
    (10, 0, 192, 8.5, 20),  # bridge
    (6, 9, 168, 6, 7),  # nostrils
    (4, 22, 222, 20, 8),  # brow
    (-10, 29, 204, 15, 10),  # sockets
    (4, 29, 203, 11, 6),  # lids
    (5, 43, 178, 16, 16),  # cheekbones
    (6.5, 0, 149.5, 16, 4.2),  # upper lip
    (6.5, 0, 140, 14, 4.8),  # lower lip
    (-4, 0, 133.5, 16, 4),  # below it
    (8, 0, 118, 17, 11),  # chin
)


def mannequin():
    """Head, hat and stand, 0.41 m high; it faces -y."""
    height = SECTIONS[-1, 0] * np.linspace(0, 1, 120)[:, None]
    angle = np.linspace(0, 2 * np.pi, 144, endpoint=False)[None]
    half, front, behind = (fair(height, SECTIONS[:, 0], SECTIONS[:, each]) for each in (1, 2, 3))
    facing = -np.sin(angle)
    x = half * np.cos(angle)
    y = -np.where(facing > 0, front, behind) * facing
    for out, across, up, wide, high in FEATURES:
        swell = np.exp(-(((np.abs(x) - across) / wide) ** 2) - ((height - up) / high) ** 2)
        y = y - out * swell * np.clip(facing, 0, None)
    rings = np.stack(np.broadcast_arrays(x, y, height), -1) / 1000
    head = place(loft("head", rings, materials.skin()), (0, 0, 0.055))
    walnut = materials.wood("stand", (0.04, 0.02, 0.012), (0.13, 0.06, 0.03), along="z")
    foot = mm("85 0, 85 12, 74 18, 30 26, 24 50, 30 70, 0 72")
    worn = place(hat(), (0, 0.008, 0.301), (-4, 3, 0))
    return group("mannequin", head, worn, turned("stand", foot, walnut))


def fair(at: np.ndarray, knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    """A monotone cubic through the knots: nothing bulges between them.

    Source: Fritsch and Butland 1984, harmonic-mean tangents.
    """
    slope = np.diff(values) / np.diff(knots)
    same = slope[1:] * slope[:-1] > 0
    tangent = np.zeros(len(values))
    tangent[1:-1][same] = 2 / (1 / slope[1:][same] + 1 / slope[:-1][same])
    tangent[0], tangent[-1] = slope[0], slope[-1]
    i = np.clip(np.searchsorted(knots, at, "right") - 1, 0, len(knots) - 2)
    step = knots[i + 1] - knots[i]
    t = (at - knots[i]) / step
    return (
        (2 * t**3 - 3 * t**2 + 1) * values[i]
        + (t**3 - 2 * t**2 + t) * step * tangent[i]
        + (3 * t**2 - 2 * t**3) * values[i + 1]
        + (t**3 - t**2) * step * tangent[i + 1]
    )


def hat():
    """A soft felt hat with a band; its brim lies on z = 0, longer front to back."""
    crown = mm("138 2, 141 4, 137 6, 110 1, 83 0, 79 4, 77 30, 73 75, 66 98, 45 106, 0.5 104")
    band = mm("79.2 5, 80.6 6, 78.6 34, 77 35")
    felt = materials.felt("felt", (0.030, 0.075, 0.070))
    ribbon = materials.felt("ribbon", (0.28, 0.045, 0.03))
    return group("hat", oval("felt", crown, felt, 0.022), oval("ribbon", band, ribbon, 0.0))


def oval(name: str, profile, material, dent: float):
    """A blocked piece of a hat: turned, drawn longer, dented on top, its brim rolled."""
    rings = revolved(smoothed(profile), 96)
    brim = np.clip((np.hypot(rings[..., 0], rings[..., 1]) - 0.085) / 0.055, 0, 1)
    roll = 0.012 * brim * np.cos(2 * np.arctan2(rings[..., 1], rings[..., 0]))
    rings = rings * (1.0, 1.24, 1.0)
    crease = np.exp(-((rings[..., 0] / 0.024) ** 2)) * np.clip((rings[..., 2] - 0.05) / 0.05, 0, 1)
    rings[..., 2] += roll - dent * crease
    return loft(name, rings, material, closed=False)
