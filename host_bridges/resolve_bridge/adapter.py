"""DaVinci Resolve as a host: its timeline's clips out, grades, LUTs, takes and markers in.

Nothing here has run in Resolve: it follows Blackmagic's documents and is tested on a double.

Resolve has no selection of clips, no undo for scripts and no file beside which results could
lie. So: the source is the clip under the playhead, or those of a clip colour or flag; a grade
goes to a new local version and `take_back` returns to the artist's, which is never touched;
the artist says which folder is the project's. Panel and questions are another process: `Artist`.
"""

from __future__ import annotations

import os
import platform
import time
from contextlib import AbstractContextManager
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Callable, List, Protocol, Sequence, Tuple

from answerprint_bridge.host import (
    Action,
    ExportSpec,
    FrameSet,
    HostInfo,
    Item,
    ItemInfo,
    Marker,
    Progress,
    SceneContext,
)
from answerprint_bridge.results import CannotPlace, Form, Refs, Result

from . import clips, facts, grades, markers, pool, render
from .facts import refused
from .found import Found


class Artist(Protocol):
    """The panel that the artist looks at, and what it answers."""

    def progress(self, title: str) -> AbstractContextManager[Progress]: ...
    def message(self, level: str, title: str, detail: str) -> None: ...
    def ask(self, question: str, default: bool) -> bool: ...


class ResolveHost(Found):
    """resolve        the object that a script from Resolve's menu is given.
    project           folder that results go below, '' while the artist has named none.
    grading, output   colour spaces the artist named, for a project that is not colour-managed.
    pick              clip colour or flag to work on; '': the clip under the playhead.
    luts              the master LUT folder. results: what relative names in results are below.

    Raises WireError -32020 for an edition or version that cannot be worked with.
    """

    def __init__(
        self,
        resolve: Any,
        artist: Artist,
        project: str = "",
        luts: Path | None = None,
        results: str = "",
        pause: Callable[[], object] = lambda: time.sleep(0.2),
    ) -> None:
        super().__init__()
        facts.check(resolve)
        self.resolve, self.artist, self.project = resolve, artist, project
        self.luts, self.results, self.pause = luts or facts.lut_folder(), results, pause
        self.grading = self.output = self.pick = ""
        self.actions: List[Action] = []

    # Who and where

    def info(self) -> HostInfo:
        edition = "Studio" if facts.studio(self.resolve) else "free"
        told = self.resolve.GetVersionString()
        return HostInfo("DaVinci Resolve", told, edition, platform.python_version())

    def capabilities(self) -> frozenset[str]:
        places = {"frames", "take", "markers", "note"}
        places |= {"cdl"} if self.grade_spaces() else set()
        places |= set() if grades.lut_refusal(self.luts, "") else {"lut"}
        renders = {"export:graded"} if not render.refusal(self.resolve, 0, 0) else set()
        return frozenset(f"result:{kind}" for kind in places) | renders | {"markers", "timeline"}

    def accepts(self, form: Form) -> str:
        if form.kind == "lut" and (why := grades.lut_refusal(self.luts, form.data["path"])):
            return why
        if form.kind == "cdl" and not self.grade_spaces():
            return "the project is not colour-managed: say in the panel which space it grades in"
        if form.kind == "lut" and form.data["space"] not in self.grade_spaces():
            here = ", ".join(self.grade_spaces()) or "a space nobody named"
            return f"it is for {form.data['space']}, a node here is in {here}"
        return super().accepts(form)

    def context(self) -> SceneContext:
        line = clips.timeline(self.resolve)
        first, end = int(line.GetStartFrame()), int(line.GetEndFrame())
        size = (int(line.GetSetting(f"timelineResolution{side}")) for side in ("Width", "Height"))
        rate: Fraction = facts.rate(line.GetSetting("timelineFrameRate"))
        space = next(iter(self.grade_spaces()), "")
        name = str(clips.project(self.resolve).GetName())
        shot = str(line.GetName())
        return SceneContext(
            name, self.project, shot, rate, first, max(first, end - 1), *size, space=space
        )

    def grade_spaces(self) -> Tuple[str, ...]:
        space = facts.working_space(clips.project(self.resolve), self.grading)
        return (space,) if space else ()

    def selection(self) -> list[Item]:
        """The clips of the colour or flag in `pick`, or the one under the playhead."""
        if not self.pick:
            return [clips.item(clips.under_playhead(self.resolve))]
        found = clips.coloured(self.resolve, self.pick)
        if not found:
            hint = "Give it to the shots, or choose the clip under the playhead."
            raise refused(f"No clip of the timeline has the colour or flag '{self.pick}'.", hint)
        return [clips.item(each) for each in found]

    def items(self) -> list[Item]:
        """Every clip of the timeline, for a list to tick."""
        return [clips.item(each) for each in clips.every(self.resolve)]

    def describe(self, ref: str) -> ItemInfo:
        return clips.describe(self._clip(ref))

    # Out

    def export_frames(self, ref: str, spec: ExportSpec, progress: Progress) -> FrameSet:
        clip = self._clip(ref)
        info = clips.describe(clip)
        first = info.first if spec.first is None else spec.first
        last = info.last if spec.last is None else spec.last
        if not spec.graded and (frames := clips.in_place(clip, first, last)):
            return frames
        space = facts.output_space(clips.project(self.resolve), self.output)
        why = render.refusal(self.resolve, info.width, info.height)
        if not space:
            why = "nobody knows the colour space that it renders in; name it in the panel"
        if why:
            hint = "Or render it to scene-linear EXR by hand and choose those frames."
            raise refused(f"'{clip.GetName()}' is not rendered: {why}.", hint)
        return render.render(self.resolve, clip, spec, progress, space, self.pause)

    def export_timeline(self, path: str) -> str:
        line = clips.timeline(self.resolve)
        done = line.Export(path, self.resolve.EXPORT_OTIO, self.resolve.EXPORT_NONE)
        if not done or not os.path.isfile(path):
            hint = "Choose a folder that you may write to, and close Resolve's dialogs."
            raise refused(f"Resolve did not export '{line.GetName()}' to {path}.", hint)
        return path

    # In

    def import_timeline(self, path: str, name: str) -> str:
        media_pool = clips.project(self.resolve).GetMediaPool()
        told = {"timelineName": name, "importSourceClips": True}
        if not (made := media_pool.ImportTimelineFromFile(path, told)):
            hint = "Use a name that no timeline has, and an OTIO that came out of Resolve."
            raise refused(f"Resolve did not import {path} as '{name}'.", hint)
        return f"timeline:{made.GetUniqueId()}"

    def import_frames(self, frames: FrameSet, near: str, label: str) -> Refs:
        frames = replace(frames, pattern=os.path.join(self.results, frames.pattern))
        media_pool = clips.project(self.resolve).GetMediaPool()
        made = pool.bring_in(media_pool, frames, label, self._undo)
        return (f"media:{made.GetUniqueId()}",)

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

    def place_take(self, data: Result, near: str, label: str) -> Refs:
        """A take beside the clip's own, where the frames cover the clip."""
        clip, frames = self._near(near), FrameSet.of(data)
        first, last = clips.span(clip)
        if frames.first > first or frames.last < last or frames.missing:
            raise CannotPlace(f"its frames do not cover {first}-{last} of '{clip.GetName()}'")
        with self.undo_group(label):
            (ref,) = self.import_frames(frames, near, label)
            source = self._media(ref)
            self._undo.append(lambda: pool.drop_take(clip, source))
            pool.add_take(clip, source, first - frames.first, last - frames.first)
        return (ref, f"take:{clip.GetUniqueId()}:{source.GetUniqueId()}")

    def place_markers(self, data: Result, near: str, label: str) -> Refs:
        told = [Marker(m["frame"], m["text"], m.get("kind", "note")) for m in data["markers"]]
        return self._marked(self._near(near), told, label)

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
            return len(self._marked(self._clip(ref), told, "Answerprint"))
        except CannotPlace as why:
            hint = "Move or delete the marker that is there."
            raise refused("The markers were not set.", hint, str(why)) from why

    # With the artist

    def progress(self, title: str) -> AbstractContextManager[Progress]:
        return self.artist.progress(title)

    def message(self, level: str, title: str, detail: str = "") -> None:
        self.artist.message(level, title, detail)

    def ask(self, question: str, default: bool) -> bool:
        return self.artist.ask(question, default)

    def take_back(self, ref: str) -> str:
        """Return a clip to the version that was current before a grade of ours; its name."""
        told = self.read_tag(ref, "before")
        if not told:
            hint = "Choose your version on the Color page, under Local Versions."
            raise refused(f"Nobody knows what stood before '{ref}'.", hint)
        grades.load(self._clip(ref), told["versionName"], told["versionType"])
        return str(told["versionName"])

    def busy(self) -> str:
        return "Resolve renders" if clips.project(self.resolve).IsRenderingInProgress() else ""

    def register_ui(self, actions: Sequence[Action]) -> None:
        """Kept for the agent: Resolve's menus cannot be changed by scripts."""
        self.actions = list(actions)

    def unregister_ui(self) -> None:
        self.actions = []

    def open_in_viewer(self, frames: FrameSet) -> bool:
        return False  # no call for it

    def shutdown(self) -> None:
        self.unregister_ui()

    def _graded(self, near: str, label: str, grade: Callable[[Any, int], None]) -> Refs:
        """Numbers or a LUT in a node of a new version; the version before is remembered."""
        clip = self._near(near)
        node = grades.node(clip, lambda question: self.ask(question, False))
        node_label = grades.graph(clip).GetNodeLabel(node)
        before = grades.current(clip)
        with self.undo_group(label):
            name = grades.begin(clip, label)
            self._undo.append(lambda: grades.drop(clip, name, before))
            grades.load(clip, name, grades.LOCAL)
            grades.same_node(clip, node, node_label)
            grade(clip, node)
            number = clip.GetUniqueId()
            ours = self.read_tag(f"version:{number}:{before['versionName']}", "before")
            local = before["versionType"] == grades.LOCAL
            ref = f"version:{number}:{name}"
            self.tag(ref, "before", ours if ours and local else before)
        return (ref,)

    def _marked(self, clip: Any, told: Sequence[Marker], label: str) -> Refs:
        line, (first, last) = clips.timeline(self.resolve), clips.span(clip)
        ahead = int(clip.GetStart()) - int(line.GetStartFrame()) - first
        refs: List[str] = []
        with self.undo_group(label):
            for each in told:
                if not first <= each.frame <= last:
                    raise CannotPlace(f"frame {each.frame} is not in the clip, {first}-{last}")
                name = f"{label}: {each.kind}"
                ref = markers.add(line, each.frame + ahead, name, each.text, each.length)
                self._undo.append(partial(markers.remove, line, ref))
                refs.append(ref)
        return tuple(refs)
