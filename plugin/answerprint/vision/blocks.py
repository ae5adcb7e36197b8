"""Lost macroblocks: squares of a codec's grid that show something else than their surroundings.

What differs from both neighbouring frames fills whole cells of the grid, and the cells around it
agree: things that move have borders of their own and do not keep to a grid. The picture has to have
the size it was coded in.

Convention
    odd    (H, W) bool: what neither neighbour explains; sure: the same beyond doubt.

Source: ITU-T H.262 and H.264: macroblocks of 16 x 16, transforms of 8 x 8 pixels.
"""

from __future__ import annotations

import cv2
import numpy as np

CELL = 8
FULL, CLEAN = 0.6, 0.15
"""Share of a lost cell that is odd, at least; and of those around that surely is, at most."""
CERTAIN = 0.15
"""Share of a lost block that is odd beyond doubt."""
LEAST, MOST = 4, 0.3
"""Cells of the smallest loss, a macroblock; and share of the picture of the largest."""


def lost(odd: np.ndarray, sure: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """Each loss as its mask (H, W) bool and a confidence."""
    tall, wide = odd.shape
    down, across = tall // CELL, wide // CELL
    if min(down, across) < 3:
        return []
    share, certain = _shares(odd, down, across), _shares(sure, down, across)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        (share >= FULL).astype(np.uint8), connectivity=4
    )
    found = []
    for label in range(1, count):
        w, h, cells = (int(v) for v in stats[label][2:])
        own = labels == label
        if cells < LEAST or cells > MOST * down * across or min(w, h) < 2:
            continue
        rim = (cv2.dilate(own.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & ~own
        around = float(certain[rim].mean()) if rim.any() else 1.0
        if around > CLEAN or certain[own].mean() < CERTAIN:
            continue
        mask = np.zeros(odd.shape, bool)
        whole = np.kron(own, np.ones((CELL, CELL), bool))
        mask[: whole.shape[0], : whole.shape[1]] = whole
        found.append((mask, float(min(0.98, share[own].mean() - around))))
    return found


def _shares(picture: np.ndarray, down: int, across: int) -> np.ndarray:
    cut = picture[: down * CELL, : across * CELL].reshape(down, CELL, across, CELL)
    return np.asarray(cut.mean(axis=(1, 3)))
