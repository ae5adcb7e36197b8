"""What lies below a folder, and what the files there say of their camera."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import rushes

from answerprint.show import fingerprint, roots
from answerprint.show.add import add
from answerprint.show.dailies import facts, named, walk
from answerprint.show.store import make_show
from answerprint.show.verify import verify

# --- what lies there -------------------------------------------------------------------------


def test_a_stamp_changes_with_the_files_and_not_with_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    rushes.sequence(folder, "wall", 1)
    (before,) = walk([str(folder)]).clips.values()
    for path in sorted(folder.iterdir()):
        path.rename(path.with_name(path.name.replace("wall", "door")))
    folder.rename(tmp_path / "b")
    (moved,) = walk([str(tmp_path / "b")]).clips.values()
    assert (moved.stamp, moved.size) == (before.stamp, before.size)
    frame = tmp_path / "b/door.1002.exr"
    os.utime(frame, ns=(0, frame.stat().st_mtime_ns + 1))
    (changed,) = walk([str(tmp_path / "b")]).clips.values()
    assert changed.stamp != before.stamp
    frame.unlink()
    (less,) = walk([str(tmp_path / "b")]).clips.values()
    assert less.stamp not in (changed.stamp, before.stamp)


def test_a_space_that_was_named_holds_until_another_is(tmp_path: Path) -> None:
    media = [str(Path(rushes.sequence(tmp_path / "media", "wall", 1, count=1)).parent)]
    show = make_show(tmp_path / "show")
    spaces = []
    for named_space in ("", "ACEScct", "", "ACEScct", "ACES2065-1"):
        measured = len(add(show, media, colourspace=named_space).learned)
        spaces.append((measured, rushes.cameras(show)["wall"].get("colourspace", "")))
    assert spaces == [*((1, ""), (1, "ACEScct"), (0, "ACEScct"), (0, "ACEScct"), (1, "ACES2065-1"))]
    rushes.sequence(tmp_path / "media", "wall", 2, count=2)
    assert len(add(show, media).learned) == 1
    assert rushes.cameras(show)["wall"]["colourspace"] == "ACES2065-1"
    assert verify(show.folder).media == {}
    (root,) = roots.read(show.folder).every
    assert root.colourspace == "ACES2065-1"


def test_spellings_of_one_sequence_are_one_clip(tmp_path: Path) -> None:
    pattern = rushes.sequence(tmp_path, "wall", 1)
    spelt = [
        pattern,
        pattern.replace("%04d", "####"),
        pattern.replace("%04d", "@@@@"),
        str(tmp_path),
    ]
    assert list(walk(spelt).clips) == [pattern]
    assert {named(each) for each in spelt} == {pattern}


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    pattern = rushes.sequence(tmp_path / "a", "wall", 1, count=1)
    (tmp_path / "a/round").symlink_to(tmp_path)
    assert list(walk([str(tmp_path)]).clips) == [str(Path(pattern).parent / "wall.%04d.exr")]


# --- what is said ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"cameraMake": "ARRI", "cameraModel": "ALEXA 35"}, {"make": "ARRI", "model": "ALEXA 35"}),
        ({"com.apple.quicktime.make": "Apple"}, {"make": "Apple"}),
        ({"com.arri.camera.CameraModel": "ALEXA"}, {"model": "ALEXA"}),
        ({"Exif:FNumber": 2.8, "isoSpeed": 800.0}, {"iris": 2.8, "iso": 800.0}),
        ({"Lens": "32 mm S4", "Focal Length": "32mm", "Iris": "T2.8"}, {
            "lens": "32 mm S4", "focal_length": 32.0, "iris": 2.8}),
        ({"EI": "1600", "Scene": "12A", "Take": "3"}, {"iso": 1600.0, "scene": "12A", "take": "3"}),
        ({"Scene": " ", "ISO": "auto", "Iris": "0", "views": ("left", "right")}, {}),
    ],
)  # fmt: skip
def test_facts_are_found_by_any_maker_s_name(told: Any, said: Any) -> None:
    assert facts(told) == said


def test_an_exr_says_its_camera(tmp_path: Path) -> None:
    tags = {
        "cameraMake": ("string", "ARRI"),
        "cameraModel": ("string", "ARRI ALEXA 35"),
        "isoSpeed": ("float", 800.0),
        "reelName": ("string", "A001"),
    }
    rushes.sequence(tmp_path / "media", "wall", 1, size=(135, 240), grain=0.05, **tags)
    show = make_show(tmp_path / "show")
    add(show, [str(tmp_path / "media")])
    said = rushes.cameras(show)["wall"]
    assert (said["make"], said["model"], said["iso"]) == ("ARRI", "ARRI ALEXA 35", 800.0)
    assert said["reel of it"] == "A001"
    with show.reading() as db:
        assert list(fingerprint.fingerprints(db)) == ["ARRI ALEXA 35, ISO 800, 240 x 135"]


# --- cameras ---------------------------------------------------------------------------------


def noise(c: float, size: float, error: float = 0.1) -> Any:
    sigma = 0.18 * c**0.5
    return {
        "value": sigma,
        "uncertainty": error * sigma,
        "channels": [{"a": 0.0, "b": 0.0, "c": c}] * 3,
        "at_grey": sigma,
        "range": [0.01, 0.5],
        "correlation": 0.2,
        "size": size,
    }


def test_a_fingerprint_is_the_median_and_an_outlier_does_not_move_it() -> None:
    told = fingerprint.together([noise(c * c, 0.5) for c in (0.009, 0.01, 0.011, 0.2)], 4)
    grey = fingerprint.LIGHT.index(0.18)
    assert told["sigma"][1][grey] == pytest.approx(0.18 * 0.0105, rel=1e-4)
    assert told["uncertainty"][1][grey] == pytest.approx(
        0.18 * 0.001 * 1.4826 * 1.2533 / 2, rel=1e-3
    )
    assert (told["sigma"][0][0], told["sigma"][0][-1]) == (None, None)  # light no take had
    assert (told["size"]["value"], told["size"]["uncertainty"]) == (0.5, 0.0)


def test_of_one_take_the_uncertainty_is_its_own() -> None:
    told = fingerprint.together([noise(1e-4, 0.5, error=0.2)], 1)
    assert told["at_grey"]["uncertainty"] == pytest.approx(0.2 * 0.18 * 0.01, rel=1e-4)
    assert told["size"]["uncertainty"] is None


def test_a_camera_s_noise_is_that_of_its_media(tmp_path: Path) -> None:
    for turn in range(3):
        rushes.sequence(tmp_path / "media", f"take{turn}", turn, size=(180, 320), grain=0.03)
    show = make_show(tmp_path / "show")
    add(show, [str(tmp_path / "media")])
    with show.reading() as db:
        told = fingerprint.fingerprints(db)["media, 320 x 180"]
    assert (told["clips"], told["takes"]) == (3, 3)
    at = fingerprint.LIGHT.index(0.09)
    assert told["sigma"][1][at] == pytest.approx(0.09 * 0.03, rel=0.15)
