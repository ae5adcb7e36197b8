"""Handles: what is real, what is made, what is refused."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import drifting
import numpy as np
import OpenImageIO as oiio
import pytest
from drifting import a_show, clocked, inner, load, rms, run, scene, shot, write

from answerprint.errors import BadInput, BadParameter
from answerprint.worker import jobs
from answerprint.worker.order import from_recipe

WHOLE = range(1001, 1009)


@pytest.mark.parametrize(("side", "made"), [("head", (1000, 999)), ("tail", (1009, 1010))])
def test_what_moves_evenly_moves_on(tmp_path: Path, side: str, made: tuple[int, ...]) -> None:
    done = run("extend", shot(tmp_path / "in", WHOLE), tmp_path / "out", **{side: 2})
    assert done.status == "done"
    edge = 1001 if side == "head" else 1008
    for number in made:
        found = load(tmp_path / f"out/extend.{number:04d}.exr")
        truth, held = scene(number - 1000), scene(edge - 1000)
        assert rms(inner(found - truth)) < 0.25 * rms(inner(held - truth))
    for number in WHOLE:
        one, other = (tmp_path / f for f in (f"in/p.{number}.exr", f"out/extend.{number}.exr"))
        assert np.array_equal(load(one), load(other))
    assert len(list((tmp_path / "out").glob("extend.*.exr"))) == len(WHOLE) + 2


def test_a_thing_in_front_moves_over_what_is_behind(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    thing = np.random.default_rng(1).uniform(0.5, 2, (40, 40, 1)).astype(np.float32)

    def picture(number: int) -> np.ndarray:
        light = scene(0)
        light[50:90, 20 + 4 * number : 60 + 4 * number] = thing
        return light

    for number in range(1, 7):
        write(tmp_path / "in", 1000 + number, picture(number))
    run("extend", str(tmp_path / "in/p.%04d.exr"), tmp_path / "out", tail=2)
    found, truth = load(tmp_path / "out/extend.1008.exr"), picture(8)
    front = (slice(54, 86), slice(56, 92))
    assert rms((found - truth)[front]) < 0.2 * rms((picture(6) - truth)[front])


def test_confidence_falls_and_is_told(tmp_path: Path) -> None:
    done = run("extend", shot(tmp_path / "in", WHOLE), tmp_path / "out", tail=12)
    told = done.report["frames"]["made_anew"]
    sure = [told[str(n)]["confidence"] for n in range(1009, 1021)]
    assert all(then < now for now, then in pairwise(sure))
    assert sure[0] > 0.7
    assert sure[-1] < 0.4
    (row,) = done.results[0]["markers"]
    assert (row["frame"], row["length"]) == (1009, 12)
    assert row["kind"] == "rebuilt"
    assert row["text"].startswith("carried on from 1008, confidence 0.")
    image = oiio.ImageBuf(str(tmp_path / "out/extend_qc.1012.exr"))
    assert set(image.spec().channelnames) == {"mask.Y", "confidence.Y"}


def test_grain_is_as_strong_as_in_the_shot(tmp_path: Path) -> None:
    run("extend", shot(tmp_path / "in", WHOLE, grain=True), tmp_path / "out", tail=3)
    made = drifting.fine(load(tmp_path / "out/extend.1010.exr")).var(axis=(0, 1))
    real = drifting.fine(load(tmp_path / "out/extend.1008.exr")).var(axis=(0, 1))
    np.testing.assert_allclose(made, real, rtol=0.1)


def test_the_clips_own_frames_come_first(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", WHOLE)
    done = run("extend", source, tmp_path / "out", frames="1004-1006", head=2, tail=4)
    for number in (1002, 1003, 1007, 1008):
        one, other = (tmp_path / f for f in (f"in/p.{number}.exr", f"out/extend.{number}.exr"))
        assert np.array_equal(load(one), load(other))
    assert done.outputs["frames"]["frames_made_anew"] == [1009, 1010]
    rows = done.results[0]["markers"]
    assert [(r["frame"], r["length"], r["kind"], r["text"]) for r in rows[:2]] == [
        (1002, 2, "as shot", "of the clip itself"),
        (1007, 2, "as shot", "of the clip itself"),
    ]
    assert (rows[2]["frame"], rows[2]["kind"]) == (1009, "rebuilt")
    assert rows[2]["text"].startswith("carried on from 1008")
    assert "4 frames at the tail, 2 of them as shot" in done.report["sentence"]


def test_a_show_has_frames_that_were_shot(tmp_path: Path) -> None:
    take = clocked(tmp_path / "dailies", "A001", range(1, 20), 0)
    pulled = clocked(tmp_path / "pull", "A001_pull", range(1005, 1011), 1000)
    folder = a_show(tmp_path, take)
    done = run("extend", pulled, tmp_path / "out", head=2, tail=3, show=[folder])
    for number in (1003, 1004, 1011, 1012, 1013):
        truth = load(tmp_path / f"dailies/A001.{number - 1000:04d}.exr")
        assert np.array_equal(load(tmp_path / f"out/extend.{number}.exr"), truth)
    assert done.outputs["frames"]["frames_made_anew"] == []
    rows = done.results[0]["markers"]
    assert [(r["frame"], r["length"], r["kind"], r["text"]) for r in rows] == [
        (1003, 2, "as shot", "of A001.%04d.exr"),
        (1011, 3, "as shot", "of A001.%04d.exr"),
    ]


def test_beyond_the_take_the_motion_goes_on(tmp_path: Path) -> None:
    take = clocked(tmp_path / "dailies", "A001", range(1, 13), 0)
    pulled = clocked(tmp_path / "pull", "A001_pull", range(1005, 1011), 1000)
    done = run("extend", pulled, tmp_path / "out", tail=4, show=[a_show(tmp_path, take)])
    assert done.outputs["frames"]["frames_made_anew"] == [1013, 1014]
    found = load(tmp_path / "out/extend.1014.exr")
    assert rms(inner(found - scene(14))) < 0.25 * rms(inner(scene(12) - scene(14)))


def test_a_take_that_changed_since_is_not_used(tmp_path: Path) -> None:
    take = clocked(tmp_path / "dailies", "A001", range(1, 13), 0)
    pulled = clocked(tmp_path / "pull", "A001_pull", range(1005, 1011), 1000)
    run("extend", pulled, tmp_path / "out", tail=2, show=[a_show(tmp_path, take)])
    (tmp_path / "dailies/A001.0011.exr").write_bytes(
        (tmp_path / "dailies/A001.0010.exr").read_bytes()
    )
    order = from_recipe(tmp_path / "out/recipe.json", tmp_path / "again")
    again = jobs.run(order, drifting.Events(), repeat=True)
    (failed,) = again.report["frames"]["failed"]
    assert failed["frame"] == 1011
    assert "is not the one the plan was made with" in failed["reason"]


def test_a_take_of_another_size_is_not_used_and_said(tmp_path: Path) -> None:
    take = clocked(tmp_path / "dailies", "A001", range(1, 13), 0)
    (tmp_path / "pull").mkdir()
    for number in range(1005, 1011):
        image = oiio.ImageBuf(str(tmp_path / f"dailies/A001.{number - 1000:04d}.exr"))
        small = oiio.ImageBufAlgo.resize(image, roi=oiio.ROI(0, 104, 0, 72, 0, 1, 0, 3))
        small.write(str(tmp_path / f"pull/A001_pull.{number}.exr"))
    source = str(tmp_path / "pull/A001_pull.%04d.exr")
    done = run("extend", source, tmp_path / "out", tail=2, show=[a_show(tmp_path, take)])
    assert done.outputs["frames"]["frames_made_anew"] == [1011, 1012]
    assert any("are not used: A001 shows 208 x 144 pixels" in w for w in done.report["warnings"])


def test_any_part_gives_the_same_frames(tmp_path: Path) -> None:
    run("extend", shot(tmp_path / "in", WHOLE, grain=True), tmp_path / "whole", tail=4)
    order = from_recipe(tmp_path / "whole/recipe.json", tmp_path / "part", "1011-1012")
    jobs.run(order, drifting.Events(), repeat=True)
    for number in (1011, 1012):
        one, other = (load(tmp_path / f / f"extend.{number}.exr") for f in ("whole", "part"))
        np.testing.assert_allclose(one, other, atol=1e-3)


# --- refused ---------------------------------------------------------------------------------


def test_more_than_twelve_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match=r"tail is 13 frames\. Use a whole number from 0 to 12"):
        run("extend", shot(tmp_path / "in", WHOLE), tmp_path / "out", tail=13)


def test_no_frames_asked_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="head and tail are 0"):
        run("extend", shot(tmp_path / "in", WHOLE), tmp_path / "out")


def test_numbers_below_zero_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in (3, 4):
        write(tmp_path / "in", number, scene(number))
    with pytest.raises(BadParameter, match="head is 4, and p begins at frame 3"):
        run("extend", str(tmp_path / "in/p.%04d.exr"), tmp_path / "out", head=4)


def test_one_frame_shows_no_motion(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Frame 1001 of p stands alone"):
        run("extend", shot(tmp_path / "in", [1001]), tmp_path / "out", tail=2)


def test_the_frame_after_a_cut_stands_alone(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Frame 1008 of p stands alone"):
        run("extend", shot(tmp_path / "in", WHOLE, cut=1008), tmp_path / "out", tail=2)


def test_an_end_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Frame 1009 of p, at its tail, is missing"):
        run("extend", shot(tmp_path / "in", WHOLE), tmp_path / "out", frames="1004-1009", tail=1)


def test_holes_stay_holes_and_are_told(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", [1001, 1002, 1004, 1005, 1006])
    done = run("extend", source, tmp_path / "out", tail=1)
    assert not (tmp_path / "out/extend.1003.exr").exists()
    assert "1003 is missing and is not made here: use fill." in done.report["warnings"]
    assert done.status == "done"


def test_all_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"No frame 1100-1110 of p\.%04d\.exr is there"):
        run("extend", shot(tmp_path / "in", WHOLE), tmp_path / "out", frames="1100-1110", tail=1)


# --- bad frames ------------------------------------------------------------------------------


def test_an_end_of_another_size_is_named(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", WHOLE)
    write(tmp_path / "in", 1008, scene(8)[:50, :60])
    with pytest.raises(BadInput, match=r"Frame 1008 of p.*another display window"):
        run("extend", source, tmp_path / "out", tail=1)


def test_what_is_no_number_stays_and_is_told(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", WHOLE)
    light = scene(8)
    light[40:60, 50:70] = np.nan
    write(tmp_path / "in", 1008, light)
    run("extend", source, tmp_path / "out", tail=1)
    found = load(tmp_path / "out/extend.1009.exr")
    sure = load(tmp_path / "out/extend_qc.1009.exr")[..., 0]  # confidence comes before mask
    lost = np.isnan(found).any(axis=-1)
    assert lost[44:56, 56:68].all()
    assert lost.sum() < 26 * 26
    assert not sure[lost].any()
    away = np.isfinite(found) & (np.abs(np.arange(208) - 60) > 30)[None, :, None]
    assert rms(inner(found - scene(9))[inner(away)]) < 0.1 * rms(scene(9))


def test_pictures_of_four_pixels_go_on(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in (1001, 1002, 1003):
        write(tmp_path / "in", number, np.full((2, 2, 3), 0.25, np.float32))
    run("extend", str(tmp_path / "in/p.%04d.exr"), tmp_path / "out", head=1, tail=2)
    for number in (1000, 1004, 1005):
        found = load(tmp_path / f"out/extend.{number}.exr")
        assert found.shape == (2, 2, 3)
        np.testing.assert_allclose(found, 0.25, rtol=1e-3)


def test_files_of_alpha_alone_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in (1001, 1002):
        write(tmp_path / "in", number, np.ones((20, 30, 1), np.float32), ("A",))
    with pytest.raises(BadInput, match=r"has no R, G, B\. It has: A\."):
        run("extend", str(tmp_path / "in/p.%04d.exr"), tmp_path / "out", tail=1)
