"""Frames as PNGs for panels and reports."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from pictures import save

from answerprint.errors import BadInput, BadParameter, CannotWrite
from answerprint.frames import colour, view


def shown(path: str | Path) -> np.ndarray:
    """R, G, B of a PNG."""
    read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert read is not None
    return read[..., ::-1]


@pytest.fixture
def plate(tmp_path: Path) -> str:
    for number in (1001, 1002):
        grey = np.full((40, 80, 3), 0.18 * (number - 1000), np.float16)
        grey[:, 40:] = (0.4, 0.1, 0.05)
        save(tmp_path / f"plate.{number}.exr", grey)
    return str(tmp_path / "plate.%04d.exr")


def test_a_frame_is_shown_through_the_view(plate: str, tmp_path: Path) -> None:
    out = str(tmp_path / "seen.png")
    assert view.render_view(plate, 1001, 0.0, "", 80, out) == out
    seen = shown(out)
    assert seen.shape == (40, 80, 3)
    wanted = colour.through_view(np.array([[0.18] * 3, [0.4, 0.1, 0.05]], np.float32)) * 255
    assert np.abs(seen[20, 20] - wanted[0]).max() <= 1
    assert np.abs(seen[20, 60] - wanted[1]).max() <= 1


def test_one_stop_more_is_twice_the_light(plate: str, tmp_path: Path) -> None:
    one = view.render_view(plate, 1001, 1.0, "", 80, str(tmp_path / "a.png"))
    two = view.render_view(plate, 1002, 0.0, "", 80, str(tmp_path / "b.png"))
    assert np.array_equal(shown(one)[:, :40], shown(two)[:, :40])


def test_size_is_that_of_the_longer_side_and_never_enlarges(plate: str, tmp_path: Path) -> None:
    for size, shape in ((20, (10, 20)), (999, (40, 80)), (1, (1, 1))):
        out = view.render_view(plate, 1001, 0, "", size, str(tmp_path / f"{size}.png"))
        assert shown(out).shape[:2] == shape


def test_another_display_shows_another_picture(plate: str, tmp_path: Path) -> None:
    a = view.render_view(plate, 1001, 0, "", 80, str(tmp_path / "a.png"))
    b = view.render_view(plate, 1001, 0, "P3-DCI - Display", 80, str(tmp_path / "b.png"))
    assert not np.array_equal(shown(a), shown(b))


def test_values_that_cannot_be_meant_are_refused(plate: str, tmp_path: Path) -> None:
    out = str(tmp_path / "seen.png")
    for exposure, display, size in ((float("nan"), "", 9), (99, "", 9), (0, "TV", 9), (0, "", 0)):
        with pytest.raises(BadParameter):
            view.render_view(plate, 1001, exposure, display, size, out)
    with pytest.raises(BadInput, match="1009"):
        view.render_view(plate, 1009, 0, "", 80, out)
    assert not os.path.exists(out)


def test_a_picture_is_whole_or_absent(tmp_path: Path) -> None:
    code = np.zeros((4, 4, 3), np.float32)
    with pytest.raises(CannotWrite, match="gone") as refused:
        view.png(str(tmp_path / "gone" / "a.png"), code)
    assert "folder" in refused.value.hint
    (tmp_path / "taken").mkdir()
    with pytest.raises(CannotWrite):
        view.png(str(tmp_path / "taken"), code)
    assert os.listdir(tmp_path) == ["taken"]


def test_a_new_picture_replaces_the_old_one(tmp_path: Path) -> None:
    path = str(tmp_path / "a b ü.png")
    for value in (0.0, 1.0):
        view.png(path, np.full((3, 5, 3), value))
    assert (cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR) == 255).all()
    assert os.listdir(tmp_path) == ["a b ü.png"]


def test_channels_and_ends(tmp_path: Path) -> None:
    code = np.array([[[1.0, 0.5, 0.0], [np.nan, 7.0, -7.0]]])
    path = view.png(str(tmp_path / "a.png"), code)
    assert shown(path).tolist() == [[[255, 128, 0], [0, 255, 0]]]
