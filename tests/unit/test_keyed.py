"""A plate in two: its matte by colour difference, its foreground and what is behind."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.nets.screens import Look, screened
from answerprint.vision.keyed import bounded, difference, parted

SIZE = (90, 160)
SCREEN = np.array([0.1, 0.34, 0.08], np.float32)


def flat(colour: tuple[float, float, float], alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The plate of one colour under an alpha, and its field."""
    field = np.broadcast_to(SCREEN, (*alpha.shape, 3)).copy()
    cover = alpha[..., None]
    return (np.array(colour, np.float32) * cover + field * (1 - cover)).astype(np.float32), field


RAMP = np.linspace(0, 1, 24 * 40, dtype=np.float32).reshape(24, 40)


@pytest.mark.parametrize("colour", [(0.4, 0.25, 0.2), (0.2, 0.2, 0.2), (60.0, 40.0, 30.0)])
def test_alpha_is_exact_for_skin_and_grey(colour: tuple[float, float, float]) -> None:
    """A colour whose green is its second: it has no excess at all."""
    light, field = flat((colour[0], max(colour[0], colour[2]), colour[2]), RAMP)
    np.testing.assert_allclose(difference(light, field), RAMP, atol=1e-4)


def test_screen_is_nothing_and_its_opposite_is_solid() -> None:
    light, field = flat((0.4, 0.05, 0.4), np.round(RAMP))
    assert np.array_equal(difference(light, field), np.round(RAMP))
    light[0, 0] = np.nan
    assert difference(light, field)[0, 0] == 0


def test_both_parts_together_are_the_plate() -> None:
    made = screened(7, SIZE, Look(smoke=0.5, blur=5, markers=4, highlight=64, noise=0.01))
    cover = made.alpha[..., None]
    field = np.full_like(made.screen, 0.2)  # even with a wrong field
    parts = parted(made.plate, field, made.alpha)
    again = parts.straight * cover + parts.behind * (1 - cover)
    np.testing.assert_allclose(again, made.plate, rtol=1e-4, atol=2e-4)


def test_a_solid_foreground_is_the_plate_unbounded() -> None:
    light = np.full((20, 20, 3), 0.3, np.float32)
    light[5], light[6] = 64, -0.05
    parts = parted(light, np.full_like(light, 0.2), np.ones((20, 20), np.float32))
    np.testing.assert_allclose(parts.straight, light, rtol=1e-6)


def test_soft_pixels_have_the_foregrounds_colour() -> None:
    alpha = np.repeat(np.clip(np.linspace(-0.5, 1.5, 60), 0, 1)[None], 40, 0).astype(np.float32)
    light, field = flat((0.5, 0.3, 0.2), alpha)
    noisy = light + 0.003 * np.random.default_rng(1).standard_normal(light.shape)
    parts = parted(noisy.astype(np.float32), field, alpha)
    soft = (alpha > 0.05) & (alpha < 1)
    np.testing.assert_allclose(parts.straight[soft].mean(axis=0), (0.5, 0.3, 0.2), rtol=0.02)
    assert np.abs(parts.straight[soft] - (0.5, 0.3, 0.2)).mean() < 0.02


def test_nothing_of_the_foreground_far_away_is_no_number() -> None:
    parts = parted(*flat((0.5, 0.3, 0.2), np.zeros((30, 30), np.float32)), np.zeros((30, 30)))
    assert np.isfinite(parts.straight).all()
    np.testing.assert_allclose(parts.behind, np.broadcast_to(SCREEN, (30, 30, 3)), rtol=1e-4)


def test_no_foreground_has_just_the_light_of_the_screen() -> None:
    random = np.random.default_rng(2)
    light, field = flat((0.4, 0.25, 0.2), np.zeros((40, 60), np.float32))
    light[:, 30:] *= 0.5  # darker than the screen: it may be something
    light *= 1 + 0.02 * random.standard_normal(light.shape).astype(np.float32)
    bound = bounded(light, field, np.ones((40, 60), np.float32))
    assert bound[:, :22].max() < 0.05
    assert bound[:, 38:].min() == 1
    low = np.full((40, 60), 0.001, np.float32)
    assert np.array_equal(bounded(light, field, low)[:, 38:], low[:, 38:])
