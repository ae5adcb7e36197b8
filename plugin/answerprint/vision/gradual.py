"""Where one shot becomes another over several frames: dissolves, and fades through a flat colour.

A dissolve is a run of frames that are mixtures of the frame before it and the frame after it, ever
more of the latter, while the two show different things. Frames of a pan or of something that
moves in are no such mixtures; a title that comes up is one, but of the same shot.

A fade is a run of frames that lose contrast and nothing else, down to a flat picture, and others
that win it back. What a lamp, a flash or a passer-by leaves flat for a moment is the same shot
before and after.

Convention
    first, last   the frames that are mixed, or dimmed, or flat between; both included.
    places        of the list that was given, from 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from answerprint.vision.alike import Look, unlike

REACHES = (3, 4, 6, 8, 11, 15, 20, 27, 35)
"""Frames to either side that are tried as the ends of a dissolve."""
LONGEST = 80
"""Frames a dissolve, or one side of a fade, lasts at most."""
SHORTEST = 3
"""Fewer mixed frames are a cut: a change of frame rate leaves one or two."""
MIXED, MOVED = 0.5, 1.2
"""What frames are beside a mixture, over what they are of it: 1 for a wipe, 3 for unrelated. Less
than the first somewhere in a dissolve; less than the second over all of it, for things move."""
SEEN = 0.04
"""Code values, root mean square, that the ends differ by."""
OTHER, GROWING = 0.4, 0.2
"""`unlike` from which two frames are of different shots, within one they stay under 0.3; from which
a part of a dissolve is looked at."""
AREA, MOST, COLOUR = 0.55, 0.8, 0.03
"""Share of the picture that changes at least, by so much code value; under which it may be a large
title that comes up."""
BRIEF, BURNT, LIGHTER = 12, 0.6, 0.92
"""Frames, and `unlike`, up to which more light in so much of the picture is fire or a flash."""
STEP = 0.45
"""Share by which one frame of a dissolve moves on at most."""
FLAT, EMPTY, DARK, WHITE = 0.02, 0.006, 0.12, 0.8
"""Contrast of a flat picture, and of one with nothing in it; code values under and over which it is
black or white."""
UNEVEN, ALIKE, SAME = 0.01, 0.3, 0.75
"""Of a fade's contrast, squared, beside a straight line at most; correlation of a frame half way
with the first that is whole at least, for things move meanwhile; where it never gets flat."""
VALLEY = 0.35
"""Of the contrast beside it, where a fade turns without getting flat."""
BACK = (4, 8, 14, 22, 32)
"""Frames after a change at which the shot before may be there again."""
AGAIN = 0.25
"""`unlike` under which it is."""


@dataclass(frozen=True)
class Change:
    """frame: the first of the new shot; of a dissolve, where it is the stronger half."""

    kind: str
    frame: int
    first: int
    last: int
    confidence: float


# --- dissolves -----------------------------------------------------------------------------


def dissolves(looks: Sequence[Look], cuts: Sequence[int], taken: Sequence[Change]) -> list[Change]:
    """The dissolves among these frames, without a cut in them; `taken` are fades, which are
    mixtures too."""
    if len(looks) < 2 * REACHES[0] + 1:
        return []
    mixing = _Mixing(np.stack([look.coarse for look in looks]))
    table = np.stack([mixing.beside(reach) for reach in REACHES])
    best = table.min(0)
    for each in taken:
        best[max(0, each.first - 2) : each.last + 3] = np.inf
    found: list[Change] = []
    for first, last in _runs(best < MIXED, gap=3):
        found += _in_run(looks, mixing, table[:, first : last + 1], first)
    whole = [c for c in found if not any(c.first <= cut <= c.last + 1 for cut in cuts)]
    return _apart(
        [c for c in whole if not any(c.first < f.last and c.last > f.first for f in taken)]
    )


def _in_run(looks: Sequence[Look], mixing: _Mixing, table: np.ndarray, start: int) -> list[Change]:
    """The best dissolve of each reach around a run of places where frames are mixtures."""
    made = list[Change]()
    for row, reach in zip(table, REACHES, strict=True):
        for at in np.flatnonzero(row < MIXED):
            if row[at] > row[max(0, at - reach) : at + reach + 1].min():
                continue
            low, high = start + int(at) - reach, start + int(at) + reach
            if unlike(looks[low], looks[high]) >= GROWING:
                change = _settled(looks, mixing, low, high)
                if change and change not in made:
                    made.append(change)
    return made


def _settled(looks: Sequence[Look], mixing: _Mixing, low: int, high: int) -> Change | None:
    """The dissolve that these two frames are about the ends of, if it is one."""
    end, best = len(looks) - 1, MOVED / 1.5
    made: Change | None = None
    first, last = low + 1, high - 1
    for _ in range(3):
        low, high = max(0, first - 4), min(end, last + 4)
        shares = mixing.shares(low, high)
        first, last = (low + each for each in _ramp(shares))
        if not SHORTEST <= last - first + 1 <= LONGEST:
            break
        before, after = max(0, first - 1), min(end, last + 1)
        rest = mixing.rest(before, after)
        apart = unlike(looks[before], looks[after])
        if (
            rest < max(1.5 * best, MIXED)
            and apart >= OTHER
            and np.diff(mixing.shares(before, after)).max() < STEP
        ):
            best = min(best, rest)
            middle = low + int(np.argmax(shares >= 0.5))
            sure = min(1.0, (apart - OTHER) / 0.3 + 0.5) * (1 - 0.5 * rest)
            made = Change("dissolve", min(max(middle, first), last), first, last, sure)
    if made is None:
        return None
    before, after = max(0, made.first - 1), min(end, made.last + 1)
    one, other = looks[before], looks[after]
    brief = made.last - made.first < BRIEF and unlike(one, other) < BURNT
    area = changed(one, other)
    if (brief or area < MOST) and (lit(one, other) or lit(other, one)):
        return None
    return None if area < AREA or returns(looks, before, after) else made


class _Mixing:
    """Frames as vectors, and how far they are mixtures of two of them."""

    def __init__(self, vectors: np.ndarray) -> None:
        self._count, self._size = vectors.shape
        vectors = vectors - vectors.mean(0)
        self._dot = (vectors @ vectors.T).astype(np.float64)
        self._own = self._dot.diagonal()

    def _between(
        self, one: np.ndarray, other: np.ndarray, at: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Share of the other in a frame, what is beside the mixture, and the whole way; squares."""
        way = self._own[one] + self._own[other] - 2 * self._dot[one, other]
        way = np.maximum(way, 1e-6)
        gone = self._own[at] + self._own[one] - 2 * self._dot[at, one]
        along = self._dot[at, other] - self._dot[at, one] - self._dot[one, other] + self._own[one]
        share = along / way
        return share, np.maximum(gone - share * share * way, 0), way

    def beside(self, reach: int) -> np.ndarray:
        """For each frame, what those around it are beside a mixture of the ends; inf where the
        share of the second end does not grow through them."""
        found = np.full(self._count, np.inf)
        middle = np.arange(reach, self._count - reach)
        if not len(middle):
            return found
        shares, left, whole = [], np.zeros(len(middle)), np.zeros(len(middle))
        for part in (-2, -1, 0, 1, 2):
            at = middle + round(part * reach / 3)
            share, beside, way = self._between(middle - reach, middle + reach, at)
            shares.append(share)
            left += beside
            whole += np.maximum(share * (1 - share), 0.02) * way
        grown = np.diff(shares, axis=0)
        fits = (shares[2] > 0.25) & (shares[2] < 0.75) & (shares[4] - shares[0] > 0.35)
        fits &= (grown.min(0) > -0.08) & (grown.max(0) < 0.6)
        fits &= way > SEEN**2 * self._size
        found[middle] = np.where(fits, left / whole, np.inf)
        return found

    def shares(self, first: int, last: int) -> np.ndarray:
        """How much of the last frame each frame between has."""
        at = np.arange(first, last + 1)
        return self._between(np.full_like(at, first), np.full_like(at, last), at)[0]

    def rest(self, first: int, last: int) -> float:
        """What the frames between are beside a mixture of the two, over what they are of it."""
        at = np.arange(first + 1, last)
        share, left, way = self._between(np.full_like(at, first), np.full_like(at, last), at)
        return float(left.sum() / (np.maximum(share * (1 - share), 0.02) * way).sum())


def _ramp(shares: np.ndarray) -> tuple[int, int]:
    """First and last place of the straight rise that fits best: 0 before it, 1 after it."""
    count = len(shares)
    places = np.arange(count)
    first, last = np.meshgrid(np.arange(1, count - 1), np.arange(1, count - 1), indexing="ij")
    first, last = (each[last >= first] for each in (first, last))
    if not len(first):
        return 1, 0
    rise = (places[None] - first[:, None] + 1) / (last - first + 2)[:, None]
    error = ((np.clip(rise, 0, 1) - shares) ** 2).sum(1)
    best = int(error.argmin())
    return int(first[best]), int(last[best])


# --- fades ---------------------------------------------------------------------------------


def fades(looks: Sequence[Look], cuts: Sequence[int]) -> list[Change]:
    """The fades among these frames; `cuts` are places where another shot begins at once."""
    contrast = np.array([look.contrast for look in looks])
    found = []
    for low, high in _valleys(contrast):
        before = max((c for c in cuts if c < low - 1), default=0)
        after = min((c for c in cuts if c > high + 2), default=len(looks))
        level = float(np.mean([looks[at].coarse.mean() for at in range(low, high + 1)]))
        turns = contrast[low : high + 1].min() >= FLAT or DARK < level < WHITE
        alike = SAME if turns else ALIKE
        away = _dims(looks, contrast, range(low - 1, before - 1, -1), alike)
        back = _dims(looks, contrast, range(high + 1, after), alike)
        if (min if turns else max)(away, back) < SHORTEST:
            continue
        first, last = low - away, high + back
        if first > 0 and last < len(looks) - 1:
            one, other = looks[first - 1], looks[last + 1]
            brief = min(away, back) < 2 * SHORTEST or level > DARK
            if brief and unlike(one, other) < OTHER:
                continue  # a flash, or something dark that passed
        found.append(Change("fade", high + 1, first, last, 0.95 if min(away, back) else 0.85))
    return _apart(found)


def _valleys(contrast: np.ndarray) -> list[tuple[int, int]]:
    """Runs of flat frames, and single ones that have much less contrast than those around."""
    flat = []
    for low, high in _runs(contrast < FLAT, gap=2):
        core = np.flatnonzero(contrast[low : high + 1] < EMPTY)
        flat.append((low + int(core[0]), low + int(core[-1])) if len(core) else (low, high))
    count = len(contrast)
    for at in range(SHORTEST, count - SHORTEST):
        near = contrast[max(0, at - 2) : at + 3]
        if contrast[at] >= FLAT and contrast[at] == near.min():
            sides = contrast[max(0, at - 30) : at].max(), contrast[at + 1 : at + 31].max()
            if contrast[at] < VALLEY * min(sides):
                flat.append((at, at))
    return sorted(flat)


def _dims(looks: Sequence[Look], contrast: np.ndarray, places: range, alike: float) -> int:
    """How many of these frames, in this order away from a flat one, are dimmed."""
    places = places[: LONGEST + 12]
    if len(places) < SHORTEST + 2:
        return 0
    course = contrast[list(places)]
    best, fitted = 0, np.inf
    for count in range(min(LONGEST, len(course) - 2) + 1):
        rise = np.minimum(1, np.arange(1, count + 9) / (count + 1))[: len(course)]
        there = course[: len(rise)]
        level = float(rise @ there / (rise @ rise))
        error = float(((there - level * rise) ** 2).mean()) / max(level, 1e-6) ** 2
        if error < fitted:
            best, fitted = count, error
    if best < SHORTEST or fitted > UNEVEN:
        return 0
    whole = looks[places[min(best, len(places) - 1)]].coarse
    half = looks[places[best // 2]].coarse
    return best if np.corrcoef(whole, half)[0, 1] > alike else 0


# --- both ----------------------------------------------------------------------------------


def returns(looks: Sequence[Look], before: int, after: int) -> bool:
    """Whether the shot of `before` is there again soon after `after`, or the other way round."""
    pairs = [(before, after + each) for each in BACK if after + each < len(looks)]
    pairs += [(before - each, after) for each in BACK if before >= each]
    return any(unlike(looks[one], looks[other]) < AGAIN for one, other in pairs)


def lit(before: Look, after: Look) -> bool:
    """Whether a picture is the one before with more light on it."""
    more = after.code().mean(-1) > before.code().mean(-1) - 0.02
    return float(more.mean()) > LIGHTER


def changed(before: Look, after: Look) -> float:
    """Share of the picture that has another colour, but for a common change of light."""
    gain = np.median((after.coarse + COLOUR) / (before.coarse + COLOUR))
    apart = np.abs(before.coarse * gain - after.coarse).reshape(-1, 3).max(1)
    return float((apart > COLOUR).mean())


def _runs(yes: np.ndarray, gap: int) -> list[tuple[int, int]]:
    """First and last place of runs; fewer than `gap` places between two do not part them."""
    found: list[tuple[int, int]] = []
    for at in np.flatnonzero(yes):
        if found and at - found[-1][1] <= gap:
            found[-1] = (found[-1][0], int(at))
        else:
            found.append((int(at), int(at)))
    return found


def _apart(found: Sequence[Change]) -> list[Change]:
    """Those that share no frame with a surer one, or as sure and longer."""
    kept: list[Change] = []
    for each in sorted(found, key=lambda c: (-round(c.confidence, 1), c.first - c.last)):
        if all(each.last < other.first or each.first > other.last for other in kept):
            kept.append(each)
    return sorted(kept, key=lambda c: c.first)
