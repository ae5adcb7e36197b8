"""An edit that is checked and mended in the windows of a real Blender, under a virtual screen.

Slow, and only where there are `blender` and `xvfb-run`, as `test_xvfb.py`. The screenshots are for
people to look at (ANSWERPRINT_SCREENS names an empty folder for them, ANSWERPRINT_STAGE another
scene); what each step found is checked here.
"""

import os
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from test_xvfb import pytestmark as where
from test_xvfb import told_by

pytestmark = where
PICTURES = 7


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What xvfb_check.py found, and the folder of its screenshots."""
    folder = Path(os.environ.get("ANSWERPRINT_SCREENS") or tmp_path_factory.mktemp("blender"))
    stage = os.environ.get("ANSWERPRINT_STAGE")
    return told_by("xvfb_check.py", folder, *([stage] if stage else [])), folder


def test_the_story_came_to_its_end(seen):
    told, folder = seen
    assert "failed" not in told, told["failed"]
    assert len(list(folder.glob("[0-9]*.png"))) == PICTURES


def test_the_button_starts_a_check_that_shows_progress_and_escape_ends_it(seen):
    told, _ = seen
    assert told["started by the button"]
    assert "ancelled" in told["escape"][0][1]
    assert told["rows after escape"] == []
    assert len(told["progress"][1]) > 2


def test_the_list_has_the_shot_that_is_off(seen):
    told, _ = seen
    off = [row for row in told["rows"] if row[0] == "exposure"]
    assert len(off) == 1
    assert off[0][4]  # it has a fix
    assert told["summary"][0][1].count("exposure 1")


def test_a_row_shows_its_frame_and_chooses_its_strips(seen):
    told, _ = seen
    off = next(row for row in told["rows"] if row[0] == "exposure")
    frame, chosen = told["shown"]
    assert frame == off[2] > 1
    assert off[1] in chosen


def test_markers_stand_on_the_findings_and_theirs_stays(seen):
    told, _ = seen
    theirs = [2, "theirs"]
    assert theirs in told["markers"]
    assert {row[2] for row in told["rows"]} == {
        f for f, name in told["markers"] if name != "theirs"
    }
    assert theirs in told["markers at last"]
    frames = {row[2] for row in told["rows at last"]}
    assert {f for f, name in told["markers at last"] if name != "theirs"} == frames


def test_the_fix_stands_above_its_shot_and_is_gone_from_the_next_check(seen):
    told, folder = seen
    off = next(row for row in told["rows"] if row[0] == "exposure")
    ((channel, first, end),) = told["added"]
    assert channel > 1
    assert first <= off[2] < end
    assert [row[5] for row in told["rows after the fix"] if row[0] == "exposure"] == [True]
    assert not [row for row in told["rows at last"] if row[0] == "exposure"]
    light = {
        n: np.mean(oiio.ImageBuf(str(folder / f"{n}.png")).get_pixels("float")[..., :3])
        for n in ("before", "after")
    }
    assert light["after"] > light["before"] * 1.05 or light["after"] < light["before"] / 1.05


def test_undo_brings_the_markers_back_and_leaves_the_list(seen):
    told, _ = seen
    assert told["markers after undo"] == told["markers"]
    assert told["rows after undo"] == told["rows at last"]
