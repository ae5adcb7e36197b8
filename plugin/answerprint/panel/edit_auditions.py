"""Takes to audition in an exported cut: a copy of it with them above its holes is the cut.

Works on the plain JSON of an OTIO, for nothing that reads OTIO runs in a panel. The copy is the cut
of the first search, and above it the proposals of every later one. Each is called by its search, so
that no two events of the copy have one name; one that is shown stays so when there is a new search.

What is shown is kept with what was placed: {path, of, searches, on}, where `path` is the copy, `of`
tells the exported cut that it is for, `searches` the OTIO of each search with {proposal id: name of
its clip}, and `on` the names of those that are shown. The copy can be made again from these.
"""

from __future__ import annotations

import json
import os
from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import count
from typing import Any

from answerprint_bridge import versions
from answerprint_bridge.messages import HOST_REFUSED, WireError

from .alone import Alone

Document = dict[str, Any]
Names = dict[str, str]
"""What the clip of each proposal of a search is called, by the proposal's id."""

NONE: dict[str, Any] = {"path": "", "of": [], "searches": {}, "on": []}


class EditAuditions(Alone):
    """The part of the host of a cut that has the takes to audition.

    path     of the cut as it was exported. cut: what `edit.read` answered of it, or of our copy.
    stamp    of the file at `path` when it was read.
    """

    path: str
    stamp: list[int]
    cut: Mapping[str, Any]
    _events: dict[str, Mapping[str, Any]]
    _state: dict[str, Any]

    @property
    @abstractmethod
    def place(self) -> str: ...

    @abstractmethod
    def _event(self, ref: str) -> Mapping[str, Any]: ...

    @abstractmethod
    def _open(self, cut: Mapping[str, Any]) -> None: ...

    @abstractmethod
    def _read(self) -> dict[str, Any]: ...

    @abstractmethod
    def _keep(self) -> None: ...

    @abstractmethod
    def _step(self) -> AbstractContextManager[None]: ...

    def lay_auditions(self, gaps: Mapping[str, Any]) -> dict[str, str]:
        """The copy with these above it is the cut from now on."""
        self.hold_copy()
        if gaps["cut"] not in self._audition["searches"]:
            self._lay(gaps["cut"])
        refs = {each["name"]: ref for ref, each in self._events.items()}
        named = self._audition["searches"][gaps["cut"]]
        return {told: refs[name] for told, name in named.items() if name in refs}

    def switch(self, ref: str, on: bool) -> None:
        self.hold_copy()
        name, audition = self._event(ref)["name"], self._audition
        if name not in self._proposed():
            title = f"'{name}' is of the cut itself, which is never changed."
            raise WireError(HOST_REFUSED, title, "Switch it in the program that has the edit.")
        with self._step():
            left = [each for each in audition["on"] if each != name]
            self._state["audition"] = {**audition, "on": [*left, *([name] if on else [])]}

    @property
    def _audition(self) -> dict[str, Any]:
        told: dict[str, Any] = self._state.get("audition", NONE)
        return told

    def _proposed(self) -> set[str]:
        """Names of the clips that are proposals."""
        return {name for each in self._audition["searches"].values() for name in each.values()}

    def auditioned(self) -> str:
        """Our copy that is the cut, '' for none."""
        return str(self._audition["path"])

    def leave_outdated(self) -> None:
        """Let go of takes to audition in a cut that was exported anew, and say so."""
        told = self._audition
        if told["path"] and told["of"] != self.stamp:
            self._state.pop("audition")
            title = f"{self.path} was exported anew: the takes in it to audition are left out."
            self.message("warning", title, "Look for missing shots again.")

    def hold_copy(self) -> None:
        """Where somebody removed our copy, make it again; where a search is gone too, go on with
        the cut as it was exported, and say so."""
        told = self._audition
        if not told["path"] or os.path.isfile(told["path"]):
            return
        try:
            document = show(_built(told["searches"]), told["on"])
            versions.make(os.path.dirname(told["path"]))
        except WireError as gone:
            self._state.pop("audition")
            self._open(self._read())
            self._keep()
            title = f"The takes to audition in {self.path} were removed: the cut is without them."
            self.message("warning", title, f"{gone.title} {gone.hint}")
            return
        _write(told["path"], document)

    def seen(self) -> list[Mapping[str, Any]]:
        """Events, without the proposals that are switched off."""
        off = self._proposed().difference(self._audition["on"])
        return [each for each in self._events.values() if each["name"] not in off]

    def flag(self) -> None:
        """Have our copy and the events say which proposals are shown."""
        if not (path := self.auditioned()):
            return
        on, proposed = self._audition["on"], self._proposed()
        _write(path, show(read(path), on))
        for ref, each in self._events.items():
            if each["name"] in proposed:
                self._events[ref] = {**each, "enabled": each["name"] in on}

    def write_settled(self, path: str) -> str:
        """Write the cut with the proposals that are shown, as clips like others."""
        _write(path, settle(read(self.auditioned())))
        return path

    def _lay(self, source: str) -> None:
        if versions.stamp(self.path) != self.stamp:
            title = f"{self.path} was exported anew since it was opened."
            raise WireError(HOST_REFUSED, title, "Open it again, and look for missing shots again.")
        told, before, document = self._audition, self.cut, read(source)
        below = read(told["path"]) if told["path"] else None
        search = _of_its_own(source, told["searches"])
        names = called(document, search, taken=_names(document) | _names(below or {}))
        document = lay(call(document, names), below)
        folder = versions.make(os.path.join(self.place, "audition", search))
        path = os.path.join(folder, f"{self.cut['name']}.otio")  # named as the cut: so is the place
        kept = {**told, "path": path, "of": self.stamp}
        kept["searches"] = {**told["searches"], source: names}
        try:
            with self._step():
                _write(path, show(document, told["on"]))
                self._state["audition"] = kept
                self._open(self._read())
        except BaseException:
            self._open(before)
            raise


def _write(path: str, document: Document) -> None:
    versions.write(os.path.dirname(path), os.path.basename(path), document)


def read(path: str) -> Document:
    """WireError where it is no OTIO."""
    try:
        with open(path, encoding="utf-8") as file:
            told = json.load(file)
        if not told["tracks"]["children"]:
            raise ValueError("it holds no tracks")
    except (OSError, ValueError, KeyError, TypeError) as why:
        title = f"{path} cannot be read: the proposals are in it."
        raise WireError(HOST_REFUSED, title, "Look for missing shots again.", str(why)) from why
    document: Document = told
    return document


def _built(searches: Mapping[str, Names]) -> Document:
    """The copy, from the OTIO of each search, the first one first."""
    document = None
    for source, names in searches.items():
        document = lay(call(read(source), names), document)
    assert document
    return document


def _of_its_own(source: str, searches: Collection[str]) -> str:
    """What a search is called: as the folder of its OTIO, and a number where another is too."""
    folders = [os.path.basename(os.path.dirname(each)) for each in (*searches, source)]
    turn = folders.count(folders[-1])
    return f"{folders[-1]} {turn}" if turn > 1 else folders[-1]


def called(document: Document, search: str, taken: Collection[str]) -> Names:
    """A name for the clip of each proposal that no other has: with its search before its own."""
    found: Names = {}
    for _, clip, told in _proposals(document):
        name = f"{search} {clip['name']}"
        tries = (f"{name} {turn}" if turn > 1 else name for turn in count(1))
        found[told] = next(each for each in tries if each not in {*taken, *found.values()})
    return found


def call(document: Document, names: Names) -> Document:
    for _, clip, told in _proposals(document):
        clip["name"] = names[told]
    return document


def lay(document: Document, below: Document | None) -> Document:
    """The proposals of a search above those of earlier ones: all else of both is the same cut."""
    if below is None:
        return document
    tracks = below["tracks"]["children"]
    top = max((n for n, each in enumerate(tracks) if each.get("kind") != "Audio"), default=-1)
    proposals = [each for each in document["tracks"]["children"] if _is_audition(each)]
    tracks[top + 1 : top + 1] = proposals
    return below


def show(document: Document, shown: Collection[str]) -> Document:
    """Switch the proposals of these names on and all others off."""
    for _, clip, _ in _proposals(document):
        clip["enabled"] = clip["name"] in shown
    return document


def settle(document: Document) -> Document:
    """Make clips like others of the proposals that are shown, and room of those that are not."""
    for track, clip, _ in list(_proposals(document)):
        if clip["enabled"]:
            clip["metadata"].pop("answerprint")
            continue
        gap = {"OTIO_SCHEMA": "Gap.1", "name": "", "source_range": clip["source_range"]}
        children = track["children"]
        children[next(n for n, each in enumerate(children) if each is clip)] = gap
    tracks = document["tracks"]["children"]
    tracks[:] = [each for each in tracks if not (_is_audition(each) and _is_empty(each))]
    for track in filter(_is_audition, tracks):
        track["metadata"].pop("answerprint")
    return document


def _proposals(document: Document) -> Iterator[tuple[dict[str, Any], dict[str, Any], str]]:
    """Track, clip and id of each."""
    for track in document["tracks"]["children"]:
        for clip in track.get("children", ()):
            ours = (clip.get("metadata") or {}).get("answerprint") or {}
            if "hole" in ours:
                yield track, clip, ours["id"]


def _names(node: Document) -> set[str]:
    """What everything in a document is called."""
    inside = [node["tracks"]] if "tracks" in node else node.get("children", ())
    return {node.get("name") or ""}.union(*map(_names, inside))


def _is_audition(track: dict[str, Any]) -> bool:
    return "audition" in ((track.get("metadata") or {}).get("answerprint") or {})


def _is_empty(track: dict[str, Any]) -> bool:
    return all(each["OTIO_SCHEMA"] == "Gap.1" for each in track["children"])
