"""Any picture of a movie file, in the order shown, as the decoder gives it.

The file is read once from end to end when it is opened, decoding nothing, for the times of its
frames. A decoding error spoils its frame and all that build on it, up to the next key frame;
the others stay good. Damage that leaves a valid stream cannot be noticed: movies carry no
checksums.
"""

from __future__ import annotations

import bisect
import contextlib
import os
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np

from answerprint.errors import BadInput

CAMERA_RAW = (".r3d", ".braw", ".arx", ".ari", ".crm", ".nev", ".krw")

_OPTIONS = {
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mxf,avi",
    "protocol_whitelist": "file",
}
"""A playlist dressed up as a movie must not make the library open anything else."""

_LARGEST = 16384 * 8640
"""Pixels of a picture: a header that claims more is not worth the memory."""

_THREADS_AHEAD = 64
"""A decoder that works on several frames at once fails at most so many packets later."""

_REORDER = 32
"""Frames stored apart by more than this are not shown side by side (H.264 allows 16)."""


class Lost(Exception):
    """A frame cannot be had; the text says why."""


class Decoder:
    """The picture of one movie file, from one thread at a time.

    times      presentation times of its frames in the order shown, in units of `tick` seconds.
    promised   how many frames the file says it has: more than there are times if cut short.
    stream     PyAV's stream, for its tags.
    notes      what was found to be wrong, as sentences.

    Raises BadInput for what is no movie, and for camera raw, with the way out.
    """

    def __init__(self, path: str) -> None:
        self._path, self._name = path, os.path.basename(path)
        self.notes = list[str]()
        self._damaged = set[int]()
        self._run: Iterator[tuple[int, av.VideoFrame]] | None = None
        self._at = 0
        self._container, self.stream = self._opened("AUTO", 0)
        try:
            self._stored = self._scan()
            self.times = sorted({time for time, _ in self._stored})
            self.promised = max(len(self.times), self._promise())
            self._settle_the_end()
        except BaseException:
            self.close()
            raise
        self._keys = sorted(time for time, key in self._stored if key) or [self.times[0]]

    @property
    def tick(self) -> Fraction:
        return Fraction(self.stream.time_base)

    @property
    def steady(self) -> bool:
        """Whether all frames last equally long, to the precision of the file's clock."""
        steps = np.diff(self.times)
        return not steps.size or bool(np.ptp(steps) <= max(1, 0.05 * np.median(steps)))

    @property
    def tags(self) -> dict[str, str]:
        """Text the file carries, names in small letters: its own, its tracks', the picture's."""
        found: dict[str, str] = {}
        for each in (self._container, *self._container.streams, self.stream):
            found.update({name.lower(): text for name, text in each.metadata.items()})
        return found

    def close(self) -> None:
        self._run = None
        self._container.close()

    # --- pictures ---

    def picture(self, at: int) -> av.VideoFrame:
        """The picture at a place in the order shown, counted from 0.

        The following one is decoded on without seeking. Raises Lost.
        """
        if at >= len(self.times):
            raise Lost("the file ends before it")
        time, cause = self.times[at], None
        for _ in range(2):
            if time in self._damaged:
                break
            try:
                return self._advance(time)
            except (av.error.FFmpegError, Lost) as failed:
                self._run, cause = None, failed
                self._find_damage(time)
        self._damaged.add(time)
        raise Lost("it is damaged, or builds on a frame that is") from cause

    def first(self) -> av.VideoFrame:
        """The first picture that can be had. Raises BadInput if there is none."""
        for at in range(len(self.times)):
            with contextlib.suppress(Lost):  # the next will do
                return self.picture(at)
        raise BadInput(f"No frame of {self._name} can be decoded.", "Get a new copy of it.")

    def _advance(self, time: int) -> av.VideoFrame:
        key = self._key_before(time)
        follows = bisect.bisect_right(self.times, self._at)
        near = key <= self._at < time or self.times[follows : follows + 1] == [time]
        if self._run is None or not near:
            self._run = self._decode_from(key)
        for shown, frame in self._run:
            self._at = shown
            if shown == time:
                return frame
            if shown > time:
                break
        raise Lost("the decoder left it out")

    def _key_before(self, time: int) -> int:
        return self._keys[max(bisect.bisect_right(self._keys, time) - 1, 0)]

    def _decode_from(self, key: int) -> Iterator[tuple[int, av.VideoFrame]]:
        """(time, picture) from a key frame on, in the order shown, without the damaged ones."""
        self._container.seek(key, stream=self.stream, backward=True)
        codec, fed = self.stream.codec_context, False
        for packet in self._container.demux(self.stream):
            if packet.size and packet.pts in self._damaged:
                if fed:
                    yield from _timed(codec.decode(None))
                    codec.flush_buffers()
                fed = False
                continue
            if fed or packet.size:
                yield from _timed(codec.decode(packet))
            fed = True

    def _find_damage(self, time: int) -> None:
        """Mark what cannot be decoded from the key frame before a time on, packet by packet."""
        container, stream = self._opened("SLICE", 1)
        with contextlib.closing(container):
            codec, fed = stream.codec_context, 0
            try:
                container.seek(self._key_before(time), stream=stream, backward=True)
                for packet in container.demux(stream):
                    fed += 1
                    if fed > _THREADS_AHEAD and packet.is_keyframe:
                        return
                    if not packet.size or packet.pts in self._damaged:
                        continue
                    try:
                        codec.decode(packet)
                    except av.error.FFmpegError:
                        self._spoil(packet.pts)
                        codec.flush_buffers()
            except av.error.FFmpegError:
                return  # nothing is readable from here on: the caller's next try says so

    def _spoil(self, time: int) -> None:
        """Mark a frame and those stored after it, up to the next key frame."""
        start = next((i for i, (each, _) in enumerate(self._stored) if each == time), None)
        if start is None:
            return  # not a frame that has a number
        for each, key in self._stored[start:]:
            if key and each != time:
                return
            self._damaged.add(each)

    # --- opening ---

    def _opened(self, threading: str, threads: int) -> tuple[Any, Any]:
        if self._path.lower().endswith(CAMERA_RAW):
            raise BadInput(
                f"{self._name} is camera raw.",
                "Render it to EXR in the camera maker's tool, Nuke or Resolve, and use that.",
            )
        if not os.path.isfile(self._path):
            raise BadInput(f"There is no movie {self._name}.", "Check the path.", self._path)
        try:
            container: Any = av.open(
                os.path.abspath(self._path), options=_OPTIONS, metadata_errors="replace"
            )
        except (av.error.FFmpegError, OSError) as cause:
            raise BadInput(
                f"{self._name} cannot be opened as a movie.",
                "Get a new copy of it, or render it to an EXR sequence.",
                str(cause),
            ) from cause
        try:
            stream = self._picture_stream(container)
        except BaseException:
            container.close()
            raise
        stream.codec_context.options = {"err_detect": "explode", "max_pixels": str(_LARGEST)}
        stream.thread_type, stream.codec_context.thread_count = threading, threads
        return container, stream

    def _picture_stream(self, container: Any) -> Any:
        cover = av.stream.Disposition.attached_pic
        streams = [s for s in container.streams.video if not s.disposition & cover]
        if not streams:
            raise BadInput(
                f"{self._name} has no picture track that can be decoded.",
                "Render it to EXR, or transcode it to ProRes or DNxHR.",
            )
        if not streams[0].codec_context:
            raise BadInput(
                f"{self._name} is in a codec that cannot be decoded here.",
                "Render it to EXR, or transcode it to ProRes or DNxHR.",
            )
        return streams[0]

    def _scan(self) -> list[tuple[int, bool]]:
        """(time, whether a key frame) of each frame, in the order stored."""
        stored: list[tuple[int, bool]] = []
        cut: list[int] = []
        try:
            for packet in self._container.demux(self.stream):
                if not packet.size or packet.is_discard:
                    continue
                if packet.pts is None:
                    raise BadInput(
                        f"{self._name} does not say when its frames are shown.",
                        "Rewrap it as .mov or .mp4, or render it to an EXR sequence.",
                    )
                stored.append((packet.pts, packet.is_keyframe))
                if packet.is_corrupt:
                    cut.append(packet.pts)
        except av.error.FFmpegError as cause:
            self.notes.append(f"Reading stopped after {len(stored)} frames: {cause}.")
        if not stored:
            raise BadInput(f"{self._name} holds no frames.", "Get a new copy of it.")
        self._stored = stored
        for time in cut:
            self._spoil(time)
        return stored

    def _promise(self) -> int:
        """How many frames the header says there are; 0 where it does not say."""
        listed = sum(not entry.is_discard for entry in self.stream.index_entries)
        length = _seconds(self.stream.metadata.get("DURATION", "")) / self.tick
        if not length or not self.steady or len(self.times) < 2:
            return listed
        step = (self.times[-1] - self.times[0]) / (len(self.times) - 1)
        return max(listed, round((length - self.times[0]) / step - 0.5))

    def _settle_the_end(self) -> None:
        """Where a file is cut short, frames beyond a gap near its end have lost their place."""
        missing = self.promised - len(self.times)
        if not missing:
            return
        steps = np.diff(self.times)
        tail = max(0, len(steps) - _REORDER)
        gaps = np.flatnonzero(steps[tail:] > 1.5 * np.median(steps)) if len(steps) else steps
        if gaps.size:
            self.times = self.times[: tail + int(gaps[0]) + 1]
        self.notes.append(
            f"The file is cut short: of {self.promised} frames {self.promised - missing} are there."
        )


def _timed(frames: list[av.VideoFrame]) -> Iterator[tuple[int, av.VideoFrame]]:
    for frame in frames:
        if frame.pts is not None and not frame.is_corrupt:
            yield frame.pts, frame


def _seconds(text: str) -> Fraction:
    """Of Matroska's DURATION tag, '00:00:30.030000000'; 0 for anything else."""
    found = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", text)
    if not found:
        return Fraction(0)
    return (int(found[1]) * 60 + int(found[2])) * 60 + Fraction(found[3])
