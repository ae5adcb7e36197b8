# SPDX-License-Identifier: GPL-3.0-or-later
"""A check of the edit as the panel and the status bar show it. Knows nothing of Blender."""

from __future__ import annotations

from typing import Any, List, Mapping, Set

from answerprint_bridge.checking import Check
from answerprint_bridge.messages import WireError

from . import words

Finding = Mapping[str, Any]


class CheckJob:
    """`check` is there once the edit is exported.

    fixed    ids of findings whose fix was placed. gone: of those that were waived since.
    said     what became of the markers.
    """

    def __init__(self) -> None:
        self.check: Check | None = None
        self.progress = words.Progress()
        self.fixed: Set[str] = set()
        self.gone: Set[str] = set()
        self.said: List[str] = []

    @property
    def ended(self) -> bool:
        return self.check is not None and self.check.ended

    @property
    def error(self) -> WireError | None:
        return self.check.error if self.check else None

    @property
    def fraction(self) -> float:
        return self.progress.fraction

    @property
    def findings(self) -> List[Finding]:
        """Those that are to be seen to, the worst first."""
        rows = self.check.findings if self.check and self.check.ended else []
        return [row for row in rows if row["id"] not in self.gone]

    def text(self) -> str:
        """How far it is."""
        cancelling = self.check is not None and self.check.cancelling
        return "Cancelling" if cancelling else self.progress.text()

    def cancel(self, force_after: float) -> None:
        if self.check:
            self.check.cancel(force_after)

    def summary(self) -> List[words.Line]:
        """How it ended."""
        if self.check is None or not self.check.ended:
            return []
        if self.check.error:
            return words.of_error(self.check.error)
        notes = [("INFO", text) for text in (*self.said, *self.check.report["warnings"])]
        return [("NONE", self.check.report["sentence"]), *notes]

    def moved(self, told: Mapping[str, Any]) -> None:
        self.progress.moved(told)
