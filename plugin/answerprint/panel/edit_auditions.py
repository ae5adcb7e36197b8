"""Takes to audition in an exported cut: the OTIO of the search is the cut, with some switched on.

Works on the plain JSON of an OTIO, for nothing that reads OTIO runs in a panel. What is shown is
kept with what was placed: {path, of, gaps, names, on}, where `path` is our copy of the OTIO `gaps`,
`of` tells the exported cut that it is for, `names` are the clips of the proposals by their ids, and
`on` the ids of those that are shown.
"""

from __future__ import annotations

import json
import os
from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from answerprint_bridge import versions
from answerprint_bridge.messages import HOST_REFUSED, WireError

from .alone import Alone

Document = dict[str, Any]
NONE: dict[str, Any] = {"path": "", "of": [], "gaps": "", "names": {}, "on": []}


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
    def _step(self) -> AbstractContextManager[None]: ...

    def lay_auditions(self, gaps: Mapping[str, Any]) -> dict[str, str]:
        """The OTIO of the search is the cut from now on, for it has all of the cut in it."""
        if not self.auditioned() or self._audition["gaps"] != gaps["cut"]:
            self._lay(gaps["cut"])
        refs = {each["name"]: ref for ref, each in self._events.items()}
        named = self._audition["names"]
        return {told: refs[name] for told, name in named.items() if name in refs}

    def switch(self, ref: str, on: bool) -> None:
        name, audition = self._event(ref)["name"], self._audition
        told = next((each for each, own in audition["names"].items() if own == name), None)
        if told is None or not self.auditioned():
            title = f"'{name}' is of the cut itself, which is never changed."
            raise WireError(HOST_REFUSED, title, "Switch it in the program that has the edit.")
        with self._step():
            left = [each for each in audition["on"] if each != told]
            self._state["audition"] = {**audition, "on": [*left, *([told] if on else [])]}

    @property
    def _audition(self) -> dict[str, Any]:
        told: dict[str, Any] = self._state.get("audition", NONE)
        return told

    def auditioned(self) -> str:
        """Our copy that is the cut, '' for none, or where the cut was exported anew."""
        told = self._audition
        there = os.path.isfile(told["path"]) and told["of"] == self.stamp
        return str(told["path"]) if there else ""

    def leave_outdated(self) -> None:
        """Let go of takes to audition in a cut that was exported anew, and say so."""
        if self._audition["path"] and not self.auditioned():
            self._state.pop("audition")
            title = f"{self.path} was exported anew: the takes in it to audition are left out."
            self.message("warning", title, "Look for missing shots again.")

    def seen(self) -> list[Mapping[str, Any]]:
        """Events, without the proposals that are switched off."""
        told = self._audition
        off = {name for each, name in told["names"].items() if each not in told["on"]}
        return [each for each in self._events.values() if each["name"] not in off]

    def flag(self) -> None:
        """Have our copy and the events say which proposals are shown."""
        if not (path := self.auditioned()):
            return
        told = self._audition
        _write(path, show(read(path), told["on"]))
        ids = {name: each for each, name in told["names"].items()}
        for ref, each in self._events.items():
            if each["name"] in ids:
                self._events[ref] = {**each, "enabled": ids[each["name"]] in told["on"]}

    def write_settled(self, path: str) -> str:
        """Write the cut with the proposals that are shown, as clips like others."""
        _write(path, settle(read(self.auditioned())))
        return path

    def _lay(self, source: str) -> None:
        if versions.stamp(self.path) != self.stamp:
            title = f"{self.path} was exported anew since it was opened."
            raise WireError(HOST_REFUSED, title, "Open it again, and look for missing shots again.")
        search = os.path.basename(os.path.dirname(source))
        folder = versions.make(os.path.join(self.place, "audition", search))
        document, before = read(source), self.cut
        path = os.path.join(folder, f"{self.cut['name']}.otio")  # named as the cut: so is the place
        told = {"path": path, "of": self.stamp, "gaps": source}
        try:
            with self._step():
                _write(path, show(document, ()))
                self._state["audition"] = {**told, "names": names(document), "on": []}
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


def names(document: Document) -> dict[str, str]:
    """What the clip of each proposal is called, by the proposal's id."""
    return {told: clip["name"] for _, clip, told in _proposals(document)}


def show(document: Document, shown: Collection[str]) -> Document:
    """Switch these proposals on and all others off."""
    for _, clip, told in _proposals(document):
        clip["enabled"] = told in shown
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
    tracks[:] = [each for each in tracks if not _is_empty(each)]
    return document


def _proposals(document: Document) -> Iterator[tuple[dict[str, Any], dict[str, Any], str]]:
    """Track, clip and id of each."""
    for track in document["tracks"]["children"]:
        for clip in track.get("children", ()):
            ours = (clip.get("metadata") or {}).get("answerprint") or {}
            if "hole" in ours:
                yield track, clip, ours["id"]


def _is_empty(track: dict[str, Any]) -> bool:
    ours = "audition" in ((track.get("metadata") or {}).get("answerprint") or {})
    return ours and all(each["OTIO_SCHEMA"] == "Gap.1" for each in track["children"])
