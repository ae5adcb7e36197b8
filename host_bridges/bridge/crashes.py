"""A worker that ends again and again is not started for ever.

Standard library only, Python 3.8 and up.
"""

from __future__ import annotations

import collections
import time

from .messages import WORKER_DIED, WireError

MOST, WINDOW = 3, 300.0  # more than so many in so many seconds


class Crashes:
    """When the last ones were."""

    def __init__(self) -> None:
        self._at: collections.deque[float] = collections.deque(maxlen=MOST + 1)

    def note(self) -> None:
        self._at.append(time.monotonic())

    def check(self, log: str) -> None:
        """WireError -32099 with that log where there were too many of late."""
        now = time.monotonic()
        if len([at for at in self._at if now - at < WINDOW]) > MOST:
            raise WireError(
                WORKER_DIED,
                f"The worker ended {MOST + 1} times in {WINDOW / 60:.0f} minutes and is "
                "not started again for now.",
                "Its log above says why. Set that right, then restart the host.",
                log,
            )
