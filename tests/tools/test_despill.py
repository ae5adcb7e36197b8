"""`answerprint despill`: what has the screen's light loses it, all else stays as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drifting import load, write

from answerprint.errors import BadInput
from answerprint.events import Events
from answerprint.nets.screens import Look, screened
from answerprint.worker import jobs
from answerprint.worker.jobs import Outcome
from answerprint.worker.order import Order, Source

SCREEN = np.array([0.1, 0.34, 0.08], np.float32)
"""Light of the green that is meant where none is seen."""


def run(pixels: np.ndarray, out: Path, kind: str = "float", **params: Any) -> Outcome:
    folder = out.with_name("in")
    folder.mkdir(exist_ok=True)
    write(folder, 1001, pixels, kind=kind)
    source = {"source": Source(str(folder / "p.%04d.exr"), "ACEScg")}
    order = Order("despill", source, out, params, page=False, device="cpu")
    return jobs.run(order, Events())


def result(out: Path) -> np.ndarray:
    return load(out / "despill.1001.exr")


def greys() -> np.ndarray:
    """(20, 40, 3): greys from -0.05 to 64, skin and the opposite of green."""
    light = np.repeat(np.geomspace(0.01, 64, 800).reshape(20, 40, 1), 3, axis=-1)
    light[:4] *= (1.3, 0.8, 0.6)
    light[4:8] *= (1.0, 0.4, 1.1)
    light[8:10] = -0.05
    return light.astype(np.float32)


@pytest.mark.parametrize("kind", ["float", "half"])
def test_what_has_no_spill_is_bit_identical(tmp_path: Path, kind: str) -> None:
    light = greys().astype(np.float16).astype(np.float32)
    run(light, tmp_path / "out", kind, screen="green")
    assert np.array_equal(result(tmp_path / "out"), light)


def test_the_screens_light_on_something_grey_is_gone(tmp_path: Path) -> None:
    light = np.abs(greys())[10:]
    spilled = light + 0.4 * SCREEN
    run(spilled, tmp_path / "out", screen="green")
    made = result(tmp_path / "out")
    assert (made[..., 1] - np.maximum(made[..., 0], made[..., 2])).max() < 1e-4
    np.testing.assert_allclose(made, light, atol=0.02)  # the paint's red is not its blue
    assert made.max() > 60


def test_strength_is_a_share_of_it(tmp_path: Path) -> None:
    spilled = np.abs(greys())[10:] + 0.4 * SCREEN
    run(spilled, tmp_path / "whole", screen="green")
    run(spilled, tmp_path / "half", screen="green", strength=0.5)
    run(spilled, tmp_path / "none", screen="green", strength=0.0)
    whole, half, none = (result(tmp_path / name) for name in ("whole", "half", "none"))
    np.testing.assert_allclose(half, (spilled + whole) / 2, rtol=1e-5, atol=1e-5)
    assert np.array_equal(none, spilled)


def test_average_takes_more_than_max(tmp_path: Path) -> None:
    yellow = np.full((8, 8, 3), (0.5, 0.45, 0.1), np.float32)
    run(yellow, tmp_path / "max", screen="green")
    run(yellow, tmp_path / "average", screen="green", limit="average")
    assert np.array_equal(result(tmp_path / "max"), yellow)
    assert (result(tmp_path / "average") < yellow).all()


def test_the_colour_is_found_in_the_plate(tmp_path: Path) -> None:
    made = screened(5, (90, 160), Look(colour="blue", spill=0.2, hair=0, noise=0.001))
    done = run(made.plate, tmp_path / "out")
    lit = made.screen.mean(axis=(0, 1))
    np.testing.assert_allclose(done.report["screen"]["colour"], lit, rtol=0.1)
    solid = made.alpha > 0.999
    before, after = (
        np.maximum(p[..., 2] - p[..., :2].max(-1), 0)[solid].mean()
        for p in (made.plate, result(tmp_path / "out"))
    )
    assert after < 0.05 * before


def test_a_grey_screen_is_refused(tmp_path: Path) -> None:
    made = screened(5, (90, 160), Look(colour="grey", hair=0, noise=0.001))
    with pytest.raises(BadInput, match="nearly grey") as said:
        run(made.plate, tmp_path / "out")
    assert said.value.hint


def test_without_a_screen_the_colour_has_to_be_named(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    light = np.kron(np.exp(random.normal(-1.5, 0.8, (9, 16, 3))), np.ones((10, 10, 1)))
    with pytest.raises(BadInput, match="No screen is seen") as said:
        run(light.astype(np.float32), tmp_path / "out")
    assert "--screen" in said.value.hint
