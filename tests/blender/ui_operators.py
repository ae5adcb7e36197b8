"""The operators of the tools in a real Blender: run by `test_ui.py` with `ui_rig`."""

import json
from pathlib import Path

import bpy
import pytest
from ui_rig import Operator, begin, drive, event, match, modal_context, part, pressed, refs


def test_match_places_its_result_and_writes_what_was_asked(scene):
    assert match(strength=0.1) == {"FINISHED"}
    run = part("running").NOW.job.run
    recipe = json.loads(Path(run.folder, "recipe.json").read_text())
    assert recipe["parameters"]["strength"] == 0.1  # not 0.10000000149011612
    assert [each.status for each in run.answers if each.became]
    assert "shot" in run.report["sentence"]
    placed = {ref for each in run.answers for ref in each.items}
    assert placed
    assert placed == set(part("running").NOW.host().tagged("answerprint"))


def test_placing_again_adds_nothing_that_stands(scene):
    match()
    before = set(part("running").NOW.host().tagged("answerprint"))
    assert bpy.ops.answerprint.place_again() == {"FINISHED"}
    assert set(part("running").NOW.host().tagged("answerprint")) == before


def test_a_range_is_the_sources(scene):
    match(first=1002, last=1003, write_frames=True)
    run = part("running").NOW.job.run
    assert sorted(p.name[-8:] for p in Path(run.folder).glob("*.exr")) == ["1002.exr", "1003.exr"]


def test_without_a_range_all_of_it_is_worked_on(scene):
    match(write_frames=True)
    assert len(list(Path(part("running").NOW.job.run.folder).glob("*.exr"))) == 6


def test_files_can_be_inputs(scene, tmp_path):
    hero = bpy.path.relpath(str(Path(bpy.data.filepath).parent / "hero.%04d.exr"))
    assert hero.startswith("//")
    (source,) = refs("shot")
    assert bpy.ops.answerprint.match(source=source, reference=hero) == {"FINISHED"}
    assert part("running").NOW.job.run.inputs["reference"].numbers == tuple(range(1001, 1007))


def test_a_number_out_of_range_is_refused_not_clamped(scene):
    with pytest.raises(RuntimeError, match=r"strength is 2\.0.*\n?.*from 0 to 1"):
        match(strength=2.0)


def test_a_missing_input_is_named(scene):
    (source,) = refs("shot")
    with pytest.raises(RuntimeError, match="Match needs a reference"):
        bpy.ops.answerprint.match(source=source)
    with pytest.raises(RuntimeError, match="The reference 'gone' is neither in the scene nor"):
        bpy.ops.answerprint.match(source=source, reference="gone")
    with pytest.raises(RuntimeError, match=r"gone\.%04d\.exr has no frames"):
        bpy.ops.answerprint.match(source=source, reference="//gone.%04d.exr")


def test_a_script_does_not_get_what_the_panel_holds(scene):
    scene.answerprint.match.strength = 0.25
    match()
    assert part("running").NOW.job.run.params["strength"] == 1.0


def test_the_last_call_does_not_leak_into_the_next(enabled):
    known = bpy.ops.answerprint.match.get_rna_type().properties
    assert all(each.is_skip_save for each in known if each.identifier != "rna_type")


@pytest.mark.parametrize("value", [0.1, 0.3, 0.7, 1 / 3, 0.015625, 1e-7, 0.999])
def test_numbers_arrive_as_they_were_typed(enabled, value):
    held = bpy.context.scene.answerprint.match
    held.strength = value
    assert held.strength != value or value == 0.015625
    spec = part("catalogue").find("match")
    told = part("props").values(spec, held)["strength"]
    assert told == (0.33333334 if value == 1 / 3 else value)


def test_what_the_host_fills_in_is_not_shown_and_left_out(enabled):
    spec = part("catalogue").find("match")
    from_host = {row["name"] for row in spec["params"] if "from_host" in row}
    held = bpy.context.scene.answerprint.match
    assert from_host.isdisjoint(part("props").values(spec, held))
    assert from_host.isdisjoint(row["name"] for row in part("props").shown(spec))


def test_a_knob_is_looked_at_without_writing_the_inputs_again(scene, monkeypatch):
    part("running").NOW.host()  # loads what writes
    monkeypatch.setattr(part("files"), "own", lambda thing: None)  # as of a node that computes
    written = []
    render = part("render")
    one = render._one
    monkeypatch.setattr(render, "_one", lambda *a: (written.append(a[1]), one(*a)))
    job, running = begin(preview={"frame": 1001, "size": 64}), part("running").NOW
    job.run.wait()
    assert len(written) == 12
    running.look({**job.run.params, "strength": 0.5})
    assert job.trouble is None
    look = running._session._looking
    look.wait()
    assert look.request["params"]["strength"] == 0.5
    assert look.picture
    assert len(written) == 12


def test_what_has_no_grade_is_not_taken_as_graded(scene):
    with pytest.raises(RuntimeError, match="'image:shot', 'image:hero' cannot be taken as graded"):
        match(graded=True)
    files = bpy.path.relpath(str(Path(bpy.data.filepath).parent / "hero.%04d.exr"))
    with pytest.raises(RuntimeError, match="A file cannot be taken as graded"):
        bpy.ops.answerprint.match(source=files, reference=files, graded=True)
    scene.sequence_editor_create()
    shot = str(Path(bpy.data.filepath).parent / "shot.1001.exr")
    part("compat").top_strips(scene).new_image("strip", shot, 1, 1)
    both = [each for each in part("running").NOW.host().items() if each.label in ("strip", "hero")]
    assert len(both) == 2
    part("operators")._check_graded(both)  # a hero that has none beside a shot that has one


def test_as_graded_of_the_sequencer_is_not_taken_elsewhere(scene):
    scene.answerprint.graded = True
    drive(*pressed(scene))
    assert "graded" not in part("running").NOW.job.more
    with pytest.raises(AssertionError):  # there these two are refused
        pressed(scene, "SEQUENCE_EDITOR")


# The modal


def test_modal_shows_progress_and_ends_with_the_result(scene):
    made, context = pressed(scene)
    assert context.window_manager.timers == 1
    assert context.window_manager.modal == [made]
    assert made.modal(context, event("MOUSEMOVE")) == {"PASS_THROUGH"}
    assert drive(made, context) == {"FINISHED"}
    assert part("running").NOW.job.result
    assert context.window_manager.timers == 0
    assert context.window_manager.told[-1] == "end"
    assert made.timer is None
    assert context.workspace.texts[-1] is None
    assert any("Esc" in text for text in context.workspace.texts if text)
    (level, text) = made.said[-1]
    assert level == {"INFO"}
    assert "shot" in text


def test_a_button_gets_what_the_panel_holds(scene):
    held = scene.answerprint
    held.match.strength, held.use_range, held.first, held.last = 0.25, True, 1002, 1004
    drive(*pressed(scene))
    job = part("running").NOW.job
    assert job.run.params["strength"] == 0.25
    assert (job.more["first"], job.more["last"]) == (1002, 1004)
    held.use_range = False
    drive(*pressed(scene, strength=0.5))
    job = part("running").NOW.job
    assert job.run.params["strength"] == 0.5  # what the caller names goes before the panel
    assert "first" not in job.more


def test_blender_may_take_the_operator_away(scene):
    made, context = pressed(scene)
    running = part("running")
    made.cancel(context)
    assert context.window_manager.timers == 0
    assert bpy.app.timers.is_registered(running.beat)  # which goes on to the end
    while running.beat():
        running.NOW._session.pump(0.1)
    assert running.NOW.job.run.error
    assert not running.NOW.working()


def test_an_operator_that_fails_leaves_the_job_to_the_timer(scene, monkeypatch):
    made, context = pressed(scene)
    running = part("running")
    monkeypatch.setattr(part("operators"), "redraw", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        made.modal(context, event("TIMER"))
    assert context.window_manager.timers == 0
    while running.beat():
        running.NOW._session.pump(0.1)
    assert running.NOW.job.result


def test_escape_cancels_and_leaves_nothing(scene):
    before = set(part("running").NOW.host().tagged("answerprint"))
    made, context = pressed(scene, write_frames=True)
    job = part("running").NOW.job
    assert made.modal(context, event("ESC", "RELEASE")) == {"PASS_THROUGH"}
    assert not job.run.cancelling
    assert made.modal(context, event("ESC", "PRESS")) == {"RUNNING_MODAL"}
    assert job.text() == "Cancelling"
    assert drive(made, context) == {"CANCELLED"}
    assert made.said[-1][0] == {"WARNING"}
    assert set(part("running").NOW.host().tagged("answerprint")) == before
    assert not Path(job.run.folder).exists()


def test_a_second_job_waits_its_turn(scene):
    job = begin()
    with pytest.raises(RuntimeError, match="poll"):
        match()
    with pytest.raises(Exception, match="A job of Answerprint is running"):
        begin()
    assert bpy.ops.answerprint.cancel() == {"FINISHED"}
    with pytest.raises(Exception, match="ancelled"):
        job.run.wait()


def test_a_file_that_is_loaded_ends_the_job(scene):
    job = begin(write_frames=True)
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    assert job.ended
    assert job.run.error
    assert part("running").NOW.job is None
    assert drive(Operator(), modal_context()) == {"CANCELLED"}
    assert part("running").NOW.host().tagged("answerprint") == {}
