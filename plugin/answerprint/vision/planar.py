"""How a plane moves between two pictures: models of few numbers, fitted and weighed by evidence.

Convention
    places    (N, 2) float64 pixels, centres at whole numbers.
    matrix    (3, 3), from the first places to the second; its last number is 1.
    unit      centre and half width of the picture: fits run in places about (0, 0), -1..1 across,
              so that their numbers are of one size.

    translation 2, similarity 4, affine 6, homography 8 numbers; rotation 3 and one for all frames,
    the lens: K R K^-1 of a camera that turns about its own centre.

Source: Gauss-Newton on the reprojection error (Hartley and Zisserman, Multiple View Geometry,
chapter 4); weights of Tukey's biweight; Schwarz's criterion (1978) between the models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

Model = Literal["translation", "similarity", "affine", "rotation", "homography"]
MODELS: tuple[Model, ...] = ("translation", "similarity", "affine", "rotation", "homography")
ROUNDS = 6
CUT = 4.685
"""Times the spread at which Tukey's weight is 0: 95 % as efficient as the mean on normal errors."""
ENOUGH = 40
"""Pairs from which a homography is told."""
FINEST = 0.02
"""Pixels of spread at least: what a good feature is read to."""
LENSES = np.exp(np.linspace(np.log(0.5), np.log(8.0), 29))
"""Focal lengths in picture widths that are tried."""

_NUMBERS: dict[Model, np.ndarray] = {
    "translation": np.eye(8)[[2, 5]],
    "similarity": np.array(
        [[1, 0, 0, 0, 1, 0, 0, 0], [0, -1, 0, 1, 0, 0, 0, 0], *np.eye(8)[[2, 5]].tolist()]
    ),
    "affine": np.eye(8)[:6],
    "homography": np.eye(8),
}
"""Rows: how each number of a model goes into a matrix's first eight."""


@dataclass(frozen=True)
class Pairs:
    """Where one frame's places lie on the plane: at (N, 2), there (N, 2), weight (N,) 0 up."""

    at: np.ndarray
    there: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class Chosen:
    """The model that the evidence is for, and the lens in picture widths that explains most if the
    camera turns."""

    model: Model
    lens: float


class Unit:
    """Between pixels of a picture (width, height) and the fits' unit."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.half = size[0] / 2
        self.middle = (np.array(size) - 1) / 2
        self._to = np.array(
            [
                [1 / self.half, 0, -self.middle[0] / self.half],
                [0, 1 / self.half, -self.middle[1] / self.half],
                [0, 0, 1],
            ]
        )

    def places(self, at: np.ndarray) -> np.ndarray:
        return np.asarray((at - self.middle) / self.half)

    def inside(self, matrix: np.ndarray) -> np.ndarray:
        """A matrix of pixels as one of the unit."""
        return scaled(self._to @ matrix @ np.linalg.inv(self._to))

    def pixels(self, matrix: np.ndarray) -> np.ndarray:
        """A matrix of the unit as one of pixels."""
        return scaled(np.linalg.inv(self._to) @ matrix @ self._to)


def scaled(matrix: np.ndarray) -> np.ndarray:
    return np.asarray(matrix / matrix[2, 2])


def moved(matrix: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Places (N, 2) through a matrix."""
    flat = at @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(flat[:, :2] / flat[:, 2:])


def biweight(apart: np.ndarray, spread: float) -> np.ndarray:
    """Tukey's weights of distances (N,)."""
    share = np.minimum(apart / (CUT * spread), 1)
    return np.asarray((1 - share**2) ** 2)


def spread_of(apart: np.ndarray) -> float:
    """Of distances in two directions, in one of them: by their median."""
    return max(float(np.median(apart)) / 1.1774, FINEST) if len(apart) else FINEST


def robust(pairs: Pairs, size: tuple[int, int], start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A matrix (pixels) from a first one, and the weights (N,) that its pairs end with: that of a
    homography where there are pairs enough to part those that hold from those that do not."""
    matrix, weight = start, pairs.weight
    model: Model = "homography" if len(pairs.at) >= ENOUGH else "similarity"
    for _ in range(ROUNDS):
        apart = np.hypot(*(moved(matrix, pairs.at) - pairs.there).T)
        weight = pairs.weight * biweight(apart, spread_of(apart[pairs.weight > 0]))
        if np.count_nonzero(weight) < 8:
            return matrix, weight
        matrix = fitted(model, Pairs(pairs.at, pairs.there, weight), size)
    return matrix, weight


def fitted(model: Model, pairs: Pairs, size: tuple[int, int], lens: float = 1.0) -> np.ndarray:
    """The matrix of a model in pixels, least squares; lens in picture widths, of a rotation."""
    unit = Unit(size)
    at, there = unit.places(pairs.at), unit.places(pairs.there)
    if model == "rotation":
        return unit.pixels(_turned(at, there, pairs.weight, 2 * lens))
    basis = _NUMBERS[model]
    found = np.zeros(len(basis))
    root = np.sqrt(np.repeat(pairs.weight, 2))
    for _ in range(ROUNDS if model == "homography" else 1):
        numbers = np.eye(3).ravel()[:8] + basis.T @ found
        matrix = np.append(numbers, 1).reshape(3, 3)
        left = (there - moved(matrix, at)).ravel()
        slope = _slope(matrix, at) @ basis.T
        step = np.linalg.lstsq(slope * root[:, None], left * root, rcond=None)[0]
        found = found + step
        if np.abs(step).max() < 1e-9:
            break
    return unit.pixels(np.append(np.eye(3).ravel()[:8] + basis.T @ found, 1).reshape(3, 3))


def _slope(matrix: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(2 N, 8): how the places move with each number of a matrix."""
    x, y = at.T
    depth = at @ matrix[2, :2] + 1
    u, v = moved(matrix, at).T
    zero = np.zeros_like(x)
    first = np.stack([x, y, zero + 1, zero, zero, zero, -u * x, -u * y], 1) / depth[:, None]
    second = np.stack([zero, zero, zero, x, y, zero + 1, -v * x, -v * y], 1) / depth[:, None]
    return np.stack([first, second], 1).reshape(-1, 8)


def _turned(at: np.ndarray, there: np.ndarray, weight: np.ndarray, focal: float) -> np.ndarray:
    """The turn of a camera of that focal length, units: directions laid on each other (Kabsch)."""
    one, other = (np.column_stack([p, np.full(len(p), focal)]) for p in (at, there))
    one, other = (d / np.linalg.norm(d, axis=1, keepdims=True) for d in (one, other))
    left, _, right = np.linalg.svd((other * weight[:, None]).T @ one)
    way = np.diag([1.0, 1.0, np.linalg.det(left @ right)])
    lens = np.diag([focal, focal, 1.0])
    return scaled(lens @ left @ way @ right @ np.linalg.inv(lens))


def chosen(frames: Sequence[Pairs], size: tuple[int, int]) -> Chosen:
    """The model that explains all frames with the fewest numbers; weights say what is evidence."""
    lens = _lens(frames, size)
    best: tuple[float, Model] | None = None
    for model in MODELS:
        found = [fitted(model, each, size, lens) for each in frames]
        told = sum(_cost(m, each) for m, each in zip(found, frames, strict=True))
        numbers = 3 if model == "rotation" else len(_NUMBERS[model])
        told += sum(numbers * np.log(_count(each)) for each in frames)
        if best is None or told < best[0]:
            best = told, model
    assert best
    return Chosen(best[1], lens)


def _count(pairs: Pairs) -> float:
    """Values that count as evidence: two of each place, by weight."""
    return float(2 * max(pairs.weight.sum() / max(pairs.weight.max(), 1e-9), 4))


def _cost(matrix: np.ndarray, pairs: Pairs) -> float:
    """Twice the logarithm of how unlikely the misses are, of a spread that is not known."""
    apart = ((moved(matrix, pairs.at) - pairs.there) ** 2).sum(1)
    mean = (apart * pairs.weight).sum() / max(pairs.weight.sum(), 1e-9) / 2
    return float(_count(pairs) * np.log(mean + FINEST**2 / 4))


def _lens(frames: Sequence[Pairs], size: tuple[int, int]) -> float:
    """The focal length under which turns of the camera explain most."""
    some = frames[:: max(1, len(frames) // 12)]

    def cost(lens: float) -> float:
        return sum(_cost(fitted("rotation", each, size, lens), each) for each in some)

    tried = LENSES
    for _ in range(3):  # a lens that is known to a thousandth
        near = int(np.argmin([cost(float(each)) for each in tried]))
        low, high = tried[max(near - 1, 0)], tried[min(near + 1, len(tried) - 1)]
        tried = np.geomspace(low, high, 9)
    return float(tried[int(np.argmin([cost(float(each)) for each in tried]))])


def corner_error(matrix: np.ndarray, pairs: Pairs, size: tuple[int, int], model: Model) -> float:
    """Standard error in pixels of where a picture's corners go, mean of the four: by how far the
    pairs miss, and where they lie. Infinite where they do not tell."""
    unit = Unit(size)
    at, there = unit.places(pairs.at), unit.places(pairs.there)
    basis = _NUMBERS["similarity" if model == "rotation" else model]
    mine = unit.inside(matrix)
    share = pairs.weight / max(pairs.weight.max(), 1e-9)
    free = 2 * np.count_nonzero(share) - len(basis)
    if free < 1:
        return float("inf")
    variance = (((moved(mine, at) - there) ** 2).sum(1) * share).sum() / free
    slope = _slope(mine, at) @ basis.T
    width, height = size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5
    far = _slope(mine, unit.places(corners)) @ basis.T
    try:
        known = np.linalg.inv(slope.T @ (slope * np.repeat(share, 2)[:, None]))
    except np.linalg.LinAlgError:
        return float("inf")
    spread = np.einsum("nk,kl,nl->n", far, known, far) * variance
    return float(np.sqrt(spread.reshape(4, 2).sum(1)).mean() * unit.half)


def first_guess(at: np.ndarray, there: np.ndarray, reach: float) -> np.ndarray | None:
    """A homography (pixels) that many pairs agree on within reach, None where there is none."""
    if len(at) < 8:
        return None
    cv2.setRNGSeed(1)
    try:
        found, inside = cv2.findHomography(
            at.astype(np.float32),
            there.astype(np.float32),
            cv2.USAC_MAGSAC,
            reach,
            maxIters=3000,
            confidence=0.9999,
        )
    except cv2.error:  # on places that no model fits MAGSAC sometimes raises
        return None
    if found is None or np.count_nonzero(inside) < 8 or abs(found[2, 2]) < 1e-9:
        return None
    return scaled(found)
