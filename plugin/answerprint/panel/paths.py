"""What names of files tell of a shot. Files are never opened here: what is in them is the core's
to say (`clip.describe`)."""

from __future__ import annotations

import os
import re

EDITS = (
    *(".otio", ".otioz", ".otiod", ".edl", ".xml"),
    *(".fcpxml", ".fcpxmld", ".aaf", ".ale"),
)
REFUSED = (".avb", ".drp", ".drt", ".fcpbundle", ".prproj")
"""Edits too; the core says what to export instead."""

_NUMBERED = re.compile(r"(?P<prefix>.*?)(?P<number>\d+)(?P<suffix>\.[^.\d]*)")
_LONE_VERSION = re.compile(r"(^|[._\- ])[vV]$")


def shot_of(path: str) -> str:
    """A dropped or chosen path as a source: one frame of a sequence stands for the sequence."""
    folder, name = os.path.split(path)
    match = _NUMBERED.fullmatch(name)
    if match is None or not os.path.isfile(path) or _LONE_VERSION.search(match["prefix"]):
        return path
    alike = [other for other in _listed(folder) if _same(match, other)]
    return os.path.join(folder, _token(match)) if len(alike) > 1 else path


def is_edit(path: str) -> bool:
    """Whether it is a cut of many shots, which is opened and not worked on."""
    return path.lower().endswith(EDITS + REFUSED)


def pattern_of(path: str) -> str:
    """A source as one pattern: a folder that holds one sequence is that sequence."""
    if not os.path.isdir(path):
        return path
    names = _listed(path)
    matches = [match for match in map(_NUMBERED.fullmatch, names) if match]
    patterns = {_token(match) for match in matches}
    whole = len(patterns) == 1 and len(matches) == len(names)
    return os.path.join(path, patterns.pop()) if whole else path


def shot_name(source: str) -> str:
    """What people call the shot: the folder's name, or the file's before its number."""
    base = os.path.basename(source.rstrip("/\\"))
    if os.path.isdir(source):
        return base
    return re.sub(r"[._\- ]*([\d,x-]*(#+|@+|%\d*d|\$F\d?)|\d+)?\.[^.]*$", "", base) or base


def _same(match: re.Match[str], other: str) -> bool:
    found = _NUMBERED.fullmatch(other)
    return found is not None and _token(found) == _token(match)


def _token(match: re.Match[str]) -> str:
    return f"{match['prefix']}%0{len(match['number'])}d{match['suffix']}"


def _listed(folder: str) -> list[str]:
    if not os.path.isdir(folder or "."):
        return []
    return [name for name in os.listdir(folder or ".") if not name.startswith(".")]
