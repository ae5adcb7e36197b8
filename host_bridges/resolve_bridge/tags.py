"""What we remember of things in a project: JSON on the media pool item they belong to.

Third-party metadata is the place for it: nobody sees it, and it travels with the project. Before
Resolve has that, a marker of ours on the media holds it in its custom data. A clip, a version
of its grade and a take keep theirs on the clip's media; a timeline marker in its own custom
data, see `markers`.
"""

from __future__ import annotations

import json
from typing import Any, Dict

from .facts import has, refused

KEY = "answerprint"

Tags = Dict[str, Dict[str, Any]]
"""Reference -> {tag: value}."""


def read(source: Any) -> Tags:
    """All tags kept with a media pool item."""
    if has(source, "GetThirdPartyMetadata"):
        text = source.GetThirdPartyMetadata(KEY)
    else:
        found = (each["customData"] for each in (source.GetMarkers() or {}).values())
        text = next((t[len(KEY) + 1 :] for t in found if t.startswith(f"{KEY}:")), "")
    return json.loads(text) if isinstance(text, str) and text else {}


def placed(source: Any) -> bool:
    """Whether a media pool item is one that we brought in."""
    return f"media:{source.GetUniqueId()}" in read(source)


def write(source: Any, tags: Tags) -> bool:
    """Keep these tags instead of those that are there; True. WireError -32020 where it cannot."""
    text = json.dumps(tags, sort_keys=True, ensure_ascii=False)
    if has(source, "SetThirdPartyMetadata"):
        done = source.SetThirdPartyMetadata(KEY, text)
    else:
        done = _in_marker(source, f"{KEY}:{text}")
    if done is not True:
        hint = "Close Resolve's dialogs and open the project for writing, then place again."
        raise refused(f"'{source.GetName()}' could not be tagged.", hint)
    return True


def _in_marker(source: Any, text: str) -> Any:
    markers = source.GetMarkers() or {}
    for frame, each in markers.items():
        if each["customData"].startswith(f"{KEY}:"):
            return source.UpdateMarkerCustomData(frame, text)
    taken = {int(frame) for frame in markers}
    free = next(frame for frame in range(len(taken) + 1) if frame not in taken)
    return source.AddMarker(free, "Cream", "Answerprint", "What was placed", 1, text)
