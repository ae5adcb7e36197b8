"""A clip of ours on a track above the artist's: same place, same frames, his stays below it."""

from __future__ import annotations

from functools import partial
from typing import Any, List

from answerprint_bridge.results import CannotPlace

from . import pages
from .pool import Undo


def put(
    resolve: Any, line: Any, clip: Any, source: Any, start: int, end: int, undo: List[Undo]
) -> Any:
    """The clip that was put there. start, end: first and last frame of the media that it shows."""
    pool = resolve.GetProjectManager().GetCurrentProject().GetMediaPool()
    track = _free_track(line, clip, undo)
    told = {
        "mediaPoolItem": source,
        "startFrame": start,
        "mediaType": 1,
        "trackIndex": track,
        "recordFrame": int(clip.GetStart()),
    }
    # Whether the last frame is included is not documented: the length is looked at.
    for last in (end, end + 1):
        pool.AppendToTimeline([{**told, "endFrame": last}])
        made = _found(line, track, clip, source)
        if made and int(made.GetDuration()) == int(clip.GetDuration()):
            undo.append(partial(drop, resolve, line, made))
            return made
        if made and not drop(resolve, line, made):
            break
    raise CannotPlace(f"Resolve put no clip of the same length above '{clip.GetName()}'")


def drop(resolve: Any, line: Any, clip: Any) -> bool:
    """Delete a clip of ours; Resolve does that on the Edit page only."""
    with pages.kept(resolve):
        resolve.OpenPage("edit")
        return bool(line.DeleteClips([clip], False))


def _free_track(line: Any, clip: Any, undo: List[Undo]) -> int:
    """A video track above the clip's with nothing at its place, a new one where there is none."""
    count, number = int(line.GetTrackCount("video")), clip.GetUniqueId()
    own = next(t for t in range(1, count + 1) if number in map(_id, _items(line, t)))
    first, end = int(clip.GetStart()), int(clip.GetEnd())
    for track in range(own + 1, count + 1):
        there = _items(line, track)
        clear = all(int(c.GetEnd()) <= first or int(c.GetStart()) >= end for c in there)
        if clear and not line.GetIsTrackLocked("video", track):
            return track
    if not line.AddTrack("video"):
        raise CannotPlace("Resolve added no video track to the timeline")
    undo.append(partial(line.DeleteTrack, "video", count + 1))
    return count + 1


def _found(line: Any, track: int, clip: Any, source: Any) -> Any:
    """The appended clip, from the track: what AppendToTimeline gives back is often empty."""
    start, wanted = int(clip.GetStart()), source.GetUniqueId()
    for each in _items(line, track):
        media = each.GetMediaPoolItem()
        if int(each.GetStart()) == start and media and media.GetUniqueId() == wanted:
            return each
    return None


def _items(line: Any, track: int) -> Any:
    return line.GetItemListInTrack("video", track) or ()


def _id(clip: Any) -> str:
    return str(clip.GetUniqueId())
