"""Speeds: M2 lines as grading systems write them, and nests that run at a speed of their own."""

from fractions import Fraction

import opentimelineio as otio
import pytest
from edits import clip, saved, span, time

from answerprint.edit.cut import read_cut
from answerprint.edit.edl import read_edl
from answerprint.edit.timeline import Document, placed, speed_of
from answerprint.errors import BadInput

ONE = "001  {reel} V C 01:00:10:00 01:00:12:00 01:00:00:00 01:00:02:00\n"


def events(text, rate=24):
    timeline, *_, said = read_edl("TITLE: r\nFCM: NON-DROP FRAME\n" + text, "r.edl", Fraction(rate))
    return list(timeline.find_clips()), said


@pytest.mark.parametrize(
    ("reel", "line", "speed"),
    [
        ("A001", "M2   A001       048.0                01:00:10:00", 2),
        ("A001", "M2   A001       012.5                01:00:10:00", 12.5 / 24),
        ("A001", "M2   A001       -024.0               01:00:10:00", -1),
        ("A001", "M2   A001       -12                  01:00:10:00", -0.5),
        ("A001", "M2   A001       +36.0                01:00:10:00", 1.5),
        ("A001", "M2   A001       000.0                01:00:10:00", 0),
        ("A001", "M2\tA001\t048.000\t01:00:10:00", 2),
        ("A001", "m2   a001       048.0                01:00:10:00", 2),
        ("A001", "M2   A001       048,0                01:00:10:00", 2),
        ("A001", "M2   A001       048.0", 2),
        ("A001", "M2   048.0      01:00:10:00", 2),
        ("A001", "M2   A001       048.0                01:00:10;00", 2),
        ("A001C003_210501_R2XX", "M2   A001C003   048.0                01:00:10:00", 2),
        ("NIGHT REEL 12", "M2   NIGHT REEL 12   048.0           01:00:10:00", 2),
        ("5", "M2   5          048.0                01:00:10:00", 2),
    ],
)
def test_an_m2_in_each_spelling_is_the_speed(reel, line, speed):
    (shot,), said = events(ONE.format(reel=reel) + line + "\n")
    assert speed_of(shot)[0] == pytest.approx(speed)
    assert shot.metadata["cmx_3600"]["reel"] == reel
    assert not said


def test_a_speed_that_is_the_lists_own_is_none():
    (shot,), _ = events(
        ONE.format(reel="A") + "M2   A   024.0   01:00:10:00\n", Fraction(24000, 1001)
    )
    assert not shot.effects


def test_of_a_dissolve_each_side_has_its_own_speed():
    (one, two), _ = events(
        "001  A001 V C        01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00\n"
        "002  A001 V C        01:00:01:00 01:00:01:00 01:00:01:00 01:00:01:00\n"
        "002  B001 V D    012 02:00:00:00 02:00:02:00 01:00:01:00 01:00:02:00\n"
        "M2   B001       048.0                02:00:00:00\n"
    )
    assert (speed_of(one)[0], speed_of(two)[0]) == (1, 2)


def test_a_dissolve_from_another_clip_than_the_one_before_is_said():
    _, said = events(
        "001  A001 V C        01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00\n"
        "* FROM CLIP NAME: a\n"
        "002  A001 V C        01:00:01:00 01:00:01:00 01:00:01:00 01:00:01:00\n"
        "002  B001 V D    012 02:00:00:00 02:00:01:00 01:00:01:00 01:00:02:00\n"
        "* FROM CLIP NAME: b\n* TO CLIP NAME: c\n"
    )
    assert said == ["Event 2 dissolves from 'b', and before it is 'a', which is taken to go on."]


@pytest.mark.parametrize(
    ("m2", "said"),
    [("M2   A   -024.0   01:00:12:00\n", 0), ("M2   A   024.0   01:00:12:00\n", 0), ("", 1)],
)
def test_a_source_that_ends_before_it_begins_runs_backwards(m2, said):
    back = "001  A V C 01:00:12:00 01:00:10:00 01:00:00:00 01:00:02:00\n"
    (shot,), told = events(back + m2)
    assert speed_of(shot)[0] == -1
    assert shot.source_range == span(86640, 48)
    assert len(told) == said


def test_a_source_over_midnight_runs_forwards():
    late = "001  A V C 23:59:59:00 00:00:01:00 01:00:00:00 01:00:02:00\n"
    (shot,), told = events(late)
    assert speed_of(shot)[0] == 1
    assert shot.source_range == span(2073576, 48)
    assert not told


def test_a_record_over_midnight_is_as_long_in_drop_frame():
    late = "001  A V C 01:00:00;00 01:00:20;00 23:59:50;00 00:00:10;00\n"
    (shot,), told = events(late, Fraction(30000, 1001))
    assert shot.source_range.duration.value == 600
    assert speed_of(shot)[0] == 1
    assert not told


NIGHT = (
    "001  A V C 01:00:00:00 01:00:10:00 23:59:50:00 00:00:00:00\n"
    "002  B V C 01:00:00:00 01:00:10:00 00:00:00:00 00:00:10:00\n"
    "* LOC: 00:00:01:00 RED mend\n"
    "003  C V C 01:00:00:00 01:00:10:00 00:00:10:00 00:00:20:00\n"
)


def test_a_list_that_goes_over_midnight_keeps_its_order():
    shots, told = events(NIGHT)
    assert [each.metadata["cmx_3600"]["reel"] for each in shots] == ["A", "B", "C"]
    assert told == [
        "The list goes over midnight: its events after that are taken for the next day's."
    ]
    assert shots[1].markers[0].marked_range == span(86400 + 24, 1)


def test_a_slate_at_midnight_stays_before_a_late_programme():
    shots, told = events(
        "001  SLATE V C 00:00:00:00 00:00:10:00 00:00:00:00 00:00:10:00\n"
        "002  A V C 01:00:00:00 01:00:10:00 20:00:00:00 20:00:10:00\n"
    )
    assert [each.metadata["cmx_3600"]["reel"] for each in shots] == ["SLATE", "A"]
    assert not told


def test_a_locator_after_midnight_lies_in_its_event():
    (shot,), _ = events(
        "001  A V C 01:00:00:00 01:00:20:00 23:59:50:00 00:00:10:00\n* LOC: 00:00:01:00 RED x\n"
    )
    assert shot.markers[0].marked_range == span(86400 + 11 * 24, 1)


def test_small_letters_are_read_as_capitals():
    (one, two), said = events(
        "001  a001 v c 01:00:10:00 01:00:12:00 01:00:00:00 01:00:02:00\n"
        "* from clip name: night\n* asc_sat 0.8\n"
        "002  bl v c 00:00:00:00 00:00:01:00 01:00:02:00 01:00:03:00\n"
    )
    assert (one.name, one.metadata["cdl"]["asc_sat"]) == ("night", 0.8)
    assert isinstance(two.media_reference, otio.schema.GeneratorReference)
    assert not said


# --- nests ---------------------------------------------------------------------------------


def laid(*children):
    timeline = otio.schema.Timeline("r", global_start_time=time(0))
    timeline.tracks.append(otio.schema.Track("Video 1", children=list(children)))
    return Document(timeline, Fraction(24), False, 0, ())


def nest(speed, first, length):
    """Frames `first` on of two clips of 24 frames each, at a speed."""
    inner = otio.schema.Track("inner")
    inner.extend([clip("a", None, span(100, 24)), clip("b", None, span(200, 24))])
    warp = otio.schema.LinearTimeWarp(time_scalar=speed) if speed else otio.schema.FreezeFrame()
    return otio.schema.Stack("nest", [inner], span(first, length), effects=[warp])


def rows(document):
    return [
        (p.clip.name, tuple(round(at * 24) for at in p.record), round(p.lead * 24), p.speed)
        for p in placed(document)[0]
    ]


@pytest.mark.parametrize(
    ("speed", "found"),
    [
        (2.0, [("a", (10, 17), 5, 2.0), ("b", (17, 22), 0, 2.0)]),
        (0.5, [("a", (10, 22), 20, 0.5)]),
        (-1.0, [("a", (10, 22), 10, -1.0)]),
        (0.0, [("a", (10, 22), 10, 0.0)]),
    ],
)
def test_a_nest_at_a_speed_takes_its_clips_along(speed, found):
    gap = otio.schema.Gap(source_range=span(0, 10))
    assert rows(laid(gap, nest(speed, 10, 12))) == found


def test_a_nest_that_runs_backwards_turns_the_order_of_its_clips():
    assert rows(laid(nest(-1.0, 14, 20))) == [("b", (0, 10), 0, -1.0), ("a", (10, 20), 14, -1.0)]


def test_a_nest_that_runs_backwards_turns_its_transitions():
    inner = otio.schema.Track("inner")
    over = otio.schema.Transition("", "SMPTE_Dissolve", time(3), time(2))
    inner.extend([clip("a", None, span(100, 24)), over, clip("b", None, span(200, 24))])
    warp = otio.schema.LinearTimeWarp(time_scalar=-1.0)
    b, a = placed(laid(otio.schema.Stack("nest", [inner], span(0, 48), effects=[warp])))[0]
    assert [round(n * 24) for n in (b.head, b.tail, b.over, b.onward)] == [0, 3, 0, 5]
    assert [round(n * 24) for n in (a.head, a.tail, a.over, a.onward)] == [2, 0, 5, 0]


def test_a_window_around_a_nest_at_a_speed_cuts_it():
    outer = otio.schema.Stack("outer", [otio.schema.Track("t", [nest(2.0, 0, 24)])], span(6, 12))
    assert rows(laid(outer)) == [("a", (0, 6), 6, 2.0), ("b", (6, 12), 0, 2.0)]


@pytest.mark.parametrize(
    ("own", "around", "source"),
    [(1, 1, 105), (-1, 1, 110), (1, -1, 105), (-1, -1, 110), (-2, 1, 120), (-2, -2, 110)],
)
def test_a_window_cuts_off_what_a_clip_that_runs_backwards_shows_there(
    tmp_path, own, around, source
):
    """Five frames of the timeline from the fifth of a nest on, of a clip of frames 100 to 119."""
    shot = clip("a", None, span(100, 20))
    shot.effects.append(otio.schema.LinearTimeWarp(time_scalar=own))
    window = otio.schema.Stack("nest", [otio.schema.Track("t", children=[shot])], span(5, 5))
    window.effects.append(otio.schema.LinearTimeWarp(time_scalar=around))
    (event,) = read_cut(saved(tmp_path / "r.otio", window)).events
    length = 5 * abs(own * around)
    assert (event.source, event.speed) == ((source, source + length), own * around)


def test_effects_that_are_not_read_are_counted():
    shot = clip("a", None, span(0, 4), effects=[otio.schema.Effect("", "Blur"), warp()])
    other = nest(2.0, 0, 12)
    other.effects.append(otio.schema.Effect("glow", ""))
    assert placed(laid(shot, other))[1] == ["Effects are not read: Blur (1), glow (1)."]


def warp():
    return otio.schema.LinearTimeWarp(time_scalar=2.0)


def test_a_time_effect_without_a_speed_is_said():
    said = speed_of(clip("a", None, span(0, 4), effects=[otio.schema.TimeEffect("", "Ramp")]))
    assert said == (1.0, "it has the time effect 'Ramp', which is not followed")


@pytest.mark.parametrize("scalar", [float("nan"), float("inf"), 1e9])
def test_a_nest_at_no_speed_is_refused(scalar):
    with pytest.raises(BadInput, match="'nest' has a speed of"):
        placed(laid(nest(scalar, 0, 12)))
