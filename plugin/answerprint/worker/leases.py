"""One job at a time on a device, over all the workers of this user on this machine.

A lease is an operating system's lock on a file, so it ends with the process that holds it,
however that ends. Written here rather than taken from a library: those fall back to a lock
by mere existence where the file system knows none, and that outlives a crash.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from answerprint.errors import BadParameter, CannotWrite
from answerprint.events import Events
from answerprint.worker.cache import cache_folder

POLL_SECONDS = 0.1  # a lock that is waited for in the system cannot be cancelled


@contextmanager
def lease(device: str, events: Events) -> Iterator[None]:
    """Hold `device` ('cuda:0') for the length of the block; 'cpu' needs no lease.

    While another process holds it, progress says 'waiting for cuda:0'. Nobody is first in
    line: who asks at the right moment has it. Raises Cancelled, BadParameter for a device
    that is none, CannotWrite where the cache folder or its file system refuses.
    """
    if device == "cpu":
        yield
        return
    file = _lock_file(device)
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as why:
        raise _no_locks(file, why) from why
    try:
        while not _lock(handle, file):
            events.progress(f"waiting for {device}", 0, 1, "Another job is using it.")
            events.check()
            time.sleep(POLL_SECONDS)
        yield
    finally:
        os.close(handle)  # and with it the lock


def _lock_file(device: str) -> Path:
    """One file per device and machine: a home on the network is shared by many machines.

    `$CUDA_VISIBLE_DEVICES` renumbers what a process sees, so its entry names the device.
    """
    kind, colon, number = device.partition(":")
    if not re.fullmatch(r"[a-z]+(:\d+)?", device):
        raise BadParameter(f"'{device}' is not a device.", "Use cpu, cuda or cuda:0.")
    name = number if colon else "0"
    seen = os.environ.get("CUDA_VISIBLE_DEVICES", "") if kind == "cuda" else ""
    entries = [each.strip() for each in seen.split(",")] if seen else []
    if int(name) < len(entries):
        name = entries[int(name)]
    plain = re.sub(r"[^A-Za-z0-9.-]", "_", f"{kind}-{name}.{platform.node()}")
    return cache_folder("locks") / f"{plain}.lock"


def _no_locks(file: Path, why: OSError) -> CannotWrite:
    return CannotWrite(
        f"{file} cannot be locked, so two jobs could use one device at once.",
        "Set ANSWERPRINT_CACHE to a folder on a local disk that you can write to.",
        str(why),
    )


if sys.platform == "win32":
    import errno
    import msvcrt

    def _lock(handle: int, file: Path) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as why:
            if why.errno in (errno.EACCES, errno.EDEADLK):
                return False  # held elsewhere
            raise _no_locks(file, why) from why
        return True

else:
    import fcntl

    def _lock(handle: int, file: Path) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False  # held elsewhere
        except OSError as why:
            raise _no_locks(file, why) from why
        return True
