"""A cut's events as the lines of a CMX 3600 list, and as references that any system follows.

Convention
    source   at the cut's rate: a list has one clock. What a window of a nest cut off is cut off.
    record   a list's dissolve begins where the event before ends, so both ends move to its first
             frame.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from answerprint.edit.cut import Cut, Event
from answerprint.edit.media import path_of
from answerprint.edit.timecode import carried, exact
from answerprint.edit.timeline import Document, text_at
from answerprint.frames import gradefiles
from answerprint.frames.grade import Cdl
from answerprint.frames.gradefiles import Line


def sources_of(cut: Cut, clips: Sequence[otio.schema.Clip]) -> dict[str, gradefiles.Event]:
    """What a conform finds each event by, under the event's id."""
    return {e.id: _source(cut, e, clip) for e, clip in zip(cut.events, clips, strict=True)}


def _source(cut: Cut, event: Event, clip: otio.schema.Clip) -> gradefiles.Event:
    """Reel, and timecode as an EDL has it, at the cut's rate."""
    start = clip.trimmed_range().start_time
    said = exact(start.rate, event.name)
    lead = event.source[0] - carried(start.value, said, event.rate)  # what a nest cut off
    first = carried(start.value, said, cut.rate) + round(lead * cut.rate / event.rate)
    length = max(1, round((event.record[1] - event.record[0]) * abs(event.speed)))
    own = event.media.drop if event.media else False
    drop = cut.drop if cut.path.lower().endswith(".edl") else own and cut.rate == event.rate
    reel = text_at(clip.metadata, "cmx_3600", "reel") or event.reel or event.id
    return gradefiles.Event(event.name, reel, first, length, cut.rate, drop)


def lines_of(
    events: Sequence[Event], sources: Mapping[str, gradefiles.Event], cdls: Mapping[str, Cdl]
) -> Iterator[Line]:
    """The events of one track, in their order, as an EDL has them."""
    by_end = {event.record[1]: event for event in events}
    before = {e.id: by_end[e.record[0]] for e in events if e.over and e.record[0] in by_end}
    early = {each.id: _recorded(each) for each in events if each.id in before}
    cut_off = {before[name].id: frames for name, frames in early.items()}

    def source(event: Event) -> gradefiles.Event:
        whole, speed = sources[event.id], abs(event.speed)
        into = round(early.get(event.id, 0) * speed)
        onward = -round(cut_off.get(event.id, 0) * speed)
        head, tail = event.turned((into, onward))
        return replace(whole, first=whole.first - head, length=whole.length + head + tail)

    for event in events:
        first, end = event.record
        yield Line(
            number=event.number,
            id=event.id,
            source=source(event),
            record=(first - early.get(event.id, 0), end - cut_off.get(event.id, 0)),
            cdl=cdls.get(event.id),
            over=event.over if event.id in before else 0,
            before=source(before[event.id]) if event.id in before else None,
            speed=event.speed,
        )


def _recorded(event: Event) -> int:
    """Frames of record by which a transition begins before an event does."""
    return round(event.overlaps[0] / abs(event.speed)) if event.speed else 0


def cdls_of(cut: Cut) -> dict[str, Cdl]:
    """The CDLs that the edit has on its events, under the events' ids."""
    return {e.id: Cdl.of(dict(e.cdl)) for e in cut.events if e.cdl is not None}


def cdl_metadata(cdl: Cdl) -> dict[str, object]:
    """A CDL as OTIO's adapters have it in the metadata of a clip, under 'cdl'."""
    sop = {name: list(getattr(cdl, name)) for name in ("slope", "offset", "power")}
    return {"asc_sop": sop, "asc_sat": cdl.saturation}


# --- references ----------------------------------------------------------------------------


def relink(event: Event, clip: otio.schema.Clip) -> None:
    """Let a clip name the media that was found for its event; its metadata stays."""
    medium = event.media
    if medium is None or event.frames is None:
        return
    start = event.start - (event.frames[0] - medium.first)
    made = external(medium.path, medium.first, medium.last, start, event.rate)
    made.metadata.update(clip.media_reference.metadata)
    clip.media_reference = made


def is_otio(path: str) -> bool:
    """Whether a cut was read from OTIO itself: what is written again is what was read."""
    return path.lower().endswith((".otio", ".otioz", ".otiod"))


def root_media(cut: Cut, document: Document, folder: Path) -> int:
    """Name media in full that the edit names from its own folder, where the file goes into
    another one; how many."""
    here, there = document.folder or os.path.dirname(cut.path), os.path.abspath(folder)
    count = 0
    for clip in document.timeline.find_clips():
        for media in clip.media_references().values():
            for word in ("target_url", "target_url_base"):
                url = getattr(media, word, None)
                if not url:
                    continue
                (path, why), (other, _) = (
                    path_of(url, f, word != "target_url") for f in (here, there)
                )
                if not why and path != other:
                    setattr(media, word, path)
                    count += 1
    return count


def external(
    pattern: str, first: int, last: int, start: int, rate: Fraction
) -> otio.schema.ExternalReference:
    """Files by bare path; `start` counts the timecode of the first one."""
    folder, name = os.path.split(pattern)

    def spelt(token: re.Match[str]) -> str:
        return f"[{first:{token[1]}d}-{last:{token[1]}d}]"

    name = re.sub(r"%(0?\d*)d", spelt, name)
    made = otio.schema.ExternalReference(
        os.path.join(folder, name), span(start, last - first + 1, rate)
    )
    made.name = name
    return made


def span(start: int, length: int, rate: Fraction | float) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(start, float(rate)),
        otio.opentime.RationalTime(length, float(rate)),
    )
