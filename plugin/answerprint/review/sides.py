"""Both sides of a result, frame by frame, as a display shows them: the plate and what was made.

Convention
    code        (h, w, 3) float32 of the show's SDR view, 0..1; R, G, B.
    picture     the display window with square pixels, fitted into a box and padded with black; what
                lies outside the data window is black. Nothing is cropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np

from answerprint.errors import AnswerprintError
from answerprint.frames import colour
from answerprint.frames.clip import Clip, open_clip, picture_of, shown
from answerprint.frames.frame import Frame
from answerprint.frames.gradefiles import frames_of, timecode
from answerprint.review.results import Result

GROUND = 0.02
"""Code value of what is no picture: told from black."""


@dataclass(frozen=True)
class Side:
    """One side of a frame: its code values, or why it has none. clock: its timecode, '' if none."""

    code: np.ndarray | None
    why: str = ""
    clock: str = ""


@dataclass(frozen=True)
class Facts:
    """rate: frames per second, None where neither side says. aspect: width over height as it is
    shown. clocks: timecode of the first and the last frame, '' where they carry none."""

    rate: Fraction | None = None
    aspect: float = 16 / 9
    clocks: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Pair:
    number: int
    before: Side
    after: Side

    @property
    def clock(self) -> str:
        return self.after.clock or self.before.clock


class Sides:
    """Plate and result of a run; use it in a `with` block."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self._stack = ExitStack()
        self._why = ["", ""]
        self._clips = [self._opened(turn) for turn in (0, 1)]
        rates = (each.rate for each in self._clips if each and each.rate)
        self._rate: Fraction | None = next(rates, None)

    def _opened(self, turn: int) -> Clip | None:
        result = self.result
        if turn and not result.told:
            self._why[turn] = "The run made no frames."
            return None
        path, space = (result.pattern, None) if turn else (result.source, result.space)
        try:
            frames = ",".join(map(str, sorted(result.told))) if turn else ""
            return self._stack.enter_context(open_clip(path, frames, space))
        except AnswerprintError as refused:
            self._why[turn] = refused.title
            return None

    def pairs(self, box: tuple[int, int]) -> Iterator[Pair]:
        """Every frame that was wanted, in order; pictures fit into `box`, width and height.

        Both sides of a frame are read at once.
        """
        with ThreadPoolExecutor(2) as pool:
            for number in self.result.wanted:
                sides = [pool.submit(self._side, turn, number, box) for turn in (0, 1)]
                yield Pair(number, sides[0].result(), sides[1].result())

    def _side(self, turn: int, number: int, box: tuple[int, int]) -> Side:
        clip = self._clips[turn]
        if clip is None:
            return Side(None, self._why[turn])
        try:
            with clip.open(number) as frame:
                code = _code(frame, clip, box)
                return Side(code, clock=_clock(frame, self._rate))
        except AnswerprintError as refused:
            return Side(None, refused.title)

    def facts(self) -> Facts:
        numbers = self.result.wanted
        ends = (self._clock(numbers[0]), self._clock(numbers[-1])) if numbers else ("", "")
        there = [each for each in self._clips if each]
        return Facts(self._rate, _aspect(there[-1]) if there else Facts.aspect, ends)

    def _clock(self, number: int) -> str:
        for clip in self._clips[::-1]:
            try:
                if clip:
                    with clip.open(number) as frame:
                        if told := _clock(frame, self._rate):
                            return told
            except AnswerprintError:
                continue  # the other side may tell it
        return ""

    def close(self) -> None:
        self._stack.close()

    def __enter__(self) -> Sides:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _aspect(clip: Clip) -> float:
    part = next((each for each in clip.parts if each.colour), clip.parts[0])
    return part.display.width * part.pixel_aspect / part.display.height


def _code(frame: Frame, clip: Clip, box: tuple[int, int]) -> np.ndarray:
    """The display window in a box of that width and height; light is reduced, then shown."""
    index, _, window = shown(frame)
    part = frame.parts[index]
    whole = part.display
    wide, tall = fitted(whole.width * part.pixel_aspect / whole.height, box)
    across, down = wide / whole.width, tall / whole.height
    inner = max(1, round(window.width * across)), max(1, round(window.height * down))
    light, valid = picture_of(frame, clip.space, min(inner[0], window.width))
    code = colour.through_view(light)
    code[~valid] = 0
    code = np.nan_to_num(code, nan=0.0)
    smaller = code.shape[1] > inner[0] or code.shape[0] > inner[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    code = np.asarray(cv2.resize(code, inner, interpolation=method), np.float32)
    left = round((window.x + part.data.x - whole.x) * across) + (box[0] - wide) // 2
    top = round((window.y + part.data.y - whole.y) * down) + (box[1] - tall) // 2
    canvas = np.zeros((box[1], box[0], 3), np.float32)
    room = canvas[top : top + inner[1], left : left + inner[0]]
    room[:] = code[: room.shape[0], : room.shape[1]]
    return canvas


def fitted(aspect: float, box: tuple[int, int]) -> tuple[int, int]:
    """The largest size of that aspect in a box; at least one pixel."""
    wide = min(box[0], max(1, round(box[1] * aspect)))
    return wide, min(box[1], max(1, round(wide / aspect)))


def _clock(frame: Frame, rate: Fraction | None) -> str:
    packed = frame.parts[0].metadata.get("smpte:TimeCode")
    if not packed:
        return ""
    rate = rate or Fraction(30)  # the digits are the file's own at any rate that holds them
    count, drop = frames_of(int(packed[0]), rate)
    return timecode(count, rate, drop)
