"""What tells that a clip's files changed, without reading them: a stamp of two halves.

    "5e0c...-9a41..."   number, size and time of every file; then what a few of them hold

The first half changes when a file does, and stays where files are moved or renamed. Its times are
only as fine as the disk keeps them: uncompressed stills of one size may all be of one second. So
the second half is of bytes: KB of the head, the middle and the tail of some files, spread over the
clip. It also knows a copy, which has other times.

Stamps of the shows of version 1 have the first half alone; they say what they said.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

FILES = 5
"""Files of a sequence that are looked into: the first, the last and some between."""
PIECE = 4096
"""Bytes that are read of the head, of the middle and of the tail of each."""
LONG = 40
_BETWEEN = "-"


@dataclass(frozen=True)
class File:
    """One file of a clip. number: of its frame, 0 of a movie. time: of its last change, in ns."""

    path: str
    number: int
    size: int
    time: int

    @classmethod
    def at(cls, path: str, number: int = 0) -> File:
        """Raises OSError."""
        there = os.stat(path)
        return cls(path, number, there.st_size, there.st_mtime_ns)


def of(files: Sequence[File]) -> str:
    """The stamp of a clip by its files, in order. Raises OSError."""
    changed = repr([(each.number, each.size, each.time) for each in files])
    bytes_of = repr([(each.number, each.size) for each in files]).encode()
    last = len(files) - 1
    for at in sorted({turn * last // (FILES - 1) for turn in range(FILES)}):
        bytes_of += _pieces(files[at])
    return f"{_short(changed.encode())}{_BETWEEN}{_short(bytes_of)}"


def same(kept: str, now: str) -> bool:
    """Whether nothing changed since a stamp was kept."""
    if not kept or not now:
        return False
    return kept == now or (not held(kept) and kept == changed(now))


def changed(stamp: str) -> str:
    """The half that is of numbers, sizes and times."""
    return stamp.partition(_BETWEEN)[0]


def held(stamp: str) -> str:
    """The half that is of bytes; '' of a stamp that has none."""
    return stamp.partition(_BETWEEN)[2]


def _pieces(file: File) -> bytes:
    with open(file.path, "rb") as opened:
        found = b""
        for at in (0, (file.size - PIECE) // 2, file.size - PIECE):
            opened.seek(max(0, at))
            found += opened.read(PIECE)
    return found


def _short(told: bytes) -> str:
    return hashlib.sha256(told).hexdigest()[:LONG]
