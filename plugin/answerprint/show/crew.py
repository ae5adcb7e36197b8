"""Several processes that learn clips: one core each, and none outlives who started them.

    python -m answerprint.show.crew SHOW      reads jobs from stdin, tells of them on stdout

Lines of JSON both ways: a job {"daily": {...}, "again": ...}; then
{"done": 0.4} while it is measured, and {"outcome": {...}} or {"failed": "why"} at its end; where
the show cannot be written {"refused": {...}}, where it is damaged {"damaged": {...}}. A process
whose stdin ends has lost who started it, and ends at once. One that dies over a clip (a decoder
may) fails that clip and no other.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from answerprint.errors import BadInput, CannotWrite
from answerprint.show.dailies import Daily
from answerprint.show.learn import BUSY, Outcome
from answerprint.show.store import Damaged

MODULE = "answerprint.show.crew"
_Said = queue.SimpleQueue[tuple[Daily, float | Outcome] | Exception]
PAUSE = 0.25
"""Seconds after which a clip that another process was at is asked for again."""
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


class Crew:
    """Use it in a `with` block: at its end no process is left."""

    def __init__(self, folder: Path, workers: int, again: bool) -> None:
        self._folder, self._workers, self._again = folder, workers, again
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock, self._over = threading.Lock(), threading.Event()

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        with self._lock:
            for each in self._running:
                each.kill()

    def learn(self, dailies: Sequence[Daily]) -> Iterator[tuple[Daily, float | Outcome] | None]:
        """Each clip with how far it is (0..1), then with its outcome; None now and then, so that
        whoever waits may look round.

        A clip that another process was at comes when that one is done with it. Raises CannotWrite
        where the show takes nothing more, Damaged.
        """
        asked = deque(dailies)
        said: _Said = queue.SimpleQueue()
        for _ in range(min(self._workers, len(dailies))):
            threading.Thread(target=self._work, args=(asked, said), daemon=True).start()
        left = len(dailies)
        while left:
            try:
                found = said.get(timeout=PAUSE)
            except queue.Empty:
                yield None
                continue
            if isinstance(found, BaseException):
                raise found
            daily, what = found
            if not isinstance(what, float):
                left -= 1
                if "refused" in what:
                    raise CannotWrite(**what["refused"])
                if "damaged" in what:
                    raise Damaged(**what["damaged"])
            yield daily, what

    def _work(self, asked: deque[Daily], said: _Said) -> None:
        """One process after another, as long as there are clips."""
        process: subprocess.Popen[bytes] | None = None
        try:
            while not self._over.is_set():
                try:
                    daily = asked.popleft()
                except IndexError:
                    return
                process = process or self._started()
                if process is None:
                    return
                outcome = self._one(process, daily, said)
                if outcome is None:
                    status, process = self._ended(process), None
                    why = f"Measuring it ended the process ({status}). Get a new copy of it."
                    outcome = {"failed": why}
                if outcome.get("state") == BUSY:
                    asked.append(daily)
                    self._over.wait(PAUSE)
                else:
                    said.put((daily, outcome))
        except Exception as fault:  # noqa: BLE001 - a thread's boundary: who waits is told
            said.put(fault)
        finally:
            if process:
                self._ended(process)

    def _started(self) -> subprocess.Popen[bytes] | None:
        words = [sys.executable, "-P", "-X", "utf8", "-m", MODULE, str(self._folder)]
        alone = {**os.environ, **dict.fromkeys(ONE_THREAD, "1")}
        with self._lock:
            if self._over.is_set():
                return None
            pipe = subprocess.PIPE
            process = subprocess.Popen(words, stdin=pipe, stdout=pipe, env=alone)
            self._running.add(process)
            return process

    def _ended(self, process: subprocess.Popen[bytes]) -> int:
        assert process.stdin
        assert process.stdout
        for each in (process.stdin, process.stdout):
            try:
                each.close()
            except BrokenPipeError:
                continue  # it died before it had read all
        status = process.wait()
        with self._lock:
            self._running.discard(process)
        return status

    def _one(self, process: subprocess.Popen[bytes], daily: Daily, said: _Said) -> Outcome | None:
        """The outcome of a clip, None where the process ended over it."""
        assert process.stdin
        assert process.stdout
        try:
            process.stdin.write(_line({"daily": asdict(daily), "again": self._again}))
            process.stdin.flush()
            for line in process.stdout:
                told = json.loads(line)
                if "done" in told:
                    said.put((daily, float(told["done"])))
                else:
                    found: Outcome = told.get("outcome", told)
                    return found
        except (OSError, ValueError):
            return None
        return None


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told).encode() + b"\n"


# --- in the process ------------------------------------------------------------------------


def serve(folder: str, source: IO[bytes], sink: IO[bytes]) -> None:
    """Learn what stdin asks for, one clip after the other."""
    import cv2

    from answerprint.show.learn import learn
    from answerprint.show.store import open_show

    cv2.setNumThreads(1)
    show = open_show(folder)
    for line in _lines(source):
        job = json.loads(line)
        last = 0.0

        def told(done: float) -> None:
            nonlocal last
            if done - last >= 0.01:
                last = done
                _say(sink, {"done": done})

        try:
            daily = Daily(**job["daily"])
            found = learn(show, daily, told, job["again"])
            _say(sink, {"outcome": found})
        except Damaged as why:
            _say(sink, {"damaged": why.data()})
        except BadInput as why:
            _say(sink, {"failed": str(why)})
        except CannotWrite as why:
            _say(sink, {"refused": why.data()})


def _say(sink: IO[bytes], told: dict[str, Any]) -> None:
    sink.write(_line(told))
    sink.flush()


def _lines(source: IO[bytes]) -> Iterator[bytes]:
    """Lines as they come. Their end, also in the middle of a clip, ends the process."""
    there: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read() -> None:
        for line in source:
            there.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield there.get()


if __name__ == "__main__":
    from answerprint_bridge.pipes import own_pipes

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it says when to stop
    serve(sys.argv[1], *own_pipes())
