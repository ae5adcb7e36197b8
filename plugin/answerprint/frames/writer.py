"""Write one EXR, whole or not at all.

A frame is written under a temporary name beside its place, checked, flushed to the disk and
only then renamed: what has the frame's name is complete, at every moment and after any crash.
The temporary file is locked while its writer lives, so that `reclaim` can tell a leftover of
a dead process from the work of a living one, also of another machine on the same share.

Written are scan lines (a tiled source's results too), one picture size, in the parts' own
types and windows. A preview picture in the source's header is left behind: it shows the source.
The same parts, rows and header give the same bytes: nothing of the clock,
the machine or the user goes in.

Half holds at most 65504. Finite values from 65520 on, which would become infinite, are
written as +-65504 and counted; Inf and NaN stay what they are.

Source: overflow limit from IEEE 754 binary16 (round to nearest).
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import OpenImageIO as oiio

from answerprint.errors import BadInput, CannotWrite, InternalError
from answerprint.frames.frame import Part
from answerprint.frames.still import complaint, open_still, shown

try:
    import fcntl
except ImportError:  # Windows: an open file cannot be removed there, which is lock enough
    fcntl = None  # type: ignore[assignment]

LOSSLESS = frozenset(("none", "rle", "zips", "zip", "piz"))
LARGEST_HALF = 65504.0
FIRST_TOO_LARGE = 65520.0  # halfway to the next step: rounds to infinity
OWN = "answerprint:"

_TEMPORARY = re.compile(r"\..+\.tmp-\d+-[0-9a-f]{16}\.exr")


def free_space_check(folder: str, bytes_needed: int) -> None:
    """Raises CannotWrite where the disk of `folder` has less than `bytes_needed` free."""
    with _explained(folder, bytes_needed):
        free = shutil.disk_usage(folder).free
    if free < bytes_needed:
        raise CannotWrite(
            f"{_size(bytes_needed)} are needed in {folder}, {_size(free)} are free.",
            "Free some space, or write to another disk.",
        )


def reclaim(folder: str) -> list[str]:
    """Remove what dead writers left in `folder`; the names removed.

    Files of living writers are locked and stay, whichever machine they run on.
    """
    removed = []
    for entry in sorted(os.listdir(folder)):
        path = os.path.join(folder, entry)
        if _TEMPORARY.fullmatch(entry) and _abandoned(path):
            removed.append(entry)
    return removed


def _abandoned(path: str) -> bool:
    """Whether a temporary file had no living writer; it is then gone."""
    try:
        if fcntl is None:
            os.remove(path)
            return True
        file = os.open(path, os.O_RDWR)
    except (FileNotFoundError, PermissionError):
        return False  # another process was first, or it is somebody else's to remove
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # its writer lives; or the share has no locks, and nobody can know
        os.close(file)
        return False
    try:
        os.remove(path)
        return True
    except (FileNotFoundError, PermissionError):
        return False
    finally:
        os.close(file)


class FrameWriter:
    """Writes `path` part by part, from the top down; use it in a `with` block.

    path      where the frame will be; an existing file is replaced when the new one is whole.
    parts     what to write: channels, types, windows, metadata, compression (lossless ones).
    header    further text attributes of every part. The source's own 'answerprint:' ones are
              left out: they tell of another result.

    Leaving the block finishes the frame; leaving it by an exception removes every trace.
    Afterwards `sha256` is the hash of the file, `bytes` its size, `clamped` the count of half
    values that were too large, and `left_out` names the attributes the file format's library
    cannot write (numbers of double precision, a studio's own types).

    Raises CannotWrite naming the file, and the space needed and free where that is the cause.
    """

    def __init__(self, path: str, parts: Sequence[Part], header: Mapping[str, str]) -> None:
        self.path, self.parts = path, tuple(parts)
        self.clamped, self.bytes, self.sha256 = 0, 0, ""
        self.left_out: tuple[str, ...] = ()
        self._folder = os.path.dirname(path) or "."
        self._specs = [_spec(part, header) for part in self.parts]
        self._needed = sum(spec.image_bytes(True) for spec in self._specs)
        self._part, self._row = -1, 0
        with _explained(path, self._needed):
            self._temporary, self._lock = _claim(self._folder, os.path.basename(path))
        try:
            self._out = _output()
            self._next_part()
        except BaseException:
            self.abort()
            raise

    def put(self, part: int, y0: int, rows: np.ndarray) -> None:
        """The next rows of a part: (n, W, C) float16 or float32, finite or not, unbounded.

        y0 counts from the top of the data window. The array is not written to. Rows that
        leave a gap are our own fault: InternalError.
        """
        wanted = self.parts[self._part]
        if part == self._part + 1 and self._row == wanted.data.height:
            self._next_part()
            wanted = self.parts[part]
        shape = (len(rows), wanted.data.width, len(wanted.channels))
        if (part, y0) != (self._part, self._row) or rows.shape != shape or not len(rows):
            raise InternalError(
                f"{shown(self.path)}: rows {rows.shape} at {y0} of part {part} do not follow "
                f"row {self._row} of part {self._part} with {shape[1]} x {shape[2]} values a row."
            )
        pixels = self._fitting(wanted, rows)
        top = wanted.data.y + y0
        done = self._out.write_scanlines(top, top + len(rows), 0, pixels)
        self._check(done)
        self._row += len(rows)

    def _fitting(self, part: Part, rows: np.ndarray) -> np.ndarray:
        """Rows as they can be stored, with what a half cannot hold held back and counted."""
        if rows.dtype == np.float16:
            return np.ascontiguousarray(rows)
        if part.dtype is np.float16:
            with np.errstate(over="ignore"):
                half = rows.astype(np.float16)
            endless = np.flatnonzero((half.view(np.uint16) & 0x7FFF) == 0x7C00)
            too_large = endless[np.isfinite(rows.reshape(-1)[endless])]
            half.reshape(-1)[too_large] = np.copysign(LARGEST_HALF, rows.reshape(-1)[too_large])
            self.clamped += len(too_large)
            return half
        fitting = np.array(rows, np.float32, order="C")
        for channel in (i for i, kind in enumerate(part.types) if kind == "half"):
            values = fitting[..., channel]
            over = np.isfinite(values) & (np.abs(values) >= FIRST_TOO_LARGE)
            values[over] = np.copysign(LARGEST_HALF, values[over])
            self.clamped += int(over.sum())
        return fitting

    def _next_part(self) -> None:
        self._part, self._row = self._part + 1, 0
        if self._part:
            opened = self._out.open(self._temporary, self._specs[self._part], "AppendSubimage")
        elif len(self._specs) > 1:
            opened = self._out.open(self._temporary, tuple(self._specs))
        else:
            opened = self._out.open(self._temporary, self._specs[0])
        self._check(opened)

    def _check(self, done: bool) -> None:
        words = complaint(self._out, self._temporary)
        if not done or words:
            raise self._unwritten(words)

    def _unwritten(self, words: str) -> CannotWrite:
        words = words.replace(os.path.basename(self._temporary), shown(self.path))
        return _failed(self.path, self._needed, words)

    def finish(self) -> None:
        """Close, check what reached the disk, and give the frame its name."""
        if (self._part, self._row) != (len(self.parts) - 1, self.parts[-1].data.height):
            raise InternalError(
                f"{shown(self.path)} ends early, at row {self._row} of part {self._part}."
            )
        self._check(self._out.close())
        with _explained(self.path, self._needed):
            os.fsync(self._lock)
        self._verify()
        with _explained(self.path, self._needed):
            with open(self._temporary, "rb") as file:
                self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                self.bytes = file.tell()
            if fcntl is None:
                self._let_go()
            os.replace(self._temporary, self.path)
            self._let_go()
            _sync_folder(self._folder)

    def _verify(self) -> None:
        """The library's close() reports success on a full disk: look at the file instead.

        A file that was cut anywhere lacks its last rows or the table that leads to them.
        """
        try:
            with open_still(self._temporary) as back:
                for index, (found, wanted) in enumerate(zip(back.parts, self.parts, strict=True)):
                    same = (set(found.channels), found.data) == (set(wanted.channels), wanted.data)
                    if not same:
                        raise self._unwritten("It reads back differently.")
                    lost = {n for n in wanted.metadata if not n.startswith(OWN)}
                    lost -= found.metadata.keys()
                    self.left_out = tuple(sorted({*self.left_out, *lost}))
                    back.rows(index, 0, 1)
                    back.rows(index, found.data.height - 1, found.data.height)
        except BadInput as cause:
            raise self._unwritten(f"What was written cannot be read: {cause.title}") from cause

    def abort(self) -> None:
        """Remove what was written; a frame of that name from before stays."""
        out = self.__dict__.pop("_out", None)
        if out is not None:
            out.close()
            complaint(out, self._temporary)
        with contextlib.suppress(FileNotFoundError):
            os.remove(self._temporary)
        self._let_go()

    def _let_go(self) -> None:
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)

    def __enter__(self) -> FrameWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self.finish()
        except BaseException:
            self.abort()
            raise
        if kind is not None:
            self.abort()


def _output() -> oiio.ImageOutput:
    made = oiio.ImageOutput.create("openexr")
    if made is None:
        raise InternalError(
            "This OpenImageIO cannot write EXR.", "Run install.py again.", complaint(oiio, "")
        )
    return made


def _claim(folder: str, name: str) -> tuple[str, int]:
    """A new locked file beside the frame's place: its path and descriptor."""
    while True:
        token = f"{os.getpid()}-{secrets.token_hex(8)}"
        path = os.path.join(folder, f".{os.path.splitext(name)[0]}.tmp-{token}.exr")
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        if fcntl is None:
            os.close(file)
            return path, -1
        with contextlib.suppress(OSError):  # a share without locks: reclaim leaves it alone too
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.path.exists(path):  # nobody reclaimed it between the two calls
            return path, file
        os.close(file)


def _sync_folder(folder: str) -> None:
    if os.name == "nt":
        return
    entry = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)


def _spec(part: Part, header: Mapping[str, str]) -> oiio.ImageSpec:
    """A part as OpenImageIO wants it described."""
    if part.compression not in LOSSLESS:
        raise InternalError(f"A result in {part.compression} would lose picture; use 'zips'.")
    data, display = part.data, part.display
    mixed = len(set(part.types)) > 1
    spec = oiio.ImageSpec(
        data.width, data.height, len(part.channels), "float" if mixed else part.types[0]
    )
    spec.channelnames = part.channels
    if mixed:
        spec.channelformats = tuple(oiio.TypeDesc(kind) for kind in part.types)
    spec.x, spec.y = data.x, data.y
    spec.full_x, spec.full_y = display.x, display.y
    spec.full_width, spec.full_height = display.width, display.height
    types = getattr(part.metadata, "types", {})
    for name, value in part.metadata.items():
        if not name.startswith(OWN) and name not in header:
            _set(spec, name, value, types.get(name))
    for name, value in header.items():
        _set(spec, name, value, None)
    if "DateTime" not in part.metadata:
        spec.attribute("DateTime", "")  # else the library writes the time of day
    spec.attribute("compression", part.compression)
    spec.attribute("PixelAspectRatio", float(part.pixel_aspect))
    if part.name:
        spec.attribute("name", part.name)
        spec.attribute("oiio:subimagename", part.name)
    return spec


def _set(spec: oiio.ImageSpec, name: str, value: Any, kind: oiio.TypeDesc | None) -> None:
    if isinstance(value, str):
        spec.attribute(name, value.encode("utf-8", "surrogateescape"))
    else:
        spec.attribute(name, kind or _kind_of(name, value), value)


def _kind_of(name: str, value: Any) -> oiio.TypeDesc:
    """The type of a number, or of a list of one kind, that came without one."""
    several = value if isinstance(value, tuple | list) else (value,)
    for python, kind in ((str, "string"), (int, "int"), ((int, float), "float")):
        if several and all(isinstance(each, python) for each in several):
            return oiio.TypeDesc(kind if several is not value else f"{kind}[{len(value)}]")
    raise InternalError(f"The attribute '{name}' is {value!r}, which an EXR cannot hold.")


@contextlib.contextmanager
def _explained(path: str, needed: int) -> Iterator[None]:
    """An OSError as a sentence with what to do."""
    try:
        yield
    except OSError as cause:
        raise _failed(path, needed, cause.strerror or str(cause), cause.errno) from cause


def _failed(path: str, needed: int, words: str, code: int | None = None) -> CannotWrite:
    folder = os.path.dirname(path) or "."
    name = shown(path)
    if code in (errno.ENOENT, errno.ENOTDIR):
        return CannotWrite(f"{name} cannot be written: there is no folder {folder}.", "Make it.")
    if code in (errno.EACCES, errno.EPERM, errno.EROFS):
        return CannotWrite(
            f"{name} cannot be written: no permission to write in {folder}.",
            "Choose another folder, or have this one opened for you.",
            words,
        )
    if code == errno.ENAMETOOLONG:
        return CannotWrite(f"{name} is too long a name.", "Choose a shorter one.", words)
    free = shutil.disk_usage(folder).free
    room = f"It needs up to {_size(needed)}, {_size(free)} are free."
    if free < needed or code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return CannotWrite(
            f"{name} could not be written: the disk or its quota is full. {room}",
            "Free some space or raise the quota, and run again: finished frames are kept.",
            words,
        )
    return CannotWrite(
        f"{name} could not be written. {room}",
        "Look at the disk and its quota, and run again: finished frames are kept.",
        words,
    )


def _size(count: int) -> str:
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count} bytes"
