"""The show in a real Blender: run by `test_ui.py` with `ui_rig`."""

import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import bpy
import dailies
import pytest
from ui_rig import CORE, Layout, Operator, drive, event, modal_context, part


@pytest.fixture(scope="session")
def takes(tmp_path_factory):
    """The folder of the dailies."""
    return dailies.make(tmp_path_factory.mktemp("dailies Ö #1"))


def strip_of(scene, takes, take, at, lasts):
    paths = sorted((takes / take).glob("*.exr"))[:lasts]
    strips = part("compat").top_strips(scene)
    strip = strips.new_image(take, str(paths[0]), 1, at, fit_method="FIT")
    for each in paths[1:]:
        strip.elements.append(each.name)
    return strip


@pytest.fixture
def edit(tmp_path, enabled, takes):
    """A saved scene: three takes from frame 11 on, with a hole of four frames before the last."""
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    scene = bpy.context.scene
    folder = tmp_path / "Größe #2"
    folder.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "sc010.blend"))
    scene.sequence_editor_create()
    if hasattr(bpy.context.workspace, "sequencer_scene"):
        bpy.context.workspace.sequencer_scene = scene
    for take, at in (("A001C001", 11), ("A001C002", 15), ("A001C001", 19), ("A001C002", 27)):
        strip_of(scene, takes, take, at, 4)
    scene.frame_set(12)
    return scene


@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    """Where the show is once the first case has made it."""
    return tmp_path_factory.mktemp("kept") / "answerprint-show"


@pytest.fixture
def show(edit, takes, kept):
    """A show that knows the dailies, chosen for this scene."""
    if not kept.exists():
        beside = Path(bpy.data.filepath).with_name("answerprint-show")
        assert bpy.ops.answerprint.show_add(folder=str(takes)) == {"FINISHED"}
        assert "4 clips learned" in said()
        shutil.move(beside, kept)
    assert bpy.ops.answerprint.show_choose(folder=str(kept)) == {"FINISHED"}
    return kept


def shown():
    return part("running").NOW.shown


def said():
    return " ".join(text for _, text in shown().said)


def held():
    return bpy.context.window_manager.answerprint_show


def strips(scene):
    return {each.name: each for each in part("compat").strips(scene)}


def drawn(name="show_SEQUENCE_EDITOR"):
    context = SimpleNamespace(
        scene=bpy.context.scene,
        window_manager=bpy.context.window_manager,
        region=SimpleNamespace(width=260),
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0)),
        space_data=SimpleNamespace(type="SEQUENCE_EDITOR"),
    )
    panel, layout = getattr(bpy.types, f"ANSWERPRINT_PT_{name}"), Layout()
    made = SimpleNamespace(layout=layout)
    for each in ("_takes", "_holes"):
        if hasattr(panel, each):
            setattr(made, each, getattr(panel, each).__get__(made))
    panel.draw(made, context)
    return layout


def test_dailies_are_learned_beside_the_scene_and_the_show_is_kept(show):
    assert "4 clips, 32 frames" in said()
    kept = Path(bpy.data.filepath).with_name("answerprint") / "show.json"
    assert json.loads(kept.read_text("utf-8"))["show"] == str(show)
    assert "answerprint-show" in drawn().texts()


def test_takes_of_this_frame_stand_in_the_list_the_best_first(show):
    assert bpy.ops.answerprint.show_find() == {"FINISHED"}
    names = [row.name for row in held().takes]
    assert sorted(names[:2]) == ["A001C001", "A001C003"]
    assert held().takes[0].sees.startswith("same set-up")
    assert held().takes[0].frames == "1001-1008"
    assert Path(held().takes[0].thumb).is_file()
    layout = drawn()
    assert layout.named("list") == ["takes"]
    assert {f"answerprint.show_{each}" for each in ("place", "match", "find")} < set(
        layout.named("operator")
    )


def test_a_picture_file_is_looked_for_and_what_counts_is_heard(show, takes):
    path = str(takes / "A001C002" / "A001C002.1003.exr")
    assert bpy.ops.answerprint.show_find(path=path, by="place") == {"FINISHED"}
    assert sorted(row.name for row in held().takes) == ["A001C002", "A001C004"]


def test_a_take_is_placed_over_the_strip_and_not_twice(show, edit):
    edit.frame_set(14)
    assert bpy.ops.answerprint.show_find() == {"FINISHED"}
    number = [row.name for row in held().takes].index("A001C003")
    before = set(strips(edit))
    for _ in range(2):
        assert bpy.ops.answerprint.show_place(number=number) == {"FINISHED"}
        (name,) = set(strips(edit)) - before
    made = strips(edit)[name]
    assert (made.channel, made.frame_final_start, made.frame_final_end) == (2, 11, 15)
    take = shown().takes[number]
    found = made.strip_elem_from_frame(edit.frame_current).filename
    assert found == f"A001C003.{take.frame}.exr"  # the recognised frame at the playhead
    assert "Take: placed, in the sequencer" in drawn().texts()


def test_a_take_is_matched_to_what_was_looked_for(show, edit):
    assert bpy.ops.answerprint.show_find() == {"FINISHED"}
    number = [row.name for row in held().takes].index("A001C003")
    before = set(strips(edit))
    assert bpy.ops.answerprint.show_match(number=number) == {"FINISHED"}
    made = [strips(edit)[name] for name in set(strips(edit)) - before]
    spans = {each.channel: (each.frame_final_start, each.frame_final_end) for each in made}
    assert spans == {2: (11, 15), 3: (11, 15)}  # the take, and its match above it
    run = part("running").NOW.job.run
    assert run.tool == "match"
    assert run.inputs["reference"].ref.endswith("A001C001")


def test_in_the_clip_editor_a_take_is_a_clip_with_its_frame_at_the_same(show, takes):
    clip = bpy.data.movieclips.load(str(takes / "A001C001" / "A001C001.1001.exr"))
    clip.frame_start = 41
    space = SimpleNamespace(type="CLIP_EDITOR", clip=clip)
    place, things = part("show_place"), part("things")
    bpy.context.scene.frame_set(44)
    selection = [things.item(clip)]
    host = part("running").NOW.host()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(host), "selection", lambda self: selection)
        item, frame = place.here(SimpleNamespace(space_data=space))
    assert (item.ref, frame) == (things.ref(clip), 1004)
    assert bpy.ops.answerprint.show_find(path=item.ref) == {"FINISHED"}
    take = next(each for each in shown().takes if each.name == "A001C003")
    answers = place.place(take, place.whole(take), item, frame)
    made = things.find(answers[0].items[0])
    assert isinstance(made, bpy.types.MovieClip)
    assert made.frame_start + take.frame - 1001 == 44


MOVIE = """
import sys
import cv2
import numpy as np
made = cv2.VideoWriter(sys.argv[1], cv2.VideoWriter_fourcc(*"MJPG"), 24, (64, 48))
for number in range(6):
    made.write(np.full((48, 64, 3), 40 * number, "uint8"))
made.release()
"""


def test_a_take_is_in_the_space_that_its_files_say_and_a_movie_as_blender_opens_it(
    show, takes, tmp_path
):
    pattern, movie = str(takes / "A001C001" / "A001C001.%04d.exr"), str(tmp_path / "A002.avi")
    subprocess.run([CORE, "-c", MOVIE, movie], check=True)
    found = [
        part("show_place").whole(part("show_place").Take(p, "b", 1001, 1002, 1001, "", 1, ""))
        for p in (pattern, movie)
    ]
    assert found[0].space == ("ACEScg" if part("colour").ours("ACEScg") else "")
    assert (found[1].space, found[1].last - found[1].first) == ("", 5)


def gaps(show):
    assert bpy.ops.answerprint.show_gaps() == {"FINISHED"}
    return [row for row in held().holes if row.id]


def test_missing_shots_are_listed_with_what_the_show_has(show, edit):
    rows = gaps(show)
    assert [row.at for row in held().holes if row.hole] == [12]
    assert rows
    assert {row.at for row in rows} == {12}
    assert "1 shot is missing" in drawn("missing").texts()
    edit.frame_set(1)
    held().hole = 0
    assert edit.frame_current == 23  # frame 0 of the edit is 11
    layout = drawn("missing")
    assert "answerprint.swap_take" not in layout.named("operator")  # a hole is chosen
    held().hole = 1
    layout = drawn("missing")
    assert {"answerprint.swap_take", "answerprint.mute_takes"} < set(layout.named("operator"))


def test_an_audition_is_laid_muted_and_one_is_swapped_in(show, edit):
    rows = gaps(show)
    before = set(strips(edit))
    for _ in range(2):
        assert bpy.ops.answerprint.audition() == {"FINISHED"}
        made = {name: strips(edit)[name] for name in set(strips(edit)) - before}
    laid = [each for each in made.values() if each.type == "IMAGE"]
    assert len(laid) == len(rows)
    assert all(each.mute for each in made.values())
    assert {(s.frame_final_start, s.frame_final_end) for s in made.values()} == {(23, 27)}
    marks = {m.name.split(":")[0]: m.frame for m in edit.timeline_markers}
    assert set(marks) == {row.id for row in rows}
    assert all(23 <= frame < 27 for frame in marks.values())
    free = next(r["id"] for r in shown().proposals().values() if "match" not in r["needs"])
    assert bpy.ops.answerprint.swap_take(id=free) == {"FINISHED"}
    assert {n.split()[0] for n, each in made.items() if not each.mute} == {free}
    assert edit.sequence_editor.active_strip.name.startswith(free)
    assert bpy.ops.answerprint.mute_takes(id=free) == {"FINISHED"}
    assert all(each.mute for each in made.values())


def test_a_swap_matches_what_needs_it_and_the_match_goes_with_its_take(show, edit):
    gaps(show)
    rows = shown().proposals()
    one = next(name for name, row in rows.items() if "match" in row["needs"])
    other = next(name for name in rows if name != one)
    before = set(strips(edit))
    assert bpy.ops.answerprint.swap_take(id=one) == {"FINISHED"}
    run = part("running").NOW.job.run
    assert run.inputs["reference"].ref.endswith(rows[one]["reference"].split(" ")[0])
    added = set(strips(edit)) - before
    (match,) = [name for name in added if name.startswith("match")]
    assert not strips(edit)[match].mute
    assert bpy.ops.answerprint.swap_take(id=other) == {"FINISHED"}
    assert strips(edit)[match].mute  # else it would hide the other one


def test_what_cannot_be_done_is_said(edit):
    with pytest.raises(RuntimeError, match="There is no show here"):
        bpy.ops.answerprint.show_find()
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.answerprint.show_place()
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.answerprint.audition()
    with pytest.raises(RuntimeError, match="No proposal is chosen"):
        bpy.ops.answerprint.swap_take()
    assert "No show yet" in drawn().texts()


def test_where_nothing_is_shown_nothing_is_looked_for(show, edit):
    edit.frame_set(500)
    context = SimpleNamespace(space_data=SimpleNamespace(type="SEQUENCE_EDITOR"))
    with pytest.raises(part("show_place").WireError, match="shows no picture now"):
        part("show_place").here(context)


def pressed(name):
    made, context = Operator(), modal_context()
    made.kind = getattr(bpy.types, f"ANSWERPRINT_OT_{name}")
    object.__setattr__(made, "path", "")
    object.__setattr__(made, "by", "any")
    context.scene, context.space_data = bpy.context.scene, None
    context.window_manager.answerprint_show = held()
    assert made.invoke(context, None) == {"RUNNING_MODAL"}
    return made, context


def test_the_button_shows_progress_and_ends_with_the_list(show):
    made, context = pressed("show_find")
    layout = drawn()
    assert "answerprint.cancel" in layout.named("operator")
    assert "answerprint.show_find" not in layout.named("operator")
    assert drive(made, context) == {"FINISHED"}
    assert context.window_manager.timers == 0
    assert held().takes


def test_escape_ends_a_search_and_leaves_no_version(show):
    made, context = pressed("show_gaps")
    assert made.modal(context, event("ESC", "PRESS")) == {"RUNNING_MODAL"}
    assert part("running").NOW.asking.text() == "Cancelling"
    assert drive(made, context) == {"CANCELLED"}
    assert not held().holes
    assert not list(Path(bpy.data.filepath).parent.rglob("gaps.otio"))


def test_a_file_that_is_loaded_ends_the_search_and_empties_the_lists(show):
    made, context = pressed("show_gaps")
    asking = part("running").NOW.asking
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    assert asking.ended
    assert drive(made, context) == {"CANCELLED"}
    assert shown().takes == []
    assert shown().gaps is None


def test_a_line_of_the_list_has_name_what_it_sees_and_how_sure(show):
    bpy.ops.answerprint.show_find()
    layout, found = Layout(), held().takes[0]
    bpy.types.ANSWERPRINT_UL_takes.draw_item(
        None, bpy.context, layout, None, found, 0, None, "take"
    )
    assert [text for _, text, _ in layout.drawn] == [found.name, found.sees, found.sure]
