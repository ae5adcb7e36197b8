"""How soft a picture is beside another, on structures that both show.

An edge blurred by s has a slope proportional to 1 / sqrt(s^2 + t^2) after a blur of t more, so two
blurs tell s. Grain hardly tells: it is blurred away by both. Only the same structures are compared,
so what one shot has in focus and the other does not show is left out.

Convention
    pictures   (H, W, 3) float32 scene-linear ACEScg; places (N, 2) in pixels of each.
    softness   sigma in pixels of the second picture, squared: blurs add in squares.
"""

from __future__ import annotations

import cv2
import numpy as np

from answerprint.vision.correspond import LUMINANCE

FINE, COARSE = 0.8, 2.0
REACH = 10
"""Pixels around a place in which its steepest slope is looked for."""
RISE = 0.06
"""Stops a pixel after the finer blur, from which a slope is an edge and no grain."""
WIDEST = 36.0


def softness(
    first: np.ndarray, second: np.ndarray, at: np.ndarray, there: np.ndarray, scale: float
) -> tuple[np.ndarray, np.ndarray]:
    """Squared blurs (M,) of the same edges in both pictures, in pixels of the second.

    scale   how much larger the second shows them, in pixels.
    """
    steep = [_steepest(picture, place) for picture, place in ((first, at), (second, there))]
    clear = (steep[0][0] > RISE) & (steep[1][0] > RISE)
    one, two = (_squared(fine[clear], coarse[clear]) for fine, coarse in steep)
    return one * scale**2, two


def _steepest(picture: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The steepest slope around each place under both blurs."""
    stops = np.log2(np.maximum(picture @ LUMINANCE, 0) + 0.01).astype(np.float32)
    around = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)
    x, y = np.round(at).astype(int).T
    height, width = stops.shape
    x, y = x.clip(0, width - 1), y.clip(0, height - 1)
    found = []
    for blur in (FINE, COARSE):
        calm = cv2.GaussianBlur(stops, (0, 0), blur)
        across, down = (cv2.Sobel(calm, cv2.CV_32F, *d, scale=0.125) for d in ((1, 0), (0, 1)))
        found.append(cv2.dilate(np.hypot(across, down), around)[y, x])
    return found[0], found[1]


def _squared(fine: np.ndarray, coarse: np.ndarray) -> np.ndarray:
    """(fine / coarse)^2 = (s^2 + COARSE^2) / (s^2 + FINE^2), solved for s^2."""
    ratio = (fine / np.maximum(coarse, 1e-9)) ** 2
    found = (COARSE**2 - ratio * FINE**2) / np.maximum(ratio - 1, 1e-3)
    return np.asarray(np.clip(found, 0, WIDEST))
