"""Shots of a check made of pictures in memory: what `check/model.Shot` needs and no file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from soundstage.room import Camera, render

from answerprint.check.model import Scene, Shot, Study
from answerprint.check.relations import relate
from answerprint.check.scenes import scenes
from answerprint.edit.cut import Cut, Event

RATE = Fraction(24)
FRAMES = 24


def never(done: int, total: int) -> None:
    """Nobody listens."""


def shot(
    name: str,
    turn: int,
    pictures: Sequence[np.ndarray],
    passport: Mapping[str, Any] | None = None,
) -> Shot:
    """The shot that stands at this turn in the record, its samples as given."""
    record = (86400 + turn * FRAMES, 86400 + (turn + 1) * FRAMES)
    event = Event(
        turn + 1, name, name, 1, name, record, (0, FRAMES), RATE, frames=(1001, 1000 + FRAMES)
    )
    height, width = pictures[0].shape[:2]
    seen = {
        1001 + 4 * number: (picture.astype(np.float32), np.isfinite(picture).all(-1))
        for number, picture in enumerate(pictures)
    }
    cut = (turn * FRAMES, (turn + 1) * FRAMES)
    return Shot(event, cut, (width, height), passport or {}, lambda: seen)


def taken(
    camera: Camera, frames: Sequence[int] = (0, 3, 6), width: int = 480, **props: Any
) -> list[np.ndarray]:
    """Frames of the room as a camera takes them."""
    return [render(camera, frame, width, width * 9 // 16, **props) for frame in frames]


def study(shots: Sequence[Shot]) -> Study:
    """The shots as a cut, related and grouped."""
    cut = Cut("cut.otio", "cut", RATE, False, 86400, tuple(s.event for s in shots), ())
    relations = relate(shots, never)
    return Study(cut, tuple(shots), relations, scenes(shots, relations))


def scene_of(made: Study, name: str) -> Scene:
    return next(scene for scene in made.scenes if name in scene.shots)
