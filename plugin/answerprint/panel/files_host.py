"""Shots on disk as a host: no program, no scene. Results stay what they are, files."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from answerprint_bridge.host import (
    ExportSpec,
    FrameSet,
    HostInfo,
    Item,
    ItemInfo,
    Marker,
    Progress,
    SceneContext,
)
from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.results import KINDS, Answer, Refs, Result, check
from answerprint_bridge.wire import SUITE

from .alone import Alone, Artist
from .paths import shot_name

NO_SCENE = "There is no program behind this panel."
SETTINGS: tuple[dict[str, Any], ...] = (
    {
        "name": "results",
        "kind": "folder",
        "help": "Versions go below it; empty: beside the shot",
        "default": "",
    },
    {
        "name": "cdl_spaces",
        "kind": "names",
        "help": "Also give CDL numbers for these colour spaces",
        "default": [],
    },
)


class FilesHost(Alone):
    """`work_on` says which shot is worked on: the scene is that shot.

    A result stands by lying in its version's folder, so placing it again changes nothing.
    """

    def __init__(self, artist: Artist) -> None:
        super().__init__(artist)
        self._source = ""
        self._set: dict[str, Any] = {row["name"]: row["default"] for row in SETTINGS}
        self._tags: dict[str, dict[str, dict[str, Any]]] = {}

    def work_on(self, source: str) -> None:
        """The shot that the next run is of: a path or pattern."""
        self._source = os.path.abspath(source) if source else ""

    def info(self) -> HostInfo:
        return HostInfo("Answerprint", SUITE, python=platform.python_version())

    def capabilities(self) -> frozenset[str]:
        return frozenset(f"result:{kind}" for kind in KINDS)

    def context(self) -> SceneContext:
        if not self._source:
            raise WireError(HOST_REFUSED, "There is no shot yet.", "Choose the source first.")
        folder = self._set["results"] or os.path.dirname(self._source)
        shot = shot_name(self._source)
        return SceneContext(self._source, folder, shot, Fraction(24), 0, 0, 0, 0)

    def selection(self) -> list[Item]:
        return []

    def describe(self, ref: str) -> ItemInfo:
        raise WireError(HOST_REFUSED, f"There is no item '{ref}'.", "Choose the shot as files.")

    def grade_spaces(self) -> tuple[str, ...]:
        return tuple(self._set["cdl_spaces"])

    def settings(self) -> list[dict[str, Any]]:
        return [{**row, "value": self._set[row["name"]]} for row in SETTINGS]

    def configure(self, name: str, value: Any) -> None:
        if name not in self._set:
            super().configure(name, value)
        folder = name == "results" and value
        self._set[name] = os.path.abspath(os.path.expanduser(value)) if folder else value

    def export_frames(self, ref: str, spec: ExportSpec, progress: Progress) -> FrameSet:
        raise WireError(HOST_REFUSED, f"There is no item '{ref}'.", "Choose the shot as files.")

    def export_timeline(self, path: str) -> str:
        raise WireError(HOST_REFUSED, NO_SCENE, "Export the timeline from the edit.")

    def import_timeline(self, path: str, name: str) -> str:
        raise WireError(HOST_REFUSED, NO_SCENE, "Import the timeline into the edit.")

    def add_markers(self, ref: str, markers: Sequence[Marker]) -> int:
        raise WireError(HOST_REFUSED, NO_SCENE, "Set the markers in the edit.")

    def import_frames(self, frames: FrameSet, near: str, label: str) -> Refs:
        return (frames.pattern,)

    def plan(self, results: Sequence[Result], near: str = "") -> list[Answer]:
        """Every result stands, as a file or in the version's report: none is in another's way."""
        return [_answer(each) for each in results]

    def apply(
        self, results: Sequence[Result], near: str = "", label: str = "", recipe: str = ""
    ) -> list[Answer]:
        return self.plan(results)

    def tag(self, ref: str, key: str, value: Mapping[str, Any]) -> None:
        self._tags.setdefault(ref, {})[key] = dict(value)

    def read_tag(self, ref: str, key: str) -> dict[str, Any] | None:
        return self._tags.get(ref, {}).get(key)

    def tagged(self, key: str) -> dict[str, dict[str, Any]]:
        return {ref: tags[key] for ref, tags in self._tags.items() if key in tags}

    @contextlib.contextmanager
    def undo_group(self, label: str) -> Iterator[None]:
        yield  # nothing is changed that could be taken back


def _answer(result: Result) -> Answer:
    try:
        kind = check(result)
    except WireError as refused:
        return Answer(str(result.get("kind", "")), "refused", why=str(refused))
    file = result.get("pattern") or result.get("path") or result.get("file")
    return Answer(kind, "done", kind, items=(str(file),) if file else ())
