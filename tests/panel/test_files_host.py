"""Shots on disk as a host: where results go, and that all of them stand as files."""

import pytest

from answerprint.panel.files_host import FilesHost
from answerprint_bridge.messages import WireError


@pytest.fixture
def host():
    return FilesHost(artist=None)


def test_results_go_beside_the_shot_or_below_the_folder_that_was_named(host, tmp_path):
    host.work_on(str(tmp_path / "sc010/a.%04d.exr"))
    scene = host.context()
    assert (scene.project, scene.shot) == (str(tmp_path / "sc010"), "a")
    host.configure("results", str(tmp_path / "show"))
    assert host.context().project == str(tmp_path / "show")
    assert host.settings()[0]["value"] == str(tmp_path / "show")
    host.configure("results", "")
    assert host.context().project == str(tmp_path / "sc010")


def test_without_a_shot_it_says_what_to_do(host):
    with pytest.raises(WireError, match="Choose the source first"):
        host.context()


def test_every_result_stands_as_it_is_and_none_is_in_anothers_way(host):
    cdl = {"slope": [1, 1, 1], "offset": [0, 0, 0], "power": [1, 1, 1], "saturation": 1.0}
    results = [
        {"kind": "cdl", **cdl, "working_space": "Anything", "residual": 3.0},
        {"kind": "lut", "path": "/r/m.cube", "space": "ACEScct"},
        {"kind": "frames", "pattern": "/r/m.%04d.exr", "first": 1, "last": 2},
        {"kind": "note", "text": "left as it is"},
    ]
    answers = host.plan(results)
    assert [(a.kind, a.status, a.became) for a in answers] == [
        (each["kind"], "done", each["kind"]) for each in results
    ]
    assert [a.items for a in answers] == [(), ("/r/m.cube",), ("/r/m.%04d.exr",), ()]
    assert host.apply(results) == answers


def test_a_result_that_is_not_whole_is_refused_by_name(host):
    (answer,) = host.plan([{"kind": "lut", "path": "/r/m.cube"}])
    assert answer.status == "refused"
    assert "lacks 'space'" in answer.why


def test_a_setting_it_does_not_have_is_refused(host):
    with pytest.raises(WireError, match="no setting 'colour'"):
        host.configure("colour", "red")


def test_cdl_numbers_are_also_given_for_the_spaces_that_were_named(host):
    host.configure("cdl_spaces", ["ACEScg"])
    assert host.grade_spaces() == ("ACEScg",)
