"""Shapes the props are made of: turned, lofted and boxed. Metres, z up."""

from __future__ import annotations

import bpy
import numpy as np

Point = tuple[float, float, float]


def mesh(name: str, points: np.ndarray, faces: list, material, smooth: bool = True):
    """A new object in the scene from points (N, 3) and faces of indices."""
    data = bpy.data.meshes.new(name)
    data.from_pydata(points.tolist(), [], faces)
    data.polygons.foreach_set("use_smooth", [smooth] * len(faces))
    data.validate()
    made = bpy.data.objects.new(name, data)
    made.data.materials.append(material)
    bpy.context.scene.collection.objects.link(made)
    return made


def place(made, at: Point, turn: Point = (0, 0, 0)):
    """Moves an object; `turn` in degrees."""
    made.location, made.rotation_euler = at, np.radians(turn)
    return made


def group(name: str, *parts):
    """One handle to move several parts by."""
    made = bpy.data.objects.new(name, None)
    bpy.context.scene.collection.objects.link(made)
    for part in parts:
        part.parent = made
    return made


def loft(name: str, rings: np.ndarray, material, closed: bool = True):
    """A skin over rings (R, N, 3); `closed` fills both ends."""
    count, around, _ = rings.shape
    faces = [
        (r * around + i, r * around + (i + 1) % around, (r + 1) * around + (i + 1) % around,
         (r + 1) * around + i)
        for r in range(count - 1)
        for i in range(around)
    ]  # fmt: skip
    if closed:
        faces.append(tuple(reversed(range(around))))
        faces.append(tuple((count - 1) * around + i for i in range(around)))
    return mesh(name, rings.reshape(-1, 3), faces, material)


def mm(text: str) -> list[tuple[float, float]]:
    """A profile as a turner writes it, 'radius height, ...' in millimetres; gives metres."""
    pairs = (pair.split() for pair in text.split(","))
    return [(float(radius) / 1000, float(height) / 1000) for radius, height in pairs]


def smoothed(profile: list[tuple[float, float]], steps: int = 8) -> np.ndarray:
    """A Catmull-Rom curve through (radius, height) pairs."""
    p = np.array([profile[0], *profile, profile[-1]], float)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2
               + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]  # fmt: skip
    return np.concatenate([*pieces, p[-1:]])


def revolved(curve: np.ndarray, around: int) -> np.ndarray:
    """Rings (N, around, 3) of a curve of (radius, height), turned about z."""
    angle = np.linspace(0, 2 * np.pi, around, endpoint=False)
    radius = np.maximum(curve[:, :1], 1e-4)
    height = np.broadcast_to(curve[:, 1:], (len(curve), around))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), height], -1)


def turned(name: str, profile, material, around: int = 64, smooth: bool = True, closed=True):
    """A solid of revolution from (radius, height) pairs, as from a lathe or a wheel."""
    curve = smoothed(profile) if smooth else np.array(profile, float)
    return loft(name, revolved(curve, around), material, closed)


def box(name: str, size: Point, material, bevel: float = 0.003):
    """A box with its base on z = 0 and softened edges."""
    x, y, z = size[0] / 2, size[1] / 2, size[2]
    points = [(i * x, j * y, k * z) for k in (0, 1) for j in (-1, 1) for i in (-1, 1)]
    faces = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    made = mesh(name, np.array(points), faces, material, smooth=False)
    if bevel:
        rounded = made.modifiers.new("bevel", "BEVEL")
        rounded.width, rounded.segments = bevel, 3
    return made


def tube(name: str, path: np.ndarray, radius: float | np.ndarray, material, around: int = 14):
    """A rod along points (N, 3)."""
    ahead = np.gradient(path, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    side = np.cross(ahead, (0.31, 0.87, 0.38))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(side, ahead)
    angle = np.linspace(0, 2 * np.pi, around, endpoint=False)[:, None, None]
    rings = path + np.asarray(radius)[..., None] * (np.cos(angle) * side + np.sin(angle) * up)
    return loft(name, np.ascontiguousarray(rings.transpose(1, 0, 2)), material)
