"""What is Nuke's own, on the double of its module: the temporary Write, nodes, backdrop, undo."""

import dataclasses
import threading

import nuke_rig
import numpy as np
import OpenImageIO as oiio
import pytest
from doubles import nuke_double as nuke
from scenes import CDL, ONE_OF_EACH, export, picture, plate, shot

from answerprint_bridge.host import Action, FrameSet
from answerprint_bridge.messages import CANCELLED, WireError


@pytest.fixture
def rig(tmp_path):
    project = tmp_path / "show" / "sc010"
    project.mkdir(parents=True)
    made = nuke_rig.Rig(project)
    yield made
    made.host.shutdown()


def writes():
    return [n for n in nuke.scene.nodes if n.Class() == "Write"]


def apply(rig, *results, near="", label="match v001", recipe="r1"):
    return rig.host.apply(list(results), near, label, recipe)


def made(answers):
    return [nuke.toNode(ref) for each in answers for ref in each.items]


def backdrops():
    return [n for n in nuke.allNodes("BackdropNode") if n["label"].value() != "plates"]


# --- frames out ------------------------------------------------------------------------------


def test_a_selected_read_is_used_in_place(rig, tmp_path):
    frames = export(rig, shot(rig), tmp_path / "plates")
    item = rig.on_disk(frames)
    nuke.scene.executed.clear()
    again = export(rig, item, tmp_path / "out")
    assert again.pattern == frames.pattern == rig.host.describe(item.ref).file
    assert again.space == "ACEScg"
    assert nuke.scene.executed == []
    nuke.toNode(item.ref)["colorspace"].setValue("Output - sRGB")
    assert rig.host.describe(item.ref).space == "Output - sRGB"
    nuke.toNode(item.ref)["raw"].setValue(True)
    assert rig.host.describe(item.ref).space == "ACEScg"


def test_a_path_with_hashes_is_the_same_frames(rig, tmp_path):
    frames = export(rig, shot(rig), tmp_path / "plates")
    item = rig.on_disk(dataclasses.replace(frames, pattern=frames.pattern.replace("%04d", "####")))
    assert export(rig, item, tmp_path / "out").pattern == frames.pattern


@pytest.mark.parametrize(
    ("knob", "value"),
    [("frame", "frame+8"), ("disable", True), ("file", "[value root.name].%04d.exr")],
)
def test_a_read_that_shows_something_else_is_rendered(rig, tmp_path, knob, value):
    item = rig.on_disk(export(rig, shot(rig), tmp_path / "plates"))
    assert rig.host.describe(item.ref).file
    nuke.toNode(item.ref)[knob].setValue(value)
    assert rig.host.describe(item.ref).file == ""


def test_it_is_rendered_raw_half_zips_with_every_channel(rig, tmp_path):
    frames = export(rig, shot(rig), tmp_path / "out")
    spec = oiio.ImageBuf(frames.path(1001)).spec()
    assert (spec.format, spec.channelnames) == ("half", ("R", "G", "B", "A"))
    assert spec.getattribute("compression") == "zips"
    whole = export(rig, shot(rig), tmp_path / "float", bits=32)
    assert np.array_equal(oiio.ImageBuf(whole.path(1001)).get_pixels("float"), picture(1001))


def test_proxy_is_off_for_the_frames_and_as_it_was_afterwards(rig, tmp_path):
    item = shot(rig)
    nuke.root()["proxy"].setValue(True)
    before = rig.everything()
    frames = export(rig, item, tmp_path / "out")
    assert [proxy for _, proxy, _ in nuke.scene.executed] == [False] * 3
    assert oiio.ImageBuf(frames.path(1001)).spec().width == 20
    assert rig.everything() == before


@pytest.mark.parametrize("how", ["error", "cancel", "progress", "unwritable"])
def test_the_temporary_write_is_gone_whatever_happens(rig, tmp_path, how):
    numbers = () if how == "error" else (1001, 1002, 1003)
    item = shot(rig, numbers=numbers)
    nuke.root()["proxy"].setValue(True)
    nuke.scene.cancel_render = how == "cancel"
    rig.cancel_at(1 if how == "progress" else None)
    before = rig.everything()
    nuke.Undo.steps.clear()
    with pytest.raises(WireError) as ended:
        export(rig, item, tmp_path / ("a \\b" if how == "unwritable" else "out"))
    cancelled = how in ("cancel", "progress")
    assert (ended.value.code == CANCELLED) == cancelled
    assert writes() == []
    assert rig.everything() == before
    assert (nuke.Undo.off, nuke.Undo.steps) == (0, [])


def test_no_frame_at_all_is_refused_with_the_nodes_reason(rig, tmp_path):
    with pytest.raises(WireError, match="None of the 3 frames") as refused:
        export(rig, shot(rig, numbers=()), tmp_path / "out")
    assert "no picture at frame 1001" in refused.value.detail


def test_why_a_frame_is_missing_is_in_the_error_console(rig, tmp_path):
    export(rig, shot(rig, numbers=(1001, 1003)), tmp_path / "out")
    (said,) = nuke.scene.warnings
    assert "frame 1002" in said


def test_a_frame_that_failed_half_way_is_no_file(rig, tmp_path):
    nuke.scene.leaves_halves = True
    frames = export(rig, shot(rig, numbers=(1001, 1003)), tmp_path / "out")
    assert frames.missing == (1002,)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "plate.1001.exr",
        "plate.1003.exr",
    ]


def test_a_node_in_a_group_is_rendered_there(rig, tmp_path):
    group = nuke.nodes.Group()
    with group:
        node = nuke.source({1001: picture(1001)}, plate(last=1001))
    before = rig.everything()
    frames = export(rig, rig._item(node), tmp_path / "out")
    assert node.fullName().startswith("Group1.")
    assert frames.missing == ()
    assert nuke.scene.executed[0][0].parent() is group
    assert rig.everything() == before


# --- results in ------------------------------------------------------------------------------


def test_a_cdl_says_its_space_and_hangs_on_the_plate(rig):
    item = shot(rig)
    (node,) = made(apply(rig, CDL, near=item.ref))
    assert node.Class() == "OCIOCDLTransform"
    assert node["working_space"].value() == "ACES - ACEScct"
    assert [node[k].value() for k in ("slope", "offset", "power", "saturation")] == [
        CDL[k] for k in ("slope", "offset", "power", "saturation")
    ]
    assert node.input(0).fullName() == item.ref


def test_a_cdl_without_its_space_in_the_config_is_not_placed(rig, monkeypatch):
    listed = ["ACES - ACEScg", "Output - sRGB"]
    monkeypatch.setattr(nuke.root()["workingSpaceLUT"], "_values", listed)
    assert rig.host.grade_spaces() == ("ACEScg",)
    (answer,) = apply(rig, CDL)
    assert answer.status == "refused"
    assert "ACEScct" in answer.why


def test_a_grade_is_unclamped_and_of_the_working_space_only(rig):
    grade = ONE_OF_EACH["grade"]
    (node,) = made(apply(rig, grade))
    assert (node.Class(), node["multiply"].value()) == ("Grade", [1.2, 1.0, 1.0, 1.0])
    assert node["add"].value() == [0.0, 0.0, 0.01, 0.0]
    assert not node["black_clamp"].value()
    assert not node["white_clamp"].value()
    (other,) = apply(rig, grade | {"working_space": "ACEScct"}, recipe="r2")
    assert other.became == "cdl", "a Grade has no space of its own, a CDL node has"
    assert "ACEScct" in other.why


def test_a_cube_stands_between_the_spaces_it_needs(rig):
    item = shot(rig)
    into, cube, back = made(apply(rig, ONE_OF_EACH["lut"], near=item.ref))
    assert [n.Class() for n in (into, cube, back)] == [
        "OCIOColorSpace",
        "OCIOFileTransform",
        "OCIOColorSpace",
    ]
    spaces = [(n["in_colorspace"].value(), n["out_colorspace"].value()) for n in (into, back)]
    assert spaces == [("ACES - ACEScg", "ACES - ACEScct"), ("ACES - ACEScct", "ACES - ACEScg")]
    assert cube["file"].value() == "match.cube"
    assert [n.input(0) for n in (into, cube, back)] == [nuke.toNode(item.ref), into, cube]


def test_a_cube_of_the_working_space_stands_alone(rig):
    (cube,) = made(apply(rig, ONE_OF_EACH["lut"] | {"space": "ACEScg"}))
    assert cube.Class() == "OCIOFileTransform"


def test_what_cannot_be_built_whole_leaves_nothing(rig):
    before = rig.everything()
    (answer,) = apply(rig, ONE_OF_EACH["lut"] | {"path": "looks \\a/match.cube"})
    assert answer.status == "refused"
    assert "no knob of Nuke can hold" in answer.why
    assert rig.everything() == before


def test_a_node_that_ignores_its_space_is_taken_away(rig, monkeypatch):
    """Nuke says nothing where a list has no such entry: the numbers would land in another space."""
    knobs = nuke.CLASSES["OCIOCDLTransform"]
    only = lambda name: nuke.Enumeration_Knob(name, "", ["ACES - ACEScg"])  # noqa: E731
    monkeypatch.setitem(nuke.CLASSES, "OCIOCDLTransform", knobs | {"working_space": only})
    before = rig.everything()
    answers = apply(rig, CDL, ONE_OF_EACH["note"])
    assert [a.status for a in answers] == ["refused", "done"]
    assert "'ACES - ACEScct'" in answers[0].why
    assert {n.Class() for n in made(answers)} == {"StickyNote"}
    assert len(rig.everything()) == len(before) + 2  # the note and its backdrop


def test_data_is_read_raw_and_colour_in_its_space(rig):
    frames = ONE_OF_EACH["frames"] | {"colorspace": {"name": "ACEScct"}}
    colour, matte = made(apply(rig, frames, ONE_OF_EACH["matte"]))
    assert (colour["raw"].value(), colour["colorspace"].value()) == (False, "ACES - ACEScct")
    assert matte["raw"].value()
    assert "person" in matte["label"].value()
    assert [matte[k].value() for k in ("first", "last", "origfirst", "origlast")] == [
        1001,
        1003,
    ] * 2
    assert (nuke.root().firstFrame(), nuke.root().lastFrame()) == (1001, 1010)


def test_a_note_runs_nothing(rig):
    (note,) = made(apply(rig, {"kind": "note", "text": "[exec rm] $x"}))
    assert note["label"].value().endswith("\\[exec rm\\] \\$x")


def test_all_of_a_job_stands_in_one_labelled_backdrop_clear_of_others(rig):
    item = shot(rig)
    nuke.nodes.Blur(ypos=nuke.toNode(item.ref).ypos() + 150)
    nodes = made(apply(rig, ONE_OF_EACH["lut"], *map(ONE_OF_EACH.get, ("matte", "stmap", "note")),
                       near=item.ref))  # fmt: skip
    (frame,) = backdrops()
    assert frame["label"].value() == "match v001"
    left, top = frame.xpos(), frame.ypos()
    right, bottom = left + frame["bdwidth"].value(), top + frame["bdheight"].value()
    inside = {
        n.fullName()
        for n in nuke.allNodes()
        if n is not frame and left <= n.xpos() < right and top <= n.ypos() < bottom
    }
    assert inside == {n.fullName() for n in nodes}
    assert top > nuke.toNode(item.ref).ypos()
    assert len({(n.xpos(), n.ypos()) for n in nodes}) == len(nodes)


def test_it_is_one_named_step_of_undo(rig):
    before = rig.everything()
    apply(rig, CDL, ONE_OF_EACH["matte"], ONE_OF_EACH["stmap"])
    assert [label for label, _ in nuke.Undo.steps] == ["Answerprint: match v001"]
    nuke.Undo.undo()
    assert rig.everything() == before


def test_cancelling_leaves_no_backdrop_and_no_step(rig):
    before = rig.everything()
    rig.cancel_at(1)
    with pytest.raises(WireError):
        apply(rig, ONE_OF_EACH["frames"], ONE_OF_EACH["matte"])
    assert rig.everything() == before
    assert nuke.Undo.steps == []
    assert nuke.bars == []


def test_the_same_job_again_adds_not_even_a_backdrop(rig):
    first = apply(rig, CDL, ONE_OF_EACH["lut"] | {"needed": True}, ONE_OF_EACH["matte"])
    there = rig.everything()
    assert apply(rig, CDL, ONE_OF_EACH["lut"] | {"needed": True}, ONE_OF_EACH["matte"]) == first
    assert rig.everything() == there


def test_what_is_kept_with_a_node_is_hidden_and_no_expression(rig):
    item = shot(rig)
    rig.host.tag(item.ref, "ours", {"text": '[exec rm] $x {"}'})
    knob = nuke.toNode(item.ref)["answerprint_tags"]
    assert knob.flags & nuke.INVISIBLE
    assert not set('[]${}"\\') & set(knob.value())


# --- what stands is found again --------------------------------------------------------------


def test_a_plate_that_was_renamed_keeps_its_results(rig):
    plate = nuke.toNode(shot(rig).ref)
    results = [CDL, *map(ONE_OF_EACH.get, ("matte", "stmap", "note"))]
    first = apply(rig, *results, near=plate.fullName())
    plate.setName("bg_plate")
    there = rig.everything()
    again = apply(rig, *results, near="bg_plate")
    assert [a.items for a in again] == [a.items for a in first]
    assert rig.everything() == there
    other = nuke.toNode(shot(rig).ref)
    other.setName("Constant1")  # what the plate was called
    assert apply(rig, *results, near=other.fullName())[0].items != first[0].items


def test_a_node_between_a_plate_and_its_result_changes_nothing(rig):
    plate = nuke.toNode(shot(rig).ref)
    (node,) = made(first := apply(rig, CDL, near=plate.fullName()))
    dot = nuke.nodes.Dot()
    dot.setInput(0, plate)
    node.setInput(0, dot)
    assert apply(rig, CDL, near=plate.fullName()) == first


def test_a_result_may_be_the_plate_of_another(rig):
    plate = nuke.toNode(shot(rig).ref)
    (under,) = made(apply(rig, CDL, near=plate.fullName()))
    first = apply(rig, CDL, near=under.fullName(), recipe="r2")
    assert apply(rig, CDL, near=under.fullName(), recipe="r2") == first
    assert apply(rig, CDL, near=plate.fullName(), recipe="r2") != first


def test_a_viewer_shows_frames_however_their_read_names_them(rig):
    pattern = f"{rig.project}/a [b] $c/x.%04d.exr"
    frames = FrameSet(pattern, 1001, 1003)
    assert not rig.host.open_in_viewer(frames), "there is no viewer"
    nuke.scene.viewer = object()
    assert not rig.host.open_in_viewer(frames), "there is no Read of them"
    read = nuke.nodes.Read(file="[file dirname [value root.name]]/a \\[b\\] \\$c/x.####.exr")
    assert rig.host.open_in_viewer(frames)
    assert nuke.scene.viewed is read


# --- the script and the program --------------------------------------------------------------


def test_the_scene_is_told_as_the_script_has_it(rig):
    scene = rig.host.context()
    assert (scene.shot, scene.space, scene.ocio) == ("sc010", "ACEScg", "aces_1.2")
    nuke.root()["name"].setValue(str(rig.project / "sc010_comp_v012.nk"))
    assert rig.host.context().shot == "sc010_comp"


def test_without_colour_management_no_look_is_promised(rig):
    nuke.root()["colorManagement"].setValue("Nuke")
    assert rig.host.grade_spaces() == ()
    assert "result:matte" in rig.host.capabilities()
    assert not {"result:cdl", "result:grade", "result:lut"} & rig.host.capabilities()


def test_the_selection_is_from_left_to_right_and_only_pictures(rig):
    for name, x in (("Blur", 300), ("Grade", 100), ("StickyNote", 0)):
        getattr(nuke.nodes, name)(xpos=x, selected=True)
    assert [item.ref for item in rig.host.selection()] == ["Dot1", "Grade1", "Blur1"]


def test_no_job_starts_while_nuke_renders(rig):
    assert rig.host.busy() == ""
    nuke.scene.executing = True
    assert "rendering" in rig.host.busy()


def test_the_menu_comes_and_goes(rig):
    done = []
    rig.host.register_ui([Action("match", "Match...", lambda: done.append(1))])
    nuke.menu("Nuke").findItem("Answerprint").findItem("Match...").invoke()
    assert done == [1]
    rig.host.unregister_ui()
    assert nuke.menu("Nuke").findItem("Answerprint") is None


def test_a_terminal_has_no_undo_asks_nobody_and_prints(tmp_path):
    rig = nuke_rig.Rig(tmp_path, gui=False)
    assert "undo" not in rig.host.capabilities()
    assert not rig.host.info().gui
    assert rig.host.ask("Go on?", True)
    item = shot(rig)
    assert export(rig, item, tmp_path / "out").missing == ()
    before = rig.everything()
    rig.host.message("warning", "Soft focus.")
    assert "Soft focus." in rig.said()[-1]
    assert made(apply(rig, CDL, near=item.ref))
    assert nuke.Undo.undoSize() == 0
    rig.cancel_at(1)
    after = rig.everything()
    assert before != after
    with pytest.raises(WireError):
        apply(rig, ONE_OF_EACH["frames"], ONE_OF_EACH["matte"], recipe="r2")
    assert rig.everything() == after
    rig.host.shutdown()


# --- the double itself -----------------------------------------------------------------------


def test_the_double_has_nukes_habits(rig):
    write = nuke.nodes.Write()
    assert write.knob("datatype") is None
    write["file_type"].setValue("exr")
    assert write.knob("datatype").value() == "16 bit half"
    with pytest.raises(NameError):
        write["nope"]
    assert nuke.createNode("Blur").input(0).name() == "Dot1"
    assert nuke.nodes.Blur().input(0) is None
    read = nuke.nodes.Read()
    read["file"].fromUserText("plate.####.exr 1-40")
    assert nuke.root().firstFrame() == 1
    read["colorspace"].setValue("no such space")
    assert "no such space" not in read["colorspace"].value()
    with pytest.raises(RuntimeError, match="hangs"):
        nuke.executeInMainThread(print)


def test_the_double_looks_for_names_in_the_group_that_is_open(rig):
    group = nuke.nodes.Group()
    with group:
        inner = nuke.nodes.Blur()
        assert nuke.toNode("Blur1") is inner
        assert nuke.toNode("Group1.Blur1") is None
        assert rig.host.describe("Group1.Blur1"), "the bridge names nodes from the root"
    assert nuke.toNode("Group1.Blur1") is inner
    other = nuke.nodes.Group()
    other.setName("Group1")
    assert other.name() != "Group1"
    nuke.delete(group)
    assert inner not in nuke.scene.nodes


def test_the_double_evaluates_a_panel_late_and_runs_knob_scripts(rig):
    panels = nuke_rig.nuke_ui.nukescripts.panels
    panels.registerWidgetAsPanel("nobody.has.this", "A", "a.panel")
    with pytest.raises(NameError):
        panels.restorePanel("a.panel")
    node = nuke.nodes.Group()
    node.addKnob(nuke.Double_Knob("gain", "Gain"))
    node["knobChanged"].setValue("nuke.tprint(nuke.thisNode().name(), nuke.thisKnob().name())")
    node["gain"].setValue(2)
    assert rig.said()[-1] == f"{node.name()} gain"


def test_the_double_queues_for_the_main_thread(rig):
    done = []
    call = threading.Thread(target=nuke.executeInMainThread, args=(done.append, (1,)))
    call.start()
    call.join()
    assert done == []
    nuke.process()
    assert done == [1]
    nuke.reset(gui=False)
    with pytest.raises(RuntimeError):
        nuke.menu("Nuke")


def test_the_doubles_table_ignores_what_it_cannot_read(rig):
    table = nuke.nodes.Tracker4()["tracks"]
    table.fromScript("{ 1 31 1 } { { 5 1 20 enable e 1 } } { { 1 2 } }")
    assert table.rows() == []
