"""A minimal host: a scene in memory, frames in real EXR files, undo and tags.

It does what the interface says and no more, so that the contract has one host that is only
the contract. `Rig` is what a test needs of any host beside the interface; a further host
brings a rig of its own.
"""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cut_text
import numpy as np
import OpenImageIO as oiio

from answerprint_bridge import host as interface
from answerprint_bridge.host import FrameSet, Host, HostInfo, Item, ItemInfo, SceneContext, Span
from answerprint_bridge.messages import CANCELLED, HOST_REFUSED, WireError
from answerprint_bridge.results import KINDS, CannotPlace

Thing = dict[str, Any]


def _placer(kind: str) -> Callable[..., tuple[str, ...]]:
    def place(self: Any, data: Any, near: str, label: str) -> tuple[str, ...]:
        if data.get("space") == UNKNOWN_SPACE:
            raise CannotPlace(f"it does not know the space '{UNKNOWN_SPACE}'")
        return self._add(kind, near, label, data=copy.deepcopy(dict(data)))

    place.__name__ = f"place_{kind}"
    return place


UNKNOWN_SPACE = "Somebody's own Log"  # found out only when a thing is placed
Places = type("Places", (Host,), {f"place_{k}": _placer(k) for k in KINDS if k != "frames"})


class MemoryHost(Places):
    """kinds: results it has a place for. spaces: those it takes grades in."""

    def __init__(self, project: Path, kinds: frozenset[str], spaces: tuple[str, ...]) -> None:
        super().__init__()
        self.project, self.kinds, self.spaces = str(project), kinds, spaces
        self.scene: dict[str, Thing] = {}
        self.steps: list[dict[str, Thing]] = []
        self.said: list[tuple[str, str, str]] = []
        self.actions: list[interface.Action] = []
        self.is_busy, self.viewed, self.playhead = "", None, 0
        self.marks: dict[str, list[interface.Marker]] = {}
        self.answers: Callable[[str, bool], bool] = lambda question, default: default
        self.stops_at: int | None = None  # turn of a progress at which somebody presses Cancel
        self._number = 0

    def info(self) -> HostInfo:
        return HostInfo("Memory", "1.0", gui=False)

    def capabilities(self) -> frozenset[str]:
        own = {"undo", "markers", "timeline", "edit markers", "playhead", "auditions"}
        return frozenset(f"result:{kind}" for kind in self.kinds) | own

    def context(self) -> SceneContext:
        script = os.path.join(self.project, "scene") if self.project else ""
        rate = Fraction(24000, 1001)
        return SceneContext(script, self.project, "sc010", rate, 1001, 1010, 20, 12, space="ACEScg")

    def grade_spaces(self) -> tuple[str, ...]:
        return self.spaces

    def selection(self) -> list[Item]:
        return [self.item(ref) for ref, thing in self.scene.items() if thing.get("selected")]

    def item(self, ref: str) -> Item:
        return Item(ref, self.scene[ref]["kind"], self.scene[ref]["label"])

    def describe(self, ref: str) -> ItemInfo:
        frames: FrameSet = self.thing(ref)["frames"]
        return ItemInfo(
            frames.width,
            frames.height,
            frames.first,
            frames.last,
            frames.channels,
            "" if "pictures" in self.scene[ref] else frames.pattern,
            frames.space,
            frames.fps,
            frames.pixel_aspect,
        )

    def thing(self, ref: str) -> Thing:
        if ref not in self.scene:
            raise WireError(HOST_REFUSED, f"There is no '{ref}' in the scene.", "Choose another.")
        return self.scene[ref]

    def export_frames(
        self, ref: str, spec: interface.ExportSpec, progress: interface.Progress
    ) -> FrameSet:
        thing = self.thing(ref)
        frames: FrameSet = thing["frames"]
        first = frames.first if spec.first is None else spec.first
        last = frames.last if spec.last is None else spec.last
        wanted = range(first, last + 1)
        frames = replace(frames, first=first, last=last)
        if "pictures" not in thing:
            gone = tuple(n for n in wanted if not os.path.isfile(frames.path(n)))
            return replace(frames, missing=gone)
        gone = tuple(n for n in wanted if n not in thing["pictures"])
        frames = replace(frames, pattern=f"{spec.folder}/{spec.name}.%04d.exr", missing=gone)
        for turn, number in enumerate(frames.numbers):
            progress.tell(turn, len(wanted), str(number))
            _write(frames, number, thing["pictures"][number])
        return frames

    def export_timeline(self, path: str) -> str:
        """Its images, in the order they were made in."""
        clips = []
        for span in self.edit():
            shot: FrameSet = self.thing(span.item.ref)["frames"]
            file = shot.pattern.replace("%04d", f"[{shot.first:04d}-{shot.last:04d}]")
            clips.append(cut_text.clip("sc010", file, shot.first, span.last - span.first + 1))
        Path(path).write_text(cut_text.timeline("sc010", clips), "utf-8")
        return path

    def edit(self) -> list[Span]:
        found, at = [], 0
        for ref, thing in self.scene.items():
            if thing["kind"] == "image":
                length = thing["frames"].last - thing["frames"].first + 1
                found.append(Span(self.item(ref), at, at + length - 1, 1, "sc010"))
                at += length
        return found

    def mark_edit(self, tag: str, markers: Any) -> list[int]:
        self.marks[tag] = list(markers)
        return [each.frame for each in markers]

    def show_frame(self, frame: int) -> None:
        self.playhead = frame

    def lay_auditions(self, gaps: Mapping[str, Any]) -> dict[str, str]:
        """Each as a thing of its own: its span, whether it is on, and its marker."""
        laid = {told["id"]: ref for ref, told in self.tagged("audition").items()}
        with self.undo_group("Auditions"):
            for hole in gaps["holes"]:
                for row in hole["proposals"]:
                    if row["id"] not in laid:
                        span = (row["at"], row["at"] + row["frames"] - 1)
                        told = {"on": False, "span": span, "words": (row["kind"], row["words"])}
                        frames = FrameSet(row["clip"], row["first"], row["last"])
                        (ref,) = self._add("audition", "", row["name"], frames=frames, **told)
                        laid[row["id"]] = ref
                        self.tag(ref, "audition", {"id": row["id"]})
        return laid

    def switch(self, ref: str, on: bool) -> None:
        self.scene[ref] = {**self.thing(ref), "on": on}

    def import_timeline(self, path: str, name: str) -> str:
        raise WireError(HOST_REFUSED, "This host has no timeline.", "Import it elsewhere.")

    def import_frames(self, frames: FrameSet, near: str, label: str) -> tuple[str, ...]:
        return self._add("frames", near, label, frames=frames)

    def add_markers(self, ref: str, markers: Any) -> int:
        self.thing(ref).setdefault("markers", []).extend(markers)
        return len(markers)

    def tag(self, ref: str, key: str, value: Mapping[str, Any]) -> None:
        self.thing(ref)["tags"][key] = dict(value)

    def read_tag(self, ref: str, key: str) -> dict[str, Any] | None:
        return self.thing(ref)["tags"].get(key)

    def tagged(self, key: str) -> dict[str, dict[str, Any]]:
        return {ref: t["tags"][key] for ref, t in self.scene.items() if key in t["tags"]}

    @contextmanager
    def progress(self, title: str) -> Iterator[interface.Progress]:
        yield _Progress(self)

    def message(self, level: str, title: str, detail: str = "") -> None:
        self.said.append((level, title, detail))

    def ask(self, question: str, default: bool) -> bool:
        return self.answers(question, default)

    @contextmanager
    def undo_group(self, label: str) -> Iterator[None]:
        before = _copy(self.scene)
        try:
            yield
        except BaseException:
            self.scene = before
            raise
        if self.scene.keys() != before.keys():
            self.steps.append(before)

    def busy(self) -> str:
        return self.is_busy

    def register_ui(self, actions: Any) -> None:
        self.actions = list(actions)

    def unregister_ui(self) -> None:
        self.actions = []

    def open_in_viewer(self, frames: FrameSet) -> bool:
        self.viewed = frames
        return True

    def shutdown(self) -> None:
        self.unregister_ui()

    def _add(self, kind: str, near: str, label: str, **more: Any) -> tuple[str, ...]:
        self._number += 1
        ref = f"{kind}{self._number}"
        self.scene[ref] = {"kind": kind, "label": label, "near": near, "tags": {}, **more}
        return (ref,)


class _Progress:
    def __init__(self, host: MemoryHost) -> None:
        self.host, self.turn = host, 0

    def tell(self, done: int, total: int, message: str = "") -> None:
        assert threading.current_thread() is threading.main_thread()
        if self.host.stops_at == self.turn:
            raise WireError(CANCELLED, "Cancelled.")
        self.turn += 1


def _copy(scene: dict[str, Thing]) -> dict[str, Thing]:
    return {ref: {**thing, "tags": dict(thing["tags"])} for ref, thing in scene.items()}


def _write(frames: FrameSet, number: int, pixels: np.ndarray) -> None:
    path = frames.path(number)
    assert frames.data is not None
    assert frames.display is not None
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], "half")
    spec.channelnames = frames.channels
    spec.x, spec.y = frames.data[:2]
    spec.full_x, spec.full_y, spec.full_width, spec.full_height = frames.display
    spec.attribute("compression", "zips")
    spec.attribute("DateTime", "")
    spec.attribute("PixelAspectRatio", frames.pixel_aspect)
    if frames.fps:
        rate = (frames.fps.numerator, frames.fps.denominator)
        spec.attribute("FramesPerSecond", oiio.TypeRational, rate)
    out = oiio.ImageOutput.create(path)
    if not (out and out.open(path, spec) and out.write_image(pixels) and out.close()):
        why = out.geterror() if out else oiio.geterror()
        raise WireError(HOST_REFUSED, f"{path} cannot be written.", "Choose another folder.", why)


class Rig:
    """A host under the contract, and what a test needs of it beside the interface.

    project    its project folder. becomes: what each kind of result becomes in it when the job
               also made a matte, an stmap and frames; alone: without these. '' is refused.
    keeps      what the program itself can keep of a picture: 'windows', 'pixel aspect'.
    """

    keeps = frozenset({"windows", "pixel aspect"})

    def __init__(
        self,
        project: Path,
        kinds: frozenset[str],
        spaces: tuple[str, ...],
        becomes: Mapping[str, str],
        alone: Mapping[str, str],
    ) -> None:
        self.project, self.becomes, self.alone = project, becomes, alone
        self.host = MemoryHost(project, kinds, spaces)

    def rendered(self, pictures: Mapping[int, np.ndarray], frames: FrameSet) -> Item:
        """An item that has no files: its frames (H, W, C float32, scene-linear) are rendered."""
        (ref,) = self.host._add("image", "", "rendered", frames=frames, pictures=dict(pictures))
        return self.host.item(ref)

    def on_disk(self, frames: FrameSet) -> Item:
        """An item made of files, as a Read is."""
        (ref,) = self.host._add("image", "", "on disk", frames=frames)
        return self.host.item(ref)

    def pixels(self, ref: str, number: int) -> np.ndarray:
        """What the host shows of an item: (H, W, C) float32, scene-linear."""
        return np.asarray(oiio.ImageBuf(self.frames(ref).path(number)).get_pixels("float"))

    def frames(self, ref: str) -> FrameSet:
        """The files an item is made of."""
        return self.host.scene[ref]["frames"]

    def data(self, ref: str) -> dict[str, Any]:
        """The numbers that stand in a placed item."""
        return self.host.scene[ref]["data"]

    def snapshot(self) -> dict[str, str]:
        """Everything in the scene, item by item, as text that differs where anything does."""
        return {ref: repr(sorted(thing.items())) for ref, thing in self.host.scene.items()}

    def remove(self, ref: str) -> None:
        """The artist deletes an item."""
        del self.host.scene[ref]

    def marks(self) -> list[tuple[int, str, str]]:
        """(frame, colour, name) of our markers on the edit, in its order."""
        told = [each for rows in self.host.marks.values() for each in rows]
        return [(m.frame, m.colour, m.name) for m in told]

    def playhead(self) -> int:
        """The frame of the edit that is shown."""
        return self.host.playhead

    def laid(self, ref: str) -> tuple[bool, int, int, str]:
        """Of a proposal: whether it is shown, its first and last frame of the edit, its files."""
        thing = self.host.scene[ref]
        return thing["on"], *thing["span"], thing["frames"].pattern

    def marker_of(self, ref: str) -> tuple[str, str]:
        """Name and text of the marker on a proposal."""
        return self.host.scene[ref]["words"]

    def undo(self) -> None:
        self.host.scene = self.host.steps.pop()

    def cancel_at(self, turn: int | None) -> None:
        """Somebody presses Cancel when a progress tells for that time (from 0)."""
        self.host.stops_at = turn

    def answer(self, how: Callable[[str, bool], bool]) -> None:
        """What the artist says to a question: (question, default) -> yes or no."""
        self.host.answers = how

    def said(self) -> list[tuple[str, str, str]]:
        """(level, title, detail) of every message that was shown."""
        return self.host.said

    def unsaved(self) -> None:
        """The scene has no file yet."""
        self.host.project = ""


def whole(project: Path) -> Rig:
    """Has a place for everything."""
    every = {kind: kind for kind in KINDS}
    return Rig(project, frozenset(KINDS), ("ACEScct", "ACEScg"), every, every)


def bare(project: Path) -> Rig:
    """Takes frames, and nothing else."""
    shown = dict.fromkeys(("tracks", "camera", "markers", "note"), "message")
    alone = dict.fromkeys(("frames", "key", "matte", "stmap", "take"), "frames") | shown
    becomes = dict.fromkeys(KINDS, "frames") | shown
    alone = dict.fromkeys(KINDS, "") | alone
    return Rig(project, frozenset({"frames"}), (), becomes, alone)
