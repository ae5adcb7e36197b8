"""Grain and noise: variance as a curve of the light, and how far neighbours go together.

Two witnesses. Blocks of one frame, each with its plane taken away: what is left is noise and
texture. Blocks of two following frames, moved onto each other and subtracted: what is left is
noise twice and what moved. Texture and motion only ever add, so that the noise is the lowest
cluster of the blocks' variances over light; where two frames can be had they bear witness, else
the single frames do. Codecs repeat what stands still: of movies, and of frames that were made from
one, the single frames alone.

    variance    a I + b + c I^2 of each channel, I scene-linear ACEScg: shot noise, the floor,
                and gain (development, fixed pattern).
    error       of the sigma: how far blocks err, and how far the curve misses them, which are no
                noise then, but what a developer or a codec left of texture.
    correlation between neighbouring pixels; `size` is the radius (sigma, px) of the Gaussian that
                white noise would have been blurred with to get it.

Source: mixture fitted by expectation-maximisation, Dempster et al. 1977.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import Any

import cv2
import numpy as np

from answerprint.vision.measured import brief, measured

BLOCK = 16
GREY = 0.18
KNOTS, ROUNDS = 6, 40
MOST = 12_000
"""Blocks that a curve is fitted to; more would tell nothing new."""
ENOUGH = 60
LEAST_SHARES = (0.15, 0.05, 0.01)
"""Least shares of blocks that are noise alone, textured, and cut off: none of them dies out."""
WIDEST = 0.8
"""Spread of log variance that blocks of one light may have beyond chance: developers and codecs
treat them differently."""
WILD = 0.3
"""Sigma over light of a grey from which it is no grain, but a picture that is textured all over."""
REPEATED = 0.02
"""Share of blocks that follow themselves to the last bit from which a codec repeats them: grain
never does."""
COPY = 0.98
"""Share from which the whole frame is a copy, which says nothing of the others."""
REACH = 24
"""Pixels that two following frames are moved onto each other at most."""


class Noise:
    """Sees close-ups (`close.py`), in order.

    coded   the frames come from a codec, which repeats grain from frame to frame.
    """

    def __init__(self, coded: bool) -> None:
        self._coded = coded
        self._last: tuple[int, np.ndarray] | None = None
        self._single: list[np.ndarray] = []
        self._double: list[np.ndarray] = []
        self._repeats: list[float] = []

    def see(self, number: int, light: np.ndarray) -> None:
        """light (n, side, side, 3) float32 scene-linear ACEScg."""
        if light.shape[1] < BLOCK:
            return
        light = np.ascontiguousarray(light.transpose(3, 0, 1, 2))
        self._single.append(_flat(light))
        if self._last and self._last[0] == number - 1 and not self._coded:
            last = self._last[1]
            share = _repeated(last, light)
            if share < COPY:
                self._repeats.append(share)
            moved = [_between(last[:, at], light[:, at]) for at in range(light.shape[1])]
            self._double += [each for each in moved if len(each)]
        self._last = (number, light)

    def told(self) -> dict[str, Any]:
        blocks, how = self._witness()
        if len(blocks) < ENOUGH:
            return _not_known("Too little of the picture is neither clipped nor black.")
        fits = [_Curve(blocks[:, c], blocks[:, 3 + c], blocks[:, 6 + c]) for c in range(3)]
        at_grey = [each.sigma(GREY) for each in fits]
        if np.mean(at_grey) > WILD * GREY:
            return _not_known("Texture is all over the picture and hides its grain.")
        green = fits[1]
        error = float(np.median([each.error for each in fits]))
        return {
            **measured(float(np.mean(at_grey)), error * float(np.mean(at_grey)), "linear", how),
            "channels": [each.plain() for each in fits],
            "at_grey": brief(float(np.mean(at_grey))),
            "range": [brief(v) for v in green.reach],
            "correlation": brief(green.correlation),
            "size": brief(green.size),
        }

    def _witness(self) -> tuple[np.ndarray, str]:
        single = np.concatenate(self._single) if self._single else np.zeros((0, 9))
        double = np.concatenate(self._double) if self._double else np.zeros((0, 9))
        chosen, how = (double, "differences of following frames")
        repeats = bool(self._repeats) and float(np.mean(self._repeats)) > REPEATED
        if len(double) < ENOUGH or repeats:
            chosen, how = single, "the calmest blocks of single frames"
        if len(chosen) > MOST:
            chosen = chosen[np.random.default_rng(0).choice(len(chosen), MOST, replace=False)]
        return chosen, f"lowest cluster of {len(chosen)} blocks' variances over light, of {how}"


def _not_known(why: str) -> dict[str, Any]:
    return {**measured(None, None, "", why), "channels": None, "at_grey": None}


# --- blocks ----------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _plane() -> np.ndarray:
    """(BLOCK^2, 3) orthonormal: a constant and two slopes."""
    y, x = np.mgrid[:BLOCK, :BLOCK].astype(np.float64)
    stack = np.stack([np.ones(BLOCK * BLOCK), x.ravel(), y.ravel()], 1)
    return np.asarray(np.linalg.qr(stack)[0], np.float32)


def _cut(light: np.ndarray) -> np.ndarray:
    """(C, n, side, side) as (C * blocks, BLOCK^2), channel by channel."""
    channels, count, tall, wide = light.shape
    down, across = tall // BLOCK, wide // BLOCK
    cut = light[..., : down * BLOCK, : across * BLOCK]
    cut = cut.reshape(channels * count, down, BLOCK, across, BLOCK).swapaxes(2, 3)
    return np.ascontiguousarray(cut).reshape(-1, BLOCK * BLOCK)


def _rows(level: np.ndarray, left: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """(blocks, 9): level, variance, and covariance of neighbours, of each channel."""
    grid = left.reshape(-1, BLOCK, BLOCK)
    pairs = BLOCK * (BLOCK - 1)
    variance = np.einsum("nij,nij->n", grid, grid) / BLOCK**2
    down = np.einsum("nij,nij->n", grid[:, 1:], grid[:, :-1]) / pairs
    across = np.einsum("nij,nij->n", grid[:, :, 1:], grid[:, :, :-1]) / pairs
    told = (level, variance * scale, (down + across) / 2 * scale)
    rows = np.concatenate([each.reshape(3, -1) for each in told]).T
    sound = np.isfinite(rows).all(1) & (rows[:, 3:6] > 1e-14).all(1)
    return rows[sound].astype(np.float64)


def _plain(blocks: np.ndarray) -> np.ndarray:
    """Blocks without their plane."""
    plane = _plane()
    return np.asarray(blocks - (blocks @ plane) @ plane.T)


def _flat(light: np.ndarray) -> np.ndarray:
    """Rows of single places; light (3, n, side, side)."""
    blocks = _cut(light)
    with np.errstate(invalid="ignore", over="ignore"):
        level = blocks @ np.full(BLOCK * BLOCK, 1 / BLOCK**2, np.float32)
        return _unclipped(_rows(level, _plain(blocks)), light)


def _unclipped(rows: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Without blocks near the brightest value of a frame, where noise is cut off."""
    flat = light.reshape(3, -1)
    top = np.array([float(np.max(c, where=np.isfinite(c), initial=0.0)) for c in flat])
    shut = np.array([(c >= 0.995 * t).mean() > 1e-3 for c, t in zip(flat, top, strict=True)])
    return rows[~((rows[:, :3] > 0.85 * top) & shut).any(1)]


def _repeated(before: np.ndarray, after: np.ndarray) -> float:
    """Share of blocks with any structure that are the same in both; (3, n, side, side)."""
    one = _cut(before)
    alive = np.ptp(one, axis=1) > 0
    same = (one == _cut(after)).all(1)
    return float((same & alive).sum() / max(alive.sum(), 1))


def _between(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Rows of the difference of a place in two frames, moved onto each other by whole pixels.

    What is left of a pixel's motion is taken away with the picture's slopes. (3, side, side).
    """
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        return np.zeros((0, 9))
    shift = _shift(before[1], after[1])
    if shift is None:
        return np.zeros((0, 9))
    one, two = _onto(before, after, shift)
    change = two - one
    if not change.any():
        return np.zeros((0, 9))
    middle = (one + two) / 2
    calm = np.stack([cv2.GaussianBlur(each, (0, 0), 2.0) for each in middle])
    slopes = [
        np.stack([cv2.Sobel(each, cv2.CV_32F, *by, scale=0.125) for each in calm])
        for by in ((1, 0), (0, 1))
    ]
    left = _plain(_cut(change[:, None]))
    for slope in slopes:
        flat = _plain(_cut(slope[:, None]))
        length = np.einsum("ni,ni->n", flat, flat)
        part = np.einsum("ni,ni->n", left, flat) / np.maximum(length, 1e-20)
        left = left - np.where(length > 1e-12, part, 0)[:, None] * flat
    level = _cut(middle[:, None]).mean(1)
    return _unclipped(_rows(level, left, 0.5), middle)


def _onto(
    before: np.ndarray, after: np.ndarray, by: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """What both (..., side, side) show, where the second's picture lies `by` (x, y) further."""
    (x, y), side = by, before.shape[-1]
    one = before[..., max(0, -y) : side - max(0, y), max(0, -x) : side - max(0, x)]
    two = after[..., max(0, y) : side - max(0, -y), max(0, x) : side - max(0, -x)]
    return one, two


def _shift(before: np.ndarray, after: np.ndarray) -> tuple[int, int] | None:
    """Whole pixels (x, y) that the second place's picture lies further right and down."""
    one, two = (np.log2(np.maximum(each, 0) + 0.01) for each in (before, after))
    window = cv2.createHanningWindow((len(one), len(one)), cv2.CV_32F)
    (x, y), _ = cv2.phaseCorrelate(one - one.mean(), two - two.mean(), window)
    if max(abs(x), abs(y)) > REACH:
        return None

    def unlike(by: tuple[int, int]) -> float:
        a, b = _onto(one, two, by)
        return float(np.abs(a - b).mean())

    return min({(0, 0), (round(x), round(y))}, key=unlike)


# --- the curve -------------------------------------------------------------------------------


class _Curve:
    """The variance of one channel over its light, from blocks' levels and variances."""

    def __init__(self, level: np.ndarray, variance: np.ndarray, covariance: np.ndarray) -> None:
        order = np.argsort(level)
        level, variance, covariance = level[order], variance[order], covariance[order]
        x = np.log2(np.maximum(level, 1e-4))
        marks = np.unique(np.percentile(x, np.linspace(2, 98, KNOTS)))
        weights = _between_knots(x, marks)
        y = np.log(variance)
        share, freedom = 1.0, 80.0
        for _ in range(2):  # the correlation is that of the noise, which the fit has to find
            at, sure = _lowest(y, weights, freedom)
            ratio = float(np.sum(covariance * sure / variance) / max(np.sum(sure), 1e-9))
            self.size, self.correlation, share, freedom = _blur_of(ratio)
        spread = np.exp(at) / share
        counts = weights.T @ sure
        self.reach = (float(2 ** marks[0]), float(2 ** marks[-1]))
        self.a, self.b, self.c = _quadratic(2.0**marks, spread, counts)
        self._marks, self._spread = marks, spread
        scatter = np.sqrt(2 / freedom)
        grouped = max(1.0, counts.sum() / 4)  # blocks that lie together err together
        curve = self.a * 2.0**marks + self.b + self.c * 4.0**marks + 1e-30
        astray = float(np.average(np.abs(np.log(spread / curve)), weights=counts + 1e-6))
        self.error = float(0.5 * np.hypot(scatter / np.sqrt(grouped / KNOTS), 0.08) + 0.5 * astray)

    def sigma(self, light: float) -> float:
        """As measured where there is such light, else by the curve."""
        if self.reach[0] <= light <= self.reach[1]:
            logs = np.interp(np.log2(light), self._marks, np.log(self._spread))
            return float(np.exp(logs / 2))
        return float(np.sqrt(max(self.a * light + self.b + self.c * light * light, 0.0)))

    def plain(self) -> dict[str, float | None]:
        return {"a": brief(self.a), "b": brief(self.b), "c": brief(self.c)}


def _between_knots(x: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """(N, knots) linear weights."""
    return np.stack([np.interp(x, marks, row) for row in np.eye(len(marks))], 1)


def _lowest(y: np.ndarray, weights: np.ndarray, freedom: float) -> tuple[np.ndarray, np.ndarray]:
    """Log variance of the noise at the knots, and how surely each block is noise alone.

    Three kinds of block: noise alone, spread as a variance of so many degrees of freedom is;
    noise and texture, anywhere above; cut-off noise (black, blown out), anywhere below.
    """
    least = width = float(np.sqrt(2 / freedom + 0.02**2))
    at = np.array(
        [np.percentile(y[w > 0.3], 25) if (w > 0.3).sum() > 8 else np.nan for w in weights.T]
    )
    at = np.where(np.isfinite(at), at, np.nanmedian(at))
    shares = np.array([0.4, 0.55, 0.05])
    bend = np.diff(np.eye(len(at)), 2, axis=0) if len(at) > 2 else np.zeros((0, len(at)))
    sure = np.ones(len(y))
    for turn in range(ROUNDS):
        wide = max(width, WIDEST * (1 - turn / 10))
        far = y - weights @ at
        likely = (
            np.stack(
                [
                    np.exp(-0.5 * (far / wide) ** 2) / (wide * 2.5066),
                    np.where(far > 0, np.exp(-np.maximum(far, 0) / 1.5) / 1.5, 0),
                    np.where(far < 0, np.exp(np.minimum(far, 0) / 2.0) / 2.0, 0),
                ],
                1,
            )
            * shares
        )
        likely /= np.maximum(likely.sum(1, keepdims=True), 1e-30)
        sure = likely[:, 0]
        shares = np.maximum(likely.mean(0), LEAST_SHARES)
        shares /= shares.sum()
        if turn > 10:
            spread = float(np.sqrt((sure * far**2).sum() / max(sure.sum(), 1e-9)))
            width = float(np.clip(spread, least, max(least, WIDEST)))
        pulled = weights.T * sure
        bent = 0.002 * sure.sum() * (bend.T @ bend)
        held = bent + 1e-3 * np.eye(len(at))  # a knot that no block bears stays where it is
        at = at + np.linalg.solve(pulled @ weights + held, pulled @ far - bent @ at)
    return at + width**2 / 2, sure


def _quadratic(level: np.ndarray, variance: np.ndarray, count: np.ndarray) -> tuple[float, ...]:
    """a, b, c >= 0 of the curve that fits best in proportion: every set of them is tried."""
    terms = np.stack([level, np.ones_like(level), level**2], 1)
    share = np.maximum(count, 1e-3) / count.sum()
    best, found = np.inf, np.zeros(3)
    for many in (1, 2, 3):
        for chosen in combinations(range(3), many):
            columns, model = terms[:, chosen], variance
            for _ in range(12):  # towards the least sum of log ratios: an odd end does not rule
                odd = np.maximum(np.abs(np.log(variance / model)), 0.05)
                weight = np.sqrt(share / odd) / np.sqrt(variance * model)
                part, *_ = np.linalg.lstsq(columns * weight[:, None], variance * weight)
                if (part < 0).any():
                    break
                model = columns @ part + 1e-30
            else:
                left = float((share * np.abs(np.log(variance / model))).sum())
                if left < 0.98 * best:
                    best, found = left, np.zeros(3)
                    found[list(chosen)] = part
    return tuple(float(v) for v in found)


@lru_cache(maxsize=1)
def _blurs() -> np.ndarray:
    """(N, 5): blur of white noise; then, of a block without its plane: neighbours' covariance over
    variance, the variance's share of the whole, its degrees of freedom; the true correlation."""
    plane = _plane().astype(np.float64)
    keep = np.eye(BLOCK * BLOCK) - plane @ plane.T
    y, x = np.mgrid[:BLOCK, :BLOCK]
    at = np.stack([x.ravel(), y.ravel()], 1).astype(np.float64)
    apart = np.abs(at[:, None] - at[None])
    beside, far = apart.sum(-1) == 1, (apart**2).sum(-1)
    rows = []
    for blur in np.r_[0.0, np.arange(0.25, 2.6, 0.15)]:
        alike = np.exp(-far / (4 * blur * blur)) if blur else np.eye(len(far))
        left = keep @ alike @ keep
        whole = np.trace(left)
        rows.append(
            (
                blur,
                left[beside].mean() / (whole / len(far)),
                whole / len(far),
                whole**2 / (left * left).sum(),
                np.exp(-1 / (4 * blur * blur)) if blur else 0.0,
            )
        )
    return np.array(rows)


def _blur_of(ratio: float) -> tuple[float, float, float, float]:
    """Blur, true correlation, share and freedom of noise whose blocks show this ratio."""
    known = _blurs()
    blur, correlation, share, freedom = (
        float(np.interp(ratio, known[:, 1], known[:, i])) for i in (0, 4, 2, 3)
    )
    return blur, correlation, share, freedom
