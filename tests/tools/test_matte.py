"""Cutting out: what is solved, how it travels through a shot, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from drifting import load, write

from answerprint.errors import BadInput
from answerprint.events import Events
from answerprint.worker import jobs
from answerprint.worker.order import Order, Source

SIZE = (72, 112)
NUMBERS = range(1001, 1006)
Y, X = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)


def truth(number: int) -> np.ndarray:
    """Alpha of a soft disc that goes right by 3 pixels a frame."""
    far = np.hypot(X - 40 - 3 * (number - 1001), Y - 36)
    return np.asarray(np.clip((22 - far) / 4 + 0.5, 0, 1), np.float32)


def texture(seed: int, low: float, tint: tuple[float, float, float]) -> np.ndarray:
    coarse = np.random.default_rng(seed).uniform(low, 2.5 * low, (12, 18, 1)).astype(np.float32)
    whole = cv2.resize(coarse, (SIZE[1] + 40, SIZE[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(whole[..., None] * np.array(tint, np.float32), np.float32)


def front(number: int) -> np.ndarray:
    at = 3 * (number - 1001)
    return texture(1, 0.25, (1.0, 0.7, 0.4))[:, 20 - at : 20 - at + SIZE[1]]


def plate(number: int) -> np.ndarray:
    alpha = truth(number)[..., None]
    return front(number) * alpha + texture(2, 0.06, (0.5, 0.8, 1.2))[:, : SIZE[1]] * (1 - alpha)


def shot(folder: Path, numbers: range = NUMBERS) -> str:
    folder.mkdir()
    for number in numbers:
        write(folder, number, plate(number))
    return str(folder / "p.%04d.exr")


def trimap(number: int, reach: int = 5) -> np.ndarray:
    alpha, disc = truth(number), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    soft = cv2.dilate(((alpha > 0) & (alpha < 1)).astype(np.uint8), disc) > 0
    return np.where(soft, 0.5, alpha).astype(np.float32)


def given(folder: Path, planes: dict[int, np.ndarray]) -> str:
    """Pictures of those planes (H, W) or (H, W, C)."""
    folder.mkdir()
    for number, plane in planes.items():
        whole = plane if plane.ndim == 3 else np.repeat(plane[..., None], 3, -1)
        write(folder, number, whole.astype(np.float32), "RGBA"[: whole.shape[-1]])
    return str(folder / "p.%04d.exr")


def strokes(**spots: tuple[float, float]) -> np.ndarray:
    """A transparent picture with dots of those colours at (x, y)."""
    colours = {"green": (0, 1, 0, 1), "red": (1, 0, 0, 1), "white": (1, 1, 1, 1)}
    made = np.zeros((*SIZE, 4), np.float32)
    for name, at in spots.items():
        made[np.hypot(X - at[0], Y - at[1]) < 5] = colours[name]
    return made


def run(source: str, out: Path, frames: str = "", part: str = "", **how: Any) -> jobs.Outcome:
    inputs = {n: Source(how.pop(n), "ACEScg") for n in ("trimap", "strokes", "mask") if n in how}
    order = Order(
        "matte",
        {"source": Source(source, "ACEScg"), **inputs},
        out,
        how,
        frames=frames,
        part=part,
        page=False,
        device="cpu",
    )
    return jobs.run(order, Events())


def alpha(out: Path, number: int) -> np.ndarray:
    made = load(out / f"matte.{number}.exr")
    assert made.shape[-1] == 4
    assert all(np.array_equal(made[..., 0], made[..., c]) for c in (1, 2, 3))
    return made[..., 0]


def off(out: Path, number: int) -> float:
    return float(np.abs(alpha(out, number) - truth(number)).mean())


def refused(out: Path, about: str, source: str, **how: Any) -> BadInput:
    with pytest.raises(BadInput) as found:
        run(source, out, **how)
    assert found.value.hint
    assert about in str(found.value)
    assert not list(out.glob("*.exr"))
    return found.value


# --- the matte -------------------------------------------------------------------------------


def test_a_trimap_gives_the_soft_edge_and_keeps_what_it_knows(tmp_path: Path) -> None:
    given_ = trimap(1001)
    source = shot(tmp_path / "in", range(1001, 1002))
    run(source, tmp_path / "out", trimap=given(tmp_path / "t", {1001: given_}))
    made = alpha(tmp_path / "out", 1001)
    assert off(tmp_path / "out", 1001) < 0.009
    assert ((made > 0.1) & (made < 0.9)).sum() > 200  # soft, not cut
    known = (given_ == 0) | (given_ == 1)
    assert np.array_equal(made[known], given_[known])
    sure = load(tmp_path / "out/matte_qc.1001.exr")
    assert 0 <= sure.min() <= sure.max() <= 1
    assert sure[known].min() == 1


def test_a_rough_mask_finds_the_edge(tmp_path: Path) -> None:
    rough = (np.hypot(X - 42, Y - 34) < 24).astype(np.float32)
    source = shot(tmp_path / "in", range(1001, 1002))
    run(source, tmp_path / "out", mask=given(tmp_path / "m", {1001: rough}), band=7)
    assert off(tmp_path / "out", 1001) < 0.4 * np.abs(rough - truth(1001)).mean()


def test_two_strokes_cut_out_a_disc(tmp_path: Path) -> None:
    marks = strokes(green=(40, 36), red=(100, 10))
    source = shot(tmp_path / "in", range(1001, 1002))
    run(source, tmp_path / "out", strokes=given(tmp_path / "s", {1001: marks}))
    assert off(tmp_path / "out", 1001) < 0.03


def test_the_foreground_is_straight_and_unbounded(tmp_path: Path) -> None:
    light = plate(1001)
    light[36, 40], light[30, 44] = 64, -0.01
    (tmp_path / "in").mkdir()
    write(tmp_path / "in", 1001, light)
    given_ = given(tmp_path / "t", {1001: trimap(1001)})
    run(str(tmp_path / "in/p.%04d.exr"), tmp_path / "out", trimap=given_, foreground=True)
    made = load(tmp_path / "out/matte_foreground.1001.exr")
    cover, straight = made[..., 3], made[..., 4:]
    assert made[36, 40, 0] == pytest.approx(64, rel=1e-3)
    assert straight[30, 44, 0] == pytest.approx(-0.01, rel=0.01)
    band = (truth(1001) > 0.2) & (truth(1001) < 0.8)
    assert np.abs(straight - front(1001))[band].mean() < 0.15 * front(1001)[band].mean()
    assert np.allclose(made[..., :3], straight * cover[..., None], atol=2e-3, rtol=2e-3)


# --- through a shot --------------------------------------------------------------------------


def test_frames_between_two_that_are_marked_get_theirs(tmp_path: Path) -> None:
    source = shot(tmp_path / "in")
    ends = given(tmp_path / "t", {n: trimap(n) for n in (1001, 1005)})
    done = run(source, tmp_path / "out", trimap=ends)
    for number in NUMBERS:
        assert off(tmp_path / "out", number) < 0.012
    assert done.report["marked"] == [1001, 1005]
    assert {each["frame"] for each in done.report["doubtful"]} <= {*NUMBERS}
    assert all(each["why"] for each in done.report["doubtful"])
    matte = next(each for each in done.results if each["kind"] == "matte")
    assert (matte["first"], matte["last"], matte["name"]) == (1001, 1005, "matte")


def test_a_part_of_the_range_is_made_the_same(tmp_path: Path) -> None:
    source = shot(tmp_path / "in")
    ends = given(tmp_path / "t", {n: trimap(n) for n in (1001, 1005)})
    run(source, tmp_path / "whole", trimap=ends)
    run(source, tmp_path / "part", trimap=ends, part="1003")
    one, other = (alpha(tmp_path / each, 1003) for each in ("whole", "part"))
    assert np.array_equal(one, other)


def test_a_stroke_corrects_its_frame_and_none_beyond_the_next_that_is_marked(
    tmp_path: Path,
) -> None:
    """A hole is asked for in the disc: there it comes, and left of 1003 nothing changes."""
    source = shot(tmp_path / "in")
    marked = given(tmp_path / "t", {n: trimap(n) for n in (1001, 1003)})
    run(source, tmp_path / "before", trimap=marked)
    dot = given(tmp_path / "s", {1005: strokes(red=(52, 36))})
    run(source, tmp_path / "after", trimap=marked, strokes=dot)
    made = {n: [alpha(tmp_path / each, n) for each in ("before", "after")] for n in NUMBERS}
    assert made[1005][0][36, 52] > 0.95
    assert made[1005][1][34:39, 50:55].max() < 0.05
    for number in (1001, 1002, 1003):
        assert np.array_equal(*made[number])


# --- refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "plane"),
    [
        ("nothing unknown", np.rint(truth(1001))),
        ("no foreground", np.minimum(trimap(1001), 0.5)),
        ("no background", np.maximum(trimap(1001), 0.5)),
    ],
)
def test_a_trimap_that_cannot_be_solved_is_refused(
    tmp_path: Path, told: str, plane: np.ndarray
) -> None:
    source = shot(tmp_path / "in", range(1001, 1002))
    refused(tmp_path / "out", told, source, trimap=given(tmp_path / "t", {1001: plane}))


def test_a_trimap_of_another_size_is_refused(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", range(1001, 1002))
    less = given(tmp_path / "t", {1001: trimap(1001)[:60]})
    assert "112 x 60" in str(refused(tmp_path / "out", "size", source, trimap=less))


@pytest.mark.parametrize(("told", "value"), [("empty", 0.0), ("full", 1.0)])
def test_a_mask_without_an_edge_is_refused(tmp_path: Path, told: str, value: float) -> None:
    source = shot(tmp_path / "in", range(1001, 1002))
    plane = np.full(SIZE, value, np.float32)
    refused(tmp_path / "out", told, source, mask=given(tmp_path / "m", {1001: plane}))


def test_strokes_on_no_frame_of_the_range_are_refused(tmp_path: Path) -> None:
    marks = strokes(green=(40, 36), red=(100, 10))
    source = shot(tmp_path / "in")
    elsewhere = given(tmp_path / "s", {1050: marks, 1051: marks})
    told = refused(tmp_path / "out", "1050-1051", source, strokes=elsewhere)
    assert told.about == "strokes"


def test_strokes_of_one_kind_are_refused(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", range(1001, 1002))
    marks = given(tmp_path / "s", {1001: strokes(green=(40, 36))})
    refused(tmp_path / "out", "background", source, strokes=marks)


def test_without_anything_marked_it_says_what_to_give(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", range(1001, 1002))
    refused(tmp_path / "out", "trimap", source)


def test_a_trimap_and_a_mask_are_one_too_many(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", range(1001, 1002))
    plane = given(tmp_path / "t", {1001: trimap(1001)})
    refused(tmp_path / "out", "one of them", source, trimap=plane, mask=plane)
