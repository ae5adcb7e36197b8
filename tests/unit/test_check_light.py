"""What does not match in a scene's light: found, with its size; and nothing found where all does.

The scene is the numpy room: four shots in three set-ups, a ball that moves, noise of its own in
each frame. The changes are those of a grade, made here by their definitions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from seen import shot, study, taken
from soundstage.room import SIDE, WIDE, Camera

from answerprint.check import light
from answerprint.check.apart import Measure, apart
from answerprint.check.model import Finding, Relation, Shot, Study
from answerprint.check.scenes import scenes
from answerprint.frames import primaries
from answerprint.vision.compare import cct_and_duv
from answerprint.vision.correspond import LUMINANCE
from answerprint.vision.shift import SPLITS, shift, shifted

PAN = Camera(WIDE.eye, (0.6, 0.1, 5.0), 0.95)
CAMERAS = (WIDE, SIDE, WIDE, PAN)
TO_XYZ = primaries.to_xyz(primaries.KNOWN["ACEScg"])
WHITE_KELVIN, WHITE_DUV = cct_and_duv(TO_XYZ @ np.ones(3))
WHITE_MIRED = 1e6 / WHITE_KELVIN
Change = Callable[[np.ndarray], np.ndarray]


def stops(by: float) -> Change:
    return lambda picture: picture * np.float32(2**by)


def mired(by: float) -> Change:
    """A gain of the channels that moves white by this much along the locus of black bodies."""

    def apart(three: np.ndarray) -> np.ndarray:
        kelvin, duv = cct_and_duv(TO_XYZ @ np.exp2(SPLITS @ (0, *three)))
        return np.array([1e6 / kelvin - WHITE_MIRED - by, (duv - WHITE_DUV) * 1e4])

    at, step = np.zeros(2), 0.02
    for _ in range(8):
        slope = np.stack([apart(at + m) - apart(at - m) for m in step * np.eye(2)], 1) / 2 / step
        at = at - np.linalg.solve(slope, apart(at))
    gain = np.exp2(SPLITS @ (0, *at))
    return lambda picture: (picture * gain).astype(np.float32)


def contrast(by: float) -> Change:
    return lambda picture: (np.sign(picture) * 0.18 * (np.abs(picture) / 0.18) ** by).astype("f4")


def saturation(by: float) -> Change:
    def change(picture: np.ndarray) -> np.ndarray:
        grey = (picture @ LUMINANCE)[..., None]
        return (grey + by * (picture - grey)).astype(np.float32)

    return change


def lifted(by: float) -> Change:
    return lambda picture: picture + np.float32(by)


@pytest.fixture(scope="module")
def room() -> list[list[np.ndarray]]:
    return [taken(camera, (turn,), 320) for turn, camera in enumerate(CAMERAS)]


def found_in(
    room: list[list[np.ndarray]],
    changes: Mapping[int, Change],
    passports: Mapping[int, Mapping[str, Any]] | None = None,
) -> list[Finding]:
    shots: list[Shot] = []
    for turn, pictures in enumerate(room):
        changed = [changes[turn](p) for p in pictures] if turn in changes else pictures
        shots.append(shot(f"s{turn}", turn, changed, (passports or {}).get(turn)))
    return light.find(study(shots))


def test_a_scene_that_matches_has_no_finding(room) -> None:
    assert found_in(room, {}) == []


def test_what_an_eye_accepts_is_no_finding(room) -> None:
    small = {0: stops(0.05), 1: mired(2.5), 2: contrast(1.03), 3: saturation(0.96)}
    assert found_in(room, small) == []


@pytest.mark.parametrize(
    ("turn", "change", "kind", "size", "within"),
    [
        (0, stops(-0.4), "exposure", -0.4, 0.02),
        (1, stops(0.15), "exposure", 0.15, 0.02),
        (1, mired(12), "white_balance", 12, 2),
        (3, mired(-40), "white_balance", -40, 3),
        (2, contrast(1.12), "contrast", 0.12, 0.02),
        (2, contrast(0.9), "contrast", -0.1, 0.02),
        (1, saturation(0.8), "saturation", -0.2, 0.03),
        (2, lifted(0.008), "black_level", 0.008, 0.0015),
    ],
    ids=["darker", "brighter", "warmer", "cooler", "harder", "softer", "paler", "lifted"],
)
def test_one_change_is_one_finding_of_its_size(room, turn, change, kind, size, within) -> None:
    found = found_in(room, {turn: change})
    assert [finding.kind for finding in found] == [kind]
    finding = found[0]
    assert finding.mend == f"s{turn}"
    other = next(name for name in finding.shots if name != finding.mend)
    second = finding.shots[1] == finding.mend
    if kind in light.RATIOS and not second:
        size = 1 / (1 + size) - 1
    elif not second:
        size = -size
    assert finding.value == pytest.approx(size, abs=within)
    assert abs(finding.value - size) < 3 * finding.uncertainty + 0.05 * abs(size)
    assert finding.frame == finding.range[0] == 24 * turn
    assert finding.range[1] == 24 * turn + 23
    assert finding.confidence > 0.7
    inputs = {"source": finding.mend, "reference": other}
    assert finding.fix == {"tool": "match", "params": {}, "inputs": inputs}
    assert f"{finding.mend} is" in finding.text
    assert f"than {other}" in finding.text


def test_two_changes_of_one_shot_are_two_findings(room) -> None:
    warm, dark = mired(25), stops(-0.3)
    found = found_in(room, {2: lambda picture: warm(dark(picture))})
    assert {f.kind: round(f.value, 1) for f in found}.keys() == {"exposure", "white_balance"}
    assert {f.mend for f in found} == {"s2"}


def test_of_two_shots_the_later_is_to_mend(room) -> None:
    shots = [shot("a", 0, [stops(0.5)(p) for p in room[0]]), shot("b", 1, room[2])]
    (finding,) = light.find(study(shots))
    assert (finding.mend, finding.shots) == ("b", ("a", "b"))
    assert finding.value == pytest.approx(-0.5, abs=0.02)


def test_light_from_another_side_is_no_grade(room) -> None:
    """One side up and one down: no exposure, no contrast; the turn is that of the passports."""

    def relit(picture: np.ndarray) -> np.ndarray:
        across = np.linspace(-0.8, 0.8, picture.shape[1])[None, :, None]
        return (picture * np.exp2(across)).astype(np.float32)

    sides = {
        turn: {"key_side": {"value": 170.0 if turn == 2 else 10.0, "uncertainty": 8.0}}
        for turn in range(4)
    }
    found = found_in(room, {2: relit}, sides)
    assert {(f.kind, f.mend) for f in found} == {("key_light", "s2")}
    assert found[0].fix is None
    assert abs(found[0].value) == 160


def bricks() -> np.ndarray:
    """A wall full of structure."""
    random = np.random.default_rng(0)
    wall = np.full((270, 480, 3), 0.2, np.float32)
    for _ in range(700):
        x, y, wide, high = (int(v) for v in random.integers((480, 270, 40, 25)))
        wall[y : y + high, x : x + wide] = random.uniform(0.05, 0.6) * random.uniform(0.7, 1.3, 3)
    return cv2.GaussianBlur(wall, (0, 0), 0.8)


def lit_in_patches(picture: np.ndarray) -> np.ndarray:
    """As another wall of the same bricks is lit."""
    stops = np.random.default_rng(1).normal(0, 0.6, (4, 6)).astype(np.float32)
    height, width = picture.shape[:2]
    patches = cv2.resize(stops, (width, height), interpolation=cv2.INTER_CUBIC)
    return (picture * np.exp2(patches)[..., None]).astype(np.float32)


@pytest.mark.parametrize(
    ("change", "kinds"), [(stops(0.6), ["exposure"]), (lit_in_patches, [])], ids=["same", "other"]
)
def test_walls_that_no_grade_makes_alike_are_not_compared(change, kinds) -> None:
    """From two spots, hundreds of structures may be those of another wall of the same bricks."""
    corners = np.array([[0, 0], [479, 0], [479, 269], [0, 269]], np.float32)
    there = np.array([[60, 10], [420, 60], [420, 215], [60, 255]], np.float32)
    aside = cv2.getPerspectiveTransform(corners, there)
    wall = bricks()
    seen = cv2.warpPerspective(wall, aside, (480, 270), borderValue=(0.2, 0.2, 0.2))
    made = study([shot("a", 0, [wall]), shot("b", 1, [change(seen)])])
    relation = made.relations["a", "b"]
    assert relation.kind == "place"
    assert relation.structures > 400
    assert [finding.kind for finding in light.find(made)] == kinds


def noise(factor: float) -> dict[str, Any]:
    curve = {"a": 1e-4 * factor**2, "b": 1e-6 * factor**2, "c": 0.0}
    told = {"value": 0.0043 * factor, "uncertainty": 1e-4 * factor, "channels": [curve] * 3}
    return {"noise": told}


def test_grain_is_compared_at_the_same_grey(room) -> None:
    passports = {turn: noise(2.0 if turn == 1 else 1.0) for turn in range(4)}
    found = [f for f in found_in(room, {}, passports) if f.kind == "grain"]
    assert [(f.mend, f.fix) for f in found] == [("s1", None)]
    ratio = 1 + found[0].value
    assert ratio == pytest.approx(2.0 if found[0].shots[1] == "s1" else 0.5, rel=0.02)


def test_a_shot_that_was_brightened_has_no_more_grain(room) -> None:
    """Its grain was brightened with it: a I + b of the light before, times the gain squared."""
    passports = {turn: noise(1.0) for turn in range(4)}
    curve = {"a": 1e-4 * 4, "b": 1e-6 * 16, "c": 0.0}
    passports[2] = {"noise": {"value": 0.0087, "uncertainty": 1e-4, "channels": [curve] * 3}}
    found = found_in(room, {2: stops(2.0)}, passports)
    assert [f.kind for f in found] == ["exposure"]


def test_a_shot_that_was_lit_brighter_has_no_less_grain(room) -> None:
    """Its grain is that of its own light, by the same curve."""
    found = found_in(room, {2: stops(2.0)}, {turn: noise(1.0) for turn in range(4)})
    assert [f.kind for f in found] == ["exposure"]


def test_grain_that_nobody_sees_is_none(room) -> None:
    """A render, a thousandth and a ten-thousandth of grain: all as clean to the eye."""
    passports = {turn: noise(10.0 ** -(turn + 2)) for turn in range(4)}
    assert found_in(room, {}, passports) == []


def test_a_shot_out_of_focus_is_softer(room) -> None:
    found = found_in(room, {2: lambda picture: cv2.GaussianBlur(picture, (0, 0), 1.4)})
    assert [(f.kind, f.mend) for f in found] == [("sharpness", "s2")]
    assert (found[0].value < 0) == (found[0].shots[1] == "s2")


# --- by colours alone ----------------------------------------------------------------------


def found_by_colours(
    first: list[np.ndarray],
    second: list[np.ndarray],
    passports: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {}),
    overlap: float = 0.6,
) -> list[Finding]:
    """Of two shots that have no verified surface in common, and so much of their palettes."""
    shots = [shot("a", 0, first, passports[0]), shot("b", 1, second, passports[1])]
    relations = {("a", "b"): Relation("a", "b", "palette", why="Alike.", overlap=overlap)}
    made = study(shots[:1])
    cut = replace(made.cut, events=tuple(each.event for each in shots))
    return light.find(Study(cut, tuple(shots), relations, scenes(shots, relations)))


def test_colours_that_match_have_no_finding(room) -> None:
    assert found_by_colours(room[0], room[1]) == []


def test_another_white_is_found_by_colours_and_said_to_rest_on_them(room) -> None:
    (finding,) = found_by_colours(room[0], [mired(45)(p) for p in room[1]])
    assert (finding.kind, finding.mend) == ("white_balance", "b")
    assert finding.value == pytest.approx(45, abs=3 * finding.uncertainty)
    assert finding.uncertainty > 3
    assert finding.confidence < 0.4
    assert "by the colours that both show" in finding.text
    assert "no surface that could be verified" in finding.text
    assert finding.fix == {
        "tool": "match", "params": {}, "inputs": {"source": "b", "reference": "a"},
    }  # fmt: skip


def test_a_large_exposure_is_found_by_colours_and_a_small_one_is_not(room) -> None:
    """Another side of the same light differs by as much as the small one."""
    (finding,) = found_by_colours(room[0], [stops(-0.9)(p) for p in room[1]])
    assert (finding.kind, finding.mend) == ("exposure", "b")
    assert finding.value == pytest.approx(-0.9, abs=0.25)
    assert finding.confidence < 0.4
    assert found_by_colours(room[0], [stops(0.4)(p) for p in room[1]]) == []


def test_sun_and_shade_are_no_fault(room) -> None:
    """What is darker and as much bluer is lit by another light, and not told by colours."""
    shade = mired(-45)
    assert found_by_colours(room[0], [shade(stops(-1.3)(p)) for p in room[1]]) == []


def test_colours_of_shots_that_stand_apart_are_not_compared(room) -> None:
    warm = [mired(45)(p) for p in room[1]]
    assert found_by_colours(room[0], warm, overlap=0.45) == []


def test_grain_needs_no_shared_surface(room) -> None:
    found = found_by_colours(room[0], room[1], (noise(1.0), noise(2.0)))
    assert [(f.kind, f.mend) for f in found] == [("grain", "b")]
    assert found[0].value == pytest.approx(1.0, rel=0.02)
    assert 0 < found[0].confidence < 0.4
    assert found_by_colours(room[0], room[1], (noise(1.0), noise(1.4))) == []


# --- the instruments under it ----------------------------------------------------------------


def surfaces(seed: int, count: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Colours, and the parts of the picture they lie in."""
    random = np.random.default_rng(seed)
    where = random.uniform(0, 1, (count, 2))
    grey = np.exp(random.normal(np.log(0.15), 0.9, (count, 1)))
    colours = grey * np.exp(random.normal(0, 0.3, (count, 3)))
    return colours, (where * (8, 5)).astype(int) @ (1, 8)


@pytest.mark.parametrize("seed", range(4))
def test_a_shift_is_found_through_a_third_of_other_things(seed) -> None:
    colours, group = surfaces(seed)
    random = np.random.default_rng(seed + 50)
    theta = random.normal(0, (0.3, 0.1, 0.05, 0.1, 0.12, 0.0))
    there = shifted(colours, theta) * np.exp(random.normal(0, 0.02, colours.shape))
    wrong = np.isin(group, random.permutation(40)[:12])
    there[wrong] *= np.exp(random.normal(0.4, 0.5, (wrong.sum(), 1)))
    found = shift(colours, there, np.ones(len(colours)), group)
    gain = np.exp2(SPLITS @ theta[:3])
    assert found.value[0] == pytest.approx(np.log2(gain @ LUMINANCE), abs=0.03)
    assert found.value[3] == pytest.approx(theta[3], abs=0.05)
    assert found.value[4] == pytest.approx(theta[4], abs=0.05)


def test_its_errors_are_those_that_repeating_it_shows() -> None:
    values, errors = [], []
    for seed in range(24):
        colours, group = surfaces(seed)
        random = np.random.default_rng(seed + 100)
        off = random.normal(0, 0.1, 40)[group, None]  # what lies together errs together
        there = colours * np.exp2(0.2 + off + random.normal(0, 0.05, colours.shape))
        found = shift(colours, there, np.ones(len(colours)), group)
        values.append(found.value[:2])
        errors.append(found.error[:2])
    scatter = np.std(values, axis=0)
    assert np.all(np.median(errors, axis=0) > 0.6 * scatter)
    assert np.all(np.median(errors, axis=0) < 2.0 * scatter)


def test_too_few_surfaces_tell_nothing() -> None:
    colours, _ = surfaces(0, 40)
    assert shift(colours, colours, np.ones(40), np.zeros(40, int)) is None


def measure(first: int, second: int, value: float) -> Measure:
    return Measure(first, second, value, 0.02, 0.08)


def test_the_odd_one_of_many_stands_apart_against_a_wrong_measure() -> None:
    level = np.array([0.0, 0.0, 0.4, 0.0, 0.0])
    pairs = [(a, b) for a in range(5) for b in range(a + 1, 5)]
    given = [measure(a, b, level[b] - level[a]) for a, b in pairs]
    given[0] = measure(0, 1, 0.9)
    (found,) = apart(given)
    assert found.shot == 2
    assert abs(found.value) == pytest.approx(0.4, abs=0.02)


def test_shots_that_were_never_measured_beside_each_other_are_compared_through_others() -> None:
    given = [measure(0, 1, 0.05), measure(1, 2, 0.05), measure(2, 3, 0.3)]
    (found,) = apart(given)
    assert (found.shot, found.other) == (3, 2)
    assert found.value == pytest.approx(0.3, abs=0.01)


def test_of_two_equal_camps_the_earlier_is_right() -> None:
    given = [measure(0, 1, 0.0), measure(2, 3, 0.0), measure(1, 2, 0.5), measure(0, 3, 0.5)]
    assert [each.shot for each in apart(given)] == [2, 3]
