"""Alpha that keeps to the lines that colours lie on near by, given what is known of it.

Convention
    code      (H, W, 3) float32: the picture in a code in which noise is about even.
    wanted    (H, W) float32: alpha as it is known or guessed.
    weight    (H, W) float32 >= 0: how surely, against neighbours that hold together with 1.
    unknown   (H, W) bool: where alpha is looked for. Elsewhere it is `wanted`, exactly.

In every window of 3 x 3 alpha is taken to be an affine function of colour; what is left of it,
squared, and the distance from `wanted` are made as small as can be. The matrix is stored for the
unknown pixels alone, one row of 25 neighbours each, and solved by conjugate gradients.

Source: closed-form matting, Levin, Lischinski and Weiss 2008 (eq. 12); conjugate gradients with the
diagonal as preconditioner, Hestenes and Stiefel 1952.
"""

from __future__ import annotations

import warnings
from itertools import product
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import torch

LOOSE = 1e-6
"""Variance of colour in a window under which alpha is held constant rather than fitted."""
STEPS, NEAR = 80, 1e-4
"""Of the solver: at most, and the residual against the first at which it ends."""
WINDOW = list(product((-1, 0, 1), repeat=2))
AROUND = list(product((-2, -1, 0, 1, 2), repeat=2))


def held(
    code: np.ndarray,
    wanted: np.ndarray,
    weight: np.ndarray,
    unknown: np.ndarray,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """Alpha (H, W) float32; it may leave 0..1 by a little. start: a guess to begin from."""
    if not unknown.any():
        return wanted.astype(np.float32)
    code, wanted, weight, begun = (
        cv2.copyMakeBorder(each.astype(np.float32), 2, 2, 2, 2, cv2.BORDER_REFLECT_101)
        for each in (code, wanted, weight, wanted if start is None else start)
    )
    inside = cv2.copyMakeBorder(unknown.astype(np.uint8), 2, 2, 2, 2, cv2.BORDER_CONSTANT) > 0
    rows, columns = np.nonzero(inside)
    count, wide = len(rows), code.shape[1]
    flat = rows * wide + columns
    place = np.full(code.shape[:2], -1, np.int64)
    place[rows, columns] = np.arange(count)
    bonds = _bonds(code, inside, place, count)
    there = flat[:, None] + np.array([dy * wide + dx for dy, dx in AROUND])
    to = place.ravel()[there]
    free = to >= 0
    given = -np.where(free, 0, bonds * wanted.ravel()[there]).sum(axis=1)
    own = weight.ravel()[flat]
    given += own * wanted.ravel()[flat]
    bonds[:, len(AROUND) // 2] += own
    kept = free & (bonds != 0)
    import torch  # it is loaded where it is needed

    with warnings.catch_warnings():  # torch calls its sparse rows a beta
        warnings.simplefilter("ignore", UserWarning)
        matrix = torch.sparse_csr_tensor(
            torch.from_numpy(np.concatenate([[0], np.cumsum(kept.sum(axis=1))])),
            torch.from_numpy(to[kept]),
            torch.from_numpy(bonds[kept]),
            size=(count, count),
            check_invariants=False,
        )
    middle = torch.from_numpy(np.ascontiguousarray(bonds[:, len(AROUND) // 2]))
    first = torch.from_numpy(begun.ravel()[flat])
    solved = _solved(matrix, middle, torch.from_numpy(given.astype(np.float32)), first)
    made = wanted[2:-2, 2:-2].copy()
    made[unknown] = solved.numpy()
    return made


def _bonds(code: np.ndarray, inside: np.ndarray, place: np.ndarray, count: int) -> np.ndarray:
    """Rows of the Laplacian (count, 25) of the unknown pixels."""
    touched = cv2.dilate(inside.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    touched[[0, -1]] = touched[:, [0, -1]] = False
    y, x = np.nonzero(touched)
    rows = [place[y + dy, x + dx] for dy, dx in WINDOW]
    free = [np.flatnonzero(row >= 0) for row in rows]
    leaned = _leaned(np.stack([code[y + dy, x + dx].T for dy, dx in WINDOW]))
    bonds = np.zeros((count, len(AROUND)), np.float32)
    share = np.float32(1 / len(WINDOW))
    for one, (ay, ax) in enumerate(WINDOW):
        for other, (by, bx) in enumerate(WINDOW[one:], one):
            mine, theirs = leaned[one], leaned[other]
            value = mine[0] * theirs[0] + mine[1] * theirs[1] + mine[2] * theirs[2] + 1
            value *= -share
            if one == other:
                value += 1
            to, back = (AROUND.index((s * (by - ay), s * (bx - ax))) for s in (1, -1))
            bonds[rows[one][free[one]], to] += value[free[one]]
            if one != other:
                bonds[rows[other][free[other]], back] += value[free[other]]
    return bonds


def _leaned(colours: np.ndarray) -> np.ndarray:
    """Colours (9, 3, M) of windows, from their mean, as multiples of how they spread: the product
    of two is that with the inverse covariance between them."""
    colours = colours - colours.mean(axis=0)
    wide = colours.astype(np.float64)
    spread = {
        (i, j): np.einsum("km,km->m", wide[:, i], wide[:, j]) / len(WINDOW)
        + (LOOSE / len(WINDOW) if i == j else 0)
        for i in range(3)
        for j in range(i + 1)
    }
    root = dict[tuple[int, int], np.ndarray]()  # Cholesky's, of every window at once
    for i in range(3):
        for j in range(i + 1):
            left = spread[i, j] - sum(root[i, k] * root[j, k] for k in range(j))
            root[i, j] = np.sqrt(left) if i == j else left / root[j, j]
    made = np.empty_like(colours)
    for i in range(3):
        left = wide[:, i] - sum(root[i, j] * made[:, j] for j in range(i))
        made[:, i] = left / root[i, i]
    return made


def _solved(
    matrix: torch.Tensor, middle: torch.Tensor, given: torch.Tensor, start: torch.Tensor
) -> torch.Tensor:
    found = start.clone()
    left = given - matrix.mv(found)
    scale = 1 / middle.clamp_min(1e-6)
    led = scale * left
    way = led.clone()
    size = left.dot(led)
    enough = NEAR**2 * given.dot(scale * given)
    for _ in range(STEPS):
        if size <= enough:
            break
        pushed = matrix.mv(way)
        step = size / way.dot(pushed)
        found += step * way
        left -= step * pushed
        led = scale * left
        last, size = size, left.dot(led)
        way = led + (size / last) * way
    return found
