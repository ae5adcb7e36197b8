"""Results into Nuke: each becomes a native, editable node under the plate, in one backdrop.

Not run in Nuke itself (see the package). Nothing that was in the script is rewired: the first
node of a result takes the plate as its input, and the artist joins its output where it belongs.

    grade         Grade: multiply and add, unclamped; numbers of the working space only
    cdl           OCIOCDLTransform, working_space as the numbers need it
    lut           OCIOFileTransform, between OCIOColorSpaces where the cube is of another space
    frames        Read, in the colour space the frames are in
    matte         Read, raw, labelled with its name
    stmap         STMap, and the Read of its map, raw
    note          StickyNote

Roto, tracks, corner pins, cameras and retimes have no place here yet and become what
`answerprint_bridge.results` says.
"""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Iterator, List, Sequence

import nuke

from answerprint_bridge.host import FrameSet, Host
from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.results import CannotPlace, Form, Refs, Result

from . import script

ACROSS, DOWN, EDGE, HEAD = 140, 70, 40, 60  # pixels of the node graph
TINT = 0x3A4A5AFF
COLOUR = ("cdl", "grade", "lut")
PLACES = (*COLOUR, "frames", "matte", "stmap", "note")


class Placing(Host):
    """The half of the host that adds nodes."""

    def __init__(self) -> None:
        super().__init__()
        self._made: List[Any] | None = None  # nodes of the step of undo that is open
        self._columns: List[List[Any]] = []
        self._plate: Any = None

    def grade_spaces(self) -> tuple[str, ...]:
        """ACEScct where the script's config has it, then the working space."""
        found = script.spaces()
        first = ("ACEScct",) if "ACEScct" in found else ()
        here = script.working()
        return (*first, here) if here and here not in first else first

    def accepts(self, form: Form) -> str:
        data = form.data
        if form.kind == "grade" and data["working_space"] != script.working():
            here = script.working() or "not known"
            return f"its numbers are for {data['working_space']}, the working space is {here}"
        space = data.get("space") if form.kind == "lut" else _space(form)
        if space and space not in (script.spaces() or (space,)):
            return f"the script's colour config has no '{space}'"
        return super().accepts(form)

    @contextlib.contextmanager
    def undo_group(self, label: str) -> Iterator[None]:
        if self._made is not None:
            yield  # a part of the step that is open
            return
        self._made, self._columns, self._plate = [], [], None
        nuke.Undo.begin()
        nuke.Undo.name(f"Answerprint: {label}" if label else "Answerprint")
        try:
            yield
            self._frame(label)
        except BaseException:
            self._drop(0)
            raise
        finally:
            self._made = None
            nuke.Undo.end()

    def import_frames(self, frames: FrameSet, near: str, label: str) -> Refs:
        try:
            return self._place(near, label, lambda plate: [self._read(frames, label)])
        except CannotPlace as no:
            title = f"{frames.pattern} cannot be placed: {no}."
            raise WireError(HOST_REFUSED, title, "Choose another place for it.") from no

    def place_frames(self, data: Result, near: str, label: str) -> Refs:
        frames = FrameSet.of(data)
        return self._place(near, label, lambda plate: [self._read(frames, label)])

    def place_matte(self, data: Result, near: str, label: str) -> Refs:
        frames, name = FrameSet.of(data), f"{label} {data['name']}".strip()
        return self._place(near, label, lambda plate: [self._read(frames, name, raw=True)])

    def place_stmap(self, data: Result, near: str, label: str) -> Refs:
        def build(plate: Any) -> List[Any]:
            read = self._read(FrameSet.of(data), label, raw=True)
            warp = self._new("STMap", label, uv="rgb")
            warp.setInput(0, plate)
            warp.setInput(1, read)
            return [read, warp]

        return self._place(near, label, build)

    def place_grade(self, data: Result, near: str, label: str) -> Refs:
        def build(plate: Any) -> List[Any]:
            node = self._new("Grade", label, black_clamp=False, white_clamp=False)
            script.put(node, "multiply", [*map(float, data["gain"]), 1.0])
            script.put(node, "add", [*map(float, data["offset"]), 0.0])
            return _chain(plate, node)

        return self._place(near, label, build)

    def place_cdl(self, data: Result, near: str, label: str) -> Refs:
        def build(plate: Any) -> List[Any]:
            space = script.named(data["working_space"])
            node = self._new("OCIOCDLTransform", label, working_space=space)
            for knob in ("slope", "offset", "power"):
                script.put(node, knob, [*map(float, data[knob])])
            script.put(node, "saturation", float(data["saturation"]))
            return _chain(plate, node)

        return self._place(near, label, build)

    def place_lut(self, data: Result, near: str, label: str) -> Refs:
        def build(plate: Any) -> List[Any]:
            here, there = script.named(script.working()), script.named(data["space"])
            cube = self._new("OCIOFileTransform", label, file=script.safe(data["path"]))
            if here == there:
                return _chain(plate, cube)
            into = self._new("OCIOColorSpace", label, in_colorspace=here, out_colorspace=there)
            back = self._new("OCIOColorSpace", label, in_colorspace=there, out_colorspace=here)
            return _chain(plate, into, cube, back)

        return self._place(near, label, build)

    def place_note(self, data: Result, near: str, label: str) -> Refs:
        text = "\n".join(each for each in (label, data["text"]) if each)
        return self._place(near, label, lambda plate: [self._new("StickyNote", text)])

    # How

    def _place(self, near: str, label: str, build: Callable[[Any], List[Any]]) -> Refs:
        """Build nodes beside the plate, in its group. What cannot be built whole leaves nothing."""
        plate = script.node(near) if near else None
        with self.undo_group(label), script.group_of(plate):
            assert self._made is not None
            before = len(self._made)
            try:
                nodes = build(plate)
            except WireError as why:
                self._drop(before)
                raise CannotPlace(why.title.rstrip(".")) from why
            self._columns.append(nodes)
            self._plate = plate
            return tuple(str(each.fullName()) for each in nodes)

    def _new(self, kind: str, label: str, **knobs: Any) -> Any:
        assert self._made is not None
        try:
            node = getattr(nuke.nodes, kind)()
        except (AttributeError, RuntimeError) as why:
            title = f"This Nuke has no node '{kind}'."
            raise WireError(HOST_REFUSED, title, "Use a Nuke from 15 to 17.", str(why)) from why
        self._made.append(node)
        for knob, value in {**knobs, "label": script.spoken(label)}.items():
            script.put(node, knob, value)
        return node

    def _read(self, frames: FrameSet, label: str, raw: bool = False) -> Any:
        """A Read; not by `fromUserText`, which stretches the range of the whole script."""
        node = self._new("Read", label, file=script.safe(frames.pattern))
        for knob in ("first", "origfirst"):
            script.put(node, knob, frames.first)
        for knob in ("last", "origlast"):
            script.put(node, knob, frames.last)
        if raw:
            script.put(node, "raw", True)
        elif frames.space:
            script.put(node, "colorspace", script.named(frames.space))
        script.put(node, "localizationPolicy", "off")
        return node

    def _drop(self, since: int) -> None:
        assert self._made is not None
        for node in reversed(self._made[since:]):
            nuke.delete(node)
        del self._made[since:]

    def _frame(self, label: str) -> None:
        """Set the nodes in columns below the plate, clear of others, in a labelled backdrop."""
        if not self._made:
            return
        wide = len(self._columns) * ACROSS + 2 * EDGE
        high = max(map(len, self._columns)) * DOWN + HEAD + EDGE
        with script.group_of(self._plate):
            left, top = _free(self._plate, wide, high, self._made)
            backdrop = self._new("BackdropNode", label or "Answerprint", tile_color=TINT)
        backdrop.setXYpos(left, top)
        script.put(backdrop, "bdwidth", wide)
        script.put(backdrop, "bdheight", high)
        for across, column in enumerate(self._columns):
            for down, node in enumerate(column):
                node.setXYpos(left + EDGE + across * ACROSS, top + HEAD + down * DOWN)


def _chain(plate: Any, *nodes: Any) -> List[Any]:
    for above, node in zip((plate, *nodes[:-1]), nodes, strict=True):
        node.setInput(0, above)
    return list(nodes)


def _space(form: Form) -> str:
    """The colour space that frames are in, '' for those that are data."""
    return FrameSet.of(form.data).space if form.kind == "frames" else ""


def _free(plate: Any, wide: int, high: int, ours: Sequence[Any]) -> tuple[int, int]:
    """Top left of a free place under the plate, or right of what is under it."""
    left, top = (0, 0) if plate is None else (plate.xpos() - EDGE, plate.ypos() + 2 * DOWN)
    mine = {each.fullName() for each in ours}
    others = [(e.xpos(), e.ypos()) for e in nuke.allNodes() if e.fullName() not in mine]
    while taken := [
        x for x, y in others if left - ACROSS < x < left + wide and top - DOWN < y < top + high
    ]:
        left = max(taken) + ACROSS
    return left, top
