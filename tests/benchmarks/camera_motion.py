"""How often the camera's move is named right, on moves that are known.

    python tests/benchmarks/camera_motion.py --footage DIR [--shots 120] [--seed 1]

Pictures of the movies and stills in DIR are seen by a camera that stands, pans, tilts, zooms, rolls
or is held by hand (`tests/unit/moves.py`), with an actor in front, who may fill the frame, motion
blur, grain and a drift of exposure. "Not known" counts as wrong, and is told apart.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "unit"))

import moves

from answerprint.vision.camera import CameraMotion

MOMENTS = (0.2, 0.7)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--footage", required=True, type=Path)
    asked.add_argument("--shots", type=int, default=120)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    pictures = list(bases(given.footage))
    right: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    spent, frames = 0.0, 0
    for turn in range(given.shots):
        kind = moves.KINDS[turn % len(moves.KINDS)]
        random = np.random.default_rng([given.seed, turn])
        (name, base), (_, actor) = (pictures[random.integers(len(pictures))] for _ in range(2))
        path = moves.draw(kind, int(random.integers(20, 96)), random)
        tall = float(random.choice([0, 0.4, 0.7, 1.2]))
        noise = float(np.exp(random.uniform(np.log(0.003), np.log(0.05))))
        motion = CameraMotion(moves.RATE)
        for frame in moves.shot(base, actor, path, random, tall=tall, noise=noise):
            began = time.process_time()
            motion.see(*frame)
            spent, frames = spent + time.process_time() - began, frames + 1
        told = motion.told()["camera"]
        right[kind] += told["kind"] == kind
        unknown[kind] += told["kind"] is None
        if told["kind"] != kind:
            print(f"{kind} taken for {told['kind']}: {name}, actor {tall:g}, {told['how']}")
    for kind in moves.KINDS:
        count = len(range(moves.KINDS.index(kind), given.shots, len(moves.KINDS)))
        print(f"{kind:10} {right[kind]} of {count}, {unknown[kind]} not known")
    known = given.shots - unknown.total()
    print(f"{right.total()} of {given.shots}, {right.total() / max(known, 1):.1%} of the known")
    print(f"{1000 * spent / frames:.1f} ms of CPU a frame of 480 x 270")
    return 0


def bases(folder: Path):
    """Name and light (h, w, 3) of two moments of each movie, and of each larger still."""
    for path in sorted((folder / "movies").iterdir()):
        movie = cv2.VideoCapture(str(path))
        for moment in MOMENTS:
            movie.set(cv2.CAP_PROP_POS_FRAMES, int(movie.get(cv2.CAP_PROP_FRAME_COUNT) * moment))
            there, picture = movie.read()
            if there:
                yield path.name, _light(picture)
    for path in sorted((folder / "stills").rglob("*")):
        picture = cv2.imread(str(path)) if path.suffix in (".png", ".jpg") else None
        if picture is not None and picture.shape[1] > 600:
            scale = min(1.0, 1600 / picture.shape[1])
            yield path.name, _light(cv2.resize(picture, None, fx=scale, fy=scale))


def _light(picture: np.ndarray) -> np.ndarray:
    return ((picture[..., ::-1] / 255.0) ** 2.2).astype(np.float32)


if __name__ == "__main__":
    raise SystemExit(main())
