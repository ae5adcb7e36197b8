"""Samples of many shots, on disk: an edit has more of them than memory.

They show the show's material, so the folder is for the user only, and goes when the check ends;
what a killed check left goes with the next one. About 20 MB a shot, MOST in all; those of
the shots after that are decoded again whenever they are asked for: slower, and the same. All are
half, as most plates are; what is larger than a half can be is its largest.
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
MOST = 8 << 30
"""Bytes on disk, in some 400 shots."""
LOADED = 6
"""Shots whose samples are in memory at a time: 40 MB each."""


class Samples:
    """Use it in a `with` block; its pictures may be asked for from several threads.

    folder   where the temporary one is made, None: the system's, which may lie in memory.
    asked    is called before pictures are read, and may raise to stop: so a finder that looks at
             many shots can be cancelled.
    """

    def __init__(
        self,
        folder: Path | None = None,
        asked: Callable[[], None] = lambda: None,
        most: int = MOST,
    ) -> None:
        if folder:
            _sweep(folder)
        try:
            self._folder = tempfile.TemporaryDirectory(prefix=PREFIX, dir=folder)
        except OSError as why:
            hint = "Name another folder for results."
            raise CannotWrite(f"Nothing can be kept in {folder}.", hint, str(why)) from why
        self._asked, self._left = asked, most
        self._loaded: OrderedDict[int, Pictures] = OrderedDict()
        self._lock = threading.Lock()
        self._count = 0

    def __enter__(self) -> Samples:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, at: TracebackType | None
    ) -> None:
        self._loaded.clear()
        self._folder.cleanup()

    def keep(self, pictures: Pictures, again: Callable[[], Pictures]) -> Callable[[], Pictures]:
        """Store the samples of a shot; what is returned reads them. Raises CannotWrite.

        again   decodes them anew, for when there is no room.
        """
        self._count += 1
        number = self._count
        if self._left <= 0:
            return lambda: self._read(number, lambda: _as_kept(again()))
        path = Path(self._folder.name, f"{number}.npz")
        arrays: dict[str, Any] = {}
        for frame, (rgb, valid) in pictures.items():
            arrays[f"rgb {frame}"] = _half(rgb)
            arrays[f"valid {frame}"] = np.packbits(valid, axis=1)
        try:
            np.savez(path, **arrays)
        except OSError as why:
            hint = "Make space there, or set TMPDIR to a disk with more."
            raise CannotWrite(f"Samples cannot be kept in {path.parent}.", hint, str(why)) from why
        self._left -= path.stat().st_size
        return lambda: self._read(number, lambda: _stored(path))

    def _read(self, number: int, load: Callable[[], Pictures]) -> Pictures:
        self._asked()
        with self._lock:
            if number in self._loaded:
                self._loaded.move_to_end(number)
                return self._loaded[number]
        pictures = load()
        with self._lock:
            self._loaded[number] = pictures
            while len(self._loaded) > LOADED:
                self._loaded.popitem(last=False)
        return pictures


def _half(rgb: np.ndarray) -> np.ndarray:
    return np.clip(rgb, -LARGEST, LARGEST).astype(np.float16)


def _as_kept(pictures: Pictures) -> Pictures:
    return {n: (_half(rgb).astype(np.float32), valid) for n, (rgb, valid) in pictures.items()}


def _stored(path: Path) -> Pictures:
    with np.load(path) as stored:
        numbers = [int(name[4:]) for name in stored.files if name.startswith("rgb ")]
        return {each: _picture(stored, each) for each in numbers}


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
