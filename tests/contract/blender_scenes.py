"""What Blender's own cases put into a scene, and how they look at what comes of it."""

from pathlib import Path

import bpy
import numpy as np
import OpenImageIO as oiio
from blender_rig import write
from scenes import picture

from answerprint_blender import colour, compat
from answerprint_bridge.host import ExportSpec, FrameSet


def rendered(rig, ref, folder, number=1001):
    """A thing's frame as Blender computes it: (H, W, 4) float32."""
    folder.mkdir()
    spec = ExportSpec(str(folder), "look", number, number, bits=32)
    with rig.host.progress("look") as progress:
        frames = rig.host.export_frames(ref, spec, progress)
    assert frames.missing == ()
    return np.asarray(oiio.ImageBuf(frames.path(number)).get_pixels("float"))


def place(rig, result, near="", **more):
    (answer,) = rig.host.apply([result], near, "match v001", **more)
    assert (answer.status, answer.became) == ("done", result["kind"]), answer.why
    return answer.items


def sequence(folder, numbers=(1001, 1002, 1003), name="plate", make=picture):
    folder.mkdir(parents=True, exist_ok=True)
    pattern = str(folder / f"{name}.%04d.exr")
    frames = FrameSet(pattern, numbers[0], numbers[-1], space=colour.cores(colour.working()))
    for number in numbers:
        write(frames.path(number), make(number))
    return frames


def flat(light):
    def made(number):
        whole = np.full((12, 20, 4), light, np.float32)
        whole[..., 3] = 1
        return whole

    return made


def image_of(frames, space=None):
    image = bpy.data.images.load(frames.path(frames.numbers[0]))
    image.source = "SEQUENCE" if len(frames.numbers) > 1 else "FILE"
    if space:
        image.colorspace_settings.name = space
    return image


def clip_of(frames):
    return bpy.data.movieclips.load(frames.path(frames.numbers[0]))


def strip_of(rig, frames, at=11, channel=3):
    numbers = range(frames.first, frames.last + 1)
    strips = compat.top_strips(rig.scene)
    strip = strips.new_image("shot", frames.path(frames.first), channel, at)
    for number in numbers[1:]:
        strip.elements.append(Path(frames.path(number)).name)
    return strip


def collections():
    for name in ("scenes", "node_groups", "images", "movieclips", "objects", "worlds", "actions"):
        yield name, lambda name=name: getattr(bpy.data, name)
