"""Bake a node of a script in a terminal, on a farm as well:

    nuke -t .../answerprint_nuke/bake.py SCRIPT.nk NODE --frames=1001-1100

Nuke takes a bare 1001-1100 at the end of its command line for itself, so the range is an option.
Without one it is the range the node was made for. The script is not saved: only frames are made.
Exit status: 0 done, 1 some frames are missing, 2 refused, 4 it failed.

Not run in Nuke itself (see the package). Absolute imports, because Nuke runs this as a file.
"""

from __future__ import annotations

import os
import re
import sys
import traceback
from typing import Dict, List, Tuple

import nuke

from answerprint_bridge.host import FrameSet
from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_nuke import baking, recipe, script, work

USAGE = "nuke -t bake.py SCRIPT.nk NODE --frames=1001-1100"


def bake(node_name: str, first: int, last: int) -> Tuple[str, FrameSet]:
    """Bake a node of the open script: the Read that was put below it, and its frames."""
    return baking.bake(work.host(), script.node(node_name), f"{first}-{last}")


def main(words: List[str]) -> int:
    """Bake as the command line says; the exit status."""
    try:
        frames = _bake(words)
    except WireError as refused:
        print(refused, file=sys.stderr)
        return 2
    except Exception:  # noqa: BLE001 - Nuke would end with 1, as if frames had been made
        traceback.print_exc()
        return 4
    print(f"{frames.pattern} {frames.first}-{frames.last}")
    return 1 if frames.missing else 0


def _bake(words: List[str]) -> FrameSet:
    options: Dict[str, str] = dict(
        each[2:].split("=", 1) for each in words if re.fullmatch("--[a-z]+=.*", each)
    )
    plain = [each for each in words if not each.startswith("--")]
    if len(plain) != 2 or len(plain) + len(options) != len(words) or options.keys() - {"frames"}:
        title = f"'{' '.join(words)}' cannot be read."
        raise WireError(HOST_REFUSED, title, f"Use: {USAGE}.")
    path, name = plain
    if not os.path.isfile(path):
        raise WireError(HOST_REFUSED, f"There is no script {path}.", "Name the script first.")
    nuke.scriptOpen(path)
    text = options.get("frames") or baking.span(recipe.of(script.node(name)))
    numbers = re.fullmatch(r"(-?\d+)(?:-(-?\d+))?", text)
    if not numbers:
        title = f"'{text}' is no range of frames."
        raise WireError(HOST_REFUSED, title, "Use --frames=1001-1100.")
    return bake(name, int(numbers[1]), int(numbers[2] or numbers[1]))[1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
