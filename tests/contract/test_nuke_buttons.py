"""Update, live knobs and Bake of an Answerprint node, with a real worker of a small tool."""

import json
import time
from pathlib import Path

import nuke_rig
import pytest
from cores import SMALL
from doubles import nuke_double as nuke
from scenes import CDL, export, shot
from test_nuke_node import inner, module

from answerprint_bridge import versions
from answerprint_bridge.host import FrameSet, Item
from answerprint_bridge.messages import CANCELLED, WireError
from answerprint_bridge.session import Session

NUMBER = {"kind": "num", "low": 0, "high": 9, "unit": "", "help": "A number"}
SPEC = {
    "name": "small",
    "label": "Small",
    "version": 1,
    "inputs": [{"name": "source", "required": True, "help": "The shot"}],
    "params": [
        {"name": "knob", "default": 1.0, "live": True, "whole": False} | NUMBER,
        {"name": "x", "default": 0, "live": False, "whole": True} | NUMBER,
    ],
}
PATIENCE = 60.0  # a guard against a test that hangs


def until(condition):
    """Nuke's event loop, until it is so."""
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, nuke.scene.shown
        nuke.process(0.01)


@pytest.fixture
def rig(tmp_path, monkeypatch):
    made = nuke_rig.Rig(tmp_path)
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module("home"), "tools", lambda: [SPEC])
    begun = Session(made.host, SMALL)
    monkeypatch.setattr(module("work"), "_made", {"host": made.host, "session": begun})
    monkeypatch.setattr(module("live"), "REST", 0.01)
    yield made
    begun.worker.kill()
    made.host.shutdown()


@pytest.fixture
def source(rig):
    """A node that has to be rendered."""
    return nuke.toNode(shot(rig).ref)


@pytest.fixture
def group(rig, source):
    """A node made of a run on it, which tells how far it is."""
    item = Item(source.fullName(), "image", source.name())
    params = {"results": [CDL], "progress": "work"}
    run = module("work").session().run("small", params, {"source": item})
    run.wait()
    name, _ = module("group").make(rig.host, run.folder, source.fullName())
    nuke.scene.executed.clear()
    return nuke.toNode(name)


def kept(group):
    return module("recipe").of(group)


def test_update_runs_what_is_wired_with_the_knobs_as_they_are(rig, group):
    first = kept(group)
    group["ap_x"].setValue(3)
    group["answerprint_update"].execute()
    assert [frame for *_, frame in nuke.scene.executed] == [1001, 1002, 1003], "rendered anew"
    until(lambda: kept(group)["params"]["x"] == 3)
    assert kept(group)["digest"] != first["digest"]
    assert kept(group)["inputs"] == first["inputs"], "the same render is the same input"
    assert rig.said() == []


def test_an_update_shows_how_far_it_is_and_can_be_cancelled(rig, group, monkeypatch):
    told = []
    message = nuke.ProgressTask.setMessage
    watched = lambda self, s: (told.append((self.title, s)), message(self, s))  # noqa: E731
    monkeypatch.setattr(nuke.ProgressTask, "setMessage", watched)
    group["ap_x"].setValue(1)
    group["answerprint_update"].execute()
    until(lambda: kept(group)["params"]["x"] == 1)
    assert (f"Updating {group.name()}", "work") in told
    assert nuke.bars == []
    rig.cancel_at(0)
    monkeypatch.setattr(rig.host, "export_frames", lambda *_: 1 / 0)  # no bar but the update's
    group.setInput(0, None)
    group["ap_x"].setValue(2)
    group["answerprint_update"].execute()
    until(lambda: not module("live")._waiting)
    run, _ = module("live")._running[group.fullName()]
    until(lambda: run.ended)
    assert len(module("work").session().runs) == 3, "a knob that is taken up already asks no more"
    assert run.error.code == CANCELLED
    assert (kept(group)["params"]["x"], nuke.bars) == (1, [])


def test_what_an_update_has_to_say_is_shown(rig, source):
    item = Item(source.fullName(), "image", source.name())
    results = [CDL, {"kind": "note", "text": "Shot B is 0.42 stop under."}]
    run = module("work").session().run("small", {"results": results}, {"source": item}).wait()
    node = nuke.toNode(module("group").make(rig.host, run.folder, source.fullName())[0])
    node["ap_x"].setValue(2)
    node["answerprint_update"].execute()
    until(lambda: kept(node)["params"]["x"] == 2)
    assert "0.42 stop" in rig.said()[-1]
    assert len(inner(node, "StickyNote")) == 1


def test_update_takes_what_is_wired_now(rig, group, tmp_path):
    other = rig.on_disk(export(rig, shot(rig), tmp_path / "other"))
    group.setInput(0, nuke.toNode(other.ref))
    group["answerprint_update"].execute()
    until(lambda: "other" in kept(group)["inputs"]["source"][0]["pattern"])


def test_a_live_knob_renders_nothing_and_waits_until_it_rests(rig, group):
    first = kept(group)
    for value in (2.0, 3.0, 4.0):
        group["ap_knob"].setValue(value)
    until(lambda: kept(group)["params"]["knob"] == 4.0)
    assert nuke.scene.executed == []
    assert kept(group)["inputs"] == first["inputs"]
    folder = Path(module("recipe").folder(kept(group)))
    made = [json.loads(p.read_text())["params"]["knob"] for p in folder.parent.glob("v*/req*.json")]
    assert sorted(made) == [1.0, 4.0], "one version, of where it rests"
    assert json.loads((folder / "report.json").read_text())["asked"]["earlier"].endswith("v001")


def test_what_is_not_live_waits_for_update(rig, group):
    group["ap_x"].setValue(5)
    group["ap_knob"].setValue(2.0)
    until(lambda: kept(group)["params"]["knob"] == 2.0)
    assert kept(group)["params"]["x"] == 0
    with pytest.raises(WireError, match="x is 5, and the recipe was run with 0") as refused:
        module("baking").bake(rig.host, group, "1001")
    assert "Update" in refused.value.hint


def test_a_live_knob_does_not_drop_the_update_before_it(rig, group):
    group["ap_x"].setValue(6)
    group["answerprint_update"].execute()
    group["ap_knob"].setValue(3.0)
    until(lambda: kept(group)["params"]["knob"] == 3.0)
    assert kept(group)["params"]["x"] == 6
    stopped = module("work").session().runs[1].error  # or it was done before the knob had rested
    assert stopped is None or stopped.code == CANCELLED, "it is not waited for"


def test_what_a_script_rounds_is_no_change(rig, group):
    group["ap_knob"].setValue(1.0 + 1e-9)
    until(lambda: not module("live")._waiting)
    assert len(module("work").session().runs) == 1
    rows, params = kept(group)["rows"], kept(group)["params"]
    assert module("knobs").changed(group, rows, params) == {}
    group["ap_knob"].setValue(1.001)
    assert module("knobs").changed(group, rows, params) == {"knob": 1.001}


def test_a_bake_of_frames_that_are_not_there_says_so(rig, group, monkeypatch):
    failed = {"frames": {"failed": [{"reason": "Frame 1001 is missing."}]}}
    told = {"outputs": {"frames": {"first": None}}, "report": failed}
    monkeypatch.setattr(module("baking"), "_made", lambda *_: told)
    with pytest.raises(WireError, match="no frame of 1001 could be made") as refused:
        module("baking").bake(rig.host, group, "1001")
    assert refused.value.detail == "Frame 1001 is missing."


def test_a_knob_set_back_runs_nothing(rig, group):
    runs = len(module("work").session().runs)
    group["ap_knob"].setValue(2.0)
    group["ap_knob"].setValue(1.0)
    until(lambda: not module("live")._waiting)
    assert len(module("work").session().runs) == runs


def test_a_node_that_is_gone_is_no_error(rig, group):
    group["ap_knob"].setValue(2.0)
    nuke.delete(group)
    until(lambda: not module("live")._waiting)
    assert rig.said() == []


def test_what_is_refused_is_said(rig, group):
    nuke.root()["name"].setValue("")
    group["answerprint_update"].execute()
    assert "not saved" in rig.said()[-1]


def test_update_in_a_terminal_waits_for_its_end(rig, group, monkeypatch):
    monkeypatch.setattr(nuke, "GUI", False)
    group["ap_x"].setValue(4)
    group["answerprint_update"].execute()
    assert kept(group)["params"]["x"] == 4


def test_a_terminal_runs_nothing_by_a_knob(rig, group, monkeypatch):
    monkeypatch.setattr(nuke, "GUI", False)
    group["ap_knob"].setValue(2.0)
    assert module("live")._waiting == {}


def test_a_bake_of_another_recipe_is_refused(rig, group):
    folder = module("recipe").folder(kept(group))
    versions.write(folder, "recipe.json", {"tool": "other", "write_frames": False})
    with pytest.raises(WireError, match="holds another recipe"):
        module("baking").bake(rig.host, group, "1001")


def test_pieces_of_a_bake_are_one_read(rig, group):
    kept_files = module("recipe").folder(kept(group))
    pattern = f"{kept_files}/small.%04d.exr"
    read = module("baking")._read
    spans = ((1002, 1003), (1001, 1001), (1005, 1006))
    refs = {read(rig.host, group, FrameSet(pattern, first, last)) for first, last in spans}
    (ref,) = refs
    node = nuke.toNode(ref)
    knobs = ("first", "origfirst", "last", "origlast")
    assert [node[knob].value() for knob in knobs] == [1001, 1001, 1006, 1006]
    assert nuke.scene.pressed == [node["reload"]] * 2
    assert node.ypos() > group.ypos()


def test_a_bake_asks_the_recipe_for_frames_and_leaves_the_rest(rig, group):
    folder = module("recipe").folder(kept(group))
    before = versions.read(folder, "recipe.json")
    module("baking")._recipe(folder, kept(group))
    assert versions.read(folder, "recipe.json") == {**before, "write_frames": True}
    (Path(folder) / "recipe.json").unlink()  # a farm that sees the script alone
    module("baking")._recipe(folder, kept(group))
    assert versions.read(folder, "recipe.json") == {**before, "write_frames": True}


def test_a_bake_leaves_what_is_signed_off(rig, group):
    folder = module("recipe").folder(kept(group))
    versions.write(folder, "report.json", {"disclosure": {"signed_off": {"name": "Ada"}}})
    assert module("baking")._folder(kept(group)) == f"{folder}_frames"


def test_what_the_core_refuses_is_said_in_its_words(rig, group, monkeypatch):
    monkeypatch.setenv("ANSWERPRINT_PYTHON", SMALL[0])
    with pytest.raises(WireError, match="is not a recipe of Answerprint"):
        module("baking").bake(rig.host, group, "1001")
    assert [n for n in nuke.allNodes("Read") if "baked" in n["label"].value()] == []


def test_a_bake_that_is_cancelled_ends_the_core(rig, group, monkeypatch):
    monkeypatch.setenv("ANSWERPRINT_PYTHON", SMALL[0])
    ended = []
    popen = module("baking").subprocess.Popen

    class Watched(popen):
        def terminate(self):
            ended.append(self)
            super().terminate()

    monkeypatch.setattr(module("baking").subprocess, "Popen", Watched)
    rig.cancel_at(0)
    with pytest.raises(WireError) as stopped:
        module("baking").bake(rig.host, group, "1001")
    assert stopped.value.code == CANCELLED
    assert [core.poll() is not None for core in ended] == [True]


@pytest.mark.parametrize(("missing", "status"), [((), 0), ((1002,), 1)])
def test_the_command_line_says_whether_frames_are_missing(
    rig, group, monkeypatch, capsys, missing, status
):
    script, asked = str(rig.project / "sc010.nk"), []
    nuke.scriptSaveAs(script)

    def bake(host, node, frames):
        asked.append((node.fullName(), frames))
        return "Read1", FrameSet("small.%04d.exr", 1001, 1003, missing)

    monkeypatch.setattr(module("baking"), "bake", bake)
    name = group.fullName()
    assert module("bake").main([script, name]) == status
    assert asked == [(name, "1001-1003")], "the range the node was made for"
    assert capsys.readouterr().out == "small.%04d.exr 1001-1003\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["only.nk"], "cannot be read"),
        (["none.nk", "Node"], "no script none.nk"),
        (["{script}", "Nobody"], "no 'Nobody'"),
        (["{script}", "{group}", "--frames=all"], "'all' is no range"),
        (["{script}", "{group}", "--size=2"], "cannot be read"),
    ],
)
def test_the_command_line_refuses_in_words(rig, group, capsys, words, said):
    script = str(rig.project / "sc010.nk")
    nuke.scriptSaveAs(script)
    told = [w.format(script=script, group=group.fullName()) for w in words]
    assert module("bake").main(told) == 2
    assert said in capsys.readouterr().err


def test_a_baked_read_is_one_step_of_undo(rig, group):
    pattern = f"{module('recipe').folder(kept(group))}/small.%04d.exr"
    for span in ((1002, 1003), (1001, 1001)):
        before = rig.everything()
        nuke.Undo.steps.clear()
        module("baking")._read(rig.host, group, FrameSet(pattern, *span))
        assert len(nuke.Undo.steps) == 1
        nuke.Undo.undo()
        assert rig.everything() == before
        module("baking")._read(rig.host, group, FrameSet(pattern, *span))


def test_the_command_line_tells_a_failure_from_missing_frames(rig, group, monkeypatch, capsys):
    monkeypatch.setattr(module("baking"), "bake", lambda *_: 1 / 0)
    script = str(rig.project / "sc010.nk")
    nuke.scriptSaveAs(script)
    assert module("bake").main([script, group.fullName()]) == 4
    assert "ZeroDivisionError" in capsys.readouterr().err
