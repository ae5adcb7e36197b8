"""What was added, to rebuild a show from; and its salt, which has to outlive the database.

    {"schema": "answerprint.show/1", "salt": "...", "roots": [{"path": ..., ...}]}

The order tells which space a clip has that several roots hold: the last one that names one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from answerprint.errors import BadInput
from answerprint.frames.text import write_json

FILE = "roots.json"
SCHEMA = "answerprint.show/1"


@dataclass(frozen=True)
class Root:
    """A folder or clip that was added, the logs that were named, and the space, where it was."""

    path: str
    logs: tuple[str, ...] = ()
    colourspace: str = ""

    def holds(self, path: str) -> bool:
        return path == self.path or path.startswith(os.path.join(self.path, ""))


@dataclass(frozen=True)
class Roots:
    salt: str
    every: tuple[Root, ...] = ()

    def with_(self, added: Sequence[Root]) -> Roots:
        """The same, with these, each once. One that names a space is the last word on it."""
        by_path = {each.path: each for each in self.every}
        for each in added:
            before = by_path.get(each.path, each)
            if each.colourspace:
                by_path.pop(each.path, None)
            logs = tuple(dict.fromkeys((*before.logs, *each.logs)))
            by_path[each.path] = Root(each.path, logs, each.colourspace or before.colourspace)
        return replace(self, every=tuple(by_path.values()))

    def space_of(self, path: str) -> str:
        """The space that was named for what lies at a path, '' where none was."""
        named = [each.colourspace for each in self.every if each.holds(path) and each.colourspace]
        return named[-1] if named else ""

    def followed(self, moved: Sequence[tuple[str, str]], left: Iterable[str]) -> Roots:
        """The same after clips have moved: (from, to).

        What was said of a root goes on to count for its clips; a root that all of its clips have
        left is none any more. left: paths of all clips.
        """
        found, still = Roots(self.salt), list(left)
        for root in self.every:
            gone = [pair for pair in moved if root.holds(pair[0])]
            if not gone or any(map(root.holds, still)):
                found = found.with_([root])
            if root.logs or root.colourspace:
                places = dict.fromkeys(self._new_place(root, *pair) for pair in gone)
                found = found.with_([replace(root, path=place) for place in places])
        return found

    def _new_place(self, root: Root, before: str, now: str) -> str:
        """Where a root lies by one of its clips, within what was added; else the clip itself."""
        inside = before.removeprefix(root.path)
        place = now.removesuffix(inside) if inside and now.endswith(inside) else now
        added = [each.path for each in self.every if each.holds(now)]
        return max([place, *added], key=len)


def read(folder: Path) -> Roots:
    """Raises BadInput where it is missing or cannot be read."""
    try:
        told = json.loads((folder / FILE).read_text("utf-8"))
        every = tuple(
            Root(str(each["path"]), tuple(map(str, each["logs"])), str(each["colourspace"]))
            for each in told["roots"]
        )
        bytes.fromhex(told["salt"])
        return Roots(told["salt"], every)
    except (OSError, ValueError, KeyError, TypeError) as why:
        raise BadInput(
            f"{folder / FILE} cannot be read.",
            "Bring it back from a backup, or make a new show: answerprint show add DAILIES",
            str(why),
        ) from why


def kept(folder: Path) -> Roots | None:
    """What was added, None where the list of it is lost."""
    try:
        return read(folder)
    except BadInput:
        return None


def write(folder: Path, roots: Roots) -> None:
    """Raises CannotWrite."""
    told = {"schema": SCHEMA, "salt": roots.salt, "roots": [asdict(each) for each in roots.every]}
    write_json(folder / FILE, told)
