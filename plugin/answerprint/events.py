"""What a running job tells whoever started it, and how it hears that it should stop."""

from __future__ import annotations

from typing import Any

from answerprint.errors import Cancelled, HostRefused


class Events:
    """The silent one: nobody listens, nobody cancels. Others override what they need."""

    def progress(self, stage: str, done: int, total: int, message: str = "") -> None:
        """`done` of `total` units of `stage` are finished; the listener works out the time left."""

    def preview(self, frame: int, path: str) -> None:
        """A picture worth showing was written to `path`."""

    def log(self, level: str, message: str) -> None:
        """A line for the log; level is 'info' or 'warning'."""

    def cancelled(self) -> bool:
        """Whether somebody asked for the job to stop."""
        return False

    def check(self) -> None:
        """Raises Cancelled where somebody asked for the job to stop."""
        if self.cancelled():
            raise Cancelled()

    def ask_host(self, method: str, params: dict[str, Any]) -> Any:
        """The result of a `host.*` request.

        Raises HostRefused where the host says no, Cancelled where the job is cancelled meanwhile.
        """
        raise HostRefused(f"Nobody answers '{method}'.", "Run this from a host's panel.")
