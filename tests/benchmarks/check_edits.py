"""What `check` finds in edits of real footage, all rules of grammar on, beside what is in them.

    python tests/benchmarks/check_edits.py --footage DIR --work DIR [--edit own] [--frames 60]

`own`: takes of the movies in an order that returns to its set-ups; put into it are a take graded
by half a stop and 25 mired, one with a frame that stands twice, a jump cut and a gap. `film`: the
shots of the animated film, cut where it is cut. Each finding is told with whether it was put in,
and its two pictures are written into the work folder, for the eye: what is right about footage
that nobody staged is judged by looking.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import opentimelineio as otio

sys.path.append(str(Path(__file__).parents[1]))

from soundstage.colour import rebalanced
from soundstage.shots import save_shot

from answerprint.check.kinds import KINDS
from answerprint.check.run import check
from answerprint.frames.clip import open_clip

RATE = 24
STOPS, MIRED = 0.5, 25.0
TAKE = 40
"""Frames of a take that is written as pictures, to put something into it."""
TWICE = 17
GAP = 12
DOG, CUPS, BLOCKS, COFFEE, JUGGLE = (
    "01_dog", "02_cups", "03_blocks", "04_coffee", "05_default_juggle",
)  # fmt: skip
PEOPLE, CARS, BOTTLES = "one-by-one-person-detection", "car-detection", "bottle-detection"
FILM, LATER = "big_buck_bunny_0_30", "big_buck_bunny_432_433"
EDITS: dict[str, tuple[tuple[str, int, int, str], ...]] = {
    "own": (
        (DOG, 0, 90, ""),
        (CUPS, 0, 80, ""),
        (DOG, 100, 100 + TAKE, "graded"),
        (CUPS, 150, 220, ""),
        (DOG, 240, 285, ""),
        (BLOCKS, 0, 90, ""),
        (COFFEE, 0, 80, ""),
        (BLOCKS, 100, 100 + TAKE, "twice"),
        (COFFEE, 150, 220, ""),
        (CARS, 60, 110, "gap"),
        (BOTTLES, 100, 200, ""),
        (CARS, 190, 240, ""),
        (PEOPLE, 130, 190, ""),
        (BOTTLES, 500, 600, ""),
        (PEOPLE, 290, 340, ""),
        (JUGGLE, 0, 90, ""),
        (JUGGLE, 200, 240, "jumps"),
    ),
    "film": (
        (FILM, 0, 283, ""), (FILM, 283, 376, ""), (FILM, 376, 551, ""), (FILM, 551, 720, ""),
        (LATER, 0, 24, ""),
    ),
}  # fmt: skip
"""Movie, first frame, one after the last, and what is wrong with it or stands before it."""
KIND_OF = {
    "graded": ("exposure", "white_balance"),
    "twice": ("duplicate_frames",),
    "gap": ("gap",),
    "jumps": ("jump_cut",),
}


@dataclass(frozen=True)
class Made:
    """A cut's file, and the kinds that were put into it with the shot that shows them."""

    path: Path
    put_in: tuple[tuple[str, str], ...]


def make(name: str, footage: Path, work: Path, most: int) -> Made:
    """Write an edit, no shot longer than `most` frames."""
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    put_in: list[tuple[str, str]] = []
    for number, (movie, first, end, wrong) in enumerate(EDITS[name], 1):
        source = next((footage / "movies").glob(f"{movie}.*"))
        shot = f"{number:02d}_{movie[:8]}"
        put_in += [(kind, shot) for kind in KIND_OF.get(wrong, ())]
        if wrong == "gap":
            track.append(otio.schema.Gap(duration=otio.opentime.RationalTime(GAP, RATE)))
        end = min(end, first + most)
        with open_clip(str(source)) as clip:
            rate, numbers = float(clip.rate or RATE), clip.frames
            if wrong in ("graded", "twice"):
                folder = work / shot
                if not folder.exists():
                    save_shot(folder, changed(clip, range(first, end), wrong))
                track.append(_clip(shot, f"{folder}/{shot}.%04d.exr", 1001, end - first, RATE))
                continue
        start = numbers[0]
        track.append(
            _clip(shot, str(source), start + first, end - first, rate, (start, len(numbers)))
        )
    timeline = otio.schema.Timeline(name, global_start_time=otio.opentime.RationalTime(86400, RATE))
    timeline.tracks.append(track)
    path = work / f"{name}.otio"
    otio.adapters.write_to_file(timeline, str(path))
    return Made(path, tuple(put_in))


def changed(clip: Any, numbers: range, wrong: str) -> Mapping[int, np.ndarray]:
    """Frames as ACEScg: graded, or one of them twice."""
    light = {1001 + k: clip.picture(clip.frames[0] + n)[0] for k, n in enumerate(numbers)}
    if wrong == "graded":
        grade = (rebalanced(MIRED) * 2**STOPS).astype(np.float32)
        return {number: picture @ grade.T for number, picture in light.items()}
    return light | {1001 + TWICE: light[1001 + TWICE - 1]}


def _clip(
    name: str,
    path: str,
    start: int,
    count: int,
    rate: float,
    there: tuple[int, int] | None = None,
) -> otio.schema.Clip:
    def span(first: int, length: int) -> otio.opentime.TimeRange:
        time = otio.opentime.RationalTime
        return otio.opentime.TimeRange(time(first, rate), time(length, rate))

    media: otio.core.MediaReference
    if there is None:
        folder, file = path.rsplit("/", 1)
        media = otio.schema.ImageSequenceReference(
            folder + "/", file.split("%")[0], ".exr", start, 1, rate, 4,
            available_range=span(start, count),
        )  # fmt: skip
    else:
        media = otio.schema.ExternalReference(path, span(*there))
    return otio.schema.Clip(name, media, span(start, count))


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--footage", required=True, type=Path)
    asked.add_argument("--work", required=True, type=Path)
    asked.add_argument("--edit", choices=tuple(EDITS), action="append")
    asked.add_argument("--frames", type=int, default=100, help="of a shot, at most")
    given = asked.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    for name in given.edit or EDITS:
        made = make(name, given.footage, given.work, given.frames)
        rules = given.work / "rules.toml"
        grammar = [kind for kind, each in KINDS.items() if each.family == "grammar"]
        rules.write_text("[levels]\n" + "".join(f'{kind} = "warn"\n' for kind in grammar), "utf-8")
        out, keep = given.work / f"{name}_report", given.work / "keep"
        keep.mkdir(exist_ok=True)
        began = time.perf_counter()
        report = check(str(made.path), out, rules=str(rules), keep=keep).report
        tell(name, made, report, time.perf_counter() - began)
        draw(report, out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{peak:.0f} MB of memory at most")
    return 0


def tell(name: str, made: Made, report: Mapping[str, Any], spent: float) -> None:
    minutes = report["cut"]["frames"] / RATE / 60
    print(f"\n{name}: {len(report['shots'])} shots, {minutes:.2f} minutes, {spent:.0f} s")
    missed = list(made.put_in)
    others: list[str] = []
    for row in report["findings"]:
        mine = next(
            (each for each in missed if each[0] == row["kind"] and _of(row, each[1], report)), None
        )
        if mine:
            missed.remove(mine)
        else:
            others.append(row["kind"])
        said = f"{row['kind']:16} {' '.join(row['shots'])} {row['value']} +- {row['uncertainty']}"
        print(f"{'put in' if mine else '      '} {said} ({row['confidence']}) {row['text']}")
    print(f"put in and found: {len(made.put_in) - len(missed)} of {len(made.put_in)}; not {missed}")
    print(f"besides: {len(others)}, {len(others) / minutes:.1f} a minute")


def _of(row: Mapping[str, Any], shot: str, report: Mapping[str, Any]) -> bool:
    """Whether a finding speaks of a shot; one without shots stands right before it."""
    if row["shots"]:
        return shot in row["shots"]
    start = next(each["cut"][0] for each in report["shots"] if each["name"] == shot)
    return bool(row["range"][1] + 1 == start)


def draw(report: Mapping[str, Any], out: Path) -> None:
    """The two pictures next to the cut of each finding, one below the other."""
    of = {row["name"]: row for row in report["shots"]}
    rows = []
    for row in report["findings"]:
        pair = []
        for turn, name in enumerate(row["shots"][:2]):
            first, last = of[name]["frames"]
            with open_clip(of[name]["media"]) as clip:
                rgb, _ = clip.picture(last if turn == 0 and len(row["shots"]) > 1 else first, 320)
            coded = (np.clip(rgb[..., ::-1], 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
            pair.append(cv2.resize(coded, (320, 180)))
        while pair and len(pair) < 2:
            pair.append(np.zeros((180, 320, 3), np.uint8))
        if pair:
            cv2.putText(pair[0], row["kind"], (4, 14), 0, 0.45, (0, 255, 255))
            rows.append(np.hstack(pair))
    if rows:
        cv2.imwrite(str(out / "look.png"), np.vstack(rows))


if __name__ == "__main__":
    raise SystemExit(main())
