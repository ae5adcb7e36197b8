"""Results as native things of Resolve, each with its step back.

Grades go to a new local version, pictures to a take or a track above, mattes to the clip's own
media. `take_back` shows the artist's own again and deletes nothing of his; placing the same
again shows ours again.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence, Tuple

from answerprint_bridge.host import FrameSet, Marker
from answerprint_bridge.results import Answer, CannotPlace, Refs, Result

from . import above, clips, grades, markers, pool
from .facts import refused
from .found import Found
from .said import ABOVE, Said

PARTS = "parts"  # the tag of a key's matte: how many things stand for the key


class Placing(Found):
    """said: what the artist told of the project. luts: the master LUT folder. results: what
    relative names in results are below."""

    said: Said
    luts: Path
    results: str
    _left: Sequence[Any] = ()  # media whose take or clip above the artist has deleted
    _parts: Refs = ()  # what is left of a key that he took a part of away

    def apply(
        self, results: Sequence[Result], near: str = "", label: str = "", recipe: str = ""
    ) -> list[Answer]:
        told = super().apply(results, near, label, recipe)
        for ref in {ref: None for answer in told for ref in answer.items}:
            self._show(ref)
        return told

    def _standing(self, recipe: str, near: str) -> Dict[Tuple[int, str], Refs]:
        """A take does not stand where only its media is left in the bin, a key not in parts."""
        found = super()._standing(recipe, near)
        takes = [key for key, refs in found.items() if key[1] == "take" and _only_media(refs)]
        keys = [key for key, refs in found.items() if key[1] == "key" and not self._whole_key(refs)]
        media = [ref for key in takes for ref in found.pop(key)]
        self._parts = tuple(ref for key in keys for ref in found.pop(key))
        media += [ref for ref in self._parts if ref.startswith("media:")]
        self._left = [self._media(ref) for ref in media]
        return found

    def _whole_key(self, refs: Refs) -> bool:
        told = [self.read_tag(ref, PARTS) for ref in refs if ref.startswith("matte:")]
        return any(each and each["of"] == len(refs) for each in told)

    def import_frames(self, frames: FrameSet, near: str, label: str) -> Refs:
        media_pool = clips.project(self.resolve).GetMediaPool()
        made = pool.bring_in(media_pool, self._whole(frames), label, self._undo)
        return (f"media:{made.GetUniqueId()}",)

    def place_frames(self, data: Result, near: str, label: str) -> Refs:
        """Frames that were made anew as a take, where they cover the clip."""
        if data.get("frames_made_anew"):
            with contextlib.suppress(CannotPlace):
                return self.place_take(data, near, label)
        return super().place_frames(data, near, label)

    def place_cdl(self, data: Result, near: str, label: str) -> Refs:
        def grade(clip: Any, node: int) -> None:
            grades.set_cdl(clip, node, data)

        return self._graded(near, label, grade)

    def place_lut(self, data: Result, near: str, label: str) -> Refs:
        def grade(clip: Any, node: int) -> None:
            path = grades.install_lut(self.luts, os.path.join(self.results, data["path"]))
            clips.project(self.resolve).RefreshLUTList()
            grades.set_lut(clip, node, path)

        return self._graded(near, label, grade)

    def place_matte(self, data: Result, near: str, label: str) -> Refs:
        """A matte of the clip's media, for an External Matte node on the Color page."""
        source = self._source(clips.item(self._near(near)).ref)
        storage, media_pool = self.resolve.GetMediaStorage(), self._media_pool()
        path = pool.add_matte(storage, media_pool, source, self._whole(FrameSet.of(data)))
        self._undo.append(partial(media_pool.DeleteClipMattes, source, [path]))
        return (f"matte:{source.GetUniqueId()}:{path}",)

    def place_take(self, data: Result, near: str, label: str) -> Refs:
        """Beside the clip's own picture, where the frames cover the clip."""
        clip, frames = self._near(near), FrameSet.of(data)
        first, last = self._shown(clip)
        away = data.get("at", frames.first) - frames.first
        if frames.first + away > first or frames.last + away < last or frames.missing:
            raise CannotPlace(f"its frames do not cover {first}-{last} of '{clip.GetName()}'")
        start, end = first - away - frames.first, last - away - frames.first
        with self.undo_group(label):
            source = self._brought_in(frames, near, label)
            ref = f"media:{source.GetUniqueId()}"
            if self._wish("pictures_as") == ABOVE:
                line = clips.timeline(self.resolve)
                made = above.put(self.resolve, line, clip, source, start, end, self._undo)
                return (f"clip:{made.GetUniqueId()}", ref)
            self._undo.append(partial(pool.drop_take, clip, source, pool.chosen(clip)))
            pool.add_take(clip, source, start, end)
        return (ref, f"take:{clip.GetUniqueId()}:{source.GetUniqueId()}")

    def place_key(self, data: Result, near: str, label: str) -> Refs:
        """The frames as a matte of the clip's media, and as a take; as media where they cover less.

        An External Matte node gives A, R, G and B of a matte as keys, in this order (Resolve's
        manual): the first is the one.
        """
        left = self._parts
        with self.undo_group(label):
            matte = tuple(ref for ref in left if ref.startswith("matte:"))
            matte = matte or self.place_matte(data, near, label)
            shown = tuple(ref for ref in left if ref not in matte)
            if _only_media(shown):
                try:
                    shown = self.place_take(data, near, label)
                except CannotPlace:
                    media = self._brought_in(FrameSet.of(data), near, label)
                    shown = (f"media:{media.GetUniqueId()}",)
            self.tag(matte[0], PARTS, {"of": len(matte) + len(shown)})
        return (*matte, *shown)

    def place_markers(self, data: Result, near: str, label: str) -> Refs:
        """Those of frames that the clip shows; of the others a note tells."""
        clip, told = self._near(near), [Marker.of(row) for row in data["markers"]]
        first, last = self._shown(clip)
        there = [each for each in told if each.frame <= last and each.frame + each.length > first]
        if not there:
            raise CannotPlace(f"none is of a frame that the clip shows, {first}-{last}")
        rest = [each.line for each in told if each not in there]
        with self.undo_group(label):
            refs = self._marked(clip, [_within(each, first, last) for each in there], label)
            if rest:
                text = "\n".join([f"Outside of {first}-{last}:", *rest])
                refs += self.place_note({"kind": "note", "text": text}, near, label)
        return refs

    def place_note(self, data: Result, near: str, label: str) -> Refs:
        """A marker at the clip's last frame or the next free one: `markers` need those inside."""
        clip, line = self._near(near), clips.timeline(self.resolve)
        frame = markers.free(line, int(clip.GetEnd()) - 1 - int(line.GetStartFrame()))
        name = f"{label or 'Answerprint'}: {clip.GetName()}"
        ref = markers.add(line, frame, name, data["text"])
        self._undo.append(lambda: markers.remove(line, ref))
        return (ref,)

    def add_markers(self, ref: str, told: Sequence[Marker]) -> int:
        try:
            return len(self._marked(self._clip(ref), told, "Answerprint", exact=True))
        except CannotPlace as why:
            hint = "Move or delete the marker that is there."
            raise refused("The markers were not set.", hint, str(why)) from why

    # The way back, and forth again

    def take_back(self, ref: str) -> str:
        """Show what the artist had; what stands now. Only a marker of ours is deleted."""
        kind = ref.partition(":")[0]
        if kind == "version":
            told = self.read_tag(ref, "before")
            if not told:
                hint = "Choose your version on the Color page, under Local Versions."
                raise refused(f"Nobody knows what stood before '{ref}'.", hint)
            grades.load(self._clip(ref), told["versionName"], told["versionType"])
            return str(told["versionName"])
        if kind == "take":
            pool.choose_take(self._clip(ref), 1)
            return "your own take"
        if kind == "clip":
            self._enable(self._clip(ref), False)
            return "your own clip; ours above it is switched off"
        if kind == "marker":
            markers.remove(clips.timeline(self.resolve), ref)
            return "the timeline without that marker"
        name = os.path.basename(ref) if kind == "matte" else self._media(ref).GetName()
        return f"your timeline, which never used {name}; delete it in the media pool if you like"

    def _show(self, ref: str) -> None:
        """Ours again, where `take_back` has shown the artist's since it was placed."""
        kind, *words = ref.split(":", 2)
        if kind == "version":
            clip = self._clip(ref)
            ours = {"versionName": words[1], "versionType": grades.LOCAL}
            if grades.current(clip) != ours:
                grades.load(clip, words[1], grades.LOCAL)
        elif kind == "take":
            clip = self._clip(ref)
            (index,) = (i for i, each in pool.takes(clip) if each.GetUniqueId() == words[1])
            pool.choose_take(clip, index)
        elif kind == "clip" and not self._clip(ref).GetClipEnabled():
            self._enable(self._clip(ref), True)

    def _enable(self, clip: Any, on: bool) -> None:
        if not clip.SetClipEnabled(on):
            hint = f"Switch it {'on' if on else 'off'} on the Edit page (D)."
            raise refused(f"Resolve did not switch '{clip.GetName()}'.", hint)

    # What they share

    def _wish(self, name: str) -> Any:
        """What the artist has said of the project that is open."""
        return self.said.value(str(clips.project(self.resolve).GetUniqueId()), name)

    def _media_pool(self) -> Any:
        return clips.project(self.resolve).GetMediaPool()

    def _whole(self, frames: FrameSet) -> FrameSet:
        return replace(frames, pattern=os.path.join(self.results, frames.pattern))

    def _brought_in(self, frames: FrameSet, near: str, label: str) -> Any:
        """Frames as media: what is left of a take that was deleted, or new."""
        pattern = self._whole(frames).pattern
        for each in self._left:
            if clips.pattern(each) == pattern:
                return each
        (ref,) = self.import_frames(frames, near, label)
        return self._media(ref)

    def _graded(self, near: str, label: str, grade: Callable[[Any, int], None]) -> Refs:
        """Numbers or a LUT in a node of a new version, a copy of the artist's, which is kept."""
        clip = self._near(near)
        shown, before = grades.current(clip), self._artists(clip)
        with self.undo_group(label):
            if before != shown:
                self._undo.append(partial(grades.load, clip, *shown.values()))
                grades.load(clip, before["versionName"], before["versionType"])
            node = grades.node(clip, self._wish("node"), lambda question: self.ask(question, False))
            node_label = grades.graph(clip).GetNodeLabel(node)
            name = grades.begin(clip, label)
            self._undo.append(partial(grades.drop, clip, name, before))
            grades.load(clip, name, grades.LOCAL)
            grades.same_node(clip, node, node_label)
            grade(clip, node)
            ref = f"version:{clip.GetUniqueId()}:{name}"
            self.tag(ref, "before", before)
        return (ref,)

    def _shown(self, clip: Any) -> Tuple[int, int]:
        """First and last frame of the artist's own source that a clip shows."""
        with pool.own_take(clip):
            return clips.span(clip)

    def _marked(self, clip: Any, told: Sequence[Marker], label: str, exact: bool = False) -> Refs:
        """exact: at their frames or not at all; else at the next that has no marker yet."""
        line = clips.timeline(self.resolve)
        first, last = self._shown(clip)
        ahead = int(clip.GetStart()) - int(line.GetStartFrame()) - first
        if not exact:  # who has to move makes way for who has not
            told = sorted(
                told, key=lambda m: markers.free(line, m.frame + ahead) != m.frame + ahead
            )
        refs: List[str] = []
        with self.undo_group(label):
            for each in told:
                if not first <= each.frame <= last:
                    raise CannotPlace(f"frame {each.frame} is not in the clip, {first}-{last}")
                name, at, text = f"{label}: {each.kind}", each.frame + ahead, each.text
                if not exact and (free := markers.free(line, at)) != at:
                    at, text = free, each.line
                ref = markers.add(line, at, name, text, each.length)
                self._undo.append(partial(markers.remove, line, ref))
                refs.append(ref)
        return tuple(refs)


def _within(marker: Marker, first: int, last: int) -> Marker:
    start = max(marker.frame, first)
    end = min(marker.frame + marker.length - 1, last)
    return replace(marker, frame=start, length=end - start + 1)


def _only_media(refs: Refs) -> bool:
    return all(ref.startswith("media:") for ref in refs)
