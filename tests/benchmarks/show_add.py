"""What `show add` costs: beside decoding alone and beside the passport, and its slope.

    python tests/benchmarks/show_add.py --work DIR [--clips FOLDER] [--frames 24]

Every clip below FOLDER is decoded (all rows of each frame), watched for its passport, and learned
into a show in DIR, each in this process on one thread, and told in processor time. The slope is
that of three lengths of one EXR sequence of 1920 x 1080 (half, ZIPS, 12 MB a frame; a few frames
again and again): what a frame costs beside the clip's own cost.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
from match_speed import make

from answerprint.frames.clip import STRIP, open_clip
from answerprint.show.dailies import Daily, walk
from answerprint.show.learn import learn
from answerprint.show.store import Show, make_show
from answerprint.vision.watch import watch

DRAWN = 8


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--work", required=True, type=Path)
    asked.add_argument("--clips", type=Path, help="a folder of movies and sequences")
    asked.add_argument("--frames", type=int, default=24, help="of the shortest sequence")
    given = asked.parse_args()
    cv2.setNumThreads(1)
    shutil.rmtree(given.work / "show", ignore_errors=True)
    show = make_show(given.work / "show")
    print("| clip | frames | shots | decode, CPU s | watch | add | add / decode | add / watch |")
    print("|---|---|---|---|---|---|---|---|")
    for daily in walk([str(given.clips)]).clips.values() if given.clips else []:
        row(show, daily)
    print("\n| frames | add, CPU s | a frame beyond the shortest, ms |")
    print("|---|---|---|")
    costs = dict[int, float]()
    for length in (given.frames, 2 * given.frames, 4 * given.frames):
        daily = repeated(given.work, length)
        costs[length] = spent(lambda daily=daily: learn(show, daily, lambda done: None))
        more, since = length - given.frames, costs[length] - costs[given.frames]
        slope = f"{1000 * since / more:.1f}" if more else ""
        print(f"| {length} | {costs[length]:.1f} | {slope} |", flush=True)
    print(f"\non {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    return 0


def row(show: Show, daily: Daily) -> None:
    with open_clip(daily.path) as clip:
        count = len(clip.frames)
        plain = spent(lambda: decoded(daily.path))
        frames = (clip.frames[0], clip.frames[-1])
        passport = spent(lambda: watch(clip, frames, lambda *_: None))
    found = {}
    whole = spent(lambda: found.update(learn(show, daily, lambda done: None)))
    told = f"{plain:.1f} | {passport:.1f} | {whole:.1f} | {whole / plain:.2f}"
    shots = found["shots"]
    print(f"| {daily.name} | {count} | {shots} | {told} | {whole / passport:.2f} |", flush=True)


def decoded(path: str) -> None:
    with open_clip(path) as clip:
        for _, frame in clip.stream(clip.frames):
            if isinstance(frame, Exception):
                continue
            with frame:
                height = frame.parts[0].data.height
                for y in range(0, height, STRIP):
                    frame.rows(0, y, min(y + STRIP, height))


def repeated(work: Path, length: int) -> Daily:
    """A sequence of so many frames that are DRAWN files under many names."""
    drawn, folder = work / "drawn", work / f"of {length}"
    make(drawn, DRAWN, (1920, 1080))
    files = sorted(drawn.glob("*.exr"))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number in range(length):
        os.link(files[number % len(files)], folder / f"plate.{1001 + number}.exr")
    return next(iter(walk([str(folder)]).clips.values()))


def spent(work: Callable[[], object]) -> float:
    """Processor time, of all threads."""
    before = time.process_time()
    work()
    return time.process_time() - before


if __name__ == "__main__":
    sys.exit(main())
