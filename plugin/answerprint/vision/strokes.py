"""What an artist marked, as a trimap, and how it is carried from a few frames through a shot.

Convention
    light      (H, W, 3) float32 scene-linear.
    marks      (H, W) float32: 1 marked as foreground, 0 as background, 0.5 nothing said.
    trimap     as in `matting.py`.
    expected   (H, W) float32 alpha brought from other frames; trust (H, W) float32 0..1.

A matte travels step by step: every frame's is solved on its own picture, in a trimap made of its
neighbour's matte where the flow says it went, so that edges do not drift; both ways between marked
frames. Where the two meet, the nearer marked frame counts more.

Source: mattes through time by flow, Chuang et al. 2002; forward-backward check as in `flow.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from answerprint.vision.flow import motions, pulled
from answerprint.vision.matting import Matted, matted

GREEN, RED = 1.8, 1.8
"""Times the other colours that a mark's own is."""
WHITE, BLACK = 0.35, 0.05
"""Light of the darkest channel of white, of the brightest of black."""
SOLID = 0.05
"""Expected alpha this near to 0 or 1 all around is taken to be it."""
REACH = 2.0
"""Pixels around soft alpha that stay unknown after a step."""
LOST, WIDE = 0.3, 5.0
"""Trust under which motion says nothing, and pixels from an edge up to which that matters."""
CALM, SURELY, BAND = 200, 0.65, 60
"""Of a first matte from marks: the blur before it is read and the band along its edges, as shares
of the width; and the alpha from which it is taken to be solid."""
CORRECTED = 24
"""Of its longer side a picture's share, 1/24, around a mark that contradicts, which is open again.
"""


def read_marks(light: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """Marks of a stroke picture. alpha: its own (H, W), None where it has none or is 1 all over.

    Green or white is foreground, red or black background. Where the picture is less than half
    opaque, or of any other colour (mid-grey, the plate itself), nothing is said.
    """
    red, green, blue = (light[..., c] for c in range(3))
    low, high = light.min(axis=-1), light.max(axis=-1)
    front = (low > WHITE) | ((green > 0.1) & (green > GREEN * np.maximum(red, blue)))
    back = (high < BLACK) | ((red > 0.1) & (red > RED * np.maximum(green, blue)))
    if alpha is not None:
        front, back = front & (alpha >= 0.5), back & (alpha >= 0.5)
    return np.where(front, 1, np.where(back, 0, 0.5)).astype(np.float32)


def banded(mask: np.ndarray, reach: float) -> np.ndarray:
    """The trimap of a rough mask (H, W), 0..1: its edge and `reach` pixels on both sides."""
    inside = (mask > 0.5).astype(np.uint8)
    away = [cv2.distanceTransform(each, cv2.DIST_L2, 5) for each in (inside, 1 - inside)]
    made = np.where(away[0] > reach, 1, np.where(away[1] > reach, 0, 0.5))
    return np.where(made == 0.5, 0.5, made).astype(np.float32)


def settled_marks(light: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """The trimap of a picture of which little is marked, though some of both kinds: a first matte
    from the marks says where the edges are, and a band along them is unknown. What hangs together
    with no mark of the foreground is background."""
    first = matted(light, marks).alpha
    wide = marks.shape[1]
    calm = cv2.GaussianBlur(first, (0, 0), max(1.0, wide / CALM))
    _, labels = cv2.connectedComponents((calm > 1 - SURELY).astype(np.uint8))
    calm[(labels > 0) & ~np.isin(labels, labels[marks == 1])] = 0  # alike, and not what is marked
    open_ = ((calm > 1 - SURELY) & (calm < SURELY)).astype(np.uint8)
    inside = cv2.morphologyEx(
        (calm > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)
    )
    away = cv2.distanceTransform(1 - np.maximum(open_, inside), cv2.DIST_L2, 5)
    made = np.where(away <= max(3.0, wide / BAND), np.float32(0.5), np.rint(calm))
    return np.where(marks != 0.5, marks, made).astype(np.float32)


def opened(expected: np.ndarray, trust: np.ndarray, reach: float = REACH) -> np.ndarray:
    """The trimap of an expected alpha: unknown where it is soft, around there, and at edges that
    motion has lost."""
    soft = ((expected > SOLID) & (expected < 1 - SOLID)).astype(np.uint8)
    inside = (expected > 0.5).astype(np.uint8)
    edge = cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    core = 1 - np.maximum(soft, edge)
    away = cv2.distanceTransform(core, cv2.DIST_L2, 5)
    unknown = (away <= reach) | ((trust < LOST) & (away <= WIDE * reach))
    return np.where(unknown, 0.5, np.rint(expected)).astype(np.float32)


def corrected(trimap: np.ndarray, expected: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """A trimap with marks put in; around those that contradict it, it is open again."""
    said = marks != 0.5
    against = said & (np.abs(marks - expected) > 0.5)
    reach = max(trimap.shape) / CORRECTED
    away = cv2.distanceTransform(1 - against.astype(np.uint8), cv2.DIST_L2, 5)
    made = np.where(against.any() & (away <= reach), np.float32(0.5), trimap)
    return np.where(said, marks, made).astype(np.float32)


def carried(light: np.ndarray, other: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, ...]:
    """(expected, trust) at a frame, of the alpha of another one near by."""
    to_other, _ = motions(light, other)
    return np.clip(pulled(alpha, to_other.flow), 0, 1), to_other.sure


@dataclass(frozen=True)
class Expected:
    """Of a frame between marked ones, all (H, W) float32.

    apart   how far the mattes that came from both sides differ, 0 where one came alone.
    """

    alpha: np.ndarray
    trust: np.ndarray
    apart: np.ndarray


class Shot:
    """A shot's mattes at a small size, carried from the marked frames; each made once.

    light     number -> (H, W, 3), small.
    trimaps   of the frames that are marked by themselves.
    marks     corrections: of frames that are marked beside what is carried to them.
    """

    def __init__(
        self,
        light: Callable[[int], np.ndarray],
        trimaps: Mapping[int, np.ndarray],
        marks: Mapping[int, np.ndarray],
    ) -> None:
        self._light, self._trimaps, self._marks = light, trimaps, marks
        self._steps: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}
        self._own: dict[int, np.ndarray] = {}

    def sides(self, number: int, corrections: bool = True) -> list[int]:
        """The marked frames before and after a frame, or the frame itself."""
        keys = {*self._trimaps, *(self._marks if corrections else ())}
        if number in keys:
            return [number]
        before = [k for k in keys if k < number]
        after = [k for k in keys if k > number]
        return [*([max(before)] if before else []), *([min(after)] if after else [])]

    def expected(self, number: int, corrections: bool = True) -> Expected:
        """What the marked frames around say of one."""
        sides = self.sides(number, corrections)
        if sides == [number]:
            alpha = self.alpha(number)
            return Expected(alpha, np.ones_like(alpha), np.zeros_like(alpha))
        brought = [self._brought(number, key) for key in sides]
        shares = [
            trust / abs(number - key) + np.float32(1e-4)
            for key, (_, trust) in zip(sides, brought, strict=True)
        ]
        total = np.sum(shares, axis=0)
        alpha = np.sum([s * a for s, (a, _) in zip(shares, brought, strict=True)], axis=0) / total
        trust = np.max([t for _, t in brought], axis=0)
        apart = np.zeros_like(alpha)
        if len(brought) == 2:
            apart = np.abs(brought[0][0] - brought[1][0])
            trust = trust * (1 - np.minimum(apart, 1))
        return Expected(alpha.astype(np.float32), trust.astype(np.float32), apart)

    def alpha(self, number: int) -> np.ndarray:
        """Of a marked frame."""
        if number not in self._own:
            self._own[number] = matted(self._light(number), self.trimap(number)).alpha
        return self._own[number]

    def trimap(self, number: int) -> np.ndarray:
        """Of any frame: its own, or what those around it make of it."""
        if number in self._trimaps:
            return self._trimaps[number]
        if number in self._marks:
            told = self.expected(number, corrections=False)
            return corrected(opened(told.alpha, told.trust), told.alpha, self._marks[number])
        told = self.expected(number)
        return opened(told.alpha, told.trust)

    def solved(self, number: int) -> Matted:
        told = self.expected(number)
        return matted(self._light(number), self.trimap(number), told.alpha, told.trust)

    def _brought(self, number: int, key: int) -> tuple[np.ndarray, np.ndarray]:
        """Alpha at a frame as it comes from a marked one, and the trust in it, as bytes' worth."""
        step = 1 if number > key else -1
        at = number
        while at != key and (key, at) not in self._steps:
            at -= step
        alpha = self.alpha(key) if at == key else self._steps[key, at][0] / np.float32(255)
        while at != number:
            light = self._light(at + step)
            came, trust = carried(light, self._light(at), alpha)
            alpha = matted(light, opened(came, trust), came, trust).alpha
            at += step
            kept = (alpha, trust)
            self._steps[key, at] = tuple(np.rint(255 * k).astype(np.uint8) for k in kept)  # type: ignore[assignment]
            alpha = self._steps[key, at][0] / np.float32(255)
        found = self._steps[key, number]
        return found[0] / np.float32(255), found[1] / np.float32(255)
