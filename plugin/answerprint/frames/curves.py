"""Encodings as curves: the movies' transfer functions, and ACEScct.

Convention
    All take and return arrays of any shape, one channel like another, and clamp nothing: below
    zero the movie curves are odd (as IEC 61966-2-4 extends BT.709), above one they go on.
    1.0 of code is the nominal white of the signal.

Source: ITU-R BT.601-7, BT.709-6, BT.2020-2, BT.2100-2; IEC 61966-2-1; SMPTE ST 2084 and
RP 431-2; Academy S-2016-001 (ACEScct).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

Curve = Callable[[np.ndarray], np.ndarray]


def namespace(array: Any) -> Any:
    """numpy or torch, whichever the array belongs to."""
    return np if isinstance(array, np.ndarray) else sys.modules["torch"]


def _odd(curve: Curve) -> Curve:
    """The curve of |x| with the sign of x; worked out in float64."""

    def both_sides(code: np.ndarray) -> np.ndarray:
        code = np.asarray(code, np.float64)
        return np.copysign(curve(np.abs(code)), code)

    both_sides.__doc__ = curve.__doc__
    return both_sides


def _gamma(power: float) -> Curve:
    return _odd(lambda code: code**power)


_CAMERA_A, _CAMERA_B, _P = 1.09929682680944, 0.018053968510807, 1 / 0.45
"""BT.2020 gives the constants to this precision; BT.709 rounds them to 1.099 and 0.018."""


@_odd
def bt709(code: np.ndarray) -> np.ndarray:
    """Scene light of BT.601, BT.709 and BT.2020 code: the inverse of the camera's curve."""
    return np.where(code < 4.5 * _CAMERA_B, code / 4.5, ((code + _CAMERA_A - 1) / _CAMERA_A) ** _P)


@_odd
def srgb(code: np.ndarray) -> np.ndarray:
    """Light of sRGB code (IEC 61966-2-1)."""
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


@_odd
def smpte240m(code: np.ndarray) -> np.ndarray:
    """Scene light of SMPTE 240M code."""
    return np.where(code < 0.0912, code / 4.0, ((code + 0.1115) / 1.1115) ** (1 / 0.45))


@_odd
def pq(code: np.ndarray) -> np.ndarray:
    """Display light of PQ code (ST 2084); 1.0 is 100 cd/m2, so code 1.0 gives 100.

    The curve has a pole at code 1.99; what lies beyond 65504 is held there.
    """
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    root = code ** (1 / m2)
    below = np.maximum(c2 - c3 * root, 1e-9)
    return np.minimum((np.maximum(root - c1, 0) / below) ** (1 / m1) * 100.0, 65504.0)


@_odd
def hlg(code: np.ndarray) -> np.ndarray:
    """Scene light of HLG code (BT.2100); 1.0 is the peak, reference white (75 %) is 0.265."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)


def linear(code: np.ndarray) -> np.ndarray:
    """Code that already is light."""
    return np.asarray(code, np.float64)


MOVIE: dict[int, tuple[str, Curve]] = {
    1: ("BT.709", bt709),
    4: ("gamma 2.2", _gamma(2.2)),
    5: ("gamma 2.8", _gamma(2.8)),
    6: ("BT.601", bt709),
    7: ("SMPTE 240M", smpte240m),
    8: ("linear", linear),
    11: ("xvYCC", bt709),
    13: ("sRGB", srgb),
    14: ("BT.2020", bt709),
    15: ("BT.2020", bt709),
    16: ("PQ", pq),
    17: ("gamma 2.6", _gamma(2.6)),
    18: ("HLG", hlg),
}
"""Transfer characteristics by their number in ISO/IEC 23091-2: name and curve to light."""


_CCT_BREAK, _CCT_BREAK_CODE = 0.0078125, 0.155251141552511
_CCT_SLOPE, _CCT_OFFSET = 10.5402377416545, 0.0729055341958355


def acescct(linear: Any) -> Any:
    """ACEScct code of linear AP1 values (Academy S-2016-001); numpy or torch, unclamped.

    The linear toe is simply extended to negatives, and the log goes on above 65504.
    """
    log = (namespace(linear).log2(linear.clip(min=_CCT_BREAK)) + 9.72) / 17.52
    toe = _CCT_SLOPE * linear + _CCT_OFFSET
    return namespace(linear).where(linear <= _CCT_BREAK, toe, log)


def acescct_inverse(code: Any) -> Any:
    """Linear AP1 values of ACEScct code; numpy or torch, unclamped."""
    light = namespace(code).exp2(code * 17.52 - 9.72)
    return namespace(code).where(code <= _CCT_BREAK_CODE, (code - _CCT_OFFSET) / _CCT_SLOPE, light)
