"""CMX 3600 as it is really written: rates, drop frame, speeds, dissolves, names, comments."""

from fractions import Fraction

import opentimelineio as otio
import pytest

from answerprint.edit.edl import read_edl
from answerprint.edit.timecode import carried, count_of, drops, exact
from answerprint.errors import BadInput

HEAD = "TITLE: reel 2\nFCM: NON-DROP FRAME\n\n"


def edl(*lines, head=HEAD, rate=None):
    """(timeline, rate, drop, warnings) of a list."""
    return read_edl(head + "\n".join(lines) + "\n", "reel2.edl", rate)


def event(number, source, record, reel="A001", how="V     C       "):
    return f"{number:03d}  {reel:<8} {how} {' '.join((*source, *record))}"


def clips(timeline):
    return list(timeline.find_clips())


ONE = event(1, ("01:00:10:00", "01:00:12:00"), ("01:00:00:00", "01:00:02:00"))


def test_an_event_has_its_ranges_and_number():
    timeline, _, drop, _ = edl(
        ONE.replace("001  ", "017  ", 1), "* FROM CLIP NAME: night 01", rate=24
    )
    (clip,) = clips(timeline)
    assert clip.name == "night 01"
    assert clip.metadata["cmx_3600"]["number"] == 17
    assert clip.metadata["cmx_3600"]["reel"] == "A001"
    assert (clip.source_range.start_time.value, clip.source_range.duration.value) == (86640, 48)
    assert timeline.global_start_time.value == 86400
    assert timeline.name == "reel 2"
    assert not drop


@pytest.mark.parametrize(
    ("source", "record", "rate"),
    [
        (("01:00:00:00", "01:00:01:23"), ("01:00:00:00", "01:00:01:23"), 24),
        (("01:00:00:00", "01:00:01:24"), ("01:00:00:00", "01:00:01:24"), 25),
        (("01:00:00:00", "01:00:01:29"), ("01:00:00:00", "01:00:01:29"), 30),
        (("01:00:00:20", "01:00:01:05"), ("01:00:00:00", "01:00:00:10"), 25),  # 9 and 10 at 24
    ],
)
def test_the_rate_is_the_one_that_the_timecodes_allow_and_is_said(source, record, rate):
    _, found, _, said = edl(event(1, source, record))
    assert found == rate
    assert any(f"{rate} is taken" in each for each in said)


def test_a_rate_that_was_named_is_taken_without_a_word():
    timeline, rate, _, said = edl(ONE, rate=Fraction(24000, 1001))
    assert rate == Fraction(24000, 1001)
    assert said == []
    assert clips(timeline)[0].source_range.start_time.value == 86640


def test_a_rate_that_cannot_be_is_refused_with_the_timecode():
    late = event(1, ("01:00:00:00", "01:00:01:24"), ("01:00:00:00", "01:00:01:24"))
    with pytest.raises(BadInput, match="01:00:01:24") as refused:
        edl(late, rate=Fraction(24))
    assert "rate" in refused.value.hint


def test_drop_frame_is_counted_as_it_is_shown():
    ends = ("00:00:59;28", "00:01:00;04")  # ;00 and ;01 are left out
    timeline, rate, drop, _ = edl(
        event(1, ends, ("01:00:00;00", "01:00:00;04")), head="TITLE: x\nFCM: DROP FRAME\n"
    )
    assert (rate, drop) == (Fraction(30000, 1001), True)
    assert clips(timeline)[0].source_range.start_time.value == 1798
    assert clips(timeline)[0].source_range.duration.value == 4
    assert timeline.global_start_time.value == 107892


def test_a_speed_stands_beside_a_drop_frame_timecode():
    timeline, *_ = edl(
        event(1, ("01:00:00;00", "01:00:02;00"), ("01:00:00;00", "01:00:01;00")),
        "M2   A001       060.0                01:00:00;00",
        head="FCM: DROP FRAME\n",
    )
    (clip,) = clips(timeline)
    assert clip.effects[0].time_scalar == pytest.approx(2.0, abs=0.01)
    assert clip.source_range.duration.value == 30


@pytest.mark.parametrize(("fps", "scalar"), [("048.0", 2.0), ("-024.0", -1.0), ("012.0", 0.5)])
def test_m2_is_the_speed(fps, scalar):
    (clip,) = clips(edl(ONE, f"M2   A001       {fps}                01:00:10:00", rate=24)[0])
    assert [e.time_scalar for e in clip.effects] == [scalar]


def test_a_freeze_is_one_and_loses_its_suffix():
    still = event(1, ("01:00:10:00", "01:00:10:01"), ("01:00:00:00", "01:00:02:00"))
    lines = ("M2   A001   000.0   01:00:10:00", "* FROM CLIP NAME: night FF", "* * FREEZE FRAME")
    (clip,) = clips(edl(still, *lines, rate=24)[0])
    assert isinstance(clip.effects[0], otio.schema.FreezeFrame)
    assert clip.name == "night"
    assert clip.source_range.duration.value == 48


def test_lengths_that_differ_without_m2_are_said_and_the_others_stand():
    odd = event(2, ("01:00:00:00", "01:00:03:00"), ("01:00:02:00", "01:00:04:00"))
    timeline, *_, said = edl(ONE, odd, rate=24)
    assert [len(c.effects) for c in clips(timeline)] == [0, 1]
    assert clips(timeline)[1].effects[0].time_scalar == 1.5
    assert any("Event 2: 72 frames of source for 48 of record" in each for each in said)


def test_a_dissolve_keeps_the_clip_before_running():
    timeline, *_ = edl(
        ONE,
        "* FROM CLIP NAME: one",
        event(2, ("01:00:12:00", "01:00:12:00"), ("01:00:02:00", "01:00:02:00")),
        event(2, ("02:00:00:00", "02:00:02:00"), ("01:00:02:00", "01:00:04:00"), "B002", "V D 012"),
        "* FROM CLIP NAME: one",
        "* TO CLIP NAME: two",
        rate=24,
    )
    track = timeline.tracks[0]
    assert [type(each).__name__ for each in track] == ["Clip", "Transition", "Clip"]
    assert [c.name for c in clips(timeline)] == ["one", "two"]
    assert (track[1].in_offset.value, track[1].out_offset.value) == (0, 12)


def test_gaps_and_overlaps_keep_their_place():
    later = event(2, ("01:00:00:00", "01:00:01:00"), ("01:00:04:00", "01:00:05:00"))
    over = event(3, ("01:00:00:00", "01:00:01:00"), ("01:00:04:12", "01:00:05:12"))
    timeline, *_, said = edl(ONE, later, over, rate=24)
    assert [len(track) for track in timeline.tracks] == [3, 2]
    starts = [c.transformed_time_range(c.source_range, timeline.tracks) for c in clips(timeline)]
    assert [round(s.start_time.value) for s in starts] == [0, 96, 108]
    assert any("Event 3 lies over another" in each for each in said)


def test_events_come_in_the_order_of_the_record():
    first = event(9, ("01:00:00:00", "01:00:01:00"), ("00:59:59:00", "01:00:00:00"))
    found = [c.metadata["cmx_3600"]["number"] for c in clips(edl(ONE, first, rate=24)[0])]
    assert found == [9, 1]


def test_sound_is_counted_and_not_read():
    timeline, *_, said = edl(ONE, ONE.replace("V     C", "AA    C"), rate=24)
    assert len(clips(timeline)) == 1
    assert any("events of sound (1)" in each for each in said)


@pytest.mark.parametrize(
    "lines",
    [
        ("*ASC_SOP (1.1 1 0.9)(0.01 0 -0.02)(1 1.05 1)", "*ASC_SAT 0.9"),
        ("* ASC_SOP: (1.1, 1, 0.9) (0.01, 0, -0.02) (1, 1.05, 1)", "* ASC_SAT: 0.9"),
        ("ASC_SOP (1.1e0 1 .9)( 1e-2 0 -0.02 )(1 1.05 1)", "ASC_SAT .9"),
    ],
)
def test_a_cdl_is_read_in_all_its_spellings(lines):
    (clip,) = clips(edl(ONE, *lines, rate=24)[0])
    sop = clip.metadata["cdl"]["asc_sop"]
    assert list(sop["slope"]) == [1.1, 1, 0.9]
    assert list(sop["offset"]) == [0.01, 0, -0.02]
    assert list(sop["power"]) == [1, 1.05, 1]
    assert clip.metadata["cdl"]["asc_sat"] == 0.9


def test_files_locators_and_the_rest_are_kept():
    timeline, *_ = edl(
        ONE,
        "* SOURCE FILE: A001C003_200101",
        "* LOC: 01:00:00:12 RED     ANIM FIX NEEDED",
        "* something else",
        rate=24,
    )
    (clip,) = clips(timeline)
    assert list(clip.metadata["cmx_3600"]["files"]) == ["A001C003_200101"]
    assert list(clip.metadata["cmx_3600"]["comments"]) == ["something else"]
    (marker,) = clip.markers
    assert (marker.name, marker.color) == ("ANIM FIX NEEDED", "RED")
    assert marker.marked_range.start_time.value == 86640 + 12  # a locator has record time


def test_comments_below_a_sound_line_are_the_pictures():
    sound = ONE.replace("V     C", "AA    C")
    said = (
        "* FROM CLIP NAME: night 01",
        "* ASC_SOP (1.1 1 1)(0 0 0)(1 1 1)",
        "* LOC: 01:00:00:10 RED x",
    )
    timeline, *_ = edl(ONE, sound, *said, "M2   A001       048.0       01:00:10:00", rate=24)
    (clip,) = clips(timeline)
    assert clip.name == "night 01"
    assert clip.metadata["cdl"]["asc_sop"]["slope"][0] == 1.1
    assert [m.name for m in clip.markers] == ["x"]
    assert clip.effects[0].time_scalar == 2.0


def test_what_a_picture_was_told_stands_over_its_sounds_comments():
    sound = ONE.replace("V     C", "AA    C")
    speeds = [f"M2   A001       {fps}       01:00:10:00" for fps in ("048.0", "024.0")]
    names = ["* FROM CLIP NAME: night 01", "* FROM CLIP NAME: music.wav"]
    timeline, *_ = edl(ONE, names[0], speeds[0], sound, names[1], speeds[1], rate=24)
    (clip,) = clips(timeline)
    assert (clip.name, clip.effects[0].time_scalar) == ("night 01", 2.0)


def test_a_sound_of_the_same_number_far_away_tells_the_picture_nothing():
    other = event(2, ("01:00:10:00", "01:00:12:00"), ("01:00:02:00", "01:00:04:00"))
    sound = ONE.replace("V     C", "AA    C")
    timeline, *_ = edl(ONE, other, sound, "* FROM CLIP NAME: music.wav", rate=24)
    assert [clip.name for clip in clips(timeline)] == ["", ""]


def test_a_dissolve_with_sound_keeps_the_names_of_both_sides():
    a = event(1, ("01:00:10:00", "01:00:10:00"), ("01:00:00:00", "01:00:00:00"))
    ends = (("01:00:20:00", "01:00:22:00"), ("01:00:00:00", "01:00:02:00"))
    b, sound = event(1, *ends, "B001", "V     D    024"), event(1, *ends, "B001", "AA    D    024")
    first = event(1, ("01:00:08:00", "01:00:10:00"), ("00:59:58:00", "01:00:00:00"))
    names = ("* FROM CLIP NAME: day", "* TO CLIP NAME: night")
    timeline, *_ = edl(first.replace("001", "009", 1), a, b, sound, *names, rate=24)
    assert [clip.name for clip in clips(timeline)] == ["", "night"]


def test_a_line_that_cannot_be_read_is_said():
    *_, said = edl(ONE, "002  B002 V C 01:00:00:00 01:00:01:00 half a line", rate=24)
    assert any(each.startswith("Line 5 ") and "half a line" in each for each in said)


def test_no_event_at_all_is_refused():
    with pytest.raises(BadInput, match=r"reel2\.edl holds no event"):
        edl("* nothing")


def test_timecodes_count_as_they_do_in_smpte():
    df = Fraction(30000, 1001)
    assert count_of("01:00:00;00", df, True) == 107892
    assert count_of("00:10:00;00", df, True) == 17982
    assert count_of("00:01:00;02", df, True) == 1800
    assert count_of("01:00:00:00", Fraction(24000, 1001)) == 86400
    assert (drops("00:00:00;00"), drops("00:00:00:00")) == (True, False)
    for wrong in ("01:60:00:00", "01:00:00:24", "1:00", "01:00:00"):
        with pytest.raises(ValueError, match="timecode"):
            count_of(wrong, Fraction(24))


def test_rates_are_films_and_counts_of_like_rates_carry_over():
    assert exact(23.976, "x") == exact(23.98, "x") == Fraction(24000, 1001)
    assert exact(29.97, "x") == Fraction(30000, 1001)
    for wrong in (0, -24, float("nan"), float("inf")):
        with pytest.raises(BadInput, match="reel"):
            exact(wrong, "The reel")
    assert carried(86400, Fraction(24), Fraction(24000, 1001)) == 86400
    assert carried(86400, Fraction(24), Fraction(25)) == 90000


@pytest.mark.parametrize(
    ("sop", "sat"), [("as graded", "0.9"), ("(1.1 1 1)(0 0 0)(1 1 1)", "much"), ("?", "")]
)
def test_half_a_cdl_is_none(sop, sat):
    timeline, _, _, said = edl(ONE, f"* ASC_SOP {sop}", f"* ASC_SAT {sat}", rate=24)
    assert "cdl" not in clips(timeline)[0].metadata
    assert [text for text in said if "Event 1: its CDL cannot be read" in text]


@pytest.mark.parametrize(
    "line", ["1" * 5000 + ONE[3:], "M2   A001  " + "9" * 400 + "  01:00:10:00"]
)
def test_numbers_without_an_end_are_said(line):
    timeline, _, _, said = edl(ONE, line, rate=24)
    assert len(clips(timeline)) == 1
    assert len(said) == 1
