"""Damaged parts of a frame made anew from the frames beside it.

Convention
    light     (H, W, 3) float32 scene-linear ACEScg, unbounded.
    bad       (H, W) bool: what is to be made anew; in a neighbour: what it cannot lend.
    result    the light where bad, the frame's own elsewhere, bit for bit.

What is bad in a frame must not steer the motion: it is closed from around first, and so is the
motion inside. Each neighbour counts by how well it agrees with the frame around the damage; where
none can lend a pixel it stays closed from around. Grain is averaged where both lend.

Source: normalised convolution, Knutsson and Westin 1993; motion-compensated reconstruction after
Kokaram, Motion Picture Restoration, 1998.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from answerprint.vision.flow import encoded, pulled

RIM = 4.0
"""Pixels (sigma) around the damage in which the neighbours are judged."""
GUESSED = 0.1
"""How sure what is closed from around is; what a neighbour lends is surer or as unsure."""
ALIKE = 0.5
"""Code by which the rim and what is lent there are of one thing in another light, as a sigma: their
difference is laid on what is lent; where they show different things it says nothing of it."""


@dataclass(frozen=True)
class Lender:
    """A frame beside the damaged one.

    light, bad   its own; what is bad is closed from around already.
    flow         (H, W, 2) from the damaged frame to it.
    """

    light: np.ndarray
    bad: np.ndarray
    flow: np.ndarray


def closed(values: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Values (H, W[, C]) float32 with what is bad taken smoothly from around it."""
    if not bad.any():
        return values
    result = values.copy()
    y, x = np.nonzero(bad)
    sigma, missing = 1.0, bad.copy()
    while missing.any() and sigma <= max(bad.shape):
        reach = round(4 * sigma) + 1
        rows = slice(max(0, int(y.min()) - reach), int(y.max()) + reach + 1)
        columns = slice(max(0, int(x.min()) - reach), int(x.max()) + reach + 1)
        box = (rows, columns)
        known = (~bad[box]).astype(np.float32)
        weight = cv2.GaussianBlur(known, (0, 0), sigma)
        lit = values[box] * (known if values.ndim == 2 else known[..., None])
        mean = cv2.GaussianBlur(lit, (0, 0), sigma)
        now = missing[box] & (weight > 0.05)
        scale = weight[now] if values.ndim == 2 else weight[now][:, None]
        result[box][now] = mean[now] / scale
        missing[box] &= ~now
        sigma *= 2
    if missing.any():
        result[missing] = values[~bad].mean(axis=0) if not bad.all() else 0
    return result


def mended(
    light: np.ndarray, bad: np.ndarray, lenders: Sequence[Lender]
) -> tuple[np.ndarray, np.ndarray]:
    """The light made anew where bad, and how sure it is there (H, W) float32, 0..1."""
    whole = closed(light, bad)
    code = encoded(light)
    total, weights = np.zeros_like(light), np.zeros(bad.shape, np.float32)
    best = np.full(bad.shape, np.inf, np.float32)
    for each in lenders:
        flow = closed(each.flow, bad)
        lent, lends = pulled(each.light, flow), _lends(each, flow)
        good = lends * ~bad
        apart = _around(np.abs(encoded(lent) - code), good)
        lent = lent + _around(light - lent, good * _alike(encoded(lent), code))
        weight = lends / (apart + 0.01) ** 2
        total += lent * weight[..., None]
        weights += weight
        best = np.where(weight > 0, np.minimum(best, apart), best)
    there = bad & (weights > 0)
    result = light.copy()
    result[bad] = whole[bad]
    result[there] = (total[there] / weights[there][:, None]).astype(np.float32)
    sure = np.where(there, np.maximum(np.exp(-4 * best), 2 * GUESSED), GUESSED)
    return result, np.where(bad, sure, 1).astype(np.float32)


def _alike(lent: np.ndarray, code: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(-(((lent - code) / ALIKE) ** 2)))


def _around(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The weighted mean of values around each pixel; 0 where nothing near by has a weight."""
    near = cv2.GaussianBlur(weight, (0, 0), RIM) + 1e-6
    if values.ndim == 3:
        near, weight = near[..., None], weight[..., None]
    return np.asarray(cv2.GaussianBlur(values * weight, (0, 0), RIM) / near)


def _lends(each: Lender, flow: np.ndarray) -> np.ndarray:
    """(H, W) float32: 1 where a neighbour has what is looked for, 0 where it is bad or outside."""
    tall, wide = each.bad.shape
    x = flow[..., 0] + np.arange(wide, dtype=np.float32)
    y = flow[..., 1] + np.arange(tall, dtype=np.float32)[:, None]
    inside = (x > -0.5) & (y > -0.5) & (x < wide - 0.5) & (y < tall - 0.5)
    sound = pulled((~each.bad).astype(np.float32), flow) > 0.99
    return (inside & sound).astype(np.float32)
