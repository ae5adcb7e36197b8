"""The slow course of a light: what is meant, apart from what flickers.

A course may ramp and bend; how fast it bends is read off the course itself, and no faster than
it is told to. Where the light is switched, one slow course ends and another begins.

Convention
    course   (N, M) float64, stops, of N frames in a row and M places; known (N,) bool: frames
             that count. broken (N,) or (N, M) bool: a new stretch begins there.
    keep     frames: changes that take longer are part of the slow course whatever happens, and
             what swings faster never is.

Source: penalised least squares on second differences (Whittaker 1923), its weight by restricted
likelihood (Wahba 1985); switches by the difference of means on both sides.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from answerprint.vision.banded import Factored

STIFFEST, STEPS = 1e6, 13
"""The largest weight on second differences, and how many are tried."""
CLEAR = 4.0
"""Log-likelihood by which a softer course has to be the better one: fifty to one."""
SIDE, SWITCH, LEAST = 8, (5.0, 7.0), 0.1
"""Frames on each side of a switch; how many times its chance error it has to be, where one place
is looked at and where many are; stops at least."""


def slow(
    course: np.ndarray, known: np.ndarray, broken: np.ndarray, keep: float
) -> tuple[np.ndarray, float]:
    """The slow course (N, M), and the period in frames of what goes through it by half."""
    count, many = course.shape
    weight = np.broadcast_to(np.where(known, 1.0, 1e-9)[:, None], course.shape)
    cut = np.broadcast_to(broken if broken.ndim == 2 else broken[:, None], course.shape)
    bent = np.ones((count, many))  # whether frames n-1, n, n+1 are of one stretch
    bent[[0, -1]] = 0
    bent[1:-1] *= ~cut[1:-1] & ~cut[2:]
    softest = penalty_of(keep)
    stiffness = np.geomspace(softest, max(STIFFEST, softest), STEPS)
    told = [_fitted(course, weight, bent, each) for each in stiffness]
    chances = np.array([chance for _, chance in told])
    best = int(np.flatnonzero(chances >= chances.max() - CLEAR)[-1])
    found = told[best][0]
    if best == STEPS - 1:
        found = _level(course, weight, cut, found)
    return found, period_of(float(stiffness[best]))


def _level(course: np.ndarray, weight: np.ndarray, cut: np.ndarray, line: np.ndarray) -> np.ndarray:
    """The mean of each stretch, unless the lines through them tell clearly more."""
    mean = np.empty_like(course)
    lines = 0.0
    for place in range(course.shape[1]):
        starts = [0, *np.flatnonzero(cut[:, place]).tolist(), len(course)]
        for begin, end in pairwise(starts):
            part, share = course[begin:end, place], weight[begin:end, place]
            if begin < end:
                mean[begin:end, place] = (part * share).sum() / share.sum()
                lines += end - begin > 2
    rest = (weight * (course - line) ** 2).sum()
    told = (weight * (course - mean) ** 2).sum() - rest
    free = max(1.0, weight.sum() - 2 * lines)
    if told > (1 + 3 * np.sqrt(2 / max(1.0, lines))) * lines * rest / free:
        return line
    return mean


def penalty_of(period: float) -> float:
    """The weight under which a swing of that many frames goes through by half."""
    return float((2 - 2 * np.cos(2 * np.pi / max(period, 2.0))) ** -2.0)


def period_of(penalty: float) -> float:
    return float(2 * np.pi / np.arccos(1 - penalty**-0.5 / 2))


def _fitted(
    course: np.ndarray, weight: np.ndarray, bent: np.ndarray, penalty: float
) -> tuple[np.ndarray, float]:
    """The course under that penalty, and its restricted log-likelihood."""
    count, many = course.shape
    bands = np.zeros((3, count, many))
    bands[0] = weight
    row = penalty * bent[1:-1]
    for at, share in ((0, 1.0), (1, 4.0), (2, 1.0)):
        bands[0, at : count - 2 + at] += share * row
    bands[1, : count - 2] -= 2 * row
    bands[1, 1 : count - 1] -= 2 * row
    bands[2, : count - 2] += row
    factored = Factored(bands)
    found = factored.solved(weight * course)
    left = (weight * course * (course - found)).sum()
    rows = row.astype(bool).sum()
    if rows == 0:
        return found, 0.0
    spread = max(left / rows, 1e-12)
    chance = -0.5 * (rows * np.log(spread) + factored.logarithm().sum() - rows * np.log(penalty))
    return found, float(chance)


def switched(course: np.ndarray, known: np.ndarray, broken: np.ndarray) -> np.ndarray:
    """(N, M) bool: frames from which the light stays another than before, beside `broken` (N,).

    A swing that comes back, a single frame of another light and a ramp are no switch.
    """
    count, many = course.shape
    strength = np.zeros((count, many))
    starts = [0, *np.flatnonzero(broken).tolist(), count]
    for begin, end in pairwise(starts):
        for at in range(begin + SIDE, end - SIDE + 1):
            before, after = course[at - SIDE : at], course[at : at + SIDE]
            if known[at - SIDE : at + SIDE].all():
                strength[at] = _switch(before, after)
    best = np.zeros((count, many), bool)
    enough = SWITCH[many > 1]
    for at in np.flatnonzero(strength.max(axis=1) > enough).tolist():
        near = strength[max(0, at - SIDE) : at + SIDE]
        best[at] = (strength[at] > enough) & (strength[at] >= near.max(axis=0))
    return best


def _switch(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """How many times its chance error the step between two sides is, less what they ramp."""
    turn = np.arange(SIDE) - (SIDE - 1) / 2
    slope = (turn @ (before - before.mean(0)) + turn @ (after - after.mean(0))) / (
        2 * (turn @ turn)
    )
    step = after.mean(0) - before.mean(0) - slope * SIDE
    rest = [side - side.mean(0) - turn[:, None] * slope for side in (before, after)]
    spread = np.sqrt((rest[0] ** 2 + rest[1] ** 2).sum(0) / (2 * SIDE - 3))
    # of the means, and of the slope over the distance between them
    error = spread * np.sqrt(2 / SIDE + SIDE**2 / (2 * (turn @ turn)))
    large: np.ndarray = np.abs(step) / np.maximum(error, 1e-3)
    return np.where(np.abs(step) > LEAST, large, 0.0)
