"""Results as their source stands: strips as it is shown, stills as stills, and nothing left."""

import json

import bpy
import numpy as np
import OpenImageIO as oiio
import pytest
from blender_scenes import collections, flat, image_of, place, rendered, sequence, strip_of
from scenes import CDL, ONE_OF_EACH, kept, picture, shot

from answerprint_blender import colour, compat, exr_header, files, grades, render, things
from answerprint_bridge.host import ExportSpec


def frames_of(told, **more):
    data = {"kind": "frames", "pattern": told.pattern, "first": told.first, "last": told.last}
    return data | {"colorspace": {"name": told.space}} | more


# --- strips ----------------------------------------------------------------------------------


def changed(strip):
    strip.transform.scale_x = strip.transform.scale_y = 0.5
    strip.transform.offset_x, strip.transform.rotation = 3, 0.25
    strip.crop.min_x, strip.use_flip_x = 4, True
    strip.blend_type, strip.blend_alpha = "ADD", 0.5
    return strip


def shown_as(strip):
    parts = (strip.transform, strip.crop)
    rows = [getattr(p, r.identifier) for p in parts for r in p.bl_rna.properties]
    rows = [tuple(r) if hasattr(r, "__len__") and not isinstance(r, str) else r for r in rows]
    plain = [r for r in rows if isinstance(r, (int, float, str, bool, tuple))]
    return plain, strip.use_flip_x, strip.use_flip_y, strip.blend_type, strip.blend_alpha


def test_a_strips_result_lies_on_it(rig, tmp_path):
    source = sequence(tmp_path / "plates", make=flat(0.2))
    strip = changed(strip_of(rig, source))
    result = sequence(tmp_path / "match", name="match", make=flat(0.5))
    made = things.find(place(rig, frames_of(result), things.ref(strip))[0])
    assert shown_as(made) == shown_as(strip)
    assert made.transform.scale_x == 0.5


def test_a_scene_with_an_unchanged_result_looks_as_before(rig, tmp_path):
    frames = sequence(tmp_path / "plates", make=lambda n: np.clip(picture(n), 0, 1))
    strip = strip_of(rig, frames, at=1001)
    strip.transform.scale_x = strip.transform.scale_y = 0.5
    strip.transform.offset_x, strip.use_flip_x = 3, True
    colour.put(strip.colorspace_settings, colour.working())
    rig.scene.sequencer_colorspace_settings.name = colour.working()
    made = things.find(place(rig, frames_of(frames), things.ref(strip))[0])
    settings = rig.scene.render
    settings.resolution_x, settings.resolution_y, settings.use_sequencer = 20, 12, True
    compat.exr(settings.image_settings, 32)
    if compat.FIVE:
        bpy.context.workspace.sequencer_scene = rig.scene  # 5.0 crashes without
    seen = []
    for made.mute in (True, False):
        path = str(tmp_path / f"seen {made.mute}.exr")
        render._one(rig.scene, 1002, path)
        seen.append(oiio.ImageBuf(path).get_pixels("float"))
    assert np.ptp(seen[0][..., :3]) > 0.2
    np.testing.assert_allclose(*seen, atol=1e-4)


def test_what_was_taken_as_graded_lies_as_it_was_shown(rig, tmp_path):
    strip = changed(strip_of(rig, sequence(tmp_path / "plates", make=flat(0.2))))
    result = sequence(tmp_path / "match", name="match", make=flat(0.5))
    (tmp_path / "match" / "request.json").write_text(json.dumps({"graded": True}))
    made = things.find(place(rig, frames_of(result), things.ref(strip))[0])
    assert (made.transform.scale_x, made.crop.min_x, made.use_flip_x) == (1.0, 0, False)


def test_a_session_says_that_frames_were_taken_as_graded(rig, session, tmp_path):
    strip = changed(strip_of(rig, sequence(tmp_path / "plates")))
    rig.scene.render.resolution_x, rig.scene.render.resolution_y = 20, 12
    if compat.FIVE:
        bpy.context.workspace.sequencer_scene = rig.scene  # 5.0 crashes without
    item = next(each for each in rig.host.items() if each.ref == things.ref(strip))
    for graded, scale in ((True, 1.0), (False, 0.5)):
        more = {"graded": graded, "write_frames": True}
        run = session().run("small", {"results": [CDL]}, {"source": item}, **more).wait()
        (ref,) = next(a.items for a in run.answers if a.items)
        assert things.find(ref).transform.scale_x == scale


@pytest.mark.parametrize("muted", [False, True])
def test_a_strip_in_a_meta_has_its_result_above_the_meta(rig, tmp_path, muted):
    strip = strip_of(rig, sequence(tmp_path / "plates"), channel=1)
    inner = compat.top_strips(rig.scene).new_meta("inner", 2, 11)
    strip.move_to_meta(inner)
    outer = compat.top_strips(rig.scene).new_meta("outer", 5, 11)
    inner.move_to_meta(outer)
    outer.mute = muted
    result = sequence(tmp_path / "match", name="match")
    made = things.find(place(rig, frames_of(result), things.ref(strip))[0])
    assert made.channel == 6
    assert made.name in compat.top_strips(rig.scene)


def test_strips_inside_metas_take_no_channel(rig, tmp_path):
    inside = strip_of(rig, sequence(tmp_path / "busy"), channel=4)
    inside.move_to_meta(compat.top_strips(rig.scene).new_meta("meta", 1, 11))
    inside.channel = 4
    strip = strip_of(rig, sequence(tmp_path / "plates"), channel=3)
    result = sequence(tmp_path / "match", name="match")
    assert things.find(place(rig, frames_of(result), things.ref(strip))[0]).channel == 4


# --- stills ----------------------------------------------------------------------------------


def still_node(rig, folder, make=picture):
    node = rig.tree.nodes.new("CompositorNodeImage")
    node.image = image_of(sequence(folder, (1001,), "still", make))
    return node


@pytest.mark.parametrize("at", [1, 1001])
def test_the_result_of_a_still_is_there_at_every_frame(rig, tmp_path, at):
    source = still_node(rig, tmp_path / "still", flat(0.2))
    result = sequence(tmp_path / "match", (1001,), "match", flat(0.5))
    (ref,) = place(rig, frames_of(result), things.ref(source))
    node = things.find(ref)
    assert node.image.source == "FILE"
    (after,) = place(rig, ONE_OF_EACH["grade"] | {"gain": [1] * 3, "offset": [0] * 3}, ref)
    keep = things.find(after).node_tree  # a grade that moves makes it a thing of the timeline
    keep.animation_data_create()
    things.find(after).inputs["Gain"].keyframe_insert("default_value", frame=1)
    rig.scene.frame_start, rig.scene.frame_end = 1, 1001
    got = rendered(rig, after, tmp_path / "look", at)
    np.testing.assert_allclose(got[..., :3], 0.5, rtol=1e-3)


def test_pictures_for_a_still_are_stills(rig, tmp_path):
    source = still_node(rig, tmp_path / "still")
    one = sequence(tmp_path / "one", (1001,), "one")
    for kind in ("frames", "matte", "stmap"):
        data = frames_of(one, kind=kind, name="person")
        before = set(bpy.data.images)
        place(rig, data, things.ref(source))
        place(rig, data, things.ref(source.image))
        made = set(bpy.data.images) - before
        assert {i.source for i in made} == {"FILE"}, kind
    moving = rig.image_node(sequence(tmp_path / "plates"), "moving")
    made = things.find(place(rig, frames_of(one), things.ref(moving))[0])
    assert made.image.source == "SEQUENCE"  # one frame of it, and only there


# --- the compositor --------------------------------------------------------------------------


@pytest.mark.skipif(not compat.FIVE, reason="compositors are data-blocks from 5.0 on")
def test_a_compositor_that_a_scene_shows_is_not_another_scenes(rig):
    rig.scene.compositing_node_group = None
    (ref,) = place(rig, CDL)
    taken = things.find(ref).id_data
    rig.scene.compositing_node_group = taken  # as the message says
    bpy.context.window.scene = bpy.data.scenes.new("B")
    (other,) = place(rig, CDL)
    assert things.find(other).id_data != taken


def multilayer(path, names, light):
    spec = oiio.ImageSpec(20, 12, len(names), "half")
    spec.channelnames = names
    picture = oiio.ImageBuf(spec)
    picture.set_pixels(picture.roi, np.broadcast_to(np.float32(light), (12, 20, len(names))))
    assert picture.write(str(path)), picture.geterror()
    return bpy.data.images.load(str(path))


def rgba(*layers):
    return [f"{layer}.{c}" if layer else c for layer in layers for c in "RGBA"]


LAYERS = [
    *((rgba("VL.Combined", "Fg.Combined"), True), (rgba("VL.Combined", "VL.Diff"), True)),
    *((rgba("", "VL.Diff"), True), ([*rgba("VL.Combined"), "VL.Depth.Z"], False)),
    *(([*rgba(""), "depth.Z"], False), (rgba("", "spec"), False), (rgba(""), False)),
]


@pytest.mark.parametrize(("names", "computed"), LAYERS)
def test_a_file_of_many_layers_is_taken_as_blender_shows_it(rig, tmp_path, names, computed):
    image = multilayer(tmp_path / "plate.1001.exr", names, 0.5)
    node = rig.tree.nodes.new("CompositorNodeImage")
    node.image = image
    for thing in (node, image):
        told = rig.host.describe(things.ref(thing))
        assert (told.file == "") == computed
        assert (told.width, told.height) == (20, 12)


def test_parts_of_a_file_are_layers(rig, tmp_path):
    parts = [oiio.ImageSpec(20, 12, 4, "half") for _ in range(2)]
    for spec, name in zip(parts, ("VL.Combined", "Fg.Combined"), strict=True):
        spec.attribute("oiio:subimagename", name)
    path = str(tmp_path / "parts.exr")
    out = oiio.ImageOutput.create(path)
    assert out.open(path, parts)
    for number, spec in enumerate(parts):
        if number:
            assert out.open(path, spec, "AppendSubimage")
        assert out.write_image(np.full((12, 20, 4), 0.5, np.float32))
    out.close()
    assert rig.host.describe(things.ref(bpy.data.images.load(path))).file == ""
    (tmp_path / "none.exr").write_bytes(exr_header.MAGIC + b"\2\0\0\0name\0string\0\xff\xff")
    assert not exr_header.layered(str(tmp_path / "none.exr"))
    assert exr_header.size(str(tmp_path / "none.exr")) == (0, 0)


def test_the_layer_that_a_node_shows_is_what_is_taken(rig, tmp_path):
    names = rgba("VL.Combined", "Fg.Combined")
    node = rig.tree.nodes.new("CompositorNodeImage")
    node.image = multilayer(tmp_path / "plate.1001.exr", names, [0.1] * 3 + [1] + [0.7] * 3 + [1])
    node.image.colorspace_settings.name = colour.working()
    for layer, light in (("Fg", 0.7), ("VL", 0.1)):
        node.layer = layer
        got = rendered(rig, things.ref(node), tmp_path / layer)
        np.testing.assert_allclose(got[..., :3], light, rtol=1e-3)


# --- groups ----------------------------------------------------------------------------------


def test_a_cancelled_placing_leaves_no_group(rig):
    item = shot(rig)
    before = rig.snapshot(), {n: len(b()) for n, b in collections()}

    def cancelled():
        with rig.host.undo_group("match"):
            for _ in range(2):
                place(rig, CDL, item.ref)
            place(rig, ONE_OF_EACH["grade"], item.ref)
            raise RuntimeError("no luck")

    with pytest.raises(RuntimeError, match="no luck"):
        cancelled()
    assert (rig.snapshot(), {n: len(b()) for n, b in collections()}) == before


def change_a_number(group):
    next(n for n in group.nodes if n.bl_idname == compat.MATH).inputs[1].default_value = 0.5


def mute(group):
    next(n for n in group.nodes if n.bl_idname == compat.MATH).mute = True


def operate(group):
    next(n for n in group.nodes if n.bl_idname == compat.MATH).operation = "SUBTRACT"


def unlink(group):
    group.links.remove(group.links[-1])


@pytest.mark.parametrize("change", [change_a_number, mute, operate, unlink])
def test_a_group_that_was_changed_is_not_taken_again(rig, change):
    (one,), (two,) = place(rig, CDL), place(rig, CDL)
    group = things.find(one).node_tree
    assert things.find(two).node_tree == group
    group.nodes[0].location = (5, 5)  # changes nothing that counts
    assert grades.group("cdl", CDL["working_space"], [].append) == group
    change(group)
    other = things.find(place(rig, CDL)[0]).node_tree
    assert other != group
    assert things.find(place(rig, CDL)[0]).node_tree == other


def test_a_group_is_the_same_after_saving(rig, tmp_path):
    name = things.find(place(rig, CDL)[0]).node_tree.name
    path = str(tmp_path / "kept.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert grades.group("cdl", CDL["working_space"], [].append).name == name


# --- exports ---------------------------------------------------------------------------------


def test_what_the_artists_handlers_make_stays(rig, tmp_path):
    def handler(*_):
        if "contact sheet" not in bpy.data.images:
            bpy.data.images.new("contact sheet", 4, 4).use_fake_user = True

    bpy.app.handlers.render_post.append(handler)
    try:
        item = shot(rig)
        before = {n: {b.name for b in blocks()} for n, blocks in collections()}
        rendered(rig, item.ref, tmp_path / "out")
    finally:
        bpy.app.handlers.render_post.remove(handler)
    after = {n: {b.name for b in blocks()} for n, blocks in collections()}
    assert after == before | {"images": before["images"] | {"contact sheet"}}


def test_the_last_render_has_its_own_size(rig, tmp_path):
    render = rig.scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = 40, 24, 50
    bpy.ops.render.render()
    render.resolution_percentage = 100
    before = rig.snapshot()
    told = rig.host.describe("image:Render Result")
    assert (told.width, told.height) == (20, 12)
    (tmp_path / "out").mkdir()
    spec = ExportSpec(str(tmp_path / "out"), "out")
    with rig.host.progress("out") as progress:
        frames = rig.host.export_frames("image:Render Result", spec, progress)
    assert (frames.width, frames.height, frames.display) == (20, 12, (0, 0, 20, 12))
    assert rig.snapshot() == before


@pytest.mark.parametrize("name", ["pl%d a", "100%04d b", "pl%d"])
def test_a_percent_in_a_files_own_name_is_no_number(rig, tmp_path, name):
    frames = sequence(tmp_path / "odd", (1001, 1002), name)
    image = bpy.data.images.load(frames.path(1001))
    image.source = "SEQUENCE"
    assert files.span(image) == (1001, 1002, 0)
    own = files.own(image)
    assert own is not None
    assert own.path(1002) == frames.path(1002)


def test_the_rig_sees_groups_that_nobody_uses(rig):
    before = rig.snapshot()
    left = compat.new_group("left", [("Image", "NodeSocketColor")])
    left[compat.GROUP] = "left"
    assert rig.snapshot() != before
    bpy.data.node_groups.remove(left)
    assert kept(before, rig.snapshot())
