"""A picture looked up between its pixels, without pushing things aside.

OpenCV's cubic and Lanczos weights move a pattern by up to 0.05 px, by how far between two pixels it
is looked up: a background that is moved with them swims, and a track that is measured with them is
wrong by as much. Here a picture is drawn at twice its size first, its own pixels untouched and
those between them by symmetric weights, which move nothing; between those a straight line does.

Convention
    picture   (H, W[, 3]) float32, unbounded; outside it is as its nearest pixel.
    matrix    (3, 3) from a pixel of the result to a pixel of the picture, centres at whole numbers.

Source: half-band filter, sinc windowed after Lanczos (Turkowski 1990).
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

REACH = 4
"""Pixels to each side that a new one is made of."""


def doubled(picture: np.ndarray, bounded: bool = False) -> np.ndarray:
    """(2 H - 1, 2 W - 1[, 3]): pixel (x, y) of the picture at (2 x, 2 y).

    bounded   a new pixel stays between the four that are nearest in its row or column: light does
              not ring around a lamp.
    """
    across = _between(picture, 1, bounded)
    return _between(across, 0, bounded)


def looked_up(fine: np.ndarray, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A picture (width, height) of what a doubled one shows."""
    twice = np.diag([2.0, 2.0, 1.0]) @ matrix
    found: np.ndarray = cv2.warpPerspective(
        fine,
        twice,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return found


@lru_cache(maxsize=1)
def _taps() -> np.ndarray:
    at = np.arange(-REACH, REACH) + 0.5
    taps = np.sinc(at) * np.sinc(at / REACH)
    return np.asarray(taps / taps.sum(), np.float32)


def _between(picture: np.ndarray, axis: int, bounded: bool) -> np.ndarray:
    taps = _taps()[None] if axis else _taps()[:, None]
    anchor = (REACH - 1, 0) if axis else (0, REACH - 1)
    made = cv2.filter2D(picture, -1, taps, anchor=anchor, borderType=cv2.BORDER_REPLICATE)
    if bounded:
        near = np.ones((1, 4) if axis else (4, 1), np.uint8)
        middle = (1, 0) if axis else (0, 1)
        low = cv2.erode(picture, near, anchor=middle, borderType=cv2.BORDER_REPLICATE)
        high = cv2.dilate(picture, near, anchor=middle, borderType=cv2.BORDER_REPLICATE)
        made = np.clip(made, low, high)
    count = picture.shape[axis]
    shape = list(picture.shape)
    shape[axis] = 2 * count - 1
    fine = np.empty(shape, np.float32)
    if axis:
        fine[:, ::2], fine[:, 1::2] = picture, made[:, :-1]
    else:
        fine[::2], fine[1::2] = picture, made[:-1]
    return fine
