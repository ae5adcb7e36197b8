"""What was read of a file, kept as long as the file stays as it was.

A panel asks for the same frames again at every turn of a knob. A file is taken for the same
by its place, size and time. One that was written just now is read again each time: it might
be written over once more within the same tick of a disk's clock.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

TICK = 3.0
"""Seconds: the coarsest clock of a file system in use (FAT), and some."""
T = TypeVar("T")


class Kept(Generic[T]):
    """Values by file and key, the least recently used dropped beyond `room` of their `cost`."""

    def __init__(self, room: int, cost: Callable[[T], int]) -> None:
        self._room, self._cost, self._taken = room, cost, 0
        self._values: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, path: str, key: Hashable, read: Callable[[], T]) -> T:
        """The value that was read of this file for `key`, or is now. It is not to be changed."""
        try:
            there = os.stat(path)
        except OSError:
            return read()  # which says what is wrong with it
        stamp = (there.st_ino, there.st_size, there.st_mtime_ns)
        whole = (os.path.abspath(path), stamp, key)
        with self._lock:
            if whole in self._values:
                self._values.move_to_end(whole)
                return self._values[whole]
        value = read()
        if time.time() - there.st_mtime > TICK:
            self._keep(whole, value)
        return value

    def _keep(self, whole: Hashable, value: T) -> None:
        with self._lock:
            if whole not in self._values:
                self._taken += self._cost(value)
            self._values[whole] = value
            while self._taken > self._room:
                _, old = self._values.popitem(last=False)
                self._taken -= self._cost(old)
