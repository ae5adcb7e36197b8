"""Cuts are parsed in a process of their own: what a broken or hostile file does, it does there.

The parsers that stand behind OpenTimelineIO walk a document down, and one that is deep enough, or
that holds itself, ends the process without a word. So a child reads the file, walks the cut once
as its caller will, and hands over OpenTimelineIO's own JSON; the caller lives.

Convention
    limits     LONGEST seconds and MOST_MEMORY bytes. Memory is limited where the system can do it
               (Linux; macOS takes the number and mostly ignores it, Windows has no such limit).
    refused    what the file is to blame for comes back as BadInput, in the child's own words. A
               fault of ours is a RuntimeError with the child's traceback.
    media      of an `.otioz` is unpacked by the caller, after the child has refused what must
               not be (`bundle.py`): long work, and none of the parser's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Any, TextIO

import opentimelineio as otio

from answerprint.edit.bundle import stamp_of, unpack
from answerprint.edit.timeline import Document
from answerprint.errors import BadInput

LONGEST = 120.0
MOST_MEMORY = 4 << 30
MOST_TEXT = 512 << 20  # of what the child hands over
_HARM = "It is broken, or made to do harm. Export the cut again, or as an EDL (CMX 3600)."


def read_document(path: str, rate: Fraction | None = None, unpacked: str | None = None) -> Document:
    """The cut that a file holds.

    rate       of an EDL, where its exporter knows it; other formats say it themselves.
    unpacked   the folder that media of an `.otioz` is unpacked into; without it, `answerprint`
               beside the bundle, where the results of its cut go too.

    Raises BadInput naming the file and the export to choose where it cannot be read, CannotWrite
    where a bundle's media cannot be unpacked.
    """
    told = _read(path, str(rate or ""), stamp_of(path))
    document = Document(
        timeline=otio.adapters.read_from_string(told["timeline"], "otio_json"),
        rate=Fraction(told["rate"]),
        drop=told["drop"],
        start=told["start"],
        warnings=tuple(told["warnings"]),
        folder=told["folder"],
    )
    if path.lower().endswith(".otioz"):
        return replace(document, folder=unpack(path, unpacked))
    return document


@lru_cache(maxsize=8)
def _read(path: str, rate: str, stamp: tuple[int, int]) -> dict[str, Any]:
    """What the child says of a file in this state: panels and writers read it again and again."""
    name = os.path.basename(path)
    command = [sys.executable, "-I", "-X", "utf8", "-m", "answerprint.edit.guarded", path, rate]
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows opens one for each child
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=LONGEST,
            creationflags=hidden,
        )
    except subprocess.TimeoutExpired as why:
        raise BadInput(f"{name} cannot be read within {LONGEST:g} seconds.", _HARM) from why
    try:
        told: dict[str, Any] = json.loads(ended.stdout)
    except ValueError as why:
        cause = f"Reading it ended the reader (status {ended.returncode})."
        raise BadInput(f"{name} cannot be read as a cut.", _HARM, cause) from why
    if "refused" in told:
        raise BadInput(*told["refused"])
    if "fault" in told:
        raise RuntimeError(f"Reading {name} failed, which is a fault of ours.\n{told['fault']}")
    return told


# --- the child -----------------------------------------------------------------------------


def main(path: str, rate: str) -> int:
    """Read one cut and tell it to the standard output, which nothing else may write to."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", closefd=True)
    os.dup2(2, 1)
    _limit()
    name = os.path.basename(path)
    try:
        told = _told(path, Fraction(rate) if rate else None)
    except BadInput as refused:
        told = {"refused": [refused.title, refused.hint, refused.detail]}
    except MemoryError:
        most = f"{MOST_MEMORY >> 30} GB of memory"
        told = {"refused": [f"{name} cannot be read within {most}.", _HARM, ""]}
    except Exception:  # noqa: BLE001 - the caller raises it
        told = {"fault": traceback.format_exc()}
    _tell(told, out)
    return 0


def _told(path: str, rate: Fraction | None) -> dict[str, Any]:
    from answerprint.edit.parse import parse  # the caller needs none of the parsers

    document = parse(path, rate)
    text = otio.adapters.write_to_string(document.timeline, "otio_json", indent=-1)
    if len(text) > MOST_TEXT:
        raise BadInput(f"{os.path.basename(path)} holds more than any edit.", _HARM)
    return {
        "timeline": text,
        "rate": str(document.rate),
        "drop": document.drop,
        "start": document.start,
        "warnings": list(document.warnings),
        "folder": document.folder,
    }


def _tell(told: dict[str, Any], out: TextIO) -> None:
    with out:
        json.dump(told, out)


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    for what, most in ((resource.RLIMIT_AS, MOST_MEMORY), (resource.RLIMIT_CPU, int(LONGEST))):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
