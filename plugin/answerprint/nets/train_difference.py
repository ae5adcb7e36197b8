"""Train the network of `difference` on procedural figures before procedural places.

    python -m answerprint.nets.train_difference --out models/difference [--steps 6000]
        [--plates 900] [--device cpu] [--seed 1]

The network is that of `key` (`keying.py`); its field is a clean plate as it is when it was laid
over the shot: off by parts of a pixel and of a stop, with noise of its own. Figures and places are
drawn from seeds over `screens.TRAINING`; nothing else is learned from.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from answerprint.nets.keying import seen
from answerprint.nets.screens import TRAINING, drawn_look, screened
from answerprint.nets.sets import place
from answerprint.nets.train_keying import CROP, CROPS, SIZES, trained, written
from answerprint.vision.cleanplate import Laid, apart, first

SHIFT, STOPS = 0.35, 0.02
"""Deviation of what is left after the plate is laid over the shot: pixels, and of its light."""


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--out", required=True, type=Path)
    asked.add_argument("--steps", type=int, default=6000)
    asked.add_argument("--plates", type=int, default=900)
    asked.add_argument("--device", default="cpu")
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    crops, truths = plates(given.plates)
    print(f"{len(crops)} crops of {given.plates} plates", file=sys.stderr, flush=True)
    net = trained(crops, truths, given.steps, given.seed, given.device)
    does = "The matte of a plate whose clean plate is known; see nets/keying.py."
    how = f"nets/train_difference.py --steps {given.steps} --plates {given.plates}"
    written(net, given.out, "difference", does, f"{how} --seed {given.seed}")
    return 0


def plates(count: int) -> tuple[np.ndarray, np.ndarray]:
    """What the network sees (N, CROP, CROP, SEEN) and the true alpha, float16; most at edges."""
    crops, truths = [], []
    for number in range(count):
        seed = TRAINING + number
        random = np.random.default_rng([seed, 5])
        size = SIZES[number % len(SIZES)]
        look = replace(drawn_look(seed), spill=0.0, chroma=False)
        figure = screened(seed, size, replace(look, noise=0.0), frame=int(random.integers(100)))
        behind = place(seed, size)
        cover = figure.alpha[..., None]
        clean = _astray(behind, random)
        if look.shadow:
            behind = behind * (1 - look.shadow * cv2.GaussianBlur(cover, (0, 0), 9))[..., None]
        light = _noisy(figure.foreground * cover + behind * (1 - cover), look.noise, random)
        clean = _noisy(clean, look.noise, random)
        one = np.ones(3, np.float32)
        known = Laid(clean, np.ones(size, bool), np.eye(3), one, 0 * one, 1.0)
        shown = seen(light, clean, first(apart(light, known)))
        soft = np.ones((5, 5), np.uint8)
        edge = (cv2.dilate(figure.alpha, soft) > 0.01) & (cv2.erode(figure.alpha, soft) < 0.99)
        rows, columns = np.nonzero(edge)
        for crop in range(CROPS):
            at = [int(random.integers(n)) for n in size]
            if crop < CROPS // 2 and len(rows):
                chosen = int(random.integers(len(rows)))
                at = [int(rows[chosen]), int(columns[chosen])]
            at = [n - CROP // 2 + int(random.integers(-30, 30)) for n in at]
            y, x = (int(np.clip(n, 0, most - CROP)) for n, most in zip(at, size, strict=True))
            crops.append(shown[y : y + CROP, x : x + CROP].astype(np.float16))
            truths.append(figure.alpha[y : y + CROP, x : x + CROP].astype(np.float16))
    return np.stack(crops), np.stack(truths)


def _astray(behind: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The clean plate as it comes to lie: near, and nearly as bright."""
    dx, dy = random.normal(0, SHIFT, 2)
    turn = random.normal(0, SHIFT / behind.shape[1])
    warp = np.array([[1, -turn, dx], [turn, 1, dy]])
    whole = behind.shape[1::-1]
    moved = cv2.warpAffine(
        behind, warp, whole, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(moved * np.exp(random.normal(0, STOPS, 3)), np.float32)


def _noisy(light: np.ndarray, noise: float, random: np.random.Generator) -> np.ndarray:
    size = np.sqrt((np.sqrt(np.maximum(light, 0) / 0.18) * noise) ** 2 + (noise / 3) ** 2)
    return np.asarray(light + size * random.standard_normal(light.shape), np.float32)


if __name__ == "__main__":
    raise SystemExit(main())
