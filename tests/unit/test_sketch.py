"""Landmarks and sketches: one place is known under any grade and framing, another one is not."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest
from soundstage import room
from soundstage.room import BEHIND, SIDE

from answerprint.vision import bars, features, sketch
from answerprint.vision.place import same_place
from answerprint.vision.sketch import Landmarks, landmarks

render = cache(room.render)


def seen(picture: np.ndarray, most: int = sketch.MOST) -> Landmarks:
    return landmarks(picture.astype(np.float32), np.ones(picture.shape[:2], bool), most)


def blots(seed: int, size: tuple[int, int] = (270, 480)) -> np.ndarray:
    """A place of its own: soft blots of light, with a highlight of 60 and a shadow of -0.05."""
    noise = np.random.default_rng(seed).normal(0, 1, (*size, 3)).astype(np.float32)
    light = 0.18 * np.exp(4 * cv2.GaussianBlur(noise, (0, 0), 3))
    light[40:44, 40:44], light[80:84, 60:64] = 60, -0.05
    return np.asarray(light, np.float32)


def masked(light: np.ndarray) -> np.ndarray:
    kept = light.copy()
    kept[:34] = kept[-34:] = 0
    return kept


def burnt_in(light: np.ndarray, text: str, size: float) -> np.ndarray:
    ink = np.zeros(light.shape[:2], np.uint8)
    cv2.putText(ink, text, (20, 260), cv2.FONT_HERSHEY_SIMPLEX, size, 255, 2)
    return np.where(ink[..., None] > 127, np.float32(0.9), light)


def titled(light: np.ndarray) -> np.ndarray:
    return burnt_in(masked(light), "01:02:03:04", 0.6)


# --- landmarks -------------------------------------------------------------------------------


def test_landmarks_are_in_parts_of_the_width_and_spread() -> None:
    found = seen(render(SIDE, 0), 200)
    assert found.size == (480, 270)
    assert len(found.place) == len(found.radius) == len(found.angle) == 200
    assert found.descriptor.shape == (200, 128)
    kinds = [each.dtype for each in (found.place, found.radius, found.angle, found.descriptor)]
    assert kinds == [np.float32, np.float32, np.float32, np.uint8]
    assert (found.place >= 0).all()
    assert (found.place <= (1, 270 / 480)).all()
    parts = np.unique(np.floor(found.place / (1, 270 / 480) * (4, 2)), axis=0)
    assert len(parts) == 8
    length = np.linalg.norm(found.descriptor.astype(float), axis=1)
    np.testing.assert_allclose(length, sketch.STEPS, rtol=0.02)


def test_the_size_of_the_picture_does_not_matter() -> None:
    """Landmarks are looked for at one width, and told in parts of it."""
    large = cv2.resize(render(SIDE, 0), (1440, 810), interpolation=cv2.INTER_CUBIC)
    view = same_place(seen(large), seen(render(SIDE, 0)))
    assert view.kind == "setup"
    assert view.scale == pytest.approx(1, abs=0.01)


def test_fewer_landmarks_are_the_first_of_many() -> None:
    few, many = seen(blots(1), 50), seen(blots(1), 300)
    np.testing.assert_array_equal(few.place, many.place[:50])


def test_landmarks_come_back_from_the_disk() -> None:
    found = seen(blots(1), 60)
    kept = sketch.arrays(1007, found)
    again = sketch.of_arrays(kept, 1007, found.size)
    for name in sketch.NAMES:
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
    with pytest.raises(KeyError):
        sketch.of_arrays(kept, 1008, found.size)


@pytest.mark.parametrize(
    "picture", [np.zeros((90, 160, 3)), np.full((90, 160, 3), 0.18)], ids=["black", "grey"]
)
def test_a_picture_of_nothing_has_no_landmarks(picture) -> None:
    found = seen(picture)
    assert len(found.place) == 0
    assert not sketch.sketch(found)[sketch.LIGHT].any()
    assert sketch.readings(found)[0].shape == (sketch.SIZE,)
    assert same_place(found, seen(blots(1))).kind == "none"
    nowhere = landmarks(picture.astype(np.float32), np.zeros((90, 160), bool))
    assert len(nowhere.place) == 0


# --- sketches --------------------------------------------------------------------------------


def alike(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return sketch.likeness(sketch.sketch(seen(one))[None], sketch.sketch(seen(other)))[0]


@pytest.mark.parametrize(
    "handled",
    [lambda light: light * 4, lambda light: light / 4, lambda light: light * (1.5, 1, 0.6)],
    ids=["two over", "two under", "tungsten"],
)
def test_a_sketch_is_the_same_under_any_grade(handled: Callable) -> None:
    edges, light, words = alike(render(SIDE, 0), handled(render(SIDE, 0)))
    assert min(edges, light) > 0.9
    assert words > 0.4


def test_sketches_of_other_places_share_no_words() -> None:
    for seed in range(3):
        assert alike(blots(seed), render(SIDE, 0))[2] < 0.25
        assert alike(blots(seed), blots(seed + 10))[2] < 0.25


def test_a_mirror_changes_what_a_sketch_tells() -> None:
    picture = render(SIDE, 0)
    flipped, valid = sketch.mirrored(picture, np.ones(picture.shape[:2], bool))
    assert valid.all()
    np.testing.assert_array_equal(flipped[:, 0], picture[:, -1])
    edges, light, words = alike(picture, flipped)
    assert edges < 0.8
    assert light < 0.8
    assert words < 0.25


@pytest.mark.parametrize("bars_on", [masked, titled], ids=["masked", "with text on the mask"])
def test_a_mask_is_no_part_of_the_picture(bars_on: Callable) -> None:
    picture = render(SIDE, 0)
    barred = bars_on(picture)
    assert bars.between(barred, np.ones((270, 480), bool)) == (0, 34, 480, 236)
    inside = sketch.sketch(seen(picture[34:236]))
    edges, light, _ = sketch.likeness(inside[None], sketch.sketch(seen(barred)))[0]
    assert min(edges, light) > 0.9
    y = seen(barred).place[:, 1] * 480
    assert ((y > 33) & (y < 237)).all()


def test_bars_have_to_match_and_to_leave_a_picture() -> None:
    every = np.ones((100, 160), bool)
    grey = np.full((100, 160, 3), 0.18, np.float32)
    assert bars.between(grey, every) == (0, 0, 160, 100)
    sky = grey.copy()
    sky[:30] = 0  # dark at the top alone: a night, no mask
    assert bars.between(sky, every) == (0, 0, 160, 100)
    assert bars.between(grey * 0, every) == (0, 0, 160, 100)
    slit = grey * 0
    slit[45:55] = 0.18
    assert bars.between(slit, every) == (0, 0, 160, 100)
    pillars = grey.copy()
    pillars[:, :20] = pillars[:, -20:] = 0
    assert bars.between(pillars, every) == (20, 0, 140, 100)
    hidden = np.zeros((100, 160), bool)
    hidden[10:90] = True
    assert bars.between(grey, hidden) == (0, 10, 160, 90)


def test_near_is_of_one_picture_and_its_like() -> None:
    one = sketch.sketch(seen(render(SIDE, 0)))
    assert sketch.near(one, sketch.sketch(seen(render(SIDE, 0) * 1.1)))
    assert not sketch.near(one, sketch.sketch(seen(render(BEHIND))))


def test_readings_know_a_picture_from_a_part_of_it() -> None:
    """By one of its readings, a part is much nearer to its picture than to any other."""
    part = cv2.resize(render(SIDE, 0)[60:168, 120:312], (480, 270), interpolation=cv2.INTER_CUBIC)
    others = np.array([sketch.sketch(seen(blots(seed))) for seed in range(4)])
    whole = sketch.sketch(seen(render(SIDE, 0)))
    asked = sketch.readings(seen(part, 800))
    beyond = [
        sketch.words_alike(whole[None], each)[0] - sketch.words_alike(others, each).max()
        for each in asked
    ]
    assert max(beyond) > 0.04


# --- one place -------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [0.4, 0.66])
def test_a_reframed_picture_is_of_the_same_spot(part: float) -> None:
    x, y = 140, 70
    wide, tall = round(480 * part), round(270 * part)
    closer = cv2.resize(render(SIDE, 5)[y : y + tall, x : x + wide], (480, 270))
    view = same_place(seen(closer, 800), seen(render(SIDE, 0)))
    assert view.kind == "setup"
    assert view.scale == pytest.approx(part, abs=0.02)
    assert view.homography is not None
    corner = view.homography @ (0, 0, 1)
    np.testing.assert_allclose(corner[:2] / corner[2] * 480, (x, y), atol=4)
    back = same_place(seen(render(SIDE, 0), 800), seen(closer))
    assert back.kind == "setup"
    assert back.scale == pytest.approx(1 / part, rel=0.03)


def test_other_places_are_none() -> None:
    for seed in range(4):
        view = same_place(seen(blots(seed)), seen(render(SIDE, 0)))
        assert view.kind == "none"
        assert view.structures < 6


def test_landmarks_are_flipped_as_the_picture_would_be() -> None:
    picture = render(SIDE, 0)
    view = same_place(seen(picture).flipped, seen(picture[:, ::-1]))
    assert view.kind == "setup"
    assert view.structures > 100
    assert view.scale == pytest.approx(1, abs=0.01)


def test_a_mirror_is_another_place() -> None:
    assert same_place(seen(render(SIDE, 0)[:, ::-1]), seen(render(SIDE, 0))).kind == "none"


def test_a_line_of_text_is_no_place() -> None:
    """What is burnt into two pictures is in both, and says nothing of where they were taken."""
    views = []
    for seeds in ((1, 2), (3, 4)):
        night = [np.minimum(blots(seed), 1) / 50 for seed in seeds]
        one, other = (seen(burnt_in(light, "SCENE 12 TAKE 4 REEL A", 1)) for light in night)
        views.append(same_place(one, other))
    assert [view.kind for view in views] == ["none", "none"]
    assert max(view.structures for view in views) >= 6, "the text was not seen at all"


def test_features_agree_with_themselves() -> None:
    picture = render(SIDE, 0).astype(np.float32)
    valid = np.ones(picture.shape[:2], bool)
    found = features.features(features.evened(picture, valid), valid)
    i, j = features.alike(found.descriptor, found.descriptor)
    np.testing.assert_array_equal(i, j)
    assert features.one_geometry(found.place[i], found.place[j], 1.0).mean() > 0.95
    assert not features.one_geometry(found.place[:7], found.place[:7], 1.0).any()
