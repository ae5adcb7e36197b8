"""Two takes of one set-up, differenced: the things that moved, appeared or vanished.

The second is laid over the first (homography, then a smooth drift for parallax), its colour is
fitted to the first's from what stayed, and light that changed softly is taken out. What then is
left counts where neither a small miss at an edge, nor softer focus, nor noise explains it. It is
a thing where it is small, no part of somebody (`pieces.py`), and no shadow: a shadow leaves the
surface's texture and colour as they were.

Convention
    first, second   `Empty` sets; places and boxes are pixels of the first's grid, [x0, y0, x1, y1)
                    with the last excluded, unless said otherwise.

Where the light of the set changed, hard shadows moved too: only what has another colour counts.

Known limits: what lies along somebody, what reaches the end of the picture and what is larger than
a thing is left out (`pieces.py`); so is a thing of the colour and the brightness of what is behind
it. Somebody who stirs in neither take and sits otherwise may be called a thing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import cv2
import numpy as np

from answerprint.frames.curves import acescct, acescct_inverse
from answerprint.vision.correspond import LUMINANCE
from answerprint.vision.empty import Empty, ranged
from answerprint.vision.overlay import drift, field, homography, laid, look, nudge, way
from answerprint.vision.pieces import VISIBLE, dilated, eroded, regions

Box = tuple[int, int, int, int]
SHOWN = (0.0834, 0.669)
"""ACEScct code of 0.001 and of 4: seven and a half stops under middle grey, and four and a half
over it."""
LEAST_SIGMA = 0.0015
MISS = 3
"""Pixels by which a part of the picture may lie wrong: what moved no farther is not told."""
EXPLAINED = 0.4
"""Share of a difference that is left where a miss explains it."""
RELIT, COLOURED = 0.012, 0.5
"""ACEScct code by which soft light varies over the picture where another lamp is on; and least
change of colour, of the change of light, of a thing in it."""
SAME_TEXTURE = 0.5
"""Correlation of the fine structure from which it is the same surface under other light."""
NEW_EDGE = 1.3
"""How much stronger an outline is in one than in the other where something came or went."""
SOFT = 0.45
"""Share of its contrast that a shadow's edge changes by within two pixels, at most."""
SAME_LOOK = 0.6
"""Correlation from which what vanished here and what appeared there are one thing."""

_OPPONENT = np.array([[1, 1, 1], [1, 0, -1], [-1, 2, -1]], np.float32)
_OPPONENT /= np.linalg.norm(_OPPONENT, axis=1, keepdims=True)


@dataclass(frozen=True)
class Change:
    """A place where the two differ.

    how       'appeared' (in the second), 'vanished', 'moved' or 'changed'.
    mask      (H, W) bool of the box.
    contrast  ACEScct code by which it differs from what is there without it.
    sure      0..1.
    was, now  where the thing is in the first and in the second; None where it is not.
    step      how far it moved, x and y in pixels; None where it did not.
    """

    box: Box
    how: str
    mask: np.ndarray
    contrast: float
    sure: float
    was: Box | None = None
    now: Box | None = None
    step: tuple[int, int] | None = None


@dataclass(frozen=True)
class Compared:
    """through      (3, 3) from pixels of the second to the first's.
    code, known   the second in the grid and the colours of the first.
    why           what kept the two from being compared; '' where they were.
    """

    through: np.ndarray | None
    code: np.ndarray
    known: np.ndarray
    changes: tuple[Change, ...]
    why: str = ""


def compare(first: Empty, second: Empty) -> Compared:
    """What differs between two takes of one set-up."""
    nothing = np.zeros(first.known.shape, bool)
    through = homography(first.features, second.features)
    if through is None and first.known.shape == second.known.shape:
        through = nudge(first.look, second.look, first.known & second.known)
    if through is None:
        return Compared(None, first.code, nothing, (), "they do not lie over each other")
    at = way(through, first.known.shape)
    seen = laid(np.ones(second.known.shape, bool), at)
    at = at + drift(first.look, look(laid(second.code, at) @ LUMINANCE, seen), seen)
    code, known, moving = (laid(v, at) for v in (second.code, second.known, second.moving))
    both = known & first.known
    if both.mean() < 0.15:
        return Compared(through, first.code, nothing, (), "they have too little in common")
    code = recoloured(code, first.code, both)
    calm = both & ~_edges(first.code)
    light = field(shown(first.code) - shown(code), calm)
    code, relit = code + light, float((light[both] @ LUMINANCE).std()) > RELIT
    one, two = shown(first.code), shown(code)
    left, sigma = residual(one, two), _sigma(first, two, laid(second.noise, at), both)
    found = regions(left, sigma, both, first.moving | moving)
    if found is None:
        return Compared(through, code, known, (), "too much of the picture differs")
    described = []
    for mask, beside in found:
        change = _described(one, two, left, sigma, mask, relit)
        if change and beside and change.how == "changed":  # a sleeve, a chin, or a thing that moved
            change = _shifted(_fine(one), _fine(two), change)
            change = change if change.how == "moved" else None
        if change:
            described.append(change)
    changes = _paired(one, two, described)
    return Compared(through, code, known, changes)


# --- what noise, edges and light explain -----------------------------------------------------


def shown(code: np.ndarray) -> np.ndarray:
    """Codes within what a screen shows: no thing differs by a darker black or a brighter sun."""
    return np.asarray(np.clip(code, *SHOWN))


def recoloured(code: np.ndarray, wanted: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Codes through the curve that turns them into the wanted ones in most places.

    A second-degree polynomial of each channel with the others mixed in: exposure, balance,
    contrast, saturation and black. Tukey's weights leave a thing out of it.
    """
    size = (3, 3)
    before, after = (cv2.blur(v, size)[where] for v in (code, wanted))
    some = np.random.default_rng(0).permutation(len(before))[:12000]
    x, y = _terms(before[some]).astype(np.float64), (after - before)[some].astype(np.float64)
    weight = np.ones(len(x))
    pull = 1e-3 * len(x) * np.diag([0, 1e-2, 1e-2, 1e-2, 1, 1, 1])
    for _ in range(12):
        solved = np.linalg.solve((x * weight[:, None]).T @ x + pull, (x * weight[:, None]).T @ y)
        away = np.linalg.norm(y - x @ solved, axis=1)
        reach = 4.685 * max(1.4826 * float(np.median(away)), LEAST_SIGMA)
        weight = np.clip(1 - (away / reach) ** 2, 0, None) ** 2
    return np.asarray(code + _terms(code) @ solved.astype(np.float32), np.float32)


def _terms(codes: np.ndarray) -> np.ndarray:
    return np.concatenate([np.ones_like(codes[..., :1]), codes, codes * codes], -1)


def _edges(code: np.ndarray) -> np.ndarray:
    low, high = ranged(code, 1)
    return np.asarray((high - low).max(-1) > 0.03)


def residual(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(H, W, 3) in opponent colours: the difference that a miss of a pixel does not explain.

    A pixel of one picture is explained where the other shows its value within the reach: that
    holds for a slightly wrong place, and for one picture softer than the other.
    """
    reach = 1 if first.shape[1] < 1200 else 2
    a, b = _opponent(first), _opponent(second)
    low, high = ranged(a, reach)
    one = np.maximum(b - high, 0) + np.minimum(b - low, 0)
    low, high = ranged(b, reach)
    other = np.minimum(high - a, 0) + np.maximum(low - a, 0)
    return np.where(np.abs(one) < np.abs(other), one, other)


def _opponent(code: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(code @ _OPPONENT.T)


def _sigma(first: Empty, code: np.ndarray, noise: np.ndarray, both: np.ndarray) -> np.ndarray:
    """How far the two lie apart where nothing changed: by noise, by light and by the part."""
    away = _opponent(code - shown(first.code))
    near = field(away, both, spread=True)
    light = first.code @ LUMINANCE
    edges = np.quantile(light[both][::7], np.linspace(0, 1, 13))
    bins = np.clip(np.searchsorted(edges, light) - 1, 0, 11)
    by_light = np.zeros((12, 3), np.float32)
    for each in range(12):
        some = np.abs(away[both & (bins == each)][::3])
        if len(some) >= 100:
            by_light[each] = 1.4826 * np.median(some, axis=0)
    grain = np.sqrt((first.noise**2 + noise**2) @ (_OPPONENT.T**2))
    return np.maximum(np.maximum(near, by_light[bins]), np.maximum(grain, LEAST_SIGMA))


# --- what kind of change ---------------------------------------------------------------------


def _described(
    first: np.ndarray,
    second: np.ndarray,
    left: np.ndarray,
    sigma: np.ndarray,
    mask: np.ndarray,
    relit: bool,
) -> Change | None:
    """A region as a change; None where a miss explains it, or light on a surface that stayed.

    relit   the light of the set changed: then its hard shadows did too, and only what has another
            colour than before is a thing.
    """
    box = _box(mask)
    part = _around(box, 2 * MISS + 4, mask.shape)
    a, b, inside = first[part], second[part], mask[part]
    away = (b - a)[inside] @ _OPPONENT.T
    contrast = float(np.linalg.norm(away, axis=1).mean() / np.sqrt(3))
    if contrast < VISIBLE or _misses(a, b, inside, float(np.abs(left[mask]).sum())):
        return None
    if relit and np.linalg.norm(away[:, 1:], axis=1).mean() < COLOURED * np.abs(away[:, 0]).mean():
        return None
    rims = _rim(a, inside), _rim(b, inside)
    sharp = max(rims) / contrast
    how = "changed"
    if max(rims) > NEW_EDGE * min(rims):
        how = "appeared" if rims[1] > rims[0] else "vanished"
    same = _texture(a, b, inside, float(sigma[mask].mean()))
    if sharp < SOFT or (same is None and how == "changed") or (same or 0) > SAME_TEXTURE:
        return None
    strength = float((np.abs(left) / sigma)[mask].max(-1).mean())
    sure = 1 - np.exp(-(strength / 8 + contrast / 0.05 + min(sharp, 1) * 2) / 3)
    return Change(
        box,
        how,
        mask[box[1] : box[3], box[0] : box[2]],
        contrast,
        float(sure),
        None if how == "appeared" else box,
        None if how == "vanished" else box,
    )


def _box(mask: np.ndarray) -> Box:
    y, x = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(x[0]), int(y[0]), int(x[-1]) + 1, int(y[-1]) + 1


def _around(box: Box, margin: int, size: tuple[int, ...]) -> tuple[slice, slice]:
    return (
        slice(max(box[1] - margin, 0), min(box[3] + margin, size[0])),
        slice(max(box[0] - margin, 0), min(box[2] + margin, size[1])),
    )


def _misses(a: np.ndarray, b: np.ndarray, inside: np.ndarray, before: float) -> bool:
    """Whether the difference goes where one of the two is softer, or moved by no more than MISS."""
    wide = dilated(inside, 1)
    steps = range(-MISS, MISS + 1)
    for one, other in ((a, b), (b, a)):
        low, high = (v[wide] for v in ranged(_opponent(other), 1))
        for blur in (0.0, 1.0, 2.0):
            soft = one
            if blur:  # light spreads, not code
                soft = acescct(cv2.GaussianBlur(acescct_inverse(one), (0, 0), blur))
            soft = _opponent(soft.astype(np.float32))
            for dy, dx in product(steps, steps):
                moved = np.roll(soft, (dy, dx), (0, 1))[wide]
                left = np.maximum(moved - high, 0) + np.maximum(low - moved, 0)
                if left.sum() < EXPLAINED * before:
                    return True
    return False


def _rim(code: np.ndarray, inside: np.ndarray) -> float:
    """How much the picture changes within two pixels along the region's outline."""
    low, high = ranged(code, 1)
    steps = np.linalg.norm(high - low, axis=-1) / np.sqrt(3)
    rim = dilated(inside, 2) & ~eroded(inside, 1)
    return float(np.quantile(steps[rim], 0.7))


def _texture(a: np.ndarray, b: np.ndarray, inside: np.ndarray, noise: float) -> float | None:
    """Correlation of the fine structure inside; None where there is too little to tell."""
    core = eroded(inside, 1)
    if core.sum() < 30:
        return None
    share = cv2.GaussianBlur(core.astype(np.float32), (0, 0), 2.0)
    fine = []
    for code in (a, b):
        light = code @ LUMINANCE
        smooth = cv2.GaussianBlur(light * core, (0, 0), 2.0) / np.maximum(share, 1e-6)
        fine.append((light - smooth)[core])
    one, two = (v - v.mean() for v in fine)
    spreads = sorted((float(one.std()), float(two.std())))
    if spreads[0] < noise:
        return None
    return float((one * two).mean() / (spreads[0] * spreads[1]))


# --- one thing at two places -----------------------------------------------------------------


def _paired(first: np.ndarray, second: np.ndarray, changes: list[Change]) -> tuple[Change, ...]:
    """Changes, with what vanished here and appeared there as one that moved."""
    left = sorted(changes, key=lambda c: -c.contrast * c.mask.sum())
    told: list[Change] = []
    while left:
        change = left.pop(0)
        found = [(*_elsewhere(first, second, change, other), other) for other in left]
        likeness, step, partner = max(
            found, key=lambda each: each[0], default=(0.0, (0, 0), change)
        )
        if likeness < SAME_LOOK:
            told.append(_shifted(first, second, change) if change.how == "changed" else change)
            continue
        left = [other for other in left if other is not partner]
        told.append(_moved(change, partner, step))
    return tuple(one for n, one in enumerate(told) if not any(_within(one, o) for o in told[:n]))


def _within(one: Change, other: Change) -> bool:
    """Whether a change is a part of another one."""
    (a, b, c, d), (e, f, g, h) = one.box, other.box
    wide, tall = min(c, g) - max(a, e), min(d, h) - max(b, f)
    return wide > 0 and tall > 0 and wide * tall > 0.6 * (c - a) * (d - b)


def _elsewhere(
    first: np.ndarray, second: np.ndarray, one: Change, other: Change
) -> tuple[float, tuple[int, int]]:
    """How much what one change lost looks like what the other gained, and how far it is."""
    if one.how == other.how != "changed":
        return 0.0, (0, 0)
    lost, won = _in_order(one, other)
    size, gained = (np.subtract(c.box[2:], c.box[:2]) for c in (lost, won))
    if (np.maximum(size, gained) > 2 * np.minimum(size, gained) + 4).any():
        return 0.0, (0, 0)
    here = _around(lost.box, 2, first.shape)
    there = _around(won.box, int(max(*size, 8)), second.shape)
    patch, where = first[here], second[there]
    if (np.array(where.shape[:2]) < patch.shape[:2]).any():
        return 0.0, (0, 0)
    likeness = cv2.matchTemplate(where, patch, cv2.TM_CCOEFF_NORMED)
    before = cv2.matchTemplate(first[there], patch, cv2.TM_CCOEFF_NORMED)
    likeness[before > SAME_LOOK] = 0  # it was there before: an edge is like itself all along
    y, x = np.unravel_index(int(likeness.argmax()), likeness.shape)
    step = int(x) + there[1].start - here[1].start, int(y) + there[0].start - here[0].start
    return float(likeness.max()), step


def _shifted(first: np.ndarray, second: np.ndarray, change: Change) -> Change:
    """The change, as a thing that moved by less than its size where it is one."""
    x0, y0, x1, y1 = change.box
    a, b = (v[y0:y1, x0:x1] @ LUMINANCE for v in (first, second))
    tall, wide = a.shape
    best, found = SAME_LOOK, None
    for dy, dx in product(range(-tall // 2, tall // 2 + 1), range(-wide // 2, wide // 2 + 1)):
        if max(abs(dx), abs(dy)) <= MISS:
            continue
        was = slice(max(-dy, 0), tall - max(dy, 0)), slice(max(-dx, 0), wide - max(dx, 0))
        now = slice(max(dy, 0), tall - max(-dy, 0)), slice(max(dx, 0), wide - max(-dx, 0))
        likeness = _correlation(a[was], b[now])
        if likeness > best and _correlation(a[was], a[now]) < SAME_LOOK:
            best, found = likeness, (was, now, (dx, dy))
    if found is None:
        return change
    was, now, step = found
    there, here = (
        (x0 + part[1].start, y0 + part[0].start, x0 + part[1].stop, y0 + part[0].stop)
        for part in (was, now)
    )
    return replace(change, how="moved", was=there, now=here, step=step)


def _fine(code: np.ndarray) -> np.ndarray:
    """What is drawn on a surface, without its shading: two shadings are always alike."""
    return np.asarray(code - cv2.GaussianBlur(code, (0, 0), 2.0))


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    one, two = a - a.mean(), b - b.mean()
    spread = float(np.sqrt((one * one).sum() * (two * two).sum()))
    return float((one * two).sum()) / spread if spread > 1e-9 else 0.0


def _in_order(one: Change, other: Change) -> tuple[Change, Change]:
    """Of two changes, the one that lost a thing and the one that gained it."""
    return (one, other) if one.how == "vanished" or other.how == "appeared" else (other, one)


def _moved(one: Change, other: Change, step: tuple[int, int]) -> Change:
    lost, won = _in_order(one, other)
    x0, y0 = (min(one.box[k], other.box[k]) for k in (0, 1))
    x1, y1 = (max(one.box[k], other.box[k]) for k in (2, 3))
    mask = np.zeros((y1 - y0, x1 - x0), bool)
    for each in (one, other):
        a, b, c, d = each.box
        mask[b - y0 : d - y0, a - x0 : c - x0] |= each.mask
    contrast, sure = (max(getattr(one, v), getattr(other, v)) for v in ("contrast", "sure"))
    return Change((x0, y0, x1, y1), "moved", mask, contrast, sure, lost.box, won.box, step)
