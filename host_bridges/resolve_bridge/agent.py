"""The agent: it holds Resolve, and its panel is another process.

Resolve starts a script of its menu in a process of its own, with `resolve` in it, and a Python
that may have no Qt. So this starts the panel with Answerprint's own Python and does what the
panel asks, in a loop: it may block, Resolve does not wait for it. The panel closed: the agent
ends. Resolve gone: the panel is closed. One of the two killed: the other ends with the pipe.

While a call is under way (a render), the panel still hears how far it is and can stop it.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Sequence

from answerprint_bridge.messages import CANCELLED, Message, WireError
from answerprint_bridge.process import core_python
from answerprint_bridge.remote import answers
from answerprint_bridge.wire import Call, Worker

from . import facts, single
from .adapter import ResolveHost
from .said import Said, settings_file

LOOK_SECONDS = 1.0  # between two looks whether Resolve is still there
LAST_SECONDS = 15.0  # for the panel to close when Resolve has gone


def main(resolve: Any, folder: str) -> int:
    """What Resolve's menu starts; returns when the panel is closed or Resolve has gone.

    folder   where this bridge was installed: its `core.json` names Answerprint's Python.
    """
    try:
        with single.only(single.lock_file(settings_file())):
            python = core_python(folder)
            panel = [python, "-I", "-u", "-X", "utf8", "-m", "answerprint.panel.agent"]
            Agent(resolve, panel).run()
    except WireError as refused:
        print(f"Answerprint: {refused}", file=sys.stderr)
        return 1
    return 0


class Agent:
    """One panel on one Resolve, and the artist as `ResolveHost` sees it: behind that panel.

    settings   file of what the artist has said. luts: the master LUT folder.
    """

    def __init__(
        self,
        resolve: Any,
        command: Sequence[str],
        settings: Path | None = None,
        luts: Path | None = None,
    ) -> None:
        self.resolve = resolve
        self._settings, self._luts = settings or settings_file(), luts
        self._shown: _Shown | None = None
        self.panel = Worker(command, {"name": "DaVinci Resolve"})
        self.window: Call | None = None

    def run(self) -> None:
        """Show the panel until it is closed. WireError where it could not be shown."""
        with self.panel:
            try:
                host = self._host()
            except WireError as refused:  # which this edition, version or state has earned
                told = {"level": "error", "title": refused.title, "detail": refused.hint}
                self.panel.call("panel.message", {**told, "wait": True})
                return
            self.panel.handlers.update(answers(host), **{"host.cancel": self._stop})
            self.window = self.panel.start("panel.open", {"off": host.news()})
            self._serve(self.window)
            if self.window.error and self.window.error.code != CANCELLED:
                raise self.window.error

    def _host(self) -> ResolveHost:
        said = Said(self._settings)
        return ResolveHost(self.resolve, self, said, self._luts, pause=lambda: self.panel.pump(0.2))

    def _serve(self, window: Call) -> None:
        looked = time.monotonic()
        while not window.ended:
            self.panel.pump(LOOK_SECONDS / 4)
            if time.monotonic() - looked > LOOK_SECONDS:
                looked = time.monotonic()
                if not window.cancelling and not facts.there(self.resolve):
                    window.cancel(force_after=LAST_SECONDS)

    # The artist

    @contextmanager
    def progress(self, title: str) -> Iterator[_Shown]:
        outer, self._shown = self._shown, _Shown(self, title)
        try:
            yield self._shown
        finally:
            self._shown = outer

    def message(self, level: str, title: str, detail: str) -> None:
        told = {"level": level, "title": title, "detail": detail}
        try:
            self._call("panel.message", told)
        except _Closed:
            print(f"Answerprint: {title} {detail}", file=sys.stderr)  # Resolve's console

    def ask(self, question: str, default: bool) -> bool:
        try:
            return bool(self._call("panel.ask", {"question": question, "default": default}))
        except _Closed as gone:
            title = "The panel was closed before it was answered."
            raise WireError(CANCELLED, title, question) from gone

    def _call(self, method: str, params: Message) -> Any:
        """What the panel answers. _Closed where it has gone, or goes before it answers."""
        if self.closed:
            raise _Closed
        try:
            return self.panel.call(method, params)
        except WireError as gone:
            if self.closed:
                raise _Closed from gone
            raise

    @property
    def closed(self) -> bool:
        """Whether the panel has gone: another request would start another panel."""
        return self.window is None or self.window.ended

    def _stop(self, params: Message) -> None:
        """Cancel was pressed; nothing is under way where the call was faster."""
        if self._shown:
            self._shown.wanted = True


class _Closed(Exception):
    """Nobody looks any more."""


class _Shown:
    """A progress in the panel."""

    def __init__(self, agent: Agent, title: str) -> None:
        self._agent, self.title, self.wanted = agent, title, False

    def tell(self, done: int, total: int, message: str = "") -> None:
        told = {"title": self.title, "done": done, "total": total, "message": message}
        self._agent.panel.tell("panel.progress", told)
        self._agent.panel.pump()
        if self.wanted or self._agent.closed:
            raise WireError(CANCELLED, f"'{self.title}' was cancelled.")
