"""What an exported cut holds, whichever way it was exported. It runs in a child (`guarded.py`).

    .otio .otioz .otiod   OpenTimelineIO, plain or in a bundle with its media (`bundle.py`)
    .edl                  CMX 3600 (`edl.py`)
    .xml                  Final Cut Pro 7 XML, by otio-fcp-adapter
    .fcpxml .fcpxmld      Final Cut Pro X XML (`fcpx.py`)
    .aaf                  by otio-aaf-adapter and pyaaf2
    .ale                  Avid log: clips and no cut (`ale.py`)

Others are refused with the export to choose instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree

import opentimelineio as otio

from answerprint.edit import bundle
from answerprint.edit.ale import read_ale
from answerprint.edit.bounds import MOST_TEXT, check_json, check_xml
from answerprint.edit.edl import read_edl
from answerprint.edit.fcpx import read_fcpx
from answerprint.edit.timecode import carried, exact
from answerprint.edit.timeline import EXPORT, Document, placed, section, speed_of
from answerprint.errors import BadInput

_INSTEAD = {
    ".drt": "It can be read by Resolve alone. " + EXPORT,
    ".drp": "It can be read by Resolve alone. " + EXPORT,
    ".prproj": "It can be read by Premiere alone. " + EXPORT,
    ".avb": "It can be read by Media Composer alone. Export the sequence as AAF or EDL.",
    ".fcpbundle": "It can be read by Final Cut Pro alone. Export the project as XML (.fcpxml).",
}
_KNOWN = (
    *(".otio", ".otioz", ".otiod", ".edl", ".xml"),
    *(".fcpxml", ".fcpxmld", ".aaf", ".ale"),
)  # `panel/paths.py` has the same list
_FAULTS = (
    otio.exceptions.OTIOError,
    ElementTree.ParseError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What OTIO and its adapters raise for a document that is not what its suffix says. They alone
are asked where it is caught: a fault of ours is none of the edit's."""


def parse(path: str, rate: Fraction | None = None) -> Document:
    """The cut that a file holds, walked once from end to end.

    rate   of an EDL, where its exporter knows it; other formats mostly say it themselves.

    Raises BadInput naming the file and the export to choose where it cannot be read.
    """
    name, suffix = os.path.basename(path), os.path.splitext(path)[1].lower()
    if not os.path.exists(path):
        raise BadInput(f"There is no cut {path}.", "Check its path, or export it again.")
    if suffix in _INSTEAD:
        raise BadInput(f"{name} cannot be read as a cut.", _INSTEAD[suffix])
    if suffix not in _KNOWN:
        raise BadInput(f"{name} is no cut: '{suffix}' is not known.", EXPORT)
    if os.path.isdir(path) != (suffix in bundle.FOLDERS):
        what = "a folder" if os.path.isdir(path) else "no folder"
        raise BadInput(f"{name} is {what}, which no {suffix} is.", EXPORT)
    document = _document(path, name, suffix, rate)
    for each in placed(document)[0]:
        speed_of(each.clip)
        each.clip.trimmed_range()
    return document


def _document(path: str, name: str, suffix: str, rate: Fraction | None) -> Document:
    if suffix == ".edl":
        return _of_edl(path, name, rate)
    if suffix == ".ale":
        timeline, found, drop, said = read_ale(_text(_bytes(path, name)), name, rate)
        begin = timeline.global_start_time
        return Document(timeline, found, drop, round(begin.value), tuple(said))
    if suffix in (".otioz", ".otiod"):
        raw = bundle.content(path, name)
        folder = path if suffix == ".otiod" else ""
        return replace(_of_otio(_json(raw, name), name), folder=folder)
    if suffix == ".otio":
        return _of_otio(_json(_bytes(path, name), name), name)
    if suffix == ".aaf":
        return _of_otio(_adapted(path, name), name)
    inside = os.path.join(path, "Info.fcpxml") if suffix == ".fcpxmld" else path
    return _of_xml(inside, name, rate, path if suffix == ".fcpxmld" else "")


def _bytes(path: str, name: str) -> bytes:
    try:
        if os.path.getsize(path) > MOST_TEXT:
            raise BadInput(f"{name} is larger than any edit.", EXPORT)
        with open(path, "rb") as file:
            return file.read()
    except OSError as why:
        raise _unreadable(name, why) from why


def _text(raw: bytes) -> str:
    """An EDL's or ALE's letters: today's, or what older systems write."""
    try:
        return raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _unreadable(name: str, why: Exception) -> BadInput:
    cause = f"{type(why).__name__}: {why}"[:400]
    return BadInput(f"{name} cannot be read as a cut.", EXPORT, cause)


def _json(raw: bytes, name: str) -> Any:
    check_json(raw, name)
    try:
        return otio.adapters.read_from_string(raw.decode("utf-8-sig"), "otio_json")
    except _FAULTS as why:
        raise _unreadable(name, why) from why


def _adapted(path: str, name: str) -> Any:
    """What OTIO's adapter makes of a file. Nothing of ours is asked, so any fault is the file's."""
    try:
        return otio.adapters.read_from_file(path)
    except MemoryError:
        raise
    except Exception as why:
        raise _unreadable(name, why) from why


def _of_edl(path: str, name: str, rate: Fraction | None) -> Document:
    timeline, found, drop, said = read_edl(_text(_bytes(path, name)), name, rate)
    start = timeline.global_start_time
    return Document(timeline, found, drop, round(start.value), tuple(said))


def _of_xml(path: str, name: str, rate: Fraction | None, folder: str) -> Document:
    """Both kinds of Final Cut Pro's XML, by their root: either is saved as .xml too."""
    raw = _bytes(path, name)
    check_xml(raw, name)
    try:
        root = ElementTree.fromstring(raw)
    except _FAULTS as why:
        raise _unreadable(name, why) from why
    if root.tag == "fcpxml":
        timeline, found, drop, start, said = read_fcpx(root, name, rate)
        return Document(timeline, found, drop, start, tuple(said), folder)
    if root.tag != "xmeml":
        raise BadInput(f"{name} is no XML of Final Cut Pro: it is <{root.tag[:60]}>.", EXPORT)
    return _of_otio(_adapted(path, name), name)


def _of_otio(read: Any, name: str) -> Document:
    timeline, said = _only_timeline(read, name)
    for clip in timeline.find_clips():
        if clip.media_reference is None:  # its key names none of those it has
            clip.media_reference = otio.schema.MissingReference()
    found = _rate(timeline, name)
    start = timeline.global_start_time
    begin = carried(start.value, exact(start.rate, name), found) if start else 0
    return Document(timeline, found, _drop(timeline, found, begin), begin, tuple(said))


def _only_timeline(read: Any, name: str) -> tuple[otio.schema.Timeline, list[str]]:
    if isinstance(read, otio.schema.SerializableCollection):
        inside = list(_timelines(read))
        if len(inside) != 1:
            named = ", ".join(each.name or "unnamed" for each in inside) or "none"
            hint = "Export the one timeline that is meant."
            raise BadInput(f"{name} holds {len(inside)} timelines: {named}.", hint)
        read = inside[0]
    if isinstance(read, otio.schema.Timeline):
        if read.tracks is None:  # `null`, on which OTIO's own searches end the process
            raise BadInput(f"{name} holds a timeline without tracks.", EXPORT)
        return read, []
    if not isinstance(read, (otio.schema.Stack, otio.schema.Track, otio.schema.Clip)):
        raise BadInput(f"{name} holds a {type(read).__name__}, no timeline.", EXPORT)
    made = otio.schema.Timeline(read.name)
    tracks = list(read) if isinstance(read, otio.schema.Stack) else [read]
    for each in tracks:
        if not isinstance(each, otio.schema.Track):
            track = otio.schema.Track("Video 1")
            track.append(each.deepcopy())
            each = track
        made.tracks.append(each.deepcopy())
    return made, [f"{name} holds a {type(read).__name__}, which is taken as a whole cut."]


def _timelines(collection: otio.schema.SerializableCollection) -> Iterator[otio.schema.Timeline]:
    for each in collection:
        if isinstance(each, otio.schema.Timeline):
            yield each
        elif isinstance(each, otio.schema.SerializableCollection):
            yield from _timelines(each)


def _rate(timeline: otio.schema.Timeline, name: str) -> Fraction:
    if timeline.global_start_time:
        return exact(timeline.global_start_time.rate, name)
    for clip in timeline.find_clips():
        if clip.source_range or clip.media_reference.available_range:
            return exact(clip.trimmed_range().duration.rate, f"The clip '{clip.name}' of {name}")
    raise BadInput(f"{name} holds no clip with a time.", EXPORT)


def _drop(timeline: otio.schema.Timeline, rate: Fraction, start: int) -> bool:
    """Whether the timeline counts in drop frame: as its XML says, else as its first hour does."""
    if rate.denominator != 1001 or round(rate) % 30:
        return False
    told = section(timeline.metadata, "fcp_xml", "timecode")
    if "displayformat" in told:
        return str(told["displayformat"]).upper().startswith("D")
    hour = 3600 * round(rate) - 108 * (round(rate) // 30)
    return start > 0 and start % hour == 0
