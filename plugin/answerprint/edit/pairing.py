"""Which events of two cuts are one: by what they show, not by number or place.

Events that show the same frames in the same order are matched first (patience). What is left is
matched best over all (assignment), among events of one clip whose frames overlap or that stand
between the same two neighbours. Of a stock clip that is used again and again only the nearest are
compared: cost is linear in events.

Convention
    clip     two events are of one where their clip name agrees, or their reel, unless both have
             files that are called otherwise; or where they have the same file.
    source   is compared by the frames of the file where both have it, else by timecode.
"""

from __future__ import annotations

import itertools
import math
import os
import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from fractions import Fraction
from typing import Any

import numpy as np

from answerprint.edit.cut import Cut, Event
from answerprint.edit.media import name_of
from answerprint.edit.timecode import carried

NEAR = 24  # places: of a slot with more events, those further apart are none of one
ALIKE = 12  # of more uses of a clip that overlap one, so many that begin, and that end, next to it
_UNNAMED = re.compile(r"event \d+")
_Pair = tuple[int, int]
_Token = tuple[str, str]
_Interval = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class Shown:
    """An event, when it begins in seconds of the cut, and how many frames of it are between it
    and what is before it on its track."""

    event: Event
    at: Fraction
    gap: int


def shown(cut: Cut) -> list[Shown]:
    ends: dict[int, int] = {}
    found = []
    for event in cut.events:
        if event.enabled:
            at = Fraction(event.record[0] - cut.start) / cut.rate
            found.append(Shown(event, at, event.record[0] - ends.get(event.track, cut.start)))
            ends[event.track] = event.record[1]
    return found


def matched(before: Sequence[Shown], after: Sequence[Shown]) -> list[_Pair]:
    """Numbers of the events of both that belong together."""
    tokens = [[frozenset(_tokens(each.event)) for each in side] for side in (before, after)]
    names: dict[tuple[Any, ...], int] = {}
    ones, others = (
        [names.setdefault(_key(each.event), len(names)) for each in side]
        for side in (before, after)
    )
    pairs = _common(ones, others)
    left = [sorted(set(range(len(side))) - {pair[n] for pair in pairs})
            for n, side in enumerate((before, after))]  # fmt: skip
    slots = [_slots(left[n], [pair[n] for pair in pairs]) for n in (0, 1)]
    scores = {}
    for one, other in _candidates(before, after, left, slots):
        same_slot = slots[0][one] == slots[1][other]
        alike = tokens[0][one] & tokens[1][other]
        if score := _score(before[one], after[other], alike, same_slot):
            scores[one, other] = score
    return sorted([*pairs, *_best(scores)])


def _common(ones: Sequence[int], others: Sequence[int]) -> list[_Pair]:
    """Places of what both have in the same order: alike beginnings and ends, and between them what
    is there but once on each side, again and again within the parts that those leave (patience).
    """
    found, parts = list[_Pair](), [(0, len(ones), 0, len(others))]
    while parts:
        a, b, c, d = parts.pop()
        while a < b and c < d and ones[a] == others[c]:
            found.append((a, c))
            a, c = a + 1, c + 1
        while a < b and c < d and ones[b - 1] == others[d - 1]:
            b, d = b - 1, d - 1
            found.append((b, d))
        here, there = _once(ones, a, b), _once(others, c, d)
        once = {there[key]: n for key, n in here.items() if key in there}
        kept = rising(sorted(once, key=once.__getitem__))
        if kept:
            ends = [(a - 1, c - 1), *((once[m], m) for m in sorted(kept)), (b, d)]
            found += ends[1:-1]
            steps = itertools.pairwise(ends)
            parts += [(n + 1, o, m + 1, p) for (n, m), (o, p) in steps]
        elif a < b and c < d:
            matcher = SequenceMatcher(None, ones[a:b], others[c:d], autojunk=False)
            blocks = matcher.get_matching_blocks()
            found += [(a + x.a + n, c + x.b + n) for x in blocks for n in range(x.size)]
    return found


def _once(keys: Sequence[int], first: int, end: int) -> dict[int, int]:
    """Places of those that are within a part but once."""
    counts = Counter(keys[first:end])
    return {keys[n]: n for n in range(first, end) if counts[keys[n]] == 1}


def _key(event: Event) -> tuple[Any, ...]:
    """What an event shows: alike in both cuts where nothing of it was changed."""
    tokens = _tokens(event)
    clip = [each for each in tokens if each[0] != "file"] or tokens
    return (*clip, _source(event), event.speed)


def _tokens(event: Event) -> list[_Token]:
    """What the clip of an event may be known by."""
    name = "" if _UNNAMED.fullmatch(event.name) else name_of(event.name)
    told = (("reel", event.reel), ("name", name), ("file", file_of(event)))
    return [(kind, text.casefold()) for kind, text in told if text]


def file_of(event: Event) -> str:
    return name_of(os.path.basename(event.media.path)) if event.media else ""


def _source(event: Event) -> _Interval:
    """The source's timecode in seconds; rates that count alike have the same."""
    first, end = (Fraction(count, round(event.rate)) for count in event.source)
    return first, end


def spans(one: Event, other: Event) -> tuple[_Pair, _Pair]:
    """What two events show of one clip, first and end at the rate of the second's media.

    By the frames of the file where both are from it: a system may count it from another start.
    """
    here, there = _frames_of(one), _frames_of(other)
    if here and there and one.media and other.media and one.media.path == other.media.path:
        return here, there
    first, end = (carried(count, one.rate, other.rate) for count in one.source)
    return (first, end), other.source


def _frames_of(event: Event) -> _Pair | None:
    if event.frames is None:
        return None
    return event.frames[0] + event.head, event.frames[1] - event.tail + 1


def _slots(left: Sequence[int], anchors: Sequence[int]) -> dict[int, int]:
    """After how many of the matched events each of the others stands."""
    anchors = sorted(anchors)
    return {n: bisect_left(anchors, n) for n in left}


def _candidates(
    before: Sequence[Shown],
    after: Sequence[Shown],
    left: Sequence[Sequence[int]],
    slots: Sequence[Mapping[int, int]],
) -> set[_Pair]:
    """Pairs of one clip whose source overlaps, or that stand in one slot."""
    found = set[_Pair]()
    sides = defaultdict[tuple[str, str], tuple[list[int], list[int]]](lambda: ([], []))
    for side, events in enumerate((before, after)):
        for n in left[side]:
            for token in _tokens(events[n].event):
                sides[token][side].append(n)
    for (kind, _), (ones, others) in sides.items():
        spans = [(_interval(before[n].event, kind), n) for n in ones]
        found.update(_overlapping(spans, [(_interval(after[n].event, kind), n) for n in others]))
        here, there = (defaultdict[int, list[int]](list) for _ in (0, 1))
        for numbers, slot_of, in_slot in ((ones, slots[0], here), (others, slots[1], there)):
            for n in numbers:
                in_slot[slot_of[n]].append(n)
        for slot, mine in here.items():
            found.update(_near(mine, there.get(slot, [])))
    return found


def _near(ones: Sequence[int], others: Sequence[int]) -> Iterator[_Pair]:
    """Pairs of one slot that stand at most NEAR places apart, counted from either end: a cut of
    which every event changed is one slot."""
    late = len(others) - len(ones)
    for turn, one in enumerate(ones):
        for begin in {turn, turn + late}:
            for other in others[max(0, begin - NEAR) : max(0, begin + NEAR + 1)]:
                yield one, other


def _interval(event: Event, kind: str) -> _Interval:
    """When a clip shows an event: by the frames of its file where that is what it is known by."""
    if kind != "file" or not (frames := _frames_of(event)):
        return _source(event)
    return Fraction(frames[0], round(event.rate)), Fraction(frames[1], round(event.rate))


def _overlapping(
    ones: Sequence[tuple[_Interval, int]], others: Sequence[tuple[_Interval, int]]
) -> Iterator[_Pair]:
    """Numbers of the intervals of both sides that overlap; of too many, the nearest."""
    starts = sorted((first, n, end) for (first, end), n in others)
    ends = sorted((end, n, first) for (first, end), n in others)
    few = list[tuple[_Interval, int]]()
    for (first, end), n in ones:
        count = bisect_left(starts, (end,)) - bisect_right(ends, (first, math.inf))
        if count <= 2 * ALIKE:
            few.append(((first, end), n))
            continue
        for rows, at in ((starts, first), (ends, end)):
            place = bisect_left(rows, (at, n))
            for edge, m, far in rows[max(0, place - ALIKE) : place + ALIKE]:
                if max(first, min(edge, far)) < min(end, max(edge, far)):
                    yield n, m
    yield from _swept(few, others)


def _swept(
    ones: Iterable[tuple[_Interval, int]], others: Iterable[tuple[_Interval, int]]
) -> Iterator[_Pair]:
    """Numbers of the intervals of both sides that overlap, by a sweep in time."""
    rows = sorted([(*span, n, 0) for span, n in ones] + [(*span, n, 1) for span, n in others])
    open_: tuple[list[tuple[Fraction, int]], ...] = ([], [])
    for first, end, n, side in rows:
        across = open_[1 - side]
        across[:] = [each for each in across if each[0] > first]
        for _, m in across:
            yield (n, m) if side == 0 else (m, n)
        open_[side].append((end, n))


def _score(one: Shown, other: Shown, alike: Collection[_Token], same_slot: bool) -> float:
    """How well two events fit: how much of their frames both show, before all. 0: they do not.

    alike   what both clips are known by.
    """
    if not _of_one_clip(one.event, other.event, {kind for kind, _ in alike}):
        return 0.0
    (a, b), (c, d) = spans(one.event, other.event)
    both = max(0, min(b, d) - max(a, c)) / max(b - a, d - c)
    if not both and not same_slot:
        return 0.0
    near = 0.02 / (1 + abs(float(one.at - other.at)))
    return both + near + 0.1 * same_slot + 0.02 * len(alike)


def _of_one_clip(one: Event, other: Event, alike: set[str]) -> bool:
    """Whether what two events have alike names a clip. Cameras that run on one timecode may share
    a reel, folders of shots the names of their files."""
    if one.media and other.media and one.media.path == other.media.path:
        return True
    files = one.media is not None and other.media is not None and "file" not in alike
    return "name" in alike or ("reel" in alike and not files)


def _best(scores: Mapping[_Pair, float]) -> Iterator[_Pair]:
    """The pairs that fit best over all, each event in one at most."""
    for group in _groups(scores):
        ones, others = (sorted({pair[side] for pair in group}) for side in (0, 1))
        row_of, column_of = ({n: turn for turn, n in enumerate(side)} for side in (ones, others))
        table = np.zeros((len(ones), len(others)))
        for one, other in group:
            table[row_of[one], column_of[other]] = scores[one, other]
        for row, column in assigned(table):
            if table[row, column] > 0:
                yield ones[row], others[column]


def _groups(pairs: Iterable[_Pair]) -> list[list[_Pair]]:
    """Pairs that share events, directly or through others."""
    root: dict[tuple[int, int], tuple[int, int]] = {}

    def top(node: tuple[int, int]) -> tuple[int, int]:
        while root.setdefault(node, node) != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    pairs = list(pairs)
    for one, other in pairs:
        root[top((0, one))] = top((1, other))
    groups = defaultdict[tuple[int, int], list[_Pair]](list)
    for pair in pairs:
        groups[top((0, pair[0]))].append(pair)
    return list(groups.values())


def assigned(table: np.ndarray) -> list[_Pair]:
    """Rows and columns of the largest sum, each once at most (shortest augmenting paths).

    Source: R. Jonker, A. Volgenant, Computing 38, 1987.
    """
    if table.shape[0] > table.shape[1]:
        return [(row, column) for column, row in assigned(table.T)]
    rows, columns = table.shape
    prices, owner = np.zeros(columns), np.full(columns, -1)
    gains = np.zeros(rows)
    for begin in range(rows):
        row, best = begin, np.full(columns, math.inf)
        came, done = np.full(columns, -1), np.zeros(columns, bool)
        column = -1
        while row >= 0:
            if column >= 0:
                done[column] = True
            cost = -table[row] - gains[row] - prices
            better = ~done & (cost < best)
            best[better], came[better] = cost[better], column
            nearest = int(np.argmin(np.where(done, math.inf, best)))
            step = best[nearest]
            taken = np.flatnonzero(done)
            gains[owner[taken]] += step
            gains[begin] += step
            prices[taken] -= step
            best[~done] -= step
            column, row = nearest, int(owner[nearest])
        while column >= 0:
            back = int(came[column])
            owner[column] = owner[back] if back >= 0 else begin
            column = back
    return [(int(owner[n]), n) for n in range(columns) if owner[n] >= 0]


def rising(values: Sequence[int]) -> set[int]:
    """The longest rising run of values that differ, with gaps."""
    ends, came = list[int](), dict[int, int | None]()
    for value in values:
        place = bisect_left(ends, value)
        came[value] = ends[place - 1] if place else None
        ends[place : place + 1] = [value]
    found = set[int]()
    last = ends[-1] if ends else None
    while last is not None:
        found.add(last)
        last = came[last]
    return found
