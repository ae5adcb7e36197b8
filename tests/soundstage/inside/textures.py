"""Surfaces as pictures: what the sets and the clothes are painted with.

Every function gives (h, w, 3) float32, linear Rec.709 reflectance, that repeats without a seam
where it is laid on a wall more than once. Nothing is loaded: the generator's state is all there is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Colour = Sequence[float]
SIDE = 768


def cloudy(random: np.random.Generator, tall: int, wide: int, cells: int, steps: int = 4):
    """Value noise of mean 0 and deviation about 1 that repeats: `cells` waves, halved each step."""
    total = np.zeros((tall, wide))
    for step in range(steps):
        count = cells * 2**step
        down = max(2, min(tall, count * tall // max(tall, wide)))
        across = max(2, min(wide, count * wide // max(tall, wide)))
        grid = random.normal(size=(down, across))
        total += _smooth(grid, tall, wide) / 1.7**step
    return (total - total.mean()) / total.std()


def _smooth(grid: np.ndarray, tall: int, wide: int) -> np.ndarray:
    for axis, size in ((0, tall), (1, wide)):
        place = np.arange(size) * grid.shape[axis] / size
        low = place.astype(int)
        part = place - low
        part = part * part * (3 - 2 * part)
        shape = (-1, 1) if axis == 0 else (1, -1)
        one = np.take(grid, low, axis)
        other = np.take(grid, (low + 1) % grid.shape[axis], axis)
        grid = one + (other - one) * part.reshape(shape)
    return grid


def painted(tone: np.ndarray, colour: Colour, strength: float) -> np.ndarray:
    """A colour that gets lighter and darker with `tone`."""
    return (np.exp(tone * strength)[..., None] * np.asarray(colour)).astype(np.float32)


def speckled(random: np.random.Generator, picture: np.ndarray, strength: float) -> np.ndarray:
    fine = cloudy(random, *picture.shape[:2], cells=150, steps=2)
    return np.clip(picture * np.exp(fine * strength)[..., None], 0.004, 0.9).astype(np.float32)


def plaster(random: np.random.Generator, colour: Colour) -> np.ndarray:
    """A painted wall: uneven, scuffed, with stains and nail holes."""
    picture = painted(cloudy(random, SIDE, SIDE, 5, 6), colour, 0.10)
    y, x = np.mgrid[:SIDE, :SIDE]
    for _ in range(46):
        cx, cy = random.uniform(0, SIDE, 2)
        size, dark = random.uniform(2, 26), random.uniform(-0.28, 0.18)
        bent = 1 + 0.4 * random.normal()
        away = np.hypot((x - cx) * bent, y - cy) / size
        picture *= np.exp(dark * np.exp(-(away**3)))[..., None]
    return speckled(random, picture, 0.05)


def wood(random: np.random.Generator, colour: Colour, planks: int = 6) -> np.ndarray:
    """Boards side by side along the picture, each with its own tone and grain."""
    rows = SIDE // planks
    grain = _smooth(random.normal(size=(SIDE // 2, 12)), SIDE, SIDE)
    picture = painted(grain, colour, 0.16)
    for plank in range(planks):
        here = slice(plank * rows, (plank + 1) * rows)
        shift = int(random.integers(SIDE))
        picture[here] = np.roll(picture[here], shift, 1)
        tone = np.exp(random.normal(0, 0.18)) * np.exp(random.normal(0, 0.05, 3))
        picture[here] *= tone.astype(np.float32)
        picture[plank * rows : plank * rows + 2] *= 0.35
        cut = int(random.integers(SIDE))
        picture[here, cut : cut + 2] *= 0.4
    return speckled(random, picture, 0.08)


def tiles(
    random: np.random.Generator, colour: Colour, other: Colour, count: int = 8, grout: float = 0.25
) -> np.ndarray:
    """Square tiles in two colours by chance, with grout between."""
    place = np.arange(SIDE) * count / SIDE
    number, part = place.astype(int), place % 1
    line = np.minimum(part, 1 - part) < 0.025
    which = random.random((count, count)) < 0.4
    tone = np.exp(random.normal(0, 0.12, (count, count, 1)))
    flat = np.where(which[..., None], other, colour) * tone
    picture = flat[number][:, number].astype(np.float32)
    picture *= np.exp(cloudy(random, SIDE, SIDE, 10) * 0.07)[..., None].astype(np.float32)
    picture[line[:, None] | line[None]] = grout
    return speckled(random, picture, 0.05)


def bricks(random: np.random.Generator, colour: Colour, rows: int = 14) -> np.ndarray:
    across = rows // 2
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    row = (y * rows).astype(int)
    along = x * across + 0.5 * (row % 2)
    column = along.astype(int) % across
    tone = np.exp(
        random.normal(0, 0.28, (rows, across, 1)) + random.normal(0, 0.06, (rows, across, 3))
    )
    picture = (tone[row, column] * np.asarray(colour)).astype(np.float32)
    picture *= np.exp(cloudy(random, SIDE, SIDE, 30) * 0.12)[..., None].astype(np.float32)
    mortar = (np.abs(y * rows % 1 - 0.5) > 0.44) | (np.abs(along % 1 - 0.5) > 0.47)
    picture[mortar] = 0.30
    return speckled(random, picture, 0.08)


def stones(random: np.random.Generator, colour: Colour, count: int = 12) -> np.ndarray:
    """Cobbles: each pixel belongs to the nearest of jittered points."""
    jitter = random.uniform(-0.32, 0.32, (count, count, 2))
    tone = np.exp(random.normal(0, 0.25, (count, count)))
    place = (np.arange(SIDE) + 0.5) * count / SIDE
    y, x = np.meshgrid(place, place, indexing="ij")
    near = np.full((2, SIDE, SIDE), 9.0)
    shade = np.zeros((SIDE, SIDE))
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            iy, ix = y.astype(int) + dy, x.astype(int) + dx
            point = jitter[iy % count, ix % count]
            away = np.hypot(iy + 0.5 + point[..., 0] - y, ix + 0.5 + point[..., 1] - x)
            closer = away < near[0]
            near[1] = np.where(closer, near[0], np.minimum(near[1], away))
            shade = np.where(closer, tone[iy % count, ix % count], shade)
            near[0] = np.where(closer, away, near[0])
    edge = np.clip((near[1] - near[0]) / 0.14, 0.18, 1.0)
    picture = ((shade * edge)[..., None] * np.asarray(colour)).astype(np.float32)
    return speckled(random, picture, 0.14)


def weave(random: np.random.Generator, colour: Colour, other: Colour, kind: str) -> np.ndarray:
    """Cloth: 'plain', 'stripe' or 'check'."""
    size = 256
    tone = cloudy(random, size, size, 8, 5)
    picture = painted(tone, colour, 0.10)
    if kind != "plain":
        bars = (np.arange(size) * int(random.integers(5, 9)) // size) % 2 == 0
        mix = bars[:, None] * 0.85 * np.ones(size)
        if kind == "check":
            mix = (bars[:, None] + bars[None]) * 0.45
        picture = picture * (1 - mix[..., None]) + np.asarray(other) * mix[..., None]
    thread = (np.arange(size) % 4 < 2)[:, None] ^ (np.arange(size) % 4 < 2)[None]
    return np.clip(picture * (0.93 + 0.1 * thread[..., None]), 0.004, 0.9).astype(np.float32)


def carpet(random: np.random.Generator, colour: Colour) -> np.ndarray:
    """Rings of motifs around a middle, as a woven rug."""
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    ring = np.maximum(np.abs(x), np.abs(y)) * 0.7 + np.hypot(x, y) * 0.3
    around = np.arctan2(y, x)
    picture = np.zeros((SIDE, SIDE, 3))
    edges = np.sort(random.uniform(0, 1.05, 9))
    for number, edge in enumerate((0.0, *edges)):
        tint = np.asarray(colour) * np.exp(random.normal(0, 0.6) + random.normal(0, 0.35, 3))
        petals = np.sin(around * int(random.integers(4, 26)) + number) * 0.035
        picture[ring > edge + petals] = tint
    return speckled(random, np.clip(picture, 0.01, 0.8), 0.16)


def poster(random: np.random.Generator, tall: int = 288, wide: int = 288) -> np.ndarray:
    """A picture for the wall: a few large shapes, lines of type, and a pale margin."""
    ground = random.uniform(0.05, 0.6, 3)
    picture = painted(cloudy(random, tall, wide, 4), ground, 0.12)
    y, x = np.mgrid[:tall, :wide]
    for _ in range(int(random.integers(9, 18))):
        tint = random.uniform(0.02, 0.75, 3)
        cx, cy = random.uniform(0, wide), random.uniform(0, tall)
        a, b = random.uniform(0.04, 0.28, 2) * wide
        if random.random() < 0.5:
            mask = ((x - cx) / a) ** 2 + ((y - cy) / b) ** 2 < 1
        else:
            turn = random.uniform(0, np.pi)
            u = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)
            v = (y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)
            mask = (np.abs(u) < a) & (np.abs(v) < b * 0.6)
        picture[mask] = tint
    for row in range(int(tall * 0.74), int(tall * 0.92), max(5, tall // 26)):
        start = int(wide * 0.12)
        while start < wide * 0.86:
            word = int(random.integers(4, 20))
            picture[row : row + max(2, tall // 70), start : start + word] = 0.03
            start += word + 5
    rim = max(3, wide // 30)
    for edge in (np.s_[:rim], np.s_[-rim:], np.s_[:, :rim], np.s_[:, -rim:]):
        picture[edge] = 0.72
    return speckled(random, picture, 0.03)


def books(random: np.random.Generator, shelves: int = 1) -> np.ndarray:
    """Spines in a row, one row for each shelf; dark above those that are lower."""
    tall, wide = 160, 640
    rows = []
    for _ in range(shelves):
        picture = np.full((tall, wide, 3), 0.015)
        start = 0
        while start < wide:
            width = int(random.integers(8, 26))
            height = int(random.uniform(0.62, 0.96) * tall)
            tint = np.exp(random.normal(-2.0, 0.7) + random.normal(0, 0.55, 3))
            spine = picture[tall - height :, start : start + width - 1]
            spine[:] = np.clip(tint, 0.01, 0.7)
            for _ in range(int(random.integers(1, 4))):
                at = int(random.uniform(0.1, 0.85) * height)
                spine[at : at + int(random.integers(2, 12))] = random.uniform(0.02, 0.7, 3)
            start += width
        rows.append(picture)
    return speckled(random, np.concatenate(rows), 0.05)


def landscape(random: np.random.Generator) -> np.ndarray:
    """What stands outside a window: sky, houses, trees."""
    tall, wide = 256, 384
    high = np.linspace(1, 0, tall)[:, None, None]
    picture = np.array([0.55, 0.68, 0.95]) * (0.6 + 0.6 * high) * np.ones((tall, wide, 1))
    for _ in range(9):
        x, w = int(random.integers(wide)), int(random.integers(30, 80))
        top = int(random.uniform(0.35, 0.75) * tall)
        wall = random.uniform(0.12, 0.5) * np.exp(random.normal(0, 0.15, 3))
        picture[top:, x : x + w] = wall
        for row in range(top + 8, tall - 8, 18):
            for column in range(x + 6, min(x + w, wide) - 8, 14):
                picture[row : row + 10, column : column + 7] = wall * random.uniform(0.2, 0.6)
    leaves = cloudy(random, tall, wide, 14, 5)
    line = (0.55 + 0.12 * cloudy(random, 2, wide, 5, 3)[0])[None] * tall
    green = (np.arange(tall)[:, None] > line) & (leaves > -0.2)
    picture[green] = (np.array([0.07, 0.13, 0.04]) * np.exp(leaves * 0.4)[..., None])[green]
    return picture.astype(np.float32)
