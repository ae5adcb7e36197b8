"""Look for damage in a clip: frames that are spoiled as a whole, and parts that are in one only.

Frames are looked at twice: reduced, for what concerns them as a whole (`spoiled.py`), and in full
size beside their neighbours (`specks.py`, `scratches.py`, `stuck.py`, `blocks.py`). Neighbours are
the nearest frames of the same shot that are not spoiled themselves and not farther than APART; a
frame that lacks one of them, as the first and the last of a shot do, is not looked at for parts.

Convention
    light    as `Layers.light` gives it. Everything is found on its luma.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from typing import Any

import cv2
import numpy as np

from answerprint.errors import BadInput
from answerprint.frames.clip import Clip
from answerprint.frames.layers import Layers
from answerprint.vision.blocks import lost
from answerprint.vision.finds import Find, part
from answerprint.vision.flow import Motion, encoded, motions, pulled
from answerprint.vision.scratches import Scratches
from answerprint.vision.specks import CLEAR, LINE, Speck, alone, specks
from answerprint.vision.spoiled import Spoiled
from answerprint.vision.stuck import Stuck

PACE = 480
"""Pixels across of what concerns frames as a whole."""
FLOW_WIDE = 1280
"""Pixels across at which motion is measured at most."""
APART = 3
"""Frames to a neighbour, at most."""
POINT = 1.5
"""Units (pixels at 960 across) that half a sparkle's width is under; brighter things are dust."""

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


class _Search:
    """Sees the good frames of one shot in order, three at a time."""

    def __init__(self, kinds: Collection[str]) -> None:
        self._kinds = {*kinds}
        self._seen: list[tuple[int, np.ndarray, np.ndarray, np.ndarray]] = []
        self._motion: list[tuple[Motion, Motion]] = []
        self._numbers: list[int] = []
        self._origins: list[tuple[int, int]] = []
        self._size = (0, 0)
        self._specks: list[list[Speck]] = []
        self._scratches, self._stuck = Scratches(), Stuck()
        self._finds: list[Find] = []

    def see(
        self, number: int, light: np.ndarray, valid: np.ndarray, origin: tuple[int, int]
    ) -> None:
        same = self._seen and self._seen[-1][1].shape == light.shape
        if self._seen and not (same and origin == self._origins[-1]):
            self._end()
        if self._seen:
            self._motion = [*self._motion[-1:], moved(self._seen[-1][1], light)]
        self._seen = [*self._seen[-2:], (number, light, encoded(light), valid)]
        self._numbers.append(number)
        self._origins.append(origin)
        self._size = light.shape[:2]
        if len(self._seen) == 1:
            return
        if len(self._seen) == 2:
            self._first()
        else:
            self._between()

    def told(self) -> list[Find]:
        self._end()
        return self._finds

    def _first(self) -> None:
        (_, _, one, _), (_, _, other, _) = self._seen
        self._specks.append([])
        forward = self._motion[-1][0].flow
        self._scratches.see(one, [pulled(other, forward)])
        self._stuck.see(one, other, forward)

    def _between(self) -> None:
        (_, _, before, was), (number, _, here, valid), (_, _, after, will) = self._seen
        to_before, to_after = self._motion[0][1].flow, self._motion[1][0].flow
        usable = valid & was & will
        for there, flow in ((was, to_before), (will, to_after)):
            usable &= pulled(there.astype(np.float32), flow) > 0.99
        found = specks(here, before, after, to_before, to_after, usable)
        if "block" in self._kinds:
            found = self._without_blocks(number, found, to_before, to_after)
        self._specks.append(found)
        lent = [pulled(before, to_before), pulled(after, to_after)]
        self._scratches.see(here, lent)
        self._stuck.see(here, after, to_after)

    def _without_blocks(
        self, number: int, found: list[Speck], to_before: np.ndarray, to_after: np.ndarray
    ) -> list[Speck]:
        """Lost blocks become finds; what lies in one is no speck."""
        (_, _, before, _), (_, _, here, _), (_, _, after, _) = self._seen
        one, other = pulled(before, to_before), pulled(after, to_after)
        apart = cv2.blur(np.abs(one - other), (7, 7)) + 0.02
        away = np.min([np.abs(here - each) for each in (one, other, before, after)], axis=0)
        gone = np.zeros(here.shape, bool)
        for mask, confidence in lost(away > apart, away > CLEAR * apart):
            self._finds.append(part(number, "block", confidence, self._origins[-2], mask))
            gone |= mask
        return [s for s in found if not _of(s, gone)]

    def _end(self) -> None:
        """Settle what needs more frames than three, and start anew."""
        if len(self._seen) > 1:
            (_, _, before, _), (_, _, here, _) = self._seen[-2:]
            self._scratches.see(here, [pulled(before, self._motion[-1][1].flow)])
            self._stuck.see(here, before, self._motion[-1][1].flow)
            self._specks.append([])
            self._settle()
        self._seen, self._motion = [], []
        self._numbers, self._origins, self._specks = [], [], []
        self._scratches, self._stuck = Scratches(), Stuck()

    def _settle(self) -> None:
        origin = self._origins[0]
        scratched = list[np.ndarray]()
        for number, lines in zip(self._numbers, self._scratches.told(), strict=True):
            crossed = np.zeros(self._size, bool)
            for line in lines:
                own = line.mask(self._size)
                crossed |= own
                if "scratch" in self._kinds:
                    self._finds.append(part(number, "scratch", 0.9, origin, own))
            scratched.append(crossed)
        fixed = np.zeros(self._size, bool)
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
