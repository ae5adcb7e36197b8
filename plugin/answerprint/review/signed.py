"""review.json beside a result or a report: what was decided on it, so that folders know it too.

    {"schema": "answerprint.review/1", "decisions": [{"id", "word", "by", "at", "note", ...}, ...]}

The oldest decision first; none that was made is ever taken out. A run does not touch this file, and
it works where there is no show. `spare` keeps a tool off a folder whose result is approved.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from answerprint.errors import BadInput, BadParameter, CannotWrite
from answerprint.frames.text import write_json

FILE, LOCK = "review.json", ".review.lock"
SCHEMA = "answerprint.review/1"
_NAMED = ("id", "of", "word", "by", "at")
PATIENCE = 60
"""Seconds that a reviewer waits for another one."""


def decisions(folder: Path) -> list[dict[str, Any]]:
    """What was decided in a folder, the oldest first. Raises BadInput where it cannot be read."""
    path = folder / FILE
    try:
        told = json.loads(path.read_text("utf-8"))
        if told["schema"] != SCHEMA:
            raise ValueError(f"its schema is {told['schema']!r}")
        rows: list[dict[str, Any]] = told["decisions"]
        if not all(isinstance(each[name], str) for each in rows for name in _NAMED):
            raise ValueError(f"a decision lacks {' or '.join(_NAMED)}")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, ValueError, KeyError, TypeError) as why:
        raise BadInput(
            f"{path} cannot be read: nobody can tell what is approved there.",
            "Bring it back from a backup, or write to another folder.",
            str(why),
            about="out",
        ) from why
    return rows


def add(folder: Path, decision: dict[str, Any]) -> None:
    """One decision more; with `locked`. Raises BadInput, CannotWrite."""
    _write(folder, [*decisions(folder), decision])


@contextmanager
def or_as_before(folder: Path) -> Iterator[None]:
    """What is added inside stands only where nothing inside fails; with `locked`.

    Raises BadInput at once where the file cannot be read.
    """
    before = decisions(folder)
    try:
        yield
    except BaseException:
        if not before:
            (folder / FILE).unlink(missing_ok=True)
        elif decisions(folder) != before:
            _write(folder, before)
        raise


def _write(folder: Path, rows: list[dict[str, Any]]) -> None:
    write_json(folder / FILE, {"schema": SCHEMA, "decisions": rows})


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else decides in the folder meanwhile. Raises CannotWrite."""
    try:
        lock = FileLock(folder / LOCK, timeout=PATIENCE)
        lock.acquire()
    except Timeout as why:
        title = f"Somebody else has been deciding in {folder} for {PATIENCE} seconds."
        raise CannotWrite(title, "Wait for them, or end that process.") from why
    except OSError as why:
        raise CannotWrite(
            f"Nothing can be decided in {folder}: it cannot be written.",
            "Ask for the right to write there.",
            why.strerror or str(why),
        ) from why
    try:
        yield
    finally:
        lock.release()


def approved(folder: Path) -> dict[str, Any] | None:
    """The decision by which the result of a folder is approved, None where it is not."""
    of_results = [each for each in decisions(folder) if each["of"] == "result"]
    if of_results and of_results[-1]["word"] == "approved":
        return of_results[-1]
    return None


def spare(folder: Path) -> None:
    """Raises BadParameter where a run would write over an approved result."""
    if by := approved(folder):
        raise BadParameter(
            f"The result in {folder} is approved, by {by['by']} on {by['at'][:10]}: it is never "
            "written over.",
            f"Reject it first, with the reason (answerprint reject {by['id']} --by NAME --note "
            "TEXT); or choose another folder, for a new version.",
            about="out",
        )
