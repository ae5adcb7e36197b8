"""Cuts, dissolves and fades, and what only looks like one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import pytest

from answerprint.vision import boundaries
from answerprint.vision.alike import Look, unlike
from answerprint.vision.boundaries import Boundaries, within
from answerprint.vision.gradual import Change

TALL, WIDE = 90, 160


def place(seed: int) -> np.ndarray:
    """A set: (3 TALL, 3 WIDE, 3) scene-linear, with a highlight of 60 and a shadow of -0.05."""
    random = np.random.default_rng(seed)
    light = np.zeros((3 * TALL, 3 * WIDE, 3), np.float32)
    for size in (64, 24, 10, 4):
        rough = random.standard_normal((3 * TALL // size + 2, 3 * WIDE // size + 2, 3))
        grown = cv2.resize(rough.astype(np.float32), (3 * WIDE, 3 * TALL))
        light += grown * np.float32(0.7)
    light = np.float32(0.18) * np.exp2(light)
    light[100:104, 200:204], light[120:124, 220:224] = 60, -0.05
    return light


def shot(seed: int, count: int, speed: float = 1.0) -> list[np.ndarray]:
    """A camera that pans over a set at so many pixels a frame."""
    whole = place(seed)
    lefts = [round(WIDE / 4 + speed * turn) for turn in range(count)]
    return [whole[TALL : 2 * TALL, left : left + WIDE] for left in lefts]


def mixed(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> list[np.ndarray]:
    """As many frames, from the one to the other, mixed as film does: in code."""
    count, made = len(one), []
    for turn, (a, b) in enumerate(zip(one, other, strict=True)):
        share = (turn + 1) / (count + 1)
        codes = [np.maximum(each, 0) ** 0.45 for each in (a, b)]
        made.append(((1 - share) * codes[0] + share * codes[1]) ** (1 / 0.45))
    return [each.astype(np.float32) for each in made]


def found(pictures: Sequence[np.ndarray | None]) -> list[tuple[str, int]]:
    watch = Boundaries()
    for picture in pictures:
        watch.see(picture)
    return [(each.kind, each.frame) for each in watch.told()]


def test_a_cut_is_the_first_frame_of_the_new_shot():
    assert found([*shot(1, 30), *shot(2, 30)]) == [("cut", 30)]


@pytest.mark.parametrize("stops", [-3, 3])
def test_exposure_moves_no_cut(stops):
    pictures = [each * np.float32(2.0**stops) for each in [*shot(1, 20), *shot(2, 20)]]
    assert found(pictures) == [("cut", 20)]


def test_shots_of_three_frames_are_shots():
    lengths = (20, 3, 3, 5, 20)
    pictures = [p for seed, count in enumerate(lengths) for p in shot(seed, count)]
    assert found(pictures) == [("cut", 20), ("cut", 23), ("cut", 26), ("cut", 31)]


def test_an_insert_is_cut_in_and_out():
    scene = shot(1, 46)
    assert found([*scene[:20], *shot(2, 6), *scene[20:40]]) == [("cut", 20), ("cut", 26)]


def test_a_jump_within_a_set_is_a_cut():
    scene = shot(1, 200, 0.6)
    assert found([*scene[:30], *scene[110:140]]) == [("cut", 30)]


def test_a_jump_back_is_a_cut_though_the_camera_is_there_again_soon():
    scene = shot(1, 60, 1.2)
    assert found([*scene[:40], *scene[12:]]) == [("cut", 40)]


def test_a_closer_framing_that_hardly_changes_a_soft_picture_is_a_cut():
    soft = cv2.GaussianBlur(place(1), (0, 0), 3)
    framings = [soft[: round(TALL / zoom), : round(WIDE / zoom)] for zoom in (1, 1.3)]
    wide, close = (cv2.resize(each, (WIDE, TALL)) for each in framings)
    assert unlike(Look(wide), Look(close)) < boundaries.FAINT
    assert found([wide] * 30 + [close] * 30) == [("cut", 30)]


def test_a_pan_with_frames_that_stand_twice_is_no_boundary():
    pictures = shot(2, 34, 8)
    for at in range(5, 34, 4):
        pictures[at] = pictures[at - 1]
    assert found(pictures) == []


@pytest.mark.parametrize(("seed", "count"), [(1, 10), (2, 10), (2, 12)])
def test_a_whip_pan_is_no_boundary(seed, count):
    pictures = shot(seed, 50, 0.2)
    around = np.concatenate([pictures[20], pictures[20][:, ::-1]] * 2, axis=1)
    gone = np.cumsum(np.sin(np.linspace(0, np.pi, count + 2))[1:-1])
    places = 2 * WIDE * np.r_[0, gone / gone[-1]]
    for turn in range(count):
        speed = max(1, round(places[turn + 1] - places[turn]))
        left = round(places[turn + 1]) % (2 * WIDE)
        pictures[20 + turn] = cv2.blur(around, (speed, 1))[:, left : left + WIDE]
    assert found(pictures) == []


def test_one_mixed_frame_between_is_still_a_cut():
    one, other = shot(1, 31), shot(2, 31)
    pictures = [*one[:30], *mixed([one[30]], [other[0]]), *other[1:]]
    (cut,) = found(pictures)
    assert cut[0] == "cut"
    assert abs(cut[1] - 30) <= 1


@pytest.mark.parametrize("speed", [3, 9])
def test_a_pan_is_no_boundary(speed):
    assert found(shot(1, 24, speed)) == []


def test_a_flash_is_no_boundary():
    pictures = shot(1, 50)
    for at, gain in ((20, 12), (21, 5), (35, 30)):
        pictures[at] = np.minimum(pictures[at] * np.float32(gain) + np.float32(0.3), 1)
    assert found(pictures) == []


def test_fire_before_the_camera_is_no_boundary():
    pictures, fire = shot(1, 60), np.abs(place(9)[:TALL, :WIDE]) * 6
    for turn, heat in enumerate((0.8, 1, 1, 0.9, 0.8, 0.6, 0.4, 0.2)):
        pictures[20 + turn] = np.minimum(pictures[20 + turn] + np.float32(heat) * fire, 4)
    assert found(pictures) == []


def test_a_lamp_that_is_switched_is_no_boundary():
    pictures = shot(1, 40)
    assert found([*pictures[:20], *(each * np.float32(0.25) for each in pictures[20:])]) == []


def test_something_that_passes_close_is_no_boundary():
    pictures = shot(1, 60)
    for turn in range(8):
        left = -100 + 40 * turn
        pictures[26 + turn] = pictures[26 + turn].copy()
        pictures[26 + turn][:, max(0, left) : max(0, left + 120)] = 0.01
    assert found(pictures) == []


@pytest.mark.parametrize("ease", [1, 12])
def test_a_title_is_no_boundary(ease):
    pictures = [np.float32(0.18) + 0.01 * each for each in shot(1, 90, 0.2)]
    title = np.zeros((TALL, WIDE), np.uint8)
    cv2.putText(title, "TITLE", (10, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 255, 5)
    for at in range(30, 70):
        there = min(1, (at - 29) / ease, (70 - at) / ease) * (title[..., None] / np.float32(255))
        pictures[at] = (pictures[at] * (1 - there) + there).astype(np.float32)
    assert found(pictures) == []


@pytest.mark.parametrize("count", [6, 24, 60])
def test_a_dissolve_is_the_frames_that_are_mixed(count):
    one, other = shot(1, 40 + count, 0.1), shot(2, 40 + count, 0.1)
    pictures = [*one[:40], *mixed(one[40:], other[:count]), *other[count:]]
    (change,) = within(*_seen(pictures))
    assert change.kind == "dissolve"
    assert abs(change.first - 40) <= 3
    assert abs(change.last - (39 + count)) <= 3
    assert abs(change.frame - (40 + count / 2)) <= 3


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_fade_runs_from_the_first_dimmed_frame_to_the_last(level):
    one, other = shot(1, 40, 0.3), shot(2, 40, 0.3)
    flat = [np.full_like(one[0], level)] * 10
    pictures = [*one[:30], *mixed(one[30:], flat), *flat[:6], *mixed(flat, other[:10]), *other[10:]]
    (change,) = within(*_seen(pictures))
    assert change.kind == "fade"
    assert abs(change.first - 30) <= 3  # the set's own contrast changes in the pan
    assert abs(change.last - 55) <= 3
    assert abs(change.frame - 46) <= 1


def test_a_movie_that_opens_from_black_fades():
    one = shot(1, 60, 0.3)
    black = [np.zeros_like(one[0])] * 20
    (change,) = within(*_seen([*black[:8], *mixed(black, one[:20]), *one[20:]]))
    assert (change.kind, change.first) == ("fade", 0)
    assert abs(change.last - 27) <= 4


def test_black_that_is_held_is_a_shot_and_a_black_frame_is_none():
    black = [np.zeros((TALL, WIDE, 3), np.float32)] * 12
    assert found([*shot(1, 20), *black, *shot(2, 20)]) == [("cut", 20), ("cut", 32)]
    assert found([*shot(1, 20), *black[:2], *shot(2, 20)]) == [("cut", 22)]
    scene = shot(1, 40)
    assert found([*scene[:20], *black[:2], *scene[22:]]) == []


def test_a_frame_that_is_missing_is_no_boundary():
    pictures = [*shot(1, 20), *shot(2, 20)]
    assert found([*pictures[:10], None, *pictures[11:]]) == [("cut", 20)]
    assert found([None, *pictures[1:]]) == [("cut", 20)]


def test_nothing_that_can_be_seen_has_no_boundary():
    watch = Boundaries()
    for _ in range(5):
        watch.see(None)
    assert watch.told() == []


def test_parts_see_what_the_whole_sees(monkeypatch):
    one, other = shot(3, 64, 0.4), shot(4, 64, 0.4)
    dissolve = [*one[:40], *mixed(one[40:], other[:24]), *other[24:]]
    pictures = [*shot(1, 33), *shot(2, 4), *dissolve, *shot(5, 40), *shot(6, 50)]
    looks, steps = _seen(pictures)
    monkeypatch.setattr(boundaries, "CORE", 20)
    monkeypatch.setattr(boundaries, "MARGIN", 64)
    watch = Boundaries()
    kept = 0
    for picture in pictures:
        watch.see(picture)
        kept = max(kept, len(watch._looks))
    assert kept < 148 < len(pictures)
    assert _places(watch.told()) == _places(within(looks, steps))
    assert len(watch.told()) == 5


def test_unlike_is_none_for_a_picture_itself_and_large_for_another():
    one, other = Look(shot(1, 1)[0]), Look(shot(2, 1)[0])
    assert unlike(one, one) < 0.01
    assert unlike(one, other) > 0.6


def _places(changes: Sequence[Change]) -> list[tuple[str, int, int, int]]:
    return [(each.kind, each.frame, each.first, each.last) for each in changes]


def _seen(pictures: Sequence[np.ndarray]) -> tuple[list[Look], np.ndarray]:
    looks = [Look(each) for each in pictures]
    steps = [unlike(a, b) for a, b in pairwise(looks)]
    return looks, np.array([0.0, *steps])


def parted(pictures: Sequence[np.ndarray]) -> list[int]:
    """Frames after which a movie is known to have several shots."""
    watch, known = Boundaries(), []
    for at, picture in enumerate(pictures):
        watch.see(picture)
        if watch.parted():
            known.append(at)
    return known


def test_several_shots_are_known_soon_after_the_first_cut():
    assert parted([*shot(1, 30), *shot(2, 90)]) == [30 + boundaries.AFTER]


def test_a_flash_parts_nothing():
    pictures = shot(1, 120)
    for at, gain in ((20, 12), (21, 5), (35, 30)):
        pictures[at] = np.minimum(pictures[at] * np.float32(gain) + np.float32(0.3), 1)
    assert parted(pictures) == []


def test_what_passes_close_parts_nothing():
    pictures = shot(1, 120)
    for turn in range(8):
        left = -100 + 40 * turn
        pictures[26 + turn] = pictures[26 + turn].copy()
        pictures[26 + turn][:, max(0, left) : max(0, left + 120)] = 0.01
    assert parted(pictures) == []
