# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of undo: what was added in one, so that it can be taken back, and where nodes go."""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Dict, Iterator, List

import bpy

from answerprint_bridge.host import Host
from answerprint_bridge.results import Refs

from . import blocks, compat, motion, strips, things
from .nodes import Board


class Steps(Host):
    """The part of the host that remembers what it adds."""

    def __init__(self) -> None:
        super().__init__()
        self._made: List[Callable[[], None]] | None = None  # how to take back what was added
        self._boards: Dict[str, Board] = {}

    @contextlib.contextmanager
    def undo_group(self, label: str) -> Iterator[None]:
        """Inside another one it is a part of it: what fails takes back its own part."""
        whole = self._made is None
        made = self._made = [] if self._made is None else self._made
        since = len(made)
        try:
            yield
            if whole and made:
                for board in self._boards.values():
                    board.settle()
                bpy.ops.ed.undo_push(message=f"Answerprint: {label}" if label else "Answerprint")
        except BaseException:
            while len(made) > since:
                made.pop()()
            raise
        finally:
            if whole:
                self._made, self._boards = None, {}

    # What is remembered

    def _board(self, thing: Any, label: str) -> Board:
        assert self._made is not None
        key = things.ref(thing) if thing is not None else ""
        if key not in self._boards:
            self._made.append(lambda: self._forget(key))
            board = self._boards[key] = Board(thing, label, self._made.append)
            if not compat.in_use(board.tree):
                title = "The scene uses no compositor, so it looks as before."
                self.message("info", title, compat.HOW_TO_USE)
        return self._boards[key]

    def _forget(self, key: str) -> None:
        del self._boards[key]

    def _block(self, block: Any) -> Refs:
        self._made_block(block)
        return (things.ref(block),)

    def _made_block(self, block: Any) -> None:
        assert self._made is not None
        self._made.append(lambda: blocks.remove(block))

    @contextlib.contextmanager
    def _keys(self, *blocks: Any, begin: str = "") -> Iterator[None]:
        """Straight keys; an action that was not there goes with what was made.

        begin    what the paths of the properties begin with.
        """
        had = [motion.action_of(each) for each in blocks]
        yield
        for each in blocks:
            motion.straighten(each, begin)
        now = [motion.action_of(each) for each in blocks]
        for action in {each.name: each for each in now if each and each not in had}.values():
            self._made_block(action)  # from 4.4 on an object and its camera share one

    def _strip(self, strip: Any) -> Refs:
        assert self._made is not None
        scene, name = strip.id_data, strip.name
        self._made.append(lambda: strips.remove(scene, name))
        return (things.ref(strip),)

    def _remember_marker(self, scene: Any, ref: str) -> None:
        assert self._made is not None
        self._made.append(lambda: scene.timeline_markers.remove(things.find(ref)))
