"""Shots of a still under a camera whose move is known, with a figure of the soundstage before it.

The still is drawn at twice the size of a frame and reduced, so that a move by parts of a pixel is
true to a hundredth of one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from answerprint.nets.screens import Look, clouds, screened

FINE = 2


@dataclass(frozen=True)
class Frame:
    """light (H, W, 3) and alpha (H, W) of the figure; to_first: pixel of the frame to pixel of the
    first, centres at whole numbers."""

    light: np.ndarray
    alpha: np.ndarray
    figure: np.ndarray
    to_first: np.ndarray


def place(seed: int, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) light of a place: clouds of all sizes, walls and windows; nothing repeats."""
    random = np.random.default_rng([seed, 11])
    tall, wide = size
    code = sum(clouds(random, size, cells) / math.sqrt(cells) for cells in (4, 9, 20, 45, 100, 220))
    light = 0.18 * np.exp(0.8 * np.asarray(code))[..., None] * np.exp(random.normal(0, 0.2, 3))
    light = np.asarray(light, np.float32)
    for _ in range(240):
        x, y = random.uniform(0, wide), random.uniform(0, tall)
        across = random.uniform(0.004, 0.04, 2) * wide
        turn, tint = random.uniform(0, 180), random.uniform(0.02, 0.6, 3)
        box = cv2.boxPoints(((x, y), tuple(across), turn))
        low = np.maximum(np.floor(box.min(0)).astype(int) - 8, 0)
        high = np.minimum(np.ceil(box.max(0)).astype(int) + 8, (wide, tall))
        if (high <= low).any():
            continue
        drawn = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
        corners = np.rint((box - low) * 16).astype(np.int32)
        cv2.fillConvexPoly(drawn, corners, 255, cv2.LINE_AA, 4)
        share = cv2.GaussianBlur(drawn, (0, 0), 1.6)[..., None] / np.float32(255)
        part = light[low[1] : high[1], low[0] : high[0]]
        part[...] = part * (1 - 0.7 * share) + share * tint
    return light


def move(kind: str, frame: int, size: tuple[int, int], seed: int) -> np.ndarray:
    """(3, 3) pixel of a frame to pixel of the first. kind: pan, shake, zoom, turn, plane."""
    tall, wide = size
    random = np.random.default_rng([seed, 12])
    way = random.uniform(0, 2 * math.pi)
    pace = wide * random.uniform(0.002, 0.004)
    far = np.array([math.cos(way), 0.5 * math.sin(way)]) * pace * frame
    hand = [
        sum(
            random.uniform(0.3, 1) * (math.sin(f * frame + p) - math.sin(p))
            for f, p in zip(random.uniform(0.2, 1.4, 4), random.uniform(0, 6, 4), strict=True)
        )
        for _ in range(3)
    ]
    middle = (np.array([wide, tall]) - 1) / 2
    to = np.array([[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, 1.0]])
    back = np.linalg.inv(to)

    def about(scale: float, turn: float, shift: np.ndarray) -> np.ndarray:
        c, s = scale * math.cos(turn), scale * math.sin(turn)
        return back @ np.array([[c, -s, shift[0]], [s, c, shift[1]], [0, 0, 1]]) @ to

    if kind == "pan":
        return about(1, 0, far)
    if kind == "shake":
        return about(1, 0.004 * hand[2], far + 3 * np.array(hand[:2]))
    if kind == "zoom":
        return about(math.exp(-0.004 * frame), 0.0005 * frame, 0.3 * far)
    if kind == "turn":
        focal = 1.4 * wide
        angles = np.array([far[1] / focal, far[0] / focal, 0.002 * hand[2]])
        lens = np.diag([focal, focal, 1])
        found = back @ lens @ cv2.Rodrigues(angles)[0] @ np.linalg.inv(lens) @ to
        return found / found[2, 2]
    bent = np.eye(3)
    bent[2, :2] = np.array([0.9, -0.6]) * 0.002 * frame / wide
    found = about(1 + 0.001 * frame, 0.001 * hand[2], far) @ back @ bent @ to
    return found / found[2, 2]


def shot(
    seed: int,
    kind: str,
    count: int,
    size: tuple[int, int],
    noise: float = 0.004,
    figure: bool = True,
    scale: float = 0.75,
    photo: np.ndarray | None = None,
) -> Iterator[Frame]:
    """The frames. scale: of the figure beside the frame; it stands at the bottom and walks. photo:
    (H, W, 3) light that is laid over the place instead of a drawn one."""
    tall, wide = size
    margin = wide // 2
    whole = ((tall + 2 * margin) * FINE, (wide + 2 * margin) * FINE)
    if photo is None:
        still = place(seed, whole)
    else:
        still = cv2.resize(photo, whole[::-1], interpolation=cv2.INTER_CUBIC)
    half = (FINE - 1) / 2
    fine = np.array([[FINE, 0, half], [0, FINE, half], [0, 0, 1.0]])
    put = np.array([[1, 0, margin], [0, 1, margin], [0, 0, 1.0]])
    for frame in range(count):
        to_first = move(kind, frame, size, seed)
        look_up = fine @ put @ to_first @ np.linalg.inv(fine)
        drawn = cv2.warpPerspective(
            still,
            look_up,
            (wide * FINE, tall * FINE),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        )
        light = cv2.resize(drawn, (wide, tall), interpolation=cv2.INTER_AREA)
        alpha = np.zeros((tall, wide), np.float32)
        own = np.zeros_like(light)
        if figure:
            small = (round(tall * scale), round(wide * scale))
            made = screened(seed, small, Look(noise=0.0, hair=200, spill=0.0), frame)
            left = (wide - small[1]) // 2 + round(0.12 * wide * math.sin(frame / 11))
            top = tall - small[0]
            alpha[top:, left : left + small[1]] = made.alpha
            own[top:, left : left + small[1]] = made.foreground * made.alpha[..., None]
        light = light * (1 - alpha[..., None]) + own
        grain = np.random.default_rng([seed, 13, frame]).normal(0, 1, light.shape)
        light = light + noise * np.sqrt(np.maximum(light, 0.01) / 0.18) * grain
        yield Frame(np.asarray(light, np.float32), alpha, own, to_first)


def corner_errors(found: np.ndarray, true: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(4,) pixels by which the corners of a frame are off on the first."""
    tall, wide = size
    corners = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], np.float64) - 0.5

    def at(matrix: np.ndarray) -> np.ndarray:
        flat = np.column_stack([corners, np.ones(4)]) @ matrix.T
        return flat[:, :2] / flat[:, 2:]

    return np.hypot(*(at(found) - at(true)).T)
