"""Pairs of shots of a scene, measured beside each other: on surfaces that both show, verifiably,
and where those are too few, by the colours that both show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from answerprint.check.model import Relation, Scene, Shot, Study
from answerprint.check.relations import BESIDE, Groups, shot_palette
from answerprint.frames.curves import acescct_inverse
from answerprint.vision.colours import stands
from answerprint.vision.palette import Palette
from answerprint.vision.shift import Shift, shift

LIT_APART = 0.12
"""Stops by which parts of one set-up disagree from which the light itself is another."""
ALIKE, SURFACES_ALIKE = 0.08, 0.13
"""Stops by which parts, and single surfaces, may differ between two spots: bricks and windows look
alike without being the same ones, and gloss is elsewhere; then nothing is known of the light. Grain
and small misses scatter single surfaces more than parts."""
ELSEWHERE_ENOUGH = 40
"""Structures that two spots have to share for their light to be compared."""
BY_COLOURS = 0.5
"""Most trust in what rests on shared colours and on no surface."""


@dataclass(frozen=True)
class Pair:
    """Two shots of a scene, by number in it, and how the second stands to the first.

    overlap   of their palettes, 0..1, where that is what the shift rests on; None: on surfaces.
    """

    first: int
    second: int
    relation: Relation
    shift: Shift
    overlap: float | None = None

    @property
    def trust(self) -> float:
        """How far what it rests on is to be trusted, 0..1."""
        if self.overlap is not None:
            return BY_COLOURS * self.overlap
        return self.relation.structures / (self.relation.structures + 10)


def measured(scene: Scene, study: Study) -> list[Pair]:
    """Every pair of the scene that shows enough of the same surfaces, verifiably."""
    turns = {name: turn for turn, name in enumerate(scene.shots)}
    made = []
    for relation in study.relations.values():
        evidence = relation.evidence
        if relation.kind not in ("setup", "place") or relation.first not in turns:
            continue
        if relation.second not in turns or evidence is None:
            continue
        stands = shift(
            acescct_inverse(evidence.pairs.source),
            acescct_inverse(evidence.pairs.reference),
            evidence.pairs.weight,
            evidence.pairs.group,
        )
        if stands is not None and _verified(relation, stands):
            made.append(Pair(turns[relation.first], turns[relation.second], relation, stands))
    return made


def by_colours(scene: Scene, study: Study, pairs: Sequence[Pair]) -> list[Pair]:
    """Neighbours in the cut that no verified surface joins, whatever way round, by their colours.

    pairs   those that are `measured`.
    """
    turns = {name: turn for turn, name in enumerate(scene.shots)}
    joined, seen = Groups(), dict[str, Palette]()
    for pair in pairs:
        joined.join(scene.shots[pair.first], scene.shots[pair.second])
    order = [shot for shot in study.shots if shot.name in turns]
    place = {shot.name: at for at, shot in enumerate(study.shots)}

    def palette_of(shot: Shot) -> Palette:
        if shot.name not in seen:
            seen[shot.name] = shot_palette(shot.pictures())
        return seen[shot.name]

    made = []
    for at, later in enumerate(order):
        for earlier in order[max(0, at - BESIDE) : at]:
            if place[later.name] - place[earlier.name] > BESIDE:
                continue
            relation = study.relation(earlier.name, later.name)
            if relation is None or later.name in joined.members(earlier.name):
                continue
            found = stands(palette_of(earlier), palette_of(later))
            if found is not None:
                made.append(Pair(turns[earlier.name], turns[later.name], relation, *found))
    return made


def _verified(relation: Relation, stands: Shift) -> bool:
    """Whether one grade explains what both show; from one spot the same surfaces are certain."""
    if relation.kind == "setup":
        return True
    alike = stands.uneven < ALIKE and stands.spread < SURFACES_ALIKE
    return alike and relation.structures >= ELSEWHERE_ENOUGH


def lit_apart(pair: Pair) -> bool:
    """Whether the light fell otherwise: no grade makes the two alike then."""
    return pair.shift.uneven > LIT_APART
