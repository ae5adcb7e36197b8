"""Camera reports (ALE): what they say of clips, and what follows where media and reports speak.

What the media say goes before what reports say. Reports, and lines of one, that contradict each
other say nothing of what they disagree on. Who said what is kept with the clip, so that a report
that was corrected is taken as it is now, and one that is not read this time goes on to count.

    clip.sources    {"media": FACTS, "logs": {path of a report: [FACTS of each line]}}, JSON
    clip.camera     what follows: one value for each of FACTS (`dailies.py`)
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from answerprint.edit.cdls import cdl_on
from answerprint.edit.media import Media, name_of
from answerprint.edit.parse import parse
from answerprint.errors import BadInput
from answerprint.show.dailies import Said, facts
from answerprint.show.take import said_at

Sources = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """A clip of a report: names it may have, its reel, the counts of its timecode, and FACTS."""

    log: str
    names: frozenset[str]
    reel: str
    first: int
    end: int
    said: Said


@dataclass
class Logs:
    """Reports that were read. wrong: files that cannot be read as such, and why."""

    lines: list[Line] = field(default_factory=list)
    every: list[str] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)

    def read(self, path: str) -> None:
        try:
            document = parse(path)
        except BadInput as why:
            self.wrong[path] = str(why)
            return
        self.every.append(path)
        self.lines += [_line(path, clip) for clip in document.timeline.find_clips()]

    def of(self, path: str, media: Media) -> dict[str, list[Said]]:
        """What each says of a clip, line by line: by its file's name, else by reel and timecode.

        A report that was read and says nothing of it has an empty list.
        """
        wanted = _names([os.path.basename(path)])
        found = [line for line in self.lines if wanted & line.names]
        if not found and media.reel and media.start is not None:
            reel = media.reel.casefold()
            found = [
                line
                for line in self.lines
                if line.reel == reel and line.first <= media.start < line.end
            ]
        told: dict[str, list[Said]] = {log: [] for log in self.every}
        for line in found:
            told[line.log].append(line.said)
        return told


def joined(sources: Sources) -> Said:
    """What follows of a clip's camera from all that speak of it."""
    told = [said for lines in sources["logs"].values() for said in lines]
    agreed = Said()
    for fact in dict.fromkeys(fact for said in told for fact in said):
        values = [said[fact] for said in told if fact in said]
        if all(value == values[0] for value in values):
            agreed[fact] = values[0]
    return {**agreed, **sources["media"]}


def join(db: sqlite3.Connection, logs: Logs) -> int:
    """Take what reports say into the rows of the clips; how many clips have changed by it."""
    if not logs.every:
        return 0
    changed = 0
    for row in _rows(db):
        here = logs.of(row.path, row.media)
        before = row.sources or {"media": row.said, "logs": {}}
        told = {log: lines for log, lines in {**before["logs"], **here}.items() if lines}
        if told == before["logs"]:
            continue
        if row.sources is None:  # kept by version 1: who said what has to be asked again
            before["media"] = _said_by_media(row)
        after = {"media": before["media"], "logs": told}
        camera = joined(after)
        reel = before["media"].get("reel") or str(camera.get("reel", "")) or row.media.reel
        values = (json.dumps(camera), json.dumps(after), reel, row.name)
        db.execute("UPDATE clip SET camera = ?, sources = ?, reel = ? WHERE id = ?", values)
        changed += 1
    return changed


@dataclass(frozen=True)
class _Row:
    name: str
    path: str
    media: Media
    said: Said
    sources: Sources | None


def _rows(db: sqlite3.Connection) -> list[_Row]:
    rows = db.execute(
        "SELECT id, path, camera, sources, kind, first, last, start, rate, reel, width, height, "
        "space FROM clip ORDER BY path"
    )
    return [_row(*row) for row in rows]


def _row(name: str, path: str, camera: str, sources: str | None, *told: Any) -> _Row:
    kind, first, last, start, rate, reel, width, height, space = told
    media = Media(
        *(path, kind, first, last, start, Fraction(rate) if rate else None, False, reel),
        *(width, height, 1.0, (), space),
    )
    return _Row(name, path, media, json.loads(camera), json.loads(sources) if sources else None)


def _said_by_media(row: _Row) -> Said:
    """What the media themselves say; where they are gone all that is known counts as theirs."""
    try:
        return said_at(row.path, str(row.said.get("colourspace", "")))
    except BadInput:
        return row.said


def _line(log: str, clip: otio.schema.Clip) -> Line:
    columns = {str(k): str(v) for k, v in clip.metadata.get("ALE", {}).items()}
    event = clip.metadata.get("cmx_3600", {})
    said = facts(columns)
    if (cdl := cdl_on(clip)[0]) is not None:
        said["cdl"] = cdl
    start = clip.source_range.start_time.value
    names = _names([clip.name, *map(str, event.get("files", []))])
    end = start + clip.source_range.duration.value
    reel = str(event.get("reel", "")).casefold()
    return Line(log, names, reel, round(start), round(end), said)


def _names(told: Iterable[str]) -> frozenset[str]:
    return frozenset(_spelt(told))


def _spelt(told: Iterable[str]) -> Iterator[str]:
    for name in told:
        last = re.split(r"[\\/]", name)[-1]
        if stem := name_of(last).strip():
            yield stem.casefold()
