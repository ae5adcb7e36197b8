"""Proposals as OTIO above the holes of a cut: switched off, at their places, with their frames."""

from __future__ import annotations

from fractions import Fraction

import opentimelineio as otio
import pytest
from edits import clip, edl, external, movie, saved, sequence, span

from answerprint.check.audition import spots, write_audition
from answerprint.check.holes import Missing, holes
from answerprint.check.lay import lay
from answerprint.edit.cut import read_with_clips
from answerprint.show.propose import Proposal, Take

RATE = Fraction(24)


def take(path, name, first=1001, last=1048, start=None, rate=RATE):
    return Take((name, first), path, name, "", first, last, start, rate, (4, 2), (first, last))


@pytest.fixture
def cut(tmp_path):
    """a, a hole of 7, b, a hole of 5, c; sound below them."""
    pattern = sequence(tmp_path / "plate", count=48)
    media = external(pattern.replace("%04d", "1001"), 1001, 48)

    def shot(name, start):
        return clip(name, media, span(start, 10))

    def gap(length):
        return otio.schema.Gap(source_range=span(0, length))

    path = saved(
        tmp_path / "a.otio", shot("a", 1005), gap(7), shot("b", 1011), gap(5), shot("c", 1021)
    )
    return path, pattern


def auditioned(path, out, listed, **more):
    """Write; what a reader of the file then finds."""
    read, document, clips = read_with_clips(path, **more)
    missing = holes(read, clips, lay(read, document))
    found = [(hole, listed(hole)) for hole in missing]
    write_audition(read, document, clips, found, [], out)
    return read, *read_with_clips(str(out)), missing


def test_each_proposal_lies_over_its_hole_and_is_off(cut, tmp_path):
    path, pattern = cut
    other = sequence(tmp_path / "other", "other", count=48)

    def listed(hole):
        best = Proposal("alternate", take(other, "other"), 1011, 1010 + hole.length)
        tail = Proposal("tail", take(pattern, "plate"), 1015, 1014 + hole.length)
        return [best, tail] if hole.id == "gap_1" else [best]

    before, after, document, _, missing = auditioned(path, tmp_path / "gaps.otio", listed)
    shown = [each for each in after.events if each.enabled]
    assert [(e.id, e.record, e.frames) for e in shown] == [
        (e.id, e.record, e.frames) for e in before.events
    ]
    off = [each for each in after.events if not each.enabled]
    places = [(e.name, e.track, e.record[0] - after.start, e.frames) for e in off]
    assert places == [
        ("gap_1.1 other", 2, 10, (1011, 1017)),
        ("gap_1.2 plate", 3, 10, (1015, 1021)),
        ("gap_2.1 other", 2, 27, (1011, 1015)),
    ]
    assert [each.media.path for each in off] == [other, pattern, other]
    again = lay(after, document)
    assert [each.range for each in again.holes] == [each.range for each in missing]


def test_switched_on_it_fills_the_hole(cut, tmp_path):
    path, pattern = cut

    def listed(hole):
        return [Proposal("alternate", take(pattern, "plate"), 1001, 1000 + hole.length)]

    out = tmp_path / "gaps.otio"
    auditioned(path, out, listed)
    timeline = otio.adapters.read_from_file(str(out))
    for each in timeline.find_clips():
        each.enabled = True
    otio.adapters.write_to_file(timeline, str(out))
    after, document, _ = read_with_clips(str(out))
    assert lay(after, document).holes == ()


def test_a_marker_says_what_it_is_and_what_it_needs(cut, tmp_path):
    path, pattern = cut
    reframe = {"scale": 1.5, "offset": [0.1, -0.05]}

    def listed(hole):
        return [
            Proposal(
                "wider", take(pattern, "plate"), 1001, 1000 + hole.length, 1.0, reframe,
                ("match", "reframe"), 0.62, "It shows what b shows.", "b",
            )
        ]  # fmt: skip

    out = tmp_path / "gaps.otio"
    auditioned(path, out, listed)
    made = [c for c in otio.adapters.read_from_file(str(out)).find_clips() if not c.enabled]
    (marker,) = made[0].markers
    assert marker.name == "wider 0.62"
    assert marker.marked_range.start_time == made[0].source_range.start_time
    assert "It shows what b shows. It may need a match to b." in marker.comment
    assert "1.50 times, moved by +0.100, -0.050" in marker.comment
    told = made[0].metadata["answerprint"]
    assert (told["id"], told["hole"]) == ("gap_1.1", "gap_1")
    assert (told["track"], told["at"], told["frames"]) == (1, 10, 7)
    assert told["proposal"]["reframe"]["scale"] == 1.5
    assert list(told["proposal"]["needs"]) == ["match", "reframe"]


def test_a_short_tail_is_slowed_to_the_length_of_the_hole(cut, tmp_path):
    path, pattern = cut

    def listed(hole):
        frames = 5 if hole.id == "gap_1" else 4
        speed = frames / hole.length
        return [Proposal("tail", take(pattern, "plate"), 1015, 1014 + frames, speed)]

    _, after, _, _, missing = auditioned(path, tmp_path / "gaps.otio", listed)
    off = [each for each in after.events if not each.enabled]
    lengths = [each.record[1] - each.record[0] for each in off]
    assert lengths == [each.length for each in missing]
    assert [each.frames for each in off] == [(1015, 1019), (1015, 1018)]
    assert [each.speed for each in off] == pytest.approx([5 / 7, 4 / 5])


def test_a_movie_is_counted_by_its_timecode(cut, tmp_path):
    path, _ = cut
    film = movie(tmp_path / "A001C001.mov", timecode="01:00:00:00")

    def listed(hole):
        whole = take(film, "A001C001", 86400, 86423, 86400)
        return [Proposal("same", whole, 86410, 86409 + hole.length)]

    _, after, _, _, _ = auditioned(path, tmp_path / "gaps.otio", listed)
    off = [each for each in after.events if not each.enabled]
    assert [each.frames for each in off] == [(86410, 86416), (86410, 86414)]


def test_a_take_of_another_rate_fills_the_hole_to_the_frame(cut, tmp_path):
    path, pattern = cut

    def listed(hole):
        return [Proposal("alternate", take(pattern, "plate", rate=Fraction(25)), 1001, 1007)]

    out = tmp_path / "gaps.otio"
    _read, *_, missing = auditioned(path, out, listed)
    track = otio.adapters.read_from_file(str(out)).tracks[1]
    made = [each for each in track if isinstance(each, otio.schema.Clip)]
    for each, hole in zip(made, missing, strict=True):
        there = each.range_in_parent()
        assert there.start_time.to_seconds() * 24 == pytest.approx(hole.range[0])
        assert there.duration.to_seconds() * 24 == pytest.approx(hole.length)


def test_a_list_gets_its_proposals_too(tmp_path):
    pattern = sequence(tmp_path / "plate", count=48)
    path = edl(tmp_path / "a.edl", ("A001", 86400, 10), ("A002", 90000, 12))

    def listed(hole):
        return [Proposal("alternate", take(pattern, "plate"), 1001, 1000 + hole.length)]

    _, after, _, _, missing = auditioned(path, tmp_path / "gaps.otio", listed, rate="24")
    off = [each for each in after.events if not each.enabled]
    assert [(e.record[0] - after.start, e.record[1] - after.start - 1) for e in off] == [
        each.range for each in missing
    ]


def test_a_cut_without_holes_gets_no_track(tmp_path):
    pattern = sequence(tmp_path / "plate", count=48)
    media = external(pattern.replace("%04d", "1001"), 1001, 48)
    path = saved(tmp_path / "a.otio", clip("a", media, span(1001, 10)))
    out = tmp_path / "gaps.otio"
    auditioned(path, out, lambda hole: [])
    assert len(otio.adapters.read_from_file(str(out)).tracks) == 1


def test_the_stack_of_a_hole_lies_above_that_of_one_it_overlaps(cut, tmp_path):
    path, pattern = cut
    read, document, clips = read_with_clips(path)

    def missing(turn, first, last, many):
        listed = [Proposal("alternate", take(pattern, "plate"), 1001, 1001 + last - first)] * many
        return Missing(f"gap_{turn}", "missing_media", "", (first, last), (), ()), listed

    found = [missing(1, 10, 16, 2), missing(2, 12, 20, 3), missing(3, 21, 25, 1)]
    laid = [[(each.id, each.track, each.at, each.frames) for each in row] for row in spots(found)]
    assert laid == [
        [("gap_1.1", 1, 10, 7), ("gap_1.2", 2, 10, 7)],
        [("gap_2.1", 3, 12, 9), ("gap_2.2", 4, 12, 9), ("gap_2.3", 5, 12, 9)],
        [("gap_3.1", 1, 21, 5)],
    ]
    write_audition(read, document, clips, found, [], tmp_path / "gaps.otio")
    after = read_with_clips(str(tmp_path / "gaps.otio"))[0]
    off = [each for each in after.events if not each.enabled]
    written = {
        (each.name.split()[0], each.track - 1, each.record[0] - after.start, each.record[1])
        for each in off
    }
    assert written == {
        (name, track, at, after.start + at + frames)
        for row in laid
        for name, track, at, frames in row
    }
