"""Resolve the second time: what we placed before is neither built upon nor measured."""

from pathlib import Path

import pytest
import resolve_rig
from scenes import CDL, ONE_OF_EACH, export, kept, picture, same_light, shot

from answerprint_bridge.host import ExportSpec
from answerprint_bridge.messages import WireError

LUT, TAKE = ONE_OF_EACH["lut"], ONE_OF_EACH["take"]
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


def said(nodes):
    """Label, first slope and LUT of each node."""
    return [(n["label"], (n["cdl"] or {}).get("Slope", "")[:3], n["lut"][:11]) for n in nodes]


# --- grades ----------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [CDL, LUT])
@pytest.mark.parametrize("second", [CDL | {"slope": [1.5, 1.0, 1.0]}, LUT])
def test_a_second_match_stands_beside_the_first_and_not_on_it(rig, clip, first, second):
    rig.host.apply([first], "", "match v001", "r1")
    (answer,) = rig.host.apply([second], "", "match v002", "r2")
    assert answer.status == "done"
    assert rig.artist.asked == [], "the artist's node is still empty"
    ours = ("AP", "", "Answerprint") if second is LUT else ("AP", "1.5", "")
    assert said(clip._versions["match v002", 0]) == [("base", "", ""), ours]
    assert clip._current == ("match v002", 0)
    assert rig.host.take_back(answer.items[0]) == "Version 1"


def test_a_shared_version_of_the_artists_is_built_upon_too(rig, clip):
    clip._versions["Day", 1] = clip._versions.pop(("Version 1", 0))
    clip._current = ("Day", 1)
    for number in (1, 2):
        rig.host.apply([CDL], "", f"match v00{number}", f"r{number}")
    assert said(clip._versions["match v002", 0]) == [("base", "", ""), ("AP", "1.1", "")]


@pytest.mark.parametrize("name", ["AddVersion", "SetCDL"])
def test_a_second_match_that_fails_shows_the_first_again(rig, clip, monkeypatch, name):
    rig.host.apply([CDL], "", "match v001", "r1")
    before = rig.snapshot()
    monkeypatch.setattr(resolve_rig.double.TimelineItem, name, lambda self, *args: False)
    (answer,) = rig.host.apply([CDL], "", "match v002", "r2")
    assert answer.status == "refused"
    assert clip._current == ("match v001", 0)
    assert rig.snapshot() == before
    assert rig.said() == [], "everything could be taken back"


def test_a_no_to_the_question_shows_the_first_again(rig, clip):
    rig.host.apply([CDL], "", "match v001", "r1")
    clip._versions["Version 1", 0][1]["label"] = "skin"
    (answer,) = rig.host.apply([CDL], "", "match v002", "r2")
    assert answer.status == "refused"
    assert clip._current == ("match v001", 0)


def test_where_the_artist_deleted_his_version_ours_is_his(rig, clip):
    rig.host.apply([CDL], "", "match v001", "r1")
    clip.DeleteVersionByName("Version 1", 0)
    rig.answer(lambda question, default: True)
    (answer,) = rig.host.apply([CDL], "", "match v002", "r2")
    assert "no empty node labelled AP" in rig.artist.asked[0]
    assert rig.host.take_back(answer.items[0]) == "match v001"


def test_numbers_make_a_node_one_that_is_not_empty(clip):
    told = {"Slope": "1 1 1", "Offset": "0 0 0", "Power": "1 1 1", "Saturation": "1"}
    assert clip.GetNodeGraph().GetToolsInNode(2) is None
    assert clip.SetCDL({"NodeIndex": "2", **told})
    assert clip.GetNodeGraph().GetToolsInNode(2)


@pytest.mark.parametrize(("name", "light"), [("source", 2.0), ("reference", 3.0)])
def test_as_graded_the_source_is_measured_as_the_artist_graded_it(rig, tmp_path, name, light):
    """Our numbers go onto his version; a hero that we matched before is what is seen of it."""
    item = shot(rig)
    clip = rig.clip(item.ref)
    clip._nodes[0]["cdl"] = {"Slope": "2 2 2"}
    rig.host.apply([CDL | {"slope": [1.5, 1.5, 1.5]}], item.ref, "match v001", "r1")
    before = rig.snapshot()
    (tmp_path / "out").mkdir()
    spec = ExportSpec(str(tmp_path / "out"), name, graded=True)
    with rig.host.progress("Writing") as progress:
        frames = rig.host.export_frames(item.ref, spec, progress)
    seen = resolve_rig.oiio.ImageBuf(frames.path(1002)).get_pixels("float")[..., :3]
    dark = picture(1002)[..., :3] < 1000.0
    assert same_light(seen[dark], light * picture(1002)[..., :3][dark])
    assert clip._current == ("match v001", 0)
    assert rig.snapshot() == before


# --- before grade ----------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["_pre", "_post", "_grade"])
def test_before_grade_is_refused_where_something_else_grades(rig, tmp_path, where):
    item = shot(rig)
    clip = rig.clip(item.ref)
    clip._group = resolve_rig.double.ColorGroup(rig.world, "day exteriors")
    assert same_light(seen(rig, item, tmp_path / "flat"), picture(1002)), (
        "an empty group is no grade"
    )
    nodes = getattr(rig.line if where == "_grade" else clip._group, where)._nodes
    nodes[0] |= {"tools": ["Primaries"], "cdl": {"Slope": "2 2 2"}}
    rig.artist.rendered.clear()
    before = rig.snapshot()
    with pytest.raises(WireError, match="not rendered before grade") as refused:
        export(rig, item, tmp_path / "out")
    name = "timeline 'sc010'" if where == "_grade" else "group 'day exteriors'"
    assert name in refused.value.title
    assert "as graded" in refused.value.hint
    assert rig.artist.rendered == [], "refused before it is asked about"
    assert rig.snapshot() == before
    graded = seen(rig, item, tmp_path / "graded", graded=True)
    dark = picture(1002)[..., :3] < 1000.0
    assert same_light(graded[..., :3][dark], 2 * picture(1002)[..., :3][dark])


def seen(rig, item, folder, **how):
    frames = export(rig, item, folder, **how)
    return resolve_rig.oiio.ImageBuf(frames.path(1002)).get_pixels("float")


# --- takes -----------------------------------------------------------------------------------


def test_a_take_that_was_deleted_is_placed_again_from_the_same_media(rig, clip):
    (answer,) = rig.host.apply([TAKE], "", "clean v001", "r1")
    there = rig.snapshot()
    clip.SelectTakeByIndex(1)
    clip.DeleteTakeByIndex(2)
    clip.FinalizeTake()
    (again,) = rig.host.apply([TAKE], "", "clean v001", "r1")
    assert again == answer
    assert (clip.GetTakesCount(), clip._take) == (2, 2)
    assert rig.snapshot() == there, "the media is not imported twice"
    assert rig.host.apply([TAKE], "", "clean v001", "r1") == [answer]


def test_a_clip_above_that_was_deleted_is_placed_again_from_the_same_media(rig):
    rig.say("pictures_as", ABOVE)
    (answer,) = rig.host.apply([TAKE], "", "clean v001", "r1")
    media = len(rig._media())
    rig.line._clips.remove(rig.clip(answer.items[0]))
    (again,) = rig.host.apply([TAKE], "", "clean v001", "r1")
    assert rig.clip(again.items[0])._track == 2
    assert len(rig._media()) == media
    assert again.items[1:] == answer.items[1:]


def test_a_take_that_cannot_come_again_leaves_its_media(rig, clip, monkeypatch):
    rig.host.apply([TAKE], "", "clean v001", "r1")
    clip.SelectTakeByIndex(1)
    clip.DeleteTakeByIndex(2)
    clip.FinalizeTake()
    before = rig.snapshot()
    monkeypatch.setattr(resolve_rig.double.TimelineItem, "AddTake", lambda self, *args: False)
    (answer,) = rig.host.apply([TAKE], "", "clean v001", "r1")
    assert (answer.status, answer.became) == ("degraded", "frames")
    assert before.items() <= rig.snapshot().items()
    assert rig.said() == [], "there was nothing to take back"


KEY = ONE_OF_EACH["key"]


def test_a_key_is_a_matte_of_the_clip_and_a_take(rig, clip):
    before = rig.snapshot()
    (answer,) = rig.host.apply([KEY], "", "key v001", "r1")
    assert (answer.status, answer.became) == ("done", "key")
    (path,) = clip._media._mattes
    assert path == str(Path(rig.host.results, "key.####.exr"))
    assert answer.items[0] == f"matte:{clip._media._id}:{path}"
    assert [ref.partition(":")[0] for ref in answer.items[1:]] == ["media", "take"]
    assert (clip.GetTakesCount(), clip._take) == (2, 2)
    assert kept(before, rig.snapshot())
    there = rig.snapshot()
    assert set(rig.host.apply([KEY], "", "key v001", "r1")[0].items) == {*answer.items}
    assert rig.snapshot() == there


@pytest.mark.parametrize("gone", ["take", "matte"])
def test_the_part_of_a_key_that_was_deleted_is_placed_again(rig, clip, gone):
    (answer,) = rig.host.apply([KEY], "", "key v001", "r1")
    if gone == "take":
        clip.SelectTakeByIndex(1)
        clip.DeleteTakeByIndex(2)
        clip.FinalizeTake()
    else:
        clip._media._mattes.clear()
    (again,) = rig.host.apply([KEY], "", "key v001", "r1")
    assert {*again.items} == {*answer.items}
    assert (clip.GetTakesCount(), len(clip._media._mattes)) == (2, 1)


def test_a_key_of_a_part_of_the_clip_is_its_matte_and_media(rig, clip):
    part = {**KEY, "first": 1002}
    (answer,) = rig.host.apply([part], "", "key v001", "r1")
    assert [ref.partition(":")[0] for ref in answer.items] == ["matte", "media"]
    assert clip.GetTakesCount() == 0
    there = rig.snapshot()
    assert set(rig.host.apply([part], "", "key v001", "r1")[0].items) == {*answer.items}
    assert rig.snapshot() == there


def test_a_key_whose_matte_resolve_does_not_take_comes_as_frames(rig, clip, monkeypatch):
    storage = type(rig.resolve._storage)
    monkeypatch.setattr(storage, "AddClipMattesToMediaPool", lambda self, item, paths: True)
    (answer,) = rig.host.apply([KEY], "", "key v001", "r1")
    assert (answer.status, answer.became) == ("degraded", "frames")
    assert "added no matte" in answer.why
    assert clip.GetTakesCount() == 0


@pytest.mark.parametrize("lead", [True, False])
def test_our_take_is_never_what_is_measured(rig, tmp_path, lead):
    """Whether Resolve names the media of the take that is shown or of the first: see the double."""
    rig.world.takes_lead = lead
    item = shot(rig)
    clip = rig.clip(item.ref)
    clip._offset, clip._length = 1, 2
    told, plain = rig.host.describe(item.ref), seen(rig, item, tmp_path / "one")
    (answer,) = rig.host.apply([TAKE], item.ref, "clean v001", "r1")
    ours = clip._takes[1]["mediaPoolItem"]
    ours._pictures = {n: 0 * picture(1001) for n in (1001, 1002, 1003)}
    clip._takes[1]["startFrame"] = 0
    assert rig.host.describe(item.ref) == told
    assert same_light(seen(rig, item, tmp_path / "two"), plain)
    assert clip._take == 2, "and ours is shown again"
    rig.host.apply([ONE_OF_EACH["matte"], CDL], item.ref, "roto v001", "r2")
    assert (ours._mattes, len(clip._media._mattes)) == ([], 1)
    assert not [ref for ref in ours._meta["answerprint"].split('"') if ref.startswith("version:")]
    (second,) = rig.host.apply([TAKE], item.ref, "clean v002", "r3")
    assert (clip._takes[2]["startFrame"], clip._takes[2]["endFrame"]) == (1, 2)
    assert answer.items != second.items


def test_a_take_of_the_artists_own_is_what_is_measured(rig, clip):
    other = resolve_rig.double.MediaPoolItem(rig.world, "/raw/pick-up.braw", 2001, 2003)
    clip.AddTake(other, 0, 2)
    clip.SelectTakeByIndex(2)
    assert rig.host.describe(rig.item(clip).ref).first == 2001
    assert clip._take == 2


def test_a_second_take_that_fails_shows_the_first_of_ours_again(rig, clip, monkeypatch):
    rig.host.apply([TAKE], "", "clean v001", "r1")
    rig.cancel_at(1)
    with pytest.raises(WireError):
        rig.host.apply([TAKE, ONE_OF_EACH["markers"]], "", "clean v002", "r2")
    assert (clip.GetTakesCount(), clip._take) == (2, 2)


# --- without a project -----------------------------------------------------------------------


def test_without_a_project_the_panel_has_its_tools_and_the_reason(rig):
    manager = rig.resolve._manager
    manager._project, project = None, manager._project
    assert "no project is open" in rig.host.busy()
    assert rig.host.settings() == []
    assert rig.host.grade_spaces() == ()
    assert rig.host.capabilities() == with_project(rig, manager, project) - {"result:cdl"}
    assert rig.host.busy() == ""
    assert rig.host.settings()


def with_project(rig, manager, project):
    manager._project, kept = project, manager._project
    assert kept is None
    return rig.host.capabilities()
