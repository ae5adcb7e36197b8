"""From colour pairs to a grade in nested levels, and the simplest level that is good enough.

Each level contains the one before: *balance* (exposure, colour balance, black), *contrast*,
*saturation*, and *lut*, which adds a residual cube. A level is scored on pairs that it was
not fitted to (cross-validation over whole structures), in CIEDE2000; the simplest one that
the evidence cannot tell from the best is taken. Doing nothing is a level too.

Source: the one-standard-error rule, Breiman et al. 1984.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from answerprint.frames.curves import acescct_inverse
from answerprint.frames.difference import delta_e, lab
from answerprint.frames.grade import lookup
from answerprint.vision import fit as fitting
from answerprint.vision import residual

FOLDS = 4
INVISIBLE = 0.15
"""Mean CIEDE2000 that is not worth another level: a seventh of what an eye can see."""
IDLE = 0.08
"""Share of what is left over that a level has to explain: where the evidence itself disagrees,
more numbers follow the disagreement."""
_HALF_END = 1.468  # ACEScct code of 65504
NAMES = ("none", "balance", "contrast", "saturation", "lut")


@dataclass(frozen=True)
class Pairs:
    """Colours of the same surfaces in both shots.

    source, reference   (N, 3) float64, ACEScct codes.
    weight              (N,) how much independent evidence a pair is.
    group               (N,) pairs of one group are not independent of each other.
    """

    source: np.ndarray
    reference: np.ndarray
    weight: np.ndarray
    group: np.ndarray

    def some(self, rows: np.ndarray) -> Pairs:
        return Pairs(self.source[rows], self.reference[rows], self.weight[rows], self.group[rows])


@dataclass(frozen=True)
class Solution:
    """theta of each level, the residual cube of 'lut', and each level's error on unseen pairs."""

    theta: dict[str, np.ndarray]
    cube: np.ndarray
    error: dict[str, float]
    chosen: str


def solve(pairs: Pairs) -> Solution:
    """All levels of the grade that turns source into reference.

    Raises ValueError for pairs of fewer than two groups: nothing is left to score them on.
    """
    eye = fitting.to_the_eye(pairs.reference)
    theta, cube = _fit(pairs, eye)
    errors = _unseen(pairs, eye, theta)
    return Solution(
        theta,
        cube,
        {n: _mean(e, pairs.weight) for n, e in errors.items()},
        _simplest(errors, pairs),
    )


def graded(
    codes: np.ndarray, level: str, theta: dict[str, np.ndarray], cube: np.ndarray
) -> np.ndarray:
    """Codes through a level."""
    if level == "none":
        return codes
    out = fitting.apply(theta["saturation" if level == "lut" else level], codes)
    return out + lookup(cube, out) if level == "lut" else out


def error(codes: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """CIEDE2000 (N,) between ACEScct codes through the SDR view.

    Light over the largest half is measured as that: no view shows a difference there, and a
    grade far from its evidence can overflow.
    """
    a, b = (lab(acescct_inverse(c.clip(max=_HALF_END)).astype(np.float32)) for c in (codes, wanted))
    found: np.ndarray = delta_e(a, b)
    return found


def _fit(
    pairs: Pairs, eye: np.ndarray, near: dict[str, np.ndarray] | None = None
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Theta of each level and the cube. The search starts at `near`, or at the level before."""
    theta: dict[str, np.ndarray] = {}
    start = None
    for level, free in fitting.LEVELS.items():
        start = near[level] if near else start
        start = fitting.fit(pairs.source, pairs.reference, pairs.weight, eye, free, start).theta
        theta[level] = start
    after = fitting.apply(theta["saturation"], pairs.source)
    left = pairs.reference - after
    size = error(after, pairs.reference)
    trusted = pairs.weight * np.minimum(1, 2 / np.maximum(size, 1e-6))
    return theta, residual.cube(after, left, trusted)


def _unseen(pairs: Pairs, eye: np.ndarray, near: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Error (N,) of every level at every pair, fitted without that pair's group."""
    names, group = np.unique(pairs.group, return_inverse=True)
    if len(names) < 2:
        raise ValueError("Levels need pairs of two groups at least.")
    folds = min(FOLDS, len(names))
    fold = (np.random.default_rng(0).permutation(len(names)) % folds)[group]
    errors = {name: np.zeros(len(pairs.source)) for name in NAMES}
    for each in range(folds):
        out, kept = fold == each, fold != each
        theta, cube = _fit(pairs.some(kept), eye[kept], near)
        for name in NAMES:
            moved = graded(pairs.source[out], name, theta, cube)
            errors[name][out] = error(moved, pairs.reference[out])
    return errors


def _simplest(errors: dict[str, np.ndarray], pairs: Pairs) -> str:
    """The first level that the evidence, or the eye, cannot tell from the best one."""
    totals = {n: _mean(e, pairs.weight) for n, e in errors.items()}
    best = min(NAMES, key=lambda n: totals[n])
    idle = max(INVISIBLE, IDLE * totals[best])
    for name in NAMES:
        worse = errors[name] - errors[best]
        if totals[name] - totals[best] <= max(_standard_error(worse, pairs), idle):
            return name
    return best


def _standard_error(values: np.ndarray, pairs: Pairs) -> float:
    """Of a weighted mean over independent groups."""
    weight = np.bincount(pairs.group, pairs.weight)
    total = np.bincount(pairs.group, pairs.weight * values)
    used = weight > 0
    mean = total[used].sum() / weight[used].sum()
    off = total[used] - mean * weight[used]
    return float(np.sqrt((off**2).sum()) / weight[used].sum())


def _mean(values: np.ndarray, weight: np.ndarray) -> float:
    return float((values * weight).sum() / weight.sum())
