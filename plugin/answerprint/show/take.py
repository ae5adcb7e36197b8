"""One clip, measured: its facts, its shots with their passports, and what they are found again by.

Every frame is decoded once, for the passport, for cuts inside and for the looks. Where a cut
shows, the rest is looked through for cuts alone, which is quick, and then the clip is watched shot
by shot: a passport is of one shot.

A shot's looks are pictures spread over it: one every SECONDS, LEAST at least, MOST at most. One
that tells what the one before told is left out, but for the last.

Convention
    frames      the core's numbers, both ends included.
    thumb       a JPEG, ACROSS wide, through the show's view for a screen.
    palette     float16 rows (code 3, height, texture, weight) of the CELLS largest cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from answerprint.edit.media import Media, facts
from answerprint.errors import BadInput
from answerprint.frames import colour
from answerprint.frames.clip import Clip, open_clip
from answerprint.show.dailies import Said, said_by
from answerprint.vision.boundaries import Boundaries, inside, pictures
from answerprint.vision.gradual import Change
from answerprint.vision.palette import Palette, palette
from answerprint.vision.sketch import Landmarks, landmarks, near, sketch
from answerprint.vision.watch import RATE, Seen, Sight, watch

SECONDS, LEAST, MOST = 4.0, 3, 24
HEAD = 0.04
"""Part of a shot before its first look, and after its last: slates and shaking hands."""
ACROSS, QUALITY = 320, 85
PALETTE, CELLS = 200, 48
"""Pixels across of the picture that a palette is taken of, and its cells."""

Range = tuple[int, int]
Told = Callable[[float], None]
"""Is called with the part that is done, 0..1, and may raise to stop."""


@dataclass(frozen=True)
class Look:
    """One picture of a shot: what it is found again by, and small for the eye."""

    frame: int
    found: Landmarks
    sketch: np.ndarray
    palette: bytes
    thumb: bytes


@dataclass(frozen=True)
class Shot:
    """frames: first and last. passport: plain JSON (`vision/passport.py`)."""

    frames: Range
    passport: dict[str, Any]
    looks: tuple[Look, ...]


@dataclass(frozen=True)
class Take:
    """A clip as the show keeps it. said: of its camera, by the media. notes: what was assumed, as
    sentences."""

    media: Media
    said: Said
    shots: tuple[Shot, ...]
    notes: tuple[str, ...]


def measure(path: str, told: Told, colourspace: str = "") -> Take:
    """Measure a clip. Cost: linear in frames; memory: constant.

    Raises BadInput where it cannot be read, and what `told` raises.
    """
    with open_clip(path, colourspace=colourspace or None) as clip:
        media = facts(path, clip, colourspace)
        return Take(media, _said(clip, media), tuple(_shots(clip, told)), clip.notes)


def said_at(path: str, colourspace: str = "") -> Said:
    """What the media at a path say of their camera, and the space that somebody named for them.

    Raises BadInput where they cannot be read.
    """
    with open_clip(path, colourspace=colourspace or None) as clip:
        return _said(clip, facts(path, clip, colourspace))


def _said(clip: Clip, media: Media) -> Said:
    said = said_by(clip, media.path)
    if media.reel:
        said["reel"] = media.reel
    if media.named:
        said["colourspace"] = media.named
    return said


class _Parted(Exception):
    """The clip has a cut inside: a passport of all of it would be of nothing."""


def _shots(clip: Clip, told: Told) -> list[Shot]:
    whole, count = (clip.frames[0], clip.frames[-1]), len(clip.frames)
    cuts, single = Boundaries(), list[Shot]()
    seen = 0

    def also(number: int, sight: Sight | None) -> None:
        nonlocal seen
        seen += 1
        cuts.see(None if sight is None else sight.pace[0])
        if cuts.parted() or inside(cuts.decided(), count):
            raise _Parted

    try:
        single.append(_shot(clip, whole, lambda now, _: told(now / count), also))
    except _Parted:
        for number, picture in pictures(clip, clip.frames[seen:]):
            told((number - whole[0] + 1) / count)
            cuts.see(None if isinstance(picture, BadInput) else picture)
    parts = _parts(cuts.told(), whole)
    if single and len(parts) == 1:
        return single
    found = list[Shot]()
    for part in parts:
        before = part[0] - whole[0]

        def step(now: int, total: int, before: int = before) -> None:
            told((before + now) / count)

        found.append(_shot(clip, part, step))
    return found


def _parts(found: Sequence[Change], whole: Range) -> list[Range]:
    """The shots between boundaries."""
    count = whole[1] - whole[0] + 1
    starts = [0, *(each.frame for each in inside(found, count))]
    ends = [*starts[1:], count]
    return [(whole[0] + a, whole[0] + b - 1) for a, b in zip(starts, ends, strict=True)]


def _shot(
    clip: Clip, frames: Range, told: Callable[[int, int], None], also: Seen | None = None
) -> Shot:
    """also: sees every frame as well, and may raise to stop."""
    looks = _Looks(wanted(frames, float(clip.rate or RATE)))

    def seen(number: int, sight: Sight | None) -> None:
        looks.see(number, sight)
        if also is not None:
            also(number, sight)

    watched = watch(clip, frames, told, seen=seen)
    return Shot(frames, watched.passport, tuple(looks.kept))


# --- looks ---------------------------------------------------------------------------------


def wanted(frames: Range, rate: float) -> list[int]:
    """The frames of a shot that are to be looks, ascending."""
    first, last = frames
    count = last - first + 1
    many = min(MOST, max(LEAST, math.ceil(count / (SECONDS * rate))), count)
    if many == 1:
        return [first + count // 2]
    at = np.linspace(HEAD * (count - 1), (1 - HEAD) * (count - 1), many)
    return [first + int(each) for each in at.round()]


class _Looks:
    """Takes the looks as the frames come by; for one that cannot be had, the next that can."""

    def __init__(self, wanted: list[int]) -> None:
        self._wanted, self._last = wanted[::-1], wanted[-1]
        self.kept = list[Look]()

    def see(self, number: int, sight: Sight | None) -> None:
        if sight is None or not self._wanted or number < self._wanted[-1]:
            return
        while self._wanted and self._wanted[-1] <= number:
            self._wanted.pop()
        look = _look(number, *sight.wide())
        if self._wanted and self.kept and near(self.kept[-1].sketch, look.sketch):
            return
        self.kept.append(look)


def _look(number: int, rgb: np.ndarray, valid: np.ndarray) -> Look:
    found = landmarks(rgb, valid)
    return Look(number, found, sketch(found), colours(rgb, valid), thumb(rgb))


def colours(rgb: np.ndarray, valid: np.ndarray) -> bytes:
    """The palette of a picture as the show keeps it; `palette_of` reads it."""
    small, there = _smaller(rgb, PALETTE), valid
    if small is not rgb:
        shape = small.shape[1::-1]
        there = cv2.resize(valid.astype(np.float32), shape, interpolation=cv2.INTER_AREA) > 0.5
    if not there.any():
        return b""
    cells = palette([(small, there)])
    rows = np.column_stack([cells.code, cells.place, cells.weight])[:CELLS]
    return rows.astype("<f2").tobytes()


def palette_of(kept: bytes) -> Palette:
    """A palette as `colours` gave it; weights are those of the cells that were kept."""
    rows = np.frombuffer(kept, "<f2").reshape(-1, 6).astype(np.float64)
    weight = rows[:, 5] / max(float(rows[:, 5].sum()), 1e-9)
    return Palette(rows[:, :3], rows[:, 3:5], weight)


def thumb(rgb: np.ndarray) -> bytes:
    """A picture (h, w, 3) scene-linear ACEScg as a JPEG through the show's view."""
    code = np.clip(np.nan_to_num(colour.through_view(_smaller(rgb, ACROSS))[..., ::-1]), 0, 1)
    quality = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    done, data = cv2.imencode(".jpg", np.rint(code * 255).astype(np.uint8), quality)
    if not done:
        raise BadInput("A small picture could not be made.", "Look at the clip's frames.")
    return data.tobytes()


def _smaller(rgb: np.ndarray, across: int) -> np.ndarray:
    height, width = rgb.shape[:2]
    if width <= across:
        return rgb
    size = (across, max(1, round(height * across / width)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.float32)
