"""What a check tells of things: one finding for each, at the shot that stands against the rest."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import cv2
import numpy as np
import pytest
from seen import shot
from soundstage.room import BEHIND, SIDE, WIDE, Camera, render

from answerprint.check.model import Finding, Scene, Shot, Study
from answerprint.check.things import find
from answerprint.edit.cut import Cut

REFRAMED = Camera((0.0, 0.3, -1.2), (0.06, 0.08, 5.0), 0.96)
AT = (225, 100)
TAKES = {
    "one": (WIDE, (0, 2, 3)),
    "two": (REFRAMED, (4, 6, 7)),
    "three": (WIDE, (8, 10, 11)),
    "four": (REFRAMED, (1, 3, 4)),
}


@lru_cache(maxsize=1)
def prop() -> np.ndarray:
    return render(SIDE, 0, 480, 270)[112:142, 188:206] * np.float32([0.9, 0.3, 0.5])


@lru_cache(maxsize=8)
def take(name: str) -> tuple[np.ndarray, ...]:
    camera, frames = TAKES[name]
    return tuple(render(camera, number, 480, 270) for number in frames)


def pictures(name: str, at: tuple[int, int] | None = None, gain: float = 1.0) -> list[np.ndarray]:
    told = [picture * np.float32(gain) for picture in take(name)]
    if at:
        for picture in told:
            picture[at[1] : at[1] + 30, at[0] : at[0] + 18] = prop() * np.float32(gain)
    return told


def findings(*shots: Shot, said: list[str] | None = None) -> list[Finding]:
    names = tuple(each.name for each in shots)
    cut = Cut("cut.otio", "cut", Fraction(24), False, 0, tuple(s.event for s in shots), ())
    scene = Scene("scene 1", names, (names,))
    return find(Study(cut, shots, {}, (scene,), said=[] if said is None else said))


def test_takes_of_a_set_that_nobody_touched():
    shots = [shot(n, turn, pictures(n, gain=1 + 0.1 * turn)) for turn, n in enumerate(TAKES)]
    assert findings(*shots) == []


def test_a_prop_of_one_take_is_told_once_and_there():
    (found,) = findings(
        shot("one", 0, pictures("one")),
        shot("two", 1, pictures("two", AT)),
        shot("three", 2, pictures("three")),
    )
    assert (found.kind, found.mend, found.shots) == ("thing", "two", ("one", "two"))
    assert (found.frame, found.range, found.unit) == (24, (24, 47), "px")
    np.testing.assert_allclose(found.region, [225, 100, 243, 130], atol=2.5)
    assert found.value == pytest.approx(30, abs=3)
    assert "two has a thing of" in found.text
    assert "one has not" in found.text
    assert "2 of 3" in found.text


def test_a_prop_that_one_take_misses():
    (found,) = findings(
        shot("one", 0, pictures("one", AT)),
        shot("two", 1, pictures("two")),
        shot("three", 2, pictures("three", AT)),
    )
    assert found.mend == "two"
    assert "that one has is missing in two" in found.text
    assert found.region is not None
    there = np.array([[[234, 115]]], np.float64)
    x, y = cv2.perspectiveTransform(there, from_one_to_two())[0, 0]
    assert found.region[0] < x < found.region[2]
    assert found.region[1] < y < found.region[3]


def from_one_to_two() -> np.ndarray:
    """The plane z = 6 of the room, from pixels of WIDE to those of REFRAMED: the back wall."""
    grid = [(-1.0, 1.5), (1.0, 1.5), (1.0, 0.2), (-1.0, 0.2)]
    sides = [[_seen(camera, (x, y, 6.0)) for x, y in grid] for camera in (WIDE, REFRAMED)]
    return cv2.getPerspectiveTransform(*(np.array(s, np.float32) for s in sides)).astype(float)


def _seen(camera: Camera, at: tuple[float, float, float]) -> tuple[float, float]:
    forward = np.subtract(camera.target, camera.eye)
    forward = forward / np.linalg.norm(forward)
    right = np.cross((0.0, 1.0, 0.0), forward)
    right /= np.linalg.norm(right)
    turn = np.stack([right, np.cross(right, forward), forward])
    x, y, z = turn @ np.subtract(at, camera.eye)
    return 240 + 480 * camera.focal * x / z, 135 + 480 * camera.focal * y / z


def test_the_first_take_may_be_the_odd_one():
    (found,) = findings(
        shot("one", 0, pictures("one", AT)),
        shot("two", 1, pictures("two")),
        shot("three", 2, pictures("three")),
    )
    assert (found.mend, found.shots, found.frame) == ("one", ("one", "two"), 0)
    np.testing.assert_allclose(found.region, [225, 100, 243, 130], atol=2.5)


def test_of_two_takes_the_later_is_to_mend():
    (found,) = findings(
        shot("one", 0, pictures("one", AT)), shot("two", 1, pictures("two", gain=1.4))
    )
    assert found.mend == "two"


def test_how_far_a_prop_moved_and_where_to():
    (found,) = findings(
        shot("one", 0, pictures("one", AT)), shot("three", 1, pictures("three", (257, 100)))
    )
    assert found.value == pytest.approx(32, abs=1.5)
    assert "to the right of where one has it" in found.text
    np.testing.assert_allclose(found.region, [257, 100, 275, 130], atol=3)


def test_a_prop_that_stays_away_is_told_where_it_goes():
    (found,) = findings(
        shot("one", 0, pictures("one", AT)),
        shot("three", 1, pictures("three", AT)),
        shot("two", 2, pictures("two")),
        shot("four", 3, pictures("four")),
    )
    assert (found.mend, found.shots) == ("two", ("three", "two"))
    assert "So does four." in found.text


def elsewhere() -> list[np.ndarray]:
    return [render(BEHIND, number, 480, 270) for number in (0, 2, 3)]


@pytest.mark.parametrize("at", [0, 1, 2])
def test_takes_are_compared_though_one_lies_over_none_of_them(at):
    takes = [("one", pictures("one")), ("two", pictures("two", AT))]
    takes.insert(at, ("odd", elsewhere()))
    said: list[str] = []
    (found,) = findings(*(shot(n, turn, p) for turn, (n, p) in enumerate(takes)), said=said)
    assert (found.mend, found.shots) == ("two", ("one", "two"))
    assert [each.partition(" was")[0] for each in said] == ["odd"]


def test_a_take_without_pictures_is_said():
    said: list[str] = []
    empty = replace(shot("two", 1, pictures("two")), pictures=lambda: {})
    assert findings(shot("one", 0, pictures("one")), empty, said=said) == []
    assert said == [
        "two was compared with no other shot of its set-up for things: it has no picture."
    ]


def test_values_are_in_pixels_of_the_shot_and_not_of_its_sample():
    large = replace(shot("two", 1, pictures("two", AT)), size=(1920, 1080))
    (found,) = findings(shot("one", 0, pictures("one")), large)
    np.testing.assert_allclose(found.region, [900, 400, 972, 520], atol=10)
    assert found.value == pytest.approx(120, abs=12)


def test_what_is_the_same_from_check_to_check():
    told = []
    for gain in (1.0, 1.3):
        shots = shot("one", 0, pictures("one")), shot("two", 1, pictures("two", AT, gain))
        told.append(findings(*shots)[0])
    assert told[0].what == told[1].what == "middle centre"


def test_two_props_of_one_part_are_told_apart():
    both = pictures("three", AT)
    for picture in both:
        picture[100:130, 290:308] = prop()[::-1] * np.float32([0.2, 1.4, 0.4])
    found = findings(shot("one", 0, pictures("one")), shot("three", 1, both))
    assert [each.what for each in found] == ["middle centre", "middle centre 2"]


def test_a_shot_without_pictures_is_left_out():
    empty = replace(shot("two", 1, pictures("two")), pictures=lambda: {})
    (found,) = findings(
        shot("one", 0, pictures("one")), empty, shot("three", 2, pictures("three", AT))
    )
    assert found.shots == ("one", "three")


def test_a_place_that_no_shot_shows_whole_is_told_beside_the_one_that_shows_most():
    """What is known of the set comes from two shots, either of which shows a part of the place."""
    parts = []
    for name, hidden in (("one", np.s_[85:145, 240:290]), ("three", np.s_[85:145, 180:236])):
        told = [picture.copy() for picture in pictures(name)]
        for picture in told:
            picture[hidden] = np.nan
        parts.append(told)
    (found,) = findings(
        shot("one", 0, parts[0]), shot("three", 1, parts[1]), shot("two", 2, pictures("two", AT))
    )
    assert (found.mend, found.shots) == ("two", ("three", "two"))
