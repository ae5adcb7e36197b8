"""What was made for a cut, as files that a conform takes in: `.ccc` with its EDL, OTIO, `.cube`.

Everything is written anew from the whole list of what stands, so that the files never say more or
less than the list. Texts are made before the first file is touched.

Convention
    <cut>.<space>.ccc, .edl   the CDLs of one colour space: numbers for two spaces never meet in a
                              file. The EDL has the cut's own events, those without a grade too;
                              further tracks of the picture have EDLs of their own (`.V2`).
    <cut>.otio                the cut itself. New frames are a further media reference of their
                              clip, and the active one unless their look is a CDL too; takes of
                              other media are clips on tracks above, by their own timecode; so are
                              mattes, switched off; markers and notes are markers; CDLs are in the
                              metadata.
    luts/<event>.cube         the cubes.
    <cut>.edl, .markers.edl   markers of the cut as locators (`locators.py`); they are in the OTIO
                              too.

The list is `placed.json` {schema, entries, files, marks?, ...}, written by the panel's host of a
cut. `marks` are rows of markers of the cut, as `marked.py` has them, by what they are for. An
entry is {ref, event, kind, label, data}: `data` is the tool's result (`bridge/results.py`),
`ref` names the entry, and of several looks of an event the last one counts.

Resolve: its OTIO import wants `Clip.2`, bare paths, sequences as `name.[1001-1100].exr` and
source ranges counted from the media's own timecode (HOSTS B7). That is what is written; it was
not run in Resolve.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from answerprint.edit.cut import Cut, Event, read_with_clips
from answerprint.edit.lines import (
    cdl_metadata,
    external,
    is_otio,
    lines_of,
    relink,
    root_media,
    sources_of,
    span,
)
from answerprint.edit.locators import Lists, write_locators
from answerprint.edit.marked import marks_of, set_marks
from answerprint.edit.media import Library, Media, name_of
from answerprint.edit.timeline import Document, speed_effects
from answerprint.errors import BadInput, CannotWrite
from answerprint.frames import gradefiles
from answerprint.frames.grade import Cdl
from answerprint.frames.gradefiles import xml_id
from answerprint.frames.text import write_text

PLACED, SCHEMA = "placed.json", "answerprint.placed/1"
LOOKS = ("cdl", "lut")
FRAMES, TAKE, LAYERS = "frames", "take", ("matte", "stmap")
NUMBERED = (FRAMES, TAKE, *LAYERS, "markers")  # by the frames of their source
COLOURS = {"note": "BLUE", "ours": "CYAN"}

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Written:
    """files: names below the folder.

    gone      entries whose event is not in the cut any more.
    offline   entries that are left out of the OTIO for as long as their event has no media: which
              of its frames the source's timecode falls on is not known then; and takes whose own
              media is not there.
    warnings  what the lists of locators could not hold.
    """

    files: tuple[str, ...]
    gone: tuple[str, ...]
    offline: tuple[str, ...]
    warnings: tuple[str, ...]


def write_grades(
    path: str,
    place: str,
    media: str | None = None,
    rate: str | None = None,
    colourspace: str | None = None,
) -> Written:
    """Write the files of a cut into the folder `place`, which holds their list (`placed.json`).

    path, media, rate, colourspace   of the cut, as for `read_cut`.

    What the list says was written there before and nothing asks for any more goes. Raises
    BadInput where the cut, the list or a cube cannot be read, CannotWrite.
    """
    entries, before, marks = _listed(Path(place) / PLACED)
    cut, document, clips = read_with_clips(path, media, rate, None, colourspace)
    events = {event.id: event for event in cut.events}
    gone = tuple(e["ref"] for e in entries if e["event"] not in events)
    standing = [e for e in entries if e["event"] in events]
    look = {e["event"]: e for e in standing if e["kind"] in LOOKS}
    texts = {
        **_conform(cut, clips, [e for e in look.values() if e["kind"] == "cdl"]),
        **_cubes([e for e in look.values() if e["kind"] == "lut"]),
    }
    takes = _takes([e for e in standing if e["kind"] == TAKE])
    lost = [
        e
        for e in standing
        if (e["kind"] in NUMBERED and events[e["event"]].frames is None)
        or (e["kind"] == TAKE and e["ref"] not in takes)
    ]
    lists = Lists((), ())
    if marks:
        lists = write_locators(cut, document, clips, marks, Path(place), cut.name)
    if standing or marks:
        there = [e for e in standing if e not in lost]
        set_marks(document, marks_of(marks))
        texts[f"{cut.name}.otio"] = _otio(cut, document, clips, there, look, takes, Path(place))
    for name, text in texts.items():
        _make(Path(place, name).parent)
        write_text(Path(place, name), text)
    files = {*texts, *lists.files}
    for old in set(before) - files:
        Path(place, old).unlink(missing_ok=True)
    offline = tuple(e["ref"] for e in lost)
    return Written(tuple(sorted(files)), gone, offline, lists.warnings)


def _listed(path: Path) -> tuple[list[Entry], list[str], list[Entry]]:
    """Entries, names of the files that were written for earlier ones, and rows of markers."""
    try:
        listed = json.loads(path.read_text("utf-8"))
        entries, files = listed["entries"], listed["files"]
        if listed["schema"] != SCHEMA or any(os.path.normpath(f).startswith("..") for f in files):
            raise ValueError(f"its schema is '{listed['schema']}'")
        marks = [row for rows in listed.get("marks", {}).values() for row in rows]
        return list(entries), [f for f in files if not os.path.isabs(f)], marks
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as why:
        hint = "Move it away, or bring it back from a backup."
        raise BadInput(f"{path} cannot be read.", hint, str(why)) from why


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as why:
        hint = "Choose another folder for results."
        raise CannotWrite(f"{folder} cannot be made.", hint, why.strerror or str(why)) from why


# --- grades --------------------------------------------------------------------------------


def _conform(
    cut: Cut, clips: Sequence[otio.schema.Clip], entries: Sequence[Entry]
) -> dict[str, str]:
    """`.ccc` and EDL of each colour space and track that has CDLs."""
    texts = {}
    sources = sources_of(cut, clips)
    tracks = {event.id: event.track for event in cut.events}
    for space in sorted({e["data"]["working_space"] for e in entries}):
        cdls = {
            e["event"]: Cdl.of(e["data"]) for e in entries if e["data"]["working_space"] == space
        }
        base = f"{cut.name}.{xml_id(space)}"
        texts[f"{base}.ccc"] = gradefiles.collection_text(cdls, about=f"in {space}")
        for track in sorted({tracks[name] for name in cdls}):
            here = [event for event in cut.events if event.track == track]
            lines = list(lines_of(here, sources, cdls))
            suffix = f".V{track}" if track > min(tracks.values()) else ""
            title = f"{cut.name} {space}"
            texts[f"{base}{suffix}.edl"] = gradefiles.cut_text(lines, cut.rate, cut.drop, title)
    return texts


def _cubes(entries: Sequence[Entry]) -> dict[str, str]:
    texts = {}
    for entry in entries:
        path = entry["data"]["path"]
        try:
            texts[os.path.join("luts", f"{entry['event']}.cube")] = Path(path).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as why:
            raise BadInput(f"The cube {path} cannot be read.", "Run the tool again.") from why
    return texts


# --- the cut itself ------------------------------------------------------------------------


def _takes(entries: Sequence[Entry]) -> dict[str, Media]:
    """The media of each take that is there."""
    library, found = Library(), {}
    for entry in entries:
        try:
            found[entry["ref"]] = library.open(entry["data"]["pattern"])
        except BadInput:
            continue  # said as offline
    return found


def _otio(
    cut: Cut,
    document: Document,
    clips: Sequence[otio.schema.Clip],
    entries: Sequence[Entry],
    look: Mapping[str, Entry],
    takes: Mapping[str, Media],
    place: Path,
) -> str:
    timeline = document.timeline
    timeline.name = f"{timeline.name or cut.name} Answerprint"
    pairs = {event.id: (event, clip) for event, clip in zip(cut.events, clips, strict=True)}
    root_media(cut, document, place)
    if not is_otio(cut.path):
        for event, clip in pairs.values():
            relink(event, clip)
    layers = []
    for entry in entries:
        event, clip = pairs[entry["event"]]
        data, kind = entry["data"], entry["kind"]
        if kind == FRAMES:
            same_look = look.get(event.id, {}).get("label") == entry["label"]
            _hang(event, clip, entry, active=not same_look)
        elif kind in LAYERS:
            layers.append(_over(cut, event, clip, _matte(cut, event, entry)))
        elif kind == TAKE:
            made = _take(cut, event, entry, takes[entry["ref"]])
            layers.append(_over(cut, event, clip, made))
            if entry["event"] in look:
                _graded(made, look[entry["event"]])
        elif kind in ("markers", "note"):
            for marker in data["markers"] if kind == "markers" else [{"text": data["text"]}]:
                clip.markers.append(_marker(event, clip, marker, entry))
        elif look[entry["event"]] is entry:
            _graded(clip, entry)
    for number, layer in enumerate(layers, len(timeline.tracks) + 1):
        layer.name = f"Answerprint {number}"
        timeline.tracks.append(layer)
    text: str = otio.adapters.write_to_string(timeline, "otio_json", indent=2)
    return text + "\n"


def _graded(clip: otio.schema.Clip, entry: Entry) -> None:
    clip.metadata["answerprint"] = {"look": dict(entry["data"]), "label": entry["label"]}
    if entry["kind"] == "cdl":
        clip.metadata["cdl"] = cdl_metadata(Cdl.of(entry["data"]))


def _made(event: Event, data: Mapping[str, Any]) -> otio.schema.ExternalReference:
    """Frames for an event: numbers and timecode are the source's."""
    assert event.frames
    start = event.start + data["first"] - event.frames[0]
    return external(data["pattern"], data["first"], data["last"], start, event.rate)


def _hang(event: Event, clip: otio.schema.Clip, entry: Entry, active: bool) -> None:
    """New frames beside the clip's media, which is kept under its key.

    The clip shows them, unless their look stands as a CDL or cube too: nothing is graded twice.
    """
    references = dict(clip.media_references())
    key = f"Answerprint {entry['label']}".strip()
    references[key] = _made(event, entry["data"])
    clip.set_media_references(references, key if active else clip.active_media_reference_key)


def _matte(cut: Cut, event: Event, entry: Entry) -> otio.schema.Clip:
    """Frames over an event that start as it does, by the source; switched off: no picture."""
    label = entry["data"].get("name") or entry["kind"]
    clip = otio.schema.Clip(f"{event.name} {label}", _made(event, entry["data"]))
    clip.source_range = _shown(cut, event, event.source[0], event.rate)
    clip.enabled = False
    return clip


def _take(cut: Cut, event: Event, entry: Entry, media: Media) -> otio.schema.Clip:
    """Other media over an event, by its own timecode: `first` lies `at` a frame of the source."""
    assert event.frames
    data, rate = entry["data"], media.rate or event.rate
    first = data["first"]
    start = first if media.start is None else media.start + first - media.first
    reference = external(data["pattern"], first, data["last"], start, rate)
    clip = otio.schema.Clip(name_of(os.path.basename(data["pattern"])), reference)
    begins = start + event.frames[0] - data.get("at", first)
    clip.source_range = _shown(cut, event, begins, rate)
    return clip


def _shown(cut: Cut, event: Event, start: int, rate: Fraction) -> otio.opentime.TimeRange:
    """From a frame of the media on, for as long as the event's record lasts."""
    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(start, float(rate)),
        otio.opentime.RationalTime(event.record[1] - event.record[0], float(cut.rate)),
    )


def _over(
    cut: Cut, event: Event, below: otio.schema.Clip, clip: otio.schema.Clip
) -> otio.schema.Track:
    """A track of its own with a clip over an event, which runs as fast as the one below."""
    track = otio.schema.Track()
    if before := event.record[0] - cut.start:
        track.append(otio.schema.Gap(source_range=span(0, before, cut.rate)))
    clip.effects.extend(each.deepcopy() for each in speed_effects(below))
    track.append(clip)
    return track


def _marker(
    event: Event, clip: otio.schema.Clip, told: Mapping[str, Any], entry: Entry
) -> otio.schema.Marker:
    frame = told.get("frame")
    at = event.source[0]
    if frame is not None and event.frames:
        at = event.start + frame - event.frames[0]
    colour = COLOURS.get(str(told.get("kind", entry["kind"])), COLOURS["ours"])
    range_ = span(at, told.get("length", 1), event.rate)
    kept = {"answerprint": {"ref": entry["ref"], "label": entry["label"]}}
    kind = told.get("kind", "note")
    name = told["text"] if kind == "note" else f"{kind}: {told['text']}"
    return otio.schema.Marker(name, range_, colour, kept)
