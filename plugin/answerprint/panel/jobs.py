"""What the artist asked for, and what became of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from answerprint_bridge.host import Item
from answerprint_bridge.messages import CANCELLED, WORKER_DIED, WireError
from answerprint_bridge.session import Run

from .paths import shot_name

BAD_PARAMETER = -32602
ENDED = ("done", "partial", "refused", "cancelled", "worker gone")
ENDS = {CANCELLED: "cancelled", WORKER_DIED: "worker gone"}
_RANGE = re.compile(r"(-?[0-9]+)(?:\s*-\s*(-?[0-9]+))?")


@dataclass(frozen=True)
class Shot:
    """A shot on disk: path or pattern, and its colour space where somebody said it."""

    path: str
    space: str = ""

    @property
    def label(self) -> str:
        return shot_name(self.path)


Chosen: TypeAlias = Item | Shot
"""An input: something of the host's scene, or a shot on disk."""


@dataclass(frozen=True)
class Order:
    """One run as the panel was set. inputs: one for each name. frames: '' or '1001-1100'.

    near   the item that results are placed by; '': the source, if it is an item.
    """

    tool: str
    params: Mapping[str, Any]
    inputs: Mapping[str, Chosen]
    frames: str = ""
    graded: bool = False
    write_frames: bool = False
    near: str = ""

    def span(self) -> tuple[int | None, int | None]:
        """First and last frame. WireError -32602 where `frames` is no range."""
        text = self.frames.strip()
        if not text:
            return None, None
        told = _RANGE.fullmatch(text)
        if not told:
            hint = "Use a range such as 1001-1100, or leave it empty for all frames."
            raise WireError(BAD_PARAMETER, f"Frames to work on: '{text}' is not a range.", hint)
        first, last = int(told[1]), int(told[2] or told[1])
        if last < first:
            hint = f"Use {last}-{first}."
            raise WireError(BAD_PARAMETER, f"Frames to work on: {text} runs backwards.", hint)
        return first, last

    def inputs_key(self) -> str:
        """The same for orders whose inputs are written alike."""
        inputs = {name: asdict(each) for name, each in self.inputs.items()}
        return json.dumps([self.tool, inputs, self.frames.strip(), self.graded], sort_keys=True)

    def measure(self, spec: Mapping[str, Any]) -> str:
        """The same for orders that differ in nothing that has to be measured."""
        rows = [row["name"] for row in spec["params"] if not row["live"]]
        kept = {name: self.params[name] for name in rows if name in self.params}
        return json.dumps([kept, self.inputs_key()], sort_keys=True)


class Job:
    """An order, its progress and its end.

    settings   what is not at its default, in words.
    state      'waiting', 'working', 'cancelling', or one of ENDED.
    run        the session's, None until it has begun. error: the WireError it ended with.
    preview    {frame, size} of the picture that is wanted first.
    """

    def __init__(
        self, order: Order, label: str, settings: str, preview: Mapping[str, int] | None = None
    ) -> None:
        self.order, self.label, self.settings, self.preview = order, label, settings, preview
        self.state = "waiting"
        self.stage, self.done, self.total = "", 0, 0
        self.left: float | None = None
        self.run: Run | None = None
        self.error: WireError | None = None

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    def end(self, error: WireError | None, status: str = "") -> None:
        self.error, self.left = error, None
        self.state = ENDS.get(error.code, "refused") if error else status
