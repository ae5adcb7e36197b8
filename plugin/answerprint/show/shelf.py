"""Passports of parts of clips, kept in the show: what one check measured no other measures again.

A key tells what was measured and by what (`check/watching.py`): a part of a file that has changed,
or other code, is another key. With the path beside it all of them go when it is forgotten, also of
media that are no clip of the show; passports of what was forgotten are not kept.
"""

from __future__ import annotations

from typing import Any

from answerprint.errors import BadInput
from answerprint.show.dailies import named, stamp_of
from answerprint.show.forgotten import is_forgotten
from answerprint.show.learn import packed, unpacked
from answerprint.show.store import Show


class Shelf:
    """Passports in the table `measured` of a show."""

    def __init__(self, show: Show) -> None:
        self._show = show

    def get(self, key: str) -> Any | None:
        """What was kept under a key, None where nothing was. Raises Damaged."""
        with self._show.reading() as db:
            row = db.execute("SELECT kept FROM measured WHERE key = ?", (key,)).fetchone()
        return unpacked(row[0]) if row else None

    def put(self, key: str, path: str, kept: Any) -> None:
        """Keep plain JSON that was measured on the media at a path. Raises CannotWrite, Damaged."""
        path = _named(path)
        stamped = stamp_of(path)
        with self._show.writing() as desk:
            if is_forgotten(desk.db, path, stamped):
                return
            row = (key, path, packed(kept))
            desk.db.execute("INSERT OR REPLACE INTO measured VALUES (?, ?, ?)", row)


def _named(path: str) -> str:
    try:
        return named(path)
    except BadInput:
        return path
