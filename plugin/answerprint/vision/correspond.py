"""The same surface in two shots: where it is, and what colour each shot gives it.

Structures are features that any grade leaves (`features.py`). Matches have to agree with one
camera geometry, and the neighbourhood of a match has to look the same in both shots up to a gain
and an offset; then small areas of it are measured in scene-linear.

Convention
    pictures    (H, W, 3) float32, scene-linear ACEScg, unbounded; `valid` (H, W) bool is
                False where a pixel must not count (not finite, clipped).
    places      (N, 2) float32, x and y in pixels of that picture, pixel centres at whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from answerprint.frames.curves import acescct
from answerprint.vision import features
from answerprint.vision.features import LUMINANCE as LUMINANCE

GEOMETRY_PIXELS = 2.0
BLUR = 0.5
"""Of a structure's size, in which its colours are averaged."""
ALIKE = 0.8
"""Least correlation of two neighbourhoods that show the same surface."""
EVEN = 0.015
"""Change of ACEScct code under twice the blur at which a pair counts half."""

_STEPS = np.array([-1.0, -0.5, 0.0, 0.5, 1.0], np.float32)
_GRID = np.stack(np.meshgrid(_STEPS, _STEPS, indexing="xy"), -1).reshape(-1, 2)
_BLURS = (1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True)
class Structures:
    """What can be found again in one picture, and the picture at several blurs to measure it."""

    place: np.ndarray  # (N, 2)
    radius: np.ndarray  # (N,)
    angle: np.ndarray  # (N,) radians
    descriptor: np.ndarray  # (N, 128), rows of length 1
    colours: tuple[np.ndarray, ...]  # (H, W, 3) linear for each of _BLURS
    trust: tuple[np.ndarray, ...]  # (H, W) share of valid pixels under each blur


@dataclass(frozen=True)
class Matches:
    """Pairs of colours of the same surface.

    source, reference   (N, 3) scene-linear ACEScg.
    weight              (N,) 0..1, how alike the two neighbourhoods look and how even the place is.
    structure           (N,) which structure a pair was measured on: pairs of one structure
                        are not independent evidence.
    source_at, reference_at   (N, 2) places.
    """

    source: np.ndarray
    reference: np.ndarray
    weight: np.ndarray
    structure: np.ndarray
    source_at: np.ndarray
    reference_at: np.ndarray

    @property
    def structures(self) -> int:
        return len(np.unique(self.structure))


def structures(picture: np.ndarray, valid: np.ndarray) -> Structures:
    """Everything in a picture that could be recognised in another one."""
    clean = np.where(valid[..., None], picture, 0.0)
    seen = features.features(features.evened(picture, valid), valid)
    weights = valid.astype(np.float32)
    colours, trust = [], []
    for sigma in _BLURS:
        share = cv2.GaussianBlur(weights, (0, 0), sigma)
        colours.append(cv2.GaussianBlur(clean, (0, 0), sigma) / np.maximum(share, 1e-6)[..., None])
        trust.append(share)
    return Structures(
        seen.place,
        seen.radius,
        seen.angle,
        seen.descriptor,
        tuple(colours),
        tuple(trust),
    )


def likely(source: Structures, reference: Structures, most: int = 600) -> int:
    """How many of the largest structures seem to be in both: a quick look, no geometry."""
    a, b = (np.argsort(-s.radius, kind="stable")[:most] for s in (source, reference))
    return alike(source.descriptor[a], reference.descriptor[b])


def alike(source: np.ndarray, reference: np.ndarray) -> int:
    """How many descriptors, rows of length 1, seem to be of one structure."""
    return len(features.alike(source, reference)[0])


def match(source: Structures, reference: Structures) -> Matches:
    """Colour pairs of the surfaces that both pictures show; empty where there are too few."""
    i, j = features.alike(source.descriptor, reference.descriptor)
    keep = features.one_geometry(source.place[i], reference.place[j], GEOMETRY_PIXELS)
    keep &= keep.sum() >= features.LEAST
    return _measure(source, reference, i[keep], j[keep])


def _measure(a: Structures, b: Structures, i: np.ndarray, j: np.ndarray) -> Matches:
    """Colours on a grid over each matched structure, where both neighbourhoods are alike."""
    turn, scale = b.angle[j] - a.angle[i], b.radius[j] / np.maximum(a.radius[i], 1e-3)
    finer = np.log2(np.maximum(scale, 1e-3))  # the same surface under the same blur in both
    level = np.maximum(np.log2(np.maximum(a.radius[i] * BLUR, 1.0)), -finer)
    level, level_b = (np.clip(v, 0, len(_BLURS) - 1) for v in (level, level + finer))
    cos, sin = np.cos(turn) * scale, np.sin(turn) * scale
    offset = _GRID[None] * a.radius[i][:, None, None]  # (N, G, 2)
    turned = np.stack(
        [
            cos[:, None] * offset[..., 0] - sin[:, None] * offset[..., 1],
            sin[:, None] * offset[..., 0] + cos[:, None] * offset[..., 1],
        ],
        -1,
    )
    at_a, at_b = a.place[i][:, None] + offset, b.place[j][:, None] + turned
    colour_a, trust_a = _sample(a, at_a, level)
    colour_b, trust_b = _sample(b, at_b, level_b)
    good = (trust_a > 0.98) & (trust_b > 0.98)
    alike = _likeness(colour_a, colour_b, good)
    even = _evenness(a, at_a, level, colour_a) * _evenness(b, at_b, level_b, colour_b)
    use = good & (alike > ALIKE)[:, None]
    which, cell = np.nonzero(use)
    return Matches(
        colour_a[which, cell],
        colour_b[which, cell],
        (alike[:, None] * even)[which, cell].astype(np.float32),
        which,
        at_a[which, cell],
        at_b[which, cell],
    )


def _sample(s: Structures, at: np.ndarray, level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Colour (N, G, 3) and trust (N, G) at places (N, G, 2), each structure under its own blur.

    level is log2 of the blur in pixels; between two blurs the colour is mixed.
    """
    colour = np.zeros((*at.shape[:2], 3), np.float32)
    trust = np.zeros(at.shape[:2], np.float32)
    for each in range(len(_BLURS)):
        share = np.maximum(1 - np.abs(level - each), 0).astype(np.float32)
        mine = np.flatnonzero(share)
        # remap takes at most 32767 rows or columns of output
        for some in np.array_split(mine, len(mine) // 30000 + 1):
            if not len(some):
                continue
            x, y = (np.ascontiguousarray(at[some][..., k]) for k in (0, 1))
            blurred, known = (
                cv2.remap(picture[each], x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
                for picture in (s.colours, s.trust)
            )
            colour[some] += blurred * share[some, None, None]
            trust[some] += known * share[some, None]
    return colour, trust


def _evenness(s: Structures, at: np.ndarray, level: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """1 where a place looks the same under more blur, less where a small miss would tell.

    A place beside an edge is not measured where it is believed to be; pairs from such places
    pull every slope towards flat (errors in both variables).
    """
    wider, _ = _sample(s, at, np.minimum(level + 1, len(_BLURS) - 1))
    change = np.abs(acescct(wider) - acescct(colour)).max(-1)
    return np.asarray(1 / (1 + (change / EVEN) ** 2))


def _likeness(a: np.ndarray, b: np.ndarray, good: np.ndarray) -> np.ndarray:
    """Correlation (N,) of log luminance over the grids; -1 where too little of them counts."""
    one, two = (acescct(np.maximum(c @ LUMINANCE, 0)) for c in (a, b))
    count = good.sum(1)
    enough = count >= len(_GRID) // 2
    count = np.maximum(count, 1)
    one = np.where(good, one - (one * good).sum(1, keepdims=True) / count[:, None], 0)
    two = np.where(good, two - (two * good).sum(1, keepdims=True) / count[:, None], 0)
    spread = np.sqrt((one**2).sum(1) * (two**2).sum(1))
    return np.where(enough & (spread > 1e-6), (one * two).sum(1) / np.maximum(spread, 1e-6), -1.0)
