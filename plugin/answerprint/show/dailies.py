"""Which clips lie below a folder, what tells that they changed, and what the logs beside them say.

A clip is a movie, a sequence as its pattern, or a picture alone. Hidden folders, results
(`answerprint`) and shows are not walked into; links to folders are not followed.

Convention
    path     absolute: of the movie, or of the sequence as its pattern.
    stamp    of every file's size and time: it changes when a file does, and stays where files are
             moved or renamed.
    said     what file and log say of camera and lens, by FACTS: make, model, serial, lens,
             focal_length (mm), iris (f or T), iso, shutter (as it is said), camera, scene, take,
             reel, cdl {slope, offset, power, saturation}, colourspace where somebody named it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import av
import opentimelineio as otio

from answerprint.edit.cdls import cdl_on
from answerprint.edit.media import Media, name_of
from answerprint.edit.parse import parse
from answerprint.errors import BadInput
from answerprint.frames.clip import Clip
from answerprint.frames.decoder import CAMERA_RAW
from answerprint.frames.movie import SUFFIXES as MOVIES
from answerprint.frames.sequence import Found, find, sequences
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
    if not _is_text(path, found):
        return
    try:
        there = os.stat(path)
    except OSError as why:
        found.refused[path] = f"{path} cannot be read: {why.strerror}. Check its path."
        return
    files = [(0, there.st_size, there.st_mtime_ns)]
    name = os.path.splitext(os.path.basename(path))[0]
    found.clips[path] = Daily(path, name, "movie", _digest(files), there.st_size)


def _sequence(each: Found, found: Walk) -> None:
    path, files = os.path.join(each.folder, each.pattern), []
    if not _is_text(path, found):
        return
    try:
        for number in each.numbers:
            there = os.stat(each.path(number))
            files.append((number, there.st_size, there.st_mtime_ns))
    except OSError as why:
        found.refused[path] = f"{why.filename} cannot be read: {why.strerror}."
        return
    size = sum(file[1] for file in files)
    found.clips[path] = Daily(path, each.name, "stills", _digest(files), size)


def _is_text(path: str, found: Walk) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        plain = path.encode("utf-8", "backslashreplace").decode()
        found.refused[plain] = f"{plain} has a name that is not UTF-8. Rename it."
        return False
    return True


def _digest(files: list[tuple[int, int, int]]) -> str:
    return hashlib.sha256(repr(files).encode()).hexdigest()[:40]


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


@dataclass(frozen=True)
class Line:
    """A clip of a log: names it may have, its reel, the counts of its timecode, and FACTS."""

    names: frozenset[str]
    reel: str
    first: int
    end: int
    said: Said


@dataclass
class Logs:
    """Camera reports (ALE). `wrong`: files that cannot be read as such, and why."""

    lines: list[Line] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)

    def read(self, path: str) -> None:
        try:
            document = parse(path)
        except BadInput as why:
            self.wrong[path] = str(why)
            return
        self.lines += [_line(clip) for clip in document.timeline.find_clips()]

    def of(self, path: str, media: Media) -> Said:
        """What they say of a clip: by its file's name, else by reel and timecode.

        Lines that contradict each other say nothing of what they disagree on.
        """
        wanted = _names([os.path.basename(path)])
        found = [line for line in self.lines if wanted & line.names]
        if not found and media.reel and media.start is not None:
            reel = media.reel.casefold()
            found = [
                line
                for line in self.lines
                if line.reel == reel and line.first <= media.start < line.end
            ]
        told = Said()
        for fact in dict.fromkeys(fact for line in found for fact in line.said):
            values = [line.said[fact] for line in found if fact in line.said]
            if all(value == values[0] for value in values):
                told[fact] = values[0]
        return told


def _line(clip: otio.schema.Clip) -> Line:
    columns = {str(k): str(v) for k, v in clip.metadata.get("ALE", {}).items()}
    event = clip.metadata.get("cmx_3600", {})
    said = facts(columns)
    if (cdl := cdl_on(clip)[0]) is not None:
        said["cdl"] = cdl
    start = clip.source_range.start_time.value
    names = _names([clip.name, *map(str, event.get("files", []))])
    end = start + clip.source_range.duration.value
    return Line(names, str(event.get("reel", "")).casefold(), round(start), round(end), said)


def _names(told: Iterable[str]) -> frozenset[str]:
    return frozenset(_spelt(told))


def _spelt(told: Iterable[str]) -> Iterator[str]:
    for name in told:
        last = re.split(r"[\\/]", name)[-1]
        if stem := name_of(last).strip():
            yield stem.casefold()
