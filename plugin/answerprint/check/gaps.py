"""The missing shots of a cut, each with what the show has for it.

    outcome = gaps("reel2.otio", "answerprint-show", "gaps", media="/shoot/day1", events=events)

Into the folder `out`, each file whole or not at all:

    gaps.json    every hole, its neighbours, and the proposals with their frames
    gaps.html    the same as a contact sheet
    gaps.otio    the cut with the proposals switched off above each hole (`audition.py`)

Nothing of the cut, its media or the show is changed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

from answerprint import __version__
from answerprint.check import gaps_page
from answerprint.check.audition import proposal_id, words, write_audition
from answerprint.check.holes import Missing, holes
from answerprint.check.lay import lay
from answerprint.check.looked import Looked
from answerprint.check.proposals import Coverage, proposals
from answerprint.check.ranked import Row
from answerprint.check.report import of_cut
from answerprint.check.run import Outcome, made_folder
from answerprint.edit.cut import Cut, Event, read_with_clips
from answerprint.errors import BadParameter
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
    opened = open_show(show)
    cut, document, clips = read_with_clips(path, media, rate, None, colourspace, shotless=True)
    laid = lay(cut, document)
    missing = holes(cut, clips, laid)
    folder = made_folder(out)
    for name in FILES:
        if (folder / name).exists() and os.path.exists(path) and (folder / name).samefile(path):
            title = f"{path} is the cut that was given: the result would take its place."
            raise BadParameter(title, "Choose another folder.", about="out")
    looked = Looked(opened)
    cover = Coverage(looked.takes, cut, looked.sights)
    found = list[tuple[Missing, list[Proposal]]]()
    for turn, hole in enumerate(missing):
        events.check()
        events.progress("propose", turn, len(missing), hole.id)
        found.append((hole, proposals(hole, cover)))
    events.progress("propose", len(missing), len(missing))
    rows = [_row(cut, hole, listed) for hole, listed in found]
    said = write_audition(cut, document, clips, found, _marks(rows), folder / "gaps.otio")
    whole: Row = {
        "schema": SCHEMA,
        "answerprint": __version__,
        "status": "done",
        "sentence": sentence(rows),
        "cut": of_cut(cut),
        "show": {"folder": str(opened.folder), "takes": len(looked.takes)},
        "holes": rows,
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


def _row(cut: Cut, hole: Missing, listed: Sequence[Proposal]) -> Row:
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
            {"id": proposal_id(hole, turn), "track": turn + 1, "words": words(each)}
            | each.as_dict()
            for turn, each in enumerate(listed)
        ],
    }


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
