"""Results as native nodes: looks, pictures and notes. What moves is in `motion`.

Not run in Nuke itself (see the package).

    grade, cdl, lut   see `looks`
    frames            Read, in the colour space the frames are in
    key               Read, and nodes to finish it by hand, see `keyed`
    matte             Read, raw, labelled with its name
    stmap             STMap, and the Read of its map, raw
    note              StickyNote
"""

from __future__ import annotations

from typing import Any, List

from answerprint_bridge.host import FrameSet
from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.results import CannotPlace, Form, Refs, Result

from . import keyed, looks, script
from .building import Building

COLOUR = ("cdl", "grade", "lut")


class Placing(Building):
    """Results that are a picture or a look."""

    PICTURES = (*COLOUR, "frames", "key", "matte", "stmap", "note")

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
        return (script.lacks(space) if space else "") or super().accepts(form)

    def import_frames(self, frames: FrameSet, near: str, label: str) -> Refs:
        try:
            return self.place(near, label, lambda plate: [self.read(frames, label, plate)])
        except CannotPlace as no:
            title = f"{frames.pattern} cannot be placed: {no}."
            raise WireError(HOST_REFUSED, title, "Choose another place for it.") from no

    def place_frames(self, data: Result, near: str, label: str) -> Refs:
        frames = FrameSet.of(data)
        return self.place(near, label, lambda plate: [self.read(frames, label, plate)])

    def place_key(self, data: Result, near: str, label: str) -> Refs:
        """The Read stands alone: what the artist takes from it is the end of the chain."""

        def build(plate: Any) -> List[Any]:
            read = self.read(FrameSet.of(data), label, plate)
            read.channels()  # a header is read late, and a layer of it is named now
            nodes = [read]
            for kind, words, knobs in keyed.tools(data):
                node = self.new(kind, f"{label} {words}".strip(), **knobs)
                node.setInput(0, nodes[-1])
                nodes.append(node)
            nodes[1].setInput(1, read)
            return nodes

        return self.place(near, label, build)

    def place_matte(self, data: Result, near: str, label: str) -> Refs:
        frames, name = FrameSet.of(data), f"{label} {data['name']}".strip()
        return self.place(near, label, lambda plate: [self.read(frames, name, plate, raw=True)])

    def place_stmap(self, data: Result, near: str, label: str) -> Refs:
        """Nuke's convention is ours: red and green are x / W and y / H from the lower left."""

        def build(plate: Any) -> List[Any]:
            read = self.read(FrameSet.of(data), label, plate, raw=True)
            warp = self.new("STMap", label, uv="rgb")
            warp.setInput(0, plate)
            warp.setInput(1, read)
            return [read, warp]

        return self.place(near, label, build)

    def place_grade(self, data: Result, near: str, label: str) -> Refs:
        return self._look("grade", data, near, label)

    def place_cdl(self, data: Result, near: str, label: str) -> Refs:
        return self._look("cdl", data, near, label)

    def place_lut(self, data: Result, near: str, label: str) -> Refs:
        return self._look("lut", data, near, label)

    def place_note(self, data: Result, near: str, label: str) -> Refs:
        text = "\n".join(each for each in (label, data["text"]) if each)
        return self.place(near, label, lambda plate: [self.new("StickyNote", text)])

    def _look(self, kind: str, data: Result, near: str, label: str) -> Refs:
        form = Form(kind, 0, data)
        return self.place(
            near, label, lambda plate: self.chain(plate, label, looks.steps(form, plate))
        )


def _space(form: Form) -> str:
    """The colour space that frames are in, '' for those that are data."""
    return FrameSet.of(form.data).space if form.kind in ("frames", "key") else ""
