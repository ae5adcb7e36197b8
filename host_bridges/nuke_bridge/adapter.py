"""Nuke as a host: `NukeHost`. Make it on Nuke's main thread.

Not run in Nuke itself (see the package). An item is a node, its reference the full name. There
is no timeline but the selected Reads (`edit`), and there are no markers. In a terminal
(`nuke -t`) there is no undo, nobody answers, and messages are printed.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any, Dict, Iterator, List, Mapping, Sequence

import nuke

from answerprint_bridge.host import (
    Action,
    ExportSpec,
    FrameSet,
    HostInfo,
    Item,
    ItemInfo,
    Marker,
    Progress,
    SceneContext,
)
from answerprint_bridge.messages import CANCELLED, HOST_REFUSED, WireError
from answerprint_bridge.results import Answer, Result

from . import frames as out
from . import group, script
from . import recipe as recipes
from .edit import Edit
from .motion import Motion
from .nodes import COLOUR, Placing

MENU = "Answerprint"
WITHOUT_PICTURE = ("BackdropNode", "StickyNote", "Viewer")
SAID = ("", "note", "message")
NODES = "nodes"
ROWS: List[Dict[str, Any]] = [
    {
        "name": "place",
        "kind": "pick",
        "default": NODES,
        "choices": [NODES, "Answerprint node"],
        "live": False,
        "help": "Results as nodes in a backdrop, or in one node with the tool's knobs and Bake",
    }
]

VIEW: Dict[str, Any] = {
    "name": "view",
    "kind": "pick",
    "live": False,
    "help": "Which view of the script is written and measured",
}


class NukeHost(Placing, Motion, Edit):
    """The Nuke that this Python runs in."""

    def info(self) -> HostInfo:
        env = nuke.env
        limited = bool(env.get("nc") or env.get("ple"))
        edition = "Indie" if env.get("indie") else "Non-commercial" if limited else ""
        python = ".".join(map(str, sys.version_info[:3]))
        version = str(env["NukeVersionString"])
        return HostInfo("Nuke", version, edition, python, bool(nuke.GUI), limited)

    def capabilities(self) -> frozenset[str]:
        """Looks need to know the working space: only where the script's colour is OCIO's."""
        every = (*Placing.PICTURES, *Motion.MOVES)
        kinds = [each for each in every if each not in COLOUR or script.working()]
        shown = ("undo", "viewer", "playhead") if nuke.GUI else ()
        own = ("selection", "items", "timeline")
        return frozenset([*(f"result:{each}" for each in kinds), *own, *shown])

    def context(self) -> SceneContext:
        root = nuke.root()
        shape = root.format()
        return SceneContext(
            script.path(),
            os.path.dirname(script.path()),
            script.shot(),
            script.rate(),
            int(root.firstFrame()),
            int(root.lastFrame()),
            int(shape.width()),
            int(shape.height()),
            float(shape.pixelAspect()),
            script.working(),
            script.config(),
            tuple(nuke.views()),
        )

    def selection(self) -> List[Item]:
        """Selected nodes that may have a picture, from left to right."""
        chosen = [n for n in nuke.selectedNodes() if n.Class() not in WITHOUT_PICTURE]
        chosen.sort(key=lambda n: (n.xpos(), n.ypos()))
        return [Item(str(n.fullName()), _kind(n), str(n.name())) for n in chosen]

    def items(self) -> List[Item]:
        """Every Read of the script, from left to right; other nodes by selecting them."""
        reads = nuke.allNodes("Read", group=nuke.root())
        reads.sort(key=lambda n: (n.xpos(), n.ypos()))
        return [Item(str(n.fullName()), _kind(n), str(n.name())) for n in reads]

    def settings(self) -> List[Dict[str, Any]]:
        """Where results go, and which of several views is worked on."""
        kept = script.tags(nuke.root()).get(script.SETTINGS, {})
        views = list(nuke.views())
        rows = [*ROWS, {**VIEW, "default": views[0], "choices": views}] if views[1:] else ROWS
        told = {row["name"]: kept.get(row["name"], row["default"]) for row in rows}
        return [{**row, "value": {**told, "view": script.view()}[row["name"]]} for row in rows]

    def configure(self, name: str, value: Any) -> None:
        """Kept in the script's root, so that it is saved with the script."""
        row = next((each for each in self.settings() if each["name"] == name), None)
        if row is None or value not in row["choices"]:
            title = f"Nuke has no setting {name} = {value!r}."
            raise WireError(HOST_REFUSED, title, "Choose one of those that are shown.")
        kept = script.tags(nuke.root()).get(script.SETTINGS, {})
        script.keep(nuke.root(), script.SETTINGS, {**kept, name: value})

    def apply(
        self, results: Sequence[Result], near: str = "", label: str = "", recipe: str = ""
    ) -> List[Answer]:
        """As nodes in a backdrop, or in an Answerprint node where the script says so.

        What is only said stands where it is seen, in a backdrop.
        """
        chosen = {row["name"]: row["value"] for row in self.settings()}
        wanted = chosen["place"] != NODES and recipe and not self._standing(recipe, near)
        if wanted and any(each.became not in SAID for each in self.plan(results, near)):
            return group.make(self, recipes.find(recipe), near)[1]
        return super().apply(results, near, label, recipe)

    def describe(self, ref: str) -> ItemInfo:
        node = script.node(ref)
        own = out.own_files(node)
        told = own or out.about(node)
        return ItemInfo(
            told.width,
            told.height,
            told.first,
            told.last,
            told.channels,
            told.pattern,
            told.space,
            told.fps,
            told.pixel_aspect,
        )

    def export_frames(self, ref: str, spec: ExportSpec, progress: Progress) -> FrameSet:
        return out.export(script.node(ref), spec, progress)

    def import_timeline(self, path: str, name: str) -> str:
        raise WireError(HOST_REFUSED, "Nuke has no timeline.", "Import it into the edit.")

    def add_markers(self, ref: str, markers: Sequence[Marker]) -> int:
        raise WireError(HOST_REFUSED, "Nuke has no markers.", "Place them as a note.")

    def tag(self, ref: str, key: str, value: Mapping[str, Any]) -> None:
        script.keep(script.node(ref), key, value)

    def read_tag(self, ref: str, key: str) -> Dict[str, Any] | None:
        return script.tags(script.node(ref)).get(key)

    def tagged(self, key: str) -> Dict[str, Dict[str, Any]]:
        every = nuke.allNodes(group=nuke.root(), recurseGroups=True)
        every.sort(key=lambda n: (n.xpos(), n.ypos()))  # as they were placed: columns, downwards
        kept = {str(node.fullName()): script.tags(node) for node in every}
        return {ref: told[key] for ref, told in kept.items() if key in told}

    @contextlib.contextmanager
    def progress(self, title: str) -> Iterator[Progress]:
        bar = _Bar(title or MENU)
        try:
            yield bar
        finally:
            bar.close()

    def message(self, level: str, title: str, detail: str = "") -> None:
        text = "\n".join(each for each in (title, detail) if each)
        if nuke.GUI:
            nuke.message(script.spoken(text))
        else:
            nuke.tprint(f"Answerprint, {level}: {text}")

    def ask(self, question: str, default: bool) -> bool:
        return bool(nuke.ask(script.spoken(question))) if nuke.GUI else default

    def busy(self) -> str:
        return "Nuke is rendering" if nuke.executing() else ""

    def register_ui(self, actions: Sequence[Action]) -> None:
        for action in actions if nuke.GUI else ():  # a terminal has no menus
            nuke.menu("Nuke").addMenu(MENU).addCommand(action.label, action.run)

    def unregister_ui(self) -> None:
        if nuke.GUI and nuke.menu("Nuke").findItem(MENU) is not None:
            nuke.menu("Nuke").removeItem(MENU)

    def open_in_viewer(self, frames: FrameSet) -> bool:
        """Whether it is seen: there is a viewer, and a Read of these frames."""
        if not nuke.GUI or nuke.activeViewer() is None:
            return False
        for node in nuke.allNodes("Read", group=nuke.root()):
            if out.pattern(node) == frames.pattern:
                nuke.connectViewer(0, node)
                return True
        return False

    def shutdown(self) -> None:
        self.unregister_ui()


class _Bar:
    """Nuke's own progress bar with its Cancel button."""

    def __init__(self, title: str) -> None:
        self._task = nuke.ProgressTask(title)

    def close(self) -> None:
        """Nuke takes the bar away when nobody holds it: not even an error that is on its way."""
        del self._task

    def tell(self, done: int, total: int, message: str = "") -> None:
        if self._task.isCancelled():
            raise WireError(CANCELLED, "Cancelled.")
        self._task.setProgress(100 * done // max(total, 1))
        self._task.setMessage(message)


def _kind(node: Any) -> str:
    return "camera" if node.Class().startswith("Camera") else "image"
