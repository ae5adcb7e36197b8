"""The light of a picture as numbers, and of a shot as the median of its samples.

All in scene-linear ACEScg; clipped pixels and those in the noise floor have no say.

    exposure       mean log luminance of the mid-tones (10 to 90 %), stops over 0.18.
    key_fill       between the lightest and the darkest third of the smoothed picture, stops.
    white_balance  the white that the picture seems lit by: the mean of four estimates (grey world
                   of little-coloured pixels, shades of grey, grey edge of first and second order);
                   they disagree by what one picture cannot tell.
    contrast       inter-quartile range of log luminance, stops.
    saturation     median distance from the picture's own white in (r, g) chromaticity, times 3.
    black          0.1 percentile of luminance where noise is averaged out, linear.
    clipped        share of pixels with a channel at the picture's plateau.
    key_side       direction around the middle that the light falls off from: slope of the
                   smoothed log luminance; degrees, 0 from the right, 90 from above.

Source: grey edge and shades of grey, van de Weijer et al. 2007; Planckian locus, Krystek 1985.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from answerprint.vision.correspond import LUMINANCE
from answerprint.vision.measured import measured
from answerprint.vision.pairs import CLIP, FLOOR, PLATEAU, Pictures, usable

GREY = 0.18
TO_XYZ = np.array(
    [
        [0.66245418, 0.13400421, 0.15618769],
        [0.27222872, 0.67408177, 0.05368952],
        [-0.00557465, 0.00406073, 1.0103391],
    ]
)
"""ACEScg to CIE XYZ (AMPAS S-2014-004)."""
SMOOTH = 24
"""Cells across the smoothed picture: light falls on areas, pattern lies on them."""
NAMES = ("exposure", "key_fill", "contrast", "saturation", "black")
UNITS = dict(zip(NAMES, ("stop", "stop", "stop", "ratio", "linear"), strict=True))
LEAST = {"exposure": 0.005, "key_fill": 0.05, "contrast": 0.02, "saturation": 0.004, "black": 2e-4}
"""Uncertainty that no number of samples takes away: of the instrument itself."""
FEW = 500
"""Usable pixels under which a picture says nothing."""

Values = dict[str, float]


def of(pictures: Pictures) -> dict[str, Any]:
    """The light's part of a passport, from a shot's samples."""
    kept = usable(pictures)
    seen = [_one(rgb, kept[n][1], valid) for n, (rgb, valid) in pictures.items()]
    said = [each for each in seen if each]
    told: dict[str, Any] = {}
    if not said:
        nothing = "Too few pixels lie between the noise and the clipping point."
        for name in NAMES:
            told[name] = measured(None, None, UNITS[name], nothing)
        told["white_balance"] = measured(None, None, "mired", nothing, kelvin=None, duv=None)
        told["key_side"] = measured(None, None, "degree", nothing)
    else:
        how = f"median of {len(said)} samples"
        for name in NAMES:
            value, error = _middle([each[name] for each in said])
            told[name] = measured(value, np.hypot(error, LEAST[name]), UNITS[name], how)
        told["white_balance"] = _white(said)
        told["key_side"] = _side(said)
    shares = [_clipped(rgb, valid) for rgb, valid in pictures.values() if valid.any()]
    value, error = _middle(shares or [float("nan")])
    how = f"pixels at the plateau of a channel, median of {len(shares)} samples"
    told["clipped"] = measured(value, np.hypot(error, 1e-4), "share", how)
    return told


def _middle(values: Sequence[float]) -> tuple[float, float]:
    """Median of samples, and its error from how they scatter; samples follow one another."""
    found = np.array(values, float)
    middle = float(np.median(found))
    scatter = 1.4826 * float(np.median(np.abs(found - middle)))
    if len(found) > 2:
        scatter = max(scatter, 0.5 * float(np.std(found, ddof=1)))
    return middle, 1.25 * scatter / float(np.sqrt(len(found)))


# --- one picture -----------------------------------------------------------------------------


def _one(rgb: np.ndarray, kept: np.ndarray, valid: np.ndarray) -> Values:
    if kept.sum() < FEW:
        return {}
    luma = rgb @ LUMINANCE.astype(np.float32)
    stops = np.log2(luma[kept] / GREY)
    low, quarter, upper, high = np.percentile(stops, (10, 25, 75, 90))
    middle = stops[(stops >= low) & (stops <= high)]
    found = {
        "exposure": float(middle.mean()),
        "contrast": float(upper - quarter),
        "saturation": _saturation(rgb[kept]),
        "black": _black(luma, valid),
    }
    found.update(_fall(np.log2(np.maximum(luma, 1e-6) / GREY), kept))
    found.update(zip(("r", "b", "apart"), _illuminant(rgb, kept), strict=True))
    return found


def _saturation(rgb: np.ndarray) -> float:
    total = np.maximum(rgb.sum(1), 1e-6)
    red, green = rgb[:, 0] / total, rgb[:, 1] / total
    far = np.hypot(red - np.median(red), green - np.median(green))
    return 3 * float(np.median(far))


def _black(luma: np.ndarray, valid: np.ndarray) -> float:
    calm = cv2.blur(luma, (5, 5))
    inside = cv2.erode(valid.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    chosen = calm[inside] if inside.any() else luma[valid]
    return float(np.percentile(chosen, 0.1))


def _fall(stops: np.ndarray, kept: np.ndarray) -> Values:
    """Key/fill and the side of the key, from the picture smoothed to few cells."""
    height, width = kept.shape
    size = (SMOOTH, max(2, round(height * SMOOTH / width)))
    weight = cv2.resize(kept.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    sums = np.where(kept, stops, 0).astype(np.float32)
    area = cv2.resize(sums, size, interpolation=cv2.INTER_AREA)
    there = weight > 0.25
    if there.sum() < 12:
        return {"key_fill": 0.0, "across": 0.0, "up": 0.0, "slope_error": float("inf")}
    light = np.where(there, area / np.maximum(weight, 1e-6), 0)
    y, x = np.nonzero(there)
    values = light[there].astype(np.float64)
    unit = np.stack([np.ones(len(x)), (x + 0.5) / size[0] - 0.5, 0.5 - (y + 0.5) / size[1]], 1)
    lines, *_ = np.linalg.lstsq(unit, values, rcond=None)
    left = values - unit @ lines
    # cells of one thing err together: about six independent ones across and down
    error = float(left.std() / np.sqrt(36 / 12))
    ranked = np.sort(values)
    apart = float(np.median(ranked[-(len(x) // 3) :]) - np.median(ranked[: len(x) // 3]))
    return {"key_fill": apart, "across": lines[1], "up": lines[2], "slope_error": error}


def _clipped(rgb: np.ndarray, valid: np.ndarray) -> float:
    light = rgb[valid]
    top = light.max(0)
    at_top = light >= CLIP * top
    clips = (light >= 0.995 * top).mean(0) > PLATEAU
    return float((at_top & clips & (top > FLOOR)).any(1).mean())


# --- its white -------------------------------------------------------------------------------


def _illuminant(rgb: np.ndarray, kept: np.ndarray) -> tuple[float, float, float]:
    """log2 R/G and B/G of the light, and how far the estimates are apart."""
    size = (240, max(1, round(kept.shape[0] * 240 / kept.shape[1])))
    small = cv2.resize(np.where(kept[..., None], rgb, 0), size, interpolation=cv2.INTER_AREA)
    weight = cv2.resize(kept.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    there = weight > 0.98
    if there.sum() < 100:
        return float("nan"), float("nan"), float("inf")
    inner = cv2.erode(there.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    calm = cv2.GaussianBlur(small, (0, 0), 1.0)
    edges = np.stack([_edges(calm[..., i], 1) for i in range(3)], -1)
    bends = np.stack([_edges(calm[..., i], 2) for i in range(3)], -1)
    there_in = inner if inner.sum() >= 100 else there
    tried = [_minkowski(calm[there], 6.0), _minkowski(edges[there_in], 5.0)]
    tried += [_minkowski(bends[there_in], 5.0), _neutrals(calm[there])]
    logs = np.log2(np.maximum(np.array(tried), 1e-9))
    red, blue = logs[:, 0] - logs[:, 1], logs[:, 2] - logs[:, 1]
    apart = float(np.hypot(red.std(ddof=1), blue.std(ddof=1)) / np.sqrt(2))
    return float(red.mean()), float(blue.mean()), apart


def _edges(channel: np.ndarray, order: int) -> np.ndarray:
    if order == 1:
        across, down = (cv2.Sobel(channel, cv2.CV_32F, *d, scale=0.125) for d in ((1, 0), (0, 1)))
        return np.hypot(across, down)
    return np.abs(cv2.Laplacian(channel, cv2.CV_32F))


def _minkowski(values: np.ndarray, power: float) -> np.ndarray:
    positive = np.maximum(values.astype(np.float64), 0)
    return np.asarray(np.mean(positive**power, axis=0) ** (1 / power))


def _neutrals(rgb: np.ndarray) -> np.ndarray:
    """The mean of what is least coloured, seen under the white that it gives: a fixed point."""
    light = rgb[(rgb > 1e-5).all(1)].astype(np.float64)
    if not len(light):
        return np.ones(3)
    logs = np.log2(light)
    tint = logs[:, (0, 2)] - logs[:, 1:2]
    middle = np.median(tint, 0)
    for _ in range(8):
        near = np.linalg.norm(tint - middle, axis=1)
        middle = tint[near <= np.percentile(near, 30)].mean(0)
    return np.asarray(2.0 ** np.array([middle[0], 0.0, middle[1]]))


def _white(said: Sequence[Values]) -> dict[str, Any]:
    there = [each for each in said if np.isfinite(each["apart"])]
    if not there:
        return measured(None, None, "mired", "Too few surfaces.", kelvin=None, duv=None)
    red, red_error = _middle([each["r"] for each in there])
    blue, blue_error = _middle([each["b"] for each in there])
    apart = float(np.median([each["apart"] for each in there]))
    mired, duv = temperature(red, blue)
    slope = [
        (a - b) / 0.1
        for a, b in zip(temperature(red, blue + 0.1), temperature(red, blue), strict=True)
    ]
    across = [
        (a - b) / 0.1
        for a, b in zip(temperature(red + 0.1, blue), temperature(red, blue), strict=True)
    ]
    errors = np.hypot(red_error, apart), np.hypot(blue_error, apart)
    error = float(np.hypot(across[0] * errors[0], slope[0] * errors[1]))
    how = f"mean of four estimates of the light's colour, which lie {apart:.2f} stop apart"
    return measured(
        mired,
        error,
        "mired",
        how,
        kelvin=round(1e6 / mired) if mired else None,
        duv=round(duv, 5),
    )


def temperature(red: float, blue: float) -> tuple[float, float]:
    """Mired of the nearest Planckian light, and the distance from it (Duv, green above).

    red, blue   log2 of R/G and B/G of a white in ACEScg.
    """
    xyz = TO_XYZ @ np.array([2.0**red, 1.0, 2.0**blue])
    under = xyz[0] + 15 * xyz[1] + 3 * xyz[2]
    here = np.array([4 * xyz[0], 6 * xyz[1]]) / under
    locus = _locus(MIREDS)
    far = np.linalg.norm(locus - here, axis=1)
    at = int(np.argmin(far))
    at = min(max(at, 1), len(MIREDS) - 2)
    along = locus[at + 1] - locus[at - 1]
    part = float((here - locus[at]) @ along / (along @ along))
    nearest = locus[at] + part * along
    away = here - nearest
    sign = np.sign(-along[1] * away[0] + along[0] * away[1])
    mired = MIREDS[at] + part * (MIREDS[at + 1] - MIREDS[at - 1])
    return float(mired), float(sign * np.linalg.norm(away))


def chromaticity(mired: float) -> np.ndarray:
    """(3,) ACEScg of a Planckian light of luminance 1."""
    u, v = _locus(np.array([mired]))[0]
    x, y = 3 * u / (2 * u - 8 * v + 4), 2 * v / (2 * u - 8 * v + 4)
    return np.asarray(np.linalg.solve(TO_XYZ, np.array([x / y, 1.0, (1 - x - y) / y])))


MIREDS = np.arange(66.0, 700.0, 2.0)


def _locus(mired: np.ndarray) -> np.ndarray:
    """(N, 2) u, v of CIE 1960 of Planckian lights."""
    t = 1e6 / mired
    u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t**2) / (
        1 + 8.42420235e-4 * t + 7.08145163e-7 * t**2
    )
    v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t**2) / (
        1 - 2.89741816e-5 * t + 1.61456053e-7 * t**2
    )
    return np.stack([u, v], 1)


# --- the side of the key ---------------------------------------------------------------------


def _side(said: Sequence[Values]) -> dict[str, Any]:
    across, up = (float(np.median([each[n] for each in said])) for n in ("across", "up"))
    error = float(np.median([each["slope_error"] for each in said]))
    length = float(np.hypot(across, up))
    how = "where the smoothed light rises to: what is lit from there, or is lighter there"
    if not length > 2 * error:
        return measured(None, None, "degree", f"The light rises {length:.1f} +- {error:.1f} stop.")
    angle = float(np.degrees(np.arctan2(up, across)) % 360)
    return measured(angle, float(np.degrees(error / length)), "degree", how, rise=round(length, 3))
