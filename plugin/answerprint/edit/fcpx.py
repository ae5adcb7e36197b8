"""Final Cut Pro X XML (.fcpxml, .fcpxmld) to OpenTimelineIO.

The adapter of OpenTimelineIO leaves out transitions, changes of speed, multicam clips and the
start of media with timecode, so the elements are read here, after Apple's description of the
format (versions 1.8 to 1.11). Resolve and Premiere write it too. Nothing here was compared with
Final Cut Pro itself.

Convention
    times      '1001/30000s': exact fractions of a second, as the file has them.
    local      a clip has a time of its own that runs from its `start`; what it holds or what is
               connected to it stands at an `offset` in that time.
    tracks     the main storyline is one track, each lane of connected clips another one above
               (below for lanes under 0). Compound, multicam and synchronized clips are stacks.
    speed      a timeMap's average over what the clip shows, with a warning where it is none of
               one speed. What runs backwards starts at its lowest frame.
    gap        a clip without picture (sound, a caption) leaves a gap in its storyline.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from xml.etree.ElementTree import Element

import opentimelineio as otio

from answerprint.edit.fcpx_elements import (
    STORY,
    Reader,
    at_rate,
    has_picture,
    lasts_of,
    reference_to,
    speed_over,
    start_of,
)
from answerprint.edit.timecode import exact
from answerprint.edit.timeline import EXPORT
from answerprint.errors import BadInput

_UNREAD = re.compile("(adjust|filter|object)-(?!volume|panner|audio|loudness|noise|hum|EQ|match)")


@dataclass(frozen=True)
class _Laid:
    """An item on a lane; first and end in seconds of the storyline it is connected to."""

    lane: int
    first: Fraction
    end: Fraction
    item: otio.core.Composable


def read_fcpx(
    root: Element, name: str, rate: Fraction | None = None
) -> tuple[otio.schema.Timeline, Fraction, bool, int, list[str]]:
    """The one project of a file as a timeline, its rate, whether it drops frames, the count of its
    first frame, and what is to be said.

    rate   where the file does not say it, as some writers do for 23.976 and 29.97.

    Raises BadInput where it holds several projects, or nothing to be seen.
    """
    reader = Reader(name, {e.get("id", ""): e for e in root.iterfind("resources/*")})
    projects = list(root.iter("project"))
    if len(projects) > 1:
        named = ", ".join(each.get("name") or "unnamed" for each in projects[:6])
        hint = "Export the one timeline that is meant."
        raise BadInput(f"{name} holds {len(projects)} timelines: {named}.", hint)
    title = projects[0].get("name", name) if projects else name
    sequence = projects[0].find("sequence") if projects else _of_clips(root, reader)
    if sequence is None:
        raise BadInput(f"{name} holds a project without a sequence.", EXPORT)
    rate = reader.rate(sequence.get("format")) or rate
    if rate is None:
        raise BadInput(f"{name} does not say its frame rate.", f"Name the rate. {EXPORT}")
    start = reader.time(sequence, "tcStart") or Fraction(0)
    count = round(start * rate)
    first = otio.opentime.RationalTime(count, float(rate))
    timeline = otio.schema.Timeline(title, global_start_time=first)
    timeline.tracks.extend(_tracks(sequence, rate, reader))
    if reader.sound:
        reader.said.append(f"Not looked at: clips of sound ({reader.sound}).")
    return timeline, rate, sequence.get("tcFormat") == "DF", count, reader.said


def _of_clips(root: Element, reader: Reader) -> Element:
    """Clips of a browser as a sequence, one after another."""
    clips = [e for parent in (root, *root.iter("event")) for e in parent if e.tag in STORY]
    if not clips:
        raise BadInput(f"{reader.name} holds neither a project nor clips.", EXPORT)
    reader.said.append(
        f"{reader.name} lists clips and no project: they stand one after another, as it has them."
    )
    formats = [_format_of(clip, reader) for clip in clips]
    known = next((each for each in formats if reader.rate(each)), "")
    sequence, spine, at = Element("sequence", format=known), Element("spine"), Fraction(0)
    sequence.append(spine)
    for clip in clips:
        clip.set("offset", f"{at.numerator}/{at.denominator}s")
        at += lasts_of(clip, reader)
        spine.append(clip)
    return sequence


def _format_of(clip: Element, reader: Reader) -> str:
    inner = next((e for e in clip.iter() if e.get("ref")), clip)
    shown = reader.resource(inner.get("ref"))
    sequence = None if shown is None else shown.find("sequence")
    found = shown if sequence is None else sequence
    return str(clip.get("format") or ("" if found is None else found.get("format", "")))


# --- sequences -----------------------------------------------------------------------------


def _tracks(sequence: Element, rate: Fraction, reader: Reader) -> list[otio.schema.Track]:
    """The tracks of a sequence, lowest first. Their first frame is its `tcStart`."""
    spine, start = sequence.find("spine"), reader.time(sequence, "tcStart") or Fraction(0)
    if spine is None:
        return []
    begun = next((t for e in spine if (t := reader.time(e, "offset")) is not None), start)
    return _storyline(spine, start if begun >= start else Fraction(0), rate, reader)


def _storyline(
    story: Iterable[Element], start: Fraction, rate: Fraction, reader: Reader
) -> list[otio.schema.Track]:
    """A storyline's track with those of what is connected to it. `start` is its local time at the
    tracks' first frame."""
    main, connected = otio.schema.Track(), list[_Laid]()
    at, crossing = start, list[Element]()
    for element in story:
        if element.tag == "transition":
            crossing.append(element)
        if element.tag not in STORY or element.get("lane"):
            continue
        told = reader.time(element, "offset")
        first, lasts = at if told is None else told, lasts_of(element, reader)
        if first > at:
            main.append(_gap(first - at, rate))
        _cross(main, crossing, first, rate, reader)
        main.append(_item(element, rate, reader) or _gap(lasts, rate))
        connected += _connected(element, first, 0, rate, reader)
        at = first + lasts
    _cross(main, crossing, at, rate, reader)
    rows = {0: [main]}
    for each in sorted(connected, key=lambda one: (one.lane, one.first)):
        _lay(each, rows.setdefault(each.lane, []), start, rate)
    tracks = [track for lane in sorted(rows) for track in rows[lane]]
    for number, track in enumerate(tracks, 1):
        track.name = f"Video {number}"
    return tracks


def _lay(each: _Laid, rows: list[otio.schema.Track], start: Fraction, rate: Fraction) -> None:
    """Put an item onto the first track of its lane that is free there."""
    first = each.first - start
    for track in rows:
        end = Fraction(track.duration().value) / rate
        if len(track) and end <= first:
            break
    else:
        track, end = otio.schema.Track(), Fraction(0)
        rows.append(track)
    if first > end:
        track.append(_gap(first - end, rate))
    track.append(each.item)


def _cross(
    track: otio.schema.Track,
    crossing: list[Element],
    cut: Fraction,
    rate: Fraction,
    reader: Reader,
) -> None:
    """The transition that lies across a cut, with what of it is on each side."""
    for element in crossing:
        first, lasts = reader.time(element, "offset"), reader.time(element, "duration")
        if first is None or not lasts or not first <= cut <= first + lasts:
            reader.said.append(f"A transition '{element.get('name', '')}' lies at no cut.")
            continue
        sides = (at_rate(cut - first, rate), at_rate(first + lasts - cut, rate))
        kind = "SMPTE_Dissolve" if "dissolve" in element.get("name", "").lower() else "Custom"
        track.append(otio.schema.Transition(element.get("name", ""), kind, *sides))
    crossing.clear()


def _connected(
    element: Element, first: Fraction, lane: int, rate: Fraction, reader: Reader
) -> Iterator[_Laid]:
    """What is connected to a clip at `first`, and to that again."""
    origin = start_of(element, reader)
    for child in element:
        if child.tag not in STORY or not child.get("lane"):
            continue
        own = lane + _whole(child.get("lane", "0"))
        at = first + (reader.time(child, "offset") or origin) - origin
        reader.enter(f"{child.tag} {len(reader.within)}")
        if (item := _item(child, rate, reader)) is not None:
            yield _Laid(own, at, at + lasts_of(child, reader), item)
        if child.tag != "spine":
            yield from _connected(child, at, own, rate, reader)
        reader.within.pop()


def _whole(text: str) -> int:
    return int(text) if re.fullmatch(r"-?\d{1,4}", text) else 0


# --- clips ---------------------------------------------------------------------------------


def _item(element: Element, rate: Fraction, reader: Reader) -> otio.core.Item | None:
    """A story element as an item with its markers and the names of its effects; None where it has
    no picture."""
    made = _shown(element, rate, reader)
    if made is not None and element.tag != "audition":  # its pick has its own
        named = (e.get("name") or e.tag for e in element if _UNREAD.match(e.tag))
        made.effects.extend(otio.schema.Effect(effect_name=name) for name in named)
        made.markers.extend(_markers(element, made.source_range.start_time, reader))
    return made


def _markers(
    element: Element, begin: otio.opentime.RationalTime, reader: Reader
) -> Iterator[otio.schema.Marker]:
    """The markers of an element whose first frame is at `begin` of its item's own time."""
    one, rate = otio.opentime.RationalTime(1, begin.rate), exact(begin.rate, "A clip")
    for marker in (*element.iterfind("marker"), *element.iterfind("chapter-marker")):
        at = (reader.time(marker, "start") or 0) - start_of(element, reader)
        there = otio.opentime.TimeRange(begin + at_rate(at, rate), one)
        yield otio.schema.Marker(marker.get("value", ""), there)


def _shown(element: Element, rate: Fraction, reader: Reader) -> otio.core.Item | None:
    reader.count()
    if element.tag == "gap":
        return _gap(lasts_of(element, reader), rate)
    if element.tag == "audition":
        picks = [child for child in element if child.tag in STORY]
        if len(picks) > 1:
            reader.said.append(f"Of an audition of {len(picks)} clips the active one is read.")
        return _item(picks[0], rate, reader) if picks else None
    if element.get("srcEnable") == "audio" or not has_picture(element, reader):
        reader.sound += element.tag != "caption"
        return None
    inner = element
    if element.tag == "clip":
        held = [e for e in element if e.tag in STORY and not e.get("lane")]
        lone = len(held) == 1 and held[0].tag == "video"
        if not lone or any(e.get("lane") and has_picture(e, reader) for e in held[0]):
            return _nested(element, _held(element), rate, reader)
        inner = held[0]
    if element.tag in ("sync-clip", "spine"):
        return _nested(element, _held(element), rate, reader)
    if element.tag in ("ref-clip", "mc-clip"):
        return _compound(element, rate, reader)
    return _clip(element, inner, rate, reader)


def _held(element: Element) -> Iterator[Element]:
    """What an element holds as a storyline of its own."""
    for child in element:
        if child.tag == "spine" and not child.get("lane"):
            yield from child
        else:
            yield child


def _nested(
    element: Element, story: Iterable[Element], rate: Fraction, reader: Reader
) -> otio.schema.Stack:
    reader.enter(f"{element.tag} {len(reader.within)}")
    tracks = _storyline(story, Fraction(0), rate, reader)
    reader.within.pop()
    return _stack(element, tracks, Fraction(0), rate, reader)


def _compound(element: Element, rate: Fraction, reader: Reader) -> otio.schema.Stack:
    """A compound clip, or of a multicam clip the angle that is seen."""
    ref, name = element.get("ref", ""), element.get("name", "")
    media = reader.resource(ref)
    sequence = None if media is None else media.find("sequence")
    camera = None if media is None else media.find("multicam")
    found = sequence if camera is None else camera
    if found is None:
        raise BadInput(f"{reader.name} holds '{name}', whose media '{ref}' it lacks.", EXPORT)
    reader.enter(ref)
    own, zero = reader.rate(found.get("format")) or rate, reader.time(found, "tcStart") or 0
    if camera is None:
        tracks = _tracks(found, own, reader)
    else:
        angle = _angle(element, camera, name, reader)
        tracks = _storyline(angle, Fraction(zero), own, reader)
    reader.within.pop()
    return _stack(element, tracks, Fraction(zero), rate, reader)


def _angle(element: Element, camera: Element, name: str, reader: Reader) -> Element:
    angles = {each.get("angleID"): each for each in camera.iter("mc-angle")}
    shown = [e for e in element.iter("mc-source") if e.get("srcEnable", "all") in ("all", "video")]
    chosen = angles.get(shown[0].get("angleID")) if shown else next(iter(angles.values()), None)
    if chosen is None:
        raise BadInput(f"{reader.name} holds the multicam clip '{name}' without its angle.", EXPORT)
    told = chosen.get("name") or chosen.get("angleID", "")
    reader.said.append(f"Of the {len(angles)} angles of '{name}', '{told}' is read, as is seen.")
    return chosen


def _stack(
    element: Element,
    tracks: list[otio.schema.Track],
    origin: Fraction,
    rate: Fraction,
    reader: Reader,
) -> otio.schema.Stack:
    """Tracks under one name, seen for as long as the element lasts. They begin at `origin`."""
    first, speed, even = speed_over(element, origin, reader)
    window = otio.opentime.TimeRange(
        at_rate(first - origin, rate), at_rate(lasts_of(element, reader), rate)
    )
    stack = otio.schema.Stack(element.get("name", ""), tracks, window)
    stack.enabled = element.get("enabled") != "0"
    if speed != 1:
        stack.effects.append(otio.schema.LinearTimeWarp(time_scalar=float(speed)))
    _say_uneven(stack.name, even, reader)
    return stack


def _say_uneven(name: str, even: bool, reader: Reader) -> None:
    if not even:
        reader.said.append(f"'{name}' changes its speed as it runs; the average is taken.")


def _clip(element: Element, inner: Element, rate: Fraction, reader: Reader) -> otio.schema.Clip:
    """A clip of one asset. `inner` has its `ref`: the element itself, or the video it holds."""
    asset = reader.resource(inner.get("ref"))
    name = element.get("name") or ("" if asset is None else asset.get("name", ""))
    length = at_rate(lasts_of(element, reader), rate)
    clip = otio.schema.Clip(name)
    clip.enabled = element.get("enabled") != "0"
    if element.tag in ("title", "live-drawing") or (asset is not None and asset.tag == "effect"):
        kind = element.tag if asset is None else asset.get("name", element.tag)
        clip.media_reference = otio.schema.GeneratorReference(name, kind)
        clip.source_range = otio.opentime.TimeRange(at_rate(Fraction(0), rate), length)
        return clip
    own, begin = rate, Fraction(0)
    if asset is not None:
        own = reader.rate(asset.get("format")) or rate
        begin = reader.time(asset, "start") or begin
        clip.media_reference = reference_to(asset, own, begin, reader)
    first, speed, even = speed_over(element, begin, reader)
    if inner is not element:
        first += start_of(inner, reader) - (reader.time(inner, "offset") or 0)
    start = otio.opentime.RationalTime(round(first * own), float(own))
    clip.source_range = otio.opentime.TimeRange(start, length)
    still = asset is not None and not lasts_of(asset, reader)
    if still or not speed:
        clip.effects.append(otio.schema.FreezeFrame())
    elif speed != 1:
        clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=float(speed)))
    _say_uneven(clip.name, even, reader)
    conform = element.find("conform-rate")
    if own != rate and conform is not None and conform.get("scaleEnabled") != "0":
        reader.said.append(
            f"'{name}' at {own} frames per second is conformed to {rate}; it is counted by time."
        )
    return clip


def _gap(seconds: Fraction, rate: Fraction) -> otio.schema.Gap:
    return otio.schema.Gap(
        source_range=otio.opentime.TimeRange(at_rate(Fraction(0), rate), at_rate(seconds, rate))
    )
