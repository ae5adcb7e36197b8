"""What the report says of two shots: the right numbers, with the right signs, in plain words."""

from __future__ import annotations

import json

import numpy as np
import pytest

from answerprint.frames import colour
from answerprint.frames.curves import acescct, acescct_inverse
from answerprint.frames.difference import delta_e, lab
from answerprint.frames.grade import Cdl
from answerprint.vision import compare
from answerprint.vision.correspond import LUMINANCE

FIELDS = {
    *("delta_e", "exposure_stops", "rgb_gain", "white_balance", "contrast", "saturation"),
    "black_level",
}


def surfaces(count: int = 800) -> np.ndarray:
    """Greys, colours and skin from dark to bright, as light."""
    random = np.random.default_rng(0)
    light = np.exp2(random.uniform(-5, 1, (count, 1))) * np.exp(random.normal(0, 0.25, (count, 3)))
    light[: count // 3] = light[: count // 3].mean(1, keepdims=True)
    return light


def said(change, weight: np.ndarray | None = None):
    light = surfaces()
    ones = np.ones(len(light)) if weight is None else weight
    return compare.difference(np.asarray(change(light)), light, ones)


def test_the_same_surfaces_differ_in_nothing() -> None:
    same = said(lambda light: light)
    assert set(same) >= FIELDS
    assert same["delta_e"]["mean"] == same["delta_e"]["percentile_95"] == 0
    assert same["exposure_stops"] == 0
    assert same["rgb_gain"] == [1, 1, 1]
    assert same["white_balance"]["mired"] == 0
    assert same["contrast"] == same["saturation"] == 1
    assert same["black_level"]["shot"] == same["black_level"]["reference"]


@pytest.mark.parametrize("stops", [-2.0, -0.42, 0.3, 1.5])
def test_exposure_is_the_shots_over_its_reference(stops: float) -> None:
    found = said(lambda light: light * 2**stops)
    assert found["exposure_stops"] == pytest.approx(stops, abs=0.01)
    np.testing.assert_allclose(found["rgb_gain"], 2**stops, rtol=0.01)
    assert found["contrast"] == pytest.approx(1, abs=0.02)


def test_gain_is_of_each_channel() -> None:
    found = said(lambda light: light * (1.2, 1.0, 0.8))
    np.testing.assert_allclose(found["rgb_gain"], (1.2, 1.0, 0.8), rtol=0.01)


def test_warmer_and_bluer() -> None:
    assert said(lambda light: light * (1.12, 1.0, 0.85))["white_balance"]["mired"] > 10
    assert said(lambda light: light * (0.9, 1.0, 1.15))["white_balance"]["mired"] < -10
    greener = said(lambda light: light * (0.95, 1.1, 0.95))["white_balance"]
    assert greener["shot_duv"] > greener["reference_duv"] + 0.003


@pytest.mark.parametrize(("kelvin", "xy"), [(6504, (0.31271, 0.32902)), (2856, (0.44757, 0.40745))])
def test_temperature_of_standard_illuminants(kelvin: float, xy: tuple[float, float]) -> None:
    """CIE illuminants D65 and A: chromaticity to temperature, within the locus' own accuracy."""
    x, y = xy
    cct, duv = compare.cct_and_duv(np.array([x / y, 1, (1 - x - y) / y]))
    assert cct == pytest.approx(kelvin, rel=0.005)
    assert duv == pytest.approx(0.0032 if kelvin > 6000 else 0.0, abs=6e-4)


def test_far_from_any_white_there_is_no_temperature() -> None:
    assert compare.cct_and_duv(np.array([0.1, 1.0, 0.05]))[0] is None
    assert compare.cct_and_duv(np.array([-1.0, -1.0, -1.0]))[0] is None
    blue = np.full((50, 3), (0.001, 0.004, 0.6))
    found = compare.difference(blue, blue, np.ones(50))
    assert found["white_balance"]["mired"] is None
    json.dumps(found, allow_nan=False)


def test_grey_of_acescg_is_the_white_of_aces() -> None:
    grey = np.full((50, 3), 0.18)
    found = compare.difference(grey, grey, np.ones(50))["white_balance"]
    # ACES white is a daylight of about 6000 K; shown on D65 it is seen as D65: 6504 K
    assert found["reference_cct"] == pytest.approx(6504, rel=0.01)


def test_contrast_and_saturation() -> None:
    more = Cdl((1.2,) * 3, (-0.2 * 0.4135884,) * 3)
    found = said(lambda light: acescct_inverse(more(acescct(light))))
    assert found["contrast"] == pytest.approx(1.2, abs=0.06)
    assert abs(found["exposure_stops"]) < 0.1
    pale = Cdl(saturation=0.7)
    assert said(lambda light: acescct_inverse(pale(acescct(light))))["saturation"] < 0.85
    assert (
        said(lambda light: acescct_inverse(Cdl(saturation=1.4)(acescct(light))))["saturation"]
        > 1.15
    )


def test_lifted_blacks_are_no_exposure() -> None:
    found = said(lambda light: light + 0.02)
    assert found["black_level"]["shot"] > found["black_level"]["reference"] + 0.015
    assert abs(found["exposure_stops"]) < 0.1


def test_difference_is_ciede2000_over_the_weight() -> None:
    light = surfaces()
    weight = np.random.default_rng(1).uniform(0, 1, len(light))
    found = said(lambda l: l * 1.3, weight)["delta_e"]  # noqa: E741
    apart = delta_e(lab((light * 1.3).astype(np.float32)), lab(light.astype(np.float32)))
    assert found["mean"] == pytest.approx(np.average(apart, weights=weight), abs=1e-3)
    assert found["mean"] < found["percentile_95"] < apart.max()


def test_skin_is_told_apart() -> None:
    skin = np.full((50, 3), (0.45, 0.30, 0.22))
    others = np.full((50, 3), (0.1, 0.3, 0.5))
    both = np.concatenate([skin, others])
    shot = np.concatenate([skin * 1.5, others])
    found = compare.difference(shot, both, np.ones(100))["delta_e"]
    assert found["skin_like"] == pytest.approx(2 * found["mean"], rel=0.01)
    assert compare.difference(others, others, np.ones(50))["delta_e"]["skin_like"] is None


@pytest.mark.parametrize(
    "light", [np.full((9, 3), -0.1), np.zeros((9, 3)), np.full((9, 3), 6e4), np.full((1, 3), 0.2)]
)
def test_odd_evidence_gives_finite_numbers(light: np.ndarray) -> None:
    json.dumps(compare.difference(light, light, np.ones(len(light))), allow_nan=False)
    json.dumps(compare.difference(light * 1e-3, light, np.ones(len(light))), allow_nan=False)


def test_luminance_is_that_of_acescg() -> None:
    np.testing.assert_allclose(LUMINANCE, (0.2722287, 0.6740818, 0.0536895), atol=1e-6)
    grey = colour.convert(np.full((1, 3), 1.0), colour.space("ACEScg"), colour.space("lin_rec709"))
    np.testing.assert_allclose(grey, 1, atol=1e-4)


def test_quantiles_follow_the_weight() -> None:
    values, weight = np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0])
    assert compare.quantile(values, weight, 0.5) == pytest.approx(2.0)
    assert compare.quantile(values, np.array([1.0, 8.0, 1.0]), 0.5) == pytest.approx(1.0, abs=0.3)
    assert compare.quantile(values, weight, 0.0) == 1.0
    assert compare.quantile(values, weight, 1.0) == 3.0


# --- in words ------------------------------------------------------------------------------


def words(**changed: float) -> str:
    white = {"mired": changed.pop("mired", 0.0), "shot_duv": changed.pop("duv", 0.0)}
    before = {"exposure_stops": 0.0, "contrast": 1.0, "saturation": 1.0} | changed
    return compare.in_words("shot_b", before | {"white_balance": white | {"reference_duv": 0.0}})


def test_the_sentence_names_what_is_off_and_which_way() -> None:
    assert (
        words(exposure_stops=-0.42, mired=-18.0)
        == "Beside its reference, shot_b is 0.42 stops under and 18 mired bluer."
    )
    assert words(exposure_stops=0.3) == "Beside its reference, shot_b is 0.30 stops over."
    assert words(mired=25.4).endswith("25 mired warmer.")
    assert words(duv=0.005).endswith("greener.")
    assert words(duv=-0.005).endswith("more magenta.")
    assert words(contrast=0.8, saturation=1.25).endswith("20% flatter and 25% more saturated.")
    assert words(exposure_stops=0.1, contrast=1.2, saturation=0.5).endswith(
        "0.10 stops over, 20% more contrasty and 50% less saturated."
    )


def test_small_differences_are_not_worth_words() -> None:
    assert words(exposure_stops=0.02, mired=1.0, contrast=1.03) == (
        "shot_b already sits beside its reference."
    )


def test_without_a_temperature_it_says_nothing_of_colour() -> None:
    before = {
        "exposure_stops": -1.0,
        "contrast": 1.0,
        "saturation": 1.0,
        "white_balance": {"mired": None, "shot_duv": 0.2, "reference_duv": 0.1},
    }
    assert compare.in_words("a", before) == "Beside its reference, a is 1.00 stops under."
