"""Frames of a clip: what of the plate comes through, and what is written with it."""

from __future__ import annotations

import getpass
import hashlib
import os
from pathlib import Path

import movies
import numpy as np
import OpenImageIO as oiio
import pytest
import shots
from pictures import bits, headers, plate, save, save_parts, spec_of
from shots import Pixels, grain, render_frames, results

from answerprint.frames import colour
from answerprint.frames.clip import open_clip
from answerprint.frames.frame import Part, Window
from answerprint.frames.grade import Cdl, Grade
from answerprint.worker import render

RED_UP = Grade(Cdl(slope=(1.1, 1.0, 0.95), saturation=0.9))
TINT = Grade(RED_UP.cdl, np.full((33, 33, 33, 3), 0.01, np.float32))


def graded(grade: Grade) -> Pixels:
    return lambda number, here, there: grade.pixels(here, there)


def untouched(number: int, here: colour.Space, there: colour.Space) -> None:
    return None


def load(path: Path, part: int = 0) -> tuple[oiio.ImageSpec, np.ndarray]:
    """A part as OpenImageIO itself reads it, half as half."""
    image = oiio.ImageInput.open(str(path))
    assert image, oiio.geterror()
    assert image.seek_subimage(part, 0)
    spec = image.spec()
    kind = "half" if str(spec.format) == "half" and not spec.channelformats else "float"
    pixels = image.read_image(part, 0, 0, spec.nchannels, kind)
    image.close()
    return spec, pixels


def channel(path: Path, name: str, part: int = 0) -> np.ndarray:
    spec, pixels = load(path, part)
    return pixels[..., spec.channelnames.index(name)]


def spoiled(pixels: np.ndarray) -> np.ndarray:
    """The pixels with NaNs of several kinds, infinities, -0 and a denormal."""
    raw = pixels.view(np.uint16)
    raw[2, 3, 0], raw[2, 4, 1], raw[5, 6, 2] = 0x7E00, 0xFD55, 0x7C00
    raw[6, 6, 0], raw[7, 7, 1], raw[8, 8, 2] = 0xFC00, 0x8000, 0x0001
    return pixels


# --- what comes through --------------------------------------------------------------------


def test_only_the_picture_changes(tmp_path: Path) -> None:
    names = ("R", "G", "B", "A", "mask.Y", "N.R", "forward.u")
    pixels = save(tmp_path / "a.exr", plate(channels=7), channels=names)
    made = render_frames(tmp_path / "a.exr", tmp_path / "out")
    assert (made.written, made.kept, made.failed) == ([1001], [], {})
    result = tmp_path / "out/r.1001.exr"
    for index, name in enumerate(names):
        want = pixels[..., index] * np.float16(2 if name in "RGB" else 1)
        assert np.array_equal(bits(channel(result, name).astype(np.float16)), bits(want)), name


def test_half_and_float_channels_keep_their_kind(tmp_path: Path) -> None:
    kinds = ["half", "half", "half", "float"]
    pixels = plate(channels=4).astype(np.float32)
    pixels[..., 3] += np.float32(1e-7)
    save(tmp_path / "a.exr", pixels, kind=kinds, channels=("R", "G", "B", "Z"))
    render_frames(tmp_path / "a.exr", tmp_path / "out")
    spec, _ = load(tmp_path / "out/r.1001.exr")
    assert dict(zip(spec.channelnames, map(str, spec.channelformats), strict=True)) == {
        "R": "half",
        "G": "half",
        "B": "half",
        "Z": "float",
    }
    assert np.array_equal(channel(tmp_path / "out/r.1001.exr", "Z"), pixels[..., 3])


def test_windows_aspect_and_metadata_are_kept(tmp_path: Path) -> None:
    timecode = (0x01020304, 0)
    save(
        tmp_path / "a.exr",
        plate(),
        at=(-4, 7),
        display=(0, 0, 1920, 1080),
        attributes={"PixelAspectRatio": 2.0, "camera": "B", "owner": "Ünï"},
        smpte__TimeCode=("timecode", timecode),
        reelName=("string", "A001"),
    )
    render_frames(tmp_path / "a.exr", tmp_path / "out")
    before, after = (headers(p)[0] for p in (tmp_path / "a.exr", tmp_path / "out/r.1001.exr"))
    kept = ("dataWindow", "displayWindow", "pixelAspectRatio", "timeCode", "reelName", "camera")
    for name in (*kept, "owner"):
        assert after[name] == before[name], name
    assert set(after) - set(before) == {render.PROVENANCE}


def test_all_parts_and_views(tmp_path: Path) -> None:
    left, right, depth = plate(seed=1), plate(seed=2), plate(channels=1, seed=3)
    save_parts(
        tmp_path / "a.exr",
        [
            (spec_of(left.shape, attributes={"name": "left", "view": "left"}), left),
            (spec_of(right.shape, attributes={"name": "right", "view": "right"}), right),
            (spec_of(depth.shape, channels=["Z"], attributes={"name": "depth"}), depth),
        ],
    )
    render_frames(tmp_path / "a.exr", tmp_path / "out")
    result = tmp_path / "out/r.1001.exr"
    assert [h["name"][1] for h in headers(result)] == [b"left", b"right", b"depth"]
    assert np.array_equal(load(result, 0)[1], left * np.float16(2))
    assert np.array_equal(load(result, 1)[1], right * np.float16(2))
    assert np.array_equal(bits(load(result, 2)[1]), bits(depth))


def test_views_of_one_part(tmp_path: Path) -> None:
    names = ("R", "G", "B", "right.R", "right.G", "right.B")
    pixels = plate(channels=6)
    save(
        tmp_path / "a.exr",
        pixels,
        channels=names,
        multiView=("string[2]", ("left", "right")),
    )
    render_frames(tmp_path / "a.exr", tmp_path / "out")
    for index, name in enumerate(names):
        assert np.array_equal(
            channel(tmp_path / "out/r.1001.exr", name), pixels[..., index] * np.float16(2)
        ), name


def test_tiles_are_read_at_any_strip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = save(tmp_path / "a.exr", plate(50, 40), tile=16)
    monkeypatch.setattr(render, "STRIP", 7)
    render_frames(tmp_path / "a.exr", tmp_path / "out")
    assert np.array_equal(load(tmp_path / "out/r.1001.exr")[1], pixels * np.float16(2))


@pytest.mark.parametrize("grade", [RED_UP, TINT], ids=["cdl", "cube"])
@pytest.mark.parametrize("kind", ["half", "float"])
@pytest.mark.parametrize("strip", [1, 7, 13])
def test_the_height_of_a_strip_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grade: Grade, kind: str, strip: int
) -> None:
    save(tmp_path / "a.exr", plate(40, 33), kind=kind)
    render_frames(tmp_path / "a.exr", tmp_path / "whole", graded(grade))
    monkeypatch.setattr(render, "STRIP", strip)
    render_frames(tmp_path / "a.exr", tmp_path / "strips", graded(grade))
    assert results(tmp_path / "strips") == results(tmp_path / "whole")


@pytest.mark.filterwarnings("error")  # an artist's terminal is no place for numpy's warnings
def test_no_pixels_is_the_plate_bit_for_bit(tmp_path: Path) -> None:
    pixels = save(tmp_path / "a.exr", spoiled(plate()))
    made = render_frames(tmp_path / "a.exr", tmp_path / "out", untouched)
    assert np.array_equal(bits(load(tmp_path / "out/r.1001.exr")[1]), bits(pixels))
    assert made.not_finite == 4


def test_whole_numbers_become_light_in_half(tmp_path: Path) -> None:
    code = np.full((4, 6, 3), 188, np.uint8)
    save(tmp_path / "a.png", code, kind="uint8")
    render_frames(tmp_path / "a.png", tmp_path / "out", graded(Grade()))
    spec, pixels = load(tmp_path / "out/r.1001.exr")
    assert str(spec.format) == "half"
    assert np.allclose(pixels, ((188 / 255 + 0.055) / 1.055) ** 2.4, rtol=2e-3)
    assert "chromaticities" in headers(tmp_path / "out/r.1001.exr")[0]


def test_a_movie_becomes_frames(tmp_path: Path) -> None:
    source = movies.make(tmp_path / "a.mkv", movies.plain(4), colorspace=1, color_primaries=1)
    made = render_frames(source, tmp_path / "out")
    assert made.written == [1001, 1002, 1003, 1004]
    with open_clip(source) as clip:
        assert np.array_equal(
            load(tmp_path / "out/r.1003.exr")[1],
            movies.dump(clip, 1003).astype(np.float16) * np.float16(2),
        )
    kept = render_frames(source, tmp_path / "out")
    assert (kept.written, kept.kept) == ([], [1001, 1002, 1003, 1004])


# --- values that are none ------------------------------------------------------------------


@pytest.mark.parametrize("grade", [RED_UP, TINT], ids=["cdl", "cube"])
def test_nan_and_inf_stay_and_spread_nowhere(tmp_path: Path, grade: Grade) -> None:
    clean = plate()
    save(tmp_path / "clean.exr", clean)
    save(tmp_path / "a.exr", spoiled(clean.copy()))
    made = render_frames(tmp_path / "a.exr", tmp_path / "out", graded(grade))
    render_frames(tmp_path / "clean.exr", tmp_path / "ref", graded(grade))
    (_, out), (_, ref) = (load(tmp_path / p / "r.1001.exr") for p in ("out", "ref"))
    touched = bits(spoiled(clean.copy())) != bits(clean)
    wrong = ~np.isfinite(spoiled(clean.copy()))
    assert np.array_equal(bits(out[wrong]), bits(spoiled(clean.copy())[wrong]))
    elsewhere = ~touched.any(-1)
    assert np.array_equal(bits(out[elsewhere]), bits(ref[elsewhere]))
    assert np.isfinite(out[~wrong]).all()
    assert made.not_finite == wrong.sum() == 4


def test_what_half_cannot_hold_is_held_and_counted(tmp_path: Path) -> None:
    pixels = plate()
    pixels[3, 4], pixels[5, 5, 0] = 60000, -60000
    save(tmp_path / "a.exr", pixels)
    up = Grade(Cdl(slope=(1.5, 1.5, 1.5)))
    made = render_frames(tmp_path / "a.exr", tmp_path / "out", graded(up))
    _, out = load(tmp_path / "out/r.1001.exr")
    assert np.isfinite(out).all()
    assert (out[3, 4] == 65504).all()
    assert made.held == (np.abs(out) == 65504).sum() >= 3
    assert made.not_finite == 0


def test_float_plates_hold_more_than_half(tmp_path: Path) -> None:
    pixels = plate().astype(np.float32)
    pixels[3, 4] = 60000
    save(tmp_path / "a.exr", pixels, kind="float")
    made = render_frames(tmp_path / "a.exr", tmp_path / "out")
    assert load(tmp_path / "out/r.1001.exr")[1][3, 4, 0] == 120000
    assert made.held == 0


# --- the header ----------------------------------------------------------------------------


def test_the_header_says_what_but_not_who_when_or_where(tmp_path: Path) -> None:
    source = grain(tmp_path / "shots", 1)
    for name in ("one", "another"):
        render_frames(source, tmp_path / name)
    assert results(tmp_path / "one") == results(tmp_path / "another")
    data = (tmp_path / "one/r.1001.exr").read_bytes()
    said = headers(tmp_path / "one/r.1001.exr")[0][render.PROVENANCE][1].decode()
    with open_clip(str(source)) as clip, clip.open(1001) as frame:
        assert said == (
            '{"models":{},"recipe":"abc","source":"' + frame.sha256 + '","tool":"test","version":1}'
        )
    for telling in (str(tmp_path), os.uname().nodename, f'"{getpass.getuser()}"'):
        assert telling.encode() not in data
    assert headers(tmp_path / "one/r.1001.exr")[0].get("capDate", ("", b"\0"))[1] in (b"", b"\0")


def test_the_hashes_are_those_of_the_files(tmp_path: Path) -> None:
    source = grain(tmp_path / "shots", 2)
    for _ in ("written", "kept"):
        made = render_frames(source, tmp_path / "out")
        for number in (1001, 1002):
            for path, said in (
                (tmp_path / f"shots/p.{number}.exr", made.sources),
                (tmp_path / f"out/r.{number}.exr", made.results),
            ):
                assert said[number] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_frame_without_a_finite_number_fails_and_leaves_nothing(tmp_path: Path) -> None:
    pair = shots.plate_and_hero(tmp_path / "shots")
    save(Path(pair[0] % 1002), np.full((36, 64, 3), np.nan, np.float16), **shots.TAGS)
    report = shots.run(pair, tmp_path / "out", params={"source_frame": "1001"}).report
    (failed,) = report["frames"]["failed"]
    assert failed["reason"].startswith("Frame 1002 of plate holds no number that is finite.")
    assert not (tmp_path / "out" / "match.1002.exr").exists()
    assert report["frames"]["written"] == 2


@pytest.mark.parametrize(
    ("width", "channels", "tile", "rows"),
    [(4096, 4, None, 256), (8192, 40, None, 36), (8192, 40, (64, 64), 64), (10**7, 4, None, 1)],
)
def test_strips_of_many_layers_are_lower(
    width: int, channels: int, tile: tuple[int, int] | None, rows: int
) -> None:
    window = Window(0, 0, width, 5000)
    names = tuple(f"c{n}" for n in range(channels))
    part = Part("", names, ("float",) * channels, window, window, tile=tile)
    assert render.rows_of_a_strip(part) == rows
