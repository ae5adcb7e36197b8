"""A frame that is not there, with all its channels, from frames around it.

What was found of the motion in the picture (`between.py`, `onward.py`) holds for every channel, and
each is treated as what it is (`frames/channels.py`):

    light    moved and mixed, scene-linear; of the picture the grain is taken off and laid on anew.
             Nothing limits it; a look-up between pixels stays within its neighbours (`between.py`).
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
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from answerprint.frames import colour
from answerprint.frames.canvas import common, cut, onto
from answerprint.frames.channels import kind
from answerprint.frames.clip import Clip
from answerprint.frames.frame import Window
from answerprint.frames.layers import Decoded, Layers
from answerprint.vision.bend import Turn
from answerprint.vision.between import Middle
from answerprint.vision.flow import LARGE, Motion, Quality, motions, pulled
from answerprint.vision.regrain import Grain, measured

SURFACE = 0.05
"""Share of a value by which what is one surface may differ: depth over an edge differs more."""
HELD = 0.02
"""Share of what a pixel is mixed of that may be no number."""
BAND, REACH = 512, 3
"""Rows of a large frame that are mixed at once; and rows around what is looked up that count."""
View = tuple[int, tuple[int, int, int]]
"""A part, and its R, G, B."""
Moved = tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]
"""Light of a view of the new frame, and of both frames with where it is finite."""


@dataclass(frozen=True)
class Rebuilt:
    """layers: of each part (H, W, C) float32. sure (H, W): over the picture's data window."""

    layers: list[np.ndarray]
    sure: np.ndarray


class Around:
    """The two frames that one between is made of; the same one twice where it is made of one.

    first, second   their numbers. lender: that of the two whose parts and windows the result has.
    beside          another frame next to the first, which tells grain from picture.
    regrain         whether grain is taken off and laid on anew. quality, device: of the motion,
                    `flow.py`.
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
        device: str = "cpu",
    ) -> None:
        self._layers, self.first, self.second, self.lender = layers, first, second, lender
        self._beside, self._regrain, self._quality = beside, regrain, quality
        self._device = device
        self._turns: tuple[Turn | None, ...] = ()
        self._frames = {n: layers.frame(n) for n in (first, second)}
        self.canvas = common(part.data for f in self._frames.values() for part in f.parts)

    @cached_property
    def motions(self) -> tuple[Motion, Motion]:
        first, second = (self.light(n)[0] for n in (self.first, self.second))
        return motions(first, second, self._quality, self._device)

    def turns(self, before: int, after: int) -> tuple[Turn | None, ...]:
        """How the way between the two is bent, by the frame before and the one after them."""
        if not self._turns:
            steps, rows = self.second - self.first, list[Turn | None]()
            pairs = ((self.first, before), (self.second, after))
            for way, (number, other) in zip(self.motions, pairs, strict=True):
                on, _ = motions(self.light(number)[0], self.light(other)[0], device=self._device)
                rows.append(Turn.of(way, on, steps))
                self._layers.forget(other)
            self._turns = tuple(rows)
        return self._turns

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
        lights = {
            (index, view): self._moved(middle, index, view)
            for index, part in enumerate(lent.parts)
            for view in part.colour
        }
        weight = np.float32(middle.t) if middle.ways else middle.weight
        share = np.broadcast_to((1 - weight) ** 2 + weight**2, middle.weight.shape)
        middle = replace(middle, ways=(), shares=(), seen=())  # memory: what follows is one motion
        layers = []
        held = np.ones(middle.sure.shape, bool)
        pictured = self._layers.picture(self.lender)
        for index, part in enumerate(lent.parts):
            made = np.empty((part.data.height, part.data.width, len(part.channels)), np.float32)
            done = set[int]()
            for view in part.colour:
                light = self._grained(middle, lights, (index, view), share, number)
                if (index, view) == pictured:
                    held = np.isfinite(light).all(axis=-1)
                light = cut(light, self.canvas, part.data)
                made[..., list(view)] = _coded(light, lent.space)
                done |= {*view}
            for at, name in enumerate(part.channels):
                if at not in done:
                    moved = self._channel(middle, index, name)
                    made[..., at] = cut(moved, self.canvas, part.data)
            layers.append(made)
        sure = cut(middle.sure * held, self.canvas, lent.parts[pictured[0]].data)
        return Rebuilt(layers, np.ascontiguousarray(sure, np.float32))

    def _moved(self, middle: Middle, part: int, view: tuple[int, int, int]) -> Moved:
        ends = self._patched(*(self._view(n, part, view) for n in (self.first, self.second)))
        first, second = (light for light, _ in ends)
        light = lit(middle, first, second) if middle.ways else middle.of(first, second)
        return light, ends

    def _grained(
        self,
        middle: Middle,
        lights: dict[View, Moved],
        view: View,
        share: np.ndarray,
        number: int,
    ) -> np.ndarray:
        """A view's light, taken out of `lights`, under grain of its own; NaN where neither frame
        has any."""
        light, ((first, one), (second, other)) = lights.pop(view)
        if self.grain is not None:
            present = middle.of(self.grain.present(first), self.grain.present(second))
            light = self.grain.off(light, share, present)
            light = self.grain.on(light, number, present)
        if not (one.all() and other.all()):
            held = middle.of(one.astype(np.float32), other.astype(np.float32))
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
        return np.clip(mixed, low, high)  # shares add up to 1: only rounding goes beyond

    def _laid(self, number: int, part: int, name: str) -> tuple[np.ndarray, bool]:
        """A channel (H, W) float32 on the canvas, and whether the frame has it."""
        frame = self._frames[number]
        wanted = self._frames[self.lender].parts[part].name
        for at, each in enumerate(frame.parts):
            if each.name == wanted and name in each.channels:
                plane = frame.layers[at][..., each.channels.index(name)].astype(np.float32)
                return onto(plane, each.data, self.canvas), True
        return np.zeros((self.canvas.height, self.canvas.width), np.float32), False


def lit(middle: Middle, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """`Middle.light`; of a large frame a band of rows after the other, with what of both frames is
    looked up for it: it needs several times what it is given."""
    tall = len(first)
    if middle.weight.size <= LARGE:
        return middle.light(first, second)
    made = np.empty_like(first)
    for top in range(0, tall, BAND):
        rows = slice(top, min(top + BAND, tall))
        low, high = _looked_up(middle, rows)
        near = slice(max(0, low - REACH), min(tall, high + REACH))
        light = _of_rows(middle, near).light(first[near], second[near])
        made[rows] = light[rows.start - near.start :][: rows.stop - rows.start]
    return made


def _looked_up(middle: Middle, rows: slice) -> tuple[int, int]:
    """First and last row, and one, of both frames that the ways of these rows lead to."""
    low, high = rows.start, rows.stop
    down = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]
    for way in middle.ways:
        for flow in way.flows(middle.t, rows):
            y = down + flow[..., 1]
            low, high = min(low, int(np.floor(y.min()))), max(high, int(np.ceil(y.max())) + 1)
    return low, high


def _of_rows(value: Any, rows: slice) -> Any:
    """Some rows of all pictures in a `Middle`."""
    if isinstance(value, np.ndarray):
        return value[rows]
    if isinstance(value, tuple):
        return tuple(_of_rows(each, rows) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {f.name: _of_rows(getattr(value, f.name), rows) for f in fields(value)}
        return replace(value, **parts)
    return value


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
