"""Positions in Nuke's nodes, computed back: they end where the convention says."""

import itertools

import nuke_rig
import numpy as np
import OpenImageIO as oiio
import pytest
from doubles import nuke_double as nuke
from doubles import nuke_knobs, nuke_roto
from scenes import shot

from answerprint_bridge.results import KINDS, check

ROTO = {
    "kind": "roto",
    "name": "actor",
    "shapes": [
        {
            "name": "head",
            "closed": True,
            "keys": [
                {"frame": 1001, "points": [[10.5, 20.5, -1, 0, 1, 0.5], [3, 4, 0, 0, 0, 0]]},
                {"frame": 1003, "points": [[14.5, 22.5, -2, 0, 2, 1], [5, 4, 0, 0, 0, 0]]},
            ],
        }
    ],
}
TRACKS = {
    "kind": "tracks",
    "tracks": [
        {"name": "nose", "points": [[1001, 10.5, 20.5, 1.0], [1002, 11.5, 20.0, 0.25]]},
        {"name": 'a "b" [c] $d', "points": [[1001, 1, 2, 1], [1004, 3, 4, 1], [1005, 5, 6, 0.5]]},
    ],
}
SQUARE = [[0.0, 0.0], [16.0, 0.0], [16.0, 8.0], [0.0, 8.0]]
PIN = {
    "kind": "corner_pin",
    "from": SQUARE,
    "corners": [
        {"frame": 1001, "points": SQUARE},
        {"frame": 1002, "points": [[1.0, 2.0], [17.0, 2.0], [18.0, 11.0], [0.0, 10.0]]},
    ],
}
RETIME = {"kind": "retime", "curve": [[1001, 1001.0], [1003, 1002.0], [1004, 1010.0]]}
MATRIX = [[1, 0, 0, 5], [0, 0, -1, 6], [0, 1, 0, 7], [0, 0, 0, 1]]
CAMERA = {
    "kind": "camera",
    "haperture": 24.0,
    "vaperture": 13.5,
    "frames": [
        {"frame": 1001, "matrix": list(itertools.chain(*MATRIX)), "focal": 35.0},
        {"frame": 1002, "matrix": list(itertools.chain(*MATRIX)), "focal": 50.0},
    ],
}
EVERY = (ROTO, TRACKS, PIN, RETIME, CAMERA)


@pytest.fixture
def rig(tmp_path):
    made = nuke_rig.Rig(tmp_path)
    yield made
    made.host.shutdown()


def placed(rig, *results):
    """The nodes of results, placed under a plate."""
    item = shot(rig)
    answers = rig.host.apply(list(results), item.ref, "track v001", "r1")
    assert [a.status for a in answers] == ["done"] * len(results), answers
    return [nuke.toNode(ref) for answer in answers for ref in answer.items]


def solved(rows):
    """A linear system, by elimination."""
    rows = [list(map(float, row)) for row in rows]
    for at in range(len(rows)):
        best = max(range(at, len(rows)), key=lambda r: abs(rows[r][at]))
        rows[at], rows[best] = rows[best], rows[at]
        rows[at] = [value / rows[at][at] for value in rows[at]]
        for other in range(len(rows)):
            if other != at:
                by = rows[other][at]
                rows[other] = [v - by * w for v, w in zip(rows[other], rows[at], strict=True)]
    return [row[-1] for row in rows]


def pinned(node, frame, x, y):
    """Where a CornerPin2D puts a position: the homography from its `from` to its `to`."""
    rows = []
    for number in range(1, 5):
        u, v = (node[f"from{number}"].getValueAt(frame, i) for i in (0, 1))
        p, q = (node[f"to{number}"].getValueAt(frame, i) for i in (0, 1))
        rows.append([u, v, 1, 0, 0, 0, -u * p, -v * p, p])
        rows.append([0, 0, 0, u, v, 1, -u * q, -v * q, q])
    h = [*solved(rows), 1.0]
    down = h[6] * x + h[7] * y + h[8]
    return (h[0] * x + h[1] * y + h[2]) / down, (h[3] * x + h[4] * y + h[5]) / down


@pytest.mark.parametrize("result", EVERY, ids=lambda each: each["kind"])
def test_these_are_results_as_the_bridge_checks_them(result):
    assert check(result) == result["kind"]
    assert KINDS[result["kind"]]


def test_a_roto_point_is_where_it_was_and_its_tangents_are_relative(rig):
    (node,) = placed(rig, ROTO)
    (shape,) = node["curves"].rootLayer.elements
    assert (node.Class(), shape.name, len(shape)) == ("Roto", "head", 2)
    point = shape[0]
    assert point.center.getPosition(1001) == (10.5, 20.5)
    assert point.center.getPosition(1003) == (14.5, 22.5)
    assert point.rightTangent.getPosition(1003) == (2, 1)
    assert point.leftTangent.getPosition(1001) == (-1, 0)
    assert point.featherCenter.getPosition(1003) == (0, 0)
    assert point.featherLeftTangent.getPosition(1003) == point.leftTangent.getPosition(1003)
    assert node["curves"].seen == 1, "without changed() nothing is seen"
    assert "actor" in node["label"].value()
    assert node.input(0).Class() == "Constant"


def test_an_open_shape_stays_open(rig, monkeypatch):
    shape = {**ROTO["shapes"][0], "closed": False}
    (node,) = placed(rig, {**ROTO, "shapes": [*ROTO["shapes"], shape]})
    assert [s.getFlag(nuke_roto.FlagType.eOpenFlag) for s in node["curves"].rootLayer] == [0, 1]
    monkeypatch.setattr(nuke_roto.Shape, "setFlag", lambda self, flag, value: None)
    before = rig.everything()
    (answer,) = rig.host.apply([{**ROTO, "shapes": [shape]}], "", "roto v002", "r2")
    assert (answer.status, "'head'" in answer.why) == ("refused", True)
    assert rig.everything() == before


def test_a_track_is_where_it_was_and_off_where_it_is_lost(rig):
    (node,) = placed(rig, TRACKS)
    nose, other = node["tracks"].rows()
    assert (nose[1], other[1]) == ("nose", 'a "b" [c] $d')
    assert (nose[2].at(1001), nose[3].at(1001)) == (10.5, 20.5)
    assert (nose[2].at(1002), nose[3].at(1002)) == (11.5, 20.0)
    assert nose[9].at(1002) == 0.75, "1 - confidence is the error"
    assert [nose[0].at(f) for f in (1001, 1002, 1003)] == [1, 1, 0]
    assert [other[0].at(f) for f in range(1001, 1007)] == [1, 0, 0, 1, 1, 0]
    assert (other[2].at(1004), other[3].at(1005)) == (3, 6)
    assert nose[4].at(1001) == nose[5].at(1001) == 0, "no offset"


def test_a_tracker_with_other_columns_gets_nothing(rig, monkeypatch):
    monkeypatch.setattr(nuke_knobs.Table_Knob, "WIDTH", 33)
    (answer,) = rig.host.apply([{**TRACKS, "file": "tracks.txt"}], "", "track v001")
    assert answer.became == "note"
    assert "31 columns" in answer.why
    assert nuke.allNodes("Tracker4") == []


def test_a_corner_pin_maps_from_onto_the_points(rig):
    (node,) = placed(rig, PIN)
    assert pinned(node, 1001, 10.5, 5.5) == pytest.approx((10.5, 5.5))
    for corner, goal in zip(SQUARE, PIN["corners"][1]["points"], strict=True):
        assert pinned(node, 1002, *corner) == pytest.approx(goal)


def test_a_pin_of_another_picture_is_for_the_artist_to_join(rig):
    plate = nuke.nodes.Constant()
    on, apart = (
        nuke.toNode(rig.host.apply([pin], plate.fullName(), "try", name)[0].items[0])
        for pin, name in ((PIN, "r1"), ({**PIN, "size": [400, 300]}, "r2"))
    )
    assert (on.input(0), apart.input(0)) == (plate, None)
    assert apart["from3"].value() == on["from3"].value()


def test_a_retime_is_linear_between_its_keys(rig):
    (node,) = placed(rig, RETIME)
    lookup = node["lookup"]
    assert [lookup.getValueAt(f) for f in (1001, 1002, 1003, 1004)] == [1001, 1001.5, 1002, 1010]
    assert lookup.curves[0].mode == "L"


def test_a_camera_stands_and_looks_where_its_matrix_says(rig):
    (node,) = placed(rig, CAMERA)
    assert node["useMatrix"].value()
    m = [[node["matrix"].getValueAt(1001, 4 * row + col) for col in range(4)] for row in range(4)]
    assert [row[3] for row in m[:3]] == [5, 6, 7]
    ahead = [m[row][0] * 0 + m[row][1] * 0 + m[row][2] * -1 + m[row][3] for row in range(3)]
    assert ahead == [5, 7, 7], "it looks along its -z"
    assert (node["haperture"].value(), node["vaperture"].value()) == (24.0, 13.5)
    assert [node["focal"].getValueAt(f) for f in (1001, 1002)] == [35.0, 50.0]


@pytest.mark.parametrize(
    ("there", "lacks", "expected"),
    [
        ("", (), "Camera3"),
        ("ScanlineRender2", (), "Camera4"),
        ("", ("Camera3",), "Camera2"),
        ("", ("Camera3", "Camera2"), "Camera4"),
        ("ScanlineRender2", ("Camera4",), "Camera3"),
    ],
)
def test_the_camera_is_of_the_scripts_own_3d(rig, monkeypatch, there, lacks, expected):
    if there:
        getattr(nuke.nodes, there)()
    for kind in lacks:
        monkeypatch.delattr(nuke.nodes, kind)
    (node,) = placed(rig, CAMERA)
    assert node.Class() == expected


def test_an_stmap_takes_a_pixel_from_where_the_convention_says(rig, tmp_path):
    """Nuke looks x and y up as parts of width and height, from the lower left corner."""
    wide, high = 20, 12
    light = np.zeros((high, wide, 4), np.float32)
    x, y = 10.5, 5.5
    light[high - 1 - int(y), int(x)] = (13.5 / wide, 7.5 / high, 0, 1)  # comes from 13.5, 7.5
    buffer = oiio.ImageBuf(oiio.ImageSpec(wide, high, 4, "float"))
    buffer.set_pixels(buffer.roi, light)
    assert buffer.write(str(tmp_path / "stmap.1001.exr"))
    files = {"kind": "stmap", "pattern": f"{tmp_path}/stmap.%04d.exr", "first": 1001, "last": 1001}
    read, warp = placed(rig, files)
    assert read["raw"].value()
    assert warp["uv"].value() == "rgb"
    assert (warp.input(0).Class(), warp.input(1)) == ("Constant", read)
    red, green = nuke.image(warp.input(1), 1001)[high - 1 - int(y), int(x)][:2]
    assert (red * wide, green * high) == pytest.approx((13.5, 7.5))


def test_all_of_it_is_one_step_of_undo(rig):
    before = rig.everything()
    item = shot(rig)
    nuke.Undo.steps.clear()
    rig.host.apply(list(EVERY), item.ref, "track v001", "r1")
    assert len(nuke.Undo.steps) == 1
    nuke.Undo.undo()
    assert rig.everything().keys() == before.keys() | {item.ref}
