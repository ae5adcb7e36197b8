"""Alpha of each unknown pixel by itself: the pair of foreground and background that explains it.

Convention
    light      (H, W, 3) float32 scene-linear, unbounded.
    known      (H, W) float32: 1 foreground, 0 background, between them unknown.
    alpha      (H, W) float32, 0..1. spread: its standard deviation over the pairs that are as good.
    error      (H, W) float32: how far the best pair's mix is from the pixel, in the code of light.

Pairs are made of known pixels that are seen from the unknown one along rays, other rays for
neighbours, who then share what they found. Mixing is light's, and exact in it; errors are weighed
in a code where noise is even. A pair costs the more the farther its mix is from the pixel, its
alpha from what the distances to both sides say, and its places from the nearest ones.

Source: shared sampling, Gastal and Oliveira 2010; search by neighbours' finds, He et al. 2011.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from answerprint.vision.flow import spread
from answerprint.vision.toned import TOE

RAYS = ((0, 1), (1, 2), (1, 1), (2, 1))
"""Steps of one ray of each corner of a square; the others are turned by a quarter."""
SHARED, REACH = 24, 9
"""Neighbours that a pixel asks, and how far away, pixels."""
EVEN = 0.015
"""Error, in code, under which pairs are equally good."""
PART = 1 << 15
"""Pixels that one thread works on at a time."""
NOISE, UNTOLD = np.float32(1e-4), np.float32(0.1)
"""Variance of a colour's code, and of alpha where foreground and background are the same."""
NEAR = 0.25
"""Of the width: from foreground to background, over which distances say little of alpha."""


@dataclass(frozen=True)
class Sampled:
    """As above. spread and error are 1 where no pair was found."""

    alpha: np.ndarray
    spread: np.ndarray
    error: np.ndarray


def sampled(light: np.ndarray, known: np.ndarray) -> Sampled:
    """Of a picture with some of each."""
    tall, wide = known.shape
    y, x = np.nonzero((known > 0) & (known < 1))
    calm = [_calm(light, known == side) for side in (1, 0)]
    seen = [_seen(known == side, y, x) for side in (1, 0)]
    away = [_away(known == side)[y, x] for side in (1, 0)]
    search = _Search(light[y, x], (y, x), calm, away, wide)
    for one in range(seen[0].shape[1]):
        for other in range(seen[1].shape[1]):
            search.tried(seen[0][:, one], seen[1][:, other])
    place = np.full((tall, wide), -1, np.int64)
    place[y, x] = np.arange(len(y))
    random = np.random.default_rng(1)
    for dy, dx in random.integers(-REACH, REACH + 1, (SHARED, 2)):
        asked = place[np.clip(y + dy, 0, tall - 1), np.clip(x + dx, 0, wide - 1)]
        asked = np.where(asked < 0, np.arange(len(y)), asked)
        f, b = search.pair[0][asked], search.pair[1][asked]
        search.tried(f, b)
        search.tried(search.pair[0], b)
        search.tried(f, search.pair[1])
    return search.told(known, (y, x))


class _Search:
    """The best pair of every unknown pixel so far, and what all of them said."""

    def __init__(
        self,
        light: np.ndarray,
        at: tuple[np.ndarray, np.ndarray],
        calm: list[np.ndarray],
        away: list[np.ndarray],
        wide: int,
    ) -> None:
        count = len(light)
        self._parts = [slice(at, at + PART) for at in range(0, count, PART)]
        place = np.mgrid[: calm[0].shape[0], :wide].astype(np.float32).transpose(1, 2, 0)
        self._table = [np.dstack([each, place]).reshape(-1, 5) for each in calm]
        slope = 0.5 / np.sqrt(np.minimum(np.abs(light), 1) + TOE**2)
        self._slope = slope.astype(np.float32)
        self._code = light * self._slope
        self._at = np.stack(at, axis=1).astype(np.float32)
        self._near = [1 / np.maximum(each, 1) for each in away]
        both = away[0] + away[1]
        near = np.exp(-both / (NEAR * wide))
        self._prior = (0.5 + (away[1] / np.maximum(both, 1) - 0.5) * near).astype(np.float32)
        self._cost = np.full(count, np.inf, np.float32)
        self._error = np.zeros(count, np.float32)
        self.pair = [np.full(count, -1, np.int64), np.full(count, -1, np.int64)]
        self._sums = [np.zeros(count, np.float32) for _ in range(3)]

    def tried(self, f: np.ndarray, b: np.ndarray) -> None:
        """Pairs of places, -1 for none, one for each pixel."""
        if len(self._parts) == 1:
            self._tried(self._parts[0], f, b)
        else:
            spread(lambda part: self._tried(part, f[part], b[part]), self._parts)

    def _tried(self, part: slice, f: np.ndarray, b: np.ndarray) -> None:
        one, other = self._table[0][f], self._table[1][b]
        front, back = (each[:, :3] * self._slope[part] for each in (one, other))
        apart, own = front - back, self._code[part] - back
        length, along = _dot(apart, apart), _dot(own, apart)
        blind = NOISE / (length + NOISE)  # of a pair that hardly differs nothing can be read
        alpha = np.clip((along + NOISE * self._prior[part]) / (length + NOISE), 0, 1)
        left = _dot(own, own) - alpha * (2 * along - alpha * length)
        error = np.sqrt(np.maximum(left, 0))
        unlike = self._prior[part] + (1 - 2 * self._prior[part]) * alpha + np.float32(0.1)
        far_f, far_b = (
            self._far(side, each[:, 3:], part) for side, each in enumerate((one, other))
        )
        missed = error + np.float32(EVEN)
        both = unlike * far_b
        cost = missed * missed * np.sqrt(missed) * far_f * both * both * both
        cost[(f < 0) | (b < 0)] = np.inf
        share = 1 / cost
        self._sums[0][part] += share
        self._sums[1][part] += share * alpha
        self._sums[2][part] += share * (alpha * alpha + UNTOLD * blind)
        better = cost < self._cost[part]
        for kept, new in (
            (self._cost, cost),
            (self._error, error),
            (self.pair[0], f),
            (self.pair[1], b),
        ):
            np.copyto(kept[part], new, where=better)

    def _far(self, side: int, places: np.ndarray, part: slice) -> np.ndarray:
        """1 and how much farther than the nearest of its side places (N, 2) are."""
        apart = places - self._at[part]
        return np.asarray(1 + np.sqrt(_dot(apart, apart)) * self._near[side][part])

    def told(self, known: np.ndarray, at: tuple[np.ndarray, np.ndarray]) -> Sampled:
        total, first, second = self._sums
        found = total > 0
        mean, square = (
            np.divide(s, total, out=np.full_like(s, 0.5), where=found) for s in (first, second)
        )
        alpha = known.astype(np.float32).copy()
        varied, error = (np.zeros(known.shape, np.float32) for _ in range(2))
        alpha[at] = mean
        varied[at] = np.where(found, np.sqrt(np.maximum(square - mean**2, 0)), 1)
        error[at] = np.where(found, self._error, 1)
        return Sampled(alpha, varied, error)


def _dot(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of rows (N, C)."""
    made: np.ndarray = np.einsum("nc,nc->n", one, other)
    return made


def _calm(light: np.ndarray, side: np.ndarray) -> np.ndarray:
    """The known light of a side with its grain averaged, from that side alone."""
    share = cv2.boxFilter(side.astype(np.float32), -1, (3, 3)) + np.float32(1e-6)
    mean: np.ndarray = cv2.boxFilter(light * side[..., None], -1, (3, 3)) / share[..., None]
    return mean


def _away(side: np.ndarray) -> np.ndarray:
    """Pixels to the nearest of a side (H, W)."""
    found: np.ndarray = cv2.distanceTransform((~side).astype(np.uint8), cv2.DIST_L2, 5)
    return found


def _seen(side: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Places (N, 4), as row * W + column, of the first known pixels on rays; -1 where none is.

    The four pixels of a square look along four rays each, no two along the same.
    """
    found = np.empty((len(y), 4), np.int64)
    for corner, (dy, dx) in enumerate(RAYS):
        mine = np.flatnonzero((y % 2) * 2 + x % 2 == corner)
        for turn, way in enumerate(((dy, dx), (dx, -dy), (-dy, -dx), (-dx, dy))):
            found[mine, turn] = _along(side, *way)[y[mine], x[mine]]
    return found


def _along(side: np.ndarray, dy: int, dx: int) -> np.ndarray:
    """The first place of a side that lies from each pixel against (dy, dx); -1 for none."""
    tall, wide = side.shape
    found = np.where(side, np.arange(side.size).reshape(side.shape), -1)
    if dy == 0:
        return _along_rows(found, dx)
    rows = range(dy, tall) if dy > 0 else range(tall + dy - 1, -1, -1)
    mine = slice(max(0, dx), wide + min(0, dx))
    theirs = slice(max(0, -dx), wide + min(0, -dx))
    for row in rows:
        here, before = found[row, mine], found[row - dy, theirs]
        np.copyto(here, before, where=here < 0)
    return found


def _along_rows(found: np.ndarray, dx: int) -> np.ndarray:
    wide = found.shape[1]
    for column in range(1, wide) if dx > 0 else range(wide - 2, -1, -1):
        here = found[:, column]
        np.copyto(here, found[:, column - dx], where=here < 0)
    return found
