"""Mattes against a clean plate that is off: ours beside an absolute difference and MOG2.

    python tests/benchmarks/difference.py [--seed 1] [--count 6] [--wide 640] [--places DIR]
        [--sheet DIR]

Figures of `nets/screens.py` before places: procedural ones (`nets/sets.py`, seeds under TRAINING),
or the pictures of a folder. The clean plate is off by up to a pixel, a twentieth of a degree and
0.06 stop, and has noise of its own. SAD is the sum of |alpha - truth| in thousands of pixels; soft
MSE is of pixels within 4 of a partly covered one. The absolute difference of 8-bit sRGB pictures
has the threshold and the softness that fit the truth best; MOG2 is OpenCV's, shown the clean plate
30 times with noise.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from answerprint.frames.curves import srgb
from answerprint.nets import keying
from answerprint.nets.screens import Look, screened
from answerprint.nets.sets import place
from answerprint.vision import cleanplate

STOPS, PIXELS, TURN, NOISE = 0.06, 1.0, 0.05, 0.004
LOOK = Look(spill=0.0, noise=0.0, hair=400)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--count", type=int, default=6)
    asked.add_argument("--wide", type=int, default=640)
    asked.add_argument("--places", type=Path)
    asked.add_argument("--sheet", type=Path)
    given = asked.parse_args()
    size = (given.wide * 9 // 16, given.wide)
    pictures = sorted(given.places.rglob("*.png")) if given.places else []
    rows = []
    for number in range(given.count):
        seed = given.seed * 1000 + number
        behind = _read(pictures[seed % len(pictures)], size) if pictures else place(seed, size)
        light, clean, truth = case(seed, behind)
        found = {
            "difference": absolute(light, clean, truth),
            "MOG2": mog2(light, clean, seed),
            "ours": ours(light, clean),
        }
        rows.append([scored(alpha, truth) for alpha in found.values()])
        if given.sheet:
            given.sheet.mkdir(parents=True, exist_ok=True)
            sheet = [
                coded(light),
                *(np.repeat(255 * a[..., None], 3, -1) for a in (truth, *found.values())),
            ]
            cv2.imwrite(str(given.sheet / f"{seed}.png"), np.hstack(sheet)[..., ::-1])
    mean = np.mean(rows, axis=0)
    print("| | SAD (k) | soft MSE | worst SAD |\n|---|---|---|---|")
    for at, name in enumerate(("absolute difference, tuned", "MOG2", "ours")):
        worst = max(row[at][0] for row in rows)
        print(f"| {name} | {mean[at][0]:.2f} | {mean[at][1]:.4f} | {worst:.2f} |")
    return 0


def case(seed: int, behind: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Plate, clean plate and true alpha."""
    random = np.random.default_rng([seed, 9])
    size = behind.shape[:2]
    made = screened(seed, size, LOOK, frame=2)
    cover = made.alpha[..., None]
    warp = cv2.getRotationMatrix2D((size[1] / 2, size[0] / 2), random.uniform(-TURN, TURN), 1)
    warp[:, 2] += random.uniform(-PIXELS, PIXELS, 2)
    clean = cv2.warpAffine(
        behind, warp, size[::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    clean = clean * 2 ** random.uniform(-STOPS, STOPS)
    light = made.foreground * cover + behind * (1 - cover)
    return _noisy(light, random), _noisy(clean, random), made.alpha


def ours(light: np.ndarray, clean: np.ndarray) -> np.ndarray:
    laid = cleanplate.laid(light, clean)
    first = cleanplate.first(cleanplate.apart(light, laid))
    net, _ = keying.shipped("difference", "cpu")
    alpha, _ = keying.matte(net, light, laid.plate, first)
    return np.asarray(alpha * cleanplate.reach(first) * laid.there)


def absolute(light: np.ndarray, clean: np.ndarray, truth: np.ndarray) -> np.ndarray:
    apart = np.abs(coded(light) - coded(clean)).max(axis=-1)
    tried = [
        np.clip((apart - low) / soft, 0, 1)
        for low in (2, 5, 10, 15, 25, 40)
        for soft in (1, 10, 30)
    ]
    return np.asarray(min(tried, key=lambda alpha: float(np.abs(alpha - truth).sum())))


def mog2(light: np.ndarray, clean: np.ndarray, seed: int) -> np.ndarray:
    random = np.random.default_rng([seed, 10])
    model = cv2.createBackgroundSubtractorMOG2(history=30, detectShadows=False)
    for _ in range(30):
        model.apply(coded(_noisy(clean, random)).astype(np.uint8))
    return np.asarray(model.apply(coded(light).astype(np.uint8), learningRate=0) / np.float32(255))


def scored(alpha: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    soft = cv2.dilate(((truth > 0.01) & (truth < 0.99)).astype(np.uint8), np.ones((9, 9))) > 0
    apart = np.abs(alpha - truth)
    return float(apart.sum() / 1e3), float((apart[soft] ** 2).mean())


def coded(light: np.ndarray) -> np.ndarray:
    """sRGB code of light, 0..255."""
    light = np.clip(light, 0, 1)
    return 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def _noisy(light: np.ndarray, random: np.random.Generator) -> np.ndarray:
    size = NOISE * np.sqrt(np.maximum(light, 0.005) / 0.18)
    return np.asarray(light + size * random.standard_normal(light.shape), np.float32)


def _read(path: Path, size: tuple[int, int]) -> np.ndarray:
    code = cv2.resize(np.asarray(cv2.imread(str(path))), size[::-1], interpolation=cv2.INTER_AREA)
    return srgb(code[..., ::-1] / 255.0).astype(np.float32)


if __name__ == "__main__":
    sys.exit(main())
