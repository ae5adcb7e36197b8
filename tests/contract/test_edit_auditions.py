"""Takes to audition in an exported cut: what is written, what is kept, what is let go."""

import json
import os
import shutil
from pathlib import Path

import edit_rig
import opentimelineio as otio
import pytest
from audition_gaps import gaps_of
from scenes import CDL

from answerprint.edit.cut import read_cut
from answerprint.panel.edit_host import open_cut
from answerprint_bridge.messages import WireError


@pytest.fixture
def rig(tmp_path):
    project = tmp_path / "Größe" / "sc010"
    project.mkdir(parents=True)
    return edit_rig.Rig(project)


@pytest.fixture
def gaps(rig, tmp_path):
    (tmp_path / "v003").mkdir()
    return gaps_of(rig.host, tmp_path / "v003")


def again(rig):
    """The host of the cut, opened once more with the same results folder."""
    made = open_cut(edit_rig.Here(), str(rig.cut), "", rig.artist)
    made.configure("results", str(rig.project))
    return made


def events(path):
    return [(e.id, e.enabled) for e in read_cut(str(path)).events]


def test_the_exported_cut_and_the_search_are_never_written(rig, gaps):
    before = rig.cut.read_bytes(), Path(gaps["cut"]).read_bytes()
    rig.host.swap(rig.host.lay_auditions(gaps)["gap_1.2"], ())
    assert (rig.cut.read_bytes(), Path(gaps["cut"]).read_bytes()) == before
    copy = Path(rig.host.place, "audition/v003", rig.cut.name)
    assert rig.host.cut["path"] == str(copy)
    off, on = events(copy)[-2:]
    assert (off, on) == (("v003_gap_1.1_take_a", False), ("v003_gap_1.2_take_b", True))


def test_what_is_shown_is_among_the_items_and_the_rest_is_not(rig, gaps):
    own = [item.ref for item in rig.host.items()]
    laid = rig.host.lay_auditions(gaps)
    assert [item.ref for item in rig.host.items()] == own
    rig.host.swap(laid["gap_1.2"], [laid["gap_1.1"]])
    assert [item.ref for item in rig.host.items()] == [*own, laid["gap_1.2"]]
    assert "(switched off)" not in rig.host.items()[-1].label
    (span,) = [each for each in rig.host.edit() if each.item.ref == laid["gap_1.2"]]
    assert [span.first, span.last] == gaps["holes"][0]["range"]


def test_the_edit_goes_out_with_what_is_shown_as_a_shot_like_others(rig, gaps, tmp_path):
    assert rig.host.export_timeline(str(tmp_path / "out.otio")) == str(rig.cut)
    laid = rig.host.lay_auditions(gaps)
    rig.host.swap(laid["gap_1.1"], [laid["gap_1.2"]])
    path = rig.host.export_timeline(str(tmp_path / "out.otio"))
    assert path == str(tmp_path / "out.otio")
    assert events(path) == [*events(rig.cut), ("v003_gap_1.1_take_a", True)]
    timeline = otio.adapters.read_from_file(path)
    assert [track.name for track in timeline.tracks] == ["Video 1", "AUDITION 1"]
    assert not any("answerprint" in each.metadata for each in timeline.find_children())
    rig.host.swap("", [laid["gap_1.1"]])
    assert events(rig.host.export_timeline(path)) == events(rig.cut)


def test_a_look_on_a_take_reaches_the_lists_and_goes_with_it(rig, gaps):
    ref = rig.host.lay_auditions(gaps)["gap_1.1"]
    rig.host.swap(ref, ())
    (look,) = rig.host.apply([CDL], ref, "match v001", "r1")[0].items
    (ccc,) = Path(rig.host.place).glob("*.ccc")
    assert 'id="v003_gap_1.1_take_a"' in ccc.read_text()
    cut = Path(rig.host.place, rig.cut.name)
    assert ("v003_gap_1.1_take_a", True) in events(cut)
    rig.host.swap("", [ref])
    assert ("v003_gap_1.1_take_a", False) in events(cut), "written anew with what is shown"
    assert rig.host.take_back(look) == "the shot as it was"


def test_it_stands_when_the_cut_is_opened_again(rig, gaps):
    laid = rig.host.lay_auditions(gaps)
    rig.host.swap(laid["gap_1.2"], [laid["gap_1.1"]])
    other = again(rig)
    assert other.lay_auditions(gaps) == laid
    assert [item.ref for item in other.items()] == [item.ref for item in rig.host.items()]
    assert other.items()[-1].ref == laid["gap_1.2"]


def test_a_cut_that_was_exported_anew_lets_them_go_and_says_so(rig, gaps):
    rig.host.swap(rig.host.lay_auditions(gaps)["gap_1.2"], ())
    os.utime(rig.cut, ns=(1, 1))
    gaps = {**gaps, "cut": gaps["cut"] + "x"}
    with pytest.raises(WireError, match="exported anew since it was opened"):
        rig.host.lay_auditions(gaps)
    other = again(rig)
    assert [item.ref for item in other.items()] == [ref for ref, _ in events(rig.cut)]
    told = [title for _, title, _ in rig.artist.said]
    assert any("was exported anew: the takes in it to audition are left out" in t for t in told)


def test_the_cuts_own_shots_are_not_switched(rig, gaps):
    rig.host.lay_auditions(gaps)
    with pytest.raises(WireError, match="is of the cut itself, which is never changed"):
        rig.host.switch("opening", False)


def test_what_cannot_be_written_is_as_it_was(rig, gaps, monkeypatch):
    laid = rig.host.lay_auditions(gaps)
    rig.host.swap(laid["gap_1.1"], ())
    rig.host.apply([CDL], laid["gap_1.1"], "match v001", "r1")
    placed = Path(rig.host.place, "placed.json").read_text()
    call = rig.host.worker.call

    def full(method, params):
        if method == "edit.grades":
            raise WireError(-32005, "The disk is full.", "Make room.")
        return call(method, params)

    monkeypatch.setattr(rig.host.worker, "call", full)
    with pytest.raises(WireError, match="disk is full"):
        rig.host.swap(laid["gap_1.2"], [laid["gap_1.1"]])
    assert [rig.laid(ref)[0] for ref in laid.values()] == [True, False]
    assert json.loads(Path(rig.host.place, "placed.json").read_text()) == json.loads(placed)


# --- a second search ---------------------------------------------------------------------------


@pytest.fixture
def searched(rig, gaps, tmp_path):
    """The first search, of which a take is shown with a look on it, and a second one after that,
    with takes of the same names."""
    laid = rig.host.lay_auditions(gaps)
    rig.host.swap(laid["gap_1.1"], [laid["gap_1.2"]])
    rig.host.apply([CDL], laid["gap_1.1"], "match v001", "r1")
    (tmp_path / "v004").mkdir()
    second = gaps_of(rig.host, tmp_path / "v004")
    assert second["holes"][0]["range"] != gaps["holes"][0]["range"], "the first hole is filled"
    return laid, second


def shown(rig):
    return [item.ref for item in rig.host.items()]


def test_takes_of_one_name_from_two_searches_are_told_apart(rig, gaps, searched):
    laid, second = searched
    before = shown(rig)
    newer = rig.host.lay_auditions(second)
    assert list(newer) == list(laid)
    assert not set(newer.values()) & set(laid.values())
    assert shown(rig) == before, "what is shown stays, what is new is off"
    rig.host.swap(newer["gap_1.1"], [newer["gap_1.2"]])
    assert shown(rig) == [*before, newer["gap_1.1"]]
    spans = {span.item.ref: [span.first, span.last] for span in rig.host.edit()}
    assert spans[laid["gap_1.1"]] == gaps["holes"][0]["range"]
    assert spans[newer["gap_1.1"]] == second["holes"][0]["range"]
    rig.host.switch(laid["gap_1.1"], False)
    assert shown(rig) == [*before[:-1], newer["gap_1.1"]]
    assert [e["event"] for e in rig.host._state["entries"]] == [laid["gap_1.1"]]
    assert not any("no more" in title for _, title, _ in rig.artist.said), "the look has its take"


def test_the_first_search_goes_on_when_there_is_a_second(rig, gaps, searched):
    laid, second = searched
    newer = rig.host.lay_auditions(second)
    path = rig.host.cut["path"]
    assert rig.host.lay_auditions(gaps) == laid
    assert rig.host.cut["path"] == path, "nothing is laid anew"
    rig.host.swap(laid["gap_1.2"], [laid["gap_1.1"]])
    rig.host.swap(newer["gap_1.2"], [newer["gap_1.1"]])
    assert shown(rig)[-2:] == [laid["gap_1.2"], newer["gap_1.2"]]
    assert again(rig).lay_auditions(gaps) == laid


def test_the_edit_goes_out_with_what_is_shown_of_both(rig, searched, tmp_path):
    laid, second = searched
    newer = rig.host.lay_auditions(second)
    rig.host.swap(newer["gap_1.2"], [newer["gap_1.1"]])
    path = rig.host.export_timeline(str(tmp_path / "out.otio"))
    assert events(path) == [*events(rig.cut), (laid["gap_1.1"], True), (newer["gap_1.2"], True)]


def test_a_search_of_the_same_name_from_elsewhere_is_another(rig, gaps, searched, tmp_path):
    laid, _ = searched
    (tmp_path / "elsewhere/v003").mkdir(parents=True)
    other = gaps_of(rig.host, tmp_path / "elsewhere/v003")
    newer = rig.host.lay_auditions(other)
    assert not set(newer.values()) & set(laid.values())
    assert Path(rig.host.cut["path"]).parent.name == "v003 2"


def test_a_clip_of_the_artists_that_is_called_as_a_take_is_none(rig, tmp_path):
    rig.clips.append({**rig.clips[0], "name": "v003 gap_1.1 take_a"})
    rig.cut.write_text(edit_rig.timeline("reel 2", rig.clips), "utf-8")
    theirs = rig.added().ref
    (tmp_path / "v003").mkdir()
    laid = rig.host.lay_auditions(gaps_of(rig.host, tmp_path / "v003"))
    assert theirs not in laid.values()
    assert theirs in shown(rig)
    rig.host.switch(laid["gap_1.1"], True)
    assert shown(rig)[-1] == laid["gap_1.1"]


def test_a_second_search_that_cannot_be_laid_changes_nothing(rig, searched):
    _, second = searched
    before, cut = shown(rig), rig.host.cut
    Path(second["cut"]).write_text("")
    with pytest.raises(WireError, match="the proposals are in it"):
        rig.host.lay_auditions(second)
    assert (shown(rig), rig.host.cut) == (before, cut)


# --- a copy that somebody removed --------------------------------------------------------------


@pytest.mark.parametrize("reopened", [False, True])
def test_a_copy_that_was_removed_is_made_again(rig, gaps, searched, tmp_path, reopened):
    laid, second = searched
    newer = rig.host.lay_auditions(second)
    rig.host.swap(newer["gap_1.2"], [newer["gap_1.1"]])
    copy = Path(rig.host.cut["path"])
    before, told = shown(rig), json.loads(copy.read_text())
    shutil.rmtree(copy.parent)
    host = again(rig) if reopened else rig.host
    path = host.export_timeline(str(tmp_path / "out.otio"))
    assert (newer["gap_1.2"], True) in events(path)
    assert json.loads(copy.read_text()) == told
    assert [item.ref for item in host.items()] == before
    assert host.lay_auditions(gaps) == laid
    assert not any("exported anew" in title for _, title, _ in rig.artist.said)


@pytest.mark.parametrize("by", ["look", "switch", "lay", "setting"])
def test_it_is_made_again_by_whatever_needs_it(rig, gaps, by):
    laid = rig.host.lay_auditions(gaps)
    rig.host.switch(laid["gap_1.1"], True)
    copy = rig.host.cut["path"]
    os.remove(copy)
    if by == "look":
        (answer,) = rig.host.apply([CDL], laid["gap_1.1"], "match v001", "r1")
        assert answer.status == "done"
    elif by == "switch":
        rig.host.switch(laid["gap_1.2"], True)
    elif by == "lay":
        assert rig.host.lay_auditions(gaps) == laid
    else:
        rig.host.configure("source_space", rig.host.cut["spaces"][0])
    assert (laid["gap_1.1"], True) in events(copy)


@pytest.mark.parametrize("reopened", [False, True])
def test_takes_that_are_gone_with_their_search_are_said(rig, gaps, tmp_path, reopened):
    laid = rig.host.lay_auditions(gaps)
    rig.host.switch(laid["gap_1.1"], True)
    os.remove(rig.host.cut["path"])
    os.remove(gaps["cut"])
    host = again(rig) if reopened else rig.host
    assert host.export_timeline(str(tmp_path / "out.otio")) == str(rig.cut)
    assert [item.ref for item in host.items()] == [ref for ref, _ in events(rig.cut)]
    (said,) = [each for each in rig.artist.said if "were removed" in each[1]]
    assert said[1] == f"The takes to audition in {rig.cut} were removed: the cut is without them."
    assert said[2].endswith("Look for missing shots again.")
    again(rig)
    assert len([each for each in rig.artist.said if "were removed" in each[1]]) == 1, "once"
    (answer,) = host.apply([CDL], "opening", "match v002", "r2")
    assert answer.status == "done"
    with pytest.raises(WireError, match="cannot be read"):
        host.lay_auditions(gaps)


@pytest.mark.parametrize("text", ["", "[]", '{"tracks": {"children": []}}'])
def test_a_search_whose_otio_is_none_is_refused(rig, gaps, text):
    before = rig.host.cut
    Path(gaps["cut"]).write_text(text)
    with pytest.raises(WireError, match="the proposals are in it") as refused:
        rig.host.lay_auditions(gaps)
    assert refused.value.hint == "Look for missing shots again."
    assert rig.host.cut is before
    assert rig.host.capabilities() >= {"auditions"}
