"""Forget a clip: everything that comes from it goes, but the fact that it was forgotten.

Rows, arrays, thumbnails, passports of its parts, its say in fingerprints, its place in the list of
what was added, and its secret: what the ledger says of its frames can then be told by nobody.

What stays are two digests, keyed with the show's salt, by which it is known when it comes again.
The bytes are gone from the show's files; what a disk keeps of removed files is the disk's matter.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from answerprint.errors import BadInput, CannotWrite
from answerprint.show import fingerprint, roots, store
from answerprint.show.dailies import named
from answerprint.show.learn import digests, remove_files, remove_rows, sweep
from answerprint.show.roots import Root, Roots
from answerprint.show.store import Show

LISTED = 8


@dataclass(frozen=True)
class Gone:
    """What was removed: numbers of rows and of files, and the fingerprints it had a say in."""

    clip: str
    path: str
    shots: int
    looks: int
    passports: int
    thumbnails: int
    arrays: int
    fingerprints: tuple[str, ...]

    @property
    def sentence(self) -> str:
        return (
            f"Forgotten: {self.path}. Removed: {self.shots} shots, {self.looks} looks, "
            f"{self.passports} passports of parts, {self.thumbnails} thumbnails, {self.arrays} "
            f"arrays, and its say in {len(self.fingerprints)} fingerprints."
        )

    def as_dict(self) -> dict[str, object]:
        return {"status": "done", "sentence": self.sentence, **asdict(self)}


def forget(show: Show, clip: str) -> Gone:
    """Forget the clip of this id, path or name.

    Raises BadInput where there is none or there are several, with the list; CannotWrite, Damaged.
    """
    with show.writing() as desk:
        db = desk.db
        name, path, stamp = _one(db, clip)
        _no_rebuild(show)
        before = fingerprint.fingerprints(db)
        rows = remove_rows(db, name)
        fingerprint.refresh(db)
        after = fingerprint.fingerprints(db)
        said = tuple(each for each in before if before[each] != after.get(each))
        both = digests(store.salt(db), path, stamp)
        db.executemany("INSERT OR IGNORE INTO forgotten VALUES (?)", [(each,) for each in both])
        desk.note("forgotten", clip=name, digests=list(both))
        left = [each for (each,) in db.execute("SELECT path FROM clip")]
    with show.writing() as desk:  # its row is gone, whatever happens now
        files = remove_files(show.folder, name)
        sweep(show, desk)
        _leave_out(show, path, left)
    return Gone(name, path, fingerprints=said, **rows, **files)


def _no_rebuild(show: Show) -> None:
    """A rebuild that was stopped may hold the clip; the next one begins anew."""
    try:
        if (show.folder / store.REBUILT).exists():
            shutil.rmtree(show.folder / store.REBUILT)
    except OSError as why:
        raise CannotWrite(
            f"{show.folder / store.REBUILT} cannot be removed.",
            "Ask for the right to write.",
            why.strerror or str(why),
        ) from why


def _one(db: sqlite3.Connection, clip: str) -> tuple[str, str, str]:
    """Id, path and stamp of the clip that is meant."""
    rows = "SELECT id, path, stamp FROM clip WHERE "
    found = db.execute(rows + "id = ? OR path = ?", (clip, clip)).fetchall()
    if not found:
        found = db.execute(rows + "path = ?", (_path(clip),)).fetchall()
    found = found or db.execute(rows + "name = ? ORDER BY path", (clip,)).fetchall()
    if not found:
        raise BadInput(
            f"There is no clip '{clip}' in the show.", "See: answerprint show list.", about="clip"
        )
    if len(found) > 1:
        listed = "; ".join(f"{name} {path}" for name, path, _ in found[:LISTED])
        more = f"; and {len(found) - LISTED} more" if len(found) > LISTED else ""
        raise BadInput(
            f"{len(found)} clips are called '{clip}'.", f"Name one by path or id: {listed}{more}."
        )
    name, path, stamp = found[0]
    return name, path, stamp


def _path(clip: str) -> str:
    try:
        return named(clip)
    except BadInput:
        return os.path.abspath(os.path.expanduser(clip))  # its media may be gone


def _leave_out(show: Show, path: str, left: Sequence[str]) -> None:
    """Take roots out that name the clip, or below which nothing is left."""
    before = roots.read(show.folder)
    after = Roots(before.salt, tuple(each for each in before.every if _stays(each, path, left)))
    if after != before:
        roots.write(show.folder, after)


def _stays(root: Root, path: str, left: Sequence[str]) -> bool:
    below = os.path.join(root.path, "")
    inside = any(each == root.path or each.startswith(below) for each in left)
    return inside or not (root.path == path or path.startswith(below))
