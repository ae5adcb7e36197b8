"""What is Blender's own, in Blender: pictures through its compositor and sequencer.

Run by `tests/blender/test_contract_in_bpy.py` in each version.
"""

import os
import re
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import PyOpenColorIO as ocio
import pytest
from blender_scenes import clip_of, collections, image_of, place, rendered, sequence, strip_of
from scenes import CDL, ONE_OF_EACH, kept, picture, plate, shot

from answerprint_blender import colour, compat, files, motion, things
from answerprint_bridge.host import FrameSet, Item, Marker
from answerprint_bridge.messages import WireError
from answerprint_bridge.results import CannotPlace

CORES_CONFIG = "ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.4"
LIGHT = [
    *((9.0, 9.0, 9.0), (-0.25, -0.25, -0.25), (-0.25, 0.18, 9.0), (0.18, 0.18, 0.18)),
    *((0.0, 0.0, 0.0), (0.001, 0.002, 0.003), (1.0, 0.5, 0.25), (60.0, 40.0, 0.1)),
    *((0.0078125, 0.004, 0.02), (6.0e4, 10.0, 1.0)),
]
NEUTRAL = CDL | {"slope": [1, 1, 1], "offset": [0, 0, 0], "saturation": 1}
FACTS = Path(os.environ.get("ANSWERPRINT_FACTS", os.devnull))


# --- grades ----------------------------------------------------------------------------------


def through_ocio(light, transform, space):
    """Light of Blender's working space through a transform in `space`, by the core's config."""
    config = ocio.Config.CreateFromFile(CORES_CONFIG)
    here = colour.cores(colour.working())
    whole = ocio.GroupTransform()
    whole.appendTransform(ocio.ColorSpaceTransform(src=here, dst=space))
    whole.appendTransform(transform)
    whole.appendTransform(ocio.ColorSpaceTransform(src=space, dst=here))
    cpu = config.getProcessor(whole).getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS)
    out = np.array(light, np.float32, order="C")
    cpu.applyRGB(out)
    return out


def cdl_transform(data):
    made = ocio.CDLTransform()
    made.setSlope(data["slope"])
    made.setOffset(data["offset"])
    made.setPower(data["power"])
    made.setSat(data["saturation"])
    made.setStyle(ocio.CDL_NO_CLAMP)
    return made


def grade_transform(data):
    matrix = np.diag([*data["gain"], 1.0]).ravel().tolist()
    return ocio.MatrixTransform(matrix, [*data["offset"], 0.0])


@pytest.mark.parametrize("kind", ["cdl", "grade"])
def test_a_placed_grade_is_what_opencolorio_makes_of_it(rig, tmp_path, kind):
    light = np.ones((4, len(LIGHT), 4), np.float32)
    light[..., :3] = LIGHT
    spaces = rig.host.grade_spaces()
    assert spaces[0] == "ACEScct"
    for space in spaces if kind == "cdl" else spaces[1:]:
        if kind == "cdl":
            numbers = {"power": [1.05, 1.0, 0.95], "working_space": space}
            data = {**CDL, **numbers}
        else:
            data = {**ONE_OF_EACH["grade"], "offset": [0.02, 0.0, -0.01], "working_space": space}
        item = rig.rendered({1001: light}, plate(last=1001, width=len(LIGHT), height=4))
        (ref,) = place(rig, data, item.ref)
        got = rendered(rig, ref, tmp_path / f"{kind} {len(list(tmp_path.iterdir()))}")
        transform = cdl_transform(data) if kind == "cdl" else grade_transform(data)
        wanted = through_ocio(light[..., :3], transform, space)
        apart = np.abs(got[..., :3] - wanted) / np.maximum(np.abs(wanted), 1.0)
        with FACTS.open("a") as told:
            told.write(f"{bpy.app.version_string} {kind} in {space}: {apart.max():.1e}\n")
        assert apart.max() < 1e-3, (space, apart.max())
        assert np.array_equal(got[..., 3], light[..., 3])


def test_a_placed_match_is_what_the_cores_frames_show(rig, session, core, tmp_path):
    shots = {}
    for name, take in (("source", "shot_b"), ("reference", "hero")):
        files_of = Path(__file__).parents[2] / "resources/sample" / take
        frames = FrameSet(str(files_of / f"{take}.%04d.exr"), 1001, 1002, space="ACEScg")
        shots[name] = rig.on_disk(frames)
    run = session(core).run("match", {}, shots, write_frames=True).wait()
    stood = {a.kind: a for a in run.answers if a.status == "done"}
    assert {"cdl", "frames"} <= stood.keys()
    after = {"live": stood["cdl"].items[0]}  # what shows files is computed by a node behind it
    for name, ref in (("made", stood["frames"].items[0]), ("plate", shots["source"].ref)):
        (after[name],) = place(rig, NEUTRAL, ref)
    live, made, plate = (rendered(rig, ref, tmp_path / name) for name, ref in after.items())
    assert np.abs(made - plate).max() > 0.1
    apart = np.abs(live - made)[..., :3] / np.maximum(np.abs(made[..., :3]), 1.0)
    with FACTS.open("a") as told:
        most = np.percentile(apart, 99.9)
        told.write(f"{bpy.app.version_string} match, frames: {most:.1e}, {apart.max():.1e}\n")
    assert most < 1e-3
    # the frames are half in ACEScg: half an ulp, 2 ** -11, grows twofold on its way to Rec. 709
    assert apart.max() < 2e-3


@pytest.mark.skipif(not hasattr(bpy.data, "colorspace"), reason="from 5.0 on")
def test_a_grade_is_exact_in_another_working_space_too(rig, tmp_path):
    bpy.ops.wm.set_working_color_space(working_space="ACEScg", convert_colors=False)
    assert rig.host.context().space == "ACEScg"
    assert rig.host.grade_spaces() == ("ACEScct", "ACEScg")
    test_a_placed_grade_is_what_opencolorio_makes_of_it(rig, tmp_path, "cdl")
    bpy.ops.wm.set_working_color_space(working_space="Linear Rec.709", convert_colors=False)


def test_a_neutral_cdl_changes_nothing_to_speak_of(rig, tmp_path):
    item = shot(rig)
    (ref,) = place(rig, NEUTRAL, item.ref)
    got = rendered(rig, ref, tmp_path / "look")
    np.testing.assert_allclose(got, picture(1001), rtol=1e-5, atol=1e-5)


def test_a_grade_stands_below_the_plate_in_a_labelled_frame(rig):
    item = shot(rig)
    node = things.find(item.ref)
    node.location = (300, 200)
    refs = [place(rig, CDL, item.ref)[0] for _ in range(2)]
    first, second = (things.find(ref) for ref in refs)
    assert first.parent.label == second.parent.label == "match v001"
    assert compat.place_of(first)[1] < 200
    assert compat.place_of(second)[1] < compat.place_of(first)[1]
    assert first.node_tree == second.node_tree
    assert [link.from_node.name for link in first.inputs["Image"].links] == [node.name]
    assert not [link for socket in first.outputs for link in socket.links]


def test_numbers_stay_with_each_node(rig):
    refs = [place(rig, CDL | {"saturation": s})[0] for s in (0.5, 1.5)]
    assert [rig.data(ref)["saturation"] for ref in refs] == [0.5, 1.5]


def test_without_a_compositor_the_scene_shows_what_it_did(rig):
    scene = bpy.context.scene
    if compat.FIVE:
        scene.compositing_node_group = None
    else:
        scene = bpy.data.scenes.new("bare")
        bpy.context.window.scene = scene
    first, second = place(rig, CDL), place(rig, CDL)
    assert first != second
    assert "uses no compositor" in rig.said()[0][1]
    if compat.FIVE:
        assert scene.compositing_node_group is None
    else:
        assert not scene.use_nodes
    assert {things.find(r).id_data.as_pointer() for r in first + second} == {
        things.find(first[0]).id_data.as_pointer()
    }


def test_the_spaces_names_mean_the_same_numbers():
    (path,) = Path(bpy.utils.resource_path("LOCAL")).rglob("colormanagement/config.ocio")
    theirs = ocio.Config.CreateFromFile(str(path))
    cores = ocio.Config.CreateFromFile(CORES_CONFIG)
    code = np.array([[0.1, 0.4, 0.7], [0.5, 0.5, 0.5], [0.9, 0.2, 0.05]], np.float32)
    known = [name for name in colour.spaces() if colour.NAMES.get(name, "Raw") != "Raw"]
    assert {"sRGB", "ACEScg", colour.working()} <= {*known}
    for name in known:
        said = []
        for config, space in ((theirs, name), (cores, colour.NAMES[name])):
            move = ocio.ColorSpaceTransform(src=space, dst="ACES2065-1")
            out = code.copy()
            config.getProcessor(move).getDefaultCPUProcessor().applyRGB(out)
            said.append(out)
        # the older config rounds its matrices
        np.testing.assert_allclose(*said, atol=3e-3, err_msg=name)


# --- results as what the source is -----------------------------------------------------------


def test_frames_of_a_strip_stand_above_it_at_its_frames(rig, tmp_path):
    strip = strip_of(rig, sequence(tmp_path / "plates"))
    busy = strip_of(rig, sequence(tmp_path / "busy"), channel=4)
    result = sequence(tmp_path / "match", (1001, 1003), "match")
    before = rig.snapshot()
    data = {"kind": "frames", "pattern": result.pattern, "first": 1001, "last": 1003}
    data |= {"frames_missing": [1002], "colorspace": {"name": "ACEScg"}}
    (ref,) = place(rig, data, things.ref(strip))
    made = things.find(ref)
    assert kept(before, rig.snapshot())
    assert made.channel == 5
    assert busy.channel == 4
    assert (made.frame_final_start, made.frame_final_end) == (11, 14)
    assert [e.filename for e in made.elements] == [f"match.{n}.exr" for n in (1001, 1002, 1003)]
    assert colour.cores(made.colorspace_settings.name) == "ACEScg"


def test_a_look_for_a_strip_comes_as_frames_by_itself(rig, session, tmp_path):
    strip = strip_of(rig, sequence(tmp_path / "plates"))
    item = Item(things.ref(strip), "clip", strip.name)
    run = session().run("small", {"results": [CDL]}, {"source": item}).wait()
    assert run.answers[0].became == "frames"
    made = things.find(run.answers[0].items[0])
    assert (made.frame_final_start, made.frame_final_end, made.channel) == (11, 14, 4)
    assert made.elements[0].filename == "sc010_small_v001.1001.exr"


@pytest.mark.parametrize("kind", ["cdl", "grade", "stmap", "corner_pin"])
def test_the_sequencer_has_no_nodes(rig, tmp_path, kind):
    strip = things.ref(strip_of(rig, sequence(tmp_path / "plates")))
    results = [ONE_OF_EACH[kind], ONE_OF_EACH["frames"]]
    before = rig.snapshot()
    planned = rig.host.plan(results, strip)
    answers = rig.host.apply(results, strip, "match v001")
    assert [a.became for a in answers] == [p.became for p in planned]
    assert answers[0].became == ("" if kind == "corner_pin" else "frames")
    assert "the sequencer has no place for it" in answers[0].why
    assert kept(before, rig.snapshot())


def test_a_matte_by_a_strip_is_muted_data(rig, tmp_path):
    strip = strip_of(rig, sequence(tmp_path / "plates"))
    made = things.find(place(rig, ONE_OF_EACH["matte"], things.ref(strip))[0])
    assert made.mute
    assert made.colorspace_settings.is_data


def test_frames_of_a_clip_are_a_clip_at_its_frames(rig, tmp_path):
    clip = clip_of(sequence(tmp_path / "plates"))
    clip.frame_start = 11
    result = sequence(tmp_path / "match", (1002, 1003), "match")
    data = {"kind": "frames", "pattern": result.pattern, "first": 1002, "last": 1003}
    made = things.find(place(rig, data, things.ref(clip))[0])
    assert isinstance(made, bpy.types.MovieClip)
    assert files.span(made) == (1002, 1003, -990)


def test_frames_of_a_node_show_at_its_frames(rig, tmp_path):
    node = rig.image_node(sequence(tmp_path / "plates"), "shifted")
    node.frame_start = 11
    (ref,) = place(rig, ONE_OF_EACH["frames"], things.ref(node))
    assert files.span(things.find(ref)) == files.span(node) == (1001, 1003, -990)


def test_frames_of_an_image_are_an_image_that_is_kept(rig, tmp_path):
    image = image_of(sequence(tmp_path / "plates"))
    data = ONE_OF_EACH["frames"] | {"colorspace": {"name": "ACES2065-1"}}
    made = things.find(place(rig, data, things.ref(image))[0])
    assert made.source == "SEQUENCE"
    assert made.use_fake_user
    assert colour.cores(made.colorspace_settings.name) == "ACES2065-1"
    node = things.find(place(rig, data, shot(rig).ref)[0])
    assert node.image.colorspace_settings.name == made.colorspace_settings.name
    matte = things.find(place(rig, ONE_OF_EACH["matte"], things.ref(image))[0])
    assert matte.colorspace_settings.is_data


@pytest.mark.parametrize("relative", [True, False])
def test_paths_are_kept_as_the_preferences_say(rig, tmp_path, monkeypatch, relative):
    monkeypatch.setattr(bpy.context.preferences.filepaths, "use_relative_paths", relative)
    frames = sequence(tmp_path / "plates")
    for thing in (image_of(frames), clip_of(frames), strip_of(rig, frames)):
        made = things.find(place(rig, ONE_OF_EACH["frames"], things.ref(thing))[0])
        kept_as = made.directory if things.is_strip(made) else made.filepath
        assert kept_as.startswith("//") == relative
        assert os.path.isfile(files.own(made).path(1001))


def test_a_matte_becomes_the_alpha(rig, tmp_path):
    matte = sequence(tmp_path / "m", (1001,), "m", lambda n: np.full((12, 20, 4), 0.25, "f4"))
    data = {"kind": "matte", "pattern": matte.path(1001), "first": 1001, "last": 1001}
    (ref,) = place(rig, data | {"name": "person"}, shot(rig).ref)
    got = rendered(rig, ref, tmp_path / "look")
    np.testing.assert_allclose(got[..., 3], 0.25)
    np.testing.assert_allclose(got[..., :3], picture(1001)[..., :3], rtol=1e-6)


def test_an_stmap_of_centres_is_the_plate(rig, tmp_path):
    def chart(number):
        y, x = np.mgrid[12:0:-1, 0:20]
        chart = np.zeros((12, 20, 4), np.float32)
        chart[..., 0], chart[..., 1], chart[..., 3] = (x + 0.5) / 20, (y - 0.5) / 12, 1
        if number == 1002:  # two pixels from the right, one from below
            chart[..., 0] += 2 / 20
            chart[..., 1] -= 1 / 12
        return chart

    charts = sequence(tmp_path / "map", (1001, 1002), "map", chart)
    data = {"kind": "stmap", "pattern": charts.pattern, "first": 1001, "last": 1002}
    flat = {n: np.clip(picture(n), 0, 2) for n in (1001, 1002)}
    item = rig.rendered(flat, plate(last=1002))
    (ref,) = place(rig, data, item.ref)
    same = rendered(rig, ref, tmp_path / "same")
    np.testing.assert_allclose(same[1:-1, 1:-1], flat[1001][1:-1, 1:-1], atol=2e-4)
    moved = rendered(rig, ref, tmp_path / "moved", 1002)
    np.testing.assert_allclose(moved[1:-2, 1:-3], flat[1002][2:-1, 3:-1], atol=2e-4)


def test_a_mask_covers_what_its_points_say(rig, tmp_path):
    square = [[4, 2], [12, 2], [12, 8], [4, 8]]
    keys = [
        {"frame": n, "points": [[x + m, y, 0, 0, 0, 0] for x, y in square]}
        for n, m in ((1001, 0), (1003, 4))
    ]
    later = {"name": "later", "closed": True, "keys": keys[1:]}
    shapes = [{"name": "box", "closed": True, "keys": keys}, later]
    item = shot(rig)
    rig.scene.frame_set(7)
    (ref,) = place(rig, {"kind": "roto", "name": "hand", "shapes": shapes[:1]}, item.ref)
    assert rig.scene.frame_current == 7
    mask = things.find(ref)
    rig.scene.render.resolution_x, rig.scene.render.resolution_y = 20, 12
    node = rig.tree.nodes.new("CompositorNodeMask")
    node.mask = mask
    show = rig.tree.nodes.new("CompositorNodeSetAlpha")
    rig.tree.links.new(node.outputs[0], show.inputs["Image"])
    for number, left in ((1001, 4), (1002, 6), (1003, 8)):
        got = rendered(rig, things.ref(show), tmp_path / str(number), number)[..., 0]
        wanted = np.zeros((12, 20))
        wanted[4:10, left : left + 8] = 1
        assert np.abs(got - wanted).max() < 0.1, (number, got.round(1))
    (both,) = place(rig, {"kind": "roto", "name": "two", "shapes": shapes}, item.ref)
    assert [layer.name for layer in things.find(both).layers] == ["box", "later"]


def test_a_camera_looks_where_the_result_says(rig):
    turned = [0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 2.0, -1.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 1.0]
    straight = [1.0, 0, 0, 1.0, 0, 1.0, 0, 2.0, 0, 0, 1.0, 5.0, 0, 0, 0, 1.0]
    keys = [
        {"frame": 1001, "matrix": turned, "focal": 35.0},
        {"frame": 1005, "matrix": straight, "focal": 50.0},
    ]
    data = {"kind": "camera", "haperture": 24.892, "vaperture": 18.669, "frames": keys}
    made = things.find(place(rig, data)[0])
    assert round(made.data.sensor_width, 3) == 24.892
    assert round(made.data.sensor_height, 3) == 18.669
    for number, at, look, lens in (
        (1001, (1, -3, 2), (-1, 0, 0), 35.0),  # y up: it looks along -x from (1, 2, 3)
        (1005, (1, -5, 2), (0, 1, 0), 50.0),
    ):
        rig.scene.frame_set(number)
        world = made.matrix_world
        np.testing.assert_allclose(world.translation, at, atol=1e-5)
        np.testing.assert_allclose([-row[2] for row in world][:3], look, atol=1e-5)
        assert made.data.lens == lens
    rig.scene.frame_set(1002)
    np.testing.assert_allclose(made.matrix_world.translation, (1, -3.5, 2), atol=1e-5)


def test_markers_say_what_they_are(rig, tmp_path):
    at = things.ref(strip_of(rig, sequence(tmp_path / "plates")))
    marks = [Marker(1002, "flicker", "problem", 3), Marker(1003, "ok")]
    assert rig.host.add_markers(at, marks) == 2
    found = {m.name: m.frame for m in rig.scene.timeline_markers}
    assert found == {"theirs": 5, "problem: flicker (3 frames)": 12, "note: ok": 13}
    row = {"frame": 1001, "length": 2, "kind": "rebuilt", "text": "from 1000 and 1003"}
    rows = {"kind": "markers", "markers": [row, {**row, "frame": 1005, "text": "dust, " * 12}]}
    assert place(rig, rows, at)[1].endswith(f":rebuilt: {'dust, ' * 6}dust\u2026 (2 frames)")
    assert rig.scene.timeline_markers["rebuilt: from 1000 and 1003 (2 frames)"].frame == 11


def test_a_note_can_be_read_in_the_compositor(rig):
    (ref,) = place(rig, ONE_OF_EACH["note"], shot(rig).ref)
    text = things.find(ref)
    assert text.as_string() == ONE_OF_EACH["note"]["text"]
    assert [n.text for n in rig.tree.nodes if n.bl_idname == "NodeFrame" and n.text] == [text]


KEPT = ("cdl", "frames", "matte", "stmap", "corner_pin", "roto", "camera", "markers", "note")

# --- what stays ------------------------------------------------------------------------------


def test_tags_outlive_saving(rig, tmp_path):
    frames = sequence(tmp_path / "plates")
    strip = strip_of(rig, frames)
    near = {"frames": things.ref(strip), "tracks": things.ref(clip_of(frames))}
    kinds = ("cdl", "frames", "roto", "tracks", "markers", "camera", "note")
    for kind in kinds:
        rig.host.apply([ONE_OF_EACH[kind]], near.get(kind, ""), "match v001", "r1")
    rig.host.apply([ONE_OF_EACH["markers"]], near["frames"], "match v001", "r2")
    before = rig.host.tagged("answerprint")
    assert len(before) == len(kinds) + 1
    assert {told["kind"] for told in before.values()} == {*kinds}
    path = str(tmp_path / "kept.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert rig.host.tagged("answerprint") == before


def test_what_fails_half_way_leaves_nothing(rig):
    item = shot(rig)
    before = rig.snapshot()
    blocks = {n: len(b()) for n, b in collections()}

    def half():
        with rig.host.undo_group("match"):
            for kind in KEPT:
                rig.host.apply([ONE_OF_EACH[kind]], item.ref, "match")
            assert len(rig.snapshot()) > len(before) + 7
            raise RuntimeError("no luck")

    with pytest.raises(RuntimeError, match="no luck"):
        half()
    assert rig.snapshot() == before
    left = {n: len(b()) - blocks[n] for n, b in collections()}
    assert not {n: more for n, more in left.items() if more}
    assert len(rig.tree.nodes) == 3  # theirs, rendered and its source


def test_items_are_what_can_be_an_input(rig, tmp_path):
    frames = sequence(tmp_path / "plates")
    strip, clip, image = strip_of(rig, frames), clip_of(frames), image_of(frames)
    node = rig.image_node(frames, "on disk")
    there = {item.ref for item in rig.host.items()}
    assert {things.ref(each) for each in (strip, clip, image, node)} <= there
    assert "mask:theirs" not in there
    for each in (*rig.tree.nodes, *compat.strips(rig.scene)):
        each.select = each in (node, strip)
    assert [i.ref for i in rig.host.selection()] == [things.ref(node)]
    node.select = False
    assert [i.ref for i in rig.host.selection()] == [things.ref(strip)]


def test_frames_in_a_space_nobody_knows_are_refused(rig, tmp_path):
    frames = replace(sequence(tmp_path / "x"), space="Somebody's own Log")
    with pytest.raises(WireError, match=re.escape("no 'Somebody's own Log'")):
        rig.host.import_frames(frames, "", "")
    told = {"kind": "frames", "pattern": str(tmp_path / "none.%04d.exr"), "first": 1, "last": 2}
    (answer,) = rig.host.apply([told])
    assert answer.status == "refused"
    assert "none of its files" in answer.why


def test_a_result_that_fails_in_the_making_takes_nothing_along(rig, monkeypatch):
    def refuse(*_):
        raise CannotPlace("not today")

    monkeypatch.setattr(motion, "corner_pin", refuse)
    results = [ONE_OF_EACH["corner_pin"], ONE_OF_EACH["note"], ONE_OF_EACH["stmap"]]
    answers = rig.host.apply(results, shot(rig).ref, "match v001")
    assert "not today" in answers[0].why
    assert answers[2].status == "done"
    node = things.find(answers[2].items[0])
    assert node.parent.label == "match v001"
    assert not [n for n in rig.tree.nodes if n.bl_idname == "CompositorNodeCornerPin"]
