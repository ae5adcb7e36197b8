"""Look for damage in a clip: frames that are spoiled as a whole, and parts that are in one only.

Frames are looked at twice: reduced, for what concerns them as a whole (`spoiled.py`), and beside
their neighbours, at SEARCHED across at most for dust and scratches (`specks.py`, `scratches.py`)
and in full size for what is of pixels (`stuck.py`, `blocks.py`). Neighbours are the nearest frames
of the same shot that are not spoiled themselves and not farther than APART; for dust the first and
the last frame of a shot are compared with the two next to them, for blocks they are not looked at.

Convention
    light    as `Layers.light` gives it. Everything is found on its luma.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from answerprint.errors import BadInput
from answerprint.frames.clip import Clip
from answerprint.frames.layers import Layers
from answerprint.vision.blocks import lost
from answerprint.vision.finds import Find, part
from answerprint.vision.flow import Motion, encoded, motions, pulled
from answerprint.vision.scratches import Beside, Scratches
from answerprint.vision.specks import (
    CLEAR,
    LINE,
    Speck,
    alone,
    first_specks,
    lending,
    specks,
    steadied,
    surroundings,
)
from answerprint.vision.spoiled import Spoiled
from answerprint.vision.stuck import Stuck

PACE = 480
"""Pixels across of what concerns frames as a whole."""
SEARCHED = 960
"""Pixels across at which specks and scratches are looked for at most: there is less noise, and
motion is known to a pixel."""
FLOW_WIDE = 1280
"""Pixels across at which motion is measured at most."""
APART = 3
"""Frames to a neighbour, at most."""
AGAIN = 1.0
"""Pixels, searched, that the motion around a speck of a first frame may miss, there and back."""
POINT = 1.5
"""Units (pixels at 960 across) that half a sparkle's width is under; brighter things are dust."""
WIDE_CELLS = 27
"""Cells across of the surroundings of a scratch: it is too tall for smaller ones to be without."""

Told = Callable[[str, int, int], None]


def starts_and_spoiled(clip: Clip, numbers: Sequence[int], told: Told) -> dict[str, Any]:
    """What `Spoiled.told` says of the frames, and `failed`: number -> why it cannot be had."""
    watch = Spoiled()
    failed: dict[int, str] = {}
    with closing(clip.pictures(numbers, PACE)) as pictures:
        for done, (number, picture) in enumerate(pictures, 1):
            if isinstance(picture, BadInput):
                failed[number] = str(picture)
                watch.see(number, None)
            else:
                watch.see(number, *picture)
            told("watch", done, len(numbers))
    return {**watch.told(), "failed": failed}


def moved(first: np.ndarray, second: np.ndarray) -> tuple[Motion, Motion]:
    """`flow.motions` at FLOW_WIDE at most; what is a few pixels small does not steer it."""
    tall, wide = first.shape[:2]
    size = (min(wide, FLOW_WIDE), max(1, round(tall * min(wide, FLOW_WIDE) / wide)))
    calm = [cv2.medianBlur(np.ascontiguousarray(each), 5) for each in (first, second)]
    if wide > FLOW_WIDE:
        calm = [cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in calm]
    found = motions(calm[0], calm[1])
    if wide <= FLOW_WIDE:
        return found
    scale = np.array([wide / size[0], tall / size[1]], np.float32)
    one, other = (
        Motion(
            cv2.resize(each.flow, (wide, tall), interpolation=cv2.INTER_LINEAR) * scale,
            cv2.resize(each.sure, (wide, tall), interpolation=cv2.INTER_LINEAR),
        )
        for each in found
    )
    return one, other


def neighbours(
    number: int, good: Collection[int], starts: Sequence[int], reach: int = APART
) -> tuple[int | None, int | None]:
    """The nearest good frames before and after one, in its shot."""
    first = max((s for s in starts if s <= number), default=-math.inf)
    end = min((s for s in starts if s > number), default=math.inf)
    before = next((n for n in range(number - 1, number - reach - 1, -1) if n in good), None)
    after = next((n for n in range(number + 1, number + reach + 1) if n in good), None)
    return (
        before if before is not None and before >= first else None,
        after if after is not None and after < end else None,
    )


def parts(
    layers: Layers, good: Sequence[int], starts: Sequence[int], kinds: Collection[str], told: Told
) -> list[Find]:
    """The damaged parts of good frames, in order."""
    found: list[Find] = []
    cuts = sorted(starts)
    shots: list[list[int]] = [[]]
    for number in good:
        new = shots[-1] and (
            number - shots[-1][-1] > APART or any(shots[-1][-1] < s <= number for s in cuts)
        )
        if new:
            shots.append([])
        shots[-1].append(number)
    done = 0
    for numbers in shots:

        def at(count: int, before: int = done) -> None:
            told("search", before + count, len(good))

        found += _shot(layers, numbers, kinds, at)
        done += len(numbers)
    return sorted(found, key=lambda f: (f.frame, f.kind, f.region or ()))


def _shot(
    layers: Layers, numbers: Sequence[int], kinds: Collection[str], told: Callable[[int], None]
) -> list[Find]:
    search = _Search(kinds)
    for done, number in enumerate(numbers, 1):
        search.see(number, *layers.light(number), _origin(layers, number))
        told(done)
    return search.told()


def _origin(layers: Layers, number: int) -> tuple[int, int]:
    """Where the top left of the light's pixels lies in the display window."""
    index, _ = layers.picture(number)
    here = layers.frame(number).parts[index]
    return here.data.x - here.display.x, here.data.y - here.display.y


@dataclass(frozen=True)
class _Seen:
    """A frame: its light, code and where that is valid, and the latter two reduced."""

    number: int
    light: np.ndarray
    code: np.ndarray
    valid: np.ndarray
    small: np.ndarray
    sound: np.ndarray

    @staticmethod
    def of(number: int, light: np.ndarray, valid: np.ndarray) -> _Seen:
        code = encoded(light)
        size = _reduced_size(code)
        whole = cv2.resize(valid.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99
        small = cv2.resize(code, size, interpolation=cv2.INTER_AREA)
        return _Seen(number, light, code, valid, small, whole)


def _reduced_size(code: np.ndarray) -> tuple[int, int]:
    """Width and height."""
    tall, wide = code.shape
    return min(wide, SEARCHED), max(1, round(tall * min(wide, SEARCHED) / wide))


def _reduced(flow: np.ndarray) -> np.ndarray:
    tall, wide = flow.shape[:2]
    size = _reduced_size(flow[..., 0])
    scale = np.array([size[0] / wide, size[1] / tall], np.float32)
    return np.asarray(cv2.resize(flow, size, interpolation=cv2.INTER_AREA) * scale)


class _Search:
    """Sees the good frames of one shot in order, three at a time."""

    def __init__(self, kinds: Collection[str]) -> None:
        self._kinds = {*kinds}
        self._seen: list[_Seen] = []
        self._motion: list[tuple[np.ndarray, np.ndarray]] = []
        self._small: list[tuple[np.ndarray, np.ndarray]] = []
        self._numbers: list[int] = []
        self._origins: list[tuple[int, int]] = []
        self._size = (0, 0)
        self._specks: list[list[Speck]] = []
        self._scratches, self._stuck = Scratches(), Stuck()
        self._finds: list[Find] = []

    def see(
        self, number: int, light: np.ndarray, valid: np.ndarray, origin: tuple[int, int]
    ) -> None:
        same = self._seen and self._seen[-1].light.shape == light.shape
        if self._seen and not (same and origin == self._origins[-1]):
            self._end()
        if self._seen:
            there, back = (each.flow for each in moved(self._seen[-1].light, light))
            self._motion = [*self._motion[-1:], (there, back)]
            self._small = [*self._small[-1:], (_reduced(there), _reduced(back))]
        self._seen = [*self._seen[-2:], _Seen.of(number, light, valid)]
        self._numbers.append(number)
        self._origins.append(origin)
        self._size = light.shape[:2]
        if len(self._seen) == 2:
            self._outer(1)
        if len(self._seen) == 3:
            if len(self._numbers) == 3:
                self._specks[0] = self._alone(1)
            self._between()

    def told(self) -> list[Find]:
        self._end()
        return self._finds

    def _outer(self, way: int) -> None:
        """The first frame of a shot (way 1), or its last (-1), beside the one next to it."""
        here, other = self._seen[-2:][::way]
        side = 0 if way > 0 else 1
        self._specks.append([])
        flow = self._small[-1][side]
        self._scratches.see(here.small, [_beside(other.small, flow, flow)])
        self._stuck.see(here.code, other.code, self._motion[-1][side])

    def _alone(self, way: int) -> list[Speck]:
        """The specks of the first of three frames (way 1) or of the last (-1)."""
        here, other, last = self._seen[::way]
        side = 0 if way > 0 else 1
        to_other, on = (each[side] for each in self._small[::way])
        usable = here.sound & _seen(other.sound & last.sound, to_other)
        again = self._small[::way][0][1 - side]
        calm, back = surroundings(to_other), surroundings(again)
        usable &= np.linalg.norm(calm + pulled(back, calm), axis=-1) < AGAIN
        small = here.small, other.small, last.small
        return first_specks(*small, to_other, on, usable, _large(here, other, last))

    def _between(self) -> None:
        before, here, after = self._seen
        flows = to_before, to_after = self._small[0][1], self._small[1][0]
        usable = here.sound & before.sound & after.sound
        usable &= _seen(before.sound, to_before) & _seen(after.sound, to_after)
        small = here.small, before.small, after.small
        found = specks(*small, to_before, to_after, usable, _large(here, before, after))
        if "block" in self._kinds:
            found = self._without_blocks(found)
        self._specks.append(found)
        steady = steadied(to_before, to_after, WIDE_CELLS)
        beside = [
            _beside(each.small, flow, raw)
            for each, flow, raw in zip((before, after), steady, flows, strict=True)
        ]
        self._scratches.see(here.small, beside)
        self._stuck.see(here.code, after.code, self._motion[1][0])

    def _without_blocks(self, found: list[Speck]) -> list[Speck]:
        """Lost blocks become finds; what lies in one is no speck."""
        before, here, after = self._seen
        flows = self._motion[0][1], self._motion[1][0]
        others = before.code, after.code
        lent, apart = lending(others, flows)
        away = np.min([np.abs(here.code - each) for each in (*lent, *others)], axis=0)
        for each, flow in ((before, flows[0]), (after, flows[1])):
            away[~(here.valid & each.valid & _seen(each.valid, flow))] = 0
        gone = np.zeros(self._size, bool)
        for mask, confidence in lost(away > apart, away > CLEAR * apart):
            self._finds.append(part(here.number, "block", confidence, self._origins[-2], mask))
            gone |= mask
        return [s for s in found if not _of(s, gone)]

    def _end(self) -> None:
        """Settle what needs more frames than three, and start anew."""
        if len(self._seen) > 1:
            self._outer(-1)
            if len(self._seen) == 3:
                self._specks[-1] = self._alone(-1)
            self._settle()
        self._seen, self._motion, self._small = [], [], []
        self._numbers, self._origins, self._specks = [], [], []
        self._scratches, self._stuck = Scratches(), Stuck()

    def _settle(self) -> None:
        origin = self._origins[0]
        scratched = list[np.ndarray]()
        fixed = np.zeros(self._size, bool)
        for number, lines in zip(self._numbers, self._scratches.told(), strict=True):
            crossed = np.zeros(self._size, bool)
            for line in lines:
                scale = self._size[1] / _reduced_size(fixed)[0]
                own = line.enlarged(scale).mask(self._size)
                crossed |= own
                if "scratch" in self._kinds:
                    self._finds.append(part(number, "scratch", 0.9, origin, own))
            scratched.append(crossed)
        for defect in self._stuck.told():
            tall, wide = defect.mask.shape
            fixed[defect.y : defect.y + tall, defect.x : defect.x + wide] |= defect.mask
            kind = "hot" if defect.bright else "dead"
            at = (origin[0] + defect.x, origin[1] + defect.y)
            if kind in self._kinds:
                self._finds += [part(n, kind, 0.9, at, defect.mask) for n in self._numbers]
        kept = alone(self._specks, self._size, [0] * len(self._specks))
        for number, found, crossed in zip(self._numbers, kept, scratched, strict=True):
            for speck in found:
                kind = _kind(speck, self._size[1])
                if kind in self._kinds and not _of(speck, crossed | fixed):
                    at = (origin[0] + speck.x, origin[1] + speck.y)
                    sure = min(0.99, 1 - math.exp(-speck.score / CLEAR))
                    self._finds.append(part(number, kind, sure, at, speck.mask))


def _seen(valid: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Where what a flow leads to is valid."""
    return np.asarray(pulled(valid.astype(np.float32), flow) > 0.99)


def _large(*three: _Seen) -> list[np.ndarray]:
    """Their code, where it is larger than what is searched."""
    return [each.code for each in three] if three[0].code.shape != three[0].small.shape else []


def _beside(code: np.ndarray, flow: np.ndarray, raw: np.ndarray) -> Beside:
    calm = surroundings(raw, WIDE_CELLS)
    return Beside(code, pulled(code, flow), pulled(code, calm), calm[..., 0])


def _of(speck: Speck, other: np.ndarray) -> bool:
    """Whether a speck lies in what was found as something else."""
    tall, wide = speck.mask.shape
    box = other[speck.y : speck.y + tall, speck.x : speck.x + wide]
    return bool((box & speck.mask).sum() > speck.area / 2)


def _kind(speck: Speck, wide: int) -> str:
    if speck.contrast < 0:
        return "dirt"
    long, _ = speck.along
    small = math.sqrt(speck.area / math.pi) <= POINT * max(1.0, wide / 960)
    return "sparkle" if small and long < LINE else "dust"
