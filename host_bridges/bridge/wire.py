"""How a host talks to the worker. Standard library only, Python 3.8 and up: it runs inside
Nuke, Resolve and Blender, whose Pythons are not ours.

The wire is JSON-RPC 2.0, one object per line, both directions, over the worker's stdin and
stdout. A line is ASCII, at most 1 MiB, and holds no NaN. Pixels never travel here: frames
are files and a message names them.

    host    {"id": 3, "method": "job.run", "params": {...}}
    worker  {"method": "job.progress", "params": {"job": 3, ...}}   any number of these,
    worker  {"id": 3, "result": {...}}                              then exactly one end:
    worker  {"id": 3, "error": {"code": ..., "data": {title, detail, hint}}}
    worker  {"id": "h1", "method": "host.export_frames", "job": 3, "params": {...}}  asks the host
    host    {"method": "job.cancel", "params": {"job": 3}}          3 then ends with -32800

The first exchange is `hello`; both sides name PROTOCOL and stop where the major differs.
The worker's stdout is ours alone, so a line that is none of the above means a broken
worker: it is ended. When it ends, for whatever reason, every open request ends with -32099,
its exit code and the last lines of its stderr. Nothing is sent a second time.

    with Worker(command(python), host={"name": "Nuke", ...}, handlers={"host.ask": f}) as w:
        specs = w.call("tool.list")                      # blocks, pumping
        job = w.start("job.run", {...}, on_progress=bar, on_done=done)
        ...                                              # QTimer, modal timer: w.pump()
        job.cancel(force_after=10)

All of it is called from one thread, the host's main thread; other threads only read, write
and queue. Codes are for programs, texts are shown and never compared.
"""

from __future__ import annotations

import collections
import functools
import logging
import os
import platform
import queue
import time
from typing import Any, Callable, Mapping, Sequence

from .answering import answer
from .calls import Call, Calls
from .crashes import Crashes
from .messages import NO_ANSWER, WORKER_DIED, Message, WireError, agree, encode, hello
from .process import LAST_WORDS, Process, command, environment, exit_text

SUITE = "0.1.0"  # of the files that hold this one; a test compares it with the worker's
HELLO_SECONDS = 30.0  # a first start on a cold network disk is slow

log = logging.getLogger("answerprint")

__all__ = ["SUITE", "Call", "WireError", "Worker", "command", "environment"]


class Worker:
    """The host's end of the wire. The process starts with the first request.

    command   see `command`.
    host      {name, version, python, pid}; the last two are filled in.
    handlers  'host.*' method -> function(params) -> result, run by `pump`.
    """

    def __init__(
        self,
        command: Sequence[str],
        host: Mapping[str, Any] | None = None,
        handlers: Mapping[str, Callable[[Message], Any]] | None = None,
    ) -> None:
        self.command, self.handlers = list(command), dict(handlers or {})
        self.host = {"python": platform.python_version(), "pid": os.getpid(), **(host or {})}
        self.hello: Message | None = None  # what the worker said of itself, with `protocol`
        self._inbox: queue.Queue[tuple[Process, Message | None]] = queue.Queue()
        self._process: Process | None = None
        self._greeting: Call | None = None
        self._held: list[bytes] = []  # asked before hello was answered
        self._calls = Calls()
        self._crashes = Crashes()
        self._stderr: collections.deque[str] = collections.deque()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Of the worker, None while none runs."""
        return self._process.popen.pid if self._process else None

    def log(self, lines: int = 200) -> str:
        """The last lines of the stderr of the worker that runs or ran last."""
        return "\n".join(list(self._stderr)[-lines:])

    def call(self, method: str, params: Message | None = None, **more: Any) -> Any:
        """`start` and `Call.wait` in one: the result, or its WireError."""
        return self.start(method, params, **more).wait()

    def start(
        self,
        method: str,
        params: Message | None = None,
        timeout: float | None = None,
        on_progress: Callable[[Message], object] | None = None,
        on_preview: Callable[[Message], object] | None = None,
        on_log: Callable[[Message], object] | None = None,
        on_done: Callable[[Call], object] | None = None,
    ) -> Call:
        """Send a request. Callbacks run in `pump`, `on_done` once, last.

        After `timeout` seconds, a start of the worker included, it ends with -32098 and is
        cancelled in the worker; a reply after that is ignored. Raises ValueError or TypeError
        where JSON or the line's limit forbids the params; every later failure is the end of
        the call.
        """
        call = self._calls.new(self, method, timeout)
        line = encode({"id": call.id, "method": method, "params": params or {}})
        heard = {"job.progress": on_progress, "job.preview": on_preview, "job.log": on_log}
        call.listeners = {name: each for name, each in heard.items() if each}
        call.on_done = on_done
        try:
            self._ensure()
        except WireError as refused:
            self._calls.open[call.id] = call
            self._calls.end(call, error=refused)
        else:
            self._calls.open[call.id] = call
            self._send(line)
        return call

    def tell(self, method: str, params: Message) -> None:
        """Send a notification: nothing comes back, and nobody is told where no worker runs."""
        self._send(encode({"method": method, "params": params}))

    def pump(self, wait: float = 0.0) -> None:
        """Run what has arrived, on this thread: callbacks and `host.*` handlers.

        Waits at most `wait` seconds for a first message. What a callback raises comes out
        here; whatever was due after it runs at the next pump.
        """
        left = self._calls.soonest() - time.monotonic()
        pause = 0.0 if self._calls.due else max(0.0, min(wait, left))
        self._take(pause)
        for _ in range(self._inbox.qsize()):
            self._take(0.0)
        self._expire()
        self._calls.run_due()

    def kill(self, why: str = "The worker was ended by force.") -> None:
        """End the worker at once, and every open request with -32099."""
        if self._process:
            self._process.kill()
            self._lose(why, crash=False)

    def close(self, timeout: float = 5.0) -> None:
        """Let running work stop and the worker end; by force after `timeout` seconds."""
        try:
            process = self._process
            if process and self.hello is not None and not process.ended.is_set():
                bye = self.start("shutdown", timeout=timeout)
                while not bye.ended:
                    self.pump(1.0)
                process.ended.wait(0 if bye.error else LAST_WORDS)
        finally:
            self.kill("The worker was closed.")
        self._calls.run_due()

    # What is sent

    def _ensure(self) -> None:
        """A running worker that was greeted. WireError where none can be had."""
        if self._process and self._process.ended.is_set() and not self._calls.open:
            log.warning("The worker ended while it was idle; another one is started.")
            self._lose("")
        if self._process:
            return
        self._crashes.check(self.log(20))
        greeting = self._calls.new(self, "hello", HELLO_SECONDS)
        greeting.on_done = self._greeted
        line = hello(greeting.id, SUITE, self.host, self.handlers)
        try:
            self._process = Process(self.command, self._inbox)
        except OSError as why:
            raise WireError(
                WORKER_DIED,
                f"The worker could not be started with {self.command[0]}.",
                "Run install.py repair.",
                str(why),
            ) from why
        self._stderr = self._process.stderr
        self._greeting = self._calls.open[greeting.id] = greeting
        self._process.send(line)

    def _greeted(self, greeting: Call) -> None:
        if greeting is not self._greeting or not self._process:
            return  # that worker is gone, and its requests with it
        try:
            if greeting.error:
                raise greeting.error
            spoken = agree(greeting.result["protocol"])
        except WireError as refused:
            self._process.kill()
            self._lose("", refused, crash=False)
        except (KeyError, TypeError, ValueError) as why:
            self._broken(f"Its hello cannot be read: {why!r}.")
        else:
            self.hello = {**greeting.result, "protocol": spoken}
            for line in self._held:
                self._process.send(line)
            self._held.clear()

    def _send(self, line: bytes) -> None:
        if self._process and self.hello is not None:
            self._process.send(line)
        elif self._process:
            self._held.append(line)

    # What arrives

    def _take(self, wait: float) -> None:
        try:
            process, message = self._inbox.get(wait > 0, wait)
        except queue.Empty:
            return
        if process is not self._process:
            return
        if message is None:
            self._lose(process.fault or "It ended unasked.")
        elif not isinstance(message.get("method", ""), str):
            self._broken(f"It asked for the method {message['method']!r}.")
        elif "method" in message and "id" in message:
            asked = (message, self.handlers, self._calls.open, process.send)
            self._calls.due.append(functools.partial(answer, *asked))
        elif "method" in message:
            self._calls.heard(message)
        elif fault := self._calls.replied(message):
            self._broken(fault)
        self._calls.run_due()

    # How it ends

    def _expire(self) -> None:
        now = time.monotonic()
        for call in list(self._calls.open.values()):
            if call.id not in self._calls.open:
                continue  # went with another one
            if now >= call.force_at:
                self.kill(f"'{call.method}' did not stop when asked, so the worker was ended.")
            elif now >= call.deadline and call is self._greeting:
                self._broken(f"It did not answer hello in {HELLO_SECONDS:.0f} s.")
            elif now >= call.deadline:
                self.tell("job.cancel", {"job": call.id})
                self._calls.end(call, error=WireError(NO_ANSWER, f"'{call.method}' took too long."))

    def _broken(self, fault: str) -> None:
        assert self._process
        self._process.kill(fault)
        self._lose(fault)

    def _lose(self, why: str, error: WireError | None = None, crash: bool = True) -> None:
        """The worker is gone: every open request ends here."""
        process, self._process = self._process, None
        self.hello, self._greeting = None, None
        self._held.clear()
        assert process
        process.join()
        if crash:
            self._crashes.note()
        died = error or WireError(
            WORKER_DIED,
            f"The worker is gone ({exit_text(process.popen.returncode)}). {why}",
            "Run the job again: frames that are finished are kept.",
            self.log(20),
        )
        self._calls.end_all(died)
