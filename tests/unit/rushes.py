"""Dailies made small: sequences and movies, each of another place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import movies
import numpy as np
from pictures import save
from shots import TAGS

from answerprint.show.store import Show

SIZE = (54, 96)


def place(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """(H, W, 3) float32 light of a place that no other seed has: plates, edges, a highlight."""
    rng = np.random.default_rng(seed)
    height, width = size
    light = np.full((height, width, 3), 0.1, np.float32)
    for _ in range(24):
        x, y = (int(v) for v in rng.integers(0, (width, height)))
        w, h = (int(v) for v in rng.integers(6, 24, 2))
        colour = [float(v) for v in np.exp(rng.normal(-1.5, 0.9, 3))]
        cv2.rectangle(light, (x, y), (x + w, y + h), colour, -1)
    light[2, 2], light[3, 3] = 60, -0.05
    return light


def sequence(
    folder: Path,
    name: str,
    seed: int,
    count: int = 3,
    size: tuple[int, int] = SIZE,
    grain: float = 0.004,
    **tags: Any,
) -> str:
    """Frames of a place from 1001 on, under grain that is a part of the light; the pattern."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1001, 1001 + count):
        noise = np.random.default_rng((seed, number)).normal(0, grain, (*size, 3))
        light = (place(seed, size) * (1 + noise)).astype(np.float16)
        save(folder / f"{name}.{number:04d}.exr", light, **{**TAGS, **tags})
    return str(folder / f"{name}.%04d.exr")


def movie(path: Path, seeds: Sequence[int], count: int = 6, **how: Any) -> str:
    """A movie of places one after the other, `count` frames each, with a cut between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pictures = []
    for seed in seeds:
        code = np.clip(place(seed), 0, 1) ** 0.45
        planes = np.rint(16 + 219 * code.mean(-1))
        for turn in range(count):
            moved = np.roll(planes, turn, axis=1)
            pictures.append([moved, *(np.full((27, 48), 128 + 6 * (seed % 3)) for _ in "uv")])
    return movies.make(path, pictures, **how)


def rushes(folder: Path) -> Path:
    """Two sequences and a movie below a folder."""
    sequence(folder / "day1/A001", "wall", 1)
    sequence(folder / "day1/A002", "door", 2)
    movie(folder / "day2/roof.mkv", [3])
    return folder


def cameras(show: Show) -> dict[str, Any]:
    """What a show knows of the camera of each clip, by its name."""
    with show.reading() as db:
        rows = db.execute("SELECT name, camera, reel FROM clip").fetchall()
    return {name: {**json.loads(camera), "reel of it": reel} for name, camera, reel in rows}
