"""Watch every shot of a cut once, and keep what was finished for the next check.

A passport is filed under its media's files (place, size, time), its frames, the CDL that the edit
has on it, the configuration of colours and the code that measures. A check that was stopped, or
that comes again after the cut was changed, takes up those that still hold and reads their samples
alone; with a show, it takes up what anybody's check of it measured. A passport holds numbers and no
picture. Cost: linear in frames; a movie is opened once for all of its events.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from answerprint import frames as frames_package
from answerprint import vision
from answerprint.check.lay import is_card
from answerprint.check.model import Shot
from answerprint.check.samples import Samples
from answerprint.edit.cut import Cut, Event
from answerprint.errors import BadInput
from answerprint.events import Events
from answerprint.frames import colour, config
from answerprint.frames.clip import Clip, open_clip
from answerprint.frames.grade import Cdl, Grade
from answerprint.frames.sequence import find
from answerprint.frames.text import write_text
from answerprint.show.shelf import Shelf
from answerprint.vision.pairs import Pictures
from answerprint.vision.watch import WIDE, watch

KEEP_DAYS = 60
_Range = tuple[int, int]
_Opened = tuple[str, str]
_Asked = tuple[int, int, Cdl]
_Seen = tuple[dict[str, Any], Callable[[], Pictures]]
Look = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Seen:
    """shots: in the order of the record. failed: by event id, why an event was not measured."""

    shots: tuple[Shot, ...]
    failed: dict[str, str]


def watch_cut(
    cut: Cut,
    hidden: dict[str, str],
    samples: Samples,
    keep: Path | None,
    events: Events,
    graded: bool = True,
    shelf: Shelf | None = None,
) -> Seen:
    """Measure the shots of a cut. A shot that cannot be had does not stop the others.

    hidden   event ids that are left out, with the reason.
    keep     where passports are kept, None: nowhere.
    graded   whether shots are seen through the CDLs that the edit has on them, in ACEScct.
    shelf    of the show, where passports are kept for everybody who checks one of its cuts.

    Raises Cancelled, and what the shelf raises; what was finished is kept.
    """
    failed = dict(hidden)
    asked: dict[_Opened, dict[_Asked, list[Event]]] = defaultdict(lambda: defaultdict(list))
    for event in cut.events:
        if event.id in failed:
            continue
        if event.media is None or event.frames is None:
            card = is_card(event.name)
            failed[event.id] = "A card." if card else f"{event.why} {event.hint}".strip()
            continue
        cdl = Cdl.of(dict(event.cdl)) if graded and event.cdl else Cdl()
        asked[event.media.path, event.media.named][*event.frames, cdl].append(event)
    kept = _Kept(keep, shelf)
    kept.forget()
    lengths = {at: sum(b - a + 1 for a, b, _ in ranges) for at, ranges in asked.items()}
    total, done = sum(lengths.values()), 0
    seen: dict[str, _Seen] = {}
    for (path, named), ranges in asked.items():
        before = done
        try:
            with open_clip(path, colourspace=named or None) as clip:
                for (first, last, cdl), which in ranges.items():

                    def told(count: int, _: int, at: int = done, name: str = which[0].id) -> None:
                        events.check()
                        events.progress("watch", at + count, total, name)

                    try:
                        found = _of(clip, named, (first, last), cdl, samples, kept, told)
                        seen |= {event.id: found for event in which}
                    except BadInput as why:
                        failed |= {event.id: str(why) for event in which}
                    done += last - first + 1
                    told(0, 0, done)
        except BadInput as why:  # the clip itself
            failed |= {e.id: str(why) for which in ranges.values() for e in which}
        done = before + lengths[path, named]
    shots = [_shot(cut, event, seen[event.id]) for event in cut.events if event.id in seen]
    return Seen(tuple(shots), failed)


def _shot(cut: Cut, event: Event, seen: _Seen) -> Shot:
    passport, pictures = seen
    span = (event.record[0] - cut.start, event.record[1] - cut.start)
    width, height = passport["size"]
    return Shot(event, span, (width, height), passport, pictures)


def _of(
    clip: Clip,
    named: str,
    frames: _Range,
    cdl: Cdl,
    samples: Samples,
    kept: _Kept,
    told: Callable[[int, int], None],
) -> _Seen:
    look = None if cdl.neutral else _through(cdl)
    key = _key(clip, frames, cdl) if kept else ""
    if before := kept.get(key, clip.source):
        passport, pictures = before["passport"], _pictures(clip, before["samples"], look)
    else:
        watched = watch(clip, frames, told, look)
        passport, pictures = watched.passport, watched.pictures
        kept.put(key, clip.source, {"passport": passport, "samples": list(pictures)})
    numbers = list(pictures)

    def again() -> Pictures:
        with open_clip(clip.source, colourspace=named or None) as anew:
            return _pictures(anew, numbers, look)

    return passport, samples.keep(pictures, again)


def _pictures(clip: Clip, numbers: Sequence[int], look: Look | None) -> Pictures:
    pictures = {n: clip.picture(n, WIDE) for n in numbers}
    return {n: (look(rgb), valid) for n, (rgb, valid) in pictures.items()} if look else pictures


def _through(cdl: Cdl) -> Look:
    acescg = colour.space("ACEScg")
    run = Grade(cdl).pixels(acescg, acescg)
    return lambda light: run(light)[0]


# --- what is kept --------------------------------------------------------------------------


class _Kept:
    """Passports by their keys: in a folder of this machine, and on the shelf of a show."""

    def __init__(self, folder: Path | None, shelf: Shelf | None) -> None:
        self._folder, self._shelf = folder, shelf

    def __bool__(self) -> bool:
        return self._folder is not None or self._shelf is not None

    def get(self, key: str, path: str) -> dict[str, Any] | None:
        """What was kept; None where there is nothing, or not a whole one. What this machine has
        goes onto the shelf."""
        on_shelf: dict[str, Any] | None = self._shelf.get(key) if self._shelf else None
        if on_shelf is not None or self._folder is None:
            return on_shelf
        place = self._folder / f"{key}.json"
        try:
            found: dict[str, Any] = json.loads(place.read_text("utf-8"))
            os.utime(place)  # it was of use
        except (OSError, ValueError):
            return None
        if self._shelf:
            self._shelf.put(key, path, found)
        return found

    def put(self, key: str, path: str, passport: dict[str, Any]) -> None:
        if self._folder:
            write_text(self._folder / f"{key}.json", json.dumps(passport, allow_nan=False))
        if self._shelf:
            self._shelf.put(key, path, passport)

    def forget(self) -> None:
        """Remove from this machine passports nobody asked for in a long time."""
        for old in self._folder.glob("*.json") if self._folder else ():
            try:
                if time.time() - old.stat().st_mtime > KEEP_DAYS * 86400:
                    old.unlink()
            except FileNotFoundError:
                continue  # another check was faster


def _key(clip: Clip, frames: _Range, cdl: Cdl) -> str:
    told = hashlib.sha256(_code())
    told.update(repr((os.path.abspath(clip.source), frames, cdl, clip.space.name)).encode())
    told.update(config.source().encode())
    for path in _files(clip, frames):
        try:
            there = os.stat(path)
            told.update(repr((there.st_ino, there.st_size, there.st_mtime_ns)).encode())
        except OSError:
            told.update(b"missing")
    return told.hexdigest()[:40]


def _files(clip: Clip, frames: _Range) -> list[str]:
    if clip.kind == "movie":
        return [os.path.expanduser(clip.source)]
    found = find(clip.source)
    return [found.path(number) for number in range(frames[0], frames[1] + 1)]


@cache
def _code() -> bytes:
    """What measures: other code may measure other numbers."""
    told = hashlib.sha256()
    for package in (frames_package, vision):
        for path in sorted(Path(package.__path__[0]).glob("*.py")):
            told.update(path.read_bytes())
    return told.digest()
