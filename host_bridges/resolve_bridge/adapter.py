"""DaVinci Resolve as a host: its timeline's clips out, grades, LUTs, takes and markers in.

Nothing here has run in Resolve: it follows Blackmagic's documents and is tested on a double.

Resolve has no selection of clips, no undo for scripts and no file beside which results could
lie. So: the source is the clip under the playhead, or those of a clip colour or flag; a grade
goes to a new local version and `take_back` returns to the artist's, which is never touched;
the artist says which folder is the project's. Panel and questions are another process: `Artist`.
"""

from __future__ import annotations

import platform
import time
from contextlib import AbstractContextManager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence, Tuple

from answerprint_bridge.host import (
    Action,
    ExportSpec,
    FrameSet,
    HostInfo,
    Item,
    ItemInfo,
    Progress,
    SceneContext,
)
from answerprint_bridge.messages import CANCELLED, WireError
from answerprint_bridge.remote import Artist
from answerprint_bridge.results import Form

from . import clips, facts, grades, pool, render, stills
from .auditions import Auditions
from .facts import refused
from .said import UNDER, UNSAID, Said

UNNAMED = (
    "results are not saved anywhere until you name a folder for them (Results folder, below "
    "DaVinci Resolve in the panel)"
)
SOURCE = "source"  # the input that results are placed by, see Session.run
NO_PROJECT = "no project is open in Resolve, or one of its dialogs waits for you"


class ResolveHost(Auditions):
    """resolve    the object that a script from Resolve's menu is given.
    said          what the artist has told of the project.
    luts          the master LUT folder. results: what relative names in results are below.
    pause         waits a moment between two looks at a render.

    Raises WireError -32020 for an edition or version that cannot be worked with.
    """

    def __init__(
        self,
        resolve: Any,
        artist: Artist,
        said: Said,
        luts: Path | None = None,
        results: str = "",
        pause: Callable[[], object] = lambda: time.sleep(0.2),
    ) -> None:
        super().__init__()
        facts.check(resolve)
        self.resolve, self.artist, self.said = resolve, artist, said
        self.luts, self.results, self.pause = luts or facts.lut_folder(), results, pause
        self.actions: List[Action] = []
        self._listed: Dict[str, Any] = {}  # the clips that `items` found last

    # Who and where

    def info(self) -> HostInfo:
        edition = "Studio" if facts.studio(self.resolve) else "free"
        told = self.resolve.GetVersionString()
        return HostInfo("DaVinci Resolve", told, edition, platform.python_version())

    def capabilities(self) -> frozenset[str]:
        places = {"frames", "key", "matte", "take", "markers", "note"}
        places |= {"cdl"} if self.grade_spaces() else set()
        places |= set() if grades.lut_refusal(self.luts, "") else {"lut"}
        found = {"markers", "timeline", "edit markers", "playhead"}
        found |= {"selection", "items", "take back", "takes", "auditions"}
        found |= {"export:graded"} if not render.refusal(self.resolve, 0, 0) else set()
        return frozenset({f"result:{kind}" for kind in places} | found)

    def news(self) -> list[str]:
        """What this edition, version or set-up cannot do, and why, where it was not told yet."""
        told = facts.shortfalls(self.resolve)
        if why := grades.lut_refusal(self.luts, "a cube"):
            told.append(f"LUTs are off: {why}.")
        if told == self.said.noted("", "told"):
            return []
        try:
            self.said.note("", "told", told)
        except WireError as unwritable:
            return [*told, str(unwritable)]
        return told

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
        folder, shot = self._wish("results_folder"), str(line.GetName())
        last = max(first, end - 1)
        return SceneContext(name, folder, shot, rate, first, last, *size, space=space)

    def grade_spaces(self) -> Tuple[str, ...]:
        if not (project := clips.opened(self.resolve)):
            return ()
        space = facts.working_space(project, self._space("grading_space"))
        return (space,) if space else ()

    def selection(self) -> list[Item]:
        """The clips of the colour or flag that was chosen, or the one under the playhead."""
        pick = self._wish("work_on")
        if pick == UNDER:
            return [clips.item(clips.under_playhead(self.resolve))]
        found = clips.coloured(self.resolve, pick)
        if not found:
            hint = "Give it to the shots, or choose the clip under the playhead."
            raise refused(f"No clip of the timeline has the colour or flag '{pick}'.", hint)
        return [clips.item(each) for each in found]

    def items(self) -> list[Item]:
        """Every clip of the timeline and every still of the Gallery, for a list to tick."""
        self._listed = {f"clip:{each.GetUniqueId()}": each for each in clips.every(self.resolve)}
        found = [clips.item(each) for each in self._listed.values()]
        project = clips.project(self.resolve)
        return [*found, *(item for item, _, _ in stills.every(project))]

    def describe(self, ref: str) -> ItemInfo:
        output = self._output()
        if ref.startswith("still:"):
            stills.find(clips.project(self.resolve), ref)
            scene = self.context()
            size = scene.width, scene.height
            return ItemInfo(*size, 1, 1, ("R", "G", "B"), space=output, graded_space=output)
        # A list is described item by item: to look for each in the timeline would take minutes.
        clip = self._listed.get(ref)
        if clip is None or f"clip:{clip.GetUniqueId()}" != ref:
            clip = self._clip(ref)
        with pool.own_take(clip):
            return replace(clips.describe(clip), graded_space=output)

    def settings(self) -> list[Dict[str, Any]]:
        if not (project := clips.opened(self.resolve)):
            return []  # all of them are kept by project
        return self.said.rows(str(project.GetUniqueId()), facts.managed(project))

    def configure(self, name: str, value: Any) -> None:
        self.said.take(str(clips.project(self.resolve).GetUniqueId()), name, value)

    # Out

    def export_frames(self, ref: str, spec: ExportSpec, progress: Progress) -> FrameSet:
        if ref.startswith("still:"):
            project = clips.project(self.resolve)
            space = self._known_output(stills.find(project, ref)[0].label)
            return stills.export(self.resolve, project, ref, spec, space)
        clip = self._clip(ref)
        with pool.own_take(clip):
            return self._written(clip, spec, progress)

    def _written(self, clip: Any, spec: ExportSpec, progress: Progress) -> FrameSet:
        info, name = clips.describe(clip), clip.GetName()
        first = info.first if spec.first is None else spec.first
        last = info.last if spec.last is None else spec.last
        if not spec.graded and (frames := clips.in_place(clip, first, last)):
            self._sure_of_space(clip)
            return frames
        if why := render.refusal(self.resolve, info.width, info.height):
            hint = "Or render it to scene-linear EXR by hand and choose those frames."
            raise refused(f"'{name}' is not rendered: {why}.", hint)
        if not spec.graded and (what := grades.beyond(clips.timeline(self.resolve), clip)):
            hint = "Choose 'as graded'; or remove that grade meanwhile, or the clip from its group."
            raise refused(f"'{name}' is not rendered before grade: {what} would be in it.", hint)
        space = self._known_output(name)
        why = "is retimed" if clips.retimed(clip) else "is media that only Resolve opens"
        question = f"'{name}' {why}. Shall Resolve render its frames {first}-{last} now?"
        if not spec.graded and not self.ask(question, True):
            raise WireError(CANCELLED, f"'{name}' was not rendered.")
        # Results are placed on the artist's version of the source, so that is what is measured; a
        # reference is what is shown, our own match of another shot included.
        shown = self._artists(clip) if spec.name == SOURCE else grades.current(clip)
        return render.render(self.resolve, clip, spec, progress, space, self.pause, shown)

    # With the artist

    def progress(self, title: str) -> AbstractContextManager[Progress]:
        return self.artist.progress(title)

    def message(self, level: str, title: str, detail: str = "") -> None:
        self.artist.message(level, title, detail)

    def ask(self, question: str, default: bool) -> bool:
        return self.artist.ask(question, default)

    def busy(self) -> str:
        if not (project := clips.opened(self.resolve)):
            return NO_PROJECT
        if project.IsRenderingInProgress():
            return "Resolve renders"
        return "" if self._wish("results_folder") else UNNAMED

    def register_ui(self, actions: Sequence[Action]) -> None:
        """Kept for the agent: Resolve's menus cannot be changed by scripts."""
        self.actions = list(actions)

    def unregister_ui(self) -> None:
        self.actions = []

    def open_in_viewer(self, frames: FrameSet) -> bool:
        return False  # no call for it

    def shutdown(self) -> None:
        self.unregister_ui()

    def _sure_of_space(self, clip: Any) -> None:
        """Ask, once for a project, where Resolve names a clip's space as nobody here knows it."""
        project = clips.project(self.resolve)
        number, called = str(project.GetUniqueId()), clips.unknown_space(clip)
        agreed = self.said.noted(number, "by file") or []
        if not called or called in agreed or not facts.managed(project):
            return
        question = (
            f"Resolve calls the colour space of '{clip.GetName()}' '{called}', which Answerprint "
            "does not know. Shall such files be decoded by what they say of themselves?"
        )
        if not self.ask(question, False):
            hint = "Choose its file in the panel instead, and name its colour space there."
            raise refused(f"'{clip.GetName()}' is in '{called}', which is not known here.", hint)
        self.said.note(number, "by file", [*agreed, called])

    def _space(self, name: str) -> str:
        said = self._wish(name)
        return "" if said == UNSAID else str(said)

    def _output(self) -> str:
        """The space that pictures leave Resolve in, '' where nobody knows."""
        return facts.output_space(clips.project(self.resolve), self._space("render_space"))

    def _known_output(self, name: str) -> str:
        if not (space := self._output()):
            hint = "Or render it to scene-linear EXR by hand and choose those frames."
            why = "nobody knows the colour space that it renders in; name it in the panel"
            raise refused(f"'{name}' is not rendered: {why}.", hint)
        return space
