"""A cut as tools and panels see it: its events, each with the frames of its media.

    cut = read_cut("reel2.otio", media="/shoot/day1")
    for event in cut.events:
        event.media, event.frames        # what to open, and which of its frames

Convention
    counts     timecodes are counts of frames (`timecode.count_of`), ends are excluded; `record` at
               the cut's rate, `source` at the media's.
    frames     first and last, both included, as the core numbers the media (`media.py`). They are
               what the cut shows: transitions' overlaps are in them (`head`, `tail`), a change of
               speed has been applied, of a freeze there is one.
    order      `source`, `frames`, `head`, `tail` and `handles` are the media's: of a clip that runs
               backwards, `head` lies at its end in the record (`turned`).
    id         names of events that tell them apart and can be part of a file's name: the clip's,
               with _2, _3 where it is cut in again. A CDL of an event is filed under it.
    media      None where `why` says what is in the way, and `hint` the way out; `frames` too.
    colour     of media is what their reference in OTIO has under 'answerprint', 'space' (our hosts
               write it), else the one that the caller names, else what the file itself says.

Nothing is guessed in silence: `warnings` has what was assumed, left out or does not fit.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from answerprint.edit.cdls import cdl_on
from answerprint.edit.edl import BLACK
from answerprint.edit.guarded import read_document
from answerprint.edit.media import Library, Media, Reference, exists, name_of, reference_of
from answerprint.edit.timecode import carried, exact
from answerprint.edit.timeline import (
    Document,
    Placed,
    placed,
    section,
    speed_of,
    text_at,
    texts_at,
)
from answerprint.errors import AnswerprintError, BadInput, BadParameter
from answerprint.frames.colour import space
from answerprint.frames.gradefiles import timecode, xml_id
from answerprint_bridge.scene import plain

NO_REEL = ("", "AX", *BLACK)


@dataclass(frozen=True)
class Event:
    """One clip of the cut, in the order of the record.

    number       as the EDL has it, else counted through the cut.
    name, id     as people call it, and as files may.
    track        of the picture, from 1 at the bottom.
    head, tail   frames of the media before and after `source` that transitions show.
    handles      frames of the media before and after `frames`.
    speed        frames of source for one of record; 0 a freeze, below 0 backwards.
    over         frames of dissolve into this event, as an EDL counts them.
    cdl          the CDL the edit has on it, or None.
    """

    number: int
    name: str
    id: str
    track: int
    reel: str
    record: tuple[int, int]
    source: tuple[int, int]
    rate: Fraction
    head: int = 0
    tail: int = 0
    speed: float = 1.0
    over: int = 0
    enabled: bool = True
    cdl: Mapping[str, Any] | None = None
    media: Media | None = None
    frames: tuple[int, int] | None = None
    handles: tuple[int, int] = (0, 0)
    why: str = ""
    hint: str = ""

    @property
    def start(self) -> int:
        """Count of the source's timecode at the first of `frames`, as the edit counts."""
        return self.source[0] - self.head

    @property
    def overlaps(self) -> tuple[int, int]:
        """Frames of media that the transitions into and out of the event show."""
        return self.turned((self.head, self.tail))

    def turned(self, ends: tuple[int, int]) -> tuple[int, int]:
        """What is said of the media's first and last side, of the record's; or the other way."""
        return ends[::-1] if self.speed < 0 else ends


@dataclass(frozen=True)
class Cut:
    """path: of the file. start: count of the timecode of the cut's first frame."""

    path: str
    name: str
    rate: Fraction
    drop: bool
    start: int
    events: tuple[Event, ...]
    warnings: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """As JSON. Each medium stands once; an event has its number in the list."""
        media = {id(e.media): e.media for e in self.events if e.media}
        turns = {each: turn for turn, each in enumerate(media)}
        events = [
            {
                **{k: v for k, v in vars(event).items() if k not in ("media", "rate")},
                "rate": event.rate,
                "media": turns[id(event.media)] if event.media else None,
                "start": event.start,
                "timecode": timecode(event.record[0], self.rate, self.drop),
            }
            for event in self.events
        ]
        told: dict[str, Any] = plain(
            {
                **{k: v for k, v in vars(self).items() if k != "events"},
                "media": list(media.values()),
                "events": events,
            }
        )
        return told


def read_cut(
    path: str,
    media: str | None = None,
    rate: str | Fraction | None = None,
    unpacked: str | None = None,
    colourspace: str | None = None,
) -> Cut:
    """The cut in a file of any format of `parse.py`, with the media of its events.

    media      a folder below which media is looked for that is not where the edit says.
    rate       of an EDL, which does not say its own: '24', '23.976', '30000/1001'.
    unpacked   a folder for the media of an `.otioz`; without it, `answerprint` beside the bundle.
    colourspace   of the media, where the edit does not say it.

    Raises BadInput where the file is no cut, BadParameter for a rate or a space that is none. An
    event whose media cannot be had is in the cut, with the reason.
    """
    return read_with_clips(path, media, rate, unpacked, colourspace)[0]


def read_with_clips(
    path: str,
    media: str | None = None,
    rate: str | Fraction | None = None,
    unpacked: str | None = None,
    colourspace: str | None = None,
    shotless: bool = False,
) -> tuple[Cut, Document, list[otio.schema.Clip]]:
    """As `read_cut`, with the document that was read and the clip in it of each event.

    shotless   a cut without a picture is one of no events, and told; not refused.
    """
    path = os.path.abspath(os.path.expanduser(path))
    usual = space(colourspace).name if colourspace else ""
    document = read_document(path, _asked(rate), unpacked)
    clips, said = placed(document)
    name = os.path.basename(path)
    if not clips and not shotless:
        raise BadInput(f"{name} holds no picture.", " ".join(said) or "Export the cut again.")
    bare = [] if clips else [f"{name} holds no picture. If it should, export it again."]
    warnings = [*document.warnings, *said, *bare]
    library = Library(os.path.abspath(os.path.expanduser(media)) if media else None)
    folder = document.folder or os.path.dirname(path)
    taken: dict[str, int] = {}
    events = []
    for turn, each in enumerate(clips, 1):
        begun = _begun(each, turn, document.rate, document.start, taken, warnings)
        events.append(_found(begun, each, folder, library, usual, warnings))
    told = tuple(dict.fromkeys([*warnings, *_together(events, document.rate)]))
    stem = os.path.splitext(name)[0]
    cut = Cut(path, stem, document.rate, document.drop, document.start, tuple(events), told)
    return cut, document, [each.clip for each in clips]


def _asked(rate: str | Fraction | None) -> Fraction | None:
    if not rate:
        return None
    try:
        return exact(float(Fraction(rate)), "The EDL")
    except (ValueError, ZeroDivisionError, BadInput) as why:
        hint = "Give frames per second: 24, 25, 23.976 or 30000/1001."
        raise BadParameter(f"The rate is '{rate}'.", hint) from why


# --- an event ------------------------------------------------------------------------------


def _begun(
    each: Placed, turn: int, rate: Fraction, start: int, taken: dict[str, int], warnings: list[str]
) -> Event:
    """What the edit itself says of an event; its media is not looked at."""
    clip = each.clip
    cmx = section(clip.metadata, "cmx_3600")
    reel = text_at(cmx, "reel") or _reel(clip)
    number = cmx.get("number", turn)
    number = number if isinstance(number, int) else turn
    name = clip.name or (reel if reel not in NO_REEL else "") or clip.media_reference.name
    name = name or f"event {number:03}"
    first, end = (start + round(at * rate) for at in each.record)
    cdl, odd = cdl_on(clip)
    if odd:
        warnings.append(f"{number:03} {name}: the CDL it has cannot be read: {odd}.")
    return Event(
        number=number,
        name=name,
        id=_id(name, taken),
        track=each.track,
        reel="" if reel in NO_REEL else reel,
        record=(first, end),
        source=(0, 0),
        rate=rate,
        speed=speed_of(clip)[0] * each.speed,
        over=round(each.over * rate),
        enabled=each.enabled,
        cdl=cdl,
    )


def _id(name: str, taken: dict[str, int]) -> str:
    """A name of its own for an event; `taken` counts how often each was asked for."""
    stem = xml_id(name_of(name)).strip(".") or "shot"
    tried = stem
    while (key := tried.casefold()) in taken:
        taken[stem.casefold()] += 1
        tried = f"{stem}_{taken[stem.casefold()]}"
    taken[key] = 1
    return tried


def _reel(clip: Any) -> str:
    """The reel as the XML has it, or OTIO's own field."""
    told = clip.media_reference.metadata
    return text_at(told, "fcp_xml", "timecode", "reel", "name") or text_at(told, "reel")


# --- its media -----------------------------------------------------------------------------


def _found(
    event: Event, each: Placed, folder: str, library: Library, usual: str, warnings: list[str]
) -> Event:
    """The event with its source range and, where they can be had, its media and frames.

    usual   the colour space of media of which the edit says none.
    """
    what = f"{event.number:03} {event.name}"
    caution = speed_of(each.clip)[1]
    if caution:
        warnings.append(f"{what}: {caution}.")
    reference = reference_of(each.clip, folder)
    event = _ranged(event, each, None)
    fits, refused = list[tuple[Event, Event]](), list[BadInput]()
    paths = _paths(event, each.clip, reference, folder, library)
    named = _space(each.clip, what, warnings) or usual
    for path in paths:
        try:
            medium = library.open(path, named)
        except BadInput as cause:
            refused.append(cause)
            continue
        ranged = _ranged(event, each, medium)
        made = _shown(ranged, each.clip, reference, medium)
        if made.frames or len(paths) == 1:
            fits.append((ranged, made))
    told = [each for each in fits if each[1].media and each[1].media.start is not None]
    alike = [each for each in told if not _counted_otherwise(each[1])]
    fits = alike if len(fits) > 1 and len(alike) == 1 else fits
    if len(fits) == 1:
        warnings.extend(f"{what}: {said}" for said in _cautions(*fits[0]))
        return fits[0][1]
    hint = "Name the folder of the media."
    if len(fits) > 1:
        listed = ", ".join(made.media.path for _, made in fits[:4] if made.media)
        why = f"{len(fits)} files may be its media: {listed}."
        hint = "Name a folder that holds only the right one."
    elif refused:
        why, hint = f"{refused[0].title} {refused[0].detail}".rstrip(), refused[0].hint
    elif paths:
        why = f"None of {', '.join(paths[:4])} has its frames."
    elif reference.why:
        why, hint = f"{reference.why}.", "Render it to EXR, and export the cut again."
    elif reference.climbs:
        why = f"Its media {reference.path} is outside of the edit's folder, by '..' in its path."
    else:
        why = f"Its media {reference.path or event.reel or event.name} is not there."
    return replace(event, why=why, hint=hint)


def _space(clip: Any, what: str, warnings: list[str]) -> str:
    """The colour space that the edit names for a clip's media, '' where it names none of ours."""
    named = text_at(clip.media_reference.metadata, "answerprint", "space")
    try:
        return space(named).name if named else ""
    except AnswerprintError as why:
        warnings.append(f"{what}: the colour space that the edit names is left out. {why.title}")
        return ""


def _paths(
    event: Event, clip: Any, reference: Reference, folder: str, library: Library
) -> list[str]:
    """Where the media may be: what the edit names, beside the edit, below the folder of media."""
    if reference.why:
        return []
    if reference.path:
        beside = os.path.join(folder, os.path.basename(reference.path))
        barred = reference.climbs and not library.holds(reference.path)
        for path in (beside,) if barred else (reference.path, beside):
            if exists(path):
                return [path]
    files = texts_at(clip.metadata, "cmx_3600", "files")
    names = [os.path.basename(n.replace("\\", "/")) for n in files]
    return library.named(reference.path, [*names, clip.name, clip.media_reference.name], event.reel)


def _ranged(event: Event, each: Placed, medium: Media | None) -> Event:
    """The event with its source range at the rate of its media."""
    start = each.clip.trimmed_range().start_time
    what = f"{event.number:03} {event.name}"
    said = exact(start.rate, what)
    rate = (medium.rate if medium else None) or said
    taken = abs(event.speed)
    length = max(1, round((each.record[1] - each.record[0]) * rate * Fraction(taken)))
    first = carried(start.value, said, rate) + round(each.lead * rate * Fraction(taken))
    into, onward = (round(at * rate * Fraction(taken)) for at in (each.head, each.tail))
    head, tail = event.turned((into, onward))
    return replace(event, source=(first, first + length), rate=rate, head=head, tail=tail)


def _shown(event: Event, clip: Any, reference: Reference, medium: Media) -> Event:
    """The event with its media, and the frames of it where the media has them."""
    number = medium.first if reference.first is None else reference.first
    for origin in _origins(event, clip, medium):
        first = number + event.source[0] - origin
        last = first + event.source[1] - event.source[0] - 1
        if medium.first <= first and last <= medium.last:
            head = min(event.head, first - medium.first)
            tail = min(event.tail, medium.last - last)
            handles = (first - head - medium.first, medium.last - last - tail)
            return replace(
                event,
                reel=event.reel or medium.reel,
                media=medium,
                frames=(first - head, last + tail),
                handles=handles,
                head=head,
                tail=tail,
            )
    at = [timecode(count, event.rate, medium.drop) for count in event.source]
    begin = medium.first if medium.start is None else medium.start
    there = timecode(begin, event.rate, medium.drop)
    frames = f"{medium.last - medium.first + 1} frames from {there}"
    why = f"Its source {at[0]} to {at[1]} is not in {medium.path} ({frames})."
    return replace(event, why=why, hint="Name the folder of the media that was cut.")


def _origins(event: Event, clip: Any, medium: Media) -> list[int]:
    """What the first frame of the media may be counted as: the edit's own word alone, if any."""
    if available := clip.media_reference.available_range:
        said = exact(available.start_time.rate, event.name)
        return [carried(available.start_time.value, said, event.rate)]
    known = [] if medium.start is None else [medium.start]
    return [*known, *([] if medium.kind == "movie" else [medium.first]), 0]


def _cautions(asked: Event, made: Event) -> list[str]:
    """What of an event that was found does not quite fit, as sentences."""
    said = list[str]()
    if (short := asked.head + asked.tail - made.head - made.tail) > 0:
        said.append(f"its media ends {short} frames before its transitions do.")
    if made.speed < 0:
        said.append("it runs backwards; its frames are counted from its source's start.")
    return said


def _counted_otherwise(event: Event) -> str:
    """Where the edit and the file do not agree on the timecode of the first frame."""
    medium = event.media
    if medium is None or event.frames is None or medium.start is None:
        return ""
    origin = event.start - (event.frames[0] - medium.first)
    if origin == medium.start:
        return ""
    at, own = (timecode(n, event.rate, medium.drop) for n in (origin, medium.start))
    return f"The edit counts {medium.path} from {at}, the file from {own}."


def _together(events: list[Event], rate: Fraction) -> list[str]:
    """What shows only over the whole cut: rates that are mixed, media that is not there."""
    said = []
    others = sorted({e.rate for e in events if e.media and e.rate != rate})
    if others:
        listed = ", ".join(str(each) for each in others)
        said.append(f"The cut is at {rate} frames per second, and has media at {listed}.")
    otherwise = list(dict.fromkeys(filter(None, map(_counted_otherwise, events))))
    said += otherwise[:6]
    if len(otherwise) > 6:
        said.append(f"So it does with {len(otherwise) - 6} more files.")
    lost = [e for e in events if e.why]
    if lost:
        listed = ", ".join(f"{e.number:03} {e.name}" for e in lost[:6])
        more = f" and {len(lost) - 6} more" if len(lost) > 6 else ""
        said.append(f"{len(lost)} of {len(events)} events have no media: {listed}{more}.")
    return said
