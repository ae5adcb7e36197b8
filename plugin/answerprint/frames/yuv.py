"""A decoder's planes as R'G'B' code values, at their full precision and without clamping.

A decoded picture comes as luma and (mostly smaller) chroma planes, or as R, G, B. `Planes`
turns it into whole numbers, R, G, B for each pixel, and a table says which code value each
number is. Curves then only have to be worked out once, for the table.

Convention
    code        R'G'B' signal, 0 at nominal black and 1 at nominal white. Video levels below
                black, above white and colours outside the gamut keep their values.
    precision   the table's steps are 5e-5 for Y'CbCr, an eighth of a code value of 12 bits;
                R, G, B planes are taken as they are.
    chroma      interpolated by cubic convolution from where its samples sit: beside the left one
                of two pixels; between two lines (MPEG-2, H.264), or beside the upper line
                where the matrix is BT.2020's; in the middle for full-range 8 bit (JPEG).

Source: ITU-R BT.601-7, BT.709-6, BT.2020-2, SMPTE 240M; ISO/IEC 23091-2 for the numbers.
"""

from __future__ import annotations

import re

import av
import cv2
import numpy as np

MATRICES = {
    1: ("BT.709", 0.2126, 0.0722),
    4: ("FCC", 0.30, 0.11),
    5: ("BT.601", 0.299, 0.114),
    6: ("BT.601", 0.299, 0.114),
    7: ("SMPTE 240M", 0.212, 0.087),
    9: ("BT.2020", 0.2627, 0.0593),
}
"""Matrix coefficients by their number: name, and the shares of red and blue in luma."""

_AS_PLANES = {
    "nv12": "yuv420p",
    "nv16": "yuv422p",
    "nv24": "yuv444p",
    "p010le": "yuv420p10le",
    "p210le": "yuv422p10le",
    "y210le": "yuv422p10le",
    "yuyv422": "yuv422p",
    "uyvy422": "yuv422p",
    **dict.fromkeys(("rgb24", "bgr24", "rgb0", "bgr0", "0rgb", "0bgr"), "gbrp"),
    **dict.fromkeys(("rgba", "bgra", "argb", "abgr"), "gbrap"),
    **dict.fromkeys(("rgb48le", "rgb48be"), "gbrp16le"),
    **dict.fromkeys(("rgba64le", "rgba64be"), "gbrap16le"),
    "gray10be": "gray10le",
    "gray16be": "gray16le",
}
"""Interleaved layouts -> the same numbers in planes."""

_STRIP = 64
"""Rows worked on at once: few enough to stay in the processor's cache."""

_FORMAT = re.compile(r"(yuvj?|yuva|gbrp|gbrap|gray)(4[0-4][0-4])?p?(\d+)?(?:le)?")


class Planes:
    """How one movie's pictures are read.

    layout      FFmpeg's name of the pixel format, e.g. 'yuv422p10le'.
    matrix      number of the matrix coefficients (ISO/IEC 23091-2); not used for R, G, B.
    full        full-range levels, else legal (16 to 235 of 8 bits).

    Raises ValueError, with what cannot be read, for other layouts and matrices.
    """

    def __init__(self, layout: str, matrix: int, full: bool) -> None:
        self.layout = _AS_PLANES.get(layout, layout)
        found = _FORMAT.fullmatch(self.layout)
        if not found:
            raise ValueError(f"pixel format '{layout}'")
        family, sampling, bits = found[1], found[2] or "444", int(found[3] or 8)
        self.bits, self.alpha = bits, family in ("yuva", "gbrap")
        self.rgb, self.grey = family.startswith("gb"), family == "gray"
        self._store = np.uint8 if bits == 8 else np.uint16
        if self.rgb or self.grey:
            self.code = _levels(np.arange(65536, dtype=np.float64), bits, full)
            return
        if matrix not in MATRICES:
            raise ValueError(f"colour matrix {matrix}")
        self._shift = 16 - bits
        self._narrow, self._low = _chroma_step(sampling)
        jpeg = full and bits == 8
        self._aside = not jpeg
        self._above = matrix == 9
        self._mix, self.code = _mixing(matrix, full, bits)

    def read(self, frame: av.VideoFrame) -> tuple[np.ndarray, np.ndarray | None]:
        """uint16 (H, W, 3) R, G, B to look up in `code`, and float32 (H, W) alpha 0..1 or None."""
        if frame.format.name != self.layout:
            frame = frame.reformat(format=self.layout)
        planes = [self._plane(frame, i) for i in range(len(frame.planes))]
        alpha = planes[-1].astype(np.float32) / (2**self.bits - 1) if self.alpha else None
        if self.grey:
            return cv2.merge([planes[0].astype(np.uint16)] * 3), alpha
        if self.rgb:
            green, blue, red = (p.astype(np.uint16) for p in planes[:3])
            return cv2.merge([red, green, blue]), alpha
        luma, *chroma = planes[:3]
        wide = [
            self._enlarged(np.left_shift(c, self._shift, dtype=np.uint16), luma.shape)
            for c in chroma
        ]
        numbers = np.empty((*luma.shape, 3), np.uint16)
        for y in range(0, len(luma), _STRIP):
            strip = slice(y, y + _STRIP)
            tall = np.left_shift(luma[strip], self._shift, dtype=np.uint16)
            cv2.transform(cv2.merge([tall, *(c[strip] for c in wide)]), self._mix, numbers[strip])
        return numbers, alpha

    def _plane(self, frame: av.VideoFrame, number: int) -> np.ndarray:
        plane = frame.planes[number]
        stored = np.frombuffer(plane, self._store)  # type: ignore[call-overload]
        wide = plane.line_size // self._store().itemsize
        return stored[: plane.height * wide].reshape(plane.height, wide)[:, : plane.width]

    def _enlarged(self, chroma: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        height, width = shape
        if self._narrow > 1 and self._aside:
            chroma = _beside(chroma, self._narrow)
        elif self._narrow > 1:
            chroma = _between(chroma, self._narrow, 1)
        if self._low > 1 and self._above:
            chroma = _beside(chroma.T, self._low).T
        elif self._low > 1:
            chroma = _between(chroma, 1, self._low)
        return np.ascontiguousarray(chroma[:height, :width])


def _between(chroma: np.ndarray, across: int, down: int) -> np.ndarray:
    """Enlarged, where samples sit in the middle of the pixels they stand for."""
    size = chroma.shape[1] * across, chroma.shape[0] * down
    return cv2.resize(chroma, size, interpolation=cv2.INTER_CUBIC)


def _beside(chroma: np.ndarray, times: int) -> np.ndarray:
    """Widened, where each sample sits on the first of the pixels it stands for."""
    edged = cv2.copyMakeBorder(np.ascontiguousarray(chroma), 0, 0, 1, 2, cv2.BORDER_REPLICATE)
    before, here, after, beyond = (edged[:, i : edged.shape[1] - 3 + i] for i in range(4))
    found = [here]
    for place in range(1, times):
        a, b, c, d = (_cubic(place / times - tap) for tap in (-1, 0, 1, 2))
        near, far = (
            cv2.addWeighted(here, b, after, c, 0),
            cv2.addWeighted(before, -a, beyond, -d, 0),
        )
        found.append(cv2.subtract(near, far))
    return cv2.merge(found).reshape(len(edged), -1)


def _cubic(x: float, a: float = -0.75) -> float:
    """Weight at distance x of the cubic convolution that `cv2.resize` uses (Keys, 1981)."""
    x = abs(x)
    if x <= 1:
        return ((a + 2) * x - (a + 3)) * x * x + 1
    return (((x - 5) * x + 8) * x - 4) * a


def _chroma_step(sampling: str) -> tuple[int, int]:
    steps = {"444": (1, 1), "422": (2, 1), "420": (2, 2), "440": (1, 2), "411": (4, 1)}
    if sampling not in steps:
        raise ValueError(f"chroma sampling 4:{sampling[1]}:{sampling[2]}")
    return steps[sampling]


def _levels(stored: np.ndarray, bits: int, full: bool) -> np.ndarray:
    """Code of stored luma or R, G, B: legal levels are 16..235 of 8 bits, and so for more."""
    return stored / (2**bits - 1) if full else (stored / 2 ** (bits - 8) - 16) / 219


def _mixing(matrix: int, full: bool, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """From planes shifted to 16 bits: (3, 4) to numbers, and the code of each number.

    The numbers 0..65535 span every colour that Y'CbCr can hold, so that none is cut off.
    """
    _, red, blue = MATRICES[matrix]
    green = 1 - red - blue
    to_rgb = np.array(
        [
            [1, 0, 2 * (1 - red)],
            [1, -2 * blue * (1 - blue) / green, -2 * red * (1 - red) / green],
            [1, 2 * (1 - blue), 0],
        ]
    )
    unit = 2.0 ** (16 - bits)
    if full:
        scale = np.full(3, 1 / (unit * (2**bits - 1)))
        zero = np.array([0, 2 ** (bits - 1), 2 ** (bits - 1)]) * unit
    else:
        scale = np.array([1 / 219, 1 / 224, 1 / 224]) / 256
        zero = np.array([16, 128, 128]) * 256.0
    onto = to_rgb * scale
    offset = -onto @ zero
    reach = np.where(onto > 0, onto, 0).sum(1) * 65535, np.where(onto < 0, onto, 0).sum(1) * 65535
    high, low = float((offset + reach[0]).max()), float((offset + reach[1]).min())
    step = (high - low) / 65535
    mix = np.hstack([onto, (offset - low)[:, None]]) / step
    return mix, low + step * np.arange(65536)
