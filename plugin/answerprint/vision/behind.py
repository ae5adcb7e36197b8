"""How the camera moved behind a figure: every frame of a shot laid on one of them.

Corners outside the matte are followed from frame to frame for a first guess, and then measured
against key frames: the frame is laid on the key by the guess, and each corner is looked for there
again. So errors do not add up, and a slow turn or zoom does not wear a corner out. What moves
otherwise than most, such as a figure without a matte, loses its weight: in each frame by how far
it misses, and in all of them where it misses in most.

    camera = Behind()
    camera.see(number, light, valid, matte)      # each frame once, in order
    camera.track()

Convention
    light      (H, W, 3) float32 scene-linear ACEScg, unbounded; valid (H, W) bool.
    matte      (H, W) float32, the figure's alpha; None where it is not known.
    matrices   (N, 3, 3) float64: pixel of a frame to pixel of the reference frame, top left origin,
               centres at whole numbers; the last number is 1.
    residual   (N,) px: median of how far the corners miss that carry the weight.
    error      (N,) px: standard error of where a frame's corners go.
    parallax   share of frames in which one plane does not hold: more than a third of the corners
               miss it by over PARALLAX.
    Nothing is assumed of a frame that cannot be measured: it stands in `lost`, and its matrix is
    between its neighbours'.

Source: Shi and Tomasi 1994 (corners); Lucas and Kanade 1981, through OpenCV; key frames as in
bundle adjustment (Triggs et al. 2000), by turns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from answerprint.vision import features
from answerprint.vision.flow import encoded
from answerprint.vision.planar import (
    Model,
    Pairs,
    chosen,
    corner_error,
    first_guess,
    fitted,
    moved,
    robust,
    scaled,
    spread_of,
)
from answerprint.vision.resampled import doubled, looked_up

WIDE = 1920
"""Pixels across at which it is measured at most."""
MOST, APART, QUALITY = 3000, 0.012, 0.001
"""Corners that are looked for, how far apart in picture widths, and the least strength beside the
strongest."""
CELLS, EACH = (12, 8), 9
"""Cells across and down, and corners of each: a figure in patterned cloth has more than a wall."""
WINDOW = 21
"""Pixels of the square around a corner that is looked for."""
CLEAR = 6
"""Pixels around the figure that are not looked at: half a window sees it there."""
SOLID = 0.02
"""Alpha from which a pixel is the figure's."""
LIKE = 0.5
"""Least correlation of the squares around a corner in both frames."""
FEW = 10
"""Corners under which a frame cannot be measured."""
STRAY = 1.5
"""Pixels of spread from which what was found is chance."""
OVERLAP, GROWN = 0.65, 1.35
"""Share of the key that a frame still shows, and the change of size, at which it becomes a key."""
TURNS, CLOSE = 4, 0.03
"""Times that a frame is laid on its keys at most, and the pixels that the last may have moved it:
only what lies on its place already is read without an error of the search."""
SEEN = 0.35
"""The least share of an older key that a frame is measured against too."""
BACK = 0.2
"""Pixels by which going there and back may miss."""
PARALLAX, LEAVE = 0.5, 1 / 3
"""Pixels, and the share of clear corners that have to miss one plane by more."""
RELIABLE = 0.4
"""Mean weight of a corner over the frames that show it, under which it is not of the plane."""


@dataclass(frozen=True)
class Track:
    """Of a shot, as above; lens in picture widths where the model is a camera that turns."""

    numbers: tuple[int, ...]
    reference: int
    matrices: np.ndarray
    model: Model
    lens: float | None
    residual: np.ndarray
    error: np.ndarray
    corners: tuple[int, ...]
    lost: tuple[int, ...]
    parallax: float


@dataclass
class _Key:
    code: np.ndarray  # (h, w) float32
    at: np.ndarray  # (N, 2) its corners
    strength: np.ndarray  # (N,) 0..1
    to_reference: np.ndarray
    frame: int  # which of the frames it is
    misses: list[tuple[np.ndarray, np.ndarray]]  # of each frame: which corners, their weights


@dataclass
class _Seen:
    """One frame against one key: its places, those corners of the key, and their weight."""

    key: int
    at: np.ndarray
    which: np.ndarray
    weight: np.ndarray


class Behind:
    """Sees the frames of a shot in order; the first is the one that all are laid on."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._keys: list[_Key] = []
        self._seen: list[list[_Seen]] = []
        self._guess: list[np.ndarray] = []
        self._last: tuple[np.ndarray, np.ndarray] | None = None
        self._zoom, self._size = 1.0, (0, 0)
        self._span = (0.0, 1.0)

    def see(
        self, number: int, light: np.ndarray, valid: np.ndarray, matte: np.ndarray | None = None
    ) -> None:
        code, free = self._small(light, valid, matte)
        first = not self._numbers
        self._numbers.append(number)
        if first:
            self._span = _span(code, free)
            self._seen.append([])
            self._guess.append(np.eye(3))
            self._keyed(code, free, np.eye(3))
        else:
            guess = self._guess[-1] @ self._step(code, free)
            seen, guess = self._measured(code, free, scaled(guess))
            self._seen.append(seen)
            self._guess.append(guess)
            if seen and self._is_key(guess, free):
                self._keyed(code, free, guess)
        self._last = code, free

    # --- measuring -------------------------------------------------------------------------

    def _small(
        self, light: np.ndarray, valid: np.ndarray, matte: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The frame as a code of light, and where it may be looked at (bytes, 255)."""
        code = encoded(np.where(valid[..., None], light, 0))
        tall, wide = code.shape
        if not self._numbers:
            self._zoom = min(1.0, WIDE / wide)
        size = (round(wide * self._zoom), round(tall * self._zoom))
        free = valid if matte is None else valid & (matte < SOLID)
        if self._zoom < 1:
            code = cv2.resize(code, size, interpolation=cv2.INTER_AREA)
            free = cv2.resize(free.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.999
        self._size = size
        free = cv2.erode(free.astype(np.uint8), np.ones((2 * CLEAR + 1,) * 2), borderValue=1)
        return code, free * np.uint8(255)

    def _keyed(self, code: np.ndarray, free: np.ndarray, to_reference: np.ndarray) -> None:
        at, strength = corners(_bytes(code, self._span), free)
        self._keys.append(_Key(code, at, strength, to_reference, len(self._numbers) - 1, []))

    def _step(self, code: np.ndarray, free: np.ndarray) -> np.ndarray:
        """From this frame to the last: corners followed, or found again where that fails."""
        assert self._last
        last, was_free = self._last
        one, other = _bytes(last, self._span), _bytes(code - _offset(last, code, free), self._span)
        at, _ = corners(one, was_free)
        there, kept = followed(one, other, at, 5, 1.0)
        found = first_guess(there[kept], at[kept], 2.0) if kept.sum() >= FEW else None
        if found is None or _agreed(found, there, at, kept) < 0.5:
            seen = [
                features.features(each, mask > 0) for each, mask in ((one, was_free), (other, free))
            ]
            i, j = features.alike(seen[0].descriptor, seen[1].descriptor)
            again = first_guess(seen[1].place[j], seen[0].place[i], 2.0)
            found = again if again is not None else found
        return np.eye(3) if found is None else found

    def _measured(
        self, code: np.ndarray, free: np.ndarray, guess: np.ndarray
    ) -> tuple[list[_Seen], np.ndarray]:
        """The frame against its keys, and a better guess of where it lies on the reference."""
        fine = doubled(code)
        for turn in range(TURNS):
            seen = []
            for number in self._near(guess):
                found = self._against(number, fine, free, guess, strict=turn > 0)
                if found is not None:
                    seen.append(found)
            if not seen:
                return [], guess
            pairs = self._pairs(seen)
            better, weight = robust(pairs, self._size, guess)
            apart = np.hypot(*(moved(better, pairs.at) - pairs.there).T)
            if np.count_nonzero(weight) < FEW or spread_of(apart[weight > 0]) > STRAY:
                return [], guess
            far = np.abs(moved(better, pairs.at) - moved(guess, pairs.at)).max()
            guess = better
            if turn and far < CLOSE:
                break
        start = 0
        for each in seen:
            each.weight = weight[start : start + len(each.at)]
            start += len(each.at)
            self._keys[each.key].misses.append((each.which, each.weight))
        return seen, guess

    def _near(self, guess: np.ndarray) -> list[int]:
        """The newest key, and the oldest that the frame still shows enough of."""
        newest = len(self._keys) - 1
        for number in range(newest):
            if (
                _shown(scaled(np.linalg.inv(self._keys[number].to_reference) @ guess), self._size)
                > SEEN
            ):
                return [number, newest]
        return [newest]

    def _against(
        self, number: int, fine: np.ndarray, free: np.ndarray, guess: np.ndarray, strict: bool
    ) -> _Seen | None:
        key = self._keys[number]
        to_key = scaled(np.linalg.inv(key.to_reference) @ guess)
        laid = looked_up(fine, np.linalg.inv(to_key), self._size)
        shown = cv2.warpPerspective(free, to_key, self._size, flags=cv2.INTER_NEAREST)
        laid = laid - _offset(key.code, laid, shown)
        one, other = _bytes(key.code, self._span), _bytes(laid, self._span)
        x, y = np.rint(key.at).astype(int).T
        same = shown[y, x] > 0
        if strict:  # laid on its place already: what looks otherwise is grain, or hidden
            same &= likeness(one, other)[y, x] > LIKE
        inside = np.flatnonzero(same)
        if len(inside) < FEW:
            return None
        there, kept = followed(one, other, key.at[inside], 2, BACK)
        which = inside[kept]
        if len(which) < FEW:
            return None
        at = moved(np.linalg.inv(to_key), there[kept])
        return _Seen(number, at, which, np.ones(len(which)))

    def _is_key(self, guess: np.ndarray, free: np.ndarray) -> bool:
        to_key = scaled(np.linalg.inv(self._keys[-1].to_reference) @ guess)
        grown = float(np.sqrt(abs(np.linalg.det(to_key[:2, :2]))))
        far = max(grown, 1 / max(grown, 1e-6)) > GROWN
        return far or _shown(to_key, self._size) < OVERLAP

    def _pairs(self, seen: list[_Seen]) -> Pairs:
        there, weight = [], []
        for each in seen:
            key = self._keys[each.key]
            there.append(moved(key.to_reference, key.at[each.which]))
            weight.append(key.strength[each.which])
        return Pairs(
            np.concatenate([each.at for each in seen]),
            np.concatenate(there),
            np.concatenate(weight),
        )

    # --- the whole shot --------------------------------------------------------------------

    def track(self) -> Track | None:
        """The track of what was seen; None where nothing could be followed."""
        known = [i for i, seen in enumerate(self._seen) if seen]
        if not known:
            return None
        self._weigh(known)
        best = chosen([pairs for i in known for pairs in self._direct(i)], self._size)
        matrices = np.stack([np.eye(3)] * len(self._numbers))
        residual, error = np.zeros(len(matrices)), np.zeros(len(matrices))
        count, over = [0] * len(matrices), 0
        for i in known:
            pairs = self._pairs(self._seen[i])
            weights = np.concatenate([each.weight for each in self._seen[i]])
            matrix = fitted(best.model, replace(pairs, weight=weights), self._size, best.lens)
            for key in self._keys:
                if key.frame == i:  # frames that were measured against it come after it
                    key.to_reference = matrix
            apart = np.hypot(*(moved(matrix, pairs.at) - pairs.there).T)
            matrices[i] = matrix
            residual[i] = np.median(apart[weights > 0])
            error[i] = corner_error(matrix, replace(pairs, weight=weights), self._size, best.model)
            count[i] = int(np.count_nonzero(weights))
            clear = pairs.weight**2  # grain has weak corners, and many
            over += bool(clear[apart > PARALLAX * self._zoom].sum() > LEAVE * clear.sum())
        lost = [i for i in range(1, len(matrices)) if i not in set(known)]
        for row, column in np.ndindex(3, 3):
            there = [0, *known]
            matrices[lost, row, column] = np.interp(lost, there, matrices[there, row, column])
        zoom = _zoomed(self._zoom)
        return Track(
            tuple(self._numbers),
            self._numbers[0],
            np.stack([scaled(np.linalg.inv(zoom) @ each @ zoom) for each in matrices]),
            best.model,
            best.lens if best.model == "rotation" else None,
            residual / self._zoom,
            error / self._zoom,
            tuple(count),
            tuple(self._numbers[i] for i in lost),
            over / len(known),
        )

    def _weigh(self, known: list[int]) -> None:
        """Weights of all that was measured: by how far it misses the frame's plane, and by whether
        its corner holds in the other frames."""
        trusted = [_trusted(key) for key in self._keys]
        for i in known:
            seen, pairs = self._seen[i], self._pairs(self._seen[i])
            sure = np.concatenate([trusted[each.key][each.which] for each in seen])
            pairs = replace(pairs, weight=pairs.weight * sure)
            _, weight = robust(pairs, self._size, self._guess[i])
            start = 0
            for each in seen:
                each.weight = weight[start : start + len(each.at)]
                start += len(each.at)

    def _direct(self, i: int) -> list[Pairs]:
        """A frame on each of its keys: free of how far these are off the reference."""
        seen = [each for each in self._seen[i] if np.count_nonzero(each.weight) >= FEW]
        return [Pairs(e.at, self._keys[e.key].at[e.which], e.weight) for e in seen]


def _trusted(key: _Key) -> np.ndarray:
    """(N,) 0..1: the corners of a key that hold with the plane in the frames that show them."""
    told, times = np.zeros(len(key.at)), np.zeros(len(key.at))
    for which, weight in key.misses:
        np.add.at(told, which, weight / np.maximum(key.strength[which], 1e-9))
        np.add.at(times, which, 1)
    mean = told / np.maximum(times, 1)
    return np.clip(mean / RELIABLE, 0, 1) ** 2


def corners(picture: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places (N, 2) that can be found again, and how well (N,), 0..1."""
    apart = max(4.0, APART * picture.shape[1])
    found = cv2.goodFeaturesToTrack(picture, MOST, QUALITY, apart, mask=free, blockSize=7)
    if found is None:
        return np.zeros((0, 2)), np.zeros(0)
    at = found.reshape(-1, 2).astype(np.float64)
    cell = (at / (np.array(picture.shape[::-1]) / CELLS)).astype(int) @ (1, CELLS[0])
    order = np.argsort(cell, kind="stable")  # the strongest of a cell stay first
    rank = np.arange(len(cell)) - np.searchsorted(cell[order], cell[order])
    at = at[np.sort(order[rank < EACH])]
    strength = cv2.cornerMinEigenVal(picture, 7)
    x, y = np.rint(at).astype(int).T
    each = strength[y, x].astype(np.float64)
    return at, each / (each + np.median(each))


def likeness(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(H, W) -1..1: the correlation of the squares around each pixel in two pictures of bytes."""

    def mean(values: np.ndarray) -> np.ndarray:
        return np.asarray(cv2.blur(values, (WINDOW, WINDOW)))

    a, b = one.astype(np.float32), other.astype(np.float32)
    a -= cv2.blur(a, (4 * WINDOW + 1,) * 2)  # of values near 0 the squares do not lose digits
    b -= cv2.blur(b, (4 * WINDOW + 1,) * 2)
    calm, busy = mean(a), mean(b)
    both = mean(a * b) - calm * busy
    sizes = (mean(a * a) - calm**2) * (mean(b * b) - busy**2)
    return both / np.sqrt(np.maximum(sizes, 1e-2))


def followed(
    one: np.ndarray, other: np.ndarray, at: np.ndarray, levels: int, back: float
) -> tuple[np.ndarray, np.ndarray]:
    """Where places (N, 2) of one picture lie in the other, and which are found there and back."""
    if not len(at):
        return at, np.zeros(0, bool)
    start = at.astype(np.float32).reshape(-1, 1, 2)
    there, found = _search(one, other, start, levels)
    again, also = _search(other, one, there, levels)
    missed = np.abs(again - start).reshape(-1, 2).max(1)
    kept = found & also & (missed < back)
    tall, wide = one.shape
    x, y = there.reshape(-1, 2).T
    kept &= (x > 0) & (y > 0) & (x < wide - 1) & (y < tall - 1)
    return there.reshape(-1, 2).astype(np.float64), kept


def _search(
    one: np.ndarray, other: np.ndarray, start: np.ndarray, levels: int
) -> tuple[np.ndarray, np.ndarray]:
    there, found, _ = cv2.calcOpticalFlowPyrLK(  # type: ignore[call-overload]
        one,
        other,
        start,
        None,
        winSize=(WINDOW, WINDOW),
        maxLevel=levels,
        criteria=(cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-3),
        minEigThreshold=1e-5,
    )
    return np.asarray(there), np.asarray(found).ravel() > 0


def _agreed(matrix: np.ndarray, there: np.ndarray, at: np.ndarray, kept: np.ndarray) -> float:
    """Share of what was followed that a matrix explains."""
    apart = np.hypot(*(moved(matrix, there[kept]) - at[kept]).T)
    return float((apart < 3).mean())


def _shown(to_key: np.ndarray, size: tuple[int, int]) -> float:
    """Share of the key's picture that a frame covers."""
    x, y = np.meshgrid(np.linspace(0, size[0] - 1, 16), np.linspace(0, size[1] - 1, 12))
    at = moved(np.linalg.inv(to_key), np.stack([x.ravel(), y.ravel()], 1))
    inside = (at > 0).all(1) & (at < np.array(size) - 1).all(1)
    return float(inside.mean())


def _span(code: np.ndarray, free: np.ndarray) -> tuple[float, float]:
    some = code[free > 0] if free.any() else code
    low, high = np.percentile(some[::7], (0.2, 99.8))
    return float(low), float(max(high - low, 0.05))


def _bytes(code: np.ndarray, span: tuple[float, float]) -> np.ndarray:
    """A code as bytes, for the search alone."""
    return np.clip((code - span[0]) * (255 / span[1]), 0, 255).astype(np.uint8)


def _offset(one: np.ndarray, other: np.ndarray, free: np.ndarray) -> np.float32:
    """How much brighter the other is: in a logarithm an exposure is added."""
    there = free[::4, ::4] > 0
    apart = (other - one)[::4, ::4][there]
    return np.float32(np.median(apart)) if apart.size else np.float32(0)


def _zoomed(zoom: float) -> np.ndarray:
    """Pixels of a frame to those of one reduced by area."""
    shift = (zoom - 1) / 2
    return np.array([[zoom, 0, shift], [0, zoom, shift], [0, 0, 1]])
