"""Where the results of a host's jobs lie: numbered versions that are never written over.

    <project>/answerprint/<shot>/<tool>/v001/     request.json, results.json, and what a run leaves
    <project>/answerprint/<shot>/in/<name>-<digest>/   frames a host wrote for a job

A version belongs to the request it was made for: the tool, its parameters, its inputs as they
were. The same request finds its version again; another one gets the next number. A version
that somebody signed off stays as it is. Frames written by a host lie under a name made from
their contents, so that writing the same frames again changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
import uuid
from dataclasses import replace
from typing import Any, Dict, Mapping

from .messages import WireError
from .scene import FrameSet, SceneContext

CANNOT_WRITE, BAD_INPUT, BAD_PARAMETER = -32005, -32003, -32602
REQUEST, RESULTS, RECIPE = "request.json", "results.json", "recipe.json"
LOOK, LOOK_SECONDS = ".look-", 24 * 3600


def root(template: str, scene: SceneContext, tool: str) -> str:
    """The folder that holds a tool's versions. WireError where the scene has no place for it."""
    if not scene.project:
        hint = "Save it, so that results have a folder beside it."
        raise WireError(BAD_PARAMETER, "The scene is not saved.", hint)
    for word, name in (("shot", scene.shot), ("tool", tool)):
        if not name or name.startswith(".") or any(c in name for c in '/\\:*?"<>|%\0'):
            hint = "Give it a name that can be part of a file's name."
            raise WireError(BAD_PARAMETER, f"The {word} is called '{name}'.", hint)
    places = {"project": scene.project, "shot": scene.shot, "tool": tool, "version": ""}
    return template.format(**places).rstrip("/")


def digest(value: Any) -> str:
    """sha256 of a JSON value, first 32 digits."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def recipe_digest(folder: str) -> str:
    """Of the recipe a run left there. What it notes of frames that were written does not count."""
    recipe = read(folder, RECIPE)
    if recipe is None:
        raise WireError(BAD_INPUT, f"There is no recipe in {folder}.", "Run the tool again.")
    frames = ("write_frames", "name", "frames_sha256")
    return digest({k: v for k, v in recipe.items() if k not in frames})


def contents(frames: FrameSet) -> str:
    """sha256 over the files of a frame set, first 32 digits.

    WireError -32003 naming a frame that is promised and not there.
    """
    total = hashlib.sha256()
    for number in frames.numbers:
        total.update(f"{number}:".encode())
        try:
            with open(frames.path(number), "rb") as file:
                while block := file.read(1 << 20):
                    total.update(block)
        except OSError as why:
            raise WireError(
                BAD_INPUT,
                f"Frame {number} was written as {frames.path(number)} and cannot be read.",
                "Look at the host's own messages, then run again.",
                why.strerror or str(why),
            ) from why
    return total.hexdigest()[:32]


def keep(frames: FrameSet, name: str) -> FrameSet:
    """Move frames to `<name>-<digest of their contents>`, or take those that lie there.

    WireError -32003 naming a frame that is promised and not there.
    """
    before = os.path.dirname(frames.pattern)
    folder = f"{name}-{(frames.digest or contents(frames))[:16]}"
    try:
        os.rename(before, folder)
    except OSError as why:
        if not os.path.isdir(folder):  # else the same frames lie there already
            raise unwritable(os.path.dirname(folder), why) from why
    return replace(frames, pattern=os.path.join(folder, os.path.basename(frames.pattern)))


def stamp(path: str) -> list[int]:
    """Size and time of a file, [] where there is none: told apart without reading it."""
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return []
    return [there.st_size, there.st_mtime_ns]


def make(folder: str) -> str:
    """The folder, made where it is not there. WireError -32005 where it cannot be."""
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as why:
        raise unwritable(folder, why) from why
    return folder


def unwritable(folder: str, why: OSError) -> WireError:
    return WireError(
        CANNOT_WRITE,
        f"Nothing can be written to {folder}.",
        "Save the scene to a folder you may write to, or change where results go.",
        why.strerror or str(why),
    )


def numbered(root: str) -> Dict[int, str]:
    """Number -> folder of every version under `root`, newest first."""
    try:
        names = os.listdir(root)
    except FileNotFoundError:
        return {}
    except OSError as why:
        raise unwritable(root, why) from why
    found = {int(n[1:]): os.path.join(root, n) for n in names if re.fullmatch("v[0-9]{3,}", n)}
    return dict(sorted(found.items(), reverse=True))


def made_for(root: str, request: str) -> list[str]:
    """Folders of the versions of a request, newest first."""
    there = ((folder, read(folder, REQUEST)) for folder in numbered(root).values())
    return [folder for folder, told in there if told and told.get("digest") == request]


def claim(root: str, request: Mapping[str, Any]) -> str:
    """A new version for a request with its digest. Two hosts that ask at once get two."""
    make(root)
    number = max(numbered(root), default=0)
    while True:
        number += 1
        folder = os.path.join(root, f"v{number:03}")
        try:
            os.mkdir(folder)
        except FileExistsError:
            continue
        except OSError as why:
            raise unwritable(root, why) from why
        write(folder, REQUEST, request)
        return folder


def drop_empty(folder: str) -> None:
    """Give the number back where a job ended before it left anything."""
    if os.path.isdir(folder) and os.listdir(folder) == [REQUEST]:
        os.unlink(os.path.join(folder, REQUEST))
        os.rmdir(folder)


def drop_unfinished(folder: str) -> None:
    """Remove a version whose job was cancelled; one with frames stays, for the next run."""
    if os.path.isdir(folder) and not any(name.endswith(".exr") for name in os.listdir(folder)):
        shutil.rmtree(folder)


def look(root: str) -> str:
    """A hidden folder for pictures that are only looked at; what sessions long gone left goes."""
    make(root)
    for name in os.listdir(root):
        old = os.path.join(root, name)
        try:
            if name.startswith(LOOK) and time.time() - os.stat(old).st_mtime > LOOK_SECONDS:
                shutil.rmtree(old)
        except FileNotFoundError:
            continue  # another session was faster
    return make(os.path.join(root, f"{LOOK}{uuid.uuid4().hex}"))


def approved(folder: str) -> bool:
    """Whether somebody signed the version off in its report."""
    report = read(folder, "report.json") or {}
    return bool((report.get("disclosure") or {}).get("signed_off"))


def read(folder: str, name: str) -> Dict[str, Any] | None:
    """A JSON object of a version; None where there is none. WireError where it is damaged."""
    path = os.path.join(folder, name)
    try:
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as why:
        value = why
    if not isinstance(value, dict):
        hint = "Move that version away, or bring the file back from a backup."
        raise WireError(BAD_INPUT, f"{path} cannot be read.", hint, str(value))
    return value


def write(folder: str, name: str, value: Mapping[str, Any]) -> None:
    """Write a JSON object whole or not at all."""
    path = os.path.join(folder, name)
    unfinished = os.path.join(folder, f".{name}.{os.getpid()}")
    try:
        with open(unfinished, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=2, ensure_ascii=False, allow_nan=False)
        os.replace(unfinished, path)
    except OSError as why:
        raise unwritable(folder, why) from why
