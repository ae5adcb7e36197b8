"""The fit of a CDL: known grades come back from exact and from doubtful pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerprint.frames.curves import acescct_inverse
from answerprint.frames.difference import delta_e, lab
from answerprint.frames.grade import MIDDLE_GREY
from answerprint.vision import fit

WIDE = np.full(10, 1e3)  # no pull to the identity
ALL = tuple(range(10))


def codes(count: int = 400, seed: int = 0) -> np.ndarray:
    """(N, 3) ACEScct codes of ordinary tones and colours, a stop or two of colour in them."""
    random = np.random.default_rng(seed)
    return random.uniform(0.2, 0.55, (count, 1)) + random.normal(0, 0.03, (count, 3))


def theta_of(random: np.random.Generator) -> np.ndarray:
    return random.uniform(-1, 1, 10) * fit.USUAL


def fitted(source: np.ndarray, wanted: np.ndarray, **how: object) -> np.ndarray:
    weight = np.ones(len(source))
    return fit.fit(source, wanted, weight, fit.to_the_eye(wanted), **how).theta  # type: ignore[arg-type]


# --- what the ten numbers mean -------------------------------------------------------------


def test_all_zero_is_the_identity() -> None:
    assert fit.cdl(np.zeros(10)).neutral
    np.testing.assert_allclose(fit.apply(np.zeros(10), codes()), codes(), atol=1e-15)


def test_a_stop_of_exposure_is_a_stop() -> None:
    theta = np.zeros(10)
    theta[fit.NAMES.index("exposure")] = fit.STOP
    above = codes().clip(min=0.16)  # below lies the straight toe of ACEScct
    light = acescct_inverse(fit.apply(theta, above))
    np.testing.assert_allclose(light, 2 * acescct_inverse(above), rtol=1e-9)


@pytest.mark.parametrize("name", fit.NAMES[3:])
def test_contrast_toe_and_saturation_hold_middle_grey(name: str) -> None:
    theta = np.zeros(10)
    theta[fit.NAMES.index(name)] = 0.1
    grey = np.full((1, 3), MIDDLE_GREY)
    np.testing.assert_allclose(fit.apply(theta, grey), grey, atol=1e-12)
    assert np.abs(fit.apply(theta, codes()) - codes()).max() > 1e-3, "it changes something else"


def test_more_of_a_number_is_more_of_what_it_is_called() -> None:
    """The direction of every control, on colours chosen so that it shows."""
    grey = np.array([[MIDDLE_GREY] * 3, [0.5] * 3, [0.3] * 3, [0.5, 0.4, 0.3]])

    def moved(name: str) -> np.ndarray:
        theta = np.zeros(10)
        theta[fit.NAMES.index(name)] = 0.02
        return fit.apply(theta, grey) - grey

    assert (moved("exposure") > 0).all()
    r, g, b = moved("warm_cool")[0]
    assert r > 0 == g > b
    r, g, b = moved("green_magenta")[0]
    assert r < 0
    assert b < 0 < g
    assert (moved("contrast")[1] > 0).all()
    assert (moved("contrast")[2] < 0).all()
    r, g, b = moved("saturation")[3]
    assert r > 0 > b
    # a toe that is up bends blacks and highlights, not what is around middle grey
    near = np.array([[MIDDLE_GREY + 1e-4] * 3])
    theta = np.zeros(10)
    theta[6] = 0.2
    slope = (fit.apply(theta, near) - MIDDLE_GREY) / 1e-4
    np.testing.assert_allclose(slope, 1, atol=1e-3)


def test_the_written_cdl_is_the_fitted_one() -> None:
    for seed in range(5):
        theta = theta_of(np.random.default_rng(seed))
        np.testing.assert_allclose(fit.cdl(theta)(codes()), fit.apply(theta, codes()), atol=5e-6)


def test_levels_contain_each_other() -> None:
    balance, contrast, saturation = (set(v) for v in fit.LEVELS.values())
    assert list(fit.LEVELS) == ["balance", "contrast", "saturation"]
    assert balance < contrast < saturation == set(ALL)
    assert {"exposure", "warm_cool", "green_magenta"} <= {fit.NAMES[k] for k in balance}


# --- the fit -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_a_known_grade_comes_back_from_exact_pairs(seed: int) -> None:
    theta = theta_of(np.random.default_rng(seed))
    source = codes(seed=seed)
    wanted = fit.apply(theta, source)
    # to what the last step of the search leaves: a thousandth of what a grade usually is
    found = fitted(source, wanted, usual=WIDE)
    assert np.abs(fit.apply(found, source) - wanted).max() < 1e-4
    np.testing.assert_allclose(found, theta, atol=2e-3)


@pytest.mark.parametrize("level", list(fit.LEVELS))
def test_a_level_moves_only_its_own_numbers(level: str) -> None:
    free = fit.LEVELS[level]
    random = np.random.default_rng(5)
    source = codes()
    theta = np.zeros(10)
    theta[list(free)] = theta_of(random)[list(free)]
    wanted = fit.apply(theta, source)
    found = fitted(source, wanted, free=free, usual=WIDE)
    assert (found[[k for k in ALL if k not in free]] == 0).all()
    assert np.abs(fit.apply(found, source) - wanted).max() < 1e-4
    elsewhere = fitted(source, fit.apply(theta_of(random), source), free=free)
    assert (elsewhere[[k for k in ALL if k not in free]] == 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_three_pairs_in_ten_that_are_wrong_do_not_steer(seed: int) -> None:
    random = np.random.default_rng(seed)
    theta = theta_of(random)
    source = codes(seed=seed)
    wanted = fit.apply(theta, source)
    wrong = random.permutation(len(source))[: len(source) * 3 // 10]
    wanted[wrong] += random.normal((0.05, 0.0, -0.03), 0.08, (len(wrong), 3))
    found = fitted(source, wanted)
    right = np.setdiff1d(np.arange(len(source)), wrong)
    light = [lab(acescct_inverse(c).astype(np.float32)) for c in (source, wanted)]
    after = lab(acescct_inverse(fit.apply(found, source)).astype(np.float32))
    assert delta_e(after, light[1])[right].mean() < 0.7
    plain = fitted(source, wanted, robust=1e9)
    worse = lab(acescct_inverse(fit.apply(plain, source)).astype(np.float32))
    assert delta_e(worse, light[1])[right].mean() > 2.5 * delta_e(after, light[1])[right].mean()


def test_a_pair_without_weight_has_no_say() -> None:
    source = codes()
    theta = theta_of(np.random.default_rng(1))
    wanted = fit.apply(theta, source)
    weight = np.ones(len(source))
    weight[::2] = 0
    spoiled = wanted.copy()
    spoiled[::2] += 0.3
    clean = fit.fit(source, wanted, weight, fit.to_the_eye(wanted)).theta
    found = fit.fit(source, spoiled, weight, fit.to_the_eye(spoiled)).theta
    np.testing.assert_allclose(found, clean, atol=1e-9)


def test_the_solution_is_where_the_pull_and_the_pairs_balance() -> None:
    """No small step lowers the cost that the module describes: Huber, and a pull of known width."""
    source = codes()
    wanted = fit.apply(theta_of(np.random.default_rng(2)), source)
    eye, weight = fit.to_the_eye(wanted), np.full(400, 2e-4)
    found = fit.fit(source, wanted, weight, eye).theta

    def cost(theta: np.ndarray) -> float:
        size = np.linalg.norm(
            np.einsum("nij,nj->ni", eye, fit.apply(theta, source) - wanted), axis=1
        )
        huber = np.where(size < 1, size**2 / 2, size - 0.5)
        return float((weight * huber).sum() + ((theta / fit.USUAL) ** 2).sum() / 2)

    for step in np.concatenate([np.eye(10), -np.eye(10)]) * 0.02 * fit.USUAL:
        assert cost(found + step) > cost(found)


def test_little_evidence_stays_near_the_identity() -> None:
    """The pull: the same pairs with less weight move less, and none move nothing."""
    source = codes()
    wanted = fit.apply(theta_of(np.random.default_rng(2)), source)
    eye = fit.to_the_eye(wanted)
    far = [
        np.linalg.norm(fit.fit(source, wanted, np.full(400, w), eye).theta / fit.USUAL)
        for w in (0.0, 1e-6, 1e-4, 1e-1)
    ]
    assert far[0] == 0
    assert far[0] < far[1] < far[2] < far[3]


def test_nested_levels_never_fit_worse() -> None:
    source = codes()
    wanted = fit.apply(theta_of(np.random.default_rng(9)), source)
    wanted += np.random.default_rng(1).normal(0, 0.003, wanted.shape)
    eye = fit.to_the_eye(wanted)
    costs, start = [], None
    for free in fit.LEVELS.values():
        start = fit.fit(source, wanted, np.ones(400), eye, free, start, usual=WIDE).theta
        left = np.einsum("nij,nj->ni", eye, fit.apply(start, source) - wanted)
        size = np.sqrt((left**2).sum(1))
        costs.append(np.where(size < 1, size**2 / 2, size - 0.5).sum())
    assert costs[0] >= costs[1] >= costs[2]
    assert costs[2] < 0.7 * costs[0]


def test_uncertainty_shrinks_with_evidence_and_is_none_for_what_is_held() -> None:
    source = codes()
    eye = fit.to_the_eye(source)
    some, more = (fit.fit(source, source, np.full(400, w), eye).covariance for w in (1.0, 4.0))
    assert (np.diag(more) < np.diag(some)).all()
    held = fit.fit(source, source, np.ones(400), eye, fit.LEVELS["balance"]).covariance
    assert held[9, 9] == 0
    assert held[0, 0] > 0


# --- errors as the eye sees them -----------------------------------------------------------


@settings(deadline=None, max_examples=20, derandomize=True)
@given(st.integers(0, 10_000))
def test_the_slope_to_the_eye_is_that_of_ciede2000(seed: int) -> None:
    """Small steps in any direction, against the formula itself."""
    random = np.random.default_rng(seed)
    at = random.uniform(0.25, 0.5, (50, 1)) + random.normal(0, 0.02, (50, 3))
    step = random.normal(0, 0.002, (50, 3))
    eye = fit.to_the_eye(at)
    assert eye.shape == (50, 6, 3)
    said = np.sqrt((np.einsum("nij,nj->ni", eye[:, :3], step) ** 2).sum(1))
    one, two = (lab(acescct_inverse(c).astype(np.float32)) for c in (at, at + step))
    true = delta_e(one, two)
    # without the formula's T, G and blue rotation terms: within half, and right on the whole
    assert np.median(np.abs(np.log2(said / true))) < 0.25
    assert (np.abs(np.log2(said / true)) < 1.0).mean() > 0.9


def test_what_the_view_cannot_show_still_counts_a_little() -> None:
    above = np.full((1, 3), 0.95)  # light of 120: white on any display
    eye = fit.to_the_eye(above)
    assert np.abs(eye[0, :3]).max() < 5
    np.testing.assert_allclose(eye[0, 3:], 15 * np.eye(3))
