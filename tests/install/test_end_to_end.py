"""install.py as a process, on this system: the real suite into a scratch home, and a small one
with a venv of its own, real pip and no index."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from installer import copies, venvs
from scratch import ROOT, SUITE, snapshot

from answerprint import cli

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="paths are those of Linux")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "Jörg Ünal"
    (made / ".nuke").mkdir(parents=True)
    (made / ".nuke/init.py").write_bytes(b"import nuke\r\nmine = 1")
    (made / ".config/blender/4.5").mkdir(parents=True)
    return made


def start(script: object, *words: object, home: Path, **env: str) -> SimpleNamespace:
    kept = {k: v for k, v in os.environ.items() if k not in ("SUDO_USER", "ANSWERPRINT_PYTHON")}
    done = subprocess.run(
        [sys.executable, str(script), *map(str, words)],
        env=kept | {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")} | env,
        capture_output=True,
        text=True,
    )
    return SimpleNamespace(status=done.returncode, out=done.stdout, err=done.stderr)


HOSTS = ("--hosts", "nuke,resolve,blender")


def test_the_real_suite(home):
    before = snapshot(home)
    words = ("install", *HOSTS, "--python", sys.executable)
    planned = start(ROOT / "install.py", *words, "--dry-run", home=home)
    assert planned.status == 0, planned.err
    assert snapshot(home) == before
    done = start(ROOT / "install.py", *words, "--json", home=home)
    assert done.status == 0, done.err
    told = json.loads(done.out)
    assert told["status"] == "installed"
    assert len(planned.out.splitlines()) == len(told["steps"])

    suite, nuke = home / ".local/share/answerprint/suite", home / ".nuke/answerprint"
    told = ("-m", "answerprint", "doctor", "--json", "--prefix", suite.parent)
    well = start(*told, home=home)
    rows = {row["topic"]: row for row in json.loads(well.out)["rows"]}
    assert well.status == 0, [row for row in rows.values() if row["state"] == "bad"]
    for topic in ("Nuke to core", "DaVinci Resolve to core", "Blender to core", "Worker"):
        assert rows[topic]["state"] == "ok"
    assert rows["Job of 64x64"]["text"].startswith("1 frame in ")

    wire = nuke / "answerprint_bridge/wire.py"
    wire.write_text(wire.read_text("utf-8").replace('SUITE = "', 'SUITE = "9.'), "utf-8")
    (home / ".local/share/answerprint/resolve/core.json").unlink()
    ill = start(suite / "install.py", "doctor", home=home)
    assert ill.status == 1
    assert f"changed: {wire}" in ill.out
    assert f"{nuke} is of 9." in ill.out
    assert "-> install.py repair, then start the host again" in ill.out
    refused = start(suite / "install.py", "install", "--json", home=home)
    assert refused.status == 1
    assert json.loads(refused.out)["error"]["detail"] == str(wire)
    assert start(suite / "install.py", "repair", home=home).status == 0
    assert "nothing to do" in start(suite / "install.py", "install", home=home).err

    gone = start(suite / "install.py", "uninstall", home=home)
    assert gone.status == 0, gone.err
    assert snapshot(home) == before


def test_a_suite_without_install_py_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cli, "__file__", str(tmp_path / "site-packages/answerprint/cli.py"))
    assert cli.main(["doctor"]) == 2
    assert "was not set up by install.py" in capsys.readouterr().err


def test_the_host_copies_are_whole(tmp_path):
    """Taken by rule: what each host starts is there, and nothing that was compiled."""
    nuke = copies.nuke(ROOT, Path("/core/python"))
    assert {"init.py", "menu.py", "core.json", "catalogue.json", "nuke.md"} <= set(nuke)
    resolve = copies.resolve(ROOT, Path("/core/python"))
    bridge = {p.name for p in (ROOT / "host_bridges/bridge").glob("*.py")}
    for files, package in ((nuke, "answerprint_nuke"), (resolve, "answerprint_resolve")):
        assert f"{package}/__init__.py" in files
        assert bridge <= {name.removeprefix("answerprint_bridge/") for name in files}
        assert not [name for name in files if "__pycache__" in name or name.endswith(".pyc")]
    panel = {p.name for p in (ROOT / "plugin/answerprint/panel").glob("*.py")}
    assert panel <= {name.removeprefix("answerprint_panel/") for name in nuke}
    script = copies.resolve_script(ROOT, Path("/with 'quotes'/Jörg")).decode("ascii")
    assert "FOLDER = \"/with 'quotes'/J\\xf6rg\"" in script
    compile(script, "Answerprint.py", "exec")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["install", "--hosts", "nuke,maya"], "there is no host 'maya'"),
        (["install", "--hosts", ","], "no host is named"),
        (["install", "nuke"], "'nuke' is neither a command nor an option of install"),
        (["repair", "--hosts", "nuke"], "repair does not take --hosts"),
        (["uninstall", "--python", "x"], "uninstall does not take --python"),
        (["doctor", "--dry-run"], "doctor does not take --dry-run"),
        (["install", "--device", "cpu"], "--device says where demo or test run"),
        (["--prefix", "x"], "neither a command nor an option"),
    ],
)
def test_wrong_words_are_refused(home, tmp_path, words, said):
    before = snapshot(home)
    done = start(ROOT / "install.py", *words, home=home)
    assert done.status == 2
    assert said in done.err
    assert snapshot(home) == before


BACKEND = """
import pathlib, zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    name, info = "answerprint-0.1.0-py3-none-any.whl", "answerprint-0.1.0.dist-info/"
    needs = "".join(f"Requires-Dist: {n}\\n" for n in {needs})
    with zipfile.ZipFile(pathlib.Path(folder) / name, "w") as wheel:
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: answerprint\\n"
                       "Version: 0.1.0\\nProvides-Extra: panel\\n" + needs)
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\n"
                       "Tag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""


@pytest.fixture
def index() -> Iterator[SimpleNamespace]:
    """A package index that has nothing, and notes what it is asked for."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}/simple", asked=asked)
        server.shutdown()


def test_a_venv_of_its_own_from_a_folder_of_wheels(home, tmp_path, index):
    """Nothing is fetched; the download is deleted; all goes, the venv too."""
    before, download, wheels = snapshot(home), tmp_path / "down load", tmp_path / "wheels"
    for name, text in SUITE.items():
        (download / name).parent.mkdir(parents=True, exist_ok=True)
        (download / name).write_text(text)
    for name, data in copies.tree(ROOT / "plugin/installer").items():
        (download / "plugin/installer" / name).parent.mkdir(parents=True, exist_ok=True)
        (download / "plugin/installer" / name).write_bytes(data)
    (download / "install.py").write_bytes((ROOT / "install.py").read_bytes())
    (download / "plugin/backend.py").write_text(BACKEND.replace("{needs}", repr(venvs.MODULES)))
    (download / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["plugin"]\n'
        '[project]\nversion = "0.1.0"\n'
    )
    wheels.mkdir()
    for name in venvs.MODULES:
        info = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(wheels / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}.py", "")
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0")
            tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any"
            wheel.writestr(f"{info}/WHEEL", tag)
            wheel.writestr(f"{info}/RECORD", "")
    # pip asks compilers for their version, and one of a user may put settings into the home
    no_index = {
        "PATH": "/usr/bin:/bin",
        "PIP_INDEX_URL": index.url,
        "PIP_CONFIG_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }

    words = ("install", "--hosts", "nuke", "--offline", wheels)
    done = start(download / "install.py", *words, home=home, **no_index)
    assert done.status == 0, done.err
    suite = home / ".local/share/answerprint/suite"
    python = suite / ".venv/bin/python"
    assert json.loads((home / ".nuke/answerprint/core.json").read_text())["python"] == str(python)
    assert subprocess.run([str(python), "-I", "-c", "import torch, av"]).returncode == 0
    download.rename(tmp_path / "deleted")
    again = start(suite / "install.py", *words[:3], home=home, **no_index)
    assert "nothing to do" in again.err
    assert "is the installed copy, not a checkout" in start(suite / "install.py", home=home).err

    next((suite / ".venv").rglob("torch.py")).unlink()
    mended = start(suite / "install.py", "repair", "--offline", wheels, home=home, **no_index)
    assert "made anew" in mended.err
    assert subprocess.run([str(python), "-I", "-c", "import torch"]).returncode == 0
    assert index.asked == [], "--offline asks no index"
    pip = [str(python), "-I", "-m", "pip", "download", "av", "--retries=0", "--no-cache-dir"]
    env = {**os.environ, **no_index, "PIP_TRUSTED_HOST": "127.0.0.1"}
    subprocess.run(pip, env=env, capture_output=True, cwd=tmp_path)
    assert index.asked, "the index hears of a pip that asks"

    gone = start(suite / "install.py", "uninstall", home=home)
    assert gone.status == 0, gone.err
    assert snapshot(home) == before
