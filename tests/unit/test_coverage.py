"""Which takes and shots are of one set-up."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from answerprint.check.coverage import NEAR, Coverage, Setups, Sight
from answerprint.edit.cut import Cut, Event
from answerprint.edit.media import Media
from answerprint.show.propose import Take

RATE = Fraction(24)


def take(name, place, **more):
    path = f"/dailies/{name}.mov"
    whole = (1001, 1100)
    return Take(
        (name, 1001), path, name, "", *whole, 86400, RATE, (64, 36), whole, place, **more
    )  # fmt: skip


def shot(of, turn=0):
    media = Media(
        of.path, "movie", 1001, 1100, 86400, RATE, False, "", 64, 36, 1.0, ("R", "G", "B"), "ACEScg"
    )
    at = 86400 + 20 * turn
    return Event(
        turn + 1, of.name, of.name, 1, "", (at, at + 20), (86440, 86460), RATE, media=media,
        frames=(1041, 1060),
    )  # fmt: skip


def setups(takes, shots, sights=lambda event: (), compare=lambda one, other: None):
    cut = Cut("", "cut", RATE, False, 86400, tuple(shots), ())
    return Setups(shots, Coverage(takes, cut, sights, compare))


def test_a_shot_is_of_the_set_up_of_its_take_and_of_those_that_see_it():
    one, two, three = (take(name, n) for n, name in enumerate("abc"))
    found = setups([one, two, three], [shot(one)], lambda _: [Sight(two, "setup", 50)])
    assert found.label["a"] == found.of[one.key] == found.of[two.key] != found.of[three.key]


@pytest.mark.parametrize(
    ("structures", "scale", "joined"), [(50, 1.2, True), (20, 1.2, False), (50, 1.5, False)]
)
def test_few_structures_and_another_framing_join_nothing(structures, scale, joined):
    one, two = take("a", 0), take("b", 1)
    found = setups([one, two], [shot(one)], lambda _: [Sight(two, "setup", structures, 1.0, scale)])
    assert (found.of[one.key] == found.of[two.key]) == joined


def test_takes_that_no_shot_shows_are_joined_where_they_were_shot_one_after_the_other():
    takes = [take(name, n) for n, name in enumerate("abc")]

    def compare(one, other):
        return Sight(other, "setup", 50) if (one.name, other.name) == ("b", "c") else None

    found = setups(takes, [shot(takes[0])], compare=compare)
    assert found.of[takes[1].key] == found.of[takes[2].key] != found.of[takes[0].key]


def test_only_takes_near_those_of_the_shots_are_compared_and_once():
    takes = [take(f"t{n}", n) for n in range(100)]
    asked = []
    cover = Coverage(takes, Cut("", "cut", RATE, False, 0, (), ()), lambda _: (),
                     lambda one, other: asked.append((one.place, other.place)))  # fmt: skip
    Setups([shot(takes[50])], cover)
    Setups([shot(takes[50], 1)], cover)
    assert asked == [(n, n + 1) for n in range(50 - NEAR, 50 + NEAR)]


def test_a_slate_joins_takes_of_one_camera():
    more = {"scene": "12", "slate": "12A"}
    takes = [take(name, 10 * n, **more) for n, name in enumerate("abc")]
    takes[2] = replace(takes[2], camera="B")
    found = setups(takes, [shot(takes[0])])
    assert found.of[takes[0].key] == found.of[takes[1].key] != found.of[takes[2].key]


def test_what_was_seen_from_two_spots_is_joined_by_no_slate():
    takes = [take(name, n, scene="12", slate="12A") for n, name in enumerate("ab")]
    spots = Sight(takes[1], "place", 90)
    by_shot = setups(takes, [shot(takes[0])], lambda _: [spots])
    by_take = setups(takes, [shot(takes[0])], compare=lambda one, other: spots)
    for found in (by_shot, by_take):
        assert found.of[takes[0].key] != found.of[takes[1].key]
