"""CMX 3600 edit lists, as editing and grading systems really write them, to OpenTimelineIO.

The adapter of OpenTimelineIO refuses a whole list for one event whose source and record
lengths differ, reads no speed beside a drop-frame timecode, forgets the events' numbers, and
has to be told the rate. A conform needs all four, so the lines are read here.

Convention
    rate       CMX lists do not say it. Without one from the caller it is the lowest of 24, 25,
               30, 50 and 60 that the frame numbers allow and under which source and record of
               most events are equally long; drop frame is 30000/1001. A warning says so.
    order      by record time; an event over another one goes to the next video track. Events after
               midnight are the next day's, where the list has them after those before it.
    dissolve   'D 024' at an event: over its first 24 frames the event before goes on.
    speed      'M2': frames per second of the source, below 0 backwards, 0 a freeze. Without it,
               lengths that differ are said; a source that ends before it begins runs backwards.
    sound      is not read; comments below a line of it are its picture's.
    comments   FROM/TO CLIP NAME, SOURCE FILE, FROM FILE, ASC_SOP, ASC_SAT, LOC, with or without
               a star; the rest is kept in the metadata.
    metadata   of a clip: 'cmx_3600' {number, reel, channels, files, comments}, 'cdl' as OTIO's
               adapters have it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise, takewhile
from typing import Any

import opentimelineio as otio

from answerprint.edit.timecode import TIMECODE, count_of, drops, frames_in, since
from answerprint.errors import BadInput

BASES = (24, 25, 30, 50, 60)
_LINES = 16  # that one event may have: its dissolve's and its sound's
BLACK = ("BL", "BLACK", "BARS")

_EVENT = re.compile(
    r"(?P<number>\d{1,9})\s+(?P<reel>\S.*?)\s+(?P<channels>[ABVN][A-Z0-9/]*)\s+"
    r"(?P<kind>C|D|W\d{1,3}|K[BO]?)\s+(?:(?P<length>\d{1,4})\s+)?"
    + r"\s+".join(f"(?P<{name}>{TIMECODE})" for name in ("source", "until", "record", "ends")),
    re.IGNORECASE,
)
_SPEED = re.compile(
    rf"M2\b\s*:?\s*(?P<reel>.*?)\s+(?P<fps>[-+]?\d{{1,6}}(?:[.,]\d*)?)(?:\s+{TIMECODE})?\s*$",
    re.IGNORECASE,
)
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_TRIPLE = rf"\(\s*({_NUMBER})[,\s]+({_NUMBER})[,\s]+({_NUMBER})[,\s]*\)"
SOP = re.compile(rf"{_TRIPLE}\s*{_TRIPLE}\s*{_TRIPLE}")
_SAT = re.compile(_NUMBER)
_COMMENT = re.compile(
    r"\*?\s*(?P<word>FROM CLIP NAME|TO CLIP NAME|SOURCE FILE|FROM FILE|TO FILE|FROM CLIP|TO CLIP"
    r"|ASC_SOP|ASC_SAT|LOC)\s*:?\s*(?P<text>.*)",
    re.IGNORECASE,
)
_LOCATOR = re.compile(rf"(?P<at>{TIMECODE})\s*(?P<colour>[A-Za-z]*)\s*(?P<text>.*)")


@dataclass
class _Row:
    """One line of an event; `said` are its comments by their word."""

    line: int
    number: int
    reel: str
    channels: str
    kind: str
    length: int
    times: tuple[str, str, str, str]
    drop: bool
    said: dict[str, str] = field(default_factory=dict)
    locators: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    fps: float | None = None

    @property
    def picture(self) -> bool:
        return "V" in self.channels or self.channels == "B"

    def span(self, which: int, rate: Fraction) -> tuple[int, int]:
        """Source (0) or record (2), first and end, in frames.

        One that ends in the first hours of the next day goes on over midnight, told by its being
        most of a day long otherwise.
        """
        said = self.times[which : which + 2]
        drop = self.drop or drops(said[0])
        first, end, day = (count_of(text, rate, drop) for text in (*said, "24:00:00:00"))
        return (first, end + day) if first - end > day // 2 else (first, end)


def read_edl(
    text: str, name: str, rate: Fraction | None = None
) -> tuple[otio.schema.Timeline, Fraction, bool, list[str]]:
    """The list as a timeline, its rate, whether it drops frames, and what is to be said.

    Raises BadInput where it holds no event, or where its timecodes are none at `rate`.
    """
    title, rows, said = _rows(text)
    pictures = [row for row in rows if row.picture]
    if not rows:
        raise BadInput(f"{name} holds no event.", "Export the edit as a CMX 3600 EDL.")
    drop = any(row.drop or drops(row.times[2]) for row in rows)
    if rate is None:
        rate = _likely_rate(rows, drop)
        said.append(
            f"The EDL does not say its rate; {rate} is taken from its timecodes. Where that is "
            "wrong, name the rate."
        )
    if len(pictures) < len(rows):
        said.append(f"Not looked at: events of sound ({len(rows) - len(pictures)}).")
    try:
        timeline = _timeline(title or name, pictures, rate, said)
    except ValueError as why:
        raise BadInput(
            f"{name} is not an EDL at {rate} frames per second: {why}.",
            "Name the rate it was exported at.",
        ) from why
    return timeline, rate, drop, said


def cdl_of(sop: str, sat: str) -> dict[str, Any] | None:
    """Metadata of a CDL from the texts of ASC_SOP and ASC_SAT; None where either is none, or both
    are empty."""
    numbers, saturation = SOP.search(sop), _SAT.search(sat)
    if (not sop and not sat) or (sop and not numbers) or (sat and not saturation):
        return None
    s = [float(v) for v in numbers.groups()] if numbers else [1.0] * 3 + [0.0] * 3 + [1.0] * 3
    triples = {"slope": s[:3], "offset": s[3:6], "power": s[6:]}
    return {"asc_sop": triples, "asc_sat": float(saturation[0]) if saturation else 1.0}


# --- lines ---------------------------------------------------------------------------------


def _rows(text: str) -> tuple[str, list[_Row], list[str]]:
    """Title, lines of events with their comments, and the lines that cannot be read."""
    title, rows, said, drop = "", list[_Row](), list[str](), False
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        capital = line[:40].upper()
        if capital.startswith("TITLE:"):
            title = line[6:].strip()
        elif capital.startswith("FCM"):
            drop = "NON" not in capital and "DROP" in capital
        elif event := _EVENT.match(line):
            times = tuple(event[name] for name in ("source", "until", "record", "ends"))
            words = (event["reel"], event["channels"].upper(), event["kind"].upper())
            kind = (*words, int(event["length"] or 0))
            rows.append(_Row(number, int(event["number"]), *kind, times, drop))  # type: ignore[arg-type]
        elif line[:1].isdigit():
            said.append(f"Line {number} is no event of a CMX 3600 EDL and is left out: {line[:60]}")
        elif rows and line:
            _comment(line, rows, said)
    return title, rows, said


def _comment(line: str, rows: list[_Row], said: list[str]) -> None:
    """Put a line that is no event to the event it belongs to: to its picture, where it has one.

    What follows a line of sound adds to what the picture was told, and replaces none of it.
    """
    last = rows[-1]
    lines = list(takewhile(lambda row: row.number == last.number, rows[-_LINES:][::-1]))[::-1]
    event = ([row for row in lines if row.picture] or lines)[-2:]
    onto, before = event[-1], event[0]
    if line[:2].upper() == "M2":
        if speed := _SPEED.match(line):
            reel = speed["reel"].strip().upper()
            theirs = [row for row in event if row.reel.upper().startswith(reel)]
            row = (theirs or [onto])[-1]
            if row.fps is None or onto is last:
                row.fps = float(speed["fps"].replace(",", "."))
        else:
            said.append(f"Event {onto.number}: its speed cannot be read: {line[:60]}")
        return
    told = _COMMENT.match(line)
    if told is None:
        onto.other.append(line.lstrip("* "))
        return
    word, text = told["word"].upper(), told["text"].strip()
    if word == "LOC":
        onto.locators.append(text)
    elif word.startswith("FROM") and onto.kind != "C" and before is not onto:
        before.said.setdefault(word, text)
    elif onto is not last:
        onto.said.setdefault(word, text)
    else:
        onto.said[word] = text


def _likely_rate(rows: list[_Row], drop: bool) -> Fraction:
    highest = max(frames_in(text) for row in rows for text in row.times)
    if drop:
        return Fraction(60000 if highest > 29 else 30000, 1001)

    def odd(base: int) -> int:
        return sum(
            _length(row, 0, base) != _length(row, 2, base)
            for row in rows
            if row.fps is None and row.kind == "C"
        )

    able = [base for base in BASES if base > highest]
    if not able:
        raise BadInput(
            f"The EDL counts up to frame {highest} within a second, beyond any rate of film.",
            "Export it with timecode at the rate of the edit.",
        )
    return Fraction(min(able, key=lambda base: (odd(base), base)))


def _length(row: _Row, which: int, base: int) -> int:
    try:
        first, end = row.span(which, Fraction(base))
    except ValueError:
        return -1 - which  # unlike any other
    return end - first


# --- the timeline --------------------------------------------------------------------------


def _timeline(
    title: str, rows: Iterable[_Row], rate: Fraction, said: list[str]
) -> otio.schema.Timeline:
    events = sorted(_over_midnight(list(_events(rows, rate, said)), rate, said), key=_first)
    begin = events[0][1][0] if events else 0
    made = otio.schema.Timeline(title, global_start_time=_time(begin, rate))
    ends: list[int] = []  # of each track
    for row, (first, end), clip in events:
        free = [n for n, till in enumerate(ends) if till <= first]
        number = free[0] if free else len(ends)
        if number == len(ends):
            ends.append(begin)
            made.tracks.append(otio.schema.Track(f"Video {number + 1}"))
        if number:
            said.append(f"Event {row.number} lies over another one; it is on track {number + 1}.")
        track = made.tracks[number]
        if first > ends[number]:
            duration = _time(first - ends[number], rate)
            track.append(otio.schema.Gap(source_range=_range(_time(0, rate), duration)))
        if row.kind != "C" and row.length:
            kind = "SMPTE_Dissolve" if row.kind == "D" else "Custom_Transition"
            over = _time(min(row.length, end - first), rate)
            track.append(otio.schema.Transition(row.kind, kind, _time(0, rate), over))
        track.append(clip)
        ends[number] = end
    return made


_Event = tuple[_Row, tuple[int, int], otio.schema.Clip]


def _first(event: _Event) -> int:
    return event[1][0]


def _over_midnight(events: list[_Event], rate: Fraction, said: list[str]) -> list[_Event]:
    """The events, a day later where a list that began before midnight goes on after it.

    That is told by half a day or more without an event, before which what is listed first begins.
    """
    starts = sorted(map(_first, events))
    day = count_of("24:00:00:00", rate, any(row.drop or drops(row.times[2]) for row, *_ in events))
    night = max(pairwise(starts), key=lambda two: two[1] - two[0], default=(0, 0))
    if night[1] - night[0] < day // 2 or _first(events[0]) < night[1]:
        return events
    said.append("The list goes over midnight: its events after that are taken for the next day's.")
    return [
        (row, (first + day, end + day) if first < night[1] else (first, end), clip)
        for row, (first, end), clip in events
    ]


def _events(rows: Iterable[_Row], rate: Fraction, said: list[str]) -> Iterator[_Event]:
    """Each line that has a length, as a clip. The first line of a dissolve often has none."""
    last = ""
    for row in rows:
        source, record = (row.span(which, rate) for which in (0, 2))
        length = record[1] - record[0]
        if length < 0:
            said.append(f"Event {row.number} (line {row.line}) runs backwards and is left out.")
        elif length:
            clip = _clip(row, source, length, rate, said)
            last = clip.name
            yield row, record, clip
        elif (name := row.said.get("FROM CLIP NAME", last)) != last:
            said.append(
                f"Event {row.number} dissolves from '{name}', and before it is '{last}', which is "
                "taken to go on."
            )


def _clip(
    row: _Row, source: tuple[int, int], length: int, rate: Fraction, said: list[str]
) -> otio.schema.Clip:
    word = "TO CLIP NAME" if row.kind != "C" and "TO CLIP NAME" in row.said else "FROM CLIP NAME"
    name, frozen = row.said.get(word, ""), "FREEZE FRAME" in " ".join(row.other)
    clip = otio.schema.Clip(name.removesuffix(" FF") if frozen else name)
    if row.reel.upper() in BLACK:
        clip.media_reference = otio.schema.GeneratorReference(generator_kind=row.reel)
    backwards = source[1] < source[0]
    if backwards:
        source = source[1], source[0]
        row.fps = -abs(row.fps) if row.fps else row.fps
    clip.source_range = _range(_time(source[0], rate), _time(length, rate))
    taken = source[1] - source[0]
    if frozen or row.fps == 0:
        clip.effects.append(otio.schema.FreezeFrame())
    elif row.fps is not None:
        if not math.isclose(row.fps, float(rate), abs_tol=0.05):
            clip.effects.append(_warp(row.fps / float(rate)))
    elif taken != length or backwards:
        clip.effects.append(_warp((-taken if backwards else taken) / length))
        said.append(
            f"Event {row.number}: {taken} frames of source for {length} of record, and no M2 says "
            "why; it is taken as a change of speed."
        )
    words = ("SOURCE FILE", "FROM FILE", "TO FILE", "FROM CLIP", "TO CLIP")
    files = [row.said[word] for word in words if word in row.said]
    clip.metadata["cmx_3600"] = {
        "number": row.number,
        "reel": row.reel,
        "channels": row.channels,
        "files": files,
        "comments": list(row.other),
    }
    sop, sat = row.said.get("ASC_SOP", ""), row.said.get("ASC_SAT", "")
    if (cdl := cdl_of(sop, sat)) is not None:
        clip.metadata["cdl"] = cdl
    elif sop or sat:
        said.append(f"Event {row.number}: its CDL cannot be read: {(sop or sat)[:60]}")
    for text in row.locators:
        if not (told := _LOCATOR.match(text)):
            said.append(f"Event {row.number}: its locator cannot be read: {text[:60]}")
            continue
        at = since(row.span(2, rate)[0], told["at"], rate, row.drop or drops(told["at"]))
        colour = told["colour"].upper()
        marker = otio.schema.Marker(told["text"], _range(_time(source[0] + at, rate)), colour)
        clip.markers.append(marker)
    return clip


def _warp(scalar: float) -> otio.schema.LinearTimeWarp:
    return otio.schema.LinearTimeWarp(time_scalar=scalar)


def _time(frames: int, rate: Fraction) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(frames, float(rate))


def _range(
    start: otio.opentime.RationalTime, duration: otio.opentime.RationalTime | None = None
) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(start, duration or otio.opentime.RationalTime(1, start.rate))
