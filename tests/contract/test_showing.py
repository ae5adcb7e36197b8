"""The show beside a scene: which one it is, and where a take of it lies over an item."""

import json
import os
from pathlib import Path

import memory_host
import pytest
from cores import SMALL
from scenes import plate

from answerprint_bridge.host import FrameSet
from answerprint_bridge.messages import BUSY, HOST_REFUSED, WireError
from answerprint_bridge.session import Session
from answerprint_bridge.showing import NAME, Take, nearest


@pytest.fixture
def memory(tmp_path):
    (tmp_path / "Größe 100% #2").mkdir()
    return memory_host.whole(tmp_path / "Größe 100% #2")


@pytest.fixture
def begun(memory):
    made = Session(memory.host, SMALL)
    yield made
    made.close()


@pytest.fixture
def item(memory):
    """Frames 1001 to 1005 of the scene."""
    return memory.on_disk(plate(last=1005))


def take(first=31, last=60, frame=40):
    return Take("/shoot/b.%04d.exr", "b", first, last, frame, "same set-up", 0.9, "Seen.")


def media(first=1, last=90):
    return FrameSet("/shoot/b.%04d.exr", first, last, space="ACEScg")


def over(memory, monkeypatch):
    """The memory host as one that lays takes of other media over an item."""
    can = memory.host.capabilities() | {"takes"}
    monkeypatch.setattr(memory.host, "capabilities", lambda: can)


def placed(memory, answers):
    (answer,) = answers
    (ref,) = answer.items
    return memory.host.scene[ref]


def test_the_nearest_show_is_beside_or_above(tmp_path):
    deep = tmp_path / "a/b"
    deep.mkdir(parents=True)
    assert nearest(str(deep)) == ""
    (tmp_path / NAME).mkdir()
    assert nearest(str(deep)) == str(tmp_path / NAME)
    (deep / NAME).mkdir()
    assert nearest(str(deep)) == str(deep / NAME)


def test_a_show_that_was_chosen_goes_before_the_nearest(memory, begun, tmp_path):
    assert begun.show() == ""
    (tmp_path / NAME).mkdir()
    assert begun.show() == str(tmp_path / NAME)
    begun.choose_show("/shows/reel 2")
    assert begun.show() == os.path.abspath("/shows/reel 2")
    kept = memory.project / "answerprint/show.json"
    assert json.loads(kept.read_text("utf-8")) == {"show": "/shows/reel 2"}


def test_a_scene_that_is_not_saved_has_none_and_keeps_none(memory, begun):
    memory.unsaved()
    assert begun.show() == ""
    with pytest.raises(WireError, match="not saved"):
        begun.choose_show("/shows/reel 2")


@pytest.mark.parametrize(
    ("frame", "at"),
    [
        (1003, 994),  # the take's 40 at the item's 1003: its 31 nine before
        (None, 994),  # the middle of the item
        (1040, 1001),  # it would begin after the item
        (901, 976),  # it would end before the item's end
    ],
)
def test_a_take_lies_so_that_its_frame_is_at_the_items(begun, memory, item, monkeypatch, frame, at):
    over(memory, monkeypatch)
    thing = placed(memory, begun.place_take(take(), media(), item.ref, frame))
    # The whole clip is named, as a host opens it: its first frame lies 30 before the take's.
    told = {"first": 1, "last": 90, "at": at - 30, "colorspace": {"name": "ACEScg"}}
    assert (thing["kind"], thing["label"]) == ("take", "show b")
    assert {name: thing["data"][name] for name in told} == told


def test_a_take_that_is_too_short_is_refused(begun, memory, item, monkeypatch):
    over(memory, monkeypatch)
    before = memory.snapshot()
    with pytest.raises(WireError, match="4 of the 5 frames") as refused:
        begun.place_take(take(31, 34, 32), media(), item.ref)
    assert refused.value.code == HOST_REFUSED
    assert memory.snapshot() == before


def test_elsewhere_a_take_comes_as_its_own_frames(begun, memory, item):
    answers = begun.place_take(take(), media(), item.ref)
    assert answers[0].became == "frames"
    frames = memory.frames(answers[0].items[0])
    assert (frames.pattern, frames.first, frames.last) == ("/shoot/b.%04d.exr", 31, 60)
    assert begun.place_take(take(), media(), item.ref)[0].items == answers[0].items  # not twice


def test_nothing_is_placed_while_the_host_is_busy(begun, memory, item):
    memory.host.is_busy = "it renders"
    with pytest.raises(WireError, match="it renders") as refused:
        begun.place_take(take(), media(), item.ref)
    assert refused.value.code == BUSY


def test_a_search_for_gaps_that_is_refused_leaves_nothing(begun, memory, item):
    ended = []
    call = begun.gaps("/shows/none", on_done=ended.append)  # the small worker does not know it
    with pytest.raises(WireError):
        call.wait()
    assert ended == [call]
    assert not list(Path(memory.project).rglob("v0*"))


def test_a_hit_and_a_proposal_are_takes(tmp_path):
    small = tmp_path / "thumbs/c1/1012.jpg"
    hit = {"clip": "c1", "path": "/b.mov", "name": "b", "shot": [1001, 1040], "frame": 1012}
    hit |= {"kind": "setup", "scale": 0.5, "confidence": 0.9, "why": "Seen."}
    assert Take.found(str(tmp_path), hit).thumb == ""
    small.parent.mkdir(parents=True)
    small.write_bytes(b"small")
    found = Take.found(str(tmp_path), hit)
    assert (found.first, found.last, found.frame) == (1001, 1040, 1012)
    assert (found.sees, found.thumb) == ("same set-up, wider", str(small))
    assert Take.found(str(tmp_path), {**hit, "scale": 1.5}).sees == "same set-up, closer"
    assert Take.found(str(tmp_path), {**hit, "kind": "look", "scale": None}).sees == "looks alike"
    row = {"clip": "/b.mov", "name": "b", "first": 3, "last": 9, "kind": "tail", "speed": 1.0}
    row |= {"needs": [], "confidence": 0.2, "words": "Its unused tail.", "id": "gap_1.2", "at": 40}
    made = Take.proposed(row)
    assert (made.sees, made.frame) == ("tail", 6)
    assert (made.proposal, made.at, made.match) == ("gap_1.2", 40, False)
    slow = {**row, "speed": 0.5, "needs": ["match", "retime"]}
    assert Take.proposed(slow).sees == "tail, needs match, retime 50 %"
    assert Take.proposed(slow).match
