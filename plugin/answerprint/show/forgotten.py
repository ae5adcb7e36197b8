"""What is left of a clip that was forgotten: enough to leave it when it comes again, and no more.

A mark is made of what the clip's files hold (`stamp.held`), keyed with the show's salt. Who has the
media can tell from it that this clip was forgotten, as `show add` does; who has the show's folder
and guesses a path or a name can test nothing by it. So other bytes under the same path are another
clip. Of a clip whose stamp has no such half and whose media are gone the mark is of the stamp.

Shows of version 1 also kept a mark of the path. Their ledgers still have it, and it still counts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from answerprint.show import stamp
from answerprint.show.ledger import Line, keyed
from answerprint.show.store import Desk, salt

FORGOTTEN, ASKED_AGAIN = "forgotten", "asked_again"
"""What the ledger calls it."""


def mark(desk: Desk, *stamps: str) -> list[str]:
    """Remember a clip by its stamps, as it was kept and as it is now; the marks, for the ledger.

    The first stamp that knows what the files hold is enough; without one all count.
    """
    key = salt(desk.db)
    held = next((each for each in map(stamp.held, stamps) if each), "")
    if held:
        made = [keyed(key, "media", held)]
    else:
        made = [keyed(key, "stamp", each) for each in dict.fromkeys(stamps) if each]
    desk.db.executemany("INSERT OR IGNORE INTO forgotten VALUES (?)", [(each,) for each in made])
    return made


def is_forgotten(db: sqlite3.Connection, path: str, stamped: str) -> bool:
    """Whether the clip with this stamp at this path was forgotten, and not asked for again.

    One that is in the show under this path, as far as its stamp tells with these bytes, was not.
    """
    row = db.execute("SELECT stamp FROM clip WHERE path = ?", (path,)).fetchone()
    if row and stamp.held(row[0]) in ("", stamp.held(stamped)):
        return False
    return bool(_there(db, path, stamped))


def lift(desk: Desk, path: str, stamped: str) -> None:
    """Somebody asks for a forgotten clip again."""
    if there := _there(desk.db, path, stamped):
        desk.db.executemany("DELETE FROM forgotten WHERE digest = ?", [(each,) for each in there])
        desk.note(ASKED_AGAIN, digests=there)


def marks(lines: Iterable[Line]) -> list[str]:
    """Of what a ledger says is forgotten, and nobody asked for again."""
    found = dict[str, None]()
    for line in lines:
        if line["what"] == FORGOTTEN:
            found |= dict.fromkeys(line["digests"])
        elif line["what"] == ASKED_AGAIN:
            for digest in line["digests"]:
                found.pop(digest, None)
    return list(found)


def _there(db: sqlite3.Connection, path: str, stamped: str) -> list[str]:
    key, held = salt(db), stamp.held(stamped)
    could = [keyed(key, "path", path), keyed(key, "stamp", stamp.changed(stamped))]
    could += [keyed(key, "media", held)] if held else []
    asked = f"SELECT digest FROM forgotten WHERE digest IN ({', '.join('?' * len(could))})"
    return [digest for (digest,) in db.execute(asked, could)]
