"""The selected Reads as an edit, from left to right: what a check of their order goes over.

Nuke has no timeline: each Read is a clip of its own first to last frame, one after the other. So
frames of this edit are none of Nuke's own; `show_frame` looks at the Read that the edit shows
there, at the frame where Nuke shows the same file. Not run in Nuke itself (see the package).
"""

from __future__ import annotations

import json
import os
from typing import Any, Dict, List, Tuple

import nuke

from answerprint_bridge.host import Host, Item, Span
from answerprint_bridge.messages import HOST_REFUSED, WireError

from . import frames as out
from . import script

FRESH = "Select the Reads of the edit, from left to right as they follow each other."


class Edit(Host):
    """Keeps the edit as it was last exported: the selection changes while a check runs."""

    _laid: Tuple[Span, ...] = ()

    def export_timeline(self, path: str) -> str:
        reads = sorted(nuke.selectedNodes("Read"), key=lambda n: (n.xpos(), n.ypos()))
        if not reads:
            raise WireError(HOST_REFUSED, "No Read is selected.", FRESH)
        clips, laid, at = [_clip(each) for each in reads], [], 0
        for read in reads:
            length = int(read["last"].value()) - int(read["first"].value()) + 1
            item = Item(str(read.fullName()), "image", str(read.name()))
            laid.append(Span(item, at, at + length - 1, 1, item.ref))
            at += length
        with open(path, "w", encoding="utf-8") as file:
            json.dump(_timeline(script.shot(), clips), file, indent=2, ensure_ascii=False)
        self._laid = tuple(laid)
        return path

    def edit(self) -> List[Span]:
        return [each for each in self._laid if script.found(each.item.ref) is not None]

    def show_frame(self, frame: int) -> None:
        for span in self._laid:
            if span.first <= frame <= span.last:
                read = script.node(span.item.ref)
                number = int(read["first"].value()) + frame - span.first
                nuke.frame(_shown_at(read, number))
                nuke.connectViewer(0, read)
                return
        raise WireError(HOST_REFUSED, f"The edit has no frame {frame}.", "Check it again.")


def _shown_at(read: Any, number: int) -> int:
    """The frame of Nuke at which a Read shows the file of this number."""
    mode, text = str(read["frame_mode"].value()), str(read["frame"].value()).strip()
    if not text:
        return number
    try:
        told = int(float(text))
    except ValueError:
        told = None
    if told is None or mode not in ("offset", "start at"):
        title = f"{read.name()} is shifted by an expression, '{text}'."
        hint = f"Its file {number} is meant; look for it by hand."
        raise WireError(HOST_REFUSED, title, hint)
    return number - told if mode == "offset" else number + told - int(read["first"].value())


# --- as OTIO: with the standard library, for Nuke's Python has no other -----------------------


def _clip(read: Any) -> Dict[str, Any]:
    """A Read as a clip of OTIO. WireError -32020 where it names no file of its own."""
    file = out.pattern(read)
    if not os.path.isabs(file):
        title = f"Nuke computes the path of {read.name()}."
        raise WireError(HOST_REFUSED, title, "Give it a path in plain words, or leave it out.")
    space = script.light() if read["raw"].value() else script.read_space(read["colorspace"])
    media, span = _media(read, file)
    told = {"answerprint": {"space": space}} if space else {}
    return {
        "OTIO_SCHEMA": "Clip.2",
        "name": str(read.fullName()),
        "source_range": span,
        "effects": [],
        "markers": [],
        "enabled": not read["disable"].value(),
        "metadata": {},
        "media_references": {"DEFAULT_MEDIA": {**media, "metadata": told}},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }


def _media(read: Any, file: str) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """The reference of a Read's file, and which range of it the Read shows.

    Files of a sequence have their numbers; a movie's frames count from 0 at its first.
    """
    first, last = (int(read[knob].value()) for knob in ("first", "last"))
    folder, name = os.path.split(file)
    found = out.NUMBER.search(name)
    if not found:
        begin, end = (int(read[knob].value()) for knob in ("origfirst", "origlast"))
        media: Dict[str, Any] = {"OTIO_SCHEMA": "ExternalReference.1", "name": name}
        media.update(target_url=file, available_range=_span(0, end - begin + 1))
        return media, _span(first - begin, last - first + 1)
    span = _span(first, last - first + 1)
    media = {
        "OTIO_SCHEMA": "ImageSequenceReference.1",
        "name": name,
        "available_range": span,
        "target_url_base": folder,
        "name_prefix": name[: found.start()],
        "name_suffix": name[found.end() :],
        "start_frame": first,
        "frame_step": 1,
        "rate": float(script.rate()),
        "frame_zero_padding": int(found[0][1:-1] or 0),
        "missing_frame_policy": "error",
    }
    return media, span


def _timeline(name: str, clips: List[Dict[str, Any]]) -> Dict[str, Any]:
    track = {"OTIO_SCHEMA": "Track.1", "name": "Reads", "kind": "Video", "children": clips}
    stack = {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": [track]}
    made = {"OTIO_SCHEMA": "Timeline.1", "name": name, "global_start_time": _time(0)}
    return {**made, "tracks": stack}


def _span(first: int, length: int) -> Dict[str, Any]:
    times = {"start_time": _time(first), "duration": _time(length)}
    return {"OTIO_SCHEMA": "TimeRange.1", **times}


def _time(value: int) -> Dict[str, Any]:
    rate = float(script.rate())
    return {"OTIO_SCHEMA": "RationalTime.1", "value": float(value), "rate": rate}
