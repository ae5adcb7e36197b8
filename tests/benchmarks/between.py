"""Frames between frames: withheld ones made again, by us, DIS warp, minterpolate and the mean.

    python tests/benchmarks/between.py --footage DIR [--seed 1] [--count 2] [--clips PART ...]
        [--classes NAME ...] [--sheet DIR] [--peer PY] [--speed] [--device cuda:0]

Each movie (its first FIRST frames) and each folder of PNG frames under --footage gives --count
triplets in each of four classes; the seed chooses among those that show movement and no cut:

    sharp   640 wide, neighbours
    small   320 wide, compressed once more (MPEG-4, 600 kbit/s), neighbours
    large   854 wide, three frames apart (folders: neighbours)
    far     854 wide, one to three frames apart (folders: neighbours), motion that is large and can
            be found: the mean of both is under 25 dB, and DIS warp or minterpolate 3 dB above it

PSNR is that of 8-bit sRGB pictures. DIS warp is OpenCV's, preset medium, finest scale 0, on grey
pictures, each frame moved half its flow (bilinear), and their mean. minterpolate is ffmpeg's with
mi_mode=mci, the best of the frames that it gives. Time is this process's beside DIS warp's.
Flicker is how far a made frame's mean leaves that of the truth, in code values of 255.
--sheet keeps truth, DIS warp and our best side by side, one picture a clip and class. --peer names
a Python with scikit-image, for the end-point error of flow on its motorcycle. --speed takes the
time of one frame of 1920x1080 (the last triplet, enlarged), in turns, the least of five.
--device makes the default quality in torch there too (cpu:0: torch on the CPU), and says how many
frames a second it makes of 1920x1080 and 3840x2160, after one to warm up, and where the time goes.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

import av
import cv2
import numpy as np
from withheld import (
    Picture,
    bytes_of,
    clips,
    coded,
    decoded,
    dis_warp,
    frames,
    mean,
    minterpolate,
    psnr,
)

from answerprint.frames.curves import srgb
from answerprint.vision.between import Middle, middle
from answerprint.vision.flow import Motion, Quality, motions
from answerprint.vision.torch_lookup import downloaded, uploaded

CLASSES = {
    "sharp": (640, (1,)),
    "small": (320, (1,)),
    "large": (854, (3,)),
    "far": (854, (1, 2, 3)),
}
TRIED = 40
"""Triplets of a clip that are looked at for far motion, at most."""
PEER = """
import sys
import numpy as np
from skimage.data import stereo_motorcycle
left, right, apart = stereo_motorcycle()
np.savez(sys.argv[1], left=left, right=right, apart=apart)
"""
Scores = dict[str, list[float]]


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--footage", required=True, type=Path)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--count", type=int, default=2, help="triplets of a clip in each class")
    asked.add_argument("--clips", nargs="*", help="only those whose name has one of these")
    asked.add_argument("--classes", nargs="*", choices=CLASSES, default=list(CLASSES))
    asked.add_argument("--sheet", type=Path, help="pictures of truth and results go here")
    asked.add_argument("--peer", help="Python of a venv that has scikit-image")
    asked.add_argument("--speed", action="store_true", help="the time of a frame of 1920x1080")
    asked.add_argument("--device", help="make frames in torch there as well: cuda:0, cpu:0")
    given = asked.parse_args()
    if device := given.device:
        METHODS["ours, torch"] = lambda first, second: ours(first, second, "default", device)
    scores: dict[tuple[str, str], Scores] = defaultdict(lambda: defaultdict(list))
    spent: dict[str, float] = defaultdict(float)
    flicker: Scores = defaultdict(list)
    for path in clips(given.footage, given.clips):
        for kind in given.classes:
            wide, gaps = CLASSES[kind]
            rng = np.random.default_rng([given.seed, *path.name.encode()])
            shot = shot_of(path, wide, again=kind == "small")
            gaps = (1,) if path.is_dir() else gaps
            drawn = chosen(shot, gaps, rng)
            if kind == "far":
                drawn = (each for each in islice(drawn, TRIED) if findable(each[1]))
            for number, (first, truth, second) in islice(drawn, given.count):
                sheet = [truth]
                for name, make in METHODS.items():
                    began = time.process_time()
                    found = make(first, second)
                    spent[name] += time.process_time() - began
                    made = max(found, key=lambda p: psnr(p, truth))
                    scores[kind, path.stem][name].append(psnr(made, truth))
                    flicker[name].append(abs(float(made.mean()) - float(truth.mean())))
                    sheet += [made] * (name in ("DIS warp", "ours, best"))
                if given.sheet:
                    given.sheet.mkdir(parents=True, exist_ok=True)
                    name = given.sheet / f"{path.stem}.{kind}.{number:04d}.png"
                    cv2.imwrite(str(name), np.hstack(sheet)[..., ::-1])
            print(f"{kind} {path.stem}", file=sys.stderr, flush=True)
    print(table(scores, spent, flicker))
    if given.speed:
        print(speed(first, second))
    if given.device:
        print(on_device(first, second, given.device))
    if given.peer:
        print(motorcycle(given.peer, given.device))
    return 0


def shot_of(path: Path, wide: int, again: bool) -> list[Picture]:
    """`withheld.frames`, compressed again if so."""
    made = frames(path, wide)
    if not again:
        return made
    kept = io.BytesIO()
    with av.open(kept, "w", format="avi") as out:
        stream = out.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = wide, made[0].shape[0], "yuv420p"
        stream.bit_rate = 600_000
        for picture in made:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())
    kept.seek(0)
    return decoded(kept)


def chosen(
    shot: list[Picture], gaps: tuple[int, ...], rng: np.random.Generator
) -> Iterator[tuple[int, list[Picture]]]:
    """Number and [first, withheld, second] of triplets with movement and without a cut."""
    places = [(at, gap) for gap in gaps for at in range(gap, len(shot) - gap)]
    for place in rng.permutation(len(places)):
        at, gap = places[place]
        three = [shot[at + k] for k in (-gap, 0, gap)]
        mean = (three[0].astype(np.float32) + three[2]) / 2
        before, after = psnr(three[0], three[1]), psnr(three[1], three[2])
        if psnr(mean, three[1]) < 38 and max(before, after) < 45 and abs(before - after) < 6:
            if psnr(three[0], three[2]) < 11:
                continue
            yield at, three


def findable(three: list[Picture]) -> bool:
    """Whether much moves far, and one of the peers finds where to."""
    first, truth, second = three
    still = psnr(mean(first, second)[0], truth)
    if still > 25:
        return False
    return any(
        psnr(made, truth) > still + 3
        for peer in (dis_warp, minterpolate)
        for made in peer(first, second)
    )


def ours(first: Picture, second: Picture, quality: Quality, device: str = "cpu") -> list[Picture]:
    one, other = (srgb(p / 255.0).astype(np.float32) for p in (first, second))
    known = motions(one, other, quality, device)
    found = middle(one, other, 0.5, known, quality, device)
    return [bytes_of(coded(found.light(one, other)))]


METHODS = {
    "mean": mean,
    "minterpolate": minterpolate,
    "DIS warp": dis_warp,
    "ours": lambda first, second: ours(first, second, "default"),
    "ours, best": lambda first, second: ours(first, second, "best"),
}


def table(scores: dict[tuple[str, str], Scores], spent: dict[str, float], flicker: Scores) -> str:
    """Per clip, per class, the worst 5 % of all, and what it took."""
    lines = [
        f"| class | clip | frames | {' | '.join(METHODS)} |",
        "|---" * (len(METHODS) + 3) + "|",
    ]

    def line(kind: str, clip: str, found: Scores, form: str = "{:.2f}") -> None:
        values = " | ".join(form.format(np.mean(found[name])) for name in METHODS)
        lines.append(f"| {kind} | {clip} | {len(found['mean'])} | {values} |")

    whole: Scores = defaultdict(list)
    for kind in CLASSES:
        here = {clip: found for (k, clip), found in scores.items() if k == kind}
        for clip, found in here.items():
            line(kind, clip, found)
        if here:
            line(
                kind, "**all clips**", {n: [np.mean(f[n]) for f in here.values()] for n in METHODS}
            )
        for found in here.values():
            for name in METHODS:
                whole[name] += found[name]
    count = max(1, round(len(whole["mean"]) / 20))
    line("all", "worst 5 %", {name: sorted(found)[:count] for name, found in whole.items()})
    line("all", "flicker", flicker)
    line("all", "time", {name: [spent[name] / spent["DIS warp"]] for name in METHODS})
    return "\n".join(lines)


def speed(first: Picture, second: Picture) -> str:
    """Seconds by the clock for a frame of 1920x1080, from bytes or from light to the frame."""
    pair = [cv2.resize(p, (1920, 1080), interpolation=cv2.INTER_CUBIC) for p in (first, second)]
    light = [srgb(p / 255.0).astype(np.float32) for p in pair]

    def made(quality: Quality) -> None:
        known = motions(light[0], light[1], quality)
        middle(light[0], light[1], 0.5, known, quality).light(light[0], light[1])

    found: dict[str, float] = {}
    for _ in range(5):
        for name, work in (
            ("DIS warp", lambda: dis_warp(pair[0], pair[1])),
            ("ours", lambda: made("default")),
            ("ours, best", lambda: made("best")),
        ):
            began = time.perf_counter()
            work()
            found[name] = min(found.get(name, 1e9), time.perf_counter() - began)
    return "\n".join(f"1920x1080, {name}: {took:.2f} s" for name, took in found.items())


def on_device(first: Picture, second: Picture, device: str) -> str:
    """Frames a second, from light to light in the CPU's memory, and milliseconds of each step."""
    lines = []
    for size in ((1920, 1080), (3840, 2160)):
        pair = [cv2.resize(p, size, interpolation=cv2.INTER_CUBIC) for p in (first, second)]
        one, other = (srgb(p / 255.0).astype(np.float32) for p in pair)
        best = [1e9] * 4
        for _ in range(3):
            at = [time.perf_counter()]
            known = motions(one, other, device=device)
            at.append(time.perf_counter())
            found = middle(one, other, 0.5, known, device=device)
            at.append(time.perf_counter())
            found.light(one, other)
            at.append(time.perf_counter())
            _carried(one, other, known, found)
            at.append(time.perf_counter())
            took = [after - before for before, after in pairwise(at)]
            best = [min(pair) for pair in zip(best, took, strict=True)]
        flow, weighing, mixing, carrying = (1000 * each for each in best)
        lines.append(
            f"{size[0]}x{size[1]}, torch on {device}: {1 / sum(best[:3]):.2f} frames a second; "
            f"flow {flow:.0f} ms, weighing {weighing:.0f}, mixing {mixing:.0f}; of all three "
            f"{carrying:.0f} ms carry pictures to and fro"
        )
    return "\n".join(lines)


def _carried(one: Picture, other: Picture, known: tuple[Motion, Motion], found: Middle) -> None:
    """What the three steps bring to the device and back, and nothing else."""
    ways = [flow for way in found.ways for flow in way.flows(found.t)]
    frames, flows, planes = (
        [uploaded(picture, found.device) for picture in pictures]
        for pictures in (
            (one, other) * 3,
            (*(m.flow for m in known), *ways),
            (*found.seen, *found.seen, *found.shares),
        )
    )
    for made in (frames[0], *flows[:6], *planes[:6]):
        downloaded(made)


def motorcycle(python: str, device: str | None = None) -> str:
    """End-point error of flow where the truth is known, in pixels."""
    with tempfile.TemporaryDirectory() as room:
        kept = Path(room) / "pair.npz"
        subprocess.run([python, "-c", PEER, str(kept)], check=True)
        pair = np.load(kept)
        left, right, apart = (pair[name] for name in ("left", "right", "apart"))
    there = np.isfinite(apart) & (apart > 0)

    def error(flow: np.ndarray) -> float:
        return float(np.hypot(flow[..., 0] + apart, flow[..., 1])[there].mean())

    one, other = (srgb(p / 255.0).astype(np.float32) for p in (left, right))
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(0)
    search.setVariationalRefinementIterations(25)
    grey = [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for p in (left, right)]
    rows = {"DIS, finest 0, 25 refinements": search.calc(*grey, None)}
    rows["ours"] = motions(one, other)[0].flow
    rows["ours, best"] = motions(one, other, "best")[0].flow
    if device:
        rows[f"ours, torch on {device}"] = motions(one, other, device=device)[0].flow
    return "\n".join(f"motorcycle, {name}: {error(flow):.2f} px" for name, flow in rows.items())


if __name__ == "__main__":
    raise SystemExit(main())
