"""A host that is another process: its methods as requests, each plain JSON in and out.

`answers(host)` is for the process that has the host, `RemoteHost(ask, artist)` for the one that
has the panel; between them is the wire. `apply` and `plan` are one request each, so placing, its
undo and its progress happen where the host is. What concerns the artist alone (`progress`,
`message`, `ask`) stays on the panel's side: there is where the artist looks.

An error keeps its code, title, hint and detail.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import fields
from fractions import Fraction
from typing import Any, Callable, Dict, Mapping, Protocol, Sequence, Tuple, Type, TypeVar

from .host import (
    Action,
    ExportSpec,
    FrameSet,
    Host,
    HostInfo,
    Item,
    ItemInfo,
    Marker,
    Progress,
    SceneContext,
    Span,
)
from .messages import HOST_REFUSED, Message, WireError
from .results import KINDS, Answer, Form, Refs, Result
from .scene import plain

Handlers = Dict[str, Callable[[Message], Any]]
Made = TypeVar("Made")


class Ask(Protocol):
    """How a request reaches the host: its result, or the WireError it ended with.

    progress   is told how far the host is; where it raises, the host is asked to stop, and the
               request still ends with the host's own answer.
    """

    def __call__(self, method: str, params: Message, progress: Progress | None = None) -> Any: ...


class Artist(Protocol):
    """Where the artist looks: shows how far it is and what is said, and hands on an answer."""

    def progress(self, title: str) -> AbstractContextManager[Progress]: ...
    def message(self, level: str, title: str, detail: str) -> None: ...
    def ask(self, question: str, default: bool) -> bool: ...


def made(kind: Type[Made], told: Mapping[str, Any]) -> Made:
    """What `scene.plain` made JSON of, as it was. Fields that nobody here knows are left out."""
    known: Any = fields(kind)  # type: ignore[arg-type]
    return kind(**{f.name: _back(f.type, told[f.name]) for f in known if f.name in told})


def _back(kind: Any, value: Any) -> Any:
    if kind == "Item":
        return made(Item, value)
    if isinstance(value, list):
        return tuple(_back("", each) for each in value)
    return Fraction(value) if "Fraction" in str(kind) and value is not None else value


def answers(host: Host) -> Handlers:
    """'host.<name>' -> what answers it, on the thread that has the host."""

    def export(p: Message) -> Any:
        spec = made(ExportSpec, p["spec"])
        with host.progress(f"Writing the {spec.name}") as progress:
            return plain(host.export_frames(p["ref"], spec, progress))

    def place(p: Message) -> Any:
        method = getattr(host, f"place_{p['kind']}", None)
        if method is None:
            raise WireError(HOST_REFUSED, f"This host has no place for '{p['kind']}'.")
        return plain(method(p["data"], p["near"], p["label"]))

    def markers(p: Message) -> list[Marker]:
        return [made(Marker, each) for each in p["markers"]]

    def frames(p: Message) -> Any:
        return plain(host.import_frames(made(FrameSet, p["frames"]), p["near"], p["label"]))

    return {
        "host.info": lambda p: plain(host.info()),
        "host.capabilities": lambda p: plain(host.capabilities()),
        "host.context": lambda p: plain(host.context()),
        "host.selection": lambda p: plain(host.selection()),
        "host.items": lambda p: plain(host.items()),
        "host.describe": lambda p: plain(host.describe(p["ref"])),
        "host.grade_spaces": lambda p: plain(host.grade_spaces()),
        "host.settings": lambda p: plain(host.settings()),
        "host.configure": lambda p: host.configure(p["name"], p["value"]),
        "host.export_frames": export,
        "host.export_timeline": lambda p: host.export_timeline(p["path"]),
        "host.import_frames": frames,
        "host.import_timeline": lambda p: host.import_timeline(p["path"], p["name"]),
        "host.add_markers": lambda p: host.add_markers(p["ref"], markers(p)),
        "host.edit": lambda p: plain(host.edit()),
        "host.mark_edit": lambda p: host.mark_edit(p["tag"], markers(p)),
        "host.show_frame": lambda p: host.show_frame(p["frame"]),
        "host.lay_auditions": lambda p: host.lay_auditions(p["gaps"]),
        "host.switch": lambda p: host.switch(p["ref"], p["on"]),
        "host.swap": lambda p: host.swap(p["ref"], p["others"]),
        "host.tag": lambda p: host.tag(p["ref"], p["key"], p["value"]),
        "host.read_tag": lambda p: host.read_tag(p["ref"], p["key"]),
        "host.tagged": lambda p: plain(host.tagged(p["key"])),
        "host.take_back": lambda p: host.take_back(p["ref"]),
        "host.busy": lambda p: host.busy(),
        "host.open_in_viewer": lambda p: host.open_in_viewer(made(FrameSet, p["frames"])),
        "host.accepts": lambda p: host.accepts(Form(p["kind"], p["number"], p["data"])),
        "host.place": place,
        "host.plan": lambda p: plain(host.plan(p["results"], p["near"])),
        "host.apply": lambda p: plain(host.apply(p["results"], p["near"], p["label"], p["recipe"])),
    }


def _placer(kind: str) -> Callable[..., Refs]:
    def place(self: RemoteHost, data: Result, near: str, label: str) -> Refs:
        told = {"kind": kind, "data": plain(data), "near": near, "label": label}
        return tuple(self._ask("host.place", told))

    place.__name__ = f"place_{kind}"
    return place


_Places: Any = type("_Places", (Host,), {f"place_{kind}": _placer(kind) for kind in KINDS})


class RemoteHost(_Places):
    """A host behind `ask`. It has no menus of its own and no undo but the host's."""

    def __init__(self, ask: Ask, artist: Artist) -> None:
        super().__init__()
        self._ask, self._artist = ask, artist

    # Who and where

    def info(self) -> HostInfo:
        return made(HostInfo, self._ask("host.info", {}))

    def capabilities(self) -> frozenset[str]:
        return frozenset(self._ask("host.capabilities", {}))

    def context(self) -> SceneContext:
        return made(SceneContext, self._ask("host.context", {}))

    def selection(self) -> list[Item]:
        return [made(Item, each) for each in self._ask("host.selection", {})]

    def items(self) -> list[Item]:
        return [made(Item, each) for each in self._ask("host.items", {})]

    def describe(self, ref: str) -> ItemInfo:
        return made(ItemInfo, self._ask("host.describe", {"ref": ref}))

    def grade_spaces(self) -> Tuple[str, ...]:
        return tuple(self._ask("host.grade_spaces", {}))

    def settings(self) -> list[Dict[str, Any]]:
        return list(self._ask("host.settings", {}))

    def configure(self, name: str, value: Any) -> None:
        self._ask("host.configure", {"name": name, "value": value})

    # Out and in

    def export_frames(self, ref: str, spec: ExportSpec, progress: Progress) -> FrameSet:
        told = {"ref": ref, "spec": plain(spec)}
        return made(FrameSet, self._ask("host.export_frames", told, progress))

    def export_timeline(self, path: str) -> str:
        return str(self._ask("host.export_timeline", {"path": path}))

    def import_frames(self, frames: FrameSet, near: str, label: str) -> Refs:
        told = {"frames": plain(frames), "near": near, "label": label}
        return tuple(self._ask("host.import_frames", told))

    def import_timeline(self, path: str, name: str) -> str:
        return str(self._ask("host.import_timeline", {"path": path, "name": name}))

    def add_markers(self, ref: str, markers: Sequence[Marker]) -> int:
        return int(self._ask("host.add_markers", {"ref": ref, "markers": plain(list(markers))}))

    def edit(self) -> list[Span]:
        return [made(Span, each) for each in self._ask("host.edit", {})]

    def mark_edit(self, tag: str, markers: Sequence[Marker]) -> list[int]:
        told = {"tag": tag, "markers": plain(list(markers))}
        return [int(frame) for frame in self._ask("host.mark_edit", told)]

    def show_frame(self, frame: int) -> None:
        self._ask("host.show_frame", {"frame": frame})

    def lay_auditions(self, gaps: Mapping[str, Any]) -> Dict[str, str]:
        told = {name: plain(gaps[name]) for name in ("cut", "holes")}  # all of it may fill a line
        return dict(self._ask("host.lay_auditions", {"gaps": told}))

    def switch(self, ref: str, on: bool) -> None:
        self._ask("host.switch", {"ref": ref, "on": on})

    def swap(self, ref: str, others: Sequence[str]) -> None:
        self._ask("host.swap", {"ref": ref, "others": list(others)})

    def tag(self, ref: str, key: str, value: Mapping[str, Any]) -> None:
        self._ask("host.tag", {"ref": ref, "key": key, "value": plain(value)})

    def read_tag(self, ref: str, key: str) -> Dict[str, Any] | None:
        found: Dict[str, Any] | None = self._ask("host.read_tag", {"ref": ref, "key": key})
        return found

    def tagged(self, key: str) -> Dict[str, Dict[str, Any]]:
        return dict(self._ask("host.tagged", {"key": key}))

    def take_back(self, ref: str) -> str:
        return str(self._ask("host.take_back", {"ref": ref}))

    def accepts(self, form: Form) -> str:
        told = {"kind": form.kind, "number": form.number, "data": plain(form.data)}
        return str(self._ask("host.accepts", told))

    def plan(self, results: Sequence[Result], near: str = "") -> list[Answer]:
        told = self._ask("host.plan", {"results": plain(list(results)), "near": near})
        return [made(Answer, each) for each in told]

    def apply(
        self, results: Sequence[Result], near: str = "", label: str = "", recipe: str = ""
    ) -> list[Answer]:
        told = {"results": plain(list(results)), "near": near, "label": label, "recipe": recipe}
        with self.progress(label) as progress:
            return [made(Answer, each) for each in self._ask("host.apply", told, progress)]

    # With the artist

    def progress(self, title: str) -> AbstractContextManager[Progress]:
        return self._artist.progress(title)

    def message(self, level: str, title: str, detail: str = "") -> None:
        self._artist.message(level, title, detail)

    def ask(self, question: str, default: bool) -> bool:
        return self._artist.ask(question, default)

    def undo_group(self, label: str) -> AbstractContextManager[None]:
        hint = "`apply` is one step of undo by itself."
        raise WireError(HOST_REFUSED, "A step of undo cannot span two processes.", hint)

    def busy(self) -> str:
        return str(self._ask("host.busy", {}))

    def register_ui(self, actions: Sequence[Action]) -> None:
        hint = "The process that has the host makes its menus."
        raise WireError(HOST_REFUSED, "Menus cannot be made from the panel.", hint)

    def unregister_ui(self) -> None:
        """Nothing was registered."""

    def open_in_viewer(self, frames: FrameSet) -> bool:
        return bool(self._ask("host.open_in_viewer", {"frames": plain(frames)}))

    def shutdown(self) -> None:
        """The process that has the host ends it."""
