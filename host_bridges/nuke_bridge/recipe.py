"""What an Answerprint node keeps of itself, as base64 JSON in a hidden knob.

    tool, rows    which tool, and the declaration its knobs were made from
    folder        its version, below the script's folder where it is there
    recipe        the version's recipe.json: enough to bake it anywhere, with the solution; packed,
                  for it may be as long as a script
    digest        of that recipe, which is how its nodes are known
    inputs        name -> [as on the wire, digest, stamps]: the files it was measured on
    params        the values it was run with

Not run in Nuke itself (see the package).
"""

from __future__ import annotations

import base64
import glob
import json
import os
import zlib
from typing import Any, Dict, Mapping, Sequence, Union

from answerprint_bridge import versions
from answerprint_bridge.host import FrameSet
from answerprint_bridge.messages import HOST_REFUSED, WireError

from . import script

KEPT = "answerprint_node"
Files = Union[FrameSet, str]


def of(group: Any) -> Dict[str, Any]:
    """What a node keeps. WireError where it is no Answerprint node."""
    kept = script.tags(group).get(KEPT)
    if not kept:
        title = f"{group.name()} is no Answerprint node."
        raise WireError(HOST_REFUSED, title, "Select one that Answerprint made.")
    return {**kept, "recipe": json.loads(zlib.decompress(base64.b64decode(kept["recipe"])))}


def keep(group: Any, kept: Mapping[str, Any]) -> None:
    """Keep it with a node."""
    text = json.dumps(kept["recipe"], separators=(",", ":")).encode()
    packed = base64.b64encode(zlib.compress(text, 9)).decode("ascii")
    script.keep(group, KEPT, {**kept, "recipe": packed})


def version(folder: str, rows: Sequence[Mapping[str, Any]]) -> Dict[str, Any]:
    """What a node of this version keeps, with knobs of these parameters.

    WireError where the version lacks a part.
    """
    request, recipe = (versions.read(folder, n) for n in (versions.REQUEST, versions.RECIPE))
    if request is None or recipe is None:
        raise WireError(HOST_REFUSED, f"{folder} is no version of a tool.", "Run the tool again.")
    return {
        "tool": request["tool"],
        "rows": list(rows),
        "folder": _short(folder),
        "recipe": recipe,
        "digest": versions.recipe_digest(folder),
        "inputs": request["inputs"],
        "params": request["params"],
    }


def find(digest: str) -> str:
    """The version of this script's project that has this recipe. WireError where none has."""
    project, damaged = os.path.dirname(script.path()), []
    for path in sorted(glob.glob(f"{glob.escape(project)}/answerprint/*/*/v*/{versions.RECIPE}")):
        try:
            if versions.recipe_digest(os.path.dirname(path)) == digest:
                return os.path.dirname(path)
        except WireError as why:  # of another version, unless none is found
            damaged.append(why.title)
    title = f"No version under {project}/answerprint has the recipe of these nodes."
    raise WireError(HOST_REFUSED, title, "Run the tool again.", "\n".join(damaged))


def folder(kept: Mapping[str, Any]) -> str:
    """Where the version lies, for this script where it is now."""
    place = str(kept["folder"])
    return place if os.path.isabs(place) else os.path.join(os.path.dirname(script.path()), place)


def files(kept: Mapping[str, Any]) -> Dict[str, Files]:
    """The inputs it was measured on, as a session takes them."""
    return {name: _files(told, digest) for name, (told, digest, *_) in kept["inputs"].items()}


def _files(told: Any, digest: Any) -> Files:
    if isinstance(told, str):
        return told  # one file
    space = (told.get("colorspace") or {}).get("name", "")
    return FrameSet(told["pattern"], told["first"], told["last"], space=space, digest=digest)


def _short(folder: str) -> str:
    """Below the script's folder, so that script and results can move together."""
    home = os.path.dirname(script.path())
    inside = os.path.normpath(folder).startswith(os.path.normpath(home) + os.sep)
    return os.path.relpath(folder, home).replace(os.sep, "/") if inside else folder
