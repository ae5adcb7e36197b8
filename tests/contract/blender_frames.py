"""Frames out of Blender: files in place, what is rendered, and that nothing else changes."""

import subprocess
from pathlib import Path

import bpy
import numpy as np
import OpenImageIO as oiio
import pytest
from blender_rig import write
from blender_scenes import clip_of, collections, flat, image_of, rendered, sequence, strip_of
from scenes import export, picture, shot

from answerprint_blender import colour, compat, files, things
from answerprint_bridge.host import ExportSpec
from answerprint_bridge.messages import CANCELLED, WireError


def test_files_are_used_in_place_by_their_own_numbers(rig, tmp_path):
    frames = sequence(tmp_path / "plates 映")
    image, clip, strip = image_of(frames), clip_of(frames), strip_of(rig, frames)
    clip.frame_start = 11
    for thing in (image, clip, strip):
        told = rig.host.describe(things.ref(thing))
        assert told.file == frames.pattern, thing
        assert (told.first, told.last, told.width, told.height) == (1001, 1003, 20, 12)
        assert told.space == frames.space
    assert [files.span(each).shift for each in (image, clip, strip)] == [0, -990, -990]


def test_a_trimmed_strip_is_its_part(rig, tmp_path):
    strip = strip_of(rig, sequence(tmp_path / "plates"))
    strip.frame_offset_start = strip.frame_offset_end = 1
    told = rig.host.describe(things.ref(strip))
    assert (told.first, told.last, told.handles) == (1002, 1002, (1, 1))
    assert strip.frame_final_start == 12


@pytest.mark.parametrize("how", ["packed", "unknown space", "generated", "muted", "graded"])
def test_what_files_do_not_show_is_rendered(rig, tmp_path, how):
    frames = sequence(tmp_path / "plates", (1001,), make=lambda n: np.clip(picture(n), 0, 1))
    thing = image = image_of(frames)
    rig.scene.render.resolution_x, rig.scene.render.resolution_y = 20, 12
    if how == "packed":
        image.pack()
    elif how == "unknown space":
        image.colorspace_settings.name = next(n for n in colour.spaces() if "Filmic" in n)
    elif how == "generated":
        thing = bpy.data.images.new("made", 20, 12, float_buffer=True)
        thing.pixels.foreach_set(np.flipud(picture(7)).ravel())
    elif how == "muted":
        thing = rig.image_node(frames, "muted")
        thing.mute = True
    else:
        thing = strip_of(rig, frames)
    spec = ExportSpec(str(tmp_path), "out", bits=32, graded=how == "graded")
    with rig.host.progress("out") as progress:
        told = rig.host.export_frames(things.ref(thing), spec, progress)
    assert told.pattern == f"{tmp_path}/out.%04d.exr"
    assert told.space == colour.cores(colour.working())
    got = oiio.ImageBuf(told.path(told.first)).get_pixels("float")
    if how == "generated":
        np.testing.assert_allclose(got, picture(7), rtol=1e-6)
    if how in ("packed", "graded"):  # the sequencer's own sRGB is not exact
        np.testing.assert_allclose(got, np.clip(picture(1001), 0, 1), rtol=1e-4, atol=1e-6)


def test_a_graded_strip_is_written_through_its_modifiers_alone(rig, tmp_path):
    rig.scene.sequencer_colorspace_settings.name = colour.working()
    rig.scene.render.resolution_x, rig.scene.render.resolution_y = 40, 12
    strip = strip_of(rig, sequence(tmp_path / "plates"))
    strip_of(rig, sequence(tmp_path / "other", make=flat(5)), channel=5)
    if compat.FIVE:
        bpy.context.workspace.sequencer_scene = rig.scene  # 5.0 crashes without
    strip.color_multiply = 0.5
    before = rig.snapshot()
    (tmp_path / "out").mkdir()
    spec = ExportSpec(str(tmp_path / "out"), "out", bits=32, graded=True)
    with rig.host.progress("out") as progress:
        told = rig.host.export_frames(things.ref(strip), spec, progress)
    assert (told.first, told.last) == (1001, 1003)
    assert rig.snapshot() == before
    assert told.width == 40  # as the scene shows it: in the middle
    for number in (1001, 1003):
        got = oiio.ImageBuf(told.path(number)).get_pixels("float")[:, 10:30]
        np.testing.assert_allclose(got[..., :3], picture(number)[..., :3] / 2, rtol=1e-5)


def test_an_export_leaves_no_trace_in_the_file(rig, tmp_path):
    item = shot(rig)
    out = rig.tree.nodes.new("CompositorNodeOutputFile")
    if compat.FIVE:
        out.directory = str(tmp_path / "theirs")
        out.file_output_items.new("RGBA", "x")
    else:
        out.base_path = str(tmp_path / "theirs")
    rig.tree.links.new(things.find(item.ref).outputs[0], out.inputs[0])
    before = {n: [b.name for b in blocks()] for n, blocks in collections()}
    rig.scene.frame_set(7)
    export(rig, item, tmp_path / "out")
    assert {n: [b.name for b in blocks()] for n, blocks in collections()} == before
    assert rig.scene.frame_current == 7
    assert not (tmp_path / "theirs").exists()
    rig.cancel_at(1)
    with pytest.raises(WireError) as stopped:
        export(rig, item, tmp_path / "more")
    assert stopped.value.code == CANCELLED
    assert {n: [b.name for b in blocks()] for n, blocks in collections()} == before


def test_the_last_render_is_written_as_it_is(rig, tmp_path):
    item = shot(rig)
    compat.add_output(rig.tree, things.find(item.ref).outputs[0])
    rig.scene.render.resolution_x, rig.scene.render.resolution_y = 20, 12
    if not compat.FIVE:
        rig.scene.use_nodes = True
    rig.scene.render.use_sequencer = False
    rig.scene.frame_set(1002)
    bpy.ops.render.render()
    assert "image:Render Result" in {each.ref for each in rig.host.items()}
    before = rig.snapshot()
    got = rendered(rig, "image:Render Result", tmp_path / "out")
    assert rig.snapshot() == before
    np.testing.assert_allclose(got, picture(1002), rtol=1e-6)


def test_a_still_behind_a_node_is_one_frame(rig, tmp_path):
    node = rig.image_node(sequence(tmp_path / "still", (1001,)), "still")
    node.image.source = "FILE"
    after = rig.tree.nodes.new("CompositorNodeExposure")
    rig.tree.links.new(node.outputs[0], after.inputs[0])
    told = rig.host.describe(things.ref(after))
    assert (told.first, told.last) == (1001, 1001)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        *(("hero.1007.exr", 1007), ("hero_v012.exr", 1001), ("hero.exr", 1001)),
        *(("hero2.exr", 2), ("hero.-003.exr", -3), ("sc010-7.exr", 7)),
    ],
)
def test_a_stills_number_is_what_the_core_reads_in_its_name(rig, tmp_path, core, name, number):
    write(str(tmp_path / name), picture(1))
    image = bpy.data.images.load(str(tmp_path / name))
    told = rig.host.describe(things.ref(image))
    assert (told.file, told.first, told.last) == (str(tmp_path / name), number, number)
    asked = "import sys; from answerprint.frames.clip import open_clip;"
    code = f"{asked} print(open_clip(sys.argv[1]).frames)"
    said = subprocess.run([core[0], "-c", code, told.file], capture_output=True, text=True)
    assert said.stdout.split() == [f"({number},)"], said.stderr


def test_a_picture_that_blender_cannot_render_is_refused(rig, tmp_path):
    image = bpy.data.images.new("tiny", 3, 8, float_buffer=True)
    with pytest.raises(WireError, match="3 x 8 pixels"):
        rendered(rig, things.ref(image), tmp_path / "out")


def test_a_strip_that_computes_itself_is_rendered_with_what_it_is_made_of(rig, tmp_path):
    rig.scene.render.resolution_x, rig.scene.render.resolution_y = 20, 12
    rig.scene.sequencer_colorspace_settings.name = colour.working()
    if compat.FIVE:
        bpy.context.workspace.sequencer_scene = rig.scene  # 5.0 crashes without
    one = strip_of(rig, sequence(tmp_path / "one", make=flat(2)))
    two = strip_of(rig, sequence(tmp_path / "two", make=flat(3)), channel=4)
    strip_of(rig, sequence(tmp_path / "x", make=flat(50)), channel=9)
    names = ("input1", "input2") if bpy.app.version >= (4, 4, 0) else ("seq1", "seq2")
    more = dict(zip(names, (one, two), strict=True))
    more |= {"length": 3} if compat.FIVE else {"frame_end": 14}
    effect = compat.top_strips(rig.scene).new_effect(
        name="sum", type="ADD", channel=6, frame_start=11, **more
    )
    told = rig.host.describe(things.ref(effect))
    assert (told.first, told.last, told.file) == (11, 13, "")
    got = rendered(rig, things.ref(effect), tmp_path / "out", 12)
    np.testing.assert_allclose(got[..., :3], 5.0, rtol=1e-5)
    (tmp_path / "one alone").mkdir()
    spec = ExportSpec(str(tmp_path / "one alone"), "out", 1002, 1002, graded=True)
    with rig.host.progress("out") as progress:
        alone = rig.host.export_frames(things.ref(one), spec, progress)
    got = oiio.ImageBuf(alone.path(1002)).get_pixels("float")
    np.testing.assert_allclose(got[..., :3], 2.0, rtol=1e-5)


def test_a_gap_inside_a_meta_strip_is_named(rig, tmp_path):
    rig.scene.render.resolution_x, rig.scene.render.resolution_y = 20, 12
    frames = sequence(tmp_path / "plates")
    Path(frames.path(1002)).unlink()
    strip = strip_of(rig, frames)
    meta = compat.top_strips(rig.scene).new_meta("meta", 7, 11)
    strip.move_to_meta(meta)
    meta.frame_final_end = 14
    (tmp_path / "out").mkdir()
    with rig.host.progress("out") as progress:
        spec = ExportSpec(str(tmp_path / "out"), "out", 11, 13)
        told = rig.host.export_frames(things.ref(meta), spec, progress)
    assert told.missing == (12,)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["out.0011.exr", "out.0013.exr"]
    got = oiio.ImageBuf(told.path(13)).get_pixels("float")
    assert abs(got[0, 0, 0] - 9.0) < 0.01


def test_the_same_export_twice_is_the_same_file(rig, tmp_path):
    item = shot(rig)
    one, other = (export(rig, item, tmp_path / name) for name in ("one", "other"))
    assert Path(one.path(1001)).read_bytes() == Path(other.path(1001)).read_bytes()
    said = {a.name for a in oiio.ImageBuf(one.path(1001)).spec().extra_attribs}
    assert not said & {
        "DateTime",
        "Date",
        "Time",
        "RenderTime",
        "File",
        "Frame",
        "Scene",
        "Hostname",
    }


def test_braces_in_a_path_are_no_template(rig, tmp_path):
    frames = export(rig, shot(rig), tmp_path / "a {b} {{c}}")
    assert Path(frames.path(1001)).is_file()


def test_a_movie_is_rendered(rig, tmp_path):
    movie = bpy.data.scenes.new("movie")
    movie.view_settings.view_transform = "Standard"
    movie.sequence_editor_create()
    for start, end, grey in ((1, 3, 0.2), (3, 5, 0.7)):  # two dark frames, two bright ones
        kwargs = {"length": end - start} if compat.FIVE else {"frame_end": end}
        more = {"name": "grey", "type": "COLOR", "channel": 1, "frame_start": start}
        compat.top_strips(movie).new_effect(**more, **kwargs).color = [grey] * 3
    movie.frame_end = 4
    render = movie.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = 64, 32, 100
    if compat.FIVE:
        render.image_settings.media_type = "VIDEO"
    render.image_settings.file_format = "FFMPEG"
    render.ffmpeg.format, render.ffmpeg.codec = "MPEG4", "H264"
    render.use_file_extension = False
    render.filepath = str(tmp_path / "grey.mp4")
    bpy.ops.render.render(animation=True, scene="movie")
    bpy.data.scenes.remove(movie)
    strip = compat.top_strips(rig.scene).new_movie("m", str(tmp_path / "grey.mp4"), 4, 31)
    image = bpy.data.images.load(str(tmp_path / "grey.mp4"))
    for thing in (strip, image):
        told = rig.host.describe(things.ref(thing))
        assert (told.file, told.first, told.last) == ("", 1, 4), thing
        assert (told.width, told.height) == (64, 32)
        frames = export(rig, thing_item(thing), tmp_path / thing.bl_rna.identifier)
        pictures = [oiio.ImageBuf(frames.path(n)).get_pixels("float") for n in (1, 2, 3, 4)]
        assert pictures[0].shape[:2] == (32, 64)
        dark, too, bright, as_well = (float(p[16, 32, 1]) for p in pictures)
        assert 0.02 < dark < 0.1
        assert 0.35 < bright < 0.7
        assert (dark, bright) == (pytest.approx(too, abs=0.01), pytest.approx(as_well, abs=0.01))


def thing_item(thing):
    return type("Thing", (), {"ref": things.ref(thing)})
