"""Pairs of shots of a scene, measured beside each other on surfaces that both show."""

from __future__ import annotations

from dataclasses import dataclass

from answerprint.check.model import Relation, Scene, Study
from answerprint.frames.curves import acescct_inverse
from answerprint.vision.shift import Shift, shift

LIT_APART = 0.12
"""Stops by which parts of one set-up disagree from which the light itself is another."""
ALIKE, SURFACES_ALIKE = 0.08, 0.13
"""Stops by which parts, and single surfaces, may differ between two spots: bricks and windows look
alike without being the same ones, and gloss is elsewhere; then nothing is known of the light. Grain
and small misses scatter single surfaces more than parts."""
ELSEWHERE_ENOUGH = 40
"""Structures that two spots have to share for their light to be compared."""


@dataclass(frozen=True)
class Pair:
    """Two shots of a scene, by number in it, and how the second stands to the first."""

    first: int
    second: int
    relation: Relation
    shift: Shift


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


def _verified(relation: Relation, stands: Shift) -> bool:
    """Whether one grade explains what both show; from one spot the same surfaces are certain."""
    if relation.kind == "setup":
        return True
    alike = stands.uneven < ALIKE and stands.spread < SURFACES_ALIKE
    return alike and relation.structures >= ELSEWHERE_ENOUGH


def lit_apart(pair: Pair) -> bool:
    """Whether the light fell otherwise: no grade makes the two alike then."""
    return pair.shift.uneven > LIT_APART
