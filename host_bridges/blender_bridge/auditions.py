# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes to choose from, above the holes of the edit: muted strips, each with a marker.

Each lies over its hole to the frame, on the channel that its track of the audition has above all
of the edit; the rest of its clip is beyond its handles. A retime is a speed effect above it, and
then that is the item. A reframe is in the strip's own transform. The range of a whole clip is read
from the OTIO of the search, for the answer names only the frames that are meant.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Tuple

from answerprint_bridge.host import TAG, FrameSet, Marker
from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.results import CannotPlace
from answerprint_bridge.showing import Take

from . import compat, files, sizes, strips, things
from .editing import Editing, begin_of

AUDITION = "audition"  # of markers: whose they are
LAID = "answerprint_audition"  # of a strip: {cut: the OTIO of its search, id, words} of a proposal
Row = Mapping[str, Any]


class Auditions(Editing):
    """The part of the host that lays proposals, and shows one of them."""

    def lay_auditions(self, gaps: Mapping[str, Any]) -> Dict[str, str]:
        scene, cut = compat.sequencer_scene(), str(gaps["cut"])
        laid = {row["id"]: ref for ref, row in self.tagged(LAID).items() if row["cut"] == cut}
        rows = [row for hole in gaps["holes"] for row in hole["proposals"]]
        missing = [row for row in rows if row["id"] not in laid]
        if not missing:
            return laid
        whole, lost = _wholes(cut), list[str]()
        top = _top(scene)
        with self.undo_group("Audition"):
            for row in missing:
                try:
                    ref = self._lay(scene, row, *whole[row["id"]], top + row["track"])
                except CannotPlace as why:
                    lost.append(f"{row['name']}: {why}.")
                    continue
                self.tag(ref, LAID, {"cut": cut, "id": row["id"], "words": row["words"]})
                laid[row["id"]] = ref
            self.mark_edit(AUDITION, _markers(gaps["holes"], laid))
        if lost:
            self.message("warning", "Not all takes were laid.", "\n".join(lost))
        return laid

    def switch(self, ref: str, on: bool) -> None:
        """With it what was placed by it, such as its match."""
        placed = [each for each, told in self.tagged(TAG).items() if told.get("near") == ref]
        shown = [each for each in map(things.find, placed) if things.is_strip(each)]
        with self.undo_group("Audition"):
            for each in (*files.inside(things.find(ref)), *shown):
                self._mute(each, not on)

    def _mute(self, strip: Any, mute: bool) -> None:
        assert self._made is not None
        name, before = things.ref(strip), bool(strip.mute)
        if mute != before:
            self._made.append(lambda: setattr(things.find(name), "mute", before))
            strip.mute = mute

    def _lay(self, scene: Any, row: Row, skipped: int, length: int, lowest: int) -> str:
        """A proposal as a muted strip, retimed where its frames are more or fewer.

        skipped, length   frames of its clip before its own, and of the whole clip.
        """
        first = row["first"] - skipped
        frames = FrameSet(row["clip"], first, first + length - 1)
        at, lasts = begin_of(scene) + row["at"], row["frames"]
        channel = strips.free(scene, lowest, at, at + lasts)
        name = f"{row['id']} {row['name']}"
        made = strips.lay(scene, frames, name, channel, at, lasts, row["first"])
        made.mute = True
        (ref,) = self._strip(made)
        if row["reframe"]:
            _reframe(made, row["reframe"])
        taken = row["last"] - row["first"] + 1
        if row["speed"] == 1 and abs(taken - lasts) <= 1:  # a second of another rate, rounded
            return ref
        effect = strips.retime(scene, made, taken / lasts)
        effect.mute = True
        return self._strip(effect)[0]


def _top(scene: Any) -> int:
    """The highest channel of the edit itself, without what was laid to choose from."""
    own = (s for s in compat.top_strips(scene) if LAID not in things.tags(s))
    return max((int(each.channel) for each in own), default=0)


def _wholes(cut: str) -> Dict[str, Tuple[int, int]]:
    """{id of a proposal: frames of its clip before its own, frames of the clip}, from an OTIO."""
    found = {}
    try:
        with open(cut, encoding="utf-8") as file:
            tracks = json.load(file)["tracks"]["children"]
        for clip in (each for track in tracks for each in track.get("children", ())):
            name = clip.get("metadata", {}).get("answerprint", {}).get("id")
            if name and clip["OTIO_SCHEMA"].startswith("Clip."):
                media = clip["media_references"][clip["active_media_reference_key"]]
                there, first = media["available_range"], clip["source_range"]["start_time"]
                skipped = round(first["value"] - there["start_time"]["value"])
                found[name] = skipped, round(there["duration"]["value"])
    except (OSError, ValueError, KeyError, TypeError) as why:
        hint = "Look for the missing shots again."
        raise WireError(HOST_REFUSED, f"{cut} cannot be read.", hint, str(why)) from why
    return found


def _markers(holes: List[Row], laid: Mapping[str, str]) -> List[Marker]:
    """One for each that is laid, side by side in its hole: one frame shows one name."""
    found = []
    for hole in holes:
        rows = [row for row in hole["proposals"] if row["id"] in laid]
        for turn, row in enumerate(rows):
            take = Take.proposed(row)
            text = f"{100 * take.sure:.0f} % {take.sees}, {take.name}"
            at = row["at"] + turn * row["frames"] // len(rows)
            found.append(Marker(at, text, AUDITION, name=row["id"]))
    return found


def _reframe(strip: Any, told: Row) -> None:
    """Enlarge around the middle and move, in parts of the frame; Blender's y grows upwards."""
    width, height = sizes.rendered(strip.id_data)
    strip.transform.scale_x *= told["scale"]
    strip.transform.scale_y *= told["scale"]
    strip.transform.offset_x = told["offset"][0] * width
    strip.transform.offset_y = -told["offset"][1] * height
