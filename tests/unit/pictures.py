"""Small test pictures, written by OpenImageIO alone, and an EXR header reader of our own.

Nothing here uses the code under test, so that a shared mistake cannot hide.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio


def plate(height: int = 12, width: int = 20, channels: int = 3, seed: int = 7) -> np.ndarray:
    """(H, W, C) float16: shadows below zero, highlights to 60, no two pixels alike."""
    random = np.random.default_rng(seed)
    light = np.exp(random.normal(-1.5, 2, (height, width, channels))) - 0.05
    return np.minimum(light, 60).astype(np.float16)


def spec_of(
    shape: tuple[int, ...],
    kind: str | Sequence[str] = "half",
    channels: Sequence[str] = ("R", "G", "B"),
    at: tuple[int, int] = (0, 0),
    display: tuple[int, int, int, int] | None = None,
    tile: int = 0,
    attributes: Mapping[str, Any] | None = None,
    **typed: tuple[str, Any],
) -> oiio.ImageSpec:
    """An OpenImageIO description; `typed` attributes are (type, value), '__' stands for ':'."""
    height, width, count = shape
    spec = oiio.ImageSpec(width, height, count, kind if isinstance(kind, str) else "float")
    spec.channelnames = tuple(channels)
    if not isinstance(kind, str):
        spec.channelformats = tuple(oiio.TypeDesc(k) for k in kind)
    spec.x, spec.y = at
    full = display or (*at, width, height)
    spec.full_x, spec.full_y, spec.full_width, spec.full_height = full
    if tile:
        spec.tile_width = spec.tile_height = tile
    spec.attribute("compression", "zips")
    spec.attribute("DateTime", "")
    for name, value in (attributes or {}).items():
        spec.attribute(name, value)
    for name, (of, value) in typed.items():
        spec.attribute(name.replace("__", ":"), oiio.TypeDesc(of), value)
    return spec


def save(path: Path | str, pixels: np.ndarray, **how: Any) -> np.ndarray:
    """Write one picture; the pixels, for comparing."""
    save_parts(path, [(spec_of(pixels.shape, **how), pixels)])
    return pixels


def save_parts(path: Path | str, parts: Sequence[tuple[oiio.ImageSpec, np.ndarray]]) -> None:
    """Write one picture of one or more parts."""
    out = oiio.ImageOutput.create(str(path))
    assert out, oiio.geterror()
    specs = tuple(spec for spec, _ in parts)
    assert out.open(str(path), specs if len(specs) > 1 else specs[0]), out.geterror()
    for index, (spec, pixels) in enumerate(parts):
        if index:
            assert out.open(str(path), spec, "AppendSubimage"), out.geterror()
        assert out.write_image(pixels), out.geterror()
    assert out.close(), out.geterror()


def headers(path: Path | str) -> list[dict[str, tuple[str, bytes]]]:
    """The headers of an EXR, part by part: attribute -> (type, bytes), as they are in the file."""
    data = Path(path).read_bytes()
    several = struct.unpack_from("<I", data, 4)[0] & 0x1000
    found: list[dict[str, tuple[str, bytes]]] = []
    at = 8
    while data[at]:
        header = {}
        while data[at]:
            name, at = _text(data, at)
            kind, at = _text(data, at)
            (size,) = struct.unpack_from("<I", data, at)
            header[name] = (kind, data[at + 4 : at + 4 + size])
            at += 4 + size
        at += 1
        found.append(header)
        if not several:
            break
    return found


def add_attribute(path: Path | str, name: str, kind: str, value: bytes) -> None:
    """Put an attribute into a single-part, scan-line, one-row-a-chunk EXR that is there.

    What the library would not write: other programs' types, text that is not UTF-8.
    """
    data = Path(path).read_bytes()
    rows = struct.unpack("<4i", headers(path)[0]["dataWindow"][1])
    count = rows[3] - rows[1] + 1
    end = 8
    while data[end]:
        for _ in range(2):
            _, end = _text(data, end)
        end += 4 + struct.unpack_from("<I", data, end)[0]
    added = name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<I", len(value)) + value
    table = struct.unpack_from(f"<{count}Q", data, end + 1)
    moved = struct.pack(f"<{count}Q", *(offset + len(added) for offset in table))
    Path(path).write_bytes(data[:end] + added + b"\0" + moved + data[end + 1 + len(moved) :])


def set_attribute(path: Path | str, name: str, value: bytes) -> None:
    """Overwrite the bytes of an attribute, of the same length."""
    kind, old = headers(path)[0][name]
    data = Path(path).read_bytes()
    before = name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<I", len(old))
    assert data.count(before + old) == 1
    assert len(old) == len(value)
    Path(path).write_bytes(data.replace(before + old, before + value))


def _text(data: bytes, at: int) -> tuple[str, int]:
    end = data.index(0, at)
    return data[at:end].decode(), end + 1


def bits(pixels: np.ndarray) -> np.ndarray:
    """Pixels as whole numbers, so that NaN equals NaN and -0 is not 0."""
    return pixels.view(np.uint16 if pixels.dtype == np.float16 else np.uint32)
