"""Dailies into the show: what is new or changed is measured, what is known is left.

    added = add(show, ["/projects/reel/dailies"], events, workers=8)

Whatever ends this, what was finished stays and the rest comes with the next call. Two processes
that add the same folder share the work (`learn.py`). Cost: linear in the frames that are measured,
limited by decoding.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from answerprint.errors import BadInput
from answerprint.events import Events
from answerprint.frames import colour
from answerprint.show import fingerprint, roots, stamp, status
from answerprint.show.crew import PAUSE, Crew
from answerprint.show.dailies import Daily, Walk, named, walk
from answerprint.show.decided import MOVED
from answerprint.show.forgotten import is_forgotten, lift
from answerprint.show.learn import (
    BUSY,
    FORGOTTEN,
    LEARNED,
    Outcome,
    code,
    every_clip,
    learn,
    space_of,
    sweep,
)
from answerprint.show.ledger import keyed
from answerprint.show.reports import Logs, join
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
    logs         ALE files besides those that lie below the paths; they are read again whenever
                 these paths are added.
    colourspace  of all these clips, where their files do not say it; it holds, also for what is
                 added there later, until another one is named.
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
    added, at = Added(failed=dict(found.refused)), _at(paths)
    with show.writing() as desk:
        sweep(show, desk)
        named = [Root(path, tuple(map(_absolute, logs)), colourspace) for path in at]
        before = roots.kept(show.folder)
        every = (before or every_clip(desk.db)).with_(named)
        todo = _sorted(desk, found, added, colourspace, again, every)
        paths_now = _paths(desk.db)
        every = every.followed(added.moved, [*paths_now, *(path for path, _ in added.moved)])
        if every != before:
            roots.write(show.folder, every)  # before it is measured: what is killed is rebuilt too
    if added.moved:  # now that the rows have moved, nothing is left in the old place
        with show.locked():
            every = roots.read(show.folder).followed(added.moved, paths_now)
            roots.write(show.folder, every)
    told = _reports(found, logs, [root for root in every.every if root.path in at])
    added.failed |= told.wrong
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
        joined = join(desk.db, told)
        if added.learned or joined:
            fingerprint.refresh(desk.db)
        added.gone = _gone(desk.db, at, found)
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


def _paths(db: sqlite3.Connection) -> list[str]:
    return [path for (path,) in db.execute("SELECT path FROM clip ORDER BY path")]


def _reports(found: Walk, named: Sequence[str], added: Sequence[Root]) -> Logs:
    """Those that lie there, those that are named, and those named before that are still there."""
    before = [log for root in added for log in root.logs if os.path.exists(log)]
    told = Logs()
    for log in dict.fromkeys((*found.logs, *map(_absolute, named), *before)):
        told.read(log)
    return told


def _sorted(
    desk: Desk, found: Walk, added: Added, colourspace: str, again: bool, every: roots.Roots
) -> list[Daily]:
    """The clips that are to be measured; known, moved and forgotten ones are told."""
    db, todo, places = desk.db, list[Daily](), list[dict[str, Any]]()
    rows = db.execute("SELECT path, stamp, camera FROM clip").fetchall()
    known = {path: stamped for path, stamped, _ in rows}
    spaces = {path: space_of(camera) for path, _, camera in rows}
    alike = defaultdict[str, list[str]](list)
    for path, stamped, _ in rows:
        alike[stamp.changed(stamped)].append(path)
    for daily in found.clips.values():
        path = daily.path
        if again:
            lift(desk, path, daily.stamp)
        there = alike[stamp.changed(daily.stamp)]
        before = path if path in known else _from(known, there, found, daily)
        if before in ("", path) and is_forgotten(db, path, daily.stamp):
            added.left.append(path)
            continue
        space = colourspace or (spaces[before] if before else every.space_of(path))
        daily = replace(daily, space=space)
        if before and before != path:
            known[path], spaces[path] = known.pop(before), spaces[before]
            places += _move(desk, before, daily)
            added.moved.append((before, path))
        if before and stamp.same(known[path], daily.stamp) and space == spaces[path] and not again:
            if known[path] != daily.stamp:  # of version 1
                db.execute("UPDATE clip SET stamp = ? WHERE path = ?", (daily.stamp, path))
            added.known += before == path
        else:
            todo.append(daily)
    for each in places:  # apart from the lines with ids: these keys outlive what is forgotten
        desk.note(MOVED, **each)
    return todo


def _from(known: dict[str, str], alike: Sequence[str], found: Walk, daily: Daily) -> str:
    """The path that a clip had: the only one with its stamp, and nothing is there any more."""
    there = [path for path in alike if stamp.same(known.get(path, ""), daily.stamp)]
    if len(there) != 1 or there[0] in found.clips or _is_there(there[0]):
        return ""
    return there[0]


def _is_there(path: str) -> bool:
    return bool(walk([path]).clips)


def _move(desk: Desk, before: str, daily: Daily) -> list[dict[str, Any]]:
    """A clip's row follows its media; what the ledger is to say of results that are known there."""
    asked = "SELECT id, secret FROM clip WHERE path = ?"
    name, secret = desk.db.execute(asked, (before,)).fetchone()
    row = (daily.path, daily.name, name)
    desk.db.execute("UPDATE clip SET path = ?, name = ? WHERE id = ?", row)
    desk.db.execute("DELETE FROM measured WHERE path = ?", (before,))
    desk.note(MOVED, clip=name, path=keyed(secret, daily.path))
    places = status.moved(desk, before, daily.path)
    return [places] if places else []


def _gone(db: sqlite3.Connection, below: Sequence[str], found: Walk) -> list[str]:
    asked = tuple(os.path.join(path, "") for path in below)
    return [path for path in _paths(db) if path.startswith(asked) and path not in found.clips]


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
