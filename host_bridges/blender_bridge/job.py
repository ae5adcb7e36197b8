# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of a tool as the panel and the status bar show it. Knows nothing of Blender."""

from __future__ import annotations

import collections
from typing import Any, Deque, List, Mapping

from answerprint_bridge.messages import WireError
from answerprint_bridge.session import Run

from . import words
from .catalogue import Spec


class Job:
    """`run` is there once its inputs are written.

    more      what the run was started with beside parameters and inputs.
    lines     what the worker said, the newest last. trouble: why a picture could not be made.
    """

    def __init__(self, spec: Spec, more: Mapping[str, Any]) -> None:
        self.spec, self.more = spec, dict(more)
        self.run: Run | None = None
        self.progress = words.Progress()
        self.lines: Deque[str] = collections.deque(maxlen=100)
        self.trouble: WireError | None = None

    @property
    def ended(self) -> bool:
        return self.run is not None and self.run.ended

    @property
    def result(self) -> Run | None:
        """The run, where it ended with something to place."""
        return self.run if self.run and self.run.ended and not self.run.error else None

    @property
    def fraction(self) -> float:
        return self.progress.fraction

    def text(self) -> str:
        """How far it is."""
        if self.run and self.run.cancelling:
            return "Cancelling"
        return self.progress.text()

    def cancel(self, force_after: float) -> None:
        if self.run:
            self.run.cancel(force_after)

    def summary(self) -> List[words.Line]:
        """How it ended."""
        if self.run is None or not self.run.ended:
            return []
        return words.of_error(self.run.error) if self.run.error else words.of_run(self.run)

    def moved(self, told: Mapping[str, Any]) -> None:
        self.progress.moved(told)

    def said(self, told: Mapping[str, Any]) -> None:
        self.lines.append(str(told["message"]))
