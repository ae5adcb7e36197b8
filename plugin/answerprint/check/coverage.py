"""The takes of a show that stand where the shots of a cut stand, and which of them are one set-up.

    cover = Coverage(takes, cut, see, compare)
    setups = Setups(shots, cover)
    setups.label["A001_2"], setups.of[take.key]         names that tell set-ups apart

Set-ups of the cut and of the takes are joined by verified geometry, from the best evidence down,
and by the slate where logs or names have it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from answerprint.check.relations import Groups
from answerprint.edit.cut import Cut, Event
from answerprint.show.propose import Range, Take, take_of

SETUP, SAME, SEEN = "setup", "place", "look"
SURE = 30
"""Structures under one geometry from which a take has the set-up of a shot; fewer may be a wall."""
FRAMED = 1.3
"""Scale up to which two pictures from one spot are of one set-up: a lens may show more, or less."""
NEAR = 12
"""Takes of the shooting order on either side of a shot's own that are compared with each other."""


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

    @property
    def setup(self) -> bool:
        """Whether both are of one set-up: seen from one spot, and framed alike."""
        framed = self.scale is None or 1 / FRAMED < self.scale < FRAMED
        return self.kind == SETUP and self.structures >= SURE and framed


See = Callable[[Event], Sequence[Sight]]
Compare = Callable[[Take, Take], Sight | None]


class Coverage:
    """The takes of a show, and which of them stand where the shots of a cut stand.

    see       the sights of a shot; it is asked once for each part of a clip.
    compare   how the second of two takes stands to the first, None where nothing is verified; it
              is asked once for each pair.
    """

    def __init__(
        self, takes: Sequence[Take], cut: Cut, see: See, compare: Compare = lambda one, other: None
    ) -> None:
        self.takes, self.cut, self._see, self._compare = takes, cut, see, compare
        self._sights: dict[tuple[str, Range], Sequence[Sight]] = {}
        self._pairs: dict[tuple[tuple[str, int], tuple[str, int]], Sight | None] = {}
        self._order = sorted(takes, key=lambda each: each.place)
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

    def compared(self, shots: Iterable[Event]) -> list[tuple[Take, Sight]]:
        """Takes that were shot one right after the other and are verified to show one place, of
        those that were shot near the takes of these shots."""
        places = [own.place for shot in shots if (own := self.own(shot))]
        near = {place + away for place in places for away in range(-NEAR, NEAR + 1)}
        found = list[tuple[Take, Sight]]()
        for one, other in pairwise(self._order):
            if one.place in near and other.place in near:
                pair = one.key, other.key
                if pair not in self._pairs:
                    self._pairs[pair] = self._compare(one, other)
                sight = self._pairs[pair]
                if sight and sight.kind != SEEN:
                    found.append((one, sight))
        return found

    def one_setup(self, take: Take, shot: Event) -> bool:
        """Whether a take is verified to be of the set-up of a shot."""
        own = self.own(shot)
        if own and own.key == take.key:
            return True
        return any(each.take.key == take.key and each.setup for each in self.sights(shot))


class Setups:
    """Which shots and takes are of one set-up.

    label   the name of each shot's set-up, by the shot's id; `of` that of each take, by its key.
    """

    def __init__(self, shots: Sequence[Event], cover: Coverage) -> None:
        self._groups = Groups()
        self._apart = dict[frozenset[str], int]()
        pairs = list[tuple[int, str, str]]()
        for shot in shots:
            own = cover.own(shot)
            if own:
                self._groups.join(_shot(shot), _take(own))
            pairs += self._pairs(_shot(shot), cover.sights(shot))
        for take, sight in cover.compared(shots):
            pairs += self._pairs(_take(take), [sight])
        for structures, one, two in sorted(pairs, key=lambda each: (-each[0], *each[1:])):
            self._join(one, two, structures)
        slates = dict[tuple[str, str], Take]()
        for take in cover.takes:
            if take.slate:
                first = slates.setdefault((take.slate, take.camera), take)
                self._join(_take(first), _take(take), SURE)
        self.label = {each.id: self._groups.members(_shot(each))[0] for each in shots}
        self.of = {each.key: self._groups.members(_take(each))[0] for each in cover.takes}

    def _pairs(self, name: str, sights: Sequence[Sight]) -> list[tuple[int, str, str]]:
        """What may be joined; what was seen from two spots is noted as apart."""
        found = list[tuple[int, str, str]]()
        for sight in sights:
            names = name, _take(sight.take)
            if sight.setup:
                found.append((sight.structures, *names))
            elif sight.kind in (SETUP, SAME):
                key = frozenset(names)
                self._apart[key] = max(self._apart.get(key, 0), sight.structures)
        return found

    def _join(self, one: str, two: str, structures: int) -> None:
        """What would join two that are apart with more structures is left."""
        here, there = self._groups.members(one), self._groups.members(two)
        against = (self._apart.get(frozenset((a, b)), 0) for a in here for b in there)
        if max(against, default=0) <= structures:
            self._groups.join(one, two)


def _shot(event: Event) -> str:
    return f"shot {event.id}"


def _take(take: Take) -> str:
    return f"take {take.key[0]} {take.key[1]}"
