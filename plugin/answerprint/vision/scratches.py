"""Vertical scratches: thin lines down the whole frame that do not belong to what it shows.

A frame, less a neighbour along the motion, is averaged in bands of rows; in each, a line is a
ridge that is brighter (darker) than what lies to both sides. The best way down through the bands is
found by dynamic programming. A pole or a door post moves with the picture and is gone in the
difference; a scratch is not where the motion says that it should be, or was not there a frame ago.
From there it is followed through the frames. Where neither can be seen, because nothing moves and
the line is there from the first frame to the last, it is taken for a part of the scene.

Convention
    code   (H, W) float32: `flow.encoded` light.
    unit   pixels that a line is thin by: one at 480 across.

Source: Kokaram, Motion Picture Restoration, 1998, chapter 9 (line profiles and their columns);
shortest paths after Bellman 1957.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

BANDS = 24
CLEAR, MOST = 2.5, 5.0
"""Times the usual unevenness, mean of a line's bands; and the most that one band counts."""
COVERED = 0.7
"""Share of the bands in which a line stands out."""
TURN = 1.0
"""What a step to the side from band to band costs, in the same measure."""
APART, LINES = 6, 8
"""Units between two lines; and how many are looked for in a frame."""
STRANGE, STAYS = 0.5, 0.4
"""Share of a line's height that a neighbour does not have along the motion: it is no part of what
is shown; and share of it that it has where it goes on."""
BESIDE = 2
"""Pixels beside a line in which its counterpart in the other polarity lies: it is none."""
DRIFT = 4
"""Units that a scratch moves from frame to frame."""
WIDEST, SHOWN = 3, 0.6
"""Units to each side of the widest line; and the share of the bands in which it is a line in the
frame itself, and not the edge of something that moved."""
SKIRT = 0.25
"""Share of a line's height down to which its sides belong to it."""
FAINT = 0.02
"""Code under which nothing is called a line."""


@dataclass(frozen=True)
class Line:
    """across: x in each of BANDS bands. bright: or dark. height: code. half: its half width."""

    across: tuple[int, ...]
    bright: bool
    height: float
    half: int

    def mask(self, shape: tuple[int, int]) -> np.ndarray:
        """(H, W) bool."""
        tall, wide = shape
        edges = _edges(tall)
        middle = (edges[:-1] + edges[1:] - 1) / 2
        x = np.rint(np.interp(np.arange(tall), middle, self.across))[:, None]
        return np.asarray(np.abs(np.arange(wide)[None] - x) <= self.half)


class Scratches:
    """Sees the frames of a shot in order; keeps their bands."""

    def __init__(self) -> None:
        self._banded: list[np.ndarray] = []
        self._strange: list[list[Line]] = []

    def see(self, code: np.ndarray, lent: Sequence[np.ndarray]) -> None:
        """A frame, and its neighbours' code along the motion, as the frame shows it."""
        small = min(code.shape) < 2 * BANDS
        banded = _banded(code) if not small else np.zeros((BANDS, 1), np.float32)
        self._banded.append(banded.astype(np.float16))
        self._strange.append([] if small else _strange(banded, [_banded(code - p) for p in lent]))

    def told(self) -> list[list[Line]]:
        """The scratches of each frame: strange lines, followed to where they begin and end."""
        kept: list[list[Line]] = [[] for _ in self._banded]
        for at, each in enumerate(self._strange):
            for line in each:
                if not _is_among(line, kept[at]):
                    kept[at].append(line)
                    self._follow(at, line, -1, kept)
                    self._follow(at, line, 1, kept)
        return kept

    def _follow(self, at: int, line: Line, way: int, kept: list[list[Line]]) -> None:
        """On from frame to frame: what was there is there still, or what changed is there anew."""
        while 0 <= at + way < len(self._banded):
            here, there = (self._banded[n].astype(np.float32) for n in (at, at + way))
            at += way
            unit, wide = _unit(here.shape[1]), here.shape[1]
            sign = 1.0 if line.bright else -1.0
            change, steps = (
                _uneven(sign * (there - here), unit),
                np.arange(-DRIFT * unit, DRIFT * unit + 1),
            )
            left = line.height * np.exp(-((steps / max(line.half, 1)) ** 2))
            moved = [np.clip(np.array(line.across) + s, 0, wide - 1) for s in steps]
            rows = np.arange(BANDS)
            anew = [float(np.median(change[rows, across])) for across in moved]
            shown = [_height(sign * there, across, unit) for across in moved]
            heights = np.minimum(left + anew, shown)
            best = int(np.argmax(heights))
            if not STAYS < heights[best] / line.height < 1 / STAYS:
                return
            across = tuple(int(x) for x in moved[best])
            line = Line(across, line.bright, float(heights[best]), line.half)
            if _is_among(line, kept[at]):
                return
            kept[at].append(line)


def _is_among(line: Line, others: Sequence[Line]) -> bool:
    """Whether a line is one of those, or the far side of one."""
    return any(
        abs(np.median(o.across) - np.median(line.across)) <= line.half + o.half + BESIDE
        for o in others
    )


# --- one frame -------------------------------------------------------------------------------


def _unit(wide: int) -> int:
    return max(1, round(wide / 480))


def _strange(banded: np.ndarray, others: Sequence[np.ndarray]) -> list[Line]:
    """The lines of a frame's bands that one of its differences to its neighbours has too."""
    unit = _unit(banded.shape[1])
    found: list[tuple[float, Line]] = []
    for sign in (1.0, -1.0):
        own = _ridge(sign * banded, unit)
        for other in others:
            ridge = _ridge(sign * other, unit)
            uneven = np.abs(_uneven(other, unit))
            usual = 1.48 * np.median(uneven, axis=1, keepdims=True) + FAINT / 2
            clear = np.clip(ridge / usual, -1, MOST)
            for across in _ways(clear, unit):
                at = (np.arange(BANDS), across)
                stands = float((clear[at] > CLEAR).mean())
                change = _height(sign * other, across, unit)
                height = _height(sign * banded, across, unit)
                if stands < COVERED or change < FAINT or not STRANGE < change / (height + 1e-9) < 2:
                    continue
                half = _half(sign * other, across, unit)
                shown = float((own[at] > 0).mean())
                if half > WIDEST * unit or shown < SHOWN:
                    continue
                line = Line(tuple(int(x) for x in across), sign > 0, height, half)
                found.append((change, line))
    kept: list[Line] = []
    for _, line in sorted(found, key=lambda each: -each[0]):
        if not _is_among(line, kept):
            same = [o.half for _, o in found if o.bright == line.bright and _is_among(o, [line])]
            kept.append(replace(line, half=max(same)))
    return kept


def _edges(tall: int) -> np.ndarray:
    return np.linspace(0, tall, BANDS + 1).round().astype(int)


def _banded(code: np.ndarray) -> np.ndarray:
    """(BANDS, W) means of rows."""
    sums = np.add.reduceat(code, _edges(code.shape[0])[:-1], axis=0, dtype=np.float64)
    means: np.ndarray = sums / np.diff(_edges(code.shape[0]))[:, None]
    return means.astype(np.float32)


def _sides(banded: np.ndarray, unit: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean level to the left and to the right of each column, past a line."""
    wide = banded.shape[1]
    mean = cv2.blur(banded, (2 * unit + 1, 1), borderType=cv2.BORDER_REPLICATE)
    x = np.arange(wide)
    gap = 3 * unit + 1
    return mean[:, np.maximum(x - gap, 0)], mean[:, np.minimum(x + gap, wide - 1)]


def _ridge(banded: np.ndarray, unit: int) -> np.ndarray:
    left, right = _sides(banded, unit)
    return np.asarray(banded - np.maximum(left, right))


def _uneven(banded: np.ndarray, unit: int) -> np.ndarray:
    left, right = _sides(banded, unit)
    return np.asarray(banded - (left + right) / 2)


def _ways(clear: np.ndarray, unit: int) -> list[np.ndarray]:
    """The best ways down, one column to the side from band to band at most; apart."""
    clear = clear.copy()
    wide = clear.shape[1]
    edge = 4 * unit + 1
    clear[:, :edge] = clear[:, wide - edge :] = -1
    found = []
    for _ in range(LINES):
        sums, steps = clear[0], []
        for band in clear[1:]:
            three = np.stack([np.roll(sums, 1), sums, np.roll(sums, -1)])
            three[[0, 2]] -= TURN
            three[0, 0] = three[2, -1] = -np.inf
            steps.append(three.argmax(axis=0) - 1)
            sums = three.max(axis=0) + band
        at = int(sums.argmax())
        if sums[at] < CLEAR * BANDS:
            break
        way = [at]
        for step in reversed(steps):
            way.append(way[-1] + int(step[way[-1]]))
        across = _straight(np.array(way[::-1]), clear)
        found.append(across)
        for band, x in enumerate(across):
            clear[band, max(0, x - APART * unit) : x + APART * unit + 1] = -1
    return found


def _straight(way: np.ndarray, clear: np.ndarray) -> np.ndarray:
    """The straight line along a way; bands in which it is clear say where."""
    rows = np.arange(BANDS)
    weight = np.sqrt(np.maximum(clear[rows, way], 0.01))
    line = np.polyval(np.polyfit(rows, way, 1, w=weight), rows)
    return np.clip(np.rint(line).astype(int), 0, clear.shape[1] - 1)


def _height(banded: np.ndarray, across: np.ndarray, unit: int) -> float:
    """How high a line is in a picture."""
    uneven = _uneven(banded, unit)
    return max(0.0, float(np.median(uneven[np.arange(BANDS), across])))


def _half(banded: np.ndarray, across: np.ndarray, unit: int) -> int:
    """Pixels to each side over which the mean profile stays above a share of the line's."""
    reach = 3 * unit + 1
    rows = [
        np.take(row, range(x - reach, x + reach + 1), mode="clip")
        for row, x in zip(banded, across, strict=True)
    ]
    profile = np.median([row - (row[0] + row[-1]) / 2 for row in rows], axis=0)
    under = profile < SKIRT * profile[reach]
    sides = (under[reach + 1 :], under[reach - 1 :: -1])
    return max(int(side.argmax()) if side.any() else reach for side in sides)
