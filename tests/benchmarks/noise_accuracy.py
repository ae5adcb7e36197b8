"""How well the noise of a picture is measured: known grain on known pictures, and cameras' own.

    python tests/benchmarks/noise_accuracy.py --footage DIR [--peer PYTHON] [--seeds 3]

Known grain, white and with neighbours alike, is laid on a clean ramp, on a ramp half of which is
patterned, and on photographs (averages of many exposures, so without noise of their own). Cameras'
own noise: 25 pairs of one exposure and the average of hundreds, developed in camera; the truth is
the deviation from the average in calm 16-pixel blocks, which is all that a passport speaks of.
A picture's ratio is the median over channels and quarters of its light. The peer is
skimage.restoration.estimate_sigma, one number for all light; --peer names a Python that has it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from answerprint.frames import colour
from answerprint.vision.noise import Noise

SIDE, BLOCK = 128, 16
PEER = """
import sys, numpy as np
from skimage.restoration import estimate_sigma
for each in np.load(sys.argv[1]).values():
    print(np.mean(estimate_sigma(each, channel_axis=-1)))
"""


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--footage", required=True, type=Path)
    asked.add_argument("--peer", help="Python of a venv that has scikit-image")
    asked.add_argument("--seeds", type=int, default=3)
    given = asked.parse_args()
    pairs = list(cameras(given.footage / "stills" / "polyu_noise"))
    print("| grain | pictures | ours: median, within 10 % | 20 % | estimate_sigma: median, 10 % |")
    print("|---|---|---|---|---|")
    for blur in (0.0, 0.8, 1.5):
        for what, clean in bases(pairs).items():
            made = [grainy(c, blur, s) for s in range(given.seeds) for c in clean]
            report(f"{blur} px, {what}", made, given.peer)
    report("cameras' own", pairs, given.peer)
    return 0


def report(what: str, made: list[tuple[np.ndarray, np.ndarray]], peer: str | None) -> None:
    ours = np.array([ratio(noisy, clean) for noisy, clean in made])
    told = f"{np.median(ours):.2f}, {share(ours, 0.1)} | {share(ours, 0.2)}"
    other = ""
    if peer:
        truth = [float(np.mean(truth_of(noisy, clean)[1])) for noisy, clean in made]
        theirs = np.array(estimated(peer, [noisy for noisy, _ in made])) / truth
        other = f"{np.median(theirs):.2f}, {share(theirs, 0.1)}"
    print(f"| {what} | {len(made)} | {told} | {other} |", flush=True)


def share(ratios: np.ndarray, off: float) -> str:
    return f"{np.mean(np.abs(ratios - 1) <= off):.0%}"


def ratio(noisy: np.ndarray, clean: np.ndarray) -> float:
    """Measured over true sigma."""
    noise = Noise(coded=True)
    noise.see(1, places(noisy))
    told = noise.told()
    if told["channels"] is None:
        return float("nan")
    light, sigma = truth_of(noisy, clean)
    found = []
    for channel, k in enumerate(told["channels"]):
        level = light[:, channel]
        found.append(np.sqrt(k["a"] * level + k["b"] + k["c"] * level**2) / sigma[:, channel])
    return float(np.median(found))


def truth_of(noisy: np.ndarray, clean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(4, 3) light and sigma in quarters of the light, of the calmer half of the clean blocks."""
    noise, base = (blocks(p) for p in (noisy - clean, clean))
    calm = base.std(1).mean(1)
    calm = calm <= np.median(calm)
    level, spread = base.mean(1)[calm], noise.var(1)[calm]
    rows = []
    for channel in range(3):
        edges = np.quantile(level[:, channel], np.linspace(0.05, 0.95, 5))
        for low, high in pairwise(edges):
            inside = (level[:, channel] >= low) & (level[:, channel] <= high)
            middle = np.median(level[inside, channel])
            rows.append((middle, np.sqrt(np.median(spread[inside, channel]))))
    told = np.array(rows).reshape(3, 4, 2)
    return told[..., 0].T, told[..., 1].T


def blocks(picture: np.ndarray) -> np.ndarray:
    height, width = (n // BLOCK for n in picture.shape[:2])
    cut = picture[: height * BLOCK, : width * BLOCK].reshape(height, BLOCK, width, BLOCK, 3)
    return cut.swapaxes(1, 2).reshape(-1, BLOCK * BLOCK, 3)


def places(picture: np.ndarray) -> np.ndarray:
    height, width = (n // SIDE for n in picture.shape[:2])
    cut = picture[: height * SIDE, : width * SIDE].reshape(height, SIDE, width, SIDE, 3)
    return np.ascontiguousarray(cut.swapaxes(1, 2)).reshape(-1, SIDE, SIDE, 3)


# --- pictures ------------------------------------------------------------------------------


def bases(pairs: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, list[np.ndarray]]:
    light = np.geomspace(0.01, 0.7, 768, dtype=np.float32)[None, :, None]
    ramp = np.repeat(np.repeat(light, 512, 0), 3, 2)
    fine = np.random.default_rng(0).lognormal(0, 0.5, (64, 192, 3)).astype(np.float32)
    half = ramp.copy()
    half[:256] *= np.maximum(cv2.resize(fine, (768, 256), interpolation=cv2.INTER_CUBIC), 0.1)
    photographs = [clean for _, clean in pairs[::3]]
    return {"a ramp": [ramp], "half patterned": [half], "photographs": photographs}


def grainy(clean: np.ndarray, blur: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """With a camera's noise: variance a floor, shot noise and gain."""
    grain = np.random.default_rng(seed).standard_normal(clean.shape).astype(np.float32)
    if blur:
        grain = cv2.GaussianBlur(grain, (0, 0), blur)
        grain /= grain.std()
    sigma = np.sqrt(1e-6 + 2e-4 * np.maximum(clean, 0) + 1e-4 * clean**2)
    return (clean + sigma * grain).astype(np.float32), clean


def cameras(folder: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    space = colour.space("sRGB Encoded Rec.709 (sRGB)")
    for real in sorted(folder.glob("*_real.*")):
        mean = real.with_name(real.name.replace("_real", "_mean"))
        codes = [cv2.imread(str(p))[..., ::-1].astype(np.float32) / 255 for p in (real, mean)]
        yield colour.to_acescg(codes[0], space), colour.to_acescg(codes[1], space)


def estimated(peer: str, pictures: list[np.ndarray]) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pictures.npz"
        np.savez(path, *pictures)
        run = subprocess.run(
            [peer, "-c", PEER, str(path)], check=True, capture_output=True, text=True
        )
    return [float(word) for word in run.stdout.split()]


if __name__ == "__main__":
    sys.exit(main())
