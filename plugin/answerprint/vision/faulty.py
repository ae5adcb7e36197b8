"""Frames that stand twice, are missing, black, or of another light: found in a shot's own time.

    duplicate   nothing moved since the frame before, not even the grain, though it did before and
                does after. Holds (animation, freezes, titles) ease in and out; copies do not.
    dropped     the picture moved twice as far as just before and just after, the same way: flow.
                In a shot where nothing moves no missing frame can be seen, and none is told.
    flash       one or two frames of another light, or of another picture, between alike ones.
    black       nothing is brighter than the foot of the curve.

Copies or jumps at a steady distance are a cadence (animation on twos, a change of frame rate): it
is told once, and its frames are not listed.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from answerprint.vision.correspond import LUMINANCE
from answerprint.vision.flicker import cells, step
from answerprint.vision.measured import brief

SMALL = 240
"""Pixels across of the pictures that motion is measured on."""
BLACK = 0.004
"""Light under which the brightest hundredth of a black frame stays."""
SAME = 0.08
"""A copy moves less than this share of what its neighbours do; codecs leave a little."""
EXACT = 1e-3
"""The same for a copy of grain: what rounding leaves."""
STIRRED, COARSE = 0.08, 60
"""Stops by which the most changed of COARSE cells across do where something moves; what a codec
does at its key frames stays under it."""
NEAR = 12
"""Frames before and after that say what is usual."""
FLASH, MANY = 0.25, 8.0
"""Stops, and multiples of the usual step, from which a frame is of another light."""
JUMP, CLEARLY = 1.6, 1.2
"""Times the usual way from which one frame or more are missing, cameras are uneven themselves; and
times the largest of the four ways around it."""
STEADY, TURNED = (0.4, 1.6), 0.7
"""What the ways around a jump may be of the usual one; and what those right before and after it
may be apart, as a share of it: arms swing."""
SPIKE, EVEN, SPELL = 1.35, 0.75, 8
"""A change this many times the largest of SPELL frames to either side is a jump, where the pace
right around it is as even as EVEN."""
FADE = 6
"""Frames from black within which a fade shows itself: it is slower than that."""
MOTION, PART = 0.25, 0.005
"""Pixels at SMALL that things must move for a missing frame to be seen, in this share of the
picture. Where less moves nothing is said."""
LEAP = 1.25
"""Times the change of two frames to either side: at a steady distance that is a rate of frames that
was lowered by leaving some out."""


class Faulty:
    """A watcher of frames that are at fault.

    dark   whether the frame seen last was black.
    """

    def __init__(self) -> None:
        self.dark = False
        self._numbers: list[int] = []
        self._moved: list[float] = []  # since the frame before, mean over the picture
        self._light: list[tuple[float, float]] = []  # step since the frame before, and its error
        self._peaks: list[float] = []
        self._stirred: list[float] = []  # change of the most changed parts
        self._broad: list[float] = []  # change of coarse cells, mean over the picture
        self._coarse: np.ndarray | None = None
        self._blacks: list[int] = []
        self._jumps: dict[int, float] = {}
        self._small: list[np.ndarray] = []
        self._codes: list[np.ndarray] = []
        self._cells: list[np.ndarray] = []

    def see(self, number: int, picture: np.ndarray, valid: np.ndarray) -> None:
        luma = picture @ LUMINANCE.astype(np.float32)
        peak = float(np.percentile(luma[valid], 99)) if valid.any() else 0.0
        self.dark = peak < BLACK
        self._peaks.append(peak)
        if self.dark:
            self._blacks.append(number)
        code = np.log2(np.maximum(luma, 0) + 0.01)
        self._numbers.append(number)
        self._codes = [*self._codes[-1:], code]
        self._cells = [*self._cells[-1:], cells(picture, valid)]
        self._moved.append(_change(self._codes))
        self._light.append(_light(self._cells))
        size = (SMALL, max(16, round(code.shape[0] * SMALL / code.shape[1])))
        self._small = [*self._small[-5:], cv2.resize(code, size, interpolation=cv2.INTER_AREA)]
        self._see_coarsely(self._small[-1])
        self._look_for_jump()

    def _see_coarsely(self, small: np.ndarray) -> None:
        size = (COARSE, max(4, round(small.shape[0] * COARSE / small.shape[1])))
        coarse = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA))
        change = np.abs(coarse - self._coarse) if self._coarse is not None else np.zeros(1)
        self._stirred.append(float(np.percentile(change, 98)))
        self._broad.append(float(change.mean()))
        self._coarse = coarse

    def told(self) -> dict[str, Any]:
        copies = self._copies()
        count = len(self._numbers)
        flashes = self._flashes()
        cadence = _cadence(copies, count)
        if cadence:
            copies = []
        cadence = cadence or _cadence(self._leaps(), count)
        groups = list[list[int]]()
        for at in copies:
            if groups and groups[-1][-1] == self._numbers[at - 1]:
                groups[-1].append(self._numbers[at])
            else:
                groups.append([self._numbers[at - 1], self._numbers[at]])
        near = {n + by for group in groups for n in group for by in (-1, 0, 1, 2)}
        near |= {n + by for n in flashes for by in (-1, 0, 1, 2)}
        self._jumps = {**self._spikes(), **self._jumps}
        dropped = [] if cadence else sorted(set(self._jumps) - near)
        return {
            "duplicates": groups,
            "cadence": cadence,
            "dropped": dropped,
            "jumps": {str(n): brief(self._jumps[n]) for n in dropped},
            "flashes": sorted(flashes),
            "flash_light": {str(n): brief(flashes[n]) for n in sorted(flashes)},
            "blacks": self._blacks,
            "faded": self._faded(),
        }

    # --- copies ---

    def _copies(self) -> list[int]:
        """Places of frames that are their predecessor once more, though the shot moves."""
        moved = np.array(self._moved)
        found = []
        for at in range(1, len(moved)):
            near = self._near(at, at, moved)
            usual = _usual(near)
            if usual > 0 and moved[at] < SAME * usual:
                found.append(at)
        still = set(found)
        return [at for at in found if self._moves_about(at, still, moved)]

    def _near(self, first: int, last: int, moved: np.ndarray) -> np.ndarray:
        """Changes around frames, without those into and out of black and flashing frames."""
        around = [*range(max(1, first - NEAR), first), *range(last + 1, last + NEAR + 1)]
        kept = [
            moved[at]
            for at in around
            if at < len(moved)
            and min(self._peaks[at - 1 : at + 1]) >= BLACK
            and not abs(self._light[at][0]) > FLASH
        ]
        return np.array(kept)

    def _moves_about(self, at: int, still: set[int], moved: np.ndarray) -> bool:
        """Whether the picture moves as usual right before and right after a run of stills."""
        first, last = at, at
        while first - 1 in still:
            first -= 1
        while last + 1 in still:
            last += 1
        if last + 1 >= len(moved) or last - first >= NEAR:
            return False  # to the end, or for long: a freeze
        near = self._near(first, last, moved)
        usual = _usual(near)
        ends = [last + 1] if first < 2 else [first - 1, last + 1]
        if moved[ends].min() < 0.5 * usual or self._peaks[last] < BLACK:
            return False
        # things move, or grain does, as much in every frame: codecs stand still now and then
        grain = moved[at] < EXACT * usual and np.percentile(near, 15) > 0.6 * usual
        return bool(grain or min(self._stirred[end] for end in ends) > STIRRED)

    # --- light ---

    def _flashes(self) -> dict[int, float]:
        """Frame -> stops over its neighbours, of frames that stand out for one or two frames."""
        steps = np.array([s for s, _ in self._light])
        errors = np.array([e for _, e in self._light])
        found: dict[int, float] = {}
        known = steps[np.isfinite(steps)]
        if len(known) < 4:
            return found
        usual = 1.48 * float(np.median(np.abs(known - np.median(known))))
        for at in range(1, len(steps) - 1):
            for length in (1, 2):
                end = at + length
                if end >= len(steps) or self._numbers[at] in found:
                    continue
                up, down = steps[at], steps[end]
                inside = 0.0 if length == 1 else steps[at + 1]
                least = max(FLASH, MANY * usual, 3 * float(errors[at]))
                back = up + inside + down
                sharp = min(abs(up), abs(down)) > least and up * down < 0
                if sharp and abs(back) < 0.3 * abs(up) and abs(inside) < 0.5 * abs(up):
                    for place in range(at, end):
                        found[self._numbers[place]] = float(up)
        return {n: v for n, v in found.items() if n not in self._blacks}

    def _faded(self) -> list[int]:
        """Black frames at the end of a fade: next to them the picture is still, or already, dim."""
        black = [peak < BLACK for peak in self._peaks]
        found, at = list[int](), 0
        while at < len(black):
            end = at
            while end < len(black) and black[end]:
                end += 1
            if end > at:
                after = self._peaks[end : end + FADE]
                before = self._peaks[max(0, at - FADE) : at][::-1]
                if _dims(before) or _dims(after):
                    found += self._numbers[at:end]
            at = max(end, at + 1)
        return found

    # --- motion ---

    def _spikes(self) -> dict[int, float]:
        """Frame -> times the usual change, of single jumps in a shot whose pace is even.

        Where what moves is small or turns, flow cannot tell how far; the change of the whole can.
        """
        found = {}
        for at in range(1, len(self._numbers)):
            times = [_spike(course, at) for course in (self._moved, self._broad)]
            near = self._numbers[max(0, at - 3) : at + 3]
            whole = near[-1] - near[0] == len(near) - 1
            moves = self._stirred[at] > STIRRED and abs(self._light[at][0]) < FLASH / 4
            inside = 3 <= at < len(self._numbers) - 2  # else there is only one side to compare
            if whole and moves and 0 < min(times) <= max(times) < 4 and (inside or max(times) > 2):
                found[self._numbers[at]] = max(times)
        return found

    def _leaps(self) -> list[int]:
        """Places where the picture moves farther than right before and after."""
        moved = self._moved
        return [
            at
            for at in range(3, len(moved) - 2)
            if moved[at] > LEAP * max(*moved[at - 2 : at], *moved[at + 1 : at + 3])
        ]

    def _look_for_jump(self) -> None:
        """Whether a frame is missing in the middle of the last six frames."""
        if len(self._small) < 6 or self._numbers[-1] - self._numbers[-6] != 5:
            return
        if not (_stands_out(self._moved[-5:], 1.1) or _stands_out(self._broad[-5:], 1.2)):
            return
        flows = [_flow(*self._small[at : at + 2]) for at in range(5)]
        usual = (flows[1] + flows[3]) / 2
        speed = np.linalg.norm(usual, axis=-1)
        moving = speed > max(MOTION, 0.5 * float(np.percentile(speed, 95)))
        if moving.mean() < PART:
            return
        apart = float(np.median(np.linalg.norm(flows[1] - flows[3], axis=-1)[moving]))
        share, *odd = (_along(flows[at], usual, moving) for at in (2, 0, 1, 3, 4))
        steady = STEADY[0] < min(odd) and max(odd) < STEADY[1]
        steady = steady and apart < TURNED * float(np.median(speed[moving]))
        if steady and max(JUMP, CLEARLY * max(odd)) < share < 6:
            self._jumps[self._numbers[-3]] = share


def _usual(near: np.ndarray) -> float:
    """The median change, stills apart."""
    if not near.any():
        return 0.0
    return float(np.median(near[near > SAME * np.percentile(near, 90)]))


def _stands_out(five: list[float], times: float) -> bool:
    """Whether the middle one of five changes is larger than the others, which are alike."""
    around = np.delete(five, 2)
    return bool(five[2] > times * around.max() and around.min() > 0.5 * around.max())


def _spike(course: list[float], at: int) -> float:
    """Times the change right around that one change is, 0 where it does not stand out alone."""
    near = course[max(1, at - SPELL) : at] + course[at + 1 : at + SPELL + 1]
    close = course[max(1, at - 2) : at] + course[at + 1 : at + 3]
    few = len(near) < 3 or len(close) < 2
    if few or min(close) <= EVEN * max(close) or course[at] < SPIKE * max(near):
        return 0.0
    return course[at] / (sum(close) / len(close))


def _change(codes: list[np.ndarray]) -> float:
    return float(np.abs(codes[1] - codes[0]).mean()) if len(codes) > 1 else 0.0


def _light(seen: list[np.ndarray]) -> tuple[float, float]:
    return step(*seen) if len(seen) > 1 else (float("nan"), float("inf"))


def _dims(peaks: list[float]) -> bool:
    """Whether light changes gradually away from black, frame after frame."""
    return len(peaks) >= 3 and peaks[0] < 0.5 * peaks[-1] and bool(np.all(np.diff(peaks) > 0))


def _flow(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """(h, w, 2) pixels of motion, by dense inverse search."""
    low, high = np.percentile(before, (1, 99))
    scale = 255 / max(high - low, 0.5)
    eight = [np.clip((p - low) * scale, 0, 255).astype(np.uint8) for p in (before, after)]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    none = np.zeros((*before.shape, 2), np.float32)
    return np.asarray(search.calc(eight[0], eight[1], none))


def _along(flow: np.ndarray, usual: np.ndarray, moving: np.ndarray) -> float:
    """How many times the usual motion a flow is: the median of its part along it."""
    along = (flow * usual).sum(-1)[moving] / (usual**2).sum(-1)[moving]
    return float(np.median(along))


def _cadence(places: list[int], count: int) -> dict[str, Any] | None:
    """The steady distance of places, where they have one: a pattern, no fault."""
    if len(places) < 4 or len(places) < 0.12 * count:
        return None
    gaps = np.diff(places)
    usual = int(np.median(gaps))
    steady = float(np.mean(np.abs(gaps - usual) <= 1))
    if steady < 0.7:
        return None
    return {"every": usual + (usual == 1), "share": brief(len(places) / count)}
