"""Takes to audition: the cut with them above its holes comes in as a timeline of its own.

Resolve has no call that lays a clip with a speed, so the OTIO of the search is imported; the
artist's timeline stays as it is. What an import keeps of an OTIO is not documented. So a
clip is found by its track and its frame, switched off whatever the file says, and given its marker
where it came without one; that marker names the proposal from then on, wherever the clip is moved.
"""

from __future__ import annotations

import json
import os
from functools import partial
from typing import Any, Dict, Iterator, Mapping, Tuple

from . import clips, markers, shape
from .edit import Edit
from .facts import refused

TAG, TRACK, COLOUR = "audition", "AUDITION", "Cyan"


class Auditions(Edit):
    def lay_auditions(self, gaps: Mapping[str, Any]) -> Dict[str, str]:
        cut = str(gaps["cut"])
        rows = {row["id"]: row for hole in gaps["holes"] for row in hole["proposals"]}
        name, tracks = _told(cut)
        here = clips.project(self.resolve).GetCurrentTimeline()
        for line in (*filter(None, [here]), *self._lines()):
            if laid := _marked(line, cut):
                self._open(line)
                return {each: laid[each] for each in rows if each in laid}
        with self.undo_group(name):
            line = self._imported(cut, name)
            found: Dict[str, str] = {}
            for each, row in rows.items():
                clip = _at(line, tracks.get(each, 0), row["at"], row["frames"])
                if clip is not None:
                    self._enable(clip, False)
                    _mark(clip, row, cut)
                    found[each] = clips.item(clip).ref
        return found

    def switch(self, ref: str, on: bool) -> None:
        clip = self._clip(ref)
        if clip.GetClipEnabled() != on:
            self._enable(clip, on)
            self._undo.append(partial(clip.SetClipEnabled, not on))

    def _imported(self, cut: str, name: str) -> Any:
        """The timeline that the OTIO became, open; taken back with the step."""
        before, taken = clips.timeline(self.resolve), {line.GetName() for line in self._lines()}
        tries = (f"{name} {n}" if n > 1 else name for n in range(1, len(taken) + 2))
        # All that is not ours Resolve has written itself, generators and titles among it.
        if why := shape.fault(cut, TRACK):
            raise refused(f"Resolve would not take {cut}: {why}.", "Look for missing shots again.")
        line = self._taken_in(cut, next(each for each in tries if each not in taken))
        self._undo.append(partial(self._media_pool().DeleteTimelines, [line]))
        self._open(line)
        self._undo.append(partial(clips.project(self.resolve).SetCurrentTimeline, before))
        return line

    def _open(self, line: Any) -> None:
        project = clips.project(self.resolve)
        here = project.GetCurrentTimeline()
        if here and here.GetUniqueId() == line.GetUniqueId():
            return
        if not project.SetCurrentTimeline(line):
            hint = "Open it in the media pool, then do this again."
            raise refused(f"Resolve did not open the timeline '{line.GetName()}'.", hint)

    def _lines(self) -> Iterator[Any]:
        project = clips.project(self.resolve)
        for turn in range(int(project.GetTimelineCount())):
            yield project.GetTimelineByIndex(turn + 1)


def _told(cut: str) -> Tuple[str, Dict[str, int]]:
    """What the timeline is to be called, and the track of picture, from 1, of each proposal."""
    try:
        with open(cut, encoding="utf-8") as file:
            told = json.load(file)
    except (OSError, ValueError) as why:
        hint = "Look for missing shots again."
        raise refused(f"{cut} cannot be read.", hint, str(why)) from why
    pictures = [each for each in told["tracks"]["children"] if each.get("kind") == "Video"]
    found = {}
    for number, track in enumerate(pictures, 1):
        for each in track["children"]:
            ours = (each.get("metadata") or {}).get("answerprint")
            if str(track.get("name", "")).startswith(TRACK) and ours:
                found[ours["id"]] = number
    version = os.path.basename(os.path.dirname(cut))
    return f"{told.get('name') or 'edit'} audition {version}", found


def _at(line: Any, track: int, at: int, frames: int) -> Any:
    """The clip on a track that begins at a frame of the edit and is as long, None for none."""
    start = int(line.GetStartFrame()) + at
    for each in (line.GetItemListInTrack("video", track) or ()) if track else ():
        if int(each.GetStart()) == start and int(each.GetDuration()) == frames:
            return each
    return None


def _mark(clip: Any, row: Mapping[str, Any], cut: str) -> None:
    """Have a marker on a clip that names the proposal: the one that came with it, or one of ours
    at its first frame."""
    told = markers.data(TAG, {"id": row["id"], "cut": cut})
    came = next(iter(clip.GetMarkers() or {}), None)
    if came is not None:
        done = clip.UpdateMarkerCustomData(came, told)
    else:
        name = f"{row['kind']} {row['confidence']:.2f}"
        done = clip.AddMarker(int(clip.GetLeftOffset()), COLOUR, name, row["words"], 1, told)
    if done is not True:
        hint = "Close Resolve's dialogs and open the project for writing."
        raise refused(f"Resolve set no marker on '{clip.GetName()}'.", hint)


def _marked(line: Any, cut: str) -> Dict[str, str]:
    """{proposal id: ref} of the clips of a timeline that were laid from an OTIO."""
    found = {}
    for track in range(1, int(line.GetTrackCount("video")) + 1):
        for clip in line.GetItemListInTrack("video", track) or ():
            for _, _, kept in markers.ours(clip):
                told = kept["tags"].get(TAG) or {}
                if told.get("cut") == cut:
                    found[str(told["id"])] = str(clips.item(clip).ref)
    return found
