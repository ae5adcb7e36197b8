"""A new background behind a figure: what it holds, and what it refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import OpenImageIO as oiio
import pytest

sys.path.append(str(Path(__file__).parents[1] / "unit"))

from panned import corner_errors, place, shot
from pictures import save

from answerprint.errors import AnswerprintError
from answerprint.events import Events
from answerprint.tools import tracked
from answerprint.worker import jobs
from answerprint.worker.order import Order, Source

ACESCG = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)
SIZE = (180, 320)
COUNT = 4
PLAIN = {"wrap": 0.0, "grain": 0.0, "shutter": 0.0, "soften": False, "despill": 0.0}


class Scene:
    """A plate in a folder, its mattes, a background, and the truth."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.frames = list(shot(41, "plane", COUNT, SIZE, noise=0.003))
        for number, frame in enumerate(self.frames, 1001):
            put(folder / f"plate.{number}.exr", frame.light)
            put(folder / f"matte.{number}.exr", frame.alpha[..., None], channels=("A",))
        self.new = place(42, (260, 460))
        y, x = np.mgrid[0:260, 0:460]
        lamp = 40 * np.exp(-((x - 229) ** 2 + (y - 129) ** 2) / (2 * 2.5**2))
        self.new += lamp[..., None].astype(np.float32)
        self.new[100, 200] = -0.02
        put(folder / "new.exr", self.new)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("background") / "scene")


def put(path: Path, pixels: np.ndarray, **how: Any) -> None:
    save(path, pixels.astype(np.float32), kind="float", chromaticities=("float[8]", ACESCG), **how)


def run(scene: Scene, out: Path, frames: str = "", **more: Any) -> jobs.Outcome:
    inputs = {
        "source": Source(str(scene.folder / more.pop("source", "plate.%04d.exr"))),
        "background": Source(str(more.pop("background", scene.folder / "new.exr"))),
    }
    matte = more.pop("matte", scene.folder / "matte.%04d.exr")
    if matte is not None:
        inputs["matte"] = Source(str(matte), colourspace="ACEScg")
    order = Order("background", inputs, out, params=more, frames=frames, device="cpu", page=False)
    return jobs.run(order, Events())


def refused(scene: Scene, out: Path, **more: Any) -> str:
    with pytest.raises(AnswerprintError) as told:
        run(scene, out, **more)
    assert told.value.hint
    return str(told.value)


def pixels(path: Path) -> dict[str, np.ndarray]:
    image = oiio.ImageBuf(str(path))
    planes = np.moveaxis(image.get_pixels(oiio.FLOAT), -1, 0)
    return dict(zip(image.spec().channelnames, planes, strict=True))


def rgb(path: Path) -> np.ndarray:
    found = pixels(path)
    return np.stack([found[c] for c in "RGB"], axis=-1)


@pytest.fixture(scope="module")
def plain(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> tuple[jobs.Outcome, Path]:
    out = tmp_path_factory.mktemp("plain")
    return run(scene, out, **PLAIN), out


def test_the_report_has_the_track_with_centres_at_a_half(
    scene: Scene, plain: tuple[jobs.Outcome, Path]
) -> None:
    track = json.loads((plain[1] / "report.json").read_text())["track"]
    assert track["reference"] == 1001
    assert [*track["transforms"]] == ["1001", "1002", "1003", "1004"]
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    for frame, told in zip(scene.frames, track["transforms"].values(), strict=True):
        mine = np.linalg.inv(half) @ np.array(told) @ half
        assert corner_errors(mine, frame.to_first, SIZE).mean() < 0.05


def test_a_matrix_between_pixels_is_told_between_places() -> None:
    twice = [{"frame": 7, "matrix": [[2, 0, 0], [0, 2, 0], [0, 0, 1]]}]
    said = {"numbers": [7], "track": twice, "model": "similarity", "lens": None, "parallax": 0}
    assert tracked.told(said)["transforms"]["7"] == [[2, 0, -0.5], [0, 2, -0.5], [0, 0, 1]]


def test_the_background_moves_with_the_plate_and_the_rest_is_plain_over(
    scene: Scene, plain: tuple[jobs.Outcome, Path]
) -> None:
    assert plain[0].status == "done"
    pins = next(r for r in plain[0].results if r["kind"] == "corner_pin")
    assert pins["from"] == [[0, 0], [460, 0], [460, 260], [0, 260]]
    lamps = []
    for number, frame in enumerate(scene.frames, 1001):
        made, behind = (rgb(plain[1] / f"background{n}.{number}.exr") for n in ("", "_plate"))
        assert (pixels(plain[1] / f"background.{number}.exr")["A"] == 1).all()
        solid, clear = frame.alpha > 0.999, frame.alpha == 0
        np.testing.assert_allclose(made[solid], frame.light[solid], rtol=2e-3, atol=1e-4)
        np.testing.assert_allclose(made[clear], behind[clear], rtol=2e-3, atol=1e-4)
        soft = (frame.alpha > 0.2) & (frame.alpha < 0.8)
        true = frame.figure + behind * (1 - frame.alpha)[..., None]
        naive = frame.light * frame.alpha[..., None]
        naive = naive + behind * (1 - frame.alpha)[..., None]
        assert np.abs(made - true)[soft].mean() < 0.7 * np.abs(naive - true)[soft].mean()
        y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
        lamp = np.maximum(behind[..., 0] - 2, 0)
        lamps.append(np.array([(lamp * x).sum(), (lamp * y).sum()]) / lamp.sum())
    assert behind.max() > 30
    first = np.append(lamps[0], 1)
    for lamp, frame, pin in zip(lamps, scene.frames, pins["corners"], strict=True):
        there = np.linalg.inv(frame.to_first) @ first
        assert np.hypot(*(there[:2] / there[2] - lamp)) < 0.1
        pinned = pin_at(pin["points"], (229.5 / 460, 1 - 129.5 / 260))
        assert np.hypot(pinned[0] - 0.5 - lamp[0], SIZE[0] - pinned[1] - 0.5 - lamp[1]) < 0.1


def pin_at(points: list[list[float]], place: tuple[float, float]) -> np.ndarray:
    """Where a corner pin puts a place of the unit square."""
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    matrix = cv2.getPerspectiveTransform(square, np.array(points, np.float32))
    found = matrix @ (*place, 1)
    return np.asarray(found[:2] / found[2])


def test_tracks_go_with_the_plate(scene: Scene, plain: tuple[jobs.Outcome, Path]) -> None:
    tracks = next(r for r in plain[0].results if r["kind"] == "tracks")["tracks"]
    assert len(tracks) == 4
    for track in tracks:
        _, x, y, sure = track["points"][0]
        assert 0 <= sure <= 1
        for (number, u, v, _), frame in zip(track["points"], scene.frames, strict=True):
            assert isinstance(number, int)
            there = np.linalg.inv(frame.to_first) @ (x - 0.5, SIZE[0] - y - 0.5, 1)
            apart = there[:2] / there[2] - (u - 0.5, SIZE[0] - v - 0.5)
            assert np.hypot(*apart) < 0.1


def test_wrap_and_grain_add_what_they_say(
    scene: Scene, plain: tuple[jobs.Outcome, Path], tmp_path: Path
) -> None:
    run(scene, tmp_path / "wrap", "1001-1002", **{**PLAIN, "wrap": 1.0})
    run(scene, tmp_path / "grain", "1001-1002", **{**PLAIN, "grain": 1.0})
    alpha = scene.frames[0].alpha
    before = rgb(plain[1] / "background.1001.exr")
    # two frames of the range show less than four: the background lies otherwise, the figure not
    solid = alpha == 1
    wrapped = rgb(tmp_path / "wrap/background.1001.exr")
    assert (wrapped[solid] >= before[solid] - 1e-3).all()
    assert wrapped[solid].sum() > before[solid].sum() * 1.0005
    behind = rgb(tmp_path / "wrap/background_plate.1001.exr")
    grainy = rgb(tmp_path / "grain/background_plate.1001.exr")
    calm = behind.max(axis=-1) < 2
    strayed = (grainy - behind)[calm].std()
    assert 0.001 < strayed < 0.009  # the plate has 0.003 at 0.18
    assert np.abs(rgb(tmp_path / "grain/background.1001.exr") - before)[solid].max() < 1e-3


def test_corners_of_the_artist_are_taken(scene: Scene, tmp_path: Path) -> None:
    corners = "-70,-40 390,-40 390,220 -70,220"
    out = run(scene, tmp_path, "1001", corners=[corners], **PLAIN)
    pin = next(r for r in out.results if r["kind"] == "corner_pin")["corners"][0]["points"]
    assert np.allclose(pin, [[-70, -40], [390, -40], [390, 220], [-70, 220]], atol=1e-2)
    made = rgb(tmp_path / "background_plate.1001.exr")
    np.testing.assert_allclose(made, scene.new[40:220, 70:390], rtol=1e-3, atol=1e-4)


def test_one_frame_needs_no_track(scene: Scene, tmp_path: Path) -> None:
    out = run(scene, tmp_path, "1002", **PLAIN)
    assert out.report["track"]["model"] == "static"
    assert out.report["track"]["transforms"]["1002"] == np.eye(3).tolist()


def test_a_match_brings_the_background_towards_the_figure(scene: Scene, tmp_path: Path) -> None:
    dark = tmp_path / "dark.exr"
    put(dark, place(41, (260, 460)) * 0.25)
    for strength in (0.0, 1.0):
        params = {**PLAIN, "match": strength}
        run(scene, tmp_path / f"m{strength}", "1001-1002", background=dark, **params)
    before, after = (rgb(tmp_path / f"m{s}/background_plate.1001.exr") for s in (0.0, 1.0))
    report = json.loads((tmp_path / "m1.0/report.json").read_text())
    if report["light"] is None:
        assert np.array_equal(before, after)
        assert any("left as it is" in each for each in report["warnings"])
    else:
        assert report["light"]["saturation"] == 1
        assert not np.array_equal(before, after)


def test_without_a_matte_the_camera_alone_is_tracked(scene: Scene, tmp_path: Path) -> None:
    out = run(scene, tmp_path, matte=None)
    assert not [*tmp_path.glob("*.exr")]
    assert any("Run key first" in each for each in out.report["warnings"])
    assert {r["kind"] for r in out.results} == {"tracks", "corner_pin", "note"}
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    for frame, told in zip(scene.frames, out.report["track"]["transforms"].values(), strict=True):
        mine = np.linalg.inv(half) @ np.array(told) @ half
        assert corner_errors(mine, frame.to_first, SIZE).mean() < 0.1


def test_what_cannot_be_done_is_refused_in_words(scene: Scene, tmp_path: Path) -> None:
    out = tmp_path / "out"
    small = tmp_path / "small.exr"
    put(small, scene.new[:100, :200])
    assert "smaller than the plate" in refused(scene, out, background=small)
    empty = tmp_path / "empty.exr"
    put(empty, np.zeros((*SIZE, 1)), channels=("A",))
    assert "matte is empty" in refused(scene, out, matte=empty)
    other = tmp_path / "other.exr"
    put(other, np.ones((90, 160, 1)), channels=("A",))
    assert "160 x 90" in refused(scene, out, matte=other)
    assert "four places" in refused(scene, out, corners=["1,2 3,4"])
    assert "crosses itself" in refused(scene, out, corners=["0,0 320,180 320,0 0,180"])
    assert "uncovered" in refused(scene, out, corners=["50,0 320,0 320,180 50,180"])
    (tmp_path / "short").mkdir()
    for number in (1001, 1002):
        put(tmp_path / f"short/b.{number}.exr", scene.new)
    failed = run(scene, tmp_path / "partial", background=tmp_path / "short/b.%04d.exr", **PLAIN)
    assert failed.status == "partial"
    assert "no frame 1003" in failed.report["frames"]["failed"][0]["reason"]


def test_a_flat_plate_is_refused_and_a_standing_camera_is_not(scene: Scene, tmp_path: Path) -> None:
    for number, frame in enumerate(scene.frames[:2], 1001):
        flat = frame.figure + 0.2 * (1 - frame.alpha)[..., None]
        put(tmp_path / f"flat.{number}.exr", flat)
    source = tmp_path / "flat.%04d.exr"
    assert "can be followed" in refused(scene, tmp_path / "out", source=source)
    done = run(scene, tmp_path / "out", source=source, follow=False, **PLAIN)
    assert done.report["track"]["model"] == "static"


def test_what_key_made_brings_its_own_foreground(scene: Scene, tmp_path: Path) -> None:
    frame = scene.frames[0]
    straight = frame.figure / np.maximum(frame.alpha, 1e-3)[..., None]
    made = np.dstack([frame.figure, frame.alpha, straight])
    names = ("R", "G", "B", "A", "foreground.R", "foreground.G", "foreground.B")
    put(tmp_path / "key.exr", made, channels=names)
    run(scene, tmp_path / "out", "1001", matte=tmp_path / "key.exr", **PLAIN)
    found, behind = (rgb(tmp_path / f"out/background{n}.1001.exr") for n in ("", "_plate"))
    true = frame.figure + behind * (1 - frame.alpha)[..., None]
    np.testing.assert_allclose(found, true, rtol=2e-3, atol=2e-3)
