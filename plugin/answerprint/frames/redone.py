"""A frame with another picture and channels of its own beside what it had.

Convention
    light      (H, W, 3) float32 scene-linear ACEScg, over the data window of the part with the
               frame's picture; written in the frame's own space.
    channels   name -> (H, W) or, of light, (H, W, 3) float32 over the same window ('A',
               'foreground'). Light is written as '<name>.R', '.G', '.B' in the frame's space.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from answerprint.frames import colour
from answerprint.frames.frame import Part
from answerprint.frames.layers import Decoded


def redone(
    frame: Decoded,
    picture: tuple[int, tuple[int, int, int]],
    light: np.ndarray,
    channels: Mapping[str, np.ndarray],
) -> tuple[tuple[Part, ...], list[np.ndarray]]:
    """Parts and layers of the frame with that picture (`Layers.picture`): light in its place, and
    the channels put in, or added behind its own in its depth."""
    index, view = picture
    part = frame.parts[index]
    layer = frame.layers[index]
    planes = {name: layer[..., at] for at, name in enumerate(part.channels)}
    rgb = colour.from_acescg(light, frame.space)
    for at, each in enumerate(view):
        planes[part.channels[each]] = rgb[..., at]
    planes |= own(frame, channels)
    kind = part.types[view[0]]
    known = dict(zip(part.channels, part.types, strict=True))
    types = tuple(known.get(name, kind) for name in planes)
    made = replace(part, channels=tuple(planes), types=types)
    parts = (*frame.parts[:index], made, *frame.parts[index + 1 :])
    stack = np.stack([np.asarray(p, np.float32) for p in planes.values()], axis=-1)
    return parts, [*frame.layers[:index], stack, *frame.layers[index + 1 :]]


def own(frame: Decoded, channels: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Channels by their full names, light in the frame's space."""
    named: dict[str, np.ndarray] = {}
    for name, plane in channels.items():
        if plane.ndim == 2:
            named[name] = plane
        else:
            rgb = colour.from_acescg(plane, frame.space)
            named |= {f"{name}.{c}": rgb[..., i] for i, c in enumerate("RGB")}
    return named
