"""What a panel asks the show, and what came of it: it lives on at the desk while pages come and go.

    finder = Finder(desk)
    finder.meet()                       # which show; `moved` tells of each step
    finder.learn([folder])              # dailies into it
    finder.seek(shot, 1010); finder.takes
    finder.gaps(); finder.holes
    finder.place(take); finder.match(take)
    finder.audition(); finder.swap(take)      # for a hole: above the edit, and into it
    finder.take_back()                  # what was done last; again: what was done before that
    finder.mute(take)                   # its hole as it was

What needs the host is done when no call of it is under way, as everything at the desk. What is
refused goes to `desk.refused`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from answerprint_bridge.auditions import MATCH
from answerprint_bridge.exports import Input
from answerprint_bridge.host import FrameSet, Item
from answerprint_bridge.messages import CANCELLED, Message, WireError
from answerprint_bridge.results import Answer
from answerprint_bridge.showing import NAME, Take, nearest
from answerprint_bridge.wire import Call

from .done import Done, Swapped
from .files_host import FilesHost
from .held import Held
from .jobs import BAD_PARAMETER, ENDS, Chosen, Job, Order, Shot
from .outcome import in_words
from .paths import pattern_of
from .signals import Signal

if TYPE_CHECKING:
    from .desk import Desk

NO_SHOW = WireError(
    BAD_PARAMETER,
    "There is no show here.",
    "Choose its folder, or add dailies to one.",
)


class Finder(Held):
    """show      its folder, '' for none. about: what it holds, or why it cannot be read.
    picture   what is looked for, None at first; frame: which one of it, None for its middle.
    takes     what sees it, the best first. holes: (row of the cut, takes for it), one by one.
    found     what `show.gaps` answered, {} before it was asked; `cut` is the OTIO to audition.
    answers   of the take that was placed last. undo: what can be taken back, whatever was
              asked since.
    """

    OPEN = ("adding", "finding", "missing", "laying", "cancelling")
    FORCED = "The worker was ended: it did not stop when asked."

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.matching = Signal()  # (Job) of a take's match
        self.show, self.about = "", ""
        self.picture: Chosen | None = None
        self.frame: int | None = None
        self.takes: list[Take] = []
        self.holes: list[tuple[dict[str, Any], list[Take]]] = []
        self.found: dict[str, Any] = {}
        self.answers: list[Answer] = []
        self.undo = Done(desk)
        self._turn = 0  # number of the newest that was asked: answers to earlier ones are dropped
        desk.moved.connect(self._job_moved)

    # Which show

    def meet(self) -> None:
        """Ask which show it is, and what it holds now."""
        self.desk.do(self._meet)

    def _meet(self) -> None:
        show = self.desk.kept.get("show") or self.desk.session.show() or self._beside()
        if show != self.show:
            self._turn += 1
            self.show, self.about, self.takes, self.holes, self.found = show, "", [], [], {}
        self.moved.emit()
        if show:
            self._list(show)

    def _beside(self) -> str:
        """The nearest one beside what is looked for; of shots on disk, beside where we are."""
        if isinstance(self.picture, Shot):
            return nearest(os.path.dirname(self.picture.path))
        return nearest(os.getcwd()) if isinstance(self.desk.host, FilesHost) else ""

    def choose(self, folder: str) -> None:
        """Ask this show from now on. It is kept with the project, where there is one."""
        folder = os.path.abspath(os.path.expanduser(folder))
        self.desk.kept["show"] = folder
        self.meet()
        self.desk.do(lambda: self._keep(folder))

    def _keep(self, folder: str) -> None:
        try:
            self.desk.session.choose_show(folder)
        except WireError as why:
            self._say(f"It is chosen until the panel closes. {why.title} {why.hint}".strip())

    def _list(self, show: str) -> None:
        def listed(call: Call) -> None:
            if show == self.show:
                self.about = _told(call.error) if call.error else call.result["sentence"]
                self.moved.emit()

        self.desk.ask("show.list", {"show": show, "brief": True}, listed)

    # What it learns

    def learn(self, paths: Sequence[str]) -> None:
        """Add dailies to the show; without one, to a new one beside the project."""

        def begin() -> None:
            show = self.show or self._new()
            self.desk.kept["show"] = show
            self._begin("adding", lambda **more: self.desk.session.learn(show, paths, **more), told)

        def told(result: Mapping[str, Any]) -> None:
            self.note = result["sentence"]
            self.meet()

        self._do(begin)

    def _new(self) -> str:
        try:
            project = self.desk.host.context().project
        except WireError:
            project = ""
        if not project:
            raise NO_SHOW
        return os.path.join(project, NAME)

    # What it is asked

    def seek(self, picture: Chosen, frame: int | None, by: str = "any") -> None:
        """Look for takes that see what a frame of a shot shows; None: its middle. A search that is
        under way gives way; anything else does not."""
        if self.open and self.state != "finding":
            return
        self._turn += 1
        turn = self._turn
        self.picture, self.frame = picture, frame
        self.takes, self.note = [], ""

        def begin() -> None:
            if turn != self._turn:
                return
            if not self.show:
                self._meet()
            show = self._needed()
            given = _given(picture, frame)
            session = self.desk.session
            self._begin(
                "finding",
                lambda on_done, **_: session.find(show, given, frame, by, on_done=on_done),
                found,
            )

        def found(result: Mapping[str, Any]) -> None:
            self.takes = [Take.found(self.show, hit) for hit in result["hits"]]
            self.note = "\n".join([result["sentence"], *result["notes"]])

        self._do(begin)

    def gaps(self) -> None:
        """Look for what could stand for the missing shots of the host's edit."""
        session = self.desk.session

        def begin() -> None:
            show = self._needed()
            self._begin("missing", lambda **more: session.gaps(show, **more), found)

        def found(result: Mapping[str, Any]) -> None:
            rows = result["holes"]
            self.holes = [(row, [Take.proposed(each) for each in row["proposals"]]) for row in rows]
            self.found, self.note = dict(result), result["sentence"]

        self._do(begin)

    # What is done with a take

    def place(self, take: Take, then: Callable[[], object] = lambda: None) -> None:
        """Hand a take to the host: by the item that is looked for, else by what is selected; for a
        hole of the edit, by nothing.

        then   what is done when it stands.
        """
        frame = self.frame

        def put(found: FrameSet | WireError) -> None:
            if isinstance(found, WireError):
                raise found
            near = self._near()
            self.answers = self.desk.session.place_take(take, found, near, frame)
            said = " ".join(in_words(answer) for answer in self.answers)
            if refs := dict.fromkeys(ref for answer in self.answers for ref in answer.items):
                self.undo.placed(take, list(refs))
            self._say(f"{take.name}, {take.first}-{take.last}. {said}")
            if refs:
                then()

        def begin() -> None:
            asked = Shot(take.path)
            self.desk.clips.frames(asked, lambda found: self.desk.do(lambda: put(found)))

        self._do(begin)

    def take_back(self) -> None:
        """Return what the last take was placed on to what stood before; of one that was swapped in,
        the hole, and end its match."""

        def back() -> None:
            if self.undo.steps:
                self._say(self.undo.take_back())

        self._do(back)

    def mute(self, take: Take) -> None:
        """Show the hole of a take as it was."""
        self._do(lambda: self._say(self.undo.mute(self.found, take)))

    def audition(self) -> None:
        """Lay the takes above the holes of the edit, switched off."""

        def lay() -> None:
            laid = self.desk.session.audition(self.found)
            self._say(f"{len(laid)} takes lie above the edit, switched off.{self._left(laid)}")

        self._lay(lay)

    def _left(self, laid: Collection[str]) -> str:
        left = [take.name for _, takes in self.holes for take in takes if take.proposal not in laid]
        return f" {self.desk.host_name} did not open {', '.join(left)}." if left else ""

    def swap(self, take: Take, preview: Mapping[str, int] | None = None) -> None:
        """Show a take in its hole, with the others there muted, and match it where it needs that,
        as a job like any other. They are laid first where they are not.

        preview   as for `Desk.submit`.
        """

        def lay() -> None:
            session = self.desk.session
            item = session.swap(self.found, take.proposal)
            swapped = self.undo.swapped_in(take, self.found)
            if "playhead" in self.desk.host.capabilities():
                self.desk.host.show_frame(take.at)
            prepared = session.prepared(self.found, take.proposal)
            if prepared.inputs:
                writes = self.desk.kept.get("write_frames", self.desk.write_frames)
                order = Order(MATCH, {}, prepared.inputs, write_frames=writes, near=item.ref)
                swapped.match = self.desk.submit(order, preview)
            swapped.why = prepared.why
            self._say(_shows(swapped))

        self._lay(lay)

    def _lay(self, act: Callable[[], object]) -> None:
        """What may take the host a while: the page says so before it begins."""

        def begin() -> None:
            self._nothing_done()
            self.note = ""
            self._go("laying")
            self.desk.do(told)

        def told() -> None:
            ended = "refused"
            try:
                act()
                ended = "done"
            finally:
                self._go(ended)

        self._do(begin)

    def _job_moved(self, job: Job) -> None:
        swapped = self.undo.swapped
        if swapped and job is swapped.match and self.note != _shows(swapped):
            self.note = _shows(swapped)
            self.moved.emit()

    def match(self, take: Take, preview: Mapping[str, int] | None = None) -> None:
        """Match a take to what is looked for, as a job like any other. Where the host lays takes
        over an item, the take is placed first, for the look is placed on it.

        preview   as for `Desk.submit`.
        """
        assert self.picture
        writes = self.desk.kept.get("write_frames", self.desk.write_frames)
        inputs: dict[str, Chosen] = {"source": Shot(take.path), "reference": self.picture}
        order = Order(MATCH, {}, inputs, f"{take.first}-{take.last}", write_frames=writes)

        def stands() -> None:
            items = {item.ref for item in self.desk.host.items()}
            placed = (ref for answer in self.answers for ref in answer.items if ref in items)
            submit(replace(order, near=next(placed, self._near())))

        def submit(order: Order) -> None:
            self.matching.emit(self.desk.submit(order, preview))

        def begin() -> None:
            if "takes" in self.desk.host.capabilities():
                self.place(take, stands)
            else:
                submit(order)

        self._do(begin)

    @property
    def of_holes(self) -> bool:
        """Whether the takes that are shown are for the holes of the edit, not for a picture."""
        return bool(self.desk.kept.get("holes"))

    def _near(self) -> str:
        if self.of_holes:
            return ""  # nothing of the host's is there
        if isinstance(self.picture, Item):
            return self.picture.ref
        can = self.desk.host.capabilities()
        chosen = self.desk.host.selection() if can & {"selection", "takes"} else []
        return chosen[0].ref if chosen else ""

    # How it goes

    def _needed(self) -> str:
        if not self.show:
            raise NO_SHOW
        return self.show

    def _begin(
        self,
        state: str,
        start: Callable[..., Call],
        take: Callable[[Mapping[str, Any]], object],
    ) -> None:
        """start(on_done, on_progress) asks; `take` gets the result of the newest that was asked."""
        self._turn += 1
        turn = self._turn
        if self._under_way:
            self._under_way.cancel()  # nobody waits for it any more

        def progressed(told: Message) -> None:
            if turn == self._turn:
                self._progressed(told)

        def ended(call: Call) -> None:
            if turn != self._turn:
                return
            self._under_way = None
            error = call.error
            if not error:
                take(call.result)
            elif error.code != CANCELLED:
                self.desk.refused.emit(error)
            self._go(ENDS.get(error.code, "refused") if error else "done")

        self._nothing_done()
        self.note, self._under_way = "", None
        self._go(state)
        try:
            self._holds(start(on_done=ended, on_progress=progressed))
        except WireError as why:
            self._go(ENDS.get(why.code, "refused"))
            raise

    def _do(self, act: Callable[[], object]) -> None:
        """At the desk's next turn, unless something is under way then; a search gives way."""

        def told() -> None:
            if not self.open or self.state == "finding":
                act()

        self.desk.do(told)


def _given(picture: Chosen, frame: int | None) -> Input:
    if isinstance(picture, Item):
        return picture
    pattern = pattern_of(picture.path)
    if picture.space and frame is not None:
        return FrameSet(pattern, frame, frame, space=picture.space)
    return pattern


def _shows(swapped: Swapped) -> str:
    """What a hole shows now, and how far its match is."""
    take, job = swapped.take, swapped.match
    told = f"{take.name}, {take.first}-{take.last}, is shown in its place."
    if job:
        reference = " ".join(job.order.inputs["reference"].label.split())
        told += f" Its match to {reference}: {job.state}."
    return f"{told} It is not matched. {swapped.why}" if swapped.why else told


def _told(error: WireError) -> str:
    return f"{error.title} {error.hint}".strip()
