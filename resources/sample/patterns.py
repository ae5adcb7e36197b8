"""Pictures that are printed on things in the set: poster, wallpaper, runner, book spines.

Drawn from a seed, so that nothing in the sample comes from anybody else.

Convention
    returns     (H, W, 3) float32, scene-linear Rec.709 reflectance, 0.02 to 0.9, row 0 at the
                bottom (as Blender keeps its pictures).
"""

from __future__ import annotations

import numpy as np

INK = {
    "cream": (0.72, 0.62, 0.45),
    "black": (0.028, 0.027, 0.03),
    "red": (0.50, 0.065, 0.035),
    "orange": (0.68, 0.24, 0.035),
    "yellow": (0.74, 0.48, 0.06),
    "green": (0.075, 0.21, 0.10),
    "teal": (0.045, 0.24, 0.25),
    "blue": (0.04, 0.10, 0.34),
    "sky": (0.28, 0.46, 0.56),
    "pink": (0.66, 0.30, 0.27),
    "plum": (0.16, 0.05, 0.13),
}
OVERSAMPLE = 3


def _inks(names: str) -> np.ndarray:
    return np.array([INK[name] for name in names.split()], np.float32)


def _grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """x and y of the fine samples of a picture, in pixels."""
    y, x = np.mgrid[0 : height * OVERSAMPLE, 0 : width * OVERSAMPLE].astype(np.float32)
    return (x + 0.5) / OVERSAMPLE, (y + 0.5) / OVERSAMPLE


def _resolve(fine: np.ndarray) -> np.ndarray:
    """Fine samples averaged to pixels, in linear light as a lens would."""
    height, width = (n // OVERSAMPLE for n in fine.shape[:2])
    return fine.reshape(height, OVERSAMPLE, width, OVERSAMPLE, 3).mean((1, 3), np.float32)


def poster(seed: int, columns: int = 9, rows: int = 6, cell: int = 96) -> np.ndarray:
    """A geometric screen print: one simple figure in each cell of a grid, with a margin."""
    draw = np.random.default_rng(seed)
    x, y = _grid(cell, cell)
    u, v = x / cell, y / cell
    figures = [
        np.hypot(u, v) < 1,
        np.hypot(u - 1, v) < 1,
        np.hypot(u - 0.5, v - 0.5) < 0.42,
        np.hypot(u - 0.5, v) < 0.5,
        (np.hypot(u, v) < 1) & (np.hypot(u, v) > 0.45),
        u + v < 1,
        (u * 5).astype(int) % 2 == 0,
        ((u + v) * 4).astype(int) % 2 == 0,
        np.abs(u - 0.5) + np.abs(v - 0.5) < 0.5,
    ]
    inks = _inks("cream black red orange yellow green teal blue sky pink cream")
    lines = []
    for _ in range(rows):
        line = []
        for _ in range(columns):
            ground, ink = inks[draw.choice(len(inks), 2, replace=False)]
            figure = np.rot90(figures[draw.integers(len(figures))], draw.integers(4))
            line.append(np.where(figure[..., None], ink, ground))
        lines.append(np.concatenate(line, 1))
    print_ = _resolve(np.concatenate(lines, 0))
    height, width = (n + cell for n in print_.shape[:2])
    sheet = np.full((height, width, 3), INK["cream"], np.float32)
    sheet[cell // 2 : -cell // 2, cell // 2 : -cell // 2] = print_
    return sheet


def wallpaper(size: int = 256) -> np.ndarray:
    """One repeat of a scallop pattern, faint, grey-green on blue-green."""
    x, y = _grid(size, size)
    ground, line = np.float32((0.070, 0.125, 0.118)), np.float32((0.155, 0.205, 0.170))
    radius = size / 4
    picture = np.broadcast_to(ground, (*x.shape, 3)).copy()
    for row in range(9, -2, -1):  # lower rows lie over the upper ones
        centre_y = row * radius / 2
        dx = (x - radius * (row % 2) + radius) % (2 * radius) - radius
        distance = np.hypot(dx, y - centre_y) / radius
        inside = (distance < 1) & (y >= centre_y)
        ringed = ((distance * 6.0) % 1 < 0.24) & (distance > 0.16)
        picture = np.where(inside[..., None], np.where(ringed[..., None], line, ground), picture)
    return _resolve(picture)


def runner(seed: int, height: int = 256, width: int = 1280) -> np.ndarray:
    """A woven runner: bands of lozenges and teeth, symmetrical, with a faded dye lot."""
    draw = np.random.default_rng(seed)
    x, y = _grid(height, width)
    inks = _inks("red cream blue orange teal plum yellow black")
    fold = np.abs(y - height / 2)
    stitch = 8.0
    across, along = np.floor(fold / stitch), np.floor(x / stitch)
    band = np.floor(along / 20).astype(int)
    within = along % 20 - 9.5
    picture = np.zeros((*x.shape, 3), np.float32)
    for each in range(band.max() + 1):
        here = band == each
        inner, middle, outer = inks[draw.choice(len(inks), 3, replace=False)]
        lozenge = np.abs(within) + across
        layers = np.where((lozenge < 4)[..., None], inner, outer)
        layers = np.where(((lozenge >= 4) & (lozenge < 8))[..., None], middle, layers)
        layers = np.where((np.abs(within) > 8)[..., None], inks[1], layers)
        picture = np.where(here[..., None], layers, picture)
    border = fold > height / 2 - 3 * stitch
    teeth = (along + across) % 4 < 2
    picture = np.where(border[..., None], np.where(teeth[..., None], inks[0], inks[7]), picture)
    lots = draw.uniform(0.8, 1.15, band.max() + 1).astype(np.float32)
    return _resolve(picture * lots[band][..., None]).clip(0.02, 0.9)


def spine(seed: int, cloth: str, height: int = 256, width: int = 64) -> np.ndarray:
    """The back of a cloth-bound book: bands, and a title that is too small to be read."""
    draw = np.random.default_rng(seed)
    x, y = _grid(height, width)
    ink = np.float32(INK["yellow"] if cloth not in ("yellow", "cream", "orange") else INK["black"])
    picture = np.broadcast_to(np.float32(INK[cloth]), (*x.shape, 3)).copy()
    for at in draw.choice([12, 20, 30, 44], 2, replace=False):
        band = (np.abs(y - at) < 2) | (np.abs(y - (height - at)) < 2)
        picture[band] = ink
    title = (np.abs(x - width / 2) < width * 0.2) & (np.abs(y - height * 0.6) < height * 0.17)
    letters = draw.random((60, 9)) < 0.6
    letter = letters[(y / 5).astype(int) % 60, (x / 7).astype(int) % 9] & (y % 5 < 4)
    picture[title & letter] = ink
    return _resolve(picture)


def letter(seed: int, height: int = 420, width: int = 296) -> np.ndarray:
    """A handwritten page, too far away to be read."""
    draw = np.random.default_rng(seed)
    x, y = _grid(height, width)
    picture = np.broadcast_to(np.float32((0.74, 0.69, 0.58)), (*x.shape, 3)).copy()
    for line in range(17):
        base = height - 60 - line * 19
        end = width - draw.uniform(30, 60 if line < 16 else 190)
        rates, phases = draw.uniform(0.15, 0.9, 3), draw.uniform(0, 6.3, 3)
        hand = sum(2.2 * np.sin(x * r + p) for r, p in zip(rates, phases, strict=True))
        gap = np.sin(x * draw.uniform(0.11, 0.16) + line) > -0.82
        stroke = (np.abs(y - base - hand) < 1.3) & (x > 34) & (x < end) & gap
        picture[stroke] = (0.03, 0.035, 0.09)
    return _resolve(picture)
