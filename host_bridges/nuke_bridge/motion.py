"""Results that move, as native nodes with keys an artist can go on with.

Not run in Nuke itself (see the package). Positions need no conversion: Nuke counts as we do,
pixels from the lower left corner of the picture, centres at .5, y upwards.

    roto         Roto: one Bezier shape each, tangents relative to their point
    tracks       Tracker4: one track each, off where it is lost; 1 - confidence is its error
    corner_pin   CornerPin2D: from1..4 and to1..4, bottom left, bottom right, top right, top left
    retime       TimeWarp: keys of the lookup curve, linear between
    camera       Camera4 where the script works in Nuke's new 3D, else Camera3: the matrix keyed,
                 which is exact; how Nuke orders rotations could not be tried
"""

from __future__ import annotations

from typing import Any, Iterable, List, Mapping, Sequence, Tuple

import nuke
import nuke.rotopaint

from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.results import Refs, Result

from . import script, tracker
from .building import Building

NEW_3D = ("Camera4", "GeoScene", "ScanlineRender2")
Point = Sequence[float]


class Motion(Building):
    """Results that are keys."""

    MOVES = ("roto", "tracks", "corner_pin", "retime", "camera")

    def place_roto(self, data: Result, near: str, label: str) -> Refs:
        def build(plate: Any) -> List[Any]:
            node = self.new("Roto", f"{label} {data.get('name', '')}".strip())
            node.setInput(0, plate)
            curves = node["curves"]
            for each in data["shapes"]:
                curves.rootLayer.append(_shape(curves, each))
            curves.changed()
            return [node]

        return self.place(near, label, build)

    def place_tracks(self, data: Result, near: str, label: str) -> Refs:
        def build(plate: Any) -> List[Any]:
            node = self.new("Tracker4", label)
            node.setInput(0, plate)
            tracker.fill(node["tracks"], data["tracks"])
            return [node]

        return self.place(near, label, build)

    def place_corner_pin(self, data: Result, near: str, label: str) -> Refs:
        def build(plate: Any) -> List[Any]:
            node = self.new("CornerPin2D", label)
            if "size" not in data:  # of another picture, which the artist joins
                node.setInput(0, plate)
            for number, point in enumerate(data["from"], 1):
                script.put(node, f"from{number}", [*map(float, point)])
            for number in range(4):
                keys = [(each["frame"], each["points"][number]) for each in data["corners"]]
                _animate(node[f"to{number + 1}"], keys)
            return [node]

        return self.place(near, label, build)

    def place_retime(self, data: Result, near: str, label: str) -> Refs:
        def build(plate: Any) -> List[Any]:
            node = self.new("TimeWarp", label)
            node.setInput(0, plate)
            keys = " ".join(f"x{out:.10g} {source:.10g}" for out, source in data["curve"])
            node["lookup"].fromScript(f"{{curve L {keys}}}")  # L: linear between
            return [node]

        return self.place(near, label, build)

    def place_camera(self, data: Result, near: str, label: str) -> Refs:
        def build(plate: Any) -> List[Any]:
            node = self._camera(label)
            script.put(node, "useMatrix", True)
            frames = data["frames"]
            _animate(node["matrix"], [(each["frame"], each["matrix"]) for each in frames])
            _animate(node["focal"], [(each["frame"], [each["focal"]]) for each in frames])
            for knob in ("haperture", "vaperture"):
                script.put(node, knob, float(data[knob]))
            return [node]

        return self.place(near, label, build)

    def _camera(self, label: str) -> Any:
        """The script's own kind of camera; Nuke 17 may no longer have the older ones."""
        there = {each.Class() for each in nuke.allNodes(group=nuke.root(), recurseGroups=True)}
        kinds = ["Camera3", "Camera2", "Camera4"]
        if there & set(NEW_3D):
            kinds.insert(0, kinds.pop())
        for kind in kinds:
            try:
                return self.new(kind, label)
            except WireError as missing:
                why = missing
        raise why


def _animate(knob: Any, keys: Iterable[Tuple[float, Point]]) -> None:
    """Keys of a knob with one or several values."""
    for frame, values in keys:
        for index, value in enumerate(values):
            if not knob.isAnimated(index):
                knob.setAnimated(index)
            knob.setValueAt(float(value), float(frame), index)


def _shape(curves: Any, each: Mapping[str, Any]) -> Any:
    shape = nuke.rotopaint.Shape(curves, type="bezier")
    shape.name = str(each["name"])
    for x, y, *_ in each["keys"][0]["points"]:
        shape.append(nuke.rotopaint.ShapeControlPoint(x, y))
    for key in each["keys"]:
        for point, (x, y, lx, ly, rx, ry) in zip(shape, key["points"], strict=True):
            point.center.addPositionKey(key["frame"], (x, y))
            point.featherCenter.addPositionKey(key["frame"], (0, 0))
            for left in (point.leftTangent, point.featherLeftTangent):  # a hard edge: both alike
                left.addPositionKey(key["frame"], (lx, ly))
            for right in (point.rightTangent, point.featherRightTangent):
                right.addPositionKey(key["frame"], (rx, ry))
    is_open = nuke.rotopaint.FlagType.eOpenFlag
    shape.setFlag(is_open, not each["closed"])
    if bool(shape.getFlag(is_open)) == each["closed"]:
        title = f"This Nuke does not take the open shape '{each['name']}'."
        raise WireError(HOST_REFUSED, title, "Use the matte.")
    return shape
