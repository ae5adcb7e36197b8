"""An exposure that ramps: found where it is, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.frames.curves import acescct, acescct_inverse
from answerprint.frames.grade import Cdl
from answerprint.vision.fit import STOP
from answerprint.vision.ramp import ramp, refined, stops_at, wanted

FRAMES = np.arange(1001, 1013)


def pairs(stops: np.ndarray, noise: float = 0.05, seed: int = 0):
    """Forty pairs a frame that want these stops, with noise and one in eight wrong."""
    random = np.random.default_rng(seed)
    frames = np.repeat(FRAMES[: len(stops)], 40)
    off = np.repeat(stops, 40) + random.normal(0, noise, len(frames))
    off[::8] += random.normal(0, 1.5, len(off[::8]))
    return frames, off, np.ones(len(frames))


@pytest.mark.parametrize("rise", [1.0, -1.0, 0.3])
def test_a_straight_ramp_is_followed(rise: float) -> None:
    true = np.linspace(-rise / 2, rise / 2, 12)
    points = ramp(*pairs(true))
    assert [n for n, _ in points] == list(FRAMES)
    np.testing.assert_allclose([s for _, s in points], true, atol=0.04)


def test_a_curved_ramp_is_followed() -> None:
    true = 0.5 * np.sin(np.linspace(0, np.pi, 12))
    np.testing.assert_allclose([s for _, s in ramp(*pairs(true))], true, atol=0.06)


@pytest.mark.parametrize("seed", range(20))
def test_a_steady_exposure_has_no_ramp(seed: int) -> None:
    assert ramp(*pairs(np.full(12, 0.4), noise=0.3, seed=seed)) == []


def test_flicker_is_no_ramp() -> None:
    assert ramp(*pairs(np.tile([0.3, -0.3], 6))) == []


def test_three_frames_are_too_few() -> None:
    assert ramp(*pairs(np.array([0.0, 0.5, 1.0]))) == []


def test_what_is_left_is_added_to_the_points() -> None:
    true = np.linspace(-0.5, 0.5, 12)
    half = [(int(n), float(s) / 2) for n, s in zip(FRAMES, true, strict=True)]
    points = refined(half, *pairs(true / 2))
    np.testing.assert_allclose([s for _, s in points], true, atol=0.04)


def test_between_its_points_it_is_straight_and_beyond_them_held() -> None:
    points = [(1001, 0.0), (1011, 1.0), (1021, 0.5)]
    assert stops_at(points, 1006) == pytest.approx(0.5)
    assert stops_at(points, 1016) == pytest.approx(0.75)
    assert stops_at(points, 990) == 0.0
    assert stops_at(points, 1100) == 0.5
    assert stops_at([], 1001) == 0.0


def test_stops_are_those_before_the_grade() -> None:
    """Under a grade that halves contrast, what looks like half a stop is a whole one."""
    grade = Cdl((0.5, 0.5, 0.5), (0.2, 0.2, 0.2))
    codes = np.random.default_rng(0).uniform(0.25, 0.5, (50, 3))
    brighter = acescct(2 * acescct_inverse(codes))
    np.testing.assert_allclose(wanted(codes, grade(brighter), grade), 1.0, atol=1e-6)
    np.testing.assert_allclose(wanted(brighter, grade(codes), grade), -1.0, atol=1e-6)
    assert pytest.approx(1 / 17.52) == STOP
