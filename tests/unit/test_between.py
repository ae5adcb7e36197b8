"""Frames between frames whose middle is known."""

import numpy as np
import pytest

from answerprint.vision import between
from answerprint.vision.between import Way, middle, side, straight, tried
from answerprint.vision.flow import Motion
from answerprint.vision.toned import joined, split
from tests.unit.test_flow import texture

QUALITIES = pytest.mark.parametrize("quality", ["default", "best"])


def made(first, second, t=0.5, quality="default"):
    return middle(first, second, t, quality=quality).light(first, second)


def psnr(light, truth):
    """Of the inner part, in tone."""
    apart = (split(light)[0] - split(truth)[0])[12:-12, 12:-12]
    return -10 * np.log10(float((apart**2).mean()))


@QUALITIES
@pytest.mark.parametrize("t", [0.5, 0.25])
def test_a_shift_goes_its_part_of_the_way(t, quality):
    scene = texture()
    first, second, truth = scene(), scene(4.0, -2.8), scene(4.0 * t, -2.8 * t)
    assert psnr(made(first, second, t, quality), truth) > 45
    assert psnr(first, truth) < 30


def test_at_the_ends_it_is_the_frames():
    scene = texture()
    first, second = scene(), scene(4.0, -2.8)
    assert psnr(made(first, second, 0.0), first) > 60
    assert psnr(made(first, second, 1.0), second) > 60


@QUALITIES
def test_a_square_stands_half_way_over_a_still_scene(quality):
    behind, before = 0.05 + 0.03 * texture(seed=3)(), 0.4 + 0.3 * texture(seed=9)()
    frames = []
    for x in (40, 43, 46):
        frames.append(behind.copy())
        frames[-1][30:66, x : x + 36] = before[30:66, 40:76]
    first, truth, second = frames
    light = made(first, second, quality=quality)
    assert psnr(light, truth) > 30
    assert psnr(light, truth) > psnr((first + second) / 2, truth) + 6
    np.testing.assert_allclose(light[8:20], behind[8:20], atol=0.01)  # what stands still


@QUALITIES
def test_a_lamp_keeps_its_energy_and_has_no_dark_halo(quality):
    y, x = np.mgrid[:96, :128].astype(np.float32)

    def lamp(dx):
        cover = np.clip(9.5 - np.hypot(x - 50 - dx, y - 48), 0, 1)[..., None]
        return np.float32(0.02) + np.repeat(cover * np.float32(49.98), 3, -1)

    first, second, truth = lamp(0.0), lamp(7.0), lamp(3.5)
    light = made(first, second, quality=quality)
    assert abs(light.sum() / truth.sum() - 1) < 0.02
    assert light.min() > 0.0199
    assert light.max() < 50.01
    centre = (light[..., 0] * x).sum() / light[..., 0].sum()
    np.testing.assert_allclose(centre, (truth[..., 0] * x).sum() / truth[..., 0].sum(), atol=0.2)


@QUALITIES
def test_light_is_not_bounded(quality):
    scene = texture()
    first, second, truth = (scene(dx) * 100 - 2 for dx in (0.0, 2.0, 1.0))
    light = made(first, second, quality=quality)[12:-12, 12:-12]
    truth = truth[12:-12, 12:-12]
    assert light.max() > 70
    assert light.min() < -0.9
    np.testing.assert_allclose(light, truth, atol=0.03 * 80)


def test_exposure_goes_half_way_too():
    scene = texture()
    light = made(scene(), scene(3.0) * 1.5)
    inner = (slice(16, -16), slice(16, -16))
    np.testing.assert_allclose(light[inner].mean(), (scene(1.5)[inner] * 1.25).mean(), rtol=0.03)


@QUALITIES
def test_what_is_no_number_spreads_no_further_than_itself(quality):
    scene = texture()
    first, second = scene(), scene(2.0)
    truth = made(first, second, quality=quality)
    first[40:42, 60:62] = np.nan
    light = made(first, second, quality=quality)
    assert np.isfinite(light).all()
    changed = np.abs(light - truth).max(-1) > 0.05
    y, x = np.nonzero(changed)
    assert y.min() > 24
    assert y.max() < 58
    assert x.min() > 44
    assert x.max() < 80


@QUALITIES
@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 2, 3), (3, 50, 3)])
def test_frames_of_a_few_pixels(shape, quality):
    first = np.random.default_rng(2).random(shape).astype(np.float32)
    np.testing.assert_allclose(made(first, first, quality=quality), first, atol=2e-3)


@QUALITIES
def test_data_goes_the_same_way_unmixed(quality):
    scene = texture()
    first, second, t = scene(), scene(4.0, 2.0), 0.5
    found = middle(first, second, t, quality=quality)
    ramp = np.arange(128, dtype=np.float32) * np.ones((96, 1), np.float32)
    depth = found.of(ramp, ramp - 4)  # what moves 4 to the right keeps its depth
    inner = (slice(16, -16), slice(16, -16))
    np.testing.assert_allclose(depth[inner], (ramp - 2)[inner], atol=0.2)
    vectors = found.of(
        np.full((96, 128, 5), -7e4, np.float32), np.full((96, 128, 5), 9e4, np.float32)
    )
    assert vectors.shape == (96, 128, 5)
    np.testing.assert_allclose(vectors[inner], 1e4, atol=9e3)
    ids = np.random.default_rng(0).choice([3.0, 17.0, 2e9], (96, 128)).astype(np.float32)
    assert set(np.unique(found.nearest(ids, ids))) <= {3.0, 17.0, 2e9}


def test_strips_equal_the_whole(monkeypatch):
    scene = texture()
    first, second = scene(), scene(4.0, 2.0) * 30
    whole = made(first, second)
    monkeypatch.setattr(between, "STRIP", 7)
    np.testing.assert_array_equal(made(first, second), whole)


def test_backwards_is_the_same_frame():
    scene = texture()
    first, second = scene(), scene(4.0, 2.0)
    np.testing.assert_allclose(made(first, second, 0.25), made(second, first, 0.75), atol=1e-3)


def test_shares_are_of_one_and_the_likeliest_way_is_data_s():
    scene = texture()
    found = middle(scene(), scene(4.0, 2.0), 0.5, quality="best")
    np.testing.assert_allclose(sum(found.shares), 1, rtol=1e-5)
    still = found.shares[-1][16:-16, 16:-16]
    assert np.median(still) < np.median(found.shares[0][16:-16, 16:-16])
    np.testing.assert_allclose(np.median(found.to_second[16:-16, 16:-16], (0, 1)), (2, 1), atol=0.1)


def test_the_same_twice():
    scene = texture()
    first, second = scene(), scene(4.0, 2.0)
    assert np.array_equal(made(first, second, quality="best"), made(first, second, quality="best"))


def test_tone_and_what_is_over_it_are_the_light():
    light = np.array([[-60, -0.05, 0, 1e-4, 0.18, 1, 1.5, 60, 5e4]], np.float32)
    tone, over = split(light)
    np.testing.assert_allclose(joined(tone, over), light, rtol=1e-5, atol=1e-6)
    assert (np.diff(tone[0, :6]) > 0).all()
    np.testing.assert_allclose(tone[0, [2, 5]], (0, 1), atol=1e-6)
    assert split(light[:, :6])[1] is None


def test_lookups_between_pixels_are_sharper_than_bilinear():
    scene = texture()
    still = np.full((96, 128, 2), 0.5, np.float32)
    frame = between.Toned.of(scene())
    truth = split(scene(-0.5, -0.5))[0][8:-8, 8:-8]
    sharp = np.abs(frame.tone_at(still)[8:-8, 8:-8] - truth).mean()
    soft = np.abs(between.pulled(frame.tone, still)[8:-8, 8:-8] - truth).mean()
    assert sharp < 0.7 * soft


def test_a_lookup_never_leaves_what_its_neighbours_have():
    edge = np.where(np.arange(32) < 16, 0.0, 0.9) * np.ones((8, 1))
    frame = between.Toned.of(np.dstack([edge] * 3).astype(np.float32))
    for part in (0.25, 0.5, 0.75):
        found = frame.tone_at(np.full((8, 32, 2), (part, 0.0), np.float32))
        assert found.min() >= 0
        assert found.max() <= frame.tone.max()


def test_motions_are_those_that_end_at_the_new_place():
    x, y = np.meshgrid(np.arange(81.0) - 40, np.arange(61.0) - 30)
    place = np.dstack([x, y]).astype(np.float32)
    sure, zoom, t = np.ones((61, 81), np.float32), 0.2, np.float32(0.25)
    forward, backward = Motion(place * zoom, sure), Motion(place * (-zoom / (1 + zoom)), sure)
    inner = (slice(12, -12), slice(16, -16))
    for way in tried(forward, backward, 0.25)[1:]:
        truth = place * zoom / (1 + t * zoom)
        np.testing.assert_allclose(way.past[inner], truth[inner], atol=0.02)
        to_first, to_second = way.flows(0.25)
        np.testing.assert_allclose((to_second - to_first)[inner], truth[inner], atol=0.02)


def test_a_way_that_is_a_little_off_is_put_straight():
    scene = texture()
    wrong = np.full((96, 128, 2), (3.0, 0.0), np.float32)
    found = straight(scene(), scene(4.0, -1.0), Way(wrong, wrong), 0.5)
    inner = found.past[16:-16, 16:-16]
    np.testing.assert_allclose(np.median(inner, (0, 1)), (4, -1), atol=0.05)


def test_what_one_frame_alone_shows_comes_from_it():
    lost = np.ones((8, 20), np.float32)
    lost[:, 5:9] = 0.0  # is in the first frame there, and not in the second
    flows = np.full((8, 20, 2), -2.0, np.float32), np.full((8, 20, 2), 2.0, np.float32)
    flows[0][..., 1] = flows[1][..., 1] = 0
    share = side(flows, (lost, np.ones_like(lost)), 0.5)
    np.testing.assert_allclose(share[:, 7:11], 0.3 / 1.6, rtol=1e-5)  # 2 to the right, half way
    np.testing.assert_allclose(share[:, 12:], 0.5, rtol=1e-5)
    share = side(flows, (np.ones_like(lost), lost), 0.5)
    np.testing.assert_allclose(share[:, 3:7], 1.3 / 1.6, rtol=1e-5)


def test_data_is_of_the_nearer_frame_mostly():
    scene = texture()
    found = middle(scene(), scene(4.0, 2.0), 0.25)
    np.testing.assert_allclose(np.median(found.weight), 0.25, atol=0.01)
