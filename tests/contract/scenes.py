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
LEAF = {
    "name": "leaf",
    "closed": True,
    "keys": [
        {
            "frame": frame,
            "points": [
                [4.0 + move, 2.0, -1.0, 0.0, 1.0, 0.0],
                [10.0 + move, 5.5, 0.0, -1.5, 0.0, 1.5],
                [4.0 + move, 9.0, 1.0, 0.0, -1.0, 0.0],
            ],
        }
        for frame, move in ((1001, 0.0), (1003, 2.0))
    ],
}
MATRIX = [0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 2.0, -1.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 1.0]
ONE_OF_EACH = {
    "cdl": CDL,
    "grade": {"gain": [1.2, 1, 1], "offset": [0, 0, 0.01], "working_space": "ACEScg"},
    "lut": {"path": "match.cube", "space": "ACEScct", "needed": True},
    "frames": {"pattern": "match.%04d.exr", "first": 1001, "last": 1003},
    "key": {
        "pattern": "key.%04d.exr",
        "first": 1001,
        "last": 1003,
        "foreground": "foreground",
        "screen": [0.1, 0.34, 0.08],
    },
    "matte": {"pattern": "matte.%04d.exr", "first": 1001, "last": 1003, "name": "person"},
    "roto": {"shapes": [LEAF, {**LEAF, "name": "stem", "closed": False}], "name": "person"},
    "tracks": {
        "tracks": [
            {"name": "nose", "points": [[1001, 3.5, 4.5, 1.0], [1003, 4.25, 4.5, 0.5]]},
            {"name": "chin", "points": [[1002, 3.5, 1.5, 0.9]]},
        ],
        "file": "tracks.txt",
    },
    "corner_pin": {
        "from": [[2, 2], [18, 2], [18, 10], [2, 10]],
        "corners": [
            {"frame": 1001, "points": [[2, 2], [18, 2], [18, 10], [2, 10]]},
            {"frame": 1003, "points": [[3, 2.5], [18, 2], [17.5, 9], [2, 10.25]]},
        ],
    },
    "stmap": {"pattern": "stmap.%04d.exr", "first": 1001, "last": 1003},
    "camera": {
        "haperture": 24.892,
        "vaperture": 18.669,
        "frames": [
            {"frame": 1001, "matrix": MATRIX, "focal": 35.0},
            {"frame": 1003, "matrix": [*MATRIX[:3], 1.5, *MATRIX[4:]], "focal": 35.0},
        ],
        "file": "camera.usda",
    },
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
