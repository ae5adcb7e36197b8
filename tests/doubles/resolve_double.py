"""Resolve, as far as the adapter uses it: small, stateful, and wrong where Resolve is wrong.

It has Resolve's manners: every name seems to exist and unknown ones are None; a failure is
None or False and gives no reason; what an edition lacks raises a dialog after which unrelated
calls fail; methods are absent below the version that brought them; EXR comes out in the output
space; LUTs are found only below the master folder; a CDL is written as strings and cannot be
read back; an OTIO with a taken name imports as None; marker frames are floats, and a second
marker at a frame is refused; clips cannot be selected. Which media a clip with takes
names is not documented, so it does either: `World.takes_lead`.

It knows what the documents and reports say, and was never compared with a running Resolve.
"""

from __future__ import annotations

import copy
import json
import os
import re
from typing import Any

import numpy as np

from .resolve_clips import ColorGroup, MediaPoolItem, Thing, TimelineItem, World
from .resolve_gallery import Gallery, GalleryStill, MediaStorage
from .resolve_timeline import Timeline, read, takes

__all__ = ["ColorGroup", "GalleryStill", "MediaPoolItem", "Resolve", "TimelineItem", "World"]


class Folder(Thing):
    def __init__(self, world: World, name: str) -> None:
        super().__init__(world)
        self._name, self._clips, self._folders = name, [], []

    def GetName(self):
        return self._name

    def GetClipList(self):
        return list(self._clips)

    def GetSubFolderList(self):
        return list(self._folders)


class MediaPool(Thing):
    def __init__(self, world: World, project: Any) -> None:
        super().__init__(world)
        self._project = project
        self._root = self._here = Folder(world, "Master")

    def GetRootFolder(self):
        return self._root

    def GetCurrentFolder(self):
        return self._here

    def SetCurrentFolder(self, folder):
        self._here = folder
        return True

    def AddSubFolder(self, folder, name):
        if name in [each._name for each in folder._folders]:
            return None
        folder._folders.append(Folder(self._w, name))
        return folder._folders[-1]

    def DeleteFolders(self, subfolders):
        for each in self._all():
            each._folders = [f for f in each._folders if f not in subfolders]
        return True

    def DeleteClips(self, clips):
        for each in self._all():
            each._clips = [c for c in each._clips if c not in clips]
        return True

    def ImportMedia(self, clipInfo):
        made = []
        for told in clipInfo:
            path = os.path.join(self._w.cwd, told["FilePath"])
            first, last = told["StartIndex"], told["EndIndex"]
            folder, name = os.path.split(path)
            if not os.path.isfile(os.path.join(folder, name % first)):
                continue
            shown = re.sub("%0?([0-9]*)d", f"[{first:04d}-{last:04d}]", name)
            made.append(MediaPoolItem(self._w, os.path.join(folder, shown), first, last))
        self._here._clips += made
        return made

    def ImportTimelineFromFile(self, filePath, importOptions):
        name = importOptions["timelineName"]
        with open(filePath, encoding="utf-8") as file:
            told = json.load(file)
        if not takes(told) or name in [each._name for each in self._project._timelines]:
            return None
        made = Timeline(self._w, name)
        made._clips, made._tracks = read(self._w, told, made._start, self._here._clips)
        self._project._timelines.append(made)
        return made

    def DeleteTimelines(self, timeline):
        kept = [each for each in self._project._timelines if each not in timeline]
        self._project._timelines = kept
        return True

    def AppendToTimeline(self, clips):
        """The later of two that overlap is lost; what comes back has no id."""
        line = self._project._line
        for told in clips:
            length = told["endFrame"] - told["startFrame"] + 1
            start, track = told["recordFrame"], told["trackIndex"]
            there = [c for c in line._clips if c._track == track]
            if any(c._start < start + length and start < c._start + c._length for c in there):
                continue
            media = told["mediaPoolItem"]
            made = TimelineItem(self._w, media, media.GetName(), start, length)
            made._track, made._offset = track, told["startFrame"]
            line._clips.append(made)
        return [None for _ in clips]

    def GetClipMatteList(self, mediaPoolItem):
        return list(mediaPoolItem._mattes)

    def DeleteClipMattes(self, mediaPoolItem, paths):
        mediaPoolItem._mattes = [each for each in mediaPoolItem._mattes if each not in paths]
        return True

    def _all(self, folder: Folder | None = None) -> list[Folder]:
        folder = folder or self._root
        return [folder, *(f for each in folder._folders for f in self._all(each))]


class Project(Thing):
    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._timelines = [Timeline(world, "sc010")]
        self._line = self._timelines[0]
        self._pool = MediaPool(world, self)
        self._state: dict[str, Any] = {"format": ("mov", "ProRes"), "mode": 0, "settings": {}}
        self._presets: dict[str, Any] = {}
        self._jobs: dict[str, dict[str, Any]] = {}
        self._running: list[tuple[str, int]] = []
        self._gallery = Gallery(world)

    def GetGallery(self):
        return self._gallery

    def GetTimelineCount(self):
        return len(self._timelines)

    def GetTimelineByIndex(self, idx):
        return self._timelines[idx - 1]

    def GetName(self):
        return "Das Haus"

    def GetCurrentTimeline(self):
        return self._line

    def SetCurrentTimeline(self, timeline):
        if timeline not in self._timelines:
            return False
        self._line = timeline
        return True

    def GetMediaPool(self):
        return self._pool

    def GetSetting(self, settingName):
        return self._w.settings.get(settingName, "")

    def RefreshLUTList(self):
        return True

    def SaveAsNewRenderPreset(self, presetName):
        self._presets[presetName] = copy.deepcopy(self._state)
        return True

    def LoadRenderPreset(self, presetName):
        if presetName not in self._presets:
            return False
        self._state = copy.deepcopy(self._presets[presetName])
        return True

    def DeleteRenderPreset(self, presetName):
        return self._presets.pop(presetName, None) is not None

    def SetCurrentRenderFormatAndCodec(self, format, codec):
        if (format, codec) != ("exr", "RGBHalfZIP"):
            return False
        self._state["format"] = (format, codec)
        return True

    def SetCurrentRenderMode(self, renderMode):
        self._state["mode"] = renderMode
        return True

    def SetRenderSettings(self, settings):
        size = settings["FormatWidth"] <= 3840 and settings["FormatHeight"] <= 2160
        if not self._w.gated(self._w.studio or size):
            return False
        self._state["settings"].update(settings)
        return True

    def AddRenderJob(self):
        job = f"job{next(self._w.numbers)}"
        self._jobs[job] = {"JobStatus": "Ready", **copy.deepcopy(self._state)}
        return job

    def DeleteRenderJob(self, jobId):
        return self._jobs.pop(jobId, None) is not None

    def StartRendering(self, jobIds, isInteractiveMode=False):
        for job in jobIds:
            told = self._jobs[job]["settings"]
            self._running += [(job, n) for n in range(told["MarkIn"], told["MarkOut"] + 1)]
        return True

    def StopRendering(self):
        for job, _ in self._running:
            self._jobs[job]["JobStatus"] = "Cancelled"
        self._running = []

    def IsRenderingInProgress(self):
        """A frame is rendered whenever somebody looks."""
        if not self._running:
            return False
        job, number = self._running.pop(0)
        self._render(self._jobs[job]["settings"], number)
        if not self._running:
            self._jobs[job]["JobStatus"] = "Complete"
        return True

    def GetRenderJobStatus(self, jobId):
        told = self._jobs[jobId]
        done = told["JobStatus"] == "Complete"
        return {"JobStatus": told["JobStatus"], "CompletionPercentage": 100 if done else 50}

    def _render(self, told: dict[str, Any], number: int) -> None:
        """What is visible at a frame of the timeline, graded, in the output space."""
        line = self._line
        seen = [
            c
            for c in line._clips
            if line._tracks[c._track - 1]
            and c._enabled
            and c._start <= number < c._start + c._length
        ]
        clip = max(seen, key=lambda c: c._track, default=None)
        if clip is None:
            return
        source, offset = clip._shown
        if source._pictures is None:
            return
        at = int(source._properties["Start"]) + offset + number - clip._start
        if at not in source._pictures:
            return
        light = source._pictures[at].copy()
        group = [clip._group._pre, clip._group._post] if clip._group else []
        for node in (node for each in (clip, *group, line._grade) for node in each._nodes):
            if node["cdl"]:
                light[..., :3] *= np.float32([float(v) for v in node["cdl"]["Slope"].split()])
        if self._w.settings["colorSpaceOutput"] == "Rec.709 Gamma 2.4":
            light[..., :3] = np.clip(light[..., :3], 0, 1) ** np.float32(1 / 2.4)
        assert self._w.write
        self._w.write(told["TargetDir"], told["CustomName"], number, source, light)


class ProjectManager(Thing):
    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._project = Project(world)

    def GetCurrentProject(self):
        return self._project


class Resolve(Thing):
    EXPORT_OTIO, EXPORT_NONE = "otio", "none"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._manager, self._storage = ProjectManager(world), MediaStorage(world)

    def GetProductName(self):
        return "DaVinci Resolve Studio" if self._w.studio else "DaVinci Resolve"

    def GetVersion(self):
        return [*self._w.version, 0, 1, ""]

    def GetVersionString(self):
        return ".".join(map(str, self._w.version))

    def GetProjectManager(self):
        return self._manager

    def GetCurrentPage(self):
        return self._w.page

    def GetMediaStorage(self):
        return self._storage

    def OpenPage(self, pageName):
        for line in self._manager._project._timelines if pageName != self._w.page else ():
            line._playhead = line.GetStartFrame()  # a change of pages may move it: here it does
        self._w.page = pageName
        return True
