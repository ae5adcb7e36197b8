"""A match in the windows of a real Blender, under a virtual screen.

Slow, and only where there are `blender` and `xvfb-run` (Debian: apt install blender xvfb). The
screenshots are for people to look at (ANSWERPRINT_SCREENS names an empty folder for them); what
each step found is checked here.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "plugin"))

from installer import extension  # noqa: E402 - as install.py imports it

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("blender") and shutil.which("xvfb-run")),
        reason="there is no blender or no xvfb-run here: apt install blender xvfb",
    ),
]
PICTURES = 11


def told_by(story, folder, *more):
    """What a story found that runs in the windows of Blender, with the add-on as it is built."""
    scripts = folder / "scripts"
    addon = scripts / "addons/answerprint"
    addon.mkdir(parents=True)
    with zipfile.ZipFile(extension.build(ROOT, folder, sys.executable)) as zipped:
        zipped.extractall(addon)
    own = {
        "BLENDER_USER_SCRIPTS": str(scripts),
        "BLENDER_USER_CONFIG": str(folder / "config"),
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
    }
    screen = ["xvfb-run", "-a", "-s", "-screen 0 1600x900x24"]
    blender = ["blender", "--factory-startup", "--enable-event-simulate", "-p", "0", "0", "1600"]
    script = ["900", "--python", str(Path(__file__).parent / story), "--", str(folder), *more]
    told = subprocess.run(
        [*screen, *blender, *script],
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=400,
    )
    found = folder / "told.json"
    assert found.is_file(), told.stdout[-4000:] + told.stderr[-2000:]
    return json.loads(found.read_text("utf-8"))


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What xvfb_match.py found, and the folder of its screenshots."""
    folder = Path(os.environ.get("ANSWERPRINT_SCREENS") or tmp_path_factory.mktemp("blender"))
    return told_by("xvfb_match.py", folder), folder


def test_the_story_came_to_its_end(seen):
    told, folder = seen
    assert "failed" not in told, told["failed"]
    assert len(list(folder.glob("*.png"))) == PICTURES


def test_the_button_starts_a_job_that_shows_progress(seen):
    told, _ = seen
    assert told["started by the button"]
    assert any(len(each) > 1 for each in told["progress"])


def test_the_match_stands_beside_what_was_there(seen):
    told, _ = seen
    assert told["added"]
    assert told["kept"]
    assert any(text == "CDL: placed, in the compositor" for _, text in told["match"])


def test_it_is_one_step_of_undo(seen):
    told, _ = seen
    assert told["after undo"] == told["before"]
    assert told["after redo"] == sorted(told["before"] + told["added"])


def test_escape_cancels(seen):
    told, _ = seen
    assert "ancelled" in told["escape"][0][1]


@pytest.mark.parametrize(
    ("editor", "near"),
    [("IMAGE_EDITOR", "image:shot_b"), ("CLIP_EDITOR", "clip:shot_b.1001.exr")],
)
def test_what_an_editor_shows_is_the_source(seen, editor, near):
    told, _ = seen
    source, summary = told[editor]
    assert source == near
    assert any(text == "CDL: placed, in the compositor" for _, text in summary)


def test_a_strip_is_matched_too(seen):
    told, _ = seen
    assert told["strips added"]
    assert ["CHECKMARK", "Frames: placed, in the sequencer"] in told["strip match"]


def test_a_file_that_is_opened_ends_the_job(seen):
    told, _ = seen
    assert told["started before loading"]
    assert not told["works after loading"]
    assert told["placed by loading"] == []
    assert any(text.startswith("Beside its reference") for _, text in told["match after loading"])


def test_disabling_leaves_nothing(seen):
    told, _ = seen
    assert told["types left"] == []
    assert told["worker"] == "gone"


def test_a_worker_does_not_outlive_blender(seen):
    told, _ = seen
    with pytest.raises(ProcessLookupError):
        os.kill(told["last worker"], 0)
