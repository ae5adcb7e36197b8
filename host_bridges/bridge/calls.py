"""The requests that a host has open, up to the one end of each.

Standard library only, Python 3.8 and up.
"""

from __future__ import annotations

import collections
import functools
import json
import math
import time
from typing import TYPE_CHECKING, Any, Callable

from .messages import Message, WireError

if TYPE_CHECKING:
    from .wire import Worker


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


class Calls:
    """Open requests by number, and what is due to be told of them, on the host's thread.

    last   number of the newest request.
    """

    def __init__(self) -> None:
        self.open: dict[int, Call] = {}
        self.due: collections.deque[Callable[[], object]] = collections.deque()
        self.last = 0

    def new(self, worker: Worker, method: str, timeout: float | None) -> Call:
        """A request with a number of its own; `open` has it from the day it is put there."""
        self.last += 1
        return Call(worker, self.last, method, timeout)

    def soonest(self) -> float:
        """When the next one has to be looked at, by the monotonic clock."""
        return min((min(c.deadline, c.force_at) for c in self.open.values()), default=math.inf)

    def heard(self, message: Message) -> None:
        """A notification of a job: its listener is due."""
        params = message.get("params")
        if not isinstance(params, dict) or not isinstance(params.get("job"), int):
            return  # a newer worker may tell what we do not know
        call = self.open.get(params["job"])
        if call and message["method"] in call.listeners:
            self.due.append(functools.partial(call.listeners[message["method"]], params))

    def replied(self, message: Message) -> str:
        """End the request that a message answers; what is wrong with the message, or ''."""
        number, error = message.get("id"), message.get("error")
        if type(number) is not int or not 0 < number <= self.last:
            said = json.dumps(message)[:300]
            return f"It answered request {number!r:.80}, which nobody made: {said}"
        call = self.open.get(number)
        if call is None:
            return ""  # late: the call timed out, or was answered before
        if "result" in message and error is None:
            self.end(call, message["result"])
        elif isinstance(error, dict) and type(error.get("code")) is int:
            self.end(call, error=WireError.read(error))
        else:
            return f"Its answer to request {number} is neither result nor error."
        return ""

    def end(self, call: Call, result: Any = None, error: WireError | None = None) -> None:
        del self.open[call.id]
        call.ended, call.result, call.error = True, result, error
        if call.on_done:
            self.due.append(functools.partial(call.on_done, call))

    def end_all(self, error: WireError) -> None:
        for call in list(self.open.values()):
            self.end(call, error=error)

    def run_due(self) -> None:
        while self.due:
            self.due.popleft()()
