"""Whole frames of a clip, all channels, decoded once for all the frames that are made of them.

Convention
    layers   of each part (H, W, C), float16 where every channel is half, else float32, over the
             part's data window, as a result of the clip stores them: what was whole numbers is
             light already.
    light    (H, W, 3) float32 in scene-linear ACEScg, unbounded, of the first view, over the data
             window of its part; valid (H, W) bool: False where a channel is not finite, the light
             is 0 there.
    Arrays are shared: nobody writes to them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from answerprint.frames import colour
from answerprint.frames.clip import Clip, first_view
from answerprint.frames.frame import Part
from answerprint.frames.grade import Grade

ROOM = 768 << 20
"""Bytes of decoded frames that are kept: a few of 4K with their light."""


@dataclass(frozen=True)
class Decoded:
    """A frame as a whole. sha256 is the source file's."""

    parts: tuple[Part, ...]
    layers: tuple[np.ndarray, ...]
    sha256: str
    space: colour.Space


class Layers:
    """The frames of one clip; asked for from several threads."""

    def __init__(self, clip: Clip, room: int = ROOM) -> None:
        self.clip = clip
        self._room, self._taken = room, 0
        self._lock = threading.RLock()
        self._kept: OrderedDict[tuple[str, int], Decoded | tuple[np.ndarray, np.ndarray]] = (
            OrderedDict()
        )

    def frame(self, number: int) -> Decoded:
        """All of a frame. Raises BadInput where it is missing or damaged."""
        with self._lock:
            if (found := self._again("frame", number)) is None:
                found = self._keep("frame", number, self._decode(number))
            assert isinstance(found, Decoded)
            return found

    def light(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Its picture and where it is valid. Raises BadInput; also where it has no R, G, B."""
        with self._lock:
            if (found := self._again("light", number)) is None:
                found = self._keep("light", number, self._lit(number))
            assert isinstance(found, tuple)
            return found

    def forget(self, number: int) -> None:
        """The frame is not needed for some time: memory."""
        with self._lock:
            for what in ("frame", "light"):
                if (old := self._kept.pop((what, number), None)) is not None:
                    self._taken -= _bytes(old)

    def picture(self, number: int) -> tuple[int, tuple[int, int, int]]:
        """The part that has a frame's picture, and its R, G, B. BadInput where there is none."""
        name = f"Frame {number} of {self.clip.name}"
        return first_view(self.frame(number).parts, name)

    def _decode(self, number: int) -> Decoded:
        with self.clip.open(number) as frame:
            there = self.clip.result_space(frame)
            pixels = (
                None if there == self.clip.space else Grade().pixels(self.clip.space, there, "cpu")
            )
            layers = []
            for index, part in enumerate(frame.parts):
                whole = frame.rows(index, 0, part.data.height)
                for view in part.colour:
                    if pixels:
                        whole[..., list(view)] = pixels(whole[..., list(view)])[0]
                layers.append(whole)
            parts = self.clip.result_parts(frame)
            return Decoded(tuple(parts), tuple(layers), frame.sha256, there)

    def _lit(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        frame = self.frame(number)
        part, view = self.picture(number)
        rgb = frame.layers[part][..., list(view)].astype(np.float32)
        valid = np.asarray(np.isfinite(rgb).all(axis=-1))
        rgb[~valid] = 0
        return colour.to_acescg(rgb, frame.space), valid

    def _again(self, what: str, number: int) -> Decoded | tuple[np.ndarray, np.ndarray] | None:
        """What was kept, which makes it the last that is given up."""
        if (found := self._kept.get((what, number))) is not None:
            self._kept.move_to_end((what, number))
        return found

    def _keep(
        self, what: str, number: int, made: Decoded | tuple[np.ndarray, np.ndarray]
    ) -> Decoded | tuple[np.ndarray, np.ndarray]:
        self._taken += _bytes(made)
        self._kept[what, number] = made
        while self._taken > self._room and len(self._kept) > 2:
            _, old = self._kept.popitem(last=False)
            self._taken -= _bytes(old)
        return made


def _bytes(made: Decoded | Sequence[np.ndarray]) -> int:
    return sum(a.nbytes for a in (made.layers if isinstance(made, Decoded) else made))
