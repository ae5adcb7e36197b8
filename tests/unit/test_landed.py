"""What each of two frames shows of a new one between them."""

import numpy as np
import pytest

from answerprint.vision import landed as subject
from answerprint.vision.between import middle
from answerprint.vision.flow import Motion
from answerprint.vision.landed import FOREIGN, Landed, landed
from tests.unit.test_between import psnr
from tests.unit.test_flow import texture

TALL, WIDE = 96, 128
SURE = np.ones((TALL, WIDE), np.float32)


def flat(x, y=0.0):
    return np.full((TALL, WIDE, 2), (x, y), np.float32)


def moved(x, at):
    """The flow of a still scene before which a square, here at `at`, goes x to the right."""
    flow = flat(0.0)
    flow[30:66, at : at + 36] = (x, 0)
    return flow


def passing(x):
    """Both motions of a square that goes from 40 on to 40 + x."""
    return Motion(moved(x, 40), SURE), Motion(moved(-x, 40 + x), SURE)


def test_what_stands_still_lands_on_itself():
    np.testing.assert_allclose(landed(flat(0.0), 0.5), 1, atol=1e-6)
    np.testing.assert_allclose(landed(flat(9.0, -5.0), 0.0), 1, atol=1e-6)


@pytest.mark.parametrize("part", [0.25, 0.5, 1.0])
def test_nothing_lands_behind_what_moves_off(part):
    found = landed(moved(32.0, 40), part)
    trail = round(32 * part)
    assert found[34:62, 43 : 40 + trail - 3].max() < 0.1
    assert found[34:62, 40 + trail + 3 : 72 + trail].min() > 0.95
    assert found[:26].min() > 0.99


def test_an_odd_size_is_counted_whole():
    assert landed(np.zeros((7, 5, 2), np.float32), 0.5).shape == (7, 5)
    assert landed(np.zeros((1, 1, 2), np.float32), 0.5).shape == (1, 1)


def test_a_stretched_surface_has_no_holes():
    x = np.arange(WIDE, dtype=np.float32) - WIDE / 2
    zoom = np.zeros((TALL, WIDE, 2), np.float32)
    zoom[..., 0] = 0.6 * x
    inner = landed(zoom, 1.0)[:, 12:-12]
    np.testing.assert_allclose(inner.mean(), 1 / 1.6, atol=0.02)
    assert np.ptp(inner) < 0.2


def test_each_frame_gives_what_it_alone_shows():
    late = Landed.at(*passing(24), 0.5).late
    assert late[34:62, 44:48].min() > 0.85  # where the square was: the second shows what it hid
    assert late[34:62, 92:96].max() < 0.15  # where it will be
    np.testing.assert_allclose(late[34:62, 56:72], 0.5, atol=0.03)
    np.testing.assert_allclose(late[:20], 0.5, atol=1e-3)


def test_what_comes_into_the_picture_is_the_second_frames():
    found = Landed.at(Motion(flat(-20.0), SURE), Motion(flat(20.0), SURE), 0.5)
    assert found.late[:, -7:].min() > 0.85
    assert found.late[:, :7].max() < 0.15


def test_the_nearer_frame_gives_more_where_both_show():
    motion = Motion(flat(0.0), SURE)
    np.testing.assert_allclose(Landed.at(motion, motion, 0.25).late, 0.25, atol=1e-6)


def test_where_one_frame_shows_a_place_its_own_way_is_the_likely_one():
    found = Landed.at(*passing(24), 0.5)
    still, with_it, unlike = flat(0.0), flat(12.0), np.full((TALL, WIDE), 0.4, np.float32)
    stands = found.apart(unlike, still, still)
    goes = found.apart(unlike, -with_it, with_it)
    trail = (slice(34, 62), slice(44, 48))
    assert stands[trail].max() < 0.11  # though the frames are unlike along it
    assert goes[trail].min() > 0.9 * FOREIGN
    np.testing.assert_allclose(stands[:20], 0.4, atol=0.01)


def test_a_frames_own_motion_is_looked_up_where_the_way_leads():
    x = np.arange(WIDE, dtype=np.float32) - WIDE / 2
    there, back, way = (np.zeros((TALL, WIDE, 2), np.float32) for _ in range(3))
    there[..., 0], back[..., 0], way[..., 0] = 0.4 * x, -0.4 / 1.4 * x, 0.4 / 1.2 * x
    unseen, inner = np.zeros((TALL, WIDE), np.float32), (slice(None), slice(16, -16))
    for late in (0.0, 1.0):
        found = Landed(unseen, unseen, unseen + np.float32(late), (there, back))
        assert found.apart(unseen, -way / 2, way / 2)[inner].max() < 0.03
        aside = way + flat(8.0)
        assert found.apart(unseen, -aside / 2, aside / 2)[inner].min() > 0.09


def test_uncovered_ground_is_whole(monkeypatch):
    ground, before = 0.05 + 0.3 * texture(seed=3)(), 0.6 + 0.3 * texture(seed=9)()
    frames = []
    for x in (40, 52, 64):
        frames.append(ground.copy())
        frames[-1][30:66, x : x + 36] = before[30:66, 40:76]
    first, truth, second = frames

    def ends():
        found = middle(first, second, 0.5, passing(24), "best")
        made = found.light(first, second)
        return found, psnr(made[18:78, 28:112], truth[18:78, 28:112])

    found, seen = ends()
    assert np.abs(found.to_second[34:62, 43:49]).max() < 1  # the ground's way, though unlike
    monkeypatch.setattr(subject, "landed", lambda flow, part: np.ones(flow.shape[:2], np.float32))
    assert seen > ends()[1] + 3


def test_a_way_that_tears_is_less_likely():
    found = Landed.at(Motion(flat(0.0), SURE), Motion(flat(0.0), SURE), 0.5)
    alike, torn = np.zeros((TALL, WIDE), np.float32), flat(0.0)
    torn[:, 64:] += (9, 0)
    torn[48:] += (0, 1)
    against = found.apart(alike, -torn / 2, torn / 2)
    truth = np.zeros_like(alike)
    truth[47] = 0.05
    truth[:, 63] = 0.1  # 9 pixels count as 2
    np.testing.assert_allclose(against, truth, atol=1e-6)


def test_strips_equal_the_whole(monkeypatch):
    random = np.random.default_rng(4)
    to = [random.normal(0, 9, (TALL, WIDE, 2)).astype(np.float32) for _ in range(2)]
    unlike = random.random((TALL, WIDE)).astype(np.float32)
    found = Landed.at(*passing(24), 0.25)
    whole = found.apart(unlike, *to)
    monkeypatch.setattr(subject, "STRIP", 7)
    np.testing.assert_array_equal(found.apart(unlike, *to), whole)
