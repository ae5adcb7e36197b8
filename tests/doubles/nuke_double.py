"""A small double of the `nuke` module: what the adapter touches, with Nuke's known bad habits.

It proves our logic, not Nuke. Its habits are those that documentation, stubs and other people's
code tell of: the knobs of EXR exist only after `file_type`; a Write's channels are rgb at first;
`createNode` wires to the selection and selects, `nodes.X` does neither; `fromUserText` stretches
the root; a list ignores an entry it lacks; `executeInMainThread` on the main thread hangs (here
it raises); a terminal has no undo; an unknown knob is a NameError; a node is looked for in the
group that is open; nodes are listed newest first; the spaces of a Read are those of the script's
colour management; an edit outside of `Undo.begin` is a step of its own. `execute` writes files.

The scene is the module's own: `reset()` begins a new one. `source()` makes a node of pictures.
Scripts are saved as JSON, which is this double's own format.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

from . import nuke_script, nuke_ui
from .nuke_knobs import (
    CLASSES,
    EVERY,
    EXR,
    ROOT,
    Boolean_Knob,
    Color_Knob,
    Double_Knob,
    Enumeration_Knob,
    File_Knob,
    Int_Knob,
    Knob,
    Multiline_Eval_String_Knob,
    PyScript_Knob,
    String_Knob,
    Tab_Knob,
    new_knob,
)
from .nuke_script import scriptOpen, scriptSaveAs, thisKnob, thisNode
from .nuke_ui import getPaneFor
from .nuke_undo import Undo, record

__all__ = [
    "Boolean_Knob",
    "Color_Knob",
    "Double_Knob",
    "Enumeration_Knob",
    "File_Knob",
    "Int_Knob",
    "Multiline_Eval_String_Knob",
    "PyScript_Knob",
    "String_Knob",
    "Tab_Knob",
    "Undo",
    "getPaneFor",
    "scriptOpen",
    "scriptSaveAs",
    "thisKnob",
    "thisNode",
]

GUI = True
INVISIBLE, STARTLINE, WRITE_ALL, WRITE_USER_KNOB_DEFS = 0x400, 0x1000, 0x8, 0x20
env = {"NukeVersionString": "16.0v4", "gui": True, "nc": False, "indie": False, "ple": False}
scene: SimpleNamespace
bars: list[str] = []  # titles of the progress bars that are open


class CancelledError(RuntimeError):
    pass


class Node:
    def __init__(self, kind: str, parent: Any) -> None:
        knobs = ROOT if kind == "Root" else {**EVERY, **CLASSES[kind]}
        self._kind, self._parent, self._inputs = kind, parent, [None] * 6
        self._knobs: dict[str, Knob] = {}
        for name, made in knobs.items():
            self.addKnob(new_knob(name, made))
        self._name, self.pictures, self.frames, self.user = kind, None, None, []

    def __len__(self) -> int:
        return 0  # so that nobody asks a node whether it is true

    def Class(self) -> str:
        return self._kind

    def name(self) -> str:
        return self._knobs["name"].value() or "Root" if self._kind == "Root" else self._name

    def setName(self, name: str, uncollide: bool = True) -> None:
        taken = {n.name() for n in scene.nodes if n is not self and n.parent() is self._parent}
        was = self._name
        record("Rename", lambda: setattr(self, "_name", was))
        self._name, number = name, 0
        while uncollide and self._name in taken:
            number += 1
            self._name = f"{name}{number}"

    def fullName(self) -> str:
        above = self._parent
        return self._name if above in (None, scene.root) else f"{above.fullName()}.{self._name}"

    def parent(self) -> Any:
        return self._parent

    def knob(self, p: str) -> Knob | None:
        if self._kind == "Write" and self._knobs["file_type"].value() == "exr":
            for late in EXR.keys() - self._knobs.keys():
                self.addKnob(new_knob(late, EXR[late]))
        return self._knobs.get(p)

    def knobs(self) -> dict[str, Knob]:
        return dict(self._knobs)

    def __getitem__(self, name: str) -> Knob:
        knob = self.knob(name)
        if knob is None:
            raise NameError(f"knob {name} does not exist")
        return knob

    def addKnob(self, knob: Knob) -> None:
        """Also the knobs of its class; those that come later are the artist's or ours."""
        self._knobs[knob.name()] = knob
        knob.node_of, knob.heard = self, self._heard
        if hasattr(self, "user"):
            self.user.append(knob.name())
            record(f"Add {knob.name()}", lambda: self._knobs.pop(knob.name(), None))

    def _heard(self, knob: Knob) -> None:
        if code := self._knobs["knobChanged"].value() if "knobChanged" in self._knobs else "":
            nuke_script.run(code, self, knob)

    def nodes(self) -> list[Any]:
        return [n for n in reversed(scene.nodes) if n.parent() is self]

    def setInput(self, number: int, node: Any) -> bool:
        was = self._inputs[number]
        record("Wire", lambda: self._inputs.__setitem__(number, was))
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
        return self._range("first")

    def lastFrame(self) -> int:
        return self._range("last")

    def _range(self, end: str) -> int:
        """A Read's own, else that of what it shows, else the script's."""
        name = f"{end}_frame" if self is scene.root else end
        if name in self._knobs:
            return self._knobs[name].value()
        if self.frames:
            return getattr(self.frames, end)
        above = scene.root if self._inputs[0] is None else self._inputs[0]
        return above._range(end)

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
        return "\n".join(f"{name} {knob.told()!r}" for name, knob in self._knobs.items())

    def __enter__(self) -> Any:
        scene.inside.append(self)
        return self

    def __exit__(self, *how: Any) -> None:
        scene.inside.pop()

    def _origin(self) -> Any:
        """What its pictures are, None where nobody says."""
        if self.frames is None and self._kind == "Read" and find_spec("OpenImageIO"):
            from . import nuke_pictures

            return nuke_pictures.header(self)
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
        if kind == "Input":
            node["number"].setValue(sum(n.Class() == "Input" for n in node.parent().nodes()))
        scene.nodes.append(node)
        record(f"New {kind}", lambda: scene.nodes.remove(node))
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
    return [n for n in reversed(among) if not filter or n.Class() == filter]


def toNode(s: str) -> Node | None:
    """Looked for in the group that is open."""
    here = scene.inside[-1]
    start = "" if here is scene.root else here.fullName() + "."
    return next((n for n in scene.nodes if n.fullName() == start + s), None)


def selectedNodes(filter: str = "") -> list[Node]:
    return [n for n in allNodes(filter) if n["selected"].value()]


def delete(n: Node) -> None:
    if n not in scene.nodes:
        raise ValueError("A PythonObject is not attached to a node")
    for inner in n.nodes():
        delete(inner)
    place, wires = scene.nodes.index(n), [(other, list(other._inputs)) for other in scene.nodes]
    scene.nodes.remove(n)
    for other in scene.nodes:
        other._inputs = [None if each is n else each for each in other._inputs]

    def back() -> None:
        scene.nodes.insert(place, n)
        for other, inputs in wires:
            other._inputs = inputs

    record("Delete", back)


def views() -> list[str]:
    return list(scene.views)


def executing() -> bool:
    return scene.executing


def execute(nameOrNode: Any, start: int, end: int, incr: int = 1, views: Any = ("main",)) -> None:
    """Renders a Write to real files."""
    from . import nuke_pictures

    proxy = scene.root["proxy"].value()
    scene.executed.append((nameOrNode, proxy, start))
    scene.rendered_views.append(list(views))
    for number in range(start, end + 1, incr):
        if scene.cancel_render:
            raise CancelledError("Cancelled")
        try:
            light = nuke_pictures.image(nameOrNode.input(0), number)
        except RuntimeError:
            if scene.leaves_halves:
                with open(nameOrNode["file"].evaluate(number), "wb") as half:
                    half.write(b"v/1\x01")
            raise
        nuke_pictures.save(nameOrNode, number, light, proxy, f"run {len(scene.executed)}")


def image(node: Node, number: int) -> Any:
    """See `nuke_pictures`, which needs numpy."""
    from . import nuke_pictures

    return nuke_pictures.image(node, number)


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


def menu(name: str) -> nuke_ui.Menu:
    if not GUI:
        raise RuntimeError("there are no menus in a terminal")
    return scene.menus.setdefault(name, nuke_ui.Menu(name))


def getFramesAndViews(label: str, default: str) -> Any:
    """What the artist answers: (range, views), or None."""
    scene.shown.append(f"{label} {default}")
    return scene.frames_and_views(default)


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


def frame(f: int | None = None) -> int:
    scene.frame = scene.frame if f is None else f
    return scene.frame


def connectViewer(inputNum: int, node: Node) -> None:
    scene.viewed = node


def executeInMainThread(call: Any, args: Any = (), kwargs: Any = {}) -> None:  # noqa: B006
    """Queued for the main thread, which `process` plays."""
    if threading.current_thread() is threading.main_thread() or not GUI:
        raise RuntimeError("Nuke hangs here")
    scene.queue.put((call, args, kwargs, None))


def executeInMainThreadWithResult(call: Any, args: Any = (), kwargs: Any = {}) -> Any:  # noqa: B006
    if threading.current_thread() is threading.main_thread() or not GUI:
        raise RuntimeError("Nuke hangs here")
    done = threading.Event()
    scene.queue.put((call, args, kwargs, done))
    done.wait()


def process(wait: float = 0.05) -> None:
    """Nuke's event loop, once: what other threads asked for."""
    try:
        call, args, kwargs, done = scene.queue.get(timeout=wait)
    except queue.Empty:
        return
    try:
        call(*args, **kwargs)
    finally:
        if done:
            done.set()


def source(pictures: dict[int, Any], frames: Any) -> Node:
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
        rendered_views=[],
        menus={},
        queue=queue.Queue(),
        this=[],  # node and knob of the scripts that run
        pressed=[],  # buttons
        answers=lambda prompt: False,
        frames_and_views=lambda default: (default, ["main"]),
        executing=False,
        cancel_render=False,
        leaves_halves=False,  # whether a frame that fails leaves a part of its file
        cancel_at=None,
        viewer=None,
        viewed=None,
        frame=1001,
        views=["main"],
        record=record,
    )
    scene.root = Node("Root", None)
    scene.inside.append(scene.root)
    scene.tcl, scene.press = nuke_script.tcl, nuke_script.press
    Knob.script = scene
    nuke_ui.nukescripts.panels.registered.clear()
    nuke_ui.nukescripts.panels.shown.clear()
