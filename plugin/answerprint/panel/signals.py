"""Signals of the desk: heard for as long as somebody listens, whatever Qt destroys first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Signal:
    """Tells those who listen. Not Qt's: it has no end of its own, whatever Qt destroys first."""

    def __init__(self) -> None:
        self._heard: list[Callable[..., object]] = []

    def connect(self, act: Callable[..., object]) -> None:
        self._heard.append(act)

    def disconnect(self, act: Callable[..., object]) -> None:
        self._heard.remove(act)

    def emit(self, *given: Any) -> None:
        for act in list(self._heard):
            act(*given)
