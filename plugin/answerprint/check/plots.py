"""What was measured, over the edit, as SVG: a line for each shot where the cut shows it.

Colours are the page's (`currentColor` and its classes), so that a plot is light on dark and dark
on paper. A band is the uncertainty, one sigma; a shot with a finding of the plot's kinds is set
apart. Shots that could not be measured leave a hole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

WIDTH, HEIGHT = 1200, 150
LEFT, TOP, BOTTOM = 52, 8, 22

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Plot:
    """title: with its unit. key: of the passport, and below it. kinds: whose findings stand out."""

    title: str
    key: tuple[str, ...]
    kinds: tuple[str, ...]


PLOTS = (
    Plot("Exposure, stops above 18 % grey", ("exposure",), ("exposure", "flicker", "key_light")),
    Plot("White balance, mired", ("white_balance",), ("white_balance", "tint")),
    Plot("Contrast, stops", ("contrast",), ("contrast", "black_level")),
    Plot("Saturation, ratio", ("saturation",), ("saturation",)),
    Plot("Grain at grey, scene-linear", ("noise", "at_grey"), ("grain",)),
    Plot("Blur of the sharpest edges, pixels", ("sharpness",), ("sharpness",)),
)


def drawn(report: Row) -> list[tuple[str, Markup]]:
    """Title and SVG of each plot that has something to show."""
    frames = max(1, report["cut"]["frames"])
    made = []
    for plot in PLOTS:
        flagged = {
            row["mend"] for row in report["findings"] if row["kind"] in plot.kinds and row["mend"]
        }
        spans = [
            (*shot["cut"], *found, shot["name"] in flagged, shot["name"])
            for shot in report["shots"]
            if (found := _value(shot["passport"], plot.key)) is not None
        ]
        if spans:
            made.append((plot.title, _svg(spans, frames, report["cut"])))
    return made


def _value(passport: Row | None, key: Sequence[str]) -> tuple[float, float] | None:
    found: Any = passport
    for name in key:
        found = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(found, Mapping):
        value, sigma = found.get("value"), found.get("uncertainty")
    else:
        value, sigma = found, None
    return None if value is None else (float(value), float(sigma or 0.0))


def _svg(
    spans: Sequence[tuple[int, int, float, float, bool, str]], frames: int, cut: Row
) -> Markup:
    low = min(each[2] - each[3] for each in spans)
    high = max(each[2] + each[3] for each in spans)
    step = _step(max(high - low, 1e-9 + abs(high) * 0.02))
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    high = high if high > low else low + step
    bottom = HEIGHT - BOTTOM

    def x(frame: float) -> float:
        return round(LEFT + (WIDTH - LEFT) * frame / frames, 1)

    def y(value: float) -> float:
        return round(bottom - (bottom - TOP) * (value - low) / (high - low), 1)

    rows = [f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">']
    for turn in range(round((high - low) / step) + 1):
        at = low + turn * step
        rows.append(f'<path class="grid" d="M{LEFT} {y(at)}H{WIDTH}"/>')
        rows.append(f'<text x="{LEFT - 8}" y="{y(at) + 4}" class="tick">{_short(at)}</text>')
    for first, last, value, sigma, flagged, name in spans:
        one, other = x(first), x(last + 1)
        wide = max(1.0, round(other - one - 1, 1))
        tall = round(max(y(value - sigma) - y(value + sigma), 0.0), 1)
        kind = "line flagged" if flagged else "line"
        rows.append(
            Markup(
                '<g><title>{}: {}</title><rect class="band" x="{}" y="{}" width="{}" height="{}"/>'
                '<path class="{}" d="M{} {}h{}"/></g>'
            ).format(
                name, _short(value), one, y(value + sigma), wide, tall, kind, one, y(value), wide
            )
        )
    rows += [
        f'<text x="{LEFT}" y="{HEIGHT - 6}">{cut["start"]}</text>',
        f'<text x="{WIDTH}" y="{HEIGHT - 6}" class="tick">{frames} frames</text></svg>',
    ]
    return Markup("".join(rows))


def _step(span: float) -> float:
    """1, 2 or 5 times a power of ten: three to six lines over a span."""
    power = 10.0 ** math.floor(math.log10(span / 3))
    return next(power * each for each in (1, 2, 5, 10) if power * each * 5 >= span)


def _short(value: float) -> str:
    return f"{0.0 if abs(value) < 1e-12 else value:.4g}"
