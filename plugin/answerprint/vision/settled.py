"""A flow whose unsure places are taken from sure ones of the same thing.

Convention
    flow     (H, W, 2) float32 pixels.
    sure     (H, W) float32, 0..1, how much each pixel's own flow counts.
    guide    (H, W) bytes or float32 of a byte's range: the picture that the flow belongs to.

What is looked for is flow that is smooth within a thing and keeps to what is sure: weighted least
squares, whose neighbours hold together the less the more their brightness differs. Solved by lines
and columns in turn.

Source: fast global smoother, Min et al. 2014 (eq. 7 to 11), with confidence as in its section 5.
"""

from __future__ import annotations

import cv2
import numpy as np

STRENGTH = 200.0
"""Neighbours' weight against a pixel's own."""
STEP = 2.0
"""Of 255: a difference of brightness that loosens neighbours to 1/e."""
PASSES = 3
LEAST = 1e-4
"""Of sureness: a place that nothing sure is near keeps its own flow."""


def settled(flow: np.ndarray, sure: np.ndarray, guide: np.ndarray) -> np.ndarray:
    """The flow (H, W, 2), made smooth within things."""
    soft = cv2.GaussianBlur(guide.astype(np.float32), (3, 3), 0)
    down = np.exp(-np.abs(np.diff(soft, axis=0)) / STEP)
    along = np.ascontiguousarray(np.exp(-np.abs(np.diff(soft, axis=1)) / STEP).T)
    weight = np.maximum(sure, LEAST)
    field = np.dstack([flow * weight[..., None], weight])
    for turn in range(PASSES):
        strength = 1.5 * 4 ** (PASSES - 1 - turn) / (4**PASSES - 1) * STRENGTH
        field = _solved(np.ascontiguousarray(field.transpose(1, 0, 2)), along, strength)
        field = _solved(np.ascontiguousarray(field.transpose(1, 0, 2)), down, strength)
    result: np.ndarray = field[..., :2] / field[..., 2:]
    return result


def _solved(field: np.ndarray, bond: np.ndarray, strength: float) -> np.ndarray:
    """(1 + strength * Laplacian) x = field along axis 0, by elimination; bond (N - 1, M)."""
    count = len(field)
    if count == 1:
        return field
    off = -strength * bond
    middle = np.ones(field.shape[:2], np.float32)
    middle[:-1] -= off
    middle[1:] -= off
    carried = np.empty_like(off)
    found = np.empty_like(field)
    carried[0] = off[0] / middle[0]
    found[0] = field[0] / middle[0][:, None]
    for i in range(1, count):
        left = 1 / (middle[i] - off[i - 1] * carried[i - 1])
        if i < count - 1:
            carried[i] = off[i] * left
        found[i] = (field[i] - off[i - 1][:, None] * found[i - 1]) * left[:, None]
    for i in range(count - 2, -1, -1):
        found[i] -= carried[i][:, None] * found[i + 1]
    return found
