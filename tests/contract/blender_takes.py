"""Takes of other media in Blender: over a strip, as a clip or an image, and to choose from above a
hole. Run by `tests/blender/test_contract_in_bpy.py` in each version.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import bpy
import pytest
from blender_edit import rendered, stamped
from blender_scenes import clip_of, collections, image_of, sequence, strip_of
from cores import SMALL

from answerprint_blender import auditions, colour, compat, edit_out, files, strips, things
from answerprint_bridge.host import FrameSet
from answerprint_bridge.messages import WireError
from answerprint_bridge.session import Session
from answerprint_bridge.showing import Take

SPACE = colour.cores(colour.working())
MOVIE = """
import sys
import cv2
import numpy as np
made = cv2.VideoWriter(sys.argv[1], cv2.VideoWriter_fourcc(*"MJPG"), 24, (20, 12))
for number in range(24):
    made.write(np.full((12, 20, 3), 10 * number, "uint8"))
made.release()
"""


@pytest.fixture
def scene(rig):
    """The rig's without its own strip, as wide as the pictures."""
    for each in list(compat.top_strips(rig.scene)):
        compat.top_strips(rig.scene).remove(each)
    rig.scene.sequencer_colorspace_settings.name = colour.working()
    rig.scene.render.resolution_x, rig.scene.render.resolution_y = 20, 12
    if hasattr(bpy.context.workspace, "sequencer_scene"):
        bpy.context.workspace.sequencer_scene = rig.scene
    return rig.scene


@pytest.fixture
def begun(rig):
    made = Session(rig.host, SMALL)
    yield made
    made.close()


@pytest.fixture(scope="module")
def movie(tmp_path_factory):
    """24 frames, made by the core's environment: Blender's Python need not have OpenCV."""
    path = tmp_path_factory.mktemp("dailies") / "A003.avi"
    subprocess.run([os.environ["ANSWERPRINT_PYTHON"], "-c", MOVIE, str(path)], check=True)
    return str(path)


def take_of(frames, frame, first=None, last=None):
    span = (first or frames.first, last or frames.last)
    return Take(frames.pattern, "b", *span, frame, "same set-up", 0.9, "Seen.")


def shot_and_take(rig, tmp_path):
    """Frames 1001 to 1004 from frame 11 on, and a take of 1101 to 1120."""
    shot = strip_of(rig, sequence(tmp_path / "shot", list(range(1001, 1005)), make=stamped))
    return shot, sequence(tmp_path / "take", list(range(1101, 1121)), "take", stamped)


def placed(rig, answers):
    (answer,) = answers
    assert (answer.status, answer.became) == ("done", "take"), answer.why
    return things.find(answer.items[0])


def where(strip):
    return strip.channel, int(strip.frame_final_start), int(strip.frame_final_end)


# --- over a strip ----------------------------------------------------------------------------


def test_the_recognised_frame_lies_at_the_one_asked_for(rig, scene, begun, tmp_path):
    shot, take = shot_and_take(rig, tmp_path)
    ref = things.ref(shot)
    made = placed(rig, begun.place_take(take_of(take, 1110), take, ref, 1003))
    assert where(made) == (4, 11, 15)  # above the shot, as long as it
    assert rendered(rig, tmp_path, [11, 13, 14]) == [1108, 1110, 1111]
    assert made.frame_offset_start == 7  # the rest of the take is there
    assert made.frame_offset_end == 20 - 7 - 4
    told = rig.host.describe(things.ref(made))
    assert (told.first, told.last, told.file) == (1108, 1111, take.pattern)


def test_a_take_lies_as_a_shot_of_its_size_does_and_else_fills_the_frame(
    rig, scene, begun, tmp_path
):
    shot, take = shot_and_take(rig, tmp_path)
    shot.transform.scale_x = shot.transform.scale_y = 0.5
    shot.transform.offset_x = 3
    made = placed(rig, begun.place_take(take_of(take, 1110), take, things.ref(shot)))
    assert (made.transform.scale_x, made.transform.offset_x) == (0.5, 3)
    scene.render.resolution_x, scene.render.resolution_y = 40, 24
    other = strip_of(rig, sequence(tmp_path / "large", [1001, 1002], make=large), at=50)
    made = placed(rig, begun.place_take(take_of(take, 1110), take, things.ref(other)))
    assert (made.transform.scale_x, made.transform.offset_x) == (2.0, 0)


def large(number):
    return stamped(number).repeat(2, 0).repeat(2, 1)


def test_a_movie_is_cut_to_the_shot_and_keeps_its_own_colour(rig, scene, begun, movie, tmp_path):
    shot, _ = shot_and_take(rig, tmp_path)
    media = FrameSet(movie, 86400, 86423)  # numbered by a timecode, as the core does
    ref = things.ref(shot)
    made = placed(rig, begun.place_take(take_of(media, 86410), media, ref, 1002))
    assert (made.type, where(made)) == ("MOVIE", (4, 11, 15))
    assert made.frame_offset_start == 9
    assert made.colorspace_settings.name == "sRGB"
    told = rig.host.describe(things.ref(made))
    assert (told.first, told.last) == (10, 13)  # of Blender's, from 1
    again = begun.place_take(take_of(media, 86410), media, ref, 1002)
    assert again[0].items == (things.ref(made),)  # not twice


def test_a_take_among_other_strips_moves_none_of_them(rig, scene, begun, tmp_path):
    shot, take = shot_and_take(rig, tmp_path)
    others = [
        strip_of(rig, sequence(tmp_path / f"other {at} {channel}", [1001, 1002]), at, channel)
        for at, channel in ((15, 4), (9, 4), (3, 5), (20, 5), (12, 5))
    ]
    before = [where(each) for each in others]
    made = placed(rig, begun.place_take(take_of(take, 1110), take, things.ref(shot), 1003))
    assert where(made) == (4, 11, 15)
    assert rendered(rig, tmp_path, [11, 14]) == [1108, 1111]
    assert [where(each) for each in others] == before


def test_where_no_channel_is_free_nothing_stays(rig, scene, begun, tmp_path):
    shot, take = shot_and_take(rig, tmp_path)
    shot.channel = strips.CHANNELS
    before = rig.snapshot()
    (answer,) = begun.place_take(take_of(take, 1110), take, things.ref(shot))
    assert answer.status == "refused"
    assert "channels from 129 up are taken" in answer.why
    assert rig.snapshot() == before


# --- as data-blocks --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sequence", "movie"])
def test_by_a_movie_clip_a_take_is_one_with_its_frame_at_the_same(
    rig, scene, movie, tmp_path, kind
):
    near = clip_of(sequence(tmp_path / "shot", list(range(1001, 1005))))
    near.frame_start = 31
    take = sequence(tmp_path / "take", list(range(1101, 1121)), "take")
    media = take if kind == "sequence" else FrameSet(movie, 86400, 86423)
    result = {"kind": "take", "pattern": media.pattern, "first": media.first, "last": media.last}
    (answer,) = rig.host.apply([{**result, "at": 998}], things.ref(near), "show b")
    made = placed(rig, [answer])
    assert isinstance(made, bpy.types.MovieClip)
    assert made.frame_start == 28  # three before that of the clip: 998 is three before its 1001
    assert made.source == kind.upper()


def test_by_an_image_a_take_is_one(rig, scene, movie, tmp_path):
    near = image_of(sequence(tmp_path / "shot", [1001, 1002]))
    result = {"kind": "take", "pattern": movie, "first": 1, "last": 24, "at": 1001}
    made = placed(rig, rig.host.apply([result], things.ref(near), "show b"))
    assert (made.source, made.frame_duration) == ("MOVIE", 24)
    assert tuple(made.size) == (20, 12)  # Blender reads it now
    assert made.colorspace_settings.name == "sRGB"


def test_a_take_of_a_space_that_blender_lacks_is_refused(rig, scene, tmp_path):
    take = sequence(tmp_path / "take", [1001, 1002])
    result = {"kind": "take", "pattern": take.pattern, "first": 1001, "last": 1002, "at": 1001}
    (answer,) = rig.host.apply([{**result, "colorspace": {"name": "S-Log3"}}], "", "show b")
    assert answer.status == "refused"
    assert "'S-Log3'" in answer.why


# --- to choose from --------------------------------------------------------------------------


def proposal(turn, frames, first, last, lasts, **more):
    row = {"id": f"gap_1.{turn}", "track": turn, "at": 4, "frames": lasts, "words": "A wider one."}
    row |= {"kind": "wider", "clip": frames.pattern, "name": Path(frames.pattern).stem}
    row |= {"first": first, "last": last, "speed": 1.0, "reframe": None, "needs": []}
    return {**row, "reference": None, "confidence": 0.5, "why": "Seen.", **more}


def gaps_of(tmp_path, *rows):
    """An answer of `show.gaps`, and its OTIO with what is read of it; (row, whole range) each."""
    children = []
    for row, (first, last) in rows:
        there = {"start_time": {"value": 500}, "duration": {"value": last - first + 1}}
        media = {"DEFAULT_MEDIA": {"available_range": there}}
        clip = {"OTIO_SCHEMA": "Clip.2", "metadata": {"answerprint": {"id": row["id"]}}}
        clip |= {"media_references": media, "active_media_reference_key": "DEFAULT_MEDIA"}
        clip["source_range"] = {"start_time": {"value": 500 + row["first"] - first}}
        children.append({"children": [{"OTIO_SCHEMA": "Gap.1", "metadata": {}}, clip]})
    path = tmp_path / "gaps.otio"
    path.write_text(json.dumps({"tracks": {"children": children}}))
    return {"cut": str(path), "holes": [{"id": "gap_1", "proposals": [row for row, _ in rows]}]}


def asked(rig, gaps):
    """The answer as the session gives it on: with what the host told of its edit then."""
    return {**gaps, "exported": json.loads(json.dumps(rig.host.edit_exported()))}


@pytest.fixture
def edit(rig, scene, tmp_path):
    """A shot at the frames 11 to 14; frame 0 of the edit is 11, and the hole begins at 15."""
    _, take = shot_and_take(rig, tmp_path)
    rig.host.export_timeline(str(tmp_path / "edit.otio"))
    return take


def test_frames_of_the_edit_are_those_of_its_export(rig, scene, edit, tmp_path):
    strip_of(rig, sequence(tmp_path / "earlier", [1001, 1002]), at=1)
    gaps = gaps_of(tmp_path, (proposal(1, edit, 1106, 1109, 4), (1101, 1120)))
    (ref,) = rig.host.lay_auditions(gaps).values()
    assert where(things.find(ref)) == (4, 15, 19)


@pytest.mark.parametrize("with_exports", [True, False])
def test_what_was_exported_since_moves_no_take_of_a_search(
    rig, scene, edit, begun, tmp_path, with_exports
):
    row = proposal(1, edit, 1106, 1109, 4, needs=["match"], reference="shot")
    gaps = asked(rig, gaps_of(tmp_path, (row, (1101, 1120))))
    (span,) = rig.host.edit()
    gaps["shots"] = {"shot": {"name": "shot", "clip": span.name, "cut": [0, 3], "track": 1}}
    strip_of(rig, sequence(tmp_path / "earlier", [1001, 1002]), at=1)
    if with_exports:
        rig.host.export_timeline(str(tmp_path / "check.otio"))
    (ref,) = begun.audition(gaps).values()
    assert where(things.find(ref)) == (4, 15, 19)
    assert [m.frame for m in scene.timeline_markers if m.name.startswith("gap_1.1")] == [15]
    assert begun.prepared(gaps, "gap_1.1").inputs["reference"].ref == span.item.ref


@pytest.mark.parametrize("moved", ["before", "after", "gone"])
def test_a_hole_whose_shots_have_moved_is_looked_for_again(rig, scene, edit, tmp_path, moved):
    after = strip_of(rig, sequence(tmp_path / "after", [1001, 1002]), at=19)
    far = strip_of(rig, sequence(tmp_path / "far", [1001, 1002]), at=40)
    (shot,) = (s for s in compat.top_strips(scene) if s not in (after, far))
    gaps = asked(rig, gaps_of(tmp_path, (proposal(1, edit, 1106, 1109, 4), (1101, 1120))))
    if moved == "gone":
        compat.top_strips(scene).remove(after)
    else:
        (shot if moved == "before" else after).frame_start += 10
    rig.host.export_timeline(str(tmp_path / "check.otio"))
    before = rig.snapshot()
    with pytest.raises(WireError, match="is not where it was") as refused:
        rig.host.lay_auditions(gaps)
    assert refused.value.hint == "Look for missing shots again."
    assert rig.snapshot() == before


def test_what_moved_elsewhere_keeps_no_take_from_its_hole(rig, scene, edit, tmp_path):
    strip_of(rig, sequence(tmp_path / "after", [1001, 1002]), at=19)
    far = strip_of(rig, sequence(tmp_path / "far", [1001, 1002]), at=40)
    gaps = asked(rig, gaps_of(tmp_path, (proposal(1, edit, 1106, 1109, 4), (1101, 1120))))
    far.frame_start += 10
    (ref,) = rig.host.lay_auditions(gaps).values()
    assert where(things.find(ref)) == (4, 15, 19)
    scene.sequence_editor.active_strip = None
    for each in compat.top_strips(scene):
        each.frame_start += 100
    assert rig.host.lay_auditions(gaps) == {"gap_1.1": ref}, "what is laid is found wherever it is"


def each_anew(rig, tmp_path, scene, frames):
    """What Blender shows without its cache: that of 5.0 gives a slowed frame for the next one."""
    found = []
    for frame in frames:
        for each in compat.strips(scene):
            if hasattr(each, "elements"):
                each.use_flip_x = each.use_flip_x
        found += rendered(rig, tmp_path, [frame])
    return found


@pytest.mark.parametrize(
    ("first", "last", "lasts", "shown"),
    [
        (1106, 1109, 4, [1106, 1107, 1108, 1109]),
        (1106, 1109, 8, [1106, 1106, 1107, 1107, 1108, 1108, 1109, 1109]),
        (1106, 1113, 4, [1106, 1108, 1110, 1112]),
        (1113, 1120, 10, [1113, 1113, 1114, 1115, 1116, 1117, 1117, 1118, 1119, 1120]),
    ],
)
def test_a_retime_shows_the_frames_that_are_meant(
    rig, scene, edit, tmp_path, first, last, lasts, shown
):
    row = proposal(1, edit, first, last, lasts, speed=(last - first + 1) / lasts)
    laid = rig.host.lay_auditions(gaps_of(tmp_path, (row, (1101, 1120))))
    dark = rendered(rig, tmp_path, [15])
    assert dark == [1000]  # it is muted
    rig.host.switch(laid["gap_1.1"], True)
    assert each_anew(rig, tmp_path, scene, range(15, 15 + lasts)) == shown
    rig.host.switch(laid["gap_1.1"], False)
    assert rendered(rig, tmp_path, [15]) == dark


def test_a_second_of_another_rate_that_was_rounded_is_no_retime(rig, scene, edit, tmp_path):
    laid = rig.host.lay_auditions(
        gaps_of(tmp_path, (proposal(1, edit, 1106, 1110, 4), (1101, 1120)))
    )
    assert things.find(laid["gap_1.1"]).type == "IMAGE"


def test_a_retimed_take_is_matched_as_it_is_shown(rig, scene, edit, tmp_path):
    row = proposal(1, edit, 1106, 1109, 8, speed=0.5)
    laid = rig.host.lay_auditions(gaps_of(tmp_path, (row, (1101, 1120))))
    told = rig.host.describe(laid["gap_1.1"])
    assert (told.first, told.last) == (15, 22)
    result = sequence(tmp_path / "match", list(range(15, 23)), "match", stamped)
    data = {"kind": "frames", "pattern": result.pattern, "first": 15, "last": 22}
    (answer,) = rig.host.apply([{**data, "colorspace": {"name": SPACE}}], laid["gap_1.1"])
    made = things.find(answer.items[0])
    assert where(made)[1:] == (15, 23)
    assert made.channel > things.find(laid["gap_1.1"]).channel


def test_a_reframe_is_in_the_strips_own_transform(rig, scene, edit, tmp_path):
    reframe = {"scale": 1.5, "offset": [0.25, 0.125]}
    row = proposal(1, edit, 1106, 1109, 4, reframe=reframe, needs=["reframe"])
    laid = rig.host.lay_auditions(gaps_of(tmp_path, (row, (1101, 1120))))
    moved = things.find(laid["gap_1.1"]).transform
    assert (moved.scale_x, moved.scale_y) == (1.5, 1.5)
    assert (moved.offset_x, moved.offset_y) == (5, -1.5)  # of 20 x 12; y grows upwards


def test_each_lies_on_its_track_above_all_of_the_edit(rig, scene, edit, movie, tmp_path):
    strip_of(rig, sequence(tmp_path / "high", [1001, 1002]), at=90, channel=7)
    one, two = proposal(1, edit, 1106, 1109, 4), proposal(2, FrameSet(movie, 1, 24), 9, 12, 4)
    two["track"] = 3
    gaps = gaps_of(tmp_path, (one, (1101, 1120)), (two, (1, 24)))
    laid = rig.host.lay_auditions(gaps)
    assert [where(things.find(ref)) for ref in laid.values()] == [(8, 15, 19), (10, 15, 19)]
    assert things.find(laid["gap_1.2"]).frame_offset_start == 8
    marks = sorted((m.frame, m.name) for m in scene.timeline_markers if m.name != "theirs")
    assert marks == [(15, "gap_1.1: 50 % wider, take.%04d"), (17, "gap_1.2: 50 % wider, A003")]


def test_another_search_lays_its_own_and_marks_those(rig, scene, edit, tmp_path):
    found = []
    for name, first in (("one", 1106), ("two", 1108)):
        (tmp_path / name).mkdir()
        row = proposal(1, edit, first, first + 3, 4)
        found.append(rig.host.lay_auditions(gaps_of(tmp_path / name, (row, (1101, 1120)))))
    strips = [things.find(each["gap_1.1"]) for each in found]
    assert [where(each)[0] for each in strips] == [4, 5]
    assert [each.frame_offset_start for each in strips] == [5, 7]
    assert len(scene.timeline_markers) == 2  # theirs, and that of the newer search


def test_what_cannot_be_laid_is_said_and_the_others_are(rig, scene, edit, tmp_path):
    gone = FrameSet(str(tmp_path / "gone.mov"), 1, 24)
    one, two = proposal(1, gone, 9, 12, 4), proposal(2, edit, 1106, 1109, 4)
    laid = rig.host.lay_auditions(gaps_of(tmp_path, (one, (1, 24)), (two, (1101, 1120))))
    assert list(laid) == ["gap_1.2"]
    (level, title, detail) = rig.said()[-1]
    assert (level, title) == ("warning", "Not all takes were laid.")
    assert re.match(r"gone: none of its files .*gone\.mov is there", detail)


def test_a_search_that_is_gone_lays_nothing(rig, scene, edit, tmp_path):
    gaps = gaps_of(tmp_path, (proposal(1, edit, 1106, 1109, 4), (1101, 1120)))
    before = rig.snapshot()
    Path(gaps["cut"]).write_text("{}")
    with pytest.raises(WireError, match="cannot be read"):
        rig.host.lay_auditions(gaps)
    assert rig.snapshot() == before


def test_laying_that_fails_leaves_nothing(rig, scene, edit, tmp_path, monkeypatch):
    row = proposal(1, edit, 1106, 1109, 8, speed=0.5)
    gaps = gaps_of(tmp_path, (row, (1101, 1120)))
    before = rig.snapshot(), {name: len(blocks()) for name, blocks in collections()}

    def broken(*_):
        raise RuntimeError("no luck")

    monkeypatch.setattr(rig.host, "mark_edit", broken)
    with pytest.raises(RuntimeError, match="no luck"):
        rig.host.lay_auditions(gaps)
    assert (rig.snapshot(), {name: len(blocks()) for name, blocks in collections()}) == before


def test_the_edit_with_one_shown_is_exported_with_it(rig, scene, edit, tmp_path):
    rows = [
        (proposal(turn, edit, 1100 + 2 * turn, 1103 + 2 * turn, 4), (1101, 1120)) for turn in (1, 2)
    ]
    laid = rig.host.lay_auditions(gaps_of(tmp_path, *rows))
    rig.host.swap(laid["gap_1.2"], [laid["gap_1.1"]])
    edit_out.write(scene, str(tmp_path / "out.otio"))
    tracks = json.loads((tmp_path / "out.otio").read_text())["tracks"]["children"]
    clips = [c for t in tracks for c in t["children"] if c["OTIO_SCHEMA"] == "Clip.2"]
    told = {c["name"].split()[0]: c["enabled"] for c in clips}
    assert told == {"shot": True, "gap_1.1": False, "gap_1.2": True}
    (shown,) = [c for c in clips if c["name"].startswith("gap_1.2")]
    assert shown["source_range"]["start_time"]["value"] == 1104


def test_the_name_of_the_tag_is_kept_in_files(rig, scene, edit, tmp_path):
    gaps = gaps_of(tmp_path, (proposal(1, edit, 1106, 1109, 4), (1101, 1120)))
    laid = rig.host.lay_auditions(gaps)
    path = str(tmp_path / "kept.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert rig.host.lay_auditions(gaps) == laid
    assert rig.host.read_tag(laid["gap_1.1"], auditions.LAID)["words"] == "A wider one."
    assert files.span(things.find(laid["gap_1.1"])) == (1106, 1109, 15 - 1106)
