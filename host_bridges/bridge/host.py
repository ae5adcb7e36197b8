"""What Answerprint asks of a host: one interface, one adapter for each program.

An adapter knows no tool. It says where it is and what is selected, writes frames to files,
and places results as native things. It only adds; what was in the scene stays as it was.
Everything here runs on the host's main thread, the one that made the adapter: a call from
another thread is refused, because most hosts hang or fall over later instead.

An adapter fills in the abstract methods and one `place_<kind>(data, near, label)` for each
kind of `results.KINDS` that it has a place for, and names these in `capabilities` as
'result:<kind>'. What a kind it lacks becomes is decided here, once for all hosts.

Every method raises WireError -32020 for what the host cannot do, in words for the artist,
and -32800 when somebody cancels.
"""

from __future__ import annotations

import functools
import threading
from abc import abstractmethod
from contextlib import AbstractContextManager
from typing import Any, Callable, ClassVar, Dict, Mapping, Sequence, Tuple

from .edits import Edits
from .messages import HOST_REFUSED, WireError
from .results import LOOK, Answer, CannotPlace, Form, Refs, Result, refusal, settle
from .scene import (
    Action,
    ExportSpec,
    FrameSet,
    HostInfo,
    Item,
    ItemInfo,
    Marker,
    Progress,
    SceneContext,
    Span,
)

TAG = "answerprint"
"""The tag of everything we place: {recipe, number, kind} of the result it stands for, and the
item it was placed by (`near`): two items of the same media may have the same recipe."""

__all__ = [
    "TAG",
    "Action",
    "ExportSpec",
    "FrameSet",
    "Host",
    "HostInfo",
    "Item",
    "ItemInfo",
    "Marker",
    "Progress",
    "SceneContext",
    "Span",
]


class Host(Edits):
    """One running host. `grade_spaces` and `capabilities` may differ from start to start."""

    ON_MAIN: ClassVar[frozenset[str]] = frozenset()  # filled in below

    def __init__(self) -> None:
        self._main = threading.get_ident()

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        for name, method in list(vars(cls).items()):
            if callable(method) and (name in Host.ON_MAIN or name.startswith("place_")):
                setattr(cls, name, _on_main(method))

    # Who and where

    @abstractmethod
    def info(self) -> HostInfo: ...

    @abstractmethod
    def capabilities(self) -> frozenset[str]:
        """'result:<kind>' for what it places, and 'export:graded', 'timeline', 'markers',
        'edit markers', 'playhead', 'undo', 'take back', 'takes' (of other media), 'selection',
        'items', 'auditions', 'viewer' where it has them."""

    @abstractmethod
    def context(self) -> SceneContext: ...

    @abstractmethod
    def selection(self) -> list[Item]: ...

    def items(self) -> list[Item]:
        """All that can be an input, for a list to choose from: where it has 'items'."""
        return self.selection()

    @abstractmethod
    def describe(self, ref: str) -> ItemInfo: ...

    @abstractmethod
    def grade_spaces(self) -> Tuple[str, ...]:
        """Colour spaces a CDL or grade can be placed in, best first, by their config's names."""

    def settings(self) -> list[Dict[str, Any]]:
        """What the artist has to tell this host once (folder, spaces, which clips): rows like a
        tool's parameters in `tool.describe`, with 'value', for a panel to show."""
        return []

    def configure(self, name: str, value: Any) -> None:
        """Take the value of one of `settings`, and keep it with the project."""
        raise WireError(HOST_REFUSED, f"This host has no setting '{name}'.", "Leave it out.")

    # Out

    @abstractmethod
    def export_frames(self, ref: str, spec: ExportSpec, progress: Progress) -> FrameSet:
        """Write an item's frames, or name the files it already is made of, which is better.

        A frame that cannot be had is named in `missing`, never held, never black.
        """

    @abstractmethod
    def export_timeline(self, path: str) -> str:
        """Write the timeline as OTIO, or name the file that it already is; its path."""

    # In: each of these only adds

    @abstractmethod
    def import_frames(self, frames: FrameSet, near: str, label: str) -> Refs: ...

    @abstractmethod
    def import_timeline(self, path: str, name: str) -> str: ...

    @abstractmethod
    def add_markers(self, ref: str, markers: Sequence[Marker]) -> int:
        """How many were set; one that cannot be is an error, never left out."""

    @abstractmethod
    def tag(self, ref: str, key: str, value: Mapping[str, Any]) -> None:
        """Keep a JSON value with an item, in the scene's own file."""

    @abstractmethod
    def read_tag(self, ref: str, key: str) -> Dict[str, Any] | None: ...

    @abstractmethod
    def tagged(self, key: str) -> Dict[str, Dict[str, Any]]:
        """Every item that has this tag, and its value."""

    # With the artist

    @abstractmethod
    def progress(self, title: str) -> AbstractContextManager[Progress]: ...

    @abstractmethod
    def message(self, level: str, title: str, detail: str = "") -> None:
        """level: 'info', 'warning' or 'error'."""

    @abstractmethod
    def ask(self, question: str, default: bool) -> bool:
        """The artist's answer; `default` where there is nobody to ask."""

    @abstractmethod
    def undo_group(self, label: str) -> AbstractContextManager[None]:
        """One step of undo. An exception that leaves it takes back all that was added in it."""

    @abstractmethod
    def busy(self) -> str:
        """Why no job may start now (rendering, a dialog is open), or ''."""

    @abstractmethod
    def register_ui(self, actions: Sequence[Action]) -> None: ...

    @abstractmethod
    def unregister_ui(self) -> None: ...

    @abstractmethod
    def open_in_viewer(self, frames: FrameSet) -> bool: ...

    @abstractmethod
    def shutdown(self) -> None: ...

    # The same for all hosts

    def swap(self, ref: str, others: Sequence[str]) -> None:
        """Show one of several items that lie above each other, '' for none, and mute the others,
        in one step of undo."""
        with self.undo_group("Swap the take"):
            for each in (*others, *filter(None, [ref])):
                self.switch(each, each == ref)

    def take_back(self, ref: str) -> str:
        """Return an item to what stood before we placed `ref`, where it has 'take back'; what
        stands now, for people. Elsewhere the host's own undo does it."""
        raise WireError(HOST_REFUSED, f"Nothing takes '{ref}' back here.", "Use the host's undo.")

    def accepts(self, form: Form) -> str:
        """Why a result cannot stand here in this form, or ''. Changes nothing."""
        kinds = {c.partition(":")[2] for c in self.capabilities() if c.startswith("result:")}
        return refusal(form, frozenset(kinds | {"message"}), self.grade_spaces())

    def plan(self, results: Sequence[Result], near: str = "") -> list[Answer]:
        """What `apply` would answer, without placing anything."""
        return settle(results, self.grade_spaces(), self._accepted)

    def apply(
        self, results: Sequence[Result], near: str = "", label: str = "", recipe: str = ""
    ) -> list[Answer]:
        """Place results in one step of undo; one answer each, in their order.

        near     the item they are for. label: what the artist reads on them.
        recipe   digest of the recipe they come from, kept with each item. What stands there by
                 this item from the same recipe is found again instead of placed twice.

        Where it fails or is cancelled half way, nothing of it stays.
        """
        standing = self._standing(recipe, near)
        looks = [kind for _, kind in standing if kind in LOOK]
        with self.undo_group(label), self.progress(label) as progress:

            def place(form: Form) -> Refs:
                progress.tell(form.number, len(results), form.kind)
                self._accepted(form)  # first: what stands by another item may not fit by this one
                if (form.number, form.kind) in standing:
                    return standing[form.number, form.kind]
                if looks and form.kind in LOOK:
                    raise CannotPlace(f"the look stands already, as {looks[0]}")
                refs: Refs = tuple(getattr(self, f"place_{form.kind}")(form.data, near, label))
                for ref in refs if recipe else ():
                    self.tag(ref, TAG, tag_of(form, recipe, near))
                return refs

            return settle(results, self.grade_spaces(), place)

    def place_frames(self, data: Result, near: str, label: str) -> Refs:
        return self.import_frames(FrameSet.of(data), near, label)

    def place_message(self, data: Result, near: str, label: str) -> Refs:
        self.message("info", label or "Answerprint", data["text"])
        return ()

    def _accepted(self, form: Form) -> Refs:
        if why := self.accepts(form):
            raise CannotPlace(why)
        return ()

    def _standing(self, recipe: str, near: str) -> Dict[Tuple[int, str], Refs]:
        found: Dict[Tuple[int, str], Refs] = {}
        for ref, value in self.tagged(TAG).items() if recipe else ():
            if (value.get("recipe"), value.get("near")) == (recipe, near):
                key = (value["number"], value["kind"])
                found[key] = (*found.get(key, ()), ref)
        return found


def tag_of(form: Form, recipe: str, near: str) -> Dict[str, Any]:
    """The value of TAG for what was placed in a form."""
    return {"recipe": recipe, "number": form.number, "kind": form.kind, "near": near}


def _on_main(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def checked(self: Host, *args: Any, **more: Any) -> Any:
        if threading.get_ident() != self._main:
            thread = threading.current_thread().name
            raise WireError(
                HOST_REFUSED,
                f"'{method.__name__}' was called on the thread '{thread}'.",
                "Call it on the host's main thread: hosts cannot be used from any other.",
            )
        return method(self, *args, **more)

    return checked


_OWN = {**vars(Edits), **vars(Host)}
_PUBLIC = {n: m for n, m in _OWN.items() if callable(m) and not n.startswith("_")}
Host.ON_MAIN = frozenset(_PUBLIC)
for _name, _method in _PUBLIC.items():
    if not getattr(_method, "__isabstractmethod__", False):
        setattr(Host, _name, _on_main(_method))
