"""What a session is beside one run: looks, results placed later and again, solutions taken up."""

import os
import shutil
import time
from pathlib import Path

import memory_host
import pytest
from cores import CORE, SMALL
from scenes import CDL, ONE_OF_EACH, kept, shot

from answerprint_bridge import versions
from answerprint_bridge.host import FrameSet
from answerprint_bridge.messages import CANCELLED, HOST_REFUSED, WireError
from answerprint_bridge.session import Session

PREVIEW = {"frame": 1002, "size": 8}


@pytest.fixture
def memory(tmp_path, monkeypatch):
    """What does not differ from host to host is asked of one in memory."""
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "Größe 100% #2").mkdir()
    return memory_host.whole(tmp_path / "Größe 100% #2")


@pytest.fixture
def begun(memory):
    """Its session with the small worker."""
    made = Session(memory.host, SMALL)
    yield made
    made.close()


def root(rig):
    return rig.project / "answerprint" / "sc010" / "small"


def numbered(rig):
    return sorted(root(rig).glob("v*"))


def asked(run):
    """What the worker was asked, as it says."""
    return run.report["asked"]


# --- tools -----------------------------------------------------------------------------------


def test_tools_are_told_whole_and_only_once(rig, session):
    made = session()
    (spec,) = made.tools()
    assert [row["name"] for row in spec["params"]] == ["knob", "x", "spaces"]
    made.worker.kill()
    assert made.spec("small") is spec
    with pytest.raises(WireError, match=r"no tool 'smal'.* There is: small\."):
        made.spec("smal")


def test_what_the_host_gives_is_filled_in_where_nobody_says(rig, session):
    item, made = shot(rig), session()
    left = made.run("small", {"results": []}, {"source": item}).wait()
    assert asked(left)["from_host"] == {"spaces": list(rig.host.grade_spaces())}
    told = made.run("small", {"results": [], "spaces": ["ACEScc"]}, {"source": item}).wait()
    assert asked(told)["from_host"] == {}
    assert asked(told)["params"]["spaces"] == ["ACEScc"]
    assert (told.folder == left.folder) is False


@pytest.mark.parametrize("how", ["run", "look"])
@pytest.mark.parametrize("broken", ["busy", "context", "export_frames", "plan"])
def test_what_a_host_raises_of_its_own_is_said_and_begins_no_run(begun, memory, broken, how):
    """Nuke's module raises RuntimeError; `plan` is asked about a version that is signed off."""
    item, params = shot(memory), {"results": [CDL]}
    first = begun.run("small", params, {"source": item}).wait()
    versions.write(first.folder, "report.json", {"disclosure": {"signed_off": {"name": "Ada"}}})
    asks = PREVIEW if how == "look" else {}

    def fails(*given):
        raise RuntimeError("Read1: no such file")

    real = getattr(memory.host, broken)
    setattr(memory.host, broken, fails)
    if (how, broken) != ("look", "plan"):  # a look places nothing
        with pytest.raises(WireError) as refused:
            getattr(begun, how)("small", params, {"source": item}, **asks)
        assert refused.value.code == HOST_REFUSED
        assert refused.value.title == "'small' could not start: Memory raised an error."
        assert refused.value.detail == "RuntimeError: Read1: no such file"
        assert refused.value.hint
    assert begun.runs == [first]
    setattr(memory.host, broken, real)
    assert getattr(begun, how)("small", params, {"source": item}, **asks).wait().ended


# --- placing ---------------------------------------------------------------------------------


def test_results_are_placed_when_asked_and_only_what_is_gone_again(rig, session):
    item, made = shot(rig), session()
    before = rig.snapshot()
    run = made.run("small", {"results": [CDL]}, {"source": item}, place=False).wait()
    assert rig.snapshot() == before
    assert (run.answers, run.status, len(run.results) > 0) == ([], "done", True)
    answers = made.place(run)
    assert answers == run.answers
    assert answers[0].became == rig.becomes["cdl"]
    there = rig.snapshot()
    assert kept(before, there)
    assert there != before
    assert made.place(run) == answers
    assert rig.snapshot() == there
    for ref in answers[0].items:
        rig.remove(ref)
    assert made.place(run)[0].items[0] in rig.snapshot()
    assert made.runs == [run]


def test_what_did_not_end_well_is_not_placed(begun, memory):
    item = shot(memory)
    run = begun.run("small", {"results": [CDL], "crash": True}, {"source": item})
    for wait in (False, True):
        with pytest.raises(WireError, match="nothing to place"):
            begun.place(run)
        if not wait:
            with pytest.raises(WireError):
                run.wait()
    look = begun.look("small", {"results": [CDL]}, {"source": item}, **PREVIEW).wait()
    with pytest.raises(WireError, match="nothing to place"):
        begun.place(look)
    run = begun.run("small", {"results": [CDL]}, {"source": item}).wait()
    memory.host.is_busy = "a render is running"
    with pytest.raises(WireError, match="a render is running"):
        begun.place(run)


def test_runs_wait_for_each_other_and_are_placed_as_they_end(begun, memory):
    """A list of shots to one hero."""
    ended = []
    items = [shot(memory), shot(memory, (1001, 1002)), shot(memory, (1003,))]
    runs = [
        begun.run("small", {"results": [CDL]}, {"source": item}, on_done=ended.append)
        for item in items
    ]
    assert begun.runs == runs
    for run in runs:
        run.wait()
    assert ended == runs
    assert [Path(run.folder).name for run in runs] == ["v001", "v002", "v003"]
    assert all(run.answers[0].became == "cdl" for run in runs)
    nears = [memory.host.scene[run.answers[0].items[0]]["near"] for run in runs]
    assert nears == [item.ref for item in items]


def test_a_run_that_is_cancelled_leaves_the_folder_to_the_same_run_behind_it(begun, memory):
    item, params = shot(memory), {"results": [CDL], "ask": "Go on?"}
    first = begun.run("small", params, {"source": item})
    second = begun.run("small", params, {"source": item})
    assert first.folder == second.folder
    first.cancel()
    with pytest.raises(WireError, match="Cancelled"):
        first.wait()
    assert second.wait().answers[0].status == "done"
    assert (Path(second.folder) / "request.json").exists()


@pytest.mark.parametrize(("leaves", "stays"), [("small.cc", 0), ("small.1001.exr", 1)])
def test_a_cancelled_run_leaves_a_version_only_where_it_made_frames(begun, memory, leaves, stays):
    params = {"results": [], "leave": leaves, "ask": "Go on?"}
    memory.answer(lambda question, default: run.cancel() or default)
    run = begun.run("small", params, {"source": shot(memory)})
    with pytest.raises(WireError) as ended:
        run.wait()
    assert ended.value.code == CANCELLED
    assert len(numbered(memory)) == stays


@pytest.mark.parametrize(("kind", "had"), [("frames", True), ("key", True), ("note", False)])
def test_an_approved_version_has_its_frames_whatever_they_are(begun, memory, kind, had):
    item, params = shot(memory), {"results": [ONE_OF_EACH[kind]]}
    first = begun.run("small", params, {"source": item}).wait()
    versions.write(first.folder, "report.json", {"disclosure": {"signed_off": {"name": "Ada"}}})
    again = begun.run("small", params, {"source": item}, write_frames=True).wait()
    assert (again.folder == first.folder) == had


def test_a_version_that_made_frames_makes_them_again(begun, memory):
    item, params = shot(memory), {"results": [ONE_OF_EACH["key"]]}
    asked_for = [
        asked(begun.run("small", params, {"source": item}).wait())["outputs"]["write_frames"]
        for _ in range(2)
    ]
    assert asked_for == [False, True]


# --- looks -----------------------------------------------------------------------------------


def test_a_look_changes_nothing_and_goes_with_the_session(rig, session):
    item, made, heard = shot(rig), session(), []
    before = rig.snapshot()
    look = made.look(
        "small", {"results": [CDL]}, {"source": item}, **PREVIEW, on_preview=heard.append
    ).wait()
    assert rig.snapshot() == before
    assert numbered(rig) == []
    assert made.runs == []
    assert look.picture["frame"] == 1002
    assert Path(look.picture["path"]).read_bytes() == b"small"
    assert [{k: told[k] for k in look.picture} for told in heard] == [look.picture]
    outputs = asked(look)["outputs"]
    assert (outputs["write_frames"], outputs["page"], outputs["preview"]) == (False, False, PREVIEW)
    again = made.look("small", {"results": [CDL], "knob": 2}, {"source": item}, **PREVIEW).wait()
    assert again.picture == look.picture, "the file is written over"
    assert len(list(root(rig).iterdir())) == 1
    made.close()
    assert list(root(rig).iterdir()) == []
    assert rig.snapshot() == before


def test_the_next_look_cancels_the_one_before(begun, memory):
    item, ended = shot(memory), []
    params = {"results": [], "ask": "Go on?"}
    one = begun.look("small", params, {"source": item}, **PREVIEW, on_done=ended.append)
    two = begun.look("small", {"results": []}, {"source": item}, **PREVIEW, on_done=ended.append)
    assert two.wait().picture
    assert ended == [one, two]
    assert one.error.code == CANCELLED
    assert two.error is None


def test_looks_of_sessions_long_gone_are_swept(tmp_path):
    old, young = (versions.look(str(tmp_path)) for _ in range(2))
    (Path(old) / "recipe.json").touch()
    yesterday = time.time() - versions.LOOK_SECONDS - 60
    os.utime(old, (yesterday, yesterday))
    os.utime(shutil.copytree(young, tmp_path / "v001"), (yesterday, yesterday))
    new = versions.look(str(tmp_path))
    there = {name.name for name in tmp_path.iterdir()}
    assert there == {Path(young).name, Path(new).name, "v001"}


def test_a_look_like_another_writes_no_inputs_again(begun, memory):
    item, made = shot(memory), []
    export = memory.host.export_frames
    memory.host.export_frames = lambda *a: made.append(a) or export(*a)
    params = {"results": [], "x": 3}
    first = begun.look("small", params, {"source": item}, **PREVIEW).wait()
    again = begun.look(
        "small", {**params, "knob": 0.5}, {}, **PREVIEW, like=first, graded=True
    ).wait()
    assert len(made) == 1
    assert asked(again)["inputs"] == asked(first)["inputs"]
    assert asked(again)["earlier"] == first.folder
    other = begun.look("small", {"results": []}, {}, **PREVIEW, like=again).wait()
    assert "earlier" not in asked(other), "x is what it is by default"
    run = begun.run("small", {"results": []}, {"source": item}).wait()
    assert asked(run)["earlier"] == other.folder
    assert len(made) == 2


# --- solutions -------------------------------------------------------------------------------


def test_a_solution_is_taken_up_where_only_what_is_live_changed(begun, memory):
    item = shot(memory)

    def run(params=None, **how):
        done = begun.run("small", {"results": [], **(params or {})}, {"source": item}, **how)
        return done.wait()

    first = run()
    assert "earlier" not in asked(first)
    live = run({"knob": 0.5})
    assert asked(live)["earlier"] == first.folder
    assert asked(run({"knob": 0.25}))["earlier"] == live.folder, "the newest"
    assert "earlier" not in asked(run({"x": 3}))
    assert "earlier" not in asked(run(first=1002))
    assert asked(run({"x": 3, "knob": 0.1}))["earlier"].endswith("v004")
    (Path(live.folder) / "recipe.json").unlink()
    assert asked(run({"knob": 0.125}))["earlier"].endswith("v003")


def test_values_that_are_the_defaults_are_the_same_request(begun, memory):
    item = shot(memory)
    one, two = (
        begun.run("small", {"results": [], **more}, {"source": item}).wait()
        for more in ({}, {"knob": 1.0, "x": 0})
    )
    assert one.folder == two.folder


def test_a_run_after_a_look_takes_its_solution(begun, memory):
    item = shot(memory)
    look = begun.look("small", {"results": []}, {"source": item}, **PREVIEW).wait()
    run = begun.run("small", {"results": [], "knob": 0.5}, {"source": item}).wait()
    assert asked(run)["earlier"] == look.folder
    other = begun.look("small", {"results": [], "x": 2}, {"source": item}, **PREVIEW).wait()
    assert "earlier" not in asked(other)


# --- what is worked on -----------------------------------------------------------------------


class Graded(memory_host.MemoryHost):
    """A host that shows its pictures through a grade: one stop brighter."""

    def capabilities(self):
        return super().capabilities() | {"export:graded"}

    def export_frames(self, ref, spec, progress):
        if not spec.graded:
            return super().export_frames(ref, spec, progress)
        thing = self.thing(ref)
        before = thing["pictures"]
        thing["pictures"] = {n: light * 2 for n, light in before.items()}
        try:
            return super().export_frames(ref, spec, progress)
        finally:
            thing["pictures"] = before


def test_items_as_graded_are_other_inputs(begun, memory):
    memory.host.__class__ = Graded
    item = shot(memory)
    flat, graded, again = (
        begun.run("small", {"results": []}, {"source": item}, graded=how).wait()
        for how in (False, True, True)
    )
    assert flat.folder != graded.folder == again.folder
    assert "earlier" not in asked(graded)
    told = [versions.read(run.folder, versions.REQUEST)["graded"] for run in (flat, graded)]
    assert told == [False, True]
    sets = [FrameSet.of(asked(run)["inputs"]["source"]) for run in (flat, graded)]
    light = [memory_host.oiio.ImageBuf(each.path(1001)).get_pixels("float") for each in sets]
    assert (light[1] == light[0] * 2).mean() > 0.9  # but where half ends


def test_a_host_without_a_grade_says_so(begun, memory):
    item = shot(memory)
    with pytest.raises(WireError, match="no grade of its own") as refused:
        begun.run("small", {"results": []}, {"source": item}, graded=True)
    assert refused.value.code == HOST_REFUSED
    assert refused.value.hint
    assert numbered(memory) == []


def test_a_preview_is_heard_before_the_end(begun, memory):
    seen = []
    run = begun.run(
        "small",
        {"results": [CDL]},
        {"source": shot(memory)},
        preview=PREVIEW,
        on_preview=lambda told: seen.append((run.picture, run.ended)),
    )
    run.wait()
    assert seen == [(run.picture, False)]
    assert asked(run)["outputs"]["preview"] == PREVIEW


def test_the_range_of_one_file_goes_with_the_job(begun, memory, tmp_path):
    movie = tmp_path / "take.mov"
    movie.write_bytes(b"no movie")
    params, inputs = {"results": []}, {"source": str(movie)}
    runs = [
        begun.run("small", params, inputs, place=False, **span)
        for span in ({}, {"first": 1001, "last": 1010}, {"first": 1002, "last": 1010})
    ]
    with pytest.raises(WireError, match="lacks an end"):
        begun.run("small", params, inputs, first=1001)
    assert [run.request.get("frames") for run in runs] == [None, "1001-1010", "1002-1010"]
    assert len({run.folder for run in runs}) == 3


# --- the real worker -------------------------------------------------------------------------


def test_a_real_look_and_the_run_after_it(memory):
    made = Session(memory.host, CORE)
    there = Path(__file__).parents[2] / "resources" / "sample"
    shots = {
        name: FrameSet(str(there / of / f"{of}.%04d.exr"), 1001, 1006, space="ACEScg")
        for name, of in (("source", "shot_b"), ("reference", "hero"))
    }
    look = made.look("match", {}, shots, 1003, 96).wait()
    assert look.report["solved"] == "by this run"
    spec = memory_host.oiio.ImageBuf(look.picture["path"]).spec()
    assert (spec.width, spec.height, str(spec.format)) == (96, 54, "half")
    asks = {"frame": 1003, "exposure": 0.0, "display": "", "size": 96, "space": "ACEScg"}
    shown = made.worker.call("view.render", {"path": look.picture["path"], **asks})
    assert Path(shown["path"]).read_bytes()[:4] == b"\x89PNG"
    knob = made.look("match", {"strength": 0.5}, shots, 1003, 96).wait()
    assert knob.report["solved"] == "by an earlier run"
    run = made.run("match", {"strength": 0.5}, shots).wait()
    assert run.report["solved"] == "by an earlier run"
    assert run.report["cdl"] == knob.report["cdl"] != look.report["cdl"]
    assert run.answers[0].status == "done"
    spaces = [r["working_space"] for r in run.results if r["kind"] == "cdl"]
    assert spaces == ["ACEScct", "ACEScg"], "the host's own, and none twice"
    far = made.look("match", {}, shots, 5000, 96).wait()
    assert far.picture["frame"] == 1006, "the nearest there is"
    made.close()
    folder = Path(run.folder)
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]
