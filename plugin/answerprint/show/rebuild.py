"""A damaged show made anew: from its media, by the list of what was added, and its ledger.

The new one grows beside the old, in `rebuilt` within the show's folder; a rebuild that was stopped
is taken up where it stood. When all is measured its files move over, and the old database is
replaced. The ledger goes on: what was forgotten stays forgotten, and statuses are the ledger's last
words. Nobody else writes the show meanwhile.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from answerprint.errors import BadInput
from answerprint.events import Events
from answerprint.show import decided, ledger, roots
from answerprint.show.add import Added, add
from answerprint.show.dailies import walk
from answerprint.show.forgotten import marks
from answerprint.show.learn import sweep
from answerprint.show.ledger import Line
from answerprint.show.store import (
    ARRAYS,
    CLAIMS,
    DATABASE,
    REBUILT,
    THUMBS,
    Damaged,
    Show,
    known,
    make_show,
    open_show,
)

BOUND = ("n", "at", "before", "hash")
"""What binds a line to its ledger: a line that moves to another one gets new ones."""


def rebuild(
    folder: Path, events: Events | None = None, workers: int = 0, without_missing: bool = False
) -> Added:
    """Make a show anew.

    without_missing   although some of what was added is not there any more; it is then among the
                      failed.

    Raises BadInput where it is not there, where the ledger or the list of what was added cannot be
    read, or where the ledger lacks lines that were written; CannotWrite, Damaged, and Cancelled:
    the next rebuild goes on from there. The old show stays until all is measured.
    """
    added, show, told = roots.read(folder), Show(folder), Added()
    missing = [each.path for each in added.every if not _is_there(each.path)]
    if missing and not without_missing:
        raise BadInput(
            f"{len(missing)} of what was added to the show cannot be read: {missing[0]}.",
            "Bring it back, or rebuild the show without it (--without-missing).",
        )
    with show.locked():
        lines = list(ledger.lines(folder))
        _complete(show, lines)
        new = _begun(folder / REBUILT, added.salt)
        roots.write(new.folder, added)  # they tell the space of every clip at once
        with new.writing() as desk:
            for digest in marks(lines):
                desk.db.execute("INSERT OR IGNORE INTO forgotten VALUES (?)", (digest,))
            decided.replay(desk.db, lines)
        for root in added.every:
            try:
                one = add(new, [root.path], events, workers)
            except Damaged:
                raise
            except BadInput as why:
                told.failed[root.path] = str(why)
                continue
            told.learned += one.learned
            told.failed |= one.failed
            told.notes += one.notes
            told.known += one.known
        before, now = len(alive(lines)), _take_over(show, new)
        if now < before:
            told.notes.append(f"The ledger knows {before} clips, {now} of them were found.")
    return told


def _is_there(path: str) -> bool:
    found = walk([path])
    return bool(found.clips or found.logs)


def _complete(show: Show, lines: Sequence[Line]) -> None:
    """Raises BadInput where the ledger lacks lines: what they forgot would come back."""
    last = show.promised()
    hashes = [ledger.FIRST, *(line["hash"] for line in lines)]
    if last.count >= len(hashes) or hashes[last.count] != last.hash:
        raise BadInput(
            f"{show.folder / ledger.FILE} lacks lines that were written.",
            "Bring it back from a backup: what was forgotten and decided stands in it.",
        )


def _begun(folder: Path, salt: str) -> Show:
    """The new show, as far as a rebuild that was stopped made it."""
    try:
        return make_show(folder, salt)
    except Damaged:
        shutil.rmtree(folder)
        return make_show(folder, salt)


def alive(lines: Sequence[Line]) -> set[str]:
    """Ids of the clips that are in the show, by its ledger."""
    found = set[str]()
    for line in lines:
        if line["what"] == "rebuilt":
            found.clear()
        elif line["what"] == "learned":
            found.discard(line.get("instead_of", ""))
            found.add(line["clip"])
        elif line["what"] == "forgotten":
            found.discard(line["clip"])
    return found


def _take_over(show: Show, new: Show) -> int:
    """Put the new show's files into the place of the old one's; how many clips it has."""
    open_show(new.folder)  # sound, or this raises
    folder = show.folder
    lines = list(ledger.lines(new.folder))
    added = [{key: value for key, value in each.items() if key not in BOUND} for each in lines]
    with show.replacing() as before:
        for kind in (ARRAYS, THUMBS, CLAIMS):
            (folder / kind).mkdir(mode=0o700, exist_ok=True)
            for each in (new.folder / kind).iterdir():
                os.replace(each, folder / kind / each.name)
        head = ledger.add(folder, [{"what": "rebuilt", "lines": before.count}, *added])
        with new.writing() as desk:
            known(desk.db, head)
        os.replace(new.folder / DATABASE, folder / DATABASE)
    shutil.rmtree(new.folder, ignore_errors=True)
    with show.writing() as desk:
        sweep(show, desk)
    return len(alive(lines))
