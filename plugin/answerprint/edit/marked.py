"""The cut that was checked, as OTIO with a marker on the exact frame of each finding.

Everything else stays as it was read: clips, gaps, transitions, effects, sound, metadata and an
artist's own markers. What came from another format has all that its reader kept.

Convention
    rows      what is to be marked: {id, frame, length, colour, name, text}. `frame` counts the
              cut's frames from 0, at its rate; `colour` is one of COLOURS, which OTIO, Avid and
              Resolve share.
    one       marker a frame: texts are joined, the worst colour first, and that colour is its.
    ours      have {"answerprint": {"ids": [...]}} in their metadata. Writing again replaces them
              and no others.
    place     the timeline's top stack (`tracks.markers`), counted from its first frame: there
              OTIO's own viewers and adapters have the markers of a timeline. A text stands in
              `comment`, and as Resolve's OTIO has a marker's note. Resolve 18.5 and later exports
              markers of the timeline and reads OTIO; Avid takes the locators of the EDL
              (`locators.py`). None of this was run in either.

A list has no metadata: locators of ours are known by a comment beside them (`owned`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from answerprint.edit.cut import Cut
from answerprint.edit.lines import cdl_metadata, is_otio, relink, root_media, span
from answerprint.edit.timecode import TIMECODE, count_of, drops
from answerprint.edit.timeline import Document, placed, seconds, section, texts_at
from answerprint.frames.grade import Cdl
from answerprint.frames.gradefiles import timecode
from answerprint.frames.text import write_text

COLOURS = ("red", "yellow", "cyan", "green", "blue")  # the worst first

Row = Mapping[str, Any]

_RANKS = {colour: rank for rank, colour in enumerate(COLOURS)}
_OWNED = re.compile(rf"ANSWERPRINT (?P<at>{TIMECODE}) (?P<colour>[A-Z]+) (?P<ids>[\w ]+)")


@dataclass(frozen=True)
class Mark:
    """A marker of the cut; `ids` are of our findings, none of an artist's own."""

    frame: int
    length: int
    colour: str
    name: str
    text: str
    ids: tuple[str, ...] = ()


def marks_of(rows: Iterable[Row]) -> list[Mark]:
    """What is to be marked, one for each frame, in the order of the cut.

    KeyError for a colour that is none of COLOURS.
    """
    frames: dict[int, list[Row]] = {}
    for row in rows:
        frames.setdefault(row["frame"], []).append(row)
    return [_joined(frame, frames[frame]) for frame in sorted(frames)]


def _joined(frame: int, rows: Sequence[Row]) -> Mark:
    rows = sorted(rows, key=lambda row: _RANKS[row["colour"]])
    return Mark(
        frame=frame,
        length=max(row["length"] for row in rows),
        colour=rows[0]["colour"],
        name=", ".join(dict.fromkeys(row["name"] for row in rows)),
        text="\n".join(dict.fromkeys(row["text"] for row in rows)),
        ids=tuple(dict.fromkeys(row["id"] for row in rows)),
    )


def markers_of(document: Document) -> list[Mark]:
    """The markers of a cut in its order: ours, and the artist's on the timeline, its tracks of
    picture and its clips. Those of a clip whose speed is changed are counted before the change.
    """
    return sorted((each.mark for each in _found(document)), key=lambda mark: mark.frame)


def write_marked(
    cut: Cut,
    document: Document,
    clips: Sequence[otio.schema.Clip],
    rows: Iterable[Row],
    path: Path,
    cdls: Mapping[str, Cdl] | None = None,
) -> tuple[str, ...]:
    """Write the cut with its markers; what is to be said of it.

    cut, document, clips   of `cut.read_with_clips`; they stay as they are.
    cdls                   new CDLs for events, by their ids.

    Raises CannotWrite; the file is there whole or not at all.
    """
    made = replace(document, timeline=document.timeline.deepcopy())
    copies = _copies(document, made, clips)
    marks, said = marks_of(rows), list[str]()
    theirs = {mark.frame for mark in markers_of(made) if not mark.ids}
    taken = theirs & {mark.frame for mark in marks}
    if taken:
        at = ", ".join(timecode(cut.start + n, cut.rate, cut.drop) for n in sorted(taken)[:6])
        said.append(f"Markers of the edit stand at {at} already; Resolve shows one of a frame.")
    set_marks(made, marks)
    if not is_otio(cut.path):
        for event, copy in zip(cut.events, copies, strict=True):
            relink(event, copy)
        _keep_count(cut, made.timeline)
    for event, copy in zip(cut.events, copies, strict=True):
        if event.id in (cdls or {}):
            copy.metadata["cdl"] = cdl_metadata((cdls or {})[event.id])
    if moved := root_media(cut, made, path.parent):
        said.append(f"Media that the edit names from its own folder is named in full ({moved}).")
    text = otio.adapters.write_to_string(made.timeline, "otio_json", indent=2)
    write_text(path, text + "\n")
    return tuple(said)


def set_marks(document: Document, marks: Iterable[Mark]) -> None:
    """Set these on the document's timeline, instead of ours that are there."""
    for each in list(_found(document)):  # OTIO's lists do not bear a change while they are walked
        if each.mark.ids:
            each.beside.remove(each.marker)
    for clip in document.timeline.find_clips():
        _disowned(clip)
    start = document.timeline.global_start_time
    rate = start.rate if start else document.rate
    document.timeline.tracks.markers.extend(_marker(mark, rate) for mark in marks)


def _copies(
    document: Document, made: Document, clips: Sequence[otio.schema.Clip]
) -> list[otio.schema.Clip]:
    """The clips of the copy that `clips` of the document became: both are walked alike."""
    pairs = zip(document.timeline.find_clips(), made.timeline.find_clips(), strict=True)
    became = {id(old): (old, new) for old, new in pairs}
    return [became[id(clip)][1] for clip in clips]


def _marker(mark: Mark, rate: Fraction | float) -> otio.schema.Marker:
    metadata = {
        "answerprint": {"ids": list(mark.ids)},
        "Resolve_OTIO": {"Keywords": [], "Note": mark.text},
    }
    range_ = span(mark.frame, mark.length, rate)
    return otio.schema.Marker(mark.name, range_, mark.colour.upper(), metadata, mark.text)


def _keep_count(cut: Cut, timeline: otio.schema.Timeline) -> None:
    """Say drop frame, which OTIO has no word for, as the XML of Final Cut Pro 7 does."""
    if cut.rate.denominator == 1001 and round(cut.rate) % 30 == 0:
        kept = timeline.metadata.setdefault("fcp_xml", {}).setdefault("timecode", {})
        kept["displayformat"] = "DF" if cut.drop else "NDF"


# --- what is there -------------------------------------------------------------------------


@dataclass(frozen=True)
class _Found:
    """A marker, as what it means, and the list that it is in."""

    mark: Mark
    marker: otio.schema.Marker
    beside: Any


def _found(document: Document) -> Iterator[_Found]:
    timeline = document.timeline
    whole = [timeline.tracks, *(t for t in timeline.tracks if _is_picture(t))]
    for item in whole:
        for marker in list(item.markers):
            at = seconds(marker.marked_range.start_time, "A marker")
            yield _Found(_mark(marker, at, document.rate), marker, item.markers)
    for each in placed(document)[0]:
        if not len(each.clip.markers):
            continue
        start = seconds(each.clip.trimmed_range().start_time, "A clip") + each.lead
        listed = "cmx_3600" in each.clip.metadata  # in a gap, a locator is the event's before it
        ours, here = _owned(each.clip, document), list[_Found]()
        for marker in reversed(list(each.clip.markers)):
            at = seconds(marker.marked_range.start_time, "A marker") - start + each.record[0]
            if listed or each.record[0] <= at < each.record[1]:
                mark = _mark(marker, at, document.rate)
                ids = mark.ids or ours.pop((mark.frame, marker.color), ())
                here.append(_Found(replace(mark, ids=ids), marker, each.clip.markers))
        yield from reversed(here)


def _is_picture(track: Any) -> bool:
    return isinstance(track, otio.schema.Track) and track.kind == otio.schema.TrackKind.Video


def _mark(marker: otio.schema.Marker, at: Fraction, rate: Fraction) -> Mark:
    length = seconds(marker.marked_range.duration, "A marker")
    return Mark(
        frame=round(at * rate),
        length=max(1, round(length * rate)),
        colour=(marker.color or "red").lower(),
        name=marker.name,
        text=marker.comment,
        ids=tuple(texts_at(marker.metadata, "answerprint", "ids")),
    )


def owned(mark: Mark, at: str) -> str:
    """The comment that tells a list's reader which locator is ours; `at` is its timecode."""
    return f"* ANSWERPRINT {at} {mark.colour.upper()} {' '.join(mark.ids)}"


def own_comments(clip: otio.schema.Clip) -> dict[str, re.Match[str]]:
    """The comments of a list's event that tell of locators of ours."""
    comments = texts_at(clip.metadata, "cmx_3600", "comments")
    return {each: told for each in comments if (told := _OWNED.fullmatch(each))}


def _owned(clip: otio.schema.Clip, document: Document) -> dict[tuple[int, str], tuple[str, ...]]:
    """Ids of our locators, by frame and colour; of several there ours is the last."""
    found = {}
    for told in own_comments(clip).values():
        drop = document.drop or drops(told["at"])
        try:
            at, day = (count_of(each, document.rate, drop) for each in (told["at"], "24:00:00:00"))
        except ValueError:
            continue  # somebody's own words, like ours
        found[(at - document.start) % day, told["colour"]] = tuple(told["ids"].split())
    return found


def _disowned(clip: otio.schema.Clip) -> None:
    if ours := own_comments(clip):
        comments = texts_at(clip.metadata, "cmx_3600", "comments")
        kept = [each for each in comments if each not in ours]
        section(clip.metadata, "cmx_3600")["comments"] = kept
