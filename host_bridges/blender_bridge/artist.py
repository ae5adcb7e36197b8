# SPDX-License-Identifier: GPL-3.0-or-later
"""How the artist sees progress and messages, and stops what runs.

Blender has no dialog that waits for an answer: a question is answered by its default. While
frames are written nothing of Blender's is drawn but the progress by the mouse, and no key is
read: `stops` is asked before each frame, for whoever can tell (a script, a farm).
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Iterator

import bpy

from answerprint_bridge.messages import CANCELLED, WireError
from answerprint_bridge.scene import Progress

ICONS = {"info": "INFO", "warning": "ERROR", "error": "CANCEL"}


class Artist:
    """stops: whether somebody wants what runs to end."""

    def __init__(self, stops: Callable[[], bool] = lambda: False) -> None:
        self.stops = stops

    @contextmanager
    def progress(self, title: str) -> Iterator[Progress]:
        windows = bpy.context.window_manager
        shown = not bpy.app.background
        if shown:
            windows.progress_begin(0, 100)
        try:
            yield _Progress(self, shown)
        finally:
            if shown:
                windows.progress_end()

    def message(self, level: str, title: str, detail: str) -> None:
        if bpy.app.background:
            print("\n".join(each for each in (f"Answerprint, {level}: {title}", detail) if each))
            return

        def draw(menu: Any, context: Any) -> None:
            for line in detail.splitlines():
                menu.layout.label(text=line)

        bpy.context.window_manager.popup_menu(draw, title=title, icon=ICONS[level])

    def ask(self, question: str, default: bool) -> bool:
        return default


class _Progress:
    def __init__(self, artist: Artist, shown: bool) -> None:
        self.artist, self.shown = artist, shown

    def tell(self, done: int, total: int, message: str = "") -> None:
        if self.artist.stops():
            raise WireError(CANCELLED, "Cancelled.")
        if self.shown:
            bpy.context.window_manager.progress_update(100 * done // max(total, 1))
