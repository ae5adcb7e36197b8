"""Give a shot handles: frames before its first and after its last.

Frames that were shot come first: those of the clip beyond the range, and those of a show that is
named, where a take of the same reel or name covers them by its timecode. What is left goes on as
the shot did, by the motion of its last frames, with a confidence that falls with every frame.

Convention
    source    a shot: scene-linear or decoded to it by its own word; any size.
    result    the range and its handles, numbered on, in the source's own space and depth. Frames of
              the clip are bit-identical; frames of a take are as they were shot, in the channels
              of the clip; frames that are made say so in their headers (answerprint:made). Nothing
              clamps.
    channels  by their names: light and mattes move, ids and data are never averaged.
    _qc       of frames that are made. mask.Y: 1; confidence.Y: 0..1.

Holds, and tests/tools/test_extend.py pins it:
    what moves evenly moves on, at the head and at the tail;
    the clip's own frames beyond the range are used bit for bit, a take's as they were shot;
    confidence falls from frame to frame; 12 frames a side are the most;
    a shot of one frame, and one that does not say where it ends, are refused in words.

Source: point reflection of the motion of the last frames (`vision/onward.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from answerprint.errors import BadInput, BadParameter
from answerprint.frames.clip import Clip, open_clip
from answerprint.frames.layers import Layers
from answerprint.frames.sequence import ranges
from answerprint.show.propose import real_frames
from answerprint.show.store import open_show
from answerprint.tool import Flag, Names, Num, tool
from answerprint.tools import taken
from answerprint.tools.carried import explained, onward
from answerprint.tools.job import Job, Plan, Timed, Whole
from answerprint.tools.shown import Mark, beside_neighbours, markers
from answerprint.vision import beside
from answerprint.vision.onward import BACK, MOST, Onward
from answerprint.vision.rebuild import Around, as_of

FRAMES = " frames"


@dataclass(frozen=True)
class Extend:
    """Give a shot handles at its head and tail."""

    head: Annotated[int, Num(0, MOST, FRAMES, help="Frames before the first")] = 0
    tail: Annotated[int, Num(0, MOST, FRAMES, help="Frames after the last")] = 0
    show: Annotated[
        tuple[str, ...], Names(help="Folder of a show in which to look for frames that were shot")
    ] = ()
    grain: Annotated[
        bool, Flag(help="Take grain off what is rebuilt, and lay it on anew", live=True)
    ] = True


@tool("extend", "Extend", Extend, policy="retime_fill")
def extend(job: Job, p: Extend) -> Plan:
    clip = job.clips["source"]
    solved = job.solved or _solve(job, p)
    sides = [Side(**each) for each in solved["sides"]]
    handles = {n: side for side in sides for n in side.numbers}
    own = [n for n in clip.frames if n not in set(clip.missing)]
    maker = _Maker(handles, p.grain)
    made = [n for side in sides for n in side.made]
    warnings = list(solved["notes"])
    if clip.missing:
        warnings.append(f"{ranges(clip.missing)} is missing and is not made here: use fill.")
    return Plan(
        solved=solved,
        report={"sides": solved["sides"], "rebuilt": made},
        sentence=_sentence(clip, sides),
        looked_at={"source": tuple(sorted({n for s in sides if not s.path for n in s.rests}))},
        results=[markers([row for side in sides for row in side.marked])],
        timed=Timed(tuple(sorted({*own, *handles})), maker.rests_on, maker.make),
        pictures=lambda: beside_neighbours(
            job, [(s.edge, s.made[-1], s.edge) for s in sides if s.made]
        ),
        warnings=warnings,
    )


@dataclass(frozen=True)
class Side:
    """A head or a tail.

    by          -1 or 1. edge: the shot's first or last frame.
    frames      of the handle.
    path        of the take that has real frames, '' for the clip itself.
    real        its frames, from the edge outwards; the handle's further ones are made.
    digests     of those frames' files, where they are a take's.
    rests       frames, of the same, that the made ones go on from: the outermost first.
    confidence  0..1 of the last that is made.
    """

    by: int
    edge: int
    frames: int
    path: str
    real: Sequence[int]
    digests: Sequence[str]
    rests: Sequence[int]
    confidence: float

    @property
    def numbers(self) -> list[int]:
        """Of the handle, from the edge outwards."""
        return [self.edge + self.by * k for k in range(1, self.frames + 1)]

    @property
    def made(self) -> list[int]:
        return self.numbers[len(self.real) :]

    @property
    def marked(self) -> list[Mark]:
        shot, rows = self.numbers[: len(self.real)], []
        if shot:
            of = f"of {Path(self.path).name}" if self.path else "of the clip itself"
            rows.append(Mark(min(shot), max(shot), "as shot", of))
        if self.made:
            start = self.numbers[len(self.real) - 1] if shot else self.edge
            told = f"carried on from {start}, confidence {self.confidence:.2f}"
            rows.append(Mark(min(self.made), max(self.made), "rebuilt", told))
        return rows


# --- deciding --------------------------------------------------------------------------------


def _solve(job: Job, p: Extend) -> dict[str, Any]:
    clip = job.clips["source"]
    if not (p.head or p.tail):
        raise BadParameter(
            "Extend: head and tail are 0.", "Say how many frames: --head 8, --tail 8.", about="head"
        )
    first, last = clip.frames[0], clip.frames[-1]
    if p.head > first:
        raise BadParameter(
            f"Extend: head is {p.head}, and {clip.name} begins at frame {first}: no frame is "
            "numbered below 0.",
            f"Use --head {first}, or give the shot higher numbers.",
            about="head",
        )
    for number, frames, end in ((first, p.head, "head"), (last, p.tail, "tail")):
        if frames and number in clip.missing:
            raise BadInput(
                f"Frame {number} of {clip.name}, at its {end}, is missing.",
                "Name a range that ends with frames that are there.",
            )
    notes: list[str] = []
    sides = []
    for by, edge, frames in ((-1, first, p.head), (1, last, p.tail)):
        if frames:
            job.events.check()
            sides.append(vars(_side(clip, by, edge, frames, p.show, notes)))
            job.events.progress("measure", len(sides), 2, "head" if by < 0 else "tail")
    return {"sides": sides, "notes": notes}


def _side(
    clip: Clip, by: int, edge: int, frames: int, shows: Sequence[str], notes: list[str]
) -> Side:
    there, path = set(clip.there), ""
    real = list[int]()
    while len(real) < frames and edge + by * (len(real) + 1) in there:
        real.append(edge + by * (len(real) + 1))
    digests = list[str]()
    if len(real) < frames and shows:
        path, real = _of_a_take(clip, by, edge, frames, shows, real, notes)
    if path:
        digests = taken.digests(path, real)
        with open_clip(path) as take:
            rests, sure = _goes_on(take, real[-1], by, frames - len(real))
    else:
        rests, sure = _goes_on(clip, real[-1] if real else edge, by, frames - len(real))
    return Side(by, edge, frames, path, real, digests, rests, sure)


def _goes_on(clip: Clip, start: int, by: int, frames: int) -> tuple[list[int], float]:
    """What frames beyond `start` are made of, and how surely the last of them is."""
    if not frames:
        return [], 1.0
    gone = set(clip.missing)
    rests = beside.same_shot(clip, [n for n in clip.there if n not in gone], start, -by, BACK)
    if len(rests) < 2:
        raise BadInput(
            f"Frame {start} of {clip.name} stands alone: one frame shows no motion to go on with.",
            "Name a range of two frames or more of one shot.",
        )
    return rests, round(beside.onward(clip, rests, frames), 3)


def _of_a_take(
    clip: Clip,
    by: int,
    edge: int,
    frames: int,
    shows: Sequence[str],
    own: list[int],
    notes: list[str],
) -> tuple[str, list[int]]:
    """The take that has most of the wanted frames, and them from the edge outwards; the clip's own
    where no take has more."""
    path, found = "", own
    wanted = (frames, 0) if by < 0 else (0, frames)
    for folder in shows:
        for real in real_frames(open_show(folder), clip, *wanted):
            numbers = list(range(real.first, real.last + 1))[::by]
            if len(numbers) <= len(found):
                continue
            if taken.usable(clip, real, notes):
                path, found = real.path, numbers
    return path, found


# --- making ----------------------------------------------------------------------------------


class _Maker:
    """Makes the frames; keeps what it found of a side for the next frame of it."""

    def __init__(self, handles: Mapping[int, Side], grain: bool) -> None:
        self._handles, self._grain = handles, grain
        self._side: Side | None = None
        self._layers: Layers | None = None
        self._around: Around | None = None
        self._onward: Onward | None = None

    def rests_on(self, number: int) -> tuple[int, ...]:
        side = self._handles.get(number)
        if side is None:
            return (number,)
        if side.path:
            return (side.edge,)
        if number in side.made:
            return tuple(side.rests)
        return (number,)

    def make(self, number: int, layers: Layers) -> Whole | None:
        side = self._handles.get(number)
        if side is None or (number not in side.made and not side.path):
            return None
        if side is not self._side:
            self._take_up(side, layers)
        assert self._layers
        if number not in side.made:
            at = side.numbers.index(number)
            like = layers.frame(side.edge)
            return taken.whole(like, self._layers, side.real[at], side.digests[at])
        if self._onward is None or self._around is None:
            start, rests = side.rests[0], side.rests
            around = Around(self._layers, start, start, start, rests[1], self._grain)
            self._onward, self._around = onward(around, rests), around
        steps = side.made.index(number) + 1
        made = self._around.frame(self._onward.at(steps), number)
        if not side.path:
            return explained(made, self._around, "onward", side.rests)
        lent, own = layers.frame(side.edge), self._layers.frame(side.rests[0])
        made = replace(made, layers=as_of(lent, own, made.layers))
        of = self._layers.clip.name
        return explained(made, self._around, "onward", side.rests, of=of)

    def _take_up(self, side: Side, layers: Layers) -> None:
        if self._side and self._side.path and self._layers:
            self._layers.clip.close()
        self._side, self._around, self._onward = side, None, None
        self._layers = Layers(open_clip(side.path)) if side.path else layers


# --- saying ----------------------------------------------------------------------------------


def _sentence(clip: Clip, sides: Sequence[Side]) -> str:
    words = []
    for side in sides:
        many = f"{side.frames} frame{'s' if side.frames > 1 else ''}"
        said = f"{many} at the {'head' if side.by < 0 else 'tail'}"
        if side.real:
            said += f", {len(side.real)} of them as shot"
        if side.made:
            said += f", the last that is made with a confidence of {side.confidence:.2f}"
        words.append(said)
    return f"{clip.name}: {'; '.join(words)}."
