"""Which set-up a cut asks for where a shot is missing: what its rhythm makes likely there.

    likely("A B A _ A B".split(), 3, {}, lambda label: 1.0)            B, most likely

Convention
    labels   the set-up of each shot around the hole in the order of the cut; the hole itself counts
             as one shot, and what stands in its place is not looked at.
    weight   a cut from one set-up to another, n shots away from the hole, counts 1 / n; editors go
             back and forth, so it counts in both directions.
    kin      0..1 how surely a set-up is of the scene of one of the hole's neighbours.

A set-up that stands beside one neighbour elsewhere and beside the other as well is asked for most.
What was never seen beside them keeps a little, the more the nearer it is shown (a bigram that is
interpolated with the unigram: Jelinek and Mercer 1980). Two shots of one set-up beside each other
would be a jump cut: the neighbours' own keep JUMP of it. How likely the missing shot is of a set-up
that the scene does not show elsewhere is told by how many it shows once (Good, Biometrika 1953).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

SMOOTH = 0.25
"""Weight of a set-up that is shown beside the hole, of a cut that is seen there."""
EDGE = 0.5
"""How often a scene begins or ends on what its dialogue does not come back to: the whole place."""
JUMP = 0.03
"""What is left to a set-up whose shot would jump to the one beside it."""


def likely(
    labels: Sequence[str],
    at: int,
    fresh: Mapping[str, float],
    kin: Callable[[str], float],
    edge: float = 0.0,
) -> dict[str, float]:
    """How likely each set-up is in the hole; they sum to 1 where there is any.

    at      the turn of the hole in `labels`.
    fresh   set-ups that the cut does not show here, and how surely each is of the scene.
    edge    0..1 how surely one scene ends and another one begins at the hole.
    """
    shown = {turn: label for turn, label in enumerate(labels) if turn != at}
    beside: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    near: dict[str, float] = defaultdict(float)
    for turn, label in shown.items():
        near[label] = max(near[label], 1 / abs(turn - at))
        follows = shown.get(turn + 1)
        if follows is not None and follows != label:
            weight = 1 / min(abs(turn - at), abs(turn + 1 - at))
            beside[label][follows] += weight
            beside[follows][label] += weight
    neighbours = [shown[n] for n in (at - 1, at + 1) if n in shown]
    of_scene = {label: kin(label) for label in near}
    odds, free = dict[str, float](), 0.0
    for label, weight in near.items():
        here = of_scene[label]
        for each in neighbours:
            here *= beside[each].get(label, 0.0) + SMOOTH * weight
        free += here
        odds[label] = here * (JUMP if label in neighbours else 1.0)
    talk = {label for turn, label in shown.items() if shown.get(turn + 2) == label}
    apart = {label: of_scene[label] * edge for label in near if label not in talk}
    apart = {label: sure for label, sure in apart.items() if label not in neighbours}
    apart.update(fresh)
    new = _new(shown.values(), of_scene)
    new = max(new, EDGE * edge)
    every = sum(apart.values())
    for label, sure in apart.items():
        odds[label] = odds.get(label, 0.0) + (free * new / (1 - new) * sure / every if every else 0)
    total = sum(odds.values())
    return {label: each / total for label, each in odds.items()} if total else {}


def _new(shown: Iterable[str], of_scene: Mapping[str, float]) -> float:
    """Good's estimate of the share of what was not seen: what was seen once of all; half a shot is
    added to both, for a scene that shows every set-up twice may have another."""
    many = Counter(shown)
    once = sum(of_scene[label] for label, count in many.items() if count == 1)
    return (once + 0.5) / (sum(of_scene[label] * count for label, count in many.items()) + 1)
