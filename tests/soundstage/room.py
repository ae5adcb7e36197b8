"""A small film set, rendered in numpy: what tests of shot matching measure themselves against.

One room of textured planes and boxes, seen by any camera, with the truth known: no grade, no
lens, no compression. Scene-linear ACEScg; a lamp of 60, a neon tube and a flag whose colours
lie outside the gamut (below zero), a window that a camera may clip, a ball that moves from
frame to frame, and props that one shot has and the other has not.

The same arguments give the same picture, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

Point = tuple[float, float, float]
TEXELS = 110
"""Texture pixels per metre."""
LAMP = 60.0


@dataclass(frozen=True)
class Camera:
    """Where a camera stands, what it looks at, and its focal length in picture widths."""

    eye: Point
    target: Point
    focal: float = 0.9


WIDE = Camera((0.0, 0.3, -1.2), (0.0, 0.1, 5.0), 0.95)
SIDE = Camera((-1.1, 0.5, -0.4), (0.5, 0.0, 5.0), 1.05)
CLOSE = Camera((0.7, 0.2, 0.6), (0.4, 0.0, 5.0), 1.25)
BEHIND = Camera((0.0, 0.3, 1.2), (0.0, 0.1, -5.0), 0.95)
"""Looks the other way: it shares nothing with the others but the kind of set."""


@dataclass(frozen=True)
class Plane:
    """A textured parallelogram: a corner, its two sides, a base colour and a texture seed."""

    corner: Point
    across: Point
    down: Point
    colour: tuple[float, float, float]
    seed: int
    pattern: float = 1.0


def render(
    camera: Camera,
    frame: int = 0,
    width: int = 480,
    height: int = 270,
    props: tuple[str, ...] = (),
    noise: float = 0.002,
) -> np.ndarray:
    """(height, width, 3) float32: the set as this camera sees it at this frame.

    props   of 'cloth' and 'poster': large saturated things that a shot may have for itself.
    noise   standard deviation of the sensor's noise, in scene-linear light.
    """
    picture = np.zeros((height * 2, width * 2, 3), np.float32)
    eye, turn = np.array(camera.eye), _look(camera)
    planes = [*_set(), _ball(frame), *(_PROPS[name] for name in props)]
    for plane in sorted(planes, key=lambda p: -_depth(p, eye, turn)):
        _paint(picture, plane, eye, turn, camera.focal * width * 2)
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    grain = np.random.default_rng([frame + 1000, width]).normal(0, noise, small.shape)
    return np.asarray(small + grain, np.float32)


# --- the set ---------------------------------------------------------------------------------


def _box(at: Point, size: Point, colour: tuple[float, float, float], seed: int) -> list[Plane]:
    """The three faces of a box that a camera in front of it sees."""
    (x, y, z), (w, h, d) = at, size
    return [
        Plane((x, y + h, z), (w, 0, 0), (0, -h, 0), colour, seed),
        Plane((x, y + h, z + d), (w, 0, 0), (0, 0, -d), colour, seed + 1),
        Plane((x, y + h, z + d), (0, 0, -d), (0, -h, 0), colour, seed + 2),
    ]


@lru_cache(maxsize=1)
def _set() -> tuple[Plane, ...]:
    grey, wood, teal = (0.22, 0.21, 0.20), (0.30, 0.17, 0.08), (0.06, 0.16, 0.18)
    return (
        Plane((-4, 2.4, 6), (8, 0, 0), (0, -4, 0), grey, 1),
        Plane((-4, -1.6, 6), (8, 0, 0), (0, 0, -8), wood, 2),
        Plane((-4, 2.4, -2), (0, 0, 8), (0, -4, 0), teal, 3),
        Plane((4, 2.4, 6), (0, 0, -8), (0, -4, 0), (0.26, 0.20, 0.12), 4),
        Plane((-2.6, 1.9, 5.9), (1.3, 0, 0), (0, -1.4, 0), (5.0, 5.6, 6.6), 5, 0.8),  # window
        Plane((1.4, 1.8, 5.9), (1.1, 0, 0), (0, -1.3, 0), (0.35, 0.10, 0.07), 6),
        Plane((-0.6, 1.5, 5.9), (1.2, 0, 0), (0, -0.9, 0), (0.12, 0.20, 0.34), 7),
        *_box((-1.7, -1.6, 4.0), (1.2, 1.3, 0.8), (0.36, 0.27, 0.16), 10),
        *_box((0.5, -1.6, 3.6), (1.5, 0.9, 0.9), (0.16, 0.22, 0.10), 20),
        *_box((0.9, -0.7, 3.8), (0.5, 0.6, 0.4), (0.40, 0.38, 0.36), 30),
        Plane((-1.4, 0.35, 4.2), (0.22, 0, 0), (0, -0.3, 0), (LAMP, 48.0, 30.0), 40, 0.0),
        Plane((2.9, 1.5, 5.8), (0.2, 0, 0), (0, -2.2, 0), (-0.05, 0.10, 0.90), 41, 0.0),  # neon
        Plane((-3.4, 0.2, 5.8), (0.5, 0, 0), (0, -1.2, 0), (0.50, -0.03, -0.05), 42, 0.0),  # flag
        Plane((-4, 2.4, -2), (8, 0, 0), (0, -4, 0), (0.10, 0.13, 0.30), 51),  # behind the camera
        Plane((-2, 1.0, -1.9), (1.5, 0, 0), (0, -1.5, 0), (0.30, 0.33, 0.12), 52),
    )


_PROPS = {
    "cloth": Plane((-0.9, 0.6, 3.4), (1.3, 0, 0), (0, -1.5, 0), (0.75, 0.04, 0.30), 61),
    "poster": Plane((1.2, 2.2, 5.7), (1.9, 0, 0), (0, -1.9, 0), (0.04, 0.55, 0.10), 62),
}


def _ball(frame: int) -> Plane:
    """A thing that is elsewhere in every frame."""
    x = -1.2 + 0.35 * (frame % 8)
    return Plane((x, -0.2, 3.0), (0.5, 0, 0), (0, -0.5, 0), (0.55, 0.42, 0.04), 70)


@lru_cache(maxsize=64)
def _texture(plane: Plane) -> np.ndarray:
    """Patches, dots and a slow change of light on a plane, as light (h, w, 3)."""
    random = np.random.default_rng(plane.seed)
    wide, tall = (max(8, round(np.linalg.norm(v) * TEXELS)) for v in (plane.across, plane.down))
    cloth = np.ones((tall, wide, 3), np.float32)
    for _ in range(round(plane.pattern * wide * tall / 260)):
        x, y, size = random.integers(wide), random.integers(tall), random.integers(3, 22)
        tint = np.exp(random.normal(0, 0.55) + random.normal(0, 0.18, 3)).tolist()
        if random.random() < 0.5:
            cv2.circle(cloth, (int(x), int(y)), int(size // 2) + 1, tint, -1)
        else:
            far = (int(x + size), int(y + random.integers(3, 22)))
            cv2.rectangle(cloth, (int(x), int(y)), far, tint, -1)
    slow = np.exp(random.normal(0, 0.35, (4, 4))).astype(np.float32)
    light = cv2.resize(slow, (wide, tall), interpolation=cv2.INTER_CUBIC)[..., None]
    return np.asarray(cloth * (light if plane.pattern else 1.0) * np.float32(plane.colour))


# --- the camera ------------------------------------------------------------------------------


def _look(camera: Camera) -> np.ndarray:
    """(3, 3): rows are right, down and forward in the room."""
    forward = np.subtract(camera.target, camera.eye)
    forward = forward / np.linalg.norm(forward)
    right = np.cross((0.0, 1.0, 0.0), forward)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(right, forward), forward])


def _depth(plane: Plane, eye: np.ndarray, turn: np.ndarray) -> float:
    middle = np.add(plane.corner, np.add(plane.across, plane.down) / 2)
    return float((turn @ (middle - eye))[2]) + (50.0 if np.abs(plane.across).max() >= 8 else 0.0)


def _paint(
    picture: np.ndarray, plane: Plane, eye: np.ndarray, turn: np.ndarray, focal: float
) -> None:
    """Draw a plane over what lies behind it, by the homography from texture to picture."""
    texture = _texture(plane)
    tall, wide = texture.shape[:2]
    height, width = picture.shape[:2]
    lens = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    across, down, corner = (
        turn @ np.array(v) for v in (plane.across, plane.down, np.subtract(plane.corner, eye))
    )
    to_picture = lens @ np.stack([across / wide, down / tall, corner], 1)
    left, top, right, bottom = _bounds(to_picture, wide, tall, width, height)
    x, y = np.meshgrid(np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5)
    at = np.stack([x, y, np.ones_like(x)], -1) @ np.linalg.inv(to_picture).T
    u, v = at[..., 0] / at[..., 2], at[..., 1] / at[..., 2]
    # the third coordinate is one over the depth, up to a positive factor
    seen = (at[..., 2] > 1e-6) & (u >= 0) & (u < wide) & (v >= 0) & (v < tall)
    if not seen.any():
        return
    place = (np.where(seen, w - 0.5, -1).astype(np.float32) for w in (u, v))
    drawn = cv2.remap(texture, *place, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    picture[top:bottom, left:right][seen] = drawn[seen]


def _bounds(
    to_picture: np.ndarray, wide: int, tall: int, width: int, height: int
) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what a texture can cover of the picture."""
    corners = to_picture @ np.array([[0, wide, 0, wide], [0, 0, tall, tall], [1, 1, 1, 1]])
    if (corners[2] < 0.05).any():
        return 0, 0, width, height
    x, y = corners[:2] / corners[2]
    left, right = np.clip([x.min() - 1, x.max() + 2], 0, width).astype(int)
    top, bottom = np.clip([y.min() - 1, y.max() + 2], 0, height).astype(int)
    return left, top, right, bottom
