"""An EXR's timecode, some frames on."""

from __future__ import annotations

from fractions import Fraction

import pytest

from answerprint.frames.gradefiles import frames_of
from answerprint.frames.timecode import advanced, packed

FILM, NTSC = Fraction(24), Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("word", "frames", "rate", "then"),
    [
        (0x01000023, 1, FILM, 0x01000100),
        (0x01000100, -1, FILM, 0x01000023),
        (0x00000029 | 0x40 | 0x5900, 1, NTSC, 0x00010002 | 0x40),  # drop frame: 00:01:00;02
        (0x23595923, 1, FILM, 0x00000000),
        (0x00000000, -1, FILM, 0x23595923),
        (0x23595929 | 0x40, 1, NTSC, 0x40),
    ],
)
def test_a_timecode_goes_on(word: int, frames: int, rate: Fraction, then: int) -> None:
    assert hex(advanced(word, frames, rate)) == hex(then)


@pytest.mark.parametrize("drop", [False, True])
def test_what_is_packed_is_counted_again(drop: bool) -> None:
    for count in (0, 1, 1799, 1800, 17981, 17982, 107892, 2589407):
        assert frames_of(packed(count, 30, drop), NTSC) == (count, drop)


def test_a_rate_that_timecode_does_not_count_is_refused() -> None:
    with pytest.raises(ValueError, match="60 frames a second"):
        advanced(0, 1, Fraction(60))
