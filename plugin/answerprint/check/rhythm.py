"""Which set-up a cut asks for where a shot is missing: what its rhythm makes likely there.

    scene = {"A": (1.0, 1.0), "B": (1.0, 1.0)}
    likely("A B A _ A B".split(), 3, scene)                            B, most likely

Convention
    labels   the set-up of each shot around the hole in the order of the cut; the hole itself counts
             as one shot, and what stands in its place is not looked at.
    weight   a cut from one set-up to another, n shots away from the hole, counts 1 / n; editors go
             back and forth, so it counts in both directions.
    sides    of each set-up, 0..1 how surely it is of the scene of the shot before the hole, and of
             that after it (`kin.py`). Set-ups that `labels` has not are those the cut does not show
             here.

Inside a scene a set-up is asked for by what it was cut to: P(it | before) P(it | after) / P(it),
each a bigram that is interpolated with the unigram (Jelinek and Mercer 1980); between two shots of
one set-up that is one witness, not two. Two shots of one set-up beside each other would be a jump
cut: the neighbours' own keep JUMP of it. How much is left to set-ups that were not shown is told by
how many were shown once (Good, Biometrika 1953).

Where one scene ends and another begins, the hole closes the first or opens the second. Scenes open
on what their dialogue does not come back to, the whole place mostly, and close on it at times;
where the next shot is such a one, the scene has been opened, and where the one before is, the other
has been closed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

SMOOTH = 2.0
"""Weight of what is shown at all, in cuts that are seen from a neighbour."""
JUMP = 0.03
"""What is left to a set-up whose shot would jump to the one beside it."""
OPENS, CLOSES = 0.7, 0.4
"""How often a scene opens, and closes, on what its dialogue does not come back to."""
SECOND = 0.1
"""How often such a shot is the second of its scene, or the last but one."""

Odds = dict[str, float]


def likely(
    labels: Sequence[str],
    at: int,
    sides: Mapping[str, tuple[float, float]],
    edge: float = 0.0,
    wide: Callable[[str], float] = lambda _: 1.0,
) -> Odds:
    """How likely each set-up is in the hole; they sum to 1 where there is any.

    at     the turn of the hole in `labels`.
    edge   0..1 how surely one scene ends and another one begins at the hole.
    wide   of a set-up, how much rather than others it shows the whole place.
    """
    around = _Around(labels, at)
    left, right = around.shown.get(at - 1), around.shown.get(at + 1)
    odds: Odds = defaultdict(float)

    def add(share: float, some: Odds) -> None:
        for label, each in some.items():
            odds[label] += share * each

    if left is not None and right is not None:
        nearest = {label: max(pair) for label, pair in sides.items()}
        add(1 - edge, around.between(left, right, nearest))
        closes = _share(SECOND, around.apart(left)) * _share(OPENS, around.apart(right))
        opens = _share(SECOND, around.apart(right)) * _share(CLOSES, around.apart(left))
        closes, opens = (edge * each / (closes + opens) for each in (closes, opens))
    else:
        closes, opens = 1.0, 1.0
    if left is not None:
        before = {label: pair[0] for label, pair in sides.items()}
        add(closes, around.beside(left, before, CLOSES, wide))
    if right is not None:
        after = {label: pair[1] for label, pair in sides.items()}
        add(opens, around.beside(right, after, OPENS, wide))
    return _even(odds)


class _Around:
    """The shots around a hole: how often each set-up is shown there, and what it is cut to."""

    def __init__(self, labels: Sequence[str], at: int) -> None:
        self.shown = {turn: label for turn, label in enumerate(labels) if turn != at}
        self.count = Counter(self.shown.values())
        self.near: Odds = defaultdict(float)
        self.cuts: dict[str, Odds] = defaultdict(lambda: defaultdict(float))
        for turn, label in self.shown.items():
            self.near[label] = max(self.near[label], 1 / abs(turn - at))
            follows = self.shown.get(turn + 1)
            if follows is not None and follows != label:
                weight = 1 / min(abs(turn - at), abs(turn + 1 - at))
                self.cuts[label][follows] += weight
                self.cuts[follows][label] += weight
        self._talk = set[str]()
        for turn, label in self.shown.items():
            if self.shown.get(turn + 2) == label:  # it is come back to, from what stands between
                self._talk |= {label, self.shown.get(turn + 1, label)}

    def apart(self, label: str) -> bool:
        """Whether a set-up is of no dialogue."""
        return label not in self._talk

    def between(self, left: str, right: str, kin: Mapping[str, float]) -> Odds:
        """Of a hole inside a scene."""
        usual = self._usual(kin)
        odds = Odds()
        for label, each in usual.items():
            here = self._given(label, left, usual, kin)
            if left != right:
                here *= self._given(label, right, usual, kin) / each
            odds[label] = here * (JUMP if label in (left, right) else 1.0)
        return _even(odds)

    def beside(
        self, one: str, kin: Mapping[str, float], apart: float, wide: Callable[[str], float]
    ) -> Odds:
        """Of a hole at the edge of the scene of its neighbour `one`.

        apart   how often what stands there is of no dialogue.
        """
        usual = self._usual(kin)
        talk, others = Odds(), Odds()
        for label in usual:
            if not self.apart(label):
                here = self._given(label, one, usual, kin)
                talk[label] = here * (JUMP if label == one else 1.0)
            elif label != one:
                others[label] = kin[label] * wide(label)
        if not talk or not others:
            return _even(talk or others)
        talk, others = _even(talk), _even(others)
        odds = {label: (1 - apart) * each for label, each in talk.items()}
        return odds | {label: apart * each for label, each in others.items()}

    def _usual(self, kin: Mapping[str, float]) -> Odds:
        """How often a set-up of the scene is shown, what is beside it left out; all but zeros."""
        here = _even({label: kin.get(label, 0.0) * near for label, near in self.near.items()})
        fresh = _even({label: sure for label, sure in kin.items() if label not in self.near})
        # half a shot is added: a scene that shows every set-up twice may have another
        once = sum(kin.get(label, 0.0) for label, many in self.count.items() if many == 1) + 0.5
        every = sum(kin.get(label, 0.0) * many for label, many in self.count.items()) + 1
        new = once / every if fresh else 0.0
        odds = {label: (1 - new) * each for label, each in here.items()}
        odds |= {label: new * each for label, each in fresh.items()}
        return {label: each for label, each in odds.items() if each > 0}

    def _given(self, label: str, one: str, usual: Odds, kin: Mapping[str, float]) -> float:
        """How often a set-up stands beside another one."""
        cuts = {other: kin.get(other, 0.0) * each for other, each in self.cuts[one].items()}
        smooth = SMOOTH * usual[label]
        return (cuts.get(label, 0.0) + smooth) / (sum(cuts.values()) + SMOOTH)


def _share(often: float, so: bool) -> float:
    return often if so else 1 - often


def _even(odds: Mapping[str, float]) -> Odds:
    """As shares of 1; none where there is nothing."""
    total = sum(odds.values())
    return {label: each / total for label, each in odds.items()} if total else {}
