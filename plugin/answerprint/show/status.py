"""Status of findings and results: who decided what, when, about which frames.

    open       nothing was decided; also what was found again, or is no longer what was decided on
    noted      seen, to be done or to be left for later
    fixed      somebody says so, or a check finds it no more
    approved   a person took it; nothing else ever makes this
    rejected   a person did not take it, and says why; nothing is removed
    waived     left on purpose, with the reason; of findings, written into the show's rules

Convention
    truth      the ledger: one line `decided` for each decision. The table `status` holds the last
               word on each finding and each version, and is made from it alone (`decided.py`).
    ids        of findings as a check's report has them, of results as `review/results.py`; neither
               says what a clip is called.
    places     where the media of a result lies, keyed with the show's salt: who has the path finds
               its results, a reader of the ledger learns no path; who also has the show's folder
               can try a guess of one.
    digest     of the frames that were decided on: other frames are another matter.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from answerprint.errors import BadInput, BadParameter
from answerprint.frames.movie import SUFFIXES as MOVIES
from answerprint.frames.sequence import find, ranges
from answerprint.show import decided
from answerprint.show.ledger import keyed
from answerprint.show.store import Desk, salt
from answerprint.tool import frame_numbers

WORDS = ("open", "noted", "fixed", "approved", "rejected", "waived")
REASONED = ("rejected", "waived")
"""Words that need a note."""
CHECK = "answerprint check"
"""Who decides where a check does. It never approves."""
LONGEST_NAME, LONGEST_NOTE = 200, 20_000


@dataclass(frozen=True)
class Status:
    """The last word on a finding or a result.

    of        'finding' or 'result'.
    by, at    who said it, and when: UTC, ISO 8601.
    owner     whose matter it is: as was said, else whoever decided first.
    tool, version, frames, digest, places   of a result: the tool, the number of its version, the
              frames as a range, the sha256 over them, and `key_of` of where they lie.
    """

    id: str
    word: str = "open"
    of: str = "finding"
    by: str = ""
    at: str = ""
    owner: str = ""
    note: str = ""
    tool: str = ""
    version: int | None = None
    frames: str = ""
    digest: str = ""
    places: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.word not in WORDS:
            raise BadParameter(f"There is no status '{self.word}'.", f"Use {', '.join(WORDS)}.")

    @property
    def key(self) -> str:
        """What it is about: the id of a finding; of a result each version is another matter."""
        return key_of_version(self.id, self.version)

    def plain(self) -> dict[str, Any]:
        return asdict(self) | {"places": list(self.places)}

    def about(self, digest: str) -> Status:
        """The same where it is about these frames; open where it is about others."""
        if self.of != "result" or self.digest == digest or self.word == "open":
            return self
        note = f"These are not the frames that were {self.word} by {self.by} on {self.at[:10]}."
        return replace(self, word="open", by="", note=note)


def decision(status: Status, before: Status | None = None) -> Status:
    """The status as a person decides it: with the time, and an owner.

    before   what was said last, for its owner.

    Raises BadParameter where nobody is named, where a reason is missing, and for what a person
    would not write as a name.
    """
    by, note, owner = status.by.strip(), status.note.strip(), status.owner.strip()
    if not by:
        title = f"Nobody is named who says that {status.id} is {status.word}."
        raise BadParameter(title, "Say who decides.", about="by")
    for what, name in (("by", by), ("owner", owner)):
        if not name.isprintable() or len(name) > LONGEST_NAME:
            raise BadParameter(f"{what} is {name[:80]!r}.", "Use a name of one line.", about=what)
    if status.word == "approved" and by.casefold() == CHECK:
        raise BadParameter("A check approves nothing.", "Name the person who does.", about="by")
    if status.word in REASONED and not note:
        title = f"Nobody says why {status.id} is {status.word}."
        raise BadParameter(title, "Say it in a sentence.", about="note")
    if len(note) > LONGEST_NOTE:
        title = f"The note has {len(note)} letters."
        raise BadParameter(title, f"Use {LONGEST_NOTE} at most.", about="note")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    owner = owner or (before.owner if before else "") or by
    return replace(status, by=by, note=note, owner=owner, at=now)


def record(desk: Desk, made: Status) -> None:
    """Into the ledger and the table, in the desk's transaction."""
    told = made.plain()
    desk.note(decided.DECIDED, **told)
    decided.put(desk.db, told)


def said(db: sqlite3.Connection, of: str = "") -> dict[str, Status]:
    """The last word by `key`, in the order in which they were said; of: 'finding' or 'result'
    alone."""
    rows = map(from_plain, decided.rows(db))
    return {each.key: each for each in rows if of in ("", each.of)}


def last(db: sqlite3.Connection, name: str, version: int | None = None) -> Status | None:
    """The last word on a finding, or on a version of a result."""
    row = decided.row(db, name, version or 0)
    return from_plain(row) if row else None


def key_of_version(name: str, version: int | None) -> str:
    return name if version is None else f"{name} v{version}"


def from_plain(told: Mapping[str, Any]) -> Status:
    names = {each.name for each in fields(Status)}
    kept = {name: value for name, value in told.items() if name in names}
    return Status(**kept | {"places": tuple(kept.get("places", ()))})


# --- where media lies ----------------------------------------------------------------------


def place_of(path: str) -> str:
    """The absolute path of a movie, or of a sequence as its pattern, however it was named."""
    path = os.path.abspath(os.path.expanduser(path))
    if os.path.splitext(path)[1].lower() in MOVIES and not os.path.isdir(path):
        return path
    try:
        found = find(path)
    except BadInput:
        return path
    return os.path.join(found.folder, found.pattern)


def key_of(db: sqlite3.Connection, path: str) -> str:
    """What the ledger calls a place: it is keyed with the show's salt."""
    return keyed(salt(db), place_of(path))


def moved(desk: Desk, before: str, now: str) -> dict[str, list[str]]:
    """Media lie elsewhere: their results are known there; what the ledger's line says of it."""
    keys = [key_of(desk.db, before), key_of(desk.db, now)]
    return {"places": keys} if decided.move(desk.db, *keys) else {}


# --- a check and the statuses --------------------------------------------------------------


def settled(
    before: Mapping[str, Status],
    shown: Iterable[str],
    waived: Iterable[Mapping[str, Any]],
    gone: Iterable[str],
) -> list[Status]:
    """What a check changes: rules and statuses agree, and what is gone is fixed.

    before   the last word by id.
    shown    ids of findings that stand in the report. waived: rows that the rules leave, with `id`,
             `by`, `why` and `date`. gone: ids of the last report, looked for and not found.

    What a person approved or rejected stays; nothing becomes approved.
    """
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    made: list[Status] = []

    def say(name: str, word: str, by: str, note: str, at: str = now) -> None:
        was = before.get(name, Status(name))
        if was.word != word:
            owner = was.owner or ("" if by == CHECK else by)
            made.append(Status(name, word, "finding", by, at, owner, note))

    for row in waived:
        if before.get(row["id"], Status(row["id"])).word != "approved":
            by = row["by"] or "the show's rules"
            say(row["id"], "waived", by, row["why"], row.get("date") or now)
    for name in shown:
        was = before.get(name, Status(name))
        if was.word == "fixed":
            say(name, "open", CHECK, f"Found again; {was.by} had it fixed on {was.at[:10]}.")
        elif was.word == "waived":
            say(name, "open", CHECK, f"The waiver of {was.by} is no longer in the rules.")
    for name in gone:
        if before.get(name, Status(name)).word in ("open", "noted"):
            say(name, "fixed", CHECK, "Gone since the check before.")
    return made


def uncovered(approved: Sequence[Status], used: tuple[int, int]) -> list[tuple[Status, list[int]]]:
    """Approved results of one place that show a part of `used`, and the frames they lack.

    used   first and last frame of the media that a cut shows, both included.

    Of the results of one tool the one that covers most counts, of equals the latest.
    """
    best: dict[str, tuple[int, str, Status, list[int]]] = {}
    for each in approved:
        there = set(frame_numbers(each.frames))
        lacks = [n for n in range(used[0], used[1] + 1) if n not in there]
        covers = used[1] - used[0] + 1 - len(lacks)
        if covers and (covers, each.at) >= best.get(each.tool, (0, ""))[:2]:
            best[each.tool] = (covers, each.at, each, lacks)
    return [(each, lacks) for _, _, each, lacks in best.values() if lacks]


def range_of(numbers: Iterable[int]) -> str:
    """Frames as `Status.frames` has them; '' where there are none."""
    found = sorted(numbers)
    return ranges(found) if found else ""
