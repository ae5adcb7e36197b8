"""A check and what the show decided: statuses of its findings, and approved fixes that fall short.

    agreed = agree(show, cut, shown, waived, since)

Statuses and the show's rules agree afterwards: what the rules leave is waived, what is found no
more is fixed, what is found again is open (`show/status.py`, `settled`). Nothing becomes approved.

An approved fix covers the frames that somebody looked at. A shot that was trimmed longer shows
more of its media than those; so does one that was slipped. They are listed, with the frames.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from answerprint.edit.cut import Cut
from answerprint.frames.sequence import ranges
from answerprint.show.status import Status, key_of, record, said, settled, uncovered
from answerprint.show.store import Show

Row = dict[str, Any]
_TOLD = ("word", "by", "owner", "note", "at")


@dataclass(frozen=True)
class Agreed:
    """statuses: of findings, by id, where something was decided. short: approved fixes that no
    longer cover their shot, as rows of the report."""

    statuses: dict[str, Row]
    short: list[Row]

    @property
    def sentence(self) -> str:
        """'' where every approved fix covers its shot."""
        count = len(self.short)
        if not count:
            return ""
        if count == 1:
            return "1 approved fix no longer covers what the cut shows."
        return f"{count} approved fixes no longer cover what the cut shows."


def agree(
    show: Show,
    cut: Cut,
    shown: Sequence[Row],
    waived: Sequence[Row],
    since: Mapping[str, Sequence[str]] | None,
) -> Agreed:
    """Bring the show's statuses up to a check, and read what they say of it.

    shown, waived   rows of the report. since: ids that are `new` and `gone`, None at a first check.

    Raises Damaged, CannotWrite.
    """
    ids = [row["id"] for row in shown]
    gone = since["gone"] if since else ()
    gone = [each for each in gone if each not in {row["id"] for row in waived}]
    with show.reading() as db:
        due = settled(said(db), ids, waived, gone)
    if due:
        with show.writing() as desk:
            for each in settled(said(desk.db), ids, waived, gone):  # another check may have been
                record(desk, each)
    with show.reading() as db:
        known = said(db)
        approved = [each for each in known.values() if each.of == "result"]
        short = list(_short(db, cut, [each for each in approved if each.word == "approved"]))
    rows = [*ids, *(row["id"] for row in waived), *gone]
    statuses = {each: _plain(known[each]) for each in rows if each in known}
    return Agreed(statuses, short)


def _plain(status: Status) -> Row:
    told = status.plain()
    return {name: told[name] for name in _TOLD}


def _short(db: Any, cut: Cut, approved: Sequence[Status]) -> Iterator[Row]:
    of = defaultdict[str, list[Status]](list)
    for each in approved:
        for place in each.places:
            of[place].append(each)
    if not of:
        return
    for event in cut.events:
        if event.media is None or event.frames is None:
            continue
        for status, lacks in uncovered(of[key_of(db, event.media.path)], event.frames):
            count = len(lacks)
            frames = "1 frame" if count == 1 else f"{count} frames"
            text = (
                f"{event.id}: {status.tool} version {status.version}, approved by {status.by} on "
                f"{status.at[:10]}, covers {status.frames}; the cut shows {event.frames[0]}-"
                f"{event.frames[1]}: {frames} more ({ranges(lacks)})."
            )
            yield {
                "id": status.id,
                "shot": event.id,
                "tool": status.tool,
                "version": status.version,
                "by": status.by,
                "at": status.at,
                "approved": status.frames,
                "shown": list(event.frames),
                "lacks": ranges(lacks),
                "text": text,
            }
