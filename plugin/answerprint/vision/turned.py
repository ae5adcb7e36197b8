"""By how many degrees a second camera stands round a subject, seen from where the first stood.

The set behind a subject is farther away than the subject, so the set's own parallax is smaller
than the angle a rule of grammar counts. What is asked is the angle between the two looks at the
subject, which both cameras have in their middle: the turn between their axes. From matches alone
it grows with the lens that is assumed, most of all where both stand as far from the subject; so
every pair of lenses is weighed, by what is known of each and by how it agrees with the matches.

Convention
    places    (N, 2) in picture widths from the picture's middle, x right, y down.

Source: Hartley and Zisserman, Multiple View Geometry, 2nd ed., 9.6.2 (four poses of an essential
matrix), 11.7.3 (its singular values as a measure of the lens); Sturm, On focal length calibration
from two views, CVPR 2001 (where two views tell no lens); MAGSAC++ of OpenCV.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from answerprint.vision.views import Poses, poses, rays

LEAST = 15
"""Matches a geometry has to rest on."""
RAYS = 150
HALVES = 4
"""Halves of the matches it is measured on again, to see how far the angle moves."""
SHARP = 1.0
"""Degrees that an angle is never truer than."""
_SWAP = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


@dataclass(frozen=True)
class Turned:
    """Angles (K,) that the second camera may stand round, in degrees, and how likely each is."""

    angles: np.ndarray
    weights: np.ndarray

    @property
    def value(self) -> float:
        return float(self.weights @ self.angles)

    @property
    def error(self) -> float:
        return math.hypot(SHARP, math.sqrt(self.weights @ (self.angles - self.value) ** 2))

    def under(self, limit: float) -> float:
        """How likely the angle is below a limit."""
        off = (self.angles - limit) / SHARP / math.sqrt(2)
        return float(self.weights @ [0.5 * math.erfc(each) for each in off])


SAME_SPOT = Turned(np.zeros(1), np.ones(1))


def around(a: np.ndarray, b: np.ndarray, lenses: tuple[np.ndarray, np.ndarray]) -> Turned | None:
    """The angle, None where the matches tell none.

    lenses   (L,) logarithms of how likely each of `lens.LENSES` is, of both cameras.
    """
    random = np.random.default_rng(0)
    some = [np.arange(len(a)), *(random.permutation(len(a))[: len(a) // 2] for _ in range(HALVES))]
    found = [each for rows in some if (each := _angles(a[rows], b[rows], lenses)) is not None]
    if len(found) < 1 + HALVES // 2:
        return None
    angles, weights = (np.concatenate(each) for each in zip(*found, strict=True))
    return Turned(angles, weights / weights.sum())


def _angles(
    a: np.ndarray, b: np.ndarray, lenses: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray] | None:
    found = poses(a, b, lenses, RAYS) if len(a) >= LEAST else None
    if found is None or len(found.rows) < LEAST:
        return None
    turns = _turns(found, rays(a[found.rows], found.first), rays(b[found.rows], found.second))
    return np.degrees(np.arccos(np.clip(turns[:, 2, 2], -1, 1))), found.weight


def _turns(found: Poses, one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """(K, 3, 3) from the first camera to the second: of the four poses the one that has most
    places (K, N, 3) in front of both."""
    left, right = (each * np.linalg.det(each)[:, None, None] for each in (found.left, found.right))
    way = left[:, None, :, 2]
    turns, ahead = [], []
    for swapped in (_SWAP, _SWAP.T):
        turn = left @ swapped @ right
        turned = one @ np.swapaxes(turn, 1, 2)
        # both rays and the way between the cameras close a triangle
        normal = np.cross(turned, two)
        depths = [(np.cross(each, way) * normal).sum(-1) for each in (two, turned)]
        for sign in (1, -1):
            ahead.append(np.logical_and(*(sign * each > 0 for each in depths)).sum(-1))
            turns.append(turn)
    best = np.argmax(ahead, axis=0)
    return np.asarray(np.array(turns)[best, np.arange(len(best))])
