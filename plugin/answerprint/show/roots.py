"""What was added, to rebuild a show from; and its salt, which has to outlive the database.

{"schema": "answerprint.show/1", "salt": "...", "roots": [{"path": ..., ...}]}
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
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


@dataclass(frozen=True)
class Roots:
    salt: str
    every: tuple[Root, ...] = ()

    def with_(self, added: Sequence[Root]) -> Roots:
        """The same, with these, each once; the latest space that was named counts."""
        by_path = {each.path: each for each in self.every}
        for each in added:
            before = by_path.pop(each.path, each)
            logs = tuple(dict.fromkeys((*before.logs, *each.logs)))
            by_path[each.path] = Root(each.path, logs, each.colourspace or before.colourspace)
        return Roots(self.salt, tuple(by_path.values()))


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


def write(folder: Path, roots: Roots) -> None:
    """Raises CannotWrite."""
    told = {"schema": SCHEMA, "salt": roots.salt, "roots": [asdict(each) for each in roots.every]}
    write_json(folder / FILE, told)
