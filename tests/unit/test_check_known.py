"""Ids of findings stay when the cut changes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from answerprint.check.known import finding_id, from_key, known_as
from answerprint.check.model import Finding
from answerprint.edit.cut import Event


def event(name, first, length=50, record=0, reel=""):
    return Event(
        number=1,
        name=name,
        id=name,
        track=1,
        reel=reel or name.rstrip("_123456789"),
        record=(record, record + length),
        source=(first, first + length),
        rate=Fraction(24),
    )


def keys(events, before=()):
    return {name: each.key for name, each in known_as(events, before).items()}


def ids(events, known, kind="exposure", what=""):
    first, second = (each.id for each in events)
    return finding_id(
        Finding(kind, (first, second), 0, (0, 1), 0.3, 0.1, 0.9, "", what=what), known
    )


def test_a_clip_used_once_is_known_by_its_media():
    assert keys([event("plate", 100), event("hero", 7)]) == {"plate": "plate", "hero": "hero"}


def test_the_id_ignores_place_value_and_order():
    one, other = event("plate", 100), event("hero", 7)
    known = known_as([one, other], ())
    moved = replace(one, record=(900, 930), source=(130, 160), speed=2.0, number=77)
    assert ids([one, other], known) == ids([other, one], known_as([other, moved], ()))
    assert ids([one, other], known) != ids([one, other], known, kind="contrast")
    assert ids([one, other], known) != ids([one, other], known, what="1004")


def test_the_id_ignores_what_an_event_is_called():
    one, other = event("plate", 100), event("hero", 7)
    named = replace(one, id="sc10_0010", name="sc10_0010", reel="plate")
    assert ids([one, other], known_as([one, other], ())) == ids(
        [named, other], known_as([named, other], ())
    )


def test_what_is_said_of_the_cut_stays_when_a_shot_joins():
    known = known_as([event("plate", 100), event("hero", 7)], ())
    both = ids([event("plate", 100), event("hero", 7)], known, "mixed_rates", "12")
    one = Finding("mixed_rates", ("hero",), 0, (0, 1), 1.0, 0, 1, "", what="12")
    assert finding_id(one, known) == both


def test_uses_of_one_clip_are_told_apart():
    known = keys([event("plate", 100), event("plate_2", 400)])
    assert known == {"plate": "plate@100", "plate_2": "plate@400"}


def test_the_same_frames_twice_are_told_apart():
    twice = [event("plate", 100), event("plate_2", 100, record=500)]
    assert keys(twice) == {"plate": "plate@100", "plate_2": "plate@100#2"}
    assert keys(twice[::-1]) == keys(twice)


def test_a_trimmed_use_stays_itself_where_names_change():
    before = list(known_as([event("plate", 100), event("plate_2", 400)], ()).values())
    # an earlier part of the clip is cut in ahead, so the event ids move on by one
    later = [event("plate", 10, 20), event("plate_2", 112), event("plate_3", 391)]
    assert keys(later, before) == {
        "plate": "plate@10",
        "plate_2": "plate@100",
        "plate_3": "plate@400",
    }


def test_a_single_use_stays_itself_when_slipped():
    before = known_as([event("plate", 100)], ()).values()
    assert keys([event("plate", 900)], before) == {"plate": "plate"}


def test_a_second_use_does_not_take_the_first_ones_key():
    before = known_as([event("plate", 100)], ()).values()
    later = [event("plate", 600), event("plate_2", 105)]
    assert keys(later, before) == {"plate": "plate@600", "plate_2": "plate"}


def test_a_use_that_is_gone_leaves_its_key_to_nobody():
    before = known_as([event("plate", 100), event("plate_2", 400)], ()).values()
    assert keys([event("plate", 900)], before) == {"plate": "plate"}
    gone = [from_key("plate", (100, 149)), from_key("plate@400", (400, 449))]
    assert keys([event("plate", 900)], gone) == {"plate": "plate#2"}


def test_a_key_says_its_media():
    keyed = [from_key(key, (0, 1)).media for key in ("a", "a@12", "a@12#2", "a@-3", "a@b")]
    assert keyed == ["a", "a", "a", "a", "a@b"]
