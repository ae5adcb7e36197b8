"""Edits that travel with their media: `.otioz` (a zip) and `.otiod` (a folder).

A bundle is looked through whole before anything of it is read, and refused whole for a single
entry that leads out of it, stands twice, or grows beyond what media does. The media of a zip is
unpacked beside it, once, where artists find and delete it like any other; a folder is used as
it is.

Convention
    unpacked   `answerprint/<bundle>/media/` beside the bundle, or below the folder that was named.
               A file that has the size and date of the zip's stays as it is.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from answerprint.edit.bounds import MOST_TEXT
from answerprint.errors import BadInput, CannotWrite

FOLDERS = {".otiod": "content.otio", ".fcpxmld": "Info.fcpxml"}
MOST_ENTRIES = 200_000
MOST_GROWTH = 200  # of an entry, where it is larger than SMALL: pictures hardly shrink
SMALL = 16 << 20
SPARE = 1 << 30  # of the disk stays free
_CONTENT, _MEDIA = "content.otio", "media/"
_FAULTS = (OSError, EOFError, NotImplementedError, ValueError, zipfile.BadZipFile, zlib.error)
_HINT = "It is broken, or made to do harm. Export the cut again, or as plain OTIO (.otio)."


def stamp_of(path: str) -> tuple[int, int]:
    """What changes when a cut does; of a bundle's folder the file that holds the cut counts."""
    inside = FOLDERS.get(os.path.splitext(path)[1].lower())
    try:
        there = os.stat(os.path.join(path, inside) if inside else path)
    except OSError:
        return 0, 0
    return there.st_size, there.st_mtime_ns


def content(path: str, name: str) -> bytes:
    """The text of the edit in a bundle. BadInput where the bundle is not to be opened."""
    try:
        if os.path.isdir(path):
            _check_folder(path, name)
            inside = Path(path, _CONTENT)
            _check_size(inside.stat().st_size, name)
            return inside.read_bytes()
        with zipfile.ZipFile(path) as packed:
            _check_entries(packed.infolist(), name)
            if _CONTENT not in packed.namelist():
                raise BadInput(f"{name} holds no {_CONTENT}.", _HINT)
            _check_size(packed.getinfo(_CONTENT).file_size, name)
            return packed.read(_CONTENT)
    except _FAULTS as why:
        cause = f"{type(why).__name__}: {why}"[:400]
        raise BadInput(f"{name} cannot be read as a cut.", _HINT, cause) from why


def unpack(path: str, folder: str | None = None) -> str:
    """Unpack the media of a zip that `content` was read from; the folder its references start from.

    folder   to put it into; without it, `answerprint/<bundle>` beside the bundle.

    Raises BadInput for a zip that is broken, CannotWrite.
    """
    name = os.path.basename(path)
    beside = Path(path).parent / "answerprint" / Path(path).stem
    place = Path(folder) if folder else beside
    try:
        with zipfile.ZipFile(path) as packed:
            entries = [e for e in packed.infolist() if _is_media(e)]
            missing = [e for e in entries if not _stands(e, place / e.filename)]
            _check_room(missing, place, name)
            for entry in missing:
                _write(packed, entry, place / entry.filename)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as why:
        raise BadInput(f"Media of {name} cannot be unpacked.", _HINT, str(why)[:400]) from why
    except OSError as why:
        hint = "Name another folder for it, or unpack the bundle and open its content.otio."
        cause = why.strerror or str(why)
        raise CannotWrite(f"Media of {name} cannot be unpacked to {place}.", hint, cause) from why
    return str(place)


# --- what is refused -----------------------------------------------------------------------


def _check_size(size: int, name: str) -> None:
    if size > MOST_TEXT:
        raise BadInput(f"{name} holds more than any edit.", _HINT)


def _check_folder(path: str, name: str) -> None:
    """BadInput for a folder that holds links: a bundle is whole where it stands."""
    seen = 0
    for place, folders, files in os.walk(path):
        seen += len(folders) + len(files)
        if seen > MOST_ENTRIES:
            raise BadInput(f"{name} holds more than {MOST_ENTRIES} files.", _HINT)
        for each in (*folders, *files):
            if os.path.islink(os.path.join(place, each)):
                raise BadInput(f"{name} holds a link, '{each}', which no bundle does.", _HINT)


def _check_entries(entries: list[zipfile.ZipInfo], name: str) -> None:
    """BadInput for a zip of which one entry is none of a bundle's."""
    if len(entries) > MOST_ENTRIES:
        raise BadInput(f"{name} holds more than {MOST_ENTRIES} files.", _HINT)
    taken, end = set[str](), 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        shown = f"'{entry.filename[:80]}'"
        if _leads_out(entry.orig_filename):
            raise BadInput(f"{name} holds {shown}, which leads out of it.", _HINT)
        if entry.orig_filename.casefold() in taken:
            raise BadInput(f"{name} holds {shown} twice.", _HINT)
        taken.add(entry.orig_filename.casefold())
        mode = entry.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise BadInput(f"{name} holds {shown}, a link, which no bundle does.", _HINT)
        if entry.flag_bits & 1:
            raise BadInput(f"{name} is locked with a password.", "Pack it without one.")
        grown = entry.file_size > MOST_GROWTH * max(entry.compress_size, 1)
        if (grown and entry.file_size > SMALL) or entry.header_offset < end:
            raise BadInput(f"{name} holds {shown}, which unpacks to more than it is.", _HINT)
        end = entry.header_offset + entry.compress_size


def _leads_out(name: str) -> bool:
    """Whether an entry's name is none below its bundle, on any system."""
    parts = PurePosixPath(name).parts
    odd = not parts or "\\" in name or "\0" in name or ":" in parts[0]
    return odd or parts[0] == "/" or ".." in parts


# --- unpacking -----------------------------------------------------------------------------


def _is_media(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.startswith(_MEDIA) and not entry.is_dir()


def _stands(entry: zipfile.ZipInfo, path: Path) -> bool:
    try:
        there = path.stat()
    except OSError:
        return False
    return there.st_size == entry.file_size and abs(there.st_mtime - _dated(entry)) < 2


def _dated(entry: zipfile.ZipInfo) -> float:
    """When the entry was packed, by this machine's clock: a zip has no zone."""
    try:
        return time.mktime((*entry.date_time, 0, 0, -1))
    except (OverflowError, ValueError):
        return 0.0


def _check_room(entries: list[zipfile.ZipInfo], place: Path, name: str) -> None:
    """CannotWrite where the disk has no room, before the first byte is written."""
    needed = sum(entry.file_size for entry in entries)
    disk = next(each for each in (place, *place.parents) if each.exists())
    if needed and needed + SPARE > (free := shutil.disk_usage(disk).free):
        title = f"{name} unpacks to {needed >> 20} MB, and {disk} has {free >> 20} MB left."
        raise CannotWrite(title, "Make room, or name another folder for its media.")


def _write(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unready = path.with_name(f"{path.name}.part")
    try:
        with packed.open(entry) as source, open(unready, "wb") as made:
            shutil.copyfileobj(source, made, 1 << 20)
        dated = _dated(entry)
        os.utime(unready, (dated, dated))
        os.replace(unready, path)
    finally:
        unready.unlink(missing_ok=True)
