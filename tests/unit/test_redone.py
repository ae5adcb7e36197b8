"""A frame with another picture: what is put in, and that all else stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pictures import save

from answerprint.frames import colour
from answerprint.frames.clip import open_clip
from answerprint.frames.layers import Decoded, Layers
from answerprint.frames.redone import own, redone

SIZE = (6, 9)


def decoded(
    folder: Path, space: str = "ACEScg"
) -> tuple[Decoded, tuple[int, tuple[int, int, int]]]:
    """A frame of half R, G, B beside a float Z."""
    pixels = np.random.default_rng(2).uniform(0, 1, (*SIZE, 4)).astype(np.float32)
    kinds, names = ("half", "half", "half", "float"), ("R", "G", "B", "Z")
    save(folder / "p.1001.exr", pixels, kind=kinds, channels=names)
    with open_clip(str(folder / "p.%04d.exr"), colourspace=space) as clip:
        layers = Layers(clip)
        return layers.frame(1001), layers.picture(1001)


@pytest.mark.parametrize("space", ["ACEScg", "ACES2065-1"])
def test_light_is_written_in_the_frames_space_and_the_rest_stays(
    tmp_path: Path, space: str
) -> None:
    frame, picture = decoded(tmp_path, space)
    light = np.random.default_rng(3).uniform(-0.1, 60, (*SIZE, 3)).astype(np.float32)
    alpha = np.linspace(0, 1, 54, dtype=np.float32).reshape(SIZE)
    parts, layers = redone(frame, picture, light, {"A": alpha, "foreground": 2 * light})
    part, made = parts[picture[0]], layers[picture[0]]
    at = {name: made[..., n] for n, name in enumerate(part.channels)}
    assert set(at) == {"R", "G", "B", "Z", "A", *(f"foreground.{c}" for c in "RGB")}
    was = frame.layers[picture[0]][..., frame.parts[picture[0]].channels.index("Z")]
    assert np.array_equal(at["Z"], was)
    assert np.array_equal(at["A"], alpha)
    back = colour.to_acescg(np.stack([at[c] for c in "RGB"], -1).astype(np.float32), frame.space)
    np.testing.assert_allclose(back, light, rtol=1e-4, atol=1e-4)
    double = np.stack([at[f"foreground.{c}"] for c in "RGB"], -1).astype(np.float32)
    np.testing.assert_allclose(
        colour.to_acescg(double, frame.space), 2 * light, rtol=1e-4, atol=1e-4
    )
    kinds = dict(zip(part.channels, part.types, strict=True))
    assert kinds["Z"] == "float"
    assert {kinds[n] for n in at if n != "Z"} == {"half"}


def test_a_channel_that_is_there_is_replaced(tmp_path: Path) -> None:
    frame, picture = decoded(tmp_path)
    flat = np.full(SIZE, 0.5, np.float32)
    parts, layers = redone(frame, picture, np.zeros((*SIZE, 3), np.float32), {"Z": flat})
    part = parts[picture[0]]
    assert part.channels == frame.parts[picture[0]].channels
    assert np.array_equal(layers[picture[0]][..., part.channels.index("Z")], flat)


def test_light_has_three_names_and_a_plane_its_own(tmp_path: Path) -> None:
    frame, _ = decoded(tmp_path)
    named = own(frame, {"screen": np.ones((*SIZE, 3), np.float32), "mask.Y": np.zeros(SIZE)})
    assert list(named) == ["screen.R", "screen.G", "screen.B", "mask.Y"]
    assert all(plane.shape == SIZE for plane in named.values())
