"""What the artist has said of a project: where results go, its spaces, which clips, which node.

Kept in one file of the user, `resolve.json` of Answerprint's settings, by the project's own
unique id: a project of Resolve lies in a database and has no file beside which it could be.
So each artist says it once for a project, on each machine.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Dict, List, Mapping

from .facts import NAMES, refused

UNDER, UNSAID = "under the playhead", "not said"
AS_TAKE, ABOVE = "a take of the clip", "a clip on a track above"
_COLOURS = (
    "Apricot Beige Blue Brown Chocolate Cocoa Cream Cyan Fuchsia Green Lavender Lemon Lime "
    "Mint Navy Olive Orange Pink Purple Red Rose Sand Sky Tan Teal Violet Yellow"
)
"""Names of clip colours and flags, which overlap."""
SPACES = [UNSAID, *dict.fromkeys(NAMES.values())]

ROWS: Dict[str, Dict[str, Any]] = {
    "results_folder": {
        "kind": "folder",
        "default": "",
        "help": "Folder on a disk; results of this project go below it",
    },
    "work_on": {
        "kind": "pick",
        "default": UNDER,
        "choices": [UNDER, *_COLOURS.split()],
        "help": "What the selection is: the clip under the playhead, or all clips that have "
        "this clip colour or flag",
    },
    "grading_space": {
        "kind": "pick",
        "default": UNSAID,
        "choices": SPACES,
        "help": "The project is not colour-managed: the space that its nodes grade in",
    },
    "render_space": {
        "kind": "pick",
        "default": UNSAID,
        "choices": SPACES,
        "help": "The project is not colour-managed: the space that its renders come out in",
    },
    "node": {
        "kind": "num",
        "default": 1,
        "low": 1,
        "high": 64,
        "unit": "",
        "whole": True,
        "help": "Node for the numbers where no empty node is labelled AP; you are asked then",
    },
    "pictures_as": {
        "kind": "pick",
        "default": AS_TAKE,
        "choices": [AS_TAKE, ABOVE],
        "help": "How a repaired shot stands beside yours",
    },
}
UNMANAGED = ("grading_space", "render_space")


class Said:
    """The values of ROWS for each project. path: the file; None: forgotten with this object."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._all: Dict[str, Dict[str, Any]] = {}
        if path and path.is_file():
            try:
                self._all = json.loads(path.read_text("utf-8"))
            except (OSError, ValueError) as why:
                hint = f"Move {path} away; what you told Answerprint is asked again."
                raise refused("The settings cannot be read.", hint, str(why)) from why

    def value(self, project: str, name: str) -> Any:
        return self._all.get(project, {}).get(name, ROWS[name]["default"])

    def rows(self, project: str, managed: bool) -> List[Dict[str, Any]]:
        """As `tool.describe` tells a tool's parameters, with 'value'."""
        shown = (name for name in ROWS if not (managed and name in UNMANAGED))
        return [
            {"name": name, "live": False, **ROWS[name], "value": self.value(project, name)}
            for name in shown
        ]

    def take(self, project: str, name: str, value: Any) -> None:
        """Keep a value. WireError -32020 for one that the row does not hold."""
        if name not in ROWS:
            raise refused(f"Resolve has no setting '{name}'.", f"There is: {', '.join(ROWS)}.")
        if why := _fault(ROWS[name], value):
            raise refused(f"{name.replace('_', ' ').capitalize()} is {value!r}.", why)
        self.note(project, name, value)

    def note(self, project: str, name: str, value: Any) -> None:
        """Keep what is no setting, such as what the artist was told already."""
        self._all.setdefault(project, {})[name] = value
        if self._path:
            _write(self._path, self._all)

    def noted(self, project: str, name: str) -> Any:
        return self._all.get(project, {}).get(name)


def settings_file() -> Path:
    """Where a user's settings lie: never in a program's folder, never with the project."""
    home = Path.home()
    if sys.platform == "win32":
        folder = Path(os.environ.get("APPDATA", home / "AppData" / "Roaming"), "Answerprint")
    elif sys.platform == "darwin":
        folder = home / "Library" / "Preferences" / "answerprint"
    else:
        folder = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config", "answerprint")
    return folder / "resolve.json"


def _fault(row: Mapping[str, Any], value: Any) -> str:
    """What to give instead of a value, or ''."""
    if row["kind"] == "pick":
        return "" if value in row["choices"] else f"Use one of: {', '.join(row['choices'])}."
    if row["kind"] == "num":
        fits = type(value) is int and row["low"] <= value <= row["high"]
        return "" if fits else f"Use a whole number from {row['low']} to {row['high']}."
    fits = value == "" or (isinstance(value, str) and os.path.isabs(value) and os.path.isdir(value))
    return "" if fits else "Name a folder that is there, by its whole path."


def _write(path: Path, told: Mapping[str, Any]) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(told, indent=2, ensure_ascii=False), "utf-8")
        os.replace(unfinished, path)
    except OSError as why:
        hint = "Make its folder writable; until then it is forgotten when the panel closes."
        raise refused(f"{path} cannot be written.", hint, str(why)) from why
