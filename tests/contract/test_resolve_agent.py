"""Resolve's agent and its panel: what goes between them, and that neither is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import resolve_rig
from scenes import picture, same_light, shot

from answerprint_bridge.messages import (
    CANCELLED,
    HOST_REFUSED,
    UNKNOWN_METHOD,
    VERSION_SKEW,
    WireError,
    encode,
)
from answerprint_resolve import agent

HERE = Path(__file__).parent
PYTHON = [sys.executable, "-I", "-u", "-X", "utf8"]
PATIENCE = 90.0  # a guard against a test that hangs; nothing is measured against it


@pytest.fixture
def rig(tmp_path):
    project = tmp_path / "a" / "sc010"
    project.mkdir(parents=True)
    (tmp_path / "frames").mkdir()
    return resolve_rig.Rig(project)


def played(rig, tmp_path, part):
    """What a small panel got and heard in its part, with the agent on the double."""
    kept = tmp_path / "kept.json"
    command = [*PYTHON, str(HERE / "small_panel.py"), part, str(kept)]
    made = agent.Agent(rig.resolve, command, tmp_path / "settings.json", rig.world.luts)
    pump, give_up = made.panel.pump, time.monotonic() + PATIENCE

    def guarded(wait=0.0):
        if time.monotonic() > give_up:
            made.panel.kill(f"'{part}' never came to its end.")
        pump(wait)

    made.panel.pump = guarded
    made.run()
    return json.loads(kept.read_text())


def until(condition):
    give_up = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < give_up, "it never came"
        time.sleep(0.02)
    return found


def gone(number):
    """Whether no process of this number runs; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


# --- what goes between them ------------------------------------------------------------------


def test_cancel_reaches_the_agent_in_the_middle_of_a_render(rig, tmp_path):
    shot(rig, numbers=range(1001, 1041), last=1040)
    before = rig.snapshot()
    error, heard = played(rig, tmp_path, "cancelled")
    assert error["code"] == CANCELLED
    told = [m["params"] for m in heard if m["method"] == "panel.progress"]
    assert 1 <= len(told) < 30, "it went on rendering"
    assert told[0]["title"] == "Writing the plate"
    assert rig.snapshot() == before


def test_a_render_is_told_before_it_starts_and_comes_back_as_frames(rig, tmp_path):
    shot(rig)
    frames, heard = played(rig, tmp_path, "finished")
    (question,) = [m["params"]["question"] for m in heard if m["method"] == "panel.ask"]
    assert "'sc010' is media that only Resolve opens" in question
    assert "1001-1003" in question
    assert heard.index(next(m for m in heard if m["method"] == "panel.ask")) < 2
    assert (frames["first"], frames["last"], frames["space"]) == (1001, 1003, "ACEScg")
    light = resolve_rig.oiio.ImageBuf(frames["pattern"] % 1002).get_pixels("float")
    assert same_light(light, picture(1002))


def test_a_render_that_nobody_wants_is_not_made(rig, tmp_path):
    shot(rig)
    before = rig.snapshot()
    error, heard = played(rig, tmp_path, "declined")
    assert error["code"] == CANCELLED
    assert "'sc010' was not rendered" in error["data"]["title"]
    assert [m["method"] for m in heard] == ["panel.open", "panel.ask"]
    assert rig.snapshot() == before


def test_errors_keep_their_code_and_words(rig, tmp_path):
    (nobody, unknown, busy), _ = played(rig, tmp_path, "asks_wrong")
    assert nobody["code"] == HOST_REFUSED
    assert nobody["data"]["title"] == "There is no 'nobody' in the timeline."
    assert nobody["data"]["hint"]
    assert unknown["code"] == UNKNOWN_METHOD
    assert "Results folder" in busy


def test_what_is_off_is_told_once(rig, tmp_path):
    rig.world.studio = False
    _, (first, *_) = played(rig, tmp_path, "asks_wrong")
    assert ["3840 x 2160" in text for text in first["params"]["off"]] == [True, False]
    _, (second, *_) = played(rig, tmp_path, "asks_wrong")
    assert second["params"]["off"] == []


def test_an_edition_that_cannot_is_said_in_a_panel_and_that_is_all(tmp_path):
    project = tmp_path / "a" / "sc010"
    project.mkdir(parents=True)
    rig = resolve_rig.Rig(project)
    rig.world.version, rig.world.studio = (21, 1), False
    _, (only,) = played(rig, tmp_path, "asks_wrong")
    assert "runs no Python scripts" in only["params"]["title"]
    assert "stand-alone panel" in only["params"]["detail"]


def test_resolve_gone_closes_the_panel(rig, tmp_path, monkeypatch):
    monkeypatch.setattr(agent, "LOOK_SECONDS", 0.1)
    there = agent.facts.there
    looks = []

    def dies(resolve):
        looks.append(there(resolve))
        rig.world.gone = True
        return looks[-1]

    monkeypatch.setattr(agent.facts, "there", dies)
    _, heard = played(rig, tmp_path, "waits")
    assert looks[:2] == [True, False], "it looked only once, or took it for gone while it was there"
    assert [m["method"] for m in heard] == ["panel.open", "job.cancel"]


def test_a_panel_that_cannot_start_says_why(rig, tmp_path, capsys, monkeypatch):
    with pytest.raises(WireError, match="It has no screen") as died:
        played(rig, tmp_path, "dies")
    assert "exit code 1" in died.value.title
    monkeypatch.setenv("ANSWERPRINT_PYTHON", "/nowhere/python")
    monkeypatch.setattr(agent, "settings_file", lambda: tmp_path / "resolve.json")
    assert agent.main(rig.resolve, str(tmp_path)) == 1
    assert "/nowhere/python" in capsys.readouterr().err


@pytest.mark.parametrize(("part", "last"), [("leaves", 1040), ("leaves_told", 1003)])
def test_a_panel_that_is_killed_in_a_render_leaves_nothing_and_is_not_started_again(
    rig, tmp_path, monkeypatch, capsys, part, last
):
    """leaves_told: nobody has noticed yet that it is gone, when there is something to say."""
    shot(rig, numbers=range(1001, last + 1), last=last)
    before = rig.snapshot()
    drop = resolve_rig.double.Project.DeleteRenderJob
    stops = []

    def late(self, jobId):  # something to say when nobody listens any more
        stops.append(made.artist_says())
        return drop(self, jobId)

    monkeypatch.setattr(resolve_rig.double.Project, "DeleteRenderJob", late)
    made = _Made(monkeypatch)
    with pytest.raises(WireError, match="exit code 9"):
        played(rig, tmp_path, part)
    assert stops == [CANCELLED]
    assert made.started == 1
    assert "Answerprint: late news" in capsys.readouterr().err
    assert rig.snapshot() == before


def test_a_question_that_the_panel_dies_of_is_cancelled_and_nothing_is_rendered(
    rig, tmp_path, monkeypatch
):
    shot(rig)
    before = rig.snapshot()
    ask, codes = agent.Agent.ask, []

    def asked(self, question, default):
        try:
            return ask(self, question, default)
        except WireError as refused:
            codes.append(refused.code)
            raise

    monkeypatch.setattr(agent.Agent, "ask", asked)
    with pytest.raises(WireError, match="exit code 9"):
        played(rig, tmp_path, "leaves_asked")
    assert codes == [CANCELLED]
    assert rig.snapshot() == before
    assert list((tmp_path / "frames").iterdir()) == []


class _Made:
    """Counts the panels that are started, and speaks to the artist of the newest agent."""

    def __init__(self, monkeypatch):
        self.started, self._agent = 0, None
        begin, start = agent.Agent.__init__, agent.Worker._ensure

        def begun(made, *given, **more):
            self._agent = made
            begin(made, *given, **more)

        def ensure(worker):
            self.started += worker.pid is None
            start(worker)

        monkeypatch.setattr(agent.Agent, "__init__", begun)
        monkeypatch.setattr(agent.Worker, "_ensure", ensure)

    def artist_says(self):
        """The code of the refusal of a question that comes after the panel has gone."""
        self._agent.message("info", "late news", "")
        try:
            return self._agent.ask("Go on?", True)
        except WireError as refused:
            return refused.code


def test_the_menu_script_starts_the_agent_with_what_resolve_gives_it(tmp_path):
    """As install.py puts it: the folder is named in it, and there is no `__file__`."""
    package = tmp_path / "answerprint_resolve"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "agent.py").write_text("def main(*given): print(given)")
    script = HERE.parents[1] / "host_bridges" / "resolve_bridge" / "Answerprint.py"
    text = script.read_text("utf-8")
    empty = 'FOLDER = ""'
    assert text.count(empty) == 1, "install.py looks for this line"
    named = text.replace(empty, f"FOLDER = {str(tmp_path)!r}")
    for whole, said in ((named, f"('it', {str(tmp_path)!r})"), (text, "Run install.py install")):
        start = ["-c", f"exec({whole!r}, {{'resolve': 'it', '__builtins__': __builtins__}})"]
        ran = subprocess.run([*PYTHON, *start], capture_output=True, text=True, check=True)
        assert said in ran.stdout


# --- the real panel --------------------------------------------------------------------------


@pytest.fixture
def real(tmp_path, monkeypatch):
    """real(part) -> the agent's process, with the panel in it played without a screen."""
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    begun = []

    def begin(part):
        panel = [*PYTHON, str(HERE.parent / "panel" / "resolve_panel.py"), part, str(tmp_path)]
        command = [sys.executable, str(HERE / "resolve_agent.py"), str(tmp_path), *panel]
        log = (tmp_path / "agent.log").open("w")
        where = {**os.environ, "PYTHONPATH": str(HERE.parent)}  # of the doubles
        begun.append(subprocess.Popen([*command, "offscreen"], stdout=log, stderr=log, env=where))
        return begun[-1]

    yield begin
    for each in begun:
        each.kill()
        each.wait()


def pids(tmp_path):
    """Of agent, panel and worker, when all three run."""
    ours, worker = tmp_path / "pids.json", tmp_path / "worker.pid"  # each comes whole, by rename
    until(lambda: ours.exists() and worker.exists())
    return [*json.loads(ours.read_text()), int(worker.read_text())]


def test_an_artist_matches_two_shots_takes_one_back_and_places_it_again(real, tmp_path):
    process = real("match")
    assert process.wait(PATIENCE) == 0, (tmp_path / "agent.log").read_text()
    seen = json.loads((tmp_path / "seen.json").read_text())
    end = json.loads((tmp_path / "end.json").read_text())
    assert seen["selected"] == ["shot_b"]
    assert (seen["state"], seen["error"]) == ("done", "")
    assert seen["answers"][0] == ["cdl", "done", "cdl", ""]
    assert any("Version 1" in line for line in seen["said"])
    assert seen["other"] == ["done", "Match shot_c"]
    assert end["other"] == ["match v001", 0], "each clip has the version of its own match"
    assert end["versions"] == [["Version 1", 0], ["match v001", 0]]
    assert end["current"] == ["match v001", 0], "placed again after it was taken back"
    base, ours = end["cdl"]
    assert base is None
    (report,) = (tmp_path / "a/project/answerprint").glob("shot_b/match/v001/report.json")
    told = json.loads(report.read_text())["cdl"]["slope"]
    assert [float(n) for n in ours["Slope"].split()] == pytest.approx(told, abs=1e-6)


def test_a_render_is_asked_for_shown_and_cancelled_in_the_panel(real, tmp_path):
    process = real("cancel")
    assert process.wait(PATIENCE) == 0, (tmp_path / "agent.log").read_text()
    seen = json.loads((tmp_path / "seen.json").read_text())
    end = json.loads((tmp_path / "end.json").read_text())
    assert "'A001_C007.braw' is media that only Resolve opens" in seen["question"]
    assert seen["progress"].startswith("Writing the source")
    assert seen["busy"] == [False, True]
    assert seen["state"] == "cancelled"
    assert (end["renders"], end["page"]) == (0, "edit")


def test_an_artist_checks_the_timeline_sets_markers_and_goes_to_a_finding(real, tmp_path):
    process = real("check")
    assert process.wait(2 * PATIENCE) == 0, (tmp_path / "agent.log").read_text()
    seen = json.loads((tmp_path / "seen.json").read_text())
    end = json.loads((tmp_path / "end.json").read_text())
    assert (seen["state"], seen["notice"]) == ("partial", ""), "camera raw has no media here"
    lost = {name for kind, name, _ in seen["found"] if kind == "missing_media"}
    assert lost >= {"A001_C002", "A001_C007"}
    assert seen["note"] == f"{len(seen['found'])} findings are marked in the edit."
    assert [frame for frame, _, _ in end["markers"]] == sorted({row[2] for row in seen["found"]})
    assert end["markers"][0][1:] == ["red", "missing media"]
    assert end["playhead"] == seen["last"]
    (report,) = (tmp_path / "a/project/answerprint/sc010/check").glob("v001/report.json")
    assert report.with_name("cut.otio").exists()


@pytest.mark.parametrize(
    ("protocol", "suite", "said"), [([1, 0], "0.0.1", "repair"), ([2, 0], "0.1.0", "install.py")]
)
def test_a_panel_of_another_version_says_how_to_mend_it(protocol, suite, said):
    asked = {"protocol": protocol, "suite": suite, "host": {}, "capabilities": []}
    told = encode({"id": 1, "method": "hello", "params": asked})
    where = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    start = [*PYTHON, "-m", "answerprint.panel.agent"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(start, env=where, **pipes) as panel:
        panel.stdin.write(told)
        panel.stdin.flush()
        answer = json.loads(panel.stdout.readline())
    assert answer["error"]["code"] == VERSION_SKEW
    assert said in answer["error"]["data"]["hint"]
    assert panel.returncode == 0, "its stdin ended, and so did it"


def test_an_edition_that_cannot_is_read_and_everything_ends(real, tmp_path):
    (tmp_path / "free 21.1").touch()
    assert real("read").wait(PATIENCE) == 0, (tmp_path / "agent.log").read_text()
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen["message"] == "This is the free Resolve 21.1, which runs no Python scripts."
    assert "stand-alone panel" in seen["detail"]


@pytest.mark.parametrize("killed", [0, 1])
def test_neither_agent_nor_panel_outlives_the_other(real, tmp_path, killed):
    process = real("wait")
    numbers = pids(tmp_path)
    os.kill(numbers[killed], signal.SIGKILL)
    process.wait(PATIENCE)
    until(lambda: all(map(gone, numbers)))


def test_resolve_that_ends_takes_panel_and_worker_with_it(real, tmp_path):
    process = real("wait")
    numbers = pids(tmp_path)
    (tmp_path / "gone").touch()
    assert process.wait(PATIENCE) == 0, "the panel did not close, and was killed"
    until(lambda: all(map(gone, numbers)))
