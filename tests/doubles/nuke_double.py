"""A small double of the `nuke` module: what the adapter touches, with Nuke's known bad habits.

It proves our logic, not Nuke. Its habits are those that documentation, stubs and other people's
code tell of: the knobs of EXR exist only after `file_type`; a Write's channels are rgb at first;
`createNode` wires to the selection and selects, `nodes.X` does neither; `fromUserText` stretches
the root; a list ignores an entry it lacks; `executeInMainThread` on the main thread hangs (here
it raises); a terminal has no undo; an unknown knob is a NameError. `execute` writes real files.

The scene is the module's own: `reset()` begins a new one. `source()` makes a node of pictures.
"""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import OpenImageIO as oiio

from .nuke_knobs import (
    CLASSES,
    EVERY,
    EXR,
    ROOT,
    Boolean_Knob,
    Color_Knob,
    Enumeration_Knob,
    File_Knob,
    Knob,
    String_Knob,
    new_knob,
)

__all__ = ["Boolean_Knob", "Color_Knob", "Enumeration_Knob", "File_Knob", "String_Knob"]

GUI = True
INVISIBLE, WRITE_ALL, WRITE_USER_KNOB_DEFS = 0x400, 0x8, 0x20
env = {"NukeVersionString": "16.0v4", "gui": True, "nc": False, "indie": False, "ple": False}
scene: SimpleNamespace
bars: list[str] = []  # titles of the progress bars that are open


class CancelledError(RuntimeError):
    pass


class Node:
    def __init__(self, kind: str, parent: Any) -> None:
        knobs = ROOT if kind == "Root" else {**EVERY, **CLASSES[kind]}
        self._kind, self._parent, self._inputs = kind, parent, [None, None, None]
        self._knobs = {name: new_knob(name, made) for name, made in knobs.items()}
        self._name, self.pictures, self.frames = kind, None, None

    def __len__(self) -> int:
        return 0  # so that nobody asks a node whether it is true

    def Class(self) -> str:
        return self._kind

    def name(self) -> str:
        return self._knobs["name"].value() or "Root" if self._kind == "Root" else self._name

    def setName(self, name: str, uncollide: bool = True) -> None:
        self._name = name

    def fullName(self) -> str:
        above = self._parent
        return self._name if above in (None, scene.root) else f"{above.fullName()}.{self._name}"

    def parent(self) -> Any:
        return self._parent

    def knob(self, name: str) -> Knob | None:
        if self._kind == "Write" and self._knobs["file_type"].value() == "exr":
            for late, made in EXR.items():
                self._knobs.setdefault(late, new_knob(late, made))
        return self._knobs.get(name)

    def knobs(self) -> dict[str, Knob]:
        return dict(self._knobs)

    def __getitem__(self, name: str) -> Knob:
        knob = self.knob(name)
        if knob is None:
            raise NameError(f"knob {name} does not exist")
        return knob

    def addKnob(self, knob: Knob) -> None:
        self._knobs[knob.name()] = knob

    def setInput(self, number: int, node: Any) -> bool:
        self._inputs[number] = node
        return True

    def input(self, number: int) -> Any:
        return self._inputs[number]

    def xpos(self) -> int:
        return self["xpos"].value()

    def ypos(self) -> int:
        return self["ypos"].value()

    def setXYpos(self, x: int, y: int) -> None:
        self["xpos"].setValue(x)
        self["ypos"].setValue(y)

    def firstFrame(self) -> int:
        name = "first_frame" if self is scene.root else "first"
        told = self.frames.first if self.frames else None
        return self[name].value() if name in self._knobs else told or scene.root.firstFrame()

    def lastFrame(self) -> int:
        name = "last_frame" if self is scene.root else "last"
        told = self.frames.last if self.frames else None
        return self[name].value() if name in self._knobs else told or scene.root.lastFrame()

    def format(self) -> Any:
        told = self._origin()
        size = (told.width, told.height, told.pixel_aspect) if told else (20, 12, 1.0)
        return SimpleNamespace(
            width=lambda: size[0], height=lambda: size[1], pixelAspect=lambda: size[2]
        )

    def bbox(self) -> Any:
        told = self._origin()
        x, top, w, h = told.data if told else (0, 0, 20, 12)
        y = self.format().height() - top - h
        return SimpleNamespace(x=lambda: x, y=lambda: y, w=lambda: w, h=lambda: h)

    def channels(self) -> list[str]:
        return ["rgba.red", "rgba.green", "rgba.blue", "rgba.alpha"]

    def writeKnobs(self, flags: int = 0) -> str:
        return "\n".join(f"{name} {knob.value()!r}" for name, knob in self._knobs.items())

    def __enter__(self) -> Any:
        scene.inside.append(self)
        return self

    def __exit__(self, *how: Any) -> None:
        scene.inside.pop()

    def _origin(self) -> Any:
        above = self._inputs[0]
        return self.frames or (None if above is None else above._origin())


class nodes:
    """`nodes.X()`: a node of class X, not wired, the selection untouched."""


def _maker(kind: str) -> Callable[..., Node]:
    def make(**knobs: Any) -> Node:
        node = Node(kind, scene.inside[-1])
        taken, number = {n.fullName() for n in scene.nodes}, 1
        node._name = f"{kind}{number}"
        while node.fullName() in taken:
            number += 1
            node._name = f"{kind}{number}"
        scene.nodes.append(node)
        for name, value in knobs.items():
            node[name].setValue(value)
        return node

    return make


for _kind in CLASSES:
    setattr(nodes, _kind, staticmethod(_maker(_kind)))


def createNode(node: str, args: str = "", inpanel: bool = True) -> Node:
    """Makes a node as the artist would: wired to what is selected, and then selected itself."""
    if node not in CLASSES:
        raise RuntimeError(f"{node}: Unknown command")
    chosen = selectedNodes()
    made = getattr(nodes, node)()
    made.setInput(0, chosen[0] if chosen else None)
    for each in chosen:
        each["selected"].setValue(False)
    made["selected"].setValue(True)
    return made


def root() -> Node:
    return scene.root


def allNodes(
    filter: str = "", group: Node | None = None, recurseGroups: bool = False
) -> list[Node]:
    inside = scene.inside[-1] if group is None else group
    among = scene.nodes if recurseGroups else [n for n in scene.nodes if n.parent() is inside]
    return [n for n in among if not filter or n.Class() == filter]


def toNode(s: str) -> Node | None:
    return next((n for n in scene.nodes if n.fullName() == s), None)


def selectedNodes(filter: str = "") -> list[Node]:
    return [n for n in allNodes(filter) if n["selected"].value()]


def delete(n: Node) -> None:
    if n not in scene.nodes:
        raise ValueError("A PythonObject is not attached to a node")
    scene.nodes.remove(n)
    for other in scene.nodes:
        other._inputs = [None if each is n else each for each in other._inputs]


def views() -> list[str]:
    return ["main"]


def executing() -> bool:
    return scene.executing


def execute(nameOrNode: Any, start: int, end: int, incr: int = 1, views: Any = ("main",)) -> None:
    """Renders a Write to real files."""
    scene.executed.append((nameOrNode, scene.root["proxy"].value(), start))
    for number in range(start, end + 1, incr):
        if scene.cancel_render:
            raise CancelledError("Cancelled")
        try:
            light = image(nameOrNode.input(0), number)
        except RuntimeError:
            if scene.leaves_halves:
                with open(_path(nameOrNode["file"].value(), number), "wb") as half:
                    half.write(b"v/1\x01")
            raise
        _save(nameOrNode, number, light)


def image(node: Node, number: int) -> np.ndarray:
    """What a node shows: (H, W, C) float32 in the working space. RuntimeError as Nuke's."""
    if node.pictures is not None:
        if number not in node.pictures:
            raise RuntimeError(f"{node.name()}: no picture at frame {number}")
        return node.pictures[number]
    if node.Class() == "Read":
        space = node["colorspace"].value()
        if not node["raw"].value() and "ACES - ACEScg" not in space:
            raise RuntimeError(f"{node.name()}: this double does not convert from {space}")
        return _open(node["file"].value(), number)
    if node.Class() in ("Dot", "Blur") and node.input(0) is not None:
        return image(node.input(0), number)
    raise RuntimeError(f"{node.name()}: this double cannot compute a {node.Class()}")


def _path(file: str, number: int) -> str:
    folder, _, name = file.rpartition("/")
    name = re.sub(r"%0(\d)d", lambda m: f"{number:0{m[1]}d}", name)
    return f"{folder}/" + re.sub("#+", lambda m: f"{number:0{len(m[0])}d}", name)


def _open(file: str, number: int) -> np.ndarray:
    buffer = oiio.ImageBuf(_path(file, number))
    if buffer.has_error:
        raise RuntimeError(f"{_path(file, number)}: {buffer.geterror()}")
    return np.asarray(buffer.get_pixels("float"))


def _save(write: Node, number: int, pixels: np.ndarray) -> None:
    asked = write["channels"].value()
    count = {"rgb": 3, "rgba": 4, "all": pixels.shape[2]}[asked]
    shape, box = write.input(0).format(), write.input(0).bbox()
    step = 2 if scene.root["proxy"].value() else 1
    light = pixels[::step, ::step, :count]
    if not write["raw"].value():
        light = np.clip(light, 0, 1) ** (1 / 2.2)
    kind = {"16 bit half": "half", "32 bit float": "float"}[write["datatype"].value()]
    spec = oiio.ImageSpec(light.shape[1], light.shape[0], count, kind)
    spec.channelnames = tuple("RGBA"[:count])
    spec.x, spec.y = box.x(), shape.height() - box.y() - box.h()
    spec.full_width, spec.full_height = shape.width() // step, shape.height() // step
    zips = write["compression"].value() == "Zip (1 scanline)"
    spec.attribute("compression", "zips" if zips else "none")
    spec.attribute("DateTime", "")
    spec.attribute("PixelAspectRatio", shape.pixelAspect())
    path = _path(write["file"].value(), number)
    out = oiio.ImageOutput.create(path)
    if not (out and out.open(path, spec)):
        raise RuntimeError(f"{write.name()}: {path} cannot be opened")
    if not (out.write_image(np.ascontiguousarray(light)) and out.close()):
        raise RuntimeError(f"{write.name()}: {out.geterror()}")


class Undo:
    """In a terminal it does nothing at all."""

    steps: list[Any] = []  # noqa: RUF012 - there is one queue, as in Nuke
    open_at: Any = None
    label, depth, off = "", 0, 0

    @staticmethod
    def begin() -> None:
        Undo.depth += 1
        if Undo.depth == 1:
            Undo.open_at, Undo.label = _state(), ""

    @staticmethod
    def name(label: str) -> None:
        Undo.label = label

    @staticmethod
    def end() -> None:
        Undo.depth -= 1
        changed = not Undo.depth and _told(Undo.open_at) != _told(_state())
        if GUI and not Undo.off and changed:
            Undo.steps.append((Undo.label, Undo.open_at))

    @staticmethod
    def disable() -> None:
        Undo.off += 1

    @staticmethod
    def enable() -> None:
        Undo.off -= 1

    @staticmethod
    def undoSize() -> int:
        return len(Undo.steps)

    @staticmethod
    def undo() -> None:
        if Undo.steps:
            scene.nodes = []
            for node, knobs, inputs in Undo.steps.pop()[1]:
                scene.nodes.append(node)
                node._knobs, node._inputs = knobs, inputs


def _state() -> list[Any]:
    return [
        (n, {name: copy.copy(knob) for name, knob in n._knobs.items()}, list(n._inputs))
        for n in scene.nodes
    ]


def _told(state: list[Any]) -> list[Any]:
    return [(id(n), {k: v.value() for k, v in knobs.items()}, ins) for n, knobs, ins in state]


class ProgressTask:
    """Its bar is there as long as somebody holds it."""

    def __init__(self, title: str = "") -> None:
        self.title, self.turn = title, 0
        bars.append(title)

    def isCancelled(self) -> bool:
        self.turn += 1
        return scene.cancel_at == self.turn - 1

    def setProgress(self, i: int) -> None:
        if type(i) is not int or not 0 <= i <= 100:
            raise TypeError(f"{i!r} is no percentage")

    def setMessage(self, s: str) -> None:
        if type(s) is not str:
            raise TypeError(f"{s!r} is no text")

    def __del__(self) -> None:
        bars.remove(self.title)


class _Menu:
    def __init__(self) -> None:
        self.entries: dict[str, Any] = {}

    def addMenu(self, name: str, icon: str = "") -> Any:
        return self.entries.setdefault(name, _Menu())

    def addCommand(self, name: str, command: Any = None, shortcut: str = "") -> None:
        self.entries[name] = command

    def findItem(self, name: str) -> Any:
        return self.entries.get(name)

    def removeItem(self, name: str) -> None:
        del self.entries[name]


def menu(name: str) -> _Menu:
    if not GUI:
        raise RuntimeError("there are no menus in a terminal")
    return scene.menus.setdefault(name, _Menu())


def message(prompt: str) -> None:
    scene.shown.append(prompt)


def tprint(*args: Any) -> None:
    scene.shown.append(" ".join(map(str, args)))


def warning(message: str) -> None:
    scene.warnings.append(message)


def ask(prompt: str) -> bool:
    return scene.answers(prompt)


def activeViewer() -> Any:
    return scene.viewer


def connectViewer(inputNum: int, node: Node) -> None:
    scene.viewed = node


def executeInMainThread(call: Any, args: Any = (), kwargs: Any = {}) -> None:  # noqa: B006
    if threading.current_thread() is threading.main_thread() or not GUI:
        raise RuntimeError("Nuke hangs here")


executeInMainThreadWithResult = executeInMainThread


def source(pictures: dict[int, np.ndarray], frames: Any) -> Node:
    """A node without files that shows these pictures; frames: their FrameSet."""
    node = nodes.Constant()
    node.pictures, node.frames = pictures, frames
    return node


def reset(gui: bool = True) -> None:
    """A new scene, as after starting Nuke."""
    global scene, GUI
    GUI, env["gui"] = gui, gui
    Undo.steps, Undo.depth, Undo.off = [], 0, 0
    scene = SimpleNamespace(
        nodes=[],
        inside=[],
        shown=[],
        warnings=[],
        executed=[],
        menus={},
        answers=lambda prompt: False,
        executing=False,
        cancel_render=False,
        leaves_halves=False,  # whether a frame that fails leaves a part of its file
        cancel_at=None,
        viewer=None,
        viewed=None,
    )
    scene.root = Node("Root", None)
    scene.inside.append(scene.root)
    File_Knob.script = scene
