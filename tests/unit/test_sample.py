"""The sample shots: the files are what truth.json says, and truth.json is honest."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

SAMPLE = Path(__file__).parents[2] / "resources" / "sample"
TRUTH = json.loads((SAMPLE / "truth.json").read_text())
FIRST, LAST = TRUTH["frames"]
CAMERA = TRUTH["shot_b"]


def path(shot: str, frame: int) -> Path:
    return SAMPLE / TRUTH[shot]["files"].replace("####", f"{frame:04d}")


def load(shot: str, frame: int) -> tuple[oiio.ImageSpec, np.ndarray]:
    file = oiio.ImageInput.open(str(path(shot, frame)))
    assert file is not None, oiio.geterror()
    pixels = file.read_image(oiio.FLOAT)
    assert pixels is not None, file.geterror()
    return file.spec(), pixels


def undone(pixels: np.ndarray) -> np.ndarray:
    """truth.json's own formula."""
    return (pixels - np.float32(CAMERA["black"])) / np.float32(CAMERA["gain"])


def sigma(truth: np.ndarray) -> np.ndarray:
    """Noise of shot B, brought back with it, as truth.json describes it."""
    gain, noise = np.float32(CAMERA["gain"]), TRUTH["noise"]
    signal = gain * truth + np.float32(CAMERA["black"])
    return np.sqrt(noise["read"] ** 2 + noise["photon"] * np.maximum(signal, 0)) / gain


EVERY_FILE = [
    *((shot, frame) for shot in ("hero", "shot_b") for frame in range(FIRST, LAST + 1)),
    *(("truth", frame) for frame in TRUTH["truth"]["frames"]),
]


@pytest.mark.parametrize(("shot", "frame"), EVERY_FILE)
def test_file_is_what_the_architecture_asks_of_an_exr(shot: str, frame: int) -> None:
    spec, pixels = load(shot, frame)
    assert [spec.width, spec.height] == TRUTH["resolution"]
    assert spec.channelnames == ("R", "G", "B")
    assert spec.format == oiio.HALF
    assert spec["compression"] == "zips"
    assert spec["colorInteropID"] == TRUTH["colour_interop_id"] == "lin_ap1_scene"
    assert spec["chromaticities"] == pytest.approx(
        (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)
    )
    assert spec["FramesPerSecond"] == (TRUTH["frames_per_second"], 1)
    assert "DateTime" not in [each.name for each in spec.extra_attribs]
    start = "10:00:00" if shot == "hero" else "10:04:12"
    assert spec.get_string_attribute("smpte:TimeCode") == f"{start}:{frame - FIRST:02d}"
    assert np.isfinite(pixels).all()


def test_no_file_is_missing_or_left_over() -> None:
    assert {path(*each) for each in EVERY_FILE} == set(SAMPLE.rglob("*.exr"))
    assert LAST - FIRST >= 4
    assert {FIRST, LAST} <= set(TRUTH["truth"]["frames"])


def test_it_is_small_and_free() -> None:
    size = sum(each.stat().st_size for each in SAMPLE.rglob("*") if each.is_file())
    assert size < 10_000_000
    assert "SPDX-License-Identifier: CC0-1.0" in (SAMPLE / "LICENSE").read_text()
    assert re.search(r"^## Licence\n\n.*CC0 1\.0", (SAMPLE / "README.md").read_text(), re.M)


def test_pictures_hold_a_scene_and_not_only_a_display() -> None:
    _, hero = load("hero", FIRST)
    assert hero.max() > 4
    assert hero.min() < 0
    assert 0.05 < np.median(hero) < 0.3
    assert (hero.max(-1) > 1).mean() < 0.15
    assert np.percentile(hero, 1) < 0.02


def test_gain_is_exposure_times_white_and_white_is_bluer() -> None:
    white, gain = np.array(CAMERA["white_gain"]), np.array(CAMERA["gain"])
    assert gain == pytest.approx(white * 2 ** CAMERA["exposure_stops"], abs=2e-6)
    assert white[0] < white[1] < white[2]
    assert -25 <= CAMERA["mired"] <= -18
    luminance_of_acescg = (0.2722287, 0.6740818, 0.0536895)
    assert white @ luminance_of_acescg == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("frame", TRUTH["truth"]["frames"])
def test_undoing_the_difference_leaves_only_the_noise_that_is_stated(frame: int) -> None:
    _, shot_b = load("shot_b", frame)
    _, truth = load("truth", frame)
    left = (undone(shot_b) - truth) / sigma(truth)
    # Unit noise over n pixels has a mean within 5 / sqrt(n) of 0; half precision adds a little.
    plain = truth < 0.5
    for channel in range(3):
        noise = left[..., channel][plain[..., channel]]
        assert abs(noise.mean()) < 5 / np.sqrt(noise.size)
        assert noise.std() == pytest.approx(1, abs=0.02)
    assert np.abs(left).max() < 6


@pytest.mark.parametrize("name", ["gain", "black"])
@pytest.mark.parametrize("channel", [0, 1, 2])
def test_a_wrong_number_in_the_truth_would_be_seen(name: str, channel: int) -> None:
    wrong = {"gain": 1.002, "black": 1.05}[name]
    camera = {each: np.float32(CAMERA[each]) for each in ("gain", "black")}
    camera[name][channel] *= wrong
    _, shot_b = load("shot_b", FIRST)
    _, truth = load("truth", FIRST)
    left = ((shot_b - camera["black"]) / camera["gain"] - truth) / sigma(truth)
    noise = left[..., channel][truth[..., channel] < 0.5]
    assert abs(noise.mean()) > 5 / np.sqrt(noise.size)


@pytest.mark.parametrize("shot", ["hero", "shot_b"])
def test_noise_is_new_in_every_frame(shot: str) -> None:
    _, first = load(shot, FIRST)
    _, second = load(shot, FIRST + 1)
    assert (first != second).mean() > 0.9


def test_the_moved_prop_is_told() -> None:
    moved = TRUTH["prop_moved"]
    assert "cup" in moved["what"]
    distance = np.linalg.norm(np.subtract(moved["hero_metres"], moved["shot_b_metres"]))
    assert 0.2 < distance < 0.6
