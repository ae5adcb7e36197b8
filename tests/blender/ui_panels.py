"""The panels and the extension as a whole in a real Blender: run by `test_ui.py` with `ui_rig`."""

import importlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import addon_utils
import bpy
import pytest
from installer import extension
from ui_rig import (
    CORE,
    EDITORS,
    PACKAGE,
    ROOT,
    Layout,
    begin,
    draw,
    drive,
    install,
    match,
    part,
    pressed,
    refs,
    remove,
)


@pytest.mark.parametrize("editor", EDITORS)
def test_the_panel_has_every_input_and_parameter(scene, editor):
    drawn = draw("main", editor).named("prop")
    spec = part("catalogue").find("match")
    for row in (*spec["inputs"], *part("props").shown(spec)):
        assert row["name"] in drawn
    assert draw("result", editor) is None


def test_only_the_sequencer_asks_whether_as_graded(scene):
    asked = [each for each in EDITORS if "graded" in draw("main", each).named("prop")]
    assert asked == ["SEQUENCE_EDITOR"]


def test_only_editors_with_our_panels_are_drawn_anew(enabled, monkeypatch):
    tagged = []

    def area(kind):
        return SimpleNamespace(type=kind, tag_redraw=lambda: tagged.append(kind))

    screen = SimpleNamespace(areas=[area(each) for each in ("VIEW_3D", *EDITORS, "OUTLINER")])
    manager = SimpleNamespace(windows=[SimpleNamespace(screen=screen)])
    data = SimpleNamespace(window_managers=[manager])
    monkeypatch.setattr(part("running"), "bpy", SimpleNamespace(data=data))
    part("running").redraw()
    assert tagged == list(EDITORS)


def test_other_node_editors_have_no_panel(scene):
    assert draw("main", "NODE_EDITOR", tree_type="ShaderNodeTree") is None


def test_the_panel_shows_progress_then_the_result(scene):
    job = begin()
    drawn = draw("main")
    assert "answerprint.cancel" in drawn.named("operator")
    assert "answerprint.match" not in drawn.named("operator")
    job.moved({"stage": "solve", "done": 2, "total": 6, "eta_s": 75.0})
    told = [text for kind, name, text in draw("main").drawn if name == "progress"]
    assert told == ["Solve 2 of 6, 1 min 15 s left"]
    assert round(bpy.context.scene.answerprint.progress) == 33
    job.run.wait()
    assert "answerprint.match" in draw("main").named("operator")
    result = draw("result")
    assert job.run.report["sentence"].split()[0] in result.texts()
    assert "placed" in result.texts()
    assert {"answerprint.place_again", "answerprint.report"} <= set(result.named("operator"))


def test_the_panel_says_what_was_refused(scene):
    with pytest.raises(RuntimeError):
        match(strength=2.0)
    told = draw("result").texts()
    assert "strength is 2.0" in told
    assert "answerprint.place_again" not in draw("result").named("operator")


def test_a_changed_knob_is_offered_as_a_new_result(scene):
    drive(*pressed(scene))

    def button():
        return next(t for k, n, t in draw("main").drawn if n == "answerprint.match")

    assert button() == "Match"
    scene.answerprint.match.strength = 0.5
    assert button() == "Place New Match"


def test_the_log_shows_what_the_core_said(scene):
    match()
    part("running").NOW.job.said({"level": "info", "message": "Frame 1003 is short."})
    assert "Frame 1003 is short." in draw("log").texts()


def test_the_menu_bars_have_the_tools(scene):
    layout = Layout()
    context = SimpleNamespace(space_data=SimpleNamespace(tree_type="CompositorNodeTree"))
    part("ui").in_bar(SimpleNamespace(layout=layout), context)
    assert layout.named("menu") == ["ANSWERPRINT_MT_tools"]
    bpy.types.ANSWERPRINT_MT_tools.draw(SimpleNamespace(layout=layout), context)
    assert "answerprint.match" in layout.named("operator")


def test_the_inputs_field_offers_the_items(scene):
    offered = list(part("settings")._search(scene.answerprint.match, bpy.context, "HER"))
    assert offered == ["hero (image)"]
    host = part("running").NOW.host()
    assert part("inputs").find(host, "reference", "hero (image)").ref == refs("hero")[0]


# The whole


NEW = {
    "name": "expose",
    "label": "Expose",
    "summary": "Brighten or darken a shot.",
    "version": 1,
    "policy": "color_match",
    "halo": 0,
    "inputs": [{"name": "source", "required": True, "help": "The shot"}],
    "params": [
        {
            "name": "stops",
            "kind": "num",
            "default": 0.5,
            "low": -8,
            "high": 8,
            "unit": " stops",
            "whole": False,
            "live": True,
            "help": "1 doubles",
        },
        {
            "name": "seed",
            "kind": "num",
            "default": 3,
            "low": 0,
            "high": 2**32,
            "unit": "",
            "whole": True,
            "live": False,
            "help": "Which noise",
        },
        {"name": "names", "kind": "names", "default": ["a", "b"], "live": False, "help": "Names"},
        {"name": "at", "kind": "frames", "default": "1001", "live": False, "help": "Where"},
        {"name": "on", "kind": "flag", "default": True, "live": False, "help": "Whether"},
        {
            "name": "how",
            "kind": "pick",
            "default": "b",
            "choices": ["a", "b"],
            "live": False,
            "help": "How",
        },
    ],
}


def with_tool(tmp_path, spec, turned=False):
    """A checkout whose catalogue has one more tool. turned: tools and choices in other order."""
    root = tmp_path / "checkout"
    (root / "resources").mkdir(parents=True)
    for name in ("host_bridges", "LICENSE"):
        (root / name).symlink_to(ROOT / name)
    told = json.loads((ROOT / "resources/catalogue.json").read_text())
    told["tools"].append(spec)
    if turned:
        told["tools"].reverse()
        for row in told["tools"][-1]["params"]:
            row.get("choices", []).reverse()
    (root / "resources/catalogue.json").write_text(json.dumps(told))
    return extension.build(root, tmp_path, CORE)


def test_a_new_tool_needs_no_change_here(tmp_path):
    install(with_tool(tmp_path, NEW))
    try:
        assert hasattr(bpy.types, "ANSWERPRINT_OT_expose")
        bpy.context.scene.answerprint.tool = "expose"
        held = bpy.context.scene.answerprint.expose
        values = part("props").values(part("catalogue").find("expose"), held)
        assert values == {row["name"]: row["default"] for row in NEW["params"]}
        held.seed, held.stops, held.names = 7, 99.0, " x ,, y"
        values = part("props").values(part("catalogue").find("expose"), held)
        assert (values["seed"], values["stops"], values["names"]) == (7, 8.0, ["x", "y"])
        assert "stops" in draw("main").named("prop")
        layout = Layout()
        bpy.types.ANSWERPRINT_MT_tools.draw(SimpleNamespace(layout=layout), bpy.context)
        assert "answerprint.expose" in layout.named("operator")
    finally:
        remove()


def test_a_tool_that_takes_our_own_names_is_refused(tmp_path, capsys):
    params = [{"name": "first", "kind": "flag", "default": True, "live": False, "help": "x"}]
    before = traces()
    path = with_tool(tmp_path, {**NEW, "params": params})
    repos = bpy.context.preferences.extensions.repos
    repo = next(each for each in repos if each.module == "user_default")
    os.makedirs(repo.directory, exist_ok=True)
    said = ""
    try:
        bpy.ops.extensions.package_install_files(
            filepath=str(path), repo="user_default", enable_on_install=True
        )
    except RuntimeError as told:  # some versions report what an add-on raised, others print it
        said = str(told)
    assert "may not have first" in said + "".join(capsys.readouterr())
    assert traces() == before
    remove()


def traces():
    """All that an add-on may leave behind."""
    handlers = bpy.app.handlers
    lists = (getattr(handlers, name) for name in dir(handlers))
    menus = [getattr(bpy.types, name) for name in dir(bpy.types) if "_MT_" in name]
    drawn = [f for menu in menus for f in getattr(menu.draw, "_draw_funcs", ())]
    return (
        sorted(name for name in dir(bpy.types) if "ANSWERPRINT" in name.upper()),
        [f for each in lists if isinstance(each, list) for f in each if "answerprint" in str(f)],
        [f for f in drawn if "answerprint" in f.__module__],
        hasattr(bpy.types.Scene, "answerprint"),
        "answerprint_bridge" in sys.modules,
    )


def test_disabling_leaves_nothing(scene):
    match()
    running, types = part("running"), traces()[0]
    pid = running.NOW._session.worker.pid
    begin(write_frames=True)
    running.NOW._await(SimpleNamespace(ended=False))
    addon_utils.disable(PACKAGE, default_set=True)
    assert traces() == ([], [], [], False, False)
    assert not bpy.app.timers.is_registered(running.beat)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    addon_utils.enable(PACKAGE, default_set=True)
    assert traces()[0] == types
    assert part("running") is not running  # what is on the disk by then
    assert part("operators").NOW is part("running").NOW
    assert part("running").WireError is part("inputs").WireError is part("words").WireError


def test_what_cannot_be_registered_leaves_nothing(enabled, monkeypatch):
    types, package = traces()[0], sys.modules[PACKAGE]
    addon_utils.disable(PACKAGE, default_set=True)
    true, turn, stops = bpy.utils.register_class, 0, 0

    def register(kind):
        nonlocal turn
        turn += 1
        if turn == stops:
            raise RuntimeError("not today")
        true(kind)

    monkeypatch.setattr(bpy.utils, "register_class", register)
    for stops in range(1, len(types)):
        turn = 0
        with pytest.raises(RuntimeError, match="not today"):
            package.register()
        assert traces() == ([], [], [], False, False), stops
    monkeypatch.undo()
    ui = importlib.import_module(f"{PACKAGE}.ui")
    monkeypatch.setattr(ui, "BARS", (*ui.BARS, "NODE_MT_that_is_gone"))
    with pytest.raises(AttributeError):
        package.register()
    assert traces() == ([], [], [], False, False)
    addon_utils.enable(PACKAGE, default_set=True)
    assert traces()[0] == types


def test_blenders_own_tool_finds_it_valid(tmp_path):
    """Built by us, and built again by Blender's tool from the folder."""
    tool = next(Path(bpy.utils.system_resource("SCRIPTS")).rglob("bl_pkg/cli/blender_ext.py"))
    path, folder = extension.build(ROOT, tmp_path, CORE), tmp_path / "unpacked"
    with zipfile.ZipFile(path) as zipped:
        zipped.extractall(folder)
        ours = set(zipped.namelist())
    out = tmp_path / "out"
    out.mkdir()
    for told in (["validate", str(path)], ["build", "--source-dir", str(folder), "--output-dir"]):
        more = [str(out)] if told[-1] == "--output-dir" else []
        ended = subprocess.run([sys.executable, str(tool), *told, *more], capture_output=True)
        assert ended.returncode == 0, (ended.stdout + ended.stderr).decode()
    (theirs,) = out.glob("*.zip")
    with zipfile.ZipFile(theirs) as zipped:
        assert set(zipped.namelist()) == ours


def test_blender_has_nothing_against_it(enabled):
    told = addon_utils._extensions_warnings_get()
    assert told.get(PACKAGE, []) == []
    assert not any(each.startswith("answerprint") for each in sys.modules)


def drawn_preferences():
    layout, kind = Layout(), part("prefs").AnswerprintPreferences
    held = bpy.context.preferences.addons[PACKAGE].preferences
    kind.draw(SimpleNamespace(layout=layout, bl_rna=held.bl_rna), None)
    return layout


def test_the_check_says_hello(enabled):
    assert bpy.ops.answerprint.check() == {"FINISHED"}
    told = drawn_preferences()
    assert CORE in told.texts()
    assert "Answerprint 0.1.0, Python" in told.texts()
    assert "python" in told.named("prop")


def test_a_core_that_is_not_there_is_named(enabled, monkeypatch):
    monkeypatch.delenv("ANSWERPRINT_PYTHON")
    bpy.context.preferences.addons[PACKAGE].preferences.python = "/no/such/python"
    with pytest.raises(RuntimeError, match=r"could not be started with .*no/such/python"):
        bpy.ops.answerprint.check()
    assert "it works" not in drawn_preferences().texts()
    bpy.context.preferences.addons[PACKAGE].preferences.python = ""
    assert bpy.ops.answerprint.check() == {"FINISHED"}  # by core.json


def test_settings_are_kept_with_the_file_by_their_names(scene, tmp_path):
    held = scene.answerprint
    held.tool, held.match.strength, held.match.method = "match", 0.25, "palette"
    bpy.ops.wm.save_mainfile()
    saved = bpy.data.filepath
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    remove()
    install(with_tool(tmp_path, NEW, turned=True))
    bpy.ops.wm.open_mainfile(filepath=saved)
    held = bpy.context.scene.answerprint
    assert (held.tool, held.match.strength, held.match.method) == ("match", 0.25, "palette")
    remove()
