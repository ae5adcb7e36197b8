"""Proposals for missing shots in a host's edit: laid switched off, one shown at a time, matched.

Each case runs on every host of `conftest.HOSTS`; one that lays nothing says so, and what to do.
"""

import pytest
from audition_gaps import WORDS, gaps_of
from cores import SMALL
from memory_host import _write
from scenes import CDL, picture, plate

from answerprint_bridge.messages import BUSY, WireError
from answerprint_bridge.session import Session


@pytest.fixture
def begun(host):
    made = Session(host, SMALL)
    yield made
    made.close()


@pytest.fixture
def gaps(rig, tmp_path):
    """The edit with a shot of three frames and a hole after it."""
    if "auditions" not in rig.host.capabilities():
        pytest.skip("it lays nothing")
    (tmp_path / "one").mkdir()
    frames = plate(pattern=str(tmp_path / "one/one.%04d.exr"), last=1003)
    for number in frames.numbers:
        _write(frames, number, picture(number))
    rig.on_disk(frames)
    return gaps_of(rig.host, tmp_path)


def where(gaps):
    first = gaps["holes"][0]["range"][0]
    return first, first + 1


def test_proposals_are_laid_switched_off_over_their_hole(rig, begun, gaps):
    laid = begun.audition(gaps)
    assert list(laid) == ["gap_1.1", "gap_1.2"]
    for turn, ref in enumerate(laid.values()):
        on, first, last, frames = rig.laid(ref)
        assert (on, (first, last)) == (False, where(gaps))
        assert frames == gaps["holes"][0]["proposals"][turn]["clip"]


def test_each_has_a_marker_that_says_what_it_is(rig, begun, gaps):
    for ref in begun.audition(gaps).values():
        (name, text) = rig.marker_of(ref)
        assert "alternate" in name
        assert WORDS in text


def test_what_is_laid_is_found_again_as_it_was_left(rig, begun, gaps):
    laid = begun.audition(gaps)
    rig.host.switch(laid["gap_1.2"], True)
    before = rig.snapshot()
    assert begun.audition(gaps) == laid
    assert rig.snapshot() == before
    assert [rig.laid(ref)[0] for ref in laid.values()] == [False, True]


def test_one_of_a_hole_is_shown_at_a_time(rig, begun, gaps):
    laid = begun.audition(gaps)

    def shown():
        return [each for each, ref in laid.items() if rig.laid(ref)[0]]

    assert begun.swap(gaps, "gap_1.2").ref == laid["gap_1.2"]
    assert shown() == ["gap_1.2"]
    begun.swap(gaps, "gap_1.1")
    assert shown() == ["gap_1.1"]
    begun.mute(gaps, "gap_1.1")
    assert shown() == []


def test_a_swap_lays_what_is_not_there(rig, begun, gaps):
    item = begun.swap(gaps, "gap_1.2")
    assert item.label == "take_b"
    assert rig.laid(item.ref)[0]
    assert [rig.laid(ref)[0] for ref in begun.audition(gaps).values()] == [False, True]


def test_a_match_is_prepared_from_the_proposal_to_its_shot(rig, begun, gaps):
    begun.swap(gaps, "gap_1.1")
    prepared = begun.prepared(gaps, "gap_1.1")
    assert prepared.why == ""
    source, reference = prepared.inputs["source"], prepared.inputs["reference"]
    told = rig.host.describe(source.ref)
    assert (told.first, told.last) == (1002, 1003)
    spans = {span.item.ref: span for span in rig.host.edit()}
    assert spans[reference.ref].first == gaps["shots"]["one"]["cut"][0]
    assert reference.ref != source.ref


def test_what_is_placed_by_a_proposal_stands(rig, begun, gaps):
    item = begun.swap(gaps, "gap_1.1")
    (answer,) = rig.host.apply([CDL], item.ref, "match v001", "r1")
    assert answer.became == rig.alone["cdl"]
    assert rig.laid(item.ref)[0]


def test_a_proposal_that_needs_none_and_a_shot_that_has_gone_have_no_match(begun, gaps):
    prepared = begun.prepared(gaps, "gap_1.2")
    assert (prepared.inputs, prepared.why) == ({}, "")
    gone = {"one": {**gaps["shots"]["one"], "cut": [9000, 9001]}}
    prepared = begun.prepared({**gaps, "shots": gone}, "gap_1.1")
    assert prepared.inputs == {}
    assert "01:00:00:00 any more, which take_a should match" in prepared.why
    (hole,) = gaps["holes"]
    alone = {**hole["proposals"][0], "reference": None}
    prepared = begun.prepared({**gaps, "holes": [{**hole, "proposals": [alone]}]}, "gap_1.1")
    assert prepared.inputs == {}
    assert prepared.why == "No shot of the edit is known that take_a should match."


def test_a_host_that_is_busy_is_left_alone(rig, begun, gaps, monkeypatch):
    before = rig.snapshot()
    monkeypatch.setattr(type(rig.host), "busy", lambda self: "it renders")
    with pytest.raises(WireError, match="it renders") as refused:
        begun.swap(gaps, "gap_1.1")
    assert refused.value.code == BUSY
    assert rig.snapshot() == before


def test_a_host_that_lays_nothing_says_what_to_do(rig, begun):
    if "auditions" in rig.host.capabilities():
        pytest.skip("it lays them")
    told = {"cut": "/cuts/gaps.otio"}
    for lays in (begun.audition, rig.host.lay_auditions):
        with pytest.raises(WireError, match="no takes above an edit") as refused:
            lays(told)
        assert refused.value.hint == "Import /cuts/gaps.otio in a program that opens cuts as OTIO."
    with pytest.raises(WireError, match="on or off"):
        rig.host.switch("x", True)
