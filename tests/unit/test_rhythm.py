"""Which set-up the rhythm of a cut asks for in a hole."""

from __future__ import annotations

import pytest

from answerprint.check.rhythm import likely

HERE = (1.0, 1.0)


def odds(told, more=None, edge=0.0, wide=lambda _: 1.0):
    """Every set-up that is told is of the scene, unless `more` says otherwise."""
    labels = told.split()
    sides = {label: HERE for label in labels if label != "_"} | (more or {})
    return likely(labels, labels.index("_"), sides, edge, wide)


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
    for edge in (0.0, 0.4, 1.0):
        assert sum(odds("A B _ C A", {"D": (0.5, 0.2)}, edge).values()) == pytest.approx(1)


def test_a_neighbours_set_up_would_jump():
    found = odds("A B _ C B A C")
    assert found["A"] > 3 * found["B"]
    assert found["A"] > 3 * found["C"]


def test_between_two_of_one_set_up_a_fresh_one_is_asked_for():
    assert best("A _ A", {"D": (0.8, 0.8)}) == "D"


def test_the_same_neighbour_twice_is_one_witness():
    fresh = {"D": HERE}
    twice, once = odds("A B A _ A B A", fresh), odds("A B A _ E B A", fresh | {"E": (0.0, 0.0)})
    assert twice["B"] / twice["D"] == pytest.approx(once["B"] / once["D"], rel=0.5)


def test_the_surer_a_fresh_one_is_of_the_scene_the_likelier():
    found = odds("A B A _ A B", {"D": (0.8, 0.8), "E": (0.2, 0.2)})
    assert found["D"] == pytest.approx(4 * found["E"])
    assert 0 < found["D"] < found["B"]


def test_a_scene_that_shows_much_once_has_more_that_is_fresh():
    fresh = {"X": HERE}
    often, once = odds("A B A _ A B A B", fresh), odds("A C D _ A E F G", fresh)
    assert once["X"] > 2 * often["X"]


def test_set_ups_of_another_scene_are_left():
    assert best("A B A _ A C D C A", {"C": (0.1, 0.1), "D": (0.1, 0.1)}) == "B"


def test_nothing_around_says_nothing():
    assert likely([""], 0, {}) == {}


# --- where one scene ends and another begins -----------------------------------------------------

FIRST, SECOND = (1.0, 0.0), (0.0, 1.0)
TWO = {"A": FIRST, "B": FIRST, "C": SECOND, "D": SECOND}
MASTERS = {"M": FIRST, "N": SECOND}


def test_a_scene_opens_on_what_its_dialogue_does_not_come_back_to():
    told, sides = "A B A B _ C D C D", TWO | MASTERS
    inside, edge = odds(told, sides), odds(told, sides, edge=1.0)
    assert edge["N"] > 0.3 > inside["N"]
    assert edge["N"] > edge["M"]  # scenes open on it oftener than they close on it
    assert max(edge, key=edge.get) == "N"


def test_a_hole_between_two_dialogues_rather_opens_than_closes():
    found = odds("A B A B _ C D C D", TWO | MASTERS, edge=1.0)
    assert sum(found[each] for each in "NCD") == pytest.approx(2 / 3)


def test_a_scene_that_is_open_is_not_opened_again():
    found = odds("A B A B _ N C D C D", TWO | MASTERS, edge=1.0)
    assert found["A"] + found["B"] + found["M"] > 0.8
    assert found["A"] > found["B"]


def test_a_scene_that_is_closed_is_not_closed_again():
    found = odds("A B A M _ C D C D", TWO | MASTERS, edge=1.0)
    assert found["N"] + found["C"] + found["D"] > 0.8


def test_the_cut_itself_is_opened_and_closed():
    opened = odds("_ C D C D", TWO | MASTERS)
    closed = odds("A B A B _", TWO | MASTERS)
    assert max(opened, key=opened.get) == "N"
    assert max(closed, key=closed.get) == "A"
    assert closed["M"] > 0.2


def test_the_wide_one_of_two_opens():
    found = odds("_ C D C D", TWO | {"N": SECOND, "O": SECOND}, wide=lambda x: 1 + 2 * (x == "O"))
    assert found["O"] == pytest.approx(3 * found["N"])
