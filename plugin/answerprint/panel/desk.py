"""What lives on while widgets come and go: the session, its jobs, and what the panel was set to.

A host may destroy the panel at any time (Nuke does, when a tab is moved) and build it again.
So nothing that matters is in a widget:

    desk = Desk(Session(host, command))     # one for a host, kept by its module
    panel = Panel(desk)                     # as often as the host likes
    desk.close()                            # when the host ends

The desk pumps the session by a timer of its own, so jobs go on while no panel is there. A call
of the host may let Qt work while it waits (Resolve's does). So nothing is done where it is
asked for: it is put down and done by the timer, one thing after the other, and while one is
under way (`occupied`) the timer does nothing. `close` waits for it too.
"""

from __future__ import annotations

import collections
import contextlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from answerprint_bridge.faults import told_as
from answerprint_bridge.host import FrameSet, Item
from answerprint_bridge.messages import CANCELLED, Message, WireError
from answerprint_bridge.session import Run, Session
from answerprint_bridge.wire import Call

from .checker import IN_CONSOLE, Checker
from .clips import Clips
from .files_host import FilesHost
from .finder import Finder
from .form import label_of
from .jobs import BAD_PARAMETER, Job, Order, Shot
from .qt import QtCore
from .signals import Signal

PUMP_MS = 15
FORCED = "The worker was ended by force, for it did not stop when asked."

Inputs = dict[str, Item | FrameSet]


class Desk:
    """session     of one host; the desk pumps and closes it.
    write_frames   what the panel offers at first: True where files are all that can be handed on.

    jobs    those of this session, oldest first. specs: tool name -> declaration, as they come.
    checker of the host's edit. finder: of takes in the show.
    kept    what the panel is set to: the panel writes it, and a new panel begins with it.
    """

    def __init__(self, session: Session, write_frames: bool = False) -> None:
        self.tools_known = Signal()
        self.added = Signal()  # (Job)
        self.moved = Signal()  # (Job) whose state, progress or answers are other ones
        self.pictured = Signal()  # (Job) that has its first picture
        self.ended = Signal()  # (Job)
        self.looked = Signal()  # (Run) of a look that has ended well
        self.said = Signal()  # (a line for the log)
        self.refused = Signal()  # (a WireError for the artist)
        self.starting = Signal()  # (whether a job's inputs are being written)
        self.ending = Signal()  # close was asked for
        self.closed = Signal()
        self.session, self.host, self.write_frames = session, session.host, write_frames
        self.host_name = session.host.info().name
        self.clips = Clips(session.host, session.worker)
        self.jobs: list[Job] = []
        self.specs: dict[str, dict[str, Any]] = {}
        self.kept: dict[str, Any] = {}
        self.occupied = self.closing = False
        self.checker, self.finder = Checker(self), Finder(self)
        self._due: collections.deque[Callable[[], None]] = collections.deque()
        self._looks = 0  # number of the newest that is wanted
        self._measured: set[str] = set()
        self._written: dict[str, Run] = {}  # by inputs: the run they were written for last
        self._pump = QtCore.QTimer()
        self._pump.setInterval(PUMP_MS)
        self._pump.timeout.connect(self._tick)
        self._pump.start()

    # The worker

    def ask(self, method: str, params: Message, on_done: Callable[[Call], object]) -> Call:
        """A request that is no job: on_done gets its ended call."""
        return self.session.worker.start(method, params, on_done=on_done)

    def ask_tools(self) -> None:
        """Ask what there is; `tools_known` tells when all declarations are here."""
        self.ask("tool.list", {}, self._listed)

    def _listed(self, call: Call) -> None:
        if call.error:
            self.refused.emit(call.error)
            return
        names = [each["name"] for each in call.result]
        specs: dict[str, Any] = {}

        def described(told: Call) -> None:
            if told.error:
                self.refused.emit(told.error)
                return
            specs[told.result["name"]] = told.result
            if len(specs) == len(names):
                self.specs = {name: specs[name] for name in names}
                self.tools_known.emit()

        for name in names:
            self.ask("tool.describe", {"tool": name}, described)

    def _tick(self) -> None:
        if self.occupied or self.closing:
            return
        self.occupied = True
        try:
            self.session.pump()
            if self._due:
                self._due.popleft()()
        finally:
            self.occupied = False
            if self.closing:
                self._close()

    def do(self, act: Callable[[], object]) -> None:
        """Do it at the next turn; what the host refuses goes to the artist."""

        def told() -> None:
            with self._refusals():
                act()

        self._due.append(told)

    def close(self) -> None:
        """End the session: at once, or when the call of the host that is under way has ended;
        `closed` tells."""
        if not self.closing:
            self.closing = True
            self.ending.emit()
            if not self.occupied:
                self._close()

    def _close(self) -> None:
        self._pump.stop()
        self.session.close()
        self.closed.emit()

    # Jobs

    def submit(self, order: Order, preview: Mapping[str, int] | None = None) -> Job:
        """Put an order in the queue. preview: {frame, size} of the picture that comes first."""
        spec = self.specs[order.tool]
        usual = {row["name"]: row["default"] for row in spec["params"]}
        changed = {n: v for n, v in order.params.items() if v != usual.get(n)}
        settings = ", ".join(f"{label_of(n).lower()} {_said(v)}" for n, v in changed.items())
        job = Job(order, f"{spec['label']} {order.inputs['source'].label}", settings, preview)
        self.jobs.append(job)
        self.added.emit(job)
        self._due.append(lambda: self._begin(job))
        return job

    def cancel(self, job: Job) -> None:
        """Ask the job to stop; asked again, end the worker and with it all it was doing."""
        if job.ended:
            return
        if job.state == "cancelling":
            if job.run:  # else the host still writes its inputs
                self.session.worker.kill(FORCED)
            return
        job.state = "cancelling"
        if job.run:
            job.run.cancel()
        self.moved.emit(job)

    def open_jobs(self) -> list[Job]:
        return [job for job in self.jobs if not job.ended]

    def place(self, job: Job) -> None:
        """Place a job's results again, or what of them does not stand any more."""

        def again() -> None:
            if job.run:
                self.session.place(job.run)
            self.moved.emit(job)

        self.do(again)

    def take_back(self, job: Job) -> None:
        """Return the items that a job's results were placed on to what stood before."""

        def back() -> None:
            refs = [ref for answer in job.run.answers for ref in answer.items] if job.run else []
            for ref in dict.fromkeys(refs):
                with self._refusals():
                    self.said.emit(f"{job.label}: {self.host.take_back(ref)} stands now.")

        self.do(back)

    def _begin(self, job: Job) -> None:
        self._files(job.order, lambda files: self._due.append(lambda: self._start(job, files)))

    def _start(self, job: Job, files: Inputs | WireError) -> None:
        order = job.order
        self.starting.emit(True)
        try:
            if isinstance(files, WireError):
                raise files
            if job.state == "cancelling":
                raise WireError(CANCELLED, "Cancelled before it began.")
            first, last = order.span()
            self._work_on(order)
            run = self.session.run(
                order.tool,
                order.params,
                files,
                first,
                last,
                order.write_frames,
                order.near,
                on_done=lambda run: self._finished(job, run),
                graded=order.graded,
                preview=job.preview,
                on_progress=lambda told: self._progressed(job, told),
                on_preview=lambda told: self._previewed(job),
                on_log=self._logged,
            )
        except WireError as refused:
            self._end(job, refused)
            return
        finally:
            self.starting.emit(False)
        job.run = self._written[order.inputs_key()] = run
        if job.state == "cancelling":  # pressed while its inputs were written
            run.cancel()
        self.moved.emit(job)

    def _finished(self, job: Job, run: Run) -> None:
        job.run = run
        if not run.error:
            self._measured.add(job.order.measure(self.specs[job.order.tool]))
        self._end(job, run.error, run.status)

    def _end(self, job: Job, error: WireError | None, status: str = "") -> None:
        job.end(error, status)
        self.moved.emit(job)
        self.ended.emit(job)

    def _progressed(self, job: Job, told: Message) -> None:
        job.stage, job.done, job.total = told["stage"], told["done"], told["total"]
        job.left = told.get("eta_s")
        if job.state == "waiting":
            job.state = "working"
        self.moved.emit(job)

    def _previewed(self, job: Job) -> None:
        self._measured.add(job.order.measure(self.specs[job.order.tool]))
        self.pictured.emit(job)

    def _logged(self, told: Message) -> None:
        self.said.emit(f"{told.get('level')}: {told.get('message')}")

    # Looks

    def measured(self, order: Order) -> bool:
        """Whether a look at this order needs no new measuring."""
        return order.measure(self.specs[order.tool]) in self._measured

    def look(self, order: Order, frame: int, size: int, anew: bool = True) -> None:
        """One small result frame, `looked` when it is there. Only the newest look counts.

        anew   False: the inputs as they were last written, where they were. So a knob never
               renders the host's items again.
        """
        self._looks += 1
        number = self._looks
        like = None if anew else self._written.get(order.inputs_key())

        def begin() -> None:
            if number == self._looks:
                self._files(order, lambda files: self._due.append(lambda: start(files)))

        def start(files: Inputs | WireError) -> None:
            if number != self._looks:
                return
            with self._refusals():
                if isinstance(files, WireError):
                    raise files
                first, last = order.span()
                self._work_on(order)
                self._written[order.inputs_key()] = self.session.look(
                    order.tool,
                    order.params,
                    files,
                    frame,
                    size,
                    first,
                    last,
                    order.graded,
                    on_done=ended,
                    like=like,
                    on_log=self._logged,
                )

        def ended(run: Run) -> None:
            if run.error and run.error.code != CANCELLED:
                self.refused.emit(run.error)
            elif not run.error:
                self._measured.add(order.measure(self.specs[order.tool]))
                if number == self._looks:
                    self.looked.emit(run)

        self._due.append((lambda: start({})) if like else begin)

    # Inputs and the host

    def _files(self, order: Order, on_found: Callable[[Inputs | WireError], object]) -> None:
        """An order's inputs as the session takes them: shots on disk with the frames they have."""
        found: Inputs = {n: e for n, e in order.inputs.items() if isinstance(e, Item)}
        shots = {n: e for n, e in order.inputs.items() if isinstance(e, Shot)}
        left = set(shots)

        def take(name: str, frames: FrameSet | WireError) -> None:
            if name not in left:
                return  # refused for another input
            if isinstance(frames, WireError):
                left.clear()
                on_found(frames)
                return
            found[name] = frames
            left.remove(name)
            if not left:
                on_found({each: found[each] for each in order.inputs})

        for name in [name for name, shot in shots.items() if not shot.path]:
            title = f"{self.specs[order.tool]['label']} has no {name}."
            on_found(WireError(BAD_PARAMETER, title, f"Choose a {name}."))
            return
        for name, shot in shots.items():
            self.clips.frames(shot, partial(take, name))
        if not shots:
            on_found(found)

    def _work_on(self, order: Order) -> None:
        """Without a scene, results go where the source is."""
        source = order.inputs["source"]
        if isinstance(self.host, FilesHost) and isinstance(source, Shot):
            self.host.work_on(source.path)

    @contextlib.contextmanager
    def _refusals(self) -> Iterator[None]:
        """What the host refuses goes to the artist, and what its module raises."""
        try:
            with told_as(f"{self.host_name} raised an error.", IN_CONSOLE):
                yield
        except WireError as refused:
            self.refused.emit(refused)


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
