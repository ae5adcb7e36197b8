"""A host with a scene of shots on disk: items, a selection, a grade, settings, a way back.

Standard library and the bridge only, so that it also runs under the Python of an older Nuke.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from answerprint_bridge.host import FrameSet, Host, HostInfo, Item, ItemInfo, SceneContext
from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.results import CannotPlace

SETTINGS: list[dict[str, Any]] = [
    {"name": "folder", "kind": "folder", "help": "Where results go", "default": ""},
    {"name": "note", "kind": "text", "help": "What is written on it", "default": ""},
    {
        "name": "node",
        "kind": "num",
        "low": 1,
        "high": 9,
        "unit": "",
        "whole": True,
        "help": "Node for the grade",
        "default": 1,
    },
]
CAN = {"items", "selection", "export:graded", "take back", "result:cdl", "result:note"}


class ItemsHost(Host):
    """shots   label -> (pattern, first, last). Labels in `rendered` have no file of their own.

    placed     what stands: reference -> kind. configured, taken_back, said: what was asked.
    during     called in the middle of an export: what a host does that lets Qt work meanwhile.
    """

    def __init__(self, project: str, shots: dict[str, tuple[str, int, int]]) -> None:
        super().__init__()
        self.project, self.shots = project, dict(shots)
        self.rendered: set[str] = set()
        self.selected: list[str] = []
        self.spaces: tuple[str, ...] = ("ACEScct",)
        self.views: tuple[str, ...] = ("main",)
        self.is_busy = ""
        self.can = set(CAN)
        self.placed: dict[str, str] = {}
        self.configured: list[tuple[str, Any]] = []
        self.taken_back: list[str] = []
        self.exported: list[tuple[str, bool]] = []
        self.said: list[tuple[str, str, str]] = []
        self.during: Callable[[], object] = lambda: None
        self._tags: dict[str, dict[str, Any]] = {}

    def info(self) -> HostInfo:
        return HostInfo("Shelf", "2.0", "Studio")

    def capabilities(self) -> frozenset[str]:
        return frozenset(self.can)

    def context(self) -> SceneContext:
        if not self.project:
            raise WireError(HOST_REFUSED, "The scene is not saved.", "Save it.")
        script = os.path.join(self.project, "sc010.scene")
        rate = Fraction(24)
        size = (512, 288)
        return SceneContext(
            script, self.project, "sc010", rate, 1001, 1010, *size, space="ACEScg", views=self.views
        )

    def grade_spaces(self) -> tuple[str, ...]:
        return self.spaces

    def items(self) -> list[Item]:
        return [Item(label, "clip", label) for label in self.shots]

    def selection(self) -> list[Item]:
        return [Item(label, "clip", label) for label in self.selected]

    def describe(self, ref: str) -> ItemInfo:
        if ref not in self.shots:
            raise WireError(HOST_REFUSED, f"There is no '{ref}' any more.", "Choose another.")
        pattern, first, last = self.shots[ref]
        file = "" if ref in self.rendered else pattern
        return ItemInfo(
            512, 288, first, last, ("R", "G", "B"), file, "ACEScg", graded_space="Rec.1886"
        )

    def settings(self) -> list[dict[str, Any]]:
        return [{**row, "value": row["default"]} for row in SETTINGS]

    def configure(self, name: str, value: Any) -> None:
        if name == "node" and value == 9:
            raise WireError(HOST_REFUSED, "There is no node 9.", "Choose another.")
        self.configured.append((name, value))

    def export_frames(self, ref: str, spec: Any, progress: Any) -> FrameSet:
        self.exported.append((ref, spec.graded))
        self.during()
        pattern, first, last = self.shots[ref]
        whole = FrameSet(pattern, first, last, space="ACEScg")
        low = first if spec.first is None else spec.first
        return replace(whole, first=low, last=last if spec.last is None else spec.last)

    def export_timeline(self, path: str) -> str:
        raise WireError(HOST_REFUSED, "There is no timeline.", "Export it elsewhere.")

    def import_timeline(self, path: str, name: str) -> str:
        raise WireError(HOST_REFUSED, "There is no timeline.", "Import it elsewhere.")

    def import_frames(self, frames: FrameSet, near: str, label: str) -> tuple[str, ...]:
        raise CannotPlace("this host takes no frames")

    def add_markers(self, ref: str, markers: Sequence[Any]) -> int:
        raise WireError(HOST_REFUSED, "There are no markers.", "Use a note.")

    def place_cdl(self, data: Any, near: str, label: str) -> tuple[str, ...]:
        return self._stand("cdl", near)

    def place_note(self, data: Any, near: str, label: str) -> tuple[str, ...]:
        return self._stand("note", near)

    def _stand(self, kind: str, near: str) -> tuple[str, ...]:
        ref = f"{kind} on {near} {len(self.placed) + 1}"
        self.placed[ref] = kind
        return (ref,)

    def take_back(self, ref: str) -> str:
        self.taken_back.append(ref)
        del self.placed[ref]
        del self._tags[ref]
        return "the artist's version"

    def tag(self, ref: str, key: str, value: Any) -> None:
        self._tags.setdefault(ref, {})[key] = dict(value)

    def read_tag(self, ref: str, key: str) -> dict[str, Any] | None:
        return self._tags.get(ref, {}).get(key)

    def tagged(self, key: str) -> dict[str, dict[str, Any]]:
        return {ref: tags[key] for ref, tags in self._tags.items() if key in tags}

    @contextlib.contextmanager
    def progress(self, title: str) -> Iterator[Any]:
        yield _Silent()

    def message(self, level: str, title: str, detail: str = "") -> None:
        self.said.append((level, title, detail))

    def ask(self, question: str, default: bool) -> bool:
        return default

    @contextlib.contextmanager
    def undo_group(self, label: str) -> Iterator[None]:
        yield

    def busy(self) -> str:
        return self.is_busy

    def register_ui(self, actions: Any) -> None: ...

    def unregister_ui(self) -> None: ...

    def open_in_viewer(self, frames: FrameSet) -> bool:
        return False

    def shutdown(self) -> None: ...


class _Silent:
    def tell(self, done: int, total: int, message: str = "") -> None: ...
