"""Fill: runs of frames taken out of clips and made again, beside what else can be put there.

    python tests/benchmarks/fill.py --footage DIR [--seed 1] [--runs 1 2 3] [--clips PART ...]
        [--wide 640] [--sheet DIR]

Each movie (its first 300 frames) and each folder of PNG frames under --footage loses --runs frames
in a row, at a place that the seed chooses among those that move and have no cut; the tool fills
them, with AROUND frames on either side to look at. Beside it, of the two frames next to the gap:

    hold          the nearer one (the earlier of two)
    mean          both, by how near they are
    minterpolate  ffmpeg's, mi_mode=mci
    DIS warp      OpenCV's, preset medium, finest scale 0, on grey, each frame moved its part of
                  the way, and their mean

PSNR is that of 8-bit sRGB pictures, mean of the run. What the eye sees as a flicker, of the frames
before and after too, and 0 or 1 for the truth:

    level   how far the mean's step from frame to frame leaves the truth's, code values of 255
    fine    variance of what is finer than a pixel or two, over the truth's
    apart   mean |difference| of frames in a row along the truth's own flow, over the truth's: more
            than 1 jumps, less than 1 stands still
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio
from withheld import (
    Picture,
    bytes_of,
    clips,
    coded,
    dis,
    dis_warp,
    frames,
    mean,
    minterpolate,
    parts,
    psnr,
)

from answerprint.events import Events
from answerprint.frames.curves import srgb
from answerprint.vision.flow import pulled
from answerprint.worker import jobs
from answerprint.worker.order import Order, Source

AROUND = 5
NUMBER = 1001
MOVES, LIKE, CUT = 38.0, 6.0, 11.0
"""PSNR of the mean of both ends under which something moves; the most by which the steps into and
out of the gap differ; and that of both ends under which there is a cut."""
Between = Callable[[Picture, Picture, int], list[Picture]]


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--footage", required=True, type=Path)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--runs", type=int, nargs="+", default=[1, 2, 3], help="frames in a row")
    asked.add_argument("--clips", nargs="*", help="only those whose name has one of these")
    asked.add_argument("--wide", type=int, default=640)
    asked.add_argument("--sheet", type=Path, help="pictures of truth and results go here")
    given = asked.parse_args()
    scores: dict[tuple[int, str], dict[str, tuple[float, ...]]] = defaultdict(dict)
    for path in clips(given.footage, given.clips):
        shot = frames(path, given.wide)
        for run in given.runs:
            rng = np.random.default_rng([given.seed, run, *path.name.encode()])
            at = place(shot, run, rng)
            if at is None:
                continue
            around = shot[at - AROUND : at + run + AROUND]
            truth = shot[at - 1 : at + run + 1]
            made = {name: between(truth[0], truth[-1], run) for name, between in PEERS.items()}
            made["fill, no grain"] = filled(around, run, grain=False)
            made["fill"] = filled(around, run, grain=True)
            for name, pictures in made.items():
                best = [psnr(p, t) for p, t in zip(pictures, truth[1:-1], strict=True)]
                steady = flicker([truth[0], *pictures, truth[-1]], truth)
                scores[run, path.stem][name] = (float(np.mean(best)), *steady)
            if given.sheet:
                rows = [truth[1:-1], made["DIS warp"], made["fill"]]
                keep(given.sheet / f"{path.stem}.{run}.{at:04d}.png", rows)
            print(f"{run} {path.stem} from frame {at}", file=sys.stderr, flush=True)
    print(table(scores))
    return 0


# --- what is taken out -----------------------------------------------------------------------


def place(shot: Sequence[Picture], run: int, rng: np.random.Generator) -> int | None:
    """First frame of a gap with movement and without a cut, and AROUND frames on either side."""
    for at in rng.permutation(np.arange(AROUND, len(shot) - run - AROUND + 1)):
        ends = shot[at - 1], shot[at + run]
        middle = shot[at + run // 2]
        steps = [psnr(end, middle) for end in ends]
        mean = (ends[0].astype(np.float32) + ends[1]) / 2
        if psnr(mean, middle) < MOVES and abs(steps[0] - steps[1]) < LIKE and psnr(*ends) > CUT:
            return int(at)
    return None


# --- what is put there -----------------------------------------------------------------------


def filled(around: Sequence[Picture], run: int, grain: bool) -> list[Picture]:
    """By the tool: frames written as half, without those in the middle."""
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        for number, picture in enumerate(around, NUMBER):
            if not AROUND <= number - NUMBER < AROUND + run:
                write(room / f"p.{number}.exr", srgb(picture / 255.0).astype(np.float32))
        source = {"source": Source(str(room / "p.%04d.exr"), "ACEScg")}
        order = Order("fill", source, room / "out", {"grain": grain}, page=False)
        assert jobs.run(order, Events()).status == "done"
        made = []
        for number in range(NUMBER + AROUND, NUMBER + AROUND + run):
            image = oiio.ImageBuf(str(room / f"out/fill.{number}.exr"))
            made.append(bytes_of(coded(np.asarray(image.get_pixels(oiio.FLOAT)))))
        return made


def write(path: Path, light: np.ndarray) -> None:
    tall, wide = light.shape[:2]
    image = oiio.ImageBuf(oiio.ImageSpec(wide, tall, 3, "half"))
    image.set_pixels(image.roi, light)
    assert image.write(str(path)), image.geterror()


def hold(first: Picture, second: Picture, run: int) -> list[Picture]:
    return [first if t <= 0.5 else second for t in parts(run)]


def minterpolated(first: Picture, second: Picture, run: int) -> list[Picture]:
    return minterpolate(first, second, run)[-1 - run : -1]


PEERS: dict[str, Between] = {
    "hold": hold,
    "mean": mean,
    "minterpolate": minterpolated,
    "DIS warp": dis_warp,
}
METHODS = (*PEERS, "fill, no grain", "fill")


# --- how it is judged ------------------------------------------------------------------------


def flicker(made: Sequence[Picture], truth: Sequence[Picture]) -> tuple[float, float, float]:
    """level, fine and apart of a run with the real frame before and the one after it."""
    steps, along = [], []
    for (one, other), (before, after) in zip(pairwise(made), pairwise(truth), strict=True):
        steps.append(abs((other.mean() - one.mean()) - (after.mean() - before.mean())))
        motion = dis(before, after)
        along.append(
            [
                np.abs(pulled(q.astype(np.float32), motion) - p).mean()
                for p, q in ((one, other), (before, after))
            ]
        )
    ours, theirs = np.sum(along, axis=0)
    fine = [_fine(p) / _fine(t) for p, t in zip(made[1:-1], truth[1:-1], strict=True)]
    return float(np.mean(steps)), float(np.mean(fine)), float(ours / theirs)


def _fine(picture: Picture) -> float:
    light = picture.astype(np.float32)
    return float((light - cv2.GaussianBlur(light, (0, 0), 1.0)).var())


def table(scores: dict[tuple[int, str], dict[str, tuple[float, ...]]]) -> str:
    """PSNR by run and clip, then level, fine and apart by run."""
    rule = "|---" * (len(METHODS) + 2) + "|"
    lines = [f"| frames | clip | {' | '.join(METHODS)} |", rule]
    runs = sorted({run for run, _ in scores})

    def mean_of(run: int, at: int) -> list[float]:
        here = [found for (r, _), found in scores.items() if r == run]
        return [float(np.mean([found[name][at] for found in here])) for name in METHODS]

    for run in runs:
        for (r, clip), found in scores.items():
            if r == run:
                lines.append(row(run, clip, [found[name][0] for name in METHODS], 2))
        lines.append(row(run, "**mean**", mean_of(run, 0), 2))
    lines += ["", f"| frames | flicker | {' | '.join(METHODS)} |", rule]
    for run in runs:
        for at, name in enumerate(("level", "fine", "apart"), 1):
            lines.append(row(run, name, mean_of(run, at), 3))
    return "\n".join(lines)


def row(run: int, name: str, values: Sequence[float], digits: int) -> str:
    return f"| {run} | {name} | {' | '.join(f'{v:.{digits}f}' for v in values)} |"


def keep(path: Path, rows: Sequence[Sequence[Picture]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.vstack([np.hstack(row) for row in rows])[..., ::-1])


if __name__ == "__main__":
    raise SystemExit(main())
