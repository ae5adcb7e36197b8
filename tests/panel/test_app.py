"""The command `answerprint panel`, and the window's end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6 import QtCore

from answerprint.panel.app import main
from answerprint.panel.edit_host import EditHost
from answerprint.panel.jobs import Shot
from answerprint.panel.window import Window

SAMPLE = Path(__file__).parents[2] / "resources/sample"


def test_closing_the_window_ends_the_worker(ready):
    ready.controls.start.click()
    pid = ready.desk.session.worker.pid
    assert pid
    ready.window().close()
    assert ready.desk.session.worker.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_command_shows_the_panel_until_it_is_interrupted(application, tmp_path, monkeypatch):
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def look():
        windows = [w for w in application.topLevelWidgets() if isinstance(w, Window)]
        for shown in windows:
            if shown.isVisible() and shown.panel.controls.start.isEnabled():
                timer.stop()
                seen.append((shown, shown.panel.controls.inputs.chosen()))
                os.kill(os.getpid(), signal.SIGINT)

    timer = QtCore.QTimer()
    timer.timeout.connect(look)
    timer.start(10)
    try:
        assert main(argv=[str(SAMPLE / "shot_b/shot_b.1001.exr"), str(SAMPLE / "hero")]) == 0
    finally:
        signal.signal(signal.SIGINT, before)
    ((window, chosen),) = seen
    assert window.desk.session.worker.pid is None
    assert chosen == {
        "source": [Shot(str(SAMPLE / "shot_b/shot_b.%04d.exr"))],
        "reference": [Shot(str(SAMPLE / "hero"))],
    }


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


def closed_when_shown(application, seen):
    """Note the window that is shown and close it."""

    def look():
        for shown in application.topLevelWidgets():
            if not (isinstance(shown, Window) and shown.isVisible()):
                continue
            controls = shown.panel.controls
            if controls.start.isEnabled():
                timer.stop()
                seen.append((shown.desk.host, sorted(controls.inputs.fields["source"].buttons)))
                shown.close()

    timer = QtCore.QTimer()
    timer.timeout.connect(look)
    timer.start(10)
    return timer


def test_the_command_opens_an_edit(application, tmp_path, monkeypatch):
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    times = "01:00:00:00 01:00:00:06 01:00:00:00 01:00:00:06"
    edl = f"TITLE: reel 2\nFCM: NON-DROP FRAME\n\n001  A001 V C {times}\n"
    (tmp_path / "reel2.edl").write_text(edl, "ascii")
    before, seen = signal.getsignal(signal.SIGINT), []
    timer = closed_when_shown(application, seen)
    try:
        assert main(argv=[str(tmp_path / "reel2.edl")]) == 0
    finally:
        timer.stop()
        signal.signal(signal.SIGINT, before)
    ((host, buttons),) = seen
    assert isinstance(host, EditHost)
    assert [item.label.split()[0] for item in host.items()] == ["001"]
    assert buttons == ["File", "Folder", "List"]


def test_an_edit_that_cannot_be_read_is_refused_in_a_sentence(application, tmp_path, capsys):
    assert main(argv=[str(tmp_path / "none.otio")]) == 2
    assert "none.otio" in capsys.readouterr().err
