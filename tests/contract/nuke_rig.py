"""Nuke's adapter on the double of its module. Nuke itself has not run any of this."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from doubles import nuke_double as nuke
from doubles import nuke_roto, nuke_ui

from answerprint_bridge.host import FrameSet, Item
from answerprint_bridge.results import KINDS

BRIDGE = Path(__file__).parents[2] / "host_bridges" / "nuke_bridge"
NAME = "answerprint_nuke"  # as it is called inside Nuke


def adapter() -> Any:
    """The bridge's module `adapter`, loaded on the double."""
    sys.modules["nuke"], sys.modules["nuke.rotopaint"] = nuke, nuke_roto
    sys.modules["nukescripts"] = nuke_ui.nukescripts
    nuke.rotopaint = nuke_roto
    if NAME not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            NAME, BRIDGE / "__init__.py", submodule_search_locations=[str(BRIDGE)]
        )
        sys.modules[NAME] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[NAME])
    return importlib.import_module(f"{NAME}.adapter")


class Rig:
    """See `memory_host.Rig`."""

    keeps = frozenset({"windows", "pixel aspect"})
    becomes = alone = {kind: kind for kind in KINDS} | {"take": "frames", "markers": "note"}

    def __init__(self, project: Path, gui: bool = True) -> None:
        module = adapter()
        nuke.reset(gui)
        self.project = project
        root = nuke.root()
        root["name"].setValue(str(project / "sc010.nk"))
        root["fps"].setValue(23.976)
        root["colorManagement"].setValue("OCIO")
        self.host = module.NukeHost()
        dot = nuke.nodes.Dot()  # somebody's own things
        dot["selected"].setValue(True)
        nuke.nodes.BackdropNode(label="plates")
        nuke.Undo.steps.clear()

    def rendered(self, pictures: Mapping[int, np.ndarray], frames: FrameSet) -> Item:
        return self._item(nuke.source(dict(pictures), frames))

    def on_disk(self, frames: FrameSet) -> Item:
        read = nuke.nodes.Read(file=frames.pattern, first=frames.first, last=frames.last)
        read.frames = frames if frames.data else None
        return self._item(read)

    def lay_out(self, items: list[Item]) -> None:
        """The artist makes an edit of these."""
        for turn, item in enumerate(items):
            node = nuke.toNode(item.ref)
            node.setXYpos(100 * turn, 0)
            node["selected"].setValue(True)

    def playhead(self) -> int:
        """The frame of the edit that is shown: where the viewed Read lies, and how far in."""
        read = nuke.scene.viewed
        span = next(s for s in self.host.edit() if s.item.ref == read.fullName())
        return span.first + nuke.frame() - int(read["first"].value())

    def _item(self, node: Any) -> Item:
        return Item(node.fullName(), "image", node.name())

    def pixels(self, ref: str, number: int) -> np.ndarray:
        return nuke.image(nuke.toNode(ref), number)

    def frames(self, ref: str) -> FrameSet:
        read = nuke.toNode(ref)
        told = FrameSet(read["file"].value(), read["first"].value(), read["last"].value())
        numbers = range(told.first, told.last + 1)
        gone = tuple(n for n in numbers if not os.path.isfile(told.path(n)))
        return FrameSet(told.pattern, told.first, told.last, gone)

    def data(self, ref: str) -> dict[str, Any]:
        node = nuke.toNode(ref)
        told = {name: knob.value() for name, knob in node.knobs().items()}
        told["working_space"] = told["working_space"].removeprefix("ACES - ")
        return told

    def snapshot(self) -> dict[str, str]:
        """Nodes and root, as text; not the backdrops round results, which are no result."""
        ours = {
            n.fullName() for n in nuke.allNodes("BackdropNode") if n["label"].value() != "plates"
        }
        return {ref: text for ref, text in self.everything().items() if ref not in ours}

    def everything(self) -> dict[str, str]:
        """Every node of the script and the root, as text that differs where anything does."""
        flags = nuke.WRITE_ALL | nuke.WRITE_USER_KNOB_DEFS
        told = {"": nuke.root().writeKnobs(flags)}
        for node in nuke.allNodes(group=nuke.root(), recurseGroups=True):
            inputs = [n if n is None else n.fullName() for n in map(node.input, range(6))]
            told[node.fullName()] = f"{node.Class()} {inputs}\n{node.writeKnobs(flags)}"
        return told

    def remove(self, ref: str) -> None:
        nuke.delete(nuke.toNode(ref))

    def undo(self) -> None:
        nuke.Undo.undo()

    def cancel_at(self, turn: int | None) -> None:
        nuke.scene.cancel_at = turn

    def answer(self, how: Callable[[str, bool], bool]) -> None:
        nuke.scene.answers = lambda prompt: how(prompt, False)

    def said(self) -> list[str]:
        return nuke.scene.shown

    def unsaved(self) -> None:
        nuke.root()["name"].setValue("")


def terminal(project: Path) -> Rig:
    """`nuke -t`: no undo, no menus, nobody to ask."""
    return Rig(project, gui=False)
