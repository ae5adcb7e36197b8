"""A shot whose every frame is known: a picture that drifts, under grain, with layers of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import OpenImageIO as oiio

from answerprint.events import Events
from answerprint.show import add
from answerprint.show.store import make_show
from answerprint.worker import jobs
from answerprint.worker.jobs import Outcome
from answerprint.worker.order import Order, Source

SIZE = (144, 208)
PACE = (2.0, -1.0)
"""Pixels a frame, right and down."""
GRAIN = 0.06
"""Sigma of the grain of a grey of 0.18, over it."""
EDGE = 14


def scene(number: float, seed: int = 3, size: tuple[int, int] = SIZE) -> np.ndarray:
    """(H, W, 3) float32 light without grain."""
    tall, wide = size
    random = np.random.default_rng(seed)
    soft = random.normal(-1.6, 0.7, (tall // 24 + 4, wide // 24 + 6, 3)).astype(np.float32)
    light = np.exp(cv2.resize(soft, (wide + 120, tall + 80), interpolation=cv2.INTER_CUBIC))
    way = np.array([[1, 0, PACE[0] * number - 60], [0, 1, PACE[1] * number - 40]], np.float32)
    return np.asarray(cv2.warpAffine(light, way, (wide, tall), borderMode=cv2.BORDER_REFLECT))


def grained(light: np.ndarray, number: int) -> np.ndarray:
    random = np.random.default_rng((number, 9))
    sigma = GRAIN * np.sqrt(np.maximum(light, 0) * 0.18)
    return np.asarray(light + sigma * random.standard_normal(light.shape), np.float32)


def shot(folder: Path, numbers: Iterable[int], grain: bool = False, cut: int | None = None) -> str:
    """Frames of `scene` as half; from frame `cut` on they are of another. The pattern."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        light = scene(number - 1000, 3 if cut is None or number < cut else 4)
        write(folder, number, grained(light, number) if grain else light)
    return str(folder / "p.%04d.exr")


def write(
    folder: Path,
    number: int,
    pixels: np.ndarray,
    channels: Sequence[str] = ("R", "G", "B"),
    at: tuple[int, int] = (0, 0),
    display: tuple[int, int] | None = None,
    kind: str = "half",
) -> Path:
    tall, wide, count = pixels.shape
    spec = oiio.ImageSpec(wide, tall, count, kind)
    spec.channelnames = tuple(channels)
    spec.x, spec.y = at
    spec.full_x, spec.full_y, (spec.full_height, spec.full_width) = 0, 0, display or (tall, wide)
    path = folder / f"p.{number:04d}.exr"
    out = oiio.ImageOutput.create(str(path))
    assert out.open(str(path), spec), out.geterror()
    assert out.write_image(pixels), out.geterror()
    assert out.close(), out.geterror()
    return path


def load(path: Path) -> np.ndarray:
    """(H, W, C) float32."""
    return np.asarray(oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT))


def run(
    tool: str, source: str, out: Path, frames: str = "", part: str = "", **params: Any
) -> Outcome:
    of = {"source": Source(source, "ACEScg")}
    order = Order(tool, of, out, params, frames=frames, part=part, page=False)
    return jobs.run(order, Events())


def inner(pixels: np.ndarray) -> np.ndarray:
    """Without the edge, where a picture comes in that no frame around shows."""
    return pixels[EDGE:-EDGE, EDGE:-EDGE]


def rms(pixels: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(pixels, dtype=np.float64))))


def fine(light: np.ndarray) -> np.ndarray:
    """What of a picture is finer than a pixel or two."""
    return inner(light - cv2.GaussianBlur(light, (0, 0), 1.0))


def clocked(folder: Path, name: str, numbers: range, first: int) -> str:
    """A sequence of `scene` whose frame n carries the timecode 01:00:00:n - first."""
    folder.mkdir(parents=True)
    for number in numbers:
        path = write(folder, number, scene(number - first))
        image = oiio.ImageBuf(str(path))
        at = number - first
        word = 0x01000000 | at % 10 | at // 10 << 4
        image.specmod().attribute("framesPerSecond", oiio.TypeDesc("rational"), (24, 1))
        image.specmod().attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), (word, 0))
        image.specmod().attribute("reelName", "A001")
        image.write(str(folder / f"{name}.{number:04d}.exr"))
        path.unlink()
    return str(folder / f"{name}.%04d.exr")


def a_show(tmp_path: Path, take: str) -> str:
    show = make_show(tmp_path / "show")
    add.add(show, [take])
    return str(show.folder)
