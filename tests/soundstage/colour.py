"""Colour of the soundstage: its renderer's light to ACEScg, and a change of white as truth.

A change of white is a change of correlated colour temperature in mired along the Planckian locus,
at the same distance from it (Duv), adapted by Bradford in scene-linear light. White keeps its
luminance, so it changes no exposure.
"""

from __future__ import annotations

import numpy as np

REC709 = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
AP1 = ((0.713, 0.293), (0.165, 0.830), (0.128, 0.044))
D65, ACES_WHITE = (0.3127, 0.3290), (0.32168, 0.33767)
# Lam, K. M. (1985): Metamerism and colour constancy
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
LUMA = np.array([0.2722287168, 0.6740817658, 0.0536895174])
"""Luminance of ACEScg."""


def xyz(xy) -> np.ndarray:
    x, y = xy
    return np.array([x / y, 1.0, (1 - x - y) / y])


def to_xyz(primaries, white) -> np.ndarray:
    columns = np.stack([xyz(each) for each in primaries], 1)
    return columns * np.linalg.solve(columns, xyz(white))


def adapt(source, target) -> np.ndarray:
    """XYZ under one white -> XYZ under another."""
    gains = (BRADFORD @ xyz(target)) / (BRADFORD @ xyz(source))
    return np.linalg.inv(BRADFORD) @ (gains[:, None] * BRADFORD)


TO_ACESCG = np.linalg.inv(to_xyz(AP1, ACES_WHITE)) @ adapt(D65, ACES_WHITE) @ to_xyz(REC709, D65)


def planck(mired: float) -> np.ndarray:
    """u and v (CIE 1960) of a black body; Krystek (1985), 1000 to 15000 K."""
    t = 1e6 / mired
    u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t * t) / (
        1 + 8.42420235e-4 * t + 7.08145163e-7 * t * t
    )
    v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t * t) / (
        1 - 2.89741816e-5 * t + 1.61456053e-7 * t * t
    )
    return np.array([u, v])


def white_at(mired: float, duv: float) -> tuple[float, float]:
    """x and y of a white: positive Duv is above the locus, greenish."""
    along = planck(mired + 0.1) - planck(mired - 0.1)
    across = np.array([-along[1], along[0]]) / np.linalg.norm(along)
    across *= np.sign(across[1])
    u, v = planck(mired) + duv * across
    below = 2 * u - 8 * v + 4
    return 3 * u / below, 2 * v / below


def white_of(xy) -> tuple[float, float]:
    """Mired and Duv of a white: the nearest point of the locus, to 1e-4 mired."""
    x, y = xy
    place = np.array([4 * x, 6 * y]) / (12 * y - 2 * x + 3)
    low, high = 70.0, 900.0
    while high - low > 1e-4:
        one, other = low + (high - low) / 3, high - (high - low) / 3
        nearer = np.linalg.norm(planck(one) - place) < np.linalg.norm(planck(other) - place)
        low, high = (low, other) if nearer else (one, high)
    away = place - planck(low)
    return low, float(np.linalg.norm(away) * np.sign(away[1]))


def rebalanced(mired: float, duv: float = 0.0) -> np.ndarray:
    """(3, 3): ACEScg light whose white is moved by so many mired (positive: warmer) and Duv."""
    at, off = white_of(ACES_WHITE)
    matrix = to_xyz(AP1, ACES_WHITE)
    return np.linalg.inv(matrix) @ adapt(ACES_WHITE, white_at(at + mired, off + duv)) @ matrix
