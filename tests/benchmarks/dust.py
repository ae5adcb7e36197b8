"""Dust and scratches put on real frames: how much of it is found and mended, and what is not dust.

    python tests/benchmarks/dust.py --footage DIR [--seed 1] [--frames 12] [--wide 432]
        [--clips PART ...] [--shake] [--sheet DIR]

Each movie, each folder of PNG frames and each raw 10-bit file (`*_480x270.yuv42010le.yuv`) under
--footage gives one run of frames, at a place that the seed chooses. On each frame the
seed throws dust (bright), dirt (dark) and fibres, 8 a frame, from half a pixel to nine
across at 432 wide, between faint and opaque; and one scratch over four frames, which drifts. With
--shake a window of each frame is taken, which wanders as a camera in the hand does.

PSNR is that of 8-bit sRGB pictures, mean of the frames, of input, median of three frames, and the
tool's result. Recall and precision count pixels that the damage changed by more than 5 of 255;
`things` is the share of single things of 4 such pixels or more of which any was found. `clean` is
what the tool finds on the same frames without damage, a frame: finds, and pixels in a million.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio

from answerprint.errors import BadInput
from answerprint.events import Events
from answerprint.frames.clip import open_clip
from answerprint.vision.finds import mask_of, of_dict
from answerprint.worker import jobs
from answerprint.worker.order import Order, Source

DUST, FIBRES, TALL = 8, 0.3, 45
SEEN = 5 / 255
LARGER, LEEWAY = 20 / 9, 0.05
"""Times as wide that frames are read for --shake; share of them beside the window, each side."""
FIRST = 1001


@dataclass(frozen=True)
class Case:
    """clean, dirty: (N, H, W, 3) float32 light. truth (N, H, W) bool: what the damage changed."""

    name: str
    clean: np.ndarray
    dirty: np.ndarray
    truth: np.ndarray


# --- footage ---------------------------------------------------------------------------------


def runs(
    folder: Path, wide: int, count: int, random: np.random.Generator
) -> Iterator[tuple[str, np.ndarray]]:
    for path in sorted([*folder.rglob("*.mp4"), *folder.rglob("*.webm"), *folder.rglob("*.mov")]):
        with open_clip(str(path)) as clip:
            start = int(random.integers(0, max(1, len(clip.frames) - count)))
            numbers = clip.frames[start : start + count]
            pictures = [p for _, p in clip.pictures(numbers, wide) if not isinstance(p, BadInput)]
        yield path.stem, np.stack([light for light, _ in pictures])
    for path in sorted({p.parent for p in folder.rglob("*.png")}):
        try:
            with open_clip(str(path)) as clip:
                numbers = clip.there[:count]
                pictures = [clip.picture(n, wide) for n in numbers]
        except BadInput:
            continue  # a folder of single pictures
        if len(pictures) > 3:
            yield path.name, np.stack([light for light, _ in pictures])
    for path in sorted(folder.rglob("*.yuv42010le.yuv")):
        width, height = (int(v) for v in path.name.split("_")[-1].split(".")[0].split("x"))
        size = width * height * 3  # bytes: 4:2:0 in two bytes each
        there = path.stat().st_size // size
        start = int(random.integers(0, max(1, there - count)))
        planes = np.fromfile(path, "<u2", size // 2 * count, offset=start * size)
        luma = planes.reshape(-1, size // 2)[:, : width * height].reshape(-1, height, width)
        light = (np.clip((luma.astype(np.float32) - 64) / 876, 0, 1)) ** 2.4
        yield path.stem.split(".")[0], np.repeat(light[..., None], 3, axis=-1)


def shaken(light: np.ndarray, wide: int, random: np.random.Generator) -> np.ndarray:
    """A window of larger frames, reduced to so many pixels across, that wanders."""
    tall, across = light.shape[1:3]
    size = (round(across * (1 - 2 * LEEWAY)), round(tall * (1 - 2 * LEEWAY)))
    scale = size[0] / wide
    most = np.array([across - size[0], tall - size[1]]) / 2
    place, pace, found = np.zeros(2), random.normal(0, 1.5, 2), []
    for frame in light:
        pace = 0.8 * pace + random.normal(0, 1.0, 2)
        place = np.clip(place + pace * scale, -most, most)
        x, y = place + most
        window = np.array([[1, 0, x], [0, 1, y]])
        how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        large = cv2.warpAffine(frame, window, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
        small = (wide, round(size[1] / scale))
        found.append(np.maximum(cv2.resize(large, small, interpolation=cv2.INTER_AREA), 0))
    return np.stack(found)


# --- damage ----------------------------------------------------------------------------------


def thing(random: np.random.Generator, scale: float) -> np.ndarray:
    """How opaque a speck or a fibre is (TALL, TALL) float32, 0..1."""
    middle = TALL // 2
    if random.random() > FIBRES:
        y, x = np.mgrid[:TALL, :TALL] - middle
        radius = scale * np.exp(random.uniform(np.log(0.8), np.log(4.5)))
        turn, flat = random.uniform(0, np.pi), random.uniform(0.7, 1.4)
        u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        ragged = cv2.GaussianBlur(random.normal(size=(TALL, TALL)), (0, 0), 2) * 1.5 * radius
        far = np.hypot(u / flat, v) - radius + ragged
        mask = 1 / (1 + np.exp(np.clip(2.5 * far, -30, 30)))
    else:
        ways = random.uniform(0, 2 * np.pi) + np.cumsum(random.normal(0, 0.35, 12))
        points = np.cumsum(np.stack([np.cos(ways), np.sin(ways)], axis=1) * 2 * scale, axis=0)
        points = np.rint((points - points.mean(axis=0) + middle) * 4).astype(np.int32)
        large = np.zeros((TALL * 4, TALL * 4), np.float32)
        cv2.polylines(large, [points], False, 1.0, round(5 * scale), cv2.LINE_AA)
        mask = cv2.resize(large, (TALL, TALL), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.5)


def soiled(name: str, clean: np.ndarray, random: np.random.Generator) -> Case:
    count, tall, wide = clean.shape[:3]
    dirty, scale = clean.copy(), wide / 432
    first, x = int(random.integers(0, max(1, count - 4))), random.uniform(0.1, 0.9) * wide
    for n in range(count):
        for _ in range(random.poisson(DUST)):
            mask = thing(random, min(scale, 2.0)) * random.uniform(0.45, 1)
            light = random.uniform(0.5, 1) if random.random() < 0.4 else random.uniform(0, 0.02)
            lay(dirty[n], mask, int(random.integers(wide)), int(random.integers(tall)), light)
        if first <= n < first + 4:
            at = x + scale * (0.8 * (n - first) + random.normal(0, 0.6))
            line = 0.6 * np.exp(-(((np.arange(wide) - at) / (0.8 * scale)) ** 2))[:, None]
            dirty[n] += (0.8 - dirty[n]) * line.astype(np.float32)
    truth = np.abs(coded(dirty) - coded(clean)).max(axis=-1) > SEEN
    return Case(name, clean, dirty, truth)


def lay(frame: np.ndarray, mask: np.ndarray, x: int, y: int, light: float) -> None:
    tall, wide = frame.shape[:2]
    top, left = y - TALL // 2, x - TALL // 2
    rows, columns = (
        slice(max(0, top), min(tall, top + TALL)),
        slice(max(0, left), min(wide, left + TALL)),
    )
    own = mask[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    frame[rows, columns] += (light - frame[rows, columns]) * own[..., None]


# --- measuring -------------------------------------------------------------------------------


def coded(light: np.ndarray) -> np.ndarray:
    """sRGB code, IEC 61966-2-1."""
    low = np.clip(light, 0, 1)
    return np.where(low <= 0.0031308, 12.92 * low, 1.055 * low ** (1 / 2.4) - 0.055)


def psnr(found: Sequence[np.ndarray], truth: Sequence[np.ndarray]) -> float:
    """Mean of the frames, none counted above 70."""
    eight = [[np.rint(coded(p) * 255) for p in each] for each in (found, truth)]
    errors = [float(np.mean((a - b) ** 2)) for a, b in zip(*eight, strict=True)]
    return float(np.mean([10 * np.log10(255**2 / max(e, 65025e-7)) for e in errors]))


def repaired(light: np.ndarray, folder: Path) -> tuple[np.ndarray, np.ndarray, float, float]:
    """The tool's frames, its masks, finds a frame and seconds a frame."""
    folder.mkdir()
    for n, frame in enumerate(light):
        spec = oiio.ImageSpec(frame.shape[1], frame.shape[0], 3, "float")
        out = oiio.ImageOutput.create(str(folder / f"p.{FIRST + n}.exr"))
        assert out.open(str(folder / f"p.{FIRST + n}.exr"), spec)
        assert out.write_image(frame)
        assert out.close()
    source = {"source": Source(str(folder / "p.%04d.exr"), "ACEScg")}
    began = time.monotonic()
    jobs.run(Order("repair", source, folder / "out", page=False), Events())
    took = (time.monotonic() - began) / len(light)
    told = json.loads((folder / "out/recipe.json").read_text("utf-8"))["solved"]
    finds = [of_dict(each) for each in told["finds"]]
    masks = np.stack(
        [
            mask_of([f for f in finds if f.frame == FIRST + n], light.shape[1:3], (0, 0))
            for n in range(len(light))
        ]
    )
    made = light.copy()
    for n in range(len(light)):
        path = folder / f"out/repair.{FIRST + n}.exr"
        if path.exists():
            made[n] = oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT)
    return made, masks, len(finds) / len(light), took


@dataclass(frozen=True)
class Row:
    """What was measured of a case, in the order it is printed in."""

    name: str
    dirty: float
    median: float
    ours: float
    recall: float
    precision: float
    things: float
    clean: float
    false: float
    seconds: float

    def __str__(self) -> str:
        return (
            f"| {self.name} | {self.dirty:.2f} | {self.median:.2f} | {self.ours:.2f} "
            f"| {self.recall:.3f} | {self.precision:.3f} | {self.things:.3f} "
            f"| {self.clean:.2f} | {self.false:.0f} | {self.seconds:.2f} |"
        )


def measured(case: Case, sheet: Path | None) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        made, masks, _, took = repaired(case.dirty, Path(folder) / "dirty")
        _, false, finds, _ = repaired(case.clean, Path(folder) / "clean")
    middles = np.clip(np.arange(len(made)), 1, len(made) - 2)
    median = [np.median(case.dirty[n - 1 : n + 2], axis=0) for n in middles]
    hit, many = 0, 0
    for truth, mask in zip(case.truth, masks, strict=True):
        count, labels, stats, _ = cv2.connectedComponentsWithStats(truth.astype(np.uint8))
        large = [n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] >= 4]
        hit += sum(bool(mask[labels == n].any()) for n in large)
        many += len(large)
    both = float((masks & case.truth).sum())
    if sheet:
        worst = int(np.abs(coded(made) - coded(case.clean)).sum(axis=(1, 2, 3)).argmax())
        row = [coded(p[worst]) for p in (case.dirty, made, case.clean)]
        eight = np.rint(np.concatenate(row, axis=1)[..., ::-1] * 255).astype(np.uint8)
        cv2.imwrite(str(sheet / f"{case.name}.png"), eight)
    return Row(
        case.name,
        psnr(case.dirty, case.clean),
        psnr(median, case.clean),
        psnr(made, case.clean),
        both / max(1, case.truth.sum()),
        both / max(1, masks.sum()),
        hit / max(1, many),
        finds,
        float(false.mean() * 1e6),
        took,
    )


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--footage", type=Path, required=True)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--frames", type=int, default=12)
    ask.add_argument("--wide", type=int, default=432)
    ask.add_argument("--clips", nargs="*", default=[])
    ask.add_argument("--shake", action="store_true")
    ask.add_argument("--sheet", type=Path)
    asked = ask.parse_args()
    random = np.random.default_rng(asked.seed)
    print(
        "| clip | input | median of three | ours | recall | precision | things | clean | ppm | s |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|", flush=True)
    rows = []
    read = round(asked.wide * LARGER) if asked.shake else asked.wide
    for at, (name, clean) in enumerate(runs(asked.footage, read, asked.frames, random)):
        own = np.random.default_rng((asked.seed, at))
        if not asked.clips or any(part in name for part in asked.clips):
            if asked.shake:
                clean = shaken(clean, asked.wide, own)
            rows.append(measured(soiled(name, clean.astype(np.float32), own), asked.sheet))
            print(rows[-1], flush=True)
    means = [
        float(np.mean([getattr(r, f) for r in rows])) for f in Row.__annotations__ if f != "name"
    ]
    print(Row("mean", *means))


if __name__ == "__main__":
    main()
