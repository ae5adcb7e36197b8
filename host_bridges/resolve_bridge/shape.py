"""Whether Resolve takes an OTIO: it says None to what is not shaped as its own, and no reason.

The robust way is to export a timeline from Resolve, edit that document, and import it under a
new name. The rules are from reports about Resolve 18 to 21, and none was tried in it.
"""

from __future__ import annotations

import json
from typing import Any, Iterator, List, Mapping


def fault(path: str, tracks: str = "") -> str:
    """What Resolve would stumble over in an OTIO, in words; '' where nothing is found.

    tracks   how the names of those tracks begin that are looked at.
    """
    try:
        with open(path, encoding="utf-8") as file:
            told = json.load(file)
    except (OSError, ValueError) as why:
        return f"it cannot be read ({why})"
    if not isinstance(told, dict) or not str(told.get("OTIO_SCHEMA", "")).startswith("Timeline."):
        return "it holds no timeline"
    if not told.get("global_start_time"):
        return "its timeline has no global_start_time"
    looked = [each for each in _tracks(told) if str(each.get("name", "")).startswith(tracks)]
    return next((f"clip '{name}' {why}" for name, why in _faults(looked)), "")


def _tracks(told: Mapping[str, Any]) -> List[Mapping[str, Any]]:
    return list((told.get("tracks") or {}).get("children") or ())


def _faults(told: Any) -> Iterator[tuple[str, str]]:
    for clip in _clips(told):
        name = str(clip.get("name", ""))
        media = (clip.get("media_references") or {}).get(clip.get("active_media_reference_key"))
        if clip["OTIO_SCHEMA"] != "Clip.2" or media is None:
            yield name, "is no Clip.2 with its media in media_references"
            continue
        if not str(media.get("OTIO_SCHEMA", "")).startswith("ExternalReference."):
            yield name, "names its media otherwise than by an ExternalReference"
        elif "://" in media.get("target_url", "://"):
            yield name, "names its media by a URL; Resolve wants the bare path"
        elif not (there := media.get("available_range")):
            yield name, "does not say which frames its media has (available_range)"
        elif (used := clip.get("source_range")) and _start(used) < _start(there):
            yield name, "begins before its media: source_range counts from the media's timecode"


def _clips(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if str(node.get("OTIO_SCHEMA", "")).startswith("Clip."):
            yield node
        for each in node.values():
            yield from _clips(each)
    elif isinstance(node, list):
        for each in node:
            yield from _clips(each)


def _start(span: dict[str, Any]) -> float:
    """Seconds at which a time range begins."""
    at = span["start_time"]
    return float(at["value"]) / float(at["rate"])
