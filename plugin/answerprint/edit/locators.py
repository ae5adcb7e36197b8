"""The cut that was checked, as CMX 3600 lists with a locator for each marker, and its CDLs.

Convention
    <name>.edl            the lowest track of picture, with every locator: `* LOC: timecode COLOUR
                          text` below the event that it lies in, at record timecode (`;` where the
                          cut drops frames). Avid's EDL Manager and OpenTimelineIO have them so.
                          CDLs are ASC_SOP and ASC_SAT lines.
    <name>.V2.edl         a further track of picture, without locators.
    <name>.markers.edl    the markers alone, as Resolve exports and imports the markers of a
                          timeline: an event of one frame, below it text, colour, name, length.
    text                  of a locator is one line of LONGEST letters of ASCII at most.
    colours               are RED, YELLOW, CYAN, GREEN and BLUE; an artist's own of another colour
                          gets the nearest.

OpenTimelineIO's adapter reads no locator whose timecode drops frames. None of this was run in
Avid or Resolve.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import opentimelineio as otio

from answerprint.edit.cut import Cut, Event
from answerprint.edit.lines import cdls_of, lines_of, sources_of
from answerprint.edit.marked import COLOURS, Mark, Row, markers_of, marks_of, own_comments, owned
from answerprint.edit.timeline import Document, speed_effects, texts_at
from answerprint.frames.grade import Cdl
from answerprint.frames.gradefiles import Line, cut_text, timecode
from answerprint.frames.text import write_text

LONGEST = 120  # letters of a locator; lists have no bound of their own, their readers do
_CUT_OFF = f"Cut off after {LONGEST} letters"
_RESPELT = "Letters that ASCII lacks stand as '?'"
_RECOLOURED = "Colours that lists lack became the nearest"
_NEAREST = {
    "pink": "red",
    "magenta": "red",
    "orange": "yellow",
    "purple": "blue",
    "black": "blue",
    "white": "cyan",
}
_IN_RESOLVE = {"orange": "sand", "magenta": "fuchsia", "black": "cocoa", "white": "cream"}
_SPELT = str.maketrans(
    {
        "\u00b1": "+-",
        "\u00b0": " deg",
        "\u00d7": "x",
        "\u2192": "->",
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u2018\u2019", "'"),
        **dict.fromkeys("\u201c\u201d", '"'),
    }
)


@dataclass(frozen=True)
class Lists:
    """files: names below the folder. warnings: what a list could not hold."""

    files: tuple[str, ...]
    warnings: tuple[str, ...]


def write_locators(
    cut: Cut,
    document: Document,
    clips: Sequence[otio.schema.Clip],
    rows: Iterable[Row],
    folder: Path,
    name: str,
    cdls: Mapping[str, Cdl] | None = None,
) -> Lists:
    """Write the lists of a cut into `folder`.

    cut, document, clips   of `cut.read_with_clips`.
    rows                   as of `marked.write_marked`; an artist's markers come with them.
    cdls                   new CDLs for events, by their ids, instead of the edit's own.

    Raises CannotWrite; each file is there whole or not at all.
    """
    said = _unheld(cut, document, clips)
    artists = [mark for mark in markers_of(document) if not mark.ids]
    marks = sorted([*artists, *marks_of(rows)], key=lambda mark: mark.frame)
    shown = [event for event in cut.events if event.enabled]
    sources, comments = sources_of(cut, clips), _comments(cut, clips)
    grades = {**cdls_of(cut), **(cdls or {})}
    texts = {}
    for turn, track in enumerate(sorted({event.track for event in shown})):
        lines = [
            replace(line, notes=comments[line.id])
            for line in lines_of([e for e in shown if e.track == track], sources, grades)
        ]
        if not turn:
            lines = _located(cut, lines, marks, said)
        suffix = f".V{track}" if turn else ""
        texts[f"{name}{suffix}.edl"] = cut_text(lines, cut.rate, cut.drop, cut.name)
    if marks:
        texts[f"{name}.markers.edl"] = _markers_text(cut, marks)
    for file, text in texts.items():
        write_text(Path(folder, file), text)
    return Lists(tuple(texts), tuple(said))


def _comments(cut: Cut, clips: Sequence[otio.schema.Clip]) -> dict[str, tuple[str, ...]]:
    """What a list that was read said of each event, but for its locators."""
    found = {}
    for event, clip in zip(cut.events, clips, strict=True):
        files = texts_at(clip.metadata, "cmx_3600", "files")
        ours = own_comments(clip)
        others = [c for c in texts_at(clip.metadata, "cmx_3600", "comments") if c not in ours]
        rows = [*(f"* SOURCE FILE: {file}" for file in files), *(f"* {each}" for each in others)]
        found[event.id] = tuple(" ".join(row.split()) for row in rows)
    return found


# --- locators ------------------------------------------------------------------------------


def _located(cut: Cut, lines: Sequence[Line], marks: Sequence[Mark], said: list[str]) -> list[Line]:
    """The lines with the locators of each below it; one in a gap is the line's before it."""
    if not lines:
        return []
    starts = [line.record[0] for line in lines]
    notes: list[list[str]] = [list(line.notes) for line in lines]
    changed: dict[str, list[str]] = {}
    for mark in marks:
        at = timecode(cut.start + mark.frame, cut.rate, cut.drop)
        text, lost = locator_text(mark)
        colour = mark.colour if mark.colour in COLOURS else _NEAREST.get(mark.colour, "red")
        lost += [_RECOLOURED] if colour != mark.colour else []
        for what in lost:
            changed.setdefault(what, []).append(at)
        rows = notes[max(0, bisect_right(starts, cut.start + mark.frame) - 1)]
        rows.append(f"* LOC: {at} {colour.upper():<7} {text}".rstrip())
        if mark.ids:
            rows.append(owned(mark, at))
    said += [f"{what}: locators at {_some(places)}." for what, places in changed.items()]
    return [replace(line, notes=tuple(rows)) for line, rows in zip(lines, notes, strict=True)]


def locator_text(mark: Mark) -> tuple[str, list[str]]:
    """A marker's name and text as a locator has them, and what of them it could not hold."""
    text = " / ".join(mark.text.splitlines())
    told = text if mark.name in text else f"{mark.name}: {text}" if text else mark.name
    bare = unicodedata.normalize("NFKD", told.translate(_SPELT))
    kept = "".join(letter for letter in bare if not unicodedata.combining(letter))
    spelt = re.sub(r"[^ -~]", "?", " ".join(kept.split()))
    lost = [_RESPELT] if spelt.count("?") > told.count("?") else []
    if len(spelt) > LONGEST:
        return spelt[: LONGEST - 3].rstrip() + "...", [*lost, _CUT_OFF]
    return spelt, lost


def _markers_text(cut: Cut, marks: Sequence[Mark]) -> str:
    """The markers as Resolve has them in a list: what a line begins with must be no number."""
    rows = [
        f"TITLE: {' '.join(cut.name.split())}",
        f"FCM: {'' if cut.drop else 'NON-'}DROP FRAME",
        "",
    ]
    for turn, mark in enumerate(marks, 1):
        first, end = (timecode(cut.start + mark.frame + n, cut.rate, cut.drop) for n in (0, 1))
        text, name = (" ".join(t.split()).replace("|", "/") for t in (mark.text, mark.name))
        colour = _IN_RESOLVE.get(mark.colour, mark.colour).capitalize()
        rows += [
            f"{turn:03d}  001      V     C        {first} {end} {first} {end}  ",
            f"{'- ' if text[:1].isdigit() else ''}{text} "
            f"|C:ResolveColor{colour} |M:{name} |D:{mark.length}",
            "",
        ]
    return "\n".join(rows)


# --- what a list cannot hold ---------------------------------------------------------------


def _unheld(cut: Cut, document: Document, clips: Sequence[otio.schema.Clip]) -> list[str]:
    """What of the cut no CMX 3600 list holds, as sentences."""
    events, said = cut.events, list[str]()

    def told(what: str, which: Iterable[Event]) -> None:
        if names := [f"{e.number:03} {e.name}" for e in which]:
            said.append(f"{what}: {_some(names)}.")

    tracks = sorted({e.track for e in events if e.enabled})
    if len(tracks) > 1:
        said.append(f"An EDL holds one track of picture; there are {len(tracks)}, one for each.")
    ends = {(e.track, e.record[1]) for e in events}
    starts = {(e.track, e.record[0]) for e in events}
    fades = [
        e
        for e in events
        if (e.over and (e.track, e.record[0]) not in ends)
        or (e.overlaps[1] and (e.track, e.record[1]) not in starts)
    ]
    effects = [
        event
        for event, clip in zip(events, clips, strict=True)
        if len(clip.effects) > len(speed_effects(clip))
    ]
    told("Not in the EDL, because it is switched off", (e for e in events if not e.enabled))
    told("In the EDL without a fade from or to black", fades)
    told("In the EDL without effects", effects)
    told(
        "In the EDL with source timecode at the cut's rate",
        (e for e in events if e.rate != cut.rate),
    )
    told(
        "Numbered beyond 999, which some readers of EDLs refuse",
        (e for e in events if e.number > 999),
    )
    odd = [
        each
        for each in document.timeline.find_children(descended_from_type=otio.schema.Transition)
        if each.transition_type != otio.schema.TransitionTypes.SMPTE_Dissolve
    ]
    if odd:
        said.append(f"In the EDL as dissolves: transitions of another kind ({len(odd)}).")
    return said


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return ", ".join(names[:6]) + more
