"""Dead and hot pixels: the same place of the sensor off from its surroundings in every frame.

A star or a pinhole looks the same as long as the camera stands. What tells them apart is that the
picture moves under a pixel of the sensor; of a camera that stands nothing is told.

Convention
    code   (H, W) float32: `flow.encoded` light; flow to a neighbouring frame as in `flow.py`.

Source: median-based outliers over time, Dudas et al. 2007 (defects of a sensor are fixed points).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from answerprint.vision.flow import pulled

OFF, FLOOR = 6.0, 0.12
"""Times the usual unevenness near by, and code, by which a pixel is off."""
ALWAYS, FEWEST = 0.8, 5
"""Share of the frames, and how many, in which it is."""
MOVED, OFTEN = 1.0, 0.8
"""Pixels that the picture moves around it, in this share of the frames, for a find."""
BETTER, QUIET, PLACE = 1.5, 0.005, 31
"""Times, and code, by which the motion explains a place of so many pixels better than none does:
flow wanders where nothing is."""
PARTLY, ALONE = 0.25, 8
"""Share of the frames in which others are off, and pixels to these: a defect has none so near; a
thin line that moves along itself has."""
LARGEST = 9
"""Pixels of one defect: a developed one has 3 x 3."""


@dataclass(frozen=True)
class Defect:
    """x, y of the mask's top left; mask (h, w) bool; bright: hot, else dead."""

    x: int
    y: int
    mask: np.ndarray
    bright: bool


class Stuck:
    """Sees the frames of a shot in order."""

    def __init__(self) -> None:
        self._frames = 0
        self._moved: np.ndarray | None = None
        self._off: np.ndarray | None = None

    def see(self, code: np.ndarray, other: np.ndarray, flow: np.ndarray) -> None:
        """A frame, one beside it, and the flow to that."""
        if self._off is None or self._moved is None:
            self._off = np.zeros((2, *code.shape), np.uint16)
            self._moved = np.zeros(code.shape, np.uint16)
        calm = cv2.medianBlur(code, 5)
        over = code - calm
        usual = cv2.medianBlur(cv2.blur(np.abs(cv2.medianBlur(code, 3) - calm), (5, 5)), 5)
        least = np.maximum(OFF * usual, FLOOR)
        self._off[0] += over > least
        self._off[1] += over < -least
        still = cv2.blur(np.abs(other - code), (PLACE, PLACE))
        along = cv2.blur(np.abs(pulled(other, flow) - code), (PLACE, PLACE))
        self._moved += (np.linalg.norm(flow, axis=-1) > MOVED) & (still > BETTER * along + QUIET)
        self._frames += 1

    def told(self) -> list[Defect]:
        if self._off is None or self._moved is None or self._frames < FEWEST:
            return []
        found = []
        for off, bright in zip(self._off, (True, False), strict=True):
            fixed = off >= ALWAYS * self._frames
            count, labels, stats, _ = cv2.connectedComponentsWithStats(fixed.astype(np.uint8))
            for label in range(1, count):
                x, y, w, h, area = (int(v) for v in stats[label])
                if area > LARGEST or max(w, h) > 3:
                    continue
                mask = labels[y : y + h, x : x + w] == label
                if not _is_alone(off >= PARTLY * self._frames, x, y, mask):
                    continue
                moved = self._moved[y : y + h, x : x + w][mask].mean()
                if moved >= OFTEN * self._frames:
                    found.append(Defect(x, y, mask, bright))
        return found


def _is_alone(off: np.ndarray, x: int, y: int, mask: np.ndarray) -> bool:
    """Whether nothing is off around a mask whose top left is at x, y, but right beside it."""
    tall, wide = mask.shape
    top, left = max(0, y - ALONE), max(0, x - ALONE)
    around = off[top : y + tall + ALONE, left : x + wide + ALONE].copy()
    around[max(0, y - 1) - top : y + tall + 1 - top, max(0, x - 1) - left : x + wide + 1 - left] = 0
    return not around.any()
