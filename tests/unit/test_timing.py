"""Which moment of a shot stands at each frame of its retime."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from pictures import save

from answerprint.edit.timing import Timing, along, at_speed, of_edit
from answerprint.errors import BadInput, BadParameter

HALF = Fraction(1, 2)


def test_half_speed_stands_halfway_between_and_ends_at_the_last() -> None:
    timing = at_speed(1001, 1003, HALF)
    assert timing.first == 1001
    assert timing.positions == (1001, 1001 + HALF, 1002, 1002 + HALF, 1003)


def test_backwards_starts_at_the_last_frame_and_keeps_the_first_number() -> None:
    timing = at_speed(1001, 1005, Fraction(-2))
    assert (timing.first, timing.positions) == (1001, (1005, 1003, 1001))


@pytest.mark.parametrize(
    ("source", "result", "hour"),
    [(Fraction(24000, 1001), 25, 90_000), (Fraction(25), 24, 86_400), (Fraction(24), 60, 216_000)],
)
def test_a_change_of_rate_is_exact_to_the_last_frame_of_an_hour(
    source: Fraction, result: int, hour: int
) -> None:
    frames = int(source * 3600) + 2
    timing = at_speed(1, frames, Fraction(1), source / result)
    assert timing.positions[hour] - timing.positions[0] == source * 3600
    assert timing.last == timing.first + len(timing.positions) - 1
    assert timing.positions[-1] <= frames


def test_nothing_lies_outside_at_any_speed() -> None:
    for speed in ("0.3", "1.7", "-0.7", "-3.1", "1000"):
        timing = at_speed(10, 57, Fraction(speed))
        assert timing.outside(10, 57) == ()
        assert timing.keys()[0][0] == 10


@pytest.mark.parametrize(
    ("speed", "rates", "count", "last"),
    [
        ("0.5", Fraction(1), 20, 10 + HALF),
        ("-0.5", Fraction(1), 20, HALF),
        ("2", Fraction(1), 5, 9),
        ("3", Fraction(1), 4, 10),
        ("-4", Fraction(1), 3, 2),
        ("1", Fraction(24, 25), 10, 1 + 9 * Fraction(24, 25)),
        ("1", Fraction(30, 25), 8, 1 + 7 * Fraction(6, 5)),
        ("1000", Fraction(1), 1, 1),
    ],
)
def test_the_whole_running_time_may_be_asked_for(
    speed: str, rates: Fraction, count: int, last: Fraction
) -> None:
    timing = at_speed(1, 10, Fraction(speed), rates, whole=True)
    assert (len(timing.positions), timing.positions[-1]) == (count, last)


def test_a_freeze_without_a_length_and_an_endless_retime_are_refused() -> None:
    for speed in ("0", "0.0000001"):
        with pytest.raises(BadParameter) as refused:
            at_speed(1, 1000, Fraction(speed))
        assert refused.value.hint


def test_a_curve_is_straight_between_its_pairs() -> None:
    timing = along(["1001:1001, 1005:1003", "1007:1010.5"])
    assert timing.first == 1001
    assert timing.positions[:5] == (1001, 1001 + HALF, 1002, 1002 + HALF, 1003)
    assert timing.positions[5:] == (Fraction("1006.75"), Fraction("1010.5"))
    assert timing.keys() == [[1001, 1001.0], [1005, 1003.0], [1007, 1010.5]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1001", "no pair"),
        ("1001:a", "no pair"),
        ("1001.5:1001", "no pair"),
        ("1001:1001", "single pair"),
        ("1005:1001,1001:1005", "from frame 1005"),
        ("1:1,1:2", "from frame 1 "),
        ("1:1,99999999:2", "would have"),
        ("", "no pair"),
    ],
)
def test_a_curve_that_is_none_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadParameter) as refused:
        along([text])
    assert said in refused.value.title
    assert refused.value.hint


def test_what_lies_outside_is_told_and_may_be_held() -> None:
    timing = along(["1:-1,5:3"])
    assert timing.outside(0, 2) == (1, 5)
    held = timing.held(0, 2)
    assert held.positions == (0, 0, 1, 2, 2)
    assert held.keys() == [[1, 0.0], [2, 0.0], [4, 2.0], [5, 2.0]]


def test_the_pace_is_the_larger_of_both_sides() -> None:
    timing = Timing(1, (Fraction(0), Fraction(1), Fraction(4), Fraction(4)))
    assert [timing.pace(n) for n in range(1, 5)] == [1, 3, 3, 0]


# --- out of an edit ------------------------------------------------------------------------


def edit(folder: Path, *speeds: float, name: str = "p") -> str:
    """A cut at 24 of `name`'s frames 1003 on, twelve for each speed."""
    clips = []
    for speed in speeds:
        source = otio.opentime.TimeRange(
            otio.opentime.RationalTime(1003, 24), otio.opentime.RationalTime(12, 24)
        )
        media = otio.schema.ImageSequenceReference(
            target_url_base=str(folder),
            name_prefix=f"{name}.",
            name_suffix=".exr",
            start_frame=1001,
            frame_zero_padding=4,
            rate=24,
            available_range=otio.opentime.TimeRange(
                otio.opentime.RationalTime(1001, 24), otio.opentime.RationalTime(40, 24)
            ),
        )
        clip = otio.schema.Clip(name, media, source)
        if speed != 1:
            clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=speed))
        clips.append(clip)
    timeline = otio.schema.Timeline("cut", global_start_time=otio.opentime.RationalTime(0, 24))
    timeline.tracks.append(otio.schema.Track("V1", clips))
    path = str(folder / "cut.otio")
    otio.adapters.write_to_file(timeline, path)
    return path


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    for number in range(1001, 1041):
        save(tmp_path / f"p.{number}.exr", np.zeros((2, 2, 3), np.float16))
    return tmp_path


def of(folder: Path, path: str) -> Timing:
    return of_edit(path, str(folder / "p.1001.exr"), "p", 1001, 1040)


@pytest.mark.parametrize(("speed", "last"), [(0.5, 1008.5), (2.0, 1025.0)])
def test_a_retime_of_an_edit_is_followed(shot: Path, speed: float, last: float) -> None:
    timing = of(shot, edit(shot, speed))
    assert len(timing.positions) == 12
    assert (timing.first, timing.positions[0]) == (1001, 1003)
    assert float(timing.positions[-1]) == last


def test_a_retime_of_an_edit_that_runs_backwards_is_followed(shot: Path) -> None:
    timing = of(shot, edit(shot, -1.0))
    assert [int(p) for p in timing.positions] == list(range(1014, 1002, -1))


def test_the_one_retime_among_plain_uses_is_taken(shot: Path) -> None:
    assert of(shot, edit(shot, 1.0, 0.5, 1.0)).positions[1] == 1003 + HALF


@pytest.mark.parametrize(
    ("speeds", "name", "said"),
    [((1.0,), "p", "own speed"), ((0.5, 2.0), "p", "several ways"), ((0.5,), "q", "does not show")],
)
def test_what_an_edit_does_not_say_is_refused(
    shot: Path, speeds: tuple[float, ...], name: str, said: str
) -> None:
    with pytest.raises(BadInput) as refused:
        of(shot, edit(shot, *speeds, name=name))
    assert said in refused.value.title
    assert refused.value.hint
