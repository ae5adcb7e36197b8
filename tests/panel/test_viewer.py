"""The canvas draws what it says, and pictures are asked for one at a time."""

from types import SimpleNamespace

import pytest
from PySide6 import QtCore, QtGui, QtTest

from answerprint.panel.viewer import Canvas, Viewer

RED, GREEN = QtGui.QColor(200, 20, 20), QtGui.QColor(20, 200, 20)


def picture(colour, width=80, height=60):
    image = QtGui.QImage(width, height, QtGui.QImage.Format.Format_RGB32)
    image.fill(colour)
    return image


@pytest.fixture
def canvas(application):
    made = Canvas()
    made.resize(800, 600)
    made.show_picture("before", picture(RED))
    made.show_picture("after", picture(GREEN))
    return made


def colour_at(canvas, x, y=300):
    return canvas.grab().toImage().pixelColor(x, y)


@pytest.mark.parametrize(
    ("wipe", "left", "right"), [(0.5, RED, GREEN), (0.0, GREEN, GREEN), (1.0, RED, RED)]
)
def test_the_wipe_parts_before_from_after(canvas, wipe, left, right):
    canvas.set_wipe(wipe)
    assert (colour_at(canvas, 200), colour_at(canvas, 600)) == (left, right)


@pytest.mark.parametrize(("mode", "seen"), [("Before", RED), ("After", GREEN)])
def test_one_side_alone(canvas, mode, seen):
    canvas.mode = mode
    assert (colour_at(canvas, 200), colour_at(canvas, 600)) == (seen, seen)


def test_a_side_that_is_not_there_leaves_the_other_whole(canvas):
    canvas.show_picture("after", None)
    assert (colour_at(canvas, 200), colour_at(canvas, 600)) == (RED, RED)


def test_the_mouse_drags_the_wipe(canvas):
    QtTest.QTest.mousePress(canvas, QtCore.Qt.MouseButton.LeftButton, pos=QtCore.QPoint(200, 300))
    assert canvas.wipe == pytest.approx(0.25)
    QtTest.QTest.mouseRelease(canvas, QtCore.Qt.MouseButton.LeftButton)


def test_the_keys_wipe_zoom_and_fit(canvas):
    press = QtTest.QTest.keyClick
    press(canvas, QtCore.Qt.Key.Key_Right)
    assert canvas.wipe == pytest.approx(0.55)
    whole = canvas.place()
    press(canvas, QtCore.Qt.Key.Key_Plus)
    assert canvas.place().width() == pytest.approx(whole.width() * 1.25)
    press(canvas, QtCore.Qt.Key.Key_F)
    assert canvas.place() == whole


def test_zoom_keeps_the_point_under_the_cursor(canvas):
    at = QtCore.QPointF(200, 150)
    before = canvas.place()
    share = (at.x() - before.left()) / before.width()
    canvas.zoom_by(3.0, at)
    after = canvas.place()
    assert after.left() + share * after.width() == pytest.approx(at.x())


class Asked:
    """A worker's side of `ask` that answers when told to."""

    def __init__(self):
        self.open = []

    def __call__(self, method, params, done):
        self.open.append((method, params, done))

    def answer(self, path):
        _, _, done = self.open.pop(0)
        done(SimpleNamespace(error=None, result={"path": str(path)}))


@pytest.fixture
def png(tmp_path):
    assert picture(RED).save(str(tmp_path / "view.png"))
    return tmp_path / "view.png"


def test_only_the_newest_of_what_was_wanted_meanwhile_is_asked(application, png):
    asked = Asked()
    viewer = Viewer(asked)
    viewer.look_at("before", "a.%04d.exr", 1005)
    for stops in (0.25, 0.5, 0.75):
        viewer.exposure.setValue(stops)
    assert [params["exposure"] for _, params, _ in asked.open] == [0.0]
    asked.answer(png)
    assert [params["exposure"] for _, params, _ in asked.open] == [0.75]
    asked.answer(png)
    assert asked.open == []
    assert "before" in viewer.canvas.pictures


def test_the_request_is_that_of_view_render(application):
    asked = Asked()
    Viewer(asked).look_at("after", "m.%04d.exr", 1005)
    method, params, _ = asked.open[0]
    assert method == "view.render"
    assert params == {
        "path": "m.%04d.exr",
        "frame": 1005,
        "exposure": 0.0,
        "display": "",
        "size": 1920,
    }


def test_a_picture_that_comes_too_late_is_not_shown(application, png):
    asked = Asked()
    viewer = Viewer(asked)
    viewer.look_at("after", "old.%04d.exr")
    viewer.look_at("after", "")
    asked.answer(png)
    assert viewer.canvas.pictures == {}


def test_a_picture_that_cannot_be_read_is_said(application, tmp_path):
    asked = Asked()
    viewer = Viewer(asked)
    viewer.look_at("before", "a.%04d.exr")
    asked.answer(tmp_path / "gone.png")
    assert "cannot be read" in viewer.canvas.messages["before"]
