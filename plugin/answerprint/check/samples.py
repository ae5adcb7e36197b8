"""Samples of many shots, on disk: an edit has more of them than memory.

They show the show's material, so the folder is for the user only, and goes when the check ends;
what a killed check left goes with the next one. About 20 MB a shot. Stored as half, as most plates
are; what is larger than a half can be is its largest.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from answerprint.errors import CannotWrite
from answerprint.vision.pairs import Pictures

LARGEST = np.float32(65504)
PREFIX, LEFT_SECONDS = "samples-", 2 * 86400
LOADED = 6
"""Shots whose samples are in memory at a time: 40 MB each."""


class Samples:
    """Use it in a `with` block; its pictures may be asked for from several threads.

    folder   where the temporary one is made, None: the system's, which may lie in memory.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder:
            _sweep(folder)
        try:
            self._folder = tempfile.TemporaryDirectory(prefix=PREFIX, dir=folder)
        except OSError as why:
            hint = "Name another folder for results."
            raise CannotWrite(f"Nothing can be kept in {folder}.", hint, str(why)) from why
        self._loaded: OrderedDict[Path, Pictures] = OrderedDict()
        self._lock = threading.Lock()
        self._count = 0

    def __enter__(self) -> Samples:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, at: TracebackType | None
    ) -> None:
        self._loaded.clear()
        self._folder.cleanup()

    def keep(self, pictures: Pictures) -> Callable[[], Pictures]:
        """Store the samples of a shot; what is returned reads them. Raises CannotWrite."""
        self._count += 1
        path = Path(self._folder.name, f"{self._count}.npz")
        arrays: dict[str, Any] = {}
        for number, (rgb, valid) in pictures.items():
            arrays[f"rgb {number}"] = np.clip(rgb, -LARGEST, LARGEST).astype(np.float16)
            arrays[f"valid {number}"] = np.packbits(valid, axis=1)
        try:
            np.savez(path, **arrays)
        except OSError as why:
            hint = "Make space there, or set TMPDIR to a disk with more."
            raise CannotWrite(f"Samples cannot be kept in {path.parent}.", hint, str(why)) from why
        return lambda: self._read(path)

    def _read(self, path: Path) -> Pictures:
        with self._lock:
            if path in self._loaded:
                self._loaded.move_to_end(path)
                return self._loaded[path]
        with np.load(path) as stored:
            numbers = [int(name[4:]) for name in stored.files if name.startswith("rgb ")]
            pictures = {each: _picture(stored, each) for each in numbers}
        with self._lock:
            self._loaded[path] = pictures
            while len(self._loaded) > LOADED:
                self._loaded.popitem(last=False)
        return pictures


def _sweep(folder: Path) -> None:
    """Remove samples of checks that ended without a chance to."""
    for old in folder.glob(f"{PREFIX}*"):
        try:
            if time.time() - old.stat().st_mtime > LEFT_SECONDS:
                shutil.rmtree(old)
        except FileNotFoundError:
            continue  # another check was faster


def _picture(stored: np.lib.npyio.NpzFile, number: int) -> tuple[np.ndarray, np.ndarray]:
    rgb = stored[f"rgb {number}"].astype(np.float32)
    valid = np.unpackbits(stored[f"valid {number}"], axis=1, count=rgb.shape[1])
    return rgb, valid.astype(bool)
