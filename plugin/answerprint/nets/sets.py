"""Procedural places to stand before: surfaces, edges and clutter, drawn from a seed.

Convention
    light    (H, W, 3) float32 scene-linear ACEScg, over 0.
    The same seed gives the same picture, bit for bit.
"""

from __future__ import annotations

import cv2
import numpy as np

from answerprint.nets.screens import clouds


def place(seed: int, size: tuple[int, int]) -> np.ndarray:
    """A place of (height, width): sky or wall, things before it, texture on all."""
    random = np.random.default_rng([seed, 11])
    tall, wide = size
    made = np.empty((tall, wide, 3), np.float32)
    made[:] = _tint(random)
    made *= (1 + 0.4 * clouds(random, size, 2.5))[..., None].clip(0.3, 2)
    for _ in range(int(random.integers(3, 40))):
        shape = _thing(random, size)
        surface = _tint(random) * (1 + 0.3 * clouds(random, size, random.uniform(3, 40)))[..., None]
        made = made * (1 - shape) + np.maximum(surface, 0.002) * shape
    if random.random() < 0.5:
        made = made * _tiles(random, size)[..., None]
    fine = random.uniform(0, 0.35) * clouds(random, size, wide / random.uniform(1.5, 8))
    made = made * np.maximum(1 + fine, 0.1)[..., None]
    lamps = np.clip(clouds(random, size, 25) - 2.4, 0, 1)[..., None]
    return np.asarray(np.maximum(made, 1e-4) + random.uniform(0, 8) * lamps, np.float32)


def _tint(random: np.random.Generator) -> np.ndarray:
    level = np.exp(random.uniform(np.log(0.01), np.log(0.9)))
    return np.asarray(level * np.exp(random.normal(0, 0.35, 3)), np.float32)


def _thing(random: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Coverage (H, W, 1) of a polygon, an ellipse or a bar, with an edge more or less sharp."""
    tall, wide = size
    drawn = np.zeros(size, np.uint8)
    middle = random.uniform(0, 1, 2) * (wide, tall)
    reach = wide * random.uniform(0.01, 0.25)
    kind = random.integers(3)
    if kind == 0:
        corners = middle + random.uniform(-reach, reach, (int(random.integers(3, 7)), 2))
        cv2.fillPoly(drawn, [np.rint(corners * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    elif kind == 1:
        axes = (round(reach * 16), round(reach * random.uniform(0.2, 1) * 16))
        at = (round(middle[0] * 16), round(middle[1] * 16))
        turn = random.uniform(0, 180)
        cv2.ellipse(drawn, at, axes, turn, 0, 360, 255, -1, cv2.LINE_AA, 4)
    else:
        end = middle + random.uniform(-4 * reach, 4 * reach, 2)
        ends = [tuple(int(v) for v in np.rint(p)) for p in (middle, end)]
        cv2.line(drawn, ends[0], ends[1], 255, int(random.integers(1, 12)), cv2.LINE_AA)
    soft = random.uniform(0, 2)
    cover: np.ndarray = drawn / np.float32(255)
    if soft > 0.3:
        cover = cv2.GaussianBlur(cover, (0, 0), soft)
    return np.asarray(cover[..., None])


def _tiles(random: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Bricks, blinds, boards: dark joints at an even pace."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    way = random.uniform(0, np.pi)
    pace = random.uniform(8, 60)
    joints = np.ones(size, np.float32)
    for turn in (0, np.pi / 2)[: int(random.integers(1, 3))]:
        along = x * np.cos(way + turn) + y * np.sin(way + turn)
        near = np.abs((along / pace) % 1 - 0.5) * pace
        joints *= 1 - random.uniform(0.2, 0.8) * np.clip(1.5 - near, 0, 1)
    return joints
