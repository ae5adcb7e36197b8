"""What has to be pulled from the originals for a cut, as EDL and ALE with handles.

Convention
    pull      a range of one clip: what an event shows, its transitions' overlaps too, and HANDLES
              frames of source at both ends, no further than the media goes. Pulls of one clip
              that overlap or touch are one.
    source    timecode as the edit counts it, at the rate of the media. A list has one clock, so
              media of another rate than most has files of its own (`<name>.25.edl`).
    record    one pull after the other from 01:00:00:00, a frame of source for one of record: a
              change of speed is the cut's and not the pull's.
    ALE       columns COLUMNS, tabs, End excluded. It is written here because OpenTimelineIO's
              adapter writes no CDL, lets a tab of a name through, which breaks the row, and knows
              29.97 as drop frame alone; it reads what is written.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from answerprint.edit.compare import Change
from answerprint.edit.cut import Cut, Event
from answerprint.edit.lines import cdls_of, external
from answerprint.edit.locators import Lists
from answerprint.edit.media import name_of
from answerprint.edit.timecode import count_of
from answerprint.frames import gradefiles
from answerprint.frames.grade import Cdl
from answerprint.frames.gradefiles import Line, cut_text, timecode
from answerprint.frames.text import write_text

HANDLES = 8
COLUMNS = (
    "Name",
    "Tracks",
    "Start",
    "End",
    "Duration",
    "Tape",
    "Source File",
    "FPS",
    "ASC_SOP",
    "ASC_SAT",
)
_FORMATS = {(1920, 1080): "1080", (1280, 720): "720", (720, 576): "PAL", (720, 486): "NTSC"}

_Key = tuple[str, ...]
_Range = tuple[int, int]


@dataclass(frozen=True)
class Pull:
    """A range of a clip: `first` and `end` (excluded) count its timecode. `events` are the ids of
    what needs it."""

    name: str
    reel: str
    first: int
    end: int
    rate: Fraction
    drop: bool
    events: tuple[str, ...]
    path: str = ""
    size: tuple[int, int] | None = None
    cdl: Cdl | None = None


def to_pull(changes: Iterable[Change], handles: int = HANDLES) -> list[Event]:
    """The events of the new cut that what was pulled for the old one does not cover, or whose
    media is not there. A clip that is cut in again from frames that are there needs no pull."""
    changes = list(changes)
    there = defaultdict[_Key, list[_Range]](list)
    for change in changes:
        if change.old is not None:
            first, end = _shown(change.old)
            there[_key(change.old)].append((first - handles, end + handles))
    pulled = {key: merged(ranges) for key, ranges in there.items()}

    def covered(event: Event) -> bool:
        first, end = _shown(event)
        keys = {_key(event), _clip_key(event)}
        return any(a <= first and end <= b for key in keys for a, b in pulled.get(key, ()))

    new = [change.new for change in changes if change.new is not None]
    return [event for event in new if event.media is None or not covered(event)]


def pulls_of(
    cut: Cut,
    events: Sequence[Event],
    handles: int = HANDLES,
    cdls: Mapping[str, Cdl] | None = None,
) -> tuple[list[Pull], list[str]]:
    """The pulls for some events of a cut, in the order of their first use, and what is to be said.

    cdls   new CDLs for events, by their ids, instead of the edit's own.
    """
    said, unknown = list[str](), list[str]()
    grades = {**cdls_of(cut), **(cdls or {})}
    wanted = defaultdict[_Key, list[tuple[_Range, Event]]](list)
    for event in events:
        first, end = _shown(event)
        before, after = (min(handles, n) if event.media else handles for n in event.handles)
        if not event.media:
            before = min(before, first)
            unknown.append(event.id)
        for had, side in ((before, "before"), (after, "after")):
            if event.media and had < handles:
                said.append(f"{event.id} has {had} of {handles} frames of handle {side} it.")
        wanted[_key(event)].append(((first - before, end + after), event))
    if unknown:
        more = f" and {len(unknown) - 6} more" if len(unknown) > 6 else ""
        listed = ", ".join(unknown[:6]) + more
        said.append(f"Whether there are handles is not known without the media: {listed}.")
    found = []
    for ranges in wanted.values():
        for first, end in merged(each for each, _ in ranges):
            inside = [event for (a, b), event in ranges if first <= a and b <= end]
            found.append(_pull(cut, (first, end), inside, grades, said))
    order = {event.id: turn for turn, event in enumerate(events)}
    return sorted(found, key=lambda pull: min(order[name] for name in pull.events)), said


def write_pulls(
    cut: Cut,
    events: Sequence[Event],
    folder: Path,
    name: str,
    handles: int = HANDLES,
    cdls: Mapping[str, Cdl] | None = None,
) -> Lists:
    """Write `<name>.edl` and `<name>.ale` for some events of a cut; no file where there are none.

    Raises CannotWrite; each file is there whole or not at all.
    """
    pulls, said = pulls_of(cut, events, handles, cdls)
    texts = {}
    rates = Counter(pull.rate for pull in pulls).most_common()
    for turn, (rate, _) in enumerate(rates):
        here = [pull for pull in pulls if pull.rate == rate]
        stem = f"{name}.{_fps(rate)}" if turn else name
        texts[f"{stem}.edl"] = _edl_text(cut, here, f"{cut.name} {os.path.basename(name)}")
        texts[f"{stem}.ale"] = _ale_text(here)
    for file, text in texts.items():
        write_text(Path(folder, file), text)
    return Lists(tuple(texts), tuple(said))


def merged(ranges: Iterable[_Range]) -> list[_Range]:
    """Ranges that overlap or touch as one, in their order."""
    found = list[_Range]()
    for first, end in sorted(ranges):
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((first, end))
    return found


def _shown(event: Event) -> _Range:
    """What an event shows of its source, with the overlaps of its transitions."""
    return event.source[0] - event.head, event.source[1] + event.tail


def _key(event: Event) -> _Key:
    """What tells the clips of a pull list apart: the file, else reel and name."""
    return ("file", event.media.path) if event.media else _clip_key(event)


def _clip_key(event: Event) -> _Key:
    return ("clip", event.reel.casefold(), name_of(event.name).casefold(), str(event.rate))


def _pull(
    cut: Cut,
    span: _Range,
    events: Sequence[Event],
    grades: Mapping[str, Cdl],
    said: list[str],
) -> Pull:
    """One pull for events of one clip. Their CDL is its where they agree."""
    event = events[0]
    names = tuple(each.id for each in events)
    cdls = {grades.get(name) for name in names}
    if len(cdls) > 1:
        said.append(f"{', '.join(names)} are one pull and have several CDLs; it has none.")
    listed = cut.drop if cut.path.lower().endswith(".edl") else False
    own = event.media.drop if event.media else listed
    return Pull(
        name=event.name,
        reel=event.reel,
        first=span[0],
        end=span[1],
        rate=event.rate,
        drop=own and event.rate.denominator == 1001,
        events=names,
        path=_spelt(event),
        size=(event.media.width, event.media.height) if event.media else None,
        cdl=cdls.pop() if len(cdls) == 1 else None,
    )


def _spelt(event: Event) -> str:
    """The file by its path, a sequence as name.[1001-1100].exr."""
    if not event.media:
        return ""
    medium = event.media
    return str(external(medium.path, medium.first, medium.last, 0, event.rate).target_url)


# --- files ---------------------------------------------------------------------------------


def _edl_text(cut: Cut, pulls: Sequence[Pull], title: str) -> str:
    rate = pulls[0].rate
    drop = cut.drop and rate == cut.rate
    at = count_of("01:00:00:00", rate, drop)
    lines = []
    for turn, pull in enumerate(pulls, 1):
        length = pull.end - pull.first
        reel = pull.reel or pull.events[0]
        source = gradefiles.Event(pull.name, reel, pull.first, length, rate, pull.drop)
        notes = [f"* SOURCE FILE: {os.path.basename(pull.path)}"] if pull.path else []
        notes.append(f"* FOR EVENTS: {' '.join(pull.events)}")
        line = Line(turn, pull.events[0], source, (at, at + length), pull.cdl, notes=tuple(notes))
        lines.append(line)
        at += length
    return cut_text(lines, rate, drop, title)


def _ale_text(pulls: Sequence[Pull]) -> str:
    rate = pulls[0].rate
    sizes = {pull.size for pull in pulls}
    format_ = _FORMATS.get(sizes.pop() or (0, 0), "CUSTOM") if len(sizes) == 1 else "CUSTOM"
    heading = {"FIELD_DELIM": "TABS", "VIDEO_FORMAT": format_, "FPS": _fps(rate)}
    rows = ["Heading", *(f"{key}\t{value}" for key, value in heading.items())]
    rows += ["", "Column", "\t".join(COLUMNS), "", "Data"]
    rows += ["\t".join(" ".join(cell.split()) for cell in _cells(pull)) for pull in pulls]
    return "\n".join([*rows, ""])


def _cells(pull: Pull) -> list[str]:
    ends = (pull.first, pull.end, pull.end - pull.first)
    times = [timecode(count, pull.rate, pull.drop) for count in ends]
    sop, sat = cdl_cells(pull.cdl)
    return [pull.name, "V", *times, pull.reel, pull.path, _fps(pull.rate), sop, sat]


def cdl_cells(cdl: Cdl | None) -> tuple[str, str]:
    """A CDL as the columns ASC_SOP and ASC_SAT have it, '' where there is none."""
    if cdl is None:
        return "", ""
    triples = (cdl.slope, cdl.offset, cdl.power)
    return "".join("({:.6f} {:.6f} {:.6f})".format(*t) for t in triples), f"{cdl.saturation:.6f}"


def _fps(rate: Fraction) -> str:
    return f"{float(rate):.3f}".rstrip("0").rstrip(".")
