"""One host and its worker: a tool's run from the artist's items to placed results.

    session = Session(host, command(python))
    run = session.run("match", {}, {"source": item, "reference": other}, on_done=show)
    ...                                  # the host's timer: session.pump()
    run.cancel()

Inputs are written first, on the main thread. Then the job runs in the worker. Then, in one
step of undo, its results are placed. Nothing in the scene changes before that, so a run that
is cancelled or fails has changed nothing. Live results come first: frames are made only where
the artist asks, where nothing else of the job can stand in this host, or where they are the
result (`results.wants_frames`).

Results go to numbered versions (`versions`). The same job again finds its version and what
stands of it in the scene, and places only what is not there. A job that measures the same as
an earlier one takes its solution. Several may be started; they run one after the other.

A look is a run for the viewer: one small frame, no version, nothing placed.
"""

from __future__ import annotations

import os
import shutil
from typing import Any, Callable, ContextManager, Dict, Mapping, Sequence

from . import versions
from .auditions import Auditions
from .checking import Checks
from .exports import Input
from .faults import told_as
from .handlers import handlers
from .host import Host
from .messages import CANCELLED, Message, WireError
from .request import BAD_PARAMETER, Asked, again, ask, earlier
from .results import Answer, frames_of, wants_frames
from .run import Done, Listener, Run
from .showing import Shows
from .wire import Call, Worker

TEMPLATE = "{project}/answerprint/{shot}/{tool}/{version}"
Preview = Mapping[str, int]
"""{frame, size}: which frame of the result, and the pixels of its longer side."""


class Session(Checks, Shows, Auditions):
    """template   where results go; the version is its last folder. runs: oldest first."""

    def __init__(self, host: Host, command: Sequence[str], template: str = TEMPLATE) -> None:
        if not template.endswith("/{version}") or "{tool}" not in template:
            raise ValueError(f"the template {template!r} needs {{tool}} and ends in /{{version}}")
        self.host, self.template = host, template
        info = host.info()
        told = {"name": info.name, "version": info.version}
        self.worker = Worker(command, host=told, handlers=handlers(host, template))
        self.runs: list[Run] = []
        self._specs: list[Dict[str, Any]] = []
        self._looks: Dict[str, str] = {}  # root of a tool -> the folder of its looks
        self._looking: Run | None = None

    def pump(self, wait: float = 0.0) -> None:
        """Run what has arrived, on this thread. Call it from the host's timer."""
        self.worker.pump(wait)

    def close(self) -> None:
        """End the worker, and remove what was made to look at."""
        try:
            self.worker.close()
        finally:
            for folder in filter(os.path.isdir, self._looks.values()):
                shutil.rmtree(folder)
            self._looks.clear()

    # Tools

    def tools(self) -> list[Dict[str, Any]]:
        """Whole declarations, in the suite's order. The first call waits for the worker."""
        if not self._specs:
            names = [each["name"] for each in self.worker.call("tool.list")]
            self._specs = [self.worker.call("tool.describe", {"tool": name}) for name in names]
        return self._specs

    def spec(self, name: str) -> Dict[str, Any]:
        """The declaration of a tool. WireError with the names there are where it is none."""
        there = {each["name"]: each for each in self.tools()}
        if name not in there:
            hint = f"There is: {', '.join(there)}."
            raise WireError(BAD_PARAMETER, f"There is no tool '{name}'.", hint)
        return there[name]

    # Runs

    def run(
        self,
        tool: str,
        params: Mapping[str, Any],
        inputs: Mapping[str, Input],
        first: int | None = None,
        last: int | None = None,
        write_frames: bool = False,
        near: str = "",
        on_done: Done | None = None,
        graded: bool = False,
        preview: Preview | None = None,
        place: bool = True,
        **listeners: Listener,
    ) -> Run:
        """Start a tool; returns once its inputs are written and the job is on its way.

        first, last    range of the source to work on; None: all of it.
        near           the item that results are placed by; '': the source, if it is an item.
        on_done        called once, in `pump`; listeners: on_progress, on_preview, on_log.
        graded         items are written as the host shows them, through its grade.
        preview        a small frame of the result (of the nearest there is) as soon as it is
                       solved; `on_preview` hears of it.
        place          False: nothing is placed before `place` is called.

        Raises WireError where it cannot start: busy, unsaved, an input that cannot be written.
        """
        near = near or getattr(inputs.get("source"), "ref", "")
        with self._starts(tool):
            asked = self._asked(tool, params, inputs, first, last, graded)
            signed = self._signed_off(asked, write_frames, near)
        run = Run(self, asked, params, inputs, near)
        run.on_done, run.listeners, run.place = on_done, listeners, place
        self.runs.append(run)
        if signed:
            run.folder = signed
            run.report = versions.read(signed, "report.json") or {}
            stored = versions.read(signed, versions.RESULTS) or {}
            self._conclude(run, lambda: self._take(run, stored))
            return run
        before = earlier(asked, list(self._looks.values()))
        ours = (f for f in versions.made_for(asked.root, asked.digest) if not versions.approved(f))
        run.folder = next(ours, "")
        run.fresh = not run.folder
        if run.fresh:
            run.folder = versions.claim(asked.root, asked.record)
        stood = versions.read(run.folder, versions.RESULTS) or {}
        had = frames_of(stood.get("results", ())) is not None
        base = f"{asked.message['context']['shot']}_{tool}_{os.path.basename(run.folder)}"
        self._start(run, {"base": base, "write_frames": write_frames or had}, before, preview)
        return run

    def look(
        self,
        tool: str,
        params: Mapping[str, Any],
        inputs: Mapping[str, Input],
        frame: int,
        size: int,
        first: int | None = None,
        last: int | None = None,
        graded: bool = False,
        on_done: Done | None = None,
        like: Run | None = None,
        **listeners: Listener,
    ) -> Run:
        """One small result frame for a viewer: `picture` and `report` of the run that ends.

        `picture` is None where the tool leaves the plate alone. The next look of the tool writes
        over the file and cancels one under way. like: a run of the same inputs, range and
        state, whose inputs are used as they were written.
        """
        if self._looking and not self._looking.ended:
            self._looking.cancel()
        asked = again(like.asked, self.spec(tool), params) if like else None
        with self._starts(tool):
            asked = asked or self._asked(tool, params, inputs, first, last, graded)
        run = self._looking = Run(self, asked, params, inputs)
        run.on_done, run.listeners, run.place = on_done, listeners, False
        before = earlier(asked, list(self._looks.values()))
        if not os.path.isdir(self._looks.get(asked.root, "")):
            self._looks[asked.root] = versions.look(asked.root)
        run.folder = self._looks[asked.root]
        outputs = {"base": "look", "write_frames": False, "page": False}
        self._start(run, outputs, before, {"frame": frame, "size": size})
        return run

    def place(self, run: Run) -> list[Answer]:
        """Place a run's results: what of them does not stand yet, or not any more."""
        if not run.recipe:
            title = f"This run of '{run.tool}' has nothing to place."
            raise WireError(BAD_PARAMETER, title, "Run it to its end first.")
        with self._places(run):
            self._free()
            return self._placed(run)

    # How a run begins

    def _starts(self, tool: str) -> ContextManager[None]:
        title = f"'{tool}' could not start: {self.worker.host['name']} raised an error."
        return told_as(title, "The host's console has the details.")

    def _asked(
        self,
        tool: str,
        params: Mapping[str, Any],
        inputs: Mapping[str, Input],
        first: int | None,
        last: int | None,
        graded: bool,
    ) -> Asked:
        self._free()
        versions.root(self.template, self.host.context(), tool)  # before anything is started
        spec = self.spec(tool)
        return ask(self.host, self.template, spec, params, inputs, first, last, graded)

    def _signed_off(self, asked: Asked, write_frames: bool, near: str) -> str:
        """A version of this request that somebody approved and that has what is asked for."""
        for folder in versions.made_for(asked.root, asked.digest):
            stored = versions.read(folder, versions.RESULTS)
            if stored is None or not versions.approved(folder):
                continue
            lacks = write_frames or wants_frames(self.host.plan(stored["results"], near))
            if not lacks or frames_of(stored["results"]):
                return folder
        return ""

    def _start(self, run: Run, outputs: Message, before: str, preview: Preview | None) -> None:
        shown = {"preview": dict(preview)} if preview else {}
        run.request["outputs"] = {"dir": run.folder, **outputs, **shown}
        if before:
            run.request["earlier"] = before
        self._send(run)

    def _send(self, run: Run) -> None:
        run.call = self.worker.start(
            "job.run", run.request, on_done=lambda call: self._finished(run, call), **run.heard()
        )

    # How it ends

    def _finished(self, run: Run, call: Call) -> None:
        def take() -> bool:
            if call.error:
                self._drop(run)
                raise call.error
            run.report = call.result["report"]
            run.picture = call.result["outputs"].get("preview", run.picture)
            stored = {"status": call.result["status"], "results": call.result["results"]}
            if run.is_look:
                versions.write(run.folder, versions.REQUEST, run.asked.record)
                run.status, run.results = stored["status"], list(stored["results"])
                return True
            outputs = run.request["outputs"]
            planned = self.host.plan(stored["results"], run.near)
            late = not outputs["write_frames"] and wants_frames(planned)
            if late and not run.cancelling:
                outputs["write_frames"] = True
                outputs.pop("preview", None)
                self._send(run)  # in the same version: nothing is solved again
                return False
            versions.write(run.folder, versions.RESULTS, stored)
            return self._take(run, stored)

        self._conclude(run, take)

    def _drop(self, run: Run) -> None:
        """Give the version back, unless it holds something or another run is to use it."""
        others = (each for each in self.runs if each is not run and not each.ended)
        if run.is_look or any(each.folder == run.folder for each in others):
            return
        if run.cancelling and run.fresh:
            versions.drop_unfinished(run.folder)
        else:
            versions.drop_empty(run.folder)

    def _take(self, run: Run, stored: Mapping[str, Any]) -> bool:
        if run.cancelling:
            raise WireError(CANCELLED, "Cancelled before anything was placed.")
        run.status, run.results = stored["status"], list(stored["results"])
        run.recipe = versions.recipe_digest(run.folder)
        if run.place:
            self._placed(run)
        return True

    def _placed(self, run: Run) -> list[Answer]:
        label = f"{run.tool} {os.path.basename(run.folder)}"
        run.answers = self.host.apply(run.results, run.near, label, run.recipe)
        return run.answers

    def _conclude(self, run: Run, step: Callable[[], bool]) -> None:
        """Take a step and end the run, unless the step says there is more to come."""
        error = None
        try:
            with self._places(run):
                if not step():
                    return
        except WireError as refused:
            error = refused
        run.end(error)

    def _places(self, run: Run) -> ContextManager[None]:
        title = f"The results of '{run.tool}' could not be placed."
        return told_as(title, f"They are in {run.folder}. The host's console has the details.")
