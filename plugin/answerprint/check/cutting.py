"""A finished movie becomes an edit: its shots as clips, its dissolves and fades as transitions.

    outcome = cut_movie("trailer.mov", "trailer_cut", events=events)

Into the folder `out`, each file whole or not at all:

    cut.otio       clips shot_001, shot_002, ... of the movie itself, in its own timecode
    report.json    boundaries, shots, and what is to be known
    report.html    the same to look at: frames either side of every boundary (`cut.html.j2`)

Convention
    frames        count from 0 at the first frame of the movie or sequence.
    transitions   both sides name the same frames of the movie, where the mixture is in the picture
                  already: played, the edit is the movie.
    ends          a fade at the start or the end is a boundary in the report, and parts nothing.
"""

from __future__ import annotations

import base64
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import jinja2
import numpy as np
import opentimelineio as otio

from answerprint import __version__
from answerprint.check.run import Outcome, made_folder
from answerprint.edit.lines import external, span
from answerprint.edit.media import Library, Media
from answerprint.errors import BadInput
from answerprint.events import Events
from answerprint.frames import colour
from answerprint.frames.clip import Clip, open_clip, picture_of
from answerprint.frames.gradefiles import timecode
from answerprint.frames.sequence import find, ranges
from answerprint.frames.text import write_json, write_text
from answerprint.vision.boundaries import Boundaries, inside, pictures
from answerprint.vision.gradual import Change

SCHEMA = "answerprint.cut/1"
RATE = Fraction(24)
"""Frames per second of a sequence that does not say."""
BESIDE, ACROSS = 3, 200
"""Frames of the page to either side of a boundary, and pixels across of each."""
MOST = 300
"""Boundaries that the page shows."""
_TEMPLATE = Path(__file__).parent / "cut.html.j2"

Row = dict[str, Any]


@dataclass(frozen=True)
class _Part:
    """A shot: its first and last frame."""

    name: str
    first: int
    last: int


def cut_movie(
    source: str,
    out: str | os.PathLike[str],
    colourspace: str | None = None,
    events: Events | None = None,
) -> Outcome:
    """Find the shots of a movie or sequence, and write them as an edit into the folder `out`.

    Raises BadInput where nothing can be read, BadParameter, CannotWrite, and Cancelled.
    """
    began, events = time.monotonic(), events or Events()
    folder = made_folder(out)
    with open_clip(source, colourspace=colourspace) as clip:
        found, failed = boundaries(clip, events)
        watched = time.monotonic() - began
        medium = Library(None).open(_named(source, clip))
        parts = _parts(found, len(clip.frames))
        warnings = [*clip.notes]
        if medium.rate is None:
            warnings.append(f"{clip.name} does not say its rate; {RATE} frames a second is taken.")
        if failed:
            warnings.append(
                f"Frames that cannot be read count as the ones before: {ranges(sorted(failed))}."
            )
        whole: Row = {
            "schema": SCHEMA,
            "answerprint": __version__,
            "status": "partial" if failed else "done",
            "sentence": _sentence(parts, found),
            "movie": _movie(medium, clip),
            "boundaries": [_row(each) for each in found],
            "shots": [_shot(each, medium) for each in parts],
            "failed": {str(number): why for number, why in failed.items()},
            "warnings": warnings,
            "timings": {"watch_seconds": round(watched, 2)},
        }
        timeline = _timeline(clip.name, parts, found, medium)
        text = otio.adapters.write_to_string(timeline, "otio_json", indent=2)
        write_text(folder / "cut.otio", text + "\n")
        strips = list(_strips(clip, found[:MOST], events))
        whole["timings"]["total_seconds"] = round(time.monotonic() - began, 2)
        _page(folder / "report.html", whole, strips)
    write_json(folder / "report.json", whole)
    names = {"report": "report.json", "page": "report.html", "cut": "cut.otio"}
    outputs: Row = {"dir": str(folder), "files": [str(folder / each) for each in names.values()]}
    outputs |= {key: str(folder / name) for key, name in names.items()}
    return Outcome(whole["status"], whole, outputs)


# --- watching ------------------------------------------------------------------------------


def boundaries(clip: Clip, events: Events) -> tuple[list[Change], dict[int, str]]:
    """The boundaries of a clip, and why frames of it could not be had."""
    watch, failed = Boundaries(), dict[int, str]()
    for done, (number, found) in enumerate(pictures(clip, clip.frames), 1):
        events.check()
        if isinstance(found, BadInput):
            failed[number] = str(found)
        watch.see(None if isinstance(found, BadInput) else found)
        events.progress("watch", done, len(clip.frames))
    if len(failed) == len(clip.frames):
        first = clip.frames[0]
        title = f"None of the frames {first}-{clip.frames[-1]} of {clip.name} can be read."
        raise BadInput(title, "Render or copy them again.", failed[first])
    return watch.told(), failed


# --- the edit ------------------------------------------------------------------------------


def _named(source: str, clip: Clip) -> str:
    """What the edit names: the movie, or the sequence as a pattern."""
    path = os.path.abspath(os.path.expanduser(source))
    if clip.kind == "movie":
        return path
    found = find(path)
    return os.path.join(found.folder, found.pattern)


def _parts(found: Sequence[Change], count: int) -> list[_Part]:
    """The shots between boundaries; a fade at an end of the movie parts nothing."""
    starts = [0, *(each.frame for each in inside(found, count))]
    ends = [*starts[1:], count]
    return [
        _Part(f"shot_{turn:03}", first, end - 1)
        for turn, (first, end) in enumerate(zip(starts, ends, strict=True), 1)
    ]


def _timeline(
    name: str, parts: Sequence[_Part], found: Sequence[Change], medium: Media
) -> otio.schema.Timeline:
    """One track: the shots, and transitions where they mix."""
    start, rate = medium.start or 0, medium.rate or RATE
    gradual = {each.frame: each for each in found if each.kind != "cut"}
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    for part in parts:
        change = gradual.get(part.first)
        if change and part.first:
            track.append(_transition(change, rate))
        media = external(medium.path, medium.first, medium.last, start, rate)
        length = part.last - part.first + 1
        track.append(otio.schema.Clip(part.name, media, span(start + part.first, length, rate)))
    begin = otio.opentime.RationalTime(start, float(rate))
    timeline = otio.schema.Timeline(name, global_start_time=begin)
    timeline.tracks.append(track)
    return timeline


def _transition(change: Change, rate: Fraction) -> otio.schema.Transition:
    before, after = change.frame - change.first, change.last + 1 - change.frame
    return otio.schema.Transition(
        name=change.kind,
        transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve,
        in_offset=otio.opentime.RationalTime(before, float(rate)),
        out_offset=otio.opentime.RationalTime(after, float(rate)),
    )


# --- the report ----------------------------------------------------------------------------


def _row(each: Change) -> Row:
    row = {"frame": each.frame, "kind": each.kind, "first": each.first, "last": each.last}
    return {**row, "confidence": round(each.confidence, 3)}


def _movie(medium: Media, clip: Clip) -> Row:
    return {
        "path": medium.path,
        "name": clip.name,
        "rate": str(medium.rate or RATE),
        "frames": len(clip.frames),
        "start": _timecode(0, medium),
        "size": [medium.width, medium.height],
        "space": clip.space.name,
    }


def _shot(part: _Part, medium: Media) -> Row:
    return {
        "name": part.name,
        "first": part.first,
        "last": part.last,
        "frames": [medium.first + part.first, medium.first + part.last],
        "timecode": _timecode(part.first, medium),
    }


def _timecode(frame: int, medium: Media) -> str:
    return timecode((medium.start or 0) + frame, medium.rate or RATE, medium.drop)


def _sentence(parts: Sequence[_Part], found: Sequence[Change]) -> str:
    kinds = Counter(each.kind for each in found)
    listed = [
        f"{kinds[kind]} {kind}{'' if kinds[kind] == 1 else 's'}"
        for kind in ("cut", "dissolve", "fade")
        if kinds[kind]
    ]
    shots = f"{len(parts)} shot{'' if len(parts) == 1 else 's'}"
    return f"{shots}: {', '.join(listed) or 'no cut'}."


# --- the page ------------------------------------------------------------------------------


def _strips(clip: Clip, found: Sequence[Change], events: Events) -> Iterator[list[Row]]:
    """For every boundary the frames either side of it, and of a gradual one some between."""
    last = len(clip.frames) - 1
    for done, each in enumerate(found):
        events.check()
        events.progress("draw", done, len(found))
        shown = {*range(each.first - BESIDE, each.first)}
        shown |= {*range(each.last + (each.kind != "cut"), each.last + BESIDE + 1)}
        if each.kind == "cut":
            shown |= {*range(each.frame, each.frame + BESIDE)}
        else:
            between = np.linspace(each.first, each.last, BESIDE + 2).round().astype(int)
            shown |= {*between.tolist(), each.frame}
        strip = list[Row]()
        for at in sorted(n for n in shown if 0 <= n <= last):
            strip.append({"frame": at, "new": at >= each.frame, "data": _small(clip, at)})
        yield strip
    events.progress("draw", len(found), len(found))


def _small(clip: Clip, at: int) -> str:
    """A frame through the show's view as a JPEG's data, '' where it cannot be read."""
    try:
        with clip.open(clip.frames[at]) as frame:
            rgb, _ = picture_of(frame, clip.space, ACROSS, f"Frame {at} of {clip.name}")
    except BadInput:
        return ""  # it is among the failed frames of the report
    code = np.clip(np.nan_to_num(colour.through_view(rgb)[..., ::-1]), 0, 1)
    _, data = cv2.imencode(".jpg", np.rint(code * 255).astype(np.uint8))
    return base64.b64encode(data.tobytes()).decode()


def _page(path: Path, report: Row, strips: Sequence[Sequence[Row]]) -> None:
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    rows = list(zip(report["boundaries"], strips, strict=False))
    write_text(path, template.render(report=report, rows=rows, across=ACROSS))
