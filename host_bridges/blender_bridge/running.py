# SPDX-License-Identifier: GPL-3.0-or-later
"""The one session of this Blender: its worker, and the job, check and show that panels show.

It belongs to the module, not to an operator: Blender frees operators when it likes. A file that
is loaded ends the job first, so that nothing is placed into another scene. While a job runs its
operator's timer calls `turn`; for pictures beside it there is a timer that ends by itself.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping

import bpy

from answerprint_bridge.host import Host
from answerprint_bridge.messages import CANCELLED, HOST_REFUSED, WireError
from answerprint_bridge.session import Input, Run, Session
from answerprint_bridge.wire import Call, command

from . import pictures, prefs
from .catalogue import Spec
from .check_job import CheckJob
from .job import Job
from .show_job import Asking, Shown

EDITORS = ("NODE_EDITOR", "IMAGE_EDITOR", "CLIP_EDITOR", "SEQUENCE_EDITOR")
BUSY = -32004
BEAT = 0.1  # seconds between two turns
FORCE = 10.0  # seconds a cancelled job has before its worker is ended
LEAVE = 2.0  # the same, where a file or the program is being closed
HELLO = 30.0  # seconds the worker has to answer a check


class Running:
    """The session, its newest job, check and question to the show: of these one works at a time.

    driven   an operator's timer turns it.
    """

    def __init__(self) -> None:
        self.driven = False
        self.job: Job | None = None
        self.edit: CheckJob | None = None
        self.asking: Asking | None = None
        self.shown = Shown()
        self._host: Host | None = None
        self._session: Session | None = None
        self._open: List[Any] = []  # calls and looks beside the job

    def host(self) -> Host:
        if self._host is None:
            from .adapter import BlenderHost  # there is a scene by now

            self._host = BlenderHost()
        return self._host

    def session(self) -> Session:
        """The session, made anew where the preferences name another core."""
        told = command(prefs.python())
        if self._session and self._session.worker.command != told and not self.working():
            self._session.close()
            self._session = None
        if self._session is None:
            self._session = Session(self.host(), told)
        return self._session

    def task(self) -> Job | CheckJob | Asking | None:
        """What works now."""
        tasks = (self.job, self.edit, self.asking)
        return next((each for each in tasks if each and not each.ended), None)

    def working(self) -> bool:
        return self.task() is not None

    def waiting(self) -> bool:
        """Whether anything may still arrive."""
        self._open = [each for each in self._open if not each.ended]
        return self.working() or bool(self._open)

    def start(
        self, spec: Spec, params: Mapping[str, Any], inputs: Mapping[str, Input], **more: Any
    ) -> Job:
        """Write the inputs and start a tool; `more` goes to `Session.run`.

        Raises WireError where it cannot start.
        """
        self._check_free()
        session, job = self.session(), Job(spec, more)
        if not bpy.app.background:
            frame = bpy.context.scene.frame_current
            more["preview"] = {"frame": frame, "size": pictures.SIZE}
        pictures.clear()
        job.run = session.run(
            spec["name"],
            params,
            inputs,
            on_progress=job.moved,
            on_log=job.said,
            on_preview=lambda told: self._show_both(job, told),
            **more,
        )
        self.job = job
        return job

    def start_check(self) -> CheckJob:
        """Write the edit out and start to check it. Raises WireError where it cannot start."""
        self._check_free()
        session, job = self.session(), CheckJob()
        job.check = session.check(on_progress=job.moved)
        self.edit = job
        return job

    def ask(self, stage: str, start: Callable[[Session, Asking], Call]) -> Asking:
        """Ask the show; `start` begins it. Raises WireError where it cannot start."""
        self._check_free()
        asking = Asking(stage)
        asking.call = start(self.session(), asking)
        self.asking = asking
        return asking

    def _check_free(self) -> None:
        if self.working():
            raise WireError(BUSY, "A job of Answerprint is running.", "Wait for it, or cancel it.")

    def turn(self) -> None:
        """Run what has arrived."""
        if self._session:
            self._session.pump()

    def cancel(self) -> None:
        """Ask the job to end; it has FORCE seconds for it."""
        if task := self.task():
            task.cancel(FORCE)

    def again(self) -> Run:
        """Place the results of the shown job once more; what stands is found."""
        run = self.job.result if self.job else None
        if self._session is None or run is None:
            raise WireError(HOST_REFUSED, "There is no result to place.", "Run a tool first.")
        self._session.place(run)
        return run

    def look(self, params: Mapping[str, Any]) -> None:
        """Show the result with other live parameters. Nothing is placed."""
        job, session = self.job, self._session
        if job is None or session is None or job.result is None or not job.result.picture:
            return
        try:
            look = session.look(
                job.spec["name"],
                params,
                job.result.inputs,
                job.result.picture["frame"],
                pictures.SIZE,
                on_done=lambda run: self._looked(job, run),
                like=job.result,  # nothing is written or rendered again
            )
        except WireError as refused:
            job.trouble = refused
        else:
            self._await(look)

    def check(self) -> Dict[str, Any]:
        """What the worker says of itself. Raises WireError where it cannot be reached."""
        worker = self.session().worker
        worker.call("ping", timeout=HELLO)
        return dict(worker.hello or {})

    def forget(self) -> None:
        """End what works and drop what is shown: the scene is about to be another one."""
        task, self.job, self.edit, self.asking = self.task(), None, None, None
        self.shown = Shown()
        if task:
            task.cancel(LEAVE)
            while not task.ended:
                self.turn()
        pictures.clear()
        pictures.clear_thumbs()

    def close(self) -> None:
        """End the job, the worker and the host."""
        self.forget()
        if self._session:
            self._session.close()
        if self._host:
            self._host.shutdown()
        self._session = self._host = None
        self._open.clear()
        if bpy.app.timers.is_registered(beat):
            bpy.app.timers.unregister(beat)

    # Pictures

    def _show_both(self, job: Job, told: Mapping[str, Any]) -> None:
        assert job.run
        self._show(job, "after", pictures.asked(told["path"], told["frame"]))
        self._show(job, "before", pictures.plate(job.run.request, told["frame"]))

    def _show(self, job: Job, slot: str, asked: Mapping[str, Any]) -> None:
        def made(call: Any) -> None:
            job.trouble = call.error
            if not call.error and job is self.job:
                pictures.put(slot, call.result["path"])

        assert self._session
        self._await(self._session.worker.start("view.render", dict(asked), on_done=made))

    def _looked(self, job: Job, run: Run) -> None:
        if run.error and run.error.code == CANCELLED:
            return  # by the next look
        job.trouble = run.error
        if run.picture:
            self._show(job, "after", pictures.asked(run.picture["path"], run.picture["frame"]))

    def _await(self, open_one: Any) -> None:
        self._open.append(open_one)
        wake()


NOW = Running()


def beat() -> float | None:
    """Blender's timer: turns until nothing is open."""
    if not NOW.driven:  # so that results are placed where the artist pressed the button
        NOW.turn()
        redraw()
    return BEAT if NOW.waiting() else None


def wake() -> None:
    """Let `beat` turn until nothing is open."""
    if not bpy.app.timers.is_registered(beat):
        bpy.app.timers.register(beat, first_interval=BEAT, persistent=True)


def redraw() -> None:
    """Draw the editors that have our panels."""
    for manager in bpy.data.window_managers:
        for window in manager.windows:
            for area in window.screen.areas:
                if area.type in EDITORS:
                    area.tag_redraw()


@bpy.app.handlers.persistent
def before_load(*args: Any) -> None:
    """Of `load_pre`: a job never outlives its scene."""
    NOW.forget()


def register() -> None:
    bpy.app.handlers.load_pre.append(before_load)


def unregister() -> None:
    if before_load in bpy.app.handlers.load_pre:
        bpy.app.handlers.load_pre.remove(before_load)
    NOW.close()
