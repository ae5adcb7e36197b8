# SPDX-License-Identifier: GPL-3.0-or-later
"""Small pictures in the panel: the plate and its result, and the result of a knob.

They are icons, not images of the file: nothing is added to the artist's data. The core makes
them through the show's view (`view.render`); Blender's own view is not asked.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping

import bpy.utils.previews

SIZE = 256  # what Blender keeps of an icon's picture, longer side

_shown: Any = None
_thumbs: Any = None  # of the show's takes, by their paths


def register() -> None:
    global _shown, _thumbs
    _shown, _thumbs = bpy.utils.previews.new(), bpy.utils.previews.new()


def unregister() -> None:
    global _shown, _thumbs
    for each in (_shown, _thumbs):
        if each is not None:
            bpy.utils.previews.remove(each)
    _shown = _thumbs = None


def put(slot: str, path: str) -> None:
    """Show a PNG as 'before' or 'after'."""
    if slot in _shown:
        del _shown[slot]
    _shown.load(slot, path, "IMAGE")


def clear() -> None:
    _shown.clear()


def icon(slot: str) -> int:
    """The icon's number, 0 where there is no picture."""
    return int(_shown[slot].icon_id) if slot in _shown else 0


def thumb(path: str) -> int:
    """The icon's number of a picture on disk, read when it is first asked for; 0 for ''."""
    if not path:
        return 0
    if path not in _thumbs:
        _thumbs.load(path, path, "IMAGE")
    return int(_thumbs[path].icon_id)


def clear_thumbs() -> None:
    _thumbs.clear()


def asked(path: str, frame: int, space: str = "") -> Dict[str, Any]:
    """The params of `view.render` for a frame of a file or sequence."""
    told = {"path": path, "frame": frame, "exposure": 0.0, "display": "", "size": SIZE}
    return {**told, "space": space} if space else told


def plate(request: Mapping[str, Any], frame: int) -> Dict[str, Any]:
    """The params of `view.render` for a frame of a job's source."""
    source = request["inputs"]["source"]
    if isinstance(source, str):
        return asked(source, frame)
    return asked(source["pattern"], frame, source.get("colorspace", {}).get("name", ""))
