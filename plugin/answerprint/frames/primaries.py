"""RGB primaries as numbers: from chromaticities to a matrix into ACEScg and back.

Convention
    chromaticities  8 floats: x, y of red, green, blue and white (CIE 1931), the order of the
                    OpenEXR attribute `chromaticities`.
    matrix          9 floats, row by row; takes a linear (R, G, B) column to linear ACEScg.
    white           always adapted, by Bradford (CIE 160:2004), so that white stays white.

Source: ITU-R BT.601, BT.709 and BT.2020, SMPTE RP 431-2 and EG 432-1, SMPTE ST 2065-1 and ACES
S-2014-004, Adobe RGB (1998), and the white papers of ARRI, Sony, Panasonic, Canon, RED and
Blackmagic Design for their cameras' primaries.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Matrix = tuple[float, ...]

_D65 = (0.3127, 0.3290)
_ACES_WHITE = (0.32168, 0.33767)
_AP1 = (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, *_ACES_WHITE)

KNOWN: dict[str, tuple[float, ...]] = {
    "lin_rec709": (0.640, 0.330, 0.300, 0.600, 0.150, 0.060, *_D65),
    "lin_rec2020": (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65),
    "lin_p3d65": (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D65),
    "lin_adobergb": (0.640, 0.330, 0.210, 0.710, 0.150, 0.060, *_D65),
    "ACES2065-1": (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.0770, *_ACES_WHITE),
    "ACEScg": _AP1,
    "lin_arri_wide_gamut_3": (0.6840, 0.3130, 0.2210, 0.8480, 0.0861, -0.1020, *_D65),
    "lin_arri_wide_gamut_4": (0.7347, 0.2653, 0.1424, 0.8576, 0.0991, -0.0308, *_D65),
    "lin_sgamut3": (0.730, 0.280, 0.140, 0.855, 0.100, -0.050, *_D65),
    "lin_sgamut3cine": (0.766, 0.275, 0.225, 0.800, 0.089, -0.087, *_D65),
    "lin_vgamut": (0.730, 0.280, 0.165, 0.840, 0.100, -0.030, *_D65),
    "lin_redwidegamutrgb": (0.780308, 0.304253, 0.121595, 1.493994, 0.095612, -0.084589, *_D65),
    "lin_bmd_widegamut_gen5": (
        *(0.7177215, 0.3171181, 0.2280410, 0.8615690, 0.1005841, -0.0820452),
        *(0.3127170, 0.3290312),
    ),
    "lin_davinci_widegamut": (0.8000, 0.3130, 0.1682, 0.9877, 0.0790, -0.1155, *_D65),
}
"""OpenColorIO name (an alias in the built-in config) -> chromaticities."""

_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_SAME = 0.0015
"""Two chromaticities this close are the same: headers are rounded to three or four digits."""


def _xyz(x: float, y: float) -> np.ndarray:
    return np.array([x, y, 1.0 - x - y]) / y


def to_xyz(chromaticities: Sequence[float]) -> np.ndarray:
    """(3, 3) from linear RGB to CIE XYZ, white at Y = 1 (SMPTE RP 177).

    Raises ValueError where the eight numbers span no gamut.
    """
    xr, yr, xg, yg, xb, yb, xw, yw = (float(v) for v in chromaticities)
    points = np.array([[x, y, 1.0 - x - y] for x, y in ((xr, yr), (xg, yg), (xb, yb))]).T
    if not np.isfinite([*points.ravel(), xw, yw]).all() or yw <= 0:
        raise ValueError("These chromaticities have no white.")
    if abs(np.linalg.det(points)) < 1e-5:
        raise ValueError("These chromaticities span no gamut.")
    return points * np.linalg.solve(points, _xyz(xw, yw))


def adaptation(white: Sequence[float], to: Sequence[float]) -> np.ndarray:
    """(3, 3) in CIE XYZ that takes one white (x, y) to another, by Bradford."""
    cones_from, cones_to = _BRADFORD @ _xyz(*white), _BRADFORD @ _xyz(*to)
    return np.linalg.inv(_BRADFORD) @ np.diag(cones_to / cones_from) @ _BRADFORD


def to_acescg(chromaticities: Sequence[float]) -> Matrix:
    """The matrix from these primaries to ACEScg. Raises ValueError as `to_xyz` does."""
    rgb_to_xyz = to_xyz(chromaticities)
    adapted = adaptation(chromaticities[6:8], _ACES_WHITE) @ rgb_to_xyz
    return tuple((np.linalg.inv(to_xyz(_AP1)) @ adapted).ravel().tolist())


def from_matrix(matrix: Matrix) -> tuple[float, ...]:
    """Chromaticities, with the ACES white, of the primaries this matrix to ACEScg belongs to."""
    xyz = to_xyz(_AP1) @ np.reshape(matrix, (3, 3))
    points = xyz[:2] / xyz.sum(axis=0)
    return (*(float(v) for v in points.T.ravel()), *_ACES_WHITE)


def known(chromaticities: Sequence[float]) -> str:
    """The name in `KNOWN` of these chromaticities within 0.0015 each, '' if none."""
    for name, numbers in KNOWN.items():
        if np.max(np.abs(np.subtract(chromaticities, numbers))) <= _SAME:
            return name
    return ""
