"""What a dropped path stands for, where it lands, and which folder a run goes to."""

import pytest
from PySide6 import QtCore, QtWidgets

from answerprint.panel import inputs
from answerprint.panel.inputs import Inputs

SPEC = {
    "inputs": [
        {"name": "source", "required": True, "help": "The shot"},
        {"name": "reference", "required": True, "help": "The hero"},
        {"name": "mask", "required": False, "help": "Where"},
    ]
}


@pytest.fixture
def form(application):
    made = Inputs(SPEC)
    made.resize(500, 400)
    made.show()
    yield made
    made.close()


@pytest.fixture
def shot(tmp_path):
    """A folder of three frames, a still, a version and a movie."""
    folder = tmp_path / "sc 010 %"
    folder.mkdir()
    for name in ("a.1003.exr", "a.1001.exr", "a.1002.exr", "still.exr", "b_v003.exr", "c.mov"):
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.1002.exr", "a.%04d.exr"),
        ("still.exr", "still.exr"),
        ("b_v003.exr", "b_v003.exr"),
        ("c.mov", "c.mov"),
        ("", ""),
        ("none.1001.exr", "none.1001.exr"),
    ],
)
def test_one_frame_stands_for_its_sequence(shot, name, source):
    assert inputs.shot_of(str(shot / name)) == str(shot / source)


@pytest.mark.parametrize(
    ("name", "first", "called"),
    [
        ("a.%04d.exr", 1001, "a"),
        ("a.####.exr", 1001, "a"),
        ("a.1002.exr", 1002, "a"),
        ("still.exr", None, "still"),
        ("c.mov", None, "c"),
        ("none.%04d.exr", None, "none"),
    ],
)
def test_first_frame_and_name_of_a_source(shot, name, first, called):
    assert inputs.first_frame(str(shot / name)) == first
    assert inputs.shot_name(str(shot / name)) == called


def test_first_frame_and_name_of_a_folder(shot):
    for name in ("still.exr", "b_v003.exr", "c.mov"):
        (shot / name).unlink()
    assert inputs.first_frame(str(shot)) == 1001
    assert inputs.shot_name(str(shot) + "/") == "sc 010 %"


def test_results_go_beside_the_shot_and_no_version_twice(tmp_path):
    root = inputs.results_root(str(tmp_path / "sc010/a.%04d.exr"), "match")
    assert root == str(tmp_path / "sc010/answerprint/a/match")
    assert inputs.next_version(root) == f"{root}/v001"
    for name in ("v001", "v007", "v9_old", "notes.txt"):
        (tmp_path / "sc010/answerprint/a/match" / name).mkdir(parents=True)
    assert inputs.next_version(root) == f"{root}/v008"
    assert inputs.next_version(root, [f"{root}/v008", "/elsewhere/v099"]) == f"{root}/v009"


def test_drops_fill_the_fields_in_their_order(form, drop, shot, tmp_path):
    hero = tmp_path / "hero"
    hero.mkdir()
    assert drop(form, [shot / "a.1001.exr", shot / "a.1002.exr", hero], QtCore.QPoint(0, 0))
    assert form.values() == {
        "source": {"path": str(shot / "a.%04d.exr"), "colorspace": None},
        "reference": {"path": str(hero), "colorspace": None},
    }


def test_a_drop_on_a_field_is_for_that_field(form, drop, tmp_path):
    QtWidgets.QApplication.processEvents()
    drop(form, [tmp_path], form.fields["mask"].geometry().center())
    assert form.values()["mask"]["path"] == str(tmp_path)
    assert form.values()["source"]["path"] == ""


def test_a_drop_without_files_is_left_to_others(form, drop):
    assert not drop(form, [], QtCore.QPoint(0, 0))


def test_colour_spaces_go_with_their_input(form):
    form.set_values({"source": {"path": "a.mov", "colorspace": "S-Log3"}})
    assert form.values()["source"] == {"path": "a.mov", "colorspace": "S-Log3"}
