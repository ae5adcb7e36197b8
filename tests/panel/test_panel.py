"""The whole panel on a real worker: run, look, adjust, refuse, cancel, lose the worker."""

import os
import signal
from pathlib import Path

import pytest
from PySide6 import QtCore, QtTest, QtWidgets

from answerprint.panel.jobs import Shot
from answerprint.tools import every
from answerprint_bridge.messages import CANCELLED, WORKER_DIED

SAMPLE = Path(__file__).parents[2] / "resources/sample"


def run(panel):
    """Press Run; the job."""
    panel.controls.start.click()
    return panel.desk.jobs[-1]


def picture(panel, side):
    return panel.viewer.canvas.pictures.get(side)


def settled(panel):
    """Whether no picture is on its way."""
    return not panel.viewer._asked and {"before", "after"} <= set(panel.viewer.canvas.pictures)


def test_every_tool_is_offered(window):
    controls = window.panel.controls
    names = [controls.tool.itemData(index) for index in range(controls.tool.count())]
    assert names == [each.name for each in every()]
    for index, each in enumerate(every()):
        controls.tool.setCurrentIndex(index)
        shown = [r["name"] for r in each.spec()["params"] if not r.get("from_host")]
        assert list(controls.form.fields) == shown
        assert set(controls.inputs.fields) == {"source", *each.inputs}


def test_a_match_is_run_shown_adjusted_and_repeated(ready, until, tmp_path):
    assert ready.viewer.frame.value() == 1001
    job = run(ready)
    until(lambda: picture(ready, "after"))
    until(lambda: job.ended)
    assert job.state == "done", job.error
    version = tmp_path / "results/answerprint/shot_b/match/v001"
    assert Path(job.run.folder) == version
    assert sorted(each.name for each in version.glob("shot_b_match_v001.*.exr"))[0].endswith(
        "1001.exr"
    )
    until(lambda: ready.viewer.alone == {} and settled(ready))  # the frames, not the preview
    before, after = (ready.viewer.canvas.pictures[side] for side in ("before", "after"))
    assert before.size() == after.size() == QtCore.QSize(512, 288)
    assert before != after

    said, report = ready.result.toPlainText(), job.run.report
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
        "CDL in ACEScct: done.",
        "Cube: done (shot_b_match_v001.cube).",
    ):
        assert wanted in said
    assert (version / "report.html").as_uri() in ready.result.toHtml()

    ready.controls.form.set_values({"strength": 0.2})  # live: its picture comes by itself
    until(lambda: ready.viewer.alone == {"after": 1001} and settled(ready))
    assert picture(ready, "after") != after
    assert "nothing is placed" in ready.result.toPlainText()
    assert len(ready.desk.jobs) == 1
    assert [each.name for each in version.parent.glob("v*")] == ["v001"]

    ready.queue.repeat.click()
    assert ready.controls.form.values()["strength"] == 1.0
    again = ready.desk.jobs[-1]
    until(lambda: again.ended)
    assert (again.state, again.run.folder) == ("done", job.run.folder)
    until(lambda: ready.viewer.alone == {} and settled(ready))
    assert picture(ready, "after") == after


def test_another_setting_is_another_version_and_takes_the_solution(ready, until):
    first = run(ready)
    until(lambda: first.ended)
    ready.controls.form.set_values({"strength": 0.5})
    second = run(ready)
    until(lambda: second.ended)
    assert second.settings == "strength 0.5"
    assert Path(second.run.folder).name == "v002"
    assert second.run.report["solved"] == "by an earlier run"


def test_a_look_is_a_picture_and_leaves_nothing(ready, until, tmp_path):
    ready.viewer.frame.setValue(1003)
    ready.controls.glance.click()
    until(lambda: picture(ready, "after"))
    assert ready.viewer.alone == {"after": 1003}
    assert ready.desk.jobs == []
    assert list((tmp_path / "results").rglob("v0*")) == []
    assert "nothing is placed" in ready.result.toPlainText()
    first = picture(ready, "after")
    ready.viewer.frame.setValue(1005)  # it was measured: the picture follows
    until(lambda: ready.viewer.alone == {"after": 1005} and picture(ready, "after") != first)
    assert "after" in ready.viewer.canvas.pictures


def test_shots_dropped_on_the_picture_are_source_and_reference(window, drop, until):
    panel = window.panel
    centre = panel.rect().center()
    assert drop(panel, [SAMPLE / "shot_b/shot_b.1002.exr", SAMPLE / "hero"], centre)
    assert panel.controls.inputs.chosen() == {
        "source": [Shot(str(SAMPLE / "shot_b/shot_b.%04d.exr"))],
        "reference": [Shot(str(SAMPLE / "hero"))],
    }
    until(lambda: picture(panel, "before"))
    facts = panel.controls.source_facts()
    assert (facts.first, facts.last, facts.width, facts.height) == (1001, 1006, 512, 288)
    about = panel.controls.inputs.fields["source"].about.text()
    assert about.startswith(f"1001-1006 · 512 x 288 · {facts.space}")


def test_exposure_is_of_the_picture_and_not_of_the_run(ready, until):
    plain, asked = picture(ready, "before"), ready.controls.orders()
    ready.viewer.exposure.setValue(2)
    until(lambda: picture(ready, "before") and picture(ready, "before") != plain)
    brighter = picture(ready, "before").pixelColor(100, 100).lightnessF()
    assert brighter > plain.pixelColor(100, 100).lightnessF()
    assert ready.controls.orders() == asked


def test_a_live_change_before_any_measuring_starts_nothing(ready, until):
    ready.controls.form.set_values({"strength": 0.3})
    until(lambda: not ready._live.isActive())
    assert ready.desk.session.runs == []
    assert ready.desk._looks == 0


def test_a_change_that_must_be_measured_waits_for_run(ready, until):
    job = run(ready)
    until(lambda: job.ended)
    (order,) = ready.controls.orders()
    assert ready.desk.measured(order)
    ready.controls.form.set_values({"ramp": True})
    (order,) = ready.controls.orders()
    assert not ready.desk.measured(order)
    assert not ready._live.isActive()


@pytest.mark.parametrize(
    ("spoil", "title", "hint"),
    [
        (lambda c: c.form.fields["strength"].editor.setText("7"), "strength is 7", "from 0 to 1"),
        (lambda c: c.form.fields["strength"].editor.setText("nan"), "strength is 'nan'", "0 to 1"),
        (lambda c: c.inputs.fields["reference"].path.clear(), "no reference", "Choose"),
        (
            lambda c: c.inputs.fields["source"].path.setText("/no/such"),
            "such does not exist",
            "folder /no",
        ),
        (lambda c: c.frames.setText("10-1"), "10-1", "backwards"),
        (lambda c: c.frames.setText("first ten"), "'first ten' is not a range", "1001-1100"),
    ],
    ids=["number", "no number", "no reference", "no source", "backwards", "range"],
)
def test_a_refusal_is_shown_with_what_to_do(ready, until, spoil, title, hint):
    spoil(ready.controls)
    job = run(ready)
    until(lambda: job.ended)
    assert job.state == "refused"
    notice = ready.controls.notice
    assert notice.isVisible()
    assert title in notice.text()
    assert hint in notice.text()
    assert title in ready.log.toPlainText()


def test_a_frame_that_is_not_there_is_said_in_the_picture(ready, until):
    ready.viewer.frame.setValue(5000)
    until(lambda: "5000" in ready.viewer.canvas.messages.get("before", ""))
    assert "before" not in ready.viewer.canvas.pictures


@pytest.fixture
def long_shot(ready, tmp_path, until):
    """A panel with a shot of 300 frames: long enough to be stopped in the middle."""
    folder = tmp_path / "long"
    folder.mkdir()
    for number in range(1001, 1301):
        (folder / f"long.{number}.exr").symlink_to(SAMPLE / "shot_b/shot_b.1001.exr")
    ready.controls.inputs.fields["source"].choose([Shot(str(folder))])
    return ready


def test_jobs_are_cancelled_waiting_and_working(long_shot, until):
    queue = long_shot.queue
    job = run(long_shot)
    long_shot.controls.form.set_values({"strength": 0.5})
    waiting = run(long_shot)
    until(lambda: job.state == "working")
    queue.tree.setCurrentItem(queue.tree.topLevelItem(0))
    queue.cancel.click()
    until(lambda: waiting.ended)
    assert (waiting.state, job.state) == ("cancelled", "working")
    queue.tree.setCurrentItem(queue.tree.topLevelItem(1))
    queue.cancel.click()
    assert (job.state, queue.cancel.text()) == ("cancelling", "End by f&orce")
    until(lambda: job.ended)
    assert job.state == "cancelled"
    assert job.error.code == CANCELLED
    assert not (Path(job.run.folder) / "report.json").exists()
    assert not long_shot.controls.notice.isVisible()
    assert not queue.cancel.isEnabled()


def test_a_job_that_has_not_begun_is_cancelled_without_a_trace(ready, until, tmp_path):
    job = run(ready)
    ready.queue.cancel.click()
    until(lambda: job.ended)
    assert (job.state, job.run) == ("cancelled", None)
    assert not (tmp_path / "results").exists()


def test_progress_and_time_left_are_shown(long_shot, until):
    job = run(long_shot)
    row = long_shot.queue.tree.topLevelItem(0)
    until(lambda: job.stage == "frames" and row.text(4).endswith(" s"))
    bar = long_shot.queue.tree.itemWidget(row, 3)
    assert (bar.value(), bar.maximum()) == (job.done, 300)
    assert bar.text() == f"frames {job.done}/300"
    long_shot.desk.session.worker.kill()
    until(lambda: job.ended)


def test_a_worker_that_is_killed_is_told_and_the_next_run_works(ready, until):
    job = run(ready)
    until(lambda: job.state == "working")
    os.kill(ready.desk.session.worker.pid, signal.SIGKILL)
    until(lambda: job.ended)
    assert job.state == "worker gone"
    assert job.error.code == WORKER_DIED
    assert "The worker is gone" in ready.controls.notice.text()
    assert "Run the job again" in ready.controls.notice.text()
    again = run(ready)
    assert not ready.controls.notice.isVisible()
    until(lambda: again.ended)
    assert again.state == "done"


def test_a_worker_that_does_not_stop_is_ended_when_asked_twice(long_shot, until):
    job = run(long_shot)
    until(lambda: job.state == "working")
    os.kill(long_shot.desk.session.worker.pid, signal.SIGSTOP)  # it obeys nobody now
    long_shot.queue.cancel.click()
    long_shot.queue.cancel.click()
    until(lambda: job.ended)
    assert job.state == "worker gone"
    assert "by force" in long_shot.controls.notice.text()


def test_a_worker_that_cannot_start_is_said_and_asked_again(window, until):
    panel, worker = window.panel, window.desk.session.worker
    worker.close()
    command, worker.command = worker.command, ["no-such-python"]
    panel.refresh()
    until(lambda: "no-such-python" in panel.controls.notice.text())
    worker.command = command
    panel.refresh()
    until(lambda: worker.hello)
    assert not panel.controls.notice.isVisible()


def test_tab_goes_down_the_form_and_then_to_run(window):
    controls = window.panel.controls
    chain, each = [], controls.tool
    for _ in range(300):
        each = each.nextInFocusChain()
        chain.append(each)
    fields = [field.editor for field in controls.form.fields.values()]
    source = controls.inputs.fields["source"]
    stops = [source.buttons["File"], source.path, *fields, controls.frames, controls.start]
    places = [chain.index(stop) for stop in stops]
    assert places == sorted(places)


def test_ctrl_return_runs_where_the_focus_is_in_the_panel(ready, until):
    ready.window().activateWindow()
    ready.controls.frames.setFocus()
    QtTest.QTest.qWaitForWindowActive(ready.window())
    keys = QtCore.Qt.Key.Key_Return, QtCore.Qt.KeyboardModifier.ControlModifier
    QtTest.QTest.keyClick(ready.controls.frames, *keys)
    assert len(ready.desk.jobs) == 1


def test_the_host_keeps_its_own_looks(window, until):
    assert QtWidgets.QApplication.instance().styleSheet() == ""
    until(lambda: window.panel.styleSheet())


@pytest.mark.parametrize("width", [380, 400, 779])
def test_a_narrow_dock_is_one_column_and_cuts_nothing_off(show, scene, width, until):
    window = show(scene)
    window.resize(width, 900)
    panel = window.panel
    until(lambda: panel.styleSheet())
    until(lambda: panel.split.orientation() == QtCore.Qt.Orientation.Vertical)
    QtWidgets.QApplication.processEvents()
    assert panel.width() == width
    panel.tabs.setCurrentWidget(panel.queue)
    port = panel.controls.findChild(QtWidgets.QScrollArea).viewport()
    for each in (*panel.controls.stops(), panel.viewer.mode, panel.queue.back):
        if not each.isHidden():
            seen = port if port.isAncestorOf(each) else panel
            right = each.mapTo(seen, QtCore.QPoint(each.width(), 0)).x()
            assert right <= seen.width(), f"{each.accessibleName() or each.text()} is cut off"
    window.resize(1200, 900)
    until(lambda: panel.split.orientation() == QtCore.Qt.Orientation.Horizontal)
