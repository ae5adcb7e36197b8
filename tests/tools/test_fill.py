"""Frames that are missing: what is rebuilt, what is left alone, what is refused."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import drifting
import movies
import numpy as np
import OpenImageIO as oiio
import pytest
from drifting import PACE, a_show, clocked, fine, inner, load, rms, run, scene, shot, write

from answerprint.errors import BadInput, BadParameter
from answerprint.frames.clip import open_clip
from answerprint.tools import fill
from answerprint.vision.rebuild import Around
from answerprint.worker import jobs
from answerprint.worker.order import from_recipe
from answerprint.worker.timed import TOLD

WHOLE = range(1001, 1008)


def without(*gone: int) -> list[int]:
    return [n for n in WHOLE if n not in gone]


def refused(source: str, out: Path, **how: str) -> BadInput:
    with pytest.raises(BadInput) as found:
        run("fill", source, out, **how)
    assert found.value.hint
    assert not list(out.glob("*.exr"))
    return found.value


# --- the picture -----------------------------------------------------------------------------


@pytest.mark.parametrize("gone", [(1003,), (1003, 1004, 1005)])
def test_what_moves_evenly_comes_back(tmp_path: Path, gone: tuple[int, ...]) -> None:
    done = run("fill", shot(tmp_path / "in", without(*gone)), tmp_path / "out")
    assert done.status == "done"
    assert done.report["rebuilt"] == list(gone)
    for number in gone:
        found, truth = load(tmp_path / f"out/fill.{number}.exr"), scene(number - 1000)
        assert rms(inner(found - truth)) < 0.02 * rms(truth)
        held = scene(gone[0] - 1001)  # what a copy of the frame before would be off by
        assert rms(inner(held - truth)) > 5 * rms(inner(found - truth))


def test_a_changing_pace_is_followed(tmp_path: Path) -> None:
    """A camera that slows down: half the way lies before half the time."""
    (tmp_path / "in").mkdir()
    at = {n: 6 * (n - 1000) - 0.5 * (n - 1000) ** 2 for n in WHOLE}
    for number in without(1003, 1004):
        write(tmp_path / "in", number, scene(at[number] / 2))
    run("fill", str(tmp_path / "in/p.%04d.exr"), tmp_path / "out")
    for number in (1003, 1004):
        even = at[1002] + (at[1005] - at[1002]) * (number - 1002) / 3
        found, truth = load(tmp_path / f"out/fill.{number}.exr"), scene(at[number] / 2)
        assert rms(inner(found - truth)) < 0.3 * rms(inner(scene(even / 2) - truth))


def test_a_copy_beside_the_gap_bends_nothing(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", without(1003))
    write(tmp_path / "in", 1001, scene(2))
    run("fill", source, tmp_path / "out")
    found, truth = load(tmp_path / "out/fill.1003.exr"), scene(3)
    third_of_a_pixel = rms(inner(scene(3.15) - truth))  # as far off as the bend would be
    assert rms(inner(found - truth)) < 0.5 * third_of_a_pixel


def test_best_is_as_true(tmp_path: Path) -> None:
    run("fill", shot(tmp_path / "in", without(1003)), tmp_path / "out", quality="best")
    found, truth = load(tmp_path / "out/fill.1003.exr"), scene(3)
    assert rms(inner(found - truth)) < 0.02 * rms(truth)


def test_frames_that_are_there_stay_bit_for_bit(tmp_path: Path) -> None:
    run("fill", shot(tmp_path / "in", without(1003), grain=True), tmp_path / "out")
    for number in without(1003):
        one, other = (load(tmp_path / f) for f in (f"in/p.{number}.exr", f"out/fill.{number}.exr"))
        assert np.array_equal(one, other)


def test_what_is_spoiled_is_replaced(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", WHOLE)
    write(tmp_path / "in", 1004, np.full((*drifting.SIZE, 3), 7, np.float32))
    run("fill", source, tmp_path / "out", replace="1004")
    found = load(tmp_path / "out/fill.1004.exr")
    assert rms(inner(found - scene(4))) < 0.02 * rms(scene(4))


def test_neighbours_beyond_the_range_are_used(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", without(1003))
    done = run("fill", source, tmp_path / "out", frames="1003-1005")
    assert done.report["frames"]["made_anew"]["1003"]["from"] == [1002, 1004, 1001, 1005]
    assert min(p.name for p in (tmp_path / "out").glob("fill.*")) == "fill.1003.exr"


def test_highlights_keep_their_energy_and_nothing_goes_below_the_plate(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    truth = {}
    for number in (1001, 1002, 1004, 1005, 1003):
        light = np.full((*drifting.SIZE, 3), 0.02, np.float32)
        y, x = np.mgrid[: drifting.SIZE[0], : drifting.SIZE[1]]
        far = np.hypot(x - 60 - 4 * (number - 1000), y - 48)
        light += 50 * np.exp(-((far / 5) ** 2))[..., None].astype(np.float32)
        truth[number] = light
        if number != 1003:
            write(tmp_path / "in", number, light)
    run("fill", str(tmp_path / "in/p.%04d.exr"), tmp_path / "out")
    found = load(tmp_path / "out/fill.1003.exr")
    assert abs((found - 0.02).sum() / (truth[1003] - 0.02).sum() - 1) < 0.02
    assert found.min() >= 0.0199
    assert found.max() > 45


def test_a_spark_that_stands_still_stays_one(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in without(1004):
        light = drifting.grained(scene(0), number)
        light[40, 70] = 900
        light[50, 90] = -0.05
        write(tmp_path / "in", number, light)
    run("fill", str(tmp_path / "in/p.%04d.exr"), tmp_path / "out")
    found = load(tmp_path / "out/fill.1004.exr")
    np.testing.assert_allclose(found[39:42, 69:72].sum(axis=(0, 1)), 900, rtol=0.02)
    assert found[40, 70].min() > 0.8 * 900
    found[39:42, 69:72] = 0
    assert found[30:50, 60:80].max() < 5


# --- grain -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def grainy(tmp_path_factory: pytest.TempPathFactory) -> dict[int, np.ndarray]:
    """What is not the scene in each frame of a shot of two gaps."""
    folder = tmp_path_factory.mktemp("grainy")
    run("fill", shot(folder / "in", without(1003, 1005, 1006), grain=True), folder / "out")
    return {n: load(folder / f"out/fill.{n}.exr") for n in WHOLE}


@pytest.mark.parametrize("number", [1003, 1005, 1006])
def test_grain_is_as_strong_as_the_neighbours(grainy: dict[int, np.ndarray], number: int) -> None:
    rebuilt = fine(grainy[number]).var(axis=(0, 1))
    real = np.mean([fine(grainy[n]).var(axis=(0, 1)) for n in (1002, 1004, 1007)], axis=0)
    np.testing.assert_allclose(rebuilt, real, rtol=0.1)


def test_grain_is_its_own(grainy: dict[int, np.ndarray]) -> None:
    """No frame's grain is another's, where the picture has moved and where it stands."""
    grain = {n: fine(grainy[n] - scene(n - 1000)) for n in WHOLE}
    step = np.rint(PACE).astype(int)
    for number, real in ((1003, 1002), (1003, 1004), (1005, 1004), (1006, 1007), (1005, 1006)):
        moved = np.roll(grain[real], (number - real) * step[::-1], axis=(0, 1))
        for other in (grain[real], moved):
            together = np.corrcoef(grain[number].ravel(), other.ravel())[0, 1]
            assert abs(together) < 0.1


def test_grain_may_be_left_as_it_was_mixed(tmp_path: Path, grainy: dict[int, np.ndarray]) -> None:
    source = shot(tmp_path / "in", without(1003), grain=True)
    run("fill", source, tmp_path / "out", grain=False)
    mixed = fine(load(tmp_path / "out/fill.1003.exr") - scene(3)).var()
    assert mixed < 0.7 * fine(grainy[1003] - scene(3)).var()


def test_texture_that_both_frames_show_is_no_grain(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    texture = np.random.default_rng(5).normal(1, 0.2, (*drifting.SIZE, 1)).astype(np.float32)
    for number in without(1004):
        write(tmp_path / "in", number, np.roll(texture * 0.3, 2 * number, axis=1).repeat(3, axis=2))
    run("fill", str(tmp_path / "in/p.%04d.exr"), tmp_path / "out")
    found, truth = load(tmp_path / "out/fill.1004.exr"), np.roll(texture * 0.3, 2008, axis=1)
    assert rms(inner(found - truth)) < 0.25 * fine(truth.repeat(3, axis=2)).std()


def test_where_there_is_no_grain_none_is_laid(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in without(1004):
        light = drifting.grained(scene(number - 1000), number)
        light[:, :40] = 1.0  # clipped
        write(tmp_path / "in", number, light)
    run("fill", str(tmp_path / "in/p.%04d.exr"), tmp_path / "out")
    found = load(tmp_path / "out/fill.1004.exr")
    assert np.abs(found[:, :24] - 1).max() < 1e-3
    assert fine(found)[:, 60:].std() > 0.005


# --- all of the file -------------------------------------------------------------------------


CHANNELS = ("R", "G", "B", "A", "Z", "crypto00.R", "crypto00.G", "glow.R")


def layered(folder: Path, number: int) -> np.ndarray:
    """A plate over which a square moves, near and white, with a name of its own."""
    tall, wide = drifting.SIZE
    pixels = np.zeros((tall, wide, len(CHANNELS)), np.float32)
    pixels[..., :3] = scene(0)
    pixels[..., 4], pixels[..., 5], pixels[..., 6] = 80, 0.25, 1
    x = 40 + 3 * (number - 1000)
    square = np.random.default_rng(2).uniform(0.5, 2, (30, 30, 1)).astype(np.float32)
    pixels[30:60, x : x + 30, :3] = square
    pixels[30:60, x : x + 30, 3] = 1
    pixels[30:60, x : x + 30, 4:7] = (5, 1e30, 0.75)
    pixels[30:60, x : x + 30, 7] = 12
    write(folder, number, pixels, CHANNELS, kind="float")
    return pixels


def test_every_channel_is_what_it_was(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in without(1004):
        layered(tmp_path / "in", number)
    run("fill", str(tmp_path / "in/p.%04d.exr"), tmp_path / "out")
    found = load(tmp_path / "out/fill.1004.exr")
    truth = layered(tmp_path, 1004)
    matte, depth, ident = found[..., 3], found[..., 4], found[..., 5]
    assert matte.min() >= 0
    assert matte.max() <= 1
    assert np.abs(matte - truth[..., 3]).mean() < 0.01
    near, far = np.abs(depth - 5) < 0.5, np.abs(depth - 80) < 8
    assert (near | far).all()
    assert set(np.unique(ident)) == {np.float32(0.25), np.float32(1e30)}
    assert (ident == truth[..., 5]).mean() > 0.98
    assert np.abs(found[..., 7] - truth[..., 7]).mean() < 0.2


def test_data_windows_may_differ(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    at = {1001: (20, 10), 1003: (24, 10)}
    for number, (x, y) in at.items():
        light = scene(number - 1000)[y : y + 70, x : x + 100 + number - 1001]
        write(tmp_path / "in", number, light, at=(x, y), display=drifting.SIZE)
    run("fill", str(tmp_path / "in/p.%04d.exr"), tmp_path / "out")
    spec = oiio.ImageBuf(str(tmp_path / "out/fill.1002.exr")).spec()
    assert (spec.x, spec.y, spec.width, spec.height) == (24, 10, 102, 70)
    found = load(tmp_path / "out/fill.1002.exr")[10:-10, 10:-10]
    truth = scene(2)[20:70, 34:116]
    assert rms(found - truth) < 0.03 * rms(truth)


# --- what is told ----------------------------------------------------------------------------


def test_it_says_which_frames_are_rebuilt_and_how_surely(tmp_path: Path) -> None:
    done = run("fill", shot(tmp_path / "in", without(1003, 1004)), tmp_path / "out")
    (marked,) = [each for each in done.results if each["kind"] == "markers"]
    (row,) = marked["markers"]
    assert (row["frame"], row["length"], row["kind"]) == (1003, 2, "rebuilt")
    assert row["text"].startswith("from 1002 and 1005, confidence 0.9")
    told = done.report["frames"]["made_anew"]
    assert sorted(told) == ["1003", "1004"]
    assert 0.8 < told["1003"]["confidence"] <= 1
    assert done.outputs["frames"]["frames_made_anew"] == [1003, 1004]
    header = oiio.ImageBuf(str(tmp_path / "out/fill.1003.exr")).spec().getattribute(TOLD)
    assert '"from":[1002,1005,1001,1006]' in header
    assert oiio.ImageBuf(str(tmp_path / "out/fill.1002.exr")).spec().getattribute(TOLD) is None


def test_confidence_is_less_where_less_is_known(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in without(1004):
        light = scene(number - 1000)
        if number < 1004:
            light[20:50, 20:60] = scene(number, 11)[20:50, 20:60]  # gone afterwards
        write(tmp_path / "in", number, light)
    run("fill", str(tmp_path / "in/p.%04d.exr"), tmp_path / "out")
    image = oiio.ImageBuf(str(tmp_path / "out/fill_qc.1004.exr"))
    planes = np.moveaxis(image.get_pixels(oiio.FLOAT), -1, 0)
    of = dict(zip(image.spec().channelnames, planes, strict=True))
    mask, sure = of.pop("mask.Y"), of.pop("confidence.Y")
    assert not of
    assert np.array_equal(mask, np.ones(drifting.SIZE))
    assert sure[25:45, 25:55].mean() < 0.6 < 0.9 < inner(sure)[:, 60:].mean()


# --- again, and in parts ---------------------------------------------------------------------


def test_any_part_gives_the_same_frames(tmp_path: Path) -> None:
    gone = (1003, 1004, 1006)
    source = shot(tmp_path / "in", without(*gone), grain=True)
    run("fill", source, tmp_path / "whole")
    for part in ("1004-1004", "1001-1003", "1005-1007"):
        order = from_recipe(tmp_path / "whole/recipe.json", tmp_path / part, part)
        jobs.run(order, drifting.Events(), repeat=True)
        for path in (tmp_path / part).glob("fill.*.exr"):
            np.testing.assert_allclose(load(path), load(tmp_path / "whole" / path.name), atol=1e-3)
    assert (tmp_path / "1004-1004/fill.1004.exr").exists()


# --- cuts and ends ---------------------------------------------------------------------------


def test_over_a_cut_nothing_is_made(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", without(1004), cut=1005)
    no = refused(source, tmp_path / "out")
    assert no.title == (
        "There is a cut between frames 1003 and 1005 of p, and frame 1004 lies on it."
    )
    assert "--cut" in no.hint


@pytest.mark.parametrize(("side", "seed", "rests"), [("before", 3, 1003), ("after", 4, 1005)])
def test_a_cut_by_choice_carries_on_one_shot(
    tmp_path: Path, side: str, seed: int, rests: int
) -> None:
    source = shot(tmp_path / "in", without(1004), cut=1005)
    done = run("fill", source, tmp_path / "out", cut=side)
    assert done.report["frames"]["made_anew"]["1004"]["from"][0] == rests
    found, truth = load(tmp_path / "out/fill.1004.exr"), scene(4, seed)
    held = scene(rests - 1000, seed)
    assert rms(inner(found - truth)) < 0.25 * rms(inner(held - truth))
    assert any("lies on a cut" in each for each in done.report["warnings"])


def test_a_fast_pan_is_no_cut(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in without(1004):
        write(tmp_path / "in", number, scene(4 * (number - 1004)))
    done = run("fill", str(tmp_path / "in/p.%04d.exr"), tmp_path / "out")
    assert done.report["rebuilt"] == [1004]


@pytest.mark.parametrize(("frames", "side"), [("1000-1007", "head 1"), ("1001-1009", "tail 2")])
def test_an_end_is_extends_to_make(tmp_path: Path, frames: str, side: str) -> None:
    no = refused(shot(tmp_path / "in", WHOLE), tmp_path / "out", frames=frames)
    assert f"extend --{side}" in no.hint


def test_a_shot_of_one_frame_shows_no_motion(tmp_path: Path) -> None:
    no = refused(shot(tmp_path / "in", [1001]), tmp_path / "out", replace="1001")
    assert no.title == "Nothing of p lies before frame 1001."


def test_nothing_missing_is_said(tmp_path: Path) -> None:
    done = run("fill", shot(tmp_path / "in", [1001, 1002]), tmp_path / "out")
    assert done.report["sentence"] == "Nothing is missing in 1001-1002 of p."
    assert [each["kind"] for each in done.results] == ["note"]
    assert not list((tmp_path / "out").glob("*.exr"))


def test_all_missing_is_refused(tmp_path: Path) -> None:
    no = refused(shot(tmp_path / "in", [1001]), tmp_path / "out", frames="1100-1110")
    assert no.title == "No frame 1100-1110 of p.%04d.exr is there."


def test_what_is_not_in_the_range_cannot_be_replaced(tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="frame 1020 is not in the range of p"):
        run("fill", shot(tmp_path / "in", WHOLE), tmp_path / "out", replace="1020")


def test_a_frame_of_a_movie_is_replaced(tmp_path: Path) -> None:
    planes = [np.rint(40 + 150 * np.clip(scene(n).mean(-1), 0, 1)) for n in range(6)]
    half = np.full((drifting.SIZE[0] // 2, drifting.SIZE[1] // 2), 128.0)
    spoiled = [*planes[:3], np.full_like(planes[3], 235), *planes[4:]]
    for name, each in (("p", spoiled), ("whole", planes)):
        movies.make(tmp_path / f"{name}.mkv", [[plane, half, half] for plane in each])
    with open_clip(str(tmp_path / "whole.mkv"), colourspace="ACEScg") as clip:
        number = clip.frames[3]
        truth, _ = clip.picture(number)
    run("fill", str(tmp_path / "p.mkv"), tmp_path / "out", replace=str(number))
    found = load(tmp_path / f"out/fill.{number:04d}.exr")
    assert rms(inner(found - truth)) < 0.02 * rms(truth)
    assert len(list((tmp_path / "out").glob("fill.*.exr"))) == 6


# --- bad frames ------------------------------------------------------------------------------


def test_a_damaged_neighbour_is_named(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", without(1004))
    whole = (tmp_path / "in/p.1003.exr").read_bytes()
    (tmp_path / "in/p.1003.exr").write_bytes(whole[: len(whole) // 2])
    no = refused(source, tmp_path / "out")
    assert no.title.startswith("Frame 1003 of p, beside frames that are missing, cannot be used.")
    assert no.hint == "Rebuild it too: --replace 1003."
    assert run("fill", source, tmp_path / "out", replace="1003").status == "done"


def test_a_neighbour_of_another_size_is_named(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", without(1004))
    write(tmp_path / "in", 1005, scene(5)[:50, :60])
    no = refused(source, tmp_path / "out")
    assert "another display window" in no.title
    assert "--replace 1005" in no.hint


def test_nan_on_one_side_is_taken_from_the_other(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", without(1004))
    light = scene(3)
    light[30:40, 50:60] = np.nan
    light[60, 100] = np.inf
    write(tmp_path / "in", 1003, light)
    run("fill", source, tmp_path / "out")
    found = load(tmp_path / "out/fill.1004.exr")
    assert np.isfinite(found).all()
    assert rms(inner(found - scene(4))) < 0.02 * rms(scene(4))


def test_nan_on_both_sides_stays_and_is_told(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", without(1004))
    for number in (1003, 1005):
        light = scene(number - 1000)
        light[30:46, 50:66] = np.nan
        write(tmp_path / "in", number, light)
    run("fill", source, tmp_path / "out")
    found = load(tmp_path / "out/fill.1004.exr")
    sure = load(tmp_path / "out/fill_qc.1004.exr")[..., 0]  # confidence comes before mask
    lost = np.isnan(found).any(axis=-1)
    assert lost[36:40, 56:60].all()
    assert lost.sum() < 30 * 30
    assert not sure[lost].any()
    assert np.isfinite(found[:20]).all()


def test_a_picture_of_four_pixels_is_filled(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number, light in ((1001, 0.2), (1003, 0.4)):
        write(tmp_path / "in", number, np.full((2, 2, 3), light, np.float32))
    run("fill", str(tmp_path / "in/p.%04d.exr"), tmp_path / "out")
    found = load(tmp_path / "out/fill.1002.exr")
    assert found.shape == (2, 2, 3)
    assert found.min() > 0.19
    assert found.max() < 0.41


def test_files_of_alpha_alone_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in (1001, 1003):
        write(tmp_path / "in", number, np.ones((20, 30, 1), np.float32), ("A",))
    no = refused(str(tmp_path / "in/p.%04d.exr"), tmp_path / "out")
    assert "has no R, G, B. It has: A." in no.title


# --- frames that were shot -------------------------------------------------------------------


def test_one_gap_is_let_go_before_the_next_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: weakref.WeakSet[Around] = weakref.WeakSet()

    class Watched(Around):
        def __init__(self, *given: Any) -> None:
            assert not held
            super().__init__(*given)
            held.add(self)

    monkeypatch.setattr(fill, "Around", Watched)
    done = run("fill", shot(tmp_path / "in", without(1002, 1004, 1006)), tmp_path / "out")
    assert done.outputs["frames"]["frames_made_anew"] == [1002, 1004, 1006]


def pulled(tmp_path: Path, *gone: int) -> tuple[str, str]:
    """A shot that was pulled from a take and lacks frames, and a show that has the take."""
    take = clocked(tmp_path / "dailies", "A001", range(1, 20), 0)
    source = clocked(tmp_path / "pull", "A001_pull", range(1005, 1011), 1000)
    for number in gone:
        (tmp_path / f"pull/A001_pull.{number}.exr").unlink()
    return source, a_show(tmp_path, take)


def test_frames_that_a_take_of_the_show_has_are_taken_from_it(tmp_path: Path) -> None:
    source, folder = pulled(tmp_path, 1007, 1008)
    done = run("fill", source, tmp_path / "out", show=[folder])
    for number in (1007, 1008):
        truth = load(tmp_path / f"dailies/A001.{number - 1000:04d}.exr")
        assert np.array_equal(load(tmp_path / f"out/fill.{number}.exr"), truth)
    assert done.outputs["frames"]["frames_made_anew"] == []
    assert "2 frames of 1005-1010 as shot (1007-1008)." in done.report["sentence"]
    row = done.results[0]["markers"][0]
    assert (row["frame"], row["length"], row["kind"]) == (1007, 2, "as shot")
    assert row["text"] == "of A001.%04d.exr"


def test_a_take_that_lacks_the_frame_is_said_and_it_is_rebuilt(tmp_path: Path) -> None:
    source, folder = pulled(tmp_path, 1007)
    (tmp_path / "dailies/A001.0007.exr").unlink()
    done = run("fill", source, tmp_path / "out", show=[folder])
    assert done.outputs["frames"]["frames_made_anew"] == [1007]
    assert any("are not used: A001 lacks frame 7." in each for each in done.report["warnings"])
