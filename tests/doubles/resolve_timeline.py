"""Resolve's double: the timeline, its tracks, and what it writes as OTIO."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from .resolve_clips import Graph, Marked, MediaPoolItem, Nodes, TimelineItem, World

START, RATE = 86400, 24.0


class Timeline(Marked):
    def __init__(self, world: World, name: str) -> None:
        super().__init__(world)
        self._name, self._clips, self._tracks = name, [], [True, True]
        self._locked: set[int] = set()
        self._start, self._base, self._drop = START, int(RATE), False
        self._playhead = START
        self._grade = Nodes()

    def GetName(self):
        return self._name

    def GetNodeGraph(self):
        return Graph(self._w, self._grade)

    def GetStartFrame(self):
        return self._start

    def GetStartTimecode(self):
        return self._text(self._start)

    def GetEndFrame(self):
        return max((c._start + c._length for c in self._clips), default=self._start)

    def GetSetting(self, settingName):
        return self._w.settings.get(settingName, "")

    def GetTrackCount(self, trackType):
        return len(self._tracks) if trackType == "video" else 0

    def GetIsTrackEnabled(self, trackType, trackIndex):
        return self._tracks[trackIndex - 1]

    def GetIsTrackLocked(self, trackType, trackIndex):
        return trackIndex in self._locked

    def SetTrackEnable(self, trackType, trackIndex, Bool):
        self._tracks[trackIndex - 1] = Bool
        return True

    def AddTrack(self, trackType, subTrackType=None):
        self._tracks.append(True)
        return True

    def DeleteTrack(self, trackType, trackIndex):
        if any(c._track == trackIndex for c in self._clips):
            return False
        del self._tracks[trackIndex - 1]
        return True

    def DeleteClips(self, timelineItems, Bool=False):
        if self._w.page != "edit":
            return False
        self._clips = [c for c in self._clips if c not in timelineItems]
        return True

    def GetItemListInTrack(self, trackType, index):
        return [c for c in self._clips if c._track == index]

    def GetCurrentVideoItem(self):
        if self._w.page in ("media", "fusion"):
            return None
        here = (c for c in self._clips if c._start <= self._playhead < c._start + c._length)
        return next(here, None)

    def GetCurrentTimecode(self):
        return self._text(self._playhead)

    def SetCurrentTimecode(self, timecode):
        if self._w.page in ("media", "fusion"):
            return False
        hours, minutes, seconds, frames = map(int, re.split("[:;]", timecode))
        minutes += 60 * hours
        number = (60 * minutes + seconds) * self._base + frames
        self._playhead = number - self._left_out(number)
        return True

    def _left_out(self, number):
        """How many numbers timecode has left out before one."""
        minutes = number // (60 * self._base)
        return (minutes - minutes // 10) * self._base // 15 if self._drop else 0

    def _text(self, count):
        number = count
        while number - self._left_out(number) < count:
            number += 1
        seconds, frame = divmod(number, self._base)
        told = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        return f"{told}{';' if self._drop else ':'}{frame:02}"

    def Export(self, fileName, exportType, exportSubtype=None):
        if exportType != "otio" or not os.access(os.path.dirname(fileName), os.W_OK):
            return False
        Path(fileName).write_text(json.dumps(otio(self._name, self._clips)), "utf-8")
        return True


def otio(name: str, clips: list[Any]) -> dict[str, Any]:
    """A document shaped as Resolve's own: bare paths, frames counted from the media's start."""
    tracks: dict[int, list[Any]] = {}
    for clip in clips:
        told = clip._media._properties
        first = int(told["Start"])
        media = {
            "OTIO_SCHEMA": "ExternalReference.1",
            "target_url": told["File Path"],
            "available_range": _span(first, int(told["Frames"])),
        }
        tracks.setdefault(clip._track, []).append(
            {
                "OTIO_SCHEMA": "Clip.2",
                "name": clip._name,
                "source_range": _span(first + clip._offset, clip._length),
                "media_references": {"DEFAULT_MEDIA": media},
                "active_media_reference_key": "DEFAULT_MEDIA",
            }
        )
    return {
        "OTIO_SCHEMA": "Timeline.1",
        "name": name,
        "global_start_time": _time(START),
        "tracks": {
            "OTIO_SCHEMA": "Stack.1",
            "children": [
                {"OTIO_SCHEMA": "Track.1", "kind": "Video", "name": f"Video {n}", "children": each}
                for n, each in sorted(tracks.items())
            ],
        },
    }


def takes(document: Any) -> bool:
    """Whether Resolve's import takes a document; where not, it says None."""
    if not isinstance(document, dict) or "global_start_time" not in document:
        return False
    clips = [c for track in document["tracks"]["children"] for c in track["children"]]
    for clip in (each for each in clips if each["OTIO_SCHEMA"] != "Gap.1"):
        key = clip.get("active_media_reference_key")
        media = clip.get("media_references", {}).get(key, {})
        bare = media.get("OTIO_SCHEMA") == "ExternalReference.1" and media["target_url"][0] == "/"
        if clip["OTIO_SCHEMA"] != "Clip.2" or not bare or "available_range" not in media:
            return False
        begins = media["available_range"]["start_time"]["value"]
        if clip["source_range"]["start_time"]["value"] < begins:
            return False
    return True


def read(
    world: World, document: Any, start: int, pool: list[Any]
) -> tuple[list[TimelineItem], list[bool]]:
    """Clips and tracks of a document. Whether a clip comes in switched off, and with its markers,
    is not documented: it comes in switched on, with them where `World.markers_come`."""
    made, tracks = [], [t for t in document["tracks"]["children"] if t["kind"] == "Video"]
    for number, track in enumerate(tracks, 1):
        at = start
        for each in track["children"]:
            length = int(each["source_range"]["duration"]["value"])
            if each["OTIO_SCHEMA"] == "Clip.2":
                clip = _placed(world, each, at, length)
                clip._track = number
                pool.append(clip._media)
                made.append(clip)
            at += length
    return made, [True for _ in tracks]


def _placed(world: World, told: Any, at: int, length: int) -> TimelineItem:
    media = told["media_references"][told["active_media_reference_key"]]
    there = media["available_range"]
    numbers = re.search(r"\[([0-9]+)-[0-9]+\]", media["target_url"])
    first = int(numbers[1]) if numbers else int(there["start_time"]["value"])
    last = first + int(there["duration"]["value"]) - 1
    source = MediaPoolItem(world, media["target_url"], first, last)
    clip = TimelineItem(world, source, told["name"], at, length)
    begins = told["source_range"]["start_time"]["value"]
    clip._offset = int(begins - there["start_time"]["value"])
    for each in told.get("markers", ()) if world.markers_come else ():
        frame = each["marked_range"]["start_time"]["value"] - there["start_time"]["value"]
        clip.AddMarker(frame, each["color"].capitalize(), each["name"], each["comment"], 1, "")
    return clip


def _time(value: int) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "value": float(value), "rate": RATE}


def _span(first: int, length: int) -> dict[str, Any]:
    told = {"start_time": _time(first), "duration": _time(length)}
    return {"OTIO_SCHEMA": "TimeRange.1", **told}
