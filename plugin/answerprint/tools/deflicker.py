"""Hold the light of a shot still where it flickers.

A meter tells three kinds of flicker apart: of the whole picture, of its regions, and of bands that
roll through its rows. Each frame is compared with those before it on the surfaces that they share,
laid onto one another along their motion; what is hidden or moved on its own takes no part. The fast
swings are taken out as smooth gains; ramps, switches of light, single flashes and cuts stay.

Convention
    source    a shot: scene-linear, or decoded to it by its own word; any size. Frames whose
              picture is of another size than the one before begin a new stretch.
    result    R, G, B of every view times 2 ** stops, in the source's own linear primaries, space
              and depth; other channels bit-identical. Nothing clamps: zero and negatives pass.
    gains     for each frame and channel, over the whole picture ('global'), 9 x 16 regions
              ('local') or 48 rows ('bands'), smooth between; measured on pictures 320 wide.
    strength  scales the stops; 0 is the plate, bit for bit.
    meter     stops, rms over frames, R, G, B. 'after' is measured on the corrected pictures of at
              most 120 frames in a row.
    solved    every frame's gains: any part of the range gives the same frames.

Holds, and tests/tools/test_deflicker.py pins it:
    a shot that does not flicker is left alone, bit for bit, and it says so;
    flicker of the whole, of regions and of rows goes, each told apart;
    ramps, switches of light, flashes and cuts stay;
    a stop brighter in is a stop brighter out;
    highlights of 60 and shadows of -0.05 come out unclamped;
    any part of the range gives the same frames.

Source: aligned log-ratios, least squares and penalised smoothing: `vision/swings.py`,
`vision/steady.py`, `vision/flickering.py` name theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from answerprint.errors import BadInput
from answerprint.frames import colour, plot
from answerprint.frames.clip import Clip
from answerprint.frames.frame import Part
from answerprint.frames.grade import LARGEST_HALF, Grade
from answerprint.frames.layers import Layers
from answerprint.frames.text import write_text
from answerprint.frames.view import png
from answerprint.tool import Num, Pick, tool
from answerprint.tools.job import Job, Picture, Plan, Rows, Timed, Whole
from answerprint.vision import flickering
from answerprint.vision.boundaries import Boundaries
from answerprint.vision.flickering import BANDS, REGIONS, WHOLE, Found
from answerprint.vision.swings import Swings

WIDTH = 320
AGAIN = 120
"""Frames that are measured once more, corrected."""
LEAST = 3
"""Frames without which there is nothing to compare."""


@dataclass(frozen=True)
class Deflicker:
    """Hold the light of a shot still where it flickers."""

    scope: Annotated[
        Literal["auto", "global", "local", "bands"],
        Pick(help="What is corrected; auto the least that is enough, and nothing where none is"),
    ] = "auto"
    strength: Annotated[
        float, Num(0, 1, help="0 leaves the shot alone, 1 takes all flicker out", live=True)
    ] = 1.0
    keep: Annotated[
        float,
        Num(
            4,
            240,
            " frames",
            help="Changes that take longer than this stay; raise it for bands that roll slowly",
        ),
    ] = 8.0


@tool("deflicker", "Deflicker", Deflicker, policy="deflicker_stabilize_lens")
def deflicker(job: Job, p: Deflicker) -> Plan:
    solved = job.solved or _solve(job, p)
    gains = _Gains(solved, p.strength)
    clip = job.clips["source"]
    report = _report(solved, p.strength)
    sides = [_table(job, solved, p.strength)] if solved["scope"] != "none" else []
    whole = solved["scope"] in ("none", "global")
    sentence = _sentence(clip.name, solved, report)
    return Plan(
        solved=solved,
        report=report,
        sentence=sentence,
        looked_at={"source": tuple(solved["numbers"])},
        results=[{"kind": "note", "text": sentence}] if solved["scope"] == "none" else [],
        files=sides,
        pixels=_pixels(gains) if whole else None,
        told=partial(_told, gains, solved["scope"]),
        timed=None if whole else _timed(clip, gains, solved["scope"]),
        pictures=lambda: _pictures(job, solved, p.strength),
        warnings=list(solved["notes"]),
    )


# --- measuring -----------------------------------------------------------------------------


def _solve(job: Job, p: Deflicker) -> dict[str, Any]:
    clip = job.clips["source"]
    gone = set(clip.missing)
    numbers = [n for n in clip.frames if n not in gone]
    seen, cuts, notes = _see(job, numbers, "measure")
    there, steps = seen
    first = numbers[0]
    if len(there) < LEAST:
        raise BadInput(
            f"{clip.name} has {len(there)} readable frames in this range.",
            f"Flicker is seen on {LEAST} frames and more. Name a longer range.",
        )
    found = flickering.found(steps, there, cuts, p.keep, p.scope)
    notes += _notes(found, first)
    solved = {
        "scope": found.scope,
        "numbers": [first + at for at in there],
        "cells": list(found.cells),
        "gains": [_rounded(found.gains[at]) for at in there],
        "course": [_rounded(found.course[at]) for at in there],
        "slow": [_rounded(found.slow[at]) for at in there],
        "parts": [_rounded(found.parts[at]) for at in there],
        "meter": flickering.as_json(found.rms),
        "after": None,
        "flashes": [first + at for at in found.flashes],
        "switches": [first + at for at in found.switches],
        "cuts": [first + at for at in cuts],
        "notes": notes,
    }
    if found.scope != "none":
        solved["after"] = _after(job, solved, cuts, p)
    return solved


def _see(
    job: Job,
    numbers: Sequence[int],
    phase: str,
    gains: _Gains | None = None,
) -> tuple[tuple[list[int], list[Any]], list[int], list[str]]:
    """The `at`s that could be read, the steps between them, where shots begin, and notes."""
    clip, first = job.clips["source"], numbers[0]
    swings, shots = Swings([WHOLE, REGIONS, BANDS]), Boundaries()
    twin = colour.linear_twin(clip.space)
    there: list[int] = []
    notes: list[str] = []
    for done, (number, picture) in enumerate(_read(clip, numbers), 1):
        job.events.check()
        if isinstance(picture, BadInput):
            if number == numbers[-1] and not there:
                raise picture  # it speaks for all
            notes.append(f"Not measured: frame {number}. {picture.title}")
        else:
            light, valid = picture
            shots.see(light)
            own = colour.from_acescg(light, twin)
            if gains is not None:
                own *= np.exp2(gains.field(number, own.shape[:2]))
            swings.see(number - first, own, valid)
            there.append(number - first)
        job.events.progress(phase, done, len(numbers), f"frame {number}")
    cuts = [there[each.frame] for each in shots.told() if 0 < each.frame < len(there)]
    return (there, swings.steps), cuts, notes


def _read(
    clip: Clip, numbers: Sequence[int]
) -> Iterator[tuple[int, tuple[np.ndarray, np.ndarray] | BadInput]]:
    with closing(clip.pictures(numbers, WIDTH)) as pictures:
        yield from pictures


def _after(job: Job, solved: dict[str, Any], cuts: list[int], p: Deflicker) -> dict[str, Any]:
    """The meter on the corrected pictures: the middle frames of the range."""
    numbers = solved["numbers"]
    begin = max(0, (len(numbers) - AGAIN) // 2)
    some = numbers[begin : begin + AGAIN]
    (there, steps), _, _ = _see(job, some, "measure again", _Gains(solved, 1.0))
    shift = some[0] - numbers[0]
    within = [at - shift for at in cuts if at - shift in there[1:]]
    found = flickering.found(steps, there, within, p.keep, solved["scope"])
    return {
        "numbers": [some[0] + at for at in there],
        "course": [_rounded(found.course[at]) for at in there],
        "slow": [_rounded(found.slow[at]) for at in there],
        "parts": [_rounded(found.parts[at]) for at in there],
        "meter": flickering.as_json(found.rms),
    }


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(v), 4) for v in values.reshape(-1)]


def _notes(found: Found, first: int) -> list[str]:
    notes = []
    if found.flashes:
        told = ", ".join(str(first + at) for at in found.flashes)
        notes.append(f"Single flashes are left as they are: {told}.")
    if found.switches:
        told = ", ".join(str(first + at) for at in found.switches)
        notes.append(f"The light is switched, and stays so from: {told}.")
    if found.short:
        told = ", ".join(str(first + at) for at in found.short)
        notes.append(
            f"Too short to tell flicker from a change, and left as they are: the shots from {told}."
        )
    return notes


# --- what comes of it ----------------------------------------------------------------------


class _Gains:
    """Stops of each frame at a strength; frames that were not measured have none."""

    def __init__(self, solved: dict[str, Any], strength: float) -> None:
        rows, columns = solved["cells"]
        stops = np.array(solved["gains"], np.float32) * np.float32(strength)
        each = stops.reshape(-1, rows, columns, 3)
        self.whole = (rows, columns) == WHOLE
        self._of = dict(zip(solved["numbers"], each, strict=True))

    def of(self, number: int) -> np.ndarray | None:
        """(rows, columns, 3), None where nothing is to be done."""
        found = self._of.get(number)
        return found if found is not None and found.any() else None

    def field(self, number: int, size: tuple[int, int]) -> np.ndarray:
        found = self.of(number)
        found = np.zeros((*WHOLE, 3), np.float32) if found is None else found
        return flickering.field(found, size)


def _pixels(gains: _Gains) -> Callable[[int, colour.Space, colour.Space], Rows | None]:
    def pixels(number: int, here: colour.Space, there: colour.Space) -> Rows | None:
        stops = gains.of(number)
        if stops is None:
            return None if here == there else Grade().pixels(here, there)
        factor = np.exp2(stops.reshape(3))

        def rows(rgb: np.ndarray) -> tuple[np.ndarray, int]:
            return _gained(rgb, factor, here, there)

        return rows

    return pixels


def _gained(
    rgb: np.ndarray, factor: np.ndarray, here: colour.Space, there: colour.Space
) -> tuple[np.ndarray, int]:
    """Pixels times a factor in linear light, in `there`; how many values had to be held."""
    linear = colour.linear_twin(there)
    values, held = _moved(rgb.astype(np.float32), here, linear)
    values = values * factor
    values, more = _moved(values, linear, there)
    if rgb.dtype != np.float16:
        return values, held + more
    over = np.isfinite(values) & (np.abs(values) > LARGEST_HALF)
    values = np.where(over, np.copysign(np.float32(LARGEST_HALF), values), values)
    return values.astype(np.float16), held + more + int(over.sum())


def _moved(rgb: np.ndarray, here: colour.Space, there: colour.Space) -> tuple[np.ndarray, int]:
    same = here == there or (here.matrix is not None and here.matrix == there.matrix)
    return (rgb, 0) if same else Grade().pixels(here, there)(rgb)


def _told(gains: _Gains, scope: str, number: int) -> dict[str, Any]:
    return {} if gains.of(number) is None else {"deflickered": scope}


def _timed(clip: Clip, gains: _Gains, scope: str) -> Timed:
    def make(number: int, layers: Layers) -> Whole | None:
        if gains.of(number) is None:
            return None
        frame = layers.frame(number)
        made = []
        for part, layer in zip(frame.parts, frame.layers, strict=True):
            result = layer
            if part.colour:
                result = layer.astype(np.float32)  # whoever writes it as half counts what is held
                factor = np.exp2(_over(part, gains, number))
                for view in part.colour:
                    rgb = result[..., list(view)]
                    result[..., list(view)] = _gained(rgb, factor, frame.space, frame.space)[0]
            made.append(result)
        return Whole(made, told=_told(gains, scope, number))

    return Timed(clip.frames, lambda number: (number,), make)


def _over(part: Part, gains: _Gains, number: int) -> np.ndarray:
    """Stops over a part's data window; beyond the display, which was measured, as at its edge."""
    data, display = part.data, part.display
    left, top = max(0, display.x - data.x), max(0, display.y - data.y)
    right = min(data.width, display.x + display.width - data.x)
    bottom = min(data.height, display.y + display.height - data.y)
    if right <= left or bottom <= top:
        return gains.field(number, (data.height, data.width))
    inside = gains.field(number, (bottom - top, right - left))
    around = ((top, data.height - bottom), (left, data.width - right), (0, 0))
    return np.pad(inside, around, mode="edge")


# --- what is told of it --------------------------------------------------------------------


def _at(solved: dict[str, Any], strength: float, name: str) -> np.ndarray | None:
    """Swings (frames, places) at a strength: from untouched to the corrected ones, straight."""
    after = solved["after"]
    if after is None:
        return None
    rows = [solved["numbers"].index(n) for n in after["numbers"]]
    before, corrected = np.array(solved[name])[rows], np.array(after[name])
    if name == "course":
        before = before - np.array(solved["slow"])[rows]
        corrected = corrected - np.array(after["slow"])
    mixed: np.ndarray = before * (1 - strength) + corrected * strength
    return mixed


def _report(solved: dict[str, Any], strength: float) -> dict[str, Any]:
    after = solved["after"]
    left = None
    if after is not None:  # the swings shrink with the strength, and their rms does
        pairs = {name: (each, after["meter"][name]) for name, each in solved["meter"].items()}
        left = {name: _between(*pair, strength) for name, pair in pairs.items()}
    return {
        "verdict": "steady" if solved["scope"] == "none" else "deflickered",
        "scope": solved["scope"],
        "unit": "stop",
        "flicker": {"before": solved["meter"], "after": left},
        "flashes": solved["flashes"],
        "switches": solved["switches"],
        "cuts": solved["cuts"],
    }


def _between(one: dict[str, Any], other: dict[str, Any], share: float) -> dict[str, Any]:
    """A meter's row between two."""
    three = [a + (b - a) * share for a, b in zip(one["rgb"], other["rgb"], strict=True)]
    rms = one["rms"] + (other["rms"] - one["rms"]) * share
    return {"rgb": [round(v, 4) for v in three], "rms": round(rms, 4)}


_WHERE = {
    "global": ("whole", "as a whole"),
    "local": ("regions", "in regions"),
    "bands": ("bands", "in rolling bands"),
}


def _sentence(name: str, solved: dict[str, Any], report: dict[str, Any]) -> str:
    if solved["scope"] == "none":
        swing = max(each["rms"] for each in report["flicker"]["before"].values())
        return f"{name} does not flicker ({swing:.3f} stops at most): it is left as it is."
    key, where = _WHERE[solved["scope"]]
    before, after = (report["flicker"][side][key]["rms"] for side in ("before", "after"))
    return f"{name} flickers {where} by {before:.3f} stops; {after:.3f} are left."


def _in_words(solved: dict[str, Any], strength: float) -> str:
    told = _report(solved, strength)["flicker"]
    rows = []
    for name, before in told["before"].items():
        r, g, b = before["rgb"]
        after = f" to {told['after'][name]['rms']:.3f}" if told["after"] else ""
        rows.append(f"{name} {before['rms']:.3f}{after} (R {r:.3f}, G {g:.3f}, B {b:.3f})")
    return f"Stops: {'; '.join(rows)}."


def _table(job: Job, solved: dict[str, Any], strength: float) -> Path:
    """Stops of each frame for other programs; of regions and bands their mean."""
    rows, columns = solved["cells"]
    gains = np.array(solved["gains"]).reshape(-1, rows * columns, 3).mean(axis=1) * strength
    lines = ["frame,red,green,blue"]
    for number, each in zip(solved["numbers"], gains, strict=True):
        lines.append(",".join([str(number), *(f"{v:.4f}" for v in each)]))
    path = job.out / f"{job.name}.gains.csv"
    write_text(path, "\n".join(lines) + "\n")
    return path


def _pictures(job: Job, solved: dict[str, Any], strength: float) -> list[Picture]:
    numbers = np.array(solved["numbers"], float)
    course, calm = (np.array(solved[name]).mean(axis=1) for name in ("course", "slow"))
    drawn: list[plot.Line] = [(numbers, calm, plot.SLOW), (numbers, course, plot.BEFORE)]
    caption = "The light in stops over the frames: as it is (orange), and its slow course (grey)."
    left = _at(solved, strength, "course")
    if left is not None:
        some = np.array(solved["after"]["numbers"], float)
        slow = np.interp(some, numbers, calm)
        drawn.append((some, slow + left.mean(axis=1), plot.AFTER))
        caption = caption.replace("(grey).", "(grey); measured on the result (green).")
    made = [("course.png", plot.lines(drawn), caption)]
    caption = f"{caption} {_in_words(solved, strength)}"
    parts = np.array(solved["parts"])
    scale = max(0.05, 3 * float(parts.std()))
    what = "rows" if solved["scope"] == "bands" else "regions"
    if solved["scope"] in ("local", "bands"):
        told = f"What {what} swing by beside the whole, a column for each frame, to {scale:.2f}"
        made.append(("before.png", plot.over_frames(parts, scale), f"{told} stops: as it is."))
        rest = _at(solved, strength, "parts")
        if rest is not None:
            after = plot.over_frames(rest, scale)
            made.append(("after.png", after, f"{told} stops: the result."))
    folder = job.out / "report"
    folder.mkdir(exist_ok=True)
    pictures = []
    for name, code, said in made:
        path = folder / f"{job.name}_{name}"
        png(str(path), code)
        pictures.append(Picture(path, said))
    return pictures
