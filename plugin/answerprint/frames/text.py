"""Text files beside the frames, whole or not at all."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import secrets
from pathlib import Path
from typing import Any, BinaryIO

from answerprint.errors import CannotWrite

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def write_json(path: Path, value: Any) -> None:
    """A JSON file, whole or not at all.

    Raises CannotWrite where the disk does not take it.
    """
    write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """A text file in UTF-8, whole or not at all. Raises CannotWrite.

    It is written under a temporary name, locked as long as its writer lives; what a killed
    writer left is removed by the next one, as frames are (`writer.reclaim`).
    """
    try:
        _sweep(path)
        with _claim(path) as file:
            try:
                file.write(text.encode("utf-8", "backslashreplace"))
                file.flush()
                os.fsync(file.fileno())
                if fcntl is None:
                    file.close()  # Windows renames no open file
                os.replace(file.name, path)
            except OSError:
                os.unlink(file.name)
                raise
    except OSError as cause:
        raise CannotWrite(
            f"{path} cannot be written.",
            "Make space or choose another folder.",
            cause.strerror or str(cause),
            about="out",
        ) from cause


def _claim(path: Path) -> BinaryIO:
    """A new file beside `path`, locked."""
    while True:
        file = open(path.with_name(f".{path.name}.tmp-{secrets.token_hex(8)}"), "xb")  # noqa: SIM115
        with contextlib.suppress(OSError):  # a share without locks: it is not swept either
            _lock(file, wait=True)
        if os.path.exists(file.name):  # nobody swept it between the two calls
            return file
        file.close()


def _sweep(path: Path) -> None:
    for left in path.parent.glob(f".{glob.escape(path.name)}.tmp-*"):
        # gone meanwhile, locked by its living writer, or somebody else's to remove
        with contextlib.suppress(OSError), open(left, "r+b") as file:
            _lock(file, wait=False)
            left.unlink()


if fcntl is None:

    def _lock(file: BinaryIO, wait: bool) -> None:
        """Nothing: on Windows an open file cannot be removed, which is lock enough."""

else:

    def _lock(file: BinaryIO, wait: bool) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
