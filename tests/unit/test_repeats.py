"""The next run in the same folder, and the repeat of a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shots
from pictures import save
from shots import results, stamps

from answerprint.errors import BadInput, BadParameter
from answerprint.events import Events
from answerprint.vision import matching
from answerprint.worker import jobs
from answerprint.worker.order import from_recipe

solved_once = pytest.fixture(autouse=True)(shots.solve_once)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    return shots.plate_and_hero(tmp_path / "shots")


@pytest.fixture
def solves(monkeypatch: pytest.MonkeyPatch, solved_once: None) -> list[str]:
    """A line for every solve."""
    solve, seen = matching.solve, []

    def counted(*args: Any) -> dict[str, Any]:
        seen.append(args[2])
        return solve(*args)

    monkeypatch.setattr(matching, "solve", counted)
    return seen


def again(recipe: Path, out: Path | None = None, part: str = "") -> jobs.Outcome:
    return jobs.run(from_recipe(recipe, out, part), Events(), repeat=True)


def change(path: Path, gain: float) -> None:
    save(path, (shots.scene(7) * gain).astype(np.float16), **shots.TAGS)


# --- the next run in the same folder -------------------------------------------------------


def test_the_same_again_computes_nothing(
    tmp_path: Path, pair: tuple[str, str], solves: list[str]
) -> None:
    out = tmp_path / "out"
    shots.run(pair, out)
    before, recipe = stamps(out), (out / "recipe.json").read_bytes()
    report = shots.run(pair, out).report
    assert len(solves) == 1
    assert (report["frames"]["kept"], report["frames"]["written"]) == (3, 0)
    assert stamps(out) == before
    assert (out / "recipe.json").read_bytes() == recipe
    assert len(report["frames"]["result_sha256"]) == 3


@pytest.mark.parametrize("live", [{"strength": 0.5}, {"level": "balance"}])
def test_a_live_choice_needs_no_new_solve(
    tmp_path: Path, pair: tuple[str, str], solves: list[str], live: dict[str, Any]
) -> None:
    out = tmp_path / "out"
    shots.run(pair, out)
    before = results(out)
    report = shots.run(pair, out, params=live).report
    assert len(solves) == 1
    assert report["frames"]["written"] == 3
    after = results(out)
    assert before.keys() == after.keys()
    assert all(before[name] != after[name] for name in before)
    shots.run(pair, tmp_path / "fresh", params=live)
    assert len(solves) == 2
    assert results(tmp_path / "fresh") == after, "as if it had been asked for at once"


@pytest.mark.parametrize(
    "asked", [{"params": {"reference_frame": "2"}}, {"frames": "1001-1002"}], ids=str
)
def test_another_measurement_solves_anew(
    tmp_path: Path, pair: tuple[str, str], solves: list[str], asked: dict[str, Any]
) -> None:
    shots.run(pair, tmp_path / "out")
    shots.run(pair, tmp_path / "out", **asked)
    assert len(solves) == 2


@pytest.mark.parametrize(("which", "number"), [(0, 1002), (1, 1)])
def test_another_plate_or_hero_of_the_same_name_is_measured_anew(
    tmp_path: Path, pair: tuple[str, str], solves: list[str], which: int, number: int
) -> None:
    shots.run(pair, tmp_path / "out")
    change(Path(pair[which] % number), 1.1)
    report = shots.run(pair, tmp_path / "out").report
    assert len(solves) == 2
    assert report["frames"]["written"] == 3
    shots.run(pair, tmp_path / "fresh")
    assert results(tmp_path / "fresh") == results(tmp_path / "out")


def test_a_new_take_of_one_frame_is_that_frame_alone(
    tmp_path: Path, pair: tuple[str, str], solves: list[str]
) -> None:
    params = {"source_frame": "1001"}
    shots.run(pair, tmp_path / "out", params=params)
    change(Path(pair[0] % 1003), 0.9)
    report = shots.run(pair, tmp_path / "out", params=params).report
    assert len(solves) == 1
    assert (report["frames"]["kept"], report["frames"]["written"]) == (2, 1)


def test_what_a_killed_run_left_half_written_is_removed(
    tmp_path: Path, pair: tuple[str, str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in ("recipe.json", "match.cube"):
        (out / f".{name}.tmp-0123456789abcdef").write_text("half a file")
    shots.run(pair, out)
    shots.run(pair, tmp_path / "fresh")
    for name in ("recipe.json", "match.cube"):
        assert (out / name).read_bytes() == (tmp_path / "fresh" / name).read_bytes()
    assert shots.leftovers(out) == []


# --- a recipe ------------------------------------------------------------------------------


def test_a_repeat_is_equal_byte_for_byte(
    tmp_path: Path, pair: tuple[str, str], solves: list[str]
) -> None:
    out, other = tmp_path / "out", tmp_path / "other/folder"
    shots.run(pair, out, params={"strength": 0.7, "cdl_space": ["ARRI LogC4"]}, name="sc010")
    outcome = again(out / "recipe.json", other)
    assert len(solves) == 1
    assert outcome.status == "done"
    assert results(other) == results(out)
    assert len(results(other)) == 3
    sides = [p for p in out.iterdir() if p.suffix in (".cc", ".ccc", ".cdl", ".edl", ".cube")]
    assert len(sides) == 8
    for side in (*sides, out / "recipe.json"):
        assert (other / side.name).read_bytes() == side.read_bytes(), side.name


def test_measuring_twice_finds_the_same(
    tmp_path: Path, pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # solve for real, both times
    shots.run(pair, tmp_path / "a")
    shots.run(pair, tmp_path / "b")
    assert results(tmp_path / "a") == results(tmp_path / "b")
    assert (tmp_path / "a/recipe.json").read_bytes() == (tmp_path / "b/recipe.json").read_bytes()


def test_a_part_is_part_of_the_whole(
    tmp_path: Path, pair: tuple[str, str], solves: list[str]
) -> None:
    out, farm = tmp_path / "out", tmp_path / "farm"
    shots.run(pair, out, params={"source_frame": "1001"})
    first = again(out / "recipe.json", farm, "1003")
    assert list(results(farm)) == ["match.1003.exr"]
    assert (first.report["part"], first.outputs["frames"]["first"]) == ("1003", 1003)
    again(out / "recipe.json", farm, "1001-1002")
    assert len(solves) == 1
    assert results(farm) == results(out)
    for name in ("recipe.json", "match.edl", "match.ccc", "match.cube"):
        assert (farm / name).read_bytes() == (out / name).read_bytes(), name
    assert again(farm / "recipe.json").report["frames"]["kept"] == 3


def test_a_part_may_reach_beyond_and_says_what_is_missing(
    tmp_path: Path, pair: tuple[str, str]
) -> None:
    shots.run(pair, tmp_path / "out", frames="1001-1002")
    outcome = again(tmp_path / "out/recipe.json", None, "1003-1004")
    assert outcome.status == "partial"
    assert [f["frame"] for f in outcome.report["frames"]["failed"]] == [1004]
    assert "match.1003.exr" in results(tmp_path / "out")


@pytest.mark.parametrize(("which", "number", "name"), [(0, 1002, "source"), (1, 2, "reference")])
def test_a_recipe_refuses_another_plate_or_hero(
    tmp_path: Path, pair: tuple[str, str], solves: list[str], which: int, number: int, name: str
) -> None:
    shots.run(pair, tmp_path / "out")
    before = results(tmp_path / "out")
    for harm in (lambda at: change(at, 1.1), lambda at: at.write_bytes(b""), Path.unlink):
        harm(Path(pair[which] % number))
        with pytest.raises(BadInput) as refused:
            again(tmp_path / "out/recipe.json", tmp_path / "b")
        clip = ("plate", "hero")[which]
        assert (
            refused.value.title == f"Frame {number} of {clip} is not the one the recipe rests on."
        )
        assert refused.value.hint == (
            f"Bring back the {name} the recipe was made from, or run match anew."
        )
    assert len(solves) == 1
    assert not (tmp_path / "b").exists()
    assert results(tmp_path / "out") == before


def test_a_recipe_of_a_later_version_is_refused(tmp_path: Path, pair: tuple[str, str]) -> None:
    shots.run(pair, tmp_path / "out")
    at = tmp_path / "out/recipe.json"
    at.write_text(at.read_text().replace('"version": 1', '"version": 2'))
    with pytest.raises(BadParameter, match="the recipe is of version 2, this is version 1"):
        again(at)


def test_another_colour_configuration_is_no_repeat(
    tmp_path: Path, pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch, solves: list[str]
) -> None:
    shots.run(pair, tmp_path / "out")
    monkeypatch.setenv("OCIO", "ocio://cg-config-v2.2.0_aces-v1.3_ocio-v2.4")
    with pytest.raises(BadInput, match="The recipe was made under the colour configuration studio"):
        again(tmp_path / "out" / "recipe.json", tmp_path / "other")
    shots.run(pair, tmp_path / "out")
    assert len(solves) == 2


def test_a_frame_that_is_another_one_since_is_no_repeat(
    tmp_path: Path, pair: tuple[str, str]
) -> None:
    shots.run(pair, tmp_path / "out", params={"source_frame": "1001"})
    change(Path(pair[0] % 1003), 0.9)
    repeated = again(tmp_path / "out" / "recipe.json", tmp_path / "other")
    assert repeated.status == "partial"
    (failed,) = repeated.report["frames"]["failed"]
    assert failed["frame"] == 1003
    assert "is not the one the recipe was made from" in failed["reason"]
    assert sorted(results(tmp_path / "other")) == ["match.1001.exr", "match.1002.exr"]


def test_frames_added_since_are_measured(
    tmp_path: Path, pair: tuple[str, str], solves: list[str]
) -> None:
    assert shots.run(pair, tmp_path / "out").report["solved"] == "by this run"
    assert shots.run(pair, tmp_path / "out").report["solved"] == "by an earlier run"
    save(Path(pair[0] % 1004), shots.scene(1004).astype(np.float16), **shots.TAGS)
    assert shots.run(pair, tmp_path / "out").report["solved"] == "by this run"
    assert len(solves) == 2


def test_what_was_counted_stays_counted_when_frames_are_kept(
    tmp_path: Path, pair: tuple[str, str]
) -> None:
    spoiled = shots.scene(1002).astype(np.float16)
    spoiled[3, 4] = np.nan
    save(Path(pair[0] % 1002), spoiled, **shots.TAGS)
    first = shots.run(pair, tmp_path / "out").report["frames"]
    second = shots.run(pair, tmp_path / "out").report["frames"]
    assert (first["not_finite_values"], first["written"]) == (3, 3)
    assert (second["not_finite_values"], second["kept"]) == (3, 3)
    assert first["counts"] == second["counts"] == {"1002": [3, 0]}
