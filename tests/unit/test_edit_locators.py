"""Markers and CDLs as CMX 3600 lists: read back by OpenTimelineIO's adapter and by ours."""

import re
from fractions import Fraction

import opentimelineio as otio
import pytest
from edits import clip, edl, external, saved, sequence, span, time
from hypothesis import given
from hypothesis import strategies as st

from answerprint.edit.cut import read_cut, read_with_clips
from answerprint.edit.locators import LONGEST, locator_text, write_locators
from answerprint.edit.marked import Mark, markers_of
from answerprint.frames.grade import Cdl

CDL = Cdl((1.123457, 1, 0.9), (0.01, 0, -0.012346), (1, 1.05, 0.95), 0.9)


def row(frame, colour="red", text="a glass moved", id="a1", length=1):
    return {
        "id": id,
        "frame": frame,
        "length": length,
        "colour": colour,
        "name": "thing",
        "text": text,
    }


def listed(path, tmp_path, *rows, rate=None, **more):
    """Write the lists as `made`; (files, what was said)."""
    made = write_locators(*read_with_clips(str(path), rate=rate), rows, tmp_path, "made", **more)
    return made.files, made.warnings


def locators(path):
    return re.findall(r"^\* LOC: (\S+) (\w+) +(.*)$", path.read_text(), re.M)


@pytest.fixture
def reel(tmp_path):
    """Two clips after a dissolve, a gap and a third."""
    pattern = sequence(tmp_path / "in")
    return saved(
        tmp_path / "reel.otio",
        clip("A001", external(pattern, 86400, 24), span(86404, 8)),
        otio.schema.Transition("", "SMPTE_Dissolve", time(2), time(3)),
        clip("B001", external(pattern, 86400, 24), span(86408, 8)),
        otio.schema.Gap(source_range=span(0, 12)),
        clip("C001", external(pattern, 86400, 24), span(86400, 4)),
    )


def test_a_locator_stands_at_its_record_timecode(reel, tmp_path):
    files, _ = listed(reel, tmp_path, row(0), row(5, "yellow"), row(30, "cyan"))
    assert files == ("made.edl", "made.markers.edl")
    assert locators(tmp_path / "made.edl") == [
        ("01:00:00:00", "RED", "thing: a glass moved"),
        ("01:00:00:05", "YELLOW", "thing: a glass moved"),
        ("01:00:01:06", "CYAN", "thing: a glass moved"),
    ]


def test_opentimelineios_adapter_reads_the_same_cut(reel, tmp_path):
    listed(reel, tmp_path, row(7, "green", "jump"), row(29, "blue"), cdls={"B001": CDL})
    read = otio.adapters.read_from_file(str(tmp_path / "made.edl"), rate=24)
    clips = read.find_clips()
    assert [c.name for c in clips] == ["A001", "B001", "C001"]
    ranges = [(c.source_range.start_time.value, c.source_range.duration.value) for c in clips]
    assert ranges == [(86404, 6), (86406, 10), (86400, 4)], "the dissolve begins at its first frame"
    told = [
        (each.marked_range.start_time.value, each.color, each.name)
        for found in clips
        for each in found.markers
    ]
    assert told == [(86407, "GREEN", "thing: jump"), (86429, "BLUE", "thing: a glass moved")]
    sop = clips[1].metadata["cdl"]["asc_sop"]
    assert [list(sop[n]) for n in ("slope", "offset", "power")] == [
        list(CDL.slope),
        list(CDL.offset),
        list(CDL.power),
    ]
    assert clips[1].metadata["cdl"]["asc_sat"] == 0.9
    assert "cdl" not in clips[0].metadata


@pytest.mark.parametrize("speed", [-1.0, -2.0])
def test_what_runs_backwards_shows_the_same_frames_from_a_list(tmp_path, speed):
    pattern = sequence(tmp_path / "in", count=60, timecode=86400)
    shots = [clip(n, external(pattern, 86400, 60), span(86412, 8)) for n in ("A001", "B001")]
    for each in shots:
        each.effects.append(otio.schema.LinearTimeWarp(time_scalar=speed))
    over = otio.schema.Transition("", "SMPTE_Dissolve", time(2), time(3))
    path = saved(tmp_path / "reel.otio", shots[0], over, shots[1])
    listed(path, tmp_path)
    one, two = (
        [
            (e.source[0] - e.head, e.source[1] + e.tail)
            for e in read_with_clips(each, rate="24")[0].events
        ]
        for each in (path, str(tmp_path / "made.edl"))
    )
    assert one == two


def test_our_reader_gets_frames_ids_and_cdls_back(reel, tmp_path):
    """A marker in the gap is below the event before it."""
    listed(reel, tmp_path, row(6, id="b"), row(20, "cyan", id="c"), cdls={"C001": CDL})
    cut, document, _ = read_with_clips(str(tmp_path / "made.edl"), rate="24")
    assert [(m.frame, m.colour, m.ids) for m in markers_of(document)] == [
        (6, "red", ("b",)),
        (20, "cyan", ("c",)),
    ]
    assert [e.record for e in cut.events] == [(86400, 86406), (86406, 86416), (86428, 86432)]
    assert Cdl.of(cut.events[2].cdl) == CDL
    assert cut.events[0].cdl is None


def test_the_edits_own_cdls_are_written_too(tmp_path):
    shot = clip("A001", otio.schema.MissingReference(), span(0, 8))
    sop = {"slope": [2, 1, 1], "offset": [0, 0, 0], "power": [1, 1, 1]}
    shot.metadata["cdl"] = {"asc_sop": sop, "asc_sat": 0.5}
    listed(saved(tmp_path / "reel.otio", shot), tmp_path)
    found = read_cut(str(tmp_path / "made.edl"), rate="24").events[0].cdl
    assert Cdl.of(found) == Cdl(slope=(2, 1, 1), saturation=0.5)


def test_drop_frame_is_written_as_it_counts(tmp_path):
    (tmp_path / "r.edl").write_text(
        "FCM: DROP FRAME\n001  A001 V C 00:01:00;02 00:03:00;02 01:00:00;00 01:02:00;00\n"
    )
    listed(tmp_path / "r.edl", tmp_path, row(1799), row(1800), rate="29.97")
    assert [each[0] for each in locators(tmp_path / "made.edl")] == ["01:00:59;29", "01:01:00;02"]
    assert "FCM: DROP FRAME" in (tmp_path / "made.edl").read_text()
    back = read_with_clips(str(tmp_path / "made.edl"), rate="29.97")
    assert (back[0].drop, back[0].rate) == (True, Fraction(30000, 1001))
    assert [m.frame for m in markers_of(back[1])] == [1799, 1800]


def test_what_is_cut_off_or_respelt_is_said(reel, tmp_path):
    _, said = listed(
        reel,
        tmp_path,
        row(1, text="x" * 200),
        row(2, text="+0.5 ± 0.03 stop\nvon Gräfin"),
        row(3, text="杯子"),
    )
    texts = [each[2] for each in locators(tmp_path / "made.edl")]
    assert len(texts[0]) == LONGEST
    assert texts[0].endswith("x...")
    assert texts[1:] == ["thing: +0.5 +- 0.03 stop / von Grafin", "thing: ??"]
    assert [s for s in said if "letters" in s and "01:00:00:01" in s and "00:02" not in s]
    assert [s for s in said if "ASCII" in s and "01:00:00:03" in s and "00:02" not in s]


def test_an_artists_markers_are_locators_of_the_nearest_colour(tmp_path):
    shot = clip("A001", otio.schema.MissingReference(), span(100, 8))
    shot.markers.append(otio.schema.Marker("soft?", span(103, 1), "PINK"))
    _, said = listed(saved(tmp_path / "reel.otio", shot), tmp_path, row(3))
    told = [("01:00:00:03", "RED", "soft?"), ("01:00:00:03", "RED", "thing: a glass moved")]
    assert locators(tmp_path / "made.edl") == told
    assert [s for s in said if "Colours" in s]
    owned = [m.ids for m in markers_of(read_with_clips(str(tmp_path / "made.edl"), rate="24")[1])]
    assert owned == [(), ("a1",)]


def test_tracks_are_lists_of_their_own_and_the_first_has_the_locators(tmp_path):
    path = saved(tmp_path / "reel.otio", clip("A", otio.schema.MissingReference(), span(0, 8)))
    timeline = otio.adapters.read_from_file(path)
    above = otio.schema.Track("Video 2")
    above.append(otio.schema.Gap(source_range=span(0, 2)))
    above.append(clip("B", otio.schema.MissingReference(), span(5, 3)))
    off = clip("C", otio.schema.MissingReference(), span(5, 3))
    off.enabled = False
    above.append(off)
    timeline.tracks.append(above)
    otio.adapters.write_to_file(timeline, path)
    files, said = listed(path, tmp_path, row(3))
    assert files == ("made.edl", "made.V2.edl", "made.markers.edl")
    assert len(locators(tmp_path / "made.edl")) == 1
    assert not locators(tmp_path / "made.V2.edl")
    events = read_cut(str(tmp_path / "made.V2.edl"), rate="24").events
    assert [(e.name, e.record) for e in events] == [("B", (86402, 86405))]
    assert [s for s in said if "switched off: 003 C" in s]
    assert [s for s in said if "one track" in s]


def test_what_a_list_cannot_hold_is_said(tmp_path):
    first = clip("A", otio.schema.MissingReference(), span(100, 8))
    first.effects.append(otio.schema.Effect("", "Blur"))
    wipe = otio.schema.Transition("", "Custom_Transition", time(1), time(1))
    last = clip("B", otio.schema.MissingReference(), span(100, 8, 25.0))
    out = otio.schema.Transition("", "SMPTE_Dissolve", time(2), time(2))
    _, said = listed(saved(tmp_path / "reel.otio", first, wipe, last, out), tmp_path)
    told = "\n".join(said)
    assert "fade from or to black: 002 B" in told
    assert "effects: 001 A" in told
    assert "cut's rate: 002 B" in told
    assert "another kind (1)" in told


def test_nothing_is_said_of_a_cut_that_a_list_holds(reel, tmp_path):
    assert listed(reel, tmp_path, row(3))[1] == ()


def test_what_a_list_said_itself_is_written_again(tmp_path):
    path = edl(
        tmp_path / "r.edl",
        ("A001", 86404, 24, "* FROM CLIP NAME: night", "* SOURCE FILE: A001.mov", "* TAKE 3 GOOD"),
    )
    listed(path, tmp_path, row(3), rate="24")
    text = (tmp_path / "made.edl").read_text()
    assert "* SOURCE FILE: A001.mov\n" in text
    assert "* TAKE 3 GOOD\n" in text
    _, again, clips = read_with_clips(str(tmp_path / "made.edl"), rate="24")
    assert list(clips[0].metadata["cmx_3600"]["files"]) == ["A001.mov"]
    assert len(markers_of(again)) == 1


def test_no_text_of_an_edit_can_break_a_list(tmp_path):
    row_ = "\n002  X V C 00:00:00:00 00:00:01:00 00:00:01:00 00:00:02:00"
    shot = clip(f"A{row_}", otio.schema.MissingReference(), span(0, 8))
    shot.metadata["cmx_3600"] = {"comments": [f"x{row_}"], "files": [f"y{row_}"]}
    shot.markers.append(otio.schema.Marker(f"m{row_}", span(2, 1), "MAGENTA"))
    path = saved(tmp_path / "reel.otio", shot)
    listed(path, tmp_path, row(1, text=f"z{row_}"))
    for name in ("made.edl", "made.markers.edl"):
        lines = (tmp_path / name).read_text().splitlines()
        assert not [each for each in lines if each.startswith("002  X")]
    assert "|C:ResolveColorFuchsia" in (tmp_path / "made.markers.edl").read_text()


def test_resolve_gets_the_markers_alone(reel, tmp_path):
    listed(reel, tmp_path, row(6, "yellow", "3 glasses | moved\nback", length=4))
    lines = (tmp_path / "made.markers.edl").read_text().splitlines()
    assert lines[3].split() == ["001", "001", "V", "C"] + ["01:00:00:06", "01:00:00:07"] * 2
    assert lines[4] == "- 3 glasses / moved back |C:ResolveColorYellow |M:thing |D:4"
    assert len(read_cut(str(tmp_path / "made.markers.edl"), rate="24").events) == 1


@given(st.text(max_size=300), st.text(max_size=20))
def test_a_locator_is_one_line_of_ascii(text, name):
    told, _ = locator_text(Mark(0, 1, "red", name, text))
    assert re.fullmatch(r"[ -~]*", told)
    assert len(told) <= LONGEST
    assert "  " not in told
