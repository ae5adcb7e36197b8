"""Where a shot goes on to beyond its last frame (or before its first), judged by what it did.

The frame k steps on lies as far from the last one as the frame k steps back does, the other way:
what moved steadily moves on, and a hand-held camera goes on as unsteadily as it was. Beyond the
frames that are looked back on it goes on at their mean pace.

Convention
    as in `flow.py`. Time runs away from the frames that are there: of a head it runs backwards.
    Where two surfaces would meet, the one that moves more against the whole picture is in front.

Source: forward warping with a priority (softmax splatting without the softmax), Niklaus and Liu
2020; fixed-point inversion of a displacement field, Chen et al. 2008.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from answerprint.vision.between import Middle
from answerprint.vision.flow import motions, pulled

MOST = 12
"""Frames that are made at a time at most: after half a second nothing is known any more."""
BACK = 6
"""Frames that are looked back on."""
FADE = 0.9
"""Confidence of a frame over that of the one before it."""
LITTLE = 0.5
"""Pixels by which going there and back may miss."""
ROUNDS = 6


class Onward:
    """Looks on from one frame; `seen` gives light (H, W, 3) of it at 0, and of those before it, of
    which there are `count`, at 1, 2, ... steps back."""

    def __init__(self, seen: Callable[[int], np.ndarray], count: int) -> None:
        self._seen, self._count = seen, min(count, BACK)
        self._way: tuple[int, np.ndarray, np.ndarray] | None = None

    def at(self, steps: int) -> Middle:
        """The frame so many steps on, made of that one alone."""
        back = min(steps, self._count)
        way, sure = self._back(back)
        drift = way * np.float32(-steps / back)
        to, hit = _inverted(drift)
        tall, wide = hit.shape
        x = to[..., 0] + np.arange(wide, dtype=np.float32)
        y = to[..., 1] + np.arange(tall, dtype=np.float32)[:, None]
        inside = (x > -0.5) & (y > -0.5) & (x < wide - 0.5) & (y < tall - 0.5)
        found = pulled(sure, to) * hit * inside * np.float32(FADE**steps)
        still = np.zeros_like(to)
        return Middle(to, still, np.zeros((tall, wide), np.float32), found.astype(np.float32))

    def _back(self, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Where the picture was so many steps back, and how surely; the shorter way, made longer,
        where that frame does not show it."""
        if self._way is None or self._way[0] > steps:
            there, _ = motions(self._seen(0), self._seen(1))
            self._way = (1, _filled(there.flow, there.sure), there.sure)
        while self._way[0] < steps:
            step, before, before_sure = self._way
            there, _ = motions(self._seen(0), self._seen(step + 1))
            trust = there.sure / np.maximum(there.sure + 0.5 * before_sure, 1e-3)
            longer = before * np.float32((step + 1) / step)
            flow = longer + trust[..., None] * (there.flow - longer)
            self._way = (step + 1, flow, np.maximum(there.sure, 0.8 * before_sure))
        return self._way[1], self._way[2]


def _filled(flow: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """The flow, and where it is not sure, that of the surroundings that are."""
    weight = sure + np.float32(1e-4)
    wide = max(3.0, 0.03 * max(sure.shape))
    total = cv2.GaussianBlur(weight, (0, 0), wide)
    near = cv2.GaussianBlur(flow * weight[..., None], (0, 0), wide) / total[..., None]
    mixed: np.ndarray = sure[..., None] * flow + (1 - sure[..., None]) * near
    return mixed


def _inverted(drift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where what arrives at a pixel comes from, as an offset; and whether anything does (0..1)."""
    tall, wide = drift.shape[:2]
    y, x = np.mgrid[:tall, :wide]
    across = np.rint(x + drift[..., 0]).astype(np.int64)
    down = np.rint(y + drift[..., 1]).astype(np.int64)
    usual = np.median(drift.reshape(-1, 2), axis=0)
    front = np.linalg.norm(drift - usual, axis=-1).ravel()
    here = ((across >= 0) & (across < wide) & (down >= 0) & (down < tall)).ravel()
    order = np.argsort(front, kind="stable")
    order = order[here[order]]
    source = np.full(tall * wide, -1, np.int64)
    source[(down * wide + across).ravel()[order]] = order  # the last that is written stands
    back = _fixed_point(drift)
    hit = source >= 0
    flat = back.reshape(-1, 2)
    flat[hit] = -drift.reshape(-1, 2)[source[hit]]
    back = flat.reshape(tall, wide, 2)
    missed = np.linalg.norm(back + pulled(drift, back), axis=-1)
    landed = np.exp(-((missed / LITTLE) ** 2)).astype(np.float32)
    return back, np.where(hit.reshape(tall, wide), np.float32(1), landed)


def _fixed_point(drift: np.ndarray) -> np.ndarray:
    back = -drift
    for _ in range(ROUNDS):
        back = -pulled(drift, back)
    return np.ascontiguousarray(back)
