"""Takes to audition in an exported cut: what is written, what is kept, what is let go."""

import json
import os
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
    assert (off, on) == (("gap_1.1_take_a", False), ("gap_1.2_take_b", True))


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
    assert events(path) == [*events(rig.cut), ("gap_1.1_take_a", True)]
    timeline = otio.adapters.read_from_file(path)
    assert [track.name for track in timeline.tracks] == ["Video 1", "AUDITION 1"]
    assert not any("answerprint" in clip.metadata for clip in timeline.find_clips())
    rig.host.swap("", [laid["gap_1.1"]])
    assert events(rig.host.export_timeline(path)) == events(rig.cut)


def test_a_look_on_a_take_reaches_the_lists_and_goes_with_it(rig, gaps):
    ref = rig.host.lay_auditions(gaps)["gap_1.1"]
    rig.host.swap(ref, ())
    (look,) = rig.host.apply([CDL], ref, "match v001", "r1")[0].items
    (ccc,) = Path(rig.host.place).glob("*.ccc")
    assert 'id="gap_1.1_take_a"' in ccc.read_text()
    cut = Path(rig.host.place, rig.cut.name)
    assert ("gap_1.1_take_a", True) in events(cut)
    rig.host.swap("", [ref])
    assert ("gap_1.1_take_a", False) in events(cut), "written anew with what is shown"
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


@pytest.mark.parametrize("text", ["", "[]", '{"tracks": {"children": []}}'])
def test_a_search_whose_otio_is_none_is_refused(rig, gaps, text):
    before = rig.host.cut
    Path(gaps["cut"]).write_text(text)
    with pytest.raises(WireError, match="the proposals are in it") as refused:
        rig.host.lay_auditions(gaps)
    assert refused.value.hint == "Look for missing shots again."
    assert rig.host.cut is before
    assert rig.host.capabilities() >= {"auditions"}
