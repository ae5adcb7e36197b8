"""The picture between its bars: a mask, a letterbox or a pillarbox is no part of what was shot.

Bars are dark, even, and as wide on one side as on the other; text may stand on them.

Convention
    picture   (H, W, 3) float32, scene-linear ACEScg; `valid` (H, W) bool.
    box       x0, y0, x1, y1 in pixels, the last two not included.
"""

from __future__ import annotations

import numpy as np

from answerprint.vision.features import LUMINANCE

BLACK = 0.004
"""Luminance up to which a pixel may be of a bar: black of a movie, and what codecs leave in it."""
SHARE = 0.6
"""Least part of a line that is black in a bar: on the rest, text may be burnt in."""
LEAST = 0.3
"""What lies between the bars is at least this part of the picture's side, or they are none."""

Box = tuple[int, int, int, int]


def between(picture: np.ndarray, valid: np.ndarray) -> Box:
    """Where the picture is; all of it where it has no bars."""
    black = ~valid | (picture @ LUMINANCE <= BLACK)
    height, width = valid.shape
    y = _bar(black.mean(1))
    x = _bar(black[y : height - y].mean(0))
    return x, y, width - x, height - y


def _bar(share: np.ndarray) -> int:
    """Lines of the bar on either side, from the share of black in every line."""
    lit = np.flatnonzero(share < SHARE)
    if not len(lit):
        return 0
    bar = int(min(lit[0], len(share) - 1 - lit[-1]))
    return bar if len(share) - 2 * bar >= LEAST * len(share) else 0
