"""A grade: the same numbers in numpy, torch, OpenColorIO and the cube; nothing clamps or spreads.

Where OpenColorIO is the oracle, its transforms are put together here and not by the module.
"""

from __future__ import annotations

import numpy as np
import PyOpenColorIO as ocio
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from answerprint.frames import colour
from answerprint.frames.curves import acescct, acescct_inverse
from answerprint.frames.grade import CUBE, LARGEST_HALF, MIDDLE_GREY, Cdl, Grade, lookup

MATCH = Cdl((1.1, 0.95, 1.04), (0.02, -0.03, 0.01), (0.92, 1.08, 1.0), 1.15)
NAMES = ("ACEScg", "Linear Rec.709 (sRGB)", "S-Log3 S-Gamut3.Cine", "ACEScct")
RAW = ocio.Config.CreateRaw()

numbers = st.builds(
    Cdl,
    st.tuples(*[st.floats(0.5, 2)] * 3),
    st.tuples(*[st.floats(-0.2, 0.2)] * 3),
    st.tuples(*[st.floats(0.5, 2)] * 3),
    st.floats(0, 2),
)


def plate(count: int = 400, low: float = -0.05, high: float = 60.0) -> np.ndarray:
    """(20, count / 20, 3) float32 light from below zero to the lamp, all tones alike often.

    Channels lie up to four stops apart: OpenColorIO's fast logarithm, good to 1e-5 of the
    brightest channel, costs the darkest one of a log space more than that.
    """
    random = np.random.default_rng(3)
    light = np.exp2(random.uniform(-9, np.log2(high), (20, count // 20, 1)))
    light = np.minimum(light * np.exp2(random.uniform(-2, 2, (20, count // 20, 3))), high)
    light[0] = random.uniform(low, 0, light[0].shape)
    light[1] = np.minimum(light[1], 1)
    light[1, :, 0] = low  # one channel below zero beside two above
    return light.astype(np.float32)


def bump(size: int = 9, height: float = 0.03) -> np.ndarray:
    """A smooth residual, zero on its border, another one for each channel."""
    axis = np.sin(np.linspace(0, np.pi, size)) ** 2
    shape = axis[:, None, None] * axis[None, :, None] * axis[None, None, :]
    return (shape[..., None] * (height, -height / 2, height / 3)).astype(np.float32)


def through(transform: ocio.Transform, rgb: np.ndarray) -> np.ndarray:
    """OpenColorIO's own answer, (..., 3) float32."""
    out = np.ascontiguousarray(rgb, np.float32).copy()
    RAW.getProcessor(transform).getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS).applyRGB(out)
    return out


def oracle(cdl: Cdl) -> ocio.CDLTransform:
    made = ocio.CDLTransform(
        slope=cdl.slope, offset=cdl.offset, power=cdl.power, sat=cdl.saturation
    )
    made.setStyle(ocio.CDL_NO_CLAMP)
    return made


# --- the CDL -------------------------------------------------------------------------------


def test_known_pixel_of_the_asc_formula() -> None:
    cdl = Cdl((2.0, 1.0, 1.0), (0.0, 0.1, -0.5), (2.0, 1.0, 3.0), 0.5)
    r, g, b = (2 * 0.3) ** 2, 0.2 + 0.1, 0.4 - 0.5  # blue below zero: no power
    luma = 0.2126 * r + 0.7152 * g + 0.0722 * b
    wanted = [luma + 0.5 * (v - luma) for v in (r, g, b)]
    np.testing.assert_allclose(cdl(np.array([0.3, 0.2, 0.4])), wanted, atol=1e-12)


@settings(deadline=None, max_examples=40, derandomize=True)
@given(numbers)
def test_cdl_is_the_same_in_numpy_torch_and_opencolorio(cdl: Cdl) -> None:
    codes = np.random.default_rng(0).uniform(-0.4, 1.3, (64, 3)).astype(np.float32)
    ours = cdl(codes.astype(np.float64))
    np.testing.assert_allclose(cdl(torch.from_numpy(codes)).numpy(), ours, atol=2e-6, rtol=2e-6)
    # OpenColorIO's power is a fast approximation, good to 1e-4 of the value
    np.testing.assert_allclose(through(oracle(cdl), codes), ours, atol=1e-4, rtol=1e-4)
    np.testing.assert_allclose(through(cdl.transform(), codes), ours, atol=1e-4, rtol=1e-4)


def test_without_power_the_cdl_is_exact_in_opencolorio() -> None:
    cdl = Cdl((1.1, 0.9, 1.05), (0.02, -0.03, 0.01), saturation=1.2)
    codes = np.random.default_rng(0).uniform(-0.4, 1.3, (64, 3)).astype(np.float32)
    np.testing.assert_allclose(through(oracle(cdl), codes), cdl(codes), atol=1e-6)


@settings(deadline=None, max_examples=40, derandomize=True)
@given(numbers)
def test_numbers_survive_as_data(cdl: Cdl) -> None:
    assert Cdl.of(cdl.as_dict()) == cdl
    named = cdl.transform("shot_b")
    assert named.getID() == "shot_b"
    assert tuple(named.getSlope()) == cdl.slope
    assert tuple(named.getOffset()) == cdl.offset
    assert tuple(named.getPower()) == cdl.power
    assert named.getSat() == cdl.saturation


# --- strength ------------------------------------------------------------------------------


def test_strength_zero_is_neutral_and_one_is_all_of_it() -> None:
    grade = Grade(MATCH, bump(), 0.5)
    assert grade.at(0).neutral
    assert not grade.neutral
    all_of_it = grade.at(1)
    assert (all_of_it.cdl, all_of_it.stops) == (MATCH, 0.5)
    np.testing.assert_array_equal(all_of_it.residual, grade.residual)


def test_a_neutral_grade_is_the_identity_in_codes() -> None:
    codes = np.random.default_rng(0).uniform(-0.4, 1.3, (64, 3))
    np.testing.assert_allclose(Grade().code(codes), codes, atol=1e-15)


def test_more_strength_moves_further() -> None:
    """A default of 1 hides the direction of a control: every step counts."""
    codes = np.random.default_rng(0).uniform(0.1, 0.9, (200, 3))
    for grade in (Grade(MATCH), Grade(MATCH, bump())):
        steps = [np.abs(grade.at(s).code(codes) - codes).mean() for s in (0, 0.25, 0.5, 0.75, 1)]
        assert steps[0] < 1e-12
        assert (np.diff(steps) > 0.1 * steps[-1]).all(), steps


def test_half_a_grade_in_numbers() -> None:
    half = Grade(Cdl((4.0, 1.0, 0.25), (0.1, 0.0, -0.2), (0.64, 1.0, 1.0), 0.81), bump(), 2.0).at(
        0.5
    )
    assert half.cdl == Cdl((2.0, 1.0, 0.5), (0.05, 0.0, -0.1), (0.8, 1.0, 1.0), 0.9)
    np.testing.assert_array_equal(half.residual, bump() * np.float32(0.5))
    assert half.stops == 1.0


def test_half_strength_twice_is_nearly_the_whole() -> None:
    codes = np.random.default_rng(0).uniform(0.1, 0.9, (200, 3))
    half = Grade(MATCH).at(0.5)
    whole = Grade(MATCH).code(codes)
    assert np.abs(half.code(half.code(codes)) - whole).max() < 0.15 * np.abs(whole - codes).max()
    alone = Cdl((1.3, 1.0, 0.8))  # of gains alone it is exact
    np.testing.assert_allclose(alone.at(0.5)(alone.at(0.5)(codes)), alone(codes), atol=1e-12)


# --- pixels --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("residual", [None, bump()], ids=["cdl", "cube"])
@pytest.mark.parametrize("device", ["cpu", "torch"])
def test_rows_are_graded_as_light_is(
    name: str, residual: np.ndarray | None, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every space, on both paths, below zero, above one and outside the cube."""
    grade = Grade(MATCH, residual, stops=0.37)
    here = colour.space(name)
    rows = colour.from_acescg(plate(), here)
    wanted = acescct(grade.light(plate().astype(np.float64)))
    run = rows_on(grade, here, here, device)
    out, held = run(rows)
    assert (out.dtype, out.shape, held) == (np.float32, rows.shape, 0)
    # two interpolations of one cube, trilinear and tetrahedral, part a little: 1e-3 is allowed
    close = 1e-4 if residual is None or device == "torch" else 1e-3
    np.testing.assert_allclose(acescct(colour.to_acescg(out, here)), wanted, atol=close)


def rows_on(grade: Grade, here: colour.Space, there: colour.Space, device: str):
    """The rows function of a device; torch's code runs on a torch device of CPU memory."""
    if device == "cpu":
        return grade.pixels(here, there)
    run = grade._on_gpu(here, there, "cpu")
    return lambda rows: (run(rows), 0)


@pytest.mark.parametrize("device", ["cpu", "torch"])
def test_rows_of_bare_chromaticities(device: str) -> None:
    odd = colour.of_primaries((0.69, 0.31, 0.20, 0.75, 0.14, 0.05, 0.31, 0.33))
    assert odd.matrix is not None
    grade = Grade(MATCH, bump())
    rows = colour.from_acescg(plate(), odd)
    out, _ = rows_on(grade, odd, odd, device)(rows)
    wanted = acescct(grade.light(plate().astype(np.float64)))
    np.testing.assert_allclose(acescct(colour.to_acescg(out, odd)), wanted, atol=1e-3)


def test_a_result_may_be_in_another_space_than_its_source() -> None:
    log = colour.space("S-Log3 S-Gamut3.Cine")
    twin = colour.linear_twin(log)
    rows = colour.from_acescg(plate(low=-0.01), log)
    for device in ("cpu", "torch"):
        out, _ = rows_on(Grade(MATCH), log, twin, device)(rows)
        wanted = acescct(Grade(MATCH).light(colour.to_acescg(rows, log).astype(np.float64)))
        np.testing.assert_allclose(acescct(colour.to_acescg(out, twin)), wanted, atol=1e-4)


@pytest.mark.parametrize("residual", [None, bump()], ids=["cdl", "cube"])
def test_half_rows_lose_only_what_half_loses(residual: np.ndarray | None) -> None:
    here = colour.space("ACEScg")
    grade = Grade(MATCH, residual)
    rows = plate().astype(np.float16)
    out, _ = grade.pixels(here, here)(rows)
    assert out.dtype == np.float16
    wanted = grade.light(rows.astype(np.float64))
    # half: 2**-11 of the value, which at -0.06 is 3.2e-4 of code
    close = 1e-3 if residual is not None else 3.3e-4
    np.testing.assert_allclose(acescct(out.astype(np.float64)), acescct(wanted), atol=close)


@pytest.mark.parametrize("device", ["cpu", "torch"])
def test_tones_rise_without_a_step_through_both_ends_of_the_cube(device: str) -> None:
    """A ramp from below zero to 1000, past the cube's 0 and its 222, under all of a grade."""
    ramp = np.concatenate(
        [np.linspace(-0.05, 0.01, 2000), np.exp2(np.linspace(np.log2(0.01), 10, 4000)[1:])]
    )
    rows = np.repeat(ramp[None, :, None], 3, axis=2).astype(np.float32)
    here = colour.space("ACEScg")
    grade = Grade(Cdl((1.05,) * 3, (0.01,) * 3, (0.97,) * 3), bump())
    out, _ = rows_on(grade, here, here, device)(rows)
    assert np.isfinite(out).all()
    code = acescct(out.astype(np.float64))[0]
    before = acescct(rows.astype(np.float64))[0]
    slope = np.diff(code, axis=0) / np.diff(before, axis=0)
    assert slope.min() > 0.5, "tones fold back"
    assert slope.max() < 2.0, "tones jump"
    assert out.max() > 1000
    assert out.min() < -0.01


def test_two_grades_in_one_process_keep_their_own_cube() -> None:
    """OpenColorIO remembers processors, and takes cubes of like extremes for the same one."""
    here = colour.space("ACEScg")
    for residual in (bump(), -bump(), bump(17, 0.02)):
        grade = Grade(residual=residual)
        out, _ = grade.pixels(here, here)(plate())
        np.testing.assert_allclose(acescct(out), acescct(grade.light(plate())), atol=1e-3)


def test_rows_are_not_written_into_and_strips_do_not_matter() -> None:
    here = colour.space("ACEScg")
    for residual in (None, bump()):
        run = Grade(MATCH, residual).pixels(here, here)
        rows = plate()
        before = rows.copy()
        whole, _ = run(rows)
        np.testing.assert_array_equal(rows, before)
        parts = [run(rows[y : y + 7])[0] for y in range(0, 20, 7)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_rows_that_are_a_view_into_a_wider_frame() -> None:
    here = colour.space("ACEScg")
    wide = np.concatenate([plate(), plate()[..., :1]], axis=-1)
    run = Grade(MATCH).pixels(here, here)
    np.testing.assert_array_equal(run(wide[..., [2, 1, 0]])[0], run(plate()[..., ::-1].copy())[0])
    np.testing.assert_array_equal(run(wide[..., :3])[0], run(plate())[0])


@pytest.mark.parametrize("kind", [np.float16, np.float32])
@pytest.mark.parametrize("residual", [None, bump()], ids=["cdl", "cube"])
def test_what_is_not_finite_stays_in_its_channel(kind: type, residual: np.ndarray | None) -> None:
    here = colour.space("Linear Rec.709 (sRGB)")
    run = Grade(MATCH, residual).pixels(here, here)
    rows = plate().astype(kind)
    rows[3, 4] = (np.nan, 0.2, 0.3)
    rows[3, 5] = (0.2, np.inf, -np.inf)
    out, held = run(rows)
    np.testing.assert_array_equal(np.isfinite(out), np.isfinite(rows))
    assert np.isnan(out[3, 4, 0])
    assert (out[3, 5, 1], out[3, 5, 2]) == (np.inf, -np.inf)
    assert held == 0
    clean = np.where(np.isfinite(rows), rows, kind(0))
    np.testing.assert_array_equal(out[np.isfinite(out)], run(clean)[0][np.isfinite(out)])


def test_half_overflow_is_held_and_counted() -> None:
    here = colour.space("ACEScg")
    rows = np.full((2, 5, 3), 0.18, np.float16)
    rows[0, 0] = 40000
    rows[1, 2, 1] = 50000
    for residual in (None, bump()):
        out, held = Grade(stops=1.0, residual=residual).pixels(here, here)(rows)
        assert held == 4
        assert np.isfinite(out).all()
        assert (out[0, 0] == LARGEST_HALF).all()
        assert out[1, 2, 1] == LARGEST_HALF


def test_stops_are_exposure_before_the_grade() -> None:
    light = plate()
    np.testing.assert_allclose(Grade(stops=1.0).light(light), 2 * light, rtol=1e-5, atol=1e-6)
    here = colour.space("ACEScg")
    out, _ = Grade(MATCH).with_stops(-1.5).pixels(here, here)(light)
    wanted = acescct(Grade(MATCH).light(light.astype(np.float64) * 2.0**-1.5))
    np.testing.assert_allclose(acescct(out), wanted, atol=1e-4)


# --- the cube ------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_a_residual_that_moves_one_channel_moves_that_one(channel: int) -> None:
    """Red first: a cube that depends on one axis and changes another is told apart."""
    axis = np.sin(np.linspace(0, np.pi, 9)).astype(np.float32)
    cube = np.zeros((9, 9, 9, 3), np.float32)
    shape = [1, 1, 1]
    shape[channel] = 9
    cube[..., (channel + 1) % 3] = 0.05 * axis.reshape(shape)
    codes = np.full((9, 3), 0.3)
    codes[:, channel] = np.linspace(0, 1, 9)
    for run in (lambda c: lookup(cube, c), lambda c: lookup(cube, torch.from_numpy(c)).numpy()):
        found = run(codes)
        np.testing.assert_allclose(found[:, (channel + 1) % 3], 0.05 * axis, atol=1e-7)
        others = [channel, (channel + 2) % 3]
        np.testing.assert_array_equal(found[:, others], 0)
    here = colour.space("ACEScg")
    rows = acescct_inverse(codes[None]).astype(np.float32)
    out, _ = Grade(residual=cube).pixels(here, here)(rows)
    moved = acescct(out.astype(np.float64))[0] - codes
    np.testing.assert_allclose(moved[:, (channel + 1) % 3], 0.05 * axis, atol=1e-3)
    assert np.abs(moved[:, others]).max() < 1e-4


def test_lookup_is_trilinear_and_ends_at_the_border() -> None:
    cube = np.zeros((3, 3, 3, 3), np.float32)
    cube[1, 1, 1] = (0.8, 0.4, -0.4)
    found = lookup(cube, np.array([[0.5, 0.5, 0.5], [0.25, 0.5, 0.5], [0.25, 0.75, 0.25]]))
    wanted = np.array([[1.0], [0.5], [0.125]]) * (0.8, 0.4, -0.4)
    np.testing.assert_allclose(found, wanted, atol=1e-7)
    outside = lookup(bump(), np.array([[-0.3, 0.5, 0.5], [0.5, 1.7, 0.5], [9.0, -9.0, 0.5]]))
    np.testing.assert_allclose(outside, 0, atol=1e-9)


def test_the_cube_says_what_the_grade_does_at_its_points() -> None:
    grade = Grade(MATCH, bump())
    axis = np.linspace(0, 1, CUBE)
    at = np.random.default_rng(0).integers(0, CUBE, (50, 3))
    found = grade.cube[tuple(at.T)]
    np.testing.assert_allclose(found, grade.code(axis[at]), atol=1e-6)
    assert grade.cube.shape == (CUBE, CUBE, CUBE, 3)


def test_middle_grey_is_the_code_of_18_percent() -> None:
    assert pytest.approx(float(acescct(np.array(0.18))), abs=1e-6) == MIDDLE_GREY


@pytest.mark.gpu
@pytest.mark.parametrize("residual", [None, bump()], ids=["cdl", "cube"])
def test_gpu_and_cpu_agree(residual: np.ndarray | None) -> None:
    here = colour.space("ACEScg")
    grade = Grade(MATCH, residual, 0.2)
    on_cpu, on_gpu = (grade.pixels(here, here, d)(plate())[0] for d in ("cpu", "cuda:0"))
    close = 1e-4 if residual is None else 1e-3
    np.testing.assert_allclose(acescct(on_gpu), acescct(on_cpu), atol=close)
