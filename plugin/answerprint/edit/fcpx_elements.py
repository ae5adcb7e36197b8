"""Elements of Final Cut Pro X XML: their times and speed, the media they name. See `fcpx.py`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree.ElementTree import Element

import opentimelineio as otio

from answerprint.edit.timecode import exact
from answerprint.edit.timeline import DEEPEST, EXPORT, MOST_CLIPS
from answerprint.errors import BadInput

PICTURE = ("asset-clip", "ref-clip", "mc-clip", "video", "title", "live-drawing")
STORY = (*PICTURE, "clip", "sync-clip", "gap", "audio", "audition", "spine", "caption")
_TIME = re.compile(r"(-?\d{1,18})(?:/(\d{1,12})|\.(\d{1,12}))?s")
_REEL = "com.apple.proapps.studio.reel"


@dataclass
class Reader:
    """What holds for the whole file: its resources, and what is to be said.

    within   names of the clips and sequences that are being read, outermost first.
    """

    name: str
    resources: dict[str, Element]
    said: list[str] = field(default_factory=list)
    sound: int = 0
    made: int = 0
    within: list[str] = field(default_factory=list)

    def resource(self, id_: str | None) -> Element | None:
        return self.resources.get(id_ or "")

    def rate(self, format_: str | None) -> Fraction | None:
        """Frames per second of a format; None where it has none, as of stills."""
        found = self.resource(format_)
        lasts = None if found is None else self.time(found, "frameDuration")
        return exact(float(1 / lasts), self.name) if lasts else None

    def time(self, element: Element, word: str) -> Fraction | None:
        """Seconds of an attribute, None where it is not there."""
        told = element.get(word)
        if not told:  # some writers leave it empty
            return None
        if not (parts := _TIME.fullmatch(told.strip())) or (parts[2] and not int(parts[2])):
            raise BadInput(f"{self.name} has a time of '{told[:40]}'.", EXPORT)
        whole, over, point = parts.groups()
        return Fraction(int(whole), int(over)) if over else Fraction(f"{whole}.{point or 0}")

    def enter(self, what: str) -> None:
        if what in self.within:
            raise BadInput(f"{self.name} holds '{what}' within itself.", EXPORT)
        self.within.append(what)
        if len(self.within) > DEEPEST:
            raise BadInput(f"{self.name} nests deeper than {DEEPEST} levels.", EXPORT)

    def count(self) -> None:
        self.made += 1
        if self.made > MOST_CLIPS:
            raise BadInput(f"{self.name} holds more than {MOST_CLIPS} clips.", EXPORT)


def has_picture(element: Element, reader: Reader) -> bool:
    """Whether there is anything to be seen in an element; what is connected to it is not in it."""
    held = (each for child in element if not child.get("lane") for each in child.iter())
    for each in (element, *held):
        if each.tag in ("video", "asset-clip"):
            asset = reader.resource(each.get("ref"))
            if asset is None or asset.get("hasVideo") == "1" or not asset.get("hasAudio"):
                return True
        elif each.tag in PICTURE and each.get("srcEnable") != "audio":
            return True
    return False


def reference_to(
    asset: Element, rate: Fraction, start: Fraction, reader: Reader
) -> otio.core.MediaReference:
    """An asset's file; in newer versions it stands in a `media-rep`."""
    reps = [each for each in asset.iterfind("media-rep") if each.get("src")]
    original = [each for each in reps if each.get("kind", "original-media") == "original-media"]
    source = asset.get("src") or next((e.get("src") for e in (*original, *reps)), None)
    if not source:
        return otio.schema.MissingReference(asset.get("name", ""))
    lasts = lasts_of(asset, reader)
    there = otio.opentime.TimeRange(at_rate(start, rate), at_rate(lasts, rate)) if lasts else None
    made = otio.schema.ExternalReference(source, there)
    made.name = asset.get("name", "")
    for each in asset.iterfind("metadata/md"):
        if each.get("key") == _REEL:
            made.metadata["reel"] = each.get("value", "")
    return made


def start_of(element: Element, reader: Reader) -> Fraction:
    """An element's first moment in its own time: told, else where its media begins."""
    told = reader.time(element, "start")
    if told is not None:
        return told
    found = reader.resource(element.get("ref"))
    if found is None:
        return Fraction(0)
    inside = next((e for e in found if e.tag in ("sequence", "multicam")), None)
    own = reader.time(found, "start") if inside is None else reader.time(inside, "tcStart")
    return own or Fraction(0)


def lasts_of(element: Element, reader: Reader) -> Fraction:
    """How long an element is: told, else as long as what it shows or holds."""
    told = reader.time(element, "duration")
    if told is not None:
        return told
    if element.tag == "audition":
        return next((lasts_of(e, reader) for e in element if e.tag in STORY), Fraction(0))
    if element.tag == "spine":
        ends = [
            (reader.time(e, "offset") or 0) + lasts_of(e, reader)
            for e in element
            if e.tag in STORY and not e.get("lane")
        ]
        return Fraction(max(ends, default=0))
    found = reader.resource(element.get("ref"))
    if found is None:
        return Fraction(0)
    inside = next((e for e in found if e.tag in ("sequence", "multicam")), found)
    return reader.time(inside, "duration") or Fraction(0)


def speed_over(
    element: Element, begin: Fraction, reader: Reader
) -> tuple[Fraction, Fraction, bool]:
    """First moment of the media that a clip shows, its speed, and whether that is even.

    A timeMap counts in the clip's own time, or from 0 where the clip's media has timecode; which
    one, its times tell.
    """
    start, lasts = start_of(element, reader), lasts_of(element, reader)
    own = element.iterfind("timeMap/timept")
    rows = [(reader.time(e, "time"), reader.time(e, "value")) for e in own]
    points = sorted((t, v) for t, v in rows if t is not None and v is not None)
    if len(points) < 2 or points[0][0] == points[-1][0]:
        return start, Fraction(1), True
    origin = begin if points[-1][0] < begin else Fraction(0)
    local = start - origin
    first, last = _mapped(points, local), _mapped(points, local + lasts)
    speed = (last - first) / lasts if lasts else Fraction(1)
    off = (
        abs(_mapped(points, t) - first - speed * (t - local))
        for t, _ in points
        if local <= t <= local + lasts
    )
    even = max(off, default=Fraction(0)) < Fraction(1, 60)
    return min(first, last) + origin, speed, even


def _mapped(points: list[tuple[Fraction, Fraction]], at: Fraction) -> Fraction:
    """The value of a map of straight lines, which go on beyond its ends."""
    turn = max(1, sum(t <= at for t, _ in points[:-1]))
    (t0, v0), (t1, v1) = points[turn - 1], points[turn]
    return v0 if t0 == t1 else v0 + (v1 - v0) * (at - t0) / (t1 - t0)


def at_rate(seconds: Fraction, rate: Fraction) -> otio.opentime.RationalTime:
    """Whole frames: what lies between two is none of a picture's."""
    return otio.opentime.RationalTime(round(seconds * rate), float(rate))
