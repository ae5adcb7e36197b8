"""One panel for one user: the menu's script started twice, and a first one that was killed."""

import errno
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import resolve_rig  # noqa: F401  (loads the bridge under its installed name)

from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_resolve import agent, single

HERE = Path(__file__).parent
HOLDS = """
import sys
from pathlib import Path
import resolve_rig
from answerprint_resolve import single
with single.only(Path(sys.argv[1])):
    print("here", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """The user's settings, in a folder that is not there yet."""
    path = tmp_path / "config" / "resolve.json"
    monkeypatch.setattr(agent, "settings_file", lambda: path)
    monkeypatch.setenv("ANSWERPRINT_PYTHON", "/nowhere/python")
    return path


@pytest.fixture
def first(settings):
    """Another process that has the panel open."""
    where = {"PYTHONPATH": f"{HERE}:{HERE.parent}"}
    command = [sys.executable, "-c", HOLDS, str(single.lock_file(settings))]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=where, text=True, **pipes) as process:
        assert process.stdout.readline() == "here\n"
        yield process
        process.kill()


def test_a_second_start_says_so_and_ends(first, settings, tmp_path, capsys, monkeypatch):
    made = []
    monkeypatch.setattr(agent, "Agent", lambda *given: made.append(given))
    assert agent.main(None, str(tmp_path)) == 1
    said = capsys.readouterr().err
    assert "Answerprint is open already" in said
    assert f"end the process {first.pid} " in said
    assert made == []


def test_a_first_one_that_was_killed_is_in_nobodys_way(first, settings, tmp_path, capsys):
    first.kill()
    first.wait()
    assert agent.main(None, str(tmp_path)) == 1
    assert "/nowhere/python" in capsys.readouterr().err, "it went on to start the panel"


def test_the_lock_is_given_back_at_the_end(settings):
    lock = single.lock_file(settings)
    for _ in range(2):
        with single.only(lock), pytest.raises(WireError, match="open already"), single.only(lock):
            pytest.fail("two were in")


def test_machines_that_share_a_home_have_a_lock_each(settings, monkeypatch):
    names = set()
    for name in ("grade1", "grade2", ""):
        monkeypatch.setattr(single.platform, "node", lambda name=name: name)
        names.add(single.lock_file(settings).name)
    assert names == {"resolve-grade1.lock", "resolve-grade2.lock", "resolve-here.lock"}


@pytest.mark.parametrize("why", ["folder", "lock"])
def test_where_nothing_can_be_locked_the_panel_comes_up(settings, capsys, monkeypatch, why):
    if why == "folder":
        settings.parent.write_text("")
    else:

        def none(lock):
            raise OSError(errno.ENOLCK, "no locks available")

        monkeypatch.setattr(single, "_lock", none)
    entered = []
    with single.only(single.lock_file(settings)):
        entered.append(why)
    assert entered
    assert "cannot be locked" in capsys.readouterr().err


def test_windows_locks_one_byte_that_nobody_reads(settings, monkeypatch):
    """By a double of msvcrt: never run on Windows."""
    held, asked = [], []

    def locking(lock, mode, count):
        asked.append((single.os.lseek(lock, 0, 1), mode, count))
        if held:
            raise PermissionError(errno.EACCES, "Permission denied")
        held.append(lock)

    monkeypatch.setattr(single.sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(LK_NBLCK=2, locking=locking))
    lock = single.lock_file(settings)
    with single.only(lock):
        assert lock.read_text() == str(single.os.getpid()), "not written behind the locked byte"
        with pytest.raises(WireError, match="open already") as refused, single.only(lock):
            pytest.fail("two were in")
    assert refused.value.code == HOST_REFUSED
    assert str(single.os.getpid()) in refused.value.hint
    assert asked == [(single.FAR, 2, 1)] * 2
