"""What the worker answers of a show: cancelled in the middle, brief, too long for a line, shots."""

from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
import shows
from edits import clip, external, saved, span
from soundstage.room import BEHIND, SIDE, WIDE, render
from soundstage.shots import save_shot

from answerprint.check.looked import Looked
from answerprint.errors import BadInput, BadParameter, Cancelled
from answerprint.events import Events
from answerprint.show.store import make_show
from answerprint.worker import show as served
from answerprint.worker.__main__ import HANDLERS


class Stops(Events):
    """Somebody cancels when it looks for that time, from 1."""

    def __init__(self, at: int) -> None:
        self.at, self.looks = at, 0

    def cancelled(self) -> bool:
        self.looks += 1
        return self.looks >= self.at


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A show of three takes, a picture of one of them, and a cut of two shots round a hole."""
    folder = tmp_path_factory.mktemp("stage")
    show = make_show(folder / "show")
    takes = {"side": [render(SIDE, 0)], "wide": [render(WIDE, 4)], "behind": [render(BEHIND)]}
    shows.fill(show, takes)
    shots = []
    for turn, camera in enumerate((SIDE, BEHIND)):
        save_shot(folder / f"s{turn}", {1001: render(camera, turn, 240, 135).astype(np.float32)})
        media = external(folder / f"s{turn}/s{turn}.1001.exr", 1001, 1)
        shots.append(clip(f"s{turn}", media, span(1001, 1)))
    hole = otio.schema.Gap(source_range=span(0, 1))
    return show, str(folder / "s0/s0.1001.exr"), saved(folder / "a.otio", shots[0], hole, shots[1])


@pytest.mark.parametrize("at", [1, 2, 4])
def test_a_search_that_is_cancelled_stops_at_the_next_take(stage, at):
    show, picture, _ = stage
    stop = Stops(at)
    with pytest.raises(Cancelled):
        HANDLERS["show.find"]({"show": str(show.folder), "path": picture}, stop)
    assert stop.looks == at


@pytest.mark.parametrize("at", [2, 3, 6])
def test_a_search_for_gaps_that_is_cancelled_stops_at_the_next_shot(stage, tmp_path, at):
    show, _, cut = stage
    stop = Stops(at)
    asked = {"show": str(show.folder), "path": cut, "out": str(tmp_path / "out")}
    with pytest.raises(Cancelled):
        HANDLERS["show.gaps"](asked, stop)
    assert stop.looks == at
    assert not list(Path(tmp_path / "out").glob("gaps.*"))


def test_no_shot_is_decoded_for_a_search_that_is_cancelled(stage, tmp_path, monkeypatch):
    show, _, cut = stage
    looked = []
    monkeypatch.setattr(Looked, "_shot", lambda self, event: looked.append(event.id))
    asked = {"show": str(show.folder), "path": cut, "out": str(tmp_path / "out")}
    with pytest.raises(Cancelled):
        HANDLERS["show.gaps"](asked, Stops(2))
    assert looked == []


def test_gaps_name_the_shots_that_proposals_may_have_to_match(stage, tmp_path):
    show, _, cut = stage
    asked = {"show": str(show.folder), "path": cut, "out": str(tmp_path / "out")}
    told = HANDLERS["show.gaps"](asked, Events())
    (hole,) = told["holes"]
    wanted = {row["reference"] for row in hole["proposals"]} - {None}
    assert wanted
    assert told["shots"].keys() == wanted
    spans = {"s0": [0, 0], "s1": [2, 2]}
    for name, shot in told["shots"].items():
        assert (shot["name"], shot["clip"], shot["cut"], shot["track"]) == (
            *(name, name),
            *(spans[name], 1),
        )


def test_a_panel_is_told_in_brief_what_a_show_holds(stage):
    show = stage[0]
    whole = HANDLERS["show.list"]({"show": str(show.folder)}, Events())
    assert len(whole["clips"]) == 3
    brief = HANDLERS["show.list"]({"show": str(show.folder), "brief": True}, Events())
    assert brief == {"show": str(show.folder), "sentence": whole["sentence"]}
    assert brief["sentence"] == "3 clips, 3 frames, 0 cameras."
    with pytest.raises(BadParameter, match="brief is 'yes'"):
        HANDLERS["show.list"]({"show": str(show.folder), "brief": "yes"}, Events())


def test_what_is_too_long_for_a_line_is_refused_in_words(stage, tmp_path, monkeypatch):
    show, _, cut = stage
    monkeypatch.setattr(served, "LINE_LIMIT", 1200)
    with pytest.raises(BadInput, match="The show has 3 clips: too many") as refused:
        HANDLERS["show.list"]({"show": str(show.folder)}, Events())
    assert "brief" in refused.value.hint
    HANDLERS["show.list"]({"show": str(show.folder), "brief": True}, Events())
    asked = {"show": str(show.folder), "path": cut, "out": str(tmp_path / "out")}
    with pytest.raises(BadInput, match="1 missing shots are too many") as refused:
        HANDLERS["show.gaps"](asked, Events())
    assert str(tmp_path / "out/gaps.html") in refused.value.hint
