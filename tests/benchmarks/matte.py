"""Mattes from trimaps: ours beside PyMatting's, on pictures whose alpha is known.

    python tests/benchmarks/matte.py --photos DIR [--peer PY] [--seed 1] [--count 6] [--wide 480]
        [--speed WIDE] [--cutout FOREGROUND ALPHA] [--sheet DIR]

Classes: `figure`, a figure of `nets/screens.py` with hair, holes, motion blur and focus blur over a
photograph; `photo`, the light of another photograph in the same alpha; `cut-out`, with --cutout, a
photographed foreground and its alpha over another photograph. The photographs are those found in
DIR and under it. All are mixed in light, with grain of 1.5 codes, and rounded to 8 bits.
The trimap is unknown within 3 or 6 pixels of soft alpha. MSE is of its unknown pixels. `foreground`
is the error of the premultiplied foreground there, given the true alpha, as a share of its light.
--peer names a Python with pymatting: closed-form, KNN, shared matting; and multi-level foreground.
--speed: one picture so wide, ours and closed-form one after the other on the same cores.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from answerprint.nets.screens import Look, screened
from answerprint.vision.matting import matted
from answerprint.vision.unmixed import unmixed

PEER = """
import sys, time
import numpy as np
from pymatting import estimate_alpha_cf, estimate_alpha_knn, estimate_alpha_sm
from pymatting import estimate_foreground_ml
ways = {"cf": estimate_alpha_cf, "knn": estimate_alpha_knn, "sm": estimate_alpha_sm}
ramp = np.linspace(-0.5, 1.5, 48).clip(0, 1)[None].repeat(48, 0)
noise = np.random.default_rng(0).uniform(size=(48, 48, 3))
for name in ways:
    ways[name](noise, ramp)
for path in sys.argv[2:]:
    given = np.load(path)
    code, trimap = given["code"].astype(float), given["trimap"].astype(float)
    made, took = {}, {}
    for name in ways if sys.argv[1] == "all" else ["cf"]:
        began = time.perf_counter()
        made[name] = ways[name](code, trimap)
        took["took_" + name] = time.perf_counter() - began
    light = given["light"].astype(float)
    made["foreground"] = estimate_foreground_ml(light, given["alpha"].astype(float))
    np.savez(path + ".peer.npz", **made, **took)
"""


@dataclass(frozen=True)
class Case:
    """A picture: code sRGB 0..1, its light, true alpha and straight foreground, and a trimap."""

    code: np.ndarray
    light: np.ndarray
    alpha: np.ndarray
    foreground: np.ndarray
    trimap: np.ndarray


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--photos", type=Path, required=True)
    asked.add_argument("--peer")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--count", type=int, default=6)
    asked.add_argument("--wide", type=int, default=480)
    asked.add_argument("--speed", type=int, default=0)
    asked.add_argument("--cutout", nargs=2)
    asked.add_argument("--sheet", type=Path)
    given = asked.parse_args()
    photos = sorted(p for p in given.photos.rglob("*") if p.suffix.lower() in (".jpg", ".png"))
    size = (given.wide * 9 // 16, given.wide)
    kinds = ["figure", "photo", *(["cut-out"] if given.cutout else [])]
    print("| class | | MSE | worst | foreground |\n|---|---|---|---|---|")
    for kind in kinds:
        scores: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for number in range(given.count):
            made = case(kind, given.seed * 1000 + number, size, photos, given.cutout)
            for name, score in compared(made, given.peer).items():
                scores[name].append(score)
            if given.sheet:
                sheet(given.sheet / f"{kind}_{number}.png", made)
        for name, found in scores.items():
            rows = np.array(found)
            colour = f"{np.nanmean(rows[:, 1]):.4f}" if np.isfinite(rows[:, 1]).any() else ""
            print(f"| {kind} | {name} | {rows[:, 0].mean():.5f} | {rows[:, 0].max():.5f} ", end="")
            print(f"| {colour} |", flush=True)
    if given.speed:
        print(speed(given, photos))
    return 0


def case(
    kind: str, seed: int, size: tuple[int, int], photos: list[Path], cutout: list[str] | None
) -> Case:
    random = np.random.default_rng(seed)
    if kind == "cut-out":
        assert cutout
        front, alpha = photo(Path(cutout[0]), size), photo(Path(cutout[1]), size, light=False)
        alpha = alpha[..., 0]
    else:
        look = Look(
            hair=int(random.integers(100, 900)),
            holes=int(random.integers(0, 4)),
            blur=float(random.choice([0, 0, size[1] / 80])),
            focus=float(random.choice([0, 0, size[1] / 240])),
            spill=0.0,
            noise=0.0,
            highlight=1.0,
        )
        drawn = screened(seed, size, look)
        front, alpha = drawn.foreground, drawn.alpha
        if kind == "photo":
            front = photo(photos[(5 * seed + 1) % len(photos)], size)[:, ::-1]
    behind = photo(photos[(7 * seed + 3) % len(photos)], size)
    mixed = front * alpha[..., None] + behind * (1 - alpha[..., None])
    code = encoded(mixed) + random.normal(0, 1.5 / 255, mixed.shape)
    code = np.rint(np.clip(code, 0, 1) * 255) / 255
    reach = (3, 6)[seed % 2]
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    soft = cv2.dilate(((alpha > 0.01) & (alpha < 0.99)).astype(np.uint8), disc) > 0
    trimap = np.where(soft, 0.5, np.rint(alpha))
    made = (code, decoded(code), alpha, front, trimap)
    return Case(*(each.astype(np.float32) for each in made))


def photo(path: Path, size: tuple[int, int], light: bool = True) -> np.ndarray:
    """Its upper left part that has the size's shape."""
    read = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert read is not None, path
    code = read[..., ::-1] / np.float32(255)
    zoom = max(size[0] / code.shape[0], size[1] / code.shape[1])
    whole = (int(np.ceil(code.shape[1] * zoom)), int(np.ceil(code.shape[0] * zoom)))
    how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    code = np.clip(cv2.resize(code, whole, interpolation=how)[: size[0], : size[1]], 0, 1)
    return decoded(code) if light else code


def compared(made: Case, peer: str | None) -> dict[str, tuple[float, float]]:
    band = made.trimap == 0.5
    mattes = {"ours": matted(made.light, made.trimap).alpha}
    colours = {"ours": unmixed(made.light, made.alpha)[0]}
    if peer:
        with tempfile.TemporaryDirectory() as folder:
            theirs = run_peer(peer, made, Path(folder), "all")
        mattes |= {name: theirs[name] for name in ("cf", "knn", "sm")}
        colours["cf"] = theirs["foreground"]
    cover = made.alpha[..., None]
    true = np.abs(made.foreground * cover)[band].mean()
    found = {}
    for name, alpha in mattes.items():
        colour = float("nan")
        if name in colours:
            colour = float(np.abs((colours[name] - made.foreground) * cover)[band].mean() / true)
        found[name] = float(((alpha - made.alpha)[band] ** 2).mean()), colour
    return found


def run_peer(peer: str, made: Case, folder: Path, which: str) -> dict[str, np.ndarray]:
    path = folder / "case.npz"
    np.savez(path, **vars(made))
    subprocess.run([peer, "-c", PEER, which, str(path)], check=True, capture_output=True)
    with np.load(f"{path}.peer.npz") as stored:
        return dict(stored)


def speed(given: argparse.Namespace, photos: list[Path]) -> str:
    size = (given.speed * 9 // 16, given.speed)
    made = case("photo", given.seed * 1000 + 31, size, photos, None)
    matted(made.light[:200, :200], np.linspace(-0.5, 1.5, 200)[None].repeat(200, 0).clip(0, 1))
    began = time.perf_counter()
    matted(made.light, made.trimap)
    took = time.perf_counter() - began
    told = f"{size[1]} x {size[0]}, {(made.trimap == 0.5).mean():.1%} unknown: ours {took:.2f} s"
    if given.peer:
        with tempfile.TemporaryDirectory() as folder:
            theirs = float(run_peer(given.peer, made, Path(folder), "speed")["took_cf"])
        told += f", closed-form {theirs:.1f} s ({theirs / took:.1f} times)"
    return told


def encoded(light: np.ndarray) -> np.ndarray:
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def decoded(code: np.ndarray) -> np.ndarray:
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


def sheet(path: Path, made: Case) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    planes = (made.trimap, made.alpha, matted(made.light, made.trimap).alpha)
    row = [made.code, *(np.repeat(each[..., None], 3, -1) for each in planes)]
    cv2.imwrite(str(path), (255 * np.hstack(row)[..., ::-1]).astype(np.uint8))


if __name__ == "__main__":
    sys.exit(main())
