# SPDX-License-Identifier: GPL-3.0-or-later
"""The sequencer as an edit: out as OTIO, where its strips lie, markers in, the playhead.

Frames of the edit count from 0 at the first that a strip showed when it was last exported: what
the artist adds before it moves no finding. Markers of ours are those that
this file's tags name (`things`): one that the artist moved or renamed is the artist's from then
on. Blender's markers have no colours and no lengths, and their names end after 63 bytes.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

from answerprint_bridge.host import Marker, Span

from . import compat, edit_out, things
from .placing import Placing

PICTURES = ("IMAGE", "MOVIE")
MARK = "answerprint_mark"  # of a marker: {"tag": whose it is}
_begun: Dict[str, int] = {}  # a scene's key -> its frame that is 0 of the edit


class Editing(Placing):
    """The part of the host that knows the edit."""

    def export_timeline(self, path: str) -> str:
        scene = compat.sequencer_scene()
        edit_out.write(scene, path)
        _begun[compat.key(scene)] = edit_out.first_of(scene)
        return path

    def edit(self) -> List[Span]:
        scene = compat.sequencer_scene()
        first = begin_of(scene)
        there = [each for each in compat.strips(scene) if each.type in PICTURES]
        return [
            Span(
                things.item(each),
                int(each.frame_final_start) - first,
                int(each.frame_final_end) - 1 - first,
                int(each.channel),
                each.name,
            )
            for each in there
        ]

    def mark_edit(self, tag: str, markers: Sequence[Marker]) -> List[int]:
        scene = compat.sequencer_scene()
        first = begin_of(scene)
        with self.undo_group("markers"):
            for each in list(scene.timeline_markers):
                if things.tags(each).get(MARK, {}).get("tag") == tag:
                    self._take_marker(scene, each)
            for each in markers:
                name = things.cut(f"{each.name}: {each.text}" if each.name else each.text)
                made = scene.timeline_markers.new(name, frame=first + each.frame)
                ref = things.ref(made)
                self._remember_marker(scene, ref)
                things.keep(made, MARK, {"tag": tag})
        return [each.frame for each in markers]

    def show_frame(self, frame: int) -> None:
        scene = compat.sequencer_scene()
        scene.frame_set(begin_of(scene) + frame)

    def _take_marker(self, scene: Any, marker: Any) -> None:
        """Remove a marker; what fails later brings it back."""
        assert self._made is not None
        name, frame, tags = str(marker.name), int(marker.frame), things.tags(marker)
        self._made.append(lambda: _bring(scene, name, frame, tags))
        scene.timeline_markers.remove(marker)


def begin_of(scene: Any) -> int:
    """The scene's frame that is 0 of its edit. WireError where there never was one."""
    begun = _begun.get(compat.key(scene))
    return edit_out.first_of(scene) if begun is None else begun


def _bring(scene: Any, name: str, frame: int, tags: Mapping[str, Any]) -> None:
    made = scene.timeline_markers.new(name, frame=frame)
    for key, value in tags.items():
        things.keep(made, key, value)
