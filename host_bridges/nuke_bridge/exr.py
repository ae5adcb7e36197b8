"""What is in an EXR, as a digest that the same render gives twice.

Nuke writes into every header what has nothing to do with the picture: the hash of its graph, the
time of the input's file, its own version. The digest leaves those out, and all offsets, which
move with them. Standard library only, single part, scanline files: what our Write makes. Of any
other file the digest is that of its bytes.
"""

from __future__ import annotations

import hashlib
import struct
from typing import BinaryIO

from answerprint_bridge.scene import FrameSet

MAGIC = b"\x76\x2f\x31\x01"
OTHER = 0x200 | 0x800 | 0x1000  # tiles, deep data, several parts
PASSING = (b"nuke/", b"input/")  # of this run of Nuke, and of the files it read
TIMES = (b"capDate", b"utcOffset", b"DateTime", b"dateTime")
BLOCK = 1 << 20


def contents(frames: FrameSet) -> str:
    """sha256 over what the frames show, first 32 digits; of those that have a file."""
    total = hashlib.sha256()
    for number in frames.numbers:
        total.update(f"{number}:{digest(frames.path(number))}".encode())
    return total.hexdigest()[:32]


def digest(path: str) -> str:
    """sha256 of a file's pixels and of the attributes that say something of them."""
    total = hashlib.sha256()
    with open(path, "rb") as file:
        start = file.read(8)
        total.update(start)
        plain = len(start) == 8 and start[:4] == MAGIC
        if plain and not struct.unpack("<I", start[4:])[0] & OTHER:
            _header(file, total)
            table = file.tell()
            first = struct.unpack("<Q", file.read(8))[0]
            file.seek(first if first > table else table)  # 0 where the file was left unfinished
        while block := file.read(BLOCK):
            total.update(block)
    return total.hexdigest()


def _header(file: BinaryIO, total: "hashlib._Hash") -> None:
    while name := _text(file):
        kind = _text(file)
        (size,) = struct.unpack("<i", file.read(4))
        value = file.read(size)
        if name.startswith(PASSING) or name in TIMES:
            continue
        total.update(b"%s\0%s\0%d\0" % (name, kind, size))
        total.update(value)


def _text(file: BinaryIO) -> bytes:
    """Bytes up to the next zero. EOFError where the file ends before it."""
    text = bytearray()
    while (byte := file.read(1)) != b"\0":
        if not byte:
            raise EOFError(f"the header of {file.name} ends too soon")
        text += byte
    return bytes(text)
