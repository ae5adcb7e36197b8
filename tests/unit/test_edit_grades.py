"""What a conform takes in: read back by OpenColorIO, OpenTimelineIO and our own reader."""

import json
from pathlib import Path

import opentimelineio as otio
import PyOpenColorIO as ocio
import pytest
from edits import clip, edl, external, saved, sequence, span, time

from answerprint.edit.cut import read_cut
from answerprint.edit.grades import write_grades
from answerprint.errors import BadInput

NUMBERS = {
    "slope": [1.123457, 1.0, 0.9],
    "offset": [0.01, 0.0, -0.012346],
    "power": [1.0, 1.05, 0.95],
    "saturation": 0.9,
    "working_space": "ACEScct",
}


def entry(event, kind="cdl", number=1, label="match v001", **data):
    whole = {**NUMBERS, **data} if kind == "cdl" else data
    ref = f"{kind}:{event}:{number}"
    return {"ref": ref, "event": event, "kind": kind, "label": label, "data": whole}


def written(cut, place, *entries, files=(), **more):
    """Write the list, then the files of the cut."""
    place.mkdir(parents=True, exist_ok=True)
    listed = {"schema": "answerprint.placed/1", "entries": list(entries), "files": list(files)}
    (place / "placed.json").write_text(json.dumps(listed))
    return write_grades(cut, str(place), **more)


def numbers(path):
    """id -> (slope, offset, power, saturation) as OpenColorIO reads them."""
    group = ocio.CDLTransform.CreateGroupFromFile(str(path))
    return {
        each.getID(): (each.getSlope(), each.getOffset(), each.getPower(), each.getSat())
        for each in group
    }


def clips(path, **how):
    return list(otio.adapters.read_from_file(str(path), **how).find_clips())


@pytest.fixture
def cut(tmp_path):
    """Two clips of a sequence, the second after a dissolve, and one that is lost."""
    pattern = sequence(tmp_path / "in 映")
    shots = [
        clip("A001.exr", external(pattern, 86400, 24), span(86404, 8)),
        otio.schema.Transition("", "SMPTE_Dissolve", time(2), time(3)),
        clip("B001.exr", external(pattern, 86400, 24), span(86408, 8)),
        clip("C001", otio.schema.MissingReference(), span(0, 4)),
    ]
    return saved(tmp_path / "reel 1.otio", *shots)


def test_the_ccc_has_the_numbers_under_the_events_names(cut, tmp_path):
    made = written(cut, tmp_path / "out", entry("B001"), entry("A001", slope=[2, 1, 1]))
    assert "reel 1.ACEScct.ccc" in made.files
    found = numbers(tmp_path / "out" / "reel 1.ACEScct.ccc")
    assert list(found) == ["B001", "A001"]
    want = [NUMBERS[name] for name in ("slope", "offset", "power")]
    assert list(found["B001"][:3]) == [pytest.approx(each, abs=1e-9) for each in want]
    assert found["B001"][3] == 0.9
    assert found["A001"][0][0] == 2


def test_media_beside_the_cut_is_found_from_the_results(tmp_path):
    sequence(tmp_path / "show" / "in")
    shot = clip("A001", external("in/plate.[1001-1024].exr", 86400, 24), span(86404, 8))
    path = saved(tmp_path / "show" / "reel.otio", shot)
    written(path, tmp_path / "out", entry("A001"))
    assert read_cut(str(tmp_path / "out" / "reel.otio")).events[0].frames == (1005, 1012)


def test_the_last_look_of_an_event_counts(cut, tmp_path):
    written(cut, tmp_path / "out", entry("A001"), entry("A001", number=2, slope=[3, 1, 1]))
    found = numbers(tmp_path / "out" / "reel 1.ACEScct.ccc")
    assert found["A001"][0] == [3, 1, 1]
    assert len(found) == 1


def test_numbers_for_two_spaces_never_meet_in_a_file(cut, tmp_path):
    log = "ARRI LogC4"
    written(cut, tmp_path / "out", entry("A001"), entry("B001", working_space=log))
    assert list(numbers(tmp_path / "out" / "reel 1.ACEScct.ccc")) == ["A001"]
    assert list(numbers(tmp_path / "out" / "reel 1.ARRI_LogC4.ccc")) == ["B001"]
    text = (tmp_path / "out" / "reel 1.ARRI_LogC4.ccc").read_text()
    assert "in ARRI LogC4" in text, "whoever reads it sees which space it is for"


def test_the_edl_names_the_same_events_and_the_same_ids(cut, tmp_path):
    written(cut, tmp_path / "out", entry("B001"))
    path = tmp_path / "out" / "reel 1.ACEScct.edl"
    text = path.read_text()
    assert "*ASC_CC_XML B001" in text
    found = clips(path, rate=24)
    assert [c.name for c in found] == ["A001.exr", "B001.exr", "C001"]
    assert [bool(c.metadata.get("cdl")) for c in found] == [False, True, False]
    sop = found[1].metadata["cdl"]["asc_sop"]
    assert list(sop["slope"]) == NUMBERS["slope"]
    assert list(sop["offset"]) == NUMBERS["offset"]


def test_the_dissolve_of_the_edl_begins_where_the_clip_before_ends(cut, tmp_path):
    written(cut, tmp_path / "out", entry("B001"))
    back = read_cut(str(tmp_path / "out" / "reel 1.ACEScct.edl"), rate="24")
    a, b, _ = back.events
    assert (a.record, a.source, a.tail) == ((86400, 86406), (86404, 86410), 5)
    assert (b.record, b.source, b.over) == ((86406, 86416), (86406, 86416), 5)
    rows = [r.split() for r in (tmp_path / "out" / "reel 1.ACEScct.edl").read_text().splitlines()]
    before = next(row for row in rows if row[:2] == ["002", "A001"])
    assert before[4:] == ["01:00:00:10"] * 2 + ["01:00:00:06"] * 2
    shown = read_cut(cut).events
    for ours, theirs in zip((a, b), shown, strict=False):
        assert ours.start == theirs.source[0] - theirs.head
        assert ours.source[1] + ours.tail == theirs.source[1] + theirs.tail


def test_an_edl_comes_back_with_its_own_lines(tmp_path):
    path = edl(
        tmp_path / "r.edl",
        ("Z677_4C.", 86445, 24, "* FROM CLIP NAME:  night"),
        ("AX", 10, 30, "* FROM CLIP NAME:  02_cups.mp4"),
        ("B001", 86445, 48, "M2   B001       048.0                01:00:01:21"),
    )
    text = Path(path).read_text().replace("01:00:12:12 01:00:14:12", "01:00:12:12 01:00:13:12")
    Path(path).write_text(text)
    written(path, tmp_path / "out", entry("night"), rate="24")
    made = (tmp_path / "out" / "r.ACEScct.edl").read_text().splitlines()
    theirs = [line.split() for line in text.splitlines() if line[:3].isdigit()]
    ours = [line.split() for line in made if line[:3].isdigit()]
    assert ours == theirs, "number, reel, channel, cut and the four timecodes"
    fast = clips(tmp_path / "out" / "r.ACEScct.edl", rate=24)[2]
    assert fast.effects[0].time_scalar == 2.0


def test_drop_frame_stays_drop_frame(tmp_path):
    (tmp_path / "r.edl").write_text(
        "FCM: DROP FRAME\n001  A001 V C 00:01:00;02 00:01:02;02 01:00:00;00 01:00:02;00\n"
    )
    written(str(tmp_path / "r.edl"), tmp_path / "out", entry("A001"))
    made = (tmp_path / "out" / "r.ACEScct.edl").read_text()
    assert "FCM: DROP FRAME" in made
    assert "00:01:00;02 00:01:02;02 01:00:00;00 01:00:02;00" in made


def test_a_further_track_has_an_edl_of_its_own(tmp_path):
    timeline = otio.schema.Timeline("r", global_start_time=time(86400))
    for name in ("A", "B"):
        shot = clip(name, otio.schema.MissingReference(), span(0, 8))
        timeline.tracks.append(otio.schema.Track(name, children=[shot]))
    otio.adapters.write_to_file(timeline, str(tmp_path / "r.otio"))
    made = written(str(tmp_path / "r.otio"), tmp_path / "out", entry("A"), entry("B"))
    assert list(made.files) == ["r.ACEScct.V2.edl", "r.ACEScct.ccc", "r.ACEScct.edl", "r.otio"]
    assert [c.name for c in clips(tmp_path / "out" / "r.ACEScct.V2.edl", rate=24)] == ["B"]


def frames(event, tmp_path, number=7, label="denoise v001", kind="frames", **more):
    data = {"pattern": f"{tmp_path}/x/{event}_v001.%04d.exr", "first": 1003, "last": 1015, **more}
    return entry(event, kind, number, label, **data)


def test_new_frames_are_the_clips_media_with_its_timecode(cut, tmp_path):
    written(cut, tmp_path / "out", frames("A001", tmp_path))
    path = tmp_path / "out" / "reel 1.otio"
    shot = clips(path)[0]
    assert shot.media_reference.target_url == f"{tmp_path}/x/A001_v001.[1003-1015].exr"
    assert shot.media_reference.available_range == span(86402, 13)
    assert shot.source_range == span(86404, 8), "the cut is as it was"
    assert shot.media_references()["DEFAULT_MEDIA"].target_url.endswith("plate.%04d.exr")
    document = json.loads(path.read_text())
    first = document["tracks"]["children"][0]["children"][0]
    assert first["OTIO_SCHEMA"] == "Clip.2"
    assert document["name"] == "reel Answerprint", "Resolve refuses a name that it has"
    assert clips(path)[1].media_reference.target_url == clips(cut)[1].media_reference.target_url


def take(event, pattern, **more):
    return entry(event, "take", 7, "show B7", pattern=pattern, first=1001, last=1024, **more)


@pytest.mark.parametrize(("timecode", "begins"), [(172800, 172800), (None, 1001)])
def test_a_take_of_other_media_lies_above_by_its_own_timecode(cut, tmp_path, timecode, begins):
    other = sequence(tmp_path / "B7", timecode=timecode)
    before = clips(cut)[0]
    written(cut, tmp_path / "out", take("A001", other, at=999), entry("A001"))
    timeline = otio.adapters.read_from_file(str(tmp_path / "out" / "reel 1.otio"))
    below, above = (track.find_clips()[0] for track in timeline.tracks)
    assert above.media_reference.available_range == span(begins, 24)
    # The event begins with its 1005th frame, and the take's first lies at the 999th: 6 are left.
    assert above.source_range == span(begins + 6, 8)
    assert above.range_in_parent() == below.range_in_parent()
    assert above.enabled
    assert above.metadata["cdl"]["asc_sat"] == 0.9, "what is seen is what is graded"
    assert below.media_reference.is_equivalent_to(before.media_reference), "the plate stays"
    assert below.source_range == before.source_range
    again = read_cut(str(tmp_path / "out" / "reel 1.otio"))
    assert [e.frames for e in again.events if e.track == 2] == [(1007, 1014)]


def test_a_take_that_has_gone_is_said_and_stops_nothing(cut, tmp_path):
    made = written(cut, tmp_path / "out", take("A001", "/gone/B7.%04d.exr"), entry("B001"))
    assert made.offline == ("take:A001:7",)
    timeline = otio.adapters.read_from_file(str(tmp_path / "out" / "reel 1.otio"))
    assert len(timeline.tracks) == 1


def test_nothing_is_graded_twice(cut, tmp_path):
    look, graded = entry("A001"), frames("A001", tmp_path, label="match v001")
    written(cut, tmp_path / "out", look, graded)
    shot = clips(tmp_path / "out" / "reel 1.otio")[0]
    assert shot.active_media_reference_key == "DEFAULT_MEDIA"
    assert "Answerprint match v001" in shot.media_references()
    assert shot.metadata["cdl"]["asc_sat"] == 0.9
    written(cut, tmp_path / "out", entry("B001"), graded)
    shot = clips(tmp_path / "out" / "reel 1.otio")[0]
    assert shot.active_media_reference_key == "Answerprint match v001"


def test_a_matte_is_a_clip_above_that_is_switched_off(cut, tmp_path):
    written(cut, tmp_path / "out", frames("B001", tmp_path, kind="matte", name="person"))
    timeline = otio.adapters.read_from_file(str(tmp_path / "out" / "reel 1.otio"))
    assert len(timeline.tracks) == 2
    (matte,) = timeline.tracks[1].find_clips()
    assert (matte.name, matte.enabled) == ("B001.exr person", False)
    range_ = matte.transformed_time_range(matte.trimmed_range(), timeline.tracks)
    assert range_ == span(8, 8)
    assert matte.source_range == span(86408, 8)


@pytest.mark.parametrize(
    ("effect", "scalars"),
    [
        (None, []),
        (otio.schema.LinearTimeWarp(time_scalar=0.5), [0.5]),
        (otio.schema.FreezeFrame(), [0.0]),
    ],
)
def test_a_matte_of_media_at_another_rate_lasts_as_long_as_its_event(tmp_path, effect, scalars):
    pattern = sequence(tmp_path / "in")
    blur = otio.schema.Effect("soft", "Blur")
    shot = clip("A001", external(pattern, 0, 24), span(4, 20))
    shot.effects.extend([blur, *([effect] if effect else [])])
    cut = saved(tmp_path / "r.otio", shot, rate=12.0)
    written(cut, tmp_path / "out", frames("A001", tmp_path, kind="matte"))
    timeline = otio.adapters.read_from_file(str(tmp_path / "out" / "r.otio"))
    below, above = (track.find_clips()[0] for track in timeline.tracks)
    lasts = below.trimmed_range().duration.to_seconds()
    assert above.trimmed_range().duration.to_seconds() == lasts == 20 / 24
    assert above.source_range.start_time == below.source_range.start_time
    assert [e.time_scalar for e in above.effects] == scalars, "a matte is timed, and not blurred"


def test_one_source_that_is_not_there_stops_no_other_grade(cut, tmp_path):
    lost = frames("C001", tmp_path), frames("C001", tmp_path, 8, kind="matte")
    marked = entry("C001", "markers", 9, markers=[{"frame": 1004, "text": "dust"}])
    noted = entry("C001", "note", 10, text="no evidence")
    kept = frames("B001", tmp_path)
    made = written(cut, tmp_path / "out", entry("A001"), *lost, marked, noted, kept)
    assert made.offline == ("frames:C001:7", "matte:C001:8", "markers:C001:9")
    assert made.gone == ()
    assert list(numbers(tmp_path / "out" / "reel 1.ACEScct.ccc")) == ["A001"]
    _, b, c = clips(tmp_path / "out" / "reel 1.otio")
    assert b.active_media_reference_key == "Answerprint denoise v001"
    assert list(c.media_references()) == ["DEFAULT_MEDIA"]
    assert [m.name for m in c.markers] == ["no evidence"]


def test_markers_and_notes_stand_on_the_sources_frames(cut, tmp_path):
    row = {"frame": 1006, "kind": "damaged", "text": "dust", "length": 2}
    marked = entry("A001", "markers", markers=[row])
    written(cut, tmp_path / "out", marked, entry("B001", "note", text="no evidence"))
    a, b, _ = clips(tmp_path / "out" / "reel 1.otio")
    assert [(m.name, m.marked_range) for m in a.markers] == [("damaged: dust", span(86405, 2))]
    assert [(m.name, m.marked_range) for m in b.markers] == [("no evidence", span(86408, 1))]


def test_media_that_was_found_is_named_in_the_otio_of_an_edl(tmp_path):
    pattern = sequence(tmp_path / "m", "A001", timecode=86400)
    path = edl(tmp_path / "r.edl", ("A001", 86405, 10))
    out = tmp_path / "out"
    written(path, out, entry("A001"), media=str(tmp_path / "m"), rate="24")
    (shot,) = clips(out / "r.otio")
    assert shot.media_reference.target_url == pattern.replace("%04d", "[1001-1024]")
    assert shot.media_reference.available_range == span(86400, 24)
    assert shot.source_range == span(86405, 10)


def test_cubes_lie_under_their_events(cut, tmp_path):
    (tmp_path / "m.cube").write_text("LUT_3D_SIZE 2\n")
    cube = entry("A001", "lut", path=str(tmp_path / "m.cube"), space="ACEScct")
    made = written(cut, tmp_path / "out", cube)
    assert list(made.files) == ["luts/A001.cube", "reel 1.otio"]
    assert (tmp_path / "out" / "luts" / "A001.cube").read_text() == "LUT_3D_SIZE 2\n"
    cube["data"]["path"] = str(tmp_path / "gone.cube")
    with pytest.raises(BadInput, match="gone"):
        written(cut, tmp_path / "out", cube)


def test_what_nothing_asks_for_any_more_goes_and_nothing_else(cut, tmp_path):
    out = tmp_path / "out"
    made = written(cut, out, entry("A001"))
    (out / "reel 1.mine.edl").write_text("the artist's")
    left = written(cut, out, files=made.files)
    assert left.files == ()
    assert sorted(p.name for p in out.iterdir()) == ["placed.json", "reel 1.mine.edl"]


def test_what_the_lists_of_markers_lack_is_told(cut, tmp_path):
    place = tmp_path / "made"
    assert written(cut, place, entry("A001")).warnings == (), "no list, nothing lacking"
    listed = json.loads((place / "placed.json").read_text())
    row = {"id": "n", "frame": 3, "length": 1, "colour": "red", "name": "n", "text": "x" * 200}
    (place / "placed.json").write_text(json.dumps({**listed, "marks": {"check": [row]}}))
    (said,) = write_grades(cut, str(place)).warnings
    assert said.startswith("Cut off after 120 letters")


def test_events_that_left_the_cut_are_named(cut, tmp_path):
    made = written(cut, tmp_path / "out", entry("A001"), entry("Z999"))
    assert made.gone == ("cdl:Z999:1",)
    assert list(numbers(tmp_path / "out" / "reel 1.ACEScct.ccc")) == ["A001"]


def test_the_cut_itself_is_never_written(cut, tmp_path):
    before = Path(cut).read_bytes()
    written(cut, tmp_path / "out", entry("A001"), frames("B001", tmp_path))
    assert Path(cut).read_bytes() == before


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"schema": "other/1", "entries": [], "files": []}', '{"schema": 1}']
)
def test_a_list_that_cannot_be_read_is_refused(cut, tmp_path, text):
    (tmp_path / "placed.json").write_text(text)
    with pytest.raises(BadInput, match=r"placed\.json"):
        write_grades(cut, str(tmp_path))


def test_a_list_reaches_no_file_outside_of_its_folder(cut, tmp_path):
    other = tmp_path / "theirs.txt"
    other.write_text("theirs")
    with pytest.raises(BadInput, match=r"placed\.json"):
        written(cut, tmp_path / "out", files=["../theirs.txt"])
    written(cut, tmp_path / "out", files=[str(other)])
    assert other.exists()
