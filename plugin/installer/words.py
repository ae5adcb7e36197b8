"""What install.py says, and how it says that it cannot go on."""

from __future__ import annotations

import sys


class SetUpError(Exception):
    """The set-up cannot go on: what was found, what to do now, and what the programs said."""

    def __init__(self, title: str, hint: str, detail: str = "") -> None:
        super().__init__(title)
        self.title, self.hint, self.detail = title, hint, detail


def say(text: str) -> None:
    print(f"Answerprint: {text}", file=sys.stderr, flush=True)
