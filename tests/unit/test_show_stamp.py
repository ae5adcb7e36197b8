"""Stamps: what changed is noticed, what moved or was copied is known, old stamps hold."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
import rushes

from answerprint.show import stamp
from answerprint.show.add import add
from answerprint.show.dailies import walk
from answerprint.show.store import make_show

WHEN = 1_700_000_000 * 10**9
"""A disk that keeps whole seconds gives one time to all that is written within one."""


def still(path: Path, byte: int, size: int = 60_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes([byte]) * size)
    os.utime(path, ns=(WHEN, WHEN))
    return path


def stamp_at(folder: Path) -> str:
    (daily,) = walk([str(folder)]).clips.values()
    return daily.stamp


def as_version_1(folder: Path) -> str:
    """The stamp that the shows of version 1 gave: number, size and time of each file."""
    told = []
    for path in sorted(folder.iterdir()):
        there = path.stat()
        told.append((int(path.stem.split(".")[1]), there.st_size, there.st_mtime_ns))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:40]


def test_stills_of_one_size_and_one_second_are_told_apart(tmp_path: Path) -> None:
    for name, byte in (("a", 1), ("b", 2)):
        for number in (1001, 1002, 1003):
            still(tmp_path / name / f"wall.{number}.dpx", byte)
    a, b = (stamp_at(tmp_path / name) for name in "ab")
    assert stamp.changed(a) == stamp.changed(b)
    assert not stamp.same(a, b)


@pytest.mark.parametrize("number", [1001, 1005, 1009])
@pytest.mark.parametrize("at", [0, 30_000, 59_999])
def test_other_bytes_of_one_size_and_time_are_noticed(tmp_path: Path, number: int, at: int) -> None:
    for each in range(1001, 1010):
        still(tmp_path / f"wall.{each}.dpx", 1)
    before = stamp_at(tmp_path)
    path = tmp_path / f"wall.{number}.dpx"
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(WHEN, WHEN))
    assert not stamp.same(before, stamp_at(tmp_path))


def test_a_copy_holds_the_same_at_another_time(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        still(tmp_path / folder / "wall.1001.dpx", 1)
    os.utime(tmp_path / "b/wall.1001.dpx", ns=(0, 1))
    a, b = (stamp_at(tmp_path / name) for name in "ab")
    assert stamp.held(a) == stamp.held(b) != ""
    assert not stamp.same(a, b)


@pytest.mark.parametrize("size", [0, 1, 5000])
def test_small_files_have_a_stamp(tmp_path: Path, size: int) -> None:
    still(tmp_path / "wall.1001.dpx", 1, size)
    assert stamp.held(stamp_at(tmp_path))


def test_a_stamp_of_version_1_holds_until_a_file_changes(tmp_path: Path) -> None:
    folder = tmp_path / "media"
    rushes.sequence(folder, "wall", 1, count=2)
    show, old = make_show(tmp_path / "show"), as_version_1(folder)
    add(show, [str(folder)])
    with show.writing() as desk:
        desk.db.execute("UPDATE clip SET stamp = ?", (old,))
    assert add(show, [str(folder)]).known == 1
    with show.reading() as db:
        assert db.execute("SELECT stamp FROM clip").fetchone() == (stamp_at(folder),)
    with show.writing() as desk:
        desk.db.execute("UPDATE clip SET stamp = ?", (old,))
    os.utime(folder / "wall.1002.exr", ns=(0, 1))
    assert len(add(show, [str(folder)]).learned) == 1


def test_nothing_is_like_nothing() -> None:
    assert not stamp.same("", "")
    assert not stamp.same("", "a-b")
