"""What fill and extend share: frames that are carried on from others, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from answerprint.tools.job import Whole
from answerprint.vision.onward import Onward
from answerprint.vision.rebuild import Around, Rebuilt


def onward(around: Around, rests: Sequence[int]) -> Onward:
    """How a shot goes on from the first of these frames; the others lie behind it, in order."""
    return Onward(lambda back: around.light(rests[back])[0], len(rests) - 1)


def explained(made: Rebuilt, around: Around, way: str, rests: Sequence[int], **more: Any) -> Whole:
    """The frame, with where it was made (everywhere), how surely, and what it was made of."""
    told: dict[str, Any] = {"rebuilt": way, "from": [*rests], **more}
    told["confidence"] = round(float(made.sure.mean()), 3)
    if around.grain:
        told["grain"] = float(f"{around.grain.sigma():.3g}")
    everywhere = np.broadcast_to(np.float32(1), made.sure.shape)
    return Whole(made.layers, {"mask.Y": everywhere, "confidence.Y": made.sure}, told)
