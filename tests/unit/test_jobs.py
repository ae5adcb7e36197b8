"""A whole run: what it leaves, what it says, and how it ends."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import movies
import numpy as np
import OpenImageIO as oiio
import pytest
import shots
from pictures import bits, plate, save
from shots import leftovers, results

from answerprint import __version__
from answerprint.errors import BadParameter, Cancelled, CannotWrite
from answerprint.events import Events
from answerprint.worker import jobs
from answerprint.worker.order import from_recipe

solved_once = pytest.fixture(autouse=True)(shots.solve_once)
SIDE_FILES = ("match.cc", "match.ccc", "match.cdl", "match.edl", "match.cube")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    return shots.plate_and_hero(tmp_path / "shots")


# --- what a run leaves ---------------------------------------------------------------------


def test_everything_it_leaves(tmp_path: Path, pair: tuple[str, str]) -> None:
    out = tmp_path / "out"
    outcome = shots.run(pair, out)
    assert (outcome.status, outcome.report["status"]) == ("done", "done")
    names = {p.name for p in out.iterdir()}
    frames = {f"match.{n}.exr" for n in (1001, 1002, 1003)}
    assert names == frames | {
        *SIDE_FILES,
        "recipe.json",
        "report.json",
        "report.html",
        "report",
    }
    assert leftovers(out) == []
    assert outcome.report == shots.read(out / "report.json")
    assert outcome.outputs["frames"] == {
        "pattern": str(out / "match.%04d.exr"),
        "first": 1001,
        "last": 1003,
        "frames_missing": [],
        "frames_made_anew": [],
        "width": 64,
        "height": 36,
        "pixel_aspect": 1.0,
        "fps": None,
        "colorspace": {"name": "ACEScg"},
        "premultiplied": True,
    }
    assert [r["kind"] for r in outcome.results] == ["cdl", "lut", "frames"]


def test_the_recipe_has_all_a_repeat_needs(tmp_path: Path, pair: tuple[str, str]) -> None:
    shots.run(pair, tmp_path / "out", params={"strength": 0.5})
    recipe = shots.read(tmp_path / "out/recipe.json")
    assert (recipe["schema"], recipe["tool"], recipe["version"]) == (
        "answerprint.recipe/1",
        "match",
        1,
    )
    assert recipe["parameters"] == {
        "method": "palette",
        "level": "auto",
        "strength": 0.5,
        "source_frame": "",
        "reference_frame": "",
        "ramp": False,
        "cdl_space": [],
    }
    assert (recipe["device_class"], recipe["models"], recipe["seed"]) == ("cpu", {}, 0)
    assert recipe["solved"]["verdict"] == "match"
    for name, pattern in zip(("source", "reference"), pair, strict=True):
        assert recipe["inputs"][name]["path"] == pattern
        for number, said in recipe["inputs"][name]["sha256"].items():
            file = Path(pattern % int(number))
            assert said == hashlib.sha256(file.read_bytes()).hexdigest()
    assert list(recipe["inputs"]["source"]["sha256"]) == ["1001", "1002", "1003"]


def test_the_report_has_what_a_disclosure_needs(tmp_path: Path, pair: tuple[str, str]) -> None:
    report = shots.run(pair, tmp_path / "out").report
    assert report["schema"] == "answerprint.report/1"
    assert report["answerprint"] == __version__
    said = report["disclosure"]
    assert (said["kind"], said["generative"], said["models"]) == ("color_match", False, {})
    assert said["digital_source_type"].endswith("/algorithmicallyEnhanced")
    assert said["signed_off"] is None
    frames = report["frames"]
    for name, pattern in (("source", pair[0]), ("result", f"{tmp_path}/out/match.%04d.exr")):
        hashes = frames[f"{name}_sha256"]
        assert list(hashes) == ["1001", "1002", "1003"]
        for number, sha256 in hashes.items():
            file = Path(pattern % int(number))
            assert sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    colour = report["colour"]
    assert colour["spaces"]["source"] == {"name": "ACEScg", "said_by": "file"}
    assert report["timings"]["total_seconds"] >= report["timings"]["solve_seconds"] > 0
    assert report["machine"]["device"] == "cpu"


def test_the_page_stands_alone_and_says_it(tmp_path: Path, pair: tuple[str, str]) -> None:
    outcome = shots.run(pair, tmp_path / "out")
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert outcome.report["sentence"] in page
    assert page.count("data:image/png;base64,") == 2
    assert not re.search(
        r"<script|<link|@import|(src|href|url)\s*[=(]\s*[\"']?\s*(https?:)?//", page
    )
    assert "signed off by: nobody yet" in page
    assert "3 written, 0 were there already" in page


def test_text_of_the_shot_is_no_markup(tmp_path: Path) -> None:
    pair = shots.plate_and_hero(tmp_path / "<b>&amp;")
    folder = Path(pair[0]).parent
    for path in folder.iterdir():
        path.rename(folder / path.name.replace("plate", "<i>plate"))
    shots.run((pair[0].replace("plate.", "<i>plate."), pair[1]), tmp_path / "out")
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "<i>" not in page
    assert "&lt;i&gt;plate is" in page


def test_no_frames_where_none_are_wanted(tmp_path: Path, pair: tuple[str, str]) -> None:
    outcome = shots.run(pair, tmp_path / "out", write_frames=False)
    assert outcome.status == "done"
    assert outcome.report["frames"] is None
    assert results(tmp_path / "out") == {}
    assert "frames" not in outcome.outputs
    assert [r["kind"] for r in outcome.results] == ["cdl", "lut"]
    assert "Frames</h2>" not in (tmp_path / "out/report.html").read_text(encoding="utf-8")


def test_a_refused_match_is_a_result_without_frames(tmp_path: Path, pair: tuple[str, str]) -> None:
    for number in (1, 2):
        leaf = np.full((36, 64, 3), (0.002, 0.9, 0.001)) * shots.scene(number)
        save(Path(pair[1] % number), leaf.astype(np.float16), **shots.TAGS)
    outcome = shots.run(pair, tmp_path / "out")
    assert outcome.status == "done"
    assert outcome.report["verdict"] == "no evidence"
    assert outcome.report["why"]
    assert outcome.report["cdl"]["slope"] == [1, 1, 1]
    assert results(tmp_path / "out") == {}
    repeat = jobs.run(from_recipe(tmp_path / "out/recipe.json", tmp_path / "b"), Events(), True)
    assert repeat.report["verdict"] == "no evidence"


def test_the_worker_and_the_command_line_run_the_same(
    tmp_path: Path, pair: tuple[str, str]
) -> None:
    shots.run(pair, tmp_path / "shell")
    request = {
        "tool": "match",
        "params": {"method": "palette"},
        "inputs": {
            "source": {"pattern": pair[0], "first": 1001, "last": 1003},
            "reference": pair[1],
        },
        "outputs": {"dir": str(tmp_path / "host"), "base": "sc_match_v001"},
        "device": "cpu",
    }
    answer = jobs.run_request(request, Events())
    assert set(answer) == {"status", "results", "outputs", "report"}
    assert list(results(tmp_path / "host").values()) == list(results(tmp_path / "shell").values())
    assert (tmp_path / "host/sc_match_v001.cc").exists()


# --- what is said to the artist ------------------------------------------------------------


def test_an_assumed_space_is_said_once_with_the_way_out(
    tmp_path: Path, pair: tuple[str, str]
) -> None:
    for number in (1001, 1002, 1003):
        save(Path(pair[0] % number), shots.scene(number).astype(np.float16))
    warnings = shots.run(pair, tmp_path / "out").report["warnings"]
    assert warnings[:2] == [
        "The source: plate.%04d.exr does not say what colour it is in; ACEScg is assumed.",
        "The source: where that is wrong, name its colour space.",
    ]
    assert not any("reference" in w for w in warnings[:-1])
    assert not any("log" in w for w in warnings)


def test_a_movie_that_looks_like_log_is_asked_about(tmp_path: Path, pair: tuple[str, str]) -> None:
    pale = [[p // 4 + 26 for p in f] for f in movies.plain(4)]
    for frame in pale:
        frame[1][:], frame[2][:] = 128, 128
    movie = movies.make(tmp_path / "log.mkv", pale, colorspace=1, color_primaries=1, color_trc=1)
    warnings = shots.run((pair[0], movie), tmp_path / "out").report["warnings"]
    said = [w for w in warnings if "camera log" in w]
    assert len(said) == 1
    assert said[0].startswith("The reference may be camera log: black sits at ")
    assert said[0].endswith("If so, name its colour space.")


def test_bad_values_are_counted_in_the_report(tmp_path: Path, pair: tuple[str, str]) -> None:
    pixels = shots.scene(1001).astype(np.float16)
    pixels[3, 4] = np.nan
    save(Path(pair[0] % 1001), pixels, **shots.TAGS)
    outcome = shots.run(pair, tmp_path / "out")
    assert outcome.report["frames"]["not_finite_values"] == 3
    assert "3 values are NaN or Inf" in (tmp_path / "out/report.html").read_text(encoding="utf-8")


def test_frames_that_failed_are_in_the_report(tmp_path: Path, pair: tuple[str, str]) -> None:
    damaged = Path(pair[0] % 1003)
    damaged.write_bytes(damaged.read_bytes()[:-500])
    Path(pair[0] % 1002).unlink()
    outcome = shots.run(pair, tmp_path / "out", params={"source_frame": "1001"})
    assert outcome.status == outcome.report["status"] == "partial"
    assert [f["frame"] for f in outcome.report["frames"]["failed"]] == [1002, 1003]
    assert outcome.outputs["frames"]["frames_missing"] == [1002, 1003]
    assert list(results(tmp_path / "out")) == ["match.1001.exr"]
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "Frame 1002 is missing." in page
    assert "plate.1003.exr is damaged" in page


def test_one_damaged_frame_is_enough_to_be_partial(tmp_path: Path, pair: tuple[str, str]) -> None:
    Path(pair[0] % 1002).write_bytes(b"")
    outcome = shots.run(pair, tmp_path / "out", params={"source_frame": "1001"})
    assert outcome.status == "partial"
    assert list(results(tmp_path / "out")) == ["match.1001.exr", "match.1003.exr"]


def test_a_damaged_frame_among_those_measured_stops_that_frame_alone(
    tmp_path: Path, pair: tuple[str, str]
) -> None:
    damaged = Path(pair[0] % 1002)
    damaged.write_bytes(damaged.read_bytes()[:-500])
    outcome = shots.run(pair, tmp_path / "out")
    assert (outcome.status, outcome.report["verdict"]) == ("partial", "match")
    assert [f["frame"] for f in outcome.report["frames"]["failed"]] == [1002]
    repeat = jobs.run(from_recipe(tmp_path / "out/recipe.json", tmp_path / "b"), Events(), True)
    assert repeat.status == "partial"
    assert results(tmp_path / "b") == results(tmp_path / "out")
    assert len(results(tmp_path / "b")) == 2


# --- strength and identity -----------------------------------------------------------------


def read(path: str) -> np.ndarray:
    image = oiio.ImageInput.open(path)
    pixels = image.read_image(0, 0, 0, image.spec().nchannels, "half")
    image.close()
    return np.asarray(pixels)


def test_strength_zero_is_the_plate_bit_for_bit(tmp_path: Path, pair: tuple[str, str]) -> None:
    for number in (1001, 1002, 1003):
        pixels = np.concatenate([shots.scene(number), plate(36, 64, 1)], -1).astype(np.float16)
        pixels.view(np.uint16)[5, 5, :2] = 0xFD55, 0x8000
        save(Path(pair[0] % number), pixels, channels=("R", "G", "B", "A"), **shots.TAGS)
    shots.run(pair, tmp_path / "out", params={"strength": 0.0})
    shots.run(pair, tmp_path / "full")
    for number in (1001, 1002, 1003):
        before = bits(read(pair[0] % number))
        assert np.array_equal(bits(read(f"{tmp_path}/out/match.{number}.exr")), before)
        full = bits(read(f"{tmp_path}/full/match.{number}.exr"))
        assert np.array_equal(full[..., 3], before[..., 3]), "alpha is the plate's"
        assert not np.array_equal(full, before)


# --- refusals and cancel -------------------------------------------------------------------


def test_an_input_the_tool_does_not_take(tmp_path: Path, pair: tuple[str, str]) -> None:
    order = shots.order(pair, tmp_path / "out")
    inputs = {**order.inputs, "mask": order.inputs["source"]}
    with pytest.raises(BadParameter) as refused:
        shots.run(pair, tmp_path / "out", inputs=inputs)
    assert refused.value.title == "Match has no input 'mask'."
    assert refused.value.hint == "It takes: reference, source."


def test_a_folder_that_is_a_file(tmp_path: Path, pair: tuple[str, str]) -> None:
    (tmp_path / "out").write_text("here first")
    with pytest.raises(CannotWrite) as refused:
        shots.run(pair, tmp_path / "out")
    assert refused.value.title == f"Results cannot be written to {tmp_path}/out."
    assert (tmp_path / "out").read_text() == "here first"


class Impatient(Events):
    """Cancels as soon as a stage is reached."""

    def __init__(self, stage: str) -> None:
        self.stage, self.reached = stage, False

    def progress(self, stage: str, done: int, total: int, message: str = "") -> None:
        self.reached |= stage == self.stage

    def cancelled(self) -> bool:
        return self.reached


@pytest.mark.parametrize("stage", ["read", "measure", "frames"])
def test_cancel_at_every_stage(tmp_path: Path, pair: tuple[str, str], stage: str) -> None:
    out = tmp_path / "out"
    params = {"method": "auto"} if stage == "measure" else {}
    for number in range(1004, 1025):
        Path(pair[0] % number).hardlink_to(pair[0] % 1001)
    shots.run(pair, tmp_path / "ref", params={"method": "palette"})
    with pytest.raises(Cancelled):
        shots.run(pair, out, Impatient(stage), params=params)
    assert leftovers(out) == []
    assert not (out / "report.json").exists()
    done = results(out)
    assert done.items() <= results(tmp_path / "ref").items()
    assert (stage == "frames") == bool(done)
    assert (stage == "frames") == (out / "recipe.json").exists(), "what was solved is not lost"


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The inputs that were closed."""
    seen: list[str] = []
    close = jobs.Clip.close

    def noted(self: jobs.Clip) -> None:
        seen.append(self.name)
        close(self)

    monkeypatch.setattr(jobs.Clip, "close", noted)
    return seen


def test_inputs_are_closed_however_it_ends(
    tmp_path: Path, pair: tuple[str, str], closed: list[str]
) -> None:
    with pytest.raises(Cancelled):
        shots.run(pair, tmp_path / "out", Impatient("read"))
    assert sorted(closed) == ["hero", "plate"]
