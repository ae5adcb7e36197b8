"""Where the media of an event is: what the edit names, else what a folder of media holds.

An edit names files as the machine that made it knew them: as URLs (`file://localhost/D%3a/...`),
bare paths, Windows and network paths, a sequence as one of its frames, as `plate.[1001-1100].exr`
or as OTIO's own reference; an EDL often names a reel and no more. What is not there under its
own path is looked for below the folder of media by name, then told apart by how much of the path
agrees, then by timecode. Where several are left they are said, and none is taken.

A reference that climbs (`../../x.mov`) is followed within the edit's own folder and the folder
of media that was named, and nowhere else: an edit from outside shall not say what is opened here.

Convention
    numbers    the core's: a movie's from its timecode, else from 1001; a sequence's from its
               file names.
    start      the count of the timecode of the first frame, None where the file says none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import opentimelineio as otio

from answerprint.edit.timeline import texts_at
from answerprint.errors import BadInput
from answerprint.frames.clip import Clip, open_clip
from answerprint.frames.decoder import CAMERA_RAW
from answerprint.frames.gradefiles import frames_of
from answerprint.frames.movie import SUFFIXES as MOVIES
from answerprint.frames.sequence import FIRST, find, sequences
from answerprint.frames.still import FORMATS

MOST_FILES = 500_000  # of a folder of media: beyond it somebody named a whole storage

_BRACKETS = re.compile(r"\[(\d+)-(\d+)\]")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_NUMBERED = re.compile(r"(.*?)(\d+)(\.[^.]+)$")


@dataclass(frozen=True)
class Media:
    """An opened file or sequence: what an event needs to know of it."""

    path: str
    kind: str
    first: int
    last: int
    start: int | None
    rate: Fraction | None
    drop: bool
    reel: str
    width: int
    height: int
    pixel_aspect: float
    channels: tuple[str, ...]
    space: str
    named: str = ""  # the space, where somebody named it: the file's own word does not count then


@dataclass(frozen=True)
class Reference:
    """What the edit says of an event's media.

    path     as a path of this machine might be, sequences with %04d; '' where it names none.
    first    the number of its first frame, as the edit says it of a sequence.
    why      why it can never be opened, '' where it can.
    climbs   it has `..` in it, and leads out of the edit's folder.
    """

    path: str = ""
    first: int | None = None
    why: str = ""
    climbs: bool = False


def reference_of(clip: otio.schema.Clip, folder: str) -> Reference:
    """The media that a clip names; relative paths are below `folder`, the edit's own."""
    raw, found = _reference(clip, folder)
    climbs = ".." in re.split(r"[\\/]", unquote(raw)) and not _below(found.path, folder)
    return replace(found, climbs=climbs)


def _below(path: str, folder: str) -> bool:
    return os.path.normpath(path).startswith(os.path.join(os.path.normpath(folder), ""))


def _reference(clip: otio.schema.Clip, folder: str) -> tuple[str, Reference]:
    """The words a clip names its media with, and what they mean."""
    media = clip.media_reference
    if isinstance(media, otio.schema.ImageSequenceReference):
        if media.frame_step != 1:
            why = f"Only one of {media.frame_step} frames of its sequence is there"
            return "", Reference(why=why)
        pad = f"%0{media.frame_zero_padding}d" if media.frame_zero_padding > 1 else "%d"
        base, told = path_of(media.target_url_base or "", folder, is_folder=True)
        name = f"{media.name_prefix}{pad}{media.name_suffix}"
        path = os.path.normpath(os.path.join(base, name))
        return f"{media.target_url_base}/{name}", Reference(path, media.start_frame, told)
    if isinstance(media, otio.schema.ExternalReference) and media.target_url:
        path, told = path_of(media.target_url, folder)
        available = media.available_range
        several = bool(available and available.duration.value > 1)
        return media.target_url, _sequence(path, several, told)
    for name in texts_at(clip.metadata, "cmx_3600", "files"):
        if "/" in name or "\\" in name:
            path, told = path_of(name, folder)
            return name, _sequence(path, clip.trimmed_range().duration.value > 1, told)
    return "", Reference()


def path_of(url: str, folder: str, is_folder: bool = False) -> tuple[str, str]:
    """A reference as a path of this machine, and why it cannot be one ('' where it can)."""
    if _DRIVE.match(url):
        return url.replace("\\", "/"), ""
    if url.startswith("\\\\"):
        return url.replace("\\", "/"), ""
    parts = urlsplit(url) if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://?", url) else None
    if parts is None:
        path = url if os.sep == "\\" else url.replace("\\", "/")
    elif parts.scheme.lower() != "file":
        return "", f"Its media is at {url}, not on a disk"
    else:
        path = unquote(url[len(parts.scheme) + 1 :])  # `#` and `?` are letters of a file's name
        path = re.sub("^//(localhost)?(?=/)", "", path)
        path = path[1:] if re.match(r"/[A-Za-z]:(/|$)", path) else path
    rooted = path.startswith("/") or _DRIVE.match(path)
    if rooted and ".." not in path.split("/"):
        return path, ""
    return os.path.normpath(os.path.join(folder, path)), ""


def _sequence(path: str, several: bool, why: str) -> Reference:
    """A reference to a sequence in any of its spellings; else to the file as it is."""
    folder, name = os.path.split(path)
    if spelt := _BRACKETS.search(name):
        token = f"%0{len(spelt[1])}d" if len(spelt[1]) > 1 else "%d"
        name = name[: spelt.start()] + token + name[spelt.end() :]
        return Reference(os.path.join(folder, name), int(spelt[1]), why)
    still = os.path.splitext(name)[1].lower().lstrip(".") in _STILLS
    if several and still and (numbered := _NUMBERED.fullmatch(name)):
        before, number, after = numbered.groups()
        token = f"%0{len(number)}d" if len(number) > 1 else "%d"
        return Reference(os.path.join(folder, f"{before}{token}{after}"), int(number), why)
    return Reference(path, None, why)


_STILLS = frozenset(each.lower().lstrip(".") for each in FORMATS)


# --- opening -------------------------------------------------------------------------------


@dataclass
class Library:
    """Media that was opened, and the files below a folder by the names an edit may use."""

    folder: str | None = None
    _open: dict[tuple[str, str], Media | BadInput] = field(default_factory=dict)
    _names: dict[str, list[str]] | None = None

    def open(self, path: str, space: str = "") -> Media:
        """The facts of a file or sequence. BadInput where it is not there or cannot be read.

        space   its colour space, where somebody named it.
        """
        asked = path, space
        if asked not in self._open:
            try:
                self._open[asked] = _opened(path, space, _stamp(path))
            except BadInput as refused:
                self._open[asked] = refused
        found = self._open[asked]
        if isinstance(found, BadInput):
            raise found
        return found

    def holds(self, path: str) -> bool:
        """Whether a path is below the folder that was named."""
        return self.folder is not None and _below(path, self.folder)

    def named(self, path: str, names: Iterable[str], reel: str) -> list[str]:
        """Files of the folder that may be the one named, best kind of evidence only.

        path    as the edit has it. names: of the clip and its files, with or without a suffix.
        """
        if self.folder is None:
            return []
        known = self._index()
        asked = [n for n in (PurePosixPath(path).name, *names) if n]
        for spelt in ([_spelt(n) for n in asked], [_spelt(name_of(n)) for n in asked]):
            if found := {each for name in spelt for each in known.get(name, ())}:
                return _closest(found, path)
        wanted = _bare(reel)
        if len(wanted) < 3 or wanted in ("black", "bars"):
            return []
        begun = [f for n, fs in known.items() if _bare(name_of(n)).startswith(wanted) for f in fs]
        return _closest(set(begun), path)

    def _index(self) -> dict[str, list[str]]:
        """Every media file below the folder, by its name and by its stem, in small letters."""
        if self._names is None:
            self._names = {}
            for path in _files(self.folder or ""):
                name = os.path.basename(path)
                for spelt in {_spelt(name), _spelt(name_of(name))}:
                    self._names.setdefault(spelt, []).append(path)
        return self._names


def _stamp(path: str) -> tuple[int, int]:
    """What changes when a file does, or when files come into or leave a sequence's folder."""
    try:
        there = os.stat(path if os.path.isfile(path) else os.path.dirname(path) or ".")
    except OSError:
        return 0, 0
    return there.st_size, there.st_mtime_ns


@lru_cache(maxsize=4096)
def _opened(path: str, space: str, stamp: tuple[int, int]) -> Media:
    """A movie is read from end to end to be opened: once for each state of its file."""
    with open_clip(path, colourspace=space or None) as clip:
        return facts(path, clip, space)


def facts(path: str, clip: Clip, named: str = "") -> Media:
    """What an open clip says of itself; named: its colour space, where somebody named it."""
    part = clip.parts[0]
    there = [n for n in clip.frames if n not in set(clip.missing)]
    said, drop, start = part.metadata, False, None
    if (packed := said.get("smpte:TimeCode")) and clip.rate:
        count, drop = frames_of(int(packed[0]), clip.rate)
        start = count - (there[0] - clip.frames[0])
    if clip.kind == "movie" and clip.frames[0] != FIRST:
        start = clip.frames[0]  # numbered by its timecode
    return Media(
        path=path,
        kind=clip.kind,
        first=clip.frames[0],
        last=clip.frames[-1],
        start=start,
        rate=clip.rate,
        drop=drop,
        reel=str(said.get("reelName") or ""),
        width=part.display.width,
        height=part.display.height,
        pixel_aspect=part.pixel_aspect,
        channels=tuple(part.channels),
        space=clip.space.name,
        named=named,
    )


def exists(path: str) -> bool:
    """Whether a file, or any frame of a sequence, is there."""
    try:
        find(path)
    except BadInput:
        return False
    return True


def _files(folder: str) -> Iterator[str]:
    if not os.path.isdir(folder):
        raise BadInput(f"The folder of media {folder} is not there.", "Name another.")
    seen = 0
    for place, inside, names in os.walk(folder):
        inside[:] = sorted(d for d in inside if not d.startswith(".") and d != "answerprint")
        seen += len(names)
        if seen > MOST_FILES:
            hint = "Name the folder of this cut's media."
            raise BadInput(f"Below {folder} there are more than {MOST_FILES} files.", hint)
        suffixes = {os.path.splitext(n)[1].lower() for n in names}
        for name in sorted(names):
            if os.path.splitext(name)[1].lower() in (*MOVIES, *CAMERA_RAW):
                yield os.path.join(place, name)
        if suffixes & {f".{each}" for each in _STILLS}:
            yield from (os.path.join(place, each.pattern) for each in sequences(place))


def _closest(found: set[str], path: str) -> list[str]:
    """Of several files those whose folders agree furthest with the named one's, from the end."""
    wanted = [_spelt(p) for p in PurePosixPath(path).parts[::-1]]

    def agreeing(each: str) -> int:
        parts = [_spelt(p) for p in PurePosixPath(each.replace(os.sep, "/")).parts[::-1]]
        count = 0
        for one, other in zip(parts[1:], wanted[1:], strict=False):
            if one != other:
                break
            count += 1
        return count

    most = max(map(agreeing, found), default=0)
    return sorted(each for each in found if agreeing(each) == most)


def name_of(name: str) -> str:
    """A name without its suffix and its frame number, as editing systems shorten it."""
    stem, suffix = os.path.splitext(name)
    if suffix.lower().lstrip(".") not in _ENDINGS:
        stem = name
    return re.sub(r"[._-]?(\[\d+-\d+\]|%\d*d|#+)$", "", stem)


_ENDINGS = _STILLS | {each.lstrip(".") for each in (*MOVIES, *CAMERA_RAW)}


def _spelt(name: str) -> str:
    return name.casefold()


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()
