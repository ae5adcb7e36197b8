"""A small double of `nuke.rotopaint`: shapes of points that hold keys. See `nuke_double`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .nuke_knobs import Knob


class Animated:
    """A position with keys; between them it is linear here."""

    def __init__(self, x: float = 0.0, y: float = 0.0) -> None:
        self.still, self.keys = (x, y), {}

    def addPositionKey(self, time: float, positionOrDim: Any) -> None:
        x, y = positionOrDim
        self.keys[float(time)] = (float(x), float(y))

    def getPosition(self, time: float) -> tuple[float, float]:
        before = [f for f in sorted(self.keys) if f <= time]
        after = [f for f in sorted(self.keys) if f > time]
        if not self.keys:
            return self.still
        if not before or not after:
            return self.keys[before[-1] if before else after[0]]
        share = (time - before[-1]) / (after[0] - before[-1])
        pairs = zip(self.keys[before[-1]], self.keys[after[0]], strict=True)
        x, y = (low + share * (high - low) for low, high in pairs)
        return x, y


class ShapeControlPoint:
    def __init__(self, x: float, y: float) -> None:
        self.center = Animated(x, y)
        self.leftTangent, self.rightTangent = Animated(), Animated()
        self.featherCenter = Animated()
        self.featherLeftTangent, self.featherRightTangent = Animated(), Animated()


class FlagType:
    eOpenFlag = 7


class Shape:
    def __init__(self, curves: CurveKnob, type: str = "bezier") -> None:
        self.name, self.points, self.flags = "Shape1", [], {}
        if type != "bezier" or not isinstance(curves, CurveKnob):
            raise TypeError("a shape is a bezier of a curve knob")

    def setFlag(self, flag: int, value: bool) -> None:
        self.flags[flag] = bool(value)

    def getFlag(self, flag: int) -> bool:
        return self.flags.get(flag, False)

    def append(self, shapeControlPoint: ShapeControlPoint) -> None:
        self.points.append(shapeControlPoint)

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[ShapeControlPoint]:
        return iter(self.points)

    def __getitem__(self, index: int) -> ShapeControlPoint:
        return self.points[index]


class Layer:
    def __init__(self) -> None:
        self.elements: list[Shape] = []

    def append(self, element: Shape) -> None:
        self.elements.append(element)

    def __len__(self) -> int:
        return len(self.elements)

    def __getitem__(self, index: int) -> Shape:
        return self.elements[index]


class CurveKnob(Knob):
    """The knob 'curves'. Nothing of it is seen before `changed`."""

    def __init__(self, name: str = "", label: str = "") -> None:
        super().__init__(name, label)
        self.rootLayer, self.seen = Layer(), 0

    def changed(self) -> None:
        self.seen = len(self.rootLayer)

    def told(self) -> Any:
        return self.seen
