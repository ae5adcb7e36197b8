"""Numbered versions and kept frames: nothing is written over, nothing damaged is passed by."""

import json
from fractions import Fraction

import memory_host
import pytest

from answerprint_bridge import versions
from answerprint_bridge.host import FrameSet
from answerprint_bridge.messages import WireError
from answerprint_bridge.scene import plain
from answerprint_bridge.session import Session


def test_every_claim_gets_a_number_of_its_own(tmp_path):
    root = str(tmp_path / "match")
    (tmp_path / "match" / "v007").mkdir(parents=True)
    (tmp_path / "match" / "v7").mkdir()
    (tmp_path / "match" / "notes").mkdir()
    made = [versions.claim(root, {"digest": "same", "tool": "match"}) for _ in range(3)]
    assert [each[-4:] for each in made] == ["v008", "v009", "v010"]
    assert versions.made_for(root, "same") == made[::-1]
    assert versions.made_for(root, "other") == []
    assert list((tmp_path / "match" / "v007").iterdir()) == [], "somebody else's stays empty"


def test_a_damaged_request_is_named(tmp_path):
    folder = versions.claim(str(tmp_path), {"digest": "one"})
    (tmp_path / "v001" / "request.json").write_text('{"digest": "on')
    with pytest.raises(WireError, match=r"v001.*request\.json cannot be read") as refused:
        versions.made_for(str(tmp_path), "one")
    assert refused.value.hint
    assert folder.endswith("v001")


def test_a_number_is_given_back_only_while_nothing_else_lies_there(tmp_path):
    empty, used = (versions.claim(str(tmp_path), {"digest": name}) for name in "ab")
    (tmp_path / "v002" / "match.1001.exr").touch()
    versions.drop_empty(empty)
    versions.drop_empty(used)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["v002"]


def test_frames_that_were_promised_and_are_not_there_are_named(tmp_path):
    (tmp_path / "new").mkdir()
    frames = FrameSet(str(tmp_path / "new" / "a.%04d.exr"), 1001, 1003, missing=(1002,))
    for number in (1001, 1003):
        (tmp_path / "new" / f"a.{number}.exr").write_bytes(b"x")
    assert len(versions.contents(frames)) == 32
    (tmp_path / "new" / "a.1003.exr").unlink()
    with pytest.raises(WireError, match="Frame 1003"):
        versions.keep(frames, str(tmp_path / "a"))


def test_contents_tell_frames_apart(tmp_path):
    def of(name, *blocks):
        (tmp_path / name).mkdir()
        for number, block in enumerate(blocks, 1001):
            (tmp_path / name / f"a.{number}.exr").write_bytes(block)
        pattern = str(tmp_path / name / "a.%04d.exr")
        return versions.contents(FrameSet(pattern, 1001, 1000 + len(blocks)))

    assert of("a", b"x", b"y") == of("b", b"x", b"y") != of("c", b"y", b"x")


@pytest.mark.parametrize(
    ("pattern", "number", "path"),
    [
        ("/a %04d/p.%04d.exr", 7, "/a %04d/p.0007.exr"),
        ("/a/100% v%d.%04d.exr", 1001, "/a/100% v%d.1001.exr"),
        ("/a/p.%d.exr", -3, "/a/p.-3.exr"),
        ("/a/50%.exr", 1001, "/a/50%.exr"),
    ],
)
def test_only_the_last_number_of_the_last_part_is_the_frame(pattern, number, path):
    assert FrameSet(pattern, 1, 2).path(number) == path


def test_frames_of_a_result_and_back_on_the_wire():
    told = {
        "pattern": "/a/p.%04d.exr",
        "first": 1001,
        "last": 1004,
        "frames_missing": [1002],
        "pixel_aspect": 2.0,
        "fps": "24000/1001",
        "colorspace": {"name": "ACEScg"},
    }
    frames = FrameSet.of(told)
    assert frames.numbers == (1001, 1003, 1004)
    assert (frames.fps, frames.space, frames.pixel_aspect) == (Fraction(24000, 1001), "ACEScg", 2.0)
    names = ("pattern", "first", "last", "colorspace")
    assert frames.wire() == {name: told[name] for name in names}
    assert json.loads(json.dumps(plain(frames)))["fps"] == "24000/1001"


@pytest.mark.parametrize(
    "template", ["{project}/{tool}", "{project}/{version}", "{tool}/{version}/x"]
)
def test_a_template_without_versions_is_refused(tmp_path, template):
    with pytest.raises(ValueError, match="template"):
        Session(memory_host.whole(tmp_path).host, ["python"], template)


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "a:b", "100%"])
def test_a_tool_that_cannot_be_a_folder_is_refused(tmp_path, name):
    rig = memory_host.whole(tmp_path)
    session = Session(rig.host, ["python"])
    with pytest.raises(WireError, match=f"The tool is called '{name}'"):
        session.run(name, {}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_busy_host_starts_nothing(tmp_path):
    rig = memory_host.whole(tmp_path)
    rig.host.is_busy = "a render is running"
    with pytest.raises(WireError, match="a render is running") as refused:
        Session(rig.host, ["python"]).run("match", {}, {})
    assert refused.value.code == -32004
