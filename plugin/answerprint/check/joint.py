"""One CDL for each shot of a scene, from all pairs at once, so that what shots share looks alike.

A link holds colours that two shots both show. All CDLs are solved together on all links: what one
pair says is weighed against every way round through the others, so errors do not add up along the
cut. An error is taken in the pictures as they were shot (through one shot's CDL and back through
the other's), both ways round: a scene is not made flat to make it even, and noise in either shot
does not wear its contrast down.

Convention
    theta    (shots, 10), `vision/fit.py`; zero leaves a shot as it is.
    free     (shots, 10) bool: what may move. A shot that is held has all the others come to it;
             without one of each group of joined shots there is no answer.
    say      (links,) 0 to 1: how far a link's own answer agrees with that of the scene.

Source: Levenberg-Marquardt with Huber weights (Huber 1964) on colours; the weights of Geman and
McClure (1985) on links.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from answerprint.vision import fit
from answerprint.vision.compare import quantile
from answerprint.vision.fit import USUAL

COLOURS = 300
"""Pairs of colours of a link that are used."""
PART = 4.0
"""Evidence that one part of a picture counts as at most: its surfaces err together."""
ROBUST = 1.0
"""Error in CIEDE2000 units from which a pair of colours counts as doubtful."""
DOUBT = 0.5
"""CIEDE2000 units by which the scene may disagree with a link's own best before it loses its
say by half."""
DARK = 6.0
"""How much more than to the view a stop counts where it is dark: lifted blacks are seen by those
who open them up, and a grade is not the last."""
WIDTH = 3 * USUAL
"""Of the pull to identity: only numbers that were seen to move are free to."""
TURNS, ROUNDS = 6, 30
SETTLED = 0.003
"""Change of every number, in widths of the usual, at which the solution stands."""


@dataclass(frozen=True)
class Link:
    """The same surfaces in two shots: (N, 3) ACEScct codes, weight and part of the picture (N,)."""

    first: int
    second: int
    a: np.ndarray
    b: np.ndarray
    weight: np.ndarray
    part: np.ndarray


@dataclass(frozen=True)
class Joint:
    theta: np.ndarray
    say: np.ndarray


def link(
    first: int, second: int, a: np.ndarray, b: np.ndarray, weight: np.ndarray, part: np.ndarray
) -> Link:
    """A link of colours as they were measured: fewer of them, none of too much weight."""
    if len(a) > COLOURS:
        rows = np.sort(np.random.default_rng(0).choice(len(a), COLOURS, replace=False))
        weight = weight * (len(a) / COLOURS)
        a, b, weight, part = a[rows], b[rows], weight[rows], part[rows]
    _, part = np.unique(part, return_inverse=True)
    most = np.bincount(part, weight)
    return Link(first, second, a, b, weight * np.minimum(1, PART / most)[part], part)


def undo(theta: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Codes from before the CDL of theta."""
    return before(*fit.cdl_numbers(theta), codes)


def before(
    slope: np.ndarray, offset: np.ndarray, power: np.ndarray, saturation: float, codes: np.ndarray
) -> np.ndarray:
    """Codes from before a CDL of these numbers; none of slope, power and saturation may be 0."""
    luma = (codes @ fit.SATURATION_WEIGHTS)[..., None]
    code = luma + (codes - luma) / saturation
    code = np.where(code > 0, np.maximum(code, 1e-9) ** (1 / power), code)
    return np.asarray((code - offset) / slope)


def joint(shots: int, links: Sequence[Link], free: np.ndarray, told: Callable[[], None]) -> Joint:
    """The CDLs that agree best with all links. told: called between steps, may raise to stop."""
    seen = [_Seen.of(each) for each in links]
    own = np.empty(len(seen))
    for turn, each in enumerate(seen):
        told()
        alone = np.array([np.zeros(10, bool), free[each.first] | free[each.second]])
        pair = replace(each, first=0, second=1)
        here, there = _solved([pair], np.ones(1), alone, np.zeros((2, 10)))
        own[turn] = each.off(here, there)
    theta, say = np.zeros((shots, 10)), np.ones(len(seen))
    for _ in range(TURNS):
        told()
        theta, before = _solved(seen, say, free, theta), theta
        if np.abs((theta - before) / USUAL).max() < SETTLED:
            break
        off = np.array([each.off(theta[each.first], theta[each.second]) for each in seen])
        say = 1 / (1 + (np.maximum(off - own, 0) / DOUBT) ** 2) ** 2
    return Joint(theta, say)


@dataclass(frozen=True)
class _Seen:
    """A link, with what an eye makes of errors at its colours."""

    first: int
    second: int
    ends: tuple[np.ndarray, np.ndarray]
    eyes: tuple[np.ndarray, np.ndarray]
    weight: np.ndarray

    @classmethod
    def of(cls, link: Link) -> _Seen:
        eyes = fit.to_the_eye(link.a), fit.to_the_eye(link.b)
        for eye in eyes:
            eye[:, 3:] *= DARK
        return cls(link.first, link.second, (link.a, link.b), eyes, link.weight)

    def error(self, here: np.ndarray, there: np.ndarray, back: bool) -> np.ndarray:
        """(N, 6) of the first's colours in the second shot, or back."""
        if back:
            here, there = there, here
        moved = undo(there, fit.apply(here, self.ends[back]))
        return np.einsum("nij,nj->ni", self.eyes[not back], moved - self.ends[not back])

    def off(self, here: np.ndarray, there: np.ndarray) -> float:
        """Median error, of both ways."""
        size = [np.linalg.norm(self.error(here, there, back), axis=1) for back in (False, True)]
        return quantile(np.mean(size, 0), self.weight, 0.5)

    def slopes(
        self, here: np.ndarray, there: np.ndarray, back: bool, columns: np.ndarray
    ) -> np.ndarray:
        """(N, 6, k) by some of the first shot's numbers (0 to 9) and the second's (10 to 19)."""
        if back:
            here, there = there, here
        start = self.ends[back]
        codes, made = fit.apply(here, start), []
        for column in columns:
            step = 1e-4 * (np.arange(10) == column % 10)
            if (column < 10) != back:
                ends = (undo(there, fit.apply(here + turn * step, start)) for turn in (1, -1))
            else:
                ends = (undo(there + turn * step, codes) for turn in (1, -1))
            made.append((next(ends) - next(ends)) / 2e-4)
        return np.asarray(self.eyes[not back] @ np.stack(made, -1))


def _solved(
    seen: Sequence[_Seen], say: np.ndarray, free: np.ndarray, theta: np.ndarray
) -> np.ndarray:
    moving = np.flatnonzero(free.ravel())
    if not len(moving):
        return theta
    pull, damping = np.tile(1 / WIDTH**2, len(theta)), 1e-3
    now = _cost(theta, seen, say, pull)
    for _ in range(ROUNDS):
        curve, down = np.diag(pull), pull * theta.ravel()
        for each, trust in zip(seen, say, strict=True):
            ends = each.first, each.second
            columns = np.flatnonzero(free[list(ends)].ravel())
            if not len(columns):
                continue
            at = 10 * np.array(ends)[columns // 10] + columns % 10
            for back in (False, True):
                left = each.error(theta[ends[0]], theta[ends[1]], back)
                slope = each.slopes(theta[ends[0]], theta[ends[1]], back, columns)
                size = np.linalg.norm(left, axis=1)
                count = trust / 2 * each.weight * np.minimum(1, ROBUST / np.maximum(size, 1e-9))
                slope = slope.reshape(-1, len(columns))
                said = slope * np.repeat(count, 6)[:, None]
                curve[np.ix_(at, at)] += said.T @ slope
                down[at] += said.T @ left.ravel()
        curve, down = curve[np.ix_(moving, moving)], down[moving]
        for _ in range(8):
            trial = theta.ravel().copy()
            trial[moving] -= np.linalg.solve(curve + damping * np.diag(np.diag(curve)), down)
            cost = _cost(trial.reshape(theta.shape), seen, say, pull)
            if cost < now:
                break
            damping *= 5
        else:
            break
        theta, damping = trial.reshape(theta.shape), max(damping / 5, 1e-9)
        settled, now = now - cost < 1e-6 * now, cost
        if settled:
            break
    return theta


def _cost(theta: np.ndarray, seen: Sequence[_Seen], say: np.ndarray, pull: np.ndarray) -> float:
    cost = 0.5 * float((pull * theta.ravel() ** 2).sum())
    for each, trust in zip(seen, say, strict=True):
        for back in (False, True):
            left = each.error(theta[each.first], theta[each.second], back)
            size = np.linalg.norm(left, axis=1)
            huber = np.where(size < ROBUST, size**2 / 2, ROBUST * size - ROBUST**2 / 2)
            cost += trust / 2 * float((each.weight * huber).sum())
    return cost
