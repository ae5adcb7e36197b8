"""Markers on a cut: on the exact frames, and nothing else of the document changes."""

import json
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from edits import clip, edl, external, saved, sequence, span, time
from hypothesis import given
from hypothesis import strategies as st

from answerprint.edit.cut import read_cut, read_with_clips
from answerprint.edit.locators import write_locators
from answerprint.edit.marked import COLOURS, markers_of, marks_of, write_marked
from answerprint.errors import CannotWrite
from answerprint.frames.grade import Cdl
from answerprint.frames.gradefiles import timecode


def row(frame, colour="red", text="a glass moved", name="thing", id="a1", length=1):
    return {
        "id": id,
        "frame": frame,
        "length": length,
        "colour": colour,
        "name": name,
        "text": text,
    }


def marked(path, out, *rows, **more):
    """Write the markers; (what was said, the timeline as OTIO reads it)."""
    cut, document, clips = read_with_clips(str(path))
    said = write_marked(cut, document, clips, rows, Path(out), **more)
    return said, otio.adapters.read_from_file(str(out))


def found(path, **how):
    return markers_of(read_with_clips(str(path), **how)[1])


def ours(timeline):
    """(frame, length, colour, name, text, ids) of our markers, as OTIO has them."""
    return [
        (
            each.marked_range.start_time.value,
            each.marked_range.duration.value,
            each.color,
            each.name,
            each.comment,
            list(each.metadata["answerprint"]["ids"]),
        )
        for each in timeline.tracks.markers
        if "answerprint" in each.metadata
    ]


def bare(timeline):
    """The whole document as text, without our markers."""
    timeline = timeline.deepcopy()
    for each in list(timeline.tracks.markers):
        if "answerprint" in each.metadata:
            timeline.tracks.markers.remove(each)
    return timeline.to_json_string()


@pytest.fixture
def rich(tmp_path):
    """A cut with a bit of everything, and an artist's markers on the timeline and on a clip."""
    pattern = sequence(tmp_path / "in")
    first = clip("A001", external(pattern, 86400, 24), span(86404, 8))
    first.effects.append(otio.schema.Effect("glow", "Blur", {"amount": 0.1 + 0.2}))
    first.metadata["facility"] = {"note": "mañana", "odd": [1, 2.5, None, True]}
    first.markers.append(otio.schema.Marker("soft?", span(86406, 2), "PINK"))
    path = saved(
        tmp_path / "reel.otio",
        first,
        otio.schema.Transition("", "SMPTE_Dissolve", time(2), time(3)),
        clip("B001", external(pattern, 86400, 24), span(86408, 8)),
        otio.schema.Gap(source_range=span(0, 12)),
        clip("C001", otio.schema.MissingReference(), span(0, 4)),
    )
    timeline = otio.adapters.read_from_file(path)
    sound = otio.schema.Track("A1", kind="Audio")
    sound.append(clip("boom", otio.schema.MissingReference(), span(0, 20, 48000.0)))
    timeline.tracks.append(sound)
    mine = otio.schema.Marker("mine", span(9, 3), "ORANGE", {"who": "me"}, "ask the director")
    timeline.tracks.markers.append(mine)
    otio.adapters.write_to_file(timeline, path)
    return path


def test_a_marker_stands_on_its_frame(rich, tmp_path):
    _, timeline = marked(rich, tmp_path / "cut.otio", row(11, length=4))
    assert ours(timeline) == [(11, 4, "RED", "thing", "a glass moved", ["a1"])]
    assert timeline.tracks.markers[-1].marked_range.start_time.rate == 24


def test_findings_of_one_frame_are_one_marker_the_worst_first(rich, tmp_path):
    rows = [
        row(3, "blue", "25 fps", "mixed rates", "a"),
        row(3, "red", "a glass moved", "thing", "b", length=5),
        row(4, "green", "jump", "jump cut", "c"),
        row(3, "yellow", "0.5 stop up", "exposure", "d"),
    ]
    _, timeline = marked(rich, tmp_path / "cut.otio", *rows)
    text = "a glass moved\n0.5 stop up\n25 fps"
    name = "thing, exposure, mixed rates"
    assert ours(timeline) == [
        (3, 5, "RED", name, text, ["b", "d", "a"]),
        (4, 1, "GREEN", "jump cut", "jump", ["c"]),
    ]


def test_nothing_else_of_the_document_changes(rich, tmp_path):
    before = otio.adapters.read_from_file(rich)
    _, after = marked(rich, tmp_path / "cut.otio", row(0), row(23))
    assert bare(after) == bare(before)
    assert len(ours(after)) == 2


def test_what_was_read_stays_as_it_is(rich, tmp_path):
    cut, document, clips = read_with_clips(rich)
    before = document.timeline.to_json_string()
    cdls = {"A001": Cdl(slope=(2, 1, 1))}
    write_marked(cut, document, clips, [row(0)], tmp_path / "cut.otio", cdls)
    assert document.timeline.to_json_string() == before


def test_writing_again_replaces_ours_and_no_others(rich, tmp_path):
    _, first = marked(rich, tmp_path / "one.otio", row(0), row(7, id="old"))
    _, again = marked(tmp_path / "one.otio", tmp_path / "two.otio", row(9, id="new"), row(2))
    assert [(m[0], m[5]) for m in ours(again)] == [(2, ["a1"]), (9, ["new"])]
    artists = [
        [json.loads(m.to_json_string()) for m in t.tracks.markers if m.name == "mine"]
        for t in (otio.adapters.read_from_file(rich), first, again)
    ]
    assert len(artists[0]) == 1
    assert artists[0] == artists[1] == artists[2]
    assert again.find_clips()[0].markers[0].name == "soft?"


def test_no_findings_leave_no_marker_of_ours(rich, tmp_path):
    marked(rich, tmp_path / "one.otio", row(0))
    _, clean = marked(tmp_path / "one.otio", tmp_path / "two.otio")
    assert bare(clean) == clean.to_json_string() == bare(otio.adapters.read_from_file(rich))


def test_a_second_marker_of_a_frame_is_said(rich, tmp_path):
    said, _ = marked(rich, tmp_path / "cut.otio", row(9), row(10))
    assert [each for each in said if "01:00:00:09" in each]
    assert not [each for each in said if "01:00:00:10" in each]


def test_all_markers_of_a_cut_are_read_where_they_stand(rich, tmp_path):
    marked(rich, tmp_path / "cut.otio", row(20, "cyan", id="x"))
    told = [(m.frame, m.length, m.colour, m.name, m.ids) for m in found(tmp_path / "cut.otio")]
    assert told == [
        (2, 2, "pink", "soft?", ()),
        (9, 3, "orange", "mine", ()),
        (20, 1, "cyan", "thing", ("x",)),
    ]


def test_a_marker_of_what_a_clip_does_not_show_is_none_of_the_cuts(tmp_path):
    pattern = sequence(tmp_path / "in")
    shot = clip("A001", external(pattern, 86400, 24), span(86404, 8))
    for at in (86403, 86404, 86411, 86412):
        shot.markers.append(otio.schema.Marker(str(at), span(at, 1)))
    path = saved(tmp_path / "reel.otio", shot)
    assert [(m.frame, m.name) for m in found(path)] == [(0, "86404"), (7, "86411")]


def test_a_marker_within_a_nest_stands_where_its_window_shows_it(tmp_path):
    shot = clip("A001", otio.schema.MissingReference(), span(100, 20))
    shot.markers.extend(otio.schema.Marker(str(at), span(at, 1)) for at in (103, 104, 113, 114))
    nest = otio.schema.Stack("nest", [otio.schema.Track("in", [shot])], source_range=span(4, 10))
    path = saved(tmp_path / "reel.otio", otio.schema.Gap(source_range=span(0, 50)), nest)
    assert [(m.frame, m.name) for m in found(path)] == [(50, "104"), (59, "113")]


@pytest.mark.parametrize("rate", [24000 / 1001, 23.976, 23.98, 25.0, 30000 / 1001, 60000 / 1001])
def test_frames_are_exact_at_every_rate(tmp_path, rate):
    """Ten hours in, where a rate that is rounded has lost frames."""
    length = 36000 * round(rate)
    shot = clip("A001", otio.schema.MissingReference(), span(0, length, rate))
    path = saved(tmp_path / "reel.otio", shot, start=0, rate=rate)
    wanted = [0, 1, length // 2 + 1, length - 1]
    marked(path, tmp_path / "cut.otio", *(row(n) for n in wanted))
    assert [m.frame for m in found(tmp_path / "cut.otio")] == wanted


@pytest.mark.parametrize("word", ["DROP", "NON-DROP"])
@pytest.mark.parametrize("hour", ["01:00:00", "01:00:10"])
def test_drop_frame_stays_what_it_was(tmp_path, word, hour):
    """OTIO has no word for it, and our reader goes by the first hour where nothing says it."""
    sign = ";" if word == "DROP" else ":"
    event = "001  A001     V     C        00:01:00:02 00:01:09:02"
    ends = f"{hour}{sign}00 {hour[:-1]}9{sign}00"
    (tmp_path / "r.edl").write_text(f"FCM: {word} FRAME\n{event} {ends}\n")
    cut, document, clips = read_with_clips(str(tmp_path / "r.edl"), rate="29.97")
    assert cut.drop == (word == "DROP")
    write_marked(cut, document, clips, [row(30)], tmp_path / "cut.otio")
    back = read_cut(str(tmp_path / "cut.otio"))
    assert (back.rate, back.drop, back.start) == (cut.rate, cut.drop, cut.start)
    at = cut.start + found(tmp_path / "cut.otio")[0].frame
    assert timecode(at, back.rate, back.drop) == f"{hour[:-1]}{int(hour[-1]) + 1}{sign}00"


def test_an_edl_becomes_otio_with_its_media_and_all_it_said(tmp_path):
    sequence(tmp_path / "media", "A001", timecode=86400)
    path = edl(
        tmp_path / "r.edl",
        (
            "A001",
            86404,
            8,
            "* FROM CLIP NAME: A001",
            "*ASC_SOP (2 1 1)(0 0 0)(1 1 1)",
            "*ASC_SAT 1",
        ),
        ("B001", 86404, 8, "* FROM CLIP NAME: lost"),
    )
    cut, document, clips = read_with_clips(path, str(tmp_path / "media"), "24")
    write_marked(cut, document, clips, [row(3)], tmp_path / "cut.otio")
    back = read_cut(str(tmp_path / "cut.otio"))
    for old, new in zip(cut.events, back.events, strict=True):
        assert (new.record, new.source, new.frames, new.cdl) == (
            (old.record, old.source, old.frames, old.cdl)
        )
        assert (new.number, new.reel, new.name) == (old.number, old.reel, old.name)
    assert back.events[0].media.path == cut.events[0].media.path
    assert back.events[1].media is None


def test_what_a_reference_said_beside_its_path_stays(tmp_path):
    pattern = sequence(tmp_path / "media", "A001", timecode=86400)
    path = edl(tmp_path / "r.edl", ("A001", 86404, 8, "* FROM CLIP NAME: A001"))
    cut, document, clips = read_with_clips(path, str(tmp_path / "media"), "24")
    clips[0].media_reference = external("elsewhere.mov", 86400, 24)
    clips[0].media_reference.metadata["camera"] = "A"
    write_marked(cut, document, clips, [], tmp_path / "cut.otio")
    (shot,) = otio.adapters.read_from_file(str(tmp_path / "cut.otio")).find_clips()
    assert shot.media_reference.target_url == pattern.replace("%04d", "[1001-1024]")
    assert shot.media_reference.metadata["camera"] == "A"
    assert shot.media_reference.available_range == span(86400, 24)


def test_media_beside_the_edit_is_found_from_another_folder(tmp_path):
    sequence(tmp_path / "show" / "in")
    shot = clip("A001", external("in/plate.[1001-1024].exr", 86400, 24), span(86404, 8))
    path = saved(tmp_path / "show" / "reel.otio", shot)
    (tmp_path / "out").mkdir()
    said, _ = marked(path, tmp_path / "out" / "cut.otio", row(0))
    assert [each for each in said if "own folder" in each]
    assert read_cut(str(tmp_path / "out" / "cut.otio")).events[0].frames == (1005, 1012)
    said, beside = marked(path, tmp_path / "show" / "cut.otio", row(0))
    assert not said
    assert beside.find_clips()[0].media_reference.target_url == "in/plate.[1001-1024].exr"


@pytest.mark.parametrize("suffix", [".otiod", ".otioz"])
def test_media_of_a_bundle_is_found_from_outside_of_it(tmp_path, suffix):
    frames = sequence(tmp_path / "in", count=1).replace("%04d", "1001")
    path = saved(tmp_path / "reel.otio", clip("A001", external(frames, 0, 1), span(0, 1)))
    bundle = tmp_path / f"reel{suffix}"
    otio.adapters.write_to_file(otio.adapters.read_from_file(path), str(bundle))
    (tmp_path / "out").mkdir()
    marked(bundle, tmp_path / "out" / "cut.otio", row(0))
    (event,) = read_cut(str(tmp_path / "out" / "cut.otio")).events
    assert event.frames == (1001, 1001)
    assert "reel" in event.media.path


def test_a_new_cdl_replaces_the_edits_own(rich, tmp_path):
    cdl = Cdl((1.123457, 1, 0.9), (0.01, 0, -0.012346), (1, 1.05, 0.95), 0.9)
    marked(rich, tmp_path / "cut.otio", cdls={"B001": cdl})
    events = {e.id: e.cdl for e in read_cut(str(tmp_path / "cut.otio")).events}
    assert events["A001"] is None
    assert Cdl.of(events["B001"]) == cdl


def test_our_locators_of_an_edl_are_replaced_and_the_artists_are_not(tmp_path):
    path = edl(tmp_path / "r.edl", ("A001", 86404, 24, "* LOC: 01:00:04:06 RED     mine"))
    cut, document, clips = read_with_clips(path, rate="24")
    write_locators(cut, document, clips, [row(2, id="q"), row(9)], tmp_path, "listed")
    again = read_with_clips(str(tmp_path / "listed.edl"), rate="24")
    told = [(m.frame, m.name, m.ids) for m in markers_of(again[1])]
    assert told[:2] == [(2, "mine", ()), (2, "thing: a glass moved", ("q",))]
    assert told[2:] == [(9, "thing: a glass moved", ("a1",))]
    write_marked(*again, [row(5, id="z")], tmp_path / "cut.otio")
    told = [(m.frame, m.name, m.ids) for m in found(tmp_path / "cut.otio")]
    assert told == [(2, "mine", ()), (5, "thing", ("z",))]
    assert "ANSWERPRINT" not in (tmp_path / "cut.otio").read_text()


def test_an_artist_may_write_as_we_do(tmp_path):
    path = edl(tmp_path / "r.edl", ("A001", 86404, 24, "* ANSWERPRINT 99:99:99:99 RED abc"))
    assert found(path, rate="24") == []


def test_a_file_is_there_whole_or_not_at_all(rich, tmp_path):
    with pytest.raises(CannotWrite):
        marked(rich, tmp_path / "nowhere" / "cut.otio", row(0))
    (tmp_path / "cut.otio").write_text("before")
    with pytest.raises(KeyError, match="purple"):
        marked(rich, tmp_path / "cut.otio", row(0), row(1, "purple"))
    assert (tmp_path / "cut.otio").read_text() == "before"


rows_ = st.lists(
    st.builds(
        row,
        frame=st.integers(0, 6),
        colour=st.sampled_from(COLOURS),
        text=st.sampled_from("xyz"),
        id=st.text("abc", min_size=1, max_size=3),
        length=st.integers(1, 5),
    )
)


@given(rows_)
def test_no_finding_gets_lost_in_joining(rows):
    marks = marks_of(rows)
    assert [m.frame for m in marks] == sorted({r["frame"] for r in rows})
    for mark in marks:
        here = [r for r in rows if r["frame"] == mark.frame]
        assert sorted(mark.ids) == sorted({r["id"] for r in here})
        assert set(mark.text.split("\n")) == {r["text"] for r in here}
        assert COLOURS.index(mark.colour) == min(COLOURS.index(r["colour"]) for r in here)
        assert mark.length == max(r["length"] for r in here)


def test_rates_of_the_document_are_kept_in_its_own_spelling(tmp_path):
    shot = clip("A001", otio.schema.MissingReference(), span(0, 24, 23.98))
    path = saved(tmp_path / "reel.otio", shot, start=0, rate=23.98)
    _, timeline = marked(path, tmp_path / "cut.otio", row(5))
    assert timeline.tracks.markers[0].marked_range.start_time.rate == 23.98
    assert read_cut(str(tmp_path / "cut.otio")).rate == Fraction(24000, 1001)
