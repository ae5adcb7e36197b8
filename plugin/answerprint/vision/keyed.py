"""The matte and the foreground of a plate whose screen is known.

Convention
    light, field   (H, W, 3) float32 scene-linear ACEScg, unbounded; field as in `screen.py`.
    alpha          (H, W) float32, 0..1.
    straight       (H, W, 3) light of the foreground alone, unbounded. Where little of it is seen it
                   comes from the foreground near by.
    Premultiplied it is straight * alpha, and with (1 - alpha) * `behind` it is the plate again.

Source: colour difference after Vlahos (US patent 3,595,987, expired); compositing after Porter and
Duff 1984; normalised convolution, Knutsson and Westin 1993.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

SPREAD = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Pixels (sigma) over which foreground is carried to where little of it is seen."""
SOLID = 0.8
"""Alpha from which a pixel's own light is the foreground's."""
VARIES = 0.25
"""How far a foreground strays from its surroundings', as a share of their light."""
GRAIN = 0.02
"""The same for noise."""
DARK = 0.02
"""Light under which neither shrinks."""


ALIKE, APART = 0.02, 0.08
"""Logarithms by which light is off the screen's: up to the one it is the screen, from the other on
it may be anything."""
CALM = 2.0
"""Pixels (sigma) over which that is averaged, so that grain is no difference."""


@dataclass(frozen=True)
class Foreground:
    """straight and behind as above."""

    straight: np.ndarray
    behind: np.ndarray


def difference(light: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Alpha (H, W), 0..1, by the excess of the screen's strongest colour over the others.

    Skin, greys and what is opposite to the screen have none. A screen that is nearly grey has
    little: there this is a poor guess.
    """
    high = int(np.argmax(np.median(field.reshape(-1, 3), axis=0)))
    others = [c for c in range(3) if c != high]

    def excess(pixels: np.ndarray) -> np.ndarray:
        most = np.maximum(pixels[..., others[0]], pixels[..., others[1]])
        return np.asarray(pixels[..., high] - most)

    alpha = 1 - excess(light) / np.maximum(excess(field), np.float32(1e-3))
    return np.clip(np.nan_to_num(alpha, nan=0.0, posinf=1.0, neginf=0.0), 0, 1)


def bounded(light: np.ndarray, field: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Alpha, and no more than the light's distance from the screen's allows: no foreground is taken
    to have just the light of the screen behind it."""
    floor = np.float32(0.02) * (field.mean(axis=-1, keepdims=True) + DARK)
    one, other = (np.maximum(np.nan_to_num(each), 0) + floor for each in (light, field))
    off = np.abs(cv2.GaussianBlur(np.log(one / other), (0, 0), CALM)).max(axis=-1)
    return np.minimum(alpha, np.clip((off - ALIKE) / (APART - ALIKE), 0, 1))


def parted(light: np.ndarray, field: np.ndarray, alpha: np.ndarray) -> Foreground:
    """The plate in two: the foreground, and what is behind it.

    Where much of the foreground is seen it is exactly what the plate has beside the screen; where
    little is, its own light is mostly noise, and that of its surroundings stands for it. What the
    plate has beside both belongs to what is behind: the screen's own grain and folds.
    """
    cover = alpha[..., None]
    own = (light - (1 - cover) * field) / np.maximum(cover, np.float32(1e-3))
    near = _spread(own, np.clip((alpha - SOLID) / (1 - SOLID), 0, 1) + 1e-4 * alpha**2)
    size = np.abs(near).mean(axis=-1, keepdims=True) + DARK
    signal = (VARIES * size) ** 2
    noise = (GRAIN * (np.abs(field).mean(axis=-1, keepdims=True) + DARK)) ** 2
    share = signal / (signal + noise / np.maximum(cover, np.float32(1e-3)) ** 2)
    share = np.where(cover > SOLID, 1, share).astype(np.float32)
    straight = own * share + near * (1 - share)
    left = light - cover * straight - (1 - cover) * field
    behind = field + left / np.maximum(1 - cover, np.float32(0.1))
    return Foreground(straight, behind)


def _spread(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Values (H, W, 3) carried from where weight is to everywhere, from as near by as there is."""
    weight = weight.astype(np.float32)
    whole = weight.shape[::-1]
    made, have = np.zeros_like(values), np.zeros(weight.shape, np.float32)
    lit, there = values * weight[..., None], weight
    for number, sigma in enumerate(SPREAD):
        if sigma > 2:  # what is so wide is as well seen at half the size
            half = (-(-there.shape[1] // 2), -(-there.shape[0] // 2))
            lit, there = (
                cv2.resize(each, half, interpolation=cv2.INTER_AREA) for each in (lit, there)
            )
        step = whole[0] / there.shape[1]
        much = cv2.GaussianBlur(there, (0, 0), sigma / step)
        mean = cv2.GaussianBlur(lit, (0, 0), sigma / step) / np.maximum(much, 1e-9)[..., None]
        enough = np.clip(much / 0.15, 0, 1)
        if number == len(SPREAD) - 1:
            enough = (much > 1e-8).astype(np.float32)
        if step > 1:
            mean, enough = (
                cv2.resize(each, whole, interpolation=cv2.INTER_LINEAR) for each in (mean, enough)
            )
        share = enough * (1 - have)
        mean *= share[..., None]
        made += mean
        have += share
    return made
