"""Damage that is put on a known shot: found where it is, mended, and nothing else touched."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from soiled import COUNT, FIRST, SIZE, bits, frames, made, repair, save, shot, spot

from answerprint.errors import BadInput, BadParameter
from answerprint.events import Events
from answerprint.worker import jobs
from answerprint.worker.order import from_recipe

MID = FIRST + 4


def kinds(done: jobs.Outcome) -> dict[str, int]:
    found: dict[str, int] = done.report["found"]
    return found


def marks(done: jobs.Outcome) -> list[tuple[int, int, str, str]]:
    (found,) = (each for each in done.results if each["kind"] == "markers")
    return [(m["frame"], m["length"], m["kind"], m["text"]) for m in found["markers"]]


def apart(one: np.ndarray, other: np.ndarray, where: np.ndarray) -> float:
    """Mean difference of light, as a share of it."""
    first, second = (each[..., :3].astype(np.float32)[where] for each in (one, other))
    return float(np.mean(np.abs(first - second) / (np.abs(second) + 0.02)))


# --- parts -----------------------------------------------------------------------------------


def test_dust_is_found_where_it_is_and_mended(tmp_path: Path) -> None:
    clean = frames()
    dirty = clean.copy()
    there = spot(dirty[4], 60, 50, 3, 2.0) | spot(dirty[4], 120, 80, 4, 0.0)
    done = repair(shot(tmp_path / "in", dirty), tmp_path / "out", page=True)
    finds = done.report["finds"]
    assert [(f["frame"], f["kind"]) for f in finds] == [(MID, "dirt"), (MID, "dust")]
    (x, y, w, h), (u, v, *_) = finds[1]["region"], finds[0]["region"]
    np.testing.assert_allclose((x, y, w, h), (57, 47, 7, 7), atol=2)
    np.testing.assert_allclose((u, v), (116, 76), atol=1)
    assert all(f["confidence"] > 0.6 for f in finds)
    result = made(tmp_path / "out", MID)
    assert apart(dirty[4], clean[4], there) > 0.8
    assert apart(result, clean[4], there) < 0.03
    picture = cv2.imread(str(tmp_path / f"out/report/repair_{MID}.png"))
    assert picture is not None
    assert picture.shape[1] > picture.shape[0] * 3  # the frame marked, and as it was made


def test_nothing_else_is_touched(tmp_path: Path) -> None:
    dirty = frames()
    there = spot(dirty[4], 60, 50, 3, 2.0)
    repair(shot(tmp_path / "in", dirty), tmp_path / "out")
    near = cv2.dilate(there.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    for n in range(COUNT):
        same = bits(made(tmp_path / "out", FIRST + n)) == bits(dirty[n])
        if n == 4:
            assert not same[there][:, :3].all()
            assert same[~near].all()
            assert same[..., 3:].all()  # alpha and depth under the dust too
        else:
            assert same.all()
    assert (made(tmp_path / "out", MID) == 60).any()  # highlights and shadows are as they were
    assert (made(tmp_path / "out", MID) < -0.04).any()


def test_a_clean_shot_is_left_alone(tmp_path: Path) -> None:
    done = repair(shot(tmp_path / "in", frames()), tmp_path / "out")
    assert done.report["finds"] == []
    assert not list((tmp_path / "out").glob("*.exr"))
    assert "no damage" in done.report["sentence"]


def test_a_fast_light_is_no_dust(tmp_path: Path) -> None:
    """It is in one place in one frame only, as dust is, but flies on in the next."""
    plates = frames()
    for n in range(COUNT):
        spot(plates[n], 20 + 17 * n, 30 + 5 * n, 2, 20.0)
    assert kinds(repair(shot(tmp_path / "in", plates), tmp_path / "out")) == {}


def test_rain_is_no_dust(tmp_path: Path) -> None:
    random, plates = np.random.default_rng(5), frames()
    for n in range(COUNT):
        for x, y in zip(random.integers(5, 180, 12), random.integers(5, 90, 12), strict=True):
            plates[n, y : y + 9, x, :3] = 3.0
    assert kinds(repair(shot(tmp_path / "in", plates), tmp_path / "out", detect_only=True)) == {}


def test_a_scratch_is_found_in_all_its_frames_and_mended(tmp_path: Path) -> None:
    clean = frames()
    dirty = clean.copy()
    for n in (3, 4, 5):
        dirty[n, :, 99:101, :3] *= 2.2
    done = repair(shot(tmp_path / "in", dirty), tmp_path / "out")
    found = [(f["frame"], f["kind"]) for f in done.report["finds"]]
    assert found == [(FIRST + n, "scratch") for n in (3, 4, 5)]
    there = np.zeros(SIZE, bool)
    there[:, 99:101] = True
    there &= clean[4, ..., 0] < 10
    assert apart(made(tmp_path / "out", MID), clean[4], there) < 0.1 * 1.2


def test_a_pixel_of_the_sensor_is_told_once_the_camera_moves(tmp_path: Path) -> None:
    clean = frames()
    dirty = clean.copy()
    dirty[:, 40, 70, :3] = 8.0
    dirty[:, 80, 30, :3] = 0.0
    done = repair(shot(tmp_path / "in", dirty), tmp_path / "out")
    assert kinds(done) == {"dead": COUNT, "hot": COUNT}
    assert {tuple(f["region"]) for f in done.report["finds"]} == {(70, 40, 1, 1), (30, 80, 1, 1)}
    there = np.zeros(SIZE, bool)
    there[40, 70] = there[80, 30] = True
    assert apart(made(tmp_path / "out", MID), clean[4], there) < 0.1


def test_lost_blocks_are_found_on_their_grid(tmp_path: Path) -> None:
    clean = frames()
    dirty = clean.copy()
    there = np.zeros(SIZE, bool)
    there[32:64, 48:96] = True
    random = np.random.default_rng(2)
    for y in range(32, 64, 8):
        for x in range(48, 96, 8):
            dirty[4, y : y + 8, x : x + 8, :3] = random.uniform(0.6, 1.2)
    done = repair(shot(tmp_path / "in", dirty), tmp_path / "out")
    assert kinds(done) == {"block": 1}
    assert done.report["finds"][0]["region"] == [48, 32, 48, 32]
    assert apart(made(tmp_path / "out", MID), clean[4], there) < 0.1


def test_rows_of_another_exposure_are_replaced(tmp_path: Path) -> None:
    clean = frames()
    dirty = clean.copy()
    dirty[4, 60:, :, :3] *= 3
    done = repair(shot(tmp_path / "in", dirty), tmp_path / "out")
    assert kinds(done) == {"half": 1}
    x, y, w, h = done.report["finds"][0]["region"]
    assert (x, w, y + h) == (0, SIZE[1], SIZE[0])
    assert 54 <= y <= 60
    result = made(tmp_path / "out", MID)
    below = np.zeros(SIZE, bool)
    below[62:-6, 12:-12] = True
    assert apart(result, clean[4], below) < 0.1
    assert np.array_equal(bits(result[:52]), bits(dirty[4, :52]))


# --- whole frames ----------------------------------------------------------------------------


def spoiled(kind: str) -> np.ndarray:
    plates = frames(count=15)
    if kind == "duplicate":
        plates[7] = plates[6]
    elif kind == "flash":
        plates[7, ..., :3] *= 2
    elif kind == "black":
        plates[7, ..., :3] = 0
    return plates


@pytest.mark.parametrize("kind", ["duplicate", "flash", "black"])
def test_a_spoiled_frame_is_rebuilt(tmp_path: Path, kind: str) -> None:
    done = repair(shot(tmp_path / "in", spoiled(kind)), tmp_path / "out")
    assert [(f["frame"], f["kind"]) for f in done.report["finds"]] == [(FIRST + 7, kind)]
    inner = np.zeros(SIZE, bool)
    inner[12:-12, 12:-12] = True
    truth = frames(count=15)[7]
    inner &= truth[..., 0] < 10
    assert apart(made(tmp_path / "out", FIRST + 7), truth, inner) < 0.08
    told = done.report["frames"]["made_anew"]
    assert list(told) == [str(FIRST + 7)]
    assert told[str(FIRST + 7)]["from"] == [FIRST + 6, FIRST + 8]
    assert marks(done) == [(FIRST + 7, 1, "rebuilt", f"{kind}, from {FIRST + 6} and {FIRST + 8}")]


def test_a_frame_without_a_number_in_it_is_black(tmp_path: Path) -> None:
    plates = frames()
    plates[4, ..., :3] = np.nan
    done = repair(shot(tmp_path / "in", plates), tmp_path / "out")
    assert kinds(done) == {"black": 1}
    assert np.isfinite(made(tmp_path / "out", MID)[..., :3]).all()


def test_a_jump_is_spread_over_three_steps(tmp_path: Path) -> None:
    whole = frames(count=16)
    plates = np.delete(whole, 8, axis=0)
    done = repair(shot(tmp_path / "in", plates), tmp_path / "out")
    assert [(f["frame"], f["kind"]) for f in done.report["finds"]] == [(FIRST + 8, "dropped")]
    assert done.report["mended"] == [FIRST + 7, FIRST + 8]
    told = f"dropped, from {FIRST + 7} and {FIRST + 8}"
    assert marks(done) == [(FIRST + 7, 2, "rebuilt", told)]

    def step(first: np.ndarray, second: np.ndarray) -> float:
        grey = [np.log(np.maximum(f[..., 1].astype(np.float32), 0.01)) for f in (first, second)]
        window = cv2.createHanningWindow(SIZE[::-1], cv2.CV_32F)
        return abs(cv2.phaseCorrelate(grey[0], grey[1], window)[0][0])

    before = [step(plates[n], plates[n + 1]) for n in (6, 7, 8)]
    after = [
        step(made(tmp_path / "out", FIRST + n), made(tmp_path / "out", FIRST + n + 1))
        for n in (6, 7, 8)
    ]
    assert max(before) - min(before) > 1.5
    assert max(after) - min(after) < 0.6
    assert sum(after) == pytest.approx(sum(before), abs=0.5)


def test_nothing_is_mended_over_a_cut(tmp_path: Path) -> None:
    plates = np.concatenate([frames(count=8), frames(count=8, seed=11)])
    plates[7, ..., :3] = 0
    done = repair(shot(tmp_path / "in", plates), tmp_path / "out")
    assert kinds(done) == {"black": 1}
    assert list(done.report["left"]) == [str(FIRST + 7)]
    assert marks(done) == [(FIRST + 7, 1, "damaged", "black")]
    assert not list((tmp_path / "out").glob("*.exr"))


# --- orders ----------------------------------------------------------------------------------


def test_detect_only_makes_no_frames(tmp_path: Path) -> None:
    dirty = frames()
    spot(dirty[4], 60, 50, 3, 2.0)
    done = repair(shot(tmp_path / "in", dirty), tmp_path / "out", detect_only=True)
    assert kinds(done) == {"dust": 1}
    assert not list((tmp_path / "out").glob("*.exr"))
    assert marks(done) == [(MID, 1, "damaged", "dust")]
    assert done.report["mended"] == []
    assert not done.report["finds"][0]["mended"]
    note = done.results[1]["text"]  # markers alone would say that frames are to come
    assert note.endswith("1 dust in 1 frame; nothing is made.")


def test_kinds_and_confidence_choose_what_is_mended(tmp_path: Path) -> None:
    dirty = frames()
    spot(dirty[4], 60, 50, 3, 2.0)
    spot(dirty[5], 120, 80, 4, 0.0)
    source = shot(tmp_path / "in", dirty)
    assert kinds(repair(source, tmp_path / "one", kinds=["dirt"])) == {"dirt": 1}
    done = repair(source, tmp_path / "two", sure=1.0)
    assert kinds(done) == {"dirt": 1, "dust": 1}
    assert done.report["mended"] == []
    assert [each["kind"] for each in done.results] == ["markers", "note"]
    assert done.results[1]["text"].endswith("none can be mended.")


def test_a_frame_that_is_mended_in_part_says_what_is_left(tmp_path: Path) -> None:
    dirty = frames()
    spot(dirty[4], 60, 50, 3, 2.0)
    dirty[3:6, :, 99:101, :3] *= 2.2
    source = shot(tmp_path / "in", dirty)
    both = repair(source, tmp_path / "both")
    assert [each["kind"] for each in both.results] == ["markers", "frames"]
    assert marks(both)[1] == (MID, 1, "mended", "dust, scratch")
    sure = {f["kind"]: f["confidence"] for f in both.report["finds"] if f["frame"] == MID}
    assert sure["scratch"] < sure["dust"]
    done = repair(source, tmp_path / "out", sure=(sure["scratch"] + sure["dust"]) / 2)
    assert marks(done) == [
        (MID - 1, 1, "damaged", "scratch"),
        (MID, 1, "mended", "dust; left: scratch"),
        (MID + 1, 1, "damaged", "scratch"),
    ]
    assert [f["kind"] for f in done.report["finds"] if f["mended"]] == ["dust"]


def test_any_part_and_any_recipe_makes_the_same(tmp_path: Path) -> None:
    dirty = frames()
    for n, (x, y) in zip((3, 4, 5), ((40, 30), (150, 80), (60, 90)), strict=True):
        spot(dirty[n], x, y, 3, 2.0)
    source = shot(tmp_path / "in", dirty)
    repair(source, tmp_path / "out")
    order = from_recipe(tmp_path / "out/recipe.json", tmp_path / "part", part=str(MID))
    jobs.run(order, Events(), repeat=True)
    names = sorted(p.name for p in (tmp_path / "part").glob("repair.*.exr"))
    assert names == [f"repair.{MID}.exr"]
    one, other = ((tmp_path / f / names[0]).read_bytes() for f in ("out", "part"))
    assert one == other


# --- what cannot be done ---------------------------------------------------------------------


def test_one_frame_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has 1 frame in the range") as refused:
        repair(shot(tmp_path / "in", frames(count=1)), tmp_path / "out")
    assert "at least three" in refused.value.hint


def test_alpha_only_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for n in range(4):
        save(tmp_path / f"in/a.{FIRST + n}.exr", frames(1)[0][..., 3:4], ("A",))
    with pytest.raises(BadInput, match="has no R, G, B"):
        repair(str(tmp_path / "in/a.%04d.exr"), tmp_path / "out")


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="no kind of damage") as refused:
        repair(shot(tmp_path / "in", frames(3)), tmp_path / "out", kinds=["hair"])
    assert "scratch" in refused.value.hint


def test_a_frame_of_another_size_is_told_and_the_others_are_searched(tmp_path: Path) -> None:
    dirty = frames()
    spot(dirty[4], 60, 50, 3, 2.0)
    source = shot(tmp_path / "in", dirty)
    save(tmp_path / f"in/wall.{FIRST + 8}.exr", dirty[8][:50])
    done = repair(source, tmp_path / "out", detect_only=True)
    assert kinds(done) == {"dust": 1}
    assert any(str(FIRST + 8) in each for each in done.report["warnings"])


def test_frames_of_two_pixels_have_no_finds(tmp_path: Path) -> None:
    done = repair(shot(tmp_path / "in", frames()[:, :2, :2]), tmp_path / "out")
    assert done.report["finds"] == []
