# SPDX-License-Identifier: GPL-3.0-or-later
"""Results that move: masks, tracks, corner pins, cameras.

Points come in pixels from the lower left corner, y upwards, with the source's numbers as
frames; `at` turns a number into a frame of the scene.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Iterator, List, Sequence, Tuple

import bpy

from answerprint_bridge.results import CannotPlace, Result

from . import compat
from .nodes import key_vectors

Size = Tuple[int, int]
Point = Tuple[float, float]
At = Callable[[float], float]
PIN = ("Lower Left", "Lower Right", "Upper Right", "Upper Left")


# Masks


def mask(made: Any, data: Result, size: Size, at: At) -> None:
    """Splines into a new mask, one layer and one shape key for each key of a shape."""
    frames = [at(key["frame"]) for shape in data["shapes"] for key in shape["keys"]]
    made.frame_start, made.frame_end = int(min(frames)), int(max(frames))
    for shape in data["shapes"]:
        layer = made.layers.new(name=shape["name"])
        spline = layer.splines.new()
        spline.use_cyclic = bool(shape.get("closed", True))
        count = len(shape["keys"][0]["points"])
        if any(len(key["points"]) != count for key in shape["keys"]):
            raise CannotPlace(f"the shape '{shape['name']}' changes its number of points")
        spline.points.add(count - len(spline.points))
    with _mask_editor(made):
        for frame in sorted(set(frames)):
            _key_masks(made, data, size, at, frame)


def _key_masks(made: Any, data: Result, size: Size, at: At, frame: float) -> None:
    """Set the shapes that have a key at this frame, and key them: others stay unselected."""
    bpy.context.scene.frame_set(int(frame))
    for layer, shape in zip(made.layers, data["shapes"], strict=True):
        key = next((k for k in shape["keys"] if at(k["frame"]) == frame), None)
        layer.hide = layer.hide_select = key is None
        if key is None:
            continue
        for point, numbers in zip(layer.splines[0].points, key["points"], strict=True):
            x, y, lx, ly, rx, ry = (*map(float, numbers), 0.0, 0.0, 0.0, 0.0)[:6]
            point.handle_type = point.handle_left_type = point.handle_right_type = "FREE"
            point.co = _square(x, y, size)
            point.handle_left = _square(x + lx, y + ly, size)
            point.handle_right = _square(x + rx, y + ry, size)
            point.select = True
    bpy.ops.mask.shape_key_insert()
    for layer in made.layers:
        layer.hide = layer.hide_select = False


def _square(x: float, y: float, size: Size) -> Point:
    """Pixels to a mask's own square, which spans the longer side and is centred."""
    longer = max(size)
    return 0.5 + (x - size[0] / 2) / longer, 0.5 + (y - size[1] / 2) / longer


@contextmanager
def _mask_editor(made: Any) -> Iterator[None]:
    """Shape keys are an operator's work, which wants an editor that shows the mask."""
    window = bpy.context.window or bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    scene, kind = bpy.context.scene, area.ui_type
    frame, part = scene.frame_current, scene.frame_subframe
    area.ui_type = "IMAGE_EDITOR"
    space = area.spaces.active
    mode, shown = space.mode, space.mask
    try:
        space.mode, space.mask = "MASK", made
        region = next(r for r in area.regions if r.type == "WINDOW")
        with bpy.context.temp_override(window=window, area=area, region=region):
            yield
    finally:
        space.mask, space.mode = shown, mode
        area.ui_type = kind
        scene.frame_set(frame, subframe=part)


# Tracks


def tracks(clip: Any, data: Result, size: Size, first: int) -> None:
    """Tracks into a new movie clip, whose first file has the number `first`.

    Where a track has no point it is lost: a disabled marker says so, there and after its end. Its
    mean confidence is its weight.
    """
    for turn, track in enumerate(data["tracks"], 1):
        there = {int(f): (x / size[0], y / size[1]) for f, x, y, *_ in track["points"]}
        frames = range(min(there), max(there) + 2)
        name = track.get("name", f"Track {turn}")
        made = clip.tracking.tracks.new(name=name, frame=frames[0] - first + 1)
        made.weight = sum(each[3] for each in track["points"]) / len(track["points"])
        for frame in frames:
            before = there.get(frame - 1)
            if frame in there:
                made.markers.insert_frame(frame - first + 1, co=there[frame])
            elif before is not None:
                made.markers.insert_frame(frame - first + 1, co=before).mute = True


# Corner pins


def pinned(data: Result, size: Size) -> List[Tuple[int, List[Point]]]:
    """(number, where the picture's own corners go, 0 to 1) of each key. CannotPlace.

    size    of the source. A picture of another size lies on it centre on centre, as Blender lays
            pictures on each other, and what leaves its own frame is cut.
    """
    width, height = data.get("size", size)
    left, low = (size[0] - width) / 2, (size[1] - height) / 2
    own = [(0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height))]
    start = [(float(x), float(y)) for x, y in data["from"]]
    found = []
    for key in data["corners"]:
        plane = _plane(start, [(float(x), float(y)) for x, y in key["points"]])
        moved = (_through(plane, x, y) for x, y in own)
        corners = [((x - left) / width, (y - low) / height) for x, y in moved]
        found.append((key["frame"], corners))
    return found


def corner_pin(node: Any, data: Result, size: Size, at: At) -> None:
    """Keys of a Corner Pin."""
    for number, corners in pinned(data, size):
        key_vectors(node, PIN, at(number), corners)


def _plane(
    start: Sequence[Tuple[float, float]], ends: Sequence[Tuple[float, float]]
) -> List[float]:
    """The eight numbers of the projection that takes four points to four others."""
    rows, right = [], []
    for (x, y), (u, v) in zip(start, ends, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return _solved([[*row, value] for row, value in zip(rows, right, strict=True)])


def _solved(rows: List[List[float]]) -> List[float]:
    """Gauss-Jordan with pivots."""
    for n in range(len(rows)):
        best = max(range(n, len(rows)), key=lambda r: abs(rows[r][n]))
        rows[n], rows[best] = rows[best], rows[n]
        if abs(rows[n][n]) < 1e-12:
            raise CannotPlace("its corners lie on one line")
        rows[n] = [value / rows[n][n] for value in rows[n]]
        for other in range(len(rows)):
            if other != n:
                part = rows[other][n]
                rows[other] = [a - part * b for a, b in zip(rows[other], rows[n], strict=True)]
    return [row[-1] for row in rows]


def _through(plane: Sequence[float], x: float, y: float) -> Point:
    a, b, c, d, e, f, g, h = plane
    depth = g * x + h * y + 1
    if depth <= 0:
        raise CannotPlace("a corner of the picture lies behind its plane")
    return (a * x + b * y + c) / depth, (d * x + e * y + f) / depth


# Cameras


def action_of(block: Any) -> Any:
    return block.animation_data.action if block.animation_data else None


def straighten(block: Any, begin: str) -> None:
    """Keys of a block's properties that begin so become straight lines, as results mean them."""
    action = action_of(block)
    for curve in compat.curves(action) if action else ():
        if curve.data_path.startswith(begin):
            for key in curve.keyframe_points:
                key.interpolation = "LINEAR"


def camera(made: Any, data: Result, at: At) -> None:
    """Keys of a camera object. The result is y up, Blender z up; both look along -z."""
    lens = made.data
    lens.sensor_fit = "HORIZONTAL"
    lens.sensor_width, lens.sensor_height = float(data["haperture"]), float(data["vaperture"])
    made.rotation_mode = "QUATERNION"
    before = None
    for key in data["frames"]:
        numbers = [float(v) for v in key["matrix"]]
        x, y, z, w = (numbers[n : n + 4] for n in (0, 4, 8, 12))
        rows = (x, [-v for v in z], y, w)  # y up becomes z up
        made.matrix_world = tuple(zip(*rows, strict=True))  # Blender takes columns
        turn = made.rotation_quaternion
        if before is not None and turn.dot(before) < 0:
            made.rotation_quaternion = -turn  # the same, without a turn the long way round
        before = made.rotation_quaternion.copy()
        for path in ("location", "rotation_quaternion", "scale"):
            made.keyframe_insert(path, frame=at(key["frame"]))
        lens.lens = float(key["focal"])
        lens.keyframe_insert("lens", frame=at(key["frame"]))
