"""The missing shots of a cut, and what stands around them."""

from __future__ import annotations

import opentimelineio as otio
from edits import clip, edl, external, saved, sequence, span

from answerprint.check.holes import holes
from answerprint.check.lay import lay
from answerprint.edit.cut import read_with_clips


def missing(path, **more):
    cut, document, clips = read_with_clips(str(path), **more)
    return holes(cut, clips, lay(cut, document))


def shot(name, plate, start=1011, length=10):
    return clip(name, plate, span(start, length))


def plate(tmp_path):
    sequence(tmp_path / "plate", count=48)
    return external(tmp_path / "plate/plate.1001.exr", 1001, 48)


def names(events):
    return [each.id for each in events]


def test_every_kind_of_hole_in_the_order_of_the_cut(tmp_path):
    media = plate(tmp_path)
    slug = otio.schema.GeneratorReference("Slug", "Black", span(0, 6))
    lost = external(tmp_path / "gone/A001C007.mov", 0, 100)
    path = saved(
        tmp_path / "a.otio",
        shot("a", media),
        otio.schema.Gap(source_range=span(0, 7)),
        shot("b", media, 1020),
        clip("Slug", slug, span(0, 6)),
        shot("c", media),
        clip("SHOT MISSING", media, span(1001, 5)),
        clip("insert", lost, span(20, 9)),
        shot("d", media),
    )
    found = missing(path)
    assert [(each.id, each.kind, each.range) for each in found] == [
        ("gap_1", "gap", (10, 16)),
        ("gap_2", "gap", (27, 32)),
        ("gap_3", "card", (43, 47)),
        ("gap_4", "missing_media", (48, 56)),
    ]
    assert found[0].length == 7
    assert found[0].what == "gap"
    assert found[1].what == "Slug Black"
    assert names(found[0].before) == ["a"]
    assert names(found[0].after) == ["b", "c", "d"]
    assert names(found[3].before) == ["c", "b", "a"]
    assert names(found[3].after) == ["d"]
    assert found[3].asked.id == "insert"
    assert found[3].asked.source == (20, 29)
    assert {"insert", "A001C007.mov"} <= set(found[3].names)
    assert all(each.asked is None for each in found[:3])


def test_what_is_switched_off_stands_around_nothing(tmp_path):
    media = plate(tmp_path)
    off = shot("off", media)
    off.enabled = False
    (hole,) = missing(saved(tmp_path / "a.otio", shot("a", media), off, shot("b", media)))
    assert hole.kind == "gap"
    assert hole.range == (10, 19)
    assert names(hole.before) == ["a"]
    assert names(hole.after) == ["b"]


def test_a_whole_cut_has_no_hole(tmp_path):
    media = plate(tmp_path)
    assert missing(saved(tmp_path / "a.otio", shot("a", media), shot("b", media))) == []


def test_an_edl_without_media_asks_for_every_event(tmp_path):
    path = edl(tmp_path / "a.edl", ("A001C001", 86400, 10), ("A001C002", 90000, 12))
    found = missing(path, rate="24")
    asked = [(each.asked.reel, each.asked.source) for each in found if each.asked]
    assert asked == [("A001C001", (86400, 86410)), ("A001C002", (90000, 90012))]
