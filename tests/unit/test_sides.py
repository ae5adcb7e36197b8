"""Two people who move before a set: found, told apart, and on which side of the line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from seen import shot, study

from answerprint.check import grammar
from answerprint.check.model import Relation, Scene
from answerprint.check.sides import Sides
from answerprint.vision.figures import figures, swapped

WINE, NAVY, ASH, COAL = (0.3, 0.05, 0.1), (0.04, 0.1, 0.4), (0.4, 0.38, 0.35), (0.05, 0.05, 0.06)


def talk(*coats, at=(0.3, 0.7), set_=0, moves=2, pan=0) -> list[np.ndarray]:
    """Frames of people who sway before a wall; two coats, or any number."""
    random = np.random.default_rng(set_)
    wall = random.uniform(0.12, 0.2, (27, 60, 3)).repeat(5, 0).repeat(4, 1)
    frames = []
    for number in range(5):
        picture = np.roll(wall, pan * number, axis=1).copy()
        for turn, (x, coat) in enumerate(zip(at, coats, strict=True)):
            middle = round(240 * x) + round(moves * np.sin(1.3 * number + turn))
            picture[60:, middle - 18 : middle + 18] = coat
            picture[32:60, middle - 9 : middle + 9] = (0.35, 0.2, 0.13)
        frames.append((picture + random.normal(0, 0.002, picture.shape)).astype(np.float32))
    return frames


def looked(frames):
    return figures({n: (each, np.isfinite(each).all(-1)) for n, each in enumerate(frames)})


def test_two_who_move_are_found():
    left, right = looked(talk(WINE, NAVY))
    assert left.x == pytest.approx(0.3, abs=0.04)
    assert right.x == pytest.approx(0.7, abs=0.04)


@pytest.mark.parametrize(
    "frames",
    [
        talk(WINE, NAVY, moves=0),
        talk(WINE, at=(0.5,)),
        talk(WINE, NAVY, COAL, at=(0.2, 0.5, 0.8)),
        talk(WINE, NAVY, pan=3),
        talk(WINE, NAVY)[:1],
    ],
    ids=["nobody moves", "one", "three", "the camera moves", "one frame"],
)
def test_without_two_who_move_nothing_is_known(frames):
    assert looked(frames) == []


@pytest.mark.parametrize("coats", [(WINE, NAVY), (ASH, COAL)])
def test_coats_tell_who_is_who(coats):
    one = looked(talk(*coats))
    assert swapped(one, looked(talk(*coats, at=(0.25, 0.6), set_=1))) < -0.2
    assert swapped(one, looked(talk(*coats[::-1], at=(0.25, 0.6), set_=1))) > 0.2


def test_alike_coats_tell_nothing():
    assert abs(swapped(looked(talk(WINE, WINE)), looked(talk(WINE, WINE, set_=1)))) < 0.05


def filmed(*takes, relations=()):
    shots = [shot("abcdef"[turn], turn, take) for turn, take in enumerate(takes)]
    scene = Scene("1", tuple(each.name for each in shots), ())
    pairs = {(each.first, each.second): each for each in relations}
    made = study([])
    return replace(made, shots=tuple(shots), scenes=(scene,), relations=pairs)


def crossed(made) -> float | None:
    return Sides(made).crossed(*made.shots[-2:])


def test_the_line_is_crossed_or_kept():
    assert crossed(filmed(talk(WINE, NAVY), talk(NAVY, WINE, set_=1))) > 0.9
    assert crossed(filmed(talk(WINE, NAVY), talk(WINE, NAVY, set_=1))) < -0.9
    assert crossed(filmed(talk(WINE, NAVY), talk(WINE, at=(0.5,), set_=1))) is None


def test_dull_coats_that_changed_sides_are_a_finding():
    (found,) = grammar.find(filmed(talk(ASH, COAL), talk(COAL, ASH, set_=1)))
    assert found.kind == "axis_crossed"
    assert found.confidence > 0.6
    assert "stands left in a stands right in b" in found.text
    assert grammar.find(filmed(talk(ASH, COAL), talk(ASH, COAL, set_=1))) == []


def test_a_shot_without_two_stands_where_its_set_up_does():
    alone = talk(WINE, at=(0.5,))
    same = Relation("a", "c", "setup", 80)
    takes = talk(WINE, NAVY), talk(WINE, NAVY, set_=1), alone, talk(NAVY, WINE, set_=2)
    assert crossed(filmed(*takes)) is None
    assert crossed(filmed(*takes, relations=[same])) > 0.5


def test_set_ups_that_nothing_joins_are_not_compared():
    alone = [talk(coat, at=(0.5,), set_=turn) for turn, coat in enumerate((WINE, NAVY, WINE, NAVY))]
    pairs = [Relation("a", "c", "setup", 80), Relation("b", "d", "setup", 80)]
    assert crossed(filmed(*alone, relations=pairs)) is None


def test_shots_that_contradict_each_other_tell_nothing():
    takes = talk(WINE, COAL), talk(COAL, NAVY, set_=1), talk(NAVY, WINE, set_=2)
    assert crossed(filmed(*takes)) is None
