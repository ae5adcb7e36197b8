"""Grades, always in a new local version of a clip, so that the artist's own is never touched.

What is in a node cannot be read from scripts, and no node can be added. So numbers go into a
node that the artist labelled AP and left empty; without one the artist is asked whether what is
in the first node may be replaced, in the new version only. It is assumed that a new version
starts as a copy of the current one, and looked at: where its nodes differ, it is refused.
The current one is the artist's then, never ours: a second match stands beside the first.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any, Callable, Dict, Mapping

from answerprint_bridge.results import CannotPlace

from .facts import has, refused

LABEL, LOCAL, OURS = "AP", 0, "Answerprint"


def graph(clip: Any) -> Any:
    """What answers for a clip's nodes: its graph, or before 19.0 the clip itself."""
    return clip.GetNodeGraph() if has(clip, "GetNodeGraph") else clip


def node(clip: Any, otherwise: int, allow: Callable[[str], bool]) -> int:
    """The node that takes our numbers, from 1: an empty one labelled AP, or `otherwise`.

    allow(question): what the artist says, where what is in that node would be replaced.
    """
    nodes = graph(clip)
    for index in range(1, int(nodes.GetNumNodes()) + 1):
        if nodes.GetNodeLabel(index) == LABEL and _empty(nodes, index):
            return index
    question = (
        f"'{clip.GetName()}' has no empty node labelled {LABEL}. Shall the numbers replace what "
        f"is in node {otherwise}? It happens in a new version; yours stays as it is."
    )
    if int(nodes.GetNumNodes()) < otherwise or not allow(question):
        raise CannotPlace(f"it has no empty node labelled {LABEL}: add one and place again")
    return otherwise


def _empty(nodes: Any, index: int) -> bool:
    seen = has(nodes, "GetToolsInNode") and not nodes.GetToolsInNode(index)
    return bool(seen) and not nodes.GetLUT(index)


def beyond(line: Any, clip: Any) -> str:
    """What grades a clip besides its own nodes, in words; '' where nothing does."""
    group = clip.GetColorGroup() if has(clip, "GetColorGroup") else None
    if group and (_used(group.GetPreClipNodeGraph()) or _used(group.GetPostClipNodeGraph())):
        return f"the grade of its group '{group.GetName()}'"
    used = has(line, "GetNodeGraph") and _used(line.GetNodeGraph())
    return f"the grade of the timeline '{line.GetName()}'" if used else ""


def _used(nodes: Any) -> bool:
    count = int(nodes.GetNumNodes() or 0) if nodes else 0
    return any(not _empty(nodes, index) for index in range(1, count + 1))


def begin(clip: Any, label: str) -> str:
    """A new local version; its name, which is one that was not there. `load` it next."""
    name, number, taken = label or OURS, 1, set(clip.GetVersionNameList(LOCAL) or ())
    while name in taken:
        number += 1
        name = f"{label or OURS} ({number})"
    if not clip.AddVersion(name, LOCAL):
        raise CannotPlace(f"Resolve added no version to '{clip.GetName()}'")
    return name


def same_node(clip: Any, index: int, label: str) -> None:
    nodes = graph(clip)
    if int(nodes.GetNumNodes()) < index or nodes.GetNodeLabel(index) != label:
        raise CannotPlace(f"node {index} of the new version is not that of the version before")


def current(clip: Any) -> Dict[str, Any]:
    """The version that a clip shows: {versionName, versionType}."""
    told = clip.GetCurrentVersion()
    if not told:
        hint = "Close Resolve's dialogs, then place again."
        raise refused(f"Resolve does not say which version '{clip.GetName()}' shows.", hint)
    return {key: told[key] for key in ("versionName", "versionType")}


def load(clip: Any, name: str, kind: int) -> bool:
    """Make a version the current one, and be sure of it: True, or WireError -32020."""
    clip.LoadVersionByName(name, kind)
    now = current(clip)
    if (now["versionName"], now["versionType"]) != (name, kind):
        hint = "Choose it on the Color page, under Local Versions, and place again."
        raise refused(f"Resolve did not load the version '{name}'.", hint)
    return True


def drop(clip: Any, name: str, before: Mapping[str, Any]) -> bool:
    """Back to the version that was current, and away with ours."""
    load(clip, before["versionName"], before["versionType"])
    return bool(clip.DeleteVersionByName(name, LOCAL))


def set_cdl(clip: Any, index: int, data: Mapping[str, Any]) -> None:
    """Slope, offset, power and saturation into a node; Resolve cannot give them back."""
    numbers = {n.title(): " ".join(repr(float(v)) for v in data[n]) for n in _THREES}
    told = {"NodeIndex": str(index), **numbers, "Saturation": repr(float(data["saturation"]))}
    if not clip.SetCDL(told):
        raise CannotPlace(f"Resolve did not take a CDL in node {index} of '{clip.GetName()}'")


_THREES = ("slope", "offset", "power")


def lut_refusal(folder: Path, cube: str) -> str:
    """Why a cube cannot go where Resolve reads LUTs, with the way out; '' where it can."""
    place = folder / OURS
    there = place if place.is_dir() else folder
    if there.is_dir() and os.access(there, os.W_OK):
        return ""
    name = os.path.basename(cube)
    return (
        f"Resolve reads LUTs only below {folder}, which you may not write. Let an administrator "
        f"make {place} writable, or copy {name} there by hand, update the list of LUTs and choose "
        "it on a node"
    )


def install_lut(folder: Path, cube: str) -> str:
    """Copy a cube below the master LUT folder; its path from there, as SetLUT wants it."""
    try:
        digest = hashlib.sha256(Path(cube).read_bytes()).hexdigest()[:8]
        there = Path(OURS, f"{Path(cube).stem}_{digest}.cube")
        (folder / OURS).mkdir(exist_ok=True)
        if not (folder / there).exists():
            unfinished = folder / OURS / f".{there.name}"
            shutil.copyfile(cube, unfinished)
            os.replace(unfinished, folder / there)
    except OSError as why:
        raise CannotPlace(f"{cube} could not be copied below {folder}: {why.strerror}") from why
    return there.as_posix()


def set_lut(clip: Any, index: int, path: str) -> None:
    if not graph(clip).SetLUT(index, path):
        raise CannotPlace(f"Resolve did not take the LUT {path} in node {index}")
