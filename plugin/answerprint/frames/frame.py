"""One picture as everything above it sees it: parts, channels, windows, and rows of pixels.

A still file and a decoded movie frame are both a `Frame`. Pixels are asked for by strips of
rows, so an 8K frame never has to be in memory as a whole.

Convention
    rows        (y1 - y0, W, C) in the order of `Part.channels`, counted from the top of the
                data window. float16 where every channel of the part is half, else float32.
                Values are the file's own (its encoding, its primaries), unbounded.
    ownership   the array is the caller's to change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels: x, y of its top left, and its size. y grows downwards."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Part:
    """One part of a frame: a whole file mostly, a layer or a view in a multi-part EXR.

    name            the part's name, '' where the file has one part.
    channels        full names ('R', 'depth.Z', 'right.G') in the file's order.
    types           'half' or 'float' of each channel as it is stored (or will be).
    data, display   data window and display window.
    pixel_aspect    width over height of a pixel.
    colour          indices of (R, G, B) of each view that carries the picture; () if none.
    metadata        attributes of the file, kept for the result (names as in OpenImageIO).
    tile            (width, height) of a tile, None for scan lines.
    compression     OpenEXR's name, e.g. 'zips'.
    """

    name: str
    channels: tuple[str, ...]
    types: tuple[str, ...]
    data: Window
    display: Window
    pixel_aspect: float = 1.0
    colour: tuple[tuple[int, int, int], ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tile: tuple[int, int] | None = None
    compression: str = "zips"

    @property
    def dtype(self) -> type[np.floating[Any]]:
        """float16 where every channel is half, else float32."""
        return np.float16 if all(t == "half" for t in self.types) else np.float32


class Frame(Protocol):
    """An open frame. Use it in a `with` block, from one thread at a time."""

    parts: Sequence[Part]

    @property
    def sha256(self) -> str:
        """Of the file; of the decoded pixels for a movie's frame."""
        ...

    def rows(self, part: int, y0: int, y1: int) -> np.ndarray:
        """Rows y0 up to y1 of a part. Raises BadInput with file and reason."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Frame: ...

    def __exit__(self, *exc: object) -> None: ...
