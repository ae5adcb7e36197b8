"""install.py: every way a set-up can go, as a process, with a Python and a pip that obey the test.

The stand-in for Python 3.11 makes folders where `venv` would, and notes how it was called where
pip would install; `test_install_parts.py` has a set-up with the real ones.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from checkout import copy_installer

SOURCE = Path(__file__).parents[2] / "install.py"
CHECK = ("torch", "cv2", "OpenImageIO", "PyOpenColorIO", "av")
MODULES = [f"-c import {module}" for module in CHECK]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in Python is a script")

# It answers the probe, makes a venv of itself, and for the rest follows the file in $ACT that is
# named like what it is asked for: an exit status and a text, or 'hang': say so, wait for the word.
STAND_IN = """#!{python} -SE
import json, os, pathlib, shutil, sys
act = pathlib.Path(os.environ["ACT"])
words = [word for word in sys.argv[1:] if word != "-I"]
if words[0] == "-c" and "ensurepip" in words[1]:
    told = act / "probe"
    itself = json.dumps({"python": sys.argv[0], "version": [3, 11, 9], "lacks": []})
    print(told.read_text() if told.exists() else itself)
    sys.exit()
with open(act / "calls", "a") as book:
    book.write(json.dumps([*words, os.environ.get("ANSWERPRINT_DEVICE", "")]) + "\\n")
name = words[1].split()[-1] if words[0] in ("-c", "-m") else pathlib.Path(words[0]).name
order = (act / name).read_text() if (act / name).exists() else "0"
if order == "hang":
    pathlib.Path(".venv/torn").write_text("half a package")
    with open(act / "started", "w") as started:
        started.write(str(os.getpid()))
    with open(act / "go") as go:
        go.read()
    order = "0"
if name == "venv" and order == "0":
    venv = pathlib.Path(words[2])
    (venv / "bin").mkdir()
    shutil.copy(sys.argv[0], venv / "bin/python")
status, _, text = order.partition(" ")
print(text)
sys.exit(int(status))
"""

LAUNCH = """
import runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv.pop(0)
sys.executable = sys._base_executable = sys.argv.pop(0)
version = sys.argv.pop(0)
if version:
    sys.version_info = tuple(map(int, version.split(".")))
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class Checkout:
    """A checkout with install.py in it, and the stand-in Python that starts it."""

    def __init__(self, tmp_path: Path) -> None:
        self.root, self.act = tmp_path / "check out", tmp_path / "act"
        self.root.mkdir()
        self.act.mkdir()
        copy_installer(self.root)
        (self.root / "pyproject.toml").write_text("[project]\n", "utf-8")
        (self.root / "constraints.txt").write_text("numpy==2.4.6\ntorch==2.13.0\n", "utf-8")
        self.venv, self.python = self.root / ".venv", tmp_path / "python3.11"
        self.python.write_text(STAND_IN.replace("{python}", sys.executable), "utf-8")
        self.python.chmod(0o755)
        self.hung = 0

    def start(self, *words: str, version: str = "") -> subprocess.Popen[str]:
        """install.py, which takes the stand-in for the Python that it runs in."""
        script = str(self.root / "install.py")
        return subprocess.Popen(
            [sys.executable, "-c", LAUNCH, str(self.python), version, script, *words],
            env=os.environ | {"ACT": str(self.act)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, version: str = "") -> SimpleNamespace:
        with self.start(*words, version=version) as process:
            out, err = process.communicate()
        return SimpleNamespace(status=process.returncode, out=out, err=err)

    def order(self, name: str, what: str) -> None:
        """What the stand-in does when it is asked for `name`: a status and a text."""
        (self.act / name).write_text(what)

    def start_and_hang(self, *words: str) -> subprocess.Popen[str]:
        """install.py, returned when its pip has begun and hangs (the next pip will not)."""
        for name in ("started", "go"):
            os.mkfifo(self.act / name)
        self.order("pip", "hang")
        pipe = os.open(self.act / "started", os.O_RDONLY | os.O_NONBLOCK)
        process = self.start(*words)
        if not select.select([pipe], [], [], 60)[0]:
            process.kill()
            pytest.fail(f"pip was never started: {process.communicate()}")
        self.hung = int(os.read(pipe, 100))
        os.close(pipe)
        (self.act / "pip").unlink()
        return process

    def let_go(self) -> None:
        (self.act / "go").write_text("")

    def calls(self) -> list[str]:
        """What the stand-in was asked since the last look, without pip's usual words."""
        book = self.act / "calls"
        lines = book.read_text().splitlines() if book.exists() else []
        book.unlink(missing_ok=True)
        usual = "--no-input --disable-pip-version-check "
        return [" ".join(json.loads(line)).strip().replace(usual, "") for line in lines]

    def stage(self) -> str:
        return str(json.loads((self.venv / ".state").read_text())["stage"])

    def everything(self, *pip: str) -> list[str]:
        """The calls of a whole set-up."""
        usual = f"-m pip install -c {self.root}/constraints.txt -e .[test]"
        return [f"-m venv {self.venv}", *(pip or [usual]), *MODULES]


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    made = Checkout(tmp_path)
    yield made
    if made.hung:
        with contextlib.suppress(ProcessLookupError):
            os.kill(made.hung, signal.SIGKILL)


def test_the_first_start_sets_up_and_the_second_does_nothing(checkout):
    first = checkout.run()
    assert first.status == 0, first.err
    assert checkout.calls() == checkout.everything()
    second = checkout.run()
    assert (second.status, second.out, second.err) == (0, "", "")
    assert checkout.calls() == []


def test_demo_gets_device_and_arguments_and_gives_its_status(checkout):
    checkout.run()
    checkout.calls()
    checkout.order("demo.py", "7")
    assert checkout.run("demo", "--device", "cpu", "--open", "no").status == 7
    assert checkout.calls() == ["resources/sample/demo.py --device cpu --open no cpu"]


def test_test_runs_the_checks_then_pytest(checkout):
    checkout.order("pytest", "0 3 passed")
    done = checkout.run("--device", "cpu", "test", "-k", "match")
    assert done.status == 0, done.err
    assert checkout.calls()[len(checkout.everything()) :] == [
        "-m ruff check . cpu",
        "-m ruff format --check . cpu",
        "-m mypy cpu",
        "-m pytest -n auto --maxprocesses 4 --dist loadfile -k match cpu",
    ]
    assert done.out.splitlines()[-1] == "3 passed"


def with_rig(checkout: Checkout) -> list[str]:
    """Requirements of Blender as a module; the calls that make its venv."""
    (checkout.root / "tests/blender").mkdir(parents=True)
    (checkout.root / "tests/blender/bpy45.txt").write_text("bpy==4.5.15\n")
    made = checkout.root / ".venvs/bpy45"
    return [f"-m venv {made}", "-m pip install -r tests/blender/bpy45.txt", "-c import bpy"]


def test_test_makes_the_venvs_of_the_tests_once(checkout):
    rig = with_rig(checkout)
    checkout.run()
    assert checkout.calls() == checkout.everything(), "a plain set-up makes none"
    checkout.run("test")
    assert checkout.calls()[:-4] == rig
    checkout.run("test")
    assert len(checkout.calls()) == 4
    (checkout.root / "tests/blender/bpy45.txt").write_text("bpy==4.5.16\n")
    checkout.run("test")
    assert checkout.calls()[:-4] == rig[1:]


def test_a_venv_of_the_tests_that_cannot_be_made_is_said_and_stops_nothing(checkout):
    rig = with_rig(checkout)
    checkout.order("bpy", "1 ImportError: libXi.so.6: cannot open shared object file")
    done = checkout.run("test")
    assert done.status == 0, done.err
    assert ".venvs/bpy45 cannot be made. bpy needs the system library libXi.so.6" in done.err
    assert len(checkout.calls()) == len(checkout.everything()) + len(rig) + 4


def test_a_failing_check_fails_the_run_and_pytest_still_has_the_last_word(checkout):
    checkout.order("mypy", "1 wrong type")
    checkout.order("pytest", "0 3 passed")
    done = checkout.run("test")
    assert done.status == 1
    assert "failed before it: mypy" in done.err
    assert done.out.splitlines()[-1] == "3 passed"


def test_pytest_status_is_passed_on(checkout):
    checkout.order("pytest", "5 no tests ran")
    assert checkout.run("test").status == 5


@pytest.mark.parametrize("words", [["dmeo"], ["--devise", "cpu"], ["--device", "cpu"]])
def test_wrong_arguments_are_refused_before_anything_is_made(checkout, words):
    done = checkout.run(*words)
    assert done.status == 2
    assert "demo" in done.err
    assert not checkout.venv.exists()


def test_changed_pins_update_in_place(checkout):
    checkout.run()
    checkout.calls()
    (checkout.root / "constraints.txt").write_text("torch==2.14.0\n")
    done = checkout.run()
    assert "out of date" in done.err
    assert checkout.calls() == checkout.everything()[1:]
    checkout.run()
    assert checkout.calls() == []


def test_a_moved_checkout_is_set_up_anew(checkout):
    checkout.run()
    checkout.calls()
    checkout.root = checkout.root.rename(checkout.root.with_name("moved"))
    checkout.venv = checkout.root / ".venv"
    assert checkout.run().status == 0
    assert checkout.calls() == checkout.everything()


def test_a_venv_whose_python_is_gone_is_made_anew(checkout):
    checkout.run()
    checkout.calls()
    (checkout.venv / "bin/python").unlink()
    assert checkout.run().status == 0
    assert checkout.calls() == checkout.everything()


@pytest.mark.parametrize("state", ["", "[]", '{"stage": "bui'])
def test_a_torn_note_is_an_interrupted_set_up(checkout, state):
    checkout.run()
    checkout.calls()
    (checkout.venv / ".state").write_text(state)
    assert checkout.run().status == 0
    assert checkout.calls() == checkout.everything()


def test_a_venv_of_somebody_else_is_left_alone(checkout):
    (checkout.venv / "bin").mkdir(parents=True)
    (checkout.venv / "bin/python").write_text("theirs")
    done = checkout.run("test")
    assert done.status == 1
    assert f"{checkout.venv} is there already and was not made by install.py. Move" in done.err
    assert [p.name for p in checkout.venv.rglob("*")] == ["bin", "python"]
    assert checkout.calls() == []


def test_a_torch_index_replaces_the_pin_and_is_remembered(checkout):
    pip = [
        "-m pip install --index-url https://torch/cu torch==2.13.0",
        f"-m pip install -c {checkout.venv}/constraints.txt -e .[test]",
    ]
    assert checkout.run("--torch-index", "https://torch/cu").status == 0
    assert checkout.calls() == checkout.everything(*pip)
    assert (checkout.venv / "constraints.txt").read_text() == "numpy==2.4.6\n"
    checkout.run()
    assert checkout.calls() == []
    checkout.run("--torch-index", "https://torch/cu")
    assert checkout.calls() == []
    (checkout.root / "pyproject.toml").write_text("changed")
    checkout.run()
    assert checkout.calls() == [*pip, *MODULES]
    checkout.run("--torch-index", "https://torch/cpu")
    pip[0] = pip[0].replace("cu", "cpu")
    assert checkout.calls() == checkout.everything(*pip), "pip would keep the other build"


def test_a_failing_pip_is_explained_and_the_next_start_begins_anew(checkout):
    checkout.order("pip", "1 first\n[Errno 28] No space left on device")
    failed = checkout.run("test")
    assert failed.status == 1
    assert "first\n[Errno 28]" in failed.err
    assert "The disk filled up while packages were installed." in failed.err
    assert checkout.stage() == "building"
    (checkout.venv / "torn").write_text("half a package")
    checkout.calls()
    checkout.order("pip", "0")
    assert checkout.run().status == 0
    assert checkout.calls() == checkout.everything()
    assert not (checkout.venv / "torn").exists()


def test_a_failing_venv_is_explained(checkout):
    checkout.order("venv", "1 Operation not permitted")
    failed = checkout.run()
    assert failed.status == 1
    assert "Operation not permitted\n" in failed.err
    assert "failed (exit 1). Set right" in failed.err


def test_a_missing_system_library_is_named_and_only_the_check_repeated(checkout):
    said = "ImportError: libGL.so.1: cannot open shared object file: No such file or directory"
    checkout.order("cv2", f"1 {said}")
    failed = checkout.run("demo")
    assert failed.status == 1
    assert "cv2 needs the system library libGL.so.1, which is missing." in failed.err
    assert "apt install libgl1" in failed.err
    assert "resources/sample/demo.py" not in checkout.calls()
    checkout.order("cv2", "0")
    assert checkout.run().status == 0
    assert checkout.calls() == MODULES


def test_an_interruption_ends_pip_and_is_made_good(checkout):
    process = checkout.start_and_hang("test")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert "interrupted" in err
    with pytest.raises(ProcessLookupError):
        os.kill(checkout.hung, 0)
    assert checkout.stage() == "building"
    checkout.calls()
    done = checkout.run()
    assert done.status == 0
    assert "unfinished" in done.err
    assert checkout.calls() == checkout.everything()
    assert not (checkout.venv / "torn").exists()


def test_being_told_to_end_ends_pip_too(checkout):
    process = checkout.start_and_hang()
    process.terminate()
    process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(checkout.hung, 0)


def test_after_a_kill_the_next_start_waits_for_the_orphaned_pip_and_repairs(checkout):
    process = checkout.start_and_hang()
    process.kill()
    process.wait()
    checkout.calls()
    with checkout.start() as second:
        assert "waiting" in second.stderr.readline()
        assert checkout.calls() == [], "it must not touch what a living pip writes to"
        os.kill(checkout.hung, signal.SIGKILL)
        second.communicate()
    assert second.returncode == 0
    assert checkout.calls() == checkout.everything()
    assert not (checkout.venv / "torn").exists()
    process.communicate()


def test_two_at_once_take_turns_and_the_work_is_done_once(checkout):
    with checkout.start_and_hang() as first, checkout.start() as second:
        assert "waiting" in second.stderr.readline()
        checkout.let_go()
        first.communicate()
        second.communicate()
    assert (first.returncode, second.returncode) == (0, 0)
    assert checkout.calls() == checkout.everything()


def test_a_python_too_old_to_start_it_says_so(checkout):
    done = checkout.run("test", version="3.9.2")
    assert done.status == 1
    assert "started with Python 3.9; it needs 3.10 or newer. Install Python 3.11" in done.err
    ast.parse(SOURCE.read_text("utf-8"), feature_version=(3, 6))


def test_a_python_without_venv_says_what_to_install(checkout, monkeypatch):
    for name in ("PATH", "HOME", "PYENV_ROOT"):
        monkeypatch.setenv(name, str(checkout.act))
    lacking = {"python": "/usr/bin/python3.11", "version": [3, 11, 2]}
    checkout.order("probe", json.dumps(lacking | {"lacks": ["the module ensurepip"]}))
    failed = checkout.run("test")
    assert failed.status == 1
    assert "/usr/bin/python3.11 lacks the module ensurepip." in failed.err
    assert "apt install python3.11-venv" in failed.err


def test_no_python_311_says_what_there_is(checkout, monkeypatch):
    for name in ("PATH", "HOME", "PYENV_ROOT"):
        monkeypatch.setenv(name, str(checkout.act))
    checkout.order("probe", json.dumps({"python": "x", "version": [3, 13, 1], "lacks": []}))
    failed = checkout.run()
    assert failed.status == 1
    assert "No Python 3.11 was found on this machine (found: 3.13.1)." in failed.err
    assert "apt install python3.11 python3.11-venv" in failed.err
