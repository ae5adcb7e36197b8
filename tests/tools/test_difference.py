"""Mattes against a clean plate that is off by a pixel and a little light."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio
import pytest

from answerprint.errors import AnswerprintError
from answerprint.events import Events
from answerprint.nets.screens import Look, screened
from answerprint.nets.sets import place
from answerprint.worker import jobs
from answerprint.worker.jobs import Outcome
from answerprint.worker.order import Order, Source

SIZE = (180, 320)
LOOK = Look(spill=0.0, noise=0.0, hair=120, highlight=60.0)
GRAIN = 0.003


def save(path: Path, light: np.ndarray) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = oiio.ImageBuf(oiio.ImageSpec(light.shape[1], light.shape[0], light.shape[2], "half"))
    image.set_pixels(image.roi, np.ascontiguousarray(light, np.float32))
    assert image.write(str(path)), image.geterror()
    return str(path)


def load(path: Path) -> dict[str, np.ndarray]:
    image = oiio.ImageBuf(str(path))
    planes = np.moveaxis(image.get_pixels(oiio.FLOAT), -1, 0)
    return dict(zip(image.spec().channelnames, planes, strict=True))


def shot(folder: Path, shift: tuple[float, float] = (0.9, -0.7), stops: float = 0.06) -> np.ndarray:
    """A figure before a place, and the place from beside; the true alpha."""
    random = np.random.default_rng(3)
    behind = place(3, SIZE)
    made = screened(3, SIZE, LOOK, frame=4)
    cover = made.alpha[..., None]
    move = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    clean = cv2.warpAffine(
        behind, move, SIZE[::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    light = made.foreground * cover + behind * (1 - cover)
    light[:4, :4] = -0.02
    save(folder / "plate.1001.exr", light + GRAIN * random.standard_normal(light.shape))
    clean = clean * 2**stops + GRAIN * random.standard_normal(light.shape)
    save(folder / "clean.exr", clean)
    return made.alpha


def run(folder: Path, align: bool = True, **more: str) -> Outcome:
    inputs = {"source": Source(str(folder / "plate.%04d.exr"), "ACEScg")}
    for name, path in {"clean_plate": str(folder / "clean.exr"), **more}.items():
        inputs[name] = Source(path, "ACEScg")
    return jobs.run(Order("difference", inputs, folder / "out", {"align": align}), Events())


def test_a_plate_off_by_a_pixel_and_some_light_gives_the_matte(tmp_path: Path) -> None:
    truth = shot(tmp_path)
    done = run(tmp_path)
    assert done.status == "done"
    found = load(tmp_path / "out/difference.1001.exr")
    apart = np.abs(found["A"] - truth)
    assert apart.mean() < 0.02
    assert found["A"][truth > 0.99].mean() > 0.94
    assert found["A"][cv2.dilate(truth, np.ones((9, 9))) < 0.01].mean() < 0.01
    row = done.report["clean_plate"][0]
    np.testing.assert_allclose(row["moved"], (0.9, -0.7), atol=0.4)  # small and noisy
    np.testing.assert_allclose(row["stops"], -0.06, atol=0.03)


def test_over_what_is_behind_it_is_the_plate(tmp_path: Path) -> None:
    shot(tmp_path)
    run(tmp_path)
    found, qc = (
        load(tmp_path / "out/difference.1001.exr"),
        load(tmp_path / "out/difference_qc.1001.exr"),
    )
    plate = load(tmp_path / "plate.1001.exr")
    assert plate["R"].max() > 20
    for c in "RGB":
        again = found[c] + (1 - found["A"]) * qc[f"screen.{c}"]
        np.testing.assert_allclose(again, plate[c], rtol=5e-3, atol=2e-3)
    assert {f"foreground.{c}" for c in "RGB"} <= {*found}


def test_garbage_goes_and_the_core_stays(tmp_path: Path) -> None:
    shot(tmp_path)
    half = np.zeros((*SIZE, 3), np.float32)
    half[:, : SIZE[1] // 2] = 1
    core = np.zeros((*SIZE, 3), np.float32)
    core[:20, -20:] = 1
    run(
        tmp_path,
        garbage=save(tmp_path / "garbage.exr", half),
        core=save(tmp_path / "core.exr", core),
    )
    alpha = load(tmp_path / "out/difference.1001.exr")["A"]
    assert alpha[:, : SIZE[1] // 2].max() == 0
    assert (alpha[:20, -20:] == 1).all()


def test_nothing_before_it_is_an_empty_matte(tmp_path: Path) -> None:
    behind = place(5, SIZE)
    save(tmp_path / "plate.1001.exr", behind)
    save(tmp_path / "clean.exr", behind)
    assert run(tmp_path).status == "done"
    assert load(tmp_path / "out/difference.1001.exr")["A"].max() < 0.02


def test_without_aligning_it_stays_where_it_lies(tmp_path: Path) -> None:
    shot(tmp_path)
    row = run(tmp_path, align=False).report["clean_plate"][0]
    assert row["moved"] == [0, 0]
    np.testing.assert_allclose(row["stops"], -0.06, atol=0.05)


def test_a_clean_plate_of_another_shot_is_refused(tmp_path: Path) -> None:
    shot(tmp_path)
    save(tmp_path / "clean.exr", place(8, SIZE))
    with pytest.raises(AnswerprintError, match="does not show the place of the shot") as refused:
        run(tmp_path)
    assert "matte with a trimap" in refused.value.hint


def test_a_clean_plate_of_another_size_is_refused(tmp_path: Path) -> None:
    shot(tmp_path)
    save(tmp_path / "clean.exr", place(3, (90, 160)))
    with pytest.raises(AnswerprintError, match=r"is 160 x 90, the plate .* is 320 x 180"):
        run(tmp_path)
