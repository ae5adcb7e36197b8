"""Pull a matte of what stands before a clean plate.

The clean plate may be off by pixels, by exposure and by colour: it is laid over every frame, and
what is left of that is granted, as noise is. The matte is read against it.

Convention
    source        a shot: scene-linear or decoded to it by its own word; any size.
    clean_plate   the same set-up without what is wanted: a still for all frames, or a sequence of
                  the shot's numbers; of the shot's size.
    result        as of `key`: in the source's space and depth, premultiplied R, G, B, alpha A, the
                  straight layer `foreground`, and all channels that the source had. Unbounded.
    _qc           `screen`, what is behind (with the premultiplied foreground it is the plate
                  again); `confidence.Y`, 0 where the clean plate shows nothing.

Holds, and tests/tools/test_difference.py pins it:
    a plate off by a pixel and a twentieth of a stop gives the matte;
    over what is behind the result is the plate; highlights of 60 and light under 0 stay;
    garbage is gone, the core is solid;
    a clean plate of another shot, or of another size, is refused in words.

Source: `vision/cleanplate.py`, `vision/keyed.py`, `nets/keying.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from answerprint.frames.layers import Layers
from answerprint.frames.redone import own, redone
from answerprint.tool import Flag, Input, tool
from answerprint.tools.given import Given
from answerprint.tools.job import Job, Plan, Timed, Whole
from answerprint.tools.matted import pictures
from answerprint.vision import cleanplate
from answerprint.vision.keyed import parted

if TYPE_CHECKING:
    from answerprint.nets.keying import KeyNet

SURE = 12.0
"""Times the error that the network expects, which confidence falls to 1/e by."""
SAMPLES = 3


@dataclass(frozen=True)
class Difference:
    """Pull a matte of what stands before a clean plate."""

    align: Annotated[
        bool, Flag(help="Lay the clean plate over every frame; off where it lies exactly")
    ] = True


INPUTS = {
    "clean_plate": Input("The same set-up without what is wanted", required=True),
    "garbage": Input("A matte of what must go"),
    "core": Input("A matte of what must stay solid"),
}


@tool("difference", "Difference", Difference, policy="key_matte", inputs=INPUTS)
def difference(job: Job, p: Difference) -> Plan:
    clip = job.clips["source"]
    from answerprint.nets import keying  # torch is loaded where it is needed

    net, sha256 = keying.shipped("difference", job.device)
    maker = _Maker(job, net, p.align)
    there = tuple(n for n in clip.frames if n in {*clip.there})
    solved = job.solved or {"laid": maker.looked_at(there)}
    rows: list[dict[str, Any]] = solved["laid"]
    apart = max(max(map(abs, each["moved"])) for each in rows)
    stops = max(max(map(abs, each["stops"])) for each in rows)
    return Plan(
        solved=solved,
        report={"clean_plate": rows},
        sentence=f"{clip.name} against {job.clips['clean_plate'].name}, which is off by up to "
        f"{apart:.1f} pixels and {stops:.2f} stop.",
        looked_at={"source": tuple(each["frame"] for each in rows)},
        timed=Timed(there, lambda n: (n,), maker.make, also=maker.also, beside=("qc",)),
        pictures=lambda: pictures(job, there),
        models={"difference": sha256},
    )


class _Maker:
    """Makes the frames, each from itself and its clean plate."""

    def __init__(self, job: Job, net: KeyNet, align: bool) -> None:
        clip = job.clips["source"]
        self._job, self._net, self._align = job, net, align
        self._given = {n: Given(n, job.clips[n], clip) for n in INPUTS if n in job.clips}

    def also(self, number: int) -> list[str]:
        return [each.sha256(number) for each in self._given.values()]

    def looked_at(self, numbers: tuple[int, ...]) -> list[dict[str, Any]]:
        """How the clean plate lies over a few frames; BadInput where it does not."""
        layers, rows = Layers(self._job.clips["source"]), list[dict[str, Any]]()
        chosen = sorted({numbers[int(i)] for i in np.linspace(0, len(numbers) - 1, SAMPLES)})
        for done, number in enumerate(chosen, 1):
            self._job.events.check()
            found = self._laid(number, layers)
            middle = np.array([(n - 1) / 2 for n in found.plate.shape[1::-1]] + [1])
            moved = found.to_plate @ middle
            rows.append(
                {
                    "frame": number,
                    "moved": [round(float(v), 3) for v in moved[:2] / moved[2] - middle[:2]],
                    "stops": [round(float(v), 3) for v in np.log2(np.maximum(found.gain, 1e-3))],
                    "correlation": round(found.correlation, 4),
                }
            )
            self._job.events.progress("lay over", done, len(chosen), f"frame {number}")
        return rows

    def _laid(self, number: int, layers: Layers) -> cleanplate.Laid:
        part = layers.frame(number).parts[layers.picture(number)[0]]
        clean = self._given["clean_plate"].light(number, part)
        light, _ = layers.light(number)
        name = f"The clean plate {self._job.clips['clean_plate'].name}"
        return cleanplate.laid(light, clean, name, self._align)

    def make(self, number: int, layers: Layers) -> Whole:
        frame, picture = layers.frame(number), layers.picture(number)
        part = frame.parts[picture[0]]
        light, valid = layers.light(number)
        clean = self._laid(number, layers)
        guess = cleanplate.first(cleanplate.apart(light, clean))
        from answerprint.nets import keying

        alpha, error = keying.matte(self._net, light, clean.plate, guess, self._job.device)
        alpha = alpha * cleanplate.reach(guess) * clean.there
        mattes = {n: g.matte(number, part) for n, g in self._given.items() if n != "clean_plate"}
        if "garbage" in mattes:
            alpha = alpha * (1 - np.clip(mattes["garbage"], 0, 1))
        if "core" in mattes:
            alpha = np.maximum(alpha, np.clip(mattes["core"], 0, 1))
        found = parted(light, clean.plate, alpha)
        channels = {"A": alpha, "foreground": found.straight}
        parts, made = redone(frame, picture, found.straight * alpha[..., None], channels)
        sure = np.exp(-SURE * error) * valid * clean.there
        qc = own(frame, {"screen": found.behind, "confidence.Y": sure})
        return Whole(made, qc, parts=parts)
