"""Drift of the camera track behind a figure: ours beside Lucas-Kanade and SIFT chains.

    python tests/benchmarks/background.py [--seed 31] [--count 1] [--frames 48] [--kinds pan,turn]
        [--wide 960] [--peers] [--photo PICTURE]

Shots of `tests/unit/panned.py`: a still under a move that is known to a hundredth of a pixel, grain
on it, a figure of 8 to 15 % that sways and walks before it. The score is the mean distance in
pixels, over all frames, by which the corners of a frame are off on the first; beside it the worst
frame's. With the matte, and without. --photo takes a picture (bytes, sRGB) for the still. Peers are
chained from frame to frame: OpenCV's corners and pyramidal Lucas-Kanade, and SIFT with a ratio
test, both with a robust homography.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "unit"))

from panned import Frame, corner_errors, shot

from answerprint.vision.behind import Behind

Pictures = list[tuple[np.ndarray, np.ndarray]]
"""Of each frame: bytes (H, W) and where to look (H, W), 255."""


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--seed", type=int, default=31)
    asked.add_argument("--count", type=int, default=1)
    asked.add_argument("--frames", type=int, default=48)
    asked.add_argument("--wide", type=int, default=960)
    asked.add_argument("--kinds", default="pan,shake,zoom,turn,plane")
    asked.add_argument("--peers", action="store_true")
    asked.add_argument("--photo")
    given = asked.parse_args()
    photo = None
    if given.photo:
        code = cv2.imread(given.photo)
        assert code is not None, given.photo
        photo = ((code[..., ::-1] / 255.0) ** 2.2).astype(np.float32)
    size = (given.wide * 9 // 16, given.wide)
    print("| move | seed | matte | track | mean px | worst px | model | s a frame |")
    print("|---" * 8 + "|")
    for kind in given.kinds.split(","):
        for seed in range(given.seed, given.seed + given.count):
            frames = list(shot(seed, kind, given.frames, size, photo=photo))
            cover = np.mean([frame.alpha.mean() for frame in frames])
            for matte in (True, False):
                row(f"{kind} ({cover:.0%})", seed, matte, "ours", frames, ours)
                if given.peers:
                    row("", seed, matte, "LK chain", frames, chained(followed))
                    row("", seed, matte, "SIFT chain", frames, chained(recognised))
    return 0


Track = Callable[[list[Frame], bool], tuple[list[np.ndarray], str]]


def row(kind: str, seed: int, matte: bool, name: str, frames: list[Frame], track: Track) -> None:
    start = time.process_time()
    found, model = track(frames, matte)
    spent = (time.process_time() - start) / len(frames)
    size = frames[0].alpha.shape
    pairs = zip(found, frames, strict=True)
    missed = np.array([corner_errors(one, each.to_first, size).mean() for one, each in pairs])
    said = "yes" if matte else "no"
    off = f"{missed.mean():.3f} | {missed.max():.3f}"
    print(f"| {kind} | {seed} | {said} | {name} | {off} | {model} | {spent:.2f} |", flush=True)


def ours(frames: list[Frame], matte: bool) -> tuple[list[np.ndarray], str]:
    camera = Behind()
    for number, frame in enumerate(frames):
        valid = np.ones(frame.alpha.shape, bool)
        camera.see(number, frame.light, valid, frame.alpha if matte else None)
    track = camera.track()
    assert track
    return [*track.matrices], track.model


Pairs = tuple[np.ndarray, np.ndarray]


def chained(step: Callable[[Pictures, int], Pairs]) -> Track:
    """Homographies from frame to frame, one after the other."""

    def track(frames: list[Frame], matte: bool) -> tuple[list[np.ndarray], str]:
        pictures = [shown(frame, matte) for frame in frames]
        found = [np.eye(3)]
        for at in range(1, len(frames)):
            here, before = step(pictures, at)
            cv2.setRNGSeed(1)
            matrix, _ = cv2.findHomography(here, before, cv2.USAC_MAGSAC, 1.0)
            found.append(found[-1] @ (np.eye(3) if matrix is None else matrix))
        return [each / each[2, 2] for each in found], "homography"

    return track


def shown(frame: Frame, matte: bool) -> tuple[np.ndarray, np.ndarray]:
    luma = np.clip(frame.light.mean(axis=-1), 0, 1) ** (1 / 2.2) * 255
    free = frame.alpha < 0.02 if matte else np.ones(luma.shape, bool)
    return luma.astype(np.uint8), free * np.uint8(255)


def followed(pictures: Pictures, at: int) -> Pairs:
    (one, free), (other, _) = pictures[at - 1], pictures[at]
    start = cv2.goodFeaturesToTrack(one, 1000, 0.01, 8, mask=free)
    there, kept, _ = cv2.calcOpticalFlowPyrLK(one, other, start, None)
    good = kept.ravel() > 0
    return there[good], start[good]


def recognised(pictures: Pictures, at: int) -> Pairs:
    sift = cv2.SIFT.create(2000)
    found = [sift.detectAndCompute(*pictures[n]) for n in (at, at - 1)]
    matches = cv2.BFMatcher().knnMatch(found[0][1], found[1][1], k=2)
    good = [m for m, n in matches if m.distance < 0.75 * n.distance]
    here = np.array([found[0][0][m.queryIdx].pt for m in good], np.float32)
    return here, np.array([found[1][0][m.trainIdx].pt for m in good], np.float32)


if __name__ == "__main__":
    sys.exit(main())
