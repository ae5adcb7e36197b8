"""Motion between frames whose motion is known."""

import cv2
import numpy as np
import pytest

from answerprint.vision.flow import agreement, motions, pulled
from answerprint.vision.settled import settled


def texture(tall=96, wide=128, seed=3):
    """A scene of smooth blobs, 0.01 to 0.8, as a function of where one looks (x, y)."""
    rng = np.random.default_rng(seed)
    waves = rng.uniform(-0.55, 0.55, (24, 2))
    phases = rng.uniform(0, 6.28, 24)

    def light(dx=0.0, dy=0.0):
        x, y = np.arange(wide) - dx, np.arange(tall)[:, None] - dy
        value = sum(np.cos(a * x + b * y + p) for (a, b), p in zip(waves, phases, strict=True))
        one = 0.01 + 0.8 / (1 + np.exp(-value / 2))
        return np.stack([one, one * 0.8, one * 0.6], -1).astype(np.float32)

    return light


def off(flow, dx, dy, rim=12):
    inner = flow[rim:-rim, rim:-rim]
    return float(np.quantile(np.hypot(inner[..., 0] - dx, inner[..., 1] - dy), 0.9))


@pytest.mark.parametrize("quality", ["default", "best"])
def test_a_shift_is_found_to_a_tenth_of_a_pixel_both_ways(quality):
    scene = texture()
    forward, backward = motions(scene(), scene(3.3, -1.7), quality)
    assert off(forward.flow, 3.3, -1.7) < 0.1
    assert off(backward.flow, -3.3, 1.7) < 0.1
    assert forward.sure[12:-12, 12:-12].min() > 0.9


def test_a_quarter_of_the_frame_is_found():
    rng = np.random.default_rng(5)
    wide = cv2.GaussianBlur(rng.random((96, 400, 3), np.float32), (0, 0), 2) * 4 - 1.5
    forward, _ = motions(wide[:, 60:316], wide[:, 124:380])
    inside = forward.flow[12:-12, 80:-12]
    assert np.quantile(np.hypot(inside[..., 0] + 64, inside[..., 1]), 0.9) < 0.2


def test_exposure_and_grain_do_not_steer_it():
    scene, rng = texture(), np.random.default_rng(1)
    second = scene(2.5, 1.0) * 2.5
    first, second = (x + rng.normal(0, 0.02, x.shape).astype(np.float32) for x in (scene(), second))
    forward, _ = motions(first, second)
    assert off(forward.flow, 2.5, 1.0) < 0.4


def test_a_lamp_hides_no_motion_around_it():
    scene = texture()
    first, second = scene(), scene(2.0, 0.0)
    first[40:44, 60:64] = second[40:44, 62:66] = 5000.0
    forward, _ = motions(first, second)
    assert off(forward.flow, 2.0, 0.0) < 0.15


def covered():
    """A square that moves 6 to the right over a scene that stands still."""
    behind, before = 0.05 + 0.03 * texture(seed=3)(), 0.4 + 0.3 * texture(seed=9)()
    first, second = behind.copy(), behind.copy()
    first[30:66, 40:76] = second[30:66, 46:82] = before[30:66, 40:76]
    return first, second


def test_what_gets_covered_is_unsure():
    forward, backward = motions(*covered())
    assert np.median(forward.sure[34:62, 77:81]) < 0.3  # goes behind the square
    assert np.median(backward.sure[34:62, 41:45]) < 0.3  # was behind it
    assert np.median(forward.sure[34:62, 46:70]) > 0.9
    assert np.median(forward.sure[4:24]) > 0.9


def test_settled_motion_of_what_gets_covered_is_the_scenes():
    first, second = covered()
    forward, _ = motions(first, second, "best")
    hidden = (slice(34, 62), slice(77, 81))
    apparent, flow = (np.abs(f[hidden]).mean() for f in (forward.apparent[0], forward.flow))
    assert flow < 0.7 * apparent
    np.testing.assert_allclose(np.median(forward.flow[36:60, 46:70, 0]), 6, atol=0.2)


def test_settling_keeps_a_flow_that_is_one():
    flow = np.full((9, 14, 2), (3.0, -2.0), np.float32)
    sure = np.random.default_rng(0).random((9, 14)).astype(np.float32)
    guide = np.random.default_rng(1).integers(0, 255, (9, 14)).astype(np.uint8)
    np.testing.assert_allclose(settled(flow, sure, guide), flow, rtol=1e-4)


def test_settling_stops_at_an_edge():
    flow = np.zeros((24, 40, 2), np.float32)
    flow[:, 20:] = 9.0
    guide = np.where(np.arange(40) < 20, 20, 200) * np.ones((24, 1))
    sure = np.ones((24, 40), np.float32)
    sure[:, 14:20] = 0.0
    flow[:, 14:20] = 9.0  # unsure, and wrong: they belong to the left
    found = settled(flow, sure, guide.astype(np.uint8))
    assert np.abs(found[:, :18]).max() < 0.5
    assert np.abs(found[:, 23:] - 9).max() < 0.5


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 2, 3), (2, 40, 3), (11, 13, 3)])
@pytest.mark.parametrize("quality", ["default", "best"])
def test_frames_of_a_few_pixels(shape, quality):
    first = np.random.default_rng(2).random(shape).astype(np.float32)
    for motion in motions(first, first, quality):
        assert motion.flow.shape == (*shape[:2], 2)
        assert np.abs(motion.flow).max() < 0.5
        assert motion.sure.shape == shape[:2]


def test_what_is_no_number_stays_where_it_is():
    scene = texture()
    first, second = scene(), scene(2.0, 0.0)
    first[40:42, 60:62] = np.nan
    second[10, 10] = np.inf
    forward, backward = motions(first, second)
    assert np.isfinite(forward.flow).all()
    assert np.isfinite(backward.sure).all()
    assert off(forward.flow, 2.0, 0.0) < 0.2


def test_frames_of_two_sizes_are_refused():
    with pytest.raises(ValueError, match=r"\(4, 5, 3\) and \(5, 4, 3\)"):
        motions(np.zeros((4, 5, 3), np.float32), np.zeros((5, 4, 3), np.float32))


def test_the_same_twice():
    first, second = covered()
    for one, other in zip(motions(first, second), motions(first, second), strict=True):
        assert np.array_equal(one.flow, other.flow)


def test_a_part_is_looked_up_in_the_whole():
    rng = np.random.default_rng(0)
    picture, flow = rng.random((20, 30, 3), np.float32), rng.normal(0, 3, (20, 30, 2))
    flow = flow.astype(np.float32)
    whole = pulled(picture, flow)
    part = pulled(picture, flow[5:12, 7:20], top=5, left=7)
    np.testing.assert_array_equal(part, whole[5:12, 7:20])


def test_there_and_back_agree_where_they_meet_in_the_frame():
    x, y = np.meshgrid(np.arange(81.0) - 40, np.arange(61.0) - 30)
    away = np.dstack([x, y]).astype(np.float32)
    there, back = away * np.float32(0.5), away * np.float32(-1 / 3)  # a zoom, and out again
    sure = agreement(there, back)
    inside = (np.abs(x) < 26) & (np.abs(y) < 19)
    assert sure[inside].min() > 0.99
    assert sure[(np.abs(x) > 28) | (np.abs(y) > 21)].max() == 0  # has left the frame


def test_a_long_way_may_miss_by_more():
    def sure(way):
        there = np.full((9, 90, 2), (way, 0), np.float32)
        return float(agreement(there, (1.0, 0.0) - there)[4, 10])

    assert sure(2) < 0.3
    assert sure(60) > 0.9


def test_the_flows_of_the_best_quality_are_found_each_in_its_own_way():
    scene = texture()
    forward, backward = motions(scene(), scene(3.3, -1.7), "best")
    for there, back in zip(forward.apparent, backward.apparent, strict=True):
        assert off(there, 3.3, -1.7) < 0.15
        assert off(back, -3.3, 1.7) < 0.15
    one, other, third = forward.apparent
    assert not np.array_equal(one, other)
    assert not np.array_equal(other, third)


@pytest.mark.parametrize("quality", ["default", "best"])
def test_a_large_frame_is_searched_at_half_the_size(quality, monkeypatch):
    monkeypatch.setattr("answerprint.vision.flow.LARGE", 95 * 127)
    scene = texture()
    forward, backward = motions(scene(), scene(3.3, -1.7), quality)
    assert off(forward.flow, 3.3, -1.7) < 0.2
    assert off(backward.flow, -3.3, 1.7) < 0.2
    assert len(forward.apparent) == (quality == "best")
