"""A cut and its media: which frames of which file each event shows, in any of three formats."""

import json
from pathlib import Path

import opentimelineio as otio
import pytest
from edits import NTSC, clip, edl, external, movie, saved, sequence, span, time

from answerprint.edit.cut import read_cut
from answerprint.edit.media import path_of
from answerprint.errors import BadInput, BadParameter
from answerprint.frames.clip import open_clip


def one(path, **more):
    (event,) = read_cut(path, **more).events
    return event


def seen(event, number):
    """The value of red in a frame of an event's media: the number that its file has."""
    with open_clip(event.media.path) as found:
        return round(float(found.picture(number)[0][0, 0, 0]))


# --- which frames --------------------------------------------------------------------------


@pytest.mark.parametrize("spelt", ["%04d", "[1001-1024]", "1001"])
def test_a_sequence_in_each_spelling_is_counted_from_the_edits_own_start(tmp_path, spelt):
    pattern = sequence(tmp_path / "A 映")
    path = pattern.replace("%04d", spelt)
    event = one(saved(tmp_path / "r.otio", clip("n", external(path, 86400, 24), span(86404, 8))))
    assert event.media.path == pattern
    assert event.frames == (1005, 1012)
    assert event.handles == (4, 12)
    assert event.record == (86400, 86408)
    assert event.start == 86404


def test_otios_own_sequence_reference(tmp_path):
    sequence(tmp_path / "in")
    media = otio.schema.ImageSequenceReference(
        "./in/", "plate.", ".exr", start_frame=1001, rate=24, frame_zero_padding=4
    )
    media.available_range = span(500, 24)
    event = one(saved(tmp_path / "r.otio", clip("n", media, span(510, 3))))
    assert event.frames == (1011, 1013)


def test_a_clip_of_no_length_is_left_out_and_said(tmp_path):
    path = external(movie(tmp_path / "a.mov"), 0, 24)
    parts = [clip(name, path, span(0, length)) for name, length in (("a", 5), ("b", 0), ("c", 1))]
    cut = read_cut(saved(tmp_path / "r.otio", *parts))
    assert [e.record[1] - e.record[0] for e in cut.events] == [5, 1]
    assert "Left out: clips of no length (1): b." in cut.warnings


def test_a_movie_without_timecode_counts_from_1001(tmp_path):
    path = movie(tmp_path / "a.mov")
    event = one(saved(tmp_path / "r.otio", clip("a", external(path, 0, 24), span(10, 5))))
    assert event.frames == (1011, 1015)
    with open_clip(path) as found:
        picture = found.picture(1011)[0].mean()
        assert picture > found.picture(1010)[0].mean()
        assert found.frames[10] == 1011


def test_a_movies_timecode_is_its_numbers(tmp_path):
    path = movie(tmp_path / "a.mov", timecode="01:00:00:00")
    with open_clip(path) as found:
        assert found.frames[0] == 86400
    event = one(saved(tmp_path / "r.otio", clip("a", external(path, 86400, 24), span(86410, 5))))
    assert event.frames == (86410, 86414)
    assert event.why == ""


def test_an_edit_that_counts_otherwise_than_the_file_is_followed_and_said(tmp_path):
    path = movie(tmp_path / "a.mov", timecode="01:00:00:00")
    saved(tmp_path / "r.otio", clip("a", external(path, 0, 24), span(10, 5)))
    cut = read_cut(str(tmp_path / "r.otio"))
    assert cut.events[0].frames == (86410, 86414)
    assert any("from 00:00:00:00, the file from 01:00:00:00" in each for each in cut.warnings)


def test_23_976_is_exact_over_an_hour(tmp_path):
    pattern = sequence(tmp_path / "in")
    rate = 23.976
    gap = otio.schema.Gap(source_range=span(0, 86313, rate))
    event_of = clip("n", external(pattern, 86400, 24, rate), span(86410, 4, rate))
    cut = read_cut(saved(tmp_path / "r.otio", gap, event_of, start=86400, rate=rate))
    assert cut.rate == NTSC
    assert cut.events[0].record == (86400 + 86313, 86400 + 86317)
    assert cut.events[0].frames == (1011, 1014)


def test_media_of_another_rate_has_its_own_frames_and_is_said(tmp_path):
    path = movie(tmp_path / "a.mov", count=30, rate=30)
    saved(tmp_path / "r.otio", clip("a", external(path, 0, 30, 30.0), span(10, 15, 30.0)))
    cut = read_cut(str(tmp_path / "r.otio"))
    assert cut.events[0].frames == (1011, 1025)
    assert cut.events[0].record == (86400, 86412)
    assert any("media at 30" in each for each in cut.warnings)


@pytest.mark.parametrize(
    ("effect", "frames", "speed"),
    [
        (otio.schema.LinearTimeWarp(time_scalar=2.0), (1005, 1012), 2.0),
        (otio.schema.LinearTimeWarp(time_scalar=0.5), (1005, 1006), 0.5),
        (otio.schema.LinearTimeWarp(time_scalar=-1.0), (1005, 1008), -1.0),
        (otio.schema.FreezeFrame(), (1005, 1005), 0.0),
    ],
)
def test_a_change_of_speed_takes_other_frames(tmp_path, effect, frames, speed):
    pattern = sequence(tmp_path / "in")
    shot = clip("n", external(pattern, 0, 24), span(4, 4), effects=[effect])
    event = one(saved(tmp_path / "r.otio", shot))
    assert (event.frames, event.speed) == (frames, speed)
    assert event.record == (86400, 86404)


def test_a_transition_shows_more_than_the_cut(tmp_path):
    pattern = sequence(tmp_path / "in")
    first = clip("a", external(pattern, 0, 24), span(4, 8))
    second = clip("b", external(pattern, 0, 24), span(2, 8))
    over = otio.schema.Transition("", "SMPTE_Dissolve", time(3), time(2))
    cut = read_cut(saved(tmp_path / "r.otio", first, over, second))
    a, b = cut.events
    assert (a.frames, a.head, a.tail) == ((1005, 1014), 0, 2)
    assert (b.frames, b.head, b.tail) == ((1001, 1010), 2, 0), "3 are asked for, 2 are there"
    assert b.over == 5
    assert any("ends 1 frames before its transitions" in each for each in cut.warnings)


def test_a_transition_shows_the_other_end_of_what_runs_backwards(tmp_path):
    pattern = sequence(tmp_path / "in")
    reverse = [otio.schema.LinearTimeWarp(time_scalar=-1.0)]
    first = clip("a", external(pattern, 0, 24), span(3, 8), effects=reverse)
    second = clip("b", external(pattern, 0, 24), span(12, 8), effects=reverse)
    over = otio.schema.Transition("", "SMPTE_Dissolve", time(3), time(2))
    a, b = read_cut(saved(tmp_path / "r.otio", first, over, second)).events
    assert (a.frames, a.head, a.tail, a.overlaps) == ((1002, 1011), 2, 0, (0, 2))
    assert (b.frames, b.head, b.tail, b.overlaps) == ((1013, 1023), 0, 3, (3, 0))
    assert (a.start, b.start, b.handles) == (1, 12, (12, 1))


def test_media_is_in_the_space_that_somebody_names(tmp_path):
    """The edit's own word for a clip goes before the caller's, and that before the file's."""
    pattern = sequence(tmp_path / "in")
    path = saved(
        tmp_path / "r.otio",
        clip("a", external(pattern, 0, 24), span(0, 4)),
        named("b", pattern, "ACEScct"),
        named("c", pattern, "Sepia"),
    )
    spaces = [(e.media.space, e.media.named) for e in read_cut(path).events]
    assert spaces == [("ACEScg", ""), ("ACEScct", "ACEScct"), ("ACEScg", "")]
    cut = read_cut(path, colourspace="ARRI LogC4")
    assert [e.media.named for e in cut.events] == ["ARRI LogC4", "ACEScct", "ARRI LogC4"]
    assert any("003 c: the colour space" in each and "'Sepia'" in each for each in cut.warnings)
    with pytest.raises(BadParameter, match="Sepia"):
        read_cut(path, colourspace="Sepia")


def named(name, pattern, space):
    media = external(pattern, 0, 24)
    media.metadata["answerprint"] = {"space": space}
    return clip(name, media, span(0, 4))


def test_a_nest_is_opened_and_its_window_cuts(tmp_path):
    pattern = sequence(tmp_path / "in")
    inner = otio.schema.Track("inner")
    inner.append(clip("a", external(pattern, 0, 24), span(0, 10)))
    inner.append(clip("b", external(pattern, 0, 24), span(0, 10)))
    nest = otio.schema.Stack("nest", [inner], source_range=span(6, 8))
    gap = otio.schema.Gap(source_range=span(0, 5))
    cut = read_cut(saved(tmp_path / "r.otio", gap, nest))
    assert [(e.name, e.record, e.frames) for e in cut.events] == [
        ("a", (86405, 86409), (1007, 1010)),
        ("b", (86409, 86413), (1001, 1004)),
    ]


def test_a_bottomless_nest_is_refused(tmp_path):
    inner = otio.schema.Track("0")
    for depth in range(80):
        inner = otio.schema.Track(str(depth), children=[otio.schema.Stack("s", [inner])])
    inner_most = saved(tmp_path / "r.otio", clip("a", None, span(0, 10)), inner)
    with pytest.raises(BadInput, match="nests deeper"):
        read_cut(inner_most)


def test_tracks_switches_and_sound(tmp_path):
    pattern = sequence(tmp_path / "in")
    timeline = otio.schema.Timeline("reel", global_start_time=time(0))
    low, high = otio.schema.Track("Video 1"), otio.schema.Track("Video 2")
    sound = otio.schema.Track("Audio 1", kind="Audio")
    low.append(clip("a", external(pattern, 0, 24), span(0, 4)))
    off = clip("b", external(pattern, 0, 24), span(0, 4))
    off.enabled = False
    high.append(off)
    sound.append(clip("music", None, span(0, 4)))
    black = clip("black", otio.schema.GeneratorReference(generator_kind="black"), span(0, 2))
    low.append(black)
    timeline.tracks.extend([low, high, sound])
    otio.adapters.write_to_file(timeline, str(tmp_path / "r.otio"))
    cut = read_cut(str(tmp_path / "r.otio"))
    assert [(e.name, e.track, e.enabled) for e in cut.events] == [("a", 1, True), ("b", 2, False)]
    assert any("sound (1)" in each for each in cut.warnings)
    assert any("generated" in each and "black" in each for each in cut.warnings)


# --- EDL and XML ---------------------------------------------------------------------------


def test_an_edl_finds_a_cut_off_reel_below_the_folder_of_media(tmp_path):
    sequence(tmp_path / "shoot" / "day 1", "A001C003_200101_R1AB", timecode=86400)
    path = edl(tmp_path / "r.edl", ("A001C003", 86405, 10, "* FROM CLIP NAME: night"))
    lost = one(path, rate="24")
    assert lost.media is None
    assert lost.why == "Its media A001C003 is not there."
    assert lost.hint == "Name the folder of the media."
    event = one(path, media=str(tmp_path / "shoot"), rate="24")
    assert event.frames == (1006, 1015), "the files' own timecode counts"
    assert event.name == "night"


def test_without_a_timecode_a_frame_number_is_one(tmp_path):
    sequence(tmp_path / "m", "B002")
    path = edl(tmp_path / "r.edl", ("B002", 1005, 10, "* FROM CLIP NAME: B002.[1001-1024].exr"))
    assert one(path, media=str(tmp_path / "m"), rate="24").frames == (1005, 1014)


def test_one_name_twice_is_told_apart_by_its_folders_or_timecode_else_said(tmp_path):
    near = sequence(tmp_path / "m" / "raw" / "day1", "A001")
    sequence(tmp_path / "m" / "raw" / "day2", "A001")
    cut = saved(
        tmp_path / "r.otio", clip("A001", external("/gone/day1/A001.%04d.exr", 0, 24), span(0, 4))
    )
    assert one(cut, media=str(tmp_path / "m")).media.path == near
    blind = saved(tmp_path / "b.otio", clip("A001", otio.schema.MissingReference(), span(1001, 4)))
    event = one(blind, media=str(tmp_path / "m"))
    assert event.media is None
    assert "2 files may be its media" in event.why
    assert "day1" in event.why
    assert "day2" in event.why
    sequence(tmp_path / "m" / "raw" / "day3", "A001", first=5001)
    late = saved(tmp_path / "l.otio", clip("A001", otio.schema.MissingReference(), span(5003, 4)))
    assert one(late, media=str(tmp_path / "m")).frames == (5003, 5006)


def test_frames_outside_of_the_media_are_refused_with_both_ranges(tmp_path):
    pattern = sequence(tmp_path / "in")
    event = one(saved(tmp_path / "r.otio", clip("n", external(pattern, 0, 24), span(20, 10))))
    assert event.frames is None
    assert "00:00:00:20 to 00:00:01:06" in event.why
    assert "24 frames" in event.why


XML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE xmeml>
<xmeml version="5"><sequence><name>reel</name><duration>48</duration>
<rate><timebase>24</timebase><ntsc>TRUE</ntsc></rate>
<timecode><rate><timebase>24</timebase><ntsc>TRUE</ntsc></rate><frame>86400</frame>
<displayformat>NDF</displayformat></timecode>
<media><video><track><clipitem id="a"><name>a.mov</name><duration>24</duration>
<rate><timebase>24</timebase><ntsc>TRUE</ntsc></rate>
<start>5</start><end>15</end><in>4</in><out>14</out>
<file id="f"><name>a.mov</name><pathurl>{url}</pathurl>
<rate><timebase>24</timebase><ntsc>TRUE</ntsc></rate><duration>24</duration>
<timecode><rate><timebase>24</timebase><ntsc>TRUE</ntsc></rate><frame>86400</frame>
<displayformat>NDF</displayformat><reel><name>A007</name></reel></timecode>
<media><video/></media></file>{more}</clipitem></track></video></media></sequence></xmeml>
"""


def test_an_xml_has_encoded_urls_reels_and_its_start(tmp_path):
    path = Path(movie(tmp_path / "Größe #1" / "a.mov", timecode="01:00:00:00", rate=NTSC))
    url = "file://localhost" + path.as_uri().removeprefix("file://")
    (tmp_path / "r.xml").write_text(XML.format(url=url, more=""))
    cut = read_cut(str(tmp_path / "r.xml"))
    (event,) = cut.events
    assert "%" in url
    assert (cut.rate, cut.start) == (NTSC, 86400)
    assert event.reel == "A007"
    assert event.record == (86405, 86415)
    assert event.frames == (86404, 86413)


def test_the_time_remap_of_an_xml_is_noticed(tmp_path):
    path = movie(tmp_path / "a.mov", timecode="01:00:00:00", rate=NTSC)
    remap = (
        "<filter><effect><name>Time Remap</name><effectid>timeremap</effectid>"
        "<effecttype>motion</effecttype><parameter><parameterid>speed</parameterid>"
        "<name>speed</name><value>150</value></parameter></effect></filter>"
    )
    (tmp_path / "r.xml").write_text(XML.format(url=Path(path).as_uri(), more=remap))
    cut = read_cut(str(tmp_path / "r.xml"))
    assert cut.events[0].speed == 1.5
    assert any("filter of the XML" in each for each in cut.warnings)


# --- names, refusals, JSON -----------------------------------------------------------------


def test_ids_tell_events_apart_and_can_be_files(tmp_path):
    names = ["A001.mov", "A001.mov", "a001", "sc/01: 50%", "..", ""]
    missing = [clip(n, otio.schema.MissingReference(), span(0, 4)) for n in names]
    found = [e.id for e in read_cut(saved(tmp_path / "r.otio", *missing)).events]
    assert found[:4] == ["A001", "A001_2", "a001_3", "sc_01__50_"]
    assert len({each.casefold() for each in found}) == 6
    assert not any(set(each) & set('/\\:*?"<>|%') or each.startswith(".") for each in found)


def test_a_cdl_that_the_edit_has_is_kept(tmp_path):
    shot = clip("a", None, span(0, 4))
    sop = {"slope": [1.1, 1, 0.9], "offset": [0, 0, 0.1], "power": [1, 1, 1]}
    shot.metadata["cdl"] = {"asc_sop": sop, "asc_sat": 0.8}
    assert one(saved(tmp_path / "r.otio", shot)).cdl == {**sop, "saturation": 0.8}


def test_a_cdl_of_an_xml_that_cannot_be_read_is_said(tmp_path):
    told = "<colorinfo><asc_sop>as graded</asc_sop></colorinfo>"
    url = Path(movie(tmp_path / "a.mov", timecode="01:00:00:00", rate=NTSC)).as_uri()
    (tmp_path / "r.xml").write_text(XML.format(url=url, more=told))
    cut = read_cut(str(tmp_path / "r.xml"))
    assert cut.events[0].cdl is None
    assert "001 a.mov: the CDL it has cannot be read: as graded." in cut.warnings


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file://localhost/D%3a/media/x.mov", "D:/media/x.mov"),
        ("file:///C:/x%20y.mov", "C:/x y.mov"),
        ("file://server/share/x.mov", "//server/share/x.mov"),
        ("C:\\shoot\\x.mov", "C:/shoot/x.mov"),
        ("\\\\server\\share\\x.mov", "//server/share/x.mov"),
        ("/shoot/100%25 #2/x.mov", "/shoot/100%25 #2/x.mov"),
        ("file:///shoot/100%25%20%232/x?.mov", "/shoot/100% #2/x?.mov"),
        ("media/x.mov", "/cut/media/x.mov"),
    ],
)
def test_references_as_other_machines_write_them(url, path):
    assert path_of(url, "/cut") == (path, "")


def test_media_that_is_not_on_a_disk_is_said(tmp_path):
    shot = clip("a", external("https://host/a.mov", 0, 24), span(0, 4))
    assert "not on a disk" in one(saved(tmp_path / "r.otio", shot)).why


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.fcpxml", "CMX 3600"),
        ("a.aaf", "EDL"),
        ("a.prproj", "Premiere"),
        ("a.mov", "CMX 3600"),
        ("b.xml", "Final Cut Pro 7 XML"),
        ("a.drp", "Resolve"),
        ("broken.otio", "CMX 3600"),
        ("empty.edl", "CMX 3600"),
        ("nothing.otio", "path"),
    ],
)
def test_what_is_no_cut_is_refused_with_the_export_to_choose(tmp_path, name, said):
    texts = {"b.xml": "<fcpxml version='1.9'/>", "broken.otio": "{", "empty.edl": ""}
    (tmp_path / name).write_text(texts.get(name, ""))
    if name == "nothing.otio":
        (tmp_path / name).unlink()
    with pytest.raises(BadInput, match=name.replace(".", "[.]")) as refused:
        read_cut(str(tmp_path / name))
    assert said in refused.value.hint


@pytest.mark.parametrize("rate", [0.0, float("nan"), -24.0])
def test_a_rate_that_is_none_is_refused(tmp_path, rate):
    path = tmp_path / "r.otio"
    text = Path(saved(path, clip("a", None, span(0, 4)))).read_text()
    path.write_text(text.replace('"rate": 24.0', f'"rate": {"NaN" if rate != rate else rate}'))
    with pytest.raises(BadInput, match=r"r\.otio"):
        read_cut(str(path))


def test_a_named_rate_that_is_none_is_refused(tmp_path):
    path = edl(tmp_path / "r.edl", ("A", 0, 10))
    for wrong in ("fast", "0", "1/0"):
        with pytest.raises(BadParameter, match=wrong):
            read_cut(path, rate=wrong)


def test_a_folder_of_media_that_is_not_there_is_refused(tmp_path):
    path = saved(tmp_path / "r.otio", clip("a", None, span(0, 4)))
    with pytest.raises(BadInput, match="nowhere"):
        read_cut(path, media=str(tmp_path / "nowhere"))


def test_the_cut_is_json_and_each_medium_stands_once(tmp_path):
    pattern = sequence(tmp_path / "in")
    shots = [clip(n, external(pattern, 0, 24), span(4, 4)) for n in ("a", "b")]
    lost = clip("c", otio.schema.MissingReference(), span(0, 4))
    told = read_cut(saved(tmp_path / "r.otio", *shots, lost)).plain()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert [m["path"] for m in told["media"]] == [pattern]
    assert [e["media"] for e in told["events"]] == [0, 0, None]
    assert told["rate"] == "24"
    assert told["events"][1]["timecode"] == "01:00:00:04"
    assert told["events"][1]["start"] == 4


@pytest.mark.parametrize("spelt", ["plate", "PLATE"])
def test_a_frame_of_an_event_is_the_file_of_that_number(tmp_path, spelt):
    sequence(tmp_path / "m", spelt, first=77)
    blind = saved(tmp_path / "r.otio", clip("plate", otio.schema.MissingReference(), span(80, 4)))
    event = one(blind, media=str(tmp_path / "m"))
    assert event.frames == (80, 83)
    assert seen(event, event.frames[0]) == 80


def test_metadata_of_any_shape_does_no_harm(tmp_path):
    shot = clip("a", None, span(0, 4))
    for name, odd in (("cmx_3600", {"files": 7}), ("cdl", [1, 2]), ("fcp_xml", {"colorinfo": 7})):
        shot.metadata[name] = odd
    remap = {"fcp_xml": {"effectid": "timeremap", "parameter": 7}}
    shot.effects.append(otio.schema.Effect("", "Time Remap", remap))
    event = one(saved(tmp_path / "r.otio", shot))
    assert (event.number, event.reel, event.cdl) == (1, "", None)
