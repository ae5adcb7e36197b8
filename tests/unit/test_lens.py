"""The lens of a picture, by the straight lines of a built set."""

from __future__ import annotations

import numpy as np
import pytest
from soundstage.room import Camera, render

from answerprint.vision import lens

DIAGONAL, STRAIGHT = ((-2.5, 0.6, 1.0), (2.5, -0.6, 5.5)), ((0.0, 0.3, -1.2), (0.0, 0.1, 5.0))


def told(picture: np.ndarray) -> tuple[float, float]:
    """Focal length in picture widths and its error as a logarithm."""
    weight = np.exp(lens.usual() + lens.likely(picture, np.isfinite(picture).all(-1)))
    weight /= weight.sum()
    middle = weight @ np.log(lens.LENSES)
    return float(np.exp(middle)), float(np.sqrt(weight @ (np.log(lens.LENSES) - middle) ** 2))


@pytest.mark.parametrize("focal", [0.7, 1.0, 1.6])
def test_a_look_along_the_diagonal_of_a_room_tells_its_lens(focal):
    found, error = told(render(Camera(*DIAGONAL, focal)))
    assert error < 0.35
    assert abs(np.log(found / focal)) < 2 * error


def test_a_look_at_one_wall_does_not():
    assert told(render(Camera(*STRAIGHT, 1.0)))[1] > told(render(Camera(*DIAGONAL, 1.0)))[1] + 0.1


def test_without_lines_all_lenses_are_alike_likely():
    random = np.random.default_rng(0)
    meadow = random.uniform(-0.05, 60, (90, 160, 3)).astype(np.float32)
    assert (lens.likely(meadow, np.ones((90, 160), bool)) == 0).all()
    room = render(Camera(*DIAGONAL, 1.0), width=160, height=90)
    assert (lens.likely(room, np.zeros((90, 160), bool)) == 0).all(), "nothing of it counts"


def test_exposure_does_not_change_the_lens():
    room = render(Camera(*DIAGONAL, 1.0))
    assert told(room * 4)[0] == pytest.approx(told(room)[0], rel=0.1)
