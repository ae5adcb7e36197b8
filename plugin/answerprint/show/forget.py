"""Forget a clip: everything that comes from it goes, but the fact that it was forgotten.

Rows, arrays, thumbnails, passports of its parts, its say in fingerprints, its place in the list of
what was added, and its secret: what the ledger says of its frames can then be told by nobody.
Passports that checks keep of media that are no clip of the show are forgotten by their path.

What stays is a mark by which `add` leaves it (`forgotten.py`), and what people decided on results.
A mark is of the bytes. So none is made while the show has another clip that holds the same: it
would take that one too. It is made when the last of them is forgotten.

The bytes are gone from the show's files; what a disk keeps of removed files is the disk's matter.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from answerprint.errors import BadInput, CannotWrite
from answerprint.show import fingerprint, roots, stamp, store
from answerprint.show.dailies import named, stamp_of, walk
from answerprint.show.forgotten import FORGOTTEN, mark
from answerprint.show.learn import every_clip, remove_files, remove_rows, sweep
from answerprint.show.roots import Root
from answerprint.show.store import Desk, Show

LISTED = 8


@dataclass(frozen=True)
class Gone:
    """What was removed: numbers of rows and of files, and the fingerprints it had a say in.

    clip    its id; '' of media that were no clip of the show.
    copies  paths of other clips that hold the same: they are still known.
    marked  whether `add` and checks leave it when it comes again. Not while there are copies.
    """

    clip: str
    path: str
    shots: int = 0
    looks: int = 0
    passports: int = 0
    thumbnails: int = 0
    arrays: int = 0
    fingerprints: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    marked: bool = True

    @property
    def sentence(self) -> str:
        words = [f"Forgotten: {self.path}."]
        if self.clip:
            words.append(
                f"Removed: {self.shots} shots, {self.looks} looks, {self.passports} passports of "
                f"parts, {self.thumbnails} thumbnails, {self.arrays} arrays, and its say in "
                f"{len(self.fingerprints)} fingerprints."
            )
        else:
            words.append(
                "It is no clip of the show; checks had looked at it. "
                f"Removed: {self.passports} passports of parts."
            )
        if self.copies:
            words.append(
                f"The same is still known as: {', '.join(self.copies)}. Until they are forgotten "
                "too, this one is learned again where its media lie in a folder that is added."
            )
        elif not self.marked:
            words.append("Its media are gone: when they come again nothing tells that it is this.")
        return " ".join(words)

    def as_dict(self) -> dict[str, object]:
        return {"status": "done", "sentence": self.sentence, **asdict(self)}


def forget(show: Show, clip: str) -> Gone:
    """Forget the clip of this id, path or name; or what checks keep of the media at this path.

    Raises BadInput where there is nothing or there are several, with the list; CannotWrite,
    Damaged.
    """
    with show.writing() as desk:
        db = desk.db
        found = _one(db, clip)
        path = found[1] if found else _path(clip)
        before = fingerprint.fingerprints(db)
        if found:
            _no_rebuild(show)
        rows = remove_rows(db, found[0]) if found else {"passports": 0}
        rows["passports"] += _remove_parts(db, path)
        if not found and not rows["passports"]:
            raise BadInput(
                f"There is no clip '{clip}' in the show.",
                "See: answerprint show list.",
                about="clip",
            )
        fingerprint.refresh(db)
        after = fingerprint.fingerprints(db)
        said = tuple(each for each in before if before[each] != after.get(each))
        name, stamped = (found[0], found[2]) if found else ("", "")
        now = stamp_of(path)
        stamps = (stamped, now if not stamped or stamp.same(stamped, now) else "")
        copies = _same(db, stamps)
        marks = [] if copies else mark(desk, *stamps)
        desk.note(FORGOTTEN, clip=name, digests=marks)
        _leave_out(show, desk, path)
    with show.writing() as desk:  # its row is gone, whatever happens now
        files = remove_files(show.folder, name) if name else {}
        sweep(show, desk)
    return Gone(name, path, fingerprints=said, copies=copies, marked=bool(marks), **rows, **files)


def _remove_parts(db: sqlite3.Connection, path: str) -> int:
    """Passports that checks kept of the media at a path, by whatever links it was reached; how
    many."""
    paths = [each for (each,) in db.execute("SELECT DISTINCT path FROM measured")]
    real = os.path.realpath(path)
    same = [each for each in paths if each == path or os.path.realpath(each) == real]
    asked = "DELETE FROM measured WHERE path = ?"
    return sum(db.execute(asked, (each,)).rowcount for each in same)


def _same(db: sqlite3.Connection, stamps: Iterable[str]) -> tuple[str, ...]:
    """Paths of clips whose files hold the same as those with one of these stamps."""
    held = set(map(stamp.held, stamps)) - {""}
    rows = db.execute("SELECT path, stamp FROM clip ORDER BY path")
    return tuple(path for path, other in rows if stamp.held(other) in held)


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


def _one(db: sqlite3.Connection, clip: str) -> tuple[str, str, str] | None:
    """Id, path and stamp of the clip that is meant."""
    rows = "SELECT id, path, stamp FROM clip WHERE "
    found = db.execute(rows + "id = ? OR path = ?", (clip, clip)).fetchall()
    if not found:
        found = db.execute(rows + "path = ?", (_path(clip),)).fetchall()
    found = found or db.execute(rows + "name = ? ORDER BY path", (clip,)).fetchall()
    if len(found) > 1:
        listed = "; ".join(f"{name} {path}" for name, path, _ in found[:LISTED])
        more = f"; and {len(found) - LISTED} more" if len(found) > LISTED else ""
        raise BadInput(
            f"{len(found)} clips are called '{clip}'.", f"Name one by path or id: {listed}{more}."
        )
    return found[0] if found else None


def _path(clip: str) -> str:
    try:
        return named(clip)
    except BadInput:
        return os.path.abspath(os.path.expanduser(clip))  # its media may be gone


def _leave_out(show: Show, desk: Desk, path: str) -> None:
    """Take the clip out of the list of what was added, and places that are left; the list is made
    of the clips where it is lost.

    Before the row goes: a kill in between leaves a clip that is forgotten when asked again, where
    the other order would leave a path that nobody can ask for.
    """
    before = roots.kept(show.folder)
    every = before or every_clip(desk.db)
    left = [each for (each,) in desk.db.execute("SELECT path FROM clip")]
    after = replace(every, every=tuple(each for each in every.every if _stays(each, path, left)))
    if after != before:
        roots.write(show.folder, after)


def _stays(root: Root, path: str, left: Iterable[str]) -> bool:
    """Whether the root is more than the clip: it has clips, or media lie there that may become
    some, as those that somebody is adding."""
    if any(map(root.holds, left)):
        return True
    if root.path == path:
        return False
    there = walk([root.path])
    return bool(there.clips or there.logs)
