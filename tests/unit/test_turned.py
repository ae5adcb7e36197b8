"""How far a second camera stands round a subject, with the lenses known and not."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.vision.lens import LENSES, usual
from answerprint.vision.turned import SAME_SPOT, around


def seen(degrees: float, focal: float) -> tuple[np.ndarray, np.ndarray]:
    """A set of points from a camera and from one that many degrees round the origin."""
    random = np.random.default_rng(3)
    points = random.uniform((-2.5, -1.5, 0.5), (2.5, 1.5, 3.5), (160, 3))
    pictures = []
    for turn in np.radians((0.0, degrees)):
        c, s = np.cos(turn), np.sin(turn)
        at = points @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]).T + (0, 0, 3.2)
        places = focal * at[:, :2] / at[:, 2:] + random.normal(0, 0.0003, (160, 2))
        pictures.append(places)
    inside = np.logical_and(*(np.abs(each[:, 0]) < 0.5 for each in pictures))
    return pictures[0][inside], pictures[1][inside]


def known(focal: float) -> np.ndarray:
    return -((np.log(LENSES / focal) / 0.06) ** 2) / 2


@pytest.mark.parametrize("focal", [0.8, 1.9])
@pytest.mark.parametrize("degrees", [6, 20, 45])
def test_known_lenses_give_the_angle(focal, degrees):
    found = around(*seen(degrees, focal), (known(focal), known(focal)))
    assert found is not None
    assert found.value == pytest.approx(degrees, rel=0.12, abs=1.5)
    assert abs(found.value - degrees) < 2 * found.error
    assert found.under(30) > 0.95 if degrees < 25 else found.under(30) < 0.05


def test_unknown_lenses_give_an_angle_that_says_so():
    pair = seen(20, 0.8)
    unsure, sure = around(*pair, (usual(), usual())), around(*pair, (known(0.8), known(0.8)))
    assert unsure is not None
    assert sure is not None
    assert unsure.error > 4 * sure.error
    assert 0.1 < unsure.under(30) < 0.9


def test_the_same_spot_is_under_every_limit():
    assert SAME_SPOT.value == 0
    assert SAME_SPOT.under(15) == pytest.approx(1)


def test_too_few_places_tell_nothing():
    a, b = seen(20, 1.0)
    assert around(a[:10], b[:10], (usual(), usual())) is None
