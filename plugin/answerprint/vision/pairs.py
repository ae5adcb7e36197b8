"""The evidence of a match: colours that two shots share, from pictures spread over both.

Convention
    pictures   frame number -> (rgb (H, W, 3) float32 scene-linear ACEScg, valid (H, W) bool).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from answerprint.frames.curves import acescct
from answerprint.vision.correspond import (
    LUMINANCE,
    Matches,
    Structures,
    likely,
    match,
    structures,
)
from answerprint.vision.levels import Pairs

Pictures = Mapping[int, tuple[np.ndarray, np.ndarray]]

ENOUGH = 15
"""Structures found again from which a match rests on them; fewer may be chance."""
FRAME_PAIRS = 8
THREADS = 8
PER_STRUCTURE = 4.0
"""Independent measurements that the 25 areas of one structure count as."""
MOST = 6000
REGIONS = (12, 8)
CLIP, PLATEAU = 0.98, 0.001
FLOOR = 2.0**-8
"""Luminance under which a pixel counts as noise, of the shot's bright parts (95 %)."""


@dataclass(frozen=True)
class Evidence:
    """Pairs, where they were measured, and how many structures stand behind them.

    where   (N, 6): source frame, x, y, reference frame, x, y; places 0..1 of the picture.
    """

    pairs: Pairs
    where: np.ndarray
    structures: int


def usable(pictures: Pictures) -> Pictures:
    """The pictures, with clipped and noise-floor pixels no longer valid.

    A channel is clipped where a share of all pixels sits on its largest value.
    """
    light = np.concatenate([rgb[valid] for rgb, valid in pictures.values()])
    if not len(light):
        return pictures
    channels = [np.ascontiguousarray(light[:, i]) for i in range(3)]  # three times as fast
    top = np.array([c.max() for c in channels])
    clips = (
        np.array([(c >= 0.995 * most).mean() for c, most in zip(channels, top, strict=True)])
        > PLATEAU
    )
    limit = np.where(clips, CLIP * top, np.inf)
    floor = FLOOR * np.percentile(light @ LUMINANCE, 95)

    def kept(rgb: np.ndarray, valid: np.ndarray) -> np.ndarray:
        bright = rgb @ LUMINANCE > floor
        for channel in np.flatnonzero(clips):
            bright &= rgb[..., channel] < limit[channel]
        return valid & bright

    return {number: (rgb, kept(rgb, valid)) for number, (rgb, valid) in pictures.items()}


def shared_surfaces(
    source: Pictures,
    reference: Pictures,
    told: Callable[[int, int], None],
    every_frame: bool = False,
) -> Evidence:
    """What both shots show, over the pairs of frames that have most in common.

    told          is called with (done, total) between steps, and may raise to stop.
    every_frame   each source frame with its best reference frame, as a ramp needs it.
    """
    seen = [*((0, n) for n in source), *((1, n) for n in reference)]
    pairings = len(source) if every_frame else min(FRAME_PAIRS, len(source) * len(reference))
    total = len(seen) + pairings
    found: dict[tuple[int, int], Structures] = {}
    with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1)) as pool:
        pictures = (source, reference)
        for key, made in zip(
            seen, pool.map(lambda k: structures(*pictures[k[0]][k[1]]), seen), strict=True
        ):
            found[key] = made
            told(len(found), total)
    ranked = sorted(
        ((likely(found[0, s], found[1, r]), s, r) for s in source for r in reference),
        key=lambda each: -each[0],
    )
    best: dict[int, tuple[int, int, int]] = {}
    for each in ranked:
        best.setdefault(each[1], each)
    chosen = list(best.values()) if every_frame else ranked[:FRAME_PAIRS]
    parts: list[tuple[Matches, int, int]] = []
    for step, (_, s, r) in enumerate(chosen):
        parts.append((match(found[0, s], found[1, r]), s, r))
        told(len(seen) + step + 1, total)
    return together([p for p in parts if p[0].structures >= ENOUGH // 2], source, reference)


def together(
    parts: list[tuple[Matches, int, int]], source: Pictures, reference: Pictures
) -> Evidence:
    if not parts:
        none = np.zeros((0, 3))
        return Evidence(Pairs(none, none, np.zeros(0), np.zeros(0, int)), np.zeros((0, 6)), 0)
    codes, wanted, weights, where = [], [], [], []
    for found, s, r in parts:
        _, group, cells = np.unique(found.structure, return_inverse=True, return_counts=True)
        codes.append(acescct(found.source.astype(np.float64)))
        wanted.append(acescct(found.reference.astype(np.float64)))
        weights.append(found.weight * PER_STRUCTURE / cells[group] / np.sqrt(len(parts)))
        where.append(
            np.concatenate(
                [_places(found.source_at, s, source), _places(found.reference_at, r, reference)], 1
            )
        )
    at = np.concatenate(where)
    pairs = Pairs(
        np.concatenate(codes), np.concatenate(wanted), np.concatenate(weights), _regions(at)
    )
    sound = (np.isfinite(pairs.source) & np.isfinite(pairs.reference)).all(1)
    rows = np.flatnonzero(sound)
    if len(rows) > MOST:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST, replace=False))
        pairs = Pairs(pairs.source, pairs.reference, pairs.weight * sound.sum() / MOST, pairs.group)
    pairs = pairs.some(rows)
    balanced = pairs.weight / np.sqrt(_crowd(pairs.reference))
    scale = pairs.weight.sum() / max(balanced.sum(), 1e-9)
    pairs = Pairs(pairs.source, pairs.reference, balanced * scale, pairs.group)
    most = max(found.structures for found, _, _ in parts)
    return Evidence(pairs, at[rows], most)


def _places(at: np.ndarray, frame: int, pictures: Pictures) -> np.ndarray:
    height, width = pictures[frame][1].shape
    return np.concatenate([np.full((len(at), 1), frame), at / (width, height)], 1)


def _regions(where: np.ndarray) -> np.ndarray:
    """Which part of the shot's picture a pair lies in: what lies together errs together."""
    cells = np.floor(where[:, 1:3] * REGIONS).astype(int)
    _, region = np.unique(cells, axis=0, return_inverse=True)
    return np.asarray(region.ravel())


def _crowd(codes: np.ndarray, cell: float = 0.03) -> np.ndarray:
    """How many pairs share a pair's cell of colour: a patterned carpet is no better evidence
    than a plain wall."""
    _, where, count = np.unique(
        np.floor(codes / cell).astype(int), axis=0, return_inverse=True, return_counts=True
    )
    return np.asarray(count[where.ravel()])
