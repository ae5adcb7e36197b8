"""Play a shot slower, faster, backwards, along a curve, or at another frame rate.

Which moment of the source stands at each frame is worked out exactly, as fractions. Whole moments
are the source's own frames, copied; those between are made of the two around them, with all their
channels. Over a cut nothing is made: the frame on the nearer side stands.

Convention
    source    a shot: scene-linear or decoded to it by its own word; any size.
    timing    one of --speed (with --rate), --curve and --otio; with nothing said it stays.
    result    numbered from the source's first frame; a curve numbers its frames itself. None lies
              before the source's first or after its last moment, unless --ends hold.
    rate      frames per second of the result; its running time stays, and 23.976 is 24000/1001. The
              files say it, and their timecode begins at the source's time and counts at it.
    motion    along the motion between the two frames, under grain of its own; blend: their mean;
              nearest: the frame that is nearer, bit for bit (the earlier one of two).
    blur      where the source runs faster than the result: the mean of the source's frames while a
              shutter is open for that share of a frame of the result. Light and mattes are
              averaged; depth, vectors and ids are those of the nearest frame.
    _qc       mask.Y: 1 where a frame was made; confidence.Y: 0..1, how surely.
    curve     handed back as `retime`: pairs of frame and source, straight between; it stands
              without frames too (--no-write-frames).

Holds, and tests/tools/test_retime.py pins it:
    at speed 1 every frame is the source's, bit for bit; whole moments always are;
    half speed moves by half, backwards is the source from its end;
    24000/1001 to 25 is exact to the last frame of an hour;
    a cut is never mixed; the ends are held only where that is asked for;
    any part of the result gives the same frames.

Source: motion-compensated interpolation from both sides (`vision/between.py`); exact rates as in
`edit/timing.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil, floor
from typing import Annotated, Any, Literal

import numpy as np

from answerprint.edit.timing import Timing, along, at_speed, of_edit
from answerprint.errors import BadInput, BadParameter
from answerprint.frames.channels import kind
from answerprint.frames.clip import Clip
from answerprint.frames.layers import Layers
from answerprint.frames.sequence import ranges
from answerprint.tool import Names, Num, Pick, tool
from answerprint.tools.job import Job, Plan, Timed, Whole
from answerprint.tools.shown import beside_neighbours
from answerprint.vision.between import Middle, middle
from answerprint.vision.boundaries import Boundaries
from answerprint.vision.rebuild import Around

WIDTH = 320
BESIDE = 12
"""Frames before and after those used that tell a cut from a fast pan."""
Rate = Literal["own", "24000/1001", "24", "25", "30000/1001", "30", "48", "50", "60000/1001", "60"]


@dataclass(frozen=True)
class Retime:
    """Play a shot at another speed or frame rate."""

    speed: Annotated[
        float, Num(-1000, 1000, help="0.5 takes twice as long, below 0 runs backwards")
    ] = 1.0
    curve: Annotated[
        tuple[str, ...],
        Names(help="Instead of a speed: frame:source pairs such as 1001:1001,1050:1020.5"),
    ] = ()
    otio: Annotated[
        tuple[str, ...], Names(help="Instead of a speed: an edit that retimes this shot")
    ] = ()
    rate: Annotated[Rate, Pick(help="Frames per second of the result; the running time stays")] = (
        "own"
    )
    source_rate: Annotated[
        Rate, Pick(help="Frames per second of the source, where its files say none or a wrong one")
    ] = "own"
    method: Annotated[
        Literal["motion", "blend", "nearest"],
        Pick(help="How frames between two of the source are made", live=True),
    ] = "motion"
    blur: Annotated[
        float, Num(0, 1, help="Shutter of a speed-up: the share of a frame it is open", live=True)
    ] = 0.0
    ends: Annotated[
        Literal["refuse", "hold"],
        Pick(help="Moments before the first and after the last frame of the source"),
    ] = "refuse"


@tool("retime", "Retime", Retime, policy="retime_fill")
def retime(job: Job, p: Retime) -> Plan:
    clip = job.clips["source"]
    solved = job.solved or _solve(job, p)
    timing = Timing(solved["first"], tuple(map(Fraction, solved["positions"])))
    maker = _Maker(timing, solved["cuts"], p.method, p.blur)
    numbers = range(timing.first, timing.last + 1)
    made = [n for n in numbers if not maker.copied(n)]
    at_cuts = [n for n in numbers if maker.at_cut(n)]
    report = {
        "curve": timing.keys(),
        "frames_of_the_source": len(solved["looked_at"]),
        "made_anew": ranges(made) if made else "",
        "held": ranges(solved["held"]) if solved["held"] else "",
        "beside_cuts": ranges(at_cuts) if at_cuts else "",
        "cuts": solved["cuts"],
    }
    copies = len(timing.positions) - len(made)
    return Plan(
        solved=solved,
        report=report,
        sentence=f"{clip.name}: {len(timing.positions)} frames, {timing.first} to {timing.last}; "
        f"{copies} are the source's own, {len(made)} are made ({p.method}).",
        looked_at={"source": tuple(solved["looked_at"])},
        results=[{"kind": "retime", "curve": timing.keys()}],
        timed=Timed(
            tuple(numbers),
            maker.rests_on,
            maker.make,
            None if p.rate == "own" else Fraction(p.rate),
        ),
        pictures=lambda: beside_neighbours(job, _shown(maker, made)),
        warnings=_warnings(solved["held"], at_cuts),
    )


# --- deciding ------------------------------------------------------------------------------


def _solve(job: Job, p: Retime) -> dict[str, Any]:
    clip = job.clips["source"]
    asked = _timing(clip, p)
    low, high = clip.frames[0], clip.frames[-1]
    outside = asked.outside(low, high)
    if outside and p.ends == "refuse":
        raise BadParameter(
            f"Frames {ranges(outside)} of the retime show moments that {clip.name} does not have "
            f"({low} to {high}).",
            "Choose --ends hold, or another curve.",
            about="ends",
        )
    timing = asked.held(low, high)
    used = sorted({n for p in timing.positions for n in (floor(p), ceil(p))})
    near = [n for n in clip.there if used[0] - BESIDE <= n <= used[-1] + BESIDE]
    seen, cuts = _cuts(job, near)
    return {
        "first": timing.first,
        "positions": [str(p) for p in timing.positions],
        "held": list(outside),
        "cuts": cuts,
        "looked_at": seen,
    }


def _timing(clip: Clip, p: Retime) -> Timing:
    low, high = clip.frames[0], clip.frames[-1]
    given = [name for name in ("curve", "otio") if getattr(p, name)]
    other = [name for name, usual in (("speed", 1.0), ("rate", "own")) if getattr(p, name) != usual]
    if len(given) > 1 or (given and other):
        raise BadParameter(
            f"{given[0]} and {[*given[1:], *other][0]} are both given.",
            "Give one of --speed (with --rate), --curve and --otio.",
            about=given[0],
        )
    if p.curve:
        return along(p.curve)
    if p.otio:
        if len(p.otio) > 1:
            raise BadParameter("otio names two files.", "Name one edit.", about="otio")
        return of_edit(p.otio[0], _path(clip), clip.name, low, high)
    return at_speed(low, high, Fraction(str(p.speed)), _rates(clip, p))


def _rates(clip: Clip, p: Retime) -> Fraction:
    """Frames per second of the source over those of the result."""
    if p.rate == "own":
        return Fraction(1)
    if p.source_rate == "own" and clip.rate is None:
        raise BadInput(
            f"Nothing says how many frames per second {clip.name} has.",
            "Say it with --source-rate.",
            about="source_rate",
        )
    mine = clip.rate if p.source_rate == "own" else Fraction(p.source_rate)
    assert mine is not None
    return mine / Fraction(p.rate)


def _path(clip: Clip) -> str:
    with clip.open(next(n for n in clip.frames if n not in clip.missing)) as frame:
        return str(getattr(frame, "path", clip.source))


def _cuts(job: Job, numbers: Sequence[int]) -> tuple[list[int], list[int]]:
    """The frames that were looked at, and those at which another shot begins."""
    clip, shots = job.clips["source"], Boundaries()
    seen: list[int] = []
    with closing(clip.pictures(numbers, WIDTH)) as pictures:
        for done, (number, picture) in enumerate(pictures, 1):
            job.events.check()
            if not isinstance(picture, BadInput):
                shots.see(picture[0])
                seen.append(number)
            job.events.progress("measure", done, len(numbers), f"frame {number}")
    if not seen:  # no picture in any: the frames that are whole moments are copied all the same
        return [], []
    found = [seen[each.frame] for each in shots.told() if each.kind == "cut"]
    return seen, [n for n in found if n > seen[0]]


# --- making --------------------------------------------------------------------------------


class _Maker:
    """Makes the frames; keeps the motion of a pair for the next frame between them."""

    def __init__(self, timing: Timing, cuts: Sequence[int], method: str, blur: float) -> None:
        self._timing, self._cuts, self._method = timing, set(cuts), method
        self._blur = Fraction(str(blur))
        self._around: Around | None = None

    def place(self, number: int) -> Fraction:
        """The moment of the source that is shown: the whole one, where a whole one is taken."""
        at = self._timing.positions[number - self._timing.first]
        if self._method == "nearest" or self._cut_in(at):
            return Fraction(ceil(at - Fraction(1, 2)))
        return at

    def at_cut(self, number: int) -> bool:
        return self._cut_in(self._timing.positions[number - self._timing.first])

    def copied(self, number: int) -> bool:
        return len(self.rests_on(number)) == 1

    def rests_on(self, number: int) -> tuple[int, ...]:
        if shares := self._open(number):
            return tuple(sorted(shares, key=lambda n: (abs(n - self.place(number)), n)))
        at = self.place(number)
        low, high = floor(at), ceil(at)
        if low == high:
            return (low,)
        return (low, high) if at - low <= high - at else (high, low)

    def make(self, number: int, layers: Layers) -> Whole | None:
        rests = self.rests_on(number)
        if len(rests) == 1:
            return None
        if shares := self._open(number):
            return _mean(rests, shares, layers)
        low, high = sorted(rests)
        around = self._around
        if around is None or (around.first, around.second, around.lender) != (low, high, rests[0]):
            kept = around if around and (around.first, around.second) == (low, high) else None
            around = Around(layers, low, high, rests[0])
            if kept:  # the same pair, and another lender
                around.motions, around.grain = kept.motions, kept.grain
            self._around = around
        t = float(self.place(number) - low)
        if self._method == "blend":
            found = _mixed(around, t)
        else:
            first, second = (around.light(n)[0] for n in (low, high))
            found = middle(first, second, t, around.motions)
        made = around.frame(found, number)
        told = {
            "retimed": self._method,
            "from": [low, high],
            "at": str(self.place(number)),
            "confidence": round(float(made.sure.mean()), 3),
        }
        qc = {"mask.Y": np.ones_like(made.sure), "confidence.Y": made.sure}
        return Whole(made.layers, qc, told)

    def _cut_in(self, at: Fraction) -> bool:
        return floor(at) != ceil(at) and ceil(at) in self._cuts

    def _open(self, number: int) -> dict[int, float]:
        """Frames of the source while the shutter is open, and their shares; {} for one alone."""
        wide = self._blur * self._timing.pace(number)
        if wide <= 1:
            return {}
        at = self.place(number)
        nearest = ceil(at - Fraction(1, 2))
        low = max([n for n in self._cuts if n <= nearest], default=None)
        high = min([n for n in self._cuts if n > nearest], default=None)
        half = Fraction(1, 2)
        shares: dict[int, float] = {}
        first, last = self._reach
        for n in range(floor(at - wide / 2), ceil(at + wide / 2) + 1):
            over = min(n + half, at + wide / 2) - max(n - half, at - wide / 2)
            inside = (low is None or n >= low) and (high is None or n < high)
            if over > 0 and inside and first <= n <= last:
                shares[n] = float(over)
        whole = sum(shares.values())
        return {n: share / whole for n, share in shares.items()} if len(shares) > 1 else {}

    @cached_property
    def _reach(self) -> tuple[int, int]:
        return floor(min(self._timing.positions)), ceil(max(self._timing.positions))


def _mixed(around: Around, t: float) -> Middle:
    """Both frames where they are, the second with the share t."""
    size = (around.canvas.height, around.canvas.width)
    still = np.zeros((*size, 2), np.float32)
    weight = np.full(size, t, np.float32)
    forward, backward = around.motions
    sure = np.minimum(forward.sure, backward.sure)
    return Middle(still, still, weight, sure, t)


def _mean(rests: Sequence[int], shares: dict[int, float], layers: Layers) -> Whole:
    """The mean of frames: of light and mattes; other channels are those of the nearest."""
    lent = layers.frame(rests[0])
    made = [layer.astype(np.float64) for layer in lent.layers]
    for index, part in enumerate(lent.parts):
        mixed = [at for at, name in enumerate(part.channels) if kind(name) in ("light", "matte")]
        total = np.zeros((*made[index].shape[:2], len(mixed)))
        for number, share in shares.items():
            other = layers.frame(number)
            theirs = other.parts[index] if index < len(other.parts) else None
            if theirs is None or (theirs.data, theirs.channels) != (part.data, part.channels):
                raise BadInput(
                    f"Frame {number} has other windows or channels than frame {rests[0]}.",
                    "Retime it without --blur.",
                )
            total += share * other.layers[index][..., mixed].astype(np.float64)
        made[index][..., mixed] = total
    told = {"retimed": "blur", "from": sorted(shares)}
    return Whole([np.asarray(layer, np.float32) for layer in made], {}, told)


# --- saying --------------------------------------------------------------------------------


def _shown(maker: _Maker, made: Sequence[int]) -> list[tuple[int, int, int]]:
    middle_of = [made[len(made) // 2]] if made else []
    return [(min(r), n, max(r)) for n in middle_of if (r := maker.rests_on(n))]


def _warnings(held: Sequence[int], at_cuts: Sequence[int]) -> list[str]:
    said = []
    if held:
        said.append(f"Held at an end of the source: frames {ranges(held)}.")
    if at_cuts:
        said.append(
            f"Frames {ranges(at_cuts)} fall into a cut of the source: the nearer side stands."
        )
    return said
