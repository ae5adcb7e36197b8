"""Whether the camera went over the line between two people, by all shots of a scene together.

Two shots that face each other over a table show nobody twice from one side, so that a pair alone
seldom tells who is who. Every shot of the scene that shows two is asked of every other, and one
side of the line is sought for each that disagrees least with all answers. A set-up keeps its side.

Source: the leading eigenvector of the answers, as a relaxed maximum cut (Poljak and Rendl 1995);
resistance distance (Klein and Randic 1993) for what a chain of answers is worth.
"""

from __future__ import annotations

import numpy as np

from answerprint.check.model import Shot, Study
from answerprint.vision.figures import Figure, figures, swapped

ASKED = 12
"""Shots nearest to the cut that are asked."""
KEPT = 0.5
"""What it counts that two shots are of one set-up, beside answers of at most 1."""
AGREE, STRONG = 0.5, 0.2
"""How far the answers about a shot have to agree (0 to 1), and how well they have to join the two
shots of the cut: as one answer of this strength does."""


class Sides:
    """The two people of each shot, looked for when they are first asked for."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._scene = {name: scene for scene in study.scenes for name in scene.shots}
        self._order = {shot.name: turn for turn, shot in enumerate(study.shots)}
        self._seen: dict[str, list[Figure]] = {}

    def crossed(self, first: Shot, second: Shot) -> float | None:
        """How far the answers agree that the two stand on other sides of the line, 0 to 1; -1 to
        0 that they do not; None where they do not tell."""
        names = self._asked(first, second)
        told = np.zeros((len(names), len(names)))
        for one in range(len(names)):
            for other in range(one):
                told[one, other] = told[other, one] = self._same(names[one], names[other])
        side = np.sign(np.linalg.eigh(told)[1][:, -1])
        agreed = side * (told * side).T
        agree = agreed.sum(1) / np.maximum(np.abs(told).sum(1), 1e-9)
        if _joined(np.maximum(agreed, 0)) < STRONG or min(agree[:2]) < AGREE:
            return None
        return float(-side[0] * side[1] * min(agree[:2]))

    def _asked(self, first: Shot, second: Shot) -> list[str]:
        """The two, then the nearest of their scenes."""
        both = first.name, second.name
        scenes = {name for each in both for name in self._scene[each].shots}
        near = [name for name in self._order if name in scenes and name not in both]
        at = self._order[second.name]
        return [*both, *sorted(near, key=lambda name: abs(self._order[name] - at))[:ASKED]]

    def _same(self, one: str, other: str) -> float:
        """1 for the same side of the line, -1 for the other, less where it is not sure."""
        relation = self._study.relation(one, other)
        if relation is not None and relation.kind == "setup":
            return KEPT
        pair = self._figures(one), self._figures(other)
        return -swapped(*pair) if all(pair) else 0.0

    def _figures(self, name: str) -> list[Figure]:
        if name not in self._seen:
            self._seen[name] = figures(self._study.shot(name).pictures())
        return self._seen[name]


def _joined(strength: np.ndarray) -> float:
    """How well answers (N, N) join the first two: as conductors do, in a row less, side by side
    more; 0 where no chain of them does."""
    flow = np.diag(strength.sum(1) + 1e-9) - strength
    across = np.zeros(len(strength))
    across[:2] = 1, -1
    return float(1 / (across @ np.linalg.solve(flow, across)))
