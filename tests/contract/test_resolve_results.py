"""Resolve's other inputs and results: stills, retimed clips, mattes, tracks above, the way back."""

import json
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import PyOpenColorIO as ocio
import pytest
import resolve_rig
from scenes import CDL, ONE_OF_EACH, export, kept, shot

from answerprint_bridge.host import FrameSet
from answerprint_bridge.messages import CANCELLED, WireError
from answerprint_resolve import facts

ABOVE = "a clip on a track above"


@pytest.fixture
def rig(tmp_path):
    project = tmp_path / "a" / "sc010"
    project.mkdir(parents=True)
    return resolve_rig.Rig(project)


@pytest.fixture
def clip(rig):
    """The hero, under the playhead."""
    return rig.line._clips[0]


# --- inputs ----------------------------------------------------------------------------------


@pytest.fixture
def still(rig, tmp_path):
    """A graded picture in the Gallery, in the timeline's output space."""
    light = np.random.default_rng(3).random((8, 12, 3), dtype=np.float32)
    image = oiio.ImageBuf(oiio.ImageSpec(12, 8, 3, "uint16"))
    image.set_pixels(image.roi, light)
    assert image.write(str(tmp_path / "still.tif"))
    picture = (tmp_path / "still.tif").read_bytes()
    gallery = rig.resolve._manager._project._gallery
    album = gallery._albums[0]
    album._stills += [resolve_rig.double.GalleryStill(rig.world, "", b"another")]
    album._stills += [resolve_rig.double.GalleryStill(rig.world, "hero: look 2", picture)]
    return album._stills[1]


def test_a_still_of_the_gallery_can_be_the_hero(rig, still, tmp_path):
    *clips, first, look = rig.host.items()
    assert [each.kind for each in clips] == ["clip", "clip"]
    assert (first.label, look.label) == ("Stills 1: 1", "Stills 1: hero: look 2")
    told = rig.host.describe(look.ref)
    assert (told.first, told.last, told.graded_space, told.file) == (1, 1, "ACEScg", "")
    rig.line._playhead = 86500
    frames = export(rig, look, tmp_path / "out")
    assert (frames.numbers, frames.space) == ((1,), "ACEScg")
    assert Path(frames.path(1)).read_bytes() == still._picture
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["plate.0001.tif"]
    assert (rig.world.page, rig.line._playhead) == ("edit", 86500)


def test_a_still_that_moved_or_cannot_be_exported_is_refused(rig, still, tmp_path, monkeypatch):
    look = rig.host.items()[-1]
    page = resolve_rig.double.Resolve.OpenPage
    monkeypatch.setattr(resolve_rig.double.Resolve, "OpenPage", lambda self, pageName: False)
    with pytest.raises(WireError, match="exported no file of the still") as refused:
        export(rig, look, tmp_path / "out")
    assert "Gallery" in refused.value.hint
    monkeypatch.setattr(resolve_rig.double.Resolve, "OpenPage", page)
    rig.resolve._manager._project._gallery._albums[0]._stills.pop(0)
    with pytest.raises(WireError, match="no 'still:0:1:hero: look 2' in the Gallery"):
        rig.host.describe(look.ref)


def test_a_retimed_clip_is_rendered_and_never_read_in_place(rig, tmp_path):
    frames = export(rig, shot(rig), tmp_path / "plates")
    item = rig.on_disk(FrameSet(frames.pattern, 1001, 1003, space="ACEScg"))
    clip = rig.clip(item.ref)
    clip._media._pictures = rig.line._clips[-2]._media._pictures
    assert rig.host.describe(item.ref).file == frames.pattern
    clip._length, clip._speed = 30, 0.1
    told = rig.host.describe(item.ref)
    assert (told.file, told.handles, told.first, told.last) == ("", (0, 0), 1001, 1030)
    rig.artist.renders = False
    with pytest.raises(WireError) as declined:
        export(rig, item, tmp_path / "declined")
    assert declined.value.code == CANCELLED
    assert "is retimed" in rig.artist.rendered[-1]
    assert list((tmp_path / "declined").iterdir()) == []


@pytest.mark.parametrize("yes", [True, False])
def test_a_space_that_nobody_here_knows_is_asked_about_once(rig, tmp_path, yes):
    frames = export(rig, shot(rig), tmp_path / "plates")
    item = rig.on_disk(FrameSet(frames.pattern, 1001, 1003))
    rig.clip(item.ref)._media._properties["Input Color Space"] = "Sony Venice X-Log"
    rig.answer(lambda question, default: yes)
    for turn in ("one", "two"):
        if yes:
            assert export(rig, item, tmp_path / turn).space == ""
        else:
            with pytest.raises(WireError, match="'Sony Venice X-Log'") as refused:
                export(rig, item, tmp_path / turn)
            assert "name its colour space there" in refused.value.hint
    assert ["Sony Venice X-Log" in q for q in rig.artist.asked] == ([True] if yes else [True] * 2)
    rig.world.settings["colorScienceMode"] = "davinciYRGB"
    rig.answer(lambda question, default: pytest.fail("there the property means nothing"))
    assert export(rig, item, tmp_path / "unmanaged").space == ""


def test_every_space_is_one_of_the_cores(rig):
    config = ocio.Config.CreateFromBuiltinConfig("studio-config-v2.2.0_aces-v1.3_ocio-v2.4")
    assert set(facts.NAMES.values()) <= set(config.getColorSpaceNames())


def test_a_long_timeline_is_described_without_being_searched_for_each_clip(rig, monkeypatch):
    for number in range(100):
        media = resolve_rig.double.MediaPoolItem(rig.world, f"/raw/{number}.braw", 1, 9)
        rig.add(f"shot {number}", media)
    items = rig.host.items()
    asked = []
    number = resolve_rig.double.TimelineItem.GetUniqueId
    told = [rig.host.describe(each.ref) for each in items]
    monkeypatch.setattr(
        resolve_rig.double.TimelineItem, "GetUniqueId", lambda s: asked.append(s) or number(s)
    )
    assert [rig.host.describe(each.ref) for each in items] == told
    assert [each.shot for each in told[-2:]] == ["shot 98", "shot 99"]
    assert len(asked) == len(items)
    rig.line._clips.pop()
    with pytest.raises(WireError, match="in the timeline"):
        export(rig, items[-1], Path(rig.project, "out"))


def test_results_are_filed_under_the_clip(rig, clip):
    for name, shown in (
        ("A001_C003.[1001-1100].exr", "A001_C003"),
        ("A001_C003.mov", "A001_C003"),
        ("sc.010 v2", "sc.010 v2"),
        ("a/b:c.dpx", "a_b_c"),
    ):
        clip._name = name
        assert rig.host.describe(rig.item(clip).ref).shot == shown


# --- results ---------------------------------------------------------------------------------


def test_a_matte_belongs_to_the_clips_media(rig, clip):
    before = rig.snapshot()
    (answer,) = rig.host.apply([ONE_OF_EACH["matte"]], "", "roto v001", "r1")
    assert (answer.status, answer.became) == ("done", "matte")
    (path,) = clip._media._mattes
    assert path == str(Path(rig.host.results, "matte.####.exr"))
    assert answer.items == (f"matte:{clip._media._id}:{path}",)
    assert kept(before, rig.snapshot())
    again = rig.host.apply([ONE_OF_EACH["matte"]], "", "roto v001", "r1")
    assert again[0].items == answer.items
    assert clip._media._mattes == [path]
    assert "delete it in the media pool" in rig.host.take_back(answer.items[0])


def test_a_matte_that_resolve_does_not_take_comes_as_media(rig, monkeypatch):
    storage = type(rig.resolve._storage)
    monkeypatch.setattr(storage, "AddClipMattesToMediaPool", lambda self, item, paths: True)
    (answer,) = rig.host.apply([ONE_OF_EACH["matte"]], "", "roto v001")
    assert (answer.status, answer.became) == ("degraded", "frames")
    assert "added no matte" in answer.why


def test_a_clip_above_has_the_same_place_and_frames(rig, clip):
    clip._offset, clip._length = 1, 2
    rig.say("pictures_as", ABOVE)
    (answer,) = rig.host.apply([ONE_OF_EACH["take"]], "", "clean v001", "r1")
    assert answer.became == "take"
    ours = rig.clip(answer.items[0])
    assert (ours._start, ours._length, ours._offset, ours._track) == (clip._start, 2, 1, 2)
    assert clip._takes == []
    assert rig.host.apply([ONE_OF_EACH["take"]], "", "", "r1")[0].items == answer.items


@pytest.mark.parametrize("above", [True, False])
def test_a_take_of_other_media_lies_where_it_is_told(rig, clip, tmp_path, above):
    """Its frame 41 at the clip's first, which is the source's second."""
    clip._offset, clip._length = 1, 2
    first = rig.host.describe(rig.item(clip).ref).first
    if above:
        rig.say("pictures_as", ABOVE)
    (tmp_path / "b.0031.exr").touch()
    other = {"pattern": f"{tmp_path}/b.%04d.exr", "first": 31, "last": 60, "at": first - 10}
    (answer,) = rig.host.apply([{**ONE_OF_EACH["take"], **other}], "", "show b", "r1")
    assert answer.status == "done", answer.why
    start, end = (10, 11)
    if above:
        ours = rig.clip(answer.items[0])
        assert (ours._start, ours._length, ours._offset) == (clip._start, 2, start)
    else:
        taken = clip._takes[-1]
        assert (taken["startFrame"], taken["endFrame"]) == (start, end)
    late = {**ONE_OF_EACH["take"], **other, "at": first + 1}
    (answer,) = rig.host.apply([late], "", "show b", "r2")
    assert (answer.status, answer.became) == ("degraded", "frames")
    assert "do not cover" in answer.why


def test_a_track_that_is_taken_or_locked_is_passed_over(rig, clip):
    title = rig.add("title", clip._media, track=2)
    title._start = clip._start + 2
    rig.line._tracks.append(True)
    rig.line._locked = {3}
    rig.say("pictures_as", ABOVE)
    (answer,) = rig.host.apply([ONE_OF_EACH["take"]], "", "clean v001")
    assert rig.clip(answer.items[0])._track == 4
    assert rig.line._tracks == [True] * 4


@pytest.mark.parametrize("inclusive", [True, False])
def test_the_length_of_a_clip_above_is_looked_at(rig, clip, monkeypatch, inclusive):
    rig.say("pictures_as", ABOVE)
    pool = resolve_rig.double.MediaPool
    append = pool.AppendToTimeline

    def exclusive(self, clips):
        return append(self, [{**each, "endFrame": each["endFrame"] - 1} for each in clips])

    monkeypatch.setattr(pool, "AppendToTimeline", append if inclusive else exclusive)
    rig.world.page = "color"  # where clips cannot be deleted
    (answer,) = rig.host.apply([ONE_OF_EACH["take"]], "", "clean v001")
    assert rig.clip(answer.items[0])._length == clip._length
    assert len(rig.line._clips) == 3
    assert rig.world.page == "color"


def test_a_clip_that_does_not_come_leaves_no_track_and_no_media(rig, monkeypatch):
    rig.say("pictures_as", ABOVE)
    before = rig.snapshot()
    monkeypatch.setattr(resolve_rig.double.MediaPool, "AppendToTimeline", lambda self, clips: [])
    (answer,) = rig.host.apply([ONE_OF_EACH["take"]], "", "clean v001")
    assert (answer.status, answer.became) == ("degraded", "frames")
    assert "no clip of the same length" in answer.why
    now = rig.snapshot()
    assert now.keys() - before.keys() == set(answer.items)
    assert now["state"] == before["state"]


def test_two_clips_of_one_media_are_two(rig, clip):
    """The same plate cut twice, matched to one hero: one recipe, and a version on each."""
    twin = rig.add("again", clip._media)
    twin._length = clip._length
    for each in (clip, twin):
        (answer,) = rig.host.apply([CDL], rig.item(each).ref, "match v001", "r1")
        assert answer.items[0].startswith(f"version:{each._id}:")
        assert rig.host.apply([CDL], rig.item(each).ref, "match v001", "r1") == [answer]
        assert each._current == ("match v001", 0)


# --- the way back ----------------------------------------------------------------------------


def test_everything_can_be_taken_back_and_shown_again(rig, clip):
    results = [CDL, ONE_OF_EACH["take"], ONE_OF_EACH["frames"]]
    answers = rig.host.apply(results, "", "match v001", "r1")
    there = rig.snapshot()
    (grade,), (_, take), (media,) = (answer.items for answer in answers)
    assert rig.host.take_back(grade) == "Version 1"
    assert rig.host.take_back(take) == "your own take"
    assert "your timeline" in rig.host.take_back(media)
    assert (clip._current, clip._take) == (("Version 1", 0), 1)
    assert rig.snapshot() == there, "taking back deletes nothing"
    assert rig.host.apply(results, "", "match v001", "r1") == answers
    assert (clip._current, clip._take) == (("match v001", 0), 2)
    assert rig.snapshot() == there


def test_a_clip_above_is_switched_off_and_on(rig):
    rig.say("pictures_as", ABOVE)
    results = [ONE_OF_EACH["take"]]
    (answer,) = rig.host.apply(results, "", "clean v001", "r1")
    assert "switched off" in rig.host.take_back(answer.items[0])
    assert not rig.clip(answer.items[0])._enabled
    rig.host.apply(results, "", "clean v001", "r1")
    assert rig.clip(answer.items[0])._enabled


def test_a_marker_of_ours_is_removed_and_the_artists_stays(rig):
    rig.line.AddMarker(0, "Red", "mine", "", 1, "")
    (answer,) = rig.host.apply([ONE_OF_EACH["markers"]], "", "check v001", "r1")
    rig.host.take_back(answer.items[0])
    assert [each["name"] for each in rig.line.GetMarkers().values()] == ["mine"]


# --- timelines -------------------------------------------------------------------------------


def broken(path, how):
    told = json.loads(Path(path).read_text())
    clip = told["tracks"]["children"][0]["children"][0]
    media = clip["media_references"]["DEFAULT_MEDIA"]
    how(told, clip, media)
    Path(path).write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (lambda told, clip, media: told.pop("global_start_time"), "global_start_time"),
        (lambda told, clip, media: clip.update(OTIO_SCHEMA="Clip.1"), "'hero' is no Clip.2"),
        (lambda told, clip, media: clip.pop("media_references"), "'hero' is no Clip.2"),
        (lambda told, clip, media: media.update(target_url="file:///a"), "the bare path"),
        (lambda told, clip, media: media.pop("available_range"), "available_range"),
        (
            lambda told, clip, media: media.update(OTIO_SCHEMA="ImageSequenceReference.1"),
            "ExternalReference",
        ),
        (
            lambda told, clip, media: clip["source_range"]["start_time"].update(value=0.0),
            "begins before its media",
        ),
        (lambda told, clip, media: told.update(OTIO_SCHEMA="Clip.2"), "holds no timeline"),
    ],
)
def test_an_otio_that_resolve_would_not_take_is_refused_with_the_reason(rig, tmp_path, how, said):
    path = rig.host.export_timeline(str(tmp_path / "cut.otio"))
    broken(path, how)
    with pytest.raises(WireError, match=said):
        rig.host.import_timeline(path, "sc010 v2")
    assert len(rig.resolve._manager._project._timelines) == 1


def test_a_name_that_is_taken_is_refused_before_resolve_says_none(rig, tmp_path):
    path = rig.host.export_timeline(str(tmp_path / "cut.otio"))
    with pytest.raises(WireError, match="There is a timeline 'sc010' already"):
        rig.host.import_timeline(path, "sc010")
    with pytest.raises(WireError, match="cannot be read"):
        rig.host.import_timeline(str(tmp_path / "nowhere.otio"), "sc010 v2")
