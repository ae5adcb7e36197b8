"""Things slow down, speed up and turn: the way through a gap, bent by the frames around it.

Between two frames a straight way is assumed. The frame before the first and the one after the
second tell how the pace changes: of each side a parabola goes through three frames, and their mean
is the cubic through all four.

Convention
    as in `between.py`. Where a motion is not sure the way stays straight. Where a frame beyond is a
    copy of the one beside it, it says nothing of the pace, and nothing is bent.

Source: quadratic video interpolation, Xu et al. 2019, without its network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from answerprint.vision.between import ALL, Middle, Way
from answerprint.vision.flow import Motion, pulled

UNSURE = 0.3
"""Weight of a straight way, beside the certainties of both sides."""
COPY = 0.1
"""Of the pace between the two frames, what a frame beyond moves at least that is no copy."""


@dataclass(frozen=True)
class Turn:
    """How the way from one frame to another is bent, from that frame's side.

    flow (H, W, 2) and sure (H, W): float16, they are kept for all frames of a gap; a thousandth of
    a turn is no pixel.
    """

    flow: np.ndarray
    sure: np.ndarray

    @classmethod
    def of(cls, way: Motion, on: Motion, steps: int) -> Turn | None:
        """way: to the frame so many steps away. on: to the one a step the other way. None where
        that is a copy."""
        if _pace(on) < COPY * _pace(way) / steps:
            return None
        flow = (way.flow + steps * on.flow) / np.float32(steps * (steps + 1))
        return cls(flow.astype(np.float16), (way.sure * on.sure).astype(np.float16))


@dataclass(frozen=True)
class Bent(Way):
    """A way that goes through its ends as before, and between them lies `more` (H, W, 2) aside."""

    more: np.ndarray

    def flows(self, t: float, rows: slice = ALL) -> tuple[np.ndarray, np.ndarray]:
        to_first, to_second = super().flows(t, rows)
        return to_first - self.more[rows], to_second - self.more[rows]


def bent(found: Middle, turns: Sequence[Turn | None], steps: int) -> Middle:
    """The middle of two frames that lie so many steps apart, on a bent way; turns: of the first
    and of the second."""
    if any(turn is None for turn in turns):
        return found
    total, weight = np.zeros_like(found.to_first), np.full_like(found.sure, UNSURE)[..., None]
    for flow, turn in zip((found.to_first, found.to_second), turns, strict=True):
        assert turn
        sure = pulled(turn.sure.astype(np.float32), flow)[..., None]
        total += pulled(turn.flow.astype(np.float32), flow) * sure
        weight += sure
    at = found.t * steps
    total *= np.float32(at * (at - steps))
    total /= weight
    return replace(
        found,
        to_first=found.to_first - total,
        to_second=found.to_second - total,
        ways=tuple(Bent(way.past, way.coming, total) for way in found.ways),
    )


def _pace(motion: Motion) -> float:
    return float(np.linalg.norm(motion.flow, axis=-1).mean())
