"""What a passport costs: watching beside decoding, for 4K EXR and for movies, and its slope.

    python tests/benchmarks/passport_speed.py --work DIR [--frames 24] [--movies DIR]

Frames of 4096 x 2160, half RGBA, ZIPS, with structure and noise, are made in DIR (36 MB each).
Decoding is the suite's own, all rows of each frame, as many frames at a time as watching has.
Both are told by the clock and by processor time, which other work on the machine moves less.
The slope is that of two lengths of one shot: what a frame costs beside the shot's own cost.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from match_speed import make

from answerprint.frames.clip import STRIP, Clip, open_clip
from answerprint.vision.watch import AHEAD, watch

Cost = tuple[float, float]


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--work", required=True, type=Path)
    asked.add_argument("--frames", type=int, default=24)
    asked.add_argument("--rounds", type=int, default=2)
    asked.add_argument("--movies", type=Path, help="a folder of movies, 100 frames of each")
    given = asked.parse_args()
    plates = given.work / "plate_4k"
    make(plates, given.frames, (4096, 2160))
    print("| shot | frames | decode: s, CPU s | watch: s, CPU s | ratio, CPU ratio |")
    print("|---|---|---|---|---|")
    with open_clip(str(plates), colourspace="ACEScg") as clip:
        costs = [row(clip, length, given.rounds) for length in (given.frames // 2, given.frames)]
    slope = (costs[1][1] - costs[0][1]) / (given.frames - given.frames // 2)
    print(
        f"\na frame: {slope:.2f} CPU s; a shot: {costs[0][1] - slope * (given.frames // 2):.1f}\n"
    )
    for path in sorted(given.movies.glob("*.*")) if given.movies else []:
        with open_clip(str(path)) as clip:
            row(clip, min(100, len(clip.frames)), 1)
    print(f"\non {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    return 0


def row(clip: Clip, length: int, rounds: int) -> Cost:
    """A line of the table; what watching costs."""
    numbers = clip.frames[:length]
    plain = best(rounds, lambda: decoded(clip, numbers))
    full = best(rounds, lambda: watch(clip, (numbers[0], numbers[-1]), lambda *_: None))
    ratios = ", ".join(f"{b / a:.2f}" for a, b in zip(plain, full, strict=True))
    told = [f"{wall:.1f}, {spent:.1f}" for wall, spent in (plain, full)]
    print(f"| {clip.name} | {length} | {told[0]} | {told[1]} | {ratios} |", flush=True)
    return full


def best(rounds: int, once: Callable[[], object]) -> Cost:
    """Least seconds of the clock and of the processors."""
    costs = []
    for _ in range(rounds):
        wall, spent = time.perf_counter(), time.process_time()
        once()
        costs.append((time.perf_counter() - wall, time.process_time() - spent))
    return min(c[0] for c in costs), min(c[1] for c in costs)


def decoded(clip: Clip, numbers: tuple[int, ...]) -> None:
    def one(number: int) -> None:
        with clip.open(number) as frame:
            height = frame.parts[0].data.height
            for y in range(0, height, STRIP):
                frame.rows(0, y, min(y + STRIP, height))

    with ThreadPoolExecutor(AHEAD if clip.kind == "stills" else 1) as pool:
        list(pool.map(one, numbers))


if __name__ == "__main__":
    sys.exit(main())
