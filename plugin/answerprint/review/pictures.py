"""The frames of a review: both sides beside each other, a wipe, or one after the other; a slate.

Convention
    canvas   (height, width, 3) float32 code values 0..1, R, G, B; both even, because films are.
    bars     a strip above and one below the pictures: what is written never lies over a picture,
             but for the words in one that is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from answerprint.review.sides import GROUND, Pair, Side

LAYOUTS = ("side", "wipe", "ab")
SWEEP = 4.0
"""Seconds in which the line of a wipe goes across and comes back."""
TURN = 1.0
"""Seconds that each side of A|B is shown."""
BRIGHT, DIM, ACCENT = (0.94,) * 3, (0.6,) * 3, (0.88, 0.7, 0.3)
TALLEST, WIDEST = 0.5, 4.0
"""Aspects between which the room for a picture keeps; beyond, it is padded."""
_WEIGHT = 500
Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Canvas:
    """Where things stand in a frame of this width.

    aspect   of the pictures.
    """

    layout: str
    width: int
    aspect: float

    @property
    def box(self) -> tuple[int, int]:
        """Width and height of one picture."""
        wide = (self.width - self.gap) // 2 if self.layout == "side" else self.width
        aspect = min(max(self.aspect, TALLEST), WIDEST)
        return wide, round(wide / aspect / 2) * 2

    @property
    def gap(self) -> int:
        return 4 if self.layout == "side" else 0

    @property
    def bar(self) -> int:
        return max(20, round(self.width / 44 / 2) * 2)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the whole; even."""
        return self.width, self.box[1] + 2 * self.bar


def empty(canvas: Canvas) -> np.ndarray:
    width, height = canvas.size
    return np.full((height, width, 3), GROUND, np.float32)


def framed(canvas: Canvas, pair: Pair, seconds: float, title: str) -> np.ndarray:
    """A frame with its burn-in; seconds: since the result's first frame, for wipe and A|B."""
    whole = empty(canvas)
    width, height = canvas.box
    top = canvas.bar
    before, after = (_panel(canvas.box, each) for each in (pair.before, pair.after))
    room = whole[top : top + height]
    labels: list[tuple[str, Colour]]
    if canvas.layout == "side":
        room[:, :width], room[:, -width:] = before, after
        labels = [("before", DIM), ("after", ACCENT)]
    elif canvas.layout == "wipe":
        at = split(width, seconds)
        room[:, :at], room[:, at:] = before[:, :at], after[:, at:]
        room[:, max(0, at - 1) : at + 1] = ACCENT
        labels = [("before", DIM), ("after", ACCENT)]
    else:
        turn = int(seconds / TURN) % 2
        room[:] = after if turn else before
        labels = [("after", ACCENT)] if turn else [("before", DIM)]
    words(whole, title, (0, 0, canvas.width, top), BRIGHT, "left")
    below = (0, top + height, canvas.width, canvas.bar)
    clock = " · ".join(filter(None, (str(pair.number), pair.clock)))
    words(whole, clock, below, BRIGHT, "centre")
    words(whole, labels[0][0], below, labels[0][1], "left")
    if len(labels) > 1:
        words(whole, labels[1][0], below, labels[1][1], "right")
    return whole


def split(width: int, seconds: float) -> int:
    """Where the line of a wipe stands: from the left to the right and back, in SWEEP seconds."""
    way = seconds / SWEEP % 1.0
    return round(width * (1 - abs(1 - 2 * way)))


def slate(canvas: Canvas, lines: Sequence[tuple[str, str]]) -> np.ndarray:
    """A card of labels and values."""
    whole = empty(canvas)
    width, height = canvas.size
    tall = max(1, min(round(height * 0.86 / len(lines)), height // 10))
    top = (height - tall * len(lines)) // 2
    left = width // 10
    for turn, (label, value) in enumerate(lines):
        y = top + turn * tall
        words(whole, label, (left, y, width // 6, tall), DIM, "left")
        words(whole, value, (left + width // 6, y, width - 2 * left - width // 6, tall), BRIGHT)
    return whole


def _panel(box: tuple[int, int], side: Side) -> np.ndarray:
    if side.code is not None:
        return side.code
    width, height = box
    panel = np.full((height, width, 3), 3 * GROUND, np.float32)
    tall = max(12, height // 14)
    rows = wrapped(side.why, lambda text: _across(text, round(tall * 0.62)) < width * 0.86)
    top = (height - tall * len(rows)) // 2
    for turn, row in enumerate(rows):
        words(panel, row, (0, top + turn * tall, width, tall), ACCENT, "centre")
    return panel


# --- words ---------------------------------------------------------------------------------


def words(
    picture: np.ndarray,
    text: str,
    room: tuple[int, int, int, int],
    colour: Colour,
    side: str = "left",
) -> None:
    """Write into x, y, width, height of a picture: one line, shortened where it does not fit."""
    x, y, width, height = room
    size = max(7, round(height * 0.62))
    pad = round(height * 0.4)
    text = shortened(text, lambda each: _across(each, size) <= width - 2 * pad)
    if not text:
        return
    long = _across(text, size)
    at = {"left": x + pad, "right": x + width - pad - long, "centre": x + (width - long) // 2}[side]
    font = cv2.FontFace("sans")
    rows = slice(max(0, y), y + height)
    ink = np.zeros(picture[rows].shape, np.uint8)
    baseline = round(height * 0.5 + size * 0.36)
    cv2.putText(ink, text, (at, baseline), (255, 255, 255), font, size, _WEIGHT)
    cover = ink.astype(np.float32) / 255
    picture[rows] = picture[rows] * (1 - cover) + np.array(colour, np.float32) * cover


def _across(text: str, size: int) -> int:
    _, _, wide, _ = cv2.getTextSize((0, 0), text, (0, 0), cv2.FontFace("sans"), size, _WEIGHT)
    return int(wide)


def shortened(text: str, fits: Callable[[str], bool]) -> str:
    """The text where it fits, else its beginning with '...'; '' where nothing fits."""
    text = " ".join(text.split())
    if not text or fits(text):
        return text
    least, most = 0, len(text)
    while least < most:
        middle = (least + most + 1) // 2
        if fits(text[:middle].rstrip() + "..."):
            least = middle
        else:
            most = middle - 1
    return text[:least].rstrip() + "..." if least else ""


def wrapped(text: str, fits: Callable[[str], bool]) -> list[str]:
    """Lines that fit; a word that does not is a line of its own."""
    rows: list[str] = []
    for word in text.split():
        longer = f"{rows[-1]} {word}" if rows else word
        if rows and fits(longer):
            rows[-1] = longer
        else:
            rows.append(word)
    return rows
