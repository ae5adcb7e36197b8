"""How a picture is found again: by its landmarks, and by a sketch of a few hundred bytes.

Landmarks say whether two pictures show one place, and how they stand to each other (`place.py`);
that takes a while. A sketch tells at once which few of many pictures that is worth asking of.
Neither keeps a colour, and neither was trained: nothing of one clip is in another's.

Convention
    picture     (H, W, 3) float32, scene-linear ACEScg, unbounded; `valid` (H, W) bool.
    place       in parts of the picture's width: x / W and y / W, of pixel centres.
    descriptor  square-rooted, STEPS to 1.
    sketch      (SIZE,) int8:
                WORDS    which landmarks there are, wherever they lie: BITS bits, eight in each;
                EDGES    which way edges run in each part of the picture between its bars;
                LIGHT    how light those parts are against their mean; vectors of length 127.
                Of two pictures, the share of equal bits beyond half and the cosines of the other
                parts tell how alike they are.

Source: Lowe, IJCV 2004, through `features.py`; Bo and Sminchisescu, NIPS 2009, and Tolias et al.,
IJCV 2016 (a set of descriptors as a sum of random Fourier features of descriptor and angle);
Rahimi and Recht, NIPS 2007 (those features); Charikar, STOC 2002 (signs for vectors); Dalal and
Triggs, CVPR 2005 (edges by parts).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import cv2
import numpy as np

from answerprint.frames.curves import acescct
from answerprint.vision import bars, features

WIDE = 640
"""Width at which landmarks are looked for, at most."""
MOST = 400
ACROSS, DOWN = 8, 5
"""Parts of the picture that landmarks are spread over."""
STEPS = 512
BITS = 4096
SHARP, TURNS = 4.0, 2.0
"""How fast two descriptors become unlike as they part, and two angles: 1 over what counts as near,
in a descriptor's length and in radians."""
CELLS, WAYS = 4, 8
"""Parts of the picture's sides, and directions, of EDGES."""
TALL, BROAD = 9, 16
"""Parts of the picture that LIGHT tells."""
EVEN = 1e-3
"""Spread under which a picture tells nothing."""
SMALL = 64
"""Pixels along either side that EDGES are seen in."""
NEAR = 0.9, 0.9, 0.3
"""Likeness in EDGES, LIGHT and WORDS from which two sketches tell the same."""

WORDS = slice(0, BITS // 8)
EDGES = slice(WORDS.stop, WORDS.stop + CELLS * CELLS * WAYS)
LIGHT = slice(EDGES.stop, EDGES.stop + TALL * BROAD)
SIZE = LIGHT.stop
NAMES = ("place", "radius", "angle", "descriptor")


@dataclass(frozen=True)
class Landmarks:
    """What a picture is recognised by.

    place (N, 2) float32, radius (N,) float32, angle (N,) float32 radians, descriptor (N, 128)
    uint8, the largest of each part of the picture first; size (width, height) pixels of the
    picture; form, for its sketch: EDGES and LIGHT, empty where they were read from disk.
    """

    place: np.ndarray
    radius: np.ndarray
    angle: np.ndarray
    descriptor: np.ndarray
    size: tuple[int, int]
    form: np.ndarray

    @cached_property
    def unit(self) -> np.ndarray:
        """Descriptors of length 1."""
        length = np.linalg.norm(self.descriptor.astype(np.float32), axis=1, keepdims=True)
        return np.asarray(self.descriptor / np.maximum(length, 1))

    @property
    def flipped(self) -> Landmarks:
        """As a mirror shows them: a descriptor's rows lie across its angle, and turn round."""
        rows = self.descriptor.reshape(-1, 4, 4, 8)[:, ::-1][..., -np.arange(8) % 8]
        place = np.stack([1 - self.place[:, 0], self.place[:, 1]], 1)
        angle = (np.pi - self.angle) % (2 * np.pi)
        return replace(self, place=place, angle=angle, descriptor=rows.reshape(-1, 128))


def landmarks(picture: np.ndarray, valid: np.ndarray, most: int = MOST) -> Landmarks:
    """The largest and best spread landmarks of a picture, at most `most`."""
    height, width = valid.shape
    picture, valid = _at_most(np.where(valid[..., None], picture, 0), valid)
    even = features.evened(picture, valid)
    x0, y0, x1, y1 = bars.between(picture, valid)
    inside = np.zeros_like(valid)
    inside[y0:y1, x0:x1] = True
    found = features.features(even, valid & inside)
    kept = _spread(found, valid.shape, most)
    wide = np.float32(valid.shape[1])
    return Landmarks(
        (found.place[kept] + np.float32(0.5)) / wide,
        found.radius[kept] / wide,
        found.angle[kept],
        np.rint(found.descriptor[kept] * STEPS).clip(0, 255).astype(np.uint8),
        (width, height),
        np.concatenate([_edges(even[y0:y1, x0:x1]), _light(picture[y0:y1, x0:x1])]),
    )


def sketch(found: Landmarks) -> np.ndarray:
    """(SIZE,) int8 of landmarks that were just found."""
    return _together(_waves_of(found).sum(0), found.form)


def mirrored(picture: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture as a mirror shows it: no other sketch tells of it."""
    return np.ascontiguousarray(picture[:, ::-1]), np.ascontiguousarray(valid[:, ::-1])


def likeness(sketches: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(N, 3) in EDGES, LIGHT and WORDS, -1 to 1, of sketches (N, SIZE) and another one (SIZE,)."""
    told = np.empty((len(sketches), 3), np.float32)
    for column, part in enumerate((EDGES, LIGHT)):
        told[:, column] = sketches[:, part].astype(np.float32) @ other[part].astype(np.float32)
    told[:, :2] /= 127.0**2
    told[:, 2] = words_alike(sketches, other)
    return told


def words_alike(sketches: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(N,) share of equal bits beyond half, -1 to 1; as many as chance has: 0, within 0.02."""
    one = np.ascontiguousarray(sketches[:, WORDS]).view(np.uint64)
    two = np.ascontiguousarray(other[WORDS]).view(np.uint64)
    return np.asarray(1 - np.bitwise_count(one ^ two).sum(1, dtype=np.int64) * (2 / BITS))


def near(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two sketches tell the same: whoever finds one finds the other."""
    return bool((likeness(first[None], second)[0] > NEAR).all())


def arrays(frame: int, found: Landmarks) -> dict[str, np.ndarray]:
    """Landmarks as they are kept, by the names of a frame's arrays."""
    return {f"{name}_{frame}": getattr(found, name) for name in NAMES}


def of_arrays(kept: Mapping[str, Any], frame: int, size: tuple[int, int]) -> Landmarks:
    """Landmarks as `arrays` gave them. Raises KeyError where that frame's are not there."""
    place, radius, angle, descriptor = (np.asarray(kept[f"{name}_{frame}"]) for name in NAMES)
    return Landmarks(place, radius, angle, descriptor, size, np.zeros(0, np.int8))


def readings(found: Landmarks) -> list[np.ndarray]:
    """Sketches of a picture that is looked for, as wider and as closer ones would show it.

    A wider picture has but its largest landmarks, a closer one those of a part of it; each of the
    sketches has the same form.
    """
    tall, (x, y) = found.size[1] / found.size[0], found.place.T
    largest = np.argsort(np.argsort(-found.radius, kind="stable"))
    chosen = [np.arange(len(x)) < MOST, *(largest < count for count in LARGEST)]
    for left, top in PARTS:
        within = np.abs(y / tall - top - PART / 2) < PART / 2
        chosen.append(within & (np.abs(x - left - PART / 2) < PART / 2))
    some = np.array([rows for rows in chosen if rows.sum() >= FEW] or chosen[:1])
    total = some.astype(np.float32) @ _waves_of(found)
    return [_together(each, found.form) for each in total]


LARGEST = (150, 60)
PART, PARTS = 0.6, ((0.0, 0.0), (0.4, 0.0), (0.2, 0.2), (0.0, 0.4), (0.4, 0.4))
"""Side, left and top of parts that a closer picture may show, as shares of the picture's."""
FEW = 20
"""Landmarks under which a part says nothing."""


def _at_most(picture: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    height, width = valid.shape
    if width <= WIDE:
        return picture, valid
    size = (WIDE, max(1, round(height * WIDE / width)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    there = cv2.resize(valid.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small), there > 0.5


def _spread(found: features.Features, shape: tuple[int, ...], most: int) -> np.ndarray:
    """Rows of the largest, taken by turns from every part of the picture."""
    at = np.floor(found.place / (shape[1], shape[0]) * (ACROSS, DOWN)).astype(int)
    part = at[:, 1] * ACROSS + at[:, 0]
    order = np.lexsort((-found.radius, part))
    _, start, count = np.unique(part[order], return_index=True, return_counts=True)
    turn = np.arange(len(order)) - np.repeat(start, count)
    best = np.lexsort((-found.radius[order], turn))
    return np.asarray(order[best][:most])


@cache
def _waves() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frequencies of descriptor and angle, and phases. By the old generator: numpy promises that
    its numbers stay, and a sketch is compared with those of other years."""
    draw = np.random.RandomState(5)
    way = SHARP * draw.normal(size=(128, BITS))
    turns = np.rint(TURNS * draw.normal(size=BITS))
    phase = draw.uniform(0, 2 * np.pi, BITS)
    return way.astype(np.float32), turns.astype(np.float32), phase.astype(np.float32)


def _waves_of(found: Landmarks) -> np.ndarray:
    """(N, BITS) of each landmark."""
    way, turns, phase = _waves()
    return np.asarray(np.cos(found.unit @ way + found.angle[:, None] * turns + phase))


def _together(total: np.ndarray, form: np.ndarray) -> np.ndarray:
    """A sketch, of the sum of landmarks' waves (BITS,): WORDS are its signs."""
    return np.concatenate([np.packbits(total > 0).view(np.int8), form])


def _edges(even: np.ndarray) -> np.ndarray:
    """EDGES of an evened picture."""
    small = cv2.resize(even, (SMALL, SMALL), interpolation=cv2.INTER_AREA).astype(np.float32)
    dx, dy = (cv2.Sobel(small, cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
    way = (np.arctan2(dy, dx) % np.pi) * (WAYS / np.pi)
    size = np.hypot(dx, dy)
    ways = []
    for turn in range(WAYS):
        off = np.abs((way - turn + WAYS / 2) % WAYS - WAYS / 2)
        some = size * np.maximum(1 - off, 0)
        ways.append(cv2.resize(some, (CELLS, CELLS), interpolation=cv2.INTER_AREA))
    return _eight(np.sqrt(np.stack(ways, -1)).ravel())


def _light(picture: np.ndarray) -> np.ndarray:
    """LIGHT of a picture: ACEScct code, so that a grade leaves what it tells nearly alone."""
    code = acescct(np.maximum(picture @ features.LUMINANCE, 0)).astype(np.float32)
    return _eight(cv2.resize(code, (BROAD, TALL), interpolation=cv2.INTER_AREA).ravel())


def _eight(values: np.ndarray) -> np.ndarray:
    """int8: less their mean, of length 127; nothing where all are alike."""
    apart = values - values.mean()
    length = float(np.linalg.norm(apart))
    return np.asarray(np.rint(apart * (127 / length if length > EVEN else 0)).astype(np.int8))
