"""Paths in Nuke's knobs, what a rendered frame is known by, and chains that must stand whole."""

import os
import shutil
from pathlib import Path

import nuke_rig
import OpenImageIO as oiio
import pytest
from doubles import nuke_double as nuke
from scenes import ONE_OF_EACH, export, shot

from answerprint_bridge.messages import WireError

LUT = ONE_OF_EACH["lut"] | {"path": "match.cube"}


@pytest.fixture
def rig(tmp_path):
    project = tmp_path / "sh [10] $A {x}"
    project.mkdir()
    made = nuke_rig.Rig(project)
    yield made
    made.host.shutdown()


def module(name):
    nuke_rig.adapter()
    return __import__(f"{nuke_rig.NAME}.{name}", fromlist=[name])


def apply(rig, *results, near="", recipe="r1"):
    return rig.host.apply(list(results), near, "match v001", recipe)


def lut_nodes():
    return [n for n in nuke.allNodes() if n.Class().startswith("OCIO")]


# --- characters ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a [b]", "cost $5", 'the "hero"', "{x}", "{", "größe #2 100%"])
def test_a_path_is_read_by_nuke_as_it_was_written(rig, tmp_path, name):
    path = f"{tmp_path}/{name}/match.cube"
    cube = apply(rig, LUT | {"path": path, "space": "ACEScg"})[0].items[0]
    assert nuke.toNode(cube)["file"].evaluate() == path
    assert module("paths").literal(nuke.toNode(cube)["file"].value()) == path


def test_a_path_that_no_knob_can_hold_is_refused_with_its_name(rig):
    for bad in ("a\\b.cube", "a\nb.cube"):
        (answer,) = apply(rig, LUT | {"path": bad})
        assert answer.status == "refused"
        assert repr(bad)[1:-1] in answer.why


def test_frames_go_out_and_in_through_such_a_folder(rig):
    frames = export(rig, shot(rig), rig.project / "out")
    (ref,) = rig.host.import_frames(frames, "", "back")
    assert rig.pixels(ref, 1002).shape == (12, 20, 4)


# --- relative paths --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "start", ["[file dirname [value root.name]]", "[python {nuke.script_directory()}]"]
)
def test_a_path_is_beside_the_script_where_the_plates_is(tmp_path, start):
    rig = nuke_rig.Rig(tmp_path)
    frames = export(rig, shot(rig), tmp_path / "plates")
    read = nuke.nodes.Read(file=f"{start}/plates/plate.%04d.exr", first=1001, last=1003)
    assert rig.host.describe(read.fullName()).file == frames.pattern, "used in place"
    grade = nuke.nodes.Blur()
    grade.setInput(0, read)
    inside = str(tmp_path / "answerprint/match/v001/match.cube")
    elsewhere = f"/{'elsewhere/' * 30}match.cube"
    cubes = [
        apply(rig, LUT | {"path": path, "space": "ACEScg"}, near=grade.fullName(), recipe=path)
        for path in (inside, elsewhere)
    ]
    first, second = (nuke.toNode(each[0].items[0])["file"] for each in cubes)
    assert first.value() == f"{start}/answerprint/match/v001/match.cube"
    assert second.value() == elsewhere


def test_a_path_is_below_the_project_directory_where_the_plates_is(tmp_path):
    rig = nuke_rig.Rig(tmp_path)
    frames = export(rig, shot(rig), tmp_path / "plates")
    nuke.root()["project_directory"].setValue(str(tmp_path))
    read = nuke.nodes.Read(file="plates/plate.%04d.exr", first=1001, last=1003)
    assert rig.host.describe(read.fullName()).file == frames.pattern
    matte = ONE_OF_EACH["matte"] | {"pattern": f"{tmp_path}/out/matte.%04d.exr"}
    ((ref,),) = [a.items for a in apply(rig, matte, near=read.fullName())]
    assert nuke.toNode(ref)["file"].value() == "out/matte.%04d.exr"


def test_without_an_example_a_path_is_absolute(rig):
    nuke.root()["project_directory"].setValue(str(rig.project))
    inside = str(rig.project / "match.cube")
    (answer,) = apply(rig, LUT | {"path": inside, "space": "ACEScg"})
    assert os.path.isabs(nuke.toNode(answer.items[0])["file"].evaluate())


# --- what a rendered frame is known by -------------------------------------------------------


def test_the_same_render_is_the_same_input(rig, tmp_path):
    item = shot(rig)
    one, two = (export(rig, item, tmp_path / name) for name in ("one", "two"))
    assert Path(one.path(1001)).read_bytes() != Path(two.path(1001)).read_bytes()
    assert one.digest == two.digest != ""
    other = export(rig, item, tmp_path / "part", first=1002)
    assert other.digest != one.digest


def test_a_read_has_no_digest_of_ours(rig, tmp_path):
    item = rig.on_disk(export(rig, shot(rig), tmp_path / "plates"))
    assert export(rig, item, tmp_path / "out").digest == ""


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"DateTime": "2026:01:02 03:04:05"}, True),
        ({"nuke/node_hash": "ab" * 40, "nuke/version": "16.0v4"}, True),
        ({"input/mtime": "2026-01-01", "capDate": "2026:01:01 00:00:00"}, True),
        ({"reelName": "A002C004"}, False),
        ({"PixelAspectRatio": 2.0}, False),
        ("pixel", False),
    ],
)
def test_only_what_says_something_of_the_picture_counts(tmp_path, change, same):
    digests = []
    for name in ("before", "after"):
        spec = oiio.ImageSpec(40, 30, 4, "half")
        spec.attribute("compression", "zips")
        spec.attribute("DateTime", "2025:01:01 00:00:00")
        if name == "after" and change != "pixel":
            for key, value in change.items():
                spec.attribute(key, value)
        buffer = oiio.ImageBuf(spec)
        oiio.ImageBufAlgo.noise(buffer, "gaussian", 0.5, 0.2)
        if name == "after" and change == "pixel":
            buffer.setpixel(39, 29, (0.0, 0.0, 0.0, 60.0))
        path = str(tmp_path / f"{name}.exr")
        assert buffer.write(path)
        digests.append(module("exr").digest(path))
    assert (digests[0] == digests[1]) == same


def test_a_file_that_is_not_plain_is_known_by_its_bytes(tmp_path):
    path = tmp_path / "tiled.exr"
    spec = oiio.ImageSpec(64, 64, 3, "half")
    spec.tile_width = spec.tile_height = 32
    spec.attribute("nuke/node_hash", "1")
    buffer = oiio.ImageBuf(spec)
    assert buffer.write(str(path))
    before = module("exr").digest(str(path))
    data = bytearray(path.read_bytes())
    data[data.index(b"nuke/node_hash") + 30] ^= 1
    path.write_bytes(data)
    assert module("exr").digest(str(path)) != before


def test_a_header_that_ends_too_soon_is_refused_with_the_files_name(rig, tmp_path, monkeypatch):
    whole = nuke.execute

    def half(*given):
        whole(*given)
        path = given[0]["file"].evaluate(given[1])
        os.truncate(path, 20)

    monkeypatch.setattr(nuke, "execute", half)
    with pytest.raises(WireError, match="cannot be read") as refused:
        export(rig, shot(rig), tmp_path / "out")
    assert refused.value.hint


# --- chains ----------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_cube_that_lost_a_node_does_not_stand(rig, gone):
    item = shot(rig)
    first = apply(rig, LUT, near=item.ref)
    before = lut_nodes()
    rig.remove(first[0].items[gone])
    again = apply(rig, LUT, near=item.ref)
    assert again[0].status == "done"
    assert not {id(nuke.toNode(ref)) for ref in again[0].items} & set(map(id, before))
    assert len(lut_nodes()) == 2 + 3
    assert apply(rig, LUT, near=item.ref)[0].items == again[0].items, "now it stands"
    assert len(lut_nodes()) == 2 + 3


def test_an_stmap_without_its_read_does_not_stand(rig):
    first = apply(rig, ONE_OF_EACH["stmap"])
    rig.remove(first[0].items[0])
    assert len(apply(rig, ONE_OF_EACH["stmap"])[0].items) == 2


def test_a_script_that_moved_finds_its_plate(tmp_path):
    rig = nuke_rig.Rig(tmp_path / "a")
    (tmp_path / "a").mkdir()
    frames = export(rig, shot(rig), tmp_path / "a/plates")
    read = nuke.nodes.Read(file="[file dirname [value root.name]]/plates/plate.%04d.exr")
    read["first"].setValue(1001)
    read["last"].setValue(1003)
    shutil.move(tmp_path / "a", tmp_path / "b")
    nuke.root()["name"].setValue(str(tmp_path / "b/sc010.nk"))
    told = rig.host.describe(read.fullName())
    assert told.file == frames.pattern.replace("/a/", "/b/")
