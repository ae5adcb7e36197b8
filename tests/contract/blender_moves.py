"""Pins and tracks in Blender: where its compositor and its clip editor have what they follow.

Run by `tests/blender/test_contract_in_bpy.py` in each version.
"""

import numpy as np
import pytest
from blender_scenes import clip_of, flat, image_of, place, rendered, sequence
from scenes import ONE_OF_EACH, kept, plate, shot

from answerprint_blender import files, things


def test_a_corner_pin_takes_its_four_points_along(rig, tmp_path):
    dot = np.zeros((12, 20, 4), np.float32)
    dot[..., 3] = 1
    dot[4:6, 6:8, :3] = 1  # centre: x 7, y 7 from below
    item = rig.rendered(dict.fromkeys((1001, 1002, 1005), dot), plate(last=1005))
    square = [[2, 2], [18, 2], [18, 10], [2, 10]]
    moved = [[x + 4, y - 2] for x, y in square]
    keys = [{"frame": 1001, "points": square}, {"frame": 1005, "points": moved}]
    data = {"kind": "corner_pin", "from": square, "corners": keys}
    (ref,) = place(rig, data, item.ref)
    for number, (x, y) in ((1001, (7, 7)), (1002, (8, 6.5)), (1005, (11, 5))):
        got = rendered(rig, ref, tmp_path / str(number), number)[..., 1]
        rows, columns = np.mgrid[0:12, 0:20]
        there = (columns + 0.5, 12 - rows - 0.5)
        centre = [float((each * got).sum() / got.sum()) for each in there]
        assert abs(centre[0] - x) < 0.15, number
        assert abs(centre[1] - y) < 0.15, number


@pytest.mark.parametrize("size", [(40, 24), (30, 30)])
def test_a_pin_of_another_picture_lays_it_on_the_plate(rig, tmp_path, size):
    """Of a background of its own size, which is joined to the node."""
    wide, tall = size
    dot = np.zeros((tall, wide, 4), np.float32)
    dot[..., 3] = 1
    dot[tall - 12 : tall - 8, 12:16, :3] = 1  # centre: x 14, y 10 from below
    made = sequence(tmp_path / "wide", name="wide", make=lambda n: dot)
    corners = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], float)
    at = {n: corners * 0.75 + (move, 1) for n, move in ((1001, -4), (1003, -2))}
    keys = [{"frame": n, "points": points.tolist()} for n, points in at.items()]
    data = {"kind": "corner_pin", "from": corners.tolist(), "corners": keys, "size": [*size]}
    item = rig.rendered(dict.fromkeys((1001, 1002, 1003), dot[:12, :20] * 0), plate())
    node = things.find(place(rig, data, item.ref)[0])
    assert not node.inputs["Image"].links
    over = rig.tree.nodes.new("CompositorNodeAlphaOver")
    under, above = [each for each in over.inputs if each.type == "RGBA"]
    rig.tree.links.new(things.find(item.ref).outputs[0], under)
    rig.tree.links.new(rig.image_node(made, "wide").outputs[0], node.inputs["Image"])
    rig.tree.links.new(node.outputs["Image"], above)
    for number, move in ((1001, -4), (1002, -3), (1003, -2)):
        got = rendered(rig, things.ref(over), tmp_path / str(number), number)[..., 1]
        assert got.shape == (12, 20)
        rows, columns = np.mgrid[0:12, 0:20]
        there = (columns + 0.5, 12 - rows - 0.5)
        centre = [float((each * got).sum() / got.sum()) for each in there]
        np.testing.assert_allclose(centre, (14 * 0.75 + move, 10 * 0.75 + 1), atol=0.15)


def test_tracks_stand_in_a_clip_of_the_same_files(rig, tmp_path):
    frames = sequence(tmp_path / "plates")
    theirs = clip_of(frames)
    theirs.frame_start = 11
    before = rig.snapshot()
    points = [[1001, 5.0, 3.0, 1.0], [1003, 15.0, 9.0, 0.5]]
    data = {"kind": "tracks", "tracks": [{"name": "nose", "points": points}]}
    (ref,) = place(rig, data, things.ref(theirs))
    assert kept(before, rig.snapshot())
    clip = things.find(ref)
    assert files.path_of(clip) == files.path_of(theirs)
    assert files.span(clip) == files.span(theirs)
    (track,) = clip.tracking.tracks
    found = [(m.frame, [round(v, 6) for v in m.co], m.mute) for m in track.markers]
    assert found == [
        (1, [0.25, 0.25], False),
        (2, [0.25, 0.25], True),
        (3, [0.75, 0.75], False),
        (4, [0.75, 0.75], True),
    ]


@pytest.mark.parametrize("kind", ["clip", "image", "node"])
def test_a_track_of_a_shot_arrives_where_it_was_seen(rig, tmp_path, kind):
    frames = sequence(tmp_path / "plates", tuple(range(991, 1039)), make=flat(0.2))
    sources = {"clip": clip_of, "image": image_of, "node": lambda f: rig.image_node(f, "plate")}
    seen = {n: (3.5 + 0.1237 * (n - 991), 4.25 + 0.0311 * (n - 991)) for n in frames.numbers}
    points = [[n, x, y, 0.5] for n, (x, y) in seen.items()]
    data = {"kind": "tracks", "tracks": [{"name": "bottom left", "points": points}]}
    clip = things.find(place(rig, data, things.ref(sources[kind](frames)))[0])
    (track,) = clip.tracking.tracks
    assert (track.name, track.weight) == ("bottom left", 0.5)
    for number, wanted in seen.items():
        marker = track.markers.find_frame(number - 990)
        assert not marker.mute
        np.testing.assert_allclose(np.array(marker.co) * (20, 12), wanted, atol=1e-4)
    assert track.markers.find_frame(49).mute


def test_tracks_of_what_has_no_files_become_a_note(rig):
    (answer,) = rig.host.apply([ONE_OF_EACH["tracks"]], shot(rig).ref, "match")
    assert answer.became == "note"
    assert "tracks.txt" in things.find(answer.items[0]).as_string()
