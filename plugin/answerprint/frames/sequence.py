"""Which files a source names, and which frame number each has.

A source is one of
    plate.%04d.exr  plate.####.exr  plate.@@@@.exr  plate.$F4.exr     a pattern
    plate.1001-1100#.exr                                              a pattern with its range
    plate.1001.exr  still.exr                                         one file
    /shots/sc010                                                      a folder with one sequence

As many `#` or `@` as digits; a single `#` is four. A frame number is the last run of digits
before the suffix, with a minus where a point, underscore or space stands before it (in
'plate-0001.exr' it is a hyphen); digits after a `v` of their own ('plate_v003.exr') are a
version. A file without a number is frame 1001. Only names are looked at, no file is opened,
and only the last part of a path is a pattern: folders may be called '100% #2'.

Ranges are written and counted by fileseq. Its own splitting of names is not used: it takes the
hyphen of 'plate-0001.exr' for a minus, and any `#` further left for the frame number.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import fileseq

from answerprint.errors import BadInput
from answerprint.frames.still import FORMATS, shown
from answerprint.tool import frame_numbers

FIRST = 1001
"""The number of a picture that has none: where film counts from."""

_TOKEN = re.compile(r"(?P<range>(?<![0-9A-Za-z])-?\d[\d,x-]*)?(?P<pad>#+|@+|%\d*d|\$F\d?)(?![#@%])")
_NUMBERED = re.compile(r"(?P<prefix>.*?)(?P<number>\d+)(?P<suffix>\.[^.]*)", re.DOTALL)
_VERSION = re.compile(r"(?:.*[._\- ])?[vV]", re.DOTALL)
_PADDING = fileseq.FileSequence.getPaddingNum
_SIGNED = ("", ".", "_", " ")


@dataclass(frozen=True)
class Found:
    """The frames of one sequence (or one file) that are there.

    folder          where they are.
    prefix, suffix  of every file name; suffix with its dot.
    digits          how many digits a number has at least; 0 where names have no number.
    files           frame number -> file name, ascending.
    asked           the numbers that the source itself names ('1001-1100#'), else None.
    """

    folder: str
    prefix: str
    suffix: str
    digits: int
    files: Mapping[int, str] = field(default_factory=dict)
    asked: tuple[int, ...] | None = None

    @property
    def numbers(self) -> tuple[int, ...]:
        """The frames that are there, ascending."""
        return tuple(self.files)

    @property
    def name(self) -> str:
        """What people call it: 'plate' of 'plate.%04d.exr'."""
        return self.prefix.rstrip("._- #@%") or self.prefix or os.path.basename(self.folder)

    @property
    def pattern(self) -> str:
        """The file names as one, without the folder: 'plate.%04d.exr'."""
        token = f"%0{self.digits}d" if self.digits > 1 else "%d" if self.digits else ""
        return f"{self.prefix}{token}{self.suffix}"

    def path(self, number: int) -> str:
        """The file of a frame, whether it is there or not."""
        name = self.files.get(number)
        if name is None:
            name = f"{self.prefix}{_zeroed(number, self.digits)}{self.suffix}"
        return os.path.join(self.folder, name)

    def missing(self, numbers: Iterable[int]) -> tuple[int, ...]:
        """Those of `numbers` that are not there."""
        return tuple(n for n in numbers if n not in self.files)


def ranges(numbers: Iterable[int]) -> str:
    """Frame numbers as people write them: '1001-1010,1012'."""
    return str(fileseq.framesToFrameRange(numbers)) if (numbers := list(numbers)) else "none"


def find(source: str) -> Found:
    """What `source` names, and the frames of it that are there.

    Raises BadInput where nothing is there, or where a folder holds several sequences.
    """
    source = os.path.expanduser(source)
    if os.path.isdir(source):
        return _in_folder(source)
    folder, name = os.path.split(source)
    if os.path.isfile(source):
        return _one_file(folder, name)
    tokens = list(_TOKEN.finditer(name))
    if tokens:
        return _of_pattern(folder, name, tokens[-1])
    raise BadInput(f"{shown(source)} does not exist.", _neighbours(folder, name))


def _names(folder: str) -> list[str]:
    """File names of a folder. Hidden ones are left out: other programs' and unfinished files."""
    try:
        with os.scandir(folder or ".") as entries:
            return sorted(e.name for e in entries if not e.name.startswith(".") and e.is_file())
    except OSError as cause:
        raise BadInput(
            f"The folder {folder} cannot be read.",
            "Check the path and your permission.",
            cause.strerror or "",
        ) from cause


def _split(name: str) -> tuple[str, str, str]:
    """Prefix, number ('' if none) and suffix of a file name."""
    stem, suffix = os.path.splitext(name)
    match = _NUMBERED.fullmatch(name)
    if match is None or match["suffix"] != suffix or _VERSION.fullmatch(match["prefix"]):
        return stem, "", suffix
    prefix, number = match["prefix"], match["number"]
    if prefix.endswith("-") and (prefix[:-1][-1:] in _SIGNED):
        return prefix[:-1], f"-{number}", suffix
    return prefix, number, suffix


def _zeroed(number: int, digits: int) -> str:
    return f"{number:0{digits}d}" if digits else ""


def _fits(number: str, digits: int) -> bool:
    """Whether a number is written with at least so many digits, zeros in front and none more.

    Of a negative the minus may count as one of them (C's %04d) or not.
    """
    bare = number.lstrip("-")
    widths = {digits, digits - 1} if number.startswith("-") else {digits}
    return len(bare) in widths or (len(bare) > digits and not bare.startswith("0"))


def _one_file(folder: str, name: str) -> Found:
    prefix, number, suffix = _split(name)
    digits = len(number.lstrip("-"))
    return Found(folder, prefix, suffix, digits, {int(number) if number else FIRST: name})


def _of_pattern(folder: str, name: str, token: re.Match[str]) -> Found:
    prefix, suffix = name[: token.start()], name[token.end() :]
    digits = 4 if token["pad"] == "#" else _PADDING(token["pad"], pad_style=fileseq.PAD_STYLE_HASH1)
    sign = "-?" if prefix[-1:] in _SIGNED else ""
    file = re.compile(f"{re.escape(prefix)}({sign}\\d+){re.escape(suffix)}", re.DOTALL)
    found: dict[int, str] = {}
    for each in _names(folder):
        match = file.fullmatch(each)
        if match and _fits(match[1], digits):
            _add(found, int(match[1]), each)
    asked = None
    if token["range"]:
        try:
            asked = tuple(frame_numbers(token["range"]))
        except ValueError as cause:
            raise BadInput(f"{name} has no range of frames.", str(cause)) from cause
    if not found:
        raise BadInput(f"No frame of {shown(name)} is there.", _neighbours(folder, name))
    return Found(folder, prefix, suffix, digits, dict(sorted(found.items())), asked)


def _add(files: dict[int, str], number: int, name: str) -> None:
    if number in files:
        raise BadInput(
            f"Frame {number} is there twice, as {shown(files[number])} and {shown(name)}.",
            "Keep one of them in the folder.",
        )
    files[number] = name


def _neighbours(folder: str, name: str) -> str:
    """A hint: the sequences of that folder whose name begins alike."""
    if not os.path.isdir(folder or "."):
        return f"There is no folder {folder}."
    start = re.split(r"[._\-\d#@%$]", name, maxsplit=1)[0]
    near = [f for f in sequences(folder) if f.prefix.startswith(start)]
    if not near:
        return "Render it, or correct the path."
    return f"There is {'; '.join(_told(f) for f in near[:3])}."


def _told(found: Found) -> str:
    return f"{shown(found.pattern)} {ranges(found.numbers) if found.digits else ''}".rstrip()


def _in_folder(folder: str) -> Found:
    there = sequences(folder)
    if len(there) == 1:
        return there[0]
    if not there:
        raise BadInput(
            f"The folder {folder} holds no pictures.",
            f"Name a sequence, a file or a movie; pictures are {', '.join(FORMATS)}.",
        )
    more = [f"and {len(there) - 6} more"] if len(there) > 6 else []
    listed = "; ".join([*(_told(f) for f in there[:6]), *more])
    raise BadInput(
        f"The folder {folder} holds {len(there)} sequences.", f"Name one of them: {listed}."
    )


def sequences(folder: str) -> list[Found]:
    """The picture sequences and stills of a folder; different padding is a different sequence."""
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    found = []
    for name in _names(folder):
        prefix, number, suffix = _split(name)
        if suffix.lower() not in FORMATS:
            continue
        if number:
            groups.setdefault((prefix, suffix), []).append((number, name))
        else:
            found.append(_one_file(folder, name))
    for (prefix, suffix), files in groups.items():
        found += _by_padding(folder, prefix, suffix, files)
    return sorted(found, key=lambda f: f.pattern)


def _by_padding(folder: str, prefix: str, suffix: str, files: list[tuple[str, str]]) -> list[Found]:
    """Files of one prefix: those with zeros in front say how many digits; the rest follow."""
    bare = {number: number.lstrip("-") for number, _ in files}
    padded = {len(b) for b in bare.values() if b.startswith("0") and len(b) > 1}
    shortest = min(len(b) for b in bare.values())
    found, left = [], dict(files)
    for digits in sorted(padded | {shortest}, reverse=True):
        numbers: dict[int, str] = {}
        for number in [n for n in left if _fits(n, digits)]:
            _add(numbers, int(number), left.pop(number))
        if numbers:
            found.append(Found(folder, prefix, suffix, digits, dict(sorted(numbers.items()))))
    return found
