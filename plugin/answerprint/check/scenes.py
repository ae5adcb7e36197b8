"""Which shots are of one scene: grouped by what they verifiably share, in the order of the record.

Convention
    a scene     shots that verified surfaces join, directly or through others of the scene.
    a set-up    shots of a scene seen from one spot; a return to it later belongs to it.

A palette alone joins few shots: grass, sky and skin are alike in many places. It joins what the cut
weaves together as well: a shot between two of one scene that has their palette, as the other side
of a dialogue has; and shots that follow one another with half of their palettes in common. Where
that is not so, the likeness is told and the shots are left apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from answerprint.check.model import Relation, Scene, Shot
from answerprint.check.relations import Groups

JOINED = 0.5
"""Overlap of palettes that joins a shot to the one before. Of pairs from two of the staged sets,
which share their props and materials, 1 of 60 has it; of different set-ups of one set, half."""


def scenes(
    shots: Sequence[Shot], relations: Mapping[tuple[str, str], Relation]
) -> tuple[Scene, ...]:
    """Every shot in one scene, scenes in the order of their first shots."""
    order = {shot.name: place for place, shot in enumerate(shots)}
    surest = sorted(
        (r for r in relations.values() if r.kind in ("setup", "place")),
        key=lambda r: (-r.structures, order[r.second], order[r.first]),
    )
    scene, setup = Groups(), Groups()
    joins = [each for each in surest if scene.join(each.first, each.second)]
    for each in surest:
        if each.kind == "setup":
            setup.join(each.first, each.second)
    for each in relations.values():
        if (
            each.kind == "palette"
            and (_woven(each, scene, order) or _follows(each, order))
            and scene.join(each.first, each.second)
        ):
            joins.append(each)
    listed = _listed(scene, order)
    of = {name: turn for turn, names in enumerate(listed) for name in names}
    why: list[list[str]] = [[] for _ in listed]
    for join in sorted(joins, key=lambda j: order[j.second]):
        why[of[join.first]].append(join.why)
    for each in relations.values():
        beside = abs(order[each.first] - order[each.second]) == 1
        if each.kind == "palette" and beside and of[each.first] != of[each.second]:
            why[of[each.first]].append(f"{each.why} It was left out.")
    return tuple(
        Scene(f"scene {turn + 1}", names, _listed(setup, names), tuple(why[turn]))
        for turn, names in enumerate(listed)
    )


def _woven(relation: Relation, scene: Groups, order: Mapping[str, int]) -> bool:
    """Whether one of the two stands between shots of the other's scene."""
    for one, other in ((relation.first, relation.second), (relation.second, relation.first)):
        turns = [order[name] for name in scene.members(other)]
        if min(turns) < order[one] < max(turns):
            return True
    return False


def _follows(relation: Relation, order: Mapping[str, int]) -> bool:
    """Whether the second comes right after the first, in much the same colours."""
    beside = order[relation.second] - order[relation.first] == 1
    return beside and relation.overlap is not None and relation.overlap >= JOINED


def _listed(groups: Groups, names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """The groups of these names; both in the order of the names."""
    found: dict[int, list[str]] = {}
    for name in names:
        found.setdefault(id(groups.members(name)), []).append(name)
    return tuple(tuple(group) for group in found.values())
