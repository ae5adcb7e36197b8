"""What the artist tells of a project of Resolve's: kept, checked, and told apart by project."""

import pytest
import resolve_rig
from scenes import CDL

from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_resolve import said


@pytest.fixture
def rig(tmp_path):
    project = tmp_path / "a" / "sc010"
    project.mkdir(parents=True)
    return resolve_rig.Rig(project)


def rows(host):
    return {row["name"]: row for row in host.settings()}


def test_a_setting_is_a_row_of_a_form(rig):
    for row in rig.host.settings():
        assert {"name", "kind", "default", "help", "live", "value"} <= row.keys()
        assert row["kind"] in ("num", "pick", "folder")
    assert rows(rig.host)["results_folder"]["value"] == str(rig.project)
    assert {"Teal", "Cocoa", "Green"} <= set(rows(rig.host)["work_on"]["choices"])


def test_spaces_are_asked_for_only_where_resolve_does_not_say_them(rig):
    asked = {"grading_space", "render_space"}
    assert not asked & rows(rig.host).keys()
    rig.world.settings["colorScienceMode"] = "davinciYRGB"
    assert asked <= rows(rig.host).keys()
    assert rig.host.grade_spaces() == ()
    rig.say("grading_space", "ARRI LogC3 (EI800)")
    assert rig.host.grade_spaces() == ("ARRI LogC3 (EI800)",)
    assert rig.host.describe(rig.item(rig.line._clips[0]).ref).graded_space == ""
    rig.say("render_space", "Gamma 2.4 Encoded Rec.709")
    told = rig.host.describe(rig.item(rig.line._clips[0]).ref)
    assert told.graded_space == "Gamma 2.4 Encoded Rec.709"


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("work_on", "Mauve", "Teal"),
        ("node", 0, "1 to 64"),
        ("node", True, "1 to 64"),
        ("results_folder", "relative", "whole path"),
        ("results_folder", "/nowhere/at/all", "that is there"),
        ("results_folder", 3, "that is there"),
        ("colour", "red", "results_folder"),
    ],
)
def test_a_value_that_the_row_does_not_hold_is_refused(rig, name, value, hint):
    before = rig.host.settings()
    with pytest.raises(WireError) as refused:
        rig.host.configure(name, value)
    assert refused.value.code == HOST_REFUSED
    assert hint in refused.value.hint
    assert rig.host.settings() == before


def test_settings_outlive_the_panel_and_belong_to_one_project(rig, tmp_path):
    path = tmp_path / "config" / "resolve.json"
    rig.host.said = said.Said(path)
    rig.host.configure("node", 3)
    rig.host.configure("results_folder", str(rig.project))
    rig.host.said = said.Said(path)
    assert rows(rig.host)["node"]["value"] == 3
    assert rig.host.context().project == str(rig.project)
    rig.resolve._manager._project._id = "another"
    assert rows(rig.host)["node"]["value"] == 1
    assert rig.host.context().project == ""
    assert [p.name for p in path.parent.iterdir()] == ["resolve.json"], "written whole, by rename"


def test_settings_that_cannot_be_read_or_written_are_said(rig, tmp_path):
    path = tmp_path / "resolve.json"
    path.write_text("{")
    with pytest.raises(WireError, match="cannot be read") as refused:
        said.Said(path)
    assert str(path) in refused.value.hint
    (tmp_path / "file").write_text("")
    rig.host.said = said.Said(tmp_path / "file" / "resolve.json")
    with pytest.raises(WireError, match="cannot be written"):
        rig.host.configure("node", 2)


@pytest.mark.parametrize(
    ("platform", "variables", "path"),
    [
        ("linux", {}, "{home}/.config/answerprint/resolve.json"),
        ("linux", {"XDG_CONFIG_HOME": "/c"}, "/c/answerprint/resolve.json"),
        ("darwin", {}, "{home}/Library/Preferences/answerprint/resolve.json"),
        ("win32", {"APPDATA": "/r"}, "/r/Answerprint/resolve.json"),
    ],
)
def test_each_system_has_its_place_for_them(monkeypatch, tmp_path, platform, variables, path):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(said.sys, "platform", platform)
    assert said.settings_file().as_posix() == path.format(home=tmp_path)


def test_the_node_that_was_named_takes_the_numbers_after_a_yes(rig):
    clip = rig.line._clips[0]
    clip._nodes[1]["label"] = "skin"
    rig.say("node", 2)
    rig.answer(lambda question, default: True)
    assert rig.host.apply([CDL], "", "match v001")[0].status == "done"
    assert "in node 2?" in rig.artist.asked[0]
    assert [bool(node["cdl"]) for node in clip._nodes] == [False, True]
    rig.say("node", 9)
    assert rig.host.apply([CDL], "", "match v002")[0].status == "refused"


def test_without_a_folder_no_job_starts_and_the_way_out_is_named(rig):
    assert rig.host.busy() == ""
    rig.unsaved()
    assert "Results folder" in rig.host.busy()


@pytest.mark.parametrize(
    ("version", "studio", "said_of"),
    [
        ((21, 0), True, []),
        ((19, 1), True, []),
        ((19, 0), True, ["as graded"]),
        ((18, 5), True, ["as graded", "node is empty"]),
        ((21, 0), False, ["3840 x 2160", "21.1"]),
    ],
)
def test_what_a_version_or_edition_cannot_do_is_said_once(tmp_path, version, studio, said_of):
    project = tmp_path / "a" / "sc010"
    project.mkdir(parents=True)
    host = resolve_rig.Rig(project, version, studio).host
    told = host.news()
    assert len(told) == len(said_of)
    assert all(words in text for words, text in zip(said_of, told, strict=True))
    assert host.news() == []


def test_news_come_also_where_nothing_can_be_kept(rig, tmp_path):
    (tmp_path / "file").write_text("")
    rig.world.studio = False
    rig.host.said = said.Said(tmp_path / "file" / "resolve.json")
    assert "resolve.json cannot be written" in rig.host.news()[-1]


def test_luts_that_are_off_are_among_the_news(rig):
    for each in rig.world.luts.iterdir():
        each.unlink()
    rig.world.luts.rmdir()
    (text,) = rig.host.news()
    assert text.startswith("LUTs are off")
