"""How the light of two shots differs, told by colours that both show and by no surface."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from soundstage.room import BEHIND, SIDE, WIDE, Camera, render
from test_check_light import Change, contrast, mired, saturation, stops

from answerprint.vision import colours
from answerprint.vision.palette import Palette, palette
from answerprint.vision.shift import NAMES, SPLITS, white_moved

LIGHT, WHITE, TINT = (NAMES.index(name) for name in ("exposure", "white_balance", "tint"))
GREENER = np.exp2(SPLITS @ (0, 0, 0.1))


@cache
def room(camera: Camera) -> np.ndarray:
    return np.asarray(render(camera, width=200, height=112), np.float32)


def cells(light: np.ndarray) -> Palette:
    return palette([(light.astype(np.float32), np.ones(light.shape[:2], bool))])


def stands(change: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray, float]:
    """Value, error and overlap of the room from the side, changed, beside the room from afar."""
    found = colours.stands(cells(room(WIDE)), cells(change(room(SIDE))))
    assert found is not None
    return found[0].value, found[0].error, found[1]


def test_shots_that_match_are_even_and_the_rest_is_not_told() -> None:
    value, error, overlap = stands(lambda light: light)
    told = [name for name, v in zip(NAMES, value, strict=True) if np.isfinite(v)]
    assert told == ["exposure", "white_balance", "tint"]
    assert (np.abs(value) < error)[[LIGHT, WHITE, TINT]].all()
    assert overlap > colours.LEAST


@pytest.mark.parametrize("by", [0.9, -0.9])
def test_another_exposure_is_told_nearly_whole(by: float) -> None:
    value, error, _ = stands(stops(by))
    assert 0.75 < value[LIGHT] / by < 1.1
    assert abs(value[LIGHT]) > 3 * error[LIGHT]


@pytest.mark.parametrize("by", [35, -35])
def test_another_white_is_told_nearly_whole(by: float) -> None:
    value, error, _ = stands(mired(by))
    assert 0.6 < value[WHITE] / by < 1.1
    assert abs(value[WHITE]) > 3 * error[WHITE]


def test_a_tint_is_told() -> None:
    value, error, _ = stands(lambda light: light * GREENER)
    true = white_moved(GREENER)[1]
    assert 0.6 * true < value[TINT] < 1.1 * true
    assert abs(value[TINT]) > 3 * error[TINT]


@pytest.mark.parametrize(
    "change",
    [stops(0.6), stops(-0.6), saturation(0.85), contrast(1.1)],
    ids=["brighter", "darker", "paler", "harder"],
)
def test_what_else_changes_is_no_other_white(change: Change) -> None:
    value, error, _ = stands(change)
    assert (np.abs(value) < 3 * error)[[WHITE, TINT]].all()


def test_under_warm_light_a_paler_picture_is_no_cooler_one(monkeypatch) -> None:
    """What is all warm gets nearer to grey with its colours: without a saturation, 20 mired."""
    warm = np.array([1.3, 1.0, 0.6], np.float32)
    monkeypatch.setattr(colours, "LEAST", 0.3)
    found = colours.stands(cells(room(WIDE) * warm), cells(saturation(0.85)(room(SIDE) * warm)))
    assert found is not None
    assert abs(found[0].value[WHITE]) < found[0].error[WHITE]


def test_the_further_the_light_the_less_is_known() -> None:
    """Another light moves exposure and white together."""
    near, far = stands(lambda light: light)[1], stands(stops(1.5))[1]
    assert far[WHITE] > 3 * near[WHITE]
    assert far[TINT] > 2 * near[TINT]
    assert stands(mired(35))[1][LIGHT] > 3 * near[LIGHT]


def test_the_other_way_round_is_the_opposite() -> None:
    one, other = cells(room(WIDE)), cells(mired(30)(room(SIDE)))
    there, back = colours.stands(one, other), colours.stands(other, one)
    assert there is not None
    assert back is not None
    assert there[0].value[WHITE] == pytest.approx(-back[0].value[WHITE], rel=0.15)


def test_another_place_is_not_compared() -> None:
    assert colours.stands(cells(room(WIDE)), cells(room(BEHIND))) is None
