"""Two takes of the room, told apart by the things in them and by nothing else."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import pytest
from soundstage.room import BEHIND, SIDE, WIDE, Camera, render

from answerprint.frames.curves import acescct
from answerprint.vision.correspond import LUMINANCE
from answerprint.vision.empty import empty
from answerprint.vision.overlay import Features, field, followed, homography, look, nudge
from answerprint.vision.pairs import Pictures
from answerprint.vision.things import Compared, compare

SIZE = (270, 480)
REFRAMED = Camera((0.0, 0.3, -1.2), (0.06, 0.08, 5.0), 0.96)
GRADED = np.float32([1.3, 1.2, 1.05])


@lru_cache(maxsize=8)
def take(camera: Camera, frames: tuple[int, ...]) -> dict[int, np.ndarray]:
    return {n: render(camera, n, SIZE[1], SIZE[0]) for n in frames}


@lru_cache(maxsize=1)
def prop() -> np.ndarray:
    """A small bottle of paint: 18 x 30 pixels of another surface."""
    return render(SIDE, 0, SIZE[1], SIZE[0])[112:142, 188:206] * np.float32([0.9, 0.3, 0.5])


def one() -> dict[int, np.ndarray]:
    return take(WIDE, (0, 2, 3))


def two() -> dict[int, np.ndarray]:
    return take(REFRAMED, (4, 6, 7))


def with_prop(pictures: dict[int, np.ndarray], x: int, y: int) -> dict[int, np.ndarray]:
    told = {}
    for number, picture in pictures.items():
        told[number] = picture.copy()
        told[number][y : y + 30, x : x + 18] = prop()
    return told


def seen(pictures: dict[int, np.ndarray], gain: np.ndarray | float = 1.0) -> Pictures:
    return {n: (p * np.float32(gain), np.isfinite(p).all(-1)) for n, p in pictures.items()}


def told(first: Pictures, second: Pictures) -> Compared:
    sets = empty(first), empty(second)
    assert sets[0]
    assert sets[1]
    return compare(*sets)


def in_the_first(x: float, y: float) -> np.ndarray:
    """Where a place of the reframed camera lies in the other's picture."""
    found = told(seen(one()), seen(two())).through
    assert found is not None
    return cv2.perspectiveTransform(np.array([[[x, y]]], np.float64), found)[0, 0]


def test_the_same_set_has_no_things():
    assert told(seen(one()), seen(two(), GRADED)).changes == ()


def test_what_appeared_is_where_it_is():
    (found,) = told(seen(one()), seen(with_prop(two(), 225, 112), GRADED)).changes
    assert found.how == "appeared"
    corner, other = in_the_first(225, 112), in_the_first(243, 142)
    np.testing.assert_allclose(found.box, [*corner, *other], atol=2.5)
    assert found.sure > 0.7


def test_what_vanished_is_where_it_was():
    (found,) = told(seen(with_prop(one(), 225, 112)), seen(two(), GRADED)).changes
    assert found.how == "vanished"
    np.testing.assert_allclose(found.box, [225, 112, 243, 142], atol=2.5)


@pytest.mark.parametrize("far", [(34, 6), (9, 0)], ids=["beside itself", "over itself"])
def test_what_moved_is_one_thing_and_how_far(far):
    before = with_prop(one(), 225, 112)
    after = with_prop(two(), 225 + far[0], 112 + far[1])
    (found,) = told(seen(before), seen(after, GRADED)).changes
    assert found.how == "moved"
    truth = in_the_first(225 + far[0], 112 + far[1]) - (225, 112)
    np.testing.assert_allclose(found.step, truth, atol=1.5)


def test_a_softer_take_has_no_things():
    soft = {n: cv2.GaussianBlur(p, (0, 0), 0.9) for n, p in two().items()}
    assert told(seen(one()), seen(soft)).changes == ()


def test_a_lamp_out_of_focus_is_no_thing():
    lit = {n: p.copy() for n, p in one().items()}
    for picture in lit.values():
        picture[100:130, 215:245] = (30, 28, 24)
    soft = {n: cv2.GaussianBlur(p, (0, 0), 1.3) for n, p in lit.items()}
    assert told(seen(lit), seen(soft)).changes == ()


def test_another_contrast_and_saturation_are_no_things():
    def graded(picture: np.ndarray) -> np.ndarray:
        grey = (picture @ LUMINANCE)[..., None]
        light = np.maximum(grey + 1.2 * (picture - grey), 1e-4)
        return np.asarray(0.18 * (light / 0.18) ** 1.12, np.float32)

    harder = {n: graded(p) for n, p in two().items()}
    assert told(seen(one()), seen(harder)).changes == ()


@pytest.mark.parametrize("blur", [0.5, 6.0], ids=["hard", "soft"])
def test_a_shadow_is_no_thing(blur):
    shadow = np.ones(SIZE, np.float32)
    cv2.ellipse(shadow, (150, 120), (14, 20), 20, 0, 360, 0.5, -1)
    shadow = cv2.GaussianBlur(shadow, (0, 0), blur)[..., None]
    assert told(seen(one()), seen({n: p * shadow for n, p in two().items()})).changes == ()


def test_shadows_of_another_key_are_no_things():
    """The key comes from the other side, and what cast its shadow left now casts it right."""
    x = np.linspace(0.55, 1.6, SIZE[1], dtype=np.float32)
    left, right = (np.broadcast_to(v, SIZE)[..., None].copy() for v in (x, x[::-1]))
    left[60:90, 300:320] *= 0.4
    right[60:90, 160:180] *= 0.4
    flat = np.full((*SIZE, 3), (0.2, 0.19, 0.18), np.float32)
    takes = []
    for light, pictures in ((left, one()), (right, two())):
        plain = {n: 0.7 * flat + 0.3 * p for n, p in pictures.items()}
        takes.append(seen({n: (p * light).astype(np.float32) for n, p in plain.items()}))
    assert told(*takes).changes == ()


def test_somebody_small_who_hardly_stirs_is_no_thing():
    random = np.random.default_rng(3)
    cloth = cv2.GaussianBlur(random.uniform(0.02, 0.9, (50, 24, 3)).astype(np.float32), (0, 0), 3)
    standing = {}
    for turn, (number, picture) in enumerate(two().items()):
        x = 225 + turn
        standing[number] = picture.copy()
        standing[number][95:145, x : x + 24] = cloth
    assert told(seen(one()), seen(standing)).changes == ()


def test_somebody_who_crosses_leaves_the_set_known():
    crossing = {n: p.copy() for n, p in take(WIDE, (0, 2, 3, 5)).items()}
    crossing[2][90:200, 200:240] = (0.5, 0.1, 0.6)
    found = empty(seen(crossing))
    assert found
    part = np.s_[95:172, 205:235]
    assert found.known[part].mean() > 0.95
    clean = acescct(one()[0][part])
    assert np.abs(found.code[part] - clean).mean() < 0.03


def test_sets_without_a_common_wall_are_not_compared():
    elsewhere = take(BEHIND, (0, 1))
    found = told(seen(one()), seen(elsewhere))
    assert found.changes == ()
    assert found.why


# --- laying one over the other ---------------------------------------------------------------


def looks(through: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A look, the same look seen through a homography, and all of it valid."""
    code = acescct(one()[0]) @ LUMINANCE
    moved = cv2.warpPerspective(code, through, SIZE[::-1], borderMode=cv2.BORDER_REFLECT)
    valid = np.ones(SIZE, bool)
    return look(code, valid), look(moved, valid), valid


@pytest.mark.parametrize("way", ["features", "followed", "nudged"])
def test_a_homography_is_found_again(way):
    through = np.array([[1.01, -0.004, 3.0], [0.004, 1.01, -2.0], [1e-6, 2e-6, 1.0]])
    here, there, valid = looks(through)
    if way == "features":
        found = homography(Features(here, valid), Features(there, valid))
    else:
        found = (followed if way == "followed" else nudge)(here, there, valid)
    assert found is not None
    corners = np.array([[[0, 0]], [[479, 0]], [[479, 269]], [[0, 269]]], np.float64)
    again = cv2.perspectiveTransform(cv2.perspectiveTransform(corners, through), found)
    assert np.abs(again - corners).max() < (1.5 if way == "nudged" else 0.6)


def test_a_mirrored_picture_is_no_view_of_the_set():
    here, _, valid = looks(np.eye(3))
    assert homography(Features(here, valid), Features(here[:, ::-1].copy(), valid)) is None


def test_a_field_follows_light_and_no_thing():
    x = np.linspace(-1, 1, 480, dtype=np.float32)
    values = np.broadcast_to(x, SIZE)[..., None].copy()
    values[100:125, 200:220] += 5
    found = field(values, np.ones(SIZE, bool))[..., 0]
    inside = found[20:-20, 40:-40]
    assert np.abs(inside - np.broadcast_to(x, SIZE)[20:-20, 40:-40]).max() < 0.08
