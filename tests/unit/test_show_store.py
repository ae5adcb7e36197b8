"""The show on disk: sealed, written by one at a time, sound after a kill, honest about damage."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from answerprint.errors import BadInput, CannotWrite
from answerprint.show import ledger, schema, store
from answerprint.show.store import DATABASE, LOCK, SEAL, Damaged, Show, make_show, open_show

ROW = "INSERT INTO fingerprint VALUES (?, ?)"


@pytest.fixture
def show(tmp_path: Path) -> Show:
    return make_show(tmp_path / "show")


def _names(show: Show) -> list[str]:
    with show.reading() as db:
        return [name for (name,) in db.execute("SELECT name FROM fingerprint ORDER BY name")]


def _put(show: Show, name: str) -> None:
    with show.writing() as desk:
        desk.note("tried", name=name)
        desk.db.execute(ROW, (name, "{}"))


def test_what_was_written_is_read_by_who_opens_it_next(show: Show) -> None:
    _put(show, "a")
    assert _names(open_show(show.folder)) == ["a"]
    assert [line["name"] for line in ledger.lines(show.folder)] == ["a"]


def test_a_transaction_that_fails_leaves_nothing(show: Show) -> None:
    def fail() -> None:
        with show.writing() as desk:
            desk.note("tried", name="a")
            desk.db.execute(ROW, ("a", "{}"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert _names(show) == [] == list(ledger.lines(show.folder))
    _put(show, "b")
    assert _names(show) == ["b"]


def test_where_no_show_is_the_way_to_one_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=f"There is no show in {tmp_path}.*answerprint show add"):
        open_show(tmp_path)


def test_every_flipped_byte_of_the_database_is_noticed(show: Show) -> None:
    _put(show, "a")
    path = show.folder / DATABASE
    whole = path.read_bytes()
    for at in range(0, len(whole), 997):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        for those in (open_show, lambda _: show.verify()):
            with pytest.raises(Damaged, match="show rebuild"):
                those(show.folder)
    path.write_bytes(whole)
    assert _names(open_show(show.folder)) == ["a"]


@pytest.mark.parametrize("what", ["gone", "empty", "another file"])
def test_a_database_that_is_none_is_damage(show: Show, what: str) -> None:
    path = show.folder / DATABASE
    if what == "gone":
        path.unlink()
    else:
        path.write_bytes(b"" if what == "empty" else b"no database" * 999)
    with pytest.raises(Damaged):
        open_show(show.folder)
    with pytest.raises(Damaged), show.writing():
        pass


def test_a_ledger_that_lost_its_last_line_is_damage(show: Show) -> None:
    _put(show, "a")
    _put(show, "b")
    path = show.folder / ledger.FILE
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(Damaged, match=r"other lines at its end.*from a backup"):
        open_show(show.folder)


def test_a_newer_show_is_refused_and_left_alone(show: Show) -> None:
    with show.writing() as desk:
        desk.db.execute(f"PRAGMA user_version = {len(schema.STEPS) + 1}")
    before = (show.folder / DATABASE).read_bytes()
    with pytest.raises(BadInput, match="newer Answerprint"):
        open_show(show.folder)
    assert (show.folder / DATABASE).read_bytes() == before


def test_an_older_show_goes_the_steps_it_lacks(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(show, "a")
    more = "CREATE TABLE later (name TEXT);\nINSERT INTO later SELECT name FROM fingerprint;"
    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, more))
    with open_show(show.folder).reading() as db:
        assert db.execute("SELECT name FROM later").fetchall() == [("a",)]
        assert schema.version(db) == len(schema.STEPS)


KILLED = """
import os, signal, sys
from answerprint.show.store import open_show
with open_show(sys.argv[1]).writing() as desk:
    desk.note("tried", name="killed")
    desk.db.execute("INSERT INTO fingerprint VALUES ('killed', '{}')")
    desk.db.execute("UPDATE fingerprint SET told = hex(zeroblob(3000000)) WHERE name = 'a'")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_after_a_kill_the_half_is_gone_and_the_rest_is_there(show: Show) -> None:
    _put(show, "a")
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", KILLED, str(show.folder)], check=False)
        assert done.returncode == -signal.SIGKILL
        assert json.loads((show.folder / SEAL).read_text()) == {"writing": True}
        assert _names(open_show(show.folder)) == ["a"]
    _put(show, "b")
    assert _names(show) == ["a", "b"]


BETWEEN = """
import os, signal, sys
from answerprint.show import store
store.known = lambda db, head: os.kill(os.getpid(), signal.SIGKILL)
with store.open_show(sys.argv[1]).writing() as desk:
    desk.note("tried", name="killed")
    desk.db.execute("INSERT INTO fingerprint VALUES ('killed', '{}')")
"""


@pytest.mark.parametrize("first", [True, False])
def test_the_ledger_says_nothing_of_what_a_kill_took_back(show: Show, first: bool) -> None:
    if not first:
        _put(show, "a")
    before = list(ledger.lines(show.folder))
    done = subprocess.run([sys.executable, "-c", BETWEEN, str(show.folder)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list(ledger.lines(show.folder))) == len(before) + 1
    assert _names(open_show(show.folder)) == ["a"] * (not first)
    assert list(ledger.lines(show.folder)) == before
    _put(show, "b")
    assert [line["name"] for line in ledger.lines(show.folder)] == ["a"] * (not first) + ["b"]


def test_the_ledger_says_nothing_of_what_failed(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(db: sqlite3.Connection, head: ledger.Head) -> None:
        raise sqlite3.OperationalError("disk full")

    _put(show, "a")
    with monkeypatch.context() as patch:
        patch.setattr(store, "known", full)
        with pytest.raises(sqlite3.OperationalError):
            _put(show, "b")
    assert [line["name"] for line in ledger.lines(show.folder)] == ["a"]
    _put(show, "c")
    assert _names(open_show(show.folder)) == ["a", "c"]


def test_lines_that_are_gone_behind_a_kill_are_noticed(show: Show) -> None:
    _put(show, "a")
    subprocess.run([sys.executable, "-c", BETWEEN, str(show.folder)], check=False)
    (show.folder / ledger.FILE).write_bytes(b"")
    with pytest.raises(Damaged, match=r"lacks lines.*from a backup"):
        open_show(show.folder)


def test_damage_behind_a_killed_writer_is_noticed(show: Show) -> None:
    _put(show, "a")
    subprocess.run([sys.executable, "-c", KILLED, str(show.folder)], check=False)
    path = show.folder / DATABASE
    whole = bytearray(path.read_bytes())
    whole[4096 : 4096 + 200] = os.urandom(200)
    path.write_bytes(whole)
    with pytest.raises(Damaged):
        open_show(show.folder)


def test_a_stop_after_the_commit_takes_nothing_back(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(sqlite3.Connection):
        def execute(self, *asked: Any) -> sqlite3.Cursor:
            done = super().execute(*asked)
            if asked == ("COMMIT",):
                raise KeyboardInterrupt
            return done

    connect = sqlite3.connect
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **k, factory=Stopped))
        with pytest.raises(KeyboardInterrupt):
            _put(show, "a")
    assert _names(open_show(show.folder)) == ["a"]
    assert [line["name"] for line in ledger.lines(show.folder)] == ["a"]


def test_a_database_that_was_being_replaced_is_damage(show: Show) -> None:
    _put(show, "a")

    def stopped() -> None:
        with show.replacing():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    for _ in range(2):
        with pytest.raises(Damaged, match="a rebuild of it was stopped"):
            open_show(show.folder)
        with pytest.raises(Damaged, match="a rebuild of it was stopped"):
            _put(show, "b")


def test_what_cannot_be_locked_cannot_be_written_and_is_read(show: Show) -> None:
    _put(show, "a")
    (show.folder / LOCK).unlink(missing_ok=True)
    (show.folder / LOCK).mkdir()  # as where the folder may only be read, for any user
    with pytest.raises(CannotWrite, match="cannot be written"):
        _put(show, "b")
    (show.folder / SEAL).write_text('{"writing": true}')
    assert _names(Show(show.folder)) == ["a"]


def test_who_is_kept_waiting_is_told(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "BUSY", 0)
    with closing(sqlite3.connect(show.folder / DATABASE)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(CannotWrite, match="Somebody has been reading or writing"):
            _names(show)


def test_a_folder_of_other_things_becomes_no_show(tmp_path: Path) -> None:
    (tmp_path / "holiday.txt").write_text("mine")
    mode = tmp_path.stat().st_mode
    with pytest.raises(BadInput, match=r"holds other things.*answerprint-show"):
        make_show(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["holiday.txt"]
    assert tmp_path.stat().st_mode == mode
    (tmp_path / "half/arrays").mkdir(parents=True)  # what a kill left of one
    assert _names(make_show(tmp_path / "half")) == []


WRITES = """
import sys
from answerprint.show.store import open_show
show = open_show(sys.argv[1])
for turn in range(15):
    with show.writing() as desk:
        count = desk.db.execute("SELECT count(*) FROM fingerprint").fetchone()[0]
        desk.note("tried", count=count)
        desk.db.execute("INSERT INTO fingerprint VALUES (?, '{}')", (f"{sys.argv[2]} {turn}",))
"""


def test_two_processes_write_one_after_the_other_while_a_third_reads(show: Show) -> None:
    both = [
        subprocess.Popen([sys.executable, "-c", WRITES, str(show.folder), name]) for name in "ab"
    ]
    seen = [len(_names(open_show(show.folder)))]
    while any(each.poll() is None for each in both):
        seen.append(len(_names(show)))
    assert [each.returncode for each in both] == [0, 0]
    assert seen == sorted(seen)
    assert len(_names(show)) == 30
    assert [line["count"] for line in ledger.lines(show.folder)] == list(range(30))


def test_threads_of_one_process_write_one_after_the_other(show: Show) -> None:
    threads = [threading.Thread(target=_put, args=(show, str(turn))) for turn in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert _names(show) == [str(turn) for turn in range(8)]


def test_what_is_deleted_is_not_in_the_file(show: Show) -> None:
    _put(show, "a secret name")
    assert b"a secret name" in (show.folder / DATABASE).read_bytes()
    with show.writing() as desk:
        desk.db.execute("DELETE FROM fingerprint")
    assert b"a secret name" not in (show.folder / DATABASE).read_bytes()


def test_a_reader_sees_one_moment(show: Show) -> None:
    _put(show, "a")
    with show.reading() as db:
        assert db.execute("SELECT count(*) FROM fingerprint").fetchone() == (1,)
        with pytest.raises(sqlite3.OperationalError):
            db.execute(ROW, ("b", "{}"))
