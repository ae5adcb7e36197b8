"""Where this machine keeps what can be made again: locks, and pictures for panels."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from answerprint.errors import CannotWrite


def cache_folder(name: str) -> Path:
    """The folder `name` of the user's cache, made if need be, open to the user only.

    `$ANSWERPRINT_CACHE`, else the platform's place: `$XDG_CACHE_HOME` or `~/.cache`,
    `~/Library/Caches`, `%LOCALAPPDATA%`. Raises CannotWrite where it cannot be made.
    """
    folder = _root() / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as why:
        raise CannotWrite(
            f"The cache folder {folder} cannot be made.",
            "Set ANSWERPRINT_CACHE to a folder on a local disk that you can write to.",
            str(why),
        ) from why
    return folder


def _root() -> Path:
    if chosen := os.environ.get("ANSWERPRINT_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        return (
            Path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local").expanduser() / "Answerprint"
        )
    if sys.platform == "darwin":
        return Path("~/Library/Caches/answerprint").expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "answerprint"
