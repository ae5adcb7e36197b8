"""Levels and the residual: the simplest one that the evidence cannot tell from the best."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.frames.grade import lookup
from answerprint.vision import fit, levels, residual
from answerprint.vision.levels import NAMES, Pairs


def pairs(theta: np.ndarray, bend: float = 0.0, noise: float = 0.001, groups: int = 60) -> Pairs:
    """A thousand pairs in groups; the reference is theta of the source, and a bump if asked."""
    random = np.random.default_rng(4)
    source = random.uniform(0.22, 0.6, (1000, 1)) + random.normal(0, 0.03, (1000, 3))
    wanted = fit.apply(theta, source)
    near = np.exp(-(((wanted.mean(1, keepdims=True) - 0.42) / 0.09) ** 2))
    wanted += bend * near * (1.0, -1.0, 0.5)
    wanted += random.normal(0, noise, wanted.shape)
    group = np.arange(1000) % groups
    return Pairs(source, wanted, np.full(1000, 0.5), group)


def theta_of(**numbers: float) -> np.ndarray:
    theta = np.zeros(10)
    for name, value in numbers.items():
        theta[fit.NAMES.index(name)] = value
    return theta


@pytest.mark.parametrize(
    ("theta", "bend", "chosen"),
    [
        (theta_of(), 0.0, "none"),
        (theta_of(exposure=0.03, warm_cool=0.01, toe=0.1), 0.0, "balance"),
        (theta_of(exposure=0.03, contrast=0.15, contrast_warm_cool=0.06), 0.0, "contrast"),
        (theta_of(exposure=0.03, contrast=0.1, saturation=0.3), 0.0, "saturation"),
        (theta_of(exposure=0.03, contrast=0.1, saturation=0.2), 0.05, "lut"),
    ],
    ids=["none", "balance", "contrast", "saturation", "lut"],
)
def test_the_simplest_level_that_explains_the_pairs_is_taken(
    theta: np.ndarray, bend: float, chosen: str
) -> None:
    solution = levels.solve(pairs(theta, bend))
    assert solution.chosen == chosen, solution.error
    assert set(solution.error) == set(NAMES)
    best = min(solution.error.values())
    assert solution.error[chosen] <= best + max(0.1 * best, levels.INVISIBLE)


def test_each_level_is_at_least_as_good_as_the_one_before() -> None:
    solution = levels.solve(pairs(theta_of(exposure=0.03, contrast=0.1, saturation=0.2), 0.05))
    errors = [solution.error[name] for name in NAMES]
    assert errors[0] > errors[1] > errors[2] > errors[3] > errors[4]


def test_levels_contain_each_other() -> None:
    found = pairs(theta_of(exposure=0.03, contrast=0.1, saturation=0.2))
    theta = levels.solve(found).theta
    for level, free in fit.LEVELS.items():
        assert (theta[level][[k for k in range(10) if k not in free]] == 0).all()


def test_the_error_is_of_pairs_that_were_not_fitted() -> None:
    """Every group is spoiled in its own way: seen pairs could be learnt, unseen ones cannot."""
    random = np.random.default_rng(0)
    found = pairs(theta_of(), noise=0.0, groups=4)
    own = random.normal(0, 0.05, (4, 3))[found.group]
    spoiled = Pairs(found.source, found.reference + own, found.weight, found.group)
    solution = levels.solve(spoiled)
    seen = levels.graded(spoiled.source, "lut", solution.theta, solution.cube)
    assert solution.error["lut"] > 1.1 * levels.error(seen, spoiled.reference).mean()


def test_every_pair_is_scored() -> None:
    found = pairs(theta_of(exposure=0.03, contrast=0.1, saturation=0.2))
    plain = levels.error(found.source, found.reference)
    assert levels.solve(found).error["none"] == pytest.approx(plain.mean(), abs=1e-9)


@pytest.mark.parametrize("groups", [2, 3, 5])
def test_a_few_groups_are_enough_to_score_with(groups: int) -> None:
    theta = theta_of(exposure=0.05)
    solution = levels.solve(pairs(theta, groups=groups))
    assert solution.error["none"] > 3
    assert solution.error["balance"] < 0.5
    assert solution.chosen == "balance"


def test_groups_may_have_any_numbers() -> None:
    found = pairs(theta_of(exposure=0.05), groups=2)
    far = Pairs(found.source, found.reference, found.weight, found.group * 700 + 5)
    assert levels.solve(far).error == levels.solve(found).error


def test_one_group_cannot_be_scored_and_is_refused() -> None:
    with pytest.raises(ValueError, match="two groups"):
        levels.solve(pairs(theta_of(exposure=0.05), groups=1))


def test_a_grade_far_from_its_evidence_has_a_finite_error() -> None:
    codes = np.array([[0.4, 0.4, 0.4], [40.0, 30.0, 20.0], [-9.0, 0.2, 3.0]])
    apart = levels.error(codes, np.full((3, 3), 0.4))
    assert np.isfinite(apart).all()
    assert apart[0] == 0
    assert (apart[1:] > 10).all()


# --- the residual cube ---------------------------------------------------------------------


def bump(codes: np.ndarray) -> np.ndarray:
    near = np.exp(-(((codes - 0.42) / 0.12) ** 2).sum(-1, keepdims=True))
    return near * (0.03, -0.02, 0.01)


def test_the_cube_adds_what_is_left_where_it_was_seen() -> None:
    codes = np.random.default_rng(0).uniform(0.2, 0.65, (20000, 3))
    made = residual.cube(codes, bump(codes), np.full(20000, 1.0))
    assert made.shape == (residual.SIZE,) * 3 + (3,)
    left = np.abs(lookup(made, codes) - bump(codes)).mean()
    assert left < 0.3 * np.abs(bump(codes)).mean()


def test_the_cube_is_zero_on_its_border_and_without_evidence() -> None:
    codes = np.random.default_rng(0).uniform(0.2, 0.4, (5000, 3))
    made = residual.cube(codes, np.full((5000, 3), 0.05), np.full(5000, 1.0))
    for axis in range(3):
        for end in (0, -1):
            assert (np.take(made, end, axis) == 0).all()
    assert np.abs(lookup(made, np.full((1, 3), 0.3))).min() > 0.03
    assert np.abs(lookup(made, np.full((1, 3), 0.85))).max() < 0.01
    assert (residual.cube(codes[:0], codes[:0], np.zeros(0)) == 0).all()


def test_codes_outside_the_cube_have_no_say() -> None:
    codes = np.random.default_rng(0).uniform(0.2, 0.6, (500, 3))
    outside = np.array([[1.2, 0.5, 0.5], [0.5, -0.1, 0.5]])
    left = np.full((500, 3), 0.01)
    alone = residual.cube(codes, left, np.ones(500))
    both = residual.cube(
        np.concatenate([codes, outside]), np.concatenate([left, [[9.0] * 3] * 2]), np.ones(502)
    )
    np.testing.assert_array_equal(both, alone)


def test_little_evidence_moves_the_cube_little() -> None:
    codes = np.random.default_rng(0).uniform(0.3, 0.5, (100, 3))
    left = np.full((100, 3), 0.05)
    some, more = (np.abs(residual.cube(codes, left, np.full(100, w))).max() for w in (0.01, 10.0))
    assert some < 0.3 * more
    assert more < 0.08


def test_the_cube_is_smooth() -> None:
    """One wild pair among many bends the cube no more than its smoothness lets it."""
    random = np.random.default_rng(0)
    codes = random.uniform(0.2, 0.6, (2000, 3))
    noise = random.normal(0, 0.02, (2000, 3))
    made = residual.cube(codes, noise, np.full(2000, 0.1))
    assert np.abs(made).max() < 0.01
