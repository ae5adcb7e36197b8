"""Keys in Blender: what its compositor and its sequencer make of one, neutral and finished.

Run by `tests/blender/test_contract_in_bpy.py` in each version.
"""

from dataclasses import replace

import bpy
import numpy as np
import OpenImageIO as oiio
import pytest
from blender_rig import write
from blender_scenes import collections, image_of, place, rendered, sequence, strip_of
from scenes import ONE_OF_EACH, shot

from answerprint_blender import colour, compat, render, things
from answerprint_bridge.host import FrameSet

GREEN = [0.1, 0.34, 0.08]


def parts(number, size=(12, 20)):
    """Straight foreground (H, W, 3), with 60 and -0.05 in it, and its alpha (H, W)."""
    random = np.random.default_rng(number)
    straight = random.gamma(0.5, 0.8, (*size, 3)).astype(np.float32)
    straight[0, 0], straight[1, 1] = 60.0, -0.05
    alpha = np.clip(random.normal(0.5, 0.6, size), 0, 1).astype(np.float32)
    alpha[0, 0] = alpha[1, 1] = 0.5
    return straight, alpha


def premultiplied(number):
    straight, alpha = parts(number)
    return np.dstack([straight * alpha[..., None], alpha])


def key(folder, space, numbers=(1001, 1002), **more):
    folder.mkdir()
    frames = FrameSet(str(folder / "key.%04d.exr"), numbers[0], numbers[-1])
    for number in numbers:
        write(frames.path(number), premultiplied(number), {"foreground": parts(number)[0]})
    told = {"pattern": frames.pattern, "first": frames.first, "last": frames.last}
    told |= {"colorspace": {"name": space}, "screen": GREEN}
    return {**ONE_OF_EACH["key"], **told, **more}


def here():
    return colour.cores(colour.working())


def nodes_of(ref):
    """The nodes of a key by what kind they are."""
    end = things.find(ref)
    return {n.bl_idname: n for n in end.id_data.nodes if n.parent == end.parent}


def close(got, wanted):
    apart = np.abs(got - wanted) / np.maximum(np.abs(wanted), 1.0)
    assert apart.max() < 1e-3, apart.max()


@pytest.mark.parametrize("space", ["", "ACEScg"])
@pytest.mark.parametrize("screen", [GREEN, [0.06, 0.1, 0.36], [0.3, 0.3, 0.3]])
def test_a_neutral_key_is_its_own_frames(rig, tmp_path, space, screen):
    data = key(tmp_path / "key", space or here(), screen=screen)
    item = shot(rig)
    (frames,) = place(rig, {**data, "kind": "frames"}, item.ref)
    (ref,) = place(rig, data, item.ref)
    for number in (1001, 1002):
        got = rendered(rig, ref, tmp_path / f"got {number}", number)
        close(got, rendered(rig, pass_on(rig, frames), tmp_path / f"own {number}", number))
        if not space:
            close(got, premultiplied(number))


def pass_on(rig, ref):
    """A node behind one that shows files: what is computed of them."""
    node = rig.tree.nodes.new("CompositorNodeExposure")
    rig.tree.links.new(things.find(ref).outputs[0], node.inputs[0])
    return things.ref(node)


def test_the_artists_nodes_finish_the_matte(rig, tmp_path):
    data = key(tmp_path / "key", here())
    (ref,) = place(rig, data, shot(rig).ref)
    straight, alpha = parts(1001)
    clip = nodes_of(ref)[compat.MAP_RANGE]
    clip.inputs["From Min"].default_value, clip.inputs["From Max"].default_value = 0.2, 0.7
    clipped = np.clip((alpha - 0.2) / 0.5, 0, 1)
    got = rendered(rig, ref, tmp_path / "clipped")
    close(got, np.dstack([straight * clipped[..., None], clipped]))


@pytest.mark.parametrize("channel", range(3))
def test_despill_limits_the_screens_channel_by_the_stronger_other(rig, tmp_path, channel):
    screen = [0.08, 0.08, 0.08]
    screen[channel] = 0.36
    (ref,) = place(rig, key(tmp_path / "key", here(), screen=screen), shot(rig).ref)
    nodes_of(ref)["CompositorNodeGroup"].inputs["Amount"].default_value = 0.5
    straight, alpha = parts(1001)
    others = np.delete(straight, channel, axis=-1).max(axis=-1)
    less = straight.copy()
    less[..., channel] -= 0.5 * np.maximum(straight[..., channel] - others, 0)
    assert np.abs(less - straight).max() > 0.1
    got = rendered(rig, ref, tmp_path / "less")
    close(got, np.dstack([less * alpha[..., None], alpha]))


def test_a_grey_screen_has_no_despill(rig, tmp_path):
    (ref,) = place(rig, key(tmp_path / "key", here(), screen=[0.3, 0.3, 0.3]), shot(rig).ref)
    assert "CompositorNodeGroup" not in nodes_of(ref)


def test_erode_and_soften_work_on_the_matte_alone(rig, tmp_path):
    data = key(tmp_path / "key", here())
    (ref,) = place(rig, data, shot(rig).ref)
    erode = nodes_of(ref)["CompositorNodeDilateErode"]
    if "Size" in erode.inputs:
        erode.inputs["Size"].default_value = -1
    else:
        erode.distance = -1
    got = rendered(rig, ref, tmp_path / "eroded")
    straight, alpha = parts(1001)
    assert (got[..., 3] <= alpha + 1e-6).all()
    assert got[..., 3].mean() < 0.7 * alpha.mean()
    close(got[..., :3], straight * got[..., 3:])


def test_files_without_the_foreground_come_as_frames(rig, tmp_path):
    frames = sequence(tmp_path / "plain", (1001, 1002), "key")
    data = {**ONE_OF_EACH["key"], "pattern": frames.pattern, "first": 1001, "last": 1002}
    item = shot(rig)
    (planned,) = rig.host.plan([data], item.ref)
    (answer,) = rig.host.apply([data], item.ref, "key")
    for each in (planned, answer):
        assert (each.status, each.became) == ("degraded", "frames")
        assert "no layer 'foreground'" in each.why


@pytest.mark.parametrize("part", ["", "rgba"])
def test_what_a_source_brings_along_is_no_hindrance_but_a_named_part(rig, tmp_path, part):
    """In one Blender takes its name for the layer's."""
    data = key(tmp_path / "key", here(), (1001,))
    path = FrameSet.of(data).path(1001)
    whole = np.dstack([premultiplied(1001), parts(1001)[0], parts(1002)[0]])
    spec = oiio.ImageSpec(20, 12, 10, "float")
    names = [f"{layer}.{c}" for layer in ("foreground", "VL.Diff") for c in "RGB"]
    spec.channelnames = [*"RGBA", *names]
    if part:
        spec.attribute("oiio:subimagename", part)
    file = oiio.ImageBuf(spec)
    file.set_pixels(file.roi, np.ascontiguousarray(whole, np.float32))
    assert file.write(path), file.geterror()
    item = shot(rig)
    (planned,) = rig.host.plan([data], item.ref)
    (answer,) = rig.host.apply([data], item.ref, "key")
    assert planned.became == answer.became == ("frames" if part else "key")
    if not part:
        close(rendered(rig, answer.items[0], tmp_path / "got"), premultiplied(1001))


def test_a_key_of_an_image_and_of_a_scene_stands_in_the_compositor(rig, tmp_path):
    image = image_of(sequence(tmp_path / "plates"))
    for near in (things.ref(image), ""):
        (ref,) = place(rig, key(tmp_path / f"key {near[:5]}", here()), near)
        assert things.find(ref).bl_idname == "CompositorNodeSetAlpha"
        assert things.find(ref).parent.label == "match v001"


def test_a_key_that_was_taken_back_leaves_nothing(rig, tmp_path):
    data, item = key(tmp_path / "key", here()), shot(rig)
    before = rig.snapshot(), {n: len(b()) for n, b in collections()}

    def cancelled():
        with rig.host.undo_group("key"):
            place(rig, data, item.ref)
            raise RuntimeError("no luck")

    with pytest.raises(RuntimeError, match="no luck"):
        cancelled()
    assert (rig.snapshot(), {n: len(b()) for n, b in collections()}) == before


def test_a_key_lies_over_what_is_below_its_strip(rig, tmp_path):
    flat = np.full((12, 20, 4), (0.3, 0.2, 0.1, 1.0), np.float32)
    plates = replace(sequence(tmp_path / "plates", (1001, 1002), make=lambda n: flat), space=here())
    strip = strip_of(rig, plates, at=1001)
    colour.put(strip.colorspace_settings, colour.working())
    rig.scene.sequencer_colorspace_settings.name = colour.working()
    strip.blend_type = "REPLACE"
    made = things.find(place(rig, key(tmp_path / "key", here()), things.ref(strip))[0])
    assert (made.frame_final_start, made.frame_final_end) == (1001, 1003)
    settings = rig.scene.render
    settings.resolution_x, settings.resolution_y, settings.use_sequencer = 20, 12, True
    compat.exr(settings.image_settings, 32)
    if compat.FIVE:
        bpy.context.workspace.sequencer_scene = rig.scene  # 5.0 crashes without
    path = str(tmp_path / "seen.exr")
    render._one(rig.scene, 1002, path)
    got = np.asarray(oiio.ImageBuf(path).get_pixels("float"))
    over = premultiplied(1002)
    wanted = over[..., :3] + flat[..., :3] * (1 - over[..., 3:])
    close(got[..., :3], wanted)
