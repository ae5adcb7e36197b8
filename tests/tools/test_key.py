"""`answerprint key`, on plates whose matte, foreground and screen are known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest
from drifting import load, write

from answerprint.errors import BadInput
from answerprint.events import Events
from answerprint.nets.screens import Colour, Look, Screened, screened
from answerprint.worker import jobs
from answerprint.worker.jobs import Outcome
from answerprint.worker.order import Order, Source

SIZE = (108, 192)
LOOK = Look(hair=150, noise=0.002)
CENTRE = np.s_[95:105, 90:100]
"""Within the figure of seed 5."""


def plates(folder: Path, look: Look = LOOK, numbers: Iterable[int] = (1001,)) -> str:
    folder.mkdir()
    for number in numbers:
        write(folder, number, made(look, number).plate, kind="float")
    return str(folder / "p.%04d.exr")


def made(look: Look = LOOK, number: int = 1001) -> Screened:
    return screened(5, SIZE, look, number)


def still(folder: Path, pixels: np.ndarray, channels: tuple[str, ...] = ("R", "G", "B")) -> str:
    folder.mkdir()
    return str(write(folder, 1, pixels, channels, kind="float"))


def run(source: str, out: Path, part: str = "", given: Any = None, **params: Any) -> Outcome:
    inputs = {"source": Source(source, "ACEScg")}
    inputs |= {name: Source(path, "ACEScg") for name, path in (given or {}).items()}
    order = Order("key", inputs, out, params, part=part, page=False, device="cpu")
    return jobs.run(order, Events())


def refused(source: str, out: Path, given: Any = None, **params: Any) -> BadInput:
    with pytest.raises(BadInput) as found:
        run(source, out, given=given, **params)
    assert found.value.hint
    assert not list(out.glob("*.exr"))
    return found.value


def result(out: Path, number: int = 1001, what: str = "key") -> dict[str, np.ndarray]:
    """Channel -> (H, W) of a frame."""
    path = out / f"{what}.{number:04d}.exr"
    names = oiio.ImageBuf(str(path)).spec().channelnames
    pixels = load(path)
    return {name: pixels[..., at] for at, name in enumerate(names)}


def rgb(channels: dict[str, np.ndarray], layer: str = "") -> np.ndarray:
    return np.stack([channels[f"{layer}{c}"] for c in "RGB"], axis=-1)


# --- the matte -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("colour", "off"),
    [("green", 0.01), ("blue", 0.01), ("red", 0.01), ("led", 0.02), ("grey", 0.04)],
)
def test_a_screen_of_any_colour_is_found(tmp_path: Path, colour: Colour, off: float) -> None:
    look = replace(LOOK, colour=colour)
    done = run(plates(tmp_path / "in", look), tmp_path / "out")
    truth = made(look)
    lit = truth.screen.mean(axis=(0, 1))
    np.testing.assert_allclose(done.report["screen"]["colour"], lit, rtol=0.2)
    alpha = result(tmp_path / "out")["A"]
    assert np.abs(alpha - truth.alpha).mean() < off


@pytest.mark.parametrize("paint", [(2.6, 1.3, 2.2), (0.3, 0.5, 0.3), (1.0, 1.0, 3.4)])
def test_a_screen_of_a_colour_of_its_own_is_empty(
    tmp_path: Path, paint: tuple[float, float, float]
) -> None:
    truth = made()
    cover = truth.alpha[..., None]
    plate = truth.plate + (np.array(paint) - 1) * truth.screen * (1 - cover)
    run(still(tmp_path / "in", plate.astype(np.float32)), tmp_path / "out")
    alpha = result(tmp_path / "out", 1)["A"]
    assert alpha[truth.alpha < 0.001].mean() < 0.02
    assert alpha[truth.alpha > 0.999].mean() > 0.95


def test_over_its_own_screen_it_is_the_plate(tmp_path: Path) -> None:
    look = replace(LOOK, blur=6, smoke=0.4, markers=3, highlight=64)
    run(plates(tmp_path / "in", look), tmp_path / "out")
    key, qc = result(tmp_path / "out"), result(tmp_path / "out", what="key_qc")
    again = rgb(key) + rgb(qc, "screen.") * (1 - key["A"][..., None])
    plate = made(look).plate
    np.testing.assert_allclose(again, plate, rtol=0.005, atol=0.001)


def test_light_is_unbounded_and_whole_where_the_matte_is_solid(tmp_path: Path) -> None:
    plate = made().plate.copy()
    plate[CENTRE] = 0.3
    plate[97:99, 92:95] = (64, 50, 40)
    plate[101:103, 92:95] = -0.05
    core = np.zeros((*SIZE, 1), np.float32)
    core[CENTRE] = 1
    given = {"core": still(tmp_path / "core", core, ("Y",))}
    run(still(tmp_path / "in", plate), tmp_path / "out", given=given)
    key = result(tmp_path / "out", 1)
    assert (key["A"][CENTRE] == 1).all()
    np.testing.assert_allclose(rgb(key)[CENTRE], plate[CENTRE], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(rgb(key, "foreground.")[CENTRE], plate[CENTRE], rtol=1e-5, atol=1e-5)


def test_the_foreground_is_straight_and_the_picture_premultiplied(tmp_path: Path) -> None:
    look = replace(LOOK, noise=0.0, spill=0.0, highlight=0.1, focus=2.0)
    run(plates(tmp_path / "in", look), tmp_path / "out")
    key, truth = result(tmp_path / "out"), made(look)
    straight = rgb(key, "foreground.")
    np.testing.assert_allclose(rgb(key), straight * key["A"][..., None], rtol=1e-4, atol=1e-4)
    part = (truth.alpha > 0.3) & (truth.alpha < 0.7)
    off = np.abs(straight - truth.foreground)[part].mean()
    plate_off = np.abs(truth.plate - truth.foreground)[part].mean()
    assert off < 0.6 * plate_off  # soft pixels have lost the screen's light


def test_garbage_is_gone_and_the_core_is_solid(tmp_path: Path) -> None:
    garbage, core = np.zeros((*SIZE, 1), np.float32), np.zeros((*SIZE, 1), np.float32)
    garbage[:, 80:100] = 1
    core[:20, :20] = 1
    given = {
        "garbage": still(tmp_path / "garbage", garbage, ("Y",)),
        "core": still(tmp_path / "core", np.dstack([0 * core] * 3 + [core]), ("R", "G", "B", "A")),
    }
    run(plates(tmp_path / "in"), tmp_path / "out", given=given)
    alpha = result(tmp_path / "out")["A"]
    assert (alpha[:, 80:100] == 0).all()
    assert (alpha[:20, :20] == 1).all()
    assert alpha[100, 105] > 0.9  # the figure beside it stays


def test_a_clean_plate_tells_the_set_from_the_figure(tmp_path: Path) -> None:
    truth = made()
    flat = np.where(np.arange(SIZE[1]) % 24 < 8, 0.4, 1.0)[:, None]  # darker boards before it
    screen = truth.screen * flat
    plate = truth.plate + (screen - truth.screen) * (1 - truth.alpha[..., None])
    given = {"clean_plate": still(tmp_path / "clean", (screen * 1.1).astype(np.float32))}
    source = still(tmp_path / "in", plate.astype(np.float32))
    assert refused(source, tmp_path / "without").title.startswith("No screen is seen")
    run(source, tmp_path / "with", given=given)
    assert np.abs(result(tmp_path / "with", 1)["A"] - truth.alpha).mean() < 0.01


def test_shadows_on_the_screen_are_kept_apart(tmp_path: Path) -> None:
    look = replace(LOOK, shadow=0.4, wrinkles=0.0)
    run(plates(tmp_path / "in", look), tmp_path / "out", shadows=True)
    lost = result(tmp_path / "out")["shadow.A"]
    truth = 1 - made(look).screen.sum(-1) / made(replace(look, shadow=0.0)).screen.sum(-1)
    seen = made(look).alpha < 0.01
    assert truth[seen].max() > 0.3
    assert np.abs(lost - truth)[seen].mean() < 0.02
    assert np.abs(lost - truth)[seen & (truth > 0.15)].mean() < 0.08


def test_spill_is_left_or_taken_off(tmp_path: Path) -> None:
    look = replace(LOOK, spill=0.25)
    source = plates(tmp_path / "in", look)
    run(source, tmp_path / "left")
    run(source, tmp_path / "off", despill=1.0)
    solid = made(look).alpha > 0.999
    left, off = (rgb(result(tmp_path / name))[solid] for name in ("left", "off"))
    assert np.abs(left - made(look).plate[solid]).mean() < 0.03
    excess = [v[:, 1] - np.maximum(v[:, 0], v[:, 2]) for v in (left, off)]
    assert (excess[0] > 0.01).any()
    assert excess[1].max() < 1e-3


# --- what stands beside it -------------------------------------------------------------------


def test_other_channels_stay(tmp_path: Path) -> None:
    depth = np.linspace(1, 5000, SIZE[0] * SIZE[1], dtype=np.float32).reshape(*SIZE, 1)
    pixels = np.dstack([made().plate, depth])
    run(still(tmp_path / "in", pixels, ("R", "G", "B", "Z")), tmp_path / "out")
    assert np.array_equal(result(tmp_path / "out", 1)["Z"], depth[..., 0])


def test_confidence_is_high_where_nothing_is_doubtful(tmp_path: Path) -> None:
    run(plates(tmp_path / "in"), tmp_path / "out")
    sure = result(tmp_path / "out", what="key_qc")["confidence.Y"]
    truth = made().alpha
    soft = (truth > 0.1) & (truth < 0.9)
    assert sure.min() >= 0
    assert sure.max() <= 1
    assert sure[truth < 0.001].mean() > 0.9
    assert sure[soft].mean() < 0.9 * sure[truth < 0.001].mean()


def test_a_frame_is_the_same_in_every_chunk_and_the_report_names_the_worst(tmp_path: Path) -> None:
    source = plates(tmp_path / "in", numbers=range(1001, 1004))
    done = run(source, tmp_path / "whole")
    run(source, tmp_path / "one", part="1003")
    for what in ("key", "key_qc"):
        one, whole = (result(tmp_path / name, 1003, what) for name in ("one", "whole"))
        assert all(np.array_equal(one[name], whole[name]) for name in whole)
    told = done.report["frames"]["made_anew"]
    worst = max(told, key=lambda number: told[number]["doubt"])
    assert done.report["doubtful"] == [{"frame": int(worst), "doubt": told[worst]["doubt"]}]


def test_the_recipe_names_the_weights(tmp_path: Path) -> None:
    run(plates(tmp_path / "in"), tmp_path / "out")
    recipe = json.loads((tmp_path / "out" / "recipe.json").read_text())
    stored = (resources.files("answerprint_models") / "key" / "weights.safetensors").read_bytes()
    assert recipe["models"] == {"key": hashlib.sha256(stored).hexdigest()}


# --- what is refused -------------------------------------------------------------------------


def test_a_picture_without_a_screen_is_refused(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    patches = np.exp(random.normal(-1.5, 0.8, (9, 16, 3)))
    light = np.kron(patches, np.ones((12, 12, 1))).astype(np.float32)
    said = refused(still(tmp_path / "in", light), tmp_path / "out")
    assert said.title.startswith("No screen is seen in p")


def test_a_screen_of_another_colour_than_named_is_refused(tmp_path: Path) -> None:
    said = refused(plates(tmp_path / "in"), tmp_path / "out", screen="red")
    assert said.title.startswith("No red screen is seen in p")


@pytest.mark.parametrize("name", ["garbage", "core", "clean_plate"])
def test_what_is_of_another_size_is_refused(tmp_path: Path, name: str) -> None:
    given = {name: still(tmp_path / "given", np.zeros((50, 60, 3), np.float32))}
    said = refused(plates(tmp_path / "in"), tmp_path / "out", given)
    assert "is 60 x 50, the plate p is 192 x 108" in said.title


def test_a_clean_plate_of_another_place_is_refused(tmp_path: Path) -> None:
    other = made(replace(LOOK, colour="red")).screen
    given = {"clean_plate": still(tmp_path / "clean", other)}
    said = refused(plates(tmp_path / "in"), tmp_path / "out", given)
    assert "shows another place" in said.title


def test_despill_of_a_grey_screen_is_refused(tmp_path: Path) -> None:
    source = plates(tmp_path / "in", replace(LOOK, colour="grey"))
    said = refused(source, tmp_path / "out", despill=1.0)
    assert "nearly grey" in said.title
