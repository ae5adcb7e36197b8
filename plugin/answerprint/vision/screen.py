"""The screen behind a figure, as it would be seen without it.

Convention
    light     (H, W, 3) float32 scene-linear ACEScg, unbounded.
    field     (H, W, 3) float32 light, over 0: what the screen sends to every pixel, also behind the
              figure.
    certain   (H, W) float32, 0..1: how surely a pixel shows nothing but the screen.
    tint      (2,) the screen's colour: logarithms of red and of blue over green.
    surface   (TERMS, 3) float64: weights of the products of x and y up to the third order, in the
              logarithm of light; x and y are -0.5..0.5 across the picture, so it fits every size.

The colour is that of which there is most where the picture is smooth, near its edges and not grey;
a person may name it. What has that colour is fitted in the logarithm by a surface of the third
order, which holds where nothing is seen, and by the mean of what is left near by, which has folds,
shadows and the fall of light. The surface of a shot steadies those of its frames: what a frame does
not show, or hardly, it takes from there.

Source: clean plates by polynomial after Vlahos and Taylor (1993) as keyers call it, fitted by
iteratively reweighted least squares; normalised convolution, Knutsson and Westin 1993.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

TOE = 1e-3
"""Light added before a logarithm, so that it can be taken of the dark."""
WIDE = 320
"""Pixels across at which the field is fitted: it is smooth."""
SEEN = 160
"""Pixels across at which its colour is looked for."""
FLOOR = 0.01
"""Light added before a logarithm, so that noise of the dark has no colour."""
FINE, REACH = 0.08, 60
"""Width of a bin of colour, and how many lie to each side of grey."""
ALIKE = 0.25
"""How far a pixel's colour may be from the screen's, at first."""
ROUNDS = 5
TERMS = 10
STIFF = 1e-3
"""How much the surface of the shot counts, as a share of the frame's pixels: little where the frame
shows its screen, all where it does not."""
TOLERANCE = 0.04
"""Least that the logarithm of a screen strays: noise, folds."""
NEARBY = (1.5, 4.0, 10.0, 25.0)
"""Pixels (sigma), at WIDE across, over which what the surface leaves is averaged."""
LEAST, GREY = (0.06, 0.2), 0.4
"""Share of the picture that a screen has at least, and one whose tint is under GREY: anything may
be grey."""
EVEN = 0.25
"""How far a screen's light strays from its surface at most, folds and noise: other things of one
colour are nearer and farther, lit and in shade."""


@dataclass(frozen=True)
class Screen:
    """tint, field, certain, surface as above; strays: how far what is certain is off the surface,
    as a deviation in the logarithm."""

    tint: np.ndarray
    field: np.ndarray
    certain: np.ndarray
    surface: np.ndarray
    strays: float

    @property
    def share(self) -> float:
        """Of the picture that is screen alone."""
        return float((self.certain > 0.5).mean())

    @property
    def there(self) -> bool:
        """Whether so much of the picture is that colour, evenly, that it is a screen's."""
        least = LEAST[int(np.abs(self.tint).max() < GREY)]
        return self.share >= least and self.strays <= EVEN


def tint_of(colour: np.ndarray) -> np.ndarray:
    """The tint of light (..., 3)."""
    code = np.log(np.maximum(colour, 0) + np.float32(FLOOR))
    return np.stack([code[..., 0] - code[..., 1], code[..., 2] - code[..., 1]], axis=-1)


def found(light: np.ndarray, strongest: int | None = None) -> np.ndarray:
    """The tint that most of a picture's calm, coloured, outer part has; strongest: only tints that
    have most of that channel."""
    small = _reduced(light, SEEN)
    tint = tint_of(small)
    tall, wide = small.shape[:2]
    steps = [np.abs(np.diff(tint, axis=a, append=np.take(tint, [-1], axis=a))) for a in (0, 1)]
    calm = np.exp(-((np.hypot(*(s.max(axis=-1) for s in steps)) / 0.15) ** 2))
    y, x = np.mgrid[0:tall, 0:wide]
    edge = np.minimum(np.minimum(x, wide - 1 - x) / wide, np.minimum(y, tall - 1 - y) / tall)
    coloured = 0.15 + np.minimum(1, np.ptp(np.dstack([tint, np.zeros_like(calm)]), axis=-1))
    weight = calm * coloured * (0.3 + np.exp(-((edge / 0.12) ** 2)))
    weight *= small.max(axis=-1) > FLOOR
    side = 2 * REACH
    bins = np.clip(np.rint(tint / FINE + REACH), 0, side - 1).astype(int)
    counted = np.zeros((side, side), np.float32)
    np.add.at(counted, (bins[..., 0], bins[..., 1]), weight)
    if strongest is not None:
        red, blue = np.mgrid[0:side, 0:side] - REACH
        counted *= np.stack([red, np.zeros_like(red), blue]).argmax(axis=0) == strongest
    most = np.unravel_index(cv2.GaussianBlur(counted, (0, 0), 1.5).argmax(), counted.shape)
    return (np.array(most, np.float32) - REACH) * np.float32(FINE)


def fitted(
    light: np.ndarray,
    tint: np.ndarray,
    usable: np.ndarray | None = None,
    shot: np.ndarray | None = None,
    plate: np.ndarray | None = None,
) -> Screen:
    """The screen of that tint. usable: (H, W) bool, False where something else is known to be;
    shot: the surface of its shot; plate: (H, W, 3) the screen without a figure, in light of any
    brightness: then it is what the light has over the plate that is fitted, and `surface` is that.

    `there` tells whether there is one: else the field is a guess.
    """
    tall, wide = light.shape[:2]
    small = _reduced(light, WIDE)
    clean = None if plate is None else cv2.GaussianBlur(np.nan_to_num(plate), (0, 0), 1.0)
    wanted = tint if clean is None else tint_of(_reduced(clean, WIDE))
    calm = cv2.GaussianBlur(small, (0, 0), 1.0)
    weight = np.exp(-((tint_of(calm) - wanted) ** 2).sum(-1) / (2 * ALIKE**2)) > 0.6
    weight = weight.astype(np.float32)
    if usable is not None:
        free = _reduced(usable.astype(np.float32), WIDE)
        weight *= free > 0.99
    known = weight > 0
    code, calm = _code_of(small), _code_of(calm)
    if clean is not None:
        before = _code_of(_reduced(clean, WIDE))
        code, calm = code - before, calm - cv2.GaussianBlur(before, (0, 0), 1.0)
    terms = _terms(small.shape[:2])
    prior = np.zeros((TERMS, 3)) if shot is None else shot
    stiff = (1e-6 if shot is None else STIFF) * len(terms)
    surface, smooth, usual = prior, np.zeros_like(code), 0.0
    for _ in range(ROUNDS):
        rows = (terms * weight.reshape(-1, 1)).T
        square = rows @ terms + stiff * np.eye(TERMS)
        surface = np.linalg.solve(square, rows @ code.reshape(-1, 3) + stiff * prior)
        smooth = (terms @ surface).reshape(code.shape)
        apart = np.abs(calm - smooth)  # noise is no reason to doubt a pixel
        kept = weight > 0.5
        usual = 1.48 * float(np.median(apart[kept].max(axis=-1))) if kept.any() else 0.0
        near = ((apart / (3 * max(TOLERANCE, usual))) ** 2).sum(-1)
        weight = (np.exp(-near / 2) * known).astype(np.float32)
        weight[weight < 0.1] = 0
    inner = cv2.erode(weight, np.ones((3, 3), np.uint8))
    left = _averaged((code - smooth).astype(np.float32), inner)
    field = _light_of(smooth + left, (tall, wide), clean)
    certain = cv2.resize(inner, (wide, tall), interpolation=cv2.INTER_LINEAR)
    return Screen(np.asarray(tint, np.float32), field, certain, surface, usual)


def shadows(
    light: np.ndarray, alpha: np.ndarray, screen: Screen, plate: np.ndarray | None = None
) -> np.ndarray:
    """How much of its light the screen has lost (H, W), 0..1, read where alpha (H, W) is low and
    carried from there: beside a surface over what is brightest, or over the clean plate."""
    seen = _reduced(1 - np.clip(alpha, 0, 1), SEEN) ** 8
    code = _code_of(_reduced(light, SEEN))
    if plate is not None:
        code = code - _code_of(_reduced(plate, SEEN))
    terms, lit = _terms(seen.shape), np.zeros_like(code)
    for number in range(2 * ROUNDS):
        over = (code - lit).mean(axis=-1)
        tolerance = np.where(over < 0, TOLERANCE, 4 * TOLERANCE) if number else np.inf
        rows = (terms * (seen * np.exp(-((over / tolerance) ** 2) / 2)).reshape(-1, 1)).T
        slack = 1e-6 * len(terms) * np.eye(TERMS)
        lit = (terms @ np.linalg.solve(rows @ terms + slack, rows @ code.reshape(-1, 3))).reshape(
            code.shape
        )
    lost = _averaged((code - lit).astype(np.float32), seen.astype(np.float32)).mean(axis=-1)
    made = 1 - np.exp(cv2.resize(lost, light.shape[1::-1], interpolation=cv2.INTER_LINEAR))
    return np.asarray(np.clip(made, 0, 1), np.float32)


def shared(screens: Sequence[Screen]) -> np.ndarray:
    """The surface (TERMS, 3) that fits the screens of several frames of a shot best, together."""
    square, right = np.zeros((TERMS, TERMS)), np.zeros((TERMS, 3))
    for each in screens:
        certain = _reduced(each.certain, SEEN)
        terms = _terms(certain.shape)
        own = (terms * certain.reshape(-1, 1)).T @ terms
        square, right = square + own, right + own @ each.surface
    slack = 1e-9 * np.trace(square) + 1e-9
    return np.asarray(np.linalg.solve(square + slack * np.eye(TERMS), right))


def _code_of(light: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(np.maximum(light, 0) + np.float32(TOE)))


def _light_of(
    code: np.ndarray, size: tuple[int, int], plate: np.ndarray | None = None
) -> np.ndarray:
    """Light (H, W, 3) of that size; over a plate, what the plate is multiplied by."""
    made = cv2.resize(np.exp(code).astype(np.float32), size[::-1], interpolation=cv2.INTER_CUBIC)
    if plate is not None:
        made = made * (np.maximum(plate, 0) + np.float32(TOE))
    return np.asarray(np.maximum(made - np.float32(TOE), np.float32(1e-4)))


def _reduced(values: np.ndarray, across: int) -> np.ndarray:
    tall, wide = values.shape[:2]
    if wide <= across:
        return values
    size = (across, max(1, round(tall * across / wide)))
    made: np.ndarray = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    return made


def _terms(size: tuple[int, int]) -> np.ndarray:
    """Products of x and y up to the third order (H * W, TERMS)."""
    y, x = (axis.astype(np.float64).ravel() for axis in np.mgrid[0 : size[0], 0 : size[1]])
    x, y = x / size[1] - 0.5, y / size[0] - 0.5
    powers = [(i, n - i) for n in range(4) for i in range(n, -1, -1)]
    return np.stack([x**i * y**j for i, j in powers], axis=-1)


def _averaged(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The mean of what is certain near by; over wider parts where little is, at last nothing."""
    made, have = np.zeros_like(values), np.zeros(weight.shape, np.float32)
    lit = values * weight[..., None]
    for sigma in NEARBY:
        there = cv2.GaussianBlur(weight, (0, 0), sigma)
        mean = cv2.GaussianBlur(lit, (0, 0), sigma) / (there + 1e-6)[..., None]
        share = np.clip(there / 0.3, 0, 1) * (1 - have)
        made += mean * share[..., None]
        have += share
    return made
