"""A way through a gap, bent by the frames around it."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.vision.bend import UNSURE, Turn, bent
from answerprint.vision.between import Middle, Way
from answerprint.vision.flow import Motion

SIZE = (24, 32)
STEPS = 3


def even(x: float, y: float) -> np.ndarray:
    return np.broadcast_to(np.array([x, y], np.float32), (*SIZE, 2)).copy()


def at(frame: float) -> np.ndarray:
    """Where a thing is that slows down and turns; the gap is from frame 0 to frame STEPS."""
    return np.array([6 * frame - 0.5 * frame**2, 0.2 * frame**2 - frame], np.float32)


def motion(start: int, end: int) -> Motion:
    return Motion(even(*(at(end) - at(start))), np.ones(SIZE, np.float32))


def straight(t: float) -> Middle:
    way = even(*(at(STEPS) - at(0)))
    ones = np.ones(SIZE, np.float32)
    return Middle(-t * way, (1 - t) * way, ones * t, ones, t, (Way(way, way),), (ones,), ())


def turns() -> tuple[Turn | None, ...]:
    return (
        Turn.of(motion(0, STEPS), motion(0, -1), STEPS),
        Turn.of(motion(STEPS, 0), motion(STEPS, STEPS + 1), STEPS),
    )


@pytest.mark.parametrize("frame", [1, 2])
def test_it_goes_where_the_thing_was(frame: int) -> None:
    found = bent(straight(frame / STEPS), turns(), STEPS)
    share = 2 / (2 + UNSURE)  # both sides are sure
    for flow, end in ((found.to_first, 0), (found.to_second, STEPS)):
        line = at(0) + (at(STEPS) - at(0)) * frame / STEPS
        truth = line + share * (at(frame) - line)
        np.testing.assert_allclose(flow[12, 16], at(end) - truth, atol=2e-3)
        assert np.abs(truth - line).max() > 0.3  # the line is clearly elsewhere


def test_all_ways_are_bent_alike_and_their_rows_are_those_of_the_whole() -> None:
    one, other = turns()
    assert one
    falling = np.linspace(1, 0, SIZE[0])[:, None] * one.sure
    found = bent(straight(1 / STEPS), (Turn(one.flow, falling), other), STEPS)
    flows = found.ways[0].flows(found.t)
    np.testing.assert_allclose(flows[0], found.to_first, atol=1e-5)
    np.testing.assert_allclose(flows[1], found.to_second, atol=1e-5)
    part = found.ways[0].flows(found.t, slice(5, 9))
    assert np.array_equal(part[0], flows[0][5:9])
    assert np.array_equal(part[1], flows[1][5:9])


def test_where_it_is_not_sure_it_stays_straight() -> None:
    lost = Motion(even(*(at(-1) - at(0))), np.zeros(SIZE, np.float32))
    one = Turn.of(motion(0, STEPS), lost, STEPS)
    lost = Motion(even(*(at(STEPS + 1) - at(STEPS))), np.zeros(SIZE, np.float32))
    other = Turn.of(motion(STEPS, 0), lost, STEPS)
    found, line = bent(straight(0.5), (one, other), STEPS), straight(0.5)
    assert np.array_equal(found.to_first, line.to_first)


def test_a_copy_bends_nothing() -> None:
    copy = Motion(even(0, 0), np.ones(SIZE, np.float32))
    assert Turn.of(motion(0, STEPS), copy, STEPS) is None
    line = straight(0.5)
    assert bent(line, (None, turns()[1]), STEPS) is line
