"""What is known of an input before it is worked on: range, size, colour space, its file.

Of an item of the scene the host says it, of a shot on disk the worker (`clip.describe`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from answerprint_bridge.faults import told_as
from answerprint_bridge.host import FrameSet, Host, Item
from answerprint_bridge.messages import WireError
from answerprint_bridge.wire import Call, Worker

from .jobs import Chosen, Shot
from .paths import pattern_of

ASSUMED = "assumed"


@dataclass(frozen=True)
class Facts:
    """file          what a viewer can show of it, '' where it has no file of its own.
    said_by      who says the colour space: 'file', 'user', 'host', 'assumed'.
    graded_space the space it comes out in through the host's grade, '' where nobody knows.
    """

    first: int
    last: int
    width: int
    height: int
    file: str = ""
    space: str = ""
    said_by: str = ""
    graded_space: str = ""
    missing: int = 0
    notes: tuple[str, ...] = ()

    def line(self) -> str:
        """'1001-1024 · 512 x 288 · ACEScg'"""
        span = f"{self.first}-{self.last}" if self.last != self.first else f"frame {self.first}"
        gone = f"{self.missing} missing" if self.missing else ""
        size = f"{self.width} x {self.height}" if self.width else ""
        space = f"{self.space}{' assumed' if self.said_by == ASSUMED else ''}" if self.space else ""
        return " · ".join(each for each in (span, gone, size, space) if each)


Known = Callable[[Facts | WireError], object]
Found = Callable[[FrameSet | WireError], object]


class Clips:
    """Asks host or worker. Answers come in the worker's `pump`, those of a host at once."""

    def __init__(self, host: Host, worker: Worker) -> None:
        self._host, self._worker = host, worker

    def facts(self, chosen: Chosen, on_known: Known) -> None:
        """on_known(Facts), or the WireError that was in the way."""
        if isinstance(chosen, Item):
            on_known(self._of_item(chosen))
            return
        shot = chosen
        self._describe(shot, lambda c: on_known(c.error or _of_clip(shot, c.result)))

    def frames(self, shot: Shot, on_found: Found) -> None:
        """on_found(the shot's frames as they are now), or the WireError that was in the way."""
        self._describe(shot, lambda c: on_found(c.error or _frame_set(shot, c.result)))

    def _of_item(self, item: Item) -> Facts | WireError:
        try:
            with told_as(f"Nothing is known of {item.label}.", "The console has the details."):
                told = self._host.describe(item.ref)
        except WireError as refused:
            return refused
        shape = (told.first, told.last, told.width, told.height)
        said_by = "host" if told.space else ""
        return Facts(*shape, told.file, told.space, said_by, told.graded_space)

    def _describe(self, shot: Shot, on_done: Callable[[Call], object]) -> None:
        asked = {"path": pattern_of(shot.path), "frames": "", "colourspace": shot.space or None}
        self._worker.start("clip.describe", asked, on_done=on_done)


def _of_clip(shot: Shot, told: Mapping[str, Any]) -> Facts:
    space = told.get("space") or {}
    return Facts(
        told["first"],
        told["last"],
        told["width"],
        told["height"],
        pattern_of(shot.path),
        space.get("name", ""),
        space.get("said_by", ""),
        missing=len(told.get("missing", ())),
        notes=tuple(told.get("notes", ())),
    )


def _frame_set(shot: Shot, told: Mapping[str, Any]) -> FrameSet:
    rate = told.get("fps")
    return FrameSet(
        pattern_of(shot.path),
        told["first"],
        told["last"],
        missing=tuple(told.get("missing", ())),
        width=told["width"],
        height=told["height"],
        space=shot.space,
        fps=Fraction(rate) if rate else None,
    )
