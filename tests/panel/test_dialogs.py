"""Questions wait for an answer, messages do not, and progress can be stopped."""

import pytest
from PySide6 import QtCore, QtWidgets

from answerprint.panel import dialogs
from answerprint_bridge.messages import CANCELLED, WireError

YES, NO = QtWidgets.QMessageBox.StandardButton.Yes, QtWidgets.QMessageBox.StandardButton.No


def boxes():
    widgets = QtWidgets.QApplication.topLevelWidgets()
    return [w for w in widgets if isinstance(w, QtWidgets.QMessageBox) and w.isVisible()]


def answering(press):
    """Press something on the question, as soon as it is shown."""
    QtCore.QTimer.singleShot(0, lambda: press(QtWidgets.QApplication.activeModalWidget()))


@pytest.mark.parametrize(("button", "said"), [(YES, True), (NO, False)])
@pytest.mark.parametrize("default", [True, False])
def test_a_question_gives_the_answer(application, button, said, default):
    answering(lambda box: box.button(button).click())
    assert dialogs.ask(None, "Replace it?", default) is said


@pytest.mark.parametrize("default", [True, False])
def test_return_takes_the_default_and_escape_is_no(application, default):
    answering(lambda box: box.defaultButton().click())
    assert dialogs.ask(None, "Replace it?", default) is default
    answering(lambda box: box.reject())
    assert dialogs.ask(None, "Replace it?", default) is False


@pytest.mark.parametrize("level", ["info", "warning", "error"])
def test_a_message_is_shown_and_nothing_waits_for_it(application, level):
    dialogs.message(None, level, "Free Resolve sets no <b>LUT</b>.", "Use the cube by hand.")
    (box,) = boxes()
    assert box.text() == "Free Resolve sets no <b>LUT</b>."
    assert box.textFormat() == QtCore.Qt.TextFormat.PlainText
    assert box.informativeText() == "Use the cube by hand."
    assert not box.isModal()
    box.close()


def test_progress_that_is_cancelled_stops_what_is_under_way(application):
    with dialogs.progress(None, "Writing the source") as bar:
        bar.tell(0, 10, "1001")
        bar._shown.cancel()
        with pytest.raises(WireError) as stopped:
            bar.tell(1, 10, "1002")
    assert stopped.value.code == CANCELLED


def test_a_host_may_be_made_before_its_window(application):
    artist = dialogs.Artist()
    artist.parent = QtWidgets.QWidget()
    artist.message("info", "Here.")
    (box,) = boxes()
    assert box.parent() is artist.parent
    box.close()
