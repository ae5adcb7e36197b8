"""The whole panel on a real worker: run, look, adjust, refuse, cancel, lose the worker, close."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6 import QtCore, QtTest, QtWidgets

from answerprint.panel.app import main
from answerprint.panel.window import Window
from answerprint.tools import every
from answerprint_bridge.messages import CANCELLED, WORKER_DIED

SAMPLE = Path(__file__).parents[2] / "resources/sample"


def run(window):
    """Press Run; the job."""
    window.start.click()
    return window.jobs.jobs[-1]


def test_every_tool_is_offered(window, until):
    until(lambda: len(window.specs) == len(every()))
    names = [window.tool.itemData(index) for index in range(window.tool.count())]
    assert names == [each.name for each in every()]
    for index, each in enumerate(every()):
        window.tool.setCurrentIndex(index)
        assert list(window.form.fields) == list(each.controls())
        assert set(window.inputs.fields) == {"source", *each.inputs}


def test_a_match_is_run_shown_adjusted_and_repeated(ready, until, tmp_path):
    until(lambda: "before" in ready.viewer.canvas.pictures)
    assert ready.viewer.frame.value() == 1001
    job = run(ready)
    until(lambda: job.ended)
    assert job.state == "done", job.error
    assert job.request["outputs"]["dir"] == str(tmp_path / "results/v001")
    until(lambda: "after" in ready.viewer.canvas.pictures)
    before, after = (ready.viewer.canvas.pictures[side] for side in ("before", "after"))
    assert before.size() == after.size() == QtCore.QSize(512, 288)
    assert before != after

    said, report = ready.result.toPlainText(), job.answer["report"]
    cdl = report["cdl"]
    for wanted in (
        report["sentence"],
        report["verdict"],
        report["level"],
        f"{report['confidence']:.4g}",
        f"{report['before']['delta_e']['mean']:.4g}",
        f"{report['after']['delta_e']['mean']:.4g}",
        f"CDL in {cdl['working_space']}",
        *(f"{number:.4g}" for number in cdl["offset"]),
    ):
        assert wanted in said
    assert Path(job.answer["outputs"]["page"]).as_uri() in ready.result.toHtml()

    solved = (tmp_path / "results/v001/recipe.json").read_text("utf-8")
    ready.form.set_values({"strength": 0.5})  # live: it runs by itself
    until(lambda: len(ready.jobs.jobs) == 2 and ready.jobs.jobs[1].ended)
    adjusted = ready.jobs.jobs[1]
    assert adjusted.request["outputs"]["dir"] == str(tmp_path / "results/v001")
    assert adjusted.request["params"]["strength"] == 0.5
    assert '"strength": 0.5' in (tmp_path / "results/v001/recipe.json").read_text("utf-8")
    assert '"strength": 0.5' not in solved
    until(lambda: ready.viewer.canvas.pictures.get("after", after) != after)

    items = ready.queue.tree
    assert items.topLevelItem(0).text(1) == "strength 0.5"
    items.setCurrentItem(items.topLevelItem(1))  # the first run, whose frames are gone
    assert "took these frames over" in ready.result.toPlainText()
    assert "after" not in ready.viewer.canvas.pictures
    ready.queue.repeat.click()
    assert ready.form.values()["strength"] == 1.0
    until(lambda: ready.jobs.jobs[-1].ended)
    assert len(ready.jobs.jobs) == 3
    assert ready.jobs.jobs[-1].request == job.request
    until(lambda: ready.viewer.canvas.pictures.get("after") == after)


def test_shots_dropped_on_the_picture_are_source_and_reference(window, drop, until):
    centre = window.rect().center()
    assert drop(window, [SAMPLE / "shot_b/shot_b.1002.exr", SAMPLE / "hero"], centre)
    assert window.inputs.values() == {
        "source": {"path": str(SAMPLE / "shot_b/shot_b.%04d.exr"), "colorspace": None},
        "reference": {"path": str(SAMPLE / "hero"), "colorspace": None},
    }
    until(lambda: "before" in window.viewer.canvas.pictures)


def test_exposure_is_of_the_picture_and_not_of_the_run(ready, until):
    until(lambda: "before" in ready.viewer.canvas.pictures)
    plain, asked = ready.viewer.canvas.pictures["before"], ready.request()
    ready.viewer.exposure.setValue(2)
    until(lambda: ready.viewer.canvas.pictures.get("before", plain) != plain)
    brighter = ready.viewer.canvas.pictures["before"].pixelColor(100, 100).lightnessF()
    assert brighter > plain.pixelColor(100, 100).lightnessF()
    assert ready.request() == asked


def test_another_measuring_gets_a_version_of_its_own(ready):
    first = ready.request()["outputs"]["dir"]
    ready.form.set_values({"strength": 0.3})
    assert ready.request()["outputs"]["dir"] == first
    ready.form.set_values({"ramp": True})
    other = ready.request()["outputs"]["dir"]
    assert (Path(first).name, Path(other).name) == ("v001", "v002")
    ready.form.set_values({"ramp": False})
    assert ready.request()["outputs"]["dir"] == first


def test_a_knob_that_moves_on_takes_back_the_run_before(long_shot, until):
    long_shot.frames.setText("1001-1002")
    job = run(long_shot)
    until(lambda: job.ended)
    long_shot.live.setChecked(False)
    long_shot.form.set_values({"strength": 0.9})
    long_shot.live.setChecked(True)
    assert len(long_shot.jobs.jobs) == 1  # the knob was turned while nothing was to follow it
    pid = long_shot.worker.pid
    os.kill(pid, signal.SIGSTOP)  # so that the first of the two cannot be faster than the second
    for strength in (0.8, 0.7):
        long_shot.form.set_values({"strength": strength})
        long_shot._live.setInterval(0)
        until(lambda s=strength: long_shot.jobs.jobs[-1].request["params"]["strength"] == s)
    os.kill(pid, signal.SIGCONT)
    until(lambda: not long_shot.jobs.open_jobs())
    states = [each.state for each in long_shot.jobs.jobs]
    assert states == ["done", "cancelled", "done"]


def test_a_live_change_before_any_run_starts_nothing(ready):
    ready.form.set_values({"strength": 0.3})
    assert not ready._live.isActive()


@pytest.mark.parametrize(
    ("spoil", "title", "hint"),
    [
        (lambda w: w.form.fields["strength"].editor.setText("7"), "strength is 7", "from 0 to 1"),
        (lambda w: w.form.fields["strength"].editor.setText("nan"), "strength is 'nan'", "0 to 1"),
        (lambda w: w.inputs.fields["reference"].path.clear(), "reference is ''", "Name a"),
        (
            lambda w: w.inputs.fields["source"].path.setText("/no/such"),
            "such does not exist",
            "folder /no",
        ),
        (lambda w: w.frames.setText("10-1"), "10-1", "backwards"),
    ],
    ids=["number", "no number", "no reference", "no source", "range"],
)
def test_a_refusal_is_shown_with_what_to_do(ready, until, spoil, title, hint):
    spoil(ready)
    job = run(ready)
    until(lambda: job.ended)
    assert job.state == "refused"
    assert ready.notice.isVisible()
    assert title in ready.notice.text()
    assert hint in ready.notice.text()
    assert title in ready.log.toPlainText()


def test_a_frame_that_is_not_there_is_said_in_the_picture(ready, until):
    until(lambda: "before" in ready.viewer.canvas.pictures)
    ready.viewer.frame.setValue(5000)
    until(lambda: "5000" in ready.viewer.canvas.messages.get("before", ""))
    assert "before" not in ready.viewer.canvas.pictures


@pytest.fixture
def long_shot(ready, tmp_path):
    """A panel with a shot of 300 frames: long enough to be stopped in the middle."""
    folder = tmp_path / "long"
    folder.mkdir()
    for number in range(1001, 1301):
        (folder / f"long.{number}.exr").symlink_to(SAMPLE / "shot_b/shot_b.1001.exr")
    ready.inputs.fields["source"].path.setText(str(folder))
    return ready


def test_jobs_are_cancelled_waiting_and_working(long_shot, until):
    job, waiting = run(long_shot), run(long_shot)
    until(lambda: job.state == "working")
    long_shot.queue.tree.setCurrentItem(long_shot.queue.tree.topLevelItem(0))
    long_shot.queue.cancel.click()
    until(lambda: waiting.ended)
    assert (waiting.state, job.state) == ("cancelled", "working")
    long_shot.queue.tree.setCurrentItem(long_shot.queue.tree.topLevelItem(1))
    long_shot.queue.cancel.click()
    assert (job.state, long_shot.queue.cancel.text()) == ("cancelling", "End by f&orce")
    until(lambda: job.ended)
    assert job.state == "cancelled"
    assert job.error.code == CANCELLED
    assert not (Path(job.request["outputs"]["dir"]) / "report.json").exists()
    assert not long_shot.notice.isVisible()
    assert not long_shot.queue.cancel.isEnabled()


def test_progress_and_time_left_are_shown(long_shot, until):
    job = run(long_shot)
    row = long_shot.queue.tree.topLevelItem(0)
    until(lambda: job.stage == "frames" and row.text(4).endswith(" s"))
    bar = long_shot.queue.tree.itemWidget(row, 3)
    assert (bar.value(), bar.maximum()) == (job.done, 300)
    assert bar.text() == f"frames {job.done}/300"
    long_shot.worker.kill()
    until(lambda: job.ended)


def test_a_worker_that_is_killed_is_told_and_the_next_run_works(ready, until):
    job = run(ready)
    until(lambda: job.state == "working")
    os.kill(ready.worker.pid, signal.SIGKILL)
    until(lambda: job.ended)
    assert job.state == "worker gone"
    assert job.error.code == WORKER_DIED
    assert "The worker is gone" in ready.notice.text()
    assert "Run the job again" in ready.notice.text()
    again = run(ready)
    assert not ready.notice.isVisible()
    until(lambda: again.ended)
    assert again.state == "done"


def test_a_worker_that_does_not_stop_is_ended_when_asked_twice(long_shot, until):
    job = run(long_shot)
    until(lambda: job.state == "working")
    os.kill(long_shot.worker.pid, signal.SIGSTOP)  # it obeys nobody now
    long_shot.queue.cancel.click()
    long_shot.queue.cancel.click()
    until(lambda: job.ended)
    assert job.state == "worker gone"
    assert "by force" in long_shot.notice.text()


def test_a_worker_that_cannot_start_is_said_and_asked_again(application, window, until):
    window.worker.close()
    command, window.worker.command = window.worker.command, ["no-such-python"]
    window.ask_tools()
    until(lambda: "no-such-python" in window.notice.text())
    window.worker.command = command
    window.ask_tools()
    until(lambda: not window.notice.isVisible())


def test_closing_the_window_ends_the_worker(ready, until):
    run(ready)
    until(lambda: ready.worker.pid)
    pid = ready.worker.pid
    ready.close()
    assert ready.worker.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_tab_goes_down_the_form_and_then_to_run(window):
    chain, each = [], window.tool
    for _ in range(200):
        each = each.nextInFocusChain()
        chain.append(each)
    fields = [field.editor for field in window.form.fields.values()]
    stops = [window.inputs.fields["source"].path, *fields, window.frames, window.start]
    places = [chain.index(stop) for stop in stops]
    assert places == sorted(places)


def test_ctrl_return_runs(ready, until):
    QtTest.QTest.qWaitForWindowActive(ready)
    QtTest.QTest.keyClick(
        ready, QtCore.Qt.Key.Key_Return, QtCore.Qt.KeyboardModifier.ControlModifier
    )
    assert len(ready.jobs.jobs) == 1


def test_the_host_keeps_its_own_looks(window):
    assert QtWidgets.QApplication.instance().styleSheet() == ""
    assert window.styleSheet()


def test_the_command_shows_the_panel_until_it_is_interrupted(application, tmp_path, monkeypatch):
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def look():
        windows = [w for w in application.topLevelWidgets() if isinstance(w, Window)]
        if shown := [w for w in windows if w.isVisible() and w.start.isEnabled()]:
            timer.stop()
            seen.extend(shown)
            os.kill(os.getpid(), signal.SIGINT)

    timer = QtCore.QTimer()
    timer.timeout.connect(look)
    timer.start(10)
    try:
        assert main() == 0
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen[0].worker.pid is None


BARE = "import sys; sys.modules.update(PySide6=None, PySide2=None); "
PANEL = "from answerprint.cli import main; sys.exit(main(['panel']))"


def panel_command(code, **changed):
    environment = {k: v for k, v in os.environ.items() if k not in changed}
    words = [sys.executable, "-c", code]
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60)


def test_without_pyside_the_command_refuses_in_a_sentence():
    ended = panel_command(BARE + PANEL)
    assert ended.returncode == 2
    assert "The panel needs PySide6" in ended.stderr
    assert "pip install PySide6-Essentials" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="screens are named so on Linux")
def test_without_a_screen_the_command_refuses_in_a_sentence():
    ended = panel_command(
        "import sys; " + PANEL, DISPLAY="", WAYLAND_DISPLAY="", QT_QPA_PLATFORM=""
    )
    assert ended.returncode == 2
    assert "There is no screen" in ended.stderr
