"""What a check knows of an edit: its shots, how they relate, its scenes, and what it found.

Convention
    pictures   frame number of the media -> (rgb (H, W, 3) float32 scene-linear ACEScg, valid
               (H, W) bool), at most WIDE pixels wide; a few frames spread over what the cut shows.
    places     pixels of the shot's own picture, origin top left, unless said otherwise.
    frames     of the cut count from 0 at its first; those of media as the core numbers them.
    values     second shot minus first, in the order of the record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from answerprint.check.kinds import KINDS
from answerprint.check.lay import Lay
from answerprint.edit.cut import Cut, Event
from answerprint.vision.pairs import Evidence, Pictures


@dataclass(frozen=True)
class Shot:
    """An event of the cut that has media, as it was measured.

    name       the event's id: unique in the cut.
    cut        its first frame in the cut, and one after its last.
    size       width and height of its picture in pixels.
    passport   what was measured (`vision/passport.py`), plain JSON.
    pictures   called for the samples: they are kept on disk, not in memory.
    """

    event: Event
    cut: tuple[int, int]
    size: tuple[int, int]
    passport: Mapping[str, Any]
    pictures: Callable[[], Pictures] = field(repr=False)

    @property
    def name(self) -> str:
        return self.event.id

    def shown_at(self, number: int) -> int:
        """The first frame of the cut that shows the media's frame `number`: a change of speed, of
        rate and of direction is undone. What a transition shows lies before or after `cut`."""
        event = self.event
        if event.frames is None or event.speed == 0:
            return self.cut[0]
        taken = event.source[1] - event.source[0]
        turn = number - event.frames[0] - event.head
        turn = taken - 1 - turn if event.speed < 0 else turn
        return max(0, self.cut[0] + -(-turn * (self.cut[1] - self.cut[0]) // taken))


@dataclass(frozen=True)
class Relation:
    """How two shots relate, the first earlier in the record.

    kind         'setup' (same camera position), 'place' (same surfaces from elsewhere),
                 'palette' (alike in colour and texture alone) or 'none'.
    structures   surfaces found in both under one geometry.
    homography   (3, 3) from pixels of the first's sample to pixels of the second's, at the widths
                 of the samples, where one fits; `frames` are the two sample frames it belongs to.
    angle        degrees between the two views around what they look at, with `angle_error`.
    scale        how much larger the second shows what both show.
    evidence     colours that both show, for exposure and colour.
    why          the evidence in a sentence.
    overlap      of their palettes, 0..1, where they share no surface and were compared by it.
    """

    first: str
    second: str
    kind: str
    structures: int = 0
    homography: np.ndarray | None = None
    frames: tuple[int, int] | None = None
    angle: float | None = None
    angle_error: float = 0.0
    scale: float | None = None
    evidence: Evidence | None = None
    why: str = ""
    overlap: float | None = None


@dataclass(frozen=True)
class Scene:
    """Shots of one place, by name in the order of the record; `setups` lists those that share a
    camera position. `why` is the evidence, one sentence for each join."""

    name: str
    shots: tuple[str, ...]
    setups: tuple[tuple[str, ...], ...]
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class Study:
    """A cut that was watched. `relations` by (first, second), of pairs that were compared.

    lay      what lies in the cut beside its shots (`lay.py`), None where nobody looked.
    failed   by event id: why an event was not measured.
    said     what those who look for findings could not look at, as sentences.
    """

    cut: Cut
    shots: tuple[Shot, ...]
    relations: Mapping[tuple[str, str], Relation]
    scenes: tuple[Scene, ...]
    lay: Lay | None = None
    failed: Mapping[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def shot(self, name: str) -> Shot:
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Shot]:
        return {each.name: each for each in self.shots}

    def relation(self, one: str, other: str) -> Relation | None:
        return self.relations.get((one, other)) or self.relations.get((other, one))


@dataclass(frozen=True)
class Finding:
    """One thing an attentive person would catch.

    shots        names, in the order of the record; the one to mend is `mend` (the last of them
                 unless said otherwise).
    frame        of the cut; `range` first and last frame of it, both included.
    region       [x0, y0, x1, y1] in pixels of the shot to mend, or None.
    fix          {"tool", "params", "inputs": {input: shot name}} or None.
    what         tells findings of one kind and shots apart, the same from check to check:
                 media frames, a coarse place; never a measured value. With the kind and what the
                 shots are known as it makes the finding's id (`known.py`).
    """

    kind: str
    shots: tuple[str, ...]
    frame: int
    range: tuple[int, int]
    value: float | None
    uncertainty: float | None
    confidence: float
    text: str
    region: tuple[int, int, int, int] | None = None
    fix: Mapping[str, Any] | None = None
    what: str = ""
    mend: str = ""

    @property
    def unit(self) -> str:
        return KINDS[self.kind].unit
