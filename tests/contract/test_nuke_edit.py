"""The selected Reads of a script as an edit: their order, range, shift and colour space."""

import json

import nuke_rig
import pytest
from doubles import nuke_double as nuke

from answerprint.edit.cut import read_cut
from answerprint_bridge.messages import WireError


@pytest.fixture
def rig(tmp_path):
    return nuke_rig.Rig(tmp_path)


def read(name, x, first=1001, last=1004, **knobs):
    file = f"/plates/{name}/{name}.%04d.exr"
    node = nuke.nodes.Read(file=knobs.pop("file", file), first=first, last=last)
    node.setName(name)
    node.setXYpos(x, 0)
    node["selected"].setValue(True)
    for knob, value in knobs.items():
        node[knob].setValue(value)
    return node


def exported(rig, tmp_path):
    path = rig.host.export_timeline(str(tmp_path / "edit.otio"))
    with open(path, encoding="utf-8") as file:
        return json.load(file)["tracks"]["children"][0]["children"]


def test_reads_follow_each_other_from_left_to_right(rig, tmp_path):
    read("c", 300)
    read("a", 100, last=1010)
    other = read("b", 200)
    other["selected"].setValue(False)
    assert [clip["name"] for clip in exported(rig, tmp_path)] == ["a", "c"]
    assert [(s.item.ref, s.first, s.last) for s in rig.host.edit()] == [("a", 0, 9), ("c", 10, 13)]
    cut = read_cut(str(tmp_path / "edit.otio"))
    assert [(e.id, e.record, e.rate) for e in cut.events][1][:2] == ("c", (10, 14))
    assert str(cut.rate) == "24000/1001"


def test_nothing_selected_is_said(rig, tmp_path):
    with pytest.raises(WireError, match="No Read is selected") as refused:
        rig.host.export_timeline(str(tmp_path / "edit.otio"))
    assert "left to right" in refused.value.hint


def test_a_path_that_nuke_computes_is_named(rig, tmp_path):
    read("a", 0, file="[getenv PLATE]/a.%04d.exr")
    with pytest.raises(WireError, match="computes the path of a"):
        rig.host.export_timeline(str(tmp_path / "edit.otio"))


def test_the_selection_may_change_once_it_was_exported(rig, tmp_path):
    kept, gone = read("a", 0), read("b", 100)
    exported(rig, tmp_path)
    kept["selected"].setValue(False)
    nuke.delete(gone)
    assert [span.item.ref for span in rig.host.edit()] == ["a"]


def test_a_sequence_says_which_of_its_files_are_shown(rig, tmp_path):
    read("a", 0, first=1010, last=1012, file="/plates/a.%04d.exr")
    (clip,) = exported(rig, tmp_path)
    media = clip["media_references"]["DEFAULT_MEDIA"]
    assert clip["source_range"]["start_time"]["value"] == 1010
    assert (media["target_url_base"], media["name_prefix"]) == ("/plates", "a.")
    assert (media["name_suffix"], media["frame_zero_padding"]) == (".exr", 4)
    assert media["start_frame"] == 1010


def test_a_movie_is_counted_from_its_first_frame(rig, tmp_path):
    read("a", 0, first=11, last=20, file="/plates/a.mov", origfirst=1, origlast=50)
    (clip,) = exported(rig, tmp_path)
    span, media = clip["source_range"], clip["media_references"]["DEFAULT_MEDIA"]
    assert (span["start_time"]["value"], span["duration"]["value"]) == (10, 10)
    assert (media["target_url"], media["available_range"]["duration"]["value"]) == (
        "/plates/a.mov",
        50,
    )


def test_the_colour_space_of_a_read_is_noted(rig, tmp_path):
    read("a", 0, colorspace="ACES - ACEScct")
    read("b", 100, raw=True)
    media = [clip["media_references"]["DEFAULT_MEDIA"] for clip in exported(rig, tmp_path)]
    spaces = [each["metadata"]["answerprint"]["space"] for each in media]
    assert spaces == ["ACEScct", "ACEScg"]


def test_a_read_that_is_switched_off_is_so_in_the_edit(rig, tmp_path):
    read("a", 0, disable=True)
    assert exported(rig, tmp_path)[0]["enabled"] is False


@pytest.mark.parametrize(
    ("mode", "frame", "shown"),
    [("expression", "", 1006), ("offset", "1000", 6), ("start at", "1", 6), ("offset", "-4", 1010)],
)
def test_a_frame_is_looked_at_where_nuke_shows_its_file(rig, tmp_path, mode, frame, shown):
    """Nuke shows file F + N at F with 'offset' N, and file first + F - S with 'start at' S."""
    read("a", 0)
    node = read("b", 100, last=1010, frame_mode=mode, frame=frame)
    exported(rig, tmp_path)
    rig.host.show_frame(9)  # the sixth of the second Read: its file 1006
    assert nuke.frame() == shown
    assert nuke.scene.viewed is node


def test_an_expression_is_not_guessed(rig, tmp_path):
    read("a", 0, frame_mode="expression", frame="frame*2")
    exported(rig, tmp_path)
    with pytest.raises(WireError, match="shifted by an expression") as refused:
        rig.host.show_frame(2)
    assert "1003" in refused.value.hint


def test_a_frame_that_the_edit_has_not_is_refused(rig, tmp_path):
    read("a", 0)
    exported(rig, tmp_path)
    with pytest.raises(WireError, match="no frame 4"):
        rig.host.show_frame(4)


def test_a_terminal_has_no_playhead(tmp_path):
    assert "playhead" not in nuke_rig.terminal(tmp_path).host.capabilities()
