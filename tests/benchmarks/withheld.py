"""What between.py and fill.py share: frames to take out of clips, and what else is put there.

Convention
    picture   (H, W, 3) uint8 sRGB.
    parts     of the way from the first frame to the second: even, ascending.
"""

from __future__ import annotations

import io
import subprocess
from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np

from answerprint.vision.flow import pulled

FIRST = 300
"""Frames of a movie that are used."""
Picture = np.ndarray


def clips(footage: Path, named: Sequence[str] | None) -> list[Path]:
    """Movies, and folders of PNG frames; only those whose name has one of these."""
    found = sorted((footage / "movies").iterdir())
    found += sorted(p for p in (footage / "sequences").iterdir() if list(p.glob("*.png")))
    return [p for p in found if not named or any(part in p.name for part in named)]


def frames(path: Path, wide: int) -> list[Picture]:
    """Frames of a movie or a folder, of that width."""
    if path.is_dir():
        return [_small(cv2.imread(str(p))[..., ::-1], wide) for p in sorted(path.glob("*.png"))]
    return decoded(str(path), wide)


def decoded(movie: str | io.BytesIO, wide: int = 0) -> list[Picture]:
    """The first frames of a movie, of that width or of their own."""
    found: list[Picture] = []
    with av.open(movie) as opened:
        for frame in opened.decode(video=0):
            full = frame.to_ndarray(format="rgb24")
            found.append(_small(full, wide) if wide else full)
            if len(found) == FIRST:
                break
    return found


def _small(full: Picture, wide: int) -> Picture:
    tall = round(full.shape[0] * wide / full.shape[1] / 2) * 2
    return cv2.resize(full, (wide, tall), interpolation=cv2.INTER_AREA)


def bytes_of(code: np.ndarray) -> Picture:
    return np.clip(np.rint(code), 0, 255).astype(np.uint8)


def coded(light: np.ndarray) -> np.ndarray:
    """sRGB code of light, 0..255 (IEC 61966-2-1)."""
    light = np.maximum(light, 0)
    return 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def psnr(made: Picture, truth: Picture) -> float:
    apart = made.astype(np.float64) - truth
    return float(10 * np.log10(255**2 / max(np.mean(apart**2), 1e-9)))


def parts(run: int) -> list[float]:
    """Of so many frames between two."""
    return [k / (run + 1) for k in range(1, run + 1)]


def mean(first: Picture, second: Picture, run: int = 1) -> list[Picture]:
    """Both, by how near they are."""
    return [bytes_of(first * (1 - t) + second * t) for t in parts(run)]


def minterpolate(first: Picture, second: Picture, run: int = 1) -> list[Picture]:
    """All that ffmpeg gives for two frames with so many between them; it wants more of them than
    two, so both ends are repeated. The last is the first of the second ones."""
    tall, wide = first.shape[:2]
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24"]
    words = ["ffmpeg", "-v", "error", *raw, "-s", f"{wide}x{tall}", "-r", "1", "-i", "-"]
    words += ["-vf", f"minterpolate=fps={run + 1}:mi_mode=mci:scd=none", *raw, "-"]
    given = b"".join(p.tobytes() for p in (first, first, second, second))
    out = subprocess.run(words, check=True, input=given, stdout=subprocess.PIPE).stdout
    return list(np.frombuffer(out, np.uint8).reshape(-1, tall, wide, 3))


def dis_warp(first: Picture, second: Picture, run: int = 1) -> list[Picture]:
    """Each frame moved its part of the way along `dis`, and their mean."""
    there, back = dis(first, second), dis(second, first)
    light = [p.astype(np.float32) for p in (first, second)]
    return [
        bytes_of(
            (1 - t) * pulled(light[0], back * np.float32(t))
            + t * pulled(light[1], there * np.float32(1 - t))
        )
        for t in parts(run)
    ]


def dis(first: Picture, second: Picture) -> np.ndarray:
    """Flow (H, W, 2): OpenCV's DIS, preset medium, finest scale 0, on grey pictures."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(0)
    one, other = (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for p in (first, second))
    return np.asarray(search.calc(one, other, None))
