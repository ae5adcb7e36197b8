"""The same grade as CDL numbers for another working space, and what that costs.

CDL numbers belong to a space. A grade solved in ACEScct is fitted anew for each place it
goes, on the shot's own colours, and says how far it lands from our result.

Source: ASC CDL 1.2; the fit is `fit.fit` on slope, offset, power and saturation themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from answerprint.frames import colour
from answerprint.frames.curves import acescct_inverse
from answerprint.frames.difference import delta_e, lab
from answerprint.frames.grade import Cdl
from answerprint.vision import fit as fitting
from answerprint.vision.compare import quantile

_FREE = np.full(10, 1e3)


@dataclass(frozen=True)
class Refit:
    """A CDL for a space; its distance from our result in CIEDE2000 on the shot's colours."""

    cdl: Cdl
    mean: float
    percentile_95: float


def refit(before: np.ndarray, after: np.ndarray, weight: np.ndarray, there: colour.Space) -> Refit:
    """The CDL in `there` that turns before into after best.

    before, after   (N, 3) ACEScct codes of the shot's colours and of our result.
    there           the space; in a linear one saturation stays 1 (hosts have none there) and
                    negatives are held at 0, as hosts' linear CDLs do.
    """
    kept = (before > -0.5).all(1) & (before < 1.4).all(1)
    light_in, wanted = (acescct_inverse(v[kept]).astype(np.float32) for v in (before, after))
    codes, codes_wanted = (
        colour.from_acescg(v, there).astype(np.float64) for v in (light_in, wanted)
    )

    def to_light(code: np.ndarray) -> np.ndarray:
        return colour.to_acescg(code.astype(np.float32), there)

    def through(theta: np.ndarray, code: np.ndarray) -> np.ndarray:
        return _cdl(theta)(np.maximum(code, 0) if there.linear else code)

    eye = fitting.to_the_eye(codes_wanted, to_light)
    free = tuple(range(9 if there.linear else 10))
    theta = fitting.fit(
        codes, codes_wanted, weight[kept], eye, free, usual=_FREE, robust=4.0, through=through
    ).theta
    made = _written(_cdl(theta))
    moved = to_light(made(np.maximum(codes, 0) if there.linear else codes))
    apart = delta_e(lab(moved), lab(wanted))
    mean = float(np.average(apart, weights=weight[kept]))
    return Refit(made, mean, quantile(apart, weight[kept], 0.95))


def _cdl(theta: np.ndarray) -> Cdl:
    (r, g, b), (u, v, w), (x, y, z) = np.exp(theta[:3]), theta[3:6], np.exp(theta[6:9])
    return Cdl((r, g, b), (u, v, w), (x, y, z), float(np.exp(theta[9])))


def _written(cdl: Cdl) -> Cdl:
    """At the precision that is written to files."""
    numbers = {
        n: [round(float(v), 6) for v in values] if isinstance(values, list) else round(values, 6)
        for n, values in cdl.as_dict().items()
    }
    return Cdl.of(numbers)
