"""Which set-up the rhythm of a cut asks for in a hole."""

from __future__ import annotations

import pytest

from answerprint.check.rhythm import likely


def odds(told, fresh=None, kin=None):
    labels = told.split()
    at = labels.index("_")
    return likely(labels, at, fresh or {}, lambda label: (kin or {}).get(label, 1.0))


def best(*given, **more):
    found = odds(*given, **more)
    return max(found, key=found.get)


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("A B A _ A B", "B"),
        ("M A B A _ A M", "B"),
        ("A B _ B A C D", "A"),
        ("C D C A B _ B A C", "A"),  # what is near counts more than what is often
        ("A B A _", "B"),
        ("_ A B A", "B"),
    ],
)
def test_a_dialogue_goes_on_as_it_went(told, wanted):
    assert best(told) == wanted


def test_the_same_backwards():
    forward, backward = odds("M A B A _ A C M"), odds("M C A _ A B A M")
    assert forward == pytest.approx(backward)


def test_odds_sum_to_one():
    assert sum(odds("A B _ C A", {"D": 0.5}).values()) == pytest.approx(1)


def test_a_neighbours_set_up_would_jump():
    found = odds("A B _ C B A C")
    assert found["A"] > 3 * found["B"]
    assert found["A"] > 3 * found["C"]


def test_between_two_of_one_set_up_a_fresh_one_is_asked_for():
    assert best("A _ A", {"D": 0.8}) == "D"


def test_the_surer_a_fresh_one_is_of_the_scene_the_likelier():
    found = odds("A B A _ A B", {"D": 0.8, "E": 0.2})
    assert found["D"] == pytest.approx(4 * found["E"])
    assert 0 < found["D"] < found["B"]


def test_a_scene_that_shows_much_once_has_more_that_is_fresh():
    often, once = odds("A B A _ A B A B", {"X": 1.0}), odds("A C D _ A E F G", {"X": 1.0})
    assert once["X"] > 2 * often["X"]


def test_set_ups_of_another_scene_are_left():
    kin = {"A": 1.0, "B": 1.0, "C": 0.1, "D": 0.1}
    assert best("A B A _ A C D C A", kin=kin) == "B"


def test_nothing_around_says_nothing():
    assert likely([""], 0, {}, lambda _: 1.0) == {}


def test_a_scene_may_open_on_what_its_dialogue_does_not_come_back_to():
    told = list("ABAMAB_CDCD")
    inside, edge = (likely(told, 6, {}, lambda _: 1.0, each) for each in (0.0, 1.0))
    assert edge["M"] > 0.4
    assert inside["M"] < 0.2
    assert edge["A"] < inside["A"]
