"""What was read of a file is kept while the file is the same, and never when it is not."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import movies
import numpy as np
import pytest
from pictures import plate, save

from answerprint.errors import BadInput
from answerprint.frames import clip as clips
from answerprint.frames.clip import open_clip
from answerprint.frames.kept import TICK, Kept
from answerprint.frames.movie import Movie


def aged(path: Path, seconds: float = 2 * TICK) -> Path:
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


def keeper(room: int = 100) -> tuple[Callable[..., str], list[str], Kept[str]]:
    """A function that reads a file's text and keeps it, and what it read so far."""
    read: list[str] = []
    kept: Kept[str] = Kept(room, len)

    def of(path: Path, key: str = "") -> str:
        def now() -> str:
            read.append(path.name + key)
            return path.read_text()

        return kept.of(str(path), key, now)

    return of, read, kept


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a"
    path.write_text("one")
    return aged(path)


def test_a_file_is_read_once(file: Path) -> None:
    of, read, _kept = keeper()
    assert [of(file) for _ in range(3)] == ["one"] * 3
    assert of(file, "other") == "one"
    assert read == ["a", "aother"]


@pytest.mark.parametrize("how", ["longer", "later", "another"])
def test_a_file_that_changed_is_read_again(file: Path, how: str) -> None:
    of, read, _kept = keeper()
    of(file)
    before = file.stat()
    if how == "longer":
        file.write_text("three")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif how == "later":
        file.write_text("two")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    else:
        other = file.with_name("b")
        other.write_text("two")
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
        os.replace(other, file)
    assert of(file) == file.read_text()
    assert len(read) == 2


def test_a_file_just_written_is_read_again_each_time(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("new")
    of, read, _kept = keeper()
    for _ in range(3):
        of(tmp_path / "new")
    assert len(read) == 3


def test_room_is_kept_to_and_the_oldest_goes(tmp_path: Path) -> None:
    files = [tmp_path / name for name in "abcd"]
    for each in files:
        each.write_text("1234")
        aged(each)
    of, read, _kept = keeper(8)
    for at in (0, 1, 0, 2, 0, 1):  # 2 takes the place of 1, which was used before 0
        of(files[at])
    assert "".join(read) == "abcb"


def test_threads_may_ask_at_the_same_time(file: Path) -> None:
    of, read, kept = keeper()
    asking = [Thread(target=of, args=(file,)) for _ in range(8)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert 1 <= len(read) <= 8
    assert kept._taken == 3


def test_pictures_are_the_callers_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    light = save(tmp_path / "a.1001.exr", plate())
    aged(tmp_path / "a.1001.exr")
    read = []
    whole = clips.picture_of
    monkeypatch.setattr(clips, "picture_of", lambda *a: read.append(a) or whole(*a))
    with open_clip(str(tmp_path / "a.%04d.exr")) as clip:
        for _ in range(2):
            rgb, valid = clip.picture(1001)
            np.testing.assert_array_equal(rgb, light.astype(np.float32))
            rgb[:], valid[:] = 7, False
        clip.picture(1001, 5)
    with open_clip(str(tmp_path / "a.%04d.exr"), colourspace="ACES2065-1") as clip:
        assert (clip.picture(1001)[0] != light).any()
    assert len(read) == 3


def test_a_movie_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = aged(Path(movies.make(tmp_path / "a.mkv", movies.plain(4))))
    opened: list[int] = []
    whole = Movie.open
    monkeypatch.setattr(Movie, "open", lambda self, n: opened.append(n) or whole(self, n))
    seen = []
    for _ in range(2):
        with open_clip(str(path)) as clip:
            seen.append((clip.picture(1002)[0].tolist(), clip.sha256(1002), clip.looks_like_log()))
    once = len(opened)
    assert seen[0] == seen[1]
    with open_clip(str(path)) as clip:
        assert clip.picture(1003)[0].tolist() != seen[0][0]
        assert clip.sha256(1003) != seen[0][1]
        clip.picture(1002, 3)
        with pytest.raises(BadInput, match="no frame 1009"):
            clip.picture(1009)
    assert opened[once:] == [1003, 1003, 1002, 1009]
    assert opened[:once].count(1002) <= 3, "for the picture, for the hash, and as the middle frame"


def test_a_hash_follows_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.1001.exr"
    seen = []
    for seed in (1, 1, 2):
        save(path, plate(seed=seed))
        aged(path, 100 - seed)
        with open_clip(str(path)) as clip, clip.open(1001) as frame:
            seen.append(frame.sha256)
    assert seen[0] == seen[1] != seen[2]


def test_pictures_come_in_order_with_what_cannot_be_had(tmp_path: Path) -> None:
    for number in range(1001, 1009):
        save(tmp_path / f"a.{number}.exr", plate(seed=number))
    (tmp_path / "a.1003.exr").write_bytes(b"damaged")
    with open_clip(str(tmp_path / "a.%04d.exr")) as clip:
        found = list(clip.pictures([1008, 1003, 1001, 1020], 10))
        assert [number for number, _ in found] == [1008, 1003, 1001, 1020]
        assert [isinstance(each, tuple) for _, each in found] == [True, False, True, False]
        assert "1003" in str(found[1][1])
        np.testing.assert_array_equal(found[2][1][0], clip.picture(1001, 10)[0])
