"""Pictures for a report: frames side by side, what was found in both, and the RGB parade.

Convention
    code     (H, W, 3) float, display code values 0..1 (from `colour.through_view`).
    result   the same; arrays are new.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

GAP = 8
_GROUND = 0.11


def beside(pictures: Sequence[np.ndarray], height: int = 360) -> np.ndarray:
    """Pictures in a row, brought to one height, with a gap of dark between them."""
    shown = [fit_height(p, height) for p in pictures]
    gap = np.full((height, GAP, 3), _GROUND)
    row: list[np.ndarray] = []
    for each in shown:
        row += [each, gap]
    return np.concatenate(row[:-1], axis=1)


def fit_height(picture: np.ndarray, height: int) -> np.ndarray:
    wide = max(1, round(picture.shape[1] * height / picture.shape[0]))
    method = cv2.INTER_AREA if height < picture.shape[0] else cv2.INTER_CUBIC
    return np.clip(
        cv2.resize(picture.astype(np.float32), (wide, height), interpolation=method), 0, 1
    )


def found_in_both(
    left: np.ndarray, right: np.ndarray, places: Sequence[Sequence[float]], height: int = 360
) -> np.ndarray:
    """Two pictures in a row, with lines between places (x, y, x, y in 0..1 of each)."""
    row = np.ascontiguousarray(beside([left, right], height) * 0.75, np.float32)
    first, second = (fit_height(p, height).shape[1] for p in (left, right))
    for index, (x0, y0, x1, y1) in enumerate(places):
        hue = np.array([[[index * 47 % 180, 190, 255]]], np.uint8)
        colour = (cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0] / 255.0).tolist()
        a = (round(x0 * first), round(y0 * height))
        b = (round(first + GAP + x1 * second), round(y1 * height))
        cv2.line(row, a, b, colour, 1, cv2.LINE_AA)
        for place in (a, b):
            cv2.circle(row, place, 3, colour, 1, cv2.LINE_AA)
    return row


def parade(code: np.ndarray, width: int = 220, height: int = 256) -> np.ndarray:
    """The RGB parade: each channel's values over the picture's width, red, green, blue."""
    small = cv2.resize(code.astype(np.float32), (width, 320), interpolation=cv2.INTER_AREA)
    gap = np.full((height, GAP, 3), _GROUND)
    columns = []
    for channel in range(3):
        counts = np.zeros((height, width))
        level = np.clip(((1 - small[..., channel]) * (height - 1)).round(), 0, height - 1)
        np.add.at(counts, (level.astype(int), np.broadcast_to(np.arange(width), level.shape)), 1)
        tint = np.full(3, 0.25)
        tint[channel] = 1.0
        glow = np.clip(np.sqrt(counts / 10), 0, 1)[..., None] * tint
        for line in range(0, 5):
            at = round(line * (height - 1) / 4)
            glow[at] = np.maximum(glow[at], 0.2)
        columns += [np.clip(glow + _GROUND / 2, 0, 1), gap]
    return np.concatenate(columns[:-1], axis=1)
