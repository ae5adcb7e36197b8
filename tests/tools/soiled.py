"""A shot that pans over a painted wall, and damage to put on it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio

from answerprint.events import Events
from answerprint.worker import jobs
from answerprint.worker.order import Order, Source

FIRST, COUNT, SIZE = 1001, 9, (108, 192)
CHANNELS = ("R", "G", "B", "A", "Z")


def wall(seed: int = 3) -> np.ndarray:
    """(H, W, 3) float32: patches of paint with a lamp of 60 and a shadow of -0.05."""
    random = np.random.default_rng(seed)
    light = np.zeros((160, 320, 3), np.float32)
    for blur, depth in ((12, 1.2), (4, 0.5), (1.5, 0.15)):
        layer = random.normal(size=light.shape[:2]).astype(np.float32)
        light += (cv2.GaussianBlur(layer, (0, 0), blur) * blur * 3.5 * depth)[..., None]
    light = np.exp(light * 0.5 - 1.7) * np.array([1.0, 0.85, 0.7], np.float32)
    light[70:76, 150:156] = 60
    light[30:40, 90:100] = -0.05
    return light


def frames(count: int = COUNT, pace: float = 2.0, seed: int = 3) -> np.ndarray:
    """(N, H, W, 5) float16 of a camera that pans by so many pixels a frame."""
    whole, found = wall(seed), []
    tall, wide = SIZE
    for n in range(count):
        shift = np.array([[1, 0, -20 - pace * n], [0, 1, -12.0]], np.float32)
        light = cv2.warpAffine(whole, shift, (wide, tall), flags=cv2.INTER_LINEAR)
        alpha = np.full((tall, wide, 1), 0.5, np.float32)
        depth = np.full((tall, wide, 1), 10.0 + n, np.float32)
        found.append(np.concatenate([light, alpha, depth], axis=-1).astype(np.float16))
    return np.stack(found)


def spot(frame: np.ndarray, x: int, y: int, radius: int, light: float) -> np.ndarray:
    """Put dust on R, G, B of a frame; where it is, (H, W) bool."""
    rows, columns = np.ogrid[: frame.shape[0], : frame.shape[1]]
    there = (columns - x) ** 2 + (rows - y) ** 2 <= radius**2
    frame[there, :3] = light
    return np.asarray(there)


def save(path: Path, pixels: np.ndarray, channels: tuple[str, ...] = CHANNELS) -> None:
    """Write one frame as half."""
    tall, wide, count = pixels.shape
    spec = oiio.ImageSpec(wide, tall, count, "half")
    spec.channelnames = channels
    out = oiio.ImageOutput.create(str(path))
    assert out.open(str(path), spec), out.geterror()
    assert out.write_image(pixels), out.geterror()
    assert out.close(), out.geterror()


def shot(folder: Path, plates: np.ndarray, channels: tuple[str, ...] = CHANNELS) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    for n, pixels in enumerate(plates):
        save(folder / f"wall.{FIRST + n}.exr", pixels, channels)
    return str(folder / "wall.%04d.exr")


def repair(source: str, out: Path, page: bool = False, **params: object) -> jobs.Outcome:
    sources = {"source": Source(source, "ACEScg")}
    order = Order("repair", sources, out, dict(params), page=page)
    return jobs.run(order, Events())


def made(out: Path, number: int) -> np.ndarray:
    """(H, W, C) float16 of a result."""
    found = oiio.ImageBuf(str(out / f"repair.{number}.exr"))
    return np.asarray(found.get_pixels(oiio.HALF))


def bits(pixels: np.ndarray) -> np.ndarray:
    """Half pixels as whole numbers, so that NaN equals NaN and -0 is not 0."""
    return np.ascontiguousarray(pixels, np.float16).view(np.uint16)
