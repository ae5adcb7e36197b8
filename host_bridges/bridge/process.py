"""The worker's process as its host sees it: how it is started, its pipes, its end.

Standard library only, Python 3.8 and up.
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from typing import Callable, Sequence

from .messages import LINE_LIMIT, WORKER_DIED, Message, WireError, decode

LAST_WORDS = 2.0  # seconds to end after its output closed, and to read what it left
CORE, PYTHON = "core.json", "ANSWERPRINT_PYTHON"


def core_python(folder: str) -> str:
    """The Python of Answerprint's own environment, for the host's files in `folder`.

    ANSWERPRINT_PYTHON names it, else `core.json` in the folder, which install.py writes.
    WireError with the remedy where there is none.
    """
    path = os.path.join(folder, CORE)
    said_by, python = PYTHON, os.environ.get(PYTHON, "")
    if not python:
        said_by = path
        try:
            with open(path, encoding="utf-8") as file:
                python = json.load(file)["python"]
        except FileNotFoundError as why:
            raise _no_core(f"Nothing says where Answerprint is: there is no {path}.") from why
        except (OSError, ValueError, KeyError, TypeError) as why:
            raise _no_core(f"{path} does not say where Answerprint is.", repr(why)) from why
    if not isinstance(python, str) or not os.path.isfile(python):
        raise _no_core(f"Answerprint is not at '{python}', which {said_by} names.")
    return python


def _no_core(title: str, detail: str = "") -> WireError:
    hint = f"Run install.py install, or set {PYTHON} to the Python of its environment."
    return WireError(WORKER_DIED, title, hint, detail)


def command(python: str) -> list[str]:
    """How the worker is started by the Python of Answerprint's own environment."""
    return [python, "-I", "-u", "-X", "utf8", "-m", "answerprint.worker"]


def environment() -> dict[str, str]:
    """The host's environment without what would bend the worker's Python, Qt or linker."""
    ours = {
        "PYTHONNOUSERSITE": "1",
        "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True",
        "OPENBLAS_NUM_THREADS": "1",  # its threads spin longer than our small matrices take
    }
    host = ("PYTHON", "QT_", "QML2_", "LD_", "DYLD_")
    return {**ours, **{k: v for k, v in os.environ.items() if not k.upper().startswith(host)}}


def exit_text(code: int | None) -> str:
    """How a process ended, for people; None where it would not."""
    if code is None:
        return "it does not end"
    if code >= 0:
        return f"exit code {code}"
    names = {each.value: each.name for each in signal.Signals}
    return f"exit code {code}: {names.get(-code, 'a signal')}"


class Process:
    """A running worker and the four threads that serve its pipes, so that no host ever waits.

    What it says is put as (self, message) into `inbox`; its end as (self, None), last.
    """

    def __init__(
        self, command: Sequence[str], inbox: queue.Queue[tuple[Process, Message | None]]
    ) -> None:
        self.popen = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            close_fds=True,
            start_new_session=True,  # ^C in the host's terminal is not the worker's
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self.fault = ""  # what it did against the protocol
        self.stderr: collections.deque[str] = collections.deque(maxlen=200)
        self.ended = threading.Event()
        self._inbox = inbox
        self._outbox: queue.Queue[bytes | None] = queue.Queue()
        self._readers = [self._thread(self._read), self._thread(self._drain)]
        self._thread(self._write)
        self._watcher = self._thread(self._watch)

    def _thread(self, target: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=target, name="answerprint wire", daemon=True)
        thread.start()
        return thread

    def send(self, line: bytes) -> None:
        self._outbox.put(line)

    def kill(self, fault: str = "") -> None:
        """End it and what it started, at once."""
        self.fault = self.fault or fault
        if not self.ended.is_set():
            self._kill_group()

    def _kill_group(self) -> None:
        if sys.platform != "win32":
            with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody is left
                os.killpg(self.popen.pid, signal.SIGKILL)
        else:
            self.popen.kill()

    def join(self) -> None:
        """Until its last words are read; bounded, for a kernel may keep it in a call."""
        self._watcher.join(5 * LAST_WORDS)

    def _read(self) -> None:
        assert self.popen.stdout
        with self.popen.stdout as lines:
            while True:
                line = lines.readline(LINE_LIMIT + 1)
                if not line.endswith(b"\n") and len(line) <= LINE_LIMIT:
                    break  # its end, perhaps in the middle of a line
                try:
                    self._inbox.put((self, decode(line)))
                except ValueError as why:
                    self.kill(f"It wrote what is no message: {why}.")
                    break
        if not self.ended.wait(LAST_WORDS):
            self.kill("It closed its output and went on.")

    def _drain(self) -> None:
        assert self.popen.stderr
        with self.popen.stderr as lines:
            while True:
                line = lines.readline(4096)
                if not line:
                    return
                self.stderr.append(line.decode("utf-8", "backslashreplace").rstrip())

    def _write(self) -> None:
        assert self.popen.stdin
        # A closed pipe is the worker's end, which `_watch` reports.
        with contextlib.suppress(OSError), self.popen.stdin as pipe:
            for line in iter(self._outbox.get, None):
                pipe.write(line)
                pipe.flush()

    def _watch(self) -> None:
        self.popen.wait()
        self._kill_group()  # a child it left would go on holding the pipes and the device
        self.ended.set()
        self._outbox.put(None)
        for thread in self._readers:
            thread.join(LAST_WORDS)
        self._inbox.put((self, None))
