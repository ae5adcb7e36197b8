"""What was written, and with which sums: the only thing that an uninstall goes by.

It is written before the first file is, so that an install which ends half way is known too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from .words import SetUpError

NAME = "manifest.json"
FORMAT = 1
FILE, BLOCK, TREE, FOLDER = "file", "block", "tree", "folder"


@dataclass(frozen=True)
class Entry:
    """One thing that is ours.

    kind     'file'; 'block' (lines in somebody's file); 'tree' (a folder that pip fills);
             'folder' (made by us, removed when it is empty).
    sha256   of the file or the block.
    was      the sum before, while a change is under way.
    made     block: the file was not there.
    joined   block: the line before it had no end.
    """

    kind: str
    host: str
    sha256: str = ""
    was: str = ""
    made: bool = False
    joined: bool = False


@dataclass(frozen=True)
class Manifest:
    """`python` is the core's; `given` says that it was named by the user and not made here."""

    suite: str = ""
    python: str = ""
    given: bool = False
    complete: bool = True
    entries: Mapping[Path, Entry] = field(default_factory=dict)

    @property
    def hosts(self) -> set[str]:
        return {each.host for each in self.entries.values() if each.kind != FOLDER} - {"suite"}

    def of(self, host: str) -> dict[Path, Entry]:
        return {path: each for path, each in self.entries.items() if each.host == host}

    def text(self) -> bytes:
        told = {"format": FORMAT, **asdict(replace(self, entries={})), "entries": []}
        for path, each in sorted(self.entries.items(), key=lambda item: str(item[0])):
            row = {k: v for k, v in asdict(each).items() if v}
            told["entries"].append({"path": str(path), **row})
        return (json.dumps(told, indent=1) + "\n").encode()


def read(prefix: Path) -> Manifest | None:
    """The manifest of a prefix; None where there is none. Raises SetUpError for a damaged one."""
    path = prefix / NAME
    try:
        told = json.loads(path.read_bytes())
        if told.pop("format") != FORMAT:
            raise ValueError("of another format")
        rows = told.pop("entries")
        entries = {Path(row.pop("path")): Entry(**row) for row in rows}
        return Manifest(**told, entries=entries)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as why:
        raise SetUpError(
            f"{path} cannot be read: {why}.",
            "Bring it back from a backup; or move the folder away, delete what is called "
            "answerprint in the hosts' folders, and install again.",
        ) from why


def sum_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sum_at(path: Path) -> str:
    """The sum of a file; '' where there is none, 'none' for what is no file."""
    try:
        return sum_of(path.read_bytes())
    except FileNotFoundError:
        return ""
    except (IsADirectoryError, NotADirectoryError):
        return "none"
