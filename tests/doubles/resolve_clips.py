"""The things of Resolve's double that stand in a timeline: clips, their nodes, media, markers."""

from __future__ import annotations

import copy
import inspect
import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from . import resolve_names

TOLD = json.loads(resolve_names.NAMES.read_text("utf-8"))


class World:
    """What no script sees: the machine, the edition, and all that Resolve holds."""

    def __init__(self, version: tuple[int, int], studio: bool, luts: Path, cwd: Path) -> None:
        self.version, self.studio, self.luts, self.cwd = version, studio, luts, cwd
        self.names = resolve_names.known(version, TOLD)
        self.modal = False  # a dialog is open, and calls fail until somebody clicks
        self.takes_lead = True  # media and offset are those of the chosen take: not documented
        self.markers_come = False  # of clips, with an imported OTIO: not documented
        self.gone = False  # Resolve has ended, and its objects are left over
        self.page = "edit"
        self.settings = {
            "colorScienceMode": "davinciYRGBColorManagedv2",
            "separateColorSpaceAndGamma": "0",
            "colorSpaceTimeline": "ACEScct",
            "colorSpaceOutput": "ACEScg",
            "timelineFrameRate": "23.976",
            "timelineResolutionWidth": "20",
            "timelineResolutionHeight": "12",
        }
        self.write: Callable[..., None] | None = None  # (folder, name, number, clip, picture)
        self.numbers = itertools.count(1)

    def gated(self, allowed: bool) -> bool:
        """Whether this edition does it; where not, a dialog opens."""
        self.modal = self.modal or not allowed
        return allowed


class Thing:
    """An object of Resolve's: unknown names are None, so `hasattr` says yes to everything."""

    def __init__(self, world: World) -> None:
        self._w = world
        self._id = f"id{next(world.numbers)}"

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_"):
            return object.__getattribute__(self, name)
        world = object.__getattribute__(self, "_w")
        found = inspect.getattr_static(type(self), name, None)
        here = f"{type(self).__name__}.{name}" in world.names
        if found is None or not here or world.gone:
            return None
        if world.modal and callable(found):
            return lambda *args: None
        return object.__getattribute__(self, name)

    def GetUniqueId(self) -> str:
        return self._id


class Marked(Thing):
    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._markers: dict[float, dict[str, Any]] = {}

    def AddMarker(self, frameId, color, name, note, duration, customData):
        if float(frameId) in self._markers or frameId < 0:
            return False
        told = {"color": color, "name": name, "note": note, "duration": duration}
        self._markers[float(frameId)] = {**told, "customData": customData}
        return True

    def GetMarkers(self):
        return copy.deepcopy(self._markers)

    def UpdateMarkerCustomData(self, frameId, customData):
        if float(frameId) not in self._markers:
            return False
        self._markers[float(frameId)]["customData"] = customData
        return True

    def DeleteMarkerAtFrame(self, frameNum):
        return self._markers.pop(float(frameNum), None) is not None


class MediaPoolItem(Marked):
    def __init__(self, world: World, path: str, first: int, last: int, **more: str) -> None:
        super().__init__(world)
        self._meta: dict[str, str] = {}
        self._mattes: list[str] = []
        self._pictures: dict[int, np.ndarray] | None = None
        self._properties = {
            "File Path": path,
            "Start": str(first),
            "End": str(last),
            "Frames": str(last - first + 1),
            "FPS": "23.976",
            "Resolution": "20x12",
            "Input Color Space": "ACEScg",
            **more,
        }

    def GetName(self):
        return os.path.basename(self._properties["File Path"])

    def GetClipProperty(self, propertyName):
        return self._properties.get(propertyName, "")

    def GetThirdPartyMetadata(self, metadataType):
        return self._meta.get(metadataType, "")

    def SetThirdPartyMetadata(self, metadataType, metadataValue):
        self._meta[metadataType] = metadataValue
        return True


class Graph(Thing):
    """The nodes of a clip's current version, of a group, or of a timeline."""

    def __init__(self, world: World, holder: Any) -> None:
        super().__init__(world)
        self._clip = holder

    def GetNumNodes(self):
        return len(self._clip._nodes)

    def GetNodeLabel(self, nodeIndex):
        return self._clip._nodes[nodeIndex - 1]["label"]

    def GetToolsInNode(self, nodeIndex):
        return self._clip._nodes[nodeIndex - 1]["tools"] or None

    def GetLUT(self, nodeIndex):
        return self._clip._nodes[nodeIndex - 1]["lut"]

    def SetLUT(self, nodeIndex, lutPath):
        below = not os.path.isabs(lutPath) and (self._w.luts / lutPath).is_file()
        if not below or nodeIndex > len(self._clip._nodes):
            return False
        self._clip._nodes[nodeIndex - 1]["lut"] = lutPath
        return True

    def ResetAllGrades(self):
        self._clip._versions[self._clip._current] = [_node("")]
        return True


def _node(label: str) -> dict[str, Any]:
    return {"label": label, "tools": [], "lut": "", "cdl": None}


class Nodes:
    """What a graph shows of a group's or a timeline's grade."""

    def __init__(self) -> None:
        self._nodes = [_node("")]


class ColorGroup(Thing):
    def __init__(self, world: World, name: str) -> None:
        super().__init__(world)
        self._name, self._pre, self._post = name, Nodes(), Nodes()

    def GetName(self):
        return self._name

    def GetPreClipNodeGraph(self):
        return Graph(self._w, self._pre)

    def GetPostClipNodeGraph(self):
        return Graph(self._w, self._post)


class TimelineItem(Marked):
    def __init__(self, world: World, media: Any, name: str, start: int, length: int) -> None:
        super().__init__(world)
        self._media, self._name, self._start, self._length = media, name, start, length
        self._offset, self._track, self._colour, self._flags = 0, 1, "", []
        self._versions = {("Version 1", 0): [_node("base"), _node("AP")]}
        self._current = ("Version 1", 0)
        self._takes: list[Any] = []
        self._take, self._speed, self._enabled = 0, 1.0, True
        self._group: ColorGroup | None = None

    @property
    def _nodes(self) -> list[dict[str, Any]]:
        return self._versions[self._current]

    @property
    def _shown(self) -> tuple[Any, int]:
        """Media and offset of the take that is seen."""
        if self._take < 2:
            return self._media, self._offset
        told = self._takes[self._take - 1]
        return told["mediaPoolItem"], told["startFrame"]

    @property
    def _told(self) -> tuple[Any, int]:
        """What scripts are told of it."""
        return self._shown if self._w.takes_lead else (self._media, self._offset)

    def GetName(self):
        return self._name

    def GetMediaPoolItem(self):
        return self._told[0]

    def GetColorGroup(self):
        return self._group

    def GetStart(self):
        return self._start

    def GetEnd(self):
        return self._start + self._length

    def GetDuration(self):
        return self._length

    def GetLeftOffset(self, subframe_precision=False):
        return self._told[1]

    def GetSourceStartFrame(self):
        media, offset = self._told
        return int(media._properties["Start"]) + offset

    def GetSourceEndFrame(self):
        return self.GetSourceStartFrame() + round(self._length * self._speed)

    def GetClipEnabled(self):
        return self._enabled

    def SetClipEnabled(self, Bool):
        self._enabled = Bool
        return True

    def GetClipColor(self):
        return self._colour

    def GetFlagList(self):
        return list(self._flags)

    def GetTrackTypeAndIndex(self):
        return ["video", self._track]

    def GetNodeGraph(self, layerIdx=1):
        return Graph(self._w, self)

    def GetNumNodes(self):
        return Graph.GetNumNodes(Graph(self._w, self))

    def GetNodeLabel(self, nodeIndex):
        return Graph.GetNodeLabel(Graph(self._w, self), nodeIndex)

    def GetLUT(self, nodeIndex):
        return Graph.GetLUT(Graph(self._w, self), nodeIndex)

    def SetLUT(self, nodeIndex, lutPath):
        return Graph.SetLUT(Graph(self._w, self), nodeIndex, lutPath)

    def GetVersionNameList(self, versionType):
        return [name for name, kind in self._versions if kind == versionType]

    def GetCurrentVersion(self):
        return {"versionName": self._current[0], "versionType": self._current[1]}

    def AddVersion(self, versionName, versionType):
        if (versionName, versionType) in self._versions:
            return False
        self._versions[versionName, versionType] = copy.deepcopy(self._nodes)
        return True

    def LoadVersionByName(self, versionName, versionType):
        if (versionName, versionType) not in self._versions:
            return False
        self._current = (versionName, versionType)
        return True

    def DeleteVersionByName(self, versionName, versionType):
        if (versionName, versionType) == self._current:
            return False
        return self._versions.pop((versionName, versionType), None) is not None

    def SetCDL(self, cdlMap):
        names = {"NodeIndex", "Slope", "Offset", "Power", "Saturation"}
        if cdlMap.keys() != names or not all(isinstance(v, str) for v in cdlMap.values()):
            return False
        if not 1 <= int(cdlMap["NodeIndex"]) <= len(self._nodes):
            return False
        node = self._nodes[int(cdlMap["NodeIndex"]) - 1]
        node["cdl"], node["tools"] = dict(cdlMap), ["Primaries"]
        return True

    def GetTakesCount(self):
        return len(self._takes)

    def GetTakeByIndex(self, idx):
        return dict(self._takes[idx - 1]) if 1 <= idx <= len(self._takes) else None

    def AddTake(self, mediaPoolItem, startFrame, endFrame):
        if not self._takes:
            self._takes, self._take = [{"mediaPoolItem": self._media}], 1
        told = {"startFrame": startFrame, "endFrame": endFrame}
        self._takes.append({**told, "mediaPoolItem": mediaPoolItem})
        return True

    def GetSelectedTakeIndex(self):
        return self._take

    def SelectTakeByIndex(self, idx):
        if not 1 <= idx <= len(self._takes):
            return False
        self._take = idx
        return True

    def DeleteTakeByIndex(self, idx):
        if not 1 <= idx <= len(self._takes) or idx == self._take:
            return False
        del self._takes[idx - 1]
        self._take -= idx < self._take
        return True

    def FinalizeTake(self):
        self._media, self._offset = self._shown
        self._takes, self._take = [], 0
        return True
