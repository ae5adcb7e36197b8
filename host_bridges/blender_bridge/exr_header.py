# SPDX-License-Identifier: GPL-3.0-or-later
"""What OpenEXR files say in their headers, and Blender only of pictures that it has read.

Source: OpenEXR file layout (magic, version, attributes; 'channels' is a chlist, windows a box2i).
"""

from __future__ import annotations

import struct
from typing import BinaryIO, Dict, Iterator, List, Set, Tuple

MAGIC = b"\x76\x2f\x31\x01"
PARTS = 0x1000  # of the version: more than one header
LONGEST = 1 << 24  # bytes of an attribute; what has more is no header
COLOURS = ("R", "G", "B", "RED", "GREEN", "BLUE")

Header = Dict[str, bytes]  # attributes by name


def layered(path: str) -> bool:
    """Whether a file has several pictures, of which a node shows the one that is chosen.

    Where R, G and B stand beside passes without a layer (spec.R) it is always those three.
    """
    coloured = {
        layer
        for part in _read(path)
        for layer, _, last in (name.rpartition(".") for name in _channels(part))
        if last.upper() in COLOURS
    }
    return len(coloured) > 1 and ("" not in coloured or any("." in each for each in coloured))


def layers(path: str) -> Set[str]:
    """The layers of a file that have a red: 'foreground' of foreground.R."""
    names = (name.rpartition(".") for part in _read(path) for name in _channels(part))
    return {layer for layer, _, last in names if last.upper() in ("R", "RED")}


def size(path: str) -> Tuple[int, int]:
    """Width and height of the data window, which is all that Blender shows of a file with
    layers; 0, 0 where there is none to be read."""
    for part in _read(path):
        window = part.get("dataWindow", b"")
        if len(window) == 16:
            left, low, right, high = struct.unpack("<4i", window)
            return right - left + 1, high - low + 1
    return 0, 0


def _read(path: str) -> List[Header]:
    """The headers of a file's parts; none of what is no OpenEXR."""
    if not path.lower().endswith(".exr"):
        return []
    try:
        with open(path, "rb") as file:
            return list(_parts(file))
    except (OSError, ValueError, struct.error):  # whoever reads its pixels says so
        return []


def _parts(file: BinaryIO) -> Iterator[Header]:
    if file.read(4) != MAGIC:
        return
    (version,) = struct.unpack("<i", file.read(4))
    while part := _attributes(file):
        yield part
        if not version & PARTS:
            return


def _attributes(file: BinaryIO) -> Header:
    """The attributes of the next part; none after the last."""
    found = {}
    while name := _text(file):
        _text(file)  # its type
        (length,) = struct.unpack("<i", file.read(4))
        if not 0 <= length <= LONGEST:
            raise ValueError(f"'{name}' has {length} bytes")
        found[name] = file.read(length)
    return found


def _text(file: BinaryIO) -> str:
    """What stands before the next zero; a name has at most 255 letters."""
    text = bytearray()
    while (letter := file.read(1)) != b"\0":
        if not letter or len(text) > 255:
            raise ValueError("a name has no end")
        text += letter
    return text.decode(errors="replace")


def _channels(part: Header) -> Iterator[str]:
    """Names of a part's channels, with the part's own name before them."""
    told, at = part.get("channels", b""), 0
    begin = f"{part['name'].decode(errors='replace')}." if "name" in part else ""
    while (end := told.find(b"\0", at)) > at:
        yield begin + told[at:end].decode(errors="replace")
        at = end + 17  # type, linearity and sampling of the channel
