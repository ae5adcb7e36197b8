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
import json
import logging
import math
import os
import platform
import queue
import signal
import time
import traceback
from typing import Any, Callable, Mapping, Sequence

from .messages import (
    CANCELLED,
    HOST_REFUSED,
    INVALID_REQUEST,
    LINE_LIMIT,
    NO_ANSWER,
    PARSE_ERROR,
    PROTOCOL,
    UNKNOWN_METHOD,
    WORKER_DIED,
    Message,
    WireError,
    agree,
    decode,
    encode,
)
from .process import LAST_WORDS, Process, command, environment

SUITE = "0.1.0"  # of the files that hold this one; a test compares it with the worker's
CRASHES, CRASH_WINDOW = 3, 300.0  # more than so many in so many seconds: not started again
HELLO_SECONDS = 30.0  # a first start on a cold network disk is slow

log = logging.getLogger("answerprint")

__all__ = [
    "CANCELLED",
    "INVALID_REQUEST",
    "LINE_LIMIT",
    "PARSE_ERROR",
    "PROTOCOL",
    "SUITE",
    "UNKNOWN_METHOD",
    "Call",
    "Message",
    "WireError",
    "Worker",
    "agree",
    "command",
    "decode",
    "encode",
    "environment",
]


class Call:
    """One request, up to its one end: then `ended` is true and `result` or `error` is set."""

    def __init__(self, worker: Worker, number: int, method: str, timeout: float | None) -> None:
        self.id, self.method, self._worker = number, method, worker
        self.ended, self.cancelling = False, False
        self.result: Any = None
        self.error: WireError | None = None
        self.deadline = math.inf if timeout is None else time.monotonic() + timeout
        self.force_at = math.inf
        self.listeners: dict[str, Callable[[Message], object]] = {}
        self.on_done: Callable[[Call], object] | None = None

    def cancel(self, force_after: float | None = None) -> None:
        """Ask for the end; it comes as error -32800, or as a result that was faster.

        With `force_after`, a worker that has not obeyed after so many seconds is killed, and
        with it everything it was doing. Without, the host offers that (`Worker.kill`).
        """
        if not self.ended and not self.cancelling:
            self.cancelling = True
            self._worker.tell("job.cancel", {"job": self.id})
        if force_after is not None:
            self.force_at = time.monotonic() + force_after

    def wait(self) -> Any:
        """The result, pumping until it is there. Raises the WireError it ended with."""
        while not self.ended:
            self._worker.pump(1.0)
        if self.error:
            raise self.error
        return self.result


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
        self._open: dict[int, Call] = {}
        self._due: collections.deque[Callable[[], object]] = collections.deque()
        self._last = 0  # number of the newest request
        self._crashes: collections.deque[float] = collections.deque(maxlen=CRASHES + 1)
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
        call = self._numbered(method, timeout)
        line = encode({"id": call.id, "method": method, "params": params or {}})
        heard = {"job.progress": on_progress, "job.preview": on_preview, "job.log": on_log}
        call.listeners = {name: each for name, each in heard.items() if each}
        call.on_done = on_done
        try:
            self._ensure()
        except WireError as refused:
            self._open[call.id] = call
            self._end(call, error=refused)
        else:
            self._open[call.id] = call
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
        soonest = min((min(c.deadline, c.force_at) for c in self._open.values()), default=math.inf)
        pause = 0.0 if self._due else max(0.0, min(wait, soonest - time.monotonic()))
        self._take(pause)
        for _ in range(self._inbox.qsize()):
            self._take(0.0)
        self._expire()
        self._run_due()

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
        self._run_due()

    # What is sent

    def _numbered(self, method: str, timeout: float | None) -> Call:
        self._last += 1
        return Call(self, self._last, method, timeout)

    def _ensure(self) -> None:
        """A running worker that was greeted. WireError where none can be had."""
        if self._process and self._process.ended.is_set() and not self._open:
            log.warning("The worker ended while it was idle; another one is started.")
            self._lose("")
        if self._process:
            return
        now = time.monotonic()
        if len([at for at in self._crashes if now - at < CRASH_WINDOW]) > CRASHES:
            raise WireError(
                WORKER_DIED,
                f"The worker ended {CRASHES + 1} times in {CRASH_WINDOW / 60:.0f} minutes and is "
                "not started again for now.",
                "Its log above says why. Set that right, then restart the host.",
                self.log(20),
            )
        greeting = self._numbered("hello", HELLO_SECONDS)
        greeting.on_done = self._greeted
        params = {
            "protocol": PROTOCOL,
            "suite": SUITE,
            "host": self.host,
            "capabilities": sorted(self.handlers),
            "locale": os.environ.get("LANG", ""),
        }
        line = encode({"id": greeting.id, "method": "hello", "params": params})
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
        self._greeting = self._open[greeting.id] = greeting
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
            self._due.append(functools.partial(self._asked, process, message))
        elif "method" in message:
            self._heard(message)
        else:
            self._replied(message)
        self._run_due()

    def _run_due(self) -> None:
        while self._due:
            self._due.popleft()()

    def _heard(self, message: Message) -> None:
        params = message.get("params")
        if not isinstance(params, dict) or not isinstance(params.get("job"), int):
            return  # a newer worker may tell what we do not know
        call = self._open.get(params["job"])
        if call and message["method"] in call.listeners:
            self._due.append(functools.partial(call.listeners[message["method"]], params))

    def _replied(self, message: Message) -> None:
        number, error = message.get("id"), message.get("error")
        if type(number) is not int or not 0 < number <= self._last:
            said = json.dumps(message)[:300]
            return self._broken(f"It answered request {number!r:.80}, which nobody made: {said}")
        call = self._open.get(number)
        if call is None:
            return None  # late: the call timed out, or was answered before
        if "result" in message and error is None:
            return self._end(call, message["result"])
        if not isinstance(error, dict) or type(error.get("code")) is not int:
            return self._broken(f"Its answer to request {number} is neither result nor error.")
        return self._end(call, error=WireError.read(error))

    def _asked(self, process: Process, message: Message) -> None:
        """Answer a `host.*` request: one answer, whatever the handler does."""
        method = message["method"]
        answer = {"error": WireError(HOST_REFUSED, f"'{method}' was interrupted.").wire()}
        line = encode({"id": message["id"], **answer})
        try:
            line = encode({"id": message["id"], "result": self._handle(message)})
        except WireError as refused:
            line = encode({"id": message["id"], "error": refused.wire()})
        except Exception as fault:
            log.exception("'%s' failed in the host.", method)
            cause = traceback.format_exception_only(type(fault), fault)[-1].strip()[:2000]
            hint = "The host's console has the details."
            error = WireError(HOST_REFUSED, f"The host could not do '{method}'.", hint, cause)
            line = encode({"id": message["id"], "error": error.wire()})
        finally:
            process.send(line)

    def _handle(self, message: Message) -> Any:
        method, params = message["method"], message.get("params", {})
        job = self._open.get(message["job"]) if isinstance(message.get("job"), int) else None
        if "job" in message and (job is None or job.cancelling):
            raise WireError(CANCELLED, f"'{method}' was not done: its job is cancelled.")
        if method == "ping":
            return params
        if method not in self.handlers:
            raise WireError(UNKNOWN_METHOD, f"This host does not offer '{method}'.")
        return self.handlers[method](params)

    # How it ends

    def _end(self, call: Call, result: Any = None, error: WireError | None = None) -> None:
        del self._open[call.id]
        call.ended, call.result, call.error = True, result, error
        if call.on_done:
            self._due.append(functools.partial(call.on_done, call))

    def _expire(self) -> None:
        now = time.monotonic()
        for call in list(self._open.values()):
            if call.id not in self._open:
                continue  # went with another one
            if now >= call.force_at:
                self.kill(f"'{call.method}' did not stop when asked, so the worker was ended.")
            elif now >= call.deadline and call is self._greeting:
                self._broken(f"It did not answer hello in {HELLO_SECONDS:.0f} s.")
            elif now >= call.deadline:
                self.tell("job.cancel", {"job": call.id})
                self._end(call, error=WireError(NO_ANSWER, f"'{call.method}' took too long."))

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
            self._crashes.append(time.monotonic())
        died = error or WireError(
            WORKER_DIED,
            f"The worker is gone ({_exit_text(process.popen.returncode)}). {why}",
            "Run the job again: frames that are finished are kept.",
            self.log(20),
        )
        for call in list(self._open.values()):
            self._end(call, error=died)


def _exit_text(code: int | None) -> str:
    if code is None:
        return "it does not end"
    if code >= 0:
        return f"exit code {code}"
    names = {each.value: each.name for each in signal.Signals}
    return f"exit code {code}: {names.get(-code, 'a signal')}"
