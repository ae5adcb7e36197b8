"""The check of the edit in a real Blender: run by `test_ui.py` with `ui_rig`."""

import json
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
from ui_rig import ROOT, Layout, Operator, drive, event, modal_context, part

PAIR = ROOT / "tests/soundstage/cached/pair"  # s020 is 0.9 stop under, and a bottle moved


@pytest.fixture
def edit(tmp_path, enabled):
    """A saved scene with the pair cut from frame 11 on, and a marker of somebody's."""
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    scene = bpy.context.scene
    folder = tmp_path / "Größe #2"
    folder.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "sc010.blend"))
    scene.sequence_editor_create()
    if hasattr(bpy.context.workspace, "sequencer_scene"):
        bpy.context.workspace.sequencer_scene = scene
    at = 11
    for name in ("s010", "s020"):
        paths = sorted((PAIR / name).glob("*.exr"))
        strips = part("compat").top_strips(scene)
        strip = strips.new_image(name, str(paths[0]), 1, at, fit_method="ORIGINAL")
        for each in paths[1:]:
            strip.elements.append(each.name)
        at += len(paths)
    scene.timeline_markers.new("theirs", frame=5)
    return scene


@pytest.fixture
def checked(edit):
    assert bpy.ops.answerprint.check_edit() == {"FINISHED"}
    return edit


def rows():
    return list(bpy.context.window_manager.answerprint_check.rows)


def row(kind):
    return next(each for each in rows() if each.kind == kind)


def strips(scene):
    return {each.name: each for each in part("compat").strips(scene)}


def drawn():
    context = SimpleNamespace(
        scene=bpy.context.scene,
        window_manager=bpy.context.window_manager,
        region=SimpleNamespace(width=260),
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0)),
        space_data=SimpleNamespace(type="SEQUENCE_EDITOR"),
    )
    panel, layout = bpy.types.ANSWERPRINT_PT_check, Layout()
    made = SimpleNamespace(layout=layout)
    made._findings = panel._findings.__get__(made)
    panel.draw(made, context)
    return layout


def test_the_findings_stand_in_the_list(checked):
    found = row("exposure")
    assert (found.shot, found.frame, found.fixable) == ("s020", 13, True)
    assert found.value.startswith("-0.9")
    assert found.value.endswith("stop")
    assert "darker than s010" in found.text
    assert "s010 s020" in found.name  # searched in by the list
    report = json.loads(Path(part("running").NOW.edit.check.folder, "report.json").read_text())
    assert [each.id for each in rows()] == [each["id"] for each in report["findings"]]
    assert report["cut"]["name"] == "sc010"


def test_the_chosen_row_is_shown_on_the_timeline(checked):
    held = bpy.context.window_manager.answerprint_check
    ours = {each.id: turn for turn, each in enumerate(rows())}
    checked.frame_set(1)
    held.chosen = ours[row("exposure").id]
    assert checked.frame_current == 13
    assert {name for name, each in strips(checked).items() if each.select} == {"s010", "s020"}
    assert checked.sequence_editor.active_strip.name == "s020"
    checked.frame_set(1)
    assert bpy.ops.answerprint.show_finding(id=row("exposure").id) == {"FINISHED"}
    assert checked.frame_current == 13


def test_the_fix_is_placed_above_and_the_next_check_does_not_find_it(checked):
    found = row("exposure").id
    assert bpy.ops.answerprint.fix_finding(id=found) == {"FINISHED"}
    (made,) = [each for name, each in strips(checked).items() if name not in ("s010", "s020")]
    assert (made.channel, made.frame_final_start, made.frame_final_end) == (2, 13, 15)
    assert row("exposure").fixed
    assert "Fix Again" in [text for _, name, text in drawn().drawn if name.endswith("fix_finding")]
    assert bpy.ops.answerprint.check_edit() == {"FINISHED"}
    assert "exposure" not in [each.kind for each in rows()]


def test_markers_are_replaced_and_theirs_stays(checked):
    for _ in range(2):
        assert bpy.ops.answerprint.mark_findings() == {"FINISHED"}
        assert sorted(each.frame for each in checked.timeline_markers) == [5, 13]
    ours = next(each for each in checked.timeline_markers if each.frame == 13)
    assert "exposure" in ours.name
    assert len(ours.name.encode()) <= 63


def test_a_waived_finding_is_left_from_then_on(checked):
    before = len(rows())
    found = row("exposure").id
    with pytest.raises(RuntimeError, match="why"):
        bpy.ops.answerprint.waive_finding(id=found, why="")
    assert len(rows()) == before
    told = bpy.ops.answerprint.waive_finding(id=found, why="The lamp goes out.")
    assert told == {"FINISHED"}
    assert found not in [each.id for each in rows()]
    rules = Path(bpy.data.filepath).with_name("answerprint.rules.toml")
    assert "The lamp goes out." in rules.read_text("utf-8")
    assert bpy.ops.answerprint.check_edit() == {"FINISHED"}
    assert found not in [each.id for each in rows()]


def test_what_cannot_be_done_is_said(edit):
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.answerprint.mark_findings()
    with pytest.raises(RuntimeError, match="The edit is not checked"):
        bpy.ops.answerprint.fix_finding()
    for each in list(part("compat").top_strips(edit)):
        part("compat").top_strips(edit).remove(each)
    with pytest.raises(RuntimeError, match="has no pictures"):
        bpy.ops.answerprint.check_edit()
    assert part("running").NOW.edit is None
    assert not list(Path(bpy.data.filepath).parent.rglob("v001"))


def test_a_shot_that_left_the_edit_is_not_fixed(checked):
    found = row("exposure").id
    part("compat").top_strips(checked).remove(strips(checked)["s020"])
    with pytest.raises(RuntimeError, match=r"no 's020' at .* any more"):
        bpy.ops.answerprint.fix_finding(id=found)
    with pytest.raises(RuntimeError, match="There is no finding 'gone'"):
        bpy.ops.answerprint.show_finding(id="gone")


def pressed():
    """The operator as the button starts it."""
    made, context = Operator(), modal_context()
    made.kind = bpy.types.ANSWERPRINT_OT_check_edit
    context.scene = bpy.context.scene
    context.window_manager.answerprint_check = bpy.context.window_manager.answerprint_check
    assert made.invoke(context, None) == {"RUNNING_MODAL"}
    return made, context


def test_the_button_shows_progress_and_ends_with_the_list(edit):
    made, context = pressed()
    layout = drawn()
    assert "answerprint.cancel" in layout.named("operator")
    assert "answerprint.check_edit" not in layout.named("operator")
    assert drive(made, context) == {"FINISHED"}
    told = " ".join(filter(None, context.workspace.texts))
    assert any(stage in told for stage in ("Watch", "Compare", "Find", "Write")), told
    assert context.window_manager.timers == 0
    assert row("exposure")
    layout = drawn()
    assert layout.named("list") == ["rows"]
    assert "darker than s010" in layout.texts()
    wanted = {"check_edit", "check_report", "mark_findings", "fix_finding", "waive_finding"}
    assert {f"answerprint.{each}" for each in wanted} == set(layout.named("operator"))


def test_escape_ends_the_check_and_leaves_no_version(edit):
    made, context = pressed()
    assert made.modal(context, event("ESC", "PRESS")) == {"RUNNING_MODAL"}
    assert part("running").NOW.edit.text() == "Cancelling"
    assert drive(made, context) == {"CANCELLED"}
    assert rows() == []
    assert "ancelled" in drawn().texts()
    assert not list(Path(bpy.data.filepath).parent.rglob("report.json"))


def test_a_file_that_is_loaded_ends_the_check(edit):
    made, context = pressed()
    check = part("running").NOW.edit
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    assert check.ended
    assert check.error
    assert drive(made, context) == {"CANCELLED"}
    assert rows() == []


def test_a_line_of_the_list_has_kind_shot_frame_and_value(checked):
    layout = Layout()
    found = row("exposure")
    kind = bpy.types.ANSWERPRINT_UL_findings
    kind.draw_item(None, bpy.context, layout, None, found, 0, None, "chosen")
    assert [text for _, text, _ in layout.drawn] == ["exposure", "s020", "13", found.value]
    assert layout.drawn[0][2].endswith("COLOR_03")
