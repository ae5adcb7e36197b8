"""How two pictures of one place stand to each other: the camera turned, or it went elsewhere.

Two pictures from one spot differ by a homography that a turned and zoomed camera can make;
whatever is nearer or further moves with the rest. From two spots near and far move apart, and the
matches give the angle between the two looks at what both see. The lenses are not known, so the
angle is weighed over every pair of lenses that agrees with the matches, and its error says so.

Convention
    places     (N, 2) pixels of their picture, origin top left; sizes are (width, height).
    homography (3, 3) from pixels of the first picture to pixels of the second.

Source: Hartley and Zisserman, Multiple View Geometry, 2nd ed., 8.4.2 (a turning camera), 9.6.2
(essential matrix), 11.7.3 (singular values of E as a measure of the lens); MAGSAC++ of OpenCV.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from answerprint.vision.correspond import Matches
from answerprint.vision.lens import LENSES, usual
from answerprint.vision.pairs import ENOUGH, REGIONS

Size = tuple[int, int]

REACH = 1.5 / 960
"""Distance, in picture widths, within which a place agrees with a geometry."""
SAME_SPOT, STILL_SPOT = 0.75, 0.50
"""Share of the structures that one homography explains, from which near and far move together; the
second where the framing is all but the same, and one who moves can fill much of it."""
STRAY, STILL_STRAY = 0.004, 0.012
"""Median miss, in widths, of the nearest turning camera: more, and the camera went elsewhere. The
second holds where the framing is all but the same: a take's reframing moves the camera too."""
STILL, STILL_SCALE = 0.04, 0.05
"""Median way of the places in widths, and logarithm of scale, of all but the same framing."""
DEEP, STILL_DEEP = 0.010, 0.025
"""How far near and far may move apart, in widths, for one spot: in nine of ten parts. The second
again where the framing is all but the same."""
ELSEWHERE = 30
"""Structures from which two spots show one place: an epipolar line forgives more than a plane."""
TILTED, OCTAVES = 25.0, 1.2
"""Turn in degrees and scale in octaves by which a structure may differ from the others."""
SPREAD = 0.05
"""Least standard deviation of the places along either side of the picture, of that side: a burnt-in
line of text, a logo or a mask is in every shot and says nothing of where it was taken."""
AREAS = 6
"""Parts of the picture (`pairs.REGIONS`) that the structures have to lie in."""
UNEVEN = 0.03
"""Unevenness of the singular values of E that matches of a pixel's error leave."""
UNLIKELY = 1e-3
"""Of the likeliest pair of lenses, under which a pair is not asked."""
LOOKS, RAYS = 3, 120
"""Halves of the matches that the angle is found on again, to see how far it moves; and places."""


@dataclass(frozen=True)
class View:
    """How the second picture stands to the first.

    kind          'setup': from the same spot; 'place': the same things from elsewhere; 'none'.
    structures    found in both under one geometry.
    areas         parts of the first picture that they lie in.
    together      share of them that one homography explains; it is None where few agree on one.
    scale         how much larger the second shows what both show, each as part of its width.
    """

    kind: str
    structures: int
    areas: int = 0
    together: float = 0.0
    homography: np.ndarray | None = None
    scale: float | None = None


def view(found: Matches, first: Size, second: Size) -> View:
    """The view behind verified matches (`correspond.match`), without the angle."""
    return between(*_centres(found), first, second)


def between(
    a: np.ndarray, b: np.ndarray, turn: np.ndarray, scale: np.ndarray, first: Size, second: Size
) -> View:
    """The view behind places (N, 2) of the same structures, which the second picture shows turned
    by turn (N,) degrees and larger by scale (N,), log2."""
    a, b, scale = _agreed(a, b, turn, scale)
    areas = _areas(a, first)
    if len(a) < ENOUGH or areas < AREAS or not (_wide(a, first) and _wide(b, second)):
        return View("none", len(a), areas)
    homography, agree = _homography(a, b, second)
    larger = float(2 ** np.median(scale)) * first[0] / second[0]
    together = float(agree.mean())
    place = "place" if len(a) >= ELSEWHERE else "none"
    if homography is None or together < STILL_SPOT:
        return View(place, len(a), areas, together, None, larger)
    larger = _scale(homography, np.median(a[agree], axis=0)) * first[0] / second[0]
    way = np.median(np.hypot(*(a / first[0] - b / second[0]).T))
    still = way < STILL and abs(np.log(larger)) < STILL_SCALE
    apart = _parallax(homography, a, b, first, second)
    turned = _turning(homography, a[agree], b[agree], first, second)
    same = together >= SAME_SPOT and turned < STRAY and (still or apart < DEEP)
    same = same or (still and apart < STILL_DEEP and turned < STILL_STRAY)
    return View("setup" if same else place, len(a), areas, together, homography, larger)


def angle(found: Matches, first: Size, second: Size) -> tuple[float | None, float]:
    """Degrees between the two looks at what both see from two spots, and the error of that.

    From one spot the matches do not tell it, nor may they on one wall: then the error is large.
    """
    a, b, _ = _agreed(*_centres(found))
    one, two = ((at - np.subtract(s, 1) / 2) / s[0] for at, s in ((a, first), (b, second)))
    draw = np.random.default_rng(0)
    looks = [np.arange(len(a)), *(draw.permutation(len(a))[: len(a) // 2] for _ in range(LOOKS))]
    weighed = [each for some in looks if (each := _weighed(one[some], two[some])) is not None]
    if len(weighed) < 2:
        return None, 0.0
    angles = np.array([each for each, _ in weighed])
    return float(angles[0]), float(np.hypot(weighed[0][1], angles.std()))


def _agreed(
    a: np.ndarray, b: np.ndarray, turn: np.ndarray, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places in both pictures and log2 of scale, of structures turned and scaled like the rest."""
    if not len(a):
        return a, b, scale
    upright = np.abs((turn - np.median(turn) + 180) % 360 - 180) < TILTED
    alike = np.abs(scale - np.median(scale)) < OCTAVES
    return a[upright & alike], b[upright & alike], scale[upright & alike]


def _centres(found: Matches) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Places of each structure in both pictures, its turn in degrees and its log2 of scale.

    The areas of a structure are laid into both pictures by one similarity, which is read back.
    """
    _, group, count = np.unique(found.structure, return_inverse=True, return_counts=True)
    a, b = found.source_at.astype(np.float64), found.reference_at.astype(np.float64)
    mean_a, mean_b = (
        np.stack([np.bincount(group, at[:, k]) for k in (0, 1)], 1) / count[:, None]
        if len(at)
        else np.zeros((0, 2))
        for at in (a, b)
    )
    one = (a - mean_a[group]) @ (1, 1j)
    two = (b - mean_b[group]) @ (1, 1j)
    across = two * one.conj()
    size = np.bincount(group, np.abs(one) ** 2)
    like = np.bincount(group, across.real) + 1j * np.bincount(group, across.imag)
    sure = (count > 2) & (size > 0) & (np.abs(like) > 0)
    like = like[sure] / size[sure]
    return mean_a[sure], mean_b[sure], np.degrees(np.angle(like)), np.log2(np.abs(like))


def _areas(at: np.ndarray, size: Size) -> int:
    return len(np.unique(np.floor(at / size * REGIONS).astype(int), axis=0))


def _wide(at: np.ndarray, size: Size) -> bool:
    return bool((at.std(0) > np.multiply(SPREAD, size)).all())


def _homography(a: np.ndarray, b: np.ndarray, second: Size) -> tuple[np.ndarray | None, np.ndarray]:
    """The homography most places agree with, refined on those, and which they are."""
    reach = REACH * second[0]
    cv2.setRNGSeed(1)
    try:
        found = cv2.findHomography(a, b, cv2.USAC_MAGSAC, reach, maxIters=4000, confidence=0.999)[0]
    except cv2.error:  # places that no model fits: OpenCV's MAGSAC may raise instead of saying so
        found = None
    if found is None:
        return None, np.zeros(len(a), bool)
    for _ in range(2):
        agree = np.hypot(*(_mapped(found, a) - b).T) < 2 * reach
        refined = cv2.findHomography(a[agree], b[agree], 0)[0] if agree.sum() >= 8 else None
        if refined is None:
            break
        found = refined
    return found, np.hypot(*(_mapped(found, a) - b).T) < 2 * reach


def _mapped(homography: np.ndarray, at: np.ndarray) -> np.ndarray:
    there = np.concatenate([at, np.ones((len(at), 1))], 1) @ homography.T
    return np.asarray(there[:, :2] / there[:, 2:])


def _parallax(
    homography: np.ndarray, a: np.ndarray, b: np.ndarray, first: Size, second: Size
) -> float:
    """How far, in widths, what one homography does not explain moves; over parts of the picture,
    so that one figure full of texture is one part of many."""
    miss = np.hypot(*(_mapped(homography, a) - b).T) / second[0]
    _, part = np.unique(np.floor(a / first * REGIONS).astype(int), axis=0, return_inverse=True)
    part = part.ravel()
    return float(np.percentile([np.median(miss[part == n]) for n in range(part.max() + 1)], 90))


def _scale(homography: np.ndarray, at: np.ndarray) -> float:
    """Of lengths around a place."""
    around = at + np.array([[0, 0], [1, 0], [0, 1]])
    middle, right, down = _mapped(homography, around)
    return float(np.sqrt(abs(np.linalg.det(np.stack([right - middle, down - middle])))))


def _lens(focal: np.ndarray, size: Size) -> np.ndarray:
    """(..., 3, 3) camera matrices of focal lengths in picture widths."""
    made = np.zeros((*focal.shape, 3, 3))
    made[..., 0, 0] = made[..., 1, 1] = focal * size[0]
    made[..., 0, 2], made[..., 1, 2] = (size[0] - 1) / 2, (size[1] - 1) / 2
    made[..., 2, 2] = 1
    return made


def _turning(
    homography: np.ndarray, a: np.ndarray, b: np.ndarray, first: Size, second: Size
) -> float:
    """How far, in widths, the nearest camera that only turns and zooms misses the places.

    A wall seen from two spots has a homography too; no turning camera makes it.
    """
    middle = np.median(a, axis=0)
    zoom = _scale(homography, middle) * first[0] / second[0]
    fine = np.exp(np.linspace(np.log(LENSES[0]), np.log(LENSES[-1]), 41))
    focal = np.repeat(fine[:, None], 41, 1)
    other = focal * zoom * np.exp(np.linspace(-0.25, 0.25, 41))
    one, two = _lens(focal, first), _lens(other, second)
    turn = np.linalg.inv(two) @ homography @ one
    turn /= np.cbrt(np.linalg.det(turn))[..., None, None]
    left, _, right = np.linalg.svd(turn)
    made = two @ left @ right @ np.linalg.inv(one)
    some = np.linspace(0, len(a) - 1, min(60, len(a))).astype(int)
    there = np.einsum("abij,nj->abni", made, np.column_stack([a[some], np.ones(len(some))]))
    miss = np.hypot(*np.moveaxis(there[..., :2] / there[..., 2:] - b[some], -1, 0))
    return float(np.median(miss, -1).min() / second[0])


@dataclass(frozen=True)
class Poses:
    """The essential matrices of K pairs of lenses, as (K, 3, 3) singular vectors.

    first, second   (K,) focal lengths in picture widths.
    weight          (K,) how likely each pair is; they sum to 1.
    rows            (N,) places that agree with the geometry.
    """

    left: np.ndarray
    right: np.ndarray
    first: np.ndarray
    second: np.ndarray
    weight: np.ndarray
    rows: np.ndarray


def poses(
    a: np.ndarray, b: np.ndarray, lenses: tuple[np.ndarray, np.ndarray], most: int = RAYS
) -> Poses | None:
    """How the second camera may stand to the first; None where no geometry is found.

    a, b     (N, 2) places in picture widths around the middle.
    lenses   (L,) logarithms of how likely each of `lens.LENSES` is, of both cameras.
    most     rows at most.
    """
    cv2.setRNGSeed(1)
    try:
        thousand, agree = cv2.findFundamentalMat(
            a * 1000, b * 1000, cv2.USAC_MAGSAC, 2000 * REACH, 0.999, 2000
        )
    except cv2.error:  # as in _homography
        return None
    if thousand is None or thousand.shape != (3, 3):
        return None
    rows = np.flatnonzero(agree)
    rows = rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(int)]
    told = np.add.outer(*lenses)
    one, two = np.nonzero(told > told.max() + np.log(UNLIKELY))
    first, second = LENSES[one], LENSES[two]
    wide = np.diag([1000.0, 1000.0, 1.0])
    before, after = (
        np.stack([lens, lens, np.ones_like(lens)], -1)[:, None] * np.eye(3)
        for lens in (first, second)
    )
    left, size, right = np.linalg.svd(after @ (wide @ thousand @ wide) @ before)
    uneven = (size[:, 0] - size[:, 1]) / (size[:, 0] + size[:, 1])
    said = told[one, two] - (uneven / UNEVEN) ** 2 / 2
    weight = np.exp(said - said.max())
    return Poses(left, right, first, second, weight / weight.sum(), rows)


def _weighed(a: np.ndarray, b: np.ndarray) -> tuple[float, float] | None:
    """Angle and error over all pairs of lenses; a, b are places in widths around the middle."""
    found = poses(a, b, (usual(), usual()))
    if found is None:
        return None
    angles = _between(
        found.left,
        found.right,
        rays(a[found.rows], found.first),
        rays(b[found.rows], found.second),
    )
    mean = float(found.weight @ angles)
    return mean, float(np.sqrt(found.weight @ (angles - mean) ** 2))


def _between(
    left: np.ndarray, right: np.ndarray, rays_a: np.ndarray, rays_b: np.ndarray
) -> np.ndarray:
    """(K,) median angle in degrees between the two rays to each place, of the pose that has most
    of the places in front of both cameras; left and right (K, 3, 3) are of K essential matrices,
    the rays (K, N, 3)."""
    swap = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    left, right = (each * np.linalg.det(each)[:, None, None] for each in (left, right))
    way = left[:, None, :, 2]
    ahead, angles = [], []
    for swapped in (swap, swap.T):
        turned = rays_a @ np.swapaxes(left @ swapped @ right, 1, 2)
        cosine = np.clip((turned * rays_b).sum(-1), -1, 1)
        # depths along both rays: the rays, and the way between the cameras, close a triangle
        normal = np.cross(turned, rays_b)
        depths = [(np.cross(each, way) * normal).sum(-1) for each in (rays_b, turned)]
        for sign in (1, -1):
            ahead.append(np.logical_and(*(sign * each > 0 for each in depths)).sum(-1))
            angles.append(np.degrees(np.arccos(np.median(cosine, -1))))
    best = np.argmax(ahead, axis=0)
    return np.asarray(np.take_along_axis(np.array(angles), best[None], 0)[0])


def rays(places: np.ndarray, focal: np.ndarray) -> np.ndarray:
    """(K, N, 3) of length 1: the looks at places (N, 2) through lenses (K,)."""
    at = places / focal[:, None, None]
    ray = np.concatenate([at, np.ones((*at.shape[:-1], 1))], -1)
    return np.asarray(ray / np.linalg.norm(ray, axis=-1, keepdims=True))
