"""An OTIO as Resolve shapes it, written without OpenTimelineIO: what hosts' doubles export."""

from __future__ import annotations

import json
from typing import Any

from scenes import RATE

HOUR = 86400


def time(value: int) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(RATE), "value": float(value)}


def span(start: int, length: int) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": time(start), "duration": time(length)}


def clip(name: str, path: str, start: int, length: int) -> dict[str, Any]:
    """A clip as Resolve writes it: a map of references, a bare path, the media's own start."""
    reference = {"OTIO_SCHEMA": "ExternalReference.1", "target_url": path, "metadata": {}}
    reference |= {"name": name, "available_range": span(start, length)}
    return {
        "OTIO_SCHEMA": "Clip.2",
        "name": name,
        "metadata": {},
        "source_range": span(start, length),
        "effects": [],
        "markers": [],
        "enabled": True,
        "media_references": {"DEFAULT_MEDIA": reference},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }


def timeline(name: str, clips: list[dict[str, Any]]) -> str:
    track = {"OTIO_SCHEMA": "Track.1", "name": "Video 1", "kind": "Video", "children": clips}
    stack = {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": [track]}
    made = {"OTIO_SCHEMA": "Timeline.1", "name": name, "global_start_time": time(HOUR)}
    return json.dumps({**made, "tracks": stack}, ensure_ascii=False)
