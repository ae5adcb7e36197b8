"""`clip.describe`: what a panel shows of a shot on disk, and the pictures it is shown by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import movies
import numpy as np
import pytest
from pictures import plate, save

from answerprint.errors import BadInput, BadParameter
from answerprint.events import Events
from answerprint.worker import describe as describing
from answerprint.worker.__main__ import HANDLERS
from answerprint.worker.describe import describe

REC709 = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)


def bcd(text: str, drop: bool = False) -> tuple[int, int]:
    """A timecode as EXR packs it: its digits, four bits each."""
    return int(text.replace(":", ""), 16) | drop << 6, 0


@pytest.fixture
def shot(tmp_path: Path) -> str:
    for number in (1001, 1002, 1004, 1010):
        save(
            tmp_path / f"plate.{number}.exr",
            plate(channels=4),
            channels=("R", "G", "B", "A"),
            display=(-4, -2, 32, 18),
            attributes={"PixelAspectRatio": 2.0, "reelName": "A014C003"},
            chromaticities=("float[8]", REC709),
            smpte__TimeCode=("timecode", bcd("10:59:58:23")),
            framesPerSecond=("rational", (24000, 1001)),
        )
    return str(tmp_path / "plate.%04d.exr")


def test_what_is_told_of_a_sequence(shot: str) -> None:
    assert describe(shot) == {
        "name": "plate",
        "kind": "stills",
        "first": 1001,
        "last": 1010,
        "frames": 4,
        "missing": [1003, 1005, 1006, 1007, 1008, 1009],
        "width": 32,
        "height": 18,
        "pixel_aspect": 2.0,
        "channels": ["R", "G", "B", "A"],
        "fps": "24000/1001",
        "timecode": "10:59:58:23",
        "reel": "A014C003",
        "space": {"name": "Linear Rec.709 (sRGB)", "said_by": "file"},
        "notes": [],
    }


def test_a_range_and_a_space_that_somebody_names(shot: str) -> None:
    told = describe(shot, "1002-1004", "ACEScg")
    assert (told["first"], told["last"], told["frames"], told["missing"]) == (1002, 1004, 2, [1003])
    assert told["space"] == {"name": "ACEScg", "said_by": "user"}
    with pytest.raises(BadParameter, match="no colour space 'S-Lag3'"):
        describe(shot, colourspace="S-Lag3")
    with pytest.raises(BadInput, match=r"No frame 5-6 of plate\.%04d\.exr is there"):
        describe(shot, "5-6")


def test_a_still_that_says_nothing(tmp_path: Path) -> None:
    save(tmp_path / "hero.exr", plate(channels=3))
    told = describe(str(tmp_path / "hero.exr"))
    assert (told["fps"], told["timecode"], told["reel"]) == ("", "", "")
    assert told["space"]["said_by"] == "assumed"
    assert told["notes"] == ["hero.exr does not say what colour it is in; ACEScg is assumed."]


def test_a_movie(tmp_path: Path) -> None:
    path = movies.make(tmp_path / "take.mkv", movies.plain(5))
    told = describe(path)
    assert (told["name"], told["kind"], told["frames"], told["missing"]) == ("take", "movie", 5, [])
    assert (told["first"], told["last"]) == (1001, 1005)


@pytest.mark.parametrize(
    ("packed", "said"),
    [
        (bcd("00:00:00:01"), "00:00:00:01"),
        (bcd("23:59:59:29", drop=True), "23:59:59;29"),
        (bcd("01:00:00:24"), "01:00:00:24"),
    ],
)
def test_timecode_is_told_digit_by_digit(tmp_path: Path, packed: Any, said: str) -> None:
    save(tmp_path / "a.exr", plate(), smpte__TimeCode=("timecode", packed))
    assert describe(str(tmp_path / "a.exr"))["timecode"] == said


def test_a_stray_file_with_a_far_number(shot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(describing, "MOST_MISSING", 5)
    with pytest.raises(BadInput, match="6 of the frames 1001 to 1010 of plate are missing"):
        describe(shot)
    assert describe(shot, "1001-1004")["missing"] == [1003]


def test_the_worker_offers_both(shot: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    asked = {"path": shot, "frames": "1001-1002", "colourspace": "ACEScg"}
    assert HANDLERS["clip.describe"](asked, Events()) == describe(shot, "1001-1002", "ACEScg")
    seen = []
    for space in (None, "ACEScct"):
        asked = {"path": shot, "frame": 1001, "exposure": 0.0, "display": "", "size": 32}
        asked |= {"space": space} if space else {}
        seen.append(Path(HANDLERS["view.render"](asked, Events())["path"]).read_bytes())
    assert seen[0] != seen[1]
    with pytest.raises(BadParameter, match="'space' is 7"):
        HANDLERS["view.render"]({**asked, "space": 7}, Events())
    assert np.frombuffer(seen[0][:4], np.uint8)[1:].tobytes() == b"PNG"
