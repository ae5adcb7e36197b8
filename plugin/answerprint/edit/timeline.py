"""An exported cut as an OpenTimelineIO timeline, and every clip in it at its place in time.

Formats: OTIO, CMX 3600 EDL (`edl.py`) and Final Cut Pro 7 XML. Others are refused with the
export to choose instead.

Convention
    time    seconds as exact fractions of rates as film means them (23.976 is 24000/1001), so that
            tracks of mixed rates stay in step over a whole reel.
    nested  stacks and tracks are opened; what their window cuts off is cut off.
    source  what a clip shows: its start in its own timecode, and the frames it lasts on the
            timeline, before a change of speed.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree

import opentimelineio as otio

from answerprint.edit.bounds import check_otio
from answerprint.edit.edl import read_edl
from answerprint.edit.timecode import carried, exact
from answerprint.errors import BadInput

DEEPEST = 64  # nested stacks; beyond it a document is broken on purpose
FASTEST = 1000.0
_EXPORT = "Export the cut as OTIO, as an EDL (CMX 3600) or as Final Cut Pro 7 XML (.xml)."
_INSTEAD = {
    ".fcpxml": "It is Final Cut Pro X XML. Choose 'FCP 7 XML V5' (.xml) or OTIO in the export.",
    ".fcpxmld": "It is Final Cut Pro X XML. Choose 'FCP 7 XML V5' (.xml) or OTIO in the export.",
    ".aaf": "Export an EDL (CMX 3600) or OTIO of the same timeline instead of the AAF.",
    ".ale": "An ALE lists clips, not a cut. " + _EXPORT,
    ".drt": "It can be read by Resolve alone. " + _EXPORT,
    ".drp": "It can be read by Resolve alone. " + _EXPORT,
    ".prproj": "It can be read by Premiere alone. " + _EXPORT,
    ".otioz": "Unpack it, or export the plain .otio.",
    ".otiod": "Name the content.otio in that folder.",
}
_FAULTS = (
    otio.exceptions.OTIOError,
    ElementTree.ParseError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What OTIO and its adapters raise for a document that is not what its suffix says. They alone
are asked where it is caught: a fault of ours is none of the edit's."""


@dataclass(frozen=True)
class Document:
    """An edit as it was read: the timeline itself, its rate, and what is to be said of it."""

    timeline: otio.schema.Timeline
    rate: Fraction
    drop: bool
    start: int
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Placed:
    """A clip at its place. Times are seconds.

    track         of the picture, from 1 at the bottom.
    record        start and end on the timeline, counted from its first frame.
    lead          how much of the clip a window of a nest cut off at its start.
    head, tail    what transitions show of it before and after.
    over          how long the transition into it lasts.
    """

    clip: otio.schema.Clip
    track: int
    record: tuple[Fraction, Fraction]
    lead: Fraction
    head: Fraction
    tail: Fraction
    over: Fraction
    enabled: bool


def read_document(path: str, rate: Fraction | None = None) -> Document:
    """The cut that a file holds.

    rate   of an EDL, where its exporter knows it; other formats say it themselves.

    Raises BadInput naming the file and the export to choose where it cannot be read.
    """
    name, suffix = os.path.basename(path), os.path.splitext(path)[1].lower()
    if not os.path.isfile(path) and suffix not in (".otiod", ".fcpxmld"):
        raise BadInput(f"There is no cut {path}.", "Check its path, or export it again.")
    if suffix in _INSTEAD:
        raise BadInput(f"{name} cannot be read as a cut.", _INSTEAD[suffix])
    if suffix not in (".otio", ".edl", ".xml"):
        raise BadInput(f"{name} is no cut: '{suffix}' is not known.", _EXPORT)
    if suffix == ".edl":
        return _of_edl(path, name, rate)
    timeline, said = _only_timeline(_parsed(path, name, suffix), name)
    for clip in timeline.find_clips():
        if clip.media_reference is None:  # its key names none of those it has
            clip.media_reference = otio.schema.MissingReference()
    found = _rate(timeline, name)
    start = timeline.global_start_time
    begin = carried(start.value, exact(start.rate, name), found) if start else 0
    return Document(timeline, found, _drop(timeline, found, begin), begin, tuple(said))


def placed(document: Document) -> tuple[list[Placed], list[str]]:
    """Every clip of the picture in the order of the record, lower tracks first; what was left out.

    Raises BadInput for a document whose times or nesting make no sense.
    """
    found, said = list[Placed](), list[str]()
    pictures, sound = [], 0
    for track in document.timeline.tracks:
        if not isinstance(track, otio.schema.Track) or track.kind == otio.schema.TrackKind.Video:
            pictures.append(track)
        else:
            sound += sum(isinstance(each, otio.schema.Clip) for each in track)
    if sound:
        said.append(f"Not looked at: clips of sound ({sound}).")
    for number, track in enumerate(pictures, 1):
        window = (Fraction(0), None)
        if isinstance(track, otio.schema.Clip):
            shown = track_enabled(track)
            found += _clip(track, Fraction(0), window, number, shown, _NO_OVERLAPS)
        elif isinstance(track, (otio.schema.Track, otio.schema.Stack)):
            found += _item(track, Fraction(0), window, number, track_enabled(track), 0)
    generated = [p for p in found if isinstance(p.clip.media_reference, _GENERATED)]
    if generated:
        names = sorted({p.clip.name or p.clip.media_reference.generator_kind for p in generated})
        listed = ", ".join(names[:6])
        said.append(f"Left out: clips that are generated, not shot ({len(generated)}): {listed}.")
    kept = [p for p in found if p not in generated]
    return sorted(kept, key=lambda p: (p.record[0], p.track)), said


_GENERATED = otio.schema.GeneratorReference
_Window = tuple[Fraction, Fraction | None]
_NO_OVERLAPS = (Fraction(0), Fraction(0), Fraction(0))


def track_enabled(item: Any) -> bool:
    return bool(getattr(item, "enabled", True))


def seconds(time: otio.opentime.RationalTime, what: str) -> Fraction:
    """A time of OpenTimelineIO, exactly. BadInput where it is none."""
    if not math.isfinite(time.value):
        raise BadInput(f"{what} has a time of {time.value:g} frames.", "Export the cut again.")
    return Fraction(time.value) / exact(time.rate, what)


def speed_of(clip: otio.schema.Clip) -> tuple[float, str]:
    """Frames of source for one of record (0 is a freeze, below 0 runs backwards), and a caution.

    BadInput for a speed that no edit has.
    """
    speed, caution = _speed(clip)
    if not abs(speed) <= FASTEST:
        raise BadInput(f"'{clip.name}' has a speed of {speed:g}.", "Export the cut again.")
    return speed, caution


def _speed(clip: otio.schema.Clip) -> tuple[float, str]:
    scalars = [e.time_scalar for e in clip.effects if isinstance(e, otio.schema.LinearTimeWarp)]
    if scalars:
        return math.prod(scalars), ""
    for each in speed_effects(clip):
        if _remaps(each):
            rows = section(each.metadata, "fcp_xml").get("parameter", [])
            values = {str(r.get("parameterid")): r.get("value") for r in _listed(rows)}
            backwards = -1 if str(values.get("reverse")).upper() == "TRUE" else 1
            caution = "its speed is changed by a filter of the XML, whose curve is not followed"
            try:
                return backwards * float(values["speed"] or "") / 100, caution
            except (KeyError, TypeError, ValueError):
                return 1.0, caution
        return 1.0, f"it has the time effect '{each.effect_name}', which is not followed"
    return 1.0, ""


def speed_effects(clip: otio.schema.Clip) -> list[otio.schema.Effect]:
    """Those of a clip's effects that change its speed, of OTIO's own kind or a filter of an XML."""
    return [e for e in clip.effects if isinstance(e, otio.schema.TimeEffect) or _remaps(e)]


def _remaps(effect: otio.schema.Effect) -> bool:
    named = str(section(effect.metadata, "fcp_xml").get("effectid", ""))
    return "timeremap" in named or effect.effect_name == "Time Remap"


# --- a document ----------------------------------------------------------------------------


def _parsed(path: str, name: str, suffix: str) -> Any:
    """What OTIO's adapter makes of a file."""
    try:
        if suffix == ".otio":
            check_otio(path, name)
        elif (root := _root_tag(path)) != "xmeml":
            hint = _INSTEAD[".fcpxml"] if root == "fcpxml" else _EXPORT
            raise BadInput(f"{name} is no Final Cut Pro 7 XML: it is <{root}>.", hint)
        return otio.adapters.read_from_file(path)
    except _FAULTS as why:
        raise _unreadable(name, why) from why


def _unreadable(name: str, why: Exception) -> BadInput:
    cause = f"{type(why).__name__}: {why}"[:400]
    return BadInput(f"{name} cannot be read as a cut.", _EXPORT, cause)


def _of_edl(path: str, name: str, rate: Fraction | None) -> Document:
    try:
        with open(path, "rb") as file:
            raw = file.read()
    except OSError as why:
        raise _unreadable(name, why) from why
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")  # what older systems write
    timeline, found, drop, said = read_edl(text, name, rate)
    start = timeline.global_start_time
    return Document(timeline, found, drop, round(start.value), tuple(said))


def _root_tag(path: str) -> str:
    for _, element in ElementTree.iterparse(path, ("start",)):
        return str(element.tag)
    return ""


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
            raise BadInput(f"{name} holds a timeline without tracks.", _EXPORT)
        return read, []
    if not isinstance(read, (otio.schema.Stack, otio.schema.Track, otio.schema.Clip)):
        raise BadInput(f"{name} holds a {type(read).__name__}, no timeline.", _EXPORT)
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
    raise BadInput(f"{name} holds no clip with a time.", _EXPORT)


def _drop(timeline: otio.schema.Timeline, rate: Fraction, start: int) -> bool:
    """Whether the timeline counts in drop frame: as its XML says, else as its first hour does."""
    if rate.denominator != 1001 or round(rate) % 30:
        return False
    told = section(timeline.metadata, "fcp_xml", "timecode")
    if "displayformat" in told:
        return str(told["displayformat"]).upper().startswith("D")
    hour = 3600 * round(rate) - 108 * (round(rate) // 30)
    return start > 0 and start % hour == 0


# --- the walk ------------------------------------------------------------------------------


def _item(
    item: Any, at: Fraction, window: _Window, track: int, enabled: bool, depth: int
) -> Iterator[Placed]:
    """Clips of a track or stack whose first own frame is at `at` on the timeline."""
    if depth > DEEPEST:
        hint = "Flatten its nests, then export it again."
        raise BadInput(f"The cut nests deeper than {DEEPEST} levels.", hint)
    range_ = item.source_range
    what = f"'{item.name or type(item).__name__}'"
    origin = seconds(range_.start_time, what) if range_ else Fraction(0)
    if range_:
        window = _within(window, at, at + seconds(range_.duration, what))
    if isinstance(item, otio.schema.Track):
        yield from _along(item, at - origin, window, track, enabled, depth)
        return
    for layer in item:
        each = enabled and track_enabled(layer)
        if isinstance(layer, otio.schema.Track) and layer.kind != otio.schema.TrackKind.Video:
            continue
        if isinstance(layer, otio.schema.Clip):
            yield from _clip(layer, at - origin, window, track, each, _NO_OVERLAPS)
        elif isinstance(layer, (otio.schema.Track, otio.schema.Stack)):
            yield from _item(layer, at - origin, window, track, each, depth + 1)


def _along(
    track: otio.schema.Track,
    at: Fraction,
    window: _Window,
    number: int,
    enabled: bool,
    depth: int,
) -> Iterator[Placed]:
    children = list(track)
    for turn, child in enumerate(children):
        if isinstance(child, otio.schema.Transition):
            continue
        shown = enabled and track_enabled(child)
        if isinstance(child, otio.schema.Clip):
            yield from _clip(child, at, window, number, shown, _overlaps(children, turn))
        elif isinstance(child, (otio.schema.Track, otio.schema.Stack)):
            yield from _item(child, at, window, number, shown, depth + 1)
        at += _duration(child)


def _clip(
    clip: otio.schema.Clip,
    at: Fraction,
    window: _Window,
    track: int,
    enabled: bool,
    overlaps: tuple[Fraction, Fraction, Fraction],
) -> Iterator[Placed]:
    first, end = _within(window, at, at + _duration(clip))
    assert end is not None
    if first < end:
        yield Placed(clip, track, (first, end), first - at, *overlaps, enabled)


def _duration(item: Any) -> Fraction:
    what = f"'{item.name or type(item).__name__}'"
    if item.source_range:
        return seconds(item.source_range.duration, what)
    if isinstance(item, otio.schema.Track):
        inside = (each for each in item if not isinstance(each, otio.schema.Transition))
        return sum(map(_duration, inside), Fraction(0))
    if isinstance(item, otio.schema.Stack):
        return max(map(_duration, item), default=Fraction(0))
    available = item.media_reference.available_range if hasattr(item, "media_reference") else None
    if available is None:
        raise BadInput(f"The clip {what} says neither its range nor its media's.", _EXPORT)
    return seconds(available.duration, what)


def _overlaps(children: Sequence[Any], turn: int) -> tuple[Fraction, Fraction, Fraction]:
    """What the transitions beside a clip show of it before its first and after its last frame,
    and how long the one into it lasts."""
    before = children[turn - 1] if turn else None
    after = children[turn + 1] if turn + 1 < len(children) else None
    head = tail = over = Fraction(0)
    if isinstance(before, otio.schema.Transition):
        head = seconds(before.in_offset, "A transition")
        over = head + seconds(before.out_offset, "A transition")
    if isinstance(after, otio.schema.Transition):
        tail = seconds(after.out_offset, "A transition")
    return head, tail, over


def _within(window: _Window, first: Fraction, end: Fraction) -> _Window:
    low, high = window
    return max(low, first), end if high is None else min(high, end)


def _listed(rows: Any) -> list[Any]:
    """Rows of an XML's list; a list of one is the row itself."""
    several = [rows] if hasattr(rows, "get") else rows if isinstance(rows, Sequence) else []
    return [each for each in several if hasattr(each, "get")]


def section(metadata: Any, *names: str) -> Any:
    """A mapping deep in metadata, {} where there is none: documents may hold anything there."""
    for name in names:
        metadata = metadata.get(name) if hasattr(metadata, "get") else None
    return metadata if hasattr(metadata, "get") else {}


def text_at(metadata: Any, *names: str) -> str:
    """A text deep in metadata, '' where there is none."""
    text = section(metadata, *names[:-1]).get(names[-1])
    return re.sub(r"\s+", " ", text).strip() if isinstance(text, str) else ""


def texts_at(metadata: Any, *names: str) -> list[str]:
    """A list of texts deep in metadata, [] where there is none."""
    found = section(metadata, *names[:-1]).get(names[-1])
    several = isinstance(found, Sequence) and not isinstance(found, str)
    return [each for each in found if isinstance(each, str)] if several else []
