"""Further inputs of a tool: which frame serves which, which channel is the matte, which window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drifting import write

from answerprint.errors import BadInput
from answerprint.frames.clip import open_clip
from answerprint.tools.given import Given

SIZE = (6, 8)


def picture(seed: int = 1, channels: int = 3) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.uniform(-0.05, 1, (*SIZE, channels)).astype(np.float32)


def given(folder: Path, *frames: np.ndarray, names: tuple[str, ...], **how: object) -> Given:
    """Frames from 1001 on, beside a plate of 1001 and 1002."""
    for name in ("plate", "other"):
        (folder / name).mkdir()
    for number in (1001, 1002):
        write(folder / "plate", number, picture(number), kind="float")
    for number, pixels in enumerate(frames, 1001):
        write(folder / "other", number, pixels, names, kind="float", **how)  # type: ignore[arg-type]
    plate = open_clip(str(folder / "plate" / "p.%04d.exr"), colourspace="ACEScg")
    other = open_clip(str(folder / "other" / "p.%04d.exr"), colourspace="ACEScg")
    return Given("clean_plate", other, plate)


def matte(each: Given, frame: int = 1001) -> np.ndarray:
    return each.matte(frame, each._source.parts[0])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("Y",), 0),
        (("R", "G", "B", "A"), 3),
        (("R", "G", "B"), None),
    ],
)
def test_the_matte_is_the_alpha_or_what_else_there_is_one_of(
    tmp_path: Path, names: tuple[str, ...], expected: int | None
) -> None:
    pixels = picture(3, len(names))
    pixels[0, 0] = -0.05
    found = matte(given(tmp_path, pixels, names=names))
    truth = pixels.mean(axis=-1) if expected is None else pixels[..., expected]
    np.testing.assert_allclose(found, truth, rtol=1e-6)
    assert found[0, 0] < 0  # nothing clamps


def test_an_alpha_that_is_solid_all_over_says_nothing(tmp_path: Path) -> None:
    pixels = np.dstack([picture(3), np.ones(SIZE, np.float32)])
    found = matte(given(tmp_path, pixels, names=("R", "G", "B", "A")))
    np.testing.assert_allclose(found, pixels[..., :3].mean(axis=-1), rtol=1e-6)


def test_what_is_no_number_is_zero(tmp_path: Path) -> None:
    pixels = picture(3, 1)
    pixels[2, 3] = np.nan
    assert matte(given(tmp_path, pixels, names=("Y",)))[2, 3] == 0


def test_a_still_serves_all_and_a_sequence_its_numbers(tmp_path: Path) -> None:
    for name, count in (("one", 1), ("two", 2)):
        (tmp_path / name).mkdir()
        each = given(tmp_path / name, *(picture(n, 1) for n in range(count)), names=("Y",))
        assert each.number(1002) == 1001 + count - 1
    with pytest.raises(BadInput, match="The clean plate p has no frame 1003"):
        each.number(1003)


def test_it_is_laid_over_the_plates_window(tmp_path: Path) -> None:
    part = picture(3, 3)[:2, :3]
    each = given(tmp_path, part, names=("R", "G", "B"), at=(4, 1), display=SIZE)
    light = each.light(1001, each._source.parts[0])
    assert light.shape == (*SIZE, 3)
    np.testing.assert_allclose(light[1:3, 4:7], part, rtol=1e-6)
    assert light.sum() == pytest.approx(part.sum(), rel=1e-5)  # nothing beside it


def test_another_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is 3 x 2, the plate p is 8 x 6") as said:
        given(tmp_path, picture()[:2, :3], names=("R", "G", "B"))
    assert said.value.hint == "Give one of the plate's size."
