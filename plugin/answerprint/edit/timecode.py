"""Timecode as text to a count of frames, and rates as film means them.

Convention
    count   frames since 00:00:00:00 at the rate rounded to whole frames, as `gradefiles.timecode`
            writes it: 01:00:00:00 is 86400 at 24 and at 24000/1001.
    drop    29.97 and 59.94 leave out 2 (4) numbers at each minute but every tenth.

Source: SMPTE ST 12-1.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from answerprint.errors import BadInput
from answerprint.frames.still import rate_of

LARGEST = 2.0**40  # frames: no count of film comes near it
TIMECODE = r"\d{1,2}[:;.]\d\d[:;.]\d\d[:;.]\d{2,3}"
_PARTS = re.compile(r"(\d{1,2})[:;.](\d\d)[:;.](\d\d)([:;.])(\d{2,3})")


def exact(rate: float, what: str) -> Fraction:
    """A rate as film counts it: 23.976 and 23.98 are 24000/1001. BadInput for 0, NaN, Inf."""
    found = _film_rate(rate)
    if found is None or not 1 <= found <= 1000:
        raise BadInput(f"{what} has a rate of {rate:g} frames per second.", "Export it again.")
    return found


@lru_cache
def _film_rate(rate: float) -> Fraction | None:
    found = rate_of(rate)
    if found and abs(found - (slowed := Fraction(round(found) * 1000, 1001))) < 0.005:
        return slowed
    return found


def drops(text: str) -> bool:
    """Whether a timecode is written as drop frame: its last sign is ; or a point."""
    return re.search(r"[;.]\d+$", text.strip()) is not None


def frames_in(text: str) -> int:
    """The last number of a timecode: frames within its second."""
    return int(text.strip()[-2:])


def count_of(text: str, rate: Fraction, drop: bool = False) -> int:
    """A timecode's count of frames. ValueError where it is none at this rate."""
    parts = _PARTS.fullmatch(text.strip())
    if parts is None:
        raise ValueError(f"'{text}' is no timecode")
    hours, minutes, seconds, frames = (int(parts[i]) for i in (1, 2, 3, 5))
    base = max(1, round(rate))
    if frames >= base or minutes > 59 or seconds > 59:
        raise ValueError(f"'{text}' is no timecode at {base} frames per second")
    minutes += 60 * hours
    skipped = base // 15 * (minutes - minutes // 10) if drop and base % 30 == 0 else 0
    return (minutes * 60 + seconds) * base + frames - skipped


def since(start: int, text: str, rate: Fraction, drop: bool = False) -> int:
    """Frames from a count to a timecode, by midnight where that is nearer. ValueError as above."""
    day = count_of("24:00:00:00", rate, drop)
    return (count_of(text, rate, drop) - start + day // 2) % day - day // 2


def carried(count: float, here: Fraction, there: Fraction) -> int:
    """A count at one rate as a count at another.

    Rates that count alike (24 and 24000/1001) have the same timecode for the same count; others
    have the same time.
    """
    if not abs(count) <= LARGEST:
        raise BadInput(f"The edit has a time of {count:g} frames.", "Export it again.")
    if round(here) == round(there):
        return round(count)
    return round(Fraction(count) * there / here)
