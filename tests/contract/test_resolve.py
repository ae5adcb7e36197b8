"""What is Resolve's own: editions, versions, output space, and the artist's version kept."""

import os
from pathlib import Path

import pytest
import resolve_rig
from scenes import CDL, ONE_OF_EACH, export, kept, picture, same_light, shot

from answerprint_bridge.host import FrameSet, Marker
from answerprint_bridge.messages import CANCELLED, WireError

LUT = ONE_OF_EACH["lut"]


def rig_of(tmp_path, version=(21, 0), studio=True):
    project = tmp_path / "a" / "sc010"
    project.mkdir(parents=True)
    return resolve_rig.Rig(project, version, studio)


@pytest.fixture
def rig(tmp_path):
    return rig_of(tmp_path)


@pytest.fixture
def clip(rig):
    """The hero, under the playhead."""
    return rig.line._clips[0]


# --- editions and versions -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "studio", "said"),
    [((18, 1), True, "18.5"), ((21, 1), False, "stand-alone panel"), ((22, 0), False, "Studio")],
)
def test_an_edition_that_cannot_is_refused_before_anything_is_asked_of_it(
    tmp_path, version, studio, said
):
    with pytest.raises(WireError, match=said) as refused:
        rig_of(tmp_path, version, studio)
    assert ".".join(map(str, version)) in refused.value.title
    assert refused.value.hint


@pytest.mark.parametrize("version", [(18, 5), (18, 6), (19, 0), (19, 1), (20, 0), (20, 2), (21, 0)])
@pytest.mark.parametrize("studio", [True, False])
def test_every_version_takes_what_it_says(tmp_path, version, studio):
    rig = rig_of(tmp_path, version, studio)
    rig.answer(lambda question, default: True)
    results = [CDL, ONE_OF_EACH["frames"], ONE_OF_EACH["take"], ONE_OF_EACH["markers"]]
    before = rig.snapshot()
    first = rig.host.apply(results, "", "match v001", "r1")
    assert [each.status for each in first] == ["done"] * 4
    there = rig.snapshot()
    # Below 19 the tags are a marker on the media, where the artist may see it.
    assert kept(before, there) == (version >= (19, 0))
    assert [each.items for each in rig.host.apply(results, "", "", "r1")] == [
        each.items for each in first
    ]
    assert rig.snapshot() == there
    assert not rig.world.modal
    assert ("export:graded" in rig.host.capabilities()) == (version >= (19, 1))


def test_below_19_1_a_render_is_refused_and_nothing_has_changed(tmp_path):
    rig = rig_of(tmp_path, (19, 0))
    item = shot(rig)
    before = rig.snapshot()
    with pytest.raises(WireError, match=r"Resolve 19\.0 cannot render") as refused:
        export(rig, item, tmp_path / "out")
    assert "by hand" in refused.value.hint
    assert rig.snapshot() == before


def test_free_resolve_is_never_asked_for_a_picture_that_opens_a_dialog(tmp_path):
    rig = rig_of(tmp_path, (21, 0), studio=False)
    item = shot(rig, width=4096, height=2160)
    with pytest.raises(WireError, match="free Resolve does not render 4096 x 2160"):
        export(rig, item, tmp_path / "out")
    assert not rig.world.modal


def test_a_dialog_that_is_open_is_named(rig):
    rig.world.gated(False)
    with pytest.raises(WireError, match="close Resolve's dialogs"):
        rig.host.selection()


def test_resolve_that_has_gone_is_named(rig):
    rig.world.gone = True
    assert rig.resolve.GetVersionString is None
    with pytest.raises(WireError, match="Resolve has gone"):
        rig.host.busy()


# --- what is worked on -----------------------------------------------------------------------


def test_the_source_is_under_the_playhead_or_has_a_colour_or_flag(rig):
    hero, wide = rig.line._clips
    assert [each.label for each in rig.host.selection()] == ["hero"]
    rig.line._playhead = wide._start
    assert [each.label for each in rig.host.selection()] == ["wide"]
    rig.say("work_on", "Green")
    hero._colour, wide._flags = "Green", ["Green"]
    assert [each.label for each in rig.host.selection()] == ["hero", "wide"]
    rig.say("work_on", "Teal")
    with pytest.raises(WireError, match="'Teal'"):
        rig.host.selection()
    rig.say("work_on", "under the playhead")
    rig.line._playhead = 86400 + 1000
    with pytest.raises(WireError, match="no clip under the playhead"):
        rig.host.selection()


def test_handles_and_range_are_counted_from_the_left_offset(rig, clip):
    clip._media._properties |= {"Start": "1001", "End": "1100", "Frames": "100"}
    clip._offset, clip._length = 10, 50
    told = rig.host.describe(rig.item(clip).ref)
    assert (told.first, told.last, told.handles) == (1011, 1060, (10, 40))


@pytest.mark.parametrize(
    ("timecode", "rate", "number"),
    [
        ("00:00:00:00", "24", 1001),
        ("", "24", 1001),
        ("01:00:00:00", "23.976", 86400),
        ("01:00:00;02", "29.97", 107894),
        ("00:01:00;02", "29.97", 1800),
    ],
)
def test_a_movie_is_numbered_as_our_decoder_numbers_it(rig, clip, timecode, rate, number):
    told = {"File Path": "/a/b.mov", "Start": "0", "Start TC": timecode, "FPS": rate}
    clip._media._properties |= told
    clip._offset = 2
    assert rig.host.describe(rig.item(clip).ref).first == number + 2


# --- frames out ------------------------------------------------------------------------------


def test_frames_say_the_output_space_they_came_out_in(rig, tmp_path):
    item = shot(rig)
    assert export(rig, item, tmp_path / "managed").space == "ACEScg"
    rig.world.settings["colorSpaceOutput"] = "Rec.709 Gamma 2.4"
    frames = export(rig, item, tmp_path / "display")
    assert frames.space == "Gamma 2.4 Encoded Rec.709"
    back = rig.host.import_frames(frames, "", "seen")[0]
    assert rig.pixels(back, 1001).max() == 1.0, "the double clips as a display does"


def test_an_output_space_that_nobody_knows_is_asked_for_and_not_guessed(rig, tmp_path):
    rig.world.settings["colorScienceMode"] = "davinciYRGB"
    item = shot(rig)
    with pytest.raises(WireError, match="name it in the panel"):
        export(rig, item, tmp_path / "out")
    rig.say("render_space", "ACEScg")
    assert export(rig, item, tmp_path / "again").space == "ACEScg"


def test_before_grade_and_as_graded_are_two_things(rig, tmp_path):
    item = shot(rig)
    nodes = rig.clip(item.ref)._versions["Version 1", 0]
    nodes[0]["cdl"] = {"Slope": "2 2 2"}
    flat = export(rig, item, tmp_path / "flat")
    graded = export(rig, item, tmp_path / "graded", graded=True)
    one, two = (rig.host.import_frames(f, "", "x")[0] for f in (flat, graded))
    assert same_light(rig.pixels(one, 1002), picture(1002))
    dark = picture(1002)[..., :3] < 1000.0
    assert same_light(rig.pixels(two, 1002)[..., :3][dark], 2 * picture(1002)[..., :3][dark])


@pytest.mark.parametrize("turn", [None, 1])
def test_a_render_leaves_everything_as_it_was(rig, tmp_path, turn):
    above = resolve_rig.double.MediaPoolItem(rig.world, "/raw/title.braw", 1, 100)
    item = shot(rig)
    title = rig.add("title", above, track=2)
    title._start = rig.clip(item.ref)._start  # it would hide the shot
    before, current = rig.snapshot(), rig.clip(item.ref)._current
    rig.line._playhead = title._start + 1
    rig.cancel_at(turn)
    if turn is None:
        assert export(rig, item, tmp_path / "out").numbers == (1001, 1002, 1003)
    else:
        with pytest.raises(WireError) as stopped:
            export(rig, item, tmp_path / "out")
        assert stopped.value.code == CANCELLED
    assert rig.snapshot() == before
    assert rig.clip(item.ref)._current == current
    assert rig.line._playhead == title._start + 1


def test_a_render_ends_where_the_next_shot_begins(rig, tmp_path):
    item, _ = shot(rig), shot(rig)
    assert export(rig, item, tmp_path / "out").numbers == (1001, 1002, 1003)
    part = export(rig, item, tmp_path / "part", first=1002, last=1002)
    assert part.numbers == (1002,)
    assert same_light(rig.pixels(rig.host.import_frames(part, "", "x")[0], 1002), picture(1002))


def test_a_setting_that_resolve_does_not_put_back_is_said(rig, tmp_path, monkeypatch):
    item = shot(rig)
    monkeypatch.setattr(resolve_rig.double.Project, "DeleteRenderJob", lambda self, job: False)
    with pytest.raises(WireError, match="delete our render job"):
        export(rig, item, tmp_path / "out")


# --- grades ----------------------------------------------------------------------------------


def test_the_artists_version_is_never_touched(rig, clip):
    mine = repr(clip._versions["Version 1", 0])
    (answer,) = rig.host.apply([CDL], "", "match v001", "r1")
    assert repr(clip._versions["Version 1", 0]) == mine
    assert clip._current == ("match v001", 0)
    base, ours = clip._versions["match v001", 0]
    assert base["cdl"] is None
    assert ours["cdl"]["Slope"] == "1.1 1.0 0.9"
    rig.host.apply([CDL], "", "match v002", "r2")
    (ref,) = answer.items
    assert rig.host.take_back(ref) == "Version 1"
    assert clip._current == ("Version 1", 0)


def test_take_back_finds_the_artists_version_behind_several_of_ours(rig, clip):
    clip._versions["Day", 1] = clip._versions.pop(("Version 1", 0))
    clip._current = ("Day", 1)
    for number in (1, 2):
        (answer,) = rig.host.apply([CDL], "", f"match v00{number}", f"r{number}")
    assert rig.host.take_back(answer.items[0]) == "Day"
    assert clip._current == ("Day", 1)


@pytest.mark.parametrize("yes", [True, False])
def test_without_an_empty_node_of_ours_the_artist_is_asked(rig, clip, yes):
    clip._nodes[1]["tools"] = ["Blur"]
    before = rig.snapshot()
    rig.answer(lambda question, default: yes)
    (answer,) = rig.host.apply([CDL], "", "match v001")
    assert len(rig.artist.asked) == 1
    assert "'hero' has no empty node labelled AP" in rig.artist.asked[0]
    if yes:
        assert clip._versions["match v001", 0][0]["cdl"]
        assert kept(before, rig.snapshot())
    else:
        assert answer.status == "refused"
        assert "add one and place again" in answer.why
        assert rig.snapshot() == before


def test_a_node_with_a_lut_is_not_an_empty_one(rig, clip):
    clip._nodes[1]["lut"] = "Film Looks/mine.cube"
    assert rig.host.apply([CDL])[0].status == "refused"
    assert len(rig.artist.asked) == 1


@pytest.mark.parametrize("name", ["AddVersion", "LoadVersionByName", "SetCDL"])
def test_a_false_without_a_reason_leaves_nothing_half_done(rig, clip, monkeypatch, name):
    before = rig.snapshot()
    monkeypatch.setattr(resolve_rig.double.TimelineItem, name, lambda self, *args: False)
    if name == "LoadVersionByName":
        with pytest.raises(WireError, match="did not load the version 'match v001'"):
            rig.host.apply([CDL], "", "match v001")
    else:
        (answer,) = rig.host.apply([CDL], "", "match v001")
        assert answer.status == "refused"
    assert rig.snapshot() == before
    assert clip._current == ("Version 1", 0)


def test_what_cannot_be_taken_back_is_said(rig, monkeypatch):
    monkeypatch.setattr(resolve_rig.double.TimelineItem, "SetCDL", lambda self, told: False)
    drop = "DeleteVersionByName"
    monkeypatch.setattr(resolve_rig.double.TimelineItem, drop, lambda self, *args: False)
    rig.host.apply([CDL], "", "match v001")
    level, title, _ = rig.said()[-1]
    assert (level, title) == ("error", "1 of 1 steps of 'match v001' could not be taken back.")


def test_cancelling_returns_to_the_artists_version_and_forgets_its_tags(rig, clip):
    before = rig.snapshot()
    rig.cancel_at(1)
    with pytest.raises(WireError):
        rig.host.apply([CDL, ONE_OF_EACH["frames"]], "", "match v001", "r1")
    assert rig.snapshot() == before
    assert clip._current == ("Version 1", 0)
    assert rig.host.tagged("answerprint") == {}
    assert clip._media._meta == {"answerprint": "{}"}


def test_numbers_are_only_placed_in_the_timelines_own_space(rig):
    rig.world.settings |= {
        "separateColorSpaceAndGamma": "1",
        "colorSpaceTimeline": "DaVinci WG",
        "colorSpaceTimelineGamma": "DaVinci Intermediate",
    }
    other = CDL | {"working_space": "DaVinci Intermediate WideGamut"}
    assert [a.status for a in rig.host.apply([CDL, other])] == ["spare", "done"]
    rig.world.settings["colorScienceMode"] = "davinciYRGB"
    (answer,) = rig.host.apply([CDL])
    assert "not colour-managed" in answer.why
    rig.say("grading_space", "ACEScct")
    assert rig.host.apply([CDL])[0].status == "done"


# --- LUTs, takes, markers --------------------------------------------------------------------


def test_a_lut_stands_below_the_master_folder_in_a_version_of_its_own(rig, clip):
    rig.host.apply([LUT], "", "match v001")
    path = clip._versions["match v001", 0][1]["lut"]
    assert path.startswith("Answerprint/match_")
    assert (rig.world.luts / path).read_bytes() == Path(rig.host.results, "match.cube").read_bytes()
    assert clip._versions["Version 1", 0][1]["lut"] == ""


def test_a_master_folder_that_cannot_be_written_is_refused_with_the_way_out(rig, monkeypatch):
    access = os.access
    monkeypatch.setattr(os, "access", lambda p, mode: Path(p) != rig.world.luts and access(p, mode))
    before = rig.snapshot()
    assert "result:lut" not in rig.host.capabilities()
    (answer,) = rig.host.apply([LUT], "", "match v001")
    assert answer.status == "refused"
    assert str(rig.world.luts) in answer.why
    assert "copy match.cube there by hand" in answer.why
    assert rig.snapshot() == before
    assert list(rig.world.luts.iterdir()) == []


def test_a_lut_for_another_space_is_refused(rig):
    (answer,) = rig.host.apply([LUT | {"space": "ACEScg"}])
    assert "it is for ACEScg, a node here is in ACEScct" in answer.why


def test_the_artists_bin_stays_the_current_one(rig):
    mine = rig.pool.AddSubFolder(rig.pool._root, "mine")
    rig.pool.SetCurrentFolder(mine)
    rig.host.apply([ONE_OF_EACH["frames"]], "", "match v001")
    assert rig.pool._here is mine
    assert mine.GetClipList() == []


def test_a_take_begins_at_the_clips_own_frame(rig, clip):
    clip._offset, clip._length = 1, 2
    rig.host.apply([ONE_OF_EACH["take"]], "", "clean v001")
    assert (clip._takes[1]["startFrame"], clip._takes[1]["endFrame"]) == (1, 2)
    assert clip._take == 2
    assert clip._takes[0]["mediaPoolItem"] is clip._media


def test_frames_that_do_not_cover_the_clip_come_as_media_and_not_as_a_take(rig):
    rig.line._playhead = rig.line._clips[1]._start
    (answer,) = rig.host.apply([ONE_OF_EACH["take"]])
    assert (answer.status, answer.became) == ("degraded", "frames")
    assert "do not cover 1001-1040" in answer.why


def test_frames_that_were_made_anew_are_a_take_where_they_cover_the_clip(rig, clip):
    anew = {**ONE_OF_EACH["frames"], "frames_made_anew": [1002]}
    (answer,) = rig.host.apply([anew], "", "fill v001", "r1")
    assert answer.status == "done"
    assert len(clip._takes) == 2
    rig.line._playhead = rig.line._clips[1]._start
    (other,) = rig.host.apply([anew], "", "fill v001", "r2")
    assert other.status == "done"
    assert not rig.line._clips[1]._takes


def test_a_marker_covers_the_frames_it_is_about(rig):
    row = {"frame": 1001, "length": 2, "kind": "rebuilt", "text": "from 1000 and 1003"}
    rig.host.apply([{"kind": "markers", "markers": [row]}], "", "fill v001")
    (found,) = rig.line.GetMarkers().values()
    assert (found["duration"], found["note"]) == (2.0, "from 1000 and 1003")
    assert found["name"] == "fill v001: rebuilt"


def marked(rig, *rows):
    """What became of markers (frame, length, text); frame -> length and note of all there are."""
    told = [{"frame": f, "length": n, "kind": "mended", "text": t} for f, n, t in rows]
    (answer,) = rig.host.apply([{"kind": "markers", "markers": told}], "", "repair v001", str(rows))
    there = {int(at): (int(m["duration"]), m["note"]) for at, m in rig.line.GetMarkers().items()}
    return answer, there


def test_markers_outside_of_the_cut_stand_in_a_note(rig, clip):
    first, last = (rig.host._shown(clip)[n] for n in (0, 1))
    outside = (first - 3, 1, "dust"), (last + 2, 2, "dirt")
    answer, there = marked(rig, (first, 1, "in"), (last, 4, "over the end"), *outside)
    assert (answer.status, answer.became, len(answer.items)) == ("done", "markers", 3)
    end = last - first
    assert there[0] == (1, "in")
    assert there[end] == (1, "over the end")
    said = f"Outside of {first}-{last}:\n{first - 3} mended: dust\n"
    assert there[end + 1] == (1, said + f"{last + 2}-{last + 3} mended: dirt")
    assert set(there) == {0, end, end + 1}
    nowhere, _ = marked(rig, *outside)
    assert (nowhere.status, nowhere.became) == ("degraded", "note")


def test_a_marker_of_a_result_moves_on_where_one_stands(rig, clip):
    rig.line.AddMarker(1, "Red", "mine", "theirs", 1, "")
    answer, there = marked(rig, (1002, 1, "dust"), (1003, 1, "dirt"))
    assert (answer.status, len(answer.items)) == ("done", 2)
    assert there == {1: (1, "theirs"), 2: (1, "dirt"), 3: (1, "1002 mended: dust")}


def test_a_marker_that_finds_no_frame_ahead_stands_before(rig):
    last = int(rig.line.GetEndFrame()) - int(rig.line.GetStartFrame()) - 1
    for at in (last, last - 1):
        rig.line.AddMarker(at, "Red", "mine", "theirs", 1, "")
    assert rig.host.mark_edit("check", [Marker(last, "gap")]) == [last - 2]


def test_a_marker_where_one_stands_is_an_error_and_none_of_them_stays(rig, clip):
    rig.line.AddMarker(1, "Red", "mine", "", 1, "")
    before = rig.snapshot()
    told = [Marker(1001, "a"), Marker(1002, "b")]
    with pytest.raises(WireError, match="not set") as refused:
        rig.host.add_markers(rig.item(clip).ref, told)
    assert "frame 1 " in refused.value.detail
    assert rig.snapshot() == before
    assert rig.host.add_markers(rig.item(clip).ref, [told[0], Marker(1003, "c")]) == 2
    assert set(rig.line.GetMarkers()) == {0.0, 1.0, 2.0}


# --- timelines -------------------------------------------------------------------------------


def test_a_timeline_goes_out_and_a_name_that_is_taken_does_not_come_in(rig, tmp_path):
    path = rig.host.export_timeline(str(tmp_path / "cut.otio"))
    assert rig.host.import_timeline(path, "sc010 v2").startswith("timeline:")
    with pytest.raises(WireError, match="'sc010 v2'"):
        rig.host.import_timeline(path, "sc010 v2")
    with pytest.raises(WireError, match="did not export"):
        rig.host.export_timeline(str(tmp_path / "nowhere" / "cut.otio"))


def test_the_double_has_resolves_manners(rig, clip):
    assert hasattr(clip, "AnythingAtAll")
    assert clip.AnythingAtAll is None
    assert clip.SetCDL({"NodeIndex": 1}) is False
    assert clip.GetNodeGraph().SetLUT(1, str(rig.world.luts / "a.cube")) is False
    assert rig.line.AddMarker(0, "Blue", "", "", 1, "")
    assert not rig.line.AddMarker(0, "Blue", "", "", 1, "")
    assert [type(frame) for frame in rig.line.GetMarkers()] == [float]
    assert rig_of_frames(rig) == []


def rig_of_frames(rig):
    """Media of frames that are not there: an empty list, and no reason."""
    told = FrameSet.of(ONE_OF_EACH["frames"] | {"pattern": "no.%04d.exr"})
    given = {"FilePath": told.pattern, "StartIndex": told.first, "EndIndex": told.last}
    return rig.pool.ImportMedia([given])
