"""Whether a show is as it was written: database, ledger, arrays, thumbnails, list of roots.

`Show.verify` asks the seal at every opening; this looks at every byte, and at what there is no seal
for. Every damage is named with the way out. Media that are gone or changed are no damage: told.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from answerprint.errors import BadInput
from answerprint.events import Events
from answerprint.show import ledger, roots, stamp
from answerprint.show.dailies import stamp_of
from answerprint.show.learn import strays
from answerprint.show.store import ARRAYS, DATABASE, THUMBS, Damaged, Show, there_is


@dataclass(frozen=True)
class Damage:
    """where: a file of the show, below its folder. what: a sentence. hint: the way out."""

    where: str
    what: str
    hint: str


@dataclass(frozen=True)
class Verified:
    """media: path -> what became of the media of a clip; strays: files of no clip."""

    clips: int
    lines: int
    damages: tuple[Damage, ...]
    media: dict[str, str]
    strays: int

    @property
    def sentence(self) -> str:
        if self.damages:
            many = len(self.damages)
            return f"{many} damage{'' if many == 1 else 's'}: see the list."
        return f"Sound: {self.clips} clips, {self.lines} lines in the ledger."

    def as_dict(self) -> dict[str, Any]:
        status = "partial" if self.damages else "done"
        return {"status": status, "sentence": self.sentence, **asdict(self)}


def verify(folder: Path, events: Events | None = None) -> Verified:
    """Look at every file of a show. Raises BadInput where there is none, Cancelled."""
    events, show = events or Events(), Show(there_is(folder))
    found, lines = list[Damage](), 0
    media, left = dict[str, str](), 0
    try:
        for _ in ledger.lines(folder):
            lines += 1
    except BadInput as why:
        found.append(Damage(ledger.FILE, why.title, why.hint))
    try:
        roots.read(folder)
    except BadInput as why:
        hint = f"It is written anew by the next: answerprint show add DAILIES --show {folder}"
        found.append(Damage(roots.FILE, why.title, hint))
    rows = list[tuple[str, str, str, str]]()
    thumbs = defaultdict[str, list[tuple[str, str]]](list)
    try:
        with show.reading() as db:  # not for long: who writes waits for it
            said = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if said != "ok":
                hint = f"Make it anew: answerprint show rebuild --show {folder}"
                found.append(Damage(DATABASE, f"{DATABASE}: {said}.", hint))
            rows = db.execute("SELECT id, path, stamp, structures FROM clip").fetchall()
            looks = db.execute("SELECT clip, frame, thumb FROM look JOIN shot ON shot.id = shot")
            for clip, frame, digest in looks:
                thumbs[clip].append((f"{THUMBS}/{clip}/{frame}.jpg", digest))
            left = len(strays(folder, db))
    except Damaged as why:
        found.append(Damage(DATABASE, why.title, why.hint))
    for done, (name, path, kept, digest) in enumerate(rows):
        events.check()
        events.progress("verify", done, len(rows), path)
        hint = f"Measure the clip anew: answerprint show add {path} --again --show {folder}"
        for where, wanted in [(f"{ARRAYS}/{name}.npz", digest), *thumbs[name]]:
            if what := _wrong(folder, where, wanted):
                found.append(Damage(where, f"{what} ({path}).", hint))
        if became := _became(path, kept):
            media[path] = became
    return Verified(len(rows), lines, tuple(found), media, left)


def _wrong(folder: Path, where: str, wanted: str) -> str:
    """What is wrong with a file of the show, '' where it is as it was written."""
    try:
        with open(folder / where, "rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == wanted
    except OSError as why:
        return f"{where} cannot be read: {why.strerror or why}"
    return "" if same else f"{where} has changed since it was written"


def _became(path: str, kept: str) -> str:
    """What became of a clip's media, '' where it is as it was."""
    now = stamp_of(path)
    return "" if stamp.same(kept, now) else "changed" if now else "gone"
