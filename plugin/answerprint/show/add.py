"""Dailies into the show: what is new or changed is measured, what is known is left.

    added = add(show, ["/projects/reel/dailies"], events, workers=8)

Whatever ends this, what was finished stays and the rest comes with the next call. Two processes
that add the same folder share the work (`learn.py`). Cost: linear in the frames that are measured,
limited by decoding.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from answerprint.edit.media import Media
from answerprint.errors import BadInput
from answerprint.events import Events
from answerprint.frames import colour
from answerprint.show import fingerprint, roots, store
from answerprint.show.crew import PAUSE, Crew
from answerprint.show.dailies import Daily, Logs, Said, Walk, named, walk
from answerprint.show.learn import (
    BUSY,
    FORGOTTEN,
    LEARNED,
    Outcome,
    code,
    digests,
    learn,
    space_of,
    sweep,
)
from answerprint.show.ledger import keyed
from answerprint.show.roots import Root
from answerprint.show.store import Damaged, Desk, Show, make_show

STAGE = "learn"
MEGA = 1 << 20
Tell = Callable[[Daily, float], None]


@dataclass
class Added:
    """learned: a row for each clip that was measured. moved: from, to. failed: path -> why.

    left: paths that were forgotten once, and so not added. gone: paths that the show has below
    what was added, where nothing is any more. older: clips that another version measured.
    """

    learned: list[Outcome] = field(default_factory=list)
    known: int = 0
    moved: list[tuple[str, str]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    older: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def status(self) -> str:
        return "partial" if self.failed else "done"

    @property
    def sentence(self) -> str:
        frames = _many(sum(each["frames"] for each in self.learned), "frame")
        words = [f"{_many(len(self.learned), 'clip')} learned ({frames})", f"{self.known} known"]
        for count, what in (
            (len(self.moved), "moved"),
            (len(self.left), "left as forgotten"),
            (len(self.failed), "failed"),
        ):
            words += [f"{count} {what}"] if count else []
        return ", ".join(words) + "."

    def as_dict(self) -> dict[str, Any]:
        return {"status": self.status, "sentence": self.sentence, **vars(self)}


def begin(folder: str | os.PathLike[str], paths: Sequence[str], colourspace: str = "") -> Show:
    """The show in a folder; made where there is none yet, if there is anything to add to it.

    Raises BadInput, BadParameter for an unknown colour space, CannotWrite.
    """
    if colourspace:
        colour.space(colourspace)
    if not os.path.exists(folder):
        found = walk(paths)
        if not found.clips and not found.logs:
            raise _nothing(paths, found)
    return make_show(folder)


def add(
    show: Show,
    paths: Sequence[str],
    events: Events | None = None,
    workers: int = 0,
    logs: Sequence[str] = (),
    colourspace: str = "",
    again: bool = False,
) -> Added:
    """Learn every movie and sequence below these paths.

    workers      processes that measure; 0: this one.
    logs         ALE files besides those that lie below the paths.
    colourspace  of all these clips, where their files do not say it; it holds until another one is
                 named.
    again        measures what is known anew, and adds what was forgotten.

    A clip that cannot be read does not stop the others. Raises BadInput where there is nothing to
    add, BadParameter for an unknown colour space, CannotWrite, Damaged, and Cancelled: what was
    finished is kept.
    """
    if colourspace:
        colour.space(colourspace)
    events, found = events or Events(), walk(paths)
    if not found.clips and not found.logs:
        raise _nothing(paths, found)
    added, told = Added(failed=dict(found.refused)), Logs()
    for log in dict.fromkeys((*found.logs, *map(_absolute, logs))):
        told.read(log)
    added.failed |= told.wrong
    with show.writing() as desk:
        sweep(show, desk)
        _remember(
            show, desk, [Root(p, tuple(map(_absolute, logs)), colourspace) for p in _at(paths)]
        )
        todo = _sorted(desk, found, added, colourspace, again)
    for daily, outcome in _learned(show, todo, events, workers, again):
        if "failed" in outcome:
            added.failed[daily.path] = outcome["failed"]
        elif outcome["state"] == FORGOTTEN:
            added.left.append(daily.path)
        elif outcome["state"] == LEARNED:
            added.learned.append(outcome)
            added.notes += [f"{daily.name}: {note}" for note in outcome["notes"]]
        else:
            added.known += 1  # another process was faster
    with show.writing() as desk:
        joined = _join(desk.db, told)
        if added.learned or joined:
            fingerprint.refresh(desk.db)
        added.gone = _gone(desk.db, _at(paths), found)
        own = "SELECT count(*) FROM clip WHERE code <> ?"
        added.older = int(desk.db.execute(own, (code(),)).fetchone()[0])
    added.learned.sort(key=lambda each: str(each["path"]))
    return added


def _nothing(paths: Sequence[str], found: Walk) -> BadInput:
    listed = ", ".join(paths) or "no path"
    detail = "; ".join(list(found.refused.values())[:3])
    return BadInput(
        f"There is no movie and no sequence in {listed}.", "Name the folder of the dailies.", detail
    )


def _absolute(path: str) -> str:
    return os.path.abspath(os.path.expanduser(path))


def _at(paths: Sequence[str]) -> list[str]:
    """Folders and clips as the show names them."""
    found = []
    for path in map(_absolute, paths):
        try:
            found.append(path if os.path.isdir(path) else named(path))
        except BadInput:
            continue  # among the refused
    return found


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


# --- what is to be done --------------------------------------------------------------------


def _remember(show: Show, desk: Desk, added: Sequence[Root]) -> None:
    """Note what is added, before it is: what is killed is rebuilt as well."""
    try:
        before = roots.read(show.folder)
    except BadInput:
        before = roots.Roots(store.salt(desk.db).hex(), _roots_of(desk.db))
    after = before.with_(added)
    if after != before:
        roots.write(show.folder, after)


def _roots_of(db: sqlite3.Connection) -> tuple[Root, ...]:
    """Where the list of roots is lost: every clip is one."""
    rows = db.execute("SELECT path, camera FROM clip ORDER BY path")
    return tuple(Root(path, (), json.loads(camera).get("colourspace", "")) for path, camera in rows)


def _sorted(desk: Desk, found: Walk, added: Added, colourspace: str, again: bool) -> list[Daily]:
    """The clips that are to be measured; known, moved and forgotten ones are told."""
    db, salt = desk.db, store.salt(desk.db)
    if again:
        for daily in found.clips.values():
            _lift(desk, salt, daily)
    forgotten = {digest for (digest,) in db.execute("SELECT digest FROM forgotten")}
    rows = db.execute("SELECT path, stamp, camera FROM clip").fetchall()
    known = {path: stamp for path, stamp, _ in rows}
    spaces = {path: space_of(camera) for path, _, camera in rows}
    todo = list[Daily]()
    for daily in found.clips.values():
        if not forgotten.isdisjoint(digests(salt, daily.path, daily.stamp)):
            added.left.append(daily.path)
        elif daily.path in known:
            space = colourspace or spaces[daily.path]  # named once, it holds
            same = known[daily.path] == daily.stamp and space == spaces[daily.path]
            if same and not again:
                added.known += 1
            else:
                todo.append(replace(daily, space=space))
        elif before := _from(known, found, daily):
            known[daily.path] = known.pop(before)
            _move(desk, before, daily)
            added.moved.append((before, daily.path))
        else:
            todo.append(replace(daily, space=colourspace))
    return todo


def _lift(desk: Desk, salt: bytes, daily: Daily) -> None:
    """Somebody asks for a forgotten clip again."""
    both = digests(salt, daily.path, daily.stamp)
    gone = desk.db.execute("DELETE FROM forgotten WHERE digest IN (?, ?)", both)
    if gone.rowcount:
        desk.note("asked_again", digests=list(both))


def _from(known: dict[str, str], found: Walk, daily: Daily) -> str:
    """The path that a clip had: the only one with its stamp, and nothing is there any more."""
    there = [path for path, stamp in known.items() if stamp == daily.stamp]
    if len(there) != 1 or there[0] in found.clips or _is_there(there[0]):
        return ""
    return there[0]


def _is_there(path: str) -> bool:
    return bool(walk([path]).clips)


def _move(desk: Desk, before: str, daily: Daily) -> None:
    name, secret = desk.db.execute(
        "SELECT id, secret FROM clip WHERE path = ?", (before,)
    ).fetchone()
    desk.db.execute(
        "UPDATE clip SET path = ?, name = ? WHERE id = ?", (daily.path, daily.name, name)
    )
    desk.db.execute("DELETE FROM measured WHERE path = ?", (before,))
    desk.note("moved", clip=name, path=keyed(secret, daily.path))


def _gone(db: sqlite3.Connection, below: Sequence[str], found: Walk) -> list[str]:
    rows = [path for (path,) in db.execute("SELECT path FROM clip ORDER BY path")]
    asked = tuple(os.path.join(path, "") for path in below)
    return [path for path in rows if path.startswith(asked) and path not in found.clips]


# --- measuring -----------------------------------------------------------------------------


def _learned(
    show: Show,
    todo: Sequence[Daily],
    events: Events,
    workers: int,
    again: bool,
) -> Iterator[tuple[Daily, Outcome]]:
    """Each clip with its outcome. Progress is in megabytes of files."""
    total = max(1, sum(each.size for each in todo) // MEGA)
    part = dict[str, float]()
    sizes = {each.path: each.size for each in todo}

    def tell(daily: Daily, done: float) -> None:
        events.check()
        part[daily.path] = max(done, part.get(daily.path, 0.0))  # a movie with cuts comes twice
        now = sum(sizes[path] * share for path, share in part.items()) / MEGA
        events.progress(STAGE, min(total - 1, int(now)), total, daily.name)

    if workers < 1:
        yield from _here(show, todo, tell, again)
    elif todo:
        yield from _crewed(todo, tell, events, Crew(show.folder, workers, again))
    events.progress(STAGE, total, total)


def _crewed(
    todo: Sequence[Daily], tell: Tell, events: Events, hands: Crew
) -> Iterator[tuple[Daily, Outcome]]:
    """In other processes, several at a time."""
    with hands as crew:
        for found in crew.learn(todo):
            events.check()
            if found is None:
                continue
            daily, what = found
            if isinstance(what, float):
                tell(daily, what)
            else:
                tell(daily, 1.0)
                yield daily, what


def _here(
    show: Show, todo: Sequence[Daily], tell: Tell, again: bool
) -> Iterator[tuple[Daily, Outcome]]:
    """In this process, one after the other; who is busy elsewhere comes last."""
    asked = deque(todo)
    while asked:
        daily = asked.popleft()
        tell(daily, 0.0)
        try:
            outcome = learn(show, daily, lambda done: tell(daily, done), again)  # noqa: B023
        except Damaged:
            raise
        except BadInput as why:
            outcome = {"failed": str(why)}
        if outcome.get("state") == BUSY:
            asked.append(daily)
            time.sleep(PAUSE)
        else:
            yield daily, outcome


# --- logs ----------------------------------------------------------------------------------


def _join(db: sqlite3.Connection, logs: Logs) -> int:
    """What logs say of the clips, where the clips' files do not say it; how many learned of it."""
    if not logs.lines:
        return 0
    joined = 0
    for name, path, media, said in _media(db):
        after: Said = {**logs.of(path, media), **said}
        if after != said:
            reel = media.reel or str(after.get("reel", ""))
            row = (json.dumps(after), reel, name)
            db.execute("UPDATE clip SET camera = ?, reel = ? WHERE id = ?", row)
            joined += 1
    return joined


def _media(db: sqlite3.Connection) -> list[tuple[str, str, Media, Said]]:
    rows = db.execute(
        "SELECT id, path, kind, first, last, start, rate, reel, width, height, space, camera "
        "FROM clip ORDER BY path"
    )
    found = []
    for name, path, kind, first, last, start, rate, reel, width, height, space, camera in rows:
        media = Media(
            *(path, kind, first, last, start, Fraction(rate) if rate else None, False, reel),
            *(width, height, 1.0, (), space),
        )
        found.append((name, path, media, json.loads(camera)))
    return found
