"""One clip into the show: measured under a claim, then written whole or not at all.

A claim is a lock that ends with its process: of two that add the same clip at once one measures
it. Whether it is in the show already is asked again under the claim, and again when it is written,
so that a claim saves work and no more hangs on it.

Files come first, then the row, both under the show's lock. Files without a row are what a killed
writer left; `sweep` removes them.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import shutil
import sqlite3
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from answerprint import frames as frames_package
from answerprint import vision
from answerprint.errors import BadInput, CannotWrite
from answerprint.frames import config
from answerprint.frames.sequence import ranges
from answerprint.show import stamp, store
from answerprint.show.dailies import Daily, stamp_of
from answerprint.show.forgotten import is_forgotten
from answerprint.show.ledger import keyed
from answerprint.show.reports import joined
from answerprint.show.roots import Root, Roots
from answerprint.show.store import ARRAYS, CLAIMS, THUMBS, Desk, Show
from answerprint.show.take import Take, Told, measure
from answerprint.vision import sketch

BUSY, KNOWN, LEARNED, FORGOTTEN = "busy", "known", "learned", "forgotten"
Outcome = dict[str, Any]


def learn(show: Show, daily: Daily, told: Told, again: bool = False) -> Outcome:
    """Measure a clip and keep it; {"state": BUSY} where somebody else is at it.

    again   measures it although it is known.

    Raises BadInput where it cannot be read or changes meanwhile, CannotWrite, Damaged, and what
    `told` raises; the show is then as it was.
    """
    with show.reading() as db:
        name = keyed(store.salt(db), daily.path)
    with _claim(show.folder / CLAIMS / f"{name}.lock") as mine:
        if not mine:
            return {"state": BUSY}
        with show.reading() as db:
            before = _known(db, daily.path)
        if before and before.same(daily) and not again:
            return {"state": KNOWN, "id": before.name}
        take = measure(daily.path, told, daily.space)
        if stamp_of(daily.path) != daily.stamp:
            raise BadInput(
                f"{daily.name} changed while it was measured.", "Add it again when it is finished."
            )
        return keep(show, daily, take, before.name if before else "")


def keep(show: Show, daily: Daily, take: Take, before: str = "") -> Outcome:
    """Write a measured clip. before: id of the row that it replaces.

    The state is KNOWN or FORGOTTEN, and nothing is written, where somebody else wrote it or forgot
    it meanwhile.
    """
    name, secret = secrets.token_hex(8), secrets.token_bytes(32)
    with show.writing() as desk:
        there = _known(desk.db, daily.path)
        if there and there.name != before:
            return {"state": KNOWN, "id": there.name}  # another one was faster
        if is_forgotten(desk.db, daily.path, daily.stamp):
            return {"state": FORGOTTEN}  # while it was measured
        sources = {"media": take.said, "logs": there.logs if there else {}}
        if there:
            remove_rows(desk.db, there.name)
        try:
            files = _write_files(show.folder, name, take)
            _insert(desk.db, name, secret, daily, take, sources, files)
        except BaseException:  # later the row may be there: `sweep` looks
            remove_files(show.folder, name)
            raise
        desk.note(
            "learned",
            clip=name,
            path=keyed(secret, daily.path),
            media=keyed(secret, daily.stamp),
            frames=sum(each.frames[1] - each.frames[0] + 1 for each in take.shots),
            shots=len(take.shots),
            code=code()[:12],
            **({"instead_of": before} if there else {}),
        )
    if before:
        remove_files(show.folder, before)
    lost = sorted(int(n) for each in take.shots for n in each.passport["frames"]["failed"])
    notes = [f"Frames that cannot be read: {ranges(lost)}."] if lost else []
    return {
        "state": LEARNED,
        "id": name,
        "path": daily.path,
        "name": daily.name,
        "frames": take.media.last - take.media.first + 1,
        "shots": len(take.shots),
        "looks": sum(len(each.looks) for each in take.shots),
        "notes": [*take.notes, *notes],
    }


@dataclass(frozen=True)
class _Known:
    """A clip as the show has it. logs: what reports say of it (`reports.py`)."""

    name: str
    stamp: str
    space: str
    logs: dict[str, Any]

    def same(self, daily: Daily) -> bool:
        return stamp.same(self.stamp, daily.stamp) and self.space == daily.space


def _known(db: sqlite3.Connection, path: str) -> _Known | None:
    asked = "SELECT id, stamp, camera, sources FROM clip WHERE path = ?"
    row = db.execute(asked, (path,)).fetchone()
    if row is None:
        return None
    name, stamped, camera, sources = row
    return _Known(name, stamped, space_of(camera), json.loads(sources)["logs"] if sources else {})


def space_of(camera: str) -> str:
    """The colour space that somebody named for a clip, by its column `camera`."""
    return str(json.loads(camera).get("colourspace", ""))


def every_clip(db: sqlite3.Connection) -> Roots:
    """Each clip as if it had been added by itself: where the list of what was added is lost."""
    rows = db.execute("SELECT path, camera FROM clip ORDER BY path")
    every = tuple(Root(path, (), space_of(camera)) for path, camera in rows)
    return Roots(store.salt(db).hex(), every)


def packed(told: Any) -> bytes:
    """JSON as the tables hold it."""
    return zlib.compress(json.dumps(told, allow_nan=False, separators=(",", ":")).encode())


def unpacked(kept: bytes) -> Any:
    return json.loads(zlib.decompress(kept))


@cache
def code() -> str:
    """What measures: other code may measure other numbers."""
    told = hashlib.sha256(config.source().encode())
    for package in (frames_package, vision):
        for path in sorted(Path(package.__path__[0]).glob("*.py")):
            told.update(path.read_bytes())
    return told.hexdigest()


# --- claims --------------------------------------------------------------------------------


@contextmanager
def _claim(path: Path) -> Generator[bool]:
    """Whether it is ours for the length of the block."""
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    except OSError as why:
        raise CannotWrite(
            f"{path.parent} cannot be written.", "Ask for the right to write.", str(why)
        ) from why
    try:
        yield True
    finally:
        lock.release()
        path.unlink(missing_ok=True)  # who waits for it measures: the row is asked again


# --- rows and files ------------------------------------------------------------------------


def _insert(
    db: sqlite3.Connection,
    name: str,
    secret: bytes,
    daily: Daily,
    take: Take,
    sources: dict[str, Any],
    files: dict[str, str],
) -> None:
    media, camera = take.media, joined(sources)
    values = (
        *(name, daily.path, daily.name, daily.kind, daily.stamp, code(), secret),
        *(media.first, media.last, str(media.rate) if media.rate else None, media.start),
        str(camera.get("reel", "")),
        *(media.width, media.height, media.space, json.dumps(camera), files["structures"]),
        json.dumps(sources),
    )
    marks = ", ".join("?" * len(values))
    db.execute(f"INSERT INTO clip VALUES ({marks})", values)
    for shot in take.shots:
        row = db.execute(
            "INSERT INTO shot (clip, first, last, passport) VALUES (?, ?, ?, ?)",
            (name, *shot.frames, packed(shot.passport)),
        )
        for look in shot.looks:
            db.execute(
                "INSERT INTO look (shot, frame, sketch, palette, thumb) VALUES (?, ?, ?, ?, ?)",
                (
                    *(row.lastrowid, look.frame, look.sketch.tobytes(), look.palette),
                    files[str(look.frame)],
                ),
            )


def _write_files(folder: Path, name: str, take: Take) -> dict[str, str]:
    """Arrays and thumbnails on disk; their sha256, by 'structures' and by frame."""
    arrays, files = dict[str, Any](), dict[str, str]()
    thumbs = folder / THUMBS / name
    try:
        thumbs.mkdir(mode=0o700)
        for look in (look for shot in take.shots for look in shot.looks):
            arrays |= sketch.arrays(look.frame, look.found)
            _write(thumbs / f"{look.frame}.jpg", look.thumb)
            files[str(look.frame)] = hashlib.sha256(look.thumb).hexdigest()
        packed = io.BytesIO()
        np.savez(packed, **arrays)
        _write(folder / ARRAYS / f"{name}.npz", packed.getvalue())
    except OSError as why:
        raise CannotWrite(
            f"The show in {folder} cannot be written.",
            "Make space there, or ask for the right to write.",
            why.strerror or str(why),
        ) from why
    files["structures"] = hashlib.sha256(packed.getvalue()).hexdigest()
    return files


def _write(path: Path, data: bytes) -> None:
    with open(path, "xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def remove_rows(db: sqlite3.Connection, name: str) -> dict[str, int]:
    """Everything in the tables that comes from a clip; how many rows of what."""
    (path,) = db.execute("SELECT path FROM clip WHERE id = ?", (name,)).fetchone()
    of_clip = "(SELECT id FROM shot WHERE clip = ?)"
    removed = {
        "looks": db.execute(f"DELETE FROM look WHERE shot IN {of_clip}", (name,)).rowcount,
        "shots": db.execute("DELETE FROM shot WHERE clip = ?", (name,)).rowcount,
        "passports": db.execute("DELETE FROM measured WHERE path = ?", (path,)).rowcount,
    }
    db.execute("DELETE FROM clip WHERE id = ?", (name,))
    return removed


def remove_files(folder: Path, name: str) -> dict[str, int]:
    """Arrays and thumbnails of a clip that has no row any more; how many files of what."""
    thumbs, arrays = folder / THUMBS / name, folder / ARRAYS / f"{name}.npz"
    count = len(list(thumbs.glob("*"))) if thumbs.is_dir() else 0
    shutil.rmtree(thumbs, ignore_errors=True)
    there = arrays.exists()
    arrays.unlink(missing_ok=True)
    return {"thumbnails": count, "arrays": int(there)}


def strays(folder: Path, db: sqlite3.Connection) -> list[str]:
    """Clip ids that have files and no row."""
    known = {name for (name,) in db.execute("SELECT id FROM clip")}
    there = {each.stem for each in (folder / ARRAYS).glob("*.npz")}
    there |= {each.name for each in (folder / THUMBS).glob("*")}
    return sorted(there - known)


def sweep(show: Show, desk: Desk) -> None:
    """Remove what a killed writer left; inside a transaction, for its lock."""
    for name in strays(show.folder, desk.db):
        remove_files(show.folder, name)
    for claim in (show.folder / CLAIMS).glob("*.lock"):  # its name is made of a path
        with _claim(claim):
            continue
