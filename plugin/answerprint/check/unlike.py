"""How the light of a take stands to that of a shot of its set-up: whether it needs a match.

    found = unlike(take, shot)      palettes as the show keeps them (`show/take.py`)
    found.seen                      whether an eye sees the difference

Measured on what both palettes share (`vision/colours.py`). Two takes of one set-up share nearly all
of it, so what differs is the light, the iris or the camera. Of other set-ups nothing is told: their
palettes differ by a stop without any fault, for they show other walls.

Source of the errors: twice the root mean square over 80 pairs of takes of one set-up without a
fault, in 20 staged scenes of four sets (tests/soundstage, seeds 800 to 803 and 810; 0.013 stop,
0.2 mired, 0.0001 Duv).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from answerprint.check.light import SEEN
from answerprint.vision.colours import stands
from answerprint.vision.palette import Palette
from answerprint.vision.shift import NAMES, UNITS

KINDS = ("exposure", "white_balance", "tint")
ERROR = {"exposure": 0.03, "white_balance": 0.5, "tint": 0.0002}
"""Standard error between two takes of one set-up; units of `vision/shift.py`."""


@dataclass(frozen=True)
class Unlike:
    """What the take has more than the shot, by KINDS: stops, mired (positive is warmer), Duv
    (positive is greener)."""

    value: Mapping[str, float]

    @property
    def seen(self) -> bool:
        """Whether an eye sees it, as far as the measurement can tell."""
        return any(abs(each) > SEEN[kind] - ERROR[kind] for kind, each in self.value.items())

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """As plain JSON, by KINDS."""
        unit = dict(zip(NAMES, UNITS, strict=True))
        return {
            kind: {"value": round(each, 5), "uncertainty": ERROR[kind], "unit": unit[kind]}
            for kind, each in self.value.items()
        }


def unlike(take: Palette, shot: Palette) -> Unlike | None:
    """How a take stands to a shot of its set-up; None where they share too little."""
    found = stands(shot, take)
    if found is None:
        return None
    return Unlike({kind: float(found[0].value[NAMES.index(kind)]) for kind in KINDS})


def told(light: Mapping[str, Mapping[str, Any]]) -> str:
    """`Unlike.as_dict` in words: '0.50 stop darker, 12 mired warmer'; what no eye sees is left out,
    '' where that is all of it."""
    ways = {
        "exposure": ("lighter", "darker", "{:.2f} stop "),
        "white_balance": ("warmer", "cooler", "{:.0f} mired "),
        "tint": ("greener", "more magenta", "{:.4f} Duv "),
    }
    said = []
    for kind, (more, less, much) in ways.items():
        value = float(light[kind]["value"])
        if abs(value) > SEEN[kind] - ERROR[kind]:
            said.append(much.format(abs(value)) + (more if value > 0 else less))
    return ", ".join(said)
