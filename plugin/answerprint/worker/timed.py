"""Write the frames of a tool that works in time: made of several, or at numbers of their own.

They are made one after the other, in the order of their numbers, and written beside it. Frames
that exist already and carry the same recipe and the same sources are left alone. What explains
a frame goes into `<name>_qc.%04d.exr` beside it, and what else a tool makes of it into
`<name>_<what>.%04d.exr`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.errors import BadInput
from answerprint.events import Events
from answerprint.frames.channels import kind
from answerprint.frames.clip import Clip
from answerprint.frames.frame import Part
from answerprint.frames.gradefiles import frames_of
from answerprint.frames.layers import Decoded, Layers
from answerprint.frames.still import Metadata, open_still
from answerprint.frames.timecode import FASTEST, advanced, packed
from answerprint.frames.writer import FrameWriter, reclaim
from answerprint.tools.job import Channels, Timed, Whole
from answerprint.worker.render import TOLD as TOLD
from answerprint.worker.render import (
    Made,
    One,
    check_space,
    collect,
    failed,
    frame_path,
    how,
    is_there,
    rows_of_a_strip,
    sha256_of,
)

QC = "answerprint:qc"
"""Attribute of a frame that another explains: the name of that file."""
CODE = "smpte:TimeCode"
WRITERS = 2
"""Frames that wait for the disk while the next is made: a 4K one takes 70 to 140 MB."""


@dataclass(frozen=True)
class Ordered:
    """What the frames are made for: see `render.render`.

    part   the result's numbers to make; None: all.
    """

    out: Path
    name: str
    header: Callable[[str], Mapping[str, str]]
    expected: Mapping[int, str]
    counted: Mapping[str, Sequence[int]]
    part: frozenset[int] | None = None


def render_timed(clip: Clip, timed: Timed, asked: Ordered, events: Events) -> Made:
    """Make the frames of a plan that works in time.

    A frame whose sources cannot be read fails with its number, and the others go on. Raises
    CannotWrite, Cancelled as `render.render` does.
    """
    made, layers, clock = Made(), Layers(clip), _Clock(clip, timed)
    numbers = [n for n in timed.numbers if asked.part is None or n in asked.part]
    reclaim(str(asked.out))
    gone = sum(not frame_path(asked.out, asked.name, n).exists() for n in numbers)
    check_space(clip, asked.out, gone)
    running: dict[Future[One], int] = {}
    with ThreadPoolExecutor(WRITERS, thread_name_prefix="write") as pool:
        for number in numbers:
            events.check()
            try:
                rests = timed.rests_on(number)
                source = _source(clip, rests, timed.also(number))
                _as_before(clip, asked, number, source)
                header = asked.header(source)
                if there := _kept(clip, timed, number, source, header, asked):
                    running[pool.submit(_same, there)] = number
                else:  # no name holds the frame while the next one is made
                    write = partial(_made, timed, number, layers, clock, asked, header, source)
                    running[pool.submit(write())] = number
            except BadInput as refused:
                failed(number, refused, made, len(numbers), events)
                continue
            while len(running) > WRITERS:
                collect(running, made, len(numbers), events)
        while running:
            collect(running, made, len(numbers), events)
    made.written.sort()
    made.kept.sort()
    return made


def _made(
    timed: Timed,
    number: int,
    layers: Layers,
    clock: _Clock,
    asked: Ordered,
    header: Mapping[str, str],
    source: str,
) -> Callable[[], One]:
    """What writes the frame, which is made now."""
    whole = timed.make(number, layers)
    lender = timed.rests_on(number)[0]
    lent = layers.frame(lender)
    whole = whole or Whole(lent.layers)
    parts = tuple(clock.part(part, number, lender) for part in whole.parts or lent.parts)
    place = partial(_place, asked, number)
    return _Write(place, replace(lent, parts=parts), whole, header, source)


def _same(one: One) -> One:
    return one


def _place(asked: Ordered, number: int, beside: str = "") -> Path:
    return frame_path(asked.out, f"{asked.name}_{beside}" if beside else asked.name, number)


def _source(clip: Clip, rests: Sequence[int], also: Sequence[str]) -> str:
    """One hash for all frames that a result is made of; of a single one it is its own."""
    hashes = [*(clip.sha256(n) for n in rests), *also]
    if len(hashes) == 1:
        return hashes[0]
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()


def _as_before(clip: Clip, asked: Ordered, number: int, source: str) -> None:
    if asked.expected.get(number, source) != source:
        raise BadInput(
            f"What frame {number} of {clip.name} is made of is not what the recipe was made from.",
            "Bring those frames back, or run the tool anew.",
        )


def _kept(
    clip: Clip,
    timed: Timed,
    number: int,
    source: str,
    header: Mapping[str, str],
    asked: Ordered,
) -> One | None:
    """The frame that is there already, where the same recipe made it of the same frames."""
    path = _place(asked, number)
    if not is_there(path, header):
        return None
    with open_still(str(path)) as still:
        told, explained = (still.parts[0].metadata.get(name) for name in (TOLD, QC))
    beside = {*timed.beside, *(("qc",) if explained else ())}
    if not all(is_there(_place(asked, number, each), header) for each in beside):
        return None
    with clip.open(timed.rests_on(number)[0]) as frame:
        space = clip.result_space(frame).name
    result = sha256_of(path)
    spoiled, held = asked.counted.get(result, (0, 0))
    said = json.loads(told) if told else None
    return One(True, source, result, space, spoiled, held, (), said)


@dataclass(frozen=True)
class _Clock:
    """Timecode and rate of frames at numbers that the source has otherwise, or not at all.

    A frame carries the timecode of the one that lends its parts, so many frames on. At a rate of
    its own the result begins at the time its first frame has there, and counts on at its rate.
    Where nothing says the rate, or none is counted at it, a frame that moved has no timecode.
    """

    clip: Clip
    timed: Timed

    def part(self, part: Part, number: int, lender: int) -> Part:
        metadata = part.metadata
        if not isinstance(metadata, Metadata):
            return part
        rate = self.timed.rate
        if rate:
            speed = (rate.numerator, rate.denominator)
            metadata = metadata.with_("framesPerSecond", speed, "rational")
        said = metadata.get(CODE)
        if said and (rate or number != lender):
            rest = metadata.only(n for n in metadata if n != CODE)
            word = self._counted(number) if rate else self._moved(int(said[0]), number - lender)
            words = (word, *(int(v) for v in said[1:]))
            metadata = rest if word is None else rest.with_(CODE, words, "timecode")
        return replace(part, metadata=metadata)

    def _moved(self, word: int, frames: int) -> int | None:
        rate = self.clip.rate
        return None if rate is None or rate > FASTEST else advanced(word, frames, rate)

    def _counted(self, number: int) -> int | None:
        here, there = self.clip.rate, self.timed.rate
        if self._first is None or here is None or there is None or max(here, there) > FASTEST:
            return None
        count, drop = frames_of(self._first, here)
        start, base = Fraction(count, round(here)) * round(there), round(there)
        return advanced(
            packed(round(start), base, drop and base == 30), number - self._begun, there
        )

    @property
    def _begun(self) -> int:
        return self.timed.numbers[0]

    @cached_property
    def _first(self) -> int | None:
        """The `timeCode` of the source's frame that the result begins with."""
        with self.clip.open(self.timed.rests_on(self._begun)[0]) as frame:
            said = frame.parts[0].metadata.get(CODE)
        return int(said[0]) if said else None


@dataclass(frozen=True)
class _Write:
    """One frame and what explains it, from memory to their files."""

    place: Callable[..., Path]
    lent: Decoded
    whole: Whole
    header: Mapping[str, str]
    source: str

    def __call__(self) -> One:
        header = {**self.header, **how(self.whole.told)}
        if self.whole.qc:
            header[QC] = self.place("qc").name
        for name, channels in {**self.whole.beside, "qc": self.whole.qc}.items():
            if channels:
                self._beside(name, channels)
        parts = [replace(part, tile=None) for part in self.lent.parts]
        spoiled = 0
        with FrameWriter(str(self.place()), parts, header) as writer:
            for index, (part, layer) in enumerate(zip(parts, self.whole.layers, strict=True)):
                for view in part.colour:
                    spoiled += int((~np.isfinite(layer[..., list(view)])).sum())
                step = rows_of_a_strip(part)
                for y in range(0, part.data.height, step):
                    writer.put(index, y, layer[y : y + step])
        told = dict(self.whole.told) or None
        space = self.lent.space.name
        return One(
            False, self.source, writer.sha256, space, spoiled, writer.clamped, writer.left_out, told
        )

    def _beside(self, what: str, channels: Channels) -> None:
        pictured = next(p for p in self.lent.parts if p.colour)
        names = tuple(channels)
        kept: tuple[str, ...] = (CODE, "framesPerSecond", "reelName")
        if any(kind(name) == "light" for name in names):
            kept = (*kept, "chromaticities", "colorInteropID", "adoptedNeutral")
        metadata: Any = pictured.metadata
        if isinstance(metadata, Metadata):
            metadata = metadata.only(kept)
        part = replace(
            pictured,
            name="",
            channels=names,
            types=("half",) * len(names),
            colour=(),
            metadata=metadata,
            tile=None,
        )
        stack = np.stack([channels[n] for n in names], axis=-1).astype(np.float32)
        with FrameWriter(str(self.place(what)), [part], self.header) as writer:
            step = rows_of_a_strip(part)
            for y in range(0, part.data.height, step):
                writer.put(0, y, stack[y : y + step])
