"""Sharpness: how fine the finest structures of a shot are, whatever its grain and contrast.

The spectrum of a picture of many edges falls off; a softer lens or focus makes it fall faster.
Measured as the width that edges have: at the steepest places of a close-up the rise from one side
to the other, over the slope in the middle. The sharpest edges of a shot say what its focus can do;
grain is averaged along the edge and adds to no one side.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from answerprint.vision.correspond import LUMINANCE
from answerprint.vision.measured import measured

FINE, COARSE = 1.0, 2.0
"""Blurs in pixels between which slopes are compared."""
PIXEL = (1 / 12 + 1 / 3) ** 0.5
STRONG = 0.35
"""Stops across an edge from which it counts."""
ENOUGH = 40
WIDEST, LEAST = 12.0, 0.3


class Sharpness:
    """Sees close-ups (`close.py`)."""

    def __init__(self) -> None:
        self._squares: list[np.ndarray] = []

    def see(self, light: np.ndarray) -> None:
        """light (n, side, side, 3) float32 scene-linear ACEScg."""
        for place in light:
            luma = place @ LUMINANCE.astype(np.float32)
            if np.isfinite(luma).all():
                self._squares.append(edge_squares(np.log2(np.maximum(luma, 0) + 0.01)))

    def told(self) -> dict[str, Any]:
        there = [each for each in self._squares if len(each)]
        squares = np.concatenate(there) if there else np.zeros(0)
        if len(squares) < ENOUGH:
            return measured(None, None, "px", f"{len(squares)} edges are too few to tell.")
        width, error = sharpest(squares)
        how = f"blur (sigma) of the sharpest third of {len(squares)} edges"
        return measured(width, error, "px", how, edges=len(squares))


def sharpest(squares: np.ndarray) -> tuple[float, float]:
    """The width that a third of the edges stay below, and its error.

    Sharpened edges are narrower than a step: their squares lie below zero, and count as LEAST.
    """
    low, middle, high = np.sqrt(np.maximum(np.percentile(squares, (28, 33, 38)), LEAST**2))
    return float(middle), float(np.hypot((high - low) / 2, 0.05 * middle))


def edge_squares(code: np.ndarray) -> np.ndarray:
    """Squared sigmas, in pixels, of the blur of a picture's edges; (h, w) in stops.

    An edge blurred by s has a slope proportional to 1/sqrt(s^2 + t^2) after a blur t more: two
    blurs tell s. Grain is blurred away by both. A perfect edge has PIXEL: that of a pixel, and of
    the two that a slope is taken over.
    """
    fine, coarse = (_slope(code, blur) for blur in (FINE, COARSE))
    peak = cv2.dilate(fine, np.ones((5, 5), np.uint8)) <= fine
    rise = fine * np.sqrt(2 * np.pi) * FINE
    grain = float(np.median(fine)) * 6
    chosen = peak & (rise > STRONG) & (fine > grain)
    chosen[:6] = chosen[-6:] = False
    chosen[:, :6] = chosen[:, -6:] = False
    squared = (fine[chosen] / np.maximum(coarse[chosen], 1e-9)) ** 2
    # slope ratio^2 = (s^2 + COARSE^2) / (s^2 + FINE^2)
    found = (COARSE**2 - squared * FINE**2) / np.maximum(squared - 1, 1e-3)
    return np.asarray(np.minimum(found, WIDEST**2))


def _slope(code: np.ndarray, blur: float) -> np.ndarray:
    calm = cv2.GaussianBlur(code.astype(np.float32), (0, 0), blur)
    across, down = (cv2.Sobel(calm, cv2.CV_32F, *d, scale=0.125) for d in ((1, 0), (0, 1)))
    return np.hypot(across, down)
