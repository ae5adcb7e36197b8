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
from answerprint.frames.frame import Part
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


Channels = Mapping[str, np.ndarray]
"""Full name of a channel -> (H, W) float32 over the data window of a frame's first part with a
picture."""


@dataclass(frozen=True)
class Whole:
    """A frame that was made anew, with all its channels.

    layers   of each part (H, W, C) float16 or float32, over the part's data window; the job may
             keep it, so it is not changed afterwards.
    qc       what explains it (`mask.Y`, `confidence.Y`). Empty: it needs no explaining.
    told     plain JSON: how it came about; it stands in the frame's header and in the report.
    parts    what the layers are; those of the frame that lends its parts where none are given.
    beside   further sequences `<name>_<key>.%04d.exr`: half, light as the frame's is.
    """

    layers: Sequence[np.ndarray]
    qc: Channels = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)
    parts: Sequence[Part] = ()
    beside: Mapping[str, Channels] = field(default_factory=dict)


@dataclass(frozen=True)
class Timed:
    """Frames that rest on several of the source's, or stand at numbers it does not have.

    numbers    of the result, ascending.
    rests_on   number -> the source's frames that it is made of; the first lends parts, windows and
               metadata (its timecode is carried on to the number).
    make       (number, layers) -> the frame; None: it is that first frame, bit for bit. Called from
               one thread at a time, in the order of the numbers.
    rate       frames per second of the result, None where they are the source's.
    also       number -> hashes of frames of other inputs that it is made of.
    beside     the sequences that every frame has beside it: keys of `Whole.beside`, and 'qc'.
    """

    numbers: tuple[int, ...]
    rests_on: Callable[[int], tuple[int, ...]]
    make: Callable[[int, Layers], Whole | None]
    rate: Fraction | None = None
    also: Callable[[int], Sequence[str]] = lambda number: ()
    beside: tuple[str, ...] = ()


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
    models     name -> sha256 of the weights that were used, for the recipe and every frame.
    afterwards what the frames told (`Whole.told`, by number) to plain JSON that joins the report.
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
    models: Mapping[str, str] = field(default_factory=dict)
    frames_as: Mapping[str, Any] = field(default_factory=lambda: {"kind": "frames"})
    afterwards: Callable[[Mapping[int, Mapping[str, Any]]], dict[str, Any]] = lambda told: {}
