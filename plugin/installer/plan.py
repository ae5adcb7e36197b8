"""What an install would do: what should be there, compared with what is there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import block
from .manifest import BLOCK, FILE, Entry, Manifest, sum_at, sum_of
from .words import SetUpError

WRITE, REPLACE, REMOVE, SET_UP = "write", "replace", "remove", "set up"
ADD, RENEW, TAKE_OUT, KEEP = "add lines to", "renew lines in", "take lines out of", "keep"

FOREIGN, CHANGED, HALF, OLDER = "foreign", "changed", "half", "older"
KEPT = {  # why something is kept, as it is shown
    FOREIGN: "not ours",
    CHANGED: "changed",
    HALF: "half of Answerprint's lines",
    OLDER: "changed, of an older version",
}


@dataclass(frozen=True)
class Step:
    """One thing that is done to one path, and why where that is not plain.

    code   of KEEP, in a plan of an install: which of KEPT it is.
    """

    do: str
    path: Path
    host: str
    why: str = ""
    code: str = ""

    def __str__(self) -> str:
        return f"{self.do:18}{self.path}" + (f"  ({self.why})" if self.why else "")


def keep(path: Path, host: str, code: str) -> Step:
    return Step(KEEP, path, host, KEPT[code], code)


@dataclass(frozen=True)
class Wanted:
    """All that should be there: path -> (host, contents), and path -> (host, lines)."""

    files: Mapping[Path, tuple[str, bytes]]
    blocks: Mapping[Path, tuple[str, str]] = field(default_factory=dict)


def compare(wanted: Wanted, there: Manifest, mend: bool = False) -> list[Step]:
    """The steps that make it so; none where all is as wanted.

    mend   what the user changed is replaced. Without, it is a step `keep`, and `refuse` tells.
    """
    return [
        *_files(wanted, there, mend),
        *_blocks(wanted, there, mend),
        *_older(wanted, there),
    ]


def _files(wanted: Wanted, there: Manifest, mend: bool) -> Iterator[Step]:
    for path, (host, data) in wanted.files.items():
        now, entry = sum_at(path), there.entries.get(path)
        if now == sum_of(data):
            continue
        if not now:
            yield Step(WRITE, path, host, "missing" if entry and there.complete else "")
        elif entry and now in (entry.sha256, entry.was):
            yield Step(REPLACE, path, host, "older")
        elif entry and mend and now != "none":
            yield Step(REPLACE, path, host, "changed")
        else:
            yield keep(path, host, CHANGED if entry else FOREIGN)


def _blocks(wanted: Wanted, there: Manifest, mend: bool) -> Iterator[Step]:
    for path, (host, text) in wanted.blocks.items():
        data, entry = content(path), there.entries.get(path)
        now = block.found(data)
        if now == text:
            continue
        if now is None and block.strays(data):
            yield keep(path, host, HALF)
        elif now is None:
            yield Step(ADD, path, host, "missing" if entry and there.complete else "")
        elif mend or not entry or sum_of(now.encode()) in (entry.sha256, entry.was):
            yield Step(RENEW, path, host, "" if entry else "lines of an earlier install")
        else:
            yield keep(path, host, CHANGED)


def _older(wanted: Wanted, there: Manifest) -> Iterator[Step]:
    """What an earlier version wrote and this one does not."""
    for path, entry in there.entries.items():
        if entry.kind not in (FILE, BLOCK) or path in wanted.files or path in wanted.blocks:
            continue
        now = sum_now(path, entry)
        if now and now in (entry.sha256, entry.was):
            do = REMOVE if entry.kind == FILE else TAKE_OUT
            yield Step(do, path, entry.host, "of an older version")
        elif now:
            yield keep(path, entry.host, OLDER)


def content(path: Path) -> bytes:
    """Of a file that may not be there."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def sum_now(path: Path, entry: Entry) -> str:
    """The sum of what is there of a file or a block of ours; '' where nothing is."""
    if entry.kind == FILE:
        return sum_at(path)
    text = block.found(content(path))
    return sum_of(text.encode()) if text else ""


def recorded(wanted: Wanted, there: Manifest) -> dict[Path, Entry]:
    """Manifest entries of all that should be there. While it is made, `was` is what is there."""
    entries = {}
    for path, (host, data) in wanted.files.items():
        entry, new, before = there.entries.get(path), sum_of(data), sum_at(path)
        was = before if entry and before not in ("", new) else ""
        entries[path] = Entry(FILE, host, new, was)
    for path, (host, text) in wanted.blocks.items():
        whole, entry = content(path), there.entries.get(path)
        now = block.found(whole)
        if entry and now is not None:
            made, joined = entry.made, entry.joined
        else:
            made, joined = not path.exists(), bool(whole) and not whole.endswith(b"\n")
        was = sum_of(now.encode()) if now and now != text else ""
        entries[path] = Entry(BLOCK, host, sum_of(text.encode()), was, made, joined)
    return entries


def refuse(steps: list[Step]) -> None:
    """Raises SetUpError where a step would have to overwrite what is the user's, or cannot."""
    for code, title, hint in (
        (
            FOREIGN,
            "These are there already and were not written by Answerprint.",
            "Move them away (or name the --prefix of an earlier install), then start again.",
        ),
        (
            CHANGED,
            "These were changed since Answerprint wrote them.",
            "Copy what you want to keep, then run: install.py repair",
        ),
    ):
        kept = [str(each.path) for each in steps if each.code == code]
        if kept:
            raise SetUpError(title, hint, "\n".join(kept))
    for each in steps:
        if each.code == HALF:
            raise block.half(each.path)
        if each.do in (WRITE, REPLACE, REMOVE, ADD, RENEW, TAKE_OUT):
            _writable(each.path)


def _writable(path: Path) -> None:
    """Raises SetUpError for a file that is kept from being written, or a folder that is."""
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISREG(mode) and not mode & stat.S_IWUSR:
            raise SetUpError(
                f"{path} is read-only.",
                "Somebody protected it: let it be written, or leave this host out (--hosts).",
            )
    except (FileNotFoundError, NotADirectoryError):
        pass  # nothing there to be protected
    folder = next(each for each in path.parents if each.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise SetUpError(
            f"Nothing can be written to {folder}.",
            "Set its permissions right, choose another --prefix, or leave this host out (--hosts).",
        )
