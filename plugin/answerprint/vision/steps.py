"""How a picture moves from one frame to the next: the camera's part of it, without the movers.

Corners spread evenly over an anchor frame are followed into each new one, there and back; the
one homography that most of the picture obeys is the camera's, what disobeys is a mover (or
nearer, or farther, where the camera travels). Following from the anchor keeps a locked-off shot
from drifting; a new anchor is taken where the picture has moved on.

Convention
    pictures   (h, w, 3) float32 scene-linear ACEScg; `valid` (h, w) False where a pixel is not
               finite or clipped.
    warps      (3, 3), from pixels of the frame before to pixels of this one.

Source: Shi and Tomasi, CVPR 1994 (corners); Bouguet, Pyramidal Lucas-Kanade, 2000; Barath et
al., MAGSAC++, CVPR 2020. All through OpenCV.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from answerprint.frames.curves import acescct
from answerprint.vision.correspond import LUMINANCE

CELLS = (8, 6)
PER_CELL = 6
"""Corners of each of the picture's parts: what is rich in texture gets no more say."""
LEAST = 12
"""Corners that have to agree, and ..."""
LEAST_CELLS = 5
"""... the parts of the picture they have to lie in, for a camera to be known."""
BACK = 0.6
"""Pixels within which a corner followed there and back returns."""
REACH = 1.0
"""Pixels within which a corner obeys the camera."""
STANDS, STILL = 1.5, 0.3
"""How much more likely it is that a camera stands, where corners move less than these pixels:
nothing but a camera that stands leaves parts of a picture exactly where they were."""
FLAT = 0.02
"""Local contrast in ACEScct code (a third of a stop) under which texture fades out."""
AWAY, TURNED, SCALED, LOST = 0.12, np.radians(5.0), 0.08, 0.5
"""From the anchor: widths, radians, scale, share of corners lost, at which a new one is taken."""
HOME = 0.3
"""Widths, and as much of a turn or a scale, within which the first frame is looked for again."""
_WINDOW = (17, 17)


@dataclass(frozen=True)
class Step:
    """From the frame before to this one.

    before, grey   evened-out pictures (h, w) uint8.
    warp           None where the camera's part is not known, with `why`.
    centre         what the picture's centre does: (right, down) in widths, natural logarithm of
                   the scale, radians clockwise. Zeros where it is not known.
    error          standard error of the four, from the corners' residuals.
    cover          share of the picture's parts that hold corners which obey the camera.
    """

    number: int
    before: np.ndarray | None
    grey: np.ndarray
    warp: np.ndarray | None
    centre: np.ndarray
    error: np.ndarray
    cover: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class Depth:
    """What corners say of depth between an anchor and the last frame that was followed from it.

    moved   how far the camera moved the picture, in widths.
    share   of the corners that obey one rigid set but not one plane.
    spread  of these across the picture, standard deviation in widths: an actor, who disobeys
            too, is narrow, a floor and the furniture are not.
    """

    moved: float
    share: float
    spread: float


class Track:
    """Follows a shot frame by frame; keeps two frames and the corners of one."""

    def __init__(self) -> None:
        self.depths: list[Depth] = []
        self._grey: np.ndarray | None = None
        self._anchor: np.ndarray | None = None
        self._corners = np.zeros((0, 2), np.float32)
        self._at = np.zeros((0, 2), np.float32)
        self._last = (self._corners, self._corners)
        self._from_anchor = np.eye(3)
        self._home: tuple[np.ndarray, np.ndarray] | None = None
        self._gone = np.zeros(4)

    def follow(self, number: int, picture: np.ndarray, valid: np.ndarray) -> Step:
        grey, counts = evened(picture, valid)
        before, self._grey = self._grey, grey
        nothing = np.zeros(4)
        if before is None or before.shape != grey.shape:
            self._take(grey, counts)
            return Step(number, before, grey, None, nothing, nothing, why="It is the first frame.")
        found = self._found(grey, before)
        if found is None:
            self._take(grey, counts)
            why = "Too few corners could be followed from the frame before."
            return Step(number, before, grey, None, nothing, nothing, why=why)
        warp, kept, self._last = found.warp, found.kept, found.pairs
        step = warp @ np.linalg.inv(self._from_anchor)
        height, width = grey.shape
        centre = _centre(step, width, height)
        self._from_anchor = warp
        at = cv2.perspectiveTransform(self._corners[:, None], warp)[:, 0].astype(np.float32)
        at[kept] = self._last[1]
        self._at = at
        whole = _centre(warp, width, height)
        far = np.hypot(*whole[:2]) > AWAY or abs(whole[2]) > SCALED or abs(whole[3]) > TURNED
        if far or kept.mean() < LOST:
            self.look_deep()
            centre = centre + self._astray(grey, self._gone + centre)
            self._take(grey, counts)
        self._gone = self._gone + centre
        return Step(number, before, grey, step / step[2, 2], centre, found.error, found.cover)

    def look_deep(self) -> None:
        """Note what the corners that were followed say of depth; called at a new anchor and last.

        A plane's picture moves by a homography. Where many corners all over the picture disobey
        it, yet obey one camera geometry, the camera has travelled past things at other depths.
        """
        if self._anchor is None or len(self._last[0]) < 2 * LEAST:
            return
        a, b = self._last
        height, width = self._anchor.shape
        moved = _missed(self._from_anchor, a, b)
        rigid = _rigid(a, b)
        deep = rigid & (moved > 1.5 * REACH)
        spread = float(a[deep, 0].std() / width) if deep.any() else 0.0
        whole = _centre(self._from_anchor, width, height)
        far = float(np.hypot(*whole[:2]) + 0.33 * (abs(whole[2]) + abs(whole[3])))
        self.depths.append(Depth(far, float(deep.mean()), spread))

    def _astray(self, grey: np.ndarray, gone: np.ndarray) -> np.ndarray:
        """By how much the sum of the steps is off, where the first frame can still be seen in this.

        A mover that filled the picture for a while may have taken the camera with it.
        """
        if self._home is None or np.abs(gone[:2]).max() > HOME or np.abs(gone[2:]).max() > HOME:
            return np.zeros(4)
        first, at = self._home
        height, width = grey.shape
        for guess in (at, at + (gone[:2] * width).astype(np.float32)):
            found = _followed(first, grey, at, guess, [np.eye(3)])
            if found and found.kept.mean() >= LOST:
                return _centre(found.warp, width, height) - gone
        return np.zeros(4)

    # --- corners ---------------------------------------------------------------------------

    def _take(self, grey: np.ndarray, counts: np.ndarray) -> None:
        self._anchor, self._corners = grey, corners(grey, counts)
        self._at, self._from_anchor = self._corners, np.eye(3)
        self._last = (self._corners[:0], self._corners[:0])
        if self._home is None and len(self._corners) >= LEAST:
            self._home, self._gone = (grey, self._corners), np.zeros(4)

    def _found(self, grey: np.ndarray, before: np.ndarray) -> _Found | None:
        if self._anchor is None:
            return None
        known = [np.eye(3), self._from_anchor]
        best = _followed(self._anchor, grey, self._corners, self._at, known)
        lost = best is None or best.kept.mean() < LOST
        if lost and min(grey.shape) >= _WINDOW[0]:  # a whip pan: too far for corners
            (x, y), _ = cv2.phaseCorrelate(before.astype(np.float32), grey.astype(np.float32))
            guess = self._at + np.array([x, y], np.float32)
            other = _followed(self._anchor, grey, self._corners, guess, known)
            if other and (best is None or other.kept.sum() > best.kept.sum()):
                best = other
        return best


@dataclass(frozen=True)
class _Found:
    """A warp from an anchor; which of its corners came back, where they were and are; the rest
    as in `Step`."""

    warp: np.ndarray
    kept: np.ndarray
    pairs: tuple[np.ndarray, np.ndarray]
    error: np.ndarray
    cover: float


def _followed(
    anchor: np.ndarray, grey: np.ndarray, at: np.ndarray, guess: np.ndarray, known: list[np.ndarray]
) -> _Found | None:
    """Corners of an anchor in another frame, there and back, and what most of them obey."""
    if len(at) < LEAST:
        return None
    there, seen = _lk(anchor, grey, at, guess)
    back, again = _lk(grey, anchor, there, at)
    kept = seen & again & (np.linalg.norm(back - at, axis=1) < BACK)
    a, b = at[kept], there[kept]
    height, width = grey.shape
    warp, obeys = dominant(a, b, width, height, known)
    if warp is None:
        return None
    missed = _missed(warp, a[obeys], b[obeys]) / width
    few = float(np.sqrt((missed**2).mean() / 2 / obeys.sum()))
    turn = few / max(float(np.hypot(*np.std(a[obeys] / width, axis=0))), 0.05)
    cover = len(np.unique(_cells(a[obeys], width, height))) / (CELLS[0] * CELLS[1])
    return _Found(warp, kept, (a, b), np.array([few, few, turn, turn]), cover)


def evened(picture: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log light with its local mean and contrast evened out (h, w) uint8, and where it counts.

    What the light does from frame to frame (exposure, flicker, a shadow) is no movement.
    """
    light = np.where(valid, picture @ LUMINANCE, 0.0)
    sharp = np.asarray(acescct(np.maximum(light, 0.0)), np.float32)
    code = cv2.GaussianBlur(sharp, (0, 0), 1.0)
    size = (2 * (code.shape[1] // 24) + 1,) * 2
    mean = cv2.blur(code, size)
    spread = cv2.sqrt(np.maximum(cv2.blur(code * code, size) - mean * mean, 0))
    grey = np.clip(128 + 48 * (code - mean) / (spread + FLAT), 0, 255).astype(np.uint8)
    counts = _framed(code) * np.uint8(255)
    counts[~valid] = 0
    return grey, cv2.erode(counts, np.ones((7, 7), np.uint8), borderValue=255)


def corners(grey: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(N, 2) float32 corners, at most PER_CELL in each part of the picture."""
    found = cv2.goodFeaturesToTrack(grey, 900, 0.02, 7, mask=counts, blockSize=5)
    if found is None:
        return np.zeros((0, 2), np.float32)
    at = found[:, 0]
    cells = _cells(at, grey.shape[1], grey.shape[0])
    rank = np.zeros(len(at), int)
    for cell in np.unique(cells):
        mine = np.flatnonzero(cells == cell)
        rank[mine] = np.arange(len(mine))
    return np.ascontiguousarray(at[rank < PER_CELL], np.float32)


def dominant(
    a: np.ndarray, b: np.ndarray, width: int, height: int, known: list[np.ndarray]
) -> tuple[np.ndarray | None, np.ndarray]:
    """The homography from a to b that most of the picture obeys, and which places do.

    Two are tried, the second on what disobeys the first, and `known` ones: that the camera stands.
    The camera's is the one seen in more parts of the picture, and at its rim, for an actor stands
    in front of the set.
    """
    none = np.zeros(len(a), bool)
    best: tuple[np.ndarray | None, np.ndarray] = (None, none)
    most, left = 0.0, ~none
    tried = [_finer(warp, a, b) for warp in known]
    for _ in range(2):
        warp = _homography(a[left], b[left])
        tried.append(warp)
        if warp is not None:
            left = left & (_missed(warp, a, b) >= REACH)
    for turn, warp in enumerate(tried):
        if warp is None:
            continue
        obeys = _missed(warp, a, b) < REACH
        say, parts = _coverage(a[obeys], width, height)
        if turn == 0:
            still = _missed(np.eye(3), a, b)[obeys]
            say *= STANDS if len(still) and np.median(still) < STILL else 1.0
        if obeys.sum() >= LEAST and parts >= LEAST_CELLS and say > most:
            best, most = (warp, obeys), say
    return best


def _coverage(at: np.ndarray, width: int, height: int) -> tuple[float, int]:
    """How much of the picture places speak for, those of its rim doubly, and in how many parts.

    The bottom is no rim: feet stand there.
    """
    cells, count = np.unique(_cells(at, width, height), return_counts=True)
    x, y = cells % CELLS[0], cells // CELLS[0]
    rim = (x == 0) | (x == CELLS[0] - 1) | (y == 0)
    return float(((1.0 + rim) * np.minimum(count, 3)).sum()), len(cells)


def _finer(warp: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
    """A warp that is nearly right, fitted to what obeys it; None where too little does."""
    for reach in (2 * REACH, REACH):
        obeys = _missed(warp, a, b) < reach
        if obeys.sum() < LEAST:
            return None
        fitted, _ = cv2.findHomography(a[obeys], b[obeys], 0)
        if fitted is None:
            return None
        warp = fitted
    return _sound(warp)


def _homography(a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
    """By MAGSAC, then by least squares over what obeys."""
    if len(a) < LEAST:
        return None
    cv2.setRNGSeed(1)
    try:
        warp, _ = cv2.findHomography(a, b, cv2.USAC_MAGSAC, REACH, maxIters=500, confidence=0.999)
    except cv2.error:  # it raises where no model fits
        return None
    return None if warp is None else _finer(warp, a, b)


def _sound(warp: np.ndarray) -> np.ndarray | None:
    """A homography that folds the picture over, or shrinks it to a spot, is chance."""
    return warp if 0.2 < np.linalg.det(warp[:2, :2]) < 5 else None


def _rigid(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Which places one fundamental matrix explains."""
    cv2.setRNGSeed(1)
    try:
        _, obeys = cv2.findFundamentalMat(a, b, cv2.USAC_MAGSAC, REACH, 0.999, 1000)
    except cv2.error:
        return np.zeros(len(a), bool)
    return np.zeros(len(a), bool) if obeys is None else obeys.ravel().astype(bool)


def _lk(
    one: np.ndarray, other: np.ndarray, at: np.ndarray, guess: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    there, seen, _ = cv2.calcOpticalFlowPyrLK(
        one,
        other,
        at,
        guess.copy(),
        winSize=_WINDOW,
        maxLevel=3,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    height, width = other.shape
    inside = (there > 1).all(1) & (there < (width - 2, height - 2)).all(1)
    return there, seen.ravel().astype(bool) & inside


def _missed(warp: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N,) pixels by which the warp of a misses b."""
    if not len(a):
        return np.zeros(0)
    moved = cv2.perspectiveTransform(a[:, None].astype(np.float64), warp)[:, 0]
    return np.asarray(np.linalg.norm(moved - b, axis=1))


def _centre(warp: np.ndarray, width: int, height: int) -> np.ndarray:
    """What a warp does at the picture's centre: widths right and down, log scale, radians."""
    x, y = (width - 1) / 2, (height - 1) / 2
    u, v, w = warp @ (x, y, 1.0)
    slope = (warp[:2, :2] - np.outer((u / w, v / w), warp[2, :2])) / w
    scale = np.log(max(np.linalg.det(slope), 1e-9)) / 2
    turn = np.arctan2(slope[1, 0] - slope[0, 1], slope[0, 0] + slope[1, 1])
    return np.array([(u / w - x) / width, (v / w - y) / width, scale, turn])


def _cells(at: np.ndarray, width: int, height: int) -> np.ndarray:
    x = np.clip(at[:, 0] * CELLS[0] / width, 0, CELLS[0] - 1).astype(int)
    y = np.clip(at[:, 1] * CELLS[1] / height, 0, CELLS[1] - 1).astype(int)
    return np.asarray(y * CELLS[0] + x)


def _framed(code: np.ndarray) -> np.ndarray:
    """Where the picture is, without bars at its edges, whose rim never moves."""
    inside = np.zeros(code.shape, np.uint8)
    rows = np.flatnonzero(np.ptp(code, axis=1) > FLAT)
    columns = np.flatnonzero(np.ptp(code, axis=0) > FLAT)
    if len(rows) and len(columns):
        margin = [
            6 if cut else 0
            for cut in (
                rows[0] > 2,
                rows[-1] < code.shape[0] - 3,
                columns[0] > 2,
                columns[-1] < code.shape[1] - 3,
            )
        ]
        top, bottom = rows[0] + margin[0], rows[-1] + 1 - margin[1]
        left, right = columns[0] + margin[2], columns[-1] + 1 - margin[3]
        inside[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = 1
    return inside
