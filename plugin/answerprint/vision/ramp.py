"""An exposure that really ramps within a shot: how many stops each frame is off the whole.

Source: weighted medians per frame, a straight line or a smooth curve through them only where
it explains clearly more than noise would.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from answerprint.vision.fit import STOP

LEAST_STOPS, LEAST_SHARE = 0.1, 0.6
"""A ramp is at least this large, and explains at least this share of the frames' differences."""


def ramp(
    frames: np.ndarray, source: np.ndarray, reference: np.ndarray, weight: np.ndarray
) -> list[tuple[int, float]]:
    """Stops to add before the grade, at a few frames; [] where the exposure does not ramp.

    frames              (N,) source frame of each pair.
    source, reference   (N, 3) ACEScct codes after the grade, and as they should be.
    """
    at = np.unique(frames)
    if len(at) < 4:
        return []
    steps, spread = [], []
    for number in at:
        mine = frames == number
        off = (reference[mine] - source[mine]).mean(1) / STOP
        steps.append(float(np.median(off)))
        spread.append(1.2533 * off.std() / np.sqrt(max(weight[mine].sum(), 1.0)))
    values = np.array(steps)
    smooth = _smooth(at.astype(float), values, 1 / np.maximum(spread, 0.01) ** 2)
    if np.ptp(smooth) < LEAST_STOPS:
        return []
    left = ((values - smooth) ** 2).sum()
    if left > (1 - LEAST_SHARE) * ((values - values.mean()) ** 2).sum():
        return []
    return [(int(n), round(float(s), 4)) for n, s in zip(at, smooth, strict=True)]


def stops_at(points: Sequence[Sequence[float]], frame: int) -> float:
    """The ramp at a frame: straight between its points, held before and after."""
    if not points:
        return 0.0
    numbers, stops = zip(*points, strict=True)
    return float(np.interp(frame, numbers, stops))


def _smooth(at: np.ndarray, values: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """A cubic through the values, as stiff as a ramp on a lens or a cloud is."""
    scaled = (at - at.mean()) / max(np.ptp(at), 1)
    powers = np.vander(scaled, min(4, len(at) - 1))
    root = np.sqrt(trust)[:, None]
    found = np.linalg.lstsq(powers * root, values * root[:, 0], rcond=None)[0]
    return np.asarray(powers @ found)
