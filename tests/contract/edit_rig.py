"""An exported cut under the contract: an OTIO as Resolve shapes it, media on disk, an artist."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import memory_host
import numpy as np
import OpenImageIO as oiio
from cut_text import clip, timeline
from scenes import ONE_OF_EACH, plate

from answerprint.errors import AnswerprintError
from answerprint.events import Events
from answerprint.panel.edit_host import open_cut
from answerprint.worker.__main__ import HANDLERS
from answerprint_bridge.host import FrameSet, Item
from answerprint_bridge.messages import CANCELLED, WireError
from answerprint_bridge.results import KINDS


class Here:
    """The worker's own handlers, called in this process; what goes in and out is JSON."""

    def call(self, method: str, params: dict[str, Any]) -> Any:
        try:
            answer = HANDLERS[method](json.loads(json.dumps(params)), Events())
        except AnswerprintError as known:
            raise WireError(known.code, known.title, known.hint, known.detail) from known
        return json.loads(json.dumps(answer, allow_nan=False))


class Artist:
    """Reads messages, answers questions, and presses Cancel at a turn of a progress."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, str]] = []
        self.answers: Callable[[str, bool], bool] = lambda question, default: default
        self.stops_at: int | None = None

    @contextmanager
    def progress(self, title: str) -> Iterator[Any]:
        yield _Progress(self)

    def message(self, level: str, title: str, detail: str = "") -> None:
        self.said.append((level, title, detail))

    def ask(self, question: str, default: bool) -> bool:
        return self.answers(question, default)


class _Progress:
    def __init__(self, artist: Artist) -> None:
        self.artist, self.turn = artist, 0

    def tell(self, done: int, total: int, message: str = "") -> None:
        if self.artist.stops_at == self.turn:
            raise WireError(CANCELLED, "Cancelled.")
        self.turn += 1


class Rig:
    """As `memory_host.Rig`. Nothing is rendered: all media is on disk and used in place."""

    keeps = frozenset({"pixel aspect"})
    renders = False

    def __init__(self, project: Path) -> None:
        self.project, self.outside = project, project.parent.parent / "der Schnitt 編集"
        self.outside.mkdir()
        self.cut = self.outside / "reel 2 #1.otio"
        self.clips: list[dict[str, Any]] = []
        self.artist = Artist()
        opening = {n: np.full((12, 20, 4), 0.18, np.float32) for n in (1001, 1002, 1003)}
        self.write("opening", opening, plate())
        self.host = open_cut(Here(), str(self.cut), "", self.artist)
        self.host.folder, self.host.chosen = str(project), "opening"
        cube = self.outside / ONE_OF_EACH["lut"]["path"]
        cube.write_text("LUT_3D_SIZE 2\n" + "0 0 0\n" * 8)
        self.becomes = dict.fromkeys(KINDS, "frames")
        own = ("cdl", "lut", "frames", "take", "matte", "stmap", "markers", "note")
        self.becomes |= {kind: kind for kind in own} | {"tracks": "note", "camera": "note"}
        self.becomes |= {"roto": "matte", "corner_pin": "stmap"}
        self.alone = self.becomes | dict.fromkeys(("grade", "roto", "corner_pin", "retime"), "")

    def write(self, name: str, pictures: Mapping[int, np.ndarray], frames: FrameSet) -> None:
        folder = self.outside / f"{name} {len(self.clips)}"
        folder.mkdir()
        frames = replace(frames, pattern=str(folder / f"{name}.%04d.exr"))
        for number, light in pictures.items():
            memory_host._write(frames, number, light)
        self.cut_in(name, frames)

    def marks(self) -> list[tuple[int, str, str]]:
        """(frame, colour, name) of our markers on the cut, as OpenTimelineIO reads them."""
        path = Path(self.host.place, f"{self.host.cut['name']}.otio")
        told = json.loads(path.read_text("utf-8"))["tracks"]["markers"] if path.exists() else []
        return [
            (round(m["marked_range"]["start_time"]["value"]), m["color"].lower(), m["name"])
            for m in told
        ]

    def cut_in(self, name: str, frames: FrameSet) -> None:
        """The artist adds a clip to the end of the cut, and exports it again."""
        path = frames.pattern.replace("%04d", f"[{frames.first:04d}-{frames.last:04d}]")
        self.clips.append(clip(name, path, frames.first, frames.last - frames.first + 1))
        self.cut.write_text(timeline("reel 2", self.clips), "utf-8")

    def added(self) -> Item:
        self.host._open(self.host._read())
        item: Item = self.host.items()[-1]
        self.host.chosen = item.ref
        return item

    def rendered(self, pictures: Mapping[int, np.ndarray], frames: FrameSet) -> Item:
        self.write("sc010", pictures, frames)
        return self.added()

    def on_disk(self, frames: FrameSet) -> Item:
        self.cut_in("sc010", frames)
        return self.added()

    def entry(self, ref: str) -> dict[str, Any]:
        """As it stands in the list on the disk."""
        listed = json.loads(Path(self.host.place, "placed.json").read_text("utf-8"))
        return next(e for e in listed["entries"] if e["ref"] == ref)

    def frames(self, ref: str) -> FrameSet:
        if ref in self.host._events:
            media = self.host.cut["media"][self.host._events[ref]["media"]]
            found = FrameSet(media["path"], media["first"], media["last"])
        else:
            data = self.entry(ref)["data"]
            found = FrameSet(data["pattern"], data["first"], data["last"])
        gone = tuple(n for n in found.numbers if not os.path.isfile(found.path(n)))
        return replace(found, missing=gone)

    def pixels(self, ref: str, number: int) -> np.ndarray:
        return np.asarray(oiio.ImageBuf(self.frames(ref).path(number)).get_pixels("float"))

    def data(self, ref: str) -> dict[str, Any]:
        return dict(self.entry(ref)["data"])

    def snapshot(self) -> dict[str, str]:
        """Events, and what was placed; the artist's own files by their bytes."""
        found = {ref: repr(event) for ref, event in self.host._events.items()}
        path = Path(self.host.place, "placed.json")
        listed = json.loads(path.read_text("utf-8"))["entries"] if path.exists() else []
        found |= {entry["ref"]: repr(entry) for entry in listed}
        theirs = sorted(p for p in self.outside.rglob("*") if p.is_file() and p != self.cut)
        return found | {str(p): repr(p.stat().st_mtime_ns) for p in theirs}

    def laid(self, ref: str) -> tuple[bool, int, int, str]:
        told, start = self.host._events[ref], self.host.cut["start"]
        return (
            self.clip_of(ref)["enabled"],
            told["record"][0] - start,
            told["record"][1] - start - 1,
            self.frames(ref).pattern,
        )

    def marker_of(self, ref: str) -> tuple[str, str]:
        (marker,) = self.clip_of(ref)["markers"]
        return marker["name"], marker["comment"]

    def clip_of(self, ref: str) -> dict[str, Any]:
        """As it stands in the OTIO that is the cut."""
        tracks = json.loads(Path(self.host.cut["path"]).read_text("utf-8"))["tracks"]["children"]
        clips = (each for track in tracks for each in track["children"])
        return next(e for e in clips if e["name"] == self.host._events[ref]["name"])

    def remove(self, ref: str) -> None:
        self.host.take_back(ref)

    def cancel_at(self, turn: int | None) -> None:
        self.artist.stops_at = turn

    def answer(self, how: Callable[[str, bool], bool]) -> None:
        self.artist.answers = how

    def said(self) -> list[tuple[str, str, str]]:
        return self.artist.said

    def unsaved(self) -> None:
        """A cut always is a file; its results have no folder here."""
        self.host.folder = ""
