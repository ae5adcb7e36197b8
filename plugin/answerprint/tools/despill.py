"""Take the light of a screen off what stood before it.

Convention
    source   a foreground, keyed or not: scene-linear or decoded to it by its own word.
    result   the source less so much of the screen's light as its excess of the screen's colour
             tells; in the source's own space and depth, all other channels as they were.
    colour   of the screen: found in the shot, or a plain green, blue or red where it is named and
             not seen.

Holds, and tests/tools/test_despill.py pins it:
    what has no excess of the screen's colour is bit-identical;
    light of a screen on something grey is gone; light over 1 and under 0 stays;
    a grey screen is refused in words.

Source: `vision/despilled.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np

from answerprint.errors import BadInput
from answerprint.frames import colour
from answerprint.frames.colour import Space
from answerprint.tool import Num, Pick, tool
from answerprint.tools.job import Job, Plan, Rows
from answerprint.vision.despilled import Limit, coloured, despilled, strongest
from answerprint.vision.screen import fitted, found

SAMPLES, WIDE = 5, 320
PAINTS = {"green": (0.1, 0.34, 0.08), "blue": (0.06, 0.1, 0.36), "red": (0.36, 0.06, 0.05)}
"""Of common paints, where none is seen: a foreground that is keyed already has no screen left."""
CHANNEL = {"red": 0, "green": 1, "blue": 2}


@dataclass(frozen=True)
class Despill:
    """Take the screen's light off the foreground."""

    screen: Annotated[
        Literal["auto", "green", "blue", "red"], Pick(help="Colour of the screen")
    ] = "auto"
    strength: Annotated[
        float, Num(0, 1, help="1 takes all of it off, 0 leaves the plate", live=True)
    ] = 1.0
    limit: Annotated[
        Limit,
        Pick(help="max spares yellow and cyan; average takes more, off skin too", live=True),
    ] = "max"


@tool("despill", "Despill", Despill, policy="key_matte")
def despill(job: Job, p: Despill) -> Plan:
    solved = job.solved or _solve(job, p)
    screen = np.array(solved["colour"], np.float32)
    strongest(screen)

    def pixels(frame: int, here: Space, there: Space) -> Rows | None:
        if p.strength == 0 and here == there:
            return None

        def rows(code: np.ndarray) -> tuple[np.ndarray, int]:
            light = colour.to_acescg(code.astype(np.float32), here)
            made = despilled(light, screen, p.strength, p.limit)
            if here == there:  # what has no spill stays, bit for bit
                changed = (made != light).any(axis=-1, keepdims=True)
                return np.where(changed, colour.from_acescg(made, there), code), 0
            return colour.from_acescg(made, there), 0

        return rows

    red, green, blue = solved["colour"]
    return Plan(
        solved=solved,
        report={"screen": solved},
        sentence=f"{job.clips['source'].name} without the light of a screen of "
        f"({red:.3f}, {green:.3f}, {blue:.3f}).",
        looked_at={"source": tuple(solved["looked_at"])},
        pixels=pixels,
    )


def _solve(job: Job, p: Despill) -> dict[str, Any]:
    clip = job.clips["source"]
    there = [n for n in clip.frames if n in {*clip.there}]
    numbers = sorted({there[int(i)] for i in np.linspace(0, len(there) - 1, SAMPLES)})
    seen = []
    for _, picture in clip.pictures(numbers, WIDE):
        if isinstance(picture, BadInput):
            continue
        light, valid = picture
        light[~valid] = 0
        screen = fitted(light, found(light, CHANNEL.get(p.screen)))
        if not screen.there:
            continue
        lit = screen.field[screen.certain > 0.5].mean(axis=0)
        if p.screen == "auto" or (coloured(lit) and lit.argmax() == CHANNEL[p.screen]):
            seen.append(lit)
    if not seen and p.screen == "auto":
        raise BadInput(
            f"No screen is seen in {clip.name}.",
            "Say which colour it had: --screen green, blue or red.",
            about="screen",
        )
    own = np.median(seen, axis=0) if seen else PAINTS[p.screen]
    return {"colour": [round(float(v), 5) for v in own], "looked_at": numbers, "seen": bool(seen)}
