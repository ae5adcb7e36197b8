"""Shots of one known camera move each: a picture seen by a camera that turns, an actor in front.

The camera stands; it turns, rolls and zooms as real ones do (a homography of its lens), with
motion blur, grain, a drift of exposure and an actor, whose picture is another one's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

KINDS = ("static", "pan", "tilt", "zoom", "roll", "hand-held")
RATE = 24.0


@dataclass(frozen=True)
class Path:
    """kind: the truth. turns (N, 4): yaw and pitch in widths, log zoom, roll in radians."""

    kind: str
    turns: np.ndarray
    also: str = ""


def draw(kind: str, frames: int, random: np.random.Generator) -> Path:
    """A move of a kind as an operator may make it, at a random speed."""
    seconds = np.arange(frames) / RATE
    turns = random.normal(0, 0.00012, (frames, 4)) * (1, 1, 0.3, 0.3)
    if kind == "hand-held":
        turns += _hand(frames, random)
        return Path(kind, turns)
    if kind == "static":
        return Path(kind, turns)
    ranges = {"pan": (0.03, 0.5), "tilt": (0.03, 0.3), "zoom": (0.06, 0.5), "roll": (0.06, 0.4)}
    names = list(ranges)
    least, most = ranges[kind]
    most = min(most, 0.3 / seconds[-1] if kind in ("pan", "tilt") else 0.7 / seconds[-1])
    speed = np.exp(random.uniform(np.log(least), np.log(max(most, least * 1.01))))
    eased = _eased(seconds, random) * seconds[-1]
    turns[:, names.index(kind)] += random.choice((-1, 1)) * speed * eased
    also = ""
    if random.random() < 0.25:
        also = str(random.choice([n for n in names if n != kind]))
        reach = {"pan": 1, "tilt": 1, "zoom": 3, "roll": 3}
        part = random.uniform(0.1, 0.45) * speed / reach[kind] * reach[also]
        turns[:, names.index(also)] += random.choice((-1, 1)) * part * eased
    return Path(kind, turns, also)


def _eased(seconds: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """0..1 over the shot: at one speed, eased in and out, or after a hold."""
    at = seconds / seconds[-1]
    how = random.integers(3)
    if how == 1:
        at = at * at * (3 - 2 * at)
    elif how == 2:
        at = np.clip((at - 0.25) / 0.75, 0, 1)
    return at


def _hand(frames: int, random: np.random.Generator) -> np.ndarray:
    """A hand's path: waves of 0.4 to 7 Hz, the slower the larger; or a leaky random walk."""
    seconds = np.arange(frames) / RATE
    path = np.zeros((frames, 4))
    walk = random.random() < 0.4
    for channel in range(4):
        if walk:
            push, at, speed = random.normal(0, 1, frames), 0.0, 0.0
            for n in range(frames):
                speed += push[n] - 0.35 * speed - 0.12 * at
                at += speed
                path[n, channel] = at
        else:
            for _ in range(9):
                hertz = np.exp(random.uniform(np.log(0.4), np.log(7.0)))
                wave = np.sin(2 * np.pi * (hertz * seconds + random.random()))
                path[:, channel] += wave / hertz
    path -= path.mean(0)
    path /= np.maximum(path.std(0), 1e-9)
    amplitude = np.exp(random.uniform(np.log(0.003), np.log(0.015)))
    return path * amplitude * (1, random.uniform(0.5, 1), 0.1, random.uniform(0.2, 0.8))


def shot(
    base: np.ndarray,
    actor: np.ndarray,
    path: Path,
    random: np.random.Generator,
    width: int = 480,
    height: int = 270,
    tall: float = 0.6,
    noise: float = 0.01,
    blur: int = 3,
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Frames from 1001 on: number, picture, valid.

    base, actor   (h, w, 3) scene-linear. tall: height of the actor in picture heights, 0 none.
    """
    frames = len(path.turns)
    focal = random.uniform(0.9, 2.2)
    figure = _figure(actor, round(tall * height)) if tall else None
    start, walk = random.uniform(0.1, 0.9), random.uniform(-0.35, 0.35)
    drift = 2 ** (random.uniform(-0.5, 0.5) * np.linspace(0, 1, frames))
    for n in range(frames):
        picture = np.zeros((height, width, 3), np.float32)
        there = np.clip([n, n + 0.5], 0, frames - 1)
        for part in np.linspace(*there, blur):
            low = int(part)
            high = min(low + 1, frames - 1)
            turn = path.turns[low] * (1 - part + low) + path.turns[high] * (part - low)
            picture += _seen(base, turn, focal, width, height) / blur
        if figure is not None:
            at = (start + walk * n / RATE) % 1.0
            sway = 0.01 * np.sin(n / 3)
            _stand(picture, figure, at + sway, min(1.0, 0.3 + tall * 0.6))
        picture *= drift[n]
        picture += random.normal(0, 1, picture.shape) * noise * np.sqrt(np.abs(picture) + 0.01)
        yield 1001 + n, picture.astype(np.float32), np.ones((height, width), bool)


def _seen(base: np.ndarray, turn: np.ndarray, focal: float, width: int, height: int) -> np.ndarray:
    """What the camera sees of the base, which it sees half as wide in the middle at rest."""
    yaw, pitch = np.arctan(turn[:2] / focal)
    long = focal * np.exp(turn[2]) * width
    lens = np.array([[long, 0, width / 2], [0, long, height / 2], [0, 0, 1]])
    scale = min(base.shape[1] / width, base.shape[0] / height) / 1.75
    wide = focal * width * scale
    wall = np.array([[wide, 0, base.shape[1] / 2], [0, wide, base.shape[0] / 2], [0, 0, 1]])
    cy, sy, cp, sp, cr, sr = (f(a) for a in (yaw, pitch, turn[3]) for f in (np.cos, np.sin))
    turned = (
        np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        @ np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]]).T
        @ np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    )
    to_base = wall @ turned @ np.linalg.inv(lens)
    return np.asarray(
        cv2.warpPerspective(
            base,
            to_base,
            (width, height),
            flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        )
    )


def _figure(actor: np.ndarray, tall: int) -> tuple[np.ndarray, np.ndarray]:
    """A head, a body and legs cut out of a picture: light (h, w, 3) and cover (h, w, 1)."""
    wide = round(tall * 0.4)
    light = cv2.resize(actor, (wide, tall), interpolation=cv2.INTER_AREA)
    cover = np.zeros((tall, wide), np.float32)
    cv2.ellipse(cover, (wide // 2, tall // 9), (tall // 14, tall // 10), 0, 0, 360, 1, -1)
    cv2.ellipse(cover, (wide // 2, tall * 2 // 5), (wide // 3, tall // 4), 0, 0, 360, 1, -1)
    cv2.rectangle(cover, (wide // 3, tall // 2), (wide * 2 // 3, tall), 1, -1)
    return light, cv2.GaussianBlur(cover, (0, 0), 0.8)[..., None]


def _stand(
    picture: np.ndarray, figure: tuple[np.ndarray, np.ndarray], x: float, feet: float
) -> None:
    light, cover = figure
    height, width = picture.shape[:2]
    left, top = x * width - light.shape[1] / 2, feet * height - light.shape[0]
    place = np.array([[1, 0, left], [0, 1, top]])
    over = cv2.warpAffine(light, place, (width, height))
    mask = cv2.warpAffine(cover, place, (width, height))[..., None]
    picture[:] = picture * (1 - mask) + over * mask


def wall(seed: int, width: int = 800, height: int = 450) -> np.ndarray:
    """A wall of patches and dots under uneven light, some of it far above white."""
    random = np.random.default_rng(seed)
    light = np.full((height, width, 3), 0.2, np.float32)
    for _ in range(width * height // 350):
        x, y, size = (int(random.integers(most)) for most in (width, height, 26))
        tint = (0.2 * np.exp(random.normal(0, 0.8, 3))).tolist()
        if random.random() < 0.5:
            cv2.circle(light, (x, y), size // 2 + 1, tint, -1)
        else:
            cv2.rectangle(light, (x, y), (x + size, y + size // 2 + 2), tint, -1)
    light[: height // 8, : width // 8] *= 60
    return light * np.linspace(0.5, 1.5, width, dtype=np.float32)[None, :, None]
