# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes to choose from, above the holes of the edit: muted strips, each with a marker.

Each lies over its hole to the frame, on the channel that its track of the audition has above all
of the edit; the rest of its clip is beyond its handles. A retime is a speed effect above it, and
then that is the item. A reframe is in the strip's own transform. The range of a whole clip is read
from the OTIO of the search, for the answer names only the frames that are meant.

Frames of a search count from 0 at the frame of the scene that was 0 when its edit was exported,
whatever was exported since; where a shot beside a hole has moved, nothing is laid.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Dict, List, Mapping, Tuple

from answerprint_bridge.host import TAG, FrameSet, Marker, Span
from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.results import CannotPlace
from answerprint_bridge.showing import Take

from . import compat, files, sizes, strips, things
from .editing import PICTURES, Editing, begin_of

AUDITION = "audition"  # of markers: whose they are
LAID = "answerprint_audition"  # of a strip: {cut: the OTIO of its search, id, words} of a proposal
Row = Mapping[str, Any]


class Auditions(Editing):
    """The part of the host that lays proposals, and shows one of them."""

    def edit_exported(self) -> Dict[str, Any]:
        """{first: the scene's frame that is 0, shots: {ref of a strip: [first, end]}}, both in
        frames of the scene, the end not included."""
        scene = compat.sequencer_scene()
        return {"first": begin_of(scene), "shots": _shots(scene)}

    def edit_then(self, exported: Row) -> List[Span]:
        since = begin_of(compat.sequencer_scene()) - exported["first"] if exported else 0
        return [replace(s, first=s.first + since, last=s.last + since) for s in self.edit()]

    def lay_auditions(self, gaps: Mapping[str, Any]) -> Dict[str, str]:
        scene, cut = compat.sequencer_scene(), str(gaps["cut"])
        laid = {row["id"]: ref for ref, row in self.tagged(LAID).items() if row["cut"] == cut}
        rows = [row for hole in gaps["holes"] for row in hole["proposals"]]
        missing = [row for row in rows if row["id"] not in laid]
        if not missing:
            return laid
        whole, lost = _wholes(cut), list[str]()
        first = begin_then(scene, gaps)
        _unmoved(scene, gaps, missing)
        top = _top(scene)
        with self.undo_group("Audition"):
            for row in missing:
                try:
                    at = first + row["at"]
                    ref = self._lay(scene, row, at, *whole[row["id"]], top + row["track"])
                except CannotPlace as why:
                    lost.append(f"{row['name']}: {why}.")
                    continue
                self.tag(ref, LAID, {"cut": cut, "id": row["id"], "words": row["words"]})
                laid[row["id"]] = ref
            since = first - begin_of(scene)
            self.mark_edit(AUDITION, _markers(gaps["holes"], laid, since))
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

    def _lay(self, scene: Any, row: Row, at: int, skipped: int, length: int, lowest: int) -> str:
        """A proposal as a muted strip, retimed where its frames are more or fewer.

        at                the frame of the scene that it begins at.
        skipped, length   frames of its clip before its own, and of the whole clip.
        """
        first = row["first"] - skipped
        frames = FrameSet(row["clip"], first, first + length - 1)
        lasts = row["frames"]
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


def begin_then(scene: Any, gaps: Row) -> int:
    """The scene's frame that was 0 when the edit of a search was exported."""
    then = gaps.get("exported")
    return int(then["first"]) if then else begin_of(scene)


def _shots(scene: Any) -> Dict[str, List[int]]:
    """Where each strip of the edit itself lies."""
    own = (s for s in compat.top_strips(scene) if s.type in PICTURES and LAID not in things.tags(s))
    return {things.ref(s): [int(s.frame_final_start), int(s.frame_final_end)] for s in own}


def _unmoved(scene: Any, gaps: Row, rows: List[Row]) -> None:
    """WireError where a shot beside the hole of one of these lies elsewhere than at the search."""
    if not (then := gaps.get("exported")):
        return
    now = _shots(scene)
    for row in rows:
        first = then["first"] + row["at"]
        end = first + row["frames"]
        before = max((b for _, b in then["shots"].values() if b <= first), default=None)
        after = min((a for a, _ in then["shots"].values() if a >= end), default=None)
        for ref, (a, b) in then["shots"].items():
            if (b == before or a == after) and now.get(ref) != [a, b]:
                name = ref.rpartition(":")[2]
                title = f"'{name}' is not where it was when the missing shots were looked for."
                raise WireError(HOST_REFUSED, title, "Look for missing shots again.")


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


def _markers(holes: List[Row], laid: Mapping[str, str], since: int) -> List[Marker]:
    """One for each that is laid, side by side in its hole: one frame shows one name.

    since   frames by which those of the search count from another 0 than the edit does now.
    """
    found = []
    for hole in holes:
        rows = [row for row in hole["proposals"] if row["id"] in laid]
        for turn, row in enumerate(rows):
            take = Take.proposed(row)
            text = f"{100 * take.sure:.0f} % {take.sees}, {take.name}"
            at = since + row["at"] + turn * row["frames"] // len(rows)
            found.append(Marker(at, text, AUDITION, name=row["id"]))
    return found


def _reframe(strip: Any, told: Row) -> None:
    """Enlarge around the middle and move, in parts of the frame; Blender's y grows upwards."""
    width, height = sizes.rendered(strip.id_data)
    strip.transform.scale_x *= told["scale"]
    strip.transform.scale_y *= told["scale"]
    strip.transform.offset_x = told["offset"][0] * width
    strip.transform.offset_y = -told["offset"][1] * height
