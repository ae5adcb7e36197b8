"""`answerprint match`, from two shots on disk to grade, frames and report.

The set is rendered, so the truth is known: the shot before it was graded.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import PyOpenColorIO as ocio
import pytest
from matched import Shots, apart, graded, pictures, result, run, solve
from soundstage.room import BEHIND, SIDE, WIDE, render
from soundstage.shots import load, save_shot

from answerprint.events import Events
from answerprint.frames import colour
from answerprint.frames.curves import acescct
from answerprint.frames.grade import Cdl, Grade
from answerprint.tools import find
from answerprint.tools.job import Job
from answerprint.vision import levels, matching, ramp

match_file = importlib.import_module("answerprint.tools.match")
"""The file; `answerprint.tools.match.match` is the Tool in it."""


# --- what tools/match.py says it holds -----------------------------------------------------


def test_a_known_grade_between_two_views_of_a_scene_comes_back(shots: Shots) -> None:
    assert shots.answer["status"] == "done"
    assert shots.report["verdict"] == "match"
    assert shots.report["method"] == "correspondence"
    for number, truth in shots.clean.items():
        assert apart(shots.graded[number], truth) > 6
        assert apart(shots.frame(number), truth) < 0.6
    assert shots.report["before"]["delta_e"]["mean"] > 6
    assert shots.report["after"]["delta_e"]["mean"] < 1.5


def test_a_shot_matched_to_itself_is_left_alone(shots: Shots, tmp_path: Path) -> None:
    answer = run(shots.source, "--reference", shots.source, "--out", tmp_path)
    report = answer["report"]
    assert (report["verdict"], report["level"]) == ("match", "none")
    assert report["cdl"]["slope"] == report["cdl"]["power"] == [1, 1, 1]
    assert report["before"]["delta_e"]["mean"] < 0.3  # another frame has other grain
    np.testing.assert_array_equal(shots.frame(1002, tmp_path), shots.graded[1002])
    assert report["sentence"] == "shot_b already sits beside its reference."


def test_clipped_areas_do_not_steer_the_fit(shots: Shots) -> None:
    """A fifth of the shot is burnt out at 0.35, under and over the window alike."""
    clipped = [np.minimum(p, 0.35) for p in list(shots.clean.values())[:2]]
    solved = solve(pictures(*map(graded, clipped)), pictures(*shots.wide.values()))
    after = result(solved).grade.light(graded(clipped[0]))
    assert apart(graded(clipped[0]), clipped[0]) > 6
    assert apart(after, clipped[0]) < 2.0


def test_things_that_are_in_one_shot_only_do_not_steer_the_fit(shots: Shots) -> None:
    """A cloth and a poster in one shot, and the ball that is elsewhere in every frame."""
    props = [render(SIDE, n, props=("cloth", "poster")) for n in (0, 1)]
    hero = pictures(*shots.wide.values())
    after = result(solve(pictures(*map(graded, props)), hero)).grade.light(shots.graded[1001])
    assert apart(after, shots.clean[1001]) < 0.6


def test_shots_without_common_ground_are_refused(shots: Shots, tmp_path: Path) -> None:
    other = save_shot(tmp_path / "other", {1: render(BEHIND)})
    out = tmp_path / "out"
    answer = run(shots.source, "--reference", other, "--out", out)
    report = answer["report"]
    assert answer["status"] == "done"
    assert (report["verdict"], report["level"]) == ("no evidence", "none")
    assert re.search(r"share \d+ recognisable structures; 15 are needed", report["why"])
    assert report["confidence"] == 0
    assert Cdl.of(report["cdl"]).neutral
    for suffix in (".cc", ".ccc", ".cdl"):
        assert "<Slope>1 1 1</Slope>" in (out / f"match{suffix}").read_text()
    assert not list(out.glob("*.exr"))
    assert report["frames"] is None
    assert [each["kind"] for each in answer["results"]] == ["note"]
    assert report["sentence"].startswith("shot_b is left as it is: no evidence.")
    assert (out / "report.html").exists()


@pytest.mark.parametrize("level", ["auto", "lut"])
def test_the_cdl_the_frames_and_the_cube_agree(shots: Shots, tmp_path: Path, level: str) -> None:
    """Each applied by OpenColorIO, from its file, to the plate's own pixels."""
    again = ("--reference", shots.hero, "--out", tmp_path, "--level", level)
    report = run(shots.source, *again, "--source-frame", "1001")["report"]
    assert report["level"] == ("saturation" if level == "auto" else "lut")
    frame = acescct(shots.frame(1002, tmp_path).astype(np.float64))
    code = acescct(shots.graded[1002].astype(np.float64)).astype(np.float32)

    cc = ocio.FileTransform(str(tmp_path / "match.cc"))
    cc.setCDLStyle(ocio.CDL_NO_CLAMP)
    cube = ocio.FileTransform(str(tmp_path / "match.cube"), interpolation=ocio.INTERP_TETRAHEDRAL)
    if level == "auto":
        np.testing.assert_allclose(through(cc, code), frame, atol=1e-4)
    graded_there = Cdl.of(report["cdl"])(code.astype(np.float64))
    domain = ((code > 0) & (code < 1) & (graded_there > 0) & (graded_there < 1)).all(-1)
    assert domain.mean() > 0.9
    # a residual has kinks that 33 points round off: one pixel in a thousand may part more
    far = np.abs(through(cube, code) - frame)[domain].max(-1)
    assert np.quantile(far, 0.999) < 1e-3
    assert far.max() < (1e-3 if level == "auto" else 4e-3)


def through(transform: ocio.Transform, code: np.ndarray) -> np.ndarray:
    out = np.ascontiguousarray(code).copy()
    processor = ocio.Config.CreateRaw().getProcessor(transform)
    processor.getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS).applyRGB(out)
    return out


def test_files_load_in_opencolorio_and_come_back_equal(shots: Shots) -> None:
    said = shots.report["cdl"]
    for suffix in (".cc", ".ccc", ".cdl"):
        back = ocio.CDLTransform.CreateFromFile(str(shots.out / f"match{suffix}"), "shot_b")
        assert list(back.getSlope()) == said["slope"]
        assert list(back.getOffset()) == said["offset"]
        assert list(back.getPower()) == said["power"]
        assert back.getSat() == said["saturation"]
        assert back.getID() == "shot_b"
    assert "*ASC_CC_XML shot_b" in (shots.out / "match.edl").read_text()
    listed = {Path(f).name for f in shots.report["files"]}
    assert {"match.cc", "match.ccc", "match.cdl", "match.edl", "match.cube"} <= listed
    assert all(Path(f).exists() for f in shots.report["files"])


@pytest.mark.parametrize("level", ["saturation", "lut"])
def test_highlights_of_60_and_shadows_below_zero_come_out_finite_and_unclamped(
    shots: Shots, level: str
) -> None:
    grade = result(shots.solved, level).grade
    here = colour.space("ACEScg")
    frame = shots.graded[1002]
    assert frame.max() > 30
    assert frame.min() < -0.03
    out, held = grade.pixels(here, here)(frame)
    assert np.isfinite(out).all()
    assert held == 0
    lamp, dark = frame.max(-1) > 30, frame.min(-1) < -0.03
    assert apart_in_stops(out[lamp], shots.clean[1002][lamp]) < 0.3
    assert (out[dark].min(-1) < -0.02).all()
    rows = np.linspace(-0.05, 60, 4000, dtype=np.float32)[None, :, None].repeat(3, 2)
    rising, _ = grade.pixels(here, here)(rows)
    assert (np.diff(rising[0], axis=0) > 0).all()


def apart_in_stops(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(np.log2(a.max(-1) / b.max(-1))).max())


# --- what an artist changes later ----------------------------------------------------------


def test_level_and_strength_need_no_pixels(shots: Shots) -> None:
    solved = json.loads(json.dumps(shots.solved))
    clean, plate = shots.clean[1001], shots.graded[1001]
    errors = [apart(result(solved, level).grade.light(plate), clean) for level in levels.NAMES]
    none, balance, contrast, saturation, _ = errors
    assert none > balance > contrast > saturation
    away = [apart(result(solved, "auto", s).grade.light(plate), clean) for s in (0, 0.3, 0.6, 1)]
    assert away[0] == pytest.approx(none, abs=1e-3)
    assert away[0] > away[1] > away[2] > away[3]
    made = result(solved, "balance", 0.5)
    assert made.level == "balance"
    assert made.after["delta_e"]["mean"] < made.before["delta_e"]["mean"]


def test_each_level_says_what_it_leaves(shots: Shots) -> None:
    assert list(shots.report["levels"]) == list(levels.NAMES)
    left = [each["unseen_delta_e"] for each in shots.report["levels"].values()]
    assert left[0] > left[1] > left[2] > left[3]
    assert Cdl.of(shots.report["levels"]["balance"]["cdl"]).saturation == 1
    best = min(left)
    assert shots.report["levels"][shots.report["level"]]["unseen_delta_e"] < 1.2 * best


def test_a_change_of_strength_does_not_measure_again(
    shots: Shots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(shots.source, "--reference", shots.hero, "--out", tmp_path, "--no-write-frames")
    monkeypatch.setattr(matching, "solve", never)
    words = ("--reference", shots.hero, "--out", tmp_path, "--no-write-frames")
    half = run(shots.source, *words, "--strength", "0.5", "--level", "contrast")["report"]
    assert half["level"] == "contrast"
    whole = Cdl.of(first["report"]["levels"]["contrast"]["cdl"])
    np.testing.assert_allclose(half["cdl"]["slope"], whole.at(0.5).slope, atol=1e-9)
    assert not list(tmp_path.glob("*.exr"))
    refused = run(shots.source, *words, "--method", "palette", status=4)["error"]
    assert "measured again" in refused["title"]


def never(*_: object) -> dict[str, Any]:
    raise AssertionError("measured again")


def test_strength_zero_is_the_identity_bit_for_bit(shots: Shots, tmp_path: Path) -> None:
    plate = {1001: np.concatenate([shots.graded[1001], render(WIDE)[..., :1]], -1)}
    plate[1001][3, 4] = (np.nan, np.inf, -np.inf, 0.5)
    source = save_shot(tmp_path / "plate", plate)
    out = tmp_path / "out"
    run(source, "--reference", shots.hero, "--out", out, "--strength", "0", "--level", "lut")
    before = load(tmp_path / "plate" / "plate.1001.exr").astype(np.float16).view(np.uint16)
    after = load(out / "match.1001.exr").astype(np.float16).view(np.uint16)
    np.testing.assert_array_equal(after, before)


def test_a_solution_is_plain_json_and_means_the_same_after_it(shots: Shots) -> None:
    solved = solve(pictures(shots.graded[1001]), pictures(shots.wide[1]))
    back = json.loads(json.dumps(solved, allow_nan=False))
    assert back == solved
    space = [colour.space("ARRI LogC4")]
    for level in ("auto", "lut"):
        one, two = (matching.outcome(s, level, 0.7, space) for s in (solved, back))
        assert one == two
        np.testing.assert_array_equal(one.grade.cube, two.grade.cube)


def test_two_solves_are_the_same_text(shots: Shots) -> None:
    shot = pictures(*(graded(drifting(n)) for n in (0, 1)))
    hero = pictures(*(render(WIDE, n, 320, 180) for n in (3, 4)))
    one, two = (json.dumps(solve(shot, hero), sort_keys=True) for _ in range(2))
    assert one == two


# --- a ramp --------------------------------------------------------------------------------


def drifting(number: int) -> np.ndarray:
    """The set from a camera that moves a little from frame to frame."""
    x, y, z = SIDE.eye
    return render(replace(SIDE, eye=(x + 0.02 * number, y, z)), number, 320, 180)


def test_a_ramp_is_followed_and_its_frames_come_out_at_one_exposure(tmp_path: Path) -> None:
    true = np.linspace(-0.7, 0.3, 15)
    clean = {1001 + n: drifting(n) for n in range(15)}
    ramped = {n: graded(p) * np.float32(2.0 ** true[n - 1001]) for n, p in clean.items()}
    source = save_shot(tmp_path / "ramped", ramped)
    hero = save_shot(tmp_path / "hero", {1: render(WIDE, 2, 320, 180)})
    answer = run(source, "--reference", hero, "--out", tmp_path / "out", "--ramp")
    assert [each["kind"] for each in answer["results"]] == ["note", "frames"]
    report = answer["report"]
    assert any("CDL and cube hold the grade without the ramp" in w for w in report["warnings"])
    points = [(each["frame"], each["stops"]) for each in report["ramp"]]
    assert (points[0][0], points[-1][0], len(points)) == (1001, 1015, 12)
    left = true + [ramp.stops_at(points, 1001 + n) for n in range(15)]
    assert np.abs(left - left.mean()).max() < 0.05
    for number, picture in clean.items():
        made = load(tmp_path / "out" / f"match.{number}.exr")
        lit = (picture > 0.02).all(-1) & (made > 0.02).all(-1)
        assert abs(np.median(np.log2(made[lit] / picture[lit]))) < 0.05


def test_a_steady_exposure_has_no_ramp() -> None:
    shot = pictures(*(graded(drifting(n)) for n in range(0, 12, 2)))
    solved = solve(shot, pictures(render(WIDE, 2, 320, 180)), follow=True)
    assert solved["verdict"] == "match"
    assert solved["ramp"] == []
    assert "No exposure ramp was found; one exposure was solved for the shot." in solved["notes"]


# --- choices -------------------------------------------------------------------------------


def test_frames_asked_for_are_the_ones_measured(shots: Shots, tmp_path: Path) -> None:
    words = ("--reference", shots.hero, "--out", tmp_path, "--no-write-frames")
    chosen = ("--source-frame", "1003", "--reference-frame", "2")
    run(shots.source, *words, *chosen)
    recipe = json.loads((tmp_path / "recipe.json").read_text())
    assert list(recipe["inputs"]["source"]["sha256"]) == ["1003"]
    assert list(recipe["inputs"]["reference"]["sha256"]) == ["2"]
    drawn = recipe["solved"]["drawn"]
    assert {row[0] for row in drawn} == {1003}
    refused = run(shots.source, *words, "--source-frame", "7", status=2)["error"]
    assert refused["title"] == "source_frame is 7, and shot_b has no frame 7."
    assert refused["hint"] == "There is 1001 to 1003."


def test_a_cdl_for_another_space_has_its_own_numbers_and_residual(shots: Shots) -> None:
    spaces = shots.report["cdl_spaces"]
    assert list(spaces) == ["ARRI LogC4", "Linear Rec.709 (sRGB)"]
    for name, each in spaces.items():
        assert each["working_space"] == name
        assert each["slope"] != shots.report["cdl"]["slope"]
        assert 0 <= each["delta_e"]["mean"] <= each["delta_e"]["percentile_95"]
    assert spaces["ARRI LogC4"]["delta_e"]["mean"] < 1
    assert spaces["Linear Rec.709 (sRGB)"]["saturation"] == 1
    written = ocio.CDLTransform.CreateFromFile(str(shots.out / "match.ARRI_LogC4.cc"), "shot_b")
    assert list(written.getSlope()) == spaces["ARRI LogC4"]["slope"]
    # through the shot's own encoding in OpenColorIO it lands where the frames are
    frame, plate = shots.frame(1002), shots.graded[1002]
    there = colour.space("ARRI LogC4")
    written.setStyle(ocio.CDL_NO_CLAMP)
    placed = colour.to_acescg(through(written, colour.from_acescg(plate, there)), there)
    assert apart(placed, frame) < 2 * spaces["ARRI LogC4"]["delta_e"]["mean"] + 0.2


def test_an_unknown_space_is_refused_before_anything_is_measured(
    shots: Shots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "solve", never)
    words = ("--reference", shots.hero, "--out", tmp_path, "--cdl-space", "LogZ")
    refused = run(shots.source, *words, status=2)["error"]
    assert refused["title"].startswith("There is no colour space 'LogZ'")


# --- what is said of it --------------------------------------------------------------------


def test_the_report_has_every_field_with_the_right_sign(shots: Shots, tmp_path: Path) -> None:
    """A shot that is 0.42 stop under and bluer, and nothing else, is described as such."""
    gain = 2**-0.42 * np.array([0.93, 1.0, 1.12], np.float32)
    source = save_shot(tmp_path / "blue", {1: shots.clean[1001] * gain}, "float")
    words = ("--reference", shots.hero, "--out", tmp_path / "out", "--no-write-frames")
    report = run(source, *words)["report"]
    before, after = report["before"], report["after"]
    assert before["exposure_stops"] == pytest.approx(
        np.log2(gain @ (0.272, 0.674, 0.054)), abs=0.05
    )
    np.testing.assert_allclose(before["rgb_gain"], gain, rtol=0.04)
    assert before["white_balance"]["mired"] < -8
    assert before["white_balance"]["shot_cct"] > before["white_balance"]["reference_cct"] + 500
    assert before["contrast"] == pytest.approx(1, abs=0.1)
    assert re.match(
        r"Beside its reference, blue is 0\.4\d stops under(,| and) \d+ mired bluer",
        report["sentence"],
    )
    assert report["level"] == "balance"
    assert abs(after["exposure_stops"]) < 0.03
    assert abs(after["white_balance"]["mired"]) < 4
    np.testing.assert_allclose(after["rgb_gain"], 1, atol=0.02)
    for each in (before, after):
        assert set(each) >= {
            *("delta_e", "exposure_stops", "rgb_gain", "white_balance"),
            *("contrast", "saturation", "black_level"),
        }
        assert set(each["delta_e"]) == {"mean", "percentile_95", "skin_like"}
        assert {"shot_cct", "shot_duv", "mired"} <= set(each["white_balance"])
    assert report["cdl"]["working_space"] == "ACEScct"
    assert set(report["cdl"]) == {"slope", "offset", "power", "saturation", "working_space"}
    assert np.mean(report["cdl"]["offset"]) > 0, "a shot that is under has to be lifted"
    assert 0 < report["confidence"] <= 1
    assert report["view"] == colour.view_name()
    evidence = report["evidence"]
    assert evidence["count"] > 100
    assert evidence["structures"] >= 15
    assert set(evidence["where"][0]) >= {"source_frame", "source_x", "reference_frame"}
    assert evidence["where"][0]["source_frame"] == 1
    json.dumps(report, allow_nan=False)


def test_results_can_be_placed(shots: Shots) -> None:
    kinds = [each["kind"] for each in shots.answer["results"]]
    assert kinds == ["cdl", "cdl", "cdl", "lut", "frames"]
    cdl, logc, light, lut, frames = shots.answer["results"]
    assert (cdl["working_space"], cdl["id"]) == ("ACEScct", "shot_b")
    assert cdl["slope"] == shots.report["cdl"]["slope"]
    assert (logc["working_space"], light["working_space"]) == tuple(shots.report["cdl_spaces"])
    assert logc["residual"] == shots.report["cdl_spaces"]["ARRI LogC4"]["delta_e"]
    assert lut["path"] == str(shots.out / "match.cube")
    assert lut["needed"] is False
    assert (frames["first"], frames["last"]) == (1001, 1003)
    assert Path(frames["pattern"] % 1001).exists()


def test_the_page_has_its_pictures(shots: Shots) -> None:
    for name in ("beside", "evidence", "parade"):
        assert (shots.out / "report" / f"match_{name}.png").stat().st_size > 1000
    page = (shots.out / "report.html").read_text()
    assert shots.report["sentence"] in page


# --- the declaration -----------------------------------------------------------------------


def test_what_can_be_changed_later_is_declared_so() -> None:
    live = {name for name, (_, _, control) in find("match").controls().items() if control.live}
    assert live == {"level", "strength", "cdl_space"}


HELD: dict[str, Callable[..., None]] = {
    "a known grade between two views of a scene comes back": (
        test_a_known_grade_between_two_views_of_a_scene_comes_back
    ),
    "a shot matched to itself is left alone": test_a_shot_matched_to_itself_is_left_alone,
    "clipped areas do not steer the fit": test_clipped_areas_do_not_steer_the_fit,
    "things that are in one shot only do not steer the fit": (
        test_things_that_are_in_one_shot_only_do_not_steer_the_fit
    ),
    "shots without common ground are refused: identity, no frames": (
        test_shots_without_common_ground_are_refused
    ),
    "the CDL, the frames and the cube agree": test_the_cdl_the_frames_and_the_cube_agree,
    "files load in OpenColorIO and come back equal": (
        test_files_load_in_opencolorio_and_come_back_equal
    ),
    "highlights of 60 and shadows of -0.05 come out finite and unclamped": (
        test_highlights_of_60_and_shadows_below_zero_come_out_finite_and_unclamped
    ),
}


def test_every_line_of_the_contract_has_its_test() -> None:
    held = re.search(r"Holds[^\n]*\n(.*?)\n\n", find("match").contract, re.S)
    assert held
    said = [" ".join(line.split()).rstrip(";.") for line in held[1].splitlines()]
    assert said == list(HELD)


def test_the_ramp_goes_with_the_strength(shots: Shots) -> None:
    solved = json.loads(json.dumps(shots.solved)) | {"ramp": [[1001, -0.5], [1003, 0.5]]}
    half, whole = (result(solved, strength=strength) for strength in (0.5, 1.0))
    assert half.before == whole.before, "what was shot does not depend on what is done to it"
    assert result(solved, strength=0.0).after == half.before
    space = colour.space("ACEScg")
    job = Job({}, Path(), "match", "cpu", Events())
    grey = np.full((1, 2, 3), 0.18, np.float32)
    for strength in (0.5, 1.0):
        pixels = match_file._pixels(job, Grade(), solved["ramp"], strength)
        rows = pixels(1003, space, space)
        assert rows is not None
        np.testing.assert_allclose(rows(grey)[0], grey * 2 ** (0.5 * strength), rtol=1e-4)
        assert pixels(1002, space, space) is None
