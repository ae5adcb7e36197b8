"""Backgrounds laid behind: where they go, how they blur, and what goes round the edge."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.vision import placed, seated
from answerprint.vision.planar import moved
from answerprint.vision.regrain import Grain
from answerprint.vision.resampled import doubled, looked_up


def wave(size: tuple[int, int], pace: float, shift: float) -> np.ndarray:
    x = np.arange(size[0], dtype=np.float32) + shift
    return np.tile(np.sin(pace * x), (size[1], 1)).astype(np.float32)


@pytest.mark.parametrize("shift", [0.1, 0.25, 0.5, 0.8])
@pytest.mark.parametrize("pace", [0.1, 0.5, 1.0])
def test_a_pattern_that_is_looked_up_is_not_pushed_aside(pace: float, shift: float) -> None:
    matrix = np.array([[1, 0, shift], [0, 1, 0], [0, 0, 1.0]])
    found = looked_up(doubled(wave((160, 40), pace, 0)), matrix, (160, 40))[20, 20:140]
    x = np.arange(20, 140)
    basis = np.stack([np.sin(pace * x), np.cos(pace * x)], 1)
    sine, cosine = np.linalg.lstsq(basis, found, rcond=None)[0]
    assert np.arctan2(cosine, sine) / pace == pytest.approx(shift, abs=0.008)


def test_its_own_pixels_stay_and_light_does_not_ring_around_a_lamp() -> None:
    light = np.full((20, 20, 3), 0.1, np.float32)
    light[8:12, 8:12] = 60
    fine = doubled(light, bounded=True)
    assert np.array_equal(fine[::2, ::2], light)
    assert fine.min() >= np.float32(0.1)
    assert fine.max() <= 60
    assert doubled(np.ones((9, 9), np.float32)) == pytest.approx(1, abs=1e-6)
    assert doubled(light).min() < 0  # which is what `bounded` is for


def test_a_background_fills_all_that_the_camera_shows() -> None:
    size, new = (200, 100), (400, 300)
    pan = [np.array([[1, 0, 30.0 * n], [0, 1, 0], [0, 0, 1]]) for n in range(4)]
    matrix, scale = placed.filling(new, size, pan)
    assert scale == pytest.approx(291 / 400)
    assert all(placed.beyond(np.linalg.inv(matrix) @ m, new, size) == 0 for m in pan)
    assert placed.beyond(np.linalg.inv(matrix) @ pan[3] @ pan[1], new, size) > 0.1


def test_corners_go_where_they_are_put() -> None:
    at = np.array([[3, 95], [190, 99], [180, 4], [10, 8]], float)
    matrix = placed.pinned((640, 360), at)
    assert np.allclose(moved(matrix, placed.edges((640, 360))), at, atol=1e-3)
    with pytest.raises(ValueError, match="convex"):
        placed.pinned((640, 360), at[[0, 2, 1, 3]])


def lay(shutter: float, speed: float = 12.0) -> seated.Laid:
    matrices = np.stack([np.array([[1, 0, speed * n], [0, 1, 0], [0, 0, 1]]) for n in range(3)])
    return seated.Laid((1, 2, 3), matrices, np.eye(3), shutter)


@pytest.mark.parametrize(("shutter", "width"), [(0, 0), (180, 6), (360, 12)])
def test_a_line_is_smeared_by_what_the_camera_moves_in_the_shutter(
    shutter: float, width: float
) -> None:
    bump = np.exp(-((np.arange(120) - 60) ** 2) / (2 * 1.2**2)) / (1.2 * np.sqrt(2 * np.pi))
    line = np.tile(bump[None, :, None], (9, 1, 3)).astype(np.float32)
    made = seated.laid(doubled(line, True), lay(shutter).looks(2, (120, 9)), (120, 9), (0, 0))
    row = made[4, :, 0]
    assert row.sum() == pytest.approx(1, abs=0.02)
    x = np.arange(120)
    middle = (row * x).sum() / row.sum()
    assert middle == pytest.approx(60 - 12, abs=0.05)
    spread = np.sqrt((row * (x - middle) ** 2).sum() / row.sum())
    assert spread == pytest.approx(np.sqrt(width**2 / 12 + 1.2**2), abs=0.1)


def edge(size: int = 64) -> np.ndarray:
    x = np.arange(size, dtype=np.float32)
    return np.tile(np.clip((x - 30) / 4, 0, 1), (size, 1))


def test_wrap_is_bounded_stays_near_the_edge_and_off_where_there_is_no_figure() -> None:
    alpha = edge()
    light = np.full((64, 64, 3), 0.5, np.float32)
    light[20:24, 5:9] = 5000  # a sun
    added = seated.wrapped(light, alpha, 1.0, 3.0)
    seen = (light * (1 - alpha)[..., None]).sum()
    assert 0 < added.sum() <= seated.WRAPPED * seen
    assert (added >= 0).all()
    assert added[alpha == 0].max() == 0
    assert added[:, 60:].max() < 1e-4
    assert not seated.wrapped(light, alpha, 0.0, 3.0).any()
    calm = np.full((64, 64, 3), 0.5, np.float32)
    veil = np.full((64, 64), 0.5, np.float32)  # of which half would be wrapped
    most = seated.WRAPPED * calm.sum() * 0.5
    assert seated.wrapped(calm, veil, 1.0, 3.0).sum() == pytest.approx(most, rel=1e-3)
    assert seated.wrapped(calm, alpha, 1.0, 3.0).max() < 0.5


def test_the_figure_is_parted_from_what_is_behind_at_a_soft_edge() -> None:
    alpha = edge()
    red, blue = np.array([8.0, 0.1, 0.1]), np.array([0.05, 0.1, 0.7])
    light = (alpha[..., None] * red + (1 - alpha)[..., None] * blue).astype(np.float32)
    front = seated.figure(light, alpha)
    np.testing.assert_allclose(front, alpha[..., None] * red, atol=0.02)
    assert np.array_equal(front[:, 40:], light[:, 40:])


def test_grain_fills_up_to_the_plates_own() -> None:
    flat = np.full((256, 256, 3), 0.2, np.float32)
    power = np.full((1, 3, 3), 1e-4)
    power[:, 1:] = [[2e-5], [5e-6]]
    grain = Grain(np.full((1, 3), 0.2), power, np.eye(3))
    whole = seated.grained(flat, np.zeros((256, 256)), grain, 1.0, 5).std()
    half = seated.grained(flat, np.full((256, 256), 0.6), grain, 1.0, 5).std()
    assert half / whole == pytest.approx(0.8, abs=0.01)
    assert seated.grained(flat, np.ones((256, 256)), grain, 1.0, 5) == pytest.approx(flat)
    assert seated.grained(flat, np.zeros((256, 256)), grain, 0.0, 5) is flat


def test_a_disc_is_round_and_keeps_light() -> None:
    for radius in (0.3, 1.0, 4.5):
        assert seated.disc(radius).sum() == pytest.approx(1)
    disc = seated.disc(4.5)
    assert disc[0, 0] == 0
    assert np.allclose(disc, disc.T)
    spread = np.sqrt((disc.sum(0) * (np.arange(len(disc)) - len(disc) // 2) ** 2).sum())
    assert spread == pytest.approx(4.5 / 2, abs=0.1)
