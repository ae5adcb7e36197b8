"""The sequencer as an edit, in Blender: what it exports is read by the core and held against what
Blender itself renders. Run by `tests/blender/test_contract_in_bpy.py` in each version.
"""

import os
import wave
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import bpy
import numpy as np
import OpenImageIO as oiio
import pytest
from blender_scenes import collections, flat, sequence
from cores import CORE

from answerprint_blender import colour, compat, edit_out, things
from answerprint_bridge.host import Marker
from answerprint_bridge.messages import WireError
from answerprint_bridge.wire import Worker


@pytest.fixture(scope="module")
def core_worker():
    """One for all cases: it only reads cuts."""
    worker = Worker(CORE, {"name": "Blender", "version": bpy.app.version_string})
    yield worker
    worker.kill()


@pytest.fixture
def cut(rig, tmp_path, core_worker):
    """The scene's own strip away, and cut() -> what the core reads of the exported edit."""
    for each in list(compat.top_strips(rig.scene)):
        compat.top_strips(rig.scene).remove(each)
    rig.scene.sequencer_colorspace_settings.name = colour.working()
    rig.scene.render.resolution_x, rig.scene.render.resolution_y = 20, 12
    if hasattr(bpy.context.workspace, "sequencer_scene"):
        bpy.context.workspace.sequencer_scene = rig.scene

    def read():
        path = str(tmp_path / f"cut {len(list(tmp_path.glob('cut *')))}.otio")
        return core_worker.call("edit.read", {"path": rig.host.export_timeline(path)})

    return read


def stamped(number):
    """A picture that says which frame it is."""
    return flat((number - 1000) / 100)(number)


def shot(rig, tmp_path, name="shot", at=11, channel=3, numbers=range(1001, 1013)):
    frames = sequence(tmp_path / name, list(numbers), name, stamped)
    strips = compat.top_strips(rig.scene)
    there = [frames.path(n) for n in numbers]
    strip = strips.new_image(name, there[0], channel, at, fit_method="ORIGINAL")
    for path in there[1:]:
        strip.elements.append(Path(path).name)
    colour.put(strip.colorspace_settings, colour.working())
    return strip


def effect(rig, kind, channel, first, *inputs):
    strips = compat.top_strips(rig.scene)
    known = strips.bl_rna.functions["new_effect"].parameters.keys()
    end = max([first + 10, *(int(each.frame_final_end) for each in inputs)])
    more = {"frame_end": end} if "frame_end" in known else {"length": end - first}
    names = ("input1", "input2") if "input1" in known else ("seq1", "seq2")
    more |= dict(zip(names, inputs, strict=False))
    return strips.new_effect(kind.lower(), kind, channel, first, **more)


def rendered(rig, tmp_path, frames):
    """The numbers that Blender shows at these frames of the scene; between two in a dissolve."""
    folder = tmp_path / f"look {len(list(tmp_path.glob('look *')))}"
    folder.mkdir()
    settings, found = rig.scene.render, []
    compat.exr(settings.image_settings, 32)
    settings.use_sequencer, settings.use_compositing = True, False
    for frame in frames:
        rig.scene.frame_start = rig.scene.frame_end = frame
        settings.filepath = str(folder / f"{frame}.####.exr")
        bpy.ops.render.render(animation=True, scene=rig.scene.name)
        (path,) = folder.glob(f"{frame}.*.exr")
        light = np.asarray(oiio.ImageBuf(str(path)).get_pixels("float"))
        found.append(round(float(light[6, 10, 0]) * 100 + 1000, 1))
    return found


def told(cut, frame):
    """The number that the core reads for a frame of the edit, None where it has no shot."""
    there = [e for e in cut["events"] if e["enabled"]]
    at = cut["start"] + frame
    there = [e for e in there if e["record"][0] <= at < e["record"][1]]
    if not there:
        return None
    event = max(there, key=lambda each: each["track"])
    lasts = event["record"][1] - event["record"][0]
    first, last = event["frames"][0] + event["head"], event["frames"][1] - event["tail"]
    turn = (at - event["record"][0]) * (last - first + 1) // lasts
    return last - turn if event["speed"] < 0 else first + turn


def trimmed(rig, strip):
    strip.frame_offset_start, strip.frame_offset_end = 2, 3


def hard_trimmed(rig, strip):
    strip.animation_offset_start, strip.animation_offset_end = 2, 1


def held(rig, strip):
    strip.frame_offset_start, strip.frame_offset_end = -3, -4


def backwards(rig, strip):
    trimmed(rig, strip)
    strip.use_reverse_frames = True


def stretched(rig, strip):
    strip.frame_offset_end = 6
    effect(rig, "SPEED", 5, 11, strip).speed_control = "STRETCH"


def faster(rig, strip):
    made = effect(rig, "SPEED", 5, 11, strip)
    made.speed_control, made.speed_factor = "MULTIPLY", 2.0


def frozen(rig, strip):
    made = effect(rig, "SPEED", 5, 11, strip)
    made.speed_control, made.speed_frame_number = "FRAME_NUMBER", 4


def a_still(rig, strip):
    while len(strip.elements) > 1:
        strip.elements.pop(-1)
    strip.frame_final_duration = 9


def moved(rig, strip):
    strip.frame_start = 40


def switched_off_effect(rig, strip):
    effect(rig, "SPEED", 5, 11, strip).mute = True


def on_twos(rig, strip):
    names = [each.filename for each in strip.elements][: len(strip.elements) // 2]
    for each, name in zip(strip.elements, sorted(names * 2), strict=True):
        each.filename = name


def on_twos_from_within(rig, strip):
    on_twos(rig, strip)
    strip.frame_offset_start = 3


WAYS = (on_twos, on_twos_from_within)
WAYS += (trimmed, hard_trimmed, held, backwards, stretched, faster, frozen, a_still, moved)
WAYS += (switched_off_effect,)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_each_frame_of_the_cut_is_the_one_blender_shows(rig, tmp_path, cut, way):
    strip = shot(rig, tmp_path)
    way(rig, strip)
    first = edit_out.first_of(rig.scene)
    span = range(first, int(strip.frame_final_end))
    read = cut()
    assert not [each["why"] for each in read["events"] if each["why"]]
    assert [told(read, frame - first) for frame in span] == rendered(rig, tmp_path, span)


@pytest.mark.parametrize(("cut_off", "events"), [(0, 1), (2, 1), (3, 2)])
def test_pictures_on_twos_are_one_event_at_half_the_speed(rig, tmp_path, cut, cut_off, events):
    strip = shot(rig, tmp_path, numbers=range(1001, 1025))
    on_twos(rig, strip)
    strip.frame_offset_start = cut_off
    speeds = [each["speed"] for each in cut()["events"]]
    assert (len(speeds), speeds[-1]) == (events, 0.5)


def test_a_hold_before_what_moves_is_an_event_of_its_own(rig, tmp_path, cut):
    strip = shot(rig, tmp_path)
    strip.frame_offset_start = -2
    assert [each["speed"] for each in cut()["events"]] == [0, 1]


def test_a_strip_is_in_the_space_that_it_is_set_to(rig, tmp_path, cut):
    strip = shot(rig, tmp_path)
    colour.put(strip.colorspace_settings, colour.ours("ACES2065-1"))
    (medium,) = cut()["media"]
    assert medium["named"] == medium["space"] == "ACES2065-1"


@contextmanager
def sequencer(rig, strip):
    """For operators that act on the chosen strip of a sequencer."""
    strip.select = True
    rig.scene.sequence_editor.active_strip = strip
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    was, area.type = area.type, "SEQUENCE_EDITOR"
    region = next(each for each in area.regions if each.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        yield
    area.type = was


def test_a_retimed_strip_is_cut_at_its_keys(rig, tmp_path, cut):
    strip = shot(rig, tmp_path)
    with sequencer(rig, strip):
        bpy.ops.sequencer.retiming_segment_speed_set(speed=50.0, keep_retiming=False)
        bpy.ops.sequencer.retiming_key_add(timeline_frame=19)
        strip.retiming_keys[1].timeline_frame = 15
    span = range(11, int(strip.frame_final_end))
    read, shown = cut(), rendered(rig, tmp_path, span)
    assert len(read["events"]) >= 2
    assert [told(read, frame - 11) for frame in span] == pytest.approx(shown, abs=1)
    assert abs(told(read, 3) - shown[3]) <= 1 < shown[4] - shown[0]


def test_numbers_with_a_gap_are_two_clips_of_what_is_there(rig, tmp_path, cut):
    shot(rig, tmp_path, numbers=[1001, 1002, 1003, 1006, 1007])
    events = cut()["events"]
    assert [each["frames"] for each in events] == [[1001, 1003], [1006, 1007]]


def test_a_cross_is_a_dissolve_of_both(rig, tmp_path, cut):
    one, other = shot(rig, tmp_path, "one", 11, 1), shot(rig, tmp_path, "other", 19, 2)
    effect(rig, "CROSS", 3, 19, one, other)
    third = shot(rig, tmp_path, "third", 27, 1)
    effect(rig, "GAMMA_CROSS", 4, 27, other, third)
    read = cut()
    first, second, last = read["events"]
    assert [each["record"] for each in read["events"]] == [[11, 21], [21, 29], [29, 39]]
    assert (first["frames"], first["tail"]) == ([1001, 1012], 2)  # all of it is seen
    assert (second["frames"], second["head"], second["tail"]) == ([1001, 1012], 2, 2)
    assert (last["frames"], last["head"], second["over"]) == ([1001, 1012], 2, 4)
    assert {each["track"] for each in read["events"]} == {1}


def test_a_muted_cross_joins_nothing(rig, tmp_path, cut):
    one, other = shot(rig, tmp_path, "one", 11, 1), shot(rig, tmp_path, "other", 19, 2)
    effect(rig, "CROSS", 3, 19, one, other).mute = True
    assert [e["record"] for e in cut()["events"]] == [[11, 23], [19, 31]]


def test_channels_gaps_and_what_is_switched_off(rig, tmp_path, cut):
    shot(rig, tmp_path, "low", 11, 1)
    shot(rig, tmp_path, "late", 30, 1)
    shot(rig, tmp_path, "off", 14, 2).mute = True
    shot(rig, tmp_path, "high", 14, 4)
    rig.scene.sequence_editor.channels[4].mute = True
    read = cut()
    rows = {e["name"]: (e["record"], e["track"], e["enabled"]) for e in read["events"]}
    assert rows == {
        "low": ([11, 23], 1, True),
        "late": ([30, 42], 1, True),
        "off": ([14, 26], 2, False),
        "high": ([14, 26], 3, False),
    }
    assert Fraction(read["rate"]) == Fraction(24000, 1001)


def test_a_meta_is_opened_and_cut_where_it_is_cut(rig, tmp_path, cut):
    strip = shot(rig, tmp_path, "inner", 11, 3)
    with sequencer(rig, strip):
        bpy.ops.sequencer.meta_make()
    (meta,) = compat.top_strips(rig.scene)
    meta.frame_offset_start, meta.frame_offset_end = 4, 2
    (event,) = cut()["events"]
    assert (event["name"], event["record"], event["frames"]) == ("inner", [15, 21], [1005, 1010])
    (span,) = rig.host.edit()
    assert (span.item.ref, span.name) == (things.ref(strip), "inner")


def test_what_is_not_shot_covers_and_is_said(rig, tmp_path, cut):
    strip = shot(rig, tmp_path, "shot", 11, 1)
    strip.modifiers.new("Look", "COLOR_BALANCE")
    effect(rig, "COLOR", 2, 11)
    effect(rig, "TEXT", 3, 11)
    effect(rig, "GAUSSIAN_BLUR", 4, 11, strip)
    effect(rig, "ADJUSTMENT", 5, 11)
    veil = shot(rig, tmp_path, "veil", 11, 6)
    veil.blend_type = "MULTIPLY"
    small = shot(rig, tmp_path, "small", 11, 7)
    small.transform.scale_x = small.transform.scale_y = 0.5
    read = cut()
    assert [each["name"] for each in read["events"]] == ["shot"]
    said = " ".join(read["warnings"])
    for name in ("color", "text", "veil", "small", "Look", "gaussian_blur", "adjustment"):
        assert name in said, name


def test_sound_is_counted_and_left(rig, tmp_path, cut):
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000))
    shot(rig, tmp_path)
    compat.top_strips(rig.scene).new_sound("sound", str(path), 1, 4)  # begins before the picture
    read = cut()
    assert [each["record"] for each in read["events"]] == [[11, 23]]
    assert "clips of sound (1)" in " ".join(read["warnings"])


def test_a_small_picture_with_nothing_under_it_is_a_shot(rig, tmp_path, cut):
    small = shot(rig, tmp_path, "small", 11, 7)
    small.transform.scale_x = small.transform.scale_y = 0.5
    shot(rig, tmp_path, "later", 23, 1)
    assert [each["name"] for each in cut()["events"]] == ["small", "later"]
    again = shot(rig, tmp_path, "again", 11, 9)  # as a result lies on its shot
    again.transform.scale_x = again.transform.scale_y = 0.5
    assert [each["name"] for each in cut()["events"]] == ["small", "again", "later"]


def test_a_movie_is_counted_by_its_file(rig, tmp_path, cut):
    strip = compat.top_strips(rig.scene).new_movie("film", filmed(tmp_path), 1, 11)
    strip.frame_offset_start = 3
    assert round(strip.fps) == 25
    (event,) = cut()["events"]
    lasts = int(strip.frame_final_duration)
    assert event["frames"] == [1001 + 3, 1001 + 3 + lasts - 1]  # one for one, whatever the rates
    assert event["record"] == [14, 14 + lasts]
    strip.use_reverse_frames = True
    (event,) = cut()["events"]
    assert event["speed"] < 0
    assert event["frames"] == [1001, 1001 + lasts - 1]


def filmed(tmp_path):
    """A movie of 20 frames at 25, made by Blender."""
    scene = bpy.data.scenes.new("film")
    scene.render.fps, scene.frame_start, scene.frame_end = 25, 1, 20
    scene.render.resolution_x, scene.render.resolution_y = 64, 48
    scene.sequence_editor_create()
    settings = scene.render.image_settings
    if compat.FIVE:
        settings.media_type = "VIDEO"
    settings.file_format = "FFMPEG"
    scene.render.ffmpeg.format, scene.render.ffmpeg.codec = "MPEG4", "H264"
    scene.render.filepath = str(tmp_path / "film.mp4")
    strips = compat.top_strips(scene)
    known = strips.bl_rna.functions["new_effect"].parameters.keys()
    more = {"frame_end": 21} if "frame_end" in known else {"length": 20}
    strips.new_effect("colour", "COLOR", 1, 1, **more)
    bpy.ops.render.render(animation=True, scene=scene.name)
    bpy.data.scenes.remove(scene)
    assert os.path.isfile(tmp_path / "film.mp4")
    return str(tmp_path / "film.mp4")


def test_an_export_changes_nothing(rig, tmp_path, cut):
    shot(rig, tmp_path, "one", 11, 1)
    compat.top_strips(rig.scene).new_movie("film", filmed(tmp_path), 2, 11)
    before, blocks = rig.snapshot(), {name: len(each()) for name, each in collections()}
    cut()
    assert rig.snapshot() == before
    assert {name: len(each()) for name, each in collections()} == blocks


def test_a_file_that_is_gone_is_in_the_cut_as_missing(rig, tmp_path, cut):
    shot(rig, tmp_path, "gone", 11, 1)
    for path in (tmp_path / "gone").iterdir():
        path.unlink()
    (event,) = cut()["events"]
    assert event["record"] == [11, 23]
    assert "is not there" in event["why"]


def test_without_strips_there_is_no_edit(rig, cut):
    with pytest.raises(WireError, match="has no pictures"):
        cut()
    with pytest.raises(WireError, match="has no pictures"):
        rig.host.show_frame(3)


# --- back in ---------------------------------------------------------------------------------


def marks(rig):
    return sorted((each.frame, each.name) for each in rig.scene.timeline_markers)


def test_a_second_check_replaces_our_markers_and_no_others(rig, tmp_path, cut):
    shot(rig, tmp_path, at=11)
    theirs = marks(rig)
    marker = Marker(4, "s020 is darker", "check", 3, "yellow", "exposure")
    assert rig.host.mark_edit("check", [marker, Marker(6, "x" * 80)]) == [4, 6]
    ours = [(15, "exposure: s020 is darker"), (17, f"{'x' * 60}…")]
    assert marks(rig) == sorted([*theirs, *ours])
    rig.host.add_markers("", [Marker(1, "of a tool", "problem")])
    moved = next(each for each in rig.scene.timeline_markers if each.frame == 17)
    moved.frame = 99  # by the artist, whose it is now
    assert rig.host.mark_edit("check", [Marker(5, "still darker")]) == [5]
    left = {frame for frame, _ in marks(rig)} - {frame for frame, _ in theirs}
    assert left == {1, 16, 99}
    assert rig.host.mark_edit("check", []) == []
    assert 16 not in {frame for frame, _ in marks(rig)}


def test_markers_that_fail_leave_those_that_were_there(rig, tmp_path, cut, monkeypatch):
    shot(rig, tmp_path)
    rig.host.mark_edit("check", [Marker(4, "first"), Marker(5, "second")])
    before, tags = marks(rig), rig.host.tagged("answerprint_mark")
    monkeypatch.setattr(things, "keep", failing(things.keep, 2))
    with pytest.raises(RuntimeError, match="no luck"):
        rig.host.mark_edit("check", [Marker(6, "third"), Marker(7, "fourth")])
    assert marks(rig) == before
    assert rig.host.tagged("answerprint_mark") == tags


def failing(method, turn):
    """A method that fails once, at a turn."""
    turns = iter(range(1, 1000))

    def once(*given):
        if next(turns) == turn:
            raise RuntimeError("no luck")
        return method(*given)

    return once


def test_the_playhead_goes_to_a_frame_of_the_edit(rig, tmp_path, cut):
    shot(rig, tmp_path, at=11)
    rig.host.show_frame(5)
    assert rig.scene.frame_current == 16


def test_what_is_added_before_the_edit_moves_no_finding_until_the_next_check(rig, tmp_path, cut):
    shot(rig, tmp_path, at=31)
    cut()
    shot(rig, tmp_path, "slate", at=11, channel=4)
    rig.host.show_frame(5)
    assert rig.scene.frame_current == 36
    rig.host.mark_edit("check", [Marker(2, "darker")])
    assert (33, "darker") in marks(rig)
    assert {span.name: span.first for span in rig.host.edit()} == {"shot": 0, "slate": -20}
    cut()
    rig.host.show_frame(5)
    assert rig.scene.frame_current == 16
