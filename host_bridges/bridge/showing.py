"""The show beside a host's scene: which one it is, its takes of a picture, one of them placed.

    folder = session.show()                         # '' where there is none
    call = session.find(folder, item, 1010)         # takes that see what the item's frame shows
    call.wait()
    takes = [Take.found(folder, hit) for hit in call.result["hits"]]
    answers = session.place_take(takes[0], frames, item.ref, 1010)

The folder that was chosen for a project is kept in `<project>/answerprint/show.json`, so every host
that opens the project has it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Sequence, Tuple

from . import exports, versions
from .exports import Input
from .faults import told_as
from .host import FrameSet, Host, Item
from .messages import HOST_REFUSED, WireError
from .results import Answer
from .wire import Call, Worker

if TYPE_CHECKING:
    from .run import Listener

NAME = "answerprint-show"
"""What a show's folder is called where nobody named it."""
CHOSEN, THUMBS = "show.json", "thumbs"
TOOL = "show"
BY = ("any", "place", "look")
SAME = 1.1
"""Enlargement under which two pictures show as much."""
WORDS = {"setup": "same set-up", "place": "same place", "look": "looks alike"}
Asked = Callable[[Call], object]


@dataclass(frozen=True)
class Take:
    """A take of the show, as `show.find` or `show.gaps` names it.

    path, name    of its clip. first, last: its frames, of a movie with cuts those of one shot.
    frame         the one to look at.
    sees          what it is to the picture or the hole, in a few words. sure: 0..1.
    why           the same in sentences, with what it would need.
    thumb         a small picture of that frame on disk, '' where nobody has made one.
    proposal      its id where it is one for a hole, else ''. at: the frame of the edit, from 0 at
                  its first, where it lies then. match: whether it needs one there.
    """

    path: str
    name: str
    first: int
    last: int
    frame: int
    sees: str
    sure: float
    why: str
    thumb: str = ""
    proposal: str = ""
    at: int = 0
    match: bool = False

    @classmethod
    def found(cls, show: str, hit: Mapping[str, Any]) -> Take:
        """A hit of `show.find` in the show of that folder."""
        thumb = os.path.join(show, THUMBS, hit["clip"], f"{hit['frame']}.jpg")
        return cls(
            path=hit["path"],
            name=hit["name"],
            first=hit["shot"][0],
            last=hit["shot"][1],
            frame=hit["frame"],
            sees=", ".join(said for said in (WORDS[hit["kind"]], _framing(hit["scale"])) if said),
            sure=hit["confidence"],
            why=hit["why"],
            thumb=thumb if os.path.isfile(thumb) else "",
        )

    @classmethod
    def proposed(cls, row: Mapping[str, Any]) -> Take:
        """A proposal for a hole of `show.gaps`."""
        speed = f"{100 * row['speed']:.0f} %" if row["speed"] != 1 else ""
        needs = [f"retime {speed}".strip() if each == "retime" else each for each in row["needs"]]
        first, last = row["first"], row["last"]
        return cls(
            path=row["clip"],
            name=row["name"],
            first=first,
            last=last,
            frame=(first + last) // 2,
            sees=f"{row['kind']}, needs {', '.join(needs)}" if needs else row["kind"],
            sure=row["confidence"],
            why=row["words"],
            proposal=row["id"],
            at=row["at"],
            match="match" in row["needs"],
        )


class Shows:
    """The part of a Session that asks the production's show."""

    host: Host
    worker: Worker
    template: str
    _free: Callable[[], None]

    # Which show

    def show(self) -> str:
        """The folder that was chosen for this project, else the nearest one that is called NAME
        beside the scene or above it; '' where there is none, or no scene yet."""
        try:
            scene = self.host.context()
        except WireError:
            return ""
        if not scene.project:
            return ""
        told = versions.read(os.path.join(scene.project, "answerprint"), CHOSEN) or {}
        if isinstance(told.get("show"), str):
            return os.path.join(scene.project, told["show"])  # an absolute one stays what it is
        starts = [scene.project]
        if os.path.isabs(scene.script):
            starts.insert(0, os.path.dirname(scene.script))
        return next((found for found in map(nearest, starts) if found), "")

    def choose_show(self, folder: str) -> None:
        """Keep the show of this project. WireError where the scene is not saved."""
        project = self.host.context().project
        if not project:
            title = "The scene is not saved, so it keeps no show."
            raise WireError(HOST_REFUSED, title, "Save it, then choose the show again.")
        versions.write(
            versions.make(os.path.join(project, "answerprint")), CHOSEN, {"show": folder}
        )

    # What it is asked

    def learn(
        self,
        show: str,
        paths: Sequence[str],
        on_done: Asked | None = None,
        on_progress: Listener | None = None,
    ) -> Call:
        """Add dailies to a show, which is made where it is not there yet."""
        asked = {"show": show, "paths": list(paths)}
        return self.worker.start("show.add", asked, on_done=on_done, on_progress=on_progress)

    def find(
        self,
        show: str,
        picture: Input,
        frame: int | None = None,
        by: str = "any",
        most: int = 20,
        on_done: Asked | None = None,
    ) -> Call:
        """Ask for takes that see what a picture shows; an item's frame is written first.

        picture   an item of the scene, frames, or a file: a still, a movie, a pattern.
        frame     of it; None for the middle of it.
        by        'any', 'place' or 'look'.

        Raises WireError where the host does not write the frame.
        """
        asked: Dict[str, Any] = {"show": show, "by": by, "most": most}
        if isinstance(picture, Item):
            picture = self._written(picture, frame)
            frame = picture.first
        if isinstance(picture, FrameSet):
            asked.update({"colourspace": picture.space} if picture.space else {})
            picture = picture.pattern
        asked["path"] = picture
        asked.update({} if frame is None else {"frame": frame})
        return self.worker.start("show.find", asked, on_done=on_done)

    def gaps(
        self,
        show: str,
        media: str = "",
        on_done: Asked | None = None,
        on_progress: Listener | None = None,
    ) -> Call:
        """Ask what the show has for the missing shots of the host's edit, into a version of its
        own. The result has 'holes', each with proposals, 'cut': the OTIO to audition, and
        'exported': what the host told of its edit then.

        Raises WireError where the host has no edit or does not export it.
        """
        name = self.host.info().name
        if "timeline" not in self.host.capabilities():
            raise WireError(
                HOST_REFUSED, f"{name} has no edit to look at.", "Open the edit's file."
            )
        self._free()
        scene = self.host.context()
        folder = versions.claim(versions.root(self.template, scene, TOOL), {"tool": TOOL})
        try:
            with told_as(f"{name} did not export its edit.", "The console has the details."):
                path = self.host.export_timeline(os.path.join(folder, f"{scene.shot}.otio"))
                conform = {**self.host.conform(), **({"media": media} if media else {})}
                exported = self.host.edit_exported()
        except WireError:
            versions.drop_unfinished(folder)
            raise
        asked = {**conform, "show": show, "path": path, "out": folder}

        def done(call: Call) -> None:
            if call.error:
                versions.drop_unfinished(folder)
            else:
                call.result["exported"] = exported
            if on_done:
                on_done(call)

        told = {name: value for name, value in asked.items() if value}
        return self.worker.start("show.gaps", told, on_done=done, on_progress=on_progress)

    # What it has, into the scene

    def place_take(
        self, take: Take, media: FrameSet, near: str = "", frame: int | None = None
    ) -> list[Answer]:
        """Place a take: over an item where the host has 'takes', elsewhere as frames.

        media   the whole clip of the take. near: the item it is for.
        frame   of the item that the take's own `frame` is to lie at; None: the item's middle.
                It gives way where the take would not cover the item.

        What stands there already is not placed twice.

        Raises WireError where the take is shorter than the item.
        """
        self._free()
        span = {"first": take.first, "last": take.last}
        result: Dict[str, Any] = {"kind": "frames", **plain(media), **span}
        if near and "takes" in self.host.capabilities():
            facts = self.host.describe(near)
            at = _laid(take, (facts.first, facts.last), frame)
            whole = {"first": media.first, "last": media.last}
            result.update(kind="take", **whole, at=at - (take.first - media.first))
        return self.host.apply([result], near, f"show {take.name}", versions.digest(result))

    def _written(self, item: Item, frame: int | None) -> FrameSet:
        with told_as(f"{self.host.info().name} did not write the frame.", "See its console."):
            facts = self.host.describe(item.ref)
            number = (facts.first + facts.last) // 2 if frame is None else frame
            number = min(max(number, facts.first), facts.last)
            root = versions.root(self.template, self.host.context(), "in")
            return exports.export(self.host, root, item.ref, "picture", number, number)


def nearest(start: str) -> str:
    """The folder NAME in a folder or above it, '' where there is none."""
    here = os.path.abspath(start)
    while True:
        found = os.path.join(here, NAME)
        if os.path.isdir(found):
            return found
        above = os.path.dirname(here)
        if above == here:
            return ""
        here = above


def plain(frames: FrameSet) -> Dict[str, Any]:
    """Frames as the fields of a result."""
    told: Dict[str, Any] = {"pattern": frames.pattern, "frames_missing": list(frames.missing)}
    told.update({"width": frames.width, "height": frames.height} if frames.width else {})
    told.update({"colorspace": {"name": frames.space}} if frames.space else {})
    return {**told, **({"fps": str(frames.fps)} if frames.fps else {})}


def _laid(take: Take, item: Tuple[int, int], frame: int | None) -> int:
    """The item's number at which the take's first frame lies, so that it covers the item."""
    have, need = take.last - take.first + 1, item[1] - item[0] + 1
    if have < need:
        title = f"{take.name} has {have} of the {need} frames that the shot needs."
        raise WireError(HOST_REFUSED, title, "Choose a longer take, or match and retime it first.")
    middle = sum(item) // 2 if frame is None else frame
    return min(max(middle - (take.frame - take.first), item[1] - have + 1), item[0])


def _framing(scale: float | None) -> str:
    """Whether the take shows more of the place or less; scale: its enlargement over the picture."""
    if not scale or 1 / SAME < scale < SAME:
        return ""
    return "closer" if scale > 1 else "wider"
