"""Things that do not stay where they were: what a script supervisor would call out.

The shots of one set-up are gone through in the order of the record. Each is laid over what the
shots before it showed of the set, and where that cannot be, over the shot just before it. Where
they differ by a thing, that place is followed through the other shots, and the shot that stands
against most of them is the one to mend. A shot that lies over none is said (`Study.said`).

value    px of the shot to mend: how far a thing moved, or, where it appeared, vanished or
         changed, the longest side of it. A length: it has no sign.
region   the thing in the shot to mend; where it vanished, where it is missed.
what     the third of the picture it is in, across and down: 'middle left'.

Known limits: things that somebody holds or stands beside, a sleeve among them, are not told from
people; shots of one place from different set-ups are not compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from answerprint.check.model import Finding, Shot, Study
from answerprint.vision.correspond import LUMINANCE
from answerprint.vision.empty import Empty, empty
from answerprint.vision.overlay import look
from answerprint.vision.things import Box, Change, Compared, compare

SEEN = 0.7
"""Share of a place that has to be known for a shot to be asked about it."""
SAME_PLACE = 0.4
"""Overlap of two changes, of the smaller, that are about one thing."""
STATES = (0.35, 0.65)
"""Up to and from which a shot shows the place as it was before, or as it is after."""
MOST = 6
"""Changes of one shot above which its set was dressed anew, or the light is not the same."""


@dataclass
class Place:
    """Where a thing changed, in the grid of the set-up.

    before, after   the pixels of the box, ACEScct; `after` shows what `change` tells.
    shows           shot -> False (as before) or True (as after); of shots that see the place.
    """

    change: Change
    before: np.ndarray
    after: np.ndarray
    shows: dict[str, bool]


@dataclass
class Takes:
    """Shots that lie over each other.

    there           the set as it was last seen, in the grid of the first of them.
    known, ways     by shot: where it shows the set, and (3, 3) from its pixels; both in that grid.
    widths          by shot: of its samples, pixels.
    places          where things changed.
    """

    there: Empty
    known: dict[str, np.ndarray]
    ways: dict[str, np.ndarray]
    widths: dict[str, int]
    places: list[Place]

    @classmethod
    def of(cls, name: str, seen: Empty) -> Takes:
        return cls(seen, {name: seen.known}, {name: np.eye(3)}, {name: seen.known.shape[1]}, [])

    def join(self, name: str, seen: Empty) -> str:
        """Add a shot; why it cannot be compared, or ''."""
        told = compare(self.there, seen)
        if told.through is None or told.why:
            return told.why
        if len(told.changes) > MOST:
            return f"{len(told.changes)} places differ, so the set or the light is another"
        for place in self.places:
            state = _state(place, told)
            if state is not None:
                place.shows[name] = state
        for change in told.changes:
            if not any(name in p.shows and _same_place(p.change, change) for p in self.places):
                self.places.append(_place(change, self.there, told, name, self.known))
        self.known[name], self.ways[name] = told.known, told.through
        self.widths[name] = seen.known.shape[1]
        self.there = _brought_up_to_date(self.there, told)
        return ""


def find(study: Study) -> list[Finding]:
    """One finding for each thing of a set-up that some shot shows otherwise."""
    shots = {each.name: each for each in study.shots}
    found: list[Finding] = []
    for scene in study.scenes:
        for setup in scene.setups:
            if len(setup) > 1:
                found += _of_setup([shots[name] for name in setup], study.said)
    return found


def _of_setup(shots: Sequence[Shot], said: list[str]) -> list[Finding]:
    """said: gets a sentence for each shot that was compared with none."""
    groups: list[Takes] = []
    last: tuple[str, Empty] | None = None
    alone: dict[str, str] = {}
    for shot in shots:
        seen = empty(shot.pictures())
        if seen is None:
            alone[shot.name] = "it has no picture"
            continue
        if last is None:
            groups.append(Takes.of(shot.name, seen))
        elif why := _joined(groups, last, shot.name, seen):
            alone[shot.name] = why
            alone.setdefault(last[0], why)
        last = shot.name, seen
    met = {name for group in groups if len(group.known) > 1 for name in group.known}
    said += [
        f"{name} was compared with no other shot of its set-up for things: {why}."
        for name, why in alone.items()
        if name not in met
    ]
    order = {shot.name: shot for shot in shots}
    findings = [
        _finding(place, order, group.ways, group.widths)
        for group in groups
        for place in group.places
    ]
    return _told_apart(findings)


def _joined(groups: list[Takes], last: tuple[str, Empty], name: str, seen: Empty) -> str:
    """Add a shot to the first group, or to the last one, or begin one with the shot before it;
    why none of that can be, or ''."""
    why = groups[0].join(name, seen)
    if why and len(groups) > 1:
        why = groups[-1].join(name, seen)
    if why and last[0] != next(iter(groups[-1].known)):
        nearest = Takes.of(*last)
        why = nearest.join(name, seen)
        if not why:
            groups.append(nearest)
    return why


def _place(
    change: Change, there: Empty, told: Compared, name: str, known: Mapping[str, np.ndarray]
) -> Place:
    x0, y0, x1, y1 = change.box
    part = np.s_[y0:y1, x0:x1]
    seen = {each: mask[part][change.mask].mean() for each, mask in known.items()}
    least = min(SEEN, max(seen.values()))  # what no shot shows whole, the one that shows most
    shows = {each: False for each, share in seen.items() if share >= least}
    return Place(change, there.code[part].copy(), told.code[part].copy(), {**shows, name: True})


def _state(place: Place, told: Compared) -> bool | None:
    """What a shot shows at a place: as before, as after, or None where it cannot be said."""
    x0, y0, x1, y1 = place.change.box
    part, mask = np.s_[y0:y1, x0:x1], place.change.mask
    if told.known[part][mask].mean() < SEEN:
        return None
    there = mask & told.known[part]
    way = (place.after - place.before)[there]
    came = float(((told.code[part] - place.before)[there] * way).sum() / (way * way).sum())
    if STATES[0] < came < STATES[1]:
        return None
    return came >= STATES[1]


def _same_place(one: Change, other: Change) -> bool:
    (a, b, c, d), (e, f, g, h) = one.box, other.box
    wide, tall = min(c, g) - max(a, e), min(d, h) - max(b, f)
    smaller = min((c - a) * (d - b), (g - e) * (h - f))
    return wide > 0 and tall > 0 and wide * tall >= SAME_PLACE * smaller


def _brought_up_to_date(there: Empty, told: Compared) -> Empty:
    """The set as it was last seen."""
    code = np.where(told.known[..., None], told.code, there.code)
    known = there.known | told.known
    return replace(there, code=code, known=known, look=look(code @ LUMINANCE, known))


# --- what is told of a place -----------------------------------------------------------------


def _finding(
    place: Place,
    shots: Mapping[str, Shot],
    ways: Mapping[str, np.ndarray],
    widths: Mapping[str, int],
) -> Finding:
    names = [name for name in shots if name in place.shows]
    after = [name for name in names if place.shows[name]]
    odd = after if len(after) <= len(names) - len(after) else [n for n in names if n not in after]
    if len(after) * 2 == len(names) and names[-1] not in odd:
        odd = [n for n in names if n not in odd]  # nobody stands alone: the later ones
    mend = shots[odd[0]]
    others = [name for name in names if name not in odd]
    before = [name for name in others if names.index(name) < names.index(mend.name)]
    beside = shots[before[-1] if before else others[0]]
    change, as_after = place.change, place.shows[mend.name]
    scale = mend.size[0] / widths[mend.name]
    to_mend = np.diag([scale, scale, 1.0]) @ np.linalg.inv(ways[mend.name])
    region = _region((change.now if as_after else change.was) or change.box, to_mend, mend.size)
    value, uncertainty, told = _measured(change, as_after, to_mend, mend, beside)
    more = f" So {'do' if len(odd) > 2 else 'does'} {', '.join(odd[1:])}." if len(odd) > 1 else ""
    votes = f" {len(others)} of {len(names)} shots of the set-up show it as {beside.name} does."
    first, last = mend.cut[0], mend.cut[1] - 1
    return Finding(
        "thing",
        tuple(name for name in shots if name in (beside.name, mend.name)),
        first,
        (first, last),
        round(value, 1),
        round(uncertainty, 1),
        round(change.sure, 3),
        told + more + (votes if len(names) > 2 else ""),
        region,
        what=_third(region, mend.size),
        mend=mend.name,
    )


def _measured(
    change: Change, as_after: bool, to_mend: np.ndarray, mend: Shot, beside: Shot
) -> tuple[float, float, str]:
    """Value, uncertainty and the sentence."""
    scale = float(np.sqrt(abs(np.linalg.det(to_mend[:2, :2]))))
    if change.step is not None:
        step = np.array(change.step) * (1 if as_after else -1)
        far = float(np.hypot(*(to_mend[:2, :2] @ step)))
        words = _direction(to_mend[:2, :2] @ step)
        said = f"In {mend.name} a thing stands {far:.0f} px {words} of where {beside.name} has it."
        return far, 1.5 * scale, said
    x0, y0, x1, y1 = change.box
    wide, tall = (x1 - x0) * scale, (y1 - y0) * scale
    size = f"{wide:.0f} x {tall:.0f} px"
    if change.how == "changed":
        said = f"A thing of {size} looks otherwise in {mend.name} than in {beside.name}."
    elif (change.how == "appeared") == as_after:
        said = f"{mend.name} has a thing of {size} that {beside.name} has not."
    else:
        said = f"A thing of {size} that {beside.name} has is missing in {mend.name}."
    return max(wide, tall), 2 * scale + 0.05 * max(wide, tall), said


def _direction(step: np.ndarray) -> str:
    sides = [("left", "right")[int(step[0] > 0)], ("above", "below")[int(step[1] > 0)]]
    x, y = np.abs(step)
    if y < 0.4 * x:
        return f"to the {sides[0]}"
    return sides[1] if x < 0.4 * y else f"{sides[1]} and to the {sides[0]}"


def _region(box: Box, to_mend: np.ndarray, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The box in pixels of the shot to mend, inside its picture."""
    x0, y0, x1, y1 = (float(v) for v in box)
    corners = np.array([[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]])
    moved = cv2.perspectiveTransform(corners, to_mend)[0]
    low = np.clip(np.floor(moved.min(0)), 0, np.array(size) - 1).astype(int)
    high = np.clip(np.ceil(moved.max(0)), low + 1, size).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _third(region: tuple[int, int, int, int], size: tuple[int, int]) -> str:
    x = (region[0] + region[2]) / 2 / size[0]
    y = (region[1] + region[3]) / 2 / size[1]
    down, across = (min(int(v * 3), 2) for v in (y, x))
    return f"{('top', 'middle', 'bottom')[down]} {('left', 'centre', 'right')[across]}"


def _told_apart(findings: Sequence[Finding]) -> list[Finding]:
    """Findings of one shot and one part of the picture, numbered from the left."""
    found: list[Finding] = []
    taken: dict[tuple[tuple[str, ...], str], int] = {}
    for each in sorted(findings, key=lambda f: f.region or ()):
        key = each.shots, each.what
        taken[key] = turn = taken.get(key, 0) + 1
        found.append(each if turn == 1 else replace(each, what=f"{each.what} {turn}"))
    return sorted(found, key=lambda f: f.frame)
