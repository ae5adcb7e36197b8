"""Pictures for the report: sizes, order and what a person reads off them."""

from __future__ import annotations

import numpy as np

from answerprint.frames.charts import GAP, beside, fit_height, found_in_both, parade


def flat(height: int, width: int, code: tuple[float, float, float]) -> np.ndarray:
    return np.full((height, width, 3), code, np.float32)


def test_pictures_stand_in_order_at_one_height() -> None:
    row = beside([flat(90, 160, (1, 0, 0)), flat(40, 40, (0, 1, 0))], height=45)
    assert row.shape == (45, 80 + GAP + 45, 3)
    np.testing.assert_allclose(row[:, :80], flat(45, 80, (1, 0, 0)), atol=1e-6)
    np.testing.assert_allclose(row[:, -45:], flat(45, 45, (0, 1, 0)), atol=1e-6)
    assert (row[:, 80 : 80 + GAP] < 0.2).all()


def test_a_picture_keeps_its_shape_and_range() -> None:
    wild = np.random.default_rng(0).normal(0.5, 2, (1, 7, 3)).astype(np.float32)
    tall = fit_height(wild, 50)
    assert tall.shape == (50, 350, 3)
    assert tall.min() >= 0
    assert tall.max() <= 1
    assert fit_height(flat(1080, 1, (0.5, 0.5, 0.5)), 100).shape == (100, 1, 3)


def test_lines_join_the_same_place_of_both() -> None:
    left, right = flat(100, 200, (0, 0, 0)), flat(200, 100, (0, 0, 0))
    drawn = found_in_both(left, right, [(0.25, 0.5, 0.5, 0.1)], height=100)
    bare = beside([left, right], 100) * 0.75
    touched = np.abs(drawn - bare).max(-1) > 0.2
    assert touched[50, 50]
    assert touched[10, 200 + GAP + 25]
    middle = ((50 + 200 + GAP + 25) // 2, 30)
    assert touched[middle[1] - 1 : middle[1] + 2, middle[0]].any()
    assert not touched[80:].any()
    np.testing.assert_allclose(found_in_both(left, right, [], 100), bare, atol=1e-6)


def test_the_parade_shows_each_channel_in_its_own_column() -> None:
    code = flat(64, 64, (0.9, 0.5, 0.1))
    chart = parade(code, width=60, height=200)
    assert chart.shape == (200, 3 * 60 + 2 * GAP, 3)
    for channel, level in enumerate((0.9, 0.5, 0.1)):
        column = chart[:, channel * (60 + GAP) : channel * (60 + GAP) + 60, channel]
        brightest = column.mean(1).argmax()
        assert abs(brightest - (1 - level) * 199) <= 1, f"channel {channel} sits at {brightest}"
        others = [c for c in range(3) if c != channel]
        row = chart[brightest, channel * (60 + GAP) : channel * (60 + GAP) + 60]
        assert (row[:, channel] > row[:, others].max(-1)).all()


def test_the_parade_follows_the_picture_from_left_to_right() -> None:
    ramp = np.repeat(np.linspace(0, 1, 400)[None, :, None], 3, axis=2) * np.ones((50, 1, 1))
    chart = parade(ramp, width=100, height=101)
    tops = chart[:, :100, 0].argmax(0)
    assert tops[5] > tops[50] > tops[95]
    assert abs(tops[50] - 50) < 3
