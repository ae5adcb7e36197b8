"""The timeline as the edit: exported, its clips found again, findings marked, a frame shown.

Frames of the edit count from 0 at the timeline's start, as its markers do.
"""

from __future__ import annotations

import os
import re
from fractions import Fraction
from functools import partial
from typing import Any, List, Sequence

from answerprint_bridge.host import Marker, Span
from answerprint_bridge.results import CannotPlace

from . import clips, facts, markers, shape
from .facts import refused
from .placing import Placing


class Edit(Placing):
    def export_timeline(self, path: str) -> str:
        line = clips.timeline(self.resolve)
        done = line.Export(path, self.resolve.EXPORT_OTIO, self.resolve.EXPORT_NONE)
        if not done or not os.path.isfile(path):
            hint = "Choose a folder that you may write to, and close Resolve's dialogs."
            raise refused(f"Resolve did not export '{line.GetName()}' to {path}.", hint)
        return path

    def import_timeline(self, path: str, name: str) -> str:
        project = clips.project(self.resolve)
        count = int(project.GetTimelineCount())
        if name in [project.GetTimelineByIndex(i + 1).GetName() for i in range(count)]:
            raise refused(f"There is a timeline '{name}' already.", "Give it another name.")
        if why := shape.fault(path):
            hint = "Export a timeline from Resolve as OTIO and change that one."
            raise refused(f"Resolve would not take {path}: {why}.", hint)
        return f"timeline:{self._taken_in(path, name).GetUniqueId()}"

    def _taken_in(self, path: str, name: str) -> Any:
        """The timeline that an OTIO becomes."""
        told = {"timelineName": name, "importSourceClips": True}
        if not (made := self._media_pool().ImportTimelineFromFile(path, told)):
            hint = "Close Resolve's dialogs; or import it by hand to see why."
            raise refused(f"Resolve did not import {path} as '{name}'.", hint)
        return made

    def edit(self) -> List[Span]:
        line = clips.timeline(self.resolve)
        start, found = int(line.GetStartFrame()), []
        for track in range(1, int(line.GetTrackCount("video")) + 1):
            for clip in line.GetItemListInTrack("video", track) or ():
                first, end = int(clip.GetStart()) - start, int(clip.GetEnd()) - start
                name = str(clip.GetName())
                found.append(Span(clips.item(clip), first, end - 1, track, name))
        return found

    def mark_edit(self, tag: str, told: Sequence[Marker]) -> List[int]:
        line = clips.timeline(self.resolve)
        frames: List[int] = []
        with self.undo_group(tag):
            for at in markers.with_tag(line, tag):
                kept = dict(line.GetMarkers()[at])
                if line.DeleteMarkerAtFrame(at):
                    self._undo.append(partial(markers.again, line, at, kept))
            for each in told:
                try:
                    frame = markers.free(line, each.frame)
                    ref = markers.add(
                        line, frame, each.name, each.text, each.length, each.colour, tag
                    )
                except CannotPlace as why:
                    hint = "Delete markers that you do not need."
                    title = f"The marker '{each.name}' was not set, and no other."
                    raise refused(title, hint, str(why)) from why
                self._undo.append(partial(markers.remove, line, ref))
                frames.append(frame)
        return frames

    def show_frame(self, frame: int) -> None:
        line = clips.timeline(self.resolve)
        at = timecode(int(line.GetStartFrame()) + frame, *_counting(line))
        if not line.SetCurrentTimecode(at):
            hint = "Open the Edit or the Color page, and click again."
            raise refused(f"Resolve did not go to {at}.", hint)


def timecode(count: int, base: int, drop: bool) -> str:
    """Of a count of frames; base: frames that a second counts."""
    if drop:
        skipped = base // 15  # numbers left out at each minute but every tenth
        tens, rest = divmod(count, 600 * base - 9 * skipped)
        minutes = max(0, rest - skipped) // (60 * base - skipped)
        count += skipped * (9 * tens + minutes)
    seconds, frame = divmod(count, base)
    hours, seconds = divmod(seconds, 3600)
    mark = ";" if drop else ":"
    return f"{hours:02}:{seconds // 60:02}:{seconds % 60:02}{mark}{frame:02}"


def _counting(line: Any) -> tuple[int, bool]:
    """Frames that a second counts, and whether timecode drops numbers.

    By how the start's timecode is counted, where that tells; else by how it is written.
    """
    rate, said = line.GetSetting("timelineFrameRate"), str(line.GetStartTimecode())
    exact: Fraction = facts.rate(rate)
    base, start = round(exact), int(line.GetStartFrame())
    if exact.denominator == 1 or base % 30:
        return base, False
    digits = re.findall("[0-9]+", said)
    fits = [drop for drop in (False, True) if _same(timecode(start, base, drop), digits)]
    return base, fits[0] if len(fits) == 1 else ";" in said or "DF" in str(rate)


def _same(text: str, digits: Sequence[str]) -> bool:
    return re.findall("[0-9]+", text) == list(digits)
