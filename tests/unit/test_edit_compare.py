"""What became of each event between two cuts."""

import cProfile
import itertools
import json
import pstats
from dataclasses import replace
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from edits import clip, external, saved, sequence, span, time
from hypothesis import given, settings
from hypothesis import strategies as st
from opentimelineio.schema import LinearTimeWarp, MissingReference, Transition

from answerprint.edit import pairing
from answerprint.edit.compare import compare
from answerprint.edit.cut import Cut, Event, read_cut, read_with_clips
from answerprint.edit.locators import write_locators
from answerprint.edit.media import Media
from answerprint.edit.pairing import assigned

RATE = Fraction(24)
START = 86400


def event(name, source, length, record=0, **more):
    """An event whose source starts at `source`; `record` counts the frames of the cut."""
    at = START + record
    told = {"number": 1, "id": name, "track": 1, "reel": "", "rate": RATE} | more
    return Event(name=name, record=(at, at + length), source=(source, source + length), **told)


def cut(*events, start=START, rate=RATE):
    """Events end to end from the start, ids made unique; a number is a gap of so many frames."""
    found, at = [], START
    for each in events:
        if isinstance(each, int):
            at += each
            continue
        length = each.record[1] - each.record[0]
        number = len(found) + 1
        placed = replace(each, record=(at, at + length), number=number, id=f"{each.name}.{number}")
        found.append(placed)
        at += length
    moved = [replace(e, record=tuple(n + start - START for n in e.record)) for e in found]
    return Cut("reel.otio", "reel", rate, False, start, tuple(moved), ())


def told(changes):
    """(kind, old id, new id) of each."""
    return [(c.kind, c.old and c.old.id, c.new and c.new.id) for c in changes]


def media(path, first=1001, last=1100):
    facts = {"kind": "sequence", "start": None, "rate": RATE, "drop": False, "reel": ""}
    size = {"width": 4, "height": 2, "pixel_aspect": 1.0, "channels": (), "space": "ACEScg"}
    return Media(path=path, first=first, last=last, **facts, **size)


A, B, C, D = (event(name, 100 * n, 24) for n, name in enumerate("ABCD"))


def test_a_cut_and_itself_are_alike():
    assert {c.kind for c in compare(cut(A, B, A, C), cut(A, B, A, C))} == {"kept"}


def test_numbers_and_the_start_timecode_change_nothing():
    renumbered = cut(A, B, C)
    events = tuple(replace(e, number=e.number * 10) for e in renumbered.events)
    later = cut(A, B, C, start=START * 10)
    assert {c.kind for c in compare(cut(A, B, C), replace(renumbered, events=events))} == {"kept"}
    assert {c.kind for c in compare(cut(A, B, C), later)} == {"kept"}


def test_a_new_shot_pushes_those_behind_it():
    changes = compare(cut(A, B), cut(A, D, B))
    assert told(changes) == [
        ("kept", "A.1", "A.1"),
        ("new", None, "D.2"),
        ("moved", "B.2", "B.3"),
    ]
    assert (changes[2].moved, changes[2].pushed) == (24, True)
    assert changes[1].frame == 24


def test_a_list_that_begins_with_its_first_event_moves_nothing():
    whole = cut(10, A, B, C)
    listed = replace(whole, start=START + 10)
    assert [c.moved for c in compare(whole, listed)] == [0, 0, 0]
    assert [c.frame for c in compare(whole, listed)] == [0, 24, 48]
    assert [
        (c.kind, c.frame) for c in compare(whole, replace(listed, events=listed.events[1:]))
    ] == [
        ("omitted", 0),
        ("kept", 24),
        ("kept", 48),
    ]


def test_a_dissolve_is_the_same_in_a_list_and_around_its_cut(tmp_path):
    pattern = sequence(tmp_path / "in", count=100)

    def shot(name, start):
        return clip(name, external(pattern, 0, 100), span(start, 24))

    path = saved(
        tmp_path / "reel.otio",
        shot("A", 10),
        Transition("", "SMPTE_Dissolve", span(0, 3).duration, span(0, 5).duration),
        shot("B", 40),
        shot("C", 60),
    )
    whole, document, clips = read_with_clips(path)
    write_locators(whole, document, clips, [], tmp_path, "listed")
    listed = read_cut(str(tmp_path / "listed.edl"), rate="24")
    for old, new in ((whole, listed), (listed, whole)):
        changes = compare(old, new)
        assert [c.kind for c in changes] == ["kept"] * 3
        assert [(c.old, c.new) for c in changes] == list(zip(old.events, new.events, strict=True))
    shorter = replace(listed.events[1], source=(37, 60), record=(86421, 86444))
    events = (listed.events[0], shorter, listed.events[2])
    changes = compare(whole, replace(listed, events=events))
    assert [(c.kind, c.head, c.tail) for c in changes][1] == ("trimmed", 0, -4)
    assert changes[0].kind == changes[2].kind == "kept"


def test_a_dissolve_of_what_runs_backwards_is_the_same_in_a_list(tmp_path):
    pattern = sequence(tmp_path / "in", count=60, timecode=86400)
    shots = [clip(n, external(pattern, 86400, 60), span(86412, 8)) for n in ("A001", "B001")]
    for each in shots:
        each.effects.append(LinearTimeWarp(time_scalar=-1.0))
    dissolve = Transition("", "SMPTE_Dissolve", time(2), time(3))
    path = saved(tmp_path / "one.otio", shots[0], dissolve, shots[1])
    write_locators(*read_with_clips(path), [], tmp_path, "listed")
    listed = read_cut(str(tmp_path / "listed.edl"), str(tmp_path), "24")
    assert {c.kind for c in compare(read_cut(path), listed)} == {"kept"}


def test_the_head_of_what_runs_backwards_is_the_end_of_its_source():
    before = event("A", 100, 24, speed=-1.0)
    (longer,) = compare(cut(before), cut(event("A", 100, 27, speed=-1.0)))
    assert (longer.head, longer.tail) == (3, 0)
    assert "3 frames longer at its head" in longer.text
    (slipped,) = compare(cut(before), cut(event("A", 104, 24, speed=-1.0)))
    assert (slipped.head, slipped.tail) == (4, -4)
    assert "slipped by 4 frames, to later ones" in slipped.text


def test_a_fade_from_nothing_is_no_dissolve_of_a_list():
    """It begins before any event: there is no cut that a list could move."""
    fading = replace(A, over=8, head=4)
    dissolve = replace(B, over=8)
    assert [c.kind for c in compare(cut(fading, B), cut(A, dissolve))] == ["dissolve", "dissolve"]


def test_a_speed_that_a_list_rounds_is_the_same():
    exact, rounded = (replace(A, speed=v) for v in (0.85, 20.4 / 24 + 0.001))
    assert compare(cut(exact), cut(rounded))[0].kind == "kept"
    assert compare(cut(exact), cut(replace(A, speed=0.853)))[0].kind == "retimed"


def test_an_omitted_shot_is_told_where_it_stood():
    changes = compare(cut(A, B, C), cut(A, C))
    assert told(changes) == [
        ("kept", "A.1", "A.1"),
        ("omitted", "B.2", None),
        ("moved", "C.3", "C.2"),
    ]
    assert changes[1].frame == 24
    assert (changes[2].moved, changes[2].pushed) == (-24, True)


def test_a_shot_that_moved_by_itself_is_not_pushed():
    changes = compare(cut(A, B, C), cut(A, 5, B, C))
    assert [(c.kind, c.moved, c.pushed) for c in changes] == [
        ("kept", 0, False),
        ("moved", 5, False),
        ("moved", 5, True),
    ]


def test_a_shot_at_another_place_in_the_order_is_found():
    changes = compare(cut(A, B, C, D), cut(A, C, D, B))
    assert [(c.new.id, c.moved, c.pushed) for c in changes if c.kind == "moved"] == [
        ("C.2", -24, True),
        ("D.3", -24, True),
        ("B.4", 48, False),
    ]
    assert "another place in the order" in changes[-1].text


def test_trims_are_counted_at_both_ends():
    shorter = replace(B, source=(104, 136), record=(START, START + 32))
    (_, change, _) = compare(cut(A, B, C), cut(A, shorter, C))
    assert (change.kind, change.head, change.tail) == ("trimmed", -4, 12)
    assert "4 frames shorter at its head and 12 frames longer at its tail" in change.text


def test_a_slip_keeps_the_length():
    for by in (6, 60):  # 60: it shows none of the frames it showed before
        slipped = replace(B, source=(100 + by, 124 + by))
        (_, change, _) = compare(cut(A, B, C), cut(A, slipped, C))
        assert (change.kind, change.head, change.tail, change.moved) == ("slipped", -by, by, 0)
        assert f"slipped by {by} frames" in change.text


def test_a_clip_cut_in_twice_is_told_apart_by_its_frames():
    early, late = event("A", 0, 24), event("A", 10, 24)
    changes = compare(cut(early, B, late), cut(late, B, early))
    assert {c.kind for c in changes} == {"moved", "kept"} or {c.kind for c in changes} == {"moved"}
    for change in changes:
        assert change.old.source == change.new.source


def test_the_second_of_two_alike_is_the_one_that_stayed():
    changes = compare(cut(A, B, A), cut(B, A))
    assert told(changes) == [
        ("omitted", "A.1", None),
        ("moved", "B.2", "B.1"),
        ("moved", "A.3", "A.2"),
    ]


def follows(before, after):
    """(old number, new number) of the events that were matched."""
    changes = compare(cut(*before), cut(*after))
    return [(c.old.number, c.new.number) for c in changes if c.old and c.new]


def test_of_two_alike_that_were_trimmed_the_neighbours_tell():
    short, trimmed = event("B", 100, 10), event("A", 0, 22)
    assert follows([A, short, A, C], [short, trimmed, C]) == [(2, 1), (3, 2), (4, 3)]


def test_of_two_clips_of_a_reel_the_name_tells():
    one, other = (event(name, 0, 22, reel="R1") for name in "AB")
    assert follows([event("A", 0, 24, reel="R1")], [other, one]) == [(1, 2)]


def test_of_two_alike_in_one_place_the_nearest_tells():
    trimmed = event("A", 0, 22)
    assert follows([D, A], [trimmed, trimmed]) == [(2, 2)]


def test_what_changed_within_a_shot_is_told():
    cdl = {"slope": [1, 1, 1], "offset": [0, 0, 0], "power": [1, 1, 1], "saturation": 1.0}
    before = replace(A, cdl=cdl)
    after = {
        "retimed": replace(before, speed=0.5),
        "dissolve": replace(before, over=8),
        "regraded": replace(before, cdl={**cdl, "slope": [1.1, 1, 1]}),
    }
    for kind, changed in after.items():
        assert [c.kind for c in compare(cut(before, B), cut(changed, B))] == [kind, "kept"]
    assert compare(cut(before), cut(replace(A, cdl=None)))[0].kind == "regraded"
    assert (
        compare(cut(before), cut(replace(before, cdl={**cdl, "saturation": 1 + 1e-9})))[0].kind
        == "kept"
    )


def test_a_shot_on_another_track_moved():
    (_, change) = compare(cut(A, B), cut(A, replace(B, track=2)))
    assert (change.kind, change.moved, change.pushed) == ("moved", 0, False)
    assert "1 track higher" in change.text


def test_switched_off_is_not_in_the_cut():
    assert told(compare(cut(A, B), cut(A, replace(B, enabled=False))))[1] == (
        "omitted",
        "B.2",
        None,
    )
    assert told(compare(cut(A, replace(B, enabled=False)), cut(A, B)))[1] == ("new", None, "B.2")


def test_a_renamed_clip_is_known_by_its_reel():
    before, after = event("A001", 100, 24, reel="R1"), event("sh010", 104, 24, reel="R1")
    assert [c.kind for c in compare(cut(before), cut(after))] == ["slipped"]


def test_cameras_on_one_timecode_are_not_taken_for_each_other():
    """Reels of two cameras may be called alike; their files are not."""
    one = event("A001", 100, 24, reel="001", media=media("/a/A001.%04d.exr"), frames=(1001, 1024))
    two = event("B001", 100, 24, reel="001", media=media("/a/B001.%04d.exr"), frames=(1001, 1024))
    assert [c.kind for c in compare(cut(one), cut(two))] == ["omitted", "new"]


def test_files_of_one_name_in_two_folders_are_two_clips():
    one = event("sh010", 0, 24, media=media("/sh010/frame.%04d.exr"), frames=(1001, 1024))
    two = event("sh020", 0, 24, media=media("/sh020/frame.%04d.exr"), frames=(1001, 1024))
    assert [c.kind for c in compare(cut(one), cut(two))] == ["omitted", "new"]


def test_a_new_version_of_a_shot_is_told():
    one = event("sh010", 0, 24, media=media("/v1/sh010_v001.%04d.exr"), frames=(1001, 1024))
    two = replace(one, media=media("/v2/sh010_v002.%04d.exr"))
    (change,) = compare(cut(one), cut(two))
    assert change.kind == "media"
    assert "sh010_v002.%04d.exr, not sh010_v001" in change.text


def test_one_file_counted_from_two_starts_is_one_clip():
    """An XML counts a movie from 0, an EDL by its timecode."""
    file = media("/a/A001.mov")
    one = event("A001", 0, 24, media=file, frames=(1001, 1024))
    two = event("A001.mov", 86400, 20, media=file, frames=(1003, 1022))
    (change,) = compare(cut(one), cut(two))
    assert (change.kind, change.head, change.tail) == ("trimmed", -2, -2)


def test_cuts_of_two_rates_are_compared_in_time():
    slow = cut(A, B)
    fast = replace(cut(A, B, rate=Fraction(48)), start=2 * START)
    events = tuple(
        replace(e, record=tuple(2 * START + 2 * (n - START) for n in e.record)) for e in fast.events
    )
    assert [c.kind for c in compare(slow, replace(fast, events=events))] == ["kept", "kept"]


def test_changes_are_plain_json():
    changes = compare(cut(A, B), cut(B, D))
    rows = json.loads(json.dumps([c.plain() for c in changes]))
    assert [(r["kind"], r["old"], r["new"]) for r in rows] == told(changes)


def test_two_files_are_compared(tmp_path):
    def shot(name, start, length):
        return clip(name, MissingReference(), span(start, length))

    old = saved(tmp_path / "one.otio", shot("A", 0, 24), shot("B", 0, 24))
    new = saved(tmp_path / "two.otio", shot("A", 0, 20), shot("B", 0, 24))
    changes = compare(read_cut(old), read_cut(new))
    assert [c.text for c in changes] == [
        "A at 01:00:00:00 is 4 frames shorter at its tail.",
        "B at 01:00:00:20 is 4 frames earlier, pushed by what is before it.",
    ]


# --- properties ----------------------------------------------------------------------------

shots = st.lists(
    st.builds(
        event,
        name=st.sampled_from("ABCD"),
        source=st.integers(0, 60),
        length=st.integers(1, 40),
        speed=st.sampled_from([1.0, 0.5, -1.0]),
    ),
    min_size=1,
    max_size=12,
)


@given(shots)
def test_no_cut_differs_from_itself(events):
    changes = compare(cut(*events), cut(*events))
    assert [c.kind for c in changes] == ["kept"] * len(events)


@given(shots, shots)
def test_every_event_is_told_once(before, after):
    changes = compare(cut(*before), cut(*after))
    assert sorted(c.old.number for c in changes if c.old) == list(range(1, len(before) + 1))
    assert [c.new.number for c in changes if c.new] == list(range(1, len(after) + 1))
    for change in changes:
        if change.old and change.new:
            assert change.old.name == change.new.name, "another clip is never the same shot"


@given(st.permutations(range(8)))
def test_shots_in_another_order_are_all_found(order):
    events = [event(f"S{n}", 50 * n, 24) for n in range(8)]
    changes = compare(cut(*events), cut(*(events[n] for n in order)))
    assert {c.kind for c in changes} <= {"kept", "moved"}
    for change in changes:
        assert change.moved == change.new.record[0] - change.old.record[0]


@given(st.integers(0, 7), st.integers(-9, 9), st.integers(-9, 9))
def test_a_trim_is_found_at_its_shot(which, head, tail):
    """Eight parts of one clip; only one of them was trimmed."""
    events = [event("A", 40 * n, 30) for n in range(8)]
    first, end = events[which].source
    changed = event("A", first - head, end + tail - first + head)
    after = [*events[:which], changed, *events[which + 1 :]]
    changes = compare(cut(*events), cut(*after))
    kinds = [c.kind for c in changes]
    wanted = "kept" if head == tail == 0 else "slipped" if head == -tail else "trimmed"
    assert kinds[which] == wanted
    assert (changes[which].head, changes[which].tail) == (head, tail)
    assert set(kinds[:which]) <= {"kept"}
    assert set(kinds[which + 1 :]) <= {"kept", "moved"}
    assert {c.moved for c in changes[which + 1 :]} <= {head + tail}


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.randoms(use_true_random=False))
def test_the_best_assignment_is_found(rows, columns, random):
    table = np.array([[random.random() for _ in range(columns)] for _ in range(rows)])
    pairs = assigned(table)
    assert len(pairs) == len(dict(pairs)) == len({c for _, c in pairs}) == min(rows, columns)
    wide = table if rows <= columns else table.T
    best = max(
        sum(wide[n, m] for n, m in enumerate(order))
        for order in itertools.permutations(range(wide.shape[1]), wide.shape[0])
    )
    assert sum(table[pair] for pair in pairs) == pytest.approx(best)


def test_the_work_grows_with_the_shots_and_not_with_their_square():
    """Four times the events, a tenth of them slipped and some gone, cost about four times as much:
    calls are counted, for a clock would tell of the machine."""

    def calls(count):
        events = [event(f"clip {n % 150}", 40 * n, 24) for n in range(count)]
        after = [
            replace(e, source=(e.source[0] + 2, e.source[1] + 2)) if n % 10 == 3 else e
            for n, e in enumerate(events)
            if n % 97
        ]
        profile = cProfile.Profile()
        changes = profile.runcall(compare, cut(*events), cut(*after))
        slipped = sum(n % 10 == 3 and n % 97 != 0 for n in range(count))
        assert sum(c.kind == "slipped" for c in changes) == slipped
        assert sum(c.kind == "omitted" for c in changes) == len(events) - len(after)
        return pstats.Stats(profile).total_calls

    assert calls(1600) < 6 * calls(400)


def test_a_cut_of_which_every_shot_was_slipped_is_no_square_either():
    """All stand between the same two neighbours: the ends of the cut."""

    def calls(count):
        events = [event("take", 40 * n, 24, reel="A001") for n in range(count)]
        after = [replace(e, source=(e.source[0] + 2, e.source[1] + 2)) for e in events]
        profile = cProfile.Profile()
        changes = profile.runcall(compare, cut(*events), cut(*after))
        assert [(c.kind, c.old.number, c.new.number) for c in changes] == [
            ("slipped", n + 1, n + 1) for n in range(count)
        ]
        return pstats.Stats(profile).total_calls

    assert calls(400) < 6 * calls(100)


def test_a_stock_clip_that_is_used_again_and_again_is_no_square():
    def calls(count):
        events = [event("stock", 100 + n % 7, 50) for n in range(count)]
        after = [replace(e, source=(e.source[0] + 11, e.source[1] + 11)) for e in events]
        profile = cProfile.Profile()
        changes = profile.runcall(compare, cut(*events), cut(*after))
        assert {c.kind for c in changes} == {"slipped"}
        return pstats.Stats(profile).total_calls

    assert calls(400) < 6 * calls(100)


@pytest.mark.parametrize("seed", [3, 4])
def test_of_uses_that_overlap_the_nearest_are_as_good_as_all(seed):
    """Uses of one clip, each slipped and trimmed, and in another place."""
    random = Random(seed)
    events = [event("stock", random.randrange(600), random.randrange(60, 120)) for _ in range(60)]
    after = [
        event("stock", e.source[0] + random.randrange(60), random.randrange(60, 120))
        for e in random.sample(events, len(events))
    ]

    def shared():
        changes = compare(cut(*events), cut(*after))
        pairs = [(c.old.source, c.new.source) for c in changes if c.old and c.new]
        return sum(min(b, d) - max(a, c) for (a, b), (c, d) in pairs)

    nearest = shared()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairing, "ALIKE", 60)
        assert nearest >= 0.99 * shared()
