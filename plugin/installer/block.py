r"""The few lines that Nuke's `init.py` gets, and how they are taken out again.

    # >>> answerprint (managed by install.py; do not edit) >>>
    try:
        nuke.pluginAddPath('.../.nuke/answerprint')
    except Exception as why:
        nuke.tprint('answerprint: %s' % why)
    # <<< answerprint <<<

All else in the file stays, byte for byte: the lines are ASCII, whatever the file's encoding is,
and end as its own lines do.
"""

from __future__ import annotations

import re
import warnings
from pathlib import PurePath

from .words import SetUpError

FIRST = b"# >>> answerprint (managed by install.py; do not edit) >>>"
LAST = b"# <<< answerprint <<<"
BLOCK = re.compile(  # no other first mark inside: what follows half a block is its owner's
    rb"%(first)s\r?\n(?:(?!%(first)s).)*?%(last)s(?:\r?\n|$)"
    % {b"first": re.escape(FIRST), b"last": re.escape(LAST)},
    re.DOTALL,
)


def lines(folder: PurePath) -> str:
    """The block, for a plug-in folder. A path with odd letters is written with escapes."""
    named = ascii(folder.as_posix())
    return (
        f"{FIRST.decode()}\n"
        "try:\n"
        f"    nuke.pluginAddPath({named})\n"
        "except Exception as why:\n"
        "    nuke.tprint('answerprint: %s' % why)\n"
        f"{LAST.decode()}\n"
    )


def found(data: bytes) -> str | None:
    """The block as it stands in a file, with plain line ends; None where there is none."""
    there = BLOCK.search(data)
    return there[0].replace(b"\r\n", b"\n").decode("ascii", "replace") if there else None


def strays(data: bytes) -> bool:
    """Whether marks of ours are there beside the one block: half of one, or a second copy."""
    rest = BLOCK.sub(b"", data, count=1)
    return FIRST in rest or LAST in rest


def half(path: PurePath | str) -> SetUpError:
    return SetUpError(
        f"{path} has half a block of Answerprint's.",
        f"Delete its lines from '{FIRST.decode()}' on, then start install.py again.",
    )


def added(data: bytes, text: str, name: str) -> bytes:
    """The file with the block in it: in its place, else at the end.

    Raises SetUpError where half a block stands there.
    """
    end = b"\r\n" if b"\r\n" in data else b"\n"
    block = text.encode("ascii").replace(b"\n", end)
    there = BLOCK.search(data)
    if there:
        return data[: there.start()] + block + data[there.end() :]
    if strays(data):
        raise half(name)
    return data + (b"" if data.endswith(b"\n") or not data else end) + block


def removed(data: bytes, joined: bool) -> bytes:
    """The file without the block.

    joined   whether the line before the block had no end until the block was added.
    """
    there = BLOCK.search(data)
    if not there:
        return data
    before, after = data[: there.start()], data[there.end() :]
    if joined and not after:
        before = before[: -2 if before.endswith(b"\r\n") else -1]
    return before + after


def fault(data: bytes) -> str:
    """Why Python cannot read a source; '' where it can."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an artist's '\d' is not our concern
            compile(data, "init.py", "exec")
    except (SyntaxError, ValueError) as why:  # ValueError: null bytes
        return str(why)
    return ""
