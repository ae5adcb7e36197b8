"""What flickers in a shot, how much, and the gains that hold it still.

The meter tells three kinds apart, each in stops (rms over frames) and for each channel:
    whole      the light of the whole picture swings;
    regions    parts of it swing on their own, beyond the whole;
    bands      rows do: lamps on the mains under a rolling shutter.
Gains take the fast swings out and leave the slow course (`steady.py`), switches of light, single
flashes and cuts as they are. Where a place cannot be followed from frame to frame, its gain is
held back by how far its own measurements disagree.

Convention
    count    frames from the first to the last, gaps in the numbers included; a frame is `at`.
    gains    (count, rows, columns, 3) stops to add, over the whole picture; smooth between.

Source: `swings.py`, `steady.py`; shrinkage after James and Stein 1961.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import cv2
import numpy as np

from answerprint.vision.steady import slow, switched
from answerprint.vision.swings import Step, course

Scope = Literal["none", "global", "local", "bands"]

WHOLE, REGIONS, BANDS = (1, 1), (9, 16), (48, 1)
SEEN = (0.01, 0.025)
"""Stops from which a swing is one: of the whole picture, of its parts. Clean shots have less."""
MOST, OF_MOST = 0.6, 0.708
"""Share of frames whose swings say what is usual, and the square of noise there over its mean."""
IN_ROWS = 0.6
"""Share of the regions' swing that rows alone have, where it is bands."""
FLASH, LARGE = 6.0, 0.3
"""Times the usual swing, and stops more, from which a single frame is a flash."""
LEAST = 7
"""Frames of a stretch under which swings cannot be told from a ramp."""
HELD = 0.003
"""Weight with which a place follows the whole where it cannot be seen."""


@dataclass(frozen=True)
class Found:
    """scope is what is to be corrected.

    rms        'whole', 'regions', 'bands' -> stops for R, G, B (`Convention` above).
    course     (count, 3) of the whole; slow (count, 3) its slow part.
    parts      (count, places) swings of the regions or bands, mean of the channels.
    flashes, switches, short   `at`s: single frames left alone, where the light is switched, and
               the first frames of stretches that are too short to tell.
    """

    scope: Scope
    cells: tuple[int, int]
    gains: np.ndarray
    rms: dict[str, tuple[float, float, float]]
    course: np.ndarray
    slow: np.ndarray
    parts: np.ndarray
    flashes: tuple[int, ...]
    switches: tuple[int, ...]
    short: tuple[int, ...]


@dataclass(frozen=True)
class _Part:
    """Swings of cells: fast (count, places, 3), error (places, 3), trust (places,)."""

    fast: np.ndarray
    error: np.ndarray
    trust: np.ndarray

    @property
    def rms(self) -> np.ndarray:
        """(3,) stops over all places, less what is error."""
        true = np.maximum((self.fast**2).mean(axis=0) - self.error**2, 0)
        told: np.ndarray = np.sqrt((true * self.trust[:, None]).sum(0) / self.trust.sum())
        return told

    @property
    def usual(self) -> float:
        """Stops (rms) that it swings most of the time: a ramp or a passer-by is over soon."""
        power = (self.fast**2 * self.trust[:, None]).sum(1) / self.trust.sum()
        noise = (self.error**2 * self.trust[:, None]).sum(0) / self.trust.sum()
        of_most = np.quantile(power, MOST, axis=0) / OF_MOST
        return float(np.sqrt(np.maximum(of_most - noise, 0).mean()))

    @property
    def certain(self) -> np.ndarray:
        """(count, places, 3): the swings, held back where they are error."""
        power = np.maximum((self.fast**2).mean(axis=0), 1e-12)
        kept: np.ndarray = np.maximum(1 - self.error**2 / power, 0)
        return self.fast * kept


def found(
    steps: Sequence[Step],
    there: Sequence[int],
    cuts: Sequence[int],
    keep: float,
    wanted: Scope | Literal["auto"] = "auto",
) -> Found:
    """What the steps between frames say.

    there   the `at`s that were seen; cuts: those at which another shot begins.
    keep    frames: slower changes stay.
    wanted  what to correct; 'auto' the least that is enough, or nothing.
    """
    count = there[-1] + 1
    broken = _broken(steps, count, cuts)
    within = [s for s in steps if not broken[s.first + 1 : s.second + 1].any()]
    known = np.zeros(count, bool)
    known[list(there)] = True
    short = _short(broken, known)
    whole = _whole(within, count)
    calm = slow(whole, known, broken, keep)[0]
    flashes = _flashes(whole - calm, known, broken)
    known[list(flashes)] = False
    switch = switched(whole.mean(axis=1, keepdims=True), known, broken)[:, 0]
    calm = slow(whole, known, broken | switch, keep)[0]
    told = ~known
    for begin, end in short:
        told[begin:end] = True
    fast = np.where(told[:, None], 0, whole - calm)
    one = _Part(fast[:, None], _error(within, whole)[None], np.ones(1))
    regions = _part(within, REGIONS, count, told, broken | switch, keep)
    bands = _part(within, BANDS, count, told, broken | switch, keep)
    parts = {"whole": one, "regions": regions, "bands": bands}
    rms = {name: _three(part.rms) for name, part in parts.items()}
    scope = _scope(one, regions, bands) if wanted == "auto" else wanted
    sizes = {"local": REGIONS, "bands": BANDS}
    cells = sizes.get(scope, WHOLE)
    gains = np.zeros((count, *cells, 3))
    if scope != "none":
        gains -= fast[:, None, None]
    if scope in ("local", "bands"):
        gains -= parts["regions" if scope == "local" else "bands"].certain.reshape(gains.shape)
    shown = bands if scope == "bands" else regions
    starts = tuple(begin for begin, _ in short)
    switches = tuple(np.flatnonzero(switch).tolist())
    return Found(
        scope, cells, gains, rms, whole, calm, shown.certain.mean(-1), flashes, switches, starts
    )


def field(gains: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Stops (height, width, 3) float32 of a frame's gains (rows, columns, 3)."""
    tall, wide = size
    if gains.shape[:2] == (1, 1):
        return np.broadcast_to(gains.astype(np.float32), (tall, wide, 3))
    made = cv2.resize(gains.astype(np.float32), (wide, tall), interpolation=cv2.INTER_CUBIC)
    return np.asarray(made)


def as_json(rms: dict[str, tuple[float, float, float]]) -> dict[str, Any]:
    return {name: {"rgb": list(each), "rms": _mean(each)} for name, each in rms.items()}


def _mean(three: Sequence[float]) -> float:
    return round(float(np.sqrt(np.mean(np.square(three)))), 4)


def _three(values: np.ndarray) -> tuple[float, float, float]:
    r, g, b = (round(float(v), 4) for v in values)
    return r, g, b


def _scope(whole: _Part, regions: _Part, bands: _Part) -> Scope:
    if max(regions.usual, bands.usual) > SEEN[1]:
        alike = (bands.rms**2).sum() > IN_ROWS * (regions.rms**2).sum()
        return "bands" if alike else "local"
    return "global" if whole.usual > SEEN[0] else "none"


# --- courses -------------------------------------------------------------------------------


def _broken(steps: Sequence[Step], count: int, cuts: Sequence[int]) -> np.ndarray:
    """(count,) where a stretch begins: at cuts, and at frames that no comparison reaches."""
    broken = np.ones(count, bool)
    for each in steps:
        broken[each.first + 1 : each.second + 1] = False
    broken[list(cuts)] = True
    broken[0] = False
    return broken


def _short(broken: np.ndarray, known: np.ndarray) -> list[tuple[int, int]]:
    starts = [0, *np.flatnonzero(broken).tolist(), len(broken)]
    pairs = pairwise(starts)
    return [(a, b) for a, b in pairs if known[a:b].sum() < LEAST]


def _whole(steps: Sequence[Step], count: int) -> np.ndarray:
    rows = []
    for each in steps:
        step, sure = each.by[WHOLE]
        rows.append((each.first, each.second, step.reshape(3), sure.reshape(3) + 1e-6))
    return course(rows, count)[0]


def _error(steps: Sequence[Step], whole: np.ndarray) -> np.ndarray:
    """(3,) stops by which single comparisons disagree with the course."""
    off = [(whole[s.second] - whole[s.first] - s.by[WHOLE][0].reshape(3)) ** 2 for s in steps]
    return np.sqrt(np.mean(off, axis=0)) if off else np.zeros(3)


def _flashes(fast: np.ndarray, known: np.ndarray, broken: np.ndarray) -> tuple[int, ...]:
    """Single frames that stand out of all other swings, with calm ones on both sides."""
    off = np.abs(fast.mean(axis=1)) * known
    usual = float(np.median(off[known])) if known.any() else 0.0
    large = off > FLASH * usual + LARGE
    alone = large.copy()
    alone[1:] &= ~large[:-1]
    alone[:-1] &= ~large[1:]
    return tuple(int(n) for n in np.flatnonzero(alone))


def _part(
    steps: Sequence[Step],
    cells: tuple[int, int],
    count: int,
    still: np.ndarray,
    broken: np.ndarray,
    keep: float,
) -> _Part:
    """The swings of cells beyond those of the whole; none in frames that are `still`."""
    rows, trust = [], np.zeros(cells[0] * cells[1])
    for each in steps:
        step, sure = each.by[cells]
        off = (step - each.by[WHOLE][0]).reshape(-1)
        rows.append((each.first, each.second, off, sure.reshape(-1).astype(np.float64)))
        trust += sure.mean(axis=-1).reshape(-1)
    places, error = course(rows, count, HELD)
    switch = switched(places, ~still, broken)
    fast = places - slow(places, ~still, switch | broken[:, None], keep)[0]
    fast[still] = 0
    return _Part(fast.reshape(count, -1, 3), error.reshape(-1, 3), trust + 1e-6)
