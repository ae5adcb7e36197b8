"""Menus and panes of the double of `nuke`, and its `nukescripts`. See `nuke_double`."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any


class MenuItem:
    def __init__(self, name: str, command: Any) -> None:
        self._name, self.command = name, command

    def name(self) -> str:
        return self._name

    def invoke(self) -> None:
        """As the artist chooses it; a text is evaluated in `__main__`."""
        self.command()


class Menu:
    def __init__(self, name: str = "") -> None:
        self._name, self.entries = name, {}
        self.separators = 0

    def name(self) -> str:
        return self._name

    def items(self) -> list[Any]:
        return list(self.entries.values())

    def addMenu(self, name: str, icon: str = "") -> Menu:
        return self.entries.setdefault(name, Menu(name))

    def addCommand(self, name: str, command: Any = None, shortcut: str = "") -> MenuItem:
        if not callable(command):
            raise TypeError(f"'{name}' has no command")
        self.entries[name] = MenuItem(name, command)
        return self.entries[name]

    def addSeparator(self) -> None:
        self.separators += 1

    def clearMenu(self) -> None:
        self.entries.clear()
        self.separators = 0

    def findItem(self, name: str) -> Any:
        return self.entries.get(name)

    def removeItem(self, name: str) -> None:
        del self.entries[name]


class _Panels:
    """`nukescripts.panels`: the widget is a text, evaluated where a pane shows the panel."""

    class WidgetKnob:
        def __init__(self, widget: Callable[[], Any]) -> None:
            self.widgetClass = widget

        def makeUI(self) -> Any:
            self.widget = self.widgetClass()
            return self.widget

    def __init__(self) -> None:
        self.registered: dict[str, Callable[[], Any]] = {}
        self.shown: dict[str, Any] = {}  # id -> the widget in its pane

    def registerWidgetAsPanel(self, widget: str, name: str, id: str, create: bool = False) -> Any:
        if not isinstance(widget, str):
            raise TypeError("a widget is named by a text")

        def show() -> Any:
            knob = eval(f"Knob({widget})", {"Knob": self.WidgetKnob, "__name__": "__main__"})
            self.shown[id] = knob.makeUI()
            return self.shown[id]

        self.registered[id] = show
        return SimpleNamespace(addToPane=lambda pane=None: show()) if create else None

    def restorePanel(self, id: str) -> Any:
        """The panel in a pane, as a saved layout brings it back."""
        return self.registered[id]()


nukescripts = SimpleNamespace(panels=_Panels())


def getPaneFor(panelName: str) -> Any:
    """The pane that shows this panel; None where none does."""
    there = {"Properties.1", *nukescripts.panels.shown}
    return SimpleNamespace(name=panelName) if panelName in there else None
