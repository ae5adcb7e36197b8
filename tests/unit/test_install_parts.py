"""install.py: what each of its steps decides and says, and one set-up with a real venv and pip."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from checkout import copy_installer
from installer import packages, programs, pythons, venvs
from installer.words import SetUpError


def test_a_whole_python_is_preferred_to_a_lacking_one(monkeypatch):
    answers = {
        "a": None,
        "b": {"python": "b", "version": [3, 12, 1], "lacks": []},
        "c": {"python": "c", "version": [3, 11, 2], "lacks": ["the module ensurepip"]},
        "d": {"python": "d", "version": [3, 11, 7], "lacks": []},
    }
    monkeypatch.setattr(pythons, "probe", lambda command: answers[command[0]])
    assert pythons.find_python("linux", [["a"], ["b"], ["c"], ["d"]])["python"] == "d"
    for platform, way in (("win32", "winget"), ("darwin", "brew"), ("freebsd14", "pyenv")):
        with pytest.raises(SetUpError) as refused:
            pythons.find_python(platform, [["a"], ["b"]])
        assert way in refused.value.hint


def test_the_probe_tells_the_truth_of_this_python():
    answer = pythons.probe([sys.executable])
    assert answer["version"] == list(sys.version_info[:3])
    assert answer["lacks"] == [], "the tests' own environment was made with venv and ensurepip"
    assert Path(answer["python"]).exists()


def test_another_python_is_asked_for_by_its_own_number(monkeypatch, tmp_path):
    """Nuke 15's Qt needs Python 3.10; a newer one is not taken for it."""
    home = {"HOME": str(tmp_path)}
    assert ["python3.10"] in pythons.candidates("linux", home, "running", (3, 10))
    assert ["py", "-3.10"] in pythons.candidates("win32", home, "running", (3, 10))
    answers = {"a": {"python": "a", "version": [3, 11, 1], "lacks": []}}
    monkeypatch.setattr(pythons, "probe", lambda command: answers[command[0]])
    with pytest.raises(SetUpError) as refused:
        pythons.find_python("linux", [["a"]], (3, 10))
    assert "No Python 3.10 was found on this machine (found: 3.11.1)." in refused.value.title


@pytest.mark.parametrize("text", ["", "print('hello')", "raise SystemExit(1)"])
def test_what_is_no_python_is_passed_over(tmp_path, text):
    program = tmp_path / "python3.11"
    program.write_text(f"#!{sys.executable}\n{text}\n")
    program.chmod(0o755)
    assert pythons.probe([str(program)]) is None
    assert pythons.probe([str(tmp_path / "none")]) is None


def test_pythons_are_looked_for_where_each_system_keeps_them(tmp_path):
    made = [".pyenv/versions/3.11.7/bin/python3.11", ".pyenv/pyenv-win/versions/3.11.9/python.exe"]
    for each in map(tmp_path.joinpath, made):
        each.parent.mkdir(parents=True)
        each.touch()
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    linux = pythons.candidates("linux", home, "running")
    assert linux == [["running"], ["python3.11"], [str(tmp_path / made[0])]]
    windows = pythons.candidates("win32", home, "running")
    assert ["py", "-3.11"] in windows
    assert [str(tmp_path / made[1])] in windows
    assert ["/opt/homebrew/bin/python3.11"] in pythons.candidates("darwin", home, "running")
    assert venvs.venv_python(Path("v"), "win32") == Path("v/Scripts/python.exe")
    assert venvs.venv_python(Path("v"), "darwin") == Path("v/bin/python")


@pytest.mark.parametrize("full", ["venv", "temporary"])
def test_a_full_disk_is_refused_with_both_numbers(monkeypatch, tmp_path, full):
    folder = str(tmp_path if full == "venv" else venvs.tempfile.gettempdir())
    free = {folder: venvs.SPACE[full] - 1e8}
    monkeypatch.setattr(
        venvs.shutil, "disk_usage", lambda f: SimpleNamespace(free=free.get(str(f), 9e9))
    )
    with pytest.raises(SetUpError) as refused:
        venvs.require_space(tmp_path)
    needs = venvs.SPACE[full] / 1e9
    said = f"{folder} has {needs - 0.1:.1f} GB free; the set-up needs {needs:.1f} GB."
    assert refused.value.title == said


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("ERROR: [Errno 28] No space left on device", "The disk filled up"),
        ("... NewConnectionError('...: [Errno -3] Temporary failure')", "cannot be reached"),
        ("SSLError(SSLCertVerificationError(1, ... Max retries exceeded", "the certificate"),
        ("ERROR: No matching distribution found for av>=14", "The package index has no av>=14"),
        ("ERROR: something new", "pip failed (exit 1)."),
    ],
)
def test_pip_failures_become_sentences(line, title):
    why = packages.explain_pip(1, ["before", line])
    assert title in why.title
    assert why.hint.endswith("start install.py again.")
    assert why.detail == f"before\n{line}"


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("libEGL.so.1: cannot open shared object file: No such file", "apt install libegl1"),
        ("libxkbcommon.so.0: cannot open shared object file: No", "apt install libxkbcommon0"),
        ("libodd-2.so.7: cannot open shared object file: No such", "install the package of libodd"),
        ("ImportError: DLL load failed while importing _C", "winget install Microsoft.VCRedist"),
        ("ImportError: cannot import name 'x'", "Delete .venv"),
    ],
)
def test_import_failures_become_remedies(line, remedy):
    why = packages.explain_import("torch", 1, ["Traceback", line])
    assert "torch" in why.title
    assert remedy in why.hint
    assert line in why.detail


def test_a_refused_lock_that_is_not_a_wait_is_reported(monkeypatch, tmp_path):
    import fcntl

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(OSError, match="No locks"), venvs.alone(tmp_path / ".venv"):
        pytest.fail("the turn was given without a lock")


def test_the_environment_does_not_lead_astray(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/of/a/host")
    monkeypatch.setenv("PYTHONHOME", "/of/a/host")
    monkeypatch.setenv("PIP_USER", "1")
    kept = programs.environment("cuda")
    assert not any(name.startswith("PYTHON") for name in kept)
    assert (kept["PIP_USER"], kept["ANSWERPRINT_DEVICE"]) == ("0", "cuda")


BACKEND = """
import pathlib, zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "answerprint-0.1.0-py3-none-any.whl"
    needs = "".join(f"Requires-Dist: {n}\\n" for n in {needs})
    info = "answerprint-0.1.0.dist-info/"
    with zipfile.ZipFile(pathlib.Path(folder) / name, "w") as wheel:
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: answerprint\\n"
                       "Version: 0.1.0\\nProvides-Extra: test\\n" + needs)
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\n"
                       "Tag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""


def add_to_index(index: Path, name: str, version: str) -> None:
    """A package of one module that knows its version, in a package index that is a folder."""
    wheel, info = f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    home = index / name.lower()
    home.mkdir(parents=True)
    (home / "index.html").write_text(f"<a href='{wheel.replace('+', '%2B')}'>{wheel}</a>")
    with zipfile.ZipFile(home / wheel, "w") as made:
        made.writestr(f"{name}.py", f"__version__ = '{version}'\n")
        made.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"
        )
        made.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any"
        )
        made.writestr(f"{info}/RECORD", "")


def test_a_real_environment(tmp_path):
    """Real venv, real pip: a torch index without the tested version wins over the pin."""
    root, index, torches = tmp_path / "check out", tmp_path / "index", tmp_path / "torches"
    (root / "resources/sample").mkdir(parents=True)
    copy_installer(root)
    (root / "backend.py").write_text(BACKEND.replace("{needs}", repr(venvs.MODULES)))
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (root / "constraints.txt").write_text("torch==2.13.0\nav==1.0\n")
    (root / "resources/sample/demo.py").write_text(
        "import av, sys, torch\nprint(torch.__version__, av.__version__, sys.argv[1:])\n"
    )
    for name in venvs.MODULES:
        add_to_index(index, name, "2.13.0" if name == "torch" else "1.0")
    add_to_index(torches, "torch", "2.12.0+cu999")
    env = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
    env |= {"PIP_INDEX_URL": index.as_uri(), "PIP_CONFIG_FILE": os.devnull}

    def start(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(root / "install.py"), *words]
        return subprocess.run(command, env=env, capture_output=True, text=True)

    first = start("--torch-index", torches.as_uri(), "demo")
    assert first.returncode == 0, first.stderr
    assert first.stdout == "2.12.0+cu999 1.0 []\n"
    assert "torch==2.13.0, the tested version, is not there" in first.stderr
    again = start("--device", "cpu", "demo")
    assert (again.stdout, again.stderr) == ("2.12.0+cu999 1.0 ['--device', 'cpu']\n", "")

    (index / "av").rename(index / "gone")
    (root / "constraints.txt").write_text("torch==2.13.0\nav==1.1\n")
    offline = start("demo")
    assert (offline.returncode, offline.stdout) == (1, "")
    assert "av==1.1" in offline.stderr
