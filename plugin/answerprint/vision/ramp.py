"""An exposure that really ramps within a shot: how many stops each frame is off the whole.

Source: weighted medians per frame, a straight line or a smooth curve through them only where
it explains clearly more than noise would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from answerprint.vision.fit import STOP

LEAST_FRAMES, LEAST_STOPS, LEAST_SHARE = 4, 0.1, 0.6
"""A ramp is seen on as many frames, is at least this large, and explains at least this share of
the frames' differences."""
BEYOND_CHANCE = 25.0
"""How much of chi square the curve has to explain: noise does so once in ten thousand shots."""


def ramp(frames: np.ndarray, stops: np.ndarray, weight: np.ndarray) -> list[tuple[int, float]]:
    """Stops to add before the grade, at a few frames; [] where the exposure does not ramp.

    frames   (N,) source frame of each pair.
    stops    (N,) what the pair still wants before the grade, from `wanted`.
    """
    at, values, trust, smooth = _per_frame(frames, stops, weight)
    if len(at) < LEAST_FRAMES or np.ptp(smooth) < LEAST_STOPS:
        return []
    off, left = (values - np.average(values, weights=trust)) ** 2, (values - smooth) ** 2
    if left.sum() > (1 - LEAST_SHARE) * off.sum() or (trust * (off - left)).sum() < BEYOND_CHANCE:
        return []
    return _points(at, smooth)


def refined(
    points: Sequence[Sequence[float]], frames: np.ndarray, stops: np.ndarray, weight: np.ndarray
) -> list[tuple[int, float]]:
    """The ramp with what pairs still want after it was taken out."""
    at, _, _, smooth = _per_frame(frames, stops, weight)
    return _points(at, smooth + [stops_at(points, int(n)) for n in at])


def wanted(
    source: np.ndarray, reference: np.ndarray, grade: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Stops (N,) of exposure before the grade that would lay each pair together.

    source, reference   (N, 3) ACEScct codes; grade takes codes to codes.
    """
    step = 0.1 * STOP
    slope = (grade(source + step) - grade(source - step)).mean(1) / 0.2
    off: np.ndarray = (reference - grade(source)).mean(1) / np.maximum(slope, 0.2 * STOP)
    return off


def _per_frame(
    frames: np.ndarray, stops: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The frames, the median of each, one over its variance, and the smooth curve through them."""
    at = np.unique(frames)
    values, spread = [], []
    for number in at:
        mine = frames == number
        middle = float(np.median(stops[mine]))
        sigma = 1.4826 * np.median(np.abs(stops[mine] - middle))  # of the pairs that agree
        values.append(middle)
        spread.append(1.2533 * sigma / np.sqrt(max(weight[mine].sum(), 1.0)))
    steps, trust = np.array(values), 1 / np.maximum(spread, 0.01) ** 2
    return at, steps, trust, _smooth(at.astype(float), steps, trust)


def _points(at: np.ndarray, smooth: np.ndarray) -> list[tuple[int, float]]:
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
