"""Markers on the timeline. Resolve keeps one at a frame and refuses a second.

A marker of ours has custom data {answerprint: number, tags: {...}}; frames in Resolve count from
the start of the timeline and come back as floats.
"""

from __future__ import annotations

import json
import uuid
from typing import Any, Dict, Iterator, List, Mapping, Tuple

from answerprint_bridge.results import CannotPlace

COLOUR = "Cream"


def ours(line: Any) -> Iterator[Tuple[str, int, Dict[str, Any]]]:
    """Reference, frame and custom data of each marker that we set."""
    for frame, marker in (line.GetMarkers() or {}).items():
        text = marker.get("customData", "")
        if text.startswith('{"answerprint"'):
            kept = json.loads(text)
            yield f"marker:{kept['answerprint']}", int(frame), kept


def data(tag: str = "", value: Mapping[str, Any] | None = None, number: str = "") -> str:
    """Custom data of a marker of ours."""
    tags = {tag: dict(value or {})} if tag else {}
    return json.dumps({"answerprint": number or uuid.uuid4().hex, "tags": tags})


def add(
    line: Any, frame: int, name: str, note: str, length: int = 1, colour: str = "", tag: str = ""
) -> str:
    """A marker at a frame of the timeline (from its start). CannotPlace where one stands."""
    number = uuid.uuid4().hex
    told = data(tag, number=number)
    if not line.AddMarker(frame, colour.capitalize() or COLOUR, name, note, length, told):
        raise CannotPlace(f"Resolve set no marker at frame {frame} of the timeline: one is there")
    return f"marker:{number}"


def with_tag(line: Any, tag: str) -> List[int]:
    """The frames of those of ours that have a tag."""
    return [frame for _, frame, kept in ours(line) if tag in kept["tags"]]


def again(line: Any, frame: int, kept: Mapping[str, Any]) -> bool:
    """Set a marker as `GetMarkers` told of it."""
    told = (kept[word] for word in ("color", "name", "note", "duration", "customData"))
    return line.AddMarker(frame, *told) is True


def remove(line: Any, ref: str) -> bool:
    return any(line.DeleteMarkerAtFrame(at) for name, at, _ in list(ours(line)) if name == ref)


def keep(line: Any, ref: str, key: str, value: Mapping[str, Any]) -> bool:
    for name, frame, kept in list(ours(line)):
        if name == ref:
            kept["tags"][key] = dict(value)
            return line.UpdateMarkerCustomData(frame, json.dumps(kept)) is True
    return False


def free(line: Any, frame: int) -> int:
    """The first frame without a marker, from this one on; behind the last, the nearest before."""
    taken = {int(at) for at in line.GetMarkers() or {}}
    length = int(line.GetEndFrame()) - int(line.GetStartFrame())
    for at in (*range(frame, length), *range(min(frame, length) - 1, -1, -1)):
        if at not in taken:
            return at
    raise CannotPlace("every frame of the timeline has a marker")
