"""FrameWriter: the same bits back, the same bytes twice, and a frame that is whole or absent."""

from __future__ import annotations

import hashlib
import os
import resource
import stat
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pictures import add_attribute, bits, headers, plate, save, save_parts, spec_of

from answerprint.errors import CannotWrite, InternalError
from answerprint.frames.frame import Part, Window
from answerprint.frames.still import open_still
from answerprint.frames.writer import FrameWriter, free_space_check, reclaim

OURS = {"answerprint:tool": "match"}


def part(height: int = 12, width: int = 20, **changes: object) -> Part:
    window = Window(0, 0, width, height)
    rgb = Part("", ("R", "G", "B"), ("half",) * 3, window, window, colour=((0, 1, 2),))
    return replace(rgb, **changes)  # type: ignore[arg-type]


def write(path: Path, pixels: np.ndarray, like: Part | None = None, step: int = 5) -> FrameWriter:
    like = like or part(*pixels.shape[:2])
    with FrameWriter(str(path), [like], OURS) as writer:
        for y in range(0, len(pixels), step):
            writer.put(0, y, pixels[y : y + step])
    return writer


def copy(source: Path, target: Path, step: int = 7) -> FrameWriter:
    """The frame again, as a tool that changes nothing writes it."""
    with open_still(str(source)) as still:
        parts = [replace(p, compression="zips", tile=None) for p in still.parts]
        with FrameWriter(str(target), parts, OURS) as writer:
            for index, each in enumerate(parts):
                for y in range(0, each.data.height, step):
                    bottom = min(y + step, each.data.height)
                    writer.put(index, y, still.rows(index, y, bottom))
    return writer


def read(path: Path, index: int = 0) -> np.ndarray:
    with open_still(str(path)) as still:
        return still.rows(index, 0, still.parts[index].data.height)


# --- the same bits back --------------------------------------------------------------------


@pytest.mark.parametrize("tile", [0, 8])
def test_a_copy_is_the_frame(tmp_path: Path, tile: int) -> None:
    names = ["R", "G", "B", "A", "Z", "diffuse.R", "with space"]
    kinds = ["half"] * 4 + ["float"] * 2 + ["half"]
    pixels = plate(23, 31, 7).astype(np.float32)
    pixels[2, 3] = (np.nan, np.inf, -np.inf, 0, 1e30, -0.0, 65504)
    save(
        tmp_path / "a.exr",
        pixels,
        kind=kinds,
        channels=names,
        tile=tile,
        at=(-3, 5),
        display=(0, 0, 64, 40),
        smpte__TimeCode=("timecode", (0x01020304, 5)),
        smpte__KeyCode=("keycode", (1, 2, 3, 4, 5, 4, 64)),
        framesPerSecond=("rational", (24000, 1001)),
        worldToCamera=("matrix", tuple(float(n) for n in range(16))),
        chromaticities=("float[8]", (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)),
        view_offset=("float[2]", (0.5, 1.5)),
        attributes={"PixelAspectRatio": 2.0, "reelName": "A001C003", "colorInteropID": "lin_ap1"},
    )
    if not tile:
        add_attribute(tmp_path / "a.exr", "operator", "string", b"J\xf6rg")
    writer = copy(tmp_path / "a.exr", tmp_path / "b.exr")
    np.testing.assert_array_equal(bits(read(tmp_path / "b.exr")), bits(read(tmp_path / "a.exr")))
    (before,), (after,) = headers(tmp_path / "a.exr"), headers(tmp_path / "b.exr")
    assert after.pop("answerprint:tool") == ("string", b"match")
    before.pop("tiles", None)
    assert after == before
    assert writer.clamped == 0
    assert writer.left_out == ()


def test_all_parts_come_back(tmp_path: Path) -> None:
    pictures = [plate(seed=1), plate(seed=2), plate(9, 6, 1).astype(np.float32)]
    specs = [
        spec_of((12, 20, 3), attributes={"name": "l", "view": "left"}),
        spec_of((12, 20, 3), attributes={"name": "r", "view": "right"}, at=(0, 0)),
        spec_of(
            (9, 6, 1),
            kind="float",
            channels=["Z"],
            attributes={"name": "depth"},
            at=(4, 2),
            display=(0, 0, 20, 12),
        ),
    ]
    save_parts(tmp_path / "a.exr", list(zip(specs, pictures, strict=True)))
    copy(tmp_path / "a.exr", tmp_path / "b.exr")
    for index, pixels in enumerate(pictures):
        np.testing.assert_array_equal(read(tmp_path / "b.exr", index), pixels)
    after = headers(tmp_path / "b.exr")
    for header in after:
        assert header.pop("answerprint:tool") == ("string", b"match")
    assert after == headers(tmp_path / "a.exr")


def test_every_half_survives(tmp_path: Path) -> None:
    every = np.arange(65536, dtype=np.uint16).view(np.float16).reshape(128, 512, 1)
    like = part(128, 512, channels=("Y",), types=("half",), colour=())
    assert write(tmp_path / "a.exr", every, like, 128).clamped == 0
    np.testing.assert_array_equal(bits(read(tmp_path / "a.exr")), bits(every))


# --- values a half cannot hold -------------------------------------------------------------


@pytest.mark.parametrize("kinds", [("half",) * 3, ("half", "half", "float")])
def test_overflow_is_held_back_and_counted(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    pixels = np.full((2, 4, 3), 0.5, np.float32)
    pixels[0, :, 0] = (65519.9, 65520, 1e30, np.inf)
    pixels[1, :, 1] = (-65519.9, -65520, -1e30, np.nan)
    pixels[1, :, 2] = 70000
    before = pixels.copy()
    writer = write(tmp_path / "a.exr", pixels, part(2, 4, types=kinds), 1)
    found = read(tmp_path / "a.exr").astype(np.float32)
    np.testing.assert_array_equal(found[0, :, 0], (65504, 65504, 65504, np.inf))
    np.testing.assert_array_equal(found[1, :, 1], (-65504, -65504, -65504, np.nan))
    whole = kinds[2] == "half"
    np.testing.assert_array_equal(found[1, :, 2], 65504 if whole else 70000)
    assert writer.clamped == (8 if whole else 4)
    np.testing.assert_array_equal(pixels, before)


# --- the same bytes twice ------------------------------------------------------------------


def test_the_same_frame_is_the_same_file(tmp_path: Path) -> None:
    first = write(tmp_path / "a.exr", plate(), step=12)
    again = write(tmp_path / "b.exr", plate(), step=5)
    one, two = (tmp_path / "a.exr").read_bytes(), (tmp_path / "b.exr").read_bytes()
    assert one == two
    assert first.sha256 == again.sha256 == hashlib.sha256(one).hexdigest()
    assert first.bytes == len(one)
    (header,) = headers(tmp_path / "a.exr")
    assert "capDate" not in header
    words = " ".join(value.decode("latin-1") for kind, value in header.values() if kind == "string")
    assert str(tmp_path) not in words


def test_the_day_a_plate_was_shot_stays(tmp_path: Path) -> None:
    save(tmp_path / "a.exr", plate(), attributes={"DateTime": "2004:01:04 18:10:00"})
    copy(tmp_path / "a.exr", tmp_path / "b.exr")
    assert headers(tmp_path / "b.exr")[0]["capDate"] == ("string", b"2004:01:04 18:10:00")


def test_provenance_of_another_result_is_not_carried_on(tmp_path: Path) -> None:
    old = {"answerprint:tool": "clean", "answerprint:weights": "abc", "owner": "us"}
    save(tmp_path / "a.exr", plate(), attributes=old)
    copy(tmp_path / "a.exr", tmp_path / "b.exr")
    (header,) = headers(tmp_path / "b.exr")
    assert header["answerprint:tool"] == ("string", b"match")
    assert "answerprint:weights" not in header
    assert header["owner"] == ("string", b"us")


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    save(tmp_path / "a.exr", plate())
    add_attribute(tmp_path / "a.exr", "exact", "double", bytes(8))
    assert copy(tmp_path / "a.exr", tmp_path / "b.exr").left_out == ("exact",)


def test_lists_without_a_type_find_one(tmp_path: Path) -> None:
    like = part(metadata={"a": 3, "b": 0.5, "c": "x", "d": (1, 2), "e": (0.5, 1, 2), "f": ("x",)})
    write(tmp_path / "a.exr", plate(), like)
    (header,) = headers(tmp_path / "a.exr")
    kinds = [header[name][0] for name in "abcdef"]
    assert kinds == ["int", "float", "string", "v2i", "v3f", "stringvector"]


# --- our own mistakes ----------------------------------------------------------------------


def test_gaps_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    pixels = plate()
    wrong = [(0, 3, pixels[3:]), (0, 0, pixels[:, :19]), (0, 0, pixels[:0]), (1, 0, pixels)]
    for index, y0, rows in wrong:
        with (
            pytest.raises(InternalError, match="do not follow"),
            FrameWriter(str(tmp_path / "a.exr"), [part()], OURS) as writer,
        ):
            writer.put(index, y0, rows)
        assert os.listdir(tmp_path) == []
    with (
        pytest.raises(InternalError, match="ends early, at row 4 of part 0"),
        FrameWriter(str(tmp_path / "a.exr"), [part()], OURS) as writer,
    ):
        writer.put(0, 0, pixels[:4])
    assert os.listdir(tmp_path) == []


def test_a_result_is_never_lossy(tmp_path: Path) -> None:
    with pytest.raises(InternalError, match="would lose picture"):
        FrameWriter(str(tmp_path / "a.exr"), [part(compression="dwaa")], OURS)
    assert os.listdir(tmp_path) == []


# --- whole or absent -----------------------------------------------------------------------


def test_the_old_frame_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    write(tmp_path / "a.exr", plate(seed=1))
    with FrameWriter(str(tmp_path / "a.exr"), [part()], OURS) as writer:
        writer.put(0, 0, plate(seed=2))
        np.testing.assert_array_equal(read(tmp_path / "a.exr"), plate(seed=1))
    np.testing.assert_array_equal(read(tmp_path / "a.exr"), plate(seed=2))


def test_the_name_comes_after_the_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a power cut could leave a frame with its name and without its pixels."""
    order = []
    flush, rename = os.fsync, os.replace

    def fsync(file: int) -> None:
        whole = os.fstat(file)
        order.append("folder" if stat.S_ISDIR(whole.st_mode) else f"{whole.st_size} bytes")
        flush(file)

    def replaced(source: str, target: str) -> None:
        assert os.path.dirname(source) == os.path.dirname(target)
        order.append("rename")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replaced)
    writer = write(tmp_path / "a.exr", plate())
    assert order == [f"{writer.bytes} bytes", "rename", "folder"]


def test_an_exception_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    write(tmp_path / "a.exr", plate(seed=1))

    def stopped() -> None:
        with FrameWriter(str(tmp_path / "a.exr"), [part()], OURS) as writer:
            writer.put(0, 0, plate(seed=2)[:5])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert os.listdir(tmp_path) == ["a.exr"]
    np.testing.assert_array_equal(read(tmp_path / "a.exr"), plate(seed=1))


def test_a_full_disk_at_any_byte(tmp_path: Path) -> None:
    """The size limit of the process stands in for a full disk: both cut the file anywhere."""
    pixels = plate(64, 48)
    size = write(tmp_path / "whole.exr", pixels).bytes
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    limits = [0, 100, 300, 700, *range(900, size, size // 40), size - 8, size - 1]
    for limit in limits:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, usual[1]))
        try:
            with pytest.raises(CannotWrite) as caught:
                write(tmp_path / "a.exr", pixels)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        assert caught.value.title.startswith("a.exr could not be written. It needs up to 18.4 kB, ")
        assert caught.value.title.endswith(" free.")
        assert os.listdir(tmp_path) == ["whole.exr"], limit
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    try:
        write(tmp_path / "a.exr", pixels)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert (tmp_path / "a.exr").read_bytes() == (tmp_path / "whole.exr").read_bytes()


CHILD = """
import os, sys
import numpy as np
from answerprint.errors import CannotWrite
from answerprint.frames.frame import Part, Window
from answerprint.frames.writer import FrameWriter
window = Window(0, 0, 512, 512)
rgb = Part("", ("R", "G", "B"), ("half",) * 3, window, window)
pixels = np.random.default_rng(3).normal(size=(512, 512, 3)).astype(np.float16)
def write(path, told=lambda: None):
    with FrameWriter(path, [rgb], {}) as writer:
        for y in range(0, 512, 64):
            writer.put(0, y, pixels[y : y + 64])
            told()
"""


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    program = CHILD + textwrap.dedent(code)
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_killed_writer_leaves_no_torn_frame(tmp_path: Path) -> None:
    """Killed at six moments: a few strips of eight, or a few frames and strips, in."""
    whole = set()
    for strips in (1, 4, 8, 13, 21, 30):
        with child(
            """
            for number in range(1000):
                write(f"{sys.argv[1]}/frame.{number:04d}.exr", lambda: print("strip", flush=True))
            """,
            tmp_path,
        ) as killed:
            assert killed.stdout
            for _ in range(strips):
                killed.stdout.readline()
            killed.kill()
        reclaim(str(tmp_path))
        names = os.listdir(tmp_path)
        assert len(names) >= (strips - 1) // 8
        assert all(name.startswith("frame.") for name in names)
        whole |= {hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in names}
    assert len(whole) == 1


def test_reclaim_takes_from_the_dead_and_not_from_the_living(tmp_path: Path) -> None:
    (tmp_path / "note.tmp-1-0123456789abcdef.exr").write_text("somebody's own")
    with child(
        """
        with FrameWriter(sys.argv[1] + "/theirs.exr", [rgb], {}) as writer:
            writer.put(0, 0, pixels[:64])
            print("writing", flush=True)
            sys.stdin.read()
        """,
        tmp_path,
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "writing\n"
        with FrameWriter(str(tmp_path / "ours.exr"), [part()], OURS) as writer:
            writer.put(0, 0, plate())
            assert reclaim(str(tmp_path)) == []
        other.kill()
    (removed,) = reclaim(str(tmp_path))
    assert removed.startswith(".theirs.tmp-")
    assert sorted(os.listdir(tmp_path)) == ["note.tmp-1-0123456789abcdef.exr", "ours.exr"]


# --- sentences -----------------------------------------------------------------------------


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite) as caught:
        write(tmp_path / "gone" / "a.exr", plate())
    assert caught.value.title == f"a.exr cannot be written: there is no folder {tmp_path}/gone."


def test_a_folder_one_may_not_write_in(tmp_path: Path) -> None:
    """In a process without root's privilege to write anywhere."""
    tmp_path.chmod(0o555)
    for above in tmp_path.parents[:3]:
        above.chmod(above.stat().st_mode | 0o055)
    with child(
        """
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        try:
            write(sys.argv[1] + "/a.exr")
        except CannotWrite as cause:
            print(cause.title)
        """,
        tmp_path,
    ) as refused:
        told, _ = refused.communicate()
    tmp_path.chmod(0o755)
    assert told == f"a.exr cannot be written: no permission to write in {tmp_path}.\n"
    assert os.listdir(tmp_path) == []


def test_space_is_asked_for_beforehand(tmp_path: Path) -> None:
    free_space_check(str(tmp_path), 1000)
    with pytest.raises(CannotWrite) as caught:
        free_space_check(str(tmp_path), 10**18)
    assert caught.value.title.startswith(f"1000000000.0 GB are needed in {tmp_path}, ")
    with pytest.raises(CannotWrite, match="no folder"):
        free_space_check(str(tmp_path / "gone"), 1000)
