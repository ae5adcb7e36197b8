"""What of a scene's picture does not match: its grain, and how sharp it is.

Grain is compared as the passports have it, at the light that the same grey has in either shot, for
a shot that was brightened has its grain brightened too, and at the same light, for one that was lit
or exposed otherwise has not. What either calls even is even. It needs no shared surface: neighbours
that only colours join are compared too.
Sharpness is compared on structures that two shots both show about as large
(`vision/softness.py`); a lens throws other things out of focus from elsewhere, so that there a
shot counts as soft only where all that both show is.

Convention
    value    second shot minus first, as a part: 0.5 is half as much grain again, or edges a third
             as narrow again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from answerprint.check.apart import Apart, Measure, apart
from answerprint.check.beside import Pair
from answerprint.check.model import Finding, Shot
from answerprint.vision.compare import quantile
from answerprint.vision.softness import softness

GRAIN, SHARP = math.log(1.3), math.log(1.25)
"""Natural logarithms of the ratios that an eye accepts."""
GRAIN_LEAST = 0.06
GRAIN_ELSEWHERE = 0.12
"""Standard error that a ratio of grain has at least: other surfaces, other light; the second where
no surface is known to be the same."""
SHARP_SPOT, SHARP_ELSEWHERE = 0.06, 0.15
SIGMAS = 3.0
FAINT = 0.002
"""Grain, as a part of a grey's light, that nobody sees: three thousandths of a stop."""
GREYS = (0.03, 0.09, 0.18, 0.4)
LARGER = 1.5
"""Change of scale up to which structures are compared for sharpness."""
PIXEL = 0.35
"""Sigma in pixels of the blur that a pixel is: no edge is sharper, squared it is added to all."""
LEAST_EDGES = 25


def findings(
    shots: Sequence[Shot],
    pairs: Sequence[Pair],
    sharper: Sequence[tuple[float, float] | None],
    colours: Sequence[Pair],
) -> list[Finding]:
    """Of one scene; `sharper` is what `sharp` says of each pair, `colours` those that only colours
    join."""
    every = [*pairs, *colours]
    return [
        *_findings("grain", shots, every, [_grain(shots, pair) for pair in every]),
        *_findings("sharpness", shots, pairs, sharper),
    ]


def _grain(shots: Sequence[Shot], pair: Pair) -> tuple[float, float] | None:
    """Logarithm of the second's grain over the first's and its error; None where not known."""
    noise = [shots[turn].passport.get("noise", {}) for turn in (pair.first, pair.second)]
    if any(not each.get("channels") for each in noise):
        return None
    gain = float(np.exp2(pair.shift.exposures[1]))
    graded, lit = (_ratio(noise[0], noise[1], each) for each in (gain, 1.0))
    ratio, spread = min(graded, lit, key=lambda each: abs(each[0]))
    if graded[0] * lit[0] < 0:
        ratio = 0.0
    own = [(each.get("uncertainty") or 0.0) / (each.get("value") or 1.0) for each in noise]
    least = GRAIN_LEAST if pair.overlap is None else GRAIN_ELSEWHERE
    return ratio, math.hypot(*own, spread / 2, least)


def _ratio(first: Mapping[str, Any], second: Mapping[str, Any], gain: float) -> tuple[float, float]:
    """Logarithm of how much more grain greys have that are this much brighter in the second, and
    how far they disagree."""
    ratios = [math.log(_relative(second, g * gain) / _relative(first, g)) for g in GREYS]
    return float(np.median(ratios)), float(np.std(ratios))


def _relative(noise: Mapping[str, Any], light: float) -> float:
    """Grain of a grey of this light, as a part of it: mean of the channels, FAINT at least."""
    variance = [each["a"] * light + each["b"] + each["c"] * light**2 for each in noise["channels"]]
    return max(float(np.mean(np.sqrt(np.maximum(variance, 0)))) / light, FAINT)


def sharp(shots: Sequence[Shot], pair: Pair) -> tuple[float, float] | None:
    """Logarithm of the first's widths of edges over the second's, and its error: of the sharper
    edges, which an eye goes by."""
    relation = pair.relation
    evidence, frames, scale = relation.evidence, relation.frames, relation.scale
    if evidence is None or frames is None or scale is None:
        return None
    if not 1 / LARGER < scale < LARGER:
        return None
    first, second = (
        shots[turn].pictures()[frame][0]
        for turn, frame in zip((pair.first, pair.second), frames, strict=True)
    )
    where = evidence.where
    mine = where[(where[:, 0] == frames[0]) & (where[:, 3] == frames[1])]
    _, once = np.unique(np.floor(mine[:, 1:3] * (48, 27)), axis=0, return_index=True)
    mine = mine[once]
    at, there = (
        mine[:, columns] * (picture.shape[1], picture.shape[0])
        for columns, picture in ((slice(1, 3), first), (slice(4, 6), second))
    )
    pixels = scale * second.shape[1] / first.shape[1]
    one, two = softness(first, second, at, there, pixels)
    if len(one) < LEAST_EDGES:
        return None
    least = PIXEL**2 * max(pixels, 1) ** 2
    sharpest = one + two <= np.median(one + two)  # what is soft in both says little
    one, two = one[sharpest] + least, two[sharpest] + least
    more = two - one  # blurs add in squares: a lens adds the same to every edge
    even = np.ones(len(more))
    middle = quantile(more, even, 0.5)
    spread = 1.48 * quantile(np.abs(more - middle), even, 0.5)
    if relation.kind == "place":  # what is least changed says what the lens can do
        low, high = quantile(more, even, 0.2), quantile(more, even, 0.8)
        middle = low if low > 0 else high if high < 0 else 0.0
    sharp = quantile(one if middle > 0 else two, even, 0.4) + abs(middle)
    ratio = -0.5 * math.copysign(math.log(sharp / (sharp - abs(middle))), middle)
    error = spread / math.sqrt(len(more) / 4) / (2 * sharp)
    return ratio, math.hypot(error, SHARP_SPOT if relation.kind == "setup" else SHARP_ELSEWHERE)


def _findings(
    kind: str,
    shots: Sequence[Shot],
    pairs: Sequence[Pair],
    values: Sequence[tuple[float, float] | None],
) -> list[Finding]:
    least = GRAIN if kind == "grain" else SHARP
    measures, by = [], {}
    for pair, value in zip(pairs, values, strict=True):
        if value is not None:
            tolerance = max(least, SIGMAS * value[1])
            measures.append(Measure(pair.first, pair.second, *value, tolerance))
            by[pair.first, pair.second] = pair
    return [
        _finding(kind, shots, each, by[min(each.shot, each.other), max(each.shot, each.other)])
        for each in apart(measures)
    ]


def _finding(kind: str, shots: Sequence[Shot], stands: Apart, pair: Pair) -> Finding:
    one, two = shots[pair.first], shots[pair.second]
    mend, other = shots[stands.shot], shots[stands.other]
    value = math.exp(stands.value) - 1
    error = math.exp(stands.value) * stands.error
    ratio = math.exp(stands.value if mend is two else -stands.value)
    times = max(ratio, 1 / ratio)
    words = {"grain": ("more", "less"), "sharpness": ("as sharp", "as soft")}[kind]
    said = (
        f"{mend.name} has {times:.1f} times {words[ratio < 1]} grain than {other.name}, "
        "at the same grey."
        if kind == "grain"
        else f"{mend.name} is {times:.1f} times {words[ratio < 1]} as {other.name}, on "
        f"{pair.relation.structures} structures that both show."
    )
    sure = 0.5 * (1 + math.erf((abs(stands.value) - 0.5 * stands.tolerance) / stands.error / 2))
    return Finding(
        kind,
        (one.name, two.name),
        mend.cut[0],
        (mend.cut[0], mend.cut[1] - 1),
        value,
        error,
        sure * pair.trust,
        said,
        mend=mend.name,
    )
