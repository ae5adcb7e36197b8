"""How the light of one shot stands to another's, on surfaces that both show, each part by itself.

What a grade, an iris or a lab can do to a whole picture is fitted as one model: a gain for each
channel (exposure, and colour in two directions), a contrast around middle grey, a saturation and
light added to or taken from all of it. The gains are always there; each of the others only where
the surfaces ask for it, so that a warmer picture is not called flatter too. Surfaces that changed
for themselves, such as a figure that turned or a highlight, lose their say.

Convention
    a, b       (N, 3) float64 scene-linear ACEScg: the same surfaces in the first and second shot.
    group      (N,) which part of the picture a surface lies in: what lies together errs together,
               so the uncertainties are those of the parts, not of the surfaces.
    a shift    second minus first in `NAMES`; ratios as logarithms, e.g. 0.1 for 1.105 times.

Source: Tukey's biweight (Beaton and Tukey 1974) around an L1 start; the covariance of clustered
errors (Liang and Zeger 1986); the Bayesian information criterion (Schwarz 1978) on the parts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from answerprint.frames import primaries
from answerprint.vision.compare import cct_and_duv, quantile
from answerprint.vision.correspond import LUMINANCE

NAMES = ("exposure", "white_balance", "tint", "contrast", "saturation", "black_level")
UNITS = ("stop", "mired", "duv", "log ratio", "log ratio", "linear")
GREY = 0.18
LEVEL = 0.003
"""Scene-linear light under which a difference counts as one of light, not as one of stops."""
REACH = 4.685
"""Of the spread of what is left, from which a surface has no say (Tukey's biweight)."""
LEAST_SPREAD = 0.006
"""Stops of disagreement that are always allowed for: half-float steps and resampling."""
SPLITS = np.array([[1, 1, -0.5], [1, 0, 1], [1, -1, -0.5]])
"""Red, green and blue of a common gain, of warm against cool and of green against magenta."""
PULL = np.array([1e3, 1e3, 1e3, 0.35, 0.35, 0.03])
"""Width of the pull to no change: out of reach of what is seen, and no fit runs away."""
LEAST_PARTS = 6
_WHITE = primaries.to_xyz(primaries.KNOWN["ACEScg"])


@dataclass(frozen=True)
class Shift:
    """What was found, in the order of `NAMES`.

    value, error   second minus first, and its standard error from how the parts disagree.
    uneven         stops by which the parts of the picture still differ after the fit, beyond what
                   their surfaces' own scatter explains: another light, not another grade.
    spread         stops by which single surfaces differ after the fit, of the half that agrees.
    gain           (3,) of the channels, second over first.
    """

    value: np.ndarray
    error: np.ndarray
    uneven: float
    spread: float
    gain: np.ndarray
    parts: int

    @property
    def exposures(self) -> np.ndarray:
        """Stops as green alone, as luminance and as the mean of the channels have it: a white
        balance may keep any of them."""
        stops = np.log2(self.gain)
        return np.array([stops[1], np.log2(self.gain @ LUMINANCE), stops.mean()])

    def from_white(self, second: bool) -> float:
        """White balance in mired with the second shot's white (or the first's) as it should be,
        over the one with the shift to either side of white: mired are not even along the way."""
        gain = 1 / self.gain if second else self.gain
        white, there = (cct_and_duv(_WHITE @ each)[0] for each in (np.ones(3), gain))
        even = self.value[NAMES.index("white_balance")]
        if not white or not there or not abs(even) > 1:
            return 1.0
        mired = 1e6 / there - 1e6 / white
        return float((-mired if second else mired) / even)


def shift(a: np.ndarray, b: np.ndarray, weight: np.ndarray, group: np.ndarray) -> Shift | None:
    """How b stands to a; None where too few parts of the picture show it."""
    lit = np.isfinite(a).all(1) & np.isfinite(b).all(1) & (weight > 0)
    lit &= (a.max(1) > 0) & (b.max(1) > 0)
    a, b, weight = a[lit], b[lit], weight[lit]
    names, group = np.unique(group[lit], return_inverse=True)
    if len(names) < LEAST_PARTS:
        return None
    data = _Data(a, _stops(b), weight / weight.mean(), group, len(names))
    fitted = _chosen(data)
    left = data.left(fitted.theta)
    gain = np.exp2(SPLITS @ fitted.theta[:3])
    return Shift(*_told(fitted), _uneven(data, left), _spread(data, left), gain, data.parts)


def _stops(light: np.ndarray) -> np.ndarray:
    return np.asarray(np.log2(np.maximum(light, 0) + LEVEL))


@dataclass(frozen=True)
class _Data:
    a: np.ndarray
    stops: np.ndarray
    weight: np.ndarray
    group: np.ndarray
    parts: int

    def left(self, theta: np.ndarray) -> np.ndarray:
        """Stops (N, 3) by which the second shot is over what the model makes of the first."""
        return self.stops - _stops(shifted(self.a, theta))


def shifted(light: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Light (N, 3) through the model; theta as fitted: stops, two splits, ln, ln, linear."""
    light = np.maximum(light, 1e-6)
    if theta[3]:
        light = GREY * (light / GREY) ** np.exp(theta[3])
    light = light * np.exp2(SPLITS @ theta[:3])
    luma = (light @ LUMINANCE)[:, None]
    return np.asarray(luma + np.exp(theta[4]) * (light - luma) + theta[5])


@dataclass(frozen=True)
class _Fitted:
    theta: np.ndarray
    covariance: np.ndarray
    free: tuple[int, ...]
    loss: float


def _chosen(data: _Data) -> _Fitted:
    """The fewest numbers that explain the surfaces; what was left out has the error of a fit
    that lets it move."""
    full = _fit(data, tuple(range(6)), np.zeros(6))
    spread = _spread(data, data.left(full.theta))
    best, least = full, np.inf
    for count in range(4):
        for more in combinations((3, 4, 5), count):
            fitted = _fit(data, (0, 1, 2, *more), np.zeros(6), spread)
            told = 3 * data.parts * np.log(max(fitted.loss, 1e-9)) + count * np.log(3 * data.parts)
            if told < least:
                best, least = fitted, told
    covariance = full.covariance.copy()
    mine = np.ix_(best.free, best.free)
    covariance[mine] = best.covariance[mine]
    return replace(best, covariance=covariance)


def _fit(
    data: _Data, free: tuple[int, ...], start: np.ndarray, spread: float | None = None
) -> _Fitted:
    """spread   of what is left, by which a surface is judged; found on the way unless given."""
    theta, columns = start.copy(), np.array(free)
    theta[0] = np.median(data.left(theta))
    pull = np.diag(1 / PULL[columns] ** 2) * 1e-2
    for turn in range(24):
        left = data.left(theta)
        sigma = spread if spread and turn > 3 else _spread(data, left)
        say = _say(left, sigma, turn < 4) * data.weight
        slope = _slopes(data, theta, columns)
        curve = np.einsum("nci,n,ncj->ij", slope, say, slope, optimize=True) / sigma**2 + pull
        down = np.einsum("nci,n,nc->i", slope, say, left, optimize=True) / sigma**2
        step = np.linalg.solve(curve, down - pull @ theta[columns])
        theta[columns] += step * min(1.0, 0.5 / max(np.abs(step).max(), 1e-9))
        if turn > 5 and np.abs(step).max() < 1e-5:
            break
    left = data.left(theta)
    sigma = spread or _spread(data, left)
    say = _say(left, sigma, False) * data.weight
    slope = _slopes(data, theta, columns)
    curve = np.einsum("nci,n,ncj->ij", slope, say, slope, optimize=True) + pull * sigma**2
    score = np.einsum("nci,n,nc->ni", slope, say, left, optimize=True)
    sums = np.stack([np.bincount(data.group, each, data.parts) for each in score.T], 1)
    inverse = np.linalg.inv(curve)
    covariance = np.zeros((6, 6))
    few = data.parts / max(data.parts - len(free), 1)
    covariance[np.ix_(columns, columns)] = inverse @ (sums.T @ sums) @ inverse * few
    size = (left**2).sum(1) / (3 * sigma**2)
    bounded = np.where(size < REACH**2, 1 - (1 - size / REACH**2) ** 3, 1.0)
    return _Fitted(theta, covariance, free, float((data.weight * bounded).mean()))


def _spread(data: _Data, left: np.ndarray) -> float:
    """Standard deviation of what is left, of the half that agrees best."""
    size = np.sqrt((left**2).mean(1))
    return max(1.2 * quantile(size, data.weight, 0.5), LEAST_SPREAD)


def _say(left: np.ndarray, sigma: float, gentle: bool) -> np.ndarray:
    size = np.sqrt((left**2).mean(1)) / sigma
    if gentle:
        return np.asarray(1 / np.maximum(size, 0.5))
    return np.asarray(np.maximum(1 - (size / REACH) ** 2, 0) ** 2)


def _slopes(data: _Data, theta: np.ndarray, columns: np.ndarray, step: float = 1e-4) -> np.ndarray:
    slopes = np.empty((*data.a.shape, len(columns)))
    for place, column in enumerate(columns):
        move = np.zeros(6)
        move[column] = step
        slopes[..., place] = (data.left(theta - move) - data.left(theta + move)) / (2 * step)
    return slopes


# --- in a colourist's terms ------------------------------------------------------------------


def _told(fitted: _Fitted) -> tuple[np.ndarray, np.ndarray]:
    """Values and errors in `UNITS`."""
    theta = fitted.theta

    def terms(three: np.ndarray) -> np.ndarray:
        gain = np.exp2(SPLITS @ three)
        return np.array([np.log2(gain @ LUMINANCE), *white_moved(gain)])

    slope = np.empty((3, 3))
    for column in range(3):
        move = np.zeros(3)
        move[column] = 0.02
        slope[:, column] = (terms(theta[:3] + move) - terms(theta[:3] - move)) / 0.04
    covariance = slope @ fitted.covariance[:3, :3] @ slope.T
    value = np.concatenate([terms(theta[:3]), theta[3:]])
    error = np.sqrt(np.concatenate([np.diag(covariance), np.diag(fitted.covariance)[3:]]))
    return value, error


def white_moved(gain: np.ndarray) -> tuple[float, float]:
    """Mired and Duv by which a gain (3,) moves a grey, half of it to either side of white."""
    sides = [cct_and_duv(_WHITE @ gain**power) for power in (0.5, -0.5)]
    (warm, warm_duv), (cool, cool_duv) = sides
    mired = 1e6 / warm - 1e6 / cool if warm and cool else np.nan
    return mired, warm_duv - cool_duv


# --- what the model does not explain ---------------------------------------------------------


def _uneven(data: _Data, left: np.ndarray) -> float:
    """Spread of the parts' medians, less what the scatter within parts makes of it."""
    light = left @ LUMINANCE
    weight = np.bincount(data.group, data.weight, data.parts)
    middle, within = np.empty(data.parts), np.empty(data.parts)
    for part in range(data.parts):
        mine = data.group == part
        middle[part] = quantile(light[mine], data.weight[mine], 0.5)
        off = np.abs(light[mine] - middle[part])
        within[part] = 1.48 * quantile(off, data.weight[mine], 0.5) / np.sqrt(1 + weight[part])
    usual = quantile(middle, weight, 0.5)
    spread = 1.48 * quantile(np.abs(middle - usual), np.sqrt(weight), 0.5)
    return float(np.sqrt(max(spread**2 - np.median(within) ** 2, 0)))
