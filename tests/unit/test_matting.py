"""Alpha from a trimap, and the colours on both sides of it, beside what is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from answerprint.errors import BadInput
from answerprint.vision import matting
from answerprint.vision.colourline import held
from answerprint.vision.matting import checked, matted, reduced_trimap
from answerprint.vision.sampled import sampled
from answerprint.vision.unmixed import unmixed

SIZE = (60, 90)
Y, X = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
ALPHA = np.clip((X - 35 + 4 * np.sin(Y / 5)) / 14, 0, 1).astype(np.float32)
TRIMAP = np.where((X > 60) & (ALPHA == 1), 1, np.where((X < 22) & (ALPHA == 0), 0, 0.5)).astype(
    np.float32
)
BAND = TRIMAP == 0.5


def mixed(noise: float = 0.0, scale: float = 1.0) -> tuple[np.ndarray, ...]:
    """Light of a picture that is `ALPHA` of one thing over another, and both."""
    shade = 1 + 0.3 * np.sin(Y / 7 + X / 9)[..., None]
    front = shade * np.array([0.5, 0.3, 0.1], np.float32) * scale
    back = (2 - shade) * np.array([0.05, 0.2, 0.4], np.float32) * scale
    light = front * ALPHA[..., None] + back * (1 - ALPHA[..., None])
    grain = np.random.default_rng(2).normal(0, noise, light.shape)
    return tuple(each.astype(np.float32) for each in (light + grain, front, back))


def off(alpha: np.ndarray) -> float:
    return float(np.abs(alpha - ALPHA)[BAND].mean())


def test_alpha_comes_back_under_grain() -> None:
    made = matted(mixed(0.004)[0], TRIMAP)
    assert off(made.alpha) < 0.03
    assert np.array_equal(made.alpha[~BAND], TRIMAP[~BAND])
    assert 0 <= made.alpha.min() <= made.alpha.max() <= 1
    assert (made.sure[~BAND] == 1).all()


def test_highlights_and_what_is_no_number_do_no_harm() -> None:
    light = mixed(0.004)[0]
    light[30, 80], light[20, 5] = 64, np.nan
    light[10, 70] = -0.02
    made = matted(light, TRIMAP)
    assert np.isfinite(made.alpha).all()
    assert off(made.alpha) < 0.03


def test_the_same_picture_gives_the_same_alpha() -> None:
    light = mixed(0.004)[0]
    one, other = (matted(light, TRIMAP) for _ in range(2))
    assert np.array_equal(one.alpha, other.alpha)


def test_a_trimap_turned_round_gives_alpha_turned_round() -> None:
    light = mixed(0.004)[0]
    assert off(1 - matted(light, 1 - TRIMAP).alpha) < 0.04


def test_what_looks_alike_on_both_sides_is_less_sure() -> None:
    light, front, _ = mixed(0.004)
    alike = (front * np.array([1.02, 1, 1], np.float32) + (light - mixed()[0])).astype(np.float32)
    told, lost = (matted(each, TRIMAP).sure[BAND].mean() for each in (light, alike))
    assert lost < 0.6 * told


def test_where_nothing_is_seen_alpha_follows_what_is_expected() -> None:
    grey = np.full((*SIZE, 3), 0.18, np.float32)
    trust = np.ones(SIZE, np.float32)
    alone, led = matted(grey, TRIMAP), matted(grey, TRIMAP, ALPHA, trust)
    assert off(led.alpha) < 0.7 * off(alone.alpha)


def test_a_large_unknown_is_solved_at_half_the_size_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matting, "MOST", 1000)
    made = matted(mixed(0.002)[0], TRIMAP)
    assert off(made.alpha) < 0.05
    assert np.array_equal(made.alpha[~BAND], TRIMAP[~BAND])


def test_a_rough_guess_is_drawn_to_the_line_of_colours() -> None:
    """On a ramp from one colour to the other, colour tells alpha; the guess is far off it."""
    ramp = np.clip((X - 20) / 50, 0, 1).astype(np.float32)
    code = ramp[..., None] * np.array([0.6, -0.3, 0.2], np.float32) + np.float32(0.4)
    unknown = (ramp > 0) & (ramp < 1)
    guess = ramp + np.random.default_rng(1).normal(0, 0.3, SIZE) * unknown
    weight = np.full(SIZE, 0.01, np.float32)
    found = held(code, guess.astype(np.float32), weight, unknown)
    assert np.abs(found - ramp)[unknown].mean() < 0.25 * np.abs(guess - ramp)[unknown].mean()


def test_what_is_wanted_surely_is_held() -> None:
    code = mixed()[0]
    wanted = np.full(SIZE, 0.25, np.float32)
    found = held(code, wanted, np.full(SIZE, 100, np.float32), BAND)
    assert np.abs(found - wanted)[BAND].max() < 1e-3


def test_a_pair_explains_every_pixel_of_flat_colours() -> None:
    front, back = np.array([0.6, 0.1, 0.1]), np.array([0.1, 0.2, 0.5])
    light = (front * ALPHA[..., None] + back * (1 - ALPHA[..., None])).astype(np.float32)
    found = sampled(light, TRIMAP)
    assert np.abs(found.alpha - ALPHA)[BAND].max() < 0.01
    assert found.error[BAND].max() < 0.01


def test_of_pairs_that_explain_alike_the_one_of_the_nearer_side_counts() -> None:
    """The background has the foreground's colour too, in every second block."""
    one, other = np.array([0.5, 0.3, 0.1]), np.array([0.05, 0.2, 0.4])
    alike = (X > 40) | ((Y // 6 % 2 == 0) & (X < 20))
    light = np.where(alike[..., None], one, other).astype(np.float32)
    known = np.where(X > 60, 1, np.where(X < 20, 0, 0.5)).astype(np.float32)
    alpha = sampled(light, known).alpha
    assert alpha[:, 50:60].mean() > 0.9
    assert alpha[:, 22:38].mean() < 0.1


def test_both_sides_mix_to_the_light_and_nothing_is_bounded() -> None:
    light, front, _ = mixed()
    light[30, 80], light[31, 45], light[5, 85] = 64, 20, -0.02
    one, other = unmixed(light, ALPHA)
    cover = ALPHA[..., None]
    assert np.allclose(one * cover + other * (1 - cover), light, rtol=1e-4, atol=1e-5)
    assert np.array_equal(one[ALPHA == 1], light[ALPHA == 1])
    assert one[31, 45].max() > 20
    some = (ALPHA > 0.2) & (ALPHA < 1) & (light.max(axis=-1) < 2)
    far = cv2.erode(some.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    assert np.abs(one - front)[far].mean() < 0.12 * front[far].mean()


def test_a_smaller_trimap_keeps_what_it_has() -> None:
    dots = np.full((64, 64), 0.5, np.float32)
    dots[10, 10], dots[50, 51] = 1, 0
    small = reduced_trimap(dots, (16, 16))
    assert small[2, 2] == 1
    assert small[12, 12] == 0
    assert (small == 0.5).sum() == 16 * 16 - 2


@pytest.mark.parametrize(
    ("trimap", "told"),
    [
        (np.array([[0.5, 1.0]]), "no background"),
        (np.array([[0.5, 0.0]]), "no foreground"),
        (np.array([[0.0, 1.0]]), "nothing unknown"),
    ],
)
def test_a_trimap_that_cannot_be_solved_is_told(trimap: np.ndarray, told: str) -> None:
    with pytest.raises(BadInput) as found:
        checked(trimap)
    assert told in found.value.title
    assert found.value.hint
