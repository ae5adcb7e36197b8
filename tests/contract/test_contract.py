"""What every host must do: frames out and in, results placed, nothing else touched.

Each case runs on every host of `conftest.HOSTS`.
"""

import dataclasses
import os
import threading
from fractions import Fraction
from pathlib import Path

import OpenImageIO as oiio
import pytest
from scenes import CDL, ONE_OF_EACH, RATE, export, kept, picture, same_light, shot

from answerprint_bridge.host import Host
from answerprint_bridge.messages import CANCELLED, HOST_REFUSED, WireError
from answerprint_bridge.results import KINDS, wants_frames


def header(path):
    """The EXR's own header, read by OpenImageIO."""
    return oiio.ImageBuf(path).spec()


def renders(rig):
    """Whether the host writes frames, or has all its items on disk and names their files."""
    return getattr(rig, "renders", True)


# --- who and where ---------------------------------------------------------------------------


def test_it_says_what_it_is(host):
    info, scene = host.info(), host.context()
    assert info.name
    assert info.version
    assert scene.project == str(Path(scene.project).absolute())
    assert isinstance(scene.fps, Fraction)
    assert scene.first <= scene.last


def test_what_it_says_it_places_it_can_place(host):
    kinds = {c.partition(":")[2] for c in host.capabilities() if c.startswith("result:")}
    assert "frames" in kinds
    assert kinds <= KINDS.keys()
    for kind in kinds:
        assert callable(getattr(host, f"place_{kind}"))
    assert bool(host.grade_spaces()) == bool(kinds & {"cdl", "grade"})


def test_an_item_that_is_not_there_is_refused(host):
    with pytest.raises(WireError, match="no 'nobody'"):
        host.describe("nobody")


# --- frames out and in -----------------------------------------------------------------------


def test_light_survives_the_way_out_and_in(rig, tmp_path):
    frames = export(rig, shot(rig), tmp_path / "out")
    for number in (1001, 1002, 1003):
        spec = header(frames.path(number))
        assert {str(f) for f in spec.channelformats or [spec.format]} <= {"half", "float"}
    (ref,) = rig.host.import_frames(frames, "", "back")
    for number in (1001, 1002, 1003):
        back = rig.pixels(ref, number)
        assert same_light(back, picture(number))
        assert back[0, 0, 0] == 9.0
        assert back[1, 1, 0] == -0.25


def test_range_and_rate_are_the_items(rig, tmp_path):
    item = shot(rig)
    frames = export(rig, item, tmp_path / "all")
    assert (frames.first, frames.last, frames.missing) == (1001, 1003, ())
    assert frames.fps == rig.host.describe(item.ref).fps == RATE
    part = export(rig, item, tmp_path / "part", first=1002, last=1003)
    assert part.numbers == (1002, 1003)
    written = ["plate.1002.exr", "plate.1003.exr"] if renders(rig) else []
    assert sorted(p.name for p in (tmp_path / "part").iterdir()) == written


def test_windows_and_pixel_aspect_are_the_items(rig, tmp_path):
    how = {"data": (3, -2, 20, 12), "display": (0, 0, 32, 18), "pixel_aspect": 2.0}
    item = shot(rig, width=32, height=18, **how)
    frames = export(rig, item, tmp_path / "out")
    spec = header(frames.path(1001))
    if "pixel aspect" in rig.keeps:
        assert frames.pixel_aspect == spec.getattribute("PixelAspectRatio") == 2.0
    if "windows" in rig.keeps:
        assert frames.data == (spec.x, spec.y, spec.width, spec.height) == how["data"]
        whole = (spec.full_x, spec.full_y, spec.full_width, spec.full_height)
        assert frames.display == whole == how["display"]


def test_a_missing_frame_is_named(rig, tmp_path):
    frames = export(rig, shot(rig, numbers=(1001, 1003)), tmp_path / "out")
    assert frames.missing == (1002,)
    written = ["plate.1001.exr", "plate.1003.exr"] if renders(rig) else []
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == written


def test_files_are_used_in_place_and_a_gap_in_them_is_named(rig, tmp_path):
    frames = export(rig, shot(rig), tmp_path / "plates of ours")
    os.unlink(frames.path(1002))
    item = rig.on_disk(dataclasses.replace(frames))
    again = export(rig, item, tmp_path / "out")
    assert again.pattern == frames.pattern
    assert again.missing == (1002,)
    assert list((tmp_path / "out").iterdir()) == []


# --- results in ------------------------------------------------------------------------------


def placed_as(rig, results):
    """The first result's answer; everything promised is checked against the scene."""
    item = shot(rig)
    before = rig.snapshot()
    answers = rig.host.apply(results, item.ref, "match v001")
    now = rig.snapshot()
    assert kept(before, now), "something that was there has changed"
    assert len(answers) == len(results)
    items = {ref for answer in answers for ref in answer.items}
    assert items == now.keys() - before.keys(), "placed and told differ"
    for answer in answers:
        assert answer.why or answer.status == "done", "it says nothing"
        assert bool(answer.became) == (answer.status in ("done", "degraded"))
    return answers[0]


@pytest.mark.parametrize("kind", KINDS)
def test_each_result_stands_as_declared(rig, kind):
    others = [ONE_OF_EACH[k] for k in ("matte", "stmap", "frames") if k != kind]
    said = len(rig.said())
    answer = placed_as(rig, [ONE_OF_EACH[kind], *others])
    expected = rig.becomes[kind]
    assert answer.became == expected
    assert answer.status == ("done" if expected == kind else "degraded")
    if expected == "message":
        assert len(rig.said()) == said + 1
    else:
        assert answer.items


@pytest.mark.parametrize("kind", KINDS)
def test_each_result_alone_stands_or_is_refused_with_a_reason(rig, kind):
    answer = placed_as(rig, [ONE_OF_EACH[kind]])
    assert answer.became == rig.alone[kind]
    if not rig.alone[kind]:
        assert answer.status == "refused"
        assert wants_frames([answer])


def test_results_nobody_knows_are_refused_and_the_others_stand(rig):
    results = [{"kind": "hologram"}, {"kind": "cdl", "slope": [1, 1, 1]}, ONE_OF_EACH["frames"]]
    before = rig.snapshot()
    answers = rig.host.apply(results)
    assert [a.status for a in answers] == ["refused", "refused", "done"]
    assert "hologram" in answers[0].why
    assert "offset" in answers[1].why
    assert len(rig.snapshot()) == len(before) + 1


def test_one_look_is_placed_once(rig):
    other = CDL | {"working_space": "ACEScg"}
    cube = ONE_OF_EACH["lut"] | {"needed": False}
    placed_as(rig, [CDL, other, cube, ONE_OF_EACH["frames"]])
    answers = rig.host.apply([CDL, other, cube, ONE_OF_EACH["frames"]])
    looks = [a for a in answers[:3] if a.status == "done"]
    assert len(looks) == (1 if rig.becomes["cdl"] == "cdl" else 0)
    assert answers[3].status == "done"
    assert len({ref for a in answers for ref in a.items}) == len(looks) + 1


def test_the_plan_is_what_happens(rig):
    results = list(ONE_OF_EACH.values())
    before = rig.snapshot()
    planned = rig.host.plan(results)
    assert rig.snapshot() == before, "a plan places nothing"
    happened = rig.host.apply(results)
    assert [(p.status, p.became) for p in planned] == [(a.status, a.became) for a in happened]


def test_undo_takes_all_of_it_back_at_once(rig):
    item = shot(rig)
    before = rig.snapshot()
    rig.host.apply([ONE_OF_EACH[k] for k in ("cdl", "matte", "frames")], item.ref, "", "r1")
    assert len(rig.snapshot()) > len(before)
    if "undo" in rig.host.capabilities():
        rig.undo()
        assert rig.snapshot() == before


def test_cancelling_half_way_leaves_nothing_behind(rig):
    item = shot(rig)
    before = rig.snapshot()
    rig.cancel_at(2)
    results = [ONE_OF_EACH[k] for k in ("frames", "matte", "stmap", "take")]
    with pytest.raises(WireError) as ended:
        rig.host.apply(results, item.ref, "match", "r1")
    assert ended.value.code == CANCELLED
    assert rig.snapshot() == before
    rig.cancel_at(None)
    assert all(a.items for a in rig.host.apply(results, item.ref, "match", "r1"))


def test_the_same_recipe_twice_stands_once(rig):
    results = [ONE_OF_EACH[k] for k in ("cdl", "frames", "matte")]
    first = rig.host.apply(results, "", "match v001", "r1")
    there = rig.snapshot()
    again = rig.host.apply(results, "", "match v001", "r1")
    assert rig.snapshot() == there
    assert [a.items for a in again] == [a.items for a in first]
    other = rig.host.apply(results, "", "match v002", "r2")
    assert not {r for a in other for r in a.items} & {r for a in first for r in a.items}


def test_the_same_recipe_by_another_item_stands_there_too(rig):
    """A plate that was cut twice: two items, one recipe."""
    one = rig.host.apply([ONE_OF_EACH["note"]], shot(rig).ref, "match v001", "r1")
    other = rig.host.apply([ONE_OF_EACH["note"]], shot(rig).ref, "match v001", "r1")
    assert [a.status for a in one] == [a.status for a in other]
    assert not {r for a in one for r in a.items} & {r for a in other for r in a.items}


def test_a_look_that_stands_in_one_form_is_not_placed_in_another(rig):
    if "result:cdl" in rig.host.capabilities() and not rig.alone["lut"]:
        pytest.skip("of the forms of a look it takes the CDL only")
    cube = ONE_OF_EACH["lut"] | {"needed": False}
    first = rig.host.apply([CDL | {"residual": 3.0}, cube], "", "match v001", "r1")
    assert first[0].became in ("lut", rig.alone["cdl"])
    there = rig.snapshot()
    again = rig.host.apply([CDL, cube], "", "match v001", "r1")
    assert rig.snapshot() == there
    assert again[0].items == first[0].items


def test_what_the_artist_removed_is_placed_again(rig):
    results = [ONE_OF_EACH[k] for k in ("cdl", "frames", "matte")]
    first = rig.host.apply(results, "", "match v001", "r1")
    (gone,) = first[2].items
    rig.remove(gone)
    left = rig.snapshot()
    again = rig.host.apply(results, "", "match v001", "r1")
    assert kept(left, rig.snapshot())
    assert again[:2] == first[:2]
    assert len(rig.snapshot()) == len(left) + 1


def test_a_tag_comes_back(rig):
    item = shot(rig)
    assert rig.host.read_tag(item.ref, "ours") is None
    rig.host.tag(item.ref, "ours", {"größe": [1, 2.5, None], "deep": {"a": "映"}})
    told = rig.host.read_tag(item.ref, "ours")
    assert told == {"größe": [1, 2.5, None], "deep": {"a": "映"}}
    assert rig.host.tagged("ours") == {item.ref: told}


@pytest.mark.parametrize("name", sorted(Host.ON_MAIN))
def test_a_call_off_the_main_thread_is_refused(rig, name):
    said = []

    def call():
        try:
            getattr(rig.host, name)()
        except (WireError, TypeError) as refused:
            said.append(refused)

    before = rig.snapshot()
    other = threading.Thread(target=call, name="another")
    other.start()
    other.join()
    assert [type(each) for each in said] == [WireError]
    assert said[0].code == HOST_REFUSED
    assert name in said[0].title
    assert "another" in said[0].title
    assert rig.snapshot() == before


def test_placing_off_the_main_thread_is_refused_too(rig):
    names = [n for n in dir(rig.host) if n.startswith("place_")]
    assert names
    for name in names:
        test_a_call_off_the_main_thread_is_refused(rig, name)
