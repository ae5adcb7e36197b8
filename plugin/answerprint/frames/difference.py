"""How far two pictures are apart to the eye: CIELAB through the show's SDR view, and CIEDE2000.

Source: CIE 15:2004 (CIELAB); G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference
formula: implementation notes, supplementary test data, and mathematical observations", Color
Research and Application 30(1), 2005.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import PyOpenColorIO as ocio

from answerprint.frames import colour, primaries
from answerprint.frames.curves import namespace, srgb

_REC709 = primaries.KNOWN["lin_rec709"]
_WHITE = primaries.to_xyz(_REC709).sum(axis=1)
_XYZ = "cie_xyz_d65_interchange"


def lab(rgb_acescg: np.ndarray) -> np.ndarray:
    """float64 (..., 3) CIELAB, D65, of the light the SDR view's display shows.

    rgb_acescg is linear ACEScg, any finite values. `colour.view_name()` names the view. Where
    a config does not tie its displays to CIE XYZ, they are read as sRGB: `measured_through`.
    """
    light = _display_light(colour.through_view(rgb_acescg))
    ratio = light / _WHITE
    edge = 6 / 29
    root = np.where(ratio > edge**3, np.cbrt(ratio), ratio / (3 * edge**2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def measured_through() -> str:
    """What a report says of the view behind `lab`."""
    ties = colour.config().hasRole(_XYZ)
    return colour.view_name() + ("" if ties else " (its display taken as sRGB)")


def _display_light(code: np.ndarray) -> np.ndarray:
    """float64 CIE XYZ, display white at Y = 1, of display code values."""
    if not colour.config().hasRole(_XYZ):
        return srgb(code) @ primaries.to_xyz(_REC709).T
    named = ocio.ColorSpaceTransform(src=colour.view_display_space(), dst=_XYZ)
    return colour.apply(colour.processor(named), code).astype(np.float64)


def delta_e(lab_a: Any, lab_b: Any) -> Any:
    """CIEDE2000 (kL = kC = kH = 1) between CIELAB colours: (..., 3), (..., 3) to (...).

    numpy is worked out in float64; torch in the tensors' own type, on their device. For
    measuring: at grey its slope is not defined, so it is no loss to train on.
    """
    xp = namespace(lab_a)
    if xp is np:
        lab_a, lab_b = np.asarray(lab_a, np.float64), np.asarray(lab_b, np.float64)
    l1, a1, b1 = (lab_a[..., i] for i in range(3))
    l2, a2, b2 = (lab_b[..., i] for i in range(3))

    chroma = (xp.hypot(a1, b1) + xp.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * _bend(xp, chroma)
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = xp.hypot(a1, b1), xp.hypot(a2, b2)
    h1, h2 = xp.arctan2(b1, a1) % _TURN, xp.arctan2(b2, a2) % _TURN
    coloured = c1 * c2 > 0

    d_hue = h2 - h1
    d_hue = xp.where(d_hue > _TURN / 2, d_hue - _TURN, d_hue)
    d_hue = xp.where(d_hue < -_TURN / 2, d_hue + _TURN, d_hue)
    d_hue = xp.where(coloured, d_hue, 0.0 * d_hue)
    d_h = 2 * xp.sqrt(c1 * c2) * xp.sin(d_hue / 2)

    across = abs(h1 - h2) > _TURN / 2
    hue = (h1 + h2) / 2
    hue = xp.where(across, xp.where(hue < _TURN / 2, hue + _TURN / 2, hue - _TURN / 2), hue)
    hue = xp.where(coloured, hue, h1 + h2)
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2

    t = (
        1
        - 0.17 * xp.cos(hue - 30 * _DEGREE)
        + 0.24 * xp.cos(2 * hue)
        + 0.32 * xp.cos(3 * hue + 6 * _DEGREE)
        - 0.20 * xp.cos(4 * hue - 63 * _DEGREE)
    )
    off = (light - 50) ** 2
    in_l = (l2 - l1) / (1 + 0.015 * off / xp.sqrt(20 + off))
    in_c = (c2 - c1) / (1 + 0.045 * chroma)
    in_h = d_h / (1 + 0.015 * chroma * t)
    angle = 60 * _DEGREE * xp.exp(-(((hue / _DEGREE - 275) / 25) ** 2))
    turn = -2 * _bend(xp, chroma) * xp.sin(angle)
    total = in_l**2 + in_c**2 + in_h**2 + turn * in_c * in_h
    return xp.sqrt(total.clip(min=0.0))


_DEGREE = float(np.pi / 180)
_TURN = 360 * _DEGREE


def _bend(xp: Any, chroma: Any) -> Any:
    """sqrt(C^7 / (C^7 + 25^7)): from 0 for greys to 1 for strong colours."""
    return xp.sqrt(chroma**7 / (chroma**7 + 25.0**7))
