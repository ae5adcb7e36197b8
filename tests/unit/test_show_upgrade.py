"""A show of an older version is opened: what its tables lacked is made from the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
import rushes

from answerprint.show import ledger, schema
from answerprint.show.add import add
from answerprint.show.status import Status, decision, record, said
from answerprint.show.store import Show, make_show, open_show

ID = "3f2a90c1b7de"
AS_IN_1 = """
DROP TABLE status;
CREATE TABLE status (id TEXT PRIMARY KEY, word TEXT NOT NULL, told TEXT NOT NULL);
INSERT INTO status VALUES ('3f2a90c1b7de', 'rejected', '{}');
ALTER TABLE clip DROP COLUMN sources;
UPDATE clip SET stamp = substr(stamp, 1, 40);
PRAGMA user_version = 1;
"""


@pytest.fixture
def old(tmp_path: Path) -> Show:
    """A show of version 1 with a clip, in which version 3 was approved, then version 4 rejected."""
    rushes.sequence(tmp_path / "media", "wall", 1, count=1)
    show = make_show(tmp_path / "show")
    add(show, [str(tmp_path / "media")])
    with show.writing() as desk:
        for word, version in (("approved", 3), ("rejected", 4)):
            made = Status(ID, word, "result", by="Ines", note="why", version=version)
            record(desk, decision(made))
        record(desk, decision(Status("aa11", "noted", by="Ada")))
    with show.writing() as desk:
        for statement in AS_IN_1.strip().split("\n"):
            desk.db.execute(statement)
    return show


def test_every_version_has_its_last_word_again(old: Show) -> None:
    lines = list(ledger.lines(old.folder))
    show = open_show(old.folder)
    with show.reading() as db:
        assert schema.version(db) == len(schema.STEPS)
        words = {key: each.word for key, each in said(db).items()}
    assert words == {f"{ID} v3": "approved", f"{ID} v4": "rejected", "aa11": "noted"}
    assert list(ledger.lines(show.folder)) == lines


def test_nothing_is_measured_again(old: Show, tmp_path: Path) -> None:
    made = add(open_show(old.folder), [str(tmp_path / "media")])
    assert (made.known, made.learned) == (1, [])
    assert rushes.cameras(open_show(old.folder))["wall"] == {"reel of it": ""}


def test_media_that_move_are_followed(old: Show, tmp_path: Path) -> None:
    (tmp_path / "media").rename(tmp_path / "archive")
    made = add(open_show(old.folder), [str(tmp_path / "archive")])
    assert (len(made.moved), made.learned) == (1, [])


def test_it_is_upgraded_once(old: Show) -> None:
    open_show(old.folder)
    before = (old.folder / "show.db").read_bytes()
    open_show(old.folder)
    assert (old.folder / "show.db").read_bytes() == before
