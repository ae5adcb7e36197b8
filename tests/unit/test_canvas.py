"""Frames of several data windows on one canvas."""

from __future__ import annotations

import numpy as np

from answerprint.frames.canvas import common, cut, onto
from answerprint.frames.frame import Window

ONE, OTHER = Window(-3, 2, 5, 4), Window(1, 0, 4, 3)


def test_the_canvas_holds_all_windows() -> None:
    assert common([ONE, OTHER]) == Window(-3, 0, 8, 6)


def test_there_and_back_is_the_same_and_around_it_is_black() -> None:
    pixels = np.random.default_rng(1).random((4, 5, 3), np.float32) + 1
    canvas = common([ONE, OTHER])
    laid = onto(pixels, ONE, canvas)
    assert laid.shape == (6, 8, 3)
    assert np.array_equal(cut(laid, canvas, ONE), pixels)
    assert np.count_nonzero(laid) == pixels.size
    assert laid[2, 0, 0] == pixels[0, 0, 0]  # the window begins two rows down, at the left


def test_a_frame_as_large_as_the_canvas_is_not_copied() -> None:
    pixels = np.zeros((4, 5), np.float32)
    assert onto(pixels, ONE, ONE) is pixels
