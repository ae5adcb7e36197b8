"""The empty set of a shot: what stays where it is through its samples, without who moves.

Samples are laid over the middle one; a pixel is known where nearly all of those that see it
agree. Somebody who only crosses is gone; where somebody stands and stirs nothing is known.

Convention
    pictures   as `vision/pairs.py` has them: a few frames of one shot, scene-linear ACEScg.
    codes      (H, W, 3) float32 ACEScct in the grid of the middle sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from answerprint.frames.curves import acescct
from answerprint.vision.correspond import LUMINANCE
from answerprint.vision.overlay import Features, astir, followed, homography, laid, look, way
from answerprint.vision.pairs import Pictures

AGREE = 0.75
"""Share of the samples that have to show the same for a pixel to be known."""
SIGMAS = 4.0
BINS = 40
LEAST_NOISE = 0.002
"""ACEScct code: a file in eight bits is no more exact."""
GAP = 0.012
"""Of the picture's width: gaps in somebody who moves that are closed."""


@dataclass(frozen=True)
class Empty:
    """frame     of the sample whose grid this is.
    code, known   the set, and where it is known.
    moving        (H, W) bool, where somebody is who stirs, be it by less than a pixel.
    noise         (H, W, 3) sigma of one sample's code.
    look          of the set, for registering.
    samples       how many were laid over each other.
    """

    frame: int
    code: np.ndarray
    known: np.ndarray
    moving: np.ndarray
    noise: np.ndarray
    look: np.ndarray
    features: Features
    samples: int


def empty(pictures: Pictures) -> Empty | None:
    """The set of a shot; None where it has no picture."""
    numbers = sorted(pictures)
    if not numbers:
        return None
    middle = numbers[len(numbers) // 2]
    codes = {n: _code(*pictures[n]) for n in numbers}
    home = codes[middle]
    base = look(home[0] @ LUMINANCE, home[1])
    features = Features(base, home[1])
    stack, seen, alive = [home[0]], [home[1]], np.zeros(home[1].shape, bool)
    for number in numbers:
        if number == middle or codes[number][0].shape != home[0].shape:
            continue
        code, valid = codes[number]
        here = look(code @ LUMINANCE, valid)
        through = followed(base, here, home[1])
        if through is None:
            through = homography(features, Features(here, valid))
        if through is None:
            continue
        at = way(through, valid.shape)
        code, valid = laid(code, at), laid(valid, at)
        both = valid & home[1]
        if both.mean() < 0.2:
            continue
        stack.append(code - np.median((code - home[0])[both], axis=0))  # its light drifts
        seen.append(valid)
        alive |= astir(base, look(code @ LUMINANCE, both), both)
    code, known, moving, noise = _agreed(np.stack(stack), np.stack(seen))
    base = look(code @ LUMINANCE, home[1])
    return Empty(middle, code, known, moving | alive, noise, base, features, len(stack))


def ranged(code: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """Least and most of each channel within so many pixels: what a small miss can show there."""
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    return np.asarray(cv2.erode(code, kernel)), np.asarray(cv2.dilate(code, kernel))


def _code(rgb: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    clean = np.where(valid[..., None] & np.isfinite(rgb), rgb, 0.0)
    return acescct(clean.astype(np.float32)).astype(np.float32), valid


def _agreed(
    stack: np.ndarray, seen: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Code, known, moving and noise of samples that lie over the first of them."""
    home, count = stack[0], seen.sum(0)
    if len(stack) == 1:
        least = np.full_like(home, LEAST_NOISE)
        return home, seen[0], np.zeros(seen[0].shape, bool), least
    middle = np.median(np.where(seen[..., None], stack, home), axis=0).astype(np.float32)
    noise = _noise(middle, np.abs(stack - middle), seen)
    low, high = ranged(middle, 1)
    slack = SIGMAS * noise
    agree = seen & ((stack > low - slack) & (stack < high + slack)).all(-1)
    settled = agree.sum(0) >= np.maximum(np.ceil(AGREE * count), np.minimum(count, 2))
    weight = agree.astype(np.float32)
    code = (stack * weight[..., None]).sum(0) / np.maximum(weight.sum(0), 1)[..., None]
    stirs = (count > 1) & ~settled
    dot = np.ones((3, 3), np.uint8)
    whole = cv2.morphologyEx(stirs.astype(np.uint8), cv2.MORPH_OPEN, dot)
    wide = 2 * round(GAP * home.shape[1] / 2) + 1
    moving = cv2.morphologyEx(whole, cv2.MORPH_CLOSE, np.ones((wide, wide), np.uint8))
    known = (count > 0) & ~(stirs & cv2.dilate(whole, dot).astype(bool))
    return np.where(settled[..., None], code, middle), known, moving.astype(bool), noise


def _noise(middle: np.ndarray, away: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """(H, W, 3): how far a sample lies from the middle one by noise alone, by its own code."""
    thin = (slice(None), slice(None, None, 3), slice(None, None, 3))
    away, seen, noise = away[thin], seen[thin], np.empty_like(middle)
    for channel in range(3):
        bins = np.clip((middle[..., channel] * BINS).astype(int), 0, BINS - 1)
        found = np.full(BINS, np.nan)
        for each in np.unique(bins):
            here = seen & (bins[thin[1:]] == each)
            if here.sum() >= 200:
                found[each] = 1.4826 * np.median(away[..., channel][here])
        there = np.isfinite(found)
        found = (
            np.interp(range(BINS), np.flatnonzero(there), found[there]) if there.any() else found
        )
        noise[..., channel] = np.fmax(found, LEAST_NOISE)[bins]
    return noise
