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


def match(source: Palette, reference: Palette, free: tuple[int, ...] = tuple(range(10))) -> Shared:
    """The CDL that lays the source's palette on the reference's, as far as they are shared."""
    apart = source.place[:, None] - reference.place[None]
    likely = np.exp(-((apart / (HEIGHT_REACH, TEXTURE_REACH)) ** 2).sum(-1) / 2)
    target = reference.code @ _OPPONENT.T
    columns = np.array(free)
    theta = np.zeros(10)
    for width in WIDTHS:
        for _ in range(2):
            moved = apply(theta, source.code)
            forth, back = _partners(moved @ _OPPONENT.T, target, likely, width, source, reference)
            pair = (forth + back) / 2
            say = pair.sum(1)
            wanted = np.where(
                say[:, None] > 0, pair @ reference.code / np.maximum(say, 1e-300)[:, None], moved
            )
            say *= TRUST * 0.05 / width
            slope = np.stack([_slope(theta, source.code, k) for k in columns], -1)
            slope = np.einsum("ab,nbi->nai", _OPPONENT, slope)
            left = (moved - wanted) @ _OPPONENT.T
            curve = np.einsum("nai,n,naj->ij", slope, say, slope, optimize=True)
            curve += np.diag(1 / USUAL[columns] ** 2)
            pull = np.einsum("nai,n,na->i", slope, say, left, optimize=True)
            theta[columns] -= np.linalg.solve(curve, pull + theta[columns] / USUAL[columns] ** 2)
    covariance = np.zeros((10, 10))
    covariance[np.ix_(columns, columns)] = np.linalg.inv(curve)
    near = _partners(
        apply(theta, source.code) @ _OPPONENT.T, target, likely, CLOSE, source, reference
    )
    close = min(float(each.sum()) for each in near)
    return Shared(Fit(theta, covariance), float(forth.sum()), float(back.sum()), close)


def _partners(
    moved: np.ndarray,
    target: np.ndarray,
    likely: np.ndarray,
    width: float,
    source: Palette,
    reference: Palette,
) -> tuple[np.ndarray, np.ndarray]:
    """Soft pairs (N, M): each source cell's among the reference's, and the other way round."""
    square = (moved**2).sum(1)[:, None] + (target**2).sum(1)[None] - 2 * moved @ target.T
    near = np.exp(-np.maximum(square, 0) / (2 * width**2)) * likely
    forth = near * reference.weight[None]
    back = near * source.weight[:, None]
    return (
        forth / (forth.sum(1) + LONELY)[:, None] * source.weight[:, None],
        back / (back.sum(0) + LONELY)[None] * reference.weight[None],
    )


def _slope(theta: np.ndarray, code: np.ndarray, k: int, step: float = 1e-4) -> np.ndarray:
    move = np.zeros(10)
    move[k] = step
    return (apply(theta + move, code) - apply(theta - move, code)) / (2 * step)
