"""Movies: numbering, access in any order, and damage."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from movies import dump, make, plain

from answerprint.errors import BadInput
from answerprint.frames.movie import open_movie

# --- numbers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timecode", "rate", "first", "packed"),
    [
        ("01:00:00:00", Fraction(24), 86400, 0x01000000),
        ("00:00:41:17", Fraction(24), 1001, 0x00004117),
        ("01:00:00;00", Fraction(30000, 1001), 107892, 0x01000040),
        ("00:09:59;28", Fraction(30000, 1001), 17980, 0x00095968),
        ("00:00:00:00", Fraction(24), 1001, None),
        ("", Fraction(25), 1001, None),
    ],
)
def test_numbers_come_from_the_timecode(
    tmp_path: Path, timecode: str, rate: Fraction, first: int, packed: int | None
) -> None:
    metadata = {"timecode": timecode} if timecode else {}
    path = make(tmp_path / "tc.mov", plain(4), codec="mpeg4", rate=rate, metadata=metadata)
    with open_movie(path) as movie:
        assert movie.numbers == range(first, first + 4)
        assert movie.rate == rate
        with movie.open(first) as frame:
            assert frame.parts[0].metadata.get("smpte:TimeCode", (None,))[0] == packed
            speed = frame.parts[0].metadata["framesPerSecond"]
            assert speed == (rate.numerator, rate.denominator)


def test_drop_frame_timecode_goes_on_counting_right(tmp_path: Path) -> None:
    path = make(tmp_path / "drop.mov", plain(3), codec="mpeg4", rate=Fraction(30000, 1001),
                metadata={"timecode": "00:00:59;29"})  # fmt: skip
    with open_movie(path) as movie:
        shown = [movie.open(n).parts[0].metadata["smpte:TimeCode"][0] for n in movie.numbers]
    assert [hex(v & ~0x40) for v in shown] == ["0x5929", "0x10002", "0x10003"]


def test_varying_frame_rate_is_numbered_in_order_and_told(tmp_path: Path) -> None:
    times = [0, 40, 80, 180, 200, 300]
    path = make(tmp_path / "vfr.mkv", plain(6), times=times)
    with open_movie(path) as movie:
        assert movie.numbers == range(1001, 1007)
        assert "varies" in " ".join(movie.notes)
        assert float(movie.rate) == pytest.approx(5 / 0.3, rel=1e-3)
        assert len({movie.open(n).sha256 for n in movie.numbers}) == 6


def test_a_millisecond_clock_is_not_a_varying_rate(tmp_path: Path) -> None:
    rate = Fraction(24000, 1001)
    path = make(tmp_path / "film.mkv", plain(24), rate=rate)
    with open_movie(path) as movie:
        assert movie.rate == rate
        assert "varies" not in " ".join(movie.notes)


@pytest.mark.parametrize(("rotation", "turns"), [(90, 1), (-90, -1), (180, 2)])
def test_pictures_stand_upright(tmp_path: Path, rotation: int, turns: int) -> None:
    flat = make(tmp_path / "flat.mp4", plain(2), codec="libx264")
    turned = make(tmp_path / "turned.mp4", plain(2), codec="libx264", rotation=rotation)
    with open_movie(flat) as a, open_movie(turned) as b:
        wanted = np.rot90(dump(a, 1001), turns)
        window = b.parts[0].data
        assert (window.height, window.width) == wanted.shape[:2]
        assert np.array_equal(dump(b, 1001), wanted)


# --- access --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [("mp4", "libx264"), ("mov", "prores_ks"), ("mkv", "libx264"), ("webm", "libvpx-vp9"),
     ("mxf", "mpeg2video"), ("avi", "mjpeg")],
)  # fmt: skip
def test_any_order_gives_the_same_frames(tmp_path: Path, suffix: str, codec: str) -> None:
    layout = {"prores_ks": "yuv422p10le", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
    pictures = plain(30)
    if codec == "prores_ks":
        pictures = [[y * 4, *(np.repeat(c, 2, axis=0) * 4 for c in uv)] for y, *uv in pictures]
    rate = 25 if suffix == "mxf" else 24
    path = make(tmp_path / f"shot.{suffix}", pictures, layout, codec=codec, rate=rate)
    with open_movie(path) as movie:
        assert len(movie.numbers) == 30
        in_order = {n: frame.sha256 for n, frame in movie.stream(movie.numbers)}
        assert len(set(in_order.values())) == 30
        for n in np.random.default_rng(5).permutation(list(in_order))[:15]:
            assert movie.open(int(n)).sha256 == in_order[n]


def test_the_next_frame_is_decoded_without_seeking(tmp_path: Path) -> None:
    path = make(tmp_path / "shot.mp4", plain(30), codec="libx264")
    with open_movie(path) as movie:
        seeks = []
        real = movie._decoder._decode_from

        def spied(key: int) -> Any:
            seeks.append(key)
            return real(key)

        movie._decoder._decode_from = spied
        for n in (1001, 1002, 1005, *range(1013, 1031)):
            movie.open(n)
        assert len(seeks) == 2  # to 1001 again, and to the key frame 1013


def test_a_frame_is_a_frame(tmp_path: Path) -> None:
    path = make(tmp_path / "shot.mov", plain(3), codec="mpeg4", metadata={"reel_name": "A001"})
    with open_movie(path) as movie:
        with movie.open(1002) as frame:
            part = frame.parts[0]
            rows = frame.rows(0, 5, 20)
            assert rows.shape == (15, 64, 3)
            assert rows.dtype == part.dtype == np.float16
            assert np.array_equal(rows, dump(movie, 1002)[5:20])
            rows[:] = 0  # the caller's own
            assert np.array_equal(dump(movie, 1002)[5:20], frame.rows(0, 5, 20))
        assert movie.sha256 == hashlib.sha256(Path(path).read_bytes()).hexdigest()
        with pytest.raises(BadInput, match=r"no frame 1004.*1001-1003"):
            movie.open(1004)


# --- damage --------------------------------------------------------------------------------


def storage(path: str) -> list[tuple[int, int, bool]]:
    """(position, size, key frame) of each packet in the file."""
    with av.open(path) as container:
        packets = [p for p in container.demux(video=0) if p.size]
        return [(p.pos, p.size, p.is_keyframe) for p in packets]


def test_a_movie_cut_short_keeps_the_frames_it_has(tmp_path: Path) -> None:
    path = make(tmp_path / "whole.mp4", plain(40), codec="libx264",
                options={"movflags": "faststart"})  # fmt: skip
    with open_movie(path) as movie:
        whole = {n: f.sha256 for n, f in movie.stream(movie.numbers)}
    position, size, _ = storage(path)[25]
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(Path(path).read_bytes()[: position + size // 2])
    with open_movie(str(cut)) as movie:
        assert movie.numbers == range(1001, 1041)
        assert "cut short" in " ".join(movie.notes)
        found = dict(movie.stream(movie.numbers))
    good = {n for n, frame in found.items() if not isinstance(frame, BadInput)}
    assert len(good) >= 20
    assert max(good) < 1030
    for n in good:
        assert found[n].sha256 == whole[n]
    for n in set(found) - good:
        assert str(n) in found[n].title
        assert found[n].hint


def test_a_damaged_frame_spoils_none_before_it_or_after_the_next_key_frame(tmp_path: Path) -> None:
    path = make(tmp_path / "whole.mp4", plain(40), codec="libx264")
    with open_movie(path) as movie:
        whole = {n: f.sha256 for n, f in movie.stream(movie.numbers)}
    position, size, key = storage(path)[17]
    assert not key
    data = bytearray(Path(path).read_bytes())
    data[position + 4 : position + size] = b"\xff" * (size - 4)  # its length stays
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    with open_movie(str(broken)) as movie:
        for order in (movie.numbers, reversed(movie.numbers), [1030, 1018, 1025, 1003, 1019]):
            found = dict(movie.stream(order))
            bad = {n for n, frame in found.items() if isinstance(frame, BadInput)}
            assert bad == {n for n in range(1018, 1025) if n in found}
            for n in set(found) - bad:
                assert found[n].sha256 == whole[n], n


def test_files_that_are_no_movie_are_refused(tmp_path: Path) -> None:
    for name, data in (
        ("empty.mov", b""),
        ("text.mp4", b"hello " * 99),
        ("head.mkv", b"\x1aE\xdf\xa3"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(BadInput, match=name):
            open_movie(str(tmp_path / name))
    with pytest.raises(BadInput, match=r"gone\.mov"):
        open_movie(str(tmp_path / "gone.mov"))
    for name in ("A001.R3D", "clip.braw", "shot.arx", "take.crm"):
        with pytest.raises(BadInput, match="EXR"):
            open_movie(str(tmp_path / name))


def test_a_playlist_in_disguise_opens_nothing_else(tmp_path: Path) -> None:
    make(tmp_path / "secret.mp4", plain(2), codec="libx264")
    for text in (
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.mp4\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile secret.mp4\n",
    ):
        (tmp_path / "list.mov").write_text(text)
        with pytest.raises(BadInput, match=r"list\.mov"):
            open_movie(str(tmp_path / "list.mov"))


def test_paths_with_odd_characters(tmp_path: Path) -> None:
    folder = tmp_path / "a b %04d # ü"
    folder.mkdir()
    path = make(folder / "shot %d #1.mov", plain(2), codec="mpeg4")
    with open_movie(path) as movie:
        assert dump(movie, 1001).shape == (48, 64, 3)


def test_a_change_of_size_is_refused_for_those_frames(tmp_path: Path) -> None:
    first = make(tmp_path / "a.mkv", plain(3), codec="mpeg4")
    with open_movie(first) as movie:
        movie._size = (32, 32, "yuv420p")
        with pytest.raises(BadInput, match=r"1002 of a\.mkv is 64 x 48"):
            movie.open(1002)


def test_decoding_gives_the_same_bits_in_another_process(tmp_path: Path) -> None:
    path = make(tmp_path / "shot.mp4", plain(6), codec="libx264")
    code = (
        "import sys; from answerprint.frames.movie import open_movie; "
        "print(open_movie(sys.argv[1]).open(1004).sha256)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    with open_movie(path) as movie:
        assert movie.open(1004).sha256 == shown.stdout.strip()


def test_random_damage_is_refused_or_read_and_never_crashes(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    sources = [
        Path(make(tmp_path / "a.mp4", plain(12), codec="libx264")),
        Path(make(tmp_path / "a.webm", plain(12), codec="libvpx-vp9")),
        Path(make(tmp_path / "a.mov", plain(12), codec="mpeg4")),
    ]
    opened = refused = 0
    for trial in range(90):
        source = sources[trial % 3]
        data = np.frombuffer(source.read_bytes(), np.uint8).copy()
        if trial % 2:
            where = rng.integers(0, len(data), 20)
            data[where] = rng.integers(0, 256, 20)
        else:
            data = data[: rng.integers(1, len(data))]
        broken = tmp_path / f"broken{source.suffix}"
        broken.write_bytes(data.tobytes())
        try:
            with open_movie(str(broken)) as movie:
                for _, frame in movie.stream(movie.numbers[:20]):
                    if not isinstance(frame, BadInput):
                        frame.rows(0, 0, 4)
            opened += 1
        except BadInput as cause:
            refused += "broken" in cause.title
    assert opened > 10
    assert refused > 10
    assert opened + refused == 90


def test_tags_that_are_not_text_do_no_harm(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mkv", plain(2), metadata={"reel_name": "REELNAME"})
    data = Path(path).read_bytes()
    assert b"REELNAME" in data
    Path(path).write_bytes(data.replace(b"REELNAME", b"REEL\xff\xfe\xc1\xc1"))
    with open_movie(path) as movie:
        assert str(movie.parts[0].metadata["reelName"]).startswith("REEL")


def test_frames_may_be_asked_for_from_many_threads(tmp_path: Path) -> None:
    path = make(tmp_path / "shot.mp4", plain(24), codec="libx264")
    with open_movie(path) as movie, ThreadPoolExecutor(4) as pool:
        wanted = [movie.open(n).sha256 for n in movie.numbers]
        order = list(np.random.default_rng(2).permutation(24))
        found = list(pool.map(lambda i: movie.open(1001 + int(i)).sha256, order))
    assert found == [wanted[i] for i in order]
