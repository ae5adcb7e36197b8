"""The light's values and sharpness: what was done to a picture is what they change by."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest
from moving import pan, wall
from soundstage.room import SIDE, WIDE, render

from answerprint.vision import light
from answerprint.vision.flicker import Flicker
from answerprint.vision.measured import measured
from answerprint.vision.sharpness import PIXEL, Sharpness


@cache
def taken(camera, frame):
    return render(camera, frame).astype(np.float32)


def samples(camera=WIDE, change=lambda rgb: rgb, frames=(0, 2, 4, 6)):
    pictures = {n: change(taken(camera, n)) for n in frames}
    return {n: (rgb, np.isfinite(rgb).all(-1)) for n, rgb in pictures.items()}


def told(change=lambda rgb: rgb, **more):
    return light.of(samples(change=change, **more))


def difference(name, change):
    return told(change)[name]["value"] - told()[name]["value"]


@pytest.mark.parametrize("stops", [-1.0, 0.1, 0.3])
def test_exposure_moves_by_the_stops_it_was_given(stops):
    change = lambda rgb: rgb * np.float32(2.0**stops)  # noqa: E731
    assert difference("exposure", change) == pytest.approx(stops, abs=0.01)
    for name in ("key_fill", "contrast"):
        assert difference(name, change) == pytest.approx(0, abs=0.02)
    assert difference("saturation", change) == pytest.approx(0, abs=0.002)


@pytest.mark.parametrize("mired", [-40.0, 20.0])
def test_white_moves_by_the_mired_it_was_given(mired):
    here = light.chromaticity(167.0)
    gains = light.chromaticity(167.0 + mired) / here
    change = lambda rgb: (rgb * gains).astype(np.float32)  # noqa: E731
    assert difference("white_balance", change) == pytest.approx(mired, rel=0.15)


def test_a_temperature_is_its_own_inverse():
    for mired in (110.0, 167.0, 312.0):
        red, green, blue = light.chromaticity(mired)
        found, duv = light.temperature(np.log2(red / green), np.log2(blue / green))
        assert found == pytest.approx(mired, abs=0.5)
        assert abs(duv) < 1e-4
    greener = light.temperature(-0.1, -0.1)[1] - light.temperature(0.0, 0.0)[1]
    assert greener > 0.001
    assert light.temperature(0.0, 0.0)[0] == pytest.approx(1e6 / 6000, abs=4)  # ACES white, D60


def test_contrast_saturation_black_and_clipping_move_as_they_were_changed():
    assert difference("contrast", lambda rgb: np.maximum(rgb, 1e-6) ** 1.2) == pytest.approx(
        0.2 * told()["contrast"]["value"], rel=0.15
    )
    grey = np.array([0.2722, 0.6741, 0.0537], np.float32)

    def paler(rgb):
        luma = (rgb @ grey)[..., None]
        return (luma + 0.7 * (rgb - luma)).astype(np.float32)

    assert told(paler)["saturation"]["value"] < 0.8 * told()["saturation"]["value"]
    assert difference("black", lambda rgb: rgb + np.float32(0.02)) == pytest.approx(0.02, abs=0.002)
    assert told()["clipped"]["value"] < 0.01
    assert told(lambda rgb: np.minimum(rgb, 0.25))["clipped"]["value"] > 0.1


def test_grain_does_not_move_the_black_level():
    def grainy(rgb):
        noise = np.random.default_rng(1).normal(0, 0.01, rgb.shape)
        return (rgb + noise).astype(np.float32)

    assert abs(difference("black", grainy)) < 0.008


def test_the_side_of_the_key_is_where_the_light_rises_to():
    shape = (270, 480)
    y, x = np.mgrid[: shape[0], : shape[1]] / np.array(shape)[:, None, None]
    pattern = np.exp(np.random.default_rng(0).normal(0, 0.2, shape))
    for rise, angle in (((x - 0.5), 0), ((0.5 - y), 90), (0.5 - x, 180)):
        rgb = (0.18 * 2 ** (3 * rise) * pattern)[..., None].repeat(3, 2).astype(np.float32)
        found = light.of({1: (rgb, np.ones(shape, bool))})["key_side"]
        assert (found["value"] - angle + 180) % 360 == pytest.approx(180, abs=10)
    flat = (0.18 * pattern)[..., None].repeat(3, 2).astype(np.float32)
    assert light.of({1: (flat, np.ones(shape, bool))})["key_side"]["value"] is None


def test_values_of_other_samples_differ_by_what_is_stated():
    """A ball crosses the picture: measured on other frames, values scatter as they say."""
    one, two = told(frames=(0, 2, 4, 6)), told(frames=(1, 3, 5, 7))
    for name in ("exposure", "key_fill", "contrast", "saturation", "black"):
        stated = np.hypot(one[name]["uncertainty"], two[name]["uncertainty"])
        assert abs(one[name]["value"] - two[name]["value"]) < 3 * stated, name
        assert stated < 0.2, name
    side = told(camera=SIDE)["white_balance"]
    apart = abs(side["value"] - one["white_balance"]["value"])
    assert apart < 3 * np.hypot(side["uncertainty"], one["white_balance"]["uncertainty"])


@pytest.mark.parametrize("blur", [0.8, 1.5, 3.0])
def test_sharpness_is_the_blur_and_grain_is_none(blur):
    edges = np.kron(wall(3, 64, 48), np.ones((16, 16, 1))).astype(np.float32)[:768, :1024]
    for grain in (0.0, 0.004):
        blurred = cv2.GaussianBlur(edges, (0, 0), blur)
        noise = np.random.default_rng(2).normal(0, grain, blurred.shape)
        watcher = Sharpness()
        watcher.see((blurred + noise).astype(np.float32)[None])
        assert watcher.told()["value"] == pytest.approx(np.hypot(blur, PIXEL), rel=0.2), grain


def test_a_picture_without_edges_has_no_sharpness():
    watcher = Sharpness()
    watcher.see(np.full((4, 128, 128, 3), 0.18, np.float32))
    assert watcher.told()["value"] is None


@pytest.mark.parametrize("swing", [0.0, 0.05, 0.3])
def test_flicker_is_the_swing_that_was_put_in(swing):
    random = np.random.default_rng(7)
    watcher = Flicker()
    for number, frame in enumerate(pan(48, 4.0)):
        ramp = 0.02 * number  # a slow change is meant
        lit = frame * 2.0 ** (ramp + swing * random.standard_normal())
        watcher.see(number, lit.astype(np.float32), np.ones(frame.shape[:2], bool))
    found = watcher.told()["flicker"]
    assert found["value"] == pytest.approx(swing, rel=0.3, abs=0.01)


def test_a_flash_is_no_flicker():
    watcher = Flicker()
    for number, frame in enumerate(pan(8, 1.0)):
        lit = frame * (3.5 if number == 4 else 1.0)
        watcher.see(number, lit.astype(np.float32), np.ones(frame.shape[:2], bool))
    assert watcher.told()["flicker"]["value"] < 0.02


def test_a_measured_value_is_plain_or_says_why_it_is_not():
    assert measured(1 / 3, 0.1, "stop", "so")["value"] == 0.333333
    assert measured(float("nan"), 0.1, "stop", "why")["value"] is None
    assert measured(float("nan"), 0.1, "stop", "why")["uncertainty"] is None
