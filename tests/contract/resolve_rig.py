"""Resolve under the contract: the adapter on its double, with an artist who presses things."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import memory_host
import numpy as np
import OpenImageIO as oiio
from doubles import resolve_double as double
from scenes import ONE_OF_EACH

from answerprint_bridge.host import FrameSet, Item
from answerprint_bridge.messages import CANCELLED, WireError, decode, encode
from answerprint_bridge.remote import RemoteHost, answers
from answerprint_bridge.results import KINDS


def _loaded(name: str = "answerprint_resolve") -> Any:
    """The bridge under the name that it has when it is installed."""
    if name not in sys.modules:
        folder = Path(__file__).parents[2] / "host_bridges" / "resolve_bridge"
        spec = importlib.util.spec_from_file_location(
            name, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return importlib.import_module(f"{name}.adapter")


adapter = _loaded()
markers, said = (importlib.import_module(f"answerprint_resolve.{n}") for n in ("markers", "said"))
SPACES = {"ACEScg": "ACEScg", "": ""}


class Artist:
    """Reads messages, answers questions, and presses Cancel at a turn of a progress."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, str]] = []
        self.asked: list[str] = []
        self.rendered: list[str] = []  # questions whether Resolve may render
        self.answers: Callable[[str, bool], bool] = lambda question, default: default
        self.renders = True
        self.stops_at: int | None = None

    @contextmanager
    def progress(self, title: str) -> Iterator[Any]:
        yield _Progress(self)

    def message(self, level: str, title: str, detail: str) -> None:
        self.said.append((level, title, detail))

    def ask(self, question: str, default: bool) -> bool:
        if "Resolve render" in question:
            self.rendered.append(question)
            return self.renders
        self.asked.append(question)
        return self.answers(question, default)


class _Progress:
    def __init__(self, artist: Artist) -> None:
        self.artist, self.turn = artist, 0

    def tell(self, done: int, total: int, message: str = "") -> None:
        if self.artist.stops_at == self.turn:
            raise WireError(CANCELLED, "Cancelled.")
        self.turn += 1


class Rig:
    """As `memory_host.Rig`. The timeline begins with a hero under the playhead and a wide shot.

    The snapshot leaves out which version and take of a clip is the current one, and our own
    tags: a version is placed by making it current. Resolve keeps neither data window nor
    pixel aspect of what it renders.
    """

    keeps: frozenset[str] = frozenset()

    def __init__(
        self, project: Path, version: tuple[int, int] = (21, 0), studio: bool = True
    ) -> None:
        outside = project.parent.parent / "Resolve's own"
        luts, results = outside / "LUT", outside / "results"
        luts.mkdir(parents=True)
        results.mkdir()
        _files(results)
        self.world = double.World(version, studio, luts, outside)
        self.world.write = _write
        self.resolve = double.Resolve(self.world)
        self.pool = self.resolve._manager._project._pool
        self.add("hero", double.MediaPoolItem(self.world, "/raw/hero.braw", 1001, 1003))
        self.add("wide", double.MediaPoolItem(self.world, "/raw/wide.braw", 1001, 1040))
        self.artist = Artist()
        self.project = project
        self.said_of_it = said.Said(None)
        self.host = adapter.ResolveHost(
            self.resolve, self.artist, self.said_of_it, luts, str(results), pause=lambda: None
        )
        self.say("results_folder", str(project))
        self.becomes = dict.fromkeys(KINDS, "frames")
        own = ("cdl", "lut", "frames", "key", "matte", "take", "markers", "note")
        self.becomes |= {kind: kind for kind in own} | {"tracks": "note", "camera": "note"}
        self.becomes["roto"] = "matte"
        self.alone = self.becomes | dict.fromkeys(("grade", "roto", "corner_pin", "retime"), "")

    @property
    def line(self) -> Any:
        """The timeline that is open."""
        return self.resolve._manager._project._line

    def add(self, name: str, media: Any, track: int = 1) -> Any:
        """A clip at the end of the timeline, as the artist made it."""
        self.pool._root._clips.append(media)
        length = int(media._properties["Frames"])
        clip = double.TimelineItem(self.world, media, name, self.line.GetEndFrame(), length)
        clip._track = track
        self.line._clips.append(clip)
        return clip

    def item(self, clip: Any) -> Item:
        return Item(f"clip:{clip._id}", "clip", clip._name)

    def rendered(self, pictures: Mapping[int, np.ndarray], frames: FrameSet) -> Item:
        """Camera raw: only Resolve can open it."""
        how = {"Resolution": f"{frames.width}x{frames.height}", "Video Codec": "Blackmagic RAW"}
        media = double.MediaPoolItem(
            self.world, "/raw/A001 映.braw", frames.first, frames.last, **how
        )
        media._pictures = dict(pictures)
        return self.item(self.add("sc010", media))

    def on_disk(self, frames: FrameSet) -> Item:
        path = frames.pattern.replace("%04d", f"[{frames.first:04d}-{frames.last:04d}]")
        how = {"Input Color Space": SPACES[frames.space]}
        media = double.MediaPoolItem(self.world, path, frames.first, frames.last, **how)
        return self.item(self.add("sc010", media))

    def frames(self, ref: str) -> FrameSet:
        media = next(m for m in self._media() if f"media:{m._id}" == ref)
        first, last = int(media._properties["Start"]), int(media._properties["End"])
        found = FrameSet(adapter.clips.pattern(media), first, last)
        gone = tuple(n for n in found.numbers if not os.path.isfile(found.path(n)))
        return replace(found, missing=gone)

    def pixels(self, ref: str, number: int) -> np.ndarray:
        if ref.startswith("clip:"):
            ref = f"media:{self.clip(ref)._media._id}"
        return np.asarray(oiio.ImageBuf(self.frames(ref).path(number)).get_pixels("float"))

    def clip(self, ref: str) -> Any:
        return next(c for c in self.line._clips if c._id == ref.split(":")[1])

    def data(self, ref: str) -> dict[str, Any]:
        """The CDL in a version; the double's own memory, for Resolve gives it to nobody."""
        nodes = self.clip(ref)._versions[ref.split(":", 2)[2], 0]
        (told,) = [node["cdl"] for node in nodes if node["cdl"]]
        words = ("Slope", "Offset", "Power")
        numbers = {w.lower(): [float(v) for v in told[w].split()] for w in words}
        space = self.world.settings["colorSpaceTimeline"]
        return {**numbers, "saturation": float(told["Saturation"]), "working_space": space}

    def snapshot(self) -> dict[str, str]:
        found = {
            f"bin:{folder._id}": folder._name
            for folder in self.pool._all()
            if folder._name != "Answerprint" and folder._clips == []
        }
        for media in self._media():
            found[f"media:{media._id}"] = repr((media._properties, media._markers))
            for path in media._mattes:
                found[f"matte:{media._id}:{path}"] = path
        for clip in self.line._clips:
            place = (clip._name, clip._start, clip._length, clip._track, clip._colour)
            found[f"clip:{clip._id}"] = repr(place)
            for (name, kind), nodes in clip._versions.items():
                ours = kind == 0 and name != "Version 1"
                found[f"version:{clip._id}:{name}" if ours else f"{clip._id}/{name}"] = repr(nodes)
            for take in clip._takes[1:]:
                source = take["mediaPoolItem"]._id
                found[f"take:{clip._id}:{source}"] = repr((take["startFrame"], take["endFrame"]))
        for ref, frame, _ in markers.ours(self.line):
            found[ref] = repr((frame, self.line._markers[float(frame)]["note"]))
        theirs = [m for m in self.line._markers.values() if "answerprint" not in m["customData"]]
        project = self.resolve._manager._project
        state = (project._state, project._presets, project._jobs, self.line._tracks)
        return found | {"markers": repr(theirs), "state": repr((state, self.world.page))}

    def laid(self, ref: str) -> tuple[bool, int, int, str]:
        clip = self.clip(ref)
        first = clip._start - self.line._start
        files = adapter.clips.pattern(clip._media)
        return clip._enabled, first, first + clip._length - 1, files

    def marker_of(self, ref: str) -> tuple[str, str]:
        (marker,) = self.clip(ref)._markers.values()
        return marker["name"], marker["note"]

    def marks(self) -> list[tuple[int, str, str]]:
        found = sorted(self.line._markers.items())
        ours = [(at, m) for at, m in found if "answerprint" in m["customData"]]
        return [(int(at), m["color"].lower(), m["name"]) for at, m in ours]

    def playhead(self) -> int:
        return self.line._playhead - self.line._start

    def remove(self, ref: str) -> None:
        for media in self._media():
            media._mattes = [p for p in media._mattes if ref != f"matte:{media._id}:{p}"]
        for folder in self.pool._all():
            folder._clips = [m for m in folder._clips if f"media:{m._id}" != ref]

    def cancel_at(self, turn: int | None) -> None:
        self.artist.stops_at = turn

    def answer(self, how: Callable[[str, bool], bool]) -> None:
        self.artist.answers = how

    def said(self) -> list[tuple[str, str, str]]:
        return self.artist.said

    def say(self, name: str, value: Any) -> None:
        """The artist sets one of the host's settings."""
        self.host.configure(name, value)

    def unsaved(self) -> None:
        """The artist has named no folder for the project."""
        self.say("results_folder", "")

    def _media(self) -> list[Any]:
        return [media for folder in self.pool._all() for media in folder._clips]


def _files(folder: Path) -> None:
    """What the results of `scenes` name: they are there before a host is asked to place them."""
    (folder / ONE_OF_EACH["lut"]["path"]).write_text("LUT_3D_SIZE 2\n" + "0 0 0\n" * 8)
    for kind in ("frames", "key", "matte", "stmap", "take"):
        told = FrameSet.of(ONE_OF_EACH[kind])
        for number in told.numbers:
            (folder / told.path(number)).touch()


def _write(folder: str, name: str, number: int, media: Any, light: np.ndarray) -> None:
    """Half EXR as Resolve's: no windows, square pixels, the timeline's number in the name."""
    height, width = light.shape[:2]
    window = (0, 0, width, height)
    rate = Fraction(24000, 1001)
    told = {"display": window, "data": window, "channels": ("R", "G", "B", "A"), "fps": rate}
    pattern = f"{folder}/{name}%08d.exr"
    memory_host._write(FrameSet(pattern, number, number, **told), number, light)


def newest(project: Path) -> Rig:
    """Studio 21.0, managed, timeline in ACEScct, output in ACEScg."""
    return Rig(project)


class Line:
    """The wire between agent and panel: each message through its encoding, in one process."""

    def __init__(self, artist: Artist) -> None:
        self.artist, self.handlers, self.shown = artist, {}, None
        self.message, self.ask = artist.message, artist.ask

    def __call__(self, method: str, params: dict[str, Any], progress: Any = None) -> Any:
        asked = decode(encode({"id": 1, "method": method, "params": params}))
        self.shown = progress
        try:
            answer = {"result": self.handlers[asked["method"]](asked["params"])}
        except WireError as refused:
            answer = {"error": refused.wire()}
        told = decode(encode({"id": 1, **answer}))
        if "error" in told:
            raise WireError.read(told["error"])
        return told["result"]

    @contextmanager
    def progress(self, title: str) -> Iterator[Any]:
        yield self if self.shown is None else self.shown

    def tell(self, done: int, total: int, message: str = "") -> None:
        """Nobody looks."""


class RemoteRig(Rig):
    """The same, as the panel's process has it: behind requests."""

    def __init__(self, project: Path) -> None:
        super().__init__(project)
        line = Line(self.artist)
        local, self.host = self.host, RemoteHost(line, self.artist)
        local.artist, line.handlers = line, answers(local)
