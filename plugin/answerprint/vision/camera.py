"""What the camera does in a shot: static, pan, tilt, zoom, roll, dolly or hand-held.

    motion = CameraMotion(rate)
    motion.see(number, picture, valid)      # each frame once, in order
    motion.told()["camera"]["kind"]

All measures are free of the lens: a pan is in picture widths a second, a zoom in percent a second.

Convention
    pan, tilt   widths a second at the picture's centre; positive where the camera turns right, up.
    zoom        percent a second; positive where things grow.
    roll        degrees a second; positive where the camera rolls clockwise (its picture then
                turns the other way).
    amplitude   of the path less its smooth part, rms in widths: what a hand does.
    kind        the move that takes the picture farthest, None where it is not known; `also` lists
                the others. A camera that travels past things at other depths is on a 'dolly', in
                any direction; before a flat wall it looks like a pan or a zoom, and is told as one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from answerprint.vision.measured import brief, measured
from answerprint.vision.steps import Depth, Step, Track

RADIUS = 0.33
"""Widths from a picture's centre to its usual place: what a turn or a zoom moves it by."""
MOVES = ("pan", "tilt", "zoom", "roll")
WEIGHTS = np.array([1.0, 1.0, RADIUS, RADIUS])
SIGNS = np.array([-1.0, 1.0, 100.0, -180 / np.pi])
"""From what the picture does to what the camera does, in the units of `UNITS`."""
UNITS = ("width/s", "width/s", "%/s", "degree/s")
WINDOW = 0.75
"""Seconds over which a path is smoothed: a hand moves faster, an operator's intent slower."""
STILL, CREEP = 0.004, 0.0015
"""Widths, and widths a second, within which a camera stands: two pixels of 480; a mount gives."""
HAND = 0.0007
"""Widths rms of jitter from which a camera is held by hand."""
INTENT = 20.0
"""A hand's own sway goes up to this many times its jitter; what goes farther is meant."""
MINOR = 0.25
"""Share of the main move from which another is named too."""
LEAST_STEPS, KNOWN, COVERED = 4, 0.6, 0.2
"""Steps, share of them that is measured, and of the picture that has to speak for the camera."""
DEEP, WIDESPREAD, MOVED = 0.08, 0.15, 0.015
"""Share of corners off the plane, their spread in widths, and the widths that the picture has
moved, from which a camera travels. An actor is narrower than that."""


class CameraMotion:
    """Sees a shot; `step` is the last one, for who looks at what else moves."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.step: Step | None = None
        self._track = Track()
        self._numbers: list[int] = []
        self._steps: list[np.ndarray] = []
        self._errors: list[np.ndarray] = []
        self._cover: list[float] = []

    def see(self, number: int, picture: np.ndarray, valid: np.ndarray) -> None:
        self.step = self._track.follow(number, picture, valid)
        self._numbers.append(number)
        self._steps.append(self.step.centre)
        self._errors.append(self.step.error)
        self._cover.append(self.step.cover)

    def told(self) -> dict[str, Any]:
        """{"camera": ...}: the kind, each move with its speed, and the hand's share."""
        self._track.look_deep()
        if len(self._steps) <= LEAST_STEPS:
            return {"camera": _unknown(0.0, f"{len(self._steps)} frames are too few.")}
        cover = np.array(self._cover[1:])
        known = cover > 0
        share, seen = float(known.mean()), float(cover[known].mean()) if known.any() else 0.0
        if share < KNOWN or seen < COVERED:
            why = (
                f"The camera can be followed from frame to frame in {share:.0%} of the steps, "
                f"on {seen:.0%} of the picture: there is too little texture that stands still."
            )
            return {"camera": _unknown(share, why)}
        path = _path(np.array(self._numbers), np.array(self._steps[1:]), known)
        doubt = np.sqrt((np.array(self._errors[1:]) ** 2).sum(0))
        named = _named(path, doubt, self.rate, self._track.depths)
        sure = named.pop("sure") * share * min(1.0, seen / (2 * COVERED))
        how = f"corners on {seen:.0%} of the picture, followed through {share:.0%} of the steps"
        return {
            "camera": {
                "kind": named.pop("kind"),
                "confidence": brief(sure),
                "share": brief(share),
                "how": how,
                **named,
            }
        }


def _unknown(share: float, why: str) -> dict[str, Any]:
    return {"kind": None, "confidence": 0.0, "share": brief(share), "how": why, "also": []}


def _path(numbers: np.ndarray, steps: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(N, 4) where the picture has moved to, for every frame from the first to the last.

    Where a step is not known the camera goes on as before and after it.
    """
    ends = numbers[1:]
    speed = steps / np.diff(numbers)[:, None]
    whole = np.arange(numbers[0] + 1, numbers[-1] + 1)
    # a step over a frame that cannot be read holds for all of its frames
    held = np.searchsorted(ends, whole)
    filled = np.stack([np.interp(ends, ends[known], speed[known, k]) for k in range(4)], 1)
    return np.concatenate([np.zeros((1, 4)), np.cumsum(filled[held], 0)])


def _named(path: np.ndarray, doubt: np.ndarray, rate: float, depths: list[Depth]) -> dict[str, Any]:
    """The kind, what else it does, and the measures of a path."""
    seconds = (len(path) - 1) / rate
    smooth = smoothed(path, round(WINDOW * rate))
    jitter = path - smooth
    # the median: where a move sets in, the smooth path is off for some frames
    hand = 1.2 * float(np.median(np.hypot(jitter[:, 0], jitter[:, 1])))
    reach = np.ptp(smooth, axis=0) * WEIGHTS
    main = int(reach.argmax())
    far, still = (
        float(reach[main]),
        max(STILL, CREEP * seconds, 3 * float(doubt[main] * WEIGHTS[main])),
    )
    limits = [far / still, hand / HAND]
    if hand > HAND and far < max(INTENT * hand, still):
        kind, limits = "hand-held", [hand / HAND, max(INTENT * hand, still) / far]
    elif far < still:
        kind = "static"
    else:
        kind = MOVES[main]
        limits = [far / still, far / (INTENT * hand) if hand > HAND else math.inf]
    also = []
    if kind in MOVES:
        least = np.maximum(MINOR * far, 2 * STILL)
        also = [MOVES[k] for k in range(4) if k != main and reach[k] > least]
        also += ["hand-held"] if hand > 2 * HAND else []
    way = ""
    if kind in MOVES and kind != "roll" and _travels(depths):
        way = _WAYS[kind][int(path[-1, main] * SIGNS[main] > 0)]
        kind = "dolly"
    told: dict[str, Any] = {"kind": kind, "sure": _sure(limits), "also": also}
    if way:
        told["way"] = way
    net = (path[-1] - path[0]) / seconds * SIGNS
    error = np.hypot(doubt, math.sqrt(2) * hand / WEIGHTS) / seconds * np.abs(SIGNS)
    for k, move in enumerate(MOVES):
        how = "mean over the shot, from the camera's path at the picture's centre"
        told[move] = measured(float(net[k]), float(error[k]), UNITS[k], how)
    how = f"rms of the path less its mean over {WINDOW} s"
    told["amplitude"] = measured(hand, hand / math.sqrt(2 * len(path)), "width", how)
    told["tremor"] = measured(*_hertz(jitter, rate, hand), "Hz", "centre of the jitter's spectrum")
    return told


_WAYS = {"pan": ("left", "right"), "tilt": ("down", "up"), "zoom": ("out", "in")}


def _travels(depths: list[Depth]) -> bool:
    """Whether things at other depths were passed, in most of what the camera went."""
    deep = [
        each
        for each in depths
        if each.moved > MOVED and each.share > DEEP and each.spread > WIDESPREAD
    ]
    return sum(each.moved for each in deep) > 0.5 * sum(each.moved for each in depths)


def _sure(ratios: list[float]) -> float:
    """0.5 where a measure lies on the border between two kinds, towards 1 far from it."""
    near = min(abs(math.log(max(ratio, 1e-6))) for ratio in ratios)
    return 1 - 0.5 * math.exp(-near / 0.35)


def _hertz(jitter: np.ndarray, rate: float, hand: float) -> tuple[float | None, float | None]:
    if hand < HAND:
        return None, None
    power = (
        np.abs(np.fft.rfft(jitter[:, :2] * np.hanning(len(jitter))[:, None], axis=0)) ** 2
    ).sum(1)
    hertz = np.fft.rfftfreq(len(jitter), 1 / rate)
    return float((power * hertz).sum() / power.sum()), rate / len(jitter)


def smoothed(path: np.ndarray, window: int) -> np.ndarray:
    """A path (N, K) by parabolas fitted over a window of frames around each: Savitzky and Golay."""
    count = len(path)
    window = min(max(window | 1, 5), count)
    terms = np.vander(np.arange(window) - (window - 1) / 2, 3)
    fit = terms @ np.linalg.pinv(terms)
    starts = np.clip(np.arange(count) - window // 2, 0, count - window)
    pieces = path[starts[:, None] + np.arange(window)]
    return np.asarray(np.einsum("nw,nwk->nk", fit[np.arange(count) - starts], pieces))
