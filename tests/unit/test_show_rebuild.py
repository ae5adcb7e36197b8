"""`show verify` and `show rebuild`: damage is named, and the media give the same show again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rushes

from answerprint.errors import BadInput, Cancelled, CannotWrite
from answerprint.events import Events
from answerprint.show import crew, ledger, roots
from answerprint.show.add import add
from answerprint.show.forget import forget
from answerprint.show.rebuild import rebuild
from answerprint.show.status import Status, record, said
from answerprint.show.store import (
    ARRAYS,
    DATABASE,
    REBUILT,
    SEAL,
    Damaged,
    Show,
    make_show,
    open_show,
)
from answerprint.show.verify import verify


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("learned")
    media = rushes.rushes(folder / "media")
    show = make_show(folder / "show")
    add(show, [str(media)])
    forget(show, "door")
    with show.writing() as desk:
        record(desk, Status("f-17", "rejected", by="Ana", note="soft", at="2026-11-20T10:00:00Z"))
    return folder / "show", media


@pytest.fixture
def show(learned: tuple[Path, Path], tmp_path: Path) -> Show:
    return open_show(shutil.copytree(learned[0], tmp_path / "show"))


def told_of(show: Show) -> tuple[list[Any], Any]:
    with show.reading() as db:
        rows = db.execute(
            "SELECT path, stamp, camera, shot.first, hex(passport), frame, hex(sketch), thumb, "
            "structures FROM clip JOIN shot ON clip = clip.id JOIN look ON shot = shot.id "
            "ORDER BY path, frame"
        ).fetchall()
        return rows, said(db)


def flip(path: Path, at: int = 5000) -> None:
    data = bytearray(path.read_bytes())
    data[min(at, len(data) // 2)] ^= 1
    path.write_bytes(data)


def test_a_flipped_byte_is_noticed_and_the_rebuilt_show_is_the_same(show: Show) -> None:
    before, count = told_of(show), ledger.head(show.folder).count
    flip(show.folder / DATABASE)
    with pytest.raises(Damaged, match="show rebuild"):
        open_show(show.folder)
    made = rebuild(show.folder)
    assert (len(made.learned), made.failed, made.notes[4:]) == (2, {}, [])
    again = open_show(show.folder)
    assert told_of(again) == before
    found = verify(show.folder)
    assert (found.clips, found.damages, found.strays) == (2, (), 0)
    words = [line["what"] for line in ledger.lines(show.folder)]
    assert words[count:] == ["rebuilt", "learned", "learned"]
    assert not (show.folder / "rebuilt").exists()


def test_what_was_forgotten_stays_forgotten(show: Show, learned: tuple[Path, Path]) -> None:
    (show.folder / DATABASE).write_bytes(b"")
    rebuild(show.folder)
    made = add(open_show(show.folder), [str(learned[1])])
    assert [Path(each).name for each in made.left] == ["door.%04d.exr"]


def test_a_rebuild_that_was_stopped_goes_on(show: Show) -> None:
    class Stopped(Events):
        first = True

        def cancelled(self) -> bool:
            return not self.first

        def progress(self, stage: str, done: int, total: int, message: str = "") -> None:
            self.first = self.first and message != "roof"

    flip(show.folder / DATABASE)
    with pytest.raises(Cancelled):
        rebuild(show.folder, Stopped())
    with pytest.raises(Damaged):
        open_show(show.folder)
    made = rebuild(show.folder)
    assert ([each["name"] for each in made.learned], made.known) == (["roof"], 1)
    assert len(told_of(open_show(show.folder))[0]) > 2


def test_media_that_are_gone_are_told(learned: tuple[Path, Path], tmp_path: Path) -> None:
    media = shutil.copytree(learned[1], tmp_path / "media")
    show = make_show(tmp_path / "show")
    add(show, [str(media / "day1"), str(media / "day2")])
    shutil.rmtree(media / "day2")
    assert verify(show.folder).media == {f"{media}/day2/roof.mkv": "gone"}
    with pytest.raises(BadInput, match="without-missing"):
        rebuild(show.folder)
    assert len(told_of(open_show(show.folder))[0]) > 3
    made = rebuild(show.folder, without_missing=True)
    assert list(made.failed) == [str(media / "day2")]
    assert made.notes[-1] == "The ledger knows 3 clips, 2 of them were found."


KILLED = """
import os, signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size = 1")
db.execute("BEGIN IMMEDIATE")
db.execute("UPDATE look SET palette = zeroblob(40000), thumb = 'gone'")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_journal_of_the_damaged_database_does_not_enter_the_new(show: Show) -> None:
    before, database = told_of(show), show.folder / DATABASE
    subprocess.run([sys.executable, "-c", KILLED, str(database)], check=False)
    assert (show.folder / f"{DATABASE}-journal").stat().st_size > 512
    rebuild(show.folder)
    assert told_of(open_show(show.folder)) == before


DAMAGES: dict[str, Callable[[Path], None]] = {
    "arrays": lambda folder: flip(next((folder / "arrays").iterdir())),
    "thumbs": lambda folder: flip(next((folder / "thumbs").rglob("*.jpg"))),
    "gone": lambda folder: next((folder / "thumbs").rglob("*.jpg")).unlink(),
    "ledger": lambda folder: flip(folder / ledger.FILE, 40),
    "roots": lambda folder: (folder / roots.FILE).write_text("{}"),
    "database": lambda folder: flip(folder / DATABASE),
}
WORDS = {
    "arrays": ("arrays/", "--again"),
    "thumbs": ("thumbs/", "--again"),
    "gone": ("thumbs/", "--again"),
    "ledger": ("ledger.jsonl", "backup"),
    "roots": ("roots.json", "show add"),
    "database": ("show.db", "show rebuild"),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_every_damage_is_named_with_the_way_out(show: Show, what: str) -> None:
    DAMAGES[what](show.folder)
    (damage,) = verify(show.folder).damages
    assert damage.where.startswith(WORDS[what][0])
    assert WORDS[what][1] in damage.hint


def test_the_ways_out_lead_out(show: Show, learned: tuple[Path, Path]) -> None:
    DAMAGES["arrays"](show.folder)
    DAMAGES["roots"](show.folder)
    assert len(verify(show.folder).damages) == 2
    roof = str(learned[1] / "day2/roof.mkv")
    add(show, [roof, str(learned[1] / "day1/A001")], again=True)
    assert verify(show.folder).damages == ()
    assert roof in [each.path for each in roots.read(show.folder).every]


def test_a_damaged_ledger_is_not_built_upon(show: Show) -> None:
    flip(show.folder / ledger.FILE, 40)
    with pytest.raises(BadInput, match=r"Line 1 of .* is not as it was written"):
        rebuild(show.folder)


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("left", [None, 0, 2])
def test_a_ledger_that_lacks_lines_is_not_built_upon(
    show: Show, left: int | None, sealed: bool
) -> None:
    path = show.folder / ledger.FILE
    if left is None:
        path.unlink()
    else:
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:left]))
    if not sealed:
        (show.folder / SEAL).write_text('{"writing": true}')
    with pytest.raises(BadInput, match=r"lacks lines that were written.*from a backup"):
        rebuild(show.folder)
    assert not (show.folder / REBUILT).exists()


def test_what_is_forgotten_leaves_a_rebuild_that_was_stopped(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> int:
        raise Cancelled("Stopped.")

    whole = (show.folder / DATABASE).read_bytes()
    flip(show.folder / DATABASE)
    with monkeypatch.context() as patch:
        patch.setattr("answerprint.show.rebuild._take_over", stop)
        with pytest.raises(Cancelled):
            rebuild(show.folder)
    assert list((show.folder / REBUILT / "arrays").iterdir())
    (show.folder / DATABASE).write_bytes(whole)  # from a backup
    forget(open_show(show.folder), "roof")
    assert not (show.folder / REBUILT).exists()
    flip(show.folder / DATABASE)
    rebuild(show.folder)
    with open_show(show.folder).reading() as db:
        assert db.execute("SELECT name FROM clip").fetchall() == [("wall",)]


def test_damage_of_the_new_show_is_not_a_clip_that_failed(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object) -> object:
        raise Damaged("The show is damaged.")

    monkeypatch.setattr("answerprint.show.add.learn", damaged)
    with pytest.raises(Damaged):
        rebuild(show.folder)


def test_thumbnails_that_are_gone_are_named(show: Show) -> None:
    shutil.rmtree(show.folder / "thumbs")
    assert {each.where.split("/")[0] for each in verify(show.folder).damages} == {"thumbs"}


def test_a_folder_that_is_no_show_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"There is no show in .*show add"):
        verify(tmp_path)


DAMAGED = """
import sys
from answerprint.show import crew, learn
from answerprint.show.store import Damaged
def damaged(*told):
    raise Damaged("The show is damaged.", "Make it anew.")
learn.learn = damaged
from answerprint_bridge.pipes import own_pipes
crew.serve(sys.argv[1], *own_pipes())
"""


@pytest.mark.parametrize("workers", [0, 1])
def test_damage_is_not_a_clip_that_failed(
    learned: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    def damaged(*_: object) -> Any:
        raise Damaged("The show is damaged.", "Make it anew.")

    (tmp_path / "damaged.py").write_text(DAMAGED)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(crew, "MODULE", "damaged")
    monkeypatch.setattr("answerprint.show.add.learn", damaged)
    with pytest.raises(Damaged, match="Make it anew"):
        add(make_show(tmp_path / "show"), [str(learned[1] / "day1")], workers=workers)


def test_files_of_a_row_that_was_written_stay(
    learned: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show, seal = make_show(tmp_path / "show"), Show._seal

    def full(self: Show) -> None:
        if list((self.folder / ARRAYS).iterdir()):  # the clip is written
            raise CannotWrite("The disk is full.")
        seal(self)

    with monkeypatch.context() as patch:
        patch.setattr(Show, "_seal", full)
        with pytest.raises(CannotWrite):
            add(show, [str(learned[1] / "day1/A001")])
    found = verify(show.folder)
    assert (found.clips, found.damages, found.strays) == (1, (), 0)


def test_a_rebuild_that_was_stopped_at_its_end_is_made_again(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = told_of(show)
    flip(show.folder / DATABASE)
    with monkeypatch.context() as patch:
        patch.setattr("answerprint.show.rebuild.known", stop)
        with pytest.raises(KeyboardInterrupt):
            rebuild(show.folder)
    with pytest.raises(Damaged, match="a rebuild of it was stopped"):
        open_show(show.folder)
    rebuild(show.folder)
    assert told_of(open_show(show.folder)) == before
    assert verify(show.folder).damages == ()
