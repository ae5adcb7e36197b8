"""An exported cut as a host: for programs that nobody can script, or that may not be.

    host = open_cut(worker, "reel2.otio", "", artist)
    desk = Desk(Session(host, command))
    host.worker = desk.session.worker     # then one worker does both

The events of the cut are its items; their media is used in place. What is placed goes into a list,
`<folder>/answerprint/<cut>/placed.json`, and from that list the core writes what a conform takes
in (`edit.grades`): `.ccc` and EDL, `.cube`, the cut as OTIO with the new media and markers. All of
it is written anew with each step, so a look that is taken back is gone from the files too, and the
one before it stands again. The cut that was exported is never written: with takes to audition, a
copy of it is the cut, `<folder>/answerprint/<cut>/audition/<search>/<cut>.otio`.
"""

from __future__ import annotations

import copy
import dataclasses
import os
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, Protocol

from answerprint_bridge import versions
from answerprint_bridge.host import (
    ExportSpec,
    FrameSet,
    HostInfo,
    Item,
    ItemInfo,
    Marker,
    Progress,
    SceneContext,
    Span,
)
from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.results import CannotPlace, Form, Refs, Result
from answerprint_bridge.scene import plain
from answerprint_bridge.wire import SUITE

from .alone import Artist
from .edit_auditions import EditAuditions

PLACED, SCHEMA = "placed.json", "answerprint.placed/1"
PLACES = ("cdl", "lut", "frames", "take", "matte", "stmap", "markers", "note")
WAYS = ("items", "markers", "take back", "takes", "timeline", "edit markers", "auditions")
AS_SAID, FIRST_SPACE, BY_EDL = "as the files say", "ACEScct", "as its timecodes allow"
RATES = [BY_EDL, "23.976", "24", "25", "29.97", "30", "50", "59.94", "60"]


class Asks(Protocol):
    """A worker (`wire.Worker`)."""

    def call(self, method: str, params: dict[str, Any]) -> Any: ...


def open_cut(worker: Asks, path: str, media: str, artist: Artist) -> EditHost:
    """A host for the cut in a file of any format that the core reads.

    media   a folder below which media is looked for that is not where the cut says; '' for none.

    Raises the WireError that says why the file is no cut, and which export to choose.
    """
    path = os.path.abspath(os.path.expanduser(path))
    return EditHost(worker, worker.call("edit.read", {"path": path, "media": media}), media, artist)


class EditHost(EditAuditions):
    """worker   writes the grades. cut: what `edit.read` answered.

    folder   results go below it: the cut's own folder until somebody chooses another.
    chosen   the event that results go to which name none; '' refuses them.
    """

    def __init__(self, worker: Asks, cut: Mapping[str, Any], media: str, artist: Artist) -> None:
        super().__init__(artist)
        self.worker = worker
        self.path: str = cut["path"]
        self.stamp = versions.stamp(self.path)
        self.folder, self.chosen = os.path.dirname(self.path), ""
        self._open(cut)
        self._state = self._stored()
        if media:
            self._state["settings"]["media"] = media
        self.leave_outdated()
        as_read = {"media": media, "rate": "", "colourspace": ""}
        if self._looked_for() != as_read or self.auditioned():  # as it was left the last time
            try:
                self._open(self._read())
            except WireError as gone:
                self._state["settings"].update(media=media, rate="", source_space="")
                self._state.pop("audition", None)
                self.message("warning", gone.title, gone.hint)

    def _open(self, cut: Mapping[str, Any]) -> None:
        self.cut = cut
        self._events: dict[str, Mapping[str, Any]] = {each["id"]: each for each in cut["events"]}

    # Who and where

    def info(self) -> HostInfo:
        return HostInfo("Answerprint", SUITE, "exported cut", platform.python_version())

    def capabilities(self) -> frozenset[str]:
        places = {f"result:{kind}" for kind in PLACES}
        return frozenset(places.union(WAYS))

    def context(self) -> SceneContext:
        cut, sizes = self.cut, Counter((m["width"], m["height"]) for m in self.cut["media"])
        size = max(sizes, key=lambda each: sizes[each], default=(0, 0))
        last = max(each["record"][1] for each in cut["events"]) - 1
        rate, space = Fraction(cut["rate"]), self._set("grading_space")
        span = cut["start"], max(cut["start"], last)
        return SceneContext(self.path, self.folder, cut["name"], rate, *span, *size, space=space)

    def selection(self) -> list[Item]:
        return [self._item(self._events[self.chosen])] if self.chosen in self._events else []

    def items(self) -> list[Item]:
        return [self._item(each) for each in self.seen()]

    def describe(self, ref: str) -> ItemInfo:
        event = self._event(ref)
        first, last, media = *self._frames(event), self.cut["media"][event["media"]]
        return ItemInfo(
            media["width"],
            media["height"],
            first,
            last,
            tuple(media["channels"]),
            media["path"],
            media["named"],
            Fraction(event["rate"]),
            media["pixel_aspect"],
            (event["handles"][0], event["handles"][1]),
            shot=event["id"],
        )

    def grade_spaces(self) -> tuple[str, ...]:
        return (self._set("grading_space"),)

    def notes(self) -> list[str]:
        """What the core has to say of the cut: what was assumed, left out, not found."""
        lost = (e for e in self.cut["events"] if e["why"])
        told = [f"{e['number']:03} {e['name']}: {e['why']} {e['hint']}" for e in lost]
        return [*self.cut["warnings"], *told]

    def settings(self) -> list[dict[str, Any]]:
        return [{**row, "value": self._set(row["name"])} for row in self._rows()]

    def configure(self, name: str, value: Any) -> None:
        """A folder of media, their space or a rate reads the cut again."""
        row = next((each for each in self._rows() if each["name"] == name), None)
        if row is None:
            super().configure(name, value)
            return
        if value not in row.get("choices", [value]):
            hint = f"Use one of: {', '.join(row['choices'])}."
            raise WireError(HOST_REFUSED, f"{name} is '{value}'.", hint)
        if name == "results":
            before = self.folder, self._state
            self.folder = os.path.abspath(os.path.expanduser(value or self._beside()))
            try:
                self._state = {**self._stored(), "settings": self._state["settings"]}
                self.leave_outdated()
                self._open(self._read())
            except WireError:
                self.folder, self._state = before
                raise
            return
        was, self._state["settings"][name] = self._state["settings"].get(name, ""), value
        try:
            if name in ("media", "rate", "source_space"):
                self._open(self._read())
        except WireError:
            self._state["settings"][name] = was
            raise
        self._keep()

    # Out

    def export_frames(self, ref: str, spec: ExportSpec, progress: Progress) -> FrameSet:
        event = self._event(ref)
        if spec.graded:
            title = f"{event['name']} has no grade here: a cut is exported without its grades."
            raise WireError(HOST_REFUSED, title, "Work on it as it is before grading.")
        first, last = self._frames(event)
        media = self.cut["media"][event["media"]]
        first = first if spec.first is None else spec.first
        last = last if spec.last is None else spec.last
        if not media["first"] <= first <= last <= media["last"]:
            title = f"{event['name']} has no frames {first}-{last}."
            hint = f"Its media has {media['first']}-{media['last']}."
            raise WireError(HOST_REFUSED, title, hint)
        frames = FrameSet(
            media["path"],
            first,
            last,
            (),
            media["width"],
            media["height"],
            media["pixel_aspect"],
            channels=tuple(media["channels"]),
            space=media["named"],
            fps=Fraction(event["rate"]),
        )
        if media["kind"] == "movie":
            return frames
        missing = []
        for turn, number in enumerate(range(first, last + 1)):
            progress.tell(turn, last - first + 1, str(number))
            if not os.path.isfile(frames.path(number)):
                missing.append(number)
        return dataclasses.replace(frames, missing=tuple(missing))

    def export_timeline(self, path: str) -> str:
        """Nothing is written where the cut is the file that was exported; with takes to audition it
        is written, with those that are shown."""
        self.hold_copy()
        return self.write_settled(path) if self.auditioned() else self.path

    def conform(self) -> dict[str, str]:
        return self._looked_for()

    def edit(self) -> list[Span]:
        start, spans = self.cut["start"], []
        for each in self.seen():
            first, end = each["record"][0] - start, each["record"][1] - start
            spans.append(Span(self._item(each), first, end - 1, each["track"], each["name"]))
        return spans

    def import_timeline(self, path: str, name: str) -> str:
        title = "A cut takes no other timeline in."
        raise WireError(HOST_REFUSED, title, f"Open {path} in a panel of its own.")

    # In

    def import_frames(self, frames: FrameSet, near: str, label: str) -> Refs:
        return self._add("frames", plain(frames), near, label)

    def place_cdl(self, data: Result, near: str, label: str) -> Refs:
        return self._add("cdl", data, near, label)

    def place_lut(self, data: Result, near: str, label: str) -> Refs:
        path = os.path.join(self._beside(), data["path"])
        if not os.path.isfile(path):
            raise CannotPlace(f"its file {path} is not there")
        return self._add("lut", {**data, "path": path}, near, label)

    def place_take(self, data: Result, near: str, label: str) -> Refs:
        return self._add("take", data, near, label)

    def place_matte(self, data: Result, near: str, label: str) -> Refs:
        return self._add("matte", data, near, label)

    def place_stmap(self, data: Result, near: str, label: str) -> Refs:
        return self._add("stmap", data, near, label)

    def place_markers(self, data: Result, near: str, label: str) -> Refs:
        return self._add("markers", data, near, label)

    def place_note(self, data: Result, near: str, label: str) -> Refs:
        return self._add("note", data, near, label)

    def accepts(self, form: Form) -> str:
        if form.kind == "lut" and form.data["space"] not in self.grade_spaces():
            return f"it is for {form.data['space']}, the cut is graded in {self.grade_spaces()[0]}"
        return super().accepts(form)

    def add_markers(self, ref: str, markers: Sequence[Marker]) -> int:
        rows = [plain(each) for each in markers]
        self._add("markers", {"kind": "markers", "markers": rows}, self._event(ref)["id"], "")
        return len(rows)

    def mark_edit(self, tag: str, markers: Sequence[Marker]) -> list[int]:
        rows = [
            {**plain(m), "id": f"{tag}{m.frame}", "colour": m.colour or "blue"} for m in markers
        ]
        with self._step():
            self._state["marks"] = {**self._state.get("marks", {}), tag: rows}
        return [each.frame for each in markers]

    def take_back(self, ref: str) -> str:
        """Take what was placed out of the files; what stands there now."""
        gone = self._entry(ref)
        with self._step():
            self._state["entries"] = [e for e in self._state["entries"] if e is not gone]
            self._state["tags"].pop(ref, None)
        left = [e["label"] for e in self._state["entries"] if e["event"] == gone["event"]]
        return (left[-1] or "what was placed before") if left else "the shot as it was"

    def tag(self, ref: str, key: str, value: Mapping[str, Any]) -> None:
        if ref not in self._events:
            self._entry(ref)
        with self._step():
            self._state["tags"].setdefault(ref, {})[key] = dict(value)

    def read_tag(self, ref: str, key: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._state["tags"].get(ref, {}).get(key)
        return found

    def tagged(self, key: str) -> dict[str, dict[str, Any]]:
        return {ref: tags[key] for ref, tags in self._state["tags"].items() if key in tags}

    @contextmanager
    def undo_group(self, label: str) -> Iterator[None]:
        with self._step():
            yield

    # The cut

    def _event(self, ref: str) -> Mapping[str, Any]:
        if ref not in self._events:
            title = f"There is no '{ref}' in the cut {self.cut['name']}."
            raise WireError(HOST_REFUSED, title, "Choose one of its events.")
        return self._events[ref]

    def _frames(self, event: Mapping[str, Any]) -> tuple[int, int]:
        if event["why"]:
            title = f"{event['number']:03} {event['name']}: {event['why']}"
            raise WireError(HOST_REFUSED, title, event["hint"])
        return event["frames"][0], event["frames"][1]

    def _item(self, event: Mapping[str, Any]) -> Item:
        words = [f"{event['number']:03}", event["name"], event["timecode"]]
        words += [] if event["enabled"] else ["(switched off)"]
        words += ["(no media)"] if event["why"] else []
        return Item(event["id"], "clip", "  ".join(words))

    def _read(self) -> dict[str, Any]:
        self.hold_copy()
        path = self.auditioned() or self.path
        asked = {"path": path, **self._looked_for()}
        self.stamp = versions.stamp(self.path) if path == self.path else self.stamp
        answer: dict[str, Any] = self.worker.call("edit.read", asked)
        return answer

    def _looked_for(self) -> dict[str, str]:
        rate = self._set("rate")
        told = {"media": self._set("media"), "rate": "" if rate == BY_EDL else rate}
        return {**told, "colourspace": self._source_space()}

    # What it was told

    def _rows(self) -> list[dict[str, Any]]:
        spaces = list(self.cut["spaces"])
        usual = FIRST_SPACE if FIRST_SPACE in spaces else spaces[0]
        rows: list[dict[str, Any]] = [
            {
                "name": "grading_space",
                "kind": "pick",
                "choices": spaces,
                "default": usual,
                "help": "The colour space that the timeline is graded in: CDLs are for it",
            },
            {
                "name": "source_space",
                "kind": "pick",
                "choices": [AS_SAID, *spaces],
                "default": AS_SAID,
                "help": "The colour space of the camera files, whatever they say themselves",
            },
            {
                "name": "media",
                "kind": "folder",
                "default": "",
                "help": "Media that is not where the cut says is looked for below it",
            },
            {
                "name": "results",
                "kind": "folder",
                "default": self._beside(),
                "help": "Results go below it, for as long as the panel is open",
            },
        ]
        if self.path.lower().endswith(".edl"):
            row = {"name": "rate", "kind": "pick", "choices": RATES, "default": BY_EDL}
            rows.append({**row, "help": "Frames per second; an EDL does not say them"})
        return rows

    def _set(self, name: str) -> str:
        if name == "results":
            return self.folder
        usual = next((row["default"] for row in self._rows() if row["name"] == name), "")
        return str(self._state["settings"].get(name) or usual)

    def _source_space(self) -> str:
        space = self._set("source_space")
        return "" if space == AS_SAID else space

    def _beside(self) -> str:
        return os.path.dirname(self.path)

    # What stands

    @property
    def place(self) -> str:
        """The folder of what was made for this cut."""
        return os.path.join(self.folder, "answerprint", self.cut["name"])

    def _stored(self) -> dict[str, Any]:
        stored = versions.read(self.place, PLACED)
        if stored is None:
            return {"schema": SCHEMA, "settings": {}, "entries": [], "tags": {}, "files": []}
        if stored.get("schema") != SCHEMA:
            path = os.path.join(self.place, PLACED)
            title = f"{path} is of schema '{stored.get('schema')}', this version reads '{SCHEMA}'."
            hint = "Install the version of Answerprint that wrote it, or move the folder away."
            raise WireError(HOST_REFUSED, title, hint)
        return stored

    def _entry(self, ref: str) -> dict[str, Any]:
        for entry in self._state["entries"]:
            if entry["ref"] == ref:
                found: dict[str, Any] = entry
                return found
        hint = "Choose what was placed on one of its events."
        raise WireError(HOST_REFUSED, f"There is no '{ref}' in the cut.", hint)

    def _add(self, kind: str, data: Result, near: str, label: str) -> Refs:
        event = near or self.chosen
        if event not in self._events:
            raise CannotPlace("it is for no event of the cut")
        numbers = [int(e["ref"].rpartition(":")[2]) for e in self._state["entries"]]
        ref = f"{kind}:{event}:{max(numbers, default=0) + 1}"
        entry = {"ref": ref, "event": event, "kind": kind, "label": label, "data": dict(data)}
        with self._step():
            self._state["entries"].append(entry)
        return (ref,)

    @contextmanager
    def _step(self) -> Iterator[None]:
        """One change of the list: its files are written at the end, or it did not happen."""
        if self._changing:
            yield
            return
        self.hold_copy()
        before, self._changing = copy.deepcopy(self._state), True
        try:
            yield
            if self._state != before:
                self._write(before)
        except BaseException:
            self._state = before
            raise
        finally:
            self._changing = False

    _changing = False
    _unheld: Sequence[str] = ()  # what was told last: each step writes the lists anew

    def _write(self, before: Mapping[str, Any]) -> None:
        self._keep()
        self.flag()
        written = ("entries", "marks", "audition")
        if all(self._state.get(name) == before.get(name) for name in written):
            return
        asked = {"path": self.cut["path"], "place": self.place, **self._looked_for()}
        try:
            written = self.worker.call("edit.grades", asked)
        except WireError:
            versions.write(self.place, PLACED, before)
            self._state = dict(before)
            self.flag()
            raise
        self._state["files"] = written["files"]
        self._keep()
        if written["gone"]:
            title = f"{len(written['gone'])} results are for events the cut has no more."
            self.message("warning", title, "Left out: " + ", ".join(written["gone"]))
        if written["offline"]:
            left, name = written["offline"], self.cut["name"]
            title = f"{len(left)} results are left out of {name}.otio: their media is not there."
            entries = map(self._entry, left)
            named = ", ".join(f"{e['event']} {e['label'] or e['kind']}" for e in entries)
            self.message("warning", title, f"{named}. Once it is there, the next step adds them.")

        if (lost := written["warnings"]) and lost != self._unheld:
            self.message(
                "warning", f"The lists of {self.cut['name']} lack something.", " ".join(lost)
            )
        self._unheld = lost

    def _keep(self) -> None:
        versions.write(versions.make(self.place), PLACED, self._state)
