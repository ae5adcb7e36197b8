"""How long a show of many hours is searched, and in how much memory.

    python tests/benchmarks/show_scale.py --work DIR [--hours 1 10 50 200]

Takes of a minute are made up: looks every four seconds, each with a sketch and a palette drawn from
80 pictures of noise with bits turned over, so that no two are the same; all takes share
the arrays of a handful. One take is a picture of its own, which is looked for in each show. Times
are of one process that has opened the show and asked once: its first answer, then the median of
five, and the processor's time of that; memory is what the process held at most, with all
libraries.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from answerprint.show.find import find
from answerprint.show.store import ARRAYS, Show, make_show, open_show
from answerprint.show.take import colours
from answerprint.vision import sketch

LOOKS = 15
"""Of a take of a minute."""
MOULDS, ROLLS = 80, 16
TURNED = 0.02
"""Share of a sketch's bits that is turned over in each look."""


def noise(seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed).normal(0, 1, (270, 480, 3)).astype(np.float32)
    light = 0.18 * np.exp(6 * cv2.GaussianBlur(draw, (0, 0), 2 + seed % 5))
    return light, np.ones((270, 480), bool)


def filled(folder: Path, hours: float) -> Show:
    show = make_show(folder)
    moulds = [noise(seed) for seed in range(MOULDS)]
    found = [sketch.landmarks(*each) for each in moulds]
    sketches = np.array([sketch.sketch(each) for each in found])
    palettes = [colours(*each) for each in moulds]
    draw = np.random.default_rng(1)
    rolls = draw.integers(0, MOULDS - 1, (ROLLS, LOOKS))
    rolls[0] = MOULDS - 1
    digests = [_arrays(folder / f"roll{n}.npz", found, roll) for n, roll in enumerate(rolls)]
    passport = b"\0" * 1500
    with show.writing() as desk:
        for take in range(round(hours * 60)):
            clip, roll = f"{take:016x}", take and 1 + take % (ROLLS - 1)
            os.link(folder / f"roll{roll}.npz", folder / ARRAYS / f"{clip}.npz")
            row = (
                *(clip, f"/dailies/{clip}.mov", clip, "movie", "", "", b"", 0, LOOKS - 1, "24", 0),
                *("", 480, 270, "ACEScg", "{}", digests[roll], None),
            )
            desk.db.execute(f"INSERT INTO clip VALUES ({', '.join('?' * len(row))})", row)
            shot = desk.db.execute(
                "INSERT INTO shot (clip, first, last, passport) VALUES (?, 0, ?, ?)",
                (clip, LOOKS - 1, passport),
            ).lastrowid
            words = np.packbits(draw.random((LOOKS, sketch.BITS), np.float32) < TURNED, axis=1)
            for frame, mould in enumerate(rolls[roll]):
                one = sketches[mould].copy()
                one[sketch.WORDS] ^= words[frame].view(np.int8)
                desk.db.execute(
                    "INSERT INTO look (shot, frame, sketch, palette) VALUES (?, ?, ?, ?)",
                    (shot, frame, one.tobytes(), palettes[mould]),
                )
    return show


def _arrays(path: Path, found: list[sketch.Landmarks], roll: np.ndarray) -> str:
    data, arrays = io.BytesIO(), dict[str, np.ndarray]()
    for frame, mould in enumerate(roll):
        arrays |= sketch.arrays(frame, found[mould])
    np.savez(data, **arrays)
    path.write_bytes(data.getvalue())
    return hashlib.sha256(data.getvalue()).hexdigest()


def asked(folder: Path) -> None:
    """In a process of its own: one line with what it took."""
    picture = noise(MOULDS - 1)
    sketch.readings(sketch.landmarks(*picture))
    begin = time.perf_counter()
    show = open_show(folder)
    hits = find(show, [picture])
    first = time.perf_counter() - begin
    spent, busy = [], []
    for _ in range(5):
        begin, work = time.perf_counter(), time.process_time()
        find(show, [picture])
        spent.append(time.perf_counter() - begin)
        busy.append(time.process_time() - work)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    right = hits[0].clip == f"{0:016x}" or hits[0].kind == "setup"
    with show.reading() as db:
        looks = db.execute("SELECT COUNT(*) FROM look").fetchone()[0]
    size = os.path.getsize(folder / "show.db") / 1e6
    print(
        f"{looks} | {size:.0f} MB | {first:.2f} | {statistics.median(spent):.2f} | "
        f"{statistics.median(busy):.2f} | {held:.0f} MB | "
        f"{'yes' if right else 'no'} |"
    )


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    told.add_argument("--work", type=Path, required=True)
    told.add_argument("--hours", type=float, nargs="*", default=[1, 10, 50, 200])
    told.add_argument("--ask", type=Path, help=argparse.SUPPRESS)
    said = told.parse_args()
    if said.ask:
        asked(said.ask)
        return
    for hours in said.hours:
        folder = said.work / f"{hours:g}h"
        if not folder.exists():
            filled(folder, hours)
        command = [sys.executable, __file__, "--work", str(said.work), "--ask", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"| {hours:g} | {done.stdout.strip()}", flush=True)


if __name__ == "__main__":
    main()
