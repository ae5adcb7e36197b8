"""An edit as an OpenTimelineIO timeline, and every clip in it at its place in time.

Convention
    time    seconds as exact fractions of rates as film means them (23.976 is 24000/1001), so that
            tracks of mixed rates stay in step over a whole reel.
    nested  stacks and tracks are opened; what their window cuts off is cut off.
    source  what a clip shows: its start in its own timecode, and the frames it lasts on the
            timeline, before a change of speed.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from answerprint.edit.timecode import LARGEST, exact
from answerprint.errors import BadInput

DEEPEST = 64  # nested stacks; beyond it a document is broken on purpose
MOST_CLIPS = 50_000  # a compound clip may stand in others many times over
FASTEST = 1000.0
EXPORT = "Export the cut as OTIO, as an EDL (CMX 3600) or as Final Cut Pro 7 XML (.xml)."


@dataclass(frozen=True)
class Document:
    """An edit as it was read: the timeline itself, its rate, and what is to be said of it.

    folder   which relative references start from, '' for the folder the edit is in.
    """

    timeline: otio.schema.Timeline
    rate: Fraction
    drop: bool
    start: int
    warnings: tuple[str, ...]
    folder: str = ""


@dataclass(frozen=True)
class Placed:
    """A clip at its place. Times are seconds.

    track         of the picture, from 1 at the bottom.
    record        start and end on the timeline, counted from its first frame.
    lead          how much of the clip a window of a nest cut off where its source begins: at its
                  start, or at its end where it runs backwards.
    head, tail    what transitions show of it before and after.
    over, onward  how long the transitions into and out of it last.
    speed         of the nests that it lies in, to multiply its own with.
    """

    clip: otio.schema.Clip
    track: int
    record: tuple[Fraction, Fraction]
    lead: Fraction
    head: Fraction
    tail: Fraction
    over: Fraction
    onward: Fraction
    enabled: bool
    speed: float = 1.0


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
    kept, generated = list[Placed](), list[Placed]()
    for each in found:
        made = isinstance(each.clip.media_reference, _GENERATED)
        (generated if made else kept).append(each)
    if generated:
        names = sorted({p.clip.name or p.clip.media_reference.generator_kind for p in generated})
        listed = ", ".join(names[:6])
        said.append(f"Left out: clips that are generated, not shot ({len(generated)}): {listed}.")
    if empty := [each.name or "unnamed" for track in pictures for each in _empty(track)]:
        listed = ", ".join(empty[:6])
        said.append(f"Left out: clips of no length ({len(empty)}): {listed}.")
    if unread := Counter[str](name for track in pictures for name in _unread(track)):
        listed = ", ".join(f"{name} ({count})" for name, count in unread.most_common(8))
        said.append(f"Effects are not read: {listed}.")
    if lost := sum(_markers_beside(track) for track in pictures):
        said.append(f"Markers are not read: on gaps, nests and generated clips ({lost}).")
    return sorted(kept, key=lambda p: (p.record[0], p.track)), said


_GENERATED = otio.schema.GeneratorReference
_Window = tuple[Fraction, Fraction | None]
_INSTANT = Fraction(1, 1000)  # less than a frame: what a frozen nest shows
_Overlaps = tuple[Fraction, Fraction, Fraction, Fraction]
_NO_OVERLAPS = (Fraction(0),) * 4


def track_enabled(item: Any) -> bool:
    return bool(getattr(item, "enabled", True))


def seconds(time: otio.opentime.RationalTime, what: str) -> Fraction:
    """A time of OpenTimelineIO, exactly. BadInput where it is none."""
    if not abs(time.value) <= LARGEST:
        raise BadInput(f"{what} has a time of {time.value:g} frames.", "Export the cut again.")
    return Fraction(time.value) / exact(time.rate, what)


def speed_of(clip: otio.core.Item) -> tuple[float, str]:
    """Frames of source for one of record (0 is a freeze, below 0 runs backwards), and a caution.

    It is the clip's own, or a nest's; `Placed.speed` has that of the nests around a clip.

    BadInput for a speed that no edit has.
    """
    speed, caution = _speed(clip)
    if not abs(speed) <= FASTEST:
        raise BadInput(f"'{clip.name}' has a speed of {speed:g}.", "Export the cut again.")
    return speed, caution


def _speed(clip: otio.core.Item) -> tuple[float, str]:
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


def speed_effects(clip: otio.core.Item) -> list[otio.schema.Effect]:
    """Those of a clip's effects that change its speed, of OTIO's own kind or a filter of an XML."""
    return [e for e in clip.effects if isinstance(e, otio.schema.TimeEffect) or _remaps(e)]


def _unread(item: Any) -> Iterator[str]:
    """Names of the effects below an item that are none of speed."""
    timed = speed_effects(item) if hasattr(item, "effects") else []
    for effect in getattr(item, "effects", ()):
        if not any(effect is each for each in timed):
            yield effect.effect_name or effect.name or "unnamed"
    if isinstance(item, (otio.schema.Track, otio.schema.Stack)):
        for child in item:
            yield from _unread(child)


def _markers_beside(item: Any, top: bool = True) -> int:
    """How many markers below a track of the timeline are on none of its clips."""
    shot = isinstance(item, otio.schema.Clip) and not isinstance(item.media_reference, _GENERATED)
    own = 0 if shot or top else len(getattr(item, "markers", ()))
    inside = item if isinstance(item, (otio.schema.Track, otio.schema.Stack)) else ()
    return own + sum(_markers_beside(each, False) for each in inside)


def _empty(item: Any) -> Iterator[otio.schema.Clip]:
    """Clips below an item that say they last for no time at all."""
    if isinstance(item, otio.schema.Clip):
        if item.source_range and not item.source_range.duration.value:
            yield item
    elif isinstance(item, (otio.schema.Track, otio.schema.Stack)):
        for child in item:
            yield from _empty(child)


def _remaps(effect: otio.schema.Effect) -> bool:
    named = str(section(effect.metadata, "fcp_xml").get("effectid", ""))
    return "timeremap" in named or effect.effect_name == "Time Remap"


# --- the walk ------------------------------------------------------------------------------


def _item(
    item: Any, at: Fraction, window: _Window, track: int, enabled: bool, depth: int
) -> Iterator[Placed]:
    """Clips of a track or stack of which the first frame it shows is at `at` on the timeline."""
    if depth > DEEPEST:
        hint = "Flatten its nests, then export it again."
        raise BadInput(f"The cut nests deeper than {DEEPEST} levels.", hint)
    range_ = item.source_range
    what = f"'{item.name or type(item).__name__}'"
    origin = seconds(range_.start_time, what) if range_ else Fraction(0)
    speed = speed_of(item)[0]
    if speed != 1:
        lasts, taken = _duration(item), Fraction(abs(speed))
        inside = (origin, origin + (lasts * taken or _INSTANT))
        for each in _inside(item, Fraction(0), inside, track, enabled, depth):
            yield from _retimed(each, at, lasts, origin, speed, window)
        return
    if range_:
        window = _within(window, at, at + _duration(item))
    yield from _inside(item, at - origin, window, track, enabled, depth)


def _retimed(
    each: Placed, at: Fraction, lasts: Fraction, origin: Fraction, speed: float, window: _Window
) -> Iterator[Placed]:
    """A clip of a nest that runs at `speed`: from the nest's own time to the timeline's."""
    taken = Fraction(abs(speed)) or Fraction(1)
    first, end = ((moment - origin) / taken + at for moment in each.record)
    if speed < 0:
        first, end = 2 * at + lasts - end, 2 * at + lasts - first
    elif speed == 0:
        first, end = at, at + lasts
    begun, till = _within(window, first, end)
    assert till is not None
    backwards = speed_of(each.clip)[0] * each.speed * speed < 0
    cut_off = end - till if backwards else begun - first
    sides = [each.head, each.over], [each.tail, each.onward]
    into, onward = ([at / taken for at in side] for side in (sides[::-1] if speed < 0 else sides))
    if begun < till:
        yield replace(
            each,
            record=(begun, till),
            lead=each.lead / taken + (cut_off if speed else 0),
            head=into[0],
            tail=onward[0],
            over=into[1],
            onward=onward[1],
            speed=each.speed * speed,
        )


def _inside(
    item: Any, at: Fraction, window: _Window, track: int, enabled: bool, depth: int
) -> Iterator[Placed]:
    """Clips of a track or stack whose own time 0 is at `at`."""
    if isinstance(item, otio.schema.Track):
        yield from _along(item, at, window, track, enabled, depth)
        return
    for layer in item:
        each = enabled and track_enabled(layer)
        if isinstance(layer, otio.schema.Track) and layer.kind != otio.schema.TrackKind.Video:
            continue
        if isinstance(layer, otio.schema.Clip):
            yield from _clip(layer, at, window, track, each, _NO_OVERLAPS)
        elif isinstance(layer, (otio.schema.Track, otio.schema.Stack)):
            yield from _item(layer, at, window, track, each, depth + 1)


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
    overlaps: _Overlaps,
) -> Iterator[Placed]:
    whole = at + _duration(clip)
    first, end = _within(window, at, whole)
    assert end is not None
    if first < end:
        lead = whole - end if speed_of(clip)[0] < 0 else first - at
        yield Placed(clip, track, (first, end), lead, *overlaps, enabled)


def _duration(item: Any) -> Fraction:
    """How long an item is on the timeline. BadInput for less than nothing."""
    lasts = _length(item)
    if lasts < 0:
        raise BadInput(f"'{item.name}' lasts {float(lasts):g} seconds.", "Export the cut again.")
    return lasts


def _length(item: Any) -> Fraction:
    what = f"'{item.name or type(item).__name__}'"
    if item.source_range:
        seconds(item.source_range.start_time, what)
        return seconds(item.source_range.duration, what)
    if isinstance(item, otio.schema.Track):
        inside = (each for each in item if not isinstance(each, otio.schema.Transition))
        return sum(map(_duration, inside), Fraction(0))
    if isinstance(item, otio.schema.Stack):
        return max(map(_duration, item), default=Fraction(0))
    available = item.media_reference.available_range if hasattr(item, "media_reference") else None
    if available is None:
        raise BadInput(f"The clip {what} says neither its range nor its media's.", EXPORT)
    return seconds(available.duration, what)


def _overlaps(children: Sequence[Any], turn: int) -> _Overlaps:
    """What the transitions beside a clip show of it before its first and after its last frame,
    and how long they last."""
    before = children[turn - 1] if turn else None
    after = children[turn + 1] if turn + 1 < len(children) else None
    head = tail = over = onward = Fraction(0)
    if isinstance(before, otio.schema.Transition):
        head = _side(before.in_offset)
        over = head + _side(before.out_offset)
    if isinstance(after, otio.schema.Transition):
        tail = _side(after.out_offset)
        onward = tail + _side(after.in_offset)
    return head, tail, over, onward


def _side(offset: otio.opentime.RationalTime) -> Fraction:
    """How far a transition reaches to one side of its cut."""
    reach = seconds(offset, "A transition")
    if reach < 0:
        raise BadInput(f"A transition reaches {float(reach):g} seconds.", "Export the cut again.")
    return reach


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
