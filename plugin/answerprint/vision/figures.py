"""Two people in two shots, found by their moving and told apart by all their colours.

Who talks, breathes and shifts moves against a set that stands still, in every few frames of a
shot. What moves between a shot's samples is grown to whole figures; where there are two, side by
side, the colours of each ask which of the other shot's two has them: coat, hair and skin together,
from before and from behind. No person is recognised. Where the camera moves, nothing is known.

Convention
    pictures   frame number -> ((h, w, 3) float32 scene-linear ACEScg, valid (h, w) bool).
    places     0..1 of a picture, x to the right.
    code       ACEScct; a colour is red and blue beside green, and half of the light.

Source: Rother et al., GrabCut, SIGGRAPH 2004, through OpenCV.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from answerprint.frames.curves import acescct
from answerprint.vision.pairs import Pictures

WIDTH = 240
MOVED, LEAST = 4.0, 0.006
"""How many times the usual change of the picture, and at least how much code, is movement."""
STILL = 0.25
"""Share of the picture that may move: more, and it is the camera."""
NEAR, TURNS = 0.17, 4
"""Widths around what moves in which the rest of a figure is looked for, and how often."""
BENEATH = 0.15
"""Picture heights under what was found that belong to it."""
AREA, MOST = 0.01, 0.3
"""Least and most share of the picture that a figure fills: one that fills more has run out into the
set."""
VALLEY, OTHERS = 0.08, 0.4
"""Picture heights that it goes down between two heads, and how deep another valley may be beside
that: more, and there are three."""
SMOOTH = 0.01
"""Widths over which columns are taken together."""
APART = 0.12
"""Widths that the middles of two figures have to be apart."""
LIGHT, BIN, REACH = 0.5, 0.02, 2.0
"""What light counts beside colour; code of a bin of colour; natural logarithm from which a colour
is one's and not the other's."""
NEVER = 0.002
"""What a bin is taken to fill of a figure that has none of it."""
SET = 0.2
"""Share of a figure that has to be of other colours than the set, to be told by them fully."""


@dataclass(frozen=True)
class Figure:
    """Somebody in a shot: where, the colours (N, 3) of the pixels, and those around the two."""

    x: float
    colours: np.ndarray
    around: np.ndarray


def figures(pictures: Pictures) -> list[Figure]:
    """The two who move in a shot, the left one first; [] where there are not two."""
    numbers = sorted(pictures)
    if len(numbers) < 2:
        return []
    seen = [_code(*pictures[number]) for number in numbers]
    moving = _moving([code for code, _ in seen])
    if moving is None:
        return []
    code, valid = seen[len(seen) // 2]
    whole = _beneath(_whole(moving, code)) & valid
    heights = _heights(whole)
    cut, depth = _valley(heights)
    if not depth or max(_valley(heights[:cut])[1], _valley(heights[cut:])[1]) > OTHERS * depth:
        return []
    around = _colours(code[valid & ~whole])
    found = []
    for left, right in ((0, cut), (cut, whole.shape[1])):
        rows, at = np.nonzero(whole[:, left:right])
        if not AREA < len(rows) / whole.size < MOST:
            return []
        mine = code[rows, at + left]
        found.append(Figure(float(np.median(at + left) / whole.shape[1]), _colours(mine), around))
    return found if found[1].x - found[0].x > APART else []


def swapped(first: Sequence[Figure], second: Sequence[Figure]) -> float:
    """How much the colours say that the two changed sides: 1 at most, -1 where they surely did
    not, near 0 where they do not tell. All four looks have to agree, for one alone may be told by
    the set around a figure."""
    (a, b), (c, d) = first, second
    said = [_speaks(c, b, a), _speaks(d, a, b), _speaks(a, d, c), _speaks(b, c, d)]
    return float(np.mean(said))


def _speaks(who: Figure, one: Figure, other: Figure) -> float:
    """How much the colours of somebody are one's and not the other's, -1 to 1; what is of the
    colour of the set is no clothing, or not to be told from it."""
    low = np.min([each.colours.min(0) for each in (who, one, other)], axis=0)
    most = np.max([each.colours.max(0) for each in (who, one, other)], axis=0)
    bins = tuple(np.ceil((most - low) / BIN).astype(int) + 1)

    def counted(colours: np.ndarray) -> np.ndarray:
        inside = ((colours >= low) & (colours <= most)).all(1)
        at = np.ravel_multi_index(tuple(((colours[inside] - low) / BIN).astype(int).T), bins)
        counts = np.bincount(at, minlength=int(np.prod(bins))).reshape(bins)
        for axis in range(3):
            counts = _softened(counts, axis)
        return np.asarray(counts)

    def own(figure: Figure) -> np.ndarray:
        mine = counted(figure.colours)
        return mine * mine / np.maximum(mine + counted(figure.around), 1e-9) / len(figure.colours)

    mine = own(who)
    ratio = np.log((own(one) + NEVER) / (own(other) + NEVER))
    said = float((mine * np.clip(ratio / REACH, -1, 1)).sum())
    return said / max(float(mine.sum()), SET)


def _softened(counts: np.ndarray, axis: int) -> np.ndarray:
    """Each bin shared with its neighbours: cloth is shaded."""
    pad = [(1, 1) if k == axis else (0, 0) for k in range(3)]
    wide = np.pad(counts, pad)
    size = counts.shape[axis]
    left, right = (np.take(wide, np.arange(k, k + size), axis) for k in (0, 2))
    return np.asarray(counts / 2 + (left + right) / 4)


def _code(picture: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    height, width = valid.shape
    size = (WIDTH, max(16, round(height * WIDTH / width)))
    clean = np.where(valid[..., None], picture, 0.0).astype(np.float32)
    small = cv2.resize(clean, size, interpolation=cv2.INTER_AREA)
    counts = cv2.resize(valid.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99
    code = np.asarray(acescct(np.maximum(cv2.GaussianBlur(small, (0, 0), 1.0), 0.0)))
    return code, counts


def _moving(codes: Sequence[np.ndarray]) -> np.ndarray | None:
    """(h, w) bool: what moves between samples; None where the whole picture does."""
    change = np.max(
        [np.abs(b - a).max(-1) for a, b in pairwise(codes)]
        + [np.abs(codes[-1] - codes[0]).max(-1)],
        axis=0,
    )
    moving = change > max(MOVED * float(np.median(change)), LEAST)
    return None if moving.mean() > STILL else moving


def _whole(moving: np.ndarray, code: np.ndarray) -> np.ndarray:
    """(h, w) bool: what moves, and what is of its colours and ends where it ends."""
    sure = cv2.morphologyEx(moving.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    if not sure.any():
        return sure > 0
    reach = 2 * round(NEAR * moving.shape[1] / 2) + 1
    near = cv2.dilate(sure, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    mask = np.where(near > 0, cv2.GC_PR_BGD, cv2.GC_BGD)
    mask = np.where(sure > 0, cv2.GC_FGD, mask).astype(np.uint8)
    low, high = np.percentile(code, (0.5, 99.5))
    eight = np.clip((code - low) * (255 / max(high - low, 1e-3)), 0, 255).astype(np.uint8)
    if (mask == cv2.GC_FGD).all() or not (mask == cv2.GC_PR_BGD).any():
        return sure > 0
    cv2.setRNGSeed(1)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(eight, mask, (0, 0, 1, 1), *models, TURNS, cv2.GC_INIT_WITH_MASK)
    found = (mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)
    return np.asarray(found)


def _beneath(whole: np.ndarray) -> np.ndarray:
    """Heads move more than coats: what is under a figure is taken to be of it too."""
    reach = round(BENEATH * len(whole))
    column = np.ones((reach, 1), np.uint8)
    return np.asarray(cv2.dilate(whole.astype(np.uint8), column, anchor=(0, reach - 1)) > 0)


def _heights(whole: np.ndarray) -> np.ndarray:
    """(w,) how high over the picture's foot figures reach in each column, 0 to 1."""
    clean = cv2.morphologyEx(whole.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    top = np.where(clean.any(0), 1 - clean.argmax(0) / len(clean), 0).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(top[None], (0, 0), SMOOTH * len(top))[0])


def _valley(heights: np.ndarray) -> tuple[int, float]:
    """Where two figures part, and how far that is under the lower of them; 0 where they do not."""
    before = np.maximum.accumulate(heights)
    after = np.maximum.accumulate(heights[::-1])[::-1]
    depth = np.minimum(before, after) - heights
    at = int(depth.argmax()) if len(depth) else 0
    return (at, float(depth[at])) if len(depth) and depth[at] > VALLEY else (0, 0.0)


def _colours(code: np.ndarray) -> np.ndarray:
    green = code[:, 1]
    return np.stack([code[:, 0] - green, code[:, 2] - green, LIGHT * code.mean(-1)], 1)
