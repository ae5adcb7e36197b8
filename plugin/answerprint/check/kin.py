"""Which set-ups are of the scene that a hole lies in: told by the cut, the pictures and the shoot.

    kin = related(turns, seen, shoot, used)
    kin.sides["B"]      0..1 how surely B is of the scene of the shot before the hole, and after it
    kin.edge            0..1 how surely these are two scenes

Evidence, the best chain of it counts, its links multiplied: a place that takes of both show; that
the cut comes back to one after the other (between two shots of one set-up a scene goes on); the
turn in which they were shot. A shoot goes through one scene after another: what nothing else joins
is of the scene of those that were shot before and after it, the nearer counts more. Where logs or
slates name the scene, that decides.

Convention
    turns    set-ups of the shots in the order of the cut, '' at the hole.
    place    of a take: its turn in the order of shooting (`show/propose.py`).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

WOVEN = 0.9
"""How surely two set-ups are of one scene where the cut comes back to one after the other."""
JOINED = 0.5
"""Link from which a set-up's scene is taken as known, to tell that of others shot beside it."""
IN_TURN = 0.9
"""How surely a take is of the scene of one that was shot right before or after it."""
SHOT_NEAR = 8.0
"""Takes of the shooting order after which that is a third as sure."""
NAMED, OTHER = 0.99, 0.01
"""How surely set-ups are of one scene whose names say so, and whose names say otherwise."""
FAINT = 0.005
"""Links under which nothing is followed."""

Pair = tuple[float, float]
Links = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Shoot:
    """What is known of the takes of a set-up: their places, and the scene that is named, or ''."""

    places: tuple[int, ...]
    scene: str = ""


@dataclass(frozen=True)
class Kin:
    sides: Mapping[str, Pair]
    edge: float


def related(
    turns: Sequence[str],
    seen: Iterable[tuple[str, str, float]],
    shoot: Mapping[str, Shoot],
    used: Collection[str],
) -> Kin:
    """Of every set-up of the turns and of the shoot.

    seen   set-ups that show one place, and how surely.
    used   set-ups that the cut shows anywhere.
    """
    at = turns.index("")
    ends = turns[max(0, at - 1) : at], turns[at + 1 : at + 2]
    links = _links(turns, seen)
    before, after = (_reached(each, links) for each in ends)
    shown = {each for each in turns if each}
    joined = {each for each in shown if max(links.get(each, {}).values(), default=0.0) >= JOINED}
    known = {
        label: (before.get(label, 0.0), after.get(label, 0.0))
        for label in (*joined, *(each for end in ends for each in end), *set(used) - shown)
    }
    order = _Order(known, shoot)
    sides = dict[str, Pair]()
    for label in {*shoot, *shown}:
        beside = order.of(label)
        pair = (max(before.get(label, 0.0), beside[0]), max(after.get(label, 0.0), beside[1]))
        sides[label] = _named(label, pair, ends, shoot)
    if not all(ends):
        return Kin(sides, 1.0)
    (left,), (right,) = ends
    return Kin(sides, 1 - max(sides[right][0], sides[left][1]) if left != right else 0.0)


def _links(turns: Sequence[str], seen: Iterable[tuple[str, str, float]]) -> Links:
    links: Links = defaultdict(dict)
    for one, other, sure in (*seen, *_woven(turns)):
        if one != other and sure > FAINT:
            links[one][other] = links[other][one] = max(links[one].get(other, 0.0), sure)
    return links


def _woven(turns: Sequence[str]) -> Iterator[tuple[str, str, float]]:
    for turn, label in enumerate(turns):
        again = next((n for n in range(turn + 2, len(turns)) if turns[n] == label), None)
        for between in turns[turn + 1 : again] if label and again else ():
            if between:
                yield label, between, WOVEN


class _Order:
    """The scenes of set-ups by the order in which their takes were shot.

    known   set-ups whose scene is known, those of other scenes than the hole's too.
    """

    def __init__(self, known: Mapping[str, Pair], shoot: Mapping[str, Shoot]) -> None:
        self.known, self.shoot = known, shoot
        there = ((place, each) for each in known if each in shoot for place in shoot[each].places)
        self.row = sorted(there)

    def of(self, label: str) -> Pair:
        """The best of its takes."""
        if label not in self.shoot:
            return 0.0, 0.0
        every = [self._of(label, place) for place in self.shoot[label].places]
        before, after = zip(*every, strict=True)
        return max(before), max(after)

    def _of(self, label: str, place: int) -> Pair:
        """The known takes that were shot next before and after, weighed by how near they are."""
        at = bisect_left(self.row, (place, ""))
        earlier = next((each for each in self.row[:at][::-1] if each[1] != label), None)
        later = next((each for each in self.row[at:] if each[1] != label), None)
        beside = [(abs(each[0] - place), each[1]) for each in (earlier, later) if each]
        total = sum(1 / away for away, _ in beside)
        if not total:
            return 0.0, 0.0
        sure = IN_TURN * math.exp(-(min(away for away, _ in beside) - 1) / SHOT_NEAR) / total
        pairs = [(self.known[each], sure / away) for away, each in beside]
        return sum(p[0] * w for p, w in pairs), sum(p[1] * w for p, w in pairs)


def _named(
    label: str, pair: Pair, ends: Sequence[Sequence[str]], shoot: Mapping[str, Shoot]
) -> Pair:
    """What names of scenes say, where both have one."""
    found = list(pair)
    own = shoot[label].scene if label in shoot else ""
    for turn, end in enumerate(ends):
        for each in end:
            other = shoot[each].scene if each in shoot else ""
            if own and other:
                found[turn] = NAMED if own == other else min(OTHER, found[turn])
            if label == each:
                found[turn] = 1.0
    return found[0], found[1]


def _reached(start: Iterable[str], links: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The best product of links from any of the start to each (Dijkstra)."""
    found = dict[str, float]()
    left = [(-1.0, each) for each in sorted(set(start))]
    while left:
        sure, here = heappop(left)
        if here in found:
            continue
        found[here] = -sure
        for other, link in links.get(here, {}).items():
            if other not in found and -sure * link > FAINT:
                heappush(left, (sure * link, other))
    return found
