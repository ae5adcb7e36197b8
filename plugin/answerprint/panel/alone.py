"""What hosts without a program have in common: an artist at the panel, to be told and asked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from answerprint_bridge.host import Action, FrameSet, Host, Progress


class Artist(Protocol):
    """Who is shown things and asked: see `dialogs`."""

    def progress(self, title: str) -> AbstractContextManager[Progress]: ...
    def message(self, level: str, title: str, detail: str = "") -> None: ...
    def ask(self, question: str, default: bool) -> bool: ...


class Alone(Host):
    """It is never busy, has no menus and no viewer, and nothing to close."""

    def __init__(self, artist: Artist) -> None:
        super().__init__()
        self._artist = artist

    def progress(self, title: str) -> AbstractContextManager[Progress]:
        return self._artist.progress(title)

    def message(self, level: str, title: str, detail: str = "") -> None:
        self._artist.message(level, title, detail)

    def ask(self, question: str, default: bool) -> bool:
        return self._artist.ask(question, default)

    def busy(self) -> str:
        return ""

    def register_ui(self, actions: Sequence[Action]) -> None: ...

    def unregister_ui(self) -> None: ...

    def open_in_viewer(self, frames: FrameSet) -> bool:
        return False

    def shutdown(self) -> None: ...
