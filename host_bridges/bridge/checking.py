"""The edit under the check: the host's edit out, the worker's findings back, markers and fixes in.

    check = session.check(on_done=show)      # a part of every Session
    ...                                      # the host's timer: session.pump()
    session.mark(check)                      # a marker on each finding's frame; the last ones go
    run = session.fix(check, check.findings[0])

A check gets a version of its own, `<project>/answerprint/<edit>/check/v###/`: the edit as it was
exported, `report.json`, `report.html`, the edit with its markers as OTIO and EDL. The show's rules
are a file beside the scene's own; a waiver is written into it.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, Mapping, Sequence, Tuple

from . import versions
from .faults import told_as
from .host import Host, Item, Marker, Span
from .messages import BUSY, HOST_REFUSED, WireError
from .scene import FrameSet
from .wire import Call, Worker

if TYPE_CHECKING:
    from .exports import Input
    from .run import Listener, Run

TOOL, RULES = "check", "answerprint.rules.toml"
COLOURS = ("red", "yellow", "cyan", "green", "blue")
"""Of findings that share a frame, the first of these that one has is the marker's."""
BETWEEN = ("light", "picture")
"""Families whose values are between two shots."""
Row = Mapping[str, Any]
Checked = Callable[["Check"], object]


class Check:
    """When `ended`, either `error` is set or `report` is.

    folder   its version. path: the edit that is checked. rules: file of the show's rules, which
             may not be there. status: 'done' or 'partial'.
    spans    where the host's items lay in the edit when it was exported.
    """

    def __init__(
        self, checks: Checks, folder: str, path: str, rules: str, spans: Sequence[Span]
    ) -> None:
        self._checks, self.folder, self.path, self.rules = checks, folder, path, rules
        self.spans = tuple(spans)
        self.call: Call | None = None
        self.ended, self.cancelling = False, False
        self.error: WireError | None = None
        self.status = ""
        self.report: Dict[str, Any] = {}

    @property
    def findings(self) -> list[Dict[str, Any]]:
        """As the report has them, the worst first: id, kind, family, colour, shots, frame, ..."""
        return list(self.report.get("findings", ()))

    @property
    def page(self) -> str:
        """The report to read."""
        return os.path.join(self.folder, "report.html")

    def shot(self, name: str) -> Row:
        """What the report says of a shot. KeyError for a name it does not have."""
        return {each["name"]: each for each in self.report["shots"]}[name]

    def cancel(self, force_after: float | None = None) -> None:
        self.cancelling = True
        if self.call:
            self.call.cancel(force_after)

    def wait(self) -> Check:
        """Pump until it has ended. Raises the WireError it ended with."""
        while not self.ended:
            self._checks.worker.pump(1.0)
        if self.error:
            raise self.error
        return self


class Checks:
    """The part of a Session that checks the host's edit."""

    host: Host
    worker: Worker
    template: str
    run: Callable[..., Run]

    def check(
        self,
        media: str = "",
        rules: str = "",
        on_done: Checked | None = None,
        on_progress: Listener | None = None,
    ) -> Check:
        """Start to check the edit; returns once the host has exported it.

        media   a folder below which media is looked for that is not where the edit says.
        rules   a file of rules, else the one beside the scene's own file.

        Raises WireError where it cannot start: busy, unsaved, a host without an edit.
        """
        name = self.host.info().name
        if "timeline" not in self.host.capabilities():
            raise WireError(HOST_REFUSED, f"{name} has no edit to check.", "Open the edit's file.")
        self._free()
        scene = self.host.context()
        scene = replace(scene, shot=_as_name(scene.shot))
        root = versions.root(self.template, scene, TOOL)
        earlier = next((f for f in versions.numbered(root).values() if _reported(f)), "")
        folder = versions.claim(root, {"tool": TOOL, "edit": scene.shot})
        try:
            with told_as(f"{name} did not export its edit.", "The console has the details."):
                own = versions.make(os.path.join(folder, "edit"))
                path = self.host.export_timeline(os.path.join(own, f"{scene.shot}.otio"))
                if not os.listdir(own):  # it is a file already
                    os.rmdir(own)
                spans = self.host.edit()
                asked = {**self.host.conform(), **({"media": media} if media else {})}
        except WireError:
            versions.drop_unfinished(folder)
            raise
        beside = os.path.dirname(scene.script) if os.path.isabs(scene.script) else scene.project
        check = Check(self, folder, path, rules or os.path.join(beside, RULES), spans)
        asked = {**asked, "path": path, "out": folder, "earlier": earlier}
        if rules or os.path.isfile(check.rules):
            asked["rules"] = check.rules
        check.call = self.worker.start(
            "edit.check",
            {name: value for name, value in asked.items() if value},
            on_progress=on_progress,
            on_done=lambda call: _finished(check, call, on_done),
        )
        return check

    def mark(self, check: Check, findings: Iterable[Row] | None = None) -> list[str]:
        """Set a marker on each frame with findings, of the whole check or of these, instead of
        those of the last check; what is to be said of it."""
        markers = markers_of(check.findings if findings is None else findings)
        stand = self.host.mark_edit(TOOL, markers)
        moved = [(m, at) for m, at in zip(markers, stand, strict=True) if m.frame != at]
        return [f"'{m.name}' of frame {m.frame} stands at frame {at}." for m, at in moved]

    def fix(self, check: Check, finding: Row, **more: Any) -> Run:
        """Start the tool that mends a finding; its result is placed on the shot to mend.

        more   as for `run`. WireError where the finding has no fix, or the edit the shot no more.
        """
        fix = fix_of(finding)
        return self.run(fix["tool"], fix.get("params", {}), self.inputs(check, finding), **more)

    def inputs(self, check: Check, finding: Row) -> Dict[str, Input]:
        """The inputs of a finding's fix: items of the host. A shot that is only looked at may
        have left the edit; it is taken from its files."""
        there = {each.item.ref for each in self.host.edit()}
        found: Dict[str, Input] = {}
        for name, shot in fix_of(finding)["inputs"].items():
            row = check.shot(shot)
            item = item_of(row, check.spans)
            item = item if item and item.ref in there else None
            if item is None and name == "source":
                title = f"The edit has no '{row['clip']}' at {row['timecode']} any more."
                raise WireError(HOST_REFUSED, title, "Check the edit again.")
            first, last = row["frames"]
            found[name] = item or FrameSet(row["media"], first, last, space=row["colourspace"])
        return found

    def _free(self) -> None:
        if why := self.host.busy():
            raise WireError(BUSY, f"No job can start now: {why}.", "Start it again afterwards.")

    def waive(self, check: Check, finding: Row, why: str) -> None:
        """Leave a finding from the next check on. Waits for the worker, which writes the rules."""
        asked = {"report": check.folder, "id": finding["id"], "why": why, "rules": check.rules}
        self.worker.call("edit.waive", asked)


def markers_of(findings: Iterable[Row]) -> list[Marker]:
    """One marker for each frame, in the order of the edit."""
    frames: Dict[int, list[Row]] = {}
    for each in findings:
        frames.setdefault(each["frame"], []).append(each)
    return [_marker(frame, frames[frame]) for frame in sorted(frames)]


def _marker(frame: int, rows: Sequence[Row]) -> Marker:
    rows = sorted(rows, key=lambda row: COLOURS.index(row["colour"]))
    text = "\n".join(dict.fromkeys(row["text"] for row in rows))
    name = ", ".join(dict.fromkeys(row["kind"].replace("_", " ") for row in rows))
    length = max(row["range"][1] for row in rows) - frame + 1
    return Marker(frame, text, TOOL, max(1, length), rows[0]["colour"], name)


def as_mended(finding: Row) -> Tuple[float | None, float | None]:
    """Value and uncertainty as the shot to mend stands to the other.

    The report has the second shot minus the first; a list names the one to mend.
    """
    value, unsure = finding["value"], finding["uncertainty"]
    first = finding["family"] in BETWEEN and finding["mend"] in finding["shots"][:-1]
    if value is None or not first:
        return value, unsure
    if finding["unit"] != "ratio":
        return -value, unsure
    times = max(1 + value, 1e-6)  # the report keeps six digits: -1 is rounded
    return 1 / times - 1, None if unsure is None else unsure / times**2


def fix_of(finding: Row) -> Dict[str, Any]:
    """{tool, params, inputs}. WireError where it has none."""
    if not finding["fix"]:
        kind = finding["kind"].replace("_", " ")
        hint = "Mend it by hand, or waive it."
        raise WireError(HOST_REFUSED, f"No tool mends this finding of {kind}.", hint)
    return dict(finding["fix"])


def item_of(row: Row, spans: Iterable[Span]) -> Item | None:
    """The host's item that a shot of the report is: of its name, where it lies."""
    first, last = row["cut"]

    def fits(span: Span) -> tuple[bool, int, bool]:
        shared = min(last, span.last) - max(first, span.first) + 1
        return span.item.ref == row["name"], shared, span.track == row["track"]

    named = [s for s in spans if s.item.ref == row["name"] or (s.name and s.name == row["clip"])]
    best = max((each for each in named if fits(each)[1] > 0), key=fits, default=None)
    return best.item if best else None


def _finished(check: Check, call: Call, on_done: Checked | None) -> None:
    check.ended, check.error = True, call.error
    if check.error is None:
        try:
            check.report = versions.read(check.folder, "report.json") or {}
            check.status = check.report["status"]
        except WireError as damaged:
            check.error = damaged
    elif not _reported(check.folder):
        versions.drop_unfinished(check.folder)
    if on_done:
        on_done(check)


def _reported(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, "report.json"))


def _as_name(edit: str) -> str:
    """The name of an edit as that of a folder."""
    return re.sub(r'[/\\:*?"<>|%\0]', "_", edit).strip(". ") or "edit"
