"""How long the lens of a picture is, told by the straight lines of a built set.

Walls, doors, windows and furniture mostly run along three directions at right angles. The three
points where their lines meet in the picture stand to each other as the lens has it, so that a look
along the diagonal of a room tells its lens. A look straight at one wall does not, nor does a
meadow: then all lenses are left alike likely.

Convention
    lenses    focal lengths in picture widths, `LENSES`.
    places    picture widths from the picture's middle, x right, y down; the lens is centred there.
    turns     radians of the camera in the set: tilt, roll, and the heading within a quarter turn.

Source: Caprile and Torre, Using vanishing points for camera calibration, IJCV 1990; Coughlan and
Yuille, Manhattan world, ICCV 1999 (lines weighed over all turns); von Gioi et al., LSD, PAMI 2010,
through OpenCV.
"""

from __future__ import annotations

import cv2
import numpy as np

from answerprint.frames.curves import acescct
from answerprint.vision.correspond import LUMINANCE

LENSES = np.exp(np.linspace(np.log(0.55), np.log(4.0), 25))
"""Focal lengths in picture widths: 14 mm to 100 mm on Super 35."""
USUAL, SPREAD = 1.3, 0.6
"""Middle and width, in natural logarithms, of what lenses there usually are."""
WIDTH = 960
"""Pixels of a picture at most, in which lines are looked for."""
SHORT, MOST, FIRST = 0.035, 200, 60
"""Least length of a line in widths, how many are kept, and on how many turns are first tried."""
PIXEL, STRAIGHT = 0.5, 0.006
"""Error of a line's ends in pixels; and in radians what no line of a set is truer than."""
STRAY = 0.5
"""Share of lines that run along none of the three directions."""
ALONE = 0.3
"""What a line counts: the two edges of a door leaf are one evidence."""
_TILTS, _ROLLS = np.radians(np.arange(-30, 31, 3)), np.radians(np.arange(-6, 7, 3))
_HEADINGS = np.radians(np.arange(0, 90, 3))


def usual() -> np.ndarray:
    """(L,) logarithm of how usual each of `LENSES` is."""
    return np.asarray(-((np.log(LENSES / USUAL) / SPREAD) ** 2) / 2)


def likely(picture: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """(L,) logarithm of how well each of `LENSES` agrees with the lines, 0 for the best.

    picture   (H, W, 3) scene-linear ACEScg; valid (H, W) where it counts.
    """
    lines = _lines(picture, valid)
    if len(lines) < 8:
        return np.zeros(len(LENSES))
    best = []
    for some in range(0, len(LENSES), 3):
        focal = LENSES[some]
        tilt, roll, heading = (each.ravel() for each in np.meshgrid(_TILTS, _ROLLS, _HEADINGS))
        turns = np.stack([tilt, roll, heading], 1)
        score = _score(np.full(len(turns), focal), turns, lines[:FIRST])
        best += [turns[k] for k in np.argsort(-score)[:2]]
    starts = np.unique(best, axis=0)
    told = np.full(len(LENSES), -np.inf)
    for number, focal in enumerate(LENSES):
        turns = starts
        for step in np.radians((1.5, 0.75, 0.4, 0.2)):
            turns = _better(focal, turns, step, lines)
        told[number] = _score(np.full(len(turns), focal), turns, lines).max()
    return np.asarray(ALONE * (told - told.max()))


def _better(focal: float, turns: np.ndarray, step: float, lines: np.ndarray) -> np.ndarray:
    """The turns, each moved to the best of what lies a step around it."""
    around = np.stack(np.meshgrid(*[(-step, 0.0, step)] * 3, indexing="ij"), -1).reshape(-1, 3)
    near = turns[:, None] + around
    score = _score(np.full(near.shape[0] * 27, focal), near.reshape(-1, 3), lines)
    best = score.reshape(-1, 27).argmax(1)
    return np.asarray(near[np.arange(len(near)), best])


def _lines(picture: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """(N, 5) straight lines, the longest first: middle x, y, direction x, y, and the standard
    error of the direction in radians."""
    height, width = valid.shape
    size = (min(width, WIDTH), round(height * min(width, WIDTH) / width))
    clean = np.where(valid[..., None], picture, 0.0).astype(np.float32)
    small = cv2.resize(clean, size, interpolation=cv2.INTER_AREA)
    code = acescct(np.maximum(small @ LUMINANCE.astype(np.float32), 0))
    low, high = np.percentile(code, (1, 99))
    grey = np.clip((code - low) * (255 / max(high - low, 0.05)), 0, 255).astype(np.uint8)
    found = cv2.createLineSegmentDetector().detect(grey)[0]
    if found is None:
        return np.zeros((0, 5))
    ends = (found.reshape(-1, 2, 2).astype(np.float64) - np.subtract(size, 1) / 2) / size[0]
    along = ends[:, 1] - ends[:, 0]
    length = np.hypot(*along.T)
    order = np.argsort(-length)[:MOST]
    order = order[length[order] > SHORT]
    error = np.hypot(STRAIGHT, PIXEL * np.sqrt(2) / size[0] / length[order])
    return np.column_stack([ends[order].mean(1), along[order] / length[order, None], error])


def _score(focal: np.ndarray, turns: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """(K,) log likelihood of the lines under lenses (K,) and turns (K, 3)."""
    axes = _axes(turns)
    middle, along, error = lines[:, :2], lines[:, 2:4], lines[:, 4]
    total = np.zeros((len(turns), len(lines)))
    for axis in range(3):
        # from a line's middle to where its direction vanishes
        x = (focal * axes[:, 0, axis])[:, None] - middle[:, 0] * axes[:, 2, axis, None]
        y = (focal * axes[:, 1, axis])[:, None] - middle[:, 1] * axes[:, 2, axis, None]
        off = (x * along[:, 1] - y * along[:, 0]) / np.maximum(np.hypot(x, y), 1e-9)
        total += np.exp(-((off / error) ** 2) / 2)
    sharp = (1 - STRAY) / 3 * 2 / (error * np.sqrt(2 * np.pi))
    return np.asarray(np.log(STRAY * 2 / np.pi + sharp * total).sum(1))


def _axes(turns: np.ndarray) -> np.ndarray:
    """(K, 3, 3) the set's directions as columns, in the camera: x right, y down, z forwards."""
    (ct, cr, ch), (st, sr, sh) = np.cos(turns).T, np.sin(turns).T
    zero, one = np.zeros_like(ct), np.ones_like(ct)

    def made(*rows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
        return np.stack([np.stack(row, -1) for row in rows], -2)

    heading = made((ch, zero, sh), (zero, one, zero), (-sh, zero, ch))
    tilt = made((one, zero, zero), (zero, ct, -st), (zero, st, ct))
    roll = made((cr, -sr, zero), (sr, cr, zero), (zero, zero, one))
    return np.asarray(roll @ tilt @ heading)
