"""What the contract puts into a scene, and how it compares what comes out."""

from fractions import Fraction

import numpy as np

from answerprint_bridge.host import ExportSpec, FrameSet

RATE = Fraction(24000, 1001)
CDL = {
    "kind": "cdl",
    "slope": [1.1, 1.0, 0.9],
    "offset": [0.01, 0.0, -0.01],
    "power": [1.0, 1.0, 1.0],
    "saturation": 1.05,
    "working_space": "ACEScct",
    "residual": {"mean": 0.2},
}
ONE_OF_EACH = {
    "cdl": CDL,
    "grade": {"gain": [1.2, 1, 1], "offset": [0, 0, 0.01], "working_space": "ACEScg"},
    "lut": {"path": "match.cube", "space": "ACEScct", "needed": True},
    "frames": {"pattern": "match.%04d.exr", "first": 1001, "last": 1003},
    "matte": {"pattern": "matte.%04d.exr", "first": 1001, "last": 1003, "name": "person"},
    "roto": {"shapes": [{"points": [[0, 0], [1, 0], [1, 1]]}], "name": "person"},
    "tracks": {"tracks": [{"points": [[1001, 3.5, 4.5]]}], "file": "tracks.txt"},
    "corner_pin": {"corners": [{"frame": 1001, "points": [[0, 0], [1, 0], [1, 1], [0, 1]]}]},
    "stmap": {"pattern": "stmap.%04d.exr", "first": 1001, "last": 1003},
    "camera": {"frames": [{"frame": 1001, "matrix": [1.0] * 16}], "file": "camera.usda"},
    "retime": {"curve": [[1001, 1001.0], [1003, 1002.0]]},
    "take": {"pattern": "take.%04d.exr", "first": 1001, "last": 1003},
    "markers": {"markers": [{"frame": 1002, "text": "flicker"}]},
    "note": {"text": "Shot B is 0.42 stop under."},
}
ONE_OF_EACH = {kind: {"kind": kind} | data for kind, data in ONE_OF_EACH.items()}


def picture(number, size=(12, 20)):
    """(H, W, 4) float32 scene-linear with 9.0 and -0.25 in it, another one each frame."""
    light = np.random.default_rng(number).gamma(0.5, 0.8, (*size, 4)).astype(np.float32)
    light[0, 0], light[1, 1] = 9.0, -0.25
    light[2, 2, :3], light[..., 3] = 6.0e4, 1.0
    return light


def plate(**how):
    """What the pictures of an item are, before they have files."""
    told = {
        "pattern": "",
        "first": 1001,
        "last": 1003,
        "width": 20,
        "height": 12,
        "display": (0, 0, 20, 12),
        "data": (0, 0, 20, 12),
        "channels": ("R", "G", "B", "A"),
        "space": "ACEScg",
        "fps": RATE,
    }
    return FrameSet(**(told | how))


def shot(rig, numbers=(1001, 1002, 1003), **how):
    """A rendered item of the scene."""
    return rig.rendered({n: picture(n) for n in numbers}, plate(**how))


def export(rig, item, folder, **how):
    folder.mkdir(parents=True)
    with rig.host.progress("Writing") as progress:
        return rig.host.export_frames(item.ref, ExportSpec(str(folder), "plate", **how), progress)


def same_light(one, other):
    """Whether two pictures are within half an ulp of half."""
    half_ulp = np.spacing(np.abs(other).astype(np.float16)).astype(np.float32) / 2
    return bool((np.abs(one - other) <= half_ulp).all())


def kept(before, now):
    """Whether everything that was there before is as it was."""
    return before == {ref: text for ref, text in now.items() if ref in before}
