"""Frames whose data windows differ, laid out so that the same pixel is the same place.

Convention
    canvas   the window all of them fit into; outside a frame's own data window it is 0, which is
             what EXR means by it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from answerprint.frames.frame import Window


def common(windows: Iterable[Window]) -> Window:
    """The smallest window that holds all of them."""
    every = list(windows)
    left, top = min(w.x for w in every), min(w.y for w in every)
    right = max(w.x + w.width for w in every)
    bottom = max(w.y + w.height for w in every)
    return Window(left, top, right - left, bottom - top)


def onto(pixels: np.ndarray, window: Window, canvas: Window) -> np.ndarray:
    """Pixels (H, W[, C]) of a window on the canvas; themselves where both are the same."""
    if window == canvas:
        return pixels
    laid = np.zeros((canvas.height, canvas.width, *pixels.shape[2:]), pixels.dtype)
    cut(laid, canvas, window)[...] = pixels
    return laid


def cut(pixels: np.ndarray, canvas: Window, window: Window) -> np.ndarray:
    """What of a canvas lies in a window inside it; a view."""
    x, y = window.x - canvas.x, window.y - canvas.y
    return pixels[y : y + window.height, x : x + window.width]
