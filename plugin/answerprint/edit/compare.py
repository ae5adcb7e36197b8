"""Two cuts of one edit: what stayed, moved, was trimmed, came or went.

Convention
    frames   of a cut count from 0 at its first, so a new start timecode moves nothing; by timecode
             where more shots stay in place that way: an EDL begins with its first event, and not
             with the gap before it. They are the new cut's where the two have different rates.
    head     frames of source that the new event has more at its start in the record, below 0
             fewer; `tail` at its end. Equal and opposite, it was slipped.
    moved    frames of the cut, later above 0. `pushed` where it kept its distance to what is
             before it: another change moved it.
    off      an event that is switched off is not in the cut.
    dissolve an EDL has it begin where the event before ends, other systems have it around the cut.
             Where one cut is of each kind, both are compared as EDLs have it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from answerprint.edit.cut import Cut, Event
from answerprint.edit.pairing import Shown, file_of, matched, rising, shown, spans
from answerprint.edit.timecode import carried
from answerprint.frames.gradefiles import timecode

KINDS = (
    "new",
    "omitted",
    "media",
    "retimed",
    "trimmed",
    "slipped",
    "dissolve",
    "regraded",
    "moved",
    "kept",
)
"""What a change is called by: of several the first here."""

_FPS = 0.0501  # a list's M2 has a tenth of a frame per second


@dataclass(frozen=True)
class Change:
    """What became of an event. `old` is None of a new one, `new` of one that was omitted.

    frame   of the new cut, of the old one where it was omitted.
    """

    kind: str
    old: Event | None
    new: Event | None
    frame: int
    text: str
    moved: int = 0
    pushed: bool = False
    head: int = 0
    tail: int = 0

    def plain(self) -> dict[str, Any]:
        """As JSON, with the events' ids."""
        events = {"old": self.old and self.old.id, "new": self.new and self.new.id}
        return {**vars(self), **events}


def compare(old: Cut, new: Cut) -> list[Change]:
    """What became of every event of both cuts, in the order of the new one; those that were
    omitted where they stood."""
    if {_kind(old), _kind(new)} == {"listed", "centred"}:
        whole = [{e.id: e for e in cut.events} for cut in (old, new)]
        return [
            replace(
                change,
                old=change.old and whole[0][change.old.id],
                new=change.new and whole[1][change.new.id],
            )
            for change in _compared(_listed(old), _listed(new))
        ]
    return _compared(old, new)


def _compared(old: Cut, new: Cut) -> list[Change]:
    before, after = shown(old), shown(new)
    pairs = matched(before, after)
    kept_order = rising([one for one, _ in sorted(pairs, key=lambda pair: pair[1])])
    places = _Places(old, new, 0), _Places(old, new, new.start - _carried(old.start, old, new))
    stay = [sum(not each.moved(before[n], after[m]) for n, m in pairs) for each in places]
    place = places[stay[1] > stay[0]]
    came = set(range(len(after))) - {other for _, other in pairs}
    changes = [
        (other, 1, _changed(place, before[one], after[other], one in kept_order))
        for one, other in pairs
    ]
    changes += [(other, 1, _new(new, after[other].event)) for other in came]
    follows, stood = dict(pairs), -1
    for one, each in enumerate(before):
        stood = follows.get(one, stood)
        if one not in follows:
            changes.append((stood, 2, _omitted(place, each.event)))
    return [change for *_, change in sorted(changes, key=lambda row: row[:2])]


def _kind(cut: Cut) -> str:
    """How a cut has its dissolves, '' where it has none."""
    into = [event.overlaps[0] for event in cut.events if event.over]
    return "" if not into else "centred" if any(into) else "listed"


def _listed(cut: Cut) -> Cut:
    """The cut with each dissolve beginning where the event before it ends, as EDLs have it."""
    by_end = {(e.track, e.record[1]): e.id for e in cut.events}
    early: dict[str, int] = {}
    late: dict[str, int] = {}
    for e in cut.events:
        if e.over and e.speed and (e.track, e.record[0]) in by_end:
            early[e.id] = round(e.overlaps[0] / abs(e.speed) * cut.rate / e.rate)
            late[by_end[e.track, e.record[0]]] = early[e.id]

    def moved(e: Event) -> Event:
        into = e.overlaps[0] if early.get(e.id) else 0
        less = late.get(e.id, 0)
        head, tail = e.turned((into, -round(less * abs(e.speed) * e.rate / cut.rate)))
        return replace(
            e,
            record=(e.record[0] - early.get(e.id, 0), e.record[1] - less),
            source=(e.source[0] - head, e.source[1] + tail),
            head=e.head - head,
            tail=e.tail - tail,
        )

    return replace(cut, events=tuple(map(moved, cut.events)))


# --- what changed --------------------------------------------------------------------------


def _carried(count: int, old: Cut, new: Cut) -> int:
    return carried(count, old.rate, new.rate)


@dataclass(frozen=True)
class _Places:
    """Where what was in the old cut is in the new one, were nothing moved: `late` frames on."""

    old: Cut
    new: Cut
    late: int

    def of(self, event: Event) -> int:
        return _carried(event.record[0] - self.old.start, self.old, self.new) - self.late

    def moved(self, before: Shown, after: Shown) -> int:
        return after.event.record[0] - self.new.start - self.of(before.event)


def _changed(place: _Places, before: Shown, after: Shown, in_order: bool) -> Change:
    old, new = before.event, after.event
    trims = _trims(old, new)
    head, tail = new.turned(trims)
    moved, level = place.moved(before, after), new.track - old.track
    pushed = bool(moved) and in_order and not level and before.gap == after.gap
    said = {
        "media": _other_media(old, new),
        "retimed": _retimed(old, new),
        "trimmed": _trimmed(head, tail) if head + tail else "",
        "slipped": "" if head + tail else _slipped(trims[1]),
        "dissolve": _dissolve(old, new),
        "regraded": "has another CDL" if _regraded(old, new) else "",
        "moved": _moved(moved, level, in_order, pushed),
    }
    kinds = [kind for kind in KINDS if said.get(kind)]
    told = "; it ".join(said[kind] for kind in kinds) if kinds else "is as it was"
    at = timecode(new.record[0], place.new.rate, place.new.drop)
    text = f"{new.id} at {at} {told}."
    kind, frame = kinds[0] if kinds else "kept", new.record[0] - place.new.start
    return Change(kind, old, new, frame, text, moved, pushed, head, tail)


def _trims(old: Event, new: Event) -> tuple[int, int]:
    """Frames of source that the new event has more before its first and after its last."""
    (a, b), (c, d) = spans(old, new)
    return a - c, d - b


def _regraded(old: Event, new: Event) -> bool:
    if old.cdl is None or new.cdl is None:
        return old.cdl is not new.cdl
    one, other = (
        np.hstack([cdl[name] for name in ("slope", "offset", "power", "saturation")])
        for cdl in (old.cdl, new.cdl)
    )
    return not np.allclose(one, other, rtol=0, atol=1e-6)


def _other_media(old: Event, new: Event) -> str:
    if not old.media or not new.media or file_of(old).casefold() == file_of(new).casefold():
        return ""
    was, now = (os.path.basename(each.media.path) for each in (old, new) if each.media)
    return f"shows {now}, not {was}"


def _retimed(old: Event, new: Event) -> str:
    if abs(old.speed - new.speed) * new.rate <= _FPS:
        return ""
    return f"runs at {100 * new.speed:g} %, not {100 * old.speed:g} %"


def _trimmed(head: int, tail: int) -> str:
    sides = [(head, "head"), (tail, "tail")]
    told = [f"{_frames(n)} {'longer' if n > 0 else 'shorter'} at its {s}" for n, s in sides if n]
    return f"is {' and '.join(told)}"


def _slipped(tail: int) -> str:
    way = "later" if tail > 0 else "earlier"
    return f"is slipped by {_frames(tail)}, to {way} ones of its source" if tail else ""


def _dissolve(old: Event, new: Event) -> str:
    if old.over == new.over:
        return ""
    was = f"after a dissolve of {_frames(old.over)}" if old.over else "after a cut"
    now = f"begins with a dissolve of {_frames(new.over)}" if new.over else "begins with a cut"
    return f"{now}, {was} before"


def _moved(moved: int, level: int, in_order: bool, pushed: bool) -> str:
    told = []
    if moved:
        why = ", pushed by what is before it" if pushed else ""
        told.append(f"is {_frames(moved)} {'later' if moved > 0 else 'earlier'}{why}")
    if not in_order:
        told.append("stands at another place in the order")
    if level:
        way = "higher" if level > 0 else "lower"
        told.append(f"is {abs(level)} track{'' if abs(level) == 1 else 's'} {way}")
    return " and ".join(told)


def _frames(count: int) -> str:
    return f"{abs(count)} frame{'' if abs(count) == 1 else 's'}"


def _new(new: Cut, event: Event) -> Change:
    at = timecode(event.record[0], new.rate, new.drop)
    text = f"{event.id} at {at} is new: {_frames(event.record[1] - event.record[0])}."
    return Change("new", None, event, event.record[0] - new.start, text)


def _omitted(place: _Places, event: Event) -> Change:
    at = timecode(event.record[0], place.old.rate, place.old.drop)
    text = f"{event.id} is omitted; it was at {at}, {_frames(event.record[1] - event.record[0])}."
    return Change("omitted", event, None, place.of(event), text)
