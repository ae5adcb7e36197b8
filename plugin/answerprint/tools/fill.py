"""Rebuild frames that are missing or spoiled from those around them.

Every missing frame of the range, and every one that is named to be replaced, is made anew from the
nearest frames on both sides: in scene-linear, with all its channels and layers, under grain of its
own. The frames next to those tell how the pace changes. The result is the whole range; frames that
were there are copied. Over a cut nothing is made: say to which of its shots the frames belong, and
they are made of that one alone.

Convention
    source    a shot: scene-linear or decoded to it by its own word; any size.
    result    the range, in the source's own space and depth. Frames that are not rebuilt are
              bit-identical; rebuilt ones say so in their headers (answerprint:made), in the report
              and in markers. Nothing clamps.
    channels  by their names: light and mattes are mixed, depth, normals and vectors only within one
              surface, ids never.
    _qc       mask.Y: 1 where a frame was rebuilt; confidence.Y: 0..1, how surely the motion was
              found, less with every frame between it and the next real one.
    show      a take of the show that has the frames, by reel or name and timecode, goes before what
              can be made: they come from it, in this shot's channels and space, as they were shot.
    windows   of the nearest frame, of the two, whose data window is the larger.

Holds, and tests/tools/test_fill.py pins it:
    what moves evenly comes back, and what slows down is where it was;
    other frames are bit-identical, in any part of the range all frames are the same;
    a highlight of 50 keeps its energy, a spark stays one, and nothing goes below the plate;
    grain is as strong as the neighbours' within a tenth, and its own;
    frames that a take of the show has are taken from it;
    mattes stay mattes, ids stay ids, depth never lies between two surfaces;
    a cut, an end, a frame that cannot be read and a shot of one frame are refused in words.

Source: motion-compensated interpolation from both sides (`vision/between.py`) on a bent way
(`vision/bend.py`); grain by undecimated wavelets (`vision/regrain.py`); cuts as the check finds
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from answerprint.errors import BadInput, BadParameter
from answerprint.frames.clip import Clip, open_clip
from answerprint.frames.layers import Layers
from answerprint.frames.sequence import ranges
from answerprint.show.propose import real_within
from answerprint.show.store import open_show
from answerprint.tool import Flag, Frames, Names, Pick, frame_numbers, tool
from answerprint.tools import taken
from answerprint.tools.carried import explained, onward
from answerprint.tools.job import Job, Plan, Timed, Whole
from answerprint.tools.shown import Mark, beside_neighbours, markers
from answerprint.vision import beside
from answerprint.vision.bend import bent
from answerprint.vision.between import Middle, middle
from answerprint.vision.flow import Quality, motions
from answerprint.vision.onward import BACK, MOST, Onward
from answerprint.vision.rebuild import Around

AROUND = 4
"""Frames on either side, as far apart as those beside the gap, that say what a usual step is."""
FAR = 0.95
"""Confidence of a frame over that of the one next to it, on the way from the last real one."""


@dataclass(frozen=True)
class Fill:
    """Rebuild frames that are missing or spoiled."""

    replace: Annotated[
        str, Frames(help="Rebuild these frames too: they are there, and spoiled")
    ] = ""
    cut: Annotated[
        Literal["refuse", "before", "after"],
        Pick(help="Missing frames at a cut belong to the shot before it, or after it"),
    ] = "refuse"
    show: Annotated[
        tuple[str, ...], Names(help="Folder of a show in which to look for frames that were shot")
    ] = ()
    quality: Annotated[
        Quality, Pick(help="best: truer motion where things pass each other, and slower", live=True)
    ] = "default"
    grain: Annotated[
        bool, Flag(help="Take grain off what is rebuilt, and lay it on anew", live=True)
    ] = True


@tool("fill", "Fill", Fill, policy="retime_fill")
def fill(job: Job, p: Fill) -> Plan:
    clip = job.clips["source"]
    solved = job.solved or _solve(job, p)
    gaps = [Gap(**each) for each in solved["gaps"]]
    if not gaps:
        note = f"Nothing is missing in {ranges(clip.frames)} of {clip.name}."
        return Plan(
            solved=solved,
            report={"gaps": []},
            sentence=note,
            looked_at={},
            results=[{"kind": "note", "text": note}],
        )
    maker = _Maker(gaps, p.grain, p.quality, job.device)
    rebuilt = [n for gap in gaps if not gap.path for n in gap.numbers]
    return Plan(
        solved=solved,
        report={"gaps": solved["gaps"], "rebuilt": rebuilt},
        sentence=_sentence(clip, gaps),
        looked_at={"source": tuple(sorted({n for gap in gaps for n in (*gap.rests, *gap.seen)}))},
        results=[markers([gap.marked for gap in gaps])],
        timed=Timed(clip.frames, maker.rests_on, maker.make),
        pictures=lambda: beside_neighbours(
            job, [(g.ends[0], (g.first + g.last) // 2, g.ends[1]) for g in gaps]
        ),
        warnings=[*solved.get("notes", []), *_warnings(gaps)],
    )


@dataclass(frozen=True)
class Gap:
    """Frames in a row that are rebuilt.

    way         'between' the frames before and after it, or 'before' or 'after': of that side
                alone; 'shot': a take of the show has them, and nothing is made.
    rests       the frames it is made of, the first lends its parts; of those on both sides the
                third and fourth, where there are any, tell how the pace changes.
    seen        further frames that were looked at for the cut.
    confidence  0..1 of its least certain frame, measured small.
    path        of the take that has them, '' where none has. real: the first of its frames.
    digests     of their files.
    """

    first: int
    last: int
    way: Literal["between", "before", "after", "shot"]
    rests: Sequence[int]
    seen: Sequence[int] = field(default=())
    confidence: float = 0.0
    path: str = ""
    real: int = 0
    digests: Sequence[str] = field(default=())

    @property
    def numbers(self) -> range:
        return range(self.first, self.last + 1)

    @property
    def marked(self) -> Mark:
        if self.path:
            return Mark(self.first, self.last, "as shot", f"of {Path(self.path).name}")
        way = f"from {self.ends[0]} and {self.ends[1]}"
        if self.way != "between":
            way = f"carried on from {self.rests[0]}"
        told = f"{way}, confidence {self.confidence:.2f}"
        return Mark(self.first, self.last, "rebuilt", told)

    @property
    def ends(self) -> list[int]:
        """The frames it lies between, or the one it goes on from, twice."""
        return sorted(self.rests[:2]) if self.way == "between" else [self.rests[0]] * 2

    def away(self, number: int) -> int:
        """Frames to the nearest real one that it is made of."""
        if self.way == "between":
            return min(number - self.first, self.last - number) + 1
        return abs(number - self.rests[0])


# --- deciding --------------------------------------------------------------------------------


def _solve(job: Job, p: Fill) -> dict[str, Any]:
    clip = job.clips["source"]
    wanted = {*clip.missing, *_to_replace(clip, p.replace)}
    there = [n for n in clip.there if n not in wanted]
    gaps, notes = list[Gap](), list[str]()
    runs = _runs(sorted(wanted))
    for first, last in runs:
        job.events.check()
        shot = _of_a_take(clip, there, first, last, p.show, notes)
        gaps.append(shot or _gap(clip, there, first, last, p.cut))
        job.events.progress("measure", len(gaps), len(runs), f"frame {first}")
    return {"gaps": [vars(each) for each in gaps], "notes": notes}


def _of_a_take(
    clip: Clip,
    there: Sequence[int],
    first: int,
    last: int,
    shows: Sequence[str],
    notes: list[str],
) -> Gap | None:
    """The frames as a take of the show has them; None where none does."""
    for folder in shows:
        for real in real_within(open_show(folder), clip, first, last):
            if taken.usable(clip, real, notes):
                lender = min(there, key=lambda n: abs(n - first))
                found = taken.digests(real.path, range(real.first, real.last + 1))
                return Gap(first, last, "shot", [lender], (), 1.0, real.path, real.first, found)
    return None


def _to_replace(clip: Clip, asked: str) -> list[int]:
    numbers = frame_numbers(asked)
    for number in numbers:
        if number not in clip.frames:
            raise BadParameter(
                f"replace is {asked}, and frame {number} is not in the range of {clip.name}.",
                f"The range is {ranges(clip.frames)}.",
                about="replace",
            )
    return numbers


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each run without a hole."""
    if not numbers:
        return []
    ends = [n for n, then in pairwise(numbers) if then != n + 1]
    starts = [then for n, then in pairwise(numbers) if then != n + 1]
    return list(zip([numbers[0], *starts], [*ends, numbers[-1]], strict=True))


def _gap(clip: Clip, there: Sequence[int], first: int, last: int, cut: str) -> Gap:
    before = max((n for n in there if n < first), default=None)
    after = min((n for n in there if n > last), default=None)
    if before is None or after is None:
        side = "head" if before is None else "tail"
        lies = "before" if before is None else "after"
        raise BadInput(
            f"Nothing of {clip.name} lies {lies} {_told(first, last)}.",
            f"Leave out that end of the range, and make it with extend --{side} "
            f"{last - first + 1}.",
        )
    step = after - before
    numbers = [
        *(n for k in range(AROUND, 0, -1) if (n := before - k * step) in there),
        *(before, after),
        *(n for k in range(1, AROUND + 1) if (n := after + k * step) in there),
    ]
    pictures = beside.pictures(clip, numbers, (before, after))
    seen = sorted({*pictures} - {before, after})
    if beside.is_cut(pictures, after):
        if cut == "refuse":
            raise BadInput(
                f"There is a cut between frames {before} and {after} of {clip.name}, and "
                f"{_told(first, last)} lies on it.",
                "Say --cut before or --cut after: to which of the two shots it belongs.",
            )
        return _from_one_side(clip, there, first, last, "before" if cut == "before" else "after")
    forward, backward = motions(pictures[before], pictures[after])
    sure = float(np.maximum(forward.sure, backward.sure).mean())
    sure *= FAR ** ((last - first) // 2)
    rests = sorted((before, after), key=lambda n: -beside.area(clip, n))
    if all(
        len(beside.same_shot(clip, there, n, by, 1)) == 2 for n, by in ((before, -1), (after, 1))
    ):
        rests += [before - 1, after + 1]
    return Gap(first, last, "between", rests, seen, round(sure, 3))


def _from_one_side(
    clip: Clip, there: Sequence[int], first: int, last: int, side: Literal["before", "after"]
) -> Gap:
    start = first - 1 if side == "before" else last + 1
    rests = beside.same_shot(clip, there, start, -1 if side == "before" else 1, BACK)
    if len(rests) < 2:
        raise BadInput(
            f"There is one frame {side} the cut at {_told(first, last)}: it shows no motion.",
            "Take the other side, or leave those frames out.",
        )
    if last - first + 1 > MOST:
        raise BadInput(
            f"{last - first + 1} frames are missing at a cut of {clip.name}; from one side "
            f"{MOST} can be made.",
            "Leave them out.",
        )
    sure = beside.onward(clip, rests, last - first + 1)
    return Gap(first, last, side, rests, [], round(sure, 3))


def _told(first: int, last: int) -> str:
    return f"frame {first}" if first == last else f"frames {first}-{last}"


# --- making ----------------------------------------------------------------------------------


class _Maker:
    """Makes the frames; keeps what it found of a gap for the next frame of it."""

    def __init__(self, gaps: Sequence[Gap], grain: bool, quality: Quality, device: str) -> None:
        self._gaps = {n: gap for gap in gaps for n in gap.numbers}
        self._grain, self._quality, self._device = grain, quality, device
        self._gap: Gap | None = None
        self._around: Around | None = None
        self._onward: Onward | None = None
        self._taken: Layers | None = None

    def rests_on(self, number: int) -> tuple[int, ...]:
        if gap := self._gaps.get(number):
            return tuple(gap.rests)
        return (number,)

    def make(self, number: int, layers: Layers) -> Whole | None:
        gap = self._gaps.get(number)
        if gap is None:
            return None
        if gap.path:
            return self._shot(gap, number, layers)
        if gap is not self._gap:
            lender, other = gap.rests[:2]
            self._gap = self._around = self._onward = None  # memory: before the next one is made
            kept = (lender, other, self._grain, self._quality, self._device)
            self._gap, self._around = gap, Around(layers, gap.ends[0], gap.ends[1], *kept)
        around = self._around
        assert around
        faith = FAR ** (gap.away(number) - 1) if gap.way == "between" else 1.0
        made = around.frame(self._found(gap, around, number), number)
        made = replace(made, sure=made.sure * np.float32(faith))
        return explained(made, around, gap.way, gap.rests)

    def _found(self, gap: Gap, around: Around, number: int) -> Middle:
        if gap.way != "between":
            if self._onward is None:
                self._onward = onward(around, gap.rests)
            return self._onward.at(gap.away(number))
        steps = around.second - around.first
        turns = around.turns(*gap.rests[2:]) if gap.rests[2:] else ()
        first, second = (around.light(n)[0] for n in (around.first, around.second))
        t = (number - around.first) / steps
        found = middle(first, second, t, around.motions, self._quality, self._device)
        return bent(found, turns, steps) if turns else found

    def _shot(self, gap: Gap, number: int, layers: Layers) -> Whole:
        """A frame as the show's take has it."""
        if self._taken is None or self._taken.clip.source != gap.path:
            if self._taken:
                self._taken.clip.close()
            self._taken = Layers(open_clip(gap.path))
        at, like = number - gap.first, layers.frame(gap.rests[0])
        return taken.whole(like, self._taken, gap.real + at, gap.digests[at])


# --- saying ----------------------------------------------------------------------------------


def _sentence(clip: Clip, gaps: Sequence[Gap]) -> str:
    said = []
    if shot := [n for gap in gaps if gap.path for n in gap.numbers]:
        said.append(f"{_many(shot)} of {ranges(clip.frames)} as shot ({ranges(shot)})")
    if rebuilt := [n for gap in gaps if not gap.path for n in gap.numbers]:
        least = min(gap.confidence for gap in gaps if not gap.path)
        said.append(
            f"{_many(rebuilt)} of {ranges(clip.frames)} rebuilt ({ranges(rebuilt)}), "
            f"the least sure with a confidence of {least:.2f}"
        )
    return f"{clip.name}: {'; '.join(said)}."


def _many(numbers: Sequence[int]) -> str:
    return f"{len(numbers)} frames" if len(numbers) > 1 else "1 frame"


def _warnings(gaps: Sequence[Gap]) -> list[str]:
    said = []
    for gap in gaps:
        if gap.path:
            continue
        if len(gap.numbers) > MOST:
            said.append(
                f"Frames {gap.first}-{gap.last}: {len(gap.numbers)} in a row are a guess. What "
                "happened between is not known."
            )
        if gap.way != "between":
            said.append(
                f"{_told(gap.first, gap.last).capitalize()} lies on a cut and is made of the shot "
                f"{gap.way} it alone."
            )
    return said
