"""Where a background lies behind a tracked shot.

Convention
    sizes     (width, height) in pixels.
    places    pixels, top left origin, centres at whole numbers; a picture reaches from -0.5 to
              width - 0.5.
    matrix    (3, 3) from a background's pixel to the reference frame's.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from answerprint.vision.planar import moved, scaled

ROOM = 0.5
"""Pixels around what the shot shows, so that no frame looks beyond a background's last pixel."""


def edges(size: tuple[int, int]) -> np.ndarray:
    """The four corners (4, 2) of a picture: bottom left, bottom right, top right, top left."""
    wide, tall = size
    return np.array([[0, tall], [wide, tall], [wide, 0], [0, 0]], np.float64) - 0.5


def filling(
    background: tuple[int, int], size: tuple[int, int], to_reference: Sequence[np.ndarray]
) -> tuple[np.ndarray, float]:
    """The matrix of the smallest upright background that all frames see, and how many pixels of the
    reference frame one of its own covers."""
    seen = np.concatenate([moved(matrix, edges(size)) for matrix in to_reference])
    low, high = seen.min(0) - ROOM, seen.max(0) + ROOM
    scale = float(((high - low) / np.array(background)).max())
    middle = (low + high) / 2
    shift = middle - scale * (np.array(background) - 1) / 2
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1.0]]), scale


def pinned(background: tuple[int, int], corners: np.ndarray) -> np.ndarray:
    """The matrix that takes a background's corners to four places (4, 2) of the reference frame, in
    the order of `edges`. ValueError where they make no convex shape."""
    turns = []
    for at in range(4):
        before, here, after = corners[at - 1], corners[at], corners[(at + 1) % 4]
        (a, b), (c, d) = here - before, after - here
        turns.append(a * d - b * c)
    if not (min(turns) > 1e-6 or max(turns) < -1e-6):
        raise ValueError("the four places make no convex shape")
    found = cv2.getPerspectiveTransform(
        edges(background).astype(np.float32), corners.astype(np.float32)
    )
    return scaled(np.asarray(found, np.float64))


def beyond(to_background: np.ndarray, background: tuple[int, int], size: tuple[int, int]) -> float:
    """Share of a frame that a background does not reach; matrix from a frame's pixel to its."""
    wide, tall = size
    x, y = np.meshgrid(np.linspace(-0.5, wide - 0.5, 65), np.linspace(-0.5, tall - 0.5, 37))
    flat = np.stack([x.ravel(), y.ravel(), np.ones(x.size)], 1) @ to_background.T
    ahead = flat[:, 2] > 0
    at = flat[:, :2] / np.where(ahead, flat[:, 2], 1)[:, None]
    inside = ahead & (at > -0.51).all(1) & (at < np.array(background) - 0.49).all(1)
    return float(1 - inside.mean())


def between(matrices: np.ndarray, numbers: Sequence[int], at: float) -> np.ndarray:
    """The matrix at a time between frames; beyond the ends the camera goes on as at them."""
    frames = np.asarray(numbers, np.float64)
    if len(frames) == 1:
        return np.asarray(matrices[0])
    after = int(np.clip(np.searchsorted(frames, at), 1, len(frames) - 1))
    share = (at - frames[after - 1]) / (frames[after] - frames[after - 1])
    return scaled(matrices[after - 1] * (1 - share) + matrices[after] * share)
