"""Fit an ASC CDL to pairs of colours, so that what remains is small to the eye.

The ten numbers of a CDL in ACEScct are fitted in a form in which each means one thing to a
colourist, measured at middle grey: exposure and two colour balances, contrast and its two
colour splits, toe (what a power does to blacks and highlights once middle grey and its
contrast are held) and its two splits, and saturation. A pull to the identity of known width
on each keeps what the evidence does not tell.

Convention
    codes       (N, 3) float64, ACEScct of linear AP1, unbounded.
    theta       (10,) float64 in the order of `NAMES`; all zero is the identity.

Source: Levenberg-Marquardt with Huber weights (Huber 1964); the errors are turned into
CIEDE2000 units by the slope of CIELAB at each reference colour, seen through the SDR view.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from answerprint.frames.curves import acescct_inverse
from answerprint.frames.difference import lab
from answerprint.frames.grade import MIDDLE_GREY, SATURATION_WEIGHTS, Cdl

STOP = 1 / 17.52  # ACEScct code of one stop, S-2016-001

NAMES = (
    *("exposure", "warm_cool", "green_magenta"),
    *("contrast", "contrast_warm_cool", "contrast_green_magenta"),
    *("toe", "toe_warm_cool", "toe_green_magenta"),
    "saturation",
)
LEVELS = {"balance": (0, 1, 2, 6), "contrast": tuple(range(9)), "saturation": tuple(range(10))}
"""Which numbers each level may use; each level contains the one before."""

USUAL = np.array([0.8 * STOP, 0.2 * STOP, 0.2 * STOP, 0.12, 0.04, 0.04, 0.10, 0.04, 0.04, 0.12])
"""How far two shots of a scene are usually apart in each: the width of the pull to identity."""

_CHANNELS = np.array([[1, 1, -0.5], [1, 0, 1], [1, -1, -0.5]])  # R, G, B of common and two splits
_DARK = 15.0  # what a code still counts, in CIEDE2000 per unit, where the view shows no difference


def cdl_numbers(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Slope, offset, power (3 each) and saturation of theta."""
    offset = _CHANNELS @ theta[0:3]
    contrast, power = np.exp(_CHANNELS @ theta[3:6]), np.exp(_CHANNELS @ theta[6:9])
    scale = MIDDLE_GREY ** (1 / power - 1) / power
    slope = contrast * scale
    lift = MIDDLE_GREY ** (1 / power) + (offset - contrast * MIDDLE_GREY) * scale
    return slope, lift, power, float(np.exp(theta[9]))


def cdl(theta: np.ndarray) -> Cdl:
    """Theta as CDL numbers, at the precision that is written to files."""
    slope, offset, power, saturation = cdl_numbers(theta)
    (r, g, b), (s, t, u), (x, y, z) = (
        [round(float(v), 6) for v in three] for three in (slope, offset, power)
    )
    return Cdl((r, g, b), (s, t, u), (x, y, z), round(saturation, 6))


def apply(theta: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Codes through the CDL of theta, unclamped."""
    slope, offset, power, saturation = cdl_numbers(theta)
    code = codes * slope + offset
    code = np.where(code > 0, np.maximum(code, 1e-9) ** power, code)
    luma = (code @ SATURATION_WEIGHTS)[..., None]
    return luma + saturation * (code - luma)


def to_the_eye(
    codes: np.ndarray, to_light: Callable[[np.ndarray], np.ndarray] = acescct_inverse
) -> np.ndarray:
    """(N, 6, 3): turns a small difference of codes into one in CIEDE2000 units.

    The first three rows are lightness, chroma and hue through the SDR view at each colour; the
    last three keep a little weight on what the view cannot show (above its white).
    to_light turns codes into linear ACEScg; they are ACEScct unless it is given.
    """
    at = lab(to_light(codes).astype(np.float32))
    slope = np.empty((len(codes), 3, 3))
    step = 2e-3 * np.maximum(np.abs(codes), 0.1) / 0.4
    for channel in range(3):
        move = np.zeros_like(codes)
        move[:, channel] = step[:, channel]
        up, down = (lab(to_light(codes + m).astype(np.float32)) for m in (move, -move))
        slope[:, :, channel] = (up - down) / (2 * step[:, channel, None])
    chroma = np.hypot(at[:, 1], at[:, 2])
    grey = chroma < 1
    along = np.where(grey[:, None], [1.0, 0.0], at[:, 1:] / np.maximum(chroma, 1e-6)[:, None])
    light = 1 + 0.015 * (at[:, 0] - 50) ** 2 / np.sqrt(20 + (at[:, 0] - 50) ** 2)
    turn = np.zeros((len(codes), 3, 3))
    turn[:, 0, 0] = 1 / light
    turn[:, 1, 1:] = along / (1 + 0.045 * chroma)[:, None]
    turn[:, 2, 1] = -along[:, 1] / (1 + 0.015 * chroma)
    turn[:, 2, 2] = along[:, 0] / (1 + 0.015 * chroma)
    dark = np.broadcast_to(_DARK * np.eye(3), slope.shape)
    return np.concatenate([turn @ slope, dark], axis=1)


@dataclass(frozen=True)
class Fit:
    """theta, and its uncertainty (10, 10): the inverse of the curvature at the solution."""

    theta: np.ndarray
    covariance: np.ndarray


def fit(
    codes: np.ndarray,
    wanted: np.ndarray,
    weight: np.ndarray,
    eye: np.ndarray,
    free: Sequence[int] = tuple(range(10)),
    start: np.ndarray | None = None,
    usual: np.ndarray = USUAL,
    robust: float = 1.0,
    through: Callable[[np.ndarray, np.ndarray], np.ndarray] = apply,
) -> Fit:
    """Theta that turns codes into the wanted codes best, pulled to the identity.

    codes, wanted   (N, 3) before and after.
    weight          (N,) how much independent evidence each pair is.
    eye             (N, 6, 3) from `to_the_eye(wanted)`.
    free            which of the ten numbers may move.
    robust          error in CIEDE2000 units from which a pair counts as doubtful.
    through         (theta, codes) -> codes: the model, a CDL in ACEScct unless given.
    """
    columns = np.array(free)
    theta = np.zeros(10) if start is None else start.copy()
    damping = 1e-3

    def error(theta: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.einsum("nij,nj->ni", eye, through(theta, codes) - wanted)
        return found

    def cost(left: np.ndarray, theta: np.ndarray) -> float:
        size = np.sqrt((left**2).sum(1))
        huber = np.where(size < robust, size**2 / 2, robust * size - robust**2 / 2)
        return float((weight * huber).sum() + 0.5 * ((theta / usual) ** 2).sum())

    left = error(theta)
    now = cost(left, theta)
    for _ in range(30):
        slope = np.stack([_slope(through, theta, codes, k) for k in columns], -1)
        slope = np.einsum("nij,njk->nik", eye, slope)
        size = np.sqrt((left**2).sum(1))
        trusted = weight * np.where(size < robust, 1.0, robust / np.maximum(size, 1e-9))
        curve = np.einsum("nij,n,nik->jk", slope, trusted, slope, optimize=True)
        curve += np.diag(1 / usual[columns] ** 2)
        pull = np.einsum("nij,n,ni->j", slope, trusted, left, optimize=True)
        pull += theta[columns] / usual[columns] ** 2
        for _ in range(8):
            trial = theta.copy()
            trial[columns] -= np.linalg.solve(curve + damping * np.diag(np.diag(curve)), pull)
            trial_left = error(trial)
            trial_cost = cost(trial_left, trial)
            if trial_cost < now:
                break
            damping *= 5
        else:
            break
        settled = now - trial_cost < 1e-6 * now
        theta, left, now = trial, trial_left, trial_cost
        damping = max(damping / 5, 1e-9)
        if settled:
            break
    covariance = np.zeros((10, 10))
    covariance[np.ix_(columns, columns)] = np.linalg.inv(curve)
    return Fit(theta, covariance)


def _slope(
    through: Callable[[np.ndarray, np.ndarray], np.ndarray],
    theta: np.ndarray,
    codes: np.ndarray,
    k: int,
    step: float = 1e-5,
) -> np.ndarray:
    move = np.zeros(10)
    move[k] = step
    return (through(theta + move, codes) - through(theta - move, codes)) / (2 * step)
