"""Grain: measured on the frames around, taken off what is rebuilt, and put back fresh.

A frame that is mixed of two has half their grain, and the half it has is theirs: it would look
smoother than its neighbours and hang between them. In each octave a place keeps what its power is
beyond the grain's; then grain of the same strength, size and colour is laid on, that no other frame
has.

Convention
    light     (H, W, 3) float32 scene-linear ACEScg, unbounded; nothing clamps, and what stands out
              of the grain (edges, sparks, highlights) stays as it is.
    octaves   differences of ever calmer pictures, the finest first. Grain is what a frame has and
              another one, moved onto it, has not: texture and what a codec repeats are in both. Of
              each light the blocks count that are most alike; what moved otherwise only adds.
    present   (H, W) float32, 0..1: less than 1 where a frame has less grain than such light has
              elsewhere (clipped, black, a title): none is taken or laid on there.
    number    of the frame: the same number gives the same grain, and no two numbers alike grain.

Source: undecimated wavelets (Holschneider et al. 1989; B3 spline as in Starck and Murtagh 1994)
under local Wiener gains (Mihcak et al. 1999).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import cv2
import numpy as np

from answerprint.vision.flow import pulled

OCTAVES = 3
BLOCK = 16
MOST = (1088, 1920)
"""Rows and columns, from the middle of a frame, that grain is measured on."""
BINS = 6
"""Ranges of light that are measured on their own."""
ENOUGH = 12
"""Blocks that have to be grain alone for a range of light to count."""
START, ALIKE, ROUNDS = 20, (0.6, 1.6), 8
"""Percentile of the blocks' power that is taken for grain at first; the powers around the grain's
that are its too; and how often that is told anew."""
FEW = 2.5
"""Times the median up to which the power of a coarse octave in a block is chance."""
STEEPEST = 2.25
"""Power of an octave over that of the next finer one, at most: coarser is no grain."""
NEAR, OVER = 5, 1.5
"""Coefficients across whose power is that of a place; and by how much more than the grain's a power
has to be for there to be anything else: that of few coefficients varies."""
LEAST, WHOLE = 0.15, 0.5
"""Shares of the grain's power: at the first there is none, from the second on all of it."""
WIDE = 15
"""Pixels over which that is looked at."""
CALM = 25
"""Per cent of a picture that may be taken for free of texture."""
SIZES = (0.0, *(round(0.3 + 0.1 * n, 1) for n in range(13)))
"""Of grain, that are told apart."""
FAINT = 1e-12
"""Power of light under which there is no grain to speak of."""
STRIP = 64
"""Rows that are looked up at once: memory."""
B3 = np.array([1, 4, 6, 4, 1], np.float32) / 16


@dataclass(frozen=True)
class Grain:
    """Of one shot.

    levels   (K, 3) light of each channel, ascending, at which its grain is known.
    power    (K, OCTAVES, 3) variance of each octave there; in between and beyond, the nearest.
    mix      (3, 3): white noise of three channels through it goes together as theirs does.
    """

    levels: np.ndarray
    power: np.ndarray
    mix: np.ndarray

    def sigma(self) -> float:
        """Of the whole grain, mean over light and channels."""
        return float(np.sqrt(self.power.sum(axis=1)).mean())

    def present(self, light: np.ndarray) -> np.ndarray:
        """How much of its grain a frame has, place by place."""
        share = np.zeros(light.shape[:2], np.float32)
        for c in range(3):  # one after the other: a large frame needs little memory
            near = _calmer(light[..., c], 0)
            finest = light[..., c] - near
            share += finest**2 / np.maximum(self._power(near, 0, c), FAINT) / 3
        rise = np.clip((_around(share, WIDE) - LEAST) / (WHOLE - LEAST), 0, 1)
        smooth: np.ndarray = (rise * rise * (3 - 2 * rise)).astype(np.float32)
        return smooth

    def off(self, light: np.ndarray, share: np.ndarray, present: np.ndarray) -> np.ndarray:
        """The light without grain; share (H, W): of the grain's variance, what may be left in it.
        Moving by parts of a pixel leaves less of what is fine: calm places tell how much."""
        clean, here, grainy = np.empty_like(light), share * present, present > 0.5
        for c in range(3):
            calm = light[..., c]
            near, made = _calmer(calm, 0), np.zeros_like(share)
            for octave in range(OCTAVES):
                below = _calmer(calm, octave)
                each, calm = calm - below, below
                expected = np.maximum(self._power(near, octave, c) * here, FAINT)
                squares = each**2
                left = _around(squares / expected, WIDE * 2**octave)[grainy]
                part = min(1.0, float(np.percentile(left, CALM))) if left.size else 0.0
                there = np.maximum(_around(squares, NEAR * 2**octave), FAINT)
                made += each * np.maximum(1 - OVER * part * expected / there, 0)
            clean[..., c] = made + calm
        return clean

    def on(self, light: np.ndarray, number: int, present: np.ndarray) -> np.ndarray:
        """The light under grain."""
        found = light.copy()
        for c in range(3):  # one after the other, as above
            grain = self._grain(light[..., c], self._white(number, light.shape, c), c)
            found[..., c] += grain * present
        return found

    def _grain(self, light: np.ndarray, white: np.ndarray, channel: int) -> np.ndarray:
        """Grain (H, W) for light (H, W) of a channel, of white noise."""
        noise, coarse = octaves(_soft(white, self.size))
        near = _calmer(light, 0)
        found = np.zeros_like(near)
        for top in range(0, len(light), STRIP):
            rows = slice(top, top + STRIP)
            strength = near[rows]
            for octave, (each, gain) in enumerate(zip(noise, _gains(self.size), strict=True)):
                strength = np.sqrt(self._power(near[rows], octave, channel)) / gain
                found[rows] += each[rows] * strength
            found[rows] += coarse[rows] * strength  # as the coarsest octave
        return found

    def _white(self, number: int, shape: tuple[int, ...], channel: int) -> np.ndarray:
        """White noise (H, W) of a channel, that goes together with the others' of that number."""
        random = np.random.default_rng((number & 0xFFFFFFFF, 0x6772))
        found = np.empty(shape[:2], np.float32)
        for top in range(0, len(found), STRIP):
            part = found[top : top + STRIP]
            white = random.standard_normal((*part.shape, 3), np.float32)
            part[...] = white @ self.mix[channel].astype(np.float32)
        return found

    @cached_property
    def size(self) -> float:
        """Of the grain: radius (sigma, px) of the Gaussian that white noise would go through to
        have its second octave as strong beside the first."""
        ratio = float(np.median(self.power[:, 1] / np.maximum(self.power[:, 0], FAINT)))
        known = [(_gains(size)[1] / _gains(size)[0]) ** 2 for size in SIZES]
        return SIZES[int(np.argmin(np.abs(np.log(np.maximum(ratio, 1e-6) / known))))]

    def _power(self, light: np.ndarray, octave: int, channel: int) -> np.ndarray:
        """The grain's power (H, W) in an octave of a channel, by light (H, W) free of its finest
        octave: that of a wider neighbourhood would lay a lamp's grain on the wall beside it."""
        known = self.levels[:, channel], self.power[:, octave, channel]
        found = np.empty(light.shape, np.float32)
        for top in range(0, len(light), STRIP):
            found[top : top + STRIP] = np.interp(light[top : top + STRIP], *known)
        return found


def measured(light: np.ndarray, other: np.ndarray, flow: np.ndarray) -> Grain | None:
    """The grain of a frame, by another one; flow (H, W, 2): from it to that.

    None where it cannot be told: too small a picture, or one without any light.
    """
    top, left = ((n - min(n, most)) // 2 for n, most in zip(light.shape, MOST, strict=False))
    part = slice(top, top + MOST[0]), slice(left, left + MOST[1])
    light, other = light[part], other[part]
    flow = cv2.GaussianBlur(flow[part], (0, 0), BLOCK)  # finer flow follows grain itself
    count = [n // BLOCK for n in light.shape[:2]]
    if count[0] * count[1] < 2 * ENOUGH:
        return None
    own, calm = octaves(light)
    apart, _ = octaves(light - pulled(other, flow))
    level, alive = _blocks(calm, count), _blocks(own[0] ** 2, count).min(axis=1) > FAINT
    power = [
        _blocks(each**2, count) / share
        for each, share in zip(apart, _shares(flow, count), strict=True)
    ]
    told = alive & (level > 0).all(axis=1)
    order = np.argsort(level.mean(axis=1))
    rows, alone = [], []
    for chosen in np.array_split(order[told[order]], BINS):
        calmest = _alone(chosen, power[0].mean(axis=1))
        if len(calmest) < ENOUGH:
            continue
        each = [power[0][calmest].mean(axis=0)]
        for coarser in power[1:]:
            told_by = np.minimum(coarser[calmest], FEW * np.median(coarser[calmest], axis=0))
            each.append(np.minimum(told_by.mean(axis=0), STEEPEST * each[-1]))
        rows.append((level[calmest].mean(axis=0), np.stack(each)))
        alone.append(calmest)
    if not rows:
        return None
    levels = np.maximum.accumulate(np.stack([row[0] for row in rows]), axis=0)
    mix = _together(apart[0], np.concatenate(alone), count)
    return Grain(levels, np.stack([row[1] for row in rows]), mix)


def _shares(flow: np.ndarray, count: list[int]) -> list[np.ndarray]:
    """Power (N, 1) of each octave of what two frames of white noise differ by when the second is
    moved by this flow, over that of one of them: moving by parts of a pixel takes of it."""
    random = np.random.default_rng(1)
    shape = flow.shape[:2]
    one, other = (random.standard_normal(shape, np.float32) for _ in range(2))
    found, _ = octaves(one - pulled(other, flow))
    wide = 8 * BLOCK + 1  # of the noise's own unevenness, over many blocks
    return [
        _blocks(_around(each**2, wide)[..., None], count) / gain**2
        for each, gain in zip(found, _gains(0.0), strict=True)
    ]


def octaves(light: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Of a picture (H, W[, C]), the finest first, and what is left: their sum is the picture."""
    found, calm = [], light
    for octave in range(OCTAVES):
        below = _calmer(calm, octave)
        found.append(calm - below)
        calm = below
    return found, calm


def _calmer(calm: np.ndarray, octave: int) -> np.ndarray:
    """A picture of so many octaves less, without the next one."""
    taps = np.zeros(4 * 2**octave + 1, np.float32)
    taps[:: 2**octave] = B3
    return np.asarray(cv2.sepFilter2D(calm, -1, taps, taps, borderType=cv2.BORDER_REFLECT))


@lru_cache(maxsize=len(SIZES))
def _gains(size: float) -> np.ndarray:
    """Sigma of each octave of white noise of that size."""
    white = np.random.default_rng(0).standard_normal((384, 384), np.float32)
    return np.array([each.std() for each in octaves(_soft(white, size))[0]], np.float32)


def _soft(white: np.ndarray, size: float) -> np.ndarray:
    return cv2.GaussianBlur(white, (0, 0), size) if size else white


def _alone(chosen: np.ndarray, power: np.ndarray) -> np.ndarray:
    """Those blocks that are grain alone: the lowest cluster of their powers."""
    if not len(chosen):
        return chosen
    middle = float(np.percentile(power[chosen], START))
    kept = chosen
    for _ in range(ROUNDS):
        near = (power[chosen] > ALIKE[0] * middle) & (power[chosen] < ALIKE[1] * middle)
        kept = chosen[near]
        if not len(kept):
            break
        middle = float(power[kept].mean())
    return kept


def _together(finest: np.ndarray, chosen: np.ndarray, count: list[int]) -> np.ndarray:
    """How far the channels' grain goes together, as the root of its correlation."""
    products = [
        [
            _blocks((finest[..., a] * finest[..., b])[..., None], count)[chosen].mean()
            for b in range(3)
        ]
        for a in range(3)
    ]
    moments = np.array(products)
    size = np.sqrt(np.diag(moments))
    correlation = moments / np.outer(size, size)
    root = np.linalg.cholesky(correlation + 1e-3 * np.eye(3))
    found: np.ndarray = root / np.linalg.norm(root, axis=1, keepdims=True)
    return found


def _blocks(values: np.ndarray, count: list[int]) -> np.ndarray:
    """Means (N, C) of the blocks of a picture (H, W, C)."""
    down, across = count
    cut = values[: down * BLOCK, : across * BLOCK]
    cut = cut.reshape(down, BLOCK, across, BLOCK, -1)
    found: np.ndarray = cut.mean(axis=(1, 3), dtype=np.float64).reshape(down * across, -1)
    return found


def _around(values: np.ndarray, wide: int) -> np.ndarray:
    """Their mean over a square."""
    return np.asarray(cv2.blur(values, (wide, wide), borderType=cv2.BORDER_REFLECT))
