"""What a host tells of itself and its scene, and how frames are named between the two.

Plain data, frozen; `plain` makes JSON of it. Frame numbers are the host's, ranges include both
ends, sizes are pixels, rates are exact fractions.
"""

from __future__ import annotations

import dataclasses
import os
import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Callable, Dict, Mapping, Protocol, Tuple

_TOKEN = re.compile("%(0?[0-9]*)d")
Window = Tuple[int, int, int, int]
"""x, y of the top left, width, height, in pixels; y grows downwards."""


@dataclass(frozen=True)
class HostInfo:
    """Which program this is. python: its version; gui: False in a terminal or on a farm."""

    name: str
    version: str
    edition: str = ""
    python: str = ""
    gui: bool = True
    non_commercial: bool = False


@dataclass(frozen=True)
class SceneContext:
    """The scene: script and project folder ('' while unsaved), shot, rate, range and colour.

    space    name of the scene's working colour space. ocio: path or name of the config.
    """

    script: str
    project: str
    shot: str
    fps: Fraction
    first: int
    last: int
    width: int
    height: int
    pixel_aspect: float = 1.0
    space: str = ""
    ocio: str = ""
    views: Tuple[str, ...] = ("main",)


@dataclass(frozen=True)
class Item:
    """Something in the scene. ref: how the adapter finds it again. kind: 'image', 'clip', ..."""

    ref: str
    kind: str
    label: str


@dataclass(frozen=True)
class ItemInfo:
    """What is known of an item without rendering it. file: '' where it has none of its own.

    graded_space   the space it comes out in through the host's own grade, '' where it has none
                   or nobody knows.
    shot           what its results are filed under where the scene holds many shots, else ''.
    """

    width: int
    height: int
    first: int
    last: int
    channels: Tuple[str, ...]
    file: str = ""
    space: str = ""
    fps: Fraction | None = None
    pixel_aspect: float = 1.0
    handles: Tuple[int, int] = (0, 0)
    graded_space: str = ""
    shot: str = ""


@dataclass(frozen=True)
class FrameSet:
    """Frames as files: a printf pattern ('plate.%04d.exr') or one file, and what they are.

    first, last    both included; `missing` are the numbers between that have no file.
    space          name of the colour space the values are in, '' where the files say so.
    digest         of the contents where the adapter knows it, else ''.
    """

    pattern: str
    first: int
    last: int
    missing: Tuple[int, ...] = ()
    width: int = 0
    height: int = 0
    pixel_aspect: float = 1.0
    display: Window | None = None
    data: Window | None = None
    channels: Tuple[str, ...] = ()
    space: str = ""
    fps: Fraction | None = None
    timecode: str = ""
    premultiplied: bool = True
    digest: str = ""

    @property
    def numbers(self) -> Tuple[int, ...]:
        """The frames that have a file."""
        gone = set(self.missing)
        return tuple(n for n in range(self.first, self.last + 1) if n not in gone)

    def path(self, number: int) -> str:
        """The file of a frame. The number is the last '%04d' of the last part of the path."""
        folder, name = os.path.split(self.pattern)
        for token in list(_TOKEN.finditer(name))[-1:]:
            name = f"{name[: token.start()]}{number:{token[1]}d}{name[token.end() :]}"
        return os.path.join(folder, name)

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> FrameSet:
        """The frames that a job's result names."""
        rate = result.get("fps")
        return cls(
            pattern=result["pattern"],
            first=result["first"],
            last=result["last"],
            missing=tuple(result.get("frames_missing", ())),
            width=result.get("width", 0),
            height=result.get("height", 0),
            pixel_aspect=result.get("pixel_aspect", 1.0),
            space=(result.get("colorspace") or {}).get("name", ""),
            fps=Fraction(rate) if rate else None,
            premultiplied=result.get("premultiplied", True),
        )

    def wire(self) -> Dict[str, Any]:
        """As an input of `job.run`."""
        told = {"pattern": self.pattern, "first": self.first, "last": self.last}
        return {**told, "colorspace": {"name": self.space}} if self.space else told


@dataclass(frozen=True)
class ExportSpec:
    """How frames are to be written: half EXR, scene-linear, every channel, nothing clamped.

    folder, name   files are `<folder>/<name>.%04d.exr`; the folder exists and is empty.
    first, last    None: the item's own range.
    graded         as the host shows it, where it has a grade of its own.
    """

    folder: str
    name: str
    first: int | None = None
    last: int | None = None
    bits: int = 16
    graded: bool = False


@dataclass(frozen=True)
class Marker:
    """frame: as its item is numbered; of the edit from 0 at its first. name: what stands on it.
    colour: 'red', 'yellow', 'cyan', 'green' or 'blue', '' for the host's usual one."""

    frame: int
    text: str
    kind: str = "note"
    length: int = 1
    colour: str = ""
    name: str = ""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Marker:
        """Of a row of a `markers` result."""
        return cls(row["frame"], row["text"], row.get("kind", "note"), row.get("length", 1))

    @property
    def line(self) -> str:
        """All of it in words, where nothing but a text can stand."""
        last = self.frame + self.length - 1
        frames = f"{self.frame}-{last}" if self.length > 1 else f"{self.frame}"
        return f"{frames}{'' if self.kind == 'note' else f' {self.kind}'}: {self.text}"


@dataclass(frozen=True)
class Span:
    """Where an item lies in the edit: first and last frame, both included, from 0 at its first.
    track: of the picture, from 1 at the bottom. name: of its clip, as the exported edit has it."""

    item: Item
    first: int
    last: int
    track: int = 1
    name: str = ""


@dataclass(frozen=True)
class Action:
    """A menu entry. `run` is called on the main thread."""

    name: str
    label: str
    run: Callable[[], object] = field(repr=False)


class Progress(Protocol):
    def tell(self, done: int, total: int, message: str = "") -> None:
        """Show how far it is. Raises WireError -32800 where somebody asked to stop."""


def plain(value: Any) -> Any:
    """The dataclasses above as JSON; a rate as '24000/1001'."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    return str(value) if isinstance(value, Fraction) else value
