"""The undo of the double of `nuke`: every edit is a step, and what is in a group is one.

See `nuke_double`. Edits outside of `Undo.begin` and `end` are steps of their own, as in Nuke, so
that code which edits beside its step shows up.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from .nuke_knobs import Knob


def _nuke() -> Any:
    from . import nuke_double

    return nuke_double


class Undo:
    """In a terminal it does nothing at all."""

    steps: list[Any] = []  # noqa: RUF012 - there is one queue, as in Nuke: (label, what takes it back)
    open_at: Any = None
    label, depth, off = "", 0, 0

    @staticmethod
    def begin() -> None:
        Undo.depth += 1
        if Undo.depth == 1:
            Undo.open_at, Undo.label = _state(), ""

    @staticmethod
    def name(label: str) -> None:
        Undo.label = label

    @staticmethod
    def end() -> None:
        Undo.depth -= 1
        before = Undo.open_at
        if not Undo.depth and _told(before) != _told(_state()):
            record(Undo.label, lambda: _restore(before))

    @staticmethod
    def disable() -> None:
        Undo.off += 1

    @staticmethod
    def enable() -> None:
        Undo.off -= 1

    @staticmethod
    def undoSize() -> int:
        return len(Undo.steps)

    @staticmethod
    def undo() -> None:
        if Undo.steps:
            Undo.steps.pop()[1]()


def record(label: str, back: Callable[[], None]) -> None:
    """An edit that was made: a step of its own, unless a group is open."""
    if _nuke().GUI and not Undo.off and not Undo.depth:
        Undo.steps.append((label, back))


def _restore(state: list[Any]) -> None:
    _nuke().scene.nodes = []
    for node, knobs, inputs in state:
        _nuke().scene.nodes.append(node)
        node._knobs, node._inputs = knobs, inputs


def _state() -> list[Any]:
    return [
        (n, {name: _copied(knob) for name, knob in n._knobs.items()}, list(n._inputs))
        for n in _nuke().scene.nodes
    ]


def _copied(knob: Knob) -> Knob:
    made = copy.deepcopy(knob)
    made.node_of, made.heard = knob.node_of, knob.heard
    return made


def _told(state: list[Any]) -> list[Any]:
    return [(id(n), {k: v.told() for k, v in knobs.items()}, ins) for n, knobs, ins in state]
