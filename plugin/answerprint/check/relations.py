"""Which shots were taken from one spot, which show one place, and which only look alike.

A shot is not compared with every other: words made of its structures point to the few shots that
have many of them too, its neighbours in the cut are always looked at, and the best of those are
matched in full. So the work grows with the shots, not with their pairs.

Convention
    a relation's first shot is the earlier in the order given; its evidence has the first shot's
    colours as source and the second's as reference. Pairs that were matched and share nothing are
    relations of kind 'none'; pairs that were not matched have no relation.

Source: Indyk and Motwani, STOC 1998 (words: signs of random projections); the geometry is that of
`vision/correspond.py` and `vision/views.py`.
"""

from __future__ import annotations

import os
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import cv2
import numpy as np

from answerprint.check.model import Relation, Shot
from answerprint.vision import correspond, matching, pairs, palette, views
from answerprint.vision.correspond import Structures
from answerprint.vision.pairs import Evidence, Pictures

GLANCES, GLANCE_WIDE, GLANCED = 3, 480, 400
"""Frames of a shot that are looked at, how wide, and how many of their structures are kept."""
WORK = 800
"""Width at which pictures are matched in full."""
NEAR, FAR = 4, 6
"""Shots before a shot that are always looked at, and shots its words point to."""
MATCHED = 6
"""Full matches of a shot with earlier ones, at most."""
HINTS = 6
"""Structures alike at a glance from which a full match is worth its time."""
FRAME_PAIRS = 2
SAME_SPOT = 1.0
"""Degrees that two looks from what is measured as one spot may be apart."""
PROJECTIONS, TABLES, BUSY = 20, 6, 32
"""Bits of a word, words of a structure, and shots behind a word from which it says nothing."""
KEPT = 1200
"""Pairs of colours that a relation keeps."""
DRAWN = 60
BESIDE = 2
"""Shots before a shot that are always matched, and by palette where no surface is shared."""
STRUCTURES_KEPT, PICTURES_KEPT = 24, 12


@dataclass(frozen=True)
class Glance:
    """A shot at a glance: for each frame its largest structures, the words of all, its palette."""

    frames: tuple[int, ...]
    descriptors: tuple[np.ndarray, ...]
    words: tuple[int, ...]
    palette: palette.Palette


def relate(
    shots: Sequence[Shot], told: Callable[[int, int], None]
) -> dict[tuple[str, str], Relation]:
    """How the shots stand to each other, by (first, second) in their order.

    told   is called with (done, total) between steps, and may raise to stop.
    """
    glances = _glances(shots, told)
    desk = _Desk(shots)
    index: dict[int, list[int]] = defaultdict(list)
    found: dict[tuple[str, str], Relation] = {}
    for later in range(len(shots)):
        for earlier, frames in _candidates(glances, index, later):
            relation = desk.relation(earlier, later, frames)
            found[relation.first, relation.second] = relation
        for earlier in range(max(0, later - BESIDE), later):
            key = shots[earlier].name, shots[later].name
            if key not in found or found[key].kind == "none":
                found[key] = _by_palette(shots, glances, earlier, later, found.get(key))
        for word in glances[later].words:
            if len(index[word]) < BUSY:
                index[word].append(later)
        told(len(shots) + later + 1, 2 * len(shots))
    return _agreed(found)


def drawn(relation: Relation) -> list[list[float]]:
    """Some of the places found in both, spread over the picture, for a page to draw: rows of
    first frame, x, y, second frame, x, y; places as parts of the picture, 0 to 1."""
    if relation.evidence is None or not len(relation.evidence.where):
        return []
    where = relation.evidence.where
    if relation.frames:
        mine = where[(where[:, 0] == relation.frames[0]) & (where[:, 3] == relation.frames[1])]
        where = mine if len(mine) else where
    _, first = np.unique(np.floor(where[:, 1:3] * (24, 14)), axis=0, return_index=True)
    some = np.sort(first)[np.linspace(0, len(first) - 1, min(DRAWN, len(first))).astype(int)]
    return [[round(float(v), 4) for v in row] for row in where[some]]


# --- at a glance -----------------------------------------------------------------------------


def _glances(shots: Sequence[Shot], told: Callable[[int, int], None]) -> list[Glance]:
    signs = _projections()
    one_reads = Lock()  # the samples' store serves one reader at a time
    made = []

    def glance(shot: Shot) -> Glance:
        with one_reads:
            pictures = shot.pictures()
        return _glance(pictures, signs)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for each in pool.map(glance, shots):
            made.append(each)
            told(len(made), 2 * len(shots))
    return made


def _projections() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(128, TABLES * PROJECTIONS)).astype(np.float32)


def _glance(pictures: Pictures, signs: np.ndarray) -> Glance:
    frames, seen = _some(pictures)
    descriptors = []
    for number in frames:
        made = correspond.structures(*_at_most(GLANCE_WIDE, *seen[number]))
        largest = np.argsort(-made.radius, kind="stable")[:GLANCED]
        descriptors.append(made.descriptor[largest])
    every = np.concatenate(descriptors)
    # square-rooted descriptors lie in one corner of the sphere: seen from their middle they spread
    bits = ((every - every.mean(0)) @ signs > 0) if len(every) else np.zeros((0, 1), bool)
    bits = bits.reshape(len(every), -1, PROJECTIONS) if len(every) else bits
    values = bits @ (1 << np.arange(PROJECTIONS)) if len(every) else np.zeros((0, TABLES), int)
    words = np.unique(values + (np.arange(TABLES) << PROJECTIONS))
    return Glance(frames, tuple(descriptors), tuple(int(w) for w in words), _palette(seen))


def shot_palette(pictures: Pictures) -> palette.Palette:
    """The palette of a shot's samples, of as many of them as a glance has."""
    return _palette(_some(pictures)[1])


def _some(pictures: Pictures) -> tuple[tuple[int, ...], Pictures]:
    numbers = sorted(pictures)
    picked = np.unique(np.linspace(0, len(numbers) - 1, min(GLANCES, len(numbers))).round())
    frames = tuple(numbers[int(each)] for each in picked)
    return frames, pairs.usable({number: pictures[number] for number in frames})


def _palette(seen: Pictures) -> palette.Palette:
    return palette.palette([_at_most(matching.PALETTE_WIDTH, *each) for each in seen.values()])


def _at_most(wide: int, rgb: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A picture no wider than this; pixels that do not count stay out of the others."""
    height, width = valid.shape
    if width <= wide:
        return rgb, valid
    size = (wide, max(1, round(height * wide / width)))
    share = cv2.resize(valid.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    light = cv2.resize(np.where(valid[..., None], rgb, 0), size, interpolation=cv2.INTER_AREA)
    return light / np.maximum(share, 1e-6)[..., None], share > 0.9


def _candidates(
    glances: Sequence[Glance], index: dict[int, list[int]], later: int
) -> list[tuple[int, list[tuple[int, int]]]]:
    """Earlier shots worth a full match, the likeliest first, with the frames to match."""
    votes: Counter[int] = Counter()
    for word in glances[later].words:
        votes.update(index.get(word, ()))
    near = set(range(max(0, later - NEAR), later))
    looked_at = near | {each for each, _ in votes.most_common(FAR + NEAR)}
    ranked = []
    for earlier in looked_at:
        counts = _alike(glances[earlier], glances[later])
        if counts[0][0] >= HINTS:
            ranked.append((counts[0][0], earlier, [frames for _, *frames in counts[:FRAME_PAIRS]]))
    beside = later - BESIDE  # these are always matched: a cut is judged between neighbours
    ranked.sort(key=lambda each: (each[1] < beside, -each[0], -each[1]))
    return [(earlier, [(a, b) for a, b in frames]) for _, earlier, frames in ranked[:MATCHED]]


def _alike(a: Glance, b: Glance) -> list[tuple[int, int, int]]:
    """Structures alike and both frames, of every pair of frames, most first."""
    counts = [
        (correspond.alike(one, two), frame, other)
        for frame, one in zip(a.frames, a.descriptors, strict=True)
        for other, two in zip(b.frames, b.descriptors, strict=True)
    ]
    return sorted(counts, key=lambda each: -each[0])


# --- all together ---------------------------------------------------------------------------


def _agreed(found: dict[tuple[str, str], Relation]) -> dict[tuple[str, str], Relation]:
    """The relations, without set-ups that better evidence contradicts.

    One wall seen from two spots can look like a zoom. Set-ups are joined from the best evidence
    down; one that would join two that were seen to be apart is a place from elsewhere.
    """
    setups, apart = Groups(), defaultdict[str, list[Relation]](list)
    for each in found.values():
        if each.kind == "place":
            apart[each.first].append(each)
            apart[each.second].append(each)
    agreed = dict(found)
    same = [(key, each) for key, each in found.items() if each.kind == "setup"]
    for key, each in sorted(same, key=lambda one: -one[1].structures):
        one, two = setups.members(each.first), setups.members(each.second)
        against = [
            other
            for name in one
            for other in apart[name]
            if other.structures >= each.structures and {other.first, other.second} & set(two)
        ]
        if not against or each.first in two:
            setups.join(each.first, each.second)
            continue
        best = max(against, key=lambda other: other.structures)
        agreed[key] = replace(
            each,
            kind="place",
            homography=None,
            angle=best.angle,
            angle_error=best.angle_error,
            why=f"{each.why} But {best.why}",
        )
    return agreed


class Groups:
    """Names joined two by two."""

    def __init__(self) -> None:
        self._of: dict[str, list[str]] = {}

    def members(self, name: str) -> list[str]:
        """All that are joined with it, itself too."""
        return self._of.setdefault(name, [name])

    def join(self, one: str, other: str) -> bool:
        """Whether they were apart before. The smaller group moves, so n joins cost n log n."""
        small, large = sorted((self.members(one), self.members(other)), key=len)
        if small is large:
            return False
        large += small
        for name in small:
            self._of[name] = large
        return True


# --- in full ---------------------------------------------------------------------------------


class _Desk:
    """The shots on the desk: pictures and structures of those that were matched last."""

    def __init__(self, shots: Sequence[Shot]) -> None:
        self.shots = shots
        self._pictures: OrderedDict[Any, Pictures] = OrderedDict()
        self._shrunk: dict[int, float] = {}
        self._structures: OrderedDict[Any, Structures] = OrderedDict()

    def relation(self, earlier: int, later: int, frames: list[tuple[int, int]]) -> Relation:
        one, two = self.shots[earlier].name, self.shots[later].name
        first, second = self.pictures(earlier), self.pictures(later)
        parts, looks = [], []
        for a, b in frames:
            found = correspond.match(self.structures(earlier, a), self.structures(later, b))
            seen = views.view(found, _size(first[a]), _size(second[b]))
            looks.append((seen, found, a, b))
            if seen.kind != "none":
                parts.append((found, a, b))
        seen, found, a, b = max(looks, key=lambda each: _rank(each[0]))
        if seen.kind == "none":
            return Relation(one, two, "none", seen.structures, why=_none(one, two, seen))
        spots = found, _size(first[a]), _size(second[b])
        angle, error = views.angle(*spots) if seen.kind == "place" else (0.0, SAME_SPOT)
        evidence = _kept(pairs.together(parts, first, second))
        homography = seen.homography
        if homography is not None:
            homography = _grown(homography, self._shrunk[earlier], self._shrunk[later])
        return Relation(
            one, two, seen.kind, seen.structures, homography, (a, b),
            angle, error, seen.scale, evidence, _why(one, two, seen, angle, error),
        )  # fmt: skip

    def pictures(self, shot: int) -> Pictures:
        """The pictures that are matched, WORK wide at most."""

        def made() -> Pictures:
            full = self.shots[shot].pictures()
            wide = next(iter(full.values()))[1].shape[1]
            self._shrunk[shot] = wide / min(wide, WORK)
            return {n: _at_most(WORK, *each) for n, each in pairs.usable(full).items()}

        return _of(self._pictures, shot, made, PICTURES_KEPT)

    def structures(self, shot: int, frame: int) -> Structures:
        return _of(
            self._structures,
            (shot, frame),
            lambda: correspond.structures(*self.pictures(shot)[frame]),
            STRUCTURES_KEPT,
        )


def _of(kept: OrderedDict[Any, Any], key: Any, make: Callable[[], Any], most: int) -> Any:
    if key not in kept:
        kept[key] = make()
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
    return kept[key]


def _size(picture: tuple[np.ndarray, np.ndarray]) -> tuple[int, int]:
    height, width = picture[1].shape
    return width, height


def _rank(seen: views.View) -> tuple[int, int]:
    return ("none", "place", "setup").index(seen.kind), seen.structures


def _grown(homography: np.ndarray, first: float, second: float) -> np.ndarray:
    """The homography between larger pictures; pixel centres are at whole numbers."""

    def grow(by: float) -> np.ndarray:
        return np.array([[by, 0, (by - 1) / 2], [0, by, (by - 1) / 2], [0, 0, 1]])

    grown = grow(second) @ homography @ np.linalg.inv(grow(first))
    return np.asarray(grown / grown[2, 2])


def _kept(evidence: Evidence) -> Evidence:
    count = len(evidence.pairs.source)
    if count <= KEPT:
        return evidence
    rows = np.sort(np.random.default_rng(0).choice(count, KEPT, replace=False))
    some = evidence.pairs.some(rows)
    some = replace(some, weight=some.weight * count / KEPT)
    return Evidence(some, evidence.where[rows], evidence.structures)


def _by_palette(
    shots: Sequence[Shot],
    glances: Sequence[Glance],
    earlier: int,
    later: int,
    before: Relation | None,
) -> Relation:
    one, two = shots[earlier].name, shots[later].name
    a, b = glances[earlier].palette, glances[later].palette
    structures = before.structures if before else 0
    least = min(len(a.code), len(b.code))
    overlap = palette.match(a, b).overlap if least >= matching.LEAST_COLOURS else 0.0
    if overlap < matching.LEAST_OVERLAP:
        why = before.why if before else f"{one} and {two} have no surface in common."
        return Relation(one, two, "none", structures, why=why)
    return Relation(
        one,
        two,
        "palette",
        structures,
        why=f"{one} and {two} share {overlap:.0%} of their palettes and no surface that could be "
        "verified: they may be of one place.",
        overlap=overlap,
    )


# --- in words --------------------------------------------------------------------------------


def _why(one: str, two: str, seen: views.View, angle: float | None, error: float) -> str:
    if seen.kind == "setup":
        return (
            f"{two} is seen from where {one} was: {seen.structures} structures in {seen.areas} "
            f"parts of the picture, {seen.together:.0%} of them move together as a camera turns "
            "and zooms."
        )
    turned = f", about {angle:.0f} \u00b1 {error:.0f} degrees round" if angle is not None else ""
    return (
        f"{two} shows the place of {one} from elsewhere{turned}: {seen.structures} structures in "
        f"{seen.areas} parts of the picture under one camera geometry."
    )


def _none(one: str, two: str, seen: views.View) -> str:
    return (
        f"{one} and {two} share {seen.structures} structures in {seen.areas} parts of the picture; "
        f"{views.ELSEWHERE} in {views.AREAS} are needed."
    )
