"""How still a shot is held: known flicker on real shots, ours beside ffmpeg's deflicker.

    python tests/benchmarks/deflicker.py --footage DIR --work DIR [--seeds 1] [--only CLIP]

44 frames of each movie, 640 pixels wide, as 8-bit sRGB pictures, are the truth. Flicker goes onto
their scene-linear light, and the result is 8-bit again, so that what clips is lost to everybody:

    global   one gain a frame, up to a quarter stop either way.
    local    4 x 4 gains a frame and channel, up to 0.2 stop either way, cubic between.
    bands    a sine of 0.15 stop over the rows that rolls on, 2.3 waves high.
    clean    none: what is done to a shot that needs nothing.

The peer gets the same pictures as a lossless movie and the better of its window sizes 5 and 15.
Given is the PSNR over all frames, in 8-bit sRGB, and the swing of the mean luma that is left.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import OpenImageIO as oiio

from answerprint.events import Events
from answerprint.worker import jobs
from answerprint.worker.order import Order, Source

COUNT, WIDE = 44, 640
CLIPS = {
    "01_dog.mp4": 30,
    "02_cups.mp4": 60,
    "03_blocks.mp4": 100,
    "04_coffee.mp4": 40,
    "05_default_juggle.mp4": 80,
    "big_buck_bunny_0_30.webm": 300,
    "bottle-detection.mp4": 400,
    "car-detection.mp4": 120,
    "one-by-one-person-detection.mp4": 200,
}
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--footage", required=True, type=Path)
    asked.add_argument("--work", required=True, type=Path)
    asked.add_argument("--seeds", type=int, default=1)
    asked.add_argument("--kinds", default="global,local,bands,clean")
    asked.add_argument("--only", action="append", help="this clip alone")
    given = asked.parse_args()
    print("| flicker | clip | input | ffmpeg | ours | scope | luma swing: input, ours, truth, % |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for kind in given.kinds.split(","):
        rows = []
        for clip in given.only or CLIPS:
            truth = frames_of(given.footage / "movies" / clip, CLIPS[clip])
            for seed in range(1, given.seeds + 1):
                rows.append(one(kind, clip, truth, seed, given.work / kind / f"{clip}_{seed}"))
        means = np.mean([row[:3] for row in rows], axis=0)
        if kind != "clean":
            told = " | ".join(f"**{v:.2f}**" for v in means)
            print(f"| {kind} | mean | {told} | | |", flush=True)
    return 0


def one(
    kind: str, clip: str, truth: list[np.ndarray], seed: int, work: Path
) -> tuple[float, float, float]:
    """PSNR of input, peer and ours; prints the row."""
    work.mkdir(parents=True, exist_ok=True)
    stops = drawn(kind, truth[0].shape[:2], seed)
    plate = [coded(light(code) * np.exp2(stops[n])) for n, code in enumerate(truth)]
    for n, each in enumerate(plate):
        cv2.imwrite(str(work / f"p.{1001 + n}.png"), each[..., ::-1])
    peer = max((peers(work, plate, size) for size in (5, 15)), key=lambda made: psnr(made, truth))
    ours, report = mine(work)
    found = psnr(plate, truth), psnr(peer, truth), psnr(ours, truth)
    told = " | ".join("same" if np.isinf(v) else f"{v:.2f}" for v in found)
    swing = ", ".join(f"{100 * swinging(each):.2f}" for each in (plate, ours, truth))
    print(f"| {kind} | {clip} {seed} | {told} | {report['scope']} | {swing} |", flush=True)
    return found


def frames_of(path: Path, first: int) -> list[np.ndarray]:
    found = []
    with av.open(str(path)) as movie:
        for n, frame in enumerate(movie.decode(video=0)):
            if n >= first:
                code = frame.to_ndarray(format="rgb24")
                tall = round(code.shape[0] * WIDE / code.shape[1] / 2) * 2
                found.append(cv2.resize(code, (WIDE, tall), interpolation=cv2.INTER_AREA))
            if len(found) == COUNT:
                break
    return found


def drawn(kind: str, size: tuple[int, int], seed: int) -> list[np.ndarray]:
    """Stops of each frame, (H, W, 3) or to be spread to it."""
    random = np.random.default_rng(seed)
    tall, wide = size
    if kind == "global":
        return list(random.uniform(-0.25, 0.25, (COUNT, 1, 1, 1)).astype(np.float32))
    if kind == "local":
        small = random.uniform(-0.2, 0.2, (COUNT, 4, 4, 3)).astype(np.float32)
        return [cv2.resize(s, (wide, tall), interpolation=cv2.INTER_CUBIC) for s in small]
    if kind == "bands":
        rows = 2.3 * np.arange(tall)[:, None, None] / tall + random.uniform()
        pace = random.uniform(0.1, 0.4)
        return [0.15 * np.sin(2 * np.pi * (rows + pace * n)) for n in range(COUNT)]
    return [np.zeros((1, 1, 1), np.float32)] * COUNT


def peers(work: Path, plate: list[np.ndarray], size: int) -> list[np.ndarray]:
    tall, wide = plate[0].shape[:2]
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{wide}x{tall}", "-r", "24", "-i", "-"]
    how = ["-vf", f"format=yuv444p,deflicker=size={size},format=rgb24", "-f", "rawvideo", "-"]
    data = b"".join(each.tobytes() for each in plate)
    command = ["ffmpeg", "-v", "error", *raw, *how]
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True)
    return list(np.frombuffer(done.stdout, np.uint8).reshape(-1, tall, wide, 3))


def mine(work: Path) -> tuple[list[np.ndarray], dict]:
    source = {"source": Source(str(work / "p.%04d.png"), "sRGB Encoded Rec.709 (sRGB)")}
    done = jobs.run(Order("deflicker", source, work / "out", {}, page=False), Events())
    made = []
    for n in range(COUNT):
        image = oiio.ImageInput.open(str(work / f"out/deflicker.{1001 + n}.exr"))
        made.append(coded(np.asarray(image.read_image(0, 0, 0, 3, "float"))))
        image.close()
    (work / "told.json").write_text(json.dumps(done.report["flicker"]))
    return made, done.report


def light(code: np.ndarray) -> np.ndarray:
    v = code.astype(np.float32) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4).astype(np.float32)


def coded(rgb: np.ndarray) -> np.ndarray:
    v = np.clip(rgb, 0, 1)
    v = np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)
    return (v * 255 + 0.5).astype(np.uint8)


def psnr(made: list[np.ndarray], truth: list[np.ndarray]) -> float:
    off = [np.mean((a.astype(np.float32) - b) ** 2) for a, b in zip(made, truth, strict=True)]
    return float(10 * np.log10(255**2 / np.mean(off))) if np.mean(off) else float("inf")


def swinging(frames: list[np.ndarray]) -> float:
    """What the mean luma's code swings by, over its level: rms of its second differences."""
    mean = np.array([(each @ LUMA).mean() for each in frames])
    return float(np.sqrt(np.mean(np.diff(mean, 2) ** 2) / 6) / mean.mean())


if __name__ == "__main__":
    sys.exit(main())
