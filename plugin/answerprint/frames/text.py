"""Text files beside the frames, whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from answerprint.errors import CannotWrite


def write_json(path: Path, value: Any) -> None:
    """A JSON file, whole or not at all.

    Raises CannotWrite where the disk does not take it.
    """
    write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """A text file in UTF-8, whole or not at all. Raises CannotWrite."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
        os.replace(temporary, path)
    except OSError as cause:
        temporary.unlink(missing_ok=True)
        raise CannotWrite(
            f"{path} cannot be written.",
            "Make space or choose another folder with --out.",
            cause.strerror or str(cause),
        ) from cause
