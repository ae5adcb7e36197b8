"""How the light changes between two frames: what is measured, and what must not steer it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from answerprint.vision.swings import Swings, course, stepped

TALL, WIDE = 72, 128
WHOLE, CELLS = (1, 1), (3, 4)


def scene(shift: int = 0) -> np.ndarray:
    random = np.random.default_rng(3)
    wall = random.uniform(0.05, 0.6, (TALL // 4, WIDE // 2, 3)).astype(np.float32)
    wall = cv2.resize(wall, (2 * WIDE, TALL), interpolation=cv2.INTER_CUBIC).clip(0.02)
    return np.asarray(wall[:, 20 + shift : 20 + shift + WIDE])


def measured(first: np.ndarray, second: np.ndarray, valid: np.ndarray | None = None):
    """Steps of the whole and of cells between two frames, their motion found."""
    seen = Swings([WHOLE, CELLS])
    sound = np.ones((TALL, WIDE), bool)
    seen.see(0, first, sound)
    seen.see(1, second, sound if valid is None else valid)
    (step,) = seen.steps
    assert (step.first, step.second) == (0, 1)
    return step.by


@pytest.mark.parametrize("stops", [0.5, -0.25, (0.2, 0.0, -0.2)])
def test_a_change_of_all_the_light_is_measured(stops: float | tuple[float, ...]) -> None:
    by = measured(scene(), scene(2) * np.float32(2.0) ** np.asarray(stops, np.float32))
    np.testing.assert_allclose(by[WHOLE][0][0, 0], np.broadcast_to(stops, 3), atol=0.01)
    np.testing.assert_allclose(by[CELLS][0], np.broadcast_to(stops, (*CELLS, 3)), atol=0.04)


def test_a_change_of_a_part_is_measured_where_it_is() -> None:
    stops = np.zeros((TALL, WIDE, 1), np.float32)
    stops[:, : WIDE // 2] = 0.4
    step = measured(scene(), scene() * 2**stops)[CELLS][0]
    np.testing.assert_allclose(step[:, 0], 0.4, atol=0.03)
    np.testing.assert_allclose(step[:, 3], 0.0, atol=0.03)


def test_what_comes_into_the_picture_does_not_steer() -> None:
    second = scene()
    second[20:44, 30:60] = 3.0
    assert np.abs(measured(scene(), second)[WHOLE][0]).max() < 0.02


def test_a_part_that_changes_by_itself_does_not_steer_its_cell() -> None:
    second = scene() * np.float32(2**0.3)
    second[24:48, 32:44] *= 2
    step = stepped(scene(), second, np.ones((TALL, WIDE), np.float32), [CELLS])[CELLS][0]
    np.testing.assert_allclose(step, 0.3, atol=0.15)


def test_what_is_clipped_or_black_does_not_steer() -> None:
    first, second = scene(), scene() * np.float32(2**0.5)
    for each in (first, second):
        each[:, :40] = 1.0  # a window, burnt out in both
        each[:, 90:] = 0.0
    assert measured(first, second)[WHOLE][0] == pytest.approx(0.5, abs=0.03)


def test_what_is_no_number_does_not_steer() -> None:
    valid = np.ones((TALL, WIDE), bool)
    valid[:, :60] = False
    second = scene() * np.float32(2**0.5)
    second[:, :60] = 0
    assert measured(scene(), second, valid)[WHOLE][0] == pytest.approx(0.5, abs=0.02)


def test_a_stop_brighter_gives_the_same_steps() -> None:
    one = measured(scene(), scene(1) * np.float32(1.2))
    two = measured(scene() * 2, scene(1) * np.float32(2.4))
    for size in (WHOLE, CELLS):
        np.testing.assert_allclose(two[size][0], one[size][0], atol=1e-3)


def test_black_frames_say_nothing() -> None:
    black = np.zeros((TALL, WIDE, 3), np.float32)
    step, share = stepped(black, black, np.ones((TALL, WIDE), np.float32), [CELLS])[CELLS]
    assert not step.any()
    assert not share.any()


def test_comparisons_make_a_course() -> None:
    random = np.random.default_rng(4)
    true = random.normal(size=(9, 2))
    steps = [
        (n, n + lag, true[n + lag] - true[n], np.ones(2))
        for lag in (1, 2, 4)
        for n in range(9 - lag)
    ]
    found, error = course(steps, 9, bound=1e-9)
    np.testing.assert_allclose(found - found[0], true - true[0], atol=1e-6)
    assert error.max() < 1e-6


def test_a_frame_that_nothing_tells_of_follows_its_neighbours() -> None:
    one = np.ones(1)
    found, _ = course([(0, 1, one, one), (1, 3, one, one), (3, 4, one, one)], 5)
    assert found[1, 0] <= found[2, 0] <= found[3, 0]
    np.testing.assert_allclose(np.diff(found[[0, 1, 3, 4], 0]), 1.0, atol=1e-2)


def test_comparisons_that_disagree_are_told() -> None:
    off = [(n, n + 1, np.array([0.0]), np.ones(1)) for n in range(8)]
    off += [(n, n + 2, np.array([0.3]), np.ones(1)) for n in range(7)]
    assert course(off, 9)[1][0] > 0.05
