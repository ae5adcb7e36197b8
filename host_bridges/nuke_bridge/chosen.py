"""What menu entries do with the nodes that are selected.

Not run in Nuke itself (see the package).
"""

from __future__ import annotations

from typing import Any, List

import nuke

from answerprint_bridge.host import TAG
from answerprint_bridge.messages import HOST_REFUSED, WireError

from . import group, live, recipe, script, work
from .building import above


def node() -> None:
    """Make an Answerprint node: of the selected results, else of the newest run."""
    for each in _chosen():
        if tag := script.tags(each).get(TAG):
            plate = "".join(above(each)[:1])
            work.refused(*group.make(work.host(), recipe.find(tag["recipe"]), plate))
            return
    session = work.known()
    done = [run for run in session.runs if run.recipe] if session else []
    if not done:
        title = "There is nothing to make a node of."
        raise WireError(HOST_REFUSED, title, "Select results of Answerprint, or run a tool.")
    run = done[-1]
    work.refused(*group.make(work.host(), run.folder, run.near, run.inputs))


def _chosen() -> List[Any]:
    """What is selected, and what stands in selected backdrops."""
    found = list(nuke.selectedNodes())
    for frame in nuke.selectedNodes("BackdropNode"):
        right = frame.xpos() + frame["bdwidth"].value()
        low = frame.ypos() + frame["bdheight"].value()
        found += [
            each
            for each in nuke.allNodes()
            if frame.xpos() <= each.xpos() < right and frame.ypos() <= each.ypos() < low
        ]
    return found


def bake() -> None:
    """Bake the selected Answerprint nodes."""
    chosen = [each for each in nuke.selectedNodes() if recipe.KEPT in script.tags(each)]
    if not chosen:
        title = "No Answerprint node is selected."
        raise WireError(HOST_REFUSED, title, "Select one; its menu entry makes one of results.")
    for each in chosen:
        live.bake(each)
