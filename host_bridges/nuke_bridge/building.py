"""How nodes come into the script: one step of undo, one labelled backdrop, whole or not at all.

Not run in Nuke itself (see the package). Nothing that was in the script is rewired: the first
node of a result takes the plate as its input, and the artist joins its output where it belongs.
"""

from __future__ import annotations

import contextlib
import uuid
from typing import Any, Callable, Dict, Iterator, List, Sequence, Tuple

import nuke

from answerprint_bridge.host import TAG, FrameSet, Host
from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.results import CannotPlace, Refs

from . import paths, script
from .looks import Step

ACROSS, DOWN, EDGE, HEAD = 140, 70, 40, 60  # pixels of the node graph
TINT = 0x3A4A5AFF
CHAIN = "answerprint_chain"  # the tag of nodes that stand together: {id, of}, their number


class Building(Host):
    """The part of the host that makes nodes, for those that say which."""

    def __init__(self) -> None:
        super().__init__()
        self._made: List[Any] | None = None  # nodes of the step of undo that is open
        self._columns: List[List[Any]] = []
        self._plate: Any = None
        self.framed = True  # whether a backdrop goes round what is placed

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
            self._made, self.framed = None, True
            nuke.Undo.end()

    def place(self, near: str, label: str, build: Callable[[Any], List[Any]]) -> Refs:
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
            if len(nodes) > 1:
                chain = {"id": uuid.uuid4().hex, "of": len(nodes)}
                for node in nodes:
                    script.keep(node, CHAIN, chain)
            return tuple(str(each.fullName()) for each in nodes)

    def new(self, kind: str, label: str, **knobs: Any) -> Any:
        """A node, wired to nothing, the selection untouched."""
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

    def chain(self, plate: Any, label: str, steps: Sequence[Step]) -> List[Any]:
        """Nodes one below the other, the first one under the plate."""
        nodes: List[Any] = []
        for kind, knobs in steps:
            node = self.new(kind, label, **knobs)
            node.setInput(0, nodes[-1] if nodes else plate)
            nodes.append(node)
        return nodes

    def read(self, frames: FrameSet, label: str, plate: Any, raw: bool = False) -> Any:
        """A Read; not by `fromUserText`, which stretches the range of the whole script."""
        node = self.new("Read", label, file=paths.written(frames.pattern, plate))
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

    def _standing(self, recipe: str, near: str) -> Dict[Tuple[int, str], Refs]:
        """What stands whole by this plate, whatever the plate was called when it was placed.

        Of a chain that lost a node to the artist, nothing stands.
        """
        by: Dict[str, Dict[Tuple[int, str], Refs]] = {}
        moved, tagged = {}, self.tagged(TAG).items() if recipe else ()
        ours = [(ref, told) for ref, told in tagged if told.get("recipe") == recipe]
        for ref, told in ours:
            if hangs := above(script.node(ref)):
                stays = told["near"] in hangs  # with a node of the artist's between
                moved[ref] = told["near"] if stays else hangs[0]
        called = {told["near"]: moved[ref] for ref, told in ours if ref in moved}
        for ref, told in ours:  # a Read and a note hang on nothing: where their job's others do
            here = by.setdefault(moved.get(ref) or called.get(told["near"], told["near"]), {})
            key = (told["number"], told["kind"])
            here[key] = (*here.get(key, ()), ref)
        whole = {form: _whole(refs) for form, refs in by.get(near, {}).items()}
        return {form: refs for form, refs in whole.items() if refs}

    def _drop(self, since: int) -> None:
        """Take back what was made, the newest first; what lies in a group of ours goes with it."""
        assert self._made is not None
        for node in reversed(self._made[since:]):
            nuke.delete(node)
        del self._made[since:]

    def _frame(self, label: str) -> None:
        """Set the nodes in columns below the plate, clear of others, in a labelled backdrop."""
        if not self._columns:
            return
        assert self._made is not None
        wide = len(self._columns) * ACROSS + 2 * EDGE
        high = max(map(len, self._columns)) * DOWN + HEAD + EDGE
        with script.group_of(self._plate):
            left, top = free(self._plate, wide, high, self._made)
            if self.framed:
                backdrop = self.new("BackdropNode", label or "Answerprint", tile_color=TINT)
                backdrop.setXYpos(left, top)
                script.put(backdrop, "bdwidth", wide)
                script.put(backdrop, "bdheight", high)
        for across, column in enumerate(self._columns):
            for down, node in enumerate(column):
                node.setXYpos(left + EDGE + across * ACROSS, top + HEAD + down * DOWN)


def free(plate: Any, wide: int, high: int, ours: Sequence[Any]) -> Tuple[int, int]:
    """Top left of a free place under the plate, or right of what is under it."""
    left, top = (0, 0) if plate is None else (plate.xpos() - EDGE, plate.ypos() + 2 * DOWN)
    mine = {each.fullName() for each in ours}
    others = [(e.xpos(), e.ypos()) for e in nuke.allNodes() if e.fullName() not in mine]
    while taken := [
        x for x, y in others if left - ACROSS < x < left + wide and top - DOWN < y < top + high
    ]:
        left = max(taken) + ACROSS
    return left, top


def above(result: Any) -> List[str]:
    """What the picture of a result comes through, from its plate upwards: full names."""
    found: List[str] = []
    tag = script.tags(result).get(TAG)  # that of all nodes of the result
    while result is not None:
        if result.Class() == "Input":
            result = paths.outside(result)
            continue
        if found or script.tags(result).get(TAG) != tag:
            found.append(str(result.fullName()))
        result = result.input(0)
    return found


def _whole(refs: Refs) -> Refs:
    chains = [script.tags(script.node(ref)).get(CHAIN) for ref in refs]
    ids = [each["id"] for each in chains if each]
    return tuple(
        ref
        for ref, each in zip(refs, chains, strict=True)
        if each is None or ids.count(each["id"]) >= each["of"]
    )
