"""Watching shots from files: the passport's frame, its samples, and what was done to the files."""

from __future__ import annotations

import json

import av
import numpy as np
import OpenImageIO as oiio
import pytest
from movies import make
from moving import pan
from soundstage.shots import save_shot

from answerprint.errors import BadInput, Cancelled
from answerprint.frames.clip import open_clip, picture_of
from answerprint.vision.close import CloseUp, places
from answerprint.vision.watch import PACE, SAMPLES, WIDE, watch

LIGHT = ("exposure", "key_fill", "white_balance", "contrast", "saturation", "black", "clipped")
MEASURED = (*LIGHT, "key_side", "noise", "sharpness", "flicker")


def quiet(done, total):
    """Nobody listens."""


def watched(folder, frames, span=None):
    pattern = save_shot(folder / "shot", dict(enumerate(frames, 1001)))
    with open_clip(pattern) as clip:
        return watch(clip, span or (1001, 1000 + len(frames)), quiet)


def test_a_passport_is_plain_and_says_how_each_value_was_measured(tmp_path):
    seen = watched(tmp_path, pan(24))
    passport = json.loads(json.dumps(seen.passport, allow_nan=False))
    assert passport["frames"] == {"first": 1001, "last": 1024, "count": 24, "failed": {}}
    assert passport["size"] == [320, 240]
    for name in MEASURED:
        value = passport[name]
        assert {"value", "uncertainty", "unit", "how"} <= set(value), name
        assert value["how"], name
        assert (value["value"] is None) == (value["uncertainty"] is None), name
    for name in ("duplicates", "dropped", "flashes", "blacks"):
        assert passport[name] == [], name


def test_samples_are_spread_and_are_what_the_clip_gives(tmp_path):
    seen = watched(tmp_path, pan(60))
    numbers = sorted(seen.pictures)
    assert len(numbers) == SAMPLES
    assert numbers[0] < 1010
    assert numbers[-1] > 1050
    assert np.diff(numbers).max() < 16
    with open_clip(str(tmp_path / "shot")) as clip:
        rgb, valid = clip.picture(numbers[2], WIDE)
    assert np.array_equal(rgb, seen.pictures[numbers[2]][0])
    assert valid.all()


def test_samples_avoid_black_and_flashing_frames(tmp_path):
    frames = pan(28)
    for at in range(28):
        if at % 2 and 6 < at < 20:
            frames[at] = np.zeros_like(frames[at])
    frames[3] = frames[3] * 4
    seen = watched(tmp_path, frames)
    faulty = {*seen.passport["blacks"], *seen.passport["flashes"]}
    assert 1004 in faulty
    assert len(faulty) == 8
    assert len(seen.pictures) >= 5
    assert not faulty & set(seen.pictures)


def test_a_shot_that_is_all_black_still_has_samples(tmp_path):
    seen = watched(tmp_path, [np.zeros((64, 64, 3), np.float32)] * 4)
    assert seen.passport["blacks"] == [1001, 1002, 1003, 1004]
    assert len(seen.pictures) == 4
    assert seen.passport["exposure"]["value"] is None
    assert seen.passport["exposure"]["how"]


def test_one_frame_is_a_shot(tmp_path):
    seen = watched(tmp_path, pan(1))
    assert list(seen.pictures) == [1001]
    assert seen.passport["flicker"]["value"] is None
    assert seen.passport["exposure"]["value"] is not None


def test_a_damaged_and_a_missing_frame_are_told_and_the_others_go_on(tmp_path):
    pattern = save_shot(tmp_path / "shot", dict(enumerate(pan(20), 1001)))
    (tmp_path / "shot/shot.1007.exr").unlink()
    (tmp_path / "shot/shot.1010.exr").write_bytes(b"no picture")
    with open_clip(pattern) as clip:
        seen = watch(clip, (1001, 1020), quiet)
    failed = seen.passport["frames"]["failed"]
    assert set(failed) == {"1007", "1010"}
    assert "missing" in failed["1007"]
    assert seen.passport["duplicates"] == seen.passport["dropped"] == []
    assert not {1007, 1010} & set(seen.pictures)


def test_a_frame_of_no_numbers_is_not_black_but_lost(tmp_path):
    frames = list(pan(8))
    frames[3] = np.full_like(frames[3], np.nan)
    passport = watched(tmp_path, frames).passport
    assert passport["blacks"] == []
    assert list(passport["frames"]["failed"]) == ["1004"]
    assert "its values are no numbers" in passport["frames"]["failed"]["1004"]
    with pytest.raises(BadInput, match="None of the frames") as refused:
        watched(tmp_path / "all", [frames[3]] * 2)
    assert "its values are no numbers" in refused.value.detail


def test_a_shot_without_any_frame_says_why(tmp_path):
    pattern = save_shot(tmp_path / "shot", dict(enumerate(pan(3), 1001)))
    with open_clip(pattern) as clip:
        for path in (tmp_path / "shot").iterdir():
            path.write_bytes(b"no picture")
        with pytest.raises(BadInput, match="1001-1003"):
            watch(clip, (1001, 1003), quiet)


def test_it_says_how_far_it_is_and_stops_when_told(tmp_path):
    pattern = save_shot(tmp_path / "shot", dict(enumerate(pan(8), 1001)))
    said = []

    def told(done, total):
        said.append((done, total))
        if done == 5:
            raise Cancelled()

    with open_clip(pattern) as clip, pytest.raises(Cancelled):
        watch(clip, (1001, 1008), told)
    assert said == [(n, 8) for n in range(1, 6)]


def test_every_frame_is_opened_once(tmp_path, monkeypatch):
    pattern = save_shot(tmp_path / "shot", dict(enumerate(pan(10), 1001)))
    with open_clip(pattern) as clip:
        opened, really = [], clip.open
        monkeypatch.setattr(clip, "open", lambda n: opened.append(n) or really(n))
        watch(clip, (1001, 1010), quiet)
    assert sorted(opened) == list(range(1001, 1011))


def test_watchers_see_at_most_pace_and_never_the_file_size(tmp_path):
    wide = np.repeat(np.repeat(pan(2)[0], 4, 0), 4, 1)
    seen = watched(tmp_path, [wide, wide])
    assert seen.passport["size"] == [1280, 960]
    assert next(iter(seen.pictures.values()))[0].shape[1] == WIDE > PACE


@pytest.mark.parametrize("kind", ["half", "float"])
def test_a_close_up_is_the_file_s_own_pixels(tmp_path, kind):
    picture = np.random.default_rng(0).random((300, 700, 3)).astype(np.float32)
    pattern = save_shot(tmp_path / "shot", {1001: picture}, kind)
    with open_clip(pattern) as clip, clip.open(1001) as frame:
        close = CloseUp(frame, True)
        rgb, _ = picture_of(close, clip.space)
        light = close.light(clip.space)
    at = places(700, 300, 128)
    assert len(at) == len(light) == 10
    for (x, y), each in zip(at, light, strict=True):
        assert np.array_equal(each, rgb[y : y + 128, x : x + 128])


def test_a_close_up_of_an_overscanned_frame_lies_inside_what_is_shown(tmp_path):
    spec = oiio.ImageSpec(400, 300, 3, "half")
    spec.x, spec.y, spec.full_x, spec.full_y = -40, -30, 0, 0
    spec.full_width, spec.full_height = 320, 240
    pixels = np.zeros((300, 400, 3), np.float32)
    pixels[30:270, 40:360] = 1
    out = oiio.ImageOutput.create(str(tmp_path / "a.1001.exr"))
    assert out.open(str(tmp_path / "a.1001.exr"), spec)
    assert out.write_image(pixels)
    assert out.close()
    with open_clip(str(tmp_path / "a.####.exr")) as clip, clip.open(1001) as frame:
        close = CloseUp(frame, True)
        picture_of(close, clip.space)
        assert close.size == (320, 240)
        assert close.light(clip.space).min() > 0.99


def test_a_movie_is_watched_as_files_are(tmp_path):
    path = tmp_path / "take.mov"
    with av.open(str(path), "w") as made:
        stream = made.add_stream("mpeg4", 24)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = (
            320,
            240,
            "yuv420p",
            8_000_000,
        )
        for picture in pan(16):
            grey = (np.clip(picture, 0, 1) ** 0.45 * 255).astype(np.uint8)
            made.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        made.mux(stream.encode())
    with open_clip(str(path)) as clip:
        seen = watch(clip, (clip.frames[0], clip.frames[-1]), quiet)
    assert seen.passport["rate"] == 24
    assert len(seen.pictures) == SAMPLES
    assert "single" in seen.passport["noise"]["how"]


def test_a_movie_s_frames_are_seen_as_its_pictures(tmp_path):
    """Both are averages of its own light, however they are made."""
    rng = np.random.default_rng(3)
    planes = [[rng.integers(16, 236, (180, 1200)), *rng.integers(100, 156, (2, 90, 600))]] * 3
    path, sights = make(tmp_path / "noise.mkv", planes), {}

    def seen(number, sight):
        sights[number] = sight.pace, sight.wide()

    with open_clip(path) as clip:
        found = watch(clip, (1001, 1003), quiet, seen=seen)
        for number, (pace, wide) in sights.items():
            rgb, valid = clip.picture(number, WIDE)
            assert np.array_equal(wide[0], rgb)
            assert valid.all()
            small = clip.picture(number, PACE)[0]
            np.testing.assert_allclose(pace[0], small, rtol=1e-5, atol=1e-5)
            assert np.array_equal(found.pictures[number][0], rgb)
