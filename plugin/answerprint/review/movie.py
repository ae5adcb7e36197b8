"""`answerprint review`: a movie before and after, a list, and a page to print.

    made = review("fixes", show="answerprint-show", events=events)

Beside each other in the folder that is reviewed, or where `out` says: `review.mov`, `review.csv`,
`review.html`. Of each result with frames the movie has a slate of one second, then every frame that
was wanted, seen through the show's SDR view; what is missing on one side is said in its place.
Frames are read, shown and written one by one, so that memory does not grow with their number.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from answerprint.errors import BadParameter, CannotWrite
from answerprint.events import Events
from answerprint.frames import colour
from answerprint.review.codec import SUFFIX, Codec, Writer, choose, written
from answerprint.review.codec import is_ours as is_our_movie
from answerprint.review.decide import show_of
from answerprint.review.pictures import LAYOUTS, Canvas, framed, slate
from answerprint.review.results import Row
from answerprint.review.sides import Pair, Side, Sides
from answerprint.review.summary import Entry, counted, entries, is_ours, write_csv, write_page

WIDTH = 1920
NARROWEST, WIDEST = 320, 8192
SMALL = 460
"""Pixels across, of a picture on the page."""
USUAL = Fraction(24)
"""Frames per second where nothing says."""


@dataclass(frozen=True)
class Review:
    """rows: what there was to review. outputs: paths by name; `movie` is missing where no result
    has frames. warnings: sentences."""

    rows: list[Entry]
    outputs: dict[str, str]
    warnings: list[str]
    codec: str

    @property
    def sentence(self) -> str:
        return f"{counted(self.rows)}."

    def as_dict(self) -> Row:
        return {
            "status": "done",
            "sentence": self.sentence,
            "rows": [each.plain() for each in self.rows],
            "outputs": self.outputs,
            "codec": self.codec,
            "warnings": self.warnings,
        }


def review(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    show: str | None = None,
    layout: str = "side",
    bits: int = 8,
    width: int = WIDTH,
    events: Events | None = None,
) -> Review:
    """Review what lies in a folder and below it.

    out      the movie; list and page lie beside it under the same name.
    layout   'side' by side, 'wipe' (a line that travels) or 'ab' (each for a second).
    bits     8 or 10; see `codec.py`.
    width    of the movie in pixels.

    Raises BadInput where there is nothing to review, BadParameter, CannotWrite, and Cancelled: then
    nothing is left.
    """
    events = events or Events()
    place = Path(os.path.abspath(os.path.expanduser(folder)))
    _asked(layout, width)
    found, warnings = entries(place, show_of(show, place))
    path = _path(out, place)
    results = [each for each in found if each.result and each.result.told]
    for each in found:
        if each.result and not each.result.told:
            warnings.append(f"{each.shot}: {each.tool} made no frames, so it is not in the movie.")
    codec, pictures = None, dict[Path, Row]()
    outputs = {"csv": str(path.with_suffix(".csv")), "page": str(path.with_suffix(".html"))}
    if results:
        canvas = Canvas(layout, width - width % 2, results[0].facts.aspect)
        codec = choose(bits, canvas.size)
        _movie(path, results, canvas, codec, pictures, events)
        warnings += _rates(results)
        outputs["movie"] = str(path)
    write_csv(path.with_suffix(".csv"), found)
    about: Row = {"view": colour.view_name(), "codec": codec.name if codec else ""}
    about |= {"movie": path.name if results else "", "warnings": warnings, "said": counted(found)}
    write_page(path.with_suffix(".html"), found, place.name, about, pictures)
    return Review(found, outputs, warnings, codec.name if codec else "")


def _asked(layout: str, width: int) -> None:
    if layout not in LAYOUTS:
        raise BadParameter(f"layout is '{layout}'.", f"Use {', '.join(LAYOUTS)}.", about="layout")
    if not isinstance(width, int) or not NARROWEST <= width <= WIDEST:
        hint = f"Use a whole number of pixels from {NARROWEST} to {WIDEST}."
        raise BadParameter(f"width is {width!r}.", hint, about="width")


def _path(out: str | os.PathLike[str] | None, folder: Path) -> Path:
    path = Path(os.path.abspath(os.path.expanduser(out))) if out else folder / f"review{SUFFIX}"
    if path.suffix.lower() != SUFFIX:
        title = f"A review is a {SUFFIX} movie, not {path.name}."
        raise BadParameter(title, f"Name it {path.stem}{SUFFIX}.", about="out")
    beside = (path.with_suffix(".csv"), path.with_suffix(".html"))
    for each, ours in ((path, is_our_movie), *((side, is_ours) for side in beside)):
        if each.exists() and not ours(each):
            title = f"{each} is there already and is no review of ours."
            raise CannotWrite(title, "Choose another name.", about="out")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as why:
        title = f"The folder {path.parent} cannot be made."
        raise CannotWrite(title, "Choose another one.", why.strerror or "", about="out") from why
    return path


# --- the movie -----------------------------------------------------------------------------


def _movie(
    path: Path,
    results: Sequence[Entry],
    canvas: Canvas,
    codec: Codec,
    pictures: dict[Path, Row],
    events: Events,
) -> None:
    """pictures: gets the middle frame of each result, for the page."""
    total = sum(len(each.result.wanted) for each in results if each.result)
    rate = results[0].facts.rate or USUAL
    done = 0
    display = colour.view_display_space()
    with written(path, codec, rate, canvas.size, display) as writer:
        for entry in results:
            result = _result(entry)
            card = slate(canvas, _lines(entry))
            for _ in range(max(1, round(rate))):
                writer.put(card)
            middle = result.wanted[len(result.wanted) // 2]
            for turn, pair in _pairs(entry, canvas):
                if pair.number == middle:
                    pictures[entry.folder] = _small(pair, canvas.box)
                _put(writer, canvas, pair, turn / float(rate), entry)
                done += 1
                events.progress("review", done, total, f"{entry.shot} {pair.number}")
                events.check()


def _pairs(entry: Entry, canvas: Canvas) -> Iterator[tuple[int, Pair]]:
    with Sides(_result(entry)) as sides:
        yield from enumerate(sides.pairs(canvas.box))


def _put(writer: Writer, canvas: Canvas, pair: Pair, seconds: float, entry: Entry) -> None:
    title = f"{entry.shot} · {entry.tool} · v{entry.version:03d}"
    writer.put(framed(canvas, pair, seconds, title))


def _result(entry: Entry) -> Any:
    assert entry.result is not None
    return entry.result


def _lines(entry: Entry) -> list[tuple[str, str]]:
    """What a slate says."""
    status = entry.status
    said = status.word + (f", {status.by}, {status.at[:10]}" if status.by else "")
    first, last = entry.facts.clocks
    return [
        ("shot", entry.shot),
        ("tool", f"{entry.tool}, version {entry.version}"),
        ("frames", entry.frames),
        ("timecode", f"{first} to {last}" if first else "none"),
        ("status", said),
        ("note", status.note or "-"),
        ("result", entry.text),
        ("view", colour.view_name()),
        ("id", entry.id),
    ]


def _rates(results: Sequence[Entry]) -> list[str]:
    """A movie has one speed; who has another one is told."""
    rates = {each.shot: each.facts.rate or USUAL for each in results}
    first = next(iter(rates.values()))
    return [
        f"{shot} is of {float(rate):g} frames per second; the movie plays it at {float(first):g}."
        for shot, rate in rates.items()
        if rate != first
    ]


def _small(pair: Pair, box: tuple[int, int]) -> Row:
    tall = max(1, round(SMALL * box[1] / box[0]))
    return {
        "before": _jpeg(pair.before, (SMALL, tall)),
        "after": _jpeg(pair.after, (SMALL, tall)),
        "why": pair.before.why or pair.after.why,
        "size": (SMALL, tall),
        "number": pair.number,
    }


def _jpeg(side: Side, size: tuple[int, int]) -> str:
    if side.code is None:
        return ""
    method = cv2.INTER_AREA if size[0] < side.code.shape[1] else cv2.INTER_LINEAR
    small = cv2.resize(side.code, size, interpolation=method)
    code = np.rint(np.clip(small[..., ::-1], 0, 1) * 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", code, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return base64.b64encode(data.tobytes()).decode()
