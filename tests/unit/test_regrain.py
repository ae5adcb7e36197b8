"""Grain that is measured on two frames, taken off and laid on."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from answerprint.vision.regrain import Grain, measured

SIZE = (160, 240)
STILL = np.zeros((*SIZE, 2), np.float32)
ALL = np.ones(SIZE, np.float32)
TOGETHER = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 0, 1]], np.float32)
"""Red and green share grain."""


def ramp() -> np.ndarray:
    line = np.geomspace(0.05, 0.8, SIZE[1], dtype=np.float32)
    return np.repeat(np.repeat(line[None, :, None], SIZE[0], 0), 3, 2)


def grained(seed: int, size: float = 0.0) -> np.ndarray:
    """The ramp under grain whose variance grows with the light."""
    noise = np.random.default_rng(seed).standard_normal((*SIZE, 3), np.float32) @ TOGETHER.T
    if size:
        noise = cv2.GaussianBlur(noise, (0, 0), size)
    return ramp() + 0.03 * np.sqrt(ramp()) * noise


def of(size: float = 0.0) -> Grain:
    found = measured(grained(1, size), grained(2, size), STILL)
    assert found
    return found


def fine(light: np.ndarray) -> np.ndarray:
    return light - cv2.GaussianBlur(light, (0, 0), 1.0)


@pytest.mark.parametrize("size", [0.0, 0.8])
def test_it_is_laid_on_as_strong_as_it_was_dark_and_bright(size: float) -> None:
    made, real = of(size).on(ramp(), 7, ALL) - ramp(), grained(3, size) - ramp()
    for columns in (slice(10, 80), slice(160, 230)):
        for of_it in (fine, lambda light: light):
            there, wanted = (of_it(each)[:, columns].var(axis=(0, 1)) for each in (made, real))
            np.testing.assert_allclose(there, wanted, rtol=0.12)  # of a sample of 11,000 pixels


def test_channels_that_go_together_still_do() -> None:
    made = of().on(ramp(), 7, ALL) - ramp()
    alike = np.corrcoef(made.reshape(-1, 3).T)
    assert abs(alike[0, 1] - 0.8) < 0.05
    assert abs(alike[0, 2]) < 0.05


def test_a_number_has_one_grain_and_no_other_has_it() -> None:
    grain = of()
    once, again, other = (grain.on(ramp(), n, ALL) - ramp() for n in (7, 7, -8))
    assert np.array_equal(once, again)
    assert abs(np.corrcoef(once.ravel(), other.ravel())[0, 1]) < 0.02


def test_what_is_taken_off_is_grain_and_edges_stay() -> None:
    light = grained(3)
    light[60:100, 100:140] += 2
    clean = of().off(light, ALL, ALL)
    assert fine(clean - ramp())[:, 10:80].std() < 0.25 * fine(light - ramp())[:, 10:80].std()
    np.testing.assert_allclose(
        clean[62:98, 102:138].mean(), light[62:98, 102:138].mean(), rtol=5e-3
    )
    edge = clean[80, 98:103, 0]
    assert edge[3] - edge[0] > 1.8


def test_where_there_is_none_it_is_not_present() -> None:
    light = grained(3)
    light[:, 120:] = ramp()[:, 120:]
    present = of().present(light)
    assert present[:, 140:].max() < 0.05
    assert present[:, 10:100].mean() > 0.95


def test_a_picture_without_grain_gets_hardly_any() -> None:
    grain = measured(ramp(), ramp(), STILL)
    assert grain is None or np.abs(grain.on(ramp(), 1, ALL) - ramp()).max() < 1e-5


def test_too_small_a_picture_tells_nothing() -> None:
    assert measured(grained(1)[:40, :40], grained(2)[:40, :40], STILL[:40, :40]) is None


def test_a_dark_wall_beside_a_lamp_keeps_its_own_grain() -> None:
    grain, wall = of(), np.full((*SIZE, 3), 0.05, np.float32)
    lit = wall.copy()
    lit[60:100, 100:140] = 8
    near = slice(60, 100), slice(143, 150)  # three pixels from the lamp on
    alone, beside = (grain.on(each, 7, ALL)[near] - 0.05 for each in (wall, lit))
    assert beside.std() < 1.1 * alone.std()
