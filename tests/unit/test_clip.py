"""A clip: which frames it has, which of them can be used, and what they look like."""

from __future__ import annotations

import os
import struct
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from edits import movie
from pictures import add_attribute, plate, save, save_parts, spec_of

from answerprint.errors import BadInput, BadParameter
from answerprint.frames import colour
from answerprint.frames.clip import open_clip, picture_of
from answerprint.frames.frame import Part, Window
from answerprint.frames.writer import FrameWriter

REC709 = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)


def shot(folder: Path, numbers: list[int], **how: object) -> str:
    for number in numbers:
        save(folder / f"plate.{number:04d}.exr", plate(seed=number), **how)
    return str(folder / "plate.####.exr")


class Memory:
    """A frame that is nowhere but here; counts the rows asked for at once."""

    def __init__(self, pixels: np.ndarray, data: Window, display: Window) -> None:
        names = ("A", "B", "G", "R")
        self.pixels, self.largest, self.sha256 = pixels, 0, ""
        self.parts = [Part("", names, ("float",) * 4, data, display, colour=((3, 2, 1),))]

    def rows(self, part: int, y0: int, y1: int) -> np.ndarray:
        self.largest = max(self.largest, y1 - y0)
        return self.pixels[y0:y1].copy()

    def close(self) -> None: ...

    def __enter__(self) -> Memory:
        return self

    def __exit__(self, *exc: object) -> None: ...


# --- which frames --------------------------------------------------------------------------


def test_all_frames_from_the_first_to_the_last(tmp_path: Path) -> None:
    clip = open_clip(shot(tmp_path, [1001, 1002, 1004]))
    assert (clip.kind, clip.name) == ("stills", "plate")
    assert clip.frames == (1001, 1002, 1003, 1004)
    assert clip.missing == (1003,)


def test_the_range_asked_for(tmp_path: Path) -> None:
    source = shot(tmp_path, [1001, 1002, 1003])
    assert open_clip(source, "1002-1004").frames == (1002, 1003, 1004)
    assert open_clip(source, "1002-1004").missing == (1004,)
    ranged = source.replace("####", "1003-1005#")
    assert open_clip(ranged).frames == (1003, 1004, 1005)
    assert open_clip(ranged, "1001").frames == (1001,)


def test_bad_ranges(tmp_path: Path) -> None:
    source = shot(tmp_path, [1001, 1002])
    with pytest.raises(BadParameter) as caught:
        open_clip(source, "1002-1001")
    assert caught.value.title == "frames is '1002-1001'."
    with pytest.raises(BadInput) as refused:
        open_clip(source, "1-5")
    assert refused.value.title == "No frame 1-5 of plate.####.exr is there."
    assert refused.value.hint == "There is 1001-1002."


def test_one_bad_frame_does_not_stop_the_others(tmp_path: Path) -> None:
    source = shot(tmp_path, [1001, 1002, 1004, 1005])
    torn = tmp_path / "plate.1002.exr"
    torn.write_bytes(torn.read_bytes()[:100])
    save(tmp_path / "plate.1005.exr", plate(10, 10))
    clip = open_clip(source)
    told = {}
    for number, frame in clip.stream(clip.frames):
        if isinstance(frame, BadInput):
            told[number] = frame.title
        else:
            with frame:
                np.testing.assert_array_equal(frame.rows(0, 0, 12), plate(seed=number))
                told[number] = "good"
    assert told == {
        1001: "good",
        1002: "Frame 1002: plate.1002.exr cannot be opened.",
        1003: "Frame 1003 of plate is missing (1001-1005 asked for).",
        1004: "good",
        1005: "Frame 1005 of plate.%04d.exr has another display window than frame 1001: "
        "10 x 10 at 0, 0, not 20 x 12 at 0, 0.",
    }


def test_a_damaged_first_frame_is_stepped_over(tmp_path: Path) -> None:
    source = shot(tmp_path, [1001, 1002])
    (tmp_path / "plate.1001.exr").write_bytes(b"")
    clip = open_clip(source)
    assert clip.parts[0].data == Window(0, 0, 20, 12)
    with pytest.raises(BadInput, match="Frame 1001: "):
        clip.open(1001)


def test_a_clip_of_ruins(tmp_path: Path) -> None:
    source = shot(tmp_path, [1001, 1002])
    for each in tmp_path.iterdir():
        each.write_bytes(b"")
    with pytest.raises(BadInput) as caught:
        open_clip(source)
    assert caught.value.title == "None of the 2 frames of plate.%04d.exr can be read."
    assert "plate.1001.exr cannot be opened." in caught.value.detail


def test_data_windows_and_layers_may_vary(tmp_path: Path) -> None:
    display = (0, 0, 20, 12)
    save(tmp_path / "p.1.exr", plate(), display=display)
    names = ["R", "G", "B", "diffuse.R"]
    save(tmp_path / "p.2.exr", plate(5, 6, 4), channels=names, display=display, at=(3, 4))
    with open_clip(str(tmp_path / "p.%d.exr")) as clip, clip.open(2) as frame:
        assert frame.parts[0].data == Window(3, 4, 6, 5)


@pytest.mark.parametrize(
    ("how", "what"),
    [
        ({"attributes": {"PixelAspectRatio": 2.0}}, "pixel aspect"),
        ({"channels": ["X", "Y", "Z"]}, "set of picture channels"),
        ({"chromaticities": ("float[8]", REC709)}, "colour"),
    ],
)
def test_a_frame_of_another_kind(tmp_path: Path, how: dict[str, object], what: str) -> None:
    source = shot(tmp_path, [1001])
    shot(tmp_path, [1002], **how)
    with pytest.raises(BadInput, match=f"Frame 1002 of plate.%04d.exr has another {what} than"):
        open_clip(source).open(1002)
    if what == "colour":
        open_clip(source, colourspace="ACEScg").open(1002).close()


# --- what is known of it -------------------------------------------------------------------


def test_rate_and_colour_of_the_file(tmp_path: Path) -> None:
    shot(
        tmp_path,
        [1001],
        framesPerSecond=("rational", (24000, 1001)),
        chromaticities=("float[8]", REC709),
    )
    clip = open_clip(str(tmp_path))
    assert clip.rate == Fraction(24000, 1001)
    assert clip.space.said_by == "file"
    assert clip.space.linear
    assert clip.notes == ()


def test_what_nobody_says_is_assumed_and_told(tmp_path: Path) -> None:
    clip = open_clip(shot(tmp_path, [1001]))
    assert clip.rate is None
    assert (clip.space.name, clip.space.said_by) == ("ACEScg", "assumed")
    assert clip.notes == ("plate.%04d.exr does not say what colour it is in; ACEScg is assumed.",)


def test_a_flat_grey_scan_looks_like_log(tmp_path: Path) -> None:
    light = np.exp(np.random.default_rng(5).normal(-2, 1.2, (64, 64, 1))) + 0.012
    video = np.clip(light, 0, 1) ** (1 / 2.4)
    log = 0.39 + 0.075 * np.log2(light / 0.18)
    for name, code in (("video", video), ("log", log)):
        whole = np.rint(np.clip(code, 0, 1).repeat(3, 2) * 65535).astype(np.uint16)
        save(tmp_path / f"{name}.png", whole, kind="uint16")
    assert open_clip(str(tmp_path / "video.png")).looks_like_log() == ""
    assert "black sits at" in open_clip(str(tmp_path / "log.png")).looks_like_log()
    named = open_clip(str(tmp_path / "log.png"), colourspace="ACEScct")
    assert named.looks_like_log() == ""


# --- results -------------------------------------------------------------------------------


def test_results_of_an_exr_are_like_it(tmp_path: Path) -> None:
    pixels = plate(channels=4).astype(np.float32)
    save(
        tmp_path / "a.1001.exr",
        pixels,
        kind=["half", "half", "half", "float"],
        channels=["R", "G", "B", "Z"],
        tile=8,
        attributes={"reelName": "A001", "colorInteropID": "lin_rec709_scene"},
        smpte__TimeCode=("timecode", (0x01020304, 0)),
    )
    clip = open_clip(str(tmp_path))
    with clip.open(1001) as frame:
        (result,), (source,) = clip.result_parts(frame), frame.parts
    assert (result.types, result.channels) == (source.types, source.channels)
    assert (result.data, result.display) == (source.data, source.display)
    assert (result.tile, result.compression) == (None, "zips")
    assert dict(result.metadata) == dict(source.metadata)


def test_results_of_an_aces_container_say_their_primaries(tmp_path: Path) -> None:
    save(tmp_path / "a.exr", plate(), attributes={"owner": "us"})
    add_attribute(tmp_path / "a.exr", "acesImageContainerFlag", "int", struct.pack("<i", 1))
    clip = open_clip(str(tmp_path / "a.exr"))
    with clip.open(1001) as frame:
        parts = clip.result_parts(frame)
        with FrameWriter(str(tmp_path / "b.exr"), parts, {}) as writer:
            writer.put(0, 0, frame.rows(0, 0, 12))
    again = open_clip(str(tmp_path / "b.exr"))
    assert again.space.name == clip.space.name == "ACES2065-1"


def test_results_of_whole_numbers_are_half_and_linear(tmp_path: Path) -> None:
    codes = np.full((4, 6, 3), 30000, np.uint16)
    save(tmp_path / "a.png", codes, kind="uint16")
    clip = open_clip(str(tmp_path / "a.png"))
    with clip.open(1001) as frame:
        (result,) = clip.result_parts(frame)
    assert result.types == ("half",) * 3
    assert result.metadata["chromaticities"] == pytest.approx(REC709)
    assert set(result.metadata) == {"chromaticities"}
    light = np.full((4, 6, 3), 0.25, np.float32)
    with FrameWriter(str(tmp_path / "b.exr"), [result], {}) as writer:
        writer.put(0, 0, light)
    again = open_clip(str(tmp_path / "b.exr"))
    assert again.space.name == colour.linear_twin(clip.space).name


# --- pictures ------------------------------------------------------------------------------


def test_a_picture_is_light_in_acescg(tmp_path: Path) -> None:
    pixels = plate().astype(np.float32)
    save(tmp_path / "a.exr", pixels, kind="float", chromaticities=("float[8]", REC709))
    clip = open_clip(str(tmp_path / "a.exr"))
    rgb, valid = clip.picture(1001)
    assert (rgb.dtype, valid.dtype, valid.all()) == (np.float32, np.bool_, True)
    np.testing.assert_allclose(rgb, colour.to_acescg(pixels, clip.space), rtol=1e-6)
    assert rgb.max() > 10
    assert rgb.min() < 0


def test_a_smaller_picture_averages_light_over_areas() -> None:
    """Strips and fractions of a pixel, against sums worked out one by one."""
    random = np.random.default_rng(3)
    pixels = np.exp(random.normal(0, 2, (700, 90, 4))).astype(np.float32)
    window = Window(5, 5, 90, 700)
    frame = Memory(pixels, window, window)
    rgb, valid = picture_of(frame, colour.space("ACEScg"), 36)
    assert rgb.shape == (280, 36, 3)
    assert valid.all()
    assert frame.largest <= 256
    step = 2.5  # both ways
    for y, x in [(0, 0), (102, 17), (103, 18), (279, 35), (120, 3)]:
        wanted, total = np.zeros(3), 0.0
        for j in range(int(y * step), int(np.ceil((y + 1) * step))):
            for i in range(int(x * step), int(np.ceil((x + 1) * step))):
                high = min(j + 1, (y + 1) * step) - max(j, y * step)
                wide = min(i + 1, (x + 1) * step) - max(i, x * step)
                wanted += high * wide * pixels[j, i, [3, 2, 1]]
                total += high * wide
        np.testing.assert_allclose(rgb[y, x], wanted / total, rtol=1e-4)


def test_a_picture_is_never_enlarged() -> None:
    frame = Memory(np.ones((4, 6, 4), np.float32), Window(0, 0, 6, 4), Window(0, 0, 6, 4))
    assert picture_of(frame, colour.space("ACEScg"), 2048)[0].shape == (4, 6, 3)


def test_what_is_not_finite_takes_no_part() -> None:
    pixels = np.full((8, 8, 4), 2.0, np.float32)
    pixels[0, 0] = np.nan  # one of four
    pixels[0, 2:4] = pixels[1, 2] = (1, np.inf, 1, 1)  # three of four
    pixels[4:6, 4:6, 3] = -np.inf  # all four
    window = Window(0, 0, 8, 8)
    space = colour.space("ACEScg")
    rgb, valid = picture_of(Memory(pixels, window, window), space, 4)
    expected = np.ones((4, 4), bool)
    expected[0, 1] = expected[2, 2] = False
    np.testing.assert_array_equal(valid, expected)
    np.testing.assert_allclose(rgb[expected], 2.0, rtol=1e-5)
    np.testing.assert_array_equal(rgb[~expected], 0)
    _, whole = picture_of(Memory(pixels, window, window), space)
    assert (~whole).sum() == 8


def test_only_what_both_windows_show() -> None:
    pixels = np.arange(6 * 8 * 4, dtype=np.float32).reshape(6, 8, 4)
    for top, rows in [(3, slice(0, 4)), (-3, slice(3, 6))]:
        frame = Memory(pixels, Window(-2, top, 8, 6), Window(0, 0, 4, 7))
        rgb, _ = picture_of(frame, colour.space("ACEScg"))
        np.testing.assert_allclose(rgb, pixels[rows, 2:6, [3, 2, 1]], rtol=1e-6)
    beside = Memory(pixels, Window(0, 0, 8, 6), Window(8, 0, 4, 7))
    with pytest.raises(BadInput, match="The frame shows nothing: its data window 8 x 6 at 0, 0"):
        picture_of(beside, colour.space("ACEScg"))


def test_a_frame_without_colour_says_what_it_has(tmp_path: Path) -> None:
    save(tmp_path / "a.exr", plate(channels=2), channels=["Y", "depth.Z"])
    with pytest.raises(BadInput) as caught:
        open_clip(str(tmp_path / "a.exr")).picture(1001)
    assert caught.value.title.endswith(" has no R, G, B. It has: Y, depth.Z.")


def test_the_picture_of_a_second_part(tmp_path: Path) -> None:
    depth = spec_of((12, 20, 1), kind="float", channels=["Z"], attributes={"name": "depth"})
    rgba = spec_of((12, 20, 3), attributes={"name": "rgba"})
    save_parts(tmp_path / "a.exr", [(depth, plate(channels=1).astype(np.float32)), (rgba, plate())])
    rgb, _ = open_clip(str(tmp_path / "a.exr")).picture(1001)
    np.testing.assert_array_equal(rgb, plate().astype(np.float32))


# --- movies --------------------------------------------------------------------------------


def test_a_movie_is_a_clip(tmp_path: Path) -> None:
    path = tmp_path / "100% take #2.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for level in (40, 120, 200):
            grey = np.full((48, 64, 3), level, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode())
    with open_clip(str(path), "1001-1004") as clip:
        assert (clip.kind, clip.name, clip.rate) == ("movie", "100% take #2", 24)
        assert (clip.frames, clip.missing) == ((1001, 1002, 1003, 1004), (1004,))
        levels = []
        for number, frame in clip.stream(clip.frames):
            if isinstance(frame, BadInput):
                assert number == 1004
                continue
            with frame:
                assert clip.result_parts(frame)[0].types == ("half",) * 3
                levels.append(float(picture_of(frame, clip.space, 8)[0].mean()))
    assert levels == sorted(levels)
    assert len(levels) == 3
    with pytest.raises(BadInput):
        open_clip(str(tmp_path / "gone.mov"))


def test_a_movie_in_another_space_is_another_picture(tmp_path: Path) -> None:
    path = tmp_path / "take.mov"
    movie(path, count=2)
    os.utime(path, (1, 1))  # pictures of a file that may still be written are not kept
    seen = {}
    for space in ("ACEScct", "ACEScg", "ACEScct"):
        with open_clip(str(path), colourspace=space) as clip:
            number = clip.frames[0]
            light, digest = clip.picture(number)[0], clip.sha256(number)
            if space in seen:
                assert digest == seen[space][1]
                np.testing.assert_array_equal(light, seen[space][0])
            seen[space] = light, digest
    assert seen["ACEScct"][1] != seen["ACEScg"][1]
    assert not np.allclose(seen["ACEScct"][0], seen["ACEScg"][0])


def test_still_files_open_side_by_side(tmp_path: Path) -> None:
    """As many as there are threads, with no thought for one another."""
    clip = open_clip(shot(tmp_path, list(range(1, 25))))
    with ThreadPoolExecutor(4) as pool:
        for number, (rgb, _) in zip(clip.frames, pool.map(clip.picture, clip.frames), strict=True):
            np.testing.assert_array_equal(rgb, plate(seed=number).astype(np.float32))


def test_a_shot_that_says_nothing_is_taken_as_the_one_beside_it(tmp_path: Path) -> None:
    save(tmp_path / "a.1001.exr", plate())
    save(tmp_path / "b.1001.exr", plate())
    save(tmp_path / "c.1001.exr", plate(), colorInteropID=("string", "lin_rec709_scene"))
    with open_clip(str(tmp_path / "a.%04d.exr"), colourspace="ARRI LogC4") as first:
        silent = open_clip(str(tmp_path / "b.%04d.exr"), beside=first)
        assert (silent.space.name, silent.space.said_by) == ("ARRI LogC4", "assumed")
        assert silent.notes == (
            "b.%04d.exr does not say what colour it is in; ARRI LogC4 is taken, as named for a.",
        )
        assert open_clip(str(tmp_path / "c.%04d.exr"), beside=first).space.said_by == "file"
        named = open_clip(str(tmp_path / "b.%04d.exr"), colourspace="ACEScg", beside=first)
        assert (named.space.name, named.notes) == ("ACEScg", ())
    with open_clip(str(tmp_path / "a.%04d.exr")) as first:
        assert open_clip(str(tmp_path / "b.%04d.exr"), beside=first).space.name == "ACEScg"
