"""Findings of the edit itself: missing shots and media, handles, mixed rates.

    gap             a hole in the cut, a slug, black, bars, or a card that says a shot is missing;
                    value: frames. Its shots are its neighbours.
    missing_media   an event without media, or frames of it that are missing or cannot be read;
                    value: how many frames of media. Those between others can be rebuilt
                    (`fill`), those at an end cannot.
    short_handles   a transition shows more than its media has, both sides together; value: frames
                    that are not there.
    few_handles     less media beyond a cut than the show wants; value: frames that are not there.
    mixed_rates     media of another rate than the cut, by its files, else by the edit; one finding
                    for each rate; value: media minus cut, frames per second.

They are read off the edit: confidence 1, nothing uncertain. A title that stands alone is no
missing shot.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from answerprint.check.frames import filled
from answerprint.check.lay import Hole, Lay, is_card
from answerprint.check.model import Finding, Study
from answerprint.edit.cut import Event
from answerprint.frames.sequence import ranges


def find(study: Study, handles: int = 0) -> list[Finding]:
    """handles: frames of media beyond each cut that the show wants."""
    hidden = study.lay.hidden if study.lay else {}
    events = [each for each in study.cut.events if each.id not in hidden]
    return [
        *_holes(study, events),
        *_cards(study, events),
        *_offline(study, events),
        *_unread(study, events),
        *_short(study, events),
        *(_few(study, events, handles) if handles else ()),
        *_rates(study, events),
    ]


def _span(study: Study, event: Event) -> tuple[int, int]:
    return event.record[0] - study.cut.start, event.record[1] - study.cut.start - 1


def _told(
    study: Study, kind: str, event: Event, count: int, text: str, what: str = "", frame: int = -1
) -> Finding:
    first, last = _span(study, event)
    at = first if frame < 0 else frame
    span = (first, last) if frame < 0 else (at, at)
    return Finding(kind, (event.id,), at, span, count, 0, 1.0, text, what=what, mend=event.id)


# --- missing shots -------------------------------------------------------------------------


def _holes(study: Study, events: Sequence[Event]) -> Iterator[Finding]:
    if study.lay is None:
        return
    ends = sorted((_span(study, each)[1], each.id) for each in events)
    starts = sorted((_span(study, each)[0], each.id) for each in events)
    for hole in study.lay.holes:
        left = bisect_left(ends, (hole.range[0],))
        right = bisect_left(starts, (hole.range[1] + 1,))
        beside = [*ends[max(0, left - 1) : left], *starts[right : right + 1]]
        yield _hole(hole, tuple(name for _, name in beside))


def _hole(hole: Hole, beside: tuple[str, ...]) -> Finding:
    first, last = hole.range
    length = last - first + 1
    where = f" at {beside[0]}" if beside else ""
    if len(beside) == 2:
        where = f" between {beside[0]} and {beside[1]}"
    stands = "There is no picture" if hole.what == "gap" else f"'{hole.what}' stands"
    text = f"{stands}{where} for {_frames(length)}."
    mend = beside[-1] if beside else ""
    return Finding("gap", beside, first, (first, last), length, 0, 1.0, text, mend=mend)


def _cards(study: Study, events: Sequence[Event]) -> Iterator[Finding]:
    for event in events:
        if is_card(event.name):
            first, last = _span(study, event)
            text = f"'{event.name}' stands for a shot of {_frames(last - first + 1)}."
            yield _told(study, "gap", event, last - first + 1, text, "card")


# --- media ---------------------------------------------------------------------------------


def _offline(study: Study, events: Sequence[Event]) -> Iterator[Finding]:
    for event in events:
        if event.why and not is_card(event.name):
            count = event.source[1] - event.source[0]
            text = f"{event.why} {event.hint}".strip()
            yield _told(study, "missing_media", event, count, text, "offline")


def _unread(study: Study, events: Sequence[Event]) -> Iterator[Finding]:
    for event in events:
        if event.frames and event.id in study.failed:
            count = event.source[1] - event.source[0]
            yield _told(study, "missing_media", event, count, study.failed[event.id], "frames")
    for shot in study.shots:
        failed = shot.passport["frames"]["failed"]
        if not failed:
            continue
        numbers = sorted(map(int, failed))
        at = min(map(shot.shown_at, numbers))
        many = f"{len(numbers)} of {shot.passport['frames']['count']} frames"
        text = f"{shot.name}: {many} cannot be had: {ranges(numbers)}. {failed[str(numbers[0])]}"
        found = _told(study, "missing_media", shot.event, len(numbers), text, "frames", at)
        yield replace(found, fix=filled(shot, numbers) if shot.event.speed else None)


# --- handles -------------------------------------------------------------------------------


def _short(study: Study, events: Sequence[Event]) -> Iterator[Finding]:
    """One finding for each transition: what both of its sides lack."""
    if study.lay is None:
        return
    ended = {(each.track, each.record[1]): each for each in events}
    lacks = {each.id: _lacking(study.lay, each) for each in events}
    for event in events:
        before = ended.pop((event.track, event.record[0]), None)
        sides = [(before, lacks[before.id][1])] if before else []
        yield from _transition([*sides, (event, lacks[event.id][0])], _span(study, event)[0])
    for last in ended.values():  # into nothing
        yield from _transition([(last, lacks[last.id][1])], _span(study, last)[1])


def _lacking(lay: Lay, event: Event) -> tuple[int, int]:
    if event.media is None:
        return 0, 0
    (into, onward), had = lay.wanted[event.id], event.overlaps
    return max(0, into - had[0]), max(0, onward - had[1])


def _transition(sides: Sequence[tuple[Event, int]], at: int) -> Iterator[Finding]:
    short = sum(lack for _, lack in sides)
    if not short:
        return
    names = tuple(each.id for each, _ in sides)
    lacking = " and ".join(f"{lack} of {each.id}" for each, lack in sides if lack)
    where = " to ".join(names) if len(names) == 2 else f"at {names[0]}"
    what = f"The transition {where} shows {_frames(short)} that the media lacks: {lacking}."
    mend = max(sides, key=lambda side: side[1])[0].id
    yield Finding("short_handles", names, at, (at, at), short, 0, 1.0, what, mend=mend)


def _few(study: Study, events: Sequence[Event], handles: int) -> Iterator[Finding]:
    for event in events:
        if event.media is None or event.frames is None:
            continue
        had = event.turned((event.handles[0] + event.head, event.handles[1] + event.tail))
        lack = tuple(max(0, handles - each) for each in had)
        if any(lack):
            text = (
                f"{event.id} has handles of {had[0]} and {had[1]} frames; the show wants {handles}."
            )
            yield _told(study, "few_handles", event, max(lack), text)


# --- rates ---------------------------------------------------------------------------------


def _rates(study: Study, events: Iterable[Event]) -> Iterator[Finding]:
    others: dict[Fraction, list[Event]] = defaultdict(list)
    for event in events:
        if event.media and event.rate != study.cut.rate:
            others[event.rate].append(event)
    for rate, which in sorted(others.items()):
        span = _span(study, which[0])
        names = tuple(each.id for each in which)
        listed = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        text = (
            f"{_plural(len(names), 'event')} of {float(rate):g} frames per second in a cut of "
            f"{float(study.cut.rate):g}: {listed}."
        )
        away = float(rate - study.cut.rate)
        yield Finding("mixed_rates", names, span[0], span, away, 0, 1.0, text, what=str(rate))


def _frames(count: int) -> str:
    return _plural(count, "frame")


def _plural(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
