"""Mattes of procedural screen plates: ours beside ffmpeg's keyers and a plain colour difference.

    python tests/benchmarks/key.py [--seed 1] [--count 6] [--wide 640] [--boil] [--sheet DIR]
        [--peer PY] [--speed WIDE]

Plates of `nets/screens.py` with seeds under TRAINING, so none that was trained on, in classes: hair
before green with light of up to 64; the same blue, red, grey and tinted wall; uneven and spilled;
moved while the shutter was open; out of focus; chroma of 4:2:0; everything by chance.

SAD is the sum of |alpha - truth| in thousands of pixels; `soft` is of pixels within 4 of a partly
covered one: MSE and MAE. `fg` is the error of premultiplied foreground there, as a share of its
mean light; `comp` the error over a new background, codes of 255. ffmpeg's colorkey and chromakey
are given the screen's true mean colour, and the similarity and blend that fit the truth best.
`fitted` is the colour difference against our field (Vlahos with a fitted plate).
--boil: over 48 moving frames with 4:2:0 chroma and grain, how far alpha's change from frame to
frame is off, and how large it is where the truth stands still, beside the truth's.
--peer names a Python with pymatting, for the time of its closed-form matting; --speed that of ours
on one plate so wide.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from answerprint.nets import keying
from answerprint.nets.screens import Look, Screened, drawn_look, screened
from answerprint.vision.keyed import bounded, difference, parted
from answerprint.vision.screen import fitted, found

HAIR = Look(hair=600, highlight=64.0)
CLASSES = {
    "hair, green": HAIR,
    "hair, blue": replace(HAIR, colour="blue"),
    "hair, red": replace(HAIR, colour="red"),
    "hair, grey": replace(HAIR, colour="grey"),
    "hair, tinted wall": replace(HAIR, colour="led"),
    "uneven, spilled": Look(uneven=0.35, spill=0.2, wrinkles=0.08, noise=0.01),
    "moved": Look(blur=20.0),
    "out of focus": Look(focus=4.0),
    "4:2:0": Look(chroma=True, highlight=1.0),
}
GROUND = np.array([0.30, 0.22, 0.16], np.float32)
NAMES = ("colorkey", "chromakey", "fitted", "ours")


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--count", type=int, default=6, help="plates of each class")
    asked.add_argument("--wide", type=int, default=640)
    asked.add_argument("--boil", action="store_true")
    asked.add_argument("--sheet", type=Path)
    asked.add_argument("--peer")
    asked.add_argument("--speed", type=int, default=0)
    given = asked.parse_args()
    size = (given.wide * 9 // 16, given.wide)
    print("| class | | SAD | soft MSE | soft MAE | fg | comp |\n" + "|---" * 7 + "|")
    every, doubts = list[float](), list[float]()
    for name, look in [*CLASSES.items(), ("by chance", None)]:
        scores: dict[str, list[tuple[float, ...]]] = defaultdict(list)
        for number in range(given.count):
            seed = given.seed * 1000 + number
            made = screened(seed, size, look or drawn_look(seed), frame=number)
            own, doubt = ours(made)
            mattes = {**ffmpeg(made), **own}
            for each in NAMES:
                scores[each].append(scored(*mattes[each], made))
            every.append(scores["ours"][-1][2])
            doubts.append(doubt)
            if given.sheet:
                given.sheet.mkdir(parents=True, exist_ok=True)
                sheet(given.sheet / f"{name.replace(', ', '_')}_{seed}.png", made, mattes["ours"])
        for each in NAMES:
            mean = np.mean(scores[each], axis=0)
            row = " | ".join(
                f"{v:.4f}" if i in (1, 2, 3) else f"{v:.2f}" for i, v in enumerate(mean)
            )
            print(f"| {name} | {each} | {row} |", flush=True)
            name = ""
    worst = sorted(every, reverse=True)[: max(1, len(every) // 20)]
    print(f"worst 5 % of plates, soft MAE: {', '.join(f'{v:.3f}' for v in worst)}")
    ranks = [np.argsort(np.argsort(each)) for each in (every, doubts)]
    print(f"rank correlation of doubt and soft MAE: {np.corrcoef(*ranks)[0, 1]:.2f}")
    if given.boil:
        print(boil(given.seed, size))
    if given.speed:
        print(speed(given.seed, (given.speed * 9 // 16, given.speed), given.peer))
    return 0


Matte = tuple[np.ndarray, np.ndarray]
"""Alpha, and the premultiplied foreground."""


def ours(made: Screened) -> tuple[dict[str, Matte], float]:
    """By our field, alone and as `key` makes it, and how much that doubts the plate."""
    screen = fitted(made.plate, found(made.plate))
    first = difference(made.plate, screen.field)
    read, error = keying.matte(keying.shipped("key", "cpu")[0], made.plate, screen.field, first)
    alpha = bounded(made.plate, screen.field, read)
    doubt = float(np.sqrt(np.mean(np.square(np.maximum(error, read - alpha)))))
    mattes = {"fitted": first, "ours": alpha}
    return {
        n: (a, parted(made.plate, screen.field, a).straight * a[..., None])
        for n, a in mattes.items()
    }, doubt


def ffmpeg(made: Screened) -> dict[str, Matte]:
    """Both of its keyers, with the settings that are nearest to the truth."""
    code = coded(made.plate).astype(np.uint8)
    tall, wide = code.shape[:2]
    mean = coded(made.screen).reshape(-1, 3).mean(axis=0).astype(int)
    colour = "0x" + "".join(f"{v:02X}" for v in mean)
    found_ = {}
    for name in ("colorkey", "chromakey"):
        best: tuple[float, np.ndarray] | None = None
        for similarity in (0.05, 0.1, 0.15, 0.2, 0.3):
            for blend in (0.0, 0.05, 0.1, 0.2, 0.35):
                words = ["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"]
                words += ["-s", f"{wide}x{tall}", "-i", "-", "-vf"]
                words += [f"{name}={colour}:{similarity}:{blend}"]
                words += ["-f", "rawvideo", "-pix_fmt", "rgba", "-"]
                out = subprocess.run(words, check=True, input=code.tobytes(), capture_output=True)
                alpha = np.frombuffer(out.stdout, np.uint8).reshape(tall, wide, 4)[..., 3] / 255
                off = float(np.abs(alpha - made.alpha).sum())
                if best is None or off < best[0]:
                    best = off, alpha.astype(np.float32)
        assert best is not None
        found_[name] = best[1], made.plate * best[1][..., None]
    return found_


def scored(alpha: np.ndarray, premultiplied: np.ndarray, made: Screened) -> tuple[float, ...]:
    apart = np.abs(alpha - made.alpha)
    soft = cv2.dilate(((made.alpha > 0.01) & (made.alpha < 0.99)).astype(np.uint8), np.ones((9, 9)))
    band = soft > 0
    truth = made.foreground * made.alpha[..., None]
    fg = np.abs(premultiplied - truth)[band].mean() / max(np.abs(truth[band]).mean(), 1e-6)
    over = [
        p + GROUND * (1 - a)[..., None] for p, a in ((premultiplied, alpha), (truth, made.alpha))
    ]
    comp = np.abs(coded(over[0]) - coded(over[1])).mean()
    mse, mae = (apart**2)[band].mean(), apart[band].mean()
    return apart.sum() / 1e3, float(mse), float(mae), float(fg), float(comp)


def boil(seed: int, size: tuple[int, int]) -> str:
    """Alpha's change from frame to frame beside the truth's."""
    look = Look(chroma=True, noise=0.01, highlight=1.0)
    last: tuple[np.ndarray, np.ndarray] | None = None
    off, still, true = list[float](), list[float](), list[float]()
    for frame in range(48):
        made = screened(seed * 1000 + 999, size, look, frame)
        alpha = ours(made)[0]["ours"][0]
        if last is not None:
            moved, truth = alpha - last[0], made.alpha - last[1]
            off.append(float(np.sqrt(((moved - truth) ** 2).mean())))
            still.append(float(np.abs(moved).mean()))
            true.append(float(np.abs(truth).mean()))
        last = alpha, made.alpha
    ratio = np.mean(still) / np.mean(true)
    return f"boil over 48 frames: dtSSD {np.mean(off):.4f}; change {ratio:.3f} times the truth's"


PEER = """
import sys, time
import numpy as np
from pymatting import estimate_alpha_cf
given = np.load(sys.argv[1])
code, trimap = (given[n].astype(np.float64) for n in ("code", "trimap"))
small = np.zeros((40, 40))
small[:, 20:], small[:, 15:20] = 1, 0.5
estimate_alpha_cf(np.dstack([small] * 3), small)  # it compiles at its first use
began = time.perf_counter()
estimate_alpha_cf(code, trimap)
print(time.perf_counter() - began)
"""


def speed(seed: int, size: tuple[int, int], peer: str | None) -> str:
    made = screened(seed, size, HAIR)
    ours(screened(seed, (90, 160), HAIR))
    began = time.perf_counter()
    ours(made)
    took = time.perf_counter() - began
    told = f"{size[1]} x {size[0]}: ours {took:.2f} s"
    if peer:
        soft = cv2.dilate(
            ((made.alpha > 0.01) & (made.alpha < 0.99)).astype(np.uint8), np.ones((9, 9))
        )
        trimap = np.where(soft > 0, 0.5, np.rint(made.alpha)).astype(np.float64)
        path = Path(__file__).with_suffix(".npz")
        np.savez(path, code=coded(made.plate) / 255.0, trimap=trimap)
        try:
            out = subprocess.run([peer, "-c", PEER, str(path)], check=True, capture_output=True)
        finally:
            path.unlink()
        theirs = float(out.stdout.split()[-1])
        told += f", closed-form {theirs:.1f} s ({theirs / took:.0f} times)"
    return told


def coded(light: np.ndarray) -> np.ndarray:
    """sRGB code of light, 0..255."""
    light = np.clip(light, 0, 1)
    return 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def sheet(path: Path, made: Screened, matte: Matte) -> None:
    cover = matte[0][..., None]
    rows = [coded(made.plate), 255 * np.repeat(made.alpha[..., None], 3, -1)]
    rows += [255 * np.repeat(cover, 3, -1), coded(matte[1] + GROUND * (1 - cover))]
    cv2.imwrite(str(path), np.hstack(rows)[..., ::-1])


if __name__ == "__main__":
    sys.exit(main())
