"""How a cut is laid: where no picture is, which clips nobody sees, what transitions ask for.

    laid = lay(*read_with_clips(path)[:2])

Convention
    frames   of the cut, from 0 at its first, first and last, both included.
    hole     a stretch without a clip that is switched on: a gap, a slug, a generated clip.
    hidden   a clip that is switched off, that lasts less than half a frame of the cut, or whose
             every frame lies under an opaque picture of a higher track.
    opaque   is no picture with an alpha, without media, or with an effect that is not of speed: it
             may be small, or blended. One that lies over WHOLE clips of a track and their cuts is
             rather titles or a picture in the picture; it hides nothing either, and `said` tells.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import opentimelineio as otio

from answerprint.edit.cut import Cut, Event
from answerprint.edit.timeline import Document, Placed, placed, section, speed_effects

_CARD = re.compile(
    r"(shots?|scene|insert|media|clip|footage|plate|vfx)[\W_]*(is[\W_]*)?(missing|offline|to[\W_]*come)"
    r"|missing[\W_]*(shot|scene|insert|media|clip|footage|plate)|to[\W_]be[\W_]shot",
    re.IGNORECASE,
)
"""Names of cards that stand for a shot. 'Missing Persons' is the title of a film."""
WHOLE = 3
"""Clips that a take seldom replaces as one."""
_BLACK = re.compile(r"black|slug|solid|(?<![a-z])colou?r(?![a-z])|bars", re.IGNORECASE)

Span = tuple[int, int]


@dataclass(frozen=True)
class Hole:
    """A stretch without a shot. what: 'gap', or the name of what is generated there."""

    range: Span
    what: str = "gap"


@dataclass(frozen=True)
class Lay:
    """holes     where a shot is missing.
    hidden    by event id: why nobody sees it.
    wanted    by event id: frames of media that the transitions into and out of it ask for,
              counted at the media's rate.
    said      what was assumed.
    """

    holes: tuple[Hole, ...]
    hidden: dict[str, str]
    wanted: dict[str, tuple[int, int]]
    said: tuple[str, ...] = ()


def is_card(name: str) -> bool:
    """Whether a clip of this name stands for a shot that is missing."""
    return _CARD.search(name) is not None


def lay(cut: Cut, document: Document) -> Lay:
    """What lies in a cut beside its shots; `document` is what the cut was read from."""
    clips = placed(document)[0]
    made = _generated(document, cut.rate)
    titled = [span for span, name in made if not (_BLACK.search(name) or is_card(name))]
    shown = [_span(cut, each) for each in cut.events if each.enabled]
    end = max((last for _, last in [*shown, *(span for span, _ in made)]), default=-1)
    holes = []
    for first, last in _uncovered([*shown, *titled], end):
        there = [name for (one, other), name in made if one <= last and other >= first]
        holes.append(Hole((first, last), there[0] if there else "gap"))
    altered = {e.id for e, each in zip(cut.events, clips, strict=True) if _altered(each.clip)}
    hidden, said = _hidden(cut, altered)
    return Lay(tuple(holes), hidden, _wanted(cut.events, clips), tuple(said))


def _generated(document: Document, rate: Fraction) -> list[tuple[Span, str]]:
    """Generated clips of the picture: where they lie, and their names with their kind."""
    found = []
    for track in document.timeline.video_tracks():
        for clip in track.find_clips():
            if not isinstance(clip.media_reference, otio.schema.GeneratorReference):
                continue
            there = clip.transformed_time_range(clip.trimmed_range(), document.timeline.tracks)
            first = round(there.start_time.to_seconds() * rate)
            length = round(there.duration.to_seconds() * rate)
            name = f"{clip.name} {clip.media_reference.generator_kind}".strip()
            if length > 0 and clip.enabled:
                found.append(((first, first + length - 1), name))
    return found


def _uncovered(spans: Iterable[Span], end: int) -> list[Span]:
    """What of the frames 0 to `end` no span covers."""
    found, at = [], 0
    for first, last in sorted(spans):
        if first > at:
            found.append((at, first - 1))
        at = max(at, last + 1)
    return [*found, (at, end)] if at <= end else found


def _span(cut: Cut, event: Event) -> Span:
    return event.record[0] - cut.start, event.record[1] - cut.start - 1


def _altered(clip: otio.schema.Clip) -> bool:
    """Whether a clip or a nest around it has an effect that is not of speed."""
    item = clip
    while item is not None:
        effects = getattr(item, "effects", ())
        if len(effects) > len(speed_effects(item)) + sum(map(_at_rest, effects)):
            return True
        item = item.parent()
    return False


def _at_rest(effect: otio.schema.Effect) -> bool:
    """Resolve writes its transforms with every clip, those that change nothing without values."""
    told = section(effect.metadata, "Resolve_OTIO")
    return bool(told) and not told.get("Parameters")


def _hidden(cut: Cut, altered: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """One pass from the top track down, over what is covered so far.

    altered   ids of events with effects.
    """
    brief = "it lasts less than half a frame of the cut"
    why = {each.id: brief for each in cut.events if each.record[1] <= each.record[0]}
    why |= {each.id: "it is switched off" for each in cut.events if not each.enabled}
    covered, said = list[Span](), list[str]()
    below = defaultdict[int, list[Span]](list)
    for each in sorted(cut.events, key=lambda each: each.record):
        if each.id not in why:
            below[each.track].append(each.record)
    for track in sorted({each.track for each in cut.events}, reverse=True):
        here = [each for each in cut.events if each.track == track and each.id not in why]
        rows = sorted(covered)
        at = 0
        for event in sorted(here, key=lambda each: each.record[0]):
            first, last = _span(cut, event)
            while at < len(rows) and rows[at][1] < first:
                at += 1
            if at < len(rows) and rows[at][0] <= first and rows[at][1] >= last:
                why[event.id] = "it lies under another picture"
        opaque = [e for e in here if _opaque(e) and e.id not in altered]
        long = [e for e in opaque if _most_below(e, below) >= WHOLE]
        said += [_left(each) for each in long]
        covered = _joined([*covered, *(_span(cut, each) for each in opaque if each not in long)])
    return why, said


def _opaque(event: Event) -> bool:
    return event.media is not None and "A" not in event.media.channels


def _most_below(event: Event, rows: Mapping[int, Sequence[Span]]) -> int:
    """How many clips of one lower track lie under an event whole. rows: of each track, sorted."""
    first, end = event.record
    most = 0
    for track, spans in rows.items():
        if track < event.track:
            under = spans[bisect_left(spans, (first,)) : bisect_left(spans, (end,))]
            most = max(most, sum(till <= end for _, till in under))
    return most


def _left(event: Event) -> str:
    return (
        f"{event.number:03} {event.name} lies over {WHOLE} clips or more and their cuts: it is "
        "taken for titles or a picture in the picture, and those under it are looked at."
    )


def _joined(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _wanted(events: Sequence[Event], clips: Sequence[Placed]) -> dict[str, tuple[int, int]]:
    """`read_cut` gives an event only as much of a transition as its media has."""
    found = {}
    for event, clip in zip(events, clips, strict=True):
        frames = event.rate * Fraction(abs(event.speed))
        found[event.id] = (round(clip.head * frames), round(clip.tail * frames))
    return found
