"""Findings of the edit itself: holes, cards, media, handles, rates; and what nobody sees."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import opentimelineio as otio
import pytest
from edits import clip, edl, external, movie, saved, sequence, span, time

from answerprint.check import edit
from answerprint.check.lay import is_card, lay
from answerprint.check.model import Shot, Study
from answerprint.edit.cut import read_with_clips


def study_of(path, shots=()):
    cut, document, _ = read_with_clips(str(path))
    return Study(cut, tuple(shots), {}, (), lay(cut, document))


def found(path, kind, handles=0):
    return [each for each in edit.find(study_of(path), handles) if each.kind == kind]


def gap(length):
    return otio.schema.Gap(source_range=span(0, length))


def generated(name, kind, length):
    made = otio.schema.GeneratorReference(name, kind, span(0, length))
    return clip(name, made, span(0, length))


@pytest.fixture
def plate(tmp_path):
    sequence(tmp_path / "plate", count=48)
    return external(tmp_path / "plate/plate.1001.exr", 1001, 48)


def shot(name, plate, start=1011, length=10):
    return clip(name, plate, span(start, length))


def dissolve(before, after):
    kind = otio.schema.TransitionTypes.SMPTE_Dissolve
    return otio.schema.Transition(
        transition_type=kind, in_offset=time(before), out_offset=time(after)
    )


# --- missing shots -------------------------------------------------------------------------


def test_a_gap_is_a_missing_shot(tmp_path, plate):
    path = saved(tmp_path / "a.otio", shot("a", plate), gap(7), shot("b", plate))
    (hole,) = found(path, "gap")
    assert (hole.shots, hole.frame, hole.range, hole.value) == (("a", "b"), 10, (10, 16), 7)
    assert hole.mend == "b"
    assert hole.text == "There is no picture between a and b for 7 frames."


def test_gaps_at_both_ends(tmp_path, plate):
    path = saved(tmp_path / "a.otio", gap(5), shot("a", plate), generated("slug", "black", 3))
    assert [(each.shots, each.range) for each in found(path, "gap")] == [
        (("a",), (0, 4)),
        (("a",), (15, 17)),
    ]


def test_a_cut_without_holes_has_none(tmp_path, plate):
    path = saved(tmp_path / "a.otio", shot("a", plate), shot("b", plate), shot("c", plate))
    assert edit.find(study_of(path)) == []


@pytest.mark.parametrize(
    ("name", "kind", "holes"),
    [
        ("Slug", "", 1),
        ("", "SolidColor", 1),
        ("bars", "SMPTE", 1),
        ("SHOT MISSING", "Text", 1),
        ("Main title", "Text", 0),
        ("Missing Persons", "Text", 0),
        ("Coloured glass, a film", "Text", 0),
    ],
)
def test_what_is_generated(tmp_path, plate, name, kind, holes):
    made = generated(name, kind, 6)
    path = saved(tmp_path / "a.otio", shot("a", plate), made, shot("b", plate))
    assert [each.range for each in found(path, "gap")] == [(10, 15)] * holes


def test_a_gap_that_a_higher_track_fills_is_none(tmp_path, plate):
    path = tmp_path / "a.otio"
    saved(path, shot("a", plate), gap(10), shot("b", plate))
    timeline = otio.adapters.read_from_file(str(path))
    above = [gap(8), shot("over", plate, length=8)]  # it leaves 16 to 19 open
    timeline.tracks.append(otio.schema.Track("Video 2", children=above))
    otio.adapters.write_to_file(timeline, str(path))
    assert [each.range for each in found(path, "gap")] == [(16, 19)]


def test_a_clip_that_is_switched_off_leaves_a_hole(tmp_path, plate):
    off = shot("off", plate)
    off.enabled = False
    path = saved(tmp_path / "a.otio", shot("a", plate), off, shot("b", plate))
    assert [each.range for each in found(path, "gap")] == [(10, 19)]
    assert study_of(path).lay.hidden == {"off": "it is switched off"}


def test_a_card_stands_for_a_shot(tmp_path, plate):
    card = clip("SHOT MISSING vfx_010", otio.schema.MissingReference(), span(0, 24))
    path = saved(tmp_path / "a.otio", shot("a", plate), card)
    (hole,) = found(path, "gap")
    assert (hole.value, hole.range, hole.mend) == (24, (10, 33), "SHOT_MISSING_vfx_010")
    assert found(path, "missing_media") == []


@pytest.mark.parametrize("name", ["Scene missing", "vfx_to_come", "missing-insert", "SHOT_MISSING"])
def test_names_of_cards(name):
    assert is_card(name)


@pytest.mark.parametrize("name", ["missing_persons_010", "A001C004", "come_to_bed", "offline_ref"])
def test_names_of_shots(name):
    assert not is_card(name)


# --- what nobody sees ----------------------------------------------------------------------


def two_tracks(path, below, above):
    saved(path, *below)
    timeline = otio.adapters.read_from_file(str(path))
    timeline.tracks.append(otio.schema.Track("Video 2", children=above))
    otio.adapters.write_to_file(timeline, str(path))
    return path


def test_what_lies_under_an_opaque_picture_is_hidden(tmp_path, plate):
    below = [shot("a", plate), shot("b", plate), shot("c", plate)]
    above = [gap(5), shot("x", plate, length=8), shot("y", plate, length=7)]
    path = two_tracks(tmp_path / "a.otio", below, above)
    assert study_of(path).lay.hidden == {"b": "it lies under another picture"}


def test_a_clip_over_many_cuts_hides_none_of_them_and_is_told(tmp_path, plate):
    below = [shot(name, plate) for name in "abcd"]
    path = two_tracks(tmp_path / "a.otio", below, [gap(2), shot("titles", plate, 1001, 38)])
    laid = study_of(path).lay
    assert laid.hidden == {}
    assert [each.partition(" lies")[0] for each in laid.said] == ["002 titles"]
    path = two_tracks(tmp_path / "b.otio", below, [gap(10), shot("take", plate, 1001, 20)])
    laid = study_of(path).lay
    assert (set(laid.hidden), laid.said) == ({"b", "c"}, ())


@pytest.mark.parametrize(
    ("effect", "hides"),
    [
        (otio.schema.LinearTimeWarp(time_scalar=0.5), True),
        (otio.schema.Effect(effect_name="adjust-transform"), False),
        (otio.schema.Effect(metadata={"Resolve_OTIO": {"Parameters": []}}), True),
        (otio.schema.Effect(metadata={"Resolve_OTIO": {"Parameters": [{"zoom": 0.3}]}}), False),
    ],
)
def test_a_picture_with_an_effect_may_be_small_and_hides_nothing(tmp_path, plate, effect, hides):
    for nested in (False, True):
        small = shot("small", plate)
        over = otio.schema.Stack("nest", [small], span(0, 10)) if nested else small
        over.effects.append(effect.deepcopy())
        path = two_tracks(tmp_path / "a.otio", [shot("a", plate)], [over])
        assert (set(study_of(path).lay.hidden) == {"a"}) is hides


def test_what_lasts_less_than_half_a_frame_is_not_seen(tmp_path, plate):
    sequence(tmp_path / "fast", count=48)
    brief = clip(
        "brief", external(tmp_path / "fast/plate.1001.exr", 1001, 48, 60), span(1011, 1, 60)
    )
    path = saved(tmp_path / "a.otio", shot("a", plate), brief, shot("b", plate))
    assert study_of(path).lay.hidden == {"brief": "it lasts less than half a frame of the cut"}


def test_what_has_no_media_hides_nothing(tmp_path, plate):
    above = [clip("gone", external("/gone.mov", 0, 90), span(0, 30))]
    path = two_tracks(tmp_path / "a.otio", [shot("a", plate), shot("b", plate)], above)
    assert study_of(path).lay.hidden == {}


# --- media, handles, rates -----------------------------------------------------------------


def test_missing_media(tmp_path, plate):
    gone = clip("gone", external(tmp_path / "gone.mov", 0, 90), span(10, 20))
    path = saved(tmp_path / "a.otio", shot("a", plate), gone)
    (lost,) = found(path, "missing_media")
    assert (lost.shots, lost.value, lost.range) == (("gone",), 20, (10, 29))
    assert "gone.mov is not there" in lost.text


def test_media_of_which_no_frame_can_be_had(tmp_path, plate):
    study = study_of(saved(tmp_path / "a.otio", shot("a", plate), shot("b", plate, start=1021)))
    (lost,) = edit.find(replace(study, failed={"b": "It is damaged."}))
    assert (lost.kind, lost.shots, lost.value) == ("missing_media", ("b",), 10)
    assert (lost.range, lost.text) == ((10, 19), "It is damaged.")


def test_frames_that_cannot_be_had(tmp_path, plate):
    path = saved(tmp_path / "a.otio", shot("a", plate), shot("b", plate, start=1021))
    study = study_of(path)
    failed = {"1024": "Frame 1024 is damaged.", "1025": "It is too.", "1029": "And this."}
    passport = {"frames": {"first": 1021, "last": 1030, "count": 10, "failed": failed}}
    seen = Shot(study.cut.events[1], (10, 20), (4, 2), passport, dict)
    (lost,) = edit.find(Study(study.cut, (seen,), {}, (), study.lay))
    assert (lost.kind, lost.value, lost.frame) == ("missing_media", 3, 13)
    assert "1024-1025,1029. Frame 1024 is damaged." in lost.text
    wanted = {"replace": "1024-1025,1029"}
    assert lost.fix == {"tool": "fill", "params": wanted, "inputs": {"source": "b"}}
    at_ends = dict.fromkeys(("1021", "1022", "1024", "1029", "1030"), "It is damaged.")
    seen.passport["frames"]["failed"] = at_ends
    (lost,) = edit.find(Study(study.cut, (seen,), {}, (), study.lay))
    assert (lost.value, lost.fix["params"]) == (5, {"replace": "1024"})
    seen.passport["frames"]["failed"] = {"1030": "It is at the end."}
    (lost,) = edit.find(Study(study.cut, (seen,), {}, (), study.lay))
    assert lost.fix is None


def test_a_transition_that_its_media_is_too_short_for(tmp_path, plate):
    children = [shot("a", plate), dissolve(4, 8), shot("b", plate, start=1003)]
    path = saved(tmp_path / "a.otio", *children)
    (short,) = found(path, "short_handles")  # b has 2 frames before 1003 and shows 4
    assert (short.shots, short.value, short.frame) == (("a", "b"), 2, 10)
    assert short.mend == "b"
    assert short.text == "The transition a to b shows 2 frames that the media lacks: 2 of b."
    children = [shot("a", plate, start=1037), dissolve(4, 8), shot("b", plate, start=1002)]
    (short,) = found(saved(tmp_path / "b.otio", *children), "short_handles")
    assert (short.value, short.mend) == (9, "a")  # 1047 and 1048 are there, and 1001
    assert short.text.endswith("lacks: 6 of a and 3 of b.")


def test_a_transition_from_a_clip_that_runs_backwards_needs_frames_before_its_source(
    tmp_path, plate
):
    reverse = [otio.schema.LinearTimeWarp(time_scalar=-1.0)]

    def backwards(name, start):
        return clip(name, plate, span(start, 10), effects=reverse)

    children = [backwards("a", 1005), dissolve(4, 8), backwards("b", 1037)]
    (short,) = found(saved(tmp_path / "a.otio", *children), "short_handles")
    # a has 1001 to 1004 and shows 8; b has 1047 and 1048, and shows 4
    assert (short.value, short.text[-32:]) == (6, "that the media lacks: 4 of a and 2 of b."[-32:])
    few = found(tmp_path / "a.otio", "few_handles", handles=6)
    assert [each.text.partition(";")[0] for each in few] == [
        "a has handles of 34 and 4 frames",
        "b has handles of 2 and 36 frames",
    ]


def test_a_fade_that_its_media_is_too_short_for(tmp_path, plate):
    children = [shot("a", plate, start=1037), dissolve(2, 8), gap(10), dissolve(4, 4)]
    path = saved(tmp_path / "a.otio", *children, shot("b", plate, start=1002))
    assert [(each.shots, each.value, each.frame) for each in found(path, "short_handles")] == [
        (("b",), 3, 20),
        (("a",), 6, 9),
    ]


def test_a_transition_with_enough_media_is_none(tmp_path, plate):
    children = [shot("a", plate), dissolve(4, 8), shot("b", plate, start=1005)]
    assert edit.find(study_of(saved(tmp_path / "a.otio", *children))) == []


def test_handles_that_the_show_wants(tmp_path, plate):
    path = saved(tmp_path / "a.otio", shot("a", plate), shot("b", plate, start=1004, length=20))
    assert found(path, "few_handles") == []
    (few,) = found(path, "few_handles", handles=8)  # a has 10 and 28
    assert (few.shots, few.value) == (("b",), 5)
    assert "handles of 3 and 25 frames; the show wants 8" in few.text


def test_mixed_rates_are_said_once_for_each(tmp_path, plate):
    movie(tmp_path / "slow.mov", rate=12)
    slow = external(tmp_path / "slow.mov", 0, 24, 12.0)
    two = [clip(name, slow, span(at, 6, 12.0)) for name, at in (("b", 2), ("c", 9))]
    path = saved(tmp_path / "a.otio", shot("a", plate), *two)
    (mixed,) = found(path, "mixed_rates")
    assert (mixed.value, mixed.frame, mixed.what) == (-12.0, 10, "12")
    assert mixed.shots == ("b", "c")
    assert "2 events of 12 frames per second in a cut of 24: b, c." in mixed.text


def test_files_that_say_no_rate_have_the_one_that_the_edit_gives_them(tmp_path, plate):
    sequence(tmp_path / "bare", count=48, rated=False)
    faster = clip(
        "b", external(tmp_path / "bare/plate.1001.exr", 1001, 48, 25.0), span(1021, 10, 25.0)
    )
    path = saved(tmp_path / "a.otio", shot("a", plate), faster)
    (mixed,) = found(path, "mixed_rates")
    assert (mixed.value, mixed.shots) == (1.0, ("b",))


def test_an_edl_with_black(tmp_path):
    sequence(tmp_path / "media" / "A001", "A001", first=86400, count=60)
    path = edl(tmp_path / "a.edl", ("A001", 86400, 20), ("A001", 86430, 20))
    cut, document, _ = read_with_clips(path, str(tmp_path / "media"))
    laid = lay(cut, document)
    assert [hole.range[1] - hole.range[0] + 1 for hole in laid.holes if hole.range[0]] == [80]


# --- places --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "speed", "source", "shown"),
    [
        (1011, 1.0, 10, 100),
        (1015, 1.0, 10, 104),
        (1011, 2.0, 20, 100),
        (1014, 2.0, 20, 102),  # 1013 is shown at 101, 1014 never: the next
        (1015, 0.5, 5, 108),
        (1020, -1.0, 10, 100),
        (1011, -1.0, 10, 109),
        (1011, 0.0, 1, 100),
    ],
)
def test_where_a_frame_is_shown(number, speed, source, shown):
    from answerprint.edit.cut import Event

    record, frames = (86500, 86510), (1011, 1011 + source - 1)
    event = Event(1, "a", "a", 1, "", record, (0, source), Fraction(24), speed=speed, frames=frames)
    assert Shot(event, (100, 110), (4, 2), {}, dict).shown_at(number) == shown
