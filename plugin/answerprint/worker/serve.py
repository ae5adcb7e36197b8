"""The worker's end of the wire: reads requests, runs them in turn, ends each exactly once.

Three threads. The reader answers `hello`, `ping`, `job.cancel` and `shutdown` itself and so
stays free whatever runs; jobs run one after the other on the main thread (there is one
device); what a panel waits for (lists, pictures) runs on a third, beside a job.

Libraries print, and start children that read. The pipes are ours alone: whatever else
writes to stdout reaches stderr, whatever else reads stdin finds the null device. When stdin
ends, the host is gone and so is the worker, at once, in mid-job too.
"""

from __future__ import annotations

import faulthandler
import importlib.metadata
import logging
import os
import platform
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import IO, Any, NoReturn

import answerprint
from answerprint.errors import (
    AnswerprintError,
    BadParameter,
    Cancelled,
    HostRefused,
    InternalError,
    OutOfMemory,
)
from answerprint.events import Events
from answerprint.tools import TOOLS
from answerprint_bridge import messages
from answerprint_bridge.pipes import own_pipes

Handler = Callable[[dict[str, Any], Events], Any]
"""(params, events) -> result, plain JSON. Raises AnswerprintError for what a user can act on."""

IDLE_SECONDS = 0.5  # without a request, after which a worker warms up
JOBS = frozenset(
    {
        "job.run",
        "edit.check",
        "show.add",
        "show.gaps",
        "review.movie",
        "model.ensure",
        "model.unload",
    }
)
PROGRESS_SECONDS = 0.06  # between two messages: under 20/s, the last one before the end included

log = logging.getLogger("answerprint")


def serve(handlers: Mapping[str, Handler], warm: Callable[[], object] | None = None) -> NoReturn:
    """Answer requests until stdin ends or `shutdown` is asked; does not return.

    handlers   what is offered beside `hello`, `ping`, `job.cancel` and `shutdown`. Methods
               of JOBS run one at a time on the calling thread, others one at a time beside.
    warm       called once beside, when a host that said hello has asked for nothing for a
               moment: loads what the first job would wait for.

    `hello` tells the version of torch from its package without loading it. Its `devices` is
    None: finding them costs that load, so whoever needs them asks `device.list`.
    """
    faulthandler.enable(sys.stderr, all_threads=False)  # the host shows the last lines
    source, sink = own_pipes()
    server = _Server(handlers, sink)
    desk = threading.Thread(target=server.work, args=(server.desk,), daemon=True)
    desk.start()
    threading.Thread(target=server.read, args=(source,), daemon=True).start()
    if warm:
        threading.Thread(target=server.idle, args=(warm,), daemon=True).start()
    server.work(server.jobs)
    desk.join()
    server.leave()


class _Request(Events):
    """One open request: what its handler may tell and ask, and its one end."""

    def __init__(self, server: _Server, number: int | str, method: str, params: Any) -> None:
        self.id, self.method, self.params = number, method, params
        self._server = server
        self._lock = threading.Lock()
        self._stop, self._over = threading.Event(), threading.Event()
        self._started = False
        self._asking = threading.Lock()  # one question to the host at a time
        self._replies: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._latest: bytes | None = None  # progress not sent yet
        self._ticker: threading.Thread | None = None
        self._stage: tuple[str, float, int] = ("", 0.0, 0)  # name, since when, done then

    # Events

    def progress(self, stage: str, done: int, total: int, message: str = "") -> None:
        told: dict[str, Any] = {"job": self.id, "stage": stage, "done": done, "total": total}
        told["message"] = message
        with self._lock:
            told["eta_s"] = self._time_left(stage, done, total)
            self._latest = messages.encode({"method": "job.progress", "params": told})
            if self._ticker is None:
                self._ticker = threading.Thread(target=self._tick, daemon=True)
                self._ticker.start()

    def preview(self, frame: int, path: str) -> None:
        self._tell("job.preview", {"job": self.id, "frame": frame, "path": path})

    def log(self, level: str, message: str) -> None:
        self._tell("job.log", {"job": self.id, "level": level, "message": message})

    def cancelled(self) -> bool:
        return self._stop.is_set()

    def ask_host(self, method: str, params: dict[str, Any]) -> Any:
        with self._asking:
            self.check()
            self._server.ask(self, method, params)
            reply = self._replies.get()
        if reply is None:
            raise Cancelled()
        if "error" in reply:
            raise _refusal(method, reply["error"])
        return reply.get("result")

    def _time_left(self, stage: str, done: int, total: int) -> float | None:
        """Seconds, from the pace since this stage began; None before there is one."""
        now = time.monotonic()
        if stage != self._stage[0] or done < self._stage[2]:
            self._stage = (stage, now, done)
        _, since, before = self._stage
        if done <= before:
            return None
        return round((now - since) / (done - before) * max(0, total - done), 1)

    def _tick(self) -> None:
        while not self._over.wait(PROGRESS_SECONDS):
            with self._lock:
                self._send_latest()

    def _send_latest(self) -> None:
        if self._latest and not self._over.is_set():
            self._server.send(self._latest)
        self._latest = None

    def _tell(self, method: str, params: dict[str, Any]) -> None:
        line = messages.encode({"method": method, "params": params})
        with self._lock:
            if not self._over.is_set():
                self._server.send(line)

    # The server's side

    def start(self) -> bool:
        """False where it was cancelled while it waited its turn."""
        with self._lock:
            self._started = not self._over.is_set()
            return self._started

    def cancel(self) -> None:
        """Ends it now if its turn has not come, else tells the handler."""
        self._stop.set()
        self._replies.put(None)
        with self._lock:
            waiting = not self._started
        if waiting:
            self.end({"error": _error(Cancelled())})

    def hear(self, reply: dict[str, Any]) -> None:
        self._replies.put(reply)

    def end(self, answer: dict[str, Any]) -> None:
        """Send its result or error, the first time; later ends are too late."""
        line = _fitting(self.id, answer)
        with self._lock:
            if self._over.is_set():
                return
            self._send_latest()
            self._over.set()
            self._server.forget(self)
            self._server.send(line)


class _Server:
    def __init__(self, handlers: Mapping[str, Handler], sink: IO[bytes]) -> None:
        self.jobs: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self.desk: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._handlers, self._sink = handlers, sink
        self._writing = threading.Lock()
        self._open: dict[int | str, _Request] = {}
        self._asked: dict[str, _Request] = {}  # what the host was asked, and for whom
        self._asks = 0
        self._greeted, self._heard = threading.Event(), time.monotonic()
        self._leaving: int | str | None = None  # the id of `shutdown`

    def send(self, line: bytes) -> None:
        try:
            with self._writing:
                self._sink.write(line)
                self._sink.flush()
        except OSError:
            os._exit(0)  # nobody listens any more: as if stdin had ended

    # Requests in

    def read(self, source: IO[bytes]) -> NoReturn:
        try:
            while line := source.readline(messages.LINE_LIMIT + 1):
                while not line.endswith(b"\n") and (rest := source.readline(messages.LINE_LIMIT)):
                    line = line[: messages.LINE_LIMIT] + rest[-1:]  # too long: only to its end
                if line.endswith(b"\n"):
                    self._line(line)
        except Exception:
            log.exception("The wire's reader failed; a worker that hears nothing must end.")
            os._exit(4)
        os._exit(0)

    def _line(self, line: bytes) -> None:
        try:
            message = messages.decode(line)
        except ValueError as why:
            return self._answer(None, messages.PARSE_ERROR, f"A message cannot be read: {why}.")
        if "method" not in message:
            return self._replied(message)
        if "id" not in message:
            return self._notified(message)
        self._heard = time.monotonic()
        number, method, params = message["id"], message["method"], message.get("params", {})
        named = type(number) is int or (isinstance(number, str) and len(number) < 100)
        if not named or number in self._open or not isinstance(method, str):
            text = f"Request {number!r:.80} needs a method and an id that is short and not in use."
            return self._answer(None, messages.INVALID_REQUEST, text)
        if not isinstance(params, dict):
            text = f"The params of '{method}' are not an object."
            return self._answer(number, BadParameter.code, text)
        return self._requested(number, method, params)

    def _requested(self, number: int | str, method: str, params: dict[str, Any]) -> None:
        if method == "hello":
            return self._hello(number, params)
        if method == "ping":
            return self.send(_fitting(number, {"result": params}))
        if method == "job.cancel":
            self._cancel(params)
            return self.send(_fitting(number, {"result": None}))
        if not self._greeted.is_set():
            return self._answer(
                number, messages.INVALID_REQUEST, f"'{method}' came before 'hello'."
            )
        if self._leaving is not None:
            text = f"'{method}' came after 'shutdown'."
            return self._answer(number, messages.INVALID_REQUEST, text)
        if method == "shutdown":
            return self._shutdown(number)
        if method not in self._handlers:
            text = f"The worker does not offer '{method:.80}'."
            return self._answer(number, messages.UNKNOWN_METHOD, text)
        request = self._open[number] = _Request(self, number, method, params)
        (self.jobs if method in JOBS else self.desk).put(request)
        return None

    def _notified(self, message: dict[str, Any]) -> None:
        params = message.get("params")
        if message["method"] == "job.cancel" and isinstance(params, dict):
            self._cancel(params)
        else:
            log.warning("The host told '%.80s', which the worker does not know.", message["method"])

    def _cancel(self, params: dict[str, Any]) -> None:
        job = params.get("job")
        request = self._open.get(job) if isinstance(job, int | str) else None
        if request:  # else it ended while the cancel was under way
            request.cancel()

    def _hello(self, number: int | str, params: dict[str, Any]) -> None:
        try:
            spoken = messages.agree(params.get("protocol"))
        except messages.WireError as skew:
            return self.send(_fitting(number, {"error": skew.wire()}))
        except ValueError as why:
            return self._answer(number, BadParameter.code, f"hello: {why}.")
        self._greeted.set()
        hello = {
            "protocol": spoken,
            "suite": answerprint.__version__,
            "pid": os.getpid(),
            "python": platform.python_version(),
            "torch": _torch_version(),
            "devices": None,
            "tools": list(TOOLS),
            "limits": {"line": messages.LINE_LIMIT, "jobs": 1},
        }
        return self.send(_fitting(number, {"result": hello}))

    def _answer(self, number: int | str | None, code: int, title: str) -> None:
        hint = "Use the host's files and the worker of one Answerprint: run install.py repair."
        error = messages.WireError(code, title, hint)
        self.send(_fitting(number, {"error": error.wire()}))

    # Requests run

    def work(self, lane: queue.SimpleQueue[_Request | None]) -> None:
        """Run what is put into `lane`, one after the other, up to None."""
        while (request := lane.get()) is not None:
            if request.start():
                request.end(self._outcome(request))

    def _outcome(self, request: _Request) -> dict[str, Any]:
        try:
            return {"result": self._handlers[request.method](request.params, request)}
        except AnswerprintError as known:
            if isinstance(known, InternalError):
                log.exception("'%s' failed.", request.method)
            return {"error": _error(known)}
        except (Exception, SystemExit) as fault:
            log.exception("'%s' failed.", request.method)
            return {"error": _error(_named(request.method, fault))}

    def idle(self, warm: Callable[[], object]) -> None:
        """Wait for a greeted host that wants nothing, then warm up. A fault there is the job's."""
        self._greeted.wait()
        while (left := 0.1 if self._open else self._heard + IDLE_SECONDS - time.monotonic()) > 0:
            time.sleep(left)
        try:
            warm()
        except Exception:
            log.exception("The worker could not warm up; the first job will say why.")

    def forget(self, request: _Request) -> None:
        self._open.pop(request.id, None)

    # Requests out

    def ask(self, request: _Request, method: str, params: dict[str, Any]) -> None:
        self._asks += 1
        number = f"h{self._asks}"
        asked = {"id": number, "method": method, "job": request.id, "params": params}
        line = messages.encode(asked)
        self._asked[number] = request
        self.send(line)

    def _replied(self, message: dict[str, Any]) -> None:
        number = message.get("id")
        request = self._asked.pop(number, None) if isinstance(number, str) else None
        if request:
            request.hear(message)
        else:
            log.warning("The host answered %.80r, which nobody asked.", number)

    # The end

    def _shutdown(self, number: int | str) -> None:
        self._leaving = number
        for request in reversed(list(self._open.values())):  # what waits must not start meanwhile
            request.cancel()
        self.jobs.put(None)
        self.desk.put(None)

    def leave(self) -> NoReturn:
        """Say goodbye, once both lanes are done."""
        assert self._leaving is not None
        self.send(_fitting(self._leaving, {"result": None}))
        os._exit(0)


def _fitting(number: int | str | None, answer: dict[str, Any]) -> bytes:
    """The line of an answer; of an error where the answer itself cannot be sent."""
    try:
        return messages.encode({"id": number, **answer})
    except (TypeError, ValueError, RecursionError) as why:
        log.exception("The answer to request %r cannot be sent.", number)
        return messages.encode({"id": number, "error": _error(_named("sending the answer", why))})


def _error(error: AnswerprintError) -> dict[str, Any]:
    return {"code": error.code, "message": error.title, "data": error.data()}


def _named(what: str, fault: BaseException) -> AnswerprintError:
    """Any exception as one of ours; torch's are known by name, for it may not be loaded."""
    cause = f"{type(fault).__name__}: {fault}"[:4000]
    names = {each.__name__ for each in type(fault).__mro__}
    if names & {"MemoryError", "OutOfMemoryError"}:
        hint = "Close other programs that use the device, or run this on the CPU."
        return OutOfMemory(f"There was not enough memory for '{what}'.", hint, cause)
    hint = "This is our fault; the worker's log has the details."
    return InternalError(f"'{what}' failed inside Answerprint.", hint, cause)


def _refusal(method: str, error: Any) -> AnswerprintError:
    """The host's no, in its own words; its cancel is ours too."""
    told = error if isinstance(error, dict) else {}
    texts = told["data"] if isinstance(told.get("data"), dict) else {}
    title = str(texts.get("title") or told.get("message") or f"The host refused '{method}'.")
    kind = Cancelled if told.get("code") == messages.CANCELLED else HostRefused
    return kind(title, str(texts.get("hint", "")), str(texts.get("detail", "")))


def _torch_version() -> str | None:
    try:
        return importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return None
