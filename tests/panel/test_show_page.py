"""*Show*: a picture in, takes out, one placed or matched; what is refused is said on the page."""

import sys
from pathlib import Path

from PySide6 import QtCore, QtGui, QtTest, QtWidgets
from show_host import HITS, SAMPLE, SHOT_B, STILL, Editing, asked, choose, texts, write

from answerprint.panel.desk import Desk
from answerprint.panel.dialogs import Artist
from answerprint.panel.files_host import FilesHost
from answerprint.panel.jobs import Shot
from answerprint.panel.panel import Panel
from answerprint.panel.window import Window
from answerprint_bridge.host import Item
from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.session import Session
from answerprint_bridge.wire import command


def test_the_show_beside_the_project_is_asked(page, folder):
    assert page.folder.text() == str(folder)
    assert page.about.text() == "2 clips, 5 frames."
    assert page.what.text().startswith("Drop a picture here")
    assert not page.place.isEnabled()
    assert not page.match.isEnabled()


def test_a_picture_that_is_dropped_is_looked_for(page, folder, drop, until):
    assert drop(page, [STILL], QtCore.QPoint(40, 300))
    until(lambda: page.finder.state == "done")
    assert asked(folder) == [
        ["show.find", {"show": str(folder), "by": "any", "most": 20, "path": STILL}]
    ]
    assert texts(page) == [
        ["A001C002\n1001-1003", "same set-up", "97 %"],
        ["A001C009\n1001", "same place\nwider", "61 %"],
    ]
    until(lambda: page.thumb.isVisible())
    assert page.what.text() == "hero.1001.exr"
    assert page.window().panel.controls.inputs.chosen()["source"] == [Shot("")]  # not taken there


def test_the_list_has_pictures_of_the_show_and_others_by_the_worker(page, folder, until):
    small = folder / "thumbs/c1"
    small.mkdir(parents=True)
    made = QtGui.QImage(320, 180, QtGui.QImage.Format.Format_RGB32)
    made.fill(QtGui.QColor("#305070"))
    assert made.save(str(small / "1001.jpg"))
    page.ask_for(STILL)
    until(lambda: page.list.rows and not page.list.rows[1][1].icon(0).isNull())
    first, other = (row.icon(0).pixmap(80, 45).toImage() for _, row in page.list.rows)
    assert abs(first.pixelColor(20, 20).blue() - 0x70) < 6
    assert other.pixelColor(20, 20) != first.pixelColor(20, 20)


def test_a_click_shows_the_take_large_and_says_why(found, until):
    choose(found, 0)
    viewer = found.window().panel.viewer
    until(lambda: "before" in viewer.canvas.pictures)
    assert viewer.frame.value() == 1001
    assert found.detail.text() == "A001C002 shows 40 structures."


def test_what_counts_is_asked_anew(found, folder, until):
    found.by.setCurrentIndex(found.by.findData("look"))
    until(lambda: len(asked(folder)) == 2 and found.finder.state == "done")
    assert [told["by"] for _, told in asked(folder)] == ["any", "look"]
    assert found.desk.kept["by"] == "look"


def test_this_frame_is_the_sources_at_the_viewers_frame(page, folder, until):
    panel = page.window().panel
    page.this.click()
    assert "shows no shot" in page.notice.text()
    panel.controls.inputs.choose({"source": [Item("shot_b", "clip", "shot_b")]})
    panel.viewer.frame.setValue(1002)
    page.this.click()
    until(lambda: page.finder.state == "done")
    assert page.notice.text() == ""
    ((_, told),) = asked(folder)
    assert (told["path"], told["frame"], told["colourspace"]) == (SHOT_B, 1002, "ACEScg")
    assert page.desk.host.exported == [("shot_b", False)]
    assert page.what.text() == "shot_b, frame 1002"


def test_the_selection_is_looked_for_in_its_middle(page, folder, until):
    page.selection.click()
    until(lambda: page.notice.text() == "Nothing is selected in Shelf.")
    page.desk.host.selected = ["shot_b"]
    page.selection.click()
    until(lambda: page.finder.state == "done")
    ((_, told),) = asked(folder)
    assert told["frame"] == 1002


def test_a_take_lies_over_the_item_that_was_looked_for(page, until):
    host = page.desk.host
    host.shots["shot_b"] = (SHOT_B, 1002, 1003)
    host.selected = ["shot_b"]
    page.selection.click()
    until(lambda: page.finder.takes)
    choose(page, 0)
    page.place.click()
    until(lambda: host.placements)
    # The take's own frame 1001 lies at the middle of 1002-1003; three frames cover two.
    assert host.placements == [("take", 1001, 1002, "shot_b", "show A001C002")]
    assert page.finder.note == "A001C002, 1001-1003. Take: done."
    assert page.back.isEnabled()
    page.back.click()
    until(lambda: host.taken_back)
    assert host.placed == {}
    assert not page.back.isEnabled()


def test_a_take_that_is_too_short_is_refused_with_a_way_out(page, until):
    host = page.desk.host
    host.selected = ["shot_b"]
    page.selection.click()
    until(lambda: page.finder.takes)
    choose(page, 1)
    page.place.click()
    until(lambda: page.notice.text())
    assert page.notice.text().startswith(
        "A001C009 has 1 of the 3 frames that the shot needs.\nChoose"
    )
    assert host.placements == []


def test_a_host_without_takes_gets_frames_by_the_item(page, until):
    host = page.desk.host
    host.can -= {"takes"}
    host.selected = ["hero"]
    page.selection.click()
    until(lambda: page.finder.takes)
    choose(page, 0)
    page.place.click()
    until(lambda: host.placements)
    assert host.placements == [("frames", 1001, 1003, "hero", "show A001C002")]


def test_match_it_runs_the_panels_own_match(found, until):
    host, panel = found.desk.host, found.window().panel
    host.can -= {"takes"}
    choose(found, 0)
    found.match.click()
    until(lambda: panel.desk.jobs)
    (job,) = panel.desk.jobs
    assert job.order.inputs == {"source": Shot(SHOT_B), "reference": Shot(STILL)}
    assert (job.order.tool, job.order.frames) == ("match", "1001-1003")
    assert panel.pages.currentWidget() is panel.controls
    assert panel.controls.frames.text() == "1001-1003"
    assert panel.controls.inputs.chosen()["reference"] == [Shot(STILL)]
    until(lambda: job.ended)
    assert job.state == "done", job.error
    assert host.placements == []


def test_match_it_places_the_take_first_where_a_look_lies_on_it(page, until):
    host = page.desk.host
    host.selected = ["hero"]
    page.selection.click()
    until(lambda: page.finder.takes)
    choose(page, 0)
    page.match.click()
    until(lambda: page.desk.jobs)
    (job,) = page.desk.jobs
    page.desk.cancel(job)
    assert [each[:1] + each[3:4] for each in host.placements] == [("take", "hero")]
    assert job.order.near == "hero"
    host.shots["take on hero 1"] = host.shots["shot_b"]  # where the take is an item of its own
    page.finder.match(page.finder.takes[0])
    until(lambda: len(page.desk.jobs) == 2)
    page.desk.cancel(page.desk.jobs[1])
    assert page.desk.jobs[1].order.near == "take on hero 1"
    assert len(host.placements) == 1


def test_dailies_are_added_and_can_be_cancelled(page, folder, until, monkeypatch):
    write(folder, wait=True, holds="3 clips.")
    monkeypatch.setattr(QtWidgets.QFileDialog, "getExistingDirectory", lambda *_: "/shoot/day 1")
    page.learn.click()
    until(lambda: page.finder.total)
    assert page.bar.isVisible()
    assert page.bar.format() == "Learning 1/2"
    assert not page.learn.isEnabled()
    page.cancel.click()
    until(lambda: page.finder.state == "cancelled")
    assert page.notice.text() == ""
    (folder / "go").touch()
    page.learn.click()
    until(lambda: page.finder.state == "done" and "3 clips." in page.about.text())
    assert asked(folder)[-1] == ["show.add", {"show": str(folder), "paths": ["/shoot/day 1"]}]
    assert page.about.text() == "3 clips.\n1 clip learned."


def test_without_a_show_dailies_make_one_beside_the_project(begin, host, until, monkeypatch):
    page = begin(host)
    until(lambda: page.about.text())
    assert page.about.text() == "No show yet. Choose its folder, or add dailies."
    page.ask_for(STILL)
    until(lambda: page.notice.text())
    assert page.notice.text().startswith("There is no show here.\nChoose its folder")
    monkeypatch.setattr(QtWidgets.QFileDialog, "getExistingDirectory", lambda *_: "/shoot")
    page.learn.click()
    until(lambda: page.finder.state == "done")
    assert asked(Path(host.project, "answerprint-show"))[0][0] == "show.add"
    until(lambda: page.folder.text() == str(Path(host.project, "answerprint-show")))


def test_a_show_that_is_chosen_is_kept_with_the_project(page, tmp_path, begin, until):
    other = tmp_path / "other show"
    write(other, holds="9 clips.")
    page.folder.setFocus()
    page.folder.setText(str(other))
    QtTest.QTest.keyClick(page.folder, QtCore.Qt.Key.Key_Return)
    until(lambda: page.about.text() == "9 clips.")
    again = begin(Editing(page.desk.host.project, page.desk.host.shots))
    until(lambda: again.about.text() == "9 clips.")
    assert again.folder.text() == str(other)


def test_a_folder_that_is_no_show_is_said(page, tmp_path, until):
    page.finder.choose(str(tmp_path / "nothing"))
    until(lambda: "There is no show in" in page.about.text())
    assert "Name the folder of one." in page.about.text()


def test_what_is_refused_is_said_and_the_last_takes_go(found, folder, until):
    write(folder, refuse="The picture holds no light.")
    found.ask_for(STILL)
    until(lambda: found.finder.state == "refused")
    assert found.notice.text() == "The picture holds no light.\nLook at another."
    assert texts(found) == []
    write(folder)
    found.ask_for(STILL)
    assert not found.notice.isVisible()
    until(lambda: len(texts(found)) == 2)


def test_a_host_that_writes_no_frame_is_said(page, until):
    def refuse():
        raise WireError(HOST_REFUSED, "The node has no input.", "Connect it.")

    page.desk.host.during = refuse
    page.desk.host.selected = ["hero"]
    page.selection.click()
    until(lambda: page.notice.text())
    assert page.notice.text() == "The node has no input.\nConnect it."
    assert page.finder.state == "refused"


def test_a_search_gives_way_to_the_next(page, folder, until):
    write(folder, of={STILL: HITS[:1]})
    shown = []
    page.finder.moved.connect(lambda: shown.append(len(page.finder.takes)))
    page.finder.seek(Shot(STILL), None)  # gives way before it began
    page.finder.seek(Shot(SHOT_B), 1002)
    until(lambda: page.finder.state == "done")
    assert [told["path"] for _, told in asked(folder)] == [SHOT_B]

    def another():
        if page.finder.picture == Shot(STILL) and page.finder.state == "finding":
            page.finder.seek(Shot(SHOT_B), 1002)

    page.finder.moved.connect(another)  # gives way while it is asked
    page.finder.seek(Shot(STILL), None)
    until(lambda: len(asked(folder)) == 3 and page.finder.state == "done")
    assert len(page.finder.takes) == 2
    assert 1 not in shown


def test_a_search_that_gave_way_is_cancelled_in_the_worker(page, folder, until):
    write(folder, wait=True)
    page.ask_for(STILL)
    until(lambda: (folder / "asked.jsonl").exists())
    write(folder)
    page.ask_for(SHOT_B)  # it waits for the first, which would never end
    until(lambda: page.finder.state == "done")
    assert page.notice.text() == ""


def test_dailies_are_learned_and_found_by_the_core(application, until, tmp_path, host, monkeypatch):
    """All of it for once: the real worker adds two clips and finds them again."""
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    window = Window(Desk(Session(host, command(sys.executable))))
    window.show()
    page = window.panel.show_page
    window.panel.pages.setCurrentWidget(page)
    until(lambda: page.file.isEnabled())
    page.finder.learn([str(SAMPLE / "hero"), str(SAMPLE / "shot_b")])
    until(lambda: page.finder.state == "done")
    host.selected = ["hero"]
    page.selection.click()
    until(lambda: page.finder.takes)
    assert texts(page)[0] == ["hero\n1001-1006", "same set-up", texts(page)[0][2]]
    assert [Path(take.path).parent.name for take in page.finder.takes] == ["hero", "shot_b"]
    assert all(Path(take.thumb).is_file() for take in page.finder.takes)
    assert page.finder.takes[0].sure > 0.9
    assert "2 takes, 2 of them verified." in page.about.text()
    page.by.setCurrentIndex(page.by.findData("look"))
    until(lambda: page.finder.takes and "same" not in page.finder.takes[0].sees)
    assert page.notice.text() == ""
    window.close()
    window.deleteLater()


def test_alone_a_path_is_copied(begin, folder, until, application):
    page = begin(FilesHost(Artist()))
    page.finder.choose(str(folder))
    until(lambda: page.about.text().startswith("2 clips"))
    assert not page.missing.isVisible()
    assert not page.selection.isVisible()
    assert page.window().panel.pages.tabBar().isVisible()
    page.ask_for(STILL)
    until(lambda: page.finder.state == "done")
    choose(page, 0)
    page.place.click()
    assert application.clipboard().text() == SHOT_B


def test_a_show_is_kept_by_its_whole_path(begin, folder, until, monkeypatch):
    page, kept = begin(FilesHost(Artist())), []
    monkeypatch.setattr(page.finder.desk.session, "choose_show", kept.append)
    monkeypatch.chdir(folder.parent)
    page.finder.choose(folder.name)
    until(lambda: kept)
    assert kept == [str(folder)]


def test_a_page_that_is_built_again_begins_where_the_last_one_ended(found, until):
    fresh = Panel(found.desk)
    fresh.show()
    until(lambda: fresh.show_page.file.isEnabled())
    assert fresh.pages.currentWidget() is fresh.show_page
    assert texts(fresh.show_page) == texts(found)
    assert fresh.show_page.what.text() == "hero.1001.exr"
    fresh.deleteLater()
    QtTest.QTest.qWait(20)
    found.desk.finder.moved.emit()  # nobody that is gone is called


def test_the_page_fits_a_narrow_dock(found):
    found.window().resize(400, 900)
    assert found.window().panel.width() <= 400
    assert found.width() <= 400
    buttons = found.findChildren(QtWidgets.QAbstractButton)
    for each in buttons:
        if each.isVisible():
            assert each.width() >= each.minimumSizeHint().width()
            right = each.mapTo(found, QtCore.QPoint(each.width(), 0)).x()
            assert right <= found.width()
