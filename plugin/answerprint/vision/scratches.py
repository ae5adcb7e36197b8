"""Vertical scratches: thin lines down the frame, or a part of it, that it does not show.

A frame, less a neighbour along the motion, is averaged in bands of rows; in each, a line is a
ridge that is brighter (darker) than what lies to both sides. The best way down through a run of
bands is found by dynamic programming. A pole or a door post moves with the picture and is gone in
the difference; a scratch is not where the motion says that it should be, or was not there a frame
ago. It draws the motion of its place to itself, so that it is also told by that of the wider
surroundings: it stays in its place while they move. From there it is followed through the frames.
Where none of this can be seen, because nothing moves and the line is there from the first frame to
the last, it is taken for a part of the scene.

Convention
    code   (H, W) float32: `flow.encoded` light.
    unit   pixels that a line is thin by: one at 480 across.

Source: Kokaram, Motion Picture Restoration, 1998, chapter 9 (line profiles and their columns);
shortest paths after Bellman 1957.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

BANDS = 24
CLEAR, MOST = 2.5, 5.0
"""Times the usual unevenness, mean of a line's bands; and the most that one band counts."""
COVERED, SHORTEST, SURELY = 0.7, 8, 16
"""Share of its bands in which a line stands out; how many it has at least; and how many it has to
be as clear as: a short one has to be clearer."""
HARDLY = 1.25
"""What a band has to add, in the same measure, for a line to go on through it."""
TURN = 1.0
"""What a step to the side from band to band costs, in the same measure."""
LEANS = 0.2
"""Units to the side from band to band, of the whole line: more, and it is no scratch."""
APART, LINES = 6, 8
"""Units between two lines; and how many are looked for in a frame."""
STRANGE, STAYS = 0.5, 0.4
"""Share of a line's height that a neighbour does not have along the motion: it is no part of what
is shown; and share of it that it has where it goes on."""
BESIDE = 2
"""Pixels beside a line in which its counterpart in the other polarity lies: it is none."""
DRIFT, PACE = 4, 2
"""Units that a scratch moves from frame to frame, at most, and as a mean over all of them."""
WITH = 0.6
"""Share of the way of its surroundings, and of its own, by which a line may stray from them, to be
one with them."""
PASSED = 1.5
"""Units that the surroundings move past a line that stays, beyond its own width."""
CALM = 0.4
"""Share of a line's height by which what lies beside it may differ from the neighbour: more, and
its motion is not understood."""
WIDEST, SHOWN = 2, 0.6
"""Units to each side of the widest line; and the share of the bands in which it is a line in the
frame itself, and not the edge of something that moved."""
SKIRT = 0.1
"""Share of a line's height down to which its sides belong to it."""
FAINT = 0.02
"""Code under which nothing is called a line."""


@dataclass(frozen=True)
class Line:
    """across: x in each of BANDS bands. bright: or dark. height: code. half: its half width.
    bands: the first that it crosses, and the one after its last."""

    across: tuple[int, ...]
    bright: bool
    height: float
    half: int
    bands: tuple[int, int] = (0, BANDS)

    @property
    def rows(self) -> slice:
        return slice(*self.bands)

    def mask(self, shape: tuple[int, int]) -> np.ndarray:
        """(H, W) bool."""
        tall, wide = shape
        edges = _edges(tall)
        middle = (edges[:-1] + edges[1:] - 1) / 2
        x = np.rint(np.interp(np.arange(tall), middle, self.across))[:, None]
        crossed = np.asarray(np.abs(np.arange(wide)[None] - x) <= self.half)
        crossed[: edges[self.bands[0]]] = crossed[edges[self.bands[1]] :] = False
        return crossed

    def enlarged(self, scale: float) -> Line:
        """As it is in a picture so many times as wide."""
        across = tuple(round((x + 0.5) * scale - 0.5) for x in self.across)
        return replace(self, across=across, half=round((self.half + 0.5) * scale - 0.5))


@dataclass(frozen=True)
class Beside:
    """A neighbour's code (H, W): as it is, along the motion, and along that of the surroundings;
    and how far (H, W), pixels to the right, those moved to it."""

    still: np.ndarray
    along: np.ndarray
    around: np.ndarray
    moved: np.ndarray


class Scratches:
    """Sees the frames of a shot in order; keeps their bands."""

    def __init__(self) -> None:
        self._banded: list[np.ndarray] = []
        self._strange: list[list[Line]] = []
        self._moved: list[np.ndarray] = []

    def see(self, code: np.ndarray, beside: Sequence[Beside]) -> None:
        """A frame's code and its neighbours."""
        small = min(code.shape) < 2 * BANDS
        banded = _banded(code) if not small else np.zeros((BANDS, 1), np.float32)
        self._banded.append(banded.astype(np.float16))
        if small:
            self._strange.append([])
            self._moved.append(np.zeros((BANDS, 1), np.float16))
            return
        self._moved.append(_banded(beside[-1].moved).astype(np.float16))
        lines = _strange(banded, [banded - _banded(each.along) for each in beside])
        for each in beside:
            less = banded - _banded(each.around)
            still, moved = _banded(each.still), _banded(each.moved)
            lines += [line for line in _strange(banded, [less]) if _stays(line, still, moved)]
        self._strange.append(lines)

    def told(self) -> list[list[Line]]:
        """The scratches of each frame: strange lines, followed to where they begin and end."""
        kept: list[list[Line]] = [[] for _ in self._banded]
        for at, each in enumerate(self._strange):
            for line in each:
                if _is_among(line, kept[at]):
                    continue
                track = {at: line}
                for way in (-1, 1):
                    track |= self._followed(at, line, way, kept)
                if not self._is_shown(track):
                    for there, part in track.items():
                        kept[there].append(part)
        return kept

    def _followed(
        self, at: int, line: Line, way: int, kept: Sequence[Sequence[Line]]
    ) -> dict[int, Line]:
        """On from frame to frame: what was there is there still, or what changed is there anew."""
        found: dict[int, Line] = {}
        while 0 <= at + way < len(self._banded):
            here, there = (self._banded[n].astype(np.float32) for n in (at, at + way))
            at += way
            unit, wide = _unit(here.shape[1]), here.shape[1]
            sign = 1.0 if line.bright else -1.0
            change = _uneven(sign * (there - here), unit)
            steps = np.arange(-DRIFT * unit, DRIFT * unit + 1)
            left = line.height * np.exp(-((steps / max(line.half, 1)) ** 2))
            moved = [np.clip(np.array(line.across) + s, 0, wide - 1) for s in steps]
            anew = [_level(change, each, line.rows) for each in moved]
            shown = [_height(sign * there, each, unit, line.rows) for each in moved]
            heights = np.minimum(left + anew, shown)
            best = int(np.argmax(heights))
            if not STAYS < heights[best] / line.height < 1 / STAYS:
                break
            across = tuple(int(x) for x in moved[best])
            line = replace(line, across=across, height=float(heights[best]))
            if _is_among(line, kept[at]):
                break
            found[at] = line
        return found

    def _is_shown(self, track: Mapping[int, Line]) -> bool:
        """Whether a line is a part of what is shown: it goes where its surroundings go, which to
        stay in its place would explain worse, or it goes too fast to be a scratch."""
        unit = _unit(self._banded[0].shape[1])
        steps, moved = [], []
        for at, line in track.items():
            if at + 1 in track:
                rows = self._moved[at].astype(np.float32)
                moved.append(_level(rows, np.array(line.across), line.rows))
                steps.append(float(np.median(np.subtract(track[at + 1].across, line.across))))
        if abs(sum(steps)) > PACE * unit * len(steps):
            return True
        way = float(np.abs(moved).sum())
        beside = float(np.abs(np.subtract(steps, moved)).sum())
        return way > DRIFT * unit and beside < WITH * min(way, float(np.abs(steps).sum()))


def _is_among(line: Line, others: Sequence[Line]) -> bool:
    """Whether a line is one of those, or the far side of one."""
    return any(
        abs(np.median(o.across) - np.median(line.across)) <= line.half + o.half + BESIDE
        and max(o.bands[0], line.bands[0]) < min(o.bands[1], line.bands[1])
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
            beside = np.maximum(*(np.abs(side) for side in _sides(other, unit)))
            usual = 1.48 * np.median(uneven, axis=1, keepdims=True) + FAINT / 2
            clear = np.clip(ridge / usual, -1, MOST)
            for across, bands in _ways(clear, unit):
                rows = slice(*bands)
                at = (np.arange(BANDS)[rows], across[rows])
                stands = float((clear[at] > CLEAR).mean())
                change = _height(sign * other, across, unit, rows)
                height = _height(sign * banded, across, unit, rows)
                if stands < COVERED or change < FAINT or not STRANGE < change / (height + 1e-9) < 2:
                    continue
                if _level(beside, across, rows) > CALM * change:
                    continue
                if np.ptp(across[rows]) > LEANS * unit * (bands[1] - bands[0]) + 1:
                    continue
                half = _half(sign * other, across, unit, rows)
                shown = float((own[at] > 0).mean())
                if half > WIDEST * unit or shown < SHOWN:
                    continue
                line = Line(tuple(int(x) for x in across), sign > 0, height, half, bands)
                found.append((change * (bands[1] - bands[0]), line))
    kept: list[Line] = []
    for _, line in sorted(found, key=lambda each: -each[0]):
        if not _is_among(line, kept):
            same = [o.half for _, o in found if o.bright == line.bright and _is_among(o, [line])]
            kept.append(replace(line, half=max(same)))
    return kept


def _stays(line: Line, still: np.ndarray, moved: np.ndarray) -> bool:
    """Whether a neighbour, whose surroundings are moved by so much, has a line where it was."""
    unit, across = _unit(still.shape[1]), np.array(line.across)
    passed = abs(_level(moved, across, line.rows))
    if passed < 2 * line.half + PASSED * unit:
        return False
    sign = 1.0 if line.bright else -1.0
    steps = range(-unit, unit + 1)
    places = [np.clip(across + step, 0, still.shape[1] - 1) for step in steps]
    left = max(_height(sign * still, each, unit, line.rows) for each in places)
    return STAYS < left / line.height < 1 / STAYS


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


def _ways(clear: np.ndarray, unit: int) -> list[tuple[np.ndarray, tuple[int, int]]]:
    """The best ways down, one column to the side from band to band at most; apart. Each as its
    columns in all bands, and the bands that it is clear in: the first, and the one after."""
    clear = clear.copy()
    wide = clear.shape[1]
    edge = 4 * unit + 1
    clear[:, :edge] = clear[:, wide - edge :] = -1
    found = []
    for _ in range(LINES):
        way, bands, gain = _best(clear - HARDLY)
        length = bands[1] - bands[0]
        if length < SHORTEST or gain < (CLEAR - HARDLY) * max(length, SURELY):
            break
        across = _straight(way, clear, bands)
        found.append((across, bands))
        for band in range(*bands):
            x = way[band - bands[0]]
            clear[band, max(0, x - APART * unit) : x + APART * unit + 1] = -1
    return found


def _best(gain: np.ndarray) -> tuple[np.ndarray, tuple[int, int], float]:
    """The way down through a run of bands that gains most: its columns there, the run, the gain."""
    sums = np.full(gain.shape[1], -np.inf)
    steps, totals = [], []
    for band in gain:
        three = np.stack([np.roll(sums, 1), sums, np.roll(sums, -1)])
        three[[0, 2]] -= TURN
        three[0, 0] = three[2, -1] = -np.inf
        best = three.max(axis=0)
        steps.append(np.where(best > 0, three.argmax(axis=0) - 1, len(gain)))  # or it begins here
        sums = np.maximum(best, 0) + band
        totals.append(sums)
    last, at = (int(v) for v in np.unravel_index(np.argmax(totals), (len(gain), gain.shape[1])))
    way, first = [at], last
    while (step := int(steps[first][way[-1]])) < len(gain):
        way.append(way[-1] + step)
        first -= 1
    return np.array(way[::-1]), (first, last + 1), float(totals[last][at])


def _straight(way: np.ndarray, clear: np.ndarray, bands: tuple[int, int]) -> np.ndarray:
    """The straight line along a way, in all bands; those in which it is clear say where."""
    rows = np.arange(*bands)
    weight = np.sqrt(np.maximum(clear[rows, way], 0.01))
    line = np.polyval(np.polyfit(rows, way, 1, w=weight), np.arange(BANDS))
    return np.clip(np.rint(line).astype(int), 0, clear.shape[1] - 1)


def _level(values: np.ndarray, across: np.ndarray, rows: slice) -> float:
    """The median of those bands along a line."""
    return float(np.median(values[np.arange(BANDS)[rows], across[rows]]))


def _height(banded: np.ndarray, across: np.ndarray, unit: int, rows: slice) -> float:
    """How high a line is in a picture."""
    return max(0.0, _level(_uneven(banded, unit), across, rows))


def _half(banded: np.ndarray, across: np.ndarray, unit: int, rows: slice) -> int:
    """Pixels to each side over which the mean profile stays above a share of the line's."""
    reach = 3 * unit + 1
    cuts = [
        np.take(row, range(x - reach, x + reach + 1), mode="clip")
        for row, x in zip(banded[rows], across[rows], strict=True)
    ]
    profile = np.median([cut - (cut[0] + cut[-1]) / 2 for cut in cuts], axis=0)
    under = profile < SKIRT * profile[reach]
    sides = (under[reach + 1 :], under[reach - 1 :: -1])
    return max(int(side.argmax()) if side.any() else reach for side in sides)
