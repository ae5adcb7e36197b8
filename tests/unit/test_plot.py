"""Plots of a report: where a line lies, and which way a swing is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.frames.plot import AFTER, BEFORE, EDGE, LEFT, lines, over_frames

X = np.arange(1001.0, 1011.0)


def rows_of(picture: np.ndarray, column: int, tint: tuple[float, float, float]) -> np.ndarray:
    near = np.abs(picture[:, column] - tint).max(axis=-1) < 0.15
    return np.flatnonzero(near)


def test_a_higher_line_lies_higher() -> None:
    picture = lines([(X, X * 0, BEFORE), (X, X * 0 + 1, AFTER)])
    low, high = (rows_of(picture, 500, tint).mean() for tint in (BEFORE, AFTER))
    assert high < low


def test_lines_run_from_edge_to_edge_and_leave_gaps() -> None:
    y = np.where(X == 1005, np.nan, 0.3)
    picture = lines([(X, y, BEFORE)])
    seen = [len(rows_of(picture, column, BEFORE)) > 0 for column in range(picture.shape[1])]
    assert seen[LEFT + 2]
    assert seen[picture.shape[1] - EDGE - 3]
    gap = LEFT + round(4 / 9 * (picture.shape[1] - LEFT - EDGE))
    assert not any(seen[gap - 40 : gap + 40])


@pytest.mark.parametrize("y", [X * 0, X * np.nan, X * 1e-9, X * 1e3], ids=str)
def test_any_course_can_be_drawn(y: np.ndarray) -> None:
    picture = lines([(X, y, BEFORE)])
    assert picture.shape == (240, 960, 3)
    assert 0 <= picture.min() < picture.max() <= 1


def test_brighter_is_orange_and_darker_is_blue() -> None:
    picture = over_frames(np.array([[0.2, 0.0], [-0.2, 0.0]]), 0.2)
    first, second = picture[40, LEFT + 50], picture[40, -EDGE - 50]
    assert first[0] > 2 * first[2]
    assert second[2] > 2 * second[0]
    assert np.allclose(picture[120, LEFT + 50], picture[0, 0])
