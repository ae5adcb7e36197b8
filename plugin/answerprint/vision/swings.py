"""How the light of a shot changes from frame to frame, all over the picture.

Each frame is compared with a few before it on the surfaces that both show: the earlier frame is
laid onto it along the motion, what is hidden or moved against the rest takes no part, and the
logarithm of the ratio is averaged over cells. The ratios of all pairs together give a course of
the light for each cell, in stops.

Convention
    light    (h, w, 3) float32 scene-linear, unbounded, in the primaries that gains are to be made
             in; valid (h, w) bool.
    cells    (rows, columns) over the whole picture; ROWS x 1 for bands, 1 x 1 for the whole.
    step     (rows, columns, 3) stops from the earlier frame to the later; sure (rows, columns, 3)
             0..1, the share of the cell that speaks for it.
    Thresholds are relative to the picture's own light: a stop brighter gives the same steps.

Source: aligned log-ratios with Tukey's biweight (Beaton and Tukey 1974); least squares over
several distances in time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from answerprint.vision.banded import Factored
from answerprint.vision.flow import LUMA, motions, pulled

LAGS = (1, 2, 4)
"""Frames back that a frame is compared with."""
AROUND, SMALL = 40, 0.02
"""Of the picture's width: surroundings that motion is found against. Of its light: no detail."""
DARK = 1 / 40
"""Of the picture's mean light: a channel that is darker speaks the less."""
FULL = 0.97
"""Of the picture's largest value: beyond it a camera may have clipped."""
NEAR, FAINT = 1.5, 0.005
"""Cells around one that stand in for it, and the weight of the whole picture beside theirs."""
SCALES = (2.0, 1.0, 0.5)
"""Stops off the rest at which a pixel takes no part any more, from round to round."""
LEAST = 0.004
"""Share of a cell under which it says nothing of its own."""


@dataclass(frozen=True)
class Step:
    """What changed between two frames, counted from the first one that was seen.

    by    cells' size -> (step, sure) as above.
    """

    first: int
    second: int
    by: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]]


class Swings:
    """Sees every frame of a shot once, in order; keeps the last few."""

    def __init__(self, cells: Sequence[tuple[int, int]]) -> None:
        self._cells = tuple(cells)
        self._kept: deque[tuple[int, np.ndarray, np.ndarray, np.ndarray]] = deque(maxlen=max(LAGS))
        self.steps: list[Step] = []

    def see(self, at: int, light: np.ndarray, valid: np.ndarray) -> None:
        """at: counted from the first frame, gaps included. A picture of another size than the one
        before is compared with none of those."""
        if self._kept and self._kept[-1][1].shape != light.shape:
            self._kept.clear()
        looks = evened(light)
        for before, was, was_valid, was_looks in self._kept:
            if at - before in LAGS:
                there, _ = motions(looks, was_looks)
                other = pulled(was, there.flow)
                sure = there.sure * valid * (pulled(was_valid, there.flow) > 0.99)
                self.steps.append(Step(before, at, stepped(other, light, sure, self._cells)))
        self._kept.append((at, light, valid.astype(np.float32), looks))


def evened(light: np.ndarray) -> np.ndarray:
    """The light with the same level everywhere: what motion is found on.

    Otherwise the flow finds points of equal light, and flicker would pass for motion.
    """
    luma = np.maximum(light @ LUMA, 0)
    luma = luma + np.float32(SMALL * max(float(luma.mean()), 1e-12))
    level = cv2.GaussianBlur(luma, (0, 0), light.shape[1] / AROUND)
    even: np.ndarray = (0.18 * luma / level).astype(np.float32)
    return np.repeat(even[..., None], 3, axis=-1)


def stepped(
    before: np.ndarray, after: np.ndarray, sure: np.ndarray, cells: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], tuple[np.ndarray, np.ndarray]]:
    """The change from one aligned picture to the other, for each size of cells."""
    weight = sure[..., None] * _told(before) * _told(after)
    tiny = 1e-6 * max(float(after.mean()), 1e-12)
    change = np.log2(np.maximum(after, tiny) / np.maximum(before, tiny)).astype(np.float32)
    middle = _middle(change, weight)
    return {size: _over(change, weight, middle, size) for size in cells}


def _told(light: np.ndarray) -> np.ndarray:
    """How much a value of (h, w, 3) light tells of exposure, 0..1."""
    knee = DARK * max(float(light.mean()), 1e-12)
    full = FULL * light.reshape(-1, 3).max(axis=0)
    above = np.maximum(light - knee / 4, 0)
    told: np.ndarray = above / (above + knee) * (light < full)
    return told


def _middle(change: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(3,) the median step of what speaks; 0 where nothing does."""
    found = np.zeros(3, np.float32)
    for channel in range(3):
        some = change[::2, ::2, channel][weight[::2, ::2, channel] > 0.2]
        if len(some):
            found[channel] = np.median(some)
    return found


def _over(
    change: np.ndarray, weight: np.ndarray, middle: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """The robust mean of cells: what lies far off its surroundings is left out by and by."""
    tall, wide = change.shape[:2]
    found = np.broadcast_to(middle, (*size, 3)).astype(np.float32)
    share = np.zeros((*size, 3), np.float32)
    for scale in SCALES:
        smooth = cv2.resize(found, (wide, tall), interpolation=cv2.INTER_LINEAR)
        off = np.clip((change - smooth.reshape(change.shape)) / scale, -1, 1)
        kept = weight * (1 - off**2) ** 2
        share = _cells(kept, size)
        total = _cells(kept * change, size)
        whole = total.sum((0, 1)) / np.maximum(share.sum((0, 1)), 1e-9)
        near = (_blurred(total) + FAINT * whole) / (_blurred(share) + FAINT)
        found = (total + LEAST * near) / (share + LEAST)
        found = np.where(share.sum((0, 1)) > 1e-6, found, middle).astype(np.float32)
    return found, share


def _cells(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Means (rows, columns, 3) over cells."""
    made = cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(made.reshape(*size, 3))


def _blurred(cells: np.ndarray) -> np.ndarray:
    made = cv2.GaussianBlur(cells, (0, 0), NEAR, borderType=cv2.BORDER_ISOLATED)
    return np.asarray(made.reshape(cells.shape))


# --- the course ----------------------------------------------------------------------------


def course(
    steps: Sequence[tuple[int, int, np.ndarray, np.ndarray]], count: int, bound: float = 1e-4
) -> tuple[np.ndarray, np.ndarray]:
    """The light of `count` frames (count, M) in stops, and the error of a step (M,).

    steps   (first, second, step (M,), weight (M,)): by least squares over all of them.
    bound   weight with which neighbours are held together where nothing tells.
    """
    width = max(LAGS)
    many = steps[0][2].shape[0] if steps else 1
    bands = np.zeros((width + 1, count, many))
    right = np.zeros((count, many))
    pairs = [(n, n + 1, np.zeros(many), np.full(many, bound)) for n in range(count - 1)]
    for first, second, step, weight in [*steps, *pairs]:
        bands[0, first] += weight
        bands[0, second] += weight
        bands[second - first, first] -= weight
        right[first] -= weight * step
        right[second] += weight * step
    bands[0] += 1e-9  # the course starts anywhere
    found = Factored(bands).solved(right)
    off = np.zeros(many)
    trust = np.full(many, 1e-9)
    for first, second, step, weight in steps:
        off += weight * (found[second] - found[first] - step) ** 2
        trust += weight
    free = len(steps) / max(1, len(steps) - count + 1)
    return found, np.sqrt(off / trust * free)
