"""The extension's operators and panels in real Blender, one environment for each version.

`ui_operators.py`, `ui_panels.py`, `ui_check.py` and `ui_show.py` are what is run there; what fails
is named here.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NAMES = ("ui_operators.py", "ui_panels.py", "ui_check.py", "ui_show.py")
CASES = [str(HERE / name) for name in NAMES]
SECONDS = 600  # all cases of one version; 4.5 hangs at its end where something is left of us
ENDED_HARD = "import os, pytest, sys; os._exit(pytest.main(sys.argv[1:]))"


def python_of(version):
    """The Python of an environment with bpy: `.venvs/bpy45`, or what ANSWERPRINT_BPY45 names."""
    named = os.environ.get(f"ANSWERPRINT_BPY{version}")
    return Path(named) if named else ROOT / f".venvs/bpy{version}/bin/python"


def run_cases(version, tmp_path, start):
    environment = {
        **os.environ,
        "ANSWERPRINT_PYTHON": sys.executable,
        "ANSWERPRINT_CACHE": str(tmp_path / "cache"),
        "BLENDER_USER_RESOURCES": str(tmp_path / "resources"),
        "PYTHONPATH": str(HERE),
    }
    told = subprocess.run(
        [*start, "-q", "-p", "no:cacheprovider", "-p", "ui_rig", *CASES],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert told.returncode == 0, told.stdout[-8000:] + told.stderr[-2000:]
    assert " passed" in told.stdout


@pytest.mark.parametrize("version", ["45", "50"])
def test_the_extension_works(version, tmp_path):
    python = python_of(version)
    assert python.is_file(), f"There is no {python}. Run: python3 install.py test"
    run_cases(version, tmp_path, [str(python), "-m", "pytest"])


@pytest.mark.skipif(not python_of("42").is_file(), reason="there is no .venvs/bpy42 (bpy42.txt)")
def test_the_extension_works_in_4_2(tmp_path):
    """As a module, 4.2 crashes at its end after any add-on with a property that has `update`."""
    run_cases("42", tmp_path, [str(python_of("42")), "-c", ENDED_HARD])
