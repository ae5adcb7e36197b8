"""The show in the windows of a real Blender, under a virtual screen.

Slow, and only where there are `blender` and `xvfb-run`, as `test_xvfb.py`. The screenshots are for
people to look at (ANSWERPRINT_SCREENS names an empty folder for them, ANSWERPRINT_TAKES other
dailies); what each step found is checked here.
"""

import os
from pathlib import Path

import dailies
import pytest
from test_xvfb import pytestmark as where
from test_xvfb import told_by

pytestmark = where
PICTURES = 7


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What xvfb_show.py found, and the folder of its screenshots."""
    folder = Path(os.environ.get("ANSWERPRINT_SCREENS") or tmp_path_factory.mktemp("blender"))
    takes = os.environ.get("ANSWERPRINT_TAKES")
    takes = takes or str(dailies.make(tmp_path_factory.mktemp("takes")))
    return told_by("xvfb_show.py", folder, takes), folder


def test_the_story_came_to_its_end(seen):
    told, folder = seen
    assert "failed" not in told, told["failed"]
    assert len(list(folder.glob("[0-9]*.png"))) == PICTURES


def test_dailies_are_learned_with_progress(seen):
    told, _ = seen
    assert "4 clips learned" in told["learned"][0][1]
    assert any(text.startswith("Learn 1 of") for text in told["progress"][0])


def test_the_button_finds_the_takes_of_this_frame(seen):
    told, _ = seen
    assert told["started by the button"]
    assert [row[3] for row in told["takes"][:2]] == ["same set-up", "same set-up"]


def test_a_picture_from_the_file_browser_is_looked_for(seen):
    told, _ = seen
    assert [row[3] for row in told["takes of a file"]] == ["same set-up", "same set-up"]
    assert told["takes of a file"][0][0] != told["takes"][0][0]


def test_the_row_that_is_clicked_is_placed_above_the_shot_and_undo_takes_it_back(seen):
    told, _ = seen
    assert told["chosen"] == 1
    ((name, (channel, first, end, muted)),) = told["placed"].items()
    assert name.endswith(told["takes"][1][0])
    assert (channel, first, muted) == (2, 1, False)
    assert end > first
    assert told["after undo"] == {}


def test_proposals_are_laid_muted_in_the_hole_each_with_a_marker(seen):
    told, _ = seen
    ids = [row[1] for row in told["holes"] if row[1]]
    assert ids
    assert all(muted for *_, muted in told["laid"].values())
    spans = {(first, end) for _, first, end, _ in told["laid"].values()}
    assert len(spans) == 1
    assert sorted(name.split(":")[0] for _, name in told["markers"]) == sorted(ids)


def test_a_row_shows_its_frame_and_chooses_its_strip(seen):
    told, _ = seen
    frame, chosen = told["shown"]
    assert [name.split()[0] for name in chosen] == [told["swapped"]]
    assert frame == told["laid"][chosen[0]][1]


def test_a_swap_shows_one_and_its_match_and_mute_hides_both(seen):
    told, _ = seen
    on = [name for name, each in told["after the swap"].items() if not each[3]]
    assert sorted(name.split()[0] for name in on) == sorted([told["swapped"], "match"])
    assert ["CHECKMARK", "Frames: placed, in the sequencer"] in told["match"]
    assert all(muted for *_, muted in told["as it was"].values())
    assert told["after undo of that"] == told["after the swap"]
