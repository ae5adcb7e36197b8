"""The menu Answerprint: in the menu bar, the Nodes toolbar and the node graph's own menu.

One entry for each tool of the catalogue, which the installer copies: a new tool shows up here
without a change, and no worker is started for it. Not run in Nuke itself (see the package).
"""

from __future__ import annotations

import os
import webbrowser
from typing import Any, Callable, List, Tuple

import nuke

from answerprint_bridge.messages import HOST_REFUSED, WireError

from . import chosen, dock, home, work

NAME = "Answerprint"
PLACES = ("Nuke", "Nodes", "Node Graph")
Entry = Tuple[str, Callable[[], object]]


def build() -> None:
    """Put the menus up and offer the panel to the panes. A damaged catalogue costs the tools."""
    dock.register()
    try:
        tools = [(f"{each['label']}...", _starts(each["name"])) for each in home.tools()]
    except WireError as refused:
        nuke.tprint(f"Answerprint: {refused}")
        tools = []
    panel: List[Entry] = [("Panel", lambda: work.tell(dock.show))]
    for place in PLACES:
        menu = nuke.menu(place).addMenu(NAME)
        menu.clearMenu()
        _add(menu, panel, tools, _EDIT, _NODE, _HELP)


def _starts(tool: str) -> Callable[[], object]:
    return lambda: work.tell(lambda: dock.start(tool))


def _add(menu: Any, *parts: List[Entry]) -> None:
    for number, part in enumerate(parts):
        if number and part:
            menu.addSeparator()
        for label, act in part:
            menu.addCommand(label, act)


def guide() -> None:
    """Open the page on Nuke that the installer copied."""
    path = os.path.join(home.folder(), home.GUIDE)
    if not os.path.isfile(path):
        raise WireError(HOST_REFUSED, f"There is no {path}.", "Run 'install.py repair'.")
    webbrowser.open("file://" + path)


def about() -> None:
    """What is installed, and whether the core answers and fits."""
    info = work.host().info()
    python = home.python()
    told = {each["name"]: each["version"] for each in work.session().tools()}
    copied = {each["name"]: each["version"] for each in home.tools()}
    lines = [
        f"{info.name} {info.version} {info.edition}".strip() + f", Python {info.python}",
        f"Core: {python}",
        "Tools: " + ", ".join(f"{name} {version}" for name, version in told.items()),
    ]
    if told != copied:
        lines.append("Nuke's copy lists other tools than the core: run 'install.py repair'.")
    if info.non_commercial:
        lines.append("A Non-commercial Nuke limits what plug-ins may do; nothing was tried there.")
    lines.append("More: run 'install.py doctor' of Answerprint.")
    work.host().message("info", NAME, "\n".join(lines))


_EDIT: List[Entry] = [("Check the edit...", lambda: work.tell(dock.check))]
_NODE: List[Entry] = [
    ("Answerprint node", lambda: work.tell(chosen.node)),
    ("Bake", lambda: work.tell(chosen.bake)),
]
_HELP: List[Entry] = [
    ("Documentation", lambda: work.tell(guide)),
    ("About", lambda: work.tell(about)),
]
