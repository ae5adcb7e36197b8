"""A frame that is not there, with all its channels, from frames around it.

What was found of the motion in the picture (`between.py`, `onward.py`) holds for every channel, and
each is treated as what it is (`frames/channels.py`):

    light    moved and mixed, scene-linear; of the picture the grain is taken off and laid on anew.
    matte    moved and mixed, never beyond what either frame has.
    data     moved; mixed where both frames show one surface, else that of the nearer one.
    id       moved, one of those that are there.

Convention
    canvas   the window that holds the data windows of both frames (`frames/canvas.py`); the result
             has those of the frame that lends its parts.
    NaN      where one frame has no finite value the other's stands; where neither has one it stays
             NaN, with a confidence of 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from answerprint.frames import colour
from answerprint.frames.canvas import common, cut, onto
from answerprint.frames.channels import kind
from answerprint.frames.clip import Clip
from answerprint.frames.frame import Window
from answerprint.frames.layers import Decoded, Layers
from answerprint.vision.between import Middle
from answerprint.vision.flow import Motion, Quality, motions, pulled
from answerprint.vision.regrain import Grain, measured

SURFACE = 0.05
"""Share of a value by which what is one surface may differ: depth over an edge differs more."""
HELD = 0.02
"""Share of what a pixel is mixed of that may be no number."""


@dataclass(frozen=True)
class Rebuilt:
    """layers: of each part (H, W, C) float32. sure (H, W): over the picture's data window."""

    layers: list[np.ndarray]
    sure: np.ndarray


class Around:
    """The two frames that one between is made of; the same one twice where it is made of one.

    first, second   their numbers. lender: that of the two whose parts and windows the result has.
    beside          another frame next to the first, which tells grain from picture.
    regrain         whether grain is taken off and laid on anew. quality: of the motion, `flow.py`.
    """

    def __init__(
        self,
        layers: Layers,
        first: int,
        second: int,
        lender: int,
        beside: int | None = None,
        regrain: bool = True,
        quality: Quality = "default",
    ) -> None:
        self._layers, self.first, self.second, self.lender = layers, first, second, lender
        self._beside, self._regrain, self._quality = beside, regrain, quality
        self._beyond: tuple[Motion, Motion] | None = None
        self._frames = {n: layers.frame(n) for n in (first, second)}
        self.canvas = common(part.data for f in self._frames.values() for part in f.parts)

    @cached_property
    def motions(self) -> tuple[Motion, Motion]:
        first, second = (self.light(n)[0] for n in (self.first, self.second))
        return motions(first, second, self._quality)

    def beyond(self, before: int, after: int) -> tuple[Motion, Motion]:
        """From the first frame to one before it, and from the second to one after it."""
        if self._beyond is None:
            pairs = ((self.first, before), (self.second, after))
            one, other = (motions(self.light(n)[0], self.light(m)[0])[0] for n, m in pairs)
            self._beyond = (one, other)
        return self._beyond

    @cached_property
    def grain(self) -> Grain | None:
        if not self._regrain:
            return None
        light = self.light(self.first)[0]
        if self.first != self.second:
            return measured(light, self.light(self.second)[0], self.motions[0].flow)
        if self._beside is None:
            return None
        other = self.light(self._beside)[0]
        return measured(light, other, motions(light, other)[0].flow)

    def light(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """`Layers.light` on the canvas, of any frame of the clip that fits onto it."""
        light, valid = self._layers.light(number)
        frame = self._layers.frame(number)
        window = frame.parts[self._layers.picture(number)[0]].data
        if common([window, self.canvas]) != self.canvas:
            return _within(light, window, self.canvas), _within(valid, window, self.canvas)
        return onto(light, window, self.canvas), onto(valid, window, self.canvas)

    def frame(self, middle: Middle, number: int) -> Rebuilt:
        """The frame of that number, of grain of its own."""
        lent = self._frames[self.lender]
        layers, held = [], np.ones((self.canvas.height, self.canvas.width), bool)
        pictured = self._layers.picture(self.lender)[0]
        for index, part in enumerate(lent.parts):
            made = np.empty((part.data.height, part.data.width, len(part.channels)), np.float32)
            done = set[int]()
            for view in part.colour:
                one, other = (self._view(n, index, view) for n in (self.first, self.second))
                light = self._picture(middle, one, other, number)
                if index == pictured and view == part.colour[0]:
                    held = np.isfinite(light).all(axis=-1)
                light = cut(light, self.canvas, part.data)
                made[..., list(view)] = _coded(light, lent.space)
                done |= {*view}
            for at, name in enumerate(part.channels):
                if at not in done:
                    moved = self._channel(middle, index, name)
                    made[..., at] = cut(moved, self.canvas, part.data)
            layers.append(made)
        sure = cut(middle.sure * held, self.canvas, lent.parts[pictured].data)
        return Rebuilt(layers, np.ascontiguousarray(sure, np.float32))

    def _picture(
        self,
        middle: Middle,
        one: tuple[np.ndarray, np.ndarray],
        other: tuple[np.ndarray, np.ndarray],
        number: int,
    ) -> np.ndarray:
        """Light of the new frame, under grain of its own; NaN where neither frame has any."""
        first, second = self._patched(one, other)
        if middle.ways:
            light = middle.light(first[0], second[0])
            share = np.full_like(middle.weight, (1 - middle.t) ** 2 + middle.t**2)
        else:
            light = middle.of(first[0], second[0])
            share = (1 - middle.weight) ** 2 + middle.weight**2
        if self.grain is not None:
            present = middle.of(self.grain.present(one[0]), self.grain.present(other[0]))
            clean = self.grain.off(light, share, present)
            grain = self.grain.topped(clean, (first[0], second[0]))
            light = grain.on(clean, number, present)
        if not (first[1].all() and second[1].all()):
            held = middle.of(first[1].astype(np.float32), second[1].astype(np.float32))
            light[held < 1 - HELD] = np.nan
        return light

    def _patched(
        self, one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Both pictures, with what is not finite in one of them taken from the other."""
        if self.first == self.second or (one[1].all() and other[1].all()):
            return [one, other]
        found = []
        for (light, valid), (there, sound), motion in (
            (one, other, self.motions[0]),
            (other, one, self.motions[1]),
        ):
            whole = pulled(sound.astype(np.float32), motion.flow) > 1 - HELD
            from_there = pulled(there, motion.flow)
            found.append((np.where(valid[..., None], light, from_there), valid | whole))
        return found

    def _view(
        self, number: int, part: int, view: tuple[int, int, int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """R, G, B of a view as light on the canvas, and where they are finite."""
        if (part, view) == self._layers.picture(number):
            return self.light(number)
        frame = self._frames[number]
        names = [self._frames[self.lender].parts[part].channels[at] for at in view]
        rgb = np.stack([self._laid(number, part, name)[0] for name in names], axis=-1)
        sound = np.isfinite(rgb).all(axis=-1)
        rgb = np.where(sound[..., None], rgb, np.float32(0))
        return colour.to_acescg(rgb, frame.space), sound

    def _channel(self, middle: Middle, part: int, name: str) -> np.ndarray:
        """A channel of the lender's, moved as what it is; of it alone where the other lacks it."""
        (one, has_one), (other, has_other) = (
            self._laid(n, part, name) for n in (self.first, self.second)
        )
        if not (has_one and has_other):
            weight = np.full_like(middle.weight, 0.0 if has_one else 1.0)
            middle = replace(middle, weight=weight)
        of = kind(name)
        if of == "id":
            return middle.nearest(one, other)
        if of == "data":
            return _of_one_surface(middle, one, other)
        mixed = _mixed(middle, one, other)
        if of == "light":
            return mixed
        ends = [np.where(np.isfinite(each), each, 0) for each in (one, other)]
        low, high = min(map(np.min, ends)), max(map(np.max, ends))
        return np.clip(mixed, low, high)

    def _laid(self, number: int, part: int, name: str) -> tuple[np.ndarray, bool]:
        """A channel (H, W) float32 on the canvas, and whether the frame has it."""
        frame = self._frames[number]
        wanted = self._frames[self.lender].parts[part].name
        for at, each in enumerate(frame.parts):
            if each.name == wanted and name in each.channels:
                plane = frame.layers[at][..., each.channels.index(name)].astype(np.float32)
                return onto(plane, each.data, self.canvas), True
        return np.zeros((self.canvas.height, self.canvas.width), np.float32), False


def differs(one: Clip, other: Clip) -> str:
    """Why frames of the other clip cannot stand in the first, in words; '' where they can."""
    if len(one.parts) != len(other.parts):
        return f"{other.name} has {len(other.parts)} parts, {one.name} {len(one.parts)}."
    for mine, theirs in zip(one.parts, other.parts, strict=True):
        if (mine.data, mine.display) != (theirs.data, theirs.display):
            size = f"{theirs.display.width} x {theirs.display.height}"
            there = f"{mine.display.width} x {mine.display.height}"
            return f"{other.name} shows {size} pixels, or another window of them, not {there}."
        if mine.pixel_aspect != theirs.pixel_aspect:
            return f"{other.name} has a pixel aspect of {theirs.pixel_aspect:g}."
        if lacks := [name for name in mine.channels if name not in theirs.channels]:
            return f"{other.name} has no {', '.join(lacks)}."
    return ""


def as_of(
    lent: Decoded, other: Decoded, layers: Sequence[np.ndarray] | None = None
) -> list[np.ndarray]:
    """A frame of another clip that does not differ (`differs`), in the channels, their order and
    the colour space of one of this; layers: others in its stead, as its own are laid out."""
    found = []
    for part, theirs, planes in zip(lent.parts, other.parts, layers or other.layers, strict=True):
        at = [theirs.channels.index(name) for name in part.channels]
        made = np.ascontiguousarray(planes[..., at])  # picked channels come in another order
        for view in part.colour:
            rgb = made[..., list(view)].astype(np.float32)
            made = made.astype(np.float32)
            made[..., list(view)] = colour.convert(rgb, other.space, lent.space)
        found.append(made)
    return found


def _mixed(middle: Middle, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """A channel moved and mixed, of what is finite in it; NaN where nothing is."""
    sound = [np.isfinite(each) for each in (one, other)]
    if sound[0].all() and sound[1].all():
        return middle.of(one, other)
    ends = [np.where(s, each, np.float32(0)) for s, each in zip(sound, (one, other), strict=True)]
    share = middle.of(sound[0].astype(np.float32), sound[1].astype(np.float32))
    whole = share > HELD
    mixed = middle.of(ends[0], ends[1])
    found: np.ndarray = np.where(whole, mixed / np.where(whole, share, 1), np.float32(np.nan))
    return found


def _of_one_surface(middle: Middle, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Values that may be averaged along a surface and never between two."""
    first, second = _smooth(one, middle.to_first), _smooth(other, middle.to_second)
    mixed = first * (1 - middle.weight) + second * middle.weight
    nearer = np.where(middle.weight > 0.5, second, first)
    return np.where(_alike(first, second), mixed, nearer)


def _smooth(values: np.ndarray, flow: np.ndarray) -> np.ndarray:
    near = pulled(values, flow, cv2.INTER_NEAREST)
    between = pulled(values, flow)
    return np.where(_alike(between, near), between, near)


def _alike(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one - other) <= SURFACE * np.maximum(np.abs(one), np.abs(other))


def _coded(light: np.ndarray, space: colour.Space) -> np.ndarray:
    """Light in the space of a file; NaN stays."""
    lost = ~np.isfinite(light).all(axis=-1)
    code = colour.from_acescg(np.where(lost[..., None], np.float32(0), light), space)
    code[lost] = np.nan
    return code


def _within(pixels: np.ndarray, window: Window, canvas: Window) -> np.ndarray:
    """What of a frame that is larger than the canvas lies on it."""
    both = common([window, canvas])
    return np.ascontiguousarray(cut(onto(pixels, window, both), both, canvas))
