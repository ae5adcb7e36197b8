"""The show on disk: a folder with a database, arrays, pictures and a ledger.

    show.db        what is known (`schema.py`); rebuilt from the media where it is damaged
    show.seal      the database's SHA-256 and the ledger's head, as the last writer left them
    ledger.jsonl   what was learned, forgotten and decided (`ledger.py`); nothing replaces it
    arrays/        of each clip, what its pictures are found again by
    thumbs/        small pictures, to be looked at
    roots.json     what was added, to rebuild from (`roots.py`)
    claims/        locks on clips that are being measured

    show = open_show("/projects/reel/show")
    with show.reading() as db: ...
    with show.writing() as desk: desk.note("learned", ...); desk.db.execute(...)

One writes at a time, under a lock that ends with its process; others read meanwhile what was there
before. A writer first takes the seal off, then writes the ledger, then commits, then seals. So a
byte that changes otherwise is noticed when the show is opened next, and a writer that was killed is
told from damage: what it had not finished is taken back, in the database and in the ledger.

The database keeps a rollback journal and not a write-ahead log, which shares do not hold.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from answerprint.errors import BadInput, CannotWrite
from answerprint.frames.text import write_json
from answerprint.show import ledger, roots, schema
from answerprint.show.ledger import Head, Line

DATABASE, SEAL, LOCK = "show.db", "show.seal", "show.lock"
ARRAYS, THUMBS, CLAIMS = "arrays", "thumbs", "claims"
REBUILT = "rebuilt"
"""The folder of a rebuild that is not done."""
NAME = "answerprint-show"
"""What a show's folder is called where nobody named it."""
PATIENCE = 600
"""Seconds that a writer waits for the one before."""
BUSY = 60


def nearest(start: Path) -> Path | None:
    """The folder `answerprint-show` in a folder or above it."""
    above = (each / NAME for each in (start, *start.parents))
    return next((each for each in above if each.is_dir()), None)


class Damaged(BadInput):
    """The database is not as it was written; `rebuild.py` makes it anew."""


def salt(db: sqlite3.Connection) -> bytes:
    """The key of what the show alone may tell apart: paths of clips that are not in it."""
    found: str = db.execute("SELECT value FROM about WHERE name = 'salt'").fetchone()[0]
    return bytes.fromhex(found)


def known(db: sqlite3.Connection, head: Head) -> None:
    """Note the ledger's last line that this database knows of, in a transaction."""
    told = json.dumps([head.count, head.hash])
    db.execute("INSERT OR REPLACE INTO about VALUES ('ledger', ?)", (told,))


@dataclass
class Desk:
    """What a writer works with: an open transaction, and lines for the ledger."""

    db: sqlite3.Connection
    lines: list[Line] = field(default_factory=list)

    def note(self, what: str, **told: Any) -> None:
        """A line for the ledger; it is there before the transaction is."""
        self.lines.append({"what": what, **told})


def make_show(folder: str | os.PathLike[str], salt: str = "") -> Show:
    """The show in a folder; a new one where there is none. Raises BadInput, CannotWrite.

    A new show is its user's only, and its folder holds nothing else. salt: of a show that is made
    anew.
    """
    place = Path(os.path.abspath(os.path.expanduser(folder)))
    try:
        if not _is_show(place) and _others(place):
            raise BadInput(
                f"{place} holds other things.", f"Name a new folder: --show {place / NAME}"
            )
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for each in (ARRAYS, THUMBS, CLAIMS):
            (place / each).mkdir(mode=0o700, exist_ok=True)
        show = Show(place)
        with show.locked():
            if not _is_show(place):
                show.make(salt or secrets.token_hex(32))
    except OSError as why:
        raise CannotWrite(
            f"The show in {place} cannot be written.",
            "Choose a folder that you may write to, beside the project.",
            why.strerror or str(why),
        ) from why
    return open_show(place)


def open_show(folder: str | os.PathLike[str]) -> Show:
    """The show in a folder; one of an older version is upgraded.

    Raises BadInput where there is none, or a newer one; CannotWrite where it cannot be upgraded;
    Damaged.
    """
    place = there_is(folder)
    show = Show(place)
    show.verify()
    with show.reading() as db:
        there = schema.version(db)
    if there > len(schema.STEPS):
        raise BadInput(
            f"The show in {place} is of version {there}; this Answerprint knows "
            f"{len(schema.STEPS)}.",
            "Use the newer Answerprint that wrote it.",
        )
    if there < len(schema.STEPS):
        try:
            with show.writing() as desk:
                schema.bring_up(desk.db, ledger.lines(place))
        except CannotWrite as why:
            raise CannotWrite(
                f"The show in {place} is of version {there} and has to be upgraded once.",
                "Somebody who may write there does it by opening it: "
                f"answerprint show list --show {place}",
                why.title,
            ) from why
    return show


def there_is(folder: str | os.PathLike[str]) -> Path:
    """The absolute path of a show, be it sound or not. Raises BadInput where there is none."""
    place = Path(os.path.abspath(os.path.expanduser(folder)))
    if not _is_show(place):
        raise BadInput(
            f"There is no show in {place}.",
            f"Name the folder of one, or make it: answerprint show add DAILIES --show {place}",
        )
    return place


def _is_show(place: Path) -> bool:
    return any((place / name).exists() for name in (DATABASE, SEAL, ledger.FILE))


def _others(place: Path) -> bool:
    """Whether a folder holds what is not of a show that a kill left half made."""
    own = (ARRAYS, THUMBS, CLAIMS, LOCK, roots.FILE)
    names = os.listdir(place) if place.is_dir() else []
    return any(name not in own and not name.startswith(".") for name in names)


class Show:
    """A show that was opened; use `open_show` or `make_show`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = FileLock(folder / LOCK, timeout=PATIENCE)
        self._known: tuple[Any, ...] = ()

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """The tables as they are at one moment. Raises Damaged."""
        self.verify()
        with _plainly(self.folder), closing(self._connected()) as db:
            db.execute("PRAGMA query_only = ON")
            db.execute("BEGIN")
            yield db

    @contextmanager
    def writing(self) -> Generator[Desk]:
        """A transaction that is whole or not at all; waits for whoever writes.

        Raises Damaged, CannotWrite where another one does not end or the disk takes nothing.
        """
        with self.locked():
            self._sealed()
            write_json(self.folder / SEAL, {"writing": True})
            try:
                with _plainly(self.folder), closing(self._connected()) as db:
                    db.execute("BEGIN IMMEDIATE")
                    desk = Desk(db)
                    try:
                        yield desk
                        if desk.lines:
                            known(db, ledger.add(self.folder, desk.lines))
                        db.execute("COMMIT")
                    except BaseException:
                        if db.in_transaction:
                            db.execute("ROLLBACK")
                        done = _head_in(db)  # of this writer, where its COMMIT happened
                        if ledger.head(self.folder) != done:
                            ledger.take_back(self.folder, done)
                        raise
            finally:
                self._seal()

    def verify(self) -> None:
        """Raises Damaged where the database or the ledger is not as its last writer left it."""
        while True:
            told = self._told()
            if told.get("writing"):
                if not self._abandoned():
                    return  # it was sound when that writer began
                continue
            if (*self._stat(), json.dumps(told)) == self._known:
                return
            wrong = self._wrong(told)
            if not wrong:
                self._known = (*self._stat(), json.dumps(told))
                return
            if self._told() == told:  # else a writer came in between
                raise wrong

    @contextmanager
    def locked(self) -> Generator[None]:
        """Nobody else writes meanwhile. It may be taken again by who has it."""
        try:
            self._lock.acquire()
        except Timeout as why:
            raise CannotWrite(
                f"Somebody has been writing the show in {self.folder} for {PATIENCE} seconds.",
                "Wait for it, or end that process.",
            ) from why
        except OSError as why:
            raise CannotWrite(
                f"The show in {self.folder} cannot be written.",
                "Ask for the right to write.",
                why.strerror or str(why),
            ) from why
        try:
            yield
        finally:
            self._lock.release()

    def make(self, salt: str) -> None:
        """New tables in an empty place; with the lock."""
        os.chmod(self.folder, 0o700)
        roots.write(self.folder, roots.Roots(salt))
        with _plainly(self.folder), closing(self._connected()) as db:
            db.execute("BEGIN IMMEDIATE")
            schema.bring_up(db)
            db.execute("INSERT INTO about VALUES ('salt', ?)", (salt,))
            db.execute("COMMIT")
        self._seal()

    @contextmanager
    def replacing(self) -> Generator[Head]:
        """Nobody writes, and the database may be put in place of a damaged one meanwhile.

        Yields the ledger's head; what stands there at the end is sealed. Where it does not come to
        its end, the show stays damaged.
        """
        with self.locked():
            write_json(self.folder / SEAL, {"writing": True, "replacing": True})
            (self.folder / f"{DATABASE}-journal").unlink(missing_ok=True)  # the old one's
            yield ledger.head(self.folder)
            self._seal()

    def promised(self) -> Head:
        """The ledger's head as the seal has it, else as the database does, damaged as it may be;
        of no line where neither can be read."""
        try:
            return Head(*self._told()["ledger"])
        except (KeyError, TypeError):
            pass
        where = (self.folder / DATABASE).resolve().as_uri()
        try:  # as the file is: a journal beside it is left alone
            with closing(sqlite3.connect(f"{where}?immutable=1", uri=True)) as db:
                return _head_in(db)
        except (sqlite3.DatabaseError, ValueError, TypeError):
            return Head()

    # --- the seal ---------------------------------------------------------------------------

    def _sealed(self) -> None:
        """As `verify`, with the lock."""
        if self._told().get("writing"):
            self._recover()
        self.verify()

    def _abandoned(self) -> bool:
        """Whether who took the seal off is gone; then it is on again."""
        try:
            with self._lock.acquire(timeout=0):
                if self._told().get("writing"):
                    self._recover()
                return True
        except OSError:  # Timeout is one; so is a folder that may only be read
            return False

    def _recover(self) -> None:
        """After a writer was killed: SQLite takes its half back, and the ledger's lines of it go
        too, for what they say was never done. All else has to be sound."""
        if self._told().get("replacing"):
            raise _damaged(self.folder, "a rebuild of it was stopped")
        try:
            with closing(self._connected()) as db:
                said = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
                lost = db.execute("PRAGMA foreign_key_check").fetchone()
                head = _head_in(db)
        except sqlite3.DatabaseError as why:
            raise _damaged(self.folder, str(why)) from why
        if said != "ok" or lost:
            raise _damaged(self.folder, said)
        if not ledger.take_back(self.folder, head):
            raise _broken(self.folder, f"{ledger.FILE} lacks lines that {DATABASE} knows of")
        self._seal()

    def _seal(self) -> None:
        head = ledger.head(self.folder)
        told = {"database": _digest(self.folder / DATABASE), "ledger": [head.count, head.hash]}
        write_json(self.folder / SEAL, told)
        self._known = (*self._stat(), json.dumps(told))

    def _told(self) -> dict[str, Any]:
        try:
            told = json.loads((self.folder / SEAL).read_text("utf-8"))
            if isinstance(told, dict):
                return told
        except (OSError, ValueError):
            return {}
        return {}

    def _wrong(self, told: dict[str, Any]) -> Damaged | None:
        """What does not fit the seal; None where all does."""
        if set(told) != {"database", "ledger"}:
            return _damaged(self.folder, f"{SEAL} is missing or cannot be read")
        if ledger.head(self.folder) != Head(*told["ledger"]):
            return _broken(self.folder, f"{ledger.FILE} has other lines at its end")
        try:
            if _digest(self.folder / DATABASE) != told["database"]:
                return _damaged(self.folder, f"{DATABASE} has changed since it was written")
        except OSError as why:
            return _damaged(self.folder, f"{DATABASE}: {why.strerror or why}")
        return None

    def _stat(self) -> tuple[int, ...]:
        found: list[int] = []
        for name in (DATABASE, ledger.FILE):
            try:
                there = os.stat(self.folder / name)
                found += (there.st_ino, there.st_size, there.st_mtime_ns)
            except FileNotFoundError:
                found += (0, 0, 0)
        return tuple(found)

    def _connected(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.folder / DATABASE, timeout=BUSY, isolation_level=None)
        for pragma in (
            "journal_mode = DELETE",
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",  # what is forgotten is not left in the file
            "trusted_schema = OFF",
            "cell_size_check = ON",
        ):
            db.execute(f"PRAGMA {pragma}")
        return db


def _head_in(db: sqlite3.Connection) -> Head:
    """The ledger's last line that a database knows of."""
    row = db.execute("SELECT value FROM about WHERE name = 'ledger'").fetchone()
    return Head(*json.loads(row[0])) if row else Head()


@contextmanager
def _plainly(folder: Path) -> Generator[None]:
    """SQLite's errors in words."""
    try:
        yield
    except sqlite3.DatabaseError as why:
        code = getattr(why, "sqlite_errorname", "")
        if code in ("SQLITE_CORRUPT", "SQLITE_NOTADB") or code.startswith("SQLITE_CORRUPT"):
            raise _damaged(folder, str(why)) from why
        if code.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
            hint = "Make space there, or ask for the right to write."
            raise CannotWrite(f"The show in {folder} cannot be written.", hint, str(why)) from why
        if code.startswith("SQLITE_BUSY"):
            raise CannotWrite(
                f"Somebody has been reading or writing the show in {folder} for {BUSY} seconds.",
                "Try again.",
            ) from why
        raise


def _damaged(folder: Path, why: str) -> Damaged:
    return Damaged(
        f"The show in {folder} is damaged: {why}.",
        "Make it anew from the media; what was approved stays: answerprint show rebuild --show "
        f"{folder}",
    )


def _broken(folder: Path, why: str) -> Damaged:
    """The ledger's damage: no medium gives it back."""
    return Damaged(
        f"The show in {folder} is damaged: {why}.",
        f"Bring {ledger.FILE} back from a backup: what was forgotten and decided stands in it.",
    )


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
