"""Palettes: what two shots share of their colours, where they share no surface."""

from __future__ import annotations

import numpy as np
import pytest
from soundstage.room import BEHIND, WIDE, render

from answerprint.frames.curves import acescct
from answerprint.frames.grade import Cdl, Grade
from answerprint.vision import fit, palette

GRADE = Cdl((1.0, 0.98, 0.96), (-0.02, -0.018, -0.025), (1.0, 1.0, 1.0), 0.95)


def cells(light: np.ndarray, valid: np.ndarray | None = None) -> palette.Palette:
    small = light.astype(np.float32)
    return palette.palette([(small, np.ones(small.shape[:2], bool) if valid is None else valid)])


@pytest.fixture(scope="module")
def room() -> np.ndarray:
    return np.asarray(render(WIDE, width=200, height=112))


def test_cells_cover_what_is_valid_and_nothing_else(room: np.ndarray) -> None:
    whole = cells(room)
    assert whole.weight.sum() == pytest.approx(1)
    assert len(whole.code) <= palette.CELLS
    assert ((whole.place[:, 0] >= 0) & (whole.place[:, 0] < 1)).all()
    top = np.zeros(room.shape[:2], bool)
    top[:40] = True
    assert cells(room, top).place[:, 0].max() < 40 / 112
    assert not len(cells(room, np.zeros(room.shape[:2], bool)).code)
    spoiled = room.copy()
    spoiled[50:60] = np.nan
    assert np.isfinite(cells(spoiled).code).all()


def test_a_flat_picture_is_one_cell_of_its_colour() -> None:
    grey = cells(np.full((40, 60, 3), 0.18))
    np.testing.assert_allclose(grey.code, acescct(np.full((len(grey.code), 3), 0.18)), atol=1e-6)


def test_a_palette_laid_on_itself_stays(room: np.ndarray) -> None:
    shared = palette.match(cells(room), cells(room))
    assert np.abs(shared.fit.theta / fit.USUAL).max() < 0.05
    assert min(shared.source_share, shared.reference_share) > 0.9


def test_a_known_grade_is_mostly_undone(room: np.ndarray) -> None:
    graded = Grade(GRADE).light(room.astype(np.float64))
    found = palette.match(cells(graded), cells(room)).fit
    codes = acescct(room.reshape(-1, 3)[::7].astype(np.float64))
    before = np.abs(GRADE(codes) - codes).mean()
    after = np.abs(fit.apply(found.theta, GRADE(codes)) - codes).mean()
    assert after < 0.4 * before


def test_colours_of_one_shot_alone_do_not_pull(room: np.ndarray) -> None:
    """A third of the picture is a cloth that the other shot has not."""
    cloth = room.copy()
    cloth[:, :66] *= np.array([6.0, 0.3, 0.5], np.float32)
    shared = palette.match(cells(cloth), cells(room))
    grey = np.full((1, 3), 0.4)
    assert np.abs(fit.apply(shared.fit.theta, grey) - grey).max() < 0.5 * fit.STOP
    assert shared.source_share < palette.match(cells(room), cells(room)).source_share - 0.1


def test_shots_of_other_colours_share_little(room: np.ndarray) -> None:
    other = np.asarray(render(BEHIND, width=200, height=112))
    shared = palette.match(cells(room), cells(other))
    assert min(shared.source_share, shared.reference_share) < 0.35


def test_only_the_numbers_of_the_level_move(room: np.ndarray) -> None:
    graded = Grade(GRADE).light(room.astype(np.float64))
    for free in fit.LEVELS.values():
        theta = palette.match(cells(graded), cells(room), free).fit.theta
        held = [k for k in range(10) if k not in free]
        assert (theta[held] == 0).all()
        assert np.abs(theta).max() > 0


def test_a_wider_pull_lets_more_of_a_change_be_told(room: np.ndarray) -> None:
    brighter = palette.match(cells(room), cells(room * 1.5), (0, 1, 2)).fit.theta[0]
    wide = palette.match(cells(room), cells(room * 1.5), (0, 1, 2), 4 * palette.USUAL).fit.theta[0]
    assert brighter < 0.9 * wide
    assert wide == pytest.approx(np.log2(1.5) * fit.STOP, rel=0.1)
