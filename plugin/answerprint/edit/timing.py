"""Which moment of a shot stands at each frame of its retime, exactly.

Convention
    position   a moment of the source in its frame numbers, a Fraction: 1004 is that frame, 2009/2
               lies halfway to the next.
    rates      as film means them: 23.976 is 24000/1001. A change of rate keeps the running time.
    ends       nothing is made of moments before the source's first or after its last frame.
    curve      pairs of a frame of the result and a position, straight between.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from answerprint.edit.cut import Event, read_cut
from answerprint.errors import BadInput, BadParameter

MOST = 1_000_000
"""Frames of a retime; beyond it is a slip of the finger."""
_PAIR = re.compile(r"\s*(-?\d+)\s*:\s*(-?\d+(?:\.\d+)?(?:/[1-9]\d*)?)\s*")

_NUMBER = re.compile(r"(%0?\d*d|#+|@+|\d+)(?=\.\w+$)")


@dataclass(frozen=True)
class Timing:
    """The position at each frame of a result, the first of which has the number `first`."""

    first: int
    positions: tuple[Fraction, ...]

    @property
    def last(self) -> int:
        return self.first + len(self.positions) - 1

    def held(self, low: int, high: int) -> Timing:
        """The same, with what lies outside the source at its end."""
        return Timing(
            self.first, tuple(min(max(p, Fraction(low)), Fraction(high)) for p in self.positions)
        )

    def outside(self, low: int, high: int) -> tuple[int, ...]:
        """Numbers of the result whose position the source does not have."""
        return tuple(n for n, p in enumerate(self.positions, self.first) if not low <= p <= high)

    def keys(self) -> list[list[float]]:
        """The fewest pairs that say it, straight between."""
        kept = [0]
        for n in range(1, len(self.positions) - 1):
            before, here, after = self.positions[n - 1 : n + 2]
            if here - before != after - here:
                kept.append(n)
        if len(self.positions) > 1:
            kept.append(len(self.positions) - 1)
        return [[self.first + n, float(self.positions[n])] for n in kept]

    def pace(self, number: int) -> Fraction:
        """Frames of the source from this frame of the result to the next, without a sign."""
        at = number - self.first
        ends = (max(at - 1, 0), min(at + 1, len(self.positions) - 1))
        steps = [
            abs(self.positions[b] - self.positions[a]) for a, b in ((ends[0], at), (at, ends[1]))
        ]
        return max(steps)


def at_speed(
    low: int, high: int, speed: Fraction, rates: Fraction = Fraction(1), whole: bool = False
) -> Timing:
    """The source's frames from low to high at a speed, backwards below 0.

    rates   frames per second of the source over those of the result.
    whole   the whole running time, to the nearest frame: each frame of the source lasts until the
            next would begin, so that the last positions may lie outside. Otherwise, and where that
            gives more, it ends with the last that is inside.

    Raises BadParameter for a speed of 0, which has no end.
    """
    if speed == 0:
        raise BadParameter("speed is 0.", "A freeze has no length: give a --curve.", about="speed")
    step = speed * rates
    count = _whole((high - low) / abs(step)) + 1
    if whole:
        count = max(count, math.ceil((high - low + 1) / abs(step) - Fraction(1, 2)))
    start = low if step > 0 else high
    return Timing(low, tuple(start + n * step for n in range(count)))


def _whole(frames: Fraction) -> int:
    if frames >= MOST:
        raise BadParameter(
            f"The retime would have {math.floor(frames)} frames.",
            f"Use a speed that makes fewer than {MOST}.",
            about="speed",
        )
    return math.floor(frames)


def along(texts: Sequence[str]) -> Timing:
    """The curve that '1001:1001,1050:1020.5' and the like say. Raises BadParameter."""
    pairs: list[tuple[int, Fraction]] = []
    said = ",".join(texts)
    for piece in said.split(","):
        match = _PAIR.fullmatch(piece)
        if match is None:
            raise BadParameter(
                f"curve has '{piece.strip()}', which is no pair.",
                "Write a frame of the result and one of the source: 1001:1001,1050:1020.5",
                about="curve",
            )
        pairs.append((int(match[1]), _exact(match[2])))
    for (one, _), (other, _) in pairwise(pairs):
        if other <= one:
            raise BadParameter(
                f"curve goes from frame {one} of the result to {other}.",
                "Give its pairs in the order of the result's frames.",
                about="curve",
            )
    if len(pairs) < 2:
        raise BadParameter(
            f"curve is '{said}', a single pair.", "Give two pairs or more.", about="curve"
        )
    _whole(Fraction(pairs[-1][0] - pairs[0][0]))
    positions = []
    for (frame, source), (after, onto) in pairwise(pairs):
        step = (onto - source) / (after - frame)
        positions += [source + n * step for n in range(after - frame)]
    return Timing(pairs[0][0], (*positions, pairs[-1][1]))


def _exact(text: str) -> Fraction:
    whole, _, under = text.partition("/")
    return Fraction(whole) / Fraction(under or 1)


# --- out of an edit ------------------------------------------------------------------------


def of_edit(path: str, source: str, name: str, low: int, high: int) -> Timing:
    """How an edit retimes a shot: the one event that shows it at a speed of its own.

    source, name   of the shot: the path of a frame or of the movie, and what people call it.
    low, high      its first and last frame.

    The result starts at the number low. Raises BadInput where the edit shows the shot at its own
    speed, in several ways or not at all.
    """
    cut = read_cut(path)
    what = os.path.basename(path)
    mine = [e for e in cut.events if _shows(e, source, name)]
    if not mine:
        listed = ", ".join(sorted({e.name for e in cut.events})[:6])
        raise BadInput(f"{what} does not show {name}.", f"It shows: {listed}.", about="otio")
    retimed = [e for e in mine if e.speed != 1 or e.rate != cut.rate]
    if not retimed:
        raise BadInput(
            f"{what} shows {name} at its own speed.", "Give a --speed or a --curve.", about="otio"
        )
    ways = {(e.speed, e.record[1] - e.record[0], e.source) for e in retimed}
    if len(ways) > 1:
        told = ", ".join(f"{e.number:03} at {100 * e.speed:g} %" for e in retimed[:6])
        raise BadInput(
            f"{what} retimes {name} in several ways: events {told}.",
            "Give the --speed or --curve of one of them.",
            about="otio",
        )
    return _of_event(retimed[0], cut.rate, low, high)


def _shows(event: Event, source: str, name: str) -> bool:
    if event.media is not None:
        return _bare(event.media.path) == _bare(source)
    return name in (event.name, event.id, os.path.splitext(event.name)[0])


def _bare(path: str) -> str:
    """A path without the number of its frame, however that is written."""
    folder, name = os.path.split(os.path.realpath(path))
    return os.path.join(folder, _NUMBER.sub("", name))


def _of_event(event: Event, rate: Fraction, low: int, high: int) -> Timing:
    count = event.record[1] - event.record[0]
    step = Fraction(event.speed).limit_denominator(100_000) * event.rate / rate
    if event.frames is not None:
        first, last = event.frames[0] + event.head, event.frames[1] - event.tail
    else:  # the media was not found where the edit says: counted from the shot's own first frame
        begin = event.source[0] if low <= event.source[0] <= high else low + event.source[0]
        first, last = begin, begin + event.source[1] - event.source[0] - 1
    start = first if step >= 0 else last
    return Timing(low, tuple(start + n * step for n in range(count)))
