"""Plots for a report: courses over frames, and what many places do over frames.

Convention
    result   (H, W, 3) float, display code values 0..1, on the dark of the reports' pictures.
    frames   run from left to right, the first at the left edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

GROUND, GRID = 0.11, 0.25
LEFT, EDGE = 56, 10
"""Pixels for the numbers at the left, and around the plot."""
BEFORE, AFTER, SLOW = (0.85, 0.45, 0.25), (0.35, 0.75, 0.45), (0.6, 0.6, 0.6)
"""Orange, green and grey: told apart by their lightness too."""

Line = tuple[np.ndarray, np.ndarray, tuple[float, float, float]]
"""x, y and colour; where y is not finite the line has a gap."""


def lines(drawn: Sequence[Line], size: tuple[int, int] = (240, 960)) -> np.ndarray:
    """Courses over one scale, with a grid of round numbers at the left."""
    tall, wide = size
    picture = np.full((tall, wide, 3), round(255 * GROUND), np.uint8)  # all that letters go into
    values = np.concatenate([y[np.isfinite(y)] for _, y, _ in drawn] or [np.zeros(1)])
    values = values if len(values) else np.zeros(1)
    low, high = float(values.min()), float(values.max())
    middle, reach = (low + high) / 2, max((high - low) / 2 * 1.1, 0.05)
    xs = np.concatenate([x for x, _, _ in drawn] or [np.zeros(1)])
    first, last = float(xs.min()), max(float(xs.max()), float(xs.min()) + 1)

    def at(x: float, y: float) -> tuple[int, int]:
        across = LEFT + (x - first) / (last - first) * (wide - LEFT - EDGE)
        down = EDGE + (middle + reach - y) / (2 * reach) * (tall - 2 * EDGE)
        return round(across), round(down)

    for level in _levels(middle - reach, middle + reach):
        y = at(first, level)[1]
        picture[y, LEFT : wide - EDGE] = round(255 * GRID)
        place, font = (4, y + 4), cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(picture, f"{level:+.2f}", place, font, 0.38, _byte(SLOW), 1, cv2.LINE_AA)
    for xs, ys, tint in drawn:
        points = [at(a, b) if np.isfinite(b) else None for a, b in zip(xs, ys, strict=True)]
        for one, other in pairwise(points):
            if one and other:
                cv2.line(picture, one, other, _byte(tint), 1, cv2.LINE_AA)
    return picture / 255.0


def _byte(tint: tuple[float, float, float]) -> tuple[float, float, float]:
    r, g, b = (255 * v for v in tint)
    return r, g, b


def _levels(low: float, high: float) -> np.ndarray:
    """Three to seven round numbers between both."""
    rough = (high - low) / 4
    step = 10.0 ** np.floor(np.log10(rough))
    step *= next(n for n in (1, 2, 5, 10) if n * step >= rough)
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step + 0.0  # no -0


def over_frames(values: np.ndarray, scale: float, size: tuple[int, int] = (160, 960)) -> np.ndarray:
    """(frames, places): a column for each frame; brighter orange, darker blue, by up to scale."""
    tall, wide = size
    part = np.clip(values.T / max(scale, 1e-6), -1, 1)[..., None]
    up, down = np.array([0.85, 0.4, 0.1]), np.array([0.1, 0.4, 0.85])
    cells = GROUND + np.maximum(part, 0) * (up - GROUND) + np.maximum(-part, 0) * (down - GROUND)
    picture = np.full((tall, wide, 3), GROUND)
    inner = (wide - LEFT - EDGE, tall)
    picture[:, LEFT : wide - EDGE] = cv2.resize(cells, inner, interpolation=cv2.INTER_NEAREST)
    return picture
