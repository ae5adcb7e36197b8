"""The panel in a host that has a scene: items, state of the shots, settings, the way back."""

from pathlib import Path

import pytest
from PySide6 import QtCore, QtTest, QtWidgets

from answerprint.panel.desk import PUMP_MS
from answerprint.panel.dialogs import Artist
from answerprint.panel.panel import Panel
from answerprint_bridge.host import Item
from answerprint_bridge.messages import HOST_REFUSED, WireError


def item(label):
    return Item(label, "clip", label)


@pytest.fixture
def panel(show, scene, until):
    """The panel on the scene, with a source and a reference chosen."""
    made = show(scene).panel
    made.controls.inputs.choose({"source": [item("shot_b")], "reference": [item("hero")]})
    until(lambda: "before" in made.viewer.canvas.pictures)
    return made


def finished(panel, until):
    """Run, to the end; the jobs that were made."""
    before = len(panel.desk.jobs)
    panel.controls.start.click()
    until(lambda: all(job.ended for job in panel.desk.jobs))
    return panel.desk.jobs[before:]


def test_a_run_is_placed_by_its_source_and_told_in_words(panel, scene, until):
    (job,) = finished(panel, until)
    assert job.state == "done", job.error
    assert scene.placed == {"cdl on shot_b 1": "cdl"}
    said = panel.result.toPlainText()
    assert "CDL in ACEScct: done." in said
    assert "Cube: not needed. The same look stands as cdl." in said
    assert not list(Path(job.run.folder).glob("*.exr"))  # live first: no frames unless asked
    assert "after" in panel.viewer.canvas.pictures  # and there is a picture all the same
    assert panel.viewer.alone == {"after": 1001}


def test_several_sources_are_matched_to_one_reference(panel, scene, until):
    sources = [item("shot_b"), item("shot_b again")]
    panel.controls.inputs.fields["source"].choose(sources)
    jobs = finished(panel, until)
    assert [job.label for job in jobs] == ["Match shot_b", "Match shot_b again"]
    assert [job.state for job in jobs] == ["done", "done"]
    assert list(scene.placed) == ["cdl on shot_b 1", "cdl on shot_b again 2"]
    assert panel.queue.current() is jobs[0]
    assert panel.queue.tree.topLevelItemCount() == 2


def test_one_source_that_is_refused_does_not_stop_the_next(panel, scene, until):
    sources = [item("shot_b"), item("shot_b again")]
    panel.controls.inputs.fields["source"].choose(sources)
    del scene.shots["shot_b"]
    scene.export_frames, real = (
        lambda ref, *more: real(ref, *more) if ref in scene.shots else scene.describe(ref),
        scene.export_frames,
    )
    jobs = finished(panel, until)
    assert [job.state for job in jobs] == ["refused", "done"]
    assert "There is no 'shot_b' any more." in panel.controls.notice.text()


def test_what_was_placed_is_taken_back_and_placed_again(panel, scene, until):
    finished(panel, until)
    panel.queue.place.click()
    until(lambda: not panel.desk._due)
    assert scene.placed == {"cdl on shot_b 1": "cdl"}  # it stands: nothing is placed twice
    panel.queue.back.click()
    until(lambda: scene.taken_back == ["cdl on shot_b 1"])
    assert "Match shot_b: the artist's version stands now." in panel.log.toPlainText()
    panel.queue.place.click()
    until(lambda: scene.placed)
    assert panel.queue.back.isEnabled()


def test_a_host_without_a_way_back_offers_none(show, scene):
    scene.can.remove("take back")
    panel = show(scene).panel
    assert panel.queue.back.isHidden()


def test_the_state_of_the_shots_is_chosen_and_its_space_shown(panel, scene, until):
    state = panel.controls.graded
    assert state.isVisible()
    until(lambda: state.itemText(1) == "as graded, in Rec.1886")
    state.setCurrentIndex(1)
    assert "before" not in panel.viewer.canvas.pictures  # the file is not what is worked on
    assert "the host renders it" in panel.viewer.canvas.messages["before"]
    finished(panel, until)
    assert scene.exported == [("shot_b", True), ("hero", True)]
    until(lambda: "before" in panel.viewer.canvas.pictures)


def test_a_host_without_a_grade_has_one_state(show, scene):
    scene.can.remove("export:graded")
    controls = show(scene).panel.controls
    assert controls.graded.isHidden()
    assert not controls.is_graded()


def test_an_item_without_a_file_is_seen_when_it_is_rendered(panel, until):
    panel.controls.inputs.fields["source"].choose([item("rendered")])
    until(lambda: "the host renders it" in panel.viewer.canvas.messages.get("before", ""))
    panel.controls.glance.click()
    until(lambda: {"before", "after"} <= set(panel.viewer.canvas.pictures))


def test_a_knob_never_renders_the_hosts_items_again(panel, scene, until):
    panel.controls.inputs.fields["source"].choose([item("rendered")])
    finished(panel, until)
    written = list(scene.exported)
    assert written == [("rendered", False), ("hero", False)]
    first = panel.desk.jobs[0].run
    panel.controls.form.set_values({"strength": 0.3})
    until(lambda: "nothing is placed" in panel.result.toPlainText())
    assert scene.exported == written
    looked = panel._told[0]
    assert looked.request["inputs"] == first.request["inputs"]
    assert looked.report["solved"] == "by an earlier run"
    panel.controls.glance.click()  # but what is asked for is looked at as it is now
    until(lambda: scene.exported == written * 2)


def test_settings_of_the_host_are_shown_and_handed_on_when_they_rest(panel, scene, until):
    fields = panel.controls.settings.fields
    assert list(fields) == ["folder", "note", "node"]
    for text in ("f", "fo", "for the show"):
        fields["note"].editor.setText(text)
    until(lambda: scene.configured == [("note", "for the show")])
    fields["node"].set_value(9)
    until(lambda: "There is no node 9." in panel.controls.notice.text())


def test_a_setting_reaches_the_host_before_the_run_that_follows(panel, scene, until):
    heard = []
    scene.during = lambda: heard.append(list(scene.configured))
    panel.controls.settings.fields["note"].editor.setText("now")
    finished(panel, until)
    assert heard[0] == [("note", "now")]


def test_a_busy_host_is_said_in_words(panel, scene, until):
    panel._busy.setInterval(1)
    scene.is_busy = "Shelf renders"
    until(lambda: panel.controls.busy.isVisible())
    assert panel.controls.busy.text() == "No job can start now: Shelf renders."
    assert not panel.controls.start.isEnabled()
    scene.is_busy = ""
    until(lambda: panel.controls.start.isEnabled())
    assert not panel.controls.busy.isVisible()


def test_what_kept_it_is_gone_and_the_settings_are_those_of_now(panel, scene, until):
    """Where nothing changed the form stays: an artist may be typing in it."""
    panel._busy.setInterval(1)
    controls, node = panel.controls, scene.settings()[-1]
    form = controls.settings

    def busy_for_a_while():
        scene.is_busy = "no project is open"
        until(lambda: controls.busy.isVisible())
        scene.is_busy = ""
        until(lambda: controls.start.isEnabled())

    busy_for_a_while()
    assert controls.settings is form
    scene.settings = lambda: [{**node, "value": 4}]
    controls._rest.setInterval(1000000)
    form.fields["note"].editor.setText("half a wo")
    busy_for_a_while()
    assert controls.settings is form  # what is typed is not lost
    controls.settle()
    until(lambda: controls.settings.values() == {"node": 4})
    assert scene.configured == [("note", "half a wo")]


@pytest.fixture
def no_project(scene, monkeypatch):
    """no_project(on): the scene's host refuses every question, as one without a project does."""
    asked = []

    def refused(*given):
        asked.append(given)
        raise WireError(HOST_REFUSED, "No project is open.", "Open one.", "GetCurrentProject: None")

    def refuse(on):
        for name in ("capabilities", "busy", "context", "settings", "items"):
            monkeypatch.setattr(scene, name, refused) if on else monkeypatch.undo()

    refuse.asked = asked
    return refuse


def test_a_host_without_a_project_is_met_when_there_is_one(show, scene, until, no_project):
    no_project(True)
    panel = show(scene, ready=lambda panel: panel.controls.tool.count()).panel
    panel._busy.setInterval(1)
    until(lambda: len(no_project.asked) > 5)
    controls = panel.controls
    assert controls.busy.isVisible()
    assert controls.busy.text() == "No project is open. Open one."
    assert not controls.notice.isVisible()
    assert panel.log.toPlainText() == "No project is open.\nOpen one.\nGetCurrentProject: None"
    assert not controls.start.isEnabled()
    assert list(controls.form.fields)
    no_project(False)
    until(lambda: controls.start.isEnabled())
    assert not controls.busy.isVisible()
    assert list(controls.inputs.fields["source"].buttons) == [
        "Selection",
        "List",
        "File",
        "Folder",
    ]
    assert list(controls.settings.fields) == ["folder", "note", "node"]
    assert not panel.queue.back.isHidden()


def test_another_project_brings_its_own_settings(panel, scene, until, no_project):
    panel._busy.setInterval(1)
    no_project(True)
    until(lambda: panel.controls.busy.isVisible())
    no_project(False)
    scene.settings = lambda: [{"name": "who", "kind": "text", "help": "Who", "default": "Ada"}]
    until(lambda: panel.controls.start.isEnabled())
    assert panel.controls.settings.values() == {"who": "Ada"}
    assert panel.controls.inputs.chosen()["source"] == [item("shot_b")]


def test_what_a_hosts_module_raises_ends_the_job_and_is_said(panel, scene, until, caplog):
    def fails(*given):
        raise RuntimeError("Read1: no such file")

    scene.export_frames, real = fails, scene.export_frames
    (job,) = finished(panel, until)
    assert job.state == "refused"
    assert "'match' could not start: Shelf raised an error." in panel.controls.notice.text()
    assert "RuntimeError: Read1: no such file" in panel.log.toPlainText()
    assert "Read1" in caplog.text
    panel.controls.glance.click()
    until(lambda: panel.log.toPlainText().count("Read1") == 2)
    scene.export_frames = real
    (job,) = finished(panel, until)
    assert job.state == "done"


def test_what_a_hosts_module_raises_when_it_is_asked_is_said(panel, scene, until):
    def fails(*given):
        raise RuntimeError("the node is gone")

    scene.items, scene.describe = fails, fails
    source = panel.controls.inputs.fields["source"]
    source.buttons["List"].click()
    until(lambda: panel.controls.notice.isVisible())
    assert panel.controls.notice.text().startswith("Shelf raised an error.")
    assert "RuntimeError: the node is gone" in panel.log.toPlainText()
    source.choose([item("hero")])
    until(lambda: source.about.text().startswith("Nothing is known of hero."))


def test_where_it_is_and_its_views_are_said(show, scene):
    scene.views = ("left", "right")
    controls = show(scene).panel.controls
    assert controls.where.text() == ("Shelf 2.0 Studio · sc010.scene · ACEScg · views left, right")


def test_views_are_not_said_where_one_is_chosen(show, scene):
    row = {"name": "view", "kind": "pick", "choices": ["left", "right"], "help": "", "default": ""}
    scene.views, scene.settings = ("left", "right"), lambda: [row]
    assert "left" not in show(scene).panel.controls.where.text()


def test_a_scene_that_is_not_saved_is_said(show, scene, until):
    scene.project = ""
    panel = show(scene).panel
    assert "The scene is not saved." in panel.controls.where.text()
    panel.controls.inputs.choose({"source": [item("shot_b")], "reference": [item("hero")]})
    (job,) = finished(panel, until)
    assert job.state == "refused"
    assert "saved" in panel.controls.notice.text()


def test_a_host_that_lets_qt_work_meanwhile_is_left_alone(panel, scene, until):
    """In the middle of an export: Run is pressed, the list is opened."""
    seen, field = [], panel.controls.inputs.fields["source"]

    def during():
        if seen:
            return
        seen.append((panel.controls.start.isEnabled(), panel.desk.occupied))
        field.buttons["List"].click()
        panel.run()
        QtTest.QTest.qWait(4 * PUMP_MS)
        for _ in range(4):
            panel.desk._tick()  # some platforms fire a timer again whose turn is not over
        seen.append(([ref for ref, _ in scene.exported], field.shelf.isVisible()))

    scene.during = during
    (job,) = finished(panel, until)
    assert seen == [(False, True), (["shot_b"], False)]
    assert job.state == "done"
    until(lambda: field.shelf.isVisible())  # what was asked for meanwhile is done afterwards


def test_cancel_while_the_host_writes_cancels_what_comes_after(panel, scene, until):
    def during():
        panel.queue.cancel.click()

    scene.during = during
    (job,) = finished(panel, until)
    assert job.state == "cancelled"
    assert scene.placed == {}


def test_closing_while_the_host_is_at_work_waits_for_it(panel, scene, until):
    window, worker = panel.window(), panel.desk.session.worker
    seen = []

    def during():
        window.close()
        QtWidgets.QApplication.processEvents()
        seen.append((window.isVisible(), worker.pid is None))

    scene.during = during
    panel.controls.start.click()
    until(lambda: not window.isVisible())
    assert seen[0] == (True, False)
    assert worker.pid is None


def test_closing_stops_what_the_host_writes(panel, scene, until):
    """A render may take an hour; what it would give is not wanted any more."""
    window, seen, shot = panel.window(), [], scene.export_frames
    scene.progress = Artist(panel).progress

    def render(ref, spec, progress):
        for number in range(2000):  # a render that nobody stops ends the test red
            progress.tell(number, 2000, "rendered")
            if number == 1:
                window.close()
                QtWidgets.QApplication.processEvents()
                seen.append((window.isVisible(), panel.controls.start.isEnabled()))
            if number == 2:
                seen.append("went on")
        return shot(ref, spec, progress)

    scene.export_frames = render
    panel.controls.start.click()
    until(lambda: not window.isVisible())
    assert seen == [(True, False)]
    assert panel.desk.jobs[0].state == "cancelled"


def test_what_a_host_asks_can_be_answered_when_the_window_is_to_close(panel, scene, until):
    window, seen, artist = panel.window(), [], Artist(panel)

    def during():
        QtCore.QTimer.singleShot(0, answer)
        seen.append(artist.ask("Replace it?", False))

    def answer():
        box = QtWidgets.QApplication.activeModalWidget()
        window.close()  # as when Resolve goes
        yes = box.button(QtWidgets.QMessageBox.StandardButton.Yes)
        yes.click() if yes.isEnabled() else box.reject()

    scene.during = during
    panel.controls.start.click()
    until(lambda: not window.isVisible())
    assert seen[0] is True


def destroyed(panel):
    """The panel as a host leaves it that moves a tab: its widgets are gone at once."""
    widget = panel.window().takeCentralWidget()
    assert widget is panel
    widget.setParent(None)
    gone = []
    widget.destroyed.connect(lambda: gone.append(True))
    widget.deleteLater()
    QtWidgets.QApplication.sendPostedEvents(widget, QtCore.QEvent.Type.DeferredDelete)
    assert gone


def test_a_panel_that_is_destroyed_in_mid_job_is_built_again_with_all_it_had(panel, scene, until):
    desk, window = panel.desk, panel.window()
    panel.controls.form.set_values({"strength": 0.4})
    panel.controls.frames.setText("1001-1002")
    panel.controls.write_frames.setChecked(True)
    panel.controls.start.click()
    until(lambda: desk.jobs[0].state == "working")
    panel.viewer.exposure.setValue(1)  # a picture that is on its way
    panel.controls.inputs.fields["source"].buttons["List"].click()  # a question to the host
    destroyed(panel)
    until(lambda: desk.jobs[0].ended)  # the job goes on while there is no panel
    assert desk.jobs[0].state == "done"
    again = Panel(desk)
    window.setCentralWidget(again)
    until(lambda: again.controls.start.isEnabled())
    assert again.controls.form.values()["strength"] == 0.4
    assert again.controls.frames.text() == "1001-1002"
    assert again.controls.write_frames.isChecked()
    assert again.controls.inputs.chosen() == {
        "source": [item("shot_b")],
        "reference": [item("hero")],
    }
    assert again.queue.current() is desk.jobs[0]
    assert "CDL in ACEScct: done." in again.result.toPlainText()
    until(lambda: {"before", "after"} <= set(again.viewer.canvas.pictures))
    (job,) = finished(again, until)
    assert job.state == "done"
