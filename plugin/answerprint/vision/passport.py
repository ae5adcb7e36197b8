"""What a shot's samples and close-ups say of it: the passport, plain JSON.

`watch.py` puts it together with what its watchers tell. Every measured value is {"value",
"uncertainty", "unit", "how"} (`measured.py`):

    exposure, key_fill, white_balance, contrast, saturation, black, clipped, key_side   `light.py`
    noise       `noise.py`
    sharpness   `sharpness.py`
    flicker     `flicker.py`
    duplicates, dropped, flashes, blacks, cadence   `faulty.py`
"""

from __future__ import annotations

from typing import Any

from answerprint.vision import light
from answerprint.vision.noise import Noise
from answerprint.vision.pairs import Pictures
from answerprint.vision.sharpness import Sharpness


def of(pictures: Pictures, noise: Noise, sharpness: Sharpness) -> dict[str, Any]:
    """The part that is measured on samples and close-ups."""
    return {**light.of(pictures), "noise": noise.told(), "sharpness": sharpness.told()}
