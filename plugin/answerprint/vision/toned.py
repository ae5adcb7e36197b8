"""Light in two parts that can be mixed: a tone up to white, and what lies over it.

Convention
    light   (..., ) float32 scene-linear, unbounded; a value that is no number counts as black.
    tone    the square root of light up to 1, odd and straight around 0: 0 of 0, 1 of 1. Noise of
            photons is even in it, and steps are about as large as they look.
    over    what light has above 1, linear, 0 or more.

Two pictures that do not agree are mixed in tone, where neither side's contrast rules; what is over
white is mixed as light, so that a lamp keeps its energy.

Source: the square root that evens out Poisson noise (Bartlett 1936), moved to be finite at 0.
"""

from __future__ import annotations

import numpy as np

HIGHEST = 65504.0
"""What infinite light counts as: the largest half."""
TOE = 0.04
"""Where the root turns straight, as a root of light: 0.0016, deep shadow."""
SPAN = np.float32(np.sqrt(1 + TOE**2) - TOE)


def split(light: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """(tone, over); over is None where nothing is."""
    light = np.nan_to_num(light.astype(np.float32, copy=False), posinf=HIGHEST, neginf=-HIGHEST)
    over = np.maximum(light - 1, 0) if light.size and light.max() > 1 else None
    size = np.abs(np.minimum(light, 1))
    tone = np.copysign((np.sqrt(size + TOE**2) - TOE) / SPAN, light)
    return tone.astype(np.float32, copy=False), over


def joined(tone: np.ndarray, over: np.ndarray | None = None) -> np.ndarray:
    """Light of both."""
    size = np.abs(tone) * SPAN + TOE
    light = np.copysign(size * size - TOE**2, tone)
    made: np.ndarray = light if over is None else light + over
    return made.astype(np.float32, copy=False)
