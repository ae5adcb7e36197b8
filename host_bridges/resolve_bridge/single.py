"""One panel for one user: a second start of the menu's script finds the first one and ends.

The lock is the system's own, on a file beside the user's settings, so it ends with its process,
however that ends. The file stays, and says which process had the lock last.
"""

from __future__ import annotations

import os
import platform
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from .facts import refused

FAR = 1 << 20  # of the byte that is locked: Windows lets nobody else read such a one


def lock_file(settings: Path) -> Path:
    """Beside the settings, one for each machine: several may share a home."""
    return settings.with_name(f"resolve-{platform.node() or 'here'}.lock")


@contextmanager
def only(path: Path) -> Iterator[None]:
    """WireError -32020 where another process is in here. Where nothing can be locked, that is said
    on Resolve's console and the panel comes up: settings that cannot be kept do not stop it either.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as why:
        _unguarded(path, why)
        yield
        return
    try:
        _take(lock, path)
        yield
    finally:
        os.close(lock)  # which gives it back


def _take(lock: int, path: Path) -> None:
    try:
        _lock(lock)
    except (BlockingIOError, PermissionError) as why:
        other = os.read(lock, 20).decode("ascii", "replace")
        hint = (
            "Its panel stays above Resolve's window. Where there is none, end the process "
            f"{other} and choose Answerprint again."
        )
        raise refused("Answerprint is open already.", hint) from why
    except OSError as why:
        _unguarded(path, why)
        return
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())


def _lock(lock: int) -> None:
    """BlockingIOError or PermissionError where another process has it."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(lock, FAR, os.SEEK_SET)
        try:
            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(lock, 0, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unguarded(path: Path, why: OSError) -> None:
    text = f"{path} cannot be locked ({why}), so a second panel is not kept away."
    print(f"Answerprint: {text}", file=sys.stderr)
