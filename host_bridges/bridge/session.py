"""One host and its worker: a tool's run from the artist's items to placed results.

    session = Session(host, command(python))
    run = session.run("match", {}, {"source": item, "reference": other}, on_done=show)
    ...                                  # the host's timer: session.pump()
    run.cancel()

Inputs are written first, on the main thread. Then the job runs in the worker. Then, in one
step of undo, its results are placed. Nothing in the scene changes before that, so a run that
is cancelled or fails has changed nothing. Live results come first: frames are made only where
the artist asks, or where nothing else of the job can stand in this host.

Results go to numbered versions (`versions`). The same job again finds its version and what
stands of it in the scene, and places only what is not there.
"""

from __future__ import annotations

import logging
import os
import shutil
import traceback
import uuid
from dataclasses import replace
from typing import Any, Callable, Dict, Mapping, Sequence, Union

from . import versions
from .host import ExportSpec, FrameSet, Host, Item, SceneContext
from .messages import CANCELLED, HOST_REFUSED, WireError
from .results import Answer, wants_frames
from .scene import plain
from .wire import Call, Message, Worker

TEMPLATE = "{project}/answerprint/{shot}/{tool}/{version}"
BAD_PARAMETER, BUSY = -32602, -32004

Input = Union[Item, FrameSet, str]
"""An item of the scene, frames on disk, or one file (a still or a movie)."""
Files = Union[FrameSet, str]

log = logging.getLogger("answerprint")


class Run:
    """One run of a tool. When `ended`, `error` is set, or `answers` and `report` are.

    folder   its version. results: what the tool handed back. answers: what became of each.
    """

    def __init__(self, session: Session, tool: str, near: str) -> None:
        self._session = session
        self.tool, self.near, self.folder = tool, near, ""
        self.request: Message = {}
        self.listeners: Dict[str, Any] = {}
        self.on_done: Callable[[Run], object] | None = None
        self.call: Call | None = None
        self.ended, self.cancelling = False, False
        self.error: WireError | None = None
        self.status, self.recipe = "", ""
        self.report: Dict[str, Any] = {}
        self.results: list[Dict[str, Any]] = []
        self.answers: list[Answer] = []

    def cancel(self, force_after: float | None = None) -> None:
        """Ask for the end. What is not placed by now will not be."""
        self.cancelling = True
        if self.call:
            self.call.cancel(force_after)

    def wait(self) -> Run:
        """Pump until it has ended. Raises the WireError it ended with."""
        while not self.ended:
            self._session.pump(1.0)
        if self.error:
            raise self.error
        return self

    def end(self, error: WireError | None = None) -> None:
        self.ended, self.error = True, error
        if self.on_done:
            self.on_done(self)


class Session:
    """template   where results go; the version is its last folder."""

    def __init__(self, host: Host, command: Sequence[str], template: str = TEMPLATE) -> None:
        if not template.endswith("/{version}") or "{tool}" not in template:
            raise ValueError(f"the template {template!r} needs {{tool}} and ends in /{{version}}")
        self.host, self.template = host, template
        info = host.info()
        told = {"name": info.name, "version": info.version}
        self.worker = Worker(command, host=told, handlers=self._handlers())

    def pump(self, wait: float = 0.0) -> None:
        """Run what has arrived, on this thread. Call it from the host's timer."""
        self.worker.pump(wait)

    def close(self) -> None:
        self.worker.close()

    def run(
        self,
        tool: str,
        params: Mapping[str, Any],
        inputs: Mapping[str, Input],
        first: int | None = None,
        last: int | None = None,
        write_frames: bool = False,
        near: str = "",
        on_done: Callable[[Run], object] | None = None,
        **listeners: Callable[[Message], object],
    ) -> Run:
        """Start a tool; returns once its inputs are written and the job is on its way.

        first, last    range of the source to work on; None: all of it.
        near           the item that results are placed by; '': the source, if it is an item.
        on_done        called once, in `pump`; listeners: on_progress, on_preview, on_log.

        Raises WireError where it cannot start: busy, unsaved, an input that cannot be written.
        """
        if why := self.host.busy():
            raise WireError(BUSY, f"No job can start now: {why}.", "Start it again afterwards.")
        source = inputs.get("source")
        run = Run(self, tool, near or (source.ref if isinstance(source, Item) else ""))
        run.on_done, run.listeners = on_done, listeners
        scene = self.host.context()
        root = self._root(scene, tool)
        spans = {name: (first, last) if name == "source" else (None, None) for name in inputs}
        frames = {name: self._input(name, each, *spans[name]) for name, each in inputs.items()}
        told = {
            "tool": tool,
            "params": dict(params),
            "inputs": {name: _identity(each) for name, each in frames.items()},
        }
        request = versions.digest(told)
        if signed := self._signed_off(root, request, write_frames):
            run.folder = signed
            run.report = versions.read(signed, "report.json") or {}
            stored = versions.read(signed, versions.RESULTS) or {}
            self._conclude(run, lambda: self._place(run, stored))
            return run
        ours = [f for f in versions.made_for(root, request) if not versions.approved(f)]
        run.folder = ours[0] if ours else versions.claim(root, request, told)
        before = versions.read(run.folder, versions.RESULTS) or {}
        had = any(each["kind"] == "frames" for each in before.get("results", ()))
        base = f"{scene.shot}_{tool}_{os.path.basename(run.folder)}"
        run.request = {
            "tool": tool,
            "params": dict(params),
            "inputs": {n: f if isinstance(f, str) else f.wire() for n, f in frames.items()},
            "outputs": {"dir": run.folder, "base": base, "write_frames": write_frames or had},
            "context": plain(scene),
        }
        self._start(run)
        return run

    # Where it goes

    def _root(self, scene: SceneContext, tool: str) -> str:
        """The folder that holds a tool's versions."""
        if not scene.project:
            hint = "Save it, so that results have a folder beside it."
            raise WireError(BAD_PARAMETER, "The scene is not saved.", hint)
        for word, name in (("shot", scene.shot), ("tool", tool)):
            if not name or name.startswith(".") or any(c in name for c in '/\\:*?"<>|%\0'):
                hint = "Give it a name that can be part of a file's name."
                raise WireError(BAD_PARAMETER, f"The {word} is called '{name}'.", hint)
        places = {"project": scene.project, "shot": scene.shot, "tool": tool, "version": ""}
        return self.template.format(**places).rstrip("/")

    def _signed_off(self, root: str, request: str, write_frames: bool) -> str:
        """A version of this request that somebody approved and that has what is asked for."""
        for folder in versions.made_for(root, request):
            stored = versions.read(folder, versions.RESULTS)
            if stored is None or not versions.approved(folder):
                continue
            lacks = write_frames or wants_frames(self.host.plan(stored["results"]))
            if not lacks or any(each["kind"] == "frames" for each in stored["results"]):
                return folder
        return ""

    # Frames out

    def _input(self, name: str, each: Input, first: int | None, last: int | None) -> Files:
        if isinstance(each, Item):
            return self._export(each.ref, name, first, last)
        if isinstance(each, FrameSet):
            low, high = each.first, each.last
            return replace(
                each, first=low if first is None else first, last=high if last is None else last
            )
        if not os.path.isfile(each):
            hint = "Name a file that is there, or frames with their range."
            raise WireError(versions.BAD_INPUT, f"The {name} {each} is not a file.", hint)
        return os.path.abspath(each)

    def _export(
        self, ref: str, name: str, first: int | None = None, last: int | None = None
    ) -> FrameSet:
        """An item as frames: its own files where it has them, else written beside the project."""
        scene = self.host.context()
        root = self._root(scene, "in")
        place = versions.make(root)
        unfinished = os.path.join(place, f".{name}-{uuid.uuid4().hex}")
        try:
            os.mkdir(unfinished)
        except OSError as why:
            raise versions.unwritable(place, why) from why
        try:
            spec = ExportSpec(unfinished, name, first, last)
            with self.host.progress(f"Writing the {name}") as progress:
                frames = self.host.export_frames(ref, spec, progress)
            if os.path.dirname(frames.pattern) != unfinished:
                return frames
            return versions.keep(frames, os.path.join(place, name))
        finally:
            if os.path.isdir(unfinished):
                shutil.rmtree(unfinished)

    # The job

    def _start(self, run: Run) -> None:
        run.call = self.worker.start(
            "job.run", run.request, on_done=lambda call: self._finished(run, call), **run.listeners
        )

    def _finished(self, run: Run, call: Call) -> None:
        def take() -> bool:
            if call.error:
                versions.drop_empty(run.folder)
                raise call.error
            run.report = call.result["report"]
            stored = {"status": call.result["status"], "results": call.result["results"]}
            outputs = run.request["outputs"]
            late = not outputs["write_frames"] and wants_frames(self.host.plan(stored["results"]))
            if late and not run.cancelling:
                outputs["write_frames"] = True
                self._start(run)  # in the same version: nothing is solved again
                return False
            versions.write(run.folder, versions.RESULTS, stored)
            return self._place(run, stored)

        self._conclude(run, take)

    def _place(self, run: Run, stored: Mapping[str, Any]) -> bool:
        if run.cancelling:
            raise WireError(CANCELLED, "Cancelled before anything was placed.")
        run.status, run.results = stored["status"], list(stored["results"])
        run.recipe = versions.recipe_digest(run.folder)
        label = f"{run.tool} {os.path.basename(run.folder)}"
        run.answers = self.host.apply(run.results, run.near, label, run.recipe)
        return True

    def _conclude(self, run: Run, step: Callable[[], bool]) -> None:
        """Take a step and end the run, unless the step says there is more to come."""
        error = None
        try:
            if not step():
                return
        except WireError as refused:
            error = refused
        except Exception as fault:
            log.exception("The results of '%s' could not be placed.", run.tool)
            cause = traceback.format_exception_only(type(fault), fault)[-1].strip()
            hint = f"They are in {run.folder}. The host's console has the details."
            title = f"The results of '{run.tool}' could not be placed."
            error = WireError(HOST_REFUSED, title, hint, cause)
        run.end(error)

    # What the worker may ask: to read the scene and to speak with the artist, no more.
    # What a job changes comes back as its results, so that cancelling leaves nothing.

    def _handlers(self) -> Dict[str, Callable[[Message], Any]]:
        host = self.host
        return {
            "host.info": lambda p: plain(host.info()),
            "host.context": lambda p: plain(host.context()),
            "host.selection": lambda p: plain(host.selection()),
            "host.describe": lambda p: plain(host.describe(p["ref"])),
            "host.read_tag": lambda p: host.read_tag(p["ref"], p["key"]),
            "host.export_frames": lambda p: self._export(
                p["ref"], p["name"], p.get("first"), p.get("last")
            ).wire(),
            "host.message": lambda p: host.message(p["level"], p["title"], p.get("detail", "")),
            "host.ask": lambda p: host.ask(p["question"], p["default"]),
        }


def _identity(each: Files) -> Any:
    """What tells an input from another one, without reading files that are used in place."""
    if isinstance(each, str):
        return [each, versions.stamp(each)]
    stamps = [] if each.digest else [versions.stamp(each.path(n)) for n in each.numbers]
    return [each.wire(), each.digest, stamps]
