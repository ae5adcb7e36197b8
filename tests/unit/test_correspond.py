"""The same surface in two shots: found under any grade, and not found where there is none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from soundstage.room import BEHIND, CLOSE, SIDE, WIDE, render

from answerprint.frames.curves import acescct
from answerprint.frames.grade import Cdl, Grade
from answerprint.vision import correspond, pairs

FLAT = Cdl((0.75, 0.8, 0.78), (0.09, 0.05, 0.07), (0.95, 1.0, 1.03), 0.6)
NEVER = lambda *_: None  # noqa: E731 - nobody listens


def seen(picture: np.ndarray) -> correspond.Structures:
    return correspond.structures(picture.astype(np.float32), np.ones(picture.shape[:2], bool))


@pytest.fixture(scope="module")
def side() -> np.ndarray:
    return render(SIDE, 0)


@pytest.fixture(scope="module")
def wide() -> correspond.Structures:
    return seen(render(WIDE, 4))


@pytest.mark.parametrize(
    "grade",
    [
        lambda light: light,
        lambda light: light * 4,
        lambda light: light / 4,
        lambda light: light * (1.5, 1.0, 0.6),
        Grade(FLAT).light,
    ],
    ids=["as it is", "two over", "two under", "tungsten", "flat and pale"],
)
def test_surfaces_are_found_under_any_grade(side, wide, grade) -> None:
    found = correspond.match(seen(grade(side)), wide)
    assert found.structures > 8 * pairs.ENOUGH
    clean = correspond.match(seen(side), wide)
    assert found.structures > 0.8 * clean.structures
    assert ((found.weight >= 0) & (found.weight <= 1)).all()


def test_what_is_found_is_the_same_surface(side, wide) -> None:
    """Both cameras see one set without a grade: pairs have to have one colour."""
    found = correspond.match(seen(side), wide)
    lit = (found.source > 0.01).all(1) & (found.reference > 0.01).all(1)
    stops = np.abs(np.log2(found.source[lit] / found.reference[lit])).max(1)
    assert np.median(stops) < 0.1
    assert (stops < 0.5).mean() > 0.85


def test_places_point_at_what_was_measured(side, wide) -> None:
    found = correspond.match(seen(side), wide)
    at = np.round(found.source_at).astype(int)
    there = cv2.GaussianBlur(side, (0, 0), 2)[at[:, 1].clip(0, 269), at[:, 0].clip(0, 479)]
    apart = np.abs(acescct(np.maximum(there, 0)) - acescct(np.maximum(found.source, 0))).max(1)
    assert np.median(apart) < 0.02


def test_another_framing_is_the_same_set(wide) -> None:
    assert correspond.match(seen(render(CLOSE, 2)), wide).structures > 3 * pairs.ENOUGH


def soft_noise(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 1, (270, 480, 3)).astype(np.float32)
    return np.asarray(0.18 * np.exp(3 * cv2.GaussianBlur(noise, (0, 0), 2)), np.float32)


def patches(seed: int) -> np.ndarray:
    random, light = np.random.default_rng(seed), np.full((270, 480, 3), 0.2, np.float32)
    for _ in range(300):
        x, y, w, h = (int(v) for v in random.integers((480, 270, 50, 50)))
        tint = np.exp(random.normal(-1.5, 0.8, 3)).tolist()
        cv2.rectangle(light, (x, y), (x + w + 5, y + h + 5), tint, -1)
    return light


@pytest.mark.parametrize("draw", [soft_noise, patches])
def test_pictures_that_share_nothing_share_no_surface(draw) -> None:
    for seed in range(4):
        found = correspond.match(seen(draw(seed)), seen(draw(seed + 100)))
        assert found.structures < pairs.ENOUGH


def test_the_set_behind_the_camera_is_another_one(wide) -> None:
    assert correspond.match(seen(render(BEHIND)), wide).structures < pairs.ENOUGH


def test_areas_that_do_not_count_are_not_measured(side, wide) -> None:
    """What is not valid neither carries a pair nor bleeds into the pairs beside it."""
    valid = np.ones(side.shape[:2], bool)
    valid[:, 240:] = False
    spoiled = side.copy()
    spoiled[:, 240:] = 5000.0
    found = correspond.match(correspond.structures(spoiled, valid), wide)
    assert found.structures > 2 * pairs.ENOUGH
    assert found.source_at[:, 0].max() < 238  # two blurs of a pixel from what is not valid
    assert found.source.max() < 80


def test_neighbourhoods_are_alike_up_to_a_gain_and_an_offset() -> None:
    random = np.random.default_rng(0)
    grid = np.exp(random.normal(-1.5, 0.6, (4, 25, 1))).astype(np.float32) * np.ones(3, np.float32)
    every = np.ones((4, 25), bool)
    np.testing.assert_allclose(correspond._likeness(grid, grid * 3, every), 1, atol=1e-5)
    assert (correspond._likeness(grid, 0.1 / grid, every) < -0.9).all()
    assert (correspond._likeness(grid, grid[::-1], every) < correspond.ALIKE).all()
    assert (correspond._likeness(grid, grid, every & (np.arange(25) < 11)) == -1).all()
    assert (correspond._likeness(grid, grid * 0 + 0.2, every) == -1).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (16, 16), (36, 64)])
def test_tiny_and_flat_pictures_have_little_and_break_nothing(size, wide) -> None:
    grey = np.full((*size, 3), 0.18, np.float32)
    assert correspond.match(seen(grey), wide).structures == 0
    none = correspond.structures(grey, np.zeros(size, bool))
    assert correspond.match(none, wide).structures == 0
    assert correspond.likely(none, wide) == 0


# --- evidence over a shot ------------------------------------------------------------------


def shot(*pictures: np.ndarray) -> pairs.Pictures:
    return {
        1001 + n: (p.astype(np.float32), np.ones(p.shape[:2], bool)) for n, p in enumerate(pictures)
    }


def test_clipped_and_noise_floor_pixels_do_not_count(side) -> None:
    clipped = np.minimum(side, 2.0)
    (_, valid) = pairs.usable(shot(clipped))[1001]
    assert not valid[(clipped >= 2.0).any(-1)].any()
    assert valid[(clipped < 1.9).all(-1) & (clipped > 0.05).all(-1)].all()
    assert not valid[clipped @ correspond.LUMINANCE < 1e-4].any()
    # nothing clips in a shot whose light goes up to a small lamp, however bright
    (_, valid) = pairs.usable(shot(side * np.random.default_rng(0).uniform(0.9, 1, side.shape)))[
        1001
    ]
    assert valid[side.max(-1) > 50].mean() > 0.9


def test_a_channel_that_clips_alone_is_told_from_one_that_does_not() -> None:
    light = np.exp(np.random.default_rng(0).normal(-1.5, 0.7, (90, 160, 3))).astype(np.float32)
    light[..., 0] = np.minimum(light[..., 0], 0.9)
    light[:20, :, 0] = 0.9
    _, valid = pairs.usable(shot(light))[1001]
    assert not valid[light[..., 0] >= 0.9].any()
    assert valid[light[..., 0] < 0.88].all()


def test_evidence_has_places_in_both_shots_and_frames_of_both(side) -> None:
    source, reference = shot(side, render(SIDE, 2)), shot(render(WIDE, 5))
    steps = []
    evidence = pairs.shared_surfaces(source, reference, lambda *at: steps.append(at))
    assert evidence.structures > 8 * pairs.ENOUGH
    assert set(evidence.where[:, 0]) == {1001, 1002}
    assert set(evidence.where[:, 3]) == {1001}
    places = evidence.where[:, [1, 2, 4, 5]]
    assert places.min() > -0.05
    assert places.max() < 1.05
    assert len(evidence.pairs.source) == len(evidence.where) <= pairs.MOST
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)


def test_a_ramp_gets_evidence_from_every_frame() -> None:
    """Also from frames that share less with the hero than others do."""
    frames = [render(SIDE, 0)] * 9 + [render(CLOSE, 0)]
    found = pairs.shared_surfaces(shot(*frames), shot(render(WIDE, 5)), NEVER, every_frame=True)
    assert set(found.where[:, 0]) == set(range(1001, 1011))


def test_evidence_is_the_same_every_time(side) -> None:
    source, reference = shot(side, render(SIDE, 2)), shot(render(WIDE, 5), render(WIDE, 6))
    one, two = (pairs.shared_surfaces(source, reference, NEVER) for _ in range(2))
    np.testing.assert_array_equal(one.where, two.where)
    np.testing.assert_array_equal(one.pairs.weight, two.pairs.weight)
    np.testing.assert_array_equal(one.pairs.source, two.pairs.source)


def test_somebody_who_wants_to_stop_is_heard(side) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pairs.shared_surfaces(shot(side), shot(side), stop)


def test_a_geometry_that_opencv_gives_up_on_counts_as_none(side, wide, monkeypatch) -> None:
    """MAGSAC raises on some places that no model fits: the other model, or no match, is left."""

    def raises(*_: object, **__: object) -> None:
        raise cv2.error("!model.empty()")

    before = correspond.match(seen(side), wide).structures
    monkeypatch.setattr(cv2, "findHomography", raises)
    assert correspond.match(seen(side), wide).structures == before  # the room has depth
    monkeypatch.setattr(cv2, "findFundamentalMat", raises)
    assert correspond.match(seen(side), wide).structures == 0
