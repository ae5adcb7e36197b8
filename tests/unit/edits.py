"""Edits and their media, made small: sequences, movies, OTIO and EDL files."""

from fractions import Fraction

import av
import numpy as np
import OpenImageIO as oiio
import opentimelineio as otio

NTSC = Fraction(24000, 1001)


def sequence(folder, name="plate", first=1001, count=24, timecode=None, rated=True):
    """Frames whose red is their own number; the pattern. They say their rate where `rated`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        spec = oiio.ImageSpec(4, 2, 3, "float")
        if rated:
            spec.attribute("FramesPerSecond", oiio.TypeRational, (24, 1))
        if timecode is not None:
            packed = _packed(timecode + number - first)
            spec.attribute("smpte:TimeCode", oiio.TypeTimeCode, (packed, 0))
        buffer = oiio.ImageBuf(spec)
        buffer.set_pixels(buffer.roi, np.full((2, 4, 3), number, np.float32))
        assert buffer.write(str(folder / f"{name}.{number:04d}.exr"))
    return str(folder / f"{name}.%04d.exr")


def _packed(count, base=24):
    seconds, frames = divmod(count, base)
    parts = (frames, seconds % 60, seconds // 60 % 60, seconds // 3600)
    packed = 0
    for value, bit in zip(parts, (0, 8, 16, 24), strict=True):
        packed |= (value % 10 | value // 10 << 4) << bit
    return packed


def movie(path, count=24, timecode="", rate=24):
    """A movie whose picture gets lighter by 8 each frame."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options={"timecode": timecode} if timecode else {}) as made:
        stream = made.add_stream("mpeg4", rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        if timecode:
            stream.metadata["timecode"] = timecode
        for turn in range(count):
            grey = np.full((48, 64, 3), 16 + 8 * turn, np.uint8)
            made.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        made.mux(stream.encode())
    return str(path)


def time(value, rate=24.0):
    return otio.opentime.RationalTime(value, rate)


def span(start, length, rate=24.0):
    return otio.opentime.TimeRange(time(start, rate), time(length, rate))


def external(path, start, length, rate=24.0):
    return otio.schema.ExternalReference(str(path), span(start, length, rate))


def saved(path, *children, start=86400, rate=24.0):
    """An OTIO of one track."""
    timeline = otio.schema.Timeline("reel", global_start_time=time(start, rate))
    timeline.tracks.append(otio.schema.Track("Video 1", children=list(children)))
    otio.adapters.write_to_file(timeline, str(path))
    return str(path)


def clip(name, reference, source, **more):
    return otio.schema.Clip(name, reference, source, **more)


def edl(path, *events):
    lines = ["TITLE: reel", "FCM: NON-DROP FRAME", ""]
    for number, (reel, source, length, *said) in enumerate(events, 1):
        ends = (source, source + length, 86400 + 100 * number, 86400 + 100 * number + length)
        row = " ".join(_text(each) for each in ends)
        lines += [f"{number:03d}  {reel:<8} V     C        {row}", *said]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def _text(count):
    return f"{count // 86400:02}:{count // 1440 % 60:02}:{count // 24 % 60:02}:{count % 24:02}"
