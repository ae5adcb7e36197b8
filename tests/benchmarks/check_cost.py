"""What a whole `check` costs: its slope over shots and frames, beside decoding, memory and disk.

    python tests/benchmarks/check_cost.py --footage DIR --work DIR [--part shots] [--part 4k]

shots    edits of 4 to 64 shots of 6 frames, crops of the movies as half EXR, from 8 set-ups.
frames   one edit of 4 shots with more and more frames.
4k       two halves of a shot of 4096 x 2160 half EXR, beside decoding all of their rows.
movies   two takes of each movie, beside decoding every frame of them.
long     an edit of many short events (`--events`), from the movies.

Each check has a process of its own, that nothing is kept for; CPU seconds are those of all its
threads, which other work on the machine moves less than the clock. Disk is what its samples take.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import opentimelineio as otio

sys.path.append(str(Path(__file__).parents[1]))

from match_speed import make
from passport_speed import decoded
from soundstage.shots import save_shot

from answerprint.frames.clip import open_clip

RATE, SETUPS, SIZE = 24, 8, (640, 360)
Event = tuple[str, str, int, int]
"""Name, media, first frame, frames."""
BESIDE = (
    "| media | frames | decode: s, CPU s | check: s | CPU s | memory, MB | samples, MB "
    "| ratio, CPU ratio |\n|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Cost:
    """Of one check: seconds, CPU seconds, MB of memory and of samples on disk at most."""

    wall: float
    spent: float
    memory: float
    disk: float

    def __str__(self) -> str:
        return f"{self.wall:.0f} | {self.spent:.1f} | {self.memory:.0f} | {self.disk:.0f}"


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--footage", required=True, type=Path)
    asked.add_argument("--work", required=True, type=Path)
    asked.add_argument("--part", action="append", choices=tuple(PARTS))
    asked.add_argument("--shots", type=int, nargs="+", default=[4, 8, 16, 32, 64])
    asked.add_argument("--frames", type=int, default=48, help="of the 4K shot")
    asked.add_argument("--events", type=int, default=300)
    given = asked.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    for name in given.part or PARTS:
        print(f"\n{name} (load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)\n")
        PARTS[name](given)
    return 0


def of_shots(given: argparse.Namespace) -> None:
    print("| shots of 6 frames | s | CPU s | memory, MB | samples, MB | CPU s a shot |")
    print("|---|---|---|---|---|---|")
    shots = list(taken(given.footage, given.work / "takes", max(given.shots), 6))
    rows = []
    for count in given.shots:
        cost = checked(shots[:count], given.work)
        rows.append((count, cost.spent))
        print(f"| {count} | {cost} | {cost.spent / count:.2f} |", flush=True)
    _slope(rows, "shot")


def of_frames(given: argparse.Namespace) -> None:
    print("| frames of each of 4 shots | s | CPU s | memory, MB | samples, MB |")
    print("|---|---|---|---|---|")
    shots = list(taken(given.footage, given.work / "long_takes", 4, 96))
    rows = []
    for count in (12, 24, 48, 96):
        cost = checked([(*shot[:3], count) for shot in shots], given.work)
        rows.append((4 * count, cost.spent))
        print(f"| {count} | {cost} |", flush=True)
    _slope(rows, "frame")


def of_4k(given: argparse.Namespace) -> None:
    folder, half = given.work / "plate_4k", given.frames // 2
    make(folder, given.frames, (4096, 2160))
    events = [
        (f"take_{turn}", f"{folder}/plate.%04d.exr", 1001 + turn * half, half) for turn in (0, 1)
    ]
    print(BESIDE)
    beside(events, given.work)


def of_movies(given: argparse.Namespace) -> None:
    print(BESIDE)
    for path in sorted((given.footage / "movies").iterdir()):
        with open_clip(str(path)) as clip:
            first, count = clip.frames[0], len(clip.frames)
        half = min(count // 2, 100)
        events = [(f"take_{t}", str(path), first + t * half, half) for t in (0, 1)]
        if half >= 24:
            beside(events, given.work)


def of_events(given: argparse.Namespace) -> None:
    """Takes of 12 frames, one after another from each movie in turn."""
    events: list[Event] = []
    at = 0
    movies = []
    for path in sorted((given.footage / "movies").iterdir()):
        with open_clip(str(path)) as clip:
            movies.append((str(path), clip.frames[0], len(clip.frames)))
    while len(events) < given.events:
        path, first, count = movies[at % len(movies)]
        start = (at // len(movies) * 17) % max(1, count - 12)
        events.append((f"e{at:03d}", path, first + start, min(12, count)))
        at += 1
    cost = checked(events, given.work)
    print("| events of 12 frames | s | CPU s | memory, MB | samples, MB |\n|---|---|---|---|---|")
    print(f"| {len(events)} | {cost} |")


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "shots": of_shots, "frames": of_frames, "4k": of_4k, "movies": of_movies, "long": of_events,
}  # fmt: skip


def taken(footage: Path, folder: Path, count: int, frames: int) -> Iterator[Event]:
    """Takes from SETUPS set-ups: a crop of a movie each, with grain, a little apart each time."""
    movies = sorted((footage / "movies").iterdir())[:SETUPS]
    for number in range(count):
        random = np.random.default_rng(number)
        place = folder / f"t{number:03d}"
        if not place.exists():
            with open_clip(str(movies[number % len(movies)])) as clip:
                start = int(random.integers(0, max(1, len(clip.frames) - frames)))
                numbers = clip.frames[start : start + frames]
                light = {1001 + k: _crop(clip.picture(n)[0]) for k, n in enumerate(numbers)}
            for picture in light.values():
                picture += random.normal(0, 0.01, picture.shape) * np.sqrt(np.abs(picture) + 0.01)
            save_shot(place, light)
        yield place.name, f"{place}/{place.name}.%04d.exr", 1001, frames


def _crop(picture: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.resize(picture, SIZE, interpolation=cv2.INTER_AREA), np.float32)


def beside(events: Sequence[Event], work: Path) -> None:
    """A line: what a check costs beside decoding what it watches."""
    wall, spent = time.perf_counter(), time.process_time()
    for _, path, first, count in events:
        with open_clip(path, colourspace="ACEScg" if "%" in path else None) as clip:
            decoded(clip, tuple(range(first, first + count)))
    wall, spent = time.perf_counter() - wall, time.process_time() - spent
    cost = checked(events, work)
    name, frames = Path(events[0][1]).name, sum(count for *_, count in events)
    print(
        f"| {name} | {frames} | {wall:.1f}, {spent:.1f} | {cost} | "
        f"{cost.wall / wall:.2f}, {cost.spent / spent:.2f} |",
        flush=True,
    )


def checked(events: Sequence[Event], work: Path) -> Cost:
    """Check an edit of these events in a process that nothing is kept for."""
    cut, cache = work / "cut.otio", work / "cache"
    write(events, cut)
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir()
    command = [sys.executable, "-m", "answerprint", "check", str(cut), "--out", str(work / "out")]
    began, disk = time.perf_counter(), 0
    with open(work / "said.txt", "w") as said:
        child = subprocess.Popen(
            command, env={**os.environ, "XDG_CACHE_HOME": str(cache)}, stderr=said, stdout=said
        )
        while True:
            pid, status, used = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            disk = max(disk, sum(each.stat().st_size for each in cache.rglob("*.npz")))
            time.sleep(0.2)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"The check ended with {child.returncode}: see {work}/said.txt.")
    wall = time.perf_counter() - began
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, disk / 1e6)


def write(events: Sequence[Event], cut: Path) -> None:
    def span(first: int, length: int) -> otio.opentime.TimeRange:
        time_ = otio.opentime.RationalTime
        return otio.opentime.TimeRange(time_(first, RATE), time_(length, RATE))

    timeline = otio.schema.Timeline("cost")
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    timeline.tracks.append(track)
    for name, path, first, count in events:
        track.append(
            otio.schema.Clip(name, otio.schema.ExternalReference(path), span(first, count))
        )
    otio.adapters.write_to_file(timeline, str(cut))


def _slope(rows: Sequence[tuple[int, float]], what: str) -> None:
    if len(rows) < 2:
        return
    counts, seconds = np.array(rows, float).T
    rate, start = np.polyfit(counts, seconds, 1)
    off = np.abs(rate * counts + start - seconds).max() / seconds.max()
    power = np.polyfit(np.log(counts), np.log(seconds), 1)[0]
    print(f"\n{rate:.2f} CPU s a {what} and {start:.1f} in all; {off:.0%} off a line at most; ")
    print(f"it grows with the power {power:.2f}.")


if __name__ == "__main__":
    raise SystemExit(main())
