"""What a shell sees of a job while it runs."""

from __future__ import annotations

import signal
import sys
import time
from types import FrameType

from answerprint.events import Events


class Terminal(Events):
    """Progress on stderr: a bar on a terminal, else a line now and then. Ctrl-C cancels."""

    def __init__(self) -> None:
        self._stop = False
        self._stage, self._since, self._last = "", 0.0, 0.0
        self._bar = sys.stderr.isatty()

    def __enter__(self) -> Terminal:
        self._before = {s: signal.signal(s, self._asked) for s in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._bar and self._stage:
            print(file=sys.stderr)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        if self._stop:
            raise KeyboardInterrupt
        self._stop = True

    def cancelled(self) -> bool:
        return self._stop

    def progress(self, stage: str, done: int, total: int, message: str = "") -> None:
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._since, self._last = stage, now, 0.0
        if done < total and now - self._last < (0.1 if self._bar else 2.0):
            return
        self._last = now
        spent = now - self._since
        left = (
            f", {spent / done * (total - done):.0f} s left"
            if 0 < done < total and spent > 1
            else ""
        )
        text = f"{stage} {done}/{total}{left}"
        if self._bar:
            filled = round(24 * done / max(total, 1))
            print(f"\r[{'#' * filled}{'.' * (24 - filled)}] {text}\x1b[K", end="", file=sys.stderr)
        else:
            print(text, file=sys.stderr)

    def log(self, level: str, message: str) -> None:
        print(f"{level}: {message}", file=sys.stderr)
