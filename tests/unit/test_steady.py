"""The slow course of a light, told apart from its flicker; and the systems behind it."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.vision.banded import Factored
from answerprint.vision.steady import penalty_of, period_of, slow, switched

N = 44
AT = np.arange(N)


def swinging(seed: int, rms: float = 0.15) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, rms, N)


def off(meant: np.ndarray, seed: int, keep: float = 8.0, rms: float = 0.15) -> float:
    """How far the slow course is off what was meant (rms), under flicker."""
    course = (meant + swinging(seed, rms))[:, None]
    never = np.zeros(N, bool)
    switch = switched(course, ~never, never)
    found, _ = slow(course, ~never, switch, keep)
    return float(np.sqrt(np.mean((found[:, 0] - meant) ** 2)))


# --- the systems ---------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1, 2, 4])
def test_bands_are_solved_as_the_whole_matrix_is(width: int) -> None:
    random = np.random.default_rng(width)
    count, many = 9, 3
    bands = random.normal(size=(width + 1, count, many))
    bands[0] = 4 * width + random.uniform(size=(count, many))
    right = random.normal(size=(count, many))
    factored = Factored(bands)
    found, logarithm = factored.solved(right), factored.logarithm()
    for place in range(many):
        whole = np.zeros((count, count))
        for k in range(width + 1):
            for i in range(count - k):
                whole[i, i + k] = whole[i + k, i] = bands[k, i, place]
        np.testing.assert_allclose(found[:, place], np.linalg.solve(whole, right[:, place]))
        np.testing.assert_allclose(logarithm[place], np.linalg.slogdet(whole)[1])


def test_what_was_given_is_not_written_to() -> None:
    bands, right = np.ones((2, 4, 1)) * [[[3.0]], [[1.0]]], np.ones((4, 1))
    kept = bands.copy(), right.copy()
    Factored(bands).solved(right)
    np.testing.assert_array_equal(bands, kept[0])
    np.testing.assert_array_equal(right, kept[1])


# --- the slow course -----------------------------------------------------------------------


@pytest.mark.parametrize("period", [4.0, 8.0, 30.0])
def test_a_penalty_and_its_period_belong_together(period: float) -> None:
    assert period_of(penalty_of(period)) == pytest.approx(period)


def test_a_swing_of_the_period_goes_through_by_half() -> None:
    """At the softest: a course that is nothing but slow swings is followed as far as allowed."""
    count = 400
    wave = np.sin(2 * np.pi * np.arange(count) / 12)[:, None]
    found, period = slow(wave, np.ones(count, bool), np.zeros(count, bool), 12.0)
    assert period == pytest.approx(12.0)
    inner = slice(50, -50)
    share = float((found[inner] * wave[inner]).sum() / (wave[inner] ** 2).sum())
    assert share == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("meant", "most"),
    [
        (np.zeros(N), 0.05),
        (AT / N * 2, 0.06),
        (np.sin(AT / N * 6.28), 0.09),
        (np.where(AT < 20, 0.0, 1.0), 0.08),
    ],
    ids=["flat", "ramp", "swell", "switch"],
)
def test_what_is_meant_is_found_under_flicker(meant: np.ndarray, most: float, seed: int) -> None:
    assert off(meant, seed) < most


@pytest.mark.parametrize("seed", [0, 3, 7, 8])
def test_a_flat_course_is_found_flat(seed: int) -> None:
    """Not as a line or a bend through chance: the mean of all frames errs least."""
    found, _ = slow(swinging(seed)[:, None], np.ones(N, bool), np.zeros(N, bool), 8.0)
    assert np.ptp(found) == 0


def test_frames_that_do_not_count_are_passed_over() -> None:
    course = (AT / 10.0)[:, None].copy()
    course[20] = 9
    known = AT != 20
    found, _ = slow(course, known, np.zeros(N, bool), 8.0)
    np.testing.assert_allclose(found[known, 0], AT[known] / 10, atol=1e-4)
    assert found[20, 0] == pytest.approx(2.0, abs=1e-3)


def test_nothing_is_carried_over_a_break() -> None:
    course = np.where(AT < 22, 0.0, 3.0)[:, None] + 0.0
    broken = AT == 22
    found, _ = slow(course, np.ones(N, bool), broken, 8.0)
    np.testing.assert_allclose(found, course, atol=1e-6)


def test_a_break_of_one_place_is_no_break_of_another() -> None:
    step = np.where(AT < 22, 0.0, 1.0)
    course = np.stack([step, AT / 20.0], axis=-1)
    broken = np.zeros((N, 2), bool)
    broken[22, 0] = True
    found, _ = slow(course, np.ones(N, bool), broken, 8.0)
    np.testing.assert_allclose(found, course, atol=1e-3)


# --- switches ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0.5, -1.0, 2.0])
def test_a_switch_is_found_where_it_is(size: float) -> None:
    course = (np.where(AT < 20, 0.0, size) + swinging(1, 0.03))[:, None]
    never = np.zeros(N, bool)
    assert np.argwhere(switched(course, ~never, never)).tolist() == [[20, 0]]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "meant",
    [np.zeros(N), AT / N * 3, np.where(AT == 20, 2.0, 0.0), 0.2 * np.sin(AT * 1.3)],
    ids=["flicker", "ramp", "flash", "wave"],
)
def test_what_comes_back_or_ramps_is_no_switch(meant: np.ndarray, seed: int) -> None:
    course = (meant + swinging(seed))[:, None]
    never = np.zeros(N, bool)
    assert not switched(course, ~never, never).any()
