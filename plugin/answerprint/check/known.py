"""Ids of findings that stay from one check to the next, when the cut is changed meanwhile.

A shot is known by its media and by which part of it the cut uses, not by its number, its place
in the cut or its name there: those change when the cut does. A clip that is used once is known
by its media alone. Of several uses, each is known by where it began when it was first seen;
later it is the one whose source overlaps most, so that it may be trimmed, moved or slipped.
What was known is read from the last report and from the show's waivers.

Convention
    media    the file's or sequence's name without folder, number and suffix, in small letters;
             a reel or the event's name where nobody has the media.
    source   first and last frame of the source that the cut uses, as `Event.source` counts.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from answerprint.check.model import Finding
from answerprint.edit.cut import Event
from answerprint.edit.media import name_of


@dataclass(frozen=True)
class Known:
    """A shot of an earlier check: `key` is what it is known as."""

    key: str
    media: str
    source: tuple[int, int]


def from_key(key: str, source: tuple[int, int]) -> Known:
    return Known(key, re.sub(r"(@-?\d+)?(#\d+)?$", "", key), source)


def media_of(event: Event) -> str:
    path = event.media.path if event.media else event.reel or event.name
    return name_of(os.path.basename(path.rstrip("/"))).casefold()


def known_as(events: Sequence[Event], before: Iterable[Known]) -> dict[str, Known]:
    """What each event is known as, by its id. No two events are known as the same."""
    uses: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        uses[media_of(event)].append(event)
    earlier: dict[str, dict[str, Known]] = defaultdict(dict)
    for each in before:
        earlier[each.media].setdefault(each.key, each)
    found: dict[str, Known] = {}
    for media, same in uses.items():
        kept = _overlapping(same, list(earlier[media].values()))
        taken = set(earlier[media])  # a use that is gone leaves its key to nobody
        for event in sorted(same, key=lambda e: (e.source, e.record)):
            key = kept.get(event.id) or _new(media, event, len(same) == 1, taken)
            taken.add(key)
            found[event.id] = Known(key, media, (event.source[0], event.source[1] - 1))
    return found


def _overlapping(events: Sequence[Event], before: Sequence[Known]) -> dict[str, str]:
    """Events and keys paired by how many source frames they share, the most first.

    A clip that was used once and still is stays itself wherever it is slipped to.
    """
    if len(events) == len(before) == 1:
        return {events[0].id: before[0].key}
    pairs = sorted(
        (-_shared(event, each), event.id, each.key) for event, each in _met(events, before)
    )
    found: dict[str, str] = {}
    taken: set[str] = set()
    for _, event, key in pairs:
        if event not in found and key not in taken:
            found[event] = key
            taken.add(key)
    return found


def _met(events: Sequence[Event], before: Sequence[Known]) -> Iterator[tuple[Event, Known]]:
    """Those that share a frame: one walk along the source, for a clip may be cut in often."""
    due = sorted(before, key=lambda each: each.source[0], reverse=True)
    there: list[Known] = []
    for event in sorted(events, key=lambda each: each.source[0]):
        there = [each for each in there if each.source[1] >= event.source[0]]
        while due and due[-1].source[0] < event.source[1]:
            there.append(due.pop())
        yield from ((event, each) for each in there if _shared(event, each) > 0)


def _shared(event: Event, each: Known) -> int:
    return min(event.source[1] - 1, each.source[1]) - max(event.source[0], each.source[0]) + 1


def _new(media: str, event: Event, alone: bool, taken: set[str]) -> str:
    """A key that nobody has. The same frames cut in twice are told apart by their order."""
    key = media if alone else f"{media}@{event.source[0]}"
    tried, count = key, 1
    while tried in taken:
        count += 1
        tried = f"{key}#{count}"
    return tried


OF_THE_CUT = ("mixed_rates",)
"""Kinds that speak of the cut as a whole: they stay when another shot joins them."""


def finding_id(finding: Finding, known: Mapping[str, Known]) -> str:
    """Twelve letters, from the kind, what its shots are known as, and `what`."""
    named = () if finding.kind in OF_THE_CUT else finding.shots
    shots = sorted(known[name].key for name in named)
    told = "\n".join((finding.kind, *shots, finding.what))
    return hashlib.sha256(told.encode()).hexdigest()[:12]
