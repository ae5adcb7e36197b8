"""The table `status`: the last word on each finding and on each version of a result.

It is made from the ledger's lines alone, the oldest first:

    decided   what somebody said: a status as plain data (`status.py`)
    moved     media lie elsewhere; `places`, in lines without the clip's id, has the keys of where
              they lay and lie, where results are known by them

Rows are in the order in which they were decided.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from answerprint.show.ledger import Line

DECIDED, MOVED = "decided", "moved"
_BOUND = ("n", "before", "hash", "what")
"""What a line has of the ledger; `at` is the decision's own."""


def put(db: sqlite3.Connection, told: Mapping[str, Any]) -> None:
    """A status as plain data, in the place of what was said of the same before."""
    text = json.dumps(told, ensure_ascii=False, sort_keys=True)
    row = (told["id"], told.get("version") or 0, told["word"], text)
    db.execute("INSERT OR REPLACE INTO status VALUES (?, ?, ?, ?)", row)


def rows(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Every last word, in the order in which they were said."""
    return [json.loads(told) for (told,) in db.execute("SELECT told FROM status ORDER BY rowid")]


def row(db: sqlite3.Connection, name: str, version: int) -> dict[str, Any] | None:
    asked = "SELECT told FROM status WHERE id = ? AND version = ?"
    found = db.execute(asked, (name, version)).fetchone()
    return json.loads(found[0]) if found else None


def move(db: sqlite3.Connection, before: str, now: str) -> bool:
    """Media with this key have another; whether a result is known by it."""
    known = [told for told in rows(db) if before in told.get("places", ())]
    for told in known:
        told["places"] = [now if each == before else each for each in told["places"]]
        text = json.dumps(told, ensure_ascii=False, sort_keys=True)
        of = (text, told["id"], told.get("version") or 0)
        db.execute("UPDATE status SET told = ? WHERE id = ? AND version = ?", of)
    return bool(known)


def replay(db: sqlite3.Connection, lines: Iterable[Line]) -> int:
    """Make the table from the ledger's lines, in the caller's transaction; how many rows."""
    db.execute("DELETE FROM status")
    for line in lines:
        if line["what"] == DECIDED:
            put(db, {name: value for name, value in line.items() if name not in _BOUND})
        elif line["what"] == MOVED and "places" in line:
            move(db, *line["places"])
    return int(db.execute("SELECT count(*) FROM status").fetchone()[0])
