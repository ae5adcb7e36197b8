"""The same grade for another working space, with an honest residual."""

from __future__ import annotations

import numpy as np
import PyOpenColorIO as ocio
import pytest

from answerprint.frames import colour
from answerprint.frames.curves import acescct, acescct_inverse
from answerprint.frames.difference import delta_e, lab
from answerprint.frames.grade import Cdl
from answerprint.vision.refit import refit

SPACES = ("DaVinci Intermediate WideGamut", "ARRI LogC4", "S-Log3 S-Gamut3.Cine", "ACEScct")
LINEAR = "Linear Rec.709 (sRGB)"
MILD = Cdl((1.04, 0.98, 1.0), (-0.03, -0.01, 0.01), (1.02, 1.0, 0.99), 1.05)
STRONG = Cdl((1.35, 1.2, 1.1), (-0.12, -0.1, 0.03), (1.3, 1.1, 0.8), 1.4)


def shot(count: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """Codes of a shot and how often each occurs, dark to bright, some below zero."""
    random = np.random.default_rng(2)
    codes = random.uniform(0.1, 0.65, (count, 1)) + random.normal(0, 0.025, (count, 3))
    codes[:50] = acescct(random.uniform(-0.03, 0.02, (50, 3)))
    return codes, random.uniform(0.2, 1, count)


def found(cdl: Cdl, name: str):
    codes, weight = shot()
    return refit(codes, cdl(codes), weight, colour.space(name))


def measured_again(cdl: Cdl, made: Cdl, name: str) -> tuple[float, float]:
    """The residual by another way: OpenColorIO's CDL in OpenColorIO's own space."""
    codes, weight = shot()
    config = colour.config()
    light, wanted = (acescct_inverse(c).astype(np.float32) for c in (codes, cdl(codes)))
    transform = ocio.CDLTransform(
        slope=made.slope, offset=made.offset, power=made.power, sat=made.saturation
    )
    linear = colour.space(name).linear
    transform.setStyle(ocio.CDL_NO_CLAMP)
    steps = ocio.GroupTransform()
    steps.appendTransform(ocio.ColorSpaceTransform("ACEScg", name))
    if linear:
        steps.appendTransform(ocio.RangeTransform(minInValue=0.0, minOutValue=0.0))
    steps.appendTransform(transform)
    steps.appendTransform(ocio.ColorSpaceTransform(name, "ACEScg"))
    cpu = config.getProcessor(steps).getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS)
    cpu.applyRGB(light)
    apart = delta_e(lab(light), lab(wanted))
    order = np.argsort(apart)
    share = np.cumsum(weight[order]) / weight.sum()
    return float(np.average(apart, weights=weight)), float(apart[order][share >= 0.95][0])


@pytest.mark.parametrize("name", [*SPACES, LINEAR])
@pytest.mark.parametrize("cdl", [MILD, STRONG], ids=["mild", "strong"])
def test_the_residual_is_what_opencolorio_measures(name: str, cdl: Cdl) -> None:
    made = found(cdl, name)
    mean, high = measured_again(cdl, made.cdl, name)
    assert made.mean == pytest.approx(mean, abs=0.02)
    assert made.percentile_95 == pytest.approx(high, abs=0.1)


@pytest.mark.parametrize("name", SPACES)
def test_log_spaces_take_a_usual_grade_within_what_an_eye_sees(name: str) -> None:
    assert found(MILD, name).mean < 0.5


def test_acescct_itself_is_exact() -> None:
    made = found(MILD, "ACEScct")
    assert made.mean < 0.01
    np.testing.assert_allclose(made.cdl.slope, MILD.slope, atol=2e-3)
    np.testing.assert_allclose(made.cdl.offset, MILD.offset, atol=2e-3)
    np.testing.assert_allclose(made.cdl.power, MILD.power, atol=4e-3)
    assert made.cdl.saturation == pytest.approx(MILD.saturation, abs=2e-3)


def test_what_does_not_fit_says_so() -> None:
    """A strong grade cannot be said in linear light: its residual is over 1, and told."""
    made = found(STRONG, LINEAR)
    assert made.mean > 1.0
    assert made.percentile_95 > made.mean


def test_in_light_there_is_no_saturation() -> None:
    assert found(STRONG, LINEAR).cdl.saturation == 1.0


def test_a_gain_in_light_is_a_slope() -> None:
    """One stop, worked out in ACEScct, is a slope of 2 in the linear space of those primaries."""
    codes, weight = shot()
    codes = codes.clip(min=0.16)
    made = refit(codes, codes + 1 / 17.52, weight, colour.space("ACEScg"))
    np.testing.assert_allclose(made.cdl.slope, 2, rtol=5e-3)
    np.testing.assert_allclose(made.cdl.offset, 0, atol=1e-3)
    np.testing.assert_allclose(made.cdl.power, 1, atol=5e-3)
    assert made.mean < 0.05


@pytest.mark.parametrize("name", [*SPACES, LINEAR])
def test_no_grade_is_no_grade_anywhere(name: str) -> None:
    codes, weight = shot()
    codes = codes[50:]
    made = refit(codes, codes, weight[50:], colour.space(name))
    assert made.mean < 0.05  # light holds what lies below zero at zero
    np.testing.assert_allclose(
        [*made.cdl.slope, *made.cdl.power, made.cdl.saturation], 1, atol=1e-3
    )
    np.testing.assert_allclose(made.cdl.offset, 0, atol=3e-4)


def test_numbers_are_those_that_files_hold() -> None:
    for value in (
        v for n in found(STRONG, "ARRI LogC4").cdl.as_dict().values() for v in np.ravel(n)
    ):
        assert float(value) == round(float(value), 6)
