"""Flicker: how far a shot's light swings from frame to frame, apart from what moves in it.

From one frame to the next most surfaces stay where they are, and all of them follow the light:
the median of their log ratios is its step. Added up, the steps are the course of the light;
what is slower than half a second is meant (a ramp, a cloud), the rest is flicker.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from answerprint.vision.correspond import LUMINANCE
from answerprint.vision.measured import measured

CELLS = 48
"""Cells across a picture: each averages the noise away and holds still while things move a bit."""
FLOOR = 2.0**-9
"""Light below which a cell says nothing of the light."""
REACH = 6
"""Frames before and after that the slow course of the light is taken from."""
FLASH = 6.0
"""Times the usual swing from which a frame is no part of a flicker."""
LEAST = 7
"""Frames under which swings cannot be told from a ramp."""


def cells(picture: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """(rows, CELLS) log2 of the light of a frame's cells; NaN where it is too dark to say."""
    height, width = valid.shape
    size = (min(CELLS, width), max(1, round(height * min(CELLS, width) / width)))
    light = cv2.resize(picture @ LUMINANCE.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    if not valid.all():
        share = cv2.resize(valid.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        light = np.where(share > 0.9, light / np.maximum(share, 1e-6), 0)
    return np.where(light > FLOOR, np.log2(np.maximum(light, FLOOR)), np.nan)


def step(before: np.ndarray, after: np.ndarray) -> tuple[float, float]:
    """Stops by which the light changed between two frames' cells, and its standard error.

    NaN and infinite where too few cells can be compared.
    """
    change = (after - before)[np.isfinite(after) & np.isfinite(before)]
    if len(change) < 20:
        return float("nan"), float("inf")
    middle = float(np.median(change))
    still = np.sort(np.abs(change - middle))[: max(10, len(change) // 2)]
    # the median's error from the calmer half, as if four cells told one thing
    return middle, float(1.25 * 1.48 * np.median(still) * 2 / np.sqrt(len(change) / 4) + 1e-4)


class Flicker:
    """A watcher of the light."""

    def __init__(self) -> None:
        self._last: np.ndarray | None = None
        self._number = 0
        self._steps: list[tuple[float, float]] = []

    def see(self, number: int, picture: np.ndarray, valid: np.ndarray) -> None:
        seen = cells(picture, valid)
        if self._last is not None:
            found = step(self._last, seen)
            usable = np.isfinite(found[0]) and number == self._number + 1
            self._steps.append(found if usable else (0.0, 0.0))
        self._last, self._number = seen, number

    def told(self) -> dict[str, Any]:
        if len(self._steps) + 1 < LEAST:
            few = f"{len(self._steps) + 1} frames are too few to tell flicker from a change."
            return {"flicker": measured(None, None, "stop", few)}
        swing, error = swings(np.array(self._steps))
        how = f"rms of the light's swings within {REACH} frames, over what stays where it is"
        return {"flicker": measured(swing, error, "stop", how)}


def swings(steps: np.ndarray) -> tuple[float, float]:
    """Root mean square of the light's fast swings in stops, and its error; steps (N, 2).

    One frame of another light (a flash) is no flicker: what stands out is left out.
    """
    course = np.concatenate([[0.0], np.cumsum(steps[:, 0])])
    width = min(2 * REACH + 1, len(course) - (len(course) + 1) % 2)
    alone = np.abs(course - _middle_of_three(course))
    kept = alone <= 0.1 + FLASH * np.median(alone)
    course = np.where(kept, course, _middle_of_three(course))
    fast = (course - _straight(course, width)) ** 2
    kept &= fast <= FLASH**2 * np.median(fast)  # light that flickers does so all the time
    kept = fast[kept] * width / (width - 2)  # a line takes two
    noise = float(np.mean(steps[:, 1] ** 2)) / 2
    swing = float(np.sqrt(max(kept.mean() - noise, 0.0)))
    error = np.sqrt(noise + kept.mean() / 2) / np.sqrt(max(1.0, len(kept) / 2))
    return swing, float(error)


def _middle_of_three(course: np.ndarray) -> np.ndarray:
    padded = np.pad(course, 1, mode="edge")
    return np.asarray(np.median([padded[:-2], padded[1:-1], padded[2:]], axis=0))


def _straight(course: np.ndarray, width: int) -> np.ndarray:
    """The slow course: a line fitted to the frames around each."""
    found = np.empty_like(course)
    for at in range(len(course)):
        first = min(max(0, at - width // 2), len(course) - width)
        near = slice(first, first + width)
        x = np.arange(width, dtype=float)
        found[at] = np.polyval(np.polyfit(x, course[near], 1), at - first)
    return found
