"""What the takes of a show have in common with the shots of a cut, by looking at both.

Of a shot whose media the show has, what is kept of its look is asked for; others are decoded. How
a take stands to a shot in light is measured on the palettes of both (`unlike.py`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from answerprint.check.coverage import Coverage, Sight
from answerprint.check.unlike import unlike
from answerprint.edit.cut import Event
from answerprint.errors import AnswerprintError
from answerprint.events import Events
from answerprint.frames.clip import open_clip
from answerprint.show.find import HALF, Hit, Known, find, kept
from answerprint.show.propose import Proposal, Range, Take, takes
from answerprint.show.store import Show
from answerprint.vision.palette import Palette
from answerprint.vision.place import same_place
from answerprint.vision.watch import WIDE

FOUND = 40
"""Takes that are asked for what one shot shows."""
RECENT = 16
"""Takes whose landmarks are kept at hand, some 60 kB each."""


class Looked:
    """takes: of the show. said: shots that could not be looked at, as sentences."""

    def __init__(self, show: Show, events: Events | None = None) -> None:
        self.show, self.takes, self.events = show, takes(show), events or Events()
        self.said = list[str]()
        self._by = {each.key: each for each in self.takes}
        self._palettes = dict[tuple[str, Range], Palette | None]()
        self._take = lru_cache(RECENT)(self._kept)

    def sights(self, event: Event) -> list[Sight]:
        """Takes that see what the middle of a shot shows; none where it cannot be read. Raises
        Cancelled."""
        self.events.check()
        shot = self._shot(event)
        if shot is None:
            return []
        hits = find(self.show, [shot], most=FOUND, told=self.said.append, events=self.events)
        return [_sight(self._by[key], hit) for hit in hits if (key := _key(hit)) in self._by]

    def compare(self, one: Take, other: Take) -> Sight | None:
        """How the second take stands to the first; None where no place is verified. Raises
        Cancelled."""
        self.events.check()
        first, second = (self._take(each, each.middle) for each in (one, other))
        if first is None or second is None:
            return None
        view = same_place(first.found, second.found)
        if view.kind == "none":
            return None
        sure = view.structures / (view.structures + HALF)
        return Sight(other, view.kind, view.structures, sure, view.scale)

    def lit(self, proposal: Proposal, cover: Coverage) -> Proposal:
        """With how its light stands to that of its reference, where both are of one set-up: a match
        is needed where an eye sees the difference, and not where it does not."""
        shot = next((e for e in cover.cut.events if e.id == proposal.reference), None)
        if shot is None or "match" not in proposal.needs:
            return proposal
        if not cover.one_setup(proposal.take, shot):
            return proposal
        one = self._take(proposal.take, (proposal.first + proposal.last) // 2)
        other = self._palette(shot)
        found = unlike(one.palette, other) if one and one.palette and other else None
        if found is None:
            return proposal
        needs = tuple(each for each in proposal.needs if each != "match" or found.seen)
        return replace(proposal, light=found.as_dict(), needs=needs)

    def _palette(self, event: Event) -> Palette | None:
        if event.media is None or event.frames is None:
            return None
        asked = event.media.path, event.frames
        if asked not in self._palettes:
            self._shot(event)
        return self._palettes[asked]

    def _shot(self, event: Event) -> Known | None:
        """The middle of a shot of the cut."""
        if event.media is None or event.frames is None:
            return None
        told = event.media.path, event.media.space, event.frames
        known = kept(self.show, *told, sum(event.frames) // 2) or self._decoded(event)
        self._palettes[event.media.path, event.frames] = known.palette if known else None
        return known

    def _decoded(self, event: Event) -> Known | None:
        if event.media is None or event.frames is None:
            return None
        try:
            with open_clip(event.media.path, colourspace=event.media.named or None) as clip:
                return Known.of(clip.picture(sum(event.frames) // 2, WIDE))
        except AnswerprintError as why:
            self.said.append(f"{event.id} was not looked at: {why.title}")
            return None

    def _kept(self, take: Take, near: int) -> Known | None:
        """What the show keeps of a take, as near to a frame as it can be."""
        return kept(self.show, take.path, take.space, (take.first, take.last), near)


def _key(hit: Hit) -> tuple[str, int]:
    return hit.clip, hit.shot[0]


def _sight(take: Take, hit: Hit) -> Sight:
    told = hit.structures, hit.confidence, hit.scale, hit.region, hit.why
    return Sight(take, hit.kind, *told)
