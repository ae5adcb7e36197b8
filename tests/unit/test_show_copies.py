"""`show forget` of one of two equal clips: the other one is never forgotten with it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import rushes

from answerprint.show.add import add
from answerprint.show.forget import forget
from answerprint.show.listing import listed
from answerprint.show.rebuild import rebuild
from answerprint.show.shelf import Shelf
from answerprint.show.store import Show, make_show, open_show


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """The folder of two equal clips."""
    rushes.sequence(tmp_path / "media/a", "one", 1, count=1)
    shutil.copytree(tmp_path / "media/a", tmp_path / "media/b", copy_function=shutil.copyfile)
    return tmp_path / "media"


@pytest.fixture
def show(media: Path, tmp_path: Path) -> Show:
    show = make_show(tmp_path / "show")
    add(show, [str(media)])
    return show


def paths(show: Show) -> set[str]:
    return {each["path"] for each in listed(open_show(show.folder))["clips"]}


def touch(folder: Path) -> None:
    for each in folder.iterdir():
        os.utime(each)


@pytest.fixture
def copy(show: Show, media: Path) -> str:
    """The path of the clip that is left, its equal having been forgotten."""
    gone = forget(show, str(media / "a/one.%04d.exr"))
    copy = str(media / "b/one.%04d.exr")
    assert (gone.copies, gone.marked) == ((copy,), False)
    assert f"still known as: {copy}. Until they are forgotten too, this one is" in gone.sentence
    return copy


def test_the_other_is_measured_again_when_it_is_touched(show: Show, copy: str) -> None:
    assert add(show, [copy]).known == 1
    touch(Path(copy).parent)
    made = add(show, [copy])
    assert ([each["path"] for each in made.learned], made.left) == ([copy], [])
    assert add(show, [copy]).known == 1
    assert copy in paths(show)


def test_its_passports_are_kept(show: Show, copy: str) -> None:
    Shelf(show).put("k", copy, {"passport": 1})
    assert Shelf(show).get("k") == {"passport": 1}


def test_a_rebuild_keeps_it(show: Show, copy: str, media: Path) -> None:
    shutil.rmtree(media / "a")
    rebuild(show.folder)
    assert paths(show) == {copy}


def test_while_it_is_known_the_first_comes_back_and_once_it_is_forgotten_neither(
    show: Show, copy: str, media: Path
) -> None:
    first = str(media / "a/one.%04d.exr")
    assert [each["path"] for each in add(show, [str(media)]).learned] == [first]
    assert not forget(show, first).marked
    gone = forget(show, copy)
    assert (gone.copies, gone.marked) == ((), True)
    assert add(show, [str(media)]).left == [first, copy]
    rebuild(show.folder)
    assert paths(show) == set()


def test_what_is_in_the_show_is_not_forgotten_by_a_mark_of_its_bytes(
    show: Show, media: Path
) -> None:
    """The stamps of version 1 tell no copy, so the mark is made."""
    first, copy = str(media / "a/one.%04d.exr"), str(media / "b/one.%04d.exr")
    with show.writing() as desk:
        desk.db.execute("UPDATE clip SET stamp = substr(stamp, 1, 40) WHERE path = ?", (copy,))
    assert forget(show, first).marked
    for _ in range(2):
        touch(media / "b")
        made = add(show, [str(media)])
        assert ([each["path"] for each in made.learned], made.left) == ([copy], [first])
    Shelf(show).put("k", copy, {"passport": 1})
    assert Shelf(show).get("k") == {"passport": 1}


def test_forgotten_bytes_in_the_place_of_another_clip_are_left(show: Show, media: Path) -> None:
    path = rushes.sequence(media / "c", "other", 5, count=1)
    add(show, [path])
    for each in "ab":
        forget(show, str(media / each / "one.%04d.exr"))
    shutil.copyfile(media / "a/one.1001.exr", media / "c/other.1001.exr")
    made = add(show, [path])
    assert (made.left, made.learned, made.known) == ([path], [], 0)
    assert paths(show) == {path}


def test_a_copy_that_only_a_check_has_seen_takes_no_clip_with_it(
    show: Show, media: Path, tmp_path: Path
) -> None:
    shutil.copytree(media / "a", tmp_path / "vendor")
    seen = str(tmp_path / "vendor/one.%04d.exr")
    Shelf(show).put("k", seen, {"passport": 1})
    gone = forget(show, seen)
    assert (gone.clip, gone.passports, len(gone.copies), gone.marked) == ("", 1, 2, False)
    before = paths(show)
    rebuild(show.folder)
    assert paths(show) == before
