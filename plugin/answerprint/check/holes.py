"""The missing shots of a cut: what is asked for, and what stands around it.

    laid = lay(cut, document)
    for hole in holes(cut, clips, laid): hole.range, hole.what, hole.before, hole.after

A gap, a slug, black or bars, a card that says a shot is missing, and an event without media each
are a hole. What a title covers is none. What they are called is read off the edit, nothing guessed.
"""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import opentimelineio as otio

from answerprint.check.lay import Lay, is_card
from answerprint.edit.cut import Cut, Event
from answerprint.edit.media import reference_of
from answerprint.edit.timeline import texts_at

AROUND = 12
"""Shots on either side that tell which rhythm the cut has there."""

Span = tuple[int, int]


@dataclass(frozen=True)
class Missing:
    """A stretch of the cut that has no picture yet.

    id        'gap_1', 'gap_2', ... in the order of the cut.
    kind      'gap', 'card' or 'missing_media'.
    what      the generated clip's or the card's name, or why the media cannot be had.
    range     frames of the cut from 0 at its first, both included.
    before    shots that end there or earlier, the nearest first; `after` those that follow.
    asked     the event that is named there, of missing media; `names` what it and its files are
              called.
    """

    id: str
    kind: str
    what: str
    range: Span
    before: tuple[Event, ...]
    after: tuple[Event, ...]
    asked: Event | None = None
    names: tuple[str, ...] = ()

    @property
    def length(self) -> int:
        return self.range[1] - self.range[0] + 1

    @property
    def track(self) -> int:
        """Of the picture, from 1 at the bottom: where the hole is seen."""
        if self.asked:
            return self.asked.track
        return min((each.track for each in (*self.before[:1], *self.after[:1])), default=1)


def holes(cut: Cut, clips: Sequence[otio.schema.Clip], laid: Lay) -> list[Missing]:
    """Every missing shot, in the order of the cut. clips: of `read_with_clips`, one an event."""
    seen = [each for each in cut.events if each.id not in laid.hidden]
    shots = [each for each in seen if each.media and each.frames and not is_card(each.name)]
    around = _Around(cut, shots)
    found = [around.missing("gap", each.what, each.range) for each in laid.holes]
    of = {event.id: clip for event, clip in zip(cut.events, clips, strict=True)}
    for event in seen:
        span = event.record[0] - cut.start, event.record[1] - cut.start - 1
        if is_card(event.name):
            found.append(around.missing("card", event.name, span))
        elif event.media is None or event.frames is None:
            names = _names(event, of[event.id], os.path.dirname(cut.path))
            why = f"{event.why} {event.hint}".strip()
            found.append(around.missing("missing_media", why, span, event, names))
    found.sort(key=lambda each: each.range)
    return [_numbered(each, turn) for turn, each in enumerate(found, 1)]


class _Around:
    """Shots by where they end and begin."""

    def __init__(self, cut: Cut, shots: Iterable[Event]) -> None:
        self.start = cut.start
        self.by_end = sorted(shots, key=lambda each: each.record[::-1])
        self.by_begin = sorted(self.by_end, key=lambda each: each.record)
        self.ends = [each.record[1] for each in self.by_end]
        self.begins = [each.record[0] for each in self.by_begin]

    def missing(
        self,
        kind: str,
        what: str,
        span: Span,
        asked: Event | None = None,
        names: tuple[str, ...] = (),
    ) -> Missing:
        left = bisect_right(self.ends, span[0] + self.start)
        right = bisect_left(self.begins, span[1] + 1 + self.start)
        before = tuple(self.by_end[max(0, left - AROUND) : left][::-1])
        after = tuple(self.by_begin[right : right + AROUND])
        return Missing("", kind, what, span, before, after, asked, names)


def _numbered(each: Missing, turn: int) -> Missing:
    return Missing(**{**vars(each), "id": f"gap_{turn}"})


def _names(event: Event, clip: otio.schema.Clip, folder: str) -> tuple[str, ...]:
    """What an event and its files are called, as the edit has it; each once."""
    files = texts_at(clip.metadata, "cmx_3600", "files")
    named = (
        event.name,
        clip.name,
        getattr(clip.media_reference, "name", ""),
        os.path.basename(reference_of(clip, folder).path),
        *(os.path.basename(each.replace("\\", "/")) for each in files),
    )
    return tuple(dict.fromkeys(each for each in named if each))
