"""What the show has for a missing shot, the best first.

    cover = Coverage(takes, cut, see)
    for proposal in proposals(hole, cover): ...

Four kinds, all ranked by one confidence:

    the very clip    where the edit names it: how surely its name, reel and timecode agree.
    takes            of the set-up that the cut's rhythm asks for (`rhythm.py`), times what speaks
                     against the take: that the cut shows some of it, or these frames; that they
                     have to be slowed. Of a clip that the cut has, its unused head or tail.
    the neighbours   go on for longer: EXTENDED, times the part of the hole that their frames fill.
    a wider take     to punch into, where a shot of the cut is of the set-up that is asked for and
                     the take shows what that shows.

Set-ups of the cut and of the takes are joined by verified geometry alone. That two set-ups are of
one scene is told by a place that both show, by the cut, which comes back to one after the other, by
their looks, and by how near to each other they were shot; the best chain of these counts, its links
multiplied. After a take of one set-up the next of the same counts ANOTHER of it: an editor wants to
see what there is. The numbers below were chosen on staged scenes, and measured on others.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush

from answerprint.check.holes import Missing
from answerprint.check.relations import Groups
from answerprint.check.rhythm import likely
from answerprint.edit.cut import Cut, Event
from answerprint.show.propose import (
    SLOWEST,
    Proposal,
    Range,
    Take,
    fitted,
    free,
    needed,
    reframed,
    take_of,
    very,
)

MOST = 8
"""Proposals for a hole."""
PARTLY, SHOWN = 0.8, 0.3
"""What is left to a take of which the cut shows other frames, and to frames that it shows."""
EXTENDED = 0.03
AWAY = 0.2
"""What is left to a set-up that the cut shows far from the hole: it is rather of another scene."""
ANOTHER = 0.1
PLACE, WOVEN, LOOK, REEL = 1.0, 0.9, 0.5, 0.5
"""How surely two set-ups are of one scene, of which takes show one place; that the cut comes
back to one after the other; that look alike; of which takes were shot one after the other."""
SHOT_NEAR = 4.0
"""Takes of the shooting order after which nearness says a third as much."""
PUNCHED = 0.5
"""What is left to a take that has to be enlarged."""
FAINT = 0.005
"""Confidence under which nothing is proposed."""
SURE = 30
"""Structures under one geometry from which a take has the set-up of a shot; fewer may be a wall."""
FRAMED = 1.3
"""Scale up to which two pictures from one spot are of one set-up."""

SETUP, SAME, SEEN = "setup", "place", "look"


@dataclass(frozen=True)
class Sight:
    """What a shot of the cut and a take of the show have in common.

    kind        'setup', 'place' or 'look', as `show/find.py` says.
    structures  that both show under one geometry.
    scale       how much larger the take shows what both show, None where that is not known.
    region      of the take's picture in pixels that shows what the shot shows, or None.
    """

    take: Take
    kind: str
    structures: int = 0
    confidence: float = 1.0
    scale: float | None = None
    region: tuple[float, float, float, float] | None = None
    why: str = ""


See = Callable[[Event], Sequence[Sight]]


class Coverage:
    """The takes of a show, and which of them stand where the shots of a cut stand.

    see   the sights of a shot; it is asked once for each part of a clip.
    """

    def __init__(self, takes: Sequence[Take], cut: Cut, see: See) -> None:
        self.takes, self.cut, self._see = takes, cut, see
        self._sights: dict[tuple[str, Range], Sequence[Sight]] = {}
        self.used: dict[tuple[str, int], list[tuple[Range, Event]]] = {}
        self._own: dict[str, Take | None] = {}
        for event in cut.events:
            take = self.own(event)
            if take and event.frames and event.enabled:
                self.used.setdefault(take.key, []).append((event.frames, event))

    def own(self, event: Event) -> Take | None:
        """The take that a shot of the cut is from, None where the show does not have it."""
        if event.id not in self._own:
            here = None
            if event.media and event.frames:
                here = take_of(self.takes, event.media.path, *event.frames)
            self._own[event.id] = here
        return self._own[event.id]

    def sights(self, event: Event) -> Sequence[Sight]:
        if event.media is None or event.frames is None:
            return ()
        asked = event.media.path, event.frames
        if asked not in self._sights:
            self._sights[asked] = self._see(event)
        return self._sights[asked]


def proposals(hole: Missing, cover: Coverage, most: int = MOST) -> list[Proposal]:
    """What the show has for a hole, the best first."""
    named = list[Proposal]()
    if hole.asked:
        asked = hole.asked
        said = asked.source, asked.rate, asked.speed, cover.cut.rate
        named = very(cover.takes, hole.names, asked.reel, *said)
    scene = _Scene(hole, cover, named[0].take if named else None)
    every = [*scene.alternates(), *scene.extended(), *scene.wider()]
    rest = _spread([each for each in every if each[0].confidence >= FAINT])
    taken = {each.take.key for each in named}
    left = 1 - max((each.confidence for each in named), default=0.0)
    rest = [
        replace(each, confidence=each.confidence * left)
        for each in rest
        if each.take.key not in taken
    ]
    return [*named, *rest][:most]


def _spread(every: list[tuple[Proposal, str]]) -> list[Proposal]:
    """The best first, with more than one set-up among the first; with the label of each."""
    found, had = list[Proposal](), dict[str, int]()
    left = sorted(every, key=lambda each: -each[0].confidence)
    while left:
        best = max(left, key=lambda e: e[0].confidence * ANOTHER ** had.get(e[1], 0))
        left.remove(best)
        had[best[1]] = had.get(best[1], 0) + 1
        found.append(best[0])
    return found


class _Scene:
    """The shots around one hole, with the set-ups that they and the takes are of.

    known   the take that the edit names there: then its set-up is asked for, and no other.
    """

    def __init__(self, hole: Missing, cover: Coverage, known: Take | None) -> None:
        self.hole, self.cover, self.known = hole, cover, known
        self.shots = [*hole.before[::-1], *hole.after]
        self.at = len(hole.before)
        self.label = self._labels()
        turns = [self.label[each.id] for each in self.shots]
        turns.insert(self.at, "")
        self.of = {take.key: self._setup(take) for take in cover.takes}
        kin, edge = self._kin(turns)
        far = {self.of[key] for key in cover.used}
        fresh = {
            label: sure * (AWAY if label in far else 1.0)
            for label, sure in kin.items()
            if label not in turns
        }
        self.odds = likely(turns, self.at, fresh, lambda label: kin.get(label, 0.0), edge)
        if known:
            self.odds = {self.of[known.key]: 1.0}

    def _labels(self) -> dict[str, str]:
        """Names of set-ups, of the shots; `_groups` keeps the takes' with them.

        From the best evidence down; what would join two that were seen from two spots with more
        structures is left.
        """
        self._groups = Groups()
        pairs = list[tuple[int, str, str]]()
        apart = dict[frozenset[str], int]()
        for shot in self.shots:
            own = self.cover.own(shot)
            if own:
                self._groups.join(_shot(shot), _take(own))
            for sight in self.cover.sights(shot):
                names = _shot(shot), _take(sight.take)
                if sight.kind == SETUP and sight.structures >= SURE and _framed(sight):
                    pairs.append((sight.structures, *names))
                elif sight.kind in (SETUP, SAME):
                    key = frozenset(names)
                    apart[key] = max(apart.get(key, 0), sight.structures)
        for structures, one, two in sorted(pairs, key=lambda each: (-each[0], *each[1:])):
            here, there = self._groups.members(one), self._groups.members(two)
            against = (apart.get(frozenset((a, b)), 0) for a in here for b in there)
            if max(against, default=0) <= structures:
                self._groups.join(one, two)
        return {each.id: self._groups.members(_shot(each))[0] for each in self.shots}

    def _setup(self, take: Take) -> str:
        return self._groups.members(_take(take))[0]

    def _kin(self, turns: Sequence[str]) -> tuple[dict[str, float], float]:
        """How surely each set-up is of the scene of one of the hole's neighbours, and that those
        are of two: along the best chain of evidence, whose links multiply."""
        links: dict[str, dict[str, float]] = defaultdict(dict)

        def link(one: str, other: str, sure: float) -> None:
            if one != other and sure > FAINT:
                links[one][other] = max(links[one].get(other, 0.0), sure)
                links[other][one] = links[one][other]

        for turn, label in enumerate(turns):  # between two shots of one set-up a scene goes on
            again = [n for n in range(turn + 2, len(turns)) if turns[n] == label and label]
            for between in turns[turn + 1 : again[0]] if again else ():
                if between:
                    link(label, between, WOVEN)
        places: dict[str, list[int]] = defaultdict(list)
        for take in self.cover.takes:
            places[self.of[take.key]].append(take.place)
        for shot in self.shots:
            for sight in self.cover.sights(shot):
                worth = PLACE if sight.kind in (SETUP, SAME) else LOOK
                link(self.label[shot.id], self.of[sight.take.key], worth * sight.confidence)
        for shot in self.shots:
            for label, there in places.items():
                here = places.get(self.label[shot.id], ())
                away = min((abs(a - b) for a in here for b in there), default=math.inf)
                link(self.label[shot.id], label, REEL * math.exp(-away / SHOT_NEAR))
        ends = [self.label[each.id] for each in self._beside()]
        edge = 1 - _reached(ends[:1], links).get(ends[-1], 0.0) if ends else 0.0
        return _reached(ends, links), edge if len(ends) == 2 else 1.0

    # --- kinds of proposals ------------------------------------------------------------

    def alternates(self) -> Iterator[tuple[Proposal, str]]:
        """Takes of the set-ups that may be asked for; heads and tails of those in the cut."""
        beside = {own.key for each in self._beside() if (own := self.cover.own(each))}
        for take in self.cover.takes:
            label = self.of[take.key]
            odds = self.odds.get(label, 0.0)
            if odds < FAINT or take.key in beside:
                continue
            length = self._length(take)
            used = [span for span, _ in self.cover.used.get(take.key, ())]
            spans = [s for s in free(take, used) if _frames(s) >= SLOWEST * length]
            again = not spans
            spans = spans or [(take.first, take.last)]
            if _frames(spans[0]) < SLOWEST * length:
                continue
            (first, last), speed = fitted(spans, length)
            odds *= (SHOWN if again else PARTLY if used else 1.0) * speed
            kind, told = self._kind(take, used, again, (first, last))
            like = self._like(label)
            reference = like or next(iter(self._beside()), None)
            needs = needed("match", *(["retime"] if speed < 1 or self._rate(take) else []))
            why = f"{self._asked(label, like)} {told}"
            made = Proposal(
                kind, take, first, last, speed, None, needs, odds, why.strip(),
                reference.id if reference else "",
            )  # fmt: skip
            yield made, label

    def _kind(
        self, take: Take, used: Sequence[Range], again: bool, shown: Range
    ) -> tuple[str, str]:
        if not used:
            return "alternate", "The cut does not use this take."
        names = ", ".join(event.id for _, event in self.cover.used[take.key][:3])
        if again:
            return "alternate", f"The cut shows these frames already, in {names}."
        kind = "head" if shown[1] < min(first for first, _ in used) else "tail"
        return kind, f"These frames of the take of {names} are not used."

    def extended(self) -> Iterator[tuple[Proposal, str]]:
        """The tail of the shot before, the head of the shot after."""
        for shot, side in ((self.hole.before[:1], "tail"), (self.hole.after[:1], "head")):
            for event in shot:
                made = self._extended(event, side)
                if made:
                    yield made, self.label[event.id]

    def _extended(self, event: Event, side: str) -> Proposal | None:
        take, frames = self.cover.own(event), event.frames
        if take is None or frames is None or event.speed == 0:
            return None
        forward = (side == "tail") == (event.speed > 0)
        used = [span for span, _ in self.cover.used.get(take.key, ())]
        edge = frames[1] + 1 if forward else frames[0] - 1
        span = next((s for s in free(take, used) if s[0] <= edge <= s[1]), None)
        if span is None:
            return None
        length = max(1, round(self._length(take) * abs(event.speed)))
        there = min(length, span[1] - edge + 1 if forward else edge - span[0] + 1)
        if there < SLOWEST * length:
            return None
        first, last = (edge, edge + there - 1) if forward else (edge - there + 1, edge)
        speed = event.speed * there / length
        needs = needed(*(["retime"] if speed != 1 or self._rate(take) else []))
        why = f"{event.id} goes on for {there} frames that the cut does not use."
        if there < length:
            why += f" {length} are missing."
        sure = EXTENDED * there / length
        return Proposal(side, take, first, last, speed, None, needs, sure, why, event.id)

    def wider(self) -> Iterator[tuple[Proposal, str]]:
        """Takes that show more than a shot whose set-up may be asked for."""
        best = dict[tuple[str, int], tuple[Proposal, str]]()
        beside = {each.id for each in self._beside()}
        for shot in self.shots:
            label = self.label[shot.id]
            odds = self.odds.get(label, 0.0)
            if shot.id in beside or odds < FAINT:
                continue
            for sight in self.cover.sights(shot):
                reframe = sight.region and reframed(sight.region, sight.take.size)
                sure = sight.structures >= SURE
                if not reframe or not sure or self.of[sight.take.key] == label:
                    continue
                made = self._punched(shot, sight, reframe, odds)
                if made and made.confidence > self._best(best, sight.take):
                    best[sight.take.key] = made, f"{label} wider"
        return iter(best.values())

    @staticmethod
    def _best(best: dict[tuple[str, int], tuple[Proposal, str]], take: Take) -> float:
        return best[take.key][0].confidence if take.key in best else 0.0

    def _punched(
        self, shot: Event, sight: Sight, reframe: dict[str, object], odds: float
    ) -> Proposal | None:
        take = sight.take
        used = [span for span, _ in self.cover.used.get(take.key, ())]
        length = self._length(take)
        spans = [s for s in free(take, used) if _frames(s) >= SLOWEST * length]
        if not spans:
            return None
        (first, last), speed = fitted(spans, length)
        sure = odds * PUNCHED * speed * (1.0 if sight.kind == SETUP else 0.5)
        more = ["retime"] if speed < 1 or self._rate(take) else []
        why = f"It shows what {shot.id} shows, {reframe['scale']:.2f} times smaller."
        needs = needed("match", "reframe", *more)
        return Proposal("wider", take, first, last, speed, reframe, needs, sure, why, shot.id)

    # --- what is said of them ----------------------------------------------------------

    def _beside(self) -> list[Event]:
        return [*self.hole.before[:1], *self.hole.after[:1]]

    def _like(self, label: str) -> Event | None:
        """The nearest shot of a set-up."""
        every = [(abs(n - self.at + 0.5), n) for n in range(len(self.shots))]
        turns = (n for _, n in sorted(every) if self.label[self.shots[n].id] == label)
        return next((self.shots[n] for n in turns), None)

    def _asked(self, label: str, like: Event | None) -> str:
        if self.known:
            return f"It has the set-up of {self.known.name}, which the edit names."
        around = " and ".join(each.id for each in self._beside())
        if like is None:
            return f"It may be of the scene of {around}; the cut does not show its set-up there."
        if like.id in {each.id for each in self._beside()}:
            return f"It has the set-up of {like.id} right beside: that would jump."
        return f"The cut goes from {around} to the set-up of {like.id}, which this is."

    def _length(self, take: Take) -> int:
        """Of the hole, in the take's frames."""
        rate = take.rate or self.cover.cut.rate
        return max(1, round(self.hole.length * rate / self.cover.cut.rate))

    def _rate(self, take: Take) -> bool:
        """Whether a take runs at another rate than the cut."""
        return take.rate is not None and take.rate != self.cover.cut.rate


def _framed(sight: Sight) -> bool:
    """Whether the take is framed as the shot is: from one spot a lens may show more, or less."""
    return sight.scale is None or 1 / FRAMED < sight.scale < FRAMED


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


def _frames(span: Range) -> int:
    return span[1] - span[0] + 1


def _shot(event: Event) -> str:
    return f"shot {event.id}"


def _take(take: Take) -> str:
    return f"take {take.key[0]} {take.key[1]}"
