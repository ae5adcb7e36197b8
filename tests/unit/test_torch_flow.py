"""Motion found in torch, where it is known; on the CPU device, and on a GPU that is there."""

import cv2
import numpy as np
import pytest
import torch

from answerprint.vision import torch_flow, torch_refine
from answerprint.vision.flow import agreement, pulled
from answerprint.vision.torch_flow import motions
from answerprint.vision.torch_lookup import blurred, downloaded, uploaded
from answerprint.vision.torch_lookup import pulled as pulled_there
from tests.unit.moving import wall
from tests.unit.test_flow import covered, off, texture

RIM = (slice(14, -14), slice(14, -14))


def turned(tall, wide, degrees, zoom):
    """The flow (H, W, 2) of a turn and a zoom about the middle of the frame."""
    x, y = np.meshgrid(np.arange(wide) - (wide - 1) / 2, np.arange(tall) - (tall - 1) / 2)
    cos, sin = zoom * np.cos(np.deg2rad(degrees)), zoom * np.sin(np.deg2rad(degrees))
    return np.dstack([cos * x - sin * y - x, sin * x + cos * y - y]).astype(np.float32)


def away(flow, truth):
    """End-point error (H, W)."""
    return np.hypot(*np.moveaxis(flow - truth, -1, 0))


def test_a_shift_is_found_to_a_tenth_of_a_pixel_both_ways():
    scene = texture()
    forward, backward = motions(scene(), scene(3.3, -1.7), "cpu")
    assert off(forward.flow, 3.3, -1.7) < 0.1
    assert off(backward.flow, -3.3, 1.7) < 0.1
    assert forward.sure[12:-12, 12:-12].min() > 0.9
    assert forward.flow.dtype == forward.sure.dtype == np.float32


@pytest.mark.parametrize(
    ("degrees", "zoom", "limit"), [(0, 1.08, 0.21), (4, 1.0, 0.175), (-3, 0.93, 0.175)]
)
def test_turns_and_zooms_are_found(degrees, zoom, limit):
    second = wall(3, 160, 120)
    truth = turned(120, 160, degrees, zoom)
    forward, _ = motions(pulled(second, truth), second, "cpu")
    assert np.mean(away(forward.flow, truth)[RIM]) < limit  # neighbours not asked: 0.27
    assert np.abs(truth[RIM]).mean() > 1.5


@pytest.mark.parametrize(("blur", "shift"), [(2.0, 64), (0.8, 60)])
def test_a_quarter_of_the_frame_is_found(blur, shift):
    noise = np.random.default_rng(5).random((96, 400, 3), np.float32)
    wide = cv2.GaussianBlur(noise, (0, 0), blur) * 4 - 1.5
    forward, _ = motions(wide[:, 60:316], wide[:, 60 + shift : 316 + shift], "cpu")
    inside = forward.flow[12:-12, shift + 16 : -12]
    assert np.quantile(np.hypot(inside[..., 0] + shift, inside[..., 1]), 0.9) < 0.2


def test_a_thing_is_found_that_goes_further_than_the_rest_up_to_its_edge():
    behind, thing = wall(5, 192, 96), wall(6, 192, 96) * 3
    first, second = behind.copy(), behind.copy()
    first[30:78, 40:88] = second[30:78, 64:112] = thing[30:78, 40:88]
    truth = np.zeros((96, 192, 2), np.float32)
    truth[30:78, 40:88, 0] = 24
    forward, _ = motions(first, second, "cpu")
    off_by = away(forward.flow, truth)
    assert np.median(off_by[38:70, 48:80]) < 0.1
    assert np.median(off_by[4:24]) < 0.1
    off_by[30:78, 88:112] = 0  # goes behind it
    assert off_by.mean() < 0.5


def test_exposure_and_grain_do_not_steer_it():
    scene, rng = texture(), np.random.default_rng(1)
    second = scene(2.5, 1.0) * 2.5
    first, second = (x + rng.normal(0, 0.02, x.shape).astype(np.float32) for x in (scene(), second))
    forward, _ = motions(first, second, "cpu")
    assert off(forward.flow, 2.5, 1.0) < 0.4


def test_a_lamp_hides_no_motion_around_it():
    scene = texture()
    first, second = scene(), scene(2.0, 0.0)
    first[40:44, 60:64] = second[40:44, 62:66] = 5000.0
    forward, _ = motions(first, second, "cpu")
    assert off(forward.flow, 2.0, 0.0) < 0.15


def test_what_gets_covered_is_unsure():
    forward, backward = motions(*covered(), "cpu")
    assert np.median(forward.sure[34:62, 77:81]) < 0.3
    assert np.median(backward.sure[34:62, 41:45]) < 0.3
    assert np.median(forward.sure[34:62, 46:70]) > 0.9


def test_what_is_no_number_counts_as_black_and_what_is_infinite_as_the_largest_half():
    scene = texture()
    spoiled, said = ([scene(), scene(2.0, 0.0)] for _ in range(2))
    spoiled[0][40:42, 60:62], said[0][40:42, 60:62] = np.nan, 0
    spoiled[1][10, 10], said[1][10, 10] = np.inf, 65504
    found = motions(*spoiled, "cpu")
    for one, other in zip(found, motions(*said, "cpu"), strict=True):
        np.testing.assert_allclose(one.flow, other.flow, atol=1e-3)
    assert off(found[0].flow, 2.0, 0.0) < 0.2


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 2, 3), (2, 40, 3), (11, 13, 3)])
def test_frames_of_a_few_pixels(shape):
    first = np.random.default_rng(2).random(shape).astype(np.float32)
    for motion in motions(first, first, "cpu"):
        assert motion.flow.shape == (*shape[:2], 2)
        assert np.abs(motion.flow).max() < 0.5
        assert motion.sure.shape == shape[:2]


@pytest.mark.parametrize("size", [(96, 128), (91, 121)])
def test_a_large_frame_is_searched_at_half_the_size(size, monkeypatch):
    scene = texture(*size)
    whole, _ = motions(scene(), scene(3.3, -1.7), "cpu")
    monkeypatch.setattr(torch_flow, "LARGE", 90 * 120)
    forward, backward = motions(scene(), scene(3.3, -1.7), "cpu")
    assert off(forward.flow, 3.3, -1.7) < 0.2
    assert off(backward.flow, -3.3, 1.7) < 0.2
    assert not np.array_equal(forward.flow, whole.flow)


def test_refining_mends_a_flow_and_leaves_a_true_one():
    scene = texture()
    one, other = (torch.from_numpy(scene(dx)[None, None, ..., 0] * 255) for dx in (0.0, 1.5))
    truth = torch.zeros(1, 2, 96, 128)
    truth[:, 0] = 1.5
    noise = torch.from_numpy(np.random.default_rng(0).normal(0, 0.3, truth.shape)).float()
    mended = torch_refine.refined(one, other, truth + noise) - truth
    kept = torch_refine.refined(one, other, truth) - truth
    assert mended[..., 8:-8, 8:-8].abs().mean() < 0.25 * noise.abs().mean()
    assert kept[..., 8:-8, 8:-8].abs().max() < 0.05
    flat = torch.full_like(one, 90)
    torch.testing.assert_close(torch_refine.refined(flat, flat, truth), truth)  # to the rim


@pytest.mark.parametrize(
    ("how", "there"),
    [
        (cv2.INTER_LINEAR, "bilinear"),
        (cv2.INTER_CUBIC, "bicubic"),
        (cv2.INTER_NEAREST, "nearest"),
    ],
)
@pytest.mark.parametrize("channels", [2, 3])
def test_looking_up_is_opencvs(how, there, channels):
    rng = np.random.default_rng(0)
    picture = rng.random((30, 41, channels), np.float32)
    flow = rng.normal(0, 6, (30, 41, 2)).astype(np.float32)
    found = downloaded(pulled_there(uploaded(picture, "cpu"), uploaded(flow, "cpu"), there))
    np.testing.assert_allclose(found, pulled(picture, flow, how), atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 1), (3, 50), (40, 60)])
def test_blurring_is_opencvs(shape):
    picture = np.random.default_rng(0).random(shape, np.float32)
    found = downloaded(blurred(uploaded(picture, "cpu"), 4.0))
    np.testing.assert_allclose(
        found.reshape(shape), cv2.GaussianBlur(picture, (0, 0), 4), atol=1e-5
    )


def test_there_and_back_agree_as_on_the_cpu():
    rng = np.random.default_rng(0)
    there, back = (
        cv2.GaussianBlur(rng.normal(0, 9, (30, 40, 2)), (0, 0), 4).astype(np.float32)
        + np.float32(way)
        for way in ((3, 1), (-3, -1))
    )
    found = downloaded(torch_flow.agreement(uploaded(there, "cpu"), uploaded(back, "cpu")))
    np.testing.assert_allclose(found, agreement(there, back), atol=1e-5)
    assert found.min() == 0
    assert 0.2 < found.mean() < 0.9


def test_frames_of_two_sizes_are_refused():
    with pytest.raises(ValueError, match=r"\(4, 5, 3\) and \(5, 4, 3\)"):
        motions(np.zeros((4, 5, 3), np.float32), np.zeros((5, 4, 3), np.float32), "cpu")


@pytest.mark.gpu
def test_a_gpu_finds_what_the_cpu_device_finds():
    first, second = wall(1, 320, 240), wall(1, 326, 240)[:, 6:]
    here, there = (motions(first, second, device)[0] for device in ("cpu", "cuda:0"))
    assert np.quantile(away(here.flow, there.flow), 0.99) < 0.02
    np.testing.assert_array_equal(motions(first, second, "cuda:0")[0].flow, there.flow)
