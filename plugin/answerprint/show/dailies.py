"""Which clips lie below a folder, what tells that they changed, and what they say of their camera.

A clip is a movie, a sequence as its pattern, or a picture alone. Hidden folders, results
(`answerprint`) and shows are not walked into; links to folders are not followed.

Convention
    path     absolute: of the movie, or of the sequence as its pattern.
    stamp    of the files (`stamp.py`): it changes when one does, and stays where they are moved.
    said     what a file or a report (`reports.py`) says of camera and lens, by FACTS: make, model,
             serial, lens, focal_length (mm), iris (f or T), iso, shutter (as it is said), camera,
             scene, take, reel, cdl {slope, offset, power, saturation}, colourspace where somebody
             named it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import av

from answerprint.errors import BadInput
from answerprint.frames.clip import Clip
from answerprint.frames.decoder import CAMERA_RAW
from answerprint.frames.movie import SUFFIXES as MOVIES
from answerprint.frames.sequence import Found, find, sequences
from answerprint.show import stamp
from answerprint.show.stamp import File
from answerprint.show.store import SEAL

OURS = "answerprint"
"""The folder into which hosts put results, which are no dailies."""
FACTS = {
    "make": ("cameramake", "make", "manufacturer", "cameramanufacturer"),
    "model": ("cameramodel", "model", "cameratype"),
    "serial": ("cameraserialnumber", "cameraserial"),
    "lens": ("lensmodel", "lens", "lenstype", "lensname"),
    "focal_length": ("nominalfocallength", "focallength", "lensfocallength"),
    "iris": ("fnumber", "iris", "aperture", "tstop", "fstop", "lensiris"),
    "iso": ("isospeed", "iso", "ei", "asa", "exposureindex", "photographicsensitivity"),
    "shutter": ("shutterangle", "shutter", "exposuretime"),
    "camera": ("camera", "cameraid", "cameraletter"),
    "scene": ("scene",),
    "take": ("take",),
    "reel": ("reelname", "tape", "reel", "tapeid", "camroll", "cameraroll"),
}
"""Fact -> the last words of names that file formats, makers and logs give it, the best first."""
NUMBERS = ("focal_length", "iris", "iso")
MOST_TEXT = 200
Kind = Literal["movie", "stills"]
Said = dict[str, Any]


@dataclass(frozen=True)
class Daily:
    """A clip that lies there: size is that of its files in bytes, space the colour space that
    somebody named for it. Not opened yet."""

    path: str
    name: str
    kind: Kind
    stamp: str
    size: int
    space: str = ""


@dataclass
class Walk:
    """clips by path; logs: ALE files; refused: what could not be looked into, and why."""

    clips: dict[str, Daily] = field(default_factory=dict)
    logs: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def walk(paths: Iterable[str]) -> Walk:
    """Everything below folders, and single movies and sequences.

    A path that is not there is among the refused, as is a folder that cannot be read.
    """
    found = Walk()
    for path in paths:
        place = os.path.abspath(os.path.expanduser(path))
        if os.path.isdir(place):
            _below(place, found)
        elif _is_movie(place):
            _movie(place, found)
        else:
            try:
                _sequence(find(place), found)
            except BadInput as why:
                found.refused[place] = str(why)
    return found


def named(path: str) -> str:
    """A movie, still or sequence in any of its spellings, as the show names its clip.

    Raises BadInput where a sequence is not there.
    """
    place = os.path.abspath(os.path.expanduser(path))
    if _is_movie(place):
        return place
    found = find(place)
    return os.path.join(found.folder, found.pattern)


def stamp_of(path: str) -> str:
    """The stamp that the files of a clip have now, '' where they are gone."""
    found = walk([path]).clips.get(path)
    return found.stamp if found else ""


def _is_movie(path: str) -> bool:
    return os.path.splitext(path)[1].lower() in (*MOVIES, *CAMERA_RAW)


def _below(folder: str, found: Walk) -> None:
    def refused(why: OSError) -> None:
        found.refused[str(why.filename)] = f"It cannot be read: {why.strerror}."

    for place, inside, names in os.walk(folder, onerror=refused):
        if SEAL in names:
            inside.clear()
            continue
        inside[:] = sorted(each for each in inside if not each.startswith(".") and each != OURS)
        for name in sorted(names):
            path = os.path.join(place, name)
            if name.startswith("."):
                continue
            if _is_movie(name):
                _movie(path, found)
            elif name.lower().endswith(".ale"):
                found.logs.append(path)
        try:
            there = sequences(place)
        except BadInput as why:
            found.refused[place] = str(why)
            continue
        for each in there:
            _sequence(each, found)


def _movie(path: str, found: Walk) -> None:
    name = os.path.splitext(os.path.basename(path))[0]
    _clip(path, name, "movie", [(path, 0)], found)


def _sequence(each: Found, found: Walk) -> None:
    files = [(each.path(number), number) for number in each.numbers]
    _clip(os.path.join(each.folder, each.pattern), each.name, "stills", files, found)


def _clip(path: str, name: str, kind: Kind, files: Sequence[tuple[str, int]], found: Walk) -> None:
    if not _is_text(path, found):
        return
    try:
        there = [File.at(*each) for each in files]
        size = sum(each.size for each in there)
        found.clips[path] = Daily(path, name, kind, stamp.of(there), size)
    except OSError as why:
        wrong = why.filename or path
        found.refused[path] = f"{wrong} cannot be read: {why.strerror}. Check its path."


def _is_text(path: str, found: Walk) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        plain = path.encode("utf-8", "backslashreplace").decode()
        found.refused[plain] = f"{plain} has a name that is not UTF-8. Rename it."
        return False
    return True


# --- what is said of camera and lens -------------------------------------------------------


def said_by(clip: Clip, path: str) -> Said:
    """What the files themselves say of camera and lens."""
    if clip.kind == "stills":
        return facts(clip.parts[0].metadata)
    with av.open(path, metadata_errors="replace") as container:
        tags = dict(container.metadata)
        for stream in container.streams.video:
            tags = {**stream.metadata, **tags}
    return facts(tags)


def facts(told: Mapping[str, Any]) -> Said:
    """The FACTS among attributes, tags or a log's columns, whatever their maker's prefix."""
    bare = dict[str, Any]()
    for name, value in told.items():
        word = re.sub(r"[\W_]", "", re.split(r"[/:.]", name)[-1]).casefold()
        if isinstance(value, str | int | float) and str(value).strip():
            bare.setdefault(word, value)
    found = Said()
    for fact, words in FACTS.items():
        value = next((bare[word] for word in words if word in bare), None)
        if value is not None and (plain := _plain(fact, value)) is not None:
            found[fact] = plain
    return found


def _plain(fact: str, value: Any) -> Any:
    if fact not in NUMBERS:
        text = f"{value:g}" if isinstance(value, float) else str(value)
        return text.strip().encode("utf-8", "replace").decode()[:MOST_TEXT]
    number = re.search(r"\d+(\.\d+)?", str(value))
    return float(f"{float(number[0]):.6g}") if number and float(number[0]) > 0 else None
