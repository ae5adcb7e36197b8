"""Frames between frames made in torch: those of `between.py`, and the truth."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from answerprint.errors import OutOfMemory
from answerprint.vision import torch_between, torch_flow
from answerprint.vision.between import middle
from answerprint.vision.flow import Motion, agreement, motions
from tests.unit.moving import wall
from tests.unit.test_between import psnr
from tests.unit.test_flow import covered, texture
from tests.unit.test_torch_flow import turned

DEVICE = "cpu:0"
"""The CPU, by a name that only torch knows: what is not 'cpu' is done in torch."""


def lit(first, second, t=0.5):
    return middle(first, second, t, device=DEVICE).light(first, second)


@pytest.mark.parametrize("t", [0.5, 0.25])
def test_of_the_same_motion_it_is_the_same_frame(t):
    there, back = turned(96, 128, 1, 1.05), turned(96, 128, -1, 1 / 1.05)
    known = Motion(there, agreement(there, back)), Motion(back, agreement(back, there))
    first, second = texture()() * 4 - 0.05, wall(1, 128, 96)
    one, other = (middle(first, second, t, known, device=d) for d in ("cpu", DEVICE))
    for name in ("to_first", "to_second", "weight", "sure"):
        apart = np.abs(getattr(one, name) - getattr(other, name))
        assert np.mean(apart > 1.5e-3) < 0.01  # two ways of equal shares
    for here, torchs in zip(one.shares, other.shares, strict=True):
        np.testing.assert_allclose(here, torchs, atol=1e-3)
    for here, torchs in zip(one.ways, other.ways, strict=True):
        for flow, torch_flows in ((here.past, torchs.past), (here.coming, torchs.coming)):
            np.testing.assert_allclose(flow, torch_flows, atol=1.5e-3)  # OpenCV: 1/32 px
    light = one.light(first, second)
    np.testing.assert_allclose(other.light(first, second), light, atol=1e-3)
    assert np.abs(light - first).mean() > 0.1


def test_a_middle_is_mixed_alike_on_every_device():
    first, second = (frame * 100 - 8 for frame in covered())  # below -1 and over 1
    here = middle(first, second, 0.25)
    for known in (here, replace(here, seen=())):  # sides by each way, or the same for all
        there = replace(known, device=DEVICE)
        np.testing.assert_allclose(
            there.light(first, second), known.light(first, second), rtol=1e-4, atol=1e-3
        )


def test_the_ways_of_the_best_quality_are_mixed_there_too():
    first, second = covered()
    known = motions(first, second, "best")
    here, there = (middle(first, second, 0.5, known, "best", d) for d in ("cpu", DEVICE))
    assert len(there.ways) > 3
    np.testing.assert_allclose(there.light(first, second), here.light(first, second), atol=1e-3)


@pytest.mark.parametrize("t", [0.5, 0.25])
def test_a_shift_goes_its_part_of_the_way(t):
    scene = texture()
    first, second, truth = scene(), scene(4.0, -2.8), scene(4.0 * t, -2.8 * t)
    assert psnr(lit(first, second, t), truth) > 45
    assert psnr(first, truth) < 30


def test_a_lamp_keeps_its_energy_and_has_no_dark_halo():
    y, x = np.mgrid[:96, :128].astype(np.float32)

    def lamp(dx):
        cover = np.clip(9.5 - np.hypot(x - 50 - dx, y - 48), 0, 1)[..., None]
        return np.float32(0.02) + np.repeat(cover * np.float32(49.98), 3, -1)

    first, second, truth = lamp(0.0), lamp(7.0), lamp(3.5)
    light = lit(first, second)
    assert abs(light.sum() / truth.sum() - 1) < 0.02
    assert light.min() > 0.0199
    assert light.max() < 50.01


def test_light_is_not_bounded():
    scene = texture()
    first, second, truth = (scene(dx) * 100 - 2 for dx in (0.0, 2.0, 1.0))
    light, truth = lit(first, second)[12:-12, 12:-12], truth[12:-12, 12:-12]
    assert light.max() > 70
    assert light.min() < -0.9
    np.testing.assert_allclose(light, truth, atol=0.03 * 80)


def test_what_is_no_number_counts_as_black_and_what_is_infinite_as_the_largest_half():
    scene = texture()
    spoiled, said = ([scene(), scene(2.0)] for _ in range(2))
    spoiled[0][40:42, 60:62], said[0][40:42, 60:62] = np.nan, 0
    spoiled[1][10, 10], said[1][10, 10] = -np.inf, -65504
    np.testing.assert_allclose(lit(*spoiled), lit(*said), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 2, 3), (3, 50, 3)])
def test_frames_of_a_few_pixels(shape):
    first = np.random.default_rng(2).random(shape).astype(np.float32)
    np.testing.assert_allclose(lit(first, first), first, atol=2e-3)


def test_what_is_not_for_the_cpu_is_done_in_torch():
    scene = texture()
    first, second = scene(), scene(4.0, 1.0)
    found, there = motions(first, second, device=DEVICE), torch_flow.motions(first, second, "cpu")
    np.testing.assert_array_equal(found[0].flow, there[0].flow)
    np.testing.assert_array_equal(found[1].sure, there[1].sure)
    assert not np.array_equal(found[0].flow, motions(first, second)[0].flow)
    here = middle(first, second, 0.5, found, device=DEVICE)
    np.testing.assert_array_equal(
        here.light(first, second), torch_between.light(here, first, second)
    )
    assert here.device == DEVICE


def test_a_device_without_memory_is_told_in_words(monkeypatch):
    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    scene = texture()
    first, second = scene(), scene(4.0)
    found = middle(first, second, 0.5, device=DEVICE)
    for module in (torch_flow, torch_between):
        monkeypatch.setattr(module, "uploaded", full)
    for work in (
        lambda: motions(first, second, device=DEVICE),
        lambda: middle(first, second, 0.5, motions(first, second), device=DEVICE),
        lambda: found.light(first, second),
    ):
        with pytest.raises(OutOfMemory, match=r"^cpu:0 has not enough memory") as told:
            work()
        assert "ANSWERPRINT_DEVICE=cpu" in told.value.hint


@pytest.mark.gpu
def test_a_gpu_makes_what_the_cpu_makes():
    first, second = covered()
    known = motions(first, second)
    here, there, again = (
        middle(first, second, 0.5, known, device=d).light(first, second)
        for d in ("cpu", "cuda:0", "cuda:0")
    )
    np.testing.assert_allclose(there, here, atol=1e-3)
    np.testing.assert_array_equal(there, again)
