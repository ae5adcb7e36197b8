# SPDX-License-Identifier: GPL-3.0-or-later
"""One operator for each tool: `bpy.ops.answerprint.<tool>`.

A script names inputs and parameters; what it leaves out has the tool's own default. From a
button or a menu the panel's settings fill in what is not named, and the operator is modal:
Blender stays usable, Esc cancels. In the background Blender only ever calls `execute`.

Undo is the host's: placing is one step of its own, pushed when the results are there. The
operator itself changes nothing, and Blender must not add a step for it.
"""

from __future__ import annotations

from typing import Any, ClassVar, Dict, Iterable, List, Set

import bpy

from answerprint_bridge.host import Item
from answerprint_bridge.messages import CANCELLED, WireError
from answerprint_bridge.session import Input, Run

from . import catalogue, inputs, props, settings, words
from .catalogue import Spec
from .classes import Classes
from .job import Job
from .running import BEAT, NOW, redraw, wake

Said = Set[str]
FORGET = {"SKIP_SAVE"}  # else Blender fills in what the last call named
OWN = {
    "first": ("IntProperty", "First frame of the source to work on; left out: all"),
    "last": ("IntProperty", "Last frame of the source to work on; left out: all"),
    "write_frames": (
        "BoolProperty",
        "Write result frames beside the live nodes; where they are the result they are made anyway",
    ),
    "graded": ("BoolProperty", "Take inputs as Blender shows them, with their own grade"),
}


class Waiting:
    """An operator that waits for the worker: modal from a button, blocking from a script."""

    bl_options: ClassVar[Set[str]] = {"REGISTER"}
    timer: Any = None

    @classmethod
    def poll(cls, context: Any) -> bool:
        if NOW.working():
            cls.poll_message_set("A job of Answerprint is running")  # type: ignore[attr-defined]
        return not NOW.working()

    def prepare(self, context: Any) -> None:
        """A button was pressed: take what its panel holds."""

    def begin(self, context: Any) -> None:
        """Start what is waited for."""
        raise NotImplementedError

    def wait(self) -> None:
        """Until it has ended. Raises the WireError it ended with."""
        raise NotImplementedError

    def done(self) -> Said:
        """It has ended: tell it."""
        raise NotImplementedError

    def execute(self, context: Any) -> Said:
        try:
            self.begin(context)
            self.wait()
        except WireError as refused:
            return tell_error(self, refused)
        except BaseException:
            NOW.cancel()  # somebody interrupted the script
            raise
        return self.done()

    def invoke(self, context: Any, event: Any) -> Said:
        self.prepare(context)
        try:
            self.begin(context)
        except WireError as refused:
            return tell_error(self, refused)
        manager = context.window_manager
        self.timer = manager.event_timer_add(BEAT, window=context.window)
        manager.progress_begin(0, 1000)
        manager.modal_handler_add(self)
        NOW.driven = True
        return {"RUNNING_MODAL"}

    def modal(self, context: Any, event: Any) -> Said:
        try:
            return self.heard(context, event)
        except BaseException:
            self.leave(context)  # Blender drops the operator; the job goes on without it
            raise

    def heard(self, context: Any, event: Any) -> Said:
        """What an event means."""
        if event.type == "ESC" and event.value == "PRESS" and NOW.working():
            NOW.cancel()
            return {"RUNNING_MODAL"}  # this Esc was for us
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        NOW.turn()
        redraw()
        if task := NOW.task():
            context.window_manager.progress_update(int(1000 * task.fraction))
            context.workspace.status_text_set(f"Answerprint: {task.text()}   |   Esc: Cancel")
            return {"PASS_THROUGH"}
        self.leave(context)
        return self.done()

    def cancel(self, context: Any) -> None:
        """Blender takes the operator away: its window is closed, or a file is loaded."""
        NOW.cancel()
        self.leave(context)

    def leave(self, context: Any) -> None:
        """Give back the timer, the cursor and the status bar."""
        NOW.driven = False
        wake()  # for what is still open
        if self.timer is not None:
            context.window_manager.event_timer_remove(self.timer)
            context.window_manager.progress_end()
            self.timer = None
        if context.workspace:
            context.workspace.status_text_set(None)


class ToolOperator(Waiting):
    """What all tools' operators do; `spec` is the tool."""

    spec: ClassVar[Spec]

    def begin(self, context: Any) -> None:
        start(self)

    def prepare(self, context: Any) -> None:
        settings.fill(self, self.spec, context)

    def wait(self) -> None:
        wait_for_job()

    def done(self) -> Said:
        return tell_job(self)


def wait_for_job() -> None:
    assert NOW.job
    assert NOW.job.run
    NOW.job.run.wait()


def tell_job(operator: Any) -> Said:
    """Report how the job ended that an operator waited for."""
    run = NOW.job.run if NOW.job else None
    if run is None:
        return {"CANCELLED"}  # a file was loaded, which ended it
    return tell_error(operator, run.error) if run.error else tell_result(operator, run)


def told_of_job() -> List[words.Line]:
    """How the job ended, for another panel than its own: what the tool says, or the error."""
    if NOW.job is None:
        return []
    return NOW.job.summary()[:1] if NOW.job.result else NOW.job.summary()


def start(operator: Any) -> Job:
    """Start the tool of an operator with what its properties say."""
    spec = operator.spec
    span = {n: getattr(operator, n) for n in OWN if operator.properties.is_property_set(n)}
    found = named(spec, operator)
    if span.get("graded"):
        _check_graded(found.values())
    return NOW.start(spec, props.values(spec, operator), found, **span)


def _check_graded(found: Iterable[Input]) -> None:
    """Raises WireError where no input has a grade of its own. One beside a graded one may not."""
    items = [each.ref for each in found if isinstance(each, Item)]
    if not any(NOW.host().describe(ref).graded_space for ref in items):
        names = ", ".join(f"'{ref}'" for ref in items) or "A file"
        title = f"{names} cannot be taken as graded: only strips have a grade of their own."
        raise WireError(inputs.BAD_INPUT, title, "Turn As Graded off, or choose a strip.")


def named(spec: Spec, held: Any) -> Dict[str, Input]:
    """The inputs that a group or an operator names. Raises WireError where one is missing."""
    found: Dict[str, Input] = {}
    for each in spec["inputs"]:
        one = inputs.find(NOW.host(), each["name"], getattr(held, each["name"]))
        if one is not None:
            found[each["name"]] = one
        elif each["required"]:
            hint = f"Choose it in the panel of the editor: {each['help']}."
            title = f"{spec['label']} needs a {each['name']}."
            raise WireError(inputs.BAD_INPUT, title, hint)
    return found


def tell_error(operator: Any, error: WireError) -> Said:
    """Report an end without a result. A script gets it as RuntimeError."""
    level = "WARNING" if error.code == CANCELLED else "ERROR"
    operator.report({level}, "\n".join(text for _, text in words.of_error(error)))
    return {"CANCELLED"}


def tell_result(operator: Any, run: Run) -> Said:
    """Report the tool's sentence, and what could not be placed."""
    refused = [words.of_answer(each)[1] for each in run.answers if each.status == "refused"]
    level = "WARNING" if refused or run.status == "partial" else "INFO"
    operator.report({level}, "\n".join([run.report.get("sentence", run.tool), *refused]))
    return {"FINISHED"}


def _of(spec: Spec) -> type:
    told = props.of_tool(spec, options=FORGET)
    if twice := sorted(set(told) & set(OWN)):
        raise ValueError(f"The tool '{spec['name']}' may not have {', '.join(twice)} of its own.")
    for name, (kind, help_text) in OWN.items():
        property_of = getattr(bpy.props, kind)
        label = props.label(name)
        told[name] = property_of(name=label, description=help_text, options=FORGET)
    body = {
        "bl_idname": f"answerprint.{spec['name']}",
        "bl_label": spec["label"],
        "bl_description": spec["summary"].rstrip("."),
        "__annotations__": told,
        "__doc__": spec["summary"],
        "spec": spec,
    }
    return type(f"ANSWERPRINT_OT_{spec['name']}", (ToolOperator, bpy.types.Operator), body)


_classes = Classes()


def register() -> None:
    """Raises ValueError for a tool whose parameters are called like our own properties."""
    _classes.add([_of(spec) for spec in catalogue.read()])


def unregister() -> None:
    _classes.drop()
