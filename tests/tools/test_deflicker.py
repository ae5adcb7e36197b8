"""`answerprint deflicker`, on a scene that is made here, so that its steady light is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import OpenImageIO as oiio
import pytest
from drifting import load, write
from soundstage.shots import save_shot

from answerprint.errors import BadInput
from answerprint.events import Events
from answerprint.worker import jobs
from answerprint.worker.jobs import Outcome
from answerprint.worker.order import Order, Source
from answerprint.worker.render import TOLD

WIDE, TALL, COUNT = 128, 72, 24
Held = Callable[[str], tuple[Path, Outcome]]


def scene(frame: int) -> np.ndarray:
    """A textured wall under a slow pan, something dark that crosses it, a lamp of 60, a shadow."""
    random = np.random.default_rng(3)
    wall = random.uniform(0.05, 0.6, (TALL // 4, WIDE // 2, 3)).astype(np.float32)
    wall = cv2.resize(wall, (2 * WIDE, TALL), interpolation=cv2.INTER_CUBIC).clip(0.02)
    light = wall[:, frame : frame + WIDE].copy()
    light[30:50, 4 * frame % WIDE : 4 * frame % WIDE + 12] = 0.03
    light[4:8, 100:104] = 60
    light[60:64, 100:104] = -0.05
    return light


def shot(folder: Path, stops: Sequence[Any], kind: str = "float", gain: float = 1.0) -> str:
    """The scene under a light that changes: stops of each frame, a number or (H, W, 3)."""
    return save_shot(folder, {1001 + n: under(n, each, gain) for n, each in enumerate(stops)}, kind)


def under(n: int, stops: Any, gain: float = 1.0) -> np.ndarray:
    """A frame of the scene with its alpha, under that light."""
    light = scene(n) * 2.0 ** np.asarray(stops) * gain
    return np.concatenate([light, np.full((TALL, WIDE, 1), n / 100)], axis=-1).astype(np.float32)


def run(source: str, out: Path, page: bool = False, **params: Any) -> Outcome:
    order = Order("deflicker", {"source": Source(source, "ACEScg")}, out, params, page=page)
    return jobs.run(order, Events())


def frame(folder: Path, name: str, kind: str = "float") -> np.ndarray:
    image = oiio.ImageInput.open(str(folder / f"{name}.exr"))
    found = image.read_image(0, 0, 0, 4, kind)
    image.close()
    return np.asarray(found)


def off(out: Path, stops: Sequence[Any], of: str = "deflicker") -> float:
    """Stops (rms over frames and pixels) by which the frames are off a light as told."""
    found = []
    for n, each in enumerate(stops):
        got = frame(out, f"{of}.{1001 + n}")[..., :3]
        ratio = np.log2(got / (scene(n) * 2.0 ** np.asarray(each)))
        found.append(ratio)
    error = np.array(found)
    return float(np.sqrt(((error - error.mean()) ** 2).mean()))


def swinging(seed: int = 5, rms: float = 0.15) -> np.ndarray:
    stops = np.random.default_rng(seed).normal(0, rms, COUNT)
    return np.asarray(stops - stops.mean())


def regional(seed: int = 5) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    small = random.normal(0, 0.15, (COUNT, 3, 4, 3)).astype(np.float32)
    small -= small.mean(axis=0)
    return [cv2.resize(each, (WIDE, TALL), interpolation=cv2.INTER_CUBIC) for each in small]


def rolling() -> list[np.ndarray]:
    rows = np.arange(TALL)[:, None, None] / TALL
    return [0.15 * np.sin(2 * np.pi * (1.7 * rows + 0.29 * n)) for n in range(COUNT)]


STEADY = np.zeros(COUNT)
OF = {"global": swinging(), "local": regional()}


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Held:
    """held('global' or 'local') -> the folder of that shot (in) and of its result (out), and what
    came of it: one run for all tests that look at it and write nothing there."""

    @cache
    def made(kind: str) -> tuple[Path, Outcome]:
        folder = tmp_path_factory.mktemp(kind)
        return folder, run(shot(folder / "in", OF[kind]), folder / "out", page=kind == "local")

    return made


# --- what tools/deflicker.py says it holds -------------------------------------------------


@pytest.mark.parametrize("kind", ["half", "float"])
def test_a_steady_shot_is_left_alone_bit_for_bit(tmp_path: Path, kind: str) -> None:
    done = run(shot(tmp_path / "in", STEADY, kind), tmp_path / "out")
    assert done.report["verdict"] == "steady"
    assert "does not flicker" in done.report["sentence"]
    for n in range(1001, 1001 + COUNT):
        plate = frame(tmp_path / "in", f"in.{n}", kind)
        result = frame(tmp_path / "out", f"deflicker.{n}", kind)
        assert result.tobytes() == plate.tobytes()


def test_flicker_of_the_whole_goes(held: Held) -> None:
    stops, (folder, done) = OF["global"], held("global")
    assert done.report["scope"] == "global"
    assert done.report["flicker"]["before"]["whole"]["rms"] == pytest.approx(stops.std(), rel=0.1)
    assert done.report["flicker"]["after"]["whole"]["rms"] < 0.01
    assert off(folder / "out", STEADY) < 0.1 * stops.std()


def test_flicker_of_regions_goes(held: Held) -> None:
    stops, (folder, done) = OF["local"], held("local")
    assert done.report["scope"] == "local"
    rms = float(np.sqrt(np.mean(np.square(stops))))
    assert off(folder / "out", STEADY) < 0.4 * rms
    assert (
        done.report["flicker"]["after"]["regions"]["rms"]
        < 0.3 * done.report["flicker"]["before"]["regions"]["rms"]
    )


def test_rolling_bands_go(tmp_path: Path) -> None:
    done = run(shot(tmp_path / "in", rolling()), tmp_path / "out")
    assert done.report["scope"] == "bands"
    assert off(tmp_path / "out", STEADY) < 0.2 * 0.15 / np.sqrt(2)


def test_each_channel_has_its_own_flicker(tmp_path: Path) -> None:
    stops = np.random.default_rng(1).normal(0, 0.1, (COUNT, 1, 1, 3))
    stops -= stops.mean(axis=0)
    done = run(shot(tmp_path / "in", list(stops)), tmp_path / "out")
    assert done.report["scope"] == "global"
    assert off(tmp_path / "out", STEADY) < 0.01
    np.testing.assert_allclose(
        done.report["flicker"]["before"]["whole"]["rgb"], stops.std(axis=(0, 1, 2)), rtol=0.15
    )


def test_a_ramp_stays(tmp_path: Path) -> None:
    ramp = np.linspace(0, 2, COUNT)
    stops = swinging(rms=0.1)
    run(shot(tmp_path / "in", ramp + stops), tmp_path / "out")
    assert off(tmp_path / "out", ramp) < 0.05


def test_a_ramp_alone_is_no_flicker(tmp_path: Path) -> None:
    ramp = np.clip((np.arange(COUNT) - 6) / 12, 0, 1)
    assert run(shot(tmp_path / "in", ramp), tmp_path / "out").report["verdict"] == "steady"


def test_a_switch_of_the_light_stays(tmp_path: Path) -> None:
    switch = np.where(np.arange(COUNT) < 12, 0.0, 1.0)
    stops = swinging(rms=0.1)
    done = run(shot(tmp_path / "in", switch + stops), tmp_path / "out")
    assert done.report["switches"] == [1013]
    assert "1013" in " ".join(done.report["warnings"])
    assert off(tmp_path / "out", switch) < 0.06


def test_a_flash_stays(tmp_path: Path) -> None:
    stops = swinging(rms=0.05)
    stops[9] = 2.0
    done = run(shot(tmp_path / "in", stops), tmp_path / "out")
    assert done.report["flashes"] == [1010]
    plate, result = (
        frame(tmp_path / folder, name)
        for folder, name in (("in", "in.1010"), ("out", "deflicker.1010"))
    )
    assert np.array_equal(plate, result)


def test_a_stop_brighter_in_is_a_stop_brighter_out(tmp_path: Path) -> None:
    stops = swinging(rms=0.1)
    for name, gain in (("one", 1.0), ("two", 2.0)):
        run(shot(tmp_path / name, stops, gain=gain), tmp_path / f"{name}_out")
    one, two = (frame(tmp_path / f"{n}_out", "deflicker.1007") for n in ("one", "two"))
    np.testing.assert_allclose(two[..., :3], 2 * one[..., :3], rtol=2e-3)


@pytest.mark.parametrize("kind", OF)
def test_nothing_clamps_and_other_channels_stay(held: Held, kind: str) -> None:
    folder, _ = held(kind)
    for n in (1003, 1010):
        plate, result = frame(folder / "in", f"in.{n}"), frame(folder / "out", f"deflicker.{n}")
        gain = result[..., :3] / plate[..., :3]
        assert 0.5 < gain.min() < gain.max() < 2
        assert result[4:8, 100:104, :3].min() > 40
        assert result[60:64, 100:104, :3].max() < -0.02
        assert np.array_equal(result[..., 3], plate[..., 3])


@pytest.mark.parametrize("kind", OF)
def test_any_part_of_the_range_gives_the_same_frames(held: Held, tmp_path: Path, kind: str) -> None:
    folder, _ = held(kind)
    recipe = json.loads((folder / "out/recipe.json").read_text())
    order = Order(
        "deflicker",
        {"source": Source(str(folder / "in/in.%04d.exr"), "ACEScg")},
        tmp_path / "part",
        part="1007-1008",
        page=False,
        solved=recipe["solved"],
    )
    jobs.run(order, Events())
    assert sorted(p.name for p in (tmp_path / "part").glob("*.exr")) == [
        "deflicker.1007.exr",
        "deflicker.1008.exr",
    ]
    for n in (1007, 1008):
        whole, part = (frame(f, f"deflicker.{n}") for f in (folder / "out", tmp_path / "part"))
        assert np.array_equal(whole, part)


@pytest.mark.parametrize("kind", OF)
def test_it_says_which_frames_are_made_anew(held: Held, kind: str) -> None:
    folder, done = held(kind)
    told = done.report["frames"]["made_anew"]
    assert {*map(json.dumps, told.values())} == {f'{{"deflickered": "{kind}"}}'}
    assert done.outputs["frames"]["frames_made_anew"] == sorted(map(int, told))
    assert len(told) > COUNT // 2
    header = oiio.ImageBuf(str(folder / f"out/deflicker.{min(told)}.exr")).spec()
    assert json.loads(header.getattribute(TOLD)) == {"deflickered": kind}
    again = run(str(folder / "in/in.%04d.exr"), folder / "out").report["frames"]
    assert (again["kept"], again["written"]) == (COUNT, 0)
    assert again["made_anew"] == told


# --- further -------------------------------------------------------------------------------


def test_strength_needs_no_new_measuring_and_0_is_the_plate(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", swinging())
    full = run(source, tmp_path / "out").report
    none = run(source, tmp_path / "out", strength=0.0).report
    assert none["solved"] == "by an earlier run"
    assert none["flicker"]["after"]["whole"] == full["flicker"]["before"]["whole"]
    plate, result = frame(tmp_path / "in", "in.1005"), frame(tmp_path / "out", "deflicker.1005")
    assert np.array_equal(plate, result)
    assert none["frames"]["made_anew"] == {}


def test_a_missing_frame_is_named_and_the_others_are_held(tmp_path: Path) -> None:
    stops = swinging()
    source = shot(tmp_path / "in", stops)
    (tmp_path / "in/in.1008.exr").unlink()
    done = run(source, tmp_path / "out", scope="local")
    assert done.status == "partial"
    assert done.report["frames"]["missing"] == [] or done.report["frames"]["failed"]
    got = frame(tmp_path / "out", "deflicker.1009")[..., :3] / scene(8)
    assert np.abs(np.log2(np.median(got))) < 0.03


def test_a_cut_is_no_flicker(tmp_path: Path) -> None:
    """Another scene from frame 1013, a stop brighter: nothing is carried over the cut."""
    stops = swinging(rms=0.1)
    frames = {1001 + n: under(n, each) for n, each in enumerate(stops)}
    for n in range(12, COUNT):
        other = np.flip(scene(n), (0, 1))[..., ::-1] ** 2 * 4 * 2.0 ** stops[n]
        frames[1001 + n] = np.concatenate([other, np.ones((TALL, WIDE, 1))], axis=-1)
    source = save_shot(tmp_path / "in", frames)
    done = run(source, tmp_path / "out")
    assert done.report["cuts"] == [1013]
    assert done.report["switches"] == []


def test_data_windows_may_differ_from_frame_to_frame(tmp_path: Path) -> None:
    """From frame 1013 on only the right part is there: each part of the shot is held for itself."""
    (tmp_path / "in").mkdir()
    stops = regional(7)
    for n, each in enumerate(stops):
        left = 0 if n < 12 else 40
        light = (scene(n) * 2.0**each)[:, left:].astype(np.float32)
        write(tmp_path / "in", 1001 + n, light, at=(left, 0), display=(TALL, WIDE), kind="float")
    done = run(str(tmp_path / "in/p.%04d.exr"), tmp_path / "out", scope="local")
    assert done.status == "done"
    for half in (range(12), range(12, COUNT)):
        left = 0 if half[0] == 0 else 40
        rest = np.array([load(tmp_path / f"out/deflicker.{1001 + n}.exr") for n in half])
        rest = np.log2(rest / np.array([scene(n)[:, left:] for n in half]))
        plate = np.array([stops[n][:, left:] for n in half])
        swing = rest - rest.mean(axis=0)
        assert (swing**2).mean() < 0.3 * ((plate - plate.mean(axis=0)) ** 2).mean()


def test_two_frames_are_too_few(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        run(shot(tmp_path / "in", [0.0, 0.5]), tmp_path / "out")
    assert "2 readable frames" in refused.value.title


def test_a_shot_without_a_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for n in range(4):
        write(tmp_path / "in", 1001 + n, np.ones((8, 8, 1), np.float32), ("A",))
    with pytest.raises(BadInput) as refused:
        run(str(tmp_path / "in/p.%04d.exr"), tmp_path / "out")
    assert "has no R, G, B" in refused.value.title


def test_frames_of_two_by_two_pixels_are_held_too(tmp_path: Path) -> None:
    frames = {1 + n: np.full((2, 2, 3), 0.2 * 2**each) for n, each in enumerate(swinging())}
    source = save_shot(tmp_path / "in", frames)
    done = run(source, tmp_path / "out", scope="global")
    assert done.status == "done"


def test_a_frame_that_is_not_finite_does_not_spoil_the_others(tmp_path: Path) -> None:
    frames = {1001 + n: under(n, each) for n, each in enumerate(swinging())}
    frames[1006][..., :3] = np.nan
    source = save_shot(tmp_path / "in", frames)
    run(source, tmp_path / "out")
    got = frame(tmp_path / "out", "deflicker.1007")[..., :3] / scene(6)
    assert np.abs(np.log2(np.median(got))) < 0.03


def test_the_report_shows_the_course_before_and_after(held: Held) -> None:
    folder, _ = held("local")
    names = {p.name for p in (folder / "out/report").iterdir()}
    assert {f"deflicker_{n}.png" for n in ("course", "before", "after")} <= names
    table = (folder / "out/deflicker.gains.csv").read_text().splitlines()
    assert table[0] == "frame,red,green,blue"
    assert len(table) == COUNT + 1
