"""An EXR's `timeCode`: 32 bits of SMPTE ST 12-1 time, one number for each frame.

Source: SMPTE ST 12-1; the layout of OpenEXR's `timeCode` (TV60 packing).
"""

from __future__ import annotations

from fractions import Fraction

from answerprint.frames.gradefiles import frames_of

FASTEST = 40
"""Frames a second: above it no timecode counts single frames."""


def packed(count: int, base: int, drop: bool) -> int:
    """A count of frames since 00:00:00:00, at `base` numbers a second."""
    if drop:
        skip = base // 15
        tens, rest = divmod(count, base * 600 - 9 * skip)
        count += 9 * skip * tens + skip * max(0, (rest - skip) // (base * 60 - skip))
    seconds, frames = divmod(count, base)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    word = 0
    for value, bit in ((frames, 0), (seconds, 8), (minutes, 16), (hours % 24, 24)):
        word |= (value % 10 | value // 10 << 4) << bit
    return word | drop << 6


def advanced(word: int, frames: int, rate: Fraction) -> int:
    """The `timeCode` so many frames later (earlier: below 0), over midnight too.

    rate   of the clip. ValueError above FASTEST.
    """
    base = max(1, round(rate))
    if base > FASTEST:
        raise ValueError(f"no timecode counts {base} frames a second")
    count, drop = frames_of(word, rate)
    day, _ = frames_of(packed(base * 86400 - 1, base, False) | drop << 6, rate)
    return packed((count + frames) % (day + 1), base, drop)
