"""Shot boundaries of a movie: cuts, dissolves and fades, in one pass with bounded memory.

    watch = Boundaries()
    for picture in pictures:
        watch.see(picture)
    watch.told()

Neighbouring frames are laid onto one another along their flow (`alike.py`). A cut is one step
that is unlike, between steps that are not: fast pans and things close to the camera are unlike
step after step. What is there again soon after was a flash, an explosion or a passer-by, unless
it stood still between and was no mere light. Dissolves and fades: `gradual.py`.

Convention
    frame         the first of the new shot, counted from 0: of a dissolve the first in which the
                  new shot is the stronger half, of a fade the first that is not flat any more.
    first, last   the frames that are mixed, dimmed or flat; of a cut both are `frame`.
    confidence    0..1, from how far the measures are beyond what decides; no probability.
    missing       a frame that cannot be had counts as the one before it, the first as the next.

A fade at the start or the end of a movie is a boundary too, to or from nothing. Wipes are not
looked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from answerprint.errors import BadInput
from answerprint.frames import colour
from answerprint.frames.clip import Clip
from answerprint.frames.movie import MovieFrame
from answerprint.vision.alike import TALL, WIDE, Look, unlike
from answerprint.vision.gradual import (
    AGAIN,
    EMPTY,
    FLAT,
    OTHER,
    Change,
    changed,
    dissolves,
    fades,
    lit,
)

CORE, MARGIN = 480, 160
"""Frames that are decided at a time, and those to either side that are seen for it."""
LEAST, ALONE = 0.25, 1.8
"""`unlike` of a cut, and times that of the two steps to either side."""
FAINT, CLEAR, NEAR = 0.12, 2.4, 12
"""The same for a cut within one set-up, also against all but two of NEAR steps to either side."""
HARDLY, STARK = 0.06, 5.0
"""The same where the framing hardly changes, but all over the picture, and stands on both sides."""
PLAIN, UNEVEN, CALM = 0.6, 1.5, 4.0
"""`unlike` of a cut wherever it is; of one that is less, times those NEAR steps, or times the two
steps to either side: a fast pan is calm nowhere."""
UNREST, SMEARED = 0.1, 0.4
"""A step near one of this much is in a fast pan where a frame beside it has less than this share of
the detail that is usual around it, along one axis."""
AFTER = 40
"""Frames to both sides of a cut that make it all but sure: what only hid a shot is gone by then."""
COPIED = 0.25
"""Share of the two steps before it under which a frame is a copy; the next one moves on by two."""
ONE_MIXED = 0.4
"""`unlike` over a frame that is a mixture of both shots, as changes of frame rate leave."""
HIDDEN = (*range(1, 15), 17, 20, 24, 28, 32)
"""Frames after which a shot that is there again was only hidden."""
LEAST_AREA, AREA = 0.15, 0.5
"""Shares of the picture: a cut changes the first at least, a title less than the second."""
STILL, EDGE = 0.5, 0.2
"""Of the steps around an insert, what its own may have; what those have at least."""
SECOND = 0.35
"""Of one step of what passes, what the other has at least; less is a camera that comes back."""
INSIDE = 0.4
"""`unlike` of a cut that is no part of a dissolve."""
BRIGHT = 0.3
"""`unlike` up to which a picture with more light everywhere is the same shot."""
BLACK = 8
"""Fewer flat frames between two shots are no shot of their own."""


class Boundaries:
    """Sees every frame once, in order; keeps the last few hundred, small."""

    def __init__(self) -> None:
        self._looks: list[Look] = []
        self._steps: list[float] = []
        self._start = 0  # number of the first that is kept
        self._decided = 0  # frames before this one are
        self._missing = 0  # frames at the start
        self._found: list[Change] = []

    def see(self, picture: np.ndarray | None) -> None:
        """picture: (h, w, 3) float32 scene-linear ACEScg, of any size; None where it is missing."""
        if picture is None and not self._looks:
            self._missing += 1  # they count as the first that comes
            return
        look = self._looks[-1] if picture is None else Look(picture)
        for _ in range(self._missing):
            self._steps.append(0.0)
            self._looks.append(look)
        self._missing = 0
        before = self._looks[-1] if self._looks else look
        self._steps.append(0.0 if look is before else unlike(before, look))
        self._looks.append(look)
        if len(self._looks) == CORE + 2 * MARGIN:
            self._decide(self._start + CORE + MARGIN)
            gone = self._decided - MARGIN - self._start
            del self._looks[:gone], self._steps[:gone]
            self._start += gone

    def decided(self) -> list[Change]:
        """Those boundaries that no later frame can change, in order."""
        return self._found

    def parted(self) -> bool:
        """Whether there is a cut AFTER frames back, as far as the frames around it tell.

        For who has other plans with a movie of several shots; `told` has the last word.
        """
        at = len(self._steps) - 1 - AFTER
        if at < 1 or self._steps[at] < INSIDE:
            return False
        low = max(0, at - AFTER)
        near = within(self._looks[low:], np.array(self._steps[low:]))
        return any(each.kind == "cut" and each.frame == at - low for each in near)

    def told(self) -> list[Change]:
        """The boundaries of all that was seen, in order; nothing is to be seen after it."""
        self._decide(self._start + len(self._looks))
        return self._found

    def _decide(self, until: int) -> None:
        for each in within(self._looks, np.array(self._steps)):
            frame, first, last = (at + self._start for at in (each.frame, each.first, each.last))
            if self._decided <= frame < until:
                self._found.append(Change(each.kind, frame, first, last, each.confidence))
        self._decided = until


def pictures(clip: Clip, numbers: Sequence[int]) -> Iterator[tuple[int, np.ndarray | BadInput]]:
    """Those frames, small, in scene-linear ACEScg: quick, and all that `Boundaries` asks for."""
    if clip.kind == "stills":
        for number, found in clip.pictures(numbers, 4 * WIDE):
            yield number, found if isinstance(found, BadInput) else found[0]
        return
    for number, frame in clip.stream(numbers):
        if isinstance(frame, BadInput):
            yield number, frame
            continue
        with frame:
            assert isinstance(frame, MovieFrame)
            yield number, colour.to_acescg(frame.reduced(WIDE, TALL), clip.space)


def inside(found: Sequence[Change], count: int) -> list[Change]:
    """The boundaries that part shots; a fade at the start or the end of a movie parts nothing."""
    return [c for c in found if c.kind == "cut" or (c.first > 0 and c.last < count - 1)]


def within(looks: Sequence[Look], steps: np.ndarray) -> list[Change]:
    """The boundaries among these frames; steps: `unlike` of each to the one before it."""
    if not looks:
        return []
    sharp = cuts(looks, steps)
    faded = fades(looks, [each.frame for each in sharp])
    plain = [each.frame for each in sharp if steps[each.frame] > INSIDE]
    gradual = [*faded, *dissolves(looks, plain, faded)]
    left = [
        each
        for each in _without_black(looks, sharp)
        if not any(other.first - 1 <= each.frame <= other.last + 1 for other in gradual)
    ]
    return sorted([*left, *gradual], key=lambda each: each.frame)


def cuts(looks: Sequence[Look], steps: np.ndarray) -> list[Change]:
    """Places where another shot begins from one frame to the next."""
    found = list[Change]()
    flat = np.array([look.contrast < FLAT for look in looks])
    beside = np.where(flat | np.roll(flat, 1), 0, steps)  # to black and back is one thing
    for at in range(1, len(steps)):
        if steps[at] < HARDLY or steps[at] < beside[max(1, at - 1) : at + 2].max():
            continue
        around, usual = _others(beside, at, 2, 0), _usual(steps, at)
        sharp = _is_sharp(looks, steps, at, around, usual) or _over_a_mixture(looks, steps, at)
        unrest = steps[at] < PLAIN and _others(beside, at, 4, 0) > UNREST
        sharp = sharp and not (unrest and _smeared(looks, at))
        if sharp and _is_light(looks[at - 1], looks[at], steps[at]):
            continue
        if sharp:
            sure = min(1.0, 0.5 + float(steps[at]) - around)
            found.append(Change("cut", at, at, at, max(0.1, sure)))
    return [each for each in found if not _passes(looks, steps, each.frame)]


def _is_sharp(
    looks: Sequence[Look], steps: np.ndarray, at: int, around: float, usual: float
) -> bool:
    """Whether a step stands out from those around it."""
    copied = steps[at - 1] < COPIED * steps[max(1, at - 3) : max(2, at - 1)].max()
    step = steps[at] / (2 if copied else 1)
    enough = max(LEAST, ALONE * around, min(PLAIN, UNEVEN * usual, max(LEAST, CALM * around)))
    if step >= enough or at < 3:
        return bool(step >= enough)
    most = max(around, usual)
    if step >= FAINT:
        return bool(step >= CLEAR * most)
    if step < STARK * most or changed(looks[at - 1], looks[at]) < AREA:
        return False
    beside = (at - 2, at) if at + 1 < len(looks) else (at - 2,)
    return all(changed(looks[one], looks[one + 1]) < LEAST_AREA for one in beside)


def _smeared(looks: Sequence[Look], at: int) -> bool:
    """Whether a frame beside a step is blurred by a fast pan."""
    first = max(0, at - NEAR)
    detail = np.array([_detail(look) for look in looks[first : at + NEAR]])
    rest = np.percentile(detail, 75, axis=0)
    return bool((detail[at - 1 - first : at + 1 - first] < SMEARED * rest).any())


def _detail(look: Look) -> list[float]:
    """Mean difference of neighbours across and down, over the picture's contrast."""
    grey = look.code().mean(-1)
    least = max(look.contrast, EMPTY)
    return [float(np.abs(np.diff(grey, axis=axis)).mean()) / least for axis in (1, 0)]


def _is_light(before: Look, after: Look, step: float) -> bool:
    """Whether a step is a flash, or a title that appears or goes."""
    area = changed(before, after)
    if area < LEAST_AREA:
        return True
    if area < AREA:
        return lit(before, after) or lit(after, before)
    return step < BRIGHT and lit(before, after)


def _others(steps: np.ndarray, at: int, reach: int, skipped: int) -> float:
    """The largest step within `reach` of one, or `skipped` after it."""
    near = [*steps[max(1, at - reach) : at], *steps[at + 1 + skipped : at + reach + skipped + 1]]
    return float(max(near, default=0.0))


def _usual(steps: np.ndarray, at: int) -> float:
    """The third largest of the NEAR steps to either side: two may be cuts themselves."""
    near = np.r_[steps[max(1, at - NEAR) : at], steps[at + 1 : at + NEAR + 1]]
    return float(np.sort(near)[-3]) if len(near) > 2 else 0.0


def _over_a_mixture(looks: Sequence[Look], steps: np.ndarray, at: int) -> bool:
    """Whether a shot begins over one frame that is half of each."""
    for first in (at - 1, at):
        if first < 1 or first + 1 >= len(steps):
            continue
        both = min(steps[first], steps[first + 1])
        around = _others(steps, first, 2, 1)
        if both > ALONE * around and unlike(looks[first - 1], looks[first + 1]) > ONE_MIXED:
            return True
    return False


# --- what only passes ----------------------------------------------------------------------


def _passes(looks: Sequence[Look], steps: np.ndarray, at: int) -> bool:
    """Whether a cut is the start or the end of what only hid the shot for a moment."""
    near, far = min(AGAIN, 0.5 * steps[at]), 0.6 * steps[at]
    for length in HIDDEN:
        for one, between, other in ((at - 1, at, at + length), (at, at - 1, at - 1 - length)):
            if not 0 <= other < len(looks) or not _covers(looks, one, between, other, near, far):
                continue
            low, high = (at + 1, other + 1) if other > at else (other + 1, at)
            edge = low + int(steps[low:high].argmax())
            if _is_edge(looks, steps, at, edge):
                return not _inserted(looks, steps, *sorted((at, edge)))
    return False


def _is_edge(looks: Sequence[Look], steps: np.ndarray, at: int, other: int) -> bool:
    """Whether what passes between two steps also has an end; light may go slowly."""
    before, after = looks[at - 1], looks[at]
    return bool(steps[other] >= SECOND * steps[at]) or lit(before, after) or lit(after, before)


def _covers(
    looks: Sequence[Look], one: int, between: int, other: int, near: float, far: float
) -> bool:
    """Whether two frames are of one shot, which a third one is not."""
    same = unlike(looks[one], looks[other]) < near and unlike(looks[other], looks[one]) < near
    return same and unlike(looks[between], looks[other]) > far


def _inserted(looks: Sequence[Look], steps: np.ndarray, first: int, end: int) -> bool:
    """Whether what stands between two steps is a shot: still, and no mere light on the other."""
    inside, edges = steps[first + 1 : end], min(steps[first], steps[end])
    still = len(inside) >= 2 and inside.max() < STILL * edges and edges > EDGE
    return still and not lit(looks[first - 1], looks[first])


def _without_black(looks: Sequence[Look], sharp: Sequence[Change]) -> list[Change]:
    """Cuts to and from flat frames that are too few to be a shot become one, or none."""
    kept = list[Change]()
    for each in sharp:
        if kept and looks[kept[-1].frame].contrast < FLAT and each.frame - kept[-1].frame < BLACK:
            gone = kept.pop()
            if unlike(looks[gone.frame - 1], looks[each.frame]) < OTHER:
                continue
        kept.append(each)
    return kept
