"""A shot as the tools see it: numbered frames, one colour space, one picture size.

Stills, sequences and movies all become a `Clip`. A frame that is missing, damaged or of
another kind than the rest is a BadInput for that number alone; the others go on.

Frames of a sequence agree with its first readable one in display window, pixel aspect, views
and what they say of their colour. Data windows and further layers may vary from frame to
frame, as renders' do.

Colour: `--colourspace` if given, else what the file says, else what is usual for its kind
(`colour.space_of`). Results of EXR and float TIFF stay in it, as they are; results of movies
and of whole-number files are half, scene-linear, in the same primaries.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from typing import Literal

import cv2
import numpy as np

from answerprint.errors import BadInput, BadParameter
from answerprint.frames import colour
from answerprint.frames.frame import Frame, Part, Window
from answerprint.frames.kept import Kept
from answerprint.frames.movie import SUFFIXES as MOVIES
from answerprint.frames.movie import Movie, MovieFrame, open_movie
from answerprint.frames.sequence import Found, find, ranges
from answerprint.frames.still import Metadata, Still, open_still, rate_of
from answerprint.tool import frame_numbers

STRIP = 256  # rows: an 8K picture is reduced in under 200 MB
READERS = 4  # stills that are read at a time: 8K takes 200 MB each
KEPT = 192 << 20  # bytes of pictures that are kept to be looked at again

_COLOUR = ("chromaticities", "colorInteropID", "dpx:Transfer", "ICCProfile:profile_description")
_OF_THE_SOURCE_FILE = ("oiio:", "dpx:", "ICCProfile:", "colorInteropID", "acesImageContainerFlag")
"""Attributes that tell how the source's code values are meant, or bind its compression."""


def open_clip(
    source: str, frames: str = "", colourspace: str | None = None, beside: Clip | None = None
) -> Clip:
    """The shot that `source` names (see `sequence.py`; or a movie), opened as far as its header.

    frames        the numbers to work on ('1001-1100', '1001,1050'); '' is all of them, from the
                  first to the last, or those of a pattern's own range.
    colourspace   an OpenColorIO name for the picture's encoding.
    beside        another shot: stills of its kind that say nothing of their colour are taken to be
                  in the space that the user named for it, and `notes` says so.

    Raises BadInput where there is nothing to read, BadParameter for a bad range or space.
    """
    try:
        asked = tuple(frame_numbers(frames))
    except ValueError as cause:
        raise BadParameter(f"frames is '{frames}'.", str(cause)) from cause
    if os.path.splitext(source)[1].lower() in MOVIES and not os.path.isdir(source):
        return Clip(source, open_movie(os.path.expanduser(source), colourspace), asked)
    return Clip(source, _Files(find(source), colourspace, asked, beside), asked)


class Clip:
    """An open shot. Stills may be opened from several threads at once.

    source    as it was given.
    name      what people call it: 'plate' of 'plate.%04d.exr'.
    kind      'stills' or 'movie'.
    frames    the numbers asked for, ascending.
    missing   those of them that are not there.
    there     all that are there, also beyond those asked for.
    rate      frames per second, None where nothing says.
    suffix    of its files, with the dot, in small letters.
    space     the colour space of the pixels that `open` gives.
    parts     of the first readable frame.
    notes     what was assumed, as sentences for the report.
    """

    def __init__(self, source: str, reel: _Files | Movie, asked: tuple[int, ...]) -> None:
        self.source, self._reel = source, reel
        self.kind: Literal["stills", "movie"] = "movie" if isinstance(reel, Movie) else "stills"
        self.there = there = tuple(reel.numbers)
        if isinstance(reel, _Files):
            self.name, asked = reel.found.name, asked or reel.found.asked or ()
        else:
            self.name = os.path.splitext(os.path.basename(source))[0]
        self.frames = asked or tuple(range(there[0], there[-1] + 1))
        present = set(there)
        self.missing = tuple(n for n in self.frames if n not in present)
        if len(self.missing) == len(self.frames):
            raise BadInput(
                f"No frame {ranges(self.frames)} of {os.path.basename(source)} is there.",
                f"There is {ranges(there)}.",
            )
        self.rate: Fraction | None = reel.rate
        self.space: colour.Space = reel.space
        self.suffix = (
            reel.suffix if isinstance(reel, _Files) else os.path.splitext(source)[1].lower()
        )
        self.parts: tuple[Part, ...] = tuple(reel.parts)
        self.notes: tuple[str, ...] = tuple(reel.notes)

    def open(self, number: int) -> Frame:
        """The frame `number`; use it in a `with` block.

        Raises BadInput naming the number and the reason where it is missing or unusable.
        """
        if number in self.missing:
            raise BadInput(
                f"Frame {number} of {self.name} is missing ({ranges(self.frames)} asked for).",
                "Render it, or leave it out of the range.",
            )
        return self._reel.open(number)

    def stream(self, numbers: Iterable[int]) -> Iterator[tuple[int, Frame | BadInput]]:
        """Those frames in their order, each as it is reached; close each after use.

        A frame that cannot be had comes as its BadInput, and the next one follows.
        """
        for number in numbers:
            found: Frame | BadInput
            try:
                found = self.open(number)
            except BadInput as refused:
                found = refused
            yield number, found

    def picture(self, number: int, width: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """A frame's picture for measuring and looking: see `picture_of`."""
        key = (number, self.space, width)

        def read(frame: Frame) -> tuple[np.ndarray, np.ndarray]:
            return picture_of(frame, self.space, width, f"Frame {number} of {self.name}")

        def decoded() -> tuple[np.ndarray, np.ndarray]:
            with self.open(number) as frame:
                return read(frame)

        if isinstance(self._reel, Movie):
            rgb, valid = _PICTURES.of(self._reel.path, (*key, self._reel.named), decoded)
        else:
            with self.open(number) as still:
                assert isinstance(still, Still)
                rgb, valid = _PICTURES.of(still.path, key, lambda: read(still))
        return rgb.copy(), valid.copy()

    def sha256(self, number: int) -> str:
        """Of a frame (`Frame.sha256`). Raises BadInput as `open` does."""

        def read() -> str:
            with self.open(number) as frame:
                return frame.sha256

        if isinstance(self._reel, Movie):
            key = (number, self.space, self._reel.named)
            return _WORDS.of(self._reel.path, key, read)
        return read()

    def pictures(
        self, numbers: Sequence[int], width: int | None = None
    ) -> Generator[tuple[int, tuple[np.ndarray, np.ndarray] | BadInput], None, None]:
        """Those frames' pictures in their order; stills are read several at a time.

        A frame that cannot be had comes as its BadInput, and the next one follows.
        """

        def one(number: int) -> tuple[np.ndarray, np.ndarray] | BadInput:
            try:
                return self.picture(number, width)
            except BadInput as refused:
                return refused

        if self.kind == "movie":
            yield from ((number, one(number)) for number in numbers)
            return
        with ThreadPoolExecutor(min(READERS, os.cpu_count() or 1)) as pool:
            try:
                yield from zip(numbers, pool.map(one, numbers), strict=True)
            finally:
                pool.shutdown(cancel_futures=True)

    def looks_like_log(self) -> str:
        """Why code values that are taken for video look like camera log; '' where they do not.

        Asked of movies and whole-number files whose space the user did not name: their tags
        often hide a log picture. Looks at one frame from the middle.
        """
        if isinstance(self._reel, Movie):
            key = ("log", self.space, self._reel.named)
            return _WORDS.of(self._reel.path, key, self._reel.looks_like_log)
        if self.space.said_by == "user":
            return ""
        there = [n for n in self.frames if n not in self.missing]
        with self._reel.open(there[len(there) // 2]) as still:
            if not still.integer:
                return ""
            return _WORDS.of(still.path, "log", lambda: _log(still, self.name))

    def result_space(self, frame: Frame) -> colour.Space:
        """The space a result of this frame is in: its own, or light where it was whole numbers."""
        whole = isinstance(frame, Still) and frame.integer
        return colour.linear_twin(self.space) if whole else self.space

    def result_parts(self, frame: Frame) -> tuple[Part, ...]:
        """The parts that a result of this frame has.

        The frame's own, in scan lines under ZIPS: channels, types, windows and metadata stay.
        Of whole-number files half, with the primaries they are then linear in written down.
        """
        whole = isinstance(frame, Still) and frame.integer
        return tuple(_result(part, self.space, whole) for part in frame.parts)

    def close(self) -> None:
        self._reel.close()

    def __enter__(self) -> Clip:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _result(part: Part, space: colour.Space, whole: bool) -> Part:
    kept = [n for n in part.metadata if not n.startswith(_OF_THE_SOURCE_FILE)]
    metadata = Metadata({n: part.metadata[n] for n in kept}, getattr(part.metadata, "types", {}))
    if "colorInteropID" in part.metadata and not whole:
        metadata = metadata.with_("colorInteropID", part.metadata["colorInteropID"], "string")
    container = "acesImageContainerFlag" in part.metadata
    if whole or (container and "chromaticities" not in metadata):
        primaries = colour.chromaticities(colour.linear_twin(space))
        metadata = metadata.with_("chromaticities", primaries, "float[8]")
    types = ("half",) * len(part.types) if whole else part.types
    return replace(part, types=types, metadata=metadata, tile=None, compression="zips")


# --- sequences -----------------------------------------------------------------------------


class _Files:
    """The still files of a clip; each is opened when it is asked for."""

    def __init__(
        self,
        found: Found,
        colourspace: str | None,
        asked: tuple[int, ...],
        beside: Clip | None = None,
    ) -> None:
        self.found, self.numbers = found, found.numbers
        wanted = set(asked or found.asked or found.numbers)
        self._first, self.parts, suffix = self._first_readable(
            [n for n in found.numbers if n in wanted] or list(found.numbers)
        )
        pictured = next((part for part in self.parts if part.colour), self.parts[0])
        self.suffix = suffix.lower()
        self.space, assumed = self._space(pictured, colourspace, beside)
        self.rate = _rate(self.parts[0])
        self._trusted = colourspace is not None
        self.notes: tuple[str, ...] = ()
        if assumed:
            self.notes = (f"{found.pattern} does not say what colour it is in; {assumed}",)

    def _space(
        self, pictured: Part, colourspace: str | None, beside: Clip | None
    ) -> tuple[colour.Space, str]:
        """The space, and how it was come by where nobody says."""
        if colourspace:
            return colour.space(colourspace), ""
        alike = beside and beside.suffix == self.suffix and beside.space.said_by == "user"
        try:
            said = colour.space_of(pictured, self.suffix)
        except BadInput:
            if not alike:
                raise
        else:
            if said.said_by != "assumed":
                return said, ""
            if not alike:
                return said, f"{said.name} is assumed."
        assert beside
        taken = replace(beside.space, said_by="assumed")
        return taken, f"{taken.name} is taken, as named for {beside.name}."

    def _first_readable(self, numbers: list[int]) -> tuple[int, tuple[Part, ...], str]:
        refused = []
        for number in numbers:
            path = self.found.path(number)
            try:
                with open_still(path) as still:
                    return number, tuple(still.parts), os.path.splitext(path)[1]
            except BadInput as cause:
                refused.append(cause)
        first = refused[0]
        if len(refused) == 1:
            raise first
        raise BadInput(
            f"None of the {len(refused)} frames of {self.found.pattern} can be read.",
            first.hint,
            f"The first: {first.title} {first.detail}".rstrip(),
        ) from first

    def open(self, number: int) -> Still:
        if number not in self.found.files:
            raise BadInput(
                f"Frame {number} of {self.found.pattern} is missing.",
                f"There is {ranges(self.numbers)}.",
            )
        try:
            still = open_still(self.found.path(number))
        except BadInput as cause:
            raise BadInput(f"Frame {number}: {cause.title}", cause.hint, cause.detail) from cause
        for what, here, there in self._differences(still.parts):
            still.close()
            raise BadInput(
                f"Frame {number} of {self.found.pattern} has another {what} than frame "
                f"{self._first}: {here}, not {there}.",
                "Render it like the others, or leave it out of the range.",
            )
        return still

    def _differences(self, parts: Sequence[Part]) -> Iterator[tuple[str, str, str]]:
        """What matters and is not as in the first frame: its name, and both values."""
        usual = _agreement(self.parts, self._trusted)
        for name, value in _agreement(parts, self._trusted).items():
            if value != usual[name]:
                yield name, value or "none", usual[name] or "none"

    def close(self) -> None:
        """Files are closed by whoever opened them."""


def _agreement(parts: Sequence[Part], trusted: bool) -> dict[str, str]:
    """What all frames of a clip have in common, by the name an artist knows it by.

    Colour is left out where the user named the space (`trusted`): it then rules for all.
    """
    pictured = [part for part in parts if part.colour]
    framed = pictured or list(parts)
    channels = [part.channels[i] for part in pictured for view in part.colour for i in view]
    common = {
        "display window": "; ".join(_told(part.display) for part in framed),
        "pixel aspect": "; ".join(f"{part.pixel_aspect:g}" for part in framed),
        "set of picture channels": ", ".join(channels),
    }
    if not trusted:
        said = ((n, part.metadata.get(n)) for part in pictured for n in _COLOUR)
        common["colour"] = ", ".join(f"{name} {value}" for name, value in said if value)
    return common


def _told(window: Window) -> str:
    return f"{window.width} x {window.height} at {window.x}, {window.y}"


def _rate(part: Part) -> Fraction | None:
    speed = part.metadata.get("framesPerSecond", part.metadata.get("FramesPerSecond"))
    if isinstance(speed, tuple | list) and len(speed) == 2:
        over, under = (int(v) for v in speed)
        return Fraction(over, under) if over > 0 and under > 0 else None
    return rate_of(float(speed)) if isinstance(speed, int | float) else None


# --- pictures ------------------------------------------------------------------------------


def picture_of(
    frame: Frame, space: colour.Space, width: int | None = None, name: str = "The frame"
) -> tuple[np.ndarray, np.ndarray]:
    """The first view of a frame, as light, at most `width` pixels wide.

    Returns rgb (h, w, 3) float32 in scene-linear ACEScg, unbounded, and valid (h, w) bool. The
    picture is what lies in both the data window and the display window. Light is what is averaged
    by area; width None keeps its size. Pixels that are not finite take no part in an average; where
    they are half of it or more, rgb is 0 and valid is False. Pixels are not made square. The arrays
    are the caller's.

    Raises BadInput where the frame has no R, G, B, or nothing of it is inside the display.
    """
    index, view, box = shown(frame, name)
    wide = min(width or box.width, box.width)
    tall = max(1, round(box.height * wide / box.width))
    linear = space.matrix is not None  # it is light already: the few averages are converted
    colours, weights, whole = [], [], True
    for y in range(0, box.height, STRIP):
        bottom = min(y + STRIP, box.height)
        if isinstance(frame, MovieFrame):  # light of it is always finite
            light = frame.light(y, bottom)
        else:
            rows = frame.rows(index, box.y + y, box.y + bottom)[:, box.x : box.x + box.width]
            light = np.take(rows, view, axis=-1).astype(np.float32)
        light = light if linear else colour.to_acescg(light, space)
        weight = np.ones((bottom - y, wide), np.float32)
        if not isinstance(frame, MovieFrame) and not _finite(light):
            whole = False
            usable = np.isfinite(light).all(axis=-1)
            light[~usable] = 0
            weight = _averaged(usable.astype(np.float32), wide, bottom - y)
        colours.append(_averaged(light, wide, bottom - y))
        weights.append(weight)
    rgb = _averaged(np.concatenate(colours), wide, tall)
    valid = np.ones((tall, wide), bool)
    if not whole:
        weight = _averaged(np.concatenate(weights), wide, tall)
        valid = weight > 0.5
        rgb[valid] /= weight[valid][:, None]
        rgb[~valid] = 0
    return (colour.to_acescg(rgb, space) if linear else rgb), valid


def shown(frame: Frame, name: str = "The frame") -> tuple[int, tuple[int, int, int], Window]:
    """What `picture_of` reads: the part, its R, G, B, and the window, from its data's top left."""
    index, view = first_view(frame.parts, name)
    return index, view, _shown(frame.parts[index])


_WORDS: Kept[str] = Kept(20_000, lambda word: 1)
_PICTURES: Kept[tuple[np.ndarray, np.ndarray]] = Kept(KEPT, lambda two: sum(p.nbytes for p in two))


def _averaged(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """Area averages. They separate into rows and columns, so a picture can come in strips."""
    if pixels.shape[:2] == (height, width):
        return pixels
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))


def _log(still: Still, name: str) -> str:
    index, view = first_view(still.parts, name)
    height = still.parts[index].data.height
    return colour.looks_like_log(still.rows(index, 0, height)[::4, ::4, list(view)])


def _finite(light: np.ndarray) -> bool:
    """Whether all is finite: the sum tells, at a fraction of the cost. False may be a large sum."""
    with np.errstate(invalid="ignore", over="ignore"):
        return bool(np.isfinite(light.sum()))


def first_view(parts: Sequence[Part], name: str) -> tuple[int, tuple[int, int, int]]:
    """The part that carries the picture, and its R, G, B. Raises BadInput where none does."""
    for index, part in enumerate(parts):
        if part.colour:
            return index, part.colour[0]
    channels = [channel for part in parts for channel in part.channels]
    listed = ", ".join(channels[:12]) + (", ..." if len(channels) > 12 else "")
    raise BadInput(
        f"{name} has no R, G, B. It has: {listed}.", "Choose a plate, or render it with R, G, B."
    )


def _shown(part: Part) -> Window:
    """What lies in data and display window, counted from the top left of the data window."""
    data, display = part.data, part.display
    left, top = max(data.x, display.x), max(data.y, display.y)
    right = min(data.x + data.width, display.x + display.width)
    bottom = min(data.y + data.height, display.y + display.height)
    if right <= left or bottom <= top:
        raise BadInput(
            f"The frame shows nothing: its data window {_told(data)} lies outside its display "
            f"window {_told(display)}.",
            "Render the frame again.",
        )
    return Window(left - data.x, top - data.y, right - left, bottom - top)
