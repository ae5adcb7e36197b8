"""The contract in a real Nuke that ANSWERPRINT_NUKE names; else the harness alone, on the double.

    ANSWERPRINT_NUKE=/usr/local/Nuke16.0v4/Nuke16.0 pytest tests/contract/test_nuke_live.py -s

Nuke needs a licence, and the Python of this environment in its own version (3.11: Nuke 16), for
pytest, numpy and OpenImageIO come from here. No real Nuke has run this yet.
"""

import os
import stat
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from installer import copies

HERE = Path(__file__).parent
DOUBLE = """\
#!{python} -I
import runpy, sys
sys.path[:0] = [{tests!r}, {contract!r}]
from nuke_session import start
start({plugin!r}, gui=False)
from doubles import nuke_double
nuke_double.scriptClear = lambda: nuke_double.reset(False)
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def contract_in(nuke, folder, *words):
    """Run the contract in that Nuke, which finds the plug-in by NUKE_PATH; its process."""
    for name, data in copies.nuke(HERE.parents[1], Path(sys.executable)).items():
        path = folder / "answerprint" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    env = os.environ | {
        "NUKE_PATH": str(folder / "answerprint"),
        "PYTHONPATH": sysconfig.get_paths()["purelib"],
    }
    command = [str(nuke), "-t", str(HERE / "nuke_live.py"), *words, f"--basetemp={folder / 'tmp'}"]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


@pytest.mark.skipif("ANSWERPRINT_NUKE" not in os.environ, reason="ANSWERPRINT_NUKE names no Nuke")
def test_the_contract_holds_in_nuke(tmp_path):
    run = contract_in(os.environ["ANSWERPRINT_NUKE"], tmp_path)
    print(run.stdout)
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]


def test_the_harness_runs_on_the_double(tmp_path):
    double = tmp_path / "nuke"
    plugin = str(tmp_path / "answerprint")
    words = {"python": sys.executable, "tests": str(HERE.parent), "contract": str(HERE)}
    double.write_text(DOUBLE.format(**words, plugin=plugin))
    double.chmod(double.stat().st_mode | stat.S_IXUSR)
    run = contract_in(double, tmp_path)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert " passed" in run.stdout
    broken = contract_in(double, tmp_path, "-k", "nosuchcase")
    assert broken.returncode == 5, "nothing that ran is not a contract that holds"
