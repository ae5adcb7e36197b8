"""One clip as EXR by a render job: for media that only Resolve opens, and for graded frames.

Half EXR, zipped, of the clip's track alone. The values are in the timeline's *output* space,
EXR too, and say so in the frames' `space`. Without the grade it is rendered in a version of
its own that is reset and removed again. Page, tracks, version and render settings are as they
were afterwards, whatever happens. Resolve tells neither data window nor pixel aspect.

A group and the timeline grade from outside a clip's versions: see `grades.beyond`.
"""

from __future__ import annotations

import os
import re
import uuid
from contextlib import ExitStack
from typing import Any, Callable, Mapping

from answerprint_bridge.host import ExportSpec, FrameSet, Progress
from answerprint_bridge.messages import CANCELLED, WireError

from . import clips, grades, pages
from .facts import MOST_FREE, RENDERS, refused, studio, version

FORMAT, CODEC = "exr", "RGBHalfZIP"
_NUMBER = re.compile(r"(?P<number>[0-9]+)\.exr$")


def refusal(resolve: Any, width: int, height: int) -> str:
    """Why this Resolve cannot render a clip for us, or ''."""
    if version(resolve) < RENDERS:
        return f"Resolve {resolve.GetVersionString()} cannot render without losing your settings"
    if not studio(resolve) and (width > MOST_FREE[0] or height > MOST_FREE[1]):
        return f"free Resolve does not render {width} x {height}, it ends at 3840 x 2160"
    return ""


def render(
    resolve: Any,
    clip: Any,
    spec: ExportSpec,
    progress: Progress,
    space: str,
    pause: Callable[[], object],
    shown: Mapping[str, Any],
) -> FrameSet:
    """space: the output space. pause: waits a moment between two looks at the running job.
    shown: the version that graded frames are rendered through."""
    info = clips.describe(clip)
    first = info.first if spec.first is None else spec.first
    last = info.last if spec.last is None else spec.last
    start = int(clip.GetStart()) + first - info.first
    with pages.kept(resolve), ExitStack() as restored:
        _prepare(resolve, clip, spec, shown, restored)
        settings = _settings(spec, info, start, last - first)
        _run(resolve, settings, progress, pause, restored)
    numbers = _rename(spec, start - first, range(first, last + 1))
    return FrameSet(
        f"{spec.folder}/{spec.name}.%04d.exr",
        first,
        last,
        tuple(n for n in range(first, last + 1) if n not in numbers),
        info.width,
        info.height,
        channels=("R", "G", "B", "A"),
        space=space,
        fps=info.fps,
    )


def _settings(spec: ExportSpec, info: Any, start: int, more: int) -> dict[str, Any]:
    return {
        "SelectAllFrames": False,
        "MarkIn": start,
        "MarkOut": start + more,
        "TargetDir": spec.folder,
        "CustomName": spec.name,
        "ExportVideo": True,
        "ExportAudio": False,
        "ExportAlpha": True,
        "FormatWidth": info.width,
        "FormatHeight": info.height,
    }


def _prepare(
    resolve: Any, clip: Any, spec: ExportSpec, shown: Mapping[str, Any], restored: ExitStack
) -> None:
    """The clip's track alone, ungraded if asked, the artist's render settings put aside."""
    project, line = clips.project(resolve), clips.timeline(resolve)
    own = clip.GetTrackTypeAndIndex()[1]
    for track in range(1, int(line.GetTrackCount("video")) + 1):
        wanted, now = track == own, bool(line.GetIsTrackEnabled("video", track))
        if wanted != now:
            _later(
                restored,
                f"switch video track {track} back",
                line.SetTrackEnable,
                "video",
                track,
                now,
            )
            _must(line.SetTrackEnable("video", track, wanted), f"switch video track {track}")
    before = grades.current(clip)
    if spec.graded and shown != before:
        back = f"show the version '{before['versionName']}' again"
        _later(restored, back, grades.load, clip, *before.values())
        grades.load(clip, shown["versionName"], shown["versionType"])
    if not spec.graded:
        flat = f"Answerprint flat {uuid.uuid4().hex[:6]}"
        _must(clip.AddVersion(flat, grades.LOCAL), "add an ungraded version")
        _later(restored, f"remove the version '{flat}'", grades.drop, clip, flat, before)
        grades.load(clip, flat, grades.LOCAL)
        _must(grades.graph(clip).ResetAllGrades(), "reset the grade of a version of ours")
    preset = f"Answerprint {uuid.uuid4().hex[:6]}"
    _must(project.SaveAsNewRenderPreset(preset), "put your render settings aside")
    _later(restored, f"delete the preset {preset}", project.DeleteRenderPreset, preset)
    _later(restored, f"load the preset {preset}", project.LoadRenderPreset, preset)


def _run(
    resolve: Any,
    settings: dict[str, Any],
    progress: Progress,
    pause: Callable[[], object],
    restored: ExitStack,
) -> None:
    project = clips.project(resolve)
    _must(resolve.OpenPage("deliver"), "open the Deliver page")
    _must(project.SetCurrentRenderFormatAndCodec(FORMAT, CODEC), f"choose {FORMAT} {CODEC}")
    _must(project.SetCurrentRenderMode(1), "choose a single clip")
    _must(project.SetRenderSettings(settings), "take the render settings")
    job = project.AddRenderJob()
    _must(job, "add a render job")
    _later(restored, "delete our render job", project.DeleteRenderJob, job)
    _must(project.StartRendering([job], False), "start rendering")
    try:
        while project.IsRenderingInProgress():
            done = int((project.GetRenderJobStatus(job) or {}).get("CompletionPercentage", 0))
            progress.tell(done, 100, settings["CustomName"])
            pause()
    except BaseException:
        project.StopRendering()
        raise
    ended = project.GetRenderJobStatus(job) or {}
    if ended.get("JobStatus") == "Cancelled":
        raise WireError(CANCELLED, "The render was stopped in Resolve.")
    if ended.get("JobStatus") != "Complete":
        said = str(ended.get("Error", ended.get("JobStatus", "")))
        raise refused("Resolve did not render the clip.", "Render it by hand to see why.", said)


def _rename(spec: ExportSpec, ahead: int, wanted: range) -> set[int]:
    """What came out, under the source's frame numbers; Resolve's are the timeline's."""
    found = {}
    for folder, _, names in os.walk(spec.folder):
        for name in names:
            token = _NUMBER.search(name)
            if not token or int(token["number"]) - ahead not in wanted:
                hint = "Render the clip to EXR by hand and choose those frames."
                raise refused(f"Resolve rendered {name}, which is not a frame of the clip.", hint)
            found[int(token["number"]) - ahead] = os.path.join(folder, name)
    if not found:
        hint = "Render the clip by hand to see why."
        raise refused(f"Resolve rendered nothing into {spec.folder}.", hint)
    for number, path in found.items():
        os.replace(path, os.path.join(spec.folder, f"{spec.name}.{number:04d}.exr"))
    return set(found)


def _must(answer: Any, what: str) -> None:
    if not answer:
        hint = "Close Resolve's dialogs, look whether that works by hand, then try again."
        raise refused(f"Resolve did not {what}.", hint)


def _later(restored: ExitStack, what: str, call: Callable[..., Any], *args: Any) -> None:
    """Put something back at the end; where Resolve does not, it is said and the rest goes on."""
    restored.callback(lambda: _must(call(*args), what))
