"""The least that is a whole result, of every kind."""

FILES = {"pattern": "match.%04d.exr", "first": 1001, "last": 1010}
KEY = {"frame": 1001, "points": [[4.0, 2.0, -1.0, 0.0, 1.0, 0.0]]}
SHAPE = {"name": "leaf", "closed": True, "keys": [KEY, {**KEY, "frame": 1003}]}
TRACK = {"name": "nose", "points": [[1001, 3.5, 4.5, 1.0], [1003, 4.25, 4.5, 0]]}
CORNERS = [[2, 2], [18, 2], [18, 10.5], [2, 10]]
PIN = {"frame": 1001, "points": CORNERS}
MOVE = {"frame": 1001, "matrix": [1, 0, 0, 2.5, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], "focal": 35}
RESULTS = {
    "cdl": {
        "slope": [1.1, 1.0, 0.9],
        "offset": [0.01, 0, -0.01],
        "power": [1, 1, 1],
        "saturation": 1.0,
        "working_space": "ACEScct",
        "residual": 0,
    },
    "grade": {"gain": [1.2, 1, 1], "offset": [0, 0, 0.01], "working_space": "ACEScg"},
    "lut": {"path": "match.cube", "space": "ACEScct"},
    "frames": FILES,
    "key": {**FILES, "foreground": "foreground", "screen": [0.1, 0.34, 0.08]},
    "matte": {**FILES, "name": "person"},
    "roto": {"name": "person", "shapes": [SHAPE]},
    "tracks": {"tracks": [TRACK]},
    "corner_pin": {"from": CORNERS, "corners": [PIN, {**PIN, "frame": 1002}]},
    "stmap": FILES,
    "camera": {"haperture": 24.9, "vaperture": 18.7, "frames": [MOVE, {**MOVE, "frame": 1002}]},
    "retime": {"curve": [[1001, 1001.0], [1003, 1002.5]]},
    "take": FILES,
    "markers": {"markers": [{"frame": 1002, "text": "flicker"}]},
    "note": {"text": "Shot B is 0.42 stop under."},
}
RESULTS = {kind: {"kind": kind, **data} for kind, data in RESULTS.items()}
