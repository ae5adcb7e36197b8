"""Open one picture file and read it by strips: EXR, DPX, Cineon, TIFF, PNG, JPEG.

Convention
    EXR             pixels, channels, windows and types exactly as the file has them.
    float TIFF      the same; whole-number files (DPX, Cineon, PNG, JPEG, most TIFF) give
                    float32 code values, 0 to 1 over the range of the file's bit depth, alpha
                    as the file has it. Their windows start at 0, 0 and are the picture's size,
                    and a picture whose Orientation tag says it lies on its side is stood up.
    rows            see `frame.py`. Only the full-size picture of a mip-mapped EXR is read.

What cannot be kept whole is refused with a sentence, before memory is taken for it: deep
images, ID (unsigned whole number) channels, luminance-chroma, volumes, more pixels than
the limits below, other file formats.

Reading goes through OpenImageIO's ImageInput alone, because it says when a read failed; its
convenience calls hand out black rows. Each call is checked twice, by its return and by the
library's error text: some damaged files "succeed" with an error set.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import OpenImageIO as oiio

from answerprint.errors import BadInput
from answerprint.frames.frame import Part, Window
from answerprint.frames.kept import Kept

FORMATS = {
    ".exr": "openexr",
    ".dpx": "dpx",
    ".cin": "cineon",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
}
"""Suffix -> the only reader that may open it. The library knows thirty more formats; none of
them belongs in a shot, and each is one more decoder for a broken file to hurt."""

_RAW = ".ari .arx .r3d .braw .crm .nev .cine .dng .cr2 .cr3 .nef .arw .raf .orf .rw2"

LARGEST_SIDE = 65536  # pixels
LARGEST_PICTURE_MB = 8192  # all channels of one part in their own type; 8K RGBA float is 566
LARGEST_WHOLE_NUMBER_PICTURE = 2**28  # pixels; these decoders may hold the whole picture

# Frames are worked on side by side, one per thread: a library that starts threads of its own
# inside each only makes them wait for one another (and a worker that forks lose them).
oiio.attribute("threads", 1)
oiio.attribute("exr_threads", -1)
oiio.attribute("try_all_readers", 0)
oiio.attribute("limits:imagesize_MB", LARGEST_PICTURE_MB)
oiio.attribute("limits:resolution", LARGEST_SIDE)
oiio.attribute("limits:channels", 1024)

_MEANINGS = (
    (
        "Subsampled channels",
        "stores luminance and chroma, or other channels of reduced size",
        "Render or convert it to an EXR with R, G, B.",
    ),
    (
        "pixel aspect ratio",
        "has a pixel aspect that is not a positive number",
        "Set the pixel aspect and render the frame again.",
    ),
    ("data window", "has a data window with no inside", "Render the frame again."),
    ("display window", "has a display window with no inside", "Render the frame again."),
    (
        "exceed",
        "claims to be larger than any picture taken here",
        f"The limit is {LARGEST_SIDE} pixels a side and {LARGEST_PICTURE_MB} MB.",
    ),
)
"""Words of the library -> what they mean to an artist. Only the text depends on them: a file
the library will not open is refused whatever it says."""

_FROM_EXR = ("oiio:", "openexr:", "thumbnail_")
_NOT_KEPT = "compression name PixelAspectRatio chunkCount type version ResolutionUnit"
_FROM_OTHERS = (
    "smpte:TimeCode smpte:KeyCode DateTime Copyright ImageDescription colorInteropID "
    "dpx:Transfer ICCProfile:profile_description oiio:BitsPerSample"
)

_UPRIGHT: Mapping[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, 1),
}
"""Orientation tag (TIFF 6.0, page 36) -> what stands the picture up."""


class Metadata(dict[str, Any]):
    """Attributes by name, with OpenImageIO's type of each, so that a rational stays one.

    Text that is not UTF-8 is kept byte for byte (as Python's surrogate escapes).
    """

    def __init__(self, values: Mapping[str, Any], types: Mapping[str, oiio.TypeDesc]) -> None:
        super().__init__(values)
        self.types = dict(types)

    def with_(self, name: str, value: Any, kind: str) -> Metadata:
        """The same, with one attribute set; kind as OpenImageIO writes it ('float[8]')."""
        return Metadata({**self, name: value}, {**self.types, name: oiio.TypeDesc(kind)})

    def only(self, names: Iterable[str]) -> Metadata:
        """The same, with these attributes alone."""
        return Metadata({name: self[name] for name in names if name in self}, self.types)


def shown(path: str) -> str:
    """A file's name as it can be printed."""
    return os.path.basename(path).encode("utf-8", "backslashreplace").decode()


def complaint(source: Any, path: str) -> str:
    """What the library has to say since it was last asked; '' if nothing.

    `source` is an ImageInput, an ImageOutput or the library itself. The text may quote bytes
    of a damaged file: they are escaped, and it is cut short.
    """
    try:
        text = source.geterror()
    except UnicodeDecodeError as undecodable:
        text = undecodable.object.decode("utf-8", "backslashreplace")
    text = " ".join(text.replace(path, shown(path)).split())
    return "".join(c if c.isprintable() else "?" for c in text)[:300]


def open_still(path: str) -> Still:
    """The picture file `path`, opened and checked; no pixel is read yet.

    Raises BadInput where the file is missing, damaged, or of a kind that cannot be kept whole.
    """
    suffix = os.path.splitext(path)[1].lower()
    _refuse_formats(path, suffix)
    if not os.path.isfile(path):
        raise BadInput(f"{shown(path)} does not exist.", "Render it, or correct the path.")
    try:
        path.encode()
    except UnicodeEncodeError as cause:
        raise BadInput(
            f"{shown(path)} has a name that is not UTF-8.", "Rename the file.", str(cause.reason)
        ) from cause
    asked = oiio.ImageSpec()
    asked.attribute("oiio:UnassociatedAlpha", 1)
    source = oiio.ImageInput.open(path, asked)
    words = complaint(oiio if source is None else source, path)
    if source is None or words:
        raise _unreadable(path, words)
    try:
        return Still(path, source, exr=suffix == ".exr")
    except BaseException:
        source.close()
        raise


def _refuse_formats(path: str, suffix: str) -> None:
    if suffix in _RAW.split():
        raise BadInput(
            f"{shown(path)} is camera raw, which is not developed here.",
            "Render it to EXR in the camera maker's program or in DaVinci Resolve.",
        )
    if suffix not in FORMATS:
        kind = f"is a {suffix[1:].upper()}" if suffix else "has no suffix that says what it is"
        raise BadInput(
            f"{shown(path)} {kind}.", "Use EXR, DPX, Cineon, TIFF, PNG or JPEG (or a movie)."
        )


def _unreadable(path: str, words: str) -> BadInput:
    for fragment, meaning, hint in _MEANINGS:
        if fragment.lower() in words.lower():
            return BadInput(f"{shown(path)} {meaning}.", hint, words)
    return BadInput(f"{shown(path)} cannot be opened.", "Render or copy the frame again.", words)


_HASHES: Kept[str] = Kept(20_000, lambda value: 1)


def _sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Still:
    """An open picture file; a `Frame`.

    path      where it is.
    integer   True where the file holds whole numbers (code values), not floats.
    """

    def __init__(self, path: str, source: oiio.ImageInput, exr: bool) -> None:
        self.path = path
        self._source = source
        self._specs = _all_specs(path, source)
        if len(self._specs) > 1 and not exr:
            raise BadInput(
                f"{shown(path)} holds {len(self._specs)} pictures.", "Save one picture to a file."
            )
        for spec in self._specs:
            _refuse_contents(path, spec, exr)
        self.integer = any(not _is_float(kind) for kind in _types(self._specs[0]))
        self._turn = None if exr else _UPRIGHT.get(self._specs[0].get_int_attribute("Orientation"))
        self.parts: Sequence[Part] = _parts(path, self._specs, exr, self._turn)

    @cached_property
    def sha256(self) -> str:
        """Of the whole file, in hexadecimal."""
        return _HASHES.of(self.path, None, lambda: _sha256(self.path))

    def rows(self, part: int, y0: int, y1: int) -> np.ndarray:
        """Rows y0 up to y1 of a part: (y1 - y0, W, C), float16 or float32 (`Part.dtype`).

        Raises BadInput naming the file and the rows where they cannot be decoded.
        """
        height = self.parts[part].data.height
        if not 0 <= y0 < y1 <= height:
            raise ValueError(f"rows {y0} to {y1} of a picture of {height} rows")
        if self._turn:
            return self._upright[y0:y1].copy()
        return self._read(part, y0, y1)

    @cached_property
    def _upright(self) -> np.ndarray:
        assert self._turn is not None
        return np.ascontiguousarray(self._turn(self._read(0, 0, self._specs[0].height)))

    def _read(self, part: int, y0: int, y1: int) -> np.ndarray:
        spec = self._specs[part]
        kind = "half" if self.parts[part].dtype is np.float16 else "float"
        count = spec.nchannels
        top, bottom = y0, y1
        if spec.tile_height:
            # Tiles come whole: from the top of the first to the bottom of the last.
            top = y0 - y0 % spec.tile_height
            bottom = min(spec.height, -(-y1 // spec.tile_height) * spec.tile_height)
            left, right = spec.x, spec.x + spec.width
            read = self._source.read_tiles(
                part, 0, left, right, spec.y + top, spec.y + bottom, 0, 1, 0, count, kind
            )
        else:
            read = self._source.read_scanlines(part, 0, spec.y + y0, spec.y + y1, 0, 0, count, kind)
        words = complaint(self._source, self.path)
        if read is None or words:
            raise BadInput(
                f"{shown(self.path)} is damaged between rows {y0} and {y1 - 1}.",
                "Render or copy the frame again.",
                words,
            )
        pixels: np.ndarray = read.reshape(bottom - top, spec.width, spec.nchannels)
        if (top, bottom) == (y0, y1):
            return pixels
        return pixels[y0 - top : y1 - top].copy()

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> Still:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _all_specs(path: str, source: oiio.ImageInput) -> list[oiio.ImageSpec]:
    specs: list[oiio.ImageSpec] = []
    while source.seek_subimage(len(specs), 0):
        specs.append(source.spec())
    complaint(source, path)  # the seek past the last part leaves one
    return specs


def _types(spec: oiio.ImageSpec) -> list[oiio.TypeDesc]:
    return list(spec.channelformats) or [spec.format] * spec.nchannels


def _is_float(kind: oiio.TypeDesc) -> bool:
    return kind.basetype in (oiio.HALF, oiio.FLOAT, oiio.DOUBLE)


def _refuse_contents(path: str, spec: oiio.ImageSpec, exr: bool) -> None:
    """Raises BadInput for a picture that opens but cannot be kept whole."""
    name = shown(path)
    if spec.deep:
        raise BadInput(f"{name} is a deep image.", "Flatten it and render the frame again.")
    if spec.depth > 1:
        raise BadInput(f"{name} is a volume, not a picture.", "Render a picture.")
    if exr:
        whole = [
            channel
            for channel, kind in zip(spec.channelnames, _types(spec), strict=True)
            if not _is_float(kind)
        ]
        if whole:
            raise BadInput(
                f"{name} has channels of unsigned whole numbers: {', '.join(whole)}.",
                "Render it without ID channels, or with them as half or float.",
            )
        if {"RY", "BY"} & set(spec.channelnames):
            raise BadInput(
                f"{name} stores luminance and chroma, not R, G, B.",
                "Render or convert it to an EXR with R, G, B.",
            )
    elif spec.width * spec.height > LARGEST_WHOLE_NUMBER_PICTURE:
        raise BadInput(
            f"{name} claims {spec.width} x {spec.height} pixels.",
            f"The limit for this format is {LARGEST_WHOLE_NUMBER_PICTURE} pixels; use EXR.",
        )
    aspect = spec.get_float_attribute("PixelAspectRatio", 1.0)
    if not (math.isfinite(aspect) and aspect > 0):
        raise BadInput(
            f"{name} has a pixel aspect of {aspect:g}.", "Set the pixel aspect and render it again."
        )


def _parts(
    path: str, specs: list[oiio.ImageSpec], exr: bool, turn: Callable[..., Any] | None
) -> tuple[Part, ...]:
    parts: list[Part] = []
    seen: set[str] = set()
    for spec in specs:
        try:
            channels = tuple(spec.channelnames)
            metadata = _metadata(spec, exr)
        except UnicodeDecodeError as cause:
            raise BadInput(
                f"{shown(path)} has a channel or attribute name that is not text.",
                "Render the frame again.",
                str(cause.reason),
            ) from cause
        view = str(metadata.get("view", ""))
        colour = _colour(channels, metadata) if view not in seen else ()
        if colour:
            seen.add(view)
        width, height = spec.width, spec.height
        if turn:
            height, width = turn(np.empty((height, width, 1), np.bool_)).shape[:2]
        data = Window(spec.x, spec.y, width, height) if exr else Window(0, 0, width, height)
        full = Window(spec.full_x, spec.full_y, spec.full_width, spec.full_height)
        parts.append(
            Part(
                name=spec.get_string_attribute("name") if exr else "",
                channels=channels,
                types=tuple("half" if k.basetype == oiio.HALF else "float" for k in _types(spec)),
                data=data,
                display=full if exr else data,
                pixel_aspect=spec.get_float_attribute("PixelAspectRatio", 1.0),
                colour=colour,
                metadata=metadata,
                tile=(spec.tile_width, spec.tile_height) if spec.tile_width else None,
                compression=spec.get_string_attribute("compression") if exr else "zips",
            )
        )
    return tuple(parts)


def _metadata(spec: oiio.ImageSpec, exr: bool) -> Metadata:
    """What a result carries on. Of other formats only what a shot needs: no camera diary."""
    values, types = {}, {}
    for each in spec.extra_attribs:
        name = each.name
        kept = not name.startswith(_FROM_EXR) and name not in _NOT_KEPT.split()
        if kept if exr else name in _FROM_OTHERS.split():
            values[name], types[name] = each.value, each.type
    found = Metadata(values, types)
    speed = rate_of(spec.get_float_attribute("dpx:FrameRate"))
    if speed is None:
        return found
    return found.with_("framesPerSecond", (speed.numerator, speed.denominator), "rational")


def rate_of(speed: float) -> Fraction | None:
    """Frames per second as film counts them: 23.976 is 24000/1001; None for 0, Inf, NaN."""
    if not (math.isfinite(speed) and speed > 0):
        return None
    whole = round(speed)
    for exact in (Fraction(whole), Fraction(whole * 1000, 1001)):
        if whole and abs(speed - exact) < 0.003:
            return exact
    return Fraction(speed).limit_denominator(1001)


def _colour(channels: tuple[str, ...], metadata: Metadata) -> tuple[tuple[int, int, int], ...]:
    """(R, G, B) of the unnamed layer, then of each further view of a `multiView` file.

    Blender's multilayer files have no unnamed layer: the picture is a view layer's 'Combined',
    the first one's where there are several. A second part with R, G, B of the same view is a
    layer, not the picture.
    """
    views = metadata.get("multiView", ())
    views = [v.strip() for v in views.split(",")] if isinstance(views, str) else list(views)
    found = []
    picture = (
        ""
        if "R" in channels
        else next((name[:-1] for name in channels if name.endswith(".Combined.R")), "")
    )
    for prefix in (picture, *(f"{view}." for view in views[1:])):
        names = [prefix + c for c in "RGB"]
        if all(name in channels for name in names):
            found.append(tuple(channels.index(name) for name in names))
    return tuple(found)  # type: ignore[arg-type]
