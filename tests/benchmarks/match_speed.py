"""How fast `match` is: applying a grade to 4K, and solving two shots; and how much memory.

    python tests/benchmarks/match_speed.py --work DIR [--frames 12] [--peer PYTHON]

DIR takes the frames it makes (about 40 MB each, source and result). Applying is compared with
reading and writing the same frames, float in memory, with nothing between: OpenImageIO in a
plain loop with all its threads, and with two frames in flight. Solving is timed on two shots
of 100 frames of 1080p, beside reading the sampled frames, and beside color-matcher's MKL on
one frame pair where --peer names a Python that has it. Peak memory is that of a process of its
own, beside importing torch.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio

from answerprint.events import Events
from answerprint.frames.clip import open_clip
from answerprint.frames.grade import Cdl, Grade
from answerprint.tools.job import Plan
from answerprint.vision import matching
from answerprint.worker import render

CURVES = Grade(Cdl((1.1, 1.0, 0.9), (0.02, 0.0, -0.01), (1.05, 1.0, 0.97)))
SATURATED = Grade(Cdl((1.1, 1.0, 0.9), (0.02, 0.0, -0.01), (1.05, 1.0, 0.97), 1.1))
CUBED = Grade(
    SATURATED.cdl,
    (np.random.default_rng(0).standard_normal((9, 9, 9, 3)) * 0.01).astype(np.float32),
)
CASES: dict[str, tuple[Grade | None, str]] = {
    "copy": (None, "ACEScg"),
    "curves": (CURVES, "ACEScg"),
    "with saturation": (SATURATED, "ACEScg"),
    "with saturation, Rec.709 primaries": (SATURATED, "Linear Rec.709 (sRGB)"),
    "with residual cube": (CUBED, "ACEScg"),
}


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--work", required=True, type=Path)
    asked.add_argument("--frames", type=int, default=12)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--peer", help="Python of a venv that has color-matcher")
    asked.add_argument("--case", help=argparse.SUPPRESS)
    given = asked.parse_args()
    plates = given.work / "plate_4k"
    if given.case:
        print(extra_memory(lambda: applied(plates, given.work / "result", given.case)))
        return 0
    make(plates, given.frames, (4096, 2160))
    base = max(
        best(given.rounds, lambda: plain(plates, given.work / "plain", threads=0, at_once=1)),
        best(given.rounds, lambda: plain(plates, given.work / "plain", threads=1, at_once=2)),
    )
    print(f"read and write in float, nothing between: {base:.2f} frames/s (the faster way)")
    print("| applying to 4K half RGBA | frames/s | ratio | peak memory beside imports, GB |")
    print("|---|---|---|---|")
    for case in CASES:
        speed = best(given.rounds, lambda: applied(plates, given.work / "result", case))  # noqa: B023
        peak = float(alone([__file__, "--work", str(given.work), "--case", case]))
        print(f"| {case} | {speed:.2f} | {speed / base:.2f} | {peak:.2f} |")
    solving(given.work, given.peer)
    return 0


def extra_memory(run: Callable[[], object]) -> float:
    """GB that a run takes at its peak, over what the process holds before it (Linux)."""
    import torch  # noqa: F401 - part of what every process of ours holds

    def held(name: str) -> float:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(x.split()[1]) for x in lines if x.startswith(name)) / 1e6

    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = held("VmRSS:")
    run()
    return held("VmHWM:") - before


def alone(words: list[str]) -> str:
    run = subprocess.run([sys.executable, *words], check=True, capture_output=True, text=True)
    return run.stdout.split()[-1]


def best(rounds: int, once: Callable[[], float]) -> float:
    return max(once() for _ in range(rounds))


def make(folder: Path, count: int, size: tuple[int, int]) -> None:
    """Plates with structure and noise, half, ZIPS."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    small = random.lognormal(-2, 1.5, (size[1] // 16, size[0] // 16, 3)).astype(np.float32)
    base = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
    for number in range(1001, 1001 + count):
        path = folder / f"plate.{number}.exr"
        if path.exists():
            continue
        noise = random.standard_normal(base.shape, dtype=np.float32)
        rgb = base * (1 + 0.02 * noise)
        rgba = np.concatenate([rgb, np.ones_like(rgb[..., :1])], -1)
        write(path, rgba, oiio.HALF)


def write(path: Path, pixels: np.ndarray, kind: object) -> None:
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], kind)
    spec["compression"] = "zips"
    out = oiio.ImageOutput.create(str(path))
    if not (out.open(str(path), spec) and out.write_image(pixels) and out.close()):
        raise OSError(out.geterror())


def plain(folder: Path, out: Path, threads: int, at_once: int) -> float:
    """Frames/s of reading and writing with nothing between."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    for name in ("threads", "exr_threads"):
        oiio.attribute(name, threads)

    def one(path: Path) -> None:
        image = oiio.ImageInput.open(str(path))
        pixels = image.read_image(0, 0, 0, image.spec().nchannels, oiio.FLOAT)
        image.close()
        write(out / path.name, pixels, oiio.HALF)

    frames = sorted(folder.glob("*.exr"))
    started = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(one, frames))
    spent = time.perf_counter() - started
    for name in ("threads", "exr_threads"):
        oiio.attribute(name, 1)
    return len(frames) / spent


def applied(folder: Path, out: Path, case: str) -> float:
    """Frames/s of our own render of a case."""
    grade, space = CASES[case]
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    with open_clip(str(folder), colourspace=space) as clip:
        made = grade.pixels(clip.space, clip.space) if grade else None
        plan = Plan({}, {}, "", {}, pixels=lambda *_: made)
        started = time.perf_counter()
        done = render.render(
            clip, plan, out, "result", lambda source: {render.PROVENANCE: source}, Events()
        )
        return len(done.written) / (time.perf_counter() - started)


def solving(work: Path, peer: str | None) -> None:
    """Seconds to solve two shots of 100 frames of 1080p, the sampled frames being read."""
    shots = []
    for seed, stops in ((1, 0.0), (2, -0.6)):
        random = np.random.default_rng(1)
        scene = cv2.resize(
            random.lognormal(-2, 1.0, (135, 240, 3)).astype(np.float32), (1920, 1080)
        )
        detail = random.lognormal(0, 0.3, (540, 960, 1)).astype(np.float32)
        scene = scene * cv2.resize(detail, (1920, 1080))[..., None] * 2.0**stops
        grain = np.random.default_rng(seed)
        noisy = scene * (1 + 0.02 * grain.standard_normal(scene.shape, dtype=np.float32))
        small = cv2.resize(noisy, (960, 540), interpolation=cv2.INTER_AREA)
        valid = np.ones(small.shape[:2], bool)
        shots.append(dict.fromkeys(range(1010, 1101, 20), (small, valid)))
    started = time.perf_counter()
    solved = matching.solve(shots[0], shots[1], "auto", False, lambda *_: None)
    print(
        f"\nsolving, 5 frames of each shot: {time.perf_counter() - started:.2f} s "
        f"({solved['method']}, {solved.get('structures', 0)} structures)"
    )
    if peer:
        pair = work / "pair.npz"
        np.savez(pair, a=shots[0][1010][0], b=shots[1][1010][0])
        code = (
            "import sys, time, numpy as np; from color_matcher import ColorMatcher; "
            "d = np.load(sys.argv[1]); t = time.perf_counter(); "
            "ColorMatcher().transfer(src=d['a'], ref=d['b'], method='mkl'); "
            "print(time.perf_counter() - t)"
        )
        spent = subprocess.run(
            [peer, "-c", code, pair], check=True, capture_output=True, text=True
        ).stdout
        print(f"color-matcher MKL on one pair of these frames: {float(spent.split()[-1]):.2f} s")
    print(f"on {os.cpu_count()} cores")


if __name__ == "__main__":
    sys.exit(main())
