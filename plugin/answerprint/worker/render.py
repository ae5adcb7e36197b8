"""Make a clip's frames: read, work on the picture, write; several frames at a time.

Each frame goes through one thread strip by strip, so that reading, computing and writing of
different frames overlap and memory does not grow with the length or the size of a shot. A
frame that cannot be read is noted and the others go on; a frame that cannot be written stops
the job. Frames that exist already and carry the same recipe and source are left alone.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.errors import BadInput, Cancelled
from answerprint.events import Events
from answerprint.frames.clip import Clip
from answerprint.frames.frame import Frame, Part
from answerprint.frames.still import open_still
from answerprint.frames.writer import FrameWriter, free_space_check, reclaim
from answerprint.tools.job import Plan

PROVENANCE = "answerprint:provenance"
TOLD = "answerprint:made"
"""Attribute of a frame that was made anew: how, as JSON."""
SOURCE_TYPE = "iptc:DigitalSourceType"
STRIP = 256
"""Rows of a strip at most."""
STRIP_BYTES = 48_000_000
"""Of a strip in float, at most: an 8K strip of six channels. Many layers make it lower."""


@dataclass
class Made:
    """What became of the frames. Numbers are the source's frame numbers."""

    written: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    missing: list[int] = field(default_factory=list)
    sources: dict[int, str] = field(default_factory=dict)
    results: dict[int, str] = field(default_factory=dict)
    space: str = ""
    """Name of the colour space the frames are in."""
    not_finite: int = 0
    held: int = 0
    """Values over the largest half, written as +-65504."""
    counts: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Of frames that have any: values not finite, values held."""
    left_out: set[str] = field(default_factory=set)
    """Attributes of the sources that the format's library cannot write."""
    told: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    """Of frames that were made anew: how (`Whole.told`)."""

    @property
    def partial(self) -> bool:
        return bool(self.failed or self.missing)


def frame_path(out: Path, name: str, number: int) -> Path:
    return out / f"{name}.{number:04d}.exr"


def provenance(tool: str, version: int, recipe: str, source: str, models: Mapping[str, str]) -> str:
    """The line every frame carries: no time, no user, no path, so that files are repeatable."""
    said: dict[str, Any] = {"tool": tool, "version": version, "recipe": recipe, "source": source}
    said["models"] = dict(models)
    return json.dumps(said, sort_keys=True, separators=(",", ":"))


def render(
    clip: Clip,
    plan: Plan,
    out: Path,
    name: str,
    header: Callable[[str], Mapping[str, str]],
    events: Events,
    expected: Mapping[int, str] | None = None,
    counted: Mapping[str, Sequence[int]] | None = None,
) -> Made:
    """Write the plan's frames of a clip into `out`.

    clip     its frames are the ones to make.
    header     what a frame of this source hash carries in its file.
    expected   source hashes of a recipe's run: a frame that is another one now fails.
    counted    of frames that are there already, by their hash: values not finite, values held.

    Raises CannotWrite where the disk does not take the frames, Cancelled where somebody asked to
    stop; what was finished before stays, whole.
    """
    made = Made(missing=list(clip.missing))
    for number in clip.missing:
        made.failed[number] = f"Frame {number} is missing."
    absent = set(clip.missing)
    numbers = [n for n in clip.frames if n not in absent]
    reclaim(str(out))
    check_space(clip, out, sum(not frame_path(out, name, n).exists() for n in numbers))
    stop = threading.Event()
    threads = max(2, min(4, os.cpu_count() or 2))
    running: dict[Future[One], int] = {}
    with ThreadPoolExecutor(threads, thread_name_prefix="frame") as pool:
        try:
            for number, frame in clip.stream(numbers):
                if isinstance(frame, BadInput):
                    failed(number, frame, made, len(numbers), events)
                    continue
                task = _Task(
                    clip,
                    plan,
                    frame_path(out, name, number),
                    header,
                    stop,
                    expected or {},
                    counted or {},
                )
                running[pool.submit(task, number, frame)] = number
                while len(running) > threads:
                    collect(running, made, len(numbers), events)
                events.check()
            while running:
                collect(running, made, len(numbers), events)
        except BaseException:
            stop.set()
            raise
    made.written.sort()
    made.kept.sort()
    return made


@dataclass(frozen=True)
class One:
    kept: bool
    source: str
    result: str
    space: str
    not_finite: int = 0
    held: int = 0
    left_out: tuple[str, ...] = ()
    told: Mapping[str, Any] | None = None


def collect(running: dict[Future[One], int], made: Made, total: int, events: Events) -> None:
    """Wait for a frame or two; look for a cancel meanwhile."""
    done, _ = wait(running, timeout=0.1, return_when=FIRST_COMPLETED)
    events.check()
    for future in done:
        number = running.pop(future)
        try:
            one = future.result()
        except BadInput as refused:
            failed(number, refused, made, total, events)
            continue
        (made.kept if one.kept else made.written).append(number)
        made.sources[number], made.results[number] = one.source, one.result
        made.space = one.space
        made.not_finite += one.not_finite
        made.held += one.held
        if one.not_finite or one.held:
            made.counts[number] = (one.not_finite, one.held)
        made.left_out.update(one.left_out)
        if one.told is not None:
            made.told[number] = one.told
        _told(number, made, total, events)


def failed(number: int, refused: BadInput, made: Made, total: int, events: Events) -> None:
    said = str(refused)
    made.failed[number] = said if said.startswith("Frame ") else f"Frame {number}: {said}"
    _told(number, made, total, events)


def _told(number: int, made: Made, total: int, events: Events) -> None:
    done = len(made.written) + len(made.kept) + len(made.failed) - len(made.missing)
    events.progress("frames", done, total, f"frame {number}")


@dataclass(frozen=True)
class _Task:
    """One frame, from its open source to its finished file."""

    clip: Clip
    plan: Plan
    path: Path
    header: Callable[[str], Mapping[str, str]]
    stop: threading.Event
    expected: Mapping[int, str]
    counted: Mapping[str, Sequence[int]]

    def __call__(self, number: int, frame: Frame) -> One:
        with frame:
            if self.stop.is_set():
                raise Cancelled()
            source = frame.sha256
            if self.expected.get(number, source) != source:
                raise BadInput(
                    f"Frame {number} of {self.clip.name} is not the one the recipe was made from.",
                    "Bring that one back, or run the tool anew.",
                )
            told = dict(self.plan.told(number)) if self.plan.told else {}
            header = {**self.header(source), **how(told)}
            if is_there(self.path, header):
                there, result = self.clip.result_space(frame).name, sha256_of(self.path)
                spoiled, held = self.counted.get(result, (0, 0))
                return One(True, source, result, there, spoiled, held, (), told or None)
            return replace(self._make(number, frame, source, header), told=told or None)

    def _make(self, number: int, frame: Frame, source: str, header: Mapping[str, str]) -> One:
        parts = self.clip.result_parts(frame)
        assert self.plan.pixels is not None
        there = self.clip.result_space(frame)
        pixels = self.plan.pixels(number, self.clip.space, there)
        spoiled = values = held = 0
        with FrameWriter(str(self.path), parts, header) as writer:
            for index, part in enumerate(frame.parts):
                step = rows_of_a_strip(part)
                for y in range(0, part.data.height, step):
                    if self.stop.is_set():
                        raise Cancelled()
                    rows = frame.rows(index, y, min(y + step, part.data.height))
                    for view in part.colour:
                        rgb = rows[..., list(view)]
                        spoiled += int((~np.isfinite(rgb)).sum()) if may_spoil(rgb) else 0
                        values += rgb.size
                        if pixels is not None:
                            rows[..., list(view)], over = pixels(rgb)
                            held += over
                    writer.put(index, y, rows)
            if values and spoiled == values:
                raise BadInput(
                    f"Frame {number} of {self.clip.name} holds no number that is finite.",
                    "Render it again.",
                )
        held += writer.clamped
        return One(False, source, writer.sha256, there.name, spoiled, held, writer.left_out)


def how(told: Mapping[str, Any]) -> dict[str, str]:
    """The attribute that says how a frame was made anew; none where nothing is told."""
    return {TOLD: json.dumps(told, sort_keys=True, separators=(",", ":"))} if told else {}


def rows_of_a_strip(part: Part) -> int:
    """Rows that fit into STRIP_BYTES; whole tiles where the part is tiled."""
    row = part.data.width * len(part.channels) * 4
    fitting = max(1, min(STRIP, STRIP_BYTES // row))
    tall = part.tile[1] if part.tile else 1
    return max(tall, fitting // tall * tall)


def may_spoil(rgb: np.ndarray) -> bool:
    """Whether a strip has values that are not finite: its sum tells, at a fraction of the cost."""
    with np.errstate(invalid="ignore"):
        return not np.isfinite(rgb.sum(dtype=np.float64))


def is_there(path: Path, header: Mapping[str, str]) -> bool:
    """Whether the frame exists, is whole, and was made by the same recipe from the same source."""
    if not path.exists():
        return False
    with suppress(BadInput), open_still(str(path)) as still:
        if still.parts[0].metadata.get(PROVENANCE) != header[PROVENANCE]:
            return False
        for index, part in enumerate(still.parts):
            still.rows(index, part.data.height - 1, part.data.height)
        return True
    return False


def sha256_of(path: Path) -> str:
    with open_still(str(path)) as still:
        return still.sha256


def space_needed(clip: Clip, count: int) -> int:
    """Bytes that `count` result frames take at most, uncompressed."""
    size = {"half": 2, "float": 4}
    one = sum(
        part.data.width * part.data.height * sum(size[t] for t in part.types) for part in clip.parts
    )
    return one * count


def check_space(clip: Clip, out: Path, count: int) -> None:
    """Raises CannotWrite where the frames could not fit even well compressed."""
    free_space_check(str(out), space_needed(clip, count) // 8)


def summary(made: Made) -> dict[str, Any]:
    """The part of report.json that tells what became of the frames."""
    return {
        "written": len(made.written),
        "kept": len(made.kept),
        "missing": made.missing,
        "failed": [{"frame": n, "reason": r} for n, r in sorted(made.failed.items())],
        "not_finite_values": made.not_finite,
        "values_held_at_largest_half": made.held,
        "counts": {str(n): list(made.counts[n]) for n in sorted(made.counts)},
        "attributes_left_out": sorted(made.left_out),
        "made_anew": {str(n): dict(made.told[n]) for n in sorted(made.told)},
        "source_sha256": {str(n): made.sources[n] for n in sorted(made.sources)},
        "result_sha256": {str(n): made.results[n] for n in sorted(made.results)},
    }
