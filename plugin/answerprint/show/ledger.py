"""What was learned, forgotten and decided, line after line, each bound to the one before.

    {"n": 2, "at": "2026-11-20T10:00:00Z", "what": "learned", ..., "before": "...", "hash": "..."}

A line's hash is the SHA-256 of the line without it, `before` is the hash of the line before. So a
line that is changed, taken out or put in shows. Lines are added and never changed; only those of a
writer that was stopped before its work was done are taken back. They name clips by ids that say
nothing; what they say of frames is keyed with the clip's secret, which goes when the clip is
forgotten: from then on nobody can tell which frames it was.

A line that a killed writer left half is no line, and the next writer takes it away.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from answerprint.errors import BadInput, CannotWrite

FILE = "ledger.jsonl"
FIRST = "0" * 64
"""What the first line calls the hash before it."""
LONGEST = 1 << 20

Line = dict[str, Any]


@dataclass(frozen=True)
class Head:
    """How many lines there are, and the hash of the last."""

    count: int = 0
    hash: str = FIRST


def lines(folder: Path) -> Iterator[Line]:
    """Every line, the oldest first. Raises BadInput at the first that is not what was written."""
    head = Head()
    for number, raw in enumerate(_raw(folder), 1):
        try:
            line = json.loads(raw)
            holds = line["n"] == number and line["before"] == head.hash
            holds = holds and line["hash"] == _hash(line)
        except (ValueError, KeyError, TypeError):
            holds = False
        if not holds:
            raise BadInput(
                f"Line {number} of {folder / FILE} is not as it was written.",
                "Somebody changed the ledger, or the disk did: bring it back from a backup.",
            )
        head = Head(number, line["hash"])
        yield line


def head(folder: Path) -> Head:
    """Of the last whole line, without reading the others. Raises BadInput where it cannot be."""
    try:
        with open(folder / FILE, "rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - LONGEST))
            whole, _, _ = file.read().rpartition(b"\n")
    except FileNotFoundError:
        return Head()
    if not whole:
        return Head()
    try:
        line = json.loads(whole.rpartition(b"\n")[2])
        return Head(int(line["n"]), str(line["hash"]))
    except (ValueError, KeyError, TypeError) as why:
        raise BadInput(
            f"The last line of {folder / FILE} is not as it was written.",
            "Bring the ledger back from a backup.",
            str(why),
        ) from why


def add(folder: Path, told: list[Line]) -> Head:
    """Add lines, each with at least `what`; they are on disk when this returns.

    Call it with the show's lock. Raises CannotWrite; the ledger is then as it was.
    """
    last = head(folder)
    path = folder / FILE
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = ""
    for each in told:
        line = {"n": last.count + 1, "at": now, **each, "before": last.hash}
        line["hash"] = _hash(line)
        last = Head(line["n"], line["hash"])
        text += json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        with open(path, "ab") as file:
            whole = _whole(path)
            try:
                file.truncate(whole)  # what a killed writer left of a line
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.truncate(path, whole)
                raise
    except OSError as why:
        raise CannotWrite(
            f"{path} cannot be written.", "Make space there.", why.strerror or str(why)
        ) from why
    return last


def take_back(folder: Path, last: Head) -> bool:
    """Remove what stands after a line: a writer that was killed wrote it, and did not do it.

    False where that line is not there. Raises BadInput where a line is not as it was written.
    """
    count = sum(1 for _ in lines(folder))
    at, head = 0, Head()
    for raw in _raw(folder):
        if head.count == last.count:
            break
        at, head = at + len(raw), Head(head.count + 1, json.loads(raw)["hash"])
    if head != last:
        return False
    if count > last.count:
        os.truncate(folder / FILE, at)
    return True


def keyed(key: bytes, *told: str) -> str:
    """What may stand in a ledger of a name, a path or a hash: who has no key learns nothing."""
    return hmac.new(key, "\0".join(told).encode("utf-8", "surrogateescape"), "sha256").hexdigest()


def _raw(folder: Path) -> Iterator[bytes]:
    try:
        with open(folder / FILE, "rb") as file:
            yield from (line for line in file if line.endswith(b"\n"))
    except FileNotFoundError:
        return


def _whole(path: Path) -> int:
    """Bytes up to the end of the last whole line."""
    with open(path, "rb") as file:
        end = file.seek(0, os.SEEK_END)
        at = max(0, end - LONGEST)
        file.seek(at)
        return at + file.read().rfind(b"\n") + 1


def _hash(line: Line) -> str:
    told = {key: value for key, value in line.items() if key != "hash"}
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
