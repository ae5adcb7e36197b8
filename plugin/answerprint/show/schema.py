"""The show's tables, and how older ones become these.

A show knows its version (`PRAGMA user_version`): how many of the steps below it has gone. A step is
never changed once it was released; what is new is a step more. The statuses are made from the
ledger anew where their table changed: it is their truth, and older tables kept less.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from answerprint.show import decided
from answerprint.show.ledger import Line

STEPS = (
    """
    CREATE TABLE clip (
        id TEXT PRIMARY KEY,           -- by chance: tells nothing of the clip
        path TEXT NOT NULL UNIQUE,     -- absolute: a movie, or a sequence as its pattern
        name TEXT NOT NULL,
        kind TEXT NOT NULL,            -- 'stills' or 'movie'
        stamp TEXT NOT NULL,           -- of its files: it changes when they do
        code TEXT NOT NULL,            -- what measured it
        secret BLOB NOT NULL,          -- key of what the ledger says of it
        first INTEGER NOT NULL,        -- frame numbers, both included
        last INTEGER NOT NULL,
        rate TEXT,                     -- frames a second, 'n/d'; NULL where nothing says
        start INTEGER,                 -- count of the timecode of the first frame
        reel TEXT NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        space TEXT NOT NULL,           -- colour space
        camera TEXT NOT NULL,          -- what the media say of camera and lens, JSON
        structures TEXT NOT NULL       -- sha256 of arrays/<id>.npz
    );
    CREATE TABLE shot (
        id INTEGER PRIMARY KEY,
        clip TEXT NOT NULL REFERENCES clip (id) ON DELETE CASCADE,
        first INTEGER NOT NULL,        -- of a movie with cuts, each of its shots
        last INTEGER NOT NULL,
        passport BLOB NOT NULL         -- JSON, deflated
    );
    CREATE INDEX shot_of_clip ON shot (clip);
    CREATE TABLE look (
        id INTEGER PRIMARY KEY,
        shot INTEGER NOT NULL REFERENCES shot (id) ON DELETE CASCADE,
        frame INTEGER NOT NULL,
        sketch BLOB NOT NULL,          -- `vision/sketch.py`
        palette BLOB NOT NULL,         -- `show/take.py`: colours, palette_of
        thumb TEXT NOT NULL DEFAULT '' -- sha256 of thumbs/<clip id>/<frame>.jpg
    );
    CREATE INDEX look_of_shot ON look (shot);
    CREATE TABLE measured (            -- passports of parts of clips, as checks ask for them
        key TEXT PRIMARY KEY,
        path TEXT NOT NULL,
        kept BLOB NOT NULL             -- JSON, deflated
    );
    CREATE INDEX measured_of_path ON measured (path);
    CREATE TABLE fingerprint (         -- noise and grain of a camera, by its name
        name TEXT PRIMARY KEY,
        told TEXT NOT NULL             -- JSON
    );
    CREATE TABLE forgotten (           -- keyed digests of what is not added again unasked
        digest TEXT PRIMARY KEY        -- of a clip's path, and of its stamp
    );
    CREATE TABLE status (              -- of findings and results: the ledger's last word
        id TEXT PRIMARY KEY,
        word TEXT NOT NULL,
        told TEXT NOT NULL             -- JSON
    );
    CREATE TABLE about (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    );
    """,
    """
    ALTER TABLE clip ADD COLUMN sources TEXT;  -- of `camera`, by who says it (`reports.py`), JSON
    DROP TABLE status;
    CREATE TABLE status (              -- the ledger's last word (`decided.py`)
        id TEXT NOT NULL,              -- of a finding or a result
        version INTEGER NOT NULL,      -- of a result; 0 of a finding
        word TEXT NOT NULL,
        told TEXT NOT NULL,            -- JSON
        PRIMARY KEY (id, version)
    );
    """,
)
STATUSES = 2
"""The version in which the table `status` has changed last."""


def version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def bring_up(db: sqlite3.Connection, lines: Iterable[Line] = ()) -> None:
    """Go the steps that this database has not gone yet, inside the caller's transaction.

    lines: of the ledger. Raises what reading them raises.
    """
    began = version(db)
    for turn in range(began, len(STEPS)):
        for statement in _statements(STEPS[turn]):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {turn + 1}")
    if began < STATUSES:
        decided.replay(db, lines)


def _statements(script: str) -> list[str]:
    """One by one: `executescript` would end the transaction."""
    found, open_one = [], ""
    for line in script.splitlines(keepends=True):
        open_one += line
        if sqlite3.complete_statement(open_one):
            found.append(open_one)
            open_one = ""
    return found
