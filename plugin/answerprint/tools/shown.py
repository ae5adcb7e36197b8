"""What tools that make frames anew show of them: markers for the hosts, pictures for the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from answerprint.errors import BadInput, BadParameter
from answerprint.frames import charts, colour
from answerprint.frames.clip import open_clip
from answerprint.frames.view import png
from answerprint.tools.job import Job, Picture

WIDTH = 960
MOST = 3
"""Ranges that are shown; the report lists all of them."""


class Mark(NamedTuple):
    """What became of frames in a row.

    kind   'rebuilt', 'as shot', 'mended', or 'damaged' where nothing became of them.
    text   without frames and kind, which every host says in its own way.
    """

    first: int
    last: int
    kind: str
    text: str


def markers(rows: Sequence[Mark]) -> dict[str, Any]:
    """A `markers` result."""
    return {
        "kind": "markers",
        "markers": [
            {"frame": r.first, "length": r.last - r.first + 1, "kind": r.kind, "text": r.text}
            for r in rows
        ],
    }


def beside_neighbours(job: Job, rows: Sequence[tuple[int, int, int]]) -> list[Picture]:
    """Of each row (real frame, frame that was made, real frame) a picture of the three."""
    folder, found = job.out / "report", []
    for before, number, after in rows[:MOST]:
        made = job.out / f"{job.name}.{number:04d}.exr"
        try:
            clip = job.clips["source"]
            beside = [clip.picture(n, WIDTH)[0] for n in (before, after)]
            with open_clip(str(made), colourspace=_space(job)) as result:
                middle, _ = result.picture(result.there[0], WIDTH)
        except BadInput:
            continue  # it was not made: the report says why
        folder.mkdir(exist_ok=True)
        path = folder / f"{job.name}_{number:04d}.png"
        row = [beside[0], np.asarray(middle), beside[1]]
        png(str(path), charts.beside([colour.through_view(each) for each in row]))
        found.append(Picture(path, _caption(before, number, after)))
    return found


def _caption(before: int, number: int, after: int) -> str:
    return (
        f"Frame {before} of the source, frame {number} as it was made, and frame {after} of the "
        "source."
    )


def _space(job: Job) -> str | None:
    """The colour space that results are in; None where no configuration has a name for it: their
    own headers tell the primaries."""
    clip = job.clips["source"]
    with clip.open(next(n for n in clip.there if n not in clip.missing)) as frame:
        name = clip.result_space(frame).name
    try:
        colour.space(name)
    except BadParameter:
        return None
    return name
