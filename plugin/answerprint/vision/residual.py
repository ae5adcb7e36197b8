"""What a CDL leaves over, as a small smooth cube that is zero where nothing was seen.

Convention
    codes    (N, 3) ACEScct after the CDL; left (N, 3) is what should still be added to them.
    cube     (n, n, n, 3) float32 over codes 0..1, red first, zero on the border.

Source: regularised lattice regression (Garcia, Gupta, NIPS 2009): trilinear interpolation,
second differences for smoothness, a pull to zero for what has no evidence.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

SIZE = 9
SMOOTH = 6.0
PULL = 0.6
"""Evidence, in pairs, that a cell of the cube needs before it is believed by half."""


def cube(codes: np.ndarray, left: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The cube that adds what is left, as far as the pairs tell."""
    inside = ((codes > 0) & (codes < 1)).all(1)
    nodes, share = _corners(codes[inside])
    count = SIZE**3
    said = weight[inside, None] * share
    both = nodes[:, :, None] * count + nodes[:, None, :]
    rows: np.ndarray = np.bincount(
        both.ravel(), (said[:, :, None] * share[:, None, :]).ravel(), count * count
    ).reshape(count, count)
    each = (said[:, :, None] * left[inside, None, :]).reshape(-1, 3)
    wanted = np.stack([np.bincount(nodes.ravel(), v, count) for v in each.T], -1)
    rows = rows + PULL * np.eye(count) + SMOOTH * _bending()
    free = np.flatnonzero(_interior())
    found = np.zeros((count, 3))
    found[free] = np.linalg.solve(rows[np.ix_(free, free)], wanted[free])
    return found.reshape(SIZE, SIZE, SIZE, 3).astype(np.float32)


def _corners(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The eight nodes (N, 8) around each code and their shares (N, 8)."""
    place = codes * (SIZE - 1)
    low = np.clip(np.floor(place), 0, SIZE - 2).astype(int)
    part = place - low
    nodes, share = [], []
    for corner in range(8):
        step = np.array([(corner >> k) & 1 for k in range(3)])
        r, g, b = (low + step).T
        nodes.append((r * SIZE + g) * SIZE + b)
        share.append(np.where(step, part, 1 - part).prod(1))
    return np.stack(nodes, 1), np.stack(share, 1)


@lru_cache(maxsize=1)
def _bending() -> np.ndarray:
    """Sum of squared second differences along each axis, as a matrix over the nodes."""
    line = np.zeros((SIZE - 2, SIZE))
    for i in range(SIZE - 2):
        line[i, i : i + 3] = (1, -2, 1)
    one, bend = np.eye(SIZE), line.T @ line
    return (
        np.kron(np.kron(bend, one), one)
        + np.kron(np.kron(one, bend), one)
        + np.kron(np.kron(one, one), bend)
    )


def _interior() -> np.ndarray:
    axis = np.arange(SIZE)
    middle = (axis > 0) & (axis < SIZE - 1)
    return (middle[:, None, None] & middle[None, :, None] & middle[None, None, :]).ravel()
