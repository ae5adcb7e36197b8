"""Movies as shots: any frame by its number, as scene-linear pixels in the movie's primaries.

A movie is decoded by what it says of itself: matrix, levels, transfer curve and primaries,
each read from its tags; what it does not say is assumed, and each assumption is a sentence in
`Movie.notes`. Pictures stand upright as the display matrix says.

Convention
    numbers     from the movie's timecode (counted in frames at its rate), else from 1001; a
                timecode of 00:00:00:00 is what software writes without one, and counts as none.
                Frames are numbered in the order they are shown, whatever their durations.
    pixels      half R, G, B (and A, 0..1, as stored), linear light, unclamped up to 65504.
                BT.601, BT.709 and BT.2020 give scene light by the inverse of the camera curve;
                HLG scene light with 1.0 at its peak; PQ display light with 1.0 at 100 cd/m2.
    damage      frames that cannot be decoded raise BadInput; the others are good.

Source: ISO/IEC 23091-2 (numbers of the tags); ISO/IEC 14496-12 (display matrix); SMPTE ST 12-1
(timecode, drop frame).
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from types import TracebackType
from typing import Any

import av
import cv2
import numpy as np
from av.sidedata.sidedata import Type as SideData
from OpenImageIO import TypeDesc

from answerprint.errors import BadInput
from answerprint.frames import colour, curves
from answerprint.frames.decoder import Decoder, Lost
from answerprint.frames.frame import Part, Window
from answerprint.frames.still import Metadata
from answerprint.frames.timecode import packed
from answerprint.frames.yuv import MATRICES, Planes

SUFFIXES = (".mov", ".mp4", ".m4v", ".webm", ".mkv", ".mxf", ".avi")

_PRIMARIES = {
    1: ("BT.709", (0.640, 0.330, 0.300, 0.600, 0.150, 0.060, 0.3127, 0.3290)),
    4: ("NTSC 1953", (0.670, 0.330, 0.210, 0.710, 0.140, 0.080, 0.310, 0.316)),
    5: ("BT.601 625-line", (0.640, 0.330, 0.290, 0.600, 0.150, 0.060, 0.3127, 0.3290)),
    6: ("BT.601 525-line", (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290)),
    7: ("SMPTE 240M", (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290)),
    8: ("film", (0.681, 0.319, 0.243, 0.692, 0.145, 0.049, 0.310, 0.316)),
    9: ("BT.2020", (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290)),
    11: ("DCI-P3", (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351)),
    12: ("P3-D65", (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290)),
    22: ("EBU 3213", (0.630, 0.340, 0.295, 0.605, 0.155, 0.077, 0.3127, 0.3290)),
}
_UNSAID = (0, 2, None)
_HALF_MAX = 65504.0


def open_movie(path: str, colourspace: str | None = None) -> Movie:
    """A movie, ready to hand out frames.

    colourspace names the space its code values are in where the tags do not tell ('S-Log3
    S-Gamut3.Cine', a display): they are then decoded to the linear space of the same primaries.

    Raises BadInput for what cannot be opened or decoded, with the way out, and BadParameter
    for an unknown colour space.
    """
    return Movie(path, colourspace)


@dataclass(frozen=True)
class _Light:
    """From numbers of `Planes` to light: half by number, or through `convert` where it mixes."""

    code: np.ndarray
    table: np.ndarray | None
    mixed: Callable[[np.ndarray], np.ndarray] | None = None

    def of(self, numbers: np.ndarray) -> np.ndarray:
        if self.table is not None:
            return cv2.LUT(numbers, self.table.view(np.uint16)).view(np.float16)
        assert self.mixed is not None
        return _half(self.mixed(self.code.astype(np.float32)[numbers]))

    def wide(self, numbers: np.ndarray) -> np.ndarray:
        """The same values as float32, at a third of the cost of making them so afterwards."""
        table = self._wide
        return self.of(numbers).astype(np.float32) if table is None else cv2.LUT(numbers, table)

    @cached_property
    def _wide(self) -> np.ndarray | None:
        return None if self.table is None else self.table.astype(np.float32)


def _half(light: np.ndarray) -> np.ndarray:
    """As half. Only codes far beyond any signal reach its end; there it holds."""
    held = np.nan_to_num(light, nan=_HALF_MAX, posinf=_HALF_MAX, neginf=-_HALF_MAX)
    return np.clip(held, -_HALF_MAX, _HALF_MAX).astype(np.float16)


class MovieFrame:
    """One decoded picture; a `Frame`."""

    def __init__(
        self, part: Part, numbers: np.ndarray, alpha: np.ndarray | None, light: _Light
    ) -> None:
        self.parts: Sequence[Part] = (part,)
        self._numbers, self._alpha, self._light = numbers, alpha, light

    @cached_property
    def sha256(self) -> str:
        """Of the decoded pixels: their size, then their halves row by row."""
        digest = hashlib.sha256(repr(self._numbers.shape[:2]).encode())
        height = len(self._numbers)
        for y in range(0, height, 256):
            digest.update(np.ascontiguousarray(self.rows(0, y, min(y + 256, height))).data)
        return digest.hexdigest()

    def rows(self, part: int, y0: int, y1: int) -> np.ndarray:
        """float16 (y1 - y0, W, 3 or 4): linear R, G, B and alpha if the movie has one."""
        rgb = self._light.of(self._numbers[y0:y1])
        if self._alpha is None:
            return rgb
        return np.dstack([rgb, self._alpha[y0:y1].astype(np.float16)])

    def light(self, y0: int, y1: int) -> np.ndarray:
        """float32 (y1 - y0, W, 3): `rows` without alpha, the same values."""
        return self._light.wide(self._numbers[y0:y1])

    def code_values(self) -> np.ndarray:
        """float32 (H, W, 3): the R'G'B' signal before its curve, white at 1."""
        return self._light.code.astype(np.float32)[self._numbers]

    def reduced(self, width: int, height: int) -> np.ndarray:
        """float32 (height, width, 3): linear light of the signal's area averages.

        Small and quick. Averages of the light itself are brighter where highlights meet shadow.
        """
        small = cv2.resize(self._numbers, (width, height), interpolation=cv2.INTER_AREA)
        return self._light.of(small).astype(np.float32)

    def close(self) -> None:
        """Nothing to do: the picture is all in memory."""

    def __enter__(self) -> MovieFrame:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Movie:
    """An open movie. Frames may be asked for from any thread; they are decoded one at a time.

    numbers, rate   the frame numbers, and frames per second (the average if it varies).
    parts           one part: R, G, B (A), half.
    space           the linear space of the pixels.
    notes           what was assumed or is unusual, as sentences for the report.
    """

    def __init__(self, path: str, colourspace: str | None) -> None:
        self.path, self._name = path, os.path.basename(path)
        self.named = colourspace or ""  # `space` is the light behind it, the same for several
        self._lock = threading.Lock()
        self._decoder = Decoder(path)
        try:
            self.notes = list(self._decoder.notes)
            sample = self._decoder.first()
            self.rate = self._rate()
            self._start = self._first_number()
            self.numbers = range(self._start, self._start + self._decoder.promised)
            self._planes = self._how_to_read(sample)
            self._size = (sample.width, sample.height, sample.format.name)
            self._turn = self._upright(sample)
            self._light = self._to_light(sample, colourspace)
            self.parts = (self._part(0, sample),)
        except BaseException:
            self.close()
            raise

    def open(self, number: int) -> MovieFrame:
        """One frame. The next one in order is decoded on; any other is sought first.

        Raises BadInput naming the frame where the movie does not have it or it is damaged.
        """
        if number not in self.numbers:
            raise BadInput(
                f"{self._name} has no frame {number}.",
                f"It has {self.numbers[0]}-{self.numbers[-1]}.",
            )
        with self._lock:
            try:
                frame = self._decoder.picture(number - self._start)
            except Lost as lost:
                raise BadInput(
                    f"Frame {number} of {self._name} cannot be decoded: {lost}.",
                    "Use the other frames, or get a new copy of the movie.",
                    str(lost.__cause__ or ""),
                ) from lost
            found = (frame.width, frame.height, frame.format.name)
            if found != self._size:
                raise BadInput(
                    f"Frame {number} of {self._name} is {found[0]} x {found[1]} {found[2]}, the "
                    f"first is {self._size[0]} x {self._size[1]} {self._size[2]}.",
                    "Cut the movie where its picture changes, or render it to EXR.",
                )
            numbers, alpha = self._planes.read(frame)
        part = replace(self.parts[0], metadata=self._metadata(number - self._start))
        upright = self._turn(numbers), None if alpha is None else self._turn(alpha)
        return MovieFrame(part, *upright, self._light)

    def stream(self, numbers: Iterable[int]) -> Iterator[tuple[int, MovieFrame | BadInput]]:
        """(number, frame) in the order asked for; a bad frame comes as the error it raises."""
        for number in numbers:
            try:
                yield number, self.open(number)
            except BadInput as refused:
                yield number, refused

    def looks_like_log(self) -> str:
        """Why the picture looks like camera log, '' if it does not: three frames have to agree.

        For movies decoded by their tags; see `colour.looks_like_log`.
        """
        reason = ""
        for number in {self.numbers[0], self.numbers[len(self.numbers) // 2], self.numbers[-1]}:
            try:
                code = self.open(number).code_values()
            except BadInput:
                continue  # a damaged frame has no say
            reason = colour.looks_like_log(code[::2, ::2])
            if not reason:
                return ""
        return reason

    @cached_property
    def sha256(self) -> str:
        """Of the file."""
        with open(self.path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def close(self) -> None:
        with self._lock:
            self._decoder.close()

    def __enter__(self) -> Movie:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- time ---

    def _rate(self) -> Fraction:
        stream, times = self._decoder.stream, self._decoder.times
        if self._decoder.steady:
            return Fraction(stream.guessed_rate or stream.average_rate or 24)
        seconds = (times[-1] - times[0]) * self._decoder.tick
        rate = Fraction((len(times) - 1) / seconds).limit_denominator(1001)
        self.notes.append(
            f"The frame rate varies; frames are numbered in order, {float(rate):.3f} per second "
            "on average."
        )
        return rate

    @cached_property
    def _timecode(self) -> re.Match[str] | None:
        text = self._decoder.tags.get("timecode", "")
        found = re.fullmatch(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d+)", text)
        return found if found and re.search("[1-9]", text) else None

    def _first_number(self) -> int:
        if not self._timecode:
            return 1001
        hours, minutes, seconds, frames = (int(self._timecode[i]) for i in (1, 2, 3, 5))
        base = round(self.rate)
        minutes += hours * 60
        dropped = 0 if self._timecode[4] == ":" else base // 15 * (minutes - minutes // 10)
        return (minutes * 60 + seconds) * base + frames - dropped

    # --- what the tags say ---

    def _how_to_read(self, sample: av.VideoFrame) -> Planes:
        layout = sample.format.name
        rgb = sample.format.is_rgb
        matrix, levels = sample.colorspace, sample.color_range
        if not rgb and not layout.startswith("gray") and matrix in _UNSAID:
            matrix = 1 if sample.height >= 720 or sample.width >= 1280 else 5
            self.notes.append(
                f"The movie names no colour matrix; {MATRICES[matrix][0]} is assumed from its size."
            )
        if not levels:
            full = rgb or layout.startswith(("yuvj", "gray"))
            if not full:
                self.notes.append("The movie does not name its levels; legal range is assumed.")
        else:
            full = int(levels) == 2
        if sample.interlaced_frame:
            self.notes.append("The movie is interlaced; both fields are kept woven into a frame.")
        try:
            return Planes(layout, int(matrix or 0), full)
        except ValueError as cause:
            raise BadInput(
                f"{self._name} has a {cause}, which cannot be decoded exactly.",
                "Render it to EXR, or transcode it to ProRes.",
            ) from cause

    def _to_light(self, sample: av.VideoFrame, colourspace: str | None) -> _Light:
        """Sets `space`."""
        code = self._planes.code
        if colourspace:
            here = colour.space(colourspace)
            self.space = there = colour.linear_twin(here)
            self._chromaticities = colour.chromaticities(there)
            if not colour.per_channel(here):
                return _Light(code, None, lambda rgb: colour.convert(rgb, here, there))
            ramp = np.repeat(code[:, None], 3, axis=1)
            return _Light(code, _half(colour.convert(ramp, here, there)[:, 0]))
        rgb, said = self._planes.rgb, True
        number = int(sample.color_primaries or 2)
        if number in _UNSAID:
            number, said = 1, False
            self.notes.append("The movie names no primaries; those of BT.709 are assumed.")
        curve = int(sample.color_trc or 2)
        if curve in _UNSAID:
            curve = 13 if rgb else 1
            assumed = curves.MOVIE[curve][0]
            self.notes.append(f"The movie names no transfer curve; {assumed} is assumed.")
        for tag, known, what in (
            (number, _PRIMARIES, "primaries"),
            (curve, curves.MOVIE, "a transfer curve"),
        ):
            if tag not in known:
                raise BadInput(
                    f"{self._name} is tagged with {what} that cannot be decoded (number {tag}).",
                    "Name the colour space it is in.",
                    about="colourspace",
                )
        self._chromaticities = _PRIMARIES[number][1]
        self.space = colour.of_primaries(self._chromaticities, "file" if said else "assumed")
        if curve == 18:
            self.notes.append("HLG: 1.0 is the peak of the signal; reference white is 0.265.")
        if curve == 16:
            self.notes.append("PQ: 1.0 is 100 cd/m2 on the display.")
        return _Light(code, _half(curves.MOVIE[curve][1](code)))

    # --- the picture ---

    def _upright(self, sample: av.VideoFrame) -> Callable[[np.ndarray], np.ndarray]:
        """What turns a stored picture as the display matrix asks."""
        a, b, c, d = _display_matrix(sample)
        if not ((b == c == 0 and a and d) or (a == d == 0 and b and c)):
            self.notes.append("The movie is to be shown at an odd angle; it is kept as stored.")
            a, b, c, d = 1, 0, 0, 1
        self._on_its_side = a == 0
        across, down = (c, b) if self._on_its_side else (a, d)

        def turn(picture: np.ndarray) -> np.ndarray:
            if self._on_its_side:
                picture = picture.swapaxes(0, 1)
            return np.ascontiguousarray(picture[:: down or 1, :: across or 1])

        return turn

    def _part(self, at: int, sample: av.VideoFrame) -> Part:
        width, height = sample.width, sample.height
        aspect = float(self._decoder.stream.sample_aspect_ratio or 1) or 1.0
        if self._on_its_side:
            width, height, aspect = height, width, 1 / aspect
        if self._decoder.tags.get("alpha_mode") == "1" and not self._planes.alpha:
            self.notes.append("The movie's alpha is in a track of its own and is not decoded.")
        channels = ("R", "G", "B", "A") if self._planes.alpha else ("R", "G", "B")
        window = Window(0, 0, width, height)
        return Part(
            name="",
            channels=channels,
            types=("half",) * len(channels),
            data=window,
            display=window,
            pixel_aspect=aspect,
            colour=((0, 1, 2),),
            metadata=self._metadata(at),
        )

    def _metadata(self, at: int) -> Metadata:
        values: dict[str, Any] = {
            "chromaticities": tuple(self._chromaticities),
            "framesPerSecond": (self.rate.numerator, self.rate.denominator),
        }
        types = {"chromaticities": TypeDesc("float[8]"), "framesPerSecond": TypeDesc("rational")}
        base = round(self.rate)
        if self._timecode and base <= 40:
            drop = self._timecode[4] != ":"
            values["smpte:TimeCode"] = (packed(self._start + at, base, drop), 0)
            types["smpte:TimeCode"] = TypeDesc("timecode")
        if reel := self._decoder.tags.get("reel_name", ""):
            values["reelName"], types["reelName"] = reel, TypeDesc("string")
        return Metadata(values, types)


def _display_matrix(sample: av.VideoFrame) -> tuple[int, int, int, int]:
    """Signs of (a, b, c, d): shown x is a x + c y, shown y is b x + d y."""
    side_data: Any = sample.side_data
    data = side_data.get(SideData.DISPLAYMATRIX)
    if data is None:
        return 1, 0, 0, 1
    a, b, _, c, d = (int(v) for v in np.frombuffer(bytes(data), np.int32)[:5])
    a, b, c, d = (0 if abs(v) < 64 else v for v in (a, b, c, d))
    return tuple(int(np.sign(v)) for v in (a, b, c, d))  # type: ignore[return-value]
