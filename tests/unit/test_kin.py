"""Which set-ups are of the scene of a hole: by the cut, the pictures, the shoot and the slates."""

from __future__ import annotations

import pytest

from answerprint.check.kin import IN_TURN, NAMED, WOVEN, Shoot, related


def kin(told, seen=(), shoot=None, used=None):
    """told: set-ups in the order of the cut, '_' the hole; shoot: places by set-up."""
    turns = ["" if each == "_" else each for each in told.split()]
    takes = {label: Shoot(tuple(places)) for label, places in (shoot or {}).items()}
    return related(turns, seen, takes, used or set(turns) - {""})


def test_between_two_shots_of_one_set_up_a_scene_goes_on():
    found = kin("A B A _ C D C")
    assert found.sides["B"] == (pytest.approx(WOVEN), 0.0)
    assert found.sides["D"] == (0.0, pytest.approx(WOVEN))
    assert found.edge == 1.0


def test_what_is_woven_across_the_hole_is_of_one_scene():
    found = kin("A B _ A B")
    assert found.edge == pytest.approx(1 - WOVEN)


def test_links_multiply_and_the_best_chain_counts():
    seen = [("A", "X", 0.5), ("X", "Y", 0.8), ("A", "Y", 0.1)]
    sides = kin("B A _ C", seen, {"X": [90], "Y": [95]}).sides
    assert sides["X"][0] == pytest.approx(0.5)
    assert sides["Y"][0] == pytest.approx(0.4)


def test_a_take_that_was_shot_between_those_of_a_scene_is_of_it():
    shoot = {"A": [0], "X": [1], "B": [2], "C": [3], "Y": [4], "D": [5]}
    sides = kin("A B A _ C D C", shoot=shoot).sides
    assert sides["X"][0] > 0.8 > 0.1 > sides["X"][1]
    assert sides["Y"][1] > 0.8 > 0.1 > sides["Y"][0]


def test_the_nearer_take_of_two_scenes_counts_more():
    shoot = {"A": [0], "B": [1], "X": [2], "C": [5], "D": [6]}
    before, after = kin("A B A _ C D C", shoot=shoot).sides["X"]
    assert before > 2.5 * after > 0


def test_a_take_among_those_of_a_third_scene_is_of_neither():
    shoot = {"A": [0], "B": [1], "Z": [10], "X": [11], "W": [12]}
    sides = kin("A B A _ B A", shoot=shoot, used={"A", "B", "Z", "W"}).sides
    assert sides["X"] == (0.0, 0.0)


def test_far_in_the_order_of_shooting_says_less():
    near, far = (kin("A B A _", shoot={"A": [0], "B": [1], "X": [at]}) for at in (2, 20))
    assert near.sides["X"][0] == pytest.approx(IN_TURN * WOVEN, rel=0.1)
    assert far.sides["X"][0] < 0.2 * near.sides["X"][0]


def test_a_lone_shot_is_of_the_scene_that_it_was_shot_with():
    assert kin("A B A _ C", shoot={"A": [0], "B": [10], "C": [11]}).edge < 0.3
    assert kin("C _ A B A", shoot={"A": [0], "B": [10], "C": [11]}).edge < 0.3
    assert kin("A B A _ C", shoot={"A": [0], "B": [10], "C": [60]}).edge > 0.9


def test_names_of_scenes_decide():
    shoot = {
        "A": Shoot((0,), "12"), "B": Shoot((1,), "12"), "C": Shoot((2,), "13"),
        "X": Shoot((3,), "12"), "Y": Shoot((4,), "14"), "U": Shoot((5,)),
    }  # fmt: skip
    found = related(["A", "B", "A", "", "C"], [("A", "Y", 0.9)], shoot, {"A", "B", "C"})
    assert found.sides["X"][0] == NAMED
    assert found.sides["Y"] == (pytest.approx(0.01), pytest.approx(0.01, abs=0.01))
    assert found.edge > 0.98
    assert found.sides["U"][1] > 0  # what nobody named is told by the rest
    same = related(["A", "", "B"], [], shoot, {"A", "B"})
    assert same.edge == pytest.approx(1 - NAMED)


def test_at_the_end_of_the_cut_there_is_an_edge():
    assert kin("A B _").edge == kin("_ A B").edge == 1.0
    assert kin("A _ A").edge == 0.0
