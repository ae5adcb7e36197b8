"""Which shots stand apart from their scene, and by how much: one answer from all pairs measured.

A measure of a pair says how its second shot stands to its first. Over a scene the measures make a
graph; each shot's level is the one that disagrees least with all of them, where a measure that is
far off pulls no harder than one that is a little off (weighted L1). The scene's own level is the
one most of its shots have within the tolerance, the earliest of equals; the others stand apart.

Convention
    shots    by number, in the order of the record; a pair's first is the earlier.
    level    in the unit of the measure, 0 for the scene.

Source: iteratively reweighted least squares for L1 (Schlossmacher 1973).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_ROUNDS = 40


@dataclass(frozen=True)
class Measure:
    """value: second minus first, with its standard error and the least that is a difference."""

    first: int
    second: int
    value: float
    error: float
    tolerance: float


@dataclass(frozen=True)
class Apart:
    """A shot that stands apart, the pair that shows it best and how sure that is.

    value   second minus first of the pair, as the whole scene has it; error its standard error.
    """

    shot: int
    other: int
    value: float
    error: float
    tolerance: float


def apart(measures: Sequence[Measure]) -> list[Apart]:
    """Every shot that stands apart, once, beside the best-measured shot that does not."""
    found = []
    for group in _joined(measures):
        names = sorted({each.first for each in group} | {each.second for each in group})
        place = {name: at for at, name in enumerate(names)}
        level = levels(len(names), [(place[m.first], place[m.second], m) for m in group])
        usual = _usual(level, float(np.median([m.tolerance for m in group])))
        near: dict[int, list[Measure]] = {name: [] for name in names}
        for each in group:
            near[each.first].append(each)
            near[each.second].append(each)
        odd = {
            name
            for name in names
            if abs(level[place[name]] - usual) > min(m.tolerance for m in near[name])
        }
        for name in sorted(odd):
            others = [m for m in near[name] if _other(m, name) not in odd]
            if not others:
                continue
            best = min(others, key=lambda m: (m.error, abs(_other(m, name) - name)))
            value = float(level[place[best.second]] - level[place[best.first]])
            if abs(value) > best.tolerance:
                found.append(Apart(name, _other(best, name), value, best.error, best.tolerance))
    return found


def _other(measure: Measure, name: int) -> int:
    return measure.first if measure.second == name else measure.second


def _joined(measures: Sequence[Measure]) -> list[list[Measure]]:
    """The measures, by which shots hang together."""
    head: dict[int, int] = {}

    def top(name: int) -> int:
        while head.setdefault(name, name) != name:
            head[name] = head[head[name]]
            name = head[name]
        return name

    for each in measures:
        head[top(each.second)] = top(each.first)
    groups: dict[int, list[Measure]] = {}
    for each in measures:
        groups.setdefault(top(each.first), []).append(each)
    return list(groups.values())


def levels(count: int, edges: Sequence[tuple[int, int, Measure]]) -> np.ndarray:
    """The level of each of so many shots, by the measures between them; the mean is free."""
    first, second = (np.array([edge[k] for edge in edges]) for k in (0, 1))
    value = np.array([edge[2].value for edge in edges])
    error = np.maximum([edge[2].error for edge in edges], 1e-9)
    level, rows = np.zeros(count), np.arange(len(edges))
    lines = np.zeros((len(edges), count))
    lines[rows, second], lines[rows, first] = 1, -1
    for turn in range(_ROUNDS):
        off = np.abs(value - lines @ level) / error
        say = 1 / error**2 / (np.maximum(off, 1e-3) if turn else 1)
        curve = (lines * say[:, None]).T @ lines
        curve += 1e-9 * np.trace(curve) / count * np.eye(count)  # holds the level that is free
        level = np.linalg.solve(curve, (lines * say[:, None]).T @ value)
    return level


def _usual(level: np.ndarray, tolerance: float) -> float:
    """The level of the most shots within a tolerance of each other, the earliest of equals."""
    near = np.abs(level[:, None] - level[None]) <= tolerance
    return float(np.median(level[near[np.argmax(near.sum(1))]]))
