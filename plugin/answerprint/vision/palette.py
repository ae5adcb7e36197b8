"""Match two shots that show different things: by the part of their palettes that they share.

Each shot becomes a few hundred cells of colour, place in height and texture. The source's
cells are moved by a CDL until as many as possible lie on cells of the reference of like
texture and height; cells that find no partner have no say, so what only one shot shows does
not pull. From wide to narrow, the way a colourist first gets close and then looks again. A
pull to the identity of the usual width decides what the shared part cannot.

Convention
    pictures    lists of (h, w, 3) float32 scene-linear ACEScg and valid (h, w) bool, small
                (about 200 wide: a palette needs no detail).

Source: expectation maximisation of a soft, partial assignment in both directions, after
Chui and Rangarajan, CVIU 2003 (robust point matching) and Myronenko and Song, PAMI 2010
(coherent point drift), here with the ten numbers of a CDL as the motion.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from answerprint.frames.curves import acescct
from answerprint.frames.grade import SATURATION_WEIGHTS
from answerprint.vision.fit import STOP, Fit, apply

CELLS = 600
CELL = 0.02  # of ACEScct code: a third of a stop
HEIGHTS, TEXTURE_STEP = 3, 1.5
WIDTHS = (0.08, 0.06, 0.045, 0.035, 0.028, 0.022, 0.018, 0.018)
"""How near counts as alike, in ACEScct code, from the first look to the last."""
CLOSE = 0.01
CHROMA = 4.0
"""A difference of colour counts this many times one of light: surfaces keep their colour."""
HEIGHT_REACH, TEXTURE_REACH = 0.6, 1.0
TRUST = 3000.0
LONELY = 3e-4
"""Share of likeness under which a cell counts as having no partner."""

USUAL = np.array([0.45 * STOP, 0.16 * STOP, 0.08 * STOP, 0.10, 0.02, 0.02, 0.05, 0.02, 0.02, 0.12])
"""As `fit.USUAL`, narrower where a palette says little."""

_OPPONENT = np.array(
    [SATURATION_WEIGHTS, (CHROMA, -CHROMA, 0.0), (0.0, -CHROMA, CHROMA)], np.float64
)


@dataclass(frozen=True)
class Palette:
    """Cells of a shot: code (N, 3), height and texture (N, 2), and their weight (N,), sum 1."""

    code: np.ndarray
    place: np.ndarray
    weight: np.ndarray


def palette(pictures: list[tuple[np.ndarray, np.ndarray]]) -> Palette:
    """The cells of a shot's pictures, the largest `CELLS` of them."""
    rows = np.concatenate([_features(rgb, valid) for rgb, valid in pictures])
    steps = np.array([CELL, CELL, CELL, 1 / HEIGHTS, TEXTURE_STEP])
    _, cell, count = np.unique(
        np.floor(rows / steps).astype(int), axis=0, return_inverse=True, return_counts=True
    )
    cell = cell.ravel()
    mean = np.stack([np.bincount(cell, rows[:, k]) for k in range(5)], 1) / count[:, None]
    largest = np.argsort(-count, kind="stable")[:CELLS]
    weight = count[largest] ** 0.7
    return Palette(mean[largest, :3], mean[largest, 3:], weight / weight.sum())


def _features(rgb: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """(n, 5) of the valid pixels: code, height 0..1, log2 of the local contrast."""
    code = acescct(cv2.GaussianBlur(rgb, (0, 0), 0.8).astype(np.float64))
    light = code @ SATURATION_WEIGHTS
    mean = cv2.GaussianBlur(light, (0, 0), 2.0)
    spread = np.sqrt(np.maximum(cv2.GaussianBlur(light * light, (0, 0), 2.0) - mean * mean, 0))
    height = np.broadcast_to(np.arange(len(light))[:, None] / len(light), light.shape)
    rows = np.concatenate([code, height[..., None], np.log2(spread + 0.004)[..., None]], axis=-1)
    return rows[valid & np.isfinite(rows).all(-1)]


@dataclass(frozen=True)
class Shared:
    """The fit, how much of each shot's palette took part in it, and how much lies very close.

    All 0..1; close is the smaller share at half of the last width.
    """

    fit: Fit
    source_share: float
    reference_share: float
    close: float

    @property
    def overlap(self) -> float:
        """One number for how much two palettes are of one scene: 0 nothing, 1 the same."""
        return float(self.source_share * self.reference_share * np.sqrt(self.close))


def match(
    source: Palette,
    reference: Palette,
    free: tuple[int, ...] = tuple(range(10)),
    usual: np.ndarray = USUAL,
) -> Shared:
    """The CDL that lays the source's palette on the reference's, as far as they are shared.

    free    the numbers of the CDL that may move, by place in `fit.NAMES`; the others stay 0.
    usual   (10,) width of the pull to identity in each.
    """
    apart = source.place[:, None] - reference.place[None]
    likely = -((apart / (HEIGHT_REACH, TEXTURE_REACH)) ** 2).sum(-1) / 2
    target = reference.code @ _OPPONENT.T
    columns = np.array(free)
    theta = np.zeros(10)
    for width in WIDTHS:
        for _ in range(2):
            moved = apply(theta, source.code)
            near = _near(moved @ _OPPONENT.T, target, likely, width)
            pair = _partners(near, source, reference)
            say = pair.say
            wanted = np.where(say[:, None] > 0, pair.code / np.maximum(say, 1e-300)[:, None], moved)
            say = say * TRUST * 0.05 / width
            slope = np.stack([_slope(theta, source.code, k) for k in columns], -1)
            slope = np.einsum("ab,nbi->nai", _OPPONENT, slope)
            left = (moved - wanted) @ _OPPONENT.T
            curve = np.einsum("nai,n,naj->ij", slope, say, slope, optimize=True)
            curve += np.diag(1 / usual[columns] ** 2)
            pull = np.einsum("nai,n,na->i", slope, say, left, optimize=True)
            theta[columns] -= np.linalg.solve(curve, pull + theta[columns] / usual[columns] ** 2)
    covariance = np.zeros((10, 10))
    covariance[np.ix_(columns, columns)] = np.linalg.inv(curve)
    near = _near(apply(theta, source.code) @ _OPPONENT.T, target, likely, CLOSE)
    close = min(_partners(near, source, reference).shares)
    return Shared(Fit(theta, covariance), *pair.shares, close)


def _near(moved: np.ndarray, target: np.ndarray, likely: np.ndarray, width: float) -> np.ndarray:
    """How near (N, M) each source cell is to each of the reference, 0..1; likely as a logarithm."""
    scale = 1 / (2 * width**2)
    one = np.stack([*(2 * scale * moved.T), -scale * (moved**2).sum(1), np.ones(len(moved))], 1)
    other = np.stack([*target.T, np.ones(len(target)), -scale * (target**2).sum(1)])
    near = (one @ other + likely).astype(np.float32)
    return np.exp(near, out=near)


@dataclass(frozen=True)
class _Partners:
    """Soft pairs of both directions, half of each: what a source cell has of them (N,), its
    partners' codes as many times (N, 3), and the share of either palette that has any."""

    say: np.ndarray
    code: np.ndarray
    shares: tuple[float, float]


def _partners(near: np.ndarray, source: Palette, reference: Palette) -> _Partners:
    """Each source cell's partners among the reference's, and the other way round. The pairs
    themselves (N, M) are never made: their sums are products of `near` with few columns."""
    there = np.column_stack([np.ones(len(reference.code)), reference.code])
    forth = near @ (reference.weight[:, None] * there).astype(np.float32)
    forth = forth * (source.weight / (forth[:, 0] + LONELY))[:, None]
    say = source.weight.astype(np.float32) @ near
    back = reference.weight / (say + LONELY)
    shares = float(forth[:, 0].sum()), float(back @ say)
    back = near @ (back[:, None] * there).astype(np.float32) * source.weight[:, None]
    both = (forth + back).astype(np.float64) / 2
    return _Partners(both[:, 0], both[:, 1:], shares)


def _slope(theta: np.ndarray, code: np.ndarray, k: int, step: float = 1e-4) -> np.ndarray:
    move = np.zeros(10)
    move[k] = step
    return (apply(theta + move, code) - apply(theta - move, code)) / (2 * step)
