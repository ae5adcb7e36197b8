"""Where drops land, what is typed, chosen and ticked, and what is known of it."""

import OpenImageIO as oiio
import pytest
from PySide6 import QtCore, QtWidgets

from answerprint.panel.inputs import Inputs
from answerprint.panel.jobs import Shot
from answerprint.panel.style import SHEET
from answerprint_bridge.host import Item

SPEC = {
    "inputs": [
        {"name": "source", "required": True, "help": "The shot"},
        {"name": "reference", "required": True, "help": "The hero"},
        {"name": "mask", "required": False, "help": "Where"},
    ]
}
ON = QtCore.Qt.CheckState.Checked


def item(label):
    return Item(label, "clip", label)


@pytest.fixture
def form(line, scene):
    """The inputs on a host with items, a selection and a list."""
    owner = QtWidgets.QWidget()
    made = Inputs(SPEC, line(scene, owner), scene.capabilities())
    made.resize(500, 700)
    made.show()
    yield made
    made.close()


@pytest.fixture
def shot(tmp_path):
    """A folder of three frames."""
    folder = tmp_path / "sc 010 %"
    folder.mkdir()
    for name in ("a.1003.exr", "a.1001.exr", "a.1002.exr"):
        (folder / name).touch()
    return folder


def test_drops_fill_the_fields_in_their_order(form, drop, shot, tmp_path):
    hero = tmp_path / "hero"
    hero.mkdir()
    assert drop(form, [shot / "a.1001.exr", shot / "a.1002.exr", hero], QtCore.QPoint(0, 0))
    assert form.chosen() == {
        "source": [Shot(str(shot / "a.%04d.exr"))],
        "reference": [Shot(str(hero))],
    }


def test_a_drop_on_a_field_is_for_that_field(form, drop, tmp_path):
    QtWidgets.QApplication.processEvents()
    drop(form, [tmp_path], form.fields["mask"].geometry().center())
    assert form.chosen()["mask"] == [Shot(str(tmp_path))]
    assert form.chosen()["source"] == [Shot("")]


@pytest.mark.parametrize("name", ["Reel 2.OTIO", "cut.edl", "cut.xml", "cut.aaf"])
def test_an_edit_is_no_shot_and_how_to_open_it_is_said(form, drop, tmp_path, name):
    said, hero = [], tmp_path / "hero"
    hero.mkdir()
    form._line.hear(form._line.desk.refused, said.append)
    drop(form, [tmp_path / name, hero], QtCore.QPoint(0, 0))
    (refused,) = said
    assert refused.title == f"{name} is an edit, not a shot."
    assert f'answerprint panel "{tmp_path / name}"' in refused.hint
    assert form.chosen()["source"] == [Shot(str(hero))]


def test_a_drop_without_files_is_left_to_others(form, drop):
    assert not drop(form, [], QtCore.QPoint(0, 0))


def test_colour_spaces_go_with_their_shot(form):
    form.choose({"source": [Shot("a.mov", "S-Log3")]})
    assert form.chosen()["source"] == [Shot("a.mov", "S-Log3")]


def test_an_empty_input_says_what_it_is_for_and_asks_for_no_space(form):
    field = form.fields["mask"]
    assert (field.about.text(), field.about.isHidden(), field.space.isHidden()) == (
        "Where",
        False,
        True,
    )
    form.choose({"mask": [Shot("matte.exr")]})
    assert (field.about.text(), field.about.isHidden(), field.space.isHidden()) == ("", True, False)
    form.choose({})
    assert (field.about.text(), field.space.isHidden()) == ("Where", True)


def test_many_inputs_fit_a_pane_of_a_host(line, scene):
    """420 pixels less the margins and the bar beside the form."""
    rows = [{"name": n, "required": False, "help": "A matte"} for n in ("clean_plate", "garbage")]
    spec = {"inputs": [*SPEC["inputs"], *rows]}
    owner = QtWidgets.QWidget()
    made = Inputs(spec, line(scene, owner), scene.capabilities())
    assert list(made.fields["garbage"].buttons) == ["Selection", "List", "File", "Folder"]
    made.setStyleSheet(SHEET)
    made.show()
    assert made.minimumSizeHint().width() <= 380


def test_the_selection_is_taken_whole_for_a_source_and_once_for_others(form, scene, until):
    scene.selected = ["hero", "shot_b"]
    form.fields["source"].buttons["Selection"].click()
    form.fields["reference"].buttons["Selection"].click()
    until(lambda: form.fields["reference"].items)
    assert form.chosen()["source"] == [item("hero"), item("shot_b")]
    assert form.chosen()["reference"] == [item("hero")]
    assert form.fields["source"].path.text() == "hero, shot_b"
    assert form.fields["source"].space.isHidden()  # the host says it


def test_an_empty_selection_is_said_and_changes_nothing(form, until):
    form.choose({"source": [item("hero")]})
    until(lambda: form.fields["source"].facts)
    form.fields["source"].buttons["Selection"].click()
    until(lambda: form.fields["source"].about.text() == "Nothing is selected.")
    assert form.chosen()["source"] == [item("hero")]


def test_typing_a_path_takes_the_place_of_items(form):
    form.choose({"source": [item("hero")]})
    form.fields["source"].path.clear()
    field = form.fields["source"].path
    field.setFocus()
    field.insert("/shots/a.mov")
    assert form.chosen()["source"] == [Shot("/shots/a.mov")]
    assert not form.fields["source"].space.isHidden()


def rows(shelf):
    return [shelf.topLevelItem(n) for n in range(shelf.topLevelItemCount())]


def test_the_list_shows_what_the_scene_has_and_takes_several_for_a_source(form, scene, until):
    field = form.fields["source"]
    field.buttons["List"].click()
    until(lambda: rows(field.shelf) and "\n" in rows(field.shelf)[-1].text(0))
    told = [row.text(0).splitlines() for row in rows(field.shelf)]
    assert [label for label, _ in told] == list(scene.shots)
    assert told[0][1] == "1001-1003 · 512 x 288 · ACEScg"
    rows(field.shelf)[0].setCheckState(0, ON)
    rows(field.shelf)[2].setCheckState(0, ON)
    assert form.chosen()["source"] == [item("shot_b"), item("shot_b again")]
    field.buttons["List"].click()
    assert field.shelf.isHidden()


def test_a_reference_is_one(form, until):
    field = form.fields["reference"]
    field.buttons["List"].click()
    until(lambda: rows(field.shelf) and "\n" in rows(field.shelf)[-1].text(0))
    rows(field.shelf)[0].setCheckState(0, ON)
    rows(field.shelf)[1].setCheckState(0, ON)
    assert form.chosen()["reference"] == [item("hero")]
    assert [row.checkState(0) == ON for row in rows(field.shelf)] == [False, True, False, False]


def test_what_is_known_of_items_is_said(form, until):
    field = form.fields["source"]
    form.choose({"source": [item("shot_b"), item("hero")]})
    until(lambda: field.facts)
    assert field.about.text() == "2 shots, first: 1001-1003 · 512 x 288 · ACEScg"


def test_a_colour_space_that_is_assumed_is_said_to_be(window, tmp_path, until):
    oiio.ImageBuf(oiio.ImageSpec(4, 4, 3, "half")).write(str(tmp_path / "plain.exr"))
    field = window.panel.controls.inputs.fields["source"]
    field.choose([Shot(str(tmp_path / "plain.exr"))])
    until(lambda: field.facts)
    assert "4 x 4 · ACEScg assumed" in field.about.text()
    field.choose([Shot(str(tmp_path / "plain.exr"), "ACEScct")])
    until(lambda: field.facts)
    assert field.about.text().endswith("4 x 4 · ACEScct")


def test_an_item_that_is_gone_is_said(form, until):
    form.choose({"source": [item("deleted")]})
    until(lambda: "no 'deleted' any more. Choose another." in form.fields["source"].about.text())


def test_without_items_and_selection_there_are_no_buttons_for_them(line, scene):
    owner = QtWidgets.QWidget()
    plain = Inputs(SPEC, line(scene, owner), frozenset())
    assert list(plain.fields["source"].buttons) == ["File", "Folder"]


def test_every_part_can_be_reached_and_says_what_it_is(form):
    for field in form.fields.values():
        for each in (*field.buttons.values(), field.path, field.space, field.shelf):
            assert each.focusPolicy().value & 1, f"Tab does not stop at {each.accessibleName()}"
            assert each.accessibleName()
