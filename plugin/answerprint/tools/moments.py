"""Frames of a clip at any moment, and what a shutter sees that is open from one to another.

Convention
    moment   a place in the source's frame numbers, a Fraction: 1004 is that frame, 2009/2 lies
             halfway to the next.
    pair     two neighbours, the earlier first; `Around` makes what lies between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import ceil, floor
from typing import Any, Literal

import numpy as np

from answerprint.edit.timing import Timing
from answerprint.errors import BadInput
from answerprint.frames import colour
from answerprint.frames.channels import kind
from answerprint.frames.layers import Decoded, Layers
from answerprint.tools.job import Whole
from answerprint.vision.bend import Turn, bent
from answerprint.vision.between import Middle, middle
from answerprint.vision.flow import LARGE, Motion, motions
from answerprint.vision.rebuild import Around

Method = Literal["motion", "blend", "nearest"]

STROBE = 1 / 400
"""Of the width: what moves farther from one moment of a shutter to the next is seen twice."""
FASTEST = 0.995
"""Share of the picture that moves no faster than what counts."""
MOST = 100
"""Steps of a shutter from one frame to the next, at most: motion is found to a quarter of the
frame, which is so many times STROBE."""
KEPT = 3
"""Pairs whose motion is kept, where frames are not large: the one that is made and those beside."""
HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Playback:
    """How a clip is to be played.

    cuts     frames at which another shot begins. seen: those that have a picture.
    blur     share of a frame of the result, 0..1, for which its shutter is open.
    """

    timing: Timing
    cuts: Sequence[int]
    seen: Sequence[int]
    method: Method
    blur: Fraction


class Maker:
    """Makes the frames; keeps the motion of pairs for the next ones."""

    def __init__(self, asked: Playback, device: str) -> None:
        self._timing, self._method, self._blur = asked.timing, asked.method, asked.blur
        self._device = device
        self._cuts, self._seen = set(asked.cuts), set(asked.seen)
        self._around: Around | None = None
        self._flows: dict[Any, tuple[Motion, Motion]] = {}

    # --- which ---

    def place(self, number: int) -> Fraction:
        """The moment that is shown: the whole one, where a whole one is taken."""
        at = self._timing.positions[number - self._timing.first]
        if self._method == "nearest" or self._cut_in(at):
            return Fraction(ceil(at - HALF))
        return at

    def at_cut(self, number: int) -> bool:
        return self._cut_in(self._timing.positions[number - self._timing.first])

    def copied(self, number: int) -> bool:
        return len(self.rests_on(number)) == 1

    def rests_on(self, number: int) -> tuple[int, ...]:
        at = self.place(number)
        if opened := self._open(number):
            frames = range(floor(opened[0]), ceil(opened[1]) + 1)
            return tuple(sorted(frames, key=lambda n: (abs(n - at), n)))
        low, high = floor(at), ceil(at)
        if low == high:
            return (low,)
        pair = (low, high) if at - low <= high - at else (high, low)
        return (*pair, *self._beside(low, high))

    def _cut_in(self, at: Fraction) -> bool:
        return floor(at) != ceil(at) and ceil(at) in self._cuts

    def _beside(self, low: int, high: int) -> tuple[int, ...]:
        """The frames beside a pair, which tell how the pace changes; () at an end of a shot."""
        same = low not in self._cuts and high + 1 not in self._cuts
        around = (low - 1, high + 1)
        return around if self._method == "motion" and same and self._seen >= {*around} else ()

    def _open(self, number: int) -> tuple[Fraction, Fraction] | None:
        """First and last moment that the shutter adds to the frame's own; None: it adds none."""
        wide = self._blur * (self._timing.pace(number) - 1)
        if wide <= 0:
            return None
        at, nearest = self.place(number), ceil(self.place(number) - HALF)
        first, last = self._reach
        low = max([first, *(n for n in self._cuts if n <= nearest)])
        high = min([last, *(n - 1 for n in self._cuts if n > nearest)])
        opened = max(at - wide / 2, Fraction(low)), min(at + wide / 2, Fraction(high))
        return opened if opened[0] < opened[1] else None

    @cached_property
    def _reach(self) -> tuple[int, int]:
        """First and last frame that a shutter may see: those used, and what was looked at beyond
        them without a hole."""
        first, last = floor(min(self._timing.positions)), ceil(max(self._timing.positions))
        while first - 1 in self._seen:
            first -= 1
        while last + 1 in self._seen:
            last += 1
        return first, last

    def ends(self, number: int) -> tuple[int, int]:
        """The two frames of the source that it lies between; the first and the last that a shutter
        sees."""
        first, last = self._open(number) or (self.place(number),) * 2
        return floor(first), ceil(last)

    # --- making ---

    def make(self, number: int, layers: Layers) -> Whole | None:
        if opened := self._open(number):
            return self._shuttered(self.rests_on(number), opened, layers)
        at = self.place(number)
        if at.denominator == 1:
            return None
        rests = self.rests_on(number)
        low, high = floor(at), ceil(at)
        around = self._pair(low, high, rests[0], layers)
        found = self._found(around, at)
        if rests[2:]:
            turns = self._turns(around, *rests[2:])
            found = bent(found, turns, 1)
        made = around.frame(found, number)
        told = {
            "retimed": self._method,
            "from": sorted(rests),
            "at": str(at),
            "confidence": round(float(made.sure.mean()), 3),
        }
        qc = {"mask.Y": np.ones_like(made.sure), "confidence.Y": made.sure}
        return Whole(made.layers, qc, told)

    def _pair(self, low: int, high: int, lender: int, layers: Layers) -> Around:
        around = self._around
        if around is None or (around.first, around.second) != (low, high):
            around = self._around = None  # memory: before the next one is made
            around = Around(layers, low, high, lender, device=self._device)
            around.motions = self._motions(around, low, high)
            self._around = around
        around.lender = lender  # of the same two frames: nothing is searched for again
        return around

    def _motions(self, around: Around, low: int, high: int) -> tuple[Motion, Motion]:
        """From one frame to another and back, on the canvas of a pair."""
        key = (low, high, around.canvas)
        if (found := self._flows.get(key)) is None:
            first, second = (around.light(n)[0] for n in (low, high))
            found = motions(first, second, device=self._device)
            if not _large(around):
                while len(self._flows) >= KEPT:
                    del self._flows[next(iter(self._flows))]
                self._flows[key] = found
        return found

    def _turns(self, around: Around, before: int, after: int) -> tuple[Turn | None, Turn | None]:
        if _large(around):
            one, other = around.turns(before, after)
            return one, other
        onward, back = around.motions
        _, past = self._motions(around, before, around.first)
        coming, _ = self._motions(around, around.second, after)
        return Turn.of(onward, past, 1), Turn.of(back, coming, 1)

    def _found(self, around: Around, at: Fraction) -> Middle:
        t = float(at - around.first)
        if self._method == "blend":
            return _mixed(around, t)
        first, second = (around.light(n)[0] for n in (around.first, around.second))
        return middle(first, second, t, around.motions, device=self._device)

    # --- a shutter ---

    def _shuttered(
        self, rests: Sequence[int], opened: tuple[Fraction, Fraction], layers: Layers
    ) -> Whole:
        """The mean of light and mattes while the shutter is open; other channels are those of the
        nearest frame."""
        nearest, (begin, end) = rests[0], opened
        lent = layers.frame(nearest)
        pictured = any(part.colour for part in lent.parts)
        mean, count = _Mean(nearest, lent), 0
        sure: np.ndarray = np.zeros((1, 1), np.float32)
        for low in range(floor(begin), ceil(end)):
            span = max(begin, Fraction(low)), min(end, Fraction(low + 1))
            around = None
            if self._method == "motion" and pictured:
                lender = nearest if nearest == low + 1 else low
                around = Around(layers, low, low + 1, lender, regrain=False, device=self._device)
                around.motions = self._motions(around, low, low + 1)
                seen = _moments_seen(span, _fineness(around))
            else:
                seen = _frames_seen(span, halves=self._method == "nearest")
            for moment, time in seen.items():
                share = np.float32(time / (end - begin))
                if moment.denominator == 1:
                    frame = layers.frame(int(moment))
                    mean.add(int(moment), frame, frame.layers, share)
                    sure = sure + share
                else:
                    assert around
                    found = replace(self._found(around, moment), ways=(), shares=())
                    made = around.frame(found, nearest)  # one way: blurred, the others do not show
                    whole = layers.frame(around.lender)
                    mean.add(around.lender, whole, made.layers, share)
                    sure = sure + share * made.sure
                    count += 1
        told = {"retimed": "blur", "from": sorted(rests), "between": count}
        if not pictured:
            return Whole(mean.layers(), {}, told)
        window = lent.parts[layers.picture(nearest)[0]].data
        sure = np.array(np.broadcast_to(sure, (window.height, window.width)))
        return Whole(mean.layers(), {"mask.Y": np.ones_like(sure), "confidence.Y": sure}, told)


def _large(around: Around) -> bool:
    """Whether motion takes too much memory to be kept for the next pair."""
    return around.canvas.width * around.canvas.height > LARGE


def _fineness(around: Around) -> int:
    """Steps from one frame to the next, so that nothing strobes."""
    speed = np.linalg.norm(around.motions[0].flow, axis=-1)
    steps = ceil(float(np.quantile(speed, FASTEST)) / (STROBE * around.canvas.width))
    return min(max(1, steps), MOST)


def _moments_seen(span: tuple[Fraction, Fraction], fine: int) -> dict[Fraction, Fraction]:
    """The moments at which a shutter is sampled from one moment to another within a pair, and how
    long it sees each: both ends and even steps of 1 / fine at most (trapezoid rule). A span that
    is no longer than a step and has no frame of the source at an end is seen at its middle."""
    begin, end = span
    steps = ceil((end - begin) * fine)
    if steps == 1 and begin.denominator > 1 and end.denominator > 1:
        return {(begin + end) / 2: end - begin}
    step = (end - begin) / steps
    inner = {begin + k * step: step for k in range(1, steps)}
    return {begin: step / 2, **inner, end: step / 2}


def _frames_seen(span: tuple[Fraction, Fraction], halves: bool) -> dict[Fraction, Fraction]:
    """The two frames of a pair and how long a shutter sees each from one moment to another: where
    they are mixed by how near they are; halves: where the nearer one stands."""
    low = Fraction(floor(span[0]))
    begin, end = (at - low for at in span)
    of_high = max(end, HALF) - max(begin, HALF) if halves else (end**2 - begin**2) / 2
    times = {low: end - begin - of_high, low + 1: of_high}
    return {at: time for at, time in times.items() if time > 0}


class _Mean:
    """The weighted mean of frames that are laid out as one of them: of light as light, and of
    mattes; other channels are that one's."""

    def __init__(self, number: int, lent: Decoded) -> None:
        self._number, self._lent = number, lent
        self._twin = colour.linear_twin(lent.space)
        self._made = [layer.astype(np.float32) for layer in lent.layers]
        for part, made in zip(lent.parts, self._made, strict=True):
            made[..., _averaged(part.channels)] = 0

    def add(
        self, number: int, frame: Decoded, layers: Sequence[np.ndarray], share: np.float32
    ) -> None:
        """layers: of the frame of that number. Raises BadInput where it is laid out otherwise."""
        laid = [(part.data, part.channels) for part in frame.parts]
        if laid != [(part.data, part.channels) for part in self._lent.parts]:
            raise BadInput(
                f"Frame {number} has other windows or channels than frame {self._number}.",
                "Retime it without --blur.",
            )
        for part, made, layer in zip(self._lent.parts, self._made, layers, strict=True):
            values = layer.astype(np.float32)
            self._moved(part.colour, values, frame.space, self._twin)
            mixed = _averaged(part.channels)
            made[..., mixed] += share * values[..., mixed]

    def layers(self) -> list[np.ndarray]:
        for part, made in zip(self._lent.parts, self._made, strict=True):
            self._moved(part.colour, made, self._twin, self._lent.space)
        return self._made

    @staticmethod
    def _moved(
        views: Sequence[tuple[int, int, int]],
        values: np.ndarray,
        here: colour.Space,
        there: colour.Space,
    ) -> None:
        for view in views:
            values[..., list(view)] = colour.convert(values[..., list(view)], here, there)


def _averaged(channels: Sequence[str]) -> list[int]:
    return [at for at, name in enumerate(channels) if kind(name) in ("light", "matte")]


def _mixed(around: Around, t: float) -> Middle:
    """Both frames where they are, the second with the share t."""
    size = (around.canvas.height, around.canvas.width)
    still = np.zeros((*size, 2), np.float32)
    weight = np.full(size, t, np.float32)
    forward, backward = around.motions
    sure = np.minimum(forward.sure, backward.sure)
    return Middle(still, still, weight, sure, t)
