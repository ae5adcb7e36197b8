# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender as a host: `BlenderHost`. Make it on Blender's main thread.

An item is a data-block, a strip or a node of a compositor (`things`). In the background there
is no undo and nobody answers. Menus and panels are the extension's own.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any, Dict, Iterator, List, Mapping, Sequence

import bpy

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
from answerprint_bridge.messages import HOST_REFUSED, WireError

from . import colour, files, render, script, things
from .artist import Artist
from .auditions import Auditions
from .placing import PLACES


class BlenderHost(Auditions):
    """The Blender that this Python runs in."""

    def __init__(self, artist: Artist | None = None) -> None:
        super().__init__()
        self.artist = artist or Artist()

    def info(self) -> HostInfo:
        python = ".".join(map(str, sys.version_info[:3]))
        version = ".".join(map(str, bpy.app.version))
        return HostInfo("Blender", version, "", python, not bpy.app.background)

    def capabilities(self) -> frozenset[str]:
        more = {"selection", "items", "markers", "export:graded"}
        more |= {"timeline", "edit markers", "playhead", "takes", "auditions"}
        if not bpy.app.background:
            more |= {"undo", "viewer"}
        return frozenset({f"result:{kind}" for kind in PLACES} | more)

    def context(self) -> SceneContext:
        return script.context()

    def selection(self) -> List[Item]:
        return things.selection()

    def items(self) -> List[Item]:
        return things.items()

    def describe(self, ref: str) -> ItemInfo:
        thing = things.find(ref)
        if ref.split(":")[0] not in ("image", "clip", "node", "strip"):
            hint = "Choose an image, a movie clip, a strip or a node."
            raise WireError(HOST_REFUSED, f"'{ref}' has no picture.", hint)
        told = render.about(thing)
        handles = (0, 0)
        if things.is_strip(thing):
            handles = (int(thing.frame_offset_start), int(thing.frame_offset_end))
        return ItemInfo(
            told.width,
            told.height,
            told.first,
            told.last,
            told.channels,
            told.pattern,
            told.space,
            told.fps,
            told.pixel_aspect,
            handles,
            colour.cores(colour.working()) if things.is_strip(thing) else "",
        )

    def export_frames(self, ref: str, spec: ExportSpec, progress: Progress) -> FrameSet:
        return render.export(things.find(ref), spec, progress)

    def import_timeline(self, path: str, name: str) -> str:
        raise WireError(HOST_REFUSED, "Blender reads no timeline here.", "Add its media as strips.")

    def tag(self, ref: str, key: str, value: Mapping[str, Any]) -> None:
        things.keep(things.find(ref), key, value)

    def read_tag(self, ref: str, key: str) -> Dict[str, Any] | None:
        return things.tags(things.find(ref)).get(key)

    def tagged(self, key: str) -> Dict[str, Dict[str, Any]]:
        kept = {ref: things.tags(thing) for ref, thing in things.every()}
        return {ref: told[key] for ref, told in kept.items() if key in told}

    @contextlib.contextmanager
    def progress(self, title: str) -> Iterator[Progress]:
        with self.artist.progress(title) as shown:
            yield shown

    def message(self, level: str, title: str, detail: str = "") -> None:
        self.artist.message(level, title, detail)

    def ask(self, question: str, default: bool) -> bool:
        return self.artist.ask(question, default)

    def busy(self) -> str:
        return "Blender is rendering" if bpy.app.is_job_running("RENDER") else ""

    def register_ui(self, actions: Sequence[Action]) -> None:
        """The extension registers its own menus and panels, from the catalogue."""

    def unregister_ui(self) -> None:
        """See `register_ui`."""

    def open_in_viewer(self, frames: FrameSet) -> bool:
        """Show an image of these frames in an image editor; whether there is both."""
        image = next((i for i in bpy.data.images if files.shows(i, frames)), None)
        if image is None or bpy.app.background:
            return False
        for window in bpy.context.window_manager.windows:
            for area in window.screen.areas:
                if area.type == "IMAGE_EDITOR":
                    area.spaces.active.image = image
                    return True
        return False

    def shutdown(self) -> None:
        self.unregister_ui()
