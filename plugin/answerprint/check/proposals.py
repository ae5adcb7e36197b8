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

Which takes are of one set-up `coverage.py` tells, and which set-ups are of the scene `kin.py`. At
the edge of a scene a set-up with a wide lens is likelier than one with a long lens. After a take of
one set-up the next of the same counts ANOTHER of it: an editor wants to see what there is. The
numbers below were chosen on staged scenes, and measured on others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from statistics import median

from answerprint.check.coverage import SAME, SETUP, SURE, Coverage, Setups, Sight
from answerprint.check.holes import Missing
from answerprint.check.kin import NAMED, Kin, Shoot, related
from answerprint.check.rhythm import likely
from answerprint.edit.cut import Event
from answerprint.show.propose import (
    SLOWEST,
    Proposal,
    Range,
    Take,
    fitted,
    free,
    needed,
    reframed,
    very,
)

MOST = 8
"""Proposals for a hole."""
PARTLY, SHOWN = 0.8, 0.3
"""What is left to a take of which the cut shows other frames, and to frames that it shows."""
EXTENDED = 0.03
AWAY = 0.2
"""What is left to a set-up that the cut shows far from the hole: it is rather of another scene."""
ANOTHER = 0.05
PLACE, LOOK = 1.0, 0.5
"""How surely two set-ups are of one scene, of which takes show one place; that look alike."""
WIDE = 3.0
"""How much likelier than one of its middle lenses the widest lens of a scene shows all of it."""
NEAR = 0.3
"""How surely set-ups are of one scene whose lenses are compared."""
PUNCHED = 0.5
"""What is left to a take that has to be enlarged."""
FAINT = 0.005
"""Confidence under which nothing is proposed."""


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
        setups = Setups(self.shots, cover)
        self.label, self.of = setups.label, setups.of
        turns = [self.label[each.id] for each in self.shots]
        turns.insert(self.at, "")
        kin = self._kin(turns)
        self.sides = kin.sides
        self.odds = likely(turns, self.at, kin.sides, kin.edge, self._wide())
        if known:
            self.odds = {self.of[known.key]: 1.0}

    def _kin(self, turns: Sequence[str]) -> Kin:
        cover, seen = self.cover, list[tuple[str, str, float]]()
        for shot in self.shots:
            for sight in cover.sights(shot):
                worth = PLACE if sight.kind in (SETUP, SAME) else LOOK
                sure = worth * sight.confidence
                seen.append((self.label[shot.id], self.of[sight.take.key], sure))
        for take, sight in cover.compared(self.shots):
            seen.append((self.of[take.key], self.of[sight.take.key], PLACE * sight.confidence))
        takes = defaultdict[str, list[Take]](list)
        for take in cover.takes:
            takes[self.of[take.key]].append(take)
        shoot = {
            label: Shoot(tuple(each.place for each in every), _agreed(t.scene for t in every))
            for label, every in takes.items()
        }
        used = {self.of[key] for key in cover.used}
        kin = related(turns, seen, shoot, used)
        far = used - set(turns)
        sides = {
            label: (pair[0] * AWAY, pair[1] * AWAY) if label in far and max(pair) < NAMED else pair
            for label, pair in kin.sides.items()
        }
        return Kin(sides, kin.edge)

    def _wide(self) -> Callable[[str], float]:
        """How much rather than others a set-up shows the whole place: by its scene's lenses."""
        lens = defaultdict[str, list[float]](list)
        for take in self.cover.takes:
            if take.focal:
                lens[self.of[take.key]].append(take.focal)
        focal = {label: median(every) for label, every in lens.items()}

        def wide(label: str) -> float:
            kin = [
                focal[other]
                for other in focal
                if other != label and max(map(min, self.sides[label], self.sides[other])) > NEAR
            ]
            if label not in focal or not kin:
                return 1.0
            longer = sum(each > focal[label] for each in kin) / len(kin)
            return WIDE ** (2 * longer - 1)

        return wide

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


def _frames(span: Range) -> int:
    return span[1] - span[0] + 1


def _agreed(named: Iterable[str]) -> str:
    """The one name that all have who have one; '' where there is none, or two."""
    names = set(named) - {""}
    return names.pop() if len(names) == 1 else ""
