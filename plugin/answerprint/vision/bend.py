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
from dataclasses import replace

import numpy as np

from answerprint.vision.between import Middle, Way
from answerprint.vision.flow import Motion, pulled

UNSURE = 0.3
"""Weight of a straight way, beside the certainties of both sides."""
COPY = 0.1
"""Of the pace between the two frames, what a frame beyond moves at least that is no copy."""


def bent(
    found: Middle,
    between: Sequence[Motion],
    beyond: Sequence[Motion],
    steps: int,
) -> Middle:
    """The middle of two frames that lie so many steps apart, on a bent way.

    between   from the first to the second, and back. beyond: from the first to the frame a step
              before it, and from the second to the one a step after it.
    """
    moved = [np.linalg.norm(m.flow, axis=-1).mean() for m in (*beyond, *between)]
    if min(moved[:2]) < COPY * max(moved[2:]) / steps:
        return found
    total, weight = np.zeros_like(found.to_first), np.full_like(found.sure, UNSURE)[..., None]
    for flow, way, on in zip((found.to_first, found.to_second), between, beyond, strict=True):
        turn = (way.flow + steps * on.flow) / np.float32(steps * (steps + 1))
        sure = pulled(way.sure * on.sure, flow)[..., None]
        total += pulled(turn, flow) * sure
        weight += sure
    at = found.t * steps
    more = total / weight * np.float32(at * (at - steps))
    ways = tuple(
        Way(way.past + more / np.float32(found.t), way.coming - more / np.float32(1 - found.t))
        for way in found.ways
    )
    return replace(
        found, to_first=found.to_first - more, to_second=found.to_second - more, ways=ways
    )
