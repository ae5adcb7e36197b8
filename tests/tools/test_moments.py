"""Which moments of a shot a shutter sees, and what is kept from one to the next of a pair."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from drifting import PACE, inner, load, rms, run, scene, shot, write

from answerprint.edit.timing import along, at_speed
from answerprint.frames.clip import open_clip
from answerprint.frames.layers import Layers
from answerprint.tools import moments
from answerprint.tools.moments import Maker, Method, Playback
from answerprint.vision import flow, rebuild

HALF = Fraction(1, 2)


def maker(
    speed: str, method: Method = "motion", blur: str = "0", seen: range = range(1001, 1011)
) -> Maker:
    timing = at_speed(1001, 1010, Fraction(speed))
    return Maker(Playback(timing, [], seen, method, Fraction(blur)), "cpu")


def panned(folder: Path, numbers: range, pace: float) -> str:
    """A pan of so many pixels a frame."""
    folder.mkdir()
    for number in numbers:
        write(folder, number, scene((number - 1000) * pace / np.hypot(*PACE)), kind="float")
    return str(folder / "p.%04d.exr")


@pytest.mark.parametrize("method", ["motion", "blend"])
def test_a_shutter_that_is_hardly_open_shows_its_own_moment(tmp_path: Path, method: Method) -> None:
    """A pan that is slower than what strobes: no step is needed, and the moment is no frame."""
    source = panned(tmp_path / "in", range(1001, 1005), 0.45)
    run("retime", source, tmp_path / "out", speed=1.25, blur=0.2, method=method)
    run("retime", source, tmp_path / "sharp", speed=1.25, method=method)
    made, sharp, frame = (
        inner(load(path))
        for path in (
            tmp_path / "out/retime.1002.exr",
            tmp_path / "sharp/retime.1002.exr",
            tmp_path / "in/p.1002.exr",
        )
    )
    assert rms(made - sharp) < 0.25 * rms(sharp - frame)


@pytest.mark.parametrize(
    ("span", "fine", "seen"),
    [
        (("2.2", "2.4"), 1, {"2.3": "0.2"}),
        (("2.2", "2.4"), 10, {"2.2": "0.05", "2.3": "0.1", "2.4": "0.05"}),
        (("2", "2.5"), 2, {"2": "0.25", "2.5": "0.25"}),
        (("2", "3"), 1, {"2": "0.5", "3": "0.5"}),
        (("2.25", "3"), 4, {"2.25": "1/8", "2.5": "1/4", "2.75": "1/4", "3": "1/8"}),
    ],
)
def test_a_shutter_is_sampled_from_end_to_end(
    span: tuple[str, str], fine: int, seen: dict[str, str]
) -> None:
    begin, end = map(Fraction, span)
    found = moments._moments_seen((begin, end), fine)
    assert found == {Fraction(at): Fraction(time) for at, time in seen.items()}
    assert sum(found.values()) == end - begin
    assert sum(at * time for at, time in found.items()) == (end - begin) * (begin + end) / 2


def test_frames_are_seen_for_as_long_as_they_are_mixed_or_stand() -> None:
    span = Fraction(9, 4), Fraction(3)
    assert moments._frames_seen(span, halves=True) == {2: Fraction(1, 4), 3: HALF}
    mixed = moments._frames_seen(span, halves=False)
    assert mixed == {2: Fraction(9, 32), 3: Fraction(15, 32)}


def test_at_many_times_the_speed_nothing_strobes_either(tmp_path: Path) -> None:
    """A fast pan over sharp noise, 4 pixels a frame, past a shutter of 13 frames."""
    noise = np.random.default_rng(2).random((32, 280, 3), np.float32)
    wall = 3 * cv2.GaussianBlur(noise, (0, 0), 1.0)

    def light(at: float) -> np.ndarray:
        way = np.array([[1, 0, 4 * at - 120], [0, 1, 0]], np.float32)
        return np.asarray(cv2.warpAffine(wall, way, (160, 32), flags=cv2.INTER_CUBIC))

    (tmp_path / "in").mkdir()
    for n in range(28):
        write(tmp_path / "in", 1001 + n, light(n), kind="float")
    source = str(tmp_path / "in/p.%04d.exr")
    run("retime", source, tmp_path / "out", part="1002", speed=14.0, blur=1.0)
    truth = np.mean([light(14 + at) for at in np.linspace(-6.5, 6.5, 14 * 16)], axis=0)
    frames = np.mean([light(14 + at) for at in range(-6, 7)], axis=0)
    made = load(tmp_path / "out/retime.1002.exr")
    assert rms(inner(made - truth)) < 0.5 * rms(inner(frames - truth))


def test_a_shutter_sees_frames_beyond_those_used_where_there_are_any() -> None:
    assert maker("4", blur="1").rests_on(1003) == (1009, 1008, 1010, 1007)
    assert maker("4", blur="1", seen=range(1001, 1010)).rests_on(1003) == (1009, 1008, 1007)
    assert maker("4", blur="1").rests_on(1001) == (1001, 1002, 1003)


def test_the_ends_of_what_is_shown_are_those_around_it() -> None:
    assert maker("0.5").ends(1004) == (1002, 1003)
    assert len(maker("0.5").rests_on(1004)) == 4
    assert maker("3", blur="1").ends(1002) == (1003, 1005)
    assert maker("0.5").ends(1003) == (1002, 1002)


def test_the_nearer_of_a_pair_lends_its_window(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write(tmp_path / "in", 1002, scene(2))
    write(tmp_path / "in", 1003, scene(3)[8:-16, 4:-4], at=(4, 8), display=scene(3).shape[:2])
    asked = Playback(along(["1:1002,9:1003"]), [], (1002, 1003), "blend", Fraction(0))
    made = Maker(asked, "cpu")
    with open_clip(str(tmp_path / "in/p.%04d.exr"), colourspace="ACEScg") as clip:
        layers = Layers(clip)
        for number, size in ((3, (144, 208)), (8, (120, 200))):
            whole = made.make(number, layers)
            assert whole
            assert [each.shape for each in whole.layers] == [(*size, 3)]


def counted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    searched: list[Any] = []

    def search(*given: Any, **more: Any) -> Any:
        searched.append(given)
        return flow.motions(*given, **more)

    monkeypatch.setattr(moments, "motions", search)
    monkeypatch.setattr(rebuild, "motions", search)
    return searched


def test_large_frames_are_searched_once_a_pair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past its middle the other frame of a pair lends its parts; what was found of it holds."""
    source = shot(tmp_path / "in", range(1001, 1005))
    monkeypatch.setattr(moments, "LARGE", 0)
    searched = counted(monkeypatch)
    asked = Playback(along(["1:1002,9:1003"]), [], range(1001, 1005), "motion", Fraction(0))
    made, lenders = Maker(asked, "cpu"), []
    with open_clip(source, colourspace="ACEScg") as clip:
        layers = Layers(clip)
        for number in (3, 4, 6, 8):
            assert made.make(number, layers)
            lenders.append(made.rests_on(number)[0])
    assert lenders == [1002, 1002, 1003, 1003]
    assert len(searched) == 3  # between the two, and to the frame on either side
