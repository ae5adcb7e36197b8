"""Pull a matte off a screen, with the foreground free of it.

The screen may be of any paint, or a wall of light; unevenly lit, with folds, tape and shadows. Its
colour and how it is lit are found in the shot; its field, what it would show behind the figure, is
fitted on every frame, from the frame and from the shot alone, so that it is steady and the same in
every chunk of a farm. The matte is read against that field.

Convention
    source        a shot before a screen: scene-linear or decoded to it by its own word; any size.
    clean_plate   the screen without the figure, from the same place: then nothing is fitted but how
                  bright it is, and the shadows on it.
    garbage       a matte of what must go: 1 is never kept. core: of what must stay.
    result        in the source's space and depth: premultiplied R, G, B, alpha A, the layer
                  `foreground`, straight (grade that one, then premultiply), and all channels that
                  the source had. Light is unbounded; alpha is raw, nothing is choked.
    _qc           `screen`, what is behind the figure, with its grain: with the premultiplied
                  foreground it is the plate again. `confidence.Y`, 0..1.
    despill       0: the foreground has the light that the screen threw on it.
    shadow.A      with --shadows: the share of its light that the screen lost, also where soft edges
                  stand before it. Folds are in it. A new background times 1 - shadow.A has them.
    report        `doubtful`: the worst 5 % of the frames by the error that the network expects.

Holds, and tests/tools/test_key.py pins it:
    green, blue, red, grey paint and a tinted wall are found without a hint;
    over its own screen the result is the plate to 0.5 %;
    highlights of 64 and light under 0 stay; no colour of the foreground is lost where alpha is 1;
    garbage is gone, the core is solid;
    a plate without a screen, or with another than was named, is refused in words.

Source: `vision/screen.py`, `vision/keyed.py`, `nets/keying.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from answerprint.errors import BadInput
from answerprint.frames.layers import Layers
from answerprint.frames.redone import own, redone
from answerprint.tool import Flag, Input, Num, Pick, tool
from answerprint.tools.given import Given
from answerprint.tools.job import Job, Plan, Timed, Whole
from answerprint.tools.matted import pictures
from answerprint.vision.despilled import despilled, strongest
from answerprint.vision.keyed import bounded, difference, parted
from answerprint.vision.screen import Screen, fitted, found, shadows, shared

if TYPE_CHECKING:
    from answerprint.nets.keying import KeyNet

SAMPLES, WIDE = 12, 320
NAMED = {"green": 1, "blue": 2, "red": 0}
ASTRAY = 0.5
"""How far the tint of a frame may be from the shot's to be its screen."""
SURE = 12.0
"""Times the error that the network expects, which confidence falls to 1/e by."""
WORST = 0.05
"""Share of the frames that the report names for a look."""
CLEAN, MATTES = "clean_plate", ("garbage", "core")


@dataclass(frozen=True)
class Key:
    """Pull a matte off a screen, and the foreground."""

    screen: Annotated[
        Literal["auto", "green", "blue", "red"],
        Pick(help="Colour of the screen; auto finds any, also grey paint and walls of light"),
    ] = "auto"
    despill: Annotated[
        float, Num(0, 1, help="1 takes the screen's light off the foreground", live=True)
    ] = 0.0
    shadows: Annotated[
        bool, Flag(help="Keep shadows on the screen as the layer shadow.A", live=True)
    ] = False


INPUTS = {
    "clean_plate": Input("The screen without the figure, from the same camera position"),
    "garbage": Input("A matte of what must go: rigs, the edge of the screen"),
    "core": Input("A matte of what must stay solid"),
}


@tool("key", "Key", Key, policy="key_matte", inputs=INPUTS)
def key(job: Job, p: Key) -> Plan:
    clip = job.clips["source"]
    solved = job.solved or _solve(job, p)
    from answerprint.nets import keying  # torch is loaded where it is needed

    net, sha256 = keying.shipped("key", job.device)
    maker = _Keyer(job, p, solved, net)
    there = tuple(n for n in clip.frames if n in {*clip.there})
    name = _told_colour(solved["colour"])
    return Plan(
        solved=solved,
        report={"screen": {k: solved[k] for k in ("colour", "share", "tint")}},
        sentence=f"{clip.name} keyed off a {name} screen, {solved['share']:.0%} of the picture.",
        looked_at={"source": tuple(solved["looked_at"])},
        timed=Timed(there, lambda n: (n,), maker.make, also=maker.also, beside=("qc",)),
        pictures=lambda: pictures(job, there),
        warnings=solved["notes"],
        models={"key": sha256},
        frames_as={"kind": "key", "foreground": "foreground", "screen": solved["colour"]},
        afterwards=_doubtful,
    )


# --- the screen ----------------------------------------------------------------------------


def _solve(job: Job, p: Key) -> dict[str, Any]:
    clip = job.clips["source"]
    there = [n for n in clip.frames if n in {*clip.there}]
    numbers = sorted({there[int(i)] for i in np.linspace(0, len(there) - 1, SAMPLES)})
    tints, lights, read = list[np.ndarray](), list[np.ndarray](), list[int]()
    for done, (number, picture) in enumerate(clip.pictures(numbers, WIDE), 1):
        job.events.check()
        if not isinstance(picture, BadInput):
            light, valid = picture
            light[~valid] = 0
            lights.append(light)
            read.append(number)
            tints.append(found(light, NAMED.get(p.screen)))
        job.events.progress("screen", done, len(numbers), f"frame {number}")
    if not lights:
        raise BadInput(
            f"None of the frames of {clip.name} can be read.", "Give frames that have a picture."
        )
    tint = np.median(tints, axis=0)
    screens = [fitted(light, tint) for light in lights]
    at = max(range(len(screens)), key=lambda n: screens[n].share)
    best = screens[at]
    if CLEAN in job.clips:
        best = _placed(job, read[at], lights[at], best)
    elif not best.there:
        of = "" if p.screen == "auto" else f"{p.screen} "
        raise BadInput(
            f"No {of}screen is seen in {clip.name}: what comes nearest is {best.share:.1%} of the "
            "picture.",
            "Look whether the range and the colour of the screen are right. Without a screen, use "
            "matte or difference.",
            about="screen",
        )
    lit = best.field[best.certain > 0.5].mean(axis=0)
    if p.despill:
        strongest(lit)
    strays = max(float(np.abs(each - tint).max()) for each in tints)
    notes = []
    if strays > ASTRAY:
        notes.append("The screen's colour is another in some of the frames: look at those.")
    return {
        "tint": [round(float(v), 4) for v in tint],
        "colour": [round(float(v), 5) for v in lit],
        "share": round(float(np.median([each.share for each in screens])), 4),
        "surface": [[round(float(v), 5) for v in row] for row in shared(screens)],
        "looked_at": numbers,
        "notes": notes,
    }


def _placed(job: Job, number: int, light: np.ndarray, screen: Screen) -> Screen:
    """The screen by its clean plate. BadInput where that is of another place than the light."""
    clip = job.clips[CLEAN]
    given = Given(CLEAN, clip, job.clips["source"])
    plate, _ = clip.picture(given.number(number), WIDE)
    if plate.shape != light.shape:
        return screen  # it covers another window of the same display
    found = fitted(light, screen.tint, plate=plate)
    if not found.there or found.share < screen.share / 4:
        raise BadInput(
            f"The clean plate {clip.name} shows another place: hardly anything of it is seen in "
            f"frame {number} of {job.clips['source'].name}.",
            "Give the one of this camera position, or none: then the screen is fitted.",
            about=CLEAN,
        )
    return found


def _told_colour(lit: Sequence[float]) -> str:
    """Green, blue, red or grey."""
    low, high = np.sort(lit)[-2:]
    if high < 1.15 * low:
        return "grey or mixed"
    return ("red", "green", "blue")[int(np.argmax(lit))]


# --- frames --------------------------------------------------------------------------------


class _Keyer:
    """Makes the frames, each from itself and what was solved of the shot."""

    def __init__(self, job: Job, p: Key, solved: Mapping[str, Any], net: KeyNet) -> None:
        clip = job.clips["source"]
        self._p, self._net, self._device = p, net, job.device
        self._tint = np.array(solved["tint"], np.float32)
        self._surface = np.array(solved["surface"])
        self._given = {n: Given(n, job.clips[n], clip) for n in INPUTS if n in job.clips}

    def also(self, number: int) -> list[str]:
        return [each.sha256(number) for each in self._given.values()]

    def make(self, number: int, layers: Layers) -> Whole:
        frame, picture = layers.frame(number), layers.picture(number)
        part = frame.parts[picture[0]]
        light, valid = layers.light(number)
        mattes = {n: self._given[n].matte(number, part) for n in MATTES if n in self._given}
        plate = self._given[CLEAN].light(number, part) if CLEAN in self._given else None
        screen = self._screen(light, mattes, plate)
        first = difference(light, screen.field)
        from answerprint.nets import keying

        read, error = keying.matte(self._net, light, screen.field, first, self._device)
        alpha = bounded(light, screen.field, read)
        error = np.maximum(error, read - alpha)
        if "garbage" in mattes:
            alpha = alpha * (1 - np.clip(mattes["garbage"], 0, 1))
        if "core" in mattes:
            alpha = np.maximum(alpha, np.clip(mattes["core"], 0, 1))
        found = parted(light, screen.field, alpha)
        straight = found.straight
        if self._p.despill:
            straight = despilled(straight, screen.field, self._p.despill)
        channels = {"A": alpha, "foreground": straight}
        if self._p.shadows:
            channels["shadow.A"] = shadows(light, alpha, screen, plate)
        parts, made = redone(frame, picture, straight * alpha[..., None], channels)
        sure = np.exp(-SURE * error) * valid
        qc = own(frame, {"screen": found.behind, "confidence.Y": sure})
        doubt = round(float(np.sqrt(np.mean(np.square(error)))), 5)
        return Whole(made, qc, {"doubt": doubt}, parts)

    def _screen(
        self, light: np.ndarray, mattes: Mapping[str, np.ndarray], plate: np.ndarray | None
    ) -> Screen:
        usable = None
        for matte in mattes.values():
            free = matte < 0.01
            usable = free if usable is None else usable & free
        if plate is None:
            return fitted(light, self._tint, usable, self._surface)
        return fitted(light, self._tint, usable, np.zeros_like(self._surface), plate)


def _doubtful(told: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """For the report: the frames whose matte the network is least sure of, the worst first."""
    ranked = sorted(told, key=lambda number: (-told[number]["doubt"], number))
    worst = ranked[: max(1, round(WORST * len(ranked)))]
    return {"doubtful": [{"frame": n, "doubt": told[n]["doubt"]} for n in worst]}
