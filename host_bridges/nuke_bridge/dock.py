"""The panel in Nuke's panes. What it shows is `answerprint_panel`; here is how it gets there.

Nuke destroys the widget whenever its tab moves, and builds it anew; the desk it shows, with the
session and its jobs, lives on in this module. Not run in Nuke itself (see the package).
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Union

import nuke
import nukescripts

from answerprint_bridge.host import FrameSet, Item
from answerprint_bridge.messages import WireError
from answerprint_panel.desk import Desk
from answerprint_panel.jobs import Order, Shot
from answerprint_panel.panel import Panel
from answerprint_panel.qt import QtWidgets

from . import work

NAME, ID = "Answerprint", "com.answerprint.panel"
WIDGET = "__import__('answerprint_nuke.dock').dock.widget"  # Nuke evaluates it when it is shown
CHECK = 1  # the number of the panel's page
_made: Dict[str, Any] = {}

Input = Union[Item, FrameSet, str]


def register() -> None:
    """Offer the panel in every pane's menu, and to saved layouts."""
    nukescripts.panels.registerWidgetAsPanel(WIDGET, NAME, ID)


def widget() -> QtWidgets.QWidget:
    """The panel for a pane, or the sentence that says what keeps it from being there."""
    try:
        _made["panel"] = Panel(desk())
    except WireError as refused:
        label = QtWidgets.QLabel(str(refused))
        label.setWordWrap(True)
        return label
    return _made["panel"]


def desk() -> Desk:
    """The one desk, which ends with Nuke."""
    if "desk" not in _made:
        _made["desk"] = Desk(work.session())
        QtWidgets.QApplication.instance().aboutToQuit.connect(close)
    found: Desk = _made["desk"]
    return found


def show(
    tool: str = "",
    params: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Sequence[Input]] | None = None,
) -> None:
    """Bring the panel up; with a tool: its form, these values, and the inputs filled in."""
    if tool:
        _set(tool, params or {}, {name: _chosen(each) for name, each in (inputs or {}).items()})
    if nuke.getPaneFor(ID) is None:
        panel = nukescripts.panels.registerWidgetAsPanel(WIDGET, NAME, ID, True)
        panel.addToPane(nuke.getPaneFor("Properties.1"))


def start(tool: str) -> None:
    """A tool's menu entry: the panel with that tool, and the selection as its source."""
    chosen = work.host().selection()
    show(tool, {}, {"source": chosen} if chosen else {})


def check() -> None:
    """Bring the panel up at its page *Check the edit*."""
    desk().kept["page"] = CHECK
    panel = _made.get("panel")
    if panel is not None and not panel.line.cut:
        panel.pages.setCurrentIndex(CHECK)
    show()


def close() -> None:
    """End the session and its worker, for Nuke ends."""
    if "desk" in _made:
        _made.pop("desk").close()
    work.close()


def _set(tool: str, params: Mapping[str, Any], inputs: Mapping[str, List[Any]]) -> None:
    """Set the panel that is up; one that comes begins with what the desk keeps."""
    kept = desk().kept
    kept["tool"] = tool
    kept["inputs"] = {**kept.get("inputs", {}), **inputs}
    values = {**kept.setdefault("params", {}).get(tool, {}), **params}
    kept["params"][tool] = values
    panel = _made.get("panel")
    if panel is None or panel.line.cut or tool not in desk().specs:
        return
    firsts = {name: each[0] for name, each in kept["inputs"].items() if each}
    writes = kept.get("write_frames", desk().write_frames)
    order = Order(tool, values, firsts, kept.get("frames", ""), kept.get("graded", False), writes)
    panel.controls.restore(order)
    panel.controls.inputs.choose(kept["inputs"])  # the source may be several


def _chosen(given: Sequence[Input]) -> List[Any]:
    """Inputs as the panel has them: items, and shots on disk."""
    return [
        each
        if isinstance(each, Item)
        else Shot(each.pattern, each.space)
        if isinstance(each, FrameSet)
        else Shot(each)
        for each in given
    ]
