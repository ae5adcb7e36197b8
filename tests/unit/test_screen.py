"""The fitted screen, against plates whose screen is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from answerprint.nets.screens import Colour, Look, Screened, screened
from answerprint.vision.screen import Screen, fitted, found, shadows, shared, tint_of

SIZE = (90, 160)
LOOK = Look(hair=100, noise=0.001)


def off(screen: Screen, made: Screened) -> float:
    return float(np.abs(screen.field - made.screen).mean() / made.screen.mean())


@pytest.mark.parametrize("colour", ["green", "blue", "red", "grey", "led"])
def test_the_tint_is_found_and_the_field_fits(colour: Colour) -> None:
    made = screened(11, SIZE, replace(LOOK, colour=colour))
    tint = found(made.plate)
    assert np.abs(tint - tint_of(made.screen.mean(axis=(0, 1)))).max() < 0.15
    screen = fitted(made.plate, tint)
    assert screen.there
    assert off(screen, made) < 0.02
    assert (made.alpha[screen.certain > 0.5] < 0.05).mean() > 0.98


def test_light_of_any_brightness_is_one_screen() -> None:
    made = screened(11, SIZE, LOOK)
    screens = [fitted(made.plate * gain, found(made.plate * gain)) for gain in (1.0, 8.0)]
    np.testing.assert_allclose(screens[1].field, 8 * screens[0].field, rtol=0.03)


def test_only_tints_of_the_named_channel_are_taken() -> None:
    made = screened(11, SIZE, LOOK)
    half = made.plate.copy()
    half[:60, :100] = (0.05, 0.06, 0.3)  # more blue than green
    assert found(half, 1).argmin() == 1 or (found(half, 1) < 0).all()
    assert found(half, 2)[1] > 0


def test_the_shots_surface_stands_where_a_frame_shows_no_screen() -> None:
    made = screened(11, SIZE, replace(LOOK, wrinkles=0.0))
    tint = found(made.plate)
    shot = shared([fitted(made.plate, tint)])
    covered = made.plate.copy()
    covered[:, :130] = (0.3, 0.2, 0.1)
    alone, steadied = fitted(covered, tint), fitted(covered, tint, shot=shot)
    assert off(steadied, made) < 0.03
    assert off(alone, made) > 2 * off(steadied, made)


def test_one_surface_fits_frames_that_show_a_half_each() -> None:
    made = screened(11, SIZE, replace(LOOK, wrinkles=0.0, hair=0))
    tint = found(made.screen)
    halves = []
    for cut in (np.s_[:, :75], np.s_[:, 85:]):
        light = made.screen.copy()
        light[cut] = (0.3, 0.2, 0.1)
        halves.append(fitted(light, tint))
    nothing = fitted(np.full_like(made.screen, 0.2), tint, shot=shared(halves))
    assert off(nothing, made) < 0.02


def test_what_is_marked_is_not_taken_for_screen() -> None:
    made = screened(11, SIZE, replace(LOOK, wrinkles=0.0))
    free = np.ones(SIZE, bool)
    wrong = made.plate.copy()
    wrong[:30, :40] *= 1.2
    free[:30, :40] = False
    kept, taken = fitted(wrong, found(wrong), free), fitted(wrong, found(wrong))
    assert (kept.certain[:28, :38] == 0).all()
    assert off(kept, made) < 0.6 * off(taken, made)


def test_a_clean_plate_has_all_its_folds_and_marks() -> None:
    made = screened(11, SIZE, replace(LOOK, markers=9, wrinkles=0.1))
    bright = made.screen * np.float32(1.25)
    fit = fitted(made.plate, found(made.plate), plate=bright)
    assert off(fit, made) < 0.02
    assert off(fit, made) < 0.5 * off(fitted(made.plate, found(made.plate)), made)


@pytest.mark.parametrize("strength", [0.0, 0.4])
def test_shadows_are_read_where_the_screen_is_seen(strength: float) -> None:
    look = replace(LOOK, wrinkles=0.0, shadow=strength)
    made, bare = screened(11, SIZE, look), screened(11, SIZE, replace(look, shadow=0.0))
    lost = shadows(made.plate, made.alpha, fitted(made.plate, found(made.plate)))
    truth = 1 - made.screen.sum(axis=-1) / bare.screen.sum(axis=-1)
    seen = made.alpha < 0.01
    assert np.abs(lost - truth)[seen].mean() < 0.015
    assert (
        np.abs(lost - truth)[seen & (truth > 0.1)].mean() < 0.05 if strength else lost.max() < 0.1
    )


@pytest.mark.parametrize("seed", range(3))
def test_patches_of_many_colours_are_no_screen(seed: int) -> None:
    random = np.random.default_rng(seed)
    light = np.kron(np.exp(random.normal(-1.5, 0.8, (9, 16, 3))), np.ones((10, 10, 1)))
    light = light.astype(np.float32)
    assert not fitted(light, found(light)).there


def test_light_that_is_no_number_and_under_zero_does_no_harm() -> None:
    made = screened(11, SIZE, LOOK)
    light = made.plate.copy()
    light[:4] = -0.2
    light[4:6] = 1e4
    screen = fitted(light, found(light))
    assert np.isfinite(screen.field).all()
    assert (screen.field > 0).all()
    assert off(screen, made) < 0.05
