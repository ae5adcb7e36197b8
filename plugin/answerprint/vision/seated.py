"""A new background made to sit behind a figure: moved, blurred, wrapped round its edge, grained.

Convention
    light        (H, W, 3) float32 scene-linear ACEScg, unbounded.
    alpha        (H, W) float32, 0..1; premultiplied: light of the figure times its alpha.
    over         premultiplied + (1 - alpha) * background: nothing else adds or takes light but
                 `wrapped` and grain.

Source: over after Porter and Duff 1984; foreground of a soft edge by fusion with what is near
(Forte 2021), carried by pull and push (Gortler et al. 1996); light wrap as compositors do it
(Brinkmann 2008), bounded here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from answerprint.vision.correspond import LUMINANCE
from answerprint.vision.placed import between, edges
from answerprint.vision.planar import moved
from answerprint.vision.regrain import Grain
from answerprint.vision.resampled import looked_up
from answerprint.vision.sharpness import edge_squares, sharpest

STEP, MOST = 1.0, 48
"""Pixels between two looks while the shutter is open, and looks at most."""
SURE = 0.98
"""Alpha from which a pixel is figure alone; and under 1 less it, background alone."""
COARSEST = 8
"""Pixels down or across of the coarsest picture that colours are carried from."""
BRIGHT = 4.0
"""Times the background's mean light that a place of it counts at most for the wrap: a sun in the
picture does not eat the figure's edge."""
WRAPPED = 0.04
"""Share of the background's light that goes round the figure's edge, at most."""
ENOUGH = 40
"""Edges from which a picture tells how soft it is."""


# --- the figure ------------------------------------------------------------------------------


def figure(light: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The premultiplied foreground of a plate before anything: at a soft edge what the figure and
    what is behind it look like near by, and what they leave over by their shares."""
    front, back = (_carried(light, each) for each in (alpha > SURE, alpha < 1 - SURE))
    cover = alpha[..., None]
    left = light - cover * front - (1 - cover) * back
    share = cover / np.maximum(cover**2 + (1 - cover) ** 2, np.float32(1e-3))
    return np.where(cover > SURE, light, front + share * left) * cover


def _carried(light: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Light of the pixels that are there, and elsewhere that of the nearest, from ever coarser
    pictures."""
    weight = there.astype(np.float32)
    tall, wide = weight.shape
    if min(tall, wide) <= COARSEST or weight.all():
        mean = (light * weight[..., None]).sum(axis=(0, 1)) / max(float(weight.sum()), 1e-6)
        return np.where(there[..., None], light, mean.astype(np.float32))
    half = (-(-wide // 2), -(-tall // 2))
    share = cv2.resize(weight, half, interpolation=cv2.INTER_AREA)
    lit = cv2.resize(light * weight[..., None], half, interpolation=cv2.INTER_AREA)
    coarse = _carried(lit / np.maximum(share, 1e-3)[..., None], share > 0.01)
    wide_again = cv2.resize(coarse, (wide, tall), interpolation=cv2.INTER_LINEAR)
    return np.where(there[..., None], light, wide_again)


# --- the background --------------------------------------------------------------------------


@dataclass(frozen=True)
class Laid:
    """How a background is laid behind frames.

    numbers, to_reference   of the track (`behind.Track`).
    to_background           (3, 3) from the reference frame's pixel to the background's.
    shutter                 degrees that it is open, 180 for half a frame.
    """

    numbers: tuple[int, ...]
    to_reference: np.ndarray
    to_background: np.ndarray
    shutter: float

    def at(self, number: float) -> np.ndarray:
        """From a frame's pixel to the background's, at a time."""
        return np.asarray(self.to_background @ between(self.to_reference, self.numbers, number))

    def looks(self, number: int, size: tuple[int, int]) -> list[np.ndarray]:
        """Matrices of the times at which the background is looked at while the shutter is open:
        around the frame's own time, so many that none is missed."""
        half = self.shutter / 720
        ends = [self.at(number - half), self.at(number + half)]
        here = np.linalg.inv(self.at(number))
        corners = [moved(here @ each, edges(size)) for each in ends]
        far = float(np.hypot(*(corners[1] - corners[0]).T).max())
        count = min(MOST, max(1, int(np.ceil(far / STEP))))
        times = (np.arange(count) + 0.5) / count * 2 - 1
        return [self.at(number + half * float(t)) for t in times]


def laid(
    fine: np.ndarray, looks: Sequence[np.ndarray], size: tuple[int, int], shift: tuple[int, int]
) -> np.ndarray:
    """The background (`resampled.doubled`) as the shutter sees it, over a window (width, height)
    whose corner is `shift` from the display's."""
    put = np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1.0]])
    made = np.zeros((size[1], size[0], 3), np.float32)
    for matrix in looks:
        made += looked_up(fine, matrix @ put, size)
    return made / np.float32(len(looks))


def softness(light: np.ndarray) -> float | None:
    """Blur (sigma, px) of the sharpest edges of a picture; None where it has too few to tell."""
    stops = np.log2(np.maximum(light @ LUMINANCE, 0) + np.float32(0.01))
    squares = edge_squares(stops)
    return sharpest(squares)[0] if len(squares) >= ENOUGH else None


def softened(light: np.ndarray, sigma: float, radius: float) -> np.ndarray:
    """Blurred by a Gaussian of the lens and the codec (px) and a circle of confusion (px)."""
    if sigma > 0:
        light = cv2.GaussianBlur(light, (0, 0), sigma)
    if radius > 0:
        light = cv2.filter2D(light, -1, disc(radius), borderType=cv2.BORDER_REPLICATE)
    return light


def disc(radius: float) -> np.ndarray:
    """Weights of a circle, its rim by the share of each pixel that it covers."""
    reach = int(np.ceil(radius))
    fine = (np.arange((2 * reach + 1) * 8) + 0.5) / 8 - reach - 0.5
    inside = (fine[:, None] ** 2 + fine[None] ** 2 <= radius**2).astype(np.float32)
    side = 2 * reach + 1
    found: np.ndarray = cv2.resize(inside, (side, side), interpolation=cv2.INTER_AREA)
    if found.sum() == 0:
        found[reach, reach] = 1
    return found / found.sum()


# --- both ------------------------------------------------------------------------------------


def wrapped(background: np.ndarray, alpha: np.ndarray, strength: float, reach: float) -> np.ndarray:
    """Light of the background that goes round the figure's edge onto it (H, W, 3), to be added.

    What the lens spreads, over reach pixels (sigma), falls on the figure as far as there is one;
    never more than strength * WRAPPED of the background's light that is seen.
    """
    if strength == 0:
        return np.zeros_like(background)
    seen = np.maximum(background, 0) * (1 - alpha)[..., None]
    total = float(seen.sum(dtype=np.float64))
    covered = max(float((1 - alpha).sum(dtype=np.float64)), 1.0)
    held = np.minimum(seen, np.float32(BRIGHT * total / covered / 3))
    added = cv2.GaussianBlur(held, (0, 0), reach) * (alpha * np.float32(strength))[..., None]
    most, much = strength * WRAPPED * total, float(added.sum(dtype=np.float64))
    return added * np.float32(min(1.0, most / much)) if much > 0 else added


def grained(
    light: np.ndarray, alpha: np.ndarray, grain: Grain | None, share: float, number: int
) -> np.ndarray:
    """The composite under so much grain as the plate's own leaves room for: alpha of the plate's is
    in it already, and variances add."""
    if grain is None or share == 0:
        return light
    lacks = np.sqrt(np.clip(1 - alpha**2, 0, 1)) * np.float32(share)
    return grain.on(light, number, lacks)
