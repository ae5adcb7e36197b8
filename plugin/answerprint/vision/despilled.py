"""Light that a screen threw on the foreground, taken off again.

Convention
    light    (..., 3) float32 scene-linear ACEScg, unbounded.
    screen   (3,) or (..., 3) light of the screen, over 0.

What a colour has of the screen's strongest channel above the stronger (`max`) or the mean
(`average`) of the others cannot come from a neutral thing: so much of the screen's light is
subtracted as explains it, in all three channels. A colour without such an excess stays, bit for
bit; light under 0 and over 1 is treated as any other.

Source: despill by limiting a channel as compositors do; the subtraction of the backing's own colour
after Vlahos (US patent 4,344,085, expired).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from answerprint.errors import BadInput

Limit = Literal["max", "average"]
LEAST = 0.1
"""Share of a screen's strongest channel that it has over the others, to be a colour at all."""


def despilled(
    light: np.ndarray, screen: np.ndarray, strength: float = 1.0, limit: Limit = "max"
) -> np.ndarray:
    """The light without the screen's. BadInput where the screen has no colour to tell it by."""
    high = strongest(screen)
    excess = np.maximum(_excess(light, high, limit), 0)
    own = np.maximum(_excess(screen, high, limit), np.float32(1e-6))
    share = np.float32(strength) * excess / own
    return np.where((share > 0)[..., None], light - share[..., None] * screen, light)


def coloured(screen: np.ndarray) -> bool:
    """Whether a screen has a colour by which its light is told from others."""
    low, high = np.sort(_mean(screen))[-2:]
    return bool(high - low >= LEAST * high)


def strongest(screen: np.ndarray) -> int:
    """The channel that a screen has most of. BadInput where it has no colour."""
    mean = _mean(screen)
    if not coloured(screen):
        red, green, blue = mean
        raise BadInput(
            f"The screen is nearly grey ({red:.3f}, {green:.3f}, {blue:.3f}): what it throws on "
            "the foreground cannot be told by colour.",
            "Leave despill at 0, and grade the foreground.",
        )
    return int(mean.argmax())


def _mean(screen: np.ndarray) -> np.ndarray:
    return np.asarray(np.asarray(screen, np.float64).reshape(-1, 3).mean(axis=0))


def _excess(light: np.ndarray, high: int, limit: Limit) -> np.ndarray:
    others = [light[..., c] for c in range(3) if c != high]
    most = np.maximum(*others) if limit == "max" else (others[0] + others[1]) / 2
    return np.asarray(light[..., high] - most)
