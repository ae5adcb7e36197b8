"""What of a scene's light does not match: exposure, colour, contrast, saturation, blacks, the key.

Measured on surfaces that two shots of a scene both show (`vision/shift.py`), over all pairs of the
scene at once (`apart.py`). A difference is a finding where it is beyond what an eye accepts and
beyond what the measurement can tell; a shot that stands apart gives one finding of a kind, beside
the shot that shows it best. Surfaces from two spots on which no grade agrees are not compared: they
may not be the same ones; so light from another side is found within a set-up only. Neighbours in
the cut that no verified surface joins are compared by the colours that both show
(`vision/colours.py`): exposure, white balance and tint, with the much wider errors of that, and
with a confidence that tells it from the other.

Convention
    value    second shot minus first. Contrast and saturation: 0.15 is 15 % more in the second.
    key      value is how far the fall-off of the light turns, where both passports have its side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from answerprint.check import picture
from answerprint.check.apart import Apart, Measure, apart
from answerprint.check.beside import LIT_APART, Pair, by_colours, lit_apart, measured
from answerprint.check.model import Finding, Shot, Study
from answerprint.vision.shift import NAMES

SEEN = dict(zip(NAMES, (0.08, 4.5, 0.0025, 0.06, 0.08, 0.0025), strict=True))
"""What an eye accepts between two shots of a scene; units of `vision/shift.py`."""
SPOT = dict(zip(NAMES, (0.012, 0.8, 0.0004, 0.012, 0.015, 0.0006), strict=True))
ELSEWHERE = dict(zip(NAMES, (0.025, 1.5, 0.0008, 0.025, 0.030, 0.0012), strict=True))
"""Standard error that no number of surfaces takes away, from one spot and from elsewhere: gloss
and grazing light change with the angle."""
UNEVEN = dict(zip(NAMES, (0.5, 8.0, 0.003, 0.25, 0.25, 0.01), strict=True))
"""Error for each stop by which the parts of the picture disagree: another light is no grade."""
SOFTER = {"contrast": 0.04, "black_level": 0.006}
"""Error for each natural logarithm of softness: small dark things are no longer as dark."""
SIGMAS = 3.0
RATIOS = ("contrast", "saturation")


def find(study: Study) -> list[Finding]:
    """Of the families 'light' and 'picture' (`picture.py`), which rest on the same pairs."""
    found = []
    for scene in study.scenes:
        if len(scene.shots) > 1:
            shots = [study.shot(name) for name in scene.shots]
            pairs = measured(scene, study)
            sharper = [picture.sharp(shots, pair) for pair in pairs]
            colours = by_colours(scene, study, pairs)
            for kind in NAMES:
                verified = _graded(kind, shots, pairs, sharper)
                told = {each.mend for each in verified}
                alike = _graded(kind, shots, colours, [None] * len(colours))
                found += verified + [each for each in alike if each.mend not in told]
            found += _key(shots, pairs)
            found += picture.findings(shots, pairs, sharper, colours)
    return found


def standard_error(
    kind: str, shots: Sequence[Shot], pair: Pair, sharper: tuple[float, float] | None
) -> float:
    """Standard error of a pair's measure, of all that disturbs it."""
    if pair.overlap is not None:
        return float(pair.shift.error[NAMES.index(kind)])
    least = (SPOT if pair.relation.kind == "setup" else ELSEWHERE)[kind]
    parts = [float(pair.shift.error[NAMES.index(kind)]), least, UNEVEN[kind] * pair.shift.uneven]
    if kind in SOFTER and sharper is not None:
        parts.append(SOFTER[kind] * abs(sharper[0]))
    if kind == "exposure":  # the samples are a few frames of a light that flickers
        for shot in (shots[pair.first], shots[pair.second]):
            parts.append(shot.passport.get("flicker", {}).get("value") or 0.0)
    return math.hypot(*parts)


# --- what a grade can mend -------------------------------------------------------------------


def _graded(
    kind: str,
    shots: Sequence[Shot],
    pairs: Sequence[Pair],
    sharper: Sequence[tuple[float, float] | None],
) -> list[Finding]:
    measures, by = [], {}
    for pair, focus in zip(pairs, sharper, strict=True):
        if lit_apart(pair):
            continue
        value = float(pair.shift.value[NAMES.index(kind)])
        sigma = standard_error(kind, shots, pair, focus)
        if math.isfinite(value):
            tolerance = max(SEEN[kind], SIGMAS * sigma)
            measures.append(Measure(pair.first, pair.second, value, sigma, tolerance))
            by[pair.first, pair.second] = pair
    found = []
    for each in apart(measures):
        pair = by[min(each.shot, each.other), max(each.shot, each.other)]
        if kind == "exposure" and not _by_every_convention(pair, each.tolerance):
            continue
        found.append(_finding(kind, shots, each, pair))
    return found


def _by_every_convention(pair: Pair, tolerance: float) -> bool:
    """A white balance may keep green, luminance or the mean; what any of them calls even is no
    exposure."""
    stops = pair.shift.exposures
    return bool(np.abs(stops).min() > 0.6 * tolerance and np.ptp(np.sign(stops)) == 0)


def _finding(kind: str, shots: Sequence[Shot], stands: Apart, pair: Pair) -> Finding:
    mend, other = shots[stands.shot], shots[stands.other]
    one, two = sorted((stands.shot, stands.other))
    value, error = stands.value, stands.error
    if kind == "white_balance":
        times = pair.shift.from_white(stands.other == two)
        value, error = value * times, error * abs(times)
    if kind in RATIOS:
        error, value = math.exp(value) * error, math.exp(value) - 1
    toward, unsure = value if stands.shot == two else -value, error
    if kind in RATIOS and stands.shot == one:
        toward, unsure = 1 / (1 + value) - 1, error / (1 + value) ** 2
    inputs = {"source": mend.name, "reference": other.name}
    sure = 0.5 * (1 + math.erf((abs(stands.value) - 0.5 * stands.tolerance) / stands.error / 2))
    return Finding(
        kind,
        (shots[one].name, shots[two].name),
        mend.cut[0],
        (mend.cut[0], mend.cut[1] - 1),
        value,
        error,
        sure * pair.trust,
        f"{mend.name} is {_words(kind, toward, unsure)} than {other.name}, {_on(pair)}.",
        fix={"tool": "match", "params": {}, "inputs": inputs},
        mend=mend.name,
    )


def _on(pair: Pair) -> str:
    if pair.overlap is not None:
        return (
            f"by the colours that both show ({pair.overlap:.0%} of their palettes) and by no "
            "surface that could be verified: it may be the light of another set-up"
        )
    return f"on {pair.relation.structures} structures that both show"


def _words(kind: str, value: float, error: float) -> str:
    less, more, scale, unit = {
        "exposure": ("darker", "brighter", 1, "stops"),
        "white_balance": ("cooler", "warmer", 1, "mired"),
        "tint": ("more magenta", "greener", 1000, "thousandths of Duv"),
        "contrast": ("softer", "harder", 100, "%"),
        "saturation": ("less saturated", "more saturated", 100, "%"),
        "black_level": ("lower in its blacks", "higher in its blacks", 1, "linear"),
    }[kind]
    digits = {"exposure": 2, "black_level": 4}.get(kind, 0 if scale != 1000 else 1)
    size = f"{abs(value) * scale:.{digits}f} \u00b1 {error * scale:.{digits}f}"
    return f"{size}{'' if unit == '%' else ' '}{unit} {more if value > 0 else less}"


# --- what only a light can -------------------------------------------------------------------


def _key(shots: Sequence[Shot], pairs: Sequence[Pair]) -> list[Finding]:
    """Shots whose light falls from elsewhere: the largest group that is lit alike is right."""
    lit: dict[int, set[int]] = {turn: {turn} for turn in range(len(shots))}
    other_light = []
    for pair in pairs:
        if lit_apart(pair):
            other_light.append(pair)
            continue
        joined = lit[pair.first] | lit[pair.second]
        for turn in joined:
            lit[turn] = joined
    found = []
    told: set[int] = set()
    for pair in sorted(other_light, key=lambda p: (p.relation.kind != "setup", -p.shift.uneven)):
        first, second = lit[pair.first], lit[pair.second]
        if first is second:
            continue
        mend = pair.first if len(second) > len(first) else pair.second
        if mend not in told:
            told.add(mend)
            found.append(_lit_otherwise(shots, pair, mend))
    return found


def _lit_otherwise(shots: Sequence[Shot], pair: Pair, turn: int) -> Finding:
    one, two, mend = shots[pair.first], shots[pair.second], shots[turn]
    sides = [shot.passport.get("key_side", {}) for shot in (one, two)]
    value = error = None
    if all(side.get("value") is not None for side in sides):
        value = (sides[1]["value"] - sides[0]["value"] + 180) % 360 - 180
        error = math.hypot(*(side.get("uncertainty") or 0.0 for side in sides))
    structures = pair.relation.structures
    sure = 1 - math.exp(-pair.shift.uneven / LIT_APART)
    turned = f", turned by {abs(value):.0f} \u00b1 {error:.0f} degrees" if value and error else ""
    return Finding(
        "key_light",
        (one.name, two.name),
        mend.cut[0],
        (mend.cut[0], mend.cut[1] - 1),
        value,
        error,
        sure * structures / (structures + 10),
        f"{mend.name} is lit otherwise than {(two if mend is one else one).name}: parts of the "
        f"picture differ by {pair.shift.uneven:.2f} stops beyond any grade{turned}.",
        mend=mend.name,
    )
