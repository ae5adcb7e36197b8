"""Where the plug-in lies, what the installer put beside it, and the Python it runs the core with.

    answerprint/        init.py, menu.py, core.json, catalogue.json, nuke.md
        answerprint_nuke/  answerprint_bridge/  answerprint_panel/

Nothing is ever written here: a facility installs it read-only.
"""

from __future__ import annotations

import json
import os
from typing import Any, Dict, List

from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.process import core_python

CATALOGUE, GUIDE = "catalogue.json", "nuke.md"


def folder() -> str:
    return os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def python() -> str:
    """The core's Python. WireError with the remedy where the installer left none."""
    return str(core_python(folder()))


def tools() -> List[Dict[str, Any]]:
    """The declarations of all tools, as the installer copied them: no worker is started.

    WireError where the file is not there or damaged.
    """
    path = os.path.join(folder(), CATALOGUE)
    try:
        with open(path, encoding="utf-8") as file:
            return list(json.load(file)["tools"])
    except (OSError, ValueError, KeyError, TypeError) as why:
        title = f"The list of tools {path} cannot be read."
        hint = "Run 'install.py repair' of Answerprint."
        raise WireError(HOST_REFUSED, title, hint, str(why)) from why


def spec(tool: str) -> Dict[str, Any]:
    """The declaration of a tool. WireError where this version has none of that name."""
    for each in tools():
        if each["name"] == tool:
            return each
    title = f"This Answerprint has no tool '{tool}'."
    raise WireError(HOST_REFUSED, title, "Install the version the node was made with.")
