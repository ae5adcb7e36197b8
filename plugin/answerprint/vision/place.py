"""Whether two pictures show one place, by the landmarks that are kept of them.

A few landmarks that are alike vote for a framing: how much larger the second picture shows what
both show, and where. Under that framing the others are looked for where they have to be. Where
another spot shows the place, near and far move apart and no framing fits: then one geometry of two
cameras has to.

Convention
    landmarks   `sketch.Landmarks`; places in parts of the picture's width.
    view        `views.View`; its homography is from places of the first to places of the second.

Source: Lowe, IJCV 2004, 7.4 (votes for place and scale); Hartley and Zisserman, 2nd ed., 4.8
(guided matching).
"""

from __future__ import annotations

import numpy as np

from answerprint.vision import features, pairs, views
from answerprint.vision.sketch import Landmarks
from answerprint.vision.views import View

REACH = 2.5 / 800
"""Distance in widths within which landmarks agree with one geometry."""
VOTE, OCTAVE = 0.04, 0.5
"""Distance in widths, and of scale, within which two landmarks vote for one framing."""
UPRIGHT = 30.0
"""Degrees that one picture may be turned against the other: cameras stand upright."""
SEEDS = 4
"""Votes from which a framing is followed."""
GUIDED = 0.024, 0.012, 0.006, 0.006
"""Distance in widths from where a framing has a landmark to where it may be, from the first look to
the last: things that only repeat agree roughly, what was taken from one spot agrees closely."""
SURELY = 0.8
"""Cosine of descriptors that are one landmark where they are where they should be."""
ENOUGH = 10
"""Landmarks under one framing from which two pictures were taken from one spot."""
WIDTH = 1000
"""Of the picture, in the units that `views` is asked in."""


def same_place(first: Landmarks, second: Landmarks) -> View:
    """How the second picture stands to the first."""
    i, j = features.alike(first.unit, second.unit)
    framed = _framed(first, second, i, j)
    if framed.kind == "setup" or len(i) < pairs.ENOUGH:
        return framed
    keep = features.one_geometry(first.place[i] / REACH, second.place[j] / REACH, 1.0)
    seen = _view(first, second, i[keep], j[keep])
    return seen if seen.structures > framed.structures else framed


def _view(first: Landmarks, second: Landmarks, i: np.ndarray, j: np.ndarray) -> View:
    sizes = [(WIDTH, round(WIDTH * each.size[1] / each.size[0])) for each in (first, second)]
    turn = np.degrees(second.angle[j] - first.angle[i])
    scale = np.log2(second.radius[j] / first.radius[i])
    a, b = (at.astype(np.float64) * WIDTH for at in (first.place[i], second.place[j]))
    seen = views.between(a, b, turn, scale, *sizes)
    if seen.homography is None:
        return seen
    wide = np.diag([WIDTH, WIDTH, 1.0])
    small = np.linalg.inv(wide) @ seen.homography @ wide
    return View(seen.kind, seen.structures, seen.areas, seen.together, small, seen.scale)


def _voted(first: Landmarks, second: Landmarks, i: np.ndarray, j: np.ndarray) -> np.ndarray | None:
    """(2, 3) the framing that most pairs vote for, None where too few agree."""
    turn = (np.degrees(second.angle[j] - first.angle[i]) + 180) % 360 - 180
    i, j = i[np.abs(turn) < UPRIGHT], j[np.abs(turn) < UPRIGHT]
    if len(i) < SEEDS:
        return None
    a, b = first.place[i].astype(np.float64), second.place[j].astype(np.float64)
    scale = np.log2(second.radius[j] / first.radius[i])
    # each pair's framing, tried on all: (voter, pair, 2)
    there = b[:, None] + np.exp2(scale)[:, None, None] * (a[None] - a[:, None])
    size = np.maximum(np.exp2(scale), 1)[:, None]
    agree = np.hypot(*np.moveaxis(there - b[None], -1, 0)) < VOTE * size
    agree &= np.abs(scale[:, None] - scale[None]) < OCTAVE
    best = int(agree.sum(1).argmax())
    if agree[best].sum() < SEEDS:
        return None
    return _fitted(a[agree[best]], b[agree[best]])


def _fitted(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(2, 3) the upright framing, x and y scaled alike, with the least sum of misses' lengths."""
    weight = np.ones(len(a))
    scale, move = 1.0, np.zeros(2)
    for _ in range(5):
        weight /= weight.sum()
        middle_a, middle_b = weight @ a, weight @ b
        spread = weight @ ((a - middle_a) ** 2).sum(1)
        scale = float(weight @ ((a - middle_a) * (b - middle_b)).sum(1) / max(spread, 1e-9))
        move = middle_b - scale * middle_a
        weight = 1 / np.maximum(np.hypot(*(a * scale + move - b).T), 1e-3)
    return np.array([[scale, 0, move[0]], [0, scale, move[1]]])


def _guided(
    first: Landmarks, second: Landmarks, framing: np.ndarray, reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """Landmarks that are each other's most alike of those where the framing has them."""
    size = float(framing[0, 0])
    x, y = (first.place * size + framing[:, 2]).astype(np.float32).T
    near = np.abs(x[:, None] - second.place[:, 0]) < reach * max(size, 1.0)
    near &= np.abs(y[:, None] - second.place[:, 1]) < reach * max(size, 1.0)
    i, j = np.nonzero(near)
    bigger = np.log2(second.radius[j] / (first.radius[i] * max(size, 1e-3)))
    turn = (second.angle[j] - first.angle[i] + np.pi) % (2 * np.pi) - np.pi
    may = (np.abs(bigger) < OCTAVE) & (np.abs(turn) < np.radians(UPRIGHT))
    i, j = i[may], j[may]
    alike = (first.unit[i] * second.unit[j]).sum(1)
    best_of_i, best_of_j = np.full(len(x), SURELY), np.full(len(second.place), SURELY)
    np.maximum.at(best_of_i, i, alike)
    np.maximum.at(best_of_j, j, alike)
    keep = (alike >= best_of_i[i]) & (alike >= best_of_j[j])
    return i[keep], j[keep]


def _framed(first: Landmarks, second: Landmarks, i: np.ndarray, j: np.ndarray) -> View:
    """The view of a framing that pairs i, j vote for: of one spot where enough landmarks, well
    spread, agree with it closely."""
    framing = _voted(first, second, i, j)
    if framing is None:
        return View("none", 0)
    for reach in GUIDED:
        i, j = _guided(first, second, framing, reach)
        if len(i) < SEEDS:
            return View("none", len(i))
        framing = _fitted(first.place[i], second.place[j])
    seen = _view(first, second, i, j)
    if seen.kind == "setup":
        return seen
    a, tall = first.place[i].astype(np.float64), first.size[1] / first.size[0]
    parts = len(np.unique(np.floor(a / (1, tall) * views.REGIONS).astype(int), axis=0))
    wide = bool((a.std(0) > views.SPREAD * np.array([1, tall])).all())
    kind = "setup" if len(i) >= ENOUGH and parts >= views.AREAS and wide else "none"
    whole = np.vstack([framing, (0, 0, 1)])
    return View(kind, len(i), parts, 1.0, whole, float(framing[0, 0]))
