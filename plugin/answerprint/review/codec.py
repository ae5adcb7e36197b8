"""Which codec a review is written in, and the writer of its frames.

8 bit    H.264 where the machine or the system brings an encoder of its own, or OpenH264 is there;
         else Motion JPEG, which editing systems and players read frame by frame. x264 is not used,
         though most builds of PyAV have it: it is under the GPL, this suite is not.
10 bit   ProRes 422 HQ.

Convention
    code     float32 (h, w, 3), R, G, B, 0..1: as a display gets it.
    levels   H.264 and ProRes: BT.709 matrix, legal range, tagged so. Motion JPEG: as JPEG has it,
             BT.601, full range.
    curve    tagged as the display's: sRGB or BT.709, with BT.709's primaries; of another display
             nothing is said, rather than what is wrong.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from answerprint.errors import BadParameter, CannotWrite

SUFFIX = ".mov"
OURS = "Answerprint review"
"""What our movies say of themselves: others are not written over."""
H264 = ("libopenh264", "h264_videotoolbox", "h264_mf", "h264_nvenc", "h264_amf", "h264_qsv")


@dataclass(frozen=True)
class Codec:
    """name: as people know it. encoder, layout: as FFmpeg does."""

    name: str
    encoder: str
    layout: str
    jpeg: bool = False
    options: tuple[tuple[str, str], ...] = ()


PRORES = Codec("ProRes 422 HQ, 10 bit", "prores_ks", "yuv422p10le", options=(("profile", "3"),))
MOTION_JPEG = Codec("Motion JPEG, 8 bit", "mjpeg", "yuvj422p", jpeg=True)


def choose(bits: int, size: tuple[int, int]) -> Codec:
    """The codec for movies of that many bits. Raises BadParameter for other bits than 8 and 10."""
    if bits not in (8, 10):
        raise BadParameter(f"bits is {bits!r}.", "Use 8 or 10.", about="bits")
    if bits == 10:
        return PRORES
    for name in H264:
        if _opens(name, size):
            return Codec(f"H.264 ({name}), 8 bit", name, "yuv420p")
    return MOTION_JPEG


def _opens(name: str, size: tuple[int, int]) -> bool:
    """Whether an encoder is there and its hardware too: asked by opening it."""
    with suppress(av.error.FFmpegError, OSError, ValueError):
        context: Any = av.CodecContext.create(name, "w")
        context.width, context.height = size
        context.pix_fmt = "yuv420p"
        context.framerate, context.time_base = Fraction(24), Fraction(1, 24)
        context.open()
        return True
    return False


class Writer:
    """Takes frames one by one; none is kept."""

    def __init__(
        self, container: Any, codec: Codec, rate: Fraction, size: tuple[int, int], display: str
    ) -> None:
        self._container, self._codec, self._tags = container, codec, tags(display)
        stream = container.add_stream(codec.encoder, rate=rate, options=dict(codec.options))
        stream.width, stream.height = size
        stream.pix_fmt = codec.layout
        context = stream.codec_context
        if codec.jpeg:
            context.flags |= av.codec.context.Flags.qscale
            context.global_quality = 3 * 118  # FF_QP2LAMBDA: of 2, the best, to 31
        else:
            context.bit_rate = round(size[0] * size[1] * float(rate) * 0.25)
            context.color_range, context.colorspace = 1, 1
            context.color_primaries, context.color_trc = self._tags
        self._stream, self.count = stream, 0

    def put(self, code: np.ndarray) -> None:
        top = 65535 if self._codec.layout.endswith("10le") else 255
        kind, name = (np.uint16, "rgb48le") if top == 65535 else (np.uint8, "rgb24")
        whole = np.rint(np.clip(code, 0, 1) * top).astype(kind)
        frame: Any = av.VideoFrame.from_ndarray(np.ascontiguousarray(whole), name)
        jpeg = self._codec.jpeg
        frame = frame.reformat(
            format=self._codec.layout,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.JPEG if jpeg else ColorRange.MPEG,
            dst_colorspace=Colorspace.ITU601 if jpeg else Colorspace.ITU709,
        )
        if not jpeg:
            frame.color_primaries, frame.color_trc = self._tags
        frame.pts, frame.time_base = self.count, 1 / self._stream.codec_context.framerate
        self.count += 1
        self._container.mux(self._stream.encode(frame))

    def end(self) -> None:
        self._container.mux(self._stream.encode(None))


def tags(display: str) -> tuple[int, int]:
    """Primaries and curve of a display's colour space by its name, as ITU-T H.273 numbers them."""
    if "sRGB" in display:
        return 1, 13
    if "1886" in display and "709" in display:
        return 1, 1
    return 2, 2


def is_ours(path: Path) -> bool:
    """Whether a movie is a review that was written here."""
    with suppress(av.error.FFmpegError, OSError), av.open(str(path)) as container:
        return container.metadata.get("comment") == OURS
    return False


@contextmanager
def written(
    path: Path, codec: Codec, rate: Fraction, size: tuple[int, int], display: str
) -> Iterator[Writer]:
    """A movie that is at `path` when the block ends well, and nowhere else.

    display   the colour space of its code values.

    Raises CannotWrite where the disk does not take it.
    """
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}{SUFFIX}")
    try:
        try:
            with av.open(str(unfinished), "w") as container:
                container.metadata["comment"] = OURS
                writer = Writer(container, codec, rate, size, display)
                yield writer
                writer.end()
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    except (av.error.FFmpegError, OSError) as why:
        raise CannotWrite(
            f"The movie {path} cannot be written.",
            "Make space there, or choose another file.",
            str(why),
            about="out",
        ) from why
