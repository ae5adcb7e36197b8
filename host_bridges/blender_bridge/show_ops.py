# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the production's show from Blender, and place a take of it.

    bpy.ops.answerprint.show_choose(folder="...")     which show; kept with the project
    bpy.ops.answerprint.show_add(folder="...")        learn dailies
    bpy.ops.answerprint.show_find()                   takes that see what this editor shows now
    bpy.ops.answerprint.show_find(path="still.jpg", by="place")
    bpy.ops.answerprint.show_place(number=0)          the best take beside what was looked for
    bpy.ops.answerprint.show_match(number=0)          and matched to it

Without a number it is the take that is chosen in the list.
"""

from __future__ import annotations

import os
from typing import Any, List, Mapping, Tuple

import bpy

from answerprint_bridge.auditions import MATCH
from answerprint_bridge.host import Item
from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.showing import BY, NAME, Take

from . import catalogue, inputs, operators, show_list, show_place, things, words
from .classes import Classes
from .operators import FORGET, Said
from .running import NOW, redraw
from .show_job import ended_badly

Line = words.Line


def folder() -> str:
    """The show of this project. WireError where there is none."""
    NOW.shown.known = None
    found = known_folder()
    if not found:
        hint = "Choose its folder, or add dailies to one."
        raise WireError(HOST_REFUSED, "There is no show here.", hint)
    return found


def known_folder() -> str:
    """The same for a panel, '' for none: it is looked for once for each file."""
    file = str(bpy.data.filepath)
    if NOW.shown.known is None or NOW.shown.known[0] != file:
        NOW.shown.known = file, NOW.session().show()
    return NOW.shown.known[1]


def chosen(context: Any, number: int) -> Take:
    """The take of a number from 0, or the one in the list. WireError where there is none."""
    found = NOW.shown.takes[number : number + 1] if number >= 0 else [show_list.take(context)]
    if not found or found[0] is None:
        raise WireError(HOST_REFUSED, "No take is chosen.", "Find takes first, then choose one.")
    return found[0]


class Asking(operators.Waiting):
    """An operator that waits for an answer of the show."""

    def wait(self) -> None:
        assert NOW.asking
        assert NOW.asking.call
        NOW.asking.call.wait()

    def done(self) -> Said:
        if NOW.asking is None:
            return {"CANCELLED"}  # a file was loaded, which ended it
        if error := NOW.asking.error:
            self.tell(ended_badly(error))
            return operators.tell_error(self, error)
        self.take(bpy.context, NOW.asking.result)
        redraw()
        return {"FINISHED"}

    def tell(self, lines: List[Line]) -> None:
        """What the panel says of it."""
        NOW.shown.said = lines

    def take(self, context: Any, result: Mapping[str, Any]) -> None:
        """Show the answer."""
        raise NotImplementedError


def _folder(about: str) -> Any:
    return bpy.props.StringProperty(
        name="Folder", description=about, subtype="DIR_PATH", options=FORGET
    )


def _number() -> Any:
    about = "Which of the takes that were found, from 0; -1: the one that is chosen in the list"
    return bpy.props.IntProperty(name="Take", description=about, default=-1, options=FORGET)


class ANSWERPRINT_OT_show_choose(bpy.types.Operator):
    """Keep this show with the project: all who open it ask the same one"""

    bl_idname = "answerprint.show_choose"
    bl_label = "Choose"
    __annotations__ = {"folder": _folder("The show's folder")}

    def execute(self, context: Any) -> Said:
        path = os.path.abspath(bpy.path.abspath(self.folder))
        try:
            NOW.session().choose_show(path)
            asked = {"show": path, "brief": True}
            told = NOW.session().worker.call("show.list", asked)
        except WireError as refused:
            NOW.shown.said = words.of_error(refused)
            return operators.tell_error(self, refused)
        NOW.shown.known, NOW.shown.said = None, [("NONE", told["sentence"])]
        redraw()
        return {"FINISHED"}


class ANSWERPRINT_OT_show_add(Asking, bpy.types.Operator):
    """Learn dailies: every movie and every sequence below a folder. Nothing of them is changed"""

    bl_idname = "answerprint.show_add"
    bl_label = "Add Dailies"
    __annotations__ = {"folder": _folder("The dailies")}

    def begin(self, context: Any) -> None:
        show = NOW.session().show()
        if not show:
            project = NOW.host().context().project
            if not project:
                title = "The scene is not saved, so there is no place for a show."
                raise WireError(HOST_REFUSED, title, "Save it, then add the dailies again.")
            show = os.path.join(project, NAME)
        path = os.path.abspath(bpy.path.abspath(self.folder))
        NOW.ask("learn", lambda s, a: s.learn(show, [path], on_progress=a.moved))

    def take(self, context: Any, result: Mapping[str, Any]) -> None:
        NOW.shown.known = None
        self.tell([("NONE", result["sentence"])])
        self.report({"INFO"}, result["sentence"])


class ANSWERPRINT_OT_show_find(Asking, bpy.types.Operator):
    """Find the takes that see what this editor shows now"""

    bl_idname = "answerprint.show_find"
    bl_label = "This Frame"
    __annotations__ = {
        "path": bpy.props.StringProperty(
            name="Picture",
            description="A still, a movie, a sequence or an item; empty: what the editor shows",
            options=FORGET,
        ),
        "by": bpy.props.EnumProperty(
            name="What Counts",
            items=[(name, *show_list.COUNTS[name]) for name in BY],
            options=FORGET,
        ),
    }

    def begin(self, context: Any) -> None:
        shown, show = NOW.shown, folder()
        picture, frame = None, None
        if self.path:
            picture = inputs.find(NOW.host(), "picture", self.path)
        else:
            picture, frame = show_place.here(context)
        assert picture is not None
        NOW.ask("look", lambda s, _: s.find(show, picture, frame, self.by))
        shown.picture, shown.frame, shown.takes = picture, frame, []
        show_list.fill_takes(context)

    def take(self, context: Any, result: Mapping[str, Any]) -> None:
        show = folder()
        NOW.shown.takes = [Take.found(show, hit) for hit in result["hits"]]
        notes = [("INFO", text) for text in result["notes"]]
        self.tell([("NONE", result["sentence"]), *notes])
        show_list.fill_takes(context)
        self.report({"INFO"}, result["sentence"])


def put(context: Any, take: Take) -> Tuple[str, Tuple[int | None, int | None]]:
    """Place a take beside what was looked for, else beside what is shown now: its reference, and
    the range of it that is meant. WireError where Blender does not place it."""
    near, frame = NOW.shown.picture, NOW.shown.frame
    if not isinstance(near, Item):
        near, frame = show_place.here(context)
    media = show_place.whole(take)
    (answer,) = show_place.place(take, media, near, frame)
    if not answer.items:
        raise WireError(HOST_REFUSED, f"{take.name} was not placed.", "", answer.why)
    NOW.shown.said = [words.of_answer(answer)]
    return answer.items[0], show_place.shown_of(take, media, things.find(answer.items[0]))


class ANSWERPRINT_OT_show_place(bpy.types.Operator):
    """Place the take: over the strip that was looked for, the recognised frames at each other; by a
    movie clip as one; else as an image"""

    bl_idname = "answerprint.show_place"
    bl_label = "Place"
    __annotations__ = {"number": _number()}

    @classmethod
    def poll(cls, context: Any) -> bool:
        return bool(NOW.shown.takes) and not NOW.working()

    def execute(self, context: Any) -> Said:
        try:
            ref, _ = put(context, chosen(context, self.number))
        except WireError as refused:
            return operators.tell_error(self, refused)
        self.report({"INFO"}, f"Placed as {things.find(ref).name}")
        redraw()
        return {"FINISHED"}


class ANSWERPRINT_OT_show_match(operators.Waiting, bpy.types.Operator):
    """Place the take, and match it to what was looked for"""

    bl_idname = "answerprint.show_match"
    bl_label = "Match It"
    __annotations__ = {"number": _number()}

    def begin(self, context: Any) -> None:
        reference = NOW.shown.picture
        if reference is None:
            raise WireError(HOST_REFUSED, "Nothing was looked for.", "Find takes first.")
        ref, (first, last) = put(context, chosen(context, self.number))
        found = {"source": things.item(things.find(ref)), "reference": reference}
        NOW.start(catalogue.find(MATCH), {}, found, first=first, last=last)

    def wait(self) -> None:
        operators.wait_for_job()

    def done(self) -> Said:
        NOW.shown.said = operators.told_of_job()
        return operators.tell_job(self)


CLASSES = (
    ANSWERPRINT_OT_show_choose,
    ANSWERPRINT_OT_show_add,
    ANSWERPRINT_OT_show_find,
    ANSWERPRINT_OT_show_place,
    ANSWERPRINT_OT_show_match,
)

_classes = Classes()


def register() -> None:
    _classes.add(CLASSES)


def unregister() -> None:
    _classes.drop()
