"""Little shots with truth: a textured wall that a camera pans over, with grain that is known."""

from __future__ import annotations

import cv2
import numpy as np


def wall(seed: int = 0, width: int = 640, height: int = 240) -> np.ndarray:
    """(height, width, 3) float32 scene-linear: patches with soft and hard edges."""
    random = np.random.default_rng(seed)
    fine = random.lognormal(-2, 0.5, (height // 6, width // 6, 3)).astype(np.float32)
    broad = random.lognormal(0, 0.4, (6, 12, 1)).astype(np.float32)
    picture = cv2.resize(fine, (width, height), interpolation=cv2.INTER_CUBIC)
    picture = picture * cv2.resize(broad, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    for _ in range(30):
        x, y = int(random.integers(width)), int(random.integers(height))
        far = (x + int(random.integers(8, 40)), y + int(random.integers(8, 40)))
        cv2.rectangle(picture, (x, y), far, random.lognormal(-2, 0.8, 3).tolist(), -1)
    return np.maximum(picture, 0.01)


def pan(
    count: int, speed: float = 3.0, grain: float = 0.003, seed: int = 0, width: int = 320
) -> list[np.ndarray]:
    """Frames of a camera that pans `speed` pixels a frame over the wall."""
    whole = wall(seed, round(width + abs(speed) * count + 16))
    frames = []
    for at in range(count):
        move = np.float32([[1, 0, -speed * at - 4], [0, 1, 0]])
        shown = cv2.warpAffine(whole, move, (width, len(whole)), flags=cv2.INTER_LINEAR)
        noise = np.random.default_rng([seed, at]).normal(0, grain, shown.shape)
        frames.append((shown + noise).astype(np.float32))
    return frames


def grainy(
    base: np.ndarray, sigma: np.ndarray | float, blur: float, random: np.random.Generator
) -> np.ndarray:
    """A picture with grain of this sigma, its neighbours alike as after a Gaussian blur."""
    grain = random.standard_normal(base.shape).astype(np.float32)
    if blur:
        grain = cv2.GaussianBlur(grain, (0, 0), blur)
        grain /= grain.std()
    return np.asarray(base + sigma * grain, np.float32)
