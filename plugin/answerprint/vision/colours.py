"""How the light of one shot stands to another's by the colours that both show.

Where two shots of a scene share no surface that could be verified, they still show the same coats,
walls and things: their palettes are laid on each other (`palette.py`) by a gain for each channel,
with a saturation beside it and without, and what either calls even is even. What then differs is a
change of the picture or an ordinary change of set-up: another side of the same light, another part
of the room. So the standard errors are not those of the fit but what clean pairs of different
set-ups differ by. Where another light is seen, as sun and sky are from two sides, exposure and
white move together (1.6 stops and 60 mired at most), so the error of each grows with what the other
moves. Contrast and saturation of clean pairs differ by a sixth, blacks by 0.007, as much as by
faults: these are not told.

Convention
    a shift    `shift.Shift`, second minus first; what is not told is nan.

Source of the spreads: root mean square over 76 pairs of different set-ups without a fault that
share at least LEAST of their palettes, in 16 staged scenes of four sets (tests/soundstage, seeds
540 to 555).
"""

from __future__ import annotations

import math

import numpy as np

from answerprint.vision.correspond import LUMINANCE
from answerprint.vision.fit import STOP
from answerprint.vision.palette import USUAL, Palette, match
from answerprint.vision.shift import NAMES, SPLITS, Shift, white_moved

LEAST = 0.4
"""Overlap of two palettes from which they may be compared."""
GAINS, SATURATION = (0, 1, 2), 9
"""Exposure and two balances, and the other, of `fit.NAMES`."""
WIDE = 4 * USUAL
"""Width of the pull to identity: a fault is told nearly whole."""
SPREAD = {"exposure": 0.2, "white_balance": 4.0, "tint": 0.0012}
"""What clean pairs differ by; units of `shift.py`."""
BY_STOP = {"white_balance": 20.0, "tint": 0.003}
BY_MIRED = {"exposure": 0.03}
"""The same for each stop, and each mired, that the two are apart: another light."""


def stands(first: Palette, second: Palette) -> tuple[Shift, float] | None:
    """How the second shot stands to the first, and how much their palettes overlap (0..1); None
    where that is too little, or no light is so coloured."""
    by_gains = match(first, second, GAINS, WIDE)
    if by_gains.overlap < LEAST:
        return None
    found = by_gains, match(first, second, (*GAINS, SATURATION), WIDE)
    gains = [np.exp2(SPLITS @ each.fit.theta[:3] / STOP) for each in found]
    one, other = np.array([(np.log2(gain @ LUMINANCE), *white_moved(gain)) for gain in gains])
    if not np.isfinite([one, other]).all():  # a gain that leaves grey far from any white
        return None
    stops, mired, _ = np.maximum(np.abs(one), np.abs(other))
    told = np.where(one * other > 0, np.where(np.abs(one) < np.abs(other), one, other), 0.0)
    value, error = np.full(len(NAMES), np.nan), np.full(len(NAMES), np.nan)
    for turn, (kind, spread) in enumerate(SPREAD.items()):
        at = NAMES.index(kind)
        lit = BY_STOP.get(kind, 0.0) * stops + BY_MIRED.get(kind, 0.0) * mired
        value[at], error[at] = told[turn], math.hypot(spread, lit)
    return Shift(value, error, 0.0, math.nan, gains[0], 0), by_gains.overlap
