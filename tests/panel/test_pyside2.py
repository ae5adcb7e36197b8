"""The panel in the Python 3.10 and PySide2 of Nuke 15, on a worker of the core's own Python.

    python3.10 -m venv .venvs/pyside2 && .venvs/pyside2/bin/pip install PySide2==5.15.2.1

in the checkout, or name a Python that has PySide2 in ANSWERPRINT_PYSIDE2.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_form import ALL

from answerprint.tools import every

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "resources/sample"
HOW = (
    "there is no Python with PySide2; make one in the checkout: python3.10 -m venv .venvs/pyside2 "
    "&& .venvs/pyside2/bin/pip install PySide2==5.15.2.1; or name it in ANSWERPRINT_PYSIDE2"
)
DONE = (
    "forms 5",
    "dialogs",
    f"tools {len(every())}",
    "drop",
    "placed",
    "mouse",
    "looked",
    "destroyed",
    "rebuilt",
    "closed",
    "whole",
)


def older_python():
    """A Python that has PySide2, or None."""
    usual = ROOT / ".venvs/pyside2" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    named = os.environ.get("ANSWERPRINT_PYSIDE2")
    return named or (str(usual) if usual.exists() else None)


def site(folder):
    """The bridge and the panel as they lie in a host, under names of their own."""
    folder.mkdir()
    (folder / "answerprint_bridge").symlink_to(ROOT / "host_bridges/bridge")
    (folder / "answerprint_panel").symlink_to(ROOT / "plugin/answerprint/panel")
    return folder


def lines_of(python, tmp_path):
    specs = tmp_path / "specs.json"
    specs.write_text(json.dumps([ALL.spec(), *(each.spec() for each in every())]), "utf-8")
    shot, hero = SAMPLE / "shot_b/shot_b.%04d.exr", SAMPLE / "hero/hero.%04d.exr"
    script = Path(__file__).parent / "older_host.py"
    places = (site(tmp_path / "site"), script.parent)
    told = {"PYTHONPATH": os.pathsep.join(map(str, places)), "QT_QPA_PLATFORM": "offscreen"}
    ended = subprocess.run(
        [python, "-B", script, sys.executable, shot, hero, specs],
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return ended, ended.stdout.splitlines()


@pytest.mark.skipif(older_python() is None, reason=HOW)
def test_the_panel_works_in_python_3_10_with_pyside2(tmp_path):
    ended, lines = lines_of(older_python(), tmp_path)
    assert lines[:1] == ["Qt 5 Python 3.10"], ended.stderr[-2000:]
    assert tuple(lines[1:]) == DONE, ended.stdout + ended.stderr[-4000:]
    assert ended.returncode == 0


def test_the_same_script_works_with_our_own_python(tmp_path):
    ended, lines = lines_of(sys.executable, tmp_path)
    assert tuple(lines[1:]) == DONE, ended.stdout + ended.stderr[-4000:]
