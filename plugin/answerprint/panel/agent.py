"""The panel for Resolve, in a process of its own: `python -m answerprint.panel.agent`.

Resolve's agent starts it and holds the other end of its stdin and stdout. The agent asks
`panel.open`, which is answered when the window is closed, and shows through `panel.ask`,
`panel.message` and `panel.progress`; the panel asks `host.*`, one at a time, and `host.cancel`
in the middle of one. While it waits for a slow answer (a render), Qt goes on working. When stdin
ends, the agent is gone and so is the panel, at once; its worker ends with it.
"""

from __future__ import annotations

import logging
import os
import platform
import queue
import sys
import threading
from typing import IO, Any

from answerprint_bridge.host import Progress
from answerprint_bridge.messages import (
    BUSY,
    CANCELLED,
    LINE_LIMIT,
    UNKNOWN_METHOD,
    VERSION_SKEW,
    Message,
    WireError,
    agree,
    decode,
    encode,
)
from answerprint_bridge.pipes import own_pipes
from answerprint_bridge.remote import RemoteHost
from answerprint_bridge.session import Session
from answerprint_bridge.wire import SUITE, command

from . import dialogs
from .desk import Desk
from .qt import QtCore, QtWidgets, run_application, run_dialog
from .style import SHEET
from .window import Window

log = logging.getLogger("answerprint")

QUICK = 0.2  # seconds for an answer before Qt goes on working, and may start something else


class Agent(QtCore.QObject):
    """The agent as the panel sees it. Called, it is a request of `RemoteHost` (remote.Ask)."""

    heard = QtCore.Signal(object)  # a request or a notification, on the main thread
    answered = QtCore.Signal()

    def __init__(self, source: IO[bytes], sink: IO[bytes]) -> None:
        super().__init__()
        self._source, self._sink = source, sink
        self._writing = threading.Lock()
        self._replies: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._asked, self._turn, self._stopping = "", 0, False
        self._progress: Progress | None = None
        self._window: Window | None = None
        self._floor = QtWidgets.QWidget()  # what dialogs stand on while there is no window
        self._floor.setStyleSheet(SHEET)
        self.heard.connect(self._hear)
        threading.Thread(target=self._read, name="answerprint agent", daemon=True).start()

    def __call__(self, method: str, params: Message, progress: Progress | None = None) -> Any:
        if self._asked:
            hint = "Wait until it has ended, or cancel it."
            raise WireError(BUSY, "Resolve is still busy with the last thing.", hint)
        self._turn += 1
        self._asked, self._progress, self._stopping = f"p{self._turn}", progress, False
        try:
            self._send({"id": self._asked, "method": method, "params": params})
            reply = self._reply()
        finally:
            self._asked, self._progress = "", None
        if "error" in reply:
            raise WireError.read(reply["error"])
        return reply.get("result")

    def _reply(self) -> Message:
        try:
            return self._replies.get(timeout=QUICK)
        except queue.Empty:
            loop = QtCore.QEventLoop()
            self.answered.connect(loop.quit)
            while self._replies.empty():
                run_dialog(loop)
            return self._replies.get()

    # The reader's thread

    def _read(self) -> None:
        try:
            while (line := self._source.readline(LINE_LIMIT + 1)).endswith(b"\n"):
                self._line(decode(line))
        except Exception:
            log.exception("What the agent says cannot be read; a deaf panel must end.")
            os._exit(4)
        os._exit(0)

    def _line(self, message: Message) -> None:
        if "method" not in message:
            if message.get("id") == self._asked:  # else it is of a `host.cancel`
                self._replies.put(message)
                self.answered.emit()
        elif message["method"] == "hello":
            self._hello(message)
        else:
            self.heard.emit(message)

    def _hello(self, message: Message) -> None:
        theirs = message["params"]
        try:
            spoken = agree(theirs.get("protocol"))
            if theirs.get("suite") != SUITE:
                raise WireError(
                    VERSION_SKEW,
                    f"The files in Resolve are of Answerprint {theirs.get('suite')}, the panel is "
                    f"of {SUITE}.",
                    "Run install.py repair, then choose Answerprint in Resolve's menu again.",
                )
        except WireError as skew:
            self._send({"id": message["id"], "error": skew.wire()})
            return
        told = {"suite": SUITE, "pid": os.getpid(), "python": platform.python_version()}
        self._answer(message["id"], {"protocol": spoken, "tools": [], **told})

    def _send(self, message: Message) -> None:
        with self._writing:
            self._sink.write(encode(message))
            self._sink.flush()

    def _answer(self, number: Any, result: Any) -> None:
        self._send({"id": number, "result": result})

    # What the agent wants

    def _hear(self, message: Message) -> None:
        method, number, params = message["method"], message.get("id"), message.get("params") or {}
        if method == "panel.progress":
            self._show(params)
        elif method == "panel.ask":
            told = dialogs.ask(self._below(), params["question"], params["default"])
            self._answer(number, told)
        elif method == "panel.message":
            self._say(params["level"], params["title"], params["detail"], "wait" in params)
            self._answer(number, None)
        elif method == "panel.open":
            self._show_window(number, params)
        elif method == "job.cancel" and self._window:  # Resolve has gone
            self._window.close()
        elif method == "shutdown":
            self._answer(number, None)
            QtCore.QCoreApplication.quit()
        elif number is not None:
            refused = WireError(UNKNOWN_METHOD, f"The panel does not offer '{method}'.")
            self._send({"id": number, "error": refused.wire()})

    def _show(self, told: Message) -> None:
        """How far the host is. Cancel in the panel becomes a word to the agent."""
        if self._progress is None or self._stopping:
            return  # it has ended meanwhile
        try:
            self._progress.tell(told["done"], told["total"], told["message"])
        except WireError as stop:
            if stop.code != CANCELLED:
                raise
            self._stopping = True
            self._send({"id": f"stop {self._asked}", "method": "host.cancel", "params": {}})

    def _show_window(self, number: int, told: Message) -> None:
        artist = dialogs.Artist()
        try:
            desk = Desk(Session(RemoteHost(self, artist), command(sys.executable)))
            self._window = Window(desk)
        except WireError as refused:
            self._send({"id": number, "error": refused.wire()})
            return
        artist.parent = self._below()
        desk.closed.connect(lambda: self._answer(number, None))
        self._window.setWindowFlag(QtCore.Qt.WindowType.WindowStaysOnTopHint)
        self._window.show()
        if told.get("off"):
            title = "Some things are off with this Resolve. This is said once."
            self._say("info", title, "\n\n".join(told["off"]))

    def _below(self) -> QtWidgets.QWidget:
        """What a dialog stands on, and looks like."""
        return self._window.panel if self._window else self._floor

    def _say(self, level: str, title: str, detail: str, wait: bool = False) -> None:
        """wait: until it is read, for a message that is all there is to show."""
        below = self._below()
        dialogs.message(below, level, title, detail)
        if wait:
            loop = QtCore.QEventLoop()
            boxes: Any = below.findChildren(QtWidgets.QMessageBox)
            boxes[-1].finished.connect(loop.quit)
            run_dialog(loop)


def main() -> int:
    """The panel until its agent has had enough of it; the exit status."""
    if sys.stdin is None or sys.stdin.isatty():
        print("Resolve's menu starts this: Workspace > Scripts > Answerprint.", file=sys.stderr)
        return 2
    source, sink = own_pipes()
    application = QtWidgets.QApplication(["answerprint"])
    application.setQuitOnLastWindowClosed(False)  # the agent says when
    agent = Agent(source, sink)
    status = run_application(application)
    del agent
    return status


if __name__ == "__main__":
    sys.exit(main())
