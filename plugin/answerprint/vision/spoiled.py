"""Frames of a clip that are spoiled as a whole or from one row on, and where its shots begin.

Copies, jumps, flashes and black frames are those of `faulty.py`, cuts those of `boundaries.py`.
Here: frames of which a part, from the top or to the bottom, has another light than the frames
beside it, which agree: a shutter, a flash or a decoder that was late.

Convention
    picture   (h, w, 3) float32 scene-linear ACEScg, reduced; valid (h, w) bool.
    rows      shares of the height from the top: what is spoiled of a frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from answerprint.vision.boundaries import Boundaries
from answerprint.vision.correspond import LUMINANCE
from answerprint.vision.faulty import Faulty

DIM = 2.0**-9
"""Light below which a row says nothing of it."""
STEP, CALM = 0.4, 0.15
"""Stops by which a part of a frame is off, at least; and by which the rest is, at most."""
LEAST, MOST = 0.06, 0.94
"""Shares of the height that such a part has."""


@dataclass(frozen=True)
class Half:
    """rows: (first, last) shares of the height. stops: by which they are off."""

    rows: tuple[float, float]
    stops: float


class Spoiled:
    """Sees every frame once, in order; a frame that cannot be had is None."""

    def __init__(self) -> None:
        self._faulty, self._cuts = Faulty(), Boundaries()
        self._numbers: list[int] = []
        self._rows: list[tuple[int, np.ndarray]] = []
        self._halves: dict[int, Half] = {}

    def see(self, number: int, picture: np.ndarray | None, valid: np.ndarray | None = None) -> None:
        self._numbers.append(number)
        self._cuts.see(picture)
        if picture is None or valid is None:
            self._rows = []
            return
        self._faulty.see(number, picture, valid)
        self._rows = [*self._rows[-2:], (number, _rows(picture))]
        if len(self._rows) == 3 and (found := _half(*(r for _, r in self._rows))):
            self._halves[self._rows[1][0]] = found

    def told(self) -> dict[str, Any]:
        """What `Faulty.told` says, `starts` (numbers at which a shot begins) and `halves`."""
        starts = [self._numbers[c.frame] for c in self._cuts.told() if c.frame < len(self._numbers)]
        told = self._faulty.told()
        edges = {n + by for n in starts for by in (-1, 0)}
        other = {n + by for n in (*told["blacks"], *told["flashes"]) for by in (-1, 0, 1)}
        halves = {n: h for n, h in self._halves.items() if n not in other | edges}
        # what a half changes is no motion that would make copies of the still frames beside it
        near = {n + by for n in halves for by in (-1, 0, 1)}
        copies = [group for group in told["duplicates"] if not near & {*group}]
        return {**told, "duplicates": copies, "starts": starts, "halves": halves}


def _rows(picture: np.ndarray) -> np.ndarray:
    """(h, CELLS) log2 light in cells across, row by row."""
    luma = picture @ LUMINANCE.astype(np.float32)
    cells = cv2.resize(luma, (24, luma.shape[0]), interpolation=cv2.INTER_AREA)
    code: np.ndarray = np.log2(np.maximum(cells, DIM))
    return code


def _half(before: np.ndarray, here: np.ndarray, after: np.ndarray) -> Half | None:
    """The part from the top or to the bottom that is off from both neighbours, which agree."""
    if not before.shape == here.shape == after.shape:
        return None
    change = np.median(here - (before + after) / 2, axis=1)
    apart = np.median(np.abs(after - before), axis=1)
    change = np.where(np.abs(change) > apart, change, 0)
    tall = len(change)
    total = np.concatenate([[0.0], np.cumsum(change)])
    split = np.arange(1, tall)
    above, below = total[split] / split, (total[-1] - total[split]) / (tall - split)
    between = split * (tall - split) * (above - below) ** 2
    at = int(split[between.argmax()])
    one, other = float(np.median(change[:at])), float(np.median(change[at:]))
    top = abs(one) > abs(other)
    stops, rest = (one, change[at:]) if top else (other, change[:at])
    share = at / tall if top else 1 - at / tall
    off = change[:at] if top else change[at:]
    whole = np.mean(np.abs(off) > STEP / 2) > 0.85 and np.mean(np.abs(rest) < CALM) > 0.85
    if abs(stops) < STEP or not whole or not LEAST < share < MOST:
        return None
    margin = 2 / tall
    rows = (0.0, min(1.0, at / tall + margin)) if top else (max(0.0, at / tall - margin), 1.0)
    return Half(rows, stops)
