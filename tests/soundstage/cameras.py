"""Cameras of the soundstage: where they stand, how they move, and where a point lands.

Metres, z up. A camera is {"matrix": camera-to-world, row-major 16 (it looks along its -z, its +y
is up), "focal": mm, "haperture": mm}; pixels have their origin at the top left.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import atan2, cos, degrees, pi, radians, sin
from typing import Any

import numpy as np

Camera = dict[str, Any]
APERTURE = 36.0


def look(eye: Sequence[float], target: Sequence[float], focal: float, roll: float = 0) -> Camera:
    """A camera at `eye` that has `target` in its middle; a positive roll (degree) turns it
    clockwise as its operator sees it, so the picture turns anticlockwise."""
    back = np.subtract(eye, target, dtype=float)
    back /= np.linalg.norm(back)
    right = np.cross((0.0, 0.0, 1.0), back)
    right /= np.linalg.norm(right)
    up = np.cross(back, right)
    c, s = cos(radians(roll)), sin(radians(roll))
    right, up = c * right - s * up, s * right + c * up
    matrix = np.eye(4)
    matrix[:3] = np.stack([right, up, back, np.asarray(eye, float)], 1)
    return {
        "matrix": [round(float(v), 7) for v in matrix.ravel()],
        "focal": round(float(focal), 5),
        "haperture": APERTURE,
    }


def project(camera: Camera, size: Sequence[int], points: np.ndarray) -> np.ndarray:
    """(..., 3) points of the set -> (..., 3): x and y in pixels, and the depth in metres."""
    matrix = np.reshape(camera["matrix"], (4, 4))
    seen = (np.asarray(points, float) - matrix[:3, 3]) @ matrix[:3, :3]
    depth = -seen[..., 2]
    scale = size[0] * camera["focal"] / camera["haperture"] / depth
    x = size[0] / 2 + seen[..., 0] * scale
    y = size[1] / 2 - seen[..., 1] * scale
    return np.stack([x, y, depth], -1)


def angle(one: Camera, other: Camera, point: Sequence[float]) -> float:
    """Degrees between two cameras around what they look at."""
    rays = [np.reshape(each["matrix"], (4, 4))[:3, 3] - np.asarray(point) for each in (one, other)]
    between = rays[0] @ rays[1] / np.linalg.norm(rays[0]) / np.linalg.norm(rays[1])
    return float(np.degrees(np.arccos(np.clip(between, -1, 1))))


def side(camera: Camera, line: Sequence[Sequence[float]]) -> float:
    """Metres from the line of action, in plan: the sign tells which side."""
    (ax, ay), (bx, by) = (point[:2] for point in line)
    x, y = np.reshape(camera["matrix"], (4, 4))[:2, 3]
    cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
    return float(cross / np.hypot(bx - ax, by - ay))


# --- how a camera moves ----------------------------------------------------------------------


def moved(
    eye: Sequence[float],
    target: Sequence[float],
    focal: float,
    move: dict[str, Any],
    frames: int,
    rate: float,
    phase: np.ndarray,
) -> list[Camera]:
    """The camera of each frame, with one more before the first and one after the last.

    move    {"kind": ..., "value": ...}: pan and roll in degree a second (positive: the camera
            turns right; clockwise), tilt (positive: up), zoom (doublings of the focal length a
            second), dolly (metres a second forwards), hand-held (degree, rms), static.
    phase   (3, 5, 2) where each sway of a hand stands at frame 0, and its frequency in Hz.
    """
    kind, value = move["kind"], move.get("value", 0.0)
    eye, target = np.asarray(eye, float), np.asarray(target, float)
    away = float(np.linalg.norm(target - eye))
    heading = atan2(target[1] - eye[1], target[0] - eye[0])
    pitch = float(np.arcsin((target[2] - eye[2]) / away))
    cameras = []
    middle = (frames - 1) / 2
    for frame in range(-1, frames + 1):
        seconds = (frame - middle) / rate
        pan = tilt = roll = 0.0
        stands, lens = eye, focal
        if kind == "pan":
            pan = value * seconds
        elif kind == "tilt":
            tilt = value * seconds
        elif kind == "roll":
            roll = value * seconds
        elif kind == "zoom":
            lens = focal * 2 ** (value * seconds)
        elif kind == "dolly":
            stands = eye + (target - eye) / away * value * seconds
        elif kind == "hand-held":
            # five sways an axis, each of a deviation of value / sqrt(5): rms `value` together
            sway = np.sin(2 * pi * phase[..., 1] * frame / rate + phase[..., 0]).sum(1)
            pan, tilt, roll = sway * value * (2 / 5) ** 0.5 * np.array((1, 1, 0.5))
            stands = eye + 0.02 * sway[[1, 2, 0]] * value
        elif kind != "static":
            raise ValueError(f"No camera moves like '{kind}'.")
        turn, lift = heading - radians(pan), pitch + radians(tilt)
        way = np.array([cos(turn) * cos(lift), sin(turn) * cos(lift), sin(lift)])
        cameras.append(look(stands, stands + way * away, lens, roll))
    return cameras


def field_of_view(camera: Camera) -> float:
    return degrees(2 * atan2(camera["haperture"] / 2, camera["focal"]))
