"""How two shots differ, in a colourist's terms, on colours that both of them show.

Convention
    a, b       (N, 3) float64 scene-linear ACEScg: the same surfaces in the shot and in its
               reference. Differences say how the shot stands to its reference: -0.4 stops is
               0.4 stops under, -18 mired is 18 mired bluer.
    weight     (N,) how much a colour counts.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from answerprint.frames import primaries
from answerprint.frames.difference import delta_e, lab
from answerprint.vision.correspond import LUMINANCE

_D60, _D65 = (primaries.KNOWN[name][6:] for name in ("ACEScg", "lin_rec709"))
_TO_XYZ_D65 = primaries.adaptation(_D60, _D65) @ primaries.to_xyz(primaries.KNOWN["ACEScg"])
_LEAST = 1e-6
LEAST_CHROMA = 5.0
"""CIELAB chroma under which a ratio of chromas says more of noise and tint than of saturation."""
SKIN_HUE, SKIN_CHROMA, SKIN_LIGHT = (35.0, 80.0), (8.0, 50.0), (20.0, 90.0)
"""CIELAB hue in degrees, chroma and lightness of what could be skin: wide bounds of our own around
the skin-tone line, to tell such hues apart in the report and for nothing else."""


def difference(a: np.ndarray, b: np.ndarray, weight: np.ndarray) -> dict[str, Any]:
    """All that report.json says of a shot beside its reference."""
    lab_a, lab_b = lab(a.astype(np.float32)), lab(b.astype(np.float32))
    apart = delta_e(lab_a, lab_b)
    skin = _skin_like(lab_b)
    lit = (a > _LEAST).all(1) & (b > _LEAST).all(1)
    if not lit.any():
        lit = np.ones(len(a), bool)
    lit_a, lit_b, w = np.maximum(a[lit], _LEAST), np.maximum(b[lit], _LEAST), weight[lit]
    gain, flare = gain_and_flare(lit_a, lit_b, w)
    light_a, light_b = (np.log2(np.maximum(v @ LUMINANCE, _LEAST)) for v in (lit_a, lit_b))
    lit_alike = lab((b * gain + flare).astype(np.float32))  # exposure alone changes chroma too
    return {
        "delta_e": {
            "mean": _rounded(_mean(apart, weight)),
            "percentile_95": _rounded(quantile(apart, weight, 0.95)),
            "skin_like": _rounded(_mean(apart[skin], weight[skin])) if skin.any() else None,
        },
        "exposure_stops": _rounded(np.log2(gain @ LUMINANCE)),
        "rgb_gain": [_rounded(g) for g in gain],
        "flare": [_rounded(k, 6) for k in flare],
        "white_balance": _white_balance(b * gain, b, lab_b, weight),
        "contrast": _rounded(_spread(light_a, w) / max(_spread(light_b, w), 1e-3)),
        "saturation": _saturation(lab_a, lit_alike, weight),
        "black_level": {
            "shot": _rounded(quantile(a @ LUMINANCE, weight, 0.001), 6),
            "reference": _rounded(quantile(b @ LUMINANCE, weight, 0.001), 6),
        },
    }


def gain_and_flare(
    a: np.ndarray, b: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Gain (3,) and light added to the blacks (3,) with which b becomes a, channel by channel.

    Three explanations are tried: a gain; a gain and flare (light added everywhere: lifted
    blacks are then no exposure); a gain and contrast around 0.18 (then gain is that of middle
    grey). The simplest one that explains as well as the best is taken; flare is 0 elsewhere.
    a, b are (N, 3), above zero. Errors are in stops, doubtful pairs count less (Huber).
    """
    found = {
        kind: [_explained(a[:, c], b[:, c], weight, kind) for c in range(3)] for kind in _KINDS
    }
    left = {kind: sum(each[2] for each in channels) for kind, channels in found.items()}
    kind = next(k for k in _KINDS if left[k] <= 1.03 * min(left.values()))
    if kind == "flare":  # light is added, never taken away
        chosen = [f if f[1] > 0 else g for f, g in zip(found["flare"], found["gain"], strict=True)]
    else:
        chosen = found[kind]
    gain = np.array([each[0] for each in chosen])
    flare = np.array([each[1] if kind == "flare" else 0.0 for each in chosen])
    return gain, flare


_KINDS = ("gain", "flare", "contrast")


def _explained(
    a: np.ndarray, b: np.ndarray, weight: np.ndarray, kind: str
) -> tuple[float, float, float]:
    """Gain, second number (flare or contrast - 1) and what is left, in stops."""
    wanted, tone = np.log2(a), np.log2(b / 0.18)
    two = np.array([_median(wanted - np.log2(b), weight), 0.0])
    for _ in range(1 if kind == "gain" else 20):
        lit = np.maximum(np.exp2(two[0]) * b + (two[1] if kind == "flare" else 0), _LEAST)
        said = np.log2(lit) + (two[1] * tone if kind == "contrast" else 0)
        error = wanted - said
        if kind == "gain":
            break
        trust = weight * np.minimum(1, 0.1 / np.maximum(np.abs(error), 1e-9))
        if kind == "flare":
            slope = np.stack([np.exp2(two[0]) * b / lit, 1 / (lit * np.log(2))], 1)
        else:
            slope = np.stack([np.ones_like(tone), tone], 1)
        curve = (slope * trust[:, None]).T @ slope
        two = two + np.linalg.solve(
            curve + 1e-9 * np.trace(curve) * np.eye(2), slope.T @ (trust * error)
        )
    left = _mean(np.minimum(np.abs(error), 0.5), weight)
    return float(np.exp2(two[0])), float(two[1]), left


def _white_balance(
    a: np.ndarray, b: np.ndarray, lab_b: np.ndarray, weight: np.ndarray
) -> dict[str, float | None]:
    """Colour temperature of what is nearest to neutral in the reference, in both shots."""
    chroma = np.hypot(lab_b[:, 1], lab_b[:, 2])
    seen = (lab_b[:, 0] > 10) & (lab_b[:, 0] < 98)
    if not seen.any():
        return {
            "shot_cct": None,
            "reference_cct": None,
            "shot_duv": None,
            "reference_duv": None,
            "mired": None,
        }
    neutral = seen & (chroma <= max(np.quantile(chroma[seen], 0.25), 6.0))
    found = []
    for light in (a, b):
        luminance = np.maximum(light @ LUMINANCE, _LEAST)
        colour = (light / luminance[:, None])[neutral]
        rgb = np.array([_median(v, weight[neutral]) for v in colour.T])
        found.append(cct_and_duv(_TO_XYZ_D65 @ rgb))
    (shot, shot_duv), (reference, reference_duv) = found
    mired = 1e6 / shot - 1e6 / reference if shot and reference else None
    return {
        "shot_cct": _rounded(shot, 0) if shot else None,
        "reference_cct": _rounded(reference, 0) if reference else None,
        "shot_duv": _rounded(shot_duv, 5),
        "reference_duv": _rounded(reference_duv, 5),
        "mired": _rounded(mired, 1) if mired is not None else None,
    }


def cct_and_duv(xyz: np.ndarray) -> tuple[float | None, float]:
    """Correlated colour temperature in kelvin and distance from the Planckian locus (CIE 1960).

    None where the colour is further than 0.05 from the locus: it has no temperature. Locus:
    Krystek 1985, good to 1000..15000 K, searched from 1000 to 25000 K. Duv is positive above
    the locus (greenish).
    """
    x, y, z = (float(v) for v in xyz)
    below = x + 15 * y + 3 * z
    if below <= 0:
        return None, 0.0
    u, v = 4 * x / below, 6 * y / below
    mireds = np.linspace(40.0, 1000.0, 9601)
    t = 1e6 / mireds
    locus_u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t**2) / (
        1 + 8.42420235e-4 * t + 7.08145163e-7 * t**2
    )
    locus_v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t**2) / (
        1 - 2.89741816e-5 * t + 1.61456053e-7 * t**2
    )
    apart = np.hypot(u - locus_u, v - locus_v)
    nearest = int(apart.argmin())
    duv = float(np.copysign(apart[nearest], v - locus_v[nearest]))
    return (float(t[nearest]) if apart[nearest] < 0.05 else None), duv


def in_words(name: str, before: dict[str, Any]) -> str:
    """'Beside its reference, shot_b is 0.42 stops under and 18 mired bluer.'"""
    said = []
    stops, mired = before["exposure_stops"], before["white_balance"]["mired"]
    if abs(stops) >= 0.05:
        said.append(f"{abs(stops):.2f} stops {'under' if stops < 0 else 'over'}")
    if mired is not None and abs(mired) >= 3:
        said.append(f"{abs(mired):.0f} mired {'bluer' if mired < 0 else 'warmer'}")
    duv = (
        before["white_balance"]["shot_duv"] - before["white_balance"]["reference_duv"]
        if (mired is not None)
        else 0.0
    )
    if abs(duv) >= 0.003:
        said.append("greener" if duv > 0 else "more magenta")
    for what, less, more in (
        ("contrast", "flatter", "more contrasty"),
        ("saturation", "less saturated", "more saturated"),
    ):
        if before[what] is not None and abs(before[what] - 1) >= 0.06:
            said.append(f"{abs(before[what] - 1):.0%} {less if before[what] < 1 else more}")
    if not said:
        return f"{name} already sits beside its reference."
    listed = said[0] if len(said) == 1 else ", ".join(said[:-1]) + " and " + said[-1]
    return f"Beside its reference, {name} is {listed}."


def _saturation(lab_a: np.ndarray, lab_b: np.ndarray, weight: np.ndarray) -> float | None:
    """Ratio of the median chromas; None where the reference is too grey to tell."""
    chroma = _chroma(lab_b, weight)
    return _rounded(_chroma(lab_a, weight) / chroma) if chroma > LEAST_CHROMA else None


def _skin_like(lab_b: np.ndarray) -> np.ndarray:
    hue = np.degrees(np.arctan2(lab_b[:, 2], lab_b[:, 1]))
    chroma = np.hypot(lab_b[:, 1], lab_b[:, 2])
    inside = [
        (low <= value) & (value <= high)
        for value, (low, high) in (
            (hue, SKIN_HUE),
            (chroma, SKIN_CHROMA),
            (lab_b[:, 0], SKIN_LIGHT),
        )
    ]
    return np.logical_and.reduce(inside)


def _chroma(colours: np.ndarray, weight: np.ndarray) -> float:
    return _median(np.hypot(colours[:, 1], colours[:, 2]), weight)


def _spread(values: np.ndarray, weight: np.ndarray) -> float:
    return quantile(values, weight, 0.75) - quantile(values, weight, 0.25)


def _mean(values: np.ndarray, weight: np.ndarray) -> float:
    return float((values * weight).sum() / weight.sum())


def _median(values: np.ndarray, weight: np.ndarray) -> float:
    return quantile(values, weight, 0.5)


def quantile(values: np.ndarray, weight: np.ndarray, share: float) -> float:
    """The value (N,) that this share of the weight (N,) lies under; straight in between."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    middle = reached - weight[order] / 2
    return float(np.interp(share * reached[-1], middle, values[order]))


def _rounded(value: float, digits: int = 4) -> float:
    return round(float(value), digits)
