# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the edit of the sequencer, and what is done with a finding.

    bpy.ops.answerprint.check_edit()             watch it; the findings stand in the panel's list
    bpy.ops.answerprint.show_finding(id="...")   the playhead on its frame, its strip chosen
    bpy.ops.answerprint.fix_finding(id="...")    mend its strip, and place the result
    bpy.ops.answerprint.waive_finding(id="...", why="...")
    bpy.ops.answerprint.mark_findings()          markers on the timeline instead of the last check's
    bpy.ops.answerprint.check_report()           the page to read

Without an id it is the finding that is chosen in the list.
"""

from __future__ import annotations

import os
from typing import Any, ClassVar, Set

import bpy

from answerprint_bridge.checking import fix_of, item_of
from answerprint_bridge.messages import HOST_REFUSED, WireError

from . import catalogue, check_list, compat, operators, things
from .check_job import CheckJob, Finding
from .classes import Classes
from .operators import FORGET, Said
from .running import NOW, redraw

ID = "Which finding; empty: the one that is chosen in the list"


def ended() -> CheckJob:
    """The check whose findings are shown. WireError where there is none."""
    if NOW.edit is None or not NOW.edit.ended or NOW.edit.error:
        raise WireError(HOST_REFUSED, "The edit is not checked.", "Check it first.")
    return NOW.edit


def there() -> bool:
    return NOW.edit is not None and NOW.edit.ended and NOW.edit.error is None


def chosen(context: Any, name: str) -> Finding:
    """The finding of an id, or the one in the list. WireError where there is none."""
    rows = {row["id"]: row for row in ended().findings}
    name = name or check_list.chosen(context)
    if name not in rows:
        raise WireError(HOST_REFUSED, f"There is no finding '{name}'.", "Choose one in the list.")
    return rows[name]


def _id() -> Any:
    return bpy.props.StringProperty(name="Finding", description=ID, options=FORGET)


class ANSWERPRINT_OT_check_edit(operators.Waiting, bpy.types.Operator):
    """Watch the edit of the sequencer, and list what does not match. Nothing is changed"""

    bl_idname = "answerprint.check_edit"
    bl_label = "Check the Edit"

    def begin(self, context: Any) -> None:
        NOW.start_check()
        check_list.clear(context)

    def wait(self) -> None:
        assert NOW.edit
        assert NOW.edit.check
        NOW.edit.check.wait()

    def done(self) -> Said:
        if NOW.edit is None:
            return {"CANCELLED"}  # a file was loaded, which ended it
        if NOW.edit.error:
            return operators.tell_error(self, NOW.edit.error)
        check_list.fill(bpy.context, NOW.edit)
        self.report({"INFO"}, NOW.edit.summary()[0][1])
        return {"FINISHED"}


class ANSWERPRINT_OT_fix_finding(operators.Waiting, bpy.types.Operator):
    """Mend the strip by the one it is compared with, and place the result above it"""

    bl_idname = "answerprint.fix_finding"
    bl_label = "Fix"
    __annotations__ = {"id": _id()}

    def begin(self, context: Any) -> None:
        job = ended()
        finding = chosen(context, self.id)
        fix = fix_of(finding)
        assert job.check
        found = NOW.session().inputs(job.check, finding)
        NOW.start(catalogue.find(fix["tool"]), fix.get("params", {}), found)
        self.finding = finding["id"]

    def wait(self) -> None:
        operators.wait_for_job()

    def done(self) -> Said:
        told = operators.tell_job(self)
        if told == {"FINISHED"} and NOW.edit:
            NOW.edit.fixed.add(self.finding)
            check_list.fill(bpy.context, NOW.edit)
        return told


class ANSWERPRINT_OT_show_finding(bpy.types.Operator):
    """Move the playhead to the finding, and choose its strip"""

    bl_idname = "answerprint.show_finding"
    bl_label = "Show"
    bl_options: ClassVar[Set[str]] = {"INTERNAL"}
    __annotations__ = {"id": _id()}

    @classmethod
    def poll(cls, context: Any) -> bool:
        return there()

    def execute(self, context: Any) -> Said:
        try:
            show(chosen(context, self.id))
        except WireError as refused:
            return operators.tell_error(self, refused)
        return {"FINISHED"}


def show(finding: Finding) -> None:
    """The playhead on a finding's frame; of its shots the one to mend is chosen and active."""
    check, host = ended().check, NOW.host()
    assert check
    host.show_frame(finding["frame"])
    spans = host.edit()
    found = {name: item_of(check.shot(name), spans) for name in finding["shots"]}
    there = [things.find(item.ref) for item in found.values() if item]
    for each in compat.strips(compat.sequencer_scene()):
        each.select = each in there
    if item := found.get(finding["mend"] or ""):
        compat.sequencer_scene().sequence_editor.active_strip = things.find(item.ref)


class ANSWERPRINT_OT_mark_findings(bpy.types.Operator):
    """Set a marker on each frame with findings; those of the last check go, yours stay"""

    bl_idname = "answerprint.mark_findings"
    bl_label = "Markers"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return there() and not NOW.working()

    def execute(self, context: Any) -> Said:
        try:
            job = ended()
            assert job.check
            job.said = NOW.session().mark(job.check, job.findings)
        except WireError as refused:
            return operators.tell_error(self, refused)
        count = len({row["frame"] for row in job.findings})
        self.report({"INFO"}, f"{count} markers set" if count != 1 else "1 marker set")
        return {"FINISHED"}


class ANSWERPRINT_OT_check_report(bpy.types.Operator):
    """Open the page of this check"""

    bl_idname = "answerprint.check_report"
    bl_label = "Open the Report"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return there()

    def execute(self, context: Any) -> Said:
        try:
            check = ended().check
            assert check
            if not os.path.isfile(check.page):
                title = f"The report {check.page} is not there any more."
                raise WireError(HOST_REFUSED, title, "Check the edit again.")
        except WireError as refused:
            return operators.tell_error(self, refused)
        return set(bpy.ops.wm.path_open(filepath=check.page))


class ANSWERPRINT_OT_waive_finding(bpy.types.Operator):
    """Leave this finding from now on; the show's rules keep who, why and when"""

    bl_idname = "answerprint.waive_finding"
    bl_label = "Waive"
    __annotations__ = {
        "id": _id(),
        "why": bpy.props.StringProperty(
            name="Why", description="What others will read of it", options=FORGET
        ),
    }

    @classmethod
    def poll(cls, context: Any) -> bool:
        return there() and not NOW.working()

    def invoke(self, context: Any, event: Any) -> Said:
        return set(context.window_manager.invoke_props_dialog(self, width=400))

    def draw(self, context: Any) -> None:
        self.layout.prop(self, "why")

    def execute(self, context: Any) -> Said:
        try:
            job, finding = ended(), chosen(context, self.id)
            assert job.check
            NOW.session().waive(job.check, finding, self.why)
        except WireError as refused:
            return operators.tell_error(self, refused)
        job.gone.add(finding["id"])
        check_list.fill(context, job)
        redraw()
        return {"FINISHED"}


CLASSES = (
    ANSWERPRINT_OT_check_edit,
    ANSWERPRINT_OT_fix_finding,
    ANSWERPRINT_OT_show_finding,
    ANSWERPRINT_OT_mark_findings,
    ANSWERPRINT_OT_check_report,
    ANSWERPRINT_OT_waive_finding,
)

_classes = Classes()


def register() -> None:
    _classes.add(CLASSES)


def unregister() -> None:
    _classes.drop()
