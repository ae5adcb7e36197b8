"""The Answerprint node: made of a version, changed in place, and what its knobs and buttons do."""

import base64
import json
import sys
from types import SimpleNamespace

import nuke_rig
import pytest
from doubles import nuke_double as nuke
from scenes import CDL, ONE_OF_EACH, export, shot

from answerprint_bridge import versions
from answerprint_bridge.messages import WireError

SPEC = {
    "name": "small",
    "label": "Small",
    "summary": "A tool for tests.",
    "version": 1,
    "inputs": [
        {"name": "source", "required": True, "help": "The shot"},
        {"name": "reference", "required": False, "help": "The hero"},
    ],
    "params": [
        {
            "name": "strength",
            "kind": "num",
            "default": 1.0,
            "low": 0,
            "high": 1,
            "unit": "",
            "whole": False,
            "live": True,
            "help": "How much",
        },
        {
            "name": "samples",
            "kind": "num",
            "default": 5,
            "low": 1,
            "high": 9,
            "unit": "",
            "whole": True,
            "live": False,
            "help": "How many",
        },
        {
            "name": "method",
            "kind": "pick",
            "default": "auto",
            "choices": ["auto", "palette"],
            "live": False,
            "help": "How",
        },
        {"name": "ramp", "kind": "flag", "default": False, "live": False, "help": "Ramps"},
        {"name": "frame", "kind": "frames", "default": "", "live": False, "help": "At"},
        {"name": "words", "kind": "names", "default": ["a b", "c"], "live": False, "help": "On"},
        {
            "name": "cdl_space",
            "kind": "names",
            "default": [],
            "live": True,
            "from_host": "grade_spaces",
            "help": "Also",
        },
    ],
}
USUAL = {row["name"]: row["default"] for row in SPEC["params"]}


def module(name):
    nuke_rig.adapter()
    return __import__(f"{nuke_rig.NAME}.{name}", fromlist=[name])


@pytest.fixture
def rig(tmp_path, monkeypatch):
    made = nuke_rig.Rig(tmp_path)
    monkeypatch.setattr(module("home"), "tools", lambda: [SPEC])
    yield made
    made.host.shutdown()


@pytest.fixture
def plates(rig, tmp_path):
    """A Read of the shot and one of the hero."""
    frames = {n: export(rig, shot(rig), tmp_path / n) for n in ("shot", "hero")}
    made = {n: nuke.toNode(rig.on_disk(each).ref) for n, each in frames.items()}
    nuke.Undo.steps.clear()
    return made


def version(rig, number, results, plates, params=USUAL):
    """A version of the small tool on disk, as a session leaves it; its folder."""
    folder = rig.project / "answerprint" / "sc010" / "small" / f"v{number:03}"
    folder.mkdir(parents=True)
    inputs = {
        name: [
            {"pattern": node["file"].value(), "first": 1001, "last": 1003}
            | {"colorspace": {"name": "ACEScg"}},
            "",
            [],
        ]
        for name, node in (("source", plates["shot"]), ("reference", plates["hero"]))
    }
    request = {"tool": "small", "params": params, "inputs": inputs, "digest": str(number)}
    recipe = {"tool": "small", "parameters": params, "solved": {"n": number}, "frames": ""}
    versions.write(str(folder), versions.REQUEST, request)
    versions.write(str(folder), versions.RECIPE, recipe)
    versions.write(str(folder), versions.RESULTS, {"status": "done", "results": results})
    return str(folder)


def make(rig, folder, plates):
    """The node of a version, under the shot."""
    name, answers = module("group").make(rig.host, folder, plates["shot"].fullName())
    return nuke.toNode(name), answers


def inner(group, kind):
    return [n for n in group.nodes() if n.Class() == kind]


# --- how it is made --------------------------------------------------------------------------


def test_it_holds_the_look_between_its_input_and_its_output(rig, plates):
    group, answers = make(rig, version(rig, 1, [CDL], plates), plates)
    (cdl,), (out,) = inner(group, "OCIOCDLTransform"), inner(group, "Output")
    entries = {n.name(): n for n in inner(group, "Input")}
    assert answers[0].items == (cdl.fullName(),)
    assert {n: e["number"].value() for n, e in entries.items()} == {"source": 0, "reference": 1}
    assert out.input(0) is cdl
    assert cdl.input(0) is entries["source"]
    assert cdl["slope"].value() == CDL["slope"]
    assert (group.input(0), group.input(1)) == (plates["shot"], plates["hero"])
    assert group.xpos() != plates["shot"].xpos() or group.ypos() != plates["shot"].ypos()
    assert {n.Class() for n in nuke.scene.nodes} <= set(nuke.CLASSES), "Nuke's own nodes only"


def test_its_knobs_are_the_tools_parameters(rig, plates):
    asked = USUAL | {"strength": 0.5, "words": ["größe", "d e"], "ramp": True, "method": "palette"}
    group, _ = make(rig, version(rig, 1, [CDL], plates, asked), plates)
    assert group.user[0] == "answerprint", "a tab of their own"
    assert group["ap_strength"].span == (0, 1)
    assert "How much" in group["ap_strength"].tip
    assert type(group["ap_samples"]).__name__ == "Int_Knob"
    assert group["ap_method"].values() == ["auto", "palette"]
    assert group.knob("ap_cdl_space") is None, "the host fills it in"
    values = module("knobs").values(group, SPEC["params"][:-1])
    assert values == {n: v for n, v in asked.items() if n != "cdl_space"}
    assert [type(v) for v in values.values()] == [float, int, str, bool, str, list]


def test_a_kind_nobody_knows_makes_no_half_node(rig, plates, monkeypatch):
    odd = {**SPEC, "params": [{**SPEC["params"][0], "kind": "dial"}]}
    monkeypatch.setattr(module("home"), "tools", lambda: [odd])
    folder, before = version(rig, 1, [CDL], plates), rig.everything()
    with pytest.raises(WireError, match="'dial'"):
        make(rig, folder, plates)
    assert rig.everything() == before


def test_the_recipe_is_in_the_node_as_base64(rig, plates):
    folder = version(rig, 1, [CDL], plates)
    group, _ = make(rig, folder, plates)
    knob = group["answerprint_tags"]
    assert knob.flags & nuke.INVISIBLE
    assert json.loads(base64.b64decode(knob.value()))["answerprint_node"]["tool"] == "small"
    kept = module("recipe").of(group)
    assert kept["recipe"] == versions.read(folder, "recipe.json")
    assert kept["folder"] == "answerprint/sc010/small/v001", "script and results move together"
    files = module("recipe").files(kept)
    assert files["reference"].pattern == plates["hero"]["file"].value()
    assert files["source"].space == "ACEScg"


def test_it_is_one_step_of_undo_and_a_failure_leaves_nothing(rig, plates, monkeypatch):
    folder, before = version(rig, 1, [CDL], plates), rig.everything()
    make(rig, folder, plates)
    assert len(nuke.Undo.steps) == 1
    nuke.Undo.undo()
    assert rig.everything() == before
    monkeypatch.delattr(nuke.nodes, "Output")
    with pytest.raises(WireError, match="no node 'Output'"):
        make(rig, folder, plates)
    assert rig.everything() == before


@pytest.mark.parametrize(
    ("results", "end"),
    [
        ([ONE_OF_EACH["note"]], "Input"),
        ([ONE_OF_EACH["matte"], ONE_OF_EACH["frames"]], "Read"),
        ([ONE_OF_EACH["roto"], ONE_OF_EACH["frames"]], "Roto"),
        ([ONE_OF_EACH["stmap"]], "STMap"),
        ([ONE_OF_EACH["key"]], "Premult"),
        ([ONE_OF_EACH["frames"], CDL], "OCIOCDLTransform"),
        ([ONE_OF_EACH["lut"]], "OCIOColorSpace"),
    ],
)
def test_what_comes_out_of_it(rig, plates, results, end):
    group, _ = make(rig, version(rig, 1, results, plates), plates)
    (out,) = inner(group, "Output")
    assert out.input(0).Class() == end
    if end == "Read":
        assert "matte" not in out.input(0)["file"].value()


def test_the_setting_makes_every_result_a_node(rig, plates):
    rig.host.configure("place", "Answerprint node")
    folder = version(rig, 1, [CDL], plates)
    digest = versions.recipe_digest(folder)
    answers = rig.host.apply([CDL], plates["shot"].fullName(), "small v001", digest)
    (group,) = nuke.allNodes("Group")
    assert nuke.toNode(answers[0].items[0]).parent() is group
    again = rig.host.apply([CDL], plates["shot"].fullName(), "small v001", digest)
    assert again[0].items == answers[0].items
    plates["shot"].setName("bg")
    assert rig.host.apply([CDL], "bg", "small v001", digest)[0].items == answers[0].items
    assert len(nuke.allNodes("Group")) == 1
    other = version(rig, 2, [ONE_OF_EACH["note"]], plates)
    digest = versions.recipe_digest(other)
    said = rig.host.apply([ONE_OF_EACH["note"]], plates["shot"].fullName(), "small", digest)
    assert nuke.toNode(said[0].items[0]).parent() is nuke.root(), "where it is seen"
    with pytest.raises(WireError, match="no setting"):
        rig.host.configure("place", "anywhere")
    assert rig.host.settings()[0]["value"] == "Answerprint node"


# --- how it changes --------------------------------------------------------------------------


def test_another_strength_sets_the_nodes_that_are_there(rig, plates):
    group, _ = make(rig, version(rig, 1, [CDL], plates), plates)
    (cdl,) = inner(group, "OCIOCDLTransform")
    other = CDL | {"slope": [2.0, 1.0, 0.5]}
    second = version(rig, 2, [other], plates, USUAL | {"strength": 0.5})
    nuke.Undo.steps.clear()
    module("group").take_up(rig.host, group, second, [other])
    assert inner(group, "OCIOCDLTransform") == [cdl]
    assert cdl["slope"].value() == [2.0, 1.0, 0.5]
    assert [label for label, _ in nuke.Undo.steps] == ["Answerprint: small v002"]
    kept = module("recipe").of(group)
    assert group["label"].value() == cdl["label"].value() == "small v002"
    assert (kept["params"]["strength"], kept["digest"]) == (0.5, versions.recipe_digest(second))
    assert rig.host.read_tag(cdl.fullName(), "answerprint")["recipe"] == kept["digest"]
    nuke.Undo.undo()
    assert cdl["slope"].value() == CDL["slope"]


def test_what_the_artist_does_inside_is_left_alone(rig, plates):
    group, _ = make(rig, version(rig, 1, [ONE_OF_EACH["lut"]], plates), plates)
    (out,) = inner(group, "Output")
    back, into = (n for n in inner(group, "OCIOColorSpace"))
    assert back is out.input(0)
    with group:
        blur = nuke.nodes.Blur()
    blur.setInput(0, back)
    out.setInput(0, blur)
    into.setXYpos(500, 900)  # below the last one now
    other = ONE_OF_EACH["lut"] | {"path": "other.cube"}
    module("group").take_up(rig.host, group, version(rig, 2, [other], plates), [other])
    assert inner(group, "OCIOFileTransform")[0]["file"].value() == "other.cube"
    assert into["out_colorspace"].value() == back["in_colorspace"].value() == "ACES - ACEScct"
    assert out.input(0) is blur


def test_a_node_of_an_older_version_keeps_its_knobs(rig, plates, monkeypatch):
    group, _ = make(rig, version(rig, 1, [CDL], plates), plates)
    rows = [*SPEC["params"], {**SPEC["params"][0], "name": "newer"}]
    monkeypatch.setattr(module("home"), "tools", lambda: [{**SPEC, "params": rows}])
    module("group").take_up(rig.host, group, version(rig, 2, [CDL], plates), [CDL])
    kept = module("recipe").of(group)
    assert module("knobs").changed(group, kept["rows"], kept["params"]) == {}


def test_another_kind_of_look_takes_the_place_of_the_first(rig, plates):
    group, _ = make(rig, version(rig, 1, [CDL], plates), plates)
    (out,) = inner(group, "Output")
    results = [CDL, ONE_OF_EACH["lut"]]  # the cube is needed, and goes first
    module("group").take_up(rig.host, group, version(rig, 2, results, plates), results)
    assert inner(group, "OCIOCDLTransform") == []
    assert len(inner(group, "OCIOColorSpace")) == 2
    assert out.input(0).Class() == "OCIOColorSpace"
    chain = [out.input(0), out.input(0).input(0), out.input(0).input(0).input(0)]
    assert chain[2].input(0).name() == "source"
    assert nuke.allNodes("BackdropNode", group) == []


def test_a_look_that_cannot_stand_leaves_the_one_that_does(rig, plates, monkeypatch):
    group, _ = make(rig, version(rig, 1, [CDL], plates), plates)
    second = version(rig, 2, [ONE_OF_EACH["lut"]], plates)
    before = rig.everything()
    monkeypatch.setattr(module("group"), "_keep", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        module("group").take_up(rig.host, group, second, [ONE_OF_EACH["lut"]])
    after = rig.everything()
    assert {n: t for n, t in after.items() if "OCIOCDL" in t} == {
        n: t for n, t in before.items() if "OCIOCDL" in t
    }


# --- scripts in its knobs --------------------------------------------------------------------


def test_without_the_plugin_a_knob_says_so_and_nothing_fails(rig, plates, monkeypatch):
    group, _ = make(rig, version(rig, 1, [CDL], plates), plates)
    monkeypatch.setitem(sys.modules, nuke_rig.NAME, None)
    group["ap_strength"].setValue(0.25)
    assert "not installed" in rig.said()[-1]
    said = len(rig.said())
    group.setXYpos(5, 5)
    assert len(rig.said()) == said, "a knob that is not ours says nothing"
    for button in ("update", "bake", "show"):
        group[f"answerprint_{button}"].execute()
    assert len(rig.said()) == said + 3


def test_a_script_keeps_the_node_as_text(rig, plates, tmp_path):
    group, _ = make(rig, version(rig, 1, [CDL], plates), plates)
    kept, name = module("recipe").of(group), group.fullName()
    nuke.scriptSaveAs(str(tmp_path / "sc010_v2.nk"))
    nuke.scriptOpen(str(tmp_path / "sc010_v2.nk"))
    back = nuke.toNode(name)
    assert back is not group
    assert module("recipe").of(back) == kept
    assert inner(back, "OCIOCDLTransform")[0]["slope"].value() == CDL["slope"]
    values = module("knobs").values(back, kept["rows"])
    assert values == {n: v for n, v in USUAL.items() if n != "cdl_space"}


# --- the menu's entry ------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", ["first", "last", "backdrop"])
def test_the_menu_makes_a_node_of_what_is_selected(rig, plates, chosen):
    folder = version(rig, 1, [ONE_OF_EACH["lut"]], plates)
    digest, near = versions.recipe_digest(folder), plates["shot"].fullName()
    (answer,) = rig.host.apply([ONE_OF_EACH["lut"]], near, "small v001", digest)
    frames = [n for n in nuke.allNodes("BackdropNode") if n["label"].value() == "small v001"]
    for node in nuke.allNodes():
        node["selected"].setValue(False)
    nodes = [nuke.toNode(ref) for ref in answer.items]
    picked = {"first": nodes[0], "last": nodes[-1], "backdrop": frames[0]}
    picked[chosen]["selected"].setValue(True)
    module("work")._made.clear()
    module("chosen").node()
    (group,) = nuke.allNodes("Group")
    assert group.input(0) is plates["shot"]
    assert module("recipe").of(group)["digest"] == digest


def test_with_nothing_to_make_it_of_the_menu_says_so(rig):
    module("work")._made.clear()
    with pytest.raises(WireError, match="nothing to make"):
        module("chosen").node()


# --- what is refused, and what is not there any more -----------------------------------------

FAR = CDL | {"residual": 5.0}  # too far from the result to be placed


@pytest.mark.parametrize("results", [[FAR], [FAR, ONE_OF_EACH["note"]], [ONE_OF_EACH["lut"]]])
def test_a_look_that_is_refused_leaves_the_one_that_stands(rig, plates, results, monkeypatch):
    group, _ = make(rig, version(rig, 1, [CDL], plates), plates)
    if results == [ONE_OF_EACH["lut"]]:  # it is promised, and cannot be built
        monkeypatch.delattr(nuke.nodes, "OCIOFileTransform")
    second = version(rig, 2, results, plates)
    before, steps = rig.everything(), nuke.Undo.undoSize()
    with pytest.raises(WireError, match="keeps the look it has") as refused:
        module("group").take_up(rig.host, group, second, results)
    assert "CIEDE2000" in refused.value.detail or "OCIOFileTransform" in refused.value.detail
    assert rig.everything() == before
    assert nuke.Undo.undoSize() == steps


def test_numbers_that_are_not_taken_leave_those_that_stand(rig, plates, monkeypatch):
    group, _ = make(rig, version(rig, 1, [CDL], plates), plates)
    other = CDL | {"slope": [2.0, 2.0, 2.0], "working_space": "ACEScg"}
    second, put = version(rig, 2, [other], plates), module("script").put

    def stubborn(where, knob, value):
        if knob == "power":
            raise WireError(-32020, "It cannot be set.")
        put(where, knob, value)

    before = rig.everything()
    monkeypatch.setattr(module("script"), "put", stubborn)
    with pytest.raises(WireError, match="cannot be set"):
        module("group").take_up(rig.host, group, second, [other])
    assert rig.everything() == before


def test_a_change_says_what_else_found_no_place(rig, plates, monkeypatch):
    monkeypatch.setattr(module("work"), "_made", {"host": rig.host})
    group, _ = make(rig, version(rig, 1, [CDL], plates), plates)
    results = [CDL, ONE_OF_EACH["matte"] | {"pattern": "mattes \\a/m.%04d.exr"}]
    folder = version(rig, 2, results, plates)
    run = SimpleNamespace(error=None, folder=folder, results=results, tool="small")
    module("live")._took(group.fullName(), run, None)
    assert len(inner(group, "OCIOCDLTransform")) == 1
    assert "not all of it" in rig.said()[-1]
    assert "matte:" in rig.said()[-1]


def test_the_menu_says_what_a_new_node_does_not_hold(rig, plates, monkeypatch):
    monkeypatch.setattr(module("work"), "_made", {"host": rig.host})
    folder = version(rig, 1, [FAR, ONE_OF_EACH["note"]], plates)
    digest, near = versions.recipe_digest(folder), plates["shot"].fullName()
    rig.host.apply([ONE_OF_EACH["note"]], near, "small v001", digest)
    for node in nuke.allNodes():
        node["selected"].setValue(node.Class() == "StickyNote")
    module("chosen").node()
    assert "CIEDE2000" in rig.said()[-1]


def test_the_next_run_has_its_backdrop_again(rig, plates):
    make(rig, version(rig, 1, [CDL], plates), plates)
    before = len(nuke.allNodes("BackdropNode"))
    rig.host.apply([CDL], plates["shot"].fullName(), "later", "r9")
    assert len(nuke.allNodes("BackdropNode")) == before + 1


def test_a_damaged_recipe_of_another_version_is_in_nobodys_way(rig, plates):
    digest = versions.recipe_digest(version(rig, 1, [CDL], plates))
    bad = rig.project / "answerprint" / "sc010" / "a tool" / "v001"
    bad.mkdir(parents=True)
    (bad / "recipe.json").write_text("{")
    assert module("recipe").find(digest).endswith("small/v001")
    with pytest.raises(WireError, match="No version") as refused:
        module("recipe").find("of nothing")
    assert str(bad) in refused.value.detail


def test_another_shot_is_taken_whole(rig, plates, tmp_path):
    group, _ = make(rig, version(rig, 1, [CDL], plates), plates)
    live, kept = module("live"), module("recipe").of(group)

    def asked():
        return live._range(kept, live._wired(group).get("source"))

    assert asked() == (1001, 1003)
    plates["shot"].setName("bg")
    assert asked() == (1001, 1003), "the same files"
    group.setInput(0, None)
    assert asked() == (1001, 1003), "the files it knows"
    group.setInput(0, nuke.nodes.Read(file=str(tmp_path / "o.%04d.exr"), first=1, last=50))
    assert asked() == (None, None)
    blurred = nuke.nodes.Blur()
    blurred.setInput(0, plates["shot"])
    group.setInput(0, blurred)
    assert asked() == (None, None), "it is rendered, and was never measured"
    module("group").take_up(
        rig.host, group, version(rig, 2, [CDL], plates), [CDL], blurred.fullName()
    )
    kept = module("recipe").of(group)
    assert asked() == (1001, 1003), "measured by now"
    module("group").take_up(rig.host, group, version(rig, 3, [CDL], plates), [CDL])
    kept = module("recipe").of(group)
    assert asked() == (1001, 1003), "a live knob asks for no other range"
    group.setInput(0, nuke.nodes.Blur())
    assert asked() == (None, None), "and measures nothing that was wired since"


def test_the_panel_is_told_which_settings_it_lacks(rig, plates, monkeypatch):
    group, _ = make(rig, version(rig, 1, [CDL], plates, USUAL | {"samples": 7}), plates)
    fewer = [row for row in SPEC["params"] if row["name"] != "samples"]
    monkeypatch.setattr(module("home"), "tools", lambda: [{**SPEC, "params": fewer}])
    monkeypatch.setattr(module("work"), "_made", {"host": rig.host})
    shown = []
    dock = SimpleNamespace(show=lambda *given: shown.append(given))
    monkeypatch.setitem(sys.modules, f"{nuke_rig.NAME}.dock", dock)
    monkeypatch.setattr(sys.modules[nuke_rig.NAME], "dock", dock, raising=False)
    group["answerprint_show"].execute()
    ((tool, params, inputs),) = shown
    assert tool == "small"
    assert set(params) == {"strength", "method", "ramp", "frame", "words"}
    assert set(inputs) == {"source", "reference"}
    assert "samples = 7" in rig.said()[-1]


def test_a_run_that_knew_fewer_settings_has_the_usual_ones(rig, plates):
    older = {name: value for name, value in USUAL.items() if name != "samples"}
    group, _ = make(rig, version(rig, 1, [CDL], plates, older), plates)
    kept = module("recipe").of(group)
    assert module("knobs").changed(group, kept["rows"], kept["params"]) == {}
    group["ap_samples"].setValue(6)
    assert module("knobs").changed(group, kept["rows"], kept["params"]) == {"samples": 6}
