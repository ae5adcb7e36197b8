"""The missing shots of a cut, each with what the show has for it.

    outcome = gaps("reel2.otio", "answerprint-show", "gaps", media="/shoot/day1", events=events)

Into the folder `out`, each file whole or not at all:

    gaps.json    every hole, its neighbours, and the proposals with their frames
    gaps.html    the same as a contact sheet
    gaps.otio    the cut with the proposals switched off above each hole (`audition.py`)

Of a hole, `range` is in frames of the cut from 0 at its first. A proposal has its `id` ('gap_2.1'),
the `track` of the audition and the frame `at` which it lies, for how many `frames`
(`audition.Spot`); `first` to `last` are frames of its media.

Nothing of the cut, its media or the show is changed.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from answerprint import __version__
from answerprint.check import gaps_page
from answerprint.check.audition import Spot, spots, words, write_audition
from answerprint.check.coverage import Coverage
from answerprint.check.holes import Missing, holes
from answerprint.check.lay import lay
from answerprint.check.looked import Looked
from answerprint.check.proposals import proposals
from answerprint.check.ranked import Row
from answerprint.check.report import of_cut, of_event
from answerprint.check.run import Outcome, made_folder, spare
from answerprint.edit.cut import Cut, Event, read_with_clips
from answerprint.events import Events
from answerprint.frames.gradefiles import timecode
from answerprint.frames.text import write_json
from answerprint.show.propose import Proposal
from answerprint.show.store import open_show

SCHEMA = "answerprint.gaps/1"
FILES = ("gaps.json", "gaps.html", "gaps.otio")


def gaps(
    path: str,
    show: str | os.PathLike[str],
    out: str | os.PathLike[str],
    media: str | None = None,
    rate: str | None = None,
    colourspace: str | None = None,
    events: Events | None = None,
) -> Outcome:
    """Find the holes of the cut in a file and what the show has for each, into the folder `out`.

    show                       the show's folder.
    media, rate, colourspace   of the cut, as for `read_cut`.

    Raises BadInput, BadParameter where `out` holds the cut under the name of a result, CannotWrite,
    Damaged, and Cancelled.
    """
    began, events = time.monotonic(), events or Events()
    spare(out, "|".join(map(re.escape, FILES)), path)
    opened = open_show(show)
    cut, document, clips = read_with_clips(path, media, rate, None, colourspace, shotless=True)
    laid = lay(cut, document)
    missing = holes(cut, clips, laid)
    folder = made_folder(out)
    looked = Looked(opened, events)
    cover = Coverage(looked.takes, cut, looked.sights, looked.compare)
    found = list[tuple[Missing, list[Proposal]]]()
    for turn, hole in enumerate(missing):
        events.check()
        events.progress("propose", turn, len(missing), hole.id)
        found.append((hole, [looked.lit(each, cover) for each in proposals(hole, cover)]))
    events.progress("propose", len(missing), len(missing))
    laid_at = spots(found)
    rows = [_row(cut, *each, at) for each, at in zip(found, laid_at, strict=True)]
    said = write_audition(cut, document, clips, found, _marks(rows), folder / "gaps.otio")
    whole: Row = {
        "schema": SCHEMA,
        "answerprint": __version__,
        "status": "done",
        "sentence": sentence(rows),
        "cut": of_cut(cut),
        "show": {"folder": str(opened.folder), "takes": len(looked.takes)},
        "holes": rows,
        "shots": _shots(cut, rows),
        "files": list(FILES),
        "warnings": list(dict.fromkeys([*cut.warnings, *laid.said, *looked.said, *said])),
        "timings": {"total_seconds": round(time.monotonic() - began, 2)},
    }
    gaps_page.write(folder / "gaps.html", whole, opened, found)
    write_json(folder / "gaps.json", whole)
    outputs = {"dir": str(folder), "files": [str(folder / name) for name in whole["files"]]}
    names = {"report": "gaps.json", "page": "gaps.html", "cut": "gaps.otio"}
    outputs |= {key: str(folder / name) for key, name in names.items()}
    return Outcome("done", whole, outputs)


def sentence(rows: Sequence[Row]) -> str:
    """What a person wants to hear first."""
    if not rows:
        return "No shot is missing."
    helped = sum(bool(each["proposals"]) for each in rows)
    many = "1 shot is missing" if len(rows) == 1 else f"{len(rows)} shots are missing"
    if helped == len(rows):
        whom = "it" if len(rows) == 1 else "each"
        return f"{many}; the show has something for {whom}."
    if not helped:
        return f"{many}; the show has nothing for {'it' if len(rows) == 1 else 'them'}."
    return f"{many}; the show has something for {helped}."


def _row(cut: Cut, hole: Missing, listed: Sequence[Proposal], at: Sequence[Spot]) -> Row:
    return {
        "id": hole.id,
        "kind": hole.kind,
        "what": hole.what,
        "range": list(hole.range),
        "frames": hole.length,
        "timecode": timecode(cut.start + hole.range[0], cut.rate, cut.drop),
        "before": _name(hole.before),
        "after": _name(hole.after),
        "shot": hole.asked.id if hole.asked else None,
        "proposals": [
            asdict(spot) | {"words": words(each)} | each.as_dict()
            for spot, each in zip(at, listed, strict=True)
        ],
    }


def _shots(cut: Cut, rows: Sequence[Row]) -> dict[str, Row]:
    """What proposals may have to match, as a check's report has shots."""
    named = {row["reference"] for hole in rows for row in hole["proposals"]}
    return {event.id: of_event(cut, event) for event in cut.events if event.id in named}


def _name(events: Sequence[Event]) -> str | None:
    return events[0].id if events else None


def _marks(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """A marker on each hole, as the writer of markers takes them."""
    return [
        {
            "id": each["id"],
            "frame": each["range"][0],
            "length": each["frames"],
            "colour": "cyan" if each["proposals"] else "red",
            "name": each["id"].replace("_", " "),
            "text": _best(each),
        }
        for each in rows
    ]


def _best(row: Row) -> str:
    if not row["proposals"]:
        return "The show has nothing for it."
    best = row["proposals"][0]
    many = len(row["proposals"])
    return f"{many} above it. The best: {best['name']}. {best['words']}"
