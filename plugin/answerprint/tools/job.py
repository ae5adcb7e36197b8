"""What a tool's function is given, and what it hands back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.events import Events
from answerprint.frames.clip import Clip
from answerprint.frames.colour import Space
from answerprint.frames.layers import Layers

Rows = Callable[[np.ndarray], tuple[np.ndarray, int]]
"""(rows, W, 3) to the same, graded, and how many values were held at the largest half."""


@dataclass(frozen=True)
class Job:
    """What a tool works with.

    clips    the open inputs by name; 'source' always, its `frames` are the range to work on.
    out      folder for side files; it exists.
    name     what its files are called: '<name>.cc', '<name>.%04d.exr'.
    device   'cpu' or a torch device such as 'cuda:0'.
    events   progress, log and cancel.
    solved   what an earlier run of the same recipe solved, or None: then solve it.
    """

    clips: Mapping[str, Clip]
    out: Path
    name: str
    device: str
    events: Events
    solved: dict[str, Any] | None = None


@dataclass(frozen=True)
class Whole:
    """A frame that was made anew, with all its channels.

    layers   of each part (H, W, C) float16 or float32, in the order and over the data window of
             the frame that lends its parts; the job may keep it, so it is not changed afterwards.
    qc       channel -> (H, W) float32 over the data window of the first part with a picture: what
             explains it (`mask.Y`, `confidence.Y`). Empty: it needs no explaining.
    told     plain JSON: how it came about; it stands in the frame's header and in the report.
    """

    layers: Sequence[np.ndarray]
    qc: Mapping[str, np.ndarray] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Timed:
    """Frames that rest on several of the source's, or stand at numbers it does not have.

    numbers    of the result, ascending.
    rests_on   number -> the source's frames that it is made of; the first lends parts, windows and
               metadata (its timecode is carried on to the number).
    make       (number, layers) -> the frame; None: it is that first frame, bit for bit. Called from
               one thread at a time, in the order of the numbers.
    rate       frames per second of the result, None where they are the source's.
    """

    numbers: tuple[int, ...]
    rests_on: Callable[[int], tuple[int, ...]]
    make: Callable[[int, Layers], Whole | None]
    rate: Fraction | None = None


@dataclass(frozen=True)
class Picture:
    """A PNG beside the report, and the line under it."""

    path: Path
    caption: str


@dataclass(frozen=True)
class Plan:
    """What a tool hands back before any frame is made.

    solved     plain JSON: all that was measured and decided. It goes into the recipe; given
               it back, the tool plans the same without measuring again.
    report     plain JSON: what the artist should know; it joins `report.json`.
    sentence   the outcome in plain words.
    results    plain data for the hosts' adapters (HOSTS: cdl, lut, frames, note, ...).
    looked_at  frames of each input that the solution rests on.
    pixels     (frame, here, there) -> function for rows, or None where the frame stays as it
               is. None instead of a function: this plan grades no frames.
    told       number -> what stands of a frame of `pixels` in its header and in the report, as
               `Whole.told`; {} where it is as it was. None: its frames are graded, not made anew.
    timed      the frames of a tool that works in time, instead of `pixels`.
    pictures   makes those of the report's page, once all else is done.
    warnings   sentences.
    """

    solved: dict[str, Any]
    report: dict[str, Any]
    sentence: str
    looked_at: Mapping[str, tuple[int, ...]]
    results: list[dict[str, Any]] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    pixels: Callable[[int, Space, Space], Rows | None] | None = None
    told: Callable[[int], Mapping[str, Any]] | None = None
    timed: Timed | None = None
    pictures: Callable[[], list[Picture]] = list
    warnings: list[str] = field(default_factory=list)
