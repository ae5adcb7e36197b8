"""Every kind of control reads back what the core takes, and every tool gets a form."""

from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from PySide6 import QtWidgets

from answerprint import tool as declared
from answerprint.errors import BadParameter
from answerprint.panel.controls import Controls
from answerprint.panel.form import FIELDS, Form, UnknownControl
from answerprint.panel.jobs import Shot
from answerprint.tool import Flag, Frames, Names, Num, Pick, tool
from answerprint.tools import every


@dataclass(frozen=True)
class EveryKind:
    """All there is."""

    gain: Annotated[float, Num(-2, 2, " stops", help="How much")] = 0.25
    turns: Annotated[int, Num(1, 9, help="How often", live=True)] = 3
    side: Annotated[Literal["left", "right"], Pick(help="Which", live=True)] = "left"
    soft: Annotated[bool, Flag(help="Soften it")] = True
    only: Annotated[str, Frames(help="At these")] = ""
    spaces: Annotated[tuple[str, ...], Names(help="In these")] = ()


ALL = tool("all_kinds", "All kinds", EveryKind, policy="color_match")(lambda job, params: None)
OTHERS = {
    "gain": (-1.5, -1.5),
    "turns": (7, 7),
    "side": ("right", "right"),
    "soft": (False, False),
    "only": ("1001-1010x2,1050", "1001-1010x2,1050"),
    "spaces": (["ACEScct", "Camera, odd (one)"], ("ACEScct", "Camera, odd (one)")),
}


@pytest.fixture
def form(application):
    return Form(ALL.spec())


def test_there_is_a_field_for_every_kind_of_control():
    kinds = {each.__name__.lower() for each in declared.Control.__subclasses__()}
    assert set(FIELDS) == kinds
    assert {row["kind"] for row in ALL.spec()["params"]} == kinds


def test_a_fresh_form_holds_the_defaults(form):
    assert ALL.parse(form.values()) == EveryKind()


@pytest.mark.parametrize("name", OTHERS)
def test_a_changed_value_comes_back_as_the_core_takes_it(form, name):
    shown, parsed = OTHERS[name]
    form.set_values({name: shown})
    assert getattr(ALL.parse(form.values()), name) == parsed
    assert type(getattr(ALL.parse(form.values()), name)) is type(parsed)


def test_a_change_tells_its_name_and_whether_it_is_live(form):
    heard = []
    form.changed.connect(lambda name, live: heard.append((name, live)))
    for name, (shown, _) in OTHERS.items():
        form.set_values({name: shown})
    live = {"turns", "side"}
    assert list(dict.fromkeys(heard)) == [(name, name in live) for name in OTHERS]


@pytest.mark.parametrize("typed", ["3", "-2.01", "nan", "inf", "much", ""])
def test_a_number_that_does_not_fit_is_marked_kept_and_refused_by_the_core(form, typed):
    field = form.fields["gain"]
    field.editor.setText(typed)
    assert not field.refusal.isHidden()
    assert field.editor.property("refused")
    with pytest.raises(BadParameter, match="gain is"):
        ALL.parse(form.values())
    field.editor.setText("2")
    assert field.refusal.isHidden()
    assert ALL.parse(form.values()).gain == 2


@pytest.mark.parametrize("value", [1 / 3, 1.25e-7, 0.1, -2.0, 1.9999999999999998])
def test_a_number_comes_back_to_its_last_digit(form, value):
    field = form.fields["gain"]
    field.set_value(value)
    assert field.value() == value
    assert not field.editor.text().endswith(".0")
    assert field.editor.cursorPosition() == 0  # the first digits are seen


def test_what_was_typed_comes_back_as_it_was(form):
    form.set_values({"gain": "much"})
    assert form.values()["gain"] == "much"


def test_a_fraction_is_no_whole_number(form):
    form.fields["turns"].editor.setText("2.5")
    assert not form.fields["turns"].refusal.isHidden()
    with pytest.raises(BadParameter, match=r"turns is 2\.5"):
        ALL.parse(form.values())


@pytest.mark.parametrize(("name", "ends"), [("gain", (-2, 2)), ("turns", (1, 9))])
def test_the_slider_covers_the_range_and_follows_the_text(form, name, ends):
    field = form.fields[name]
    for position, end in zip((0, field._slider.maximum()), ends, strict=True):
        field._slider.setValue(position)
        assert getattr(ALL.parse(form.values()), name) == end
    field.set_value(ends[0])
    assert field._slider.value() == 0


def test_every_field_can_be_reached_and_says_what_it_is(form):
    for name, field in form.fields.items():
        assert field.editor.focusPolicy().value & 1, f"Tab does not stop at {name}"
        assert field.editor.accessibleName()
        assert field.editor.accessibleDescription() == field.row["help"]


@pytest.mark.parametrize("each", every(), ids=lambda each: each.name)
def test_every_declared_tool_gets_a_form(application, each):
    spec = each.spec()
    form = Form(spec)
    shown = [row["name"] for row in spec["params"] if not row.get("from_host")]
    assert list(form.fields) == shown
    assert each.parse(form.values()) == each.params()


def test_what_the_host_fills_in_is_not_shown(application):
    spec = ALL.spec()
    spec["params"][-1]["from_host"] = "grade_spaces"
    assert list(Form(spec).fields) == list(OTHERS)[:-1]


def test_settings_of_a_host_show_their_value_and_may_be_texts_and_folders(application, tmp_path):
    rows = [
        {"name": "where", "kind": "folder", "help": "Where", "default": "", "value": str(tmp_path)},
        {"name": "who", "kind": "text", "help": "Who", "default": "nobody"},
    ]
    form = Form({"label": "Shelf", "params": rows})
    assert form.values() == {"where": str(tmp_path), "who": "nobody"}
    heard = []
    form.changed.connect(lambda name, live: heard.append((name, live)))
    form.fields["who"].editor.setText(" me ")
    assert form.values()["who"] == "me"
    assert heard == [("who", False)]


def test_a_kind_that_is_not_known_is_refused(application):
    spec = ALL.spec()
    spec["params"][0]["kind"] = "wheel"
    with pytest.raises(UnknownControl, match="kind 'wheel' for gain"):
        Form(spec)


def spec(name, inputs):
    rows = [{"name": n, "required": n == "source", "help": n} for n in ("source", *inputs)]
    level = {"name": "level", "kind": "flag", "default": True, "live": False, "help": ""}
    return {"name": name, "label": name, "summary": "", "inputs": rows, "params": [level]}


def test_an_input_goes_from_tool_to_tool_until_it_is_cleared(line, scene):
    owner = QtWidgets.QWidget()
    controls = Controls(line(scene, owner))
    tools = {"key": ("garbage", "core"), "despill": (), "difference": ("garbage",)}
    controls.desk.specs = {name: spec(name, inputs) for name, inputs in tools.items()}
    controls.offer_tools()
    shots = {"source": [Shot("a.exr")], "garbage": [Shot("g.exr")], "core": [Shot("c.exr")]}
    controls.inputs.choose(shots)
    for number in (1, 2):
        controls.tool.setCurrentIndex(number)
    assert controls.inputs.chosen() == {name: shots[name] for name in ("source", "garbage")}
    controls.inputs.fields["garbage"].path.clear()
    for number in (1, 0):
        controls.tool.setCurrentIndex(number)
    assert controls.inputs.chosen() == {name: shots[name] for name in ("source", "core")}
