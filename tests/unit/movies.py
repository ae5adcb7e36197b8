"""Small movies for tests, written by PyAV from whole numbers; nothing here uses our decoder."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

SHARES = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 9: (0.2627, 0.0593)}
PATCHES = np.array(
    [[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5], [0.75, 0.1, 0.1], [0.1, 0.6, 0.2], [0.1, 0.15, 0.8]]
)
SIDE = 32


def make(
    path: Path | str,
    pictures: list[list[np.ndarray]],
    layout: str = "yuv420p",
    stored_as: str = "",
    codec: str = "ffv1",
    rate: Fraction | int = 24,
    times: list[int] | None = None,
    options: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
    rotation: int = 0,
    key_every: int = 12,
    **tags: int,
) -> str:
    """A movie of pictures given as planes of whole numbers; tags as PyAV's color_... names."""
    with av.open(str(path), "w", options=options or {}) as container:
        stream: Any = container.add_stream(codec, rate=rate)
        stream.height, stream.width = pictures[0][0].shape
        stream.pix_fmt = stored_as or layout
        stream.codec_context.gop_size = key_every
        if codec == "libx264":
            stream.options = {"qp": "0", "preset": "ultrafast"}
        for name, value in tags.items():
            setattr(stream.codec_context, name, value)
        if times:
            stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
        if rotation:
            stream.set_display_rotation(rotation)
        stream.metadata.update(metadata or {})
        for number, planes in enumerate(pictures):
            frame = av.VideoFrame(stream.width, stream.height, layout)
            for plane, values in zip(frame.planes, planes, strict=True):
                kind = np.dtype("<u2" if frame.format.components[0].bits > 8 else "u1")
                rows = np.zeros((plane.height, plane.line_size // kind.itemsize), kind)
                rows[:, : plane.width] = values
                plane.update(rows.tobytes())
            frame.pts = times[number] if times else number
            if stored_as:
                frame = frame.reformat(format=stored_as)
            for name, value in tags.items():
                setattr(frame, name, value)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return str(path)


def encoded(code: np.ndarray, matrix: int, bits: int, full: bool) -> list[float]:
    """Y'CbCr of R'G'B', before rounding, by the equations of BT.601, BT.709 and BT.2020."""
    red, blue = SHARES[matrix]
    r, g, b = code
    luma = red * r + (1 - red - blue) * g + blue * b
    cb, cr = (b - luma) / (2 * (1 - blue)), (r - luma) / (2 * (1 - red))
    if full:
        top, middle = 2**bits - 1, 2 ** (bits - 1)
        return [luma * top, cb * top + middle, cr * top + middle]
    unit = 2 ** (bits - 8)
    return [(219 * luma + 16) * unit, (224 * cb + 128) * unit, (224 * cr + 128) * unit]


def patches(matrix: int, bits: int, full: bool, sampling: str) -> list[np.ndarray]:
    """One row of the patches, SIDE pixels each, as planes."""
    colours = np.array([np.rint(encoded(c, matrix, bits, full)) for c in PATCHES])
    whole = np.repeat(np.repeat(colours[None], SIDE, axis=1), SIDE, axis=0)
    across, down = {"444": (1, 1), "422": (2, 1), "420": (2, 2)}[sampling]
    return [whole[..., 0], whole[::down, ::across, 1], whole[::down, ::across, 2]]


def middles(picture: np.ndarray) -> np.ndarray:
    return picture[SIDE // 2, SIDE // 2 :: SIDE].astype(np.float64)


def plain(frames: int, size: tuple[int, int] = (48, 64)) -> list[list[np.ndarray]]:
    """Pictures that move and all differ, as 4:2:0 planes of 8 bits."""
    rng = np.random.default_rng(3)
    field = np.kron(rng.integers(40, 200, (40, 40)), np.ones((4, 4)))
    h, w = size
    return [
        [field[i : i + h, i : i + w], *(field[i : i + h // 2, i : i + w // 2] for _ in "uv")]
        for i in range(frames)
    ]


def dump(movie: Any, number: int) -> np.ndarray:
    with movie.open(number) as frame:
        return frame.rows(0, 0, movie.parts[0].data.height)
