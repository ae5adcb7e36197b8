"""Paths between the disk and the knobs of Nuke.

Not run in Nuke itself (see the package). Nuke reads the text of a path knob as TCL does: a
bracket runs, a dollar is a variable, and a backslash takes the character after it as it is.
So `[`, `]` and `$` in a name are written with a backslash; a backslash in a name is refused.
"""

from __future__ import annotations

import os
import re
from typing import Any, List

import nuke

from answerprint_bridge.messages import HOST_REFUSED, WireError

SPECIAL = re.compile(r"([\[\]$])")
COMPUTED = re.compile(r"(?<!\\)[\[$]")
BESIDE = (  # ways to write the script's own folder, as artists and pipelines do
    "[file dirname [value root.name]]",
    "[file dirname [knob root.name]]",
    "[python {nuke.script_directory()}]",
    "[python nuke.script_directory()]",
)
PROJECT = "[value root.project_directory]"


def quoted(path: str) -> str:
    """A path as a knob may hold it. WireError -32020 where no knob can."""
    there = path.replace("\\", "/") if os.name == "nt" else path
    if "\\" in there or not there.isprintable():
        title = f"The path {path!r} has a character that no knob of Nuke can hold."
        raise WireError(HOST_REFUSED, title, "Name folders and files without \\ and line ends.")
    return SPECIAL.sub(r"\\\1", there)


def literal(text: str) -> str | None:
    """The path that a knob's text names, None where Nuke computes it."""
    script = os.path.dirname(str(nuke.root().name()))
    for start, folder in ((PROJECT, project()), *((each, script) for each in BESIDE)):
        if folder and text.startswith(start):
            text = SPECIAL.sub(r"\\\1", folder) + text[len(start) :]
            break
    if COMPUTED.search(text):
        return None
    path = re.sub(r"\\(.)", r"\1", text)
    return os.path.join(project(), path) if path and project() else path


def project() -> str:
    """The script's project directory, where paths that are not absolute begin; '' without one."""
    text = str(nuke.root()["project_directory"].value())
    if text in BESIDE:
        return os.path.dirname(str(nuke.root().name()))
    return "" if COMPUTED.search(text) else re.sub(r"\\(.)", r"\1", text)


def written(path: str, plate: Any) -> str:
    """A path as a knob may hold it, written as the plate's Read writes its own.

    Relative to the script or to the project directory where that one is, and the path is below;
    else absolute.
    """
    sample = _sample(plate)
    for start in (PROJECT, *BESIDE):
        folder = project() if start == PROJECT else os.path.dirname(str(nuke.root().name()))
        if sample.startswith(start) and (below := _below(path, folder)):
            return f"{start}/{quoted(below)}"
    relative = bool(sample) and not os.path.isabs(sample) and not COMPUTED.search(sample)
    below = _below(path, project()) if relative else ""
    return quoted(below or path)


def _sample(plate: Any) -> str:
    """The text of the path of the nearest Read above, '' where there is none."""
    seen: List[str] = []
    while plate is not None and plate.fullName() not in seen:
        if plate.Class() == "Read":
            return str(plate["file"].value())
        seen.append(plate.fullName())
        plate = plate.input(0) if plate.Class() != "Input" else outside(plate)
    return ""


def outside(entry: Any) -> Any:
    """What is wired to a group's Input from outside."""
    group = entry.parent()
    return group.input(int(entry["number"].value())) if group is not None else None


def _below(path: str, folder: str) -> str:
    """The path from a folder downwards, '' where it is not below."""
    if not folder or not os.path.isabs(path):
        return ""
    there = os.path.normpath(path).replace("\\", "/")
    top = os.path.normpath(folder).replace("\\", "/").rstrip("/") + "/"
    return there[len(top) :] if there.startswith(top) else ""
