"""*Check the edit*: what is found is listed, shown, marked, mended and waived; a page may go."""

import os
import sys
from pathlib import Path

import pytest
from edit_items import EditItems, checks, waived
from PySide6 import QtCore, QtGui, QtTest, QtWidgets

from answerprint.panel import dialogs
from answerprint.panel.check_page import CheckPage, value_of
from answerprint.panel.desk import Desk
from answerprint.panel.panel import Panel
from answerprint.panel.window import Window
from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.session import Session
from answerprint_bridge.wire import command

SAMPLE = Path(__file__).parents[2] / "resources/sample"
WORKER = [*command(sys.executable)[:-2], str(Path(__file__).parent / "checked_worker.py")]
MATCH = {"tool": "match", "params": {}, "inputs": {"source": "two", "reference": "one"}}
FOUND = [{**checks.FINDINGS[0], "fix": MATCH}, *checks.FINDINGS[1:]]


@pytest.fixture
def host(tmp_path):
    project = tmp_path / "Größe 100% #2"
    project.mkdir()
    shots = {
        "shot_b": (str(SAMPLE / "shot_b/shot_b.%04d.exr"), 1001, 1003),
        "hero": (str(SAMPLE / "hero/hero.%04d.exr"), 1001, 1001),
    }
    made = EditItems(str(project), shots)
    made.finds(FOUND)
    return made


@pytest.fixture
def window(application, host, until, tmp_path, monkeypatch):
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    made = Window(Desk(Session(host, WORKER)))
    made.show()
    made.panel.pages.setCurrentWidget(made.panel.check)
    until(lambda: made.panel.check.start.isEnabled() and made.desk.specs)
    yield made
    made.close()
    made.desk.session.worker.kill()
    made.deleteLater()


@pytest.fixture
def page(window):
    return window.panel.check


@pytest.fixture
def checked(page, until):
    """The page when a check has ended."""
    page.start.click()
    until(lambda: page.checker.state == "done")
    return page


def listed(page):
    return [row["kind"] for row, _ in page._rows]


def texts(page):
    return [[item.text(n) for n in range(4)] for _, item in page._rows]


def choose(page, number):
    page.tree.setCurrentItem(page._rows[number][1])


def quiet(page):
    """Whether all that was asked for was done."""
    return not page.desk._due and not page.desk.occupied


def test_the_tab_is_there_where_the_host_has_an_edit(window, until):
    pages = window.panel.pages
    number = pages.indexOf(window.panel.check)
    assert pages.isTabVisible(number)
    window.desk.host.can -= {"timeline", "edit markers"}
    window.panel.refresh()
    until(lambda: not pages.isTabVisible(number))
    assert pages.isTabVisible(pages.indexOf(window.panel.show_page))
    assert not window.panel.check.start.isEnabled()


def test_findings_are_listed_the_worst_first(checked):
    assert texts(checked) == [
        ["exposure", "two", "01:00:00:03", "+0.500 \u00b1 0.030 stop"],
        ["thing", "two", "01:00:00:03", "+0.500 \u00b1 0.030 stop"],
        ["flash frame", "one", "01:00:00:01", "+0.500 \u00b1 0.030 stop"],
    ]
    assert checked.summary.text() == "2 shots."
    log = checked.window().panel.log.toPlainText()
    assert log.splitlines() == ["2 shots.", "One.", "Two."]
    assert not checked.bar.isVisible()


def test_a_family_can_be_listed_alone(checked):
    assert [checked.filter.itemText(n) for n in range(checked.filter.count())] == [
        "All findings (3)",
        "Light (1)",
        "Things (1)",
        "Frames (1)",
    ]
    checked.filter.setCurrentIndex(2)
    assert listed(checked) == ["thing"]
    checked.filter.setCurrentIndex(0)
    assert listed(checked) == ["exposure", "thing", "flash_frame"]


def test_a_click_goes_to_the_frame_and_shows_the_media(checked, until):
    choose(checked, 0)
    until(lambda: "before" in checked.window().panel.viewer.canvas.pictures)
    assert checked.window().panel.viewer.frame.value() == 1003  # the third of that shot
    assert checked.desk.host.shown == []  # so far it was only looked at
    where = checked.tree.visualItemRect(checked._rows[0][1]).center()
    left = QtCore.Qt.MouseButton.LeftButton
    QtTest.QTest.mouseClick(checked.tree.viewport(), left, pos=where)
    until(lambda: checked.desk.host.shown == [3])
    assert "exposure at 3." in checked.detail.text()
    assert "match two to one" in checked.detail.text()


def test_the_keyboard_reaches_all_of_it(checked, until):
    checked.tree.setFocus()
    choose(checked, 0)
    QtTest.QTest.keyClick(checked.tree, QtCore.Qt.Key.Key_Down)
    assert checked.current()["kind"] == "thing"
    QtTest.QTest.keyClick(checked.tree, QtCore.Qt.Key.Key_Return)
    until(lambda: checked.desk.host.shown == [3])
    choose(checked, 0)
    stops, widget = set(), checked.start
    for _ in range(40):
        stops.add(widget)
        widget = widget.nextInFocusChain()
    tab = QtCore.Qt.FocusPolicy.TabFocus
    own = (checked.filter, checked.tree, checked.fix, checked.waive, checked.marks, checked.page)
    for each in own:
        assert each in stops
        assert each.focusPolicy() & tab
        assert each.isEnabled()
        named = each.accessibleName() or each.text()
        assert named


def test_the_key_of_run_starts_what_the_page_is_for(page, window, until):
    def pressed():
        keys = QtCore.Qt.KeyboardModifier.ControlModifier
        QtTest.QTest.keyClick(window, QtCore.Qt.Key.Key_Return, keys)

    window.activateWindow()
    page.start.setFocus()
    until(lambda: page.start.hasFocus())
    pressed()
    until(lambda: page.checker.state == "done")
    assert window.desk.jobs == []
    before = page.checker.check
    window.panel.pages.setCurrentWidget(window.panel.controls)
    window.panel.controls.tool.setFocus()
    pressed()
    until(lambda: window.desk.jobs)
    assert page.checker.check is before


def test_markers_leave_out_what_was_waived(checked, until):
    checked.marks.click()
    until(lambda: [m.frame for m in checked.desk.host.marks] == [1, 3])
    until(lambda: checked.summary.text() == "2 shots.\n3 findings are marked in the edit.")
    checked.checker.waive(checked.current() or checked.checker.findings[2], "It is a flash.")
    until(lambda: checked.checker.waived)
    checked.marks.click()
    until(lambda: [m.frame for m in checked.desk.host.marks] == [3])


def test_waiving_asks_why_and_is_not_done_without(checked, until, monkeypatch):
    said, asked = ["", "It is dusk."], []
    monkeypatch.setattr(dialogs, "words", lambda *told: asked.append(told) or said.pop(0))
    choose(checked, 0)
    checked.waive.click()
    QtTest.QTest.qWait(50)
    assert checked.checker.waived == set()
    checked.waive.click()
    until(lambda: checked.checker.waived == {checks.FINDINGS[0]["id"]})
    assert waived(checked.desk.host)["why"] == "It is dusk."
    assert checked._rows[0][1].font(0).strikeOut()
    assert not checked._rows[1][1].font(0).strikeOut()
    assert not checked.waive.isEnabled()
    assert not checked.fix.isEnabled()
    assert "exposure at 3." in asked[0][1]


def test_what_is_written_in_the_dialog_comes_back(application, until):
    box, told = [], []

    def write():
        box.append(application.activeModalWidget())
        box[0].setTextValue("  It is dusk. ")
        box[0].accept()

    QtCore.QTimer.singleShot(50, write)
    told.append(dialogs.words(None, "Why?", "Waive"))
    QtCore.QTimer.singleShot(50, lambda: application.activeModalWidget().reject())
    told.append(dialogs.words(None, "Why?", "Waive"))
    assert told == ["It is dusk.", ""]


def test_a_fix_is_a_job_whose_result_is_placed(checked, until):
    choose(checked, 0)
    checked.fix.click()
    until(lambda: checked.checker.fixes)
    (job,) = checked.desk.jobs
    assert not checked.fix.isEnabled()
    until(lambda: job.ended)
    assert job.state == "done", job.error
    assert (job.order.inputs["source"].ref, job.order.inputs["reference"].ref) == ("shot_b", "hero")
    assert list(checked.desk.host.placed.values()) == ["cdl"]
    assert "match two to one: done" in checked.detail.text()
    assert checked.window().panel.queue.current() is job


def test_a_fix_is_offered_only_where_there_is_one(checked):
    choose(checked, 1)
    assert not checked.fix.isEnabled()
    choose(checked, 0)
    assert checked.fix.isEnabled()


def test_a_check_can_be_cancelled_and_what_was_found_stays(checked, until):
    checked.desk.host.finds([], wait=True)
    checked.start.click()
    until(lambda: checked.checker.total)
    assert checked.bar.format() == "watch 1/2"
    assert not checked.start.isEnabled()
    checked.cancel.click()
    until(lambda: checked.checker.state == "cancelled")
    assert listed(checked) == ["exposure", "thing", "flash_frame"]
    assert checked.summary.text() == "The check was cancelled."
    assert checked.start.isEnabled()
    assert checked.notice.text() == ""


def test_cancel_in_the_middle_of_an_export_is_heard(page, until):
    host = page.desk.host
    host.finds([], wait=True)
    host.during = page.checker.cancel
    page.start.click()
    until(lambda: not page.checker.open)
    assert page.checker.state == "cancelled"
    assert not list(Path(host.project).rglob("report.json"))


def test_what_is_refused_is_said_on_the_page(page, until):
    page.desk.host.finds([], refuse=True)
    page.start.click()
    until(lambda: page.checker.state == "refused")
    assert page.notice.text() == "The edit holds no picture. Export it again."
    assert page.notice.isVisible()
    page.desk.host.finds([])
    page.start.click()
    assert not page.notice.isVisible()
    until(lambda: page.checker.state == "done")


def test_a_host_that_will_not_export_is_said_too(page, until):
    def refuse():
        raise WireError(HOST_REFUSED, "No Read is selected.", "Select some.")

    page.desk.host.during = refuse
    page.start.click()
    until(lambda: page.checker.state == "refused")
    assert page.notice.text() == "No Read is selected. Select some."


def test_a_host_that_fails_at_once_ends_the_check(page, until, monkeypatch):
    monkeypatch.setattr(page.desk.session, "check", lambda **_: 1 / 0)
    page.start.click()
    until(lambda: not page.checker.open)
    assert page.checker.state == "refused"
    assert "raised an error" in page.notice.text()
    assert page.start.isEnabled()


def test_a_worker_that_dies_is_said_and_the_next_check_works(page, until):
    rules = page.desk.host.finds([], wait=True)
    page.start.click()
    until(lambda: page.checker.total)
    page.desk.session.worker.kill()
    until(lambda: page.checker.state == "worker gone")
    assert "The worker is gone" in page.notice.text()
    (rules.parent / "go").touch()
    page.start.click()
    until(lambda: page.checker.state == "done")


def test_a_page_that_is_built_again_begins_where_the_last_one_ended(checked, window, until):
    checked.filter.setCurrentIndex(2)
    choose(checked, 0)
    desk = window.desk
    fresh = Panel(desk)
    fresh.show()
    until(lambda: fresh.check.marks.isEnabled())
    assert fresh.pages.currentWidget() is fresh.check
    assert listed(fresh.check) == ["thing"]
    assert fresh.check.current()["id"] == checks.FINDINGS[1]["id"]
    fresh.deleteLater()
    QtTest.QTest.qWait(20)
    desk.checker.moved.emit()  # nobody that is gone is called


def test_a_check_goes_on_without_a_page(page, window, until):
    rules = page.desk.host.finds(FOUND, wait=True)
    other = Panel(window.desk)
    other.check.start.setEnabled(True)
    other.check.begin()
    until(lambda: page.checker.total)
    other.deleteLater()
    QtTest.QTest.qWait(20)
    (rules.parent / "go").touch()
    until(lambda: listed(page) == ["exposure", "thing", "flash_frame"])


def test_the_report_is_opened(checked, monkeypatch):
    opened = []
    monkeypatch.setattr(QtGui.QDesktopServices, "openUrl", lambda url: opened.append(url))
    checked.page.click()
    assert [url.toLocalFile() for url in opened] == [checked.checker.check.page]
    assert os.path.isfile(opened[0].toLocalFile())


def test_a_host_without_markers_has_no_button_for_them(window, until):
    window.desk.host.can -= {"edit markers"}
    window.panel.refresh()
    until(lambda: not window.panel.check.marks.isVisible())


@pytest.mark.parametrize(
    ("value", "unsure", "unit", "text"),
    [
        (-0.322215, 0.0213, "stop", "-0.322 \u00b1 0.021 stop"),
        (23.4, 4.0, "mired", "+23.4 \u00b1 4.0 mired"),
        (6, 0, "frame", "+6 frame"),
        (4.97003, 0, "fps", "+4.97 fps"),
        (None, None, "", ""),
        (0.5, None, "ratio", "+0.5 ratio"),
        (31.0, 12.0, "degree", "+31 \u00b1 12 degree"),
    ],
)
def test_a_value_has_as_many_digits_as_it_is_sure_of(value, unsure, unit, text):
    row = {**FOUND[0], "value": value, "uncertainty": unsure, "unit": unit}
    assert value_of(row) == text


def test_a_value_is_that_of_the_shot_to_mend():
    """The list has its name beside it; the report has the second shot minus the first."""
    row = {**FOUND[0], "mend": "one"}
    assert value_of(row) == "-0.500 \u00b1 0.030 stop"
    assert value_of({**row, "unit": "ratio"}) == "-0.333 \u00b1 0.013 ratio"
    assert value_of({**row, "family": "things", "unit": "px"}) == "+0.500 \u00b1 0.030 px"


def test_the_page_fits_a_narrow_dock(window):
    window.resize(380, 900)
    assert window.panel.width() <= 400
    assert isinstance(window.panel.check, CheckPage)
    buttons = window.panel.check.findChildren(QtWidgets.QPushButton)
    assert all(each.width() > 60 for each in buttons if each.isVisible())
