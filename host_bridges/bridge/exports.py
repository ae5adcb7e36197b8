"""The inputs of a job as files: a host's items are written, what is on disk is used in place."""

from __future__ import annotations

import logging
import os
import re
import shutil
import time
import uuid
from dataclasses import replace
from typing import Any, Union

from . import versions
from .host import ExportSpec, FrameSet, Host, Item
from .messages import HOST_REFUSED, WireError

Input = Union[Item, FrameSet, str]
"""An item of the scene, frames on disk, or one file (a still or a movie)."""
Files = Union[FrameSet, str]

DAY = 24 * 3600
_UNFINISHED = re.compile(r"\..+-[0-9a-f]{32}")  # the name of a folder that a host writes into

log = logging.getLogger("answerprint")


def files(
    host: Host,
    root: str,
    name: str,
    each: Input,
    first: int | None = None,
    last: int | None = None,
    graded: bool = False,
) -> Files:
    """An input as files. `root` takes what a host writes; a file's range goes with the job."""
    if isinstance(each, Item):
        return export(host, root, each.ref, name, first, last, graded)
    if isinstance(each, FrameSet):
        low, high = each.first, each.last
        return replace(
            each, first=low if first is None else first, last=high if last is None else last
        )
    if not os.path.isfile(each):
        hint = "Name a file that is there, or frames with their range."
        raise WireError(versions.BAD_INPUT, f"The {name} {each} is not a file.", hint)
    return os.path.abspath(each)


def export(
    host: Host,
    root: str,
    ref: str,
    name: str,
    first: int | None = None,
    last: int | None = None,
    graded: bool = False,
) -> FrameSet:
    """An item as frames: its own files where it has them, else written under `root`.

    graded   as the host shows it, through its own grade.
    """
    if graded and "export:graded" not in host.capabilities():
        title = f"{host.info().name} has no grade of its own to write through."
        raise WireError(HOST_REFUSED, title, "Work on it as it is before grading.")
    place = versions.make(root)
    _sweep(place)
    unfinished = os.path.join(place, f".{name}-{uuid.uuid4().hex}")
    try:
        os.mkdir(unfinished)
    except OSError as why:
        raise versions.unwritable(place, why) from why
    try:
        spec = ExportSpec(unfinished, name, first, last, graded=graded)
        with host.progress(f"Writing the {name}") as progress:
            frames = host.export_frames(ref, spec, progress)
        if os.path.dirname(frames.pattern) != unfinished:
            return frames
        return versions.keep(frames, os.path.join(place, name))
    finally:
        if os.path.isdir(unfinished):
            shutil.rmtree(unfinished)


def _sweep(place: str) -> None:
    """Remove what hosts that were killed left unfinished: nothing was added to it for a day."""
    for name in os.listdir(place):
        old = os.path.join(place, name)
        try:
            left = _UNFINISHED.fullmatch(name) and os.path.isdir(old)
            if left and time.time() - os.stat(old).st_mtime > DAY:
                shutil.rmtree(old)
        except FileNotFoundError:
            continue  # another session was faster
        except OSError as why:
            log.warning("%s was left by a host that ended, and cannot be removed: %s", old, why)


def identity(each: Files) -> Any:
    """What tells an input from another one, without reading files that are used in place."""
    if isinstance(each, str):
        return [each, versions.stamp(each)]
    stamps = [] if each.digest else [versions.stamp(each.path(n)) for n in each.numbers]
    return [each.wire(), each.digest, stamps]
