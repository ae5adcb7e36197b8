"""The noise curve against grain that was put there: its size, its light, its texture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from moving import grainy, wall

from answerprint.vision.noise import Noise

LEVELS = (0.02, 0.6)


def places(picture, side=128):
    """A picture as close-ups."""
    height, width = (n // side for n in picture.shape[:2])
    cut = picture[: height * side, : width * side].reshape(height, side, width, side, 3)
    return np.ascontiguousarray(cut.swapaxes(1, 2)).reshape(-1, side, side, 3)


def ramp(textured=False):
    light = np.geomspace(*LEVELS, 768, dtype=np.float32)[None, :, None]
    base = np.repeat(np.repeat(light, 512, 0), 3, 2)
    if textured:  # pattern on the upper half
        base[:256] *= np.clip(wall(5, 768, 256), 0.02, 1) / 0.15
    return base


def sigma_of(base):
    """A camera's: a floor, shot noise, and gain, in variance."""
    return np.sqrt(1e-6 + 4e-5 * base + 1e-4 * base**2)


def curve(told, channel, light):
    k = told["channels"][channel]
    return np.sqrt(k["a"] * light + k["b"] + k["c"] * light**2)


@pytest.mark.parametrize("blur", [0.0, 0.8])
@pytest.mark.parametrize("textured", [False, True])
def test_single_frames_tell_sigma_within_a_tenth(blur, textured):
    base = ramp(textured)
    noise = Noise(coded=False)
    noise.see(1, places(grainy(base, sigma_of(base), blur, np.random.default_rng(1))))
    told = noise.told()
    close = 0.1 if textured else 0.035
    assert told["at_grey"] == pytest.approx(float(sigma_of(np.float64(0.18))), rel=close)
    for channel in range(3):
        for light in (0.04, 0.18, 0.4):
            assert curve(told, channel, light) == pytest.approx(float(sigma_of(light)), rel=0.12)
    assert told["size"] == pytest.approx(blur, abs=0.3 if textured else 0.1)


@pytest.mark.parametrize("blur", [0.0, 0.8])
@pytest.mark.parametrize("speed", [0.0, 2.0, 0.5])
def test_following_frames_tell_sigma_where_all_is_textured(blur, speed):
    """Patches everywhere, the camera panning by whole and by half pixels."""
    random = np.random.default_rng(2)
    whole = cv2.GaussianBlur(wall(6, 800, 512), (0, 0), 1.5)
    noise = Noise(coded=False)
    for at in range(4):
        move = np.float32([[1, 0, -speed * at - 2], [0, 1, 0]])
        base = cv2.warpAffine(whole, move, (768, 512), flags=cv2.INTER_CUBIC)
        noise.see(at, places(grainy(base, sigma_of(base), blur, random)))
    told = noise.told()
    assert "following" in told["how"]
    assert told["at_grey"] == pytest.approx(float(sigma_of(np.float64(0.18))), rel=0.1)


def test_the_stated_uncertainty_is_that_of_measuring_again():
    base = ramp()
    seen, stated = [], []
    for seed in range(8):
        noise = Noise(coded=True)
        noise.see(1, places(grainy(base, 0.01, 0.8, np.random.default_rng(seed))))
        told = noise.told()
        seen.append(told["value"])
        stated.append(told["uncertainty"])
    off = np.sqrt(np.mean((np.array(seen) - 0.01) ** 2))
    assert off < 2 * np.mean(stated)
    assert np.mean(stated) < 0.1 * 0.01


def test_clipped_places_and_copied_frames_have_no_say():
    base = ramp()
    picture = np.minimum(grainy(base, 0.01, 0, np.random.default_rng(4)), 0.4)
    noise = Noise(coded=False)
    noise.see(1, places(picture))
    noise.see(2, places(picture))
    told = noise.told()
    assert "single" in told["how"]
    assert told["at_grey"] == pytest.approx(0.01, rel=0.1)
    assert told["range"][1] < 0.4


def test_black_and_damaged_pictures_are_not_known():
    noise = Noise(coded=False)
    noise.see(1, np.zeros((4, 128, 128, 3), np.float32))
    noise.see(2, np.full((4, 128, 128, 3), np.nan, np.float32))
    told = noise.told()
    assert told["value"] is None
    assert told["channels"] is None
    assert told["how"]


def test_a_codec_s_picture_without_any_noise_floor_has_a_curve():
    """Blocks of all kinds and no cluster among them: a number, not a crash."""
    random = np.random.default_rng(5)
    base = ramp()
    kinds = np.kron(random.lognormal(-6, 2.5, (32, 48)), np.ones((16, 16)))[..., None]
    noise = Noise(coded=True)
    noise.see(1, places((base * (1 + kinds * random.standard_normal(base.shape))).astype("f4")))
    told = noise.told()
    assert 1e-5 < told["at_grey"] < 0.05


def test_what_is_no_curve_of_the_light_is_uncertain():
    """A codec smooths one light and leaves the next: darks and brights are clean, greys are not."""
    random = np.random.default_rng(7)
    base = ramp()
    sigma = np.where((base > 0.05) & (base < 0.5), 0.03, 3e-4)
    noise = Noise(coded=True)
    noise.see(1, places((base + sigma * random.standard_normal(base.shape)).astype("f4")))
    told = noise.told()
    assert told["uncertainty"] > 0.4 * told["value"]


def test_texture_all_over_is_not_called_grain():
    random = np.random.default_rng(6)
    base = ramp() * random.lognormal(0, 0.8, (512, 768, 1)).astype(np.float32)
    noise = Noise(coded=True)
    noise.see(1, places(base))
    told = noise.told()
    assert told["value"] is told["channels"] is None
    assert "Texture" in told["how"]


def test_frames_made_from_a_movie_repeat_blocks_that_are_no_calm():
    """An EXR of what a codec left: most blocks of a frame are those of the one before."""
    base = ramp()
    random = np.random.default_rng(4)
    noise = Noise(coded=False)
    frame = grainy(base, sigma_of(base), 0.8, random)
    for number in range(1, 7):
        noise.see(number, places(frame))
        fresh = grainy(base, sigma_of(base), 0.8, random)
        frame = frame.copy()
        frame[:, 64 * number : 64 * number + 128] = fresh[:, 64 * number : 64 * number + 128]
    told = noise.told()
    assert told["at_grey"] == pytest.approx(float(sigma_of(np.float64(0.18))), rel=0.1)
    assert "single frames" in told["how"]
