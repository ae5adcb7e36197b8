"""By how many degrees a second camera stands round a subject, seen from where the first stood.

The set behind a subject is farther away than the subject, so the set's own parallax is smaller
than the angle a rule of grammar counts. What is asked is the angle between the two looks at the
subject: its place in each picture, carried over by the turn between the cameras. The lenses are
not known; every pair of usual ones is weighed by how well it agrees with the matches.

Convention
    places    (N, 2) in picture widths from the picture's middle, x right, y down.

Source: Hartley and Zisserman, Multiple View Geometry, 2nd ed., 9.6.2 (four poses of an essential
matrix), 11.7.3 (its singular values as a measure of the lens); MAGSAC++ of OpenCV.
"""

from __future__ import annotations

import cv2
import numpy as np

from answerprint.vision.views import LENS_WIDTH, LENSES, REACH, UNEVEN, USUAL_LENS

LEAST = 15
"""Matches a geometry has to rest on."""
RAYS = 150
HALVES = 4
"""Halves of the matches it is measured on again, to see how far the angle moves."""
_SWAP = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def around(
    a: np.ndarray, b: np.ndarray, seen: tuple[np.ndarray, np.ndarray]
) -> tuple[float, float] | None:
    """The angle and its standard error, None where the matches tell none.

    seen   the subject's place in both pictures; their middles, where a camera looks at it.
    """
    random = np.random.default_rng(0)
    rows = [np.arange(len(a)), *(random.permutation(len(a))[: len(a) // 2] for _ in range(HALVES))]
    found = [each for some in rows if (each := _angle(a[some], b[some], seen)) is not None]
    if len(found) < 1 + HALVES // 2:
        return None
    angles = np.array([angle for angle, _ in found])
    return float(np.median(angles)), float(np.hypot(found[0][1], angles.std()))


def _angle(
    a: np.ndarray, b: np.ndarray, seen: tuple[np.ndarray, np.ndarray]
) -> tuple[float, float] | None:
    if len(a) < LEAST:
        return None
    cv2.setRNGSeed(1)
    try:
        matrix, agree = cv2.findFundamentalMat(
            a * 1000, b * 1000, cv2.USAC_MAGSAC, 2000 * REACH, 0.999, 2000
        )
    except cv2.error:  # places that no model fits: OpenCV's MAGSAC may raise instead of saying so
        return None
    if matrix is None or matrix.shape != (3, 3) or agree.sum() < LEAST:
        return None
    rows = np.flatnonzero(agree)
    rows = rows[np.linspace(0, len(rows) - 1, min(RAYS, len(rows))).astype(int)]
    wide = np.diag([1000.0, 1000.0, 1.0])
    first, second = (lens.ravel() for lens in np.meshgrid(LENSES, LENSES))
    one, two = (_lens(lens) for lens in (first, second))
    left, size, right = np.linalg.svd(two @ (wide @ matrix @ wide) @ one)
    uneven = (size[:, 0] - size[:, 1]) / (size[:, 0] + size[:, 1])
    usual = np.log(np.stack([first, second]) / USUAL_LENS) / LENS_WIDTH
    weight = np.exp(-((uneven / UNEVEN) ** 2 + (usual**2).sum(0)) / 2) + 1e-30
    weight /= weight.sum()
    turns = _turns(left, right, _rays(a[rows], first), _rays(b[rows], second))
    looks = _rays(seen[0][None], first)[:, 0], _rays(seen[1][None], second)[:, 0]
    cosine = np.einsum("kij,kj,ki->k", turns, *looks)
    angles = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    mean = float(weight @ angles)
    return mean, float(np.sqrt(weight @ (angles - mean) ** 2))


def _turns(left: np.ndarray, right: np.ndarray, one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """(K, 3, 3) from the first camera to the second: of the four poses the one that has most
    places (K, N, 3) in front of both."""
    left, right = (each * np.linalg.det(each)[:, None, None] for each in (left, right))
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


def _lens(focal: np.ndarray) -> np.ndarray:
    return np.stack([focal, focal, np.ones_like(focal)], -1)[:, None] * np.eye(3)


def _rays(places: np.ndarray, focal: np.ndarray) -> np.ndarray:
    """(K, N, 3) of length 1."""
    at = places / focal[:, None, None]
    ray = np.concatenate([at, np.ones((*at.shape[:-1], 1))], -1)
    return np.asarray(ray / np.linalg.norm(ray, axis=-1, keepdims=True))
