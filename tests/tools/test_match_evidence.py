"""What a match is measured on: surfaces, palettes, or nothing that is enough."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matched import Shots, apart, graded, pictures, result, run, solve
from soundstage.room import BEHIND, WIDE, render
from soundstage.shots import save_shot

from answerprint.frames import colour
from answerprint.vision import levels, matching
from answerprint.vision.pairs import Evidence

# --- evidence ------------------------------------------------------------------------------


@pytest.mark.parametrize("stops", [-6, -2, 2, 4])
def test_another_exposure_hides_nothing(shots: Shots, stops: int) -> None:
    under = shots.graded[1001] * 2.0**stops
    solved = solve(pictures(under), pictures(shots.wide[1]))
    assert solved["method"] == "correspondence"
    after = apart(result(solved).grade.light(under), shots.clean[1001])
    # six stops under lies in the toe of ACEScct, where a CDL says less
    assert after < (1.2 if stops > -6 else 2.5)
    said = result(solved).before["exposure_stops"]
    assert said == pytest.approx(stops - 0.37, abs=0.12 if stops > -6 else 0.3)


def test_other_log_encodings_of_the_scene_match_no_worse(shots: Shots, tmp_path: Path) -> None:
    """The shot as S-Log3, the hero as LogC4; a result stays in the shot's own encoding."""
    log, other = colour.space("S-Log3 S-Gamut3.Cine"), colour.space("ARRI LogC4")
    coded = {n: colour.from_acescg(p, log) for n, p in shots.graded.items()}
    hero = {n: colour.from_acescg(p, other) for n, p in shots.wide.items()}
    source = save_shot(tmp_path / "slog", coded, "float", tagged=False)
    reference = save_shot(tmp_path / "logc", hero, "float", tagged=False)
    out = tmp_path / "out"
    spaces = ("--colourspace", log.name, "--reference-colourspace", other.name)
    report = run(source, "--reference", reference, "--out", out, *spaces)["report"]
    found = colour.to_acescg(shots.frame(1002, out), log)
    assert (
        apart(found, shots.clean[1002]) < 1.1 * apart(shots.frame(1002), shots.clean[1002]) + 0.05
    )
    assert report["colour"]["spaces"]["source"] == {"name": log.name, "said_by": "user"}


def test_a_shot_that_shows_something_else_too_is_matched_by_its_palette(shots: Shots) -> None:
    wide = render(WIDE, 0, 640, 360)
    left, right = slice(None, 420), slice(220, None)
    for half, other in ((left, right), (right, left)):
        clean, hero = wide[:, half], wide[:, other]
        solved = solve(pictures(graded(clean)), pictures(hero), "palette")
        assert (solved["method"], solved["verdict"]) == ("palette", "match")
        after = apart(result(solved).grade.light(graded(clean)), clean)
        assert after < 0.8 * apart(graded(clean), clean)
        assert 0 < solved["confidence"] < 0.7 * shots.report["confidence"]
        assert "lut" not in solved["levels"]
        found = result(solved, "lut")
        assert found.level == "saturation"
        assert "There is no evidence for level 'lut'; 'saturation' is used." in found.warnings
        assert any("Look at it" in each for each in found.warnings)


def test_the_method_asked_for_is_the_one_used(shots: Shots) -> None:
    shot, hero = pictures(shots.graded[1001]), pictures(shots.wide[1])
    by_palette = solve(shot, hero, "palette")
    assert (by_palette["method"], by_palette["structures"]) == ("palette", 0)
    behind = pictures(render(BEHIND))
    refused = solve(shot, behind, "correspondence")
    assert refused["verdict"] == "no evidence"
    assert "palettes" not in refused["why"]
    assert "structures" not in solve(shot, behind, "palette")["why"]


ODD: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "black": lambda p: p * 0,
    "grey card": lambda p: p * 0 + 0.18,
    "below zero": lambda p: -np.abs(p) - 0.1,
    "one pixel": lambda p: p[:1, :1],
    "two pixels": lambda p: p[:1, :2],
    "5 x 5": lambda p: p[:5, :5],
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("method", ["auto", "correspondence", "palette"])
def test_a_picture_with_nothing_in_it_is_refused(shots: Shots, odd: str, method: str) -> None:
    there = pictures(shots.wide[1])
    odd_one = pictures(ODD[odd](shots.graded[1001]))
    for source, reference in ((odd_one, there), (there, odd_one), (odd_one, odd_one)):
        solved = solve(source, reference, method)
        assert solved["verdict"] == "no evidence"
        assert solved["why"].endswith(".")
        assert result(solved).grade.neutral


@pytest.mark.parametrize("method", ["auto", "correspondence", "palette"])
def test_pictures_without_a_valid_pixel_are_refused(shots: Shots, method: str) -> None:
    nothing = {1001: (shots.graded[1001], np.zeros((270, 480), bool))}
    there = pictures(shots.wide[1])
    for source, reference in ((nothing, there), (there, nothing), (nothing, nothing)):
        assert solve(source, reference, method)["verdict"] == "no evidence"


@pytest.mark.parametrize("size", [(36, 64), (16, 16), (1, 200)])
def test_tiny_pictures_do_not_crash(shots: Shots, size: tuple[int, int]) -> None:
    height, width = size
    cut = slice(100, 100 + height), slice(100, 100 + width)
    solved = solve(pictures(shots.graded[1001][cut]), pictures(shots.wide[1][cut]))
    made = result(solved, "lut")
    assert np.isfinite(made.grade.light(shots.graded[1001])).all()
    json.dumps([solved, made.before, made.after], allow_nan=False)


def test_frames_that_are_all_nan_are_no_evidence(shots: Shots, tmp_path: Path) -> None:
    spoiled = save_shot(tmp_path / "nan", {1: np.full((36, 64, 3), np.nan)})
    answer = run(spoiled, "--reference", shots.hero, "--out", tmp_path / "out")
    assert answer["report"]["verdict"] == "no evidence"
    assert "no pixel between clipping and noise" in answer["report"]["why"]


def test_a_shot_without_rgb_is_refused(shots: Shots, tmp_path: Path) -> None:
    matte = save_shot(tmp_path / "matte", {1: shots.wide[1][..., :2]})
    answer = run(matte, "--reference", shots.hero, "--out", tmp_path / "out", status=2)
    assert answer["error"]["title"].startswith("Frame 1 of matte")
    assert " has no R, G, B. It has: " in answer["error"]["title"]


def test_evidence_from_one_spot_is_too_little(shots: Shots) -> None:
    """One poster that both rooms have says little of the light in either."""
    codes = np.random.default_rng(0).uniform(0.3, 0.5, (400, 3))
    spot = Evidence(
        levels.Pairs(codes, codes + 0.02, np.ones(400), np.arange(400) % 3), np.zeros((400, 6)), 80
    )
    solved, why = matching._from_surfaces(spot, pictures(shots.wide[1]), False)
    assert not solved
    assert why == (
        "The 80 structures that the shots share lie in 3 of the picture's 96 parts; 4 are needed."
    )


def test_a_damaged_frame_is_not_measured_and_the_others_are_made(
    shots: Shots, tmp_path: Path
) -> None:
    source = Path(shots.source)
    folder = source if source.is_dir() else source.parent
    copy = shutil.copytree(folder, tmp_path / "shot_b")
    damaged = sorted(copy.glob("*.exr"))[1]
    damaged.write_bytes(damaged.read_bytes()[:2000])
    answer = run(copy, "--reference", shots.hero, "--out", tmp_path / "out", status=1)
    assert answer["status"] == "partial"
    report = answer["report"]
    assert [each["frame"] for each in report["frames"]["failed"]] == [1002]
    assert report["frames"]["written"] == 2
    assert any("Not measured: the source's frame 1002." in each for each in report["warnings"])
    asked = ("--source-frame", 1002, "--out", tmp_path / "asked")
    refused = run(copy, "--reference", shots.hero, *asked, status=2)
    assert "1002" in refused["error"]["title"]
