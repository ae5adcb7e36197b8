"""The straight light of foreground and background where one is seen through the other.

Convention
    light        (H, W, 3) float32 scene-linear, unbounded.
    alpha        (H, W) float32, 0..1.
    foreground, background   (H, W, 3) float32 straight light, unbounded: highlights stay as high
                 and negative values as low as the picture has them.
    foreground * alpha + background * (1 - alpha) is the light, exactly, wherever alpha is neither
    0 nor 1; where it is 1 the foreground is the light, where it is 0 the background is.

Solved from coarse to fine: at every size a pixel's two colours are those that mix to its light and
differ least from their neighbours', the less the more alpha is alike. What is left over at the end
goes to both by their shares.

Source: multi-level foreground estimation, Germer et al. 2020, without its bounds.
"""

from __future__ import annotations

import cv2
import numpy as np

SMOOTH, EDGE = 1e-5, 1.0
"""How much neighbours hold together beside the mix: always, and times alpha's step between them."""
COARSE, SMALL = 10, 32
"""Rounds at sizes up to so many pixels a side, and at larger ones."""
FINE = 2


def unmixed(light: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(foreground, background)."""
    light = np.nan_to_num(light).astype(np.float32)
    alpha = np.clip(alpha, 0, 1).astype(np.float32)
    tall, wide = alpha.shape
    sides = [_mean(light, alpha), _mean(light, 1 - alpha)]
    for zoom in _sizes(tall, wide):
        size = (max(1, round(wide * zoom)), max(1, round(tall * zoom)))
        small, cover = (
            cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (light, alpha)
        )
        sides = [cv2.resize(each, size, interpolation=cv2.INTER_LINEAR) for each in sides]
        for _ in range(COARSE if max(size) <= SMALL else FINE):
            sides = _eased(small, cover, sides)
    cover = alpha[..., None]
    left = light - cover * sides[0] - (1 - cover) * sides[1]
    left /= cover**2 + (1 - cover) ** 2
    return sides[0] + cover * left, sides[1] + (1 - cover) * left


def _sizes(tall: int, wide: int) -> list[float]:
    """From a few pixels to all, twice as many a side each time."""
    steps = max(0, int(np.ceil(np.log2(max(tall, wide) / 4))))
    return [0.5**n for n in range(steps, -1, -1)]


def _mean(light: np.ndarray, share: np.ndarray) -> np.ndarray:
    sure = share > 0.9
    if not sure.any():
        sure = share >= share.max()
    return np.asarray(light[sure].mean(axis=0), np.float32)[None, None]


def _eased(light: np.ndarray, alpha: np.ndarray, sides: list[np.ndarray]) -> list[np.ndarray]:
    """One round: the mean of the neighbours, and from there the nearest pair that mixes."""
    total = np.zeros_like(alpha)
    sums = [np.zeros_like(each) for each in sides]
    tall, wide = alpha.shape
    framed = cv2.copyMakeBorder(alpha, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    around = [cv2.copyMakeBorder(each, 1, 1, 1, 1, cv2.BORDER_REPLICATE) for each in sides]
    for dy, dx in ((0, 1), (2, 1), (1, 0), (1, 2)):
        window = np.s_[dy : dy + tall, dx : dx + wide]
        bond = SMOOTH + EDGE * np.abs(framed[window] - alpha)
        total += bond
        for held, near in zip(sums, around, strict=True):
            held += bond[..., None] * near[window]
    means = [each / total[..., None] for each in sums]
    cover = alpha[..., None]
    left = light - cover * means[0] - (1 - cover) * means[1]
    left /= cover**2 + (1 - cover) ** 2 + total[..., None]
    return [means[0] + cover * left, means[1] + (1 - cover) * left]
