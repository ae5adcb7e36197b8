"""Close-ups: the same few places of a frame in full size, taken as the frame is read.

Noise and sharpness are lost in a reduced picture, and a whole one is too much to look at.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from answerprint.frames import colour
from answerprint.frames.clip import shown
from answerprint.frames.frame import Frame, Part

SIDE = 128
"""Pixels of a place across and down."""
ACROSS, DOWN = 6, 4


class CloseUp:
    """A frame that keeps places of itself while its rows are read; a `Frame`.

    size   width and height of what it shows, in pixels.
    """

    def __init__(self, frame: Frame, wanted: bool) -> None:
        self._frame, self.parts = frame, frame.parts
        self._part, self._view, box = shown(frame)
        self.size = (box.width, box.height)
        self._side = min(SIDE, *self.size)
        self._places = places(*self.size, self._side) if wanted else []
        self._places = [(x + box.x, y + box.y) for x, y in self._places]
        kind = self.parts[self._part].dtype
        self._taken = np.zeros((len(self._places), self._side, self._side, 3), kind)

    def light(self, space: colour.Space) -> np.ndarray | None:
        """(n, side, side, 3) float32 scene-linear ACEScg of the rows that were read, or None."""
        if not self._places:
            return None
        return colour.to_acescg(self._taken.astype(np.float32), space)

    @property
    def sha256(self) -> str:
        return self._frame.sha256

    parts: Sequence[Part]

    def rows(self, part: int, y0: int, y1: int) -> np.ndarray:
        read = self._frame.rows(part, y0, y1)
        if part == self._part:
            for kept, (x, y) in zip(self._taken, self._places, strict=True):
                top, bottom = max(y, y0), min(y + self._side, y1)
                if top < bottom:
                    band = read[top - y0 : bottom - y0, x : x + self._side]
                    kept[top - y : bottom - y] = band[..., list(self._view)]
        return read

    def close(self) -> None:
        self._frame.close()

    def __enter__(self) -> CloseUp:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def places(width: int, height: int, side: int) -> list[tuple[int, int]]:
    """Left and top of places spread evenly over a picture, none over another."""
    across = np.linspace(0, width - side, min(ACROSS, width // side)).round().astype(int)
    down = np.linspace(0, height - side, min(DOWN, height // side)).round().astype(int)
    if len(across) == 1:
        across = np.array([(width - side) // 2])
    if len(down) == 1:
        down = np.array([(height - side) // 2])
    return [(int(x), int(y)) for y in down for x in across]
